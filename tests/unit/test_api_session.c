/* /api/v1/session: signing in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_session.h"

static void
who_signs_in_gets_a_cookie_and_is_told_who_they_are(void **state)
{
	const struct roster_row row = { .status = FEED_ACTIVE,
		.name = { "Ada Lovelace", 12 },
		.uid = { "ada", 3 },
		.mail = { "ada@example.org", 15 } };
	struct http_exchange *x;
	const char *set;
	json_t *body;

	(void)state;
	world.roster.found = &row;
	x = session_post(GOOD);
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_access.login, "ada");
	assert_string_equal(fake_access.password, "correct horse");
	assert_string_equal(fake_access.old_session, "(null)");
	set = fake_http_reply_header(x, "Set-Cookie");
	assert_memory_equal(set, "usherd=", 7);
	assert_string_equal(set + 7 + 43, "; Path=/; HttpOnly; SameSite=Strict");
	body = api_world_body(x);
	assert_string_equal(session_text(body, "kind"), "session");
	assert_string_equal(session_text(body, "actor"), "user:" FAKE_USER_ID);
	assert_string_equal(session_text(body, "id"), FAKE_USER_ID);
	assert_string_equal(session_text(body, "name"), "Ada Lovelace");
	assert_string_equal(session_text(body, "uid"), "ada");
	assert_string_equal(session_text(body, "mail"), "ada@example.org");
	assert_string_equal(session_text(body, "expires_at"), "2023-11-15T06:13:20.000Z");
	assert_int_equal(json_integer_value(json_object_get(body, "idle_seconds")), 900);
	assert_true(json_is_null(json_object_get(body, "org_units")));
	assert_true(json_is_false(json_object_get(body, "read_only")));
	assert_int_equal(json_array_size(json_object_get(body, "roles")), 1);
	assert_null(strstr(fake_http_body(x), set + 7)); /* the secret is in the cookie alone */
	json_decref(body);
	fake_http_free(x);
}

static void
a_cookie_over_tls_has_the_prefix_that_nobody_else_can_set(void **state)
{
	struct http_exchange *x = api_world_send((struct fake_request){
	    .method = HTTP_POST, .path = SESSION, .body = GOOD, .is_secure = true });
	const char *set = fake_http_reply_header(x, "Set-Cookie");

	(void)state;
	assert_memory_equal(set, "__Host-usherd=", 14);
	assert_string_equal(set + 14 + 43, "; Path=/; Secure; HttpOnly; SameSite=Strict");
	session_keep_cookie(x);
	fake_http_free(x);
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 401); /* not heard without TLS */
	session_expect(
	    api_world_send((struct fake_request){
		.method = HTTP_GET, .path = SESSION, .cookie = session_cookie, .is_secure = true }),
	    200);
}

static void
a_limited_person_is_told_where_they_may_do_what(void **state)
{
	struct http_exchange *x;
	json_t *body, *units;

	(void)state;
	fake_access.member[0] = false;
	fake_access.member[1] = true;
	x = session_post(GOOD);
	assert_int_equal(fake_http_status(x), 201);
	body = api_world_body(x);
	units = json_object_get(body, "org_units");
	assert_int_equal(json_array_size(units), 1);
	assert_string_equal(json_string_value(json_array_get(units, 0)), FAKE_PLACE);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(body, "roles"), 0)), "inviter");
	assert_true(json_is_null(json_object_get(body, "name"))); /* not in the list yet */
	json_decref(body);
	fake_http_free(x);
}

