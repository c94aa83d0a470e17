/* The table of API tokens. It follows the store by a watch; when the watch ends it is started again
 * with growing pauses, and meanwhile the last known tokens go on to work until their end. */
#include "auth/auth.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 10 * 1000 };

/* Index of the first row whose id is not below `id`. */
static size_t
auth_position(const struct auth *a, const char *id)
{
	size_t low = 0, high = a->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(a->rows[middle].token.id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
auth_has(const struct auth *a, size_t at, const char *id)
{
	return at < a->count && strcmp(a->rows[at].token.id, id) == 0;
}

const struct api_token *
auth_find(const struct auth *a, const char *id)
{
	size_t at = auth_position(a, id);

	return auth_has(a, at, id) ? &a->rows[at].token : NULL;
}

void
auth_remember(struct auth *a, const struct api_token *t)
{
	size_t at = auth_position(a, t->id);

	if (!auth_has(a, at, t->id)) {
		if (a->count == a->cap) {
			a->cap = a->cap > 0 ? 2 * a->cap : 16;
			a->rows = mem_resize(a->rows, a->cap, sizeof(*a->rows));
		}
		memmove(&a->rows[at + 1], &a->rows[at], (a->count - at) * sizeof(*a->rows));
		a->count++;
	}
	a->rows[at] = (struct auth_row){ .token = *t, .round = a->round };
}

void
auth_forget(struct auth *a, const char *id)
{
	size_t at = auth_position(a, id);

	if (!auth_has(a, at, id))
		return;
	memmove(&a->rows[at], &a->rows[at + 1], (a->count - at - 1) * sizeof(*a->rows));
	a->count--;
}

static void
auth_on_changed(void *arg, const char *id, const struct api_token *t)
{
	struct auth *a = arg;

	if (t != NULL)
		auth_remember(a, t);
	else
		auth_forget(a, id);
}

/* All that exist have been told: what only an earlier watch knew is gone. */
static void
auth_on_ready(void *arg)
{
	struct auth *a = arg;
	size_t kept = 0;
	loop_cb *ready = a->ready;

	for (size_t i = 0; i < a->count; i++)
		if (a->rows[i].round == a->round)
			a->rows[kept++] = a->rows[i];
	a->count = kept;
	a->pause_ms = PAUSE_FIRST_MS;
	a->ready = NULL;
	if (ready != NULL)
		ready(a->ready_arg);
}

static void
auth_trouble(struct auth *a, const struct fault *f)
{
	if (a->trouble != NULL)
		a->trouble(a->trouble_arg, f);
}

static void
auth_on_damaged(void *arg, const struct fault *f)
{
	auth_trouble(arg, f);
}

void
auth_on_trouble(struct auth *a, void (*cb)(void *arg, const struct fault *f), void *arg)
{
	a->trouble = cb;
	a->trouble_arg = arg;
}

static void
auth_on_failed(void *arg, enum err code, const struct fault *f)
{
	struct auth *a = arg;

	(void)code;
	auth_trouble(a, f);
	a->watch = NULL; /* the store has ended it */
	loop_timer_set(a->retry, a->pause_ms);
	a->pause_ms = a->pause_ms * 2 < PAUSE_MAX_MS ? a->pause_ms * 2 : PAUSE_MAX_MS;
}

static void
auth_follow(void *arg)
{
	static const struct store_watch_cbs cbs = {
		.api_token = auth_on_changed,
		.ready = auth_on_ready,
		.failed = auth_on_failed,
		.damaged = auth_on_damaged,
	};
	struct auth *a = arg;

	a->round++;
	a->watch = store_watch_api_tokens(a->conf.store, &cbs, a);
}

struct auth *
auth_new(const struct auth_conf *conf, loop_cb *ready, void *arg)
{
	struct auth *a = mem_alloc(sizeof(*a));

	a->conf = *conf;
	a->ready = ready;
	a->ready_arg = arg;
	a->pause_ms = PAUSE_FIRST_MS;
	TAILQ_INIT(&a->ops);
	a->retry = loop_timer_new(conf->loop, auth_follow, a);
	auth_follow(a);
	return a;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	auth_ops_free(a);
	if (a->watch != NULL)
		store_watch_stop(a->watch);
	loop_timer_free(a->retry);
	free(a->rows);
	free(a);
}

void
auth_grant_all(struct principal *who, struct arena *arena)
{
	struct auth_grant *grant = arena_alloc(arena, sizeof(*grant));

	*grant = (struct auth_grant){ .scopes = who->scopes };
	who->grants = grant;
	who->grant_count = 1;
}

enum err
auth_check_token(struct auth *a, const char *token, size_t len, struct arena *arena,
    struct principal *out, struct fault *f)
{
	char id[API_TOKEN_ID_SIZE];
	struct token_hash hash;
	const struct api_token *t;

	if (!auth_token_text_read(token, len, id, &hash) || (t = auth_find(a, id)) == NULL ||
	    sodium_memcmp(t->hash.bytes, hash.bytes, sizeof(hash.bytes)) != 0 ||
	    clock_wall_ms(a->conf.clock) >= t->expires_at)
		return fault_set(f, ERR_UNAUTHENTICATED, "the token is unknown or expired");
	*out = (struct principal){
		.kind = AUTH_TOKEN, .scopes = t->scopes, .expires_at = t->expires_at
	};
	snprintf(out->name, sizeof(out->name), "token:%s", t->id);
	auth_grant_all(out, arena);
	return ERR_OK;
}

bool
auth_is_good(const struct auth *a, const struct principal *who)
{
	static const char prefix[] = "token:";
	const struct api_token *t;

	if (strncmp(who->name, prefix, sizeof(prefix) - 1) != 0)
		return true;
	t = auth_find(a, who->name + sizeof(prefix) - 1);
	return t != NULL && clock_wall_ms(a->conf.clock) < t->expires_at;
}

size_t
auth_token_count(const struct auth *a)
{
	return a->count;
}

const struct api_token *
auth_token_at(const struct auth *a, size_t index)
{
	assert(index < a->count);
	return &a->rows[index].token;
}
