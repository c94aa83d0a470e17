/* Records of the warm file: a format byte, then fixed numbers, then bytes. The search text is kept
 * as it is, which saves a second of folding for a million people; whoever changes how text is
 * folded or rows are encoded raises the format, and old files are dropped. Users are in
 * roster_keep_rows.c. */
#include <stdlib.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

enum { PLACES_MAX = 1 << 24 /* numbers of places in a file */ };

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

void
record_number_id(uint32_t number, unsigned char id[FEED_ID_SIZE])
{
	memset(id, 0, FEED_ID_SIZE);
	for (unsigned i = 0; i < sizeof(number); i++)
		id[i] = (unsigned char)(number >> (24 - 8 * i));
}

uint32_t
record_id_number(const struct warm_record *record)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < sizeof(number); i++)
		number = number << 8 | record->id[i];
	return number;
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
record_read_place(struct roster_writer *w, const struct warm_record *record)
{
	struct reader r = reader_of(record);
	unsigned char id[FEED_ID_SIZE];
	struct feed_place place;
	uint32_t number = record_id_number(record);

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
