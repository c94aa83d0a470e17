/* Mails to a server that refuses, defers, drops or keeps silent, at every step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "smtp_rig.h"

/* ---- every step ---- */

enum { SESSION_CLEAR, SESSION_STARTTLS, SESSION_TLS };

/* `mails`: whether the server got the whole mail. */
static const struct row {
	struct smtp_fault fault;
	int session;
	enum mail_outcome outcome;
	int code;
	const char *words; /* in the report */
	int mails;
} rows[] = {
	/* The relay is away, or wants an operator. */
	{ { AT_GREETING, HOW_SAYS_DROPS, "421 4.3.2 not now", 0 }, 0, MAIL_AWAY, 421,
	    "4.3.2 not now", 0 },
	{ { AT_GREETING, HOW_SAYS, "450 busy", 0 }, 0, MAIL_AWAY, 450, "busy", 0 },
	{ { AT_GREETING, HOW_SAYS, "554 go away", 0 }, 0, MAIL_BROKEN, 554, "go away", 0 },
	{ { AT_GREETING, HOW_DROPS, NULL, 0 }, 0, MAIL_AWAY, 0, "", 0 },
	{ { AT_GREETING, HOW_HANGS, NULL, 0 }, 0, MAIL_AWAY, 0, "the greeting: ", 0 },
	{ { AT_GREETING, HOW_SAYS, "SSH-2.0-OpenSSH_9.2", 0 }, 0, MAIL_AWAY, 0, "", 0 },
	{ { AT_EHLO, HOW_SAYS, "421 closing", 0 }, 1, MAIL_AWAY, 421, "closing", 0 },
	{ { AT_EHLO, HOW_SAYS, "550 who?", 0 }, 1, MAIL_BROKEN, 550, "who?", 0 },
	{ { AT_EHLO, HOW_DROPS, NULL, 0 }, 1, MAIL_AWAY, 0, "EHLO: ", 0 },
	{ { AT_EHLO, HOW_HANGS, NULL, 0 }, 1, MAIL_AWAY, 0, "EHLO: ", 0 },
	/* Never in the clear. */
	{ { AT_EHLO, HOW_SAYS, "250-rig\r\n250 SIZE 1000000", 0 }, 1, MAIL_BROKEN, 0, "STARTTLS",
	    0 },
	{ { AT_STARTTLS, HOW_SAYS, "454 later", 0 }, 1, MAIL_AWAY, 454, "later", 0 },
	{ { AT_STARTTLS, HOW_SAYS, "502 no", 0 }, 1, MAIL_BROKEN, 502, "no", 0 },
	{ { AT_STARTTLS, HOW_DROPS, NULL, 0 }, 1, MAIL_AWAY, 0, "STARTTLS: ", 0 },
	{ { AT_STARTTLS, HOW_HANGS, NULL, 0 }, 1, MAIL_AWAY, 0, "STARTTLS: ", 0 },
	{ { AT_HANDSHAKE, HOW_DROPS, NULL, 0 }, 1, MAIL_BROKEN, 0, "the TLS handshake: ", 0 },
	{ { AT_HANDSHAKE, HOW_HANGS, NULL, 0 }, 1, MAIL_AWAY, 0, "the TLS handshake: ", 0 },
	{ { AT_HANDSHAKE, HOW_HANGS, NULL, 0 }, 2, MAIL_AWAY, 0, "connecting: ", 0 },
	{ { AT_AUTH, HOW_SAYS, "535 5.7.8 wrong", 0 }, 1, MAIL_BROKEN, 535, "5.7.8 wrong", 0 },
	{ { AT_AUTH, HOW_SAYS, "454 4.7.0 no database", 0 }, 1, MAIL_AWAY, 454, "no database", 0 },
	{ { AT_AUTH, HOW_DROPS, NULL, 0 }, 1, MAIL_AWAY, 0, "AUTH: ", 0 },
	{ { AT_AUTH, HOW_HANGS, NULL, 0 }, 1, MAIL_AWAY, 0, "AUTH: ", 0 },
	/* The relay, or our address: of all mails alike. */
	{ { AT_MAIL, HOW_SAYS, "421 closing", 0 }, 0, MAIL_AWAY, 421, "closing", 0 },
	{ { AT_MAIL, HOW_SAYS, "451 4.3.0 later", 0 }, 0, MAIL_AWAY, 451, "4.3.0 later", 0 },
	{ { AT_MAIL, HOW_SAYS, "550 not you", 0 }, 0, MAIL_BROKEN, 550, "not you", 0 },
	{ { AT_MAIL, HOW_SAYS, "530 sign in", 0 }, 0, MAIL_BROKEN, 530, "sign in", 0 },
	{ { AT_MAIL, HOW_SAYS, "552 too large", 0 }, 0, MAIL_BROKEN, 552, "too large", 0 },
	{ { AT_MAIL, HOW_DROPS, NULL, 0 }, 0, MAIL_AWAY, 0, "MAIL FROM: ", 0 },
	{ { AT_MAIL, HOW_HANGS, NULL, 0 }, 0, MAIL_AWAY, 0, "MAIL FROM: ", 0 },
	/* The mail. */
	{ { AT_RCPT, HOW_SAYS, "450 4.2.0 greylisted", 0 }, 0, MAIL_DEFERRED, 450,
	    "4.2.0 greylisted", 0 },
	{ { AT_RCPT, HOW_SAYS_DROPS, "421 4.7.0 slower", 0 }, 0, MAIL_DEFERRED, 421, "4.7.0 slower",
	    0 },
	{ { AT_RCPT, HOW_SAYS, "550-5.1.1 nobody\r\n550 5.1.1 here", 0 }, 0, MAIL_REFUSED, 550,
	    "5.1.1 nobody 5.1.1 here", 0 },
	{ { AT_RCPT, HOW_SAYS, "530 5.7.0 sign in", 0 }, 0, MAIL_BROKEN, 530, "5.7.0 sign in", 0 },
	{ { AT_RCPT, HOW_DROPS, NULL, 0 }, 0, MAIL_DEFERRED, 0, "RCPT TO: ", 0 },
	{ { AT_RCPT, HOW_HANGS, NULL, 0 }, 0, MAIL_DEFERRED, 0, "RCPT TO: ", 0 },
	{ { AT_DATA, HOW_SAYS, "451 later", 0 }, 0, MAIL_DEFERRED, 451, "later", 0 },
	{ { AT_DATA, HOW_SAYS, "554 no", 0 }, 0, MAIL_REFUSED, 554, "no", 0 },
	{ { AT_DATA, HOW_SAYS, "250 what", 0 }, 0, MAIL_DEFERRED, 0, "DATA: ", 0 },
	{ { AT_DATA, HOW_DROPS, NULL, 0 }, 0, MAIL_DEFERRED, 0, "DATA: ", 0 },
	{ { AT_DATA, HOW_HANGS, NULL, 0 }, 0, MAIL_DEFERRED, 0, "DATA: ", 0 },
	{ { AT_BODY, HOW_DROPS, NULL, 0 }, 0, MAIL_UNKNOWN, 0, "the end of DATA: ", 0 },
	{ { AT_END, HOW_DROPS, NULL, 0 }, 0, MAIL_UNKNOWN, 0, "the end of DATA: ", 1 },
	{ { AT_END, HOW_HANGS, NULL, 0 }, 0, MAIL_UNKNOWN, 0, "the end of DATA: ", 1 },
	{ { AT_END, HOW_HANGS, NULL, 0 }, 1, MAIL_UNKNOWN, 0, "the end of DATA: ", 1 },
	{ { AT_END, HOW_SAYS_DROPS, "250-half", 0 }, 0, MAIL_UNKNOWN, 0, "the end of DATA: ", 1 },
	{ { AT_END, HOW_SAYS, "451 4.3.0 disk", 0 }, 0, MAIL_DEFERRED, 451, "4.3.0 disk", 1 },
	{ { AT_END, HOW_SAYS_DROPS, "421 closing", 0 }, 0, MAIL_DEFERRED, 421, "closing", 1 },
	{ { AT_END, HOW_SAYS, "554 5.7.1 spam", 0 }, 0, MAIL_REFUSED, 554, "5.7.1 spam", 1 },
	{ { AT_END, HOW_SAYS, "251 2.0.0 forwarded", 0 }, 0, MAIL_SENT, 251, "2.0.0 forwarded", 1 },
	{ { AT_END, HOW_SAYS, "250", 0 }, 0, MAIL_SENT, 250, "", 1 },
	/* Words that are not UTF-8, or not words. */
	{ { AT_RCPT, HOW_SAYS, "550 n\xe4in \x1b[1m", 0 }, 0, MAIL_REFUSED, 550, "n?in ?[1m", 0 },
	/* No answer to QUIT is waited for. */
	{ { AT_QUIT, HOW_HANGS, NULL, 0 }, 0, MAIL_SENT, 250, "2.0.0 queued as 17", 1 },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* All at once: those that keep silent take a second or two each. */
static void
every_step_that_fails_has_its_outcome(void **state)
{
	struct smtp_world *worlds = calloc(ROWS, sizeof(*worlds));
	struct mail *m = smtp_world_mail("ada@example.com");
	int64_t begun = clock_mono_ms(&clock_system);
	struct told told[ROWS];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct smtp_world *w = &worlds[i];

		w->rig.starttls = rows[i].session == SESSION_STARTTLS;
		w->rig.tls = rows[i].session == SESSION_TLS;
		w->rig.auth = rows[i].session != SESSION_CLEAR;
		smtp_world_start(w);
		smtp_world_mailer(w);
		smtp_rig_set(&w->rig, rows[i].fault);
		smtp_world_send(w, m, &told[i]);
	}
	for (size_t i = 0; i < ROWS; i++) {
		struct smtp_world *w = &worlds[i];
		const struct row *r = &rows[i];

		smtp_world_wait(w);
		if (told[i].outcome != r->outcome || told[i].code != r->code ||
		    strstr(told[i].reply, r->words) == NULL)
			fail_msg("row %zu: %s %d \"%s\"", i, mail_outcome_name(told[i].outcome),
			    told[i].code, told[i].reply);
		assert_null(strstr(told[i].reply, "t0k3n"));
		assert_null(strstr(told[i].reply, "correct"));
		smtp_world_stop(w);
	}
	assert_in_range(clock_mono_ms(&clock_system) - begun, 0, 60000);
	mail_free(m);
	free(worlds);
}

