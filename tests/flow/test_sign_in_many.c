/* Signing in when many guess: who has to wait, and who has not. */
#include "sign_in_world.h"

#include <stdio.h>
#include <string.h>

enum { PARALLEL_MAX = 10000 };

/* ---- sources ---- */

static void
a_source_that_fails_waits_longer_and_longer(void **state)
{
	struct world *w = sign_in_world_new();
	struct try t;
	char login[32];
	int64_t last = 500;

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(login, sizeof(login), "nobody%d", i);
		assert_int_equal(try_code(w, login, WRONG, "203.0.113.9"), ERR_UNAUTHENTICATED);
	}
	for (int i = 0; i < 12; i++) {
		size_t finds = fake_sign_in.finds;

		assert_int_equal(try_once(w, &t, "ada", RIGHT, "203.0.113.9"), ERR_THROTTLED);
		assert_int_equal(fake_sign_in.finds, finds); /* nobody was asked */
		assert_true(t.wait_ms == 2 * last || t.wait_ms == 15 * 60 * 1000);
		last = t.wait_ms;
		w->now += t.wait_ms;
		snprintf(login, sizeof(login), "somebody%d", i);
		assert_int_equal(try_code(w, login, WRONG, "203.0.113.9"), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(last, 15 * 60 * 1000);
	/* Another one does not, and the hour forgets. */
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	w->now += 3600 * 1000;
	assert_int_equal(try_code(w, "bob", RIGHT, "203.0.113.9"), ERR_OK);
	sign_in_world_free(w);
}

/* ---- accounts ---- */

static void
strangers_shut_nobody_out_who_comes_from_where_they_come_from(void **state)
{
	struct world *w = sign_in_world_new();
	struct try t;

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	for (unsigned i = 0; i < 8; i++) {
		enum err code =
		    try_once(w, &t, i % 2 == 0 ? "ada" : "ADA@x.org", WRONG, try_address(i));

		assert_int_equal(code, i < 4 ? ERR_UNAUTHENTICATED : ERR_THROTTLED);
		if (i >= 4)
			assert_int_equal(t.wait_ms, WINDOW_S * 1000);
	}
	assert_int_equal(fake_sign_in.binds, 3);
	/* Not each: the account, and both names that were tried. */
	assert_int_equal(people_audit_says(w, "sign_in_throttled", "account"), 1);
	assert_int_equal(people_audit_says(w, "sign_in_throttled", "login"), 2);
	assert_int_equal(people_audit_says(w, "sign_in_refused", "account_waits"), 2);
	/* Their own mistake, and then they are in: all is given back. */
	assert_int_equal(try_code(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	/* Which strangers are not shown. */
	assert_int_equal(try_code(w, "ada", WRONG, try_address(100)), ERR_THROTTLED);
	assert_int_equal(try_code(w, "Ada", RIGHT, "10.9.9.9"), ERR_THROTTLED);
	w->now += WINDOW_S * 1000;
	assert_int_equal(try_code(w, "ada", WRONG, try_address(100)), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", WRONG, try_address(101)), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", RIGHT, try_address(102)), ERR_THROTTLED);
	assert_int_equal(try_code(w, "ada@x.org", RIGHT, try_address(103)), ERR_UNAUTHENTICATED);
	/* From home at most as many as are left. */
	assert_int_equal(try_code(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_UNAUTHENTICATED);
	assert_true(sign_in_accounts[0].most <= ATTEMPTS);
	/* The window passes for each failure. */
	w->now += WINDOW_S * 1000;
	assert_int_equal(try_code(w, "ada", RIGHT, try_address(103)), ERR_OK);
	sign_in_world_free(w);
}

static void
logins_that_are_nobodys_wait_like_any_account(void **state)
{
	struct world *w = sign_in_world_new();
	struct try known, unknown;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		try_once(w, &known, "bob", WRONG, try_address(i));
		try_once(
		    w, &unknown, i % 2 == 0 ? "Nobody" : " nobody ", WRONG, try_address(i + 50));
		assert_int_equal(known.code, unknown.code);
		assert_int_equal(known.wait_ms, unknown.wait_ms);
		assert_string_equal(known.text, unknown.text);
	}
	assert_int_equal(known.code, ERR_THROTTLED);
	/* A right password that opens nothing is as good as a wrong one. */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(try_code(w, "zoe", RIGHT, try_address(i + 200)),
		    i < 2 ? ERR_UNAUTHENTICATED : ERR_THROTTLED);
	sign_in_world_free(w);
}

static struct try many[PARALLEL_MAX];

static size_t
many_with(size_t count, enum err code)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += many[i].count > 0 && many[i].code == code;
	return n;
}

static void
wait_for_all(struct world *w, size_t count)
{
	while (try_answers < count)
		world_wait(w);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(many[i].count, 1);
}

static void
guesses_at_once_do_not_all_pass(void **state)
{
	enum { GUESSES = 40 };
	struct world *w = sign_in_world_new();

	(void)state;
	for (unsigned i = 0; i < GUESSES; i++)
		try_start(w, &many[i], "ada", WRONG, try_address(i));
	wait_for_all(w, GUESSES);
	assert_int_equal(fake_sign_in.binds, 2);
	assert_int_equal(many_with(GUESSES, ERR_UNAUTHENTICATED), 2);
	assert_int_equal(many_with(GUESSES, ERR_THROTTLED), GUESSES - 2);
	/* None had failed when the others came: they might all have been right. */
	assert_int_equal(people_audits(w, "sign_in_throttled"), 0);
	assert_int_equal(people_audits(w, "sign_in_refused"), 2);
	sign_in_world_free(w);
}

static void
guesses_at_once_from_one_source_do_not_all_pass(void **state)
{
	enum { GUESSES = 40 };
	struct world *w = sign_in_world_new();
	char login[32];

	(void)state;
	fake_sign_in.holds = true;
	for (unsigned i = 0; i < GUESSES; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		try_start(w, &many[i], login, WRONG, "203.0.113.9");
	}
	assert_int_equal(fake_sign_in.finds, 5);
	fake_sign_in_release();
	wait_for_all(w, GUESSES);
	assert_int_equal(many_with(GUESSES, ERR_THROTTLED), GUESSES - 5);
	sign_in_world_free(w);
}

/* ---- many ---- */

static void
ten_thousand_wrong_logins_from_a_thousand_sources_keep_nobody_else_out(void **state)
{
	struct world *w = sign_in_world_new();
	char login[32];

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	try_answers = 0;
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		snprintf(login, sizeof(login), "%s%u", i % 3 == 0 ? "ada" : "nobody",
		    i % 3 == 0 ? 0 : i);
		try_start(
		    w, &many[i], i % 3 == 0 ? "ada" : login, WRONG, try_address(1000 + i % 1000));
		if (i % 40 == 39)
			people_keys(w, "nothing/"); /* a turn of the loop or two */
	}
	/* Amid all that. */
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	assert_int_equal(try_code(w, "bob", RIGHT, "198.51.100.77"), ERR_OK);
	wait_for_all(w, PARALLEL_MAX);
	assert_int_equal(many_with(PARALLEL_MAX, ERR_OK), 0);
	assert_true(many_with(PARALLEL_MAX, ERR_THROTTLED) > PARALLEL_MAX / 2);
	assert_true(sign_in_accounts[0].most <= ATTEMPTS);
	sign_in_world_free(w);
}

