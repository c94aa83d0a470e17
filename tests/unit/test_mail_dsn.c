/* Reports as mail systems really send them, and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/id.h"
#include "mail/mail.h"

#define ID    "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b"
#define ITEM  "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1c"
#define TAG   "wlp6onlukfk6za3p" /* of OURS, by sender.verp_key */
#define OURS  "<" ID "." ITEM ".1." TAG "@join.example>"
#define ITEMS "<" ID "." ITEM ".kqodlnjtxfggjdoz@join.example>"

#define TOP                                                                                        \
	"From: MAILER-DAEMON@mx.example (Mail Delivery System)\n"                                  \
	"Subject: Undelivered Mail Returned to Sender\n"                                           \
	"Content-Type: multipart/report; report-type=delivery-status;\n"                           \
	"\tboundary=\"A.B/C\"\n"                                                                   \
	"\n"                                                                                       \
	"This is a MIME-encapsulated message.\n"                                                   \
	"\n"                                                                                       \
	"--A.B/C\n"                                                                                \
	"Content-Type: text/plain; charset=us-ascii\n"                                             \
	"\n"                                                                                       \
	"I'm sorry to have to inform you.\n"                                                       \
	"\n"
#define STATUS(fields)                                                                             \
	"--A.B/C\n"                                                                                \
	"Content-Description: Delivery report\n"                                                   \
	"Content-Type: message/delivery-status\n"                                                  \
	"\n"                                                                                       \
	"Reporting-MTA: dns; mx.example\n"                                                         \
	"X-Postfix-Queue-ID: 4F0B\n"                                                               \
	"Arrival-Date: Fri, 27 Nov 2026 17:20:00 +0000 (UTC)\n"                                    \
	"\n" fields "\n"
#define FAILED                                                                                     \
	"Final-Recipient: rfc822; ada@home.example\n"                                              \
	"Original-Recipient: rfc822;ada@home.example\n"                                            \
	"Action: failed\n"                                                                         \
	"Status: 5.1.1\n"                                                                          \
	"Remote-MTA: dns; home.example\n"                                                          \
	"Diagnostic-Code: smtp; 550 5.1.1 <ada@home.example>: Recipient address\n"                 \
	"    rejected: User unknown\n"
#define DELAYED                                                                                    \
	"Final-Recipient: rfc822; bob@home.example\n"                                              \
	"Action: delayed\n"                                                                        \
	"Status: 4.4.1\n"                                                                          \
	"Diagnostic-Code: X-Postfix; connect to home.example: timed out\n"
#define DELIVERED                                                                                  \
	"Final-Recipient: rfc822; eve@home.example\n"                                              \
	"Action: delivered (to mailing list)\n"                                                    \
	"Status: 2.0.0\n"
#define RETURNED(type, fields)                                                                     \
	"--A.B/C\n"                                                                                \
	"Content-Type: " type "\n"                                                                 \
	"\n" fields "\n"                                                                           \
	"--A.B/C--\n"
#define MAIL_HEAD                                                                                  \
	"Return-Path: <bounces@join.example>\n"                                                    \
	"Subject: An invitation\n"                                                                 \
	"Message-ID:\n"                                                                            \
	" " OURS "\n"
#define BEGUN  "<019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b."
#define NESTED "--A.B/C\nContent-Type: multipart/mixed; boundary=A.B/C\n\n"
#define WORDS  "550 5.1.1 <ada@home.example>: Recipient address rejected: User unknown"

static struct mail_sender sender = { .from = "invitations@join.example",
	.bounces = "bounces@join.example",
	.id_domain = "join.example" };
static const char *verp; /* of ID */
static struct arena *arena;

/* Of a copy of its own, so that reading behind the end is noticed. */
static enum err
parse_bytes(
    struct mail_dsn *out, const char *text, size_t len, const char *recipient, struct fault *f)
{
	char *copy = malloc(len > 0 ? len : 1);
	enum err code;

	memcpy(copy, text, len);
	code = mail_dsn_parse(out, &sender, copy, len, recipient, arena, f);
	free(copy);
	return code;
}

static enum err
parse(struct mail_dsn *out, const char *text, const char *recipient, struct fault *f)
{
	return parse_bytes(out, text, strlen(text), recipient, f);
}

