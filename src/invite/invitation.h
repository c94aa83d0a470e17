/* An invitation: a person, how to reach them, live tokens, an end, a state and a history. Pure:
 * every function gets the time; nothing here stores or sends.
 *
 * The states and what moves between them are one table, transitions.def, which the tests' model
 * reads too. expired, revoked and done are final: no event and no clock leads out of them. */
#ifndef USHERD_INVITE_INVITATION_H
#define USHERD_INVITE_INVITATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "invite/person.h"
#include "invite/token.h"

/* INVITATION_PENDING, ...: the STATEs of transitions.def. */
enum invitation_state {
#define STATE(name, text) INVITATION_##name,
#include "invite/transitions.def"
	INVITATION_STATE_COUNT
};

/* INVITATION_EV_ISSUE, ...: the EVENTs of transitions.def. */
enum invitation_event {
#define EVENT(name, text) INVITATION_EV_##name,
#include "invite/transitions.def"
	INVITATION_EVENT_COUNT
};

enum invitation_method { INVITATION_BY_LINK, INVITATION_BY_EMAIL };
enum field_mode { FIELD_FIXED, FIELD_SUGGESTED, FIELD_FREE };

enum {
	INVITATION_TOKENS_MAX = 5, /* live ones */
	INVITATION_OLD_TOKENS_MAX =
	    16, /* ended ones that still say "revoked"; older ones are unknown */
	INVITATION_TIMELINE_MAX = 64,
	INVITATION_CREATED_GRACE_MS = 24 * 3600 * 1000,
	INVITATION_LIFETIME_MIN = 60, /* seconds */
	INVITATION_LIFETIME_MAX = 90 * 24 * 3600,
	INVITATION_ATTEMPT_SIZE = 44 /* text of an attempt id with its zero byte */
};

struct invitation_entry {
	int64_t at; /* wall ms */
	enum invitation_event event;
	const char *detail; /* may be NULL: "by admin", "entry exists", ... no personal data */
};

struct invitation {
	char id[ID_SIZE];
	uint64_t revision; /* of the stored version this was read from; 0 when new */
	enum invitation_state state;
	enum invitation_method method;
	struct person person;	   /* erased (all NULL but uid and org unit) once done or revoked */
	const char *personal_mail; /* method email only */
	bool undeliverable;	   /* a mail system refused that address for good */
	bool uid_fixed;		   /* the administrator chose the uid: no renumbering */
	enum field_mode modes[PERSON_FIELD_COUNT];
	struct token_hash tokens[INVITATION_TOKENS_MAX];
	size_t token_count;
	struct token_hash old_tokens[INVITATION_OLD_TOKENS_MAX];
	size_t old_token_count;
	int64_t created_at, expires_at; /* wall ms */
	const char *created_by;		/* "token:ID", "user:UUID", "uid:0", ... */
	char owner[ID_SIZE]; /* entryUUID of the person who made it, also by a token; "" */
	/* The claim. attempt "" when there is none. */
	char attempt[INVITATION_ATTEMPT_SIZE];
	int64_t claimed_at;
	const char *dn;	    /* pinned with the claim, kept from then on */
	bool add_sent;	    /* an Add with this DN may have reached a server, ever */
	bool settled_later; /* answered 202: the resolver finished it */
	int64_t done_at;    /* wall ms; also the moment of expiry or revocation */
	struct invitation_entry timeline[INVITATION_TIMELINE_MAX];
	size_t timeline_count; /* at the maximum the second-oldest entry gives way */
	struct arena *arena;   /* owns every string above */
};

/* An empty invitation with its own arena; free with invitation_free (NULL is fine). */
struct invitation *invitation_new(void);
struct invitation *invitation_copy(const struct invitation *inv);
void invitation_free(struct invitation *inv);

struct invitation_transition {
	enum invitation_state from;
	enum invitation_event event;
	enum invitation_state to;
};
extern const struct invitation_transition invitation_transitions[];
extern const size_t invitation_transition_count;

