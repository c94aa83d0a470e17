/* The door of the control API, and the resources behind it but invitations: who may, and what is
 * answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define USERS "/api/v1/users"
#define HOOKS "/api/v1/webhooks"

static const struct {
	enum http_method method;
	const char *path, *body;
	unsigned scopes; /* one of them is enough */
	int status;
} routes[] = {
	{ HTTP_POST, CREATE_PATH, GOOD_BODY, AUTH_INVITATIONS_WRITE, 201 },
	{ HTTP_GET, CREATE_PATH, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_HEAD, CREATE_PATH, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_GET, CREATE_PATH "/" FAKE_ID, NULL, AUTH_INVITATIONS_READ, 200 },
	{ HTTP_DELETE, CREATE_PATH "/" FAKE_ID, NULL, AUTH_INVITATIONS_WRITE, 204 },
	{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/link", NULL, AUTH_INVITATIONS_WRITE, 200 },
	{ HTTP_PATCH, CREATE_PATH "/" FAKE_ID, "{\"expires_in\":60}", AUTH_INVITATIONS_WRITE, 200 },
	{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/resend", NULL, AUTH_INVITATIONS_WRITE, 200 },
	{ HTTP_POST, CREATE_PATH "/preflight", "{}", AUTH_INVITATIONS_WRITE, 200 },
	{ HTTP_GET, "/api/v1/settings", NULL, AUTH_ALL, 200 }, /* whoever it is */
	{ HTTP_GET, "/api/v1/mail/queue", NULL, AUTH_MAIL, 200 },
	{ HTTP_DELETE, "/api/v1/mail/queue/" FAKE_ID, NULL, AUTH_MAIL, 204 },
	{ HTTP_POST, "/api/v1/mail/queue/" FAKE_ID "/retry", NULL, AUTH_MAIL, 204 },
	{ HTTP_POST, "/api/v1/mail/retry", NULL, AUTH_MAIL, 204 },
	{ HTTP_POST, "/api/v1/mail/preview", "{\"kind\":\"welcome\"}", AUTH_MAIL, 200 },
	{ HTTP_POST, "/api/v1/mail/test", "{\"kind\":\"welcome\",\"to\":\"a@b\"}", AUTH_MAIL, 200 },
	{ HTTP_POST, "/api/v1/mail/bounces", NULL, AUTH_MAIL | AUTH_MAIL_BOUNCES, 200 },
	{ HTTP_GET, USERS, NULL, AUTH_USERS_READ, 200 },
	{ HTTP_GET, USERS "/" FAKE_USER_ID, NULL, AUTH_USERS_READ, 200 },
	{ HTTP_PATCH, USERS "/" FAKE_USER_ID, "{\"phone\":null}", AUTH_USERS_WRITE, 200 },
	{ HTTP_DELETE, USERS "/" FAKE_USER_ID, NULL, AUTH_USERS_WRITE, 200 },
	{ HTTP_POST, USERS "/" FAKE_USER_ID "/suspend", NULL, AUTH_USERS_WRITE, 200 },
	{ HTTP_POST, USERS "/" FAKE_USER_ID "/resume", NULL, AUTH_USERS_WRITE, 200 },
	{ HTTP_POST, USERS "/" FAKE_USER_ID "/restore", NULL, AUTH_USERS_WRITE, 201 },
	{ HTTP_GET, "/api/v1/trash", NULL, AUTH_USERS_READ, 200 },
	{ HTTP_GET, "/api/v1/events", NULL, AUTH_USERS_READ, 200 },
	{ HTTP_GET, "/api/v1/org-units", NULL, AUTH_DIRECTORY_READ, 200 },
	{ HTTP_POST, "/api/v1/org-units", "{\"parent\":\"dc=org\",\"name\":\"n\"}",
	    AUTH_DIRECTORY_WRITE, 201 },
	{ HTTP_PATCH, "/api/v1/org-units/" FAKE_ID, "{\"name\":\"n\"}", AUTH_DIRECTORY_WRITE, 200 },
	{ HTTP_DELETE, "/api/v1/org-units/" FAKE_ID, NULL, AUTH_DIRECTORY_WRITE, 204 },
	{ HTTP_GET, "/api/v1/groups", NULL, AUTH_DIRECTORY_READ, 200 },
	{ HTTP_GET, "/api/v1/tokens", NULL, AUTH_TOKENS, 200 },
	{ HTTP_POST, "/api/v1/tokens", "{\"name\":\"n\",\"scopes\":[\"tokens\"],\"expires_in\":60}",
	    AUTH_TOKENS, 201 },
	{ HTTP_DELETE, "/api/v1/tokens/0123456789abcdef", NULL, AUTH_TOKENS, 404 },
	{ HTTP_GET, HOOKS, NULL, AUTH_WEBHOOKS, 200 },
	{ HTTP_POST, HOOKS, "{\"name\":\"n\"}", AUTH_WEBHOOKS, 201 },
	{ HTTP_GET, HOOKS "/" FAKE_HOOK_ID, NULL, AUTH_WEBHOOKS, 200 },
	{ HTTP_PATCH, HOOKS "/" FAKE_HOOK_ID, "{\"name\":\"n\"}", AUTH_WEBHOOKS, 200 },
	{ HTTP_DELETE, HOOKS "/" FAKE_HOOK_ID, NULL, AUTH_WEBHOOKS, 204 },
	{ HTTP_POST, HOOKS "/" FAKE_HOOK_ID "/secret", NULL, AUTH_WEBHOOKS, 200 },
	{ HTTP_POST, HOOKS "/" FAKE_HOOK_ID "/test", NULL, AUTH_WEBHOOKS, 204 },
	{ HTTP_GET, HOOKS "/" FAKE_HOOK_ID "/messages", NULL, AUTH_WEBHOOKS, 200 },
	{ HTTP_POST, HOOKS "/" FAKE_HOOK_ID "/messages/" FAKE_MESSAGE_ID "/replay", NULL,
	    AUTH_WEBHOOKS, 204 },
	{ HTTP_GET, "/api/v1/session", NULL, AUTH_ALL, 200 }, /* whoever it is */
	{ HTTP_GET, "/api/v1/sessions", NULL, AUTH_ALL, 403 },
	{ HTTP_DELETE, "/api/v1/sessions/0123456789abcdef", NULL, AUTH_ALL, 403 },
	{ HTTP_DELETE, "/api/v1/sessions", NULL, AUTH_ALL, 403 },
	{ HTTP_GET, "/api/v1/audit", NULL, AUTH_AUDIT_READ, 200 },
	{ HTTP_GET, "/api/v1/audit/verification", NULL, AUTH_AUDIT_READ, 200 },
	{ HTTP_POST, "/api/v1/erasures", "{\"person\":\"ada\"}", AUTH_ERASE, 200 },
	{ HTTP_GET, "/api/v1/status", NULL, AUTH_STATUS_READ, 200 },
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

static int
status_of(size_t route, enum http_listener_kind listener, const char *authorization, uid_t uid)
{
	struct http_exchange *x = api_world_send((struct fake_request){
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
	/* The description, signing in and signing out ask nobody; HEAD is no route. */
	assert_int_equal(count - 3, ROUTES - 1);
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
	assert_int_equal(world.flow.calls, 0);
	assert_int_equal(fake_store_tokens(world.store), 0);
}

static void
an_expired_token_opens_nothing(void **state)
{
	(void)state;
	api_world_make_token(AUTH_ALL);
	world.wall = NOW + 60 * 1000;
	for (size_t i = 0; i < ROUTES; i++)
		assert_int_equal(status_of(i, HTTP_CONTROL, world.token_text, 0), 401);
	assert_int_equal(world.flow.calls, 0);
}

static void
each_route_opens_with_its_own_scopes_alone(void **state)
{
	unsigned bit;

	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		for (size_t s = 0; auth_scope_name(s, &bit) != NULL; s++) {
			api_world_make_token(bit);
			assert_int_equal(status_of(i, HTTP_CONTROL, world.token_text, 0),
			    (bit & routes[i].scopes) != 0 ? routes[i].status : 403);
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
	api_world_make_token(AUTH_ALL);
	for (size_t i = 0; i < ROUTES; i++) {
		assert_int_equal(status_of(i, HTTP_PUBLIC, world.token_text, 0), 404);
		assert_int_equal(status_of(i, HTTP_MANAGEMENT, world.token_text, 0), 404);
	}
}

static void
the_directory_is_asked_for_places_when_the_list_was_cut_short(void **state)
{
	static const struct dir_place place = { "ou=People,dc=example,dc=org", "People", NULL };
	static const char *const paths[] = { "/api/v1/org-units", "/api/v1/groups" };

	(void)state;
	world.roster.cut_short = true;
	world.flow.places = &place;
	world.flow.place_count = 1;
	for (size_t i = 0; i < 2; i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, paths[i], NULL, NULL);

		assert_non_null(strstr(fake_http_body(x), "\"ou=People,dc=example,dc=org\""));
		fake_http_free(x);
	}
}

static void
the_directory_is_asked_for_places_while_the_list_is_loading(void **state)
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
	json_t *body, *items;

	(void)state;
	world.roster.loading = true;
	world.flow.places = places;
	world.flow.place_count = 3;
	x = api_world_send_root(HTTP_GET, "/api/v1/org-units", NULL, NULL);
	body = api_world_body(x);
	items = json_object_get(body, "items");
	assert_int_equal(json_array_size(items), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *item = json_array_get(items, i),
			     *parent = json_object_get(item, "parent");

		assert_string_equal(json_string_value(json_object_get(item, "dn")), places[i].dn);
		assert_int_equal(json_is_null(parent), parents[i] == NULL);
		if (parents[i] != NULL)
			assert_string_equal(json_string_value(parent), parents[i]);
		assert_true(json_is_null(json_object_get(item, "total")));
	}
	json_decref(body);
	fake_http_free(x);
	x = api_world_send_root(HTTP_GET, "/api/v1/groups", NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"All of us\""));
	assert_null(strstr(fake_http_body(x), "parent"));
	fake_http_free(x);
	world.flow.code = ERR_TOO_LARGE;
	x = api_world_send_root(HTTP_GET, "/api/v1/groups", NULL, NULL);
	assert_int_equal(fake_http_status(x), 503);
	fake_http_free(x);
}

static void
org_units_of_the_base_of_people_have_numbers_and_parents(void **state)
{
	static const struct roster_place places[] = {
		{ .dn = "dc=example,dc=org",
		    .normal = "dc=example,dc=org",
		    .name = "example",
		    .parent = SIZE_MAX },
		{ .dn = "ou=Groups,dc=example,dc=org",
		    .normal = "ou=groups,dc=example,dc=org",
		    .name = "Groups",
		    .id = { 1 } },
		{ .dn = "ou=People,dc=example,dc=org",
		    .normal = "ou=people,dc=example,dc=org",
		    .name = "People",
		    .description = "All",
		    .id = { 2 },
		    .count = { [FEED_ACTIVE] = 3 },
		    .count_below = { [FEED_ACTIVE] = 3, [FEED_PENDING] = 4 } },
		{ .dn = "ou=Lab,ou=People,dc=example,dc=org",
		    .normal = "ou=lab,ou=people,dc=example,dc=org",
		    .name = "Lab",
		    .id = { 3 },
		    .parent = 2,
		    .count = { [FEED_PENDING] = 4 },
		    .count_below = { [FEED_PENDING] = 4 } },
		{ .dn = "ou=NotPeople,dc=example,dc=org",
		    .normal = "ou=notpeople,dc=example,dc=org",
		    .name = "x",
		    .id = { 4 } },
	};
	static const struct roster_group groups[] = { { .id = { 9 },
	    .dn = "cn=a,dc=org",
	    .normal = "cn=a,dc=org",
	    .name = "a",
	    .members = 12345678901 } };
	struct http_exchange *x;

	(void)state;
	world.roster.places = places;
	world.roster.place_count = 5;
	world.roster.groups = groups;
	world.roster.group_count = 1;
	x = api_world_send_root(HTTP_GET, "/api/v1/org-units", NULL, NULL);
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"dn\":\"ou=People,dc=example,dc=org\",\"name\":\"People\","
	    "\"description\":\"All\",\"parent\":null,\"counts\":{\"pending\":0,"
	    "\"undeliverable\":0,\"expired\":0,\"active\":3,\"suspended\":0},\"total\":3,"
	    "\"total_below\":7,\"id\":\"02000000-0000-0000-0000-000000000000\"},"
	    "{\"dn\":\"ou=Lab,ou=People,dc=example,dc=org\",\"name\":\"Lab\",\"description\":null,"
	    "\"parent\":\"ou=People,dc=example,dc=org\",\"counts\":{\"pending\":4,"
	    "\"undeliverable\":0,\"expired\":0,\"active\":0,\"suspended\":0},\"total\":4,"
	    "\"total_below\":4,\"id\":\"03000000-0000-0000-0000-000000000000\"}]}");
	fake_http_free(x);
	x = api_world_send_root(HTTP_GET, "/api/v1/groups", NULL, NULL);
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"dn\":\"cn=a,dc=org\",\"name\":\"a\",\"description\":null,"
	    "\"members\":12345678901,\"id\":\"09000000-0000-0000-0000-000000000000\"}]}");
	fake_http_free(x);
	assert_int_equal(world.flow.calls, 0);
}

/* Numbers of people are for those who may see the people. */
static void
who_may_not_see_users_is_told_no_numbers_of_them(void **state)
{
	static const struct roster_place places[] = {
		{ .dn = "ou=Navy,ou=People,dc=example,dc=org",
		    .normal = "ou=navy,ou=people,dc=example,dc=org",
		    .name = "Navy",
		    .parent = SIZE_MAX,
		    .count = { [FEED_ACTIVE] = 3 },
		    .count_below = { [FEED_ACTIVE] = 3 } },
		{ .dn = "ou=Army,ou=People,dc=example,dc=org",
		    .normal = "ou=army,ou=people,dc=example,dc=org",
		    .name = "Army",
		    .parent = SIZE_MAX },
	};
	static const struct roster_group groups[] = {
		{ .dn = "cn=a,ou=Navy,ou=People,dc=example,dc=org",
		    .normal = "cn=a,ou=navy,ou=people,dc=example,dc=org",
		    .name = "a",
		    .members = 77 },
		{ .dn = "cn=b,dc=org", .normal = "cn=b,dc=org", .name = "b", .members = 77 },
	};
	static const struct {
		unsigned scopes;
		bool limited, told, told_of_groups;
	} rows[] = {
		{ AUTH_DIRECTORY_READ, false, false, false },
		{ AUTH_DIRECTORY_READ, true, false, false },
		{ AUTH_DIRECTORY_READ | AUTH_USERS_READ, true, true, false },
		{ AUTH_DIRECTORY_READ | AUTH_USERS_READ, false, true, true },
	};

	(void)state;
	world.roster.places = places;
	world.roster.place_count = 2;
	world.roster.groups = groups;
	world.roster.group_count = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		if (rows[i].limited)
			api_world_make_limited_token(rows[i].scopes);
		else
			api_world_make_token(rows[i].scopes);
		x = api_world_send((struct fake_request){ .method = HTTP_GET,
		    .path = "/api/v1/org-units",
		    .authorization = world.token_text });
		assert_int_equal(fake_http_status(x), 200);
		assert_int_equal(strstr(fake_http_body(x), "Army") == NULL, rows[i].limited);
		assert_int_equal(strstr(fake_http_body(x), "\"total\":3,\"total_below\":3") != NULL,
		    rows[i].told);
		assert_int_equal(strstr(fake_http_body(x),
				     "\"counts\":null,\"total\":null,\"total_below\":null") != NULL,
		    !rows[i].told);
		fake_http_free(x);
		x = api_world_send((struct fake_request){ .method = HTTP_GET,
		    .path = "/api/v1/groups",
		    .authorization = world.token_text });
		assert_int_equal(strstr(fake_http_body(x), "cn=b") == NULL, rows[i].limited);
		assert_int_equal(
		    strstr(fake_http_body(x), "\"members\":77") != NULL, rows[i].told_of_groups);
		assert_int_equal(
		    strstr(fake_http_body(x), "\"members\":null") != NULL, !rows[i].told_of_groups);
		fake_http_free(x);
	}
}

