/* The control API and the route table: one file per resource; enum err becomes an HTTP status here
 * and nowhere else. Nothing of the control API answers without a bearer token, the cookie of a
 * session or a unix peer that may, but for signing in and out and the description of the API. */
#ifndef USHERD_API_API_H
#define USHERD_API_API_H

#include "auth/auth.h"
#include "flow/flow.h"
#include "http/http.h"
#include "loop/loop.h"
#include "roster/roster.h"

struct api;
struct api_status; /* api_status.h */

struct health_check {
	const char *name; /* "store", "directory", ... */
	bool ok;
	bool vital; /* a failing vital check makes the daemon unready; another one only degraded */
};

/* What clients are told of us, besides flow_settings(). */
struct api_settings {
	const char *organisation;
	const char *const *languages; /* tags; pages or mails are written in them */
	size_t language_count;
	const char *default_language;
};

struct api_conf {
	struct loop *loop;
	struct flow *flow;
	struct roster *roster;
	const char *people_base; /* org units are listed from here on; NULL: all of them */
	struct auth *auth;
	int64_t idle_s; /* how long a session lasts without a request, to tell */
	const struct clock *clock;
	int64_t beat_ms;	/* between two signs of life of a stream; 0: 15 s */
	const char *public_url; /* links are built from it alone; no slash at the end */
	size_t (*health)(void *arg, struct health_check *checks, size_t max);
	void *health_arg;
	/* Fills in `out`, which is zeroed; at once. Its strings live as long as `arena`. */
	void (*status)(void *arg, struct arena *arena, struct api_status *out);
	void *status_arg;
	struct api_settings settings;
};

/* Borrows what `conf` points to. The api listens to the roster until it is freed. */
struct api *api_new(const struct api_conf *conf);
void api_free(struct api *a);

/* /api/v1/... (openapi.yaml, which anybody may read, among them) on the control listener and the
 * unix socket, /health/... on the management listener and the unix socket; their ctx is a struct
 * api. */
extern const struct http_route api_routes[];

/* The matrix of who may what, row by row as the routes have it: for `usherd --routes` and its test.
 */
struct api_access {
	unsigned methods;
	const char *pattern;
	unsigned scopes;    /* a caller needs one of them; 0: whoever is known may */
	const char *extent; /* for whoever is limited to a part: "WHOLE", "WITHIN" or "APART" */
};
extern const struct api_access api_accesses[]; /* ends with a NULL pattern */

/* The router's on_error: an enum err as a problem. `ctx` is not used. */
void api_on_error(struct http_exchange *x, void *ctx, enum err code, const struct fault *f);

#endif
