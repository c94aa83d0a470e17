/* The connection to the warm file. */
#include "roster/roster_warm_private.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char schema_record[] =
    "CREATE TABLE record(kind INTEGER NOT NULL, id BLOB NOT NULL, value BLOB NOT NULL, "
    "PRIMARY KEY(kind, id)) STRICT, WITHOUT ROWID";
static const char schema_meta[] =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT";

static const char *const statements[WARM_STMT_COUNT] = {
	[WARM_BEGIN] = "BEGIN IMMEDIATE",
	[WARM_COMMIT] = "COMMIT",
	[WARM_INSERT] = "INSERT INTO record(kind, id, value) VALUES(?1, ?2, ?3)",
	[WARM_UPDATE] = "UPDATE record SET value = ?3 WHERE kind = ?1 AND id = ?2",
	[WARM_DELETE] = "DELETE FROM record WHERE kind = ?1 AND id = ?2",
	[WARM_SET_STATE] = "INSERT OR REPLACE INTO meta(id, value) VALUES(1, ?1)",
};

/* A pragma may be ignored without an error: each is read back. A power loss may cost the last saves
 * (synchronous NORMAL): the cookie goes with them, and the directory tells of the difference again.
 */
static const struct {
	const char *name, *value, *expect;
} pragmas[] = {
	{ "page_size", "8192", "8192" }, /* before anything is written */
	{ "locking_mode", "EXCLUSIVE", "exclusive" },
	{ "synchronous", "NORMAL", "1" },
	{ "trusted_schema", "OFF", "0" },
	{ "temp_store", "MEMORY", "2" },
	{ "mmap_size", "0", "0" },
	{ "cell_size_check", "ON", "1" },
	{ "cache_size", "-8192", "-8192" },
	{ "journal_size_limit", "16777216", "16777216" },
};

static const struct {
	int name, max;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 16 << 20 },
	{ SQLITE_LIMIT_SQL_LENGTH, 4096 },
	{ SQLITE_LIMIT_COLUMN, 16 },
	{ SQLITE_LIMIT_EXPR_DEPTH, 16 },
	{ SQLITE_LIMIT_COMPOUND_SELECT, 2 },
	{ SQLITE_LIMIT_VDBE_OP, 4096 },
	{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
	{ SQLITE_LIMIT_ATTACHED, 0 },
	{ SQLITE_LIMIT_VARIABLE_NUMBER, 8 },
	{ SQLITE_LIMIT_TRIGGER_DEPTH, 0 },
	{ SQLITE_LIMIT_WORKER_THREADS, 0 },
};

static const struct {
	int name, on;
} switches[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
};

/* Codes of the callers' enum err: another process holds the file, the machine gives us nothing, or
 * the file does not fit. */
enum err
warm_db_fault(struct warm *w, int rc, const char *doing, struct fault *f)
{
	const int os = w->handle != NULL ? sqlite3_system_errno(w->handle) : 0;
	const char *why = os != 0 ? strerror(os) : sqlite3_errstr(rc);

	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		mem_exhausted();
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fault_set(
		    f, ERR_CONFLICT, "cannot %s %s: another program has it open", doing, w->path);
	case SQLITE_FULL:
		return fault_set(
		    f, ERR_UNAVAILABLE, "cannot %s %s: the disk is full", doing, w->path);
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return fault_set(
		    f, ERR_UNAVAILABLE, "cannot %s %s: %s (%d)", doing, w->path, why, rc);
	default:
		return fault_set(f, ERR_CORRUPT, "cannot %s %s: %s (%d)", doing, w->path, why, rc);
	}
}

