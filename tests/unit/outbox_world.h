/* The store's outbox on one implementation of the kv port, behind a kv that can lose answers; each
 * operation as if it were a function. */
#ifndef USHERD_TESTS_OUTBOX_WORLD_H
#define USHERD_TESTS_OUTBOX_WORLD_H

#include "../fakes/fake_kv.h"
#include "kv_world.h"
#include "store/store_outbox.h"
#include "store_world.h"

#define NOBODY "00000000-0000-7000-8000-000000000000"

enum { OUTBOX_WORLD_MAX = STORE_LIST_MAX };

struct outbox_world {
	struct kv_world *base;
	struct kv *kv; /* the one that can fail */
	struct world *w;
	/* The last answer. */
	struct outbox_item *list[OUTBOX_WORLD_MAX];
	size_t count;
	int64_t next_due;
	char next[64]; /* "": NULL */
	char damage[FAULT_TEXT_MAX];
	struct delivery *d;
	/* What the watchers were told. */
	int wakes[OUTBOX_QUEUE_COUNT], events;
	int64_t due[OUTBOX_QUEUE_COUNT];
};

/* cmocka's, behind kv_world_set_up(): see OUTBOX_ROW. */
int outbox_world_set_up(void **state);
int outbox_world_tear_down(void **state);

#define OUTBOX_ROW(test)                                                                           \
	{                                                                                          \
#test, test, outbox_world_set_up, outbox_world_tear_down, NULL                     \
	}

enum err ow_due(struct outbox_world *o, enum outbox_queue queue, size_t limit);
enum err ow_list(struct outbox_world *o, enum outbox_queue queue, const char *after, size_t limit);
enum err ow_load(struct outbox_world *o, const char *id);
enum err ow_load_delivery(struct outbox_world *o, const char *invitation);
/* Alone, without an invitation. */
enum err ow_save(struct outbox_world *o, const struct outbox_item *old,
    const struct outbox_item *new, const struct store_post *post);
enum err ow_remove(
    struct outbox_world *o, const struct outbox_item *item, const struct store_post *post);
enum err ow_save_delivery(struct outbox_world *o, const char *invitation, const struct delivery *d);
/* An invitation with this beside it; its id. */
const char *ow_invite(struct outbox_world *o, const struct store_post *post);
/* A new item about an invitation that is nowhere, due `in` ms from now. */
struct outbox_item *ow_item(struct outbox_world *o, enum outbox_kind kind, int64_t in);
/* That many such, due one ms after the other from now on; queued many at a time. */
void ow_fill(struct outbox_world *o, enum outbox_kind kind, size_t count);
/* Every value, opened: none has this in it. */
void ow_assert_nowhere(struct outbox_world *o, const char *text);
/* Until what was begun, and told because of it, is over. */
void ow_turn(struct outbox_world *o);
/* As if the process had ended and another one had begun. */
void ow_restart(struct outbox_world *o);
size_t ow_keys(struct outbox_world *o, const char *prefix);

#endif
