/* Orders: chunks of row numbers, each chunk and the whole sorted by one key. */
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

bool
sort_is_text(enum roster_sort sort)
{
	return sort == ROSTER_BY_NAME || sort == ROSTER_BY_MAIL || sort == ROSTER_BY_PHONE;
}

unsigned
sort_segment(enum roster_sort sort)
{
	return sort == ROSTER_BY_NAME ? 0 : sort == ROSTER_BY_MAIL ? 1 : 2;
}

static const char *
text_segment(const char *s, size_t size, unsigned segment, size_t *len)
{
	const char *end = s + size, *stop;

	for (;;) {
		stop = memchr(s, '\n', (size_t)(end - s));
		if (stop == NULL || segment-- == 0)
			break;
		s = stop + 1;
	}
	*len = stop != NULL ? (size_t)(stop - s) : 0;
	return s;
}

const char *
row_segment(const struct roster_version *v, uint32_t row, unsigned segment, size_t *len)
{
	const struct roster_page_rows *p = version_page(v, row);
	uint32_t at = p->text_at[row % ROSTER_PAGE_ROWS];

	return text_segment(
	    p->text + at, p->text_at[row % ROSTER_PAGE_ROWS + 1] - at, segment, len);
}

uint64_t
row_number(const struct roster_version *v, enum roster_sort sort, uint32_t row)
{
	const struct roster_page_rows *p = version_page(v, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;

	switch (sort) {
	case ROSTER_BY_ORG_UNIT:
		return place_rank(v, p->place[slot]);
	case ROSTER_BY_STATUS:
		return p->status[slot];
	case ROSTER_BY_REGISTERED:
		return p->registered_at[slot];
	default:
		return p->last_activity_at[slot];
	}
}

static size_t
key_len(size_t len)
{
	return len < ROSTER_KEY_MAX ? len : ROSTER_KEY_MAX;
}

void
order_key_of(
    const struct roster_version *v, enum roster_sort sort, uint32_t row, struct roster_key *out)
{
	const struct roster_page_rows *p = version_page(v, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;
	const char *text;
	size_t len;

	memset(out, 0, sizeof(*out));
	out->sort = sort;
	memcpy(out->id, p->id[slot], FEED_ID_SIZE);
	if (sort_is_text(sort)) {
		text = row_segment(v, row, sort_segment(sort), &len);
		out->len = (uint8_t)key_len(len);
		out->absent = len == 0;
		memcpy(out->text, text, out->len);
	} else if (sort == ROSTER_BY_ORG_UNIT) {
		place_key(v, p->place[slot], out);
	} else {
		out->number = row_number(v, sort, row);
	}
}

/* Absent ones last. */
static int
text_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len;
	int order;

	a_len = key_len(a_len);
	b_len = key_len(b_len);
	if (a_len == 0 || b_len == 0)
		return (a_len == 0) - (b_len == 0);
	len = a_len < b_len ? a_len : b_len;
	order = memcmp(a, b, len);
	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int
number_compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int
order_compare_key(const struct roster_version *v, uint32_t row, const struct roster_key *key)
{
	const char *text;
	size_t len;
	int order;

	if (sort_is_text(key->sort)) {
		text = row_segment(v, row, sort_segment(key->sort), &len);
		order = text_compare(text, len, key->text, key->absent ? 0 : key->len);
	} else if (key->sort == ROSTER_BY_ORG_UNIT) {
		order = number_compare(row_number(v, key->sort, row), place_key_rank(key));
	} else {
		order = number_compare(row_number(v, key->sort, row), key->number);
	}
	if (order != 0)
		return order;
	return memcmp(version_page(v, row)->id[row % ROSTER_PAGE_ROWS], key->id, FEED_ID_SIZE);
}

void
order_key_refresh(const struct roster_version *v, struct roster_key *key)
{
	if (key->sort == ROSTER_BY_ORG_UNIT)
		place_key_refresh(v, key);
}

int
order_compare(const struct roster_version *v, enum roster_sort sort, uint32_t a, uint32_t b)
{
	const char *x, *y;
	size_t x_len, y_len;
	int order;

	if (sort_is_text(sort)) {
		x = row_segment(v, a, sort_segment(sort), &x_len);
		y = row_segment(v, b, sort_segment(sort), &y_len);
		order = text_compare(x, x_len, y, y_len);
	} else {
		order = number_compare(row_number(v, sort, a), row_number(v, sort, b));
	}
	if (order != 0)
		return order;
	return memcmp(version_page(v, a)->id[a % ROSTER_PAGE_ROWS],
	    version_page(v, b)->id[b % ROSTER_PAGE_ROWS], FEED_ID_SIZE);
}

bool
order_differs(const struct roster_version *v, enum roster_sort sort, uint32_t row,
    const struct row_values *values)
{
	const char *a, *b;
	size_t a_len, b_len;

	switch (sort) {
	case ROSTER_BY_ORG_UNIT:
		return version_page(v, row)->place[row % ROSTER_PAGE_ROWS] != values->place;
	case ROSTER_BY_STATUS:
		return row_number(v, sort, row) != values->status;
	case ROSTER_BY_REGISTERED:
		return row_number(v, sort, row) != values->registered_at;
	case ROSTER_BY_LAST_ACTIVITY:
		return row_number(v, sort, row) != values->last_activity_at;
	default:
		a = row_segment(v, row, sort_segment(sort), &a_len);
		b = text_segment(values->text, values->text_len, sort_segment(sort), &b_len);
		return text_compare(a, a_len, b, b_len) != 0;
	}
}

/* ---- positions ---- */

/* Whether the row stands before the position sought. */
static bool
is_before(const struct roster_version *v, uint32_t row, const struct roster_key *key, bool behind)
{
	int order = order_compare_key(v, row, key);

	return behind ? order <= 0 : order < 0;
}

struct roster_position
order_locate(const struct roster_version *v, const struct roster_key *key, bool behind)
{
	const struct roster_order *o = &v->orders[key->sort];
	size_t low = 0, high = o->count, index;
	const struct roster_chunk *c;

	/* The last chunk that begins before the position. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(v, o->chunks[middle]->rows[0], key, behind))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return (struct roster_position){ 0, 0 };
	c = o->chunks[low - 1];
	index = 1;
	high = c->count;
	while (index < high) {
		size_t middle = index + (high - index) / 2;

		if (is_before(v, c->rows[middle], key, behind))
			index = middle + 1;
		else
			high = middle;
	}
	return (struct roster_position){ low - 1, index };
}

struct roster_position
order_find(const struct roster_version *v, const struct roster_key *key, bool behind)
{
	struct roster_key fit = *key;

	order_key_refresh(v, &fit);
	return order_locate(v, &fit, behind);
}

struct roster_position
order_begin(const struct roster_version *v, enum roster_sort sort)
{
	(void)v, (void)sort;
	return (struct roster_position){ 0, 0 };
}

struct roster_position
order_end(const struct roster_version *v, enum roster_sort sort)
{
	return (struct roster_position){ v->orders[sort].count, 0 };
}

uint32_t
order_next(const struct roster_version *v, enum roster_sort sort, struct roster_position *p)
{
	const struct roster_order *o = &v->orders[sort];

	if (p->chunk < o->count && p->index >= o->chunks[p->chunk]->count) {
		p->chunk++;
		p->index = 0;
	}
	if (p->chunk >= o->count)
		return ROSTER_ROW_NONE;
	return o->chunks[p->chunk]->rows[p->index++];
}

uint32_t
order_previous(const struct roster_version *v, enum roster_sort sort, struct roster_position *p)
{
	const struct roster_order *o = &v->orders[sort];

	if (p->index == 0) {
		if (p->chunk == 0)
			return ROSTER_ROW_NONE;
		p->chunk--;
		p->index = o->chunks[p->chunk]->count;
	}
	return o->chunks[p->chunk]->rows[--p->index];
}
