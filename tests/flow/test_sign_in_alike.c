/* What is refused looks alike: by the sequence of answers, and by when they come. */
#include "sign_in_world.h"

#include <stdio.h>
#include <string.h>

#include "flow/sign_in_private.h"

enum { PACE_MS = 100, TRIES = 18 };

/* ---- the pace ---- */

struct moment {
	struct world *w;
	bool has_come;
};

static void
on_moment(void *arg)
{
	struct moment *m = arg;

	m->has_come = true;
	world_stop_waiting(m->w);
}

static void
on_late(void *arg)
{
	(void)arg;
	fake_sign_in_release();
}

/* The order of timers tells, however slow the machine is. */
static void
a_refusal_that_is_decided_late_is_answered_on_the_same_tick(void **state)
{
	struct world *w = sign_in_world_with(WINDOW_S, PACE_MS);
	struct moment m = { .w = w };
	struct loop_timer *after = loop_timer_new(w->loop, on_moment, &m);
	struct loop_timer *late = loop_timer_new(w->loop, on_late, NULL);
	struct try soon, slow;

	(void)state;
	try_start(w, &soon, "nobody", WRONG, "192.0.2.7");
	while (fake_sign_in.binds < 1)
		people_keys(w, "nothing/");
	fake_sign_in.holds = true;
	try_start(w, &slow, "ada", WRONG, "192.0.2.8");
	loop_timer_set(late, PACE_MS * 3 / 4);
	loop_timer_set(after, PACE_MS * 5 / 4);
	while (!m.has_come)
		world_wait(w);
	assert_int_equal(soon.count, 1);
	assert_int_equal(slow.count, 1);
	assert_int_equal(slow.code, ERR_UNAUTHENTICATED);
	loop_timer_free(after);
	loop_timer_free(late);
	sign_in_world_free(w);
}

/* Whoever has to wait is not told sooner than who fails. */
static void
a_throttled_login_is_told_on_the_tick(void **state)
{
	struct world *w = sign_in_world_with(WINDOW_S, PACE_MS);
	struct moment m = { .w = w };
	struct loop_timer *before = loop_timer_new(w->loop, on_moment, &m);
	struct try t;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(try_code(w, "ada", WRONG, try_address(i)), ERR_UNAUTHENTICATED);
	loop_timer_set(before, PACE_MS / 2);
	try_start(w, &t, "ada", WRONG, try_address(3));
	while (!m.has_come)
		world_wait(w);
	assert_int_equal(t.count, 0);
	while (t.count == 0)
		world_wait(w);
	assert_int_equal(t.code, ERR_THROTTLED);
	loop_timer_free(before);
	sign_in_world_free(w);
}

static void
the_pace_is_twice_what_the_directory_took_lately(void **state)
{
	struct pace p = { .unit_ms = 400 };

	(void)state;
	assert_int_equal(pace_ms(&p), 400);
	pace_saw(&p, 200);
	assert_int_equal(pace_ms(&p), 400);
	pace_saw(&p, 201);
	assert_int_equal(pace_ms(&p), 800);
	pace_saw(&p, 700);
	for (int i = 0; i < 256; i++) {
		pace_saw(&p, 10);
		assert_int_equal(pace_ms(&p), 1600);
	}
	for (int i = 0; i < 256; i++)
		pace_saw(&p, 10);
	assert_int_equal(pace_ms(&p), 400);
	pace_saw(&p, 60000);
	assert_int_equal(pace_ms(&p), 4000);
}

static void
real_accounts_set_the_pace(void **state)
{
	struct world *w = sign_in_world_new();
	const struct pace *p = &((struct sign_ins *)w->flow->sign_ins)->pace;
	struct try t;

	(void)state;
	for (int i = 0; i < 2; i++) {
		fake_sign_in.holds = true;
		try_start(w, &t, i == 0 ? "nobody" : "ada", WRONG, HOME);
		w->now += 3; /* the directory takes its time */
		fake_sign_in_release();
		while (t.count == 0)
			world_wait(w);
		assert_int_equal(pace_ms(p), i == 0 ? 1 : 6);
	}
	sign_in_world_free(w);
}

/* ---- the answers ---- */

/* The answers to wrong passwords, each from the next source of `sources`. */
static void
sequence(
    struct world *w, const char *const *logins, const char *const *sources, char out[TRIES + 1])
{
	for (size_t i = 0; i < TRIES; i++) {
		enum err code = try_code(w, logins[i % 3], WRONG, sources[i % 2]);

		assert_true(code == ERR_UNAUTHENTICATED || code == ERR_THROTTLED);
		out[i] = code == ERR_THROTTLED ? 't' : 'r';
	}
	out[TRIES] = '\0';
}

/* Whether there is an account, whether several logins are one person's, and whether that person
 * comes from there. */
static void
answers_tell_nothing_of_who_there_is(void **state)
{
	static const struct {
		const char *there[3], *nobody[3];
	} logins[] = {
		{ { "ada", "ada", "ada" }, { "eve", "eve", "eve" } },
		{ { "ada", "ADA ", " Ada" }, { "eve", "EVE ", " Eve" } },
		{ { "ada", "ada@x.org", "ADA@X.ORG" }, { "eve", "eve@x.org", "EVE@X.ORG" } },
		{ { "ada", "bob", "zoe" }, { "eve", "dan", "joe" } },
	};
	static const char *const sources[][2] = { { HOME, HOME }, { HOME, "192.0.2.5" },
		{ "192.0.2.5", "192.0.2.6" }, { "192.0.2.7", "192.0.2.7" } };
	char there[TRIES + 1], nobody[TRIES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++)
		for (size_t j = 0; j < sizeof(sources) / sizeof(sources[0]); j++) {
			struct world *w = sign_in_world_new();

			assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
			sequence(w, logins[i].there, sources[j], there);
			sign_in_world_free(w);
			w = sign_in_world_new();
			assert_int_equal(try_code(w, "ada", RIGHT, HOME), ERR_OK);
			sequence(w, logins[i].nobody, sources[j], nobody);
			assert_string_equal(there, nobody);
			assert_non_null(strchr(there, 't'));
			sign_in_world_free(w);
		}
}

static void
case_beyond_ascii_makes_no_other_login(void **state)
{
	struct world *w = sign_in_world_new();

	(void)state;
	assert_int_equal(try_code(w, "J\xc3\xbcrgen", WRONG, try_address(1)), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "J\xc3\x9cRGEN", WRONG, try_address(2)), ERR_UNAUTHENTICATED);
	assert_int_equal(try_code(w, "j\xc3\xbcrgen", WRONG, try_address(3)), ERR_THROTTLED);
	sign_in_world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_that_is_decided_late_is_answered_on_the_same_tick),
		cmocka_unit_test(a_throttled_login_is_told_on_the_tick),
		cmocka_unit_test(the_pace_is_twice_what_the_directory_took_lately),
		cmocka_unit_test(real_accounts_set_the_pace),
		cmocka_unit_test(answers_tell_nothing_of_who_there_is),
		cmocka_unit_test(case_beyond_ascii_makes_no_other_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
