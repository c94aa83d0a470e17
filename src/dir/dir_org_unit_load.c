/* One org unit as it is. */
#include "dir/dir_user_private.h"

#include <string.h>

struct unit_load {
	struct org_unit unit; /* first: by UUID, else `target` */
	struct dir_org_unit now;
};

/* `unit.dn` is where it stands, or would stand. */
static enum err
load_read(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	static const char *const wanted[] = { "description", NULL };
	struct unit_load *l = job->value;
	struct dir_search s = { l->unit.dn, "(objectClass=organizationalUnit)", LDAP_SCOPE_BASE,
		wanted, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look at an org unit", &found, &entry, f);

	if (code == ERR_NOT_FOUND || (code == ERR_OK && entry == NULL))
		code = fault_set(f, ERR_NOT_FOUND, "there is no org unit %s", l->unit.dn);
	if (code == ERR_OK) {
		l->now.dn = l->unit.dn;
		l->now.name = dir_dn_name(l->unit.dn, job->arena);
		l->now.description = dir_entry_value(c->ld, entry, wanted[0], job->arena);
	}
	ldap_msgfree(found);
	return code;
}

static enum err
load_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct unit_load *l = job->value;
	enum err code = ERR_OK;

	if (l->unit.uuid != NULL)
		code = dir_org_unit_find(job, c, f);
	else
		l->unit.dn = l->unit.target;
	return code == ERR_OK ? load_read(job, c, f) : code;
}

static void
load_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_org_unit_cb *cb = (dir_org_unit_cb *)(uintptr_t)job->cb;
	struct unit_load *l = job->value;

	cb(job->arg, code, code == ERR_OK ? &l->now : NULL, f);
}

struct dir_op *
dir_org_unit_load(struct dir *d, const char *entry_uuid, dir_org_unit_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, load_perform, load_answer, DIR_CB_KEEP(cb), arg);
	struct unit_load *l = arena_alloc(job->arena, sizeof(*l));

	l->unit.uuid = arena_strdup(job->arena, entry_uuid);
	job->value = l;
	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}

struct dir_op *
dir_org_unit_find_named(
    struct dir *d, const char *parent, const char *name, dir_org_unit_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, load_perform, load_answer, DIR_CB_KEEP(cb), arg);
	struct unit_load *l = arena_alloc(job->arena, sizeof(*l));
	enum err code = ERR_OK;

	job->value = l;
	l->unit.target = dir_dn_child("ou", name, parent, job->arena);
	if (l->unit.target == NULL || strlen(l->unit.target) > PERSON_DN_MAX)
		code = fault_set(&job->fault, ERR_INVALID, "name: cannot stand in a DN");
	return dir_job_start(job, code);
}
