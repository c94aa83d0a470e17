/* Who calls, and what they may do. API tokens are kept in memory, fed by the store, so that a check
 * never waits. All on the loop's thread. */
#ifndef USHERD_AUTH_AUTH_H
#define USHERD_AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "store/store.h"

struct auth;

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
	AUTH_ALL = 1023
};
/* A token keeps the bits that it was made with: a scope that is new to this release is in none of
 * the tokens that were made before, whatever "all" meant then. */

/* "invitations:read" ... ; 0 when there is none of that name. "all" is AUTH_ALL. */
unsigned auth_scope_by_name(const char *name);
/* Walk all scopes: the name of the `index`th, NULL behind the last. */
const char *auth_scope_name(size_t index, unsigned *bit);

struct principal {
	unsigned scopes;
	char name[64];	    /* "token:ID" or "uid:0", for created_by and the audit */
	int64_t expires_at; /* of the token, wall ms; 0: never */
};

/* `ready` once the stored tokens are known. `admin_gid`: members of this group are administrators
 * on the unix socket, like root; (gid_t)-1: root alone. */
struct auth *auth_new(struct loop *l, struct store *s, const struct clock *c, gid_t admin_gid,
    loop_cb *ready, void *arg);
void auth_free(struct auth *a);
/* Told when stored tokens cannot be read, or one of them is damaged and left out (words for the
 * log). */
void auth_on_trouble(struct auth *a, void (*cb)(void *arg, const struct fault *f), void *arg);

/* The caller of a bearer token: ERR_UNAUTHENTICATED (unknown, malformed, expired: one text for
 * all). */
enum err auth_check_token(
    struct auth *a, const char *token, size_t len, struct principal *out, struct fault *f);

/* Whether the caller of a request that goes on and on (a stream) still has the rights it began
 * with: false once its token was revoked or has ended. */
bool auth_is_good(const struct auth *a, const struct principal *who);

/* The other end of a unix socket, as the kernel knew it when it connected. */
struct auth_peer {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	size_t group_count;
};

/* Root, the daemon's own user and members of the admin group (by primary or supplementary group)
 * have every scope. ERR_DENIED for anybody else. */
enum err auth_check_peer(
    const struct auth *a, const struct auth_peer *peer, struct principal *out, struct fault *f);

/* A new API token: "ush_", 16 hexadecimal digits of id, "_", 43 of base64url (256 bits), 6 of
 * checksum (base64url of the first 4 bytes of BLAKE2b over what stands before). The clear text is a
 * secret that the callback may take by setting *clear to NULL. NULL on refusal: ERR_INVALID, whose
 * text begins with the field (name, scopes, expires_in) and a colon; ERR_REFUSED: too many tokens.
 */
struct auth_token_spec {
	const char *name;
	unsigned scopes;
	int64_t expires_in; /* seconds, 60 to 10 years */
	int64_t not_after;  /* wall ms: the end of its maker's own token, which it may not outlive;
			       0: none */
	const char *created_by, *request_id;
};
typedef void auth_token_cb(void *arg, enum err code, const struct api_token *t,
    struct secret **clear, const struct fault *f);
struct store_op *auth_token_new(struct auth *a, const struct auth_token_spec *spec,
    auth_token_cb *cb, void *arg, struct fault *f);
struct store_op *auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg);

/* The store has deleted what this principal made, and what was made with that: it stops at once,
 * even while the watch is away. */
void auth_forget_tokens_of(struct auth *a, const char *created_by);

/* Borrowed until the loop turns. */
size_t auth_token_count(const struct auth *a);
const struct api_token *auth_token_at(const struct auth *a, size_t index);

#endif
