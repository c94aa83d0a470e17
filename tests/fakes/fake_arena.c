#include "fake_arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MEMORY_SIZE = 8 << 20 };

struct arena {
	size_t used;
	bool taken;
};

static alignas(max_align_t) char memory[MEMORY_SIZE];
static struct arena the_arena;

struct arena *
arena_new(size_t limit)
{
	(void)limit;
	assert(!the_arena.taken);
	the_arena.taken = true;
	return &the_arena;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	memset(memory, 0, a->used);
	*a = (struct arena){ .used = 0 };
}

/* Always zero: what was used is wiped when it is freed. */
void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	char *p = memory + a->used;

	size = (size + align - 1) / align * align;
	assert(size <= MEMORY_SIZE - a->used);
	a->used += size;
	return p;
}

void *
arena_dup(struct arena *a, const void *data, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_dup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	s = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

bool
fake_arena_holds(const void *data, size_t len)
{
	return memmem(memory, the_arena.used, data, len) != NULL;
}