/* "%" in a text stands for the return path. */
static char *
with_verp(const char *text)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (; *text != '\0'; text++)
		if (*text == '%')
			buf_add_string(&b, verp);
		else
			buf_add_char(&b, *text);
	return b.data;
}

static char *
with_crlf(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1), *to = out;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			*to++ = '\r';
		*to++ = *text;
	}
	*to = '\0';
	return out;
}

struct row {
	const char *text, *recipient;
	enum mail_dsn_action action;
	const char *status, *diagnostic;
};

static void
assert_row(const struct row *row, const char *text)
{
	struct mail_dsn dsn;
	struct fault f = { .text = "" };

	if (parse(&dsn, text, row->recipient, &f) != ERR_OK)
		fail_msg("%s: %s", f.text, text);
	assert_string_equal(dsn.invitation, ID);
	assert_int_equal(dsn.action, row->action);
	assert_string_equal(dsn.status != NULL ? dsn.status : "-", row->status);
	assert_string_equal(dsn.diagnostic != NULL ? dsn.diagnostic : "-", row->diagnostic);
}

static void
reports_are_read_and_lead_to_their_invitation(void **state)
{
	const struct row rows[] = {
		{ TOP STATUS(FAILED) RETURNED("message/rfc822", MAIL_HEAD "\nHello\n"), NULL,
		    MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ TOP STATUS(FAILED) RETURNED("text/rfc822-headers", MAIL_HEAD), NULL,
		    MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ TOP STATUS(FAILED) "--A.B/C--\n", verp, MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ "Delivered-To: %\n" TOP STATUS(FAILED), NULL, MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ "To: Somebody <%>, x\n" TOP STATUS(FAILED), NULL, MAIL_DSN_FAILED, "5.1.1",
		    WORDS },
		{ "References: <a@b>\n " OURS "\n" TOP STATUS(FAILED), NULL, MAIL_DSN_FAILED,
		    "5.1.1", WORDS },
		{ "References: <a@b>\n " ITEMS "\n" TOP STATUS(FAILED), NULL, MAIL_DSN_FAILED,
		    "5.1.1", WORDS },
		{ "From bounce Fri Nov 27 17:20:00 2026\nTo: %\n" TOP STATUS(FAILED), NULL,
		    MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ TOP STATUS(FAILED) RETURNED("message/rfc822", "Return-Path: <%>\n\n"), NULL,
		    MAIL_DSN_FAILED, "5.1.1", WORDS },
		/* The worst of several recipients, wherever it stands. */
		{ TOP STATUS(DELIVERED "\n" DELAYED "\n" FAILED), verp, MAIL_DSN_FAILED, "5.1.1",
		    WORDS },
		{ TOP STATUS(FAILED "\n" DELAYED), verp, MAIL_DSN_FAILED, "5.1.1", WORDS },
		{ TOP STATUS(DELIVERED "\n\n\n" DELAYED), verp, MAIL_DSN_DELAYED, "4.4.1",
		    "connect to home.example: timed out" },
		{ TOP STATUS(DELIVERED), verp, MAIL_DSN_OTHER, "2.0.0", "-" },
		{ TOP STATUS("Final-Recipient: rfc822;a@b\nAction: relayed\n"), verp,
		    MAIL_DSN_OTHER, "-", "-" },
		/* What is missing is guessed from the rest. */
		{ TOP STATUS("Status: 5.2.2 (mailbox full)\n"), verp, MAIL_DSN_FAILED, "5.2.2",
		    "-" },
		{ TOP STATUS("Status: 4.2.2\n"), verp, MAIL_DSN_DELAYED, "4.2.2", "-" },
		{ TOP STATUS("ACTION : FAILED\nStatus: 5.x\nDiagnostic-Code: no type\n"), verp,
		    MAIL_DSN_FAILED, "-", "no type" },
		{ TOP STATUS("Action: failed\nDiagnostic-Code: smtp; a\tb \x01\x7f\xff c\n"), verp,
		    MAIL_DSN_FAILED, "-", "a b ? c" },
		/* No empty line between the mail's fields and the recipient's. */
		{ TOP "--A.B/C\nContent-Type: message/delivery-status\n\n"
		      "Reporting-MTA: dns; a\n" FAILED,
		    verp, MAIL_DSN_FAILED, "5.1.1", WORDS },
		/* In UTF-8 (RFC 6533), in base64, quoted. */
		{ TOP "--A.B/C\nContent-Type: message/global-delivery-status; charset=utf-8\n\n"
		      "Reporting-MTA: dns; a\n\nAction: failed\n"
		      "Diagnostic-Code: smtp; ung\xc3\xbcltig\n",
		    verp, MAIL_DSN_FAILED, "-", "ung\xc3\xbcltig" },
		{ TOP
		    "--A.B/C\nContent-Type: message/delivery-status\n"
		    "Content-Transfer-Encoding: base64\n\n"
		    "UmVwb3J0aW5nLU1UQTogZG5zOyBhCgpBY3Rpb246IGZh\naWxlZApTdGF0dXM6IDUuMS4xCg==\n",
		    verp, MAIL_DSN_FAILED, "5.1.1", "-" },
		{ TOP "--A.B/C\nContent-Type: message/delivery-status\n"
		      "Content-Transfer-Encoding: Quoted-Printable\n\n"
		      "Reporting-MTA: dns; a\n\nAction: fai=\nled\nStatus=3A 5.1.1\n",
		    verp, MAIL_DSN_FAILED, "5.1.1", "-" },
		/* A list server wraps the report. */
		{ "Content-Type: multipart/mixed; boundary=outer\n\n--outer\n" TOP STATUS(FAILED)
			RETURNED("message/rfc822", MAIL_HEAD) "--outer\n\nfooter\n--outer--\n",
		    NULL, MAIL_DSN_FAILED, "5.1.1", WORDS },
		/* Exchange: no quotes, a comment in the status part's type, ids of its own. */
		{ "In-Reply-To: " OURS "\nContent-Type: multipart/report;boundary=A.B/C;"
		  "report-type=delivery-status\n\n" STATUS(FAILED),
		    NULL, MAIL_DSN_FAILED, "5.1.1", WORDS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *lf = with_verp(rows[i].text), *crlf = with_crlf(lf);

		assert_row(&rows[i], lf);
		assert_row(&rows[i], crlf);
		free(lf);
		free(crlf);
	}
}

/* Names of files, text in other scripts: whatever stands in front of the boundary. */
static void
a_long_parameter_hides_none_that_follows(void **state)
{
	struct mail_dsn dsn;
	struct fault f;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	buf_add_string(&b, "Content-Type: multipart/report; x-note=\"");
	for (int i = 0; i < 300; i++)
		buf_add_string(&b, i % 10 != 0 ? "n" : "\\\";");
	buf_add_string(&b, "\"; x-token=");
	for (int i = 0; i < 300; i++)
		buf_add_char(&b, 't');
	buf_add_string(&b, ";\n boundary=A.B/C\n\n" STATUS(FAILED));
	if (parse(&dsn, b.data, verp, &f) != ERR_OK)
		fail_msg("%s", f.text);
	assert_string_equal(dsn.status, "5.1.1");
	buf_release(&b);
}

static void
what_is_no_report_is_refused_with_what_is_missing(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "no multipart/report" },
		{ "\n", "no multipart/report" },
		{ "Subject: Out of office\n\nI am away.\n", "no multipart/report" },
		{ "Content-Type: text/plain\n\nmultipart/report", "no multipart/report" },
		{ "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nHi\n--a--\n",
		    "no part message/delivery-status" },
		{ "Content-Type: multipart/report\n\nno boundary", "no part" },
		{ "Content-Type: multipart/report; boundary=\"\"\n\n--\n", "no part" },
		{ TOP, "no part message/delivery-status" },
		{ TOP "--A.B/C\nContent-Type: message/disposition-notification\n\nFinal-Recipient: "
		      "rfc822;a@b\n",
		    "no part message/delivery-status" },
		{ TOP STATUS(""), "any recipient" },
		{ TOP "--A.B/C\nContent-Type: message/delivery-status\n\n\n\n", "any recipient" },
		{ TOP "--A.B/C\nContent-Type: message/delivery-status\n\nAction failed\n",
		    "any recipient" },
		/* A boundary that only begins like ours, a report inside a returned mail. */
		{ TOP "--A.B/CD\nContent-Type: message/delivery-status\n\n" FAILED,
		    "no part message/delivery-status" },
		{ "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
		  "message/rfc822\n\n" TOP STATUS(FAILED),
		    "no part message/delivery-status" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail_dsn dsn;
		struct fault f;

		assert_int_equal(parse(&dsn, rows[i].text, verp, &f), ERR_INVALID);
		if (strstr(f.text, rows[i].expected) == NULL)
			fail_msg("%s, not %s", f.text, rows[i].expected);
	}
}

