/* usherctl's commands about webhooks, against a server of this process that answers one request. */
#include <fcntl.h>
#include <pthread.h>
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

#define HOOK_ID	   "01890a5d-ac96-774b-bcce-b30209900010"
#define MESSAGE_ID "01890a5d-ac96-774b-bcce-b30209900011"

#define MADE "{\"id\":\"" HOOK_ID "\",\"name\":\"crm\",\"secret\":\"whsec_abc\"}"

static void
a_new_one_prints_its_secret_and_nothing_else(void **state)
{
	(void)state;
	server_start(201, MADE);
	assert_int_equal(run("--socket", server.path, "webhook", "create", "--name", "crm", "--url",
			     "https://a.org/", "--types", "user.registered,user.deleted", NULL),
	    CLI_OK);
	server_stop();
	assert_true(server_was_asked("POST /api/v1/webhooks "));
	assert_string_equal(server_body(), "{\"name\":\"crm\",\"url\":\"https://a.org/\","
					   "\"types\":[\"user.registered\",\"user.deleted\"]}");
	assert_string_equal(out_text, "whsec_abc\n");
	assert_non_null(strstr(err_text, HOOK_ID));
	assert_null(strstr(err_text, "whsec_abc"));
}

static size_t
read_file(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, size - 1, f);
	text[len] = '\0';
	fclose(f);
	return len;
}

