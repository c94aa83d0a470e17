#include "dir_proxy.h"

#include "dir_rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 32, CHUNK = 65536, SEEN_MAX = 4 << 20 };

struct pair {
	int client, server;
	bool swallows; /* the next thing the server says is the end */
	bool lies;     /* we are the server */
	bool strips;   /* at StartTLS; until then */
};

static struct {
	pthread_t thread;
	int listener, server_port, stop[2];
	struct pair pairs[PAIRS_MAX];
	size_t count;
	_Atomic int request, left, swallowed, awaited;
	void (*happens)(void); /* written before `awaited` */
	const char *who;       /* written before `says_yes` */
	_Atomic bool says_yes;
	_Atomic int strip;    /* -1: nothing is stripped */
	pthread_mutex_t lock; /* of what was seen */
	unsigned char *seen;
	size_t seen_len;
} proxy = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct sockaddr_in
loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Where the message id stands; 0: this is no message. libldap writes one request at a time, and a
 * small one whole. */
static size_t
request_id(const unsigned char *p, size_t len)
{
	size_t at = 2;

	if (len < 8 || p[0] != 0x30)
		return 0;
	if (p[1] > 0x80)
		at += p[1] & 0x7f;
	return at + 1 < len && p[at] == 0x02 ? at : 0;
}

static int
request_tag(const unsigned char *p, size_t len)
{
	size_t at = request_id(p, len);

	if (at == 0)
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

static bool
bytes_have(const unsigned char *bytes, size_t len, const char *words)
{
	return len > 0 && memmem(bytes, len, words, strlen(words)) != NULL;
}

static void
proxy_remember(const unsigned char *bytes, size_t len)
{
	pthread_mutex_lock(&proxy.lock);
	if (proxy.seen_len + len <= SEEN_MAX) {
		memcpy(proxy.seen + proxy.seen_len, bytes, len);
		proxy.seen_len += len;
	}
	pthread_mutex_unlock(&proxy.lock);
}

/* The final answer to this request (RFC 4511 section 4.1.9), with a response value or none. */
static bool
pair_answer(struct pair *p, const unsigned char *request, size_t len, unsigned char tag, int result,
    const char *value)
{
	size_t id = request_id(request, len), id_len = 2u + request[id + 1], at = 2;
	size_t value_len = value != NULL ? strlen(value) : 0, extra = value != NULL ? 2 : 0;
	unsigned char out[256];

	assert_true(id_len + value_len < 100);
	out[0] = 0x30;
	memcpy(out + at, request + id, id_len);
	at += id_len;
	out[at++] = tag;
	out[at++] = (unsigned char)(7 + extra + value_len);
	memcpy(out + at, (unsigned char[]){ 0x0a, 1, (unsigned char)result, 4, 0, 4, 0 }, 7);
	at += 7;
	if (value != NULL) {
		out[at++] = 0x8b;
		out[at++] = (unsigned char)value_len;
		for (size_t i = 0; i < value_len; i++)
			out[at++] = (unsigned char)value[i];
	}
	out[1] = (unsigned char)(at - 2);
	return pass_on(p->client, out, (ssize_t)at);
}

/* In the server's place, when that is ours to take. False: the server is to have it. */
static bool
pair_is_ours(struct pair *p, const unsigned char *bytes, size_t len, int tag, bool *goes_on)
{
	if (tag == PROXY_BIND && atomic_load(&proxy.says_yes) &&
	    !bytes_have(bytes, len, "cn=usherd,")) {
		p->lies = true;
		*goes_on = pair_answer(p, bytes, len, 0x61, 0, NULL);
	} else if (p->lies && tag == PROXY_EXTENDED)
		*goes_on = pair_answer(p, bytes, len, 0x78, 0, proxy.who);
	else if (p->lies)
		*goes_on = false;
	else if (p->strips && tag == PROXY_EXTENDED) {
		p->strips = false;
		*goes_on = pair_answer(p, bytes, len, 0x78, atomic_load(&proxy.strip), NULL);
	} else
		return false;
	return true;
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
	if (len > 0) {
		int tag = request_tag(bytes, (size_t)len);
		bool goes_on;

		proxy_remember(bytes, (size_t)len);
		pair_note(p, tag);
		if (pair_is_ours(p, bytes, (size_t)len, tag, &goes_on))
			return goes_on;
	}
	return pass_on(p->server, bytes, len);
}

static void
pair_open(void)
{
	struct sockaddr_in to = loopback(proxy.server_port);
	struct pair *p = &proxy.pairs[proxy.count];

	if (proxy.count == PAIRS_MAX)
		return;
	p->swallows = p->lies = false;
	p->strips = atomic_load(&proxy.strip) >= 0;
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
	atomic_store(&proxy.says_yes, false);
	atomic_store(&proxy.strip, -1);
	proxy.seen_len = 0;
	proxy.seen = malloc(SEEN_MAX);
	assert_non_null(proxy.seen);
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
	free(proxy.seen);
	proxy.seen = NULL;
}

void
proxy_say_yes(const char *who)
{
	proxy.who = who;
	atomic_store(&proxy.says_yes, true);
}

void
proxy_strip_tls(int result)
{
	atomic_store(&proxy.strip, result);
}

bool
proxy_saw(const char *words)
{
	bool saw;

	pthread_mutex_lock(&proxy.lock);
	saw = bytes_have(proxy.seen, proxy.seen_len, words);
	pthread_mutex_unlock(&proxy.lock);
	return saw;
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
