/* What every implementation of kv.h keeps. Another one joins by a row in `makers`. */
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#include <sodium.h>

#include "kv_call.h"

struct world {
	struct loop *loop;
	struct kv *kv;
	char *dir;
};

struct maker {
	const char *name;
	struct kv *(*make)(struct world *w);
};

static struct kv *
make_memory(struct world *w)
{
	return kv_memory_new(w->loop);
}

static struct kv *
make_sqlite(struct world *w)
{
	char path[128];
	struct kv *kv;
	struct fault f;

	snprintf(path, sizeof(path), "%s/store.db", w->dir);
	if (kv_sqlite_open(&kv, w->loop, path, &f) != ERR_OK)
		fail_msg("%s", f.text);
	return kv;
}

static const struct maker makers[] = { { "memory", make_memory }, { "sqlite", make_sqlite } };

static int
set_up(void **state)
{
	const struct maker *m = *state;
	struct world *w = mem_alloc(sizeof(*w));

	alarm(60); /* a callback that never comes must not hang the suite */
	w->dir = temp_make();
	w->loop = loop_new();
	w->kv = m->make(w);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	kv_close(w->kv);
	loop_free(w->loop);
	temp_remove(w->dir);
	free(w);
	return 0;
}

/* ---- reading and writing ---- */

static void
a_value_comes_back_with_its_revisions(void **state)
{
	struct world *w = *state;
	struct answer a = call_put(w->loop, w->kv, "a", "one");
	uint64_t first = a.revision;

	assert_int_equal(a.code, ERR_OK);
	assert_true(first > 0);
	a = call_get(w->loop, w->kv, "a");
	assert_int_equal(a.code, ERR_OK);
	assert_string_equal(a.item[0].value, "one");
	assert_int_equal(a.item[0].created, first);
	assert_int_equal(a.item[0].modified, first);
	a = call_put(w->loop, w->kv, "a", "two");
	assert_int_equal(a.revision, first + 1);
	a = call_get(w->loop, w->kv, "a");
	assert_string_equal(a.item[0].value, "two");
	assert_int_equal(a.item[0].created, first);
	assert_int_equal(a.item[0].modified, first + 1);
}

static void
a_key_put_again_after_its_deletion_is_created_anew(void **state)
{
	struct world *w = *state;
	struct answer a;

	call_put(w->loop, w->kv, "a", "one");
	a = call_put(w->loop, w->kv, "a", NULL);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(call_get(w->loop, w->kv, "a").code, ERR_NOT_FOUND);
	a = call_put(w->loop, w->kv, "a", "two");
	assert_int_equal(call_get(w->loop, w->kv, "a").item[0].created, a.revision);
}

static void
an_absent_key_is_not_found_and_may_be_deleted(void **state)
{
	struct world *w = *state;
	uint64_t before = call_put(w->loop, w->kv, "a", "x").revision;
	struct answer a = call_put(w->loop, w->kv, "b", NULL);

	assert_int_equal(call_get(w->loop, w->kv, "b").code, ERR_NOT_FOUND);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(a.revision, before);
}

static void
an_empty_value_is_not_a_deletion(void **state)
{
	struct world *w = *state;
	struct answer a;

	call_put(w->loop, w->kv, "a", "");
	a = call_get(w->loop, w->kv, "a");
	assert_int_equal(a.code, ERR_OK);
	assert_true(a.item[0].has_value);
	assert_int_equal(a.item[0].value_len, 0);
}

static void
keys_and_values_may_hold_any_byte(void **state)
{
	struct world *w = *state;
	const char key[] = { 'k', 0, (char)0xff, 'x' }, value[] = { 0, 1, (char)0xfe };
	struct kv_write write = { { key, sizeof(key) }, { value, sizeof(value) } };
	struct kv_txn txn = { NULL, 0, &write, 1 };
	struct answer a;

	assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_OK);
	a = call_range(w->loop, w->kv, "k", "", 10);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.item[0].key_len, sizeof(key));
	assert_int_equal(a.item[0].value_len, sizeof(value));
	assert_int_equal(call_get(w->loop, w->kv, "k").code, ERR_NOT_FOUND);
}

/* ---- compares ---- */

