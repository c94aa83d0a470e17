/* Those who have a role are out of the hands of whoever is limited, and so are the places that a
 * role is for. */
#include <string.h>

#include "reach_world.h"

#define STAFF  "cn=staff,dc=example" /* is in ADMINS */
#define ODISTS "cn=odists,ou=odes,ou=poems,dc=example"

static const char *const groups[] = { "cn=auditors,dc=example", ADMINS };
static const char *const places[] = { ODES };

/* Eve, in reach, is an administrator of everything by a group in a group. */
static struct world *
role_world_new(void)
{
	struct world *w = limited_world_new();

	fake_dir_add_member(w->dir, STAFF, EVE_DN);
	fake_dir_add_member(w->dir, ADMINS, "CN=Staff,dc=example");
	w->conf.role_groups = groups;
	w->conf.role_group_count = 2;
	w->conf.role_places = places;
	w->conf.role_place_count = 1;
	world_crash(w);
	return w;
}

typedef enum err person_call(struct world *w, const char *id);

static enum err
call_mail(struct world *w, const char *id)
{
	return people_change(w, id, PERSON_MAIL, "mine@x.org", NULL);
}

static enum err
call_move(struct world *w, const char *id)
{
	return people_change(w, id, PERSON_ORG_UNIT, POEMS, NULL);
}

static enum err
call_suspend(struct world *w, const char *id)
{
	return people_suspend(w, id, true);
}

static enum err
call_resume(struct world *w, const char *id)
{
	return people_suspend(w, id, false);
}

static enum err
call_remove_for_good(struct world *w, const char *id)
{
	return people_remove_so(w, id, (struct person_removal){ .for_good = true });
}

static enum err
call_rename(struct world *w, const char *id)
{
	return people_unit_change(w, id, "hymns");
}

/* ---- people ---- */

static person_call *const calls[] = { call_mail, call_move, call_suspend, people_remove,
	call_remove_for_good };
enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

static void
assert_is_spared(struct world *w, person_call *call)
{
	assert_int_equal(call(w, EVE), ERR_DENIED);
	assert_memory_equal(people.text, "role: ", 6);
	assert_int_equal(people_keys(w, "job/"), 0);
}

static void
nobody_who_is_limited_acts_on_somebody_who_has_a_role(void **state)
{
	struct world *w = role_world_new();

	(void)state;
	for (size_t i = 0; i < CALLS; i++)
		assert_is_spared(w, calls[i]);
	assert_string_equal(fake_dir_user_dn(w->dir, EVE), EVE_DN);
	assert_int_equal(people_show(w, EVE), ERR_OK);
	w->caller.reach = NULL;
	assert_int_equal(call_suspend(w, EVE), ERR_OK);
	w->caller.reach = &within_poems;
	assert_is_spared(w, call_resume); /* who is suspended has their role again by that */
	world_free(w);
}

static void
ones_own_profile_stays_ones_own(void **state)
{
	struct world *w = role_world_new();

	(void)state;
	people_caller_entry = EVE;
	assert_int_equal(call_mail(w, EVE), ERR_OK);
	assert_int_equal(people_remove(w, EVE), ERR_REFUSED);
	assert_memory_equal(people.text, "self: ", 6);
	world_free(w);
}

static void
while_groups_cannot_be_looked_at_everybody_is_spared(void **state)
{
	static const struct {
		enum err met, told;
	} rows[] = { { ERR_UNAVAILABLE, ERR_UNAVAILABLE }, { ERR_REFUSED, ERR_MISCONFIGURED } };

	(void)state;
	for (size_t i = 0; i < CALLS * 2; i++) {
		struct world *w = role_world_new();

		fake_dir_fail_named(w->dir, "names", FAKE_REFUSE, rows[i % 2].met);
		assert_int_equal(calls[i / 2](w, EVE), rows[i % 2].told);
		assert_int_equal(people_keys(w, "job/"), 0);
		assert_string_equal(fake_dir_user_dn(w->dir, EVE), EVE_DN);
		world_free(w);
	}
}

/* ---- from the trash ---- */

/* Deleted by somebody who may; the entry is in no group by then. */
static struct world *
trash_world_new(void)
{
	struct world *w = role_world_new();

	fake_dir_add_member(w->dir, POETS, EVE_DN);
	fake_dir_add_member(w->dir, ODISTS, EVE_DN);
	w->caller.reach = NULL;
	assert_int_equal(people_remove(w, EVE), ERR_OK);
	w->caller.reach = &within_poems;
	return w;
}

