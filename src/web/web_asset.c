/* What a page loads: a URL with the content's hash, so that a browser may keep it for ever. */
#include "web/web_private.h"

#include <assert.h>
#include <string.h>

/* A picture of the organisation's is not ours: opened as a document it does nothing but be drawn.
 */
static const char logo_policy[] = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

enum { BRAND_ASSETS = 2 }; /* the style sheet of a colour, and a logo */

static const struct web_asset_type {
	const char *suffix, *type;
} web_asset_types[] = {
	{ "css", "text/css; charset=utf-8" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "svg", "image/svg+xml" },
	{ "png", "image/png" },
	{ "webp", "image/webp" },
};

static const char *
web_asset_type_of(const char *suffix)
{
	for (size_t i = 0; i < sizeof(web_asset_types) / sizeof(web_asset_types[0]); i++)
		if (strcmp(suffix, web_asset_types[i].suffix) == 0)
			return web_asset_types[i].type;
	return NULL;
}

/* Returns its URL. */
static const char *
web_asset_add(struct web *w, const char *stem, const char *suffix, const char *policy,
    const char *bytes, size_t len)
{
	struct web_asset *a = &w->assets[w->asset_count++];
	char hash[HTTP_CONTENT_SIZE];

	http_name_content(bytes, len, hash);
	*a = (struct web_asset){ .name = arena_printf(w->arena, "%s.%.16s.%s", stem, hash, suffix),
		.type = web_asset_type_of(suffix),
		.policy = policy,
		.bytes = bytes,
		.len = len };
	assert(a->type != NULL);
	return arena_printf(w->arena, "%s/join/assets/%s", w->base_path, a->name);
}

static const struct embed_file *
web_asset_file(const char *name)
{
	for (size_t i = 0; i < web_file_count; i++)
		if (strcmp(web_files[i].name, name) == 0)
			return &web_files[i];
	assert(!"an asset is not built in");
	return NULL;
}

void
web_assets_init(struct web *w, const struct web_conf *conf)
{
	const struct embed_file *style = web_asset_file("style.css"),
				*script = web_asset_file("join.js");
	const char *icon = web_asset_file("icon.svg")->text;
	struct color accent;

	w->assets = arena_alloc(w->arena, (3 + BRAND_ASSETS) * sizeof(w->assets[0]));
	w->style_url = web_asset_add(w, "style", "css", web_page_policy, style->text, style->len);
	w->script_url = web_asset_add(w, "join", "js", web_page_policy, script->text, script->len);
	if (conf->accent_color != NULL && color_parse(conf->accent_color, &accent)) {
		const char *sheet = web_brand_sheet(w->arena, accent);

		icon = web_brand_icon(w->arena, icon, accent);
		w->brand_url =
		    web_asset_add(w, "brand", "css", web_page_policy, sheet, strlen(sheet));
	}
	w->icon_url = web_asset_add(w, "icon", "svg", web_page_policy, icon, strlen(icon));
	if (conf->logo != NULL)
		w->logo_url = web_asset_add(w, "logo", conf->logo_suffix, logo_policy,
		    arena_dup(w->arena, conf->logo, conf->logo_len), conf->logo_len);
}

enum err
web_asset_get(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct web *w = ctx;
	const char *name = http_request_of(x)->captures[0];

	(void)f;
	for (size_t i = 0; i < w->asset_count; i++) {
		const struct web_asset *a = &w->assets[i];

		if (strcmp(a->name, name) != 0)
			continue;
		web_add_headers(x, a->policy);
		http_add_header(x, "Cache-Control", "public, max-age=31536000, immutable");
		http_reply(x, 200, a->type, a->bytes, a->len);
		return ERR_OK;
	}
	web_add_headers(x, web_page_policy);
	http_reply_problem(x, 404, "Not found", "There is no such file.", NULL);
	return ERR_OK;
}
