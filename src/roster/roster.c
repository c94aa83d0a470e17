/* The object: the writer's thread, and what comes back from it to the loop. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster_writer.h"

enum {
	/* Sources bound what they have out; the queue itself only has a number. */
	QUEUE_MAX = 1 << 20,
	/* While batches queue up, a version comes at least this often. */
	PUBLISH_MS = 3,
	/* A crash costs what changed since the last save: the cookie brings it back. */
	KEEP_MS = 2000,
	KEEP_CHANGES = 16384
};

/* What posts hold on to: they cannot be taken back, and may come when the roster is gone. */
struct roster_link {
	struct roster *r; /* the loop's; NULL once it is gone */
	atomic_uint refs;
};

static void
link_release(struct roster_link *l)
{
	if (atomic_fetch_sub(&l->refs, 1) == 1)
		free(l);
}

/* ---- from the writer to the loop ---- */

/* One post: a version that others see, batches that are applied, invitations that wait. */
struct news {
	struct roster_link *link;
	uint64_t version;
	struct applied_list applied;
	bool all;
	int64_t tick_at; /* 0: never */
	size_t count;
	struct roster_event events[];
};

static void
tick_set(struct roster *r, int64_t at)
{
	int64_t now = clock_mono_ms(&clock_system);

	if (r->tick_at != 0 && r->tick_at <= at)
		return;
	r->tick_at = at;
	loop_timer_set(r->tick, at > now ? at - now : 0);
}

static void
tick_arrive(struct roster *r, void *arg)
{
	if (r != NULL)
		tick_set(r, *(int64_t *)arg);
	free(arg);
}

static void
news_tell(struct news *n)
{
	struct roster *r = n->link->r;
	struct applied *a;

	if (r != NULL && n->tick_at != 0)
		tick_set(r, n->tick_at);
	if (r != NULL && r->keep != NULL)
		keep_poke(r->keep);
	if (r != NULL && r->on_change != NULL && (n->all || n->count > 0))
		r->on_change(r->on_change_arg, n->version, n->all, n->events, n->count);
	while ((a = TAILQ_FIRST(&n->applied)) != NULL) {
		TAILQ_REMOVE(&n->applied, a, link);
		if (n->link->r != NULL)
			a->cb(a->arg);
		free(a);
	}
}

static void
news_arrive(void *arg)
{
	struct news *n = arg;

	news_tell(n);
	link_release(n->link);
	free(n);
}

/* `published`: events belong to the newest version now. */
static void
news_post(struct roster_writer *w, bool published)
{
	size_t count = published && !w->event_all ? w->event_count : 0;
	struct news *n = mem_alloc(sizeof(*n) + count * sizeof(*n->events));
	int64_t now = clock_mono_ms(&clock_system), wait = writer_wait_ms(w, now);

	n->link = w->r->link;
	atomic_fetch_add(&n->link->refs, 1);
	n->version = w->draft->number - 1;
	n->all = published && w->event_all;
	n->tick_at = wait >= 0 ? now + wait : 0;
	n->count = count;
	memcpy(n->events, w->events, count * sizeof(*n->events));
	TAILQ_INIT(&n->applied);
	TAILQ_CONCAT(&n->applied, &w->applied, link);
	if (published) {
		w->event_count = 0;
		w->event_all = false;
	}
	loop_post(w->r->conf.loop, news_arrive, n);
}

void
roster_publish(struct roster_writer *w)
{
	w->dirty_since = 0;
	writer_publish(w);
	w->published_at = clock_mono_ms(&clock_system);
	if (w->r->keep != NULL)
		keep_take_changes(w->r->keep, w);
	writer_trim(w);
	news_post(w, true);
}

/* Before a refresh has ended nobody is shown anything, and a source need not wait for it. */
static void
writer_finish(struct roster_writer *w, int64_t now_ms)
{
	int64_t pause = writer_pause_ms(w, now_ms);

	if (!writer_may_publish(w)) {
		/* A cookie without a change belongs to the newest version. */
		if (w->r->keep != NULL && w->ended && !w->bulk)
			keep_take_changes(w->r->keep, w);
		news_post(w, false);
		return;
	}
	if (w->dirty_since == 0)
		w->dirty_since = now_ms;
	if (pause > 0) {
		int64_t at = now_ms + pause;

		roster_post(w->r, tick_arrive, mem_dup(&at, sizeof(at)));
		return;
	}
	if (work_pool_waiting(w->r->pool) == 0 || now_ms - w->dirty_since >= PUBLISH_MS)
		roster_publish(w);
}

/* ---- jobs of the writer ---- */

struct feed_job {
	struct roster_writer *w;
	struct feed_batch *batch;
	struct applied *applied;
};

static void
feed_run(void *job, void *context)
{
	struct feed_job *j = job;
	struct roster_writer *w = j->w;

	(void)context;
	writer_apply(w, j->batch, clock_mono_ms(&clock_system));
	feed_batch_free(j->batch);
	j->batch = NULL;
	if (j->applied != NULL)
		TAILQ_INSERT_TAIL(&w->applied, j->applied, link);
	j->applied = NULL;
	writer_finish(w, clock_mono_ms(&clock_system));
}

static void
feed_release(void *job)
{
	struct feed_job *j = job;

	feed_batch_free(j->batch);
	free(j->applied);
	free(j);
}

