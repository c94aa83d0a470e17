/* What all requests share, and the routes. */
#include "web/web.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "web/web_private.h"

/* scheme://host[:port] in lower case, as browsers write an origin: without the scheme's own port.
 */
static const char *
web_origin_of(const char *public_url, struct arena *arena)
{
	const char *host = strstr(public_url, "://");
	size_t len;
	char *origin;

	assert(host != NULL);
	len = (size_t)(host + 3 - public_url) + strcspn(host + 3, "/");
	origin = arena_dup(arena, public_url, len);
	for (char *c = origin; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strncmp(origin, "https:", 6) == 0 && len > 4 && strcmp(origin + len - 4, ":443") == 0)
		origin[len - 4] = '\0';
	if (strncmp(origin, "http:", 5) == 0 && len > 3 && strcmp(origin + len - 3, ":80") == 0)
		origin[len - 3] = '\0';
	return origin;
}

/* The templates are part of the program: one that does not parse is our own mistake. */
static void
web_parse_pages(struct web *w)
{
	static const char *const files[WEB_PAGES] = { [WEB_PAGE_OPEN] = "open",
		[WEB_PAGE_PROGRESS] = "progress",
		[WEB_PAGE_DONE] = "done",
		[WEB_PAGE_NOTICE] = "notice" };
	const struct template_source source = { .files = web_files,
		.file_count = web_file_count,
		.names = web_page_names(w->arena),
		.has_scripts = true };

	for (size_t i = 0; i < WEB_PAGES; i++) {
		enum err code = template_parse(&w->pages[i], &source, files[i], NULL);

		assert(code == ERR_OK);
		(void)code;
	}
}

struct web *
web_new(const struct web_conf *conf)
{
	struct web *w = mem_alloc(sizeof(*w));
	const char *host = strstr(conf->public_url, "://"), *path;

	assert(host != NULL);
	path = strchr(host + 3, '/');
	w->arena = arena_new(0);
	w->flow = conf->flow;
	w->clock = conf->clock;
	w->organisation = arena_strdup(w->arena, conf->organisation);
	w->sign_in_url = arena_strdup(w->arena, conf->sign_in_url);
	w->help_contact = arena_strdup(w->arena, conf->help_contact);
	w->origin = web_origin_of(conf->public_url, w->arena);
	w->base_path = arena_strdup(w->arena, path != NULL ? path : "");
	w->is_https = strncmp(w->origin, "https:", 6) == 0;
	memcpy(w->cookie_key, conf->cookie_key, sizeof(w->cookie_key));
	web_limits_init(w, conf->posts_per_minute);
	w->language = web_language_of(conf->language);
	if (w->language == WEB_LANGUAGES)
		w->language = WEB_ENGLISH;
	web_assets_init(w, conf);
	web_parse_pages(w);
	return w;
}

void
web_free(struct web *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < WEB_PAGES; i++)
		template_free(w->pages[i]);
	web_limits_release(w);
	arena_free(w->arena);
	secret_wipe(w->cookie_key, sizeof(w->cookie_key));
	free(w);
}

const struct http_route web_routes[] = {
	{ HTTP_GET, "/join", 1U << HTTP_PUBLIC, web_get, NULL, false },
	{ HTTP_POST, "/join", 1U << HTTP_PUBLIC, web_post,
	    "application/x-www-form-urlencoded application/json", false },
	{ HTTP_GET, "/join/{token}", 1U << HTTP_PUBLIC, web_get, NULL, false },
	{ HTTP_POST, "/join/{token}", 1U << HTTP_PUBLIC, web_post,
	    "application/x-www-form-urlencoded application/json", false },
	{ HTTP_GET, "/join/assets/{name}", 1U << HTTP_PUBLIC, web_asset_get, NULL, false },
	{ .pattern = NULL },
};
