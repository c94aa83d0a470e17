/* The least that reading a warm file costs: every column of every row of every table.
 *
 *   bare_warm FILE
 *
 * Prints {"rows", "bytes", "seconds"}.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "seconds.h"

enum { TABLES_MAX = 16, NAME_MAX_BYTES = 128 };

struct warm {
	sqlite3 *db;
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
list_tables(struct warm *w)
{
	sqlite3_stmt *s = prepare(w->db, "select name from sqlite_schema where type = 'table'");

	while (sqlite3_step(s) == SQLITE_ROW && w->table_count < TABLES_MAX)
		snprintf(w->tables[w->table_count++], NAME_MAX_BYTES, "%s",
		    (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
}

static void
read_table(struct warm *w, const char *name)
{
	char sql[NAME_MAX_BYTES + 32];
	sqlite3_stmt *s;
	int code;

	snprintf(sql, sizeof(sql), "select * from \"%s\"", name);
	s = prepare(w->db, sql);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		int columns = sqlite3_column_count(s);

		w->rows++;
		for (int i = 0; i < columns; i++) {
			if (sqlite3_column_blob(s, i) != NULL)
				w->bytes += (size_t)sqlite3_column_bytes(s, i);
		}
	}
	if (code != SQLITE_DONE)
		die(w->db, sql);
	sqlite3_finalize(s);
}

int
main(int argc, char **argv)
{
	struct warm w = { .rows = 0 };
	double began = seconds_now();

	if (argc != 2) {
		fprintf(stderr, "usage: bare_warm FILE\n");
		return 2;
	}
	if (sqlite3_open_v2(argv[1], &w.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		die(w.db, argv[1]);
	list_tables(&w);
	for (size_t i = 0; i < w.table_count; i++)
		read_table(&w, w.tables[i]);
	sqlite3_close(w.db);
	printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", w.rows, w.bytes,
	    seconds_now() - began);
	return 0;
}
