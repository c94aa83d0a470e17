/* A row comes, changes or goes: page, orders, ids, counts and events in one step. */
#include "roster/roster_writer.h"

enum { MARKER_ROWS = 16 /* users with one marker that are found by it */ };

/* One event for each id in a version: the first state it had, against the last. */
static void
event_add(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], int change,
    enum feed_status status)
{
	struct roster_event *e = w->events, *end = w->events + w->event_count;

	w->dirty = true;
	if (w->event_all)
		return;
	while (e < end && !id_equal(e->id, id))
		e++;
	if (e == end) {
		if (w->event_count == ROSTER_EVENTS_MAX) {
			w->event_all = true;
			return;
		}
		w->event_count++;
		memcpy(e->id, id, FEED_ID_SIZE);
		e->change = change;
	} else if (e->change == ROSTER_ADDED && change == ROSTER_REMOVED) {
		*e = end[-1]; /* nobody saw it */
		w->event_count--;
		return;
	} else if (e->change == ROSTER_REMOVED && change == ROSTER_ADDED) {
		e->change = ROSTER_CHANGED;
	} else if (e->change != ROSTER_ADDED) {
		e->change = change;
	}
	e->status = status;
}

/* For the warm file, which holds users only: the store brings its invitations itself. */
static void
row_note(struct roster_writer *w, uint32_t row)
{
	if (w->r->keep == NULL || w->saved_all)
		return;
	if (w->bulk) {
		w->saved_all = true;
		w->saved.count = 0;
		return;
	}
	row_list_add(w->r, &w->saved, row);
}

void
row_count(struct roster_writer *w, uint32_t place, enum feed_status status, int32_t rows)
{
	w->draft->count[status] += (uint64_t)(int64_t)rows;
	w->live += (uint64_t)(int64_t)rows;
	place_add_rows(w, place, status, rows);
}

/* Entries that were copied have one marker: a few of them are enough to hide its invitation and to
 * be found by it, and thousands would be one run of the table that each of them has to walk. */
void
marker_index(struct roster_writer *w, uint32_t row)
{
	const unsigned char *marker = row_marker(w->draft, row);

	if (marker != NULL && ids_count(&w->markers, marker, MARKER_ROWS) < MARKER_ROWS)
		ids_add(w->r, &w->markers, row);
}

static void
row_index(struct roster_writer *w, uint32_t row)
{
	ids_add(w->r, &w->rows, row);
	marker_index(w, row);
}

static void
marker_unindex(struct roster_writer *w, uint32_t row)
{
	past_add(w, row_marker(w->draft, row), row);
	ids_remove(w->r, &w->markers, row);
}

static void
row_unindex(struct roster_writer *w, uint32_t row)
{
	past_add(w, version_page(w->draft, row)->id[row % ROSTER_PAGE_ROWS], row);
	ids_remove(w->r, &w->rows, row);
	if (row_marker(w->draft, row) != NULL)
		marker_unindex(w, row);
}

static uint32_t
row_number_new(struct roster_writer *w)
{
	if (w->vacant.count > 0)
		return w->vacant.rows[--w->vacant.count];
	/* A page that is full mostly stays as it is. */
	if (w->row_end > 0 && w->row_end % ROSTER_PAGE_ROWS == 0)
		page_seal(w, w->row_end / ROSTER_PAGE_ROWS - 1);
	return w->row_end++;
}

uint32_t
row_add(struct roster_writer *w, const struct row_values *values)
{
	uint32_t row = row_number_new(w);

	page_put(w, row, values);
	row_index(w, row);
	row_count(w, values->place, values->status, 1);
	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		if (!w->stale[s])
			order_insert(w, s, row);
	event_add(w, values->id, ROSTER_ADDED, values->status);
	if (!row_is_invitation(w->draft, row))
		row_note(w, row);
	w->changes++;
	return row;
}

static bool
marker_is_same(const unsigned char *a, const unsigned char *b)
{
	return a == NULL || b == NULL ? a == b : id_equal(a, b);
}

/* The page, with the marker's place in the table. */
static void
row_put(struct roster_writer *w, uint32_t row, const struct row_values *values)
{
	bool same = marker_is_same(row_marker(w->draft, row), row_values_marker(values));

	if (!same && row_marker(w->draft, row) != NULL)
		marker_unindex(w, row);
	page_put(w, row, values);
	if (!same)
		marker_index(w, row);
}

void
row_change(struct roster_writer *w, uint32_t row, const struct row_values *values)
{
	const struct roster_page_rows *p = version_page(w->draft, row);
	unsigned slot = row % ROSTER_PAGE_ROWS, moved = 0;

	if (row_is_same(w->draft, row, values))
		return;
	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		if (!w->stale[s] && order_differs(w->draft, s, row, values)) {
			order_remove(w, s, row);
			moved |= 1U << s;
		}
	if (p->status[slot] != values->status || p->place[slot] != values->place) {
		row_count(w, p->place[slot], p->status[slot], -1);
		row_count(w, values->place, values->status, 1);
	}
	row_put(w, row, values);
	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		if ((moved >> s & 1) != 0)
			order_insert(w, s, row);
	event_add(w, values->id, ROSTER_CHANGED, values->status);
	if (!row_is_invitation(w->draft, row))
		row_note(w, row);
	w->changes++;
}

void
row_remove(struct roster_writer *w, uint32_t row)
{
	const struct roster_page_rows *p = version_page(w->draft, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;

	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++)
		if (!w->stale[s])
			order_remove(w, s, row);
	row_unindex(w, row);
	row_count(w, p->place[slot], p->status[slot], -1);
	event_add(w, p->id[slot], ROSTER_REMOVED, p->status[slot]);
	if (!row_is_invitation(w->draft, row))
		row_note(w, row);
	page_drop(w, row);
	row_list_add(w->r, &w->vacant, row);
	w->changes++;
}

static void
page_move_place(struct roster_writer *w, uint32_t page, uint32_t from, uint32_t to)
{
	for (uint32_t slot = 0; slot < ROSTER_PAGE_ROWS; slot++) {
		uint32_t row = page * ROSTER_PAGE_ROWS + slot;
		struct roster_page_rows *p = w->draft->pages[page];

		if (!row_is_live(w->draft, row) || p->place[slot] != from)
			continue;
		p = page_own(w, page);
		p->place[slot] = to;
		row_count(w, from, p->status[slot], -1);
		row_count(w, to, p->status[slot], 1);
		if (!row_is_invitation(w->draft, row))
			row_note(w, row);
	}
}

void
rows_move_place(struct roster_writer *w, uint32_t from, uint32_t to)
{
	for (uint32_t page = 0; page < w->draft->page_count; page++)
		page_move_place(w, page, from, to);
	w->stale[ROSTER_BY_ORG_UNIT] = true;
	w->dirty = w->event_all = true;
}
