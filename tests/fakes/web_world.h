/* A registration page with a fake front and fake use cases around it: Ada's invitation, open. */
#ifndef USHERD_TESTS_WEB_WORLD_H
#define USHERD_TESTS_WEB_WORLD_H

#include "fake_flow.h"
#include "fake_http.h"
#include "web/web.h"

#define WORLD_TOKEN "usj_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define WORLD_FORM  "application/x-www-form-urlencoded"

struct world {
	struct loop *loop;
	struct clock clock; /* stands still at wall_ms and mono_ms */
	int64_t wall_ms, mono_ms;
	struct arena *arena;
	struct invitation inv;
	struct field_errors errors;
	struct flow flow;
	const char *client; /* of the next requests; NULL: the peer */
	struct web_conf conf;
	struct web *web;
};

struct world *world_new(void);
void world_free(struct world *w);
/* After a change of `conf`. */
void world_rebuild(struct world *w);

/* Runs the request to its reply. The caller frees the exchange. */
void world_run(struct world *w, struct http_exchange *x);
struct http_exchange *world_get(struct world *w, const char *path, const char *accept);
/* With a cookie of the invitation and, in the form, its attempt id. */
struct http_exchange *world_get_by_cookie(struct world *w);
struct http_exchange *world_post_form(struct world *w, const char *fields);
struct http_exchange *world_post_json(struct world *w, const char *body);
/* The cookie of a reply as a browser sends it back, NULL when there is none. */
const char *world_cookie(struct world *w, const struct http_exchange *x);

#endif
