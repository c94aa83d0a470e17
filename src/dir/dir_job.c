/* Operations on their way to a worker and back.
 *
 * The caller hears at the deadline even when the worker hangs (in a name lookup, say): both sides
 * move `phase`, and a job that the loop has given up before it was sent will not be sent any more.
 */
#include "dir/dir_private.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

enum { GRACE_MS = 250 }; /* a worker that keeps its deadline is given time to report */

struct dir_job *
dir_job_new(struct dir *d, dir_job_perform *perform,
    void (*answer)(struct dir_job *, enum err, const struct fault *), void *cb, void *arg)
{
	struct dir_job *job = mem_alloc(sizeof(*job));

	job->op.dir = d;
	job->op.deadline = dir_now() + d->conf.op_timeout_ms;
	job->perform = perform;
	job->answer = answer;
	job->cb = cb;
	job->arg = arg;
	job->arena = arena_new(0);
	return job;
}

static void
job_free(void *arg)
{
	struct dir_job *job = arg;

	if (job->release != NULL)
		job->release(job);
	arena_free(job->arena);
	free(job);
}

bool
dir_job_may_send(struct dir_job *job)
{
	int running = PHASE_RUNNING;

	return atomic_compare_exchange_strong(&job->phase, &running, PHASE_SENT) ||
	       running == PHASE_SENT;
}

/* The loop gives up: true when the job surely has had and will have no effect. */
static bool
job_abandon(struct dir_job *job, int *was)
{
	*was = atomic_load(&job->phase);
	while (*was == PHASE_WAITING || *was == PHASE_RUNNING)
		if (atomic_compare_exchange_weak(&job->phase, was, PHASE_ABANDONED))
			return true;
	return false;
}

enum err
dir_job_lost(struct dir_job *job, const struct dir_reply *r, struct fault *f)
{
	return fault_set(
	    f, job->sent ? ERR_UNKNOWN : ERR_UNAVAILABLE, "the directory: %s", r->diagnostic);
}

/* A connection to the server of the moment, fail-over included. */
static enum err
job_connect(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	struct dir *d = c->dir;
	size_t server;
	enum err code;

	for (size_t tries = 0; tries <= d->conf.uri_count; tries++) {
		code = dir_server_choose(d, &server, f);
		if (code != ERR_OK)
			return code;
		if (c->ld != NULL && c->server == server && !dir_conn_is_stale(c))
			return ERR_OK;
		code = dir_conn_open(c, server, job->op.deadline, NULL, f);
		if (code == ERR_OK)
			return ERR_OK;
		if (dir_now() >= job->op.deadline)
			break;
		dir_server_failed(d, server, f);
	}
	return code;
}

/* A read whose connection died under it may be asked once more; a write may not. */
static enum err
job_attempt(struct dir_job *job, struct dir_conn *c, struct fault *f)
{
	enum err code = ERR_OK;

	for (int tries = 0; tries < 2; tries++) {
		code = job_connect(job, c, f);
		if (code != ERR_OK)
			return code;
		if (!dir_job_may_send(job))
			return fault_set(f, ERR_UNAVAILABLE, "given up before it was sent");
		code = job->perform(job, c, f);
		if (c->ld != NULL || job->writes || dir_now() >= job->op.deadline)
			break;
	}
	return code;
}

/* Whoever comes next shall not wait for the same silence, nor press a server that wants to be left
 * alone. A connection that broke says nothing yet: the next connect will. What the server is told
 * to have said names no entry: it is shown to whoever may see how the daemon is. */
static void
job_judge_server(const struct dir_job *job, const struct dir_conn *c)
{
	const char *uri = c->dir->servers[c->server].uri;
	bool silent = c->ld == NULL && dir_now() >= job->op.deadline &&
		      (job->code == ERR_UNKNOWN || job->code == ERR_UNAVAILABLE);
	struct fault f;

	if (!silent && c->turned_away == 0)
		return;
	if (silent)
		fault_set(&f, ERR_UNAVAILABLE, "%s: no answer in time", uri);
	else
		fault_set(&f, ERR_UNAVAILABLE, "%s: turns requests away: %s (%d)%s%s", uri,
		    ldap_err2string(c->turned_away), c->turned_away,
		    c->turned_words[0] != '\0' ? ": " : "", c->turned_words);
	dir_server_failed(c->dir, c->server, &f);
}

static void
job_run(void *arg, void *context)
{
	struct dir_job *job = arg;
	struct dir_conn *c = context;
	int waiting = PHASE_WAITING;

	job->fault.text[0] = '\0';
	if (!atomic_compare_exchange_strong(&job->phase, &waiting, PHASE_RUNNING))
		return; /* the caller has heard already */
	if (dir_now() >= job->op.deadline) {
		job->code =
		    fault_set(&job->fault, ERR_BUSY, "waited too long for a directory connection");
		return;
	}
	if (job->aside != NULL) {
		job->code = job->perform(job, NULL, &job->fault);
	} else {
		c->turned_away = 0;
		job->code = job_attempt(job, c, &job->fault);
		job_judge_server(job, c);
	}
	dir_check_memory(); /* nothing that this job found may be believed otherwise */
}

