/* A warm file that does not fit is dropped with a reason; whatever else is wrong shows while it is
 * loaded; and never is anything told that was not saved. */
#include "roster_warm_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sodium.h>
#include <sqlite3.h>

#include "base/mem.h"

/* A closed file with save number 1 in it. */
static void
make_file(struct warm_rig *r)
{
	warm_must_open(r);
	assert_true(warm_save_number(r, 1));
	warm_shut(r);
}

/* It was dropped because of `why`, is empty, and works. */
static void
expect_dropped(struct warm_rig *r, const char *why)
{
	struct loaded l = { .stop_after = 0 };

	warm_must_open(r);
	if (strstr(r->f.text, why) == NULL || r->f.text[0] == '\0')
		fail_msg("not \"%s\" but \"%s\"", why, r->f.text);
	assert_true(warm_load_all(r, &l));
	assert_int_equal(l.last, 0);
	assert_int_equal(l.cookie_len, 0);
	assert_true(warm_save_number(r, 2));
	warm_shut(r);
	warm_expect(r, 2);
}

/* It opens, the load fails because of `why`, and after a reset it works. */
static void
expect_broken(struct warm_rig *r, const char *why)
{
	struct loaded l = { .stop_after = 0 };

	warm_must_open(r);
	assert_string_equal(r->f.text, "");
	assert_false(warm_load_all(r, &l));
	assert_false(l.foreign);
	if (strstr(r->f.text, why) == NULL)
		fail_msg("not \"%s\" but \"%s\"", why, r->f.text);
	assert_true(warm_reset(r->w, &r->f));
	assert_true(warm_save_number(r, 2));
	warm_shut(r);
	warm_expect(r, 2);
}

/* As the first save leaves it, and as a later one does, with an empty log beside it. */
static void
a_file_that_is_cut_off_is_dropped(void **state)
{
	struct warm_rig *r = *state;

	for (int saves = 1; saves <= 2; saves++) {
		off_t size = 1;

		for (off_t len = 0; len < size; len = len < size - 1 ? len * 2 + 25 : size) {
			struct stat st;

			unlink(r->path);
			make_file(r);
			if (saves == 2)
				make_file(r);
			assert_int_equal(stat(r->path, &st), 0);
			size = st.st_size;
			len = len < size ? len : size - 1;
			assert_int_equal(truncate(r->path, len), 0);
			expect_dropped(r, len < 100 ? r->path : "cut off");
		}
	}
}

static void
what_somebody_else_put_there_is_dropped(void **state)
{
	static const char text[] =
	    "this is a text, and it is longer than the hundred bytes in which "
	    "a database says what it is: nobody should read on\n";
	struct warm_rig *r = *state;

	warm_write_file(r->path, text, sizeof(text) - 1);
	expect_dropped(r, "not a database");
	unlink(r->path);
	warm_sql(r, "CREATE TABLE people(name); INSERT INTO people VALUES('Ada')");
	expect_dropped(r, "another program's");
	warm_sql(r, "CREATE TABLE more(x)");
	expect_dropped(r, "not ours");
	warm_sql(r, "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM record; END");
	expect_dropped(r, "not ours");
	warm_sql(r, "PRAGMA page_size = 4096; VACUUM");
	expect_dropped(r, "page_size");
}

static void
a_newer_format_and_an_unknown_one_are_dropped(void **state)
{
	struct warm_rig *r = *state;

	make_file(r);
	warm_sql(r, "PRAGMA user_version = 5");
	expect_dropped(r, "newer");
	warm_sql(r, "PRAGMA user_version = 0");
	expect_dropped(r, "not known");
}

static void
a_state_that_is_missing_or_damaged_drops_the_file(void **state)
{
	struct warm_rig *r = *state;

	make_file(r);
	warm_sql(r, "DELETE FROM meta");
	expect_dropped(r, "state is missing");
	warm_sql(r, "UPDATE meta SET value = x'00'");
	expect_dropped(r, "state is cut off");
	warm_sql(r, "UPDATE meta SET value = (SELECT value FROM record LIMIT 1)");
	expect_dropped(r, "does not open");
}

