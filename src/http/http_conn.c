/* One connection: what stands between its socket and evhttp. */
#include "http/http_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/buffer.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"

enum { VECS = 4 };

FAILPOINTS(written_points, "http.written", "going on with a connection whose answer is written");

/* Inside of evhttp's and libevent's callbacks a connection must not be closed; soon after it may.
 */
void
http_conn_wake(struct http_conn *c)
{
	if (c->is_woken)
		return;
	c->is_woken = true;
	TAILQ_INSERT_TAIL(&c->server->woken, c, woken_link);
	http_server_attend(c->server);
}

/* Leaves in the input what belongs to whole messages. An evbuffer gives away only its front. */
static void
conn_cut(struct http_conn *c, struct evbuffer *input)
{
	const uint64_t front = c->received - evbuffer_get_length(input);
	const size_t keep = c->whole > front ? (size_t)(c->whole - front) : 0;
	struct evbuffer *kept = NULL;

	c->is_cutting = true;
	if (keep > 0) {
		kept = evbuffer_new();
		if (kept == NULL || evbuffer_remove_buffer(input, kept, keep) != (int)keep)
			abort();
	}
	evbuffer_drain(input, evbuffer_get_length(input));
	if (kept != NULL) {
		evbuffer_prepend_buffer(input, kept);
		evbuffer_free(kept);
	}
	c->is_cutting = false;
	c->received = front + keep;
}

static void
conn_drop(struct http_conn *c, struct evbuffer *input)
{
	c->is_cutting = true;
	evbuffer_drain(input, evbuffer_get_length(input));
	c->is_cutting = false;
}

/* False: refused. */
static bool
conn_check_run(struct http_conn *c, const unsigned char *p, size_t len)
{
	enum http_guard_verdict verdict = HTTP_GUARD_MORE;

	for (size_t used; len > 0 && verdict != HTTP_GUARD_REFUSED; p += used, len -= used) {
		used = http_guard_feed(&c->guard, p, len, &verdict);
		c->received += used;
		if (verdict == HTTP_GUARD_MESSAGE) {
			c->whole = c->received;
			c->pending++;
		}
	}
	return verdict != HTTP_GUARD_REFUSED;
}

/* The guard looks at the last `added` bytes of the input. */
static bool
conn_check(struct http_conn *c, struct evbuffer *input, size_t added)
{
	struct evbuffer_iovec vecs[VECS];
	struct evbuffer_ptr at;

	evbuffer_ptr_set(input, &at, evbuffer_get_length(input) - added, EVBUFFER_PTR_SET);
	while (added > 0) {
		int n = evbuffer_peek(input, (ev_ssize_t)added, &at, vecs, VECS);
		size_t seen = 0;

		for (int i = 0; i < n && i < VECS && seen < added; i++) {
			size_t rest = added - seen;
			size_t len = vecs[i].iov_len < rest ? vecs[i].iov_len : rest;

			if (!conn_check_run(c, vecs[i].iov_base, len))
				return false;
			seen += len;
		}
		assert(seen > 0);
		added -= seen;
		if (added > 0)
			evbuffer_ptr_set(input, &at, seen, EVBUFFER_PTR_ADD);
	}
	return true;
}

/* Runs for every change of the input, before evhttp's own callback. */
static void
conn_on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_conn *c = arg;
	const enum http_guard_phase phase = c->guard.phase;
	const size_t pending = c->pending;
	const uint64_t received = c->received + info->n_added;

	if (info->n_added == 0 || c->is_cutting)
		return;
	if (c->exchange != NULL && c->exchange->stream != NULL) {
		conn_drop(c, input);
		return;
	}
	if (phase != HTTP_GUARD_OVER && conn_check(c, input, info->n_added)) {
		if (phase != c->guard.phase || pending != c->pending)
			http_deadline_begin(c);
		return;
	}
	c->received = received;
	conn_cut(c, input);
	if (c->stage == HTTP_CONN_OPEN && c->pending == 0) {
		bufferevent_disable(c->bev, EV_READ);
		http_conn_wake(c);
	}
}

static void
conn_on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_conn *c = arg;

	(void)output;
	if (info->n_deleted > 0)
		c->taken_at = clock_mono_ms(&clock_system);
}

static void
conn_unwatch(struct http_conn *c)
{
	evbuffer_remove_cb_entry(bufferevent_get_input(c->bev), c->watch);
	evbuffer_remove_cb_entry(bufferevent_get_output(c->bev), c->watch_output);
}

/* How many there are of those that share a limit with this one. */
static size_t *
conn_crowd(const struct http_conn *c)
{
	return c->listener->is_reserved ? &c->listener->conn_count : &c->server->shared_count;
}

