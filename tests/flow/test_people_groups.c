/* Whoever is in a group, and who may have it so. */
#include <string.h>

#include "flow/flow_private.h"
#include "people_world.h"

#define STAFF	   "cn=staff,dc=example" /* is in ADMINS */
#define CLUBS	   "cn=clubs,dc=example"
#define IN_ENGINES "cn=fitters,ou=engines,dc=example"

static const char *const roles[] = { "cn=auditors,dc=example", ADMINS };

static const char *const places[] = { ENGINES };
static const struct reach_rule engines_rule = { places, 1, NULL };
static const struct reach within_engines = { &engines_rule, 1 };

/* Bob is an administrator by a group in a group, and Ada is none. */
static struct world *
groups_world_new(void)
{
	struct world *w = people_world_new();

	fake_dir_add_member(w->dir, ADMINS, "cn=Staff,dc=example");
	fake_dir_add_member(w->dir, STAFF, BOB_DN);
	fake_dir_add_member(w->dir, CLUBS, BOB_DN);
	w->conf.admin_group = ADMINS;
	w->conf.role_groups = roles;
	w->conf.role_group_count = 2;
	world_crash(w);
	return w;
}

#define SET(w, id, ...) people_set_groups(w, id, (const char *const[]){ __VA_ARGS__, NULL })
#define SET_NONE(w, id) people_set_groups(w, id, (const char *const[]){ NULL })

static void
the_list_is_joined_and_left_and_recorded(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	assert_int_equal(SET(w, ADA, CLUBS, "CN=Chess,dc=example", CHESS), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, CHESS, ADA_DN));
	assert_true(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audit_says(w, "user_changed",
			     "{\"fields\":[\"groups\"],"
			     "\"groups_before\":[\"" POETS "\"],\"groups\":["),
	    1);
	/* What is so already is no change. */
	assert_int_equal(SET(w, ADA, "cn=CHESS,dc=example", CLUBS), ERR_OK);
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 1);
	assert_int_equal(people_audits(w, "user_changed"), 1);
	assert_int_equal(SET_NONE(w, ADA), ERR_OK);
	assert_false(fake_dir_is_member(w->dir, CHESS, ADA_DN));
	assert_int_equal(people_audits(w, "user_changed"), 2);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* The server ignores more than a comparison of ours does: by any name a group is the same one. */
