/* What the fuzz targets share. Each target is one file fuzz_TARGET.c that states its property at
 * its head and breaks an assertion when an input breaks the property. Files that it needs beside
 * the libraries are named there, each in a line "With: FILE" (below tests/). */
#ifndef USHERD_FUZZ_FUZZ_H
#define USHERD_FUZZ_FUZZ_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* `data` is borrowed for the call. 0: fine; -1: not worth keeping in the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
/* Once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The parts of the input between bytes `separator`, as strings in `arena`; at most `max` of them,
 * what is behind the last is left out. A zero byte ends its part early. Returns their number. */
static inline size_t
fuzz_split(const uint8_t *data, size_t len, char separator, struct arena *arena, const char **out,
    size_t max)
{
	const uint8_t *end = data + len;
	size_t count = 0;

	while (count < max && data < end) {
		const uint8_t *to = memchr(data, separator, (size_t)(end - data));

		if (to == NULL)
			to = end;
		out[count++] = arena_dup(arena, data, (size_t)(to - data));
		data = to < end ? to + 1 : end;
	}
	return count;
}

/* Two strings that may be absent: absent and empty are the same. */
static inline int
fuzz_same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

#endif
