/* usherctl without a daemon, and against a server of this process that answers one request at a
 * time. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/cli.h"

#define TEST_ID	   "01890a5d-ac96-774b-bcce-b302099a8057"
#define TEST_TOKEN "ush_0123456789abcdef_secret"

enum { ARGS_MAX = 32 };

static char *out_text, *err_text;
static size_t out_len, err_len;

/* Runs the program on the words behind its name, up to NULL. */
static enum cli_exit
run(const char *first, ...)
{
	char *argv[ARGS_MAX] = { strdup("usherctl") };
	FILE *out, *err;
	enum cli_exit code;
	int argc = 1;
	va_list ap;

	free(out_text);
	free(err_text);
	out = open_memstream(&out_text, &out_len);
	err = open_memstream(&err_text, &err_len);
	va_start(ap, first);
	for (const char *word = first; word != NULL; word = va_arg(ap, const char *))
		argv[argc++] = strdup(word);
	va_end(ap);
	code = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	while (argc > 0)
		free(argv[--argc]);
	return code;
}

/* ---- a server for one request ---- */

struct server {
	char dir[64], path[96];
	int fd;
	pthread_t thread;
	char answer[4096]; /* HTTP, whole */
	char request[8192];
};

static struct server server;

/* Reads a request to the end of its body. */
static void
server_read(int fd)
{
	size_t used = 0, body = 0;
	const char *end, *length;

	for (;;) {
		ssize_t n = read(fd, server.request + used, sizeof(server.request) - 1 - used);

		if (n <= 0)
			return;
		used += (size_t)n;
		server.request[used] = '\0';
		end = strstr(server.request, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(server.request, "content-length: ");
		body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
		if (strlen(end + 4) >= body)
			return;
	}
}

static void *
server_main(void *arg)
{
	int fd = accept(server.fd, NULL, NULL);

	(void)arg;
	if (fd == -1)
		return NULL;
	server_read(fd);
	if (write(fd, server.answer, strlen(server.answer)) == -1)
		abort();
	close(fd);
	return NULL;
}

static void
server_start(int status, const char *body)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	strcpy(server.dir, "/tmp/usherctl-test-XXXXXX");
	assert_non_null(mkdtemp(server.dir));
	snprintf(server.path, sizeof(server.path), "%s/s", server.dir);
	memcpy(sun.sun_path, server.path, strlen(server.path) + 1);
	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(server.fd, 1), 0);
	snprintf(server.answer, sizeof(server.answer),
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nLocation: http://localhost/x\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    status, strlen(body), body);
	server.request[0] = '\0';
	assert_int_equal(pthread_create(&server.thread, NULL, server_main, NULL), 0);
}

static void
server_stop(void)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(server.path);
	rmdir(server.dir);
}

static const char *
request_body(void)
{
	const char *end = strstr(server.request, "\r\n\r\n");

	return end != NULL ? end + 4 : "";
}

/* ---- the command line ---- */

