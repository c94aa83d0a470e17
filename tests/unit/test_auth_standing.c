/* Whom auth believes about a person, and for how long. */
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
seen_at(const char *person, const char *groups, int64_t at)
{
	bool member[WORLD_GROUPS];

	auth_world_members(groups, member);
	auth_person_seen(world.auth, person, member, at);
}

static void
seen(const char *person, const char *groups)
{
	seen_at(person, groups, world.mono);
}

/* What the list has of Ada now, what the directory says of her, how long after it said "A" somebody
 * comes with her session, and what that comes to. */

#define GONE	  "-"
#define SUSPENDED "*"
#define LACKED	  "?" /* by a list that was cut short */
#define LOADING	  "..."
#define AWAY	  "x"
#define SILENT	  "" /* no answer yet */

enum { SECOND = 1000, GRACE = 10 * WORLD_MINUTE };

struct standing_row {
	const char *list, *directory;
	int64_t age;
	enum err code;
	unsigned roles;
	bool read_only;
	size_t asked;
};

static void
list_has(const char *groups)
{
	static const char *const dns[] = { ADMINS, INVITERS, AUDITORS };
	bool member[WORLD_GROUPS];

	if (strcmp(groups, LACKED) == 0)
		world.roster.state = ROSTER_INCOMPLETE;
	if (strcmp(groups, LOADING) == 0)
		world.roster.state = ROSTER_LOADING;
	if (strcmp(groups, GONE) == 0 || strcmp(groups, LACKED) == 0)
		auth_world_person(0, NULL, "ada", FEED_ACTIVE);
	if (strcmp(groups, SUSPENDED) == 0)
		auth_world_person(0, ADA, "ada", FEED_SUSPENDED);
	auth_world_members(groups, member);
	auth_world_leave("UID=ada," BERLIN);
	for (size_t i = 0; i < WORLD_GROUPS; i++) {
		world.roster.members[2 + i].dn = "uid=ada," BERLIN;
		world.roster.members[2 + i].group = member[i] ? dns[i] : "cn=none";
	}
	auth_world_list_changed();
}

static void
directory_is(const char *groups)
{
	world.is_away = strcmp(groups, AWAY) == 0;
	world.is_silent = strcmp(groups, SILENT) == 0;
	auth_world_directory_says(ADA, strcmp(groups, GONE) == 0     ? NULL
				       : strcmp(groups, "none") == 0 ? ""
								     : groups);
}

static const struct standing_row standing_rows[] = {
	/* Nothing new: asked again after half a minute, and nothing counts longer than one. */
	{ "A", SILENT, 0, ERR_OK, 1, false, 0 },
	{ "A", SILENT, AUTH_LOOK_MS, ERR_OK, 1, false, 0 },
	{ "A", SILENT, AUTH_LOOK_MS + 1, ERR_OK, 1, false, 1 },
	{ "A", SILENT, AUTH_CURRENT_MS, ERR_OK, 1, false, 1 },
	{ "A", SILENT, AUTH_CURRENT_MS + 1, ERR_UNAVAILABLE, 0, false, 1 },
	{ "A", "A", GRACE + 1, ERR_OK, 1, false, 1 },
	{ "A", "U", GRACE + 1, ERR_OK, 4, false, 1 },
	{ "A", "none", GRACE + 1, ERR_UNAUTHENTICATED, 0, false, 1 },
	{ "A", GONE, GRACE + 1, ERR_UNAUTHENTICATED, 0, false, 1 },
	/* Less: nobody knows until the directory has answered. Its word counts, also against the
	 * list's. */
	{ "", SILENT, 0, ERR_UNAVAILABLE, 0, false, 1 },
	{ "U", SILENT, 0, ERR_UNAVAILABLE, 0, false, 1 },
	{ GONE, SILENT, 0, ERR_UNAVAILABLE, 0, false, 1 },
	{ SUSPENDED, SILENT, 0, ERR_UNAVAILABLE, 0, false, 1 },
	{ "", "A", 0, ERR_OK, 1, false, 1 },
	{ "U", "A", 0, ERR_OK, 1, false, 1 },
	{ GONE, "A", 0, ERR_OK, 1, false, 1 },
	{ SUSPENDED, "A", 0, ERR_OK, 1, false, 1 },
	{ "", "U", 0, ERR_OK, 4, false, 1 },
	{ "", "none", 0, ERR_UNAUTHENTICATED, 0, false, 1 },
	{ GONE, GONE, 0, ERR_UNAUTHENTICATED, 0, false, 1 },
	{ SUSPENDED, GONE, 0, ERR_UNAUTHENTICATED, 0, false, 1 },
	/* More, and it gives nothing by itself. */
	{ "AU", SILENT, 0, ERR_OK, 1, false, 1 },
	{ "AU", "A", 0, ERR_OK, 1, false, 1 },
	/* What is no answer. */
	{ LACKED, SILENT, 0, ERR_OK, 1, false, 0 },
	{ LOADING, SILENT, 0, ERR_OK, 1, false, 0 },
	{ LACKED, "A", GRACE + 1, ERR_OK, 1, false, 1 },
	{ LOADING, "A", GRACE + 1, ERR_OK, 1, false, 1 },
	/* The directory is away. */
	{ "A", AWAY, AUTH_CURRENT_MS, ERR_OK, 1, false, 1 },
	{ "A", AWAY, AUTH_CURRENT_MS + 1, ERR_OK, 1, true, 1 },
	{ "A", AWAY, GRACE, ERR_OK, 1, true, 1 },
	{ "A", AWAY, GRACE + 1, ERR_UNAVAILABLE, 0, false, 1 },
	{ "", AWAY, 0, ERR_UNAVAILABLE, 0, false, 1 },
	{ "AU", AWAY, 0, ERR_OK, 1, false, 1 },
};