static void
a_refusal_says_one_thing_and_sets_no_cookie(void **state)
{
	static const struct {
		enum err code;
		int64_t wait_ms;
		int status;
		const char *retry_after;
	} rows[] = {
		{ ERR_UNAUTHENTICATED, 0, 401, NULL },
		{ ERR_THROTTLED, 1, 429, "1" },
		{ ERR_THROTTLED, 1001, 429, "2" },
		{ ERR_THROTTLED, 900000, 429, "900" },
		{ ERR_BUSY, 0, 503, "1" },
		{ ERR_UNAVAILABLE, 0, 503, "5" },
		{ ERR_INVALID, 0, 422, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *after;
		struct http_exchange *x;

		fake_access.code = rows[i].code;
		fake_access.text = "words of the flow";
		fake_access.wait_ms = rows[i].wait_ms;
		x = session_post(GOOD);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_null(fake_http_reply_header(x, "Set-Cookie"));
		after = fake_http_reply_header(x, "Retry-After");
		assert_string_equal(after != NULL ? after : "none",
		    rows[i].retry_after != NULL ? rows[i].retry_after : "none");
		fake_http_free(x);
	}
}

static void
what_is_missing_is_named_and_nobody_is_asked(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *field, *code;
	} rows[] = {
		{ "{}", 422, "login", "required" },
		{ "{\"login\":\"ada\"}", 422, "password", "required" },
		{ "{\"login\":\"ada\",\"password\":\"\"}", 422, "password", "required" },
		{ "{\"login\":\"\",\"password\":\"x\"}", 422, "login", "required" },
		{ "{\"login\":7,\"password\":\"x\"}", 400, "login", "wrong_type" },
		{ "{\"login\":\"ada\",\"password\":null}", 400, "password", "wrong_type" },
		{ "{\"login\":\"ada\",\"password\":\"x\",\"role\":1}", 400, "role", "unknown" },
		{ "[]", 400, "", "wrong_type" },
		{ "x", 400, "", "not_json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = session_post(rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(fake_access.calls, 0);
}

static void
nothing_of_a_password_comes_back_whatever_is_wrong_with_the_document(void **state)
{
	static const char *const bodies[] = {
		"{\"login\":\"ada\",\"password\":\"sesame\\u0000\"}",
		"{\"login\":\"ada\",\"password\":\"sesame\"",
		"{\"login\":\"ada\",\"password\":sesame}",
		"{\"password\":\"sesame\",\"password\":\"sesame\"}",
		"\"sesame",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct http_exchange *x = session_post(bodies[i]);

		assert_int_equal(fake_http_status(x), 400);
		assert_null(strstr(fake_http_body(x), "sesame"));
		fake_http_free(x);
	}
	assert_int_equal(fake_access.calls, 0);
}

/* http_request_of() borrows the body from the exchange. */
static void
the_password_does_not_stay_in_the_request(void **state)
{
	static const char *const bodies[] = { GOOD, "{\"login\":\"ada\",\"password\":\"correct" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct http_exchange *x = session_post(bodies[i]);
		const struct http_request *r = http_request_of(x);

		for (size_t k = 0; k < r->body_len; k++)
			assert_int_equal(r->body[k], 0);
		fake_http_free(x);
	}
}

static void
an_old_session_is_handed_on_to_be_ended(void **state)
{
	(void)state;
	session_sign_in();
	session_sign_in();
	assert_string_equal(fake_access.old_person, FAKE_USER_ID);
	assert_int_equal(strlen(fake_access.old_session), STORE_SESSION_ID_SIZE - 1);
	strcpy(session_cookie, "usherd=FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
	session_sign_in();
	assert_string_equal(fake_access.old_session, "(null)");
}

static void
any_caller_is_told_who_they_are(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_GET, SESSION, NULL, NULL);
	json_t *body = api_world_body(x);

	(void)state;
	assert_string_equal(session_text(body, "kind"), "peer");
	assert_string_equal(session_text(body, "actor"), "uid:0");
	assert_true(json_is_null(json_object_get(body, "id")));
	assert_true(json_is_null(json_object_get(body, "expires_at")));
	assert_true(json_is_null(json_object_get(body, "idle_seconds")));
	json_decref(body);
	fake_http_free(x);
	api_world_make_token(AUTH_MAIL_BOUNCES);
	x = api_world_send((struct fake_request){
	    .method = HTTP_GET, .path = SESSION, .authorization = world.token_text });
	body = api_world_body(x);
	assert_string_equal(session_text(body, "kind"), "token");
	assert_int_equal(json_array_size(json_object_get(body, "scopes")), 1);
	assert_string_equal(session_text(body, "expires_at"), "2023-11-14T22:14:20.000Z");
	json_decref(body);
	fake_http_free(x);
	session_expect(
	    api_world_send((struct fake_request){ .method = HTTP_GET, .path = SESSION }), 401);
}

static void
signing_out_ends_the_session_and_the_cookie_and_can_be_repeated(void **state)
{
	struct http_exchange *x;

	(void)state;
	session_sign_in();
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 200);
	for (int i = 0; i < 2; i++) {
		x = session_ask(HTTP_DELETE, SESSION, NULL);
		assert_int_equal(fake_http_status(x), 204);
		assert_string_equal(fake_http_reply_header(x, "Set-Cookie"),
		    "usherd=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
		fake_http_free(x);
		session_expect(session_ask(HTTP_GET, SESSION, NULL), 401);
	}
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(fake_store_end(world.store, 0)->why, "signed_out");
	assert_string_equal(fake_store_end(world.store, 0)->actor, "user:" FAKE_USER_ID);
	session_expect(
	    api_world_send((struct fake_request){ .method = HTTP_DELETE, .path = SESSION }), 204);
}

static void
everywhere_is_every_session_of_the_person(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		session_cookie[0] = '\0';
		session_sign_in();
	}
	assert_int_equal(fake_store_sessions(world.store), 3);
	session_expect(session_ask(HTTP_DELETE, SESSIONS, NULL), 204);
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 401);
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(fake_store_end(world.store, 0)->why, "signed_out_everywhere");
}

/* A token that may do next to nothing must not be able to sign its owner out. */
static void
only_a_session_signs_its_person_out(void **state)
{
	(void)state;
	session_sign_in();
	api_world_make_token(AUTH_MAIL_BOUNCES);
	session_expect(
	    api_world_send((struct fake_request){
		.method = HTTP_DELETE, .path = SESSIONS, .authorization = world.token_text }),
	    403);
	session_expect(api_world_send_root(HTTP_DELETE, SESSIONS, NULL, NULL), 403);
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 200);
}

#define WITH_API(name) cmocka_unit_test_setup_teardown(name, session_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(who_signs_in_gets_a_cookie_and_is_told_who_they_are),
		WITH_API(a_cookie_over_tls_has_the_prefix_that_nobody_else_can_set),
		WITH_API(a_limited_person_is_told_where_they_may_do_what),
		WITH_API(a_refusal_says_one_thing_and_sets_no_cookie),
		WITH_API(what_is_missing_is_named_and_nobody_is_asked),
		WITH_API(nothing_of_a_password_comes_back_whatever_is_wrong_with_the_document),
		WITH_API(the_password_does_not_stay_in_the_request),
		WITH_API(an_old_session_is_handed_on_to_be_ended),
		WITH_API(any_caller_is_told_who_they_are),
		WITH_API(signing_out_ends_the_session_and_the_cookie_and_can_be_repeated),
		WITH_API(everywhere_is_every_session_of_the_person),
		WITH_API(only_a_session_signs_its_person_out),
	};

	return cmocka_run_group_tests_name("api_session", tests, NULL, NULL);
}