/* The first column of the only row, as text; "" when there is none. */
static int
db_ask(sqlite3 *h, const char *sql, char *out, int size)
{
	const unsigned char *text;
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(h, sql, -1, &s, NULL);

	out[0] = '\0';
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(s);
	text = rc == SQLITE_ROW ? sqlite3_column_text(s, 0) : NULL;
	if (text != NULL)
		sqlite3_snprintf(size, out, "%s", text);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum err
db_set_pragma(struct warm *w, size_t i, struct fault *f)
{
	char sql[96], got[32];
	int rc;

	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s = %s", pragmas[i].name, pragmas[i].value);
	rc = db_ask(w->handle, sql, got, sizeof(got));
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s", pragmas[i].name);
	if (rc == SQLITE_OK)
		rc = db_ask(w->handle, sql, got, sizeof(got));
	if (rc != SQLITE_OK)
		return warm_db_fault(w, rc, "open", f);
	/* A build that leaves mmap out answers nothing, which is as good. */
	if (strcmp(got, pragmas[i].expect) != 0 && strcmp(pragmas[i].name, "mmap_size") != 0)
		return fault_set(f, ERR_MISCONFIGURED, "%s: SQLite keeps %s at %s instead of %s",
		    w->path, pragmas[i].name, got, pragmas[i].expect);
	return ERR_OK;
}

static enum err
db_connect(struct warm *w, struct fault *f)
{
	int ignored,
	    rc = sqlite3_open_v2(w->path, &w->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc != SQLITE_OK)
		return warm_db_fault(w, rc, "open", f);
	sqlite3_extended_result_codes(w->handle, 1);
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (sqlite3_db_config(w->handle, switches[i].name, switches[i].on, &ignored) !=
		    SQLITE_OK)
			return fault_set(f, ERR_MISCONFIGURED,
			    "this SQLite lacks a switch that the warm file needs (%d)",
			    switches[i].name);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(w->handle, limits[i].name, limits[i].max);
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		if (db_set_pragma(w, i, f) != ERR_OK)
			return f->code;
	/* The lock stays with us from here on. */
	rc = sqlite3_exec(w->handle, "BEGIN EXCLUSIVE; COMMIT", NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : warm_db_fault(w, rc, "open", f);
}

/* Nothing but our two tables, as we make them. */
static enum err
db_check_schema(struct warm *w, struct fault *f)
{
	static const char list[] = "SELECT group_concat(sql, ';') FROM (SELECT sql FROM "
				   "sqlite_schema ORDER BY name)";
	char got[512], expect[512], mode[16];
	int rc = db_ask(w->handle, list, got, sizeof(got));

	sqlite3_snprintf(sizeof(expect), expect, "%s;%s", schema_meta, schema_record);
	if (rc == SQLITE_OK)
		rc = db_ask(w->handle, "PRAGMA journal_mode", mode, sizeof(mode));
	if (rc != SQLITE_OK)
		return warm_db_fault(w, rc, "read", f);
	if (strcmp(got, expect) != 0)
		return fault_set(f, ERR_CORRUPT, "%s: its tables are not ours", w->path);
	w->is_wal = strcmp(mode, "wal") == 0;
	return ERR_OK;
}

static enum err
db_prepare(struct warm *w, struct fault *f)
{
	for (int i = 0; i < WARM_STMT_COUNT; i++) {
		int rc = sqlite3_prepare_v3(
		    w->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &w->stmt[i], NULL);

		if (rc != SQLITE_OK)
			return warm_db_fault(w, rc, "read", f);
	}
	return ERR_OK;
}

/* ---- life ---- */

int
warm_db_step(struct warm *w, enum warm_stmt_name name)
{
	int rc = sqlite3_step(w->stmt[name]);

	sqlite3_reset(w->stmt[name]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

enum err
warm_db_open(struct warm *w, struct fault *f)
{
	enum err code = db_connect(w, f);

	if (code == ERR_OK)
		code = db_check_schema(w, f);
	if (code == ERR_OK)
		code = warm_state_read(w, f);
	if (code == ERR_OK)
		code = db_prepare(w, f);
	if (code != ERR_OK)
		warm_db_close(w, false);
	return code;
}

static enum err
db_fill(struct warm *w, struct fault *f)
{
	char *sql = sqlite3_mprintf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d; "
				    "%s; %s; COMMIT",
	    WARM_FILE_ID, WARM_FORMAT, schema_record, schema_meta);
	int rc = sqlite3_exec(w->handle, sql, NULL, NULL, NULL);

	sqlite3_free(sql);
	if (rc != SQLITE_OK)
		return warm_db_fault(w, rc, "make", f);
	if (db_prepare(w, f) != ERR_OK)
		return f->code;
	rc = warm_state_write(w);
	return rc == SQLITE_OK ? ERR_OK : warm_db_fault(w, rc, "make", f);
}

enum err
warm_db_make(struct warm *w, struct fault *f)
{
	enum err code = db_connect(w, f);

	memset(&w->state, 0, sizeof(w->state));
	randombytes_buf(w->state.epoch, sizeof(w->state.epoch));
	w->is_wal = false;
	if (code == ERR_OK)
		code = db_fill(w, f);
	if (code != ERR_OK)
		warm_db_close(w, false);
	return code;
}

int
warm_db_use_wal(struct warm *w)
{
	char mode[16] = "";
	int rc = warm_file_make_log(w->path) ? SQLITE_OK : SQLITE_CANTOPEN;

	if (rc == SQLITE_OK)
		rc = db_ask(w->handle, "PRAGMA journal_mode = WAL", mode, sizeof(mode));
	if (rc == SQLITE_OK && strcmp(mode, "wal") != 0)
		rc = SQLITE_CANTOPEN;
	w->is_wal = rc == SQLITE_OK;
	return rc;
}

int
warm_db_end_wal(struct warm *w)
{
	char mode[16] = "";
	int rc = db_ask(w->handle, "PRAGMA journal_mode = DELETE", mode, sizeof(mode));

	if (rc == SQLITE_OK && strcmp(mode, "delete") != 0)
		rc = SQLITE_BUSY;
	w->is_wal = w->is_wal && rc != SQLITE_OK;
	return rc;
}

void
warm_db_close(struct warm *w, bool whole)
{
	for (int i = 0; i < WARM_STMT_COUNT; i++) {
		sqlite3_finalize(w->stmt[i]);
		w->stmt[i] = NULL;
	}
	/* When it fails, what is in the log is read from there. */
	if (whole && w->handle != NULL && w->is_wal)
		(void)sqlite3_wal_checkpoint_v2(
		    w->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(w->handle);
	w->handle = NULL;
}
