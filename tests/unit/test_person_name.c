/* Names and positions: every script, one normal form, nothing hidden. */
#include "person_row.h"

static void
names_of_any_script_pass_in_one_normal_form(void **state)
{
	static const struct row rows[] = {
		{ PERSON_GIVEN_NAME, "Ada", "Ada", NULL },
		{ PERSON_GIVEN_NAME, "  Ada \u00a0 Augusta\u3000", "Ada Augusta", NULL },
		{ PERSON_GIVEN_NAME, "Jo\u0308rg", "J\u00f6rg", NULL },
		{ PERSON_GIVEN_NAME, "\u212bsa", "\u00c5sa", NULL }, /* Angstrom sign */
		{ PERSON_FAMILY_NAME, "O’Neill-Smith, Jr.", "O’Neill-Smith, Jr.", NULL },
		{ PERSON_FAMILY_NAME, "X Æ A-12", "X Æ A-12", NULL },
		{ PERSON_FAMILY_NAME, "Nguyễn", "Nguyễn", NULL },
		{ PERSON_FAMILY_NAME, "Παπαδοπούλου", "Παπαδοπούλου", NULL },
		{ PERSON_FAMILY_NAME, "Щербакова", "Щербакова", NULL },
		{ PERSON_FAMILY_NAME, "محمد", "محمد", NULL },
		{ PERSON_FAMILY_NAME, "山田", "山田", NULL },
		{ PERSON_FAMILY_NAME, "김", "김", NULL },
		{ PERSON_FAMILY_NAME, "\u1100\u1175\u11b7", "김", NULL },
		{ PERSON_FAMILY_NAME, "שָׁלוֹם", "שָׁלוֹם", NULL },
		{ PERSON_FAMILY_NAME, "葛\U000e0100城", "葛\U000e0100城",
		    NULL }, /* variant of a letter */
		{ PERSON_FAMILY_NAME, "\U00020bb7野家", "\U00020bb7野家", NULL },
		/* Persian, Sinhala, and a word that ends in virama and joiner */
		{ PERSON_FAMILY_NAME, "علی\u200cزاده", "علی\u200cزاده", NULL },
		{ PERSON_FAMILY_NAME, "ශ්\u200dරී", "ශ්\u200dරී", NULL },
		{ PERSON_FAMILY_NAME, "അവന്\u200d", "അവന്\u200d", NULL },
		{ PERSON_POSITION, "2nd line support (night)", "2nd line support (night)", NULL },
		{ PERSON_POSITION, "R&D <lead> \"x\" \\ a@b", "R&D <lead> \"x\" \\ a@b", NULL },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
names_that_hide_or_pretend_something_are_refused(void **state)
{
	static const struct row rows[] = {
		{ PERSON_GIVEN_NAME, "", NULL, "required" },
		{ PERSON_GIVEN_NAME, " \u00a0\u3000", NULL, "required" },
		{ PERSON_GIVEN_NAME, "Ada\nBcc: x@y.z", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "Ada\r", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "\tAda", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\x01", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\x7f", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\xc2\x85", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\u2028", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\u2029", NULL, "control_character" },
		{ PERSON_GIVEN_NAME,
		    "A\u202e"
		    "b",
		    NULL, "control_character" }, /* bidi override */
		{ PERSON_GIVEN_NAME,
		    "A\u2066"
		    "b",
		    NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\u200e", NULL, "control_character" },
		{ PERSON_GIVEN_NAME,
		    "A\u200b"
		    "b",
		    NULL, "control_character" },
		{ PERSON_GIVEN_NAME,
		    "A\u00ad"
		    "b",
		    NULL, "control_character" },
		{ PERSON_GIVEN_NAME,
		    "\ufeff"
		    "A",
		    NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "A\ue000", NULL, "control_character" },	 /* private use */
		{ PERSON_GIVEN_NAME, "A\U000e0041", NULL, "control_character" }, /* tag */
		{ PERSON_GIVEN_NAME, "A\u0378", NULL, "control_character" },	 /* unassigned */
		{ PERSON_GIVEN_NAME, "A\uffff", NULL, "control_character" },
		{ PERSON_GIVEN_NAME, "\u3164", NULL,
		    "control_character" }, /* a letter that shows nothing */
		{ PERSON_GIVEN_NAME, "A\xed\xa0\x80", NULL, "invalid" }, /* surrogate */
		{ PERSON_GIVEN_NAME, "A\xff", NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "A\xc3", NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "\xc1\x81", NULL, "invalid" }, /* overlong */
		{ PERSON_GIVEN_NAME,
		    "\u200d"
		    "Ada",
		    NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "Ada\u200c", NULL, "invalid" },
		{ PERSON_GIVEN_NAME,
		    "Ad\u200d\u200d"
		    "a",
		    NULL, "invalid" },
		{ PERSON_GIVEN_NAME,
		    "Ada 1\u200d"
		    "2",
		    NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "12", NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "-.-", NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "😀", NULL, "invalid" },
		{ PERSON_GIVEN_NAME,
		    "\u0301"
		    "Ada",
		    NULL, "invalid" },
		{ PERSON_GIVEN_NAME, "Ada \u0301", NULL, "invalid" },
		{ PERSON_FAMILY_NAME, "http://evil.example", NULL, "invalid" },
		{ PERSON_FAMILY_NAME, "HTTPS://evil", NULL, "invalid" },
		{ PERSON_FAMILY_NAME, "x：／／y", NULL, "invalid" }, /* full width */
		{ PERSON_FAMILY_NAME, "WwW.evil", NULL, "invalid" },
		{ PERSON_POSITION, "see www.evil.example", NULL, "invalid" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
a_stack_of_marks_is_bounded(void **state)
{
	(void)state;
	for (size_t marks = 1; marks < 12; marks++) {
		char text[64] = "b";

		for (size_t i = 0; i < marks; i++)
			append(text, sizeof(text), "\u0332"); /* composes with nothing */
		append(text, sizeof(text), "c");
		check_row(
		    &(struct row){ PERSON_GIVEN_NAME, text, marks <= 6 ? text : NULL, "invalid" });
	}
}

static void
a_name_is_measured_in_characters_of_its_normal_form(void **state)
{
	static const struct {
		const char *unit, *normal;
	} units[] = {
		{ "a", "a" },
		{ "ä", "ä" },
		{ "a\u0308", "ä" },
		{ "山", "山" },
		{ "\U00020bb7", "\U00020bb7" },
	};

	(void)state;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
		for (size_t count = 127; count <= 129; count++) {
			char text[1024] = "", want[1024] = "";

			for (size_t i = 0; i < count; i++) {
				append(text, sizeof(text), units[u].unit);
				append(want, sizeof(want), units[u].normal);
			}
			check_row(&(struct row){ PERSON_FAMILY_NAME, text,
			    count <= PERSON_NAME_MAX ? want : NULL, "too_long" });
		}
	char huge[5000];
	memset(huge, ' ', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	check_row(&(struct row){ PERSON_FAMILY_NAME, huge, NULL, "too_long" });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_any_script_pass_in_one_normal_form),
		cmocka_unit_test(names_that_hide_or_pretend_something_are_refused),
		cmocka_unit_test(a_stack_of_marks_is_bounded),
		cmocka_unit_test(a_name_is_measured_in_characters_of_its_normal_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
