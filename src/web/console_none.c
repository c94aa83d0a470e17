/* In place of the console in a build without it. */
#include "web/console.h"

#include <stddef.h>

struct console *
console_new(const struct console_conf *conf)
{
	(void)conf;
	return NULL;
}

void
console_free(struct console *c)
{
	(void)c;
}

const struct http_route console_routes[] = { { .pattern = NULL } };
