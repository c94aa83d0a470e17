/* Replies without an end. A stream hangs on its exchange, and the exchange on the connection, until
 * one of three ends it: its owner, the server (drain, free), or the connection. Whoever it is only
 * marks it; the rest happens on the loop, outside of evhttp's callbacks, where a connection may be
 * closed: evhttp_send_reply_end() frees it at once when nothing is left to be written. */
#include "http/http_private.h"

#include <assert.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/tcp.h>
#include <event2/buffer.h>

#include "base/clock.h"
#include "base/mem.h"

struct http_stream {
	TAILQ_ENTRY(http_stream) link;
	struct http_exchange *exchange; /* its arena holds this struct */
	struct http_stream_conf conf;
	struct evbuffer *chunk;
	size_t sent;
	bool is_over;	/* nothing is sent any more; to be settled */
	bool is_cut;	/* the client does not read: its connection is closed as it is */
	bool is_silent; /* its owner has ended it: `closed` is not called */
};

static void
stream_finish(struct http_stream *s)
{
	struct http_server *server = s->exchange->server;

	if (s->is_over)
		return;
	s->is_over = true;
	TAILQ_REMOVE(&server->streams, s, link);
	TAILQ_INSERT_TAIL(&server->ended_streams, s, link);
	http_server_attend(server);
}

static struct evbuffer *
stream_output(const struct http_stream *s)
{
	return bufferevent_get_output(s->exchange->conn->bev);
}

static struct http_stream *
stream_refuse(struct http_exchange *x)
{
	char seconds[16];

	evutil_snprintf(seconds, sizeof(seconds), "%d", HTTP_STREAM_RETRY_S);
	http_add_header(x, "Retry-After", seconds);
	http_reply_problem(x, 503, NULL, "there are too many streams, or the server stops", NULL);
	return NULL;
}

static struct http_stream *
stream_new(struct http_exchange *x, const struct http_stream_conf *conf)
{
	struct http_stream *s = arena_alloc(x->arena, sizeof(*s));

	s->exchange = x;
	s->conf = *conf;
	s->chunk = evbuffer_new();
	if (s->chunk == NULL)
		mem_exhausted();
	TAILQ_INSERT_TAIL(&x->server->streams, s, link);
	x->server->stream_count++;
	x->stream = s;
	return s;
}

/* Data that a vanished client does not acknowledge ends the connection after this long: the
 * kernel's own patience is a quarter of an hour. */
static void
stream_bound_silence(const struct http_exchange *x)
{
	const int64_t idle_ms = x->server->conf.limits.idle_ms;
	const unsigned ms = idle_ms < INT_MAX ? (unsigned)idle_ms : INT_MAX;

	if (!x->conn->listener->is_unix)
		(void)setsockopt(x->conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

struct http_stream *
http_stream_start(struct http_exchange *x, const struct http_stream_conf *conf)
{
	struct http_stream *s;

	assert(!x->is_replied && (x->is_dispatching || x->is_held));
	assert(conf->beat == NULL || (conf->beat[0] != '\0' && conf->beat_ms > 0));
	if (x->request.method == HTTP_HEAD) {
		http_reply_headers(x, conf->type);
		return NULL;
	}
	if (x->conn == NULL || x->server->draining || x->server->stream_count == HTTP_STREAMS_MAX)
		return stream_refuse(x);
	x->is_last = true;
	http_reply_add_common(x, conf->type);
	x->is_replied = true;
	/* A client of HTTP/1.0 that asks for keep-alive would be promised a body of no bytes. */
	evhttp_remove_header(evhttp_request_get_input_headers(x->evreq), "Connection");
	s = stream_new(x, conf);
	stream_bound_silence(x);
	evhttp_send_reply_start(x->evreq, 200, http_status_title(200));
	http_conn_stop_listening(x->conn);
	return s;
}

bool
http_stream_send(struct http_stream *s, const void *data, size_t len)
{
	struct http_conn *c = s->exchange->conn;

	if (s->is_over)
		return false;
	if (evbuffer_get_length(stream_output(s)) == 0)
		c->taken_at = clock_mono_ms(&clock_system);
	if (evbuffer_add(s->chunk, data, len) != 0)
		mem_exhausted();
	evhttp_send_reply_chunk(s->exchange->evreq, s->chunk);
	s->sent += len;
	/* What waits has perhaps only not been offered to the socket yet. */
	if (evbuffer_get_length(stream_output(s)) <= HTTP_STREAM_BUFFER ||
	    http_conn_write_now(c) <= HTTP_STREAM_BUFFER)
		return true;
	s->is_cut = true;
	stream_finish(s);
	return false;
}

void
http_stream_end(struct http_stream *s)
{
	assert(!s->is_silent);
	s->is_silent = true;
	stream_finish(s);
}

/* ---- the connection's side ---- */

int64_t
http_stream_period(const struct http_stream *s)
{
	return s->conf.beat != NULL ? s->conf.beat_ms : s->exchange->server->conf.limits.idle_ms;
}

void
http_stream_beat(struct http_stream *s)
{
	const struct http_conn *c = s->exchange->conn;
	const int64_t idle_ms = s->exchange->server->conf.limits.idle_ms;

	if (s->is_over)
		return;
	if (evbuffer_get_length(stream_output(s)) > 0 &&
	    clock_mono_ms(&clock_system) - c->taken_at >= idle_ms) {
		s->is_cut = true;
		stream_finish(s);
	} else if (s->conf.beat != NULL) {
		http_stream_send(s, s->conf.beat, strlen(s->conf.beat));
	}
}

void
http_stream_lose(struct http_stream *s)
{
	stream_finish(s);
}

/* ---- the server's side ---- */

/* The exchange dies here, and the stream with it. */
static void
stream_settle(struct http_server *server, struct http_stream *s)
{
	struct http_exchange *x = s->exchange;
	loop_cb *closed = s->is_silent ? NULL : s->conf.closed;
	void *arg = s->conf.arg;

	TAILQ_REMOVE(&server->ended_streams, s, link);
	server->stream_count--;
	http_reply_tell(x, 200, s->sent);
	x->stream = NULL;
	evbuffer_free(s->chunk);
	if (x->conn != NULL && s->is_cut)
		http_conn_end(x->conn);
	evhttp_send_reply_end(x->evreq);
	x->evreq = NULL;
	if (x->conn != NULL)
		http_conn_replied(x->conn);
	http_exchange_free(x);
	if (closed != NULL)
		closed(arg);
}

void
http_streams_settle(struct http_server *server)
{
	struct http_stream *s;

	while ((s = TAILQ_FIRST(&server->ended_streams)) != NULL)
		stream_settle(server, s);
}

void
http_streams_end(struct http_server *server)
{
	struct http_stream *s;

	while ((s = TAILQ_FIRST(&server->streams)) != NULL)
		stream_finish(s);
}
