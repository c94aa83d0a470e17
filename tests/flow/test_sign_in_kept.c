/* What outlasts one attempt: failures over windows and restarts, the end of a person, where people
 * have signed in from, and what is recorded of those who have to wait. */
#include "sign_in_world.h"

#include <stdio.h>
#include <string.h>

#include "flow/sign_in_private.h"

#define WINDOW_MS (WINDOW_S * INT64_C(1000))

enum { WINDOWS = 3, STRANGERS_SHARE = ATTEMPTS / 2, OFFICE = 20000, KNOWN_MAX = 262144 };

/* ---- failures ---- */

/* How many wrong passwords of strangers reach the directory within some windows. */
static size_t
failures_over_windows(struct world *w, bool with_restarts)
{
	sign_in_accounts[0].failures = sign_in_accounts[0].most = 0;
	for (unsigned i = 0; i < WINDOWS; i++) {
		for (unsigned j = 0; j < 4; j++)
			(void)try_code(
			    w, j < 2 ? "ada" : "ada@x.org", WRONG, try_address(9 * i + j));
		w->now += with_restarts ? 1000 : WINDOW_MS;
		if (with_restarts)
			sign_in_world_crash(w);
	}
	return sign_in_accounts[0].most;
}

static void
a_window_begins_anew_and_none_lasts_until_a_success(void **state)
{
	struct world *w = sign_in_world_new();

	(void)state;
	assert_int_equal(failures_over_windows(w, false), WINDOWS * STRANGERS_SHARE);
	sign_in_world_free(w);
	w = sign_in_world_with(0, 1);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	assert_int_equal(failures_over_windows(w, false), STRANGERS_SHARE);
	assert_int_equal(try_code(w, "ada", RIGHT, "192.0.2.5"), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	assert_int_equal(failures_over_windows(w, false), STRANGERS_SHARE);
	sign_in_world_free(w);
}

static void
a_restart_forgets_no_failure(void **state)
{
	struct world *w = sign_in_world_new();
	size_t binds;

	(void)state;
	assert_int_equal(failures_over_windows(w, true), STRANGERS_SHARE);
	w->now += WINDOW_MS;
	sign_in_world_crash(w);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	sign_in_world_crash(w);
	assert_int_equal(failures_over_windows(w, true), STRANGERS_SHARE);
	sign_in_world_free(w);
	/* Without a window also after a month; and what a success ended is not read again. */
	w = sign_in_world_with(0, 1);
	assert_int_equal(failures_over_windows(w, true), STRANGERS_SHARE);
	w->now += 30 * 86400 * INT64_C(1000);
	sign_in_world_crash(w);
	binds = fake_sign_in.binds;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(fake_sign_in.binds, binds);
	sign_in_world_free(w);
}

static void
nobody_signs_in_before_the_failures_are_read(void **state)
{
	struct world *w = sign_in_world_new();
	struct sign_ins *all = (struct sign_ins *)w->flow->sign_ins;
	struct replay *done = all->replay;

	(void)state;
	all->replay = replay_new(w->flow, all->accounts, 0);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_UNAVAILABLE);
	assert_int_equal(fake_sign_in.finds, 0);
	replay_free(done);
	sign_in_world_free(w);
}

/* ---- people ---- */

static void
who_is_suspended_while_the_directory_answers_is_not_let_in(void **state)
{
	struct world *w = sign_in_world_new();
	struct try ada, bob;

	(void)state;
	try_start(w, &ada, "ada", RIGHT, HOME);
	try_start(w, &bob, "bob", RIGHT, HOME);
	while (fake_sign_in.binds == 0) {
		fake_sign_in.holds = fake_sign_in.finds == 2;
		people_keys(w, "nothing/");
	}
	w->flow->sign_ins->end_person(w->flow->sign_ins, ADA);
	fake_sign_in_release();
	while (ada.count == 0 || bob.count == 0)
		world_wait(w);
	assert_int_equal(ada.code, ERR_UNAUTHENTICATED);
	assert_int_equal(bob.code, ERR_OK);
	assert_int_equal(people_audit_says(w, "sign_in_refused", "person_ended"), 1);
	sign_in_world_free(w);
}

static void
suspending_and_deleting_end_sign_ins(void **state)
{
	struct world *w = sign_in_world_new();
	struct try t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fake_sign_in.holds = false;
		try_start(w, &t, i == 0 ? "ada" : "bob", RIGHT, HOME);
		while (fake_sign_in.binds == (size_t)i) {
			fake_sign_in.holds = true;
			people_keys(w, "nothing/");
		}
		if (i == 0)
			assert_int_equal(people_suspend(w, ADA, true), ERR_OK);
		else
			assert_int_equal(people_remove(w, BOB), ERR_OK);
		fake_sign_in_release();
		while (t.count == 0)
			world_wait(w);
		assert_int_equal(t.code, ERR_UNAUTHENTICATED);
	}
	sign_in_world_free(w);
}

