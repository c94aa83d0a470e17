#include "dir/dir_private.h"

#include <ctype.h>
#include <string.h>
#include <unistr.h>

/* RFC 4512 section 1.4: a descriptor or a numeric OID; no options. */
bool
dir_attribute_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= DIR_NAMES_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '.')
			return false;
	return true;
}

static bool
filter_add_term(struct buf *out, const struct dir_term *term)
{
	struct berval value, escaped;
	size_t len = strlen(term->value);

	/* libldap escapes an empty value to a NULL string, which printf would turn into "(null)".
	 */
	if (len == 0 || !dir_attribute_is_valid(term->attribute) ||
	    u8_check((const uint8_t *)term->value, len) != NULL)
		return false;
	ber_str2bv(term->value, len, 0, &value);
	if (ldap_bv2escaped_filter_value(&value, &escaped) != 0) {
		dir_check_memory();
		return false;
	}
	buf_add_char(out, '(');
	buf_add_string(out, term->attribute);
	buf_add_char(out, '=');
	buf_add(out, escaped.bv_val, escaped.bv_len);
	buf_add_char(out, ')');
	ber_memfree(escaped.bv_val);
	return true;
}

static bool
filter_join(struct buf *out, const char *how, const struct dir_term *terms, size_t count)
{
	if (count == 0)
		return false;
	if (count > 1)
		buf_add_string(out, how);
	for (size_t i = 0; i < count; i++)
		if (!filter_add_term(out, &terms[i]))
			return false;
	if (count > 1)
		buf_add_char(out, ')');
	return !buf_failed(out);
}

bool
dir_filter_any(struct buf *out, const struct dir_term *terms, size_t count)
{
	return filter_join(out, "(|", terms, count);
}

const char *
dir_filter_all(struct arena *arena, const struct dir_term *terms, size_t count)
{
	const char *text = NULL;
	struct buf out;

	buf_init(&out, DIR_FILTER_MAX);
	if (filter_join(&out, "(&", terms, count))
		text = arena_dup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

const char *
dir_filter_also(
    struct arena *arena, const struct dir_term *also, const struct dir_term *terms, size_t count)
{
	const char *text = NULL;
	struct buf out;

	buf_init(&out, DIR_FILTER_MAX);
	buf_add_string(&out, "(&");
	if (filter_add_term(&out, also) && dir_filter_any(&out, terms, count)) {
		buf_add_char(&out, ')');
		if (!buf_failed(&out))
			text = arena_dup(arena, out.data, out.len);
	}
	buf_release(&out);
	return text;
}
