/* The control API's routes on fakes of http, flow and the token store: who may, what is asked, what
 * is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "api/api.h"
#include "../fakes/fake_api_flow.h"
#include "../fakes/fake_api_http.h"
#include "../fakes/fake_auth_store.h"

#define NOW	    INT64_C(1700000000000)
#define CREATE_PATH "/api/v1/invitations"
#define GOOD_BODY                                                                                  \
	"{\"given_name\":\"Ada\",\"family_name\":\"Lovelace\",\"mail\":\"ada@example.org\","       \
	"\"org_unit\":\"ou=A\",\"method\":\"link\",\"groups\":[\"cn=staff\"],\"expires_in\":3600," \
	"\"fields\":{\"phone\":\"free\",\"language\":\"suggested\",\"mail\":\"fixed\"}}"

static int64_t wall = NOW;

static int64_t
test_time(void *arg)
{
	(void)arg;
	return wall;
}

static const struct clock test_clock = { .wall_ms = test_time, .mono_ms = test_time };

static struct loop *loop;
static struct store *store;
static struct auth *auth;
static struct fake_flow flow;
static struct api *api;
static char token_text[128]; /* of the last made token, as a header */

static struct health_check health_checks[3];
static size_t health_count;

static size_t
test_health(void *arg, struct health_check *checks, size_t max)
{
	(void)arg;
	assert_true(max >= health_count);
	memcpy(checks, health_checks, health_count * sizeof(checks[0]));
	return health_count;
}

static void
stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static int
setup(void **state)
{
	struct api_conf conf = { .clock = &test_clock,
		.public_url = "https://join.example.org",
		.health = test_health };

	(void)state;
	wall = NOW;
	loop = loop_new();
	store = fake_store_new(loop);
	auth = auth_new(loop, store, &test_clock, (gid_t)-1, stop_loop, NULL);
	loop_run(loop);
	flow = (struct fake_flow){ .loop = loop, .inv = fake_invitation_new(NOW) };
	conf.flow = fake_flow_of(&flow);
	conf.auth = auth;
	api = api_new(&conf);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	api_free(api);
	auth_free(auth);
	invitation_free(flow.inv);
	loop_free(loop);
	fake_store_free(store);
	return 0;
}

static void
on_made(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	(void)arg, (void)t, (void)f;
	assert_int_equal(code, ERR_OK);
	snprintf(token_text, sizeof(token_text), "Bearer %s", secret_bytes(*clear));
	loop_stop(loop);
}

/* Makes a token and leaves it in token_text. */
static void
make_token(unsigned scopes)
{
	struct auth_token_spec spec = {
		.name = "test", .scopes = scopes, .expires_in = 60, .created_by = "uid:0"
	};
	struct fault f;

	assert_non_null(auth_token_new(auth, &spec, on_made, NULL, &f));
	loop_run(loop);
}

