/* Who calls, and what they may do: API tokens, people with a session, the unix socket. All that a
 * check needs is in memory, fed by the store, the people list and looks at the directory, so that
 * it never waits. On the loop's thread.
 *
 * Rights of people come from groups of the directory and are never stored: only what the directory
 * itself said of the person counts, when they signed in or in a look since, and only for
 * AUTH_CURRENT_MS. Whoever is used is looked at again every AUTH_LOOK_MS. The people list is not
 * asked: a server's own changes of `member` (OpenLDAP's refint, when an entry is renamed or
 * deleted) are not replicated, so that its groups may go on naming who is gone, and not name who is
 * there. It tells when to look: when it says something else of a person than before, the directory
 * is asked at once, and if that would be less than what is known, callers wait for the answer.
 *
 * A session whose person has lost all roles, or is gone or suspended, ends with the look that says
 * so, and so do their tokens. While the directory is away, what it said last counts: for everything
 * for AUTH_CURRENT_MS, for reading during the configured grace, and then for nothing. */
#ifndef USHERD_AUTH_AUTH_H
#define USHERD_AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "invite/reach.h"
#include "loop/loop.h"
#include "store/store.h"
#include "store/store_session.h"

struct auth;

/* ---- scopes and roles (auth_scope.c) ---- */

enum auth_scope {
	AUTH_INVITATIONS_READ = 1,
	AUTH_INVITATIONS_WRITE = 2,
	AUTH_DIRECTORY_READ = 4,   /* org units and groups */
	AUTH_TOKENS = 8,	   /* make, list and revoke API tokens */
	AUTH_USERS_READ = 16,	   /* the people list and its events */
	AUTH_USERS_WRITE = 32,	   /* change, suspend, delete and restore people */
	AUTH_DIRECTORY_WRITE = 64, /* make, rename and delete org units */
	AUTH_MAIL = 128,	   /* the mail queue, bounces, previews, test mails */
	AUTH_WEBHOOKS = 256,	   /* endpoints, their messages and secrets */
	AUTH_MAIL_BOUNCES = 512,   /* hand reports of mail systems over, and nothing else */
	AUTH_AUDIT_READ = 1024,	   /* the audit trail, and whether it is sound */
	AUTH_ERASE = 2048,	   /* pseudonymise what is kept of a person */
	AUTH_STATUS_READ = 4096,   /* how the daemon is, and what it needs */
	AUTH_ALL = 8191
};
/* A token keeps the bits that it was made with: a scope that is new to this release is in none of
 * the tokens that were made before, whatever "all" meant then. */

/* "invitations:read" ... ; 0 when there is none of that name. "all" is AUTH_ALL. */
unsigned auth_scope_by_name(const char *name);
/* Walk all scopes: the name of the `index`th, NULL behind the last. */
const char *auth_scope_name(size_t index, unsigned *bit);

/* administrator: everything; inviter: invite, and see their own invitations and where people can be
 * invited; auditor: read invitations, users, org units, the audit trail and how the daemon is. */
enum auth_role { AUTH_ADMINISTRATOR, AUTH_INVITER, AUTH_AUDITOR, AUTH_ROLE_COUNT };
const char *auth_role_name(enum auth_role role);
bool auth_role_by_name(const char *name, enum auth_role *out);
unsigned auth_role_scopes(enum auth_role role);

/* What membership in a group allows. DNs in one spelling. */
struct auth_role_conf {
	enum auth_role role;
	const char *group;
	const char *places[REACH_PLACES_MAX];
	size_t place_count; /* 0: everywhere */
	size_t quota;	    /* open invitations; 0: any number */
};
enum { AUTH_ROLES_MAX = 33 };

/* ---- principals ---- */

/* These scopes, as far as this rule reaches. */
struct auth_grant {
	unsigned scopes;
	struct reach_rule rule;
	size_t quota;
};

enum auth_kind { AUTH_PEER, AUTH_TOKEN, AUTH_SESSION };

struct principal {
	enum auth_kind kind;
	unsigned scopes;      /* of all grants together */
	char name[64];	      /* "token:ID", "user:UUID" or "uid:0", for created_by and the audit */
	char person[ID_SIZE]; /* entryUUID: of a session, or of a token's owner; "": nobody's */
	char session[STORE_SESSION_ID_SIZE]; /* of a session: its id; else "" */
	unsigned roles;			     /* of a session: bits 1 << enum auth_role */
	uint64_t groups;    /* what the person's rights came from: bits of auth_role_groups() */
	int64_t expires_at; /* of a token or session, wall ms; 0: never */
	bool read_only;	    /* the directory has not been heard for too long to change anything */
	const struct auth_grant
	    *grants; /* in the arena of the check; no reach rules at all: see below */
	size_t grant_count;
};

