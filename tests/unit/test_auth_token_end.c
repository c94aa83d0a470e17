/* How tokens end: with what made them, by their number and by time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/auth_world.h"

static const struct store_note note = { .actor = "user:x" };

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

static const struct fake_end *
last_end(void)
{
	return fake_store_end(world.store, fake_store_ends(world.store) - 1);
}

static void
on_token(void *arg, enum err code, const struct api_token *t, struct secret **clear,
    const struct fault *f)
{
	(void)arg, (void)t, (void)clear, (void)f;
	world.answers++;
	world.code = code;
	loop_stop(world.loop);
}

static bool
begin(const struct principal *maker, int64_t seconds)
{
	const struct auth_token_spec spec = { .name = "ci",
		.scopes = AUTH_INVITATIONS_READ,
		.expires_in = seconds,
		.maker = maker,
		.note = &note };
	struct fault f;
	bool begun = auth_token_new(world.auth, &spec, on_token, NULL, &f);

	if (!begun)
		assert_int_equal(f.code, ERR_REFUSED);
	return begun;
}

static void
make_for(const struct principal *maker, int64_t seconds)
{
	assert_true(begin(maker, seconds));
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_OK);
}

/* The token that was made last: its caller. */
static struct principal
caller(const struct secret *clear)
{
	struct principal who;

	assert_int_equal(auth_world_check_token(clear, &who), ERR_OK);
	return who;
}

static void
revoke(const char *id)
{
	auth_token_delete(world.auth, id, &note, auth_world_on_done, NULL);
	loop_run(world.loop);
}

/* While one is made. */

static void
expect_spoilt(const char *why)
{
	loop_run(world.loop);
	assert_int_equal(world.code, ERR_UNAUTHENTICATED);
	assert_int_equal(auth_token_count(world.auth), 0);
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 0);
	assert_string_equal(last_end()->why, why);
}

static void
a_token_that_is_made_while_its_owner_is_forgotten_is_none(void **state)
{
	struct principal ada = signed_in(ADA, "A");

	(void)state;
	assert_true(begin(&ada, 3600));
	auth_forget_person(world.auth, ADA, "user_suspended");
	expect_spoilt("{\"reason\":\"user_suspended\"}");
}

static void
a_token_that_is_made_while_its_owner_loses_their_rights_is_none(void **state)
{
	const bool member[WORLD_GROUPS] = { false };
	struct principal ada = signed_in(ADA, "A");

	(void)state;
	assert_true(begin(&ada, 3600));
	auth_person_seen(world.auth, ADA, member, world.mono);
	expect_spoilt("{\"reason\":\"lost_rights\"}");
}

static void
a_token_that_is_made_while_what_its_maker_made_is_deleted_is_none(void **state)
{
	struct principal ada = signed_in(ADA, "A");

	(void)state;
	assert_true(begin(&ada, 3600));
	auth_forget_tokens_of(world.auth, "user:" ADA);
	expect_spoilt("{\"reason\":\"maker_ended\"}");
}

/* Revoking. */

static void
revoking_a_token_revokes_what_was_made_with_it_and_nothing_else(void **state)
{
	struct principal machine = root(), parent, child, who;
	struct secret *texts[4];
	char id[API_TOKEN_ID_SIZE];

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	memcpy(id, world.token.id, sizeof(id));
	texts[0] = world.clear, world.clear = NULL;
	parent = caller(texts[0]);
	auth_world_make_token(&parent, AUTH_TOKENS, NULL, 0);
	texts[1] = world.clear, world.clear = NULL;
	child = caller(texts[1]);
	auth_world_make_token(&child, AUTH_TOKENS, NULL, 0);
	texts[2] = world.clear, world.clear = NULL;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	texts[3] = world.clear, world.clear = NULL;
	revoke(id);
	assert_int_equal(world.code, ERR_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(
		    auth_world_check_token(texts[i], &who), i < 3 ? ERR_UNAUTHENTICATED : ERR_OK);
		secret_free(texts[i]);
	}
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 1);
	assert_int_equal(fake_store_ends(world.store), 3);
	assert_string_equal(last_end()->id, id); /* the maker last, by whom the others are found */
	assert_string_equal(last_end()->actor, "user:x");
	assert_string_equal(last_end()->why, "{\"reason\":\"revoked\"}");
	assert_string_equal(fake_store_end(world.store, 0)->why, "{\"reason\":\"maker_ended\"}");
}

static void
what_a_token_makes_while_it_is_revoked_goes_with_it(void **state)
{
	struct principal machine = root(), parent;

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	parent = caller(world.clear);
	auth_token_delete(world.auth, world.token.id, &note, auth_world_on_done, NULL);
	assert_true(begin(&parent, 60));
	world.answers = 0;
	while (world.answers < 2)
		loop_run(world.loop);
	auth_world_sweep();
	assert_int_equal(auth_token_count(world.auth), 0);
	assert_int_equal(fake_store_tokens(world.store), 0);
}

static void
a_token_whose_children_cannot_be_revoked_is_not_revoked(void **state)
{
	struct principal machine = root();

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	fake_store_fail_next(world.store, ERR_UNAVAILABLE);
	revoke(world.token.id);
	assert_int_equal(world.code, ERR_UNAVAILABLE);
	caller(world.clear);
	revoke(world.token.id);
	assert_int_equal(world.code, ERR_OK);
	revoke(world.token.id);
	assert_int_equal(world.code, ERR_NOT_FOUND);
}

