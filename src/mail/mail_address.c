/* Addresses as they may stand in an envelope and a header. */
#include <string.h>
#include <unistr.h>

#include "mail/mail_private.h"

enum {
	LOCAL_PART_MAX = 64, /* bytes, RFC 5321 section 4.5.3.1.1 */
	DOMAIN_MAX = 253,    /* bytes, RFC 1035 section 2.3.4 as text */
	LABEL_MAX = 63
};

bool
mail_is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static bool
mail_char_is_alnum(char ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

/* UTF-8 without the control characters beyond ASCII (U+0080 to U+009F). */
static bool
mail_local_part_is_utf8(const char *s, size_t len)
{
	if (u8_check((const uint8_t *)s, len) != NULL)
		return false;
	for (size_t i = 0; i + 1 < len; i++)
		if ((unsigned char)s[i] == 0xc2 && (unsigned char)s[i + 1] < 0xa0)
			return false;
	return true;
}

/* A dot-atom: RFC 5322 section 3.2.3, with RFC 6532 section 3.2 for UTF-8. */
static bool
mail_local_part_is_safe(const char *s, size_t len, bool utf8)
{
	if (len == 0 || len > LOCAL_PART_MAX || s[0] == '.' || s[len - 1] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)s[i] >= 0x80 && utf8)
			continue;
		if (s[i] == '.' && s[i - 1] != '.')
			continue;
		if (!mail_char_is_alnum(s[i]) && strchr("!#$%&'*+-/=?^_`{|}~", s[i]) == NULL)
			return false;
	}
	return mail_local_part_is_utf8(s, len);
}

/* A single label passes: a relay of the house may know "localhost". */
static bool
mail_domain_is_safe(const char *s)
{
	size_t len = 0;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (;; s++) {
		if (*s == '.' || *s == '\0') {
			if (len == 0 || len > LABEL_MAX || s[-1] == '-')
				return false;
			if (*s == '\0')
				return true;
			len = 0;
			continue;
		}
		if (!mail_char_is_alnum(*s) && (*s != '-' || len == 0))
			return false;
		len++;
	}
}

bool
mail_address_is_safe(const char *address, bool utf8_local)
{
	const char *at = strrchr(address, '@');

	return at != NULL && strlen(address) <= MAIL_ADDRESS_MAX &&
	       mail_local_part_is_safe(address, (size_t)(at - address), utf8_local) &&
	       mail_domain_is_safe(at + 1);
}

const char *
mail_domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL ? at + 1 : "";
}

const char *
mail_mailbox(struct arena *arena, const char *words, const char *address)
{
	char *quoted, *out;

	if (words == NULL || *words == '\0')
		return arena_strdup(arena, address);
	if (mail_needs_encoding(words))
		return arena_printf(arena, "%s <%s>", words, address);
	out = quoted = arena_alloc(arena, 2 * strlen(words) + 1);
	for (; *words != '\0'; words++) {
		if (*words == '"' || *words == '\\')
			*out++ = '\\';
		*out++ = *words;
	}
	return arena_printf(arena, "\"%s\" <%s>", quoted, address);
}
