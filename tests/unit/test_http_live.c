/* A whole server over loopback: framing, routing, replies, exchanges that outlive their client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <poll.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "base/mem.h"
#include "http_framings.h"
#include "http_rig.h"

static char reply[1 << 16];

static int
ask(struct rig *r, const char *text)
{
	int fd = client_connect(r->port), status;

	client_text(fd, text);
	status = client_read_reply(fd, reply, sizeof(reply));
	close(fd);
	return status;
}

static void
check_refused(const struct framing *f, void *arg)
{
	struct rig *r = arg;
	int fd = client_connect(r->port);

	client_send(fd, f->bytes, f->len);
	if (client_read_all(fd, reply, sizeof(reply)) <= 0)
		fail_msg("%s: no answer", f->name);
	close(fd);
	if (client_status_of(reply) != f->status)
		fail_msg("%s: %s", f->name, reply);
	assert_non_null(strstr(reply, "Connection: close"));
	assert_non_null(strstr(reply, "application/problem+json"));
	assert_null(strstr(reply, "\nHTTP/1."));
}

static void
malformed_framings_get_a_problem_and_are_closed(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	assert_true(framings_each(check_refused, &r) >= 32);
	assert_int_equal(ask(&r, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	rig_stop(&r);
}

static void
requests_get_the_status_of_their_route(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *has;
	} table[] = {
		{ "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200, "\r\n\r\nhello" },
		{ "GET /hello HTTP/1.1\r\nHost: A.Example:8460\r\n\r\n", 200, "hello" },
		{ "GET /hello?x=1 HTTP/1.0\r\nHost: a\r\n\r\n", 200, "hello" },
		{ "GET /hello HTTP/1.1\r\nHost: b\r\n\r\n", 421, "not served" },
		{ "GET /hello HTTP/1.1\r\nHost: a:8460\r\n\r\n", 421, "not served" },
		{ "GET /hello/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET /hell HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET /users/ HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET /users/a/b HTTP/1.1\r\nHost: a\r\n\r\n", 404, "request_id" },
		{ "GET /users/%C3%A4%20b HTTP/1.1\r\nHost: a\r\n\r\n", 200, "\r\n\r\n\xc3\xa4 b" },
		{ "GET /users/me HTTP/1.1\r\nHost: a\r\n\r\n", 200, "\r\n\r\nhello" },
		{ "DELETE /users/me HTTP/1.1\r\nHost: a\r\n\r\n", 204, "X-Request-Id: " },
		{ "POST /users/x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405,
		    "Allow: GET, HEAD, PATCH, DELETE\r\n" },
		{ "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405,
		    "Allow: GET, HEAD\r\n" },
		{ "OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, "Allow: POST\r\n" },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: Text/Plain;charset=utf-8\r\n"
		  "Content-Length: 2\r\n\r\nhi",
		    201, "\r\n\r\nhi" },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 415,
		    "type text/plain" },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plai\r\n"
		  "Content-Length: 2\r\n\r\nhi",
		    415, "application/problem+json" },
		{ "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 415,
		    "takes no body" },
		{ "GET /fail HTTP/1.1\r\nHost: a\r\n\r\n", 503, "too much to do" },
	};
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int status = ask(&r, table[i].text);

		if (status != table[i].status || strstr(reply, table[i].has) == NULL)
			fail_msg("%s\n%d: %s", table[i].text, status, reply);
		assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
		assert_non_null(strstr(reply, "X-Content-Type-Options: nosniff\r\n"));
		assert_non_null(strstr(reply, "Referrer-Policy: no-referrer\r\n"));
		assert_null(strstr(reply, "Server:"));
		assert_int_equal(r.last_status, status);
		assert_int_equal(r.accesses, i + 1);
	}
	rig_stop(&r);
}

static void
head_is_get_without_its_body(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: foo, close\r\n\r\n");
	assert_true(client_read_all(fd, reply, sizeof(reply)) > 0);
	close(fd);
	assert_int_equal(client_status_of(reply), 200);
	assert_non_null(strstr(reply, "Content-Length: 5\r\n"));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	rig_stop(&r);
}

static void
pipelined_requests_are_answered_in_order_up_to_a_malformed_one(void **state)
{
	static const char text[] =
	    "GET /users/1 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: "
	    "1\r\n\r\n2"
	    "GET /users/3 HTTP/1.1\r\nHost: a\r\n\r\n"
	    "GET /users/4 HTTP/1.1\r\nHost : a\r\n\r\nGET /users/5 HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
		int fd = client_connect(r.port);

		client_send(fd, text, cut);
		/* Give the first part a chance to be read alone: the loop takes a turn for us. */
		rig_connections(&r);
		client_send(fd, text + cut, sizeof(text) - 1 - cut);
		assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
		assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n1");
		assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 201);
		assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n2");
		assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
		assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n3");
		assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 400);
		assert_int_equal(client_read_all(fd, reply, sizeof(reply)), 0);
		close(fd);
	}
	rig_stop(&r);
}