static struct http_exchange *
send_request(struct fake_request q)
{
	struct http_exchange *x = fake_http_send(loop, api_routes, api, &q);
	const char *type = fake_http_type(x);

	if (type != NULL && q.method != HTTP_HEAD) {
		json_t *body = json_loads(fake_http_body(x), JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(body); /* every reply is JSON */
		json_decref(body);
	}
	return x;
}

/* A request of root on the unix socket. */
static struct http_exchange *
send_root(enum http_method method, const char *path, const char *query, const char *body)
{
	return send_request((struct fake_request){
	    .method = method, .listener = HTTP_UNIX, .path = path, .query = query, .body = body });
}

static json_t *
body_of(struct http_exchange *x)
{
	json_t *body = json_loads(fake_http_body(x), 0, NULL);

	assert_non_null(body);
	return body;
}

/* The code of the error on `field`, "" when there is none. */
static const char *
error_on(const json_t *problem, const char *field)
{
	const json_t *errors = json_object_get(problem, "errors"), *e;
	size_t i;

	json_array_foreach(errors, i, e)
	{
		if (strcmp(json_string_value(json_object_get(e, "field")), field) == 0)
			return json_string_value(json_object_get(e, "code"));
	}
	return "";
}

static const struct {
	enum http_method method;
	const char *path, *body;
	unsigned scope;
	int status;
} routes[] = {
	{ HTTP_POST, CREATE_PATH, GOOD_BODY, AUTH_INVITATIONS_WRITE, 201 },
	{ HTTP_GET, CREATE_PATH, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_HEAD, CREATE_PATH, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_GET, CREATE_PATH "/" FAKE_ID, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_DELETE, CREATE_PATH "/" FAKE_ID, NULL, AUTH_INVITATIONS_WRITE, 204 },
	{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/link", NULL, AUTH_INVITATIONS_WRITE, 200 },
	{ HTTP_GET, "/api/v1/org-units", NULL, AUTH_DIRECTORY_READ, 200 },
	{ HTTP_GET, "/api/v1/groups", NULL, AUTH_DIRECTORY_READ, 200 },
	{ HTTP_GET, "/api/v1/tokens", NULL, AUTH_TOKENS, 200 },
	{ HTTP_POST, "/api/v1/tokens", "{\"name\":\"n\",\"scopes\":[\"tokens\"],\"expires_in\":60}",
	    AUTH_TOKENS, 201 },
	{ HTTP_DELETE, "/api/v1/tokens/0123456789abcdef", NULL, AUTH_TOKENS, 404 },
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

static int
status_of(size_t route, enum http_listener_kind listener, const char *authorization, uid_t uid)
{
	struct http_exchange *x = send_request((struct fake_request){
	    .method = routes[route].method,
	    .listener = listener,
	    .path = routes[route].path,
	    .body = routes[route].body,
	    .authorization = authorization,
	    .uid = uid,
	    .gid = 65534,
	});
	int status = fake_http_status(x);

	if (status == 401)
		assert_string_equal(fake_http_reply_header(x, "WWW-Authenticate"), "Bearer");
	if (status == 401 || status == 403) {
		assert_null(strstr(fake_http_body(x), "Ada"));
		assert_null(strstr(fake_http_body(x), "usj_"));
	}
	fake_http_free(x);
	return status;
}

static void
the_table_of_this_test_has_every_route(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct http_route *r = api_routes; r->pattern != NULL; r++)
		count += strncmp(r->pattern, "/api/", 5) == 0;
	assert_int_equal(count, ROUTES - 1); /* HEAD is no route of its own */
}

static void
no_route_answers_a_caller_it_does_not_know(void **state)
{
	static const char *const wrong[] = {
		NULL,
		"",
		"Bearer",
		"Bearer ",
		"Bearer x",
		"Basic cm9vdDpyb290",
		"Bearer ush_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};

	(void)state;
	for (size_t i = 0; i < ROUTES; i++)
		for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++)
			assert_int_equal(status_of(i, HTTP_CONTROL, wrong[j], 0), 401);
	assert_int_equal(flow.calls, 0);
	assert_int_equal(fake_store_tokens(store), 0);
}

static void
an_expired_token_opens_nothing(void **state)
{
	(void)state;
	make_token(AUTH_ALL);
	wall = NOW + 60 * 1000;
	for (size_t i = 0; i < ROUTES; i++)
		assert_int_equal(status_of(i, HTTP_CONTROL, token_text, 0), 401);
	assert_int_equal(flow.calls, 0);
}

static void
each_route_opens_with_its_own_scope_alone(void **state)
{
	unsigned bit;

	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		for (size_t s = 0; auth_scope_name(s, &bit) != NULL; s++) {
			make_token(bit);
			assert_int_equal(status_of(i, HTTP_CONTROL, token_text, 0),
			    bit == routes[i].scope ? routes[i].status : 403);
		}
	}
}

static void
the_unix_socket_knows_root_and_not_everybody(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		assert_int_equal(status_of(i, HTTP_UNIX, NULL, 0), routes[i].status);
		assert_int_equal(status_of(i, HTTP_UNIX, NULL, 4000000), 403);
		/* A token that is named is the one that counts. */
		assert_int_equal(status_of(i, HTTP_UNIX, "Bearer x", 0), 401);
	}
}

static void
no_api_route_is_on_the_public_or_the_management_listener(void **state)
{
	(void)state;
	make_token(AUTH_ALL);
	for (size_t i = 0; i < ROUTES; i++) {
		assert_int_equal(status_of(i, HTTP_PUBLIC, token_text, 0), 404);
		assert_int_equal(status_of(i, HTTP_MANAGEMENT, token_text, 0), 404);
	}
}

