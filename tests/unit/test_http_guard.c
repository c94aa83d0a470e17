/* The guard alone: what it refuses, that the cuts between reads do not matter, where messages end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "http/http_guard.h"
#include "http_framings.h"

static const struct http_guard_limits limits = { 16384, 64, 65536 };

struct outcome {
	int status;
	size_t messages;
	enum http_guard_phase phase;
};

/* Feeds all of it in pieces of `first`, then `piece` bytes. */
static struct outcome
feed(const char *data, size_t len, size_t first, size_t piece)
{
	struct outcome o = { 0, 0, HTTP_GUARD_IDLE };
	struct http_guard g;
	size_t next = first;

	http_guard_init(&g, &limits);
	for (size_t at = 0, end; at < len; at = end) {
		end = len - at < next ? len : at + next;
		next = piece;
		while (at < end) {
			enum http_guard_verdict v;

			at += http_guard_feed(&g, data + at, end - at, &v);
			if (v == HTTP_GUARD_REFUSED) {
				o.status = g.status;
				assert_non_null(g.detail);
				return o;
			}
			o.messages += v == HTTP_GUARD_MESSAGE;
		}
	}
	o.phase = g.phase;
	return o;
}

static void
check_framing(const struct framing *f, void *arg)
{
	const int expected = f->by_guard ? f->status : 0;
	const size_t cuts = f->len < 400 ? f->len : 0; /* the long ones are cut evenly, below */

	(void)arg;
	for (size_t cut = 1; cut <= cuts; cut++) {
		struct outcome o = feed(f->bytes, f->len, cut, f->len);

		if (o.status != expected)
			fail_msg("%s, cut at %zu: %d", f->name, cut, o.status);
	}
	for (size_t piece = 1; piece <= 4096; piece *= 4)
		if (feed(f->bytes, f->len, piece, piece).status != expected)
			fail_msg("%s, in pieces of %zu", f->name, piece);
	if (feed(f->bytes, f->len, f->len, 1).status != expected)
		fail_msg("%s, whole", f->name);
}

static void
malformed_framings_are_refused_however_they_are_cut(void **state)
{
	(void)state;
	assert_true(framings_each(check_framing, NULL) >= 32);
}

static void
well_formed_messages_pass_however_they_are_cut(void **state)
{
	static const char *const good[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
		"GET /a?b=c&d=%20%C3%A4+x[]{}|^ HTTP/1.1\r\nHost: a.example:8460\r\n\r\n",
		"HEAD /a/b;c=d:e@f!$&'()*+,=~ HTTP/1.1\r\nhost: [::1]:8460\r\n\r\n",
		"POST / HTTP/1.1\r\nHost:a\r\nContent-Length:5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHOST:  a  \r\nCONTENT-LENGTH:  5  \r\n\r\n\r\n\r\n\r",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-Continue\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000003\r\n\r\nabc",
		"PATCH / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n\n",
		"DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS /x HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Space: \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nAccept: a\r\nAccept: b\r\nA: \xc3\xa4 \"#<>\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nA-Name-Longer-Than-All-That-We-Know: b\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		size_t len = strlen(good[i]);

		for (size_t cut = 1; cut <= len; cut++) {
			struct outcome o = feed(good[i], len, cut, len);

			if (o.status != 0 || o.messages != 1 || o.phase != HTTP_GUARD_IDLE)
				fail_msg("%s\ncut at %zu: %d", good[i], cut, o.status);
		}
		assert_int_equal(feed(good[i], len, 1, 1).messages, 1);
	}
}

static void
boundaries_are_followed_through_a_pipeline(void **state)
{
	static const char text[] = "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 38\r\n\r\n"
				   "GET /hidden HTTP/1.1\r\nHost: evil\r\n\r\n12"
				   "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
				   "PUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
				   "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n";
	static const char tail[] = "GET /5 HTTP/1.1\r\nHost : a\r\n\r\n";
	char both[sizeof(text) + sizeof(tail)];
	const size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t cut = 1; cut <= len; cut++) {
		struct outcome o = feed(text, len, cut, len);

		assert_int_equal(o.messages, 4);
		assert_int_equal(o.status, 0);
		assert_int_equal(o.phase, HTTP_GUARD_IDLE);
	}
	memcpy(both, text, len);
	memcpy(both + len, tail, sizeof(tail));
	for (size_t cut = 1; cut <= len; cut++) {
		struct outcome o = feed(both, strlen(both), cut, strlen(both));

		assert_int_equal(o.messages, 4);
		assert_int_equal(o.status, 400);
	}
}

static void
a_header_may_be_just_as_large_as_the_limit(void **state)
{
	static const char front[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
	static const char end[4] = { '\r', '\n', '\r', '\n' };
	static char head[16384 + 2];

	(void)state;
	memset(head, 'x', sizeof(head));
	memcpy(head, front, sizeof(front) - 1);
	memcpy(head + 16384 - sizeof(end), end, sizeof(end));
	assert_int_equal(feed(head, 16384, 16384, 1).messages, 1);
	assert_int_equal(feed(head, 16384, 1, 1).messages, 1);
	head[16384 - 4] = head[16384 - 3] = 'x';
	head[16384 - 2] = head[16384 - 1] = 'x';
	memcpy(head + 16385 - sizeof(end), end, sizeof(end));
	assert_int_equal(feed(head, 16385, 16385, 1).status, 431);
	assert_int_equal(feed(head, 16385, 1, 1).status, 431);
}

static void
the_phase_says_what_is_waited_for(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
	enum http_guard_verdict v;
	struct http_guard g;

	(void)state;
	http_guard_init(&g, &limits);
	assert_int_equal(g.phase, HTTP_GUARD_IDLE);
	assert_int_equal(http_guard_feed(&g, head, 1, &v), 1);
	assert_int_equal(g.phase, HTTP_GUARD_HEAD);
	http_guard_feed(&g, head + 1, sizeof(head) - 2, &v);
	assert_int_equal(v, HTTP_GUARD_MORE);
	assert_int_equal(g.phase, HTTP_GUARD_BODY);
	http_guard_feed(&g, "a", 1, &v);
	assert_int_equal(http_guard_feed(&g, "bG", 2, &v), 1);
	assert_int_equal(v, HTTP_GUARD_MESSAGE);
	assert_int_equal(g.phase, HTTP_GUARD_IDLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_framings_are_refused_however_they_are_cut),
		cmocka_unit_test(well_formed_messages_pass_however_they_are_cut),
		cmocka_unit_test(boundaries_are_followed_through_a_pipeline),
		cmocka_unit_test(a_header_may_be_just_as_large_as_the_limit),
		cmocka_unit_test(the_phase_says_what_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