static void
org_units_are_made_changed_and_deleted_by_the_flow(void **state)
{
	struct http_exchange *x;

	(void)state;
	x = api_world_send_root(HTTP_POST, "/api/v1/org-units", NULL,
	    "{\"parent\":\"ou=People\",\"name\":\"New\",\"description\":\"d\"}");
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_http_body(x), "{\"dn\":\"ou=New,dc=example,dc=org\"}");
	assert_string_equal(world.flow.parent, "ou=People");
	assert_string_equal(world.flow.name, "New");
	assert_string_equal(world.flow.description, "d");
	assert_string_equal(world.flow.caller, "uid:0");
	fake_http_free(x);
	x = api_world_send_root(
	    HTTP_PATCH, "/api/v1/org-units/" FAKE_ID, NULL, "{\"description\":null}");
	assert_int_equal(fake_http_status(x), 200);
	assert_null(world.flow.name);
	assert_string_equal(world.flow.description, "");
	assert_string_equal(world.flow.id, FAKE_ID);
	fake_http_free(x);
	world.flow.code = ERR_CONFLICT;
	x = api_world_send_root(HTTP_DELETE, "/api/v1/org-units/" FAKE_ID, NULL, NULL);
	assert_int_equal(fake_http_status(x), 409);
	assert_non_null(strstr(fake_http_body(x), "\"reason\":\"not_empty\""));
	fake_http_free(x);
}

