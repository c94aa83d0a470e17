#include "store/kv_sqlite_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/* The values lie in the order of writing: with random keys a table clustered by key is slower by
 * half, because every put then moves values about. */
static const char schema_kv[] =
    "CREATE TABLE kv(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, created INTEGER NOT NULL, "
    "modified INTEGER NOT NULL, value BLOB NOT NULL) STRICT";
static const char schema_meta[] = "CREATE TABLE meta(revision INTEGER NOT NULL) STRICT";
const char *const sqlite_schema[2] = { schema_kv, schema_meta };

static const char stmt_range[] = "SELECT key, value, created, modified FROM kv WHERE key >= ?1 AND "
				 "key < ?2 ORDER BY key LIMIT ?3";

static const char stmt_range_back[] = "SELECT key, value, created, modified FROM kv WHERE "
				      "key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3";

static const char *const statements[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_FIND] = "SELECT id, created, modified FROM kv WHERE key = ?1",
	[STMT_READ] = "SELECT value, created, modified FROM kv WHERE key = ?1",
	[STMT_RANGE] = stmt_range,
	[STMT_RANGE_BACK] = stmt_range_back,
	[STMT_INSERT] = "INSERT INTO kv(key, created, modified, value) VALUES(?1, ?2, ?2, ?3)",
	[STMT_UPDATE] = "UPDATE kv SET modified = ?2, value = ?3 WHERE id = ?1",
	[STMT_DELETE] = "DELETE FROM kv WHERE key = ?1",
	[STMT_REVISION] = "UPDATE meta SET revision = ?1",
	[STMT_PROBE] = "UPDATE meta SET revision = revision",
};

/* A pragma may be ignored without an error: each is read back. */
static const struct {
	const char *name, *value, *expect;
} pragmas[] = {
	{ "locking_mode", "EXCLUSIVE", "exclusive" }, /* one process, so no shared memory file */
	{ "journal_mode", "WAL", "wal" },
	{ "synchronous", "FULL", "2" },
	{ "trusted_schema", "OFF", "0" },
	{ "temp_store", "MEMORY", "2" },
	{ "secure_delete", "ON", "1" },
	{ "mmap_size", "0", "0" },
	{ "cell_size_check", "ON", "1" },
	{ "wal_autocheckpoint", "0", "0" }, /* done between batches, not inside a commit */
	{ "cache_size", "-4096", "-4096" },
};

static const struct {
	int name, max;
} limits[] = {
	{ SQLITE_LIMIT_LENGTH, 1 << 20 },
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
	/* A file that is refused is left exactly as it was found. */
	{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
};

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
	else if (rc == SQLITE_ROW && sqlite3_errcode(h) == SQLITE_NOMEM)
		rc = SQLITE_NOMEM; /* not an empty answer */
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static enum err
db_set_pragma(struct sqlite_db *db, size_t i, struct fault *f)
{
	char sql[96], got[32];
	int rc;

	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s = %s", pragmas[i].name, pragmas[i].value);
	rc = db_ask(db->handle, sql, got, sizeof(got));
	sqlite3_snprintf(sizeof(sql), sql, "PRAGMA %s", pragmas[i].name);
	if (rc == SQLITE_OK)
		rc = db_ask(db->handle, sql, got, sizeof(got));
	if (rc != SQLITE_OK)
		return sqlite_fault(db, rc, "open the store", f);
	/* A build that leaves mmap out answers nothing, which is as good. */
	if (strcmp(got, pragmas[i].expect) != 0 && strcmp(pragmas[i].name, "mmap_size") != 0)
		return fault_set(f, ERR_MISCONFIGURED, "%s: SQLite keeps %s at %s instead of %s",
		    db->path, pragmas[i].name, got, pragmas[i].expect);
	return ERR_OK;
}

static enum err
db_configure(struct sqlite_db *db, struct fault *f)
{
	int ignored;

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, 2000); /* a foreign tool may be looking at the file */
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (sqlite3_db_config(db->handle, switches[i].name, switches[i].on, &ignored) !=
		    SQLITE_OK)
			return fault_set(f, ERR_MISCONFIGURED,
			    "this SQLite lacks a switch that the store needs (%d)",
			    switches[i].name);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db->handle, limits[i].name, limits[i].max);
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++)
		if (db_set_pragma(db, i, f) != ERR_OK)
			return f->code;
	return ERR_OK;
}

