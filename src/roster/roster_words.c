/* What was typed into the search becomes needles: words that must all be found, and phone numbers
 * in whatever notation. */
#include <string.h>
#include <utf8proc.h>

#include "roster/query_private.h"

enum { PHONE_DIGITS_MIN = 3 /* fewer are a number of something else */ };

/* ---- what is allowed ---- */

/* Characters of `q`, a byte that is no UTF-8 being one; at most `max` + 1 are counted. */
static size_t
words_count_characters(const char *q, size_t max, bool *blank)
{
	const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)q;
	size_t count = 0;

	*blank = true;
	while (*s != '\0' && count <= max) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(s, -1, &c);
		utf8proc_category_t category = n > 0 ? utf8proc_category(c) : UTF8PROC_CATEGORY_CN;

		if (!(n == 1 && c >= '\t' && c <= '\r') && category != UTF8PROC_CATEGORY_ZS &&
		    category != UTF8PROC_CATEGORY_ZL && category != UTF8PROC_CATEGORY_ZP)
			*blank = false;
		s += n > 0 ? n : 1;
		count++;
	}
	return count;
}

/* ---- words ---- */

static struct needle
needle_of(const char *s, size_t len)
{
	struct needle n = { s, len, 0 };

	n.rare = scan_rarest(&n);
	return n;
}

static enum err
words_split(struct words *w, struct fault *f)
{
	const char *s = w->text, *end = w->text + w->text_len;

	while (s < end) {
		const char *to = memchr(s, ' ', (size_t)(end - s));

		if (to == NULL)
			to = end;
		if (w->count == WORDS_MAX)
			return fault_set(f, ERR_INVALID, "q: at most %d words", WORDS_MAX);
		w->words[w->count++] = needle_of(s, (size_t)(to - s));
		s = to < end ? to + 1 : end;
	}
	return ERR_OK;
}

static bool
char_is_dialled(char c)
{
	return (c >= '0' && c <= '9') || c == '+' || c == '(' || c == ')' || c == '/' || c == '-' ||
	       c == '.';
}

static bool
word_is_dialled(const struct needle *n)
{
	for (size_t i = 0; i < n->len; i++)
		if (!char_is_dialled(n->s[i]))
			return false;
	return true;
}

static bool
word_is_digits(const struct needle *n)
{
	for (size_t i = 0; i < n->len; i++)
		if (n->s[i] < '0' || n->s[i] > '9')
			return false;
	return true;
}

/* The phone needle of the words from `first`, written behind `used` bytes of `phones`. The words
 * stand in one piece of text. */
static struct needle
words_phone(struct words *w, size_t first, size_t count, size_t used)
{
	const char *s = w->words[first].s;
	const struct needle *last = &w->words[first + count - 1];
	size_t len = (size_t)(last->s + last->len - s), digits = 0;
	struct needle none = { 0 };
	char *phone = w->phones + used;

	for (size_t i = 0; i < len; i++)
		digits += s[i] >= '0' && s[i] <= '9';
	if (digits < PHONE_DIGITS_MIN || used >= sizeof(w->phones))
		return none;
	len = fold_phone(s, len, phone, sizeof(w->phones) - used);
	/* The trunk prefix: a row has it or a country's number instead. */
	if (len > 0 && phone[0] == '0')
		return needle_of(phone + 1, len - 1);
	return needle_of(phone, len);
}

/* A word of digits alone that is its own phone number needs no second reading. */
static bool
term_has_one_reading(const struct words *w, const struct words_term *t)
{
	const struct needle *n = &w->words[t->first];

	return t->phone.len == 0 || (t->count == 1 && word_is_digits(n) && n->len == t->phone.len);
}

static void
words_group(struct words *w)
{
	size_t used = 0;

	for (size_t i = 0; i < w->count;) {
		struct words_term *t = &w->terms[w->term_count++];
		size_t count = 0;

		while (i + count < w->count && word_is_dialled(&w->words[i + count]))
			count++;
		*t = (struct words_term){ .first = i, .count = 1 };
		if (count > 0) {
			t->count = count;
			t->phone = words_phone(w, i, count, used);
			used += t->phone.len + 1;
			if (term_has_one_reading(w, t))
				t->phone.len = 0;
		}
		i += t->count;
	}
}

