/* From the values that somebody wants to the request that makes them so.
 *
 * A field shows the first value of its attribute, so that one is replaced and the others stay (a
 * second mail address is nobody's to lose because the first one changed). Removing a field removes
 * all, from every attribute that it could be shown from: what is left would show up in its place.
 */
#include "dir/dir_user_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct wish {
	const char *attribute, *value; /* "": none */
	struct berval **now;
};

struct wishes {
	const struct dir_conf *conf;
	const struct user_entry *now;
	struct arena *arena;
	struct wish items[USER_VALUES];
	size_t count;
};

static bool
text_is(const struct berval *v, const char *text)
{
	return v->bv_len == strlen(text) && memcmp(v->bv_val, text, v->bv_len) == 0;
}

static bool
text_is_like(const struct berval *v, const char *text)
{
	return v->bv_len == strlen(text) && strncasecmp(v->bv_val, text, v->bv_len) == 0;
}

static bool
text_is_clean(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static void
wishes_add(struct wishes *w, const char *attribute, const char *value, struct berval **now)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcasecmp(w->items[i].attribute, attribute) == 0)
			return; /* two fields in one attribute: the first to be named has it */
	assert(w->count < USER_VALUES);
	w->items[w->count++] = (struct wish){ attribute, value, now };
}

/* "given family", or NULL when one of them is missing. */
static const char *
full_name(const char *given, const char *family, struct arena *arena)
{
	if (given == NULL || family == NULL || given[0] == '\0' || family[0] == '\0')
		return NULL;
	return arena_printf(arena, "%s %s", given, family);
}

static bool
cn_holds(const struct wishes *w, const char *text)
{
	struct berval **cn = w->now->values[USER_CN];

	for (size_t i = 0; text != NULL && cn != NULL && cn[i] != NULL; i++)
		if (text_is_like(cn[i], text))
			return true;
	return false;
}

/* cn belongs to no field, and person (RFC 4519 section 3.12) insists on it: the value that was the
 * old name becomes the new one. */
static void
wishes_add_cn(struct wishes *w, const char *old, const char *name)
{
	struct berval **cn = w->now->values[USER_CN], **turned;
	size_t count = 0, at = 0;

	while (cn[count] != NULL)
		count++;
	while (at < count && !text_is_like(cn[at], old))
		at++;
	turned = arena_alloc(w->arena, (count + 1) * sizeof(struct berval *));
	turned[0] = cn[at];
	for (size_t i = 0, n = 1; i < count; i++)
		if (i != at)
			turned[n++] = cn[i];
	wishes_add(w, "cn", name, turned);
}

/* The display name and cn that were made of the names are made of the new ones. */
static void
wishes_add_names(struct wishes *w, const char *const value[PERSON_FIELD_COUNT])
{
	const char *const *old = w->now->person.value;
	const char *given = value[PERSON_GIVEN_NAME], *family = value[PERSON_FAMILY_NAME];
	const char *display = value[PERSON_DISPLAY_NAME], *old_display = old[PERSON_DISPLAY_NAME];
	const char *old_full = full_name(old[PERSON_GIVEN_NAME], old[PERSON_FAMILY_NAME], w->arena);
	const char *full = full_name(given != NULL ? given : old[PERSON_GIVEN_NAME],
	    family != NULL ? family : old[PERSON_FAMILY_NAME], w->arena);
	const char *attribute = w->conf->attributes[PERSON_DISPLAY_NAME];

	if (display == NULL && (given != NULL || family != NULL) && full != NULL &&
	    (old_display == NULL || (old_full != NULL && strcmp(old_display, old_full) == 0))) {
		display = full;
		if (old_display != NULL && attribute != NULL)
			wishes_add(w, attribute, full, w->now->values[PERSON_DISPLAY_NAME]);
	}
	if (display == NULL || display[0] == '\0')
		return;
	if (cn_holds(w, old_display))
		wishes_add_cn(w, old_display, display);
	else if (cn_holds(w, old_full))
		wishes_add_cn(w, old_full, display);
}

static enum err
wishes_add_field(struct wishes *w, enum person_field field, const char *value, struct fault *f)
{
	const char *name = person_field_name(field), *attribute = w->conf->attributes[field];

	if (field == PERSON_UID)
		return fault_set(f, ERR_INVALID, "%s: cannot be changed", name);
	if (!text_is_clean(value))
		return fault_set(f, ERR_INVALID, "%s: has a control character", name);
	if (attribute == NULL)
		return fault_set(
		    f, ERR_INVALID, "%s: this directory keeps none (see the attribute map)", name);
	if (value[0] == '\0' &&
	    (strcasecmp(attribute, "sn") == 0 || strcasecmp(attribute, "cn") == 0))
		return fault_set(f, ERR_INVALID, "%s: an entry cannot do without it", name);
	wishes_add(w, attribute, value, w->now->values[field]);
	for (size_t i = 0; i < DIR_PHONES && field == PERSON_PHONE && value[0] == '\0'; i++)
		wishes_add(w, dir_phones[i], value, w->now->values[USER_PHONES + i]);
	return ERR_OK;
}

