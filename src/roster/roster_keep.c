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
	uint64_t records;  /* likewise: those that are no single rows */
	struct work_pool *pool;
	struct work *job; /* while `saving` */
	struct loop_timer *timer;
	/* The loop's. `failed`: the file stays as it is; `is_last`: no save begins after this. */
	bool ready, saving, failed, is_last;
	int64_t saved_at; /* ms; 0: never */
	atomic_bool stopping;
	pthread_mutex_t lock; /* guards what follows */
	struct changes next;
	struct roster_version *version; /* in which `next` ends; NULL before the first */
	uint64_t singles; /* rows beside the pages, at most, in the file as a save leaves it */
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

/* Single rows take longer to read than pages, and are there beside them. */
void
keep_take_changes(struct roster_keep *k, struct roster_writer *w)
{
	const uint64_t limit = w->live / KEEP_SHARE + k->r->keep_changes;
	struct changes *c = &k->next;
	struct roster_version *before;

	pthread_mutex_lock(&k->lock);
	before = k->version;
	k->version = version_hold(k->r);
	c->due = c->due || w->cookie_is_new || w->saved_all || w->saved_places ||
		 w->saved.count + w->saved_groups.count > 0;
	c->places = c->places || w->saved_places;
	rows_move(k->r, &c->rows, &w->saved);
	ids_move(k->r, &c->groups, &w->saved_groups);
	c->all = c->all || w->saved_all || c->rows.count > limit;
	c->renew = c->renew || c->rows.count + k->singles > limit;
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
    uint64_t records, uint64_t singles)
{
	w->saved.count = w->saved_groups.count = 0;
	w->saved_all = w->saved_places = false;
	pthread_mutex_lock(&k->lock);
	k->singles = singles;
	k->records = records;
	k->next.all = false;
	k->next.cookie_len = cookie_len;
	memcpy(k->next.cookie, cookie, cookie_len);
	pthread_mutex_unlock(&k->lock);
}

/* ---- a save ---- */

struct save_job {
	struct roster_keep *k;
	struct changes changes;
	bool may_renew;
	bool failed;
	struct fault fault;
};

/* The version to save. */
static struct roster_version *
save_begin(struct save_job *j)
{
	struct roster_keep *k = j->k;
	struct roster_version *v;

	pthread_mutex_lock(&k->lock);
	j->changes = k->next;
	k->next.rows = (struct row_list){ 0 };
	k->next.groups = (struct feed_id_list){ 0 };
	k->next.all = k->next.renew = k->next.places = k->next.due = false;
	j->changes.all = j->changes.all || (j->changes.renew && j->may_renew);
	k->singles = j->changes.all ? 0 : k->singles + j->changes.rows.count;
	v = version_hold_too(k->r, k->version);
	pthread_mutex_unlock(&k->lock);
	return v;
}

/* Many changes are of rows that were there as single ones. */
static void
save_count_singles(const struct save_job *j)
{
	struct roster_keep *k = j->k;
	uint64_t records = warm_count(k->warm);

	if (j->changes.all)
		k->records = records;
	pthread_mutex_lock(&k->lock);
	k->singles = records > k->records ? records - k->records : 0;
	pthread_mutex_unlock(&k->lock);
}

static void
save_run(void *job, void *context)
{
	struct save_job *j = job;
	struct roster_keep *k = j->k;
	struct roster_version *v = save_begin(j);
	bool saved = keep_save(k->r, k->warm, v, &j->changes, &k->stopping, &j->fault);

	(void)context;
	if (saved) {
		atomic_store_explicit(&k->r->kept, v->number, memory_order_relaxed);
		save_count_singles(j);
	}
	version_release(k->r, v);
	changes_release(k->r, &j->changes);
	if (j->changes.all) /* the caches of two connections, and sheets */
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
keep_start(struct roster_keep *k, bool may_renew)
{
	struct save_job *j = mem_alloc(sizeof(*j));

	j->k = k;
	j->may_renew = may_renew;
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
		keep_start(k, true);
}

/* One that runs is as good: what it lacks, or all of it when the time is over before, the directory
 * tells once more. Everything anew, only because there are many single rows, can wait. */
bool
keep_last(struct roster_keep *k)
{
	if (k->ready && !k->saving && !k->failed && keep_is_due(k))
		keep_start(k, false);
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