static void
creating_hands_the_document_to_the_flow_and_answers_with_the_link(void **state)
{
	struct http_exchange *x = send_root(HTTP_POST, CREATE_PATH, NULL, GOOD_BODY);
	static const char *const members[] = { "id", "status", "uid", "given_name", "family_name",
		"display_name", "gender", "birthday", "mail", "phone", "org_unit", "position",
		"language", "groups", "method", "fields", "created_at", "created_by", "expires_at",
		"dn", "timeline", "link" };
	json_t *body = body_of(x), *entry;

	(void)state;
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_http_reply_header(x, "Location"), "/api/v1/invitations/" FAKE_ID);
	assert_string_equal(flow.spec.person.value[PERSON_GIVEN_NAME], "Ada");
	assert_null(flow.spec.person.value[PERSON_PHONE]);
	assert_int_equal(flow.spec.person.group_count, 1);
	assert_int_equal(flow.spec.expires_in, 3600);
	assert_int_equal(flow.spec.method, INVITATION_BY_LINK);
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		assert_int_equal(flow.spec.modes[i], i == PERSON_PHONE	    ? FIELD_FREE
						     : i == PERSON_LANGUAGE ? FIELD_SUGGESTED
									    : FIELD_FIXED);
	assert_string_equal(flow.caller, "uid:0");
	assert_string_equal(flow.request_id, "00000000-0000-7000-8000-000000000000");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assert_non_null(json_object_get(body, members[i]));
	assert_int_equal(json_object_size(body), sizeof(members) / sizeof(members[0]));
	assert_string_equal(json_string_value(json_object_get(body, "link")),
	    "https://join.example.org/join/" FAKE_LINK_TOKEN);
	assert_string_equal(json_string_value(json_object_get(body, "status")), "pending");
	assert_string_equal(
	    json_string_value(json_object_get(body, "given_name")), "Ada \"Countess\"\t");
	assert_true(json_is_null(json_object_get(body, "phone")));
	assert_true(json_is_null(json_object_get(body, "dn")));
	assert_string_equal(
	    json_string_value(json_object_get(body, "created_at")), "2023-11-14T22:13:20.000Z");
	entry = json_array_get(json_object_get(body, "timeline"), 0);
	assert_string_equal(json_string_value(json_object_get(entry, "event")),
	    invitation_event_name(INVITATION_EV_ISSUE));
	json_decref(body);
	fake_http_free(x);
}

static void
the_link_is_in_no_later_answer(void **state)
{
	static const char *const paths[] = { CREATE_PATH, CREATE_PATH "/" FAKE_ID };

	(void)state;
	flow.list_count = 3;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_exchange *x = send_root(HTTP_GET, paths[i], NULL, NULL);

		assert_int_equal(fake_http_status(x), 200);
		assert_non_null(strstr(fake_http_body(x), FAKE_ID));
		assert_null(strstr(fake_http_body(x), "usj_"));
		assert_null(strstr(fake_http_body(x), "\"link\":\"http"));
		fake_http_free(x);
	}
}

