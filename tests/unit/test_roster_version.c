/* Versions: what a reader holds stays as it is, and what nobody holds goes. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "roster/roster_writer.h"
#include "roster_world.h"

enum { PEOPLE = 1500 };

static void
feed_people(struct roster_world *w, const char *name, size_t from, size_t to)
{
	struct feed_batch *b = world_changes();

	for (size_t i = from; i < to; i++) {
		if (b->count == FEED_BATCH_ITEMS) {
			world_feed(w, b);
			b = world_changes();
		}
		world_user(b, (uint32_t)i + 1, world_text(b, "%s %zu", name, i));
	}
	world_apply(w, b);
}

static void
open_people(struct roster_world *w)
{
	world_open(w);
	world_apply(w, world_begin(FEED_DIRECTORY));
	feed_people(w, "First", 0, PEOPLE);
	world_end(w, FEED_DIRECTORY, false);
}

/* Every row is seen once, in order, and its name begins like this. */
static void
check_version(const struct roster_version *v, const char *name, uint64_t count)
{
	struct roster_position p = order_begin(v, ROSTER_BY_NAME);
	uint32_t row, before = ROSTER_ROW_NONE;
	struct roster_row values;

	while ((row = order_next(v, ROSTER_BY_NAME, &p)) != ROSTER_ROW_NONE) {
		version_row(v, row, &values);
		if (name != NULL)
			assert_memory_equal(values.name.s, name, strlen(name));
		if (before != ROSTER_ROW_NONE)
			assert_true(order_compare(v, ROSTER_BY_NAME, before, row) < 0);
		before = row;
		count--;
	}
	assert_int_equal(count, 0);
}

static uint64_t
bytes_of(struct roster_world *w)
{
	struct roster_figures f;

	roster_figures(w->roster, &f);
	return f.bytes;
}

static void
what_a_reader_holds_stays_as_it_is(void **state)
{
	struct roster_version *first, *second, *last;
	struct roster_world w;

	(void)state;
	open_people(&w);
	first = version_hold(w.roster);
	feed_people(&w, "Second", 0, PEOPLE);
	second = version_hold(w.roster);
	feed_people(&w, "Third", 0, PEOPLE + 200);
	last = version_hold(w.roster);
	check_version(first, "First", PEOPLE);
	check_version(second, "Second", PEOPLE);
	check_version(last, "Third", PEOPLE + 200);
	version_release(w.roster, second);
	check_version(first, "First", PEOPLE);
	version_release(w.roster, first);
	check_version(last, "Third", PEOPLE + 200);
	version_release(w.roster, last);
	world_close(&w);
}

static uint64_t
rows_below(const struct roster_version *v, const char *dn)
{
	uint64_t count[FEED_STATUS_COUNT] = { 0 };
	uint8_t below[16];

	assert_true(place_count(v) <= sizeof(below));
	if (place_mark_below(v, dn, below))
		place_add_counts(v, below, count);
	return count[FEED_ACTIVE];
}

static void
places_that_a_reader_holds_stay_as_they_are(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_version *first, *second;
	struct roster_world w;

	(void)state;
	open_people(&w);
	world_place(b, 9000, "ou=people,dc=x");
	world_apply(&w, b);
	first = version_hold(w.roster);
	feed_people(&w, "More", PEOPLE, PEOPLE + 10);
	second = version_hold(w.roster);
	b = world_changes();
	world_place(b, 9000, "ou=everybody,dc=x");
	world_item(b, FEED_GONE, 1);
	world_apply(&w, b);
	assert_int_equal(rows_below(first, "ou=people,dc=x"), PEOPLE);
	assert_int_equal(rows_below(second, "ou=people,dc=x"), PEOPLE + 10);
	version_release(w.roster, first);
	version_release(w.roster, second);
	first = version_hold(w.roster);
	assert_int_equal(rows_below(first, "ou=people,dc=x"), 0);
	assert_int_equal(rows_below(first, "ou=everybody,dc=x"), PEOPLE + 9);
	version_release(w.roster, first);
	world_close(&w);
}

static void
what_nobody_holds_any_more_is_given_back(void **state)
{
	struct roster_version *held;
	struct roster_world w;
	uint64_t before, during;

	(void)state;
	open_people(&w);
	feed_people(&w, "Again", 0, PEOPLE);
	before = bytes_of(&w);
	held = version_hold(w.roster);
	for (unsigned i = 0; i < 20; i++)
		feed_people(&w, i % 2 == 0 ? "Other" : "Again", 0, PEOPLE);
	during = bytes_of(&w);
	assert_true(during > before + before / 4);
	version_release(w.roster, held);
	assert_true(bytes_of(&w) < before + before / 8);
	world_close(&w);
}

static void
stop_loop(void *loop)
{
	loop_stop(loop);
}

