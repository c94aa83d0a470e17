/* Writes every page that a person can meet to a directory, in each language, with our colours and
 * with those of an organisation: preview_web DIRECTORY. Serve it with any static web server; what
 * the pages load is beside them, in join/assets. tests/system/test_page_look.py looks at them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "web_world.h"
#include "web/web_private.h"

struct preview {
	struct world *w;
	const char *folder, *prefix;
};

static const char logo[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 132 40\"><g fill=\"#0b6e4f\">"
    "<path d=\"M4 36C4 18 16 6 36 4c0 20-12 32-32 32z\"/><path d=\"M48 10h6l7 14 7-14h6v22h-5V18"
    "l-6 12h-4l-6-12v14h-5zM82 10h16v5H87v4h10v5H87v3h11v5H82zM104 10h10c6 0 9 3 9 8 0 3-2 5-4 6l5 "
    "8"
    "h-6l-5-8h-4v8h-5zm5 5v4h5c2 0 3-1 3-2s-1-2-3-2z\"/></g></svg>";

static void
preview_write(const char *folder, const char *name, const void *data, size_t len)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void
preview_assets(const struct preview *p)
{
	const struct web *web = p->w->web;
	char folder[1000];

	snprintf(folder, sizeof(folder), "%s/join", p->folder);
	mkdir(folder, 0755);
	snprintf(folder, sizeof(folder), "%s/join/assets", p->folder);
	mkdir(folder, 0755);
	for (size_t i = 0; i < web->asset_count; i++)
		preview_write(
		    folder, web->assets[i].name, web->assets[i].bytes, web->assets[i].len);
}

static void
preview_take(const struct preview *p, const char *name, struct http_exchange *x)
{
	char file[64];

	printf("%s-%s %d\n", p->prefix, name, x->status);
	snprintf(file, sizeof(file), "%s-%s.html", p->prefix, name);
	preview_write(p->folder, file, x->body.data, x->body.len);
	fake_http_free(x);
}

static void
preview_forms(const struct preview *p)
{
	struct world *w = p->w;

	preview_take(p, "open", world_get_by_cookie(w));
	w->inv.modes[PERSON_GENDER] = w->inv.modes[PERSON_PHONE] = FIELD_FIXED;
	preview_take(p, "fixed", world_get_by_cookie(w));
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		w->inv.modes[i] = FIELD_FREE;
	preview_take(p, "free", world_get_by_cookie(w));
	w->errors.count = 0;
	field_errors_add(&w->errors, "phone", "no_country_code", "English.");
	field_errors_add(&w->errors, "password", "too_short", "English.");
	w->flow.accept_code = ERR_INVALID;
	preview_take(
	    p, "errors", world_post_form(w, "phone=0123&gender=other&password=x&password_again=x"));
	w->flow.accept_code = ERR_UNAVAILABLE;
	preview_take(p, "later", world_post_form(w, "password=x"));
	w->flow.view.needs_password_only = true;
	preview_take(p, "password_only", world_get_by_cookie(w));
	w->flow.view.needs_password_only = false;
}

static void
preview_outcomes(const struct preview *p)
{
	struct world *w = p->w;

	w->flow.accept_code = ERR_OK;
	preview_take(p, "done", world_post_form(w, "password=x"));
	w->flow.accept_code = ERR_UNKNOWN;
	preview_take(p, "progress", world_post_form(w, "password=x"));
	w->flow.accept_code = ERR_EXISTS;
	preview_take(p, "taken", world_post_form(w, "password=x"));
	preview_take(p, "bad", world_post_form(w, "password=x&objectClass=posixAccount"));
	w->flow.view_code = ERR_UNAVAILABLE;
	preview_take(p, "unavailable", world_get_by_cookie(w));
	w->flow.view_code = ERR_INTERNAL;
	preview_take(p, "failed", world_get_by_cookie(w));
	w->flow.view_code = ERR_OK;
}

static void
preview_ends(const struct preview *p)
{
	static const struct {
		const char *name;
		enum accept_view_state state;
	} ends[] = { { "used", VIEW_USED }, { "expired", VIEW_EXPIRED },
		{ "revoked", VIEW_REVOKED }, { "unknown", VIEW_UNKNOWN } };
	struct world *w = p->w;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		w->flow.view = (struct accept_view){ .state = ends[i].state };
		preview_take(p, ends[i].name, world_get_by_cookie(w));
	}
	preview_take(p, "lost", world_get(w, "/join", NULL));
	w->conf.posts_per_minute = 1;
	world_rebuild(w);
	for (int i = 0; i < 3; i++)
		fake_http_free(world_get(w, "/join/none", NULL));
	preview_take(p, "too_many", world_get(w, "/join/none", NULL));
}

static void
preview_all(const char *folder, const char *prefix, const char *language, bool is_branded)
{
	struct preview p = { world_new(), folder, prefix };

	p.w->inv.person.value[PERSON_LANGUAGE] = p.w->conf.language = language;
	if (is_branded) {
		p.w->conf.logo = logo;
		p.w->conf.logo_len = strlen(logo);
		p.w->conf.logo_suffix = "svg";
		p.w->conf.accent_color = "#0b6e4f";
	}
	world_rebuild(p.w);
	preview_assets(&p);
	preview_forms(&p);
	preview_outcomes(&p);
	preview_ends(&p);
	world_free(p.w);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: preview_web DIRECTORY\n");
		return 2;
	}
	preview_all(argv[1], "en", "en", false);
	preview_all(argv[1], "de", "de", false);
	preview_all(argv[1], "vi", "vi", false);
	preview_all(argv[1], "brand", "en", true);
	return 0;
}