static void
what_the_directory_said_last_counts_and_the_list_makes_it_asked(void **state)
{
	for (size_t i = 0; i < sizeof(standing_rows) / sizeof(standing_rows[0]); i++) {
		const struct standing_row *row = &standing_rows[i];
		struct principal who;
		enum err code;

		auth_world_teardown(state); /* of the row before */
		auth_world_setup(state);
		auth_world_sign_in(ADA, "A");
		auth_world_pass(row->age);
		list_has(row->list);
		directory_is(row->directory);
		code = auth_world_check_last(&who);
		if (code != row->code || world.asked != row->asked)
			print_error("row %zu: %s, %s\n", i, row->list, row->directory);
		assert_int_equal(code, row->code);
		assert_int_equal(world.asked, row->asked);
		if (code == ERR_OK) {
			assert_int_equal(who.roles, row->roles);
			assert_int_equal(who.read_only, row->read_only);
		}
		auth_world_sweep();
		assert_int_equal(
		    fake_store_sessions(world.store), row->code == ERR_UNAUTHENTICATED ? 0 : 1);
	}
}

/* A list whose groups do not follow their people. */

static void
whoever_takes_the_dn_of_somebody_deleted_does_not_take_the_role(void **state)
{
	struct principal who;

	(void)state;
	auth_world_person(0, CAROL, "ada", FEED_ACTIVE); /* and the list has her in ADMINS */
	auth_world_directory_says(CAROL, "U");
	auth_world_sign_in(CAROL, "U");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
		assert_int_equal(who.roles, 1u << AUTH_AUDITOR);
		auth_world_list_changed();
		auth_world_turn();
		auth_world_pass(20 * SECOND);
	}
}

static void
whoever_is_moved_keeps_their_sessions_and_tokens(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_make_token(&who, AUTH_ALL, NULL, 0);
	auth_world_directory_says(ADA, "A");
	auth_world_person(0, ADA, "ada.moved", FEED_ACTIVE); /* the groups name the old DN */
	auth_world_sweep();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
		assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
		auth_world_list_changed();
		auth_world_sweep();
		auth_world_pass(SECOND);
	}
	assert_int_equal(world.asked, 1);
	auth_world_sign_in(ADA, "A"); /* anew */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 2);
	assert_int_equal(fake_store_tokens(world.store), 1);
}

/* When the directory is asked. */

