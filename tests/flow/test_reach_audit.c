/* What the use cases tell the audit, and what a limited auditor reads of it. */
#include <stdio.h>
#include <string.h>

#include "flow/flow_trail.h"
#include "reach_world.h"

struct read {
	struct world *w;
	enum err code;
	size_t count;
	char last[ID_SIZE], next[STORE_CURSOR_SIZE], text[FAULT_TEXT_MAX];
};

static void
on_read(void *arg, enum err code, const struct audit_record *list, size_t count, const char *next,
    const struct fault *f)
{
	struct read *r = arg;

	r->code = code;
	r->count = count;
	snprintf(r->next, sizeof(r->next), "%s", next != NULL ? next : "");
	snprintf(r->text, sizeof(r->text), "%s", f->text);
	if (count > 0)
		memcpy(r->last, list[count - 1].id, ID_SIZE);
	world_stop_waiting(r->w);
}

static void
read_trail(struct read *r, const struct audit_query *q)
{
	flow_trail_list_start(r->w->flow, q, on_read, r);
	world_wait(r->w);
}

/* ---- what the audit is told ---- */

static void
assert_told(struct world *w, const char *event, const char *const *words)
{
	if (people_audits(w, event) == 0)
		fail_msg("no record %s", event);
	for (; *words != NULL; words++)
		if (people_audit_says(w, event, *words) == 0)
			fail_msg("%s says nothing of %s", event, *words);
}

static void
every_change_is_noted_with_who_where_and_what(void **state)
{
	static const char *const common[] = { "\"person\":\"" GRACE "\"", "192.0.2.7", NULL };
	static const struct {
		const char *event;
		const char *words[6];
	} rows[] = {
		{ "issued", { ("\"place\":\"" ODES "\""), "\\\"name\\\":\\\"Ada Lovelace\\\"",
				"\\\"mail\\\":\\\"b@x.org\\\"", "\\\"uid\\\":",
				"\"detail\":{\"method\":\"link\",\"expires_at\":\"" } },
		{ "link_renewed", { "\"place\":\"" ODES "\"", "Ada Lovelace" } },
		{ "revoked", { "\"place\":\"" ODES "\"", "Ada Lovelace" } },
		{ "user_changed",
		    { "\"fields\":[\"position\"]", "\"place\":\"" ENGINES "\"",
			"\\\"position\\\":{\\\"before\\\":null,\\\"after\\\":\\\"Countess\\\"}" } },
		{ "user_suspended", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_resumed", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_removed", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_restored", { "\"place\":\"" ENGINES "\"", ADA_DN, "new_id" } },
		{ "org_unit_added",
		    { "\"place\":\"" POEMS "\"", "\"changes\":{\"name\":{\"after\":\"epics\"}}" } },
		{ "org_unit_changed", { "\"place\":\"" ODES "\"",
					  "\"name\":{\"before\":\"odes\",\"after\":\"hymns\"}" } },
		{ "org_unit_deleted", { "\"dn\":\"ou=hymns,ou=poems,dc=example\"" } },
	};
	struct world *w = limited_world_new();
	struct world_link link;
	struct token_hash token;

	(void)state;
	w->caller.reach = NULL;
	w->caller.entry = people_caller_entry = GRACE;
	w->caller.source = "192.0.2.7";
	w->caller.request_id = "r-2";
	link = invite_at(w, ODES, "b@x.org");
	assert_int_equal(world_relink(w, link.id, &token), ERR_OK);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Countess", NULL), ERR_OK);
	assert_int_equal(people_suspend(w, ADA, true), ERR_OK);
	assert_int_equal(people_suspend(w, ADA, false), ERR_OK);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_int_equal(people_unit_add(w, POEMS, "epics"), ERR_OK);
	fake_dir_drop_user(w->dir, EVE);
	assert_int_equal(people_unit_change(w, ODES_ID, "hymns"), ERR_OK);
	assert_int_equal(people_unit_delete(w, ODES_ID), ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_told(w, rows[i].event, common);
		assert_told(w, rows[i].event, rows[i].words);
	}
	world_free(w);
}

/* Written down before it was done, so that whoever finishes it can tell. */
static void
what_a_crash_left_is_noted_just_so(void **state)
{
	static const char *const words[] = { "\"person\":\"" GRACE "\"", "192.0.2.7",
		"\"place\":\"" ENGINES "\"",
		"\\\"position\\\":{\\\"before\\\":null,\\\"after\\\":\\\"Countess\\\"}", NULL };
	struct world *w = people_world_new();

	(void)state;
	people_caller_entry = GRACE;
	w->caller.source = "192.0.2.7";
	fake_dir_fail(w->dir, 2, FAKE_LOSE_REPLY, ERR_UNKNOWN);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Countess", NULL), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_told(w, "user_changed", words);
	world_free(w);
}

/* ---- what is read of it ---- */

static void
a_move_is_told_in_both_places(void **state)
{
	static const char *const words[] = { "\"place\":\"" ENGINES "\"", "\"to\":\"" POEMS "\"",
		NULL };
	struct world *w = limited_world_new();
	struct read r = { .w = w };

	(void)state;
	w->caller.reach = NULL;
	assert_int_equal(people_change(w, ADA, PERSON_ORG_UNIT, POEMS, NULL), ERR_OK);
	assert_told(w, "user_changed", words);
	read_trail(&r, &(struct audit_query){ .reach = &within_poems, .limit = 5 });
	assert_int_equal(r.count, 1);
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Poet", NULL), ERR_OK);
	assert_int_equal(people_audit_says(w, "user_changed", "\"to\":"), 1);
	world_free(w);
}

