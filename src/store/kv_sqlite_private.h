/* The parts of the SQLite store: kv_sqlite.c (queue and thread), kv_sqlite_batch.c (operations that
 * share a commit), kv_sqlite_db.c (one connection and what is done with it), kv_sqlite_open.c (a
 * connection is made and checked), kv_sqlite_file.c (the files: lock, first creation, header).
 *
 * A connection is used by one thread at a time: the opener's, then the store thread's. */
#ifndef USHERD_STORE_KV_SQLITE_PRIVATE_H
#define USHERD_STORE_KV_SQLITE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sqlite3.h>

#include "base/err.h"
#include "store/kv_private.h"

enum {
	SQLITE_STORE_ID = 0x75736872, /* application_id: "ushr" */
	SQLITE_STORE_VERSION = 1,     /* user_version: the layout of the two tables */
	SQLITE_BATCH_MAX = 256,	      /* operations that share a commit */
	SQLITE_CHECK_MAX = 2 << 20,   /* bytes: a smaller file is checked whole when it is opened */
	SQLITE_WAL_IDLE_PAGES = 512,  /* copied into the file when there is nothing else to do */
	SQLITE_WAL_MAX_PAGES =
	    4096 /* copied in any case: 16 MiB are read back in few milliseconds */
};

enum sqlite_stmt_name {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_FIND,
	STMT_READ,
	STMT_RANGE,
	STMT_RANGE_BACK,
	STMT_INSERT,
	STMT_UPDATE,
	STMT_DELETE,
	STMT_REVISION,
	STMT_PROBE,
	STMT_COUNT
};

/* A file is the one that was opened only while it has this identity. */
struct file_identity {
	dev_t dev;
	ino_t ino;
};

struct sqlite_db {
	char *path, *wal_path;
	struct file_identity file, wal;
	sqlite3 *handle; /* NULL while there is no usable connection */
	sqlite3_stmt *stmt[STMT_COUNT];
	uint64_t revision;     /* of the last commit */
	uint64_t row_revision; /* of the newest row that the running batch added; 0: none */
	bool row_lost;	       /* it has deleted one, which may have been the newest */
	int wal_pages;
	unsigned opened; /* counts connections */
};

/* ---- kv_sqlite_file.c ---- */

/* Lock PATH.lock until the process ends or the descriptor is closed. */
enum err sqlite_file_lock(const char *path, int *fd, struct fault *f);
/* Mark the lock file as that of a store that exists, with our pid. */
enum err sqlite_file_mark(const char *path, int lock_fd, struct fault *f);
/* Look at what is there without touching it, and make an empty store if there never was one. */
enum err sqlite_file_prepare(const char *path, int lock_fd, struct fault *f);
/* The header's own words, before SQLite sees the file. */
enum err sqlite_file_check(const char *path, struct file_identity *out, struct fault *f);
bool file_identity_of(const char *path, struct file_identity *out);
/* An empty file of ours that must not stay behind: a WAL that only a refused start has made. */
void sqlite_file_remove_empty(const char *path);
bool file_identity_equal(const struct file_identity *a, const struct file_identity *b);
/* Of the file and its WAL; one that is not there has none. */
uint64_t sqlite_db_bytes(const struct sqlite_db *db);
/* Fails when the file or its WAL is no longer where it was opened. */
enum err sqlite_db_check_place(const struct sqlite_db *db, struct fault *f);

/* ---- kv_sqlite_open.c ---- */

extern const char *const sqlite_schema[2];

/* Open `db->path`, configure, check, prepare, read the revision. When db->file is known, only that
 * very file will do. */
enum err sqlite_db_open(struct sqlite_db *db, struct fault *f);
/* Make the two tables in one transaction, in an empty file; used on a name nobody else knows. */
enum err sqlite_db_create(const char *path, struct fault *f);
/* `keep_wal`: leave every file as it is; otherwise the WAL is copied into the file and removed. */
void sqlite_db_close(struct sqlite_db *db, bool keep_wal);

/* ---- kv_sqlite_db.c ---- */

/* SQLite's code in our words, and what an operator should do. */
enum err sqlite_fault(struct sqlite_db *db, int rc, const char *doing, struct fault *f);

/* Steps a statement that returns no row. SQLITE_OK, or what is wrong. */
int sqlite_db_step(struct sqlite_db *db, enum sqlite_stmt_name name);
/* Carry out one operation and fill its outcome; one that writes does so inside a transaction that
 * is open, and leaves its revision in `revision`. SQLITE_OK, or what is wrong. */
int sqlite_db_do(struct sqlite_db *db, struct kv_op *op, uint64_t *revision);
/* A watch's keys get their values. */
void sqlite_db_fill(struct sqlite_db *db, struct kv_op *op);
/* Write something without changing anything. */
enum err sqlite_db_probe(struct sqlite_db *db, struct fault *f);
void sqlite_db_checkpoint(struct sqlite_db *db);

/* ---- kv_sqlite_batch.c ---- */

/* Carry out the operations in order and fill their outcomes; all transactions share one commit. An
 * operation that has to read what is damaged fails alone, and those behind it share another commit.
 * Returns ERR_OK when every transaction has its own outcome; otherwise those that were not
 * committed before have the error that is returned, and whether the connection can still be used is
 * told by db->handle. */
enum err sqlite_batch_run(struct sqlite_db *db, struct kv_op_list *ops, struct fault *f);

#endif
