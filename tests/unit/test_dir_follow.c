/* Following a real slapd with the recommended settings. */
#include "follow_rig.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

static int
group_set_up(void **state)
{
	(void)state;
	rig_start_slapd(&rig, "--without cost");
	return 0;
}

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

static void
what_a_person_and_a_group_carry_is_told(void **state)
{
	const struct row *r;
	unsigned char id[FEED_ID_SIZE];

	(void)state;
	person("full",
	    "objectClass: usherdPerson\nusherdInvitationId: " ID_2 "\ndisplayName: Full F\n"
	    "mail: full@example.org\nmail: f2@example.org\nmail: f3@example.org\n"
	    "telephoneNumber: +49 30 1\nmobile: +49 170 2\ntitle: Buyer\n");
	person("bare", "telephoneNumber: +49 30 9\n");
	rig_change(&rig, "dn: uid=full," SALES "\nchangetype: modify\nadd: pwdAccountLockedTime\n"
			 "pwdAccountLockedTime: 000001010000Z\n");
	rig_change(&rig, "dn: uid=bare," SALES "\nchangetype: modify\nadd: pwdAccountLockedTime\n"
			 "pwdAccountLockedTime: 20260101000000Z\n");
	rig_change(&rig, "dn: cn=staff,ou=groups," BASE "\nchangetype: modify\nreplace: member\n"
			 "member: UID=Full, OU=sales,ou=people," BASE "\n");
	follower_start(NULL, 0);
	follower_until_persisting();
	r = follower_find("uid=full," SALES);
	assert_non_null(r);
	assert_string_equal(r->name, "Full F");
	assert_string_equal(r->mail, "full@example.org");
	assert_string_equal(r->phone, "+49 170 2"); /* the configured attribute */
	assert_int_equal(r->mails, 3);
	assert_int_equal(r->status, FEED_SUSPENDED);
	assert_true(feed_id_parse(ID_2, id));
	assert_memory_equal(r->invitation, id, sizeof(id));
	r = follower_find("uid=bare," SALES);
	assert_string_equal(r->phone, "+49 30 9");
	assert_string_equal(r->mail, "");
	/* Locked by failures, which is no suspension. */
	assert_int_equal(r->status, FEED_ACTIVE);
	r = follower_find("cn=staff,ou=groups," BASE);
	assert_int_equal(r->members, 1);
	assert_string_equal(r->first_member, "uid=Full," SALES); /* values keep their case */
}

static void
odd_values_are_cut_and_mended(void **state)
{
	static char text[65536 + 1];
	char audio[200];
	struct buf ldif;
	const struct row *r;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	/* An attribute that takes any bytes: "Zo", a byte that is no UTF-8, a zero byte, "e". */
	snprintf(audio, sizeof(audio), "audio:: %s\n", "Wm//AGU=");
	person("odd", audio);
	buf_init(&ldif, 1 << 20);
	buf_printf(&ldif,
	    "dn: uid=odd," SALES "\nchangetype: modify\nreplace: cn\ncn: %s\n-\n"
	    "replace: mail\n",
	    text);
	for (int i = 0; i < 40; i++)
		buf_printf(&ldif, "mail: m%d@example.org\n", i);
	buf_add_string(&ldif, "-\n");
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	rig.conf.attributes[PERSON_DISPLAY_NAME] = NULL;
	rig.conf.attributes[PERSON_PHONE] = "audio";
	rig_close(&rig);
	rig_open(&rig);
	follower_default();
	follower_start(NULL, 0);
	follower_until_persisting();
	r = follower_find("uid=odd," SALES);
	assert_int_equal(strlen(r->name), FEED_TEXT_MAX);
	assert_int_equal(r->mails, 1 + FEED_MAILS_MAX);
	assert_string_equal(r->phone, "Zo\xef\xbf\xbd e");
}

