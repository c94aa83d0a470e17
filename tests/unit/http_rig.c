#include "http_rig.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/mem.h"

enum { CLIENT_WAIT_S = 10, ALL = 1 << HTTP_CONTROL | 1 << HTTP_UNIX };

static enum err
rig_on_hello(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *q = http_request_of(x);
	struct rig *r = ctx;

	(void)f;
	r->peer_uid = (int)q->peer_uid;
	r->peer_pid = q->peer_pid;
	r->peer_group_count = (int)q->peer_group_count;
	r->peer_last_group =
	    q->peer_group_count > 0 ? (int)q->peer_groups[q->peer_group_count - 1] : -1;
	http_reply(x, 200, "text/plain", "hello", 5);
	return ERR_OK;
}

static enum err
rig_on_echo(struct http_exchange *x, void *ctx, struct fault *f)
{
	const struct http_request *r = http_request_of(x);

	(void)ctx, (void)f;
	http_reply(x, 201, "text/plain", r->body, r->body_len);
	return ERR_OK;
}

static enum err
rig_on_big(struct http_exchange *x, void *ctx, struct fault *f)
{
	char *big = mem_alloc(RIG_BIG);

	(void)ctx, (void)f;
	memset(big, 'b', RIG_BIG);
	http_reply(x, 200, "text/plain", big, RIG_BIG);
	free(big);
	return ERR_OK;
}

static enum err
rig_on_user(struct http_exchange *x, void *ctx, struct fault *f)
{
	const char *id = http_request_of(x)->captures[0];

	(void)ctx, (void)f;
	http_reply(x, 200, "text/plain", id, strlen(id));
	return ERR_OK;
}

static enum err
rig_on_taken(struct http_exchange *x, void *ctx, struct fault *f)
{
	char *body = mem_alloc(RIG_TAKEN);

	(void)ctx, (void)f;
	memset(body, 't', RIG_TAKEN);
	http_reply_take(x, 200, "text/plain", body, RIG_TAKEN);
	return ERR_OK;
}

static enum err
rig_on_hold(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct rig *r = ctx;

	(void)f;
	assert(r->waiting == NULL);
	r->waiting = x;
	http_hold(x);
	sem_post(&r->held);
	return ERR_OK;
}

static enum err
rig_on_fail(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)x, (void)ctx;
	return fault_set(f, ERR_BUSY, "too much to do");
}

static enum err
rig_on_stream(struct http_exchange *x, void *ctx, struct fault *f)
{
	struct rig *r = ctx;

	return r->on_stream(x, r, f);
}

static enum err
rig_on_gone(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)ctx, (void)f;
	http_reply(x, 204, NULL, NULL, 0);
	return ERR_OK;
}

static const struct http_route routes[] = {
	{ HTTP_GET, "/hello", ALL, rig_on_hello, NULL, false },
	{ HTTP_POST, "/echo", ALL, rig_on_echo, "text/plain application/json", false },
	{ HTTP_GET, "/taken", ALL, rig_on_taken, NULL, false },
	{ HTTP_GET, "/big", ALL, rig_on_big, NULL, false },
	{ HTTP_GET, "/users/me", ALL, rig_on_hello, NULL, false },
	{ HTTP_GET, "/users/{id}", ALL, rig_on_user, NULL, false },
	{ HTTP_DELETE | HTTP_PATCH, "/users/{id}", ALL, rig_on_gone, "application/json", false },
	{ HTTP_GET | HTTP_POST, "/hold", ALL, rig_on_hold, "text/plain", false },
	{ HTTP_GET, "/fail", ALL, rig_on_fail, NULL, false },
	{ HTTP_GET, "/stream", ALL, rig_on_stream, NULL, false },
	{ HTTP_GET, "/elsewhere", 1 << HTTP_PUBLIC, rig_on_hello, NULL, false },
	{ .pattern = NULL },
};

static void
rig_on_error(struct http_exchange *x, void *ctx, enum err code, const struct fault *f)
{
	(void)ctx;
	assert(code == ERR_BUSY);
	http_reply_problem(x, 503, NULL, f->text, ",\"retry\":true");
}

static void
rig_on_access(void *ctx, const struct http_request *request, const char *route, int status,
    size_t bytes, int64_t ms)
{
	struct rig *r = ctx;

	(void)request, (void)bytes;
	assert(route != NULL && ms >= 0);
	r->last_status = status;
	r->accesses++;
}

static void
rig_on_trouble(void *ctx, const char *text)
{
	struct rig *r = ctx;

	assert(strstr(text, "open files") != NULL);
	r->troubles++;
}

struct http_limits
rig_limits(void)
{
	return (struct http_limits){
		.header_bytes = 16384,
		.header_fields = 64,
		.body_bytes = 65536,
		.header_ms = 10000,
		.body_ms = 30000,
		.idle_ms = 60000,
		.connections = 512,
		.connections_per_source = 512,
	};
}

static void *
rig_main(void *arg)
{
	struct rig *r = arg;

	loop_run(r->loop);
	return NULL;
}

