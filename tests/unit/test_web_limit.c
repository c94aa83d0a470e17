/* How soon somebody may try again: posts of a source, links that nobody has, refused forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/web_world.h"

#define LINK  "/join/" WORLD_TOKEN
#define GUESS "/join/guess"
#define JSON  "application/json"
#define VALID "{\"password\":\"a password that is long enough\"}"

static struct world *
world_of(size_t posts_per_minute)
{
	struct world *w = world_new();

	w->conf.posts_per_minute = posts_per_minute;
	world_rebuild(w);
	return w;
}

/* The status, and the seconds of Retry-After: 0 when there is none. */
static int
end(struct http_exchange *x, int *wait_s)
{
	const char *text = fake_http_reply_header(x, "Retry-After");
	int status = x->status;

	assert_int_equal(status == 429 || status == 503, text != NULL);
	*wait_s = text != NULL ? atoi(text) : 0;
	fake_http_free(x);
	return status;
}

static int
get(struct world *w, const char *client, const char *path)
{
	int wait_s;

	w->client = client;
	return end(world_get(w, path, JSON), &wait_s);
}

static int
post(struct world *w, const char *client, const char *body, int *wait_s)
{
	w->client = client;
	return end(world_post_json(w, body), wait_s);
}

static void
a_source_posts_so_often_in_a_minute_and_then_evenly(void **state)
{
	struct world *w = world_of(6);
	int wait_s;

	(void)state;
	for (int i = 0; i < 6; i++)
		assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 201);
	assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 429);
	assert_int_equal(wait_s, 10);
	w->mono_ms += 9001;
	assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 429);
	assert_int_equal(wait_s, 1);
	w->mono_ms += 999;
	assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 201);
	assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 429);
	assert_int_equal(post(w, "192.0.2.2", VALID, &wait_s), 201);
	assert_int_equal(post(w, "2001:db8::1", VALID, &wait_s), 201);
	w->mono_ms += 60000;
	for (int i = 0; i < 6; i++)
		assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 201);
	world_free(w);
}

static void
unknown_links_cost_more_and_more_time_and_leave_real_ones_alone(void **state)
{
	static const int waits[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };
	struct world *w = world_of(600);
	int wait_s;

	(void)state;
	for (int i = 0; i < 19; i++)
		assert_int_equal(get(w, "192.0.2.1", GUESS), 404);
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		assert_int_equal(get(w, "192.0.2.1", GUESS), 404);
		assert_int_equal(end(world_get(w, GUESS, JSON), &wait_s), 429);
		assert_int_equal(wait_s, waits[i]);
		assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 201);
		assert_int_equal(get(w, "192.0.2.1", LINK), 200);
		assert_int_equal(get(w, "192.0.2.2", GUESS), 404);
		w->mono_ms += waits[i] * 1000;
	}
	w->mono_ms += INT64_C(3600) * 1000;
	for (int i = 0; i < 20; i++)
		assert_int_equal(get(w, "192.0.2.1", GUESS), 404);
	world_free(w);
}

static void
a_link_that_nobody_has_any_more_counts_as_unknown(void **state)
{
	struct world *w = world_of(1);

	(void)state;
	w->flow.view.state = VIEW_UNKNOWN;
	assert_int_equal(get(w, "192.0.2.1", LINK), 404);
	assert_int_equal(get(w, "192.0.2.1", LINK), 429);
	world_free(w);
}

static void
a_crowd_of_guessers_is_slowed_down_as_one(void **state)
{
	struct world *w = world_of(1000000);
	char client[32];
	int refused = 0;

	(void)state;
	for (int i = 0; i < 1200; i++) {
		snprintf(client, sizeof(client), "10.%d.%d.1", i / 256, i % 256);
		refused += get(w, client, GUESS) == 429;
	}
	assert_int_equal(refused, 200);
	assert_int_equal(get(w, client, LINK), 200);
	w->mono_ms += 2000;
	assert_int_equal(get(w, "192.0.2.1", GUESS), 404);
	world_free(w);
}

static void
refused_forms_of_one_link_cost_more_and_more_time(void **state)
{
	struct world *w = world_of(1000000);
	int wait_s;

	(void)state;
	w->flow.accept_code = ERR_INVALID;
	field_errors_add(&w->errors, "password", "too_short", "too short");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(post(w, "192.0.2.1", VALID, &wait_s), 422);
		assert_int_equal(post(w, "192.0.2.2", "{\"password\":1}", &wait_s) / 100, 4);
	}
	assert_int_equal(post(w, "192.0.2.4", VALID, &wait_s), 429);
	assert_int_equal(wait_s, 1);
	assert_int_equal(get(w, "192.0.2.4", LINK), 200);
	w->mono_ms += 1000;
	assert_int_equal(post(w, "192.0.2.4", "{", &wait_s), 400);
	assert_int_equal(post(w, "192.0.2.4", VALID, &wait_s), 429);
	assert_int_equal(wait_s, 2);
	w->mono_ms += 2000;
	w->flow.accept_code = ERR_OK;
	assert_int_equal(post(w, "192.0.2.4", VALID, &wait_s), 201);
	assert_int_equal(post(w, "192.0.2.4", VALID, &wait_s), 201);
	world_free(w);
}

static void
a_form_that_is_not_refused_costs_nothing(void **state)
{
	static const enum err codes[] = { ERR_OK, ERR_BUSY, ERR_UNAVAILABLE, ERR_USED, ERR_UNKNOWN,
		ERR_INTERNAL };
	struct world *w = world_of(1000000);
	int wait_s;

	(void)state;
	for (int i = 0; i < 100; i++) {
		w->flow.accept_code = codes[i % 6];
		assert_int_not_equal(post(w, "192.0.2.1", VALID, &wait_s), 429);
	}
	world_free(w);
}

static void
no_limit_is_no_limit_at_all(void **state)
{
	struct world *w = world_of(0);
	int wait_s;

	(void)state;
	for (int i = 0; i < 2000; i++)
		assert_int_equal(get(w, "192.0.2.1", GUESS), 404);
	for (int i = 0; i < 100; i++)
		assert_int_equal(post(w, "192.0.2.1", "{", &wait_s), 400);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_posts_so_often_in_a_minute_and_then_evenly),
		cmocka_unit_test(unknown_links_cost_more_and_more_time_and_leave_real_ones_alone),
		cmocka_unit_test(a_link_that_nobody_has_any_more_counts_as_unknown),
		cmocka_unit_test(a_crowd_of_guessers_is_slowed_down_as_one),
		cmocka_unit_test(refused_forms_of_one_link_cost_more_and_more_time),
		cmocka_unit_test(a_form_that_is_not_refused_costs_nothing),
		cmocka_unit_test(no_limit_is_no_limit_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