static void
commas_and_quotes_in_names_are_understood(void **state)
{
	static const char *const rdns[] = { "uid=Doe\\, Jim", "uid=say \\\"hi\\\"", "uid=a\\+b",
		"uid=back\\\\slash", "uid=\xc3\x98ystein" };

	static const char *const ou = "ou=a\\, b \\\"c\\\"," PEOPLE;
	struct arena *arena = arena_new(0);
	const char *place, *whole;
	char ldif[512];

	(void)state;
	snprintf(
	    ldif, sizeof(ldif), "dn: %s\nchangetype: add\nobjectClass: organizationalUnit\n", ou);
	rig_change(&rig, ldif);
	for (size_t i = 0; i < sizeof(rdns) / sizeof(rdns[0]); i++) {
		snprintf(ldif, sizeof(ldif),
		    "dn: %s,%s\nchangetype: add\nobjectClass: inetOrgPerson\ncn: Odd %zu\nsn: S\n",
		    rdns[i], ou, i);
		rig_change(&rig, ldif);
	}
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_true(dir_dn_normalise(ou, arena, &place));
	assert_string_equal(follower_find(place)->name, "a, b \"c\"");
	for (size_t i = 0; i < sizeof(rdns) / sizeof(rdns[0]); i++) {
		const struct row *r = NULL;
		char name[32];

		snprintf(name, sizeof(name), "Odd %zu", i);
		for (size_t j = 0; j < follower.capacity && r == NULL; j++)
			if (strcmp(follower.rows[j].name, name) == 0)
				r = &follower.rows[j];
		assert_non_null(r);
		/* The RDN is as the server spells it, the rest in our spelling. */
		snprintf(ldif, sizeof(ldif), "%s,%s", rdns[i], ou);
		assert_true(dir_dn_normalise(r->dn, arena, &whole));
		assert_true(dir_dn_normalise(ldif, arena, &place));
		assert_string_equal(whole, place);
	}
	arena_free(arena);
}

static void
a_group_of_ten_thousand_is_told_whole(void **state)
{
	struct buf ldif;

	(void)state;
	follower_start(NULL, 0);
	follower_until_persisting();
	buf_init(&ldif, 8 << 20);
	buf_add_string(&ldif, "dn: cn=many,ou=groups," BASE "\nchangetype: add\n"
			      "objectClass: groupOfNames\ncn: many\n");
	for (int i = 0; i < 10000; i++)
		buf_printf(&ldif, "member: uid=p%d," SALES "\n", i);
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
	follower_until_found("cn=many,ou=groups," BASE);
	assert_int_equal(follower_find("cn=many,ou=groups," BASE)->members, 10000);
	rig_change(&rig, "dn: cn=many,ou=groups," BASE "\nchangetype: delete\n");
	follower_until_lost("cn=many,ou=groups," BASE);
}

static void
a_renamed_org_unit_is_told_alone(void **state)
{
	(void)state;
	rig_change(&rig, "dn: ou=old," PEOPLE "\nchangetype: add\nobjectClass: organizationalUnit\n"
			 "\ndn: uid=inside,ou=old," PEOPLE
			 "\nchangetype: add\nobjectClass: inetOrgPerson\ncn: I\nsn: I\n");
	follower_start(NULL, 0);
	follower_until_persisting();
	follower.told = 0;
	rig_change(&rig, "dn: ou=old," PEOPLE "\nchangetype: modrdn\nnewrdn: ou=new\n"
			 "deleteoldrdn: 1\n");
	follower_until_found("ou=new," PEOPLE);
	person("after", "");
	follower_until_found("uid=after," SALES);
	assert_int_equal(follower.told, 2);
	assert_non_null(follower_find("uid=inside,ou=old," PEOPLE));
}