static void
what_a_child_makes_while_its_maker_is_revoked_goes_as_well(void **state)
{
	struct principal machine = root(), parent, child;
	char id[API_TOKEN_ID_SIZE];

	(void)state;
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	memcpy(id, world.token.id, sizeof(id));
	parent = caller(world.clear);
	auth_world_make_token(&parent, AUTH_ALL, NULL, 0);
	child = caller(world.clear);
	fake_store_mute_watch(world.store, true);
	auth_token_delete(world.auth, id, &note, auth_world_on_done, NULL);
	assert_true(begin(&child, 60));
	world.answers = 0;
	while (world.answers < 2)
		loop_run(world.loop);
	auth_world_sweep();
	assert_int_equal(auth_token_count(world.auth), 0);
	assert_int_equal(fake_store_tokens(world.store), 0);
}

/* A look at all of them for each of them would make this test take minutes. */
static void
a_thousand_tokens_one_made_with_the_other_stop_at_once(void **state)
{
	struct api_token t = { .scopes = AUTH_ALL, .expires_at = world.wall + WORLD_MINUTE };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(t.id, sizeof(t.id), "%016x", 1000 - i);
		fake_store_put(world.store, &t);
		snprintf(t.created_by, sizeof(t.created_by), "token:%s", t.id);
	}
	snprintf(t.id, sizeof(t.id), "%016x", 2000); /* one that leads to itself */
	snprintf(t.created_by, sizeof(t.created_by), "token:%s", t.id);
	fake_store_put(world.store, &t);
	auth_forget_tokens_of(world.auth, "token:00000000000003e8");
	assert_int_equal(auth_token_count(world.auth), 2); /* the first, and that one */
}

/* How many, and how long. */

static void
an_owner_has_so_many_tokens_and_those_that_are_over_do_not_count(void **state)
{
	struct principal ada = signed_in(ADA, "A"), bob = signed_in(BOB, "I"), machine = root();

	(void)state;
	for (int i = 0; i < AUTH_TOKENS_OF_ONE_MAX; i++)
		make_for(&ada, i == 7 ? 60 : 3600);
	assert_false(begin(&ada, 3600));
	make_for(&bob, 3600);
	for (int i = 0; i <= AUTH_TOKENS_OF_ONE_MAX; i++)
		make_for(&machine, 3600); /* nobody's are limited by the number of all */
	auth_world_pass(WORLD_MINUTE);
	make_for(&ada, 3600); /* in the place of the one that is over */
	assert_false(begin(&ada, 3600));
	auth_world_sweep();
	assert_string_equal(last_end()->why, "{\"reason\":\"expired\"}");
	assert_int_equal(fake_store_tokens(world.store), 2 * AUTH_TOKENS_OF_ONE_MAX + 2);
}

static void
a_token_that_has_been_over_for_a_month_is_deleted(void **state)
{
	struct principal machine = root();

	(void)state;
	make_for(&machine, 60);
	auth_world_pass(30 * 24 * 60 * (int64_t)WORLD_MINUTE + 59 * 1000);
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 1);
	auth_world_pass(1000);
	auth_world_sweep();
	assert_int_equal(fake_store_tokens(world.store), 0);
	assert_string_equal(last_end()->why, "{\"reason\":\"expired\"}");
	assert_string_equal(last_end()->actor, "sweeper");
}

static size_t told;

static void
on_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	assert_int_equal(f->code, ERR_CONFLICT);
	told++;
}

static void
a_wall_clock_that_is_set_back_is_told_once_and_new_tokens_last_as_long_as_they_say(void **state)
{
	struct principal machine = root(), who;

	(void)state;
	told = 0;
	auth_on_trouble(world.auth, on_trouble, NULL);
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	world.wall -= 24 * 60 * WORLD_MINUTE;
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	world.mono += 60 * WORLD_MINUTE;
	world.wall += 60 * WORLD_MINUTE;
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAUTHENTICATED);
	assert_true(auth_token_is_over(world.auth, &world.token));
	assert_int_equal(told, 1);
	auth_world_make_token(&machine, AUTH_ALL, NULL, 0);
	assert_int_equal(world.token.created_at, world.wall);
	assert_int_equal(world.token.expires_at, world.wall + 60 * WORLD_MINUTE);
	auth_world_pass(60 * WORLD_MINUTE - 1);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_OK);
	assert_false(auth_token_is_over(world.auth, &world.token));
	auth_world_pass(1);
	assert_int_equal(auth_world_check_token(world.clear, &who), ERR_UNAUTHENTICATED);
	world.wall += 48 * 60 * WORLD_MINUTE; /* caught up */
	auth_world_check_token(world.clear, &who);
	world.wall -= 60 * WORLD_MINUTE;
	auth_world_check_token(world.clear, &who);
	auth_world_check_token(world.clear, &who);
}

int
main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, auth_world_setup, auth_world_teardown)
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_token_that_is_made_while_its_owner_is_forgotten_is_none),
		IN_WORLD(a_token_that_is_made_while_its_owner_loses_their_rights_is_none),
		IN_WORLD(a_token_that_is_made_while_what_its_maker_made_is_deleted_is_none),
		IN_WORLD(revoking_a_token_revokes_what_was_made_with_it_and_nothing_else),
		IN_WORLD(what_a_token_makes_while_it_is_revoked_goes_with_it),
		IN_WORLD(what_a_child_makes_while_its_maker_is_revoked_goes_as_well),
		IN_WORLD(a_token_whose_children_cannot_be_revoked_is_not_revoked),
		IN_WORLD(a_thousand_tokens_one_made_with_the_other_stop_at_once),
		IN_WORLD(an_owner_has_so_many_tokens_and_those_that_are_over_do_not_count),
		IN_WORLD(a_token_that_has_been_over_for_a_month_is_deleted),
		IN_WORLD(
		    a_wall_clock_that_is_set_back_is_told_once_and_new_tokens_last_as_long_as_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