/* Back on the loop. */
static void
job_done(void *arg)
{
	struct dir_job *job = arg;
	struct dir *d = job->op.dir;

	TAILQ_REMOVE(&d->live, &job->op, link);
	if (atomic_load(&d->changes) != d->changes_seen)
		dir_watch(d, 0);
	if (job->answered)
		return;
	job->answered = true;
	job->answer(job, job->code, &job->fault);
}

static void
job_submit(struct dir_job *job)
{
	struct dir *d = job->op.dir;
	struct work_pool *pool = job->pool != NULL ? job->pool : d->pool;

	TAILQ_INSERT_TAIL(&d->live, &job->op, link);
	job->work =
	    work_start(job->aside != NULL ? job->aside : pool, job_run, job_done, job_free, job);
	dir_watch(d, d->conf.op_timeout_ms);
}

/* On the loop's next turn: a start that was refused answers like any other. */
static void
job_on_refused(void *arg)
{
	struct dir_job *job = arg;
	struct dir *d = job->op.dir;

	if (d != NULL)
		TAILQ_REMOVE(&d->live, &job->op, link);
	if (!job->answered) {
		job->answered = true;
		job->answer(job, job->code, &job->fault);
	}
	job_free(job);
}

static struct dir_op *
job_refuse(struct dir_job *job, enum err code)
{
	job->code = code;
	TAILQ_INSERT_TAIL(&job->op.dir->live, &job->op, link);
	loop_post(job->op.dir->loop, job_on_refused, job);
	return &job->op;
}

struct dir_op *
dir_job_start(struct dir_job *job, enum err code)
{
	struct dir *d = job->op.dir;
	size_t server;

	if (code != ERR_OK)
		return job_refuse(job, code);
	if (job->aside == NULL && dir_server_is_unknown(d)) {
		TAILQ_INSERT_TAIL(&d->held, &job->op, link);
		dir_watch(d, d->conf.op_timeout_ms);
		return &job->op;
	}
	if (job->aside == NULL && (code = dir_server_choose(d, &server, &job->fault)) != ERR_OK)
		return job_refuse(job, code);
	job_submit(job);
	if (job->work != NULL)
		return &job->op;
	TAILQ_REMOVE(&d->live, &job->op, link);
	return job_refuse(job, fault_set(&job->fault, ERR_BUSY, "the directory's queue is full"));
}

void
dir_jobs_release_held(struct dir *d)
{
	struct dir_op *op;

	if (dir_server_is_unknown(d))
		return;
	while ((op = TAILQ_FIRST(&d->held)) != NULL) {
		TAILQ_REMOVE(&d->held, op, link);
		dir_job_start((struct dir_job *)op, ERR_OK);
	}
}

void
dir_job_cancel(struct dir_job *job)
{
	int was;

	job->answered = true;
	if (job_abandon(job, &was) && job->work == NULL && job->code == ERR_OK) {
		TAILQ_REMOVE(&job->op.dir->held, &job->op, link);
		job_free(job);
	}
}

static void
job_expire(struct dir_job *job)
{
	struct fault f;
	enum err code;
	int was;

	if (!job_abandon(job, &was))
		code = fault_set(&f, job->writes ? ERR_UNKNOWN : ERR_UNAVAILABLE,
		    "the directory: no answer in time");
	else if (was == PHASE_WAITING)
		code = fault_set(&f, ERR_BUSY, "waited too long for a directory connection");
	else
		code = fault_set(&f, ERR_UNAVAILABLE, "no connection to the directory in time");
	job->answered = true;
	job->answer(job, code, &f);
}

/* One at a time: the callback may change the lists, or free the directory. */
void
dir_jobs_expire(struct dir *d, int64_t now)
{
	struct dir_op *op;

	for (op = TAILQ_FIRST(&d->live); op != NULL; op = TAILQ_NEXT(op, link)) {
		struct dir_job *job = (struct dir_job *)op;

		if (job->work != NULL && !job->answered && op->deadline + GRACE_MS <= now) {
			dir_watch(d, 0);
			job_expire(job);
			return;
		}
	}
	op = TAILQ_FIRST(&d->held);
	if (op != NULL && op->deadline <= now) {
		TAILQ_REMOVE(&d->held, op, link);
		dir_watch(d, 0);
		job_refuse(
		    (struct dir_job *)op, fault_set(&((struct dir_job *)op)->fault, ERR_UNAVAILABLE,
					      "no directory server has been reached yet"));
	}
}

void
dir_jobs_drop(struct dir *d)
{
	struct dir_op *op;
	int was;

	while ((op = TAILQ_FIRST(&d->held)) != NULL) {
		TAILQ_REMOVE(&d->held, op, link);
		job_free(op);
	}
	while ((op = TAILQ_FIRST(&d->live)) != NULL) {
		struct dir_job *job = (struct dir_job *)op;

		TAILQ_REMOVE(&d->live, op, link);
		job->answered = true;
		op->dir = NULL;
		job_abandon(job, &was);
		if (job->work != NULL)
			work_cancel(job->work);
	}
}
