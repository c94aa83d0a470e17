#include "fake_api_http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "base/buf.h"
#include "base/mem.h"

enum { HEADERS_MAX = 8, BODY_MAX = 32 * 1024 * 1024 };

struct http_exchange {
	struct http_request req;
	struct arena *arena;
	struct loop *loop;
	const char *content_type;
	bool held, waiting;
	int status;
	const char *type;
	struct buf body;
	struct http_pair headers[HEADERS_MAX];
	size_t header_count;
	struct http_stream_conf stream;
	bool streaming;
};

const struct http_request *
http_request_of(const struct http_exchange *x)
{
	return &x->req;
}

struct arena *
http_arena(struct http_exchange *x)
{
	return x->arena;
}

void
http_hold(struct http_exchange *x)
{
	assert(x->status == 0);
	x->held = true;
}

void
http_add_header(struct http_exchange *x, const char *name, const char *value)
{
	assert(x->header_count < HEADERS_MAX && x->status == 0);
	for (const char *p = value; *p != '\0'; p++)
		assert((unsigned char)*p >= 0x20);
	x->headers[x->header_count++] = (struct http_pair){ .name = arena_strdup(x->arena, name),
		.value = arena_strdup(x->arena, value) };
}

void
http_reply(struct http_exchange *x, int status, const char *type, const void *body, size_t len)
{
	assert(x->status == 0); /* exactly one reply */
	x->status = status;
	x->type = type;
	if (type != NULL && x->req.method != HTTP_HEAD)
		buf_add(&x->body, body, len);
	if (x->waiting)
		loop_stop(x->loop);
}

void
http_reply_take(struct http_exchange *x, int status, const char *type, char *data, size_t len)
{
	http_reply(x, status, type, data, len);
	free(data);
}

/* ---- streams: the exchange is its own stream ---- */

struct http_stream *
http_stream_start(struct http_exchange *x, const struct http_stream_conf *conf)
{
	if (x->req.method == HTTP_HEAD) {
		http_reply(x, 200, conf->type, "", 0);
		return NULL;
	}
	http_reply(x, 200, conf->type, "", 0);
	x->stream = *conf;
	x->streaming = true;
	return (struct http_stream *)x;
}

bool
http_stream_send(struct http_stream *s, const void *data, size_t len)
{
	struct http_exchange *x = (struct http_exchange *)s;

	assert(x->streaming);
	buf_add(&x->body, data, len);
	return true;
}

void
http_stream_end(struct http_stream *s)
{
	struct http_exchange *x = (struct http_exchange *)s;

	assert(x->streaming);
	x->streaming = false;
}

bool
fake_http_is_streaming(const struct http_exchange *x)
{
	return x->streaming;
}

void
http_reply_problem(
    struct http_exchange *x, int status, const char *title, const char *detail, const char *members)
{
	struct buf b;

	buf_init(&b, BODY_MAX);
	buf_add_string(&b, "{\"type\":\"about:blank\",\"title\":");
	buf_add_json_string(&b, title);
	buf_printf(&b, ",\"status\":%d,\"detail\":", status);
	buf_add_json_string(&b, detail);
	buf_add_string(&b, ",\"request_id\":");
	buf_add_json_string(&b, x->req.id);
	if (members != NULL)
		buf_add_string(&b, members);
	buf_add_char(&b, '}');
	http_reply(x, status, "application/problem+json", b.data, b.len);
	buf_release(&b);
}

static void
fake_split_query(struct http_exchange *x, const char *query)
{
	char *copy = arena_strdup(x->arena, query), *pair;

	while (copy != NULL && (pair = strsep(&copy, "&")) != NULL) {
		char *value = strchr(pair, '=');

		assert(value != NULL && x->req.query_count < HTTP_QUERY_MAX);
		*value++ = '\0';
		x->req.query[x->req.query_count++] =
		    (struct http_pair){ .name = pair, .value = value };
	}
}

static const char *
fake_http_new_client(struct arena *arena)
{
	static unsigned last;

	last++;
	return arena_printf(arena, "10.%u.%u.%u", last >> 16 & 255, last >> 8 & 255, last & 255);
}

static void
fake_add_field(struct http_exchange *x, const char *name, const char *value)
{
	struct http_request *r = &x->req;

	if (value != NULL)
		r->headers[r->header_count++] =
		    (struct http_pair){ name, arena_strdup(x->arena, value) };
}

