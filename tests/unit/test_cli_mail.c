/* usherctl's commands about mail, against a server of this process that answers one request. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "../fakes/fake_api_cli.h"
#include "../fakes/fake_api_server.h"

#define TEST_ID "01890a5d-ac96-774b-bcce-b302099a8057"
#define MAIL_ID "01890a5d-ac96-774b-bcce-b30209900001"

static const char invitation[] =
    "{\"id\":\"x\",\"status\":\"pending\",\"timeline\":["
    "{\"at\":\"T0\",\"event\":\"issued\",\"mail\":null,\"detail\":\"uid:0\"},"
    "{\"at\":\"T1\",\"event\":\"mail_sent\",\"mail\":\"invitation\",\"detail\":\"250 \\u001b\"}"
    "],\"phone\":null}";

static void
an_invitation_has_its_timeline_a_step_a_line(void **state)
{
	(void)state;
	server_start(200, invitation);
	assert_int_equal(run("--socket", server.path, "invitation", "show", TEST_ID, NULL), CLI_OK);
	server_stop();
	assert_string_equal(out_text, "id      x\nstatus  pending\n\n"
				      "AT  EVENT      MAIL        DETAIL\n"
				      "T0  issued                 uid:0\n"
				      "T1  mail_sent  invitation  250 \xef\xbf\xbd\n");
	server_start(200, invitation);
	run("--socket", server.path, "-o", "json", "invitation", "show", TEST_ID, NULL);
	server_stop();
	assert_non_null(strstr(out_text, "\"timeline\": ["));
}

static void
a_personal_address_makes_the_method_mail(void **state)
{
	static const struct {
		const char *option, *value, *body;
	} rows[] = {
		{ "--personal-mail", "ada@example.net",
		    "{\"mail\":\"a@b.org\",\"personal_mail\":\"ada@example.net\","
		    "\"method\":\"email\"}" },
		{ "--method", "email", "{\"mail\":\"a@b.org\",\"method\":\"email\"}" },
		{ "--expires-in", "1m",
		    "{\"mail\":\"a@b.org\",\"expires_in\":60,\"method\":\"link\"}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(201, "{\"id\":\"x\"}");
		assert_int_equal(run("--socket", server.path, "invitation", "create", "--mail",
				     "a@b.org", rows[i].option, rows[i].value, NULL),
		    CLI_OK);
		server_stop();
		assert_string_equal(server_body(), rows[i].body);
	}
}

static void
sending_again_says_what_becomes_of_the_older_links(void **state)
{
	(void)state;
	server_start(200, invitation);
	assert_int_equal(
	    run("--socket", server.path, "invitation", "resend", TEST_ID, NULL), CLI_OK);
	server_stop();
	assert_string_equal(server_body(), "{\"void_links\":false}");
	assert_true(server_was_asked("POST /api/v1/invitations/" TEST_ID "/resend "));
	assert_non_null(strstr(out_text, "mail_sent"));
	server_start(429, "{\"detail\":\"a moment ago\"}");
	assert_int_equal(
	    run("--socket", server.path, "invitation", "resend", "--void-links", TEST_ID, NULL),
	    CLI_FAILED);
	server_stop();
	assert_string_equal(server_body(), "{\"void_links\":true}");
	assert_non_null(strstr(err_text, "a moment ago"));
}

static void
an_invitation_is_changed_by_a_patch(void **state)
{
	(void)state;
	server_start(200, invitation);
	assert_int_equal(run("--socket", server.path, "invitation", "change", TEST_ID,
			     "--personal-mail", "b@example.net", "--expires-in", "2d", NULL),
	    CLI_OK);
	server_stop();
	assert_true(server_was_asked("PATCH /api/v1/invitations/" TEST_ID " "));
	assert_string_equal(
	    server_body(), "{\"personal_mail\":\"b@example.net\",\"expires_in\":172800}");
}

static void
the_queue_says_first_what_keeps_it(void **state)
{
	static const char answer[] =
	    "{\"status\":{\"waiting\":2,\"in_flight\":1,\"oldest_at\":\"T0\",\"paused\":true,"
	    "\"broken\":true,\"paused_until\":\"T9\",\"reason\":\"535 no\"},\"items\":["
	    "{\"id\":\"" MAIL_ID "\",\"kind\":\"welcome\",\"status\":\"waiting\",\"due_at\":\"T1\","
	    "\"attempts\":3,\"invitation\":\"" TEST_ID "\",\"last\":\"450 later\"}],"
	    "\"next_cursor\":\"0/" MAIL_ID "\"}";

	(void)state;
	server_start(200, answer);
	assert_int_equal(
	    run("--socket", server.path, "mail", "queue", "--limit", "1", NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/mail/queue?limit=1 "));
	assert_memory_equal(out_text,
	    "2 in the queue, 1 of them being sent; one is due since T0\n"
	    "BROKEN, paused until T9: 535 no\nID ",
	    91);
	assert_non_null(strstr(
	    out_text, MAIL_ID "  welcome  waiting  T1   3         " TEST_ID "  450 later\n"));
	assert_string_equal(err_text, "the first 1; --all lists the rest too\n");
}

static void
an_empty_queue_is_one_line(void **state)
{
	static const char answer[] =
	    "{\"status\":{\"waiting\":0,\"in_flight\":0,\"oldest_at\":null,\"paused\":false,"
	    "\"broken\":false,\"paused_until\":null,\"reason\":null},\"items\":[],"
	    "\"next_cursor\":null}";

	(void)state;
	server_start(200, answer);
	assert_int_equal(run("--socket", server.path, "mail", "queue", "--all", NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/mail/queue?limit=200 "));
	assert_string_equal(out_text, "0 in the queue, 0 of them being sent\n");
	assert_int_equal(err_len, 0);
}

static void
one_mail_or_all_are_tried_again_and_one_is_dropped(void **state)
{
	static const struct {
		const char *command, *id, *asked;
	} rows[] = {
		{ "retry", NULL, "POST /api/v1/mail/retry " },
		{ "retry", MAIL_ID, "POST /api/v1/mail/queue/" MAIL_ID "/retry " },
		{ "drop", MAIL_ID, "DELETE /api/v1/mail/queue/" MAIL_ID " " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(204, "");
		assert_int_equal(
		    run("--socket", server.path, "mail", rows[i].command, rows[i].id, NULL),
		    CLI_OK);
		server_stop();
		assert_true(server_was_asked(rows[i].asked));
		assert_int_equal(out_len + err_len, 0);
	}
	server_start(409, "{\"detail\":\"it is being sent\"}");
	assert_int_equal(run("--socket", server.path, "mail", "drop", MAIL_ID, NULL), CLI_CONFLICT);
	server_stop();
}

static void
a_preview_is_lines_and_nothing_that_moves_a_cursor(void **state)
{
	static const char answer[] =
	    "{\"kind\":\"welcome\",\"headers\":["
	    "{\"name\":\"From\",\"value\":\"Us <a@b>\"},"
	    "{\"name\":\"Subject\",\"value\":\"Gr\xc3\xbc\xc3\x9f dich\"}],"
	    "\"text\":\"one\\r\\n\\r\\nt\\u200bwo\\u001b[2J\\r\\n\",\"html\":\"<p>\\n</p>\"}";

	(void)state;
	server_start(200, answer);
	assert_int_equal(
	    run("--socket", server.path, "mail", "preview", "welcome", "--language", "de", NULL),
	    CLI_OK);
	server_stop();
	assert_string_equal(server_body(), "{\"kind\":\"welcome\",\"language\":\"de\"}");
	assert_string_equal(out_text, "Subject: Gr\xc3\xbc\xc3\x9f dich\n\n"
				      "one\n\ntwo\xef\xbf\xbd[2J\n");
	server_start(200, answer);
	run("--socket", server.path, "mail", "preview", "welcome", "--headers", "--html", NULL);
	server_stop();
	assert_string_equal(out_text, "From: Us <a@b>\nSubject: Gr\xc3\xbc\xc3\x9f dich\n\n"
				      "<p>\n</p>\n");
}

static void
a_test_that_was_not_taken_fails(void **state)
{
	static const struct {
		const char *answer, *said;
		enum cli_exit code;
	} rows[] = {
		{ "{\"outcome\":\"sent\",\"code\":250,\"reply\":\"ok\"}", "sent: 250 ok\n",
		    CLI_OK },
		{ "{\"outcome\":\"broken\",\"code\":535,\"reply\":\"no\"}", "broken: 535 no\n",
		    CLI_FAILED },
		{ "{\"outcome\":\"away\",\"code\":null,\"reply\":\"refused\"}", "away: refused\n",
		    CLI_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(200, rows[i].answer);
		assert_int_equal(run("--socket", server.path, "mail", "test", "invitation", "--to",
				     "me@example.org", NULL),
		    rows[i].code);
		server_stop();
		assert_string_equal(
		    server_body(), "{\"kind\":\"invitation\",\"to\":\"me@example.org\"}");
		assert_string_equal(out_text, rows[i].said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_has_its_timeline_a_step_a_line),
		cmocka_unit_test(a_personal_address_makes_the_method_mail),
		cmocka_unit_test(sending_again_says_what_becomes_of_the_older_links),
		cmocka_unit_test(an_invitation_is_changed_by_a_patch),
		cmocka_unit_test(the_queue_says_first_what_keeps_it),
		cmocka_unit_test(an_empty_queue_is_one_line),
		cmocka_unit_test(one_mail_or_all_are_tried_again_and_one_is_dropped),
		cmocka_unit_test(a_preview_is_lines_and_nothing_that_moves_a_cursor),
		cmocka_unit_test(a_test_that_was_not_taken_fails),
	};

	return cmocka_run_group_tests(tests, NULL, forget_output);
}
