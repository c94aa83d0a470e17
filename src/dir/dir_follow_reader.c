/* What is asked of the server for each entry, and DNs in one spelling.
 *
 * A place's DN is parsed once: people of one place share it. */
#include "dir/dir_follow_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* ---- what is asked for ---- */

static void
reader_want(struct follow_reader *r, enum follow_role role, const char *name)
{
	struct follow_attribute *a = r->attributes;

	if (name == NULL)
		return;
	while (a < r->attributes + r->attribute_count && strcasecmp(a->name, name) != 0)
		a++;
	if (a == r->attributes + r->attribute_count) {
		r->wanted[r->attribute_count++] = name;
		*a = (struct follow_attribute){ name, strlen(name), 0 };
	}
	a->roles |= 1u << role;
}

void
dir_follow_reader_init(struct follow_reader *r, const struct dir_conf *conf)
{
	const char *const *person = conf->attributes;
	const struct {
		enum follow_role role;
		const char *name;
	} wanted[] = {
		{ ROLE_CLASS, "objectClass" },
		{ ROLE_CN, "cn" },
		{ ROLE_FAMILY_NAME, person[PERSON_FAMILY_NAME] },
		{ ROLE_GIVEN_NAME, person[PERSON_GIVEN_NAME] },
		{ ROLE_DISPLAY_NAME, person[PERSON_DISPLAY_NAME] },
		{ ROLE_UID, person[PERSON_UID] != NULL ? person[PERSON_UID] : "uid" },
		{ ROLE_MAIL, person[PERSON_MAIL] },
		{ ROLE_PHONE, person[PERSON_PHONE] },
		{ ROLE_TELEPHONE, "telephoneNumber" },
		{ ROLE_MOBILE, "mobile" },
		{ ROLE_POSITION, person[PERSON_POSITION] },
		{ ROLE_UNIT, "ou" },
		{ ROLE_DESCRIPTION, "description" },
		{ ROLE_MEMBER, conf->group_member },
		{ ROLE_MARKER, conf->marker_attribute },
		{ ROLE_ID, "entryUUID" },
		{ ROLE_CREATED, "createTimestamp" },
		{ ROLE_MODIFIED, "modifyTimestamp" },
		{ ROLE_CSN, "entryCSN" },
	};

	memset(r, 0, sizeof(*r));
	r->conf = conf;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		reader_want(r, wanted[i].role, wanted[i].name);
	if (conf->profile != DIR_OPENLDAP)
		return;
	reader_want(r, ROLE_LOCKED, "pwdAccountLockedTime");
	reader_want(r, ROLE_LAST_SUCCESS, "pwdLastSuccess"); /* slapd 2.5 itself */
	reader_want(r, ROLE_LAST_BIND, "authTimestamp");     /* slapo-lastbind(5) */
}

void
dir_follow_reader_release(struct follow_reader *r)
{
	for (size_t i = 0; i < FOLLOW_PARENTS; i++) {
		free(r->parents[i].raw);
		free(r->parents[i].normal);
	}
}

/* Roles of an attribute that came, 0 when we did not ask for it ("cn;lang-de" either). Servers keep
 * their order from entry to entry: the first look mostly hits. */
uint32_t
dir_follow_roles(struct follow_reader *r, const struct berval *name)
{
	for (size_t i = 0; i < r->attribute_count; i++) {
		size_t at = r->next + i < r->attribute_count ? r->next + i
							     : r->next + i - r->attribute_count;
		const struct follow_attribute *a = &r->attributes[at];

		if (a->len == name->bv_len && strncasecmp(a->name, name->bv_val, a->len) == 0) {
			r->next = at + 1 < r->attribute_count ? at + 1 : 0;
			return a->roles;
		}
	}
	return 0;
}

/* ---- names ---- */

static size_t
parent_slot(const char *dn, size_t len)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)dn[i]) * 16777619u;
	return (h ^ h >> 16) % FOLLOW_PARENTS;
}

struct follow_parent *
dir_follow_parent(struct follow_reader *r, const char *dn, size_t len)
{
	struct follow_parent *p = &r->parents[parent_slot(dn, len)];
	struct arena *arena;
	const char *normal;

	if (p->raw != NULL && p->raw_len == len && memcmp(p->raw, dn, len) == 0)
		return p;
	free(p->raw);
	free(p->normal);
	*p = (struct follow_parent){ .raw = mem_dup(dn, len), .raw_len = len };
	arena = arena_new(0);
	if (memchr(dn, 0, len) == NULL && dir_dn_normalise_long(p->raw, arena, &normal))
		p->normal = mem_dup_string(normal);
	arena_free(arena);
	return p;
}

/* "uid=jane": the same in every spelling but the case of the type, which has one name. */
static bool
rdn_is_plain(const char *rdn, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._@";
	size_t i = 0;

	while (i < len && memchr(letters, rdn[i], sizeof(letters) - 1) != NULL)
		i++;
	if (i == 0 || i + 1 >= len || rdn[i] != '=' || dir_dn_type(rdn, i) != NULL)
		return false;
	i++;
	while (i < len && memchr(plain, rdn[i], sizeof(plain) - 1) != NULL)
		i++;
	return i == len;
}

/* Nothing is left in `arena` of what is refused. */
static const char *
normal_of_odd(const char *dn, size_t len, struct arena *arena)
{
	struct arena *scratch;
	const char *normal = NULL;

	if (memchr(dn, 0, len) != NULL)
		return NULL;
	scratch = arena_new(0);
	if (dir_dn_normalise_long(arena_dup(scratch, dn, len), scratch, &normal))
		normal = arena_strdup(arena, normal);
	else
		normal = NULL;
	arena_free(scratch);
	return normal;
}

const char *
dir_follow_normal(struct follow_reader *r, const char *dn, size_t len, struct arena *arena)
{
	size_t rdn = dir_follow_rdn_len(dn, len), above;
	const struct follow_parent *p;
	char *text;

	if (len > FEED_DN_MAX)
		return NULL;
	if (rdn >= len || !rdn_is_plain(dn, rdn))
		return normal_of_odd(dn, len, arena);
	p = dir_follow_parent(r, dn + rdn + 1, len - rdn - 1);
	if (p->normal == NULL)
		return NULL;
	above = strlen(p->normal);
	if (rdn + 1 + above > FEED_DN_MAX)
		return NULL;
	text = arena_alloc(arena, rdn + above + 2);
	memcpy(text, dn, rdn);
	for (char *c = text; *c != '='; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	text[rdn] = ',';
	memcpy(text + rdn + 1, p->normal, above);
	return text;
}
