/* When mails may leave under a rate of all and one of each domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "invite/slot.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define NOW ((int64_t)1700000000000)

/* The time at which a mail leaves that asks now. */
static int64_t
take(struct slots *s, const char *domain, int64_t now)
{
	int64_t at = -1;

	assert_true(slot_take(s, domain, now, &at));
	assert_true(at == 0 || at > now);
	return at == 0 ? now : at;
}

static int
compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* No `rate` + `spare` + 1 of the times lie within a minute. */
static void
assert_rate(int64_t *times, size_t count, size_t rate, size_t spare)
{
	qsort(times, count, sizeof(*times), compare_times);
	for (size_t i = 0; i + rate + spare < count; i++)
		if (times[i + rate + spare] - times[i] < MINUTE)
			fail_msg("%zu mails from %lld to %lld", rate + spare + 1,
			    (long long)times[i], (long long)times[i + rate + spare]);
}

static void
without_a_rate_every_mail_leaves_now(void **state)
{
	struct slots *s = slots_new(0, 0);
	int64_t at;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(slot_take(s, "a.example", NOW, &at));
		assert_int_equal(at, 0);
	}
	slots_free(s);
	slots_free(NULL);
}

/* Who asks again and again and is refused takes nobody's turn. */
static void
a_slot_that_would_be_too_late_is_not_taken(void **state)
{
	static const size_t rates[][2] = { { 60, 0 }, { 0, 60 }, { 60, 60 } };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct slots *s = slots_new(rates[r][0], rates[r][1]);
		int64_t at;

		for (int i = 0; i < 5; i++)
			take(s, "a.example", NOW);
		for (int i = 0; i < 100; i++) {
			assert_false(slot_take_by(s, "a.example", NOW, NOW + 3 * SECOND, &at));
			assert_in_range(at, NOW + 4 * SECOND, NOW + 5 * SECOND);
		}
		assert_true(slot_take_by(s, "a.example", NOW, NOW + 5 * SECOND, &at));
		assert_in_range(at, NOW + 4 * SECOND, NOW + 5 * SECOND);
		assert_in_range(take(s, "a.example", NOW), NOW + 5 * SECOND, NOW + 6 * SECOND);
		slots_free(s);
	}
}

static void
many_mails_at_once_are_spread_by_the_common_rate_and_not_slower(void **state)
{
	static const size_t rates[] = { 1, 7, 59, 60, 61, 100, 600, 6000, 100000 };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct slots *s = slots_new(rates[r], 0);
		size_t count = rates[r] * 5;
		int64_t *times = calloc(count, sizeof(*times));

		for (size_t i = 0; i < count; i++)
			times[i] = take(s, i % 2 == 0 ? "a.example" : "b.example", NOW);
		assert_int_equal(times[0], NOW);
		/* What belongs to one second may leave together. */
		assert_rate(times, count, rates[r], rates[r] / 60 + 1);
		assert_true(times[count - 1] - NOW <= 5 * (int64_t)MINUTE + MINUTE / 10);
		free(times);
		slots_free(s);
	}
}

static void
a_domain_gets_its_mails_evenly_and_others_do_not_wait_for_it(void **state)
{
	struct slots *s = slots_new(600, 6);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_in_range(take(s, i % 2 == 0 ? "slow.example" : "SLOW.Example", NOW),
		    NOW + i * 10 * SECOND, NOW + i * 10 * SECOND + SECOND);
	assert_in_range(take(s, "other.example", NOW), NOW, NOW + SECOND);
	assert_in_range(take(s, "", NOW), NOW, NOW + SECOND);
	slots_free(s);
}

