/* A whole profile: what the rules let through, they let through again unchanged, with everything
 * that is required and nothing that a directory, a mail or a terminal could take for something
 * else. What they refuse is named, field by field, and stays as it came.
 *
 * The input is lines "field=value", as often as they like; "groups" appends one. A line
 * "gender_required" or "birthday_required" switches that rule on. */
#include "fuzz.h"

#include <unistr.h>

#include "invite/person.h"

enum { LINES_MAX = 64, INPUT_MAX = 16384 };

static void
read_line(char *line, struct person *p, struct person_rules *rules)
{
	char *equals = strchr(line, '=');
	enum person_field field;

	rules->gender_required |= strcmp(line, "gender_required") == 0;
	rules->birthday_required |= strcmp(line, "birthday_required") == 0;
	if (equals == NULL)
		return;
	*equals++ = '\0';
	field = person_field_by_name(line);
	if (field != PERSON_FIELD_COUNT)
		p->value[field] = equals;
	else if (strcmp(line, "groups") == 0 && p->group_count < PERSON_GROUPS_MAX)
		p->groups[p->group_count++] = equals;
}

static void
check_text(const char *text)
{
	size_t len = strlen(text);

	assert(len > 0 && u8_check((const uint8_t *)text, len) == NULL);
	for (size_t i = 0; i < len; i++)
		assert((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static bool
error_names(const char *name, const struct field_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		if (strcmp(errors->items[i].field, name) == 0)
			return true;
	return false;
}

/* Each error belongs to a field there is. */
static void
check_errors(const struct person *p, struct arena *arena, const struct field_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct field_error *e = &errors->items[i];
		bool known = person_field_by_name(e->field) != PERSON_FIELD_COUNT;

		for (size_t j = 0; j < p->group_count && !known; j++)
			known = strcmp(e->field, arena_printf(arena, "groups[%zu]", j)) == 0;
		assert(known);
		check_text(e->code);
		check_text(e->detail);
	}
}

/* One field alone is judged as within the whole. */
static void
check_fields(const struct person *p, const struct person_rules *rules, struct arena *arena,
    const struct field_errors *whole)
{
	for (unsigned i = 0; i < PERSON_FIELD_COUNT; i++) {
		enum person_field field = (enum person_field)i;
		const char *name = person_field_name(field), *once, *twice;
		struct field_errors own;

		if (p->value[i] == NULL)
			continue;
		field_errors_init(&own, arena);
		once = person_check_field(field, name, p->value[i], rules, arena, &own);
		assert((once == NULL) == (own.count > 0));
		if (once != NULL) {
			twice = person_check_field(field, name, once, rules, arena, &own);
			assert(twice != NULL && strcmp(once, twice) == 0);
		} else if (strcmp(own.items[0].code, "required") != 0) {
			assert(error_names(name, whole));
		}
	}
}

static void
check_taken(const struct person *p, const struct person_rules *rules, struct arena *arena)
{
	struct field_errors errors;
	struct person again = *p;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (p->value[i] != NULL)
			check_text(p->value[i]);
	for (size_t i = 0; i < p->group_count; i++)
		check_text(p->groups[i]);
	assert(p->value[PERSON_GIVEN_NAME] && p->value[PERSON_FAMILY_NAME]);
	assert(p->value[PERSON_ORG_UNIT] && p->value[PERSON_DISPLAY_NAME]);
	assert(p->value[PERSON_MAIL] || p->value[PERSON_PHONE]);
	assert(p->value[PERSON_GENDER] || !rules->gender_required);
	assert(p->value[PERSON_BIRTHDAY] || !rules->birthday_required);
	field_errors_init(&errors, arena);
	assert(person_check(&again, rules, arena, &errors) && errors.count == 0);
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		assert(fuzz_same(p->value[i], again.value[i]));
	assert(again.group_count == p->group_count);
	for (size_t i = 0; i < p->group_count; i++)
		assert(strcmp(p->groups[i], again.groups[i]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct person_rules rules = { .today = { 2026, 11, 23 } };
	struct arena *arena = arena_new(0);
	const char *lines[LINES_MAX];
	struct person given = { .group_count = 0 }, p;
	struct field_errors errors;
	size_t count = len < INPUT_MAX ? fuzz_split(data, len, '\n', arena, lines, LINES_MAX) : 0;
	bool good;

	for (size_t i = 0; i < count; i++)
		read_line((char *)(uintptr_t)lines[i], &given, &rules);
	p = given;
	field_errors_init(&errors, arena);
	good = person_check(&p, &rules, arena, &errors);
	assert(good == (errors.count == 0));
	check_errors(&given, arena, &errors);
	check_fields(&given, &rules, arena, &errors);
	if (good)
		check_taken(&p, &rules, arena);
	else
		assert(memcmp(&p, &given, sizeof(p)) == 0);
	arena_free(arena);
	return 0;
}
