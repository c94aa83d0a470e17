/* Servers that are down, silent, killed, slow, or configured badly. */
#include "dir_rig.h"

#include <ldap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/clock.h"

static int
setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig_start_slapd(&rig, "");
	rig_default_conf(&rig);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_remove(&rig);
	return 0;
}

static void
open_up(void)
{
	rig_open(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
}

static const char *const dn_1 = "uid=one," SALES;

static void
a_directory_that_is_down_at_start_comes_later(void **state)
{
	struct fault f = { .text = "" };

	(void)state;
	rig_stop_slapd(&rig, false);
	rig_open(&rig);
	RIG_AT_ONCE(&rig, rig_find(&rig, dn_1), ERR_UNAVAILABLE, 1000);
	rig_wait_downs(&rig, 1);
	assert_int_equal(rig.downs, 1);
	assert_false(dir_is_up(rig.dir, &f));
	assert_non_null(strstr(f.text, rig.url));
	RIG_AT_ONCE(&rig, rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_UNAVAILABLE, 100);
	rig_run_for(&rig, 3000); /* long enough for the pauses to have grown */
	rig_restart_slapd(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK);
}

static void
a_restarted_server_costs_no_operation(void **state)
{
	(void)state;
	open_up();
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK);
	rig_stop_slapd(&rig, false);
	rig_restart_slapd(&rig);
	/* The connection is dead; that is seen before the write goes out on it. */
	assert_int_equal(rig_password(&rig, dn_1, "correct horse battery"), ERR_OK);
	rig_stop_slapd(&rig, true);
	rig_restart_slapd(&rig);
	assert_int_equal(rig_find(&rig, dn_1), ERR_OK);
}

static void
a_server_killed_before_its_answer_leaves_the_outcome_unknown(void **state)
{
	(void)state;
	rig.conf.op_timeout_ms = 3000;
	rig.conf.threads = 1; /* with its connection open */
	open_up();
	assert_int_equal(rig_find(&rig, PEOPLE), ERR_OK);
	rig_signal_slapd(&rig, SIGSTOP);
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_UNKNOWN);
	assert_in_range(rig.wait_ms, 2900, 5900);
	/* Nobody waits for the same silence again. */
	RIG_AT_ONCE(&rig, rig_find(&rig, dn_1), ERR_UNAVAILABLE, 100);
	rig.up = false;
	rig_signal_slapd(&rig, SIGCONT);
	assert_true(rig_wait_up(&rig, true, 20000));
	/* It was carried out after all; asking again meets our own marker. */
	assert_int_equal(rig_find(&rig, dn_1), ERR_OK);
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK);
	assert_true(rig.existed);
	rig_signal_slapd(&rig, SIGSTOP);
	rig.answered = false;
	dir_find(rig.dir, dn_1, rig_on_find, &rig);
	rig_run_for(&rig, 50);
	rig_stop_slapd(&rig, true);
	rig_run(&rig); /* a read: asked again, in vain, and surely without effect */
	assert_int_equal(rig.code, ERR_UNAVAILABLE);
}

/* How long somebody waits for a server that says nothing; the shortest of a few times. */
static int64_t
wait_for_silence(void)
{
	int64_t least = INT64_MAX;

	for (int tries = 0; tries < 5 && least >= 1500; tries++) {
		rig.downs = 0;
		rig_open(&rig);
		assert_int_equal(rig_find(&rig, dn_1), ERR_UNAVAILABLE);
		if (rig.wait_ms < least)
			least = rig.wait_ms;
		rig_close(&rig);
	}
	return least;
}

static void
a_silent_server_holds_nobody_longer_than_the_deadline(void **state)
{
	static const unsigned char half[] = { 0x30, 0x0c, 0x02, 0x01, 0x01, 0x61 };
	char url[64];

	(void)state;
	rig.conf.op_timeout_ms = 600;
	rig.conf.connect_timeout_ms = 400;
	for (int round = 0; round < 4; round++) {
		int port = rig_silent_server(
		    round % 2 == 0 ? NULL : half, round % 2 == 0 ? 0 : sizeof(half));

		snprintf(url, sizeof(url),
		    round < 2 ? "ldap://127.0.0.1:%d" : "ldaps://127.0.0.1:%d", port);
		rig.conf.uris[0] = url;
		assert_true(wait_for_silence() < 1500);
		rig_silent_server_stop();
	}
}

