/* /api/v1/invitations: what the flow is asked, and what the client is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

static void
creating_hands_the_document_to_the_flow_and_answers_with_the_link(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_POST, CREATE_PATH, NULL, GOOD_BODY);
	static const char *const members[] = { "id", "status", "uid", "given_name", "family_name",
		"display_name", "gender", "birthday", "mail", "phone", "org_unit", "position",
		"language", "groups", "method", "fields", "created_at", "created_by", "expires_at",
		"dn", "timeline", "link" };
	json_t *body = api_world_body(x), *entry;

	(void)state;
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_http_reply_header(x, "Location"), "/api/v1/invitations/" FAKE_ID);
	assert_string_equal(world.flow.spec.person.value[PERSON_GIVEN_NAME], "Ada");
	assert_null(world.flow.spec.person.value[PERSON_PHONE]);
	assert_int_equal(world.flow.spec.person.group_count, 1);
	assert_int_equal(world.flow.spec.expires_in, 3600);
	assert_int_equal(world.flow.spec.method, INVITATION_BY_LINK);
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		assert_int_equal(world.flow.spec.modes[i], i == PERSON_PHONE	  ? FIELD_FREE
							   : i == PERSON_LANGUAGE ? FIELD_SUGGESTED
										  : FIELD_FIXED);
	assert_string_equal(world.flow.caller, "uid:0");
	assert_string_equal(world.flow.request_id, "00000000-0000-7000-8000-000000000000");
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
	world.flow.list_count = 3;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, paths[i], NULL, NULL);

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
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, CREATE_PATH, NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
what_a_rule_refuses_is_told_together_with_what_the_flow_refuses(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{}", "method", "required" },
		{ "{\"method\":\"pigeon\"}", "method", "invalid" },
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
	field_errors_init(&world.flow.errors, arena);
	field_errors_add(&world.flow.errors, "expires_in", "invalid", "no");
	field_errors_add(&world.flow.errors, "given_name", "required", "no");
	world.flow.code = ERR_INVALID;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, CREATE_PATH, NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 422);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		assert_string_equal(api_world_error_on(body, "given_name"), "required");
		assert_string_equal(api_world_error_on(body, "expires_in"), "");
		/* A lifetime that no world.flow accepts: nothing can be made. */
		assert_true(world.flow.spec.expires_in < INVITATION_LIFETIME_MIN &&
			    world.flow.spec.expires_in != 0);
		json_decref(body);
		fake_http_free(x);
	}
	arena_free(arena);
}

static void
by_mail_the_address_goes_to_the_flow_and_no_link_comes_back(void **state)
{
	struct delivery *d = delivery_new();
	struct http_exchange *x;
	json_t *body;

	(void)state;
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_INVITATION, NOW, NULL);
	world.flow.delivery = d;
	world.flow.inv->method = INVITATION_BY_EMAIL;
	world.flow.inv->personal_mail = "ada@example.net";
	x = api_world_send_root(HTTP_POST, CREATE_PATH, NULL,
	    "{\"method\":\"email\",\"personal_mail\":\"ada@example.net\"}");
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 201);
	assert_int_equal(world.flow.spec.method, INVITATION_BY_EMAIL);
	assert_string_equal(world.flow.spec.personal_mail, "ada@example.net");
	assert_string_equal(
	    json_string_value(json_object_get(body, "personal_mail")), "ada@example.net");
	assert_null(json_object_get(body, "link"));
	assert_null(strstr(fake_http_body(x), "usj_"));
	assert_non_null(strstr(fake_http_body(x), "\"event\":\"mail_queued\""));
	assert_string_equal(fake_http_reply_header(x, "Location"), CREATE_PATH "/" FAKE_ID);
	json_decref(body);
	fake_http_free(x);
	delivery_free(d);
	world.flow.delivery = NULL;
	/* Without a method nobody can tell whether the address belongs there. */
	fake_http_free(api_world_send_root(
	    HTTP_POST, CREATE_PATH, NULL, "{\"personal_mail\":\"ada@example.net\"}"));
	assert_null(world.flow.spec.personal_mail);
}

static void
a_lifetime_of_zero_seconds_is_not_the_default(void **state)
{
	(void)state;
	fake_http_free(api_world_send_root(
	    HTTP_POST, CREATE_PATH, NULL, "{\"method\":\"link\",\"expires_in\":0}"));
	assert_true(world.flow.spec.expires_in < 0);
	fake_http_free(api_world_send_root(HTTP_POST, CREATE_PATH, NULL, "{\"method\":\"link\"}"));
	assert_int_equal(world.flow.spec.expires_in, 0);
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
	field_errors_init(&world.flow.errors, arena);
	field_errors_add(&world.flow.errors, "mail", "taken", "somebody has it");
	field_errors_add(&world.flow.errors, "groups[2]", "not_found", "cut \xc3");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		world.flow.code = rows[i].code;
		x = api_world_send_root(HTTP_POST, CREATE_PATH, NULL, GOOD_BODY);
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_equal(api_world_error_on(body, "mail"), "taken");
		assert_string_equal(api_world_error_on(body, "groups[2]"), "not_found");
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
		{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/link" },
		{ HTTP_POST, CREATE_PATH "/" FAKE_ID "/resend" } };

	(void)state;
	for (size_t a = 0; a < sizeof(asks) / sizeof(asks[0]); a++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct http_exchange *x;

			world.flow.code = rows[i].code;
			world.flow.text = "no record under this key";
			x = api_world_send_root(asks[a].method, asks[a].path, NULL, NULL);
			assert_int_equal(fake_http_status(x), rows[i].status);
			assert_string_equal(world.flow.id, FAKE_ID);
			assert_null(strstr(fake_http_body(x), "usj_"));
			if (rows[i].code == ERR_NOT_FOUND) {
				assert_null(strstr(fake_http_body(x), "no record"));
				assert_non_null(strstr(fake_http_body(x), "no such invitation"));
			}
			fake_http_free(x);
		}
	}
}

