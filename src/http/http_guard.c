#include "http/http_guard.h"

#include <assert.h>
#include <string.h>

/* RFC 9112 sections 2 to 6; RFC 9110 sections 5 and 7.2; RFC 3986 sections 2 and 3. */

enum state {
	AT_START,
	IN_METHOD,
	AT_TARGET, /* the slash that begins origin-form */
	IN_PATH,
	IN_QUERY,
	IN_PERCENT_1, /* behind a percent sign; `part` says where it stands */
	IN_PERCENT_2,
	IN_VERSION,
	AT_LINE_LF,
	AT_FIELD,
	IN_NAME,
	AT_VALUE,
	IN_VALUE,
	AT_END_LF,
	IN_BODY
};

enum {
	C_TOKEN = 1,
	C_PATH = 2,
	C_QUERY = 4,
	C_VALUE = 8,
	C_HOST = 16,
	C_DIGIT = 32,
	C_HEX = 64,
	C_TEXT = C_QUERY | C_VALUE,
	C_NAME = C_TOKEN | C_PATH | C_TEXT,
	C_LETTER = C_NAME | C_HOST
};

/* Queries are taken a little wider than RFC 3986 has them: browsers send [ ] { } | ^ ` \ as they
 * are. */
static const unsigned char classes[256] = {
	[' '] = C_VALUE,
	['!'] = C_NAME,
	['"'] = C_VALUE,
	['#'] = C_TOKEN | C_VALUE,
	['$'] = C_NAME,
	['%'] = C_TOKEN | C_VALUE,
	['&'] = C_NAME,
	['\''] = C_NAME,
	['('] = C_PATH | C_TEXT,
	[')'] = C_PATH | C_TEXT,
	['*'] = C_NAME,
	['+'] = C_NAME,
	[','] = C_PATH | C_TEXT,
	['-'] = C_LETTER,
	['.'] = C_LETTER,
	['/'] = C_PATH | C_TEXT,
	['0' ... '9'] = C_LETTER | C_DIGIT | C_HEX,
	[':'] = C_PATH | C_TEXT | C_HOST,
	[';'] = C_PATH | C_TEXT,
	['<'] = C_VALUE,
	['='] = C_PATH | C_TEXT,
	['>'] = C_VALUE,
	['?'] = C_TEXT,
	['@'] = C_PATH | C_TEXT,
	['A' ... 'F'] = C_LETTER | C_HEX,
	['G' ... 'Z'] = C_LETTER,
	['['] = C_TEXT | C_HOST,
	['\\'] = C_TEXT,
	[']'] = C_TEXT | C_HOST,
	['^'] = C_TOKEN | C_TEXT,
	['_'] = C_LETTER,
	['`'] = C_TOKEN | C_TEXT,
	['a' ... 'f'] = C_LETTER | C_HEX,
	['g' ... 'z'] = C_LETTER,
	['{'] = C_TEXT,
	['|'] = C_TOKEN | C_TEXT,
	['}'] = C_TEXT,
	['~'] = C_NAME,
	[0x80 ... 0xff] = C_VALUE,
};

enum { NEEDS_LENGTH = 1, NO_BODY = 2 };

/* evhttp reads no body behind HEAD whatever its Content-Length says: the next request would begin
 * inside it. TRACE and CONNECT are left out. */
static const struct method {
	const char *name;
	unsigned flags;
} methods[] = {
	{ "GET", 0 },
	{ "POST", NEEDS_LENGTH },
	{ "HEAD", NO_BODY },
	{ "PUT", NEEDS_LENGTH },
	{ "PATCH", NEEDS_LENGTH },
	{ "DELETE", 0 },
	{ "OPTIONS", 0 },
};

/* Fields that may stand only once. The first four are also read here. */
enum field { FIELD_HOST, FIELD_LENGTH, FIELD_EXPECT, FIELD_ENCODING, FIELD_OTHER = 31 };

static const char *const single_fields[] = {
	[FIELD_HOST] = "host",
	[FIELD_LENGTH] = "content-length",
	[FIELD_EXPECT] = "expect",
	[FIELD_ENCODING] = "transfer-encoding",
	"content-type",
	"content-encoding",
	"authorization",
	"proxy-authorization",
	"cookie",
	"idempotency-key",
	"if-match",
	"if-none-match",
	"if-modified-since",
	"if-unmodified-since",
	"if-range",
	"range",
	"origin",
	"referer",
	"user-agent",
	"last-event-id",
	"sec-fetch-site",
	"sec-fetch-mode",
	"x-request-id",
	"upgrade",
};

enum { SINGLE_FIELDS = sizeof(single_fields) / sizeof(single_fields[0]), LENGTH_DIGITS_MAX = 19 };

static void
guard_next(struct http_guard *g)
{
	g->phase = HTTP_GUARD_IDLE;
	g->state = AT_START;
	g->head_bytes = g->fields = 0;
	g->seen = 0;
	g->content_length = 0;
	g->word_len = 0;
	g->is_head = false;
}

void
http_guard_init(struct http_guard *g, const struct http_guard_limits *limits)
{
	memset(g, 0, sizeof(*g));
	g->limits = *limits;
	guard_next(g);
}