static void
a_compare_decides_by_the_last_change(void **state)
{
	struct world *w = *state;
	uint64_t first = call_swap(w->loop, w->kv, "a", 0, "one").revision;
	const struct {
		uint64_t modified;
		enum err expect;
	} rows[] = {
		{ 0, ERR_CONFLICT },
		{ first + 1, ERR_CONFLICT },
		{ first, ERR_OK },
		{ first, ERR_CONFLICT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer a = call_swap(w->loop, w->kv, "a", rows[i].modified, "new");

		assert_int_equal(a.code, rows[i].expect);
	}
}

static void
a_conflict_tells_what_is_there_and_writes_nothing(void **state)
{
	struct world *w = *state;
	uint64_t first = call_put(w->loop, w->kv, "a", "one").revision;
	struct kv_compare compares[] = { { kv_text("absent"), 0 }, { kv_text("a"), 0 },
		{ kv_text("gone"), 5 } };
	struct kv_write writes[] = { write_of("a", "two"), write_of("b", "x") };
	struct kv_txn txn = { compares, 3, writes, 2 };
	struct answer a = call_txn(w->loop, w->kv, &txn);

	assert_int_equal(a.code, ERR_CONFLICT);
	assert_int_equal(a.count, 3);
	assert_int_equal(a.item[0].modified, 0);
	assert_false(a.item[0].has_value);
	assert_int_equal(a.item[1].modified, first);
	assert_string_equal(a.item[1].value, "one");
	assert_int_equal(a.item[2].modified, 0);
	assert_string_equal(a.item[2].key, "gone");
	assert_string_equal(call_get(w->loop, w->kv, "a").item[0].value, "one");
	assert_int_equal(call_get(w->loop, w->kv, "b").code, ERR_NOT_FOUND);
	assert_int_equal(call_put(w->loop, w->kv, "c", "x").revision, first + 1);
}

enum { CROWD = 64 };

static void
of_many_that_want_one_key_exactly_one_gets_it(void **state)
{
	struct world *w = *state;
	struct answer a[CROWD] = { 0 };
	char name[CROWD][8];
	int won = 0;

	for (int i = 0; i < CROWD; i++) {
		struct kv_compare c = { kv_text("prize"), 0 };
		struct kv_write writes[2];
		struct kv_txn txn = { &c, 1, writes, 2 };

		snprintf(name[i], sizeof(name[i]), "w%02d", i);
		writes[0] = write_of("prize", name[i]);
		writes[1] = write_of(name[i], "mine");
		kv_txn(w->kv, &txn, answer_on_txn, &a[i]);
	}
	call_get(w->loop, w->kv, "prize"); /* answered behind them all */
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(a[i].calls, 1);
		won += a[i].code == ERR_OK;
	}
	assert_int_equal(won, 1);
	assert_int_equal(call_range(w->loop, w->kv, "w", "", 10).count, 1);
}

/* ---- ranges ---- */

static void
a_range_pages_through_a_prefix_in_key_order(void **state)
{
	struct world *w = *state;
	static const char *const keys[] = { "b/3", "a", "b/1", "b", "b/2", "b0", "c", "b/" };
	struct answer a;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		call_put(w->loop, w->kv, keys[i], keys[i]);
	a = call_range(w->loop, w->kv, "b/", "", 2);
	assert_int_equal(a.count, 2);
	assert_true(a.more);
	assert_string_equal(a.item[0].key, "b/");
	assert_string_equal(a.item[1].key, "b/1");
	a = call_range(w->loop, w->kv, "b/", "b/1", 2);
	assert_int_equal(a.count, 2);
	assert_false(a.more);
	assert_string_equal(a.item[0].key, "b/2");
	assert_string_equal(a.item[1].key, "b/3");
	assert_int_equal(call_range(w->loop, w->kv, "b/", "b/3", 2).count, 0);
	assert_int_equal(call_range(w->loop, w->kv, "b/", "b/15", 9).count, 2);
	assert_int_equal(call_range(w->loop, w->kv, "", "", 9).count, 8);
	assert_int_equal(call_range(w->loop, w->kv, "b/", "a", 9).count, 4);
	assert_int_equal(call_range(w->loop, w->kv, "b/", "c", 9).count, 0);
}

static void
a_prefix_of_the_highest_bytes_has_an_end_too(void **state)
{
	struct world *w = *state;

	call_put(w->loop, w->kv, "\xff\xff", "x");
	call_put(w->loop, w->kv, "\xff", "x");
	call_put(w->loop, w->kv, "a", "x");
	assert_int_equal(call_range(w->loop, w->kv, "\xff", "", 9).count, 2);
	assert_int_equal(call_range(w->loop, w->kv, "\xff\xff", "", 9).count, 1);
}

