#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "bare_scan.h"
#include "base/mem.h"

enum { LOOK_AHEAD = 64 }; /* bytes behind the end that a scan may read */

void
bare_scan_add(struct bare_scan *b, const char *text, size_t len)
{
	if (b->len + len + LOOK_AHEAD > b->room) {
		b->room = (b->len + len + LOOK_AHEAD) * 2;
		b->text = mem_resize(b->text, b->room, 1);
	}
	if (b->rows + 2 > b->rows_room) {
		b->rows_room = b->rows_room == 0 ? 1024 : b->rows_room * 2;
		b->start = mem_resize(b->start, b->rows_room, sizeof(*b->start));
	}
	assert(b->len + len < UINT32_MAX);
	memcpy(b->text + b->len, text, len);
	b->start[b->rows++] = (uint32_t)b->len;
	b->len += len;
	b->start[b->rows] = (uint32_t)b->len;
}

static int
by_first_segment(const void *x, const void *y, void *arg)
{
	const struct bare_scan *b = arg;
	const char *p = b->text + b->start[*(const uint32_t *)x];
	const char *q = b->text + b->start[*(const uint32_t *)y];

	while (*p == *q && *p != '\n')
		p++, q++;
	return (unsigned char)*p - (unsigned char)*q;
}

void
bare_scan_finish(struct bare_scan *b)
{
	uint32_t *order = mem_array(b->rows, sizeof(*order));

	memset(b->text + b->len, 0, LOOK_AHEAD);
	b->rank = mem_array(b->rows, sizeof(*b->rank));
	for (size_t i = 0; i < b->rows; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, b->rows, sizeof(*order), by_first_segment, b);
	for (size_t i = 0; i < b->rows; i++)
		b->rank[order[i]] = (uint32_t)i;
	free(order);
}

void
bare_scan_free(struct bare_scan *b)
{
	free(b->text);
	free(b->start);
	free(b->rank);
}

/* ---- finding the next place ---- */

typedef size_t find_next(const struct bare_scan *b, const char *needle, size_t len, size_t from);

static size_t
find_plain(const struct bare_scan *b, const char *needle, size_t len, size_t from)
{
	const char *found = memmem(b->text + from, b->len - from, needle, len);

	return found == NULL ? b->len : (size_t)(found - b->text);
}

#if defined(__x86_64__)
/* Where the first and the last byte fit, the rest is compared (W. Mula, "SIMD-friendly algorithms
 * for substring searching"). */
__attribute__((target("avx2"))) static size_t
find_avx2(const struct bare_scan *b, const char *needle, size_t len, size_t from)
{
	const __m256i first = _mm256_set1_epi8(needle[0]), last = _mm256_set1_epi8(needle[len - 1]);

	for (size_t at = from; at < b->len; at += 32) {
		__m256i head = _mm256_loadu_si256((const void *)(b->text + at));
		__m256i tail = _mm256_loadu_si256((const void *)(b->text + at + len - 1));
		uint32_t fits = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(
		    _mm256_cmpeq_epi8(head, first), _mm256_cmpeq_epi8(tail, last)));

		for (; fits != 0; fits &= fits - 1) {
			size_t here = at + (size_t)__builtin_ctz(fits);

			if (memcmp(b->text + here, needle, len) == 0)
				return here;
		}
	}
	return b->len;
}
#endif

static find_next *
choose_find(size_t needle_len)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && needle_len <= LOOK_AHEAD - 32)
		return find_avx2;
#endif
	(void)needle_len;
	return find_plain;
}

/* The row of a place, sought from `row` in steps that double. */
static size_t
gallop(const struct bare_scan *b, size_t row, size_t place)
{
	size_t step = 1, low = row, high = row + 1;

	while (high < b->rows && b->start[high] <= place) {
		low = high;
		high += step;
		step *= 2;
	}
	if (high > b->rows)
		high = b->rows;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (b->start[middle] <= place)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Keep the 50 of the lowest ranks, in order. */
static void
page_insert(const struct bare_scan *b, struct bare_page *page, uint32_t row)
{
	size_t at;

	if (page->count == BARE_TOP && b->rank[page->rows[BARE_TOP - 1]] < b->rank[row])
		return;
	at = page->count < BARE_TOP ? page->count++ : BARE_TOP - 1;
	for (; at > 0 && b->rank[page->rows[at - 1]] > b->rank[row]; at--)
		page->rows[at] = page->rows[at - 1];
	page->rows[at] = row;
}

static bool
row_has(const struct bare_scan *b, size_t row, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (memmem(b->text + b->start[row], b->start[row + 1] - b->start[row], words[i],
			strlen(words[i])) == NULL)
			return false;
	}
	return true;
}

void
bare_scan_search(
    const struct bare_scan *b, const char *const words[], size_t word_count, struct bare_page *out)
{
	size_t len = strlen(words[0]), row = 0;
	find_next *find = choose_find(len);

	out->total = out->count = 0;
	for (size_t at = find(b, words[0], len, 0); at < b->len;) {
		row = gallop(b, row, at);
		if (row_has(b, row, words + 1, word_count - 1)) {
			out->total++;
			page_insert(b, out, (uint32_t)row);
		}
		at = b->start[row + 1];
		at = at < b->len ? find(b, words[0], len, at) : at;
	}
}
