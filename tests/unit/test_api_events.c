/* GET /api/v1/events: who hears what, from where on, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define EVENTS "/api/v1/events"

static struct http_exchange *
listen_from(const char *last_event_id)
{
	struct http_exchange *x = api_world_send((struct fake_request){ .method = HTTP_GET,
	    .listener = HTTP_UNIX,
	    .path = EVENTS,
	    .last_event_id = last_event_id });

	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_type(x), "text/event-stream");
	return x;
}

/* The id that the first line "id: ..." of a stream gave, in a buffer of this function. */
static const char *
first_id(const struct http_exchange *x)
{
	static char id[64];
	const char *at = strstr(fake_http_body(x), "id: ");

	assert_non_null(at);
	assert_int_equal(sscanf(at, "id: %63s", id), 1);
	return id;
}

/* An id of this process, with another version. */
static void
make_id(char out[96], const char *of, unsigned long version)
{
	snprintf(out, 96, "%.*s-%lu", (int)strcspn(of, "-"), of, version);
}

static void
publish(uint64_t version, size_t count)
{
	struct roster_event *events = calloc(count + 1, sizeof(*events));

	for (size_t i = 0; i < count; i++) {
		events[i].id[14] = (unsigned char)(i >> 8);
		events[i].id[15] = (unsigned char)i;
		events[i].change = i % 3 == 0	? ROSTER_ADDED
				   : i % 3 == 1 ? ROSTER_CHANGED
						: ROSTER_REMOVED;
		events[i].status = FEED_ACTIVE;
	}
	world.roster.on_change(world.roster.on_change_arg, version, count == 0, events, count);
	free(events);
}

static size_t
count_of(const struct http_exchange *x, const char *text)
{
	size_t n = 0;

	for (const char *p = fake_http_body(x); (p = strstr(p, text)) != NULL; p++)
		n++;
	return n;
}

static void
a_change_is_told_to_everybody_who_listens(void **state)
{
	struct http_exchange *one = listen_from(NULL), *two = listen_from(NULL);
	const char *told;
	char id[96];

	(void)state;
	make_id(id, first_id(one), 8);
	assert_int_equal(count_of(one, "event:"), 0);
	publish(8, 3);
	told = strstr(fake_http_body(one), "event:");
	assert_non_null(told);
	assert_string_equal(told, strstr(fake_http_body(two), "event:"));
	assert_int_equal(strncmp(told,
			     "event: user\n"
			     "data: {\"id\":\"00000000-0000-0000-0000-000000000000\","
			     "\"change\":\"added\",\"status\":\"active\"}\n\n"
			     "event: user\n"
			     "data: {\"id\":\"00000000-0000-0000-0000-000000000001\","
			     "\"change\":\"changed\",\"status\":\"active\"}\n\n"
			     "event: user\n"
			     "data: {\"id\":\"00000000-0000-0000-0000-000000000002\","
			     "\"change\":\"removed\",\"status\":\"active\"}\nid: ",
			     strstr(told, "id: ") - told + 4),
	    0);
	assert_non_null(strstr(told, id));
	fake_http_leave(two);
	publish(9, 1);
	assert_int_equal(count_of(one, "event:"), 4);
	assert_int_equal(count_of(two, "event:"), 3);
	fake_http_free(one);
	fake_http_free(two);
}

static void
more_changes_than_can_be_told_are_a_reset(void **state)
{
	struct http_exchange *x = listen_from(NULL);

	(void)state;
	publish(8, 0);
	assert_int_equal(count_of(x, "event: reset\ndata: {}\nid: "), 1);
	assert_int_equal(count_of(x, "event: user"), 0);
	fake_http_free(x);
}

