/* What is asked of a row beside words: status, place, times. */
#include <stdlib.h>

#include "base/mem.h"
#include "roster/query_private.h"

/* [from, to) with 0 for open becomes bounds that are inclusive; false: no known time is in it. */
static bool
filter_bounds(int64_t from, int64_t to, uint32_t *first, uint32_t *last)
{
	*first = 0;
	*last = UINT32_MAX;
	if (from == 0 && to == 0)
		return true;
	if (to == 0 || to > (int64_t)UINT32_MAX + 1)
		to = (int64_t)UINT32_MAX + 1;
	if (from < 1)
		from = 1;
	if (from >= to)
		return false;
	*first = (uint32_t)from;
	*last = (uint32_t)(to - 1);
	return true;
}

/* What is asked for, as far as the caller may see it. */
static void
filter_mark(struct row_filter *f, const struct roster_version *v, const struct roster_query *q,
    uint8_t *below)
{
	if (q->org_unit == NULL)
		place_mark_all(v, below);
	else if (!place_mark_below(v, q->org_unit, below))
		f->nobody = true;
	if (q->within != NULL && !place_keep_within(v, q->within, q->within_count, below))
		f->nobody = true;
}

void
filter_make(struct row_filter *f, const struct roster_version *v, const struct roster_query *q,
    struct list_memory *m)
{
	const unsigned all = (1U << FEED_STATUS_COUNT) - 1;

	*f = (struct row_filter){ .statuses = q->statuses & all, .places = place_count(v) };
	if (f->statuses == 0)
		f->statuses = all;
	f->nobody = !filter_bounds(q->registered_from, q->registered_to, &f->registered_from,
			&f->registered_to) ||
		    !filter_bounds(q->active_from, q->active_to, &f->active_from, &f->active_to);
	f->dates = q->registered_from != 0 || q->registered_to != 0 || q->active_from != 0 ||
		   q->active_to != 0;
	if (q->org_unit == NULL && q->within == NULL)
		return;
	if (f->places > m->places) {
		m->below = mem_resize(m->below, f->places, 1);
		m->places = f->places;
	}
	f->below = m->below;
	if (f->places == 0)
		f->nobody = true;
	else
		filter_mark(f, v, q, m->below);
}

void
filter_count(
    const struct row_filter *f, const struct roster_version *v, uint64_t count[FEED_STATUS_COUNT])
{
	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
		count[s] = f->below != NULL ? 0 : v->count[s];
	if (f->below != NULL)
		place_add_counts(v, f->below, count);
}

void
list_memory_free(struct list_memory *m)
{
	if (m == NULL)
		return;
	free(m->bits);
	free(m->below);
	free(m);
}
