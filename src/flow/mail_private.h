/* What the files of mails share:
 *
 *   flow_mail.c         the object, its pauses, its figures
 *   flow_mail_begin.c   whether an item is worth its mail, and its turn
 *   flow_mail_carry.c   its way to the mailer: claim, send
 *   flow_mail_compose.c its facts
 *   flow_mail_plan.c    what follows from its outcome
 *   flow_mail_settle.c  that, written: item, log, invitation and notice in one transaction
 *   flow_mail_post.c    what is queued, and with what facts
 *   flow_mail_change.c  one change of an invitation together with its mails
 *   flow_mail_ask.c     resend, another address, another end
 *   flow_mail_bounce.c  reports of mail systems
 *   flow_mail_look.c    details, and the first time that a form was shown
 *   flow_mail_queue.c   the queue in an administrator's hands
 *   flow_mail_sweep.c   news that came too late, with a lane or without
 *   flow_mail_try.c     preview and test
 *
 * A mail touches nothing of an invitation that somebody registers with: while it is claimed, and
 * while an attempt at a created one is under way, mails wait. */
#ifndef USHERD_FLOW_MAIL_PRIVATE_H
#define USHERD_FLOW_MAIL_PRIVATE_H

#include "flow/outbox_private.h"
#include "invite/slot.h"

enum {
	/* An item whose invitation is in use, or damaged, is looked at again after this. */
	MAIL_PUT_OFF_MS = 10 * 1000,
	/* An item that comes so late for its slot needs another one. */
	MAIL_TURN_MS = 5 * 1000,
	/* So many mails in a row of which nobody knows whether they arrived, and the relay counts
	 * as away: each of them may reach somebody twice. */
	MAIL_SILENT_MAX = 3,
	/* A commit takes as long as a mail, or longer. So for each mail that may be sent at once
	 * there are MAIL_GIVEN with the mailer, whose connections shall not wait for us, MAIL_AHEAD
	 * being claimed, and MAIL_TRIPS in all: the rest are being settled. */
	MAIL_GIVEN = 2,
	MAIL_AHEAD = 3,
	MAIL_TRIPS = 8,
	MAIL_HEARD_MAX = 400 /* bytes of a server's words, with others beside them */
};

/* Between a server's words and the time of the next attempt, in the log. */
#define MAIL_AGAIN_AT "; again at "

/* What becomes of an item after its attempt, or instead of one. */
struct mail_plan {
	bool remove;		   /* else it is written as `next` says */
	enum delivery_event event; /* DELIVERY_EVENT_COUNT: nothing is logged */
	const char *detail;	   /* of the trip's arena */
	bool withdraw;		   /* its token ends: the mail surely did not leave */
	bool undeliver;		   /* the address is refused for good */
	bool tell;		   /* the inviter, though nothing is marked */
	int64_t sent_at;	   /* wall ms; 0: it was not */
};

struct mail_trip {
	TAILQ_ENTRY(mail_trip) link; /* in mails->ready or given */
	struct flow_mails *mails;
	struct lane_trip *trip;
	struct arena *arena;
	struct invitation *inv, *after; /* as stored (NULL: gone); as it is being stored */
	struct outbox_item *next;	/* as the item is being stored */
	struct delivery *delivery;
	const char *to;	       /* the envelope's */
	const char *pointless; /* why it is not sent; NULL: it is */
	/* Its link. The token that gave way to this one is live again when this one is withdrawn.
	 */
	struct secret *token;
	struct token_hash hash, displaced;
	bool has_displaced;
	bool is_ready; /* in mails->ready: claimed, and waits for its place */
	struct mail_sending *sending;
	bool is_ahead;	/* counted in mails->ahead */
	unsigned pause; /* mails->pause_count when it began */
	struct mail_plan plan;
	bool claimed;		       /* by `owner`: somebody's who may have sent it */
	char owner[OUTBOX_OWNER_SIZE]; /* "": of an item that nobody claimed */
	int64_t until;		       /* when the claim runs out, wall ms */
	int tries;
	struct loop_timer *again; /* the store did not take it yet */
	int64_t again_ms;
};
TAILQ_HEAD(mail_trip_list, mail_trip);

struct flow_mails {
	struct flow *flow;
	const struct flow_mail_conf *conf;
	struct lane *lane;
	struct slots *slots;
	struct mail_trip_list ready; /* claimed */
	struct mail_trip_list given; /* to the mailer */
	size_t sending;		     /* of these: all */
	size_t ahead;		     /* begun and not given to it yet */
	size_t tests;		     /* mails of nobody that are under way */
	unsigned pause_count;	     /* pauses since the start */
	unsigned failures;	     /* in a row */
	unsigned silent;	     /* in a row: nobody knows */
	bool broken;		     /* and the alarm was given */
	char reason[MAIL_REPLY_SIZE];
	int64_t sent_at, failed_at; /* wall ms; 0: not yet */
	char failure[MAIL_REPLY_SIZE];
};

/* ---- flow_mail.c ---- */

/* What a report says of the relay: a pause, or the end of one. */
void mails_hear(struct flow_mails *m, const struct mail_trip *t, const struct mail_report *report);
/* It began before the pause that is now, and is not the one that tries whether the relay is back;
 * or we are about to end. What was not sent yet is not sent now. */
