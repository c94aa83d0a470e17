/* A new org unit; and the end of one. */
#include "dir/dir_user_private.h"

#include <string.h>
#include <unistr.h>

FAILPOINTS(unit_points, "dir.org_unit", "adding or deleting an org unit");

enum err
dir_org_unit_check_name(const char *name, struct fault *f)
{
	size_t len = strlen(name);

	if (name[strspn(name, " ")] == '\0')
		return fault_set(f, ERR_INVALID, "name: is empty");
	if (u8_check((const uint8_t *)name, len) != NULL)
		return fault_set(f, ERR_INVALID, "name: is not UTF-8");
	if (u8_mbsnlen((const uint8_t *)name, len) > PERSON_NAME_MAX)
		return fault_set(
		    f, ERR_INVALID, "name: is longer than %d characters", PERSON_NAME_MAX);
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return fault_set(f, ERR_INVALID, "name: has a control character");
	return ERR_OK;
}

enum err
dir_org_unit_check_description(const char *description, struct fault *f)
{
	size_t len = description != NULL ? strlen(description) : 0;

	if (len > DIR_VALUE_MAX)
		return fault_set(
		    f, ERR_INVALID, "description: is longer than %d bytes", DIR_VALUE_MAX);
	if (len > 0 && u8_check((const uint8_t *)description, len) != NULL)
		return fault_set(f, ERR_INVALID, "description: is not UTF-8");
	return ERR_OK;
}

void
dir_org_unit_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_dn_cb *cb = (dir_dn_cb *)(uintptr_t)job->cb;
	struct org_unit *u = job->value;

	cb(job->arg, code, code == ERR_OK ? u->dn : NULL, f);
}

static enum err
unit_look_at_parent(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct org_unit *u = job->value;
	bool base = dir_dn_equal(u->parent, c->dir->conf.people_base);
	struct dir_search s = { u->parent,
		base ? "(objectClass=*)" : "(objectClass=organizationalUnit)", LDAP_SCOPE_BASE,
		none, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look at an org unit", &found, &entry, f);

	if (code == ERR_NOT_FOUND || (code == ERR_OK && entry == NULL))
		code = fault_set(f, ERR_NOT_FOUND, "%s is no org unit", u->parent);
	ldap_msgfree(found);
	return code;
}

static LDAPMod *
unit_mod(struct arena *arena, const char *attribute, const char *value)
{
	LDAPMod *mod = arena_alloc(arena, sizeof(*mod));
	struct berval *v = arena_alloc(arena, sizeof(*v));

	*v = (struct berval){ strlen(value), (char *)(uintptr_t)value };
	mod->mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES;
	mod->mod_type = (char *)(uintptr_t)attribute;
	mod->mod_bvalues = arena_alloc(arena, 2 * sizeof(struct berval *));
	mod->mod_bvalues[0] = v;
	return mod;
}

enum err
dir_org_unit_verdict(struct dir_job *job, struct dir_conn *c, enum wire w, struct dir_reply *r,
    const char *doing, struct fault *f)
{
	struct org_unit *u = job->value;
	enum err code;

	if (w == WIRE_LOST)
		code = dir_job_lost(job, r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "%s: %s", doing, r->diagnostic);
	else if (r->code == LDAP_ALREADY_EXISTS)
		code = fault_set(f, ERR_EXISTS, "name: there is an entry %s already", u->target);
	else if (r->code == LDAP_INVALID_SYNTAX || r->code == LDAP_INVALID_DN_SYNTAX)
		code = fault_set(
		    f, ERR_INVALID, "name: the server does not take it: %s", r->diagnostic);
	else
		code = dir_error_of(c->dir, r, doing, f);
	dir_reply_release(r);
	return code;
}

static enum err
add_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct org_unit *u = job->value;
	LDAPMod *mods[] = { unit_mod(job->arena, "objectClass", "organizationalUnit"),
		unit_mod(job->arena, "ou", u->name), NULL, NULL };
	struct dir_reply r = { .policy = -1 };
	enum err code = unit_look_at_parent(job, c, f);
	enum wire w;

	if (code != ERR_OK)
		return code;
	if (u->description != NULL && u->description[0] != '\0')
		mods[2] = unit_mod(job->arena, "description", u->description);
	job->sent = true;
	c->points = failpoints_of(unit_points);
	w = dir_wire_add(c, u->target, mods, job->op.deadline, &r);
	code = dir_org_unit_verdict(job, c, w, &r, "add of an org unit", f);
	u->dn = u->target;
	return code;
}

static enum err
add_check(const struct dir *d, struct org_unit *u, struct arena *arena, struct fault *f)
{
	if (dir_org_unit_check_name(u->name, f) != ERR_OK ||
	    dir_org_unit_check_description(u->description, f) != ERR_OK)
		return f->code;
	if (!dir_dn_is_below(u->parent, d->conf.people_base, true))
		return fault_set(
		    f, ERR_REFUSED, "%s is not below %s", u->parent, d->conf.people_base);
	u->target = dir_dn_child("ou", u->name, u->parent, arena);
	if (u->target == NULL || strlen(u->target) > PERSON_DN_MAX)
		return fault_set(f, ERR_INVALID, "name: cannot stand in a DN");
	return ERR_OK;
}

struct dir_op *
dir_org_unit_add(struct dir *d, const char *parent, const char *name, const char *description,
    dir_dn_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_job_new(d, add_perform, dir_org_unit_answer, DIR_CB_KEEP(cb), arg);
	struct org_unit *u = arena_alloc(job->arena, sizeof(*u));

	u->parent = arena_strdup(job->arena, parent);
	u->name = arena_strdup(job->arena, name);
	u->description = arena_strdup(job->arena, description);
	job->writes = true;
	job->value = u;
	return dir_job_start(job, add_check(d, u, job->arena, &job->fault));
}

static enum err
delete_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct org_unit *u = job->value;
	struct dir_reply r = { .policy = -1 };
	enum err code = dir_org_unit_find(job, c, f);
	enum wire w;

	if (code != ERR_OK)
		return code;
	job->sent = true;
	c->points = failpoints_of(unit_points);
	w = dir_wire_delete(
	    c, u->dn, dir_user_condition(u->uuid, NULL, job->arena), job->op.deadline, &r);
	if (w == WIRE_ANSWERED && r.code == LDAP_NOT_ALLOWED_ON_NONLEAF) {
		dir_reply_release(&r);
		return fault_set(f, ERR_CONFLICT, "%s is not empty", u->dn);
	}
	return dir_org_unit_verdict(job, c, w, &r, "delete of an org unit", f);
}

static void
delete_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_done_cb *cb = (dir_done_cb *)(uintptr_t)job->cb;

	cb(job->arg, code, f);
}

struct dir_op *
dir_org_unit_delete(struct dir *d, const char *entry_uuid, dir_done_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, delete_perform, delete_answer, DIR_CB_KEEP(cb), arg);
	struct org_unit *u = arena_alloc(job->arena, sizeof(*u));

	u->uuid = arena_strdup(job->arena, entry_uuid);
	job->writes = true;
	job->value = u;
	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}
