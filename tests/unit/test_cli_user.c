/* usherctl user and org-unit against a server of this process that answers what it was given. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "../fakes/fake_api_cli.h"

#define ID_1 "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
#define ID_2 "01890a5d-ac96-774b-bcce-b302099a8057"

enum { REQUESTS_MAX = 4 };

struct answer {
	int status;
	const char *body;
};

static struct {
	char dir[64], path[96];
	int fd;
	pthread_t thread;
	struct answer answers[REQUESTS_MAX];
	size_t count, asked;
	char requests[REQUESTS_MAX][4096];
} server;

/* Reads a request to the end of its body. */
static void
server_read(int fd, char *request, size_t size)
{
	size_t used = 0, body;
	const char *end, *length;
	ssize_t n;

	while ((n = read(fd, request + used, size - 1 - used)) > 0) {
		used += (size_t)n;
		request[used] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end == NULL)
			continue;
		length = strcasestr(request, "content-length: ");
		body = length != NULL ? strtoul(length + 16, NULL, 10) : 0;
		if (strlen(end + 4) >= body)
			return;
	}
}

static void *
server_main(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < server.count; i++) {
		const struct answer *a = &server.answers[i];
		int fd = accept(server.fd, NULL, NULL);

		if (fd == -1)
			return NULL;
		server_read(fd, server.requests[i], sizeof(server.requests[i]));
		server.asked++;
		dprintf(fd,
		    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: close\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    a->status, strlen(a->body), a->body);
		close(fd);
	}
	return NULL;
}

static void
server_start(const struct answer *answers, size_t count)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(&server, 0, sizeof(server));
	memcpy(server.answers, answers, count * sizeof(*answers));
	server.count = count;
	strcpy(server.dir, "/tmp/usherctl-test-XXXXXX");
	assert_non_null(mkdtemp(server.dir));
	snprintf(server.path, sizeof(server.path), "%s/s", server.dir);
	memcpy(sun.sun_path, server.path, strlen(server.path) + 1);
	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(server.fd, 4), 0);
	assert_int_equal(pthread_create(&server.thread, NULL, server_main, NULL), 0);
}

/* `asked`: how many requests there must have been. */
static void
server_stop(size_t asked)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(server.path);
	rmdir(server.dir);
	assert_int_equal(server.asked, asked);
}

static void
assert_asked(size_t i, const char *line)
{
	assert_memory_equal(server.requests[i], line, strlen(line));
}

static const char *
body_of(size_t i)
{
	return strstr(server.requests[i], "\r\n\r\n") + 4;
}

#define PERSON(id, name, uid, mail)                                                                \
	"{\"id\":\"" id "\",\"status\":\"active\",\"name\":\"" name "\",\"uid\":\"" uid            \
	"\",\"mail\":\"" mail "\",\"phone\":null,\"registered_at\":\"2026-01-02T03:04:05Z\","      \
	"\"last_activity_at\":null}"
#define PAGE(items, total, next)                                                                   \
	"{\"items\":[" items "],\"total\":" total                                                  \
	",\"counts\":{\"active\":2},\"next_cursor\":" next "}"

/* ---- list ---- */

static void
a_page_is_a_table_and_the_total_is_told_beside_it(void **state)
{
	static const struct answer answer = { 200,
		PAGE(PERSON(ID_1, "\xe6\x9d\x8e \xe5\xb0\x8f\xe9\xbe\x99", "li",
			 "li@example.org") "," PERSON(ID_2, "Ada", "ada", "ada@example.org"),
		    "1234", "\"Abc_-1\"") };

	(void)state;
	server_start(&answer, 1);
	assert_int_equal(run("--socket", server.path, "user", "list", NULL), CLI_OK);
	server_stop(1);
	assert_asked(0, "GET /api/v1/users HTTP/1.1");
	assert_string_equal(out_text,
	    "NAME     MAIL             PHONE  STATUS  REGISTERED            LAST ACTIVITY  ID\n"
	    "\xe6\x9d\x8e \xe5\xb0\x8f\xe9\xbe\x99  li@example.org          active  "
	    "2026-01-02T03:04:05Z                 " ID_1 "\n"
	    "Ada      ada@example.org         active  2026-01-02T03:04:05Z                 " ID_2
	    "\n");
	assert_string_equal(err_text, "2 of 1234 people\nmore: --cursor Abc_-1\n");
}

