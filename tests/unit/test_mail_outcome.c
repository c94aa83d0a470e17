/* From what was said to what became of the mail, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "mail/mail_smtp_private.h"

/* "> COMMAND" and "< ANSWER", each ending in \n. */
static struct smtp_dialogue
dialogue_of(const char *script)
{
	struct smtp_dialogue d;

	memset(&d, 0, sizeof(d));
	smtp_dialogue_connect(&d);
	while (*script != '\0') {
		size_t len = strcspn(script, "\n");
		char line[1200];

		assert_in_range(len, 2, sizeof(line) - 2);
		memcpy(line, script + 2, len - 2);
		memcpy(line + len - 2, "\r\n", 3);
		if (*script == '>')
			smtp_dialogue_sent(&d, line, len);
		else
			smtp_dialogue_received(&d, line, len);
		script += len + 1;
	}
	return d;
}

#define HELLO "< 220 hi\n> EHLO us\n< 250-rig\n< 250-SMTPUTF8\n< 250 SIZE\n"
#define TLS   HELLO "> STARTTLS\n< 220 go\n"
#define AUTH  TLS "> EHLO us\n< 250 rig\n> AUTH PLAIN c2VjcmV0\n"
#define MAIL  HELLO "> MAIL FROM:<a@b>\n"
#define RCPT  MAIL "< 250 fine\n> RCPT TO:<c@d>\n"
#define DATA  RCPT "< 250 fine\n> DATA\n"
#define BODY  DATA "< 354 go on\n"

