/* What everything stands on: memory, buffers, time, identifiers, secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/field.h"
#include "base/id.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/secret.h"

static void
an_arena_hands_out_zeroed_aligned_memory_of_any_size(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t size = 0; size < 20000; size = size * 3 + 1) {
		unsigned char *p = arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(a);
	arena_free(NULL);
}

static void
an_arena_copies_strings_and_bytes(void **state)
{
	struct arena *a = arena_new(0);
	char text[] = "ada", *copy = arena_strdup(a, text), *bytes = arena_dup(a, "a\0b", 3);

	(void)state;
	text[0] = 'x';
	assert_string_equal(copy, "ada");
	assert_memory_equal(bytes, "a\0b\0", 4);
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_dup(a, NULL, 0), "");
	assert_string_equal(arena_printf(a, "%s-%d", "x", 42), "x-42");
	arena_free(a);
}

static void
a_buffer_of_secrets_grows_like_any_other(void **state)
{
	struct buf plain, secret;

	(void)state;
	buf_init(&plain, 10000);
	buf_init_secret(&secret, 10000);
	for (int i = 0; i < 2000; i++) {
		buf_printf(&plain, "%d,", i);
		buf_printf(&secret, "%d,", i);
	}
	assert_true(plain.len > 0 && plain.len == secret.len);
	assert_string_equal(plain.data, secret.data);
	buf_release(&plain);
	buf_release(&secret);
	assert_true(secret.secret && secret.data == NULL);
	buf_add_string(&secret, "again");
	assert_string_equal(secret.data, "again");
	buf_release(&secret);
}

static void
a_buffer_stops_at_its_maximum_and_remembers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_add_string(&b, "12345");
	buf_add(&b, "67890", 5);
	assert_false(buf_failed(&b));
	assert_string_equal(b.data, "1234567890");
	buf_add_char(&b, 'x');
	assert_true(buf_failed(&b));
	assert_string_equal(b.data, "1234567890");
	buf_add(&b, "", 0); /* a failure is not forgotten by a later success */
	assert_true(buf_failed(&b));
	buf_reset(&b);
	assert_false(buf_failed(&b));
	assert_int_equal(b.len, 0);
	buf_printf(&b, "%s%d", "n", 7);
	assert_string_equal(b.data, "n7");
	buf_printf(&b, "%s", "123456789");
	assert_true(buf_failed(&b));
	assert_string_equal(b.data, "n7");
	buf_release(&b);
	buf_release(&b);
	buf_add_string(&b, "again");
	assert_string_equal(b.data, "again");
	buf_release(&b);
}