static void
every_filter_is_sent_encoded(void **state)
{
	static const struct answer answer = { 200, PAGE("", "0", "null") };

	(void)state;
	server_start(&answer, 1);
	assert_int_equal(
	    run("--socket", server.path, "-o", "json", "user", "list", "--query",
		"m\xc3\xbcller +49&x=1", "--status", "active,pending", "--org-unit", "ou=R\\, D",
		"--sort", "mail", "--order", "desc", "--limit", "7", "--cursor", "c/d", NULL),
	    CLI_OK);
	server_stop(1);
	assert_asked(0,
	    "GET /api/v1/users?q=m%C3%BCller%20%2B49%26x%3D1&status=active%2Cpending"
	    "&org_unit=ou%3DR%5C%2C%20D&sort=mail&order=desc&limit=7&cursor=c%2Fd HTTP/1.1");
	assert_non_null(strstr(out_text, "\"total\": 0"));
	assert_int_equal(err_len, 0);
}

static void
all_pages_are_one_list(void **state)
{
	static const struct answer answers[] = {
		{ 200, PAGE(PERSON(ID_1, "A", "a", "a@b"), "2", "\"two\"") },
		{ 200, PAGE(PERSON(ID_2, "B", "b", "b@b"), "2", "null") }
	};

	(void)state;
	server_start(answers, 2);
	assert_int_equal(run("--socket", server.path, "user", "list", "--all", NULL), CLI_OK);
	server_stop(2);
	assert_asked(0, "GET /api/v1/users?limit=200 HTTP/1.1");
	assert_asked(1, "GET /api/v1/users?limit=200&cursor=two HTTP/1.1");
	assert_non_null(strstr(out_text, ID_1));
	assert_non_null(strstr(out_text, ID_2));
	assert_string_equal(err_text, "2 of 2 people\n");
}

static void
a_cursor_that_stands_still_is_not_followed(void **state)
{
	static const struct answer answers[] = { { 200, PAGE("", "2", "\"x\"") },
		{ 200, PAGE("", "2", "\"x\"") } };

	(void)state;
	server_start(answers, 2);
	assert_int_equal(run("--socket", server.path, "user", "list", "--all", NULL), CLI_FAILED);
	server_stop(2);
	assert_int_equal(out_len, 0);
}

/* ---- one person ---- */

static void
a_person_is_known_by_id_uid_or_mail(void **state)
{
	static const struct answer found = { 200,
		PAGE(PERSON(ID_1, "A", "ada", "ada@example.org") "," PERSON(
			 ID_2, "B", "ada2", "ada@example.org.uk"),
		    "2", "null") };
	static const char *const names[] = { "ada", "ADA", "ada@example.org", "Ada@Example.org" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct answer answers[] = { found, { 200, "{\"name\":\"A\"}" } };

		server_start(answers, 2);
		assert_int_equal(
		    run("--socket", server.path, "user", "show", names[i], NULL), CLI_OK);
		server_stop(2);
		assert_asked(1, "GET /api/v1/users/" ID_1 " HTTP/1.1");
		assert_string_equal(out_text, "name  A\n");
	}
	server_start(&(struct answer){ 200, "{\"name\":\"A\"}" }, 1);
	assert_int_equal(run("--socket", server.path, "user", "show", ID_2, NULL), CLI_OK);
	server_stop(1);
	assert_asked(0, "GET /api/v1/users/" ID_2 " HTTP/1.1");
}