const char *invitation_state_name(enum invitation_state s); /* "pending" ... as stored and shown */
bool invitation_state_by_name(const char *name, enum invitation_state *out);
const char *invitation_event_name(enum invitation_event e); /* "issued", "claimed", ... */
bool invitation_event_by_name(const char *name, enum invitation_event *out);

/* Move by the table and append to the timeline. ERR_CONFLICT when the table has no such row;
 * nothing changes then. The only function that sets `state`. A release clears the attempt and
 * forgets the DN unless add_sent; a rename forgets the DN and add_sent, because what stands there
 * is somebody else's (the new uid is the caller's to set); a final state sets done_at. Undeliver
 * sets `undeliverable`, resend and readdress take it back. MAIL and UNMAIL leave no entry in the
 * timeline: the delivery log tells of attempts (outbox.h), and these are many. */
enum err invitation_apply(struct invitation *inv, enum invitation_event event, int64_t now,
    const char *detail, struct fault *f);

/* done, expired or revoked: no event leads out of it. */
bool invitation_is_final(enum invitation_state s);

/* When the link ends (wall ms): expires_at; for a created one at least INVITATION_CREATED_GRACE_MS
 * after its last claim, so that a failure of ours just before the end leaves time to finish. Not
 * for ever: a link that can set the password of an account is no keepsake. */
int64_t invitation_end(const struct invitation *inv);

/* When its last claim was given back (wall ms); 0: never. */
int64_t invitation_released_at(const struct invitation *inv);

/* What a person with this link would be told now: ERR_OK (pending or created, link live, not past
 * its end), ERR_CONFLICT (claimed: in progress), ERR_USED, ERR_EXPIRED, ERR_REVOKED (also: this
 * token was replaced), ERR_NOT_FOUND (the token is not of this invitation). */
enum err invitation_open(
    const struct invitation *inv, const struct token_hash *token, int64_t now, struct fault *f);

/* The claim's own checks, on top of invitation_open: takes a pending or created invitation for
 * `attempt` with the pinned DN. Expiry is decided here, not by a sweeper. An entry that may exist
 * keeps its DN: ERR_CONFLICT when add_sent and `dn` differs from the pinned one. */
enum err invitation_claim(struct invitation *inv, const struct token_hash *token,
    const char *attempt, const char *dn, int64_t now, struct fault *f);

/* Add a live token; with `replace`, all others end. Beyond INVITATION_TOKENS_MAX the oldest ends.
 * Ended ones move to old_tokens, oldest dropped. ERR_* as invitation_open when the state forbids
 * it. Leaves the timeline alone: INVITATION_EV_LINK is the caller's to apply, with its reason. */
enum err invitation_add_token(struct invitation *inv, const struct token_hash *token, bool replace,
    int64_t now, struct fault *f);

/* Take a token away that nobody has ever seen, as if it had not been made; false: it is not live.
 */
bool invitation_drop_token(struct invitation *inv, const struct token_hash *token);

/* Make the token live again that gave way to one that was dropped, as the oldest; nothing when it
 * is not remembered, or there is no room. */
void invitation_revive_token(struct invitation *inv, const struct token_hash *token);

/* End all live tokens while it is open: they say "revoked" from now on. */
void invitation_void_tokens(struct invitation *inv);

/* End all tokens (they stay in old_tokens). Only in a final state. What is expired keeps its
 * person, so that an administrator sees who did not come and can invite them again, until it is
 * purged. */
void invitation_end_links(struct invitation *inv);

/* The same, and forget the personal data. The uid and the org unit stay: who may see it is decided
 * by the latter. Only in a final state. */
void invitation_erase(struct invitation *inv);

/* The state as the outside sees it: a pending or created one past its end is expired, whatever the
 * sweeper did. */
enum invitation_state invitation_seen(const struct invitation *inv, int64_t now);

#endif
