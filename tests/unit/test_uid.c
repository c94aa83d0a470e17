/* A uid from a name: many scripts in, ASCII out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "invite/uid.h"

static const char dotted[] = "{given}.{family}";

static struct person
named(const char *given, const char *family)
{
	return (struct person){ .value = { [PERSON_GIVEN_NAME] = given,
				    [PERSON_FAMILY_NAME] = family,
				    [PERSON_MAIL] = "Ada.King+x@example.org" } };
}

static void
a_name_in_any_script_becomes_a_plain_ascii_uid(void **state)
{
	static const struct {
		const char *given, *family, *uid;
	} rows[] = {
		{ "Ada", "Lovelace", "ada.lovelace" },
		{ "Jürgen", "Weiß", "jurgen.weiss" },
		{ "JÜRGEN", "WEISS", "jurgen.weiss" },
		{ "Ju\u0308rgen", "Wei\u00df", "jurgen.weiss" }, /* decomposed */
		{ "François", "Cœur-Noël", "francois.coeurnoel" },
		{ "Łukasz", "Żółć", "lukasz.zolc" },
		{ "İbrahim", "Işık", "ibrahim.isik" },
		{ "Nguyễn", "Đặng", "nguyen.dang" },
		{ "Þórður", "Æsøn", "thordur.aeson" },
		{ "Ħoofd", "Ŧest", "hoofd.test" },
		{ "Jean Luc", "O'Neill-Smith", "jeanluc.oneillsmith" },
		{ "ﬁona", "Ａｄａ", "fiona.ada" }, /* ligature, full width */
		{ "Ελένη", "Παπαδοπούλου", "user" },
		{ "Ольга", "Петрова", "user" },
		{ "محمد", "علي", "user" },
		{ "山田", "太郎", "user" },
		{ "Ольга", "Smith", "smith" },
		{ "Ada", "Петрова", "ada" },
		{ "4Real", "2Pac", "real.2pac" },
		{ "...", "---", "user" },
		{ "", "", "user" },
		{ NULL, "Cher", "cher" },
		{ "Ada", NULL, "ada" },
		{ "\xff\xfe", "Lovelace", "lovelace" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct person p = named(rows[i].given, rows[i].family);
		char uid[PERSON_UID_MAX + 1];

		assert_true(uid_candidate(dotted, &p, 1, uid));
		assert_string_equal(uid, rows[i].uid);
	}
}

static void
a_template_puts_the_parts_together(void **state)
{
	static const struct {
		const char *template, *uid;
	} rows[] = {
		{ "{given}.{family}", "elise.von" },
		{ "{g}{family}", "evon" },
		{ "{given}{f}", "elisev" },
		{ "{family}_{g}", "von_e" },
		{ "x-{g}-{f}", "x-e-v" },
		{ "{mail}", "ada.king" },
		{ "..{g}..{f}..", "e.v" },
		{ "9{given}", "elise" },
	};
	struct person p = named("Élise", "Von");

	(void)state;
	p.value[PERSON_MAIL] = "Ada.King+@example.org";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char uid[PERSON_UID_MAX + 1];

		assert_int_equal(uid_template_check(rows[i].template, NULL), ERR_OK);
		assert_true(uid_candidate(rows[i].template, &p, 1, uid));
		assert_string_equal(uid, rows[i].uid);
	}
}

static void
the_first_letter_is_the_first_that_survives(void **state)
{
	struct person p = named("Þór", "1æ");
	char uid[PERSON_UID_MAX + 1];

	(void)state;
	assert_true(uid_candidate("{g}-{f}", &p, 1, uid));
	assert_string_equal(uid, "t-1");
}

/* Longer than 128 bytes. */
static const char long_template[] =
    "{given}{given}{given}{given}{given}{given}{given}{given}{given}{given}"
    "{given}{given}{given}{given}{given}{given}{given}{g}{g}{g}{f}-";

static void
a_broken_template_is_named(void **state)
{
	static const char *const templates[] = { "", "people", "{given", "given}", "{Given}",
		"{given}.{familyname}", "{given} {family}", "{given}@x", "{given}/", "{g}{",
		"Ä{given}", long_template };

	(void)state;
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		struct fault f = { ERR_OK, "" };

		assert_int_equal(uid_template_check(templates[i], &f), ERR_INVALID);
		assert_int_equal(f.code, ERR_INVALID);
		assert_true(strlen(f.text) > 0);
	}
}

