/* Another name or description of an org unit. */
#include "dir/dir_user_private.h"

#include <string.h>

FAILPOINTS(rename_points, "dir.org_unit_change", "renaming or describing an org unit");

enum err
dir_org_unit_find(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct org_unit *u = job->value;
	const struct dir_term terms[] = { { "entryUUID", u->uuid },
		{ "objectClass", "organizationalUnit" } };
	struct dir_search s = { c->dir->conf.people_base, dir_filter_all(job->arena, terms, 2),
		LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "search for an org unit", &found, &entry, f);

	if (code == ERR_OK && entry == NULL)
		code = fault_set(f, ERR_NOT_FOUND, "no org unit has the entryUUID %s", u->uuid);
	if (code == ERR_OK) {
		u->dn = dir_entry_dn(c->ld, entry, job->arena);
		if (u->dn == NULL || dir_dn_equal(u->dn, c->dir->conf.people_base))
			code = fault_set(f, ERR_REFUSED,
			    "%s is the base of all people (people_base)", c->dir->conf.people_base);
	}
	ldap_msgfree(found);
	return code;
}

static enum err
unit_describe(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct org_unit *u = job->value;
	struct berval value = { strlen(u->description), (char *)(uintptr_t)u->description };
	struct berval *values[] = { u->description[0] != '\0' ? &value : NULL, NULL };
	char type[] = "description";
	LDAPMod mod = { LDAP_MOD_REPLACE | LDAP_MOD_BVALUES, type, { .modv_bvals = values } };
	LDAPMod *mods[] = { &mod, NULL };
	struct dir_reply r = { .policy = -1 };
	enum wire w;

	job->sent = true;
	c->points = failpoints_of(rename_points);
	w = dir_wire_modify(
	    c, u->dn, mods, dir_user_condition(u->uuid, NULL, job->arena), job->op.deadline, &r);
	return dir_org_unit_verdict(job, c, w, &r, "description of an org unit", f);
}

/* The new RDN's text is what stands before the parent in the new DN. */
static enum err
unit_rename(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct org_unit *u = job->value;
	struct dir_rename to = { .drops_old = true };
	struct dir_reply r = { .policy = -1 };
	const char *parent;
	enum err code;
	enum wire w;

	if (!dir_dn_split(u->target, job->arena, &to.rdn, &parent))
		return fault_set(f, ERR_INVALID, "name: cannot stand in a DN");
	job->sent = true;
	c->points = failpoints_of(rename_points);
	w = dir_wire_rename(
	    c, u->dn, &to, dir_user_condition(u->uuid, NULL, job->arena), job->op.deadline, &r);
	code = dir_org_unit_verdict(job, c, w, &r, "renaming of an org unit", f);
	if (code == ERR_OK)
		u->dn = u->target;
	return code;
}

/* `u->target`: NULL when the name stays. */
static enum err
unit_find_target(struct dir_job *job, struct fault *f)
{
	struct org_unit *u = job->value;
	const char *rdn, *parent;

	u->target = NULL;
	if (u->name == NULL || strcmp(dir_dn_name(u->dn, job->arena), u->name) == 0)
		return ERR_OK;
	if (!dir_dn_split(u->dn, job->arena, &rdn, &parent) || parent == NULL)
		return fault_set(f, ERR_REFUSED, "%s cannot be renamed", u->dn);
	u->target = dir_dn_child("ou", u->name, parent, job->arena);
	if (u->target == NULL || strlen(u->target) > PERSON_DN_MAX)
		return fault_set(f, ERR_INVALID, "name: cannot stand in a DN");
	return ERR_OK;
}

static enum err
change_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct org_unit *u = job->value;
	struct fault why;
	enum err code = dir_org_unit_find(job, c, f);

	if (code == ERR_OK)
		code = unit_find_target(job, f);
	if (code == ERR_OK && u->description != NULL)
		code = unit_describe(job, c, f);
	if (code != ERR_OK || u->target == NULL)
		return code;
	code = unit_rename(job, c, f);
	if (code == ERR_OK || code == ERR_UNKNOWN || u->description == NULL)
		return code;
	why = *f;
	return fault_set(f, code, "%.300s; the description is changed", why.text);
}

struct dir_op *
dir_org_unit_change(struct dir *d, const char *entry_uuid, const char *name,
    const char *description, dir_dn_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_job_new(d, change_perform, dir_org_unit_answer, DIR_CB_KEEP(cb), arg);
	struct org_unit *u = arena_alloc(job->arena, sizeof(*u));
	enum err code = dir_uuid_check(entry_uuid, &job->fault);

	u->uuid = arena_strdup(job->arena, entry_uuid);
	u->name = arena_strdup(job->arena, name);
	u->description = arena_strdup(job->arena, description);
	if (code == ERR_OK && name != NULL)
		code = dir_org_unit_check_name(name, &job->fault);
	if (code == ERR_OK)
		code = dir_org_unit_check_description(description, &job->fault);
	job->writes = true;
	job->value = u;
	return dir_job_start(job, code);
}
