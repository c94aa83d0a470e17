/* What the shell loads. */
#include "web/console_private.h"

#include <assert.h>
#include <string.h>

static const struct console_type {
	const char *suffix, *type;
	bool is_part; /* never looked at by itself */
} console_types[] = {
	{ ".js", "text/javascript", true }, /* a module is UTF-8 whatever is said of it */
	{ ".css", "text/css; charset=utf-8", true },
	{ ".svg", "image/svg+xml", false },
	{ ".txt", "text/plain; charset=utf-8", false },
};

/* NULL: not a file that is served by its name. */
static const struct console_type *
console_type_of(const char *name)
{
	const char *suffix = strrchr(name, '.');

	for (size_t i = 0; i < sizeof(console_types) / sizeof(console_types[0]); i++)
		if (suffix != NULL && strcmp(suffix, console_types[i].suffix) == 0)
			return &console_types[i];
	return NULL;
}

enum err
console_asset_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct console *c = ctx;
	const struct http_request *r = http_request_of(x);
	const char *name = r->captures[1];
	const struct console_type *type;
	const struct embed_file *file = NULL;

	(void)f;
	if (r->captures[2] != NULL)
		name = arena_printf(http_arena(x), "%s/%s", name, r->captures[2]);
	type = console_type_of(name);
	if (type != NULL && strcmp(r->captures[0], c->version->text) == 0)
		file = console_file(name);
	if (file == NULL) {
		http_reply_problem(
		    x, 404, NULL, "There is no such file in this version of the console.", NULL);
		return ERR_OK;
	}
	if (type->is_part)
		http_mark_part(x);
	http_add_header(x, "Cache-Control", "public, max-age=31536000, immutable");
	http_add_header(x, "Vary", "Accept-Encoding");
	if (http_accepts_gzip(r)) {
		http_add_header(x, "Content-Encoding", "gzip");
		file = console_file(arena_printf(http_arena(x), "%s.gz", name));
		assert(file != NULL);
	}
	http_reply(x, 200, type->type, file->text, file->len);
	return ERR_OK;
}
