/* An entry of the directory as an item of the feed.
 *
 * A million of them are read in a refresh, so nothing is copied but what is kept. */
#include "dir/dir_follow_private.h"

#include <string.h>
#include <strings.h>

/* A batch's arena ends the process at 64 MiB: one group, beside all else in a batch, stays below.
 * What is refused leaves nothing in it, however many there are. */
enum { GROUP_MEMBERS_MAX = 1000000, GROUP_BYTES_MAX = 24 << 20, MEMBER_COST = 48 };

/* slapo-ppolicy(5): locked by an administrator, until an administrator unlocks it. Any other time
 * is a lock by failures, which ends by itself. */
#define LOCKED_FOR_GOOD "000001010000Z"

struct entry {
	struct berval dn, first[ROLE_COUNT];
	BerVarray mails, members; /* of their own; the bytes belong to the message */
	bool is_person, is_place, is_group, empty, cut, refused;
	size_t bytes; /* of the batch's arena, beside what every entry takes */
};

static bool
value_is(const struct berval *v, const char *word)
{
	return v->bv_len == strlen(word) && strncasecmp(v->bv_val, word, v->bv_len) == 0;
}

static void
entry_note_classes(struct entry *e, const struct dir_conf *conf, const struct berval *values)
{
	for (; values->bv_val != NULL; values++) {
		e->is_place = e->is_place || value_is(values, "organizationalUnit");
		e->is_group = e->is_group || value_is(values, conf->group_class);
		e->is_person = e->is_person || value_is(values, conf->object_classes[0]);
	}
}

/* Takes `values`. */
static void
entry_note(struct entry *e, struct follow_reader *r, const struct berval *name, BerVarray values)
{
	uint32_t roles = dir_follow_roles(r, name);

	e->empty = false;
	if (roles & 1u << ROLE_CLASS)
		entry_note_classes(e, r->conf, values);
	for (unsigned role = 0; roles >> role != 0; role++)
		if (roles >> role & 1)
			e->first[role] = values[0];
	if (roles & 1u << ROLE_MAIL && e->mails == NULL)
		e->mails = values;
	else if (roles & 1u << ROLE_MEMBER && e->members == NULL)
		e->members = values;
	else
		ber_memfree(values);
}

static bool
entry_take_apart(struct entry *e, struct follow_reader *r, LDAP *ld, LDAPMessage *message)
{
	BerElement *ber = NULL;
	struct berval name;
	BerVarray values = NULL;
	int rc = ldap_get_dn_ber(ld, message, &ber, &e->dn);

	e->empty = true;
	while (rc == LDAP_SUCCESS) {
		rc = ldap_get_attribute_ber(ld, message, ber, &name, &values);
		if (rc != LDAP_SUCCESS || name.bv_val == NULL)
			break;
		if (values != NULL && values[0].bv_val != NULL)
			entry_note(e, r, &name, values);
		else
			ber_memfree(values);
	}
	ber_free(ber, 0);
	if (rc != LDAP_SUCCESS)
		dir_check_memory();
	return rc == LDAP_SUCCESS;
}

static const char *
entry_text(const struct entry *e, enum follow_role role, size_t max, struct arena *arena)
{
	const struct berval *v = &e->first[role];

	return v->bv_val == NULL ? NULL : dir_follow_text(v->bv_val, v->bv_len, max, arena);
}

static int64_t
entry_time(const struct entry *e, enum follow_role role)
{
	const struct berval *v = &e->first[role];

	return v->bv_val == NULL ? 0 : dir_follow_time(v->bv_val, v->bv_len);
}

static bool
entry_id(const struct entry *e, enum follow_role role, unsigned char id[FEED_ID_SIZE])
{
	const struct berval *v = &e->first[role];
	char text[ID_SIZE];

	if (v->bv_len != sizeof(text) - 1)
		return false;
	memcpy(text, v->bv_val, v->bv_len);
	text[v->bv_len] = '\0';
	return feed_id_parse(text, id);
}

