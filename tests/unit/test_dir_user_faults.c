/* Answers that never come, and others who are faster. */
#include "dir_user_rig.h"

#include <ldap.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dir_proxy.h"

#define ZOE "uid=zoe," SALES

static const char north[] = "ou=north," SALES;

static void
close_proxy(void)
{
	rig_close(&rig);
	proxy_stop();
}

static void
a_lost_answer_to_a_deletion_is_settled_by_repeating_it(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_DELETE, 1);
	assert_int_equal(user_remove(ZOE, uuid), ERR_UNKNOWN);
	assert_int_equal(proxy_swallowed(), 1);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_false(seen.removed.was_there);
	assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
	close_proxy();
}

static void
a_lost_answer_of_a_group_is_settled_by_repeating_it(void **state)
{
	char uuid[64];

	(void)state;
	user_with_settings("/^overlay refint/,/^$/d; /^moduleload refint/d");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_MODIFY, 1);
	assert_int_equal(user_remove(ZOE, uuid), ERR_UNKNOWN);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
	close_proxy();
}

static void
a_lost_answer_to_a_change_is_settled_by_repeating_it(void **state)
{
	struct dir_user_change change = {
		.value = { [PERSON_POSITION] = "New", [PERSON_ORG_UNIT] = north }
	};
	static const enum proxy_request requests[] = { PROXY_MODIFY, PROXY_RENAME };
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	for (size_t i = 0; i < 2; i++) {
		proxy_swallow(requests[i], 1);
		assert_int_equal(user_change(uuid, &change), ERR_UNKNOWN);
		assert_false(seen.user);
	}
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe,ou=north," SALES);
	assert_string_equal(seen.value[PERSON_POSITION], "New");
	proxy_swallow(PROXY_MODIFY, 1);
	assert_int_equal(user_suspend(uuid, true), ERR_UNKNOWN);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_int_equal(rig_bind(&rig, seen.dn, PASSWORD), LDAP_INVALID_CREDENTIALS);
	close_proxy();
}

static void
a_lost_answer_to_a_restoration_is_settled_by_repeating_it(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_ADD, 1);
	assert_int_equal(user_restore(), ERR_UNKNOWN);
	proxy_swallow(PROXY_MODIFY, 1);
	assert_int_equal(user_restore(), ERR_UNKNOWN); /* the entry is there, a group is not sure */
	assert_int_equal(user_restore(), ERR_OK);
	assert_string_equal(seen.groups, STAFF ";");
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	close_proxy();
}

static void
somebody_deletes(void)
{
	rig_change(&rig, "dn: " ZOE "\nchangetype: delete\n");
}

/* "Refused" would mean that the entry is not there. */
static void
who_is_back_is_never_told_to_be_refused(void **state)
{
	const char *busy = "cn=busy," RETCODES;
	char uuid[64];

	(void)state;
	rig_change(&rig, "dn: cn=busy," RETCODES "\nchangetype: add\nobjectClass: groupOfNames\n"
			 "cn: busy\nmember: cn=nobody," BASE "\n");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(rig_join(&rig, ZOE, busy), ERR_OK);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	rig_close(&rig);
	rig_answer_with(&rig, "cn=busy 0x50 op=modify text=\"no space left\"");
	rig.up = false;
	rig_open(&rig);
	for (int round = 0; round < 2; round++) { /* the second finds the entry of the first */
		assert_int_equal(user_restore(), ERR_UNKNOWN);
		assert_string_not_equal(uuid_of(ZOE), "");
	}
	user_with_settings("/^overlay retcode/,$d; /^moduleload retcode/d");
	assert_int_equal(user_restore(), ERR_OK);
	assert_int_equal(seen.group_count, 2);
}

static void
who_goes_again_while_coming_back_is_not_called_refused(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_before(PROXY_MODIFY, somebody_deletes);
	assert_int_equal(user_restore(), ERR_UNKNOWN);
	assert_int_equal(user_restore(), ERR_OK);
	close_proxy();
}