static void
a_body_is_awaited_after_100_continue(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
			"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 100);
	client_text(fd, "hello");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 201);
	close(fd);
	rig_stop(&r);
}

/* By GET, by HEAD (nothing of it is sent) and to somebody who does not wait for it: each time it is
 * freed, which a sanitizer sees. */
static void
a_body_that_is_handed_over_arrives_and_is_freed(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	assert_int_equal(ask(&r, "GET /taken HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_non_null(strstr(reply, "\r\nContent-Length: 40000\r\n"));
	assert_int_equal(strspn(strstr(reply, "\r\n\r\n") + 4, "t"), RIG_TAKEN);
	fd = client_connect(r.port);
	client_text(fd, "HEAD /taken HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_true(client_read_all(fd, reply, sizeof(reply)) > 0);
	assert_non_null(strstr(reply, "\r\nContent-Length: 40000\r\n"));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	close(fd);
	fd = client_connect(r.port);
	client_text(fd, "GET /taken HTTP/1.1\r\nHost: a\r\n\r\n");
	close(fd);
	rig_stop(&r);
}

static void
a_slow_reader_gets_all_of_a_large_reply(void **state)
{
	struct http_limits limits = rig_limits();
	char *all = mem_alloc(RIG_BIG + 16384);
	size_t len = 0;
	struct rig r;
	ssize_t n;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	shutdown(fd, SHUT_WR); /* a client may close its side and still be owed a reply */
	while ((n = recv(fd, all + len, 8192, 0)) > 0) {
		len += (size_t)n;
		if (len % 7 == 0)
			usleep(500);
	}
	assert_int_equal(n, 0);
	assert_int_equal(len, (size_t)(strstr(all, "\r\n\r\n") + 4 - all) + RIG_BIG);
	close(fd);
	free(all);
	rig_stop(&r);
}

/* How a client leaves while its request is held. */
enum leaving { BY_FIN, BY_RST, BY_HALF_CLOSE, WITH_A_PIPELINE, LEAVINGS };

static int
leave(int fd, enum leaving how)
{
	struct linger linger = { 1, 0 };

	if (how == BY_RST)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (how == WITH_A_PIPELINE)
		client_text(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hel");
	if (how == BY_HALF_CLOSE) {
		shutdown(fd, SHUT_WR);
		return fd;
	}
	close(fd);
	return -1;
}

static void
a_reply_to_a_client_that_left_is_harmless(void **state)
{
	static const char *const requests[] = {
		"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /hold HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: "
		"2\r\n\r\nhi",
	};
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	for (int i = 0; i < 2 * LEAVINGS; i++) {
		int fd = client_connect(r.port);

		client_text(fd, requests[i % 2]);
		sem_wait(&r.held);
		fd = leave(fd, (enum leaving)(i / 2));
		rig_connections(&r);
		rig_answer(&r);
		if (fd != -1) {
			assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
			close(fd);
		}
	}
	while (rig_connections(&r) > 0)
		usleep(1000);
	assert_int_equal(r.accesses >= 2 * LEAVINGS, 1);
	rig_stop(&r);
}

static void
a_held_exchange_survives_its_server(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	sem_wait(&r.held);
	rig_kill_server(&r);
	assert_int_equal(client_read_all(fd, reply, sizeof(reply)), 0);
	rig_answer(&r);
	assert_int_equal(r.accesses, 0);
	close(fd);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_framings_get_a_problem_and_are_closed),
		cmocka_unit_test(requests_get_the_status_of_their_route),
		cmocka_unit_test(head_is_get_without_its_body),
		cmocka_unit_test(pipelined_requests_are_answered_in_order_up_to_a_malformed_one),
		cmocka_unit_test(a_body_is_awaited_after_100_continue),
		cmocka_unit_test(a_body_that_is_handed_over_arrives_and_is_freed),
		cmocka_unit_test(a_slow_reader_gets_all_of_a_large_reply),
		cmocka_unit_test(a_reply_to_a_client_that_left_is_harmless),
		cmocka_unit_test(a_held_exchange_survives_its_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
