/* Operations that share a commit, and what becomes of each when something fails. */
#include "store/kv_sqlite_private.h"

/* From `op` on the transactions are given up; the reads are done again, each by itself. */
static enum err
batch_give_up(struct sqlite_db *db, struct kv_op *op, const struct fault *f)
{
	struct fault own;
	int rc;

	for (; op != NULL; op = TAILQ_NEXT(op, link)) {
		if (op->kind == KV_TXN || db->handle == NULL) {
			kv_op_fail(op, f);
			continue;
		}
		kv_op_clear_outcome(op);
		rc = sqlite_db_do(db, op, &db->revision);
		if (rc != SQLITE_OK) {
			sqlite_fault(db, rc, "read", &own);
			kv_op_fail(op, &own);
		}
	}
	return f->code;
}

/* After a COMMIT that failed, or anything else that may have left the connection in doubt: a new
 * connection sees what the disk has. True when that is the state at `revision`. */
static bool
batch_reopen_at(struct sqlite_db *db, uint64_t revision)
{
	struct fault f;

	sqlite_db_close(db, true);
	return sqlite_db_open(db, &f) == ERR_OK && db->revision == revision;
}

static enum err
batch_commit_failed(
    struct sqlite_db *db, int rc, struct kv_op *first, uint64_t revision, struct fault *f)
{
	sqlite_fault(db, rc, "write", f);
	f->code = ERR_UNAVAILABLE; /* damage included: the text says what to do */
	if (batch_reopen_at(db, revision))
		return f->code = ERR_OK;
	if (db->handle == NULL)
		f->code = ERR_UNKNOWN;
	return batch_give_up(db, first, f);
}

static enum err
batch_write_failed(struct sqlite_db *db, int rc, struct kv_op *first, struct fault *f)
{
	sqlite_fault(db, rc, "write", f);
	f->code = ERR_UNAVAILABLE;
	if (!sqlite3_get_autocommit(db->handle))
		sqlite_db_step(db, STMT_ROLLBACK);
	if ((rc & 0xff) != SQLITE_FULL)
		batch_reopen_at(db, db->revision);
	return batch_give_up(db, first, f);
}

static bool
batch_has_txn(const struct kv_op_list *ops)
{
	const struct kv_op *op;

	for (op = TAILQ_FIRST(ops); op != NULL; op = TAILQ_NEXT(op, link))
		if (op->kind == KV_TXN)
			return true;
	return false;
}

/* In one transaction, which stays open: `*op` and what follows it, up to `end`. When it stops
 * early,
 * `*op` is the one that failed. */
static int
batch_do_all(struct sqlite_db *db, struct kv_op **op, const struct kv_op *end, uint64_t *revision)
{
	int rc = sqlite_db_step(db, STMT_BEGIN);

	*revision = db->revision;
	db->row_revision = 0;
	db->row_lost = false;
	while (rc == SQLITE_OK && *op != end) {
		rc = sqlite_db_do(db, *op, revision);
		if (rc == SQLITE_OK)
			*op = TAILQ_NEXT(*op, link);
	}
	/* The newest row tells the revision as well, which spares a page in each commit. */
	if (rc == SQLITE_OK && *revision != db->revision &&
	    (db->row_lost || db->row_revision != *revision)) {
		sqlite3_bind_int64(db->stmt[STMT_REVISION], 1, (sqlite3_int64)*revision);
		rc = sqlite_db_step(db, STMT_REVISION);
	}
	return rc;
}

/* What cannot be read is the trouble of the operation that needed it, as long as that one has
 * written nothing (its revision is chosen right before its first write) and SQLite has kept the
 * transaction open. */
static bool
batch_failed_alone(const struct sqlite_db *db, const struct kv_op *op)
{
	return op != NULL && (op->kind != KV_TXN || op->revision == 0) &&
	       !sqlite3_get_autocommit(db->handle);
}

/* All of a batch share one commit. */
static int
batch_commit(struct sqlite_db *db, const struct kv_op *first, const struct kv_op *end)
{
	bool told = true;
	int rc;

	for (const struct kv_op *op = first; op != end; op = TAILQ_NEXT(op, link))
		if (op->kind == KV_TXN && op->code == ERR_OK && failpoint_before(op->txn.points))
			return SQLITE_IOERR;
	rc = sqlite_db_step(db, STMT_COMMIT);
	for (const struct kv_op *op = first; op != end; op = TAILQ_NEXT(op, link))
		if (op->kind == KV_TXN && op->code == ERR_OK && failpoint_after(op->txn.points))
			told = false;
	return told ? rc : SQLITE_IOERR;
}

/* Commit `*next` and what follows it, all or up to one that failed alone, and move behind. SQLite
 * lets nobody write any more in a transaction that has met damage: those before it are done again
 * without it. */
static enum err
batch_run_part(struct sqlite_db *db, struct kv_op **next, struct fault *f)
{
	struct kv_op *first = *next, *op = first, *alone = NULL;
	struct fault own;
	uint64_t revision;
	int rc = batch_do_all(db, &op, NULL, &revision);

	if (rc != SQLITE_OK && batch_failed_alone(db, op)) {
		alone = op;
		sqlite_fault(db, rc, "read", &own);
		kv_op_fail(alone, &own);
		rc = sqlite_db_step(db, STMT_ROLLBACK);
		for (op = first; op != alone; op = TAILQ_NEXT(op, link))
			kv_op_clear_outcome(op);
		op = first;
		if (rc == SQLITE_OK)
			rc = batch_do_all(db, &op, alone, &revision);
	}
	*next = alone != NULL ? TAILQ_NEXT(alone, link) : NULL;
	if (rc != SQLITE_OK)
		return batch_write_failed(db, rc, first, f);
	rc = batch_commit(db, first, alone);
	if (rc != SQLITE_OK)
		return batch_commit_failed(db, rc, first, revision, f);
	db->revision = revision;
	return ERR_OK;
}

enum err
sqlite_batch_run(struct sqlite_db *db, struct kv_op_list *ops, struct fault *f)
{
	static const struct fault none = { .code = ERR_OK };
	struct kv_op *next = TAILQ_FIRST(ops);
	enum err code = ERR_OK;

	if (!batch_has_txn(ops))
		return batch_give_up(db, next, &none);
	if (sqlite_db_check_place(db, f) != ERR_OK)
		return batch_give_up(db, next, f);
	while (next != NULL && code == ERR_OK)
		code = batch_run_part(db, &next, f);
	return code;
}
