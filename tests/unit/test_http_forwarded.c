/* Who is behind a proxy: peers, and what their headers say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "http/http_private.h"

enum { FIELDS = 3 };

static const char *const proxies[] = { "10.0.0.0/8", "192.0.2.7", "2001:db8:1::/48", "::1", NULL };

static void
addresses_and_blocks_are_valid_proxies(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{ "192.0.2.7", true },
		{ "192.0.2.7/32", true },
		{ "192.0.2.0/24", true },
		{ "128.0.0.0/1", true },
		{ "2001:db8::/32", true },
		{ "2001:db8::7", true },
		{ "2001:db8::7/128", true },
		{ "::ffff:192.0.2.0/120", true },
		{ "0.0.0.0/0", false },
		{ "::/0", false },
		{ "192.0.2.7/24", false },
		{ "2001:db8::7/64", false },
		{ "192.0.2.0/33", false },
		{ "192.0.2.0/024", false },
		{ "192.0.2.0/", false },
		{ "192.0.2.0/+8", false },
		{ "192.0.2.0/8/8", false },
		{ "10.0.0.0/4294967304", false },
		{ "2001:db8::/129", false },
		{ "192.0.2", false },
		{ "192.0.2.07", false },
		{ "[::1]", false },
		{ "fe80::1%eth0", false },
		{ " 192.0.2.7", false },
		{ "proxy.example.org", false },
		{ "unix", false },
		{ "", false },
		{ "/8", false },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_proxy_is_valid(rows[i].text) != rows[i].is_valid)
			fail_msg("%s", rows[i].text);
}

/* Peer, fields ("name: value") of which the first is what the proxies write, and what comes out of
 * it.
 */
struct row {
	const char *peer, *field[FIELDS], *client;
	bool is_tls, is_secure;
};

static enum http_proxy_header
check_header(const char *field)
{
	return field != NULL && strncmp(field, "forwarded:", 10) == 0 ? HTTP_FORWARDED
								      : HTTP_X_FORWARDED;
}

static void
check(const struct row *row)
{
	struct arena *arena = arena_new(0);
	struct http_request r = { .peer = row->peer, .is_tls = row->is_tls };
	struct http_proxies p;

	for (size_t i = 0; i < FIELDS && row->field[i] != NULL; i++) {
		const size_t len = strcspn(row->field[i], ":");

		r.headers[r.header_count++] =
		    (struct http_pair){ arena_dup(arena, row->field[i], len),
			    row->field[i] + len + 2 };
	}
	http_proxies_init(&p, proxies, check_header(row->field[0]));
	http_forwarded_apply(&p, &r, arena);
	if (strcmp(r.client, row->client) != 0 || r.is_secure != row->is_secure)
		fail_msg("%s, %s: %s %d", row->peer, row->field[0], r.client, r.is_secure);
	http_proxies_release(&p);
	arena_free(arena);
}

static void
check_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

#define FOR   "x-forwarded-for: "
#define PROTO "x-forwarded-proto: "
#define F     "forwarded: "

