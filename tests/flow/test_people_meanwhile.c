/* What a change of an entry meets while it is not settled: groups that refuse, others who move or
 * delete the same people, other changes, a restart. */
#include <stdio.h>
#include <string.h>

#include "../fakes/fake_roster.h"
#include "people_world.h"
#include "store/store_people.h"

#define MOVED_DN "uid=ada,ou=poems,dc=example"

/* ---- removals ---- */

static void
a_membership_never_outlives_a_deletion_whose_groups_did_not_answer(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 3, FAKE_NO_GROUPS, ERR_UNAVAILABLE); /* looked, saved, deleted */
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	assert_null(fake_dir_user_dn(w->dir, ADA));
	assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audits(w, "user_removed"), 0);
	people_settle_all(w, false);
	assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
	world_free(w);
}

static void
who_was_moved_meanwhile_is_deleted_where_they_are_and_comes_back_there(void **state)
{
	for (int kept = 0; kept < 2; kept++) {
		struct world *w = people_world_new();

		(void)state;
		if (!kept)
			w->conf.restorable_s = 0;
		world_crash(w);
		fake_dir_fail(w->dir, kept ? 3 : 2, FAKE_LOSE_ALL, ERR_OK);
		assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
		fake_dir_move_user(w->dir, ADA, MOVED_DN);
		people_settle_all(w, kept);
		assert_null(fake_dir_user_dn(w->dir, ADA));
		assert_false(fake_dir_is_member(w->dir, POETS, MOVED_DN));
		assert_int_equal(people_audits(w, "user_removed"), 1);
		assert_int_equal(people_restore(w, ADA), kept ? ERR_OK : ERR_NOT_FOUND);
		if (kept)
			assert_string_equal(people.dn, MOVED_DN);
		world_free(w);
	}
}

static void
what_others_changed_before_the_deletion_comes_back_with_it(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 3, FAKE_LOSE_ALL, ERR_OK);
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	fake_dir_touch(w->dir, ADA);
	people_settle_all(w, true);
	assert_null(fake_dir_user_dn(w->dir, ADA));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_true(fake_dir_is_member(w->dir, ADMINS, ADA_DN));
	world_free(w);
}

static void
a_restore_whose_groups_did_not_answer_is_finished_and_not_denied(void **state)
{
	static const enum err codes[] = { ERR_UNKNOWN, ERR_UNAVAILABLE, ERR_BUSY };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = people_world_new();

		assert_int_equal(people_remove(w, ADA), ERR_OK);
		fake_dir_fail(w->dir, 2, FAKE_NO_GROUPS, codes[i]); /* asked, added */
		assert_int_equal(people_restore(w, ADA), ERR_UNKNOWN);
		assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
		assert_int_equal(people_keys(w, "trash"), 4);
		/* Its names are its own. */
		fake_dir_fail(w->dir, 2, FAKE_REFUSE, ERR_UNAVAILABLE);
		assert_int_equal(people_restore(w, ADA), ERR_BUSY);
		people_settle_all(w, false);
		assert_true(fake_dir_is_member(w->dir, POETS, ADA_DN));
		assert_int_equal(people_audits(w, "user_restored"), 1);
		assert_int_equal(people_keys(w, "trash"), 0);
		world_free(w);
	}
}

static void
what_is_refused_for_good_is_given_up(void **state)
{
	static const char *const verbs[] = { "remove", "suspend", "change" };

	(void)state;
	for (size_t v = 0; v < 3; v++) {
		struct world *w = people_world_new();

		fake_dir_fail(w->dir, v == 0 ? 3 : 2, FAKE_LOSE_ALL, ERR_OK);
		people_start(w, verbs[v]);
		while (people.count == 0)
			world_wait(w);
		assert_int_equal(people.code, ERR_UNKNOWN);
		people_settle_meeting(w, FAKE_REFUSE, ERR_REFUSED);
		assert_int_equal(people_keys(w, "job/"), 0);
		assert_int_equal(people_keys(w, "trash"), 0);
		assert_int_equal(people_keys(w, "audit/"), 0);
		world_free(w);
	}
}

static bool
one_is_left(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "job/") == 1;
}

static void
a_new_change_without_an_answer_keeps_no_older_one_waiting(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 2, FAKE_LOSE_REPLY, ERR_OK);
	assert_int_equal(people_suspend(w, ADA, true), ERR_UNKNOWN);
	w->now += dir_settle_ms(w->dir) + 1;
	fake_dir_fail(w->dir, 2, FAKE_LOSE_REPLY, ERR_OK);
	assert_int_equal(people_suspend(w, BOB, true), ERR_UNKNOWN);
	assert_true(world_until(w, one_is_left, NULL));
	assert_int_equal(people_audits(w, "user_suspended\",\"user\":\"" ADA), 1);
	people_settle_all(w, false);
	assert_int_equal(people_audits(w, "user_suspended\",\"user\":\"" BOB), 1);
	world_free(w);
}

