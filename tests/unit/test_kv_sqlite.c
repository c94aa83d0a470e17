/* What a store in a file can suffer while it is open: a full disk, a file that goes away or is
 * damaged, another program, and a process that is killed while it commits. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sodium.h>
#include <sqlite3.h>

#include "sqlite_world.h"

static void
limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum err
put_big(struct world *w, const char *key)
{
	static char value[64 * 1024 + 1];

	memset(value, 'v', sizeof(value) - 1);
	return call_put(w->loop, w->kv, key, value).code;
}

static void
a_full_disk_refuses_writes_serves_reads_and_heals_by_itself(void **state)
{
	struct world *w = *state;
	char name[16];
	int stored = 0;

	must_open(w);
	call_put(w->loop, w->kv, "a", "x");
	limit_file_size(512 * 1024);
	/* The first refusal makes room by copying the WAL; several in a row mean that it is over.
	 */
	for (int refused = 0; refused < 3;) {
		enum err code;

		snprintf(name, sizeof(name), "big%d", stored);
		code = put_big(w, name);
		assert_true(code == ERR_OK || code == ERR_UNAVAILABLE);
		if (code == ERR_OK)
			assert_in_range(++stored, 1, 20);
		refused = code == ERR_OK ? 0 : refused + 1;
	}
	assert_in_range(stored, 1, 20);
	assert_int_equal(call_get(w->loop, w->kv, "a").code, ERR_OK);
	assert_int_equal(call_get(w->loop, w->kv, name).code, ERR_NOT_FOUND);
	assert_false(kv_is_healthy(w->kv, &w->fault));
	assert_non_null(strstr(w->fault.text, w->path));
	limit_file_size(RLIM_INFINITY);
	for (int i = 0; i < 400 && !kv_is_healthy(w->kv, NULL); i++) {
		usleep(50 * 1000); /* nobody writes: the store finds out alone */
		call_get(w->loop, w->kv, "a");
	}
	assert_true(kv_is_healthy(w->kv, NULL));
	assert_int_equal(put_big(w, name), ERR_OK);
	close_store(w);
	must_open(w);
	for (int i = 0; i <= stored; i++) {
		snprintf(name, sizeof(name), "big%d", i);
		assert_int_equal(call_get(w->loop, w->kv, name).code, ERR_OK);
	}
}

static void
a_file_that_was_moved_away_stops_writing(void **state)
{
	struct world *w = *state;
	static const char *const suffixes[] = { "", "-wal" };
	char aside[160];

	must_open(w);
	call_put(w->loop, w->kv, "a", "x");
	snprintf(aside, sizeof(aside), "%s/aside", w->dir);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rename(file_at(w, suffixes[i]), aside), 0);
		assert_int_equal(call_put(w->loop, w->kv, "b", "x").code, ERR_UNAVAILABLE);
		file_write(file_at(w, suffixes[i]), "another", 7);
		assert_int_equal(call_put(w->loop, w->kv, "b", "x").code, ERR_UNAVAILABLE);
		assert_false(kv_is_healthy(w->kv, &w->fault));
		assert_non_null(strstr(w->fault.text, "put it back"));
		assert_int_equal(rename(aside, file_at(w, suffixes[i])), 0);
		assert_int_equal(call_put(w->loop, w->kv, "b", "x").code, ERR_OK);
		assert_true(kv_is_healthy(w->kv, NULL));
	}
}

static void
its_size_is_that_of_its_files(void **state)
{
	struct world *w = *state;
	static const char *const suffixes[] = { "", "-wal" };
	uint64_t before = 0;

	must_open(w);
	for (int i = 0; i < 3; i++) {
		uint64_t size = 0;
		struct stat st;

		assert_int_equal(put_big(w, i == 0 ? "a" : i == 1 ? "b" : "c"), ERR_OK);
		for (size_t j = 0; j < 2; j++) {
			assert_int_equal(stat(file_at(w, suffixes[j]), &st), 0);
			size += (uint64_t)st.st_size;
		}
		assert_int_equal(kv_bytes_on_disk(w->kv), size);
		assert_true(size > before);
		before = size;
	}
	assert_string_equal(kv_kind(w->kv), "sqlite");
	close_store(w);
	must_open(w); /* nothing was written since */
	assert_true(kv_bytes_on_disk(w->kv) > 0);
}

