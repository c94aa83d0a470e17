/* The least that reading a warm file costs: every column of every row of every table, on one
 * thread.
 *
 *   bare_warm FILE [KEY-FILE]
 *
 * With a key every seal of a record is opened as well: what is sealed was not read. Prints {"rows",
 * "bytes", "seconds", "processor_seconds"}.
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/seal.h"
#include "roster/roster_warm_private.h"
#include "seconds.h"

enum { TABLES_MAX = 16, NAME_MAX_BYTES = 128 };

struct bare {
	sqlite3 *db;
	struct seal *seal; /* NULL: none is opened */
	unsigned char epoch[WARM_EPOCH_SIZE];
	unsigned char *plain;
	size_t plain_size;
	char tables[TABLES_MAX][NAME_MAX_BYTES];
	size_t table_count, rows, bytes;
};

static _Noreturn void
die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "bare_warm: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		die(db, sql);
	return s;
}

static void
list_tables(struct bare *w)
{
	sqlite3_stmt *s = prepare(w->db, "select name from sqlite_schema where type = 'table'");

	while (sqlite3_step(s) == SQLITE_ROW && w->table_count < TABLES_MAX)
		snprintf(w->tables[w->table_count++], NAME_MAX_BYTES, "%s",
		    (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
}

/* A column, into `plain`; how long it is. */
static size_t
open_seal(struct bare *w, sqlite3_stmt *s, int column, const void *name, size_t name_len)
{
	const size_t len = (size_t)sqlite3_column_bytes(s, column);
	struct fault f;
	size_t plain_len;

	if (w->plain_size < len) {
		w->plain_size = len;
		w->plain = mem_resize(w->plain, len, 1);
	}
	if (len < SEAL_OVERHEAD ||
	    seal_open(w->seal, name, name_len, sqlite3_column_blob(s, column), len, w->plain,
		&plain_len, &f) != ERR_OK)
		die(w->db, "a seal does not open");
	return plain_len;
}

/* Records are sealed under it. */
static void
read_epoch(struct bare *w)
{
	sqlite3_stmt *s = prepare(w->db, "select value from meta");
	struct warm_state_head head;

	if (sqlite3_step(s) != SQLITE_ROW ||
	    open_seal(w, s, 0, WARM_STATE_NAME, sizeof(WARM_STATE_NAME)) < sizeof(head))
		die(w->db, "there is no state");
	memcpy(&head, w->plain, sizeof(head));
	memcpy(w->epoch, head.epoch, sizeof(w->epoch));
	sqlite3_finalize(s);
}

/* A row of `record`: kind, id, value. */
static void
open_record(struct bare *w, sqlite3_stmt *s)
{
	unsigned char name[WARM_NAME_SIZE];

	warm_name_of(
	    w->epoch, (enum warm_kind)sqlite3_column_int(s, 0), sqlite3_column_blob(s, 1), name);
	open_seal(w, s, 2, name, sizeof(name));
}

static void
read_table(struct bare *w, const char *name)
{
	char sql[NAME_MAX_BYTES + 32];
	sqlite3_stmt *s;
	bool is_sealed;
	int code;

	snprintf(sql, sizeof(sql), "select * from \"%s\"", name);
	s = prepare(w->db, sql);
	is_sealed = w->seal != NULL && strcmp(name, "record") == 0;
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		int columns = sqlite3_column_count(s);

		w->rows++;
		for (int i = 0; i < columns; i++) {
			if (sqlite3_column_blob(s, i) != NULL)
				w->bytes += (size_t)sqlite3_column_bytes(s, i);
		}
		if (is_sealed)
			open_record(w, s);
	}
	if (code != SQLITE_DONE)
		die(w->db, sql);
	sqlite3_finalize(s);
}

int
main(int argc, char **argv)
{
	struct bare w = { .rows = 0 };
	struct fault f;
	double began;

	if (argc < 2 || argc > 3 || sodium_init() < 0) {
		fprintf(stderr, "usage: bare_warm FILE [KEY-FILE]\n");
		return 2;
	}
	if (argc == 3 && seal_load(&w.seal, argv[2], &f) != ERR_OK)
		die(NULL, f.text);
	began = seconds_now();
	if (sqlite3_open_v2(argv[1], &w.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		die(w.db, argv[1]);
	list_tables(&w);
	if (w.seal != NULL)
		read_epoch(&w);
	for (size_t i = 0; i < w.table_count; i++)
		read_table(&w, w.tables[i]);
	sqlite3_close(w.db);
	seal_free(w.seal);
	free(w.plain);
	printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.6f, \"processor_seconds\": %.6f}\n",
	    w.rows, w.bytes, seconds_now() - began, processor_seconds());
	return 0;
}
