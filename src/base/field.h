/* Errors that belong to a named field of a form or a document, all of them at once. */
#ifndef USHERD_BASE_FIELD_H
#define USHERD_BASE_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct field_error {
	const char *field; /* the member's name on the wire: "given_name", "groups[2]" */
	const char *code;  /* constant: "required", "invalid", "too_long", "taken", ... */
	const char
	    *detail; /* one English sentence for a person; never the refused value of a secret */
};

enum { FIELD_ERRORS_MAX = 64 };

struct field_errors {
	struct arena *arena; /* keeps `field` and `detail`; outlives the list */
	struct field_error items[FIELD_ERRORS_MAX];
	size_t count; /* further errors are dropped at FIELD_ERRORS_MAX */
};

void field_errors_init(struct field_errors *list, struct arena *arena);
void field_errors_add(struct field_errors *list, const char *field, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Of words that begin with the field's name and ": ", as faults do. False: these do not. */
bool field_errors_add_named(struct field_errors *list, const char *words, const char *code);

#endif
