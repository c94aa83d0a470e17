/* Webhook messages over real connections, to a server of our own on another thread that answers
 * what the test says, or nothing. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <curl/curl.h>
#include <sodium.h>

#include "base/mem.h"
#include "webhook/webhook.h"

enum { ALARM_MS = 60 * 1000, TIMEOUT_MS = 15 * 1000, REQUEST_MAX = 32 * 1024 };

/* ---- libcurl's options, each of which can be refused ---- */

static CURLoption refused_option = CURLOPT_LASTENTRY, options_seen[64];
static size_t option_count;
static const char *ca_file_set, *ca_path_set;

/* The linker's --wrap: whoever calls curl_easy_setopt() calls set_option(). */
CURLcode real_set_option(CURL *easy, CURLoption option, ...) __asm__("__real_curl_easy_setopt");
CURLcode set_option(CURL *easy, CURLoption option, ...) __asm__("__wrap_curl_easy_setopt");

static CURLcode
set_pointer(CURL *easy, CURLoption option, const void *value)
{
	if (option == CURLOPT_CAINFO)
		ca_file_set = value;
	if (option == CURLOPT_CAPATH)
		ca_path_set = value;
	return real_set_option(easy, option, value);
}

static CURLcode
set_offset(CURL *easy, CURLoption option, curl_off_t value)
{
	return real_set_option(easy, option, value);
}

CURLcode
set_option(CURL *easy, CURLoption option, ...)
{
	const bool is_long = option < CURLOPTTYPE_OBJECTPOINT;
	const bool is_offset = option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB;
	CURLcode code;
	va_list args;

	assert_true(option_count < sizeof(options_seen) / sizeof(options_seen[0]));
	options_seen[option_count++] = option;
	if (option == refused_option)
		return CURLE_UNKNOWN_OPTION;
	va_start(args, option);
	if (is_long)
		code = real_set_option(easy, option, va_arg(args, long));
	else if (is_offset)
		code = set_offset(easy, option, va_arg(args, curl_off_t));
	else
		code = set_pointer(easy, option, va_arg(args, const void *));
	va_end(args);
	return code;
}

#define BODY "{\"type\":\"usherd.test\"}"
#define ID   "01932b9e-7b8e-7cc0-8f3a-0123456789ab"

/* ---- the receiver ---- */

enum manner { ANSWER, ANSWER_ENDLESSLY, DROP, KEEP_SILENT };

struct receiver {
	int listener, stop[2], port;
	pthread_t thread;
	char request[REQUEST_MAX]; /* being read */
	size_t len;
	pthread_mutex_t lock; /* of the rest */
	enum manner manner;
	const char *answer;
	char last[REQUEST_MAX];
	unsigned requests, connections;
};

/* False: told to stop, or the other side has closed. */
static bool
receiver_wait(const struct receiver *r, int fd)
{
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { r->stop[0], POLLIN, 0 } };

	return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

static bool
request_is_whole(const struct receiver *r)
{
	const char *end = strstr(r->request, "\r\n\r\n");
	const char *length = strstr(r->request, "Content-Length: ");

	return end != NULL && length != NULL &&
	       r->len >= (size_t)(end + 4 - r->request) + strtoul(length + 16, NULL, 10);
}

static bool
receiver_read(struct receiver *r, int fd)
{
	ssize_t got;

	r->len = 0;
	r->request[0] = '\0';
	while (!request_is_whole(r)) {
		if (!receiver_wait(r, fd))
			return false;
		got = read(fd, r->request + r->len, REQUEST_MAX - 1 - r->len);
		if (got <= 0)
			return false;
		r->len += (size_t)got;
		r->request[r->len] = '\0';
	}
	return true;
}

/* What came is known before it is answered. */
static enum manner
receiver_note(struct receiver *r, const char **answer)
{
	enum manner manner;

	pthread_mutex_lock(&r->lock);
	memcpy(r->last, r->request, sizeof(r->last));
	r->requests++;
	manner = r->manner;
	*answer = r->answer;
	pthread_mutex_unlock(&r->lock);
	return manner;
}

static bool
receiver_write(int fd, const char *text)
{
	const ssize_t len = (ssize_t)strlen(text);

	return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len;
}

