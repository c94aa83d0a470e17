#include "dir/dir_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/mem.h"
#include "invite/feed.h"

/* The hexadecimal form "#04..." is refused: nobody writes it, and it can hide any byte. */
static bool
ava_is_plain(const LDAPAVA *ava)
{
	const struct berval *v = &ava->la_value;

	if ((ava->la_flags & LDAP_AVA_BINARY) != 0 || v->bv_len == 0 || ava->la_attr.bv_len == 0)
		return false;
	for (ber_len_t i = 0; i < v->bv_len; i++)
		if ((unsigned char)v->bv_val[i] < 0x20 || v->bv_val[i] == 0x7f)
			return false;
	return u8_check((const uint8_t *)v->bv_val, v->bv_len) == NULL;
}

/* libldap's copy of the name has room for every name that is not longer. */
static void
ava_name_type(LDAPAVA *ava)
{
	const char *name = dir_dn_type(ava->la_attr.bv_val, ava->la_attr.bv_len);

	if (name == NULL)
		return;
	ava->la_attr.bv_len = strlen(name);
	memcpy(ava->la_attr.bv_val, name, ava->la_attr.bv_len + 1);
}

/* NULL when `text` is no DN of at least one RDN; else freed by ldap_dnfree(). Types that have
 * several names have one. */
static LDAPDN
dn_parse_long(const char *text, size_t max)
{
	LDAPDN dn = NULL;
	int rc;

	if (strlen(text) > max)
		return NULL;
	/* libldap strips a line end around a value as if it were a space. */
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return NULL;
	rc = ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3);
	dir_check_memory(); /* it calls a value without its bytes a success */
	if (rc != LDAP_SUCCESS || dn == NULL)
		return NULL;
	for (size_t i = 0; dn[i] != NULL; i++)
		for (size_t j = 0; dn[i][j] != NULL; j++) {
			if (!ava_is_plain(dn[i][j])) {
				ldap_dnfree(dn);
				return NULL;
			}
			ava_name_type(dn[i][j]);
		}
	return dn;
}

static LDAPDN
dn_parse(const char *text)
{
	return dn_parse_long(text, PERSON_DN_MAX);
}

static size_t
dn_length(LDAPDN dn)
{
	size_t n = 0;

	while (dn[n] != NULL)
		n++;
	return n;
}

static size_t
rdn_length(LDAPRDN rdn)
{
	size_t n = 0;

	while (rdn[n] != NULL)
		n++;
	return n;
}

static bool
value_equal(const struct berval *a, const struct berval *b)
{
	return a->bv_len == b->bv_len && strncasecmp(a->bv_val, b->bv_val, a->bv_len) == 0;
}

/* `type` is of a parsed DN, `name` what somebody calls one. */
static bool
type_is(const struct berval *type, const char *name)
{
	const char *known = dir_dn_type(name, strlen(name));

	if (known != NULL)
		name = known;
	return strlen(name) == type->bv_len && strncasecmp(name, type->bv_val, type->bv_len) == 0;
}

static bool
rdn_equal(LDAPRDN a, LDAPRDN b)
{
	size_t i = 0;

	for (; a[i] != NULL && b[i] != NULL; i++)
		if (!value_equal(&a[i]->la_attr, &b[i]->la_attr) ||
		    !value_equal(&a[i]->la_value, &b[i]->la_value))
			return false;
	return a[i] == NULL && b[i] == NULL;
}

/* Values are compared by ASCII case only: a difference in case beyond ASCII makes two DNs unequal,
 * which errs on the side of refusing. */
static bool
dn_ends_with(LDAPDN dn, LDAPDN base)
{
	size_t n = dn_length(dn), m = dn_length(base);

	if (n < m)
		return false;
	for (size_t i = 0; i < m; i++)
		if (!rdn_equal(dn[n - m + i], base[i]))
			return false;
	return true;
}

static const char *
dn_text(LDAPDN dn, struct arena *arena)
{
	char *text = NULL;
	const char *copy;

	/* PRETTY leaves UTF-8 as it is; without it every byte above 127 becomes an escape. */
	if (ldap_dn2str(dn, &text, LDAP_DN_FORMAT_LDAPV3 | LDAP_DN_PRETTY) != LDAP_SUCCESS) {
		dir_check_memory();
		return NULL;
	}
	copy = arena_strdup(arena, text);
	ldap_memfree(text);
	return copy;
}

