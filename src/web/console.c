/* The console's parts, and where they are. */
#include "web/console_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct embed_file *
console_file(const char *name)
{
	for (size_t i = 0; i < console_file_count; i++)
		if (strcmp(console_files[i].name, name) == 0)
			return &console_files[i];
	return NULL;
}

struct console *
console_new(const struct console_conf *conf)
{
	struct console *c = mem_alloc(sizeof(*c));

	c->version = console_file("version");
	assert(c->version != NULL);
	c->language = web_language_of(conf->language);
	if (c->language == WEB_LANGUAGES)
		c->language = WEB_ENGLISH;
	console_shell_make(c, conf->organisation);
	return c;
}

void
console_free(struct console *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < WEB_LANGUAGES; i++) {
		free(c->plain[i].bytes);
		free(c->packed[i].bytes);
	}
	free(c);
}

#define SCREEN(pattern)                                                                            \
	{                                                                                          \
		HTTP_GET, pattern, 1U << HTTP_CONTROL, console_shell_get, NULL, false              \
	}

const struct http_route console_routes[] = {
	SCREEN("/"),
	SCREEN("/sign-in"),
	SCREEN("/users"),
	SCREEN("/users/{id}"),
	SCREEN("/invitations"),
	SCREEN("/invitations/{id}"),
	SCREEN("/org-units"),
	SCREEN("/audit"),
	SCREEN("/status"),
	SCREEN("/account"),
	{ HTTP_GET, "/assets/{version}/{name}", 1U << HTTP_CONTROL, console_asset_get, NULL,
	    false },
	{ HTTP_GET, "/assets/{version}/{folder}/{name}", 1U << HTTP_CONTROL, console_asset_get,
	    NULL, false },
	{ .pattern = NULL },
};