static bool
guard_refuse(struct http_guard *g, int status, const char *detail)
{
	g->phase = HTTP_GUARD_OVER;
	g->status = status;
	g->detail = detail;
	return false;
}

static bool
guard_bad(struct http_guard *g, const char *detail)
{
	return guard_refuse(g, 400, detail);
}

static bool
guard_word_is(const struct http_guard *g, const char *word)
{
	return strlen(word) == g->word_len && memcmp(word, g->word, g->word_len) == 0;
}

/* A word longer than all we compare with is remembered only as being too long. */
static void
guard_word_add(struct http_guard *g, unsigned char c)
{
	if (g->word_len < HTTP_GUARD_WORD)
		g->word[g->word_len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool
guard_end_method(struct http_guard *g)
{
	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (guard_word_is(g, methods[i].name)) {
			g->method = i;
			g->is_head = methods[i].flags & NO_BODY;
			g->state = AT_TARGET;
			return true;
		}
	}
	return guard_bad(g, "unknown method");
}

static bool
guard_method_byte(struct http_guard *g, unsigned char c)
{
	g->phase = HTTP_GUARD_HEAD;
	g->state = IN_METHOD;
	if (c == ' ')
		return guard_end_method(g);
	if (c < 'A' || c > 'Z')
		return guard_bad(g, "malformed request line");
	if (g->word_len == HTTP_GUARD_WORD)
		return guard_bad(g, "unknown method");
	g->word[g->word_len++] = (char)c;
	return true;
}

static bool
guard_target_byte(struct http_guard *g, unsigned char c)
{
	if (classes[c] & (g->state == IN_PATH ? C_PATH : C_QUERY)) {
		/* Two slashes in front would be an authority to evhttp. */
		if (c == '/' && g->state == IN_PATH && g->word_len == 0)
			return guard_bad(g, "malformed request target");
		g->word_len = 1;
		return true;
	}
	if (c == '%') {
		g->part = g->state;
		g->state = IN_PERCENT_1;
	} else if (c == '?' && g->state == IN_PATH) {
		g->state = IN_QUERY;
	} else if (c == ' ') {
		g->state = IN_VERSION;
		g->word_len = 0;
	} else {
		return guard_bad(g, "malformed request target");
	}
	return true;
}

static bool
guard_percent_byte(struct http_guard *g, unsigned char c)
{
	if (!(classes[c] & C_HEX))
		return guard_bad(g, "malformed percent-encoding");
	if (g->state == IN_PERCENT_1) {
		g->state = IN_PERCENT_2;
	} else {
		g->state = g->part;
		g->word_len = 1;
	}
	return true;
}

static bool
guard_version_byte(struct http_guard *g, unsigned char c)
{
	static const char version[] = "HTTP/1.";

	if (g->word_len < sizeof(version) - 1) {
		if (c != (unsigned char)version[g->word_len])
			return guard_bad(g, "HTTP/1.1 is spoken here");
	} else if (g->word_len == sizeof(version) - 1) {
		if (c != '0' && c != '1')
			return guard_bad(g, "HTTP/1.1 is spoken here");
	} else {
		if (c != '\r')
			return guard_bad(g, "malformed request line");
		g->state = AT_LINE_LF;
	}
	g->word_len++;
	return true;
}

static bool
guard_end_name(struct http_guard *g)
{
	g->field = FIELD_OTHER;
	for (unsigned i = 0; i < SINGLE_FIELDS; i++) {
		if (!guard_word_is(g, single_fields[i]))
			continue;
		if (g->seen & (1U << i))
			return guard_bad(g, "a header field that must be single is repeated");
		g->seen |= 1U << i;
		g->field = (unsigned char)i;
		break;
	}
	g->state = AT_VALUE;
	g->word_len = g->digits = 0;
	g->gap = false;
	return true;
}

static bool
guard_field_byte(struct http_guard *g, unsigned char c)
{
	if (g->state == AT_FIELD) {
		if (c == '\r') {
			g->state = AT_END_LF;
			return true;
		}
		if (!(classes[c] & C_TOKEN))
			return guard_bad(g, "malformed header field name");
		if (++g->fields > g->limits.header_fields)
			return guard_refuse(g, 431, "too many header fields");
		g->state = IN_NAME;
		g->word_len = 0;
	}
	if (c == ':')
		return guard_end_name(g);
	if (!(classes[c] & C_TOKEN))
		return guard_bad(g, "malformed header field name");
	guard_word_add(g, c);
	return true;
}

static bool
guard_length_digit(struct http_guard *g, unsigned char c)
{
	if (!(classes[c] & C_DIGIT) || ++g->digits > LENGTH_DIGITS_MAX)
		return guard_bad(g, "malformed Content-Length");
	g->content_length = g->content_length * 10 + (c - '0');
	return true;
}

/* A byte of a value that decides where the message ends or whom it is for: one word, spaces around
 * it. */
static bool
guard_read_value(struct http_guard *g, unsigned char c)
{
	if (c == ' ') {
		g->gap = g->word_len > 0;
		return true;
	}
	if (g->gap)
		return guard_bad(g, "malformed header field value");
	guard_word_add(g, c);
	if (g->field == FIELD_LENGTH)
		return guard_length_digit(g, c);
	if (g->field == FIELD_HOST && !(classes[c] & C_HOST))
		return guard_bad(g, "malformed Host");
	return true;
}

static bool
guard_end_value(struct http_guard *g)
{
	g->state = AT_LINE_LF;
	if ((g->field == FIELD_LENGTH || g->field == FIELD_HOST) && g->word_len == 0)
		return guard_bad(g, "empty header field value");
	if (g->field == FIELD_EXPECT && !guard_word_is(g, "100-continue"))
		return guard_refuse(g, 417, "only 100-continue can be expected");
	return true;
}

static bool
guard_value_byte(struct http_guard *g, unsigned char c)
{
	if (c == '\r')
		return guard_end_value(g);
	if (!(classes[c] & C_VALUE))
		return guard_bad(g, "control byte in a header field");
	g->state = IN_VALUE;
	return g->field > FIELD_EXPECT || guard_read_value(g, c);
}

static bool
guard_end_head(struct http_guard *g)
{
	const unsigned flags = methods[g->method].flags;
	const bool has_length = g->seen & (1U << FIELD_LENGTH);

	if (!(g->seen & (1U << FIELD_HOST)))
		return guard_bad(g, "Host is missing");
	if (g->seen & (1U << FIELD_ENCODING)) {
		if (has_length)
			return guard_bad(g, "both Transfer-Encoding and Content-Length");
		return guard_refuse(g, 411, "Transfer-Encoding is not taken, send Content-Length");
	}
	if (!has_length && (flags & NEEDS_LENGTH))
		return guard_refuse(g, 411, "Content-Length is missing");
	if (g->content_length > 0 && (flags & NO_BODY))
		return guard_bad(g, "this method has no body");
	if (g->content_length > g->limits.body_bytes)
		return guard_refuse(g, 413, "the body is too large");
	g->body_left = g->content_length;
	g->phase = HTTP_GUARD_BODY;
	g->state = IN_BODY;
	return true;
}

/* One byte of the head. False: refused. */
static bool
guard_byte(struct http_guard *g, unsigned char c)
{
	switch ((enum state)g->state) {
	case AT_START:
	case IN_METHOD:
		return guard_method_byte(g, c);
	case AT_TARGET:
		g->state = IN_PATH;
		g->word_len = 0;
		return c == '/' || guard_bad(g, "the request target must begin with a slash");
	case IN_PATH:
	case IN_QUERY:
		return guard_target_byte(g, c);
	case IN_PERCENT_1:
	case IN_PERCENT_2:
		return guard_percent_byte(g, c);
	case IN_VERSION:
		return guard_version_byte(g, c);
	case AT_LINE_LF:
		g->state = AT_FIELD;
		return c == '\n' || guard_bad(g, "a line must end with CR LF");
	case AT_FIELD:
	case IN_NAME:
		return guard_field_byte(g, c);
	case AT_VALUE:
	case IN_VALUE:
		return guard_value_byte(g, c);
	case AT_END_LF:
		return c == '\n' ? guard_end_head(g) : guard_bad(g, "a line must end with CR LF");
	case IN_BODY:
		break;
	}
	assert(!"a byte of the body");
	return false;
}

/* Of a value that nothing hangs on, the run of plain bytes is passed over at once. */
static size_t
guard_skip_value(const struct http_guard *g, const unsigned char *p, size_t len)
{
	size_t i = 0;

	if (g->state == IN_VALUE && g->field > FIELD_EXPECT)
		while (i < len && (classes[p[i]] & C_VALUE))
			i++;
	return i;
}

static size_t
guard_feed_head(struct http_guard *g, const unsigned char *p, size_t len)
{
	const size_t room = g->limits.header_bytes - g->head_bytes;
	const size_t end = len < room ? len : room;
	size_t i = 0;

	while (i < end && g->state != IN_BODY) {
		size_t skipped = guard_skip_value(g, p + i, end - i);

		i += skipped;
		if (skipped == 0 && !guard_byte(g, p[i++]))
			return i;
	}
	g->head_bytes += i;
	if (g->state != IN_BODY && i == room && len > room)
		guard_refuse(g, 431, "the header is too large");
	return i;
}

size_t
http_guard_feed(
    struct http_guard *g, const void *data, size_t len, enum http_guard_verdict *verdict)
{
	size_t used = 0;

	*verdict = HTTP_GUARD_MORE;
	if (g->phase < HTTP_GUARD_BODY)
		used = guard_feed_head(g, data, len);
	if (g->phase == HTTP_GUARD_BODY) {
		const uint64_t rest = len - used;
		const uint64_t n = g->body_left < rest ? g->body_left : rest;

		g->body_left -= n;
		used += (size_t)n;
		if (g->body_left == 0) {
			guard_next(g);
			*verdict = HTTP_GUARD_MESSAGE;
		}
	}
	if (g->phase == HTTP_GUARD_OVER)
		*verdict = HTTP_GUARD_REFUSED;
	return used;
}
