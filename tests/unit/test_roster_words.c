/* What is typed into the search, and the cursors that belong to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"
#include "roster/query_private.h"

static const char row[] = "muller, anna\nanna.mueller@example.org\n49171123456\namueller\n"
			  "head of sales\n";

static struct words *
parse(const char *q)
{
	struct words *w = mem_alloc(sizeof(*w));
	struct fault f;

	if (words_parse(w, q, &f) != ERR_OK)
		fail_msg("\"%s\": %s", q, f.text);
	return w;
}

/* Also: a row that matches has the needle that is scanned for. */
static bool
matches(const char *q, const char *text)
{
	struct words *w = parse(q);
	bool is = words_match(w, text, strlen(text), false);
	bool has = w->scan.len > 0 && memmem(text, strlen(text), w->scan.s, w->scan.len) != NULL;

	assert_true(w->everybody || w->nobody || w->scan.len > 0);
	assert_true(!is || w->everybody || has);
	assert_true(!w->enough || is == has);
	assert_true(!has || is == words_match(w, text, strlen(text), true));
	free(w);
	return is;
}

static void
all_words_must_be_found_anywhere(void **state)
{
	static const char *const yes[] = { "anna", "ANNA", "Müller", "anna müller", "sales  anna",
		"n", "@", ".", "example.org", "of", ", anna", "le", "anna anna", "49 anna", "1234",
		"\xef\xbc\xa1nna" };
	static const char *const no[] = { "annb", "anna schmidt", "annamaria", "muller,anna", "-",
		"sales49", "anna\xcc\x81x", "mullers", "4917112345666" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!matches(yes[i], row))
			fail_msg("\"%s\" is not found", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (matches(no[i], row))
			fail_msg("\"%s\" is found", no[i]);
}

static void
a_phone_is_found_in_any_notation(void **state)
{
	static const char *const yes[] = { "+49 (0)171/123-456", "0171 123456", "0049171123456",
		"171123456", "171.123.456", "+49171123456", "+49 171 123456", "(0171) 123 456",
		"0171/123456", "0171-123456", "0171", "00491", "+491", "123-456",
		"anna 0171 123456", "0171 123456 sales", "171 - 123 456", "0049 (0) 171 123 456",
		"1 7 1", "\xef\xbc\x90\xef\xbc\x91\xef\xbc\x97\xef\xbc\x91",
		"0171\xe2\x80\x93 123456", "+49(0)171", "(0)171" };
	static const char *const no[] = { "0171 123457", "0712", "+48171", "0171 anna 99999",
		"171123456 0", "berta 0171 123456", "+49 (0)171/123-456-7" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!matches(yes[i], row))
			fail_msg("\"%s\" is not found", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (matches(no[i], row))
			fail_msg("\"%s\" is found", no[i]);
}

static void
digits_are_also_ordinary_words(void **state)
{
	static const char text[] = "room 0171\nr.2024-05@example.org\n\nx-00491\n";

	(void)state;
	assert_true(matches("0171", text));
	assert_true(matches("2024-05", text));
	assert_true(matches("00491", text));
	assert_true(matches("0171 2024-05", text));
	assert_false(matches("171.2024", text));
	/* The other reading is for phones alone. */
	assert_false(matches("0 1 7 8", text));
	assert_false(matches("00171", "a\n171@b\n0049\nc\n"));
	assert_true(matches("00171", "a\nb\n4917100\nc\n"));
}

static void
digits_that_have_one_reading_are_one_scan_and_no_more(void **state)
{
	struct words *w = parse("171123456");

	(void)state;
	assert_true(w->enough);
	assert_int_equal(w->scan.len, 9);
	free(w);
	w = parse("anna");
	assert_true(w->enough);
	free(w);
	w = parse("+49 171");
	assert_false(w->enough);
	assert_int_equal(w->scan.len, 3); /* the candidates of both readings in one pass */
	free(w);
	w = parse("anna zq");
	assert_false(w->enough);
	assert_int_equal(w->scan.len, 2);
	free(w);
}

static void
blank_is_everybody_and_what_folds_to_nothing_is_nobody(void **state)
{
	static const char *const blank[] = { "", " ", "\t\n ", "\xc2\xa0", "\xe3\x80\x80 " };
	static const char *const nothing[] = { "\xcc\x81", " \xcc\x81\xcc\x88", "\x01", "\xff",
		"\xe2\x80\x8b" };
	struct words *w = parse(NULL);

	(void)state;
	assert_true(w->everybody);
	free(w);
	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
		w = parse(blank[i]);
		assert_true(w->everybody && !w->nobody);
		assert_true(words_match(w, row, sizeof(row) - 1, false));
		free(w);
	}
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		w = parse(nothing[i]);
		assert_true(w->nobody && !w->everybody);
		assert_false(words_match(w, row, sizeof(row) - 1, false));
		free(w);
	}
}

