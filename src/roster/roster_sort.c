/* Rows, sorted.
 *
 * Of texts every row comes with 16 bytes of its key, so that most comparisons touch nothing else;
 * runs of equal ones are sorted by the next 16 bytes, and in the end by id. Against a sort that
 * compares rows where they lie this saves three cache misses a comparison. Many items are dealt out
 * by one byte after the other; what is left of a pile fits into a cache, and is sorted there. */
#include "roster/roster_sort.h"

enum {
	SORT_PILES = 256,
	SORT_STEP = 16,	 /* bytes of a key at a time */
	SORT_SMALL = 16, /* items that insertion sorts */
	SORT_PILE = 256	 /* items that are not dealt out */
};

#define SORT_SEED UINT64_C(0x9e3779b97f4a7c15)

struct sort_item {
	uint64_t high, low;
	uint32_t row;
};

struct sorter {
	const struct roster_version *v;
	unsigned sort;
	uint64_t random;	/* of the pivots: no input is slow by design */
	struct sort_item *room; /* for as many items as there are */
};

static const unsigned char *
item_id(const struct sorter *s, const struct sort_item *item)
{
	return version_page(s->v, item->row)->id[item->row % ROSTER_PAGE_ROWS];
}

/* The key from byte `at` on. False: it has no more there. */
static bool
item_set_text(const struct sorter *s, struct sort_item *item, size_t at)
{
	size_t len;
	const char *text = row_segment(s->v, item->row, sort_segment(s->sort), &len);

	if (len == 0 && at == 0) { /* absent: last */
		item->high = item->low = UINT64_MAX;
		return true;
	}
	if (len > ROSTER_KEY_MAX)
		len = ROSTER_KEY_MAX;
	if (at >= len) {
		item->high = item->low = 0;
		return false;
	}
	item->high = text_number(text + at, len - at);
	item->low = len - at > 8 ? text_number(text + at + 8, len - at - 8) : 0;
	return true;
}

static bool
item_less(const struct sort_item *a, const struct sort_item *b)
{
	return a->high < b->high || (a->high == b->high && a->low < b->low);
}

static void
item_swap(struct sort_item *a, struct sort_item *b)
{
	struct sort_item c = *a;

	*a = *b;
	*b = c;
}