static void
when_many_fail_a_stranger_has_one_failure(void **state)
{
	struct world *w = sign_in_world_new();
	char login[32];
	struct try t;

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	try_answers = 0;
	for (unsigned i = 0; i < 400; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		try_start(w, &many[i], login, WRONG, try_address(i));
		if (i % 40 == 39)
			wait_for_all(w, i + 1);
	}
	assert_int_equal(many_with(400, ERR_UNAUTHENTICATED), 400);
	assert_int_equal(try_code(w, "bob", WRONG, "198.51.100.7"), ERR_UNAUTHENTICATED);
	assert_int_equal(try_once(w, &t, "bob", RIGHT, "198.51.100.7"), ERR_THROTTLED);
	assert_int_equal(t.wait_ms, 60 * 1000);
	/* Nobody is hurried who comes from a known place. */
	for (int i = 0; i < 4; i++) {
		snprintf(login, sizeof(login), "anybody%d", i);
		assert_int_equal(try_code(w, login, WRONG, HOME), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	/* The crowd is forgotten. */
	w->now += 60 * 1000;
	assert_int_equal(try_code(w, "bob", RIGHT, "198.51.100.7"), ERR_OK);
	sign_in_world_free(w);
}

static void
places_are_kept_for_those_who_are_known(void **state)
{
	struct world *w = sign_in_world_new();
	char login[32];

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	try_answers = 0;
	fake_sign_in.holds = true;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		try_start(w, &many[i], login, WRONG, try_address(i));
	}
	for (unsigned i = 100; i < 120; i++)
		try_start(w, &many[i], i == 100 ? "ada" : "nobody", RIGHT, HOME);
	assert_int_equal(fake_sign_in.waiting, SIGN_IN_RUNNING_MAX);
	fake_sign_in_release();
	wait_for_all(w, 120);
	assert_int_equal(many_with(120, ERR_BUSY), 120 - SIGN_IN_RUNNING_MAX);
	assert_int_equal(many[100].code, ERR_OK);
	/* Places are free again. */
	assert_int_equal(try_code(w, "bob", RIGHT, "198.51.100.1"), ERR_OK);
	sign_in_world_free(w);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_that_fails_waits_longer_and_longer),
		cmocka_unit_test(strangers_shut_nobody_out_who_comes_from_where_they_come_from),
		cmocka_unit_test(logins_that_are_nobodys_wait_like_any_account),
		cmocka_unit_test(guesses_at_once_do_not_all_pass),
		cmocka_unit_test(guesses_at_once_from_one_source_do_not_all_pass),
		cmocka_unit_test(
		    ten_thousand_wrong_logins_from_a_thousand_sources_keep_nobody_else_out),
		cmocka_unit_test(when_many_fail_a_stranger_has_one_failure),
		cmocka_unit_test(places_are_kept_for_those_who_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