static enum err
db_connect(struct sqlite_db *db, struct fault *f)
{
	int rc = sqlite3_open_v2(db->path, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc != SQLITE_OK)
		return sqlite_fault(db, rc, "open the store", f);
	return db_configure(db, f);
}

static enum err
db_damaged(const struct sqlite_db *db, const char *what, struct fault *f)
{
	return fault_set(f, ERR_CORRUPT,
	    "%s is damaged (%s): stop usherd, move the file and its -wal away, put a backup in "
	    "their place, and start again",
	    db->path, what);
}

/* Nothing but our two tables, as we made them: a trigger or a view put in by somebody else is
 * damage. */
static enum err
db_check_schema(struct sqlite_db *db, struct fault *f)
{
	char count[16], sql[512];
	int rc = db_ask(db->handle,
	    "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex_%'", count,
	    sizeof(count));

	if (rc == SQLITE_OK && strcmp(count, "2") != 0)
		return db_damaged(db, "its schema is not ours", f);
	for (size_t i = 0; i < 2 && rc == SQLITE_OK; i++) {
		rc = db_ask(db->handle,
		    i == 0 ? "SELECT sql FROM sqlite_schema WHERE name = 'kv'"
			   : "SELECT sql FROM sqlite_schema WHERE name = 'meta'",
		    sql, sizeof(sql));
		if (rc == SQLITE_OK && strcmp(sql, sqlite_schema[i]) != 0)
			return db_damaged(db, "its schema is not ours", f);
	}
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, "read the store", f);
}

/* Only small files are checked whole: quick_check reads every page, about a millisecond for a
 * cached megabyte and far more from a cold disk, and a start has to stay below 100 ms. In a larger
 * file damage is found when the page is read (cell_size_check) or the value is opened (every value
 * is sealed). */
static enum err
db_check_content(struct sqlite_db *db, struct fault *f)
{
	static const char failure[] = "error code=";
	char text[160];
	const char *code;
	struct stat st;
	int rc;

	if (stat(db->path, &st) != 0 || st.st_size > SQLITE_CHECK_MAX)
		return ERR_OK;
	rc = db_ask(db->handle, "PRAGMA quick_check(1)", text, sizeof(text));
	if (rc != SQLITE_OK)
		return sqlite_fault(db, rc, "check the store", f);
	if (strcmp(text, "ok") == 0)
		return ERR_OK;
	/* "Page 16: unable to get the page. error code=266": nobody knows what stands there. */
	code = strstr(text, failure);
	rc = code != NULL ? (int)strtol(code + strlen(failure), NULL, 10) : SQLITE_CORRUPT;
	return (rc & 0xff) == SQLITE_CORRUPT || rc == SQLITE_OK
		   ? db_damaged(db, text, f)
		   : sqlite_fault(db, rc, "check the store", f);
}

static enum err
db_load(struct sqlite_db *db, struct fault *f)
{
	char text[32];
	int rc = db_ask(db->handle, "PRAGMA user_version", text, sizeof(text));

	if (rc == SQLITE_OK && strtol(text, NULL, 10) != SQLITE_STORE_VERSION)
		return db_damaged(db, "its version is not known", f);
	if (rc == SQLITE_OK)
		rc = db_ask(db->handle,
		    "SELECT max(revision, ifnull((SELECT modified FROM kv ORDER BY id DESC LIMIT "
		    "1), 0)) "
		    "FROM meta",
		    text, sizeof(text));
	if (rc != SQLITE_OK)
		return sqlite_fault(db, rc, "read the store", f);
	if (text[0] == '\0')
		return db_damaged(db, "its revision is missing", f);
	db->revision = strtoull(text, NULL, 10);
	for (int i = 0; i < STMT_COUNT; i++) {
		rc = sqlite3_prepare_v3(
		    db->handle, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &db->stmt[i], NULL);
		if (rc != SQLITE_OK)
			return sqlite_fault(db, rc, "read the store", f);
	}
	return ERR_OK;
}

