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
	int64_t delivered_at, failing_since; /* wall ms; 0: none */
	int64_t paused_until;		     /* monotonic ms; 0: no pause */
	int64_t turn;			     /* the last that was given out, monotonic ms */
	int64_t usual_ms;		     /* what an attempt takes */
	char last[HOOK_WORDS_SIZE];
};

struct hook_events;
struct hook_op;
TAILQ_HEAD(hook_ops, hook_op);
struct hook_try;
TAILQ_HEAD(hook_try_list, hook_try);

struct flow_hooks {
	struct flow *flow;
	struct lane *lane; /* NULL: nothing is carried */
	struct hook_events *events;
	struct sweeper *sweeper;
	struct hook_ops ops;	    /* of administrators, under way */
	struct hook_try_list tries; /* the trips' states */
	struct hook_peer peers[HOOK_MAX];
};

/* ---- flow_hook_try.c: the lane's carrier ---- */

void hooks_carry(void *arg, struct lane_trip *trip);
void hooks_abandon(void *arg, struct lane_trip *trip);
void hooks_lost(void *arg, struct lane_trip *trip);
void hooks_drain(struct flow_hooks *h); /* the attempts under way end now */

/* ---- flow_hook_peer.c ---- */

/* Before an attempt at an endpoint that exists. 0: it may begin, and ends with one of the two
 * below. Else it may not, and what is put off for so many ms may then. */
int64_t hook_peer_begin(struct flow_hooks *h, const char *id);
void hook_peer_leave(struct flow_hooks *h, const char *id); /* nothing is known of it */
/* Both are fine when the endpoint was deleted meanwhile, and its place given to another. */
void hook_peer_end(struct flow_hooks *h, const char *id, const struct webhook_report *r);
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

struct sweeper *hook_sweeper_new(struct flow *f);

/* ---- flow_hook_admin.c ---- */

void hook_ops_free(struct flow_hooks *h);

#endif
