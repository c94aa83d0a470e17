#include "store/kv.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/kv_sqlite_private.h"

enum {
	IDLE_MS = 500,	 /* without an operation: time to copy the WAL */
	PROBE_MS = 1000, /* how often a store that failed tries to write again */
	REOPEN_MS = 200	 /* the least time between two attempts, whatever is asked of it */
};

struct sqlite_kv {
	struct kv_front front; /* first; the loop's */
	pthread_t thread;
	int lock_fd;
	_Atomic uint64_t bytes; /* of the files; counted by the thread, read by the loop */

	pthread_mutex_t lock; /* guards what follows, up to the next blank line */
	pthread_cond_t filled;
	struct kv_op_list queue;
	bool stopping, asleep;

	/* The thread's. */
	struct sqlite_db db;
	struct kv_recent *recent;
	struct fault health; /* code ERR_OK: the last write succeeded */
	int64_t tried_at;    /* when a connection was last looked for */
	int64_t probe_at;    /* when to try writing again, while it fails */
	uint64_t told;	     /* the revision up to which the loop heard of every change */
	unsigned opened;     /* of the connection that `recent` goes with */
};

/* ---- the store thread ---- */

static struct timespec
sqlite_moment(int64_t mono_ms)
{
	return (struct timespec){ mono_ms / 1000, mono_ms % 1000 * 1000000 };
}

/* When the thread wakes without an operation: to try writing again, or to tidy the WAL up. */
static bool
sqlite_wake_at(const struct sqlite_kv *s, struct timespec *at)
{
	if (s->health.code != ERR_OK)
		*at = sqlite_moment(s->probe_at);
	else if (s->db.wal_pages > SQLITE_WAL_IDLE_PAGES)
		*at = sqlite_moment(clock_mono_ms(&clock_system) + IDLE_MS);
	else
		return false;
	return true;
}

/* Waits for operations and moves up to SQLITE_BATCH_MAX of them to `batch`. It stays empty when
 * there is time for housekeeping; false when the store is to end. */
