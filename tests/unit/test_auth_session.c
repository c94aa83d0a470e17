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
a_wall_clock_that_is_corrected_ends_nobody_who_works(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.wall += 2 * IDLE_MS;
	auth_world_sweep();
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.mono += IDLE_MS;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_wall_clock_that_jumps_over_the_end_ends_sessions_and_set_back_it_revives_none(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.wall += LIFETIME_MS;
	auth_world_sweep();
	world.wall -= LIFETIME_MS;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	/* The next one lives as long as any, and what is written of it is the time of day. */
	auth_world_sign_in(ADA, "A");
	assert_int_equal(world.session.created_at, world.wall);
	assert_int_equal(world.session.ends_at, world.wall + LIFETIME_MS);
	for (int minutes = 0; minutes < 8 * 60 - 10; minutes += 10) {
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
		auth_world_pass(10 * WORLD_MINUTE);
	}
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(10 * WORLD_MINUTE);
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

/* Those of before seem to be of later, and are older all the same. */
static void
a_clock_that_was_set_back_over_a_restart_ends_no_session_that_was_just_made(void **state)
{
	struct principal who;

	(void)state;
	for (int i = 0; i < AUTH_SESSIONS_OF_ONE_MAX; i++)
		auth_world_sign_in(ADA, "A");
	auth_world_stop();
	world.wall -= 60 * WORLD_MINUTE;
	auth_world_start();
	for (int i = 0; i < 2; i++) {
		auth_world_sign_in(ADA, "A");
		assert_int_equal(world.code, ERR_OK);
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
		world.wall -= WORLD_MINUTE;
	}
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), AUTH_SESSIONS_OF_ONE_MAX);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
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

/* One's own. */

static size_t
list_of(const char *person, const struct store_session *const **list)
{
	size_t count;

	*list = auth_session_list(world.auth, person, world.arena, &count);
	return count;
}

static void
ones_sessions_are_listed_the_last_used_first_and_nobody_elses(void **state)
{
	const struct store_session *const *list;
	char first[STORE_SESSION_ID_SIZE];
	struct secret *secret;
	struct principal who;

	(void)state;
	assert_int_equal(list_of(ADA, &list), 0);
	auth_world_sign_in(ADA, "A");
	memcpy(first, world.session.id, sizeof(first));
	secret = world.secret;
	world.secret = NULL;
	auth_world_sign_in(BOB, "I");
	auth_world_pass(1);
	auth_world_sign_in(ADA, "A");
	assert_int_equal(list_of(ADA, &list), 2);
	assert_string_equal(list[0]->id, world.session.id);
	assert_string_equal(list[1]->id, first);
	auth_world_pass(1);
	assert_int_equal(auth_world_check(secret, &who), ERR_OK);
	assert_int_equal(list_of(ADA, &list), 2);
	assert_string_equal(list[0]->id, first);
	auth_world_pass(IDLE_MS - 1);
	assert_int_equal(list_of(ADA, &list), 1); /* the other one has ended by now */
	assert_string_equal(list[0]->id, first);
	auth_world_pass(1);
	assert_int_equal(list_of(ADA, &list), 0);
	secret_free(secret);
}

static void
a_browser_is_kept_as_text_that_can_be_shown(void **state)
{
	static char longest[1000];
	static const struct {
		const char *said, *kept;
	} rows[] = {
		{ NULL, "" },
		{ "", "" },
		{ "W3m/0.5", "W3m/0.5" },
		{ "<script>alert(1)</script>", "<script>alert(1)</script>" },
		{ "a\x01\x1b[31mb\x7f\tc\r\nd", "a[31mbcd" },
		{ "a\xc2\x85"
		  "b\xc2\x9f\xc2\xa0",
		    "ab\xc2\xa0" },
		{ "\xff\xc3(\xe2\x82\xed\xa0\x80 \xc3\xa9\xc3", "( \xc3\xa9" },
		{ longest, longest + 800 },
	};

	(void)state;
	memset(longest, 'x', 199); /* and a character that would end behind the 200th byte */
	memcpy(longest + 199, "\xc3\xa9yyyy", 7);
	memset(longest + 800, 'x', 199);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world.agent = rows[i].said;
		auth_world_sign_in(ADA, "A");
		assert_string_equal(world.session.agent, rows[i].kept);
		assert_string_equal(
		    fake_store_session(world.store, world.session.id)->agent, rows[i].kept);
	}
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
		IN_WORLD(a_wall_clock_that_is_corrected_ends_nobody_who_works),
		IN_WORLD(
		    a_wall_clock_that_jumps_over_the_end_ends_sessions_and_set_back_it_revives_none),
		IN_WORLD(a_wall_clock_that_is_set_back_prolongs_nothing),
		IN_WORLD(a_session_outlives_a_restart_but_no_longer_than_it_would_have_lived),
		IN_WORLD(stored_times_that_are_still_to_come_prolong_nothing),
		IN_WORLD(
		    a_clock_that_was_set_back_over_a_restart_ends_no_session_that_was_just_made),
		IN_WORLD(uses_are_written_once_a_minute),
		IN_WORLD(a_use_that_the_store_refused_is_written_later),
		IN_WORLD(ones_sessions_are_listed_the_last_used_first_and_nobody_elses),
		IN_WORLD(a_browser_is_kept_as_text_that_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