static void
a_name_that_nobody_or_more_than_one_has_is_not_guessed(void **state)
{
	static const struct {
		struct answer answer;
		enum cli_exit code;
	} rows[] = {
		{ { 200, PAGE("", "0", "null") }, CLI_NOT_FOUND },
		{ { 200, PAGE(PERSON(ID_1, "A", "ada2", "ada@b"), "1", "null") }, CLI_NOT_FOUND },
		{ { 200, PAGE(PERSON(ID_1, "A", "ada", "a@b") "," PERSON(ID_2, "B", "ada", "c@d"),
			     "2", "null") },
		    CLI_CONFLICT },
		{ { 503, "{\"detail\":\"loading\"}" }, CLI_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&rows[i].answer, 1);
		assert_int_equal(
		    run("--socket", server.path, "user", "delete", "ada", NULL), rows[i].code);
		server_stop(1);
		assert_int_equal(out_len, 0);
		assert_true(err_len > 0);
		if (rows[i].code == CLI_CONFLICT) {
			assert_non_null(strstr(err_text, ID_1));
			assert_non_null(strstr(err_text, ID_2));
		}
	}
}

static void
each_command_asks_for_what_it_says(void **state)
{
	static const struct {
		const char *command, *line;
	} rows[] = {
		{ "show", "GET /api/v1/users/" ID_1 " HTTP/1.1" },
		{ "suspend", "POST /api/v1/users/" ID_1 "/suspend HTTP/1.1" },
		{ "resume", "POST /api/v1/users/" ID_1 "/resume HTTP/1.1" },
		{ "restore", "POST /api/v1/users/" ID_1 "/restore HTTP/1.1" },
		{ "delete", "DELETE /api/v1/users/" ID_1 " HTTP/1.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&(struct answer){ 200, "{\"status\":\"x\"}" }, 1);
		assert_int_equal(
		    run("--socket", server.path, "-o", "json", "user", rows[i].command, ID_1, NULL),
		    CLI_OK);
		server_stop(1);
		assert_asked(0, rows[i].line);
		assert_string_equal(out_text, "{\n  \"status\": \"x\"\n}\n");
	}
}

/* A page of somebody who reaches a part may be empty, and more follow it. */
static void
the_deleted_are_listed_from_the_first_page_that_has_some(void **state)
{
	static const struct answer answers[] = {
		{ 200, "{\"items\":[],\"next_cursor\":\"AAA\"}" },
		{ 200, "{\"items\":[{\"id\":\"" ID_1 "\",\"name\":\"Ada\\u001b[31m\",\"uid\":null,"
		       "\"mail\":\"ada@x.org\",\"org_unit\":\"ou=x\",\"deleted_at\":\"2026\","
		       "\"deleted_by\":\"uid:0\",\"restorable_until\":\"2027\"}],"
		       "\"next_cursor\":\"BBB\"}" },
		{ 200, "{\"items\":[{\"id\":\"" ID_2 "\"}],\"next_cursor\":null}" },
	};

	(void)state;
	server_start(answers, 2);
	assert_int_equal(run("--socket", server.path, "user", "deleted", NULL), CLI_OK);
	server_stop(2);
	assert_asked(0, "GET /api/v1/trash HTTP/1.1");
	assert_asked(1, "GET /api/v1/trash?cursor=AAA HTTP/1.1");
	assert_non_null(strstr(out_text, "RESTORABLE UNTIL"));
	assert_non_null(strstr(out_text, ID_1));
	assert_non_null(strstr(out_text, "ada@x.org"));
	assert_null(strchr(out_text, '\033'));
	assert_string_equal(err_text, "more: --cursor BBB\n");
	server_start(answers, 3);
	assert_int_equal(
	    run("--socket", server.path, "-o", "json", "user", "deleted", "--all", NULL), CLI_OK);
	server_stop(3);
	assert_asked(0, "GET /api/v1/trash?limit=200 HTTP/1.1");
	assert_asked(2, "GET /api/v1/trash?limit=200&cursor=BBB HTTP/1.1");
	assert_non_null(strstr(out_text, ID_1));
	assert_non_null(strstr(out_text, ID_2));
	server_start(&answers[2], 1);
	assert_int_equal(
	    run("--socket", server.path, "user", "deleted", "--limit", "2", "--cursor", "CC", NULL),
	    CLI_OK);
	server_stop(1);
	assert_asked(0, "GET /api/v1/trash?limit=2&cursor=CC HTTP/1.1");
	assert_string_equal(err_text, "");
}