static void
another_subject_or_another_key_drops_the_file(void **state)
{
	struct warm_rig *r = *state;
	struct seal *own = r->seal;

	make_file(r);
	r->w = warm_open(r->path, "ldap://there/ dc=example", r->seal, &r->f);
	assert_non_null(r->w);
	assert_non_null(strstr(r->f.text, "another directory"));
	warm_shut(r);
	expect_dropped(r, "another directory");
	r->seal = r->other_seal;
	expect_dropped(r, "the key file lacks");
	r->seal = own;
}

/* As seal_load() makes it of a file with a new key in front of the old one. */
static void
a_key_put_in_front_of_the_old_one_keeps_the_file(void **state)
{
	static const char old_key[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	static const char both[] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA\n"
				   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	struct warm_rig *r = *state;
	char *key_file = warm_at(r, ".key");
	struct seal *own = r->seal;

	umask(077);
	warm_write_file(key_file, old_key, sizeof(old_key) - 1);
	assert_int_equal(seal_load(&r->seal, key_file, &r->f), ERR_OK);
	make_file(r);
	seal_free(r->seal);
	warm_write_file(warm_at(r, ".key"), both, sizeof(both) - 1);
	assert_int_equal(seal_load(&r->seal, warm_at(r, ".key"), &r->f), ERR_OK);
	warm_expect(r, 1);
	seal_free(r->seal);
	r->seal = own;
}

static void
records_changed_behind_our_back_break_the_load(void **state)
{
	struct warm_rig *r = *state;

	make_file(r);
	warm_sql(r, "DELETE FROM record WHERE id = (SELECT min(id) FROM record WHERE kind = 1)");
	expect_broken(r, "of 300 records there are 299");
	warm_sql(r, "UPDATE record SET value = zeroblob(length(value)) WHERE kind = 3 AND id = "
		    "(SELECT max(id) FROM record WHERE kind = 3)");
	expect_broken(r, "damaged");
	warm_sql(r, "UPDATE record SET value = x'01' WHERE kind = 3");
	expect_broken(r, "not ours");
	warm_sql(r, "UPDATE record SET value = (SELECT value FROM record WHERE kind = 1 AND id = "
		    "(SELECT max(id) FROM record WHERE kind = 1)) WHERE kind = 1");
	expect_broken(r, "moved");
	warm_sql(r, "INSERT INTO record SELECT 2, id, value FROM record WHERE kind = 3");
	expect_broken(r, "moved");
	warm_sql(r, "UPDATE record SET id = x'01' WHERE kind = 3 AND id = (SELECT max(id) FROM "
		    "record WHERE kind = 3)");
	expect_broken(r, "not ours");
}

/* Of the same row, sealed with the same key. */
static void
a_value_of_an_older_file_does_not_open(void **state)
{
	struct warm_rig *r = *state;
	char *older = mem_dup_string(warm_at(r, ".older")), sql[512];

	make_file(r);
	assert_int_equal(rename(r->path, older), 0);
	unlink(warm_at(r, "-wal"));
	make_file(r);
	snprintf(sql, sizeof(sql),
	    "ATTACH '%s' AS older; UPDATE record SET value = (SELECT value FROM older.record o "
	    "WHERE o.kind = record.kind AND o.id = record.id) WHERE kind = 3",
	    older);
	warm_sql(r, sql);
	expect_broken(r, "moved");
	free(older);
}

/* What is told is of the save; and when the load says so, all of it. */
static void
load_damaged(struct warm_rig *r, size_t *dropped, size_t *broken, size_t *whole)
{
	struct loaded l = { .stop_after = 0 };

	warm_must_open(r);
	if (r->f.text[0] != '\0') {
		++*dropped;
	} else if (!warm_load_all(r, &l)) {
		++*broken;
	} else {
		++*whole;
		assert_int_equal(l.save, 1);
		assert_string_equal(l.cookie, "cookie 1");
		assert_int_equal(
		    l.count[WARM_PLACE] + l.count[WARM_GROUP] + l.count[WARM_USER], RIG_RECORDS);
	}
	assert_false(l.foreign);
	warm_shut(r);
	unlink(r->path);
}

static void
no_flipped_bit_is_ever_told_as_a_record(void **state)
{
	struct warm_rig *r = *state;
	size_t len, dropped = 0, broken = 0, whole = 0;
	char *data;

	make_file(r);
	data = warm_read_file(r->path, &len);
	for (size_t at = 0; at < len; at += at < 150 ? 3 : 331) {
		data[at] = (char)(data[at] ^ 1 << at % 8);
		warm_write_file(r->path, data, len);
		data[at] = (char)(data[at] ^ 1 << at % 8);
		load_damaged(r, &dropped, &broken, &whole);
	}
	free(data);
	assert_true(dropped > 10);
	assert_true(broken > 100);
}

/* ---- a process that dies ---- */

/* A child that saves numbers 1, 2, ... and tells of each, until it is killed. */
static pid_t
start_saver(struct warm_rig *r, int saves, int *told)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		warm_must_open(r);
		for (int n = 1; n <= saves; n++)
			if (!warm_save_number(r, n) || write(ends[1], "s", 1) != 1)
				_exit(1);
		pause();
		_exit(1);
	}
	close(ends[1]);
	*told = ends[0];
	return pid;
}