static void
a_command_line_that_makes_no_sense_is_usage(void **state)
{
	static const char *const rows[][7] = {
		{ NULL },
		{ "fly", NULL },
		{ "token", NULL },
		{ "token", "fly", NULL },
		{ "--fly", "health", NULL },
		{ "-x", "health", NULL },
		{ "--socket", NULL },
		{ "-o", "xml", "health", NULL },
		{ "health", "now", NULL },
		{ "health", "--name", "x", NULL },
		{ "token", "revoke", NULL },
		{ "token", "revoke", "a/b", NULL },
		{ "token", "revoke", "..", NULL },
		{ "token", "revoke", "A?b", NULL },
		{ "token", "revoke", "a", "b", NULL },
		{ "token", "create", "--name", "a", NULL },
		{ "token", "create", "--name", "a", "--name", "b", NULL },
		{ "token", "create", "--name=a", "--scopes=all", "--expires=soon", NULL },
		{ "invitation", "create", "--expires-in", "7y", NULL },
		{ "invitation", "create", "--given", "A", NULL },
		{ "--version=1", NULL },
		{ "--url", "https://h", "--socket", "/s", "health", NULL },
		{ "--token-file", "/t", "health", NULL },
		{ "--url", "http://example.org", "health", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const *r = rows[i];

		assert_int_equal(run(r[0], r[0] ? r[1] : NULL, r[0] && r[1] ? r[2] : NULL,
				     r[0] && r[1] && r[2] ? r[3] : NULL,
				     r[0] && r[1] && r[2] && r[3] ? r[4] : NULL,
				     r[0] && r[1] && r[2] && r[3] && r[4] ? r[5] : NULL, NULL),
		    CLI_USAGE);
		assert_int_equal(out_len, 0);
		assert_int_not_equal(err_len, 0);
	}
}

static void
help_and_version_go_to_standard_output(void **state)
{
	(void)state;
	assert_int_equal(run("--version", NULL), CLI_OK);
	assert_memory_equal(out_text, "usherctl ", 9);
	assert_int_equal(run("--help", NULL), CLI_OK);
	assert_non_null(strstr(out_text, "invitation link ID"));
	assert_int_equal(run("invitation", "create", "--help", NULL), CLI_OK);
	assert_non_null(strstr(out_text, "--given-name NAME"));
	assert_int_equal(err_len, 0);
}

static bool
manual_has(const char *manual, const char *name)
{
	char option[64];

	snprintf(option, sizeof(option), "Fl -%s", name);
	return strstr(manual, option) != NULL;
}

static void
the_manual_has_every_command_and_option(void **state)
{
	FILE *f = fopen(MANUAL, "r");
	char manual[32768];
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(manual, 1, sizeof(manual) - 1, f);
	fclose(f);
	manual[len] = '\0';
	for (const struct cli_option *o = cli_globals; o->name != NULL; o++)
		assert_true(manual_has(manual, o->name));
	for (const struct cli_command *const *c = cli_commands; *c != NULL; c++) {
		char name[64];

		snprintf(name, sizeof(name), ".Cm %s%s%s\n", (*c)->group ? (*c)->group : "",
		    (*c)->group ? " " : "", (*c)->name);
		assert_non_null(strstr(manual, name));
		for (const struct cli_option *o = (*c)->options; o && o->name != NULL; o++)
			assert_true(manual_has(manual, o->name));
	}
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		int64_t seconds;
	} rows[] = {
		{ "90", true, 90 },
		{ "90s", true, 90 },
		{ "15m", true, 900 },
		{ "12h", true, 43200 },
		{ "7d", true, 604800 },
		{ "2w", true, 1209600 },
		{ "0", true, 0 },
		{ "", false, 0 },
		{ "d", false, 0 },
		{ "-1d", false, 0 },
		{ " 1d", false, 0 },
		{ "1 d", false, 0 },
		{ "1D", false, 0 },
		{ "1dd", false, 0 },
		{ "9223372036854775807w", false, 0 },
		{ "99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t seconds = 0;

		assert_int_equal(cli_read_duration(rows[i].text, &seconds), rows[i].valid);
		assert_int_equal(seconds, rows[i].seconds);
	}
}

static void
a_token_goes_in_clear_to_nobody_but_this_host(void **state)
{
	static const struct {
		const char *url;
		bool safe;
	} rows[] = {
		{ "https://example.org", true },
		{ "https://example.org:8460/usher", true },
		{ "http://localhost:8460", true },
		{ "http://127.0.0.1:8460", true },
		{ "http://127.9.9.9", true },
		{ "http://[::1]:8460", true },
		{ "http://example.org", false },
		{ "http://127.0.0.1.example.org", false },
		{ "http://localhost.example.org", false },
		{ "http://128.0.0.1", false },
		{ "https://user:word@example.org", false },
		{ "https://example.org/?a=b", false },
		{ "https://example.org/#a", false },
		{ "ftp://localhost", false },
		{ "file:///etc/passwd", false },
		{ "example.org", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *why;

		assert_int_equal(cli_url_is_safe(rows[i].url, &why), rows[i].safe);
		assert_int_equal(why == NULL, rows[i].safe);
	}
}

/* ---- output ---- */

static void
nothing_that_moves_a_terminal_is_printed(void **state)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
		{ "Ada", "Ada" }, { "\x1b[2J", "\xef\xbf\xbd[2J" },
		{ "a\nb\tc", "a\xef\xbf\xbd"
			     "b\xef\xbf\xbd"
			     "c" },
		{ "\xc2\x9b"
		  "31m",
		    "\xef\xbf\xbd"
		    "31m" }, /* C1 CSI */
		{ "\xe2\x80\xae"
		  "gpj",
		    "\xef\xbf\xbd"
		    "gpj" }, /* right-to-left override */
		{ "\x7f", "\xef\xbf\xbd" }, { "\xff", "\xef\xbf\xbd" },
		{ "\xd9\x85\xe2\x80\x8c\xd9\x85", "\xd9\x85\xe2\x80\x8c\xd9\x85" }, /* non-joiner */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *clean = cli_clean(rows[i].text);

		assert_string_equal(clean, rows[i].clean);
		free(clean);
	}
}