static void
a_lost_answer_about_an_org_unit_leaves_it_unknown(void **state)
{
	(void)state;
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_swallow(PROXY_ADD, 1);
	assert_int_equal(unit_add(PEOPLE, "new", NULL), ERR_UNKNOWN);
	assert_int_equal(unit_add(PEOPLE, "new", NULL), ERR_EXISTS);
	proxy_swallow(PROXY_RENAME, 1);
	assert_int_equal(unit_change(uuid_of("ou=new," PEOPLE), "newer", NULL), ERR_UNKNOWN);
	assert_int_equal(unit_change(uuid_of("ou=newer," PEOPLE), "newer", NULL), ERR_OK);
	proxy_swallow(PROXY_DELETE, 1);
	assert_int_equal(unit_delete(uuid_of("ou=newer," PEOPLE)), ERR_UNKNOWN);
	assert_string_equal(uuid_of("ou=newer," PEOPLE), "");
	close_proxy();
}

static void
a_silent_server_holds_nobody_longer_than_the_deadline(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	rig_close(&rig);
	rig.conf.op_timeout_ms = 3000;
	rig.conf.connect_timeout_ms = 500;
	rig.up = false;
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	assert_int_equal(user_load(uuid), ERR_OK);
	rig_signal_slapd(&rig, SIGSTOP);
	assert_int_equal(user_remove(ZOE, uuid), ERR_UNAVAILABLE); /* only read so far */
	assert_true(rig.wait_ms < 5900);
	assert_int_equal(user_gone(ZOE), ERR_UNAVAILABLE);
	assert_true(rig.wait_ms < 5900);
	rig_signal_slapd(&rig, SIGCONT);
}

/* ---- what happens between our look and our request ---- */

static void
somebody_renames(void)
{
	rig_change(&rig, "dn: " ZOE "\nchangetype: modrdn\nnewrdn: uid=zoe2\ndeleteoldrdn: 0\n");
}

static void
somebody_changes(void)
{
	rig_change(&rig, "dn: " ZOE "\nchangetype: modify\nreplace: title\ntitle: Theirs\n");
}

static void
somebody_else_gets_the_name(void)
{
	rig_change(&rig, "dn: " ZOE "\nchangetype: delete\n\n"
			 "dn: " ZOE "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: zoe\n"
			 "cn: Other\nsn: Other\n");
}

static void
the_place_is_taken(void)
{
	rig_change(&rig, "dn: uid=zoe,ou=north," SALES
			 "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: zoe\ncn: o\nsn: o\n");
}

