#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/auth_world.h"

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
}

/* What the groups give. */

static void
an_administrator_may_do_everything_everywhere(void **state)
{
	struct principal who;
	size_t quota;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.scopes, AUTH_ALL);
	assert_null(auth_reach(&who, AUTH_INVITATIONS_READ, world.arena, &quota));
	assert_int_equal(quota, 0);
}

static void
an_inviter_has_their_own_invitations_where_they_may_invite(void **state)
{
	struct principal who;
	size_t quota;

	(void)state;
	auth_world_sign_in(BOB, "I");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.roles, 1u << AUTH_INVITER);
	assert_int_equal(
	    who.scopes, AUTH_INVITATIONS_READ | AUTH_INVITATIONS_WRITE | AUTH_DIRECTORY_READ);
	assert_true(auth_world_reaches(&who, AUTH_INVITATIONS_WRITE, "ou=dev," BERLIN, BOB));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_READ, BERLIN, ADA));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_READ, BERLIN, NULL));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_WRITE, PARIS, BOB));
	auth_reach(&who, AUTH_INVITATIONS_WRITE, world.arena, &quota);
	assert_int_equal(quota, 5);
	/* Places and groups are nobody's own. */
	assert_true(auth_world_reaches(&who, AUTH_DIRECTORY_READ, BERLIN, NULL));
	assert_false(auth_world_reaches(&who, AUTH_DIRECTORY_READ, PARIS, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, BERLIN, BOB));
}

static void
two_roles_are_each_as_far_as_they_go(void **state)
{
	struct principal who;

	(void)state;
	world.roster.members[2].dn = "uid=bob," BERLIN;
	world.roster.members[2].group = AUDITORS;
	auth_world_sign_in(BOB, "IU");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.roles, 1u << AUTH_INVITER | 1u << AUTH_AUDITOR);
	assert_true(auth_world_reaches(&who, AUTH_INVITATIONS_READ, PARIS, ADA));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_WRITE, PARIS, BOB));
	assert_true(auth_world_reaches(&who, AUTH_INVITATIONS_WRITE, BERLIN, BOB));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_READ, BERLIN, ADA));
	assert_true(auth_world_reaches(&who, AUTH_USERS_READ, PARIS, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, BERLIN, NULL));
	assert_true(auth_world_reaches(&who, AUTH_DIRECTORY_READ, BERLIN, NULL));
	assert_true(auth_world_reaches(&who, AUTH_DIRECTORY_READ, PARIS, NULL));
}

static void
who_is_in_no_group_has_no_role(void **state)
{
	const char *const *groups;
	bool member[WORLD_GROUPS];

	(void)state;
	assert_int_equal(auth_role_groups(world.auth, &groups), WORLD_GROUPS);
	assert_string_equal(groups[0], ADMINS);
	auth_world_members("", member);
	assert_false(auth_has_role(world.auth, member));
	auth_world_members("U", member);
	assert_true(auth_has_role(world.auth, member));
}

/* How often is asked, and when. */

static void
the_list_is_asked_once_for_each_of_its_versions(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	for (int i = 0; i < 100; i++)
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.roster.finds, 1);
	assert_int_equal(world.roster.looks, 1);
	auth_world_list_changed();
	for (int i = 0; i < 100; i++)
		assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(world.roster.finds, 2);
	assert_int_equal(world.roster.looks, 2);
	assert_int_equal(world.asked, 0);
}

/* How rights end. */

static void
end_of_rights(const char *reason, size_t sessions)
{
	struct principal who;

	assert_int_equal(auth_world_check_last(&who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), sessions);
	assert_string_equal(last_end()->why, reason);
	assert_string_equal(last_end()->actor, "sweeper");
}

static void
an_administrator_who_leaves_the_group_is_out_with_the_next_request(void **state)
{
	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sign_in(ADA, "A");
	auth_world_leave("UID=ada," BERLIN);
	end_of_rights("lost_rights", 0);
	assert_string_equal(last_end()->org_unit, BERLIN);
	/* Back in the group: what has ended has ended. */
	world.roster.members[0].group = ADMINS;
	auth_world_list_changed();
	end_of_rights("lost_rights", 0);
}

static void
somebody_suspended_or_deleted_is_out(void **state)
{
	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_person(0, ADA, "ada", FEED_SUSPENDED);
	end_of_rights("user_suspended", 0);
	auth_world_person(0, ADA, "ada", FEED_ACTIVE);
	auth_world_sign_in(ADA, "A");
	auth_world_person(0, NULL, "ada", FEED_ACTIVE);
	end_of_rights("user_deleted", 0);
}

