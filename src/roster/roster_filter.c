/* What is asked of a row beside words: status, place, times. */
#include <stdlib.h>

#include "base/mem.h"
#include "roster/query_private.h"

/* [from, to) with 0 for open becomes bounds that are inclusive. */
static bool
filter_bounds(int64_t from, int64_t to, uint32_t *first, uint32_t *last)
{
	*first = 0;
	*last = UINT32_MAX;
	if (from == 0 && to == 0)
		return false;
	if (from > (int64_t)UINT32_MAX || (to != 0 && to <= 1)) { /* no known time is in there */
		*first = UINT32_MAX;
		*last = 0;
		return true;
	}
	*first = from > 1 ? (uint32_t)from : 1;
	if (to != 0 && to <= (int64_t)UINT32_MAX)
		*last = (uint32_t)(to - 1);
	return true;
}

void
filter_make(struct row_filter *f, const struct roster_version *v, const struct roster_query *q,
    struct list_memory *m)
{
	const unsigned all = (1U << FEED_STATUS_COUNT) - 1;
	size_t places = place_count(v);

	*f = (struct row_filter){ .statuses = q->statuses & all };
	if (f->statuses == 0)
		f->statuses = all;
	f->dates = filter_bounds(
	    q->registered_from, q->registered_to, &f->registered_from, &f->registered_to);
	f->dates |= filter_bounds(q->active_from, q->active_to, &f->active_from, &f->active_to);
	if (q->org_unit == NULL)
		return;
	if (places > m->places) {
		m->below = mem_resize(m->below, places, 1);
		m->places = places;
	}
	f->nowhere = places == 0 || !place_mark_below(v, q->org_unit, m->below);
	f->below = m->below;
}

void
filter_count(
    const struct row_filter *f, const struct roster_version *v, uint64_t count[FEED_STATUS_COUNT])
{
	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
		count[s] = f->nowhere || f->below != NULL ? 0 : v->count[s];
	if (!f->nowhere && f->below != NULL)
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
