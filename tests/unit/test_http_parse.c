/* What a request says: target, form, cookies, content negotiation, and the rows of their tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <event2/buffer.h>

#include "http/http_private.h"

/* "name=value|name=value" of what was decoded. */
static const char *
show(const struct http_pair *pairs, size_t count)
{
	static char text[512];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s=%s", i > 0 ? "|" : "",
		    pairs[i].name, pairs[i].value);
	return text;
}

static void
a_target_is_decoded_once_or_refused(void **state)
{
	static const struct {
		const char *target, *path, *query; /* path NULL: refused */
	} table[] = {
		{ "/", "/", "" },
		{ "/a/b", "/a/b", "" },
		{ "/a/", "/a/", "" },
		{ "/a//b", "/a//b", "" },
		{ "/a%20b+c", "/a b+c", "" },
		{ "/%2561", "/%61", "" },
		{ "/%C3%A4", "/\xc3\xa4", "" },
		{ "/...", "/...", "" },
		{ "/.a", "/.a", "" },
		{ "/a?", "/a", "" },
		{ "/a?b", "/a", "b=" },
		{ "/a?b=c&b=d&&e=f=g&=h", "/a", "b=c|b=d|e=f=g|=h" },
		{ "/a?b=c+d%2Be%26", "/a", "b=c d+e&" },
		{ "/a?b=/../c?d", "/a", "b=/../c?d" },
		{ "/a?b=%0A", "/a", "b=\n" },
		{ "/.", NULL, NULL },
		{ "/..", NULL, NULL },
		{ "/a/..", NULL, NULL },
		{ "/a/%2E./b", NULL, NULL },
		{ "/a%2Fb", NULL, NULL },
		{ "/a%2fb", NULL, NULL },
		{ "/%00", NULL, NULL },
		{ "/%7f", NULL, NULL },
		{ "/%0a", NULL, NULL },
		{ "/%zz", NULL, NULL },
		{ "/%", NULL, NULL },
		{ "/%4", NULL, NULL },
		{ "/%-1", NULL, NULL },
		{ "/%ff", NULL, NULL },
		{ "/%c0%80", NULL, NULL },
		{ "/%ed%a0%80", NULL, NULL },
		{ "/%f4%90%80%80", NULL, NULL },
		{ "/a?%ff", NULL, NULL },
		{ "/a?b=%00", NULL, NULL },
		{ "/a?b=%f", NULL, NULL },
		{ "a", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena *arena = arena_new(0);
		struct http_request r = { .path = NULL };
		struct fault f;
		enum err code = http_parse_target(&r, arena, table[i].target, &f);

		if (code != (table[i].path != NULL ? ERR_OK : ERR_INVALID))
			fail_msg("%s", table[i].target);
		if (table[i].path != NULL) {
			assert_string_equal(r.path, table[i].path);
			assert_string_equal(show(r.query, r.query_count), table[i].query);
		}
		arena_free(arena);
	}
}

static void
a_query_has_at_most_its_number_of_parameters(void **state)
{
	char target[256] = "/?";
	struct arena *arena = arena_new(0);
	struct http_request r = { .path = NULL };
	struct fault f;

	(void)state;
	for (int i = 0; i < HTTP_QUERY_MAX; i++)
		strcat(target, "a=b&");
	assert_int_equal(http_parse_target(&r, arena, target, &f), ERR_OK);
	assert_int_equal(r.query_count, HTTP_QUERY_MAX);
	assert_string_equal(http_query(&r, "a"), "b");
	assert_null(http_query(&r, "b"));
	strcat(target, "a=b");
	assert_int_equal(http_parse_target(&r, arena, target, &f), ERR_INVALID);
	arena_free(arena);
}

static void
a_form_is_decoded_or_refused_with_a_name(void **state)
{
	static const struct {
		const char *body,
		    *fields; /* fields NULL: refused, and then the fault has `fault` */
		const char *fault;
	} table[] = {
		{ "", "", NULL },
		{ "a=b", "a=b", NULL },
		{ "a=b&c=d", "a=b|c=d", NULL },
		{ "a=&b", "a=|b=", NULL },
		{ "given+name=Ad%C3%A1+L", "given name=Ad\xc3\xa1 L", NULL },
		{ "password=%20%26%3d%2B", "password= &=+", NULL },
		{ "a=b&a=c", NULL, "\"a\" occurs twice" },
		{ "a=b&%61=c", NULL, "\"a\" occurs twice" },
		{ "a=%00", NULL, "field 1" },
		{ "a=b&c=%", NULL, "field 2" },
		{ "a=b&c=%zz", NULL, "field 2" },
		{ "a=b&c=\xff", NULL, "field 2" },
		{ "1&2&3&4&5", NULL, "more than 4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct arena *arena = arena_new(0);
		struct http_request r = { .body = table[i].body,
			.body_len = strlen(table[i].body) };
		struct http_pair pairs[4];
		size_t count = 0;
		struct fault f;
		enum err code = http_parse_form(&r, arena, pairs, 4, &count, &f);

		if (table[i].fields != NULL) {
			assert_int_equal(code, ERR_OK);
			assert_string_equal(show(pairs, count), table[i].fields);
		} else {
			assert_int_equal(code, ERR_INVALID);
			if (strstr(f.text, table[i].fault) == NULL)
				fail_msg("%s: %s", table[i].body, f.text);
		}
		arena_free(arena);
	}
}

static void
a_nul_byte_in_a_form_is_refused(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_request r = { .body = "a=b\0c", .body_len = 5 };
	struct http_pair pairs[4];
	struct fault f;
	size_t count;

	(void)state;
	assert_int_equal(http_parse_form(&r, arena, pairs, 4, &count, &f), ERR_INVALID);
	arena_free(arena);
}

/* A new arena gives small pieces out of one block, one behind the other. */
static void
a_refused_form_leaves_no_value_behind(void **state)
{
	static const char *const bodies[] = {
		"password=%63anary&password_again=%63anary&a=%zz",
		"a=1&password=%63anary%zz",
		"password=%63anary%00",
		"password=%63anary%ff",
		"%zz=%63anary",
		"password=%63anary&a=1&a=2",
		"password=%63anary&a=1&b=2&c=3&d=4",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct arena *arena = arena_new(0);
		const char *begin = arena_alloc(arena, 1), *end;
		struct http_request r = { .body = bodies[i], .body_len = strlen(bodies[i]) };
		struct http_pair pairs[4];
		size_t count;
		struct fault f;

		assert_int_equal(http_parse_form(&r, arena, pairs, 4, &count, &f), ERR_INVALID);
		end = arena_alloc(arena, 1);
		assert_true(begin < end && end - begin < 4000);
		assert_null(memmem(begin, (size_t)(end - begin), "canary", 6));
		arena_free(arena);
	}
}

static void
a_body_is_wiped_where_it_came_from(void **state)
{
	static char pieces[6][8];
	struct arena *arena = arena_new(0);
	struct evbuffer *from = evbuffer_new();
	struct http_request r = { .body = NULL };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		memset(pieces[i], 'a' + (int)i, sizeof(pieces[i]));
		evbuffer_add_reference(from, pieces[i], sizeof(pieces[i]), NULL, NULL);
	}
	http_exchange_take_body(&r, arena, from);
	assert_int_equal(r.body_len, sizeof(pieces));
	assert_string_equal(r.body, "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffff");
	for (size_t i = 0; i < sizeof(pieces); i++)
		assert_int_equal(pieces[i / 8][i % 8], 0);
	evbuffer_free(from);
	arena_free(arena);
}

static void
a_cookie_is_found_by_its_exact_name(void **state)
{
	static const struct {
		const char *header, *value;
	} table[] = {
		{ "sid=abc", "abc" },
		{ "a=b; sid=abc", "abc" },
		{ "a=b;sid=abc ; c=d", "abc" },
		{ "sid=\"abc\"", "abc" },
		{ "sid=", "" },
		{ "sid=a=b", "a=b" },
		{ "sid=1; sid=2", NULL },
		{ "sid=1; a=b; sid=1", NULL },
		{ "sid=; sid=1", NULL },
		{ "sid=1; SID=2", "1" },
		{ "sid=1; sid", "1" },
		{ "sid=\"\"", "" },
		{ "sid=\"abc", NULL },
		{ "sid=ab\"c", NULL },
		{ "sid=\"", NULL },
		{ "sid=a b", NULL },
		{ "sid=a,b", NULL },
		{ "sid=a\\b", NULL },
		{ "sid=\xc3\xa4", NULL },
		{ "sid =abc", NULL },
		{ "=sid=abc", NULL },
		{ "xsid=abc", NULL },
		{ "sidx=abc", NULL },
		{ "SID=abc", NULL },
		{ "a=sid=abc", NULL },
		{ "sid", NULL },
		{ ";;", NULL },
		{ "", NULL },
	};
	struct arena *arena = arena_new(0);
	struct http_request r = { .header_count = 0 };

	(void)state;
	assert_null(http_cookie(&r, arena, "sid"));
	r.header_count = 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *value;

		r.headers[0] = (struct http_pair){ "cookie", table[i].header };
		value = http_cookie(&r, arena, "sid");
		if (table[i].value == NULL)
			assert_null(value);
		else
			assert_string_equal(value, table[i].value);
	}
	arena_free(arena);
}

