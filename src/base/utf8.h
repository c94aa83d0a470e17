/* Text that is written as UTF-8, whoever it came from. */
#ifndef USHERD_BASE_UTF8_H
#define USHERD_BASE_UTF8_H

#include <stddef.h>

#include "base/arena.h"

/* `s` when it is UTF-8; else a copy with "?" for each bad byte. NULL stays NULL. */
const char *utf8_clean(struct arena *arena, const char *s);

/* What can be shown of `s`, whoever it came from: without control characters (C0, DEL, C1) and
 * whatever is not UTF-8, cut between two characters to less than `size` bytes, with a zero byte.
 * NULL is "". */
void utf8_copy_plain(const char *s, char *out, size_t size);

#endif
