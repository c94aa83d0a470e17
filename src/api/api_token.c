/* /api/v1/tokens. The clear token is in the answer that makes it, and nowhere else. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api_private.h"
#include "base/mem.h"

struct token_body {
	const char *name;
	struct api_strings scopes;
	struct api_integer expires_in;
	struct api_strings org_units;
};

static const struct api_member members[] = {
	{ "name", API_STRING, offsetof(struct token_body, name) },
	{ "scopes", API_STRINGS, offsetof(struct token_body, scopes) },
	{ "expires_in", API_INTEGER, offsetof(struct token_body, expires_in) },
	{ "org_units", API_STRINGS, offsetof(struct token_body, org_units) },
};

static const struct api_token *
api_token_by_id(const struct api_call *c, const char *id)
{
	for (size_t i = 0; i < auth_token_count(c->api->conf.auth); i++) {
		const struct api_token *t = auth_token_at(c->api->conf.auth, i);

		if (strcmp(t->id, id) == 0)
			return t;
	}
	return NULL;
}

/* What calls is a token that is limited more than its owner. One that is gone meanwhile counts as
 * that. */
static bool
api_is_limited_token(const struct api_call *c)
{
	const struct api_token *own;

	if (c->who.kind != AUTH_TOKEN)
		return false;
	own = api_token_by_id(c, c->who.name + strlen("token:"));
	return own == NULL || own->place_count > 0;
}

/* One without places reaches as far as its owner. */
static bool
api_reaches_token(const struct api_call *c, const struct api_token *t)
{
	for (size_t i = 0; i < t->place_count; i++)
		if (!reach_covers_place(c->reach, t->places[i]))
			return false;
	return t->place_count > 0;
}

/* Whoever administers all of it sees everybody's tokens; anybody else those of their own person,
 * and a token that is limited itself only those that reach no further. */
static bool
api_may_see_token(const struct api_call *c, const struct api_token *t)
{
	if (reach_is_everything(c->reach))
		return true;
	if (t == NULL || c->who.person[0] == '\0' || strcasecmp(t->owner, c->who.person) != 0)
		return false;
	return !api_is_limited_token(c) || api_reaches_token(c, t);
}

static void
api_add_token(
    struct buf *b, struct auth *auth, const struct api_token *t, const struct secret *clear)
{
	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, t->id);
	buf_add_string(b, ",\"name\":");
	buf_add_json_string(b, t->name);
	buf_add_string(b, ",\"scopes\":");
	api_add_scopes(b, t->scopes);
	buf_add_string(
	    b, auth_token_is_over(auth, t) ? ",\"status\":\"expired\"" : ",\"status\":\"active\"");
	buf_add_string(b, ",\"created_at\":");
	api_add_time(b, t->created_at);
	buf_add_string(b, ",\"created_by\":");
	buf_add_json_string(b, t->created_by);
	buf_add_string(b, ",\"owner\":");
	buf_add_json_string(b, t->owner[0] != '\0' ? t->owner : NULL);
	buf_add_string(b, ",\"org_units\":");
	api_add_strings(b, t->place_count > 0 ? t->places : NULL, t->place_count);
	buf_add_string(b, ",\"last_used_at\":");
	/* It is kept to the minute, which may have begun before there was a token. */
	api_add_time_or_null(
	    b, t->used_at != 0 && t->used_at < t->created_at ? t->created_at : t->used_at);
	buf_add_string(b, ",\"expires_at\":");
	api_add_time(b, t->expires_at);
	if (clear != NULL) {
		buf_add_string(b, ",\"token\":");
		buf_add_json_string(b, secret_bytes(clear));
	}
	buf_add_char(b, '}');
}

/* ---- list ---- */

static int
api_compare_tokens(const void *a, const void *b)
{
	const struct api_token *x = *(const struct api_token *const *)a;
	const struct api_token *y = *(const struct api_token *const *)b;

	if (x->created_at != y->created_at)
		return x->created_at < y->created_at ? -1 : 1;
	return strcmp(x->id, y->id);
}

enum err
api_token_list(struct api_call *c, struct fault *f)
{
	struct auth *auth = c->api->conf.auth;
	size_t known = auth_token_count(auth), count = 0;
	const struct api_token **list = mem_array(known, sizeof(const struct api_token *));
	struct buf b;

	(void)f;
	for (size_t i = 0; i < known; i++) {
		const struct api_token *t = auth_token_at(auth, i);

		if (api_may_see_token(c, t))
			list[count++] = t;
	}
	if (count > 0)
		qsort(list, count, sizeof(const struct api_token *), api_compare_tokens);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_token(&b, auth, list[i], NULL);
	}
	buf_add_string(&b, "]}");
	free(list);
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}

/* ---- create ---- */

static void
api_on_token_made(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	struct api_call *c = arg;
	struct buf b;

	if (code != ERR_OK) {
		api_reply_error(c->x, code, NULL, f);
		return;
	}
	http_add_header(
	    c->x, "Location", arena_printf(http_arena(c->x), "/api/v1/tokens/%s", t->id));
	buf_init(&b, API_REPLY_MAX);
	api_add_token(&b, c->api->conf.auth, t, *clear);
	api_reply_json(c->x, 201, &b);
}

