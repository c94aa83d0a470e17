/* /api/v1/invitations/preflight and /api/v1/settings: what a client is told before it asks for
 * something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define PATH "/api/v1/invitations/preflight"

static struct http_exchange *
look(const char *body)
{
	return api_world_send_root(HTTP_POST, PATH, NULL, body);
}

static const char *
text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void
what_was_typed_goes_to_the_flow_and_its_findings_come_back(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_exchange *x;
	json_t *body;

	(void)state;
	field_errors_init(&world.flow.errors, arena);
	field_errors_add(&world.flow.errors, "mail", "taken", "somebody \"has\" it");
	field_errors_add(&world.flow.errors, "groups[1]", "not_found", "no such group");
	world.flow.uid = "ada.lovelace";
	x = look("{\"given_name\":\"Ada\",\"mail\":\"ada@example.org\",\"groups\":[\"cn=a\"]}");
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(json_object_size(body), 2);
	assert_string_equal(text_of(body, "uid"), "ada.lovelace");
	assert_int_equal(json_array_size(json_object_get(body, "errors")), 2);
	assert_string_equal(api_world_error_on(body, "mail"), "taken");
	assert_string_equal(api_world_error_on(body, "groups[1]"), "not_found");
	assert_string_equal(world.flow.spec.person.value[PERSON_GIVEN_NAME], "Ada");
	assert_null(world.flow.spec.person.value[PERSON_FAMILY_NAME]);
	assert_int_equal(world.flow.spec.person.group_count, 1);
	assert_string_equal(world.flow.caller, "uid:0");
	json_decref(body);
	fake_http_free(x);
	arena_free(arena);
}

static void
nothing_wrong_is_an_empty_list(void **state)
{
	struct http_exchange *x = look("{}");

	(void)state;
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x), "{\"uid\":null,\"errors\":[]}");
	fake_http_free(x);
}

static void
a_document_that_is_not_the_contracts_is_malformed(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{\"given_name\":\"A\",\"objectClass\":\"x\"}", "objectClass", "unknown" },
		{ "{\"given_name\":null}", "given_name", "wrong_type" },
		{ "{\"mail\":\"a@b\",\"mail\":\"c@d\"}", "mail", "duplicate" },
		{ "{\"fields\":{\"shoe_size\":\"free\"}}", "fields.shoe_size", "unknown" },
		{ "", "", "not_json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = look(rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
what_the_api_itself_refuses_stands_beside_what_the_flow_does(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_exchange *x;
	json_t *body;

	(void)state;
	field_errors_init(&world.flow.errors, arena);
	field_errors_add(&world.flow.errors, "mail", "taken", "no");
	x = look("{\"method\":\"pigeon\",\"fields\":{\"uid\":\"free\",\"phone\":\"open\"}}");
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(api_world_error_on(body, "method"), "invalid");
	assert_string_equal(api_world_error_on(body, "fields.uid"), "not_allowed");
	assert_string_equal(api_world_error_on(body, "fields.phone"), "invalid");
	assert_string_equal(api_world_error_on(body, "mail"), "taken");
	json_decref(body);
	fake_http_free(x);
	arena_free(arena);
}

static void
a_personal_address_without_a_method_is_for_email(void **state)
{
	static const struct {
		const char *body;
		enum invitation_method method;
		const char *address;
	} rows[] = {
		{ "{\"personal_mail\":\"a@b.org\"}", INVITATION_BY_EMAIL, "a@b.org" },
		{ "{\"personal_mail\":\"\"}", INVITATION_BY_LINK, NULL },
		{ "{\"method\":\"email\"}", INVITATION_BY_EMAIL, NULL },
		{ "{\"method\":\"link\",\"personal_mail\":\"a@b.org\"}", INVITATION_BY_LINK,
		    "a@b.org" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = look(rows[i].body);

		assert_string_equal(fake_http_body(x), "{\"uid\":null,\"errors\":[]}");
		assert_int_equal(world.flow.spec.method, rows[i].method);
		if (rows[i].address == NULL)
			assert_null(world.flow.spec.personal_mail);
		else
			assert_string_equal(world.flow.spec.personal_mail, rows[i].address);
		fake_http_free(x);
	}
}

static void
what_is_not_about_a_field_is_answered_as_creating_would(void **state)
{
	static const struct {
		enum err code;
		const char *text;
		int status;
		const char *reason;
	} rows[] = {
		{ ERR_REFUSED, "quota: 5 of your invitations are open, and 5 may be at once", 409,
		    "quota" },
		{ ERR_UNAVAILABLE, NULL, 503, NULL },
		{ ERR_BUSY, NULL, 503, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const paths[] = { PATH, CREATE_PATH };

		for (size_t j = 0; j < 2; j++) {
			struct http_exchange *x;
			json_t *body;

			world.flow.code = rows[i].code;
			world.flow.text = rows[i].text;
			x = api_world_send_root(HTTP_POST, paths[j], NULL, GOOD_BODY);
			body = api_world_body(x);
			assert_int_equal(fake_http_status(x), rows[i].status);
			if (rows[i].reason != NULL)
				assert_string_equal(text_of(body, "reason"), rows[i].reason);
			json_decref(body);
			fake_http_free(x);
		}
	}
}

static void
what_is_complete_is_said_in_the_query_and_read_as_by_creating(void **state)
{
	static const struct {
		const char *query;
		bool is_complete;
	} rows[] = { { NULL, false }, { "complete=false", false }, { "complete=true", true } };
	static const char *const bad[] = { "complete=1", "complete=", "draft=true",
		"complete=true&complete=true" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, PATH, rows[i].query, "{\"given_name\":\"Ada\"}");
		json_t *body;
		const char *said;

		body = api_world_body(x);
		said = api_world_error_on(body, "method");
		assert_int_equal(fake_http_status(x), 200);
		assert_int_equal(world.flow.is_complete, rows[i].is_complete);
		if (rows[i].is_complete)
			assert_string_equal(said, "required");
		else
			assert_int_equal(json_array_size(json_object_get(body, "errors")), 0);
		json_decref(body);
		fake_http_free(x);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_POST, PATH, bad[i], "{}");

		assert_int_equal(fake_http_status(x), 400);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 3);
}

static void
whoever_asks_too_fast_is_told_when_to_ask_again(void **state)
{
	struct http_exchange *x;

	(void)state;
	for (int i = 0; i < 20; i++) {
		x = look("{}");
		assert_int_equal(fake_http_status(x), 200);
		fake_http_free(x);
	}
	x = look("{}");
	assert_int_equal(fake_http_status(x), 429);
	assert_string_equal(fake_http_reply_header(x, "Retry-After"), "1");
	assert_int_equal(world.flow.calls, 20);
	fake_http_free(x);
}

static void
who_asks_anew_before_the_answer_is_told_so_in_the_place_of_it(void **state)
{
	struct http_exchange *x;

	(void)state;
	world.flow.code = ERR_THROTTLED;
	world.flow.text = "a newer question of yours took its place";
	x = look("{}");
	assert_int_equal(fake_http_status(x), 429);
	assert_string_equal(fake_http_reply_header(x, "Retry-After"), "1");
	fake_http_free(x);
}

/* ---- settings ---- */