static void
tell_loop(struct roster_writer *w, void *arg)
{
	free(arg);
	loop_post(w->r->conf.loop, stop_loop, w->r->conf.loop);
}

static sem_t writer_may_go_on;

static void
hold_writer(struct roster_writer *w, void *arg)
{
	(void)w, (void)arg;
	sem_wait(&writer_may_go_on);
}

static uint64_t
version_of(struct roster_world *w)
{
	struct roster_figures f;

	roster_figures(w->roster, &f);
	return f.version;
}

static void
feed_one(struct roster_world *w, uint32_t id)
{
	struct feed_batch *b = world_changes();

	world_user(b, id, "New");
	world_feed(w, b);
}

/* A save may hold a version for long, while changes come one by one. */
static void
versions_come_slowly_while_one_that_is_held_keeps_much_alive(void **state)
{
	struct roster_version *held;
	struct roster_world w;
	uint64_t version;

	(void)state;
	open_people(&w);
	w.roster->writer->retired_max = 1;
	w.roster->writer->pause_ms = 3600 * 1000;
	held = version_hold(w.roster);
	feed_one(&w, 5000);
	world_settle(&w);
	version = version_of(&w);
	feed_one(&w, 5001);
	roster_write(w.roster, tell_loop, NULL);
	loop_run(w.loop);
	assert_int_equal(w.out, 1);
	assert_int_equal(version_of(&w), version);
	version_release(w.roster, held);
	feed_one(&w, 5002);
	world_settle(&w);
	assert_int_equal(version_of(&w), version + 1);
	world_close(&w);
}

static void
a_change_is_seen_although_a_version_is_held_for_long(void **state)
{
	struct roster_version *held;
	struct roster_world w;

	(void)state;
	open_people(&w);
	w.roster->writer->retired_max = 1;
	w.roster->writer->pause_ms = 2;
	held = version_hold(w.roster);
	for (uint32_t i = 0; i < 5; i++) {
		feed_one(&w, 5000 + i);
		world_settle(&w);
	}
	version_release(w.roster, held);
	held = version_hold(w.roster);
	check_version(held, NULL, PEOPLE + 5);
	version_release(w.roster, held);
	world_close(&w);
}

static void
what_the_loop_held_last_is_given_back_by_the_writer(void **state)
{
	struct roster_version *held;
	struct roster_world w;
	uint64_t before;

	(void)state;
	sem_init(&writer_may_go_on, 0, 0);
	open_people(&w);
	before = bytes_of(&w);
	held = version_hold(w.roster);
	for (unsigned i = 0; i < 20; i++)
		feed_people(&w, i % 2 == 0 ? "Other" : "First", 0, PEOPLE);
	roster_write(w.roster, hold_writer, NULL);
	version_release_soon(w.roster, held);
	assert_true(bytes_of(&w) > before + before / 4);
	sem_post(&writer_may_go_on);
	roster_write(w.roster, tell_loop, NULL);
	loop_run(w.loop);
	assert_true(bytes_of(&w) < before + before / 8);
	held = version_hold(w.roster);
	feed_people(&w, "Last", 0, PEOPLE);
	roster_write(w.roster, hold_writer, NULL);
	version_release_soon(w.roster, held);
	sem_post(&writer_may_go_on);
	world_close(&w); /* frees it, whether the writer came to it or not */
}

static void
the_figure_of_memory_falls_with_the_rows(void **state)
{
	struct feed_batch *b;
	struct roster_world w;
	uint64_t full;

	(void)state;
	open_people(&w);
	full = bytes_of(&w);
	for (uint32_t from = 0; from < PEOPLE; from += 500) {
		b = world_changes();
		for (uint32_t i = from; i < from + 500; i++)
			world_item(b, FEED_GONE, i + 1);
		world_apply(&w, b);
	}
	assert_true(bytes_of(&w) < full);
	world_close(&w);
}

struct reading {
	struct roster *roster;
	atomic_bool stop;
	atomic_uint versions;
};

static void *
read_on(void *arg)
{
	struct reading *r = arg;

	while (!atomic_load(&r->stop)) {
		struct roster_version *v = version_hold(r->roster);

		check_version(v, NULL, v->count[FEED_ACTIVE]);
		version_release(r->roster, v);
		atomic_fetch_add(&r->versions, 1);
	}
	return NULL;
}

