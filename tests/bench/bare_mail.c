/* What sending mails costs without usherd: libcurl, and one mail over and over.
 *
 *   bare_mail multi|threads PORT IN-FLIGHT COUNT FILE
 *
 * FILE is a message as it goes over the wire, with CRLF. It is sent COUNT times to a server in
 * clear text on 127.0.0.1:PORT, each time to another recipient, IN-FLIGHT at a time over
 * connections that are kept. Prints mails per second.
 *
 * With one multi handle, libcurl waits for the answer to the end of each mail before it looks at
 * another one; with a thread and an easy handle for each connection it does not.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seconds.h"

enum { MESSAGE_MAX = 1024 * 1024, IN_FLIGHT_MAX = 64 };

struct bench {
	CURLM *multi;
	char url[64];
	char message[MESSAGE_MAX];
	size_t len;
	long count, in_flight, sent;
	atomic_long begun;
};

struct sending {
	struct bench *bench;
	CURL *easy;
	struct curl_slist *to;
	size_t read;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "bare_mail: %s: %s\n", what, why);
	exit(1);
}

static void
read_message(struct bench *b, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	b->len = fread(b->message, 1, sizeof(b->message), f);
	if (b->len == 0 || b->len == sizeof(b->message))
		die(path, "too long, or nothing");
	fclose(f);
}

static size_t
sending_read(char *out, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;
	size_t left = s->bench->len - s->read, room = size * n;

	if (left > room)
		left = room;
	memcpy(out, s->bench->message + s->read, left);
	s->read += left;
	return left;
}

/* Make the next mail this handle's; false when all were begun. */
static bool
sending_next(struct sending *s)
{
	struct bench *b = s->bench;
	long number = atomic_fetch_add(&b->begun, 1);
	char to[64];

	if (number >= b->count)
		return false;
	snprintf(to, sizeof(to), "<person%ld@home.example>", number);
	curl_slist_free_all(s->to);
	s->to = curl_slist_append(NULL, to);
	s->read = 0;
	curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, s->to);
	return true;
}

static void
sending_init(struct sending *s, struct bench *b)
{
	s->bench = b;
	s->easy = curl_easy_init();
	curl_easy_setopt(s->easy, CURLOPT_URL, b->url);
	curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, "<usherd@meridian.example>");
	curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, sending_read);
	curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
}

/* ---- one multi handle ---- */

static void
multi_begin(struct bench *b, struct sending *s)
{
	if (sending_next(s) && curl_multi_add_handle(b->multi, s->easy) != CURLM_OK)
		die("a transfer", "cannot be added");
}

static void
multi_collect(struct bench *b)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(b->multi, &left)) != NULL) {
		CURLcode code = m->data.result;
		CURL *easy = m->easy_handle;
		struct sending *s;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &s);
		curl_multi_remove_handle(b->multi, easy);
		if (code != CURLE_OK)
			die("a mail", curl_easy_strerror(code));
		b->sent++;
		multi_begin(b, s);
	}
}

static void
multi_run(struct bench *b, struct sending *sendings)
{
	b->multi = curl_multi_init();
	curl_multi_setopt(b->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, b->in_flight);
	curl_multi_setopt(b->multi, CURLMOPT_MAXCONNECTS, b->in_flight);
	for (long i = 0; i < b->in_flight; i++)
		multi_begin(b, &sendings[i]);
	while (b->sent < b->count) {
		int running;

		if (curl_multi_perform(b->multi, &running) != CURLM_OK)
			die("curl_multi_perform", "failed");
		multi_collect(b);
		if (b->sent < b->count)
			curl_multi_poll(b->multi, NULL, 0, 1000, NULL);
	}
}

/* ---- a thread for each connection ---- */

static void *
thread_run(void *arg)
{
	struct sending *s = arg;

	while (sending_next(s)) {
		CURLcode code = curl_easy_perform(s->easy);

		if (code != CURLE_OK)
			die("a mail", curl_easy_strerror(code));
	}
	return NULL;
}

static void
threads_run(struct bench *b, struct sending *sendings)
{
	pthread_t threads[IN_FLIGHT_MAX];

	for (long i = 0; i < b->in_flight; i++)
		if (pthread_create(&threads[i], NULL, thread_run, &sendings[i]) != 0)
			die("a thread", "cannot be made");
	for (long i = 0; i < b->in_flight; i++)
		pthread_join(threads[i], NULL);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	static struct sending sendings[IN_FLIGHT_MAX];
	double begun;

	if (argc != 6) {
		fprintf(stderr, "usage: bare_mail multi|threads PORT IN-FLIGHT COUNT FILE\n");
		return 2;
	}
	b.in_flight = strtol(argv[3], NULL, 10);
	b.count = strtol(argv[4], NULL, 10);
	if (b.in_flight < 1 || b.in_flight > IN_FLIGHT_MAX || b.count < 1)
		return 2;
	snprintf(b.url, sizeof(b.url), "smtp://127.0.0.1:%s/bench.example", argv[2]);
	read_message(&b, argv[5]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	for (long i = 0; i < b.in_flight; i++)
		sending_init(&sendings[i], &b);
	begun = seconds_now();
	if (strcmp(argv[1], "multi") == 0)
		multi_run(&b, sendings);
	else
		threads_run(&b, sendings);
	printf("%.1f\n", (double)b.count / (seconds_now() - begun));
	for (long i = 0; i < b.in_flight; i++) {
		curl_easy_cleanup(sendings[i].easy);
		curl_slist_free_all(sendings[i].to);
	}
	curl_multi_cleanup(b.multi);
	curl_global_cleanup();
	return 0;
}