/* Nobody hands out more than they have. */
static unsigned
api_read_scopes(
    const struct api_call *c, const struct api_strings *names, struct field_errors *errors)
{
	unsigned scopes = 0;

	for (size_t i = 0; i < names->count; i++) {
		unsigned bits = auth_scope_by_name(names->items[i]);
		const char *field = arena_printf(errors->arena, "scopes[%zu]", i);

		if (bits == 0)
			field_errors_add(errors, field, "invalid", "there is no such scope");
		else if ((bits & ~c->who.scopes) != 0)
			field_errors_add(
			    errors, field, "not_allowed", "the caller has not got this scope");
		scopes |= bits;
	}
	return scopes;
}

struct token_place {
	const char *normal;
	bool is_there;
};

static void
api_find_token_place(void *arg, const struct roster_place *places, size_t count)
{
	struct token_place *wanted = arg;

	for (size_t i = 0; i < count && !wanted->is_there; i++)
		wanted->is_there = reach_is_within(places[i].normal, wanted->normal) &&
				   reach_is_within(wanted->normal, places[i].normal);
}

/* A list that is not whole may lack it: then it is believed. */
static bool
api_has_place(const struct api_call *c, const char *normal)
{
	struct token_place wanted = { .normal = normal };
	struct roster *roster = c->api->conf.roster;
	struct roster_figures list;

	roster_figures(roster, &list);
	return list.state != ROSTER_COMPLETE ||
	       !roster_places(roster, api_find_token_place, &wanted) || wanted.is_there;
}

/* Into one spelling, in the exchange's arena. */
static void
api_read_token_places(struct api_call *c, const struct api_strings *names,
    struct auth_token_spec *spec, struct field_errors *errors)
{
	const char **places = arena_alloc(http_arena(c->x), sizeof(*places) * REACH_PLACES_MAX);

	/* A limit to nowhere is not none. */
	if (names->given && names->count == 0)
		field_errors_add(errors, "org_units", "required", "leave it out for no limit");
	if (names->count > REACH_PLACES_MAX) {
		field_errors_add(errors, "org_units", "too_long", "at most %d", REACH_PLACES_MAX);
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		const char *field = arena_printf(errors->arena, "org_units[%zu]", i);

		if (!flow_dn_normalise(names->items[i], http_arena(c->x), &places[i]))
			field_errors_add(
			    errors, field, "invalid", "not a distinguished name (RFC 4514)");
		else if (!api_has_place(c, places[i])) /* in auth's words for one out of reach */
			field_errors_add(errors, "org_units", "not_found",
			    "there is no org unit \"%s\"", places[i]);
	}
	spec->places = places;
	spec->place_count = names->count;
}

enum err
api_token_create(struct api_call *c, struct fault *f)
{
	struct token_body body = { .name = NULL };
	struct flow_caller caller = api_caller(c);
	struct store_note note = flow_note(&caller);
	struct auth_token_spec spec = { .maker = &c->who, .note = &note };
	struct field_errors errors;

	field_errors_init(&errors, http_arena(c->x));
	if (!api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	spec.name = body.name;
	spec.expires_in = body.expires_in.value;
	spec.scopes = api_read_scopes(c, &body.scopes, &errors);
	api_read_token_places(c, &body.org_units, &spec, &errors);
	if (errors.count > 0) {
		fault_set(f, ERR_INVALID, "%s: %s", errors.items[0].field, errors.items[0].detail);
		api_reply_error(c->x, ERR_INVALID, &errors, f);
		return ERR_OK;
	}
	if (auth_token_new(c->api->conf.auth, &spec, api_on_token_made, c, f)) {
		http_hold(c->x);
		return ERR_OK;
	}
	field_errors_add_named(
	    &errors, f->text, f->code == ERR_NOT_FOUND ? "not_found" : "invalid");
	api_reply_error(c->x, f->code == ERR_NOT_FOUND ? ERR_INVALID : f->code, &errors, f);
	return ERR_OK;
}

/* ---- delete ---- */

static void
api_on_token_deleted(void *arg, enum err code, const struct fault *f)
{
	struct api_call *c = arg;

	if (code != ERR_OK)
		api_reply_item_error(c->x, code, "token", f);
	else
		http_reply(c->x, 204, NULL, NULL, 0);
}

enum err
api_token_delete(struct api_call *c, struct fault *f)
{
	const char *id = http_request_of(c->x)->captures[0];
	struct flow_caller caller = api_caller(c);
	struct store_note note = flow_note(&caller);

	if (strlen(id) != API_TOKEN_ID_SIZE - 1 ||
	    strspn(id, "0123456789abcdef") != API_TOKEN_ID_SIZE - 1 ||
	    !api_may_see_token(c, api_token_by_id(c, id)))
		return fault_set(f, ERR_NOT_FOUND, "there is no such token");
	http_hold(c->x);
	auth_token_delete(c->api->conf.auth, id, &note, api_on_token_deleted, c);
	return ERR_OK;
}
