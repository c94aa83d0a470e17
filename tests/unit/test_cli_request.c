/* usherctl against a server of this process that answers one request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "../fakes/fake_api_cli.h"
#include "../fakes/fake_api_server.h"

#define TEST_ID	   "01890a5d-ac96-774b-bcce-b302099a8057"
#define TEST_TOKEN "ush_0123456789abcdef_secret"

/* ---- what is asked and what is made of the answer ---- */

static void
each_answer_has_its_exit_status(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum cli_exit code;
	} rows[] = {
		{ 200, "{\"id\":\"x\"}", CLI_OK },
		{ 200, "not json", CLI_FAILED },
		{ 200, "", CLI_FAILED },
		{ 302, "{}", CLI_FAILED },
		{ 401, "{\"detail\":\"no\"}", CLI_FAILED },
		{ 403, "{\"detail\":\"no\"}", CLI_FAILED },
		{ 404, "{\"detail\":\"no\"}", CLI_NOT_FOUND },
		{ 409, "{\"detail\":\"no\"}", CLI_CONFLICT },
		{ 410, "{\"detail\":\"no\"}", CLI_CONFLICT },
		{ 422, "[]", CLI_FAILED },
		{ 503, "<html>", CLI_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum cli_exit code;

		server_start(rows[i].status, rows[i].body);
		code = run("--socket", server.path, "invitation", "show", TEST_ID, NULL);
		server_stop();
		assert_int_equal(code, rows[i].code);
		assert_int_equal(out_len > 0, code == CLI_OK);
		assert_int_equal(err_len > 0, code != CLI_OK);
		assert_memory_equal(server.request, "GET /api/v1/invitations/" TEST_ID " HTTP/1.1",
		    33 + sizeof(TEST_ID) - 1);
	}
}

static void
options_of_every_command_stand_on_either_side_of_it(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		enum cli_exit code;

		server_start(200, "{\"id\":\"x\"}");
		if (i == 0)
			code = run("-o", "json", "--socket", server.path, "invitation", "show",
			    TEST_ID, NULL);
		else if (i == 1)
			code = run("invitation", "show", "-o", "json", "--socket", server.path,
			    TEST_ID, NULL);
		else if (i == 2)
			code = run("--socket", server.path, "invitation", "show", TEST_ID,
			    "--output=json", NULL);
		else
			code = run("invitation", "create", "--given-name", "Ada", "-ojson",
			    "--socket", server.path, "--phone", "1", NULL);
		server_stop();
		assert_int_equal(code, CLI_OK);
		assert_string_equal(out_text, "{\n  \"id\": \"x\"\n}\n");
	}
}

static void
a_token_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0600, 0400 };
	char path[] = "/tmp/usherctl-token-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(
	    write(fd, TEST_TOKEN "\n", sizeof(TEST_TOKEN)), (ssize_t)sizeof(TEST_TOKEN));
	close(fd);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		bool open = (modes[i] & 077) != 0;

		assert_int_equal(chmod(path, modes[i]), 0);
		/* Nobody listens on port 1. */
		assert_int_equal(
		    run("--url", "http://127.0.0.1:1", "--token-file", path, "token", "list", NULL),
		    open ? CLI_FAILED : CLI_UNREACHABLE);
		assert_int_equal(strstr(err_text, "chmod 600") != NULL, open);
	}
	unlink(path);
}

static void
a_daemon_that_is_not_there_is_unreachable(void **state)
{
	(void)state;
	assert_int_equal(run("--socket", "/nonexistent/s", "health", NULL), CLI_UNREACHABLE);
	assert_int_equal(out_len, 0);
}

static void
a_problem_is_told_field_by_field_and_clean(void **state)
{
	(void)state;
	server_start(422, "{\"detail\":\"no\\u001b[1m\",\"errors\":[{\"field\":\"mail\",\"code\":"
			  "\"taken\",\"detail\":\"somebody has it\"}]}");
	run("--socket", server.path, "invitation", "create", "--mail", "a@b", NULL);
	server_stop();
	assert_string_equal(
	    err_text, "usherctl: no\xef\xbf\xbd[1m (HTTP 422)\n  mail: somebody has it\n");
}