void
roster_feed_take(struct roster *r, struct feed_batch *b, loop_cb *applied, void *arg)
{
	struct feed_job *j = mem_alloc(sizeof(*j));
	const struct work *started;

	j->w = r->writer;
	j->batch = b;
	if (applied != NULL) {
		j->applied = mem_alloc(sizeof(*j->applied));
		j->applied->cb = applied;
		j->applied->arg = arg;
	}
	started = work_start(r->pool, feed_run, NULL, feed_release, j);
	assert(started != NULL);
}

struct call_job {
	struct roster_writer *w;
	void (*run)(struct roster_writer *w, void *arg);
	void *arg; /* NULL once it was run */
};

static void
call_run(void *job, void *context)
{
	struct call_job *j = job;
	void *arg = j->arg;

	(void)context;
	j->arg = NULL;
	j->run(j->w, arg);
}

static void
call_release(void *job)
{
	struct call_job *j = job;

	free(j->arg);
	free(j);
}

void
roster_write(struct roster *r, void (*run)(struct roster_writer *w, void *arg), void *arg)
{
	struct call_job *j = mem_alloc(sizeof(*j));
	const struct work *started;

	*j = (struct call_job){ r->writer, run, arg };
	started = work_start(r->pool, call_run, NULL, call_release, j);
	assert(started != NULL);
}

static void
tick_run(struct roster_writer *w, void *arg)
{
	(void)arg;
	writer_tick(w, clock_mono_ms(&clock_system));
	writer_finish(w, clock_mono_ms(&clock_system));
}

static void
roster_on_tick(void *arg)
{
	struct roster *r = arg;

	r->tick_at = 0;
	roster_write(r, tick_run, NULL);
}

struct post {
	struct roster_link *link;
	roster_post_cb *cb;
	void *arg;
};

static void
post_arrive(void *arg)
{
	struct post *p = arg;

	p->cb(p->link->r, p->arg);
	link_release(p->link);
	free(p);
}

void
roster_post(struct roster *r, roster_post_cb *cb, void *arg)
{
	struct post *p = mem_alloc(sizeof(*p));

	*p = (struct post){ r->link, cb, arg };
	atomic_fetch_add(&p->link->refs, 1);
	loop_post(r->conf.loop, post_arrive, p);
}

/* ---- the last save ---- */

static void
last_on_timer(void *arg)
{
	struct roster *r = arg;

	r->last_cb(r->last_arg);
}

void
roster_saved_last(struct roster *r)
{
	loop_timer_set(r->last, 0);
}

void
roster_save_last(struct roster *r, int64_t ms, loop_cb *done, void *arg)
{
	bool saving = r->keep != NULL && keep_last(r->keep);

	assert(r->last_cb == NULL);
	r->last_cb = done;
	r->last_arg = arg;
	loop_timer_set(r->last, saving ? ms : 0);
}

/* ---- life ---- */

struct roster *
roster_new(const struct roster_conf *conf)
{
	struct roster *r = mem_alloc(sizeof(*r));
	const struct work_pool_conf pool = {
		.name = "roster-write", .threads = 1, .queue_max = QUEUE_MAX
	};

	r->conf = *conf;
	r->link = mem_alloc(sizeof(*r->link));
	r->link->r = r;
	atomic_init(&r->link->refs, 1);
	pthread_mutex_init(&r->version_lock, NULL);
	pthread_mutex_init(&r->ids_lock, NULL);
	r->writer = writer_new(r);
	version_init(r);
	r->tick = loop_timer_new(conf->loop, roster_on_tick, r);
	r->last = loop_timer_new(conf->loop, last_on_timer, r);
	r->pool = work_pool_new(conf->loop, &pool);
	r->keep_ms = KEEP_MS;
	r->keep_changes = KEEP_CHANGES;
	r->keep = keep_new(r);
	r->readers = roster_readers_new(r);
	return r;
}

static void
applied_drop(struct applied_list *list)
{
	struct applied *a;

	while ((a = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, a, link);
		free(a);
	}
}

void
roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	r->link->r = NULL;
	roster_readers_free(r->readers);
	work_pool_free(r->pool);
	keep_free(r->keep);
	link_release(r->link); /* nobody posts any more */
	loop_timer_free(r->tick);
	loop_timer_free(r->last);
	applied_drop(&r->writer->applied);
	version_free_all(r);
	roster_nesting_free(r->nesting);
	writer_free(r->writer);
	pthread_mutex_destroy(&r->version_lock);
	pthread_mutex_destroy(&r->ids_lock);
	free(r);
}

void
roster_on_change(struct roster *r, roster_event_cb *cb, void *arg)
{
	r->on_change = cb;
	r->on_change_arg = arg;
}

/* ---- at once ---- */

static const char *const sort_names[ROSTER_SORT_COUNT] = { "name", "mail", "phone", "org_unit",
	"status", "registered_at", "last_activity_at" };

const char *
roster_sort_name(enum roster_sort s)
{
	return sort_names[s];
}

enum roster_sort
roster_sort_by_name(const char *name)
{
	unsigned s = 0;

	while (s < ROSTER_SORT_COUNT && strcmp(sort_names[s], name) != 0)
		s++;
	return (enum roster_sort)s;
}

void
roster_figures(struct roster *r, struct roster_figures *out)
{
	struct roster_version *v = version_hold(r);

	*out = (struct roster_figures){ .state = v->state, .version = v->number };
	memcpy(out->count, v->count, sizeof(out->count));
	version_release_soon(r, v);
	out->bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed);
	out->kept = atomic_load_explicit(&r->kept, memory_order_relaxed);
	out->loaded = atomic_load_explicit(&r->loaded, memory_order_relaxed);
}
