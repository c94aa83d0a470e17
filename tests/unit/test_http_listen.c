/* Where a server listens: the unix socket with its file and peer, addresses that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <cmocka.h>

#include "http/http_private.h"
#include "base/address.h"
#include "base/clock.h"
#include "http_rig.h"

static char reply[8192];
static char dir[] = "/tmp/http-listen-XXXXXX";

static int
connect_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct second {
	const char *path;
	enum err code;
};

static void
try_second(struct rig *r, void *arg)
{
	struct second *second = arg;
	struct fault f;

	second->code = http_server_listen(r->server,
	    &(struct http_listen){
		.kind = HTTP_UNIX, .address = second->path, .mode = 0600, .group = (gid_t)-1 },
	    &f);
}

static void
the_unix_socket_knows_its_peer_and_its_place(void **state)
{
	struct second second;
	char path[64], other[64];
	mode_t old_mask;
	struct stat st;
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/sock", dir);
	snprintf(other, sizeof(other), "%s/file", dir);
	old_mask = umask(077);
	rig_start_unix(&r, &limits, path, 0620);
	umask(old_mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0620);
	fd = connect_unix(path);
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: whatever\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	assert_int_equal(r.peer_uid, (int)getuid());
	assert_int_equal(r.peer_pid, getpid());

	second.path = path;
	rig_call(&r, try_second, &second);
	assert_int_equal(second.code, ERR_CONFLICT);
	close(open(other, O_WRONLY | O_CREAT, 0600));
	second.path = other;
	rig_call(&r, try_second, &second);
	assert_int_equal(second.code, ERR_MISCONFIGURED);
	unlink(other);
	rig_stop(&r);
	assert_int_equal(stat(path, &st), -1);
}

/* Only root can choose its groups; others compare with what they have. */
static void
a_peer_comes_with_its_groups(void **state)
{
	static gid_t old[1024], many[HTTP_PEER_GROUPS_MAX + 1];
	int old_count = getgroups(1024, old);
	char path[64];
	struct http_limits limits = rig_limits();
	struct rig r;

	(void)state;
	for (size_t i = 0; i <= HTTP_PEER_GROUPS_MAX; i++)
		many[i] = (gid_t)(4000 + i);
	snprintf(path, sizeof(path), "%s/groups", dir);
	rig_start_unix(&r, &limits, path, 0600);
	for (int wanted = HTTP_PEER_GROUPS_MAX - 1; wanted <= HTTP_PEER_GROUPS_MAX + 1; wanted++) {
		bool chosen = geteuid() == 0 && setgroups((size_t)wanted, many) == 0;
		int count = chosen ? wanted : old_count, last = -1, fd = connect_unix(path);

		if (count > HTTP_PEER_GROUPS_MAX)
			count = 0;
		else if (count > 0)
			last = (int)(chosen ? many[count - 1] : old[count - 1]);
		client_text(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
		close(fd);
		assert_int_equal(r.peer_group_count, count);
		assert_int_equal(r.peer_last_group, last);
	}
	if (geteuid() == 0)
		assert_int_equal(setgroups((size_t)old_count, old), 0);
	rig_stop(&r);
}

static void
the_socket_file_of_a_dead_instance_is_replaced(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct http_limits limits = rig_limits();
	struct rig r;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/stale", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	rig_start_unix(&r, &limits, sun.sun_path, 0600);
	fd = connect_unix(sun.sun_path);
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	close(fd);
	rig_stop(&r);
}

static void
add_listener(struct rig *r, void *arg)
{
	struct fault f;

	assert_int_equal(http_server_listen(r->server, arg, &f), ERR_OK);
}

/* 404 is an answer too: the rig has no route here. */
static bool
is_answered(int fd)
{
	client_text(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	return client_read_reply(fd, reply, sizeof(reply)) != 0;
}

static void
a_crowd_elsewhere_leaves_operators_their_connections(void **state)
{
	struct http_limits limits = rig_limits();
	struct http_listen management = { .kind = HTTP_MANAGEMENT, .address = "127.0.0.1:0" };
	struct http_listen local = { .kind = HTTP_UNIX, .mode = 0600, .group = (gid_t)-1 };
	int crowd[3], reserve[HTTP_RESERVE], port, fd;
	char path[64];
	struct rig r;

	(void)state;
	snprintf(path, sizeof(path), "%s/reserve", dir);
	local.address = path;
	limits.connections = limits.connections_per_source = 3;
	rig_start(&r, &limits, NULL, NULL);
	rig_call(&r, add_listener, &management);
	rig_call(&r, add_listener, &local);
	port = http_server_port(r.server, HTTP_MANAGEMENT);
	for (size_t i = 0; i < 3; i++)
		assert_true(is_answered(crowd[i] = client_connect(r.port)));
	fd = client_connect(r.port);
	assert_false(is_answered(fd));
	close(fd);
	for (size_t i = 0; i < HTTP_RESERVE; i++)
		assert_true(is_answered(reserve[i] = client_connect(port)));
	fd = client_connect(port);
	assert_false(is_answered(fd));
	close(fd);
	fd = connect_unix(path);
	assert_true(is_answered(fd));
	close(fd);
	for (size_t i = 0; i < HTTP_RESERVE; i++)
		close(reserve[i]);
	for (size_t i = 0; i < 3; i++)
		close(crowd[i]);
	rig_stop(&r);
}

static void
count_trouble(void *ctx, const char *text)
{
	assert_non_null(strstr(text, "600 open files"));
	++*(int *)ctx;
}

static void
connections_stay_below_the_limit_of_open_files(void **state)
{
	struct rlimit old, tight;
	struct loop *loop = loop_new();
	struct http_server *s;
	int troubles = 0;
	struct http_conf conf = {
		.loop = loop, .limits = rig_limits(), .ctx = &troubles, .on_trouble = count_trouble
	};

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	tight.rlim_cur = 600;
	setrlimit(RLIMIT_NOFILE, &tight);
	s = http_server_new(&conf);
	assert_int_equal(s->conf.limits.connections, 600 - 256);
	assert_int_equal(troubles, 1);
	http_server_free(s);
	conf.limits.connections = 600 - 256;
	s = http_server_new(&conf);
	assert_int_equal(s->conf.limits.connections, 600 - 256);
	assert_int_equal(troubles, 1);
	http_server_free(s);
	setrlimit(RLIMIT_NOFILE, &old);
	loop_free(loop);
}

static void
listeners_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[] = { "127.0.0.1", "127.0.0.1:", "localhost:80", "::1:80",
		"[127.0.0.1]:80", "127.0.0.1:65536", "127.0.0.1:8x", "", ":80", "192.0.2.1:1" };
	struct http_limits limits = rig_limits();
	struct loop *loop = loop_new();
	struct http_server *s =
	    http_server_new(&(struct http_conf){ .loop = loop, .limits = limits });
	struct http_listen l = { .kind = HTTP_CONTROL };
	char taken[32];
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		l.address = bad[i];
		if (http_server_listen(s, &l, &f) != ERR_MISCONFIGURED)
			fail_msg("%s", bad[i]);
	}
	l.address = "[::1]:0";
	assert_int_equal(http_server_listen(s, &l, &f), ERR_OK);
	l.tls = true;
	assert_int_equal(http_server_listen(s, &l, &f), ERR_MISCONFIGURED);
	l.tls = false;
	snprintf(taken, sizeof(taken), "[::1]:%d", http_server_port(s, HTTP_CONTROL));
	l.address = taken;
	assert_int_equal(http_server_listen(s, &l, &f), ERR_CONFLICT);
	http_server_free(s);
	loop_free(loop);
}

