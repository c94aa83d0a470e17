/* Look at one entry; make an entry a member of groups. */
#include "dir/dir_private.h"

#include <stdio.h>
#include <string.h>

struct find {
	const char *dn;
	struct dir_found found;
};

static enum err
find_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct find *q = job->value;
	const char *const wanted[] = { c->dir->conf.marker_attribute, "entryUUID", NULL };
	struct dir_search s = { q->dn, "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	struct dir_reply r = { .policy = -1 };
	LDAPMessage *found = NULL, *entry = NULL;
	enum err code;

	if (dir_wire_search(c, &s, job->op.deadline, &r, &found) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else
		code = dir_error_of(c->dir, &r, q->dn, f);
	if (code == ERR_OK && (entry = ldap_first_entry(c->ld, found)) == NULL)
		code = fault_set(f, ERR_MISCONFIGURED, "%s exists but may not be read", q->dn);
	if (code == ERR_OK) {
		q->found.invitation_id =
		    dir_entry_value(c->ld, entry, c->dir->conf.marker_attribute, job->arena);
		q->found.entry_uuid = dir_entry_value(c->ld, entry, "entryUUID", job->arena);
	}
	ldap_msgfree(found);
	dir_reply_release(&r);
	return code;
}

static void
find_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_find_cb *cb = (dir_find_cb *)(uintptr_t)job->cb;
	struct find *q = job->value;

	cb(job->arg, code, code == ERR_OK ? &q->found : NULL, f);
}

struct dir_op *
dir_find(struct dir *d, const char *dn, dir_find_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, find_perform, find_answer, DIR_CB_KEEP(cb), arg);
	struct find *q = arena_alloc(job->arena, sizeof(*q));

	q->dn = arena_strdup(job->arena, dn);
	job->value = q;
	return dir_job_start(job, ERR_OK);
}

struct join {
	const char *dn, *groups[PERSON_GROUPS_MAX];
	size_t count;
};

/* ERR_NOT_FOUND: this group is gone. */
static enum err
join_one(struct dir_job *job, struct dir_conn *c, const char *group, struct fault *f)
{
	struct join *j = job->value;
	struct berval value = { strlen(j->dn), (char *)(uintptr_t)j->dn };
	struct berval *values[] = { &value, NULL };
	LDAPMod mod = { LDAP_MOD_ADD | LDAP_MOD_BVALUES,
		(char *)(uintptr_t)c->dir->conf.group_member, { .modv_bvals = values } };
	LDAPMod *mods[] = { &mod, NULL };
	struct dir_reply r = { .policy = -1 };
	char doing[FAULT_TEXT_MAX];
	enum err code;

	snprintf(doing, sizeof(doing), "join %.300s", group);
	if (dir_wire_modify(c, group, mods, job->op.deadline, &r) != WIRE_ANSWERED)
		code = dir_job_lost(job, &r, f);
	else if (r.code == LDAP_TYPE_OR_VALUE_EXISTS)
		code = ERR_OK;
	else
		code = dir_error_of(c->dir, &r, doing, f);
	dir_reply_release(&r);
	return code;
}

static enum err
join_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct join *j = job->value;
	struct fault gone = { .code = ERR_OK };
	size_t used = 0;

	job->sent = j->count > 0;
	for (size_t i = 0; i < j->count; i++) {
		enum err code = join_one(job, c, j->groups[i], f);

		if (code == ERR_NOT_FOUND) {
			int n = snprintf(gone.text + used, sizeof(gone.text) - used, "%s%s",
			    used == 0 ? "no such group: " : "; ", j->groups[i]);

			used += (size_t)n < sizeof(gone.text) - used ? (size_t)n : 0;
		} else if (code != ERR_OK)
			return code;
	}
	*f = gone;
	return ERR_OK;
}

static void
join_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_done_cb *cb = (dir_done_cb *)(uintptr_t)job->cb;

	cb(job->arg, code, f);
}

struct dir_op *
dir_join_groups(struct dir *d, const char *dn, const char *const *groups, size_t group_count,
    dir_done_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, join_perform, join_answer, DIR_CB_KEEP(cb), arg);
	struct join *j = arena_alloc(job->arena, sizeof(*j));
	enum err code = ERR_OK;

	j->dn = arena_strdup(job->arena, dn);
	if (group_count > PERSON_GROUPS_MAX)
		code = fault_set(&job->fault, ERR_TOO_LARGE, "too many groups");
	else
		for (size_t i = 0; i < group_count; i++)
			j->groups[j->count++] = arena_strdup(job->arena, groups[i]);
	job->writes = true;
	job->value = j;
	return dir_job_start(job, code);
}