static void
await_saves(int told, int saves)
{
	char byte;

	for (int i = 0; i < saves; i++)
		assert_int_equal(read(told, &byte, 1), 1);
}

static void
kill_saver(pid_t pid, int told)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	close(told);
}

/* The state of one save, `at_least` the number; 0: an empty one may be, also of a file that was
 * dropped. */
static int
expect_one_save(struct warm_rig *r, int at_least)
{
	struct loaded l = { .stop_after = 0 };
	int n = 0;

	warm_must_open(r);
	if (at_least > 0)
		assert_string_equal(r->f.text, "");
	if (!warm_load_all(r, &l))
		fail_msg("%s", r->f.text);
	if (l.cookie_len > 0)
		assert_int_equal(sscanf(l.cookie, "cookie %d", &n), 1);
	assert_int_equal(l.save, n);
	assert_int_equal(l.count[WARM_USER], n > 0 ? RIG_RECORDS - RIG_PLACES - RIG_GROUPS : 0);
	assert_true(n >= at_least);
	warm_shut(r);
	return n;
}

static void
a_process_killed_while_it_saves_leaves_one_of_its_saves(void **state)
{
	struct warm_rig *r = *state;

	for (int saves = 1; saves <= 24; saves++) {
		int told;
		pid_t pid = start_saver(r, 100000, &told);

		await_saves(told, saves);
		kill_saver(pid, told);
		expect_one_save(r, saves);
		unlink(r->path);
	}
}

/* The kernel kills whoever lets a file grow beyond a limit: at each of many points of the first
 * three saves, in the file and in its log. */
static void
a_process_that_dies_within_a_write_leaves_one_of_its_saves(void **state)
{
	struct warm_rig *r = *state;
	int seen[4] = { 0 };

	for (rlim_t size = 4000; size < 300000; size += 6007) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0) {
			const struct rlimit limit = { size, size }, none = { 0, 0 };

			signal(SIGXFSZ, SIG_DFL);
			setrlimit(RLIMIT_CORE, &none);
			setrlimit(RLIMIT_FSIZE, &limit);
			r->w = warm_open(r->path, "ldap://here/ dc=example", r->seal, &r->f);
			for (int n = 1; n <= 3; n++)
				if (r->w == NULL || !warm_save_number(r, n))
					_exit(1);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(
		    WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ : WEXITSTATUS(status) == 0);
		seen[expect_one_save(r, WIFSIGNALED(status) ? 0 : 3)]++;
		unlink(r->path);
	}
	/* The second save needs no more of the log than the first one of the file. */
	assert_true(seen[0] > 5 && seen[2] > 5 && seen[3] > 5);
}