static void
a_source_is_an_ipv4_address_or_an_ipv6_network(void **state)
{
	static const struct {
		const char *address;
		bool accepted; /* as one more, two of each source are */
	} table[] = {
		{ "192.0.2.1", true },
		{ "192.0.2.1", true },
		{ "192.0.2.1", false },
		{ "192.0.2.2", true },
		{ "::ffff:192.0.2.2", true },
		{ "::ffff:192.0.2.2", false },
		{ "2001:db8::1", true },
		{ "2001:db8::2:1", true },
		{ "2001:db8:0:0:ffff::3", false },
		{ "2001:db8:0:1::1", true },
	};
	struct http_server s = { .conf.limits.connections_per_source = 2 };
	struct http_source *entered[sizeof(table) / sizeof(table[0])];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			const char *text = table[i].address;
			struct in6_addr address;

			assert_true(address_read(text, strlen(text), &address));
			entered[i] = http_source_enter(&s, &address);
			if ((entered[i] != NULL) != table[i].accepted)
				fail_msg("%s, %zu", table[i].address, i);
		}
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			if (entered[i] != NULL)
				http_source_leave(&s, entered[i]);
		assert_null(s.sources);
	}
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

/* Not after two: what was taken in the first does not count in the second. On a unix socket, whose
 * buffer is small and the same everywhere. */
static void
a_client_that_stops_taking_is_dropped_after_one_idle_time(void **state)
{
	struct http_limits limits = rig_limits();
	int64_t stopped = 0;
	char path[64];
	struct rig r;
	int fd;

	(void)state;
	limits.idle_ms = 4000;
	snprintf(path, sizeof(path), "%s/sock", dir);
	rig_start_unix(&r, &limits, path, 0600);
	fd = connect_unix(path);
	client_text(fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < RIG_BIG / 2 / (int)sizeof(reply); i++) {
		stopped = clock_mono_ms(&clock_system);
		assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	}
	while (rig_connections(&r) > 0)
		usleep(5000);
	assert_in_range(clock_mono_ms(&clock_system) - stopped, 3900, 7900);
	close(fd);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unix_socket_knows_its_peer_and_its_place),
		cmocka_unit_test(a_peer_comes_with_its_groups),
		cmocka_unit_test(the_socket_file_of_a_dead_instance_is_replaced),
		cmocka_unit_test(a_source_is_an_ipv4_address_or_an_ipv6_network),
		cmocka_unit_test(a_crowd_elsewhere_leaves_operators_their_connections),
		cmocka_unit_test(connections_stay_below_the_limit_of_open_files),
		cmocka_unit_test(listeners_that_cannot_be_are_refused),
		cmocka_unit_test(a_client_that_stops_taking_is_dropped_after_one_idle_time),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
