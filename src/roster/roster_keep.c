/* When the warm file is written, and what into it.
 *
 * After every version the writer hands over which rows changed in it, and the cookie that belongs
 * to it. A thread of its own saves them from that very version: of a newer one it would not know
 * all that belongs together, such as a row and the place that was made for it. */
#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster_keep.h"

enum {
	KEEP_NICE = 10, /* nobody waits for it */
	/* More single rows than this share of all, and everything is saved anew. */
	KEEP_SHARE = 8
};

struct roster_keep {
	struct roster *r;
	struct warm *warm; /* of the thread that saves, once it was read */
	uint64_t records;  /* likewise: those that the last save of everything left */
	struct work_pool *pool;
	struct work *job; /* while `saving` */
	struct loop_timer *timer;
	/* The loop's. `failed`: there is no file any more; `is_last`: no save begins after this. */
	bool ready, saving, failed, is_last;
	int64_t saved_at; /* ms; 0: never */
	atomic_bool stopping;
	pthread_mutex_t lock; /* guards what follows */
	struct changes next;
	struct roster_version *version; /* in which `next` ends; NULL before the first */
};

/* ---- what changed ---- */

static void
changes_release(struct roster *r, struct changes *c)
{
	block_free(r, c->rows.rows);
	block_free(r, c->groups.ids);
	c->rows = (struct row_list){ 0 };
	c->groups = (struct feed_id_list){ 0 };
}

static void
rows_move(struct roster *r, struct row_list *to, struct row_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		row_list_add(r, to, from->rows[i]);
	from->count = 0;
}

static void
ids_move(struct roster *r, struct feed_id_list *to, struct feed_id_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		id_list_add(r, to, from->ids[i]);
	from->count = 0;
}

void
keep_take_changes(struct roster_keep *k, struct roster_writer *w)
{
	struct changes *c = &k->next;
	struct roster_version *before;

	pthread_mutex_lock(&k->lock);
	before = k->version;
	k->version = version_hold(k->r);
	c->due = c->due || w->cookie_is_new || w->saved_all || w->saved_places ||
		 w->saved.count + w->saved_groups.count > 0;
	c->all =
	    c->all || w->saved_all || c->rows.count > w->live / KEEP_SHARE + k->r->keep_changes;
	c->places = c->places || w->saved_places;
	rows_move(k->r, &c->rows, &w->saved);
	ids_move(k->r, &c->groups, &w->saved_groups);
	if (c->all)
		changes_release(k->r, c);
	if (w->cookie_is_new) {
		c->cookie_len = w->cookie_len;
		memcpy(c->cookie, w->cookie, w->cookie_len);
	}
	pthread_mutex_unlock(&k->lock);
	if (before != NULL)
		version_release(k->r, before);
	w->cookie_is_new = w->saved_all = w->saved_places = false;
}

void
keep_restored(struct roster_keep *k, struct roster_writer *w, const void *cookie, size_t cookie_len,
    uint64_t records)
{
	w->saved.count = w->saved_groups.count = 0;
	k->records = records;
	w->saved_all = w->saved_places = false;
	pthread_mutex_lock(&k->lock);
	k->next.all = false;
	k->next.cookie_len = cookie_len;
	memcpy(k->next.cookie, cookie, cookie_len);
	pthread_mutex_unlock(&k->lock);
}

/* ---- a save ---- */

struct save_job {
	struct roster_keep *k;
	struct changes changes;
	bool failed;
	struct fault fault;
};

/* Single rows take longer to read than pages, and are there beside them. */
static void
keep_limit_changes(struct roster_keep *k, const struct roster_version *v)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < FEED_STATUS_COUNT; i++)
		rows += v->count[i];
	if (warm_count(k->warm) <= k->records + rows / KEEP_SHARE + k->r->keep_changes)
		return;
	pthread_mutex_lock(&k->lock);
	k->next.all = true;
	pthread_mutex_unlock(&k->lock);
}

