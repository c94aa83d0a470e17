#include "loop/loop.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/thread.h>

#include "base/list.h"
#include "base/mem.h"

enum {
	TURN_US = 200,	       /* of what other threads posted, at a time */
	LEAST_US = TURN_US / 4 /* of it, for what does not hurry while something else does */
};

struct task {
	TAILQ_ENTRY(task) link;
	loop_cb *cb;
	void *arg;
};

TAILQ_HEAD(task_list, task);

struct loop {
	struct event_base *base;
	struct event *wake;	/* the eventfd: somebody posted */
	struct event *more;	/* a timer of no time: tasks were left for the next turn */
	struct event *deferred; /* active when tasks wait for the next turn */
	int fd;
	pthread_mutex_t lock; /* guards `posted` and `hurried` */
	struct task_list posted, hurried;
	struct task_list taken, taken_first, later; /* the loop's own */
	atomic_bool hurry;			    /* `hurried` is not empty */
};

struct loop_timer {
	struct event *event;
	loop_cb *cb;
	void *arg;
};

struct loop_signal {
	struct event *event;
	loop_cb *cb;
	void *arg;
};

static struct timeval
timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* Runs what stands in `list` now; what the callbacks add waits for the next turn. */
static void
loop_run_tasks(struct task_list *list)
{
	struct task_list batch = TAILQ_HEAD_INITIALIZER(batch);
	struct task *t;

	TAILQ_CONCAT(&batch, list, link);
	while ((t = TAILQ_FIRST(&batch)) != NULL) {
		TAILQ_REMOVE(&batch, t, link);
		t->cb(t->arg);
		free(t);
	}
}

static void
loop_take_posted(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	TAILQ_CONCAT(&l->taken_first, &l->hurried, link);
	TAILQ_CONCAT(&l->taken, &l->posted, link);
	atomic_store(&l->hurry, false);
	pthread_mutex_unlock(&l->lock);
}

static int64_t
loop_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* How long `list` may have the loop. */
static int64_t
loop_share_us(const struct loop *l, const struct task_list *list)
{
	if (list == &l->taken && (atomic_load(&l->hurry) || !TAILQ_EMPTY(&l->taken_first)))
		return LEAST_US;
	return TURN_US;
}

/* In order; one at least, however long that takes. */
static void
loop_run_share(struct loop *l, struct task_list *list)
{
	const int64_t begun = loop_now_us();
	struct task *t;

	while ((t = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, t, link);
		t->cb(t->arg);
		free(t);
		if (!TAILQ_EMPTY(list) && loop_now_us() - begun >= loop_share_us(l, list))
			return;
	}
}

/* Threads can post more at once than should be done without a look at the sockets: what is left
 * comes behind them. What hurries comes first, and has a time of its own: the rest gets its share
 * of every turn, however much hurries. */
static void
loop_run_taken(struct loop *l)
{
	loop_run_share(l, &l->taken_first);
	loop_run_share(l, &l->taken);
	if (!TAILQ_EMPTY(&l->taken_first) || !TAILQ_EMPTY(&l->taken))
		event_add(l->more, &(struct timeval){ 0 });
}

static void
loop_on_more(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	loop_run_taken(arg);
}

static void
loop_on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	/* Emptied before the list is taken: a post that comes in between wakes the loop once more.
	 */
	if (read((int)fd, &count, sizeof(count)) != sizeof(count))
		return;
	loop_take_posted(arg);
	event_del(((struct loop *)arg)->more); /* one turn between two looks at the sockets */
	loop_run_taken(arg);
}

static void
loop_on_deferred(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd, (void)what;
	loop_run_tasks(&l->later);
}

/* Changes of interest are collected and told to the kernel once a turn. That forbids descriptors
 * made by dup() in the base; nothing here makes any. */
