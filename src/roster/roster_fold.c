/* Folding: what a name is searched and sorted by. The same function makes a row's text and a
 * query's words, so whatever it does to a script, both sides suffer it alike.
 *
 * It is applied to every row of a million while they are loaded: ASCII goes through one table. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "roster/roster_private.h"

enum {
	DECOMPOSED_MAX = 24, /* code points that one becomes; 18 is the longest (U+FDFA) */
	NEXT_LINE = 0x85     /* white space among the control characters of Latin-1 */
};

struct fold {
	char *out;
	size_t len, size;
	bool space; /* white space was seen; it is written when something follows */
	bool full;
};

/* What Unicode gives no decomposition and people type another way: letters with a stroke,
 * ligatures, the digits of the two Arabic rows, typographic dashes and apostrophes. Sorted. */
static const struct fold_letter {
	uint16_t letter;
	char base[3];
} fold_letters[] = { { 0xe6, "ae" }, { 0xf0, "d" }, { 0xf8, "o" }, { 0xfe, "th" }, { 0x111, "d" },
	{ 0x127, "h" }, { 0x131, "i" }, { 0x138, "k" }, { 0x142, "l" }, { 0x14b, "n" },
	{ 0x153, "oe" }, { 0x167, "t" }, { 0x180, "b" }, { 0x19a, "l" }, { 0x1b6, "z" },
	{ 0x1dd, "e" }, { 0x1e5, "g" }, { 0x247, "e" }, { 0x249, "j" }, { 0x24d, "r" },
	{ 0x24f, "y" }, { 0x253, "b" }, { 0x256, "d" }, { 0x257, "d" }, { 0x259, "e" },
	{ 0x268, "i" }, { 0x289, "u" }, { 0x2bb, "'" }, { 0x2bc, "'" }, { 0x660, "0" },
	{ 0x661, "1" }, { 0x662, "2" }, { 0x663, "3" }, { 0x664, "4" }, { 0x665, "5" },
	{ 0x666, "6" }, { 0x667, "7" }, { 0x668, "8" }, { 0x669, "9" }, { 0x6f0, "0" },
	{ 0x6f1, "1" }, { 0x6f2, "2" }, { 0x6f3, "3" }, { 0x6f4, "4" }, { 0x6f5, "5" },
	{ 0x6f6, "6" }, { 0x6f7, "7" }, { 0x6f8, "8" }, { 0x6f9, "9" }, { 0x2010, "-" },
	{ 0x2012, "-" }, { 0x2013, "-" }, { 0x2014, "-" }, { 0x2015, "-" }, { 0x2018, "'" },
	{ 0x2019, "'" }, { 0x2212, "-" } };

static int
fold_letter_compare(const void *key, const void *item)
{
	return *(const utf8proc_int32_t *)key - ((const struct fold_letter *)item)->letter;
}

/* NULL: it stands for itself. */
static const char *
fold_letter_base(utf8proc_int32_t c)
{
	const struct fold_letter *found = NULL;

	if (c >= fold_letters[0].letter)
		found = bsearch(&c, fold_letters, sizeof(fold_letters) / sizeof(fold_letters[0]),
		    sizeof(fold_letters[0]), fold_letter_compare);
	return found != NULL ? found->base : NULL;
}

static void
fold_put(struct fold *f, const char *bytes, size_t len)
{
	bool space = f->space && f->len > 0;

	if (f->full || f->len + space + len > f->size) {
		f->full = true;
		return;
	}
	if (space)
		f->out[f->len++] = ' ';
	f->space = false;
	memcpy(f->out + f->len, bytes, len);
	f->len += len;
}

/* Accents, points and strokes, which people leave out; not the vowel signs, viramas and voicing
 * marks of the scripts of Asia, without which other words remain. Combining classes: Unicode
 * Standard, table 4-3. */
static bool
fold_mark_goes(const utf8proc_property_t *p)
{
	if (p->category == UTF8PROC_CATEGORY_ME)
		return true;
	if (p->category != UTF8PROC_CATEGORY_MN)
		return false;
	return p->combining_class == 1 || p->combining_class >= 200 ||
	       (p->combining_class >= 10 && p->combining_class <= 36);
}