static void
a_group_in_another_spelling_is_that_group(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	assert_int_equal(SET(w, ADA, "cn=\\20poets,dc=example"), ERR_OK); /* she is in it */
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 0);
	assert_int_equal(people_audits(w, "user_changed"), 0);
	assert_int_equal(
	    SET(w, ADA, POETS, "cn=\\20clubs,dc=example", "cn=clubs\\20,dc=example"), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_true(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	assert_int_equal(
	    people_audit_says(w, "user_changed",
		"\"groups_before\":[\"" POETS "\"],\"groups\":[\"" POETS "\",\"" CLUBS "\"]"),
	    1);
	w->caller.gives_roles = false;
	assert_int_equal(SET(w, ADA, POETS, "cn=\\20staff,dc=example"), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[1]");
	assert_string_equal(people.first_code, "not_allowed");
	assert_false(fake_dir_is_member(w->dir, STAFF, ADA_DN));
	world_free(w);
}

static void
what_is_no_group_is_named(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	assert_int_equal(SET(w, ADA, CLUBS, "cn=missing,dc=example"), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[1]");
	assert_string_equal(people.first_code, "not_found");
	assert_int_equal(SET(w, ADA, CLUBS, CHESS, "nonsense"), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[2]");
	assert_string_equal(people.first_code, "invalid");
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 0);
	world_free(w);
}

/* The position is written, and then a group is gone. */
static void
a_group_that_refuses_is_told_and_the_rest_recorded(void **state)
{
	const char *const groups[] = { POETS, "cn=gone,dc=example", NULL };
	const char *const both[] = { CHESS, "cn=gone,dc=example", POETS, NULL };
	struct world *w = groups_world_new();

	(void)state;
	assert_int_equal(people_set_groups(w, ADA, groups), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[1]");
	assert_string_equal(people.first_code, "refused");
	assert_int_equal(people_audits(w, "user_changed"), 0);
	assert_int_equal(people_set_groups_so(w, ADA, groups,
			     (struct person_change){ .value = { [PERSON_POSITION] = "Peer" } }),
	    ERR_OK);
	assert_non_null(strstr(people.text, "cn=gone"));
	assert_int_equal(people_audit_says(w, "user_changed", "{\"fields\":[\"position\"]}"), 1);
	assert_int_equal(people_set_groups(w, ADA, both), ERR_OK);
	assert_non_null(strstr(people.text, "cn=gone"));
	assert_int_equal(people_audit_says(w, "user_changed", "\"fields\":[\"groups\"]"), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* No more than are shown: of one that is not, nobody could say whether it is left. */
static void
nobody_is_put_into_more_groups_than_are_shown(void **state)
{
	const char *groups[PERSON_GROUPS_MAX + 1] = { POETS };
	struct world *w = groups_world_new();
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t n = 1; n < PERSON_GROUPS_MAX; n++) {
		groups[n] = arena_printf(arena, "cn=club-%zu,dc=example", n);
		fake_dir_add_member(w->dir, groups[n], ADA_DN);
	}
	fake_dir_add_member(w->dir, IN_ENGINES, BOB_DN);
	w->caller.reach = &within_engines;
	w->caller.gives_roles = false;
	assert_int_equal(SET(w, ADA, POETS), ERR_INVALID); /* they are in it */
	assert_string_equal(people.first_field, "groups[0]");
	assert_string_equal(people.first_code, "not_found");
	assert_int_equal(SET(w, ADA, IN_ENGINES), ERR_INVALID);
	assert_string_equal(people.first_field, "groups");
	assert_string_equal(people.first_code, "too_many");
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 0);
	w->caller.reach = NULL;
	w->caller.gives_roles = true;
	groups[0] = CHESS; /* for another one */
	assert_int_equal(people_set_groups(w, ADA, groups), ERR_OK);
	assert_int_equal(people_audits(w, "user_changed"), 1);
	/* Others put them into two more, and what is shown ends before the one that is new. */
	groups[0] = IN_ENGINES;
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_set_groups(w, ADA, groups), ERR_UNKNOWN);
	fake_dir_add_member(w->dir, CLUBS, ADA_DN);
	fake_dir_add_member(w->dir, POETS, ADA_DN);
	fake_dir_add_member(w->dir, "cn=one-more,dc=example", ADA_DN);
	people_settle_all(w, true);
	assert_true(fake_dir_is_member(w->dir, IN_ENGINES, ADA_DN));
	assert_false(fake_dir_is_member(w->dir, CHESS, ADA_DN));
	assert_int_equal(people_audits(w, "user_changed"), 2);
	assert_int_equal(people_audit_says(w, "user_changed", IN_ENGINES), 1);
	assert_int_equal(people_set_groups(w, ADA, groups), ERR_INVALID);
	assert_string_equal(people.first_code, "too_many");
	arena_free(arena);
	world_free(w);
}

static void
groups_that_others_changed_are_a_conflict(void **state)
{
	const char *const groups[] = { CHESS, NULL };
	struct world *w = groups_world_new();
	char tag[DIR_TAG_SIZE], groups_tag[DIR_GROUPS_TAG_SIZE];
	struct person_change change = { .tag = tag, .groups_tag = groups_tag };

	(void)state;
	assert_int_equal(people_show(w, ADA), ERR_OK);
	strcpy(tag, people.tag);
	strcpy(groups_tag, people.groups_tag);
	fake_dir_add_member(w->dir, CLUBS, ADA_DN); /* the entry is as it was */
	assert_int_equal(people_set_groups_so(w, ADA, groups, change), ERR_CONFLICT);
	assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
	change.groups_tag = NULL;
	assert_int_equal(people_set_groups_so(w, ADA, groups, change), ERR_CONFLICT);
	/* They are nothing to whoever changes something else. */
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Peer", tag), ERR_OK);
	assert_int_equal(people_show(w, ADA), ERR_OK);
	strcpy(tag, people.tag);
	strcpy(groups_tag, people.groups_tag);
	change.groups_tag = groups_tag;
	assert_int_equal(people_set_groups_so(w, ADA, groups, change), ERR_OK);
	assert_false(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	world_free(w);
}

static void
a_role_is_given_and_taken_by_those_who_have_all(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	w->caller.gives_roles = false;
	assert_int_equal(SET(w, ADA, POETS, CLUBS, STAFF), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[2]");
	assert_string_equal(people.first_code, "not_allowed");
	assert_int_equal(SET(w, ADA, roles[0]), ERR_INVALID);
	assert_string_equal(people.first_field, "groups[0]");
	assert_int_equal(SET(w, BOB, CLUBS, CHESS), ERR_INVALID);
	assert_string_equal(people.first_field, "groups");
	assert_string_equal(people.first_code, "not_allowed");
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 0);
	assert_int_equal(SET(w, BOB, STAFF, POETS), ERR_OK); /* of others, who has one too */
	w->caller.gives_roles = true;
	assert_int_equal(SET(w, ADA, STAFF), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, STAFF, ADA_DN));
	assert_int_equal(SET_NONE(w, BOB), ERR_OK); /* Ada is there now */
	world_free(w);
}

static void
nobody_ends_the_last_administrator_or_themselves(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	assert_int_equal(SET(w, BOB, CLUBS), ERR_REFUSED);
	assert_memory_equal(people.text, "last_administrator: ", 20);
	assert_int_equal(SET(w, BOB, ADMINS), ERR_OK); /* the same role by another group */
	assert_int_equal(SET(w, ADA, ADMINS), ERR_OK);
	people_caller_entry = BOB;
	assert_int_equal(SET(w, BOB, CLUBS), ERR_REFUSED);
	assert_memory_equal(people.text, "self: ", 6);
	assert_int_equal(SET(w, BOB, ADMINS, CLUBS), ERR_OK);
	people_caller_entry = ADA;
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	people_caller_entry = NULL;
	assert_int_equal(SET(w, ADA, CLUBS), ERR_REFUSED); /* who is suspended does nothing */
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* By whichever of the groups they have it; nothing ends where another one gives the same. */
static void
nobody_ends_a_role_of_their_own_that_is_no_admin_group(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		struct world *w = groups_world_new();

		if (round == 1) {
			w->conf.admin_group = NULL;
			world_crash(w);
		}
		fake_dir_add_member(w->dir, roles[0], ADA_DN);
		fake_dir_add_member(w->dir, "cn=auditing,dc=example", BOB_DN);
		fake_dir_add_member(w->dir, roles[0], "cn=auditing,dc=example");
		people_caller_entry = ADA;
		assert_int_equal(SET(w, ADA, POETS), ERR_REFUSED);
		assert_memory_equal(people.text, "self: ", 6);
		assert_int_equal(SET(w, ADA, "cn=auditing,dc=example"), ERR_OK);
		assert_false(fake_dir_is_member(w->dir, roles[0], ADA_DN));
		assert_int_equal(SET_NONE(w, ADA), ERR_REFUSED);
		people_caller_entry = NULL;
		assert_int_equal(SET_NONE(w, ADA), ERR_OK);
		world_free(w);
	}
}

/* Another group that leads to the role refuses to let them in: they stay where they were. */
static void
a_role_is_not_left_for_one_that_was_not_come_to(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_add_member(w->dir, ADMINS, "cn=gone,dc=example");
	assert_int_equal(SET(w, BOB, "cn=gone,dc=example", CLUBS), ERR_INVALID);
	assert_string_equal(people.first_code, "refused");
	people_caller_entry = BOB;
	assert_int_equal(SET(w, BOB, "cn=gone,dc=example", CLUBS, POETS), ERR_OK);
	assert_non_null(strstr(people.text, "cn=gone"));
	people_caller_entry = NULL;
	assert_true(fake_dir_is_member(w->dir, STAFF, BOB_DN));
	assert_true(fake_dir_is_member(w->dir, POETS, BOB_DN));
	assert_int_equal(people_audits(w, "user_changed"), 1);
	/* While one swaps nobody else ends a role. */
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(SET(w, BOB, ADMINS), ERR_UNKNOWN);
	assert_int_equal(people_remove(w, ADA), ERR_BUSY);
	people_settle_all(w, true);
	assert_true(fake_dir_is_member(w->dir, STAFF, BOB_DN));
	world_free(w);
}

static void
groups_that_cannot_be_looked_at_give_roles(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_fail_named(w->dir, "names", FAKE_REFUSE, ERR_REFUSED);
	assert_int_equal(SET(w, ADA, CLUBS), ERR_MISCONFIGURED);
	fake_dir_fail_named(w->dir, "names", FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(SET(w, ADA, CLUBS), ERR_UNAVAILABLE);
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 0);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

static bool
is_at_groups(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_calls(w->dir, "set_groups") > 0;
}

static bool
is_loaded(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_calls(w->dir, "load") > 0;
}

/* After people_show(). */
static bool
is_looked_at_again(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_calls(w->dir, "load") > 1;
}

static bool
is_answered(struct world *w, void *arg)
{
	(void)w;
	(void)arg;
	return people.count > 0;
}

/* Nobody named a version: what somebody else joined after the look is not lost by it. */
static void
groups_that_changed_after_the_look_are_looked_at_once_more(void **state)
{
	static const char *const groups[] = { CHESS };
	const struct person_change change = { .groups = groups, .group_count = 1 };
	struct world *w = groups_world_new();

	(void)state;
	people_start_change(w, ADA, &change);
	assert_true(world_until(w, is_loaded, NULL));
	fake_dir_add_member(w->dir, CLUBS, ADA_DN);
	assert_true(world_until(w, is_answered, NULL));
	assert_int_equal(people.code, ERR_OK);
	assert_int_equal(fake_dir_calls(w->dir, "set_groups"), 2);
	assert_true(fake_dir_is_member(w->dir, CHESS, ADA_DN));
	assert_false(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	assert_int_equal(people_audits(w, "user_changed"), 1);
	assert_int_equal(people_audit_says(w, "user_changed", CLUBS), 1); /* as one that was left */
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* The values are written, and then the groups are not what they were: the rest stays for others. */
static void
values_that_are_written_are_told_whatever_became_of_groups(void **state)
{
	static const char *const groups[] = { CHESS };
	char tag[DIR_TAG_SIZE], groups_tag[DIR_GROUPS_TAG_SIZE];

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct world *w = groups_world_new();
		struct person_change change = {
			.value = { [PERSON_POSITION] = "Peer" }, .groups = groups, .group_count = 1
		};

		assert_int_equal(people_show(w, ADA), ERR_OK);
		if (round == 1) {
			change.tag = strcpy(tag, people.tag);
			change.groups_tag = strcpy(groups_tag, people.groups_tag);
		}
		if (round == 2)
			fake_dir_drop_after(w->dir, "change", ADA);
		people_start_change(w, ADA, &change);
		if (round < 2) {
			/* After the look and before the values, whose answer shows it. */
			assert_true(world_until(w, is_looked_at_again, NULL));
			fake_dir_add_member(w->dir, CLUBS, ADA_DN);
		}
		assert_true(world_until(w, is_answered, NULL));
		assert_int_equal(people.code, ERR_OK);
		if (round < 2) {
			assert_string_equal(people.text, "groups: changed meanwhile");
			assert_true(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
			assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
			assert_false(fake_dir_is_member(w->dir, CHESS, ADA_DN));
		}
		assert_int_equal(fake_dir_calls(w->dir, "load"), 2 + (round == 2));
		assert_int_equal(
		    people_audit_says(w, "user_changed", "{\"fields\":[\"position\"]}"), 1);
		assert_int_equal(people_audits(w, "user_changed"), 1);
		assert_int_equal(people_keys(w, "job/"), 0);
		world_free(w);
	}
}

/* Killed between the entry and its groups, or while these were told. */
static void
what_was_begun_goes_on_after_a_crash(void **state)
{
	static const enum fake_fault faults[] = { FAKE_LOSE_ALL, FAKE_LOSE_REPLY, FAKE_SILENT,
		FAKE_NO_GROUPS };
	const char *const groups[] = { CLUBS, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct world *w = groups_world_new();
		struct person_change change = {
			.value = { [PERSON_POSITION] = "Peer" }, .groups = groups, .group_count = 1
		};

		fake_dir_fail_named(w->dir, "set_groups", faults[i], ERR_UNKNOWN);
		if (faults[i] == FAKE_SILENT) {
			people_start_change(w, ADA, &change);
			assert_true(world_until(w, is_at_groups, NULL));
		} else
			assert_int_equal(people_set_groups_so(w, ADA, groups, change), ERR_UNKNOWN);
		assert_int_equal(people_audits(w, "user_changed"), 0);
		people_settle_all(w, true);
		assert_true(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
		assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
		assert_int_equal(
		    people_audit_says(w, "user_changed",
			"{\"fields\":[\"position\",\"groups\"],\"groups_before\":[\"" POETS
			"\"],\"groups\":[\"" CLUBS "\"]}"),
		    1);
		world_free(w);
	}
}

/* What was allowed then is asked once more: a group may lead elsewhere by now. */
static void
what_goes_on_gives_no_role_that_was_not_allowed(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	w->caller.gives_roles = false;
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(SET(w, ADA, CLUBS), ERR_UNKNOWN);
	fake_dir_add_member(w->dir, ADMINS, CLUBS);
	people_settle_all(w, true);
	assert_false(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	assert_int_equal(people_audits(w, "user_changed"), 0);
	world_free(w);
}

/* Nor one that was: nobody knows whether who asked may do so still. */
static void
what_goes_on_gives_no_role_at_all(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(SET(w, ADA, STAFF, POETS), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_false(fake_dir_is_member(w->dir, STAFF, ADA_DN));
	assert_int_equal(people_audits(w, "user_changed"), 0);
	/* One that was given when the answer was lost is given. */
	fake_dir_fail_named(w->dir, "set_groups", FAKE_NO_GROUPS, ERR_UNKNOWN);
	assert_int_equal(SET(w, ADA, STAFF), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_true(fake_dir_is_member(w->dir, STAFF, ADA_DN));
	assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audit_says(w, "user_changed", STAFF), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* Somebody got a role meanwhile, whom a limited caller does not act on any more. */
static void
what_goes_on_spares_who_has_a_role_by_now(void **state)
{
	const char *const groups[] = { IN_ENGINES, NULL };
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_add_member(w->dir, IN_ENGINES, BOB_DN);
	w->caller.reach = &within_engines;
	w->caller.gives_roles = false;
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_set_groups_so(w, ADA, groups,
			     (struct person_change){ .value = { [PERSON_POSITION] = "Peer" } }),
	    ERR_UNKNOWN);
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	people_settle_all(w, true);
	assert_false(fake_dir_is_member(w->dir, IN_ENGINES, ADA_DN));
	assert_int_equal(people_audit_says(w, "user_changed", "{\"fields\":[\"position\"]}"), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

static bool
is_asked_again(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_calls(w->dir, "names") > 1;
}

/* Nor does it wait for ever for groups that will never be looked at. */
static void
what_goes_on_gives_up_groups_that_are_too_many(void **state)
{
	const char *const groups[] = { CLUBS, NULL };
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_set_groups_so(w, ADA, groups,
			     (struct person_change){ .value = { [PERSON_POSITION] = "Peer" } }),
	    ERR_UNKNOWN);
	world_crash(w);
	fake_dir_fail_named(w->dir, "names", FAKE_REFUSE, ERR_TOO_LARGE);
	w->now += dir_settle_ms(w->dir) + 1000;
	fake_dir_set_up(w->dir, true);
	assert_true(world_until(w, is_asked_again, NULL));
	people_settle_all(w, false);
	assert_false(fake_dir_is_member(w->dir, CLUBS, ADA_DN));
	assert_int_equal(people_audit_says(w, "user_changed", "{\"fields\":[\"position\"]}"), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

static void
the_last_administrator_stays_after_a_crash_too(void **state)
{
	struct world *w = groups_world_new();

	(void)state;
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	fake_dir_fail_named(w->dir, "set_groups", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(SET(w, BOB, CLUBS), ERR_UNKNOWN);
	/* Until it is settled nobody else ends a role. */
	assert_int_equal(people_remove(w, ADA), ERR_BUSY);
	fake_dir_drop_user(w->dir, ADA); /* by others */
	people_settle_all(w, true);
	assert_true(fake_dir_is_member(w->dir, STAFF, BOB_DN));
	assert_int_equal(people_audits(w, "user_changed"), 0);
	world_free(w);
}

/* A record has an end: those that stay are left out before those that changed. */
static void
what_changed_is_recorded_however_long_the_names_are(void **state)
{
	const bool changed[PERSON_FIELD_COUNT] = { [PERSON_POSITION] = true };
	struct audit_groups g = { .before_count = PERSON_GROUPS_MAX,
		.after_count = PERSON_GROUPS_MAX };
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < PERSON_GROUPS_MAX; i++)
		g.before[i] = g.after[i] = arena_printf(arena, "cn=%01600zu", i);
	g.before[0] = POETS;
	g.after[0] = CHESS;
	assert_string_equal(audit_of_fields(changed, &g, arena),
	    "{\"fields\":[\"position\",\"groups\"],\"groups_before\":[\"" POETS
	    "\"],\"groups\":[\"" CHESS "\"]}");
	arena_free(arena);
}

#define ROW(test) cmocka_unit_test(test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(the_list_is_joined_and_left_and_recorded),
		ROW(a_group_in_another_spelling_is_that_group),
		ROW(what_is_no_group_is_named),
		ROW(a_group_that_refuses_is_told_and_the_rest_recorded),
		ROW(nobody_is_put_into_more_groups_than_are_shown),
		ROW(groups_that_others_changed_are_a_conflict),
		ROW(a_role_is_given_and_taken_by_those_who_have_all),
		ROW(nobody_ends_the_last_administrator_or_themselves),
		ROW(nobody_ends_a_role_of_their_own_that_is_no_admin_group),
		ROW(a_role_is_not_left_for_one_that_was_not_come_to),
		ROW(groups_that_cannot_be_looked_at_give_roles),
		ROW(groups_that_changed_after_the_look_are_looked_at_once_more),
		ROW(values_that_are_written_are_told_whatever_became_of_groups),
		ROW(what_was_begun_goes_on_after_a_crash),
		ROW(what_goes_on_gives_no_role_that_was_not_allowed),
		ROW(what_goes_on_gives_no_role_at_all),
		ROW(what_goes_on_spares_who_has_a_role_by_now),
		ROW(what_goes_on_gives_up_groups_that_are_too_many),
		ROW(what_changed_is_recorded_however_long_the_names_are),
		ROW(the_last_administrator_stays_after_a_crash_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
