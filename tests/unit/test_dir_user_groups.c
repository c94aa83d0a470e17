/* Which groups somebody is in, one request for each. */
#include "dir_user_rig.h"

#include <stdio.h>
#include <string.h>

#include "dir_proxy.h"

#define ZOE   "uid=zoe," SALES
#define MAX   "uid=max," SALES
#define INNER "cn=inner,ou=groups," BASE
#define CHESS "cn=Chess\\, bridge,ou=groups," BASE

static const char *const none[] = { NULL };
static void
group_set(const char *dn, const char *members)
{
	char ldif[1024];

	snprintf(
	    ldif, sizeof(ldif), "dn: %s\nchangetype: modify\nreplace: member\n%s", dn, members);
	rig_change(&rig, ldif);
}

static const char *
zoe_make(void)
{
	static char uuid[64];

	rig_add_group(&rig, LONE, "lone", "cn=nobody," BASE);
	rig_add_group(&rig, CHESS, "Chess, bridge", "cn=nobody," BASE);
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	return uuid;
}

static void
groups_are_joined_and_left_and_that_can_be_repeated(void **state)
{
	const char *const join[] = { LONE, CHESS, NULL }, *const leave[] = { STAFF, NULL };
	const char *uuid = zoe_make();
	char tag[DIR_GROUPS_TAG_SIZE];

	(void)state;
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_string_equal(seen.groups, STAFF ";");
	strcpy(tag, seen.groups_tag);
	assert_int_equal(strlen(tag), DIR_GROUPS_TAG_SIZE - 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_OK);
		assert_string_equal(rig.fault.text, "");
		assert_int_equal(seen.group_count, 2);
		assert_non_null(strstr(seen.groups, LONE));
		assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
		assert_string_equal(rig_values(&rig, LONE, "member"), "cn=nobody," BASE "," ZOE);
		assert_string_not_equal(seen.groups_tag, tag);
	}
	assert_int_equal(user_set_groups(uuid, leave, join, NULL), ERR_OK);
	assert_string_equal(seen.groups_tag, tag); /* of what they are, however they came there */
}

/* groupOfNames must have a member: the group stands in for itself. */
static void
the_last_member_leaves_the_group_to_itself(void **state)
{
	const char *const group[] = { CHESS, NULL };
	const char *uuid = zoe_make();

	(void)state;
	group_set(CHESS, "member: " ZOE "\n");
	assert_int_equal(user_set_groups(uuid, none, group, NULL), ERR_OK);
	assert_string_equal(rig.fault.text, "");
	assert_non_null(strstr(rig_values(&rig, CHESS, "member"), "bridge"));
	assert_null(strstr(rig_values(&rig, CHESS, "member"), "zoe"));
	assert_string_equal(seen.groups, STAFF ";");
	assert_int_equal(user_set_groups(uuid, group, none, NULL), ERR_OK);
	assert_string_equal(rig_values(&rig, CHESS, "member"), ZOE);
}

/* From the others that are new. Nobody leaves one group for another that does not let them in. */
static void
a_group_that_is_gone_keeps_nobody_from_the_others(void **state)
{
	const char *const join[] = { "cn=gone,ou=groups," BASE, LONE, NULL };
	const char *const leave[] = { "cn=gone,ou=groups," BASE, STAFF, NULL };
	const char *uuid = zoe_make();

	(void)state;
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_OK);
	assert_non_null(strstr(rig.fault.text, "not joined: cn=gone"));
	assert_non_null(strstr(rig.fault.text, "none was left"));
	assert_int_equal(seen.group_count, 2);
	assert_non_null(strstr(seen.groups, STAFF));
	assert_int_equal(user_set_groups(uuid, none, leave, NULL), ERR_OK);
	assert_string_equal(rig.fault.text, "");
	assert_string_equal(seen.groups, LONE ";");
}

