/* Deletion, and whether it has reached every server. */
#include "dir_user_rig.h"

#include <ldap.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ZOE "uid=zoe," SALES

static const char north[] = "ou=north," SALES;

static void
who_is_removed_can_no_longer_sign_in_and_is_in_no_group(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(rig_join(&rig, ZOE, BOARD), ERR_OK);
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_SUCCESS);
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_true(seen.removed.was_there);
	assert_int_equal(seen.removed.groups_left, 2);
	assert_string_equal(rig.fault.text, "");
	assert_int_equal(rig_bind(&rig, ZOE, PASSWORD), LDAP_INVALID_CREDENTIALS);
	assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
	assert_string_equal(rig_values(&rig, BOARD, "member"), "cn=nobody," BASE);
	/* Once more: it is so already. */
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_false(seen.removed.was_there);
	assert_int_equal(seen.removed.groups_left, 0);
}

static void
without_refint(void)
{
	user_with_settings("/^overlay refint/,/^$/d; /^moduleload refint/d");
}

/* Nobody but us ends memberships, and the last member of a group leaves it with itself. */
static void
a_server_without_refint_is_no_worse(void **state)
{
	char uuid[64];

	(void)state;
	without_refint();
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_change(&rig, "dn: " LONE "\nchangetype: add\nobjectClass: groupOfNames\ncn: lone\n"
			 "member: " ZOE "\n");
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, "ou=north," SALES), ERR_OK);
	assert_int_equal(seen.group_count, 2);
	assert_string_equal(rig_values(&rig, LONE, "member"), "uid=zoe,ou=north," SALES);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(seen.dn, uuid), ERR_OK);
	assert_int_equal(seen.removed.groups_left, 2);
	assert_string_equal(rig_values(&rig, LONE, "member"), LONE);
	assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
	assert_int_equal(user_restore(), ERR_OK);
	assert_string_equal(rig_values(&rig, LONE, "member"), "uid=zoe,ou=north," SALES);
}

#define ADMINISTRATORS "cn=usherd-administrators," BASE

/* The group that we may not change is left through the server, or is named. */
static void
a_group_that_we_may_not_change_is_named_when_nobody_else_does_it(void **state)
{
	char uuid[64];

	(void)state;
	rig_change(&rig, "dn: " ADMINISTRATORS
			 "\nchangetype: add\nobjectClass: groupOfNames\ncn: usherd-administrators\n"
			 "member: cn=nobody," BASE "\n");
	for (int round = 0; round < 2; round++) {
		snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
		rig_change(&rig,
		    "dn: " ADMINISTRATORS "\nchangetype: modify\nadd: member\nmember: " ZOE "\n");
		assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
		assert_int_equal(seen.removed.groups_left, round == 0 ? 2 : 1);
		if (round == 0) {
			assert_string_equal(rig.fault.text, "");
			assert_string_equal(
			    rig_values(&rig, ADMINISTRATORS, "member"), "cn=nobody," BASE);
			without_refint();
		} else
			assert_non_null(strstr(rig.fault.text,
			    "still a member of: " ADMINISTRATORS " (Insufficient access)"));
	}
}

/* Each of them may yet be left by the server, and waiting for one is waiting for all: one after the
 * other they would outlast the deadline, and no repetition would ever end. */
static void
many_groups_that_refuse_are_waited_for_together(void **state)
{
	enum { GROUPS = 20 };
	char uuid[64], ldif[512];

	(void)state;
	user_with_settings("/^overlay refint/,/^$/d; /^moduleload refint/d; "
			   "s/^access to dn.exact=.*/access to dn.regex=\"^cn=locked\"/");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	for (int i = 0; i < GROUPS; i++) {
		snprintf(ldif, sizeof(ldif),
		    "dn: cn=locked%d,ou=groups," BASE "\nchangetype: add\n"
		    "objectClass: groupOfNames\ncn: locked%d\nmember: " ZOE "\n",
		    i, i);
		rig_change(&rig, ldif);
	}
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_true(seen.removed.was_there);
	assert_int_equal(seen.removed.groups_left, 1);
	assert_non_null(strstr(rig.fault.text, "cn=locked0,ou=groups," BASE " (Insuff"));
	assert_non_null(strstr(rig.fault.text, " more"));
}