static void
a_failed_mail_leaves_one_attempt_at_the_server_and_the_next_one_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct smtp_world w = { 0 };
		struct smtp_fault fault = rows[i].fault;
		struct told t;

		if (rows[i].session != SESSION_CLEAR || fault.how == HOW_HANGS ||
		    fault.at == AT_QUIT)
			continue;
		fault.times = 1;
		smtp_world_start(&w);
		smtp_world_mailer(&w);
		smtp_rig_set(&w.rig, fault);
		t = smtp_world_carry(&w, "ada@example.com");
		assert_int_equal(t.outcome, rows[i].outcome);
		assert_int_equal(w.rig.opened, 1);
		assert_int_equal(smtp_rig_count(&w.rig, "(mail)"), rows[i].mails);
		assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
		smtp_world_stop(&w);
	}
}

/* ---- TLS and signing in ---- */

static void
a_server_that_nobody_vouches_for_hears_no_name_and_no_password(void **state)
{
	static const struct {
		bool starttls, right_ca;
		const char *names;
	} table[] = {
		{ true, false, NULL },
		{ false, false, NULL },
		{ true, true, "DNS:elsewhere.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_world w = { .rig = { .starttls = table[i].starttls,
					    .tls = !table[i].starttls,
					    .names = table[i].names,
					    .auth = true } };
		char other[64];
		struct told t;

		smtp_world_start(&w);
		smtp_rig_other_ca(&w.rig, other);
		if (!table[i].right_ca)
			w.conf.ca_file = other;
		smtp_world_mailer(&w);
		t = smtp_world_carry(&w, "ada@example.com");
		assert_int_equal(t.outcome, MAIL_BROKEN);
		assert_non_null(strstr(t.reply, "certificate"));
		assert_int_equal(smtp_rig_count(&w.rig, "AUTH"), 0);
		assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), 0);
		smtp_world_stop(&w);
	}
}

