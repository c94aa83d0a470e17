/* When the warm file is written, and what into it.
 *
 * After every version the writer hands over which rows changed in it, and the cookie that belongs
 * to it. A thread of its own saves them from that very version: of a newer one it would not know
 * all that belongs together, such as a row and the place that was made for it. */
#include <malloc.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

enum {
	KEEP_ROWS = 16384,		 /* of one transaction of a save of everything */
	KEEP_NICE = 10,			 /* nobody waits for it */
	KEEP_BYTES = 1024 * 1024 * 1024, /* of a transaction's records, at most */
	/* More changes than this share of all rows, and everything is saved anew. */
	KEEP_SHARE = 2
};

struct changes {
	struct row_list rows;
	struct feed_id_list removed, groups;
	bool all, places;
	unsigned char cookie[FEED_COOKIE_MAX];
	size_t cookie_len; /* 0: none that is worth a file */
	bool due;
};

struct roster_keep {
	struct roster *r;
	struct warm *warm; /* of the thread that saves, once it was read */
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
	block_free(r, c->removed.ids);
	block_free(r, c->groups.ids);
	c->rows = (struct row_list){ 0 };
	c->removed = c->groups = (struct feed_id_list){ 0 };
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
		 w->saved.count + w->removed.count + w->saved_groups.count > 0;
	c->all = c->all || w->saved_all || c->rows.count > w->live / KEEP_SHARE + KEEP_ROWS;
	c->places = c->places || w->saved_places;
	rows_move(k->r, &c->rows, &w->saved);
	ids_move(k->r, &c->removed, &w->removed);
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
keep_restored(struct roster_keep *k, struct roster_writer *w, const void *cookie, size_t cookie_len)
{
	w->saved.count = w->removed.count = w->saved_groups.count = 0;
	w->saved_all = w->saved_places = false;
	pthread_mutex_lock(&k->lock);
	k->next.all = false;
	k->next.cookie_len = cookie_len;
	memcpy(k->next.cookie, cookie, cookie_len);
	pthread_mutex_unlock(&k->lock);
}

/* ---- a save ---- */

/* Records of one transaction; `data` moves while it grows, so that they hold offsets first. */
struct sheet {
	struct warm_record *records;
	size_t count, room;
	struct buf data;
};

static struct warm_record *
sheet_add(struct sheet *s, enum warm_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	struct warm_record *record;

	if (s->count == s->room) {
		s->room = s->room > 0 ? s->room * 2 : 1024;
		s->records = mem_resize(s->records, s->room, sizeof(*s->records));
	}
	record = &s->records[s->count++];
	*record = (struct warm_record){ .kind = kind };
	memcpy(record->id, id, FEED_ID_SIZE);
	return record;
}

static void
sheet_user(struct sheet *s, const struct roster_version *v, uint32_t row)
{
	struct warm_record *record =
	    sheet_add(s, WARM_USER, version_page(v, row)->id[row % ROSTER_PAGE_ROWS]);
	size_t before = s->data.len;

	record_user(v, row, &s->data);
	record->len = s->data.len - before;
}

static void
sheet_group(struct sheet *s, const struct group *g)
{
	struct warm_record *record = sheet_add(s, WARM_GROUP, g->id);
	size_t before = s->data.len;

	record_group(g, &s->data);
	record->len = s->data.len - before;
}

static void
sheet_places(struct sheet *s, const struct roster_version *v)
{
	unsigned char id[FEED_ID_SIZE];

	for (uint32_t i = 0; i < v->places->count; i++) {
		struct warm_record *record;
		size_t before = s->data.len;

		record_place_id(i, id);
		record = sheet_add(s, WARM_PLACE, id);
		if (v->places->items[i].used)
			record_place(v, i, &s->data);
		record->len = s->data.len - before;
	}
}

static bool
sheet_save(
    struct roster_keep *k, struct sheet *s, const void *cookie, size_t cookie_len, struct fault *f)
{
	bool saved = false;