static void
receiver_serve(struct receiver *r, int fd)
{
	const char *answer;

	while (receiver_read(r, fd)) {
		switch (receiver_note(r, &answer)) {
		case ANSWER:
			if (!receiver_write(fd, answer))
				return;
			break;
		case ANSWER_ENDLESSLY:
			while (receiver_write(fd, answer))
				continue;
			return;
		case DROP:
			return;
		case KEEP_SILENT:
			while (receiver_wait(r, fd))
				if (read(fd, r->request, REQUEST_MAX) <= 0)
					return;
			return;
		}
	}
}

static void *
receiver_run(void *arg)
{
	struct receiver *r = arg;

	while (receiver_wait(r, r->listener)) {
		int fd = accept(r->listener, NULL, NULL);

		pthread_mutex_lock(&r->lock);
		r->connections++;
		pthread_mutex_unlock(&r->lock);
		receiver_serve(r, fd);
		close(fd);
	}
	return NULL;
}

static void
receiver_start(struct receiver *r)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(here);

	*r = (struct receiver){ .lock = PTHREAD_MUTEX_INITIALIZER };
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(listen(r->listener, 8), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&here, &len), 0);
	r->port = ntohs(here.sin_port);
	assert_int_equal(pipe(r->stop), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, receiver_run, r), 0);
}

static void
receiver_stop(struct receiver *r)
{
	close(r->stop[1]);
	pthread_join(r->thread, NULL);
	close(r->stop[0]);
	close(r->listener);
}

/* ---- world ---- */

struct world {
	struct receiver receiver;
	char request[REQUEST_MAX]; /* the last that came */
	unsigned requests, connections;
	struct loop *loop;
	struct webhooks *webhooks;
	struct webhook_report report;
	char words[512];
	unsigned told, wanted;
	struct loop_timer *alarm;
	unsigned char secret[WEBHOOK_SECRET_SIZE], old_secret[WEBHOOK_SECRET_SIZE];
	bool rotating;
};

static void
world_on_alarm(void *arg)
{
	(void)arg;
	abort(); /* what the test waits for does not come */
}

static struct world *
world_new(bool allow_private, int64_t timeout_ms)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct webhook_conf conf = { .connections = 4,
		.timeout_ms = timeout_ms,
		.allow_private = allow_private,
		.clear_text = true,
		.user_agent = "usherd/test" };
	struct fault f;

	receiver_start(&w->receiver);
	w->loop = loop_new();
	conf.loop = w->loop;
	assert_int_equal(webhooks_new(&w->webhooks, &conf, &f), ERR_OK);
	w->alarm = loop_timer_new(w->loop, world_on_alarm, w);
	memset(w->secret, 's', sizeof(w->secret));
	memset(w->old_secret, 'o', sizeof(w->old_secret));
	return w;
}

static void
world_free(struct world *w)
{
	webhooks_free(w->webhooks);
	loop_timer_free(w->alarm);
	loop_free(w->loop);
	receiver_stop(&w->receiver);
	free(w);
}

static void
world_on_sent(void *arg, const struct webhook_report *r)
{
	struct world *w = arg;

	w->report = *r;
	snprintf(w->words, sizeof(w->words), "%s", r->words);
	if (++w->told == w->wanted)
		loop_stop(w->loop);
}

static struct webhook_sending *
world_start(struct world *w, const char *scheme_and_host, int port)
{
	char url[128];
	struct webhook_message m = { .url = url,
		.id = ID,
		.body = BODY,
		.len = strlen(BODY),
		.at_s = 1700000000,
		.secrets = { w->secret, w->rotating ? w->old_secret : NULL } };

	snprintf(url, sizeof(url), "%s:%d/hook", scheme_and_host, port);
	option_count = 0;
	return webhook_send(w->webhooks, &m, world_on_sent, w);
}

