/* What is still to be sent: mails about an invitation and webhook messages, and the rules of trying
 * again. Pure: every function gets the time and its randomness; nothing here stores or sends.
 *
 * An item waits until it is due, is claimed by one process for one attempt (its revision decides
 * who), and is settled: removed, or due again. A process that dies in between leaves it claimed;
 * what became of that attempt is unknown, and the item is due again when the claim has run out. */
#ifndef USHERD_INVITE_OUTBOX_H
#define USHERD_INVITE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"

/* Mails and webhooks have a queue each, so that neither waits for the other. */
enum outbox_queue { OUTBOX_MAILS, OUTBOX_HOOKS, OUTBOX_QUEUE_COUNT };

enum outbox_kind {
	OUTBOX_INVITATION,    /* the link */
	OUTBOX_REMINDER,      /* the link once more, at half time */
	OUTBOX_WELCOME,	      /* after registration: the uid and where to sign in */
	OUTBOX_COMPLETED,     /* to the inviter */
	OUTBOX_UNDELIVERABLE, /* to the inviter */
	OUTBOX_HOOK,	      /* a webhook message */
	OUTBOX_KIND_COUNT
};
/* "invitation", "reminder", ...: as stored, shown, and as templates are named. */
const char *outbox_kind_name(enum outbox_kind kind);
bool outbox_kind_by_name(const char *name, enum outbox_kind *out);
enum outbox_queue outbox_queue_of(enum outbox_kind kind);
/* Its mail has a link, and so each attempt a fresh token. */
bool outbox_has_link(enum outbox_kind kind);

enum {
	OUTBOX_TEXT_MAX = 512,	 /* bytes of a fact or a reply */
	OUTBOX_BODY_MAX = 20000, /* bytes of a webhook's body: Standard Webhooks wants it small */
	/* A claim holds this long. Half of it is for what is claimed to wait until it is given to
	 * the mailer, half for the rest: up to two mails before it there, and its own transfer. No
	 * claim of a process that is gone keeps anything waiting: they are looked for at the start.
	 */
	OUTBOX_CLAIM_MS = 60 * 60 * 1000,
	OUTBOX_BACKOFF_MIN_MS = 10 * 1000,
	OUTBOX_BACKOFF_MAX_MS = 15 * 60 * 1000,
	/* After a server kept silent about a mail it may have. */
	OUTBOX_UNKNOWN_MS = 60 * 1000,
	OUTBOX_OWNER_SIZE = 17
};

struct outbox_item {
	char id[ID_SIZE];
	uint64_t revision; /* as stored */
	enum outbox_kind kind;
	char subject[ID_SIZE];	       /* a mail's invitation, a webhook message's endpoint */
	char owner[OUTBOX_OWNER_SIZE]; /* the process that carries out an attempt; "": it waits */
	int64_t created_at;	       /* wall ms */
	int64_t due;		       /* while claimed: when the claim runs out */
	int64_t expires_at;	       /* pointless from then on */
	unsigned attempts;	       /* that came to an end: the one under way is the next */
	unsigned unknown;	       /* of them: the server kept silent about what it has */
	bool slotted;		       /* its turn under the rate was given out: `due` is it */
	const char *last; /* what the last attempt came to, in the server's words; or NULL */
	/* Facts that outlive the invitation's person (welcome, completed, undeliverable); NULL:
	 * the invitation knows. `to` NULL: the invitation's personal mail, or its inviter's. */
	const char *to, *name, *uid, *language;
	/* A webhook message. */
	const char *type, *body; /* "invitation.created"; the very bytes that are signed */
	struct arena *arena;	 /* owns every string */
};

/* A new id, due now, for ever. */
struct outbox_item *outbox_item_new(enum outbox_kind kind, const char *subject, int64_t now);
struct outbox_item *outbox_item_copy(const struct outbox_item *i);
void outbox_item_free(struct outbox_item *i); /* NULL is fine */
/* Set one of its strings to a copy (NULL: none). All but the body are cut as outbox_text() does. */
void outbox_set_text(struct outbox_item *i, const char **field, const char *text);
/* A copy of at most OUTBOX_TEXT_MAX bytes, as outbox_cut() makes it; NULL stays NULL. */
const char *outbox_text(struct arena *arena, const char *text);
/* A copy of at most `max` bytes, cut at a whole character. Each byte of bad UTF-8 becomes '?': a
 * text that is none would make what it is stored in unreadable. */
const char *outbox_cut(struct arena *arena, const char *text, size_t max);