static void
many_domains_together_keep_to_the_common_rate(void **state)
{
	enum { DOMAINS = 40, EACH = 50, COUNT = DOMAINS * EACH };
	struct slots *s = slots_new(60, 10);
	int64_t times[COUNT], of_one[DOMAINS][EACH];
	char domain[32];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		snprintf(domain, sizeof(domain), "d%zu.example", i % DOMAINS);
		times[i] = take(s, domain, NOW);
		of_one[i % DOMAINS][i / DOMAINS] = times[i];
	}
	assert_rate(times, COUNT, 60, 1);
	assert_true(times[COUNT - 1] - NOW <= (COUNT / 60 + 1) * (int64_t)MINUTE);
	for (size_t d = 0; d < DOMAINS; d++)
		assert_rate(of_one[d], EACH, 10, 0);
	slots_free(s);
}

static void
time_that_passes_makes_slots_free_and_saves_none_up(void **state)
{
	struct slots *s = slots_new(60, 6);
	int64_t now = NOW;

	(void)state;
	for (int i = 0; i < 100; i++, now += 10 * SECOND)
		assert_int_equal(take(s, "a.example", now), now);
	now += 8 * (int64_t)HOUR;
	assert_int_equal(take(s, "a.example", now), now);
	assert_in_range(take(s, "a.example", now), now + 10 * SECOND, now + 11 * SECOND);
	for (int i = 0; i < 10; i++)
		take(s, "b.example", now);
	assert_true(take(s, "c.example", now) > now);
	slots_free(s);
}

static void
slots_are_given_out_hours_ahead_and_then_asked_for_again(void **state)
{
	struct slots *s = slots_new(60, 0);
	int64_t at = 0, last = 0;
	size_t count = 0;

	(void)state;
	while (slot_take(s, "a.example", NOW, &at)) {
		assert_true(at >= last);
		last = at;
		count++;
	}
	assert_in_range(count, SLOT_AHEAD_S - 1, SLOT_AHEAD_S);
	assert_in_range(at, NOW + (SLOT_AHEAD_S - 1) * (int64_t)SECOND,
	    NOW + (SLOT_AHEAD_S + 1) * (int64_t)SECOND);
	assert_int_equal(take(s, "a.example", at), at);
	slots_free(s);
}

static void
a_clock_that_was_set_back_a_little_changes_nothing_and_a_lot_frees_all_slots(void **state)
{
	static const size_t rates[][2] = { { 60, 0 }, { 60, 6 }, { 0, 6 } };

	(void)state;
	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		struct slots *s = slots_new(rates[r][0], rates[r][1]);
		int64_t before = 0, after;

		for (int i = 0; i < 20; i++)
			before = take(s, "a.example", NOW);
		after = take(s, "a.example", NOW - 30 * SECOND);
		assert_in_range(after, before + SECOND - 1, before + 11 * SECOND);
		assert_int_equal(
		    take(s, "a.example", NOW - 2 * (int64_t)HOUR), NOW - 2 * (int64_t)HOUR);
		slots_free(s);
	}
}

static void
a_flood_of_domains_displaces_those_whose_slots_end_first(void **state)
{
	struct slots *s = slots_new(0, 1);
	char domain[32];
	int64_t busy = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		busy = take(s, "busy.example", NOW);
	for (int i = 0; i < 4 * SLOT_DOMAINS_MAX; i++) {
		snprintf(domain, sizeof(domain), "d%d.example", i);
		assert_int_equal(take(s, domain, NOW), NOW);
	}
	assert_int_equal(take(s, "busy.example", NOW), busy + MINUTE);
	slots_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rate_every_mail_leaves_now),
		cmocka_unit_test(a_slot_that_would_be_too_late_is_not_taken),
		cmocka_unit_test(many_mails_at_once_are_spread_by_the_common_rate_and_not_slower),
		cmocka_unit_test(a_domain_gets_its_mails_evenly_and_others_do_not_wait_for_it),
		cmocka_unit_test(many_domains_together_keep_to_the_common_rate),
		cmocka_unit_test(time_that_passes_makes_slots_free_and_saves_none_up),
		cmocka_unit_test(slots_are_given_out_hours_ahead_and_then_asked_for_again),
		cmocka_unit_test(
		    a_clock_that_was_set_back_a_little_changes_nothing_and_a_lot_frees_all_slots),
		cmocka_unit_test(a_flood_of_domains_displaces_those_whose_slots_end_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