static void
a_range_sees_whole_transactions(void **state)
{
	struct world *w = *state;
	struct answer ranges[20] = { 0 };

	for (int round = 0; round < 20; round++) {
		char value[8];
		struct kv_write writes[] = { write_of("p/a", value), write_of("p/b", value) };
		struct kv_txn txn = { NULL, 0, writes, 2 };

		snprintf(value, sizeof(value), "%d", round);
		writes[0] = write_of("p/a", value);
		writes[1] = write_of("p/b", value);
		kv_txn(w->kv, &txn, answer_on_txn, &(struct answer){ 0 });
		kv_range(w->kv, kv_text("p/"), kv_text(""), 10, answer_on_range, &ranges[round]);
		call_get(w->loop, w->kv, "p/a");
	}
	for (int round = 0; round < 20; round++) {
		assert_int_equal(ranges[round].count, 2);
		assert_string_equal(ranges[round].item[0].value, ranges[round].item[1].value);
		assert_true(ranges[round].revision >= ranges[round].item[0].modified);
	}
}

/* ---- limits ---- */

static void
what_crosses_a_bound_is_too_large_and_has_no_effect(void **state)
{
	struct world *w = *state;
	char *big = mem_alloc(KV_VALUE_MAX + 2), long_key[KV_KEY_MAX + 2];
	struct kv_write writes[KV_TXN_MAX + 1];
	struct kv_txn txn = { NULL, 0, writes, 1 };
	char names[KV_TXN_MAX + 1][8];

	memset(big, 'x', KV_VALUE_MAX + 1);
	memset(long_key, 'k', sizeof(long_key) - 1);
	long_key[sizeof(long_key) - 1] = '\0';
	writes[0] = write_of("a", big);
	assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_TOO_LARGE);
	writes[0].value.len = KV_VALUE_MAX;
	assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_OK);
	assert_int_equal(call_put(w->loop, w->kv, long_key, "x").code, ERR_TOO_LARGE);
	long_key[KV_KEY_MAX] = '\0';
	assert_int_equal(call_put(w->loop, w->kv, long_key, "x").code, ERR_OK);
	for (int i = 0; i <= KV_TXN_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		writes[i] = write_of(names[i], "x");
	}
	txn.write_count = KV_TXN_MAX + 1;
	assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_TOO_LARGE);
	txn.write_count = KV_TXN_MAX;
	assert_int_equal(call_txn(w->loop, w->kv, &txn).code, ERR_OK);
	free(big);
}

static void
count_outcome(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	size_t *counts = arg;

	(void)item, (void)f;
	counts[code]++;
}

static void
a_full_queue_is_busy(void **state)
{
	struct world *w = *state;
	size_t counts[ERR_INTERNAL + 1] = { 0 };

	for (int i = 0; i < 5000; i++)
		kv_get(w->kv, kv_text("a"), count_outcome, counts);
	assert_int_equal(counts[ERR_BUSY] + counts[ERR_NOT_FOUND], 0);
	while (counts[ERR_BUSY] + counts[ERR_NOT_FOUND] < 5000)
		call_get(w->loop, w->kv, "b");
	assert_true(counts[ERR_BUSY] > 0);
	assert_true(counts[ERR_NOT_FOUND] >= 1000);
	assert_int_equal(call_get(w->loop, w->kv, "b").code, ERR_NOT_FOUND);
}

/* ---- the callback promise ---- */

static void
must_not_run(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	(void)arg, (void)code, (void)item, (void)f;
	fail_msg("a cancelled operation called back");
}

static void
a_cancelled_operation_never_calls_back(void **state)
{
	struct world *w = *state;
	struct kv_op *op = kv_get(w->kv, kv_text("a"), must_not_run, NULL);

	kv_cancel(op);
	op = kv_get(w->kv, kv_text("a"), must_not_run, NULL);
	kv_get(w->kv, kv_text("b"), answer_on_get, &(struct answer){ 0 });
	kv_cancel(op);
	call_get(w->loop, w->kv, "a");
}

static void
closing_finishes_what_is_queued_and_tells_nobody(void **state)
{
	struct world *w = *state;
	struct answer never = { 0 };

	for (int i = 0; i < 100; i++) {
		char name[8];
		struct kv_write write;
		struct kv_txn txn = { NULL, 0, &write, 1 };

		snprintf(name, sizeof(name), "k%02d", i);
		write = write_of(name, "x");
		kv_txn(w->kv, &txn, answer_on_txn, &never);
	}
	kv_get(w->kv, kv_text("a"), must_not_run, NULL);
	kv_close(w->kv);
	loop_free(w->loop); /* runs whatever was on its way */
	assert_int_equal(never.calls, 0);
	w->loop = loop_new();
	w->kv = make_sqlite(w);
}

