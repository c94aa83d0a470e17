#include "roster_warm_rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>

#include "base/mem.h"

int
warm_set_up(void **state)
{
	static const unsigned char key[32] = "a key", other[32] = "another key";
	struct warm_rig *r = mem_alloc(sizeof(*r));

	alarm(120);
	signal(SIGXFSZ, SIG_IGN);
	snprintf(r->dir, sizeof(r->dir), "/tmp/usherd-test-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	snprintf(r->path, sizeof(r->path), "%s/roster.db", r->dir);
	r->seal = seal_new(key);
	r->other_seal = seal_new(other);
	*state = r;
	return 0;
}

int
warm_tear_down(void **state)
{
	struct warm_rig *r = *state;
	char command[96];

	warm_shut(r);
	seal_free(r->seal);
	seal_free(r->other_seal);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	assert_int_equal(system(command), 0);
	free(r);
	return 0;
}

void
warm_must_open(struct warm_rig *r)
{
	r->w = warm_open(r->path, "ldap://here/ dc=example", r->seal, &r->f);
	if (r->w == NULL)
		fail_msg("%s", r->f.text);
}

void
warm_shut(struct warm_rig *r)
{
	warm_close(r->w);
	r->w = NULL;
}

enum warm_kind
warm_kind_of(size_t i)
{
	if (i < RIG_PLACES)
		return WARM_PLACE;
	return i < RIG_PLACES + RIG_GROUPS ? WARM_GROUP : WARM_USER;
}

/* Scattered, as UUIDs are. */
void
warm_id(size_t i, unsigned char id[FEED_ID_SIZE])
{
	uint64_t word = (i + 1) * 0x9e3779b97f4a7c15u;

	memset(id, 0, FEED_ID_SIZE);
	memcpy(id, &word, sizeof(word));
}

bool
warm_save_number(struct warm_rig *r, int n)
{
	struct warm_record records[RIG_RECORDS];
	char values[RIG_RECORDS][RIG_VALUE], cookie[32];
	int len = snprintf(cookie, sizeof(cookie), "cookie %d", n);

	for (size_t i = 0; i < RIG_RECORDS; i++) {
		memset(values[i], 'x', sizeof(values[i]));
		snprintf(values[i], sizeof(values[i]), "Ada %zu of save %d", i, n);
		records[i].kind = warm_kind_of(i);
		warm_id(i, records[i].id);
		records[i].data = values[i];
		records[i].len = sizeof(values[i]) - i % 7;
	}
	return warm_save(r->w, records, RIG_RECORDS, cookie, (size_t)len, &r->f);
}

static bool
rig_on_record(void *arg, const struct warm_record *record)
{
	struct loaded *l = arg;
	unsigned char id[FEED_ID_SIZE];
	size_t i;
	int save;

	l->out_of_order = l->out_of_order ||
			  (record->kind == WARM_PLACE && l->last != 0 && l->last != WARM_PLACE) ||
			  (record->kind == WARM_GROUP && l->last == WARM_USER);
	l->last = record->kind;
	l->count[record->kind]++;
	if (sscanf(record->data, "Ada %zu of save %d", &i, &save) != 2 || i >= RIG_RECORDS) {
		l->foreign = true;
		return true;
	}
	warm_id(i, id);
	l->foreign = l->foreign || memcmp(id, record->id, sizeof(id)) != 0 ||
		     record->kind != warm_kind_of(i) || record->len != RIG_VALUE - i % 7;
	l->save = l->save == 0 || l->save == save ? save : -1;
	return --l->stop_after != 0;
}

bool
warm_load_all(struct warm_rig *r, struct loaded *l)
{
	const size_t stop_after = l->stop_after;
	bool good;

	memset(l, 0, sizeof(*l));
	l->stop_after = stop_after;
	good = warm_load(r->w, rig_on_record, l, l->cookie, &l->cookie_len, &r->f);
	l->cookie[l->cookie_len] = '\0';
	return good;
}

void
warm_expect(struct warm_rig *r, int n)
{
	struct loaded l = { .stop_after = 0 };
	char cookie[32];

	warm_must_open(r);
	assert_string_equal(r->f.text, "");
	if (!warm_load_all(r, &l))
		fail_msg("%s", r->f.text);
	snprintf(cookie, sizeof(cookie), "cookie %d", n);
	assert_string_equal(l.cookie, cookie);
	assert_int_equal(l.count[WARM_PLACE], RIG_PLACES);
	assert_int_equal(l.count[WARM_GROUP], RIG_GROUPS);
	assert_int_equal(l.count[WARM_USER], RIG_RECORDS - RIG_PLACES - RIG_GROUPS);
	assert_false(l.out_of_order);
	assert_false(l.foreign);
	assert_int_equal(l.save, n);
	warm_shut(r);
}

char *
warm_at(const struct warm_rig *r, const char *suffix)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s%s", r->path, suffix);
	return name;
}

void
warm_sql(const struct warm_rig *r, const char *sql)
{
	char *why = NULL;
	sqlite3 *h;

	assert_int_equal(sqlite3_open(r->path, &h), SQLITE_OK);
	if (sqlite3_exec(h, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_close(h);
}

char *
warm_read_file(const char *name, size_t *len)
{
	FILE *in = fopen(name, "r");
	char *data = mem_alloc(4 << 20);

	assert_non_null(in);
	*len = fread(data, 1, 4 << 20, in);
	fclose(in);
	return data;
}

void
warm_write_file(const char *name, const char *data, size_t len)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, len, out), len);
	fclose(out);
}

void
warm_let_files_grow_to(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