static void
a_secret_file_is_for_its_owner_alone(void **state)
{
	char dir[] = "/tmp/usherctl.XXXXXX", path[64], text[64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/secret", dir);
	server_start(200, "{\"secret\":\"whsec_abc\",\"old_secret_until\":null}");
	assert_int_equal(run("--socket", server.path, "webhook", "rotate", "--overlap", "1h",
			     "--secret-file", path, HOOK_ID, NULL),
	    CLI_OK);
	server_stop();
	assert_string_equal(server_body(), "{\"overlap_seconds\":3600}");
	assert_true(server_was_asked("POST /api/v1/webhooks/" HOOK_ID "/secret "));
	assert_string_equal(out_text, "");
	assert_null(strstr(err_text, "whsec_abc"));
	read_file(path, text, sizeof(text));
	assert_string_equal(text, "whsec_abc\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A refusal leaves it as it was. */
	server_start(404, "{\"detail\":\"there is no such webhook\"}");
	assert_int_equal(
	    run("--socket", server.path, "webhook", "rotate", "--secret-file", path, HOOK_ID, NULL),
	    CLI_NOT_FOUND);
	server_stop();
	read_file(path, text, sizeof(text));
	assert_string_equal(text, "whsec_abc\n");
	/* In the JSON neither. */
	server_start(200, "{\"secret\":\"whsec_def\",\"old_secret_until\":null}");
	assert_int_equal(run("--socket", server.path, "-o", "json", "webhook", "rotate",
			     "--secret-file", path, HOOK_ID, NULL),
	    CLI_OK);
	server_stop();
	assert_string_equal(out_text, "{\n  \"old_secret_until\": null\n}\n");
	read_file(path, text, sizeof(text));
	assert_string_equal(text, "whsec_def\n");
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* and nothing else is in it */
}

/* The daemon is not asked: the secret would be lost. */
static void
a_secret_file_that_cannot_be_made_is_told_before(void **state)
{
	static const char *const rows[][2] = {
		{ "/nonexistent/secret", "/nonexistent/secret: No such file" },
		{ "/tmp", "/tmp: is a folder" },
		{ "/tmp/", "/tmp/: is a folder" },
		{ "/dev/null", "/dev/null: is not a file" },
		{ "/proc/secret", "/proc/secret: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run("--socket", "/nonexistent", "webhook", "rotate",
				     "--secret-file", rows[i][0], HOOK_ID, NULL),
		    CLI_FAILED);
		assert_non_null(strstr(err_text, rows[i][1]));
		assert_null(strstr(err_text, "cannot be reached"));
	}
}

static char secret_dir[32], secret_path[48];

static void
make_a_folder_of_that_name(void)
{
	assert_int_equal(mkdir(secret_path, 0700), 0);
}

static void
a_secret_that_cannot_be_kept_is_told_with_what_to_do(void **state)
{
	(void)state;
	strcpy(secret_dir, "/tmp/usherctl.XXXXXX");
	assert_non_null(mkdtemp(secret_dir));
	snprintf(secret_path, sizeof(secret_path), "%s/secret", secret_dir);
	server.meanwhile = make_a_folder_of_that_name;
	server_start(201, MADE);
	assert_int_equal(
	    run("--socket", server.path, "webhook", "create", "--name", "crm", "--url",
		"https://a.org/", "--types", "all", "--secret-file", secret_path, NULL),
	    CLI_FAILED);
	server_stop();
	server.meanwhile = NULL;
	assert_non_null(strstr(err_text, "webhook " HOOK_ID " was made, but its secret is lost"));
	assert_non_null(strstr(err_text, "usherctl webhook rotate --overlap 0s " HOOK_ID));
	assert_null(strstr(err_text, "whsec_abc"));
	assert_string_equal(out_text, "");
	assert_int_equal(rmdir(secret_path), 0);
	assert_int_equal(rmdir(secret_dir), 0); /* and nothing else is in it */
}

/* Of a call that was killed. */
static void
what_was_left_behind_is_not_in_the_way(void **state)
{
	char left[64];
	int fd;

	(void)state;
	strcpy(secret_dir, "/tmp/usherctl.XXXXXX");
	assert_non_null(mkdtemp(secret_dir));
	snprintf(secret_path, sizeof(secret_path), "%s/secret", secret_dir);
	snprintf(left, sizeof(left), "%s.new", secret_path);
	fd = open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_not_equal(fd, -1);
	close(fd);
	server_start(201, MADE);
	assert_int_equal(
	    run("--socket", server.path, "webhook", "create", "--name", "crm", "--url",
		"https://a.org/", "--types", "all", "--secret-file", secret_path, NULL),
	    CLI_OK);
	server_stop();
	unlink(secret_path);
	unlink(left);
	assert_int_equal(rmdir(secret_dir), 0);
}

static void
a_change_says_what_it_changes(void **state)
{
	static const struct {
		const char *option, *value, *body;
	} rows[] = {
		{ "--enable", NULL, "{\"enabled\":true}" },
		{ "--disable", NULL, "{\"enabled\":false}" },
		{ "--url", "https://b.org/", "{\"url\":\"https://b.org/\"}" },
		{ "--types", "all", "{\"types\":[\"all\"]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(200, "{\"id\":\"x\"}");
		assert_int_equal(run("--socket", server.path, "webhook", "change", HOOK_ID,
				     rows[i].option, rows[i].value, NULL),
		    CLI_OK);
		server_stop();
		assert_true(server_was_asked("PATCH /api/v1/webhooks/" HOOK_ID " "));
		assert_string_equal(server_body(), rows[i].body);
	}
}

static void
a_line_that_makes_no_sense_asks_nobody(void **state)
{
	(void)state;
	assert_int_equal(run("webhook", "create", "--name", "a", NULL), CLI_USAGE);
	assert_int_equal(run("webhook", "change", HOOK_ID, NULL), CLI_USAGE);
	assert_int_equal(
	    run("webhook", "change", HOOK_ID, "--enable", "--disable", NULL), CLI_USAGE);
	assert_int_equal(run("webhook", "rotate", HOOK_ID, "--overlap", "soon", NULL), CLI_USAGE);
	assert_int_equal(run("webhook", "replay", HOOK_ID, NULL), CLI_USAGE);
	assert_int_equal(run("webhook", "replay", HOOK_ID, "--message", "../x", NULL), CLI_USAGE);
	assert_int_equal(
	    run("webhook", "create", "--name", "a", "--url", "b", "--types", "\xff", NULL),
	    CLI_USAGE);
}

static void
messages_are_a_line_each(void **state)
{
	(void)state;
	server_start(200, "{\"items\":[{\"id\":\"" MESSAGE_ID "\",\"type\":\"usherd.test\","
			  "\"status\":\"waiting\",\"attempts\":2,\"last\":\"HTTP 500\\u001b\","
			  "\"created_at\":\"T0\",\"due_at\":\"T1\",\"ended_at\":null,\"body\":{}}],"
			  "\"next_cursor\":\"e\"}");
	assert_int_equal(
	    run("--socket", server.path, "webhook", "messages", HOOK_ID, NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("GET /api/v1/webhooks/" HOOK_ID "/messages "));
	assert_non_null(strstr(out_text, MESSAGE_ID));
	assert_non_null(strstr(out_text, "HTTP 500\xef\xbf\xbd"));
	assert_string_equal(err_text, "there are more; --all lists them too\n");
}

static void
the_rest_is_a_request_each(void **state)
{
	(void)state;
	server_start(204, "");
	assert_int_equal(run("--socket", server.path, "webhook", "test", HOOK_ID, NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("POST /api/v1/webhooks/" HOOK_ID "/test "));
	server_start(204, "");
	assert_int_equal(run("--socket", server.path, "webhook", "replay", "--message", MESSAGE_ID,
			     HOOK_ID, NULL),
	    CLI_OK);
	server_stop();
	assert_true(
	    server_was_asked("POST /api/v1/webhooks/" HOOK_ID "/messages/" MESSAGE_ID "/replay "));
	server_start(204, "");
	assert_int_equal(run("--socket", server.path, "webhook", "delete", HOOK_ID, NULL), CLI_OK);
	server_stop();
	assert_true(server_was_asked("DELETE /api/v1/webhooks/" HOOK_ID " "));
	server_start(200, "{\"items\":[" MADE "]}");
	assert_int_equal(run("--socket", server.path, "webhook", "list", NULL), CLI_OK);
	server_stop();
	assert_non_null(strstr(out_text, "crm"));
	assert_null(strstr(out_text, "whsec_"));
	server_start(409, "{\"detail\":\"the webhook is disabled\"}");
	assert_int_equal(
	    run("--socket", server.path, "webhook", "test", HOOK_ID, NULL), CLI_CONFLICT);
	server_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_one_prints_its_secret_and_nothing_else),
		cmocka_unit_test(a_secret_file_is_for_its_owner_alone),
		cmocka_unit_test(a_secret_file_that_cannot_be_made_is_told_before),
		cmocka_unit_test(a_secret_that_cannot_be_kept_is_told_with_what_to_do),
		cmocka_unit_test(what_was_left_behind_is_not_in_the_way),
		cmocka_unit_test(a_change_says_what_it_changes),
		cmocka_unit_test(a_line_that_makes_no_sense_asks_nobody),
		cmocka_unit_test(messages_are_a_line_each),
		cmocka_unit_test(the_rest_is_a_request_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
