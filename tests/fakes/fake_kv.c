#include "fake_kv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_kv {
	struct kv kv;
	struct loop *loop;
	struct kv *inner;
	int calls_to_fault;
	enum fake_kv_fault fault;
	bool stays;
	int unread, refused; /* behind it */
	size_t asked, written;
	bool holds; /* the next get */
	struct held_get {
		char key[KV_KEY_MAX];
		size_t len;
		kv_get_cb *cb; /* NULL: none is held back */
		void *arg;
	} held;
};

/* A transaction whose true answer is replaced. */
struct replaced {
	struct loop *loop;
	kv_txn_cb *cb; /* NULL: nobody is told */
	void *arg;
	enum err code;
};

static void
replaced_fire(void *arg)
{
	struct replaced r = *(struct replaced *)arg;
	struct fault f = { .text = "" };

	free(arg);
	if (r.cb == NULL)
		return;
	fault_set(&f, r.code, "injected");
	r.cb(r.arg, r.code, &(struct kv_txn_result){ .revision = 0 }, &f);
}

static void
replaced_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	(void)code, (void)result, (void)f;
	replaced_fire(arg);
}

struct unread {
	kv_get_cb *cb;
	void *arg;
};

static void
unread_fire(void *arg)
{
	struct unread u = *(struct unread *)arg;
	struct fault f;

	free(arg);
	fault_set(&f, ERR_UNAVAILABLE, "injected");
	u.cb(u.arg, ERR_UNAVAILABLE, NULL, &f);
}

static struct kv_op *
fake_get(struct kv *kv, struct kv_bytes key, kv_get_cb *cb, void *arg)
{
	struct fake_kv *k = (struct fake_kv *)kv;

	k->asked++;
	if (k->fault == FAKE_KV_REFUSE && k->unread > 0) {
		struct unread *u = mem_alloc(sizeof(*u));

		k->unread--;
		*u = (struct unread){ cb, arg };
		loop_defer(k->loop, unread_fire, u);
		return NULL;
	}
	if (!k->holds)
		return kv_get(k->inner, key, cb, arg);
	k->holds = false;
	k->held = (struct held_get){ .len = key.len, .cb = cb, .arg = arg };
	memcpy(k->held.key, key.data, key.len);
	return NULL;
}

static struct kv_op *
fake_range(struct kv *kv, struct kv_bytes prefix, struct kv_bytes after, size_t limit,
    kv_range_cb *cb, void *arg)
{
	struct fake_kv *k = (struct fake_kv *)kv;

	k->asked += limit;
	return kv_range(k->inner, prefix, after, limit, cb, arg);
}

static struct kv_op *
fake_range_back(struct kv *kv, struct kv_bytes prefix, struct kv_bytes before, size_t limit,
    kv_range_cb *cb, void *arg)
{
	struct fake_kv *k = (struct fake_kv *)kv;

	k->asked += limit;
	return kv_range_back(k->inner, prefix, before, limit, cb, arg);
}

static struct kv_op *
fake_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg)
{
	struct fake_kv *k = (struct fake_kv *)kv;
	struct replaced *r;

	k->written++;
	if (k->calls_to_fault <= 0 || --k->calls_to_fault > 0)
		return kv_txn(k->inner, txn, cb, arg);
	if (k->stays)
		k->calls_to_fault = 1;
	r = mem_alloc(sizeof(*r));
	*r = (struct replaced){ .loop = k->loop,
		.cb = k->fault == FAKE_KV_SILENT ? NULL : cb,
		.arg = arg,
		.code = k->fault == FAKE_KV_REFUSE     ? ERR_UNAVAILABLE
			: k->fault == FAKE_KV_CONFLICT ? ERR_CONFLICT
						       : ERR_UNKNOWN };
	if (k->fault == FAKE_KV_LOSE_REPLY || k->fault == FAKE_KV_SILENT)
		kv_txn(k->inner, txn, replaced_on_txn, r);
	else
		loop_defer(k->loop, replaced_fire, r);
	if (k->refused > 0) {
		k->refused--;
		k->fault = FAKE_KV_REFUSE;
		k->calls_to_fault = 1;
	}
	return NULL;
}

static void
fake_cancel(struct kv_op *op)
{
	kv_cancel(op);
}

static struct kv_watch *
fake_watch(struct kv *kv, struct kv_bytes prefix, uint64_t from, kv_watch_cb *cb, void *arg)
{
	return kv_watch(((struct fake_kv *)kv)->inner, prefix, from, cb, arg);
}

static bool
fake_is_healthy(struct kv *kv, struct fault *f)
{
	return kv_is_healthy(((struct fake_kv *)kv)->inner, f);
}

static void
fake_close(struct kv *kv)
{
	free(kv);
}

static const struct kv_ops fake_kv_ops = {
	.name = "fake",
	.get = fake_get,
	.range = fake_range,
	.range_back = fake_range_back,
	.txn = fake_txn,
	.cancel = fake_cancel,
	.watch = fake_watch,
	.watch_stop = kv_watch_stop,
	.is_healthy = fake_is_healthy,
	.close = fake_close,
};

struct kv *
fake_kv_new(struct loop *l, struct kv *inner)
{
	struct fake_kv *k = mem_alloc(sizeof(*k));

	k->kv.ops = &fake_kv_ops;
	k->loop = l;
	k->inner = inner;
	return &k->kv;
}

void
fake_kv_fail(struct kv *kv, int nth, enum fake_kv_fault fault)
{
	struct fake_kv *k = (struct fake_kv *)kv;

	k->calls_to_fault = nth;
	k->fault = fault;
	k->stays = false;
	k->unread = k->refused = 0;
}

void
fake_kv_fail_in_row(struct kv *kv, int nth, int unread, int refused)
{
	struct fake_kv *k = (struct fake_kv *)kv;

	fake_kv_fail(kv, nth, FAKE_KV_LOSE_REPLY);
	k->unread = unread;
	k->refused = refused;
}

void
fake_kv_fail_from(struct kv *kv, int nth, enum fake_kv_fault fault)
{
	fake_kv_fail(kv, nth, fault);
	((struct fake_kv *)kv)->stays = true;
}

bool
fake_kv_failed(const struct kv *kv)
{
	const struct fake_kv *k = (const struct fake_kv *)kv;

	return k->fault != FAKE_KV_FINE && k->calls_to_fault <= 0;
}

size_t
fake_kv_asked(const struct kv *kv)
{
	return ((const struct fake_kv *)kv)->asked;
}

void
fake_kv_hold(struct kv *kv)
{
	((struct fake_kv *)kv)->holds = true;
}

bool
fake_kv_has_held(const struct kv *kv)
{
	return ((const struct fake_kv *)kv)->held.cb != NULL;
}

void
fake_kv_let_go(struct kv *kv)
{
	struct fake_kv *k = (struct fake_kv *)kv;
	struct held_get held = k->held;

	k->held.cb = NULL;
	kv_get(k->inner, (struct kv_bytes){ held.key, held.len }, held.cb, held.arg);
}

size_t
fake_kv_written(const struct kv *kv)
{
	return ((const struct fake_kv *)kv)->written;
}
