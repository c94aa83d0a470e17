#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "../fakes/auth_world.h"
#include "base/id.h"

static const struct store_note note = { .actor = "user:x" };

enum { IDLE_MS = 15 * WORLD_MINUTE, LIFETIME_MS = 8 * 60 * WORLD_MINUTE };

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
}

/* What a session and its caller are. */

static void
a_session_is_known_by_a_secret_of_which_the_store_has_the_hash(void **state)
{
	const struct store_session *stored;
	unsigned char bytes[32], hash[32];
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(world.code, ERR_OK);
	assert_true(decode_base64(
	    secret_bytes(world.secret), secret_len(world.secret), bytes, sizeof(bytes)));
	crypto_generichash(hash, sizeof(hash), (const unsigned char *)secret_bytes(world.secret),
	    secret_len(world.secret), NULL, 0);
	stored = fake_store_session(world.store, world.session.id);
	assert_memory_equal(stored->hash.bytes, hash, sizeof(hash));
	assert_null(strstr(secret_bytes(world.secret), stored->id));
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.kind, AUTH_SESSION);
	assert_string_equal(who.name, "user:" ADA);
	assert_string_equal(who.person, ADA);
	assert_string_equal(who.session, world.session.id);
	assert_int_equal(who.roles, 1u << AUTH_ADMINISTRATOR);
	assert_int_equal(who.expires_at, world.wall + LIFETIME_MS);
	assert_false(who.read_only);
}

