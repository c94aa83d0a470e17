/* Every operation against a real slapd with the recommended settings. */
#include "dir_rig.h"

#include <ldap.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
the_directory_is_up_soon_after_the_start(void **state)
{
	struct fault f;

	(void)state;
	assert_true(rig_wait_up(&rig, true, 20000));
	assert_true(dir_is_up(rig.dir, &f));
	assert_int_equal(dir_settle_ms(rig.dir), 2 * rig.conf.op_timeout_ms);
}

static void
an_added_person_can_sign_in_with_the_password_set(void **state)
{
	static const struct {
		const char *attribute, *value;
	} rows[] = { { "uid", "zoe" }, { "cn", "Zoë Åkesson" }, { "sn", "Åkesson" },
		{ "givenName", "Zoë" }, { "displayName", "Zoë Åkesson" },
		{ "mail", "zoe@example.org" }, { "mobile", "+46701234567" }, { "title", "Buyer" },
		{ "preferredLanguage", "sv" }, { "usherdGender", "female" },
		{ "usherdBirthday", "1990-02-28" }, { "usherdInvitationId", ID_1 },
		{ "objectClass", "inetOrgPerson,usherdPerson" }, { "userPassword", "" } };
	const char *dn = "uid=zoe," SALES;
	struct fault f;
	char made[64];

	(void)state;
	(void)f;
	assert_int_equal(rig_add(&rig, dn, "zoe@example.org", ID_1, NULL), ERR_OK);
	assert_false(rig.existed);
	assert_int_equal(strlen(rig.uuid), 36);
	strcpy(made, rig.uuid);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(rig_values(&rig, dn, rows[i].attribute), rows[i].value);
	assert_int_not_equal(rig_bind(&rig, dn, "correct horse battery"), LDAP_SUCCESS);
	assert_int_equal(rig_password(&rig, dn, "correct horse battery"), ERR_OK);
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), LDAP_SUCCESS);
	assert_int_equal(rig_bind(&rig, dn, "correct horse batterx"), LDAP_INVALID_CREDENTIALS);
	assert_int_equal(rig_password(&rig, dn, "correct horse battery"), ERR_OK);
	assert_int_equal(rig_find(&rig, dn), ERR_OK);
	assert_string_equal(rig.marker, ID_1);
	assert_string_equal(rig.uuid, made);
}

static void
our_own_entry_of_an_earlier_attempt_is_taken_over(void **state)
{
	const char *dn = "uid=again," SALES;

	(void)state;
	assert_int_equal(rig_add(&rig, dn, "again@example.org", ID_2, NULL), ERR_OK);
	assert_int_equal(rig_add(&rig, dn, "again2@example.org", ID_2, NULL), ERR_OK);
	assert_true(rig.existed);
	assert_int_equal(strlen(rig.uuid), 36);
	assert_string_equal(rig_values(&rig, dn, "mail"), "again2@example.org");
	assert_string_equal(rig_values(&rig, dn, "uid"), "again");
}

static void
an_entry_of_somebody_else_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(rig_add(&rig, "uid=jane," PEOPLE, "x@example.org",
			     "018f3a52-0000-7000-8000-00000000000a", NULL),
	    ERR_EXISTS);
	assert_string_equal(rig.taken, "uid");
	assert_string_equal(rig_values(&rig, "uid=jane," PEOPLE, "mail"), "jane@example.org");
}

static void
one_invitation_never_makes_two_entries(void **state)
{
	const char *id = "018f3a52-0000-7000-8000-00000000000b";

	(void)state;
	assert_int_equal(rig_add(&rig, "uid=first," SALES, "f@example.org", id, NULL), ERR_OK);
	assert_int_equal(rig_add(&rig, "uid=second," SALES, "s@example.org", id, NULL), ERR_EXISTS);
	assert_string_equal(rig.taken, "usherdInvitationId");
	assert_int_equal(rig_find(&rig, "uid=second," SALES), ERR_NOT_FOUND);
}

static void
a_vanished_org_unit_is_named(void **state)
{
	(void)state;
	assert_int_equal(rig_add(&rig, "uid=a,ou=nowhere," PEOPLE, "a@example.org",
			     "018f3a52-0000-7000-8000-00000000000c", NULL),
	    ERR_NOT_FOUND);
	assert_non_null(strstr(rig.fault.text, "ou=nowhere"));
}

static void
a_value_that_the_server_refuses_is_the_persons_mistake(void **state)
{
	(void)state;
	/* mail is an IA5 string */
	assert_int_equal(rig_add(&rig, "uid=ia5," SALES, "zo\xc3\xab@example.org",
			     "018f3a52-0000-7000-8000-00000000000d", NULL),
	    ERR_INVALID);
	assert_non_null(strstr(rig.fault.text, "mail"));
}

