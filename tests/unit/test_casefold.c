/* Names in any case of any script, and what stays apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/casefold.h"

static void
what_folds_alike_and_what_does_not(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "", "", true },
		{ "a", "", false },
		{ "Ada", "aDA", true },
		{ "ada", "adab", false },
		{ "J\xc3\x9cRGEN", "j\xc3\xbcrgen", true },
		{ "ju\xcc\x88rgen", "j\xc3\x9crgen", true },
		{ "jurgen", "j\xc3\xbcrgen", false },
		{ "\xce\x91\xce\x98", "\xce\xb1\xce\xb8", true }, /* Greek */
		{ "\xe1\xb8\x9d", "E\xcc\xa7\xcc\x86", true },	  /* apart twice */
		{ "\xe2\x84\xaa", "k", true },			  /* the sign of Kelvin */
		{ "\xc4\xb0", "i", false },			  /* a Turkish I */
		{ "stra\xc3\x9f"
		  "e",
		    "strasse", false },
		{ "\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1", true }, /* Hangul */
		{ "\xff", "\xff", true },
		{ "\xff", "\xfe", false },
		{ "a\xc3", "a", false },
	};
	char a[64], b[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t x = casefold(rows[i].a, strlen(rows[i].a), a, sizeof(a));
		size_t y = casefold(rows[i].b, strlen(rows[i].b), b, sizeof(b));

		if (casefold_equal(rows[i].a, rows[i].b) != rows[i].same ||
		    casefold_equal(rows[i].b, rows[i].a) != rows[i].same ||
		    (x == y && memcmp(a, b, x) == 0) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void
what_does_not_fit_is_not_cut(void **state)
{
	static const char text[] = "\xc3\x84"
				   "bc"; /* "a", a mark of two bytes, "bc" */
	char out[8];

	(void)state;
	for (size_t size = 0; size < 8; size++)
		assert_int_equal(casefold(text, 4, out, size), size < 5 ? SIZE_MAX : 5);
	assert_memory_equal(out,
	    "a\xcc\x88"
	    "bc",
	    5);
	assert_int_equal(casefold("ABC", 3, out, 2), SIZE_MAX);
	assert_int_equal(casefold("ABC", 3, out, 3), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_folds_alike_and_what_does_not),
		cmocka_unit_test(what_does_not_fit_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