static void
nobody_but_a_proxy_says_who_is_behind_it(void **state)
{
	static const struct row rows[] = {
		{ "198.51.100.1", { NULL }, "198.51.100.1", false, false },
		{ "198.51.100.1", { NULL }, "198.51.100.1", true, true },
		{ "198.51.100.1", { FOR "203.0.113.1" }, "198.51.100.1", false, false },
		{ "198.51.100.1", { F "for=203.0.113.1;proto=https" }, "198.51.100.1", false,
		    false },
		{ "198.51.100.1", { FOR "203.0.113.1", PROTO "https" }, "198.51.100.1", false,
		    false },
		{ "198.51.100.1", { PROTO "http" }, "198.51.100.1", true, true },
		{ "198.51.100.1", { FOR "10.0.0.1", F "for=10.0.0.1" }, "198.51.100.1", false,
		    false },
		{ "2001:db8:2::1", { FOR "203.0.113.1" }, "2001:db8:2::1", false, false },
		{ "192.0.2.8", { FOR "203.0.113.1" }, "192.0.2.8", false, false },
		{ "11.0.0.1", { FOR "203.0.113.1" }, "11.0.0.1", false, false },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void
a_proxy_is_believed_up_to_the_first_address_that_is_none(void **state)
{
	static const struct row rows[] = {
		{ "10.1.2.3", { NULL }, "10.1.2.3", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1, 198.51.100.1" }, "198.51.100.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1,198.51.100.1, 10.9.9.9,192.0.2.7" },
		    "198.51.100.1", false, false },
		{ "10.1.2.3", { FOR "10.0.0.4, 10.0.0.5" }, "10.0.0.4", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1", FOR "198.51.100.1" }, "198.51.100.1", false,
		    false },
		{ "10.1.2.3", { FOR "203.0.113.1", FOR "10.0.0.5" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "garbage, \", 203.0.113.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1, , " }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1:4711" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "[2001:db8:2::1]:4711" }, "2001:db8:2::1", false, false },
		{ "10.1.2.3", { FOR "2001:DB8:2:0::1" }, "2001:db8:2::1", false, false },
		{ "10.1.2.3", { FOR "::ffff:203.0.113.1" }, "203.0.113.1", false, false },
		{ "::ffff:10.1.2.3", { FOR "203.0.113.1" }, "203.0.113.1", false, false },
		{ "2001:db8:1:ffff::2", { FOR "203.0.113.1" }, "203.0.113.1", false, false },
		{ "::1", { F "for=\"[2001:db8:2::1]\"" }, "2001:db8:2::1", false, false },
		{ "10.1.2.3", { F "for=203.0.113.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "For=\"203.0.113.1:80\" ; PROTO=HTTPS;by=_me" }, "203.0.113.1",
		    false, true },
		{ "10.1.2.3", { F "for=203.0.113.1:_hidden" }, "10.1.2.3", false, false },
		{ "10.1.2.3", { F "for=\"203.0.113.1:_hidden\"" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "for=203.0.113.9, for=203.0.113.1;proto=https" }, "203.0.113.1",
		    false, true },
		{ "10.1.2.3", { F "for=203.0.113.1", F "for=10.0.0.5" }, "203.0.113.1", false,
		    false },
		{ "10.1.2.3", { F "for=\"203.0.113\\.1\"" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "host=\"a,b;\\\"c\";for=203.0.113.1" }, "203.0.113.1", false,
		    false },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void
a_client_cannot_hide_what_its_proxy_wrote_behind_it(void **state)
{
	static const struct row rows[] = {
		{ "10.1.2.3", { F "for=\"x, for=203.0.113.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "for=1.1.1.1;a=\", for=\"203.0.113.1\"" }, "203.0.113.1", false,
		    false },
		{ "10.1.2.3", { F "for=\"\\\", for=203.0.113.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "for=1.1.1.1\\, for=\"203.0.113.1\"" }, "203.0.113.1", false,
		    false },
		{ "10.1.2.3", { F ";;;===, for=203.0.113.1" }, "203.0.113.1", false, false },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void
the_header_that_the_proxies_do_not_write_is_the_clients_word(void **state)
{
	static const struct row rows[] = {
		{ "10.1.2.3", { FOR "203.0.113.1", F "for=1.1.1.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1", F "for=203.0.113.1;proto=https" }, "203.0.113.1",
		    false, false },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "http", F "for=203.0.113.1;proto=https" },
		    "203.0.113.1", false, false },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "https", F "proto=http" }, "203.0.113.1",
		    false, true },
		{ "10.1.2.3", { FOR "", F "for=1.1.1.1;proto=https" }, "10.1.2.3", false, false },
		{ "10.1.2.3", { PROTO "http", F "for=1.1.1.1;proto=https" }, "10.1.2.3", false,
		    false },
		{ "10.1.2.3", { F "for=203.0.113.1", FOR "1.1.1.1" }, "203.0.113.1", false, false },
		{ "10.1.2.3", { F "for=203.0.113.1", FOR "203.0.113.1", PROTO "https" },
		    "203.0.113.1", false, false },
		{ "10.1.2.3", { F "for=unknown", FOR "1.1.1.1", PROTO "https" }, "10.1.2.3", false,
		    false },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void
a_proxy_that_names_nobody_is_the_client_itself(void **state)
{
	static const char *const values[] = { FOR "", FOR " , ", FOR "unknown", FOR "_secret",
		FOR "203.0.113", FOR "203.0.113.1.", FOR "203.0.113.256",
		FOR "203.0.113.1:", FOR "203.0.113.1:123456", FOR "203.0.113.1:8o",
		FOR "[203.0.113.1]", FOR "[2001:db8::1", FOR "2001:db8::1]", FOR "[2001:db8::1]x",
		FOR "[]", FOR "[", FOR "fe80::1%eth0", FOR "1.1.1.1 203.0.113.1",
		FOR "for=203.0.113.1", FOR "203.0.113.1, unknown", F "", F "for=unknown",
		F "for=_hidden", F "for=", F "for", F "=203.0.113.1", F "proto=https",
		F "for=203.0.113.1;for=203.0.113.2", F "for=203.0.113.1;proto=https;proto=http",
		F "for=2001:db8::1", F "for=[2001:db8::1]", F "for=\"203.0.113.1",
		F "for=\"203.0.113.1\"x", F "for=203.0.113.1;", F "for =203.0.113.1",
		F "for=203.0.113.1 proto=https", F "for=203.0.113.1, for=unknown",
		F "for=\"2001:db8::1\\\"", F "203.0.113.1",
		F "for=\"00000000000000000000000000000000000000000000000000203.0.113.1\"" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		check(&(struct row){ "10.1.2.3", { values[i] }, "10.1.2.3", false, false });
	check(&(struct row){
	    "10.1.2.3", { FOR "1.1.1.1, unknown, 10.0.0.9" }, "10.0.0.9", false, false });
}

static void
tls_is_what_the_proxy_of_the_client_saw(void **state)
{
	static const struct row rows[] = {
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "https" }, "203.0.113.1", false, true },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "HTTPS" }, "203.0.113.1", false, true },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "http" }, "203.0.113.1", true, false },
		{ "10.1.2.3", { FOR "203.0.113.1" }, "203.0.113.1", true, true },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "httpsx" }, "203.0.113.1", true, false },
		{ "10.1.2.3", { FOR "203.0.113.1", PROTO "https, http" }, "203.0.113.1", false,
		    false },
		{ "10.1.2.3", { FOR "203.0.113.1, 10.0.0.5", PROTO "https, http" }, "203.0.113.1",
		    false, true },
		{ "10.1.2.3", { FOR "203.0.113.1, 10.0.0.5", PROTO "https" }, "203.0.113.1", false,
		    true },
		{ "10.1.2.3", { PROTO "https" }, "10.1.2.3", false, true },
		{ "10.1.2.3", { F "for=203.0.113.1;proto=http" }, "203.0.113.1", true, false },
		{ "10.1.2.3", { F "for=203.0.113.1;proto=https, for=10.0.0.5;proto=http" },
		    "203.0.113.1", false, true },
	};

	(void)state;
	CHECK_ALL(rows);
}

