/* Delays that grow with each failure, and the table that holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "auth/throttle.h"
#include "base/id.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static const struct throttle_conf four_free = {
	.free = 4, .first_ms = SECOND, .max_ms = 10 * SECOND, .forget_ms = HOUR, .places = 1024
};

static int64_t
take(struct throttle *t, const char *key, int64_t now)
{
	return throttle_take(t, key, strlen(key), now);
}

static void
forgive(struct throttle *t, const char *key, bool all)
{
	throttle_forgive(t, key, strlen(key), all);
}

/* What an attempt would be told that turns out to be none. */
static int64_t
wait_of(struct throttle *t, const char *key, int64_t now)
{
	int64_t wait = take(t, key, now);

	if (wait == 0)
		forgive(t, key, false);
	return wait;
}

/* As often as may be, without waiting in vain. */
static int64_t
keep_failing(struct throttle *t, const char *key, int times, int64_t now)
{
	for (int i = 0; i < times; i++) {
		now += wait_of(t, key, now);
		assert_int_equal(take(t, key, now), 0);
	}
	return now;
}

static void
delays_grow_with_each_failure_up_to_a_cap(void **state)
{
	static const int64_t delays[] = { 0, 0, 0, 1000, 2000, 4000, 8000, 10000, 10000, 10000 };
	struct throttle *t = throttle_new(&four_free);
	int64_t now = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		assert_int_equal(take(t, "ada", now), 0);
		assert_int_equal(wait_of(t, "ada", now), delays[i]);
		if (delays[i] > 0)
			assert_int_equal(wait_of(t, "ada", now + delays[i] - 1), 1);
		assert_int_equal(wait_of(t, "ada", now + delays[i]), 0);
		now += delays[i];
	}
	assert_int_equal(wait_of(t, "bob", now), 0);
	throttle_free(t);
}

static void
a_thousand_failures_wait_no_longer_than_the_cap(void **state)
{
	struct throttle_conf conf = four_free;
	struct throttle *t;
	int64_t now;

	(void)state;
	conf.forget_ms = INT64_MAX / 4;
	conf.max_ms = INT64_MAX / 8;
	t = throttle_new(&conf);
	now = keep_failing(t, "ada", 40, 0);
	assert_true(wait_of(t, "ada", now) > 0);
	throttle_free(t);
	t = throttle_new(&four_free);
	now = keep_failing(t, "ada", 1000, 0);
	assert_int_equal(wait_of(t, "ada", now), 10 * SECOND);
	throttle_free(t);
}

static void
who_is_refused_pays_nothing_for_asking(void **state)
{
	struct throttle *t = throttle_new(&four_free);
	int64_t now = keep_failing(t, "ada", 5, 0);

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(take(t, "ada", now), 2000);
		assert_int_equal(wait_of(t, "ada", now), 2000);
	}
	assert_int_equal(take(t, "ada", now + 2000), 0);
	assert_int_equal(wait_of(t, "ada", now + 2000), 4000);
	throttle_free(t);
}

static void
failures_are_forgotten_in_time(void **state)
{
	struct throttle_conf conf = four_free;
	struct throttle *t = throttle_new(&conf);
	int64_t now = keep_failing(t, "ada", 8, 0);

	(void)state;
	assert_int_equal(wait_of(t, "ada", now), 10 * SECOND);
	assert_int_equal(take(t, "ada", now + HOUR - 1), 0);
	assert_int_equal(wait_of(t, "ada", now + HOUR - 1), 10 * SECOND);
	now += HOUR - 1 + HOUR;
	assert_int_equal(take(t, "ada", now), 0);
	assert_int_equal(wait_of(t, "ada", now), 0);
	throttle_free(t);

	conf.forget_ms = 500; /* sooner than the delay ends */
	t = throttle_new(&conf);
	now = keep_failing(t, "ada", 4, 0);
	assert_int_equal(wait_of(t, "ada", now), 500);
	assert_int_equal(wait_of(t, "ada", now + 500), 0);
	throttle_free(t);
}

static void
one_failure_or_all_are_forgiven(void **state)
{
	struct throttle *t = throttle_new(&four_free);
	int64_t now = keep_failing(t, "ada", 5, 0);

	(void)state;
	assert_int_equal(wait_of(t, "ada", now), 2000);
	assert_int_equal(take(t, "ada", now + 2000), 0);
	forgive(t, "ada", false);
	assert_int_equal(wait_of(t, "ada", now), 2000);
	assert_int_equal(wait_of(t, "ada", now + 2000), 0);
	forgive(t, "ada", true);
	assert_int_equal(wait_of(t, "ada", now), 0);
	assert_int_equal(wait_of(t, "ada", keep_failing(t, "ada", 3, now)), 0);
	forgive(t, "ada", false);
	assert_int_equal(wait_of(t, "ada", keep_failing(t, "ada", 1, now)), 0);
	assert_int_equal(wait_of(t, "ada", keep_failing(t, "ada", 1, now)), 1000);
	forgive(t, "nobody", true);
	forgive(t, "nobody", false);
	throttle_free(t);
}

