/* The console's files, as a browser asks for them: a few of the test's own in place of the real
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "../fakes/fake_http.h"
#include "web/console_private.h"

#define VERSION "0123456789abcdef"
#define ASSETS	"/assets/" VERSION

#define FILE_OF(name, text)                                                                        \
	{                                                                                          \
		name, text, sizeof(text) - 1                                                       \
	}

const struct embed_file console_files[] = {
	FILE_OF("index.html",
	    "<!DOCTYPE html>\n<html lang=\"{{language}}\"><head><title>{{organisation}}</title>\n"
	    "<script type=\"module\" src=\"{{assets}}/main.js\"></script></head>\n"
	    "<body data-organisation=\"{{organisation}}\"></body></html>\n"),
	FILE_OF("version", VERSION),
	FILE_OF("main.js", "plain main"),
	FILE_OF("main.js.gz", "packed main"),
	FILE_OF("users/list.js", "plain list"),
	FILE_OF("users/list.js.gz", "packed list"),
	FILE_OF("console.css", "plain css"),
	FILE_OF("console.css.gz", "packed css"),
	FILE_OF("icon.svg", "plain svg"),
	FILE_OF("icon.svg.gz", "packed svg"),
	FILE_OF("licences.txt", "plain text"),
	FILE_OF("licences.txt.gz", "packed text"),
};
const size_t console_file_count = sizeof(console_files) / sizeof(console_files[0]);

static const struct console_conf ordinary = { "Meridian Seed Archive", NULL };

/* What a request gets. The caller frees it. */
static struct http_exchange *
get_of(const struct console_conf *conf, const char *path, const char *encoding,
    const char *language, const char *tag)
{
	struct console *c = console_new(conf);
	struct http_exchange *x = fake_http_new(HTTP_GET, path, NULL);

	if (encoding != NULL)
		fake_http_set_header(x, "accept-encoding", encoding);
	if (language != NULL)
		fake_http_set_header(x, "accept-language", language);
	if (tag != NULL)
		fake_http_set_header(x, "if-none-match", tag);
	assert_true(fake_http_run(x, console_routes, c));
	console_free(c);
	return x;
}

static struct http_exchange *
get(const char *path, const char *encoding)
{
	return get_of(&ordinary, path, encoding, NULL, NULL);
}

static void
check_body(const struct http_exchange *x, const char *text)
{
	assert_int_equal(x->body.len, strlen(text));
	assert_memory_equal(x->body.data, text, x->body.len);
}

static void
check_has(const struct http_exchange *x, const char *name, const char *value)
{
	const char *found = fake_http_reply_header(x, name);

	if (value == NULL)
		assert_null(found);
	else
		assert_string_equal(found, value);
}

static void
a_file_is_served_as_it_is_or_packed(void **state)
{
	static const struct {
		const char *path, *type, *plain, *packed;
		bool is_part;
	} rows[] = {
		{ ASSETS "/main.js", "text/javascript", "plain main", "packed main", true },
		{ ASSETS "/users/list.js", "text/javascript", "plain list", "packed list", true },
		{ ASSETS "/console.css", "text/css; charset=utf-8", "plain css", "packed css",
		    true },
		{ ASSETS "/icon.svg", "image/svg+xml", "plain svg", "packed svg", false },
		{ ASSETS "/licences.txt", "text/plain; charset=utf-8", "plain text", "packed text",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int is_packed = 0; is_packed < 2; is_packed++) {
			struct http_exchange *x =
			    get(rows[i].path, is_packed ? "gzip, br" : "gzip;q=0");

			assert_int_equal(x->status, 200);
			assert_string_equal(x->type, rows[i].type);
			assert_int_equal(x->is_part, rows[i].is_part);
			check_body(x, is_packed ? rows[i].packed : rows[i].plain);
			check_has(x, "Content-Encoding", is_packed ? "gzip" : NULL);
			check_has(x, "Vary", "Accept-Encoding");
			check_has(x, "Cache-Control", "public, max-age=31536000, immutable");
			fake_http_free(x);
		}
}

static void
what_is_no_file_of_this_version_is_not_there(void **state)
{
	static const char *const paths[] = { "/assets/0123456789abcdee/main.js",
		"/assets/0123456789abcdef0/main.js", "/assets/" VERSION "x/main.js",
		ASSETS "/other.js", ASSETS "/users/other.js", ASSETS "/list.js",
		ASSETS "/main.js.gz", ASSETS "/users/list.js.gz", ASSETS "/index.html",
		ASSETS "/version", ASSETS "/MAIN.JS", ASSETS "/.js", ASSETS "/lib/main.js" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_exchange *x = get(paths[i], "gzip");

		if (x->status != 404)
			fail_msg("%s: %d", paths[i], x->status);
		assert_string_equal(x->type, "application/problem+json");
		check_has(x, "Cache-Control", "no-store");
		check_has(x, "Content-Encoding", NULL);
		assert_false(x->is_part);
		fake_http_free(x);
	}
}

static void
every_screen_is_the_same_page(void **state)
{
	static const char *const paths[] = { "/sign-in", "/users",
		"/users/01890a5d-ac96-774b-bcce-b302099a8057", "/invitations", "/invitations/x",
		"/org-units", "/audit", "/status", "/account" };
	struct http_exchange *first = get("/", NULL);

	(void)state;
	assert_int_equal(first->status, 200);
	assert_string_equal(first->type, "text/html; charset=utf-8");
	assert_non_null(strstr(first->body.data, "src=\"" ASSETS "/main.js\""));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_exchange *x = get(paths[i], NULL);

		assert_int_equal(x->status, 200);
		check_body(x, first->body.data);
		fake_http_free(x);
	}
	fake_http_free(first);
}

