/* /api/v1/users: what the roster and the flow are asked, and what the client is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define USERS "/api/v1/users"
#define USER  USERS "/" FAKE_USER_ID
#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static const struct roster_row rows_known[] = {
	{ .id = { 0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f,
	      0xd4, 0x30, 0xc8 },
	    .status = FEED_ACTIVE,
	    .name = TEXT("Grace Hopper"),
	    .given_name = TEXT("Grace"),
	    .family_name = TEXT("Hopper"),
	    .mail = TEXT("grace@example.org"),
	    .uid = TEXT("grace"),
	    .rdn_type = TEXT("uid="),
	    .rdn = TEXT("grace"),
	    .org_unit = TEXT("ou=Old,dc=example,dc=org"),
	    .invited_at = 1500000000,
	    .registered_at = 1600000000 },
	{ .id = { 0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09,
	      0x9a, 0x80, 0x57 },
	    .status = FEED_UNDELIVERABLE,
	    .name = TEXT("Ada \"Countess\""),
	    .org_unit = TEXT("ou=Analytics,dc=example,dc=org"),
	    .has_invitation = true,
	    .invitation = { 0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02,
		0x09, 0x9a, 0x80, 0x57 },
	    .invited_at = 1700000000 },
};

/* ---- list ---- */

static void
a_page_has_its_items_total_counts_and_the_way_on(void **state)
{
	struct http_exchange *x;

	(void)state;
	world.roster.rows = rows_known;
	world.roster.row_count = 2;
	world.roster.page = (struct roster_page){ .total = 1234567,
		.count = { [FEED_ACTIVE] = 1234566, [FEED_UNDELIVERABLE] = 1 },
		.rows = 2,
		.next_cursor = "on" };
	x = api_world_send_root(HTTP_GET, USERS, NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_type(x), "application/json");
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"id\":\"" FAKE_USER_ID "\",\"status\":\"active\","
	    "\"name\":\"Grace Hopper\",\"given_name\":\"Grace\",\"family_name\":\"Hopper\","
	    "\"mail\":\"grace@example.org\",\"phone\":null,"
	    "\"org_unit\":\"ou=Old,dc=example,dc=org\",\"position\":null,\"uid\":\"grace\","
	    "\"dn\":\"uid=grace,ou=Old,dc=example,dc=org\","
	    "\"invited_at\":\"2017-07-14T02:40:00Z\",\"registered_at\":\"2020-09-13T12:26:40Z\","
	    "\"last_activity_at\":null,\"invitation\":null},"
	    "{\"id\":\"" FAKE_ID "\",\"status\":\"undeliverable\","
	    "\"name\":\"Ada \\\"Countess\\\"\",\"given_name\":null,\"family_name\":null,"
	    "\"mail\":null,\"phone\":null,\"org_unit\":\"ou=Analytics,dc=example,dc=org\","
	    "\"position\":null,\"uid\":null,\"dn\":null,"
	    "\"invited_at\":\"2023-11-14T22:13:20Z\",\"registered_at\":null,"
	    "\"last_activity_at\":null,\"invitation\":\"" FAKE_ID "\"}],"
	    "\"total\":1234567,\"counts\":{\"pending\":0,\"undeliverable\":1,\"expired\":0,"
	    "\"active\":1234566,\"suspended\":0},\"next_cursor\":\"on\"}");
	fake_http_free(x);
	x = api_world_send(
	    (struct fake_request){ .method = HTTP_HEAD, .listener = HTTP_UNIX, .path = USERS });
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x), "");
	fake_http_free(x);
	world.roster.row_count = 0;
	world.roster.page.next_cursor = NULL;
	x = api_world_send_root(HTTP_GET, USERS, NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"items\":[],"));
	assert_non_null(strstr(fake_http_body(x), "\"next_cursor\":null"));
	fake_http_free(x);
	assert_int_equal(world.roster.released, 3);
}

