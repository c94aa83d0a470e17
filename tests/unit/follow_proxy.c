/* Something between us and the server that stops passing on, as a firewall or a hung server does.
 */
#include "follow_rig.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAIRS_MAX = 64 };

static struct {
	pthread_t thread;
	int listener, stop[2], port;
	_Atomic size_t most;
	_Atomic(const char *) word;
	_Atomic bool has_stopped;
	struct {
		int client, server;
		size_t passed;
		bool stopped;
	} pair[PAIRS_MAX];
	size_t count;
} proxy;

static int
dial(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
hang_up(size_t i)
{
	close(proxy.pair[i].client);
	close(proxy.pair[i].server);
	proxy.pair[i].client = proxy.pair[i].server = -1;
}

/* False: that end is gone. */
static bool
pass_on(int from, int to, size_t most, size_t *passed, bool *stopped)
{
	const char *word = atomic_load(&proxy.word);
	char bytes[4096];
	ssize_t n = read(from, bytes, most < sizeof(bytes) ? most : sizeof(bytes));

	if (n <= 0)
		return false;
	if (stopped != NULL && word != NULL &&
	    memmem(bytes, (size_t)n, word, strlen(word)) != NULL) {
		*stopped = true;
		atomic_store(&proxy.has_stopped, true);
		return true;
	}
	*passed += (size_t)n;
	return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void
proxy_accept(void)
{
	int client = accept(proxy.listener, NULL, NULL);

	if (client < 0 || proxy.count == PAIRS_MAX) {
		close(client);
		return;
	}
	proxy.pair[proxy.count].client = client;
	proxy.pair[proxy.count].server = dial(proxy.port);
	proxy.pair[proxy.count].passed = 0;
	proxy.pair[proxy.count].stopped = false;
	if (proxy.pair[proxy.count].server < 0)
		hang_up(proxy.count);
	proxy.count++;
}

static void
proxy_serve(size_t i, short client, short server)
{
	size_t most = atomic_load(&proxy.most), ignored = 0;
	size_t left = most - proxy.pair[i].passed;
	bool lives = true;

	if (client != 0)
		lives = pass_on(proxy.pair[i].client, proxy.pair[i].server, SIZE_MAX, &ignored,
		    &proxy.pair[i].stopped);
	if (lives && server != 0 && left > 0)
		lives = pass_on(
		    proxy.pair[i].server, proxy.pair[i].client, left, &proxy.pair[i].passed, NULL);
	if (!lives)
		hang_up(i);
}

static void *
proxy_main(void *arg)
{
	struct pollfd p[2 + 2 * PAIRS_MAX];

	(void)arg;
	for (;;) {
		size_t most = atomic_load(&proxy.most), count = proxy.count;

		p[0] = (struct pollfd){ .fd = proxy.stop[0], .events = POLLIN };
		p[1] = (struct pollfd){ .fd = proxy.listener, .events = POLLIN };
		for (size_t i = 0; i < count; i++) {
			bool full = proxy.pair[i].passed >= most || proxy.pair[i].stopped;

			p[2 + 2 * i] =
			    (struct pollfd){ .fd = proxy.pair[i].client, .events = POLLIN };
			p[3 + 2 * i] = (struct pollfd){ .fd = full ? -1 : proxy.pair[i].server,
				.events = POLLIN };
		}
		poll(p, 2 + 2 * count, -1);
		if (p[0].revents != 0) {
			char word;

			if (read(proxy.stop[0], &word, 1) != 1 || word == 'q')
				break;
			for (size_t i = 0; word == 'f' && i < proxy.count; i++)
				proxy.pair[i].passed = SIZE_MAX;
			continue; /* the bound has changed */
		}
		for (size_t i = 0; i < count; i++)
			proxy_serve(i, p[2 + 2 * i].revents, p[3 + 2 * i].revents);
		if (p[1].revents != 0)
			proxy_accept();
	}
	while (proxy.count > 0)
		if (proxy.pair[--proxy.count].client >= 0)
			hang_up(proxy.count);
	return NULL;
}

int
follow_proxy_start(int to_port, size_t most)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int port = rig_free_port(), on = 1;

	sa.sin_port = htons((uint16_t)port);
	proxy.port = to_port;
	atomic_store(&proxy.most, most);
	atomic_store(&proxy.word, NULL);
	atomic_store(&proxy.has_stopped, false);
	proxy.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(proxy.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(proxy.listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(proxy.listener, 64), 0);
	assert_int_equal(pipe(proxy.stop), 0);
	assert_int_equal(pthread_create(&proxy.thread, NULL, proxy_main, NULL), 0);
	return port;
}

void
follow_proxy_stop_at(const char *word)
{
	atomic_store(&proxy.word, word);
}

bool
follow_proxy_has_stopped(void)
{
	return atomic_load(&proxy.has_stopped);
}

void
follow_proxy_forget(void)
{
	atomic_store(&proxy.most, 0);
	assert_int_equal(write(proxy.stop[1], "f", 1), 1);
}

void
follow_proxy_release(void)
{
	atomic_store(&proxy.most, SIZE_MAX);
	assert_int_equal(write(proxy.stop[1], "r", 1), 1);
}

void
follow_proxy_stop(void)
{
	assert_int_equal(write(proxy.stop[1], "q", 1), 1);
	pthread_join(proxy.thread, NULL);
	close(proxy.stop[0]);
	close(proxy.stop[1]);
	close(proxy.listener);
}
