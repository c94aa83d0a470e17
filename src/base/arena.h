/* Memory that lives and dies with one owner: a request, an invitation, a parsed file.
 *
 * Nothing in an arena is freed alone. An arena is used by one thread at a time. When memory runs
 * out, allocation ends the process as mem.h says; a limit that is crossed is a promise of ours that
 * was broken, and aborts: what comes from outside is bounded by its reader (a body by the guard, a
 * value by the store) well below the limit. */
#ifndef USHERD_BASE_ARENA_H
#define USHERD_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* `limit`: bytes in all; 0 means 64 MiB. Freeing NULL is fine. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *a);

void *arena_alloc(struct arena *a, size_t size);		/* zeroed, aligned for any type */
void *arena_dup(struct arena *a, const void *data, size_t len); /* with a zero byte behind it */
char *arena_strdup(struct arena *a, const char *s);		/* NULL stays NULL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `text` with `put` wherever `what`, which is not "", stands in it, from the left. */
char *arena_replace(struct arena *a, const char *text, const char *what, const char *put);

#endif