static void
readers_and_the_writer_do_not_meet(void **state)
{
	struct roster_world w;
	struct reading r = { 0 };
	pthread_t thread;
	unsigned seen = 0;

	(void)state;
	open_people(&w);
	r.roster = w.roster;
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (unsigned i = 0; i < 40 || seen < 10; i++) {
		feed_people(
		    &w, i % 2 == 0 ? "Even" : "Odd", i * 20 % PEOPLE, i * 20 % PEOPLE + 40 + i);
		seen = atomic_load(&r.versions);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	world_close(&w);
}

static void
render_id(void *out, size_t index, const struct roster_row *row)
{
	(void)index;
	*(uint32_t *)out = world_number(row->id);
}

/* The tables that it looks into belong to the writer, which is at work meanwhile. */
static void
whoever_stays_is_found_while_others_come_and_go(void **state)
{
	unsigned char id[FEED_ID_SIZE];
	struct roster_world w;
	uint32_t found;

	(void)state;
	open_people(&w);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t part = 0; part < 4; part++) {
			struct feed_batch *b = world_changes();

			for (uint32_t i = 0; i < 200; i++) {
				uint32_t n = 10000 + (round * 4 + part) * 200 + i;

				world_user(b, n, "Comes and stays");
				if (i % 2 == 0)
					world_item(b, FEED_GONE, n - 100);
			}
			world_feed(&w, b);
		}
		for (uint32_t n = 1; n <= PEOPLE; n++) {
			world_id(n, id);
			found = 0;
			assert_true(roster_find(w.roster, id, render_id, &found));
			assert_int_equal(found, n);
		}
		world_settle(&w);
	}
	world_close(&w);
}

/* ---- events ---- */

struct told {
	size_t times, all, count;
	struct roster_event last[8];
	uint64_t version;
};

static void
on_change(void *arg, uint64_t version, bool all, const struct roster_event *events, size_t count)
{
	struct told *t = arg;

	assert_true(version > t->version);
	t->version = version;
	t->times++;
	t->all += all;
	t->count = count;
	if (count <= 8)
		memcpy(t->last, events, count * sizeof(*events));
}

static void
changes_are_told_once_each(void **state)
{
	struct told t = { 0 };
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	open_people(&w);
	roster_on_change(w.roster, on_change, &t);
	b = world_changes();
	world_user(b, 5000, "New");
	world_user(b, 5000, "Newer");
	world_user(b, 2, "Changed")->status = FEED_SUSPENDED;
	world_item(b, FEED_GONE, 3);
	world_user(b, 6000, "Came and");
	world_item(b, FEED_GONE, 6000);
	world_item(b, FEED_GONE, 4);
	world_user(b, 4, "Back");
	world_apply(&w, b);
	assert_int_equal(t.times, 1);
	assert_int_equal(t.count, 4);
	assert_int_equal(world_number(t.last[0].id), 5000);
	assert_int_equal(t.last[0].change, ROSTER_ADDED);
	assert_int_equal(world_number(t.last[1].id), 2);
	assert_int_equal(t.last[1].change, ROSTER_CHANGED);
	assert_int_equal(t.last[1].status, FEED_SUSPENDED);
	assert_int_equal(world_number(t.last[2].id), 3);
	assert_int_equal(t.last[2].change, ROSTER_REMOVED);
	assert_int_equal(t.last[2].status, FEED_ACTIVE);
	assert_int_equal(world_number(t.last[3].id), 4);
	assert_int_equal(t.last[3].change, ROSTER_CHANGED);
	world_close(&w);
}

static void
what_changes_nothing_is_not_told(void **state)
{
	struct told t = { 0 };
	struct roster_figures before, after;
	struct roster_world w;

	(void)state;
	open_people(&w);
	roster_on_change(w.roster, on_change, &t);
	roster_figures(w.roster, &before);
	feed_people(&w, "First", 0, 100);
	roster_figures(w.roster, &after);
	assert_int_equal(t.times, 0);
	assert_int_equal(after.version, before.version);
	world_close(&w);
}

static void
many_changes_at_once_are_told_as_one(void **state)
{
	struct told t = { 0 };
	struct roster_world w;

	(void)state;
	world_open(&w);
	roster_on_change(w.roster, on_change, &t);
	world_apply(&w, world_begin(FEED_DIRECTORY));
	feed_people(&w, "Many", 0, PEOPLE);
	assert_int_equal(t.times, 0);
	world_end(&w, FEED_DIRECTORY, true);
	assert_int_equal(t.times, 1);
	assert_int_equal(t.all, 1);
	assert_int_equal(t.count, 0);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_reader_holds_stays_as_it_is),
		cmocka_unit_test(places_that_a_reader_holds_stay_as_they_are),
		cmocka_unit_test(what_nobody_holds_any_more_is_given_back),
		cmocka_unit_test(versions_come_slowly_while_one_that_is_held_keeps_much_alive),
		cmocka_unit_test(a_change_is_seen_although_a_version_is_held_for_long),
		cmocka_unit_test(what_the_loop_held_last_is_given_back_by_the_writer),
		cmocka_unit_test(the_figure_of_memory_falls_with_the_rows),
		cmocka_unit_test(readers_and_the_writer_do_not_meet),
		cmocka_unit_test(whoever_stays_is_found_while_others_come_and_go),
		cmocka_unit_test(changes_are_told_once_each),
		cmocka_unit_test(what_changes_nothing_is_not_told),
		cmocka_unit_test(many_changes_at_once_are_told_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