static void
after_a_restart_nobody_is_let_in_before_the_directory_has_answered(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	auth_world_start();
	world.is_silent = true;
	auth_world_sweep();
	assert_int_equal(world.asked, 0); /* for nobody who has not called */
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_int_equal(world.asked, 1);
	seen(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
}

static void
who_was_deleted_while_we_were_down_is_looked_at_and_put_out(void **state)
{
	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sign_in(BOB, "I");
	auth_world_stop();
	auth_world_person(0, NULL, "ada", FEED_ACTIVE);
	auth_world_start();
	auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(world.asked, 1);
	assert_int_equal(fake_store_sessions(world.store), 1);
	assert_string_equal(last_end()->why, "user_deleted");
}

static void
the_sweep_looks_after_those_who_were_used_a_moment_ago(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(AUTH_LOOK_MS + 1);
	auth_world_sweep();
	assert_int_equal(world.asked, 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(AUTH_CURRENT_MS + 1);
	auth_world_sweep();
	assert_int_equal(world.asked, 1);
}

static void
a_directory_that_is_away_is_asked_again_soon(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	world.is_away = true;
	auth_world_pass(AUTH_CURRENT_MS + 1);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(who.read_only);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.asked, 1);
	auth_world_pass(2 * SECOND);
	world.is_away = false;
	assert_int_equal(auth_world_check_last(&who), ERR_OK); /* nobody waits for what may fail */
	assert_true(who.read_only);
	auth_world_turn();
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_false(who.read_only);
	assert_int_equal(world.asked, 2);
}

static void
waited(void *arg)
{
	(void)arg;
}

static void
a_few_are_asked_about_at_once_and_those_who_are_waited_for_first(void **state)
{
	static const char *const ids[] = { "00000000-0000-4000-8000-000000000001",
		"00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003",
		"00000000-0000-4000-8000-000000000004", "00000000-0000-4000-8000-000000000005",
		ADA };
	const size_t count = sizeof(ids) / sizeof(ids[0]);
	struct principal who;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		auth_world_person(2 + i, ids[i], "somebody", FEED_ACTIVE);
		auth_world_sign_in(ids[i], "A");
	}
	auth_world_pass(1);
	world.is_silent = true;
	for (size_t i = 0; i < count; i++)
		auth_world_person(2 + i, ids[i], "somebody", FEED_SUSPENDED);
	auth_world_person(0, ADA, "ada", FEED_SUSPENDED);
	auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(world.asked, 4);
	auth_world_pass(5 * SECOND);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE); /* the last of them */
	assert_true(auth_await_person(world.auth, ADA, waited, NULL));
	assert_int_equal(world.asked, 4);
	auth_person_unseen(world.auth, ids[0]);
	assert_int_equal(world.asked, 5);
	assert_string_equal(world.asked_about, ADA);
	auth_person_seen(world.auth, ids[1], NULL, world.mono);
	assert_int_equal(world.asked, 6);
	assert_string_equal(world.asked_about, ids[4]);
	for (size_t i = 2; i < count; i++)
		auth_person_seen(world.auth, ids[i], NULL, world.mono);
	auth_world_sweep();
	assert_int_equal(world.asked, 6);
	assert_int_equal(fake_store_sessions(world.store), 1);
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
	auth_person_unseen(world.auth, CAROL);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
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
what_the_list_tells_while_the_directory_is_asked_makes_it_asked_again(void **state)
{
	struct principal who;
	int64_t began;

	(void)state;
	auth_world_sign_in(ADA, "A"); /* so that she is looked after */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.is_silent = true;
	auth_world_pass(AUTH_LOOK_MS + 1);
	began = world.mono;
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_pass(100);
	auth_world_person(0, ADA, "ada", FEED_SUSPENDED);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	assert_int_equal(world.asked, 1); /* not twice at once */
	auth_world_arrive(ADA, "A", began);
	seen_at(ADA, "A", began);
	assert_int_equal(world.asked, 2);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAVAILABLE);
	auth_person_seen(world.auth, ADA, NULL, world.mono);
	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "user_suspended");
}

static void
who_signs_in_while_the_list_tells_otherwise_is_looked_at_once_more(void **state)
{
	struct principal who;
	int64_t began = world.mono;

	(void)state;
	world.is_silent = true;
	auth_world_person(1, BOB, "bob", FEED_SUSPENDED);
	auth_world_pass(100);
	auth_world_arrive(BOB, "I", began); /* and the list, of later, says that he is suspended */
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
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
start_with_a_directory_that_is_silent(void)
{
	auth_world_sign_in(ADA, "A");
	auth_world_stop();
	world.is_silent = true;
	woken = 0;
	auth_world_start();
}

static void
who_waits_is_woken_by_the_answer_once(void **state)
{
	struct principal who;

	(void)state;
	start_with_a_directory_that_is_silent();
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
	start_with_a_directory_that_is_silent();
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
	start_with_a_directory_that_is_silent();
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
		IN_WORLD(what_the_directory_said_last_counts_and_the_list_makes_it_asked),
		IN_WORLD(whoever_takes_the_dn_of_somebody_deleted_does_not_take_the_role),
		IN_WORLD(whoever_is_moved_keeps_their_sessions_and_tokens),
		IN_WORLD(after_a_restart_nobody_is_let_in_before_the_directory_has_answered),
		IN_WORLD(who_was_deleted_while_we_were_down_is_looked_at_and_put_out),
		IN_WORLD(the_sweep_looks_after_those_who_were_used_a_moment_ago),
		IN_WORLD(a_directory_that_is_away_is_asked_again_soon),
		IN_WORLD(a_few_are_asked_about_at_once_and_those_who_are_waited_for_first),
		IN_WORLD(what_the_directory_says_of_a_person_ends_their_rights),
		IN_WORLD(whoever_is_forgotten_while_the_directory_is_asked_is_not_let_in),
		IN_WORLD(whom_we_forgot_is_remembered_for_some_minutes_and_then_no_more),
		IN_WORLD(what_the_directory_said_before_we_forgot_somebody_is_not_heard),
		IN_WORLD(what_the_list_tells_while_the_directory_is_asked_makes_it_asked_again),
		IN_WORLD(who_signs_in_while_the_list_tells_otherwise_is_looked_at_once_more),
		IN_WORLD(an_answer_that_is_older_than_another_changes_nothing),
		IN_WORLD(why_somebody_is_out_is_told_as_far_as_it_is_known),
		IN_WORLD(who_waits_is_woken_by_the_answer_once),
		IN_WORLD(who_waits_for_an_answer_that_does_not_come_is_woken_as_well),
		IN_WORLD(who_waits_is_not_called_when_auth_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
