/* Signing in: in which order, how soon it is answered, and who has to wait when many guess. */
#include "people_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fakes/fake_sign_in.h"
#include "base/mem.h"
#include "flow/flow_sign_in.h"
#include "flow/sign_in_private.h"

#define ZOE_ID "e1111111-0000-4000-8000-000000000003"
#define RIGHT  "correct horse battery"
#define WRONG  "incorrect horse battery"
#define HOME   "192.0.2.1"

enum { ATTEMPTS = 4, WINDOW_S = 900, PARALLEL_MAX = 10000 };

static struct fake_account accounts[3];
static size_t answers; /* of all tries so far */

struct
try {
	struct world *w;
	size_t count;
	enum err code;
	int64_t wait_ms;
	char text[FAULT_TEXT_MAX], person[ID_SIZE], session[STORE_SESSION_ID_SIZE];
	struct secret *secret;
};

static void
sign_in_up(struct world *w)
{
	const struct sign_in_conf conf = { ATTEMPTS, WINDOW_S, w->seal };

	flow_set_sign_in(w->flow, fake_sign_in_start(w->loop, w->store, accounts, 3), &conf);
	fake_sign_in.clock = &w->now;
	fake_sign_in.ahead_ms = SIGN_IN_PACE_MS - 1;
	people_keys(w, "known/"); /* what is known has been read */
}

static struct world *
open_world(void)
{
	const struct fake_account all[] = {
		{ "ada", "ada@x.org", ADA, RIGHT, true, 0, 0 },
		{ "bob", "bob@x.org", BOB, RIGHT, true, 0, 0 },
		{ "zoe", "zoe@x.org", ZOE_ID, RIGHT, false, 0, 0 },
	};
	struct world *w = people_world_new();

	memcpy(accounts, all, sizeof(accounts));
	answers = 0;
	sign_in_up(w);
	return w;
}

static void
close_world(struct world *w)
{
	world_free(w);
	fake_sign_in_end();
}

static void
crash(struct world *w)
{
	world_crash(w);
	sign_in_up(w);
}

static void
on_signed_in(void *arg, enum err code, const struct store_session *session, struct secret **secret,
    int64_t wait_ms, const struct fault *f)
{
	struct try *t = arg;

	assert_int_equal(session != NULL, code == ERR_OK);
	t->count++;
	answers++;
	t->code = code;
	t->wait_ms = wait_ms;
	snprintf(t->text, sizeof(t->text), "%s", f->text);
	if (session != NULL) {
		memcpy(t->person, session->person, sizeof(t->person));
		memcpy(t->session, session->id, sizeof(t->session));
		t->secret = *secret;
		*secret = NULL;
		secret_free(t->secret);
	}
	world_stop_waiting(t->w);
}

static void
start(struct world *w, struct try *t, const char *login, const char *password, const char *source)
{
	struct secret *p = secret_new(password, strlen(password));
	struct sign_in_spec spec = {
		.login = login, .password = p, .source = source, .request_id = "r-1"
	};

	*t = (struct try){ .w = w };
	flow_sign_in_start(w->flow, &spec, on_signed_in, t);
	secret_free(p);
	assert_int_equal(t->count, 0);
}

static enum err
attempt(struct world *w, struct try *t, const char *login, const char *password, const char *source)
{
	start(w, t, login, password, source);
	while (t->count == 0)
		world_wait(w);
	return t->code;
}

static enum err
quick(struct world *w, const char *login, const char *password, const char *source)
{
	struct try t;

	return attempt(w, &t, login, password, source);
}

