/* Everything is read from the warm file.
 *
 * Two threads share the work: one steps through the table and copies what it finds into batches,
 * the caller's opens the seals and runs the callback. Between them is a ring of batches. When all
 * of them are full the reader does not wait: it opens seals itself, so that a caller with much to
 * do for each record has help and one with little is not held up. */
#include "roster/roster_warm_private.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	LOAD_BATCHES = 6,
	LOAD_BYTES = 256 * 1024, /* of a batch: sealed and open side by side fit into a cache */
	LOAD_RECORDS = 1024
};

struct load_record {
	enum warm_kind kind;
	unsigned char id[FEED_ID_SIZE];
	size_t at, len, plain_len;
};

enum load_stage {
	LOAD_EMPTY,   /* the reader may fill it */
	LOAD_SEALED,  /* full; whoever comes first opens it */
	LOAD_OPENING, /* by the reader */
	LOAD_OPEN,
	LOAD_TAKEN /* by the caller */
};

struct load_batch {
	enum load_stage stage;
	unsigned char *sealed, *plain;
	size_t size, used, count;
	bool is_damaged; /* behind `count` */
	struct fault fault;
	struct load_record records[LOAD_RECORDS];
};

struct load {
	struct warm *w;
	pthread_t reader;

	/* The reader's own, while it runs. */
	size_t filling; /* batches before it were handed over */
	struct fault fault;
	enum err code;

	pthread_mutex_t lock; /* guards the stages and what follows */
	pthread_cond_t changed;
	bool is_over;	 /* no more batches come */
	bool is_stopped; /* nobody wants them */

	struct load_batch batches[LOAD_BATCHES];
};

/* ---- either thread ---- */

static void
batch_open(const struct warm *w, struct load_batch *b)
{
	unsigned char name[WARM_NAME_SIZE];

	for (size_t i = 0; i < b->count; i++) {
		struct load_record *r = &b->records[i];

		warm_name_of(w->state.epoch, r->kind, r->id, name);
		if (seal_open(w->seal, name, sizeof(name), b->sealed + r->at, r->len,
			b->plain + r->at, &r->plain_len, &b->fault) != ERR_OK) {
			b->is_damaged = true;
			b->count = i;
		}
	}
}

static void
load_enter(struct load *l, struct load_batch *b, enum load_stage stage)
{
	b->stage = stage;
	pthread_cond_signal(&l->changed);
}

/* ---- the reader ---- */

/* The one that the caller comes to last. NULL: none is left. */
static struct load_batch *
load_find_sealed(struct load *l)
{
	for (size_t back = 1; back <= LOAD_BATCHES && back <= l->filling; back++) {
		struct load_batch *b = &l->batches[(l->filling - back) % LOAD_BATCHES];

		if (b->stage == LOAD_SEALED)
			return b;
	}
	return NULL;
}

/* False: stopped. */
static bool
load_await_empty(struct load *l)
{
	const struct load_batch *next = &l->batches[l->filling % LOAD_BATCHES];

	while (next->stage != LOAD_EMPTY && !l->is_stopped) {
		struct load_batch *b = load_find_sealed(l);

		if (b == NULL) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		b->stage = LOAD_OPENING;
		pthread_mutex_unlock(&l->lock);
		batch_open(l->w, b);
		pthread_mutex_lock(&l->lock);
		load_enter(l, b, LOAD_OPEN);
	}
	return !l->is_stopped;
}

static bool
load_hand_over(struct load *l)
{
	bool goes_on;

	pthread_mutex_lock(&l->lock);
	load_enter(l, &l->batches[l->filling++ % LOAD_BATCHES], LOAD_SEALED);
	goes_on = load_await_empty(l);
	pthread_mutex_unlock(&l->lock);
	return goes_on;
}

static void
batch_make_room(struct load_batch *b, size_t len)
{
	if (b->used + len <= b->size)
		return;
	assert(b->count == 0); /* nothing in it has to be kept */
	free(b->sealed);
	free(b->plain);
	b->size = len > LOAD_BYTES ? len : LOAD_BYTES;
	b->sealed = mem_alloc(b->size);
	b->plain = mem_alloc(b->size);
}

static bool
load_add(struct load *l, enum warm_kind kind, sqlite3_stmt *s)
{
	const void *id = sqlite3_column_blob(s, 0), *value = sqlite3_column_blob(s, 1);
	const size_t id_len = (size_t)sqlite3_column_bytes(s, 0);
	const size_t len = (size_t)sqlite3_column_bytes(s, 1);
	struct load_batch *b = &l->batches[l->filling % LOAD_BATCHES];
	struct load_record *r;

	if (id_len != FEED_ID_SIZE || len < SEAL_OVERHEAD) {
		l->code = fault_set(&l->fault, ERR_CORRUPT, "%s: a record is not ours", l->w->path);
		return false;
	}
	if (b->count == LOAD_RECORDS || (b->count > 0 && b->used + len > b->size)) {
		if (!load_hand_over(l))
			return false;
		b = &l->batches[l->filling % LOAD_BATCHES];
	}
	batch_make_room(b, len);
	r = &b->records[b->count++];
	r->kind = kind;
	memcpy(r->id, id, FEED_ID_SIZE);
	r->at = b->used;
	r->len = len;
	memcpy(b->sealed + r->at, value, len);
	b->used += len;
	return true;
}