static void
a_name_that_changes_under_a_write_is_followed(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_before(PROXY_MODIFY, somebody_renames);
	assert_int_equal(user_set(uuid, PERSON_POSITION, "New"), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe2," SALES);
	assert_string_equal(seen.value[PERSON_POSITION], "New");
	rig_change(
	    &rig, "dn: uid=zoe2," SALES "\nchangetype: modrdn\nnewrdn: uid=zoe\ndeleteoldrdn: 1\n");
	proxy_before(PROXY_MODIFY, somebody_renames);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_string_equal(seen.dn, "uid=zoe2," SALES);
	assert_true(seen.suspended);
	close_proxy();
}

static void
a_change_under_a_write_with_a_tag_is_a_conflict(void **state)
{
	struct dir_user_change change = { .value = { [PERSON_POSITION] = "Mine" } };
	char uuid[64], tag[DIR_TAG_SIZE];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	change.tag = tag;
	proxy_before(PROXY_MODIFY, somebody_changes);
	assert_int_equal(user_change(uuid, &change), ERR_CONFLICT);
	assert_string_equal(rig_values(&rig, ZOE, "title"), "Theirs");
	close_proxy();
}

/* Whoever changed it knew nothing of the deletion, before our look and after it. */
static void
another_version_is_neither_deleted_nor_suspended(void **state)
{
	char uuid[64], tag[DIR_TAG_SIZE];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	proxy_before(PROXY_DELETE, somebody_changes);
	assert_int_equal(user_remove_version(ZOE, uuid, tag), ERR_CONFLICT);
	assert_int_equal(user_remove_version(ZOE, uuid, tag), ERR_CONFLICT);
	assert_int_equal(user_suspend_version(uuid, true, tag), ERR_CONFLICT);
	assert_int_equal(user_load(uuid), ERR_OK);
	strcpy(tag, seen.tag);
	proxy_before(PROXY_MODIFY, somebody_renames);
	assert_int_equal(user_suspend_version(uuid, true, tag), ERR_CONFLICT);
	assert_int_equal(user_load(uuid), ERR_OK);
	assert_false(seen.suspended);
	assert_int_equal(user_suspend_version(uuid, true, seen.tag), ERR_OK);
	assert_int_equal(user_remove_version(seen.dn, uuid, seen.tag), ERR_OK);
	assert_true(seen.removed.was_there);
	/* Gone is gone, whichever version it was. */
	assert_int_equal(user_remove_version("uid=zoe2," SALES, uuid, tag), ERR_OK);
	close_proxy();
}

static void
who_got_the_name_meanwhile_is_not_deleted(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_before(PROXY_DELETE, somebody_else_gets_the_name);
	assert_int_equal(user_remove(ZOE, uuid), ERR_CONFLICT);
	assert_string_equal(rig_values(&rig, ZOE, "cn"), "Other");
	close_proxy();
}

static void
who_got_the_name_meanwhile_is_neither_changed_nor_suspended(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_before(PROXY_MODIFY, somebody_else_gets_the_name);
	assert_int_equal(user_set(uuid, PERSON_POSITION, "New"), ERR_NOT_FOUND);
	assert_string_equal(rig_values(&rig, ZOE, "title"), "");
	snprintf(uuid, sizeof(uuid), "%s", uuid_of(ZOE));
	proxy_before(PROXY_MODIFY, somebody_else_gets_the_name);
	assert_int_equal(user_suspend(uuid, true), ERR_NOT_FOUND);
	assert_string_equal(rig_values(&rig, ZOE, "pwdAccountLockedTime"), "");
	close_proxy();
}

static void
a_move_that_fails_behind_a_change_says_how_far_it_came(void **state)
{
	struct dir_user_change change = {
		.value = { [PERSON_POSITION] = "New", [PERSON_ORG_UNIT] = north }
	};
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_open_through(&rig, proxy_start(rig.port));
	proxy_before(PROXY_RENAME, the_place_is_taken);
	assert_int_equal(user_change(uuid, &change), ERR_EXISTS);
	assert_memory_equal(rig.fault.text, "org_unit: ", 10);
	assert_non_null(strstr(rig.fault.text, "the other changes are done"));
	assert_true(seen.user);
	assert_string_equal(seen.dn, ZOE);
	assert_string_equal(seen.value[PERSON_POSITION], "New");
	assert_string_equal(seen.tag, rig_values(&rig, ZOE, "entryCSN"));
	close_proxy();
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(a_lost_answer_to_a_deletion_is_settled_by_repeating_it),
		ROW(a_lost_answer_of_a_group_is_settled_by_repeating_it),
		ROW(a_lost_answer_to_a_change_is_settled_by_repeating_it),
		ROW(a_lost_answer_to_a_restoration_is_settled_by_repeating_it),
		ROW(who_is_back_is_never_told_to_be_refused),
		ROW(who_goes_again_while_coming_back_is_not_called_refused),
		ROW(a_lost_answer_about_an_org_unit_leaves_it_unknown),
		ROW(a_silent_server_holds_nobody_longer_than_the_deadline),
		ROW(a_name_that_changes_under_a_write_is_followed),
		ROW(a_change_under_a_write_with_a_tag_is_a_conflict),
		ROW(another_version_is_neither_deleted_nor_suspended),
		ROW(who_got_the_name_meanwhile_is_not_deleted),
		ROW(who_got_the_name_meanwhile_is_neither_changed_nor_suspended),
		ROW(a_move_that_fails_behind_a_change_says_how_far_it_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