static void
world_send_to(struct world *w, const char *scheme_and_host, int port)
{
	const unsigned before = w->told;

	world_start(w, scheme_and_host, port);
	assert_int_equal(w->told, before);
	w->wanted = before + 1;
	loop_timer_set(w->alarm, ALARM_MS);
	loop_run(w->loop);
	loop_timer_stop(w->alarm);
	assert_int_equal(w->told, before + 1);
	pthread_mutex_lock(&w->receiver.lock);
	memcpy(w->request, w->receiver.last, sizeof(w->request));
	w->requests = w->receiver.requests;
	w->connections = w->receiver.connections;
	pthread_mutex_unlock(&w->receiver.lock);
	assert_null(strpbrk(w->words, "\r\n"));
}

static void
world_send(struct world *w, enum manner manner, const char *answer)
{
	pthread_mutex_lock(&w->receiver.lock);
	w->receiver.manner = manner;
	w->receiver.answer = answer;
	pthread_mutex_unlock(&w->receiver.lock);
	world_send_to(w, "http://127.0.0.1", w->receiver.port);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static bool
has_line(const struct world *w, const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), "\r\n%s\r\n", line);
	return strstr(w->request, text) != NULL;
}

/* ---- tests ---- */

static void
a_message_arrives_as_it_was_signed(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);
	char signature[WEBHOOK_SIGNATURE_SIZE], line[128];

	(void)state;
	world_send(w, ANSWER, OK_ANSWER);
	assert_int_equal(w->report.outcome, WEBHOOK_DELIVERED);
	assert_int_equal(w->report.status, 200);
	assert_string_equal(w->words, "HTTP 200");
	assert_memory_equal(w->request, "POST /hook HTTP/1.1\r\n", 21);
	assert_true(has_line(w, "webhook-id: " ID));
	assert_true(has_line(w, "webhook-timestamp: 1700000000"));
	assert_true(has_line(w, "Content-Type: application/json"));
	assert_true(has_line(w, "User-Agent: usherd/test"));
	assert_null(strstr(w->request, "Expect"));
	webhook_sign(w->secret, sizeof(w->secret), ID, 1700000000, BODY, strlen(BODY), signature);
	snprintf(line, sizeof(line), "webhook-signature: %s", signature);
	assert_true(has_line(w, line));
	assert_string_equal(strstr(w->request, "\r\n\r\n") + 4, BODY);
	world_free(w);
}

static void
during_a_rotation_both_secrets_sign(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);
	char new[WEBHOOK_SIGNATURE_SIZE], old[WEBHOOK_SIGNATURE_SIZE], line[256];

	(void)state;
	w->rotating = true;
	world_send(w, ANSWER, OK_ANSWER);
	webhook_sign(w->secret, sizeof(w->secret), ID, 1700000000, BODY, strlen(BODY), new);
	webhook_sign(w->old_secret, sizeof(w->secret), ID, 1700000000, BODY, strlen(BODY), old);
	snprintf(line, sizeof(line), "webhook-signature: %s %s", new, old);
	assert_true(has_line(w, line));
	world_free(w);
}

static void
a_connection_is_kept_for_the_next_message(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		world_send(w, ANSWER, OK_ANSWER);
		assert_int_equal(w->report.outcome, WEBHOOK_DELIVERED);
		assert_int_equal(w->requests, i);
	}
	assert_int_equal(w->connections, 1);
	world_free(w);
}

