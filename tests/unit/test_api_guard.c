/* Wrong tokens: each next one of a source waits longer, and a right one never waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

enum { FREE = 20, SECOND = 1000 };

#define USERS  "/api/v1/users"
#define WRONG  "Bearer wrong"
#define HERE   "192.0.2.1"
#define THERE  "192.0.2.2"
#define PREFIX "2001:db8:1:2:"

/* The status; `wait_s`, unless NULL: the seconds of Retry-After, 0 without. */
static int
ask(const char *client, const char *authorization, int *wait_s)
{
	struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_GET,
	    .listener = HTTP_CONTROL,
	    .path = USERS,
	    .authorization = authorization,
	    .client = client });
	const char *text = fake_http_reply_header(x, "Retry-After");
	int status = fake_http_status(x);

	assert_int_equal(status == 429, text != NULL);
	if (wait_s != NULL)
		*wait_s = text != NULL ? atoi(text) : 0;
	fake_http_free(x);
	return status;
}

static void
fail_for_free(const char *client)
{
	for (int i = 0; i < FREE; i++)
		assert_int_equal(ask(client, WRONG, NULL), 401);
}

static void
wrong_tokens_of_a_source_wait_longer_each_time(void **state)
{
	int wait_s;

	(void)state;
	fail_for_free(HERE);
	for (int expected = 1; expected < 60; expected *= 2) {
		assert_int_equal(ask(HERE, WRONG, &wait_s), 429);
		assert_int_equal(wait_s, expected);
		assert_int_equal(ask(THERE, WRONG, NULL), 401);
		world.wall += expected * SECOND;
		assert_int_equal(ask(HERE, WRONG, NULL), 401);
	}
	assert_int_equal(ask(HERE, WRONG, &wait_s), 429);
	assert_int_equal(wait_s, 60);
	world.wall += 16 * 60 * SECOND;
	fail_for_free(HERE);
}

static void
one_prefix_of_ipv6_is_one_source(void **state)
{
	char client[64];

	(void)state;
	for (int i = 0; i < FREE; i++) {
		snprintf(client, sizeof(client), PREFIX ":%x", i);
		assert_int_equal(ask(client, WRONG, NULL), 401);
	}
	assert_int_equal(ask(PREFIX "ffff::1", WRONG, NULL), 429);
	assert_int_equal(ask("2001:db8:1:3::1", WRONG, NULL), 401);
}

static void
a_right_token_is_never_refused_and_begins_the_count_anew(void **state)
{
	(void)state;
	api_world_make_token(AUTH_USERS_READ);
	fail_for_free(HERE);
	assert_int_equal(ask(HERE, WRONG, NULL), 429);
	assert_int_equal(ask(HERE, world.token_text, NULL), 200);
	fail_for_free(HERE);
	assert_int_equal(ask(HERE, WRONG, NULL), 429);
}

static void
who_names_nobody_and_who_may_not_is_not_counted(void **state)
{
	(void)state;
	api_world_make_token(AUTH_TOKENS);
	for (int i = 0; i < 3 * FREE; i++) {
		assert_int_equal(ask(HERE, NULL, NULL), 401);
		assert_int_equal(ask(THERE, world.token_text, NULL), 403);
	}
	assert_int_equal(ask(HERE, WRONG, NULL), 401);
	assert_int_equal(ask(THERE, WRONG, NULL), 401);
}

static int
ask_with_cookie(const char *cookie, const char *site)
{
	struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_GET,
	    .listener = HTTP_CONTROL,
	    .path = USERS,
	    .cookie = cookie,
	    .sec_fetch_site = site,
	    .client = HERE });
	int status = fake_http_status(x);

	fake_http_free(x);
	return status;
}

static void
cookies_that_are_none_of_ours_are_not_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * FREE; i++) {
		assert_int_equal(ask_with_cookie("theme=dark; xusherd=1", NULL), 401);
		assert_int_equal(ask_with_cookie("usherd=wrong", "cross-site"), 401);
	}
	for (int i = 0; i < FREE; i++)
		assert_int_equal(ask_with_cookie("theme=dark; usherd=wrong", NULL), 401);
	assert_int_equal(ask_with_cookie("usherd=wrong", NULL), 429);
	assert_int_equal(ask_with_cookie("theme=dark", NULL), 401);
}

static void
the_unix_socket_is_not_slowed_down(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * FREE; i++) {
		struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_GET,
		    .listener = HTTP_UNIX,
		    .path = USERS,
		    .authorization = WRONG });

		assert_int_equal(fake_http_status(x), 401);
		fake_http_free(x);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_tokens_of_a_source_wait_longer_each_time),
		TEST(one_prefix_of_ipv6_is_one_source),
		TEST(a_right_token_is_never_refused_and_begins_the_count_anew),
		TEST(who_names_nobody_and_who_may_not_is_not_counted),
		TEST(cookies_that_are_none_of_ours_are_not_counted),
		TEST(the_unix_socket_is_not_slowed_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