static void
a_ca_file_that_is_missing_is_an_operators_matter(void **state)
{
	struct smtp_world w = { .rig = { .starttls = true } };

	(void)state;
	smtp_world_start(&w);
	w.conf.ca_file = "/nonexistent/ca.pem";
	smtp_world_mailer(&w);
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_BROKEN);
	assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), 0);
	smtp_world_stop(&w);
}

/* libcurl would go on without. */
static void
a_server_that_knows_no_way_to_sign_in_gets_no_mail(void **state)
{
	struct smtp_world w = { .rig = { .starttls = true } };
	struct told t;

	(void)state;
	smtp_world_start(&w);
	w.conf.user = "usherd";
	smtp_world_mailer(&w);
	t = smtp_world_carry(&w, "ada@example.com");
	assert_int_equal(t.outcome, MAIL_BROKEN);
	assert_non_null(strstr(t.reply, "sign in"));
	assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), 0);
	smtp_world_stop(&w);
}

static void
a_wrong_password_is_an_operators_matter(void **state)
{
	struct smtp_world w = { .rig = { .starttls = true, .auth = true } };
	struct told t;

	(void)state;
	smtp_world_start(&w);
	secret_free(w.password);
	w.conf.password = w.password = secret_new("wrong", 5);
	smtp_world_mailer(&w);
	t = smtp_world_carry(&w, "ada@example.com");
	assert_int_equal(t.outcome, MAIL_BROKEN);
	assert_int_equal(t.code, 535);
	assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), 0);
	smtp_world_stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_that_fails_has_its_outcome),
		cmocka_unit_test(
		    a_failed_mail_leaves_one_attempt_at_the_server_and_the_next_one_goes),
		cmocka_unit_test(a_server_that_nobody_vouches_for_hears_no_name_and_no_password),
		cmocka_unit_test(a_ca_file_that_is_missing_is_an_operators_matter),
		cmocka_unit_test(a_server_that_knows_no_way_to_sign_in_gets_no_mail),
		cmocka_unit_test(a_wrong_password_is_an_operators_matter),
	};

	return cmocka_run_group_tests_name("mail_smtp_faults", tests, NULL, NULL);
}
