#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "durable.h"

enum { VALUE_SIZE = 900, HASH_SIZE = 24 }; /* bytes: what a sealed invitation takes */

struct durable {
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static _Noreturn void
die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "bare store: %s: %s\n", what, sqlite3_errmsg(db));
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

struct durable *
durable_open(const char *path)
{
	struct durable *d = calloc(1, sizeof(*d));

	if (d == NULL || sodium_init() < 0)
		exit(1);
	d->db = open_store(path);
	if (sqlite3_prepare_v2(d->db,
		"insert into invitation (token, uid, mail, value) values (?, ?, ?, ?)", -1,
		&d->insert, NULL) != SQLITE_OK)
		die(d->db, "prepare");
	return d;
}

/* Keys are random, as hashes are: every index page is hit. */
static void
insert_row(struct durable *d)
{
	unsigned char keys[3][HASH_SIZE], value[VALUE_SIZE];

	randombytes_buf(keys, sizeof(keys));
	randombytes_buf(value, sizeof(value));
	for (int i = 0; i < 3; i++)
		sqlite3_bind_blob(d->insert, i + 1, keys[i], HASH_SIZE, SQLITE_STATIC);
	sqlite3_bind_blob(d->insert, 4, value, VALUE_SIZE, SQLITE_STATIC);
	if (sqlite3_step(d->insert) != SQLITE_DONE)
		die(d->db, "insert");
	sqlite3_reset(d->insert);
}

void
durable_commit(struct durable *d, long rows)
{
	run(d->db, "begin immediate");
	for (long i = 0; i < rows; i++)
		insert_row(d);
	run(d->db, "commit");
}

void
durable_close(struct durable *d)
{
	sqlite3_finalize(d->insert);
	sqlite3_close(d->db);
	free(d);
}