static json_t *
settings(void)
{
	struct http_exchange *x = api_world_send_root(HTTP_GET, "/api/v1/settings", NULL, NULL);
	json_t *body = api_world_body(x);

	assert_int_equal(fake_http_status(x), 200);
	fake_http_free(x);
	return body;
}

static void
settings_are_those_of_the_configuration(void **state)
{
	json_t *body, *wanted;

	(void)state;
	world.flow.settings = (struct flow_settings){ .gender_required = true,
		.sends_mail = true,
		.uid_template = "{g}{family}",
		.password_min = 15,
		.lifetime_s = 604800,
		.resend_s = 60,
		.restorable_s = 86400 };
	body = settings();
	wanted = json_pack("{s:s, s:s, s:s, s:[s,s,s], s:s, s:{s:[s,s], s:b, s:b, s:s,"
			   "s:{s:i, s:i, s:i}, s:i}, s:{s:i}, s:{s:i}}",
	    "organisation", "Engines \"Ltd\"", "public_url", "https://join.example.org",
	    "people_base", "OU=People,dc=example,dc=org", "languages", "en", "de", "pt-BR",
	    "default_language", "de", "invitations", "methods", "link", "email", "gender_required",
	    1, "birthday_required", 0, "uid_template", "{g}{family}", "lifetime", "default", 604800,
	    "min", 60, "max", 90 * 86400, "resend_after", 60, "users", "restorable", 86400,
	    "password", "min_length", 15);
	assert_non_null(wanted);
	assert_true(json_equal(body, wanted));
	json_decref(wanted);
	json_decref(body);
}

static void
without_mail_there_is_only_the_link(void **state)
{
	json_t *body, *invitations;

	(void)state;
	world.flow.settings = (struct flow_settings){ .uid_template = "{given}" };
	body = settings();
	invitations = json_object_get(body, "invitations");
	assert_int_equal(json_array_size(json_object_get(invitations, "methods")), 1);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(invitations, "methods"), 0)), "link");
	assert_true(json_is_null(json_object_get(invitations, "resend_after")));
	json_decref(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define API_TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
		API_TEST(what_was_typed_goes_to_the_flow_and_its_findings_come_back),
		API_TEST(nothing_wrong_is_an_empty_list),
		API_TEST(a_document_that_is_not_the_contracts_is_malformed),
		API_TEST(what_the_api_itself_refuses_stands_beside_what_the_flow_does),
		API_TEST(a_personal_address_without_a_method_is_for_email),
		API_TEST(what_is_not_about_a_field_is_answered_as_creating_would),
		API_TEST(what_is_complete_is_said_in_the_query_and_read_as_by_creating),
		API_TEST(whoever_asks_too_fast_is_told_when_to_ask_again),
		API_TEST(who_asks_anew_before_the_answer_is_told_so_in_the_place_of_it),
		API_TEST(settings_are_those_of_the_configuration),
		API_TEST(without_mail_there_is_only_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
