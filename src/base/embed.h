/* Files that are part of the program: embed.sh makes a table of them at build time. */
#ifndef USHERD_BASE_EMBED_H
#define USHERD_BASE_EMBED_H

#include <stddef.h>

struct embed_file {
	const char *name; /* without its directory, or as embed.sh was told */
	const char *text; /* with a zero byte behind it */
	size_t len;
};

#endif
