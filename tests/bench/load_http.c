/* A light HTTP load: prepared requests over keep-alive connections, one at a time on each.
 *
 *   load_http [-p MICROSECONDS] PORT CONNECTIONS REQUESTS [BODIES]
 *
 * REQUESTS holds any number of requests, each behind a line with its length in bytes. They are
 * dealt out in order to whichever connection is free. The answers' bodies go to BODIES in the order
 * of the requests, one a line. With -p a pause is made before each request; that wants one
 * connection. Prints {"count", "seconds", "p50_ms", "p99_ms", "statuses": {"201": n}}. Exit status
 * 1 when a connection breaks. On two cores the client's own cost counts: without BODIES nothing is
 * allocated or copied while it runs.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "seconds.h"

enum { REPLY_MAX = 64 * 1024, CONNECTIONS_MAX = 1024, STATUS_MAX = 600 };

struct request {
	const char *bytes;
	size_t len;
	char *body; /* of the answer, when bodies are kept */
	double ms;
};

struct connection {
	int fd;
	struct request *request;
	size_t sent;
	double started;
	char in[REPLY_MAX + 1];
	size_t used;
};

struct load {
	struct request *requests;
	size_t count, next, done;
	unsigned statuses[STATUS_MAX];
	int epoll;
	bool keep_bodies;
	useconds_t pause;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "load_http: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *
read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		die(path);
	rewind(f);
	text = mem_alloc((size_t)size + 1);
	*len = fread(text, 1, (size_t)size, f);
	text[*len] = '\0';
	fclose(f);
	return text;
}

static void
load_requests(struct load *l, char *text, size_t len)
{
	size_t room = 0;
	char *at = text, *end = text + len;

	while (at < end) {
		char *bytes;
		size_t size = strtoul(at, &bytes, 10);

		if (*bytes != '\n' || size == 0 || size > (size_t)(end - bytes - 1)) {
			errno = EINVAL;
			die("the requests");
		}
		if (l->count == room) {
			room = room == 0 ? 1024 : room * 2;
			l->requests = mem_resize(l->requests, room, sizeof(*l->requests));
		}
		l->requests[l->count++] = (struct request){ .bytes = bytes + 1, .len = size };
		at = bytes + 1 + size;
	}
}

static void
connection_open(struct connection *c, struct load *l, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("epoll");
}

/* Requests are far smaller than a socket's buffer: a blocking send never waits. */
static void
connection_send_next(struct connection *c, struct load *l)
{
	c->request = NULL;
	if (l->next == l->count)
		return;
	c->request = &l->requests[l->next++];
	if (l->pause > 0)
		usleep(l->pause);
	c->started = seconds_now();
	c->used = 0;
	for (c->sent = 0; c->sent < c->request->len;) {
		ssize_t n = send(
		    c->fd, c->request->bytes + c->sent, c->request->len - c->sent, MSG_NOSIGNAL);

		if (n <= 0)
			die("send");
		c->sent += (size_t)n;
	}
}

/* The length of a complete answer, 0 when more must come. */
static size_t
reply_length(const struct connection *c, const char **body)
{
	const char *end = strstr(c->in, "\r\n\r\n");
	size_t length = 0;

	if (end == NULL)
		return 0;
	for (const char *line = strstr(c->in, "\r\n"); line < end;
	     line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, "content-length:", 15) == 0)
			length = strtoul(line + 17, NULL, 10);
	}
	*body = end + 4;
	length += (size_t)(end + 4 - c->in);
	return c->used >= length ? length : 0;
}

static void
connection_finish(struct connection *c, struct load *l, const char *body, size_t body_len)
{
	unsigned long status = strtoul(c->in + sizeof("HTTP/1.1"), NULL, 10);

	assert(status < STATUS_MAX);
	l->statuses[status]++;
	l->done++;
	c->request->ms = (seconds_now() - c->started) * 1000;
	if (l->keep_bodies)
		c->request->body = mem_dup(body, body_len);
	connection_send_next(c, l);
}

static void
connection_read(struct connection *c, struct load *l)
{
	const char *body = NULL;
	ssize_t n = recv(c->fd, c->in + c->used, REPLY_MAX - c->used, 0);
	size_t length;

	if (n == 0 && c->request == NULL) {
		close(c->fd); /* idle: there is nothing left for it */
		return;
	}
	if (n <= 0 || c->request == NULL)
		die("the server broke a connection");
	c->used += (size_t)n;
	c->in[c->used] = '\0';
	length = reply_length(c, &body);
	if (length > 0)
		connection_finish(c, l, body, (size_t)(c->in + length - body));
	else if (c->used == REPLY_MAX)
		die("an answer is too long");
}

static void
load_run(struct load *l, struct connection *connections, size_t count)
{
	struct epoll_event events[64];

	for (size_t i = 0; i < count; i++)
		connection_send_next(&connections[i], l);
	while (l->done < l->count) {
		int n = epoll_wait(l->epoll, events, 64, 60 * 1000);

		if (n <= 0)
			die("no answer for a minute");
		for (int i = 0; i < n; i++)
			connection_read(events[i].data.ptr, l);
	}
}

static void
load_free(struct load *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->requests[i].body);
	free(l->requests);
	close(l->epoll);
}

static int
compare_ms(const void *a, const void *b)
{
	double x = ((const struct request *)a)->ms, y = ((const struct request *)b)->ms;

	return (x > y) - (x < y);
}

static void
write_bodies(const struct load *l, const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		die(path);
	for (size_t i = 0; i < l->count; i++)
		fprintf(f, "%s\n", l->requests[i].body);
	if (fclose(f) != 0)
		die(path);
}

static void
print_result(struct load *l, double seconds)
{
	const char *comma = "";

	qsort(l->requests, l->count, sizeof(*l->requests), compare_ms);
	printf("{\"count\": %zu, \"seconds\": %.6f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"statuses\": {",
	    l->count, seconds, l->requests[l->count / 2].ms, l->requests[l->count * 99 / 100].ms);
	for (unsigned status = 0; status < STATUS_MAX; status++) {
		if (l->statuses[status] > 0) {
			printf("%s\"%u\": %u", comma, status, l->statuses[status]);
			comma = ", ";
		}
	}
	puts("}}");
}

int
main(int argc, char **argv)
{
	struct load l = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct connection *connections;
	char *requests;
	size_t len, count;
	double begun, seconds;
	unsigned long port;

	if (argc > 2 && strcmp(argv[1], "-p") == 0) {
		l.pause = (useconds_t)strtoul(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	if (argc < 4 || argc > 5) {
		fprintf(stderr,
		    "usage: load_http [-p MICROSECONDS] PORT CONNECTIONS REQUESTS [BODIES]\n");
		return 2;
	}
	port = strtoul(argv[1], NULL, 10);
	count = strtoul(argv[2], NULL, 10);
	if (port == 0 || port > 65535 || count == 0 || count > CONNECTIONS_MAX ||
	    (l.pause > 0 && count != 1))
		return 2;
	requests = read_file(argv[3], &len);
	load_requests(&l, requests, len);
	if (l.count == 0)
		return 2;
	l.keep_bodies = argc == 5;
	connections = mem_array(count, sizeof(*connections));
	for (size_t i = 0; i < count; i++)
		connection_open(&connections[i], &l, (uint16_t)port);
	begun = seconds_now();
	load_run(&l, connections, count);
	seconds = seconds_now() - begun;
	if (l.keep_bodies)
		write_bodies(&l, argv[4]);
	print_result(&l, seconds);
	load_free(&l);
	free(connections);
	free(requests);
	return 0;
}
