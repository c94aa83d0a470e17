/* One row by its id. A number in a table is the writer's word for its draft; whether it holds for
 * the version that is shown, its own page says. */
#include "roster/roster_writer.h"

static bool
row_has_id(const struct roster_version *v, uint32_t row, const unsigned char *id)
{
	return row_is_live(v, row) &&
	       id_equal(version_page(v, row)->id[row % ROSTER_PAGE_ROWS], id);
}

static bool
row_has_marker(const struct roster_version *v, uint32_t row, const unsigned char *id)
{
	const unsigned char *marker = row_is_live(v, row) ? row_marker(v, row) : NULL;

	return marker != NULL && id_equal(marker, id);
}

static uint32_t
find_by_id(struct roster *r, const struct roster_version *v, const unsigned char *id)
{
	size_t at = 0;
	uint32_t row;

	while ((row = ids_next(&r->writer->rows, id, &at)) != ROSTER_ROW_NONE)
		if (row_has_id(v, row, id))
			break;
	return row;
}

static uint32_t
find_by_marker(struct roster *r, const struct roster_version *v, const unsigned char *id)
{
	size_t at = 0;
	uint32_t row;

	while ((row = ids_next(&r->writer->markers, id, &at)) != ROSTER_ROW_NONE)
		if (row_has_marker(v, row, id))
			break;
	return row;
}

/* What the draft has removed and the version may still show. */
static uint32_t
find_in_past(struct roster *r, const struct roster_version *v, const unsigned char *id, bool marker)
{
	const struct past *past = r->writer->past;
	size_t at = 0;
	uint32_t number;

	while ((number = ids_next(&r->writer->past_ids, id, &at)) != ROSTER_ROW_NONE) {
		uint32_t row = past[number].row;

		if (marker ? row_has_marker(v, row, id) : row_has_id(v, row, id))
			return row;
	}
	return ROSTER_ROW_NONE;
}

static uint32_t
find_row(struct roster *r, const struct roster_version *v, const unsigned char *id)
{
	uint32_t row = find_by_id(r, v, id);

	if (row == ROSTER_ROW_NONE)
		row = find_in_past(r, v, id, false);
	if (row == ROSTER_ROW_NONE)
		row = find_by_marker(r, v, id);
	if (row == ROSTER_ROW_NONE)
		row = find_in_past(r, v, id, true);
	return row;
}

/* What the draft removes is told to the tables first and forgotten after the next version is there:
 * the version to look into is chosen while they stand still. */
bool
roster_find(
    struct roster *r, const unsigned char id[FEED_ID_SIZE], roster_render *render, void *render_arg)
{
	struct roster_version *v;
	struct roster_row values;
	uint32_t row = ROSTER_ROW_NONE;

	pthread_mutex_lock(&r->ids_lock);
	v = version_hold(r);
	if (v->state != ROSTER_LOADING)
		row = find_row(r, v, id);
	pthread_mutex_unlock(&r->ids_lock);
	if (row != ROSTER_ROW_NONE) {
		version_row(v, row, &values);
		render(render_arg, 0, &values);
	}
	version_release_soon(r, v);
	return row != ROSTER_ROW_NONE;
}
