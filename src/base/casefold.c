#include "base/casefold.h"

#include <stdint.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

enum { POINTS_MAX = 8, BYTES_MAX = 4 * POINTS_MAX /* that one character becomes */ };

static char
casefold_ascii(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* One character taken apart as far as it goes; returns the bytes. The first part alone can be taken
 * apart further. */
static size_t
casefold_point(ucs4_t c, char out[BYTES_MAX])
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH], rest[POINTS_MAX];
	size_t rest_count = 0, len = 0;
	int n;

	while ((n = uc_canonical_decomposition(c, parts)) > 0) {
		while (n > 1 && rest_count < POINTS_MAX - 1)
			rest[rest_count++] = parts[--n];
		c = parts[0];
	}
	for (rest[rest_count++] = c; rest_count > 0; rest_count--) {
		ucs4_t lower = uc_tolower(rest[rest_count - 1]);
		int bytes = u8_uctomb((uint8_t *)out + len, lower, (ptrdiff_t)(BYTES_MAX - len));

		len += bytes > 0 ? (size_t)bytes : 0;
	}
	return len;
}

/* The character at `s`; `used` takes the bytes that it has. */
static size_t
casefold_character(const char *s, size_t len, char out[BYTES_MAX], size_t *used)
{
	ucs4_t c;
	int n = u8_mbtoucr(&c, (const uint8_t *)s, len);

	if (n > 0) {
		*used = (size_t)n;
		return casefold_point(c, out);
	}
	out[0] = *s;
	return *used = 1;
}

/* Nearly all of what is folded is ASCII; returns how much of it was. */
static size_t
casefold_ascii_run(const char *s, size_t len, char *out)
{
	size_t i = 0;

	for (; i < len && (unsigned char)s[i] < 0x80; i++)
		out[i] = casefold_ascii(s[i]);
	return i;
}

size_t
casefold(const char *s, size_t len, char *out, size_t size)
{
	char bytes[BYTES_MAX];
	size_t written = 0, i = 0, used, n;

	for (;;) {
		n = len - i < size - written ? len - i : size - written;
		n = casefold_ascii_run(s + i, n, out + written);
		i += n;
		written += n;
		if (i == len)
			return written;
		n = casefold_character(s + i, len - i, bytes, &used);
		if (n > size - written)
			return SIZE_MAX;
		memcpy(out + written, bytes, n);
		i += used;
		written += n;
	}
}

/* What is left of a string, and of the character that is being compared. */
struct cursor {
	const char *s;
	size_t left, at, len;
	char bytes[BYTES_MAX];
};

/* The next folded byte; -1: there is none. */
static int
cursor_next(struct cursor *c)
{
	size_t used;

	if (c->at == c->len) {
		if (c->left == 0)
			return -1;
		c->len = casefold_character(c->s, c->left, c->bytes, &used);
		c->s += used;
		c->left -= used;
		c->at = 0;
	}
	return (unsigned char)c->bytes[c->at++];
}

bool
casefold_equal(const char *a, const char *b)
{
	struct cursor x, y;
	int byte;

	while (*a != '\0' && ((unsigned char)*a & 0x80) == 0 &&
	       casefold_ascii(*a) == casefold_ascii(*b)) {
		a++;
		b++;
	}
	/* Two characters of ASCII stand for themselves, and so do ends. */
	if (((unsigned char)*a & 0x80) == 0 && ((unsigned char)*b & 0x80) == 0)
		return *a == *b;
	x = (struct cursor){ .s = a, .left = strlen(a) };
	y = (struct cursor){ .s = b, .left = strlen(b) };
	while ((byte = cursor_next(&x)) >= 0)
		if (cursor_next(&y) != byte)
			return false;
	return cursor_next(&y) < 0;
}