static void
start_tls_with_a_silent_server_ends_too(void **state)
{
	char url[64];

	(void)state;
	rig.conf.tls = DIR_TLS_START;
	rig.conf.connect_timeout_ms = 400;
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", rig_silent_server(NULL, 0));
	rig.conf.uris[0] = url;
	assert_true(wait_for_silence() < 1500);
	rig_silent_server_stop();
}

static void
the_next_server_takes_over(void **state)
{
	char url[64];
	struct dir_question q = { .uids = { "jane" }, .uid_count = 1 };

	(void)state;
	snprintf(url, sizeof(url), "ldap://127.0.0.1:%d", rig_silent_server(NULL, 0));
	rig.conf.uris[0] = url;
	rig.conf.uris[1] = rig.url;
	rig.conf.uri_count = 2;
	rig.conf.connect_timeout_ms = 300;
	open_up();
	RIG_AT_ONCE(&rig, rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK, 500);
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_true(rig.answer.uid_taken[0]);
	rig_close(&rig);
	rig_silent_server_stop();
}

static void
wrong_credentials_are_said_at_once(void **state)
{
	struct secret *wrong = secret_new("wrong", 5);

	(void)state;
	rig.conf.bind_password = wrong;
	rig_open(&rig);
	assert_int_equal(rig_find(&rig, dn_1), ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "password"));
	RIG_AT_ONCE(&rig, rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_MISCONFIGURED, 50);
	rig_close(&rig);
	secret_free(wrong);
}

static void
the_end_of_an_idle_server_is_noticed(void **state)
{
	(void)state;
	rig.conf.connect_timeout_ms = 500;
	open_up();
	rig_run_for(&rig, 50);
	rig_stop_slapd(&rig, true);
	assert_true(rig_wait_up(&rig, false, 20000));
	rig_restart_slapd(&rig);
	assert_true(rig_wait_up(&rig, true, 20000));
	rig_signal_slapd(&rig, SIGSTOP);
	assert_true(rig_wait_up(&rig, false, 20000));
	RIG_AT_ONCE(&rig, rig_find(&rig, dn_1), ERR_UNAVAILABLE, 100);
	rig_signal_slapd(&rig, SIGCONT);
	assert_true(rig_wait_up(&rig, true, 20000));
	assert_int_equal(rig_find(&rig, PEOPLE), ERR_OK);
}

static int64_t
pause_after(const char *dn)
{
	int64_t began = clock_mono_ms(&clock_system);
	int downs = rig.downs;

	assert_int_equal(rig_add(&rig, dn, "a@example.org", ID_1, NULL), ERR_UNAVAILABLE);
	assert_non_null(strstr(rig.fault.text, "another time"));
	rig_wait_downs(&rig, downs + 1);
	assert_true(rig_wait_up(&rig, true, 20000));
	return clock_mono_ms(&clock_system) - began;
}

static void
a_busy_server_is_left_alone_for_longer_and_longer(void **state)
{
	static const char *const items[] = {
		"uid=pressed 0x33 op=add text=\"another time\"",
		"uid=pressed 0x34 op=add text=\"another time\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		if (i > 0) {
			rig_remove(&rig);
			rig_start_slapd(&rig, "");
			rig_default_conf(&rig);
		}
		rig_answer_with(&rig, items[i]);
		open_up();
		pause_after("uid=pressed," RETCODES);
		pause_after("uid=pressed," RETCODES);
		assert_in_range(pause_after("uid=pressed," RETCODES), 400, 10000);
		assert_int_equal(rig_add(&rig, dn_1, "b@example.org", ID_2, NULL), ERR_OK);
	}
}