/* It has the old org unit as parent: behind the new one it would move the person back. */
static void
a_sign_in_that_waits_is_told_before_its_org_unit_is_renamed(void **state)
{
	const char *dn = "uid=early,ou=room," PEOPLE;
	const struct row *early;

	(void)state;
	rig_change(&rig,
	    "dn: ou=room," PEOPLE "\nchangetype: add\nobjectClass: organizationalUnit\n"
	    "\ndn: uid=early,ou=room," PEOPLE "\nchangetype: add\nobjectClass: inetOrgPerson\n"
	    "cn: E\nsn: E\nuserPassword: correct horse battery\n");
	follower.conf.activity_ms = 600000;
	follower_start(NULL, 0);
	follower_until_persisting();
	follower.told = 0;
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), 0);
	rig_change(&rig, "dn: ou=room," PEOPLE "\nchangetype: modrdn\nnewrdn: ou=hall\n"
			 "deleteoldrdn: 1\n");
	follower_until_found("ou=hall," PEOPLE);
	assert_int_equal(follower.told, 2);
	early = follower_find(dn);
	assert_true(early->last_activity_at > 0);
	assert_true(early->told_at < follower_find("ou=hall," PEOPLE)->told_at);
	follower_until_name("ou=hall," PEOPLE, "hall");
}

static bool
is_kept(const void *arg)
{
	return follower.kept >= *(const size_t *)arg;
}

static void
a_roster_that_is_behind_makes_the_follower_wait(void **state)
{
	static const size_t two = 2;

	(void)state;
	follow_add_people("wait", 1200);
	follower.conf.batches_out = two;
	follower.keep = true;
	follower_start(NULL, 0);
	follower_until(is_kept, &two);
	rig_run_for(&rig, 300);
	assert_int_equal(follower.kept, two);
	assert_int_equal(follower.state, DIR_FOLLOW_REFRESHING);
	follower_acknowledge();
	follower_until_persisting();
	assert_non_null(follower_find("uid=wait1199," SALES));
	assert_int_equal(follower.largest, FEED_BATCH_ITEMS);
}

static bool
has_batches(const void *arg)
{
	return follower.batches >= *(const size_t *)arg;
}

static void
a_follower_that_is_freed_amid_its_work_says_nothing_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		follower.keep = i % 2 == 1; /* or while it waits for the roster */
		follower.conf.batches_out = i % 3 + 1;
		follower_start(NULL, 0);
		if (i > 3)
			follower_until(has_batches, &(size_t){ i % 3 + 1 });
		follower_stop(); /* on_batch() asserts that there is a follower */
		rig_run_for(&rig, 20);
	}
}

static void
deletions_of_thousands_arrive(void **state)
{
	(void)state;
	follower_start(NULL, 0);
	follower_until_persisting();
	assert_non_null(follower_find("uid=wait1199," SALES));
	follow_delete_people("wait", 1200);
	follower_until_lost("uid=wait1199," SALES);
	for (size_t i = 0; i < follower.capacity; i++)
		assert_false(
		    follower.rows[i].used && strncmp(follower.rows[i].dn, "uid=wait", 8) == 0);
	assert_int_equal(follower.complete, 1);
}

static bool
is_active(const void *arg)
{
	return follower_find(arg)->last_activity_at > 0;
}

static bool
is_away(const void *arg)
{
	(void)arg;
	return follower.state == DIR_FOLLOW_AWAY;
}

