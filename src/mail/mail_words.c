/* Words that somebody else chose, made fit for a mail that we answer for. Mail programs make links
 * of whatever looks like an address, and each does it by its own rules; so that a name does not
 * lure the reader away, what looks like one is broken up:
 *
 *   . : @ between two characters that are no spaces get a zero-width space on either side, so do
 *   their wide and small forms, and two slashes or backslashes get one between them.
 *
 * On either side, because both halves matter. Behind a dot: programs that know the top-level
 * domains (Gmail, Android) find none. In front of it: programs that look for "www." or "ftp.", a
 * scheme's colon or an ASCII local part (Thunderbird, Outlook) find none. A reader sees no
 * difference, nor does "J. R." change. Bidi controls go, because they could turn the rest of the
 * line around; so do control characters, and what is no UTF-8 is replaced. Length is bounded. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistr.h>

#include "base/buf.h"
#include "mail/compose_private.h"

enum { WORDS_GROWN_MAX = 8 * MAIL_WORD_MAX, REPLACEMENT = 0xfffd };

#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

/* One character; a byte that begins none counts as one that cannot be shown. */
static ucs4_t
mail_words_next(const uint8_t **at)
{
	ucs4_t ch;
	int len = u8_strmbtouc(&ch, *at);

	if (len <= 0) {
		(*at)++;
		return REPLACEMENT;
	}
	*at += len;
	return ch;
}

static bool
mail_char_is_space(ucs4_t ch)
{
	return ch <= 0x20 || ch == 0x7f || (ch >= 0x80 && ch <= 0xa0) || ch == 0x1680 ||
	       (ch >= 0x2000 && ch <= 0x200a) || ch == 0x2028 || ch == 0x2029 || ch == 0x202f ||
	       ch == 0x205f || ch == 0x3000;
}

/* Invisible characters that turn the direction of what is around them, or that only hide. */
static bool
mail_char_is_dropped(ucs4_t ch)
{
	return ch == 0xad || ch == 0x061c || ch == 0x180e || ch == 0x200b || ch == 0x200e ||
	       ch == 0x200f || (ch >= 0x202a && ch <= 0x202e) || (ch >= 0x2060 && ch <= 0x206f) ||
	       ch == 0xfeff || (ch >= 0xfff9 && ch <= 0xfffb) || (ch >= 0xe0000 && ch <= 0xe0fff);
}

/* With the forms that are read, or normalised, as these three. */
static bool
mail_char_parts_address(ucs4_t ch)
{
	static const ucs4_t parts[] = { '.', ':', '@', 0x2024, 0x3002, 0xfe52, 0xfe55, 0xfe6b,
		0xff0e, 0xff1a, 0xff20, 0xff61 };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (ch == parts[i])
			return true;
	return false;
}

static bool
mail_char_is_slash(ucs4_t ch)
{
	return ch == '/' || ch == '\\' || ch == 0xff0f || ch == 0xff3c;
}

static void
mail_words_add(struct buf *out, ucs4_t ch)
{
	uint8_t bytes[6];
	int len = u8_uctomb(bytes, ch, sizeof(bytes));

	if (len > 0)
		buf_add(out, bytes, (size_t)len);
}

/* The next that is shown, or 0 at the end. */
static ucs4_t
mail_words_shown(const uint8_t **at)
{
	ucs4_t ch;

	while (**at != '\0') {
		ch = mail_words_next(at);
		if (!mail_char_is_dropped(ch))
			return mail_char_is_space(ch) ? ' ' : ch;
	}
	return 0;
}

static void
mail_words_break_up(struct buf *out, const char *value)
{
	const uint8_t *at = (const uint8_t *)value;
	ucs4_t before = ' ', ch = mail_words_shown(&at), next;

	for (; ch != 0; before = ch, ch = next) {
		bool parts;

		next = mail_words_shown(&at);
		parts = mail_char_parts_address(ch) && before != ' ' && next != ' ' && next != 0;
		if (parts || (mail_char_is_slash(ch) && mail_char_is_slash(before)))
			buf_add_string(out, ZERO_WIDTH_SPACE);
		mail_words_add(out, ch);
		if (parts)
			buf_add_string(out, ZERO_WIDTH_SPACE);
	}
}

const char *
mail_words_cut(struct arena *arena, const char *words, size_t max)
{
	static const char mark[] = "…";
	size_t len = strlen(words);

	if (len <= max)
		return arena_dup(arena, words, len);
	len = max - (sizeof(mark) - 1);
	while (len > 0 && ((unsigned char)words[len] & 0xc0) == 0x80)
		len--;
	return arena_printf(arena, "%.*s%s", (int)len, words, mark);
}

const char *
mail_words(struct arena *arena, const char *value)
{
	const char *words;
	struct buf out;

	if (value == NULL)
		return NULL;
	buf_init(&out, WORDS_GROWN_MAX);
	mail_words_break_up(&out, mail_words_cut(arena, value, MAIL_WORD_MAX));
	words = arena_dup(arena, out.data, out.len);
	buf_release(&out);
	return words;
}

/* Programs that show the plain part know no top-level domains: a word with dots is a link to them
 * only when it begins as these do. Somebody who calls themselves so copies less easily. */
const char *
mail_uid_words(struct arena *arena, const char *uid)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (uid == NULL)
		return NULL;
	if (strcasestr(uid, "www.") != NULL || strcasestr(uid, "ftp.") != NULL ||
	    strspn(uid, letters) != strlen(uid))
		return mail_words(arena, uid);
	return mail_words_cut(arena, uid, MAIL_WORD_MAX);
}