static void
attempts_under_way_at_once_cannot_all_pass(void **state)
{
	struct throttle *t = throttle_new(&four_free);
	int passed = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		passed += take(t, "ada", 7) == 0;
	assert_int_equal(passed, 4);
	for (int i = 0; i < passed; i++)
		forgive(t, "ada", false);
	assert_int_equal(wait_of(t, "ada", 7), 0);
	assert_int_equal(wait_of(t, "ada", keep_failing(t, "ada", 3, 7)), 0);
	throttle_free(t);
}

static void
a_crowded_table_forgets_the_oldest_and_blocks_nobody(void **state)
{
	struct throttle_conf conf = four_free;
	struct throttle *t;
	char key[16];

	(void)state;
	conf.places = 8;
	t = throttle_new(&conf);
	keep_failing(t, "first", 4, 0);
	for (int i = 0; i < 7; i++) {
		snprintf(key, sizeof(key), "other%d", i);
		assert_int_equal(take(t, key, 10 + i), 0);
	}
	assert_true(wait_of(t, "first", 20) > 0);
	assert_int_equal(take(t, "one too many", 20), 0);
	assert_int_equal(wait_of(t, "first", 20), 0);
	assert_int_equal(take(t, "first", 21), 0); /* in place of other0 */
	keep_failing(t, "other6", 3, 22);
	assert_int_equal(wait_of(t, "other6", 22), 1000);
	throttle_free(t);
}

static void
a_million_keys_fit_into_a_small_table(void **state)
{
	struct throttle_conf conf = four_free;
	struct throttle *t;

	(void)state;
	conf.places = 1000;
	t = throttle_new(&conf);
	for (int i = 0; i < 1000000; i++) {
		unsigned char key[THROTTLE_SOURCE_SIZE];

		random_fill(key, sizeof(key));
		assert_int_equal(throttle_take(t, key, sizeof(key), i), 0);
	}
	assert_int_equal(wait_of(t, "ada", 1000000), 0);
	assert_int_equal(wait_of(t, "ada", keep_failing(t, "ada", 4, 1000000)), 1000);
	throttle_free(t);
	throttle_free(NULL);
}

static void
keys_are_compared_whole(void **state)
{
	struct throttle *t = throttle_new(&four_free);

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(throttle_take(t, "ada\0x", 5, 1), 0);
	assert_true(throttle_take(t, "ada\0x", 5, 1) > 0);
	assert_int_equal(throttle_take(t, "ada\0y", 5, 1), 0);
	assert_int_equal(throttle_take(t, "ada", 3, 1), 0);
	assert_int_equal(throttle_take(t, "", 0, 1), 0);
	throttle_free(t);
}

static void
a_source_is_what_an_address_belongs_to_or_no_address(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.2", false },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },
		{ "fe80::1%eth0", "fe80::2%eth1", true },
		{ "fe80::1", "fe80::1%eth0", true },
		{ "0.0.0.0", "unix", false },
		{ "::1", "unix", false },
		{ "ffff:ffff:ffff:ffff::1", "unix", false },
		{ "unix", "", true },
		{ "unix", "no address at all, and longer than any address could ever be", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char a[THROTTLE_SOURCE_SIZE], b[THROTTLE_SOURCE_SIZE];

		throttle_source(rows[i].a, a);
		throttle_source(rows[i].b, b);
		if ((memcmp(a, b, sizeof(a)) == 0) != rows[i].is_same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void
retry_after_is_whole_seconds_and_never_too_early(void **state)
{
	(void)state;
	assert_int_equal(throttle_seconds(1), 1);
	assert_int_equal(throttle_seconds(1000), 1);
	assert_int_equal(throttle_seconds(1001), 2);
	assert_int_equal(throttle_seconds(59001), 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_grow_with_each_failure_up_to_a_cap),
		cmocka_unit_test(a_thousand_failures_wait_no_longer_than_the_cap),
		cmocka_unit_test(who_is_refused_pays_nothing_for_asking),
		cmocka_unit_test(failures_are_forgotten_in_time),
		cmocka_unit_test(one_failure_or_all_are_forgiven),
		cmocka_unit_test(attempts_under_way_at_once_cannot_all_pass),
		cmocka_unit_test(a_crowded_table_forgets_the_oldest_and_blocks_nobody),
		cmocka_unit_test(a_million_keys_fit_into_a_small_table),
		cmocka_unit_test(keys_are_compared_whole),
		cmocka_unit_test(a_source_is_what_an_address_belongs_to_or_no_address),
		cmocka_unit_test(retry_after_is_whole_seconds_and_never_too_early),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