static void
rights_end_without_a_request(void **state)
{
	(void)state;
	auth_world_sign_in(ADA, "A");
	auth_world_sign_in(BOB, "I");
	auth_world_leave("UID=ada," BERLIN);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 1);
	assert_string_equal(last_end()->why, "lost_rights");
}

static void
fewer_groups_are_fewer_rights_at_once(void **state)
{
	struct principal who;

	(void)state;
	world.roster.members[2].dn = "uid=ada," BERLIN;
	world.roster.members[2].group = AUDITORS;
	auth_world_sign_in(ADA, "AU");
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_int_equal(who.roles, 1u << AUTH_AUDITOR);
	assert_int_equal(who.scopes & AUTH_USERS_WRITE, 0);
}

static void
who_was_deleted_or_suspended_by_us_is_out_before_the_list_hears_of_it(void **state)
{
	struct principal who;
	struct secret *ada;

	(void)state;
	auth_world_sign_in(ADA, "A");
	ada = world.secret;
	world.secret = NULL;
	auth_world_sign_in(BOB, "I");
	auth_forget_person(world.auth, ADA, "user_deleted");
	assert_int_equal(auth_world_check(ada, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	auth_world_sweep();
	assert_string_equal(last_end()->why, "user_deleted");
	secret_free(ada);
	auth_forget_person(world.auth, CAROL, "user_deleted"); /* who has nothing */
}

/* Streams. */

static void
a_stream_ends_with_the_session_or_when_the_groups_are_others(void **state)
{
	static const struct store_note note = { .actor = "x" };
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(auth_is_good(world.auth, &who));
	world.roster.members[2].dn = "uid=ada," BERLIN;
	world.roster.members[2].group = AUDITORS;
	auth_world_list_changed();
	assert_true(auth_is_good(world.auth, &who)); /* more than before: the directory is asked */
	auth_world_turn();
	assert_false(auth_is_good(world.auth, &who));
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	assert_true(auth_is_good(world.auth, &who));
	auth_world_leave("uid=ada," BERLIN);
	assert_false(
	    auth_is_good(world.auth, &who)); /* perhaps less: it comes back when it is not */
	auth_world_turn();
	auth_session_end(
	    world.auth, ADA, world.session.id, "signed_out", &note, auth_world_on_done, NULL);
	assert_false(auth_is_good(world.auth, &who));
	loop_run(world.loop);
}

/* A stream asks at each of its beats. */
static void
beats_for(int64_t ms, const struct principal *who)
{
	for (const int64_t step = 15 * 1000; ms > 0; ms -= step) {
		auth_world_pass(ms < step ? ms : step);
		assert_true(auth_is_good(world.auth, who));
		auth_world_turn();
	}
}

static void
a_stream_is_no_use_of_its_session_and_ends_when_nothing_is_known_any_more(void **state)
{
	struct principal who;

	(void)state;
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	beats_for(15 * WORLD_MINUTE - 1, &who);
	auth_world_pass(1);
	assert_false(auth_is_good(world.auth, &who));
	auth_world_sign_in(ADA, "A");
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	world.is_away = true;
	beats_for(10 * WORLD_MINUTE, &who);
	auth_world_pass(1);
	assert_false(auth_is_good(world.auth, &who));
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(an_administrator_may_do_everything_everywhere),
		IN_WORLD(an_inviter_has_their_own_invitations_where_they_may_invite),
		IN_WORLD(two_roles_are_each_as_far_as_they_go),
		IN_WORLD(who_is_in_no_group_has_no_role),
		IN_WORLD(the_list_is_asked_once_for_each_of_its_versions),
		IN_WORLD(an_administrator_who_leaves_the_group_is_out_with_the_next_request),
		IN_WORLD(somebody_suspended_or_deleted_is_out),
		IN_WORLD(rights_end_without_a_request),
		IN_WORLD(fewer_groups_are_fewer_rights_at_once),
		IN_WORLD(who_was_deleted_or_suspended_by_us_is_out_before_the_list_hears_of_it),
		IN_WORLD(a_stream_ends_with_the_session_or_when_the_groups_are_others),
		IN_WORLD(a_stream_is_no_use_of_its_session_and_ends_when_nothing_is_known_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
