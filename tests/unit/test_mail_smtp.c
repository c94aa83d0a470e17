/* Mails to a server that behaves: what it is told, over how many connections, and what never
 * leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "smtp_rig.h"

static void
a_mail_arrives_as_it_was_written(void **state)
{
	struct smtp_world w = { 0 };
	struct mail *m = smtp_world_mail("ada@example.com");
	const char *parts;
	struct secret *text;
	struct fault f;
	struct told t;

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	t = smtp_world_carry(&w, "ada@example.com");
	assert_int_equal(t.outcome, MAIL_SENT);
	assert_int_equal(t.code, 250);
	assert_string_equal(t.reply, "2.0.0 queued as 17");
	assert_non_null(strstr(
	    w.rig.transcript.data, "EHLO tests.example\nMAIL FROM:<usherd+b-1@example.org> SIZE="));
	assert_non_null(
	    strstr(w.rig.transcript.data, "\nRCPT TO:<ada@example.com>\nDATA\n(mail)\n"));
	/* The same but for the boundary, which is another one each time. */
	text = mail_text(m, &f);
	assert_int_equal(w.rig.body.len, secret_len(text));
	parts = strstr(secret_bytes(text), "boundary=");
	assert_memory_equal(w.rig.body.data, secret_bytes(text), parts - secret_bytes(text));
	assert_non_null(strstr(w.rig.body.data, "\r\n.\r\n..\r\nhttps://a.example/i/t0k3n\r\n"));
	secret_free(text);
	mail_free(m);
	smtp_world_stop(&w);
}

static void
a_connection_is_used_again_and_left_with_quit(void **state)
{
	struct smtp_world w = { .rig = { .starttls = true, .auth = true } };

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	for (int i = 0; i < 5; i++)
		assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	assert_int_equal(w.rig.opened, 1);
	assert_int_equal(smtp_rig_count(&w.rig, "STARTTLS"), 1);
	assert_int_equal(smtp_rig_count(&w.rig, "AUTH"), 1);
	assert_int_equal(smtp_rig_count(&w.rig, "MAIL FROM:"), 5);
	mailer_free(w.mailer);
	w.mailer = NULL;
	smtp_rig_wait_open(&w.rig, 0);
	assert_int_equal(smtp_rig_count(&w.rig, "QUIT"), 1);
	smtp_world_stop(&w);
}

static void
connections_are_bounded_and_all_used(void **state)
{
	struct smtp_world w = { 0 };
	struct mail *m = smtp_world_mail("ada@example.com");
	struct told told[40];

	(void)state;
	smtp_world_start(&w);
	w.conf.connections = 4;
	w.conf.reply_ms = 5000;
	smtp_world_mailer(&w);
	smtp_rig_set(&w.rig, (struct smtp_fault){ AT_END, HOW_TRICKLES, NULL, 4 });
	for (size_t i = 0; i < 40; i++)
		smtp_world_send(&w, m, &told[i]);
	smtp_world_wait(&w);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(told[i].outcome, MAIL_SENT);
	assert_int_equal(w.rig.opened, 4);
	assert_int_equal(w.rig.mails, 40);
	mail_free(m);
	smtp_world_stop(&w);
}

static void
tls_may_come_first(void **state)
{
	struct smtp_world w = { .rig = { .tls = true, .auth = true } };

	(void)state;
	smtp_world_start(&w);
	w.conf.host = "localhost";
	smtp_world_mailer(&w);
	assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
	assert_int_equal(smtp_rig_count(&w.rig, "STARTTLS"), 0);
	smtp_world_stop(&w);
}

/* A password in the clear is a mistake of the configuration, and so is half of a login. */
static void
what_cannot_be_right_is_found_when_the_mailer_is_made(void **state)
{
	struct smtp_world w = { 0 };
	struct fault f;

	(void)state;
	smtp_world_start(&w);
	w.conf.user = "usherd";
	assert_int_equal(mail_smtp_new(&w.mailer, &w.conf, &f), ERR_MISCONFIGURED);
	w.conf.tls = MAIL_STARTTLS;
	w.conf.password = NULL;
	assert_int_equal(mail_smtp_new(&w.mailer, &w.conf, &f), ERR_MISCONFIGURED);
	w.conf.user = NULL;
	w.conf.host = "mail server";
	assert_int_equal(mail_smtp_new(&w.mailer, &w.conf, &f), ERR_MISCONFIGURED);
	w.conf.host = "mail.example";
	w.conf.port = 70000;
	assert_int_equal(mail_smtp_new(&w.mailer, &w.conf, &f), ERR_MISCONFIGURED);
	w.conf.port = 25;
	w.conf.host = "::1";
	assert_int_equal(mail_smtp_new(&w.mailer, &w.conf, &f), ERR_OK);
	smtp_world_stop(&w);
}

