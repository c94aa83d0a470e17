/* The least that a search in memory costs: one run of bytes, scanned with AVX2 (memmem without it),
 * an exact count of rows, and the first 50 of them by a table of ranks. */
#ifndef USHERD_TESTS_BENCH_BARE_SCAN_H
#define USHERD_TESTS_BENCH_BARE_SCAN_H

#include <stddef.h>
#include <stdint.h>

enum { BARE_TOP = 50, BARE_WORDS_MAX = 4 };

struct bare_scan {
	char *text;
	size_t len, room;
	uint32_t *start; /* of each row; one more at the end */
	uint32_t *rank;	 /* of each row in the order of its first segment */
	size_t rows, rows_room;
};
struct bare_page {
	size_t total, count;
	uint32_t rows[BARE_TOP];
};

void bare_scan_add(struct bare_scan *b, const char *text, size_t len); /* ends with '\n' */
void bare_scan_finish(struct bare_scan *b);			       /* ranks; no more rows */
void bare_scan_free(struct bare_scan *b);
/* Rows that contain all words, of which the first is the one that is looked for. */
void bare_scan_search(
    const struct bare_scan *b, const char *const words[], size_t word_count, struct bare_page *out);

#endif