/* Saves 1 and 2 are in the file; then everything is made anew, up to a step. */
static void
make_heir(struct warm_rig *r, int step)
{
	const struct warm_record part = {
		.kind = WARM_PLACE, .id = { 1 }, .data = "Ada 0 of save 3", .len = 15
	};
	struct warm *old, *heir;

	warm_must_open(r);
	if (!warm_save_number(r, 1) || !warm_save_number(r, 2))
		_exit(1);
	old = r->w;
	heir = warm_heir(old, &r->f);
	if (heir == NULL || (step == 1 && !warm_save(heir, &part, 1, NULL, 0, &r->f)))
		_exit(1);
	r->w = heir;
	if (step >= 2 && !warm_save_number(r, 3))
		_exit(1);
	if (step >= 3 && !warm_save_number(r, 4)) /* with a log beside it */
		_exit(1);
	if (step >= 4 && !warm_succeed(old, heir, &r->f))
		_exit(1);
	r->w = old;
	if (step >= 5 && !warm_save_number(r, 5))
		_exit(1);
}

static void
a_process_killed_while_it_makes_everything_anew_leaves_what_there_was(void **state)
{
	static const int expect[] = { 2, 2, 2, 2, 4, 5 };
	struct warm_rig *r = *state;

	for (int step = 0; step <= 5; step++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0) {
			make_heir(r, step);
			raise(SIGKILL);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(access(warm_at(r, ".new"), F_OK), step < 4 ? 0 : -1);
		warm_expect(r, expect[step]);
		assert_int_equal(access(warm_at(r, ".new"), F_OK), -1);
		assert_int_equal(access(warm_at(r, ".new-wal"), F_OK), -1);
		assert_int_equal(access(warm_at(r, ".new-journal"), F_OK), -1);
		unlink(r->path);
	}
}

/* Between the new name and the end of the old log. */
static void
the_log_of_a_file_that_was_replaced_means_nothing(void **state)
{
	struct warm_rig *r = *state;
	char *log, *name = mem_dup_string(warm_at(r, "-wal"));
	size_t len;

	warm_must_open(r);
	assert_true(warm_save_number(r, 1) && warm_save_number(r, 2) && warm_save_number(r, 3));
	log = warm_read_file(name, &len);
	assert_true(len > 10000);
	warm_shut(r);
	unlink(r->path);
	unlink(name);
	warm_must_open(r);
	assert_true(warm_save_number(r, 7));
	warm_shut(r);
	warm_write_file(name, log, len);
	warm_expect(r, 7);
	free(log);
	free(name);
}

static void
an_heir_without_room_leaves_the_file(void **state)
{
	struct warm_rig *r = *state;
	struct warm *old;

	make_file(r);
	warm_must_open(r);
	old = r->w;
	r->w = warm_heir(old, &r->f);
	assert_non_null(r->w);
	warm_let_files_grow_to(40000);
	assert_false(warm_save_number(r, 2));
	warm_let_files_grow_to(RLIM_INFINITY);
	assert_non_null(strstr(r->f.text, ".new"));
	warm_drop(r->w);
	r->w = old;
	assert_int_equal(access(warm_at(r, ".new"), F_OK), -1);
	warm_shut(r);
	warm_expect(r, 1);
}

static void
a_log_that_is_missing_drops_the_file(void **state)
{
	struct warm_rig *r = *state;
	int told;
	pid_t pid = start_saver(r, 3, &told);

	await_saves(told, 3);
	kill_saver(pid, told);
	assert_int_equal(unlink(warm_at(r, "-wal")), 0);
	expect_dropped(r, "log is missing");
}