bool mails_is_overtaken(const struct flow_mails *m, const struct mail_trip *t);

/* A mail with a link left, or may have left. */
bool mail_may_have_left(const struct delivery_entry *e);
/* A server's words so short that others go beside them. */
const char *mail_heard(struct arena *arena, const char *words);

/* ---- flow_mail_begin.c ---- */

void mail_carry(void *arg, struct lane_trip *trip);

/* ---- flow_mail_carry.c ---- */

struct mail_trip *mail_trip_new(struct flow_mails *m, struct lane_trip *trip);
/* The trip is over; because the store failed. */
void mail_trip_end(struct mail_trip *t);
void mail_trip_fail(struct mail_trip *t, const struct fault *f);
/* It is its turn. */
void mail_claim(struct mail_trip *t);
void mail_lost(void *arg, struct lane_trip *trip);
void mail_abandon(void *arg, struct lane_trip *trip);
void mail_trip_free(struct mail_trip *t);
void mail_trip_not_ahead(struct mail_trip *t); /* it is sent, or settled */
/* Send what is ready as far as there is room. */
void mails_send_ready(struct flow_mails *m);
/* What the mailer was given and has not begun is not sent now. */
void mails_take_back(struct flow_mails *m);

/* ---- flow_mail_compose.c ---- */

/* Gives it to the mailer, and with it the token. */
struct mail_sending *mail_trip_send(struct mail_trip *t, mail_sent_cb *cb);

/* ---- flow_mail_settle.c ---- */

/* Write t->plan, again until the store takes it, and end the trip. */
void mail_settle(struct mail_trip *t);

/* ---- flow_mail_plan.c ---- */

/* The same of an attempt. The words may be kept: nobody's address is in them. */
void mail_settle_report(struct mail_trip *t, const struct mail_report *report);
void mail_settle_lost(struct mail_trip *t);
/* It was claimed and not sent: it waits again, as if nothing had happened. */
void mail_settle_unsent(struct mail_trip *t);

/* ---- flow_mail_post.c ---- */

/* What is queued in one transaction; freed after it was started. */
struct mail_post {
	struct store_post post;
	struct outbox_item *items[STORE_POST_MAX];
};
void mail_post_free(struct mail_post *p);
/* The invitation's mail, and its reminder. `d` gets the log's first entry. */
void mail_post_issue(
    struct mail_post *p, const struct flow *f, const struct invitation *inv, struct delivery *d);
/* A new mail with a link, or the one that waits (`waiting`, may be NULL) sooner; noted in `d`. One
 * that is being sent does not count: it was written before anybody asked, may have arrived long ago
 * though we do not know it yet, and may still fail for good. ERR_BUSY: the queue has no room for a
 * new one; nothing was changed. */
enum err mail_post_again(struct mail_post *p, const struct flow *f, const struct invitation *inv,
    struct delivery *d, const struct outbox_item *waiting, struct fault *fault);
/* Welcome, and the notice to the inviter: `inv` before it is erased. */
void mail_post_finish(struct mail_post *p, struct flow *f, const struct invitation *inv);
void mail_post_undeliverable(struct mail_post *p, struct flow *f, const struct invitation *inv);
/* Who made the invitation, as the roster knows them; NULL: nobody. In `arena`. */
struct mail_inviter {
	const char *name, *mail;
};
struct mail_inviter mail_inviter_of(
    const struct flow *f, const struct invitation *inv, struct arena *arena);

/* ---- flow_mail_change.c ---- */

/* One change of an invitation and of what is queued for it. */
struct mail_change {
	struct flow_task task; /* first */
	char id[ID_SIZE];
	struct invitation *before, *after;
	struct delivery *delivery;   /* as it is to be */
	struct outbox_item *waiting; /* the item that delivery->waiting names; NULL: it is gone */
	struct mail_post post;
	enum invitation_event event;
	const char *detail;   /* what the audit record says beside the event, as JSON; or NULL */
	const char *personal; /* the same about people; NULL: who is invited */
	bool log_alone;	      /* the invitation stays as it is */
	struct flow_caller by;
	struct arena *arena; /* of these strings */
	int tries;
	/* Changes after, delivery, post and event. ERR_OK: save it; anything else ends it with that
	 * code. On a conflict all is loaded again and this is called again. */
	enum err (*mutate)(struct mail_change *c, struct fault *f);
	/* The last thing: `code` ERR_OK: `after` and `delivery` are as stored. It is freed then. */
	void (*finish)(struct mail_change *c, enum err code, const struct fault *f);
	void (*release)(struct mail_change *c); /* frees what a kind added; may be NULL */
};
/* `c` is zeroed but for mutate, finish and release; it is freed with free(). Out of the reach of
 * `by` is ERR_NOT_FOUND. */
void mail_change_start(
    struct mail_change *c, struct flow *f, const char *id, const struct flow_caller *by);

/* ---- flow_mail_ask.c ---- */

/* A personal address in its one spelling, in `arena`; NULL after adding an error. */
const char *flow_check_address(
    struct flow *f, const char *raw, struct arena *arena, struct field_errors *errors);

#endif
