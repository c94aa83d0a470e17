/* The port under the store: ordered keys with etcd's semantics, so that the embedded store and a
 * cluster store cannot differ.
 *
 * Every committed transaction that writes has a revision, one higher than the last. A key knows the
 * revision that created it and the one that last changed it; deleting and putting it again creates
 * it anew. Decide nothing by a read: decide by a transaction's compares.
 *
 * All calls belong to the loop's thread and keep the callback promise: the callback runs exactly
 * once, never before the starting call has returned, never after kv_cancel(), and every operation
 * has a deadline (kv_memory's is trivially kept). What a callback is handed lives until it returns.
 * Keys and values passed in are copied.
 *
 * Outcomes: ERR_OK; ERR_CONFLICT (a compare did not hold, nothing was written); ERR_BUSY (queue
 * full, nothing happened); ERR_UNAVAILABLE (the store cannot serve: full disk, I/O error; nothing
 * happened); ERR_UNKNOWN (a write was sent and its fate is not known: read back); ERR_CORRUPT (what
 * a get, a range, a watch or a compare had to read is damaged; nothing happened, and operations
 * that read elsewhere are served as before); ERR_TOO_LARGE; ERR_EXPIRED (watch only: the revision
 * asked for is compacted, list again). The fault has the operator's words.
 */
#ifndef USHERD_STORE_KV_H
#define USHERD_STORE_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/failpoint.h"
#include "loop/loop.h"

struct kv;
struct kv_op;
struct kv_watch;

enum {
	KV_KEY_MAX = 512,	   /* bytes */
	KV_VALUE_MAX = 256 * 1024, /* bytes */
	KV_TXN_MAX = 64,	   /* compares, and operations, in one transaction */
	KV_RANGE_MAX = 1000	   /* items of one answer */
};

struct kv_bytes {
	const void *data;
	size_t len;
};

struct kv_item {
	struct kv_bytes key, value;
	uint64_t created, modified; /* revisions */
	bool quiet;		    /* of a watch: as the writer said (kv_write) */
};

/* Holds when the key's last modification is exactly `modified`; 0 means the key must be absent. */
struct kv_compare {
	struct kv_bytes key;
	uint64_t modified;
};

struct kv_write {
	struct kv_bytes key;
	struct kv_bytes value; /* data NULL deletes the key; deleting an absent key is fine */
	/* What watchers look at in it is as it was before. A hint: it may get lost on the way, and
	 * does wherever a watch is told several changes as one. */
	bool quiet;
};

struct kv_txn {
	const struct kv_compare *compares;
	size_t compare_count;
	const struct kv_write *writes; /* a key occurs at most once */
	size_t write_count;
	struct failpoints *points; /* around its commit, in test builds; else NULL */
};

/* ERR_OK: `revision` is the transaction's. ERR_CONFLICT: `current` has one item for each compare,
 * in their order, as it stands now (modified 0: absent). Otherwise empty. Never NULL. */
struct kv_txn_result {
	uint64_t revision;
	const struct kv_item *current;
	size_t current_count;
};

typedef void kv_get_cb(void *arg, enum err code, const struct kv_item *item, const struct fault *f);
typedef void kv_range_cb(void *arg, enum err code, const struct kv_item *items, size_t count,
    bool more, uint64_t revision, const struct fault *f);
typedef void kv_txn_cb(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f);
/* Called any number of times until kv_watch_stop(). ERR_OK: one change, a deletion has value.data
 * NULL. Any other code is the last call: the watch has ended. */
typedef void kv_watch_cb(
    void *arg, enum err code, const struct kv_item *item, const struct fault *f);

/* One implementation. Only kv.c calls these; everybody else calls the functions below. */
struct kv_ops {
	const char *name;
	struct kv_op *(*get)(struct kv *, struct kv_bytes key, kv_get_cb *, void *arg);
	struct kv_op *(*range)(struct kv *, struct kv_bytes prefix, struct kv_bytes after,
	    size_t limit, kv_range_cb *, void *arg);
	struct kv_op *(*range_back)(struct kv *, struct kv_bytes prefix, struct kv_bytes before,
	    size_t limit, kv_range_cb *, void *arg);
	struct kv_op *(*txn)(struct kv *, const struct kv_txn *, kv_txn_cb *, void *arg);
	void (*cancel)(struct kv_op *);
	struct kv_watch *(*watch)(
	    struct kv *, struct kv_bytes prefix, uint64_t from, kv_watch_cb *, void *arg);
	void (*watch_stop)(struct kv_watch *);
	bool (*is_healthy)(struct kv *, struct fault *);
	uint64_t (*bytes)(struct kv *); /* NULL: 0 */
	void (*close)(struct kv *);
};

/* Every implementation's object begins with this. */
struct kv {
	const struct kv_ops *ops;
};

/* The starting calls never fail at once: a full queue is told to the callback. The result is valid
 * until the callback runs. Absent key: ERR_NOT_FOUND. */
struct kv_op *kv_get(struct kv *kv, struct kv_bytes key, kv_get_cb *cb, void *arg);

/* Items whose key begins with `prefix`, in key order, strictly behind `after` (len 0: from the
 * first), at most `limit` (1 to KV_RANGE_MAX). `more` says that the limit cut the answer. All items
 * are of one moment, `revision`. */
struct kv_op *kv_range(struct kv *kv, struct kv_bytes prefix, struct kv_bytes after, size_t limit,
    kv_range_cb *cb, void *arg);

/* The same backwards: keys strictly before `before` (len 0: from the last), in descending order. */
struct kv_op *kv_range_back(struct kv *kv, struct kv_bytes prefix, struct kv_bytes before,
    size_t limit, kv_range_cb *cb, void *arg);

/* All compares hold and all writes are durable, or nothing is written. */
struct kv_op *kv_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg);
void kv_cancel(struct kv_op *op); /* a transaction may still be carried out */

/* Changes under `prefix` with revisions of at least `from`, in the order of revisions; intermediate
 * versions of one key may be skipped, its newest state never is. */
struct kv_watch *kv_watch(
    struct kv *kv, struct kv_bytes prefix, uint64_t from, kv_watch_cb *cb, void *arg);
void kv_watch_stop(struct kv_watch *w);

/* Whether the last write could be made. False fills `f` with what an operator should do. */
bool kv_is_healthy(struct kv *kv, struct fault *f);

/* Of its files on the disk, as they were after the last commit; 0: it has none. Costs nothing. */
uint64_t kv_bytes_on_disk(struct kv *kv);
const char *kv_kind(const struct kv *kv); /* "sqlite", ... */

/* Finishes what is queued, then closes. Operations whose callback has not run are cancelled. */
void kv_close(struct kv *kv);

struct kv_bytes kv_text(const char *s);

/* Opens before the loop runs; blocks. `path` is the store's file, made with mode 0600 when neither
 * it nor its lock or WAL file exists; the directory must exist. ERR_CONFLICT: another process has
 * it (its pid in the text). ERR_CORRUPT: damaged, not a store, or missing beside a WAL file that is
 * there; the text says how to recover, nothing is touched. ERR_MISCONFIGURED: a newer schema than
 * ours, or rights. ERR_UNAVAILABLE: read-only or full. */
enum err kv_sqlite_open(struct kv **out, struct loop *l, const char *path, struct fault *f);

/* SQLite's, as it runs: "3.40.1". */
const char *kv_sqlite_library_version(void);

/* Keeps everything in memory; for tests. */
struct kv *kv_memory_new(struct loop *l);

#endif
