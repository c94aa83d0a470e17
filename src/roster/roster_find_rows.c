/* Which rows of a version match: one pass over its pages. Every page's bits are written, whatever
 * they were before, so that nothing has to be cleared between two queries. */
#include <endian.h>
#include <string.h>

#include "base/mem.h"
#include "roster/query_private.h"

enum { PAGE_WORDS = ROSTER_PAGE_ROWS / 64 };

static void
find_prepare(
    const struct roster_version *v, struct list_memory *m, uint64_t count[FEED_STATUS_COUNT])
{
	if (v->page_count > m->pages) {
		m->bits = mem_resize(m->bits, v->page_count * PAGE_WORDS, sizeof(*m->bits));
		m->pages = v->page_count;
	}
	memset(count, 0, FEED_STATUS_COUNT * sizeof(*count));
}

/* ---- words ---- */

struct find {
	const struct words *words;
	const struct row_filter *filter;
	bool hits_match; /* what the scan hits matches, but for its status */
	uint64_t *count;
};

static bool
find_row_matches(const struct find *find, const struct roster_page_rows *page, size_t slot)
{
	uint32_t at = page->text_at[slot];

	if (!filter_passes(find->filter, page, slot))
		return false;
	return find->words->enough ||
	       words_match(find->words, page->text + at, page->text_at[slot + 1] - at);
}

/* Of 64 slots from `first`, those that match and have a wanted status. */
static uint64_t
find_judge(
    const struct find *find, const struct roster_page_rows *page, size_t first, uint64_t hits)
{
	uint64_t bits = 0;

	for (; hits != 0; hits &= hits - 1) {
		size_t slot = first + (size_t)__builtin_ctzll(hits);
		unsigned status = page->status[slot];

		if (!find->hits_match && !find_row_matches(find, page, slot))
			continue;
		find->count[status]++;
		if ((find->filter->statuses & (1U << status)) != 0)
			bits |= hits & -hits;
	}
	return bits;
}

void
find_by_words(const struct roster_version *v, const struct words *w, const struct row_filter *f,
    struct list_memory *m, uint64_t count[FEED_STATUS_COUNT])
{
	const struct scan_way *way = scan_best();
	struct find find = { .words = w, .filter = f, .count = count };

	find.hits_match = w->enough && f->below == NULL && !f->dates;
	find_prepare(v, m, count);
	for (size_t i = 0; i < v->page_count; i++) {
		const struct roster_page_rows *page = v->pages[i];
		uint64_t hits[PAGE_WORDS] = { 0 };

		way->page(&w->scan, page->text, page->text_at, hits);
		for (size_t k = 0; k < PAGE_WORDS; k++)
			m->bits[i * PAGE_WORDS + k] = find_judge(&find, page, k * 64, hits[k]);
	}
}

/* ---- columns ---- */

/* The bytes of 64 slots, 0 or 1, as bits. */
static uint64_t
find_pack(const uint8_t *bytes)
{
	uint64_t bits = 0, eight;

	for (unsigned i = 0; i < 64; i += 8) {
		memcpy(&eight, bytes + i, sizeof(eight));
		/* Brings bit 8 * k to bit 56 + k. */
		bits |= ((le64toh(eight) * 0x0102040810204080) >> 56) << i;
	}
	return bits;
}

/* Plain loops over columns, which the compiler makes wide. */
static void
find_pass(
    const struct roster_page_rows *page, const struct row_filter *f, uint8_t pass[ROSTER_PAGE_ROWS])
{
	memset(pass, 1, ROSTER_PAGE_ROWS);
	if (f->dates)
		for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++)
			pass[i] = (page->registered_at[i] >= f->registered_from) &
				  (page->registered_at[i] <= f->registered_to) &
				  (page->last_activity_at[i] >= f->active_from) &
				  (page->last_activity_at[i] <= f->active_to);
	if (f->below == NULL)
		return;
	for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++)
		if ((page->live[i / 64] >> (i % 64) & 1) != 0)
			pass[i] &= page->place[i] != ROSTER_ROW_NONE && f->below[page->place[i]];
}

void
find_by_columns(const struct roster_version *v, const struct row_filter *f, struct list_memory *m,
    uint64_t count[FEED_STATUS_COUNT])
{
	uint8_t pass[ROSTER_PAGE_ROWS], same[ROSTER_PAGE_ROWS];

	find_prepare(v, m, count);
	for (size_t i = 0; i < v->page_count; i++) {
		const struct roster_page_rows *page = v->pages[i];
		uint64_t *bits = m->bits + i * PAGE_WORDS;

		memset(bits, 0, PAGE_WORDS * sizeof(*bits));
		find_pass(page, f, pass);
		for (unsigned s = 0; s < FEED_STATUS_COUNT; s++) {
			for (size_t k = 0; k < ROSTER_PAGE_ROWS; k++)
				same[k] = pass[k] & (page->status[k] == s);
			for (size_t k = 0; k < PAGE_WORDS; k++) {
				uint64_t some = find_pack(same + k * 64) & page->live[k];

				count[s] += (uint64_t)__builtin_popcountll(some);
				if ((f->statuses & (1U << s)) != 0)
					bits[k] |= some;
			}
		}
	}
}
