/* What is out of a caller's reach does not exist for them, whatever they ask for: each use case
 * answers it as it answers an id, or a name, of nothing. People and org units. */
#include <string.h>

#include "reach_world.h"

/* ---- people ---- */

typedef enum err person_call(struct world *w, const char *id);

static enum err
call_change(struct world *w, const char *id)
{
	return people_change(w, id, PERSON_POSITION, "Countess", NULL);
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
remove_for_good(struct world *w, const char *id)
{
	return people_remove_so(w, id, (struct person_removal){ .for_good = true });
}

static enum err
call_rename(struct world *w, const char *id)
{
	return people_unit_change(w, id, "elsewhere");
}

static void
assert_like_nothing(struct world *w, person_call *call, const char *id)
{
	assert_int_equal(call(w, id), ERR_NOT_FOUND);
	assert_int_equal(call(w, NOBODY), ERR_NOT_FOUND);
	assert_int_equal(people_keys(w, "job/"), 0);
}

static void
who_is_out_of_reach_is_nobody(void **state)
{
	static person_call *const calls[] = { people_show, call_change, call_suspend, call_resume,
		people_remove };
	struct world *w = limited_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char text[FAULT_TEXT_MAX];

		assert_int_equal(calls[i](w, ADA), ERR_NOT_FOUND);
		memcpy(text, people.text, sizeof(text));
		assert_int_equal(calls[i](w, NOBODY), ERR_NOT_FOUND);
		assert_string_equal(text, people.text);
	}
	assert_int_equal(people_keys(w, "job/"), 0);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(calls[i](w, EVE), ERR_OK);
	world_free(w);
}

static void
who_was_deleted_elsewhere_is_brought_back_by_nobody_limited(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	w->caller.reach = NULL;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_remove(w, EVE), ERR_OK);
	w->caller.reach = &within_poems;
	assert_like_nothing(w, people_restore, ADA);
	assert_int_equal(people_restore(w, EVE), ERR_OK);
	world_free(w);
}

/* Seen in reach, and moved out of it before the change came: it is another version then. */
static void
who_is_moved_away_meanwhile_is_not_changed(void **state)
{
	static const char *const verbs[] = { "change", "suspend", "remove" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = limited_world_new();

		fake_dir_move_user(w->dir, ADA, "uid=ada,ou=poems,dc=example");
		people_start(w, verbs[i]);
		assert_int_equal(people.count, 0);
		/* The look has its answer already; what follows meets the entry elsewhere. */
		fake_dir_move_user(w->dir, ADA, ADA_DN);
		while (people.count == 0)
			world_wait(w);
		assert_int_not_equal(people.code, ERR_OK);
		assert_non_null(fake_dir_user_dn(w->dir, ADA));
		assert_false(fake_dir_is_suspended(w->dir, ADA));
		world_free(w);
	}
}

static void
nobody_is_moved_to_where_the_caller_does_not_reach(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	assert_int_equal(people_change(w, EVE, PERSON_ORG_UNIT, ENGINES, NULL), ERR_INVALID);
	assert_string_equal(people.first_field, "org_unit");
	assert_string_equal(people.first_code, "not_found");
	assert_string_equal(fake_dir_user_dn(w->dir, EVE), EVE_DN);
	assert_int_equal(people_change(w, EVE, PERSON_ORG_UNIT, POEMS, NULL), ERR_OK);
	world_free(w);
}

/* ---- org units ---- */

static void
units_out_of_reach_are_none(void **state)
{
	static person_call *const calls[] = { call_rename, people_unit_delete };
	struct world *w = limited_world_new();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_like_nothing(w, calls[i], ENGINES_ID);
		/* What the rights begin with can be seen, and not taken away. */
		assert_int_equal(calls[i](w, POEMS_ID), ERR_DENIED);
	}
	assert_int_equal(people_unit_add(w, ENGINES, "motors"), ERR_NOT_FOUND);
	assert_int_equal(people_unit_add(w, POEMS, "epics"), ERR_OK);
	assert_int_equal(people_unit_change(w, ODES_ID, "hymns"), ERR_OK);
	world_free(w);
}

/* ---- what was left behind ---- */