static void
a_buffer_grows_past_its_first_room(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_false(buf_failed(&b));
	assert_int_equal(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(b.data[b.len], 0);
	buf_release(&b);
}

static void
a_moment_is_written_in_utc(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1700000000123, "2023-11-14T22:13:20.123Z" },
		{ 4102444799999, "2099-12-31T23:59:59.999Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(clock_format(rows[i].ms, text), rows[i].text);
}

static void
a_date_is_a_real_day(void **state)
{
	static const struct {
		const char *text;
		bool real;
	} rows[] = {
		{ "2000-02-29", true },
		{ "1900-02-29", false },
		{ "2024-02-29", true },
		{ "2023-02-29", false },
		{ "2023-12-31", true },
		{ "2023-11-31", false },
		{ "0001-01-01", true },
		{ "0000-01-01", false },
		{ "2023-1-01", false },
		{ "2023-01-01 ", false },
		{ " 2023-01-01", false },
		{ "2023/01/01", false },
		{ "2023-01-32", false },
		{ "2023-01--1", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct date d;

		assert_int_equal(date_parse(rows[i].text, &d), rows[i].real);
	}
}

static void
dates_are_ordered_by_year_month_and_day(void **state)
{
	static const struct date days[] = { { 1999, 12, 31 }, { 2000, 1, 1 }, { 2000, 1, 2 },
		{ 2000, 2, 1 }, { 2001, 1, 1 } };

	(void)state;
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 5; k++) {
			int order = date_compare(days[i], days[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void
the_day_of_a_moment_is_the_day_in_utc(void **state)
{
	const struct date day = { 2023, 11, 14 };

	(void)state;
	assert_int_equal(date_compare(date_of(1699920000000), day), 0);
	assert_true(date_compare(date_of(1699920000000 - 1000), day) < 0);
	assert_int_equal(date_compare(date_of(1700006399999), day), 0);
	assert_true(date_compare(date_of(1700006400000), day) > 0);
}

static void
the_system_clock_moves_forward(void **state)
{
	int64_t before = clock_mono_ms(&clock_system);

	(void)state;
	assert_true(clock_wall_ms(&clock_system) > 1600000000000);
	assert_true(clock_mono_ms(&clock_system) >= before);
}

static void
a_fault_carries_a_code_and_a_clean_bounded_text(void **state)
{
	struct fault f;
	char big[2 * FAULT_TEXT_MAX];

	(void)state;
	assert_int_equal(fault_set(&f, ERR_EXPIRED, "a\nb\x7f\x1b%s", "\tc"), ERR_EXPIRED);
	assert_int_equal(f.code, ERR_EXPIRED);
	assert_string_equal(f.text, "a?b???c");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(fault_set(&f, ERR_BUSY, "%s", big), ERR_BUSY);
	assert_int_equal(strlen(f.text), FAULT_TEXT_MAX - 1);
	assert_int_equal(fault_set(NULL, ERR_BUSY, "x"), ERR_BUSY);
}

static void
every_code_has_its_own_name(void **state)
{
	(void)state;
	for (int i = ERR_OK; i <= ERR_INTERNAL; i++) {
		assert_non_null(err_name((enum err)i));
		for (int k = ERR_OK; k < i; k++)
			assert_string_not_equal(err_name((enum err)i), err_name((enum err)k));
	}
	assert_string_equal(err_name((enum err)999), "internal");
}

static void
field_errors_are_kept_in_order_up_to_their_maximum(void **state)
{
	struct arena *a = arena_new(0);
	struct field_errors errors;
	char name[] = "mail";

	(void)state;
	field_errors_init(&errors, a);
	for (int i = 0; i < FIELD_ERRORS_MAX + 5; i++)
		field_errors_add(&errors, name, "invalid", "number %d", i);
	name[0] = 'x';
	assert_int_equal(errors.count, FIELD_ERRORS_MAX);
	assert_string_equal(errors.items[0].field, "mail");
	assert_string_equal(errors.items[FIELD_ERRORS_MAX - 1].detail, "number 63");
	arena_free(a);
}

static void
ids_are_version_7_and_sort_by_time(void **state)
{
	char a[ID_SIZE], b[ID_SIZE];

	(void)state;
	for (int64_t ms = 1700000000000; ms < 1700000000300; ms++) {
		id_make(ms, a);
		id_make(ms + 1, b);
		assert_true(id_is_valid(a));
		assert_int_equal(a[14], '7');
		assert_non_null(strchr("89ab", a[19]));
		assert_true(memcmp(a, b, 13) < 0);
	}
	id_make(0x0123456789ab, a);
	assert_memory_equal(a, "01234567-89ab-7", 15);
	id_make(1, a);
	id_make(1, b);
	assert_string_not_equal(a, b);
}

static void
an_id_has_one_spelling(void **state)
{
	static const char *const texts[] = { "", "01234567-89ab-7cde-8f01-23456789abc",
		"01234567-89ab-7cde-8f01-23456789abcde", "01234567-89AB-7cde-8f01-23456789abcd",
		"01234567-89ab-7cde-8f0123456789abcdef", "{1234567-89ab-7cde-8f01-23456789abcd",
		"01234567_89ab-7cde-8f01-23456789abcd", "0123456789ab7cde8f0123456789abcd" };

	(void)state;
	assert_true(id_is_valid("01234567-89ab-7cde-8f01-23456789abcd"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(id_is_valid(texts[i]));
}

static void
base64_comes_back_and_has_one_form(void **state)
{
	unsigned char data[40], back[40];
	char text[ENCODE_BASE64_SIZE(40)];

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		random_fill(data, sizeof(data));
		encode_base64(data, len, text);
		assert_int_equal(strlen(text), ENCODE_BASE64_SIZE(len) - 1);
		assert_true(decode_base64(text, strlen(text), back, len));
		assert_memory_equal(data, back, len);
	}
	assert_true(decode_base64("-_8", 3, back, 2));
	assert_false(decode_base64("+/8", 3, back, 2));
	assert_false(decode_base64("-_9", 3, back, 2)); /* spare bits */
	assert_false(decode_base64("-_8=", 4, back, 2));
	assert_false(decode_base64("-_8", 3, back, 1));
	assert_false(decode_base64("-_8", 3, back, 3));
	assert_false(decode_base64("- 8", 3, back, 2));
	assert_false(decode_base64("\xff_8", 3, back, 2)); /* libsodium 1.0.18 would take it */
	assert_false(decode_base64("-\0"
				   "8",
	    3, back, 2));
}

static void
hexadecimal_is_in_lower_case(void **state)
{
	char text[9];

	(void)state;
	encode_hex("\x00\xff\xa5\x10", 4, text);
	assert_string_equal(text, "00ffa510");
}

static void
a_random_number_stays_below_its_bound(void **state)
{
	bool seen[3] = { false };

	(void)state;
	assert_int_equal(random_below(1), 0);
	for (int i = 0; i < 200; i++) {
		uint32_t n = random_below(3);

		assert_true(n < 3);
		seen[n] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
}

static void
a_secret_is_a_copy_compared_by_its_bytes(void **state)
{
	char bytes[] = "s3cr\0t";
	struct secret *a = secret_new(bytes, 6), *b = secret_dup(a), *c = secret_new(bytes, 5);
	struct secret *none = secret_new(NULL, 0);

	(void)state;
	secret_wipe(bytes, sizeof(bytes));
	assert_memory_equal(bytes, "\0\0\0\0\0\0", 6);
	assert_int_equal(secret_len(a), 6);
	assert_memory_equal(secret_bytes(a), "s3cr\0t\0", 7);
	assert_true(secret_equal(a, b));
	assert_false(secret_equal(a, c));
	assert_false(secret_equal(none, c));
	assert_string_equal(secret_bytes(none), "");
	secret_free(a);
	assert_memory_equal(secret_bytes(b), "s3cr\0t\0", 7);
	secret_free(b);
	secret_free(c);
	secret_free(none);
	secret_free(NULL);
}

static void
a_list_can_lose_its_elements_while_it_is_walked(void **state)
{
	struct item {
		TAILQ_ENTRY(item) link;
		int n;
	};
	TAILQ_HEAD(items, item) list = TAILQ_HEAD_INITIALIZER(list);
	struct item *i, *next;
	int sum = 0;

	(void)state;
	for (int n = 1; n <= 4; n++) {
		i = mem_alloc(sizeof(*i));
		i->n = n;
		TAILQ_INSERT_TAIL(&list, i, link);
	}
	LIST_EACH_SAFE(i, &list, link, next)
	{
		sum += i->n;
		TAILQ_REMOVE(&list, i, link);
		free(i);
	}
	assert_int_equal(sum, 10);
	assert_true(TAILQ_EMPTY(&list));
}

static void
memory_is_zeroed_and_copies_end_in_a_zero_byte(void **state)
{
	char *p = mem_array(3, 7), *s = mem_dup_string("ada"), *d = mem_dup("ab", 2);

	(void)state;
	for (size_t i = 0; i < 21; i++)
		assert_int_equal(p[i], 0);
	assert_string_equal(s, "ada");
	assert_string_equal(d, "ab");
	assert_null(mem_dup_string(NULL));
	p = mem_resize(p, 100, 10);
	memset(p, 1, 1000);
	free(p);
	free(s);
	free(d);
}

static void
want_of_memory_ends_the_process_with_a_status_of_its_own(void **state)
{
	char said[64];
	int fds[2], status;
	ssize_t n;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		free(mem_resize(NULL, SIZE_MAX, 2));
		_exit(EX_OK);
	}
	close(fds[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	n = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	assert_true(n > 0);
	said[n] = '\0';
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EX_OSERR);
	assert_string_equal(said, "test_base: out of memory\n");
}

static void
words_that_begin_with_a_field_are_an_error_of_it(void **state)
{
	static const char *const others[] = { "", ": x", "mail", "mail:x", "add of uid=x: no",
		"uid=a: b" };
	struct arena *a = arena_new(0);
	struct field_errors list;

	(void)state;
	field_errors_init(&list, a);
	assert_true(field_errors_add_named(&list, "org_unit: it is: gone", "invalid"));
	assert_string_equal(list.items[0].field, "org_unit");
	assert_string_equal(list.items[0].code, "invalid");
	assert_string_equal(list.items[0].detail, "it is: gone");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(field_errors_add_named(&list, others[i], "invalid"));
	assert_int_equal(list.count, 1);
	arena_free(a);
}

static void
every_place_of_a_word_is_replaced(void **state)
{
	static const struct {
		const char *text, *what, *put, *made;
	} rows[] = {
		{ "/var/lib/usher: full", "/var/lib/usher", "the store", "the store: full" },
		{ "open /s: /s is damaged", "/s", "the store",
		    "open the store: the store is damaged" },
		{ "nothing of it", "/s", "the store", "nothing of it" },
		{ "", "/s", "the store", "" },
		{ "/s", "/s", "the store", "the store" },
		{ "/s/s", "/s", "", "" },
		{ "aaaaa", "aa", "b", "bba" },
		/* What was put is not looked at again. */
		{ "a-a", "a", "aa", "aa-aa" },
	};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    arena_replace(a, rows[i].text, rows[i].what, rows[i].put), rows[i].made);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_hands_out_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(an_arena_copies_strings_and_bytes),
		cmocka_unit_test(words_that_begin_with_a_field_are_an_error_of_it),
		cmocka_unit_test(a_buffer_of_secrets_grows_like_any_other),
		cmocka_unit_test(a_buffer_stops_at_its_maximum_and_remembers),
		cmocka_unit_test(a_buffer_grows_past_its_first_room),
		cmocka_unit_test(a_moment_is_written_in_utc),
		cmocka_unit_test(a_date_is_a_real_day),
		cmocka_unit_test(dates_are_ordered_by_year_month_and_day),
		cmocka_unit_test(the_day_of_a_moment_is_the_day_in_utc),
		cmocka_unit_test(the_system_clock_moves_forward),
		cmocka_unit_test(a_fault_carries_a_code_and_a_clean_bounded_text),
		cmocka_unit_test(every_code_has_its_own_name),
		cmocka_unit_test(field_errors_are_kept_in_order_up_to_their_maximum),
		cmocka_unit_test(ids_are_version_7_and_sort_by_time),
		cmocka_unit_test(an_id_has_one_spelling),
		cmocka_unit_test(base64_comes_back_and_has_one_form),
		cmocka_unit_test(hexadecimal_is_in_lower_case),
		cmocka_unit_test(a_random_number_stays_below_its_bound),
		cmocka_unit_test(a_secret_is_a_copy_compared_by_its_bytes),
		cmocka_unit_test(a_list_can_lose_its_elements_while_it_is_walked),
		cmocka_unit_test(memory_is_zeroed_and_copies_end_in_a_zero_byte),
		cmocka_unit_test(want_of_memory_ends_the_process_with_a_status_of_its_own),
		cmocka_unit_test(every_place_of_a_word_is_replaced),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