static void
a_foreign_program_cannot_write_beside_us(void **state)
{
	struct world *w = *state;
	sqlite3 *h;
	pid_t child;
	int status;

	must_open(w);
	call_put(w->loop, w->kv, "a", "x");
	child = fork(); /* locks are between processes */
	if (child == 0) {
		if (sqlite3_open(w->path, &h) != SQLITE_OK)
			_exit(1);
		_exit(sqlite3_exec(h, "DELETE FROM kv", NULL, NULL, NULL) == SQLITE_BUSY ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(call_get(w->loop, w->kv, "a").code, ERR_OK);
}

/* ---- damage that is met while it runs ---- */

enum { MANY = 2400, ROW_BYTES = 1000 };

/* More than is checked whole when it is opened. */
static void
fill_store(struct world *w)
{
	char value[ROW_BYTES + 1], keys[40][16];

	memset(value, 'v', sizeof(value) - 1);
	value[ROW_BYTES] = '\0';
	for (int i = 0; i < MANY; i += 40) {
		struct kv_write writes[40];
		struct kv_txn txn = { .writes = writes, .write_count = 40 };

		for (int j = 0; j < 40; j++) {
			snprintf(keys[j], sizeof(keys[j]), "k%06d", i + j);
			writes[j] = write_of(keys[j], value);
		}
		assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_OK);
	}
}

/* Overwrite the page that holds the middle row: "k001200" stands there, and once more in the index,
 * whose page has many keys. */
static void
damage_row_page(const struct world *w)
{
	char page[PAGE];
	int fd = open(w->path, O_RDWR);
	bool done = false;

	assert_true(fd >= 0);
	for (off_t at = PAGE; !done && pread(fd, page, PAGE, at) == PAGE; at += PAGE) {
		const char *found = memmem(page, PAGE, "k001200", 7);

		if (found == NULL || memmem(page, PAGE, "vvvvvvvv", 8) == NULL)
			continue;
		memset(page, 0xff, PAGE);
		assert_int_equal(pwrite(fd, page, PAGE, at), PAGE);
		done = true;
	}
	assert_true(done);
	close(fd);
}

struct crowd {
	struct loop *loop;
	int waiting;
	enum err got[8], range, swap, put[8];
	char says[FAULT_TEXT_MAX];
};

static void
crowd_heard(struct crowd *c)
{
	if (--c->waiting == 0)
		loop_stop(c->loop);
}

static struct crowd crowd;

static void
crowd_on_get(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	(void)item;
	*(enum err *)arg = code;
	if (f != NULL)
		snprintf(crowd.says, sizeof(crowd.says), "%s", f->text);
	crowd_heard(&crowd);
}

static void
crowd_on_range(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	(void)items, (void)count, (void)more, (void)revision, (void)f;
	*(enum err *)arg = code;
	crowd_heard(&crowd);
}

static void
crowd_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	(void)result, (void)f;
	*(enum err *)arg = code;
	crowd_heard(&crowd);
}

static void
a_damaged_page_fails_those_who_read_it_and_nobody_else(void **state)
{
	struct world *w = *state;
	struct kv_compare compare = { kv_text("k001200"), 1 };
	struct kv_write write = write_of("swapped", "x");
	struct kv_txn swap = { &compare, 1, &write, 1, NULL };
	char name[16];

	must_open(w);
	fill_store(w);
	close_store(w);
	damage_row_page(w);
	must_open(w);
	crowd = (struct crowd){ .loop = w->loop, .waiting = 18 };
	/* All at once: beginning with the second, they share commits. */
	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		write = write_of(name, "x");
		kv_txn(w->kv, &(struct kv_txn){ .writes = &write, .write_count = 1 }, crowd_on_txn,
		    &crowd.put[i]);
		kv_get(w->kv, kv_text("k001200"), crowd_on_get, &crowd.got[i]);
	}
	kv_range(w->kv, kv_text("k0012"), kv_text(""), 50, crowd_on_range, &crowd.range);
	write = write_of("swapped", "x");
	kv_txn(w->kv, &swap, crowd_on_txn, &crowd.swap);
	loop_run(w->loop);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(crowd.put[i], ERR_OK);
		assert_int_equal(crowd.got[i], ERR_CORRUPT);
		snprintf(name, sizeof(name), "new%d", i);
		assert_int_equal(call_get(w->loop, w->kv, name).code, ERR_OK);
	}
	assert_non_null(strstr(crowd.says, "cannot read"));
	assert_int_equal(crowd.range, ERR_CORRUPT);
	assert_int_equal(crowd.swap, ERR_CORRUPT);
	assert_int_equal(call_get(w->loop, w->kv, "swapped").code, ERR_NOT_FOUND);
	assert_int_equal(call_get(w->loop, w->kv, "k000100").code, ERR_OK);
	assert_true(kv_is_healthy(w->kv, NULL));
}

