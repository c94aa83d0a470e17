#include "base/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
field_errors_init(struct field_errors *list, struct arena *arena)
{
	list->arena = arena;
	list->count = 0;
}

void
field_errors_add(
    struct field_errors *list, const char *field, const char *code, const char *fmt, ...)
{
	char detail[256];
	va_list ap;

	if (list->count == FIELD_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	list->items[list->count++] = (struct field_error){
		.field = arena_strdup(list->arena, field),
		.code = code,
		.detail = arena_strdup(list->arena, detail),
	};
}

bool
field_errors_add_named(struct field_errors *list, const char *words, const char *code)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-[]";
	size_t len = strspn(words, name);

	if (len == 0 || strncmp(words + len, ": ", 2) != 0)
		return false;
	field_errors_add(list, arena_dup(list->arena, words, len), code, "%s", words + len + 2);
	return true;
}
