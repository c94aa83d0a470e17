/* The HTTP front as the tests of pages and resources see it: a request is filled in by hand, the
 * reply is recorded. */
#ifndef USHERD_TESTS_FAKE_HTTP_H
#define USHERD_TESTS_FAKE_HTTP_H

#include "base/buf.h"
#include "http/http.h"

struct http_exchange {
	struct http_request request;
	struct arena *arena;
	bool held;
	bool is_part;
	int replies; /* exactly one is right */
	int status;
	const char *type; /* NULL: no body */
	struct buf body;
	struct http_pair added[32]; /* headers of the reply, those of the front as well */
	size_t added_count;
};

/* `body` NULL: none. The request's strings are copied; further headers with fake_http_set_header().
 */
struct http_exchange *fake_http_new(enum http_method method, const char *path, const char *body);
void fake_http_set_header(struct http_exchange *x, const char *lower_name, const char *value);
void fake_http_free(struct http_exchange *x);

/* Finds the route as the server would, sets the captures and runs the handler. False when none
 * fits. */
bool fake_http_run(struct http_exchange *x, const struct http_route *routes, void *ctx);

/* A header of the reply, NULL when absent; aborts when it was added twice. */
const char *fake_http_reply_header(const struct http_exchange *x, const char *name);

#endif
