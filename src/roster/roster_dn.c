/* DNs as text. A key was parsed and spelled anew by whoever fed it, so that a comma that separates
 * is one without a backslash in front (RFC 4514 section 2.4); as a server spells a DN, a value may
 * stand in quotes as well (RFC 2253 section 4). */
#include <sodium.h>
#include <string.h>

#include "base/casefold.h"
#include "roster/roster_place.h"

enum { DN_STEP_ENDS = 1, DN_NAME_ENDS = 2 /* bytes of a path that sort before every text */ };

bool
dn_key(const char *dn, char *out)
{
	size_t len = casefold(dn, strlen(dn), out, FEED_DN_MAX);

	if (len == 0 || len == SIZE_MAX)
		return false;
	out[len] = '\0';
	return true;
}

void
dn_hash(const char *key, unsigned char out[DN_HASH_SIZE])
{
	static const unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES] = "roster places";

	_Static_assert(crypto_shorthash_siphashx24_BYTES == DN_HASH_SIZE, "one hash");
	crypto_shorthash_siphashx24(out, (const unsigned char *)key, strlen(key), secret);
}

const char *
dn_parent(const char *dn)
{
	bool quoted = false;

	for (const char *p = dn; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == ',' && !quoted)
			return p + 1;
	}
	return NULL;
}

size_t
dn_rdns(const char *dn)
{
	size_t rdns = 1;

	while ((dn = dn_parent(dn)) != NULL)
		rdns++;
	return rdns;
}

bool
dn_replace_tail(const char *dn, size_t above, const char *tail, char *out)
{
	size_t head, len = strlen(tail), rdns = dn_rdns(dn);
	const char *rest = dn;

	for (; rdns > above && rest != NULL; rdns--)
		rest = dn_parent(rest);
	if (rest == NULL || rest == dn)
		return false;
	head = (size_t)(rest - dn);
	if (head + len > FEED_DN_MAX)
		return false;
	memcpy(out, dn, head);
	memcpy(out + head, tail, len + 1);
	return true;
}

bool
dn_is_below(const char *key, const char *above)
{
	size_t len = strlen(key), tail = strlen(above), backslashes = 0;
	const char *comma;

	if (len < tail + 2)
		return false;
	comma = key + len - tail - 1;
	if (*comma != ',' || memcmp(comma + 1, above, tail) != 0)
		return false;
	for (const char *p = comma; p > key && p[-1] == '\\'; p--)
		backslashes++;
	return backslashes % 2 == 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hexadecimal digits spell; -1: they are none. */
static int
hex_byte(const char *s, const char *end)
{
	int high = s + 1 < end ? hex_digit(s[0]) : -1;
	int low = s + 1 < end ? hex_digit(s[1]) : -1;

	return high >= 0 && low >= 0 ? high * 16 + low : -1;
}

/* The RDN's first value from `s` up to `end`, unescaped; returns its length. */
static size_t
rdn_value(const char *s, const char *end, char *out)
{
	const char *p = memchr(s, '=', (size_t)(end - s));
	size_t len = 0;

	for (p = p != NULL ? p + 1 : s; p < end; p++) {
		int byte = *p == '\\' ? hex_byte(p + 1, end) : -1;

		if (byte >= 0) {
			out[len++] = (char)byte;
			p += 2;
		} else if (*p == '\\' && p + 1 < end) {
			out[len++] = *++p;
		} else if (*p != '"') {
			out[len++] = *p;
		}
	}
	return len;
}

static const char *
rdn_end(const char *dn)
{
	const char *parent = dn_parent(dn);

	return parent != NULL ? parent - 1 : dn + strlen(dn);
}

void
dn_name(const char *dn, char *out)
{
	out[rdn_value(dn, rdn_end(dn), out)] = '\0';
}

static void
path_add(const char *rdn, const char *end, struct buf *out)
{
	char value[FEED_DN_MAX + 1], folded[FEED_TEXT_MAX];

	buf_add(out, folded, fold_text(value, rdn_value(rdn, end, value), folded, sizeof(folded)));
	buf_add_char(out, DN_NAME_ENDS);
	buf_add(out, rdn, (size_t)(end - rdn));
	buf_add_char(out, DN_STEP_ENDS);
}

/* From the root down. The RDN's own bytes follow its folded value, so that siblings that fold alike
 * keep their subtrees apart. */
void
dn_path(const char *key, struct buf *out)
{
	uint16_t starts[FEED_DN_MAX + 1];
	size_t count = 0;

	for (const char *p = key; p != NULL; p = dn_parent(p))
		starts[count++] = (uint16_t)(p - key);
	while (count-- > 0)
		path_add(key + starts[count], rdn_end(key + starts[count]), out);
}
