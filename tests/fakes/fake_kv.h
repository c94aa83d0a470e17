/* A kv in front of another one that misbehaves at its n-th transaction. */
#ifndef USHERD_TESTS_FAKE_KV_H
#define USHERD_TESTS_FAKE_KV_H

#include "store/kv.h"

enum fake_kv_fault {
	FAKE_KV_FINE,
	FAKE_KV_REFUSE,	    /* ERR_UNAVAILABLE, nothing written */
	FAKE_KV_LOSE_REPLY, /* written, ERR_UNKNOWN is told */
	FAKE_KV_LOSE_ALL,   /* not written, ERR_UNKNOWN is told */
	FAKE_KV_CONFLICT,   /* not written: somebody else was faster */
	FAKE_KV_SILENT	    /* written, and no answer comes: the process is about to be killed */
};

struct kv *fake_kv_new(struct loop *l, struct kv *inner); /* kv_close leaves `inner` alone */
void fake_kv_fail(struct kv *kv, int nth, enum fake_kv_fault fault);
/* The n-th is carried out and nobody is told, the `unread` reads behind it fail, and so do the
 * `refused` transactions (at least one). */
void fake_kv_fail_in_row(struct kv *kv, int nth, int unread, int refused);
void fake_kv_fail_from(struct kv *kv, int nth, enum fake_kv_fault fault); /* and all after it */
bool fake_kv_failed(const struct kv *kv);
/* How many items were asked for so far: one a get, the limit of a range. */
size_t fake_kv_asked(const struct kv *kv);
size_t fake_kv_written(const struct kv *kv); /* transactions so far */
/* The next get is held back until it is let go. It cannot be cancelled. */
void fake_kv_hold(struct kv *kv);
bool fake_kv_has_held(const struct kv *kv);
void fake_kv_let_go(struct kv *kv);

#endif
