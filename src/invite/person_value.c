/* Fields with a grammar of their own: gender, birthday, language, DN, uid. */
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "invite/person_private.h"
#include "invite/uid.h"

enum { LANGUAGE_MAX = 35 /* bytes, RFC 5646 section 4.4.1 */ };

const char *
person_check_gender(const struct person_check *c, const char *text)
{
	static const char *const known[] = { "female", "male", "other", "unspecified" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i]) == 0)
			return known[i];
	return person_refuse(
	    c, "unknown_value", "One of \"female\", \"male\", \"other\", \"unspecified\".");
}

const char *
person_check_birthday(const struct person_check *c, const char *text)
{
	static const struct date first = { 1900, 1, 1 };
	struct date day;

	if (!date_parse(text, &day))
		return person_refuse(c, "not_a_date", "A real day, written YYYY-MM-DD.");
	if (date_compare(day, first) < 0)
		return person_refuse(c, "too_early", "Not before 1900-01-01.");
	if (date_compare(day, c->rules->today) > 0)
		return person_refuse(c, "in_future", "A birthday is not in the future.");
	return text;
}

enum { CLASS_ALPHA = 1, CLASS_DIGIT = 2 };

/* True when s[0..len) has only characters of `classes`; ASCII, lower case. */
static bool
person_subtag_is(const char *s, size_t len, unsigned classes)
{
	for (size_t i = 0; i < len; i++) {
		unsigned have = s[i] >= 'a' && s[i] <= 'z'   ? CLASS_ALPHA
				: s[i] >= '0' && s[i] <= '9' ? CLASS_DIGIT
							     : 0;

		if ((have & classes) == 0)
			return false;
	}
	return true;
}

static bool
person_subtag_is_variant(const char *s, size_t len)
{
	if (!person_subtag_is(s, len, CLASS_ALPHA | CLASS_DIGIT))
		return false;
	return (len >= 5 && len <= 8) || (len == 4 && person_subtag_is(s, 1, CLASS_DIGIT));
}

/* True when the subtag at `s` occurs again behind itself. */
static bool
person_subtag_repeats(const char *s, size_t len)
{
	for (const char *t = s + len; *t == '-';) {
		size_t other = strcspn(++t, "-");

		if (other == len && memcmp(s, t, len) == 0)
			return true;
		t += other;
	}
	return false;
}

static char
person_upper(char ch)
{
	if (ch >= 'a' && ch <= 'z')
		return (char)(ch - 'a' + 'A');
	return ch;
}

/* language ["-" script] ["-" region] *("-" variant) of RFC 5646 section 2.1, in the case of section
 * 2.1.1: script in title case, region in capitals. Changes `tag`, which is in lower case. */
static bool
person_language_parse(char *tag)
{
	enum { LANGUAGE, SCRIPT, REGION, VARIANT } seen = LANGUAGE;
	size_t len = strcspn(tag, "-");
	char *s = tag + len;

	if (len < 2 || len > 3 || !person_subtag_is(tag, len, CLASS_ALPHA))
		return false;
	for (; *s == '-'; s += len) {
		len = strcspn(++s, "-");
		if (seen < SCRIPT && len == 4 && person_subtag_is(s, len, CLASS_ALPHA)) {
			s[0] = person_upper(s[0]);
			seen = SCRIPT;
		} else if (seen < REGION && len == 2 && person_subtag_is(s, len, CLASS_ALPHA)) {
			s[0] = person_upper(s[0]);
			s[1] = person_upper(s[1]);
			seen = REGION;
		} else if (seen < REGION && len == 3 && person_subtag_is(s, len, CLASS_DIGIT))
			seen = REGION;
		else if (person_subtag_is_variant(s, len) && !person_subtag_repeats(s, len))
			seen = VARIANT;
		else
			return false;
	}
	return true;
}

const char *
person_check_language(const struct person_check *c, const char *text)
{
	char *tag;

	if (strlen(text) > LANGUAGE_MAX)
		return person_refuse(c, "too_long", "At most %d characters.", LANGUAGE_MAX);
	tag = arena_strdup(c->arena, text);
	for (char *s = tag; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	if (!person_language_parse(tag))
		return person_refuse(
		    c, "invalid", "A language tag such as \"de\", \"pt-BR\" or \"zh-Hant-TW\".");
	return tag;
}

/* An outer space may belong to the value: "ou=Sales\ " ends in one. */
static const char *
person_trim_dn(const struct person_check *c, const char *value)
{
	size_t len;

	value += strspn(value, " ");
	len = strlen(value);
	while (len > 0 && value[len - 1] == ' ' && (len == 1 || value[len - 2] != '\\'))
		len--;
	return arena_dup(c->arena, value, len);
}

const char *
person_check_dn(const struct person_check *c, const char *value)
{
	const uint8_t *s;
	ucs4_t ch;

	if (strnlen(value, PERSON_DN_MAX + 1) > PERSON_DN_MAX)
		return person_refuse(c, "too_long", "At most %d bytes.", PERSON_DN_MAX);
	if (u8_check((const uint8_t *)value, strlen(value)) != NULL)
		return person_refuse(c, "invalid", "The value is not valid UTF-8.");
	for (s = (const uint8_t *)value; (s = u8_next(&ch, s)) != NULL;)
		if (uc_is_general_category_withtable(ch, UC_CATEGORY_MASK_Cc))
			return person_refuse(c, "control_character",
			    "The control character U+%04X is not allowed.", (unsigned)ch);
	value = person_trim_dn(c, value);
	if (*value == '\0')
		return person_refuse(c, "required", "This field is required.");
	if (strchr(value, '=') == NULL)
		return person_refuse(
		    c, "invalid", "A distinguished name such as \"ou=Sales,dc=example,dc=org\".");
	return value;
}

const char *
person_check_uid(const struct person_check *c, const char *text)
{
	if (strlen(text) > PERSON_UID_MAX)
		return person_refuse(c, "too_long", "At most %d characters.", PERSON_UID_MAX);
	if (text[0] < 'a' || text[0] > 'z' ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-")] != '\0')
		return person_refuse(c, "invalid",
		    "A small letter a to z first, then small letters, digits and \"._-\".");
	if (uid_is_reserved(text))
		return person_refuse(c, "reserved", "This name is reserved.");
	return text;
}
