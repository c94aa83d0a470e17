/* Listeners: one evhttp for each, and what happens when accept() fails. */
#include "http/http_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <event2/listener.h>

#include "base/mem.h"

enum { PAUSE_MS = 100, TURN_AWAY_MAX = 64 };

enum {
	METHODS = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
		  EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS
};

/* Of the whole process: see listener_on_error(). */
static struct http_listener_list accepting_listeners = TAILQ_HEAD_INITIALIZER(accepting_listeners);

static void
listener_on_resume(void *arg)
{
	struct http_listener *l = arg;

	if (l->bound != NULL)
		evconnlistener_enable(l->accepting);
}

/* The spare descriptor lets us take clients off the queue and close them: they learn at once that
 * nobody will answer, and the socket stops being readable for ever. */
static void
listener_turn_away(struct http_listener *l)
{
	struct http_server *s = l->server;
	int fd = 0;

	if (s->spare_fd == -1)
		return;
	close(s->spare_fd);
	for (int i = 0; i < TURN_AWAY_MAX && fd != -1; i++) {
		fd = accept4(evconnlistener_get_fd(l->accepting), NULL, NULL, SOCK_CLOEXEC);
		if (fd != -1)
			close(fd);
	}
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Without a pause the level-triggered event would come back at once, with a core of its own. The
 * callbacks of an evconnlistener share their argument, and evhttp has put itself there: hence the
 * list. */
static void
listener_on_error(struct evconnlistener *accepting, void *evhttp)
{
	const int code = errno;
	struct http_listener *l;
	char text[128];

	(void)evhttp;
	l = TAILQ_FIRST(&accepting_listeners);
	while (l != NULL && l->accepting != accepting)
		l = TAILQ_NEXT(l, link_accepting);
	assert(l != NULL);
	if (code == EMFILE || code == ENFILE)
		listener_turn_away(l);
	evconnlistener_disable(accepting);
	loop_timer_set(l->resume, PAUSE_MS);
	evutil_snprintf(text, sizeof(text), "cannot accept connections: %s", strerror(code));
	http_server_tell_trouble(l->server, text);
}

static void
listener_copy_hosts(struct http_listener *l, const char *const *hosts)
{
	size_t count = 0;

	if (hosts == NULL)
		return;
	while (hosts[count] != NULL)
		count++;
	l->hosts = mem_array(count + 1, sizeof(*l->hosts));
	for (size_t i = 0; i < count; i++)
		l->hosts[i] = mem_dup_string(hosts[i]);
}

/* The guard decides; evhttp's own limits only stand behind it, a little wider. */
static struct evhttp *
listener_make_evhttp(struct http_listener *l)
{
	const struct http_conf *conf = &l->server->conf;
	struct evhttp *e = evhttp_new(loop_base(conf->loop));

	if (e == NULL)
		mem_exhausted();
	evhttp_set_allowed_methods(e, METHODS);
	evhttp_set_default_content_type(e, NULL);
	evhttp_set_max_headers_size(e, (ev_ssize_t)conf->limits.header_bytes * 2);
	evhttp_set_max_body_size(e, (ev_ssize_t)conf->limits.body_bytes);
	evhttp_set_bevcb(e, http_conn_make, l);
	evhttp_set_gencb(e, http_exchange_on_request, l);
	return e;
}

static struct http_listener *
listener_new(struct http_server *s, const struct http_listen *conf)
{
	struct http_listener *l = mem_alloc(sizeof(*l));

	l->server = s;
	l->kind = conf->kind;
	l->is_unix = conf->kind == HTTP_UNIX;
	l->is_reserved = l->is_unix || conf->kind == HTTP_MANAGEMENT;
	l->tls = conf->tls;
	l->resume = loop_timer_new(s->conf.loop, listener_on_resume, l);
	l->evhttp = listener_make_evhttp(l);
	listener_copy_hosts(l, conf->hosts);
	return l;
}

enum err
http_server_listen(struct http_server *s, const struct http_listen *conf, struct fault *f)
{
	struct http_listener *l;
	struct fault own = { .code = ERR_OK };
	int fd;

	assert(!s->draining);
	f = f != NULL ? f : &own;
	if (conf->tls && s->tls == NULL)
		return fault_set(f, ERR_MISCONFIGURED, "no certificate for %s", conf->address);
	l = listener_new(s, conf);
	fd = l->is_unix ? http_socket_open_unix(conf, l, f)
			: http_socket_open_tcp(conf->address, &l->port, f);
	if (fd == -1) {
		http_listener_free(l);
		return f->code;
	}
	l->accepting = evconnlistener_new(loop_base(s->conf.loop), NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (l->accepting == NULL)
		mem_exhausted();
	evconnlistener_set_error_cb(l->accepting, listener_on_error);
	l->bound = evhttp_bind_listener(l->evhttp, l->accepting);
	TAILQ_INSERT_TAIL(&s->listeners, l, link);
	TAILQ_INSERT_TAIL(&accepting_listeners, l, link_accepting);
	return ERR_OK;
}

/* The file goes only while it is ours: a successor may have put its own there. */
static void
listener_unlink(struct http_listener *l)
{
	struct stat st;

	if (l->path == NULL)
		return;
	if (lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	free(l->path);
	l->path = NULL;
}

void
http_listener_stop(struct http_listener *l)
{
	if (l->bound != NULL) {
		TAILQ_REMOVE(&accepting_listeners, l, link_accepting);
		evhttp_del_accept_socket(l->evhttp, l->bound);
	}
	l->bound = NULL;
	l->accepting = NULL;
	listener_unlink(l);
}

/* Its connections are gone. */
void
http_listener_free(struct http_listener *l)
{
	http_listener_stop(l);
	evhttp_free(l->evhttp);
	loop_timer_free(l->resume);
	for (size_t i = 0; l->hosts != NULL && l->hosts[i] != NULL; i++)
		free(l->hosts[i]);
	free(l->hosts);
	free(l);
}
