/* One entry by its UUID, with all that an operation on it wants to know. */
#include "dir/dir_follow_private.h"
#include "dir/dir_user_private.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"

FAILPOINTS(read_points, "dir.user.read", "reading an entry that exists");

enum { WANTED_MAX = PERSON_FIELD_COUNT + DIR_ACTIVITY_MAX + 12 };

const char *const dir_phones[DIR_PHONES] = { "telephoneNumber", "mobile" };

enum err
dir_uuid_check(const char *uuid, struct fault *f)
{
	return id_is_valid(uuid) ? ERR_OK : fault_set(f, ERR_NOT_FOUND, "%s is no entryUUID", uuid);
}

struct berval **
dir_entry_values(LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena)
{
	struct berval **values = ldap_get_values_len(ld, entry, attribute), **copy = NULL;
	size_t count = (size_t)ldap_count_values_len(values);

	if (count > 0)
		copy = arena_alloc(arena, (count + 1) * sizeof(struct berval *));
	for (size_t i = 0; i < count; i++) {
		copy[i] = arena_alloc(arena, sizeof(*copy[i]));
		copy[i]->bv_len = values[i]->bv_len;
		copy[i]->bv_val = arena_dup(arena, values[i]->bv_val, values[i]->bv_len);
	}
	ldap_value_free_len(values);
	return copy;
}

const char *
dir_entry_dn(LDAP *ld, LDAPMessage *entry, struct arena *arena)
{
	char *dn = ldap_get_dn(ld, entry);
	const char *copy = arena_strdup(arena, dn);

	ldap_memfree(dn);
	return copy;
}

bool
dir_entry_has(LDAP *ld, LDAPMessage *entry, const char *attribute, const char *value)
{
	struct berval **values = ldap_get_values_len(ld, entry, attribute);
	bool has = false;

	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		has = has || strcasecmp(values[i]->bv_val, value) == 0;
	ldap_value_free_len(values);
	return has;
}