/* ---- trying again ---- */

enum outbox_result {
	OUTBOX_SENT,
	OUTBOX_DEFERRED, /* surely not sent; later */
	OUTBOX_REFUSED,	 /* surely not sent; for good */
	OUTBOX_SILENT,	 /* nobody knows whether it was sent: the server kept silent */
	OUTBOX_LOST	 /* nobody knows: the process died, or lost its claim */
};

enum outbox_next { OUTBOX_REMOVE, OUTBOX_AGAIN, OUTBOX_GIVE_UP };

/* The pause after the n-th failure in a row, in ms: 10 s doubling to 15 min, up to a quarter of it
 * taken off at random (`random`: 32 bits), so that what failed together does not return together.
 */
int64_t outbox_backoff(unsigned failures, uint32_t random);

/* What follows from an attempt; counts it in `i`, and makes `i` wait for OUTBOX_AGAIN: a new `due`,
 * no owner, no slot. When the next attempt would come at expires_at or later, the item is given up.
 * Deferred: after outbox_backoff(). Silent: once more after OUTBOX_UNKNOWN_MS; silent again: given
 * up, because a relay that keeps every mail and says so to nobody must not fill a mailbox. Lost: at
 * once, and as often as we die: nothing says that the mail was ever sent. */
enum outbox_next outbox_decide(
    struct outbox_item *i, enum outbox_result result, int64_t now, uint32_t random);

/* 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h after the attempt before, plus up to a
 * tenth (Standard Webhooks 1.0.0); `retry_after_ms` (0: none; bounded by who has read it)
 * when that is later. Every unknown is tried again: receivers know a message by its id. */
enum outbox_next outbox_decide_hook(struct outbox_item *i, enum outbox_result result, int64_t now,
    int64_t retry_after_ms, uint32_t random);

/* ---- what happened to an invitation's mails ---- */

enum delivery_event {
	DELIVERY_QUEUED,
	DELIVERY_DEFERRED, /* detail: the reply, and until when */
	DELIVERY_SENT,	   /* detail: the reply */
	DELIVERY_REFUSED,  /* detail: the reply */
	DELIVERY_UNKNOWN,  /* detail: what was last heard, and whether it is tried again */
	DELIVERY_DROPPED,  /* by whom, or why it became pointless */
	DELIVERY_BOUNCED,  /* detail: status and diagnostic of the report (RFC 3464) */
	DELIVERY_DELAYED,  /* a report says so */
	DELIVERY_OPENED,   /* the form was shown, for the first time */
	DELIVERY_EVENT_COUNT
};
/* "mail_queued", "mail_deferred", ..., "opened": as stored and shown in the timeline. */
const char *delivery_event_name(enum delivery_event e);
bool delivery_event_by_name(const char *name, enum delivery_event *out);

enum { DELIVERY_LOG_MAX = 64 };

struct delivery_entry {
	int64_t at; /* wall ms */
	enum delivery_event event;
	enum outbox_kind kind; /* of the mail; OUTBOX_KIND_COUNT: of none */
	const char *detail;    /* NULL: none. No address of a person: see delivery_scrub() */
};

/* One for each invitation that ever had a mail or was opened. */
struct delivery {
	uint64_t revision;     /* 0: not stored yet */
	char waiting[ID_SIZE]; /* the item with a link that is in the queue; "": none */
	int64_t asked_at; /* when a mail with a link was last asked for: the cool-down's begin */
	bool opened;
	struct delivery_entry log[DELIVERY_LOG_MAX];
	size_t log_count; /* at the maximum the second-oldest entry gives way */
	struct arena *arena;
};
struct delivery *delivery_new(void);
struct delivery *delivery_copy(const struct delivery *d);
void delivery_free(struct delivery *d); /* NULL is fine */
/* A DELIVERY_DEFERRED of the same mail behind two of them takes the place of the last, whatever
 * happened to other mails in between: the first one and the newest are what somebody looks for. */
void delivery_note(struct delivery *d, enum delivery_event event, enum outbox_kind kind, int64_t at,
    const char *detail); /* copied */

/* A server's words without `address` (NULL: none) and its local part, with a subaddress (RFC 5233)
 * or without, in whatever case, so that the log may outlive the person's data: "[address]" stands
 * for them. The address goes wherever it stands, a local part where it is a word by itself. What is
 * not printable becomes '?', each byte of bad UTF-8 too; at most OUTBOX_TEXT_MAX bytes. */
const char *delivery_scrub(struct arena *arena, const char *words, const char *address);

#endif
