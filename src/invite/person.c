#include "invite/person.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "invite/person_private.h"

static const char *const field_names[PERSON_FIELD_COUNT] = {
	[PERSON_GIVEN_NAME] = "given_name",
	[PERSON_FAMILY_NAME] = "family_name",
	[PERSON_DISPLAY_NAME] = "display_name",
	[PERSON_GENDER] = "gender",
	[PERSON_BIRTHDAY] = "birthday",
	[PERSON_MAIL] = "mail",
	[PERSON_PHONE] = "phone",
	[PERSON_ORG_UNIT] = "org_unit",
	[PERSON_POSITION] = "position",
	[PERSON_LANGUAGE] = "language",
	[PERSON_UID] = "uid",
};

typedef const char *person_checker(const struct person_check *c, const char *text);

static person_checker *const checkers[PERSON_FIELD_COUNT] = {
	[PERSON_GIVEN_NAME] = person_check_name,
	[PERSON_FAMILY_NAME] = person_check_name,
	[PERSON_DISPLAY_NAME] = person_check_name,
	[PERSON_GENDER] = person_check_gender,
	[PERSON_BIRTHDAY] = person_check_birthday,
	[PERSON_MAIL] = person_check_mail,
	[PERSON_PHONE] = person_check_phone,
	[PERSON_ORG_UNIT] = person_check_dn,
	[PERSON_POSITION] = person_check_name,
	[PERSON_LANGUAGE] = person_check_language,
	[PERSON_UID] = person_check_uid,
};

const char *
person_field_name(enum person_field field)
{
	assert((unsigned)field < PERSON_FIELD_COUNT);
	return field_names[field];
}

enum person_field
person_field_by_name(const char *name)
{
	for (unsigned i = 0; i < PERSON_FIELD_COUNT; i++)
		if (strcmp(name, field_names[i]) == 0)
			return (enum person_field)i;
	return PERSON_FIELD_COUNT;
}

const char *
person_refuse(const struct person_check *c, const char *code, const char *fmt, ...)
{
	char detail[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	field_errors_add(c->errors, c->name, code, "%s", detail);
	return NULL;
}

const char *
person_check_field(enum person_field field, const char *field_name, const char *value,
    const struct person_rules *rules, struct arena *arena, struct field_errors *errors)
{
	const struct person_check c = { field_name, rules, arena, errors };

	assert((unsigned)field < PERSON_FIELD_COUNT);
	if (field != PERSON_ORG_UNIT)
		value = person_check_text(&c, value);
	return value == NULL ? NULL : checkers[field](&c, value);
}

static bool
person_is_required(enum person_field field, const struct person_rules *rules)
{
	if (rules->is_partial)
		return false;
	switch (field) {
	case PERSON_GIVEN_NAME:
	case PERSON_FAMILY_NAME:
	case PERSON_ORG_UNIT:
		return true;
	case PERSON_GENDER:
		return rules->gender_required;
	case PERSON_BIRTHDAY:
		return rules->birthday_required;
	default:
		return false;
	}
}

/* Only from names that are in order themselves: a broken one has its error already. */
static bool
person_fill_display_name(struct person *p, const struct person_rules *rules, struct arena *arena,
    struct field_errors *errors)
{
	const char *name =
	    arena_printf(arena, "%s %s", p->value[PERSON_GIVEN_NAME], p->value[PERSON_FAMILY_NAME]);

	p->value[PERSON_DISPLAY_NAME] = person_check_field(
	    PERSON_DISPLAY_NAME, field_names[PERSON_DISPLAY_NAME], name, rules, arena, errors);
	return p->value[PERSON_DISPLAY_NAME] != NULL;
}

static bool
person_check_groups(struct person *p, const struct person_rules *rules, struct arena *arena,
    struct field_errors *errors)
{
	const char *groups[PERSON_GROUPS_MAX];
	bool good = true;

	if (p->group_count > PERSON_GROUPS_MAX) {
		field_errors_add(
		    errors, "groups", "too_many", "At most %d groups.", PERSON_GROUPS_MAX);
		return false;
	}
	for (size_t i = 0; i < p->group_count; i++) {
		const char *name = arena_printf(arena, "groups[%zu]", i);
		const char *dn =
		    person_check_field(PERSON_ORG_UNIT, name, p->groups[i], rules, arena, errors);

		groups[i] = dn;
		good = good && dn != NULL;
	}
	if (good)
		memcpy(p->groups, groups, p->group_count * sizeof(groups[0]));
	return good;
}

bool
person_check(struct person *p, const struct person_rules *rules, struct arena *arena,
    struct field_errors *errors)
{
	struct person q = *p;
	bool good[PERSON_FIELD_COUNT], all = true;

	for (unsigned i = 0; i < PERSON_FIELD_COUNT; i++) {
		enum person_field field = (enum person_field)i;

		if (q.value[i] != NULL && person_is_blank(q.value[i]))
			q.value[i] = NULL;
		good[i] = q.value[i] != NULL || !person_is_required(field, rules);
		if (q.value[i] != NULL) {
			q.value[i] = person_check_field(
			    field, field_names[i], q.value[i], rules, arena, errors);
			good[i] = q.value[i] != NULL;
		} else if (!good[i])
			field_errors_add(
			    errors, field_names[i], "required", "This field is required.");
		all = all && good[i];
	}
	if (!rules->is_partial && good[PERSON_MAIL] && good[PERSON_PHONE] &&
	    q.value[PERSON_MAIL] == NULL && q.value[PERSON_PHONE] == NULL) {
		field_errors_add(errors, field_names[PERSON_MAIL], "required",
		    "A mail address or a phone number is required.");
		all = false;
	}
	if (good[PERSON_DISPLAY_NAME] && q.value[PERSON_DISPLAY_NAME] == NULL &&
	    q.value[PERSON_GIVEN_NAME] != NULL && q.value[PERSON_FAMILY_NAME] != NULL &&
	    !person_fill_display_name(&q, rules, arena, errors))
		all = false;
	if (!person_check_groups(&q, rules, arena, errors))
		all = false;
	if (all || rules->is_draft)
		*p = q;
	return all;
}

void
person_copy(struct person *to, const struct person *from, struct arena *arena)
{
	struct person copy = { .group_count = from->group_count };

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		copy.value[i] = arena_strdup(arena, from->value[i]);
	for (size_t i = 0; i < from->group_count; i++)
		copy.groups[i] = arena_strdup(arena, from->groups[i]);
	*to = copy;
}