static bool
dn_normalise(const char *dn, size_t max, struct arena *arena, const char **normal)
{
	LDAPDN parsed = dn_parse_long(dn, max);
	const char *text;

	if (parsed == NULL)
		return false;
	for (size_t i = 0; parsed[i] != NULL; i++)
		for (size_t j = 0; parsed[i][j] != NULL; j++)
			for (ber_len_t k = 0; k < parsed[i][j]->la_attr.bv_len; k++) {
				char *c = &parsed[i][j]->la_attr.bv_val[k];

				*c = (char)tolower((unsigned char)*c);
			}
	text = dn_text(parsed, arena);
	ldap_dnfree(parsed);
	if (text == NULL || strlen(text) > max)
		return false;
	*normal = text;
	return true;
}

bool
dir_dn_normalise(const char *dn, struct arena *arena, const char **normal)
{
	return dn_normalise(dn, PERSON_DN_MAX, arena, normal);
}

bool
dir_dn_normalise_long(const char *dn, struct arena *arena, const char **normal)
{
	return dn_normalise(dn, FEED_DN_MAX, arena, normal);
}

/* Spaces are folded by the server as by us: runs are one, outer ones none. */
static size_t
value_squeeze(const struct berval *v, uint8_t *out)
{
	size_t len = 0;
	bool space = false;

	for (ber_len_t i = 0; i < v->bv_len; i++) {
		if (v->bv_val[i] == ' ') {
			space = len > 0;
			continue;
		}
		if (space)
			out[len++] = ' ';
		space = false;
		out[len++] = (uint8_t)v->bv_val[i];
	}
	return len;
}

static bool
value_may_be_equal(const struct berval *a, const struct berval *b)
{
	uint8_t *x = mem_alloc(a->bv_len), *y = mem_alloc(b->bv_len);
	size_t lx = value_squeeze(a, x), ly = value_squeeze(b, y);
	int differs = 0;
	/* What cannot be folded counts as equal: this errs on the side of refusing. */
	bool equal = u8_casecmp(x, lx, y, ly, NULL, UNINORM_NFKD, &differs) != 0 || differs == 0;

	free(x);
	free(y);
	return equal;
}

/* An RDN is a set: each value of one has its own counterpart in the other, in any order. */
static bool
rdn_may_be_equal(LDAPRDN a, LDAPRDN b)
{
	size_t n = rdn_length(a), paired = 0;
	bool *taken = mem_array(n, sizeof(*taken));

	for (size_t i = 0; n == rdn_length(b) && i == paired && i < n; i++)
		for (size_t j = 0; i == paired && j < n; j++)
			if (!taken[j] && value_may_be_equal(&a[i]->la_value, &b[j]->la_value)) {
				taken[j] = true;
				paired++;
			}
	free(taken);
	return paired == n;
}

bool
dir_dn_may_be_same(const char *dn, const char *other)
{
	LDAPDN a = dn_parse(dn), b = dn_parse(other);
	bool same = a == NULL || b == NULL || dn_length(a) == dn_length(b);

	for (size_t i = 0; same && a != NULL && b != NULL && a[i] != NULL; i++)
		same = rdn_may_be_equal(a[i], b[i]);
	ldap_dnfree(a);
	ldap_dnfree(b);
	return same;
}

bool
dir_dn_is_below(const char *dn, const char *base, bool or_equal)
{
	LDAPDN a = dn_parse(dn), b = dn_parse(base);
	bool below = a != NULL && b != NULL && dn_ends_with(a, b) &&
		     (or_equal || dn_length(a) > dn_length(b));

	ldap_dnfree(a);
	ldap_dnfree(b);
	return below;
}

bool
dir_dn_equal(const char *a, const char *b)
{
	return dir_dn_is_below(a, b, true) && dir_dn_is_below(b, a, true);
}

const char *
dir_dn_name(const char *dn, struct arena *arena)
{
	LDAPDN parsed = dn_parse_long(dn, FEED_DN_MAX);
	const char *name = dn;

	if (parsed != NULL)
		name =
		    arena_dup(arena, parsed[0][0]->la_value.bv_val, parsed[0][0]->la_value.bv_len);
	ldap_dnfree(parsed);
	return name;
}

bool
dir_dn_split(const char *dn, struct arena *arena, const char **rdn, const char **parent)
{
	LDAPDN parsed = dn_parse(dn);
	LDAPDN one;

	if (parsed == NULL)
		return false;
	one = mem_array(2, sizeof(*one));
	one[0] = parsed[0];
	*rdn = dn_text(one, arena);
	*parent = parsed[1] != NULL ? dn_text(parsed + 1, arena) : NULL;
	free(one);
	ldap_dnfree(parsed);
	return *rdn != NULL;
}

