/* Sessions of people who have signed in, and where each has signed in from.
 *
 * Keys (values sealed as all are):
 *   session/ID             one session: the hash of its secret, whose, since when, until when, and
 *                          by what address and browser; all of it goes when the session ends
 *   known/PERSON/SOURCE    when this person last signed in from there; SOURCE is a keyed hash
 *
 * Promises, codes and ownership as in store.h. */
#ifndef USHERD_STORE_STORE_SESSION_H
#define USHERD_STORE_STORE_SESSION_H

#include "store/store.h"

enum {
	STORE_SESSION_ID_SIZE = 17,
	STORE_SOURCE_SIZE = 16,
	STORE_ADDRESS_SIZE = 46, /* of an address of either kind as text */
	STORE_AGENT_SIZE = 201
};

struct store_session {
	char id[STORE_SESSION_ID_SIZE]; /* 16 hexadecimal digits: no secret */
	struct token_hash hash;		/* of the secret in the cookie */
	char person[ID_SIZE];		/* entryUUID */
	int64_t created_at, ends_at;	/* wall ms; the absolute end */
	int64_t used_at;		/* wall ms, to the minute */
	/* At the sign-in: the client's address, and what the browser called itself (UTF-8 without
	 * control characters). "": not known, as of those that an older version made. */
	char address[STORE_ADDRESS_SIZE], agent[STORE_AGENT_SIZE];
};

/* Write it, that `source` is known for this person, and the audit record "signed_in" about the
 * user, in one transaction. ERR_EXISTS: the id is there. */
struct store_op *store_session_add(struct store *s, const struct store_session *session,
    const unsigned char source[STORE_SOURCE_SIZE], const struct store_note *note, store_done_cb *cb,
    void *arg);

/* used_at, without an audit record; one that is gone is fine. */
struct store_op *store_session_touch(
    struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg);

/* Delete it, with the audit record "session_ended" about its user; `reason`: "signed_out",
 * "signed_out_remotely" (from another session), "signed_out_everywhere", "idle", "expired",
 * "lost_rights", "user_deleted", "user_suspended", "replaced" (one too many). ERR_NOT_FOUND. */
struct store_op *store_session_end(struct store *s, const struct store_session *session,
    const char *reason, const struct store_note *note, store_done_cb *cb, void *arg);

/* An attempt that the directory refused, or that a delay refused for the first time: an audit
 * record alone, "sign_in_refused" or "sign_in_throttled". `person`: the account it was about, or
 * NULL. What was typed as the login is not kept: it may be a password. */
struct store_op *store_note_sign_in(struct store *s, const char *event, const char *person,
    const struct store_note *note, store_done_cb *cb, void *arg);

/* Where people have signed in from, all of it, once (for the start); then `done`. What cannot be
 * read is left out. `each` must not cancel it. */
typedef void store_known_cb(
    void *arg, const char *person, const unsigned char source[STORE_SOURCE_SIZE], int64_t at);
struct store_op *store_known_list(
    struct store *s, store_known_cb *each, store_done_cb *done, void *arg);
/* Forget those before `before_ms`, and with a person all of theirs (NULL: nobody's). */
struct store_op *store_known_forget(
    struct store *s, int64_t before_ms, const char *person, store_done_cb *cb, void *arg);

#endif
