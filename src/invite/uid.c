#include "invite/uid.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "invite/person_private.h"

enum {
	TEMPLATE_MAX = 128, /* bytes */
	NUMBER_MAX = 9999,
	TEXT_MAX = 512 /* bytes of an expanded template; only the first PERSON_UID_MAX count */
};

enum uid_part { UID_GIVEN, UID_FAMILY, UID_G, UID_F, UID_MAIL, UID_PART_COUNT };

static const char *const parts[UID_PART_COUNT] = {
	[UID_GIVEN] = "{given}",
	[UID_FAMILY] = "{family}",
	[UID_G] = "{g}",
	[UID_F] = "{f}",
	[UID_MAIL] = "{mail}",
};

/* Text that grows up to its room and drops the rest. */
struct uid_text {
	char bytes[TEXT_MAX];
	size_t len;
};

static bool
uid_char_is_letter(char ch)
{
	return ch >= 'a' && ch <= 'z';
}

static bool
uid_char_is_separator(char ch)
{
	return ch == '.' || ch == '_' || ch == '-';
}

static bool
uid_char_is_word(char ch)
{
	return uid_char_is_letter(ch) || (ch >= '0' && ch <= '9');
}

/* The part that begins at `s`, or UID_PART_COUNT. */
static enum uid_part
uid_part_at(const char *s)
{
	unsigned i = 0;

	while (i < UID_PART_COUNT && strncmp(s, parts[i], strlen(parts[i])) != 0)
		i++;
	return (enum uid_part)i;
}

enum err
uid_template_check(const char *template, struct fault *f)
{
	bool has_part = false;

	if (strnlen(template, TEMPLATE_MAX + 1) > TEMPLATE_MAX)
		return fault_set(f, ERR_INVALID, "longer than %d bytes", TEMPLATE_MAX);
	for (const char *s = template; *s != '\0';) {
		enum uid_part part = uid_part_at(s);

		if (part != UID_PART_COUNT) {
			has_part = true;
			s += strlen(parts[part]);
		} else if (uid_char_is_word(*s) || uid_char_is_separator(*s))
			s++;
		else
			return fault_set(f, ERR_INVALID,
			    "at \"%.20s\": expected {given}, {family}, {g}, {f}, {mail}, or a "
			    "character of a-z, 0-9, \"._-\"",
			    s);
	}
	if (!has_part)
		return fault_set(f, ERR_INVALID,
		    "none of {given}, {family}, {g}, {f}, {mail} is in it: all people would get "
		    "one name");
	return ERR_OK;
}

/* How a letter is spelled that neither case folding (sharp s) nor decomposition turns into a to z.
 */
static const char *
uid_spell(ucs4_t ch)
{
	static const struct {
		ucs4_t ch;
		const char *text;
	} letters[] = {
		{ 0x00e6, "ae" }, /* ae ligature */
		{ 0x00f0, "d" },  /* eth */
		{ 0x00f8, "o" },  /* o with stroke */
		{ 0x00fe, "th" }, /* thorn */
		{ 0x0111, "d" },  /* d with stroke */
		{ 0x0127, "h" },  /* h with stroke */
		{ 0x0131, "i" },  /* dotless i */
		{ 0x0138, "k" },  /* kra */
		{ 0x0142, "l" },  /* l with stroke */
		{ 0x014b, "ng" }, /* eng */
		{ 0x0153, "oe" }, /* oe ligature */
		{ 0x0167, "t" },  /* t with stroke */
		{ 0x0180, "b" },  /* b with stroke */
		{ 0x01e5, "g" },  /* g with stroke */
		{ 0x0253, "b" },  /* hooked letters of Hausa */
		{ 0x0257, "d" },
		{ 0x0259, "e" }, /* schwa of Azerbaijani */
		{ 0x0268, "i" }, /* i with stroke */
		{ 0x0199, "k" },
		{ 0x01b4, "y" },
		{ 0x0254, "o" }, /* open o and e of West African languages */
		{ 0x025b, "e" },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].ch == ch)
			return letters[i].text;
	return "";
}

static void
uid_add(struct uid_text *t, char ch)
{
	if (t->len < sizeof(t->bytes) - 1)
		t->bytes[t->len++] = ch;
}

static void
uid_add_char(struct uid_text *t, ucs4_t ch, bool separators)
{
	if (ch >= 0x80) {
		for (const char *p = uid_spell(ch); *p != '\0'; p++)
			uid_add(t, *p);
	} else if (uid_char_is_word((char)ch) || (separators && uid_char_is_separator((char)ch)))
		uid_add(t, (char)ch);
}