/* ---- what to scan for ---- */

static void
words_offer(struct words *w, struct needle n)
{
	if (n.len > 0 && (w->scan.len == 0 || scan_frequency(&n) < scan_frequency(&w->scan)))
		w->scan = n;
}

/* Runs of digits that both readings have, so that one pass finds the candidates of either. */
static void
words_offer_common(struct words *w, const struct words_term *t)
{
	for (size_t i = t->first; i < t->first + t->count; i++) {
		const char *s = w->words[i].s, *end = s + w->words[i].len;

		while (s < end) {
			size_t n = 0;

			while (s + n < end && s[n] >= '0' && s[n] <= '9')
				n++;
			if (n == 0)
				s++;
			/* Without zeros in front, of which the phone needle may have lost some. */
			for (; n > 0; n--, s++)
				if (memmem(t->phone.s, t->phone.len, s, n) != NULL) {
					words_offer(w, needle_of(s, n));
					s += n;
					break;
				}
		}
	}
}

static void
words_choose(struct words *w)
{
	w->sure = WORDS_MAX;
	for (size_t i = 0; i < w->term_count; i++) {
		const struct words_term *t = &w->terms[i];

		if (t->phone.len > 0)
			words_offer_common(w, t);
		else
			for (size_t k = t->first; k < t->first + t->count; k++)
				words_offer(w, w->words[k]);
	}
	for (size_t i = 0; i < w->term_count; i++)
		if (w->terms[i].count == 1 && w->terms[i].phone.len == 0 &&
		    w->words[w->terms[i].first].s == w->scan.s)
			w->sure = i;
	w->enough = w->term_count == 1 && w->sure == 0;
}

enum err
words_parse(struct words *w, const char *q, struct fault *f)
{
	size_t characters;
	bool blank;

	w->everybody = w->nobody = w->enough = false;
	w->count = w->term_count = w->text_len = w->scan.len = 0;
	if (q == NULL)
		q = "";
	characters = words_count_characters(q, ROSTER_QUERY_MAX, &blank);
	if (characters > ROSTER_QUERY_MAX)
		return fault_set(f, ERR_INVALID, "q: at most %d characters", ROSTER_QUERY_MAX);
	if (blank) {
		w->everybody = true;
		return ERR_OK;
	}
	w->text_len = fold_text(q, strlen(q), w->text, sizeof(w->text));
	if (words_split(w, f) != ERR_OK)
		return ERR_INVALID;
	w->nobody = w->count == 0;
	words_group(w);
	words_choose(w);
	return ERR_OK;
}

/* ---- a row ---- */

/* Rows are short: their rare bytes are looked at one by one. glibc's memmem() makes a table first,
 * which takes longer than this. */
static bool
text_has(const char *text, size_t len, const struct needle *n)
{
	const char *at, *end;

	if (n->len > len)
		return false;
	end = text + (len - n->len + n->rare + 1);
	for (at = text + n->rare; at < end; at++) {
		at = memchr(at, n->s[n->rare], (size_t)(end - at));
		if (at == NULL)
			return false;
		if (memcmp(at - n->rare, n->s, n->len) == 0)
			return true;
	}
	return false;
}

/* The third segment of a row's text. */
static bool
phone_has(const char *text, size_t len, const struct needle *n)
{
	const char *end = text + len, *line;

	for (int i = 0; i < 2; i++) {
		line = memchr(text, '\n', (size_t)(end - text));
		if (line == NULL)
			return false;
		text = line + 1;
	}
	line = memchr(text, '\n', (size_t)(end - text));
	return line != NULL && text_has(text, (size_t)(line - text), n);
}

static bool
term_matches(const struct words *w, const struct words_term *t, const char *text, size_t len)
{
	size_t i = t->first;

	if (t->phone.len > 0 && phone_has(text, len, &t->phone))
		return true;
	while (i < t->first + t->count && text_has(text, len, &w->words[i]))
		i++;
	return i == t->first + t->count;
}

bool
words_match(const struct words *w, const char *text, size_t len, bool hit)
{
	if (w->nobody)
		return false;
	for (size_t i = 0; i < w->term_count; i++)
		if (!(hit && i == w->sure) && !term_matches(w, &w->terms[i], text, len))
			return false;
	return true;
}