/* The values that the attribute shall have; NULL: those that it has. */
static struct berval **
wish_values(const struct wishes *w, const struct wish *wish)
{
	struct berval **now = wish->now, **values, *first;
	size_t count = 0, n = 0;

	while (now != NULL && now[count] != NULL)
		count++;
	if (wish->value[0] == '\0' ? count == 0 : count > 0 && text_is(now[0], wish->value))
		return NULL;
	values = arena_alloc(w->arena, (count + 2) * sizeof(struct berval *));
	if (wish->value[0] != '\0') {
		first = arena_alloc(w->arena, sizeof(*first));
		*first = (struct berval){ strlen(wish->value), (char *)(uintptr_t)wish->value };
		values[n++] = first;
	}
	for (size_t i = 0; i < count; i++) {
		/* What names the entry must stay (RFC 4511 section 4.6), the rest of a removed
		 * attribute must not. */
		bool names = memchr(now[i]->bv_val, 0, now[i]->bv_len) == NULL &&
			     dir_dn_is_named_by(w->now->user.dn, wish->attribute, now[i]->bv_val);

		if (!names && (i == 0 || wish->value[0] == '\0'))
			continue;
		if (wish->value[0] != '\0' && text_is_like(now[i], wish->value))
			continue;
		values[n++] = now[i];
	}
	return values;
}

static LDAPMod *
mod_new(struct arena *arena, int op, const char *attribute, struct berval **values)
{
	LDAPMod *mod = arena_alloc(arena, sizeof(*mod));

	mod->mod_op = op | LDAP_MOD_BVALUES;
	mod->mod_type = (char *)(uintptr_t)attribute;
	mod->mod_bvalues = values;
	return mod;
}

static bool
wishes_lack_class(const struct wishes *w, const char *class)
{
	struct berval **classes = w->now->values[USER_CLASSES];

	for (size_t i = 0; classes != NULL && classes[i] != NULL; i++)
		if (text_is_like(classes[i], class))
			return false;
	return true;
}

/* inetOrgPerson has room for neither gender nor birthday, and an entry that others made need not
 * have what does: it gets the classes that a registration would have given it, of which the first
 * is that of the person and stays theirs. NULL: it lacks none, or no such value comes. */
static LDAPMod *
wishes_add_classes(const struct wishes *w, const char *const value[PERSON_FIELD_COUNT])
{
	const struct dir_conf *conf = w->conf;
	struct berval **classes;
	size_t n = 0;

	if ((value[PERSON_GENDER] == NULL || value[PERSON_GENDER][0] == '\0') &&
	    (value[PERSON_BIRTHDAY] == NULL || value[PERSON_BIRTHDAY][0] == '\0'))
		return NULL;
	classes = arena_alloc(w->arena, (conf->object_class_count + 1) * sizeof(*classes));
	for (size_t i = 1; i < conf->object_class_count; i++) {
		const char *class = conf->object_classes[i];

		if (!wishes_lack_class(w, class))
			continue;
		classes[n] = arena_alloc(w->arena, sizeof(**classes));
		*classes[n++] = (struct berval){ strlen(class), (char *)(uintptr_t) class };
	}
	return n > 0 ? mod_new(w->arena, LDAP_MOD_ADD, "objectClass", classes) : NULL;
}

enum err
dir_user_mods(const struct dir_conf *conf, const struct user_entry *now,
    const char *const value[PERSON_FIELD_COUNT], struct arena *arena, LDAPMod ***mods,
    struct fault *f)
{
	struct wishes w = { .conf = conf, .now = now, .arena = arena };
	size_t n = 0;

	*mods = NULL;
	for (enum person_field i = 0; i < PERSON_FIELD_COUNT; i++)
		if (value[i] != NULL && i != PERSON_ORG_UNIT &&
		    wishes_add_field(&w, i, value[i], f) != ERR_OK)
			return f->code;
	wishes_add_names(&w, value);
	for (size_t i = 0; i < w.count; i++) {
		struct berval **values = wish_values(&w, &w.items[i]);

		if (values == NULL)
			continue;
		if (*mods == NULL)
			*mods = arena_alloc(arena, (w.count + 2) * sizeof(LDAPMod *));
		(*mods)[n++] = mod_new(arena, LDAP_MOD_REPLACE, w.items[i].attribute, values);
	}
	if (*mods != NULL)
		(*mods)[n] = wishes_add_classes(&w, value);
	return ERR_OK;
}
