/* What dir_user.h finds in the directory in memory. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fake_dir_private.h"

void
fake_uuid(struct dir *d, char out[DIR_UUID_SIZE])
{
	snprintf(out, DIR_UUID_SIZE, "e0000000-0000-4000-8000-%012u", ++d->uuids);
}

struct entry *
fake_entry_by_uuid(struct dir *d, const char *uuid)
{
	for (size_t i = 0; i < d->count; i++)
		if (strcasecmp(d->entries[i].uuid, uuid) == 0)
			return &d->entries[i];
	return NULL;
}

struct unit *
fake_unit_by(struct dir *d, const char *dn, const char *uuid)
{
	for (size_t i = 0; i < d->unit_count; i++)
		if ((dn != NULL && strcasecmp(d->units[i].dn, dn) == 0) ||
		    (uuid != NULL && strcasecmp(d->units[i].uuid, uuid) == 0))
			return &d->units[i];
	return NULL;
}

struct group *
fake_group_by_dn(struct dir *d, const char *dn)
{
	for (size_t i = 0; i < d->group_count; i++)
		if (strcasecmp(d->groups[i].dn, dn) == 0)
			return &d->groups[i];
	return NULL;
}

size_t
fake_group_find(const struct group *g, const char *dn)
{
	size_t i = 0;

	while (i < g->count && strcasecmp(g->members[i], dn) != 0)
		i++;
	return i;
}

void
fake_join(struct dir *d, const char *group, const char *dn)
{
	struct group *g = fake_group_by_dn(d, group);

	if (g == NULL) {
		assert(d->group_count < GROUPS_MAX);
		g = &d->groups[d->group_count++];
		snprintf(g->dn, sizeof(g->dn), "%s", group);
	}
	if (fake_group_find(g, dn) < g->count)
		return;
	assert(g->count < MEMBERS_MAX);
	snprintf(g->members[g->count++], sizeof(g->members[0]), "%s", dn);
}

void
fake_dir_add_user(struct dir *d, const char *dn, const char *entry_uuid, const char *mail)
{
	struct entry e = { .version = 1 };
	const char *uid = strchr(dn, '=');

	snprintf(e.dn, sizeof(e.dn), "%s", dn);
	snprintf(e.uid, sizeof(e.uid), "%.*s", (int)strcspn(uid + 1, ","), uid + 1);
	snprintf(e.mail, sizeof(e.mail), "%s", mail);
	snprintf(e.uuid, sizeof(e.uuid), "%s", entry_uuid);
	snprintf(e.password, sizeof(e.password), "the old one");
	snprintf(e.value[PERSON_MAIL], sizeof(e.value[0]), "%s", mail);
	snprintf(e.value[PERSON_UID], sizeof(e.value[0]), "%s", e.uid);
	fake_entry_put(d, &e);
}

void
fake_dir_add_member(struct dir *d, const char *group, const char *dn)
{
	fake_join(d, group, dn);
}

void
fake_dir_add_org_unit(struct dir *d, const char *dn, const char *entry_uuid)
{
	struct unit *u = &d->units[d->unit_count++];

	assert(d->unit_count <= UNITS_MAX);
	snprintf(u->dn, sizeof(u->dn), "%s", dn);
	snprintf(u->uuid, sizeof(u->uuid), "%s", entry_uuid);
}

const char *
fake_dir_user_dn(struct dir *d, const char *entry_uuid)
{
	const struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	return e != NULL ? e->dn : NULL;
}

const char *
fake_dir_uuid_at(struct dir *d, const char *dn)
{
	const struct entry *e = fake_entry_by_dn(d, dn);
	const struct unit *u = fake_unit_by(d, dn, NULL);

	return e != NULL ? e->uuid : u != NULL ? u->uuid : NULL;
}

const char *
fake_dir_user_value(struct dir *d, const char *entry_uuid, enum person_field field)
{
	const struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	return e != NULL && e->value[field][0] != '\0' ? e->value[field] : NULL;
}

void
fake_dir_drop_user(struct dir *d, const char *entry_uuid)
{
	*fake_entry_by_uuid(d, entry_uuid) = d->entries[d->count - 1];
	d->count--;
}

void
fake_dir_move_user(struct dir *d, const char *entry_uuid, const char *dn)
{
	struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	e->version++;
	fake_entry_rename(d, e, dn);
}

void
fake_dir_add_mail(struct dir *d, const char *entry_uuid, const char *mail)
{
	struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	snprintf(e->second_mail, sizeof(e->second_mail), "%s", mail);
}

void
fake_dir_touch(struct dir *d, const char *entry_uuid)
{
	fake_entry_by_uuid(d, entry_uuid)->version++;
}

bool
fake_dir_is_suspended(struct dir *d, const char *entry_uuid)
{
	const struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	return e != NULL && e->suspended;
}

bool
fake_dir_is_member(struct dir *d, const char *group, const char *dn)
{
	const struct group *g = fake_group_by_dn(d, group);

	return g != NULL && fake_group_find(g, dn) < g->count;
}

void
fake_dir_without_means(struct dir *d)
{
	d->has_no_means = true;
}

void
fake_dir_lingers_on(struct dir *d, const char *server)
{
	d->gone_code = server != NULL ? ERR_UNAVAILABLE : ERR_OK;
	snprintf(d->lingering, sizeof(d->lingering), "%s", server != NULL ? server : "");
}

size_t
fake_dir_calls(const struct dir *d, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < d->call_count; i++)
		n += strcmp(d->calls[i], name) == 0;
	return n;
}

const char *
fake_dn_parent(const char *dn)
{
	return strchr(dn, ',') != NULL ? strchr(dn, ',') + 1 : "";
}

/* As slapd's refint does: whoever moves stays a member. */
void
fake_entry_rename(struct dir *d, struct entry *e, const char *dn)
{
	for (size_t i = 0; i < d->group_count; i++) {
		size_t at = fake_group_find(&d->groups[i], e->dn);

		if (at < d->groups[i].count)
			snprintf(
			    d->groups[i].members[at], sizeof(d->groups[i].members[at]), "%s", dn);
	}
	snprintf(e->dn, sizeof(e->dn), "%s", dn);
}

void
fake_dir_touch_after(struct dir *d, const char *name, const char *entry_uuid)
{
	d->touch_after = name;
	d->touch_uuid = entry_uuid;
}

void
fake_dir_move_after(struct dir *d, const char *name, const char *entry_uuid, const char *dn)
{
	fake_dir_touch_after(d, name, entry_uuid);
	d->touch_dn = dn;
}

void
fake_dir_drop_after(struct dir *d, const char *name, const char *entry_uuid)
{
	fake_dir_touch_after(d, name, entry_uuid);
	d->touch_drops = true;
}

void
fake_dir_set_position_after(
    struct dir *d, const char *name, const char *entry_uuid, const char *position)
{
	fake_dir_touch_after(d, name, entry_uuid);
	d->touch_position = position;
}

void
fake_dir_set_position(struct dir *d, const char *entry_uuid, const char *position)
{
	struct entry *e = fake_entry_by_uuid(d, entry_uuid);

	snprintf(e->value[PERSON_POSITION], sizeof(e->value[PERSON_POSITION]), "%s", position);
}

void
fake_dir_move_org_unit(struct dir *d, const char *entry_uuid, const char *dn)
{
	struct unit *u = fake_unit_by(d, NULL, entry_uuid);

	snprintf(u->dn, sizeof(u->dn), "%s", dn);
}

void
fake_dir_groups_refuse(struct dir *d, const char *text)
{
	d->refusing = text;
}