static void
a_torn_log_costs_the_last_saves_and_mixes_none(void **state)
{
	struct warm_rig *r = *state;
	size_t file_len, wal_len;
	char *file, *wal;
	int told;
	pid_t pid = start_saver(r, 4, &told);

	await_saves(told, 4);
	kill_saver(pid, told);
	file = warm_read_file(r->path, &file_len);
	wal = warm_read_file(warm_at(r, "-wal"), &wal_len);
	assert_true(wal_len > 100000);
	for (size_t len = 0; len <= wal_len; len += 7001) {
		warm_write_file(r->path, file, file_len);
		warm_write_file(warm_at(r, "-wal"), wal, len);
		expect_one_save(r, 1);
		wal[len < wal_len ? len : 0] ^= 4;
		warm_write_file(r->path, file, file_len);
		warm_write_file(warm_at(r, "-wal"), wal, wal_len);
		expect_one_save(r, 1);
		wal[len < wal_len ? len : 0] ^= 4;
	}
	free(file);
	free(wal);
}

static void
a_file_that_another_process_has_open_is_left_alone(void **state)
{
	struct warm_rig *r = *state;
	int told;
	pid_t pid;

	for (int saves = 1; saves <= 2; saves++) {
		pid = start_saver(r, saves, &told);
		await_saves(told, saves);
		assert_null(warm_open(r->path, "ldap://here/ dc=example", r->seal, &r->f));
		assert_non_null(strstr(r->f.text, "another program"));
		kill_saver(pid, told);
		expect_one_save(r, saves);
		unlink(r->path);
	}
}

/* ---- places where no file can be ---- */

static void
expect_none(struct warm_rig *r, const char *path, const char *why)
{
	assert_null(warm_open(path, "ldap://here/ dc=example", r->seal, &r->f));
	if (strstr(r->f.text, why) == NULL || strstr(r->f.text, path) == NULL)
		fail_msg("not \"%s\" but \"%s\"", why, r->f.text);
}

static void
a_directory_a_link_a_pipe_and_a_missing_folder_give_none_and_stay(void **state)
{
	static const char words[] = "precious";
	struct warm_rig *r = *state;
	struct stat st;
	size_t len;
	char *kept;

	assert_int_equal(mkdir(r->path, 0700), 0);
	expect_none(r, r->path, "not a regular file");
	assert_int_equal(rmdir(r->path), 0);
	assert_int_equal(mkfifo(r->path, 0600), 0);
	expect_none(r, r->path, "not a regular file");
	assert_int_equal(unlink(r->path), 0);
	warm_write_file(warm_at(r, ".other"), words, sizeof(words));
	assert_int_equal(symlink(warm_at(r, ".other"), r->path), 0);
	expect_none(r, r->path, "symbolic link");
	assert_int_equal(lstat(r->path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	kept = warm_read_file(warm_at(r, ".other"), &len);
	assert_string_equal(kept, words);
	free(kept);
	expect_none(r, warm_at(r, ".missing/roster.db"), "No such file");
	expect_none(r, warm_at(r, ".other/roster.db"), "Not a directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, warm_set_up, warm_tear_down)
		T(a_file_that_is_cut_off_is_dropped),
		T(what_somebody_else_put_there_is_dropped),
		T(a_newer_format_and_an_unknown_one_are_dropped),
		T(a_state_that_is_missing_or_damaged_drops_the_file),
		T(another_subject_or_another_key_drops_the_file),
		T(a_key_put_in_front_of_the_old_one_keeps_the_file),
		T(records_changed_behind_our_back_break_the_load),
		T(a_value_of_an_older_file_does_not_open),
		T(no_flipped_bit_is_ever_told_as_a_record),
		T(a_process_killed_while_it_saves_leaves_one_of_its_saves),
		T(a_process_that_dies_within_a_write_leaves_one_of_its_saves),
		T(a_process_killed_while_it_makes_everything_anew_leaves_what_there_was),
		T(the_log_of_a_file_that_was_replaced_means_nothing),
		T(an_heir_without_room_leaves_the_file),
		T(a_log_that_is_missing_drops_the_file),
		T(a_torn_log_costs_the_last_saves_and_mixes_none),
		T(a_file_that_another_process_has_open_is_left_alone),
		T(a_directory_a_link_a_pipe_and_a_missing_folder_give_none_and_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