static void
sign_ins_are_told_together_and_hold_up_nothing_else(void **state)
{
	const char *dn = "uid=busy," SALES;

	(void)state;
	person("busy", "userPassword: correct horse battery\n");
	follower.conf.activity_ms = 600000;
	follower_start(NULL, 0);
	follower_until_persisting();
	follower.told = 0;
	for (int i = 0; i < 10; i++)
		assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), 0);
	person("meanwhile", "");
	follower.cookie_len = 0;
	follower_until_found("uid=meanwhile," SALES);
	/* Nobody's cookie says that the sign-ins were told. */
	assert_int_equal(follower.told, 1);
	assert_int_equal(follower.cookie_len, 0);
	assert_int_equal(follower_find(dn)->last_activity_at, 0);
	/* The end of the session is the end of waiting. */
	rig_stop_slapd(&rig, false);
	follower_until(is_active, dn);
	assert_int_equal(follower.told, 2);
	assert_true(follower.cookie_len > 0);
	rig_restart_slapd(&rig);
	follower_until_persisting();
	/* A new name does not wait with it. */
	follower.told = 0;
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), 0);
	rig_change(&rig, "dn: uid=busy," SALES "\nchangetype: modrdn\nnewrdn: uid=busier\n"
			 "deleteoldrdn: 1\n");
	dn = "uid=busier," SALES;
	follower_until_found(dn);
	assert_int_equal(follower.told, 1);
	/* Who goes while a sign-in waits is gone at once, and stays gone. */
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), 0);
	rig_change(&rig, "dn: uid=busier," SALES "\nchangetype: delete\n");
	follower_until_lost(dn);
	rig_stop_slapd(&rig, false);
	follower_until(is_away, NULL);
	assert_null(follower_find(dn));
	rig_restart_slapd(&rig);
}

/* What is due does not wait until the server has nothing more to say. */
static void
sign_ins_are_told_in_time_even_when_changes_never_pause(void **state)
{
	static const size_t one = 1;
	const char *dn = "uid=often," SALES;

	(void)state;
	person("often", "userPassword: correct horse battery\n");
	follower.conf.activity_ms = 1; /* a thousand changes take longer to read */
	follower.conf.batches_out = one;
	follower_start(NULL, 0);
	follower_until_persisting();
	follower.keep = true;
	follower.told = 0;
	person("first", ""); /* its batch is out: the next one makes the follower wait */
	follower_until(is_kept, &one);
	person("second", "");
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), 0);
	follow_add_people("crowd", 1000);
	follower_acknowledge();
	follower_until_found("uid=crowd999," SALES);
	follower_until(is_active, dn);
	assert_true(follower_find(dn)->told_at < follower_find("uid=crowd999," SALES)->told_at);
	follow_delete_people("crowd", 1000);
}

/* Killed, slapd may come back with the change numbers of its last checkpoint, older than what it
 * has told us: then it is followed from nothing. */
static void
a_server_that_is_started_again_is_followed_from_where_it_was(void **state)
{
	char uid[16], dn[64];

	(void)state;
	follower_start(NULL, 0);
	follower_until_persisting();
	for (int round = 0; round < 4; round++) {
		bool killed = round % 2 == 1;

		follower.told = 0;
		rig_stop_slapd(&rig, killed);
		rig_restart_slapd(&rig);
		snprintf(uid, sizeof(uid), "again%d", round);
		snprintf(dn, sizeof(dn), "uid=%s," SALES, uid);
		person(uid, "");
		follower_until_found(dn);
		follower_until_persisting();
		assert_true(follower.told >= 1);
		assert_true(killed || follower.told <= 3);
		assert_non_null(follower_find("uid=jane," PEOPLE));
	}
	assert_int_equal(follower.broken, 0);
	assert_true(follower.complete >= 4);
}

static void
a_cookie_brings_what_happened_since(void **state)
{
	(void)state;
	person("stays", "");
	person("goes", "");
	follower_start(NULL, 0);
	follower_until_persisting();
	follower_stop();
	rig_change(&rig, "dn: uid=goes," SALES "\nchangetype: delete\n");
	person("comes", "");
	follower_start(follower.cookie, follower.cookie_len);
	follower_until_persisting();
	assert_null(follower_find("uid=goes," SALES));
	assert_non_null(follower_find("uid=comes," SALES));
	assert_non_null(follower_find("uid=stays," SALES));
	assert_int_equal(follower.told, 1);
	/* And once more, when slapd has forgotten its session log. */
	follower_stop();
	rig_change(&rig, "dn: uid=comes," SALES "\nchangetype: delete\n");
	rig_stop_slapd(&rig, false);
	rig_restart_slapd(&rig);
	follower_start(follower.cookie, follower.cookie_len);
	follower_until_persisting();
	assert_null(follower_find("uid=comes," SALES));
	assert_non_null(follower_find("uid=stays," SALES));
	assert_non_null(follower_find("uid=jane," PEOPLE));
	assert_in_range(follower.told, 0, 2);
}

