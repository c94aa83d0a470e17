/* How a person is reached: mail and phone. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <idn2.h>

#include "base/mem.h"
#include "invite/person_private.h"

enum {
	LOCAL_PART_MAX = 64, /* bytes, RFC 5321 section 4.5.3.1.1 */
	DOMAIN_MAX = 253,    /* bytes, RFC 1035 section 2.3.4 as text */
	LABEL_MAX = 63,
	PHONE_DIGITS_MIN = 7,
	PHONE_DIGITS_MAX = 15 /* ITU-T E.164 section 6 */
};

static bool
person_char_is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool
person_char_is_alnum(char ch)
{
	return person_char_is_digit(ch) || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

/* Dot-string of RFC 5321 section 4.1.2. */
static bool
person_check_local_part(const struct person_check *c, const char *s, size_t len)
{
	if (len > LOCAL_PART_MAX) {
		person_refuse(c, "too_long", "At most %d bytes before the \"@\".", LOCAL_PART_MAX);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x80) {
			person_refuse(c, "invalid",
			    "Only the letters a to z are possible before the \"@\"; other scripts "
			    "and accents are possible behind it.");
			return false;
		}
		if (s[i] == '.' && i > 0 && i < len - 1 && s[i + 1] != '.')
			continue;
		if (!person_char_is_alnum(s[i]) && strchr("!#$%&'*+-/=?^_`{|}~", s[i]) == NULL) {
			person_refuse(c, "invalid", "The part before the \"@\" is not valid.");
			return false;
		}
	}
	return true;
}

/* Letters, digits and inner hyphens; at least two labels; the last is not a number, which would be
 * an IPv4 address (RFC 3696 section 2). */
static bool
person_is_host_name(const char *s)
{
	size_t labels = 0, len = 0;
	bool number = true;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (;; s++) {
		if (*s == '.' || *s == '\0') {
			if (len == 0 || len > LABEL_MAX || s[-1] == '-')
				return false;
			labels++;
			if (*s == '\0')
				return labels >= 2 && !number;
			len = 0;
			number = true;
			continue;
		}
		if (!person_char_is_alnum(*s) && (*s != '-' || len == 0))
			return false;
		number = number && person_char_is_digit(*s);
		len++;
	}
}

/* IDNA2008 with the nontransitional mapping of UTS 46: "Straße.example" keeps its sharp s. */
static const char *
person_check_domain(const struct person_check *c, const char *domain)
{
	uint8_t *ascii = NULL;
	const char *result = NULL;
	int rc;

	/* An ASCII name without "--" (a hint of IDNA) maps to itself in lower case. */
	if (person_is_ascii(domain) && strstr(domain, "--") == NULL) {
		char *lower = arena_strdup(c->arena, domain);

		for (char *p = lower; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		if (person_is_host_name(lower))
			return lower;
		return person_refuse(c, "invalid", "The domain behind the \"@\" is not valid.");
	}
	rc = idn2_lookup_u8((const uint8_t *)domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (rc == IDN2_MALLOC)
		mem_exhausted();
	if (rc != IDN2_OK)
		person_refuse(c, "invalid", "The domain behind the \"@\" is not valid: %s.",
		    idn2_strerror(rc));
	else if (!person_is_host_name((const char *)ascii))
		person_refuse(c, "invalid", "The domain behind the \"@\" is not valid.");
	else
		result = arena_strdup(c->arena, (const char *)ascii);
	idn2_free(ascii);
	return result;
}

const char *
person_check_mail(const struct person_check *c, const char *text)
{
	const char *at = strchr(text, '@'), *domain, *mail;

	if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return person_refuse(c, "invalid", "A mail address looks like name@example.org.");
	if (!person_check_local_part(c, text, (size_t)(at - text)))
		return NULL;
	domain = person_check_domain(c, at + 1);
	if (domain == NULL)
		return NULL;
	mail = arena_printf(c->arena, "%.*s@%s", (int)(at - text), text, domain);
	if (strlen(mail) > PERSON_MAIL_MAX)
		return person_refuse(c, "too_long", "At most %d bytes.", PERSON_MAIL_MAX);
	return mail;
}

const char *
person_check_phone(const struct person_check *c, const char *text)
{
	char digits[1 + PHONE_DIGITS_MAX + 1] = "+";
	size_t count = 0;
	const char *s = text + strspn(text, " -().");

	if (strncmp(s, "00", 2) == 0)
		return person_refuse(c, "no_country_code",
		    "Write \"+\" instead of the leading \"00\": +49 30 1234567.");
	if (*s != '+')
		return person_refuse(
		    c, "no_country_code", "Begin with \"+\" and the country code: +49 30 1234567.");
	/* Part of no number that can be dialled: the zero falls away behind a country code. */
	if (strstr(s, "(0)") != NULL)
		return person_refuse(c, "invalid", "Leave out the \"(0)\": +49 30 1234567.");
	for (s++; *s != '\0'; s++) {
		if (strchr(" -().", *s) != NULL)
			continue;
		if (!person_char_is_digit(*s))
			return person_refuse(
			    c, "invalid", "Only digits and \" -().\" behind the \"+\".");
		if (count == PHONE_DIGITS_MAX)
			return person_refuse(c, "too_long", "At most %d digits.", PHONE_DIGITS_MAX);
		digits[++count] = *s;
	}
	if (digits[1] == '0')
		return person_refuse(c, "invalid", "No country code begins with 0.");
	if (count < PHONE_DIGITS_MIN)
		return person_refuse(
		    c, "invalid", "At least %d digits with the country code.", PHONE_DIGITS_MIN);
	return arena_strdup(c->arena, digits);
}
