/* Whatever call fails, whose answer is lost, and wherever the process is killed: afterwards the
 * entry is changed and that is recorded exactly once, or nothing has happened and nothing is
 * recorded; no intent is left; and what was answered is true. */
#include <stdio.h>
#include <string.h>

#include "people_world.h"

enum { CALLS_MAX = 30 };

struct verb {
	const char *name, *event;
	bool (*is_done)(struct world *w);
};

static bool
is_removed(struct world *w)
{
	bool gone = fake_dir_user_dn(w->dir, ADA) == NULL;

	assert_int_equal(fake_dir_is_member(w->dir, POETS, ADA_DN), !gone);
	assert_int_equal(people_keys(w, "trash"), gone ? 4 : 0);
	return gone;
}

static bool
is_restored(struct world *w)
{
	bool back = fake_dir_uuid_at(w->dir, ADA_DN) != NULL;

	assert_int_equal(fake_dir_is_member(w->dir, POETS, ADA_DN), back);
	assert_int_equal(people_keys(w, "trash"), back ? 0 : 4);
	return back;
}

static bool
is_suspended(struct world *w)
{
	return fake_dir_is_suspended(w->dir, ADA);
}

static bool
is_changed(struct world *w)
{
	return fake_dir_user_value(w->dir, ADA, PERSON_POSITION) != NULL;
}

/* From one group to another: in both, or in neither, is nothing to stay in. */
static bool
is_in_another_group(struct world *w)
{
	bool there = fake_dir_is_member(w->dir, CHESS, ADA_DN);

	assert_int_equal(fake_dir_is_member(w->dir, POETS, ADA_DN), !there);
	return there;
}

static bool
is_unit_there(struct world *w)
{
	return fake_dir_uuid_at(w->dir, "ou=poems,dc=example") != NULL;
}

static bool
is_unit_renamed(struct world *w)
{
	return fake_dir_uuid_at(w->dir, "ou=motors,dc=example") != NULL;
}

static bool
is_unit_gone(struct world *w)
{
	return fake_dir_uuid_at(w->dir, ENGINES) == NULL;
}

static const struct verb verbs[] = {
	{ "remove", "user_removed", is_removed },
	{ "restore", "user_restored", is_restored },
	{ "suspend", "user_suspended", is_suspended },
	{ "change", "user_changed", is_changed },
	{ "groups", "user_changed", is_in_another_group },
	{ "unit_add", "org_unit_added", is_unit_there },
	{ "unit_change", "org_unit_changed", is_unit_renamed },
	{ "unit_delete", "org_unit_deleted", is_unit_gone },
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

static struct world *
world_for(const struct verb *v)
{
	struct world *w = people_world_new();

	if (strncmp(v->name, "unit", 4) == 0) {
		fake_dir_remove_entries(w->dir);
		fake_dir_add_org_unit(w->dir, ENGINES, ENGINES_ID);
	}
	if (strcmp(v->name, "restore") == 0)
		assert_int_equal(people_remove(w, ADA), ERR_OK);
	return w;
}

static bool
is_answered(struct world *w, void *arg)
{
	(void)w, (void)arg;
	return people.count > 0;
}

static void
assert_all_or_nothing(struct world *w, const struct verb *v, bool crash)
{
	bool done;

	people_settle_all(w, crash);
	done = v->is_done(w);
	assert_int_equal(people_audits(w, v->event), done ? 1 : 0);
	assert_int_equal(people_keys(w, "job/"), 0);
	if (people.count == 0)
		return; /* it was killed before */
	assert_int_equal(people.count, 1);
	if (people.code == ERR_OK)
		assert_true(done);
	else if (people.code != ERR_UNKNOWN)
		assert_false(done);
}

/* One run with one fault; whether it was met. */
static bool
try_directory(const struct verb *v, int nth, enum fake_fault fault, enum err code)
{
	struct world *w = world_for(v);
	bool hit;

	fake_dir_fail(w->dir, nth, fault, code);
	people_start(w, v->name);
	assert_true(world_until(w, is_answered, NULL));
	hit = fake_dir_failed(w->dir);
	fake_dir_deliver(w->dir);
	assert_all_or_nothing(w, v, false);
	world_free(w);
	return hit;
}

static void
a_change_is_done_once_or_not_at_all_whatever_the_directory_does(void **state)
{
	static const struct {
		enum fake_fault fault;
		enum err code;
	} rows[] = {
		{ FAKE_REFUSE, ERR_UNAVAILABLE },
		{ FAKE_REFUSE, ERR_MISCONFIGURED },
		{ FAKE_REFUSE, ERR_CONFLICT },
		{ FAKE_LOSE_REPLY, ERR_OK },
		{ FAKE_LOSE_ALL, ERR_OK },
		{ FAKE_LATE, ERR_OK },
	};

	(void)state;
	for (size_t v = 0; v < VERBS; v++)
		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
			int nth = 1;

			while (try_directory(&verbs[v], nth, rows[r].fault, rows[r].code))
				assert_true(++nth < CALLS_MAX);
			assert_true(nth > 1);
		}
}

