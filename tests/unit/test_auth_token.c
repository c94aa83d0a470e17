#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/auth_world.h"

/* A caller who may do everything, as the unix socket has it. */
static struct principal
root(void)
{
	const struct auth_peer peer = { .uid = 0 };
	struct principal who;
	struct fault f;

	assert_int_equal(auth_check_peer(world.auth, &peer, world.arena, &who, &f), ERR_OK);
	return who;
}

static struct principal
signed_in(const char *person, const char *groups)
{
	struct principal who;

	auth_world_sign_in(person, groups);
	assert_int_equal(auth_world_check_last(&who), ERR_OK);
	return who;
}

static const char *const berlin[] = { BERLIN };
static const char *const paris[] = { PARIS };

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
}

static void
a_token_belongs_to_the_person_who_made_it_and_to_nobody_else(void **state)
{
	struct principal ada = signed_in(ADA, "A"), machine = root(), who;

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	assert_string_equal(world.token.owner, ADA);
	assert_string_equal(world.token.created_by, "user:" ADA);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_string_equal(who.person, ADA);
	assert_string_equal(who.session, "");
	assert_int_equal(who.scopes, AUTH_ALL);
	auth_world_make_token(&who, AUTH_USERS_READ, NULL, 0);
	assert_string_equal(world.token.owner, ADA);
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	assert_string_equal(world.token.owner, "");
}

static void
a_token_does_what_both_its_scopes_and_its_owner_allow(void **state)
{
	struct principal ada, who;
	size_t quota;

	(void)state;
	world.roster.members[2].dn = "uid=ada," BERLIN;
	world.roster.members[2].group = INVITERS;
	ada = signed_in(ADA, "AI");
	auth_world_make_token(&ada, AUTH_INVITATIONS_READ | AUTH_USERS_WRITE, NULL, 0);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_int_equal(who.scopes, AUTH_INVITATIONS_READ | AUTH_USERS_WRITE);
	assert_null(auth_reach(&who, AUTH_INVITATIONS_READ, world.arena, &quota));
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_int_equal(who.scopes, AUTH_INVITATIONS_READ);
	assert_true(auth_world_reaches(&who, AUTH_INVITATIONS_READ, BERLIN, ADA));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_READ, BERLIN, BOB));
	assert_false(auth_world_reaches(&who, AUTH_INVITATIONS_READ, PARIS, ADA));
}

static void
a_token_reaches_no_farther_than_its_places_and_its_owner(void **state)
{
	static const char *const both[] = { PARIS, "ou=dev," BERLIN };
	struct principal ada = signed_in(ADA, "A"), machine = root(), who;
	char place[] = BERLIN;
	const char *const places[] = { place };

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, places, 1);
	memset(place, 'x', sizeof(place) - 1); /* it has its own copy */
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(auth_world_reaches(&who, AUTH_USERS_READ, "ou=dev," BERLIN, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, PARIS, NULL));
	auth_world_make_token(&ada, AUTH_ALL, both, 2);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(auth_world_reaches(&who, AUTH_USERS_READ, PARIS, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, BERLIN, NULL));
	/* Her rights shrink to auditing Paris. */
	world.roster.members[0].group = AUDITORS;
	auth_world_list_changed();
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(auth_world_reaches(&who, AUTH_USERS_READ, PARIS, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, "ou=dev," BERLIN, NULL));
	assert_int_equal(who.scopes, auth_role_scopes(AUTH_AUDITOR));
}

static void
a_token_that_a_limited_one_makes_is_limited_as_well(void **state)
{
	struct principal machine = root(), limited, who;
	struct auth_token_spec spec = {
		.name = "ci", .scopes = AUTH_USERS_READ, .expires_in = 600, .maker = &limited
	};
	const char *many[REACH_PLACES_MAX + 1];
	struct fault f;

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, berlin, 1);
	assert_int_equal(auth_world_check_token(world.clear, &limited), ERR_OK);
	auth_world_make_token(&limited, AUTH_USERS_READ, NULL, 0);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(auth_world_reaches(&who, AUTH_USERS_READ, BERLIN, NULL));
	assert_false(auth_world_reaches(&who, AUTH_USERS_READ, PARIS, NULL));
	spec.places = paris;
	spec.place_count = 1;
	assert_false(auth_token_new(world.auth, &spec, NULL, NULL, &f));
	assert_int_equal(f.code, ERR_NOT_FOUND);
	assert_string_equal(f.text, "org_units: there is no org unit \"" PARIS "\"");
	for (size_t i = 0; i < REACH_PLACES_MAX + 1; i++)
		many[i] = BERLIN;
	spec.places = many;
	spec.place_count = REACH_PLACES_MAX + 1;
	assert_false(auth_token_new(world.auth, &spec, NULL, NULL, &f));
	assert_memory_equal(f.text, "org_units: ", 11);
}

static void
nobody_hands_out_a_place_that_they_do_not_reach_with_each_scope(void **state)
{
	struct principal who;
	struct auth_token_spec spec = { .name = "ci",
		.scopes = AUTH_INVITATIONS_READ | AUTH_INVITATIONS_WRITE,
		.expires_in = 600,
		.maker = &who,
		.places = paris,
		.place_count = 1 };
	struct fault f;

	(void)state;
	world.roster.members[2].dn = "uid=bob," BERLIN;
	world.roster.members[2].group = AUDITORS;
	who = signed_in(BOB, "IU"); /* reads in Paris, writes in Berlin */
	assert_false(auth_token_new(world.auth, &spec, NULL, NULL, &f));
	assert_memory_equal(f.text, "org_units: ", 11);
	auth_world_make_token(&who, AUTH_INVITATIONS_READ, paris, 1);
	auth_world_make_token(&who, AUTH_INVITATIONS_READ | AUTH_INVITATIONS_WRITE, berlin, 1);
}

