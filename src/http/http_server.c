/* The server object: what its listeners and connections share, and how all of it ends. */
#include "http/http_private.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/resource.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
	TROUBLE_EVERY_MS = 10000,
	FILES_BESIDE = 256 /* descriptors that are not for counted connections */
};

static bool
server_is_drained(const struct http_server *s)
{
	return s->draining && s->conn_count == 0 && TAILQ_EMPTY(&s->exchanges);
}

static void
server_on_attention(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	struct http_conn *c;
	loop_cb *drained;

	(void)fd, (void)what;
	while ((c = TAILQ_FIRST(&s->woken)) != NULL)
		http_conn_attend(c);
	http_streams_settle(s);
	if (!server_is_drained(s) || s->drained == NULL)
		return;
	drained = s->drained;
	s->drained = NULL;
	drained(s->drained_arg);
}

void
http_server_attend(struct http_server *s)
{
	event_active(s->attention, EV_TIMEOUT, 1);
}

static void
server_ignore_sigpipe(void)
{
	struct sigaction old, ignore = { .sa_handler = SIG_IGN };

	if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
		sigaction(SIGPIPE, &ignore, NULL);
}

/* Better to turn connections away than to have no descriptor left for the database. */
static void
server_clamp_connections(struct http_server *s)
{
	struct rlimit files;
	size_t room, *wanted = &s->conf.limits.connections;
	char text[128];

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return;
	room =
	    files.rlim_cur > 2 * FILES_BESIDE ? files.rlim_cur - FILES_BESIDE : files.rlim_cur / 2;
	if (*wanted <= room)
		return;
	snprintf(text, sizeof(text), "the limit of %zu open files allows %zu connections, not %zu",
	    (size_t)files.rlim_cur, room, *wanted);
	*wanted = room;
	http_server_tell_trouble(s, text);
}

struct http_server *
http_server_new(const struct http_conf *conf)
{
	struct http_server *s = mem_alloc(sizeof(*s));

	assert(conf->limits.connections > 0 && conf->limits.connections_per_source > 0);
	assert(conf->limits.header_ms > 0 && conf->limits.body_ms > 0 && conf->limits.idle_ms > 0);
	server_ignore_sigpipe();
	s->conf = *conf;
	http_proxies_init(&s->proxies, conf->proxies, conf->proxy_header);
	TAILQ_INIT(&s->listeners);
	TAILQ_INIT(&s->exchanges);
	TAILQ_INIT(&s->conns);
	TAILQ_INIT(&s->woken);
	TAILQ_INIT(&s->streams);
	TAILQ_INIT(&s->ended_streams);
	s->attention = event_new(loop_base(conf->loop), -1, 0, server_on_attention, s);
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	server_clamp_connections(s);
	return s;
}

void
http_server_drain(struct http_server *s, loop_cb *drained, void *arg)
{
	struct http_listener *l;
	struct http_conn *c;

	assert(!s->draining);
	s->draining = true;
	s->drained = drained;
	s->drained_arg = arg;
	for (l = TAILQ_FIRST(&s->listeners); l != NULL; l = TAILQ_NEXT(l, link))
		http_listener_stop(l);
	http_streams_end(s);
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = TAILQ_NEXT(c, link))
		http_conn_wake(c);
	http_server_attend(s);
}

void
http_server_free(struct http_server *s)
{
	struct http_listener *l;
	struct http_exchange *x;
	struct http_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->woken)) != NULL)
		http_conn_attend(c);
	http_streams_end(s);
	http_streams_settle(s);
	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		http_conn_end(c);
	while ((x = TAILQ_FIRST(&s->exchanges)) != NULL) {
		TAILQ_REMOVE(&s->exchanges, x, link);
		x->server = NULL;
	}
	while ((l = TAILQ_FIRST(&s->listeners)) != NULL) {
		TAILQ_REMOVE(&s->listeners, l, link);
		http_listener_free(l);
	}
	event_free(s->attention);
	SSL_CTX_free(s->tls);
	if (s->spare_fd != -1)
		close(s->spare_fd);
	http_proxies_release(&s->proxies);
	free(s->by_fd);
	free(s);
}

void
http_server_tell_trouble(struct http_server *s, const char *text)
{
	const int64_t now = clock_mono_ms(&clock_system);

	if (s->trouble_at != 0 && now - s->trouble_at < TROUBLE_EVERY_MS)
		return;
	s->trouble_at = now;
	if (s->conf.on_trouble != NULL)
		s->conf.on_trouble(s->conf.ctx, text);
}

int
http_server_port(const struct http_server *s, enum http_listener_kind kind)
{
	const struct http_listener *l;

	for (l = TAILQ_FIRST(&s->listeners); l != NULL; l = TAILQ_NEXT(l, link))
		if (l->kind == kind && l->port != 0)
			return l->port;
	return 0;
}

size_t
http_server_connections(const struct http_server *s)
{
	return s->conn_count;
}
