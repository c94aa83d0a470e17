/* The use cases about people: what they do, what they refuse, and what is written down. */
#include <stdio.h>
#include <string.h>

#include "../fakes/fake_roster.h"
#include "people_world.h"

#define DAY (86400LL * 1000)

static void
a_deleted_user_is_gone_recorded_and_kept(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_false(people.removed.was_invitation);
	assert_true(people.removed.refused_ms >= 0);
	assert_int_equal(people.removed.restorable_until, w->now + 30 * DAY);
	assert_null(fake_dir_user_dn(w->dir, ADA));
	assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	assert_int_equal(people_keys(w, "trash"), 4);
	assert_int_equal(people_keys(w, "job/"), 0);
	assert_int_equal(people_remove(w, ADA), ERR_NOT_FOUND);
	assert_non_null(fake_dir_user_dn(w->dir, BOB));
	world_free(w);
}

static void
a_server_that_cannot_be_asked_is_named(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_lingers_on(w->dir, "ldap://second");
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people.removed.refused_ms, -1);
	assert_non_null(strstr(people.text, "ldap://second"));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	world_free(w);
}

/* What is done is done, and whoever asked hears what is not. */
static void
groups_that_refuse_are_told(void **state)
{
	struct world *w = people_world_new();
	char id[ID_SIZE];

	(void)state;
	fake_dir_groups_refuse(w->dir, "still a member of: cn=poets");
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Countess", NULL), ERR_OK);
	assert_string_equal(people.text, "still a member of: cn=poets");
	fake_dir_lingers_on(w->dir, "ldap://second");
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people.removed.refused_ms, -1);
	assert_non_null(strstr(people.text, "still a member of: cn=poets; "));
	assert_non_null(strstr(people.text, "ldap://second"));
	fake_dir_lingers_on(w->dir, NULL);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_string_equal(people.text, "still a member of: cn=poets");
	snprintf(id, sizeof(id), "%s", people.id);
	assert_int_equal(people_remove(w, id), ERR_OK);
	assert_in_range(people.removed.refused_ms, 0, 1000);
	assert_string_equal(people.text, "still a member of: cn=poets");
	world_free(w);
}

static void
nothing_is_kept_when_the_configuration_says_so(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	w->conf.restorable_s = 0;
	world_crash(w);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people.removed.restorable_until, 0);
	assert_int_equal(people_keys(w, "trash"), 0);
	assert_int_equal(people_restore(w, ADA), ERR_NOT_FOUND);
	world_free(w);
}

static void
whoever_asks_is_kept_nowhere(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(
	    people_remove_so(w, ADA, (struct person_removal){ .for_good = true }), ERR_OK);
	assert_int_equal(people.removed.restorable_until, 0);
	assert_int_equal(fake_dir_calls(w->dir, "save"), 0);
	assert_int_equal(people_keys(w, "trash"), 0);
	assert_int_equal(people_audits(w, "user_removed"), 1);
	world_free(w);
}

static void
a_version_that_is_named_is_the_only_one_that_is_deleted_or_suspended(void **state)
{
	static const struct {
		const char *changed_after;
		struct person_removal how;
	} rows[] = { { "load", { .tag = "v2" } }, { "save", { .tag = "v3" } },
		{ "load", { .tag = "v4", .for_good = true } } };
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(
	    people_remove_so(w, ADA, (struct person_removal){ .tag = "v0" }), ERR_CONFLICT);
	assert_int_equal(people_suspend_so(w, ADA, true, "v0"), ERR_CONFLICT);
	fake_dir_touch_after(w->dir, "load", ADA);
	assert_int_equal(people_suspend_so(w, ADA, true, "v1"), ERR_CONFLICT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_dir_touch_after(w->dir, rows[i].changed_after, ADA);
		assert_int_equal(people_remove_so(w, ADA, rows[i].how), ERR_CONFLICT);
	}
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	assert_int_equal(
	    people_remove_so(w, ADA, (struct person_removal){ .tag = "v5", .for_good = true }),
	    ERR_OK);
	assert_int_equal(people_audits(w, "user_removed"), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	assert_int_equal(people_keys(w, "trash"), 0);
	world_free(w);
}

static void
nobody_deletes_or_suspends_oneself_or_the_last_administrator(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	people_caller_entry = ADA;
	assert_int_equal(people_remove(w, ADA), ERR_REFUSED);
	assert_int_equal(people_suspend(w, ADA, true), ERR_REFUSED);
	people_caller_entry = NULL;
	w->conf.admin_group = ADMINS;
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	world_crash(w);
	assert_int_equal(people_remove(w, ADA), ERR_REFUSED);
	assert_int_equal(people_suspend(w, ADA, true), ERR_REFUSED);
	assert_int_equal(people_remove(w, BOB), ERR_OK);
	fake_dir_add_user(w->dir, BOB_DN, BOB, "bob@x.org");
	fake_dir_add_member(w->dir, ADMINS, BOB_DN);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_remove(w, BOB), ERR_REFUSED);
	world_free(w);
}

