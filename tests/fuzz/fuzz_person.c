/* What a field's check lets through, it lets through again unchanged: a normal form is one. The
 * first byte of the input chooses the field. */
#include <stdlib.h>
#include <string.h>

#include "invite/person.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	static const struct person_rules rules = { .today = { 2026, 11, 23 } };
	enum person_field field;
	struct field_errors errors;
	const char *once, *twice;
	struct arena *arena;

	if (len == 0)
		return 0;
	field = data[0] % PERSON_FIELD_COUNT;
	arena = arena_new(0);
	field_errors_init(&errors, arena);
	once = person_check_field(
	    field, "field", arena_dup(arena, data + 1, len - 1), &rules, arena, &errors);
	if ((once == NULL) != (errors.count > 0))
		abort();
	if (once != NULL) {
		twice = person_check_field(field, "field", once, &rules, arena, &errors);
		if (twice == NULL || strcmp(once, twice) != 0)
			abort();
	}
	arena_free(arena);
	return 0;
}
