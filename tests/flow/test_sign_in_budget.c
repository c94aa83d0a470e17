/* How many failures of one account there may be: the budget against a plain count. */
#include "people_world.h"

#include <stdio.h>

#include "flow/sign_in_private.h"

enum { MODEL_TAKES = 4000 };

static void
no_window_sees_more_failures_than_allowed(void **state)
{
	static struct {
		int64_t at;
		bool stranger, gone;
	} taken[MODEL_TAKES];
	const struct sign_in_conf conf = { 5, 10, NULL };
	struct budget *b = budget_new(&conf);
	unsigned char key[BUDGET_KEY_SIZE];
	unsigned seed = 3;
	size_t count = 0;
	int64_t now = 1000;

	(void)state;
	budget_key(b, ADA, NULL, key);
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
			budget_settle(b, key, mark, SIGN_IN_RIGHT);
			for (size_t j = 0; j <= count; j++)
				taken[j].gone = true;
		} else if ((seed >> 4) % 11 == 1) {
			budget_settle(b, key, mark, SIGN_IN_NOTHING);
			taken[count].gone = true;
		} else
			budget_settle(b, key, mark, SIGN_IN_WRONG);
		count++;
	}
	budget_free(b);
}

static void
a_success_gives_back_nothing_that_is_still_under_way(void **state)
{
	const struct sign_in_conf conf = { 4, 10, NULL };
	struct budget *b = budget_new(&conf);
	unsigned char key[BUDGET_KEY_SIZE];
	uint64_t first, second, third;
	bool news;

	(void)state;
	budget_key(b, ADA, NULL, key);
	assert_int_equal(budget_take(b, key, false, 1, &first, &news), 0);
	assert_int_equal(budget_take(b, key, false, 1, &second, &news), 0);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	assert_true(news);
	budget_settle(b, key, first, SIGN_IN_RIGHT);
	assert_int_equal(budget_take(b, key, false, 1, &third, &news), 0);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	budget_settle(b, key, second, SIGN_IN_WRONG);
	assert_true(budget_take(b, key, false, 1, &third, &news) > 0);
	budget_free(b);
}

static void
a_flood_of_names_makes_no_account_forgotten(void **state)
{
	const struct sign_in_conf conf = { 4, 900, NULL };
	struct budget *b = budget_new(&conf);
	unsigned char key[BUDGET_KEY_SIZE], other[BUDGET_KEY_SIZE];
	uint64_t mark;
	bool news;
	char login[32];

	(void)state;
	budget_key(b, ADA, NULL, key);
	for (int i = 0; i < 2; i++)
		assert_int_equal(budget_take(b, key, false, 1, &mark, &news), 0);
	for (int i = 0; i < 100000; i++) {
		snprintf(login, sizeof(login), "nobody%d", i);
		budget_key(b, NULL, login, other);
		assert_int_equal(budget_take(b, other, false, 2, &mark, &news), 0);
	}
	assert_true(budget_take(b, key, false, 3, &mark, &news) > 0);
	budget_free(b);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_sees_more_failures_than_allowed),
		cmocka_unit_test(a_success_gives_back_nothing_that_is_still_under_way),
		cmocka_unit_test(a_flood_of_names_makes_no_account_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
