/* The strict reader: each fault of a document is told on the member that has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "api/api_private.h"
#include "../fakes/fake_api_http.h"

struct thing {
	const char *name;
	struct api_integer size;
	struct api_strings tags;
	struct api_map modes;
};

static const struct api_member members[] = {
	{ "name", API_STRING, offsetof(struct thing, name) },
	{ "size", API_INTEGER, offsetof(struct thing, size) },
	{ "tags", API_STRINGS, offsetof(struct thing, tags) },
	{ "modes", API_MAP, offsetof(struct thing, modes) },
};

static struct http_exchange *
exchange_of(const char *body, size_t len)
{
	struct fake_request q = { .method = HTTP_POST, .path = "/", .body = body, .body_len = len };

	return fake_http_exchange(&q);
}

static void
a_whole_document_is_read_into_the_struct(void **state)
{
	struct http_exchange *x = exchange_of("{\"name\":\"a\",\"size\":-3,\"tags\":[\"x\",\"y\"],"
					      "\"modes\":{\"k\":\"v\"}}",
	    0);
	struct thing t = { .name = NULL };
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, http_arena(x));
	assert_true(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
	assert_string_equal(t.name, "a");
	assert_true(t.size.given);
	assert_int_equal(t.size.value, -3);
	assert_int_equal(t.tags.count, 2);
	assert_string_equal(t.tags.items[1], "y");
	assert_int_equal(t.modes.count, 1);
	assert_string_equal(t.modes.items[0].name, "k");
	assert_string_equal(t.modes.items[0].value, "v");
	fake_http_free(x);
}

static void
every_fault_names_its_member(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = {
		{ "{\"other\":1}", "other", "unknown" },
		{ "{\"Name\":\"a\"}", "Name", "unknown" },
		{ "{\"\":1}", "", "unknown" },
		{ "{\"name\":1}", "name", "wrong_type" },
		{ "{\"name\":null}", "name", "wrong_type" },
		{ "{\"name\":[\"a\"]}", "name", "wrong_type" },
		{ "{\"size\":\"1\"}", "size", "wrong_type" },
		{ "{\"size\":1.0}", "size", "wrong_type" },
		{ "{\"size\":true}", "size", "wrong_type" },
		{ "{\"tags\":\"a\"}", "tags", "wrong_type" },
		{ "{\"tags\":[\"a\",2]}", "tags[1]", "wrong_type" },
		{ "{\"modes\":[]}", "modes", "wrong_type" },
		{ "{\"modes\":{\"mail\":1}}", "modes.mail", "wrong_type" },
		{ "{\"name\":\"a\",\"name\":\"b\"}", "name", "duplicate" },
		{ "{\"name\":\"a\",\"n\\u0061me\":\"b\"}", "name", "duplicate" },
		{ "[]", "", "wrong_type" },
		{ "\"a\"", "", "not_json" },
		{ "", "", "not_json" },
		{ " ", "", "not_json" },
		{ "{", "", "not_json" },
		{ "{}{}", "", "not_json" },
		{ "{\"name\":\"a\",}", "", "not_json" },
		{ "{'name':'a'}", "", "not_json" },
		{ "{\"name\":\"a\\u0000b\"}", "", "not_json" },
		{ "{\"name\":\"\\ud800\"}", "", "not_json" },
		{ "{\"name\":\"\xff\"}", "", "not_json" },
		{ "{\"size\":99999999999999999999}", "", "not_json" },
		{ "{\"name\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", "", "not_json" },
		{ "\xef\xbb\xbf{}", "", "not_json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = exchange_of(rows[i].body, 0);
		struct thing t = { .name = NULL };
		struct field_errors errors;

		field_errors_init(&errors, http_arena(x));
		assert_false(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
		assert_int_equal(errors.count, 1);
		assert_string_equal(errors.items[0].field, rows[i].field);
		assert_string_equal(errors.items[0].code, rows[i].code);
		assert_string_not_equal(errors.items[0].detail, "");
		fake_http_free(x);
	}
}

static void
all_faults_of_a_document_are_told(void **state)
{
	struct http_exchange *x = exchange_of("{\"name\":1,\"a\":1,\"size\":{},\"tags\":[1,2]}", 0);
	struct thing t = { .name = NULL };
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, http_arena(x));
	assert_false(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
	assert_int_equal(errors.count, 5);
	fake_http_free(x);
}

static void
a_body_with_a_zero_byte_behind_it_is_refused(void **state)
{
	struct http_exchange *x = exchange_of("{}\0", 3);
	struct thing t = { .name = NULL };
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, http_arena(x));
	assert_false(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
	fake_http_free(x);
}

static void
a_long_foreign_name_comes_back_cut_between_characters(void **state)
{
	char body[4096] = "{\"x";
	struct http_exchange *x;
	struct thing t = { .name = NULL };
	struct field_errors errors;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(body, "\xc3\xa9");
	strcat(body, "\":1}");
	x = exchange_of(body, 0);
	field_errors_init(&errors, http_arena(x));
	assert_false(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
	assert_int_equal(strlen(errors.items[0].field), 63 + 3);
	assert_ptr_equal(api_clean(http_arena(x), errors.items[0].field), errors.items[0].field);
	fake_http_free(x);
}

static void
a_list_longer_than_the_bound_is_refused(void **state)
{
	char body[4096] = "{\"tags\":[\"a\"";
	struct http_exchange *x;
	struct thing t = { .name = NULL };
	struct field_errors errors;

	(void)state;
	for (int i = 0; i < API_STRINGS_MAX; i++)
		strcat(body, ",\"a\"");
	strcat(body, "]}");
	x = exchange_of(body, 0);
	field_errors_init(&errors, http_arena(x));
	assert_false(api_read_body(x, members, API_MEMBER_COUNT(members), &t, &errors));
	assert_string_equal(errors.items[0].field, "tags");
	assert_string_equal(errors.items[0].code, "too_long");
	assert_int_equal(t.tags.count, 0);
	fake_http_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_document_is_read_into_the_struct),
		cmocka_unit_test(every_fault_names_its_member),
		cmocka_unit_test(all_faults_of_a_document_are_told),
		cmocka_unit_test(a_body_with_a_zero_byte_behind_it_is_refused),
		cmocka_unit_test(a_long_foreign_name_comes_back_cut_between_characters),
		cmocka_unit_test(a_list_longer_than_the_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