/* ---- addresses beyond ASCII ---- */

static void
an_address_that_is_not_ascii_needs_a_server_that_takes_it(void **state)
{
	(void)state;
	for (int utf8 = 0; utf8 <= 1; utf8++) {
		struct smtp_world w = { .rig = { .utf8 = utf8 } };
		struct told t;

		smtp_world_start(&w);
		smtp_world_mailer(&w);
		t = smtp_world_carry(&w, "j\xc3\xb6rg@example.com");
		assert_int_equal(t.outcome, utf8 ? MAIL_SENT : MAIL_REFUSED);
		assert_int_equal(smtp_rig_count(&w.rig, "RCPT TO:<j\xc3\xb6rg@example.com>"), utf8);
		assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), utf8);
		if (utf8)
			assert_non_null(strstr(w.rig.transcript.data, " SMTPUTF8\n"));
		else
			assert_non_null(strstr(t.reply, "SMTPUTF8"));
		/* The next one is not hindered. */
		assert_int_equal(smtp_world_carry(&w, "ada@example.com").outcome, MAIL_SENT);
		smtp_world_stop(&w);
	}
}

/* ---- nothing but one MAIL, one RCPT, one DATA ---- */

#define LONG64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

static const char *const hostile[] = {
	"eve@example.com\r\nRCPT TO:<mallory@example.com>",
	"eve@example.com>\r\nDATA\r\n.\r\nMAIL FROM:<x@example.com",
	"eve@example.com\nBcc: mallory@example.com",
	"eve@example.com\r.\r",
	"\r\n.\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<mallory@example.com>\r\nDATA\r\n",
	"\n.\nQUIT\n",
	"\x01\x02\x7f",
	"\xff\xfe\xc3",
	"<mallory@example.com>",
	"\" <mallory@example.com>, \"",
	"=?utf-8?B?DQpCY2M6IG1hbGxvcnlAZXhhbXBsZS5jb20=?=",
	"J\xc3\xb6rg \xe6\x97\xa5\xe6\x9c\xac \xd8\xb9\xd8\xb1",
	LONG64 LONG64 LONG64 LONG64 LONG64 "@example.com",
	LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64 LONG64
	    LONG64 LONG64 LONG64 LONG64,
	".",
	"..",
	".\r\n.\r\n",
	"",
};

enum { FIELD_FROM, FIELD_TO, FIELD_NAME, FIELD_SUBJECT, FIELD_TEXT, FIELD_HTML, FIELD_RAW, FIELDS };

/* As a careless caller would: what the builder refuses is left out, what stays goes to the mailer.
 */
static struct mail *
hostile_mail(int field, const char *value)
{
	struct mail *m = smtp_world_mail("ada@example.com");
	struct fault f;

	m->header_count = 0;
	mail_add_header(m, "From", "usherd@example.org", &f);
	mail_add_header(m, "To",
	    mail_mailbox(m->arena, field == FIELD_NAME ? value : "Ada", "ada@example.com"), &f);
	mail_add_header(m, "Subject", field == FIELD_SUBJECT ? value : "Hello", &f);
	if (field == FIELD_FROM)
		m->from = value;
	if (field == FIELD_TO)
		m->to = value;
	if (field == FIELD_TEXT)
		m->text = arena_strdup(m->arena, value);
	if (field == FIELD_HTML)
		m->html = arena_strdup(m->arena, value);
	if (field == FIELD_RAW)
		m->headers[m->header_count++] = (struct mail_header){ "X-Raw", value, value };
	return m;
}

