/* /api/v1/sessions: one's own sessions, and the end of one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_session.h"

#define OTHER_ID "22222222-2222-4222-8222-222222222222"

static char cookies[2][sizeof(session_cookie)];

/* Two of one person: a browser that says what it is and one that does not. */
static void
sign_in_twice(void)
{
	static const char *const agents[] = { "W3m \"<b>\"\x01/0.5", NULL };

	for (int i = 0; i < 2; i++) {
		struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_POST,
		    .path = SESSION,
		    .body = GOOD,
		    .client = "192.0.2.7",
		    .user_agent = agents[i] });

		assert_int_equal(fake_http_status(x), 201);
		session_keep_cookie(x);
		memcpy(cookies[i], session_cookie, sizeof(session_cookie));
		fake_http_free(x);
	}
}

static struct http_exchange *
ask_with(const char *cookie, enum http_method method, const char *path)
{
	memmove(session_cookie, cookie, sizeof(session_cookie));
	return session_ask(method, path, NULL);
}

static json_t *
list_with(const char *cookie)
{
	struct http_exchange *x = ask_with(cookie, HTTP_GET, SESSIONS);
	json_t *body;

	assert_int_equal(fake_http_status(x), 200);
	for (int i = 0; i < 2; i++)
		assert_null(strstr(fake_http_body(x), strchr(cookies[i], '=') + 1));
	body = api_world_body(x);
	fake_http_free(x);
	return body;
}

/* The one that is, or is not, the caller's. */
static const json_t *
item_of(const json_t *body, bool current)
{
	const json_t *items = json_object_get(body, "items"), *item, *found = NULL;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (json_is_true(json_object_get(item, "current")) == current) {
			assert_null(found);
			found = item;
		}
	}
	assert_non_null(found);
	return found;
}

static const char *
path_of(const char *id)
{
	static char path[64];

	snprintf(path, sizeof(path), SESSIONS "/%s", id);
	return path;
}

static void
ones_sessions_are_shown_without_their_secrets(void **state)
{
	const json_t *named, *unnamed;
	json_t *body;

	(void)state;
	sign_in_twice();
	body = list_with(cookies[1]);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 2);
	assert_int_equal(json_object_size(body), 1);
	named = item_of(body, false);
	unnamed = item_of(body, true);
	assert_int_equal(json_object_size(named), 7);
	assert_int_equal(strlen(session_text(named, "id")), 16);
	assert_string_not_equal(session_text(named, "id"), session_text(unnamed, "id"));
	assert_string_equal(session_text(named, "created_at"), "2023-11-14T22:13:20.000Z");
	/* Known to the minute, and not before it began. */
	assert_string_equal(session_text(named, "last_used_at"), "2023-11-14T22:13:20.000Z");
	assert_string_equal(session_text(named, "expires_at"), "2023-11-15T06:13:20.000Z");
	assert_string_equal(session_text(named, "source"), "192.0.2.7");
	assert_string_equal(session_text(named, "agent"), "W3m \"<b>\"/0.5");
	assert_true(json_is_null(json_object_get(unnamed, "agent")));
	json_decref(body);
}

static void
what_an_old_session_does_not_tell_is_null(void **state)
{
	struct store_session old = { .id = "00112233445566aa",
		.person = FAKE_USER_ID,
		.created_at = 1700000000000,
		.ends_at = 1700003600000,
		.used_at = 1700000000000 };
	const json_t *item;
	json_t *body;

	(void)state;
	session_sign_in();
	fake_store_put_session(world.store, &old);
	body = list_with(session_cookie);
	item = item_of(body, false);
	assert_string_equal(session_text(item, "id"), old.id);
	assert_true(json_is_null(json_object_get(item, "source")));
	assert_true(json_is_null(json_object_get(item, "agent")));
	json_decref(body);
}

