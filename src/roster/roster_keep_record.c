/* Records of the warm file: a format byte, then fixed numbers, then bytes. The search text is kept
 * as it is, which saves a second of folding for a million people; whoever changes how text is
 * folded or rows are encoded raises the format, and old files are dropped. */
#include <stdlib.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

enum {
	RECORD_FORMAT = 2,
	PLACES_MAX = 1 << 24 /* numbers of places in a file */
};

struct user_head {
	uint8_t format, status;
	uint16_t text_len, data_len;
	uint32_t place;
	uint32_t invited_at, registered_at, last_activity_at;
};

static void
record_begin(struct buf *out)
{
	buf_add_char(out, RECORD_FORMAT);
}

static void
record_string(struct buf *out, const char *s)
{
	uint32_t len = s != NULL ? (uint32_t)strlen(s) + 1 : 0;

	buf_add(out, &len, sizeof(len));
	if (len > 0)
		buf_add(out, s, len);
}

void
record_user(const struct roster_version *v, uint32_t row, struct buf *out)
{
	struct row_values values;
	struct user_head head = { .format = RECORD_FORMAT };

	row_copy(v, row, &values);
	head.status = values.status;
	head.text_len = (uint16_t)values.text_len;
	head.data_len = (uint16_t)values.data_len;
	head.place = values.place;
	head.invited_at = values.invited_at;
	head.registered_at = values.registered_at;
	head.last_activity_at = values.last_activity_at;
	buf_add(out, &head, sizeof(head));
	buf_add(out, values.text, values.text_len);
	buf_add(out, values.data, values.data_len);
}

void
record_place(const struct roster_version *v, uint32_t place, struct buf *out)
{
	const struct place *p = &v->places->items[place];

	record_begin(out);
	buf_add(out, p->id, FEED_ID_SIZE);
	record_string(out, p->dn);
	record_string(out, p->key);
	record_string(out, p->name);
	record_string(out, p->description);
}

void
record_group(const struct group *g, struct buf *out)
{
	uint64_t count = g->member_count;

	record_begin(out);
	buf_add(out, &count, sizeof(count));
	buf_add(out, g->members, g->member_count * sizeof(*g->members));
	record_string(out, g->dn);
	record_string(out, g->key);
	record_string(out, g->name);
	record_string(out, g->description);
}

/* By its number, as several places may have no entry; the file has them in this order. */
void
record_place_id(uint32_t place, unsigned char id[FEED_ID_SIZE])
{
	memset(id, 0, FEED_ID_SIZE);
	for (unsigned i = 0; i < sizeof(place); i++)
		id[i] = (unsigned char)(place >> (24 - 8 * i));
}

/* ---- reading ---- */

struct reader {
	const unsigned char *p, *end;
	bool bad;
};

static const void *
reader_take(struct reader *r, size_t len)
{
	const void *p = r->p;

	if (r->bad || (size_t)(r->end - r->p) < len) {
		r->bad = true;
		return NULL;
	}
	r->p += len;
	return p;
}

static void
reader_copy(struct reader *r, void *out, size_t len)
{
	const void *p = reader_take(r, len);

	if (p != NULL)
		memcpy(out, p, len);
	else
		memset(out, 0, len);
}

static const char *
reader_string(struct reader *r)
{
	uint32_t len;
	const char *s;

	reader_copy(r, &len, sizeof(len));
	s = len > 0 ? reader_take(r, len) : NULL;
	if (s != NULL && s[len - 1] != '\0')
		r->bad = true;
	return r->bad ? NULL : s;
}

static struct reader
reader_of(const struct warm_record *record)
{
	struct reader r = { record->data, (const unsigned char *)record->data + record->len,
		false };
	const unsigned char *format = reader_take(&r, 1);

	r.bad = format == NULL || *format != RECORD_FORMAT;
	return r;
}

bool
record_read_user(
    const struct roster_writer *w, const struct warm_record *record, struct row_values *out)
{
	const unsigned char *bytes = record->data;
	struct user_head head;

	if (record->len < sizeof(head))
		return false;
	memcpy(&head, bytes, sizeof(head));
	if (head.format != RECORD_FORMAT || head.status >= FEED_STATUS_COUNT ||
	    head.text_len > ROSTER_TEXT_MAX || head.data_len > ROW_DATA_MAX || head.data_len == 0 ||
	    record->len != sizeof(head) + head.text_len + head.data_len ||
	    (head.place != ROSTER_ROW_NONE && !place_is_used(w->draft, head.place)))
		return false;
	memcpy(out->id, record->id, FEED_ID_SIZE);
	out->status = head.status;
	out->place = head.place;
	out->invited_at = head.invited_at;
	out->registered_at = head.registered_at;
	out->last_activity_at = head.last_activity_at;
	out->text_len = head.text_len;
	out->data_len = head.data_len;
	memcpy(out->text, bytes + sizeof(head), head.text_len);
	memcpy(out->data, bytes + sizeof(head) + head.text_len, head.data_len);
	return true;
}

bool
record_read_place(struct roster_writer *w, const struct warm_record *record)
{
	struct reader r = reader_of(record);
	unsigned char id[FEED_ID_SIZE];
	struct feed_place place;
	uint32_t number = 0;

	for (unsigned i = 0; i < sizeof(number); i++)
		number = number << 8 | record->id[i];
	reader_copy(&r, id, sizeof(id));
	place.dn = reader_string(&r);
	place.normal = reader_string(&r);
	place.name = reader_string(&r);
	place.description = reader_string(&r);
	if (r.bad || place.dn == NULL || place.normal == NULL || number >= PLACES_MAX)
		return false;
	return place_restore(w, number, id, &place);
}

bool
record_read_group(struct roster_writer *w, const struct warm_record *record)
{
	struct reader r = reader_of(record);
	struct feed_group from = { 0 };
	const void *members;
	uint64_t count;

	reader_copy(&r, &count, sizeof(count));
	if (count > record->len / sizeof(uint64_t))
		return false;
	members = reader_take(&r, count * sizeof(uint64_t));
	from.dn = reader_string(&r);
	from.normal = reader_string(&r);
	from.name = reader_string(&r);
	from.description = reader_string(&r);
	if (r.bad || members == NULL || from.dn == NULL || from.normal == NULL)
		return false;
	group_restore(w, record->id, &from, members, count);
	return true;
}
