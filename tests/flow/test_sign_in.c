/* Signing in: in which order, how soon it is answered, and what is remembered of where people come
 * from. */
#include "sign_in_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"

#define WINDOW_MS (WINDOW_S * INT64_C(1000))
#define KEPT_MS	  (14 * 86400 * INT64_C(1000)) /* for so long a source is known */

/* ---- one attempt ---- */

static void
a_right_password_makes_a_session_and_ends_the_old_one(void **state)
{
	struct secret *p = secret_new(RIGHT, strlen(RIGHT));
	struct sign_in_spec spec = { .login = "Ada@x.org",
		.password = p,
		.source = HOME,
		.agent = "W3m/0.5",
		.request_id = "r-1",
		.old_session = "00000000000000aa",
		.old_person = BOB };
	struct world *w = sign_in_world_new();
	struct try t = { .w = w };

	(void)state;
	flow_sign_in_start(w->flow, &spec, try_on_answer, &t);
	secret_free(p); /* it was copied */
	while (t.count == 0)
		world_wait(w);
	assert_int_equal(t.code, ERR_OK);
	assert_string_equal(t.person, ADA);
	assert_non_null(t.secret);
	assert_int_equal(fake_sign_in.finds, 1);
	assert_int_equal(fake_sign_in.binds, 1);
	assert_string_equal(fake_sign_in.last_password, RIGHT);
	assert_string_equal(fake_sign_in.agent, "W3m/0.5");
	assert_int_equal(fake_sign_in.ended, 1);
	assert_string_equal(fake_sign_in.ended_session, "00000000000000aa");
	assert_string_equal(fake_sign_in.ended_person, BOB);
	assert_int_equal(people_audits(w, "signed_in"), 1);
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	assert_int_equal(people_keys(w, "known/"), 1);
	sign_in_world_free(w);
}

/* Unknown, wrong, without a role, a password that is not sent: one answer, not before the pace. */
static void
whatever_fails_is_answered_alike_and_not_at_once(void **state)
{
	static const struct {
		const char *login, *password;
		enum err bind;
	} rows[] = { { "nobody", WRONG, ERR_OK }, { "ada", WRONG, ERR_OK },
		{ "zoe", RIGHT, ERR_OK }, { "ada", "  ", ERR_INVALID },
		{ "bob", RIGHT, ERR_UNAUTHENTICATED } };
	struct world *w = sign_in_world_with(WINDOW_S, SIGN_IN_PACE_MS);
	char text[FAULT_TEXT_MAX] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t began_at = clock_mono_ms(&clock_system);
		struct try t;

		fake_sign_in.bind_code = rows[i].bind;
		assert_int_equal(
		    try_once(w, &t, rows[i].login, rows[i].password, HOME), ERR_UNAUTHENTICATED);
		/* libevent counts from the beginning of its turn. */
		assert_true(clock_mono_ms(&clock_system) - began_at > SIGN_IN_PACE_MS / 2);
		assert_int_equal(t.wait_ms, 0);
		if (i == 0)
			strcpy(text, t.text);
		assert_string_equal(t.text, text);
		assert_int_equal(fake_sign_in.binds, i + 1); /* the same steps */
		assert_int_equal(people_audits(w, "sign_in_refused"), i + 1);
	}
	assert_int_equal(fake_sign_in.sessions, 0);
	assert_int_equal(people_keys(w, "known/"), 0);
	sign_in_world_free(w);
}

static void
what_is_missing_or_too_long_asks_nobody(void **state)
{
	struct world *w = sign_in_world_new();
	char *large = mem_alloc(SECRET_MAX + 2);

	(void)state;
	assert_int_equal(try_code(w, "", RIGHT, HOME), ERR_INVALID);
	assert_int_equal(try_code(w, "ada", "", HOME), ERR_INVALID);
	memset(large, 'x', SECRET_MAX + 1);
	assert_int_equal(try_code(w, "ada", large, HOME), ERR_INVALID);
	large[DIR_LOGIN_MAX + 1] = '\0';
	assert_int_equal(try_code(w, large, RIGHT, HOME), ERR_INVALID);
	assert_int_equal(fake_sign_in.finds, 0);
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	free(large);
	sign_in_world_free(w);
}

static void
a_directory_that_does_not_answer_is_nobodys_failure(void **state)
{
	static const enum err codes[] = { ERR_UNAVAILABLE, ERR_MISCONFIGURED, ERR_BUSY };
	struct world *w = sign_in_world_new();
	size_t binds;

	(void)state;
	for (int i = 0; i < 12; i++) {
		enum err told = codes[i % 3] == ERR_BUSY ? ERR_BUSY : ERR_UNAVAILABLE;

		fake_sign_in.find_code = i % 2 == 0 ? codes[i % 3] : ERR_OK;
		fake_sign_in.bind_code = i % 2 == 0 ? ERR_OK : codes[i % 3];
		assert_int_equal(try_code(w, "ada", WRONG, HOME), told);
	}
	fake_sign_in.find_code = fake_sign_in.bind_code = ERR_OK;
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	binds = fake_sign_in.binds;
	/* What was sent and had no answer may have counted: strangers have two of four. */
	fake_sign_in.bind_code = ERR_UNKNOWN;
	assert_int_equal(try_code(w, "bob", WRONG, HOME), ERR_UNAVAILABLE);
	assert_int_equal(try_code(w, "bob", WRONG, HOME), ERR_UNAVAILABLE);
	assert_int_equal(try_code(w, "bob", WRONG, "192.0.2.8"), ERR_UNAUTHENTICATED);
	assert_int_equal(fake_sign_in.binds, binds + 2);
	assert_int_equal(people_audit_says(w, "sign_in_refused", "no_answer"), 2);
	sign_in_world_free(w);
}

