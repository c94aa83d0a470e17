/* Users in the warm file: whole pages, column by column as they stand in memory, and single rows
 * that changed after their page was saved. Whatever does not add up is refused: sealed as it is, it
 * is nobody's but ours, and then of another version of the program, or of a file that has come
 * apart. */
#include <stddef.h>

#include "roster/roster_keep.h"

enum {
	ROWS_MAX = 1 << 25, /* numbers of rows in a file */
	/* Behind those of its pages single rows have so many numbers and as many as those, at most:
	 * what comes between two saves of everything is less, with all its invitations. */
	ROWS_BEHIND = 1 << 20,
	/* A page without users is as much of its head: a mass deletion leaves many. */
	PAGE_HEAD_EMPTY = offsetof(struct page_head, live)
};

static bool
row_is_user(const struct roster_version *v, uint32_t row)
{
	return row_is_live(v, row) && !row_is_invitation(v, row);
}

/* ---- writing ---- */

static void
head_add(struct page_head *h, const struct roster_page_rows *p, unsigned slot)
{
	h->rows++;
	h->live[slot / 64] |= UINT64_C(1) << slot % 64;
	h->place[slot] = p->place[slot];
	h->invited_at[slot] = p->invited_at[slot];
	h->registered_at[slot] = p->registered_at[slot];
	h->last_activity_at[slot] = p->last_activity_at[slot];
	h->text_lens[slot] = (uint16_t)(p->text_at[slot + 1] - p->text_at[slot]);
	h->data_lens[slot] = (uint16_t)(p->data_at[slot + 1] - p->data_at[slot]);
	h->text_len += h->text_lens[slot];
	h->data_len += h->data_lens[slot];
	h->status[slot] = p->status[slot];
	memcpy(h->id[slot], p->id[slot], FEED_ID_SIZE);
}

void
record_page(const struct roster_version *v, uint32_t page, struct buf *out)
{
	const struct roster_page_rows *p = v->pages[page];
	struct page_head head = { .format = RECORD_FORMAT };

	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++)
		if (row_is_user(v, page * ROSTER_PAGE_ROWS + slot))
			head_add(&head, p, slot);
	buf_add(out, &head, head.rows > 0 ? sizeof(head) : PAGE_HEAD_EMPTY);
	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++)
		if (head.text_lens[slot] > 0)
			buf_add(out, p->text + p->text_at[slot], head.text_lens[slot]);
	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++)
		if (head.data_lens[slot] > 0)
			buf_add(out, p->data + p->data_at[slot], head.data_lens[slot]);
}

void
record_user(const struct roster_version *v, uint32_t row, struct buf *out)
{
	struct row_values values = { .text_len = 0 };
	struct user_head head;

	memset(&head, 0, sizeof(head));
	head.format = RECORD_FORMAT;
	head.is_there = row_is_user(v, row);
	if (head.is_there) {
		row_copy(v, row, &values);
		head.status = values.status;
		head.text_len = (uint16_t)values.text_len;
		head.data_len = (uint16_t)values.data_len;
		head.place = values.place;
		head.invited_at = values.invited_at;
		head.registered_at = values.registered_at;
		head.last_activity_at = values.last_activity_at;
		memcpy(head.id, values.id, FEED_ID_SIZE);
	}
	buf_add(out, &head, sizeof(head));
	buf_add(out, values.text, values.text_len);
	buf_add(out, values.data, values.data_len);
}

/* ---- reading ---- */

/* A run of a page's rows: where each begins. False: they are not as long as all together. */
static bool
run_restore(const uint16_t *lens, uint32_t *at, uint32_t len)
{
	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++)
		at[slot + 1] = at[slot] + lens[slot];
	return at[ROSTER_PAGE_ROWS] == len;
}

static bool
head_is_live(const struct page_head *h, unsigned slot)
{
	return (h->live[slot / 64] >> slot % 64 & 1) != 0;
}

static bool
head_fits_slot(const struct page_head *h, unsigned slot)
{
	if (!head_is_live(h, slot))
		return h->text_lens[slot] == 0 && h->data_lens[slot] == 0;
	return h->status[slot] < FEED_STATUS_COUNT && h->text_lens[slot] <= ROSTER_TEXT_MAX &&
	       h->data_lens[slot] > 0 && h->data_lens[slot] <= ROW_DATA_MAX;
}

static bool
head_fits(const struct page_head *h, size_t len)
{
	uint32_t rows = 0;

	if (h->format != RECORD_FORMAT ||
	    len != (h->rows > 0 ? sizeof(*h) : PAGE_HEAD_EMPTY) + h->text_len + h->data_len)
		return false;
	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++) {
		if (!head_fits_slot(h, slot))
			return false;
		rows += head_is_live(h, slot);
	}
	return rows == h->rows;
}

