/* Durable invitation creates through store_issue, beside a bare SQLite loop that writes one row
 * with three indices beside its id: in turns, so that a disk that changes its mind changes it for
 * both. Prints one JSON object a line; the figure of each is the median of ROUNDS rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "seconds.h"
#include "store/store_audit.h"

enum { ROUNDS = 5, ROW_SIZE = 900 /* bytes: about a sealed invitation */ };

static void
die(const char *what)
{
	fprintf(stderr, "bench_store: %s\n", what);
	exit(1);
}

/* ---- the bare loop ---- */

struct bare {
	sqlite3 *h;
	sqlite3_stmt *begin, *insert, *commit;
};

static sqlite3_stmt *
bare_prepare(sqlite3 *h, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v3(h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(h));
	return s;
}

static void
bare_open(struct bare *b, const char *path)
{
	if (sqlite3_open_v2(path, &b->h,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK ||
	    sqlite3_exec(b->h,
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE t(id TEXT PRIMARY KEY, token TEXT, uid TEXT, mail TEXT, value BLOB);"
		"CREATE INDEX t_token ON t(token); CREATE INDEX t_uid ON t(uid);"
		"CREATE INDEX t_mail ON t(mail)",
		NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(b->h));
	b->begin = bare_prepare(b->h, "BEGIN IMMEDIATE");
	b->insert = bare_prepare(b->h, "INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5)");
	b->commit = bare_prepare(b->h, "COMMIT");
}

static void
bare_step(struct bare *b, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		die(sqlite3_errmsg(b->h));
	sqlite3_reset(s);
}

static double
bare_rate(struct bare *b, int batch, int count)
{
	unsigned char value[ROW_SIZE], random[32];
	char id[ID_SIZE], names[3][ENCODE_BASE64_SIZE(sizeof(random))];
	double begin = seconds_now();

	random_fill(value, sizeof(value));
	for (int i = 0; i < count; i++) {
		if (i % batch == 0)
			bare_step(b, b->begin);
		id_make(clock_wall_ms(&clock_system), id);
		sqlite3_bind_text(b->insert, 1, id, -1, SQLITE_STATIC);
		for (int j = 0; j < 3; j++) {
			random_fill(random, sizeof(random));
			encode_base64(random, sizeof(random), names[j]);
			sqlite3_bind_text(b->insert, 2 + j, names[j], -1, SQLITE_STATIC);
		}
		sqlite3_bind_blob(b->insert, 5, value, sizeof(value), SQLITE_STATIC);
		bare_step(b, b->insert);
		if (i % batch == batch - 1 || i == count - 1)
			bare_step(b, b->commit);
	}
	return count / (seconds_now() - begin);
}

/* ---- the store ---- */

struct run {
	struct loop *loop;
	struct store *store;
	int started, done, count;
	unsigned serial;
};

static void run_issue(struct run *r);

static void
run_on_issue(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	struct run *r = arg;

	(void)revision, (void)taken;
	if (code != ERR_OK)
		die(f->text);
	if (++r->done == r->count)
		loop_stop(r->loop);
	else if (r->started < r->count)
		run_issue(r);
}

static void
run_issue(struct run *r)
{
	static const struct store_note note = { .actor = "uid:0",
		.request_id = "0123456789abcdef" };
	struct invitation *inv = invitation_new();
	int64_t now = clock_wall_ms(&clock_system);
	char uid[32], mail[64], phone[24];

	r->started++;
	snprintf(uid, sizeof(uid), "ada.lovelace%u", ++r->serial);
	snprintf(mail, sizeof(mail), "ada.lovelace%u@example.org", r->serial);
	snprintf(phone, sizeof(phone), "+49%010u", r->serial);
	id_make(now, inv->id);
	inv->method = INVITATION_BY_EMAIL;
	inv->person.value[PERSON_GIVEN_NAME] = "Ada";
	inv->person.value[PERSON_FAMILY_NAME] = "Lovelace";
	inv->person.value[PERSON_DISPLAY_NAME] = "Ada Lovelace";
	inv->person.value[PERSON_GENDER] = "female";
	inv->person.value[PERSON_BIRTHDAY] = "1990-12-10";
	inv->person.value[PERSON_MAIL] = mail;
	inv->person.value[PERSON_PHONE] = phone;
	inv->person.value[PERSON_ORG_UNIT] = "ou=Engineering,ou=People,dc=example,dc=org";
	inv->person.value[PERSON_POSITION] = "Engineer";
	inv->person.value[PERSON_LANGUAGE] = "en";
	inv->person.value[PERSON_UID] = uid;
	inv->person.groups[0] = "cn=staff,ou=Groups,dc=example,dc=org";
	inv->person.group_count = 1;
	inv->personal_mail = mail;
	random_fill(&inv->tokens[0], sizeof(inv->tokens[0]));
	inv->token_count = 1;
	inv->created_at = now;
	inv->expires_at = now + 7LL * 24 * 3600 * 1000;
	inv->created_by = "uid:0";
	inv->timeline[0] = (struct invitation_entry){ now, INVITATION_EV_ISSUE, NULL };
	inv->timeline_count = 1;
	store_issue(r->store, inv, &note, run_on_issue, r);
	invitation_free(inv);
}

static double
store_rate(struct run *r, int in_flight, int count)
{
	double begin = seconds_now();

	r->started = r->done = 0;
	r->count = count;
	for (int i = 0; i < in_flight; i++)
		run_issue(r);
	loop_run(r->loop);
	return count / (seconds_now() - begin);
}

static void
on_prepared(void *arg, enum err code, const struct fault *f)
{
	if (code != ERR_OK)
		die(f->text);
	loop_stop(arg);
}

static void
on_trouble(void *arg, const struct fault *f)
{
	(void)arg;
	die(f->text);
}

/* ---- both ---- */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(struct run *r, struct bare *b, int in_flight, int count)
{
	double ours[ROUNDS], bare[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		bare[i] = bare_rate(b, in_flight, count);
		ours[i] = store_rate(r, in_flight, count);
	}
	qsort(ours, ROUNDS, sizeof(ours[0]), by_size);
	qsort(bare, ROUNDS, sizeof(bare[0]), by_size);
	printf("{\"bench\":\"store\",\"metric\":\"issue_%d_in_flight\",\"value\":%.0f,"
	       "\"unit\":\"1/s\",\"baseline\":%.0f,\"ratio\":%.2f}\n",
	    in_flight, ours[ROUNDS / 2], bare[ROUNDS / 2], ours[ROUNDS / 2] / bare[ROUNDS / 2]);
	fflush(stdout);
}

/* Opening what was written, as a start of the daemon does. */
static void
measure_open(struct run *r, struct kv **kv, const char *path)
{
	struct fault f;
	double begin;

	kv_close(*kv);
	begin = seconds_now();
	if (kv_sqlite_open(kv, r->loop, path, &f) != ERR_OK)
		die(f.text);
	printf("{\"bench\":\"store\",\"metric\":\"open\",\"value\":%.1f,\"unit\":\"ms\","
	       "\"baseline\":null,\"ratio\":null}\n",
	    (seconds_now() - begin) * 1000);
}

int
main(int argc, char **argv)
{
	static const unsigned char key[32] = { 1 };
	char dir[256], path[300];
	struct run r = { .serial = 0 };
	struct seal *seal;
	struct bare b;
	struct kv *kv;
	struct fault f;

	if (sodium_init() < 0)
		die("libsodium does not start");
	if (argc != 2)
		die("usage: bench_store DIRECTORY");
	snprintf(dir, sizeof(dir), "%s/usherd-bench-XXXXXX", argv[1]);
	if (mkdtemp(dir) == NULL)
		die("cannot make a directory");
	snprintf(path, sizeof(path), "%s/bare.db", dir);
	bare_open(&b, path);
	snprintf(path, sizeof(path), "%s/store.db", dir);
	r.loop = loop_new();
	seal = seal_new(key);
	if (kv_sqlite_open(&kv, r.loop, path, &f) != ERR_OK)
		die(f.text);
	r.store = store_new(r.loop, kv, seal, &clock_system);
	store_prepare(r.store, on_prepared, r.loop);
	loop_run(r.loop);
	store_chain_start(r.store, on_trouble, NULL); /* as the daemon does */
	measure(&r, &b, 64, 2048);
	measure(&r, &b, 1, 300);
	store_free(r.store);
	measure_open(&r, &kv, path);
	kv_close(kv);
	loop_free(r.loop);
	seal_free(seal);
	sqlite3_finalize(b.begin);
	sqlite3_finalize(b.insert);
	sqlite3_finalize(b.commit);
	sqlite3_close(b.h);
	snprintf(path, sizeof(path), "rm -rf %s", dir);
	return system(path) == 0 ? 0 : 1;
}
