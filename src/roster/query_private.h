/* A query and how it is answered, shared by the files that do it:
 *
 *   roster_words.c       what was typed becomes needles
 *   roster_scan.c        a needle is looked for in a page's text
 *   roster_find_rows.c   which rows of a version match, as a bitmap and counts
 *   roster_list.c        the rows of one page, in order
 *   roster_cursor.c      where the next page begins
 *   roster_reader.c      the threads that do it
 */
#ifndef USHERD_ROSTER_QUERY_PRIVATE_H
#define USHERD_ROSTER_QUERY_PRIVATE_H

#include "roster/roster_private.h"

/* ---- words ---- */

enum {
	WORDS_MAX = 16,
	/* Bytes of a folded query: a character is at most 18 of three bytes (U+FDFA). */
	WORDS_TEXT_MAX = ROSTER_QUERY_MAX * 56
};

struct needle {
	const char *s;
	size_t len;
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
	/* Every row that matches has it; `enough`: every row that has it matches. */
	struct needle scan;
	bool enough;
	size_t text_len;
	char text[WORDS_TEXT_MAX], phones[WORDS_TEXT_MAX];
};

/* ERR_INVALID: "q: ...". NULL is blank. */
enum err words_parse(struct words *w, const char *q, struct fault *f);
/* Whether a row's search text has them all. */
bool words_match(const struct words *w, const char *text, size_t len);

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

/* How often a needle may be expected at any place, for comparing. */
double scan_frequency(const struct needle *n);

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