static bool
sqlite_take(struct sqlite_kv *s, struct kv_op_list *batch)
{
	struct timespec at;
	bool timed = sqlite_wake_at(s, &at), go_on;
	struct kv_op *op;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	s->asleep = true;
	while (TAILQ_EMPTY(&s->queue) && !s->stopping && rc != ETIMEDOUT)
		rc = timed ? pthread_cond_timedwait(&s->filled, &s->lock, &at)
			   : pthread_cond_wait(&s->filled, &s->lock);
	s->asleep = false;
	for (size_t n = 0; n < SQLITE_BATCH_MAX && (op = TAILQ_FIRST(&s->queue)) != NULL; n++) {
		TAILQ_REMOVE(&s->queue, op, link);
		op->taken = true;
		TAILQ_INSERT_TAIL(batch, op, link);
	}
	go_on = !s->stopping || !TAILQ_EMPTY(batch);
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

/* Whether there is a connection; looks for one, but not too often. */
static bool
sqlite_is_connected(struct sqlite_kv *s)
{
	int64_t now = clock_mono_ms(&clock_system);

	if (s->db.handle != NULL)
		return true;
	if (now - s->tried_at < REOPEN_MS)
		return false;
	s->tried_at = now;
	if (sqlite_db_open(&s->db, &s->health) == ERR_OK)
		return true;
	s->health.code = ERR_UNAVAILABLE;
	return false;
}

/* A commit whose fate was unknown shows up with the next connection: what it changed is remembered
 * nowhere, so watches have to begin anew. */
static void
sqlite_remember(struct sqlite_kv *s, const struct kv_op_list *batch)
{
	const struct kv_op *op;

	for (op = TAILQ_FIRST(batch); op != NULL; op = TAILQ_NEXT(op, link))
		if (op->kind == KV_TXN && op->code == ERR_OK) {
			kv_recent_add(s->recent, op);
			s->told = op->revision;
		}
	if (s->db.opened != s->opened) {
		s->opened = s->db.opened;
		kv_recent_reset(s->recent, s->db.revision);
		if (s->told != s->db.revision)
			kv_front_post_gap(&s->front);
		s->told = s->db.revision;
	}
}

/* Once everything before it is committed and remembered. */
static void
sqlite_answer_watches(struct sqlite_kv *s, struct kv_op_list *batch)
{
	struct kv_op *op;

	for (op = TAILQ_FIRST(batch); op != NULL; op = TAILQ_NEXT(op, link))
		if (op->kind == KV_WATCH && op->code == ERR_OK) {
			op->revision = s->db.revision;
			op->code = kv_recent_list(s->recent, op);
			if (op->code == ERR_OK)
				sqlite_db_fill(&s->db, op);
		}
}

static void
sqlite_measure(struct sqlite_kv *s)
{
	atomic_store_explicit(&s->bytes, sqlite_db_bytes(&s->db), memory_order_relaxed);
}

static void
sqlite_run(struct sqlite_kv *s, struct kv_op_list *batch)
{
	struct kv_op_list none = TAILQ_HEAD_INITIALIZER(none);
	struct kv_op *op;
	struct fault f = { .code = ERR_OK };
	bool connected = sqlite_is_connected(s);
	uint64_t before = s->db.revision;

	if (connected) {
		/* What a new connection finds, before what this batch adds to it. */
		sqlite_remember(s, &none);
		sqlite_batch_run(&s->db, batch, &f);
	} else
		for (op = TAILQ_FIRST(batch); op != NULL; op = TAILQ_NEXT(op, link))
			kv_op_fail(op, &s->health);
	if (s->db.handle != NULL) {
		sqlite_remember(s, batch);
		sqlite_answer_watches(s, batch);
	}
	if (f.code != ERR_OK || s->db.revision != before) {
		s->health = f;
		sqlite_measure(s);
	}
	/* A probe writes a page; that it finds room says little about what has just failed. */
	if (f.code != ERR_OK)
		s->probe_at = clock_mono_ms(&clock_system) + PROBE_MS;
	kv_front_post(&s->front, batch, &s->health);
}

static void
sqlite_probe(struct sqlite_kv *s)
{
	struct kv_op_list none = TAILQ_HEAD_INITIALIZER(none);
	struct fault f = { .code = ERR_OK };

	sqlite_db_probe(&s->db, &f);
	s->health = f;
	s->probe_at = clock_mono_ms(&clock_system) + PROBE_MS;
	if (s->db.handle != NULL)
		sqlite_remember(s, &none);
	kv_front_post(&s->front, &none, &s->health);
}

static void *
sqlite_main(void *arg)
{
	struct sqlite_kv *s = arg;
	struct kv_op_list batch = TAILQ_HEAD_INITIALIZER(batch);

	pthread_setname_np(pthread_self(), "store");
	while (sqlite_take(s, &batch)) {
		bool idle = TAILQ_EMPTY(&batch);

		if (!idle)
			sqlite_run(s, &batch);
		/* Reads may keep coming all the time: they prove nothing about writing. */
		if (s->health.code != ERR_OK && clock_mono_ms(&clock_system) >= s->probe_at)
			sqlite_probe(s);
		if (s->db.handle != NULL &&
		    s->db.wal_pages > (idle ? SQLITE_WAL_IDLE_PAGES : SQLITE_WAL_MAX_PAGES)) {
			sqlite_db_checkpoint(&s->db);
			sqlite_measure(s);
		}
	}
	return NULL;
}

/* ---- the loop's side ---- */

static void
sqlite_submit(struct kv_front *front, struct kv_op *op)
{
	struct sqlite_kv *s = (struct sqlite_kv *)front;

	pthread_mutex_lock(&s->lock);
	TAILQ_INSERT_TAIL(&s->queue, op, link);
	if (s->asleep) {
		s->asleep = false;
		pthread_cond_signal(&s->filled);
	}
	pthread_mutex_unlock(&s->lock);
}

static bool
sqlite_withdraw(struct kv_front *front, struct kv_op *op)
{
	struct sqlite_kv *s = (struct sqlite_kv *)front;
	bool mine;

	pthread_mutex_lock(&s->lock);
	mine = !op->taken;
	if (mine)
		TAILQ_REMOVE(&s->queue, op, link);
	pthread_mutex_unlock(&s->lock);
	return mine;
}

static void
sqlite_release(struct kv_front *front)
{
	struct sqlite_kv *s = (struct sqlite_kv *)front;

	kv_recent_free(s->recent);
	if (s->lock_fd != -1)
		close(s->lock_fd);
	free(s->db.path);
	free(s->db.wal_path);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->filled);
	free(s);
}

