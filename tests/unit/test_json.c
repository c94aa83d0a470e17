/* JSON: written so that it reads back, read without leniency. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

static void
a_json_string_is_quoted_so_that_it_reads_back(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ NULL, "null" },
		{ "", "\"\"" },
		{ "ada", "\"ada\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\x01\n\t\x1f\x7f", "\"\\u0001\\u000a\\u0009\\u001f\x7f\"" },
		{ "\"", "\"\\\"\"" },
		{ "größe 😀", "\"größe 😀\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;
		json_t *read;

		buf_init(&b, 1000);
		buf_add_json_string(&b, rows[i].text);
		assert_string_equal(b.data, rows[i].json);
		read = json_loads(b.data, JSON_DECODE_ANY, NULL);
		assert_non_null(read);
		if (rows[i].text != NULL)
			assert_string_equal(json_string_value(read), rows[i].text);
		json_decref(read);
		buf_release(&b);
	}
}

/* `depth` arrays around a 1. */
static char *
nested(int depth)
{
	char *text = mem_alloc(2 * (size_t)depth + 2);

	memset(text, '[', (size_t)depth);
	text[depth] = '1';
	memset(text + depth + 1, ']', (size_t)depth);
	return text;
}

static void
json_is_read_to_its_depth_and_no_deeper(void **state)
{
	(void)state;
	for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		char *text = nested(depth);
		struct fault f;
		json_t *root = json_read(text, strlen(text), &f);

		assert_int_equal(root != NULL, depth <= JSON_DEPTH_MAX);
		if (root == NULL)
			assert_int_equal(f.code, ERR_INVALID);
		json_decref(root);
		free(text);
	}
}

static void
brackets_in_strings_are_no_depth(void **state)
{
	static const char text[] =
	    "{\"a\": \"[[[[[[[[[[[[[[[[[[[[ \\\" {{{{{{{{{{{{{{{{{{{{ \\\\\"}";
	json_t *root = json_read(text, strlen(text), NULL);

	(void)state;
	assert_non_null(root);
	assert_non_null(json_string_of(root, "a"));
	json_decref(root);
}

static void
json_with_any_irregularity_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "", 0 },
		{ "{", 1 },
		{ "{}x", 3 },
		{ "{} {}", 5 },
		{ "{\"a\":1,\"a\":2}", 13 },
		{ "{\"a\":{\"b\":1,\"b\":1}}", 19 },
		{ "{\"a\":\"\\u0000\"}", 14 },
		{ "{\"a\":\"\0\"}", 9 },
		{ "{\"a\":\"\xff\"}", 9 },
		{ "{\"a\":\"\xc0\xaf\"}", 10 },
		{ "{\"a\":\"\xed\xa0\x80\"}", 11 },
		{ "{\"a\":'x'}", 9 },
		{ "{a:1}", 5 },
		{ "{\"a\":01}", 8 },
		{ "{\"a\":1,}", 8 },
		{ "{\"a\":NaN}", 9 },
		{ "// x\n{}", 7 },
		{ "\"text\"", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault f = { ERR_OK, "" };

		assert_null(json_read(rows[i].text, rows[i].len, &f));
		assert_int_equal(f.code, ERR_INVALID);
		assert_true(strlen(f.text) > 0);
	}
}

static void
a_member_that_is_no_string_is_no_string(void **state)
{
	static const char text[] = "{\"s\": \"x\", \"n\": 1, \"z\": null}";
	json_t *root = json_read(text, strlen(text), NULL);

	(void)state;
	assert_string_equal(json_string_of(root, "s"), "x");
	assert_null(json_string_of(root, "n"));
	assert_null(json_string_of(root, "z"));
	assert_null(json_string_of(root, "missing"));
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_json_string_is_quoted_so_that_it_reads_back),
		cmocka_unit_test(json_is_read_to_its_depth_and_no_deeper),
		cmocka_unit_test(brackets_in_strings_are_no_depth),
		cmocka_unit_test(json_with_any_irregularity_is_refused),
		cmocka_unit_test(a_member_that_is_no_string_is_no_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
