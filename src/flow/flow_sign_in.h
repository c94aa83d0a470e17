/* Signing in: source throttled > found > login throttled > bound and looked at > session made >
 * answered.
 *
 * Whatever fails, nobody can tell what: unknown account, wrong password, locked, no role, or one
 * that must not be asked about now are one answer, made of the same steps (dir_sign.h), given at
 * the next multiple of the pace since the request came. The pace is SIGN_IN_PACE_MS, or a multiple
 * of it when the directory takes longer over a password. Who is let in is answered at once.
 * Promises and threads as in flow.h. */
#ifndef USHERD_FLOW_FLOW_SIGN_IN_H
#define USHERD_FLOW_FLOW_SIGN_IN_H

#include "auth/auth.h"
#include "base/seal.h"
#include "flow/flow.h"

enum {
	SIGN_IN_PACE_MS = 400,
	/* Under way at once; beyond: ERR_BUSY. Sources that nobody is known to come from get three
	 * quarters of them at most. */
	SIGN_IN_RUNNING_MAX = 64
};

/* Of one account at most `attempts` failures reach the directory within `window_s` (0: until a
 * success, however long), by whatever login and from wherever: fewer than its own lock-out needs.
 * Half of them (rounded up) are kept for the sources from which this person has signed in within
 * the last 14 days, so that a stranger's guesses shut nobody out who comes from where they always
 * come from. A success gives all of them back. What was refused before a restart is read from the
 * audit trail, and counts as strangers' (window_s 0: of the last 90 days); until then
 * ERR_UNAVAILABLE. That an account's are used up is told to nobody: its attempts fail.
 *
 * Who has to wait (ERR_THROTTLED) is decided by what was typed, alike for all that can be typed:
 * `attempts` from a source that somebody is known to come from, the strangers' part from all others
 * together, within `window_s`, or 15 min when that is 0. */
struct sign_in_conf {
	int64_t attempts, window_s; /* 2 attempts at least: one for each of the two */
	const struct seal *seal;    /* hashes where people sign in from; used in the call alone */
	int64_t pace_ms;	    /* 0: SIGN_IN_PACE_MS */
};
/* Once, before the first of them, when the store is prepared. `auth` outlives the flow. */
void flow_set_sign_in(struct flow *f, struct auth *auth, const struct sign_in_conf *conf);

struct sign_in_spec {
	const char *login;
	const struct secret *password; /* copied */
	const char *source;	       /* the client's address */
	const char *agent;	       /* what the browser calls itself, as it came; or NULL */
	const char *request_id;
	const char *old_session; /* of the cookie that came along, if it was one: it ends */
	const char *old_person;
};
/* ERR_OK: the session; the callback may take `secret`. ERR_UNAUTHENTICATED: one text for all.
 * ERR_THROTTLED: not before `wait_ms`. Where attempts may have reached the directory without an
 * answer they count as failures. ERR_BUSY, ERR_UNAVAILABLE: nothing is known. ERR_INVALID:
 * the login or the password is empty or too long; nobody was asked. */
typedef void flow_signed_in_cb(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, int64_t wait_ms, const struct fault *f);
void flow_sign_in_start(
    struct flow *f, const struct sign_in_spec *spec, flow_signed_in_cb *cb, void *arg);

#endif
