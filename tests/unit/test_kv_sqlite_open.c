/* What opening a store in a file can meet: damage, a second instance, something missing. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sodium.h>
#include <sqlite3.h>

#include "sqlite_world.h"

static void
a_new_store_is_private_and_keeps_what_it_was_given(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct answer a;

	umask(0);
	must_open(w);
	a = call_put(w->loop, w->kv, "a", "one");
	assert_int_equal(stat(w->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(file_at(w, "-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(file_at(w, "-shm"), &st), -1);
	close_store(w);
	must_open(w);
	assert_string_equal(call_get(w->loop, w->kv, "a").item[0].value, "one");
	assert_int_equal(call_put(w->loop, w->kv, "b", "x").revision, a.revision + 1);
}

static void
a_second_instance_is_told_who_has_the_store(void **state)
{
	struct world *w = *state;
	struct kv *second = NULL;
	char pid[32];

	must_open(w);
	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	assert_int_equal(kv_sqlite_open(&second, w->loop, w->path, &w->fault), ERR_CONFLICT);
	assert_null(second);
	assert_non_null(strstr(w->fault.text, pid));
	assert_int_equal(call_put(w->loop, w->kv, "a", "x").code, ERR_OK);
}

static void
damage_zero(char *data, size_t *len)
{
	(void)data;
	*len = 0;
}

static void
damage_garbage(char *data, size_t *len)
{
	randombytes_buf(data, *len);
}

static void
damage_half_a_header(char *data, size_t *len)
{
	(void)data;
	*len = 50;
}

static void
damage_last_page_cut(char *data, size_t *len)
{
	(void)data;
	*len -= PAGE;
}

static void
damage_magic(char *data, size_t *len)
{
	(void)len;
	data[3] ^= 1;
}

static void
damage_foreign_id(char *data, size_t *len)
{
	(void)len;
	data[70] ^= 1;
}

static void
damage_newer_version(char *data, size_t *len)
{
	(void)len;
	data[63] = 99;
}

static void
damage_page_one(char *data, size_t *len)
{
	(void)len;
	memset(data + 100, 0x5a, 200);
}

static void
damage_schema_text(char *data, size_t *len)
{
	for (size_t i = 0; i + 8 < *len && i < PAGE; i++)
		if (memcmp(data + i, "modified", 8) == 0)
			data[i] = 'n';
}

static void
damage_inner_page(char *data, size_t *len)
{
	(void)len;
	memset(data + PAGE + 8, 0xff, 600);
}

static void
a_store_that_is_not_whole_is_refused_and_left_alone(void **state)
{
	struct world *w = *state;
	static const struct {
		void (*damage)(char *data, size_t *len);
		enum err expect;
		const char *says;
	} rows[] = {
		{ damage_zero, ERR_CORRUPT, "backup" },
		{ damage_garbage, ERR_CORRUPT, "backup" },
		{ damage_half_a_header, ERR_CORRUPT, "backup" },
		{ damage_last_page_cut, ERR_CORRUPT, "backup" },
		{ damage_magic, ERR_CORRUPT, "backup" },
		{ damage_foreign_id, ERR_CORRUPT, "check the path" },
		{ damage_newer_version, ERR_MISCONFIGURED, "newer usherd" },
		{ damage_page_one, ERR_CORRUPT, "backup" },
		{ damage_schema_text, ERR_CORRUPT, "backup" },
		{ damage_inner_page, ERR_CORRUPT, "backup" },
	};
	char *whole = mem_alloc(FILE_MAX), *data = mem_alloc(FILE_MAX), *now = mem_alloc(FILE_MAX);
	size_t whole_len, len;

	must_open(w);
	for (int i = 0; i < 100; i++) {
		char name[8];

		snprintf(name, sizeof(name), "k%d", i);
		call_put(w->loop, w->kv, name, "some value that takes its place in a page");
	}
	close_store(w);
	whole_len = file_read(w->path, whole, FILE_MAX);
	assert_true(whole_len > 3 * PAGE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(data, whole, whole_len);
		len = whole_len;
		rows[i].damage(data, &len);
		file_write(w->path, data, len);
		if (open_store(w) != rows[i].expect)
			fail_msg("row %zu: %s", i, w->fault.text);
		assert_non_null(strstr(w->fault.text, rows[i].says));
		assert_int_equal(file_read(w->path, now, FILE_MAX), len);
		assert_memory_equal(now, data, len);
	}
	file_write(w->path, whole, whole_len);
	must_open(w);
	assert_int_equal(call_get(w->loop, w->kv, "k99").code, ERR_OK);
	free(whole);
	free(data);
	free(now);
}

/* SQLite's memory, whose Nth piece is refused while `left` counts. */
static struct {
	sqlite3_mem_methods real;
	int left;
} scarce;

