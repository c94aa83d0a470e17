/* Making API tokens. The table is changed before the callback runs, so that a token works as soon
 * as its maker has it, even while the watch is away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { EXPIRES_MIN = 60, EXPIRES_MAX = 10 * 366 * 24 * 3600 };

struct auth_token_make {
	struct auth_op op; /* first */
	TAILQ_ENTRY(auth_token_make) link;
	struct store_op *store_op;
	struct api_token token;
	struct auth_places places;
	struct auth_person *owner; /* NULL: nobody */
	struct secret *clear;
	char spoilt[AUTH_REASON_SIZE]; /* why it is dead before it was there; "": it is not */
	auth_token_cb *cb;
	void *arg;
};

static void
token_make_free(struct auth_token_make *m)
{
	struct auth *a = m->op.auth;

	TAILQ_REMOVE(&a->token_makes, m, link);
	auth_op_end(&m->op);
	if (m->owner != NULL)
		auth_person_drop(a, m->owner);
	auth_places_free(&m->places);
	secret_free(m->clear);
	free(m);
}

static void
token_make_release(struct auth_op *op)
{
	struct auth_token_make *m = (struct auth_token_make *)op;

	store_cancel(m->store_op);
	token_make_free(m);
}

static void
token_on_added(void *arg, enum err code, const struct fault *f)
{
	struct auth_token_make *m = arg;
	struct auth *a = m->op.auth;
	struct fault own;

	if (code == ERR_OK && m->spoilt[0] != '\0') {
		auth_end_token(
		    a, m->token.id, m->spoilt, m->owner != NULL ? m->owner->org_unit : NULL);
		code = fault_set(
		    &own, ERR_UNAUTHENTICATED, "the rights of whoever made the token have ended");
		f = &own;
	} else if (code == ERR_OK)
		auth_remember(a, &m->token, true);
	m->cb(m->arg, code, code == ERR_OK ? &m->token : NULL, &m->clear, f);
	token_make_free(m);
}

bool
auth_is_making_token(const struct auth *a, const char *id)
{
	const struct auth_token_make *m;

	TAILQ_FOREACH(m, &a->token_makes, link)
	if (strcmp(m->token.id, id) == 0)
		return true;
	return false;
}

void
auth_token_makes_spoil(struct auth *a, const struct auth_person *p, const char *reason)
{
	struct auth_token_make *m;

	TAILQ_FOREACH(m, &a->token_makes, link)
	if (m->owner == p)
		snprintf(m->spoilt, sizeof(m->spoilt), "%s", reason);
}

void
auth_token_makes_of_spoil(struct auth *a, const char *created_by, const char *reason)
{
	struct auth_token_make *m;

	TAILQ_FOREACH(m, &a->token_makes, link)
	if (auth_token_is_of(&m->token, created_by) || auth_row_goes(a, &m->token))
		snprintf(m->spoilt, sizeof(m->spoilt), "%s", reason);
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

/* By the clock that judges, too: one that is made with a token does not outlive it. */
static int64_t
token_time_left(struct auth *a, const struct principal *maker)
{
	const struct auth_row *row = auth_find(a, maker->name + strlen("token:"));
	int64_t left = maker->expires_at - clock_wall_ms(a->conf.clock);

	if (row != NULL && row->over_at - auth_now(a) < left)
		left = row->over_at - auth_now(a);
	return left / 1000;
}

/* A refusal's text begins with the name of the field and a colon. */
static enum err
token_spec_check(struct auth *a, const struct auth_token_spec *spec, struct fault *f)
{
	const bool is_child = spec->maker->kind == AUTH_TOKEN;
	const int64_t left = is_child ? token_time_left(a, spec->maker) : INT64_MAX;

	if (spec->name == NULL || !token_name_is_valid(spec->name))
		return fault_set(f, ERR_INVALID,
		    "name: must be 1 to %d bytes without control characters", API_TOKEN_NAME_MAX);
	if (spec->scopes == 0 || (spec->scopes & ~(unsigned)AUTH_ALL) != 0)
		return fault_set(f, ERR_INVALID, "scopes: must name at least one scope");
	if (spec->expires_in < EXPIRES_MIN || spec->expires_in > EXPIRES_MAX)
		return fault_set(f, ERR_INVALID, "expires_in: must be %d to %d seconds",
		    EXPIRES_MIN, EXPIRES_MAX);
	if (spec->expires_in > left)
		return fault_set(f, ERR_INVALID,
		    "expires_in: must be at most the %lld seconds that the caller's own token "
		    "has left",
		    (long long)left);
	return token_places_check(spec, f);
}

static size_t
token_count(const struct auth *a, const struct auth_person *owner)
{
	const struct auth_row *row;
	size_t count = 0;

	if (owner == NULL)
		return a->count;
	TAILQ_FOREACH(row, &owner->tokens, link)
	count++;
	return count;
}

/* Those that are over count for nothing: the longest over of them gives way. */
static enum err
token_make_room(struct auth *a, const struct auth_token_spec *spec, struct fault *f)
{
	const struct auth_person *owner =
	    spec->maker->person[0] != '\0' ? auth_person_find(a, spec->maker->person) : NULL;

	if (owner != NULL && token_count(a, owner) >= AUTH_TOKENS_OF_ONE_MAX &&
	    !auth_rows_end_oldest(a, owner))
		return fault_set(f, ERR_REFUSED, "you have %d tokens already; revoke some",
		    AUTH_TOKENS_OF_ONE_MAX);
	if (token_count(a, NULL) >= AUTH_TOKENS_MAX && !auth_rows_end_oldest(a, NULL))
		return fault_set(
		    f, ERR_REFUSED, "there are %d tokens already; revoke some", AUTH_TOKENS_MAX);
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

static void
token_fill(struct auth_token_make *m, const struct auth_token_spec *spec)
{
	struct auth *a = m->op.auth;
	struct api_token *t = &m->token;

	m->clear = auth_token_text_new(t->id, &t->hash);
	snprintf(t->name, sizeof(t->name), "%s", spec->name);
	snprintf(t->created_by, sizeof(t->created_by), "%s", spec->maker->name);
	snprintf(t->owner, sizeof(t->owner), "%s", spec->maker->person);
	token_set_places(a, spec, t);
	auth_places_keep(&m->places, t);
	t->scopes = spec->scopes;
	/* What is written is told to people, and goes by their clock. */
	t->created_at = clock_wall_ms(a->conf.clock);
	t->expires_at = t->created_at + spec->expires_in * 1000;
}

bool
auth_token_new(struct auth *a, const struct auth_token_spec *spec, auth_token_cb *cb, void *arg,
    struct fault *f)
{
	struct auth_token_make *m;

	if (token_spec_check(a, spec, f) != ERR_OK || token_make_room(a, spec, f) != ERR_OK)
		return false;
	m = mem_alloc(sizeof(*m));
	auth_op_start(a, &m->op, token_make_release);
	TAILQ_INSERT_TAIL(&a->token_makes, m, link);
	m->cb = cb;
	m->arg = arg;
	token_fill(m, spec);
	if (m->token.owner[0] != '\0')
		m->owner = auth_person_hold(a, m->token.owner);
	m->store_op = store_add_api_token(a->conf.store, &m->token, spec->note, token_on_added, m);
	return true;
}