/* How far the caller reaches with one of these scopes, and the quota there (0: none). Lives in
 * `arena`; NULL: everywhere. Asked for scopes that the caller has none of, it reaches nothing. */
const struct reach *auth_reach(
    const struct principal *who, unsigned scopes, struct arena *arena, size_t *quota);

/* ---- the object ---- */

struct auth_conf {
	struct loop *loop;
	struct store *store;
	struct roster *roster;
	const struct clock *clock;
	gid_t admin_gid; /* members are administrators on the unix socket, like root; (gid_t)-1:
			    root alone */
	const struct auth_role_conf *roles;
	size_t role_count;
	int64_t idle_ms, lifetime_ms; /* of a session: 15 min and 8 h */
	int64_t grace_ms; /* reading goes on so long after the directory was last heard */
	/* Ask the directory itself about a person, then call auth_person_seen() or _unseen(), once
	 * and later. About a few people at once, about one once at a time. */
	void (*look_at)(void *arg, const char *person);
	void *arg;
	/* A DN in the spelling that the list knows members by; false: it is none. */
	bool (*normalise)(const char *dn, struct arena *arena, const char **normal);
	int64_t sweep_ms; /* how often people are looked at without a request; 0: 2 s */
};
enum {
	AUTH_CURRENT_MS = 60 * 1000,
	AUTH_LOOK_MS = 30 * 1000, /* so old, what the directory said is asked for again */
	AUTH_SESSIONS_MAX = 100000,
	AUTH_SESSIONS_OF_ONE_MAX = 20,
	AUTH_TOKENS_OF_ONE_MAX = 100
};

/* `ready` once the stored tokens and sessions are known. Borrows what `conf` points to. */
struct auth *auth_new(const struct auth_conf *conf, loop_cb *ready, void *arg);
void auth_free(struct auth *a);
/* Told when stored tokens or sessions cannot be read, or one of them is damaged and left out (words
 * for the log); once, with ERR_CONFLICT, when the wall clock was set back, which prolongs nothing.
 */
void auth_on_trouble(struct auth *a, void (*cb)(void *arg, const struct fault *f), void *arg);

/* The groups that give roles, each once, as conf.roles names them, for dir_sign_in(). */
size_t auth_role_groups(const struct auth *a, const char *const **groups);

/* What the directory says of a person: in which of auth_role_groups() (`member` NULL: gone or
 * suspended). `seen_at`: monotonic ms when the directory was asked, which is before it answered:
 * what became known since then counts for more. */
void auth_person_seen(struct auth *a, const char *person, const bool *member, int64_t seen_at);
void auth_person_unseen(struct auth *a, const char *person); /* it could not be asked */

/* ---- checks: all leave what they find in `out`, grants in `arena` ---- */

/* The caller of a bearer token: ERR_UNAUTHENTICATED (unknown, malformed, expired, its owner has
 * lost the rights: one text for all). ERR_UNAVAILABLE: its owner's rights are not known at the
 * moment; then `out` has none, but says who the owner is. */
enum err auth_check_token(struct auth *a, const char *token, size_t len, struct arena *arena,
    struct principal *out, struct fault *f);

/* The caller of a session's secret (the cookie's value). Codes as above. Counts as use. With
 * ERR_UNAVAILABLE `out` has no rights but says whose session it is, so that it can be ended. */
enum err auth_check_session(struct auth *a, const char *secret, size_t len, struct arena *arena,
    struct principal *out, struct fault *f);

/* Whether the caller of a request that goes on and on (a stream) still has the rights it began
 * with: false once its token was revoked, its session has ended, or the person's groups are others,
 * or perhaps fewer: whoever has them all the same comes back. No use of the session. */
bool auth_is_good(struct auth *a, const struct principal *who);

/* Told by the loop once some session or token is no longer here, whoever ended it: a stream that
 * began with one asks auth_is_good() again. One listener; NULL: none. */
void auth_on_ended(struct auth *a, loop_cb *cb, void *arg);

/* Those that are open; one whose time is over goes within seconds. */
size_t auth_session_count(const struct auth *a);

/* A check of this person found ERR_UNAVAILABLE (principal.person), and the directory is being
 * asked: have `cb` called once it has answered, or after 2 s at the latest; then check again.
 * False: there is nothing to wait for. Not called any more after auth_free(). */