static void
a_deletion_says_what_it_did(void **state)
{
	static const struct {
		struct answer answer;
		const char *out, *err;
	} rows[] = {
		{ { 200,
		      "{\"refused_after_ms\":12,\"restorable_until\":\"2027\",\"detail\":null}" },
		    "deleted; access ended after 12 ms\nuntil 2027: usherctl user restore " ID_1
		    "\n",
		    "" },
		{ { 200,
		      "{\"refused_after_ms\":null,\"restorable_until\":null,\"detail\":\"s2\"}" },
		    "deleted; not every server could be asked whether access ended: s2\n", "" },
		{ { 200, "{\"refused_after_ms\":12,\"restorable_until\":null,"
			 "\"detail\":\"still a member of: cn=a\"}" },
		    "deleted; access ended after 12 ms; still a member of: cn=a\n", "" },
		{ { 202, "{\"status\":\"in_progress\"}" }, "",
		    "the directory did not answer in time; it goes on by itself\n" },
		{ { 204, "" }, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		server_start(&rows[i].answer, 1);
		assert_int_equal(
		    run("--socket", server.path, "user", "delete", ID_1, NULL), CLI_OK);
		server_stop(1);
		assert_string_equal(out_text, rows[i].out);
		assert_string_equal(err_text, rows[i].err);
	}
}

static void
a_deletion_for_good_says_so(void **state)
{
	(void)state;
	server_start(&(struct answer){ 204, "" }, 1);
	assert_int_equal(
	    run("--socket", server.path, "user", "delete", "--no-keep", ID_1, NULL), CLI_OK);
	server_stop(1);
	assert_asked(0, "DELETE /api/v1/users/" ID_1 "?keep=no HTTP/1.1");
}

static void
a_change_sends_what_was_given_and_removes_what_is_empty(void **state)
{
	(void)state;
	server_start(&(struct answer){ 200, "{\"id\":\"x\"}" }, 1);
	assert_int_equal(
	    run("--socket", server.path, "user", "change", ID_1, "--position", "Head", "--phone",
		"", "--org-unit=ou=A", "--birthday", "1990-02-28", "--gender", "", NULL),
	    CLI_OK);
	server_stop(1);
	assert_asked(0, "PATCH /api/v1/users/" ID_1 " HTTP/1.1");
	assert_string_equal(body_of(0),
	    "{\"gender\":null,\"birthday\":\"1990-02-28\",\"phone\":null,"
	    "\"org_unit\":\"ou=A\",\"position\":\"Head\"}");
	assert_int_equal(
	    run("--socket", "/nonexistent/s", "user", "change", ID_1, NULL), CLI_USAGE);
	server_start(&(struct answer){ 200, "{\"id\":\"x\"}" }, 1);
	assert_int_equal(run("--socket", server.path, "user", "change", ID_1, "--group", "cn=a",
			     "--group=cn=b", NULL),
	    CLI_OK);
	server_stop(1);
	assert_string_equal(body_of(0), "{\"groups\":[\"cn=a\",\"cn=b\"]}");
	server_start(&(struct answer){ 200, "{\"id\":\"x\"}" }, 1);
	assert_int_equal(
	    run("--socket", server.path, "user", "change", ID_1, "--group", "", NULL), CLI_OK);
	assert_int_equal(run("--socket", server.path, "user", "change", ID_1, "--group", "",
			     "--group", "cn=a", NULL),
	    CLI_USAGE);
	server_stop(1);
	assert_string_equal(body_of(0), "{\"groups\":[]}");
	assert_int_equal(
	    run("--socket", "/nonexistent/s", "user", "change", ID_1, "--uid", "x", NULL),
	    CLI_USAGE);
}

static void
what_names_nobody_is_a_usage_error(void **state)
{
	static const char *const commands[] = { "show", "delete", "suspend", "resume", "change" };
	static const char *const names[] = { "", "a\nb" };

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			assert_int_equal(run("--socket", "/nonexistent/s", "user", commands[i],
					     names[j], "-o", "json", NULL),
			    CLI_USAGE);
		assert_int_equal(
		    run("--socket", "/nonexistent/s", "user", commands[i], NULL), CLI_USAGE);
	}
	/* Only an id can name who is in no list. */
	assert_int_equal(
	    run("--socket", "/nonexistent/s", "user", "restore", "ada@b", NULL), CLI_USAGE);
}

