/* JSON of the people list: fifty rows in some microseconds, because it is written on the roster's
 * reader thread while other queries wait. Room for a whole row is made once, and then nothing is
 * checked; text that needs no escape is copied eight bytes at a time. */
#include <stdlib.h>
#include <string.h>

#include "api/api_user.h"
#include "base/mem.h"

enum {
	ROW_FIXED_MAX = 1024, /* names, quotes, ids and times of a row */
	ESCAPED_MAX = 6,      /* bytes of the longest escape */
	NUMBER_MAX = 20,
	FIRST_SIZE = 32 * 1024, /* a page of 50 */
	DAY = 24 * 3600
};

/* What a byte needs (RFC 8259 section 7): 0 nothing, 'u' \u00xx, else the letter of its escape. */
static const char escapes[256] = { 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b', 't', 'n', 'u', 'f',
	'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u',
	'u', ['"'] = '"', ['\\'] = '\\' };

static const char hex[] = "0123456789abcdef";

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* ---- below: `p` has room; each returns the place behind what it wrote ---- */

static char *
put(char *p, const char *s, size_t len)
{
	memcpy(p, s, len);
	return p + len;
}

#define PUT(p, literal) put(p, literal, sizeof(literal) - 1)

/* Whether eight bytes need no escape: none is below a space, a quote or a backslash. Each line sets
 * the high bit of a byte that is, and never one when there is none. */
static bool
is_plain(const char *s)
{
	const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
	uint64_t word, quote, slash;

	memcpy(&word, s, sizeof(word));
	quote = word ^ ones * '"';
	slash = word ^ ones * '\\';
	return ((((word - ones * ' ') & ~word) | ((quote - ones) & ~quote) |
		    ((slash - ones) & ~slash)) &
		   high) == 0;
}

static char *
put_byte(char *p, unsigned char byte)
{
	const char escape = escapes[byte];

	if (escape == 0) {
		*p++ = (char)byte;
		return p;
	}
	*p++ = '\\';
	*p++ = escape;
	if (escape == 'u') {
		p = PUT(p, "00");
		*p++ = hex[byte >> 4];
		*p++ = hex[byte & 15];
	}
	return p;
}

static char *
put_escaped(char *p, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end) {
		if (end - s >= 8 && is_plain(s)) {
			memcpy(p, s, 8);
			p += 8;
			s += 8;
		} else {
			p = put_byte(p, (unsigned char)*s++);
		}
	}
	return p;
}

static char *
put_text(char *p, struct roster_text t)
{
	if (t.len == 0)
		return PUT(p, "null");
	*p++ = '"';
	p = put_escaped(p, t.s, t.len);
	*p++ = '"';
	return p;
}

static char *
put_id(char *p, const unsigned char id[FEED_ID_SIZE])
{
	*p++ = '"';
	for (int i = 0; i < FEED_ID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[id[i] >> 4];
		*p++ = hex[id[i] & 15];
	}
	*p++ = '"';
	return p;
}

static char *
put_pair(char *p, unsigned n, char behind)
{
	p = put(p, &pairs[2 * n], 2);
	*p++ = behind;
	return p;
}

/* The civil date of a day, counted in years that begin in March, so that the leap day is the last
 * one: 1970-01-01 is the day 719,468 of them, 146,097 days are 400 years, and five months from
 * March on have 153 days. */
static char *
put_time(char *p, int64_t seconds)
{
	unsigned days, era_day, year, day, month, rest;

	if (seconds <= 0 || seconds > UINT32_MAX)
		return PUT(p, "null");
	days = (unsigned)(seconds / DAY) + 719468;
	rest = (unsigned)(seconds % DAY);
	era_day = days % 146097;
	year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
	day = era_day - (365 * year + year / 4 - year / 100);
	month = (5 * day + 2) / 153;
	day = day - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	year += days / 146097 * 400 + (month <= 2);
	*p++ = '"';
	p = put(p, &pairs[2 * (year / 100)], 2);
	p = put_pair(p, year % 100, '-');
	p = put_pair(p, month, '-');
	p = put_pair(p, day, 'T');
	p = put_pair(p, rest / 3600, ':');
	p = put_pair(p, rest / 60 % 60, ':');
	p = put_pair(p, rest % 60, 'Z');
	*p++ = '"';
	return p;
}