/* The only server of the rig. */
static struct dir_server_figures
figures_now(void)
{
	struct dir_server_figures servers[DIR_URIS_MAX];

	assert_int_equal(dir_figures(rig.dir, servers), 1);
	assert_string_equal(servers[0].uri, rig.url);
	return servers[0];
}

/* What it is said to have said names no entry, whose DN may be somebody's name. */
static void
what_a_server_is_known_by_changes_with_it(void **state)
{
	struct dir_server_figures s;
	int64_t up_at;

	(void)state;
	rig_answer_with(&rig, "uid=pressed 0x33 op=add text=\"another time\"");
	rig_open(&rig);
	s = figures_now();
	assert_int_equal(s.state, DIR_SERVER_UNKNOWN);
	assert_false(s.in_use);
	assert_int_equal(s.since, 0);
	assert_string_equal(s.error, "");
	assert_true(rig_wait_up(&rig, true, 20000));
	s = figures_now();
	assert_int_equal(s.state, DIR_SERVER_UP);
	assert_true(s.in_use);
	assert_false(s.unproven);
	assert_int_equal(s.failed_at, 0);
	up_at = s.since;
	assert_in_range(up_at, 1, clock_mono_ms(&clock_system));
	/* The first pauses are short: somebody may have found it well again before we look. */
	for (int tries = 0; s.state != DIR_SERVER_DOWN && tries < 10; tries++) {
		assert_true(rig_wait_up(&rig, true, 20000));
		assert_int_equal(
		    rig_add(&rig, "uid=pressed," RETCODES, "a@example.org", ID_1, NULL),
		    ERR_UNAVAILABLE);
		s = figures_now();
	}
	assert_int_equal(s.state, DIR_SERVER_DOWN);
	assert_false(s.in_use);
	assert_true(s.since >= up_at && s.since == s.failed_at);
	assert_non_null(strstr(s.error, "turns requests away: Server is busy (51): another time"));
	assert_null(strstr(s.error, "pressed"));
	rig_wait_downs(&rig, 1);
	assert_true(rig_wait_up(&rig, true, 20000));
	s = figures_now();
	assert_int_equal(s.state, DIR_SERVER_UP);
	assert_true(s.since > s.failed_at && s.failed_at >= up_at);
	assert_non_null(strstr(s.error, "turns requests away"));
}

/* Whoever may see how the daemon is may not see everybody. */
static void
words_that_name_an_entry_are_the_operations_alone(void **state)
{
	struct dir_server_figures s;

	(void)state;
	rig_answer_with(&rig, "uid=pressed 0x34 op=add text=\"uid=ada is locked\"");
	open_up();
	assert_int_equal(
	    rig_add(&rig, "uid=pressed," RETCODES, "a@example.org", ID_1, NULL), ERR_UNAVAILABLE);
	assert_non_null(strstr(rig.fault.text, "uid=ada is locked"));
	s = figures_now();
	assert_non_null(strstr(s.error, "turns requests away: Server is unavailable (52)"));
	assert_null(strstr(s.error, "ada"));
}

static void
a_referral_is_the_operators_matter(void **state)
{
	(void)state;
	rig_answer_with(&rig, "uid=elsewhere 0x0a op=add ref=\"ldap://provider.example.org/\"");
	open_up();
	assert_int_equal(rig_add(&rig, "uid=elsewhere," RETCODES, "a@example.org", ID_1, NULL),
	    ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "writable provider"));
}

static void
credentials_that_became_wrong_are_tried_once(void **state)
{
	(void)state;
	rig_remove(&rig);
	rig_start_slapd(&rig, "--log stats");
	rig_default_conf(&rig);
	open_up();
	rig_change(&rig, "dn: cn=usherd," BASE
			 "\nchangetype: modify\nreplace: userPassword\nuserPassword: changed\n");
	rig.answered = false;
	rig.answers = 0;
	for (int i = 0; i < 16; i++) /* each of the threads needs a connection */
		dir_find(rig.dir, PEOPLE, rig_on_find, &rig);
	while (rig.answers < 16) {
		rig.answered = false;
		rig_run(&rig);
		assert_int_equal(rig.code, ERR_MISCONFIGURED);
	}
	rig.answered = false;
	dir_self_test(rig.dir, rig_on_check, &rig);
	rig_run(&rig);
	assert_int_equal(rig.check_count, 2);
	assert_true(rig.checks[0].ok);
	assert_false(rig.checks[1].ok);
	rig_run_for(&rig, 1500); /* signs of life go on meanwhile */
	assert_int_equal(rig_count_in_log(&rig, "tag=97 err=49"), 1);
}

