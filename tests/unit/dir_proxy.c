#include "dir_proxy.h"

#include "dir_rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 32, CHUNK = 65536 };

struct pair {
	int client, server;
	bool swallows; /* the next thing the server says is the end */
};

static struct {
	pthread_t thread;
	int listener, server_port, stop[2];
	struct pair pairs[PAIRS_MAX];
	size_t count;
	_Atomic int request, left, swallowed, awaited;
	void (*happens)(void); /* written before `awaited` */
} proxy;

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* The tag behind the message id. libldap writes one request at a time, and a small one whole. */
static int
request_tag(const unsigned char *p, size_t len)
{
	size_t at = 2;

	if (len < 8 || p[0] != 0x30)
		return PROXY_NONE;
	if (p[1] > 0x80)
		at += p[1] & 0x7f;
	if (at + 1 >= len || p[at] != 0x02)
		return PROXY_NONE;
	at += 2 + p[at + 1];
	return at < len ? p[at] : PROXY_NONE;
}

static bool
pass_on(int to, const unsigned char *bytes, ssize_t len)
{
	for (ssize_t done = 0; done < len;) {
		ssize_t n = send(to, bytes + done, (size_t)(len - done), MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		done += n;
	}
	return len > 0;
}

/* What was asked to be done about this request. */
static void
pair_note(struct pair *p, int tag)
{
	if (tag == PROXY_NONE)
		return;
	if (tag == atomic_load(&proxy.awaited)) {
		atomic_store(&proxy.awaited, PROXY_NONE);
		proxy.happens();
	}
	if (tag == atomic_load(&proxy.request) && atomic_load(&proxy.left) > 0 &&
	    atomic_fetch_sub(&proxy.left, 1) == 1)
		p->swallows = true;
}

/* False: the pair has ended. */
static bool
pair_step(struct pair *p, bool from_client, bool from_server)
{
	unsigned char bytes[CHUNK];
	ssize_t len;

	if (from_server && p->swallows) {
		atomic_fetch_add(&proxy.swallowed, 1);
		return false;
	}
	if (from_server) {
		len = recv(p->server, bytes, sizeof(bytes), 0);
		if (!pass_on(p->client, bytes, len))
			return false;
	}
	if (!from_client)
		return true;
	len = recv(p->client, bytes, sizeof(bytes), 0);
	if (len > 0)
		pair_note(p, request_tag(bytes, (size_t)len));
	return pass_on(p->server, bytes, len);
}

static void
pair_open(void)
{
	struct sockaddr_in to = loopback(proxy.server_port);
	struct pair *p = &proxy.pairs[proxy.count];

	if (proxy.count == PAIRS_MAX)
		return;
	p->swallows = false;
	p->client = accept(proxy.listener, NULL, NULL);
	p->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->client >= 0 && connect(p->server, (struct sockaddr *)&to, sizeof(to)) == 0) {
		proxy.count++;
		return;
	}
	close(p->client);
	close(p->server);
}

static void *
proxy_main(void *arg)
{
	struct pollfd polled[2 + 2 * PAIRS_MAX];

	(void)arg;
	for (;;) {
		size_t count = proxy.count;

		polled[0] = (struct pollfd){ .fd = proxy.listener, .events = POLLIN };
		polled[1] = (struct pollfd){ .fd = proxy.stop[0], .events = POLLIN };
		for (size_t i = 0; i < count; i++) {
			polled[2 + 2 * i] =
			    (struct pollfd){ .fd = proxy.pairs[i].client, .events = POLLIN };
			polled[3 + 2 * i] =
			    (struct pollfd){ .fd = proxy.pairs[i].server, .events = POLLIN };
		}
		poll(polled, 2 + 2 * count, -1);
		if (polled[1].revents != 0)
			break;
		for (size_t i = count; i-- > 0;) {
			struct pair *p = &proxy.pairs[i];

			if (pair_step(
				p, polled[2 + 2 * i].revents != 0, polled[3 + 2 * i].revents != 0))
				continue;
			close(p->client);
			close(p->server);
			*p = proxy.pairs[--proxy.count];
		}
		if (polled[0].revents != 0)
			pair_open();
	}
	while (proxy.count > 0) {
		proxy.count--;
		close(proxy.pairs[proxy.count].client);
		close(proxy.pairs[proxy.count].server);
	}
	return NULL;
}

int
proxy_start(int server_port)
{
	int port = rig_free_port(), on = 1;
	struct sockaddr_in here = loopback(port);

	proxy.server_port = server_port;
	proxy.count = 0;
	atomic_store(&proxy.left, 0);
	atomic_store(&proxy.swallowed, 0);
	atomic_store(&proxy.awaited, PROXY_NONE);
	proxy.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(proxy.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(proxy.listener, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(proxy.listener, PAIRS_MAX), 0);
	assert_int_equal(pipe(proxy.stop), 0);
	assert_int_equal(pthread_create(&proxy.thread, NULL, proxy_main, NULL), 0);
	return port;
}

void
proxy_stop(void)
{
	assert_int_equal(write(proxy.stop[1], "x", 1), 1);
	pthread_join(proxy.thread, NULL);
	close(proxy.stop[0]);
	close(proxy.stop[1]);
	close(proxy.listener);
}

void
proxy_swallow(enum proxy_request request, int nth)
{
	atomic_store(&proxy.request, (int)request);
	atomic_store(&proxy.left, nth);
}

void
proxy_before(enum proxy_request request, void (*happens)(void))
{
	proxy.happens = happens;
	atomic_store(&proxy.awaited, (int)request);
}

int
proxy_swallowed(void)
{
	return atomic_load(&proxy.swallowed);
}
