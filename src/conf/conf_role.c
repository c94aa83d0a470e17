/* Sections [role NAME]. Unlike all others they can be there any number of times, so their values go
 * into a struct of their own, which is looked at as a whole when the section ends. */
#include <string.h>

#include "base/buf.h"
#include "conf/conf_private.h"

enum {
	ROLE_NAME_MAX = 32, /* libinih cuts a section's name after 49 bytes */
	ROLE_QUOTA_MAX = 1000000
};

#define AT(member) offsetof(struct conf_role_reading, member)

const struct conf_key conf_role_keys[CONF_ROLE_KEYS] = {
	{ "role", "group", CONF_TEXT, AT(role.group), "!", 0, 0, NULL, false },
	{ "role", "role", CONF_CHOICE, AT(role.role), "!", 0, 0, "administrator inviter auditor",
	    false },
	{ "role", "org_unit", CONF_TEXT, AT(org_unit), NULL, 0, 0, NULL, false },
	{ "role", "quota", CONF_NUMBER, AT(role.quota), "0", 0, ROLE_QUOTA_MAX, NULL, false },
};
static const size_t org_unit_key = 2;

void
conf_role_begin(struct conf_role_reading *r, const char *name, int line)
{
	*r = (struct conf_role_reading){ .open = true, .role = { .name = name, .line = line } };
}

/* The one key that may be given again. */
void
conf_role_took(
    struct conf_role_reading *r, const struct conf *c, int line, struct conf_errors *errors)
{
	struct conf_role *role = &r->role;

	r->lines[org_unit_key] = 0;
	if (r->org_unit == NULL)
		return;
	if (role->org_unit_count < CONF_ROLE_PLACES_MAX)
		role->org_units[role->org_unit_count++] = r->org_unit;
	else
		conf_error(errors, c->path, line, "org_unit: more than %d in [role %s]",
		    CONF_ROLE_PLACES_MAX, role->name);
	r->org_unit = NULL;
}

static bool
conf_role_is_name(const char *name)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.";
	const size_t len = strlen(name);

	return len > 0 && len <= ROLE_NAME_MAX && strspn(name, usual) == len;
}

static const struct conf_role *
conf_role_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->role_count; i++)
		if (strcmp(c->roles[i].name, name) == 0)
			return &c->roles[i];
	return NULL;
}

static void
conf_role_check(const struct conf_role_reading *r, const struct conf *c, struct conf_errors *errors)
{
	const struct conf_role *role = &r->role, *other = conf_role_find(c, role->name);

	if (!conf_role_is_name(role->name))
		conf_complain_role(errors, c, role,
		    "[role %s]: a name has 1 to %d letters, digits, \"-\", \"_\" and \".\"",
		    role->name, ROLE_NAME_MAX);
	else if (other != NULL)
		conf_complain_role(errors, c, role, "[role %s] is there already, at line %d",
		    role->name, other->line);
	for (size_t i = 0; i < CONF_ROLE_KEYS; i++)
		if (r->lines[i] == 0 && conf_role_keys[i].standard != NULL &&
		    strcmp(conf_role_keys[i].standard, "!") == 0)
			conf_complain_role(errors, c, role, "\"%s\" in [role %s] must be set",
			    conf_role_keys[i].name, role->name);
	if (role->quota > 0 && role->role != NULL && strcmp(role->role, "auditor") == 0)
		conf_complain_role(
		    errors, c, role, "[role %s] quota: an auditor invites nobody", role->name);
}

void
conf_role_end(struct conf_role_reading *r, struct conf *c, struct conf_errors *errors)
{
	if (!r->open)
		return;
	r->open = false;
	conf_role_check(r, c, errors);
	if (c->role_count < CONF_ROLES_MAX)
		c->roles[c->role_count++] = r->role;
	else
		conf_complain_role(errors, c, &r->role, "[role %s]: more than %d roles",
		    r->role.name, CONF_ROLES_MAX);
}

const char *
conf_role_text(const struct conf_role *role, struct arena *arena)
{
	struct buf text;
	const char *copy;

	buf_init(&text, SIZE_MAX);
	buf_printf(
	    &text, "[role %s]\ngroup = %s\nrole = %s\n", role->name, role->group, role->role);
	for (size_t i = 0; i < role->org_unit_count; i++)
		buf_printf(&text, "org_unit = %s\n", role->org_units[i]);
	buf_printf(&text, "quota = %lld\n", (long long)role->quota);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

void
conf_role_differences(const struct conf *running, const struct conf *fresh, struct arena *arena,
    void (*changed)(void *arg, const char *key), void *arg)
{
	for (size_t i = 0; i < fresh->role_count; i++) {
		const struct conf_role *now = &fresh->roles[i];
		const struct conf_role *before = conf_role_find(running, now->name);

		if (before == NULL ||
		    strcmp(conf_role_text(before, arena), conf_role_text(now, arena)) != 0)
			changed(arg, arena_printf(arena, "[role %s]", now->name));
	}
	for (size_t i = 0; i < running->role_count; i++)
		if (conf_role_find(fresh, running->roles[i].name) == NULL)
			changed(arg, arena_printf(arena, "[role %s]", running->roles[i].name));
}
