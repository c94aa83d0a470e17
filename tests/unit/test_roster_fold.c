/* Folding: a name is found by whoever types it without its marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <utf8proc.h>

#include "roster/roster_private.h"

enum { OUT_MAX = 256, UNICODE_END = 0x110000 };

static const char *
fold(const char *s, size_t len)
{
	static char out[OUT_MAX + 1];
	size_t n = fold_text(s, len, out, OUT_MAX);

	out[n] = '\0';
	return out;
}

static void
check_table(const char *const (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(fold(rows[i][0], strlen(rows[i][0])), rows[i][1]);
}

static void
names_lose_case_and_marks(void **state)
{
	static const char *const rows[][2] = { { "Müller", "muller" }, { "Nguyễn", "nguyen" },
		{ "Đặng", "dang" }, { "Łukasz", "lukasz" }, { "Øystein", "oystein" },
		{ "Straße", "strasse" }, { "STRAẞE", "strasse" }, { "İstanbul", "istanbul" },
		{ "Kılıç", "kilic" }, { "Ægir", "aegir" }, { "Œuvre", "oeuvre" },
		{ "Þórður Ðæ", "thordur dae" }, { "Ħal Ŧ", "hal t" },
		{ "\xef\xac\x81lip o\xef\xac\x83"
		  "ce",
		    "filip office" },
		{ "Ǆ", "dz" }, { "\xef\xbc\xa1\xef\xbc\x91\xef\xbc\x92", "a12" },
		{ "mu\xcc\x88ller", "muller" }, { "O\xe2\x80\x99Neil", "o'neil" },
		{ "Anne\xe2\x80\x91Marie", "anne-marie" } };

	(void)state;
	check_table(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
other_scripts_keep_their_letters(void **state)
{
	static const char *const rows[][2] = { { "Νίκος Παπαδόπουλος", "νικοσ παπαδοπουλοσ" },
		{ "Сергей Ёлкин", "сергеи елкин" }, { "王小明", "王小明" }, { "محمد", "محمد" },
		{ "مُحَمَّد", "محمد" }, { "राम कुमार", "राम कुमार" }, { "สมชาย", "สมชาย" },
		{ "שָׁלוֹם", "שלום" } };
	static const char voiced[] = "ガ", halfwidth[] = "\xef\xbd\xb6\xef\xbe\x9e";
	char first[OUT_MAX];

	(void)state;
	check_table(rows, sizeof(rows) / sizeof(rows[0]));
	/* A voiced syllable is not its voiceless one, but is found by it. */
	strcpy(first, fold(voiced, strlen(voiced)));
	assert_string_equal(first, fold(halfwidth, strlen(halfwidth)));
	assert_true(strlen(first) > strlen("カ") && strncmp(first, "カ", strlen("カ")) == 0);
}

static void
white_space_is_one_space_and_control_characters_go(void **state)
{
	static const char *const rows[][2] = { { "  a \t\n b  ", "a b" },
		{ "a\xc2\xa0"
		  "b",
		    "a b" },
		{ "a\xe3\x80\x80\xe2\x80\xa8"
		  "b",
		    "a b" },
		{ "a\x01\x7f"
		  "b",
		    "ab" },
		{ "a\xc2\x85"
		  "b",
		    "a b" },
		{ "a\xc2\x90\xe2\x80\x8b\xe2\x80\xae"
		  "b",
		    "ab" },
		{ " ", "" }, { "", "" }, { "\xcc\x81\xcc\x88", "" } };

	(void)state;
	check_table(rows, sizeof(rows) / sizeof(rows[0]));
}

static void
bytes_that_are_no_utf8_are_left_out(void **state)
{
	static const char *const rows[][2] = { { "a\xff\xfe"
						 "b",
						   "ab" },
		{ "a\xc3", "a" }, { "M\xfcller", "mller" },
		{ "a\xed\xa0\x80"
		  "b",
		    "ab" },
		{ "\xf4\x90\x80\x80z", "z" }, { "\xc0\xaf", "" } };

	(void)state;
	check_table(rows, sizeof(rows) / sizeof(rows[0]));
	assert_string_equal(fold("a\0b", 3), "ab");
}

/* What was folded stays as it is: a query made of a row's own text finds the row. */
static void
every_character_folds_to_what_folds_to_itself(void **state)
{
	(void)state;
	for (utf8proc_int32_t c = 1; c < UNICODE_END; c++) {
		char once[OUT_MAX], decomposed[OUT_MAX];
		utf8proc_uint8_t bytes[5] = { 0 }, *nfd;
		size_t len, n;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		len = (size_t)utf8proc_encode_char(c, bytes);
		n = fold_text((const char *)bytes, len, once, sizeof(once) - 1);
		once[n] = '\0';
		if (strcmp(once, fold(once, n)) != 0)
			fail_msg("U+%04X", (unsigned)c);
		nfd = utf8proc_NFD(bytes);
		n = fold_text(
		    (const char *)nfd, strlen((char *)nfd), decomposed, sizeof(decomposed) - 1);
		decomposed[n] = '\0';
		free(nfd);
		if (strcmp(once, decomposed) != 0)
			fail_msg("U+%04X decomposed", (unsigned)c);
	}
}

static void
a_long_text_is_cut_at_a_whole_character(void **state)
{
	char out[8];

	(void)state;
	memset(out, '#', sizeof(out));
	assert_int_equal(fold_text("abc def", 7, out, 4), 3); /* no space at the end */
	assert_memory_equal(out, "abc#", 4);
	assert_int_equal(fold_text("a王b", 5, out, 3), 1);
	assert_int_equal(fold_text("a王b", 5, out, 4), 4);
	assert_memory_equal(out, "a王#", 5);
	assert_int_equal(fold_text("abc", 3, out, 0), 0);
}

static void
a_phone_is_its_digits(void **state)
{
	static const char *const rows[][2] = { { "+49 (0)171/123-456", "49171123456" },
		{ "0171 123456", "0171123456" }, { "0049171123456", "49171123456" },
		{ "00 49 171.123.456", "49171123456" }, { "171123456", "171123456" },
		{ "+49171123456", "49171123456" }, { "(0)171 1", "1711" }, { "000", "0" },
		{ "\xef\xbc\x91\xd9\xa2\xdb\xb3", "123" }, { "none", "" }, { "0", "0" }, { "", "" },
		{ "+", "" },
		{ "1\xff"
		  "2",
		    "12" } };
	char out[OUT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = fold_phone(rows[i][0], strlen(rows[i][0]), out, OUT_MAX - 1);

		out[n] = '\0';
		assert_string_equal(out, rows[i][1]);
	}
	assert_int_equal(fold_phone("12345", 5, out, 3), 3);
	assert_int_equal(fold_phone("01", 2, out, 1), 1);
	assert_int_equal(fold_phone("0", 1, out, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lose_case_and_marks),
		cmocka_unit_test(other_scripts_keep_their_letters),
		cmocka_unit_test(white_space_is_one_space_and_control_characters_go),
		cmocka_unit_test(bytes_that_are_no_utf8_are_left_out),
		cmocka_unit_test(every_character_folds_to_what_folds_to_itself),
		cmocka_unit_test(a_long_text_is_cut_at_a_whole_character),
		cmocka_unit_test(a_phone_is_its_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
