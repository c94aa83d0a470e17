/* One roster, fed and asked as the daemon does it, for the parts of bench_roster. */
#ifndef USHERD_TESTS_BENCH_BENCH_ROSTER_H
#define USHERD_TESTS_BENCH_BENCH_ROSTER_H

#include "bare_scan.h"
#include "base/buf.h"
#include "figures.h"
#include "loop/loop.h"
#include "roster/roster.h"

struct bench {
	struct loop *loop;
	struct roster *roster;
	const char *rows; /* the file */
	struct bare_scan bare;
	/* Of the last query. */
	enum err code;
	uint64_t total;
	size_t shown;
	char cursor[ROSTER_CURSOR_MAX + 1]; /* "" at the end */
	struct buf page;		    /* its JSON */
	double ms;
};

_Noreturn void bench_die(const char *what);
/* Ask, write the page as JSON, and note how long it took from the call to the callback. */
void bench_ask(struct bench *b, const struct roster_query *q);
/* Hand over and wait until new queries see it; milliseconds. */
double bench_feed(struct bench *b, struct feed_batch *batch);

void bench_searches(struct bench *b); /* bench_roster_search.c */
void bench_pages(struct bench *b);    /* bench_roster_page.c */
void bench_changes(struct bench *b);

#endif