/* `unit` so many times. */
static enum err
parse_repeated(const char *unit, size_t times, struct fault *f)
{
	struct words *w = mem_alloc(sizeof(*w));
	char *q = mem_alloc(times * strlen(unit) + 1);
	enum err code;

	for (size_t i = 0; i < times; i++)
		strcpy(q + i * strlen(unit), unit);
	code = words_parse(w, q, f);
	if (code == ERR_OK)
		assert_true(w->scan.len > 0 || w->everybody || w->nobody);
	free(q);
	free(w);
	return code;
}

static void
characters_are_counted_and_not_bytes(void **state)
{
	static const char *const units[] = { "a", "ü", "王", "\xef\xb7\xba", "\xf0\x9d\x90\x80",
		"\xff", " ", "0", "\xcc\x81" };
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		enum err code = parse_repeated(units[i], ROSTER_QUERY_MAX, &f);

		/* U+FDFA is four words. */
		assert_int_equal(
		    code, strcmp(units[i], "\xef\xb7\xba") == 0 ? ERR_INVALID : ERR_OK);
		assert_int_equal(parse_repeated(units[i], ROSTER_QUERY_MAX + 1, &f), ERR_INVALID);
		assert_string_equal(f.text, "q: at most 256 characters");
	}
	assert_int_equal(parse_repeated("a", 1000, &f), ERR_INVALID);
}

static void
sixteen_words_and_no_more(void **state)
{
	struct fault f;

	(void)state;
	assert_int_equal(parse_repeated("ab ", WORDS_MAX, &f), ERR_OK);
	assert_int_equal(parse_repeated("01 ", WORDS_MAX, &f), ERR_OK);
	assert_int_equal(parse_repeated("ab ", WORDS_MAX + 1, &f), ERR_INVALID);
	assert_string_equal(f.text, "q: at most 16 words");
}

/* ---- cursors ---- */

struct cursor_world {
	struct seal *seal;
	struct roster_query query;
	struct words *words;
	unsigned char print[CURSOR_PRINT_SIZE];
	struct roster_key key;
	char text[ROSTER_CURSOR_MAX + 1];
};

static int
cursor_setup(void **state)
{
	static const unsigned char key[32] = { 7 };
	struct cursor_world *world = mem_alloc(sizeof(*world));

	world->seal = seal_new(key);
	world->query = (struct roster_query){ .q = "anna", .org_unit = "ou=x", .limit = 50 };
	world->words = parse("anna");
	cursor_print(&world->query, world->words, world->print);
	world->key = (struct roster_key){ .sort = ROSTER_BY_NAME,
		.len = 12,
		.number = 1234567890123,
		.text = "muller, anna",
		.id = { 1, 2, 3, 255 } };
	cursor_write(world->seal, world->print, &world->key, world->text);
	*state = world;
	return 0;
}

static int
cursor_teardown(void **state)
{
	struct cursor_world *world = *state;

	seal_free(world->seal);
	free(world->words);
	free(world);
	return 0;
}

static void
assert_cursor_is_bad(const struct cursor_world *world, const char *text, const char *why)
{
	struct roster_key key;
	struct fault f;

	assert_int_equal(cursor_read(world->seal, world->print, text, &key, &f), ERR_INVALID);
	assert_non_null(strstr(f.text, why));
	assert_memory_equal(f.text, "cursor: ", 8);
}

static void
a_cursor_brings_its_key_back(void **state)
{
	struct cursor_world *world = *state;
	struct roster_key longest = { .sort = ROSTER_BY_LAST_ACTIVITY,
		.absent = true,
		.len = ROSTER_KEY_MAX,
		.number = UINT64_MAX };
	struct roster_key key;

	memset(longest.text, 0xee, sizeof(longest.text));
	assert_int_equal(cursor_read(world->seal, world->print, world->text, &key, NULL), ERR_OK);
	assert_memory_equal(&key, &world->key, sizeof(key));
	cursor_write(world->seal, world->print, &longest, world->text);
	assert_true(strlen(world->text) <= ROSTER_CURSOR_MAX);
	assert_int_equal(cursor_read(world->seal, world->print, world->text, &key, NULL), ERR_OK);
	assert_memory_equal(&key, &longest, sizeof(key));
}