/* The folded form of text that has anything beyond ASCII. */
static void
uid_add_folded(struct uid_text *t, const char *value, size_t value_len, bool separators)
{
	size_t len;
	uint8_t *folded =
	    u8_casefold((const uint8_t *)value, value_len, NULL, UNINORM_NFKD, NULL, &len);
	const uint8_t *s = folded;
	ucs4_t ch;

	if (folded == NULL)
		return; /* not UTF-8, or empty: nothing to make a name from */
	for (int n; len > 0; s += n, len -= (size_t)n) {
		n = u8_mbtouc(&ch, s, len);
		uid_add_char(t, ch, separators);
	}
	free(folded);
}

/* At most `max` characters of `value` in a to z and 0 to 9, and with `separators` those as well. */
static void
uid_add_ascii(struct uid_text *t, const char *value, size_t value_len, size_t max, bool separators)
{
	size_t end = t->len + max;

	if (person_is_ascii(value))
		for (size_t i = 0; i < value_len; i++)
			uid_add_char(t, (ucs4_t)tolower((unsigned char)value[i]), separators);
	else
		uid_add_folded(t, value, value_len, separators);
	if (t->len > end)
		t->len = end;
}

static const char *
uid_part_value(enum uid_part part, const struct person *p)
{
	static const enum person_field fields[UID_PART_COUNT] = {
		[UID_GIVEN] = PERSON_GIVEN_NAME,
		[UID_FAMILY] = PERSON_FAMILY_NAME,
		[UID_G] = PERSON_GIVEN_NAME,
		[UID_F] = PERSON_FAMILY_NAME,
		[UID_MAIL] = PERSON_MAIL,
	};

	return p->value[fields[part]];
}

bool
uid_has_parts(const char *template, const struct person *p)
{
	for (const char *s = template; *s != '\0';) {
		enum uid_part part = uid_part_at(s);

		if (part != UID_PART_COUNT && uid_part_value(part, p) == NULL)
			return false;
		s += part != UID_PART_COUNT ? strlen(parts[part]) : 1;
	}
	return true;
}

static void
uid_add_part(struct uid_text *t, enum uid_part part, const struct person *p)
{
	const char *value = uid_part_value(part, p);
	size_t len;

	if (value == NULL)
		return;
	len = part == UID_MAIL ? strcspn(value, "@") : strlen(value);
	uid_add_ascii(
	    t, value, len, part == UID_G || part == UID_F ? 1 : TEXT_MAX, part == UID_MAIL);
}

/* A letter first, no separator last or beside another one: what an empty part leaves behind. */
static void
uid_tidy(struct uid_text *t)
{
	size_t len = 0;

	for (size_t i = 0; i < t->len; i++) {
		char ch = t->bytes[i];

		if (len == 0 && !uid_char_is_letter(ch))
			continue;
		if (uid_char_is_separator(ch) && uid_char_is_separator(t->bytes[len - 1]))
			continue;
		t->bytes[len++] = ch;
	}
	t->len = len;
}

static void
uid_cut(struct uid_text *t, size_t max)
{
	if (t->len > max)
		t->len = max;
	while (t->len > 0 && uid_char_is_separator(t->bytes[t->len - 1]))
		t->len--;
	t->bytes[t->len] = '\0';
}

bool
uid_candidate(
    const char *template, const struct person *p, unsigned number, char out[PERSON_UID_MAX + 1])
{
	struct uid_text t = { .len = 0 };
	char digits[8] = "";

	assert(number > 0);
	if (number > NUMBER_MAX)
		return false;
	for (const char *s = template; *s != '\0';) {
		enum uid_part part = uid_part_at(s);

		if (part == UID_PART_COUNT)
			uid_add(&t, *s++);
		else {
			uid_add_part(&t, part, p);
			s += strlen(parts[part]);
		}
	}
	uid_tidy(&t);
	uid_cut(&t, PERSON_UID_MAX);
	if (t.len == 0) {
		memcpy(t.bytes, "user", sizeof("user"));
		t.len = strlen("user");
	}
	if (number > 1 || uid_is_reserved(t.bytes))
		snprintf(digits, sizeof(digits), "%u", number);
	uid_cut(&t, PERSON_UID_MAX - strlen(digits));
	snprintf(out, PERSON_UID_MAX + 1, "%s%s", t.bytes, digits);
	return true;
}
