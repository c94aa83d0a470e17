/* Making and deleting API tokens. The table is changed before the callback runs, so that a token
 * works as soon as its maker has it, and stops as soon as its deletion is answered, even while the
 * watch is away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { EXPIRES_MIN = 60, EXPIRES_MAX = 10 * 366 * 24 * 3600 };

struct token_op {
	struct auth_op op; /* first */
	struct store_op *store_op;
	struct api_token token; /* the new one; only the id of one to delete */
	struct auth_places places;
	struct secret *clear;
	auth_token_cb *on_made;
	store_done_cb *on_deleted;
	void *arg;
};

static void
token_op_free(struct token_op *o)
{
	auth_places_free(&o->places);
	secret_free(o->clear);
	free(o);
}

static void
token_op_release(struct auth_op *op)
{
	struct token_op *o = (struct token_op *)op;

	store_cancel(o->store_op);
	auth_op_end(op);
	token_op_free(o);
}

static struct token_op *
token_op_new(struct auth *a, void *arg)
{
	struct token_op *o = mem_alloc(sizeof(*o));

	auth_op_start(a, &o->op, token_op_release);
	o->arg = arg;
	return o;
}

static void
token_on_added(void *arg, enum err code, const struct fault *f)
{
	struct token_op *o = arg;

	auth_op_end(&o->op);
	if (code == ERR_OK)
		auth_remember(o->op.auth, &o->token);
	o->on_made(o->arg, code, code == ERR_OK ? &o->token : NULL, &o->clear, f);
	token_op_free(o);
}

static void
token_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct token_op *o = arg;
	struct auth *a = o->op.auth;

	auth_op_end(&o->op);
	if ((code == ERR_OK || code == ERR_NOT_FOUND) && auth_find(a, o->token.id) != NULL) {
		auth_end_told(a, o->token.id);
		auth_forget(a, o->token.id);
	}
	o->on_deleted(o->arg, code, f);
	token_op_free(o);
}

/* ---- rules ---- */

/* A name is shown in lists and terminals: no control bytes, and something to see. */
static bool
token_name_is_valid(const char *name)
{
	bool visible = false;

	for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f)
			return false;
		visible = visible || *p != ' ';
	}
	return visible && strlen(name) <= API_TOKEN_NAME_MAX;
}

/* The maker reaches the place with each of the scopes. */
static bool
token_place_is_reached(const struct auth_token_spec *spec, const char *place, struct arena *arena)
{
	const struct principal *maker = spec->maker;
	unsigned bit;

	for (size_t i = 0; auth_scope_name(i, &bit) != NULL; i++) {
		size_t quota;

		if ((spec->scopes & bit) != 0 &&
		    !reach_covers(auth_reach(maker, bit, arena, &quota), place, maker->person))
			return false;
	}
	return true;
}

/* What is out of reach is answered as what is not there. */
static enum err
token_places_check(const struct auth_token_spec *spec, struct fault *f)
{
	struct arena *arena = arena_new(0);
	enum err code = ERR_OK;

	if (spec->place_count > REACH_PLACES_MAX)
		code = fault_set(f, ERR_INVALID, "org_units: must be %d at most", REACH_PLACES_MAX);
	for (size_t i = 0; code == ERR_OK && i < spec->place_count; i++)
		if (!token_place_is_reached(spec, spec->places[i], arena))
			code = fault_set(f, ERR_INVALID, "org_units: there is no org unit \"%s\"",
			    spec->places[i]);
	arena_free(arena);
	return code;
}

/* A refusal's text begins with the name of the field and a colon. */
static enum err
token_spec_check(
    const struct auth *a, const struct auth_token_spec *spec, int64_t now, struct fault *f)
{
	const int64_t not_after = spec->maker->kind == AUTH_TOKEN ? spec->maker->expires_at : 0;
	const int64_t left = (not_after - now) / 1000;

	if (spec->name == NULL || !token_name_is_valid(spec->name))
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
	if (token_places_check(spec, f) != ERR_OK)
		return ERR_INVALID;
	if (a->count >= AUTH_TOKENS_MAX)
		return fault_set(
		    f, ERR_REFUSED, "there are %d tokens already: revoke some", AUTH_TOKENS_MAX);
	return ERR_OK;
}

/* ---- make ---- */

/* One that is made with a limited token is limited at least as much. What limits a person, limits
 * all of their tokens anyway. */
static void
token_set_places(const struct auth *a, const struct auth_token_spec *spec, struct api_token *t)
{
	const struct auth_row *maker = spec->maker->kind == AUTH_TOKEN
					   ? auth_find(a, spec->maker->name + strlen("token:"))
					   : NULL;
	const char *const *places = spec->places;

	t->place_count = spec->place_count;
	if (t->place_count == 0 && maker != NULL) {
		t->place_count = maker->token.place_count;
		places = maker->token.places;
	}
	for (size_t i = 0; i < t->place_count; i++)
		t->places[i] = places[i];
}

struct store_op *
auth_token_new(struct auth *a, const struct auth_token_spec *spec, auth_token_cb *cb, void *arg,
    struct fault *f)
{
	int64_t now = auth_now(a);
	struct token_op *o;

	if (token_spec_check(a, spec, now, f) != ERR_OK)
		return NULL;
	o = token_op_new(a, arg);
	o->on_made = cb;
	o->clear = auth_token_text_new(o->token.id, &o->token.hash);
	snprintf(o->token.name, sizeof(o->token.name), "%s", spec->name);
	snprintf(o->token.created_by, sizeof(o->token.created_by), "%s", spec->maker->name);
	snprintf(o->token.owner, sizeof(o->token.owner), "%s", spec->maker->person);
	token_set_places(a, spec, &o->token);
	auth_places_keep(&o->places, &o->token);
	o->token.scopes = spec->scopes;
	o->token.created_at = now;
	o->token.expires_at = now + spec->expires_in * 1000;
	o->store_op = store_add_api_token(a->conf.store, &o->token, spec->note, token_on_added, o);
	return o->store_op;
}

struct store_op *
auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct token_op *o = token_op_new(a, arg);

	o->on_deleted = cb;
	snprintf(o->token.id, sizeof(o->token.id), "%s", id);
	o->store_op = store_delete_api_token(a->conf.store, id, note, token_on_deleted, o);
	return o->store_op;
}
