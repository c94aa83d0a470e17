/* Every operation against a real slapd with the recommended settings. */
#include "test_dir_rig.h"

#include <ldap.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct rig rig;

static int
group_setup(void **state)
{
	(void)state;
	rig_start_slapd(&rig, "");
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	rig_remove(&rig);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	rig_default_conf(&rig);
	rig.up = false;
	rig_open(&rig);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void
the_directory_is_up_soon_after_the_start(void **state)
{
	struct fault f;

	(void)state;
	assert_true(rig_wait_up(&rig, true, 2000));
	assert_true(dir_is_up(rig.dir, &f));
	assert_int_equal(dir_settle_ms(rig.dir), 4000);
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
	const char *groups[] = { "cn=staff,ou=groups," BASE, "cn=gone,ou=groups," BASE, SALES,
		"nonsense", "cn=board,ou=groups," BASE };

	(void)state;
	rig.answered = false;
	dir_join_groups(rig.dir, "uid=zoe," SALES, groups, 5, rig_on_done, &rig);
	rig_run(&rig);
	assert_int_equal(rig.code, ERR_OK);
	assert_non_null(strstr(rig.fault.text, "not joined: cn=gone,ou=groups," BASE " (No such"));
	assert_non_null(strstr(rig.fault.text, "; " SALES " (Insufficient access)"));
	assert_non_null(strstr(rig.fault.text, "; nonsense (Invalid DN syntax)"));
	assert_null(strstr(rig.fault.text, "staff"));
	assert_non_null(strstr(rig_values(&rig, groups[0], "member"), "uid=zoe"));
	assert_non_null(strstr(rig_values(&rig, groups[4], "member"), "uid=zoe"));
	assert_int_equal(rig_join(&rig, "uid=zoe," SALES, groups[0]), ERR_OK); /* again */
	assert_string_equal(rig.fault.text, "");
}

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
	assert_int_equal(rig.check_count, 5);
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
	assert_true(rig_wait_up(&rig, true, 2000));
	rig.up = false;
	for (size_t i = 0; i < 20; i++)
		ops[i] = dir_join_groups(rig.dir, "uid=zoe," SALES, &group, 1, never_called, NULL);
	for (size_t i = 0; i < 20; i++)
		dir_cancel(ops[i]);
	assert_int_equal(rig_find(&rig, "uid=zoe," SALES), ERR_OK);
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
	assert_true(rig_wait_up(&rig, true, 2000));
	rig.answered = false;
	heard_busy = heard_all = 0;
	for (int i = 0; i < 40; i++)
		dir_find(rig.dir, "uid=zoe," SALES, on_crowd, NULL);
	assert_int_equal(heard_all, 0);
	rig_run(&rig);
	assert_in_range(heard_busy, 30, 38);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    the_directory_is_up_soon_after_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_added_person_can_sign_in_with_the_password_set, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    our_own_entry_of_an_earlier_attempt_is_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_entry_of_somebody_else_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_invitation_never_makes_two_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vanished_org_unit_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_value_that_the_server_refuses_is_the_persons_mistake, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    an_add_outside_the_base_is_refused_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(an_empty_password_never_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_servers_policy_refuses_with_a_sentence, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    only_entries_with_a_marker_can_be_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_group_that_cannot_be_joined_keeps_nobody_from_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    questions_are_answered_field_by_field, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    questions_asked_together_get_their_own_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(places_are_listed_parents_first, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_self_test_passes_on_recommended_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_self_test_names_what_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    hashed_passwords_work_after_their_proof, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    nothing_is_heard_after_cancel_or_free, setup, teardown),
		cmocka_unit_test_setup_teardown(a_callback_may_free_the_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_says_so, setup, teardown),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
