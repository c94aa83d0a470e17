/* A query and how it is answered, shared by the files that do it:
 *
 *   roster_words.c       what was typed becomes needles
 *   roster_scan.c        a needle is looked for in a page's text
 *   roster_filter.c      what is asked of a row beside words
 *   roster_find_rows.c   which rows of a version match, as a bitmap and counts
 *   roster_list.c        how a page is made, by what it is likely to cost
 *   roster_list_rows.c   its rows, in order
 *   roster_cursor.c      where the next page begins
 *   roster_reader.c      the threads that do it
 */
#ifndef USHERD_ROSTER_QUERY_PRIVATE_H
#define USHERD_ROSTER_QUERY_PRIVATE_H

#include "roster/roster_private.h"

/* ---- words ---- */

enum {
	WORDS_MAX = 16,
	/* Bytes of a folded query: the longest decomposition has 33 (U+FDFA), and 3 is
	 * the most digits (U+2152). */
	WORDS_TEXT_MAX = ROSTER_QUERY_MAX * 36,
	WORDS_PHONES_MAX = ROSTER_QUERY_MAX * 4
};

struct needle {
	const char *s;
	size_t len;
	size_t rare; /* where its rarest byte is: scan_rarest() */
};

/* A word, or a run of words that may be a phone number: it is found when all its words are, or when
 * `phone` (len 0: no such reading) is part of the row's phone. */
struct words_term {
	size_t first, count;
	struct needle phone;
};

/* What was typed. Not to be copied: needles point into it. */
struct words {
	bool everybody; /* blank */
	bool nobody;	/* something that folds to nothing */
	struct needle words[WORDS_MAX];
	size_t count;
	struct words_term terms[WORDS_MAX];
	size_t term_count;
	/* Every row that matches has it; a row that has it need not be asked for the term `sure`
	 * (WORDS_MAX: for each); `enough`: it matches. */
	struct needle scan;
	size_t sure;
	bool enough;
	size_t text_len;
	char text[WORDS_TEXT_MAX], phones[WORDS_PHONES_MAX];
};

/* ERR_INVALID: "q: ...". NULL is blank. */
enum err words_parse(struct words *w, const char *q, struct fault *f);
/* Whether a row's search text has them all; `hit`: it is known to have what was scanned for. */
bool words_match(const struct words *w, const char *text, size_t len, bool hit);

/* ---- scan ---- */

/* Sets the bit of every slot of the page whose text has the needle (len > 0); slot i has the bytes
 * from text_at[i] to text_at[i + 1]. ROSTER_TEXT_PAD bytes behind the text are read too. */
typedef void scan_page(const struct needle *n, const char *text,
    const uint32_t text_at[ROSTER_PAGE_ROWS + 1], uint64_t hits[ROSTER_PAGE_ROWS / 64]);
struct scan_way {
	const char *name;
	bool (*usable)(void); /* on this processor */
	scan_page *page;
};
/* Fastest first, the portable one last. */
extern const struct scan_way scan_ways[];
extern const size_t scan_way_count;
const struct scan_way *scan_best(void);

size_t scan_rarest(const struct needle *n);
/* How often a needle may be expected at any place, for comparing. */
double scan_frequency(const struct needle *n);

/* ---- filter ---- */

/* Bounds of times are inclusive and in order. An unknown time is 0 and within no bounds but [0,
 * UINT32_MAX]. */
struct row_filter {
	unsigned statuses;    /* the wanted ones: never 0 */
	bool nobody;	      /* there is no such place or time */
	const uint8_t *below; /* by place; NULL: everywhere */
	size_t places;
	bool dates; /* a time is bounded */
	uint32_t registered_from, registered_to, active_from, active_to;
};

/* Memory that a reader's thread uses again for every query. */
struct list_memory {
	uint64_t *bits; /* by row number, of pages that were looked at */
	size_t pages;	/* room */
	uint8_t *below;
	size_t places;
};
void list_memory_free(struct list_memory *m); /* NULL is fine */

void filter_make(struct row_filter *f, const struct roster_version *v, const struct roster_query *q,
    struct list_memory *m);
/* Rows of each status that pass, as the version knows them without looking: there are no dates. */
void filter_count(
    const struct row_filter *f, const struct roster_version *v, uint64_t count[FEED_STATUS_COUNT]);
/* All but the status. */
static inline bool
filter_passes(const struct row_filter *f, const struct roster_page_rows *page, size_t slot)
{
	uint32_t place = page->place[slot];

	if (f->below != NULL && (place >= f->places || f->below[place] == 0))
		return false;
	return !f->dates || (page->registered_at[slot] >= f->registered_from &&
				page->registered_at[slot] <= f->registered_to &&
				page->last_activity_at[slot] >= f->active_from &&
				page->last_activity_at[slot] <= f->active_to);
}

/* ---- rows that match ---- */

/* Both leave the bits of all matches in `m`, all of the version's pages being written, and the
 * matches of each status, wanted or not, in `count`. */
void find_by_words(const struct roster_version *v, const struct words *w,
    const struct row_filter *f, struct list_memory *m, uint64_t count[FEED_STATUS_COUNT]);
void find_by_columns(const struct roster_version *v, const struct row_filter *f,
    struct list_memory *m, uint64_t count[FEED_STATUS_COUNT]);

/* ---- a page ---- */

struct listing {
	uint64_t total, count[FEED_STATUS_COUNT];
	uint32_t rows[ROSTER_LIMIT_MAX + 1]; /* in the order of the page, and one more */
	size_t found;			     /* at most limit + 1 */
};

/* The rows of a page. `bits`: NULL when every row of the order is to be tested by `filter`, or none
 * if that is NULL too. */
struct list_rows {
	const struct roster_version *v;
	const struct roster_query *query;
	const struct roster_key *after; /* NULL: from the first */
	const uint64_t *bits;
	const struct row_filter *filter;
	struct listing *out;
};
/* Walk the order; false, and nothing is found, when `steps` rows were not enough. */
bool list_walk(struct list_rows *l, uint64_t steps);
/* Sort what matches, for few. */
void list_collect(struct list_rows *l);

/* `quick`: false, and nothing is done, when it may take longer than a page may wait for. */
bool list_make(const struct roster_version *v, const struct roster_query *q, const struct words *w,
    const struct roster_key *after, bool quick, struct list_memory *m, struct listing *out);

/* ---- cursor ---- */

enum { CURSOR_PRINT_SIZE = 16 };

/* What a cursor belongs to: everything of the query but its limit. */
void cursor_print(
    const struct roster_query *q, const struct words *w, unsigned char out[CURSOR_PRINT_SIZE]);
/* `out` has ROSTER_CURSOR_MAX + 1 bytes. */
void cursor_write(const struct seal *s, const unsigned char print[CURSOR_PRINT_SIZE],
    const struct roster_key *key, char *out);
/* ERR_INVALID: "cursor: ...". */
enum err cursor_read(const struct seal *s, const unsigned char print[CURSOR_PRINT_SIZE],
    const char *text, struct roster_key *key, struct fault *f);

#endif