static const struct {
	const char *answer;
	enum webhook_outcome outcome;
	int status;
	int64_t retry_after_ms;
	const char *words;
} answers[] = {
	/* clang-format off */
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", WEBHOOK_DELIVERED, 200, 0, "HTTP 200" },
	{ "HTTP/1.1 204 No Content\r\n\r\n", WEBHOOK_DELIVERED, 204, 0, "HTTP 204" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", WEBHOOK_DELIVERED, 202, 0, "HTTP 202" },
	{ "HTTP/1.1 301 Moved\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 301, 0, "HTTP 301 (redirects are not followed)" },
	{ "HTTP/1.1 307 Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 307, 0, "HTTP 307 (redirects are not followed)" },
	{ "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 400, 0, "HTTP 400" },
	{ "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 401, 0, "HTTP 401" },
	{ "HTTP/1.1 404 None\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 404, 0, "HTTP 404" },
	{ "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", WEBHOOK_GONE, 410, 0, "HTTP 410" },
	{ "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 429, 7000, "HTTP 429" },
	{ "HTTP/1.1 500 Oops\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 500, 0, "HTTP 500" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 120000, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 0, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 86400000, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: 86401\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 0, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: 99999999999\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 0, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 0, "HTTP 503" },
	{ "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 1998 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n", WEBHOOK_FAILED, 503, 0, "HTTP 503" },
	/* clang-format on */
};

static void
the_status_decides_what_came_of_it(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		world_send(w, ANSWER, answers[i].answer);
		if (w->report.outcome != answers[i].outcome ||
		    w->report.status != answers[i].status ||
		    w->report.retry_after_ms != answers[i].retry_after_ms ||
		    strcmp(w->words, answers[i].words) != 0)
			fail_msg("%s: %d, %d, %lld, %s", answers[i].answer, w->report.outcome,
			    w->report.status, (long long)w->report.retry_after_ms, w->words);
		assert_int_equal(w->requests, i + 1); /* nothing was followed */
	}
	world_free(w);
}

static void
a_date_to_try_again_is_understood(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);
	char date[64], answer[256];
	time_t then = time(NULL) + 600;

	(void)state;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&then));
	snprintf(answer, sizeof(answer),
	    "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
	world_send(w, ANSWER, answer);
	assert_in_range(w->report.retry_after_ms, 590 * 1000, 600 * 1000);
	world_free(w);
}

static void
what_was_written_and_not_answered_is_unknown(void **state)
{
	struct world *w = world_new(true, 300);

	(void)state;
	world_send(w, DROP, NULL);
	assert_int_equal(w->report.outcome, WEBHOOK_UNKNOWN);
	assert_int_equal(w->report.status, 0);
	world_send(w, KEEP_SILENT, NULL);
	assert_int_equal(w->report.outcome, WEBHOOK_UNKNOWN);
	assert_in_range(w->report.ms, 290, 19000);
	world_send(w, ANSWER, "SSH-2.0-OpenSSH_9.2\r\n");
	assert_int_equal(w->report.outcome, WEBHOOK_UNKNOWN);
	world_free(w);
}

static void
what_found_no_server_surely_failed(void **state)
{
	struct world *w = world_new(true, 1000);
	int closed = w->receiver.port;

	(void)state;
	world_send_to(w, "http://nowhere.invalid", w->receiver.port);
	assert_int_equal(w->report.outcome, WEBHOOK_FAILED);
	world_send_to(w, "https://127.0.0.1", w->receiver.port); /* no TLS there */
	assert_int_equal(w->report.outcome, WEBHOOK_FAILED);
	receiver_stop(&w->receiver);
	world_send_to(w, "http://127.0.0.1", closed);
	assert_int_equal(w->report.outcome, WEBHOOK_FAILED);
	assert_int_equal(w->report.status, 0);
	receiver_start(&w->receiver);
	world_free(w);
}

/* Also of a name: the address is judged, not the text. */
static void
a_private_address_is_not_connected_to(void **state)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost",
		"http://[::ffff:127.0.0.1]", "http://[::1]", "http://0" };
	struct world *w = world_new(false, TIMEOUT_MS);

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		world_send_to(w, hosts[i], w->receiver.port);
		assert_int_equal(w->report.outcome, WEBHOOK_FAILED);
		assert_string_equal(
		    w->words, "its address is of a private network, which is not allowed");
	}
	assert_int_equal(w->connections, 0);
	world_free(w);
}

static void
an_endless_answer_is_cut_off(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);

	(void)state;
	world_send(w, ANSWER_ENDLESSLY, "HTTP/1.1 200 OK\r\n\r\nand so on and so on and so on");
	assert_int_equal(w->report.outcome, WEBHOOK_DELIVERED);
	world_send(w, ANSWER_ENDLESSLY, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
	assert_int_equal(w->report.outcome, WEBHOOK_UNKNOWN);
	assert_in_range(w->report.ms, 0, TIMEOUT_MS - 1000);
	world_free(w);
}

static void
a_proxy_of_the_environment_is_not_asked(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	world_send(w, ANSWER, OK_ANSWER);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(w->report.outcome, WEBHOOK_DELIVERED);
	world_free(w);
}

static void
a_cancelled_message_tells_nobody(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);

	(void)state;
	webhook_cancel(world_start(w, "http://127.0.0.1", w->receiver.port));
	world_start(w, "http://127.0.0.1", w->receiver.port); /* ended by world_free() */
	assert_int_equal(w->told, 0);
	world_free(w);
}

static void
a_missing_ca_file_is_found_at_the_start(void **state)
{
	struct webhook_conf conf = { .connections = 1,
		.timeout_ms = 1000,
		.ca_file = "/nonexistent/ca.pem",
		.user_agent = "usherd/test" };
	struct webhooks *none = NULL;
	struct fault f;

	(void)state;
	conf.loop = loop_new();
	assert_int_equal(webhooks_new(&none, &conf, &f), ERR_MISCONFIGURED);
	assert_non_null(strstr(f.text, "/nonexistent/ca.pem"));
	assert_null(none);
	loop_free(conf.loop);
}

/* libcurl may know the system's certificates by a file and by a folder. */
static void
a_ca_file_stands_in_place_of_the_systems(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);
	struct webhook_conf conf = { .loop = w->loop,
		.connections = 1,
		.timeout_ms = 1000,
		.ca_file = "/dev/null",
		.user_agent = "usherd/test" };
	struct fault f;

	(void)state;
	webhooks_free(w->webhooks);
	assert_int_equal(webhooks_new(&w->webhooks, &conf, &f), ERR_OK);
	ca_file_set = NULL;
	ca_path_set = "the system's";
	world_start(w, "https://127.0.0.1", w->receiver.port);
	assert_string_equal(ca_file_set, "/dev/null");
	assert_null(ca_path_set);
	world_free(w);
}

