/* How many failures of one key there may be: the budget against a plain count. */
#include "people_world.h"

#include <string.h>

#include "flow/sign_in_private.h"

enum { MODEL_TAKES = 4000 };

static void
no_window_sees_more_failures_than_allowed(void **state)
{
	static struct {
		int64_t at;
		bool stranger, gone;
	} taken[MODEL_TAKES];
	struct budget *b = budget_new(5, 10000, 8);
	unsigned char key[BUDGET_KEY_SIZE];
	unsigned seed = 3;
	size_t count = 0;
	int64_t now = 1000;

	(void)state;
	budget_key(b, ADA, strlen(ADA), key);
	for (int i = 0; i < MODEL_TAKES; i++) {
		size_t all = 0, strangers = 0;
		bool is_known, news, allowed;
		uint64_t mark;
		int64_t wait;

		seed = seed * 1103515245 + 12345;
		now += (seed >> 16) % 1500;
		is_known = (seed >> 8) % 3 == 0;
		for (size_t j = 0; j < count; j++)
			if (!taken[j].gone && taken[j].at > now - 10000) {
				all++;
				strangers += taken[j].stranger;
			}
		allowed = all < 5 && (is_known || strangers < 2);
		wait = budget_take(b, key, is_known, now, &mark, &news);
		assert_int_equal(wait == 0, allowed);
		if (wait > 0) {
			assert_true(wait <= 10000);
			continue;
		}
		taken[count].at = now;
		taken[count].stranger = !is_known;
		if ((seed >> 4) % 11 == 0) {
			budget_settle(b, key, mark, SIGN_IN_RIGHT, now);
			for (size_t j = 0; j <= count; j++)
				taken[j].gone = true;
		} else if ((seed >> 4) % 11 == 1) {
			budget_settle(b, key, mark, SIGN_IN_NOTHING, now);
			taken[count].gone = true;
		} else
			budget_settle(b, key, mark, SIGN_IN_WRONG, now);
		count++;
	}
	budget_free(b);
}

static void
a_success_gives_back_nothing_that_is_still_under_way(void **state)
{
	struct budget *b = budget_new(4, 10000, 8);
	unsigned char key[BUDGET_KEY_SIZE];
	uint64_t first, second, third;
	bool news;

	(void)state;
	budget_key(b, ADA, strlen(ADA), key);
	assert_int_equal(budget_take(b, key, false, 1, &first, &news), 0);
	assert_int_equal(budget_take(b, key, false, 1, &second, &news), 0);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	assert_true(news);
	budget_settle(b, key, first, SIGN_IN_RIGHT, 1);
	assert_int_equal(budget_take(b, key, false, 1, &third, &news), 0);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	budget_settle(b, key, second, SIGN_IN_WRONG, 3);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	budget_free(b);
}

/* The directory has counted it later than it was sent. */
static void
a_failure_counts_from_when_it_was_known(void **state)
{
	struct budget *b = budget_new(2, 10000, 8);
	unsigned char key[BUDGET_KEY_SIZE];
	uint64_t mark;
	bool news;

	(void)state;
	budget_key(b, ADA, strlen(ADA), key);
	assert_int_equal(budget_take(b, key, false, 1, &mark, &news), 0);
	budget_settle(b, key, mark, SIGN_IN_WRONG, 500);
	assert_int_equal(budget_take(b, key, false, 10001, &mark, &news), 499);
	assert_int_equal(budget_take(b, key, false, 10500, &mark, &news), 0);
	budget_free(b);
}

static void
beyond_its_room_a_budget_forgets_what_was_tried_longest_ago(void **state)
{
	struct budget *b = budget_new(2, 0, 3);
	unsigned char key[4][BUDGET_KEY_SIZE];
	uint64_t mark;
	bool news;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		budget_key(b, &i, sizeof(i), key[i]);
		assert_int_equal(budget_take(b, key[i], false, 1, &mark, &news), 0);
	}
	for (size_t i = 1; i < 4; i++)
		assert_true(budget_take(b, key[i], false, INT64_MAX / 2, &mark, &news) > 0);
	assert_int_equal(budget_take(b, key[0], false, 2, &mark, &news), 0);
	assert_int_equal(budget_take(b, key[1], false, 2, &mark, &news), 0);
	budget_free(b);
}

static void
what_failed_earlier_counts_until_a_success(void **state)
{
	struct budget *b = budget_new(4, 10000, 3);
	unsigned char key[BUDGET_KEY_SIZE];
	uint64_t mark;
	bool news;

	(void)state;
	budget_key(b, ADA, strlen(ADA), key);
	for (int i = 0; i < 6; i++)
		budget_add(b, key, -6 + i);
	assert_int_equal(budget_take(b, key, true, 0, &mark, &news), 10000 - 4);
	assert_int_equal(budget_take(b, key, true, 10000 - 4, &mark, &news), 0);
	assert_true(budget_take(b, key, false, 10000 - 4, &mark, &news) > 0);
	budget_clear(b, key, INT64_MAX);
	assert_int_equal(budget_take(b, key, false, 10000 - 4, &mark, &news), 0);
	budget_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_sees_more_failures_than_allowed),
		cmocka_unit_test(a_success_gives_back_nothing_that_is_still_under_way),
		cmocka_unit_test(a_failure_counts_from_when_it_was_known),
		cmocka_unit_test(beyond_its_room_a_budget_forgets_what_was_tried_longest_ago),
		cmocka_unit_test(what_failed_earlier_counts_until_a_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
