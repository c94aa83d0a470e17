/* Suspend and resume, by the means that the profile knows. */
#include "dir/dir_user_private.h"

#include <stdio.h>
#include <string.h>

FAILPOINTS(suspend_points, "dir.user.suspend", "suspending or resuming an account");

struct suspend {
	struct user_job job; /* first */
	bool suspended;
	const char *tag; /* NULL: whichever version */
};

const char *
dir_suspend_means(const struct dir *d)
{
	return dir_profile_of(d->conf.profile)->suspend_attribute;
}

/* The naming context around search_base: policies often stand beside the people. */
static enum err
suspend_find_root(struct dir_job *job, struct dir_conn *c, const char **root, struct fault *f)
{
	static const char *const wanted[] = { "namingContexts", NULL };
	struct dir_search s = { "", "(objectClass=*)", LDAP_SCOPE_BASE, wanted, 1, 0 };
	const char *base = c->dir->conf.search_base;
	LDAPMessage *found, *entry;
	struct berval **values = NULL;
	enum err code = dir_user_search(job, c, &s, "root DSE", &found, &entry, f);

	*root = base;
	if (code == ERR_OK && entry != NULL)
		values = dir_entry_values(c->ld, entry, wanted[0], job->arena);
	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		if (dir_dn_is_below(base, values[i]->bv_val, true))
			*root = values[i]->bv_val;
	ldap_msgfree(found);
	return code;
}

enum err
dir_suspend_is_enforced(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct dir_search s = { NULL, "(&(objectClass=pwdPolicy)(pwdLockout=TRUE))",
		LDAP_SCOPE_SUBTREE, none, 0, 0 };
	LDAPMessage *found, *entry;
	enum err code = suspend_find_root(job, c, &s.base, f);

	if (code == ERR_OK) {
		code =
		    dir_user_search(job, c, &s, "search for a password policy", &found, &entry, f);
		if (code == ERR_OK && entry == NULL)
			code = fault_set(f, ERR_MISCONFIGURED,
			    "below %s we see no password policy with pwdLockout TRUE: without one "
			    "slapd ignores the lock (slapo-ppolicy(5))",
			    s.base);
		ldap_msgfree(found);
	}
	return code;
}

static enum err
suspend_write(struct dir_job *job, struct dir_conn *c, int *result, struct fault *f)
{
	struct suspend *s = job->value;
	const char *csn = s->tag != NULL ? s->job.now.csn : NULL;
	const struct dir_profile_facts *facts = dir_profile_of(c->dir->conf.profile);
	struct berval value = { strlen(facts->suspend_value),
		(char *)(uintptr_t)facts->suspend_value };
	struct berval *values[] = { s->suspended ? &value : NULL, NULL };
	LDAPMod mod = { LDAP_MOD_REPLACE | LDAP_MOD_BVALUES,
		(char *)(uintptr_t)facts->suspend_attribute, { .modv_bvals = values } };
	LDAPMod *mods[] = { &mod, NULL };
	struct dir_reply r = { .policy = -1 };
	char doing[FAULT_TEXT_MAX];
	enum err code;
	enum wire w;

	snprintf(doing, sizeof(doing), "%s of %.200s by %s",
	    s->suspended ? "suspending" : "resuming", s->job.now.user.dn, facts->suspend_attribute);
	job->sent = true;
	c->points = failpoints_of(suspend_points);
	w = dir_wire_modify(c, s->job.now.user.dn, mods,
	    dir_user_condition(s->job.uuid, csn, job->arena), job->op.deadline, &r);
	*result = r.code;
	if (w == WIRE_LOST)
		code = dir_job_lost(job, &r, f);
	else if (w == WIRE_REFUSED)
		code = fault_set(f, ERR_INTERNAL, "%s: %s", doing, r.diagnostic);
	else
		code = dir_error_of_suspend(c->dir, &r, doing, f);
	dir_reply_release(&r);
	return code;
}

static enum err
suspend_once(struct dir_job *job, struct dir_conn *c, int *result, struct fault *f)
{
	struct suspend *s = job->value;
	const char *base = c->dir->conf.people_base;
	enum err code = dir_user_find(job, c, s->job.uuid, base, &s->job.now, f);

	if (code == ERR_OK && s->tag != NULL && strcmp(s->tag, s->job.now.user.tag) != 0)
		code =
		    fault_set(f, ERR_CONFLICT, "%s has been changed meanwhile", s->job.now.user.dn);
	/* A temporary lock, after too many wrong passwords, is lifted by a resume too. */
	if (code == ERR_OK && s->suspended && s->job.now.user.suspended)
		return dir_user_find_groups(job, c, &s->job.now, f);
	if (code == ERR_OK && s->suspended)
		code = dir_suspend_is_enforced(job, c, f);
	if (code == ERR_OK && !c->assertion)
		code = dir_user_recheck(job, c, &s->job, base, f);
	if (code == ERR_OK)
		code = suspend_write(job, c, result, f);
	return code == ERR_OK ? dir_user_read(job, c, s->job.uuid, base, &s->job.now, f) : code;
}

static enum err
suspend_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	int result = LDAP_SUCCESS;
	enum err code = suspend_once(job, c, &result, f);

	/* It has a new name, or is another version: the second look tells. */
	if (code != ERR_OK && (result == LDAP_NO_SUCH_OBJECT || result == LDAP_ASSERTION_FAILED))
		code = suspend_once(job, c, &result, f);
	return code;
}

static enum err
suspend_check(const struct dir *d, const struct suspend *s, struct fault *f)
{
	if (dir_suspend_means(d) == NULL)
		return fault_set(f, ERR_REFUSED,
		    "usherd knows no means to suspend in this kind of directory (profile generic)");
	return dir_uuid_check(s->job.uuid, f);
}

struct dir_op *
dir_user_suspend(struct dir *d, const char *entry_uuid, bool suspended, const char *tag,
    dir_user_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_user_job_new(d, suspend_perform, entry_uuid, sizeof(struct suspend), cb, arg);
	struct suspend *s = job->value;

	s->suspended = suspended;
	s->tag = arena_strdup(job->arena, tag);
	job->writes = true;
	return dir_job_start(job, suspend_check(d, s, &job->fault));
}
