/* Style sheet and icon: a URL with the content's hash, so that a browser may keep them for ever. */
#include "web/web_private.h"

#include <assert.h>
#include <string.h>
#include <sodium.h>

#include "base/id.h"

static const struct web_asset_type {
	const char *suffix, *type;
} web_asset_types[] = {
	{ ".css", "text/css; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
};

static const char *
web_asset_type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(web_asset_types) / sizeof(web_asset_types[0]);
	     i++)
		if (strcmp(dot, web_asset_types[i].suffix) == 0)
			return web_asset_types[i].type;
	return NULL;
}

static const char *
web_asset_url(struct web *w, const char *file)
{
	for (size_t i = 0; i < web_file_count; i++)
		if (strcmp(web_files[i].name, file) == 0)
			return arena_printf(
			    w->arena, "%s/join/assets/%s", w->base_path, w->asset_names[i]);
	assert(!"an asset is not built in");
	return NULL;
}

void
web_assets_init(struct web *w)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof(hash) + 1];

	w->asset_names = arena_alloc(w->arena, web_file_count * sizeof(w->asset_names[0]));
	for (size_t i = 0; i < web_file_count; i++) {
		const struct embed_file *file = &web_files[i];
		int stem = (int)strcspn(file->name, ".");

		if (web_asset_type_of(file->name) == NULL)
			continue;
		crypto_generichash(
		    hash, sizeof(hash), (const unsigned char *)file->text, file->len, NULL, 0);
		encode_hex(hash, sizeof(hash), hex);
		w->asset_names[i] = arena_printf(
		    w->arena, "%.*s.%.16s%s", stem, file->name, hex, file->name + stem);
	}
	w->style_url = web_asset_url(w, "style.css");
	w->icon_url = web_asset_url(w, "icon.svg");
}

enum err
web_asset_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct web *w = ctx;
	const char *name = http_request_of(x)->captures[0];

	(void)f;
	web_add_headers(x);
	for (size_t i = 0; i < web_file_count; i++) {
		if (w->asset_names[i] == NULL || strcmp(w->asset_names[i], name) != 0)
			continue;
		http_add_header(x, "Cache-Control", "public, max-age=31536000, immutable");
		http_reply(x, 200, web_asset_type_of(name), web_files[i].text, web_files[i].len);
		return ERR_OK;
	}
	http_reply_problem(x, 404, "Not found", "There is no such file.", NULL);
	return ERR_OK;
}
