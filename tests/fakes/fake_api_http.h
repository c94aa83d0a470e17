/* The part of http.h that api uses: one exchange at a time, without bytes and sockets. */
#ifndef USHERD_FAKE_API_HTTP_H
#define USHERD_FAKE_API_HTTP_H

#include "http/http.h"

struct fake_request {
	enum http_method method;
	enum http_listener_kind listener;
	const char *path;  /* without the query */
	const char *query; /* "a=b&c=d", not encoded; NULL: none */
	const char *authorization;
	const char *cookie, *origin, *sec_fetch_site, *host, *user_agent;
	bool is_secure;
	const char *if_none_match, *if_match, *last_event_id;
	const char *body;	  /* NULL: none */
	size_t body_len;	  /* 0: strlen(body) */
	const char *content_type; /* NULL with a body: application/json */
	const char *client;	  /* NULL: one that has not asked before */
	uid_t uid;		  /* of a unix peer */
	gid_t gid;
};

/* Routes as the router does and runs `loop` until the reply is there. Never answers NULL. */
struct http_exchange *fake_http_send(
    struct loop *loop, const struct http_route *routes, void *ctx, const struct fake_request *q);
/* An exchange with nothing answered yet, for code below the handlers. */
struct http_exchange *fake_http_exchange(const struct fake_request *q);
void fake_http_free(struct http_exchange *x);

/* ---- streams ---- */

/* The client leaves (as it does in fake_http_free): `closed` runs. Not from inside of it. */
void fake_http_leave(struct http_exchange *x);
bool fake_http_is_streaming(const struct http_exchange *x); /* neither side has ended it */

int fake_http_status(const struct http_exchange *x);
/* "" when there is none; of a stream: what was sent so far. */
const char *fake_http_body(const struct http_exchange *x);
const char *fake_http_type(const struct http_exchange *x);
const char *fake_http_reply_header(const struct http_exchange *x, const char *name); /* or NULL */

#endif