static void
an_add_outside_the_base_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(rig_add(&rig, "cn=x," BASE, "a@example.org", ID_1, NULL), ERR_INVALID);
	assert_int_equal(rig_add(&rig, PEOPLE, "a@example.org", ID_1, NULL), ERR_INVALID);
	assert_int_equal(
	    rig_add(&rig, "uid=a," PEOPLE, "a@example.org", "no-id", NULL), ERR_INVALID);
	assert_int_equal(
	    rig_add(&rig, "uid=a," PEOPLE, "a@example.org", ID_1, "{ARGON2}x"), ERR_INVALID);
}

static void
an_empty_password_never_leaves(void **state)
{
	static const char *const rows[] = { "", " ", "\t\n ", "                    " };
	struct secret *nul = secret_new("abc\0def", 7);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rig_password(&rig, "uid=zoe," SALES, rows[i]), ERR_INVALID);
	rig.answered = false;
	dir_set_password(rig.dir, "uid=zoe," SALES, nul, rig_on_done, &rig);
	secret_free(nul);
	rig_run(&rig);
	assert_int_equal(rig.code, ERR_INVALID);
	assert_int_equal(
	    rig_password(&rig, "cn=usherd," BASE, "correct horse battery"), ERR_MISCONFIGURED);
}

static void
the_servers_policy_refuses_with_a_sentence(void **state)
{
	(void)state;
	assert_int_equal(rig_password(&rig, "uid=zoe," SALES, "short"), ERR_REFUSED);
	assert_non_null(strstr(rig.fault.text, "too short"));
	assert_int_equal(
	    rig_password(&rig, "uid=nobody-here," SALES, "correct horse battery"), ERR_NOT_FOUND);
}

static void
only_entries_with_a_marker_can_be_changed(void **state)
{
	(void)state;
	assert_int_equal(
	    rig_password(&rig, "uid=jane," PEOPLE, "correct horse battery"), ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "right"));
}

static void
a_group_that_cannot_be_joined_keeps_nobody_from_the_others(void **state)
{
	/* Gone; no group, which the account may not change; no DN. */
	const char *groups[] = { "cn=staff,ou=groups," BASE, "cn=gone,ou=groups," BASE,
		"ou=groups," BASE, "nonsense", "cn=board,ou=groups," BASE };

	(void)state;
	rig.answered = false;
	dir_join_groups(rig.dir, "uid=zoe," SALES, groups, 5, rig_on_done, &rig);
	rig_run(&rig);
	assert_int_equal(rig.code, ERR_OK);
	assert_non_null(strstr(rig.fault.text, "not joined: cn=gone,ou=groups," BASE " (No such"));
	assert_non_null(strstr(rig.fault.text, "; ou=groups," BASE " (Insufficient access)"));
	assert_non_null(strstr(rig.fault.text, "; nonsense (Invalid DN syntax)"));
	assert_null(strstr(rig.fault.text, "staff"));
	assert_non_null(strstr(rig_values(&rig, groups[0], "member"), "uid=zoe"));
	assert_non_null(strstr(rig_values(&rig, groups[4], "member"), "uid=zoe"));
	assert_int_equal(rig_join(&rig, "uid=zoe," SALES, groups[0]), ERR_OK); /* again */
	assert_string_equal(rig.fault.text, "");
}

static const struct dir_check *
check_named(const char *name)
{
	for (size_t i = 0; i < rig.check_count; i++)
		if (strcmp(rig.checks[i].name, name) == 0)
			return &rig.checks[i];
	return NULL;
}

static void
self_test(void)
{
	rig.answered = false;
	dir_self_test(rig.dir, rig_on_check, &rig);
	rig_run(&rig);
}

static void
the_self_test_passes_on_recommended_settings(void **state)
{
	(void)state;
	self_test();
	for (size_t i = 0; i < rig.check_count; i++)
		if (!rig.checks[i].ok)
			print_error("%s: %s\n", rig.checks[i].name, rig.checks[i].text);
	assert_int_equal(rig.code, ERR_OK);
	assert_int_equal(rig.check_count, 7);
}

static void
the_self_test_names_what_is_missing(void **state)
{
	(void)state;
	rig_close(&rig);
	rig.conf.attributes[PERSON_GENDER] = "nosuchAttribute";
	rig.conf.people_base = "ou=elsewhere," BASE;
	rig_open(&rig);
	self_test();
	assert_int_equal(rig.code, ERR_MISCONFIGURED);
	assert_false(check_named("schema")->ok);
	assert_non_null(strstr(check_named("schema")->text, "nosuchAttribute"));
	assert_false(check_named("base")->ok);
	assert_true(check_named("bind")->ok);
}