static void
who_had_a_role_is_brought_back_by_those_who_reach_everything(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	assert_is_spared(w, people_restore);
	assert_null(fake_dir_uuid_at(w->dir, EVE_DN));
	fake_dir_fail_named(w->dir, "names", FAKE_REFUSE, ERR_UNAVAILABLE);
	assert_int_equal(people_restore(w, EVE), ERR_UNAVAILABLE);
	assert_null(fake_dir_uuid_at(w->dir, EVE_DN));
	w->caller.reach = NULL;
	assert_int_equal(people_restore(w, EVE), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, STAFF, EVE_DN));
	world_free(w);
}

/* Also when it is done once more by nobody. */
static void
who_comes_back_joins_no_group_out_of_the_callers_reach(void **state)
{
	(void)state;
	for (int crashes = 0; crashes < 2; crashes++) {
		struct world *w = trash_world_new();

		w->conf.role_group_count = 1; /* what Eve was in gives no role */
		world_crash(w);
		if (crashes == 1)
			fake_dir_fail_named(w->dir, "restore", FAKE_LOSE_ALL, ERR_UNKNOWN);
		assert_int_equal(people_restore(w, EVE), crashes == 1 ? ERR_UNKNOWN : ERR_OK);
		if (crashes == 1)
			people_settle_all(w, true);
		assert_non_null(fake_dir_uuid_at(w->dir, EVE_DN));
		assert_true(fake_dir_is_member(w->dir, ODISTS, EVE_DN));
		assert_false(fake_dir_is_member(w->dir, POETS, EVE_DN));
		assert_false(fake_dir_is_member(w->dir, STAFF, EVE_DN));
		world_free(w);
	}
}

/* Their group was given a role between the try that was lost and the one that is made now. */
static void
who_has_a_role_by_now_is_not_brought_back_later(void **state)
{
	struct world *w = trash_world_new();

	(void)state;
	w->conf.role_group_count = 1;
	world_crash(w);
	fake_dir_fail_named(w->dir, "restore", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_restore(w, EVE), ERR_UNKNOWN);
	w->conf.role_group_count = 2;
	people_settle_all(w, true);
	assert_null(fake_dir_uuid_at(w->dir, EVE_DN));
	assert_int_equal(people_audits(w, "user_restored"), 0);
	world_free(w);
}

/* ---- places ---- */

static void
a_place_that_a_role_names_keeps_its_name(void **state)
{
	static person_call *const unit_calls[] = { call_rename, people_unit_delete };
	struct world *w = role_world_new();

	(void)state;
	w->caller.reach = NULL;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(unit_calls[i](w, ODES_ID), ERR_REFUSED);
		assert_memory_equal(people.text, "role_place: ", 12);
		assert_int_equal(unit_calls[i](w, POEMS_ID), ERR_REFUSED); /* above it */
	}
	assert_int_equal(people_unit_set(w, ODES_ID, NULL, "Of joy"), ERR_OK);
	assert_int_equal(people_unit_change(w, ENGINES_ID, "motors"), ERR_OK);
	world_free(w);
}

static void
a_place_above_a_group_that_gives_a_role_keeps_its_name(void **state)
{
	static const char *const inside[] = { ODISTS };
	struct world *w = role_world_new();

	(void)state;
	w->caller.reach = NULL;
	w->conf.role_groups = inside;
	w->conf.role_group_count = 1;
	w->conf.role_place_count = 0;
	world_crash(w);
	assert_int_equal(people_unit_change(w, POEMS_ID, "verse"), ERR_REFUSED);
	assert_memory_equal(people.text, "role_place: ", 12);
	assert_int_equal(people_unit_delete(w, ODES_ID), ERR_REFUSED);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_who_is_limited_acts_on_somebody_who_has_a_role),
		cmocka_unit_test(ones_own_profile_stays_ones_own),
		cmocka_unit_test(while_groups_cannot_be_looked_at_everybody_is_spared),
		cmocka_unit_test(who_had_a_role_is_brought_back_by_those_who_reach_everything),
		cmocka_unit_test(who_comes_back_joins_no_group_out_of_the_callers_reach),
		cmocka_unit_test(who_has_a_role_by_now_is_not_brought_back_later),
		cmocka_unit_test(a_place_that_a_role_names_keeps_its_name),
		cmocka_unit_test(a_place_above_a_group_that_gives_a_role_keeps_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
