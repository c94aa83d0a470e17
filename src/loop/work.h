/* Worker threads: plain values in, plain values out.
 *
 * A job is two functions over one value that the caller allocated: `run` on a worker thread, which
 * touches nothing but the value, and `done` on the loop. The promise of every operation holds:
 * `done` runs exactly once, never before work_start() has returned, never after work_cancel(). */
#ifndef USHERD_LOOP_WORK_H
#define USHERD_LOOP_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"

struct work_pool;
struct work;

/* `run` may use `context`, the value that thread_init made for this thread, or NULL. */
typedef void work_run(void *job, void *context);
typedef void work_done(void *job);

struct work_pool_conf {
	const char *name; /* of the threads, at most 15 characters */
	size_t threads;	  /* at least 1 */
	size_t queue_max; /* jobs that wait; a job being run does not count */
	int nice;	  /* added to the threads' niceness: hashing must not starve the loop */
	bool first;	  /* jobs that are done come before others' (loop_post_first) */
	void *(*thread_init)(void *arg, size_t index); /* may be NULL; runs on the new thread */
	void (*thread_exit)(void *context);
	void *arg;
};

struct work_pool *work_pool_new(struct loop *l, const struct work_pool_conf *conf);

/* Waits for the jobs that run and drops those that wait: only `release` sees the latter. The jobs
 * that ran come back through the loop as ever (`done`, unless cancelled); whoever tears down
 * cancels first. Call from the loop's thread. */
void work_pool_free(struct work_pool *p);

/* Queue one job. NULL when the queue is full (then nothing was taken and the caller keeps `job`).
 * Otherwise the pool owns `job` and hands it to `release` after `done`, or instead of it. The
 * result is valid until `done` is called; it is needed only to cancel. */
struct work *work_start(
    struct work_pool *p, work_run *run, work_done *done, void (*release)(void *job), void *job);

/* `done` will not be called. A job that already runs goes on unobserved. */
void work_cancel(struct work *w);

size_t work_pool_waiting(struct work_pool *p); /* jobs in the queue now */

#endif