static void
the_page_allows_its_own_files_and_nothing_else(void **state)
{
	struct http_exchange *x = get("/users", NULL);
	const char *policy = fake_http_reply_header(x, "Content-Security-Policy");

	(void)state;
	assert_memory_equal(policy, "default-src 'none'; ", 20);
	assert_non_null(strstr(policy, "; script-src 'self'; style-src 'self'; "));
	assert_non_null(strstr(policy, "; worker-src 'none'; form-action 'none'; "));
	assert_non_null(strstr(policy, "; frame-ancestors 'none'; base-uri 'none'; "));
	assert_non_null(
	    strstr(policy, "; require-trusted-types-for 'script'; trusted-types 'none'"));
	assert_null(strstr(policy, "unsafe"));
	assert_false(x->is_part);
	fake_http_free(x);
}

static void
the_page_speaks_what_is_asked_for_else_what_is_configured(void **state)
{
	static const struct {
		const char *configured, *asked, *spoken;
	} rows[] = {
		{ NULL, NULL, "en" },
		{ NULL, "de", "de" },
		{ NULL, "vi-VN, en;q=0.5", "vi" },
		{ NULL, "fr, de;q=0.3", "de" },
		{ "de", NULL, "de" },
		{ "de", "fr", "de" },
		{ "de", "en", "en" },
		{ "fr", "it", "en" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct console_conf conf = { "Meridian", rows[i].configured };
		struct http_exchange *x = get_of(&conf, "/", NULL, rows[i].asked, NULL);
		char lang[16];

		snprintf(lang, sizeof(lang), "lang=\"%s\"", rows[i].spoken);
		if (strstr(x->body.data, lang) == NULL)
			fail_msg("%s: %s", rows[i].asked, x->body.data);
		check_has(x, "Content-Language", rows[i].spoken);
		check_has(x, "Vary", "Accept-Encoding, Accept-Language");
		fake_http_free(x);
	}
}

static void
a_name_is_a_text_whatever_is_in_it(void **state)
{
	const struct console_conf conf = { "<script>&\"'</title>", NULL };
	struct http_exchange *x = get_of(&conf, "/", NULL, NULL, NULL);

	(void)state;
	assert_null(strstr(x->body.data, "<script>"));
	assert_non_null(strstr(x->body.data, "<title>&lt;script&gt;&amp;"));
	assert_non_null(strstr(x->body.data, "data-organisation=\"&lt;script&gt;&amp;&#34;"));
	fake_http_free(x);
}

static void
the_packed_page_is_the_same_page(void **state)
{
	struct http_exchange *plain = get("/", NULL), *packed = get("/", "gzip");
	unsigned char out[4096];
	z_stream z = { .next_in = (Bytef *)packed->body.data,
		.avail_in = (uInt)packed->body.len,
		.next_out = out,
		.avail_out = sizeof(out) };

	(void)state;
	check_has(packed, "Content-Encoding", "gzip");
	check_has(plain, "Content-Encoding", NULL);
	assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, plain->body.len);
	assert_memory_equal(out, plain->body.data, plain->body.len);
	inflateEnd(&z);
	fake_http_free(plain);
	fake_http_free(packed);
}