static struct event_base *
base_new(void)
{
	struct event_config *conf = event_config_new();
	struct event_base *base = NULL;

	if (conf == NULL)
		return NULL;
	if (event_config_set_flag(conf, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		base = event_base_new_with_config(conf);
	event_config_free(conf);
	return base;
}

static void *
loop_alloc(size_t size)
{
	return mem_resize(NULL, size, 1);
}

static void *
loop_realloc(void *old, size_t size)
{
	return mem_resize(old, size, 1);
}

const char *
loop_library_version(void)
{
	return event_get_version();
}

struct loop *
loop_new(void)
{
	struct loop *l = mem_alloc(sizeof(*l));

	/* For want of memory libevent drops an event, a lock or half an answer, and says so in
	 * results that nobody could act upon. */
	event_set_mem_functions(loop_alloc, loop_realloc, free);
	evthread_use_pthreads();
	TAILQ_INIT(&l->posted);
	TAILQ_INIT(&l->hurried);
	TAILQ_INIT(&l->taken);
	TAILQ_INIT(&l->taken_first);
	TAILQ_INIT(&l->later);
	pthread_mutex_init(&l->lock, NULL);
	l->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->base = base_new();
	if (l->fd == -1 || l->base == NULL) {
		loop_free(l);
		return NULL;
	}
	l->wake = event_new(l->base, l->fd, EV_READ | EV_PERSIST, loop_on_wake, l);
	l->more = event_new(l->base, -1, 0, loop_on_more, l);
	l->deferred = event_new(l->base, -1, 0, loop_on_deferred, l);
	event_add(l->wake, NULL);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (!TAILQ_EMPTY(&l->posted) || !TAILQ_EMPTY(&l->hurried) ||
	       !TAILQ_EMPTY(&l->taken_first) || !TAILQ_EMPTY(&l->taken) ||
	       !TAILQ_EMPTY(&l->later)) {
		loop_take_posted(l);
		loop_run_tasks(&l->taken_first);
		loop_run_tasks(&l->taken);
		loop_run_tasks(&l->later);
	}
	if (l->deferred != NULL)
		event_free(l->deferred);
	if (l->more != NULL)
		event_free(l->more);
	if (l->wake != NULL)
		event_free(l->wake);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->fd != -1)
		close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void
loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void
loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

static struct task *
task_new(loop_cb *cb, void *arg)
{
	struct task *t = mem_alloc(sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	return t;
}

void
loop_defer(struct loop *l, loop_cb *cb, void *arg)
{
	struct task *t = task_new(cb, arg);

	TAILQ_INSERT_TAIL(&l->later, t, link); /* a macro: it names the element more than once */
	event_active(l->deferred, EV_TIMEOUT, 1);
}

static void
loop_post_to(struct loop *l, struct task_list *list, struct task *t)
{
	uint64_t one = 1;
	bool first;

	pthread_mutex_lock(&l->lock);
	first = TAILQ_EMPTY(&l->posted) && TAILQ_EMPTY(&l->hurried);
	TAILQ_INSERT_TAIL(list, t, link);
	atomic_store(&l->hurry, !TAILQ_EMPTY(&l->hurried));
	pthread_mutex_unlock(&l->lock);
	/* The counter cannot overflow: only the post that finds both lists empty writes. */
	if (first && write(l->fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

void
loop_post(struct loop *l, loop_cb *cb, void *arg)
{
	loop_post_to(l, &l->posted, task_new(cb, arg));
}

void
loop_post_first(struct loop *l, loop_cb *cb, void *arg)
{
	loop_post_to(l, &l->hurried, task_new(cb, arg));
}

static void
timer_fire(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd, (void)what;
	t->cb(t->arg);
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_cb *cb, void *arg)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	t->event = event_new(l->base, -1, 0, timer_fire, t);
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t ms)
{
	struct timeval tv;

	assert(ms >= 0);
	tv = timeval_of(ms);
	event_add(t->event, &tv);
}

void
loop_timer_stop(struct loop_timer *t)
{
	event_del(t->event);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	event_free(t->event);
	free(t);
}

static void
signal_fire(evutil_socket_t fd, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)fd, (void)what;
	s->cb(s->arg);
}

struct loop_signal *
loop_signal_new(struct loop *l, int signo, loop_cb *cb, void *arg)
{
	struct loop_signal *s = mem_alloc(sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	s->event = event_new(l->base, signo, EV_SIGNAL | EV_PERSIST, signal_fire, s);
	event_add(s->event, NULL);
	return s;
}

void
loop_signal_free(struct loop_signal *s)
{
	if (s == NULL)
		return;
	event_free(s->event);
	free(s);
}
