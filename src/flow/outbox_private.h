/* How the queues are worked off; for src/flow alone. A lane is one queue's worker: it reads what is
 * due, in order, a page at a time, claims each item for one attempt and hands it to its carrier.
 * Memory is bounded by the attempts under way, however long the queue is. */
#ifndef USHERD_FLOW_OUTBOX_PRIVATE_H
#define USHERD_FLOW_OUTBOX_PRIVATE_H

#include "flow/flow_mail.h"
#include "flow/flow_private.h"

struct lane;

/* One item's attempt. The carrier owns it from `carry` until lane_trip_end(). */
struct lane_trip {
	TAILQ_ENTRY(lane_trip) link;
	struct lane *lane;
	struct outbox_item *item; /* as it is stored; the trip owns it */
	void *state;		  /* the carrier's */
	struct store_op *op;	  /* the carrier's store operation under way: cancelled when the
				     flow is freed. NULL again in its callback */
	bool counted;		  /* the lane's: one of the attempts at once */
};
TAILQ_HEAD(lane_trip_list, lane_trip);

struct lane_ops {
	enum outbox_queue queue;
	/* Whether another attempt may begin besides those under way; lane_look() when that has
	 * changed. NULL: always. */
	bool (*may_begin)(void *arg);
	/* Begin an attempt: claim, send, settle, lane_trip_end() or lane_trip_fail(). Not claimed
	 * yet. */
	void (*carry)(void *arg, struct lane_trip *trip);
	/* The flow is being freed: cancel what is under way and free the trip's state. */
	void (*abandon)(void *arg, struct lane_trip *trip);
	/* A claim of a process that is gone, found at the start, or one that has run out: settle it
	 * as OUTBOX_LOST and end. Nothing is sent. */
	void (*lost)(void *arg, struct lane_trip *trip);
};

/* Starts with a walk over what is due within OUTBOX_CLAIM_MS for claims of other owners: the store
 * is ours alone (kv_sqlite), so whoever made them is gone. */
struct lane *lane_new(struct flow *f, const struct lane_ops *ops, void *arg, size_t in_flight);
void lane_free(struct lane *l);
void lane_run(struct lane *l);
/* Something may be due, no later than `due` (wall ms). */
void lane_wake(struct lane *l, int64_t due);
void lane_look(struct lane *l);
/* Nothing is begun before the pause's end but one trip then; lane_resume() by its carrier, or by an
 * administrator, ends it. */
void lane_pause(struct lane *l, int64_t ms);
void lane_resume(struct lane *l);
bool lane_is_paused(const struct lane *l, int64_t *until);
size_t lane_in_flight(const struct lane *l);
const char *lane_owner(const struct lane *l);		  /* this process, as items name it */
bool lane_has(const struct lane *l, const char *item_id); /* an attempt of it is under way */
/* Since when the oldest item waits that is due (wall ms); 0: none does. */
int64_t lane_oldest_due(const struct lane *l);
void lane_trip_end(struct lane_trip *t);
/* The same when it cannot go on, most often because the store failed: the lane rests for a second,
 * for the item may still be due. */
void lane_trip_fail(struct lane_trip *t, const struct fault *f);

/* flow_mail.c and flow_hook.c: the carriers. NULL conf: nothing to carry, items stay. */
struct flow_mails;
struct flow_mails *flow_mails_new(struct flow *f);
void flow_mails_run(struct flow_mails *m);
void flow_mails_stop(struct flow_mails *m); /* flow->sends_no_more was set */
void flow_mails_free(struct flow_mails *m);
/* flow_mail_sweep.c: with a way to send or without. */
struct mail_sweeper;
struct mail_sweeper *mail_sweeper_new(struct flow *f);
void mail_sweeper_free(struct mail_sweeper *s);
struct flow_hooks;
struct flow_hooks *flow_hooks_new(struct flow *f);
void flow_hooks_run(struct flow_hooks *h);
void flow_hooks_drain(struct flow_hooks *h); /* as above */
void flow_hooks_free(struct flow_hooks *h);

#endif