/* ---- where they come from ---- */

static void
source_of(const struct known *k, unsigned n, unsigned char source[STORE_SOURCE_SIZE])
{
	unsigned char key[THROTTLE_SOURCE_SIZE];

	throttle_source(try_address(n), key);
	known_hash(k, key, source);
}

static void
an_office_of_many_is_known_as_long_as_one_of_them_is(void **state)
{
	struct world *w = sign_in_world_new();
	struct known *k = ((struct sign_ins *)w->flow->sign_ins)->known;
	unsigned char office[STORE_SOURCE_SIZE], other[STORE_SOURCE_SIZE];
	char person[ID_SIZE];

	(void)state;
	source_of(k, 1, office);
	source_of(k, 2, other);
	for (unsigned i = 0; i < OFFICE; i++) {
		snprintf(person, sizeof(person), "%08x-0000-4000-8000-000000000000", i);
		known_add(k, person, office, w->now);
	}
	assert_true(known_has(k, person, office));
	assert_false(known_has(k, person, other));
	assert_false(known_has(k, ADA, office));
	for (unsigned i = 0; i < 3; i++) {
		assert_true(known_has(k, NULL, office));
		snprintf(person, sizeof(person), "%08x-0000-4000-8000-000000000000", i);
		known_drop(k, person);
		assert_false(known_has(k, person, office));
	}
	assert_false(known_has(k, NULL, other));
	known_add(k, ADA, other, w->now);
	assert_true(known_has(k, NULL, other));
	known_drop(k, ADA);
	assert_false(known_has(k, NULL, other));
	sign_in_world_free(w);
}

static bool
has_given_way(struct world *w, void *arg)
{
	(void)w;
	return !known_has(arg, ADA, (const unsigned char *)"0123456789abcdef");
}

/* While it is read, people come in the order of their ids. */
static void
the_oldest_gives_way_whatever_order_they_were_read_in(void **state)
{
	static const unsigned char source[STORE_SOURCE_SIZE + 1] = "0123456789abcdef";
	struct world *w = sign_in_world_new();
	struct known *k = known_new(w->flow, w->seal);
	char person[ID_SIZE];

	(void)state;
	for (unsigned i = 0; i < KNOWN_MAX; i++) {
		if (i == KNOWN_MAX / 2)
			known_add(k, ADA, source, w->now - 1);
		snprintf(person, sizeof(person), "%08x-0000-4000-8000-000000000000", i);
		known_add(k, person, source, w->now);
	}
	assert_true(known_has(k, ADA, source));
	assert_true(world_until(w, has_given_way, k));
	assert_true(known_has(k, "00000000-0000-4000-8000-000000000000", source));
	known_free(k);
	sign_in_world_free(w);
}

/* ---- those who have to wait ---- */

/* An office is not shut out because one of its people cannot stop. */
static void
a_login_that_waits_costs_a_known_source_nothing(void **state)
{
	struct world *w = sign_in_world_new();

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(try_code(w, "zoe", WRONG, HOME),
		    i < ATTEMPTS ? ERR_UNAUTHENTICATED : ERR_THROTTLED);
	assert_int_equal(try_code(w, "bob", RIGHT, HOME), ERR_OK);
	sign_in_world_free(w);
}

static void
a_source_that_begins_to_wait_is_recorded_once(void **state)
{
	struct world *w = sign_in_world_new();
	char login[32];

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		(void)try_code(w, login, WRONG, "203.0.113.9");
	}
	assert_int_equal(people_audit_says(w, "sign_in_throttled", "203.0.113.9"), 1);
	assert_int_equal(people_audit_says(w, "sign_in_throttled", "source"), 1);
	assert_int_equal(people_audits(w, "sign_in_refused"), 5);
	sign_in_world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_begins_anew_and_none_lasts_until_a_success),
		cmocka_unit_test(a_restart_forgets_no_failure),
		cmocka_unit_test(nobody_signs_in_before_the_failures_are_read),
		cmocka_unit_test(who_is_suspended_while_the_directory_answers_is_not_let_in),
		cmocka_unit_test(suspending_and_deleting_end_sign_ins),
		cmocka_unit_test(an_office_of_many_is_known_as_long_as_one_of_them_is),
		cmocka_unit_test(the_oldest_gives_way_whatever_order_they_were_read_in),
		cmocka_unit_test(a_login_that_waits_costs_a_known_source_nothing),
		cmocka_unit_test(a_source_that_begins_to_wait_is_recorded_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