static void
json_output_is_json_with_the_same_care(void **state)
{
	json_t *value =
	    json_pack("{s:s}", "a", "\x1b \xc2\x9b \xe2\x80\xae \xf3\xa0\x80\x81 \xc3\xa9");
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	json_t *back;

	(void)state;
	cli_print_json(to, value);
	fclose(to);
	assert_string_equal(
	    text, "{\n  \"a\": \"\\u001B \\u009b \\u202e \\udb40\\udc01 \xc3\xa9\"\n}\n");
	back = json_loads(text, 0, NULL);
	assert_true(json_equal(value, back));
	json_decref(back);
	json_decref(value);
	free(text);
}

static void
columns_line_up_by_what_a_terminal_shows(void **state)
{
	static const struct cli_column columns[] = { { "NAME", "n" }, { "UID", "u" } };
	json_t *items = json_loads("[{\"n\":\"\\u5c71\\u7530\",\"u\":\"a\"},"
				   "{\"n\":\"e\\u0301\",\"u\":[\"b\",\"c\"]},{\"u\":null}]",
	    0, NULL);
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	(void)state;
	cli_print_table(to, columns, 2, items);
	fclose(to);
	assert_string_equal(
	    text, "NAME  UID\n\xe5\xb1\xb1\xe7\x94\xb0  a\ne\xcc\x81     b, c\n      \n");
	json_decref(items);
	free(text);
}

/* ---- with a server ---- */

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
	assert_string_equal(request_body(),
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
	assert_string_equal(request_body(), "{\"given_name\":\"Ada\",\"family_name\":\"L\","
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

static int
forget_output(void **state)
{
	(void)state;
	free(out_text);
	free(err_text);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_line_that_makes_no_sense_is_usage),
		cmocka_unit_test(help_and_version_go_to_standard_output),
		cmocka_unit_test(the_manual_has_every_command_and_option),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(a_token_goes_in_clear_to_nobody_but_this_host),
		cmocka_unit_test(nothing_that_moves_a_terminal_is_printed),
		cmocka_unit_test(json_output_is_json_with_the_same_care),
		cmocka_unit_test(columns_line_up_by_what_a_terminal_shows),
		cmocka_unit_test(each_answer_has_its_exit_status),
		cmocka_unit_test(a_daemon_that_is_not_there_is_unreachable),
		cmocka_unit_test(a_problem_is_told_field_by_field_and_clean),
		cmocka_unit_test(a_new_token_is_alone_on_standard_output),
		cmocka_unit_test(an_invitation_is_made_of_options_over_a_file),
		cmocka_unit_test(a_file_that_is_no_document_is_refused_before_anything_is_sent),
		cmocka_unit_test(health_that_is_unready_is_shown_and_fails),
		cmocka_unit_test(an_answer_without_a_body_is_quiet_success),
		cmocka_unit_test(a_cursor_that_goes_in_circles_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, forget_output);
}