/* Amid a renaming the groups name somebody's old place for a moment. */
static void
tokens_of_an_owner_who_has_their_rights_back_in_a_moment_stay(void **state)
{
	struct principal ada = signed_in(ADA, "A"), who;

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	auth_world_directory_says(ADA, "");
	auth_world_pass(31 * 1000);
	(void)auth_world_check_token(world.clear, &who); /* used, so that they are looked at */
	auth_world_sweep();
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAUTHENTICATED);
	auth_world_directory_says(ADA, "A");
	auth_world_pass(31 * 1000);
	auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_int_equal(fake_store_tokens(world.store), 1);
}

static void
tokens_of_an_owner_who_has_lost_their_rights_are_dead_and_deleted(void **state)
{
	struct principal ada = signed_in(ADA, "A"), who;
	struct secret *first;

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	first = world.clear;
	world.clear = NULL;
	assert_int_equal(auth_world_check_token(first, &who), ERR_OK);
	auth_world_make_token(&who, AUTH_USERS_READ, NULL, 0);
	auth_world_leave("UID=ada," BERLIN);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAUTHENTICATED);
	assert_int_equal(auth_world_check_token(first, &who), ERR_UNAUTHENTICATED);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	/* A token cannot be brought back: it goes when the directory has said so for a minute. */
	assert_int_equal(fake_store_tokens(world.store), 2);
	auth_world_pass(61 * 1000);
	auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(auth_token_count(world.auth), 0);
	assert_int_equal(fake_store_tokens(world.store), 0);
	assert_string_equal(last_end()->why, "{\"reason\":\"lost_rights\"}");
	assert_string_equal(last_end()->actor, "sweeper");
	secret_free(first);
}

static void
tokens_end_with_their_owner_without_a_request_and_without_a_session(void **state)
{
	struct principal ada = signed_in(ADA, "A");

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	auth_world_pass(9 * 60 * WORLD_MINUTE);
	auth_world_sweep();
	assert_int_equal(fake_store_sessions(world.store), 0);
	assert_int_equal(fake_store_tokens(world.store), 1);
	auth_world_person(0, NULL, "ada", FEED_ACTIVE);
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 0);
	assert_string_equal(last_end()->why, "{\"reason\":\"user_deleted\"}");
}

static void
a_dead_token_stays_dead_while_the_store_cannot_delete_it(void **state)
{
	struct principal ada = signed_in(ADA, "A"), who;

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	fake_store_fail_all(world.store, ERR_UNAVAILABLE);
	auth_forget_person(world.auth, ADA, "user_suspended");
	fake_store_break_watch(world.store);
	while (fake_store_watches(world.store) < 2)
		auth_world_sweep();
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 1);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAUTHENTICATED);
	fake_store_fail_all(world.store, ERR_OK);
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 0);
}

static void
a_token_is_as_current_as_its_owner_and_one_of_nobody_always_is(void **state)
{
	struct principal ada = signed_in(ADA, "A"), machine = root(), who;
	struct secret *of_machine;

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	of_machine = world.clear;
	world.clear = NULL;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	world.is_away = true;
	auth_world_pass(AUTH_CURRENT_MS + 1);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(who.read_only);
	auth_world_pass(10 * WORLD_MINUTE);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAVAILABLE);
	assert_int_equal(auth_world_check_token(of_machine, &who), ERR_OK);
	assert_false(who.read_only);
	assert_true(auth_is_good(world.auth, &who));
	secret_free(of_machine);
}

static void
a_stream_of_a_token_ends_with_its_owners_rights(void **state)
{
	struct principal ada = signed_in(ADA, "A"), who;

	(void)state;
	auth_world_make_token(&ada, AUTH_ALL, NULL, 0);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_true(auth_is_good(world.auth, &who));
	auth_world_leave("UID=ada," BERLIN);
	assert_false(auth_is_good(world.auth, &who));
}

static void
the_last_use_is_known_to_the_minute_and_written_once_a_minute(void **state)
{
	struct principal machine = root(), who;

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	assert_int_equal(auth_token_at(world.auth, 0)->used_at, 0);
	for (int i = 0; i < 3 * 60; i++) {
		assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
		assert_int_equal(
		    auth_token_at(world.auth, 0)->used_at, world.wall - world.wall % WORLD_MINUTE);
		if (i % 30 == 29)
			auth_world_sweep();
		auth_world_pass(1000);
	}
	assert_int_equal(fake_store_touches(world.store), 3);
	assert_int_equal(fake_store_token(world.store, world.token.id)->used_at,
	    auth_token_at(world.auth, 0)->used_at);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_token_belongs_to_the_person_who_made_it_and_to_nobody_else),
		IN_WORLD(a_token_does_what_both_its_scopes_and_its_owner_allow),
		IN_WORLD(a_token_reaches_no_farther_than_its_places_and_its_owner),
		IN_WORLD(a_token_that_a_limited_one_makes_is_limited_as_well),
		IN_WORLD(nobody_hands_out_a_place_that_they_do_not_reach_with_each_scope),
		IN_WORLD(tokens_of_an_owner_who_has_their_rights_back_in_a_moment_stay),
		IN_WORLD(tokens_of_an_owner_who_has_lost_their_rights_are_dead_and_deleted),
		IN_WORLD(tokens_end_with_their_owner_without_a_request_and_without_a_session),
		IN_WORLD(a_dead_token_stays_dead_while_the_store_cannot_delete_it),
		IN_WORLD(a_token_is_as_current_as_its_owner_and_one_of_nobody_always_is),
		IN_WORLD(a_stream_of_a_token_ends_with_its_owners_rights),
		IN_WORLD(the_last_use_is_known_to_the_minute_and_written_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