static bool
conn_is_too_many(const struct http_conn *c)
{
	const struct http_limits *limits = &c->server->conf.limits;

	return *conn_crowd(c) > (c->listener->is_reserved ? HTTP_RESERVE : limits->connections);
}

static void
conn_free(struct http_conn *c)
{
	struct http_server *s = c->server;

	if (c->exchange != NULL && c->exchange->stream != NULL)
		http_stream_lose(c->exchange->stream);
	if (c->exchange != NULL)
		c->exchange->conn = NULL;
	if (c->is_woken)
		TAILQ_REMOVE(&s->woken, c, woken_link);
	if (c->source != NULL)
		http_source_leave(s, c->source);
	if (c->fd != -1)
		s->by_fd[c->fd].conn = NULL;
	loop_timer_free(c->timer);
	TAILQ_REMOVE(&s->conns, c, link);
	s->conn_count--;
	--*conn_crowd(c);
	http_server_attend(s);
	free(c->peer_groups);
	free(c);
}

/* evhttp frees the connection, by whatever way it came to that; the bufferevent is still there. */
static void
conn_on_closed(struct evhttp_connection *evcon, void *arg)
{
	struct http_conn *c = arg;

	(void)evcon;
	conn_unwatch(c);
	conn_free(c);
}

/* Asked by evhttp for each connection it accepts. What socket it will be is known only after this
 * returned, so the rest waits for http_conn_attend(), which runs before the loop reads from
 * anything. */
struct bufferevent *
http_conn_make(struct event_base *base, void *listener)
{
	struct http_listener *l = listener;
	struct http_server *s = l->server;
	const struct http_limits *limits = &s->conf.limits;
	struct http_conn *c;
	struct bufferevent *bev;

	bev = l->tls ? http_tls_bufferevent(s, base)
		     : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (bev == NULL)
		mem_exhausted(); /* evhttp would go on with a bufferevent without guard */
	c = mem_alloc(sizeof(*c));
	c->server = s;
	c->listener = l;
	c->bev = bev;
	c->fd = -1;
	c->is_greeted = !l->tls;
	c->timer = loop_timer_new(s->conf.loop, http_deadline_expire, c);
	http_guard_init(&c->guard, &(struct http_guard_limits){
				       .header_bytes = limits->header_bytes,
				       .header_fields = limits->header_fields,
				       .body_bytes = limits->body_bytes,
				   });
	/* A client may send its next requests before it has an answer, but not without end: reading
	 * goes on when evhttp has taken something out. The largest message still fits. */
	bufferevent_setwatermark(bev, EV_READ, 0, limits->header_bytes + limits->body_bytes);
	bufferevent_incref(bev); /* evhttp may give up on it before we attend */
	c->watch = evbuffer_add_cb(bufferevent_get_input(bev), conn_on_input, c);
	c->watch_output = evbuffer_add_cb(bufferevent_get_output(bev), conn_on_output, c);
	TAILQ_INSERT_TAIL(&s->conns, c, link);
	s->conn_count++;
	++*conn_crowd(c);
	c->is_too_many = conn_is_too_many(c); /* of a burst the first ones stay */
	http_conn_wake(c);
	return bev;
}

static void
conn_remember_fd(struct http_conn *c)
{
	struct http_server *s = c->server;
	size_t size = s->by_fd_size;

	if ((size_t)c->fd >= size) {
		s->by_fd_size = (size_t)c->fd * 2 + 64;
		s->by_fd = mem_resize(s->by_fd, s->by_fd_size, sizeof(*s->by_fd));
		memset(s->by_fd + size, 0, (s->by_fd_size - size) * sizeof(*s->by_fd));
	}
	assert(s->by_fd[c->fd].conn == NULL);
	s->by_fd[c->fd].conn = c;
}

struct http_conn *
http_conn_of(struct http_server *s, struct evhttp_request *evreq)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(evreq);
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evcon));

	assert(fd >= 0 && (size_t)fd < s->by_fd_size && s->by_fd[fd].conn != NULL);
	assert(s->by_fd[fd].conn->evcon == evcon);
	return s->by_fd[fd].conn;
}

/* The kernel's word, taken at connect(): no user database is asked. */
static void
conn_read_groups(struct http_conn *c)
{
	gid_t *groups;
	socklen_t len = 0;

	/* Asked with no room it tells how much it needs. */
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE ||
	    len > HTTP_PEER_GROUPS_MAX * sizeof(*groups))
		return;
	groups = mem_alloc(len);
	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
		free(groups);
		return;
	}
	c->peer_groups = groups;
	c->peer_group_count = len / sizeof(groups[0]);
}

/* False when the peer is gone already or may not have another connection. */
static bool
conn_meet_unix(struct http_conn *c)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	c->peer_uid = cred.uid;
	c->peer_gid = cred.gid;
	c->peer_pid = cred.pid;
	conn_read_groups(c);
	memcpy(c->peer, "unix", sizeof("unix"));
	return true;
}