static void
a_cookie_is_absent_when_another_header_repeats_it_or_it_is_too_long(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_request r = { .header_count = 3 };
	char *longest = arena_alloc(arena, sizeof("sid=") + HTTP_COOKIE_MAX + 1);

	(void)state;
	r.headers[0] = (struct http_pair){ "cookie", "a=b" };
	r.headers[1] = (struct http_pair){ "accept", "sid=x" };
	r.headers[2] = (struct http_pair){ "cookie", "sid=abc" };
	assert_string_equal(http_cookie(&r, arena, "sid"), "abc");
	r.headers[0].value = "sid=abc";
	assert_null(http_cookie(&r, arena, "sid"));
	strcpy(longest, "sid=");
	memset(longest + 4, 'x', HTTP_COOKIE_MAX);
	r.headers[0].value = "a=b";
	r.headers[2].value = longest;
	assert_int_equal(strlen(http_cookie(&r, arena, "sid")), HTTP_COOKIE_MAX);
	longest[4 + HTTP_COOKIE_MAX] = 'x';
	assert_null(http_cookie(&r, arena, "sid"));
	arena_free(arena);
}

static void
accept_decides_between_two_types(void **state)
{
	static const struct {
		const char *accept;
		bool html; /* text/html rather than application/json */
		bool json; /* and the other way round */
	} table[] = {
		{ NULL, true, true },
		{ "*/*", true, true },
		{ "", true, true },
		{ "application/json", false, true },
		{ "Application/JSON", false, true },
		{ "text/html", true, false },
		{ "text/*", true, false },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true, false },
		{ "application/json, text/html;q=0.9", false, true },
		{ "application/json;q=0.5, text/html;q=0.500", true, true },
		{ "application/json;q=0.5, text/html;q=0.501", true, false },
		{ "*/*, text/html;q=0", false, true },
		{ "text/html;q=0.1, */*;q=0.2", false, true },
		{ "text/html; charset=utf-8 ; q=0.3 , application/json ; q=0.2", true, false },
		{ "application/json;q=2", true, true },
		{ "application/json;q=0.1234", true, true },
		{ "application/jsonx", true, true },
		{ "application/problem+json", true, true },
		{ ";;,,q=1,/", true, true },
		{ "text/html;q", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_request r = { .header_count = table[i].accept != NULL,
			.headers = { { "accept", table[i].accept } } };

		if (http_accepts_rather(&r, "text/html", "application/json") != table[i].html ||
		    http_accepts_rather(&r, "application/json", "text/html") != table[i].json)
			fail_msg("%s", table[i].accept);
	}
}