static bool
page_rows_fit(const struct roster_page_rows *p, const struct page_head *h, const char *text)
{
	const unsigned char *data = (const unsigned char *)text + h->text_len;

	for (unsigned slot = 0; slot < ROSTER_PAGE_ROWS; slot++)
		if (head_is_live(h, slot) &&
		    (!row_text_fits(text + p->text_at[slot], h->text_lens[slot]) ||
			!row_data_fits(data + p->data_at[slot], h->data_lens[slot])))
			return false;
	return true;
}

static void
page_set_columns(struct roster_page_rows *p, const struct page_head *h)
{
	memcpy(p->live, h->live, sizeof(p->live));
	memcpy(p->place, h->place, sizeof(p->place));
	memcpy(p->invited_at, h->invited_at, sizeof(p->invited_at));
	memcpy(p->registered_at, h->registered_at, sizeof(p->registered_at));
	memcpy(p->last_activity_at, h->last_activity_at, sizeof(p->last_activity_at));
	memcpy(p->status, h->status, sizeof(p->status));
	memcpy(p->id, h->id, sizeof(p->id));
}

bool
record_read_page(struct roster_writer *w, const struct warm_record *record)
{
	const uint32_t page = record_id_number(record);
	const unsigned char *bytes = record->data;
	const size_t head_len =
	    record->len == PAGE_HEAD_EMPTY ? (size_t)PAGE_HEAD_EMPTY : sizeof(struct page_head);
	struct roster_page_rows *p;
	struct page_head head = { .rows = 0 };

	if (record->len < head_len)
		return false;
	memcpy(&head, bytes, head_len);
	if (page != w->draft->page_count || page >= ROWS_MAX / ROSTER_PAGE_ROWS ||
	    !head_fits(&head, record->len))
		return false;
	p = page_add(w, head.text_len, head.data_len);
	if (!run_restore(head.text_lens, p->text_at, head.text_len) ||
	    !run_restore(head.data_lens, p->data_at, head.data_len) ||
	    !page_rows_fit(p, &head, (const char *)bytes + sizeof(head)))
		return false;
	page_set_columns(p, &head);
	if (head.text_len > 0)
		memcpy(p->text, bytes + sizeof(head), head.text_len);
	if (head.data_len > 0)
		memcpy(p->data, bytes + sizeof(head) + head.text_len, head.data_len);
	return true;
}

static bool
user_fits(const struct user_head *h, size_t len)
{
	return h->format == RECORD_FORMAT && h->status < FEED_STATUS_COUNT &&
	       h->text_len <= ROSTER_TEXT_MAX && h->data_len <= ROW_DATA_MAX &&
	       (h->data_len > 0) == (h->is_there != 0) &&
	       len == sizeof(*h) + h->text_len + h->data_len;
}

bool
record_read_user(
    struct roster_writer *w, const struct warm_record *record, struct order_hints *hints)
{
	const uint32_t row = record_id_number(record);
	const unsigned char *bytes = record->data;
	struct row_values values;
	struct user_head head;

	if (record->len < sizeof(head))
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (row >= ROWS_MAX || row >= 2 * hints->pages * ROSTER_PAGE_ROWS + ROWS_BEHIND ||
	    !user_fits(&head, record->len))
		return false;
	memcpy(values.id, head.id, FEED_ID_SIZE);
	values.status = head.status;
	values.place = head.place;
	values.invited_at = head.invited_at;
	values.registered_at = head.registered_at;
	values.last_activity_at = head.last_activity_at;
	values.text_len = head.text_len;
	values.data_len = head.data_len;
	memcpy(values.text, bytes + sizeof(head), head.text_len);
	memcpy(values.data, bytes + sizeof(head) + head.text_len, head.data_len);
	if (head.is_there != 0 && (!row_text_fits(values.text, values.text_len) ||
				      !row_data_fits(values.data, values.data_len)))
		return false;
	row_list_add(w->r, &hints->changed, row);
	row_restore(w, row, head.is_there != 0 ? &values : NULL);
	return true;
}

/* ---- orders ---- */

void
record_order(const uint32_t *rows, size_t count, struct buf *out)
{
	struct order_head head = { .format = RECORD_FORMAT, .rows = (uint32_t)count };

	buf_add(out, &head, sizeof(head));
	buf_add(out, rows, count * sizeof(*rows));
}

/* Its number is that of the order, and of the part in it. */
bool
record_read_order(
    struct roster_writer *w, const struct warm_record *record, struct order_hints *hints)
{
	const uint32_t order = record_id_number(record) / RECORD_PARTS_MAX;
	const unsigned char *bytes = record->data;
	struct order_head head;

	if (record->len < sizeof(head) || order > ORDER_BY_ID)
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (head.format != RECORD_FORMAT || head.rows > RECORD_PART ||
	    record->len != sizeof(head) + head.rows * sizeof(uint32_t) ||
	    hints->order[order].count + head.rows > w->draft->page_count * ROSTER_PAGE_ROWS)
		return false;
	row_list_add_all(w->r, &hints->order[order], bytes + sizeof(head), head.rows);
	return true;
}