static void
whatever_a_field_holds_the_server_hears_one_mail_or_none(void **state)
{
	struct smtp_world w = { .rig = { .utf8 = true } };

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		for (int field = 0; field < FIELDS; field++) {
			struct mail *m = hostile_mail(field, hostile[i]);
			int sent;
			struct told t;

			buf_reset(&w.rig.transcript);
			buf_reset(&w.rig.body);
			smtp_world_send(&w, m, &t);
			mail_free(m);
			smtp_world_wait(&w);
			sent = t.outcome == MAIL_SENT;
			if (!sent)
				assert_int_equal(
				    t.outcome, field == FIELD_TO ? MAIL_REFUSED : MAIL_BROKEN);
			assert_int_equal(smtp_rig_count(&w.rig, "MAIL FROM:"), sent);
			assert_int_equal(smtp_rig_count(&w.rig, "RCPT TO:"), sent);
			assert_int_equal(smtp_rig_count(&w.rig, "DATA"), sent);
			assert_int_equal(smtp_rig_count(&w.rig, "(mail)"), sent);
			assert_int_equal(smtp_rig_count(&w.rig, "QUIT"), 0);
			assert_int_equal(smtp_rig_count(&w.rig, "RCPT TO:<mallory"), 0);
			if (sent && field != FIELD_TEXT && field != FIELD_HTML) {
				assert_null(strstr(w.rig.body.data, "\nBcc:"));
				assert_null(strstr(w.rig.body.data, "\nbcc:"));
			}
		}
	smtp_world_stop(&w);
}

/* The dots of SMTP, wherever a line happens to end in libcurl's buffers. */
static void
lines_that_begin_with_a_dot_arrive_as_they_are(void **state)
{
	struct smtp_world w = { 0 };
	struct mail *m = smtp_world_mail("ada@example.com");
	char *text = arena_alloc(m->arena, MAIL_PART_MAX + 1);
	struct fault f;

	(void)state;
	smtp_world_start(&w);
	smtp_world_mailer(&w);
	m->html = NULL;
	for (size_t i = 0; i < 40; i++) {
		struct secret *expected;
		struct told t;
		size_t len = 0;

		for (size_t k = 0; k < i; k++)
			text[len++] = 'x';
		while (len + 8 < MAIL_PART_MAX) {
			text[len++] = '\n';
			text[len++] = '.';
			if (len % 3 == 0)
				text[len++] = 'y';
		}
		text[len++] = '\n';
		text[len] = '\0';
		m->text = text;
		smtp_world_send(&w, m, &t);
		smtp_world_wait(&w);
		assert_int_equal(t.outcome, MAIL_SENT);
		expected = mail_text(m, &f);
		assert_int_equal(w.rig.body.len, secret_len(expected));
		assert_memory_equal(w.rig.body.data, secret_bytes(expected), w.rig.body.len);
		secret_free(expected);
	}
	mail_free(m);
	smtp_world_stop(&w);
}

/* To see whether a configuration works, without a mail. */
static void
a_probe_signs_in_and_sends_nothing(void **state)
{
	static const struct {
		struct smtp_fault fault;
		enum mail_outcome outcome;
		const char *words;
	} rows[] = {
		{ { AT_MAIL, HOW_PROPERLY, NULL, 0 }, MAIL_SENT, "ready for mails" },
		{ { AT_AUTH, HOW_SAYS, "535 5.7.8 no", 0 }, MAIL_BROKEN, "5.7.8 no" },
		{ { AT_GREETING, HOW_SAYS_DROPS, "421 4.3.2 away", 0 }, MAIL_AWAY, "4.3.2 away" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_world w = { .rig = { .starttls = true, .auth = true } };
		struct fault f;
		struct told t;

		smtp_world_start(&w);
		smtp_rig_set(&w.rig, rows[i].fault);
		assert_int_equal(mail_smtp_probe_new(&w.mailer, &w.conf, &f), ERR_OK);
		t = smtp_world_carry(&w, "ada@example.com");
		assert_int_equal(t.outcome, rows[i].outcome);
		assert_string_equal(t.reply, rows[i].words);
		assert_int_equal(smtp_rig_count(&w.rig, "AUTH"), rows[i].fault.at != AT_GREETING);
		assert_int_equal(smtp_rig_count(&w.rig, "MAIL"), 0);
		assert_int_equal(w.rig.mails, 0);
		smtp_world_stop(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_arrives_as_it_was_written),
		cmocka_unit_test(a_connection_is_used_again_and_left_with_quit),
		cmocka_unit_test(connections_are_bounded_and_all_used),
		cmocka_unit_test(tls_may_come_first),
		cmocka_unit_test(a_probe_signs_in_and_sends_nothing),
		cmocka_unit_test(what_cannot_be_right_is_found_when_the_mailer_is_made),
		cmocka_unit_test(an_address_that_is_not_ascii_needs_a_server_that_takes_it),
		cmocka_unit_test(whatever_a_field_holds_the_server_hears_one_mail_or_none),
		cmocka_unit_test(lines_that_begin_with_a_dot_arrive_as_they_are),
	};

	return cmocka_run_group_tests_name("mail_smtp", tests, NULL, NULL);
}