static void
gzip_is_taken_when_it_is_asked_for_and_not_liked_less(void **state)
{
	static const struct {
		const char *first, *second; /* headers; NULL: absent */
		bool gzip;
	} table[] = {
		{ NULL, NULL, false },
		{ "", NULL, false },
		{ "gzip", NULL, true },
		{ "GZip", NULL, true },
		{ "x-gzip", NULL, true },
		{ "gzip, deflate, br, zstd", NULL, true },
		{ "br;q=1.0, gzip;q=0.8, *;q=0.1", NULL, true },
		{ "deflate, br", NULL, false },
		{ "br", "gzip", true },
		{ "gzip;q=0", NULL, false },
		{ "gzip; q=0.000", NULL, false },
		{ "gzip ; q=0.001", NULL, true },
		{ "gzip;q=0, *", NULL, false },
		{ "*, gzip;q=0", NULL, false },
		{ "*", NULL, true },
		{ "*;q=0", NULL, false },
		{ "br, *;q=0.3", NULL, true },
		{ "identity", NULL, false },
		{ "identity, gzip", NULL, true },
		{ "identity;q=0.5, gzip;q=0.4", NULL, false },
		{ "identity;q=0.4, gzip;q=0.5", NULL, true },
		{ "identity, *;q=0.5", NULL, false },
		{ "identity;q=0", NULL, false },
		{ "gzip;q=2", NULL, false },
		{ "gzip;q=0.1234", NULL, false },
		{ "gzipped, agzip", NULL, false },
		{ ",, ;q=1,\tgzip\t", NULL, true },
		{ "gzip;q", NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_request r = { .headers = { { "accept-encoding", table[i].first },
					      { "accept-encoding", table[i].second } } };

		r.header_count = (table[i].first != NULL) + (table[i].second != NULL);
		if (http_accepts_gzip(&r) != table[i].gzip)
			fail_msg("%s", table[i].first);
	}
}

static void
a_copy_is_known_by_its_tag_alone(void **state)
{
	static const struct {
		const char *known;
		bool is_same;
	} table[] = {
		{ NULL, false },
		{ "", false },
		{ "\"abc\"", true },
		{ "*", true },
		{ "W/\"abc\"", true },
		{ "\"x\", \"abc\", \"y\"", true },
		{ "\"abcd\"", false },
		{ "\"xabc\"", false },
		{ "abc", false },
		{ "\"*\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_request r = { .header_count = table[i].known != NULL,
			.headers = { { "if-none-match", table[i].known } } };

		if (http_has_etag(&r, "\"abc\"") != table[i].is_same)
			fail_msg("%s", table[i].known);
	}
}

static void
a_tag_is_that_of_the_content(void **state)
{
	char first[HTTP_ETAG_SIZE], same[HTTP_ETAG_SIZE], other[HTTP_ETAG_SIZE];
	char name[HTTP_CONTENT_SIZE];

	(void)state;
	http_make_etag("body", 4, first);
	http_make_etag("body, and more", 4, same);
	http_make_etag("bodY", 4, other);
	assert_string_equal(first, same);
	assert_string_not_equal(first, other);
	http_name_content("body", 4, name);
	assert_int_equal(strspn(name, "0123456789abcdef"), HTTP_CONTENT_SIZE - 1);
	assert_true(first[0] == '"' && first[HTTP_ETAG_SIZE - 2] == '"');
	assert_memory_equal(first + 1, name, HTTP_CONTENT_SIZE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_is_decoded_once_or_refused),
		cmocka_unit_test(a_query_has_at_most_its_number_of_parameters),
		cmocka_unit_test(a_form_is_decoded_or_refused_with_a_name),
		cmocka_unit_test(a_nul_byte_in_a_form_is_refused),
		cmocka_unit_test(a_refused_form_leaves_no_value_behind),
		cmocka_unit_test(a_body_is_wiped_where_it_came_from),
		cmocka_unit_test(a_cookie_is_found_by_its_exact_name),
		cmocka_unit_test(
		    a_cookie_is_absent_when_another_header_repeats_it_or_it_is_too_long),
		cmocka_unit_test(accept_decides_between_two_types),
		cmocka_unit_test(gzip_is_taken_when_it_is_asked_for_and_not_liked_less),
		cmocka_unit_test(a_copy_is_known_by_its_tag_alone),
		cmocka_unit_test(a_tag_is_that_of_the_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
