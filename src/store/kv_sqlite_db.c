#include "store/kv_sqlite_private.h"

#include <assert.h>
#include <string.h>

FAILPOINTS(checkpoint_points, "sqlite.checkpoint", "copying the WAL into the file");
FAILPOINTS(probe_points, "sqlite.probe", "the write that tells whether writing works again");

/* ---- errors ---- */

enum err
sqlite_fault(struct sqlite_db *db, int rc, const char *doing, struct fault *f)
{
	int os = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
	const char *why = os != 0 ? strerror(os) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_FULL:
		return fault_set(f, ERR_UNAVAILABLE,
		    "cannot %s %s: the disk is full; free some space, writing then resumes by "
		    "itself",
		    doing, db->path);
	case SQLITE_IOERR:
		return fault_set(f, ERR_UNAVAILABLE,
		    "cannot %s %s: %s (%d); check the disk, the file size limit and the kernel log",
		    doing, db->path, why, rc);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return fault_set(f, ERR_UNAVAILABLE,
		    "cannot %s %s: %s; make the file and its directory writable", doing, db->path,
		    why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(f, ERR_UNAVAILABLE,
		    "cannot %s %s: another program has it open; close that one", doing, db->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fault_set(f, ERR_CORRUPT,
		    "cannot %s %s: it is damaged; stop usherd, move the file and its -wal away, "
		    "put a backup in their place, and start again",
		    doing, db->path);
	case SQLITE_NOMEM:
		return fault_set(
		    f, ERR_UNAVAILABLE, "cannot %s %s: out of memory", doing, db->path);
	default:
		return fault_set(
		    f, ERR_INTERNAL, "cannot %s %s: %s (%d)", doing, db->path, why, rc);
	}
}

/* ---- one statement ---- */

static void
db_bind(sqlite3_stmt *s, int at, struct kv_bytes b)
{
	/* Empty is not NULL. */
	sqlite3_bind_blob(s, at, b.len > 0 ? b.data : "", (int)b.len, SQLITE_STATIC);
}

static struct kv_bytes
db_column(sqlite3_stmt *s, int at)
{
	const void *data = sqlite3_column_blob(s, at);

	return (struct kv_bytes){ data != NULL ? data : "", (size_t)sqlite3_column_bytes(s, at) };
}

int
sqlite_db_step(struct sqlite_db *db, enum sqlite_stmt_name name)
{
	int rc = sqlite3_step(db->stmt[name]);

	sqlite3_reset(db->stmt[name]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* SQLITE_ROW with the value in `item` (valid until the statement is reset), or SQLITE_DONE. */
static int
db_read(struct sqlite_db *db, struct kv_bytes key, struct kv_item *item)
{
	sqlite3_stmt *s = db->stmt[STMT_READ];
	int rc;

	db_bind(s, 1, key);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*item = (struct kv_item){ .key = key,
			.value = db_column(s, 0),
			.created = (uint64_t)sqlite3_column_int64(s, 1),
			.modified = (uint64_t)sqlite3_column_int64(s, 2) };
	return rc;
}

struct found {
	sqlite3_int64 id;
	uint64_t created, modified; /* 0: absent */
};

static int
db_find(struct sqlite_db *db, struct kv_bytes key, struct found *out)
{
	sqlite3_stmt *s = db->stmt[STMT_FIND];
	int rc;

	*out = (struct found){ 0 };
	db_bind(s, 1, key);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = (struct found){ sqlite3_column_int64(s, 0),
			(uint64_t)sqlite3_column_int64(s, 1),
			(uint64_t)sqlite3_column_int64(s, 2) };
	sqlite3_reset(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- reading ---- */

static int
db_get(struct sqlite_db *db, struct kv_op *op)
{
	struct kv_item item;
	int rc = db_read(db, op->key, &item);

	if (rc == SQLITE_ROW)
		kv_op_add_item(op, &item);
	else if (rc == SQLITE_DONE)
		op->code = fault_set(&op->fault, ERR_NOT_FOUND, "no such key");
	sqlite3_reset(db->stmt[STMT_READ]);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Binds the two ends: keys from the first on, up to and without the second. */
static void
db_bind_ends(sqlite3_stmt *s, const struct kv_op *op, unsigned char low[KV_KEY_MAX + 1],
    unsigned char high[KV_KEY_MAX + 1])
{
	struct kv_bytes from = op->key, to = kv_upper_bound(op->key, high);

	if (op->after.len > 0 && op->back && kv_compare_bytes(op->after, to) < 0)
		to = op->after;
	if (op->after.len > 0 && !op->back && kv_compare_bytes(op->after, op->key) >= 0) {
		/* The next key in order is the same one with a zero byte behind it. */
		memcpy(low, op->after.data, op->after.len);
		low[op->after.len] = 0;
		from = (struct kv_bytes){ low, op->after.len + 1 };
	}
	db_bind(s, 1, from);
	db_bind(s, 2, to);
}

static int
db_range(struct sqlite_db *db, struct kv_op *op, uint64_t revision)
{
	unsigned char low[KV_KEY_MAX + 1], high[KV_KEY_MAX + 1];
	sqlite3_stmt *s = db->stmt[op->back ? STMT_RANGE_BACK : STMT_RANGE];
	int rc;

	db_bind_ends(s, op, low, high);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)op->limit + 1);
	op->revision = revision;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct kv_item item = { .key = db_column(s, 0),
			.value = db_column(s, 1),
			.created = (uint64_t)sqlite3_column_int64(s, 2),
			.modified = (uint64_t)sqlite3_column_int64(s, 3) };

		if (op->count == op->limit || op->answer_bytes > KV_ANSWER_BYTES_MAX) {
			op->more = true;
			break;
		}
		kv_op_add_item(op, &item);
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- transactions ---- */

/* Nothing was written for this operation: what is there now goes into the answer. */
static int
db_conflict(struct sqlite_db *db, struct kv_op *op)
{
	kv_op_clear_outcome(op);
	for (size_t i = 0; i < op->txn.compare_count; i++) {
		struct kv_item item = { .key = op->txn.compares[i].key };
		int rc = db_read(db, op->txn.compares[i].key, &item);

		if (rc == SQLITE_ROW || rc == SQLITE_DONE)
			kv_op_add_item(op, &item);
		sqlite3_reset(db->stmt[STMT_READ]);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			return rc;
	}
	op->code = fault_set(&op->fault, ERR_CONFLICT, "a key was changed meanwhile");
	return SQLITE_OK;
}

static int
db_update(struct sqlite_db *db, struct kv_op *op, const struct kv_write *w, const struct found *now)
{
	sqlite3_stmt *s = db->stmt[STMT_UPDATE];
	int rc;

	sqlite3_bind_int64(s, 1, now->id);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)op->revision);
	db_bind(s, 3, w->value);
	rc = sqlite_db_step(db, STMT_UPDATE);
	if (rc == SQLITE_OK) {
		assert(sqlite3_changes(db->handle) == 1); /* no write before it took the row */
		kv_op_add_change(op, w, now->created);
	}
	return rc;
}

/* `known`: the key's row, as a compare has just found it; or NULL. */
static int
db_put(struct sqlite_db *db, struct kv_op *op, const struct kv_write *w, const struct found *known)
{
	sqlite3_stmt *s = db->stmt[STMT_INSERT];
	struct found now;
	int rc;

	if (known != NULL && known->modified != 0)
		return db_update(db, op, w, known);
	/* Most keys are new, so that is tried first; the index tells when it was wrong. */
	db_bind(s, 1, w->key);
	sqlite3_bind_int64(s, 2, (sqlite3_int64)op->revision);
	db_bind(s, 3, w->value);
	rc = sqlite_db_step(db, STMT_INSERT);
	if (rc == SQLITE_OK) {
		kv_op_add_change(op, w, op->revision);
		db->row_revision = op->revision;
	}
	if (rc != SQLITE_CONSTRAINT_UNIQUE)
		return rc;
	rc = db_find(db, w->key, &now);
	return rc == SQLITE_OK ? db_update(db, op, w, &now) : rc;
}

static int
db_delete(struct sqlite_db *db, struct kv_op *op, const struct kv_write *w)
{
	int rc;

	db_bind(db->stmt[STMT_DELETE], 1, w->key);
	rc = sqlite_db_step(db, STMT_DELETE);
	if (rc == SQLITE_OK && sqlite3_changes(db->handle) > 0) {
		kv_op_add_change(op, w, 0);
		db->row_lost = true;
	}
	return rc;
}

/* What a compare found of the key; NULL: none was about it. It holds until the write, for the keys
 * of a transaction's writes are distinct (kv_txn). */
static const struct found *
db_known(const struct kv_txn *t, const struct found *found, struct kv_bytes key)
{
	for (size_t i = 0; i < t->compare_count; i++)
		if (kv_compare_bytes(t->compares[i].key, key) == 0)
			return &found[i];
	return NULL;
}

static int
db_write(
    struct sqlite_db *db, struct kv_op *op, const struct kv_write *w, const struct found *found)
{
	if (w->value.data == NULL)
		return db_delete(db, op, w);
	return db_put(db, op, w, db_known(&op->txn, found, w->key));
}

/* Compares first: a transaction that conflicts has written nothing, so it disturbs nobody it shares
 * the commit with and needs no savepoint. */
static int
db_txn(struct sqlite_db *db, struct kv_op *op, uint64_t *revision)
{
	struct found found[KV_TXN_MAX];
	int rc = SQLITE_OK;

	for (size_t i = 0; i < op->txn.compare_count; i++) {
		rc = db_find(db, op->txn.compares[i].key, &found[i]);
		if (rc != SQLITE_OK)
			return rc;
		if (found[i].modified != op->txn.compares[i].modified)
			return db_conflict(db, op);
	}
	op->revision = *revision + 1;
	for (size_t i = 0; i < op->txn.write_count && rc == SQLITE_OK; i++)
		rc = db_write(db, op, &op->txn.writes[i], found);
	if (op->change_count == 0)
		op->revision = *revision;
	*revision = op->revision;
	return rc;
}

/* ---- all of them ---- */

int
sqlite_db_do(struct sqlite_db *db, struct kv_op *op, uint64_t *revision)
{
	switch (op->kind) {
	case KV_GET:
		return db_get(db, op);
	case KV_RANGE:
		return db_range(db, op, *revision);
	case KV_TXN:
		return db_txn(db, op, revision);
	case KV_WATCH:
		op->revision = *revision;
		return SQLITE_OK;
	}
	return SQLITE_MISUSE;
}

void
sqlite_db_fill(struct sqlite_db *db, struct kv_op *op)
{
	struct fault f;
	int rc = SQLITE_DONE;

	for (size_t i = 0; i < op->count && (rc == SQLITE_ROW || rc == SQLITE_DONE); i++) {
		struct kv_item now;

		rc = db_read(db, op->items[i].key, &now);
		if (rc == SQLITE_ROW)
			kv_op_set_value(op, i, &now);
		sqlite3_reset(db->stmt[STMT_READ]);
	}
	/* One without a value would be taken for deleted. */
	if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		sqlite_fault(db, rc, "read", &f);
		kv_op_fail(op, &f);
	}
}

/* ---- the connection ---- */

enum err
sqlite_db_probe(struct sqlite_db *db, struct fault *f)
{
	int rc;

	if (db->handle == NULL)
		return sqlite_db_open(db, f);
	if (sqlite_db_check_place(db, f) != ERR_OK)
		return f->code;
	rc = failpoint_before(failpoints_of(probe_points))
		 ? SQLITE_IOERR
		 : sqlite_db_step(db, STMT_PROBE); /* its own transaction */
	if (failpoint_after(failpoints_of(probe_points)))
		rc = SQLITE_IOERR;
	if (rc == SQLITE_OK)
		return ERR_OK;
	sqlite_fault(db, rc, "write", f);
	if ((rc & 0xff) != SQLITE_FULL)
		sqlite_db_close(db, true);
	return f->code;
}

void
sqlite_db_checkpoint(struct sqlite_db *db)
{
	/* A failure leaves the WAL as it is; the next commit tells what is wrong. */
	if (!failpoint_before(failpoints_of(checkpoint_points)))
		sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (failpoint_after(failpoints_of(checkpoint_points)))
		sqlite_db_close(db, true);
	db->wal_pages = 0;
}
