/* What sending mails costs without usherd: libcurl, and one mail over and over.
 *
 *   bare_mail multi|threads PORT IN-FLIGHT COUNT FILE [STORE BATCH]
 *
 * FILE is a message as it goes over the wire, with CRLF. It is sent COUNT times to a server in
 * clear text on 127.0.0.1:PORT, each time to another recipient, IN-FLIGHT at a time over
 * connections that are kept. Prints mails per second.
 *
 * With one multi handle, libcurl waits for the answer to the end of each mail before it looks at
 * another one; with a thread and an easy handle for each connection it does not.
 *
 * With STORE (a file that does not exist) and one multi handle, each mail is two durable rows: one
 * before it is begun, one for what became of it. Both wait for company, BATCH mails at most, and a
 * thread commits them while others are sent.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "durable.h"
#include "seconds.h"

enum { MESSAGE_MAX = 1024 * 1024, IN_FLIGHT_MAX = 64 };

struct bench {
	CURLM *multi;
	char url[64];
	char message[MESSAGE_MAX];
	size_t len;
	long count, in_flight, sent;
	atomic_long begun;

	/* With a store; the counts that its thread shares are guarded. */
	struct durable *store;
	long batch;
	pthread_t committer;
	pthread_mutex_t lock;
	pthread_cond_t more;
	long claimed, told, settled; /* told: of `sent`, what the committer knows of */
};

struct sending {
	struct bench *bench;
	CURL *easy;
	struct curl_slist *to;
	size_t read;
	bool idle;
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

/* Mails that may be begun. */
static long
bench_limit(struct bench *b)
{
	long limit;

	if (b->store == NULL)
		return b->count;
	pthread_mutex_lock(&b->lock);
	limit = b->claimed;
	pthread_mutex_unlock(&b->lock);
	return limit;
}

/* Make the next mail this handle's; false when all that may were begun. */
static bool
sending_next(struct sending *s)
{
	struct bench *b = s->bench;
	long number = atomic_load(&b->begun), limit = bench_limit(b);
	char to[64];

	while (number < limit && !atomic_compare_exchange_weak(&b->begun, &number, number + 1))
		;
	if (number >= limit)
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
	s->idle = !sending_next(s);
	if (!s->idle && curl_multi_add_handle(b->multi, s->easy) != CURLM_OK)
		die("a transfer", "cannot be added");
}

static void
multi_begin_idle(struct bench *b, struct sending *sendings)
{
	for (long i = 0; i < b->in_flight; i++)
		if (sendings[i].idle)
			multi_begin(b, &sendings[i]);
}

static void *
committer_run(void *arg)
{
	struct bench *b = arg;
	long claims, outcomes, ahead;

	pthread_mutex_lock(&b->lock);
	while (b->settled < b->count) {
		ahead = b->told + 2 * b->batch;
		claims = (ahead < b->count ? ahead : b->count) - b->claimed;
		claims = claims < b->batch ? claims : b->batch;
		outcomes = b->told - b->settled;
		if (claims + outcomes == 0) {
			pthread_cond_wait(&b->more, &b->lock);
			continue;
		}
		pthread_mutex_unlock(&b->lock);
		durable_commit(b->store, claims + outcomes);
		pthread_mutex_lock(&b->lock);
		b->claimed += claims;
		b->settled += outcomes;
		curl_multi_wakeup(b->multi);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
committer_tell(struct bench *b)
{
	pthread_mutex_lock(&b->lock);
	if (b->told != b->sent)
		pthread_cond_signal(&b->more);
	b->told = b->sent;
	pthread_mutex_unlock(&b->lock);
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
	if (b->store != NULL && pthread_create(&b->committer, NULL, committer_run, b) != 0)
		die("a thread", "cannot be made");
	for (long i = 0; i < b->in_flight; i++)
		multi_begin(b, &sendings[i]);
	while (b->sent < b->count) {
		int running;

		if (curl_multi_perform(b->multi, &running) != CURLM_OK)
			die("curl_multi_perform", "failed");
		multi_collect(b);
		if (b->store != NULL)
			committer_tell(b);
		multi_begin_idle(b, sendings);
		if (b->sent < b->count)
			curl_multi_poll(b->multi, NULL, 0, 1000, NULL);
	}
	if (b->store != NULL)
		pthread_join(b->committer, NULL);
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

	if (argc != 6 && argc != 8) {
		fprintf(stderr,
		    "usage: bare_mail multi|threads PORT IN-FLIGHT COUNT FILE [STORE BATCH]\n");
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
	if (argc == 8) {
		pthread_mutex_init(&b.lock, NULL);
		pthread_cond_init(&b.more, NULL);
		b.batch = strtol(argv[7], NULL, 10);
		b.store = durable_open(argv[6]);
	}
	if (b.store != NULL && (b.batch < 1 || strcmp(argv[1], "multi") != 0))
		return 2;
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
	if (b.store != NULL)
		durable_close(b.store);
	curl_global_cleanup();
	return 0;
}
