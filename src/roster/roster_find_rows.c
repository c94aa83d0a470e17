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

/* ---- statuses ---- */

/* Of 64 bytes below 128, the bits of those that are `value`. */
static uint64_t
find_equal(const uint8_t *bytes, unsigned value)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t bits = 0, eight;

	for (unsigned i = 0; i < 64; i += 8) {
		memcpy(&eight, bytes + i, sizeof(eight));
		eight ^= ones * value;
		eight = (tops - eight) & tops; /* the top bit stays where nothing was taken away */
		bits |= (((le64toh(eight) >> 7) * 0x0102040810204080) >> 56) << i;
	}
	return bits;
}

/* Counts 64 slots by status and returns those whose status is wanted. The statuses of most people
 * come first, so that the others need not be looked for. */
static uint64_t
find_count(const uint8_t *status, uint64_t pass, unsigned wanted, uint64_t *count)
{
	uint64_t bits = 0;

	for (unsigned s = FEED_STATUS_COUNT; s-- > 0 && pass != 0;) {
		uint64_t some = find_equal(status, s) & pass;

		count[s] += (uint64_t)__builtin_popcountll(some);
		if ((wanted & (1U << s)) != 0)
			bits |= some;
		pass &= ~some;
	}
	return bits;
}

/* ---- words ---- */

static bool
find_row_matches(const struct words *w, const struct row_filter *f,
    const struct roster_page_rows *page, size_t slot)
{
	uint32_t at = page->text_at[slot];

	return filter_passes(f, page, slot) &&
	       (w->enough || words_match(w, page->text + at, page->text_at[slot + 1] - at, true));
}

/* Of 64 slots from `first` with a hit, those that match. */
static uint64_t
find_verify(const struct words *w, const struct row_filter *f, const struct roster_page_rows *page,
    size_t first, uint64_t hits)
{
	uint64_t bits = 0;

	for (; hits != 0; hits &= hits - 1)
		if (find_row_matches(w, f, page, first + (size_t)__builtin_ctzll(hits)))
			bits |= hits & -hits;
	return bits;
}

void
find_by_words(const struct roster_version *v, const struct words *w, const struct row_filter *f,
    struct list_memory *m, uint64_t count[FEED_STATUS_COUNT])
{
	const struct scan_way *way = scan_best();
	bool sure = w->enough && f->below == NULL && !f->dates;

	find_prepare(v, m, count);
	for (size_t i = 0; i < v->page_count; i++) {
		const struct roster_page_rows *page = v->pages[i];
		uint64_t hits[PAGE_WORDS] = { 0 };

		way->page(&w->scan, page->text, page->text_at, hits);
		for (size_t k = 0; k < PAGE_WORDS; k++) {
			if (!sure)
				hits[k] = find_verify(w, f, page, k * 64, hits[k]);
			m->bits[i * PAGE_WORDS + k] =
			    find_count(page->status + k * 64, hits[k], f->statuses, count);
		}
	}
}

/* ---- columns ---- */

/* Of 64 bytes, each 0 or 1, a bit. */
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

/* A plain loop, which the compiler makes wide. */
static void
find_between(const uint32_t *restrict column, uint32_t from, uint32_t to, uint8_t *restrict pass)
{
	uint32_t span = to - from;

	if (span == UINT32_MAX)
		return;
	for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++)
		pass[i] &= (uint32_t)(column[i] - from) <= span;
}

/* The slots that pass, whatever their status. */
static void
find_pass(
    const struct roster_page_rows *page, const struct row_filter *f, uint64_t bits[PAGE_WORDS])
{
	uint8_t pass[ROSTER_PAGE_ROWS];

	memset(pass, 1, sizeof(pass));
	if (f->dates) {
		find_between(page->registered_at, f->registered_from, f->registered_to, pass);
		find_between(page->last_activity_at, f->active_from, f->active_to, pass);
	}
	if (f->below != NULL)
		for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++)
			pass[i] &= page->place[i] < f->places ? f->below[page->place[i]] : 0;
	for (size_t k = 0; k < PAGE_WORDS; k++)
		bits[k] = find_pack(pass + k * 64) & page->live[k];
}

void
find_by_columns(const struct roster_version *v, const struct row_filter *f, struct list_memory *m,
    uint64_t count[FEED_STATUS_COUNT])
{
	find_prepare(v, m, count);
	for (size_t i = 0; i < v->page_count; i++) {
		const struct roster_page_rows *page = v->pages[i];
		uint64_t *bits = m->bits + i * PAGE_WORDS;

		if (f->below != NULL || f->dates)
			find_pass(page, f, bits);
		else
			memcpy(bits, page->live, sizeof(page->live));
		for (size_t k = 0; k < PAGE_WORDS; k++)
			bits[k] = find_count(page->status + k * 64, bits[k], f->statuses, count);
	}
}