enum err
dir_user_search(struct dir_job *job, struct dir_conn *c, struct dir_search *s, const char *doing,
    LDAPMessage **found, LDAPMessage **entry, struct fault *f)
{
	struct dir_reply r = { .policy = -1 };
	enum err code;

	*found = *entry = NULL;
	if (s->filter == NULL)
		return fault_set(f, ERR_INVALID, "%s: a value cannot be looked for", doing);
	/* The answer to an earlier request may have come with the end of its connection. */
	if (c->ld == NULL)
		return fault_set(
		    f, job->sent ? ERR_UNKNOWN : ERR_UNAVAILABLE, "the directory: connection lost");
	c->points = failpoints_of(read_points);
	if (dir_wire_search(c, s, job->op.deadline, &r, found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, doing, f);
	dir_reply_release(&r);
	if (code == ERR_NOT_FOUND && s->scope == LDAP_SCOPE_SUBTREE)
		code = fault_set(f, ERR_MISCONFIGURED, "there is no entry %s", s->base);
	if (code == ERR_OK)
		*entry = ldap_first_entry(c->ld, *found);
	return code;
}

const char *
dir_user_condition(const char *uuid, const char *csn, struct arena *arena)
{
	const struct dir_term terms[] = { { "entryUUID", uuid }, { "entryCSN", csn } };

	return dir_filter_all(arena, terms, csn != NULL ? 2 : 1);
}

static void
read_wanted(const struct dir_conf *conf, const char **wanted)
{
	static const char *const always[] = { "objectClass", "cn", "entryUUID", "entryCSN",
		"createTimestamp", "modifyTimestamp" };
	const struct dir_profile_facts *facts = dir_profile_of(conf->profile);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		wanted[n++] = always[i];
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (conf->attributes[i] != NULL)
			wanted[n++] = conf->attributes[i];
	for (size_t i = 0; i < DIR_PHONES; i++)
		wanted[n++] = dir_phones[i];
	wanted[n++] = conf->rdn_attribute;
	wanted[n++] = conf->marker_attribute;
	if (facts->suspend_attribute != NULL)
		wanted[n++] = facts->suspend_attribute;
	for (size_t i = 0; facts->activity[i] != NULL; i++)
		wanted[n++] = facts->activity[i];
}

static void
digest_value(crypto_generichash_state *state, const void *data, size_t len)
{
	uint64_t size = len;

	crypto_generichash_update(state, (const unsigned char *)&size, sizeof(size));
	crypto_generichash_update(state, data, len);
}

/* RFC 4512 has no version of an entry. entryCSN is one; without it modifyTimestamp, which has
 * seconds only, and everything that we show. */
static void
read_tag(struct dir_conn *c, LDAPMessage *message, struct user_entry *e, struct arena *arena)
{
	const char *modified = dir_entry_value(c->ld, message, "modifyTimestamp", arena);
	unsigned char digest[(DIR_TAG_SIZE - 1) / 2];
	crypto_generichash_state state;

	e->csn = dir_entry_value(c->ld, message, "entryCSN", arena);
	if (e->csn != NULL && strlen(e->csn) < DIR_TAG_SIZE) {
		memcpy(e->user.tag, e->csn, strlen(e->csn) + 1);
		return;
	}
	e->csn = NULL;
	crypto_generichash_init(&state, NULL, 0, sizeof(digest));
	digest_value(&state, e->user.dn, strlen(e->user.dn));
	if (modified != NULL)
		digest_value(&state, modified, strlen(modified));
	for (size_t i = 0; i < USER_VALUES; i++)
		for (size_t j = 0; e->values[i] != NULL && e->values[i][j] != NULL; j++)
			digest_value(&state, e->values[i][j]->bv_val, e->values[i][j]->bv_len);
	crypto_generichash_final(&state, digest, sizeof(digest));
	encode_hex(digest, sizeof(digest), e->user.tag);
}

static void
read_person(struct dir_conn *c, LDAPMessage *message, struct user_entry *e, struct arena *arena)
{
	const struct dir_conf *conf = &c->dir->conf;
	const char *rdn;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++) {
		if (conf->attributes[i] == NULL)
			continue;
		e->values[i] = dir_entry_values(c->ld, message, conf->attributes[i], arena);
		e->person.value[i] = dir_entry_text(c->ld, message, conf->attributes[i], arena);
	}
	for (size_t i = 0; i < DIR_PHONES; i++) {
		e->values[USER_PHONES + i] = dir_entry_values(c->ld, message, dir_phones[i], arena);
		if (e->person.value[PERSON_PHONE] == NULL)
			e->person.value[PERSON_PHONE] =
			    dir_entry_text(c->ld, message, dir_phones[i], arena);
	}
	e->values[USER_CN] = dir_entry_values(c->ld, message, "cn", arena);
	e->values[USER_CLASSES] = dir_entry_values(c->ld, message, "objectClass", arena);
	if (e->person.value[PERSON_UID] == NULL)
		e->person.value[PERSON_UID] =
		    dir_entry_text(c->ld, message, conf->rdn_attribute, arena);
	if (!dir_dn_split(e->user.dn, arena, &rdn, &e->person.value[PERSON_ORG_UNIT]))
		e->person.value[PERSON_ORG_UNIT] = NULL;
	e->user.person = &e->person;
}

static int64_t
read_time(struct dir_conn *c, LDAPMessage *message, const char *attribute, struct arena *arena)
{
	const char *text = dir_entry_value(c->ld, message, attribute, arena);

	return text != NULL ? dir_follow_time(text, strlen(text)) : 0;
}

static void
read_entry(struct dir_conn *c, LDAPMessage *message, struct user_entry *e, struct arena *arena)
{
	const struct dir_profile_facts *facts = dir_profile_of(c->dir->conf.profile);
	struct dir_user *u = &e->user;
	const char *locked = NULL;

	read_person(c, message, e, arena);
	u->entry_uuid = dir_entry_value(c->ld, message, "entryUUID", arena);
	u->invitation_id = dir_entry_value(c->ld, message, c->dir->conf.marker_attribute, arena);
	u->registered_at = read_time(c, message, "createTimestamp", arena);
	for (size_t i = 0; facts->activity[i] != NULL && u->last_activity_at == 0; i++) {
		u->last_activity_at = read_time(c, message, facts->activity[i], arena);
		if (u->last_activity_at != 0)
			u->last_activity_source = facts->activity[i];
	}
	if (facts->suspend_attribute != NULL)
		locked = dir_entry_value(c->ld, message, facts->suspend_attribute, arena);
	u->suspended = locked != NULL && strcmp(locked, facts->suspend_value) == 0;
	u->suspended_by = u->suspended ? facts->suspend_attribute : NULL;
	read_tag(c, message, e, arena);
}

bool
dir_user_is_nobody(struct dir_conn *c, LDAPMessage *message, const char *dn)
{
	const struct dir_conf *conf = &c->dir->conf;

	return (conf->bind_dn != NULL && dir_dn_equal(dn, conf->bind_dn)) ||
	       dir_entry_has(c->ld, message, "objectClass", "organizationalUnit") ||
	       dir_entry_has(c->ld, message, "objectClass", conf->group_class);
}