static void
a_dry_run_tells_each_problem_and_fails(void **state)
{
	static const struct {
		const char *answer, *output, *shown;
		enum cli_exit code;
	} rows[] = {
		{ "{\"uid\":\"ada\",\"errors\":[]}", "table", "uid  ada\n", CLI_OK },
		{ "{\"uid\":null,\"errors\":[]}", "table", "", CLI_OK },
		{ "{\"uid\":\"ada\",\"errors\":[{\"field\":\"mail\",\"code\":\"taken\",\"detail\":"
		  "\"it\\u001b[1m\"},{\"field\":\"uid\",\"code\":\"reserved\",\"detail\":\"no\"}]}",
		    "table",
		    "FIELD  CODE      DETAIL\n"
		    "mail   taken     it\xef\xbf\xbd[1m\n"
		    "uid    reserved  no\n",
		    CLI_FAILED },
		{ "{\"uid\":null,\"errors\":[{\"field\":\"uid\",\"code\":\"taken\",\"detail\":"
		  "\"no\"}]}",
		    "json",
		    "{\n  \"uid\": null,\n  \"errors\": [\n    {\n      \"field\": \"uid\",\n"
		    "      \"code\": \"taken\",\n      \"detail\": \"no\"\n    }\n  ]\n}\n",
		    CLI_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(200, rows[i].answer);
		assert_int_equal(run("--socket", server.path, "-o", rows[i].output, "invitation",
				     "create", "--given-name", "Ada", "--dry-run", NULL),
		    rows[i].code);
		server_stop();
		assert_string_equal(out_text, rows[i].shown);
		assert_int_equal(err_len, 0);
		assert_non_null(strstr(server.request,
		    "POST /api/v1/invitations/preflight?complete=true HTTP/1.1\r\n"));
		assert_non_null(strstr(server.request, "\"given_name\":\"Ada\""));
	}
}

static void
a_dry_run_that_is_refused_is_told_as_the_invitation_would_be(void **state)
{
	(void)state;
	server_start(409, "{\"detail\":\"5 of your invitations are open\"}");
	assert_int_equal(
	    run("--socket", server.path, "invitation", "create", "--dry-run", NULL), CLI_CONFLICT);
	server_stop();
	assert_int_equal(out_len, 0);
}

static void
a_new_token_is_alone_on_standard_output(void **state)
{
	static const char answer[] = "{\"id\":\"0123456789abcdef\",\"token\":\"" TEST_TOKEN
				     "\",\"expires_at\":\"2026-12-23T00:00:00.000Z\"}";

	(void)state;
	server_start(201, answer);
	assert_int_equal(run("--socket", server.path, "token", "create", "--name", "ci", "--scopes",
			     "invitations:read,tokens", "--expires", "30d", NULL),
	    CLI_OK);
	server_stop();
	assert_string_equal(out_text, TEST_TOKEN "\n");
	assert_null(strstr(err_text, TEST_TOKEN));
	assert_string_equal(server_body(),
	    "{\"name\":\"ci\",\"scopes\":[\"invitations:read\",\"tokens\"],"
	    "\"expires_in\":2592000}");
}

static void
an_invitation_is_made_of_options_over_a_file(void **state)
{
	char path[] = "/tmp/usherctl-file-XXXXXX";
	static const char text[] =
	    "{\"given_name\":\"B\",\"family_name\":\"L\",\"method\":\"link\"}";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	server_start(201, "{\"id\":\"x\",\"link\":\"https://j/join/usj_x\",\"phone\":null}");
	assert_int_equal(run("--socket", server.path, "invitation", "create", "--file", path,
			     "--given-name=Ada", "--org-unit", "ou=A", "--group", "cn=a", "--group",
			     "cn=b", "--expires-in", "2h", NULL),
	    CLI_OK);
	server_stop();
	unlink(path);
	assert_string_equal(server_body(), "{\"given_name\":\"Ada\",\"family_name\":\"L\","
					   "\"method\":\"link\",\"org_unit\":\"ou=A\","
					   "\"groups\":[\"cn=a\",\"cn=b\"],\"expires_in\":7200}");
	assert_non_null(strstr(out_text, "link  https://j/join/usj_x\n"));
	assert_null(strstr(out_text, "phone"));
}

static void
a_file_that_is_no_document_is_refused_before_anything_is_sent(void **state)
{
	static const char *const texts[] = { "", "[]", "{\"a\":1,\"a\":2}", "{" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char path[] = "/tmp/usherctl-file-XXXXXX";
		int fd = mkstemp(path);

		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		assert_int_equal(
		    run("--socket", "/nonexistent/s", "invitation", "create", "--file", path, NULL),
		    CLI_FAILED);
		unlink(path);
	}
	assert_int_equal(run("--socket", "/nonexistent/s", "invitation", "create", "--file",
			     "/nonexistent/f", NULL),
	    CLI_FAILED);
}

static void
health_that_is_unready_is_shown_and_fails(void **state)
{
	static const char unready[] =
	    "{\"status\":\"unready\",\"checks\":[{\"name\":\"store\",\"status\":\"failed\"}]}";

	(void)state;
	server_start(503, unready);
	assert_int_equal(run("--socket", server.path, "health", NULL), CLI_FAILED);
	server_stop();
	assert_string_equal(out_text, "unready\nCHECK  STATUS\nstore  failed\n");
	assert_int_equal(err_len, 0);
}

/* Nulls where nothing is known, and what a server said, which must not reach the terminal raw. */
static const char status_text[] =
    "{\"status\":\"degraded\",\"version\":\"1.2.3\",\"started_at\":\"T0\",\"at\":\"T9\","
    "\"libraries\":[{\"name\":\"SQLite\",\"version\":\"3.40.1\"}],"
    "\"directory\":{\"status\":\"degraded\",\"profile\":\"openldap\",\"servers\":["
    "{\"uri\":\"ldap://one\",\"preferred\":true,\"in_use\":false,\"status\":\"down\","
    "\"since\":\"T5\",\"last_error\":\"no \\u001b[1m\",\"last_error_at\":\"T6\"},"
    "{\"uri\":\"ldap://two\",\"preferred\":false,\"in_use\":true,\"status\":\"up\","
    "\"since\":\"T1\",\"last_error\":null,\"last_error_at\":null}]},"
    "\"feed\":{\"status\":\"current\",\"method\":\"sync\",\"heard_at\":\"T8\","
    "\"lag_seconds\":3,\"entries\":null,\"reason\":null},"
    "\"list\":{\"status\":\"complete\",\"people\":7,\"counts\":{\"pending\":2,"
    "\"undeliverable\":0,\"expired\":0,\"active\":5,\"suspended\":0},\"bytes\":2621440},"
    "\"store\":{\"status\":\"ok\",\"kind\":\"sqlite\",\"schema\":3,\"bytes\":null,"
    "\"reason\":null},"
    "\"mail\":{\"status\":\"paused\",\"configured\":true,\"waiting\":4,\"sending\":1,"
    "\"oldest_at\":\"T2\",\"paused_until\":\"TA\",\"last_failure\":\"451 later\","
    "\"last_failure_at\":\"T7\",\"sent_at\":null},"
    "\"webhooks\":{\"status\":\"ok\",\"count\":3,\"enabled\":2,\"failing\":0},"
    "\"sessions\":{\"open\":6},\"health\":[{\"name\":\"store\",\"status\":\"ok\"},"
    "{\"name\":\"mail\",\"status\":\"failed\"}]}";

static void
status_that_is_not_well_is_shown_and_fails(void **state)
{
	(void)state;
	server_start(200, status_text);
	assert_int_equal(run("--socket", server.path, "status", NULL), CLI_FAILED);
	server_stop();
	assert_memory_equal(server.request, "GET /api/v1/status ", 19);
	assert_string_equal(out_text,
	    "status      degraded\nversion     1.2.3\nstarted_at  T0\nat          T9\n\n"
	    "PART       STATUS    KNOWN\n"
	    "directory  degraded  openldap, 1 of 2 servers up\n"
	    "feed       current   sync, heard at T8, 3 s ago\n"
	    "list       complete  7 people, 2 pending, 5 active, 2.5 MiB\n"
	    "store      ok        sqlite, schema 3\n"
	    "mail       paused    4 in the queue, 1 of them being sent, one is due since T2, "
	    "paused until TA, last failed at T7, 451 later\n"
	    "webhooks   ok        2 of 3 enabled, 0 failing\n"
	    "sessions             6 open\n"
	    "health     failed    mail\n\n"
	    "SERVER      STATUS  IN USE  SINCE  LAST ERROR\n"
	    "ldap://one  down    no      T5     no \xef\xbf\xbd[1m\n"
	    "ldap://two  up      yes     T1     \n\n"
	    "LIBRARY  VERSION\nSQLite   3.40.1\n");
	assert_int_equal(err_len, 0);
}

static void
status_is_ok_when_it_says_so_and_not_when_it_says_nothing(void **state)
{
	static const struct {
		const char *body;
		enum cli_exit code;
	} rows[] = {
		{ "{\"status\":\"ok\"}", CLI_OK },
		{ "{\"status\":\"unready\"}", CLI_FAILED },
		{ "{}", CLI_FAILED },
		{ "{\"status\":1,\"directory\":[],\"health\":{}}", CLI_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int json = 0; json < 2; json++) {
			server_start(200, rows[i].body);
			assert_int_equal(run("--socket", server.path, "status", "-o",
					     json ? "json" : "table", NULL),
			    rows[i].code);
			server_stop();
			assert_true(out_len > 0);
		}
}

static void
an_answer_without_a_body_is_quiet_success(void **state)
{
	(void)state;
	server_start(204, "");
	assert_int_equal(
	    run("--socket", server.path, "token", "revoke", "0123456789abcdef", NULL), CLI_OK);
	server_stop();
	assert_int_equal(out_len + err_len, 0);
	assert_memory_equal(server.request, "DELETE /api/v1/tokens/0123456789abcdef ", 39);
}

static void
a_cursor_that_goes_in_circles_is_not_followed(void **state)
{
	(void)state;
	server_start(200, "{\"items\":[],\"next_cursor\":\"../tokens\"}");
	assert_int_equal(run("--socket", server.path, "invitation", "list", NULL), CLI_FAILED);
	server_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_answer_has_its_exit_status),
		cmocka_unit_test(options_of_every_command_stand_on_either_side_of_it),
		cmocka_unit_test(a_token_file_that_others_may_read_is_refused),
		cmocka_unit_test(a_daemon_that_is_not_there_is_unreachable),
		cmocka_unit_test(a_problem_is_told_field_by_field_and_clean),
		cmocka_unit_test(a_dry_run_tells_each_problem_and_fails),
		cmocka_unit_test(a_dry_run_that_is_refused_is_told_as_the_invitation_would_be),
		cmocka_unit_test(a_new_token_is_alone_on_standard_output),
		cmocka_unit_test(an_invitation_is_made_of_options_over_a_file),
		cmocka_unit_test(a_file_that_is_no_document_is_refused_before_anything_is_sent),
		cmocka_unit_test(health_that_is_unready_is_shown_and_fails),
		cmocka_unit_test(status_that_is_not_well_is_shown_and_fails),
		cmocka_unit_test(status_is_ok_when_it_says_so_and_not_when_it_says_nothing),
		cmocka_unit_test(an_answer_without_a_body_is_quiet_success),
		cmocka_unit_test(a_cursor_that_goes_in_circles_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, forget_output);
}
