/* libcurl on the loop, against a server of our own on another thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dlfcn.h>
#include <netdb.h>
#include <cmocka.h>

#include "base/clock.h"
#include "http_rig.h"
#include "loop/transfer.h"

enum { LONG_MS = 20 * 1000, HANDLES_MAX = 16 };

/* ---- a name server that keeps silent ---- */

static sem_t lookup_begun, lookup_answered;

/* Stands before the one of libc, for libcurl too. */
int
getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (node != NULL && strcmp(node, "silent.example") == 0) {
		sem_post(&lookup_begun);
		sem_wait(&lookup_answered);
		sem_post(&lookup_answered);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, out);
}

/* ---- world ---- */

struct world {
	struct rig rig;
	struct loop *loop;
	struct transfers *transfers;
	size_t told, wanted;
	CURLcode codes[HANDLES_MAX];
	CURL *handles[HANDLES_MAX];
	size_t handle_count;
	struct curl_slist *headers;
	struct loop_timer *alarm;
};

static void
world_on_alarm(void *arg)
{
	(void)arg;
	abort(); /* what the test waits for does not come */
}

static struct world *
world_new(size_t connections)
{
	struct world *w = calloc(1, sizeof(*w));
	struct http_limits limits = rig_limits();
	struct fault f;

	rig_start(&w->rig, &limits, NULL, NULL);
	w->headers = curl_slist_append(NULL, "Host: a");
	w->loop = loop_new();
	assert_int_equal(transfers_new(&w->transfers, w->loop, connections, &f), ERR_OK);
	w->alarm = loop_timer_new(w->loop, world_on_alarm, w);
	return w;
}

static void
world_free(struct world *w)
{
	transfers_free(w->transfers);
	for (size_t i = 0; i < w->handle_count; i++)
		curl_easy_cleanup(w->handles[i]);
	curl_slist_free_all(w->headers);
	loop_timer_free(w->alarm);
	loop_free(w->loop);
	rig_stop(&w->rig);
	free(w);
}

static size_t
drop_body(char *data, size_t size, size_t count, void *arg)
{
	(void)data, (void)arg;
	return size * count;
}

static CURL *
handle_new(struct world *w, const char *host, const char *path)
{
	CURL *easy = curl_easy_init();
	char url[256];

	snprintf(url, sizeof(url), "http://%s:%d%s", host, w->rig.port, path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, w->headers);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
	assert_true(w->handle_count < HANDLES_MAX);
	w->handles[w->handle_count++] = easy;
	return easy;
}

static void
world_on_told(void *arg, CURL *easy, CURLcode code)
{
	struct world *w = arg;

	(void)easy;
	w->codes[w->told++] = code;
	if (w->told == w->wanted)
		loop_stop(w->loop);
}

static void
world_run(struct world *w, size_t wanted)
{
	w->wanted = wanted;
	loop_timer_set(w->alarm, LONG_MS);
	if (w->told < wanted)
		loop_run(w->loop);
	loop_timer_stop(w->alarm);
	assert_int_equal(w->told, wanted);
}

static struct transfer *
world_start(struct world *w, CURL *easy, int64_t timeout_ms)
{
	return transfer_start(w->transfers, easy, timeout_ms, world_on_told, w);
}

static void
world_stop_loop(void *arg)
{
	loop_stop(((struct world *)arg)->loop);
}

static void
world_turn(struct world *w, int64_t ms)
{
	struct loop_timer *t = loop_timer_new(w->loop, world_stop_loop, w);

	loop_timer_set(t, ms);
	loop_run(w->loop);
	loop_timer_free(t);
}

/* ---- tests ---- */

static void
a_transfer_is_told_from_the_loop_and_leaves_its_connection_for_the_next(void **state)
{
	struct world *w = world_new(2);
	CURL *easy = handle_new(w, "127.0.0.1", "/hello");
	long status, connects;

	(void)state;
	for (size_t i = 1; i <= 3; i++) {
		world_start(w, easy, LONG_MS);
		assert_int_equal(w->told, i - 1);
		world_run(w, i);
		assert_int_equal(w->codes[i - 1], CURLE_OK);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
		assert_int_equal(status, 200);
		assert_int_equal(connects, i == 1 ? 1 : 0);
	}
	world_free(w);
}

