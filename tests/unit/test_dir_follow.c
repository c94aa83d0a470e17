/* Following a real slapd with the recommended settings. */
#include "follow_rig.h"

#include <stdio.h>
#include <string.h>

static int
set_up(void **state)
{
	rig_set_up(state);
	follower_default();
	return 0;
}

static int
tear_down(void **state)
{
	follower_stop();
	follower_forget();
	return rig_tear_down(state);
}

static void
person(const char *uid, const char *more)
{
	char ldif[4096];

	snprintf(ldif, sizeof(ldif),
	    "dn: uid=%s," SALES "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\n"
	    "sn: Test\n%s\n",
	    uid, uid, uid, more);
	rig_change(&rig, ldif);
}

static void
everybody_is_told_and_then_what_changes(void **state)
{
	const struct row *jane;

	(void)state;
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_int_equal(follower.begun, 1);
	assert_int_equal(follower.complete, 1);
	assert_true(follower.absent_is_gone);
	assert_true(follower.cookie_len > 0);
	jane = follower_find("uid=jane," PEOPLE);
	assert_non_null(jane);
	assert_string_equal(jane->mail, "jane@example.org");
	assert_string_equal(jane->phone, "+4930123456");
	assert_int_equal(jane->status, FEED_ACTIVE);
	assert_true(jane->registered_at > 1700000000);
	assert_non_null(follower_find(SALES));
	assert_int_equal(follower_count(FEED_GROUP), 2);
	person("max", "mail: max@example.org");
	follower_until_found("uid=max," SALES);
	rig_change(&rig, "dn: uid=max," SALES "\nchangetype: modify\nreplace: cn\ncn: Max M\n");
	follower_until_name("uid=max," SALES, "Max M");
	rig_change(&rig, "dn: uid=max," SALES "\nchangetype: modrdn\nnewrdn: uid=maxi\n"
			 "deleteoldrdn: 1\n");
	follower_until_found("uid=maxi," SALES);
	assert_null(follower_find("uid=max," SALES));
	rig_change(&rig, "dn: uid=maxi," SALES "\nchangetype: modrdn\nnewrdn: uid=maxi\n"
			 "deleteoldrdn: 1\nnewsuperior: " PEOPLE "\n");
	follower_until_found("uid=maxi," PEOPLE);
	assert_null(follower_find("uid=maxi," SALES));
	rig_change(&rig, "dn: uid=maxi," PEOPLE "\nchangetype: delete\n");
	follower_until_lost("uid=maxi," PEOPLE);
	assert_int_equal(follower.complete, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    everybody_is_told_and_then_what_changes, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("follow", tests, rig_group_set_up, rig_group_tear_down);
}
