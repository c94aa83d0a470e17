/* Rows that come of the warm file. Pages are put there as they were; what else a row takes part in
 * is made for all of them at the end, in one go. */
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

void
row_restore(struct roster_writer *w, uint32_t row, const struct row_values *values)
{
	if (values == NULL) {
		if (row_is_live(w->draft, row))
			page_drop(w, row);
		return;
	}
	while (w->draft->page_count <= row / ROSTER_PAGE_ROWS)
		page_add(w, 0, 0);
	page_put(w, row, values);
}

/* Rows that are there, counted; those below the last one that are not are vacant. */
struct rows_there {
	uint32_t *rows;
	size_t count;
};

static bool
rows_there_add(struct roster_writer *w, struct rows_there *t, uint32_t row)
{
	const struct roster_page_rows *p = version_page(w->draft, row);
	uint32_t place = p->place[row % ROSTER_PAGE_ROWS];

	if (place != ROSTER_ROW_NONE && !place_is_used(w->draft, place))
		return false;
	row_count(w, place, p->status[row % ROSTER_PAGE_ROWS], 1);
	for (; w->row_end < row; w->row_end++)
		row_list_add(w->r, &w->vacant, w->row_end);
	w->row_end = row + 1;
	t->rows[t->count++] = row;
	return true;
}

/* False: one has no place. A page's rows may have lost theirs, and be gone by now themselves, so
 * that only those that are left are looked at. */
static bool
rows_there_list(struct roster_writer *w, struct rows_there *t)
{
	uint32_t end = (uint32_t)w->draft->page_count * ROSTER_PAGE_ROWS;

	t->rows = block_new(w->r, ((size_t)end + 1) * sizeof(*t->rows));
	for (uint32_t row = 0; row < end; row++)
		if (row_is_live(w->draft, row) && !rows_there_add(w, t, row))
			return false;
	return true;
}

struct indexing {
	struct roster_writer *w;
	struct rows_there there;
	bool failed;
};

static void
rows_index(void *arg)
{
	struct indexing *x = arg;
	struct roster_writer *w = x->w;

	x->failed = !ids_fill(w->r, &w->rows, x->there.rows, x->there.count);
	for (size_t i = 0; i < x->there.count && !x->failed; i++)
		marker_index(w, x->there.rows[i]);
}

void
rows_forget(struct roster_writer *w)
{
	pages_forget(w);
	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		w->stale[s] = true;
	places_count_none(w);
	memset(w->draft->count, 0, sizeof(w->draft->count));
	w->live = w->row_end = 0;
	w->vacant.count = 0;
}

bool
rows_restored(struct roster_writer *w, const struct order_hints *hints)
{
	struct indexing x = { .w = w };

	x.failed = !rows_there_list(w, &x.there);
	places_arrange(w); /* the order by org unit is by their ranks */
	if (!x.failed)
		orders_rebuild(w, hints, rows_index, &x);
	block_free(w->r, x.there.rows);
	w->dirty = w->event_all = true;
	return !x.failed;
}
