/* Whether a row that comes of a file is one that roster_row.c can have made: whoever reads it later
 * takes its flags and lengths as they are. */
#include "roster/roster_row.h"

enum { TEXT_SEGMENTS = 3 /* that are always there */ };

struct span {
	const unsigned char *p, *end;
	bool bad;
};

static void
span_skip(struct span *s, size_t len)
{
	s->bad = s->bad || (size_t)(s->end - s->p) < len;
	if (!s->bad)
		s->p += len;
}

static size_t
span_number(struct span *s)
{
	const unsigned char *p = s->p;

	span_skip(s, 1);
	if (s->bad || *p < 128)
		return s->bad ? 0 : *p;
	span_skip(s, 1);
	return s->bad ? 0 : (p[0] & 127) | (size_t)p[1] << 7;
}

static size_t
span_text(struct span *s, size_t max)
{
	size_t len = span_number(s);

	s->bad = s->bad || len > max;
	span_skip(s, len);
	return len;
}

bool
row_data_fits(const unsigned char *data, size_t len)
{
	struct span s = { data, data + len, len == 0 };
	unsigned flags = len > 0 ? *data : 0;
	size_t whole;

	if ((flags & ~(ROW_HAS_MARKER | ROW_NAME_JOINS | ROW_UID_IN_MAIL | ROW_RDN_IS_UID)) != 0)
		return false;
	span_skip(&s, (flags & ROW_HAS_MARKER) != 0 ? 1 + FEED_ID_SIZE : 1);
	whole = span_text(&s, FEED_TEXT_MAX);
	if ((flags & ROW_NAME_JOINS) != 0) {
		s.bad = span_number(&s) >= whole || s.bad;
	} else {
		span_text(&s, FEED_TEXT_MAX);
		span_text(&s, FEED_TEXT_MAX);
	}
	whole = span_text(&s, FEED_MAIL_MAX);
	span_text(&s, FEED_PHONE_MAX);
	span_text(&s, FEED_TEXT_MAX);
	if ((flags & ROW_UID_IN_MAIL) != 0)
		s.bad = span_number(&s) > whole || s.bad;
	else
		span_text(&s, FEED_TEXT_MAX);
	if ((flags & ROW_RDN_IS_UID) == 0)
		span_text(&s, FEED_TEXT_MAX);
	return !s.bad && s.p == s.end;
}

bool
row_text_fits(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	for (unsigned i = 0; i < TEXT_SEGMENTS; i++) {
		p = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
		if (p == NULL)
			return false;
		p++;
	}
	return len <= ROSTER_TEXT_MAX && end[-1] == '\n';
}