static void
a_document_that_is_not_the_contracts_is_malformed(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{\"given_name\":\"A\",\"objectClass\":\"x\"}", "objectClass", "unknown" },
		{ "{\"id\":\"x\"}", "id", "unknown" },
		{ "{\"given_name\":7}", "given_name", "wrong_type" },
		{ "{\"groups\":\"cn=a\"}", "groups", "wrong_type" },
		{ "{\"expires_in\":\"7d\"}", "expires_in", "wrong_type" },
		{ "{\"mail\":\"a@b\",\"mail\":\"c@d\"}", "mail", "duplicate" },
		{ "{\"fields\":{\"shoe_size\":\"free\"}}", "fields.shoe_size", "unknown" },
		{ "{\"fields\":{\"phone\":true}}", "fields.phone", "wrong_type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = send_root(HTTP_POST, CREATE_PATH, NULL, rows[i].body);
		json_t *body = body_of(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(flow.calls, 0);
}

static void
what_a_rule_refuses_is_told_together_with_what_the_flow_refuses(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{}", "method", "required" },
		{ "{\"method\":\"pigeon\"}", "method", "invalid" },
		{ "{\"method\":\"email\",\"personal_mail\":\"a@b\"}", "method", "unavailable" },
		{ "{\"method\":\"link\",\"fields\":{\"mail\":\"free\"}}", "fields.mail",
		    "not_allowed" },
		{ "{\"method\":\"link\",\"fields\":{\"groups\":\"free\"}}", "fields.groups",
		    "not_allowed" },
		{ "{\"method\":\"link\",\"fields\":{\"uid\":\"suggested\"}}", "fields.uid",
		    "not_allowed" },
		{ "{\"method\":\"link\",\"fields\":{\"org_unit\":\"free\"}}", "fields.org_unit",
		    "not_allowed" },
		{ "{\"method\":\"link\",\"fields\":{\"phone\":\"open\"}}", "fields.phone",
		    "invalid" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	field_errors_init(&flow.errors, arena);
	field_errors_add(&flow.errors, "expires_in", "invalid", "no");
	field_errors_add(&flow.errors, "given_name", "required", "no");
	flow.code = ERR_INVALID;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = send_root(HTTP_POST, CREATE_PATH, NULL, rows[i].body);
		json_t *body = body_of(x);

		assert_int_equal(fake_http_status(x), 422);
		assert_string_equal(error_on(body, rows[i].field), rows[i].code);
		assert_string_equal(error_on(body, "given_name"), "required");
		assert_string_equal(error_on(body, "expires_in"), "");
		/* A lifetime that no flow accepts: nothing can be made. */
		assert_true(
		    flow.spec.expires_in < INVITATION_LIFETIME_MIN && flow.spec.expires_in != 0);
		json_decref(body);
		fake_http_free(x);
	}
	arena_free(arena);
}

static void
a_lifetime_of_zero_seconds_is_not_the_default(void **state)
{
	(void)state;
	fake_http_free(
	    send_root(HTTP_POST, CREATE_PATH, NULL, "{\"method\":\"link\",\"expires_in\":0}"));
	assert_true(flow.spec.expires_in < 0);
	fake_http_free(send_root(HTTP_POST, CREATE_PATH, NULL, "{\"method\":\"link\"}"));
	assert_int_equal(flow.spec.expires_in, 0);
}

static void
what_the_flow_refuses_has_its_status_and_fields(void **state)
{
	static const struct {
		enum err code;
		int status;
	} rows[] = {
		{ ERR_INVALID, 422 },
		{ ERR_EXISTS, 409 },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	field_errors_init(&flow.errors, arena);
	field_errors_add(&flow.errors, "mail", "taken", "somebody has it");
	field_errors_add(&flow.errors, "groups[2]", "not_found", "cut \xc3");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		flow.code = rows[i].code;
		x = send_root(HTTP_POST, CREATE_PATH, NULL, GOOD_BODY);
		body = body_of(x);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_equal(error_on(body, "mail"), "taken");
		assert_string_equal(error_on(body, "groups[2]"), "not_found");
		json_decref(body);
		fake_http_free(x);
	}
	arena_free(arena);
}

static void
one_invitation_is_answered_by_what_became_of_it(void **state)
{
	static const struct {
		enum err code;
		int status;
	} rows[] = { { ERR_NOT_FOUND, 404 }, { ERR_CONFLICT, 409 }, { ERR_USED, 410 },
		{ ERR_EXPIRED, 410 }, { ERR_REVOKED, 410 }, { ERR_UNAVAILABLE, 503 } };
	static const struct {
		enum http_method method;
		const char *path;
	} asks[] = { { HTTP_GET, CREATE_PATH "/" FAKE_ID },
		{ HTTP_DELETE, CREATE_PATH "/" FAKE_ID },
		{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/link" } };

	(void)state;
	for (size_t a = 0; a < sizeof(asks) / sizeof(asks[0]); a++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct http_exchange *x;

			flow.code = rows[i].code;
			x = send_root(asks[a].method, asks[a].path, NULL, NULL);
			assert_int_equal(fake_http_status(x), rows[i].status);
			assert_string_equal(flow.id, FAKE_ID);
			assert_null(strstr(fake_http_body(x), "usj_"));
			fake_http_free(x);
		}
	}
}

static void
a_new_link_is_the_whole_answer(void **state)
{
	struct http_exchange *x = send_root(HTTP_POST, CREATE_PATH "/" FAKE_ID "/link", NULL, NULL);

	(void)state;
	assert_string_equal(
	    fake_http_body(x), "{\"link\":\"https://join.example.org/join/" FAKE_LINK_TOKEN "\"}");
	fake_http_free(x);
}

static void
a_text_that_is_no_id_names_nothing(void **state)
{
	static const char *const ids[] = { "x", "01890A5D-AC96-774B-BCCE-B302099A8057",
		FAKE_ID "0" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct http_exchange *x;

		snprintf(path, sizeof(path), CREATE_PATH "/%s", ids[i]);
		x = send_root(HTTP_GET, path, NULL, NULL);
		assert_int_equal(fake_http_status(x), 404);
		fake_http_free(x);
	}
	assert_int_equal(flow.calls, 0);
}

static void
each_state_is_shown_under_its_outside_name(void **state)
{
	static const struct {
		enum invitation_state state;
		int64_t after;
		const char *name;
		bool dn;
	} rows[] = {
		{ INVITATION_PENDING, 0, "pending", false },
		{ INVITATION_PENDING, 3600 * 1000, "expired", false },
		{ INVITATION_CLAIMED, 0, "in_progress", false },
		{ INVITATION_CREATED, 0, "in_progress", false },
		{ INVITATION_DONE, 0, "done", true },
		{ INVITATION_EXPIRED, 0, "expired", false },
		{ INVITATION_REVOKED, 0, "revoked", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		flow.inv->state = rows[i].state;
		wall = NOW + rows[i].after;
		x = send_root(HTTP_GET, CREATE_PATH "/" FAKE_ID, NULL, NULL);
		body = body_of(x);
		assert_string_equal(
		    json_string_value(json_object_get(body, "status")), rows[i].name);
		assert_int_equal(json_is_string(json_object_get(body, "dn")), rows[i].dn);
		json_decref(body);
		fake_http_free(x);
	}
}

static void
the_list_has_items_and_the_way_on(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	flow.list_count = 2;
	flow.next = FAKE_ID;
	x = send_root(HTTP_GET, CREATE_PATH, "limit=2&cursor=" FAKE_ID "&status=pending", NULL);
	body = body_of(x);
	assert_int_equal(flow.limit, 2);
	assert_string_equal(flow.after, FAKE_ID);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 2);
	assert_string_equal(json_string_value(json_object_get(body, "next_cursor")), FAKE_ID);
	json_decref(body);
	fake_http_free(x);
	/* Past their end and not swept yet: not open any more. */
	wall = NOW + 3600 * 1000;
	flow.next = NULL;
	x = send_root(HTTP_GET, CREATE_PATH, NULL, NULL);
	assert_int_equal(flow.limit, 50);
	assert_string_equal(flow.after, "");
	assert_string_equal(fake_http_body(x), "{\"items\":[],\"next_cursor\":null}");
	fake_http_free(x);
}

static void
a_query_that_means_nothing_is_refused_by_name(void **state)
{
	static const struct {
		const char *query, *field;
	} rows[] = {
		{ "limit=0", "limit" },
		{ "limit=201", "limit" },
		{ "limit=", "limit" },
		{ "limit=-1", "limit" },
		{ "limit=99999999999999999999999", "limit" },
		{ "limit=1&limit=2", "limit" },
		{ "cursor=x", "cursor" },
		{ "status=done", "status" },
		{ "offset=3", "offset" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = send_root(HTTP_GET, CREATE_PATH, rows[i].query, NULL);
		json_t *body = body_of(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_not_equal(error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(flow.calls, 0);
}

static void
org_units_know_the_one_above_them(void **state)
{
	static const struct dir_place places[] = {
		{ "ou=People,dc=example,dc=org", "People", "All of us" },
		{ "ou=R\\, D,OU=people,dc=example,dc=org", "R, D", NULL },
		{ "ou=Lab,ou=R\\, D,ou=People,dc=example,dc=org",
		    "L\xff"
		    "b",
		    NULL },
	};
	static const char *const parents[] = { NULL, "ou=People,dc=example,dc=org",
		"ou=R\\, D,OU=people,dc=example,dc=org" };
	struct http_exchange *x;
	json_t *body, *item;
	size_t i;

	(void)state;
	flow.places = places;
	flow.place_count = 3;
	x = send_root(HTTP_GET, "/api/v1/org-units", NULL, NULL);
	body = body_of(x);
	json_array_foreach(json_object_get(body, "items"), i, item)
	{
		json_t *parent = json_object_get(item, "parent");

		assert_string_equal(json_string_value(json_object_get(item, "dn")), places[i].dn);
		assert_int_equal(json_is_null(parent), parents[i] == NULL);
		if (parents[i] != NULL)
			assert_string_equal(json_string_value(parent), parents[i]);
	}
	assert_int_equal(i, 3);
	json_decref(body);
	fake_http_free(x);
	x = send_root(HTTP_GET, "/api/v1/groups", NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"All of us\""));
	assert_null(strstr(fake_http_body(x), "parent"));
	fake_http_free(x);
	flow.code = ERR_TOO_LARGE;
	x = send_root(HTTP_GET, "/api/v1/groups", NULL, NULL);
	assert_int_equal(fake_http_status(x), 503);
	fake_http_free(x);
}

static void
a_token_is_shown_once_works_and_ends_when_it_is_deleted(void **state)
{
	static const char make[] =
	    "{\"name\":\"ci\",\"scopes\":[\"invitations:read\",\"directory:read\"],"
	    "\"expires_in\":3600}";
	struct http_exchange *x = send_root(HTTP_POST, "/api/v1/tokens", NULL, make);
	json_t *body = body_of(x);
	const char *clear = json_string_value(json_object_get(body, "token"));
	char path[64], bearer[128];

	(void)state;
	assert_int_equal(fake_http_status(x), 201);
	snprintf(bearer, sizeof(bearer), "Bearer %s", clear);
	snprintf(path, sizeof(path), "/api/v1/tokens/%s",
	    json_string_value(json_object_get(body, "id")));
	assert_string_equal(fake_http_reply_header(x, "Location"), path);
	assert_int_equal(json_array_size(json_object_get(body, "scopes")), 2);
	fake_http_free(x);
	assert_int_equal(status_of(1, HTTP_CONTROL, bearer, 0), 200);
	x = send_root(HTTP_GET, "/api/v1/tokens", NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"name\":\"ci\""));
	assert_null(strstr(fake_http_body(x), "ush_"));
	fake_http_free(x);
	x = send_root(HTTP_DELETE, path, NULL, NULL);
	assert_int_equal(fake_http_status(x), 204);
	assert_null(fake_http_type(x));
	fake_http_free(x);
	assert_int_equal(status_of(1, HTTP_CONTROL, bearer, 0), 401);
	json_decref(body);
}

static void
a_token_request_is_refused_on_its_fields(void **state)
{
	static const struct {
		const char *body, *field;
		int status;
	} rows[] = {
		{ "{\"scopes\":[\"all\"],\"expires_in\":60}", "name", 422 },
		{ "{\"name\":\"a\",\"expires_in\":60}", "scopes", 422 },
		{ "{\"name\":\"a\",\"scopes\":[],\"expires_in\":60}", "scopes", 422 },
		{ "{\"name\":\"a\",\"scopes\":[\"tokens\",\"x\"],\"expires_in\":60}", "scopes[1]",
		    422 },
		{ "{\"name\":\"a\",\"scopes\":[\"all\"]}", "expires_in", 422 },
		{ "{\"name\":\"a\",\"scopes\":\"all\",\"expires_in\":60}", "scopes", 400 },
		{ "{\"name\":\"a\",\"scopes\":[\"all\"],\"expires_in\":60,\"id\":\"b\"}", "id",
		    400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    send_root(HTTP_POST, "/api/v1/tokens", NULL, rows[i].body);
		json_t *body = body_of(x);

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_not_equal(error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(fake_store_tokens(store), 0);
}

static void
nobody_hands_out_a_scope_they_have_not(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	make_token(AUTH_TOKENS);
	x = send_request((struct fake_request){ .method = HTTP_POST,
	    .listener = HTTP_CONTROL,
	    .path = "/api/v1/tokens",
	    .authorization = token_text,
	    .body = "{\"name\":\"a\",\"scopes\":[\"all\"],\"expires_in\":60}" });
	body = body_of(x);
	assert_int_equal(fake_http_status(x), 422);
	assert_string_equal(error_on(body, "scopes[0]"), "not_allowed");
	assert_int_equal(fake_store_tokens(store), 1);
	json_decref(body);
	fake_http_free(x);
}

static void
a_body_of_another_type_or_where_none_belongs_is_415(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		struct http_exchange *x = send_request((struct fake_request){
		    .method = routes[i].method,
		    .listener = HTTP_UNIX,
		    .path = routes[i].path,
		    .body = "{}",
		    .content_type = "text/plain",
		});

		assert_int_equal(fake_http_status(x), 415);
		fake_http_free(x);
	}
}

static void
health_says_what_is_vital_and_what_only_hurts(void **state)
{
	static const struct {
		bool store_ok, directory_ok;
		int status;
		const char *body;
	} rows[] = {
		{ true, true, 200,
		    "{\"status\":\"ok\",\"checks\":[{\"name\":\"store\",\"status\":\"ok\"},"
		    "{\"name\":\"directory\",\"status\":\"ok\"}]}" },
		{ true, false, 200,
		    "{\"status\":\"degraded\",\"checks\":[{\"name\":\"store\",\"status\":\"ok\"},"
		    "{\"name\":\"directory\",\"status\":\"failed\"}]}" },
		{ false, false, 503,
		    "{\"status\":\"unready\",\"checks\":[{\"name\":\"store\",\"status\":\"failed\"}"
		    ","
		    "{\"name\":\"directory\",\"status\":\"failed\"}]}" },
	};
	static const enum http_listener_kind listeners[] = { HTTP_MANAGEMENT, HTTP_UNIX };

	(void)state;
	health_count = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < 2; j++) {
			struct fake_request q = { .method = HTTP_GET,
				.listener = listeners[j],
				.path = "/health/ready",
				.uid = 4000000 };
			struct http_exchange *x;

			health_checks[0] = (struct health_check){ "store", rows[i].store_ok, true };
			health_checks[1] =
			    (struct health_check){ "directory", rows[i].directory_ok, false };
			x = send_request(q);
			assert_int_equal(fake_http_status(x), rows[i].status);
			assert_string_equal(fake_http_body(x), rows[i].body);
			assert_int_equal(fake_http_reply_header(x, "Retry-After") != NULL,
			    rows[i].status == 503);
			fake_http_free(x);
			q.path = "/health/live";
			x = send_request(q);
			assert_int_equal(fake_http_status(x), 200);
			fake_http_free(x);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_API(the_table_of_this_test_has_every_route),
		WITH_API(no_route_answers_a_caller_it_does_not_know),
		WITH_API(an_expired_token_opens_nothing),
		WITH_API(each_route_opens_with_its_own_scope_alone),
		WITH_API(the_unix_socket_knows_root_and_not_everybody),
		WITH_API(no_api_route_is_on_the_public_or_the_management_listener),
		WITH_API(creating_hands_the_document_to_the_flow_and_answers_with_the_link),
		WITH_API(the_link_is_in_no_later_answer),
		WITH_API(a_document_that_is_not_the_contracts_is_malformed),
		WITH_API(what_a_rule_refuses_is_told_together_with_what_the_flow_refuses),
		WITH_API(a_lifetime_of_zero_seconds_is_not_the_default),
		WITH_API(what_the_flow_refuses_has_its_status_and_fields),
		WITH_API(one_invitation_is_answered_by_what_became_of_it),
		WITH_API(a_new_link_is_the_whole_answer),
		WITH_API(a_text_that_is_no_id_names_nothing),
		WITH_API(each_state_is_shown_under_its_outside_name),
		WITH_API(the_list_has_items_and_the_way_on),
		WITH_API(a_query_that_means_nothing_is_refused_by_name),
		WITH_API(org_units_know_the_one_above_them),
		WITH_API(a_token_is_shown_once_works_and_ends_when_it_is_deleted),
		WITH_API(a_token_request_is_refused_on_its_fields),
		WITH_API(nobody_hands_out_a_scope_they_have_not),
		WITH_API(a_body_of_another_type_or_where_none_belongs_is_415),
		WITH_API(health_says_what_is_vital_and_what_only_hurts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