static bool
is_met_by_store(struct world *w, void *arg)
{
	(void)arg;
	return fake_kv_failed(w->kv);
}

static void
on_begun(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	(void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	world_stop_waiting(arg);
}

static void
who_is_being_forgotten_when_the_process_ends_is_nobodys_concern(void **state)
{
	const struct store_intent other = {
		.kind = INTENT_USER_SUSPEND, .target = BOB, .actor = "uid:0"
	};
	struct world *w = people_world_new();

	(void)state;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	w->now += 30LL * 86400 * 1000;
	world_crash(w);
	fake_kv_fail(w->kv, 1, FAKE_KV_LOSE_ALL); /* forgets it at the second try */
	assert_true(world_until(w, is_met_by_store, NULL));
	flow_free(w->flow);
	w->flow = NULL;
	/* What waits for its second try since then has had it when this one has. */
	fake_kv_fail(w->kv, 1, FAKE_KV_LOSE_ALL);
	store_intent_begin(w->store, &other, NULL, 0, on_begun, w);
	world_wait(w);
	assert_int_equal(people_keys(w, "trash/"), 1);
	world_free(w);
}

/* Nobody is told "it goes on by itself" when nothing is written down. */
static void
what_cannot_be_written_down_is_not_promised(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_kv_fail_from(w->kv, 1, FAKE_KV_LOSE_ALL);
	assert_int_equal(people_remove(w, ADA), ERR_UNAVAILABLE);
	people_settle_all(w, true);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	world_free(w);
}

static void
a_mail_is_promised_to_one_alone(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 2, FAKE_LOSE_ALL, ERR_OK);
	assert_int_equal(people_change(w, ADA, PERSON_MAIL, "ada@example.org", NULL), ERR_UNKNOWN);
	assert_int_equal(people_change(w, BOB, PERSON_MAIL, "ada@example.org", NULL), ERR_EXISTS);
	assert_string_equal(people.first_field, "mail");
	assert_int_equal(people_change(w, ADA, PERSON_MAIL, "ada@example.org", NULL), ERR_BUSY);
	assert_int_equal(world_invite(w, &world_ada).code, ERR_EXISTS);
	people_settle_all(w, false);
	assert_int_equal(people_keys(w, "mail/"), 0);
	assert_int_equal(world_invite(w, &world_ada).code, ERR_OK);
	world_free(w);
}

static void
on_tokens_ended(void *arg, const char *created_by)
{
	assert_string_equal(created_by, "user:" ADA);
	++*(int *)arg;
}

static void
whose_tokens_have_ended_is_told(void **state)
{
	struct world *w = people_world_new();
	int told = 0;

	(void)state;
	flow_on_tokens_ended(w->flow, on_tokens_ended, &told);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(told, 1);
	world_free(w);
}

static void
on_person_ended(void *arg, const char *person, const char *reason)
{
	char *text = arg;
	size_t len = strlen(text);

	assert_string_equal(person, ADA);
	snprintf(text + len, 80 - len, "%s;", reason);
}

static void
who_was_suspended_or_deleted_is_told_and_who_was_resumed_is_not(void **state)
{
	struct world *w = people_world_new();
	char told[80] = "";

	(void)state;
	flow_on_person_ended(w->flow, on_person_ended, told);
	assert_int_equal(people_suspend(w, ADA, true), ERR_OK);
	assert_string_equal(told, "user_suspended;");
	assert_int_equal(people_suspend(w, ADA, false), ERR_OK);
	assert_string_equal(told, "user_suspended;");
	/* Nobody hears whether it was carried out, until it is looked at. */
	fake_dir_fail(w->dir, 2, FAKE_LOSE_REPLY, ERR_OK);
	assert_int_equal(people_suspend(w, ADA, true), ERR_UNKNOWN);
	people_settle_all(w, false);
	assert_string_equal(told, "user_suspended;user_suspended;");
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_string_equal(told, "user_suspended;user_suspended;user_deleted;");
	world_free(w);
}

static void
a_move_that_was_cut_short_takes_the_memberships_along(void **state)
{
	static const enum err codes[] = { ERR_UNKNOWN, ERR_UNAVAILABLE, ERR_MISCONFIGURED };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = people_world_new();

		fake_dir_fail(w->dir, 3, FAKE_NO_GROUPS, codes[i]); /* looked, asked, moved */
		people_change(w, ADA, PERSON_ORG_UNIT, "ou=poems,dc=example", NULL);
		assert_string_equal(fake_dir_user_dn(w->dir, ADA), MOVED_DN);
		people_settle_all(w, true);
		assert_true(fake_dir_is_member(w->dir, POETS, MOVED_DN));
		assert_false(fake_dir_is_member(w->dir, POETS, ADA_DN));
		assert_int_equal(people_audits(w, "user_changed"), 1);
		world_free(w);
	}
}

