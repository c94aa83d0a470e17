/* The life of connections: deadlines, caps, descriptors, the unix socket, TLS, and the end of a
 * server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "base/clock.h"
#include "http_rig.h"

static char reply[8192];

static void
a_deadline_is_absolute_and_answered(void **state)
{
	static const struct {
		const char *text; /* then one byte every 20 ms */
		int status;	  /* 0: closed without a word */
	} table[] = {
		{ "", 0 },
		{ "GET /hello HTTP/1.1\r\nHost: a\r\nX: ", 408 },
		{ "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", 408 },
		{ "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200 },
	};
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	limits.header_ms = limits.body_ms = 1000;
	limits.idle_ms = 1200;
	rig_start(&r, &limits, NULL, NULL);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t begin = clock_mono_ms(&clock_system), took;
		int fd = client_connect(r.port);
		char c;

		client_text(fd, table[i].text);
		while (table[i].status == 408 && recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 1) {
			client_text(fd, "x");
			usleep(20000);
		}
		assert_true(client_read_all(fd, reply, sizeof(reply)) >= 0);
		took = clock_mono_ms(&clock_system) - begin;
		assert_int_equal(client_status_of(reply), table[i].status);
		assert_in_range(took, 990, 9000);
		close(fd);
	}
	rig_stop(&r);
}

static void
a_client_that_takes_nothing_is_dropped(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd, small = 4096;

	(void)state;
	limits.idle_ms = 1000;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	client_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	while (r.accesses == 0 || rig_connections(&r) > 0)
		usleep(5000);
	close(fd);
	rig_stop(&r);
}

static void
a_held_exchange_has_no_deadline_of_the_connection(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	limits.header_ms = limits.body_ms = limits.idle_ms = 1000;
	rig_start(&r, &limits, NULL, NULL);
	fd = client_connect(r.port);
	client_text(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	sem_wait(&r.held);
	usleep(2500000);
	rig_answer(&r);
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	rig_stop(&r);
}

static void
connections_are_capped_for_a_source_and_in_total(void **state)
{
	struct http_limits limits = rig_limits();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig r;
		int fds[3];

		limits.connections = i == 0 ? 3 : 512;
		limits.connections_per_source = i == 0 ? 512 : 3;
		rig_start(&r, &limits, NULL, NULL);
		for (int j = 0; j < 3; j++) {
			fds[j] = client_connect(r.port);
			client_text(fds[j], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
			assert_int_equal(client_read_reply(fds[j], reply, sizeof(reply)), 200);
		}
		for (int j = 0; j < 3; j++) {
			int fd = client_connect(r.port);

			assert_int_equal(client_read_all(fd, reply, sizeof(reply)), 0);
			close(fd);
		}
		close(fds[0]);
		while (rig_connections(&r) != 2)
			usleep(1000);
		fds[0] = client_connect(r.port);
		client_text(fds[0], "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_int_equal(client_read_reply(fds[0], reply, sizeof(reply)), 200);
		for (int j = 0; j < 3; j++)
			close(fds[j]);
		rig_stop(&r);
	}
}

static void
exhausted_descriptors_are_told_once_and_service_resumes(void **state)
{
	struct http_limits limits = rig_limits();
	struct rlimit old, tight;
	int fds[16], hogs[256], hog_count = 0, fd;
	struct rusage before, after;
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	for (int i = 0; i < 16; i++)
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	tight.rlim_cur = 128;
	setrlimit(RLIMIT_NOFILE, &tight);
	while (hog_count < 256 && (hogs[hog_count] = open("/dev/null", O_RDONLY)) != -1)
		hog_count++;
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 16; i++) {
		struct sockaddr_in sin = client_address(r.port);

		assert_int_equal(connect(fds[i], (struct sockaddr *)&sin, sizeof(sin)), 0);
	}
	/* Each is taken off the queue and closed. Ours stay: a free descriptor would let one in. */
	for (int i = 0; i < 16; i++)
		assert_true(client_read_all(fds[i], reply, sizeof(reply)) <= 0);
	usleep(300000);
	getrusage(RUSAGE_SELF, &after);
	for (int i = 0; i < 16; i++)
		close(fds[i]);
	while (hog_count > 0)
		close(hogs[--hog_count]);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(r.troubles, 1);
	assert_true(after.ru_stime.tv_sec - before.ru_stime.tv_sec < 2);
	fd = client_connect(r.port);
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	rig_stop(&r);
}

static void
a_drained_server_finishes_what_runs(void **state)
{
	struct http_limits limits = rig_limits();
	struct sockaddr_in sin;
	int idle, busy, refused;
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	idle = client_connect(r.port);
	client_text(idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(client_read_reply(idle, reply, sizeof(reply)), 200);
	busy = client_connect(r.port);
	client_text(busy, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	sem_wait(&r.held);
	rig_drain(&r);
	assert_int_equal(client_read_all(idle, reply, sizeof(reply)), 0);
	assert_int_equal(r.drained, 0);
	refused = socket(AF_INET, SOCK_STREAM, 0);
	sin = client_address(r.port);
	assert_int_equal(connect(refused, (struct sockaddr *)&sin, sizeof(sin)), -1);
	rig_answer(&r);
	assert_true(client_read_all(busy, reply, sizeof(reply)) > 0);
	assert_non_null(strstr(reply, "Connection: close\r\n"));
	assert_non_null(strstr(reply, "at last"));
	while (r.drained == 0)
		usleep(1000);
	rig_connections(&r);
	assert_int_equal(r.drained, 1);
	close(idle);
	close(busy);
	close(refused);
	rig_stop(&r);
}

static void
an_idle_server_is_drained_at_once(void **state)
{
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	rig_start(&r, &limits, NULL, NULL);
	rig_drain(&r);
	while (r.drained == 0)
		usleep(1000);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_absolute_and_answered),
		cmocka_unit_test(a_client_that_takes_nothing_is_dropped),
		cmocka_unit_test(a_held_exchange_has_no_deadline_of_the_connection),
		cmocka_unit_test(connections_are_capped_for_a_source_and_in_total),
		cmocka_unit_test(exhausted_descriptors_are_told_once_and_service_resumes),
		cmocka_unit_test(a_drained_server_finishes_what_runs),
		cmocka_unit_test(an_idle_server_is_drained_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