static void
a_restored_user_has_entry_password_and_memberships_again(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_string_equal(people.dn, ADA_DN);
	assert_string_not_equal(people.id, ADA);
	assert_string_equal(fake_dir_user_dn(w->dir, people.id), ADA_DN);
	assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audits(w, "user_restored"), 1);
	assert_int_equal(people_keys(w, "trash"), 0);
	assert_int_equal(people_restore(w, ADA), ERR_NOT_FOUND);
	assert_int_equal(people_restore(w, "nonsense"), ERR_NOT_FOUND);
	world_free(w);
}

static void
what_stands_in_the_way_of_a_restore_is_named_and_it_stays_possible(void **state)
{
	struct world *w = people_world_new();
	struct person other = world_ada;
	struct world_link link;

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	fake_dir_add_user(w->dir, ADA_DN, NOBODY, "other@x.org");
	assert_int_equal(people_restore(w, ADA), ERR_EXISTS);
	assert_string_equal(people.first_field, "uid");
	assert_int_equal(people_remove(w, NOBODY), ERR_OK);
	fake_dir_add_user(w->dir, "uid=countess,ou=engines,dc=example", NOBODY, "ada@x.org");
	assert_int_equal(people_restore(w, ADA), ERR_EXISTS);
	assert_string_equal(people.first_field, "mail");
	fake_dir_drop_user(w->dir, NOBODY);
	other.value[PERSON_MAIL] = "ada@x.org";
	link = world_invite(w, &other);
	assert_int_equal(people_restore(w, ADA), ERR_EXISTS);
	assert_string_equal(people.first_field, "mail");
	assert_int_equal(fake_dir_calls(w->dir, "restore"), 0); /* nobody was to be added */
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	fake_dir_remove_org_unit(w->dir);
	assert_int_equal(people_restore(w, ADA), ERR_CONFLICT);
	assert_string_equal(people.first_field, "org_unit");
	assert_int_equal(people_audits(w, "user_restored"), 0);
	assert_int_equal(people_keys(w, "trash/"), 2);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

static bool
all_forgotten(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "trash") == 0;
}

static void
after_the_stated_time_the_key_is_destroyed(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	w->now += 30 * DAY;
	assert_int_equal(people_restore(w, ADA), ERR_NOT_FOUND);
	world_crash(w); /* the sweeper comes soon after a start */
	assert_true(world_until(w, all_forgotten, NULL));
	assert_int_equal(people_audits(w, "user_forgotten"), 1);
	world_free(w);
}

static bool
one_is_listed(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "trashed/") == 1;
}

/* The place in the list tells whose it was and until when. */
static void
what_a_damaged_record_left_goes_at_its_time_too(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	world_put_damaged(w, "trash/" ADA);
	w->now += DAY;
	assert_int_equal(people_remove(w, BOB), ERR_OK);
	world_put_damaged(w, "trash/" BOB);
	w->now += 29 * DAY;
	world_crash(w);
	assert_true(world_until(w, one_is_listed, NULL));
	assert_int_equal(people_keys(w, "trashkey/" ADA), 0);
	assert_int_equal(people_keys(w, "trashkey/" BOB), 1);
	assert_int_equal(people_audits(w, "user_forgotten"), 1);
	w->now += DAY;
	world_crash(w);
	assert_true(world_until(w, all_forgotten, NULL));
	assert_int_equal(people_audits(w, "user_forgotten"), 2);
	world_free(w);
}