static void
nothing_is_sent_with_an_option_missing(void **state)
{
	struct world *w = world_new(true, TIMEOUT_MS);
	CURLoption options[64];
	size_t count;

	(void)state;
	webhook_cancel(world_start(w, "http://127.0.0.1", w->receiver.port));
	count = option_count;
	memcpy(options, options_seen, sizeof(options));
	assert_in_range(count, 20, 40);
	for (size_t i = 0; i < count; i++) {
		/* The deadline of a transfer, and what says whose it is, are the loop's. */
		if (options[i] == CURLOPT_PRIVATE || options[i] == CURLOPT_TIMEOUT_MS ||
		    options[i] == CURLOPT_NOSIGNAL || options[i] == CURLOPT_QUICK_EXIT)
			continue;
		refused_option = options[i];
		world_send(w, ANSWER, OK_ANSWER);
		refused_option = CURLOPT_LASTENTRY;
		if (w->report.outcome != WEBHOOK_FAILED || w->requests > 0)
			fail_msg("option %d is not missed", (int)options[i]);
	}
	webhook_cancel(world_start(w, "http://127.0.0.1", w->receiver.port));
	refused_option = CURLOPT_PROXY;
	webhook_cancel(world_start(w, "http://127.0.0.1", w->receiver.port));
	world_start(w, "http://127.0.0.1", w->receiver.port); /* ended by world_free() */
	refused_option = CURLOPT_LASTENTRY;
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_as_it_was_signed),
		cmocka_unit_test(during_a_rotation_both_secrets_sign),
		cmocka_unit_test(a_connection_is_kept_for_the_next_message),
		cmocka_unit_test(the_status_decides_what_came_of_it),
		cmocka_unit_test(a_date_to_try_again_is_understood),
		cmocka_unit_test(what_was_written_and_not_answered_is_unknown),
		cmocka_unit_test(what_found_no_server_surely_failed),
		cmocka_unit_test(a_private_address_is_not_connected_to),
		cmocka_unit_test(an_endless_answer_is_cut_off),
		cmocka_unit_test(a_proxy_of_the_environment_is_not_asked),
		cmocka_unit_test(a_cancelled_message_tells_nobody),
		cmocka_unit_test(a_missing_ca_file_is_found_at_the_start),
		cmocka_unit_test(a_ca_file_stands_in_place_of_the_systems),
		cmocka_unit_test(nothing_is_sent_with_an_option_missing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