static const char *
user_name(const struct feed_user *u, const struct entry *e, struct arena *arena)
{
	const char *name = entry_text(e, ROLE_DISPLAY_NAME, FEED_TEXT_MAX, arena);

	if (name == NULL)
		name = entry_text(e, ROLE_CN, FEED_TEXT_MAX, arena);
	if (name == NULL && u->given_name != NULL && u->family_name != NULL) {
		name = arena_printf(arena, "%s %s", u->given_name, u->family_name);
		name = dir_follow_text(name, strlen(name), FEED_TEXT_MAX, arena);
	}
	if (name == NULL)
		name = u->family_name != NULL ? u->family_name : u->given_name;
	if (name == NULL)
		name = u->uid;
	if (name == NULL && u->rdn != NULL) {
		name = dir_dn_name(u->rdn, arena);
		name = dir_follow_text(name, strlen(name), FEED_TEXT_MAX, arena);
	}
	return name != NULL ? name : "?";
}

static void
user_add_mails(struct feed_user *u, const struct entry *e, struct arena *arena)
{
	for (const struct berval *v = e->mails; v != NULL && v->bv_val != NULL; v++) {
		const char *mail = dir_follow_text(v->bv_val, v->bv_len, FEED_MAIL_MAX, arena);

		if (mail == NULL)
			continue;
		if (u->mail == NULL)
			u->mail = mail;
		else if (u->more_mail_count < FEED_MAILS_MAX)
			u->more_mails[u->more_mail_count++] = mail;
		else
			break;
	}
}

/* The DN of the place above, once in each batch. */
static bool
user_add_dn(struct feed_user *u, const struct entry *e, struct follow_reader *r,
    struct feed_batch *b, uint64_t number)
{
	size_t rdn = dir_follow_rdn_len(e->dn.bv_val, e->dn.bv_len);
	struct follow_parent *p;

	if (rdn == 0 || rdn >= e->dn.bv_len || e->dn.bv_len > FEED_DN_MAX)
		return false;
	p = dir_follow_parent(r, e->dn.bv_val + rdn + 1, e->dn.bv_len - rdn - 1);
	if (p->normal == NULL)
		return false;
	if (p->copy == NULL || p->batch != number) {
		p->copy = arena_strdup(b->arena, p->normal);
		p->batch = number;
	}
	u->parent = p->copy;
	u->rdn = dir_follow_text(e->dn.bv_val, rdn, FEED_TEXT_MAX, b->arena);
	return u->rdn != NULL;
}

static bool
entry_as_user(const struct entry *e, struct follow_reader *r, struct feed_batch *b, uint64_t number,
    struct feed_item *item)
{
	struct feed_user *u = &item->user;
	int64_t bound = entry_time(e, ROLE_LAST_BIND);

	item->kind = FEED_USER;
	if (!user_add_dn(u, e, r, b, number))
		return false;
	u->status =
	    value_is(&e->first[ROLE_LOCKED], LOCKED_FOR_GOOD) ? FEED_SUSPENDED : FEED_ACTIVE;
	u->given_name = entry_text(e, ROLE_GIVEN_NAME, FEED_TEXT_MAX, b->arena);
	u->family_name = entry_text(e, ROLE_FAMILY_NAME, FEED_TEXT_MAX, b->arena);
	u->position = entry_text(e, ROLE_POSITION, FEED_TEXT_MAX, b->arena);
	u->uid = entry_text(e, ROLE_UID, FEED_TEXT_MAX, b->arena);
	for (unsigned role = ROLE_PHONE; role <= ROLE_MOBILE && u->phone == NULL; role++)
		u->phone = entry_text(e, (enum follow_role)role, FEED_PHONE_MAX, b->arena);
	user_add_mails(u, e, b->arena);
	u->name = user_name(u, e, b->arena);
	entry_id(e, ROLE_MARKER, u->invitation);
	u->registered_at = entry_time(e, ROLE_CREATED);
	u->last_activity_at = entry_time(e, ROLE_LAST_SUCCESS);
	if (bound > u->last_activity_at)
		u->last_activity_at = bound;
	return true;
}

static const char *
entry_name(const struct entry *e, enum follow_role role, const char *dn, struct arena *arena)
{
	const char *name = entry_text(e, role, FEED_TEXT_MAX, arena);

	if (name != NULL)
		return name;
	name = dir_dn_name(dn, arena);
	name = dir_follow_text(name, strlen(name), FEED_TEXT_MAX, arena);
	return name != NULL ? name : "?";
}