/* ---- change ---- */

static void
a_change_is_recorded_by_its_fields_and_never_by_its_values(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, " Countess ", "v1"), ERR_OK);
	assert_string_equal(fake_dir_user_value(w->dir, ADA, PERSON_POSITION), "Countess");
	assert_int_equal(people_audits(w, "user_changed"), 1);
	assert_int_equal(people_audits(w, "user_changed\",\"user\":\"" ADA
					  "\",\"detail\":{\"fields\":[\"position\"]},\"actor"),
	    1);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Countess", NULL), ERR_OK);
	assert_int_equal(people_audits(w, "user_changed"), 1); /* nothing was changed */
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Lady", "v1"), ERR_CONFLICT);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "", NULL), ERR_OK);
	assert_null(fake_dir_user_value(w->dir, ADA, PERSON_POSITION));
	assert_int_equal(
	    people_change(w, ADA, PERSON_ORG_UNIT, "ou=poems,dc=example", NULL), ERR_OK);
	assert_string_equal(fake_dir_user_dn(w->dir, ADA), "uid=ada,ou=poems,dc=example");
	assert_int_equal(people_audits(w, "user_changed"), 3);
	assert_int_equal(people_change(w, NOBODY, PERSON_POSITION, "x", NULL), ERR_NOT_FOUND);
	world_free(w);
}

static void
a_bad_field_is_named(void **state)
{
	static const struct {
		enum person_field field;
		const char *value;
		enum err code;
		const char *name, *error;
	} rows[] = {
		{ PERSON_MAIL, "not a mail", ERR_INVALID, "mail", "invalid" },
		{ PERSON_MAIL, "", ERR_INVALID, "mail", "required" },
		{ PERSON_GIVEN_NAME, " ", ERR_INVALID, "given_name", "required" },
		{ PERSON_UID, "ada2", ERR_INVALID, "uid", "not_allowed" },
		{ PERSON_ORG_UNIT, "ou=x,dc=elsewhere", ERR_INVALID, "org_unit", "invalid" },
		{ PERSON_ORG_UNIT, "ou=missing,dc=example", ERR_INVALID, "org_unit", "invalid" },
		{ PERSON_MAIL, "bob@x.org", ERR_EXISTS, "mail", "taken" },
		{ PERSON_MAIL, "ada@example.org", ERR_EXISTS, "mail", "taken" }, /* invited */
	};
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(world_invite(w, &world_ada).code, ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
		    people_change(w, ADA, rows[i].field, rows[i].value, NULL), rows[i].code);
		assert_string_equal(people.first_field, rows[i].name);
		assert_string_equal(people.first_code, rows[i].error);
		assert_int_equal(people_keys(w, "job/"), 0);
	}
	assert_int_equal(people_audits(w, "user_changed"), 0);
	/* One's own address in other letters, and one's own second one, are nobody else's. */
	fake_dir_add_mail(w->dir, ADA, "countess@x.org");
	assert_int_equal(people_change(w, ADA, PERSON_MAIL, "countess@x.org", NULL), ERR_OK);
	assert_int_equal(people_change(w, ADA, PERSON_MAIL, "ADA@x.org", NULL), ERR_OK);
	world_free(w);
}

/* ---- suspend ---- */

static void
suspend_and_resume_are_recorded_once_each(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_suspend(w, ADA, true), ERR_OK);
	assert_true(people.suspended);
	assert_int_equal(people_suspend(w, ADA, true), ERR_OK);
	assert_int_equal(people_audits(w, "user_suspended"), 1);
	assert_int_equal(people_suspend(w, ADA, false), ERR_OK);
	assert_false(fake_dir_is_suspended(w->dir, ADA));
	assert_int_equal(people_audits(w, "user_resumed"), 1);
	assert_int_equal(people_suspend(w, ADA, false), ERR_OK); /* nothing to end */
	assert_int_equal(people_audits(w, "user_resumed"), 1);
	fake_dir_without_means(w->dir);
	assert_int_equal(people_suspend(w, ADA, true), ERR_REFUSED);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