static void
a_unix_socket_and_a_server_without_proxies_believe_nobody(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_request r = { .peer = "unix", .peer_is_unix = true, .header_count = 1 };
	struct http_proxies p;

	(void)state;
	r.headers[0] = (struct http_pair){ "x-forwarded-for", "203.0.113.1" };
	http_proxies_init(&p, proxies, HTTP_X_FORWARDED);
	http_forwarded_apply(&p, &r, arena);
	assert_string_equal(r.client, "unix");
	http_proxies_release(&p);
	http_proxies_init(&p, NULL, HTTP_X_FORWARDED);
	r.peer = "10.1.2.3";
	r.peer_is_unix = false;
	http_forwarded_apply(&p, &r, arena);
	assert_string_equal(r.client, "10.1.2.3");
	http_proxies_release(&p);
	arena_free(arena);
}

static void
a_request_comes_from_our_own_pages_or_not(void **state)
{
	static const struct {
		const char *site, *origin, *host;
		enum http_method method;
		bool is_secure;
		enum http_origin expected;
	} rows[] = {
		{ "same-origin", NULL, "a", HTTP_POST, false, HTTP_SAME_ORIGIN },
		{ "same-origin", "http://a", "a", HTTP_POST, false, HTTP_SAME_ORIGIN },
		{ "same-site", NULL, "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ "same-site", "http://a", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ "cross-site", NULL, "a", HTTP_GET, false, HTTP_OTHER_ORIGIN },
		{ "Same-Origin", NULL, "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ "", NULL, "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ "none", NULL, "a", HTTP_GET, false, HTTP_NO_ORIGIN },
		{ "none", NULL, "a", HTTP_HEAD, false, HTTP_NO_ORIGIN },
		{ "none", NULL, "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ "none", NULL, "a", HTTP_DELETE, false, HTTP_OTHER_ORIGIN },
		{ "none", "http://a", "a", HTTP_POST, false, HTTP_SAME_ORIGIN },
		{ "none", "http://b", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, NULL, "a", HTTP_POST, false, HTTP_NO_ORIGIN },
		{ NULL, "http://a", "a", HTTP_POST, false, HTTP_SAME_ORIGIN },
		{ NULL, "https://a", "a", HTTP_POST, true, HTTP_SAME_ORIGIN },
		{ NULL, "http://a", "a", HTTP_POST, true, HTTP_OTHER_ORIGIN },
		{ NULL, "https://a", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "https://a:8460", "a:8460", HTTP_PUT, true, HTTP_SAME_ORIGIN },
		{ NULL, "https://a:8461", "a:8460", HTTP_PUT, true, HTTP_OTHER_ORIGIN },
		{ NULL, "https://a", "a:8460", HTTP_PUT, true, HTTP_OTHER_ORIGIN },
		{ NULL, "http://a/", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "http://A", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "http://a.evil", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "null", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "", "a", HTTP_POST, false, HTTP_OTHER_ORIGIN },
		{ NULL, "http://", NULL, HTTP_POST, false, HTTP_OTHER_ORIGIN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { .method = rows[i].method,
			.is_secure = rows[i].is_secure };

		if (rows[i].site != NULL)
			r.headers[r.header_count++] =
			    (struct http_pair){ "sec-fetch-site", rows[i].site };
		if (rows[i].origin != NULL)
			r.headers[r.header_count++] =
			    (struct http_pair){ "origin", rows[i].origin };
		if (rows[i].host != NULL)
			r.headers[r.header_count++] = (struct http_pair){ "host", rows[i].host };
		if (http_origin_of(&r) != rows[i].expected)
			fail_msg("row %zu: %d", i, (int)http_origin_of(&r));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_blocks_are_valid_proxies),
		cmocka_unit_test(nobody_but_a_proxy_says_who_is_behind_it),
		cmocka_unit_test(a_proxy_is_believed_up_to_the_first_address_that_is_none),
		cmocka_unit_test(a_client_cannot_hide_what_its_proxy_wrote_behind_it),
		cmocka_unit_test(the_header_that_the_proxies_do_not_write_is_the_clients_word),
		cmocka_unit_test(a_proxy_that_names_nobody_is_the_client_itself),
		cmocka_unit_test(tls_is_what_the_proxy_of_the_client_saw),
		cmocka_unit_test(a_unix_socket_and_a_server_without_proxies_believe_nobody),
		cmocka_unit_test(a_request_comes_from_our_own_pages_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