static void
other_groups_are_a_conflict_before_anything_is_sent(void **state)
{
	const char *const join[] = { LONE, NULL }, *const elsewhere[] = { "cn=elsewhere", NULL };
	const char *uuid = zoe_make();
	char tag[DIR_GROUPS_TAG_SIZE];

	(void)state;
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.groups_tag);
	group_set(CHESS, "member: " ZOE "\n");
	assert_int_equal(user_set_groups(uuid, join, none, tag), ERR_CONFLICT);
	assert_string_equal(rig_values(&rig, LONE, "member"), "cn=nobody," BASE);
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.groups_tag);
	assert_int_equal(user_set_groups(uuid, join, none, tag), ERR_OK);
	assert_int_equal(user_set_groups("018f3a52-0000-7000-8000-ffffffffffff", join, none, NULL),
	    ERR_NOT_FOUND);
	assert_int_equal(user_set_groups(uuid, elsewhere, none, NULL), ERR_REFUSED);
}

/* Whichever of the requests it was: some are done. */
static void
a_lost_answer_is_settled_by_repeating_it(void **state)
{
	const char *const join[] = { LONE, NULL }, *const leave[] = { STAFF, NULL };
	const char *uuid = zoe_make();

	(void)state;
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_MODIFY, 1);
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_UNKNOWN);
	assert_int_equal(proxy_swallowed(), 1);
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_OK);
	assert_string_equal(seen.groups, LONE ";");
	rig_close(&rig);
	proxy_stop();
}

/* What is so is not asked for again: however little each of them does, it comes to an end. */
static void
each_repetition_comes_further(void **state)
{
	const char *const join[] = { LONE, CHESS, NULL }, *const leave[] = { STAFF, NULL };
	const char *uuid = zoe_make();

	(void)state;
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_MODIFY, 2); /* the second one that is joined */
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_UNKNOWN);
	proxy_swallow(PROXY_MODIFY, 1); /* the one that is left */
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_UNKNOWN);
	assert_int_equal(proxy_swallowed(), 2);
	proxy_swallow(PROXY_MODIFY, 1); /* which does not come */
	assert_int_equal(user_set_groups(uuid, join, leave, NULL), ERR_OK);
	assert_int_equal(proxy_swallowed(), 2);
	assert_int_equal(seen.group_count, 2);
	assert_null(strstr(seen.groups, STAFF));
	rig_close(&rig);
	proxy_stop();
}

static void
whoever_is_in_a_group_of_the_group_is_a_member_too(void **state)
{
	const char *max;

	(void)state;
	zoe_make();
	rig_add_group(&rig, INNER, "inner", ZOE);
	group_set(LONE, "member: " INNER "\n");
	assert_int_equal(group_members(LONE, ZOE), ERR_OK);
	assert_true(seen.is_member);
	assert_int_equal(seen.others, 0); /* the group itself administers nothing */
	max = user_make(MAX, "max@example.org");
	group_set(INNER, "member: " ZOE "\nmember: " LONE "\nmember: " MAX "\n");
	assert_int_equal(group_members(LONE, ZOE), ERR_OK);
	assert_int_equal(seen.others, 1);
	assert_int_equal(group_members(LONE, MAX), ERR_OK);
	assert_true(seen.is_member);
	assert_int_equal(user_suspend(max, true), ERR_OK);
	assert_int_equal(group_members(LONE, ZOE), ERR_OK);
	assert_int_equal(seen.others, 0);
	assert_int_equal(group_members(LONE, "uid=jane," PEOPLE), ERR_OK);
	assert_false(seen.is_member);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(groups_are_joined_and_left_and_that_can_be_repeated),
		ROW(the_last_member_leaves_the_group_to_itself),
		ROW(a_group_that_is_gone_keeps_nobody_from_the_others),
		ROW(other_groups_are_a_conflict_before_anything_is_sent),
		ROW(a_lost_answer_is_settled_by_repeating_it),
		ROW(each_repetition_comes_further),
		ROW(whoever_is_in_a_group_of_the_group_is_a_member_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