/* ---- org units ---- */

static void
org_units_are_listed_with_their_people(void **state)
{
	static const struct answer answer = { 200,
		"{\"items\":[{\"dn\":\"ou=A,dc=b\",\"name\":\"A\",\"total\":3,\"total_below\":7,"
		"\"id\":\"" ID_1 "\"}]}" };

	(void)state;
	server_start(&answer, 1);
	assert_int_equal(run("--socket", server.path, "org-unit", "list", NULL), CLI_OK);
	server_stop(1);
	assert_string_equal(out_text,
	    "NAME  PEOPLE  WITH BELOW  ID                                    DN\n"
	    "A     3       7           " ID_1 "  ou=A,dc=b\n");
}

static void
an_org_unit_is_made_renamed_and_deleted(void **state)
{
	static const struct answer named = { 200, "{\"dn\":\"ou=B\"}" }, list = { 200,
		"{\"items\":[{\"dn\":\"ou=A,dc=b\",\"id\":\"" ID_1
		"\"},{\"dn\":\"ou=A,dc=c\",\"id\":\"" ID_2 "\"}]}" };

	(void)state;
	server_start(&named, 1);
	assert_int_equal(run("--socket", server.path, "org-unit", "create", "--parent", "dc=b",
			     "--name", "B", NULL),
	    CLI_OK);
	server_stop(1);
	assert_asked(0, "POST /api/v1/org-units HTTP/1.1");
	assert_string_equal(body_of(0), "{\"parent\":\"dc=b\",\"name\":\"B\"}");
	assert_string_equal(out_text, "dn  ou=B\n");
	server_start((const struct answer[]){ list, named }, 2);
	assert_int_equal(run("--socket", server.path, "org-unit", "rename", "OU=a,dc=c", "--name=B",
			     "--description=", NULL),
	    CLI_OK);
	server_stop(2);
	assert_asked(1, "PATCH /api/v1/org-units/" ID_2 " HTTP/1.1");
	assert_string_equal(body_of(1), "{\"name\":\"B\",\"description\":null}");
	server_start(&(struct answer){ 204, "" }, 1);
	assert_int_equal(run("--socket", server.path, "org-unit", "delete", ID_1, NULL), CLI_OK);
	server_stop(1);
	assert_asked(0, "DELETE /api/v1/org-units/" ID_1 " HTTP/1.1");
	server_start(&list, 1);
	assert_int_equal(
	    run("--socket", server.path, "org-unit", "delete", "ou=C", NULL), CLI_NOT_FOUND);
	server_stop(1);
	assert_int_equal(
	    run("--socket", "/nonexistent/s", "org-unit", "create", "--name", "x", NULL),
	    CLI_USAGE);
	assert_int_equal(
	    run("--socket", "/nonexistent/s", "org-unit", "rename", ID_1, NULL), CLI_USAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_a_table_and_the_total_is_told_beside_it),
		cmocka_unit_test(every_filter_is_sent_encoded),
		cmocka_unit_test(all_pages_are_one_list),
		cmocka_unit_test(a_cursor_that_stands_still_is_not_followed),
		cmocka_unit_test(a_person_is_known_by_id_uid_or_mail),
		cmocka_unit_test(a_name_that_nobody_or_more_than_one_has_is_not_guessed),
		cmocka_unit_test(each_command_asks_for_what_it_says),
		cmocka_unit_test(the_deleted_are_listed_from_the_first_page_that_has_some),
		cmocka_unit_test(a_deletion_says_what_it_did),
		cmocka_unit_test(a_deletion_for_good_says_so),
		cmocka_unit_test(a_change_sends_what_was_given_and_removes_what_is_empty),
		cmocka_unit_test(what_names_nobody_is_a_usage_error),
		cmocka_unit_test(org_units_are_listed_with_their_people),
		cmocka_unit_test(an_org_unit_is_made_renamed_and_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, forget_output);
}