bool
dir_dn_is_named_by(const char *dn, const char *attribute, const char *value)
{
	const struct berval v = { strlen(value), (char *)(uintptr_t)value };
	LDAPDN parsed = dn_parse(dn);
	bool named = false;

	for (size_t i = 0; parsed != NULL && parsed[0][i] != NULL; i++)
		named = named || (type_is(&parsed[0][i]->la_attr, attribute) &&
				     value_equal(&parsed[0][i]->la_value, &v));
	ldap_dnfree(parsed);
	return named;
}

/* RDN values from the root down, folded, each ended by a byte that sorts before every character. */
const char *
dir_dn_sort_key(const char *dn, struct arena *arena)
{
	LDAPDN parsed = dn_parse(dn);
	struct buf key;
	const char *copy;

	if (parsed == NULL)
		return NULL;
	buf_init(&key, 2 * (size_t)PERSON_DN_MAX);
	for (size_t i = dn_length(parsed); i-- > 0;) {
		const struct berval *v = &parsed[i][0]->la_value;

		for (ber_len_t j = 0; j < v->bv_len; j++)
			buf_add_char(&key, (char)tolower((unsigned char)v->bv_val[j]));
		buf_add_char(&key, '\1');
	}
	ldap_dnfree(parsed);
	copy = arena_dup(arena, key.data, key.len);
	buf_release(&key);
	return copy;
}

/* `name` = `value` in front of `base`. */
static const char *
dn_prepend(const char *name, const char *value, LDAPDN base, struct arena *arena)
{
	LDAPAVA ava = { .la_flags = LDAP_AVA_STRING };
	LDAPAVA *rdn[] = { &ava, NULL };
	size_t n = dn_length(base);
	LDAPRDN *dn = mem_array(n + 2, sizeof(*dn));
	const char *text;

	ava.la_attr = (struct berval){ strlen(name), mem_dup_string(name) };
	ava.la_value = (struct berval){ strlen(value), mem_dup_string(value) };
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p > 0x7e)
			ava.la_flags |= LDAP_AVA_NONPRINTABLE;
	dn[0] = rdn;
	memcpy(&dn[1], base, n * sizeof(*dn));
	text = dn_text(dn, arena);
	free(ava.la_attr.bv_val);
	free(ava.la_value.bv_val);
	free(dn);
	return text;
}

/* The text must read back as exactly what went in: one RDN, this value, this base. */
static bool
dn_is_exactly(const char *text, const char *name, const char *value, LDAPDN base)
{
	LDAPDN parsed = dn_parse(text);
	bool same = parsed != NULL && dn_length(parsed) == dn_length(base) + 1 &&
		    parsed[0][1] == NULL && dn_ends_with(parsed, base) &&
		    type_is(&parsed[0][0]->la_attr, name) &&
		    strlen(value) == parsed[0][0]->la_value.bv_len &&
		    memcmp(value, parsed[0][0]->la_value.bv_val, strlen(value)) == 0;

	ldap_dnfree(parsed);
	return same;
}

const char *
dir_dn_child(const char *attribute, const char *value, const char *parent, struct arena *arena)
{
	LDAPDN base = dn_parse(parent);
	const char *text = NULL;

	if (base == NULL)
		return NULL;
	if (value[0] != '\0' && u8_check((const uint8_t *)value, strlen(value)) == NULL)
		text = dn_prepend(attribute, value, base, arena);
	if (text != NULL && !dn_is_exactly(text, attribute, value, base))
		text = NULL;
	ldap_dnfree(base);
	return text;
}

enum err
dir_person_dn(const struct dir *d, const char *uid, const char *org_unit, struct arena *arena,
    const char **dn, struct fault *f)
{
	const char *normal, *text;

	if (uid[0] == '\0')
		return fault_set(f, ERR_INVALID, "a name for an entry is empty");
	if (!dir_dn_normalise(org_unit, arena, &normal))
		return fault_set(f, ERR_INVALID, "the org unit is no DN: %s", org_unit);
	if (!dir_dn_is_below(org_unit, d->conf.people_base, true))
		return fault_set(
		    f, ERR_INVALID, "%s is not below %s", org_unit, d->conf.people_base);
	text = dir_dn_child(d->conf.rdn_attribute, uid, org_unit, arena);
	if (text == NULL)
		return fault_set(f, ERR_INVALID, "a name cannot stand in a DN: %s", uid);
	*dn = text;
	return ERR_OK;
}
