/* A whole profile: what is required, all errors at once, copies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "invite/person.h"

static const struct person_rules rules = {
	.gender_required = true,
	.birthday_required = true,
	.today = { 2025, 6, 15 },
};

static struct person
complete(void)
{
	return (struct person){
		.value = {
			[PERSON_GIVEN_NAME] = " Ada ",
			[PERSON_FAMILY_NAME] = "Lo\u0308velace",
			[PERSON_GENDER] = "female",
			[PERSON_BIRTHDAY] = "1990-12-10",
			[PERSON_MAIL] = "ada@EXAMPLE.org",
			[PERSON_PHONE] = "+49 30 1234567",
			[PERSON_ORG_UNIT] = "ou=Sales,dc=example,dc=org",
			[PERSON_POSITION] = "  ",
			[PERSON_LANGUAGE] = "DE-at",
		},
		.groups = { "cn=a,dc=x", " cn=b,dc=x", "cn=a,dc=x " },
		.group_count = 3,
	};
}

static void
a_whole_profile_is_normalised_at_once(void **state)
{
	struct person p = complete();
	struct arena *a = arena_new(0);
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, a);
	assert_true(person_check(&p, &rules, a, &errors));
	assert_int_equal(errors.count, 0);
	assert_string_equal(p.value[PERSON_GIVEN_NAME], "Ada");
	assert_string_equal(p.value[PERSON_FAMILY_NAME], "Lövelace");
	assert_string_equal(p.value[PERSON_DISPLAY_NAME], "Ada Lövelace");
	assert_string_equal(p.value[PERSON_MAIL], "ada@example.org");
	assert_string_equal(p.value[PERSON_PHONE], "+49301234567");
	assert_string_equal(p.value[PERSON_LANGUAGE], "de-AT");
	assert_null(p.value[PERSON_POSITION]);
	assert_null(p.value[PERSON_UID]);
	assert_int_equal(p.group_count, 3);
	assert_string_equal(p.groups[0], "cn=a,dc=x");
	assert_string_equal(p.groups[1], "cn=b,dc=x");
	assert_string_equal(p.groups[2], "cn=a,dc=x");
	arena_free(a);
}

static void
all_errors_of_a_profile_are_told_and_nothing_is_changed(void **state)
{
	static const struct {
		const char *field, *code;
	} want[] = {
		{ "given_name", "required" },
		{ "family_name", "control_character" },
		{ "gender", "required" },
		{ "birthday", "in_future" },
		{ "phone", "no_country_code" },
		{ "org_unit", "required" },
		{ "language", "invalid" },
		{ "uid", "reserved" },
		{ "groups[1]", "invalid" },
		{ "groups[2]", "required" },
	};
	struct person p = {
		.value = {
			[PERSON_GIVEN_NAME] = "\u3000",
			[PERSON_FAMILY_NAME] = "a\nb",
			[PERSON_BIRTHDAY] = "2025-06-16",
			[PERSON_PHONE] = "030",
			[PERSON_LANGUAGE] = "deutsch",
			[PERSON_UID] = "root",
		},
		.groups = { "cn=a", "nothing", "" },
		.group_count = 3,
	};
	const struct person before = p;
	struct arena *a = arena_new(0);
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, a);
	assert_false(person_check(&p, &rules, a, &errors));
	assert_int_equal(errors.count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < errors.count; i++) {
		assert_string_equal(errors.items[i].field, want[i].field);
		assert_string_equal(errors.items[i].code, want[i].code);
	}
	assert_memory_equal(&p, &before, sizeof(p));
	arena_free(a);
}

/* Whoever is still writing is told what is wrong, and the rest is in order already. */
static void
of_a_draft_what_is_missing_is_no_error_and_what_is_wrong_is_missing(void **state)
{
	const struct person_rules draft = { .gender_required = true,
		.birthday_required = true,
		.is_draft = true,
		.is_partial = true,
		.today = { 2025, 6, 15 } };
	struct person p = {
		.value = {
			[PERSON_GIVEN_NAME] = " Ada",
			[PERSON_FAMILY_NAME] = "a\nb",
			[PERSON_PHONE] = " ",
			[PERSON_LANGUAGE] = "DE-at",
			[PERSON_UID] = "root",
		},
		.groups = { "nothing", " cn=a", "cn=b" },
		.group_count = 3,
	};
	const struct person nobody = { .group_count = 0 };
	struct person none = nobody;
	struct arena *a = arena_new(0);
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, a);
	assert_true(person_check(&none, &draft, a, &errors));
	assert_memory_equal(&none, &nobody, sizeof(none));
	assert_false(person_check(&p, &draft, a, &errors));
	assert_int_equal(errors.count, 3);
	assert_string_equal(errors.items[0].field, "family_name");
	assert_string_equal(errors.items[1].field, "uid");
	assert_string_equal(errors.items[2].field, "groups[0]");
	assert_string_equal(p.value[PERSON_GIVEN_NAME], "Ada");
	assert_string_equal(p.value[PERSON_LANGUAGE], "de-AT");
	assert_null(p.value[PERSON_FAMILY_NAME]);
	assert_null(p.value[PERSON_DISPLAY_NAME]);
	assert_null(p.value[PERSON_PHONE]);
	assert_null(p.value[PERSON_UID]);
	assert_int_equal(p.group_count, 3);
	assert_string_equal(p.groups[0], "nothing");
	assert_string_equal(p.groups[1], " cn=a");
	arena_free(a);
}

