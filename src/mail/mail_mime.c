/* RFC 5322 and RFC 2045, 2046 as messages of others really are. */
#include <ctype.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "mail/mime_private.h"

/* ---- lines ---- */

bool
mime_next_line(struct mime_span *text, struct mime_span *line)
{
	const char *end;

	if (text->at == text->end)
		return false;
	end = memchr(text->at, '\n', (size_t)(text->end - text->at));
	*line = (struct mime_span){ text->at, end != NULL ? end : text->end };
	text->at = end != NULL ? end + 1 : text->end;
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	return true;
}

void
mime_split(struct mime_span whole, struct mime_span *headers, struct mime_span *body)
{
	struct mime_span left = whole, line;

	if (whole.end - whole.at > 5 && memcmp(whole.at, "From ", 5) == 0)
		mime_next_line(&left, &line);
	*headers = (struct mime_span){ left.at, left.at };
	while (mime_next_line(&left, &line) && line.at < line.end)
		headers->end = left.at;
	*body = left;
}

/* ---- fields ---- */

static bool
mime_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
mime_span_is(struct mime_span span, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(span.end - span.at) == len && strncasecmp(span.at, word, len) == 0;
}

struct mime_value {
	char *out;
	size_t len;
};

/* One character of it at a time, a space for all that is blank or cannot be shown. */
static void
mime_value_add(struct mime_value *v, struct mime_span text)
{
	while (text.at < text.end) {
		ucs4_t ch;
		int len = u8_mbtouc(&ch, (const uint8_t *)text.at, (size_t)(text.end - text.at));
		bool shown = ch > 0x20 && ch != 0x7f && (ch < 0x80 || ch > 0xa0) && ch != 0x2028 &&
			     ch != 0x2029;

		if (len <= 0)
			len = 1;
		if (v->len + (size_t)len >= MIME_VALUE_SIZE)
			return;
		if (ch == 0xfffd)
			v->out[v->len++] = '?';
		else if (shown)
			for (int i = 0; i < len; i++)
				v->out[v->len++] = text.at[i];
		else if (v->len > 0 && v->out[v->len - 1] != ' ')
			v->out[v->len++] = ' ';
		text.at += len;
	}
}

bool
mime_next_field(struct mime_span *headers, struct mime_span *name, char out[MIME_VALUE_SIZE])
{
	struct mime_value v = { .out = out };
	struct mime_span line;

	while (mime_next_line(headers, &line)) {
		const char *colon = memchr(line.at, ':', (size_t)(line.end - line.at));

		if (colon == NULL || colon == line.at || mime_is_blank(*line.at))
			continue;
		*name = (struct mime_span){ line.at, colon };
		while (name->end > name->at && mime_is_blank(name->end[-1]))
			name->end--;
		line.at = colon + 1;
		mime_value_add(&v, line);
		/* RFC 5322 section 2.2.3: a line that begins with a blank goes on. */
		while (headers->at < headers->end && mime_is_blank(*headers->at) &&
		       mime_next_line(headers, &line))
			mime_value_add(&v, line);
		while (v.len > 0 && out[v.len - 1] == ' ')
			v.len--;
		out[v.len] = '\0';
		return true;
	}
	return false;
}

bool
mime_field(struct mime_span headers, const char *name, char out[MIME_VALUE_SIZE])
{
	struct mime_span found;

	while (mime_next_field(&headers, &found, out))
		if (mime_span_is(found, name))
			return true;
	out[0] = '\0';
	return false;
}

/* ---- Content-Type ---- */

bool
mime_type_is(const char *type, const char *expected)
{
	size_t len = strlen(expected);

	if (strncasecmp(type, expected, len) != 0)
		return false;
	return expected[len - 1] == '/' || type[len] == '\0' || strchr("; \t", type[len]) != NULL;
}

/* Behind a quoted string or a token, which is copied unless `out` is NULL; NULL: it does not fit.
 */
