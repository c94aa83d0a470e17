/* What one person is now; and how every operation on a person starts and is told. */
#include "dir/dir_user_private.h"

/* Words of a worker that was given up are not ours to read: it may still be writing them. */
static void
user_answer(struct dir_job *job, enum err code, const struct fault *f)
{
	dir_user_cb *cb = (dir_user_cb *)(uintptr_t)job->cb;
	const struct user_job *u = job->value;
	bool tell = code == ERR_OK || (f == &job->fault && u->tell);

	cb(job->arg, code, tell ? &u->now.user : NULL, f);
}

struct dir_job *
dir_user_job_new(struct dir *d, dir_job_perform *perform, const char *uuid, size_t size,
    dir_user_cb *cb, void *arg)
{
	struct dir_job *job = dir_job_new(d, perform, user_answer, DIR_CB_KEEP(cb), arg);
	struct user_job *u = arena_alloc(job->arena, size);

	u->uuid = arena_strdup(job->arena, uuid);
	job->value = u;
	return job;
}

static enum err
load_perform(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct user_job *u = job->value;

	return dir_user_read(job, c, u->uuid, c->dir->conf.search_base, &u->now, f);
}

struct dir_op *
dir_user_load(struct dir *d, const char *entry_uuid, dir_user_cb *cb, void *arg)
{
	struct dir_job *job =
	    dir_user_job_new(d, load_perform, entry_uuid, sizeof(struct user_job), cb, arg);

	return dir_job_start(job, dir_uuid_check(entry_uuid, &job->fault));
}