static void
sqlite_close(struct kv *kv)
{
	struct sqlite_kv *s = (struct sqlite_kv *)kv;
	struct fault f;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->filled);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	/* A WAL whose file was moved away is not copied into whatever stands there now. */
	sqlite_db_close(
	    &s->db, s->db.handle != NULL && sqlite_db_check_place(&s->db, &f) != ERR_OK);
	close(s->lock_fd);
	s->lock_fd = -1;
	kv_front_close(&s->front);
}

static uint64_t
sqlite_bytes(struct kv *kv)
{
	struct sqlite_kv *s = (struct sqlite_kv *)kv;

	return atomic_load_explicit(&s->bytes, memory_order_relaxed);
}

static const struct kv_engine sqlite_engine = { sqlite_submit, sqlite_withdraw, sqlite_release };

static const struct kv_ops kv_sqlite_ops = {
	.name = "sqlite",
	.get = kv_front_get,
	.range = kv_front_range,
	.range_back = kv_front_range_back,
	.txn = kv_front_txn,
	.cancel = kv_front_cancel,
	.watch = kv_front_watch,
	.watch_stop = kv_front_watch_stop,
	.is_healthy = kv_front_is_healthy,
	.bytes = sqlite_bytes,
	.close = sqlite_close,
};

static struct sqlite_kv *
sqlite_new(const char *path)
{
	struct sqlite_kv *s = mem_alloc(sizeof(*s));
	pthread_condattr_t attr;

	s->lock_fd = -1;
	s->db.path = mem_dup_string(path);
	s->db.wal_path = mem_alloc(strlen(path) + sizeof("-wal"));
	stpcpy(stpcpy(s->db.wal_path, path), "-wal");
	TAILQ_INIT(&s->queue);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->filled, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

static void
sqlite_start(struct sqlite_kv *s, struct loop *l)
{
	sigset_t all, old;

	s->recent = kv_recent_new(s->db.revision);
	s->told = s->db.revision;
	s->opened = s->db.opened;
	sqlite_measure(s);
	kv_front_init(&s->front, &kv_sqlite_ops, &sqlite_engine, l);
	/* Signals belong to the loop. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&s->thread, NULL, sqlite_main, s) != 0)
		mem_exhausted();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

enum err
kv_sqlite_open(struct kv **out, struct loop *l, const char *path, struct fault *f)
{
	struct sqlite_kv *s = sqlite_new(path);
	enum err code = sqlite_file_lock(path, &s->lock_fd, f);

	if (code == ERR_OK)
		code = sqlite_file_prepare(path, s->lock_fd, f);
	if (code == ERR_OK)
		code = sqlite_db_open(&s->db, f);
	if (code == ERR_OK)
		code = sqlite_file_mark(path, s->lock_fd, f);
	if (code != ERR_OK) {
		sqlite_db_close(&s->db, true);
		sqlite_release(&s->front);
		return code;
	}
	sqlite_start(s, l);
	*out = &s->front.kv;
	return ERR_OK;
}

const char *
kv_sqlite_library_version(void)
{
	return sqlite3_libversion();
}