static void
a_parent_that_cannot_be_is_told_on_its_field(void **state)
{
	static const struct {
		enum err code;
		const char *error;
	} rows[] = { { ERR_NOT_FOUND, "not_found" }, { ERR_REFUSED, "not_allowed" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct http_exchange *x;
		json_t *body;

		world.flow.code = rows[i].code;
		x = api_world_send_root(
		    HTTP_POST, "/api/v1/org-units", NULL, "{\"parent\":\"ou=x\",\"name\":\"n\"}");
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), 422);
		assert_string_equal(api_world_error_on(body, "parent"), rows[i].error);
		json_decref(body);
		fake_http_free(x);
	}
}

static void
an_org_unit_is_refused_on_its_fields(void **state)
{
	static const struct {
		enum http_method method;
		const char *path, *body, *field;
		int status;
	} rows[] = {
		{ HTTP_POST, "/api/v1/org-units", "{}", "parent", 422 },
		{ HTTP_POST, "/api/v1/org-units", "{}", "name", 422 },
		{ HTTP_POST, "/api/v1/org-units", "{\"parent\":null}", "parent", 400 },
		{ HTTP_POST, "/api/v1/org-units", "{\"dn\":\"x\"}", "dn", 400 },
		{ HTTP_PATCH, "/api/v1/org-units/" FAKE_ID, "{\"name\":null}", "name", 400 },
		{ HTTP_PATCH, "/api/v1/org-units/" FAKE_ID, "{\"parent\":\"x\"}", "parent", 400 },
		{ HTTP_PATCH, "/api/v1/org-units/" FAKE_ID, "[]", "", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(rows[i].method, rows[i].path, NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
a_token_is_shown_once_works_and_ends_when_it_is_deleted(void **state)
{
	static const char make[] =
	    "{\"name\":\"ci\",\"scopes\":[\"invitations:read\",\"directory:read\"],"
	    "\"expires_in\":3600}";
	struct http_exchange *x = api_world_send_root(HTTP_POST, "/api/v1/tokens", NULL, make);
	json_t *body = api_world_body(x);
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
	x = api_world_send_root(HTTP_GET, "/api/v1/tokens", NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"name\":\"ci\""));
	assert_null(strstr(fake_http_body(x), "ush_"));
	fake_http_free(x);
	x = api_world_send_root(HTTP_DELETE, path, NULL, NULL);
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
		{ "{\"name\":\"a\",\"scopes\":[\"all\"],\"expires_in\":60,\"org_units\":[]}",
		    "org_units", 422 },
		{ "{\"name\":\"a\",\"scopes\":\"all\",\"expires_in\":60}", "scopes", 400 },
		{ "{\"name\":\"a\",\"scopes\":[\"all\"],\"expires_in\":60,\"id\":\"b\"}", "id",
		    400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, "/api/v1/tokens", NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		assert_int_equal(json_array_size(json_object_get(body, "errors")), 1);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(fake_store_tokens(world.store), 0);
}

static void
nobody_hands_out_a_scope_they_have_not(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	api_world_make_token(AUTH_TOKENS);
	x = api_world_send((struct fake_request){ .method = HTTP_POST,
	    .listener = HTTP_CONTROL,
	    .path = "/api/v1/tokens",
	    .authorization = world.token_text,
	    .body = "{\"name\":\"a\",\"scopes\":[\"all\"],\"expires_in\":60}" });
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 422);
	assert_string_equal(api_world_error_on(body, "scopes[0]"), "not_allowed");
	assert_int_equal(fake_store_tokens(world.store), 1);
	json_decref(body);
	fake_http_free(x);
}

static void
nobody_hands_out_more_time_than_they_have(void **state)
{
	static const char *const bodies[] = {
		"{\"name\":\"a\",\"scopes\":[\"tokens\"],\"expires_in\":61}",
		"{\"name\":\"a\",\"scopes\":[\"tokens\"],\"expires_in\":60}",
	};

	(void)state;
	api_world_make_token(AUTH_TOKENS); /* for 60 s */
	for (int i = 0; i < 2; i++) {
		struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_POST,
		    .listener = HTTP_CONTROL,
		    .path = "/api/v1/tokens",
		    .authorization = world.token_text,
		    .body = bodies[i] });
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), i == 0 ? 422 : 201);
		if (i == 0)
			assert_string_equal(api_world_error_on(body, "expires_in"), "invalid");
		json_decref(body);
		fake_http_free(x);
	}
}

