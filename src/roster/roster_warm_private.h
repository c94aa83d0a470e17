/* The parts of the warm file: roster_warm.c (what the roster calls, and saving),
 * roster_warm_file.c (the file is looked at, made, dropped), roster_warm_db.c (a connection is made
 * and checked), roster_warm_state.c (what a save leaves beside the records), roster_warm_load.c
 * (everything is read).
 *
 * Two tables: `record` has a row for each record, its value sealed under the file's epoch, its kind
 * and its id, so that a value moved to another row, or taken from an older file, does not open;
 * `meta` has one row with the sealed state. What is in
 * clear: kinds, ids and numbers of pages and rows, and how long a value is. */
#ifndef USHERD_ROSTER_ROSTER_WARM_PRIVATE_H
#define USHERD_ROSTER_ROSTER_WARM_PRIVATE_H

#include <sqlite3.h>

#include "roster/roster_private.h"

enum {
	WARM_FILE_ID = 0x75736877, /* application_id: "ushw" */
	WARM_FORMAT = 4, /* user_version: tables, state, names of the seals, and how keys fold */
	WARM_EPOCH_SIZE = 16, /* random, of a file from when it is made */
	WARM_NAME_SIZE = WARM_EPOCH_SIZE + 1 + FEED_ID_SIZE
};

enum warm_stmt_name {
	WARM_BEGIN,
	WARM_COMMIT,
	WARM_INSERT,
	WARM_UPDATE,
	WARM_DELETE,
	WARM_SET_STATE,
	WARM_STMT_COUNT
};

/* What the last save left, as it is sealed under its name: head, cookie, subject. A machine of
 * another byte order finds lengths that do not add up, and drops the file. */
#define WARM_STATE_NAME "warm state"
struct warm_state_head {
	uint64_t records;
	uint32_t cookie_len, subject_len;
	unsigned char epoch[WARM_EPOCH_SIZE];
};
struct warm_state {
	unsigned char epoch[WARM_EPOCH_SIZE];
	uint64_t records; /* how many there must be */
	size_t cookie_len;
	unsigned char cookie[FEED_COOKIE_MAX];
};

struct warm {
	char *path, *subject;
	const struct seal *seal;
	sqlite3 *handle; /* NULL once a save has failed, until warm_reset() */
	sqlite3_stmt *stmt[WARM_STMT_COUNT];
	struct warm_state state;
	bool is_wal;
};

/* The name that a record's value is sealed under. */
void warm_name_of(const unsigned char epoch[WARM_EPOCH_SIZE], enum warm_kind kind,
    const unsigned char *id, unsigned char out[WARM_NAME_SIZE]);

/* ---- roster_warm_file.c ---- */

/* ERR_OK: may be opened. ERR_NOT_FOUND: nothing is there. ERR_CORRUPT: does not fit, may be
 * removed. ERR_MISCONFIGURED: no file of ours to remove (a directory, a link, no folder). */
enum err warm_file_check(const char *path, struct fault *f);
/* An empty file that nobody else can read. */
enum err warm_file_make(const char *path, struct fault *f);
/* The empty log of a file that has none. */
bool warm_file_make_log(const char *path);
/* With all that SQLite keeps beside it. */
void warm_file_remove(const char *path);
/* The name of the file's heir; free() it. */
char *warm_file_heir(const char *path);
/* A whole file without a log takes another one's place; both are closed. */
enum err warm_file_move(const char *from, const char *to, struct fault *f);

/* ---- roster_warm_db.c ---- */

/* ERR_CORRUPT: does not fit, may be removed; ERR_CONFLICT: another process has it. */
enum err warm_db_open(struct warm *w, struct fault *f);
/* In a file that is empty. */
enum err warm_db_make(struct warm *w, struct fault *f);
/* From now on changes go to a log beside the file. */
int warm_db_use_wal(struct warm *w);
/* Everything is in the file, and there is no log any more. */
int warm_db_end_wal(struct warm *w);
/* `whole`: with an empty log; otherwise as it is, for it is removed next. */
void warm_db_close(struct warm *w, bool whole);
/* Run a statement that gives no rows. */
int warm_db_step(struct warm *w, enum warm_stmt_name name);
/* SQLite's code in our words. */
enum err warm_db_fault(struct warm *w, int rc, const char *doing, struct fault *f);

/* ---- roster_warm_state.c ---- */

/* ERR_CORRUPT: damaged, sealed with a key that we lack, or of another subject. */
enum err warm_state_read(struct warm *w, struct fault *f);
int warm_state_write(struct warm *w);

#endif
