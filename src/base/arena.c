#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_SIZE = 4096 - 64, LIMIT_DEFAULT = 64 << 20 };

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *head;
	size_t total, limit;
};

struct arena *
arena_new(size_t limit)
{
	struct arena *a = mem_alloc(sizeof(*a));

	a->limit = limit > 0 ? limit : LIMIT_DEFAULT;
	return a;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->head, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static void *
arena_take(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct block *b = a->head;
	void *p;

	assert(size <= a->limit);
	size = (size + align - 1) / align * align;
	if (b == NULL || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		a->total += room;
		assert(a->total <= a->limit);
		b = mem_resize(
		    NULL, sizeof(*b) + room, 1); /* zeroed piece by piece, as it is used */
		*b = (struct block){ .next = a->head, .size = room };
		a->head = b;
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return memset(arena_take(a, size), 0, size);
}

void *
arena_dup(struct arena *a, const void *data, size_t len)
{
	char *copy = arena_take(a, len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
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
	char text[128];
	va_list ap;
	int len;
	char *s;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(len >= 0);
	if ((size_t)len < sizeof(text))
		return arena_dup(a, text, (size_t)len);
	s = arena_take(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

char *
arena_replace(struct arena *a, const char *text, const char *what, const char *put)
{
	const size_t what_len = strlen(what), put_len = strlen(put);
	size_t len = strlen(text);
	const char *at;
	char *made, *end;

	assert(what_len > 0); /* it would be found everywhere, for ever */
	for (at = text; (at = strstr(at, what)) != NULL; at += what_len)
		len = len - what_len + put_len;
	made = end = arena_alloc(a, len + 1);
	for (; (at = strstr(text, what)) != NULL; text = at + what_len) {
		end = mempcpy(end, text, (size_t)(at - text));
		end = mempcpy(end, put, put_len);
	}
	strcpy(end, text);
	return made;
}
