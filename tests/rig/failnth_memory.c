/* The functions that give memory, in front of the C library's or the address sanitizer's. */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "failnth.h"

/* dlsym() may itself ask for memory before it has found who gives it. */
enum { NURSERY_SIZE = 4096 };
static _Alignas(max_align_t) char nursery[NURSERY_SIZE];
static atomic_size_t nursery_used;

static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t count, size_t size);
static void *(*next_realloc)(void *old, size_t size);
static void (*next_free)(void *p);
static int (*next_posix_memalign)(void **out, size_t alignment, size_t size);
static void *(*next_aligned_alloc)(size_t alignment, size_t size);

static bool
is_in_nursery(const void *p)
{
	return (const char *)p >= nursery && (const char *)p < nursery + NURSERY_SIZE;
}

static void *
nursery_take(size_t size)
{
	const size_t align = _Alignof(max_align_t);
	size_t at = atomic_fetch_add(&nursery_used, (size + align - 1) / align * align);

	return at + size <= NURSERY_SIZE ? nursery + at : NULL;
}

/* Whether the functions behind these are known; the thread that looks them up is told no. */
static bool
next_is_found(void)
{
	static _Thread_local bool looking __attribute__((tls_model("initial-exec")));

	if (next_free != NULL)
		return true;
	if (looking)
		return false;
	looking = true;
	next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	next_calloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	next_posix_memalign = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
	next_aligned_alloc = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "aligned_alloc");
	next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	looking = false;
	return true;
}

static bool
memory_fails(const char *call)
{
	if (!failnth_fires(FAILNTH_MEMORY, call))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	if (!next_is_found())
		return nursery_take(size);
	return memory_fails("malloc") ? NULL : next_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	if (!next_is_found())
		return nursery_take(count * size); /* never used before: zero */
	return memory_fails("calloc") ? NULL : next_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	void *p;

	if (!next_is_found())
		return nursery_take(size);
	if (memory_fails("realloc"))
		return NULL;
	if (!is_in_nursery(old))
		return next_realloc(old, size);
	p = next_malloc(size);
	if (p != NULL)
		memcpy(p, old, size);
	return p;
}

void
free(void *p)
{
	if (!is_in_nursery(p) && next_is_found())
		next_free(p);
}

int
posix_memalign(void **out, size_t alignment, size_t size)
{
	if (!next_is_found() || memory_fails("posix_memalign"))
		return ENOMEM;
	return next_posix_memalign(out, alignment, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	if (!next_is_found() || memory_fails("aligned_alloc"))
		return NULL;
	return next_aligned_alloc(alignment, size);
}

/* The sanitizer's own would pass malloc() by. */
char *
strndup(const char *s, size_t max)
{
	size_t len = strnlen(s, max);
	char *copy = malloc(len + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *
strdup(const char *s)
{
	return strndup(s, strlen(s));
}