static void
our_name_in_another_spelling_is_still_ours(void **state)
{
	(void)state;
	rig.conf.bind_dn = "CN=usherd, DC=example,dc=org";
	open_up();
	assert_int_equal(rig_find(&rig, PEOPLE), ERR_OK);
}

static void
clear_text_to_another_host_must_be_allowed(void **state)
{
	static const struct {
		const char *uri;
		enum dir_tls tls;
		bool allow;
		enum err code;
	} rows[] = {
		{ "ldap://ldap.example.org", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "ldap://192.0.2.1:389", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "ldap://127.0.0.1.example.org", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "ldap://", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "http://127.0.0.1", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "ldap://127.0.0.1 ldap://127.0.0.2", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "", DIR_TLS_NONE, false, ERR_MISCONFIGURED },
		{ "ldap://127.0.0.1:1", DIR_TLS_NONE, false, ERR_OK },
		{ "ldap://[::1]:1", DIR_TLS_NONE, false, ERR_OK },
		{ "ldaps://192.0.2.1:1", DIR_TLS_NONE, false, ERR_OK },
		{ "ldap://127.0.0.1:1", DIR_TLS_NONE, true, ERR_OK },
		{ "ldapi://%2Fnowhere", DIR_TLS_NONE, false, ERR_OK },
	};
	struct loop *l = loop_new();

	(void)state;
	rig.conf.connect_timeout_ms = 50;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dir *d = NULL;
		struct fault f = { .text = "" };

		rig.conf.uris[0] = rows[i].uri;
		rig.conf.tls = rows[i].tls;
		rig.conf.allow_clear_text = rows[i].allow;
		assert_int_equal(dir_new(&d, l, &rig.conf, &f), rows[i].code);
		dir_free(d);
	}
	loop_free(l);
}

static void
an_org_unit_deleted_meanwhile_is_not_found(void **state)
{
	struct dir_question q = { .org_unit = "ou=doomed," PEOPLE };

	(void)state;
	open_up();
	assert_int_equal(rig_ask(&rig, &q), ERR_OK);
	assert_false(rig.answer.org_unit_missing);
	rig_change(&rig, "dn: ou=doomed," PEOPLE "\nchangetype: delete\n");
	assert_int_equal(
	    rig_add(&rig, "uid=a,ou=doomed," PEOPLE, "a@example.org", ID_1, NULL), ERR_NOT_FOUND);
}

static void
refused_groups_that_find_no_room_are_counted(void **state)
{
	char names[5][160];
	const char *groups[5];

	(void)state;
	open_up();
	for (size_t i = 0; i < 5; i++) {
		snprintf(names[i], sizeof(names[i]), "cn=%0120zu,ou=groups,%s", i, BASE);
		groups[i] = names[i];
	}
	rig.answered = false;
	dir_join_groups(rig.dir, dn_1, groups, 5, rig_on_done, &rig);
	rig_run(&rig);
	assert_int_equal(rig.code, ERR_OK);
	assert_non_null(strstr(rig.fault.text, names[1]));
	assert_null(strstr(rig.fault.text, names[2]));
	assert_string_equal(strrchr(rig.fault.text, ';'), "; and 3 more");
}