static void
close_now(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct world *w = arg;

	(void)code, (void)item, (void)f;
	kv_close(w->kv);
	w->kv = NULL;
	loop_stop(w->loop);
}

static void
a_callback_may_close_the_store(void **state)
{
	struct world *w = *state;

	kv_get(w->kv, kv_text("a"), close_now, w);
	kv_get(w->kv, kv_text("b"), must_not_run, NULL);
	loop_run(w->loop);
}

/* ---- watches ---- */

struct seen {
	struct loop *loop;
	size_t count, stop_at;
	enum err ended;
	struct kv_watch *stop;
	struct {
		char key[16], value[16];
		bool deleted;
		uint64_t modified;
	} event[64];
};

static void
seen_on_event(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct seen *s = arg;

	(void)f;
	if (code != ERR_OK) {
		assert_int_equal(s->ended, ERR_OK);
		s->ended = code;
		loop_stop(s->loop);
		return;
	}
	assert_true(s->count < 64);
	snprintf(
	    s->event[s->count].key, 16, "%.*s", (int)item->key.len, (const char *)item->key.data);
	snprintf(s->event[s->count].value, 16, "%.*s", (int)item->value.len,
	    item->value.data != NULL ? (const char *)item->value.data : "");
	s->event[s->count].deleted = item->value.data == NULL;
	s->event[s->count].modified = item->modified;
	if (s->count > 0)
		assert_true(item->modified >= s->event[s->count - 1].modified);
	if (++s->count == s->stop_at) {
		if (s->stop != NULL)
			kv_watch_stop(s->stop);
		loop_stop(s->loop);
	}
}

static void
a_watch_tells_later_changes_under_its_prefix_in_order(void **state)
{
	struct world *w = *state;
	uint64_t now = call_put(w->loop, w->kv, "p/old", "x").revision;
	struct seen s = { .loop = w->loop, .stop_at = 3 };
	struct kv_watch *watch = kv_watch(w->kv, kv_text("p/"), now + 1, seen_on_event, &s);

	call_put(w->loop, w->kv, "p/a", "1");
	call_put(w->loop, w->kv, "q/a", "1");
	call_put(w->loop, w->kv, "p/a", "2");
	call_put(w->loop, w->kv, "p/none", NULL);
	call_put(w->loop, w->kv, "p/a", NULL);
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 3);
	assert_string_equal(s.event[0].value, "1");
	assert_string_equal(s.event[1].value, "2");
	assert_true(s.event[2].deleted);
	assert_true(s.event[2].modified > s.event[1].modified);
	kv_watch_stop(watch);
	call_put(w->loop, w->kv, "p/a", "3");
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 3);
}

static void
a_watch_from_the_past_tells_the_newest_state_of_each_key(void **state)
{
	struct world *w = *state;
	uint64_t from = call_put(w->loop, w->kv, "p/a", "1").revision;
	struct seen s = { .loop = w->loop, .stop_at = 3 };

	call_put(w->loop, w->kv, "p/gone", "x");
	call_put(w->loop, w->kv, "p/b", "1");
	call_put(w->loop, w->kv, "p/gone", NULL);
	call_put(w->loop, w->kv, "p/a", "2");
	kv_watch(w->kv, kv_text("p/"), from, seen_on_event, &s);
	loop_run(w->loop);
	assert_string_equal(s.event[0].key, "p/b");
	assert_string_equal(s.event[1].key, "p/gone");
	assert_true(s.event[1].deleted);
	assert_string_equal(s.event[2].key, "p/a");
	assert_string_equal(s.event[2].value, "2");
	s.stop_at = 4;
	call_put(w->loop, w->kv, "p/c", "1");
	call_get(w->loop, w->kv, "p/c");
	assert_int_equal(s.count, 4);
}

/* Started in the middle of traffic, a watch and a range before it miss nothing between them. */
static void
a_watch_behind_a_range_has_no_gap(void **state)
{
	struct world *w = *state;
	struct answer range, ignored[20] = { 0 };
	struct seen s = { .loop = NULL };

	s.loop = w->loop;
	call_put(w->loop, w->kv, "p/00", "x");
	range = call_range(w->loop, w->kv, "p/", "", 64);
	for (int i = 0; i < 20; i++) {
		char name[8];
		struct kv_write write;
		struct kv_txn txn = { NULL, 0, &write, 1 };

		snprintf(name, sizeof(name), "p/%02d", i + 1);
		write = write_of(name, "x");
		kv_txn(w->kv, &txn, answer_on_txn, &ignored[i]);
		if (i == 10)
			kv_watch(w->kv, kv_text("p/"), range.revision + 1, seen_on_event, &s);
	}
	call_get(w->loop, w->kv, "p/00");
	assert_int_equal(range.count + s.count, 21);
}