static void
a_report_about_somebody_elses_mail_is_nobodys(void **state)
{
	static const char *const returned[] = {
		"Message-ID: <a@join.example>\n",
		"Message-ID: <" ID "@join.example>\n",
		"Message-ID: <" ID "." ITEM ".1." TAG "@evil.example>\n",
		"Message-ID: <" ID "." ITEM ".1." TAG "@join.example.evil>\n",
		"Message-ID: <" ID "." ITEM "." TAG "@join.example>\n",
		"Message-ID: <" ID "." ITEM ".1." TAG "x@join.example>\n",
		"Message-ID: <" ID "." ITEM ".1.@join.example>\n",
		"Message-ID: <" ID "." ITEM ".1.aaaaaaaaaaaaaaaa@join.example>\n",
		/* Who knows an invitation's id makes up the rest, or takes it from another. */
		"Message-ID: <" ID "." ITEM ".1@join.example>\n",
		"References: <" ID "." ITEM "@join.example>\n",
		"Message-ID: <" ID "." ID ".1@join.example>\n",
		"Message-ID: <" ID "." ID ".1." TAG "@join.example>\n",
		"Message-ID: <" ID "." ITEM ".2." TAG "@join.example>\n",
		"Message-ID: <" ITEM "." ITEM ".1." TAG "@join.example>\n",
		"Message-ID: <." TAG "@join.example>\n",
		"Message-ID: <" TAG "@join.example>\n",
		"Message-ID: <" ITEM ".1@join.example>\n", /* a notice to an inviter */
		"Message-ID: " ID "." ITEM ".1." TAG "@join.example\n",
		("Message-ID: <019AA0B1-2C3D-7E4F-8A5B-6C7D8E9F0A1B." ITEM ".1." TAG
		 "@join.example>\n"),
		"Subject: " OURS "\n",
		"Return-Path: <bounces@join.example>\n",
		("Return-Path: "
		 "<bounces+b-aaaaaaaaaaaaaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaa@join.example>\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(returned) / sizeof(returned[0]); i++) {
		struct mail_dsn dsn;
		struct fault f;
		struct buf b;

		buf_init(&b, 1 << 16);
		buf_printf(&b, "%s", TOP STATUS(FAILED));
		buf_printf(
		    &b, "--A.B/C\nContent-Type: message/rfc822\n\n%s\n--A.B/C--\n", returned[i]);
		if (parse(&dsn, b.data, "bounces@join.example", &f) != ERR_NOT_FOUND)
			fail_msg("taken: %s", returned[i]);
		buf_release(&b);
	}
}

/* What only we can make counts more than what the recipient could copy. */
static void
the_return_path_counts_more_than_the_message_id(void **state)
{
	char *text = with_verp("To: %\n" TOP STATUS(FAILED) RETURNED(
	    "message/rfc822", "Message-ID: <" ITEM "." ITEM ".1.qb53o4co2pqz3k55@join.example>\n"));
	struct mail_dsn dsn;

	(void)state;
	assert_int_equal(parse(&dsn, text, NULL, NULL), ERR_OK);
	assert_string_equal(dsn.invitation, ID);
	free(text);
}

/* An address may be replaced before the report about the old one comes. */
static void
the_return_path_tells_whom_the_mail_was_to(void **state)
{
	struct mail_dsn dsn;

	(void)state;
	assert_int_equal(parse(&dsn, TOP STATUS(FAILED), verp, NULL), ERR_OK);
	assert_true(dsn.knows_recipient);
	assert_int_equal(dsn.to_recipient, mail_verp_recipient(&sender, "Ada@HOME.example"));
	assert_int_not_equal(dsn.to_recipient, mail_verp_recipient(&sender, "bob@home.example"));
	assert_int_equal(
	    parse(&dsn, TOP STATUS(FAILED) RETURNED("message/rfc822", MAIL_HEAD), NULL, NULL),
	    ERR_OK);
	assert_false(dsn.knows_recipient);
	assert_null(dsn.to);
}

static void
the_mail_that_is_returned_tells_it_as_well(void **state)
{
	static const struct {
		const char *header, *expected;
	} rows[] = {
		{ "To: ada@home.example\n", "ada@home.example" },
		{ "To: \"Ada <L>\"\n <ada@home.example>\n", "ada@home.example" },
		{ "To: =?utf-8?B?QWRh?= <ada@home.example>\nTo: x\n", "ada@home.example" },
		{ "To: <ada\n", NULL },
		{ "To: >ada<\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail_dsn dsn;
		struct buf b;

		buf_init(&b, 1 << 16);
		buf_printf(&b, "%s--A.B/C\nContent-Type: message/rfc822\n\n%s" MAIL_HEAD "\n",
		    TOP STATUS(FAILED), rows[i].header);
		assert_int_equal(parse(&dsn, b.data, NULL, NULL), ERR_OK);
		if (rows[i].expected == NULL)
			assert_null(dsn.to);
		else
			assert_string_equal(dsn.to, rows[i].expected);
		buf_release(&b);
	}
}

/* Cut anywhere, a report is refused or says the same. */
static void
a_report_that_was_cut_is_no_other(void **state)
{
	static const char whole[] =
	    TOP STATUS(FAILED) RETURNED("message/rfc822", MAIL_HEAD "\nHello\n");

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *cut = strndup(whole, len);
		struct mail_dsn dsn;

		if (parse(&dsn, cut, NULL, NULL) == ERR_OK) {
			assert_int_equal(dsn.action, MAIL_DSN_FAILED);
			assert_string_equal(dsn.invitation, ID);
		}
		free(cut);
	}
}

/* Nested, endless, and with more parts than anybody has: read in a moment. */
static void
hostile_reports_take_no_time(void **state)
{
	static const char *const pieces[] = { "--A.B/C\n", NESTED, "a: b\n", " \n", "\n",
		"Action: failed\n", "Action: failed\n\n", "<", BEGUN, "=", "To: ,,,,,\n", "\xff",
		"Message-ID: " };
	struct mail_dsn dsn;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct buf b;

		buf_init(&b, 2 << 20);
		buf_add_string(&b, TOP STATUS(FAILED));
		while (b.len + strlen(pieces[i]) < 1 << 20)
			buf_add_string(&b, pieces[i]);
		parse(&dsn, b.data, verp, NULL);
		buf_reset(&b);
		while (b.len + strlen(pieces[i]) < 1 << 20)
			buf_add_string(&b, pieces[i]);
		parse(&dsn, b.data, verp, NULL);
		buf_release(&b);
	}
}

