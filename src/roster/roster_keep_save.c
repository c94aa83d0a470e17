/* What a save writes into the warm file: everything, or what has changed. */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "roster/roster_keep.h"
#include "roster/roster_place.h"
#include "roster/roster_sort.h"

enum {
	KEEP_PART = 4 * 1024 * 1024,	/* of one transaction of a save of everything */
	KEEP_BYTES = 1024 * 1024 * 1024 /* of a transaction's records, at most */
};

/* Records of one transaction; `data` moves while it grows, so that they hold offsets first. */
struct sheet {
	struct warm *warm;
	const char *path;
	struct warm_record *records;
	size_t count, room;
	struct buf data;
};

static struct warm_record *
sheet_add(struct sheet *s, enum warm_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	struct warm_record *record;

	if (s->count == s->room) {
		s->room = s->room > 0 ? s->room * 2 : 1024;
		s->records = mem_resize(s->records, s->room, sizeof(*s->records));
	}
	record = &s->records[s->count++];
	*record = (struct warm_record){ .kind = kind };
	memcpy(record->id, id, FEED_ID_SIZE);
	return record;
}

/* One that is known by its number. */
static void
sheet_number(struct sheet *s, enum warm_kind kind, const struct roster_version *v, uint32_t number)
{
	unsigned char id[FEED_ID_SIZE];
	struct warm_record *record;
	size_t before = s->data.len;

	record_number_id(number, id);
	record = sheet_add(s, kind, id);
	if (kind == WARM_PAGE)
		record_page(v, number, &s->data);
	else if (kind == WARM_USER)
		record_user(v, number, &s->data);
	else if (v->places->items[number].used)
		record_place(v, number, &s->data);
	record->len = s->data.len - before;
}

static void
sheet_group(struct sheet *s, const struct group *g)
{
	struct warm_record *record = sheet_add(s, WARM_GROUP, g->id);
	size_t before = s->data.len;

	record_group(g, &s->data);
	record->len = s->data.len - before;
}

static void
sheet_places(struct sheet *s, const struct roster_version *v)
{
	for (uint32_t i = 0; i < v->places->count; i++)
		sheet_number(s, WARM_PLACE, v, i);
}

static bool
sheet_save(struct sheet *s, const void *cookie, size_t cookie_len, struct fault *f)
{
	bool saved = false;

	for (size_t i = 0, at = 0; i < s->count; at += s->records[i++].len)
		s->records[i].data = s->records[i].len > 0 ? s->data.data + at : NULL;
	if (buf_failed(&s->data))
		fault_set(f, ERR_UNAVAILABLE, "%s: too much at once", s->path);
	else
		saved = warm_save(s->warm, s->records, s->count, cookie, cookie_len, f);
	s->count = 0;
	buf_reset(&s->data);
	return saved;
}

static bool
sheet_save_part(struct sheet *s, const atomic_bool *stopping, struct fault *f)
{
	return s->data.len < KEEP_PART || (!atomic_load(stopping) && sheet_save(s, NULL, 0, f));
}

static void
sheet_order(struct sheet *s, uint32_t number, const uint32_t *rows, size_t count)
{
	unsigned char id[FEED_ID_SIZE];
	struct warm_record *record;
	size_t before = s->data.len;

	record_number_id(number, id);
	record = sheet_add(s, WARM_ORDER, id);
	record_order(rows, count, &s->data);
	record->len = s->data.len - before;
}

/* The rows of an order, without those that are not in the file. */
static size_t
users_only(const struct roster_version *v, uint32_t *rows, size_t count)
{
	size_t users = 0;

	for (size_t i = 0; i < count; i++)
		if (!row_is_invitation(v, rows[i]))
			rows[users++] = rows[i];
	return users;
}

static uint32_t *
order_rows(struct roster *r, const struct roster_version *v, unsigned order, size_t *count)
{
	struct roster_position at = { 0, 0 };
	uint32_t *rows, *by_id, row;
	size_t n = 0;

	if (order == ORDER_BY_ID) {
		rows = rows_live(r, v, count);
		by_id = rows_sort(r, v, order, rows, *count);
		block_free(r, rows);
		return by_id;
	}
	*count = 0;
	for (size_t i = 0; i < FEED_STATUS_COUNT; i++)
		*count += v->count[i];
	rows = block_new(r, (*count + 1) * sizeof(*rows));
	while ((row = order_next(v, order, &at)) != ROSTER_ROW_NONE) {
		assert(n < *count);
		rows[n++] = row;
	}
	assert(n == *count);
	return rows;
}

