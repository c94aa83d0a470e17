/* Make an entry a member of groups. */
#include "dir/dir_user_private.h"

struct join {
	const char *dn, *names[PERSON_GROUPS_MAX];
	struct dir_names groups;
};

static enum err
join_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct join *j = job->value;

	job->sent = j->groups.count > 0;
	return dir_groups_join(job, c, j->dn, &j->groups, f);
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

	j->groups.dn = j->names;
	j->dn = arena_strdup(job->arena, dn);
	if (group_count > PERSON_GROUPS_MAX)
		code = fault_set(&job->fault, ERR_TOO_LARGE, "too many groups");
	else
		for (size_t i = 0; i < group_count; i++)
			j->names[j->groups.count++] = arena_strdup(job->arena, groups[i]);
	job->writes = true;
	job->value = j;
	return dir_job_start(job, code);
}
