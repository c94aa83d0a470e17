#include "store/kv_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* What is on its way back to the loop. */
struct kv_told {
	struct kv_front *front;
	struct kv_op *op; /* or NULL */
	bool knows_health, gap;
	struct fault health;
};

static void kv_front_on_deadline(void *arg);

static struct kv_front *
front_of(struct kv *kv)
{
	return (struct kv_front *)kv;
}

void
kv_front_init(struct kv_front *front, const struct kv_ops *ops, const struct kv_engine *engine,
    struct loop *l)
{
	front->kv.ops = ops;
	front->loop = l;
	front->engine = engine;
	TAILQ_INIT(&front->live);
	TAILQ_INIT(&front->watches);
	front->deadline = loop_timer_new(l, kv_front_on_deadline, front);
}

/* ---- starting ---- */

static enum err
kv_front_refuse(const struct kv_front *front, const struct kv_op *op, struct fault *f)
{
	if (op->key.len > KV_KEY_MAX || op->after.len > KV_KEY_MAX)
		return fault_set(f, ERR_TOO_LARGE, "a key is longer than %d bytes", KV_KEY_MAX);
	if (op->txn.compare_count > KV_TXN_MAX || op->txn.write_count > KV_TXN_MAX)
		return fault_set(f, ERR_TOO_LARGE,
		    "a transaction has more than %d compares or writes", KV_TXN_MAX);
	for (size_t i = 0; i < op->txn.compare_count; i++)
		if (op->txn.compares[i].key.len > KV_KEY_MAX)
			return fault_set(
			    f, ERR_TOO_LARGE, "a key is longer than %d bytes", KV_KEY_MAX);
	for (size_t i = 0; i < op->txn.write_count; i++) {
		if (op->txn.writes[i].key.len > KV_KEY_MAX)
			return fault_set(
			    f, ERR_TOO_LARGE, "a key is longer than %d bytes", KV_KEY_MAX);
		if (op->txn.writes[i].value.len > KV_VALUE_MAX)
			return fault_set(
			    f, ERR_TOO_LARGE, "a value is longer than %d bytes", KV_VALUE_MAX);
	}
	if (front->op_count > KV_QUEUE_MAX || front->op_bytes > KV_QUEUE_BYTES_MAX)
		return fault_set(f, ERR_BUSY, "%zu operations wait for the store, try again later",
		    front->op_count - 1);
	return ERR_OK;
}

static struct kv_op *
kv_front_start(struct kv_front *front, struct kv_op *op)
{
	struct kv_op_list refused = TAILQ_HEAD_INITIALIZER(refused);
	bool first = TAILQ_EMPTY(&front->live);
	struct fault f;

	assert(!front->closed);
	op->front = front;
	op->waiting = true;
	op->deadline = clock_mono_ms(&clock_system) + KV_DEADLINE_MS;
	TAILQ_INSERT_TAIL(&front->live, op, live);
	front->op_count++;
	front->op_bytes += op->size;
	if (first)
		loop_timer_set(front->deadline, KV_DEADLINE_MS);
	if (kv_front_refuse(front, op, &f) != ERR_OK) {
		kv_op_fail(op, &f);
		TAILQ_INSERT_TAIL(&refused, op, link);
		kv_front_post(front, &refused, NULL);
	} else
		front->engine->submit(front, op);
	return op;
}

struct kv_op *
kv_front_get(struct kv *kv, struct kv_bytes key, kv_get_cb *cb, void *arg)
{
	struct kv_op *op = kv_op_new(KV_GET, key, (struct kv_bytes){ 0 });

	op->cb.get = cb;
	op->arg = arg;
	return kv_front_start(front_of(kv), op);
}

static struct kv_op *
kv_front_start_range(struct kv *kv, struct kv_bytes prefix, struct kv_bytes bound, bool back,
    size_t limit, kv_range_cb *cb, void *arg)
{
	struct kv_op *op = kv_op_new(KV_RANGE, prefix, bound);

	op->back = back;
	op->limit = limit;
	op->cb.range = cb;
	op->arg = arg;
	return kv_front_start(front_of(kv), op);
}

struct kv_op *
kv_front_range(struct kv *kv, struct kv_bytes prefix, struct kv_bytes after, size_t limit,
    kv_range_cb *cb, void *arg)
{
	return kv_front_start_range(kv, prefix, after, false, limit, cb, arg);
}

struct kv_op *
kv_front_range_back(struct kv *kv, struct kv_bytes prefix, struct kv_bytes before, size_t limit,
    kv_range_cb *cb, void *arg)
{
	return kv_front_start_range(kv, prefix, before, true, limit, cb, arg);
}

struct kv_op *
kv_front_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg)
{
	struct kv_op *op = kv_op_new_txn(txn);

	op->cb.txn = cb;
	op->arg = arg;
	return kv_front_start(front_of(kv), op);
}

