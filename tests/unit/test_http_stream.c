/* Replies without an end, over real sockets: what their clients get, and how each of them ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <cmocka.h>

#include "base/mem.h"
#include "http_rig.h"

#define ASK "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"

enum { SLOTS = HTTP_STREAMS_MAX + 1, WAIT_S = 20, BLOCK = 32 * 1024 };

struct slot {
	struct http_stream *stream;
	int closed; /* calls */
};

/* The streams of a test, in the order of their begin; touched on the loop, or in rig_call(). */
static struct rig rig;
static struct slot slots[SLOTS];
static size_t slot_count;
static const char *beat;
static int64_t beat_ms;
static bool ends_at_once;
static sem_t begun, closed;
static char reply[1 << 16];

static void
on_closed(void *slot)
{
	struct slot *s = slot;

	s->stream = NULL;
	s->closed++;
	sem_post(&closed);
}

static void
begin(struct http_exchange *x)
{
	struct slot *s = &slots[slot_count];
	const struct http_stream_conf conf = { .type = "text/event-stream",
		.beat = beat,
		.beat_ms = beat_ms,
		.closed = on_closed,
		.arg = s };

	assert_true(slot_count < SLOTS);
	s->stream = http_stream_start(x, &conf);
	if (s->stream != NULL)
		slot_count++;
	if (s->stream != NULL && ends_at_once) {
		assert_true(http_stream_send(s->stream, "only", 4));
		http_stream_end(s->stream);
	}
	sem_post(&begun);
}

static enum err
on_stream(struct http_exchange *x, void *ctx, struct fault *f)
{
	(void)ctx, (void)f;
	begin(x);
	return ERR_OK;
}

static void
set_up(const struct http_limits *limits, const char *path)
{
	memset(slots, 0, sizeof(slots));
	slot_count = 0;
	beat = NULL;
	beat_ms = 0;
	ends_at_once = false;
	sem_init(&begun, 0, 0);
	sem_init(&closed, 0, 0);
	if (path != NULL)
		rig_start_unix(&rig, limits, path, 0600);
	else
		rig_start(&rig, limits, NULL, NULL);
	rig.on_stream = on_stream;
}

static int
set_up_plain(void **state)
{
	struct http_limits limits = rig_limits();

	(void)state;
	alarm(120);
	set_up(&limits, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_stop(&rig);
	for (size_t i = 0; i < slot_count; i++)
		assert_true(slots[i].closed <= 1);
	sem_destroy(&begun);
	sem_destroy(&closed);
	return 0;
}

static void
await(sem_t *event)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	assert_int_equal(sem_timedwait(event, &until), 0);
}

/* ---- what is done on the loop ---- */

struct send {
	size_t slot, len;
	const void *data;
	bool sent;
};

static void
do_send(struct rig *r, void *arg)
{
	struct send *s = arg;

	(void)r;
	s->sent = slots[s->slot].stream != NULL &&
		  http_stream_send(slots[s->slot].stream, s->data, s->len);
}

static bool
send_block(size_t slot, const void *data, size_t len)
{
	struct send s = { .slot = slot, .len = len, .data = data };

	rig_call(&rig, do_send, &s);
	return s.sent;
}

static void
send_text(size_t slot, const char *text)
{
	assert_true(send_block(slot, text, strlen(text)));
}

static void
do_end(struct rig *r, void *arg)
{
	(void)r;
	http_stream_end(slots[*(size_t *)arg].stream);
}

static void
end(size_t slot)
{
	rig_call(&rig, do_end, &slot);
}

/* ---- clients ---- */

/* Asks, and reads the reply's head into `reply`. */
static int
ask(int fd, const char *text)
{
	client_text(fd, text);
	return client_read_reply(fd, reply, sizeof(reply));
}

static int
open_stream(void)
{
	int fd = client_connect(rig.port);

	assert_int_equal(ask(fd, ASK), 200);
	await(&begun);
	return fd;
}

static void
expect(int fd, const char *text)
{
	char got[256] = "";

	assert_int_equal(recv(fd, got, strlen(text), MSG_WAITALL), strlen(text));
	assert_string_equal(got, text);
}