static void
what_is_required_follows_the_rules(void **state)
{
	static const enum person_field fields[] = { PERSON_GIVEN_NAME, PERSON_FAMILY_NAME,
		PERSON_ORG_UNIT, PERSON_GENDER, PERSON_BIRTHDAY };

	(void)state;
	for (unsigned n = 0; n < 5 * 4; n++) {
		struct person_rules r = rules;
		struct person p = complete();
		struct arena *a = arena_new(0);
		struct field_errors errors;
		enum person_field field = fields[n % 5];
		bool needed;

		r.gender_required = (n / 5 & 1) != 0;
		r.birthday_required = (n / 5 & 2) != 0;
		needed = n % 5 < 3 || (field == PERSON_GENDER && r.gender_required) ||
			 (field == PERSON_BIRTHDAY && r.birthday_required);
		p.value[field] = n / 5 == 1 ? " " : NULL;
		field_errors_init(&errors, a);
		assert_int_equal(person_check(&p, &r, a, &errors), !needed);
		assert_int_equal(errors.count, needed ? 1 : 0);
		if (needed) {
			assert_string_equal(errors.items[0].field, person_field_name(field));
			assert_string_equal(errors.items[0].code, "required");
		}
		arena_free(a);
	}
}

static void
a_mail_address_or_a_phone_number_is_enough(void **state)
{
	static const struct {
		const char *mail, *phone, *code;
	} rows[] = {
		{ "a@example.org", NULL, NULL }, { NULL, "+49301234567", NULL },
		{ " ", "+49301234567", NULL }, { NULL, NULL, "required" }, { " ", " ", "required" },
		{ "broken", NULL, "invalid" }, /* and not "required" on top */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct person p = complete();
		struct arena *a = arena_new(0);
		struct field_errors errors;

		p.value[PERSON_MAIL] = rows[i].mail;
		p.value[PERSON_PHONE] = rows[i].phone;
		field_errors_init(&errors, a);
		assert_int_equal(person_check(&p, &rules, a, &errors), rows[i].code == NULL);
		assert_int_equal(errors.count, rows[i].code == NULL ? 0 : 1);
		if (rows[i].code != NULL) {
			assert_string_equal(errors.items[0].field, "mail");
			assert_string_equal(errors.items[0].code, rows[i].code);
		}
		arena_free(a);
	}
}

static void
too_many_groups_are_refused_without_reading_them(void **state)
{
	struct person p = complete();
	struct arena *a = arena_new(0);
	struct field_errors errors;

	(void)state;
	for (size_t i = 0; i < PERSON_GROUPS_MAX; i++)
		p.groups[i] = arena_printf(a, "cn=g%zu,dc=x", i);
	p.group_count = PERSON_GROUPS_MAX;
	field_errors_init(&errors, a);
	assert_true(person_check(&p, &rules, a, &errors));
	assert_int_equal(p.group_count, PERSON_GROUPS_MAX);
	p.group_count = PERSON_GROUPS_MAX + 1;
	assert_false(person_check(&p, &rules, a, &errors));
	assert_string_equal(errors.items[0].field, "groups");
	assert_string_equal(errors.items[0].code, "too_many");
	arena_free(a);
}

static void
a_full_name_that_gets_too_long_asks_for_a_display_name(void **state)
{
	struct person p = complete();
	struct arena *a = arena_new(0);
	struct field_errors errors;
	char name[PERSON_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', PERSON_NAME_MAX);
	name[PERSON_NAME_MAX] = '\0';
	p.value[PERSON_GIVEN_NAME] = name;
	field_errors_init(&errors, a);
	assert_false(person_check(&p, &rules, a, &errors));
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.items[0].field, "display_name");
	assert_string_equal(errors.items[0].code, "too_long");
	arena_free(a);
}

static void
a_copy_outlives_its_source(void **state)
{
	struct arena *from = arena_new(0), *to = arena_new(0);
	struct person p = complete(), copy;
	struct field_errors errors;

	(void)state;
	field_errors_init(&errors, from);
	assert_true(person_check(&p, &rules, from, &errors));
	person_copy(&copy, &p, to);
	arena_free(from);
	assert_string_equal(copy.value[PERSON_DISPLAY_NAME], "Ada Lövelace");
	assert_null(copy.value[PERSON_POSITION]);
	assert_int_equal(copy.group_count, 3);
	assert_string_equal(copy.groups[1], "cn=b,dc=x");
	arena_free(to);
}

static void
fields_have_names_that_lead_back(void **state)
{
	(void)state;
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		assert_int_equal(person_field_by_name(person_field_name((enum person_field)i)), i);
	assert_int_equal(person_field_by_name("groups"), PERSON_FIELD_COUNT);
	assert_int_equal(person_field_by_name("Mail"), PERSON_FIELD_COUNT);
	assert_int_equal(person_field_by_name(""), PERSON_FIELD_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_profile_is_normalised_at_once),
		cmocka_unit_test(all_errors_of_a_profile_are_told_and_nothing_is_changed),
		cmocka_unit_test(
		    of_a_draft_what_is_missing_is_no_error_and_what_is_wrong_is_missing),
		cmocka_unit_test(what_is_required_follows_the_rules),
		cmocka_unit_test(a_mail_address_or_a_phone_number_is_enough),
		cmocka_unit_test(too_many_groups_are_refused_without_reading_them),
		cmocka_unit_test(a_full_name_that_gets_too_long_asks_for_a_display_name),
		cmocka_unit_test(a_copy_outlives_its_source),
		cmocka_unit_test(fields_have_names_that_lead_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