static void
items_sort_small(struct sort_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sort_item item = items[i];
		size_t j = i;

		for (; j > 0 && item_less(&item, &items[j - 1]); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

static size_t
sorter_random(struct sorter *s, size_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (size_t)(s->random % below);
}

/* Quicksort in three parts (less, equal, greater): runs of equal keys are what it meets most. */
static void
items_sort(struct sorter *s, struct sort_item *items, size_t count)
{
	while (count > SORT_SMALL) {
		struct sort_item pivot = items[sorter_random(s, count)];
		size_t less = 0, at = 0, greater = count;

		while (at < greater) {
			if (item_less(&items[at], &pivot))
				item_swap(&items[less++], &items[at++]);
			else if (item_less(&pivot, &items[at]))
				item_swap(&items[at], &items[--greater]);
			else
				at++;
		}
		/* The smaller side by recursion: the stack stays below log2 of the count. */
		if (less < count - greater) {
			items_sort(s, items, less);
			items += greater;
			count -= greater;
		} else {
			items_sort(s, items + greater, count - greater);
			count = less;
		}
	}
	items_sort_small(items, count);
}

static unsigned
item_byte(const struct sort_item *item, unsigned at)
{
	return (at < 8 ? item->high >> (56 - 8 * at) : item->low >> (120 - 8 * at)) & 0xff;
}

/* Into piles by one byte; `ends[b]` is behind the last one of pile b. False: there is one pile. */
static bool
items_deal(struct sorter *s, struct sort_item *items, size_t count, unsigned byte, size_t *ends)
{
	size_t sum = 0;

	memset(ends, 0, SORT_PILES * sizeof(*ends));
	for (size_t i = 0; i < count; i++)
		ends[item_byte(&items[i], byte)]++;
	if (ends[item_byte(&items[0], byte)] == count)
		return false;
	for (unsigned b = 0; b < SORT_PILES; b++) {
		size_t here = ends[b];

		ends[b] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		s->room[ends[item_byte(&items[i], byte)]++] = items[i];
	memcpy(items, s->room, count * sizeof(*items));
	return true;
}

/* From `byte` on; they are equal before it. */
static void
items_sort_many(struct sorter *s, struct sort_item *items, size_t count, unsigned byte)
{
	size_t ends[SORT_PILES], begin = 0;

	if (count <= SORT_PILE) {
		items_sort(s, items, count);
		return;
	}
	while (byte < SORT_STEP && !items_deal(s, items, count, byte, ends))
		byte++;
	for (unsigned b = 0; byte < SORT_STEP && b < SORT_PILES; begin = ends[b++])
		items_sort_many(s, items + begin, ends[b] - begin, byte + 1);
}

static void
items_sort_by_id(struct sorter *s, struct sort_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const unsigned char *id = item_id(s, &items[i]);

		items[i].high = bytes_number(id);
		items[i].low = bytes_number(id + 8);
	}
	items_sort_many(s, items, count, 0);
}

/* Rows that are equal up to byte `at`. */
static void
items_sort_further(struct sorter *s, struct sort_item *items, size_t count, size_t at)
{
	bool more = false;

	if (at < ROSTER_KEY_MAX)
		for (size_t i = 0; i < count; i++)
			more = item_set_text(s, &items[i], at) || more;
	if (!more) {
		items_sort_by_id(s, items, count);
		return;
	}
	items_sort_many(s, items, count, 0);
	for (size_t i = 0, run; i < count; i += run) {
		for (run = 1; i + run < count && !item_less(&items[i], &items[i + run]); run++)
			continue;
		/* What ends in zeros ends there. */
		if (run > 1 && (items[i].low & 0xff) == 0)
			items_sort_by_id(s, items + i, run);
		else if (run > 1)
			items_sort_further(s, items + i, run, at + SORT_STEP);
	}
}

uint32_t *
rows_live(struct roster *r, const struct roster_version *v, size_t *count)
{
	uint32_t end = (uint32_t)v->page_count * ROSTER_PAGE_ROWS, *rows;
	uint64_t live = 0;

	for (size_t i = 0; i < FEED_STATUS_COUNT; i++)
		live += v->count[i];
	rows = block_new(r, (live + 1) * sizeof(*rows));
	*count = 0;
	for (uint32_t row = 0; row < end; row++)
		if (row_is_live(v, row))
			rows[(*count)++] = row;
	return rows;
}

static struct sort_item *
items_new(struct roster *r, const uint32_t *rows, size_t count)
{
	struct sort_item *items = block_new(r, (count + 1) * sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i].row = rows[i];
	return items;
}

/* Frees the items. */
static uint32_t *
items_rows(struct roster *r, struct sort_item *items, size_t count)
{
	uint32_t *rows = block_new(r, (count + 1) * sizeof(*rows));

	for (size_t i = 0; i < count; i++)
		rows[i] = items[i].row;
	block_free(r, items);
	return rows;
}

uint32_t *
rows_sort(struct roster *r, const struct roster_version *v, unsigned sort, const uint32_t *rows,
    size_t count)
{
	struct sort_item *items = items_new(r, rows, count);
	struct sorter s = { v, sort, SORT_SEED, block_new(r, (count + 1) * sizeof(*items)) };

	if (sort == ORDER_BY_ID)
		items_sort_by_id(&s, items, count);
	else
		items_sort_further(&s, items, count, 0);
	block_free(r, s.room);
	return items_rows(r, items, count);
}

/* ---- numbers: rows in the order of their ids are counted into place, and ties stay in order ----
 */

enum { RADIX_BITS = 11, RADIX_SIZE = 1 << RADIX_BITS };

struct numbered {
	uint32_t number, row;
};

/* False: all were in one place, and nothing was moved. */
static bool
radix_pass(const struct numbered *from, struct numbered *to, size_t count, unsigned shift)
{
	size_t at[RADIX_SIZE] = { 0 }, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[from[i].number >> shift & (RADIX_SIZE - 1)]++;
	for (size_t d = 0; d < RADIX_SIZE; d++) {
		size_t here = at[d];

		if (here == count)
			return false;
		at[d] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[at[from[i].number >> shift & (RADIX_SIZE - 1)]++] = from[i];
	return true;
}

uint32_t *
rows_by_number(struct roster *r, const struct roster_version *v, enum roster_sort sort,
    const uint32_t *by_id, size_t count)
{
	struct numbered *a = block_new(r, 2 * (count + 1) * sizeof(*a)), *from = a;
	struct numbered *to = a + count, *other;
	uint32_t *rows = block_new(r, (count + 1) * sizeof(*rows));

	for (size_t i = 0; i < count; i++)
		from[i] = (struct numbered){ (uint32_t)row_number(v, sort, by_id[i]), by_id[i] };
	for (unsigned shift = 0; shift < 32; shift += RADIX_BITS)
		if (radix_pass(from, to, count, shift)) {
			other = from;
			from = to;
			to = other;
		}
	for (size_t i = 0; i < count; i++)
		rows[i] = from[i].row;
	block_free(r, a);
	return rows;
}