static void
further_transfers_wait_for_a_connection(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	world_start(w, handle_new(w, "127.0.0.1", "/hold"), LONG_MS);
	for (size_t i = 0; i < 8; i++) /* their time begins when their turn comes */
		world_start(w, handle_new(w, "127.0.0.1", "/hello"), 5000);
	world_turn(w, 50);
	sem_wait(&w->rig.held);
	assert_int_equal(w->told, 0);
	assert_int_equal(rig_connections(&w->rig), 1);
	rig_answer(&w->rig);
	world_run(w, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(w->codes[i], CURLE_OK);
	assert_int_equal(rig_connections(&w->rig), 1);
	world_free(w);
}

static void
a_large_answer_arrives_whole(void **state)
{
	struct world *w = world_new(4);
	curl_off_t size;
	CURL *easy[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		world_start(w, easy[i] = handle_new(w, "127.0.0.1", "/big"), LONG_MS);
	world_run(w, 4);
	for (size_t i = 0; i < 4; i++) {
		curl_easy_getinfo(easy[i], CURLINFO_SIZE_DOWNLOAD_T, &size);
		assert_int_equal(size, RIG_BIG);
	}
	world_free(w);
}

static void
a_transfer_ends_with_its_time(void **state)
{
	struct world *w = world_new(2);
	int64_t begun = clock_mono_ms(&clock_system);

	(void)state;
	world_start(w, handle_new(w, "127.0.0.1", "/hold"), 100);
	world_run(w, 1);
	assert_int_equal(w->codes[0], CURLE_OPERATION_TIMEDOUT);
	assert_in_range(clock_mono_ms(&clock_system) - begun, 90, 20000);
	sem_wait(&w->rig.held);
	rig_answer(&w->rig);
	world_free(w);
}

static void
nobody_listens(void **state)
{
	struct world *w = world_new(2);
	CURL *easy = handle_new(w, "127.0.0.1", "/hello");

	(void)state;
	curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1:1/");
	world_start(w, easy, LONG_MS);
	world_run(w, 1);
	assert_int_equal(w->codes[0], CURLE_COULDNT_CONNECT);
	world_free(w);
}

static void
a_cancelled_transfer_is_never_told(void **state)
{
	struct world *w = world_new(1);
	struct transfer *running, *waiting;

	(void)state;
	running = world_start(w, handle_new(w, "127.0.0.1", "/hold"), LONG_MS);
	waiting = world_start(w, handle_new(w, "127.0.0.1", "/hello"), LONG_MS);
	world_turn(w, 50);
	sem_wait(&w->rig.held);
	world_start(w, handle_new(w, "127.0.0.1", "/hello"), LONG_MS);
	transfer_cancel(waiting);
	transfer_cancel(running); /* its place is the next one's */
	world_run(w, 1);
	assert_int_equal(w->codes[0], CURLE_OK);
	rig_answer(&w->rig);
	world_free(w);
}

static void
transfers_that_are_freed_end_untold(void **state)
{
	struct world *w = world_new(2);

	(void)state;
	for (size_t i = 0; i < 2; i++)
		world_start(w, handle_new(w, "127.0.0.1", "/hello"), LONG_MS);
	world_run(w, 2); /* two idle connections are left */
	for (size_t i = 0; i < 6; i++)
		world_start(w, handle_new(w, "127.0.0.1", i == 0 ? "/hold" : "/big"), LONG_MS);
	world_turn(w, 20);
	sem_wait(&w->rig.held);
	transfers_free(w->transfers);
	w->transfers = NULL;
	world_turn(w, 20);
	rig_answer(&w->rig);
	world_free(w);
}

static void
world_on_told_and_free(void *arg, CURL *easy, CURLcode code)
{
	struct world *w = arg;

	transfers_free(w->transfers);
	w->transfers = NULL;
	world_on_told(w, easy, code);
}

static void
a_callback_may_free_everything(void **state)
{
	struct world *w = world_new(4);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		transfer_start(w->transfers, handle_new(w, "127.0.0.1", "/hello"), LONG_MS,
		    world_on_told_and_free, w);
	world_run(w, 1);
	world_free(w);
}

static void
world_on_told_and_again(void *arg, CURL *easy, CURLcode code)
{
	struct world *w = arg;

	if (w->told < 4)
		transfer_start(w->transfers, easy, LONG_MS, world_on_told_and_again, w);
	world_on_told(w, easy, code);
}

static void
a_callback_may_start_the_next_with_the_same_handle(void **state)
{
	struct world *w = world_new(1);

	(void)state;
	transfer_start(w->transfers, handle_new(w, "127.0.0.1", "/hello"), LONG_MS,
	    world_on_told_and_again, w);
	world_run(w, 5);
	world_free(w);
}

/* libcurl alone would wait for the thread that looks up, and the whole loop with it. */
static void
a_silent_name_server_does_not_stop_the_loop(void **state)
{
	struct world *w = world_new(2);
	int64_t begun = clock_mono_ms(&clock_system);
	struct transfer *x;

	(void)state;
	sem_init(&lookup_begun, 0, 0);
	sem_init(&lookup_answered, 0, 0);
	world_start(w, handle_new(w, "silent.example", "/hello"), 200);
	x = world_start(w, handle_new(w, "silent.example", "/hello"), LONG_MS);
	world_run(w, 1);
	assert_int_equal(w->codes[0], CURLE_OPERATION_TIMEDOUT);
	sem_wait(&lookup_begun);
	sem_wait(&lookup_begun);
	transfer_cancel(x);
	world_start(w, handle_new(w, "127.0.0.1", "/hello"), LONG_MS);
	world_run(w, 2);
	assert_int_equal(w->codes[1], CURLE_OK);
	assert_in_range(clock_mono_ms(&clock_system) - begun, 190, 20000);
	sem_post(&lookup_answered);
	world_free(w);
}

/* Where the text is in this process's heap; it is given with each byte's lowest bit turned, so that
 * the search does not find itself. */
static size_t
heap_count(const char *turned)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	size_t len = strlen(turned), count = 0;
	unsigned long from, to;
	char line[512];

	while (fgets(line, sizeof(line), maps) != NULL) {
		if (strstr(line, "[heap]") == NULL || sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		for (const char *p = (const char *)from; p + len <= (const char *)to; p++) {
			size_t i = 0;

			while (i < len && (p[i] ^ 1) == turned[i])
				i++;
			count += i == len;
		}
	}
	fclose(maps);
	return count;
}

static void
what_libcurl_frees_is_wiped(void **state)
{
	static const char turned[] = "bnssdbu!inrd!c`uudsx";
	struct world *w = world_new(1);
	CURL *easy = handle_new(w, "127.0.0.1", "/hello");
	char password[40 + sizeof(turned)] = "";

	(void)state;
	memset(password, 'x', 40); /* malloc writes over the begin of what is free */
	for (size_t i = 0; turned[i] != '\0'; i++)
		password[40 + i] = (char)(turned[i] ^ 1);
	curl_easy_setopt(easy, CURLOPT_USERNAME, "usherd");
	curl_easy_setopt(easy, CURLOPT_PASSWORD, password);
	memset(password, 0, sizeof(password));
	world_start(w, easy, LONG_MS);
	world_run(w, 1);
	assert_int_equal(w->codes[0], CURLE_OK);
	world_free(w);
	assert_int_equal(heap_count(turned), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_transfer_is_told_from_the_loop_and_leaves_its_connection_for_the_next),
		cmocka_unit_test(further_transfers_wait_for_a_connection),
		cmocka_unit_test(a_large_answer_arrives_whole),
		cmocka_unit_test(a_transfer_ends_with_its_time),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(a_cancelled_transfer_is_never_told),
		cmocka_unit_test(transfers_that_are_freed_end_untold),
		cmocka_unit_test(a_callback_may_free_everything),
		cmocka_unit_test(a_callback_may_start_the_next_with_the_same_handle),
		cmocka_unit_test(what_libcurl_frees_is_wiped),
		cmocka_unit_test(a_silent_name_server_does_not_stop_the_loop),
	};

	return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
