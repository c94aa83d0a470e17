/* Whom auth believes about a person, and since when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/auth_world.h"

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
}

static void
seen(const char *person, const char *groups)
{
	bool member[WORLD_GROUPS];

	auth_world_members(groups, member);
	auth_person_seen(world.auth, person, member, world.mono);
}

/* Who speaks last. */

static void
who_has_just_signed_in_is_not_put_out_by_a_list_that_lags_behind(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(CAROL, "I"); /* she joined a moment ago */
	auth_world_pass(AUTH_SEEN_MS - 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.roles, 1u << AUTH_INVITER);
	world.roster.members[2].dn = "uid=carol," BERLIN;
	world.roster.members[2].group = INVITERS;
	auth_world_list_changed();
	auth_world_pass(1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_leave("uid=carol," BERLIN);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
who_loses_the_role_right_after_signing_in_is_out_as_soon_as_the_list_says_so(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_list_that_only_now_can_be_asked_tells_no_news(void **state)
{
	struct principal who;

	(void)state;
	world.roster.state = ROSTER_LOADING;
	world.list_is_current = false;
	world.current_at = world.mono;
	auth_world_sign_in(CAROL, "I"); /* a moment after the list was read */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.roster.state = ROSTER_COMPLETE;
	auth_world_list_changed();
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.current_at = world.mono + AUTH_SEEN_MS;
	auth_world_pass(AUTH_SEEN_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_list_that_is_polled_counts_as_of_its_last_poll(void **state)
{
	struct principal who;

	(void)state;
	world.list_is_current = false;
	world.current_at = world.mono;
	auth_world_pass(30 * 1000);
	auth_world_sign_in(CAROL, "I");
	auth_world_pass(30 * 1000); /* nothing was polled since */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.current_at = world.mono; /* and now she is not in the group */
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
what_the_directory_says_of_a_person_ends_their_rights(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sign_in(ADA, "A");
	seen(ADA, "");
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sign_in(BOB, "I");
	auth_person_seen(world.auth, BOB, NULL, world.mono);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_person_seen(world.auth, CAROL, NULL, world.mono); /* nobody waits for it */
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
}

/* The list cannot tell. */

static void
while_the_list_is_loading_the_directory_is_asked(void **state)
{
	struct principal who;

	(void)state;
	world.roster.state = ROSTER_LOADING;
	world.list_is_current = false;
	world.current_at = 0;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.asked, 0);
	auth_world_pass(AUTH_LOOK_MS + 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.asked, 1);
	assert_string_equal(world.asked_about, ADA);
	auth_world_pass(AUTH_LOOK_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(who.read_only); /* no answer for a minute */
	assert_int_equal(world.asked, 2);
	seen(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_false(who.read_only);
	seen(ADA, "");
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
after_a_restart_nobody_is_let_in_before_something_is_known(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	world.roster.state = ROSTER_LOADING;
	world.list_is_current = false;
	world.current_at = 0;
	auth_world_start();
	auth_world_sweep();
	assert_int_equal(world.asked, 0); /* for nobody who has not called */
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_int_equal(world.asked, 1);
	/* A list of before the restart is there, and has not been confirmed. */
	world.roster.state = ROSTER_COMPLETE;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	world.current_at = world.mono;
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
what_a_list_lacks_that_was_cut_short_is_no_answer(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_pass(AUTH_SEEN_MS);
	world.roster.state = ROSTER_INCOMPLETE;
	assert_int_equal(auth_world_check_last(&who), ERR_OK); /* it has her */
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_person(0, NULL, "ada", FEED_ACTIVE);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(AUTH_LOOK_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.asked, 1);
	world.roster.state = ROSTER_COMPLETE;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

static void
a_name_that_cannot_be_read_is_looked_up_in_the_directory(void **state)
{
	struct principal who;

	(void)state;
	auth_world_person(0, ADA, "unreadable", FEED_ACTIVE);
	world.roster.people[0].org_unit = BERLIN;
	auth_world_sign_in(ADA, "A");
	auth_world_pass(AUTH_LOOK_MS + 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.asked, 1);
}

/* The directory is away. */

static void
rights_last_a_minute_then_reading_for_the_grace_then_nothing(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.list_is_current = false;
	world.current_at = world.mono;
	auth_world_pass(AUTH_CURRENT_MS);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_false(who.read_only);
	auth_world_pass(1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(who.read_only);
	auth_world_pass(9 * WORLD_MINUTE - 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(who.read_only);
	auth_world_pass(1);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 1); /* nothing has ended */
	world.current_at = world.mono;
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_false(who.read_only);
}

static void
a_no_that_is_old_ends_nobody(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.list_is_current = false;
	world.current_at = world.mono + AUTH_SEEN_MS;
	auth_world_pass(AUTH_SEEN_MS + AUTH_CURRENT_MS + 1);
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 1);
	world.current_at = world.mono;
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
}

/* What happened while the directory was asked. */

static void
whoever_is_forgotten_while_the_directory_is_asked_is_not_let_in(void **state)
{
	struct principal who;
	int64_t began = world.mono;

	(void)state;
	auth_world_pass(100);
	auth_forget_person(world.auth, BOB, "user_suspended"); /* who has nothing yet */
	auth_world_pass(100);
	auth_world_arrive(BOB, "I", began);
	assert_int_equal(world.code, ERR_UNAUTHENTICATED);
	assert_int_equal(fake_store_sessions(world.store), 0);
	auth_world_arrive(BOB, "I", world.mono); /* whoever was resumed is let in */
	assert_int_equal(world.code, ERR_OK);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
whom_we_forgot_is_remembered_for_some_minutes_and_then_no_more(void **state)
{
	int64_t began = world.mono;

	(void)state;
	auth_world_pass(1);
	auth_forget_person(world.auth, BOB, "user_suspended");
	auth_forget_person(world.auth, BOB, "user_deleted");
	auth_world_pass(4 * WORLD_MINUTE);
	auth_world_sweep();
	auth_world_arrive(BOB, "I", began);
	assert_int_equal(world.code, ERR_UNAUTHENTICATED);
	auth_world_pass(WORLD_MINUTE);
	auth_world_sweep();
	auth_world_arrive(BOB, "I", began);
	assert_int_equal(world.code, ERR_OK);
}

static void
what_the_directory_said_before_we_forgot_somebody_is_not_heard(void **state)
{
	struct principal who;
	int64_t began = world.mono;

	(void)state;
	auth_world_pass(1);
	auth_forget_person(world.auth, ADA, "user_suspended");
	auth_world_pass(1);
	world.roster.state = ROSTER_LOADING;
	auth_world_sign_in(ADA, "A");
	auth_person_seen(world.auth, ADA, NULL, began);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
a_list_that_tells_something_new_while_the_directory_is_asked_counts(void **state)
{
	struct principal who;
	int64_t began;

	(void)state;
	auth_world_sign_in(ADA, "A"); /* so that she is looked after */
	auth_world_pass(AUTH_SEEN_MS);
	began = world.mono;
	auth_world_pass(100);
	auth_world_person(0, ADA, "ada", FEED_SUSPENDED);
	auth_world_pass(100);
	auth_world_arrive(ADA, "A", began);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "user_suspended");
}

static void
where_nobody_knows_who_was_later_the_directory_is_asked_again(void **state)
{
	struct principal who;
	int64_t began = world.mono;

	(void)state;
	auth_world_person(1, BOB, "bob", FEED_SUSPENDED);
	auth_world_pass(100);
	auth_world_arrive(BOB, "I", began); /* and the list, of later, says that he is suspended */
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_int_equal(world.asked, 1);
	assert_string_equal(world.asked_about, BOB);
	seen(BOB, "I"); /* he was resumed, and the list lags behind */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_person_seen(world.auth, BOB, NULL, world.mono);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "user_suspended");
}

static void
an_answer_that_is_older_than_another_changes_nothing(void **state)
{
	bool member[WORLD_GROUPS] = { false };
	struct principal who;

	(void)state;
	auth_world_pass(100);
	auth_world_sign_in(ADA, "A");
	auth_person_seen(world.auth, ADA, member, world.mono - 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
why_somebody_is_out_is_told_as_far_as_it_is_known(void **state)
{
	struct principal who;

	(void)state;
	world.roster.state = ROSTER_LOADING;
	auth_world_sign_in(ADA, "A");
	auth_person_seen(world.auth, ADA, NULL, world.mono);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "lost_rights");
	world.roster.state = ROSTER_COMPLETE;
	auth_world_person(1, NULL, "bob", FEED_ACTIVE);
	auth_world_sign_in(BOB, "I");
	auth_person_seen(world.auth, BOB, NULL, world.mono);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "user_deleted");
}

/* Waiting for the directory. */

static size_t woken;

static void
wake(void *arg)
{
	(void)arg;
	woken++;
	loop_stop(world.loop);
}

static void
start_with_a_list_that_loads(void)
{
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	world.roster.state = ROSTER_LOADING;
	world.list_is_current = false;
	world.current_at = 0;
	woken = 0;
	auth_world_start();
}

static void
who_waits_is_woken_by_the_answer_once(void **state)
{
	struct principal who;

	(void)state;
	start_with_a_list_that_loads();
	assert_false(auth_await_person(world.auth, ADA, wake, NULL)); /* nobody was asked */
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_string_equal(who.person, ADA);
	assert_true(auth_await_person(world.auth, ADA, wake, NULL));
	assert_false(auth_await_person(world.auth, CAROL, wake, NULL));
	auth_world_turn();
	assert_int_equal(woken, 0);
	seen(ADA, "A");
	assert_int_equal(woken, 0);
	loop_run(world.loop);
	assert_int_equal(woken, 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_false(auth_await_person(world.auth, ADA, wake, NULL));
}

static void
who_waits_for_an_answer_that_does_not_come_is_woken_as_well(void **state)
{
	struct principal who;

	(void)state;
	start_with_a_list_that_loads();
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	auth_world_pass(1999);
	assert_true(auth_await_person(world.auth, ADA, wake, NULL));
	loop_run(world.loop);
	assert_int_equal(woken, 1);
	auth_world_pass(1);
	assert_false(auth_await_person(world.auth, ADA, wake, NULL)); /* not for ever and ever */
}

static void
who_waits_is_not_called_when_auth_is_gone(void **state)
{
	struct principal who;

	(void)state;
	start_with_a_list_that_loads();
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_true(auth_await_person(world.auth, ADA, wake, NULL));
	auth_world_stop();
	auth_world_turn();
	assert_int_equal(woken, 0);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(who_has_just_signed_in_is_not_put_out_by_a_list_that_lags_behind),
		IN_WORLD(
		    who_loses_the_role_right_after_signing_in_is_out_as_soon_as_the_list_says_so),
		IN_WORLD(a_list_that_only_now_can_be_asked_tells_no_news),
		IN_WORLD(a_list_that_is_polled_counts_as_of_its_last_poll),
		IN_WORLD(what_the_directory_says_of_a_person_ends_their_rights),
		IN_WORLD(while_the_list_is_loading_the_directory_is_asked),
		IN_WORLD(after_a_restart_nobody_is_let_in_before_something_is_known),
		IN_WORLD(what_a_list_lacks_that_was_cut_short_is_no_answer),
		IN_WORLD(a_name_that_cannot_be_read_is_looked_up_in_the_directory),
		IN_WORLD(rights_last_a_minute_then_reading_for_the_grace_then_nothing),
		IN_WORLD(a_no_that_is_old_ends_nobody),
		IN_WORLD(whoever_is_forgotten_while_the_directory_is_asked_is_not_let_in),
		IN_WORLD(whom_we_forgot_is_remembered_for_some_minutes_and_then_no_more),
		IN_WORLD(what_the_directory_said_before_we_forgot_somebody_is_not_heard),
		IN_WORLD(a_list_that_tells_something_new_while_the_directory_is_asked_counts),
		IN_WORLD(where_nobody_knows_who_was_later_the_directory_is_asked_again),
		IN_WORLD(an_answer_that_is_older_than_another_changes_nothing),
		IN_WORLD(why_somebody_is_out_is_told_as_far_as_it_is_known),
		IN_WORLD(who_waits_is_woken_by_the_answer_once),
		IN_WORLD(who_waits_for_an_answer_that_does_not_come_is_woken_as_well),
		IN_WORLD(who_waits_is_not_called_when_auth_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