static void
one_of_ones_sessions_is_ended_and_the_other_lives(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	sign_in_twice();
	body = list_with(cookies[1]);
	x = ask_with(cookies[1], HTTP_DELETE, path_of(session_text(item_of(body, false), "id")));
	assert_int_equal(fake_http_status(x), 204);
	assert_null(fake_http_reply_header(x, "Set-Cookie"));
	fake_http_free(x);
	session_expect(ask_with(cookies[0], HTTP_GET, SESSION), 401);
	session_expect(ask_with(cookies[1], HTTP_GET, SESSION), 200);
	assert_string_equal(fake_store_end(world.store, 0)->why, "signed_out_remotely");
	assert_string_equal(fake_store_end(world.store, 0)->actor, "user:" FAKE_USER_ID);
	session_expect(
	    ask_with(cookies[1], HTTP_DELETE, path_of(session_text(item_of(body, false), "id"))),
	    404);
	json_decref(body);
	body = list_with(cookies[1]);
	assert_int_equal(json_array_size(json_object_get(body, "items")), 1);
	json_decref(body);
}

static void
the_end_of_the_current_one_is_a_sign_out(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	sign_in_twice();
	body = list_with(cookies[0]);
	x = ask_with(cookies[0], HTTP_DELETE, path_of(session_text(item_of(body, true), "id")));
	assert_int_equal(fake_http_status(x), 204);
	assert_string_equal(fake_http_reply_header(x, "Set-Cookie"),
	    "usherd=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
	fake_http_free(x);
	session_expect(ask_with(cookies[0], HTTP_GET, SESSION), 401);
	session_expect(ask_with(cookies[1], HTTP_GET, SESSION), 200);
	assert_string_equal(fake_store_end(world.store, 0)->why, "signed_out");
	json_decref(body);
}

static void
what_is_not_ones_own_is_not_there(void **state)
{
	static const char *const ids[] = { "00112233445566aa", "0011223344556677", "x", "-",
		"00112233445566AA", FAKE_USER_ID };
	struct store_session others = { .id = "00112233445566aa",
		.person = OTHER_ID,
		.created_at = 1700000000000,
		.ends_at = 1700003600000,
		.used_at = 1700000000000 };

	(void)state;
	session_sign_in();
	fake_store_put_session(world.store, &others);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		session_expect(session_ask(HTTP_DELETE, path_of(ids[i]), NULL), 404);
	assert_non_null(fake_store_session(world.store, others.id));
	assert_int_equal(fake_store_ends(world.store), 0);
}

static void
only_a_session_sees_and_ends_sessions(void **state)
{
	static const enum http_method methods[] = { HTTP_GET, HTTP_DELETE };

	(void)state;
	session_sign_in();
	api_world_make_token(AUTH_ALL);
	for (int i = 0; i < 2; i++) {
		const char *path = i == 0 ? SESSIONS : path_of("00112233445566aa");

		session_expect(
		    api_world_send((struct fake_request){
			.method = methods[i], .path = path, .authorization = world.token_text }),
		    403);
		session_expect(api_world_send_root(methods[i], path, NULL, NULL), 403);
		session_expect(
		    api_world_send((struct fake_request){ .method = methods[i], .path = path }),
		    401);
	}
}

static void
the_list_takes_no_parameter(void **state)
{
	(void)state;
	session_sign_in();
	session_expect(api_world_send((struct fake_request){ .method = HTTP_GET,
			   .path = SESSIONS,
			   .query = "person=" OTHER_ID,
			   .cookie = session_cookie,
			   .sec_fetch_site = "same-origin" }),
	    400);
}

#define WITH_API(name) cmocka_unit_test_setup_teardown(name, session_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(ones_sessions_are_shown_without_their_secrets),
		WITH_API(what_an_old_session_does_not_tell_is_null),
		WITH_API(one_of_ones_sessions_is_ended_and_the_other_lives),
		WITH_API(the_end_of_the_current_one_is_a_sign_out),
		WITH_API(what_is_not_ones_own_is_not_there),
		WITH_API(only_a_session_sees_and_ends_sessions),
		WITH_API(the_list_takes_no_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