static void
hashed_passwords_work_after_their_proof(void **state)
{
	char hash[crypto_pwhash_STRBYTES + 16] = "{ARGON2}";
	const char *dn = "uid=hashed," SALES, *id = "018f3a52-0000-7000-8000-0000000000aa";

	(void)state;
	rig_close(&rig);
	rig.conf.password_mode = DIR_PASSWORD_ARGON2;
	rig.conf.op_timeout_ms = 20000; /* what is added first waits for the proof */
	rig_open(&rig);
	assert_int_equal(crypto_pwhash_str_alg(hash + 8, "correct horse battery", 21, 2,
			     19456 * 1024, crypto_pwhash_ALG_ARGON2ID13),
	    0);
	assert_int_equal(rig_add(&rig, dn, "hashed@example.org", id, hash), ERR_OK);
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), LDAP_SUCCESS);
	assert_int_equal(rig_bind(&rig, dn, hash), LDAP_INVALID_CREDENTIALS);
	assert_int_equal(rig_password(&rig, dn, "clear text"), ERR_INTERNAL);
	assert_int_equal(rig_password(&rig, dn, hash), ERR_OK);
	assert_int_equal(rig_add(&rig, dn, "hashed@example.org", id, hash), ERR_OK);
	assert_true(rig.existed);
	assert_int_equal(rig_bind(&rig, dn, "correct horse battery"), LDAP_SUCCESS);
	self_test();
	assert_true(check_named("password_mode")->ok);
}

static void
never_called(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)code, (void)f;
	fail();
}

static void
nothing_is_heard_after_cancel_or_free(void **state)
{
	const char *group = "cn=staff,ou=groups," BASE;
	struct dir_op *ops[20];

	(void)state;
	for (size_t i = 0; i < 20; i++)
		ops[i] = dir_join_groups(rig.dir, "uid=zoe," SALES, &group, 1, never_called, NULL);
	for (size_t i = 0; i < 20; i += 2)
		dir_cancel(ops[i]);
	rig_close(&rig); /* with ten under way, held or waiting */
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	rig.up = false;
	for (size_t i = 0; i < 20; i++)
		ops[i] = dir_join_groups(rig.dir, "uid=zoe," SALES, &group, 1, never_called, NULL);
	for (size_t i = 0; i < 20; i++)
		dir_cancel(ops[i]);
	assert_int_equal(rig_find(&rig, "uid=zoe," SALES), ERR_OK);
}

static int heard_busy, heard_all;

static void
on_crowd(void *arg, enum err code, const struct dir_found *found, const struct fault *f)
{
	(void)arg, (void)found, (void)f;
	heard_busy += code == ERR_BUSY;
	if (++heard_all == 40) {
		rig.answered = true;
		loop_stop(rig.loop);
	}
}

static void
a_full_queue_says_so(void **state)
{
	(void)state;
	rig_close(&rig);
	rig.conf.threads = 1;
	rig.conf.queue_max = 2;
	rig.up = false;
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	rig.answered = false;
	heard_busy = heard_all = 0;
	rig_signal_slapd(&rig, SIGSTOP); /* no answer makes room while the others come */
	for (int i = 0; i < 40; i++)
		dir_find(rig.dir, "uid=zoe," SALES, on_crowd, NULL);
	assert_int_equal(heard_all, 0);
	rig_signal_slapd(&rig, SIGCONT);
	rig_run(&rig);
	assert_in_range(heard_busy, 30, 38);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(the_directory_is_up_soon_after_the_start),
		ROW(an_added_person_can_sign_in_with_the_password_set),
		ROW(our_own_entry_of_an_earlier_attempt_is_taken_over),
		ROW(an_entry_of_somebody_else_is_left_alone),
		ROW(one_invitation_never_makes_two_entries),
		ROW(a_vanished_org_unit_is_named),
		ROW(a_value_that_the_server_refuses_is_the_persons_mistake),
		ROW(an_add_outside_the_base_is_refused_at_once),
		ROW(an_empty_password_never_leaves),
		ROW(the_servers_policy_refuses_with_a_sentence),
		ROW(only_entries_with_a_marker_can_be_changed),
		ROW(a_group_that_cannot_be_joined_keeps_nobody_from_the_others),
		ROW(the_self_test_passes_on_recommended_settings),
		ROW(the_self_test_names_what_is_missing),
		ROW(hashed_passwords_work_after_their_proof),
		ROW(nothing_is_heard_after_cancel_or_free),
		ROW(a_full_queue_says_so),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, rig_group_set_up, rig_group_tear_down);
}