static char *
put_dn(char *p, const struct roster_row *row)
{
	if (row->rdn.len == 0)
		return PUT(p, "null");
	*p++ = '"';
	p = put_escaped(p, row->rdn_type.s, row->rdn_type.len);
	p = put_escaped(p, row->rdn.s, row->rdn.len);
	if (row->org_unit.len > 0)
		*p++ = ',';
	p = put_escaped(p, row->org_unit.s, row->org_unit.len);
	*p++ = '"';
	return p;
}

static char *
put_row(char *p, const struct roster_row *row)
{
	const char *status = feed_status_name(row->status);

	p = put_id(PUT(p, "{\"id\":"), row->id);
	p = put(PUT(p, ",\"status\":\""), status, strlen(status));
	p = put_text(PUT(p, "\",\"name\":"), row->name);
	p = put_text(PUT(p, ",\"given_name\":"), row->given_name);
	p = put_text(PUT(p, ",\"family_name\":"), row->family_name);
	p = put_text(PUT(p, ",\"mail\":"), row->mail);
	p = put_text(PUT(p, ",\"phone\":"), row->phone);
	p = put_text(PUT(p, ",\"org_unit\":"), row->org_unit);
	p = put_text(PUT(p, ",\"position\":"), row->position);
	p = put_text(PUT(p, ",\"uid\":"), row->uid);
	p = put_dn(PUT(p, ",\"dn\":"), row);
	p = put_time(PUT(p, ",\"invited_at\":"), row->invited_at);
	p = put_time(PUT(p, ",\"registered_at\":"), row->registered_at);
	p = put_time(PUT(p, ",\"last_activity_at\":"), row->last_activity_at);
	p = PUT(p, ",\"invitation\":");
	return row->has_invitation ? put_id(p, row->invitation) : PUT(p, "null");
}

/* ---- the growing text ---- */

static char *
api_json_reserve(struct api_json *j, size_t more)
{
	if (j->cap - j->len < more) {
		size_t cap = j->cap > 0 ? j->cap : FIRST_SIZE;

		while (cap - j->len < more)
			cap *= 2;
		j->data = mem_resize(j->data, cap, 1);
		j->cap = cap;
	}
	return j->data + j->len;
}

void
api_json_add(struct api_json *j, const void *text, size_t len)
{
	j->len = (size_t)(put(api_json_reserve(j, len), text, len) - j->data);
}

void
api_json_add_word(struct api_json *j, const char *text)
{
	api_json_add(j, text, strlen(text));
}

void
api_json_add_text(struct api_json *j, const char *s, size_t len)
{
	char *p = api_json_reserve(j, ESCAPED_MAX * len + 2);

	*p++ = '"';
	p = put_escaped(p, s, len);
	*p++ = '"';
	j->len = (size_t)(p - j->data);
}

void
api_json_add_string(struct api_json *j, const char *s)
{
	if (s == NULL)
		api_json_add_word(j, "null");
	else
		api_json_add_text(j, s, strlen(s));
}

void
api_json_add_number(struct api_json *j, uint64_t n)
{
	char digits[NUMBER_MAX], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	api_json_add(j, p, (size_t)(digits + sizeof(digits) - p));
}

void
api_json_add_time(struct api_json *j, int64_t seconds)
{
	j->len = (size_t)(put_time(api_json_reserve(j, ROW_FIXED_MAX), seconds) - j->data);
}

void
api_json_add_counts(struct api_json *j, const uint64_t count[FEED_STATUS_COUNT])
{
	for (int i = 0; i < FEED_STATUS_COUNT; i++) {
		api_json_add_word(j, i == 0 ? "{\"" : ",\"");
		api_json_add_word(j, feed_status_name((enum feed_status)i));
		api_json_add_word(j, "\":");
		api_json_add_number(j, count[i]);
	}
	api_json_add_word(j, "}");
}

void
api_json_add_row(struct api_json *j, const struct roster_row *row)
{
	const size_t text = row->name.len + row->given_name.len + row->family_name.len +
			    row->mail.len + row->phone.len + row->position.len + row->uid.len +
			    row->rdn_type.len + row->rdn.len + 2 * row->org_unit.len;

	j->len = (size_t)(put_row(api_json_reserve(j, ROW_FIXED_MAX + ESCAPED_MAX * text), row) -
			  j->data);
}

void
api_reply_take(struct http_exchange *x, int status, struct api_json *j)
{
	http_reply_take(x, status, "application/json", j->data, j->len);
	*j = (struct api_json){ .data = NULL };
}