/* ---- administrators ---- */

static struct world *
world_of_two_administrators(void)
{
	struct world *w = people_world_new();

	w->conf.admin_group = ADMINS;
	fake_dir_add_member(w->dir, ADMINS, ADA_DN);
	fake_dir_add_member(w->dir, ADMINS, BOB_DN);
	world_crash(w);
	return w;
}

static bool
is_met(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_failed(w->dir);
}

static void
while_one_administrator_is_not_settled_the_other_stays(void **state)
{
	static const struct {
		bool deleting, crash;
	} rows[] = { { false, false }, { false, true }, { true, true } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = world_of_two_administrators();

		/* looked, guarded twice, perhaps saved */
		fake_dir_fail(w->dir, rows[i].deleting ? 5 : 4, FAKE_LOSE_ALL, ERR_OK);
		if (rows[i].deleting)
			assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
		else
			assert_int_equal(people_suspend(w, ADA, true), ERR_UNKNOWN);
		if (rows[i].crash)
			world_crash(w);
		if (rows[i].deleting) { /* which the resolver does not finish at once */
			fake_dir_fail(w->dir, 1, FAKE_REFUSE, ERR_UNAVAILABLE);
			assert_true(world_until(w, is_met, NULL));
		}
		assert_int_equal(people_remove(w, BOB), ERR_BUSY);
		assert_non_null(strstr(people.text, "not settled"));
		assert_int_equal(people_suspend(w, BOB, true), ERR_BUSY);
		people_settle_all(w, false);
		assert_int_equal(people_remove(w, BOB), rows[i].deleting ? ERR_REFUSED : ERR_OK);
		world_free(w);
	}
}

static void
who_became_the_last_administrator_meanwhile_is_not_deleted(void **state)
{
	struct world *w = world_of_two_administrators();

	(void)state;
	fake_dir_fail(w->dir, 5, FAKE_LOSE_ALL, ERR_OK);
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	fake_dir_drop_user(w->dir, BOB);
	people_settle_all(w, false);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	assert_int_equal(people_audits(w, "user_removed"), 0);
	assert_int_equal(people_keys(w, "trash"), 0);
	world_free(w);
}

static void
a_deletion_that_was_done_is_finished_whoever_is_left(void **state)
{
	struct world *w = world_of_two_administrators();

	(void)state;
	fake_dir_fail(w->dir, 5, FAKE_NO_GROUPS, ERR_UNAVAILABLE);
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	fake_dir_drop_user(w->dir, BOB);
	people_settle_all(w, false);
	assert_false(fake_dir_is_member(w->dir, ADMINS, ADA_DN));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	world_free(w);
}

static void
an_admin_group_that_is_not_found_lets_nobody_go(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	w->conf.admin_group = ADMINS;
	world_crash(w);
	assert_int_equal(people_remove(w, ADA), ERR_MISCONFIGURED);
	assert_non_null(strstr(people.text, "admin_group"));
	assert_int_equal(people_suspend(w, ADA, true), ERR_MISCONFIGURED);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_membership_never_outlives_a_deletion_whose_groups_did_not_answer),
		cmocka_unit_test(
		    who_was_moved_meanwhile_is_deleted_where_they_are_and_comes_back_there),
		cmocka_unit_test(what_others_changed_before_the_deletion_comes_back_with_it),
		cmocka_unit_test(a_restore_whose_groups_did_not_answer_is_finished_and_not_denied),
		cmocka_unit_test(what_is_refused_for_good_is_given_up),
		cmocka_unit_test(a_new_change_without_an_answer_keeps_no_older_one_waiting),
		cmocka_unit_test(who_is_being_forgotten_when_the_process_ends_is_nobodys_concern),
		cmocka_unit_test(what_cannot_be_written_down_is_not_promised),
		cmocka_unit_test(a_mail_is_promised_to_one_alone),
		cmocka_unit_test(whose_tokens_have_ended_is_told),
		cmocka_unit_test(who_was_suspended_or_deleted_is_told_and_who_was_resumed_is_not),
		cmocka_unit_test(a_move_that_was_cut_short_takes_the_memberships_along),
		cmocka_unit_test(while_one_administrator_is_not_settled_the_other_stays),
		cmocka_unit_test(who_became_the_last_administrator_meanwhile_is_not_deleted),
		cmocka_unit_test(a_deletion_that_was_done_is_finished_whoever_is_left),
		cmocka_unit_test(an_admin_group_that_is_not_found_lets_nobody_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