static void
each_sign_in_has_an_id_and_a_secret_of_its_own_and_the_old_one_can_be_dead(void **state)
{
	struct principal who;
	struct secret *old;
	char old_id[STORE_SESSION_ID_SIZE];

	(void)state;
	auth_world_sign_in(ADA, "A");
	old = world.secret;
	world.secret = NULL;
	memcpy(old_id, world.session.id, sizeof(old_id));
	auth_world_sign_in(ADA, "A");
	assert_string_not_equal(world.session.id, old_id);
	assert_false(secret_equal(world.secret, old));
	auth_session_end(world.auth, ADA, old_id, "signed_out", &note, auth_world_on_done, NULL);
	assert_int_equal(auth_world_check(old, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	loop_run(world.loop);
	secret_free(old);
}

static void
nothing_but_the_secret_itself_is_a_session(void **state)
{
	static char huge[65536];
	struct principal who;
	struct fault f;
	char text[64];

	(void)state;
	auth_world_sign_in(ADA, "A");
	for (size_t i = 0; i < secret_len(world.secret); i++) {
		memcpy(text, secret_bytes(world.secret), 44);
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_int_equal(auth_check_session(world.auth, text, 43, world.arena, &who, &f),
		    ERR_UNAUTHENTICATED);
		text[i] = '\0';
		assert_int_equal(auth_check_session(world.auth, text, 43, world.arena, &who, &f),
		    ERR_UNAUTHENTICATED);
		assert_int_equal(auth_check_session(world.auth, secret_bytes(world.secret), i,
				     world.arena, &who, &f),
		    ERR_UNAUTHENTICATED);
	}
	memset(huge, 'A', sizeof(huge));
	memcpy(huge, secret_bytes(world.secret), 43);
	assert_int_equal(auth_check_session(world.auth, huge, sizeof(huge), world.arena, &who, &f),
	    ERR_UNAUTHENTICATED);
	assert_int_equal(
	    auth_check_session(world.auth, world.session.id, 16, world.arena, &who, &f),
	    ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
a_session_that_cannot_be_stored_is_none(void **state)
{
	(void)state;
	fake_store_fail_next(world.store, ERR_UNAVAILABLE);
	auth_world_sign_in(ADA, "A");
	assert_int_equal(world.code, ERR_UNAVAILABLE);
	assert_null(world.secret);
	assert_int_equal(world.answers, 1);
}

/* Time. */

static void
a_session_ends_when_it_is_not_used_and_each_use_prolongs_it(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	for (int i = 0; i < 3; i++) {
		auth_world_pass(IDLE_MS - 1);
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
	}
	auth_world_pass(IDLE_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(last_end()->why, "idle");
	assert_string_equal(last_end()->actor, "sweeper");
	assert_string_equal(last_end()->org_unit, BERLIN);
}

static void
no_use_prolongs_a_session_over_its_absolute_end(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	for (int minutes = 10; minutes < 8 * 60; minutes += 10) {
		auth_world_pass(10 * WORLD_MINUTE);
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
	}
	auth_world_pass(10 * WORLD_MINUTE - 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(1);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "expired");
}

static void
sessions_end_in_the_store_without_a_request(void **state)
{
	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sign_in(BOB, "I");
	auth_world_pass(IDLE_MS);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_int_equal(fake_store_ends(world.store), 2);
}

static void
a_wall_clock_that_jumps_ahead_ends_sessions_and_set_back_it_revives_none(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.wall += IDLE_MS;
	auth_world_sweep();
	world.wall -= IDLE_MS;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	/* The next one lives as long as any: by what passes, from then on. */
	auth_world_sign_in(ADA, "A");
	world.mono += IDLE_MS - 1;
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.mono += IDLE_MS;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_wall_clock_that_is_set_back_prolongs_nothing(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.wall -= 24 * 60 * WORLD_MINUTE;
	world.mono += IDLE_MS - 1;
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	for (int minutes = 15; minutes < 8 * 60; minutes += 10) {
		world.mono += 10 * WORLD_MINUTE;
		auth_world_check_last(&who);
	}
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_session_outlives_a_restart_but_no_longer_than_it_would_have_lived(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	auth_world_pass(IDLE_MS / 2);
	auth_world_start();
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_sweep(); /* the use is written down */
	auth_world_stop();
	auth_world_pass(IDLE_MS);
	auth_world_start();
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
stored_times_that_are_still_to_come_prolong_nothing(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	world.wall -= 30 * 24 * 60 * (int64_t)WORLD_MINUTE;
	auth_world_start();
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.expires_at, world.wall + LIFETIME_MS);
	auth_world_pass(IDLE_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

/* used_at. */

static void
uses_are_written_once_a_minute(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sweep();
	assert_int_equal(fake_store_touches(world.store), 0); /* it was born with this minute */
	for (int i = 0; i < 3 * 60; i++) {
		auth_world_pass(1000);
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
		if (i % 30 == 29)
			auth_world_sweep();
	}
	assert_int_equal(fake_store_touches(world.store), 3);
	assert_int_equal(fake_store_session(world.store, world.session.id)->used_at,
	    world.wall - world.wall % WORLD_MINUTE);
}

static void
a_use_that_the_store_refused_is_written_later(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_pass(WORLD_MINUTE);
	fake_store_fail_all(world.store, ERR_UNAVAILABLE);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_sweep();
	assert_true(fake_store_touches(world.store) > 0);
	fake_store_fail_all(world.store, ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_session(world.store, world.session.id)->used_at,
	    world.wall - world.wall % WORLD_MINUTE);
}

/* Signing out. */

static void
signing_out_is_felt_before_it_is_answered(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.answers = 0;
	auth_session_end(
	    world.auth, ADA, world.session.id, "signed_out", &note, auth_world_on_done, NULL);
	assert_int_equal(world.answers, 0);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	loop_run(world.loop);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.code, ERR_OK);
	assert_string_equal(last_end()->why, "signed_out");
	assert_string_equal(last_end()->actor, "user:x");
}

static void
nobody_ends_what_is_not_theirs_or_not_there(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_session_end(
	    world.auth, BOB, world.session.id, "signed_out", &note, auth_world_on_done, NULL);
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_NOT_FOUND);
	auth_session_end(
	    world.auth, ADA, "0123456789abcdef", "signed_out", &note, auth_world_on_done, NULL);
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_NOT_FOUND);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
signing_out_everywhere_ends_all_of_the_person_and_nobody_else(void **state)
{
	struct principal who;
	struct secret *first;

	(void)state;
	auth_world_sign_in(ADA, "A");
	first = world.secret;
	world.secret = NULL;
	auth_world_sign_in(ADA, "A");
	auth_session_end(
	    world.auth, ADA, NULL, "signed_out_everywhere", &note, auth_world_on_done, NULL);
	assert_int_equal(auth_world_check(first, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	secret_free(first);
	world.answers = 0;
	loop_run(world.loop);
	assert_int_equal(world.answers, 1);
	assert_int_equal(world.code, ERR_OK);
	assert_int_equal(fake_store_sessions(world.store), 0);
	auth_world_sign_in(BOB, "I");
	auth_session_end(
	    world.auth, ADA, NULL, "signed_out_everywhere", &note, auth_world_on_done, NULL);
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_OK); /* there was none, and there is none */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
what_was_ended_stays_dead_while_the_store_fails_and_goes_when_it_is_back(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	fake_store_fail_all(world.store, ERR_UNAVAILABLE);
	auth_session_end(
	    world.auth, ADA, world.session.id, "signed_out", &note, auth_world_on_done, NULL);
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_UNAVAILABLE);
	fake_store_break_sessions(world.store); /* the next watch tells of it again */
	while (fake_store_session_watches(world.store) < 2)
		auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 1);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	fake_store_fail_all(world.store, ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(last_end()->why, "signed_out");
}

/* How many. */

static void
a_person_has_a_few_sessions_and_the_oldest_gives_way(void **state)
{
	struct principal who;
	struct secret *first;

	(void)state;
	auth_world_sign_in(ADA, "A");
	first = world.secret;
	world.secret = NULL;
	for (int i = 1; i < AUTH_SESSIONS_OF_ONE_MAX; i++) {
		auth_world_pass(1);
		auth_world_sign_in(ADA, "A");
	}
	assert_int_equal(auth_world_check(first, &who), ERR_OK);
	auth_world_pass(1);
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check(first, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), AUTH_SESSIONS_OF_ONE_MAX);
	assert_string_equal(last_end()->why, "replaced");
	secret_free(first);
}

static void
put_stranger(size_t number)
{
	struct store_session s = {
		.created_at = world.wall, .ends_at = world.wall + LIFETIME_MS, .used_at = world.wall
	};
	char secret[44];

	snprintf(s.id, sizeof(s.id), "%016zx", number);
	snprintf(s.person, sizeof(s.person), "44444444-4444-4444-8444-%012zx",
	    number / AUTH_SESSIONS_OF_ONE_MAX);
	snprintf(secret, sizeof(secret), "%043zu", number);
	crypto_generichash(
	    s.hash.bytes, sizeof(s.hash.bytes), (unsigned char *)secret, 43, NULL, 0);
	fake_store_put_session(world.store, &s);
}

/* A look that went through all of them would make this test take hours. */
static void
a_hundred_thousand_sessions_are_found_as_fast_as_one(void **state)
{
	struct principal who;
	struct fault f;
	char secret[44];

	(void)state;
	auth_world_stop();
	world.roster.state = ROSTER_LOADING; /* so that nobody is asked about */
	for (size_t i = 0; i < AUTH_SESSIONS_MAX; i++)
		put_stranger(i);
	auth_world_start();
	for (size_t i = 0; i < 2 * AUTH_SESSIONS_MAX; i++) {
		snprintf(secret, sizeof(secret), "%043zu", i);
		assert_int_equal(auth_check_session(world.auth, secret, 43, world.arena, &who, &f),
		    i < AUTH_SESSIONS_MAX ? ERR_UNAVAILABLE : ERR_UNAUTHENTICATED);
	}
	put_stranger(AUTH_SESSIONS_MAX); /* one too many: the longest unused gives way */
	snprintf(secret, sizeof(secret), "%043d", 0);
	assert_int_equal(
	    auth_check_session(world.auth, secret, 43, world.arena, &who, &f), ERR_UNAUTHENTICATED);
}

/* The store's watch. */

static void
sessions_of_other_daemons_come_and_go_with_the_watch(void **state)
{
	struct principal who;
	struct store_session session;

	(void)state;
	auth_world_sign_in(ADA, "A");
	session = world.session;
	fake_store_drop_session(world.store, session.id);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	fake_store_put_session(world.store, &session);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	session.used_at += 10 * WORLD_MINUTE; /* used there */
	auth_world_pass(10 * WORLD_MINUTE);
	fake_store_break_sessions(world.store);
	fake_store_drop_session(world.store, session.id);
	fake_store_put_session(world.store, &session);
	while (fake_store_session_watches(world.store) < 2)
		auth_world_sweep();
	auth_world_sweep();
	auth_world_pass(10 * WORLD_MINUTE);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
what_vanished_while_the_watch_was_away_is_gone(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	fake_store_break_sessions(world.store);
	fake_store_drop_session(world.store, world.session.id);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	while (fake_store_session_watches(world.store) < 2)
		auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

/* Races. */

static void
on_session(void *arg, enum err code, const struct store_session *session, struct secret **secret,
    const struct fault *f)
{
	(void)arg, (void)session, (void)secret, (void)f;
	world.answers++;
	world.code = code;
	loop_stop(world.loop);
}

static void
whoever_is_forgotten_while_they_sign_in_is_not_let_in(void **state)
{
	const unsigned char source[STORE_SOURCE_SIZE] = { 0 };
	const bool member[WORLD_GROUPS] = { true };

	(void)state;
	auth_session_new(world.auth, ADA, member, world.mono, source, &note, on_session, NULL);
	auth_forget_person(world.auth, ADA, "user_suspended");
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(last_end()->why, "user_suspended");
}

static void
freeing_ends_what_is_under_way_without_callbacks(void **state)
{
	const unsigned char source[STORE_SOURCE_SIZE] = { 0 };
	const bool member[WORLD_GROUPS] = { true };
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_pass(WORLD_MINUTE);
	auth_world_check_last(&who);
	world.answers = 0;
	auth_session_new(world.auth, BOB, member, world.mono, source, &note, on_session, NULL);
	auth_session_end(world.auth, ADA, NULL, "signed_out", &note, auth_world_on_done, NULL);
	auth_world_stop();
	auth_world_turn();
	assert_int_equal(world.answers, 0);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_session_is_known_by_a_secret_of_which_the_store_has_the_hash),
		IN_WORLD(
		    each_sign_in_has_an_id_and_a_secret_of_its_own_and_the_old_one_can_be_dead),
		IN_WORLD(nothing_but_the_secret_itself_is_a_session),
		IN_WORLD(a_session_that_cannot_be_stored_is_none),
		IN_WORLD(a_session_ends_when_it_is_not_used_and_each_use_prolongs_it),
		IN_WORLD(no_use_prolongs_a_session_over_its_absolute_end),
		IN_WORLD(sessions_end_in_the_store_without_a_request),
		IN_WORLD(a_wall_clock_that_jumps_ahead_ends_sessions_and_set_back_it_revives_none),
		IN_WORLD(a_wall_clock_that_is_set_back_prolongs_nothing),
		IN_WORLD(a_session_outlives_a_restart_but_no_longer_than_it_would_have_lived),
		IN_WORLD(stored_times_that_are_still_to_come_prolong_nothing),
		IN_WORLD(uses_are_written_once_a_minute),
		IN_WORLD(a_use_that_the_store_refused_is_written_later),
		IN_WORLD(signing_out_is_felt_before_it_is_answered),
		IN_WORLD(nobody_ends_what_is_not_theirs_or_not_there),
		IN_WORLD(signing_out_everywhere_ends_all_of_the_person_and_nobody_else),
		IN_WORLD(what_was_ended_stays_dead_while_the_store_fails_and_goes_when_it_is_back),
		IN_WORLD(a_person_has_a_few_sessions_and_the_oldest_gives_way),
		IN_WORLD(a_hundred_thousand_sessions_are_found_as_fast_as_one),
		IN_WORLD(sessions_of_other_daemons_come_and_go_with_the_watch),
		IN_WORLD(what_vanished_while_the_watch_was_away_is_gone),
		IN_WORLD(whoever_is_forgotten_while_they_sign_in_is_not_let_in),
		IN_WORLD(freeing_ends_what_is_under_way_without_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