static void
the_query_reaches_the_roster(void **state)
{
	const struct roster_query *q = &world.roster.query;

	(void)state;
	fake_http_free(api_world_send_root(HTTP_GET, USERS, NULL, NULL));
	assert_null(q->q);
	assert_null(q->org_unit);
	assert_null(q->cursor);
	assert_int_equal(q->statuses, 0);
	assert_int_equal(q->sort, ROSTER_BY_NAME);
	assert_false(q->descending);
	assert_int_equal(q->limit, 50);
	assert_int_equal(q->registered_from, 0);
	assert_int_equal(q->active_to, 0);
	fake_http_free(api_world_send_root(HTTP_GET, USERS,
	    "q=müller +49&status=pending,suspended&org_unit=OU=A,dc=org&sort=last_activity_at"
	    "&order=desc&limit=200&cursor=c&registered_from=2001-09-09&registered_to=2001-09-09"
	    "&active_from=2001-09-09T01:46:40Z&active_to=2001-09-10",
	    NULL));
	assert_string_equal(q->q, "müller +49");
	assert_int_equal(q->statuses, 1u << FEED_PENDING | 1u << FEED_SUSPENDED);
	assert_string_equal(q->org_unit, "ou=a,dc=org");
	assert_int_equal(q->sort, ROSTER_BY_LAST_ACTIVITY);
	assert_true(q->descending);
	assert_int_equal(q->limit, 200);
	assert_string_equal(q->cursor, "c");
	assert_int_equal(q->registered_from, 999993600);
	assert_int_equal(q->registered_to, 999993600 + 86400);
	assert_int_equal(q->active_from, 1000000000);
	assert_int_equal(q->active_to, 999993600 + 2 * 86400);
}

static void
a_query_that_means_nothing_is_refused_by_name(void **state)
{
	static const struct {
		const char *query, *field;
	} rows[] = {
		{ "limit=0", "limit" },
		{ "limit=10000", "limit" },
		{ "limit=", "limit" },
		{ "limit=-1", "limit" },
		{ "limit=5x", "limit" },
		{ "limit=1&limit=1", "limit" },
		{ "sort=shoe_size", "sort" },
		{ "sort=", "sort" },
		{ "sort=Name", "sort" },
		{ "order=down", "order" },
		{ "order=", "order" },
		{ "status=done", "status" },
		{ "status=", "status" },
		{ "status=active,", "status" },
		{ "status=active,,pending", "status" },
		{ "org_unit=Research", "org_unit" },
		{ "registered_from=soon", "registered_from" },
		{ "registered_to=2001-02-30", "registered_to" },
		{ "active_from=", "active_from" },
		{ "active_to=2001-09-09T25:00:00Z", "active_to" },
		{ "offset=3", "offset" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, USERS, rows[i].query, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.roster.queries, 0);
}

static void
what_the_roster_refuses_is_told(void **state)
{
	static const struct {
		enum err code;
		const char *text, *field;
		int status;
	} rows[] = {
		{ ERR_INVALID, "cursor: it is of another query", "cursor", 400 },
		{ ERR_INVALID, "q: longer than 256 characters", "q", 400 },
		{ ERR_BUSY, "64 queries wait", "", 503 },
		{ ERR_UNAVAILABLE, "the list is loading", "", 503 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		world.roster.code = rows[i].code;
		world.roster.text = rows[i].text;
		x = api_world_send_root(HTTP_GET, USERS, "cursor=abc", NULL);
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), rows[i].status);
		if (rows[i].status == 503) {
			assert_non_null(fake_http_reply_header(x, "Retry-After"));
			assert_non_null(strstr(fake_http_body(x), rows[i].text));
		} else
			assert_string_equal(api_world_error_on(body, rows[i].field), "invalid");
		json_decref(body);
		fake_http_free(x);
		assert_int_equal(world.roster.released, i + 1);
	}
}

/* ---- one person ---- */