/* A server that knows neither conditions nor post-read is asked once more instead. */
static void
a_server_without_controls_is_asked_twice(void **state)
{
	struct dir_user_change change = {
		.value = { [PERSON_POSITION] = "New", [PERSON_ORG_UNIT] = north }
	};
	char uuid[64];

	(void)state;
	user_with_settings(
	    "/^database config/i access to dn.base=\"\" attrs=supportedControl by * none\\n"
	    "access to * by * read");
	assert_string_equal(rig_values(&rig, "", "supportedControl"), "");
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_load(uuid), ERR_OK);
	change.tag = seen.tag;
	assert_int_equal(user_change(uuid, &change), ERR_OK);
	assert_int_equal(user_suspend(uuid, true), ERR_OK);
	assert_int_equal(user_suspend(uuid, false), ERR_OK);
	assert_int_equal(user_save(uuid), ERR_OK);
	assert_int_equal(user_remove(seen.dn, uuid), ERR_OK);
	assert_int_equal(user_restore(), ERR_OK);
	assert_string_not_equal(seen.uuid, uuid);
	assert_string_equal(seen.uuid, uuid_of(seen.dn));
	assert_string_equal(seen.value[PERSON_POSITION], "New");
}

/* The server moved the entry, and nobody told the groups. */
static void
memberships_follow_a_move_that_was_cut_short(void **state)
{
	static const char moved[] = "uid=zoe,ou=north," SALES;
	char uuid[64];

	(void)state;
	without_refint();
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_change(&rig, "dn: " ZOE "\nchangetype: modrdn\nnewrdn: uid=zoe\ndeleteoldrdn: 0\n"
			 "newsuperior: ou=north," SALES "\n");
	assert_non_null(strstr(rig_values(&rig, STAFF, "member"), ZOE));
	assert_int_equal(user_finish_move(uuid, ZOE), ERR_OK);
	assert_string_equal(seen.dn, moved);
	assert_int_equal(seen.group_count, 1);
	assert_non_null(strstr(rig_values(&rig, STAFF, "member"), moved));
	assert_int_equal(user_finish_move(uuid, ZOE), ERR_OK); /* once more */
	/* Who has the name now keeps what groups say of it. */
	user_make(ZOE, "other@example.org");
	assert_int_equal(user_finish_move(uuid, ZOE), ERR_OK);
	assert_non_null(strstr(rig_values(&rig, STAFF, "member"), ZOE));
}

/* Somebody deleted the entry by other means; what it was in is still to be left. */
static void
memberships_of_an_entry_that_is_gone_already_end_too(void **state)
{
	char uuid[64];

	(void)state;
	without_refint();
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	rig_change(&rig, "dn: " ZOE "\nchangetype: delete\n");
	assert_int_equal(user_remove(ZOE, uuid), ERR_OK);
	assert_false(seen.removed.was_there);
	assert_int_equal(seen.removed.groups_left, 1);
	assert_string_equal(rig_values(&rig, STAFF, "member"), "cn=nobody," BASE);
}

static void
another_entry_at_the_dn_is_left_alone(void **state)
{
	char old[64], new[64];

	(void)state;
	snprintf(old, sizeof(old), "%s", user_make(ZOE, "zoe@example.org"));
	rig_change(&rig, "dn: " ZOE "\nchangetype: delete\n");
	snprintf(new, sizeof(new), "%s", user_make(ZOE, "zoe2@example.org"));
	assert_string_not_equal(old, new);
	assert_int_equal(user_remove(ZOE, old), ERR_CONFLICT);
	assert_string_equal(uuid_of(ZOE), new);
	assert_non_null(strstr(rig_values(&rig, STAFF, "member"), ZOE));
}

static void
an_entry_that_has_moved_is_not_called_gone(void **state)
{
	char uuid[64];

	(void)state;
	snprintf(uuid, sizeof(uuid), "%s", user_make(ZOE, "zoe@example.org"));
	assert_int_equal(user_set(uuid, PERSON_ORG_UNIT, PEOPLE), ERR_OK);
	assert_int_equal(user_remove(ZOE, uuid), ERR_CONFLICT);
	assert_non_null(strstr(rig.fault.text, "uid=zoe," PEOPLE));
	assert_int_equal(rig_bind(&rig, "uid=zoe," PEOPLE, PASSWORD), LDAP_SUCCESS);
}

static void
only_people_are_removed(void **state)
{
	const char *uuid = user_make(ZOE, "zoe@example.org");

	(void)state;
	assert_int_equal(user_remove("cn=usherd," BASE, uuid_of("cn=usherd," BASE)), ERR_REFUSED);
	assert_int_equal(user_remove(STAFF, uuid_of(STAFF)), ERR_REFUSED);
	assert_int_equal(user_remove(PEOPLE, uuid_of(PEOPLE)), ERR_REFUSED);
	assert_int_equal(user_remove("nonsense", uuid), ERR_REFUSED);
	assert_int_equal(user_remove(ZOE, "nonsense"), ERR_INVALID);
	assert_int_equal(
	    user_remove("ou=doomed," PEOPLE, uuid_of("ou=doomed," PEOPLE)), ERR_REFUSED);
	rig_close(&rig);
	rig.conf.people_base = BASE;
	rig_open(&rig);
	assert_int_equal(user_remove("cn=usherd," BASE, uuid_of("cn=usherd," BASE)), ERR_REFUSED);
}

