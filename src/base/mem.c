#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/uio.h>
#include <unistd.h>

/* Nothing here may need memory, nor run what was registered with atexit(). */
void
mem_exhausted(void)
{
	static char text[] = ": out of memory\n";
	char *name = program_invocation_short_name;
	const struct iovec parts[] = { { name, strlen(name) }, { text, sizeof(text) - 1 } };

	(void)!writev(STDERR_FILENO, parts, 2);
	_exit(EX_OSERR);
}

static void *
checked(void *p)
{
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_alloc(size_t size)
{
	return checked(calloc(1, size > 0 ? size : 1));
}

void *
mem_array(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *
mem_resize(void *old, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return checked(NULL);
	return checked(realloc(old, count * size > 0 ? count * size : 1));
}

char *
mem_dup_string(const char *s)
{
	return s == NULL ? NULL : checked(strdup(s));
}

void *
mem_dup(const void *data, size_t len)
{
	char *copy = mem_alloc(len + 1);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}