bool auth_await_person(struct auth *a, const char *person, loop_cb *cb, void *arg);

/* The other end of a unix socket, as the kernel knew it when it connected. */
struct auth_peer {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	size_t group_count;
};

/* Root, the daemon's own user and members of the admin group (by primary or supplementary group)
 * have every scope everywhere. ERR_DENIED for anybody else. */
enum err auth_check_peer(const struct auth *a, const struct auth_peer *peer, struct arena *arena,
    struct principal *out, struct fault *f);

/* ---- sessions (auth_session.c) ---- */

/* What a person with these roles could do, for whoever signs in: false when there is none. `member`
 * as in auth_person_seen(). */
bool auth_has_role(const struct auth *a, const bool *member);

/* A person's sessions, the one that was used last first: an array in `arena` of what is borrowed
 * until the loop turns. `*count` may be 0. */
const struct store_session *const *auth_session_list(
    struct auth *a, const char *person, struct arena *arena, size_t *count);

/* A new session for a person who has just signed in; a person's oldest one ends when there are more
 * than AUTH_SESSIONS_OF_ONE_MAX, and the longest unused of all beyond AUTH_SESSIONS_MAX
 * ("replaced"). ERR_UNAUTHENTICATED: the person was forgotten after `seen_at`, as above, or has
 * ended all of their sessions since.
 * `secret`: 256 bits, base64url, for the cookie and nothing else; the callback may take it by
 * setting it to NULL. */
typedef void auth_session_cb(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, const struct fault *f);
struct auth_session_spec {
	const char *person;
	const bool *member;
	int64_t seen_at;
	const unsigned char *source;   /* STORE_SOURCE_SIZE bytes: where from, hashed */
	const char *agent;	       /* the browser's word for itself, as it came; or NULL */
	const struct store_note *note; /* has the client's address */
};
struct auth_make;
struct auth_make *auth_session_new(
    struct auth *a, const struct auth_session_spec *spec, auth_session_cb *cb, void *arg);
/* Before its callback, which never comes. The session may be stored; nobody has its secret. */
void auth_session_cancel(struct auth_make *m);
/* End one session of the person (its `id`; ERR_NOT_FOUND), or all of them (NULL). They are dead
 * when this returns, whatever the store says later: what it refuses is tried again until it is
 * done, with the same note. A restart before that forgets it, and the session is there again, as
 * whoever was told of the store's failure must reckon with. NULL ends also those that are being
 * made. */
void auth_session_end(struct auth *a, const char *person, const char *id, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg);

/* The user was deleted or suspended by us, or what they made must stop: sessions and tokens are
 * dead when this returns, and so is whatever is being made for them, or signs in, as of now. */
void auth_forget_person(struct auth *a, const char *person, const char *reason);

/* ---- API tokens (auth_make.c) ---- */

/* A new API token: "ush_", 16 hexadecimal digits of id, "_", 43 of base64url (256 bits), 6 of
 * checksum (base64url of the first 4 bytes of BLAKE2b over what stands before). The clear text is a
 * secret that the callback may take by setting *clear to NULL. False on refusal: ERR_INVALID, whose
 * text begins with the field (name, scopes, expires_in, org_units) and a colon; ERR_NOT_FOUND, the
 * same: a place out of reach; ERR_REFUSED: too many tokens. ERR_UNAUTHENTICATED, later: the maker's
 * rights ended meanwhile. */
struct auth_token_spec {
	const char *name;
	unsigned scopes;
	int64_t expires_in; /* seconds, 60 to 10 years */
	const struct principal
	    *maker; /* it belongs to the maker's person, and outlives no token that made it */
	const char *const *places; /* normalised; the maker reaches each of them with each scope */
	size_t place_count;
	const struct store_note *note;
};
typedef void auth_token_cb(void *arg, enum err code, const struct api_token *t,
    struct secret **clear, const struct fault *f);
bool auth_token_new(struct auth *a, const struct auth_token_spec *spec, auth_token_cb *cb,
    void *arg, struct fault *f);
/* With all that was made with it, one audit record each. */
void auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg);

/* Whether its time is over, by the clock that judges it. */
bool auth_token_is_over(struct auth *a, const struct api_token *t);

/* What this principal made, and what was made with that, is dead when this returns, as is what is
 * being made. The store may have deleted it already. */
void auth_forget_tokens_of(struct auth *a, const char *created_by);

/* Borrowed until the loop turns. */
size_t auth_token_count(const struct auth *a);
const struct api_token *auth_token_at(const struct auth *a, size_t index);

#endif