static void
a_copy_is_good_while_language_coding_and_content_are_the_same(void **state)
{
	static const struct console_conf other = { "Another", NULL };
	struct http_exchange *first = get("/", NULL), *x;
	const char *tag = fake_http_reply_header(first, "ETag");

	(void)state;
	check_has(first, "Cache-Control", "no-cache");
	x = get_of(&ordinary, "/users", NULL, NULL, tag);
	assert_int_equal(x->status, 304);
	assert_null(x->type);
	assert_int_equal(x->body.len, 0);
	check_has(x, "ETag", tag);
	check_has(x, "Cache-Control", "no-cache");
	check_has(x, "Vary", "Accept-Encoding, Accept-Language");
	check_has(x, "Content-Encoding", NULL);
	fake_http_free(x);
	x = get_of(&ordinary, "/", "gzip", NULL, tag);
	assert_int_equal(x->status, 200);
	fake_http_free(x);
	x = get_of(&ordinary, "/", NULL, "de", tag);
	assert_int_equal(x->status, 200);
	fake_http_free(x);
	x = get_of(&other, "/", NULL, NULL, tag);
	assert_int_equal(x->status, 200);
	fake_http_free(x);
	fake_http_free(first);
}

static void
a_browser_at_no_address_gets_the_page_with_404(void **state)
{
	static const struct {
		enum http_method method;
		enum http_listener_kind listener;
		const char *path, *accept;
		bool is_page;
	} rows[] = {
		{ HTTP_GET, HTTP_CONTROL, "/nowhere", "text/html,*/*;q=0.8", true },
		{ HTTP_GET, HTTP_CONTROL, "/users/1/2", "text/html", true },
		{ HTTP_GET, HTTP_CONTROL, "/apis", "text/html", true },
		{ HTTP_HEAD, HTTP_CONTROL, "/nowhere", "text/html", true },
		{ HTTP_POST, HTTP_CONTROL, "/nowhere", "text/html", false },
		{ HTTP_GET, HTTP_PUBLIC, "/nowhere", "text/html", false },
		{ HTTP_GET, HTTP_UNIX, "/nowhere", "text/html", false },
		{ HTTP_GET, HTTP_CONTROL, "/api/v1/nothing", "text/html", false },
		{ HTTP_GET, HTTP_CONTROL, "/join/TOKEN", "text/html", false },
		{ HTTP_GET, HTTP_CONTROL, "/nowhere", "application/json, text/html;q=0.9", false },
		{ HTTP_GET, HTTP_CONTROL, "/nowhere", "*/*", false },
		{ HTTP_GET, HTTP_CONTROL, "/nowhere", NULL, false },
	};
	struct console *c = console_new(&ordinary);
	struct http_exchange *home = get("/", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = fake_http_new(rows[i].method, rows[i].path, NULL);

		x->request.listener = rows[i].listener;
		if (rows[i].accept != NULL)
			fake_http_set_header(x, "accept", rows[i].accept);
		fake_http_set_header(x, "if-none-match", "*");
		if (console_page_missing(x, c) != rows[i].is_page)
			fail_msg("%s, %s", rows[i].path, rows[i].accept);
		assert_int_equal(x->status, rows[i].is_page ? 404 : 0);
		if (rows[i].is_page) {
			check_body(x, rows[i].method == HTTP_HEAD ? "" : home->body.data);
			check_has(x, "ETag", NULL);
		}
		fake_http_free(x);
	}
	fake_http_free(home);
	console_free(c);
}

static void
the_console_is_on_the_control_listener_alone(void **state)
{
	(void)state;
	for (const struct http_route *r = console_routes; r->pattern != NULL; r++) {
		assert_int_equal(r->listeners, 1U << HTTP_CONTROL);
		assert_int_equal(r->methods, HTTP_GET);
		assert_null(r->content_types);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_served_as_it_is_or_packed),
		cmocka_unit_test(what_is_no_file_of_this_version_is_not_there),
		cmocka_unit_test(every_screen_is_the_same_page),
		cmocka_unit_test(the_page_allows_its_own_files_and_nothing_else),
		cmocka_unit_test(the_page_speaks_what_is_asked_for_else_what_is_configured),
		cmocka_unit_test(a_name_is_a_text_whatever_is_in_it),
		cmocka_unit_test(the_packed_page_is_the_same_page),
		cmocka_unit_test(a_copy_is_good_while_language_coding_and_content_are_the_same),
		cmocka_unit_test(a_browser_at_no_address_gets_the_page_with_404),
		cmocka_unit_test(the_console_is_on_the_control_listener_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