static const char *
text_of(const json_t *body, const char *name)
{
	const char *s = json_string_value(json_object_get(body, name));

	return s != NULL ? s : "";
}

static void
a_user_is_shown_in_the_directorys_words(void **state)
{
	static const struct {
		const char *name, *value;
	} members[] = { { "id", FAKE_USER_ID }, { "status", "active" },
		{ "name", "Rear Admiral Hopper" }, { "display_name", "Rear Admiral Hopper" },
		{ "given_name", "Grace" }, { "org_unit", "ou=Navy,dc=example,dc=org" },
		{ "dn", "uid=grace,ou=Navy,dc=example,dc=org" }, { "gender", "female" },
		{ "birthday", "1906-12-09" }, { "language", "en" },
		{ "invited_at", "2017-07-14T02:40:00Z" },
		{ "last_activity_at", "2023-11-14T22:13:20Z" },
		{ "last_activity_source", "authTimestamp" } };
	struct http_exchange *x;
	json_t *body;

	(void)state;
	world.roster.found = &rows_known[0];
	x = api_world_send_root(HTTP_GET, USER, NULL, NULL);
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 200);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assert_string_equal(text_of(body, members[i].name), members[i].value);
	assert_true(json_is_false(json_object_get(body, "stale")));
	assert_true(json_is_null(json_object_get(body, "phone")));
	assert_true(json_is_null(json_object_get(body, "suspended_by")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(body, "groups"), 0)),
	    "cn=navy,dc=example,dc=org");
	assert_string_equal(fake_http_reply_header(x, "ETag"),
	    "\"20261126120000.000000Z#000000#000#000000/0123456789abcdef\"");
	json_decref(body);
	fake_http_free(x);
	/* Not in the list yet. */
	world.roster.found = NULL;
	x = api_world_send_root(HTTP_GET, USER, NULL, NULL);
	body = api_world_body(x);
	assert_string_equal(text_of(body, "id"), FAKE_USER_ID);
	assert_true(json_is_null(json_object_get(body, "invited_at")));
	json_decref(body);
	fake_http_free(x);
}

static void
a_user_is_shown_from_the_list_while_the_directory_is_away(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	world.flow.user = NULL;
	world.roster.found = &rows_known[0];
	x = api_world_send_root(HTTP_GET, USER, NULL, NULL);
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(text_of(body, "name"), "Grace Hopper");
	assert_true(json_is_true(json_object_get(body, "stale")));
	assert_true(json_is_null(json_object_get(body, "groups")));
	assert_null(fake_http_reply_header(x, "ETag"));
	json_decref(body);
	fake_http_free(x);
	world.roster.found = NULL;
	x = api_world_send_root(HTTP_GET, USER, NULL, NULL);
	assert_int_equal(fake_http_status(x), 503);
	fake_http_free(x);
}

static void
a_pending_invitation_is_a_person_too(void **state)
{
	/* What the store says is newer than the list. */
	static const struct {
		const struct roster_row *found;
		bool undeliverable;
		int64_t later;
		const char *status;
	} rows[] = { { NULL, false, 0, "pending" }, { NULL, true, 0, "undeliverable" },
		{ NULL, true, 3600 * 1000, "expired" }, { &rows_known[1], false, 0, "pending" },
		{ &rows_known[1], true, 0, "undeliverable" },
		{ &rows_known[1], false, 3600 * 1000, "expired" } };

	(void)state;
	world.flow.user = NULL;
	world.flow.person_inv = world.flow.inv;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		world.wall = NOW + rows[i].later;
		world.roster.found = rows[i].found;
		world.flow.inv->undeliverable = rows[i].undeliverable;
		x = api_world_send_root(HTTP_GET, USERS "/" FAKE_ID, NULL, NULL);
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), 200);
		assert_string_equal(text_of(body, "id"), FAKE_ID);
		assert_string_equal(text_of(body, "invitation"), FAKE_ID);
		assert_string_equal(text_of(body, "status"), rows[i].status);
		assert_string_equal(text_of(body, "name"), "Ada Lovelace");
		assert_string_equal(text_of(body, "org_unit"), "ou=Analytics,dc=example,dc=org");
		assert_string_equal(text_of(body, "invited_at"), "2023-11-14T22:13:20Z");
		assert_true(json_is_null(json_object_get(body, "dn")));
		json_decref(body);
		fake_http_free(x);
	}
}