static void
whoever_comes_back_hears_what_was_missed(void **state)
{
	struct http_exchange *x = listen_from(NULL);
	static const struct {
		unsigned long version;
		size_t users, resets;
	} rows[] = {
		{ 7, 6, 0 },  /* from the beginning */
		{ 8, 4, 0 },  /* 8 had two */
		{ 9, 1, 0 },  /* 9 had three */
		{ 10, 0, 0 }, /* all of it */
		{ 6, 0, 1 },  /* before this process looked */
		{ 11, 0, 1 }, /* not yet */
		{ 0, 0, 1 },
	};
	char id[96];

	(void)state;
	snprintf(id, sizeof(id), "%s", first_id(x));
	fake_http_free(x);
	publish(8, 2);
	publish(9, 3);
	publish(10, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char from[96];

		make_id(from, id, rows[i].version);
		x = listen_from(from);
		assert_int_equal(count_of(x, "event: user"), rows[i].users);
		assert_int_equal(count_of(x, "event: reset"), rows[i].resets);
		/* One id a version. */
		if (rows[i].version == 7)
			assert_int_equal(count_of(x, "\nid: "), 3);
		fake_http_free(x);
	}
}

static void
an_id_that_this_process_never_gave_is_a_reset(void **state)
{
	static const char *const ids[] = { "", "7", "-7", "0123456789abcdef-7", "x",
		"99999999999999999999999999999999999999999999999999999999999999999999999-1" };
	static const char *const bad[] = { "", "x", "-1", "7x", "99999999999999999999999" };
	struct http_exchange *x = listen_from(NULL);
	char id[96], from[160];

	(void)state;
	snprintf(id, sizeof(id), "%s", first_id(x));
	fake_http_free(x);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		x = listen_from(ids[i]);
		assert_int_equal(count_of(x, "event: reset"), 1);
		fake_http_free(x);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(from, sizeof(from), "%.*s-%s", (int)strcspn(id, "-"), id, bad[i]);
		x = listen_from(from);
		assert_int_equal(count_of(x, "event: reset"), 1);
		fake_http_free(x);
	}
}

static void
what_the_ring_has_forgotten_is_a_reset(void **state)
{
	struct http_exchange *x = listen_from(NULL);
	char id[96], from[96];

	(void)state;
	snprintf(id, sizeof(id), "%s", first_id(x));
	fake_http_free(x);
	publish(8, 500);
	publish(9, 500);
	publish(10, 100); /* 76 of version 8 have to go */
	make_id(from, id, 7);
	x = listen_from(from);
	assert_int_equal(count_of(x, "event: reset"), 1);
	assert_int_equal(count_of(x, "event: user"), 0);
	fake_http_free(x);
	make_id(from, id, 8);
	x = listen_from(from);
	assert_int_equal(count_of(x, "event: user"), 600);
	assert_int_equal(count_of(x, "event: reset"), 0);
	fake_http_free(x);
	publish(11, 0); /* all */
	make_id(from, id, 10);
	x = listen_from(from);
	assert_int_equal(count_of(x, "event: reset"), 1);
	fake_http_free(x);
	make_id(from, id, 11);
	x = listen_from(from);
	assert_int_equal(count_of(x, "event:"), 0);
	fake_http_free(x);
}

/* ---- how long ---- */

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(world.loop);
}

/* Turns the loop for some beats; true when the stream was ended. */
static bool
is_ended(const struct http_exchange *x, int beats)
{
	struct loop_timer *t = loop_timer_new(world.loop, stop, NULL);

	for (; beats > 0 && fake_http_is_streaming(x); beats--) {
		loop_timer_set(t, 2);
		loop_run(world.loop);
	}
	loop_timer_free(t);
	return !fake_http_is_streaming(x);
}

static struct http_exchange *
listen_with_token(void)
{
	return api_world_send((struct fake_request){ .method = HTTP_GET,
	    .listener = HTTP_CONTROL,
	    .path = EVENTS,
	    .authorization = world.token_text });
}

static void
a_stream_ends_with_its_token(void **state)
{
	struct http_exchange *expiring, *roots = listen_from(NULL);

	(void)state;
	api_world_make_token(AUTH_USERS_READ);
	expiring = listen_with_token();
	assert_int_equal(fake_http_status(expiring), 200);
	assert_false(is_ended(expiring, 5));
	world.wall = NOW + 60 * 1000;
	assert_true(is_ended(expiring, 5000));
	publish(8, 1);
	assert_int_equal(count_of(expiring, "event: user"), 0);
	assert_int_equal(count_of(roots, "event: user"), 1);
	assert_true(fake_http_is_streaming(roots));
	fake_http_free(expiring);
	fake_http_free(roots);
}