static const char *
mime_parameter_read(const char *at, char *out, size_t size)
{
	bool quoted = *at == '"';
	size_t len = 0;

	for (at += quoted; *at != '\0' && (quoted ? *at != '"' : strchr("; \t", *at) == NULL);
	     at++) {
		if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		if (out == NULL)
			continue;
		if (len + 1 == size)
			return NULL;
		out[len++] = *at;
	}
	if (out != NULL)
		out[len] = '\0';
	return at + (quoted && *at == '"');
}

bool
mime_parameter(const char *type, const char *name, char *out, size_t size)
{
	const char *at = type + strcspn(type, ";");

	while (*at == ';') {
		size_t len;
		bool ours;

		at += strspn(at, "; \t");
		len = strcspn(at, "=; \t");
		ours = len == strlen(name) && strncasecmp(at, name, len) == 0;
		at += len;
		at += strspn(at, " \t");
		if (*at == '=') {
			at++;
			at += strspn(at, " \t");
			at = mime_parameter_read(at, ours ? out : NULL, size);
			if (ours)
				return at != NULL && out[0] != '\0';
		}
		at += strcspn(at, ";");
	}
	return false;
}

/* ---- parts ---- */

/* RFC 2046 section 5.1.1; `*last`: it ends the last part. */
static bool
mime_is_boundary(struct mime_span line, const char *boundary, bool *last)
{
	size_t len = strlen(boundary);

	if ((size_t)(line.end - line.at) < len + 2 || memcmp(line.at, "--", 2) != 0 ||
	    memcmp(line.at + 2, boundary, len) != 0)
		return false;
	line.at += len + 2;
	*last = line.end - line.at >= 2 && memcmp(line.at, "--", 2) == 0;
	if (*last)
		line.at += 2;
	while (line.at < line.end && mime_is_blank(*line.at))
		line.at++;
	return line.at == line.end;
}

bool
mime_next_part(struct mime_parts *parts, struct mime_span *part)
{
	struct mime_span line;
	bool last = false;

	while (!parts->begun) {
		if (!mime_next_line(&parts->left, &line))
			return false;
		parts->begun = mime_is_boundary(line, parts->boundary, &parts->ended);
	}
	if (parts->ended || parts->left.at == parts->left.end)
		return false;
	*part = (struct mime_span){ parts->left.at, parts->left.at };
	while (mime_next_line(&parts->left, &line)) {
		if (mime_is_boundary(line, parts->boundary, &last)) {
			parts->ended = last;
			return true;
		}
		part->end = parts->left.at;
	}
	parts->ended = true; /* cut off: what there is counts */
	return true;
}

/* ---- transfer encodings ---- */

static int
mime_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 2045 section 6.7; what is not encoded as it says is left as it stands. */
static struct mime_span
mime_decode_quoted(struct mime_span body, struct arena *arena)
{
	char *out = arena_alloc(arena, (size_t)(body.end - body.at) + 1), *to = out;

	for (const char *at = body.at; at < body.end;) {
		size_t left = (size_t)(body.end - at);
		int high = left > 2 ? mime_hex(at[1]) : -1, low = high >= 0 ? mime_hex(at[2]) : -1;

		if (*at == '=' && left > 1 && at[1] == '\n')
			at += 2;
		else if (*at == '=' && left > 2 && at[1] == '\r' && at[2] == '\n')
			at += 3;
		else if (*at == '=' && low >= 0) {
			*to++ = (char)(high << 4 | low);
			at += 3;
		} else
			*to++ = *at++;
	}
	return (struct mime_span){ out, to };
}

struct mime_span
mime_decode(struct mime_span body, const char *encoding, struct arena *arena)
{
	size_t len = (size_t)(body.end - body.at), made;
	const char *end;
	char *out;

	if (strcasecmp(encoding, "quoted-printable") == 0)
		return mime_decode_quoted(body, arena);
	if (strcasecmp(encoding, "base64") != 0)
		return body;
	out = arena_alloc(arena, len + 1);
	if (sodium_base642bin((unsigned char *)out, len + 1, body.at, len, "\r\n \t", &made, &end,
		sodium_base64_VARIANT_ORIGINAL) != 0)
		return body;
	return (struct mime_span){ out, out + made };
}
