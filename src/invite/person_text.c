/* Text that people type: one normal form, nothing invisible, no stack of marks that climbs over the
 * lines above, nothing that a mail program would turn into a link. */
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/mem.h"
#include "invite/person_private.h"

enum {
	TEXT_BYTES_MAX = 2048, /* before normalising; above any field's own limit */
	MARKS_MAX = 6,	       /* on one letter; Tibetan and pointed Hebrew need four or five */
	ZWNJ = 0x200c,
	ZWJ = 0x200d
};

/* Line breaks, bidi controls, tags, surrogates, private use, code points that mean nothing yet, and
 * the letters that show nothing (Hangul fillers). Joiners and variation selectors shape the letter
 * before them and belong to names. */
static bool
person_char_is_forbidden(ucs4_t ch)
{
	static const uint32_t categories =
	    UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Cs | UC_CATEGORY_MASK_Co |
	    UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

	if (ch == ZWNJ || ch == ZWJ || uc_is_property_variation_selector(ch))
		return false;
	return uc_is_general_category_withtable(ch, categories) ||
	       uc_is_property_default_ignorable_code_point(ch);
}

static bool
person_char_is_space(ucs4_t ch)
{
	return uc_is_general_category_withtable(ch, UC_CATEGORY_MASK_Zs);
}

static bool
person_char_is_letter(ucs4_t ch)
{
	return uc_is_general_category_withtable(ch, UC_CATEGORY_MASK_L);
}

static bool
person_char_is_mark(ucs4_t ch)
{
	return uc_is_general_category_withtable(ch, UC_CATEGORY_MASK_M);
}

bool
person_is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

bool
person_is_blank(const char *value)
{
	const uint8_t *s = (const uint8_t *)value;
	ucs4_t ch;

	if (u8_check(s, strlen(value)) != NULL)
		return false;
	while ((s = u8_next(&ch, s)) != NULL)
		if (!person_char_is_space(ch))
			return false;
	return true;
}

/* `normal` is NFC and ends in a zero byte; the result is never longer. */
static const char *
person_collapse(const struct person_check *c, const uint8_t *normal)
{
	char *out = arena_alloc(c->arena, strlen((const char *)normal) + 1);
	size_t len = 0;
	bool space = false;
	const uint8_t *s = normal, *next;
	ucs4_t ch;

	for (; (next = u8_next(&ch, s)) != NULL; s = next) {
		if (person_char_is_forbidden(ch))
			return person_refuse(c, "control_character",
			    "The invisible or unassigned character U+%04X is not allowed.",
			    (unsigned)ch);
		if (person_char_is_space(ch)) {
			space = len > 0;
			continue;
		}
		if (space)
			out[len++] = ' ';
		space = false;
		memcpy(out + len, s, (size_t)(next - s));
		len += (size_t)(next - s);
	}
	if (len == 0)
		return person_refuse(c, "required", "This field is required.");
	return out;
}

const char *
person_check_text(const struct person_check *c, const char *value)
{
	size_t len = strnlen(value, TEXT_BYTES_MAX + 1), normal_len;
	uint8_t *normal;
	const char *text;

	if (len > TEXT_BYTES_MAX)
		return person_refuse(c, "too_long", "The value is far too long.");
	if (u8_check((const uint8_t *)value, len) != NULL)
		return person_refuse(c, "invalid", "The value is not valid UTF-8.");
	if (person_is_ascii(value)) /* its own normal form: most text, and a tenth of the work */
		return person_collapse(c, (const uint8_t *)value);
	/* With the zero byte, which no mark can combine with. */
	normal = u8_normalize(UNINORM_NFC, (const uint8_t *)value, len + 1, NULL, &normal_len);
	if (normal == NULL)
		mem_exhausted(); /* the input is valid */
	text = person_collapse(c, normal);
	free(normal);
	return text;
}

/* A joiner stands between letters, or behind a virama at the end of a word (Bengali, Malayalam). */
static bool
person_joiner_fits(ucs4_t before, ucs4_t behind)
{
	if (!person_char_is_letter(before) && !person_char_is_mark(before))
		return false;
	return person_char_is_letter(behind) || person_char_is_mark(behind) ||
	       uc_combining_class(before) == UC_CCC_VR;
}

static bool
person_looks_like_link(const char *text)
{
	size_t len;
	bool link;
	char *folded;

	if (person_is_ascii(text))
		return strstr(text, "://") != NULL || strcasestr(text, "www.") != NULL;
	/* Compatibility forms as well: a full-width "://" is one in some programs. */
	folded = (char *)u8_casefold(
	    (const uint8_t *)text, strlen(text) + 1, NULL, UNINORM_NFKC, NULL, &len);
	if (folded == NULL)
		mem_exhausted();
	link = strstr(folded, "://") != NULL || strstr(folded, "www.") != NULL;
	free(folded);
	return link;
}

const char *
person_check_name(const struct person_check *c, const char *text)
{
	size_t count = 0, marks = 0;
	bool letter = false;
	ucs4_t before = ' ', ch, behind;
	const uint8_t *s = (const uint8_t *)text;

	for (; (s = u8_next(&ch, s)) != NULL; before = ch) {
		if (++count > PERSON_NAME_MAX)
			return person_refuse(
			    c, "too_long", "At most %d characters.", PERSON_NAME_MAX);
		if (ch == ZWJ || ch == ZWNJ) {
			if (u8_next(&behind, s) == NULL)
				behind = ' ';
			if (!person_joiner_fits(before, behind))
				return person_refuse(c, "invalid",
				    "An invisible joiner stands where there is nothing to join.");
		} else if (person_char_is_mark(ch)) {
			if (before == ' ' || ++marks > MARKS_MAX)
				return person_refuse(c, "invalid",
				    "An accent without a letter, or too many on one letter.");
			continue;
		} else if (person_char_is_letter(ch))
			letter = true;
		marks = 0;
	}
	if (!letter)
		return person_refuse(c, "invalid", "At least one letter is needed.");
	if (person_looks_like_link(text))
		return person_refuse(c, "invalid", "A web address is not allowed here.");
	return text;
}