static void
rig_open(struct rig *r, const struct http_limits *limits, const char *cert, const char *key)
{
	struct fault f;

	r->set = (struct http_route_set){ .routes = routes, .ctx = r };
	r->loop = loop_new();
	sem_init(&r->turn, 0, 0);
	sem_init(&r->held, 0, 0);
	r->server = http_server_new(&(struct http_conf){
	    .loop = r->loop,
	    .sets = &r->set,
	    .set_count = 1,
	    .ctx = r,
	    .proxies = r->proxies,
	    .proxy_header = r->proxy_header,
	    .limits = *limits,
	    .on_error = rig_on_error,
	    .on_access = rig_on_access,
	    .on_trouble = rig_on_trouble,
	});
	if (cert != NULL && http_server_set_tls(r->server, cert, key, &f) != ERR_OK)
		abort();
	if (http_server_listen(r->server, &r->listen, &f) != ERR_OK)
		abort();
	r->port = http_server_port(r->server, HTTP_CONTROL);
	pthread_create(&r->thread, NULL, rig_main, r);
}

static void
rig_start_tcp(struct rig *r, const struct http_limits *limits, const char *cert, const char *key)
{
	static const char *const hosts[] = { "a", "a.example:8460", NULL };

	r->listen = (struct http_listen){
		.kind = HTTP_CONTROL,
		.address = "127.0.0.1:0",
		.tls = cert != NULL,
		.hosts = hosts,
	};
	rig_open(r, limits, cert, key);
}

void
rig_start(struct rig *r, const struct http_limits *limits, const char *cert, const char *key)
{
	memset(r, 0, sizeof(*r));
	rig_start_tcp(r, limits, cert, key);
}

void
rig_start_behind(struct rig *r, const struct http_limits *limits, const char *const *proxies,
    enum http_proxy_header header)
{
	memset(r, 0, sizeof(*r));
	r->proxies = proxies;
	r->proxy_header = header;
	rig_start_tcp(r, limits, NULL, NULL);
}

void
rig_start_unix(struct rig *r, const struct http_limits *limits, const char *path, mode_t mode)
{
	memset(r, 0, sizeof(*r));
	r->listen = (struct http_listen){
		.kind = HTTP_UNIX, .address = path, .mode = mode, .group = (gid_t)-1
	};
	rig_open(r, limits, NULL, NULL);
}

struct call {
	struct rig *rig;
	void (*fn)(struct rig *r, void *arg);
	void *arg;
};

static void
rig_on_call(void *arg)
{
	struct call *c = arg;

	c->fn(c->rig, c->arg);
	sem_post(&c->rig->turn);
}

void
rig_call(struct rig *r, void (*fn)(struct rig *r, void *arg), void *arg)
{
	struct call c = { r, fn, arg };

	loop_post(r->loop, rig_on_call, &c);
	sem_wait(&r->turn);
}

static void
rig_do_answer(struct rig *r, void *arg)
{
	struct http_exchange *x = r->waiting;

	(void)arg;
	r->waiting = NULL;
	http_reply(x, 200, "text/plain", "at last", 7);
}

void
rig_answer(struct rig *r)
{
	rig_call(r, rig_do_answer, NULL);
}

static void
rig_on_drained(void *arg)
{
	struct rig *r = arg;

	r->drained++;
}

static void
rig_do_drain(struct rig *r, void *arg)
{
	(void)arg;
	http_server_drain(r->server, rig_on_drained, r);
	assert(r->drained == 0);
}

void
rig_drain(struct rig *r)
{
	rig_call(r, rig_do_drain, NULL);
}

static void
rig_do_kill(struct rig *r, void *arg)
{
	(void)arg;
	http_server_free(r->server);
	r->server = NULL;
}

void
rig_kill_server(struct rig *r)
{
	rig_call(r, rig_do_kill, NULL);
}

static void
rig_do_count(struct rig *r, void *arg)
{
	*(size_t *)arg = http_server_connections(r->server);
}

size_t
rig_connections(struct rig *r)
{
	size_t count;

	rig_call(r, rig_do_count, &count);
	return count;
}

static void
rig_do_stop(struct rig *r, void *arg)
{
	(void)arg;
	http_server_free(r->server);
	loop_stop(r->loop);
}

void
rig_stop(struct rig *r)
{
	rig_call(r, rig_do_stop, NULL);
	pthread_join(r->thread, NULL);
	assert(r->waiting == NULL);
	loop_free(r->loop);
	sem_destroy(&r->turn);
	sem_destroy(&r->held);
}

struct sockaddr_in
client_address(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int
client_connect(int port)
{
	struct sockaddr_in sin = client_address(port);
	struct timeval wait = { .tv_sec = CLIENT_WAIT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert(fd != -1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0)
		abort();
	return fd;
}

/* The server may close while we still send: that is no failure of the client. */
void
client_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

void
client_text(int fd, const char *text)
{
	client_send(fd, text, strlen(text));
}

ssize_t
client_read_all(int fd, char *out, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, out + len, max - 1 - len, 0)) > 0 && len + (size_t)n < max - 1)
		len += (size_t)n;
	if (n > 0)
		len += (size_t)n;
	out[len] = '\0';
	return n >= 0 ? (ssize_t)len : -1;
}

int
client_status_of(const char *reply)
{
	return strncmp(reply, "HTTP/1.", 7) == 0 ? atoi(reply + 9) : 0;
}

int
client_read_reply(int fd, char *out, size_t max)
{
	size_t len = 0, want = 0;

	while (want == 0 || len < want) {
		const char *end, *length;

		assert(len + 1 < max);
		/* A byte at a time: the next reply stays in the socket. */
		if (recv(fd, out + len, 1, 0) != 1)
			return 0;
		out[++len] = '\0';
		end = want == 0 ? strstr(out, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		length = strstr(out, "\r\nContent-Length: ");
		want = len + (length != NULL ? (size_t)atol(length + 18) : 0);
	}
	return client_status_of(out);
}
