/* The people that generate.py --rows wrote, as what a directory's feed tells of them. */
#ifndef USHERD_TESTS_BENCH_BENCH_PEOPLE_H
#define USHERD_TESTS_BENCH_BENCH_PEOPLE_H

#include <stdbool.h>
#include <stdio.h>

#include "invite/feed.h"

/* As the generator writes them, in this order. */
enum bench_column {
	BENCH_ID,
	BENCH_NAME,
	BENCH_GIVEN,
	BENCH_FAMILY,
	BENCH_MAIL,
	BENCH_SECOND_MAIL,
	BENCH_PHONE,
	BENCH_POSITION,
	BENCH_UID,
	BENCH_PLACE,
	BENCH_CREATED,
	BENCH_LAST,
	BENCH_COLUMNS
};
struct bench_person {
	const char *value[BENCH_COLUMNS]; /* NULL when absent; until the next one is read */
};

struct bench_people {
	FILE *file;
	char *line;
	size_t room;
};

void bench_people_open(struct bench_people *p, const char *path);
bool bench_people_next(struct bench_people *p, struct bench_person *out); /* false: at the end */
void bench_people_close(struct bench_people *p);
/* Adds the person to the batch, in its arena; false when it is full. */
bool bench_person_feed(const struct bench_person *person, struct feed_batch *b);
/* What the roster searches of a person, as it does it; returns the length. */
enum { BENCH_TEXT_MAX = 1024 };
size_t bench_person_text(const struct bench_person *person, char out[BENCH_TEXT_MAX]);

#endif
