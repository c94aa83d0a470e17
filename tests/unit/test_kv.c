/* What every implementation of kv.h keeps. */
#include "base/clock.h"
#include "kv_world.h"

/* ---- reading and writing ---- */

static void
a_value_comes_back_with_its_revisions(void **state)
{
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
	uint64_t before = call_put(w->loop, w->kv, "a", "x").revision;
	struct answer a = call_put(w->loop, w->kv, "b", NULL);

	assert_int_equal(call_get(w->loop, w->kv, "b").code, ERR_NOT_FOUND);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(a.revision, before);
}

static void
an_empty_value_is_not_a_deletion(void **state)
{
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
	const char key[] = { 'k', 0, (char)0xff, 'x' }, value[] = { 0, 1, (char)0xfe };
	struct kv_write write = { .key = { key, sizeof(key) }, .value = { value, sizeof(value) } };
	struct kv_txn txn = { .writes = &write, .write_count = 1 };
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
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
	uint64_t first = call_put(w->loop, w->kv, "a", "one").revision;
	struct kv_compare compares[] = { { kv_text("absent"), 0 }, { kv_text("a"), 0 },
		{ kv_text("gone"), 5 } };
	struct kv_write writes[] = { write_of("a", "two"), write_of("b", "x") };
	struct kv_txn txn = { compares, 3, writes, 2, NULL };
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
	struct kv_world *w = *state;
	struct answer a[CROWD] = { 0 };
	char name[CROWD][8];
	int won = 0;

	for (int i = 0; i < CROWD; i++) {
		struct kv_compare c = { kv_text("prize"), 0 };
		struct kv_write writes[2];
		struct kv_txn txn = { &c, 1, writes, 2, NULL };

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
	struct kv_world *w = *state;
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
a_range_pages_backwards_from_the_last_key_on(void **state)
{
	struct kv_world *w = *state;
	static const char *const keys[] = { "b/3", "a", "b/1", "b", "b/2", "b0", "c", "b/" };
	struct answer a;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		call_put(w->loop, w->kv, keys[i], keys[i]);
	a = call_range_back(w->loop, w->kv, "b/", "", 2);
	assert_int_equal(a.count, 2);
	assert_true(a.more);
	assert_true(a.revision > 0);
	assert_string_equal(a.item[0].key, "b/3");
	assert_string_equal(a.item[1].key, "b/2");
	a = call_range_back(w->loop, w->kv, "b/", "b/2", 2);
	assert_int_equal(a.count, 2);
	assert_false(a.more);
	assert_string_equal(a.item[0].key, "b/1");
	assert_string_equal(a.item[0].value, "b/1");
	assert_string_equal(a.item[1].key, "b/");
	assert_int_equal(call_range_back(w->loop, w->kv, "b/", "b/", 2).count, 0);
	assert_int_equal(call_range_back(w->loop, w->kv, "b/", "b/15", 9).count, 2);
	assert_int_equal(call_range_back(w->loop, w->kv, "", "", 9).count, 8);
	assert_int_equal(call_range_back(w->loop, w->kv, "b/", "a", 9).count, 0);
	assert_int_equal(call_range_back(w->loop, w->kv, "b/", "c", 9).count, 4);
}

static void
a_prefix_of_the_highest_bytes_has_an_end_too(void **state)
{
	struct kv_world *w = *state;

	call_put(w->loop, w->kv, "\xff\xff", "x");
	call_put(w->loop, w->kv, "\xff", "x");
	call_put(w->loop, w->kv, "a", "x");
	assert_int_equal(call_range(w->loop, w->kv, "\xff", "", 9).count, 2);
	assert_int_equal(call_range(w->loop, w->kv, "\xff\xff", "", 9).count, 1);
	assert_int_equal(call_range_back(w->loop, w->kv, "\xff", "", 9).count, 2);
	assert_int_equal(call_range_back(w->loop, w->kv, "\xff\xff", "", 9).count, 1);
}

static void
a_range_sees_whole_transactions(void **state)
{
	struct kv_world *w = *state;
	struct answer ranges[20] = { 0 };

	for (int round = 0; round < 20; round++) {
		char value[8];
		struct kv_write writes[2];
		struct kv_txn txn = { .writes = writes, .write_count = 2 };

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
	struct kv_world *w = *state;
	char *big = mem_alloc(KV_VALUE_MAX + 2), long_key[KV_KEY_MAX + 2];
	struct kv_write writes[KV_TXN_MAX + 1];
	struct kv_txn txn = { .writes = writes, .write_count = 1 };
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
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
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
	struct kv_world *w = *state;
	struct answer never = { 0 };

	for (int i = 0; i < 100; i++) {
		char name[8];
		struct kv_write write;
		struct kv_txn txn = { .writes = &write, .write_count = 1 };

		snprintf(name, sizeof(name), "k%02d", i);
		write = write_of(name, "x");
		kv_txn(w->kv, &txn, answer_on_txn, &never);
	}
	kv_get(w->kv, kv_text("a"), must_not_run, NULL);
	kv_close(w->kv);
	loop_free(w->loop); /* runs whatever was on its way */
	assert_int_equal(never.calls, 0);
	w->loop = NULL;
	w->kv = NULL;
}

static void
close_now(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct kv_world *w = arg;

	(void)code, (void)item, (void)f;
	kv_close(w->kv);
	w->kv = NULL;
	loop_stop(w->loop);
}

static void
a_callback_may_close_the_store(void **state)
{
	struct kv_world *w = *state;

	kv_get(w->kv, kv_text("a"), close_now, w);
	kv_get(w->kv, kv_text("b"), must_not_run, NULL);
	loop_run(w->loop);
}

/* Operations that are answered together, and a timer of every turn. */
struct turns {
	struct kv_world *w;
	struct loop_timer *timer;
	int answered, in_a_row, most;
};

enum { TOGETHER = 60 };

static void
turns_on_turn(void *arg)
{
	struct turns *t = arg;

	t->in_a_row = 0;
	loop_timer_set(t->timer, 0);
}

/* Longer than the loop stays with what threads have brought. */
static void
turns_on_get(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct turns *t = arg;
	int64_t end = clock_mono_ms(&clock_system) + 2;

	(void)code, (void)item, (void)f;
	while (clock_mono_ms(&clock_system) < end)
		;
	if (++t->in_a_row > t->most)
		t->most = t->in_a_row;
	if (++t->answered == TOGETHER)
		loop_stop(t->w->loop);
}

static void
the_loop_turns_between_two_answers_that_take_long(void **state)
{
	struct turns t = { .w = *state };

	t.timer = loop_timer_new(t.w->loop, turns_on_turn, &t);
	loop_timer_set(t.timer, 0);
	for (int i = 0; i < TOGETHER; i++)
		kv_get(t.w->kv, kv_text("a"), turns_on_get, &t);
	loop_run(t.w->loop);
	assert_true(t.most <= 2);
	loop_timer_free(t.timer);
}

static void
a_store_that_works_is_healthy(void **state)
{
	struct kv_world *w = *state;
	struct fault f;

	call_put(w->loop, w->kv, "a", "x");
	assert_true(kv_is_healthy(w->kv, &f));
}

static const struct CMUnitTest tests[] = {
	KV_ROW(a_value_comes_back_with_its_revisions),
	KV_ROW(a_key_put_again_after_its_deletion_is_created_anew),
	KV_ROW(an_absent_key_is_not_found_and_may_be_deleted),
	KV_ROW(an_empty_value_is_not_a_deletion),
	KV_ROW(keys_and_values_may_hold_any_byte),
	KV_ROW(a_compare_decides_by_the_last_change),
	KV_ROW(a_conflict_tells_what_is_there_and_writes_nothing),
	KV_ROW(of_many_that_want_one_key_exactly_one_gets_it),
	KV_ROW(a_range_pages_through_a_prefix_in_key_order),
	KV_ROW(a_range_pages_backwards_from_the_last_key_on),
	KV_ROW(a_prefix_of_the_highest_bytes_has_an_end_too),
	KV_ROW(a_range_sees_whole_transactions),
	KV_ROW(what_crosses_a_bound_is_too_large_and_has_no_effect),
	KV_ROW(a_full_queue_is_busy),
	KV_ROW(a_cancelled_operation_never_calls_back),
	KV_ROW(closing_finishes_what_is_queued_and_tells_nobody),
	KV_ROW(a_callback_may_close_the_store),
	KV_ROW(the_loop_turns_between_two_answers_that_take_long),
	KV_ROW(a_store_that_works_is_healthy),
};

int
main(void)
{
	return kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));
}