static void
a_new_link_is_the_whole_answer(void **state)
{
	struct http_exchange *x =
	    api_world_send_root(HTTP_POST, CREATE_PATH "/" FAKE_ID "/link", NULL, NULL);

	(void)state;
	assert_string_equal(
	    fake_http_body(x), "{\"link\":\"https://join.example.org/join/" FAKE_LINK_TOKEN "\"}");
	fake_http_free(x);
}

static void
a_new_link_takes_an_empty_document_and_no_other(void **state)
{
	static const struct {
		const char *body;
		int status;
	} rows[] = { { "{}", 200 }, { "{\"expires_in\":60}", 400 }, { "[]", 400 }, { "x", 400 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = api_world_send_root(
		    HTTP_POST, CREATE_PATH "/" FAKE_ID "/link", NULL, rows[i].body);

		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
	}
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
		x = api_world_send_root(HTTP_GET, path, NULL, NULL);
		assert_int_equal(fake_http_status(x), 404);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
each_state_is_shown_under_its_outside_name(void **state)
{
	static const struct {
		enum invitation_state state;
		int64_t after;
		const char *name;
		bool dn;
		bool undeliverable;
	} rows[] = {
		{ INVITATION_PENDING, 0, "undeliverable", false, true },
		{ INVITATION_PENDING, 3600 * 1000, "expired", false, true },
		{ INVITATION_CLAIMED, 0, "in_progress", false, true },
		{ INVITATION_PENDING, 0, "pending", false, false },
		{ INVITATION_PENDING, 3600 * 1000, "expired", false, false },
		{ INVITATION_CLAIMED, 0, "in_progress", false, false },
		{ INVITATION_CREATED, 0, "in_progress", false, false },
		{ INVITATION_DONE, 0, "done", true, false },
		{ INVITATION_EXPIRED, 0, "expired", false, false },
		{ INVITATION_REVOKED, 0, "revoked", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		json_t *body;

		world.flow.inv->state = rows[i].state;
		world.flow.inv->undeliverable = rows[i].undeliverable;
		world.wall = NOW + rows[i].after;
		x = api_world_send_root(HTTP_GET, CREATE_PATH "/" FAKE_ID, NULL, NULL);
		body = api_world_body(x);
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
	world.flow.list_count = 2;
	world.flow.next = FAKE_ID;
	x = api_world_send_root(
	    HTTP_GET, CREATE_PATH, "limit=2&cursor=" FAKE_ID "&status=pending", NULL);
	body = api_world_body(x);
	assert_int_equal(world.flow.limit, 2);
	assert_string_equal(world.flow.after, FAKE_ID);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 2);
	assert_string_equal(json_string_value(json_object_get(body, "next_cursor")), FAKE_ID);
	json_decref(body);
	fake_http_free(x);
	/* Past their end and not swept yet: not open any more. */
	world.wall = NOW + 3600 * 1000;
	world.flow.next = NULL;
	x = api_world_send_root(HTTP_GET, CREATE_PATH, NULL, NULL);
	assert_int_equal(world.flow.limit, 50);
	assert_string_equal(world.flow.after, "");
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
		{ "status=done", "status" },
		{ "offset=3", "offset" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_GET, CREATE_PATH, rows[i].query, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
a_cursor_that_is_none_is_named(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	world.flow.code = ERR_INVALID;
	world.flow.text = "cursor: this is none, or not all of it";
	x = api_world_send_root(HTTP_GET, CREATE_PATH, "cursor=x", NULL);
	assert_int_equal(fake_http_status(x), 400);
	body = api_world_body(x);
	assert_string_equal(api_world_error_on(body, "cursor"), "invalid");
	json_decref(body);
	fake_http_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(creating_hands_the_document_to_the_flow_and_answers_with_the_link),
		WITH_API(the_link_is_in_no_later_answer),
		WITH_API(a_document_that_is_not_the_contracts_is_malformed),
		WITH_API(what_a_rule_refuses_is_told_together_with_what_the_flow_refuses),
		WITH_API(by_mail_the_address_goes_to_the_flow_and_no_link_comes_back),
		WITH_API(a_lifetime_of_zero_seconds_is_not_the_default),
		WITH_API(what_the_flow_refuses_has_its_status_and_fields),
		WITH_API(one_invitation_is_answered_by_what_became_of_it),
		WITH_API(a_new_link_is_the_whole_answer),
		WITH_API(a_new_link_takes_an_empty_document_and_no_other),
		WITH_API(a_text_that_is_no_id_names_nothing),
		WITH_API(each_state_is_shown_under_its_outside_name),
		WITH_API(the_list_has_items_and_the_way_on),
		WITH_API(a_query_that_means_nothing_is_refused_by_name),
		WITH_API(a_cursor_that_is_none_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