/* ---- gone from every server ---- */

static struct rig second;

static void
start_second(void)
{
	char ldif[256];

	memset(&second, 0, sizeof(second));
	rig_start_slapd(&second, "");
	snprintf(ldif, sizeof(ldif),
	    "dn: cn=usherd," BASE "\nchangetype: modify\nreplace: userPassword\nuserPassword: %s\n",
	    secret_bytes(rig.service_password));
	rig_change(&second, ldif);
	rig_close(&rig);
	rig.conf.uris[1] = second.url;
	rig.conf.uri_count = 2;
	rig.conf.op_timeout_ms = 6000;
	rig.up = false;
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
}

static void
on_gone_later(void *arg, enum err code, int64_t ms, const struct fault *f)
{
	*(int64_t *)arg = code == ERR_OK ? ms : -1;
	rig.fault = *f;
	loop_stop(rig.loop);
}

/* It is not gone, and this server is why. Where a worker was kept from reporting until after its
 * deadline nobody knows why: then it is asked again. */
static void
is_still_at(const char *dn, const char *url)
{
	for (int tries = 0; tries < 5; tries++) {
		assert_int_equal(user_gone(dn), ERR_UNAVAILABLE);
		if (strstr(rig.fault.text, "in time") == NULL)
			break;
	}
	assert_non_null(strstr(rig.fault.text, url));
}

static void
gone_means_gone_from_every_server(void **state)
{
	const char *jane = "uid=jane," PEOPLE;
	int64_t ms = -2;

	(void)state;
	start_second();
	RIG_AT_ONCE(&rig, user_gone("uid=never," SALES), ERR_OK, 1000);
	assert_in_range(seen.ms, 0, 1000);
	assert_int_equal(user_remove(jane, uuid_of(jane)), ERR_OK);
	is_still_at(jane, second.url);
	assert_null(strstr(rig.fault.text, rig.url));
	assert_int_equal(seen.ms, -1);
	assert_true(rig.wait_ms < 2 * rig.conf.op_timeout_ms);
	dir_user_gone(rig.dir, jane, on_gone_later, &ms);
	rig_run_for(&rig, 200);
	assert_int_equal(ms, -2);
	RIG_AT_ONCE(&rig, rig_find(&rig, SALES), ERR_OK, 500); /* operations go on meanwhile */
	rig_change(&second, "dn: uid=jane," PEOPLE "\nchangetype: delete\n");
	while (ms == -2)
		loop_run(rig.loop);
	assert_in_range(ms, 200, rig.conf.op_timeout_ms);
	rig_stop_slapd(&second, true);
	is_still_at(jane, second.url);
	assert_int_equal(user_gone("cn=elsewhere"), ERR_REFUSED);
	rig_remove(&second);
}

/* By silence, or by having it still. */
static void
a_server_that_lingers_hides_no_other_one(void **state)
{
	const char *jane = "uid=jane," PEOPLE;

	(void)state;
	start_second();
	rig_change(&second, "dn: uid=jane," PEOPLE "\nchangetype: delete\n");
	for (int round = 0; round < 2; round++) {
		if (round == 1)
			rig_signal_slapd(&rig, SIGSTOP);
		is_still_at(jane, rig.url);
		assert_null(strstr(rig.fault.text, second.url));
	}
	rig_signal_slapd(&rig, SIGCONT);
	rig_remove(&second);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, user_set_up, user_tear_down)
	const struct CMUnitTest tests[] = {
		ROW(who_is_removed_can_no_longer_sign_in_and_is_in_no_group),
		ROW(a_server_without_refint_is_no_worse),
		ROW(a_group_that_we_may_not_change_is_named_when_nobody_else_does_it),
		ROW(many_groups_that_refuse_are_waited_for_together),
		ROW(a_server_without_controls_is_asked_twice),
		ROW(memberships_follow_a_move_that_was_cut_short),
		ROW(memberships_of_an_entry_that_is_gone_already_end_too),
		ROW(another_entry_at_the_dn_is_left_alone),
		ROW(an_entry_that_has_moved_is_not_called_gone),
		ROW(only_people_are_removed),
		ROW(gone_means_gone_from_every_server),
		ROW(a_server_that_lingers_hides_no_other_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