static bool
conn_meet_tcp(struct http_conn *c)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(ss);
	struct in6_addr peer;

	if (getpeername(c->fd, (struct sockaddr *)&ss, &len) != 0 || !address_of_socket(&ss, &peer))
		return false;
	address_write(&peer, c->peer);
	if (c->listener->is_reserved || http_proxies_have(&c->server->proxies, &peer))
		return true;
	c->source = http_source_enter(c->server, &peer);
	return c->source != NULL;
}

/* evhttp is done setting up, or gave up (then the callbacks are gone). It hands itself to the
 * bufferevent as the callbacks' argument; that is the only way to its connection before the first
 * request in 2.1. */
static void
conn_settle(struct http_conn *c)
{
	bufferevent_data_cb on_read, on_write;
	bool met;
	void *evcon;

	bufferevent_getcb(c->bev, &on_read, &on_write, &c->evhttp_event, &evcon);
	if (evcon == NULL) {
		conn_unwatch(c);
		bufferevent_decref(c->bev);
		conn_free(c);
		return;
	}
	c->evcon = evcon;
	assert(evhttp_connection_get_bufferevent(c->evcon) == c->bev);
	bufferevent_decref(c->bev);
	evhttp_connection_set_closecb(c->evcon, conn_on_closed, c);
	c->stage = HTTP_CONN_OPEN;
	c->fd = bufferevent_getfd(c->bev);
	conn_remember_fd(c);
	met = c->listener->is_unix ? conn_meet_unix(c) : conn_meet_tcp(c);
	if (!met || c->server->draining || c->is_too_many)
		http_conn_end(c);
	else
		http_deadline_begin(c);
}

void
http_conn_attend(struct http_conn *c)
{
	if (c->is_woken)
		TAILQ_REMOVE(&c->server->woken, c, woken_link);
	c->is_woken = false;
	if (c->stage == HTTP_CONN_NEW)
		conn_settle(c);
	else if (c->stage == HTTP_CONN_OPEN && c->guard.phase == HTTP_GUARD_OVER && c->pending == 0)
		http_refuse_start(c);
	else if (c->server->draining && http_conn_is_idle(c))
		http_conn_end(c);
}

bool
http_conn_is_idle(const struct http_conn *c)
{
	return c->stage == HTTP_CONN_OPEN && c->pending == 0 && c->guard.phase == HTTP_GUARD_IDLE;
}

/* evhttp is told that the network failed. That is the one way that also spares a request which a
 * handler still holds (libevent #997): it is cut off and freed by the reply. */
void
http_conn_end(struct http_conn *c)
{
	c->evhttp_event(c->bev, BEV_EVENT_READING | BEV_EVENT_ERROR, c->evcon);
}

/* Most replies fit into the socket's buffer at once. The bufferevent keeps the front of its output
 * frozen against everybody but its own writer, which does the same as we do here. */
size_t
http_conn_write_now(struct http_conn *c)
{
	struct evbuffer *output = bufferevent_get_output(c->bev);

	if (!c->listener->tls) {
		evbuffer_unfreeze(output, 1);
		(void)evbuffer_write(output, c->fd); /* evhttp meets the error, if there is one */
		evbuffer_freeze(output, 1);
	}
	return evbuffer_get_length(output);
}

/* evhttp would read on while it writes, without bound, and would drop the rest of the reply to a
 * client that has closed only its sending side. */
void
http_conn_replied(struct http_conn *c)
{
	c->exchange = NULL;
	c->unsent = http_conn_write_now(c);
	if (c->unsent > 0)
		bufferevent_disable(c->bev, EV_READ);
	http_deadline_begin(c);
}

/* The requests that have come in already stay without an answer. Reading goes on, to see the client
 * leave. */
void
http_conn_stop_listening(struct http_conn *c)
{
	conn_drop(c, bufferevent_get_input(c->bev));
	http_deadline_begin(c);
}

/* The reply is written; evhttp is about to go on with the connection or to close it. */
void
http_conn_on_complete(struct evhttp_request *evreq, void *conn)
{
	struct http_conn *c = conn;
	bool meets = c->listener->kind != HTTP_MANAGEMENT; /* where failpoints are set */

	(void)evreq;
	if (meets && failpoint_before(failpoints_of(written_points)))
		shutdown(c->fd, SHUT_RDWR);
	assert(c->pending > 0);
	c->pending--;
	http_deadline_begin(c);
	if (c->guard.phase == HTTP_GUARD_OVER || c->server->draining)
		http_conn_wake(c);
	if (meets && failpoint_after(failpoints_of(written_points)))
		shutdown(c->fd, SHUT_RDWR);
}
