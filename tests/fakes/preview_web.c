/* Writes every page that a person can meet to a directory, to be looked at: preview_web DIRECTORY.
 * Serve it with any static web server; the style sheet is beside the pages. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web_world.h"
#include "web/web_private.h"

static void
preview_write(const char *dir, const char *name, const void *data, size_t len)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (file == NULL || fwrite(data, 1, len, file) != len || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void
preview_take(const char *dir, const char *name, struct http_exchange *x)
{
	char file[64];

	printf("%-14s %d\n", name, x->status);
	snprintf(file, sizeof(file), "%s.html", name);
	preview_write(dir, file, x->body.data, x->body.len);
	fake_http_free(x);
}

static void
preview_open(struct world *w, const char *dir)
{
	preview_take(dir, "open", world_get_by_cookie(w));
	w->inv.modes[PERSON_GENDER] = w->inv.modes[PERSON_PHONE] = FIELD_FIXED;
	preview_take(dir, "fixed", world_get_by_cookie(w));
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		w->inv.modes[i] = FIELD_FREE;
	preview_take(dir, "free", world_get_by_cookie(w));
	field_errors_add(&w->errors, "phone", "invalid",
	    "The phone number needs its country code, for example +49.");
	field_errors_add(&w->errors, "password", "too_short",
	    "The password is too short: it needs at least 15 characters.");
	w->flow.accept_code = ERR_INVALID;
	preview_take(dir, "errors",
	    world_post_form(w, "phone=0123&gender=other&password=x&password_again=x"));
	w->flow.accept_code = ERR_UNAVAILABLE;
	preview_take(dir, "later", world_post_form(w, "password=x"));
	w->flow.accept_code = ERR_OK;
	preview_take(dir, "done", world_post_form(w, "password=x"));
	w->flow.accept_code = ERR_UNKNOWN;
	preview_take(dir, "progress", world_post_form(w, "password=x"));
	w->flow.accept_code = ERR_EXISTS;
	preview_take(dir, "taken", world_post_form(w, "password=x"));
	preview_take(dir, "bad", world_post_form(w, "password=x&objectClass=posixAccount"));
	w->flow.view.needs_password_only = true;
	preview_take(dir, "password_only", world_get_by_cookie(w));
	w->flow.view_code = ERR_UNAVAILABLE;
	preview_take(dir, "unavailable", world_get_by_cookie(w));
	w->flow.view_code = ERR_INTERNAL;
	preview_take(dir, "failed", world_get_by_cookie(w));
	w->flow.view_code = ERR_OK;
}

static void
preview_ended(struct world *w, const char *dir)
{
	static const struct {
		const char *name;
		enum accept_view_state state;
	} ended[] = { { "used", VIEW_USED }, { "expired", VIEW_EXPIRED },
		{ "revoked", VIEW_REVOKED }, { "unknown", VIEW_UNKNOWN } };

	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
		w->flow.view = (struct accept_view){ .state = ended[i].state };
		preview_take(dir, ended[i].name, world_get_by_cookie(w));
	}
	preview_take(dir, "lost", world_get(w, "/join", NULL));
	w->conf.rate_per_minute = 1;
	world_rebuild(w);
	fake_http_free(world_get(w, "/join/none", NULL));
	preview_take(dir, "too_many", world_get(w, "/join/none", NULL));
}

int
main(int argc, char **argv)
{
	struct world *w;

	if (argc != 2) {
		fprintf(stderr, "usage: preview_web DIRECTORY\n");
		return 2;
	}
	w = world_new();
	for (size_t i = 0; i < w->web->asset_count; i++)
		preview_write(argv[1], w->web->assets[i].name, w->web->assets[i].bytes,
		    w->web->assets[i].len);
	preview_open(w, argv[1]);
	preview_ended(w, argv[1]);
	world_free(w);
	return 0;
}
