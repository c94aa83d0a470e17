/* Shared by the files of auth alone. */
#ifndef USHERD_AUTH_AUTH_PRIVATE_H
#define USHERD_AUTH_AUTH_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/auth.h"
#include "base/list.h"
#include "loop/loop.h"

enum { AUTH_TOKEN_LEN = 4 + 16 + 1 + 43 + 6, AUTH_TOKENS_MAX = 10000 };

/* A token as the table keeps it. `round`: the watch that told of it last. */
struct auth_row {
	struct api_token token;
	unsigned round;
};

struct auth_op;
TAILQ_HEAD(auth_op_list, auth_op);

struct auth {
	struct auth_conf conf;
	loop_cb *ready; /* NULL once called */
	void *ready_arg;
	struct store_watch *watch;
	struct loop_timer *retry; /* starts the watch again */
	int64_t pause_ms;
	unsigned round;
	struct auth_row *rows; /* sorted by id */
	size_t count, cap;
	struct auth_op_list ops;			   /* changes under way */
	void (*trouble)(void *arg, const struct fault *f); /* may be NULL */
	void *trouble_arg;
};

/* The table. Adding a known id replaces it. */
const struct api_token *auth_find(const struct auth *a, const char *id);
void auth_remember(struct auth *a, const struct api_token *t);
void auth_forget(struct auth *a, const char *id);

/* One grant: all that it has, everywhere. */
void auth_grant_all(struct principal *who, struct arena *arena);

/* Ends the changes under way without their callbacks. */
void auth_ops_free(struct auth *a);

/* The text of a new token, its id and the hash of the text. */
struct secret *auth_token_text_new(char id[API_TOKEN_ID_SIZE], struct token_hash *hash);
/* False when `text` is no token: other form, or a checksum that shows a typing mistake. */
bool auth_token_text_read(
    const char *text, size_t len, char id[API_TOKEN_ID_SIZE], struct token_hash *hash);

#endif
