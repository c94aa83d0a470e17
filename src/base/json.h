/* Reading JSON from outside: jansson with every leniency switched off. */
#ifndef USHERD_BASE_JSON_H
#define USHERD_BASE_JSON_H

#include <stddef.h>
#include <jansson.h>

#include "base/err.h"

enum { JSON_DEPTH_MAX = 16 };

/* Before the first use, once in a process. jansson's memory comes from mem.h: for want of it a
 * sound text would be called malformed, and a text would be written without the member that found
 * no room. It is wiped when it is freed, because a body may hold a password and its reader keeps
 * copies. */
void json_use_mem(void);

/* One JSON text (RFC 8259) and nothing behind it. NULL with ERR_INVALID in `f` when it is not, and
 * then the text names the line and column or the member: a member that occurs twice, nesting deeper
 * than JSON_DEPTH_MAX, a NUL inside a string, invalid UTF-8. The caller bounds `len` and owns the
 * result (json_decref). */
json_t *json_read(const char *text, size_t len, struct fault *f);

/* A string member, or NULL when it is absent or not a string. Borrowed from `object`. */
const char *json_string_of(const json_t *object, const char *name);

#endif
