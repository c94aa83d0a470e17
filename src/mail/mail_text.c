/* A mail as the bytes of a message: RFC 5322 and, for its parts, RFC 2045 and 2046. libcurl's MIME
 * interface can write the same to a server only, and the spool has none; and a part of it that it
 * refuses turns the mail into another SMTP command without a word. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "mail/mail_private.h"

enum {
	LINE_MAX_WISH = 78,    /* RFC 5322 section 2.1.1 */
	ENCODED_LINE_MAX = 76, /* RFC 2047 section 2: of a line that has an encoded-word */
	LINE_MAX_BYTES = 998,  /* the same: without the CRLF */
	QUOTED_LINE_MAX = 76,  /* RFC 2045 section 6.7 (5) */
	MESSAGE_MAX = 1 << 20, /* all that mail_check() lets through, each byte quoted, fits */
	BOUNDARY_BYTES = 16,
	BOUNDARY_SIZE = 2 + 2 * BOUNDARY_BYTES + 1
};

/* ---- headers ---- */

/* Lines are broken before single spaces; whoever joins them again gets the same value. A run
 * without a space stays whole. */
static void
text_add_header(struct buf *b, const char *name, const char *value)
{
	size_t column = strlen(name) + 1;
	size_t wish = strstr(value, "=?") != NULL ? ENCODED_LINE_MAX : LINE_MAX_WISH;

	buf_printf(b, "%s: ", name);
	column++;
	for (const char *p = value; *p != '\0';) {
		size_t len = (*p == ' ') + strcspn(p + (*p == ' '), " ");

		if (*p == ' ' && p != value && len > 1 && p[-1] != ' ' && column + len > wish) {
			buf_add_string(b, "\r\n");
			column = 0;
		}
		buf_add(b, p, len);
		column += len;
		p += len;
	}
	buf_add_string(b, "\r\n");
}

/* ---- parts ---- */

/* The next line of `p`, without its end; `*next`: behind the end, NULL: it was the last and had
 * none. */
static size_t
text_line(const char *p, const char **next)
{
	size_t len = strcspn(p, "\n");

	*next = p[len] == '\n' ? p + len + 1 : NULL;
	return p[len] == '\n' && len > 0 && p[len - 1] == '\r' ? len - 1 : len;
}

/* It can go as it is: ASCII without control bytes in lines that are not too long. */
static bool
text_is_plain(const char *text)
{
	for (const char *p = text, *next; p != NULL; p = next) {
		size_t len = text_line(p, &next);

		if (len > LINE_MAX_BYTES)
			return false;
		for (size_t i = 0; i < len; i++)
			if ((p[i] < ' ' && p[i] != '\t') || p[i] > '~')
				return false;
	}
	return true;
}

/* RFC 2045 section 6.7. A line's last space would be lost on the way, and so is quoted. */
static void
text_add_quoted_line(struct buf *b, const char *line, size_t len)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)line[i];
		bool blank = ch == ' ' || ch == '\t';
		bool plain = (ch > ' ' && ch <= '~' && ch != '=') || (blank && i + 1 < len);
		size_t width = plain ? 1 : 3;

		/* A place is left for the "=" that says: the line goes on. */
		if (column + width + (i + 1 < len) > QUOTED_LINE_MAX) {
			buf_add_string(b, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_add_char(b, (char)ch);
		else
			buf_printf(b, "=%02X", ch);
		column += width;
	}
}

static void
text_add_part(struct buf *b, const char *type, const char *text)
{
	bool plain = text_is_plain(text);

	buf_printf(b, "Content-Type: %s; charset=utf-8\r\n", type);
	buf_printf(b, "Content-Transfer-Encoding: %s\r\n\r\n", plain ? "7bit" : "quoted-printable");
	for (const char *p = text, *next; p != NULL; p = next) {
		size_t len = text_line(p, &next);

		if (plain)
			buf_add(b, p, len);
		else
			text_add_quoted_line(b, p, len);
		if (next != NULL)
			buf_add_string(b, "\r\n");
	}
}

/* "=_" never comes out of the quoting, and nobody guesses the rest. */
static void
text_make_boundary(char out[BOUNDARY_SIZE])
{
	unsigned char random[BOUNDARY_BYTES];

	random_fill(random, sizeof(random));
	out[0] = '=';
	out[1] = '_';
	encode_hex(random, sizeof(random), out + 2);
}

static void
text_add_alternatives(struct buf *b, const char *text, const char *html)
{
	char boundary[BOUNDARY_SIZE];

	text_make_boundary(boundary);
	buf_printf(b, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
	buf_printf(b, "--%s\r\n", boundary);
	text_add_part(b, "text/plain", text);
	buf_printf(b, "\r\n--%s\r\n", boundary);
	text_add_part(b, "text/html", html);
	buf_printf(b, "\r\n--%s--\r\n", boundary);
}

struct secret *
mail_text(const struct mail *m, struct fault *f)
{
	struct secret *result = NULL;
	struct buf b;

	if (mail_check(m, f) != ERR_OK)
		return NULL;
	buf_init_secret(&b, MESSAGE_MAX);
	for (size_t i = 0; i < m->header_count; i++)
		text_add_header(&b, m->headers[i].name, m->headers[i].value);
	text_add_header(&b, "MIME-Version", "1.0");
	if (m->html != NULL)
		text_add_alternatives(&b, m->text, m->html);
	else
		text_add_part(&b, "text/plain", m->text);
	/* SMTP has no message whose last line does not end (RFC 5321 section 4.1.1.4). */
	if (b.len < 2 || b.data[b.len - 1] != '\n')
		buf_add_string(&b, "\r\n");
	if (buf_failed(&b))
		fault_set(f, ERR_TOO_LARGE, "a mail has more than %d bytes", MESSAGE_MAX);
	else
		result = secret_new(b.data, b.len);
	buf_release(&b);
	return result;
}