/* A request that never arrived; meanwhile somebody else moves them out of the caller's reach. */
static void
who_has_left_is_not_followed_by_what_was_written_down(void **state)
{
	static const struct {
		person_call *call;
		const char *name, *event;
	} rows[] = {
		{ people_remove, "remove", "user_removed" },
		{ remove_for_good, "remove", "user_removed" },
		{ call_change, "change", "user_changed" },
		{ call_suspend, "suspend", "user_suspended" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = limited_world_new();
		const bool crash = i % 2 == 1;

		fake_dir_fail_named(w->dir, rows[i / 2].name, FAKE_LOSE_ALL, ERR_UNKNOWN);
		assert_int_equal(rows[i / 2].call(w, EVE), ERR_UNKNOWN);
		assert_int_equal(people_keys(w, "job/"), 1);
		fake_dir_move_user(w->dir, EVE, "uid=eve,ou=engines,dc=example");
		people_settle_all(w, crash);
		assert_string_equal(fake_dir_user_dn(w->dir, EVE), "uid=eve,ou=engines,dc=example");
		assert_false(fake_dir_is_suspended(w->dir, EVE));
		assert_null(fake_dir_user_value(w->dir, EVE, PERSON_POSITION));
		assert_int_equal(people_audits(w, rows[i / 2].event), 0);
		assert_int_equal(people_keys(w, "trash"), 0);
		world_free(w);
	}
}

/* For whoever reaches everything it is the same person wherever they stand. */
static void
who_is_moved_within_reach_is_deleted_all_the_same(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	w->caller.reach = NULL;
	fake_dir_fail_named(w->dir, "remove", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_remove(w, EVE), ERR_UNKNOWN);
	fake_dir_move_user(w->dir, EVE, "uid=eve,ou=engines,dc=example");
	people_settle_all(w, true);
	assert_null(fake_dir_user_dn(w->dir, EVE));
	world_free(w);
}

static void
a_unit_that_has_left_is_not_followed_either(void **state)
{
	static const struct {
		person_call *call;
		const char *name;
	} rows[] = { { call_rename, "org_unit_change" },
		{ people_unit_delete, "org_unit_delete" } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct world *w = limited_world_new();
		const bool stays = i % 2 == 1;

		fake_dir_drop_user(w->dir, EVE);
		fake_dir_fail_named(w->dir, rows[i / 2].name, FAKE_LOSE_ALL, ERR_UNKNOWN);
		assert_int_equal(rows[i / 2].call(w, ODES_ID), ERR_UNKNOWN);
		if (!stays)
			fake_dir_move_org_unit(w->dir, ODES_ID, "ou=odes,ou=engines,dc=example");
		people_settle_all(w, true);
		if (stays)
			assert_null(fake_dir_uuid_at(w->dir, ODES));
		else
			assert_string_equal(
			    fake_dir_uuid_at(w->dir, "ou=odes,ou=engines,dc=example"), ODES_ID);
		assert_int_equal(
		    people_audits(w, i < 2 ? "org_unit_changed" : "org_unit_deleted"), stays);
		world_free(w);
	}
}

/* ---- whose a value is ---- */

static void
who_has_a_mail_is_told_to_nobody(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	assert_int_equal(people_change(w, EVE, PERSON_MAIL, "ada@x.org", NULL), ERR_EXISTS);
	assert_string_equal(people.first_field, "mail");
	assert_string_equal(people.first_code, "taken");
	assert_string_equal(people.text, "mail: another person or a pending invitation has it");
	assert_string_equal(people.first_detail, people.text + 6);
	world_free(w);
}

/* Moved away right after the look: there is another one, and by then they are nobody. */
static void
who_is_moved_away_between_look_and_change_is_nobody(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	fake_dir_move_after(w->dir, "load", EVE, "uid=eve,ou=engines,dc=example");
	assert_int_equal(call_change(w, EVE), ERR_NOT_FOUND);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_out_of_reach_is_nobody),
		cmocka_unit_test(who_was_deleted_elsewhere_is_brought_back_by_nobody_limited),
		cmocka_unit_test(who_is_moved_away_meanwhile_is_not_changed),
		cmocka_unit_test(nobody_is_moved_to_where_the_caller_does_not_reach),
		cmocka_unit_test(units_out_of_reach_are_none),
		cmocka_unit_test(who_has_left_is_not_followed_by_what_was_written_down),
		cmocka_unit_test(who_is_moved_within_reach_is_deleted_all_the_same),
		cmocka_unit_test(a_unit_that_has_left_is_not_followed_either),
		cmocka_unit_test(who_has_a_mail_is_told_to_nobody),
		cmocka_unit_test(who_is_moved_away_between_look_and_change_is_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
