/* What the files about webhooks share. Nobody outside src/flow includes this. */
#ifndef USHERD_FLOW_HOOK_PRIVATE_H
#define USHERD_FLOW_HOOK_PRIVATE_H

#include "flow/outbox_private.h"

enum {
	/* What was not delivered within this is given up: the schedule's own length (three and a
	 * half days with its jitter), and some room for pauses. */
	HOOK_LIFETIME_MS = 4 * 86400 * 1000,
	HOOK_WORDS_SIZE = 160
};

/* How an endpoint has been lately; in memory alone. */
struct hook_peer {
	char id[ID_SIZE];   /* "": nobody's */
	unsigned unheard;   /* attempts in a row that it did not answer, or not with sense */
	unsigned in_flight; /* attempts under way */
	int64_t delivered_at, failing_since, paused_until; /* wall ms; 0: none */
	char last[HOOK_WORDS_SIZE];
};

struct hook_events;
struct hook_sweeper;
struct hook_op;
TAILQ_HEAD(hook_ops, hook_op);

struct flow_hooks {
	struct flow *flow;
	struct lane *lane; /* NULL: nothing is carried */
	struct hook_events *events;
	struct hook_sweeper *sweeper;
	struct hook_ops ops; /* of administrators, under way */
	struct hook_peer peers[HOOK_MAX];
};

/* ---- flow_hook_peer.c ---- */

/* Whether nothing is to be sent to this endpoint, which exists, before `until`. */
bool hook_peer_waits(struct flow_hooks *h, const char *id, int64_t now, int64_t *until);
/* Around an attempt. */
void hook_peer_begin(struct flow_hooks *h, const char *id);
void hook_peer_end(
    struct flow_hooks *h, const char *id, const struct webhook_report *r, int64_t now);
/* An administrator has done something about it. */
void hook_peer_reset(struct flow_hooks *h, const char *id);

/* ---- flow_hook_message.c ---- */

struct outbox_item *hook_message_of_event(
    const struct hook *to, const struct hook_event *e, int64_t now);
struct outbox_item *hook_message_of_test(const struct hook *to, int64_t now);

/* ---- flow_hook_event.c: events become messages ---- */

struct hook_events *hook_events_new(struct flow *f);
void hook_events_run(struct hook_events *e);
void hook_events_free(struct hook_events *e);

/* ---- flow_hook_sweep.c: what was kept for replay goes ---- */

struct hook_sweeper *hook_sweeper_new(struct flow *f, int64_t kept_ms);
void hook_sweeper_free(struct hook_sweeper *s);

/* ---- flow_hook_admin.c ---- */

void hook_ops_free(struct flow_hooks *h);

#endif
