/* What the implementations inside this process share: operations as plain values, and the loop's
 * side of their life (callback promise, bounds, deadline, watches).
 *
 * An engine (a thread around SQLite, or a sorted array) gets operations through kv_engine.submit,
 * fills their outcome in the order it got them, and hands them back with kv_front_post(). It sees
 * the request and the outcome of an operation only; the rest belongs to the loop's thread. */
#ifndef USHERD_STORE_KV_PRIVATE_H
#define USHERD_STORE_KV_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"
#include "loop/loop.h"
#include "store/kv.h"

enum {
	KV_QUEUE_MAX = 4096,		/* operations under way; beyond: ERR_BUSY */
	KV_QUEUE_BYTES_MAX = 64 << 20,	/* their keys and values; beyond: ERR_BUSY */
	KV_DEADLINE_MS = 10 * 1000,	/* a disk that hangs must not hang a registration */
	KV_ANSWER_BYTES_MAX = 16 << 20, /* a range is cut here, with `more` set */
	KV_RECENT_MAX = 8192		/* changes remembered for watches that start in the past */
};

enum kv_kind { KV_GET, KV_RANGE, KV_TXN, KV_WATCH };

struct kv_front;

struct kv_op {
	TAILQ_ENTRY(kv_op) link; /* an engine's queue, or a batch of it */

	/* The loop's. */
	TAILQ_ENTRY(kv_op) live;
	struct kv_front *front;
	bool waiting; /* somebody waits for the callback; false once it ran or was cancelled */
	int64_t deadline;
	union {
		kv_get_cb *get;
		kv_range_cb *range;
		kv_txn_cb *txn;
		struct kv_watch *watch;
	} cb;
	void *arg;

	/* The request, never changed once submitted. Keys and values lie behind the struct. */
	enum kv_kind kind;
	size_t size;		    /* bytes of keys and values */
	struct kv_bytes key, after; /* `after`: of a range */
	size_t limit;
	bool back; /* a range that goes down: `after` is what it stays below */
	uint64_t from;
	struct kv_txn txn;

	bool taken; /* an engine with a queue has begun with it */

	/* The outcome, the engine's until posted. */
	enum err code;
	uint64_t revision;
	bool more;
	struct kv_item *items;
	size_t count;
	struct kv_item *changes; /* what a transaction really changed; room for write_count */
	size_t change_count;
	struct arena *arena; /* of the items' bytes */
	size_t answer_bytes;
	struct fault fault;
};

TAILQ_HEAD(kv_op_list, kv_op);

struct kv_watch {
	TAILQ_ENTRY(kv_watch) link;
	struct kv_front *front;
	struct kv_op *starting; /* reads what changed before; until then nothing is told */
	bool stopped;		/* freed once nobody walks the list */
	uint64_t from;
	kv_watch_cb *cb;
	void *arg;
	struct kv_bytes prefix; /* behind the struct */
};

TAILQ_HEAD(kv_watch_list, kv_watch);

struct kv_engine {
	void (*submit)(struct kv_front *, struct kv_op *); /* takes the operation */
	/* True when the engine had not begun with it: it is the loop's again and nothing happened.
	 */
	bool (*withdraw)(struct kv_front *, struct kv_op *);
	void (*release)(
	    struct kv_front *); /* the very last call: frees the object around the front */
};

/* Every object of these implementations begins with this. */
struct kv_front {
	struct kv kv;
	struct loop *loop;
	const struct kv_engine *engine;
	struct kv_op_list live; /* in the order of their deadlines */
	struct kv_watch_list watches;
	struct loop_timer *deadline;
	size_t op_count, op_bytes;
	bool delivering, closed;
	struct fault health; /* code ERR_OK: the last write could be made */
};

void kv_front_init(struct kv_front *front, const struct kv_ops *ops, const struct kv_engine *engine,
    struct loop *l);
/* Cancels everything; `release` is called by the loop once nothing is on its way any more. */
void kv_front_close(struct kv_front *front);

/* From any thread. Takes the operations of `done` (leaves it empty). `health` is copied; code
 * ERR_OK means that writing works; NULL says nothing about it. */
void kv_front_post(struct kv_front *front, struct kv_op_list *done, const struct fault *health);

/* From any thread: changes happened that will never be told. Ends every watch with ERR_EXPIRED. */
void kv_front_post_gap(struct kv_front *front);

/* The members of struct kv_ops that do not differ. */
struct kv_op *kv_front_get(struct kv *, struct kv_bytes key, kv_get_cb *, void *arg);
struct kv_op *kv_front_range(struct kv *, struct kv_bytes prefix, struct kv_bytes after,
    size_t limit, kv_range_cb *, void *arg);
struct kv_op *kv_front_range_back(struct kv *, struct kv_bytes prefix, struct kv_bytes before,
    size_t limit, kv_range_cb *, void *arg);
struct kv_op *kv_front_txn(struct kv *, const struct kv_txn *, kv_txn_cb *, void *arg);
void kv_front_cancel(struct kv_op *);
struct kv_watch *kv_front_watch(
    struct kv *, struct kv_bytes prefix, uint64_t from, kv_watch_cb *, void *arg);
void kv_front_watch_stop(struct kv_watch *);
bool kv_front_is_healthy(struct kv *, struct fault *);

/* One allocation with copies of everything asked for. The request's bytes are not bounded here. */
struct kv_op *kv_op_new(enum kv_kind kind, struct kv_bytes key, struct kv_bytes after);
struct kv_op *kv_op_new_txn(const struct kv_txn *txn);
void kv_op_free(struct kv_op *op);

/* For engines: append to the outcome, copying the bytes. */
void kv_op_add_item(struct kv_op *op, const struct kv_item *item);
/* Fill in what a key found by kv_recent_list() holds now (its own `modified` stays its last
 * change). */
void kv_op_set_value(struct kv_op *op, size_t i, const struct kv_item *now);
void kv_op_clear_outcome(struct kv_op *op); /* before it is carried out once more */

void kv_op_fail(struct kv_op *op, const struct fault *f);
void kv_op_add_change(struct kv_op *op, const struct kv_write *write, uint64_t created);

bool kv_has_prefix(struct kv_bytes key, struct kv_bytes prefix);
int kv_compare_bytes(struct kv_bytes a, struct kv_bytes b); /* as memcmp; a prefix sorts first */
/* The first byte string behind all that begin with `prefix`, behind every key when there is none;
 * it may be in `room`. */
struct kv_bytes kv_upper_bound(struct kv_bytes prefix, unsigned char room[KV_KEY_MAX + 1]);

/* The last KV_RECENT_MAX changes, so that a watch may start a little in the past. Owned by one
 * thread. */
struct kv_recent;
struct kv_recent *kv_recent_new(uint64_t compacted);
void kv_recent_free(struct kv_recent *r);
void kv_recent_add(struct kv_recent *r, const struct kv_op *op); /* a committed transaction */
/* Everything before `revision` is forgotten: the changes since are not known to be complete. */
void kv_recent_reset(struct kv_recent *r, uint64_t revision);
/* The keys under `prefix` changed at `from` or later, each once, in the order of their last change:
 * put into op's outcome without values. ERR_EXPIRED when that is further back than remembered. */
enum err kv_recent_list(const struct kv_recent *r, struct kv_op *op);

#endif