static void
a_watch_from_forgotten_revisions_says_so_once(void **state)
{
	struct world *w = *state;
	struct seen s = { .loop = w->loop };

	for (int i = 0; i < 140; i++) {
		struct kv_write writes[KV_TXN_MAX];
		struct kv_txn txn = { NULL, 0, writes, KV_TXN_MAX };
		char names[KV_TXN_MAX][8];

		for (int j = 0; j < KV_TXN_MAX; j++) {
			snprintf(names[j], sizeof(names[j]), "k%d", j);
			writes[j] = write_of(names[j], "x");
		}
		call_txn(w->loop, w->kv, &txn);
	}
	kv_watch(w->kv, kv_text(""), 1, seen_on_event, &s);
	loop_run(w->loop);
	assert_int_equal(s.ended, ERR_EXPIRED);
	assert_int_equal(s.count, 0);
	call_put(w->loop, w->kv, "a", "x");
	call_get(w->loop, w->kv, "a");
	assert_int_equal(s.count, 0);
}

static void
a_watch_may_be_stopped_from_its_own_callback(void **state)
{
	struct world *w = *state;
	struct seen s = { .loop = w->loop, .stop_at = 1 };
	struct kv_write writes[] = { write_of("p/a", "1"), write_of("p/b", "1") };
	struct kv_txn txn = { NULL, 0, writes, 2 };
	uint64_t now = call_put(w->loop, w->kv, "x", "x").revision;

	s.stop = kv_watch(w->kv, kv_text("p/"), now + 1, seen_on_event, &s);
	call_txn(w->loop, w->kv, &txn);
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 1);
	kv_watch_stop(kv_watch(w->kv, kv_text("p/"), 1, seen_on_event, &s));
	call_get(w->loop, w->kv, "p/a");
	assert_int_equal(s.count, 1);
}

static void
a_store_that_works_is_healthy(void **state)
{
	struct world *w = *state;
	struct fault f;

	call_put(w->loop, w->kv, "a", "x");
	assert_true(kv_is_healthy(w->kv, &f));
}

#define ROW(test)                                                                                  \
	{                                                                                          \
#test, test, set_up, tear_down, NULL                                               \
	}
static const struct CMUnitTest suite[] = {
	ROW(a_value_comes_back_with_its_revisions),
	ROW(a_key_put_again_after_its_deletion_is_created_anew),
	ROW(an_absent_key_is_not_found_and_may_be_deleted),
	ROW(an_empty_value_is_not_a_deletion),
	ROW(keys_and_values_may_hold_any_byte),
	ROW(a_compare_decides_by_the_last_change),
	ROW(a_conflict_tells_what_is_there_and_writes_nothing),
	ROW(of_many_that_want_one_key_exactly_one_gets_it),
	ROW(a_range_pages_through_a_prefix_in_key_order),
	ROW(a_prefix_of_the_highest_bytes_has_an_end_too),
	ROW(a_range_sees_whole_transactions),
	ROW(what_crosses_a_bound_is_too_large_and_has_no_effect),
	ROW(a_full_queue_is_busy),
	ROW(a_cancelled_operation_never_calls_back),
	ROW(closing_finishes_what_is_queued_and_tells_nobody),
	ROW(a_callback_may_close_the_store),
	ROW(a_watch_tells_later_changes_under_its_prefix_in_order),
	ROW(a_watch_from_the_past_tells_the_newest_state_of_each_key),
	ROW(a_watch_behind_a_range_has_no_gap),
	ROW(a_watch_from_forgotten_revisions_says_so_once),
	ROW(a_watch_may_be_stopped_from_its_own_callback),
	ROW(a_store_that_works_is_healthy),
};

int
main(void)
{
	enum { ROWS = sizeof(suite) / sizeof(suite[0]) };
	int failed = 0;

	if (sodium_init() < 0)
		return 99;
	for (size_t m = 0; m < sizeof(makers) / sizeof(makers[0]); m++) {
		struct CMUnitTest tests[ROWS];

		memcpy(tests, suite, sizeof(tests));
		for (size_t i = 0; i < ROWS; i++)
			tests[i].initial_state = (void *)(uintptr_t)&makers[m];
		failed += _cmocka_run_group_tests(makers[m].name, tests, ROWS, NULL, NULL);
	}
	return failed;
}