static int
db_on_wal(void *arg, sqlite3 *h, const char *name, int pages)
{
	struct sqlite_db *db = arg;

	(void)h, (void)name;
	db->wal_pages = pages;
	return SQLITE_OK;
}

/* What an earlier connection wrote, but could not sync, may stand in the WAL: once it is copied and
 * the file synced, all that can be read is durable. */
static enum err
db_settle_wal(struct sqlite_db *db, struct fault *f)
{
	int rc =
	    sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	sqlite3_wal_hook(db->handle, db_on_wal, db);
	db->wal_pages = 0;
	return rc == SQLITE_OK ? ERR_OK : sqlite_fault(db, rc, "write the store", f);
}

/* A full disk must not keep a store that was open from reading: without an unknown commit in the
 * WAL there is nothing to settle, and the next write tells what is wrong. */
static enum err
db_settle(struct sqlite_db *db, uint64_t known, struct fault *f)
{
	enum err code = db_settle_wal(db, f);

	return code != ERR_OK && db->opened > 0 && db->revision == known ? ERR_OK : code;
}

enum err
sqlite_db_open(struct sqlite_db *db, struct fault *f)
{
	struct file_identity now;
	uint64_t known = db->revision;
	bool had_wal = file_identity_of(db->wal_path, &now);
	enum err code = sqlite_file_check(db->path, &now, f);

	if (code != ERR_OK)
		return code;
	if (db->opened > 0 && !file_identity_equal(&db->file, &now))
		return fault_set(f, ERR_UNAVAILABLE,
		    "%s was replaced while in use: put the old file back, or restart usherd",
		    db->path);
	code = db_connect(db, f);
	if (code == ERR_OK)
		code = db_check_schema(db, f);
	if (code == ERR_OK && db->opened == 0)
		code = db_check_content(db, f);
	if (code == ERR_OK)
		code = db_load(db, f);
	if (code == ERR_OK)
		code = db_settle(db, known, f);
	if (code == ERR_OK && !file_identity_of(db->wal_path, &db->wal))
		code = fault_set(f, ERR_UNAVAILABLE, "%s has gone", db->wal_path);
	if (code == ERR_OK) {
		db->file = now;
		db->opened++;
	} else {
		sqlite_db_close(db, true);
		if (!had_wal)
			sqlite_file_remove_empty(db->wal_path);
		db->revision = known;
	}
	return code;
}

void
sqlite_db_close(struct sqlite_db *db, bool keep_wal)
{
	int ignored;

	for (int i = 0; i < STMT_COUNT; i++) {
		sqlite3_finalize(db->stmt[i]);
		db->stmt[i] = NULL;
	}
	if (db->handle != NULL)
		sqlite3_db_config(
		    db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_wal ? 1 : 0, &ignored);
	sqlite3_close(db->handle);
	db->handle = NULL;
}

enum err
sqlite_db_create(const char *path, struct fault *f)
{
	struct sqlite_db db = { .path = mem_dup_string(path) };
	enum err code = db_connect(&db, f);
	char *sql = sqlite3_mprintf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;"
				    "%s; %s; INSERT INTO meta VALUES(0); COMMIT",
	    SQLITE_STORE_ID, SQLITE_STORE_VERSION, sqlite_schema[0], sqlite_schema[1]);
	int rc;

	if (code == ERR_OK) {
		rc = sqlite3_exec(db.handle, sql, NULL, NULL, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_wal_checkpoint_v2(
			    db.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
		if (rc != SQLITE_OK)
			code = sqlite_fault(&db, rc, "make the store", f);
	}
	sqlite3_free(sql);
	sqlite_db_close(&db, false);
	free(db.path);
	return code;
}