/* ---- invitations, and who is who ---- */

static void
an_invitation_is_revoked_and_an_expired_one_forgotten(void **state)
{
	struct world *w = people_world_new();
	struct person other = world_ada;
	struct world_link a, b;

	(void)state;
	a = world_invite(w, &world_ada);
	other.value[PERSON_MAIL] = "b@example.org";
	b = world_invite(w, &other);
	assert_int_equal(people_show(w, a.id), ERR_OK);
	assert_string_equal(people.invitation, a.id);
	assert_int_equal(people_suspend(w, a.id, true), ERR_USED);
	assert_int_equal(people_change(w, a.id, PERSON_POSITION, "x", NULL), ERR_USED);
	/* It has no version, and who may only delete users may not revoke it. */
	assert_int_equal(
	    people_remove_so(w, a.id, (struct person_removal){ .tag = "v1" }), ERR_CONFLICT);
	assert_int_equal(
	    people_remove_so(w, a.id, (struct person_removal){ .users_only = true }), ERR_DENIED);
	assert_int_equal(people_remove(w, a.id), ERR_OK);
	assert_true(people.removed.was_invitation);
	assert_int_equal(world_state(w, a.id), INVITATION_REVOKED);
	assert_int_equal(people_remove(w, a.id), ERR_NOT_FOUND);
	w->now += 3600 * 1000;
	assert_int_equal(people_remove(w, b.id), ERR_OK);
	assert_true(people.removed.was_invitation);
	assert_int_equal(people_show(w, b.id), ERR_NOT_FOUND);
	assert_int_equal(people_audits(w, "purged"), 1);
	world_free(w);
}

static void
the_roster_tells_who_an_id_is_and_answers_for_a_directory_that_is_away(void **state)
{
	struct world *w = people_world_new();
	struct roster r = { .loop = w->loop };

	(void)state;
	w->conf.roster = &r;
	world_crash(w);
	fake_roster_add(&r, NOBODY, ADA, false); /* an invitation's id, and who came of it */
	assert_int_equal(people_show(w, NOBODY), ERR_OK);
	assert_string_equal(people.id, ADA);
	fake_dir_set_up(w->dir, false);
	assert_int_equal(people_show(w, NOBODY), ERR_OK);
	assert_string_equal(people.id, "");
	assert_int_equal(people_show(w, BOB), ERR_UNAVAILABLE); /* nobody knows */
	assert_int_equal(people_remove(w, NOBODY), ERR_UNAVAILABLE);
	fake_dir_set_up(w->dir, true);
	assert_int_equal(people_show(w, BOB), ERR_OK); /* sooner than the roster */
	assert_int_equal(people_show(w, "../../etc"), ERR_NOT_FOUND);
	world_free(w);
}

/* ---- org units ---- */

static void
of_an_org_unit_is_recorded_what_was_changed_and_no_more(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_add_org_unit(w->dir, ENGINES, ENGINES_ID);
	fake_dir_add_org_unit(w->dir, "ou=poems,dc=example", NOBODY);
	assert_int_equal(people_unit_set(w, ENGINES_ID, NULL, NULL), ERR_OK);
	assert_string_equal(people.dn, ENGINES);
	assert_int_equal(people_unit_set(w, ENGINES_ID, "engines", ""), ERR_OK);
	assert_int_equal(people_audits(w, "org_unit_changed"), 0);
	assert_int_equal(people_unit_set(w, ENGINES_ID, "poems", "They turn"), ERR_EXISTS);
	assert_string_equal(people.first_field, "name");
	assert_int_equal(people_audits(w, "org_unit_changed"), 1); /* the description */
	assert_int_equal(people_keys(w, "job/"), 0);
	for (int nth = 1; nth <= 2; nth++) {
		fake_dir_fail(w->dir, nth, FAKE_LOSE_ALL, ERR_OK);
		assert_int_not_equal(people_unit_add(w, "dc=example", "poems"), ERR_OK);
		people_settle_all(w, true);
		assert_int_equal(people_audits(w, "org_unit_added"), 0);
	}
	world_free(w);
}

