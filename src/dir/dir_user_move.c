/* The rest of a move that was cut short: the entry is there, and groups name it where it was. */
#include "dir/dir_user_private.h"

#include <string.h>

struct move {
	struct user_job job; /* first */
	const char *from;
};

/* Who stands there now has the name, and with it what groups say of it. */
static enum err
move_look_back(struct dir_job *job, struct dir_conn *c, bool *taken, struct fault *f)
{
	static const char *const none[] = { LDAP_NO_ATTRS, NULL };
	struct move *m = job->value;
	struct dir_search s = { m->from, "(objectClass=*)", LDAP_SCOPE_BASE, none, 1, 0 };
	LDAPMessage *found, *entry;
	enum err code = dir_user_search(job, c, &s, "look where an entry was", &found, &entry, f);

	*taken = code == ERR_OK && entry != NULL;
	ldap_msgfree(found);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static enum err
move_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct move *m = job->value;
	const char *base = c->dir->conf.people_base;
	struct dir_names groups = { .count = 0 };
	struct fault refused = { .text = "" };
	bool taken = false;
	enum err code = dir_user_read(job, c, m->job.uuid, base, &m->job.now, f);

	if (code != ERR_OK || dir_dn_equal(m->job.now.user.dn, m->from))
		return code;
	code = move_look_back(job, c, &taken, f);
	if (code == ERR_OK && !taken)
		code = dir_groups_of(job, c, m->from, &groups, f);
	if (code != ERR_OK || groups.count == 0)
		return code;
	job->sent = true;
	code = dir_groups_rename(job, c, m->from, m->job.now.user.dn, &groups, f);
	refused = *f;
	if (code == ERR_OK)
		code = dir_user_read(job, c, m->job.uuid, base, &m->job.now, f);
	if (code == ERR_OK)
		*f = refused;
	return code;
}

struct dir_op *
dir_user_finish_move(
    struct dir *d, const char *entry_uuid, const char *from, dir_user_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_user_job_new(d, move_perform, entry_uuid, sizeof(struct move), cb, arg);
	struct move *m = job->value;

	m->from = arena_strdup(job->arena, from);
	job->writes = true;
	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}