/* Nobody waits for it any more. */
static void
kv_front_forget(struct kv_op *op)
{
	if (!op->waiting)
		return;
	op->waiting = false;
	TAILQ_REMOVE(&op->front->live, op, live);
}

void
kv_front_cancel(struct kv_op *op)
{
	assert(op->waiting);
	kv_front_forget(op);
}

/* ---- watches ---- */

struct kv_watch *
kv_front_watch(struct kv *kv, struct kv_bytes prefix, uint64_t from, kv_watch_cb *cb, void *arg)
{
	struct kv_front *front = front_of(kv);
	struct kv_watch *w = mem_alloc(sizeof(*w) + prefix.len + 1);
	struct kv_op *op = kv_op_new(KV_WATCH, prefix, (struct kv_bytes){ 0 });

	w->front = front;
	w->from = op->from = from;
	w->cb = cb;
	w->arg = arg;
	if (prefix.len > 0)
		memcpy(w + 1, prefix.data, prefix.len);
	w->prefix = (struct kv_bytes){ w + 1, prefix.len };
	w->starting = op;
	op->cb.watch = w;
	TAILQ_INSERT_TAIL(&front->watches, w, link);
	kv_front_start(front, op);
	return w;
}

static void
kv_front_sweep_watches(struct kv_front *front)
{
	struct kv_watch *w, *next;

	if (front->delivering)
		return;
	LIST_EACH_SAFE(w, &front->watches, link, next)
	if (w->stopped) {
		TAILQ_REMOVE(&front->watches, w, link);
		free(w);
	}
}

/* `w` is not used any more; it stays in the list while somebody walks that. */
static void
kv_front_end_watch(struct kv_watch *w)
{
	w->stopped = true;
	if (w->starting != NULL) {
		kv_front_forget(w->starting);
		w->starting = NULL;
	}
}

void
kv_front_watch_stop(struct kv_watch *w)
{
	kv_front_end_watch(w);
	kv_front_sweep_watches(w->front);
}

/* Tells every change to whom it concerns. Callbacks may stop watches, start some, or close the
 * store. */
static void
kv_front_deliver(struct kv_front *front, const struct kv_op *op)
{
	struct kv_watch *w;

	front->delivering = true;
	for (size_t i = 0; i < op->change_count; i++)
		for (w = TAILQ_FIRST(&front->watches); w != NULL; w = TAILQ_NEXT(w, link)) {
			const struct kv_item *change = &op->changes[i];

			if (w->stopped || w->starting != NULL || change->modified < w->from ||
			    !kv_has_prefix(change->key, w->prefix))
				continue;
			w->cb(w->arg, ERR_OK, change, NULL);
			if (front->closed)
				return;
		}
	front->delivering = false;
	kv_front_sweep_watches(front);
}

/* The watch knows what happened before; from now on every transaction is told to it. */
static void
kv_front_begin_watch(struct kv_front *front, struct kv_watch *w, const struct kv_op *op)
{
	w->starting = NULL;
	front->delivering = true;
	if (op->code != ERR_OK) {
		w->stopped = true;
		w->cb(w->arg, op->code, NULL, &op->fault);
	}
	for (size_t i = 0; i < op->count && !w->stopped && !front->closed; i++)
		w->cb(w->arg, ERR_OK, &op->items[i], NULL);
	if (front->closed)
		return;
	if (w->from <= op->revision)
		w->from = op->revision + 1;
	front->delivering = false;
	kv_front_sweep_watches(front);
}

/* Watches that are starting will read what there is; the others have missed something. */
static void
kv_front_end_watches(struct kv_front *front)
{
	struct kv_watch *w;
	struct fault f;

	fault_set(&f, ERR_EXPIRED, "changes were missed while the store was away: list again");
	front->delivering = true;
	for (w = TAILQ_FIRST(&front->watches); w != NULL; w = TAILQ_NEXT(w, link)) {
		if (w->stopped || w->starting != NULL)
			continue;
		w->stopped = true;
		w->cb(w->arg, f.code, NULL, &f);
		if (front->closed)
			return;
	}
	front->delivering = false;
	kv_front_sweep_watches(front);
}

/* ---- coming back ---- */

static void
kv_front_answer_txn(const struct kv_op *op)
{
	struct kv_txn_result result = { .revision = op->revision };

	if (op->code == ERR_CONFLICT) {
		result.current = op->items;
		result.current_count = op->count;
	}
	op->cb.txn(op->arg, op->code, &result, op->code == ERR_OK ? NULL : &op->fault);
}

