/* Questions about names and places, against a real slapd. */
#include "dir_rig.h"

#include <sodium.h>
#include <stdio.h>

static void
questions_are_answered_field_by_field(void **state)
{
	struct dir_question q = { .uids = { "free", "JANE", "jane2" },
		.uid_count = 3,
		.mail = "Jane@Example.ORG",
		.phone = "+4930123456",
		.org_unit = "OU=sales, " PEOPLE,
		.groups = { "cn=staff,ou=groups," BASE, SALES, "cn=none,ou=groups," BASE },
		.group_count = 3 };

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second time places come from memory */
		assert_int_equal(rig_ask(&rig, &q), ERR_OK);
		assert_false(rig.answer.uid_taken[0]);
		assert_true(rig.answer.uid_taken[1]);
		assert_false(rig.answer.uid_taken[2]);
		assert_true(rig.answer.mail_taken);
		assert_true(rig.answer.phone_taken);
		assert_false(rig.answer.org_unit_missing);
		assert_false(rig.answer.group_missing[0]);
		assert_true(rig.answer.group_missing[1]); /* no group */
		assert_true(rig.answer.group_missing[2]);
	}
	q = (struct dir_question){ .mail = "free@example.org", .org_unit = "uid=jane," PEOPLE };
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_false(rig.answer.mail_taken);
	assert_true(rig.answer.org_unit_missing); /* a person is no org unit */
	q = (struct dir_question){ .org_unit = PEOPLE };
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_false(rig.answer.org_unit_missing);
	q = (struct dir_question){ .uids = { "" }, .uid_count = 1 };
	assert_int_equal(rig_ask(&rig, &q), ERR_INVALID);
	q = (struct dir_question){ .org_unit = "no dn" };
	assert_int_equal(rig_ask(&rig, &q), ERR_INVALID);
}

/* Each of these is the same group to the server, and a name of its own by our comparison. */
static void
a_group_is_called_what_the_server_calls_it(void **state)
{
	static const char own[] = "cn=staff,ou=groups," BASE;
	struct dir_question q = {
		.groups = { "cn=\\20staff,ou=groups," BASE, "CN=Staff\\20,OU=groups," BASE,
		    "cn=\xef\xbd\x93taff,ou=groups," BASE, "cn=staff,ou=\\20\\20groups," BASE,
		    "cn=\\20none,ou=groups," BASE },
		.group_count = 5
	};

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second time from memory */
		assert_int_equal(rig_ask(&rig, &q), ERR_OK);
		for (size_t i = 0; i < 4; i++) {
			assert_false(rig.answer.group_missing[i]);
			assert_string_equal(rig.answer.group_dn[i], own);
		}
		assert_true(rig.answer.group_missing[4]);
		assert_string_equal(rig.answer.group_dn[4], "");
	}
}

struct many {
	size_t index, *left;
	bool wrong;
	struct dir_op *op;
};

static void
on_many(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct many *m = arg;

	(void)f;
	m->wrong = code != ERR_OK || answer->uid_taken[0] != (m->index % 10 == 3) ||
		   answer->mail_taken != (m->index % 7 == 2);
	if (--*m->left == 0) {
		rig.answered = true;
		loop_stop(rig.loop);
	}
}

static void
questions_asked_together_get_their_own_answers(void **state)
{
	struct many many[200];
	size_t left = 0;

	(void)state;
	rig.answered = false;
	for (size_t i = 0; i < 200; i++) {
		char uid[32];
		struct dir_question q = { .uids = { uid }, .uid_count = 1, .org_unit = SALES };

		snprintf(uid, sizeof(uid), i % 10 == 3 ? "jane" : "nobody%zu", i);
		q.mail = i % 7 == 2 ? "jane@example.org" : "free@example.org";
		many[i] = (struct many){ .index = i, .left = &left };
		many[i].op = dir_ask(rig.dir, &q, on_many, &many[i]);
		left++;
	}
	for (size_t i = 0; i < 200; i += 5) {
		dir_cancel(many[i].op);
		left--;
	}
	rig_run(&rig);
	for (size_t i = 0; i < 200; i++)
		assert_false(many[i].wrong);
}

static void
places_are_listed_parents_first(void **state)
{
	(void)state;
	rig.answered = false;
	dir_list_org_units(rig.dir, rig_on_places, &rig);
	rig_run(&rig);
	assert_int_equal(rig.code, ERR_OK);
	assert_int_equal(rig.place_count, 4);
	assert_string_equal(rig.places[0], PEOPLE "|people|");
	assert_string_equal(rig.places[1], "ou=doomed," PEOPLE "|doomed|");
	assert_string_equal(rig.places[2], SALES "|sales|Who sells");
	assert_string_equal(rig.places[3], "ou=north," SALES "|north|");
	rig.answered = false;
	dir_list_groups(rig.dir, rig_on_places, &rig);
	rig_run(&rig);
	assert_int_equal(rig.place_count, 2);
	assert_string_equal(rig.places[0], "cn=board,ou=groups," BASE "|board|");
}

static void
on_ask_that_frees(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct rig *r = arg;

	(void)code, (void)answer, (void)f;
	assert_false(r->answered);
	r->answered = true;
	dir_free(r->dir);
	r->dir = NULL;
	loop_stop(r->loop);
}

static void
a_callback_may_free_the_directory(void **state)
{
	struct dir_question q = { .uids = { "a" }, .uid_count = 1 };

	(void)state;
	rig.answered = false;
	for (int i = 0; i < 30; i++)
		dir_ask(rig.dir, &q, on_ask_that_frees, &rig);
	rig_run(&rig);
	assert_null(rig.dir);
	rig_run_for(&rig, 50);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(questions_are_answered_field_by_field),
		ROW(a_group_is_called_what_the_server_calls_it),
		ROW(questions_asked_together_get_their_own_answers),
		ROW(places_are_listed_parents_first),
		ROW(a_callback_may_free_the_directory),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, rig_group_set_up, rig_group_tear_down);
}