enum err
dir_user_find(struct dir_job *job, struct dir_conn *c, const char *uuid, const char *base,
    struct user_entry *e, struct fault *f)
{
	const char *wanted[WANTED_MAX] = { NULL };
	struct dir_search s = { c->dir->conf.search_base,
		dir_user_condition(uuid, NULL, job->arena), LDAP_SCOPE_SUBTREE, wanted, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code;

	memset(e, 0, sizeof(*e));
	read_wanted(&c->dir->conf, wanted);
	code = dir_user_search(job, c, &s, "search for an entryUUID", &found, &entry, f);
	if (code == ERR_OK && entry == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "no entry has the entryUUID %s", uuid);
	if (code == ERR_OK) {
		e->user.dn = dir_entry_dn(c->ld, entry, job->arena);
		if (e->user.dn == NULL || !dir_dn_is_below(e->user.dn, base, false))
			code = fault_set(f, ERR_REFUSED, "%s is not below %s",
			    e->user.dn != NULL ? e->user.dn : uuid, base);
		else if (dir_user_is_nobody(c, entry, e->user.dn))
			code = fault_set(f, ERR_REFUSED, "%s is not a person", e->user.dn);
		else
			read_entry(c, entry, e, job->arena);
	}
	ldap_msgfree(found);
	return code;
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static unsigned char groups_key[crypto_generichash_KEYBYTES];

static void
groups_key_make(void)
{
	randombytes_buf(groups_key, sizeof(groups_key));
}

/* In whatever order a server tells them. Who is shown this may not be shown all of them: without
 * the key nobody finds out which they are, nor that two people are in the same ones. The key is the
 * process's own; after a restart a version that was seen before is another one. */
static void
read_groups_tag(const struct dir_names *groups, struct user_entry *e, struct arena *arena)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned char digest[crypto_generichash_BYTES_MIN];
	const char **sorted = arena_alloc(arena, (groups->count + 1) * sizeof(*sorted));
	crypto_generichash_state state;
	char hex[2 * sizeof(digest) + 1];

	if (groups->count > 0)
		memcpy(sorted, groups->dn, groups->count * sizeof(*sorted));
	qsort(sorted, groups->count, sizeof(*sorted), names_compare);
	pthread_once(&once, groups_key_make);
	crypto_generichash_init(&state, groups_key, sizeof(groups_key), sizeof(digest));
	if (e->user.entry_uuid != NULL)
		digest_value(&state, e->user.entry_uuid, strlen(e->user.entry_uuid));
	for (size_t i = 0; i < groups->count; i++)
		digest_value(&state, sorted[i], strlen(sorted[i]));
	crypto_generichash_final(&state, digest, sizeof(digest));
	encode_hex(digest, sizeof(digest), hex);
	memcpy(e->user.groups_tag, hex, sizeof(e->user.groups_tag) - 1);
}

enum err
dir_user_find_groups(struct dir_job *job, struct dir_conn *c, struct user_entry *e, struct fault *f)
{
	struct dir_names groups;
	enum err code = dir_groups_of(job, c, e->user.dn, &groups, f);

	if (code != ERR_OK)
		return code;
	read_groups_tag(&groups, e, job->arena);
	e->user.group_count = groups.count;
	for (size_t i = 0; i < groups.count && i < PERSON_GROUPS_MAX; i++)
		e->person.groups[e->person.group_count++] = groups.dn[i];
	return code;
}

enum err
dir_user_read(struct dir_job *job, struct dir_conn *c, const char *uuid, const char *base,
    struct user_entry *e, struct fault *f)
{
	enum err code = dir_user_find(job, c, uuid, base, e, f);

	return code == ERR_OK ? dir_user_find_groups(job, c, e, f) : code;
}

enum err
dir_user_recheck(struct dir_job *job, struct dir_conn *c, const struct user_job *u,
    const char *base, struct fault *f)
{
	struct user_entry again;
	enum err code = dir_user_find(job, c, u->uuid, base, &again, f);

	if (code == ERR_OK && (strcmp(again.user.tag, u->now.user.tag) != 0 ||
				  strcmp(again.user.dn, u->now.user.dn) != 0))
		code = fault_set(f, ERR_CONFLICT, "%s has been changed meanwhile", u->now.user.dn);
	return code;
}
