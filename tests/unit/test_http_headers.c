/* What every answer tells a browser, and who a server behind a proxy takes a client for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "http_rig.h"

static char reply[8192];

static const char *const always[] = {
	"\r\nCache-Control: no-store\r\n",
	("\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'; "
	 "base-uri 'none'; form-action 'none'\r\n"),
	"\r\nX-Content-Type-Options: nosniff\r\n",
	"\r\nX-Frame-Options: DENY\r\n",
	"\r\nReferrer-Policy: no-referrer\r\n",
	"\r\nCross-Origin-Opener-Policy: same-origin\r\n",
	"\r\nCross-Origin-Resource-Policy: same-origin\r\n",
};

static void
check_headers(const char *what)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		const char *first = strstr(reply, always[i]);

		if (first == NULL || strstr(first + 2, always[i]) != NULL)
			fail_msg("%s: not once %s in %s", what, always[i] + 2, reply);
	}
	assert_null(strcasestr(reply, "access-control"));
	assert_null(strcasestr(reply, "strict-transport-security"));
}

static void
every_answer_has_the_same_defences(void **state)
{
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{ "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
		{ "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
		{ "GET /taken HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
		{ "DELETE /users/1 HTTP/1.1\r\nHost: a\r\n\r\n", 204 },
		{ "GET /fail HTTP/1.1\r\nHost: a\r\n\r\n", 503 },
		{ "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404 },
		{ "GET /..%2fa HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
		{ "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405 },
		{ "GET /hello HTTP/1.1\r\nHost: b\r\n\r\n", 421 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 415 },
		{ "GET /hello HTTP/1.1\r\n\r\n", 400 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", 411 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", 413 },
		{ "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417 },
		{ "GET /hello HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n", 431 },
	};
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	limits.header_fields = 2;
	rig_start(&r, &limits, NULL, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = client_connect(r.port);

		client_text(fd, rows[i].request);
		shutdown(fd, SHUT_WR);
		client_read_all(fd, reply, sizeof(reply));
		close(fd);
		if (client_status_of(reply) != rows[i].status)
			fail_msg("%s: %s", rows[i].request, reply);
		check_headers(rows[i].request);
	}
	rig_stop(&r);
}

static void
a_late_header_is_refused_with_them_too(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	limits.header_ms = 1000;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n");
	client_read_all(fd, reply, sizeof(reply));
	close(fd);
	assert_int_equal(client_status_of(reply), 408);
	check_headers("late");
	rig_stop(&r);
}

static enum err
stream_on_request(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_stream_conf conf = { .type = "text/event-stream" };
	struct http_stream *s = http_stream_start(x, &conf);

	(void)ctx, (void)f;
	if (s != NULL)
		http_stream_end(s);
	return ERR_OK;
}

static enum err
part_on_request(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)ctx, (void)f;
	http_mark_part(x);
	http_reply(x, 200, "text/javascript", "part", 4);
	return ERR_OK;
}

static enum err
page_on_request(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)ctx, (void)f;
	http_add_header(x, "content-security-policy", "default-src 'self'; frame-ancestors 'none'");
	http_add_header(x, "Cache-Control", "public");
	http_reply(x, 200, "text/html", "page", 4);
	return ERR_OK;
}

static void
get_stream(struct rig *r, const char *method)
{
	int fd = client_connect(r->port);
	char request[64];

	snprintf(request, sizeof(request), "%s /stream HTTP/1.1\r\nHost: a\r\n\r\n", method);
	client_text(fd, request);
	shutdown(fd, SHUT_WR);
	client_read_all(fd, reply, sizeof(reply));
	close(fd);
	assert_int_equal(client_status_of(reply), 200);
}

static void
a_part_of_a_page_has_those_that_are_not_for_documents_alone(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	r.on_stream = part_on_request;
	get_stream(&r, "GET");
	assert_non_null(strstr(reply, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(reply, "\r\nCross-Origin-Resource-Policy: same-origin\r\n"));
	assert_non_null(strstr(reply, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(reply, "\r\nX-Request-Id: "));
	assert_null(strstr(reply, "X-Frame-Options"));
	assert_null(strstr(reply, "Content-Security-Policy"));
	assert_null(strstr(reply, "Referrer-Policy"));
	assert_null(strstr(reply, "Cross-Origin-Opener-Policy"));
	rig_stop(&r);
}

static void
a_stream_has_them_and_a_page_its_own_policy(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	r.on_stream = stream_on_request;
	get_stream(&r, "GET");
	check_headers("stream");
	get_stream(&r, "HEAD");
	check_headers("stream");
	r.on_stream = page_on_request;
	get_stream(&r, "GET");
	assert_non_null(strstr(reply, "default-src 'self'; frame-ancestors 'none'\r\n"));
	assert_null(strstr(reply, "default-src 'none'"));
	assert_non_null(strstr(reply, "Cache-Control: public\r\n"));
	assert_null(strstr(reply, "no-store"));
	assert_non_null(strstr(reply, "X-Frame-Options: DENY\r\n"));
	rig_stop(&r);
}

static void
another_origin_asks_in_vain(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "OPTIONS /echo HTTP/1.1\r\nHost: a\r\nOrigin: http://evil.example\r\n"
			"Access-Control-Request-Method: POST\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 405);
	assert_non_null(strstr(reply, "Allow: POST\r\n"));
	check_headers("preflight");
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: a\r\nOrigin: http://evil.example\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	check_headers("foreign");
	close(fd);
	rig_stop(&r);
}

static enum err
who_on_request(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *q = http_request_of(x);
	const char *text =
	    arena_printf(http_arena(x), "%s %s %d.", q->peer, q->client, q->is_secure);

	(void)ctx, (void)f;
	http_reply(x, 200, "text/plain", text, strlen(text));
	return ERR_OK;
}

/* What the server says of a client that sends this field. */
static void
check_who(struct rig *r, const char *field, const char *expected)
{
	int fd = client_connect(r->port);
	char request[256];

	snprintf(request, sizeof(request), "GET /stream HTTP/1.1\r\nHost: a\r\n%s\r\n", field);
	client_text(fd, request);
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	if (strstr(reply, expected) == NULL)
		fail_msg("%s: %s", field, reply);
}

