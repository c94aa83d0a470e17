/* What a session's cookie is good for: from whose pages, and while rights can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_session.h"

static void
a_page_of_somebody_else_signs_nobody_in(void **state)
{
	static const struct fake_request rows[] = {
		{ .sec_fetch_site = "cross-site" },
		{ .sec_fetch_site = "same-site" },
		{ .origin = "https://evil.example", .host = HOST },
		{ .origin = "null", .host = HOST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_request q = rows[i];
		struct http_exchange *x;
		json_t *body;

		q.method = HTTP_POST;
		q.path = SESSION;
		q.body = GOOD;
		x = api_world_send(q);
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), 403);
		assert_string_equal(session_text(body, "reason"), "cross_site");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(fake_access.calls, 0);
}

static void
with_a_session_only_our_own_pages_change_anything(void **state)
{
	static const struct {
		const char *site, *origin, *host;
		int status;
	} rows[] = {
		{ "same-origin", NULL, NULL, 201 }, { NULL, "http://" HOST, HOST, 201 },
		{ NULL, NULL, NULL, 403 }, /* does not say */
		{ "same-site", NULL, NULL, 403 }, { "none", NULL, NULL, 403 },
		{ NULL, "http://evil.example", HOST, 403 }, { NULL, "https://" HOST, HOST, 403 },
		{ "cross-site", NULL, NULL, 401 }, /* the cookie is not looked at */
	};

	(void)state;
	session_sign_in();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		session_expect(api_world_send((struct fake_request){ .method = HTTP_POST,
				   .path = CREATE_PATH,
				   .body = GOOD_BODY,
				   .cookie = session_cookie,
				   .sec_fetch_site = rows[i].site,
				   .origin = rows[i].origin,
				   .host = rows[i].host }),
		    rows[i].status);
	session_expect(api_world_send((struct fake_request){
			   .method = HTTP_GET, .path = CREATE_PATH, .cookie = session_cookie }),
	    200); /* reading needs no more than the cookie */
}

/* POST /mail/bounces takes text, which a form can send. */
static void
with_a_session_a_body_is_json(void **state)
{
	(void)state;
	session_sign_in();
	session_expect(api_world_send((struct fake_request){ .method = HTTP_POST,
			   .path = "/api/v1/mail/bounces",
			   .body = "Subject: x\r\n\r\nx",
			   .content_type = "text/plain",
			   .cookie = session_cookie,
			   .sec_fetch_site = "same-origin" }),
	    415);
}

static void
a_cookie_is_not_heard_beside_a_token_or_twice(void **state)
{
	char twice[300];

	(void)state;
	session_sign_in();
	session_expect(api_world_send((struct fake_request){ .method = HTTP_GET,
			   .path = SESSION,
			   .cookie = session_cookie,
			   .authorization = "Bearer ush_wrong" }),
	    401);
	snprintf(twice, sizeof(twice), "%s; %s", session_cookie, session_cookie);
	session_expect(api_world_send((struct fake_request){
			   .method = HTTP_GET, .path = SESSION, .cookie = twice }),
	    401);
}

static void
a_page_of_somebody_else_signs_nobody_out(void **state)
{
	(void)state;
	session_sign_in();
	session_expect(api_world_send((struct fake_request){ .method = HTTP_DELETE,
			   .path = SESSION,
			   .cookie = session_cookie,
			   .sec_fetch_site = "cross-site" }),
	    403);
	session_expect(api_world_send((struct fake_request){
			   .method = HTTP_DELETE, .path = SESSION, .cookie = session_cookie }),
	    403);
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 200);
}

static void
who_cannot_be_told_may_still_sign_out(void **state)
{
	(void)state;
	session_sign_in();
	world.wall += 14 * 60 * 1000;
	world.directory_is_away = true;
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 503);
	session_expect(session_ask(HTTP_DELETE, SESSION, NULL), 204);
	assert_int_equal(fake_store_sessions(world.store), 0);
}

/* What was known of them is old by now. */
static void
who_comes_back_waits_for_the_directory_and_is_answered(void **state)
{
	(void)state;
	world.roster.cut_short = true; /* the list says nothing of them */
	session_sign_in();
	world.wall += 11 * 60 * 1000;
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 200);
	assert_int_equal(world.looks, 1);
	session_expect(session_ask(HTTP_DELETE, SESSIONS, NULL), 204);
	assert_int_equal(world.looks, 1);
}

static void
an_old_session_is_handed_on_also_while_its_rights_are_unknown(void **state)
{
	(void)state;
	session_sign_in();
	world.wall += 14 * 60 * 1000;
	world.directory_is_away = true;
	fake_http_free(session_post(GOOD));
	assert_string_equal(fake_access.old_person, FAKE_USER_ID);
}

/* While the directory is away there is reading, and nothing else. */
static void
what_the_directory_cannot_confirm_changes_nothing(void **state)
{
	(void)state;
	session_sign_in();
	world.wall += 5 * 60 * 1000;
	world.directory_is_away = true;
	session_expect(session_ask(HTTP_GET, SESSION, NULL), 200);
	session_expect(session_ask(HTTP_GET, CREATE_PATH, NULL), 200);
	session_expect(session_ask(HTTP_POST, CREATE_PATH, GOOD_BODY), 503);
	session_expect(session_ask(HTTP_DELETE, SESSIONS, NULL), 204);
}

#define WITH_API(name) cmocka_unit_test_setup_teardown(name, session_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(a_page_of_somebody_else_signs_nobody_in),
		WITH_API(with_a_session_only_our_own_pages_change_anything),
		WITH_API(with_a_session_a_body_is_json),
		WITH_API(a_cookie_is_not_heard_beside_a_token_or_twice),
		WITH_API(a_page_of_somebody_else_signs_nobody_out),
		WITH_API(who_cannot_be_told_may_still_sign_out),
		WITH_API(who_comes_back_waits_for_the_directory_and_is_answered),
		WITH_API(an_old_session_is_handed_on_also_while_its_rights_are_unknown),
		WITH_API(what_the_directory_cannot_confirm_changes_nothing),
	};

	return cmocka_run_group_tests_name("api_session_guard", tests, NULL, NULL);
}
