/* What a durable invitation costs without usherd: a row and three indices in SQLite, WAL with
 * synchronous=FULL.
 *
 *   bare_store FILE COUNT BATCH
 *
 * FILE must not exist. Commits COUNT rows, BATCH in each transaction. Prints rows per second.
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "seconds.h"

enum { VALUE_SIZE = 900, HASH_SIZE = 24 }; /* bytes: what a sealed invitation takes */

static _Noreturn void
die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "bare_store: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void
run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		die(db, sql);
}

static sqlite3 *
open_store(const char *path)
{
	sqlite3 *db;

	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		die(db, path);
	run(db, "pragma journal_mode=wal");
	run(db, "pragma synchronous=full");
	run(db, "create table invitation (id integer primary key, token blob, uid blob, mail blob, "
		"value blob)");
	run(db, "create unique index by_token on invitation (token)");
	run(db, "create unique index by_uid on invitation (uid)");
	run(db, "create unique index by_mail on invitation (mail)");
	return db;
}

/* Keys are random, as hashes are: every index page is hit. */
static void
insert_row(sqlite3 *db, sqlite3_stmt *insert)
{
	unsigned char keys[3][HASH_SIZE], value[VALUE_SIZE];

	randombytes_buf(keys, sizeof(keys));
	randombytes_buf(value, sizeof(value));
	for (int i = 0; i < 3; i++)
		sqlite3_bind_blob(insert, i + 1, keys[i], HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 4, value, VALUE_SIZE, SQLITE_STATIC);
	if (sqlite3_step(insert) != SQLITE_DONE)
		die(db, "insert");
	sqlite3_reset(insert);
}

int
main(int argc, char **argv)
{
	sqlite3_stmt *insert;
	long count, batch;
	double begun;
	sqlite3 *db;

	if (argc != 4 || sodium_init() < 0) {
		fprintf(stderr, "usage: bare_store FILE COUNT BATCH\n");
		return 2;
	}
	count = strtol(argv[2], NULL, 10);
	batch = strtol(argv[3], NULL, 10);
	if (count <= 0 || batch <= 0)
		return 2;
	db = open_store(argv[1]);
	if (sqlite3_prepare_v2(db,
		"insert into invitation (token, uid, mail, value) values (?, ?, ?, ?)", -1, &insert,
		NULL) != SQLITE_OK)
		die(db, "prepare");
	begun = seconds_now();
	for (long done = 0; done < count;) {
		run(db, "begin immediate");
		for (long i = 0; i < batch && done < count; i++, done++)
			insert_row(db, insert);
		run(db, "commit");
	}
	printf("%.3f\n", (double)count / (seconds_now() - begun));
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}
