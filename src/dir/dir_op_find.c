/* Look at one entry. */
#include "dir/dir_private.h"

FAILPOINTS(find_points, "dir.find", "looking a pinned DN up");

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

	c->points = failpoints_of(find_points);
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
