/* What the warm file keeps, what of a file that does not fit is refused, and what a save that was
 * cut off leaves. */
#include "roster_warm_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "base/mem.h"

static void
a_new_file_is_private_and_empty(void **state)
{
	struct warm_rig *r = *state;
	struct loaded l = { .stop_after = 0 };
	struct stat st;

	umask(0);
	warm_must_open(r);
	assert_string_equal(r->f.text, "");
	assert_true(warm_load_all(r, &l));
	assert_int_equal(l.cookie_len, 0);
	assert_int_equal(l.last, 0);
	assert_true(warm_save_number(r, 1));
	assert_true(warm_save_number(r, 2));
	assert_int_equal(stat(r->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(warm_at(r, "-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	warm_shut(r);
	assert_int_equal(stat(warm_at(r, "-wal"), &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(stat(warm_at(r, "-journal"), &st), -1);
}

static void
what_was_saved_is_loaded_in_the_order_places_groups_users(void **state)
{
	struct warm_rig *r = *state;

	warm_must_open(r);
	assert_true(warm_save_number(r, 1));
	warm_shut(r);
	warm_expect(r, 1);
	warm_must_open(r);
	assert_true(warm_save_number(r, 2));
	assert_true(warm_save_number(r, 3));
	warm_shut(r);
	warm_expect(r, 3);
	warm_expect(r, 3);
}

static void
a_mode_that_lets_others_read_is_mended(void **state)
{
	struct warm_rig *r = *state;
	struct stat st;

	warm_must_open(r);
	assert_true(warm_save_number(r, 1));
	warm_shut(r);
	chmod(r->path, 0644);
	warm_expect(r, 1);
	assert_int_equal(stat(r->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static bool
holds(const char *name, const char *needle)
{
	size_t len;
	char *data = warm_read_file(name, &len);
	bool found = memmem(data, len, needle, strlen(needle)) != NULL;

	free(data);
	return found;
}

static void
nothing_that_was_saved_stands_there_in_clear(void **state)
{
	struct warm_rig *r = *state;

	warm_must_open(r);
	assert_true(warm_save_number(r, 1));
	assert_true(warm_save_number(r, 2));
	assert_false(holds(r->path, "Ada"));
	assert_false(holds(r->path, "cookie"));
	assert_false(holds(r->path, "dc=example"));
	assert_false(holds(warm_at(r, "-wal"), "Ada"));
	assert_false(holds(warm_at(r, "-wal"), "cookie"));
	assert_false(holds(warm_at(r, "-wal"), "dc=example"));
}

/* ---- changes ---- */

struct found {
	size_t count;
	char values[8][16];
};

static bool
on_found(void *arg, const struct warm_record *record)
{
	struct found *found = arg;

	assert_true(found->count < 8);
	memcpy(found->values[found->count++], record->data, record->len);
	return true;
}

static struct warm_record
record_of(enum warm_kind kind, unsigned char id, const char *value)
{
	struct warm_record record = {
		.kind = kind, .id = { id }, .data = value, .len = value != NULL ? strlen(value) : 0
	};

	return record;
}

static void
expect_values(struct warm_rig *r, const char *const *values, size_t count, const char *cookie)
{
	struct found found = { .count = 0 };
	char got[FEED_COOKIE_MAX];
	size_t len;

	if (!warm_load(r->w, on_found, &found, got, &len, &r->f))
		fail_msg("%s", r->f.text);
	assert_int_equal(found.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(found.values[i], values[i]);
	assert_int_equal(len, strlen(cookie));
	assert_memory_equal(got, cookie, len);
}

static void
changes_replace_and_delete_and_the_later_of_two_counts(void **state)
{
	static const char *const first[] = { "place", "group", "one", "two" };
	static const char *const second[] = { "place", "one again", "", "four" };
	struct warm_rig *r = *state;
	const struct warm_record made[] = { record_of(WARM_USER, 2, "two"),
		record_of(WARM_USER, 1, "one"), record_of(WARM_PLACE, 1, "place"),
		record_of(WARM_GROUP, 1, "group") };
	const struct warm_record changed[] = { record_of(WARM_USER, 2, NULL),
		record_of(WARM_GROUP, 1, NULL), record_of(WARM_USER, 9, NULL),
		record_of(WARM_USER, 4, "gone"), record_of(WARM_USER, 4, NULL),
		record_of(WARM_USER, 4, "three"), record_of(WARM_USER, 4, "four"),
		record_of(WARM_USER, 3, ""), record_of(WARM_USER, 1, "one again") };

	warm_must_open(r);
	assert_true(warm_save(r->w, made, 4, "c1", 2, &r->f));
	expect_values(r, first, 4, "c1");
	assert_true(warm_save(r->w, changed, 9, NULL, 0, &r->f));
	expect_values(r, second, 4, "");
	assert_true(warm_save(r->w, NULL, 0, "c3", 2, &r->f));
	warm_shut(r);
	warm_must_open(r);
	assert_string_equal(r->f.text, "");
	expect_values(r, second, 4, "c3");
	assert_true(warm_reset(r->w, &r->f));
	expect_values(r, second, 0, "");
}

/* ---- many and large ones ---- */

struct sum {
	size_t count, bytes, stop_at;
};

static bool
on_sum(void *arg, const struct warm_record *record)
{
	struct sum *sum = arg;
	const unsigned char *p = record->data;
	size_t i;

	memcpy(&i, record->id, sizeof(i));
	for (size_t at = 0; at < record->len; at++)
		assert_int_equal(p[at], (unsigned char)i);
	sum->bytes += record->len;
	return ++sum->count != sum->stop_at;
}

/* More than the batches between the two threads hold, some larger than one. */
static void
many_records_of_all_lengths_come_back_and_a_load_can_be_stopped(void **state)
{
	enum { COUNT = 6000, LARGE = 1 << 20 };
	struct warm_rig *r = *state;
	struct warm_record *records = mem_array(COUNT, sizeof(*records));
	unsigned char *values = mem_alloc(256 * 1024);
	char cookie[FEED_COOKIE_MAX];
	size_t bytes = 0, cookie_len;

	warm_must_open(r);
	for (size_t i = 0; i < 256; i++)
		memset(values + i * 1024, (int)i, 1024);
	for (size_t i = 0; i < COUNT; i++) {
		records[i].kind = WARM_USER;
		memcpy(records[i].id, &i, sizeof(i));
		records[i].data = values + i % 256 * 1024;
		records[i].len = i % 1000;
	}
	records[7].len = records[8].len = records[COUNT - 1].len = LARGE;
	for (size_t i = 0; i < COUNT; i++) {
		if (records[i].len == LARGE) {
			void *large = mem_alloc(LARGE);

			records[i].data = memset(large, (unsigned char)i, LARGE);
		}
		bytes += records[i].len;
	}
	assert_true(warm_save(r->w, records, COUNT, "c", 1, &r->f));
	for (size_t stop_at = 0; stop_at <= COUNT; stop_at = stop_at * 3 + 1) {
		struct sum sum = { .stop_at = stop_at };
		bool whole = warm_load(r->w, on_sum, &sum, cookie, &cookie_len, &r->f);

		assert_int_equal(whole, stop_at == 0);
		assert_int_equal(sum.count, stop_at == 0 ? COUNT : stop_at);
		assert_true(sum.bytes == bytes || !whole);
	}
	for (size_t i = 0; i < COUNT; i++)
		if (records[i].len == LARGE)
			free((void *)(uintptr_t)records[i].data);
	free(records);
	free(values);
}

/* ---- a disk that is full ---- */

static void
a_save_that_finds_no_room_is_told_and_drops_the_file(void **state)
{
	struct warm_rig *r = *state;

	for (int saves = 0; saves < 3; saves++) {
		warm_must_open(r);
		for (int i = 0; i < saves; i++)
			assert_true(warm_save_number(r, i + 1));
		warm_let_files_grow_to(40000);
		assert_false(warm_save_number(r, saves + 1));
		warm_let_files_grow_to(RLIM_INFINITY);
		assert_non_null(strstr(r->f.text, r->path));
		assert_int_equal(access(r->path, F_OK), -1);
		assert_int_equal(access(warm_at(r, "-wal"), F_OK), -1);
		assert_int_equal(access(warm_at(r, "-journal"), F_OK), -1);
		assert_false(warm_save_number(r, 9)); /* changes of what is not there */
		assert_true(warm_reset(r->w, &r->f));
		assert_true(warm_save_number(r, 5));
		warm_shut(r);
		warm_expect(r, 5);
		unlink(r->path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_new_file_is_private_and_empty, warm_set_up, warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_was_saved_is_loaded_in_the_order_places_groups_users, warm_set_up,
		    warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_mode_that_lets_others_read_is_mended, warm_set_up, warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    nothing_that_was_saved_stands_there_in_clear, warm_set_up, warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    changes_replace_and_delete_and_the_later_of_two_counts, warm_set_up,
		    warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    many_records_of_all_lengths_come_back_and_a_load_can_be_stopped, warm_set_up,
		    warm_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_save_that_finds_no_room_is_told_and_drops_the_file, warm_set_up,
		    warm_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