static void
collisions_are_numbered_and_the_number_is_never_cut(void **state)
{
	static const struct {
		const char *family;
		unsigned number;
		const char *uid;
	} rows[] = {
		{ "Lovelace", 1, "ada.lovelace" },
		{ "Lovelace", 2, "ada.lovelace2" },
		{ "Lovelace", 9999, "ada.lovelace9999" },
		{ "Abcdefghijklmnopqrstuvwxyzab", 1, "ada.abcdefghijklmnopqrstuvwxyzab" },
		{ "Abcdefghijklmnopqrstuvwxyzabc", 1, "ada.abcdefghijklmnopqrstuvwxyzab" },
		{ "Abcdefghijklmnopqrstuvwxyzabc", 2, "ada.abcdefghijklmnopqrstuvwxyza2" },
		{ "Abcdefghijklmnopqrstuvwxyzabc", 10, "ada.abcdefghijklmnopqrstuvwxyz10" },
		{ "Abcdefghijklmnopqrstuvwxyzabc", 9999, "ada.abcdefghijklmnopqrstuvwx9999" },
	};
	char uid[PERSON_UID_MAX + 1];
	struct person p = named("Ada", "Lovelace");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p = named("Ada", rows[i].family);
		assert_true(uid_candidate(dotted, &p, rows[i].number, uid));
		assert_string_equal(uid, rows[i].uid);
	}
	assert_false(uid_candidate(dotted, &p, 10000, uid));
	/* No separator is left between the name and its number. */
	p = named("Abcdefghijklmnopqrstuvwxyzabcd", "B");
	assert_true(uid_candidate(dotted, &p, 2, uid));
	assert_string_equal(uid, "abcdefghijklmnopqrstuvwxyzabcd2");
}

static void
a_reserved_name_gets_a_number_at_once(void **state)
{
	struct person p = named("Root", NULL);
	char uid[PERSON_UID_MAX + 1];

	(void)state;
	assert_true(uid_candidate("{given}", &p, 1, uid));
	assert_string_equal(uid, "root1");
	assert_true(uid_candidate("{given}", &p, 2, uid));
	assert_string_equal(uid, "root2");
	/* Reserved only once it is cut. */
	p = named("Systemd-Timesync", NULL);
	p.value[PERSON_MAIL] = "systemd-timesync@example.org";
	assert_true(uid_candidate("{mail}", &p, 1, uid));
	assert_string_equal(uid, "systemd-timesync1");
}

static void
every_candidate_passes_the_rule_for_a_uid(void **state)
{
	static const char *const names[] = { "Ada", "Root", "山田", "Admin", "Ülo-Ärni", "J.",
		"ſchnell", "ŉ", "ǅ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	static const char *const templates[] = { "{given}.{family}", "{g}{family}", "{family}-{g}",
		"{mail}", "{given}_", "-{family}-" };
	static const unsigned numbers[] = { 1, 2, 10, 999, 9999 };
	const size_t n = sizeof(names) / sizeof(names[0]);

	(void)state;
	for (size_t i = 0; i < n * n * 6 * 5; i++) {
		struct person p = named(names[i % n], names[i / n % n]);
		struct arena *a = arena_new(0);
		struct field_errors errors;
		struct person_rules rules = { .today = { 2025, 1, 1 } };
		char uid[PERSON_UID_MAX + 1];

		field_errors_init(&errors, a);
		assert_true(
		    uid_candidate(templates[i / n / n % 6], &p, numbers[i / n / n / 6], uid));
		assert_non_null(person_check_field(PERSON_UID, "uid", uid, &rules, a, &errors));
		arena_free(a);
	}
}

static void
system_role_and_service_names_are_reserved_in_any_case(void **state)
{
	static const char *const reserved[] = { "root", "ROOT", "Admin", "administrator",
		"postmaster", "hostmaster", "webmaster", "abuse", "noc", "security", "nobody",
		"daemon", "www-data", "mailer-daemon", "ldap", "openldap", "usherd", "no-reply",
		"support", "info", "sales", "marketing", "usenet", "news", "uucp", "ftp", "www" };
	static const char *const free_names[] = { "ada", "root1", "admin.ada", "roots", "", "user",
		"ro", "zzz", "a" };

	(void)state;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		assert_true(uid_is_reserved(reserved[i]));
	for (size_t i = 0; i < sizeof(free_names) / sizeof(free_names[0]); i++)
		assert_false(uid_is_reserved(free_names[i]));
}

static void
a_uid_needs_all_that_its_template_names(void **state)
{
	static const struct {
		const char *template;
		struct person p;
		bool has;
	} rows[] = {
		{ "{given}.{family}", { .value = { [PERSON_GIVEN_NAME] = "Ada" } }, false },
		{ "{given}.{family}",
		    { .value = { [PERSON_GIVEN_NAME] = "Ada", [PERSON_FAMILY_NAME] = "King" } },
		    true },
		{ "{g}", { .value = { [PERSON_GIVEN_NAME] = "Ada" } }, true },
		{ "x-{f}", { .value = { [PERSON_GIVEN_NAME] = "Ada" } }, false },
		{ "{mail}", { .value = { [PERSON_PHONE] = "+4930123456" } }, false },
		{ "{mail}", { .value = { [PERSON_MAIL] = "a@b.org" } }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(uid_has_parts(rows[i].template, &rows[i].p), rows[i].has);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_any_script_becomes_a_plain_ascii_uid),
		cmocka_unit_test(a_template_puts_the_parts_together),
		cmocka_unit_test(the_first_letter_is_the_first_that_survives),
		cmocka_unit_test(a_broken_template_is_named),
		cmocka_unit_test(a_uid_needs_all_that_its_template_names),
		cmocka_unit_test(collisions_are_numbered_and_the_number_is_never_cut),
		cmocka_unit_test(a_reserved_name_gets_a_number_at_once),
		cmocka_unit_test(every_candidate_passes_the_rule_for_a_uid),
		cmocka_unit_test(system_role_and_service_names_are_reserved_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