static void
expect_end(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

static void
events_arrive_as_they_are_sent(void **state)
{
	int fd;

	(void)state;
	fd = open_stream();
	assert_non_null(strstr(reply, "HTTP/1.1 200 "));
	assert_non_null(strstr(reply, "Content-Type: text/event-stream\r\n"));
	assert_non_null(strstr(reply, "Transfer-Encoding: chunked\r\n"));
	assert_non_null(strstr(reply, "Connection: close\r\n"));
	assert_non_null(strstr(reply, "Cache-Control: no-store\r\n"));
	assert_non_null(strstr(reply, "X-Request-Id: "));
	assert_null(strstr(reply, "Content-Length"));
	send_text(0, "data: 1\n\n");
	expect(fd, "9\r\ndata: 1\n\n\r\n");
	send_text(0, "data: 2\n\n");
	send_text(0, "data: 17\n\n");
	expect(fd, "9\r\ndata: 2\n\n\r\na\r\ndata: 17\n\n\r\n");
	assert_int_equal(rig.accesses, 0);
	end(0);
	expect(fd, "0\r\n\r\n");
	expect_end(fd);
	assert_int_equal(rig.accesses, 1);
	assert_int_equal(rig.last_status, 200);
	assert_int_equal(slots[0].closed, 0);
}

static void
a_client_of_http_1_0_reads_until_the_connection_closes(void **state)
{
	static const char *const asks[] = { "GET /stream HTTP/1.0\r\nHost: a\r\n\r\n",
		"GET /stream HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int fd = client_connect(rig.port);

		assert_int_equal(ask(fd, asks[i]), 200);
		await(&begun);
		assert_null(strstr(reply, "Transfer-Encoding"));
		assert_null(strstr(reply, "Content-Length"));
		assert_null(strstr(reply, "keep-alive"));
		assert_non_null(strstr(reply, "Connection: close\r\n"));
		send_text(i, "data: 1\n\n");
		expect(fd, "data: 1\n\n");
		end(i);
		expect_end(fd);
	}
}

static void
head_gets_the_headers_alone_and_may_ask_on(void **state)
{
	int fd = client_connect(rig.port);

	(void)state;
	assert_int_equal(ask(fd, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_non_null(strstr(reply, "Content-Type: text/event-stream\r\n"));
	assert_null(strstr(reply, "Content-Length"));
	assert_int_equal(slot_count, 0);
	assert_int_equal(ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	assert_int_equal(rig.accesses, 2);
	close(fd);
}

static void
a_handler_may_end_what_it_has_just_begun(void **state)
{
	int fd = client_connect(rig.port);

	(void)state;
	ends_at_once = true;
	assert_int_equal(ask(fd, ASK), 200);
	expect(fd, "4\r\nonly\r\n0\r\n\r\n");
	expect_end(fd);
	fd = client_connect(rig.port);
	assert_int_equal(ask(fd, "GET /stream HTTP/1.0\r\nHost: a\r\n\r\n"), 200);
	expect(fd, "only");
	expect_end(fd);
	assert_int_equal(rig.accesses, 2);
}

static void
do_begin_held(struct rig *r, void *arg)
{
	struct http_exchange *x = r->waiting;

	(void)arg;
	r->waiting = NULL;
	begin(x);
}

static void
a_held_exchange_may_become_a_stream(void **state)
{
	static const char text[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = client_connect(rig.port);

	(void)state;
	client_text(fd, text);
	await(&rig.held);
	rig_call(&rig, do_begin_held, NULL);
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	send_text(0, "late");
	expect(fd, "4\r\nlate\r\n");
	close(fd);
	await(&closed);
}

static void
requests_behind_a_stream_are_not_looked_at(void **state)
{
	static const char hello[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
	char *rubbish = mem_alloc(BLOCK);
	int fd = client_connect(rig.port);

	(void)state;
	memset(rubbish, 'r', BLOCK);
	client_text(fd, ASK "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hel");
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 200);
	await(&begun);
	client_text(fd, "lo HTTP/1.1\r\nHost: a\r\n\r\n");
	client_text(fd, hello);
	send_text(0, "still here");
	expect(fd, "a\r\nstill here\r\n");
	end(0);
	expect(fd, "0\r\n\r\n");
	close(fd);
	assert_int_equal(rig.accesses, 1);
	/* More than the largest request: behind all of it the client's end is seen. */
	fd = open_stream();
	for (int i = 0; i < 10; i++)
		client_send(fd, rubbish, BLOCK);
	close(fd);
	await(&closed);
	assert_int_equal(rig.accesses, 2);
	free(rubbish);
}

static void
a_client_that_leaves_is_told_of_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		int fd = open_stream();

		send_text(i, "data: 1\n\n");
		if (i % 3 == 0)
			shutdown(fd, SHUT_WR);
		else if (i % 3 == 1)
			close(fd); /* unread data: a reset */
		else
			expect(fd, "9\r\ndata: 1\n\n\r\n");
		if (i % 3 == 2)
			close(fd);
		await(&closed);
		assert_int_equal(slots[i].closed, 1);
		assert_false(send_block(i, "x", 1));
		if (i % 3 == 0)
			close(fd);
	}
	assert_int_equal(rig.accesses, 6);
}

/* What the socket's buffers do not take counts; so nobody knows how much that is in all. */
static size_t
fill(size_t slot)
{
	char *block = mem_alloc(BLOCK);
	size_t len = 0;

	while (send_block(slot, block, BLOCK)) {
		len += BLOCK;
		assert_true(len < 64U << 20);
	}
	free(block);
	return len;
}

static void
a_slow_reader_is_ended_and_others_are_served(void **state)
{
	int quick = open_stream(), slow = open_stream();

	(void)state;
	assert_true(fill(1) >= HTTP_STREAM_BUFFER);
	await(&closed);
	assert_int_equal(slots[1].closed, 1);
	assert_int_equal(slots[0].closed, 0);
	send_text(0, "data: 1\n\n");
	expect(quick, "9\r\ndata: 1\n\n\r\n");
	assert_int_equal(rig_connections(&rig), 1);
	close(slow);
	close(quick);
	await(&closed);
}

struct burst {
	const char *block;
	int count;
	bool sent;
};

static void
do_burst(struct rig *r, void *arg)
{
	struct burst *b = arg;

	(void)r;
	b->sent = true;
	for (int i = 0; i < b->count; i++)
		b->sent = b->sent && http_stream_send(slots[0].stream, b->block, BLOCK);
}

/* Twice the bound in one turn of the loop: the socket takes it as it comes. */
static void
a_burst_does_not_end_a_stream_whose_client_has_room(void **state)
{
	char *block = mem_alloc(BLOCK), *got = mem_alloc(BLOCK);
	struct burst b = { .block = block, .count = 2 * HTTP_STREAM_BUFFER / BLOCK };
	int fd = open_stream();

	(void)state;
	rig_call(&rig, do_burst, &b);
	assert_true(b.sent);
	for (int i = 0; i < b.count; i++) {
		expect(fd, "8000\r\n");
		assert_int_equal(recv(fd, got, BLOCK, MSG_WAITALL), BLOCK);
		expect(fd, "\r\n");
	}
	close(fd);
	await(&closed);
	free(block);
	free(got);
}

static void
no_more_than_64_are_open(void **state)
{
	int fds[HTTP_STREAMS_MAX], fd;

	(void)state;
	for (size_t i = 0; i < HTTP_STREAMS_MAX; i++)
		fds[i] = open_stream();
	fd = client_connect(rig.port);
	assert_int_equal(ask(fd, ASK), 503);
	assert_non_null(strstr(reply, "Retry-After: 10\r\n"));
	assert_int_equal(ask(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
	close(fds[0]);
	await(&closed);
	assert_int_equal(ask(fd, ASK), 200);
	close(fd);
	await(&closed);
	for (size_t i = 1; i < HTTP_STREAMS_MAX; i++)
		close(fds[i]);
	for (size_t i = 1; i < HTTP_STREAMS_MAX; i++)
		await(&closed);
}

/* ---- time ---- */

static struct http_limits
short_limits(void)
{
	struct http_limits limits = rig_limits();

	limits.header_ms = limits.body_ms = 500;
	limits.idle_ms = 800;
	return limits;
}

/* The beats of one are the clock for the other, which has none. */
static void
no_deadline_ends_a_stream_that_is_alive(void **state)
{
	struct http_limits limits = short_limits();
	int still, beating;

	(void)state;
	set_up(&limits, NULL);
	still = open_stream();
	beat = ":\n\n";
	beat_ms = 20;
	beating = open_stream();
	for (int i = 0; i < 100; i++)
		expect(beating, "3\r\n:\n\n\r\n");
	send_text(0, "data: 1\n\n");
	expect(still, "9\r\ndata: 1\n\n\r\n");
	send_text(1, "data: 1\n\n");
	assert_int_equal(sem_trywait(&closed), -1);
	close(still);
	close(beating);
	await(&closed);
	await(&closed);
}

static int
open_unix_stream(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path, path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(ask(fd, ASK), 200);
	await(&begun);
	return fd;
}

/* On a unix socket, whose buffer is always the same: the first stream shows how much is too much,
 * the second one has less than that. */
static void
a_reader_that_takes_nothing_is_ended_though_little_waits(void **state)
{
	struct http_limits limits = short_limits();
	char path[] = "/tmp/http-stream-XXXXXX";
	char *block = mem_alloc(BLOCK);
	size_t enough;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	set_up(&limits, path);
	fd = open_unix_stream(path);
	enough = fill(0) - HTTP_STREAM_BUFFER / 2;
	await(&closed);
	close(fd);
	fd = open_unix_stream(path);
	for (size_t len = 0; len < enough; len += BLOCK)
		assert_true(send_block(1, block, BLOCK));
	await(&closed);
	assert_int_equal(slots[1].closed, 1);
	close(fd);
	free(block);
}

/* ---- the end of the server ---- */

static void
draining_ends_streams_and_then_the_server_is_drained(void **state)
{
	int one = open_stream(), two = open_stream();

	(void)state;
	send_text(0, "last");
	rig_drain(&rig);
	await(&closed);
	await(&closed);
	expect(one, "4\r\nlast\r\n0\r\n\r\n");
	expect_end(one);
	expect(two, "0\r\n\r\n");
	expect_end(two);
	while (rig.drained == 0)
		rig_connections(&rig);
	assert_int_equal(rig.drained, 1);
	assert_int_equal(rig.accesses, 2);
}

static void
a_stream_asked_for_while_the_server_drains_is_refused(void **state)
{
	int fd = client_connect(rig.port);

	(void)state;
	client_text(fd, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	await(&rig.held);
	rig_drain(&rig);
	rig_call(&rig, do_begin_held, NULL);
	assert_int_equal(client_read_reply(fd, reply, sizeof(reply)), 503);
	close(fd);
	assert_int_equal(slot_count, 0);
}

static void
do_free(struct rig *r, void *arg)
{
	int *count = arg;

	http_server_free(r->server);
	r->server = NULL;
	for (size_t i = 0; i < slot_count; i++)
		*count += slots[i].closed;
}

static void
freeing_the_server_closes_its_streams_before_it_returns(void **state)
{
	int one = open_stream(), slow = open_stream(), held = client_connect(rig.port), count = 0;
	char *block = mem_alloc(BLOCK);

	(void)state;
	client_text(held, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
	await(&rig.held);
	for (size_t i = 0; i < 4; i++)
		(void)send_block(1, block, BLOCK);
	rig_call(&rig, do_free, &count);
	assert_int_equal(count, 2);
	expect(one, "0\r\n\r\n");
	expect_end(one);
	rig_call(&rig, do_begin_held, NULL); /* nobody is there any more */
	assert_int_equal(slot_count, 2);
	close(slow);
	close(held);
	free(block);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up_plain, tear_down)
		T(events_arrive_as_they_are_sent),
		T(a_client_of_http_1_0_reads_until_the_connection_closes),
		T(head_gets_the_headers_alone_and_may_ask_on),
		T(a_handler_may_end_what_it_has_just_begun),
		T(a_held_exchange_may_become_a_stream),
		T(requests_behind_a_stream_are_not_looked_at),
		T(a_client_that_leaves_is_told_of_once),
		T(a_slow_reader_is_ended_and_others_are_served),
		T(a_burst_does_not_end_a_stream_whose_client_has_room),
		T(no_more_than_64_are_open),
		cmocka_unit_test_teardown(no_deadline_ends_a_stream_that_is_alive, tear_down),
		cmocka_unit_test_teardown(
		    a_reader_that_takes_nothing_is_ended_though_little_waits, tear_down),
		T(draining_ends_streams_and_then_the_server_is_drained),
		T(a_stream_asked_for_while_the_server_drains_is_refused),
		T(freeing_the_server_closes_its_streams_before_it_returns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
