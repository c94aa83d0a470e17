/* The roster's warm start alone: from the call until a list and a search are answered.
 *
 *   bench_warm FILE KEY-FILE [ROWS]
 *
 * With ROWS (what generate.py --rows wrote) FILE is made of them first. Prints {"users", "seconds",
 * "processor_seconds"}, or for making {"users", "fed_seconds", "kept_seconds"}.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bench_people.h"
#include "loop/loop.h"
#include "roster/roster.h"
#include "seconds.h"

enum { BATCHES_OUT = 8, SAVE_MS = 600 * 1000, MEMORY_LARGE = 1 << 20 };

struct bench {
	struct loop *loop;
	struct roster *roster;
	uint64_t users;
	/* Of feeding. */
	struct bench_people people;
	struct bench_person person;
	bool more;
	size_t out;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "bench_warm: %s\n", what);
	exit(1);
}

static void
on_warm(void *arg, const void *cookie, size_t cookie_len, uint64_t users, const struct fault *f)
{
	struct bench *b = arg;

	(void)cookie;
	b->users = users;
	if (cookie_len == 0 && f->text[0] != '\0')
		fprintf(stderr, "bench_warm: %s\n", f->text);
	loop_stop(b->loop);
}

/* ---- making the file ---- */

static void feed_go_on(struct bench *b);

static void
on_applied(void *arg)
{
	struct bench *b = arg;

	b->out--;
	feed_go_on(b);
	if (b->out == 0)
		loop_stop(b->loop);
}

static void
feed_hand(struct bench *b, struct feed_batch *batch)
{
	b->out++;
	roster_feed_take(b->roster, batch, on_applied, b);
}

static void
feed_go_on(struct bench *b)
{
	while (b->more && b->out < BATCHES_OUT) {
		struct feed_batch *batch = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);

		while (b->more && bench_person_feed(&b->person, batch))
			b->more = bench_people_next(&b->people, &b->person);
		if (!b->more) {
			batch->step = FEED_REFRESH_COMPLETE;
			batch->absent_is_gone = true;
			batch->cookie = "rid=000,csn=0";
			batch->cookie_len = strlen(batch->cookie);
		}
		feed_hand(b, batch);
	}
}

static void
on_saved(void *arg)
{
	loop_stop(((struct bench *)arg)->loop);
}

static void
bench_make(struct bench *b, const char *rows)
{
	struct roster_figures figures;
	double began = seconds_now(), fed;

	bench_people_open(&b->people, rows);
	b->more = bench_people_next(&b->people, &b->person);
	feed_hand(b, feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_BEGINS));
	feed_go_on(b);
	loop_run(b->loop);
	bench_people_close(&b->people);
	fed = seconds_now();
	roster_save_last(b->roster, SAVE_MS, on_saved, b);
	loop_run(b->loop);
	roster_figures(b->roster, &figures);
	if (figures.kept == 0)
		die("the file was not written");
	printf("{\"users\": %llu, \"fed_seconds\": %.6f, \"kept_seconds\": %.6f}\n",
	    (unsigned long long)figures.count[FEED_ACTIVE], fed - began, seconds_now() - fed);
}

/* ---- starting with it ---- */

static void
on_page(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	struct bench *b = arg;

	if (code != ERR_OK)
		die(f->text);
	if (page->total == 0)
		die("an answer without anybody");
	loop_stop(b->loop);
}

static void
write_nothing(void *out, size_t index, const struct roster_row *row)
{
	(void)out, (void)index, (void)row;
}

static void
bench_ask(struct bench *b, const char *text)
{
	struct roster_query q = { .limit = 50, .q = text };

	roster_list_start(b->roster, &q, write_nothing, NULL, NULL, on_page, b);
	loop_run(b->loop);
}

int
main(int argc, char **argv)
{
	struct bench b = { .loop = loop_new() };
	struct roster_conf conf = { .loop = b.loop, .warm_subject = "bench" };
	struct seal *seal;
	struct fault f;
	double began;

	if (argc < 3 || argc > 4 || sodium_init() < 0) {
		fprintf(stderr, "usage: bench_warm FILE KEY-FILE [ROWS]\n");
		return 2;
	}
	mallopt(M_MMAP_THRESHOLD, MEMORY_LARGE); /* as main.c does, and for its reason */
	mallopt(M_TRIM_THRESHOLD, MEMORY_LARGE);
	if (seal_load(&seal, argv[2], &f) != ERR_OK)
		die(f.text);
	conf.seal = seal;
	conf.warm_path = argv[1];
	if (argc == 4)
		unlink(argv[1]);
	began = seconds_now();
	b.roster = roster_new(&conf);
	roster_warm_start(b.roster, on_warm, &b);
	loop_run(b.loop);
	if (argc == 4) {
		bench_make(&b, argv[3]);
	} else {
		if (b.users == 0)
			die("nobody was there");
		bench_ask(&b, NULL);
		bench_ask(&b, "berg");
		printf("{\"users\": %llu, \"seconds\": %.6f, \"processor_seconds\": %.6f}\n",
		    (unsigned long long)b.users, seconds_now() - began, processor_seconds());
	}
	roster_free(b.roster);
	seal_free(seal);
	loop_free(b.loop);
	return 0;
}
