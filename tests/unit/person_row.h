/* One value of one person field and what becomes of it, for the tables of the person tests. */
#ifndef USHERD_TESTS_PERSON_ROW_H
#define USHERD_TESTS_PERSON_ROW_H

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

/* `more` behind what is in `text`. */
static inline void
append(char *text, size_t room, const char *more)
{
	size_t len = strlen(text);

	assert_true(len + strlen(more) < room);
	snprintf(text + len, room - len, "%s", more);
}

struct row {
	enum person_field field;
	const char *value;
	const char *want; /* the normal form, or NULL */
	const char *code; /* of the error, when refused */
};

/* Accepts or refuses as the row says; an accepted form is a fixed point. */
static inline void
check_row(const struct row *r)
{
	struct arena *a = arena_new(0);
	struct field_errors errors;
	const char *got;

	field_errors_init(&errors, a);
	got = person_check_field(r->field, "the_field", r->value, &rules, a, &errors);
	if (r->want == NULL) {
		if (got != NULL)
			fail_msg("\"%s\" was accepted as \"%s\"", r->value, got);
		assert_int_equal(errors.count, 1);
		assert_string_equal(errors.items[0].field, "the_field");
		if (strcmp(errors.items[0].code, r->code) != 0)
			fail_msg("\"%s\" is %s, not %s", r->value, errors.items[0].code, r->code);
		assert_true(strlen(errors.items[0].detail) > 0);
	} else {
		if (got == NULL)
			fail_msg("\"%s\" was refused: %s", r->value, errors.items[0].detail);
		assert_string_equal(got, r->want);
		assert_int_equal(errors.count, 0);
		got = person_check_field(r->field, "the_field", got, &rules, a, &errors);
		assert_non_null(got);
		assert_string_equal(got, r->want);
	}
	arena_free(a);
}

static inline void
check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i]);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#endif