static void
a_cursor_says_nothing_to_whoever_reads_it(void **state)
{
	struct cursor_world *world = *state;
	unsigned char bytes[ROSTER_CURSOR_MAX];
	size_t len = strlen(world->text) * 3 / 4;
	char again[ROSTER_CURSOR_MAX + 1];

	assert_true(decode_base64(world->text, strlen(world->text), bytes, len));
	assert_null(memmem(bytes, len, "muller", 6));
	cursor_write(world->seal, world->print, &world->key, again);
	assert_string_not_equal(again, world->text);
}

static void
a_cursor_changed_at_any_place_is_refused(void **state)
{
	struct cursor_world *world = *state;
	size_t len = strlen(world->text);

	for (size_t i = 0; i < len; i++) {
		char old = world->text[i];

		world->text[i] = old == 'A' ? 'B' : 'A';
		assert_cursor_is_bad(world, world->text, "");
		world->text[i] = '\xff';
		assert_cursor_is_bad(world, world->text, "none, or not all");
		world->text[i] = '\0';
		assert_cursor_is_bad(world, world->text, "");
		world->text[i] = old;
	}
	strcat(world->text, "A");
	assert_cursor_is_bad(world, world->text, "");
}

static void
a_cursor_too_long_is_refused(void **state)
{
	struct cursor_world *world = *state;
	char text[4096];

	memset(text, 'A', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_cursor_is_bad(world, text, "none, or not all");
	assert_cursor_is_bad(world, "", "none, or not all");
}

static void
a_cursor_of_another_key_is_refused(void **state)
{
	static const unsigned char other[32] = { 8 };
	struct cursor_world *world = *state;

	seal_free(world->seal);
	world->seal = seal_new(other);
	assert_cursor_is_bad(world, world->text, "another key");
}

static void
a_cursor_of_another_query_is_refused(void **state)
{
	struct cursor_world *world = *state;
	const struct roster_query same = world->query;
	struct roster_query others[9];
	struct words *words = world->words;

	for (size_t i = 0; i < 9; i++)
		others[i] = same;
	others[0].statuses = 1U << FEED_ACTIVE;
	others[1].org_unit = "ou=y";
	others[2].org_unit = NULL;
	others[3].registered_from = 1;
	others[4].registered_to = 1;
	others[5].active_from = 1;
	others[6].active_to = 1;
	others[7].sort = ROSTER_BY_MAIL;
	others[8].descending = true;
	for (size_t i = 0; i < 9; i++) {
		cursor_print(&others[i], words, world->print);
		assert_cursor_is_bad(world, world->text, "another query");
	}
	words = parse("annb");
	cursor_print(&same, words, world->print);
	assert_cursor_is_bad(world, world->text, "another query");
	free(words);
}

static void
a_cursor_belongs_to_what_a_query_means(void **state)
{
	struct cursor_world *world = *state;
	struct roster_query same = world->query;
	struct words *words = parse(" ÁNNA ");
	struct roster_key key;

	same.limit = 7;
	same.statuses = (1U << FEED_STATUS_COUNT) - 1;
	cursor_print(&same, words, world->print);
	assert_int_equal(cursor_read(world->seal, world->print, world->text, &key, NULL), ERR_OK);
	free(words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_words_must_be_found_anywhere),
		cmocka_unit_test(a_phone_is_found_in_any_notation),
		cmocka_unit_test(digits_are_also_ordinary_words),
		cmocka_unit_test(digits_that_have_one_reading_are_one_scan_and_no_more),
		cmocka_unit_test(blank_is_everybody_and_what_folds_to_nothing_is_nobody),
		cmocka_unit_test(characters_are_counted_and_not_bytes),
		cmocka_unit_test(sixteen_words_and_no_more),
		cmocka_unit_test_setup_teardown(
		    a_cursor_brings_its_key_back, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_says_nothing_to_whoever_reads_it, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_changed_at_any_place_is_refused, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_too_long_is_refused, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_of_another_key_is_refused, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_of_another_query_is_refused, cursor_setup, cursor_teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_belongs_to_what_a_query_means, cursor_setup, cursor_teardown),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