static bool
load_read_kind(struct load *l, enum warm_kind kind, sqlite3_stmt *s)
{
	int rc;

	sqlite3_reset(s);
	sqlite3_bind_int(s, 1, (int)kind);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		if (!load_add(l, kind, s))
			return false;
	if (rc != SQLITE_DONE)
		l->code = warm_db_fault(l->w, rc, "read", &l->fault);
	return rc == SQLITE_DONE;
}

static void
load_read(struct load *l)
{
	static const enum warm_kind order[] = { WARM_PLACE, WARM_GROUP, WARM_PAGE, WARM_USER,
		WARM_ORDER };
	sqlite3_stmt *s;
	bool goes_on = true;
	int rc = sqlite3_prepare_v2(
	    l->w->handle, "SELECT id, value FROM record WHERE kind = ?1 ORDER BY id", -1, &s, NULL);

	if (rc != SQLITE_OK) {
		l->code = warm_db_fault(l->w, rc, "read", &l->fault);
		return;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && goes_on; i++)
		goes_on = load_read_kind(l, order[i], s);
	sqlite3_finalize(s);
}

static void *
load_main(void *arg)
{
	struct load *l = arg;

	pthread_setname_np(pthread_self(), "roster-load");
	load_read(l);
	pthread_mutex_lock(&l->lock);
	load_enter(l, &l->batches[l->filling % LOAD_BATCHES], LOAD_SEALED);
	l->is_over = true;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- the caller ---- */

/* The batch, open and ours; NULL at the end. */
static struct load_batch *
load_take(struct load *l, size_t n)
{
	struct load_batch *b = &l->batches[n % LOAD_BATCHES];
	enum load_stage stage;

	pthread_mutex_lock(&l->lock);
	while (b->stage == LOAD_OPENING || (b->stage == LOAD_EMPTY && !l->is_over))
		pthread_cond_wait(&l->changed, &l->lock);
	stage = b->stage;
	if (stage != LOAD_EMPTY)
		b->stage = LOAD_TAKEN;
	pthread_mutex_unlock(&l->lock);
	if (stage == LOAD_SEALED)
		batch_open(l->w, b);
	return stage != LOAD_EMPTY ? b : NULL;
}

static void
load_give_back(struct load *l, struct load_batch *b)
{
	b->used = b->count = 0;
	pthread_mutex_lock(&l->lock);
	load_enter(l, b, LOAD_EMPTY);
	pthread_mutex_unlock(&l->lock);
}

static bool
load_tell(struct load *l, const struct load_batch *b, warm_load_cb *cb, void *arg, struct fault *f)
{
	for (size_t i = 0; i < b->count; i++) {
		struct warm_record record = { .kind = b->records[i].kind,
			.data = b->plain + b->records[i].at,
			.len = b->records[i].plain_len };

		memcpy(record.id, b->records[i].id, FEED_ID_SIZE);
		if (!cb(arg, &record)) {
			fault_set(f, ERR_CORRUPT, "%s: a record says nothing", l->w->path);
			return false;
		}
	}
	if (b->is_damaged)
		fault_set(f, ERR_CORRUPT, "%s: %s", l->w->path, b->fault.text);
	return !b->is_damaged;
}

/* All batches, one after the other; `*told` counts records. */
static bool
load_run(struct load *l, warm_load_cb *cb, void *arg, uint64_t *told, struct fault *f)
{
	struct load_batch *b;
	bool goes_on = true;

	for (size_t n = 0; goes_on && (b = load_take(l, n)) != NULL; n++) {
		goes_on = load_tell(l, b, cb, arg, f);
		*told += b->count;
		load_give_back(l, b);
	}
	pthread_mutex_lock(&l->lock);
	l->is_stopped = true;
	pthread_cond_signal(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return goes_on;
}

/* A signal's handler belongs to other threads. */
static void
load_begin(struct load *l)
{
	sigset_t all, old;

	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&l->reader, NULL, load_main, l) != 0)
		mem_exhausted();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
load_free(struct load *l)
{
	for (size_t i = 0; i < LOAD_BATCHES; i++) {
		free(l->batches[i].sealed);
		free(l->batches[i].plain);
	}
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* Rows that somebody has taken out leave no other trace than their number. */
bool
warm_load(
    struct warm *w, warm_load_cb *cb, void *arg, void *cookie, size_t *cookie_len, struct fault *f)
{
	struct load *l;
	uint64_t told = 0;
	bool good;

	if (w->handle == NULL) {
		fault_set(f, ERR_UNAVAILABLE, "%s was dropped", w->path);
		return false;
	}
	l = mem_alloc(sizeof(*l));
	l->w = w;
	load_begin(l);
	good = load_run(l, cb, arg, &told, f);
	pthread_join(l->reader, NULL);
	if (good && l->code != ERR_OK) {
		fault_set(f, l->code, "%s", l->fault.text);
		good = false;
	} else if (good && told != w->state.records) {
		fault_set(f, ERR_CORRUPT, "%s: of %llu records there are %llu", w->path,
		    (unsigned long long)w->state.records, (unsigned long long)told);
		good = false;
	}
	load_free(l);
	if (!good)
		return false;
	memcpy(cookie, w->state.cookie, w->state.cookie_len);
	*cookie_len = w->state.cookie_len;
	return true;
}