static const char *
address(unsigned n)
{
	static char text[8][32];
	static unsigned next;
	char *out = text[next++ % 8];

	snprintf(out, sizeof(text[0]), "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
	return out;
}

/* ---- one attempt ---- */

static void
a_right_password_makes_a_session_and_ends_the_old_one(void **state)
{
	struct secret *p = secret_new(RIGHT, strlen(RIGHT));
	struct sign_in_spec spec = { .login = "Ada@x.org",
		.password = p,
		.source = HOME,
		.request_id = "r-1",
		.old_session = "00000000000000aa",
		.old_person = BOB };
	struct world *w = open_world();
	struct try t = { .w = w };

	(void)state;
	flow_sign_in_start(w->flow, &spec, on_signed_in, &t);
	secret_free(p); /* it was copied */
	while (t.count == 0)
		world_wait(w);
	assert_int_equal(t.code, ERR_OK);
	assert_string_equal(t.person, ADA);
	assert_non_null(t.secret);
	assert_int_equal(fake_sign_in.finds, 1);
	assert_int_equal(fake_sign_in.binds, 1);
	assert_string_equal(fake_sign_in.last_password, RIGHT);
	assert_int_equal(fake_sign_in.ended, 1);
	assert_string_equal(fake_sign_in.ended_session, "00000000000000aa");
	assert_string_equal(fake_sign_in.ended_person, BOB);
	assert_int_equal(people_audits(w, "signed_in"), 1);
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	assert_int_equal(people_keys(w, "known/"), 1);
	close_world(w);
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
	struct world *w = open_world();
	char text[FAULT_TEXT_MAX] = "";

	(void)state;
	fake_sign_in.clock = NULL;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t began_at = clock_mono_ms(&clock_system);
		struct try t;

		fake_sign_in.bind_code = rows[i].bind;
		assert_int_equal(
		    attempt(w, &t, rows[i].login, rows[i].password, HOME), ERR_UNAUTHENTICATED);
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
	close_world(w);
}

static void
what_is_missing_or_too_long_asks_nobody(void **state)
{
	struct world *w = open_world();
	char *large = mem_alloc(SECRET_MAX + 2);

	(void)state;
	assert_int_equal(quick(w, "", RIGHT, HOME), ERR_INVALID);
	assert_int_equal(quick(w, "ada", "", HOME), ERR_INVALID);
	memset(large, 'x', SECRET_MAX + 1);
	assert_int_equal(quick(w, "ada", large, HOME), ERR_INVALID);
	large[DIR_LOGIN_MAX + 1] = '\0';
	assert_int_equal(quick(w, large, RIGHT, HOME), ERR_INVALID);
	assert_int_equal(fake_sign_in.finds, 0);
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	free(large);
	close_world(w);
}

static void
a_directory_that_does_not_answer_is_nobodys_failure(void **state)
{
	static const enum err codes[] = { ERR_UNAVAILABLE, ERR_MISCONFIGURED, ERR_BUSY };
	struct world *w = open_world();

	(void)state;
	for (int i = 0; i < 12; i++) {
		enum err told = codes[i % 3] == ERR_BUSY ? ERR_BUSY : ERR_UNAVAILABLE;

		fake_sign_in.find_code = i % 2 == 0 ? codes[i % 3] : ERR_OK;
		fake_sign_in.bind_code = i % 2 == 0 ? ERR_OK : codes[i % 3];
		assert_int_equal(quick(w, "ada", WRONG, HOME), told);
	}
	fake_sign_in.find_code = fake_sign_in.bind_code = ERR_OK;
	assert_int_equal(people_audits(w, "sign_in_refused"), 0);
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	/* What was sent and had no answer may have counted: strangers have two of four. */
	fake_sign_in.bind_code = ERR_UNKNOWN;
	assert_int_equal(quick(w, "bob", WRONG, HOME), ERR_UNAVAILABLE);
	assert_int_equal(quick(w, "bob", WRONG, HOME), ERR_UNAVAILABLE);
	assert_int_equal(quick(w, "bob", WRONG, HOME), ERR_THROTTLED);
	close_world(w);
}

static void
a_session_that_cannot_be_stored_is_none(void **state)
{
	struct world *w = open_world();

	(void)state;
	fake_kv_fail(w->kv, 1, FAKE_KV_REFUSE);
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_UNAVAILABLE);
	assert_int_equal(fake_sign_in.sessions, 0);
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	close_world(w);
}

/* ---- sources ---- */