static void
the_subject_names_what_a_cookie_depends_on(void **state)
{
	struct arena *arena = arena_new(0);
	struct dir_conf other = rig.conf;
	const char *subject = dir_follow_subject(&rig.conf, arena);

	(void)state;
	assert_non_null(strstr(subject, rig.url));
	assert_non_null(strstr(subject, "(objectClass=inetOrgPerson)"));
	assert_null(strstr(subject, secret_bytes(rig.service_password)));
	assert_string_equal(subject, dir_follow_subject(&other, arena));
	other.search_base = PEOPLE;
	assert_string_not_equal(subject, dir_follow_subject(&other, arena));
	other = rig.conf;
	other.attributes[PERSON_POSITION] = "employeeType";
	assert_string_not_equal(subject, dir_follow_subject(&other, arena));
	arena_free(arena);
}

static int
tls_group_set_up(void **state)
{
	(void)state;
	rig_start_slapd(&rig, "@LDAPS@");
	follow_add_people("safe", 600);
	return 0;
}

static void
a_protected_connection_is_followed_as_well(void **state)
{
	static const char *const uids[] = { "start", "whole" };
	char dn[64];

	(void)state;
	rig.conf.ca_file = rig.ca;
	for (size_t i = 0; i < 2; i++) {
		rig.conf.tls = i == 0 ? DIR_TLS_START : DIR_TLS_NONE;
		rig.conf.uris[0] = i == 0 ? rig.url : rig.ldaps_url;
		rig_close(&rig);
		rig_open(&rig);
		follower_default();
		follower_start(NULL, 0);
		follower_until_persisting();
		assert_non_null(follower_find("uid=safe599," SALES));
		for (int n = 0; n < 20; n++) {
			char uid[16];

			snprintf(uid, sizeof(uid), "%s%d", uids[i], n);
			person(uid, "");
			snprintf(dn, sizeof(dn), "uid=%s," SALES, uid);
			follower_until_found(dn);
		}
		follower_stop();
		follower_forget();
	}
}

#define FOLLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FOLLOW_TEST(everybody_is_told_and_then_what_changes),
		FOLLOW_TEST(what_a_person_and_a_group_carry_is_told),
		FOLLOW_TEST(odd_values_are_cut_and_mended),
		FOLLOW_TEST(commas_and_quotes_in_names_are_understood),
		FOLLOW_TEST(a_group_of_ten_thousand_is_told_whole),
		FOLLOW_TEST(a_renamed_org_unit_is_told_alone),
		FOLLOW_TEST(a_sign_in_that_waits_is_told_before_its_org_unit_is_renamed),
		FOLLOW_TEST(a_roster_that_is_behind_makes_the_follower_wait),
		FOLLOW_TEST(a_follower_that_is_freed_amid_its_work_says_nothing_more),
		FOLLOW_TEST(deletions_of_thousands_arrive),
		FOLLOW_TEST(sign_ins_are_told_together_and_hold_up_nothing_else),
		FOLLOW_TEST(sign_ins_are_told_in_time_even_when_changes_never_pause),
		FOLLOW_TEST(a_server_that_is_started_again_is_followed_from_where_it_was),
		FOLLOW_TEST(a_cookie_brings_what_happened_since),
		FOLLOW_TEST(the_subject_names_what_a_cookie_depends_on),
	};

	const struct CMUnitTest tls[] = {
		FOLLOW_TEST(a_protected_connection_is_followed_as_well),
	};

	return cmocka_run_group_tests_name("follow", tests, group_set_up, rig_group_tear_down) +
	       cmocka_run_group_tests_name("tls", tls, tls_group_set_up, rig_group_tear_down);
}