static void
org_units_are_made_renamed_and_deleted_when_empty(void **state)
{
	struct world *w = people_world_new();
	struct roster r = { .loop = w->loop, .unit = ENGINES_ID };

	(void)state;
	w->conf.roster = &r;
	fake_dir_add_org_unit(w->dir, ENGINES, ENGINES_ID);
	world_crash(w);
	assert_int_equal(people_unit_add(w, "dc=example", "poems"), ERR_OK);
	assert_string_equal(people.dn, "ou=poems,dc=example");
	assert_int_equal(people_unit_add(w, "dc=example", "poems"), ERR_EXISTS);
	assert_string_equal(people.first_field, "name");
	assert_int_equal(people_unit_add(w, "nowhere", "poems"), ERR_INVALID);
	assert_string_equal(people.first_field, "parent");
	assert_int_equal(people_unit_add(w, "dc=example", " "), ERR_INVALID);
	assert_int_equal(people_unit_change(w, NOBODY, "x"), ERR_NOT_FOUND);
	assert_int_equal(people_unit_delete(w, ENGINES_ID), ERR_CONFLICT); /* Ada, Bob */
	fake_dir_remove_entries(w->dir);
	r.invited_there = 1;
	assert_int_equal(people_unit_delete(w, ENGINES_ID), ERR_CONFLICT);
	assert_int_equal(people_unit_change(w, ENGINES_ID, "motors"), ERR_CONFLICT);
	assert_string_equal(people.first_field, "name");
	assert_string_equal(people.first_code, "not_empty");
	assert_non_null(strstr(people.text, "1 pending"));
	r.loading = true;
	assert_int_equal(people_unit_change(w, ENGINES_ID, "motors"), ERR_UNAVAILABLE);
	assert_int_equal(people_unit_delete(w, ENGINES_ID), ERR_UNAVAILABLE);
	r.loading = false;
	r.invited_there = 0;
	assert_int_equal(people_unit_change(w, ENGINES_ID, "motors"), ERR_OK);
	assert_string_equal(people.dn, "ou=motors,dc=example");
	assert_int_equal(people_unit_delete(w, ENGINES_ID), ERR_OK);
	assert_int_equal(people_unit_delete(w, "x"), ERR_NOT_FOUND);
	assert_int_equal(people_audits(w, "org_unit_added"), 1);
	assert_int_equal(people_audits(w, "org_unit_changed"), 1);
	assert_int_equal(people_audits(w, "org_unit_deleted"), 1);
	assert_int_equal(people_keys(w, "job/"), 0);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deleted_user_is_gone_recorded_and_kept),
		cmocka_unit_test(a_server_that_cannot_be_asked_is_named),
		cmocka_unit_test(groups_that_refuse_are_told),
		cmocka_unit_test(nothing_is_kept_when_the_configuration_says_so),
		cmocka_unit_test(whoever_asks_is_kept_nowhere),
		cmocka_unit_test(
		    a_version_that_is_named_is_the_only_one_that_is_deleted_or_suspended),
		cmocka_unit_test(nobody_deletes_or_suspends_oneself_or_the_last_administrator),
		cmocka_unit_test(a_restored_user_has_entry_password_and_memberships_again),
		cmocka_unit_test(
		    what_stands_in_the_way_of_a_restore_is_named_and_it_stays_possible),
		cmocka_unit_test(after_the_stated_time_the_key_is_destroyed),
		cmocka_unit_test(what_a_damaged_record_left_goes_at_its_time_too),
		cmocka_unit_test(a_change_is_recorded_by_its_fields_and_never_by_its_values),
		cmocka_unit_test(a_bad_field_is_named),
		cmocka_unit_test(suspend_and_resume_are_recorded_once_each),
		cmocka_unit_test(an_invitation_is_revoked_and_an_expired_one_forgotten),
		cmocka_unit_test(
		    the_roster_tells_who_an_id_is_and_answers_for_a_directory_that_is_away),
		cmocka_unit_test(of_an_org_unit_is_recorded_what_was_changed_and_no_more),
		cmocka_unit_test(org_units_are_made_renamed_and_deleted_when_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