static void
only_a_configured_proxy_says_who_a_client_is(void **state)
{
	static const char *const proxies[] = { "127.0.0.0/8", NULL };
	static const char *const others[] = { "192.0.2.1", NULL };
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start_behind(&r, &limits, proxies, HTTP_X_FORWARDED);
	r.on_stream = who_on_request;
	check_who(&r, "", "127.0.0.1 127.0.0.1 0.");
	check_who(
	    &r, "X-Forwarded-For: 203.0.113.1, 198.51.100.1\r\n", "127.0.0.1 198.51.100.1 0.");
	check_who(&r, "X-Forwarded-For: 203.0.113.1\r\nForwarded: for=203.0.113.1;proto=https\r\n",
	    "127.0.0.1 203.0.113.1 0.");
	check_who(&r, "X-Forwarded-For: unknown\r\n", "127.0.0.1 127.0.0.1 0.");
	rig_stop(&r);
	rig_start_behind(&r, &limits, proxies, HTTP_FORWARDED);
	r.on_stream = who_on_request;
	check_who(
	    &r, "Forwarded: for=\"[2001:db8::1]:80\";proto=https\r\n", "127.0.0.1 2001:db8::1 1.");
	check_who(&r, "X-Forwarded-For: 203.0.113.1\r\n", "127.0.0.1 127.0.0.1 0.");
	rig_stop(&r);
	rig_start_behind(&r, &limits, others, HTTP_X_FORWARDED);
	r.on_stream = who_on_request;
	check_who(&r, "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n",
	    "127.0.0.1 127.0.0.1 0.");
	rig_stop(&r);
}

static void
check_strict(struct rig *r, const char *field, bool is_strict)
{
	char request[256];
	int fd = client_connect(r->port);

	snprintf(request, sizeof(request), "GET /hello HTTP/1.1\r\nHost: a\r\n%s\r\n", field);
	client_text(fd, request);
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	if ((strcasestr(reply, "strict-transport-security") != NULL) != is_strict)
		fail_msg("%s: %s", field, reply);
}

static void
who_comes_by_tls_to_a_proxy_is_to_do_so_always(void **state)
{
	static const char *const proxies[] = { "127.0.0.1", NULL };
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start_behind(&r, &limits, proxies, HTTP_X_FORWARDED);
	check_strict(&r, "X-Forwarded-Proto: https\r\n", true);
	check_strict(&r, "X-Forwarded-Proto: http\r\n", false);
	check_strict(&r, "Forwarded: for=192.0.2.1;proto=https\r\n", false);
	rig_stop(&r);
}

static void
a_proxy_may_have_more_connections_than_one_source(void **state)
{
	static const char *const proxies[] = { "127.0.0.1", NULL };
	struct http_limits limits = rig_limits();
	struct rig r;
	int fds[4];

	(void)state;
	limits.connections_per_source = 1;
	limits.connections = 3;
	rig_start_behind(&r, &limits, proxies, HTTP_X_FORWARDED);
	r.on_stream = who_on_request;
	for (size_t i = 0; i < 4; i++) {
		fds[i] = client_connect(r.port);
		client_text(fds[i], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_int_equal(client_read_reply(fds[i], reply, sizeof(reply)), i < 3 ? 200 : 0);
	}
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_has_the_same_defences),
		cmocka_unit_test(a_late_header_is_refused_with_them_too),
		cmocka_unit_test(a_part_of_a_page_has_those_that_are_not_for_documents_alone),
		cmocka_unit_test(a_stream_has_them_and_a_page_its_own_policy),
		cmocka_unit_test(another_origin_asks_in_vain),
		cmocka_unit_test(only_a_configured_proxy_says_who_a_client_is),
		cmocka_unit_test(who_comes_by_tls_to_a_proxy_is_to_do_so_always),
		cmocka_unit_test(a_proxy_may_have_more_connections_than_one_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