static void
a_refusal_of_what_comes_after_a_change_hides_no_change(void **state)
{
	static const char *const names[] = { "remove", "suspend", "change", "groups" };

	(void)state;
	for (size_t v = 0; v < VERBS; v++)
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
			for (int nth = 1; strcmp(verbs[v].name, names[n]) == 0; nth++)
				if (!try_directory(&verbs[v], nth, FAKE_DONE, ERR_MISCONFIGURED)) {
					assert_true(nth > 2);
					break;
				}
}

static bool
try_store(const struct verb *v, int nth, enum fake_kv_fault fault)
{
	struct world *w = world_for(v);
	bool hit;

	fake_kv_fail(w->kv, nth, fault);
	people_start(w, v->name);
	assert_true(world_until(w, is_answered, NULL));
	hit = fake_kv_failed(w->kv);
	assert_all_or_nothing(w, v, false);
	world_free(w);
	return hit;
}

static void
a_change_is_done_once_or_not_at_all_whatever_the_store_does(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_REFUSE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL };

	(void)state;
	for (size_t v = 0; v < VERBS; v++)
		for (size_t f = 0; f < 3; f++) {
			int nth = 1;

			while (try_store(&verbs[v], nth, faults[f]))
				assert_true(++nth < CALLS_MAX);
			assert_true(nth > 2); /* begun and settled */
		}
}

static bool
is_met(struct world *w, void *arg)
{
	(void)arg;
	return fake_dir_failed(w->dir) || fake_kv_failed(w->kv) || people.count > 0;
}

/* Killed at its n-th call, which is carried out (`done`) or not. */
static bool
try_kill(const struct verb *v, int nth, bool store, bool done)
{
	struct world *w = world_for(v);
	bool hit;

	if (store)
		fake_kv_fail(w->kv, nth, FAKE_KV_SILENT);
	else
		fake_dir_fail(w->dir, nth, done ? FAKE_SILENT : FAKE_LOSE_ALL, ERR_OK);
	people_start(w, v->name);
	assert_true(world_until(w, is_met, NULL));
	hit = store ? fake_kv_failed(w->kv) : fake_dir_failed(w->dir);
	assert_all_or_nothing(w, v, true);
	/* What has begun is finished or forgotten; it can be asked for again. */
	if (!v->is_done(w)) {
		people_start(w, v->name);
		assert_true(world_until(w, is_answered, NULL));
		assert_int_equal(people.code, ERR_OK);
		assert_int_equal(people_audits(w, v->event), 1);
	}
	world_free(w);
	return hit;
}

static void
a_change_is_done_once_or_not_at_all_wherever_the_process_is_killed(void **state)
{
	(void)state;
	for (size_t v = 0; v < VERBS; v++)
		for (int way = 0; way < 3; way++) {
			int nth = 1;

			while (try_kill(&verbs[v], nth, way == 2, way == 1))
				assert_true(++nth < CALLS_MAX);
			assert_true(nth > 1);
		}
}

/* ---- what a removal meets ---- */

static void
what_is_being_settled_keeps_others_away_until_it_is(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 2, FAKE_LOSE_ALL, ERR_OK); /* looked, and now suspended */
	assert_int_equal(people_suspend(w, ADA, true), ERR_UNKNOWN);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "x", NULL), ERR_BUSY);
	assert_int_equal(people_remove(w, ADA), ERR_BUSY);
	people_settle_all(w, false);
	assert_int_equal(people_audits(w, "user_suspended"), 0);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	world_free(w);
}

static void
a_removal_that_was_told_later_is_finished_when_the_directory_is_back(void **state)
{
	struct world *w = people_world_new();

	(void)state;
	fake_dir_fail(w->dir, 3, FAKE_LOSE_ALL, ERR_OK); /* looked, saved, and now deleted */
	assert_int_equal(people_remove(w, ADA), ERR_UNKNOWN);
	fake_dir_set_up(w->dir, false);
	world_crash(w);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	people_settle_all(w, false);
	assert_null(fake_dir_user_dn(w->dir, ADA));
	assert_int_equal(people_audits(w, "user_removed"), 1);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_done_once_or_not_at_all_whatever_the_directory_does),
		cmocka_unit_test(a_refusal_of_what_comes_after_a_change_hides_no_change),
		cmocka_unit_test(a_change_is_done_once_or_not_at_all_whatever_the_store_does),
		cmocka_unit_test(
		    a_change_is_done_once_or_not_at_all_wherever_the_process_is_killed),
		cmocka_unit_test(what_is_being_settled_keeps_others_away_until_it_is),
		cmocka_unit_test(
		    a_removal_that_was_told_later_is_finished_when_the_directory_is_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
