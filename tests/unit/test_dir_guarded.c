/* Names that lead to a guarded group before anybody has them. */
#include "dir_user_rig.h"

#include <stdio.h>
#include <string.h>

#include "dir/dir_sign.h"

#define ROOTS "cn=roots,ou=groups," BASE
#define NORTH "ou=north," SALES
#define GONE  "uid=gone," SALES
#define ZOE   "uid=zoe," SALES

static const char *const guarded[] = { "cn=elsewhere,ou=groups," BASE, ROOTS };

static void
change_member(const char *how, const char *group, const char *member)
{
	char ldif[1024];

	snprintf(ldif, sizeof(ldif), "dn: %s\nchangetype: modify\n%s: member\nmember: %s\n", group,
	    how, member);
	rig_change(&rig, ldif);
}

static int
guarded_set_up(void **state)
{
	int rc = user_set_up(state);

	rig_close(&rig);
	rig.conf.guarded_groups = guarded;
	rig.conf.guarded_count = 2;
	rig_open(&rig);
	rig_add_group(&rig, ROOTS, "roots", "cn=nobody," BASE);
	return rc;
}

static void
nobody_comes_to_stand_where_a_guarded_group_expects_somebody(void **state)
{
	(void)state;
	change_member("add", ROOTS, "UID=Gone,OU=Sales,OU=People," BASE);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_EXISTS);
	assert_string_equal(rig.taken, "uid");
	assert_non_null(strstr(rig.fault.text, ROOTS));
	assert_int_equal(rig_find(&rig, GONE), ERR_NOT_FOUND);
	/* Whoever is expected there can be added as soon as they are not. */
	change_member("delete", ROOTS, GONE);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_OK);
}

static void
a_group_that_leads_to_a_guarded_one_counts_and_no_other_does(void **state)
{
	(void)state;
	rig_add_group(&rig, "cn=middle,ou=groups," BASE, "middle", GONE);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_OK);
	rig_change(&rig, "dn: " GONE "\nchangetype: delete\n");
	rig_change(&rig, "dn: cn=middle,ou=groups," BASE "\nchangetype: delete\n");
	rig_add_group(&rig, "cn=middle,ou=groups," BASE, "middle", GONE);
	change_member("add", ROOTS, "cn=middle,ou=groups," BASE);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_2, NULL), ERR_EXISTS);
	assert_string_equal(rig.taken, "uid");
}

static void
who_was_added_and_made_a_member_since_is_no_stranger(void **state)
{
	(void)state;
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_OK);
	change_member("add", ROOTS, GONE);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_OK);
	assert_true(rig.existed);
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_2, NULL), ERR_EXISTS);
	assert_string_equal(rig.taken, "uid");
}

static void
what_cannot_be_followed_to_its_end_leads_to_a_guarded_group(void **state)
{
	char dn[96], cn[32], below[96] = GONE;

	(void)state;
	for (int i = 0; i <= DIR_NESTING_MAX; i++) {
		snprintf(cn, sizeof(cn), "step%d", i);
		snprintf(dn, sizeof(dn), "cn=%s,ou=groups," BASE, cn);
		rig_add_group(&rig, dn, cn, below);
		snprintf(below, sizeof(below), "%s", dn);
	}
	assert_int_equal(rig_add(&rig, GONE, "gone@example.org", ID_1, NULL), ERR_EXISTS);
	assert_int_equal(rig_find(&rig, GONE), ERR_NOT_FOUND);
}

static void
such_a_name_is_taken_before_anything_is_added(void **state)
{
	struct dir_question q = {
		.uids = { "free", "gone", "nested", "zoe" }, .uid_count = 4, .org_unit = SALES
	};

	(void)state;
	user_make(ZOE, "zoe@example.org");
	rig_add_group(&rig, "cn=middle,ou=groups," BASE, "middle", "uid=nested," SALES);
	change_member("add", ROOTS, "cn=middle,ou=groups," BASE);
	change_member("add", ROOTS, GONE);
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_false(rig.answer.uid_taken[0]);
	assert_true(rig.answer.uid_taken[1] && rig.answer.uid_taken[2] && rig.answer.uid_taken[3]);
	assert_false(rig.answer.org_unit_missing);
	q.org_unit = NORTH; /* another place, other names */
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_false(rig.answer.uid_taken[0] || rig.answer.uid_taken[1] || rig.answer.uid_taken[2]);
	assert_true(rig.answer.uid_taken[3]);
}

static void
nobody_is_moved_to_where_a_guarded_group_expects_somebody(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	change_member("add", ROOTS, "uid=zoe," NORTH);
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, NORTH), ERR_EXISTS);
	assert_int_equal(strncmp(rig.fault.text, "org_unit: ", 10), 0);
	assert_null(strstr(rig.fault.text, "roots"));
	assert_string_equal(uuid_of(ZOE), uuid);
	change_member("delete", ROOTS, "uid=zoe," NORTH);
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, NORTH), ERR_OK);
	/* What they are a member of themselves goes with them, there and back. */
	change_member("add", ROOTS, "uid=zoe," NORTH);
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, SALES), ERR_OK);
	assert_non_null(strstr(rig_values(&rig, ROOTS, "member"), ZOE));
}

static void
nobody_is_restored_to_where_a_guarded_group_expects_somebody(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	change_member("add", ROOTS, ZOE);
	assert_int_equal(user_restore(), ERR_EXISTS);
	assert_int_equal(strncmp(rig.fault.text, "uid: ", 5), 0);
	assert_int_equal(rig_find(&rig, ZOE), ERR_NOT_FOUND);
	change_member("delete", ROOTS, ZOE);
	assert_int_equal(user_restore(), ERR_OK);
	/* Once more, because the answer was lost: they have been made a member meanwhile. */
	change_member("add", ROOTS, ZOE);
	assert_int_equal(user_restore(), ERR_OK);
}

int
main(void)
{
#define GUARDED_TEST(name) cmocka_unit_test_setup_teardown(name, guarded_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		GUARDED_TEST(nobody_comes_to_stand_where_a_guarded_group_expects_somebody),
		GUARDED_TEST(a_group_that_leads_to_a_guarded_one_counts_and_no_other_does),
		GUARDED_TEST(who_was_added_and_made_a_member_since_is_no_stranger),
		GUARDED_TEST(what_cannot_be_followed_to_its_end_leads_to_a_guarded_group),
		GUARDED_TEST(such_a_name_is_taken_before_anything_is_added),
		GUARDED_TEST(nobody_is_moved_to_where_a_guarded_group_expects_somebody),
		GUARDED_TEST(nobody_is_restored_to_where_a_guarded_group_expects_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