struct http_exchange *
fake_http_exchange(const struct fake_request *q)
{
	struct http_exchange *x = mem_alloc(sizeof(*x));
	struct http_request *r = &x->req;

	x->arena = arena_new(0);
	buf_init(&x->body, BODY_MAX);
	r->method = q->method;
	r->listener = q->listener;
	r->path = arena_strdup(x->arena, q->path);
	r->peer_is_unix = q->listener == HTTP_UNIX;
	r->peer = r->peer_is_unix ? "unix" : "127.0.0.1";
	r->client = r->peer_is_unix	? "unix"
		    : q->client != NULL ? q->client
					: fake_http_new_client(x->arena);
	r->peer_uid = q->uid;
	r->peer_gid = q->gid;
	strcpy(r->id, "00000000-0000-7000-8000-000000000000");
	r->is_secure = q->is_secure;
	fake_add_field(x, "authorization", q->authorization);
	fake_add_field(x, "cookie", q->cookie);
	fake_add_field(x, "origin", q->origin);
	fake_add_field(x, "sec-fetch-site", q->sec_fetch_site);
	fake_add_field(x, "user-agent", q->user_agent);
	fake_add_field(x, "host", q->host);
	fake_add_field(x, "if-none-match", q->if_none_match);
	fake_add_field(x, "content-type", q->content_type);
	fake_add_field(x, "if-match", q->if_match);
	fake_add_field(x, "last-event-id", q->last_event_id);
	if (q->body != NULL) {
		r->body_len = q->body_len > 0 ? q->body_len : strlen(q->body);
		r->body = arena_dup(x->arena, q->body, r->body_len);
	}
	fake_split_query(x, q->query);
	return x;
}

void
fake_http_leave(struct http_exchange *x)
{
	assert(x->streaming);
	x->streaming = false;
	x->stream.closed(x->stream.arg);
}

void
fake_http_free(struct http_exchange *x)
{
	if (x->streaming)
		fake_http_leave(x);
	buf_release(&x->body);
	arena_free(x->arena);
	free(x);
}

/* One of a space separated list. */
static bool
fake_lists(const char *list, const char *type)
{
	const size_t len = strcspn(type, "; ");
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)len, type);
	for (const char *p = list; (p = strstr(p, word)) != NULL; p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

bool
http_takes_body(struct http_exchange *x, const char *content_types)
{
	if (x->req.body_len == 0 ||
	    (content_types != NULL && fake_lists(content_types, x->content_type)))
		return true;
	http_reply_problem(x, 415, NULL, "router", NULL);
	return false;
}

/* Matches segment by segment; "{name}" captures. */
static bool
fake_route_matches(struct http_exchange *x, const char *pattern)
{
	const char *path = x->req.path;
	size_t captures = 0;

	for (;;) {
		size_t p = strcspn(pattern, "/"), t = strcspn(path, "/");

		if (pattern[0] == '{' && t > 0)
			x->req.captures[captures++] = arena_dup(x->arena, path, t);
		else if (p != t || strncmp(pattern, path, p) != 0)
			return false;
		if (pattern[p] != path[t])
			return false;
		if (pattern[p] == '\0')
			return true;
		pattern += p + 1;
		path += t + 1;
	}
}

static const struct http_route *
fake_route_of(struct http_exchange *x, const struct http_route *routes, int *status)
{
	*status = 404;
	for (const struct http_route *r = routes; r->pattern != NULL; r++) {
		unsigned methods = r->methods | ((r->methods & HTTP_GET) != 0 ? HTTP_HEAD : 0);

		if ((r->listeners & 1u << x->req.listener) == 0 ||
		    !fake_route_matches(x, r->pattern))
			continue;
		if ((methods & x->req.method) != 0)
			return r;
		*status = 405;
	}
	return NULL;
}

struct http_exchange *
fake_http_send(
    struct loop *loop, const struct http_route *routes, void *ctx, const struct fake_request *q)
{
	struct http_exchange *x = fake_http_exchange(q);
	const struct http_route *route;
	struct fault f = { .text = "" };
	enum err code;
	int status;

	x->loop = loop;
	x->content_type = q->content_type != NULL ? q->content_type : "application/json";
	route = fake_route_of(x, routes, &status);
	if (route == NULL) {
		http_reply_problem(x, status, "router", "router", NULL);
		return x;
	}
	code = route->handler(x, ctx, &f);
	if (code != ERR_OK) {
		assert(!x->held);
		api_on_error(x, NULL, code, &f);
	}
	assert(x->held == (x->status == 0)); /* answered now, or held */
	if (x->status == 0) {
		x->waiting = true;
		loop_run(loop);
	}
	assert(x->status != 0);
	return x;
}

int
fake_http_status(const struct http_exchange *x)
{
	return x->status;
}

const char *
fake_http_body(const struct http_exchange *x)
{
	return x->body.data != NULL ? x->body.data : "";
}

const char *
fake_http_type(const struct http_exchange *x)
{
	return x->type;
}

const char *
fake_http_reply_header(const struct http_exchange *x, const char *name)
{
	for (size_t i = 0; i < x->header_count; i++)
		if (strcasecmp(x->headers[i].name, name) == 0)
			return x->headers[i].value;
	return NULL;
}
