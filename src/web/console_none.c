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

bool
console_page_missing(struct http_exchange *x, const struct console *c)
{
	(void)x, (void)c;
	return false;
}

const struct http_route console_routes[] = { { .pattern = NULL } };