static bool
entry_as_place(
    const struct entry *e, struct follow_reader *r, struct arena *arena, struct feed_item *item)
{
	struct feed_place *p = &item->place;

	item->kind = FEED_PLACE;
	p->normal = dir_follow_normal(r, e->dn.bv_val, e->dn.bv_len, arena);
	if (p->normal == NULL)
		return false;
	p->dn = dir_follow_text(e->dn.bv_val, e->dn.bv_len, FEED_DN_MAX, arena);
	/* The RDN's value, not any of `ou`: it is the one that a rename changes. */
	p->name = dir_dn_name(p->normal, arena);
	p->name = dir_follow_text(p->name, strlen(p->name), FEED_TEXT_MAX, arena);
	if (p->name == NULL)
		p->name = "?";
	p->description = entry_text(e, ROLE_DESCRIPTION, FEED_TEXT_MAX, arena);
	return true;
}

/* What is beyond our bounds is left out, and what is no DN. */
static void
group_add_members(
    struct feed_group *g, struct entry *e, struct follow_reader *r, struct arena *arena)
{
	size_t count = 0, bytes;
	const char **members;

	while (e->members != NULL && e->members[count].bv_val != NULL && count < GROUP_MEMBERS_MAX)
		count++;
	bytes = (count + 1) * sizeof(*members);
	members = arena_alloc(arena, bytes);
	for (size_t i = 0; i < count && bytes < GROUP_BYTES_MAX; i++) {
		const struct berval *v = &e->members[i];
		const char *normal = dir_follow_normal(r, v->bv_val, v->bv_len, arena);

		if (normal == NULL) {
			e->refused = true;
			continue;
		}
		members[g->member_count++] = normal;
		bytes += strlen(normal) + MEMBER_COST;
	}
	e->cut = count == GROUP_MEMBERS_MAX || bytes >= GROUP_BYTES_MAX;
	g->members = members;
	e->bytes += bytes;
}

static bool
entry_as_group(
    struct entry *e, struct follow_reader *r, struct arena *arena, struct feed_item *item)
{
	struct feed_group *g = &item->group;

	item->kind = FEED_GROUP;
	g->normal = dir_follow_normal(r, e->dn.bv_val, e->dn.bv_len, arena);
	if (g->normal == NULL)
		return false;
	g->dn = dir_follow_text(e->dn.bv_val, e->dn.bv_len, FEED_DN_MAX, arena);
	g->name = entry_name(e, ROLE_CN, g->normal, arena);
	g->description = entry_text(e, ROLE_DESCRIPTION, FEED_TEXT_MAX, arena);
	group_add_members(g, e, r, arena);
	return true;
}

bool
dir_follow_read(struct follow_reader *r, LDAP *ld, LDAPMessage *message, const unsigned char *id,
    struct feed_batch *b, uint64_t number, struct follow_read *out)
{
	struct entry e = { .mails = NULL };
	bool ok = entry_take_apart(&e, r, ld, message);

	memset(out, 0, sizeof(*out));
	out->broken = !ok;
	out->empty = e.empty;
	if (id != NULL)
		memcpy(out->id, id, FEED_ID_SIZE);
	else
		ok = ok && entry_id(&e, ROLE_ID, out->id);
	if (ok) {
		out->modified_at = entry_time(&e, ROLE_MODIFIED);
		out->csn = e.first[ROLE_CSN];
		out->item = feed_batch_add(b, FEED_USER, out->id);
		/* A class derived from a person's need not say so, and one of a group neither. */
		if (e.is_place)
			ok = entry_as_place(&e, r, b->arena, out->item);
		else if (e.is_group || (!e.is_person && e.members != NULL))
			ok = entry_as_group(&e, r, b->arena, out->item);
		else
			ok = entry_as_user(&e, r, b, number, out->item);
		if (!ok) {
			b->count--;
			out->item = NULL;
		}
	}
	out->cut = e.cut;
	out->refused = e.refused;
	out->bytes = e.bytes;
	ber_memfree(e.mails);
	ber_memfree(e.members);
	return ok;
}
