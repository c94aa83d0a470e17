/* Upper and lower case of any script are one, also when an accent is written as a character of its
 * own: what names in a directory are compared by.
 *
 * Letter by letter, like the servers: "ss" and a sharp s stay two, since two entries may be called
 * so, and nobody may get the other's rights. */
#ifndef USHERD_BASE_CASEFOLD_H
#define USHERD_BASE_CASEFOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes written, or SIZE_MAX: more than `size`. What is no UTF-8 stays as it is. The result is no
 * string by itself. It has a comma, a quote or a backslash only where the text has. */
size_t casefold(const char *s, size_t len, char *out, size_t size);
/* Whether two strings fold alike. */
bool casefold_equal(const char *a, const char *b);

#endif