static void
a_session_that_cannot_be_stored_is_none(void **state)
{
	struct world *w = sign_in_world_new();

	(void)state;
	fake_kv_fail(w->kv, 1, FAKE_KV_REFUSE);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_UNAVAILABLE);
	assert_int_equal(fake_sign_in.sessions, 0);
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	sign_in_world_free(w);
}

/* ---- known sources ---- */

static bool
remembers(struct world *w, void *arg)
{
	const struct known *k = ((struct sign_ins *)w->flow->sign_ins)->known;
	unsigned char key[THROTTLE_SOURCE_SIZE], source[STORE_SOURCE_SIZE];

	throttle_source(arg, key);
	known_hash(k, key, source);
	return known_has(k, ADA, source);
}

/* What is kept beyond the part of the strangers, who have a new one by then. */
static enum err
sign_in_amid_guesses(struct world *w, const char *source)
{
	w->now += WINDOW_MS;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		    try_code(w, "ada", WRONG, try_address(7000 + i)), ERR_UNAUTHENTICATED);
	return try_code(w, "ada", RIGHT, source);
}

static void
where_people_come_from_is_known_for_fourteen_days_and_over_a_restart(void **state)
{
	static char home[] = HOME;
	struct world *w = sign_in_world_new();

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	assert_true(remembers(w, home));
	sign_in_world_crash(w);
	assert_true(world_until(w, remembers, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK);
	assert_int_equal(sign_in_amid_guesses(w, "192.0.2.2"), ERR_THROTTLED);
	w->now += KEPT_MS - 2 * WINDOW_MS;
	assert_true(remembers(w, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK); /* and anew from now on */
	w->now += KEPT_MS - WINDOW_MS;
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK);
	sign_in_world_crash(w);
	assert_true(world_until(w, remembers, home));
	w->now += KEPT_MS + 1;
	assert_false(remembers(w, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_THROTTLED);
	w->now += WINDOW_S * 1000;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	w->flow->sign_ins->forget(w->flow->sign_ins, ADA);
	assert_false(remembers(w, home));
	sign_in_world_free(w);
}

static bool
nothing_is_known(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "known/") == 0;
}

static void
what_is_too_old_leaves_the_store(void **state)
{
	static char home[] = HOME;
	struct world *w = sign_in_world_new();

	(void)state;
	assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
	w->now += 15 * 86400 * INT64_C(1000);
	known_sweep(((struct sign_ins *)w->flow->sign_ins)->known);
	assert_true(world_until(w, nothing_is_known, NULL));
	assert_false(remembers(w, home));
	sign_in_world_free(w);
}

/* ---- the end of the daemon ---- */

static void
on_drained(void *arg)
{
	*(bool *)arg = true;
}

static void
a_stop_waits_for_who_is_signing_in(void **state)
{
	struct world *w = sign_in_world_new();
	struct try t, late;
	bool drained = false;

	(void)state;
	fake_sign_in.holds = true;
	try_start(w, &t, "ada", RIGHT, HOME);
	flow_drain(w->flow, on_drained, &drained);
	assert_int_equal(try_once(w, &late, "bob", RIGHT, HOME), ERR_BUSY);
	people_keys(w, "nothing/");
	assert_false(drained);
	fake_sign_in_release();
	while (t.count == 0)
		world_wait(w);
	assert_int_equal(t.code, ERR_OK);
	people_keys(w, "nothing/");
	assert_true(drained);
	sign_in_world_free(w);
}

static void
a_flow_that_is_freed_answers_nobody(void **state)
{
	struct world *w = sign_in_world_with(WINDOW_S, 3600 * 1000);
	struct try held, paced, made;

	(void)state;
	try_start(w, &paced, "nobody", WRONG, HOME);
	while (fake_sign_in.binds < 1)
		people_keys(w, "nothing/");
	people_keys(w, "nothing/");
	fake_sign_in.holds = true;
	try_start(w, &held, "ada", RIGHT, "192.0.2.7");
	fake_sign_in.holds = false;
	try_start(w, &made, "bob", RIGHT, "192.0.2.8");
	sign_in_world_crash(w);
	people_keys(w, "nothing/");
	assert_int_equal(held.count + paced.count, 0);
	sign_in_world_free(w);
}
int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_password_makes_a_session_and_ends_the_old_one),
		cmocka_unit_test(whatever_fails_is_answered_alike_and_not_at_once),
		cmocka_unit_test(what_is_missing_or_too_long_asks_nobody),
		cmocka_unit_test(a_directory_that_does_not_answer_is_nobodys_failure),
		cmocka_unit_test(a_session_that_cannot_be_stored_is_none),
		cmocka_unit_test(
		    where_people_come_from_is_known_for_fourteen_days_and_over_a_restart),
		cmocka_unit_test(what_is_too_old_leaves_the_store),
		cmocka_unit_test(a_stop_waits_for_who_is_signing_in),
		cmocka_unit_test(a_flow_that_is_freed_answers_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