/* One code point of the decomposed and case folded text. */
static void
fold_point(struct fold *f, utf8proc_int32_t c)
{
	const utf8proc_property_t *p = utf8proc_get_property(c);
	const char *base;
	utf8proc_uint8_t bytes[4];

	switch (p->category) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		f->space = true;
		return;
	case UTF8PROC_CATEGORY_CC:
		f->space |= c == NEXT_LINE;
		return;
	case UTF8PROC_CATEGORY_CF:
		return;
	default:
		break;
	}
	if (fold_mark_goes(p))
		return;
	base = fold_letter_base(c);
	if (base != NULL)
		fold_put(f, base, strlen(base));
	else
		fold_put(f, (const char *)bytes, (size_t)utf8proc_encode_char(c, bytes));
}

static void
fold_ascii(struct fold *f, unsigned char c)
{
	char lower = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);

	if (c == ' ' || (c >= '\t' && c <= '\r'))
		f->space = true;
	else if (c > ' ' && c < 0x7f)
		fold_put(f, &lower, 1);
}

/* The character at `s`, beyond ASCII; returns the bytes it has. */
static size_t
fold_character(struct fold *f, const char *s, size_t len)
{
	utf8proc_int32_t c, points[DECOMPOSED_MAX];
	utf8proc_ssize_t n, count;
	int boundary = UTF8PROC_BOUNDCLASS_START;

	n = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len, &c);
	if (n <= 0)
		return 1; /* no UTF-8: left out */
	count = utf8proc_decompose_char(c, points, DECOMPOSED_MAX,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
	for (utf8proc_ssize_t i = 0; i < count && i < DECOMPOSED_MAX; i++)
		fold_point(f, points[i]);
	return (size_t)n;
}

size_t
fold_text(const char *s, size_t len, char *out, size_t size)
{
	struct fold f = { .out = out, .size = size };
	size_t i = 0;

	while (i < len && !f.full) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 'a' && c <= 'z' && !f.space && f.len < size) { /* most of all text */
			out[f.len++] = (char)c;
			i++;
		} else if (c < 0x80) {
			fold_ascii(&f, c);
			i++;
		} else
			i += fold_character(&f, s + i, len - i);
	}
	return f.len;
}

/* The digit at `s` (ASCII, full-width, or of the two Arabic rows), or -1; `n` takes its bytes. */
static int
fold_digit(const char *s, size_t len, size_t *n)
{
	static const utf8proc_int32_t zeros[] = { '0', 0x660, 0x6f0, 0xff10 };
	utf8proc_int32_t c = (unsigned char)*s;
	utf8proc_ssize_t used = 1;

	if (c >= 0x80)
		used = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)len, &c);
	*n = used > 0 ? (size_t)used : 1;
	for (size_t i = 0; used > 0 && i < sizeof(zeros) / sizeof(zeros[0]); i++)
		if (c >= zeros[i] && c <= zeros[i] + 9)
			return (int)(c - zeros[i]);
	return -1;
}

size_t
fold_phone(const char *s, size_t len, char *out, size_t size)
{
	size_t count = 0, zeros = 0, n;

	for (size_t i = 0; i < len && count < size; i += n) {
		int digit;

		/* The trunk prefix in international notation (DIN 5008): nobody dials it. */
		if (len - i >= 3 && memcmp(s + i, "(0)", 3) == 0) {
			n = 3;
			continue;
		}
		digit = fold_digit(s + i, len - i, &n);
		if (digit < 0)
			continue;
		if (count == 0 && digit == 0 && zeros < 2) { /* leading zeros wait for the next */
			zeros++;
			continue;
		}
		if (count == 0 && zeros == 1)
			out[count++] = '0';
		if (count < size)
			out[count++] = (char)('0' + digit);
	}
	if (count == 0 && zeros == 1 && size > 0)
		out[count++] = '0';
	return count;
}
