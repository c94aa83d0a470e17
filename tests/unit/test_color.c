/* Colours: what can be read on which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/color.h"

static struct color
color(const char *text)
{
	struct color c;

	assert_true(color_parse(text, &c));
	return c;
}

static void
only_six_hex_digits_are_a_colour(void **state)
{
	static const char *const bad[] = { "", "#", "#fff", "0b6e4f", "#0b6e4", "#0b6e4f0",
		"#0b6e4g", "#-b6e4f", "# b6e4f", "red", "#0B6E4F " };
	struct color c = color("#0B6e4f");
	char out[COLOR_TEXT_SIZE];

	(void)state;
	assert_string_equal(color_format(c, out), "#0b6e4f");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(color_parse(bad[i], &c));
}

static void
contrast_is_that_of_the_guidelines(void **state)
{
	static const struct {
		const char *one, *other;
		double contrast;
	} rows[] = {
		{ "#000000", "#ffffff", 21 },
		{ "#777777", "#ffffff", 4.48 },
		{ "#ff0000", "#ffffff", 4.00 },
		{ "#0000ff", "#000000", 2.44 },
		{ "#123456", "#123456", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct color one = color(rows[i].one), other = color(rows[i].other);

		assert_float_equal(color_contrast(one, other), rows[i].contrast, 0.01);
		assert_float_equal(color_contrast(other, one), rows[i].contrast, 0.01);
	}
}

static void
text_is_white_or_dark_or_there_is_none(void **state)
{
	static const struct {
		const char *fill, *text; /* NULL: none */
	} rows[] = {
		{ "#0b6e4f", "#ffffff" },
		{ "#3a52b4", "#ffffff" },
		{ "#000000", "#ffffff" },
		{ "#ffcc00", "#1b2130" },
		{ "#ffffff", "#1b2130" },
		{ "#7f7f7f", NULL },
		{ "#f03c3c", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct color text;
		double contrast;
		char out[COLOR_TEXT_SIZE];
		bool readable = color_text_on(color(rows[i].fill), &text, &contrast);

		assert_int_equal(readable, rows[i].text != NULL);
		assert_int_equal(contrast >= COLOR_READABLE, readable);
		if (readable)
			assert_string_equal(color_format(text, out), rows[i].text);
	}
}

static void
a_colour_moves_just_until_it_can_be_read(void **state)
{
	struct color white = color("#ffffff"), black = color("#000000"), text;

	(void)state;
	text = color_toward(color("#ffcc00"), black, white);
	assert_true(color_contrast(text, white) >= COLOR_READABLE);
	assert_true(color_contrast(text, white) < 5.5);
	text = color_toward(color("#0b6e4f"), black, white);
	assert_float_equal(color_contrast(text, color("#0b6e4f")), 1, 0.001);
	text = color_toward(color("#0b6e4f"), white, color("#1a1e29"));
	assert_true(color_contrast(text, color("#1a1e29")) >= COLOR_READABLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_six_hex_digits_are_a_colour),
		cmocka_unit_test(contrast_is_that_of_the_guidelines),
		cmocka_unit_test(text_is_white_or_dark_or_there_is_none),
		cmocka_unit_test(a_colour_moves_just_until_it_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