static bool
save_order(struct roster *r, struct sheet *s, const struct roster_version *v, unsigned order,
    const atomic_bool *stopping, struct fault *f)
{
	size_t count;
	uint32_t *rows = order_rows(r, v, order, &count), number = order * RECORD_PARTS_MAX;
	bool ok = true;

	count = users_only(v, rows, count);
	for (size_t at = 0; ok && at < count; at += RECORD_PART) {
		size_t left = count - at;

		sheet_order(s, number++, rows + at, left < RECORD_PART ? left : RECORD_PART);
		ok = sheet_save_part(s, stopping, f);
	}
	block_free(r, rows);
	return ok;
}

/* The cookie comes with the last part only. */
static bool
save_parts(struct roster *r, struct sheet *s, const struct roster_version *v,
    const struct changes *c, const atomic_bool *stopping, struct fault *f)
{
	static const unsigned orders[] = { ROSTER_BY_NAME, ROSTER_BY_MAIL, ROSTER_BY_PHONE,
		ORDER_BY_ID };
	bool ok = true;

	sheet_places(s, v);
	for (size_t i = 0; i < v->groups->count; i++)
		if (v->groups->items[i] != NULL)
			sheet_group(s, v->groups->items[i]);
	for (uint32_t page = 0; ok && page < v->page_count; page++) {
		sheet_number(s, WARM_PAGE, v, page);
		ok = sheet_save_part(s, stopping, f);
	}
	for (size_t i = 0; ok && i < sizeof(orders) / sizeof(orders[0]); i++)
		ok = save_order(r, s, v, orders[i], stopping, f);
	return ok && !atomic_load(stopping) && sheet_save(s, c->cookie, c->cookie_len, f);
}

/* Into a file of its own: what there was is good until that one is. */
static bool
save_all(struct roster *r, struct sheet *s, const struct roster_version *v, const struct changes *c,
    const atomic_bool *stopping, struct fault *f)
{
	struct warm *old = s->warm, *heir = warm_heir(old, f);

	if (heir == NULL)
		return false;
	s->warm = heir;
	if (save_parts(r, s, v, c, stopping, f))
		return warm_succeed(old, heir, f);
	warm_drop(heir);
	return false;
}

static int
row_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
id_compare(const void *a, const void *b)
{
	return memcmp(a, b, FEED_ID_SIZE);
}

/* Each once, however often it changed; those that are no more are deleted. */
static void
sheet_changed_groups(struct sheet *s, const struct roster_version *v, struct feed_id_list *ids)
{
	size_t count = 0;
	bool *found;

	if (ids->count == 0)
		return;
	qsort(ids->ids, ids->count, FEED_ID_SIZE, id_compare);
	for (size_t i = 0; i < ids->count; i++)
		if (i == 0 || !id_equal(ids->ids[i], ids->ids[count - 1]))
			memmove(ids->ids[count++], ids->ids[i], FEED_ID_SIZE);
	found = mem_array(count, sizeof(*found));
	for (size_t i = 0; i < v->groups->count; i++) {
		const struct group *g = v->groups->items[i];
		const unsigned char(*id)[FEED_ID_SIZE] = NULL;

		if (g != NULL)
			id = bsearch(g->id, ids->ids, count, FEED_ID_SIZE, id_compare);
		if (id != NULL) {
			found[id - ids->ids] = true;
			sheet_group(s, g);
		}
	}
	for (size_t i = 0; i < count; i++)
		if (!found[i])
			sheet_add(s, WARM_GROUP, ids->ids[i]);
	free(found);
}

/* Rows as they are now, each once, however often and in whatever way they changed. */
static bool
save_changes(struct sheet *s, const struct roster_version *v, struct changes *c, struct fault *f)
{
	sheet_changed_groups(s, v, &c->groups);
	if (c->places)
		sheet_places(s, v);
	if (c->rows.count > 0)
		qsort(c->rows.rows, c->rows.count, sizeof(*c->rows.rows), row_compare);
	for (size_t i = 0; i < c->rows.count; i++)
		if (i == 0 || c->rows.rows[i] != c->rows.rows[i - 1])
			sheet_number(s, WARM_USER, v, c->rows.rows[i]);
	return sheet_save(s, c->cookie, c->cookie_len, f);
}

bool
keep_save(struct roster *r, struct warm *warm, const struct roster_version *v, struct changes *c,
    const atomic_bool *stopping, struct fault *f)
{
	struct sheet s = { .warm = warm, .path = r->conf.warm_path };
	bool saved;

	buf_init(&s.data, KEEP_BYTES);
	saved = c->all ? save_all(r, &s, v, c, stopping, f) : save_changes(&s, v, c, f);
	buf_release(&s.data);
	free(s.records);
	return saved;
}