static void
save_run(void *job, void *context)
{
	struct save_job *j = job;
	struct roster_keep *k = j->k;
	struct roster_version *v;
	bool saved;

	(void)context;
	pthread_mutex_lock(&k->lock);
	j->changes = k->next;
	k->next.rows = (struct row_list){ 0 };
	k->next.groups = (struct feed_id_list){ 0 };
	k->next.all = k->next.places = k->next.due = false;
	v = version_hold_too(k->r, k->version);
	pthread_mutex_unlock(&k->lock);
	saved = keep_save(k->r, k->warm, v, &j->changes, &k->stopping, &j->fault);
	if (saved)
		atomic_store_explicit(&k->r->kept, v->number, memory_order_relaxed);
	if (saved && j->changes.all)
		k->records = warm_count(k->warm);
	else if (saved)
		keep_limit_changes(k, v);
	version_release(k->r, v);
	changes_release(k->r, &j->changes);
	if (j->changes.all) /* a sort of everybody, and sheets of them */
		malloc_trim(0);
	j->failed = !saved;
}

static void
save_done(void *job)
{
	const struct save_job *j = job;
	struct roster_keep *k = j->k;
	const struct roster_conf *conf = &k->r->conf;

	k->saving = false;
	k->failed = j->failed;
	k->saved_at = clock_mono_ms(&clock_system);
	if (k->failed && conf->trouble != NULL)
		conf->trouble(conf->trouble_arg, &j->fault);
	if (k->is_last)
		roster_saved_last(k->r);
	else
		keep_poke(k);
}

static void
keep_start(struct roster_keep *k)
{
	struct save_job *j = mem_alloc(sizeof(*j));

	j->k = k;
	k->job = work_start(k->pool, save_run, save_done, free, j);
	k->saving = k->job != NULL;
	if (!k->saving)
		free(j);
}

static bool
keep_is_due(struct roster_keep *k)
{
	bool due;

	pthread_mutex_lock(&k->lock);
	due = k->next.due && k->next.cookie_len > 0;
	pthread_mutex_unlock(&k->lock);
	return due;
}

void
keep_poke(struct roster_keep *k)
{
	int64_t now = clock_mono_ms(&clock_system);

	if (!k->ready || k->saving || k->failed || k->is_last || !keep_is_due(k))
		return;
	if (k->saved_at != 0 && now - k->saved_at < k->r->keep_ms)
		loop_timer_set(k->timer, k->r->keep_ms - (now - k->saved_at));
	else
		keep_start(k);
}

/* One that runs is as good: what it lacks the directory tells once more. */
bool
keep_last(struct roster_keep *k)
{
	if (k->ready && !k->saving && !k->failed && keep_is_due(k))
		keep_start(k);
	k->is_last = true;
	return k->saving;
}

/* ---- life ---- */

static void
keep_on_timer(void *arg)
{
	keep_poke(arg);
}

struct roster_keep *
keep_new(struct roster *r)
{
	const struct work_pool_conf pool = {
		.name = "roster-keep", .threads = 1, .queue_max = 1, .nice = KEEP_NICE
	};
	struct roster_keep *k;

	if (r->conf.warm_path == NULL)
		return NULL;
	k = mem_alloc(sizeof(*k));
	k->r = r;
	k->pool = work_pool_new(r->conf.loop, &pool);
	k->timer = loop_timer_new(r->conf.loop, keep_on_timer, k);
	pthread_mutex_init(&k->lock, NULL);
	k->next.all = true;
	return k;
}

void
keep_begin(struct roster_keep *k, struct warm *warm)
{
	k->warm = warm;
	k->ready = warm != NULL;
	keep_poke(k);
}

void
keep_free(struct roster_keep *k)
{
	if (k == NULL)
		return;
	atomic_store(&k->stopping, true);
	if (k->saving)
		work_cancel(k->job);
	work_pool_free(k->pool);
	loop_timer_free(k->timer);
	changes_release(k->r, &k->next);
	if (k->version != NULL)
		version_release(k->r, k->version);
	warm_close(k->warm);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