static void
a_dn_with_an_escaped_comma_has_the_right_org_unit(void **state)
{
	struct dir_user user = fake_user;
	struct http_exchange *x;
	json_t *body;

	(void)state;
	user.dn = "cn=Hopper\\, Grace,ou=R\\, D,dc=org";
	world.flow.user = &user;
	x = api_world_send_root(HTTP_GET, USER, NULL, NULL);
	body = api_world_body(x);
	assert_string_equal(text_of(body, "org_unit"), "ou=R\\, D,dc=org");
	assert_string_equal(text_of(body, "dn"), user.dn);
	json_decref(body);
	fake_http_free(x);
}

static void
a_text_that_is_no_id_is_nobody(void **state)
{
	static const struct {
		enum http_method method;
		const char *path, *body;
	} rows[] = { { HTTP_GET, USERS "/x", NULL }, { HTTP_PATCH, USERS "/x", "{}" },
		{ HTTP_DELETE, USERS "/x", NULL }, { HTTP_POST, USERS "/x/suspend", NULL },
		{ HTTP_POST, USERS "/x/resume", NULL }, { HTTP_POST, USERS "/x/restore", NULL },
		{ HTTP_GET, USERS "/6BA7B810-9DAD-11D1-80B4-00C04FD430C8", NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(rows[i].method, rows[i].path, NULL, rows[i].body);

		assert_int_equal(fake_http_status(x), 404);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

/* ---- change ---- */

static struct http_exchange *
patch(const char *body, const char *if_match)
{
	return api_world_send((struct fake_request){ .method = HTTP_PATCH,
	    .listener = HTTP_UNIX,
	    .path = USER,
	    .body = body,
	    .content_type = "application/merge-patch+json",
	    .if_match = if_match });
}

static void
a_merge_patch_sets_and_removes(void **state)
{
	struct http_exchange *x =
	    patch("{\"position\":\"Admiral\",\"phone\":null,\"org_unit\":\"ou=X\","
		  "\"gender\":null,\"birthday\":\"1906-12-09\"}",
		"\"v1\"");

	(void)state;
	assert_int_equal(fake_http_status(x), 200);
	assert_non_null(fake_http_reply_header(x, "ETag"));
	assert_string_equal(world.flow.change.value[PERSON_POSITION], "Admiral");
	assert_string_equal(world.flow.change.value[PERSON_PHONE], "");
	assert_string_equal(world.flow.change.value[PERSON_ORG_UNIT], "ou=X");
	assert_string_equal(world.flow.change.value[PERSON_GENDER], "");
	assert_string_equal(world.flow.change.value[PERSON_BIRTHDAY], "1906-12-09");
	assert_null(world.flow.change.value[PERSON_MAIL]);
	assert_string_equal(world.flow.change.tag, "v1");
	assert_string_equal(world.flow.id, FAKE_USER_ID);
	assert_string_equal(world.flow.caller, "uid:0");
	fake_http_free(x);
	fake_http_free(patch("{}", "*"));
	assert_null(world.flow.change.tag);
}

static void
groups_are_a_whole_list_and_a_part_of_the_version(void **state)
{
	char many[33 * 9 + 16] = "{\"groups\":[\"cn=a\"";
	struct http_exchange *x;

	(void)state;
	fake_http_free(patch("{\"groups\":[\"cn=a\",\"cn=b\"]}", "\"v1/a/g1\""));
	assert_string_equal(world.flow.groups, "cn=a;cn=b;");
	assert_string_equal(world.flow.change.tag, "v1/a");
	assert_string_equal(world.flow.change.groups_tag, "g1");
	assert_true(world.flow.gives_roles);
	fake_http_free(patch("{\"groups\":[]}", "\"v1\""));
	assert_string_equal(world.flow.groups, "");
	assert_null(world.flow.change.groups_tag);
	fake_http_free(patch("{\"position\":\"x\"}", NULL));
	assert_string_equal(world.flow.groups, "-");
	for (int i = 0; i < 32; i++)
		strcat(many, ",\"cn=x\"");
	world.flow.calls = 0;
	x = patch(strcat(many, "]}"), NULL);
	assert_int_equal(fake_http_status(x), 400);
	assert_int_equal(world.flow.calls, 0);
	fake_http_free(x);
}

static void
a_change_needs_the_version_that_it_names(void **state)
{
	static const struct {
		const char *if_match;
		enum err code;
		int status;
		size_t calls;
	} rows[] = {
		{ "\"v1\"", ERR_CONFLICT, 412, 1 },
		{ NULL, ERR_CONFLICT, 409, 1 },
		{ "W/\"v1\"", ERR_OK, 412, 0 },
		{ "v1", ERR_OK, 400, 0 },
		{ "\"v1", ERR_OK, 400, 0 },
		{ "\"\"", ERR_OK, 400, 0 },
		{ "\"v1\", \"v2\"", ERR_OK, 400, 0 },
		{ "", ERR_OK, 400, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		world.flow.calls = 0;
		world.flow.code = rows[i].code;
		x = patch("{\"position\":\"x\"}", rows[i].if_match);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_int_equal(world.flow.calls, rows[i].calls);
		fake_http_free(x);
	}
}

static void
what_cannot_be_changed_is_named(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{\"uid\":\"x\"}", "uid", "unknown" },
		{ "{\"id\":\"x\"}", "id", "unknown" },
		{ "{\"groups\":null}", "groups", "wrong_type" },
		{ "{\"groups\":[7]}", "groups[0]", "wrong_type" },
		{ "{\"userPassword\":\"x\"}", "userPassword", "unknown" },
		{ "{\"phone\":7}", "phone", "wrong_type" },
		{ "{\"phone\":\"1\",\"phone\":\"2\"}", "phone", "duplicate" },
		{ "[]", "", "wrong_type" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = patch(rows[i].body, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
what_the_flow_refuses_has_its_status_and_fields(void **state)
{
	static const struct {
		enum err code;
		const char *text;
		int status;
		const char *reason;
	} rows[] = {
		{ ERR_INVALID, "mail: no", 422, "" },
		{ ERR_EXISTS, "mail: taken", 409, "" },
		{ ERR_NOT_FOUND, "no", 404, "" },
		{ ERR_USED, "no", 409, "invitation" },
		{ ERR_REFUSED, "self: nobody deletes themselves", 409, "self" },
		{ ERR_REFUSED, "last_administrator: it is the last one", 409,
		    "last_administrator" },
		{ ERR_REFUSED, "this directory has no means", 409, "" },
		{ ERR_DENIED, "no", 403, "" },
		{ ERR_DENIED, "role: somebody who has a role", 403, "role" },
		{ ERR_UNAVAILABLE, "away", 503, "" },
		{ ERR_UNKNOWN, "who knows", 503, "unknown" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		field_errors_init(&world.flow.errors, arena);
		if (rows[i].code == ERR_INVALID || rows[i].code == ERR_EXISTS)
			field_errors_add(&world.flow.errors, "mail", "taken", "somebody has it");
		world.flow.code = rows[i].code;
		world.flow.text = rows[i].text;
		x = api_world_send_root(HTTP_POST, USER "/suspend", NULL, "{}");
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_equal(text_of(body, "reason"), rows[i].reason);
		assert_null(strstr(text_of(body, "detail"), "self:"));
		assert_string_equal(
		    api_world_error_on(body, "mail"), world.flow.errors.count > 0 ? "taken" : "");
		json_decref(body);
		fake_http_free(x);
	}
	arena_free(arena);
}

static void
suspending_resuming_and_restoring_answer_with_the_person(void **state)
{
	struct dir_user user = fake_user;
	struct http_exchange *x;

	(void)state;
	user.suspended = true;
	user.suspended_by = "pwdAccountLockedTime";
	world.flow.user = &user;
	x = api_world_send_root(HTTP_POST, USER "/suspend", NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_true(world.flow.suspended);
	assert_non_null(strstr(fake_http_body(x), "\"status\":\"suspended\""));
	assert_non_null(strstr(fake_http_body(x), "\"suspended_by\":\"pwdAccountLockedTime\""));
	fake_http_free(x);
	world.flow.user = &fake_user;
	x = api_world_send_root(HTTP_POST, USER "/resume", NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_false(world.flow.suspended);
	assert_non_null(strstr(fake_http_body(x), "\"status\":\"active\""));
	fake_http_free(x);
	x = api_world_send_root(HTTP_POST, USERS "/" FAKE_ID "/restore", NULL, "{}");
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_http_reply_header(x, "Location"), USER);
	assert_string_equal(world.flow.id, FAKE_ID);
	fake_http_free(x);
	/* Done, and what was not is told with it. */
	world.flow.text = "not joined: cn=a";
	x = api_world_send_root(HTTP_POST, USERS "/" FAKE_ID "/restore", NULL, "{}");
	assert_int_equal(fake_http_status(x), 201);
	assert_non_null(strstr(fake_http_body(x), "\"detail\":\"not joined: cn=a\","));
	fake_http_free(x);
	x = api_world_send_root(HTTP_POST, USER "/suspend", NULL, "{\"until\":\"2030\"}");
	assert_int_equal(fake_http_status(x), 400);
	fake_http_free(x);
}

/* ---- delete ---- */

static void
a_deletion_is_answered_by_what_became_of_it(void **state)
{
	static const struct {
		struct person_removed removed;
		enum err code;
		const char *text;
		int status;
		const char *body; /* part of it */
	} rows[] = {
		{ { false, 12, NOW }, ERR_OK, "", 200,
		    "{\"refused_after_ms\":12,\"restorable_until\":\"2023-11-14T22:13:20.000Z\","
		    "\"detail\":null}" },
		{ { false, -1, 0 }, ERR_OK, "", 200,
		    "{\"refused_after_ms\":null,\"restorable_until\":null,\"detail\":null}" },
		{ { true, 0, 0 }, ERR_OK, "", 204, "" },
		{ { false, 0, 0 }, ERR_UNKNOWN, "", 202, "{\"status\":\"in_progress\"}" },
		{ { false, 0, 0 }, ERR_REFUSED, "self: not oneself", 409, "\"reason\":\"self\"" },
		{ { false, 0, 0 }, ERR_NOT_FOUND, "", 404, "no such person" },
		{ { false, 12, 0 }, ERR_OK, "still a member of: cn=a", 200,
		    "\"detail\":\"still a member of: cn=a\"}" },
		{ { false, 0, 0 }, ERR_TOO_LARGE, "uid=x has 2000000 bytes", 413, "?keep=no" },
		{ { false, 0, 0 }, ERR_DENIED, "this is an invitation", 403, "an invitation" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		world.flow.code = rows[i].code;
		world.flow.text = rows[i].text;
		world.flow.removed = rows[i].removed;
		x = api_world_send_root(HTTP_DELETE, USER, NULL, NULL);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_non_null(strstr(fake_http_body(x), rows[i].body));
		fake_http_free(x);
	}
}

static void
a_deletion_is_asked_for_as_the_client_wants_it(void **state)
{
	static const struct {
		const char *query, *if_match;
		int status;
		bool for_good;
		const char *tag;
	} rows[] = {
		{ "", NULL, 200, false, NULL },
		{ "?keep=no", NULL, 200, true, NULL },
		{ "?keep=yes", "\"v1\"", 200, false, "v1" },
		{ "?keep=maybe", NULL, 400, false, NULL },
		{ "?keep=no&keep=no", NULL, 400, false, NULL },
		{ "?kept=no", NULL, 400, false, NULL },
		{ "", "v1", 400, false, NULL },
		{ "", "W/\"v1\"", 412, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		world.flow.calls = 0;
		x = api_world_send((struct fake_request){ .method = HTTP_DELETE,
		    .listener = HTTP_UNIX,
		    .path = USER,
		    .query = rows[i].query[0] != '\0' ? rows[i].query + 1 : NULL,
		    .if_match = rows[i].if_match });
		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
		assert_int_equal(world.flow.calls, rows[i].status == 200);
		if (rows[i].status != 200)
			continue;
		assert_int_equal(world.flow.removal.for_good, rows[i].for_good);
		assert_false(world.flow.removal.users_only);
		if (rows[i].tag != NULL)
			assert_string_equal(world.flow.removal.tag, rows[i].tag);
		else
			assert_null(world.flow.removal.tag);
	}
}

/* Whoever may only write users is told so by the flow, which knows what the id is. */
static void
who_may_not_revoke_invitations_deletes_users_only(void **state)
{
	static const unsigned scopes[] = { AUTH_USERS_WRITE,
		AUTH_USERS_WRITE | AUTH_INVITATIONS_WRITE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		api_world_make_token(scopes[i]);
		fake_http_free(api_world_send((struct fake_request){ .method = HTTP_DELETE,
		    .listener = HTTP_CONTROL,
		    .path = USER,
		    .authorization = world.token_text }));
		assert_int_equal(world.flow.removal.users_only, i == 0);
	}
}

/* What somebody else made of them meanwhile is not suspended, and not called a conflict of ours. */
static void
suspending_and_deleting_need_the_version_that_they_name(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
	} rows[] = { { HTTP_POST, USER "/suspend" }, { HTTP_POST, USER "/resume" },
		{ HTTP_DELETE, USER } };

	(void)state;
	world.flow.code = ERR_CONFLICT;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send((struct fake_request){ .method = rows[i].method,
			.listener = HTTP_UNIX,
			.path = rows[i].path,
			.if_match = "\"v1\"" });

		assert_int_equal(fake_http_status(x), 412);
		assert_string_equal(i < 2 ? world.flow.change.tag : world.flow.removal.tag, "v1");
		fake_http_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(a_page_has_its_items_total_counts_and_the_way_on),
		WITH_API(the_query_reaches_the_roster),
		WITH_API(a_query_that_means_nothing_is_refused_by_name),
		WITH_API(what_the_roster_refuses_is_told),
		WITH_API(a_user_is_shown_in_the_directorys_words),
		WITH_API(a_user_is_shown_from_the_list_while_the_directory_is_away),
		WITH_API(a_pending_invitation_is_a_person_too),
		WITH_API(a_dn_with_an_escaped_comma_has_the_right_org_unit),
		WITH_API(a_text_that_is_no_id_is_nobody),
		WITH_API(a_merge_patch_sets_and_removes),
		WITH_API(groups_are_a_whole_list_and_a_part_of_the_version),
		WITH_API(a_change_needs_the_version_that_it_names),
		WITH_API(what_cannot_be_changed_is_named),
		WITH_API(what_the_flow_refuses_has_its_status_and_fields),
		WITH_API(suspending_resuming_and_restoring_answer_with_the_person),
		WITH_API(a_deletion_is_answered_by_what_became_of_it),
		WITH_API(a_deletion_is_asked_for_as_the_client_wants_it),
		WITH_API(who_may_not_revoke_invitations_deletes_users_only),
		WITH_API(suspending_and_deleting_need_the_version_that_they_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