	for (size_t i = 0, at = 0; i < s->count; at += s->records[i++].len)
		s->records[i].data = s->records[i].len > 0 ? s->data.data + at : NULL;
	if (buf_failed(&s->data))
		fault_set(f, ERR_UNAVAILABLE, "%s: too much at once", k->r->conf.warm_path);
	else
		saved = warm_save(k->warm, s->records, s->count, cookie, cookie_len, f);
	s->count = 0;
	buf_reset(&s->data);
	return saved;
}

/* Everything, in the order of the file's keys, and the cookie with the last part only: what is
 * there before is not taken for anything. */
static bool
save_all(struct roster_keep *k, struct sheet *s, const struct roster_version *v,
    const struct changes *c, struct fault *f)
{
	size_t count;
	uint32_t *rows;
	bool ok = warm_reset(k->warm, f);

	sheet_places(s, v);
	for (size_t i = 0; i < v->groups->count; i++)
		if (v->groups->items[i] != NULL)
			sheet_group(s, v->groups->items[i]);
	rows = rows_by_id(k->r, v, &count);
	for (size_t i = 0; ok && i < count; i++) {
		if (!row_is_invitation(v, rows[i]))
			sheet_user(s, v, rows[i]);
		if (s->count >= KEEP_ROWS)
			ok = !atomic_load(&k->stopping) && sheet_save(k, s, NULL, 0, f);
	}
	block_free(k->r, rows);
	return ok && sheet_save(k, s, c->cookie, c->cookie_len, f);
}

static int
row_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
id_compare(const void *a, const void *b)
{
	return memcmp(a, b, FEED_ID_SIZE);
}

/* Each once, however often it changed; those that are no more are deleted. */
static void
sheet_changed_groups(struct sheet *s, const struct roster_version *v, struct feed_id_list *ids)
{
	size_t count = 0;
	bool *found;

	if (ids->count == 0)
		return;
	qsort(ids->ids, ids->count, FEED_ID_SIZE, id_compare);
	for (size_t i = 0; i < ids->count; i++)
		if (i == 0 || !id_equal(ids->ids[i], ids->ids[count - 1]))
			memmove(ids->ids[count++], ids->ids[i], FEED_ID_SIZE);
	found = mem_array(count, sizeof(*found));
	for (size_t i = 0; i < v->groups->count; i++) {
		const struct group *g = v->groups->items[i];
		const unsigned char(*id)[FEED_ID_SIZE] = NULL;

		if (g != NULL)
			id = bsearch(g->id, ids->ids, count, FEED_ID_SIZE, id_compare);
		if (id != NULL) {
			found[id - ids->ids] = true;
			sheet_group(s, g);
		}
	}
	for (size_t i = 0; i < count; i++)
		if (!found[i])
			sheet_add(s, WARM_GROUP, ids->ids[i]);
	free(found);
}

/* Deletions first: an id may have gone and come back in another row. */
static bool
save_changes(struct roster_keep *k, struct sheet *s, const struct roster_version *v,
    struct changes *c, struct fault *f)
{
	for (size_t i = 0; i < c->removed.count; i++)
		sheet_add(s, WARM_USER, c->removed.ids[i]);
	sheet_changed_groups(s, v, &c->groups);
	if (c->places)
		sheet_places(s, v);
	if (c->rows.count > 0)
		qsort(c->rows.rows, c->rows.count, sizeof(*c->rows.rows), row_compare);
	for (size_t i = 0; i < c->rows.count; i++) {
		uint32_t row = c->rows.rows[i];

		if ((i == 0 || row != c->rows.rows[i - 1]) && row_is_live(v, row) &&
		    !row_is_invitation(v, row))
			sheet_user(s, v, row);
	}
	return sheet_save(k, s, c->cookie, c->cookie_len, f);
}

struct save_job {
	struct roster_keep *k;
	struct changes changes;
	bool failed;
	struct fault fault;
};

static void
save_run(void *job, void *context)
{
	struct save_job *j = job;
	struct roster_keep *k = j->k;
	struct sheet s = { 0 };
	struct roster_version *v;
	bool saved;

	(void)context;
	pthread_mutex_lock(&k->lock);
	j->changes = k->next;
	k->next.rows = (struct row_list){ 0 };
	k->next.removed = k->next.groups = (struct feed_id_list){ 0 };
	k->next.all = k->next.places = k->next.due = false;
	v = version_hold_too(k->r, k->version);
	pthread_mutex_unlock(&k->lock);
	buf_init(&s.data, KEEP_BYTES);
	saved = j->changes.all ? save_all(k, &s, v, &j->changes, &j->fault)
			       : save_changes(k, &s, v, &j->changes, &j->fault);
	if (saved)
		atomic_store_explicit(&k->r->kept, v->number, memory_order_relaxed);
	version_release(k->r, v);
	changes_release(k->r, &j->changes);
	buf_release(&s.data);
	free(s.records);
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