static void
a_body_of_another_type_or_where_none_belongs_is_415(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		struct http_exchange *x = api_world_send((struct fake_request){
		    .method = routes[i].method,
		    .listener = HTTP_UNIX,
		    .path = routes[i].path,
		    .body = "{}",
		    .content_type = "text/html",
		});

		assert_int_equal(fake_http_status(x), 415);
		fake_http_free(x);
	}
}

static void
nobody_unknown_learns_what_a_route_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROUTES; i++) {
		struct http_exchange *x = api_world_send((struct fake_request){
		    .method = routes[i].method,
		    .listener = HTTP_CONTROL,
		    .path = routes[i].path,
		    .body = "{}",
		    .content_type = "text/plain",
		});

		assert_int_equal(fake_http_status(x), 401);
		fake_http_free(x);
	}
}

static void
the_description_is_for_everybody_and_is_not_sent_twice(void **state)
{
	struct fake_request q = {
		.method = HTTP_GET, .listener = HTTP_CONTROL, .path = "/api/v1/openapi.yaml"
	};
	struct http_exchange *x = api_world_send(q);
	char tag[64];

	(void)state;
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_type(x), "application/yaml");
	assert_int_equal(strncmp(fake_http_body(x), "openapi: 3.1", 12), 0);
	snprintf(tag, sizeof(tag), "%s", fake_http_reply_header(x, "ETag"));
	assert_string_equal(fake_http_reply_header(x, "Cache-Control"), "no-cache");
	fake_http_free(x);
	for (int known = 0; known < 2; known++) {
		q.if_none_match = known ? tag : "\"another\"";
		x = api_world_send(q);
		assert_int_equal(fake_http_status(x), known ? 304 : 200);
		assert_string_equal(fake_http_reply_header(x, "ETag"), tag);
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
	world.health_count = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t j = 0; j < 2; j++) {
			struct fake_request q = { .method = HTTP_GET,
				.listener = listeners[j],
				.path = "/health/ready",
				.uid = 4000000 };
			struct http_exchange *x;

			world.health_checks[0] =
			    (struct health_check){ "store", rows[i].store_ok, true };
			world.health_checks[1] =
			    (struct health_check){ "directory", rows[i].directory_ok, false };
			x = api_world_send(q);
			assert_int_equal(fake_http_status(x), rows[i].status);
			assert_string_equal(fake_http_body(x), rows[i].body);
			assert_int_equal(fake_http_reply_header(x, "Retry-After") != NULL,
			    rows[i].status == 503);
			fake_http_free(x);
			q.path = "/health/live";
			x = api_world_send(q);
			assert_int_equal(fake_http_status(x), 200);
			fake_http_free(x);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(the_table_of_this_test_has_every_route),
		WITH_API(no_route_answers_a_caller_it_does_not_know),
		WITH_API(an_expired_token_opens_nothing),
		WITH_API(each_route_opens_with_its_own_scopes_alone),
		WITH_API(the_unix_socket_knows_root_and_not_everybody),
		WITH_API(no_api_route_is_on_the_public_or_the_management_listener),
		WITH_API(the_directory_is_asked_for_places_while_the_list_is_loading),
		WITH_API(the_directory_is_asked_for_places_when_the_list_was_cut_short),
		WITH_API(org_units_of_the_base_of_people_have_numbers_and_parents),
		WITH_API(who_may_not_see_users_is_told_no_numbers_of_them),
		WITH_API(org_units_are_made_changed_and_deleted_by_the_flow),
		WITH_API(a_parent_that_cannot_be_is_told_on_its_field),
		WITH_API(an_org_unit_is_refused_on_its_fields),
		WITH_API(a_token_is_shown_once_works_and_ends_when_it_is_deleted),
		WITH_API(a_token_request_is_refused_on_its_fields),
		WITH_API(nobody_hands_out_a_scope_they_have_not),
		WITH_API(nobody_hands_out_more_time_than_they_have),
		WITH_API(a_body_of_another_type_or_where_none_belongs_is_415),
		WITH_API(nobody_unknown_learns_what_a_route_takes),
		WITH_API(the_description_is_for_everybody_and_is_not_sent_twice),
		WITH_API(health_says_what_is_vital_and_what_only_hurts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
