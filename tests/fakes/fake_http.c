#include "fake_http.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct http_exchange *
fake_http_new(enum http_method method, const char *path, const char *body)
{
	struct http_exchange *x = mem_alloc(sizeof(*x));

	x->arena = arena_new(0);
	x->request.method = method;
	x->request.listener = HTTP_PUBLIC;
	x->request.path = arena_strdup(x->arena, path);
	x->request.body = arena_strdup(x->arena, body != NULL ? body : "");
	x->request.body_len = strlen(x->request.body);
	x->request.peer = x->request.client = "192.0.2.1";
	strcpy(x->request.id, "019aa000-0000-7000-8000-000000000000");
	buf_init(&x->body, 1 << 20);
	return x;
}

void
fake_http_set_header(struct http_exchange *x, const char *lower_name, const char *value)
{
	assert(x->request.header_count < HTTP_HEADERS_MAX);
	x->request.headers[x->request.header_count++] =
	    (struct http_pair){ arena_strdup(x->arena, lower_name), arena_strdup(x->arena, value) };
}

void
fake_http_free(struct http_exchange *x)
{
	buf_release(&x->body);
	arena_free(x->arena);
	free(x);
}

static bool
fake_http_match(struct http_exchange *x, const char *pattern)
{
	const char *path = x->request.path;
	size_t captures = 0;

	memset(x->request.captures, 0, sizeof(x->request.captures));
	while (*pattern != '\0') {
		if (*pattern == '{') {
			size_t len = strcspn(path, "/");

			if (len == 0)
				return false;
			x->request.captures[captures++] = arena_dup(x->arena, path, len);
			path += len;
			pattern = strchr(pattern, '}') + 1;
		} else if (*pattern++ != *path++)
			return false;
	}
	return *path == '\0';
}

bool
fake_http_run(struct http_exchange *x, const struct http_route *routes, void *ctx)
{
	enum http_method method = x->request.method == HTTP_HEAD ? HTTP_GET : x->request.method;

	for (const struct http_route *r = routes; r->pattern != NULL; r++) {
		struct fault f;

		if ((r->methods & method) == 0 || !fake_http_match(x, r->pattern))
			continue;
		assert(r->handler(x, ctx, &f) == ERR_OK);
		assert(x->held || x->replies == 1);
		return true;
	}
	return false;
}

const char *
fake_http_reply_header(const struct http_exchange *x, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < x->added_count; i++)
		if (strcasecmp(x->added[i].name, name) == 0) {
			assert(found == NULL);
			found = x->added[i].value;
		}
	return found;
}

const struct http_request *
http_request_of(const struct http_exchange *x)
{
	return &x->request;
}

struct arena *
http_arena(struct http_exchange *x)
{
	return x->arena;
}

void
http_hold(struct http_exchange *x)
{
	assert(!x->held && x->replies == 0);
	x->held = true;
}

void
http_mark_part(struct http_exchange *x)
{
	assert(x->replies == 0);
	x->is_part = true;
}

void
http_add_header(struct http_exchange *x, const char *name, const char *value)
{
	assert(x->replies == 0 && x->added_count < 32);
	for (const char *c = value; *c != '\0'; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
	x->added[x->added_count++] =
	    (struct http_pair){ arena_strdup(x->arena, name), arena_strdup(x->arena, value) };
}

void
http_reply(struct http_exchange *x, int status, const char *type, const void *body, size_t len)
{
	if (fake_http_reply_header(x, "Cache-Control") == NULL)
		http_add_header(x, "Cache-Control", "no-store");
	http_add_header(x, "X-Request-Id", x->request.id);
	http_add_header(x, "X-Content-Type-Options", "nosniff");
	http_add_header(x, "Referrer-Policy", "no-referrer");
	assert(x->replies++ == 0);
	x->status = status;
	x->type = arena_strdup(x->arena, type);
	if (type != NULL && x->request.method != HTTP_HEAD)
		buf_add(&x->body, body, len);
}

void
http_reply_problem(
    struct http_exchange *x, int status, const char *title, const char *detail, const char *members)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_string(&b, "{\"type\":\"about:blank\",\"title\":");
	buf_add_json_string(&b, title);
	buf_printf(&b, ",\"status\":%d,\"detail\":", status);
	buf_add_json_string(&b, detail);
	buf_printf(&b, "%s}", members != NULL ? members : "");
	http_reply(x, status, "application/problem+json", b.data, b.len);
	buf_release(&b);
}