static void
a_source_that_fails_waits_longer_and_longer(void **state)
{
	struct world *w = open_world();
	struct try t;
	char login[32];
	int64_t last = 500;

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(login, sizeof(login), "nobody%d", i);
		assert_int_equal(quick(w, login, WRONG, "203.0.113.9"), ERR_UNAUTHENTICATED);
	}
	for (int i = 0; i < 12; i++) {
		size_t finds = fake_sign_in.finds;

		assert_int_equal(attempt(w, &t, "ada", RIGHT, "203.0.113.9"), ERR_THROTTLED);
		assert_int_equal(fake_sign_in.finds, finds); /* nobody was asked */
		assert_true(t.wait_ms == 2 * last || t.wait_ms == 15 * 60 * 1000);
		last = t.wait_ms;
		w->now += t.wait_ms;
		snprintf(login, sizeof(login), "somebody%d", i);
		assert_int_equal(quick(w, login, WRONG, "203.0.113.9"), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(last, 15 * 60 * 1000);
	/* Another one does not, and the hour forgets. */
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	w->now += 3600 * 1000;
	assert_int_equal(quick(w, "bob", RIGHT, "203.0.113.9"), ERR_OK);
	close_world(w);
}

/* ---- accounts ---- */

static void
strangers_shut_nobody_out_who_comes_from_where_they_come_from(void **state)
{
	struct world *w = open_world();
	struct try t;

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	for (unsigned i = 0; i < 8; i++) {
		enum err code = attempt(w, &t, i % 2 == 0 ? "ada" : "ADA@x.org", WRONG, address(i));

		assert_int_equal(code, i < 2 ? ERR_UNAUTHENTICATED : ERR_THROTTLED);
		if (i >= 2)
			assert_int_equal(t.wait_ms, WINDOW_S * 1000);
	}
	assert_int_equal(people_audits(w, "sign_in_throttled"), 1); /* not each */
	/* Their own mistake, and then they are in: all is given back. */
	assert_int_equal(quick(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	assert_int_equal(quick(w, "ada", WRONG, address(100)), ERR_UNAUTHENTICATED);
	assert_int_equal(quick(w, "ada", WRONG, address(101)), ERR_UNAUTHENTICATED);
	assert_int_equal(quick(w, "ada", RIGHT, address(102)), ERR_THROTTLED);
	assert_int_equal(people_audits(w, "sign_in_throttled"), 2);
	/* From home at most as many as are left. */
	assert_int_equal(quick(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(quick(w, "ada", WRONG, HOME), ERR_UNAUTHENTICATED);
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_THROTTLED);
	assert_true(accounts[0].most <= ATTEMPTS);
	/* The window passes for each failure. */
	w->now += WINDOW_S * 1000;
	assert_int_equal(quick(w, "ada", RIGHT, address(103)), ERR_OK);
	close_world(w);
}

static void
logins_that_are_nobodys_wait_like_any_account(void **state)
{
	struct world *w = open_world();
	struct try known, unknown;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		attempt(w, &known, "bob", WRONG, address(i));
		attempt(w, &unknown, i % 2 == 0 ? "Nobody" : " nobody ", WRONG, address(i + 50));
		assert_int_equal(known.code, unknown.code);
		assert_int_equal(known.wait_ms, unknown.wait_ms);
		assert_string_equal(known.text, unknown.text);
	}
	assert_int_equal(known.code, ERR_THROTTLED);
	/* A right password that opens nothing is as good as a wrong one. */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(quick(w, "zoe", RIGHT, address(i + 200)),
		    i < 2 ? ERR_UNAUTHENTICATED : ERR_THROTTLED);
	close_world(w);
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
	while (answers < count)
		world_wait(w);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(many[i].count, 1);
}

static void
guesses_at_once_do_not_all_pass(void **state)
{
	enum { GUESSES = 40 };
	struct world *w = open_world();

	(void)state;
	for (unsigned i = 0; i < GUESSES; i++)
		start(w, &many[i], "ada", WRONG, address(i));
	wait_for_all(w, GUESSES);
	assert_int_equal(fake_sign_in.binds, 2);
	assert_int_equal(many_with(GUESSES, ERR_UNAUTHENTICATED), 2);
	assert_int_equal(many_with(GUESSES, ERR_THROTTLED), GUESSES - 2);
	assert_int_equal(people_audits(w, "sign_in_throttled"), 1);
	assert_int_equal(people_audits(w, "sign_in_refused"), 2);
	close_world(w);
}

static void
guesses_at_once_from_one_source_do_not_all_pass(void **state)
{
	enum { GUESSES = 40 };
	struct world *w = open_world();
	char login[32];

	(void)state;
	fake_sign_in.holds = true;
	for (unsigned i = 0; i < GUESSES; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		start(w, &many[i], login, WRONG, "203.0.113.9");
	}
	assert_int_equal(fake_sign_in.finds, 5);
	fake_sign_in_release();
	wait_for_all(w, GUESSES);
	assert_int_equal(many_with(GUESSES, ERR_THROTTLED), GUESSES - 5);
	close_world(w);
}

/* ---- many ---- */

static void
ten_thousand_wrong_logins_from_a_thousand_sources_keep_nobody_else_out(void **state)
{
	struct world *w = open_world();
	char login[32];

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	answers = 0;
	for (unsigned i = 0; i < PARALLEL_MAX; i++) {
		snprintf(login, sizeof(login), "%s%u", i % 3 == 0 ? "ada" : "nobody",
		    i % 3 == 0 ? 0 : i);
		start(w, &many[i], i % 3 == 0 ? "ada" : login, WRONG, address(1000 + i % 1000));
		if (i % 40 == 39)
			people_keys(w, "nothing/"); /* a turn of the loop or two */
	}
	/* Amid all that. */
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	assert_int_equal(quick(w, "bob", RIGHT, "198.51.100.77"), ERR_OK);
	wait_for_all(w, PARALLEL_MAX);
	assert_int_equal(many_with(PARALLEL_MAX, ERR_OK), 0);
	assert_true(many_with(PARALLEL_MAX, ERR_THROTTLED) > PARALLEL_MAX / 2);
	assert_true(accounts[0].most <= ATTEMPTS);
	close_world(w);
}

static void
when_many_fail_a_stranger_has_one_failure(void **state)
{
	struct world *w = open_world();
	char login[32];
	struct try t;

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	answers = 0;
	for (unsigned i = 0; i < 400; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		start(w, &many[i], login, WRONG, address(i));
		if (i % 40 == 39)
			wait_for_all(w, i + 1);
	}
	assert_int_equal(many_with(400, ERR_UNAUTHENTICATED), 400);
	/* Several failures pass at one's leisure, and not now. */
	assert_int_equal(quick(w, "bob", WRONG, "198.51.100.7"), ERR_UNAUTHENTICATED);
	assert_int_equal(attempt(w, &t, "bob", RIGHT, "198.51.100.7"), ERR_THROTTLED);
	assert_int_equal(t.wait_ms, 60 * 1000);
	/* Nobody is hurried who comes from a known place. */
	for (int i = 0; i < 4; i++) {
		snprintf(login, sizeof(login), "anybody%d", i);
		assert_int_equal(quick(w, login, WRONG, HOME), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	/* The crowd is forgotten. */
	w->now += 60 * 1000;
	assert_int_equal(quick(w, "bob", RIGHT, "198.51.100.7"), ERR_OK);
	close_world(w);
}

static void
places_are_kept_for_those_who_are_known(void **state)
{
	struct world *w = open_world();
	char login[32];

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	answers = 0;
	fake_sign_in.holds = true;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(login, sizeof(login), "nobody%u", i);
		start(w, &many[i], login, WRONG, address(i));
	}
	for (unsigned i = 100; i < 120; i++)
		start(w, &many[i], i == 100 ? "ada" : "nobody", RIGHT, HOME);
	assert_int_equal(fake_sign_in.waiting, SIGN_IN_RUNNING_MAX);
	fake_sign_in_release();
	wait_for_all(w, 120);
	assert_int_equal(many_with(120, ERR_BUSY), 120 - SIGN_IN_RUNNING_MAX);
	assert_int_equal(many[100].code, ERR_OK);
	/* Places are free again. */
	assert_int_equal(quick(w, "bob", RIGHT, "198.51.100.1"), ERR_OK);
	close_world(w);
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

/* What is kept beyond the part of the strangers. */
static enum err
sign_in_amid_guesses(struct world *w, const char *source)
{
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(quick(w, "ada", WRONG, address(7000 + i)), ERR_UNAUTHENTICATED);
	return quick(w, "ada", RIGHT, source);
}

static void
where_people_come_from_is_known_for_fourteen_days_and_over_a_restart(void **state)
{
	static char home[] = HOME;
	struct world *w = open_world();

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	assert_true(remembers(w, home));
	crash(w);
	assert_false(remembers(w, home)); /* it is being read */
	assert_true(world_until(w, remembers, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK);
	assert_int_equal(sign_in_amid_guesses(w, "192.0.2.2"), ERR_THROTTLED);
	w->now += 14 * 86400 * INT64_C(1000);
	assert_true(remembers(w, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK); /* and anew from now on */
	w->now += 14 * 86400 * INT64_C(1000);
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_OK);
	crash(w);
	assert_true(world_until(w, remembers, home));
	w->now += (14 * 86400 + 1) * INT64_C(1000);
	assert_false(remembers(w, home));
	assert_int_equal(sign_in_amid_guesses(w, HOME), ERR_THROTTLED);
	w->now += WINDOW_S * 1000;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	w->flow->sign_ins->forget(w->flow->sign_ins, ADA);
	assert_false(remembers(w, home));
	close_world(w);
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
	struct world *w = open_world();

	(void)state;
	assert_int_equal(quick(w, "ada", RIGHT, HOME), ERR_OK);
	w->now += 15 * 86400 * INT64_C(1000);
	known_sweep(((struct sign_ins *)w->flow->sign_ins)->known);
	assert_true(world_until(w, nothing_is_known, NULL));
	assert_false(remembers(w, home));
	close_world(w);
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
	struct world *w = open_world();
	struct try t, late;
	bool drained = false;

	(void)state;
	fake_sign_in.holds = true;
	start(w, &t, "ada", RIGHT, HOME);
	flow_drain(w->flow, on_drained, &drained);
	assert_int_equal(attempt(w, &late, "bob", RIGHT, HOME), ERR_BUSY);
	people_keys(w, "nothing/");
	assert_false(drained);
	fake_sign_in_release();
	while (t.count == 0)
		world_wait(w);
	assert_int_equal(t.code, ERR_OK);
	people_keys(w, "nothing/");
	assert_true(drained);
	close_world(w);
}

static void
a_flow_that_is_freed_answers_nobody(void **state)
{
	struct world *w = open_world();
	struct try held, paced, made;

	(void)state;
	fake_sign_in.clock = NULL;
	start(w, &paced, "nobody", WRONG, HOME);
	while (fake_sign_in.binds < 1)
		people_keys(w, "nothing/");
	people_keys(w, "nothing/");
	fake_sign_in.holds = true;
	start(w, &held, "ada", RIGHT, "192.0.2.7");
	fake_sign_in.holds = false;
	start(w, &made, "bob", RIGHT, "192.0.2.8");
	crash(w);
	people_keys(w, "nothing/");
	assert_int_equal(held.count + paced.count, 0);
	close_world(w);
}

/* ---- the budget against a plain count ---- */

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
		cmocka_unit_test(a_right_password_makes_a_session_and_ends_the_old_one),
		cmocka_unit_test(whatever_fails_is_answered_alike_and_not_at_once),
		cmocka_unit_test(what_is_missing_or_too_long_asks_nobody),
		cmocka_unit_test(a_directory_that_does_not_answer_is_nobodys_failure),
		cmocka_unit_test(a_session_that_cannot_be_stored_is_none),
		cmocka_unit_test(a_source_that_fails_waits_longer_and_longer),
		cmocka_unit_test(strangers_shut_nobody_out_who_comes_from_where_they_come_from),
		cmocka_unit_test(logins_that_are_nobodys_wait_like_any_account),
		cmocka_unit_test(guesses_at_once_do_not_all_pass),
		cmocka_unit_test(guesses_at_once_from_one_source_do_not_all_pass),
		cmocka_unit_test(
		    ten_thousand_wrong_logins_from_a_thousand_sources_keep_nobody_else_out),
		cmocka_unit_test(when_many_fail_a_stranger_has_one_failure),
		cmocka_unit_test(places_are_kept_for_those_who_are_known),
		cmocka_unit_test(
		    where_people_come_from_is_known_for_fourteen_days_and_over_a_restart),
		cmocka_unit_test(what_is_too_old_leaves_the_store),
		cmocka_unit_test(a_stop_waits_for_who_is_signing_in),
		cmocka_unit_test(a_flow_that_is_freed_answers_nobody),
		cmocka_unit_test(no_window_sees_more_failures_than_allowed),
		cmocka_unit_test(a_success_gives_back_nothing_that_is_still_under_way),
		cmocka_unit_test(a_flood_of_names_makes_no_account_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