static void
what_was_said_decides_what_became_of_the_mail(void **state)
{
	static const struct {
		const char *script;
		CURLcode code;
		enum mail_outcome outcome;
	} table[] = {
		{ "", CURLE_COULDNT_RESOLVE_HOST, MAIL_AWAY },
		{ "", CURLE_COULDNT_CONNECT, MAIL_AWAY },
		{ "", CURLE_OPERATION_TIMEDOUT, MAIL_AWAY },
		{ "", CURLE_RECV_ERROR, MAIL_AWAY },
		{ "", CURLE_SSL_CONNECT_ERROR, MAIL_BROKEN },
		{ "", CURLE_PEER_FAILED_VERIFICATION, MAIL_BROKEN },
		{ "", CURLE_SSL_CACERT_BADFILE, MAIL_BROKEN },
		{ "", CURLE_URL_MALFORMAT, MAIL_BROKEN },
		{ "", CURLE_OK, MAIL_BROKEN }, /* a success that nobody spoke of is none */
		{ "< 421 no\n", CURLE_WEIRD_SERVER_REPLY, MAIL_AWAY },
		{ "< 554 no\n", CURLE_WEIRD_SERVER_REPLY, MAIL_BROKEN },
		{ HELLO, CURLE_USE_SSL_FAILED, MAIL_BROKEN },
		{ HELLO "> STARTTLS\n< 454 no\n", CURLE_USE_SSL_FAILED, MAIL_AWAY },
		{ HELLO "> STARTTLS\n< 554 no\n", CURLE_USE_SSL_FAILED, MAIL_BROKEN },
		{ TLS, CURLE_SSL_CONNECT_ERROR, MAIL_BROKEN },
		{ TLS, CURLE_OPERATION_TIMEDOUT, MAIL_AWAY },
		{ AUTH "< 535 no\n", CURLE_LOGIN_DENIED, MAIL_BROKEN },
		{ AUTH "< 454 no\n", CURLE_LOGIN_DENIED, MAIL_AWAY },
		{ AUTH "< 334 \n", CURLE_LOGIN_DENIED, MAIL_BROKEN },
		{ AUTH "< 334 \n", CURLE_RECV_ERROR, MAIL_AWAY },
		{ HELLO "> VRFY a\n< 250 a\n", CURLE_OK, MAIL_BROKEN },
		{ MAIL "< 550 no\n", CURLE_SEND_ERROR, MAIL_BROKEN },
		{ MAIL "< 450 no\n", CURLE_SEND_ERROR, MAIL_AWAY },
		{ MAIL "< 452 no\n", CURLE_SEND_ERROR, MAIL_AWAY },
		{ MAIL "< 421 no\n", CURLE_SEND_ERROR, MAIL_AWAY },
		{ MAIL "< 552 no\n", CURLE_SEND_ERROR, MAIL_BROKEN },
		{ MAIL, CURLE_RECV_ERROR, MAIL_AWAY },
		{ MAIL, CURLE_ABORTED_BY_CALLBACK, MAIL_AWAY },
		{ RCPT "< 550 no\n", CURLE_SEND_ERROR, MAIL_REFUSED },
		{ RCPT "< 450 no\n", CURLE_SEND_ERROR, MAIL_DEFERRED },
		{ RCPT "< 421 no\n", CURLE_SEND_ERROR, MAIL_DEFERRED },
		{ RCPT "< 535 no\n", CURLE_SEND_ERROR, MAIL_BROKEN },
		{ RCPT, CURLE_OPERATION_TIMEDOUT, MAIL_DEFERRED },
		{ DATA "< 554 no\n", CURLE_SEND_ERROR, MAIL_REFUSED },
		{ DATA "< 451 no\n", CURLE_SEND_ERROR, MAIL_DEFERRED },
		{ DATA, CURLE_RECV_ERROR, MAIL_DEFERRED },
		{ DATA, CURLE_OK, MAIL_DEFERRED },
		{ BODY, CURLE_RECV_ERROR, MAIL_UNKNOWN },
		{ BODY, CURLE_OPERATION_TIMEDOUT, MAIL_UNKNOWN },
		{ BODY, CURLE_SEND_ERROR, MAIL_UNKNOWN },
		{ BODY, CURLE_ABORTED_BY_CALLBACK, MAIL_UNKNOWN },
		{ BODY, CURLE_OK, MAIL_UNKNOWN },
		{ BODY "< 250-half\n", CURLE_RECV_ERROR, MAIL_UNKNOWN },
		{ BODY "< 354 again\n", CURLE_WEIRD_SERVER_REPLY, MAIL_UNKNOWN },
		{ BODY "< nonsense\n", CURLE_RECV_ERROR, MAIL_UNKNOWN },
		{ BODY "< 250 ok\n", CURLE_OK, MAIL_SENT },
		{ BODY "< 250 ok\n", CURLE_RECV_ERROR, MAIL_SENT },
		{ BODY "< 202 ok\n", CURLE_WEIRD_SERVER_REPLY, MAIL_SENT },
		{ BODY "< 451 no\n", CURLE_WEIRD_SERVER_REPLY, MAIL_DEFERRED },
		{ BODY "< 554 no\n", CURLE_WEIRD_SERVER_REPLY, MAIL_REFUSED },
		/* What comes after QUIT is about nothing. */
		{ BODY "< 554 no\n> QUIT\n< 221 bye\n", CURLE_WEIRD_SERVER_REPLY, MAIL_REFUSED },
		{ BODY "> QUIT\n< 250 ok\n", CURLE_OPERATION_TIMEDOUT, MAIL_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_dialogue d = dialogue_of(table[i].script);

		if (smtp_outcome(&d, table[i].code) != table[i].outcome)
			fail_msg(
			    "row %zu: %s", i, mail_outcome_name(smtp_outcome(&d, table[i].code)));
	}
}

static void
an_offer_is_a_line_of_the_last_ehlo(void **state)
{
	static const struct {
		const char *script;
		bool offered;
	} table[] = {
		{ HELLO, true },
		{ "> EHLO us\n< 250-rig\n< 250 smtputf8 x\n", true },
		{ "> EHLO us\n< 250-SMTPUTF8 is my name\n< 250 SIZE\n", false },
		{ "> EHLO us\n< 250 SMTPUTF8\n", false },
		{ "> EHLO us\n< 250-rig\n< 250 SMTPUTF8X\n", false },
		{ "> EHLO us\n< 250-rig\n< 250 SMTPUTF\n", false },
		/* Anybody can say something in clear text. */
		{ TLS "> EHLO us\n< 250-rig\n< 250 SIZE\n", false },
		{ TLS "> EHLO us\n< 250-rig\n< 250 SMTPUTF8\n", true },
		{ HELLO "> MAIL FROM:<a@b>\n< 250-a\n< 250 b\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (dialogue_of(table[i].script).offers_utf8 != table[i].offered)
			fail_msg("row %zu", i);
}

static void
a_connection_is_stale_only_before_anything_was_agreed(void **state)
{
	static const struct {
		const char *script;
		CURLcode code;
		bool stale;
	} table[] = {
		{ "", CURLE_SEND_ERROR, true },
		{ "> MAIL FROM:<a@b>\n", CURLE_RECV_ERROR, true },
		{ "> MAIL FROM:<a@b>\n< 421 idle\n", CURLE_SEND_ERROR, true },
		{ "> MAIL FROM:<a@b>\n< 451 no\n", CURLE_SEND_ERROR, false },
		{ "> MAIL FROM:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n", CURLE_RECV_ERROR, false },
		{ BODY, CURLE_RECV_ERROR, false },
		{ BODY "< 250 ok\n", CURLE_OK, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct smtp_dialogue d = dialogue_of(table[i].script);

		assert_int_equal(smtp_was_stale(&d, table[i].code), table[i].stale);
	}
}

static void
answers_of_many_lines_become_one(void **state)
{
	struct smtp_dialogue d = dialogue_of(RCPT "< 550-5.1.1 nobody\n< 550-\n< 550 here\n");
	char line[1100] = "250-";

	(void)state;
	assert_int_equal(d.code, 550);
	assert_string_equal(d.reply, "5.1.1 nobody here");
	d = dialogue_of(BODY);
	memset(line + 4, 'x', sizeof(line) - 4);
	for (size_t i = 0; i < 10; i++)
		smtp_dialogue_received(&d, line, sizeof(line));
	assert_int_equal(d.code, 0);
	smtp_dialogue_received(&d, "250 a\0b\r\n", 9);
	assert_int_equal(d.code, 250);
	assert_int_equal(strlen(d.reply), MAIL_REPLY_SIZE - 1);
	d = dialogue_of(BODY);
	smtp_dialogue_received(&d, "250 a\0b\r\n", 9);
	assert_string_equal(d.reply, "a?b");
}

/* A secret is never a command, whatever it looks like, and is never kept. */
static void
the_lines_of_a_login_are_not_looked_at(void **state)
{
	struct smtp_dialogue d = dialogue_of(TLS "> EHLO us\n< 250-rig\n< 250-SMTPUTF8\n< 250 AUTH "
						 "LOGIN\n> AUTH LOGIN\n< 334 VXNlcg==\n> TUFJTA==\n"
						 "< 334 UGFzcw==\n> c2VjcmV0\n");

	(void)state;
	assert_int_equal(d.phase, SMTP_AUTH);
	assert_false(d.authenticated);
	assert_null(strstr(d.reply, "c2VjcmV0"));
	smtp_dialogue_received(&d, "235 welcome\r\n", 13);
	assert_true(d.authenticated);
	smtp_dialogue_begin(&d); /* the next mail on the same connection */
	assert_true(d.authenticated && d.offers_utf8);
	smtp_dialogue_connect(&d);
	assert_false(d.authenticated || d.offers_utf8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_decides_what_became_of_the_mail),
		cmocka_unit_test(an_offer_is_a_line_of_the_last_ehlo),
		cmocka_unit_test(a_connection_is_stale_only_before_anything_was_agreed),
		cmocka_unit_test(answers_of_many_lines_become_one),
		cmocka_unit_test(the_lines_of_a_login_are_not_looked_at),
	};

	return cmocka_run_group_tests_name("mail_outcome", tests, NULL, NULL);
}