/* What the policy says of a change that may have been ours differs from a plain refusal. */
static void
a_repeated_password_change_is_told_apart(void **state)
{
	static const struct {
		const char *policy, *says;
	} rows[] = {
		{ "replace: pwdInHistory\npwdInHistory: 3\n", "used before" },
		{ "delete: pwdInHistory\n-\nadd: pwdMinAge\npwdMinAge: 3600\n",
		    "a short while ago" },
	};
	const char *password = "correct horse battery";
	char ldif[256];

	(void)state;
	open_up();
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK);
	for (size_t i = 0; i < 2; i++) {
		snprintf(ldif, sizeof(ldif), "dn: cn=password-policy,%s\nchangetype: modify\n%s",
		    BASE, rows[i].policy);
		rig_change(&rig, ldif);
		if (i == 0)
			assert_int_equal(rig_password(&rig, dn_1, password), ERR_OK);
		assert_int_equal(rig_password(&rig, dn_1, password), ERR_EXISTS);
		assert_non_null(strstr(rig.fault.text, rows[i].says));
		assert_int_equal(rig_password(&rig, dn_1, "short"),
		    i == 0 ? ERR_REFUSED : ERR_EXISTS); /* too young, whatever it is */
		assert_int_equal(rig_bind(&rig, dn_1, password), LDAP_SUCCESS);
	}
}

/* `times` the text behind an attribute's name. */
static void
change_description(const char *dn, const char *text, size_t times)
{
	struct buf ldif;

	buf_init(&ldif, 200 + strlen(dn) + times * strlen(text));
	buf_printf(&ldif, "dn: %s\nchangetype: modify\nreplace: description\ndescription: x", dn);
	for (size_t i = 0; i < times; i++)
		buf_add_string(&ldif, text);
	buf_add_char(&ldif, '\n');
	assert_false(buf_failed(&ldif));
	rig_change(&rig, ldif.data);
	buf_release(&ldif);
}

static char description[8192];

static void
on_long_place(
    void *arg, enum err code, const struct dir_place *places, size_t count, const struct fault *f)
{
	description[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (places[i].description != NULL && strstr(places[i].dn, "ou=sales") != NULL)
			snprintf(description, sizeof(description), "%s", places[i].description);
	rig_on_places(arg, code, places, count, f);
}

static void
list_places(void)
{
	rig.answered = false;
	dir_list_org_units(rig.dir, on_long_place, &rig);
	rig_run(&rig);
}

static void
huge_values_are_cut_and_huge_answers_refused(void **state)
{
	static const char *const dns[] = { SALES, "ou=doomed," PEOPLE, "ou=north," SALES };

	(void)state;
	rig.conf.op_timeout_ms = 10000;
	open_up();
	change_description(SALES, "\xc3\xab", 2048);
	list_places();
	assert_int_equal(rig.code, ERR_OK);
	/* An x and 2,047 characters of two bytes: the next one would cross 4,096. */
	assert_int_equal(strlen(description), 4095);
	assert_memory_equal(description + 4093, "\xc3\xab", 3);
	change_description(SALES, "1234567", 585); /* with the x: just fits */
	list_places();
	assert_int_equal(strlen(description), 4096);
	for (size_t i = 0; i < 3; i++)
		change_description(dns[i], "many bytes", 300 * 1024);
	list_places();
	assert_int_equal(rig.code, ERR_TOO_LARGE);
	assert_int_equal(rig_find(&rig, SALES), ERR_OK);
	change_description(SALES, "few", 1);
	list_places();
	assert_int_equal(rig.code, ERR_OK);
	assert_int_equal(rig.place_count, 4);
}

static void
strict_policy_refuses_hashes_and_the_proof_says_so(void **state)
{
	char hash[crypto_pwhash_STRBYTES + 16] = "{ARGON2}";
	struct dir_server_figures s;

	(void)state;
	rig_change(&rig, "dn: cn=password-policy," BASE
			 "\nchangetype: modify\nreplace: pwdCheckQuality\npwdCheckQuality: 2\n");
	rig.conf.password_mode = DIR_PASSWORD_ARGON2;
	open_up();
	assert_int_equal(crypto_pwhash_str(hash + 8, "x", 1, 1, 8192), 0);
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, hash), ERR_MISCONFIGURED);
	assert_int_equal(rig_find(&rig, dn_1), ERR_NOT_FOUND);
	s = figures_now();
	assert_int_equal(s.state, DIR_SERVER_UP);
	assert_true(s.unproven);
	assert_true(s.failed_at != 0);
	assert_string_not_equal(s.error, "");
}

