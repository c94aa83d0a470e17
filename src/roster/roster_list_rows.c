/* The rows of a page, in order: a walk of the order that takes what matches, or, where few match, a
 * look at each of those that keeps the best. */
#include <string.h>

#include "roster/query_private.h"
#include "roster/roster_place.h"

/* ---- walk ---- */

/* A walk begins at `at` and is over at `end`. */
struct list_path {
	struct roster_position at, end;
};

/* Narrow the keys to the places that a filter marks; siblings and what is below them stand
 * together. */
static void
list_place_range(const struct list_rows *l, struct roster_key *low, struct roster_key *high)
{
	uint32_t least = ROSTER_ROW_NONE, greatest = 0, rank;

	for (uint32_t i = 0; i < l->filter->places; i++) {
		if (l->filter->below[i] == 0)
			continue;
		rank = place_rank(l->v, i);
		if (rank <= least) {
			least = rank;
			place_key(l->v, i, low);
		}
		if (rank >= greatest) {
			greatest = rank;
			place_key(l->v, i, high);
		}
	}
}

/* The least and the greatest key that a match can have, where the filter says so: else the rows of
 * a filter may all be at the far end. False: it may have any. */
static bool
list_range(const struct list_rows *l, struct roster_key *low, struct roster_key *high)
{
	const struct row_filter *f = l->filter;

	if (f == NULL)
		return false;
	switch (l->query->sort) {
	case ROSTER_BY_ORG_UNIT:
		if (f->below != NULL)
			list_place_range(l, low, high);
		return f->below != NULL;
	case ROSTER_BY_STATUS:
		low->number = (uint64_t)__builtin_ctz(f->statuses);
		high->number = 31 - (uint64_t)__builtin_clz(f->statuses);
		return true;
	case ROSTER_BY_REGISTERED:
		low->number = f->registered_from;
		high->number = f->registered_to;
		return true;
	case ROSTER_BY_LAST_ACTIVITY:
		low->number = f->active_from;
		high->number = f->active_to;
		return true;
	default:
		return false;
	}
}

static void
list_path_make(const struct list_rows *l, struct list_path *path)
{
	enum roster_sort sort = l->query->sort;
	bool down = l->query->descending;
	struct roster_position first = order_begin(l->v, sort), last = order_end(l->v, sort);
	struct roster_key low = { .sort = sort }, high = { .sort = sort };

	if (list_range(l, &low, &high)) {
		memset(high.id, 0xff, sizeof(high.id));
		first = order_find(l->v, &low, false);
		last = order_find(l->v, &high, true);
	}
	path->at = down ? last : first;
	path->end = down ? first : last;
	if (l->after != NULL)
		path->at = order_find(l->v, l->after, !down);
}

/* The next row of the walk, or ROSTER_ROW_NONE. Between two chunks a position has two names, so
 * that the walk may see one row behind its end, which does not match. */
static uint32_t
list_path_next(const struct list_rows *l, struct list_path *path)
{
	const struct roster_position *before = l->query->descending ? &path->end : &path->at;
	const struct roster_position *behind = l->query->descending ? &path->at : &path->end;

	if (before->chunk > behind->chunk ||
	    (before->chunk == behind->chunk && before->index >= behind->index))
		return ROSTER_ROW_NONE;
	if (l->query->descending)
		return order_previous(l->v, l->query->sort, &path->at);
	return order_next(l->v, l->query->sort, &path->at);
}

static bool
list_has(const struct list_rows *l, uint32_t row)
{
	const struct roster_page_rows *page;
	size_t slot = row % ROSTER_PAGE_ROWS;

	if (l->bits != NULL)
		return (l->bits[row / 64] >> (row % 64) & 1) != 0;
	if (l->filter == NULL)
		return true;
	page = version_page(l->v, row);
	return (l->filter->statuses & (1U << page->status[slot])) != 0 &&
	       filter_passes(l->filter, page, slot);
}

bool
list_walk(struct list_rows *l, uint64_t steps)
{
	struct listing *out = l->out;
	struct list_path path;
	uint32_t row;

	out->found = 0;
	list_path_make(l, &path);
	while (out->found <= l->query->limit) {
		if (l->after == NULL && out->found == out->total)
			return true;
		row = list_path_next(l, &path);
		if (row == ROSTER_ROW_NONE)
			return true;
		if (list_has(l, row))
			out->rows[out->found++] = row;
		if (steps-- == 0) {
			out->found = 0;
			return false;
		}
	}
	return true;
}

/* ---- collect ---- */

static bool
list_before(const struct list_rows *l, uint32_t a, uint32_t b)
{
	int order = order_compare(l->v, l->query->sort, a, b);

	return l->query->descending ? order > 0 : order < 0;
}

/* Keep it if it is among the first limit + 1 so far. */
static void
list_offer(struct list_rows *l, uint32_t row)
{
	struct listing *out = l->out;
	size_t low = 0, high = out->found, most = l->query->limit + 1;

	if (out->found == most) {
		if (!list_before(l, row, out->rows[most - 1]))
			return;
		high = --out->found;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list_before(l, row, out->rows[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	memmove(out->rows + low + 1, out->rows + low, (out->found - low) * sizeof(out->rows[0]));
	out->rows[low] = row;
	out->found++;
}

void
list_collect(struct list_rows *l)
{
	size_t words = l->v->page_count * (ROSTER_PAGE_ROWS / 64);
	struct roster_key after = { 0 };

	l->out->found = 0;
	if (l->after != NULL) {
		after = *l->after;
		order_key_refresh(l->v, &after);
	}
	for (size_t i = 0; i < words; i++)
		for (uint64_t some = l->bits[i]; some != 0; some &= some - 1) {
			uint32_t row = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(some);
			int order = l->after != NULL ? order_compare_key(l->v, row, &after) : 0;

			if (l->after == NULL || (l->query->descending ? order < 0 : order > 0))
				list_offer(l, row);
		}
}
