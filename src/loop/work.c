#include "loop/work.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

struct work {
	TAILQ_ENTRY(work) link;
	struct work_pool *pool;
	work_run *run;
	work_done *done; /* NULL once cancelled; touched on the loop only */
	void (*release)(void *job);
	void *job;
};

TAILQ_HEAD(work_list, work);

struct worker {
	struct work_pool *pool;
	size_t index;
	pthread_t thread;
};

struct work_pool {
	struct loop *loop;
	struct work_pool_conf conf;
	struct worker *workers;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t filled;
	struct work_list waiting;
	size_t waiting_count;
	bool stopping;
};

static void
work_free(struct work *w)
{
	w->release(w->job);
	free(w);
}

/* On the loop: the job is back. */
static void
work_finish(void *arg)
{
	struct work *w = arg;

	if (w->done != NULL)
		w->done(w->job);
	work_free(w);
}

/* The next job, or NULL when the pool stops. */
static struct work *
worker_take(struct work_pool *p)
{
	struct work *w;

	pthread_mutex_lock(&p->lock);
	while (TAILQ_EMPTY(&p->waiting) && !p->stopping)
		pthread_cond_wait(&p->filled, &p->lock);
	w = p->stopping ? NULL : TAILQ_FIRST(&p->waiting);
	if (w != NULL) {
		TAILQ_REMOVE(&p->waiting, w, link);
		p->waiting_count--;
	}
	pthread_mutex_unlock(&p->lock);
	return w;
}

/* Linux keeps niceness per thread. */
static void
worker_be_nice(int more)
{
	const id_t self = (id_t)syscall(SYS_gettid);
	int now;

	errno = 0; /* -1 is a niceness too */
	now = getpriority(PRIO_PROCESS, self);
	if (errno == 0)
		setpriority(PRIO_PROCESS, self, now + more);
}

static void *
worker_main(void *arg)
{
	struct worker *self = arg;
	struct work_pool *p = self->pool;
	void *context = NULL;
	struct work *w;

	pthread_setname_np(pthread_self(), p->conf.name);
	if (p->conf.nice != 0)
		worker_be_nice(p->conf.nice);
	if (p->conf.thread_init != NULL)
		context = p->conf.thread_init(p->conf.arg, self->index);
	while ((w = worker_take(p)) != NULL) {
		w->run(w->job, context);
		(p->conf.first ? loop_post_first : loop_post)(p->loop, work_finish, w);
	}
	if (p->conf.thread_exit != NULL)
		p->conf.thread_exit(context);
	return NULL;
}

struct work_pool *
work_pool_new(struct loop *l, const struct work_pool_conf *conf)
{
	struct work_pool *p = mem_alloc(sizeof(*p));
	sigset_t all, old;

	assert(conf->threads > 0);
	p->loop = l;
	p->conf = *conf;
	p->workers = mem_array(conf->threads, sizeof(*p->workers));
	TAILQ_INIT(&p->waiting);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->filled, NULL);
	/* Signals belong to the loop: libldap gives up on EINTR inside a TLS handshake (SSSD
	 * #5531). */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	for (size_t i = 0; i < conf->threads; i++) {
		p->workers[i] = (struct worker){ .pool = p, .index = i };
		if (pthread_create(&p->workers[i].thread, NULL, worker_main, &p->workers[i]) != 0)
			mem_exhausted();
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return p;
}

void
work_pool_free(struct work_pool *p)
{
	struct work *w;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->filled);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->conf.threads; i++)
		pthread_join(p->workers[i].thread, NULL);
	while ((w = TAILQ_FIRST(&p->waiting)) != NULL) {
		TAILQ_REMOVE(&p->waiting, w, link);
		work_free(w);
	}
	pthread_cond_destroy(&p->filled);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

struct work *
work_start(
    struct work_pool *p, work_run *run, work_done *done, void (*release)(void *job), void *job)
{
	struct work *w = mem_alloc(sizeof(*w));
	bool full;

	*w = (struct work){ .pool = p, .run = run, .done = done, .release = release, .job = job };
	pthread_mutex_lock(&p->lock);
	full = p->waiting_count >= p->conf.queue_max;
	if (!full) {
		TAILQ_INSERT_TAIL(&p->waiting, w, link);
		p->waiting_count++;
		pthread_cond_signal(&p->filled);
	}
	pthread_mutex_unlock(&p->lock);
	if (full) {
		free(w);
		return NULL;
	}
	return w;
}

void
work_cancel(struct work *w)
{
	w->done = NULL;
}

size_t
work_pool_waiting(struct work_pool *p)
{
	size_t count;

	pthread_mutex_lock(&p->lock);
	count = p->waiting_count;
	pthread_mutex_unlock(&p->lock);
	return count;
}