/* Not even what happens in the same moment. */
static void
whoever_has_lost_the_right_hears_of_no_change_any_more(void **state)
{
	struct http_exchange *x, *roots = listen_from(NULL);

	(void)state;
	api_world_make_token(AUTH_USERS_READ);
	x = listen_with_token();
	world.wall = NOW + 60 * 1000;
	publish(8, 1);
	assert_int_equal(count_of(x, "event: user"), 0);
	assert_false(fake_http_is_streaming(x));
	assert_int_equal(count_of(roots, "event: user"), 1);
	fake_http_free(x);
	fake_http_free(roots);
}

static void
a_stream_ends_at_once_when_its_token_is_revoked(void **state)
{
	struct http_exchange *x, *deleted, *roots = listen_from(NULL);
	char path[64];

	(void)state;
	api_world_make_token(AUTH_USERS_READ);
	x = listen_with_token();
	assert_false(is_ended(x, 5));
	/* "Bearer ush_ID_SECRET" */
	snprintf(path, sizeof(path), "/api/v1/tokens/%.16s", world.token_text + 11);
	deleted = api_world_send_root(HTTP_DELETE, path, NULL, NULL);
	assert_int_equal(fake_http_status(deleted), 204);
	fake_http_free(deleted);
	assert_true(is_ended(x, 5000));
	assert_true(fake_http_is_streaming(roots));
	fake_http_free(x);
	fake_http_free(roots);
}

/* Not only at the next beat. */
static int
setup_with_rare_beats(void **state)
{
	world.beats_rarely = true;
	return api_world_setup(state);
}

static int
teardown_rare_beats(void **state)
{
	world.beats_rarely = false;
	return api_world_teardown(state);
}

static void
nobody_takes_all_the_streams(void **state)
{
	struct http_exchange *mine[8], *x;
	struct fake_request theirs = {
		.method = HTTP_GET, .listener = HTTP_CONTROL, .path = EVENTS
	};

	(void)state;
	for (size_t i = 0; i < 8; i++)
		mine[i] = listen_from(NULL);
	x = api_world_send(
	    (struct fake_request){ .method = HTTP_GET, .listener = HTTP_UNIX, .path = EVENTS });
	assert_int_equal(fake_http_status(x), 503);
	assert_non_null(strstr(fake_http_body(x), "8 streams of uid:0"));
	fake_http_free(x);
	api_world_make_token(AUTH_USERS_READ);
	theirs.authorization = world.token_text;
	x = api_world_send(theirs);
	assert_int_equal(fake_http_status(x), 200);
	fake_http_free(x);
	fake_http_free(mine[0]);
	mine[0] = listen_from(NULL);
	for (size_t i = 0; i < 8; i++)
		fake_http_free(mine[i]);
}

static void
a_query_is_refused_by_name(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_GET, EVENTS, "since=1", NULL);
	json_t *body = api_world_body(x);

	(void)state;
	assert_int_equal(fake_http_status(x), 400);
	assert_string_equal(api_world_error_on(body, "since"), "unknown");
	json_decref(body);
	fake_http_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(a_change_is_told_to_everybody_who_listens),
		WITH_API(more_changes_than_can_be_told_are_a_reset),
		WITH_API(whoever_comes_back_hears_what_was_missed),
		WITH_API(an_id_that_this_process_never_gave_is_a_reset),
		WITH_API(what_the_ring_has_forgotten_is_a_reset),
		WITH_API(a_stream_ends_with_its_token),
		WITH_API(whoever_has_lost_the_right_hears_of_no_change_any_more),
		cmocka_unit_test_setup_teardown(a_stream_ends_at_once_when_its_token_is_revoked,
		    setup_with_rare_beats, teardown_rare_beats),
		WITH_API(nobody_takes_all_the_streams),
		WITH_API(a_query_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
