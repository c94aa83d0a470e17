/* How sessions end: by their person, by one too many, in the store and while they are made. */
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

static const struct store_note note = { .actor = "user:x" };

enum { LIFETIME_MS = 8 * 60 * WORLD_MINUTE };

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
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
begin_session(const char *person)
{
	static const unsigned char source[STORE_SOURCE_SIZE];
	static const bool member[WORLD_GROUPS] = { true };
	const struct auth_session_spec spec = { .person = person,
		.member = member,
		.seen_at = world.mono,
		.source = source,
		.note = &note };

	auth_session_new(world.auth, &spec, on_session, NULL);
}

static void
whoever_is_forgotten_while_they_sign_in_is_not_let_in(void **state)
{
	(void)state;
	begin_session(ADA);
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
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_pass(WORLD_MINUTE);
	auth_world_check_last(&who);
	world.answers = 0;
	begin_session(BOB);
	auth_session_end(world.auth, ADA, NULL, "signed_out", &note, auth_world_on_done, NULL);
	auth_world_stop();
	auth_world_turn();
	assert_int_equal(world.answers, 0);
}

static void
signing_out_everywhere_ends_what_is_being_made(void **state)
{
	(void)state;
	begin_session(ADA);
	auth_session_end(
	    world.auth, ADA, NULL, "signed_out_everywhere", &note, auth_world_on_done, NULL);
	world.answers = 0;
	while (world.answers < 2)
		loop_run(world.loop);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(last_end()->why, "signed_out_everywhere");
}

static void
who_signed_out_is_named_however_often_the_store_fails(void **state)
{
	char actor[] = "user:ada";
	const struct store_note own = { .actor = actor };

	(void)state;
	auth_world_sign_in(ADA, "A");
	fake_store_fail_all(world.store, ERR_UNAVAILABLE);
	auth_session_end(
	    world.auth, ADA, world.session.id, "signed_out", &own, auth_world_on_done, NULL);
	memset(actor, 'x', sizeof(actor) - 1); /* borrowed for the call alone */
	loop_run(world.loop);
	auth_world_sweep();
	fake_store_fail_all(world.store, ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_string_equal(last_end()->actor, "user:ada");
}

static void
after_a_restart_the_longest_unused_gives_way_whatever_its_id(void **state)
{
	struct store_session oldest;
	struct principal who;
	struct fault f;
	char secret[44];

	(void)state;
	auth_world_stop();
	world.roster.state = ROSTER_LOADING;
	for (size_t i = 0; i < AUTH_SESSIONS_MAX; i++)
		put_stranger(i);
	snprintf(secret, sizeof(secret), "%016x", 5);
	oldest = *fake_store_session(world.store, secret);
	fake_store_drop_session(world.store, oldest.id);
	oldest.used_at -= WORLD_MINUTE;
	fake_store_put_session(world.store, &oldest); /* told last */
	auth_world_start();
	put_stranger(AUTH_SESSIONS_MAX);
	snprintf(secret, sizeof(secret), "%043d", 5);
	assert_int_equal(
	    auth_check_session(world.auth, secret, 43, world.arena, &who, &f), ERR_UNAUTHENTICATED);
	snprintf(secret, sizeof(secret), "%043d", 0);
	assert_int_equal(
	    auth_check_session(world.auth, secret, 43, world.arena, &who, &f), ERR_UNAVAILABLE);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
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
		IN_WORLD(signing_out_everywhere_ends_what_is_being_made),
		IN_WORLD(who_signed_out_is_named_however_often_the_store_fails),
		IN_WORLD(after_a_restart_the_longest_unused_gives_way_whatever_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