static bool
scarce_fails(void)
{
	return scarce.left > 0 && --scarce.left == 0;
}

static void *
scarce_malloc(int size)
{
	return scarce_fails() ? NULL : scarce.real.xMalloc(size);
}

static void *
scarce_realloc(void *old, int size)
{
	return scarce_fails() ? NULL : scarce.real.xRealloc(old, size);
}

static void
want_of_memory_is_not_taken_for_damage(void **state)
{
	struct world *w = *state;
	sqlite3_mem_methods methods;
	bool failed = true;
	enum err code;

	must_open(w);
	close_store(w);
	sqlite3_shutdown();
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &scarce.real), SQLITE_OK);
	methods = scarce.real;
	methods.xMalloc = scarce_malloc;
	methods.xRealloc = scarce_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
	for (int n = 1; failed; n++) {
		scarce.left = n;
		code = open_store(w);
		failed = scarce.left == 0;
		scarce.left = 0;
		if (code == ERR_OK)
			close_store(w);
		else if (code != ERR_UNAVAILABLE)
			fail_msg("allocation %d: %s", n, w->fault.text);
	}
	assert_int_equal(code, ERR_OK);
	sqlite3_shutdown();
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce.real), SQLITE_OK);
}

static void
an_empty_store_never_replaces_one_that_is_missing(void **state)
{
	struct world *w = *state;
	struct stat st;

	must_open(w);
	close_store(w);
	assert_int_equal(unlink(w->path), 0);
	assert_int_equal(open_store(w), ERR_CORRUPT);
	assert_non_null(strstr(w->fault.text, ".lock"));
	file_write(file_at(w, "-wal"), "x", 1);
	assert_int_equal(open_store(w), ERR_CORRUPT);
	assert_non_null(strstr(w->fault.text, "-wal"));
	assert_int_equal(unlink(file_at(w, ".lock")), 0);
	assert_int_equal(open_store(w), ERR_CORRUPT);
	assert_int_equal(stat(w->path, &st), -1);
	assert_int_equal(unlink(file_at(w, "-wal")), 0);
	must_open(w);
}

static void
a_first_start_that_was_interrupted_can_be_repeated(void **state)
{
	struct world *w = *state;

	file_write(file_at(w, ".lock"), "", 0);
	file_write(file_at(w, ".new"), "half made", 9);
	must_open(w);
	assert_int_equal(access(file_at(w, ".new"), F_OK), -1);
}

static void
a_directory_that_is_missing_is_a_wrong_setting(void **state)
{
	struct world *w = *state;

	snprintf(w->path, sizeof(w->path), "%s/none/store.db", w->dir);
	assert_int_equal(open_store(w), ERR_MISCONFIGURED);
	assert_non_null(strstr(w->fault.text, "directory"));
}

/* ---- while it runs ---- */

/* Root may write anywhere, so the one who may not is a child without rights. */
static void
rights_that_are_missing_are_named(void **state)
{
	struct world *w = *state;
	int status;
	pid_t child;

	if (geteuid() != 0) {
		print_message("skipped: only root can become somebody else\n");
		skip();
	}
	must_open(w);
	close_store(w);
	assert_int_equal(chmod(w->dir, 0755), 0);
	child = fork();
	if (child == 0) {
		if (setuid(65534) != 0)
			_exit(9);
		_exit(open_store(w) == ERR_MISCONFIGURED ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, sqlite_set_up, sqlite_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(a_new_store_is_private_and_keeps_what_it_was_given),
		ROW(a_second_instance_is_told_who_has_the_store),
		ROW(a_store_that_is_not_whole_is_refused_and_left_alone),
		ROW(want_of_memory_is_not_taken_for_damage),
		ROW(an_empty_store_never_replaces_one_that_is_missing),
		ROW(a_first_start_that_was_interrupted_can_be_repeated),
		ROW(a_directory_that_is_missing_is_a_wrong_setting),
		ROW(rights_that_are_missing_are_named),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