/* ---- killed ---- */

struct writer {
	struct kv *kv;
	int out, next;
};

static void writer_put(struct writer *wr);

static void
writer_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct writer *wr = arg;
	uint64_t revision = result->revision;

	(void)f;
	if (code != ERR_OK || write(wr->out, &revision, sizeof(revision)) != sizeof(revision))
		_exit(1);
	writer_put(wr);
}

/* Two keys at once, named by a number, which stay together for ever. */
static void
writer_put(struct writer *wr)
{
	char a[16], b[16];
	struct kv_write writes[2];
	struct kv_txn txn = { .writes = writes, .write_count = 2 };

	snprintf(a, sizeof(a), "a%08d", wr->next);
	snprintf(b, sizeof(b), "b%08d", wr->next++);
	writes[0] = write_of(a, "x");
	writes[1] = write_of(b, "x");
	kv_txn(wr->kv, &txn, writer_on_txn, wr);
}

static void
writer_main(const char *path, int out)
{
	struct writer wr = { .out = out };
	struct loop *l = loop_new();
	struct fault f;

	if (kv_sqlite_open(&wr.kv, l, path, &f) != ERR_OK)
		_exit(2);
	for (int i = 0; i < 16; i++)
		writer_put(&wr);
	loop_run(l);
}

static size_t
count_keys(struct world *w, const char *prefix)
{
	char after[64] = "";
	size_t count = 0;
	struct answer a;

	do {
		a = call_range(w->loop, w->kv, prefix, after, 64);
		count += a.count;
		if (a.count > 0)
			memcpy(after, a.item[a.count - 1].key, sizeof(after));
	} while (a.more);
	return count;
}

static void
what_was_acknowledged_survives_a_kill(void **state)
{
	struct world *w = *state;
	size_t acknowledged = 0;

	for (int round = 0; round < 5; round++) {
		char path[160];
		uint64_t revision, last = 0;
		size_t here = 0, want = 20 + randombytes_uniform(200);
		int ends[2];
		pid_t child;

		snprintf(path, sizeof(path), "%s/store%d.db", w->dir, round);
		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0) {
			close(ends[0]);
			writer_main(path, ends[1]);
		}
		close(ends[1]);
		while (here < want && read(ends[0], &revision, sizeof(revision)) > 0)
			here++;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(ends[0], &revision, sizeof(revision)) > 0) {
			here++;
			last = revision;
		}
		close(ends[0]);
		strcpy(w->path, path);
		must_open(w);
		assert_true(count_keys(w, "a") >= here);
		assert_int_equal(count_keys(w, "a"), count_keys(w, "b"));
		assert_true(call_put(w->loop, w->kv, "z", "x").revision > last);
		close_store(w);
		acknowledged += here;
	}
	assert_true(acknowledged >= 100);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, sqlite_set_up, sqlite_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_full_disk_refuses_writes_serves_reads_and_heals_by_itself),
		ROW(a_file_that_was_moved_away_stops_writing),
		ROW(its_size_is_that_of_its_files),
		ROW(a_foreign_program_cannot_write_beside_us),
		ROW(a_damaged_page_fails_those_who_read_it_and_nobody_else),
		ROW(what_was_acknowledged_survives_a_kill),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