static void
a_long_diagnostic_is_cut_between_characters(void **state)
{
	struct mail_dsn dsn;
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	buf_add_string(&b, TOP "--A.B/C\nContent-Type: message/delivery-status\n\nAction: failed\n"
			       "Diagnostic-Code: smtp; x");
	for (int i = 0; i < 5000; i++)
		buf_add_string(&b, "\xc3\xa9");
	assert_int_equal(parse(&dsn, b.data, verp, NULL), ERR_OK);
	assert_int_equal(strlen(dsn.diagnostic), MAIL_REPLY_SIZE - 1);
	assert_string_equal(dsn.diagnostic + MAIL_REPLY_SIZE - 3, "\xc3\xa9");
	buf_release(&b);
}

static int
set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return 1;
	arena = arena_new(0);
	memset(sender.verp_key, 7, sizeof(sender.verp_key));
	verp = mail_verp_address(arena, &sender, ID, "ada@home.example");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_are_read_and_lead_to_their_invitation),
		cmocka_unit_test(a_long_parameter_hides_none_that_follows),
		cmocka_unit_test(what_is_no_report_is_refused_with_what_is_missing),
		cmocka_unit_test(a_report_about_somebody_elses_mail_is_nobodys),
		cmocka_unit_test(the_return_path_counts_more_than_the_message_id),
		cmocka_unit_test(the_return_path_tells_whom_the_mail_was_to),
		cmocka_unit_test(the_mail_that_is_returned_tells_it_as_well),
		cmocka_unit_test(a_report_that_was_cut_is_no_other),
		cmocka_unit_test(hostile_reports_take_no_time),
		cmocka_unit_test(a_long_diagnostic_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
