/* Making and deleting API tokens. The table is changed before the callback runs, so that a token
 * works as soon as its maker has it, and stops as soon as its deletion is answered, even while the
 * watch is away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { EXPIRES_MIN = 60, EXPIRES_MAX = 10 * 366 * 24 * 3600 };

struct auth_op {
	TAILQ_ENTRY(auth_op) link;
	struct auth *auth;
	struct store_op *op;
	struct api_token token; /* the new one; only the id of one to delete */
	struct secret *clear;
	auth_token_cb *on_made;
	store_done_cb *on_deleted;
	void *arg;
};

static struct auth_op *
auth_op_new(struct auth *a, void *arg)
{
	struct auth_op *o = mem_alloc(sizeof(*o));

	o->auth = a;
	o->arg = arg;
	TAILQ_INSERT_TAIL(&a->ops, o, link);
	return o;
}

static void
auth_op_free(struct auth_op *o)
{
	secret_free(o->clear);
	free(o);
}

void
auth_ops_free(struct auth *a)
{
	struct auth_op *o;

	while ((o = TAILQ_FIRST(&a->ops)) != NULL) {
		TAILQ_REMOVE(&a->ops, o, link);
		store_cancel(o->op);
		auth_op_free(o);
	}
}

static void
auth_on_added(void *arg, enum err code, const struct fault *f)
{
	struct auth_op *o = arg;

	TAILQ_REMOVE(&o->auth->ops, o, link);
	if (code == ERR_OK)
		auth_remember(o->auth, &o->token);
	o->on_made(o->arg, code, code == ERR_OK ? &o->token : NULL, &o->clear, f);
	auth_op_free(o);
}

static void
auth_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct auth_op *o = arg;

	TAILQ_REMOVE(&o->auth->ops, o, link);
	if (code == ERR_OK || code == ERR_NOT_FOUND)
		auth_forget(o->auth, o->token.id);
	o->on_deleted(o->arg, code, f);
	auth_op_free(o);
}

void
auth_forget_tokens_of(struct auth *a, const char *created_by)
{
	size_t i = 0;

	while (i < a->count) {
		char id[API_TOKEN_ID_SIZE], maker[sizeof("token:") + API_TOKEN_ID_SIZE];

		if (strcmp(a->rows[i].token.created_by, created_by) != 0) {
			i++;
			continue;
		}
		memcpy(id, a->rows[i].token.id, sizeof(id));
		auth_forget(a, id);
		snprintf(maker, sizeof(maker), "token:%s", id);
		auth_forget_tokens_of(a, maker);
		i = 0; /* they moved up */
	}
}

/* A name is shown in lists and terminals: no control bytes, and something to see. */
static bool
auth_name_is_valid(const char *name)
{
	bool visible = false;

	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			return false;
		visible = visible || *p != ' ';
	}
	return visible && strlen(name) <= API_TOKEN_NAME_MAX;
}

/* A refusal's text begins with the name of the field and a colon. */
static enum err
auth_spec_check(
    const struct auth *a, const struct auth_token_spec *spec, int64_t now, struct fault *f)
{
	const int64_t not_after = spec->maker->kind == AUTH_TOKEN ? spec->maker->expires_at : 0;
	const int64_t left = (not_after - now) / 1000;

	if (spec->name == NULL || !auth_name_is_valid(spec->name))
		return fault_set(f, ERR_INVALID,
		    "name: must be 1 to %d bytes without control characters", API_TOKEN_NAME_MAX);
	if (spec->scopes == 0 || (spec->scopes & ~(unsigned)AUTH_ALL) != 0)
		return fault_set(f, ERR_INVALID, "scopes: must name at least one scope");
	if (spec->expires_in < EXPIRES_MIN || spec->expires_in > EXPIRES_MAX)
		return fault_set(f, ERR_INVALID, "expires_in: must be %d to %d seconds",
		    EXPIRES_MIN, EXPIRES_MAX);
	if (not_after != 0 && spec->expires_in > left)
		return fault_set(f, ERR_INVALID,
		    "expires_in: must be at most the %lld seconds that the caller's own token "
		    "has left",
		    (long long)left);
	if (a->count >= AUTH_TOKENS_MAX)
		return fault_set(
		    f, ERR_REFUSED, "there are %d tokens already: revoke some", AUTH_TOKENS_MAX);
	return ERR_OK;
}

struct store_op *
auth_token_new(struct auth *a, const struct auth_token_spec *spec, auth_token_cb *cb, void *arg,
    struct fault *f)
{
	int64_t now = clock_wall_ms(a->conf.clock);
	struct auth_op *o;

	if (auth_spec_check(a, spec, now, f) != ERR_OK)
		return NULL;
	o = auth_op_new(a, arg);
	o->on_made = cb;
	o->clear = auth_token_text_new(o->token.id, &o->token.hash);
	snprintf(o->token.name, sizeof(o->token.name), "%s", spec->name);
	snprintf(o->token.created_by, sizeof(o->token.created_by), "%s", spec->maker->name);
	o->token.scopes = spec->scopes;
	o->token.created_at = now;
	o->token.expires_at = now + spec->expires_in * 1000;
	o->op = store_add_api_token(a->conf.store, &o->token, spec->note, auth_on_added, o);
	return o->op;
}

struct store_op *
auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct auth_op *o = auth_op_new(a, arg);

	o->on_deleted = cb;
	snprintf(o->token.id, sizeof(o->token.id), "%s", id);
	o->op = store_delete_api_token(a->conf.store, id, note, auth_on_deleted, o);
	return o->op;
}
