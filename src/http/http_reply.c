#include "http/http_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/buffer.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"

enum { PROBLEM_MAX = 64 * 1024 };

FAILPOINTS(reply_points, "http.reply", "handing an answer over to be written");

/* Control bytes in a header are our own mistake and could split the reply. */
static bool
reply_is_plain(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

void
http_add_header(struct http_exchange *x, const char *name, const char *value)
{
	assert(!x->is_replied);
	if (!reply_is_plain(name) || !reply_is_plain(value))
		abort();
	evhttp_add_header(evhttp_request_get_output_headers(x->evreq), name, value);
}

void
http_mark_part(struct http_exchange *x)
{
	x->is_part = true;
}

void
http_reply_add_common(struct http_exchange *x, const char *type)
{
	if (type != NULL)
		http_add_header(x, "Content-Type", type);
	http_add_header(x, "X-Request-Id", x->request.id);
	http_defence_add(evhttp_request_get_output_headers(x->evreq), x->is_strict, x->is_part);
	if (x->is_last || x->server == NULL || x->server->draining)
		http_add_header(x, "Connection", "close");
}

static void
reply_add_length(struct http_exchange *x, size_t len)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", len);
	http_add_header(x, "Content-Length", text);
}

void
http_reply_tell(const struct http_exchange *x, int status, size_t len)
{
	const struct http_conf *conf;

	if (x->server == NULL)
		return;
	conf = &x->server->conf;
	if (conf->on_access != NULL)
		conf->on_access(conf->ctx, &x->request, x->route, status, len,
		    clock_mono_ms(&clock_system) - x->request.received_mono_ms);
}

/* In test builds: the client hears nothing. The management listener is where failpoints are set. */
static bool
reply_is_lost(const struct http_exchange *x, bool handed_over)
{
	if (x->conn == NULL || x->request.listener == HTTP_MANAGEMENT)
		return false;
	return handed_over ? failpoint_after(failpoints_of(reply_points))
			   : failpoint_before(failpoints_of(reply_points));
}

static void
reply_forget(const void *data, size_t len, void *arg)
{
	(void)data, (void)len;
	free(arg);
}

/* `taken`: the body is ours to free, and is handed on as it is. NULL: there is none. */
static struct evbuffer *
reply_content(const void *body, size_t len, char *taken)
{
	struct evbuffer *content = NULL;

	if (len == 0) {
		free(taken);
		return NULL;
	}
	content = evbuffer_new();
	if (content == NULL ||
	    (taken != NULL ? evbuffer_add_reference(content, taken, len, reply_forget, taken)
			   : evbuffer_add(content, body, len)) != 0)
		mem_exhausted();
	return content;
}

/* evhttp frees the request: now when the client is gone, else when the reply is written. */
static void
reply_send(struct http_exchange *x, int status, struct evbuffer *content)
{
	if (reply_is_lost(x, false))
		shutdown(x->conn->fd, SHUT_RDWR);
	evhttp_send_reply(x->evreq, status, http_status_title(status), content);
	x->evreq = NULL;
	if (content != NULL)
		evbuffer_free(content);
	if (reply_is_lost(x, true))
		shutdown(x->conn->fd, SHUT_RDWR);
	if (x->conn != NULL)
		http_conn_replied(x->conn);
	x->conn = NULL;
}

static void
reply_finish(struct http_exchange *x, int status, struct evbuffer *content, size_t len)
{
	x->is_replied = true;
	http_reply_tell(x, status, len);
	reply_send(x, status, content);
	if (!x->is_dispatching)
		http_exchange_free(x);
}

static void
reply_run(struct http_exchange *x, int status, const char *type, const void *body, size_t len,
    char *taken)
{
	const size_t sent = x->request.method == HTTP_HEAD ? 0 : len;

	assert(!x->is_replied);
	assert(x->is_dispatching || x->is_held);
	assert(type != NULL || len == 0);
	http_reply_add_common(x, type);
	if (type != NULL)
		reply_add_length(x, len);
	reply_finish(x, status, reply_content(body, sent, taken), sent);
}

void
http_reply(struct http_exchange *x, int status, const char *type, const void *body, size_t len)
{
	reply_run(x, status, type, body, len, NULL);
}

void
http_reply_take(struct http_exchange *x, int status, const char *type, char *data, size_t len)
{
	reply_run(x, status, type, data, len, data);
}

void
http_reply_headers(struct http_exchange *x, const char *type)
{
	assert(x->request.method == HTTP_HEAD);
	http_reply_add_common(x, type);
	reply_finish(x, 200, NULL, 0);
}

void
http_reply_problem(
    struct http_exchange *x, int status, const char *title, const char *detail, const char *members)
{
	struct buf b;

	buf_init(&b, PROBLEM_MAX + (members != NULL ? strlen(members) : 0));
	buf_add_string(&b, "{\"type\":\"about:blank\",\"title\":");
	buf_add_json_string(&b, title != NULL ? title : http_status_title(status));
	buf_printf(&b, ",\"status\":%d", status);
	if (detail != NULL) {
		buf_add_string(&b, ",\"detail\":");
		buf_add_json_string(&b, detail);
	}
	buf_printf(&b, ",\"request_id\":\"%s\"", x->request.id);
	if (members != NULL)
		buf_add_string(&b, members);
	buf_add_char(&b, '}');
	assert(!buf_failed(&b));
	http_reply(x, status, "application/problem+json", b.data, b.len);
	buf_release(&b);
}