/* Runs the callback, if somebody waits, and what follows from a committed transaction. */
static void
kv_front_answer(struct kv_front *front, struct kv_op *op)
{
	const struct fault *f = op->code == ERR_OK ? NULL : &op->fault;
	bool ok = op->code == ERR_OK;

	if (op->waiting) {
		kv_front_forget(op);
		switch (op->kind) {
		case KV_GET:
			op->cb.get(op->arg, op->code, ok ? op->items : NULL, f);
			break;
		case KV_RANGE:
			op->cb.range(
			    op->arg, op->code, op->items, op->count, op->more, op->revision, f);
			break;
		case KV_TXN:
			kv_front_answer_txn(op);
			break;
		case KV_WATCH:
			kv_front_begin_watch(front, op->cb.watch, op);
			break;
		}
	}
	if (ok && op->kind == KV_TXN && !front->closed)
		kv_front_deliver(front, op);
}

static void
kv_front_on_told(void *arg)
{
	struct kv_told *told = arg;
	struct kv_front *front = told->front;
	struct kv_op *op = told->op;

	if (told->knows_health)
		front->health = told->health;
	if (told->gap && !front->closed)
		kv_front_end_watches(front);
	if (op != NULL) {
		front->op_count--;
		front->op_bytes -= op->size;
		kv_front_answer(front, op);
		kv_op_free(op);
	}
	if (!front->closed && TAILQ_EMPTY(&front->live))
		loop_timer_stop(front->deadline);
	free(told);
}

/* Many operations can share a commit, and the loop has others to serve between their callbacks:
 * each takes as long as reading what was stored, and begins the next thing. */
void
kv_front_post(struct kv_front *front, struct kv_op_list *done, const struct fault *health)
{
	do {
		struct kv_told *told = mem_alloc(sizeof(*told));

		told->front = front;
		told->op = TAILQ_FIRST(done);
		if (told->op != NULL)
			TAILQ_REMOVE(done, told->op, link);
		told->knows_health = health != NULL;
		if (health != NULL)
			told->health = *health;
		health = NULL; /* told with the first of them */
		loop_post(front->loop, kv_front_on_told, told);
	} while (!TAILQ_EMPTY(done));
}

void
kv_front_post_gap(struct kv_front *front)
{
	struct kv_told *told = mem_alloc(sizeof(*told));

	told->front = front;
	told->gap = true;
	loop_post(front->loop, kv_front_on_told, told);
}

/* One overdue operation a turn: its callback may do anything. One that the engine has begun with is
 * freed when it comes back; if it commits then, watches are still told. */
static void
kv_front_on_deadline(void *arg)
{
	struct kv_front *front = arg;
	struct kv_op *op = TAILQ_FIRST(&front->live), *next;
	int64_t now = clock_mono_ms(&clock_system);
	struct kv_op late;
	bool mine;

	if (op == NULL)
		return;
	if (op->deadline > now) {
		loop_timer_set(front->deadline, op->deadline - now);
		return;
	}
	next = TAILQ_NEXT(op, live);
	if (next != NULL)
		loop_timer_set(front->deadline, next->deadline > now ? next->deadline - now : 0);
	mine = front->engine->withdraw(front, op);
	fault_set(&front->health, ERR_UNAVAILABLE,
	    "the store has not answered for %d seconds: check its disk", KV_DEADLINE_MS / 1000);
	/* The engine may be writing the outcome of `op`: only the loop's own part is copied. */
	late = (struct kv_op){ .front = front,
		.kind = op->kind,
		.cb = op->cb,
		.arg = op->arg,
		.fault = front->health };
	if (op->kind == KV_TXN && !mine)
		late.fault.code = ERR_UNKNOWN;
	late.code = late.fault.code;
	kv_front_forget(op);
	if (mine) {
		front->op_count--;
		front->op_bytes -= op->size;
		kv_op_free(op);
	}
	late.waiting = true;
	TAILQ_INSERT_HEAD(&front->live, &late, live);
	kv_front_answer(front, &late);
}

/* ---- the rest ---- */

bool
kv_front_is_healthy(struct kv *kv, struct fault *f)
{
	const struct kv_front *front = front_of(kv);

	if (front->health.code == ERR_OK)
		return true;
	if (f != NULL)
		*f = front->health;
	return false;
}

static void
kv_front_free(void *arg)
{
	struct kv_front *front = arg;
	struct kv_watch *w;

	while ((w = TAILQ_FIRST(&front->watches)) != NULL) {
		TAILQ_REMOVE(&front->watches, w, link);
		free(w);
	}
	front->engine->release(front);
}

void
kv_front_close(struct kv_front *front)
{
	struct kv_op *op;

	while ((op = TAILQ_FIRST(&front->live)) != NULL)
		kv_front_forget(op);
	front->closed = true;
	loop_timer_free(front->deadline);
	front->deadline = NULL;
	/* Posts run in order: behind the last that the engine sent. */
	loop_post(front->loop, kv_front_free, front);
}