/* The move that was asked for and did not come about is in no other place. */
static void
a_move_that_failed_is_told_where_they_still_are(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	w->caller.reach = NULL;
	fake_dir_fail_named(w->dir, "change", FAKE_LOSE_ALL, ERR_UNKNOWN);
	assert_int_equal(people_change(w, ADA, PERSON_ORG_UNIT, POEMS, NULL), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_int_equal(people_audit_says(w, "user_changed", "\"to\":"), 0);
	fake_dir_fail_named(w->dir, "change", FAKE_LOSE_REPLY, ERR_UNKNOWN);
	assert_int_equal(people_change(w, ADA, PERSON_ORG_UNIT, POEMS, NULL), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_int_equal(people_audit_says(w, "user_changed", "\"to\":"), 1);
	world_free(w);
}

/* Ids tell when something was done, and a page may end with a record from elsewhere. */
static void
a_cursor_of_the_trail_is_sealed_and_of_one_question(void **state)
{
	struct world *w = limited_world_new();
	struct read r = { .w = w };
	struct audit_query q = { .limit = 1 };
	char cursor[STORE_CURSOR_SIZE], last[ID_SIZE];

	(void)state;
	invite_at(w, ODES, "a@x.org");
	invite_at(w, ODES, "b@x.org");
	read_trail(&r, &q);
	assert_int_equal(r.count, 1);
	assert_string_not_equal(r.next, "");
	assert_null(strstr(r.next, r.last));
	memcpy(cursor, r.next, sizeof(cursor));
	memcpy(last, r.last, sizeof(last));
	q.after = last;
	read_trail(&r, &q);
	assert_int_equal(r.code, ERR_INVALID);
	assert_memory_equal(r.text, "cursor: ", 8);
	q.after = cursor;
	q.event = "issued";
	read_trail(&r, &q);
	assert_int_equal(r.code, ERR_INVALID);
	q.event = NULL;
	read_trail(&r, &q);
	assert_int_equal(r.code, ERR_OK);
	assert_int_equal(r.count, 1);
	assert_string_not_equal(r.last, last);
	world_free(w);
}

/* ---- what it says ---- */

/* Changed by somebody else between our look and our change. */
static void
before_is_what_was_replaced(void **state)
{
	static const char *const words[] = {
		"\\\"position\\\":{\\\"before\\\":\\\"Lady\\\",\\\"after\\\":\\\"Countess\\\"}",
		NULL
	};
	struct world *w = limited_world_new();

	(void)state;
	w->caller.reach = NULL;
	fake_dir_set_position_after(w->dir, "load", ADA, "Lady");
	assert_int_equal(people_change(w, ADA, PERSON_POSITION, "Countess", NULL), ERR_OK);
	assert_int_equal(fake_dir_calls(w->dir, "change"), 2);
	assert_told(w, "user_changed", words);
	assert_int_equal(people_keys(w, "job/"), 0);
	/* Whoever named a version is told, and it is not done. */
	fake_dir_set_position_after(w->dir, "load", BOB, "Lord");
	assert_int_equal(people_change(w, BOB, PERSON_POSITION, "Earl", "v1"), ERR_CONFLICT);
	assert_string_equal(fake_dir_user_value(w->dir, BOB, PERSON_POSITION), "Lord");
	/* What somebody else has made so meanwhile is theirs. */
	fake_dir_set_position_after(w->dir, "load", BOB, "Earl");
	assert_int_equal(people_change(w, BOB, PERSON_POSITION, "Earl", NULL), ERR_OK);
	assert_int_equal(people_audits(w, "user_changed"), 1);
	world_free(w);
}

/* What somebody wrote of a place can be erased; its name is no personal data. */
static void
a_description_is_kept_where_it_can_be_erased(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	assert_int_equal(people_unit_set(w, ODES_ID, "hymns", "ask Eve"), ERR_OK);
	assert_int_equal(
	    people_audit_says(w, "org_unit_changed",
		"\\\"description\\\":{\\\"before\\\":null,\\\"after\\\":\\\"ask Eve\\\"}"),
	    1);
	assert_int_equal(people_audit_says(w, "org_unit_changed", "\"description\""), 0);
	assert_int_equal(people_audit_says(w, "org_unit_changed", "\"after\":\"hymns\""), 1);
	world_free(w);
}

/* Done by a process that died before it heard so. */
static void
a_unit_that_an_earlier_try_has_added_is_told_with_its_name(void **state)
{
	static const char *const words[] = { "\"detail\":{\"dn\":\"ou=epics," POEMS
					     "\",\"changes\":{\"name\":{\"after\":\"epics\"}}}",
		NULL };
	struct world *w = limited_world_new();

	(void)state;
	fake_dir_fail_named(w->dir, "org_unit_add", FAKE_LOSE_REPLY, ERR_UNKNOWN);
	assert_int_equal(people_unit_add(w, POEMS, "epics"), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_told(w, "org_unit_added", words);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_is_noted_with_who_where_and_what),
		cmocka_unit_test(what_a_crash_left_is_noted_just_so),
		cmocka_unit_test(a_move_is_told_in_both_places),
		cmocka_unit_test(a_move_that_failed_is_told_where_they_still_are),
		cmocka_unit_test(a_cursor_of_the_trail_is_sealed_and_of_one_question),
		cmocka_unit_test(before_is_what_was_replaced),
		cmocka_unit_test(a_description_is_kept_where_it_can_be_erased),
		cmocka_unit_test(a_unit_that_an_earlier_try_has_added_is_told_with_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