static void
with_options(const char *options)
{
	rig_remove(&rig);
	rig_start_slapd(&rig, options);
	rig_default_conf(&rig);
}

static void
missing_rights_are_named(void **state)
{
	(void)state;
	with_options("--without rights");
	open_up();
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_MISCONFIGURED);
	assert_non_null(strstr(rig.fault.text, "right"));
	assert_int_equal(rig_join(&rig, dn_1, "cn=staff,ou=groups," BASE), ERR_OK);
	assert_non_null(
	    strstr(rig.fault.text, "cn=staff,ou=groups," BASE " (Insufficient access)"));
	assert_int_equal(rig_find(&rig, PEOPLE), ERR_OK);
}

static void
a_missing_schema_is_named(void **state)
{
	(void)state;
	with_options("--without schema");
	open_up();
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_MISCONFIGURED);
	assert_true(strstr(rig.fault.text, "usherd") != NULL ||
		    strstr(rig.fault.text, "objectClass") != NULL);
}

static void
tls_needs_a_certificate_that_we_trust(void **state)
{
	char wrong_host[64];

	(void)state;
	with_options("@LDAPS@");
	rig.conf.uris[0] = rig.ldaps_url;
	rig.conf.ca_file = rig.ca;
	open_up();
	assert_int_equal(rig_add(&rig, dn_1, "a@example.org", ID_1, NULL), ERR_OK);
	assert_int_equal(rig_password(&rig, dn_1, "correct horse battery"), ERR_OK);
	rig_close(&rig);
	rig.up = false;
	rig.conf.uris[0] = rig.url;
	rig.conf.tls = DIR_TLS_START;
	open_up();
	assert_int_equal(rig_find(&rig, dn_1), ERR_OK);
	rig_close(&rig);
	rig.conf.ca_file = NULL; /* the system's, which does not know ours */
	for (int round = 0; round < 2; round++) {
		rig.conf.uris[0] = round == 0 ? rig.ldaps_url : rig.url;
		rig_open(&rig);
		assert_int_equal(rig_find(&rig, dn_1), ERR_UNAVAILABLE);
		rig_close(&rig);
	}
	rig.conf.ca_file = rig.ca;
	snprintf(wrong_host, sizeof(wrong_host), "ldaps://127.0.0.2:%d", rig.ldaps_port);
	rig.conf.uris[0] = wrong_host;
	rig_open(&rig);
	assert_int_equal(rig_find(&rig, dn_1), ERR_UNAVAILABLE);
}

int
main(void)
{
#define FAULT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		FAULT(a_directory_that_is_down_at_start_comes_later),
		FAULT(a_restarted_server_costs_no_operation),
		FAULT(a_server_killed_before_its_answer_leaves_the_outcome_unknown),
		FAULT(a_silent_server_holds_nobody_longer_than_the_deadline),
		FAULT(start_tls_with_a_silent_server_ends_too),
		FAULT(the_next_server_takes_over),
		FAULT(wrong_credentials_are_said_at_once),
		FAULT(the_end_of_an_idle_server_is_noticed),
		FAULT(a_busy_server_is_left_alone_for_longer_and_longer),
		FAULT(what_a_server_is_known_by_changes_with_it),
		FAULT(words_that_name_an_entry_are_the_operations_alone),
		FAULT(a_referral_is_the_operators_matter),
		FAULT(credentials_that_became_wrong_are_tried_once),
		FAULT(our_name_in_another_spelling_is_still_ours),
		FAULT(clear_text_to_another_host_must_be_allowed),
		FAULT(an_org_unit_deleted_meanwhile_is_not_found),
		FAULT(refused_groups_that_find_no_room_are_counted),
		FAULT(a_repeated_password_change_is_told_apart),
		FAULT(huge_values_are_cut_and_huge_answers_refused),
		FAULT(strict_policy_refuses_hashes_and_the_proof_says_so),
		FAULT(missing_rights_are_named),
		FAULT(a_missing_schema_is_named),
		FAULT(tls_needs_a_certificate_that_we_trust),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
