/* Orders as the warm file has them. Sorting a million people four times was a third of the work of
 * a warm start; most of that is saved by looking whether they are sorted.
 *
 * A hint is a list of row numbers and may be any: of those that it names, each is taken once, when
 * it is there and has not changed since, and must be greater than the one before. Whatever it does
 * not name is sorted and merged in. So what comes of it is a sorted order of all rows, or nothing.
 */
#include "roster/roster_sort.h"

enum {
	HINT_PARTS = 3,	 /* eight bytes of a key each: nearly all names are shorter */
	HINT_AHEAD = 12, /* rows whose keys are fetched while others are compared */
	HINT_SHARE = 4	 /* when more than this share is left over, a sort is cheaper */
};

struct hint_key {
	uint64_t part[HINT_PARTS];
};

struct following {
	struct roster *r;
	const struct roster_version *v;
	unsigned sort;
	struct hint_key *keys; /* by row */
	uint64_t *open;	       /* bits of the rows that may be taken */
	uint32_t *rows;	       /* what was taken, in the order of the hint; later all, sorted */
	size_t count;
};

/* ---- keys, from one row to the next as they lie in memory ---- */

static const unsigned char *
id_of(const struct following *f, uint32_t row)
{
	return version_page(f->v, row)->id[row % ROSTER_PAGE_ROWS];
}

static void
key_set(const struct following *f, uint32_t row, struct hint_key *key)
{
	const char *text;
	size_t len;

	if (f->sort == ORDER_BY_ID) {
		const unsigned char *id = id_of(f, row);

		*key = (struct hint_key){ { bytes_number(id), bytes_number(id + 8), 0 } };
		return;
	}
	text = row_segment(f->v, row, sort_segment(f->sort), &len);
	for (size_t i = 0; i < HINT_PARTS; i++)
		key->part[i] = len > 8 * i ? text_number(text + 8 * i, len - 8 * i) : 0;
	if (len == 0) /* absent: last */
		memset(key, 0xff, sizeof(*key));
}

/* A key that ends in zeros is all of the text, and so is none. */
static int
row_compare_tied(const struct following *f, uint32_t a, uint32_t b)
{
	uint64_t last = f->keys[a].part[HINT_PARTS - 1];

	if (f->sort != ORDER_BY_ID && (last & 0xff) != 0 && last != UINT64_MAX)
		return order_compare(f->v, f->sort, a, b);
	return memcmp(id_of(f, a), id_of(f, b), FEED_ID_SIZE);
}

static int
row_compare(const struct following *f, uint32_t a, uint32_t b)
{
	for (size_t i = 0; i < HINT_PARTS; i++) {
		uint64_t x = f->keys[a].part[i], y = f->keys[b].part[i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return row_compare_tied(f, a, b);
}

/* ---- taking ---- */

static bool
open_has(const struct following *f, uint32_t row)
{
	return (f->open[row / 64] >> row % 64 & 1) != 0;
}

static void
open_clear(struct following *f, uint32_t row)
{
	f->open[row / 64] &= ~(UINT64_C(1) << row % 64);
}

static void
following_take(struct following *f, const struct row_list *hint, uint32_t end)
{
	for (size_t i = 0; i < hint->count; i++) {
		uint32_t row = hint->rows[i];

		if (row >= end || !open_has(f, row))
			continue;
		open_clear(f, row);
		f->rows[f->count++] = row;
	}
}

static bool
following_is_sorted(const struct following *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (i + HINT_AHEAD < f->count) {
			uint32_t ahead = f->rows[i + HINT_AHEAD];

			__builtin_prefetch(&f->keys[ahead]);
			__builtin_prefetch(id_of(f, ahead));
		}
		if (i > 0 && row_compare(f, f->rows[i - 1], f->rows[i]) >= 0)
			return false;
	}
	return true;
}

/* From behind, so that there is room. */
static void
following_merge(struct following *f, const uint32_t *left, size_t left_count)
{
	size_t taken = f->count, at = f->count + left_count;

	f->count = at;
	while (left_count > 0) {
		bool is_last =
		    taken == 0 || row_compare(f, f->rows[taken - 1], left[left_count - 1]) < 0;

		f->rows[--at] = is_last ? left[--left_count] : f->rows[--taken];
	}
}

/* ---- all of it ---- */

static void
following_begin(struct following *f, const struct row_list *changed, const uint32_t *rows,
    size_t count, uint32_t end)
{
	f->keys = block_new(f->r, end * sizeof(*f->keys));
	f->open = block_zeroed(f->r, ((size_t)end / 64 + 1) * sizeof(*f->open));
	f->rows = block_new(f->r, (count + 1) * sizeof(*f->rows));
	for (size_t i = 0; i < count; i++) {
		key_set(f, rows[i], &f->keys[rows[i]]);
		f->open[rows[i] / 64] |= UINT64_C(1) << rows[i] % 64;
	}
	for (size_t i = 0; i < changed->count; i++)
		if (changed->rows[i] < end)
			open_clear(f, changed->rows[i]);
}

/* What was not taken, sorted. */
static uint32_t *
following_sort_rest(
    const struct following *f, const uint32_t *rows, size_t count, size_t *left_count)
{
	uint32_t *left, *sorted;
	uint64_t *taken = block_zeroed(f->r, ((size_t)rows[count - 1] / 64 + 1) * sizeof(*taken));

	for (size_t i = 0; i < f->count; i++)
		taken[f->rows[i] / 64] |= UINT64_C(1) << f->rows[i] % 64;
	left = block_new(f->r, (count - f->count + 1) * sizeof(*left));
	*left_count = 0;
	for (size_t i = 0; i < count; i++)
		if ((taken[rows[i] / 64] >> rows[i] % 64 & 1) == 0)
			left[(*left_count)++] = rows[i];
	sorted = rows_sort(f->r, f->v, f->sort, left, *left_count);
	block_free(f->r, left);
	block_free(f->r, taken);
	return sorted;
}

uint32_t *
rows_follow(struct roster *r, const struct roster_version *v, unsigned sort,
    const struct order_hints *hints, const uint32_t *rows, size_t count)
{
	struct following f = { .r = r, .v = v, .sort = sort };
	uint32_t end = count > 0 ? rows[count - 1] + 1 : 0, *left;
	size_t left_count;
	bool good;

	if (count == 0 || hints->order[sort].count == 0)
		return NULL;
	following_begin(&f, &hints->changed, rows, count, end);
	following_take(&f, &hints->order[sort], end);
	good = count - f.count <= count / HINT_SHARE && following_is_sorted(&f);
	if (good && f.count < count) {
		left = following_sort_rest(&f, rows, count, &left_count);
		following_merge(&f, left, left_count);
		block_free(r, left);
	}
	block_free(r, f.keys);
	block_free(r, f.open);
	if (!good)
		block_free(r, f.rows);
	return good ? f.rows : NULL;
}
