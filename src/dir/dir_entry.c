/* A person as attributes. Two fields may share an attribute (cn as RDN and as full name): its
 * values are collected, without doubles. */
#include "dir/dir_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum { ATTRIBUTES_MAX = 24, VALUES_MAX = 10 };

struct attribute {
	const char *name;
	struct berval *values[VALUES_MAX + 1];
	size_t count;
};

struct attributes {
	struct arena *arena;
	struct attribute items[ATTRIBUTES_MAX];
	size_t count;
};

static struct attribute *
attributes_find(struct attributes *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcasecmp(list->items[i].name, name) == 0)
			return &list->items[i];
	assert(list->count < ATTRIBUTES_MAX);
	list->items[list->count].name = name;
	return &list->items[list->count++];
}

/* `value` NULL: the attribute is ours, and has no value from this field. */
static void
attributes_add(struct attributes *list, const char *name, const char *value, size_t len)
{
	struct attribute *a;
	struct berval *v;

	if (name == NULL)
		return;
	a = attributes_find(list, name);
	if (value == NULL)
		return;
	for (size_t i = 0; i < a->count; i++)
		if (a->values[i]->bv_len == len &&
		    strncasecmp(a->values[i]->bv_val, value, len) == 0)
			return;
	assert(a->count < VALUES_MAX);
	v = arena_alloc(list->arena, sizeof(*v));
	*v = (struct berval){ len, (char *)(uintptr_t)value };
	a->values[a->count++] = v;
}

static void
attributes_add_text(struct attributes *list, const char *name, const char *value)
{
	attributes_add(list, name, value, value != NULL ? strlen(value) : 0);
}

static void
attributes_add_profile(
    struct attributes *list, const struct dir_conf *conf, const struct dir_entry *e)
{
	const struct person *p = e->person;
	const char *display = p->value[PERSON_DISPLAY_NAME], *family = p->value[PERSON_FAMILY_NAME];

	/* person (RFC 4519 section 3.12) insists on cn and sn. */
	attributes_add_text(list, "cn", display != NULL ? display : e->uid);
	attributes_add_text(list, "sn",
	    family != NULL    ? family
	    : display != NULL ? display
			      : e->uid);
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (i != PERSON_UID)
			attributes_add_text(list, conf->attributes[i], p->value[i]);
	if (e->password_hash != NULL)
		attributes_add(list, "userPassword", secret_bytes(e->password_hash),
		    secret_len(e->password_hash));
}

static LDAPMod **
attributes_as_mods(struct attributes *list, int op)
{
	LDAPMod **mods = arena_alloc(list->arena, (list->count + 1) * sizeof(*mods));
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct attribute *a = &list->items[i];
		LDAPMod *mod;

		if (a->count == 0 && op == LDAP_MOD_ADD)
			continue;
		mod = arena_alloc(list->arena, sizeof(*mod));
		mod->mod_op = op | LDAP_MOD_BVALUES;
		mod->mod_type = (char *)(uintptr_t)a->name;
		mod->mod_bvalues =
		    arena_alloc(list->arena, (a->count + 1) * sizeof(struct berval *));
		memcpy(mod->mod_bvalues, a->values, a->count * sizeof(struct berval *));
		mods[n++] = mod;
	}
	return mods;
}

static struct attributes *
attributes_new(struct arena *arena)
{
	struct attributes *list = arena_alloc(arena, sizeof(*list));

	list->arena = arena;
	return list;
}

LDAPMod **
dir_entry_for_add(const struct dir_conf *conf, const struct dir_entry *e, struct arena *arena)
{
	struct attributes *list = attributes_new(arena);

	for (size_t i = 0; i < conf->object_class_count; i++)
		attributes_add_text(list, "objectClass", conf->object_classes[i]);
	attributes_add_text(list, conf->rdn_attribute, e->uid);
	attributes_add_text(list, conf->attributes[PERSON_UID], e->uid);
	attributes_add_text(list, conf->marker_attribute, e->invitation_id);
	attributes_add_profile(list, conf, e);
	return attributes_as_mods(list, LDAP_MOD_ADD);
}

/* What the person may have changed since an earlier attempt; name, marker and classes stay. */
LDAPMod **
dir_entry_for_replace(const struct dir_conf *conf, const struct dir_entry *e, struct arena *arena)
{
	struct attributes *list = attributes_new(arena);

	attributes_add_profile(list, conf, e);
	for (size_t i = 0; i < list->count; i++)
		if (strcasecmp(list->items[i].name, conf->rdn_attribute) == 0)
			attributes_add_text(list, conf->rdn_attribute, e->uid);
	return attributes_as_mods(list, LDAP_MOD_REPLACE);
}
