/* The sequencer of the audit trail: what it names, in which order, and what it does when writing
 * fails, answers are lost or somebody else names, too. */
#include "audit_world.h"

#include <sodium.h>

#include "../fakes/fake_kv.h"

static struct chain_block *
block_of(struct trail *t, uint64_t number)
{
	struct chain_block *b = mem_alloc(sizeof(*b));
	char *text = trail_text(t, chain_block_key(number).text);
	struct fault f;

	assert_non_null(text);
	assert_int_equal(record_read_block(b, text, strlen(text), &f), ERR_OK);
	free(text);
	return b;
}

static void
records_are_named_in_the_order_of_their_transactions(void **state)
{
	struct trail *t = *state;
	struct chain_block *b;
	const struct store_note note = { .actor = "uid:0" };

	trail_chain(t);
	trail_wait(t);
	assert_int_equal(trail_head(t).number, 0);
	trail_write(t, "first", "a", &note);
	t->w->now -= HOUR; /* its id sorts before the first one's */
	trail_write(t, "second", "b", &note);
	trail_wait(t);
	assert_int_equal(trail_head(t).number, 1);
	b = block_of(t, 1);
	assert_int_equal(b->count, 2);
	assert_string_equal(
	    trail_key(t, "audit/", 1).text, store_key_of("audit", b->entries[0].id).text);
	assert_string_equal(
	    trail_key(t, "audit/", 0).text, store_key_of("audit", b->entries[1].id).text);
	free(b);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.records, 2);
}

static void
each_block_holds_the_hash_of_the_one_before(void **state)
{
	struct trail *t = *state;
	struct chain_block *first, *second;

	trail_chain(t);
	trail_write_many(t, 1);
	trail_wait(t);
	trail_write_many(t, 1);
	trail_wait(t);
	first = block_of(t, 1);
	second = block_of(t, 2);
	assert_memory_equal(second->previous, first->hash, AUDIT_HASH_SIZE);
	assert_memory_equal(trail_head(t).hash, second->hash, AUDIT_HASH_SIZE);
	free(first);
	free(second);
}

static void
thousands_of_records_that_no_block_names_are_named_at_the_start(void **state)
{
	struct trail *t = *state;

	trail_write_many(t, 3000);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.unnamed, 3000);
	trail_chain(t);
	trail_wait(t);
	assert_int_equal(trail_head(t).number, (3000 + AUDIT_BLOCK_MAX - 1) / AUDIT_BLOCK_MAX);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.records, 3000);
	assert_int_equal(t->verdict.unnamed, 0);
}

/* `count` records in one transaction. */
static void
write_together(struct trail *t, size_t count)
{
	static const char text[] = "{\"v\":1,\"at\":7,\"event\":\"many\",\"actor\":\"uid:0\"}";
	unsigned char sealed[KV_TXN_MAX][sizeof(text) + SEAL_OVERHEAD];
	struct store_key keys[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	struct kv_txn txn = { .writes = writes, .write_count = count };

	for (size_t i = 0; i < count; i++) {
		struct kv_bytes key;
		char id[ID_SIZE];
		size_t len;

		id_make(t->w->now, id);
		keys[i] = store_key_of("audit", id);
		key = store_key_bytes(&keys[i]);
		len = seal_close(t->w->seal, key.data, key.len, text, strlen(text), sealed[i]);
		writes[i] = (struct kv_write){ .key = key, .value = { sealed[i], len } };
	}
	assert_int_equal(call_txn(t->w->loop, t->w->kv, &txn).code, ERR_OK);
}

/* More than are kept in memory, and those of a transaction never in two blocks: else a start
 * between the two would lose the second half. */
static void
what_finds_no_room_is_looked_for_again(void **state)
{
	struct trail *t = *state;
	const size_t together = 60, times = 300;

	for (size_t i = 0; i < times; i++) {
		t->w->now += i % 2 == 0 ? HOUR : -HOUR / 2; /* ids in no order */
		write_together(t, together);
	}
	t->w->now += 1000 * (int64_t)HOUR;
	trail_chain(t);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.records, together * times);
	assert_int_equal(t->verdict.unnamed, 0);
	for (uint64_t n = 1; n <= trail_head(t).number; n++) {
		struct chain_block *b = block_of(t, n);

		assert_int_equal(b->count % together, 0);
		free(b);
	}
}

static void
another_start_names_nothing_twice(void **state)
{
	struct trail *t = *state;
	struct audit_head head;

	trail_chain(t);
	trail_write_many(t, 5);
	trail_wait(t);
	head = trail_head(t);
	trail_restart(t);
	trail_chain(t);
	trail_wait(t);
	assert_memory_equal(trail_head(t).hash, head.hash, AUDIT_HASH_SIZE);
	trail_write_many(t, 1);
	trail_wait(t);
	assert_int_equal(trail_verify(t, &head), 0);
	assert_int_equal(t->verdict.blocks, 2);
}

/* Records, then the process ends before the block is written, or after and nobody is told. */
static void
a_crash_around_a_block_leaves_each_record_named_once(void **state)
{
	struct trail *t = *state;
	const enum fake_kv_fault faults[] = { FAKE_KV_LOSE_ALL, FAKE_KV_SILENT };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
		struct trail crashed;
		size_t before;

		trail_init(&crashed, t->w->loop, fake);
		crashed.w->now = t->w->now;
		trail_write_many(&crashed, 3);
		before = fake_kv_written(fake);
		fake_kv_fail_from(fake, 1, faults[i]);
		trail_chain(&crashed);
		while (fake_kv_written(fake) == before)
			call_get(t->w->loop, fake, "nothing");
		call_get(t->w->loop, t->w->kv, "nothing"); /* it is carried out, or was refused */
		t->w->now = crashed.w->now;
		trail_release(&crashed);
		trail_restart(t);
		trail_chain(t);
		trail_wait(t);
		assert_int_equal(trail_verify(t, NULL), 0);
		assert_int_equal(t->verdict.records, 3 * (i + 1));
		assert_int_equal(t->verdict.unnamed, 0);
		kv_close(fake);
	}
}

static void
an_answer_that_is_lost_makes_no_second_block(void **state)
{
	struct trail *t = *state;
	const enum fake_kv_fault faults[] = { FAKE_KV_LOSE_REPLY, FAKE_KV_LOSE_ALL };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
		struct trail lossy;

		trail_init(&lossy, t->w->loop, fake);
		lossy.w->now = t->w->now;
		trail_write_many(&lossy, 3);
		fake_kv_fail(fake, 1, faults[i]);
		trail_chain(&lossy);
		trail_wait(&lossy);
		assert_true(fake_kv_failed(fake));
		assert_int_equal(trail_verify(&lossy, NULL), 0);
		assert_int_equal(lossy.verdict.blocks, i + 1);
		assert_int_equal(lossy.troubles, 0);
		t->w->now = lossy.w->now;
		trail_release(&lossy);
		kv_close(fake);
	}
}

static void
on_flushed(void *arg)
{
	*(bool *)arg = true;
}

static void
what_is_written_is_named_at_once_when_the_process_is_to_end(void **state)
{
	struct trail *t = *state;
	struct audit_head head;
	bool flushed = false, early = false;

	store_chain_flush(t->w->store, on_flushed, &early); /* there is no chain yet */
	assert_false(early);
	call_get(t->w->loop, t->w->kv, "nothing");
	assert_true(early);
	trail_chain(t);
	trail_wait(t);
	trail_write_many(t, AUDIT_BLOCK_MAX + 3);
	store_chain_flush(t->w->store, on_flushed, &flushed);
	assert_false(flushed);
	while (!flushed)
		call_get(t->w->loop, t->w->kv, "nothing");
	assert_true(store_chain_head(t->w->store, &head));
	assert_int_equal(trail_verify(t, &head), 0);
	assert_int_equal(t->verdict.unnamed, 0);
}

static void
trouble_is_told_once_and_ends_by_itself(void **state)
{
	struct trail *t = *state;
	struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
	struct trail troubled;
	size_t before;

	trail_init(&troubled, t->w->loop, fake);
	trail_write_many(&troubled, 3);
	before = fake_kv_written(fake);
	fake_kv_fail_from(fake, 1, FAKE_KV_REFUSE);
	trail_chain(&troubled);
	while (fake_kv_written(fake) < before + 2)
		call_get(t->w->loop, fake, "nothing");
	assert_int_equal(troubled.troubles, 1);
	fake_kv_fail(fake, 0, FAKE_KV_FINE);
	trail_wait(&troubled);
	assert_int_equal(troubled.troubles, 1);
	assert_int_equal(trail_verify(&troubled, NULL), 0);
	assert_int_equal(troubled.verdict.unnamed, 0);
	trail_release(&troubled);
	kv_close(fake);
}

static void
two_that_name_the_records_of_one_store_agree(void **state)
{
	struct trail *t = *state;
	struct trail other;

	trail_init(&other, t->w->loop, t->w->kv);
	trail_chain(t);
	trail_chain(&other);
	for (int i = 0; i < 40; i++) {
		trail_write_many(i % 2 == 0 ? t : &other, 20);
		if (i % 10 == 0)
			trail_wait(t);
	}
	trail_wait(t);
	trail_wait(&other);
	assert_int_equal(trail_head(t).number, trail_head(&other).number);
	assert_memory_equal(trail_head(t).hash, trail_head(&other).hash, AUDIT_HASH_SIZE);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.records, 800);
	assert_int_equal(t->verdict.unnamed, 0);
	trail_release(&other);
}

static void
a_record_that_is_rewritten_is_not_named_again(void **state)
{
	struct trail *t = *state;
	struct audit_head head;

	trail_chain(t);
	trail_write_many(t, 3);
	trail_wait(t);
	head = trail_head(t);
	assert_int_equal(trail_sweep(t, t->w->now + 1, 0), ERR_OK);
	trail_restart(t);
	trail_chain(t);
	trail_wait(t);
	assert_int_equal(trail_head(t).number, head.number);
	assert_int_equal(trail_verify(t, &head), 0);
	assert_int_equal(t->verdict.sources_ended, 3);
}

/* What the next start reads is what is new, and not all that is kept. */
static void
a_start_reads_no_more_of_the_trail_than_its_end(void **state)
{
	struct trail *t = *state, later;
	struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
	struct audit_head head;
	size_t before;

	trail_write_many(t, 3000);
	trail_chain(t);
	trail_wait(t);
	t->w->now += 48 * HOUR;
	trail_write_many(t, 5);
	trail_wait(t);
	trail_init(&later, t->w->loop, fake);
	later.w->now = t->w->now;
	before = fake_kv_asked(fake);
	trail_chain(&later);
	while (!store_chain_head(later.w->store, &head))
		call_get(t->w->loop, t->w->kv, "nothing");
	assert_true(fake_kv_asked(fake) - before < 300);
	trail_write_many(&later, 1);
	trail_wait(&later);
	assert_int_equal(trail_verify(&later, NULL), 0);
	trail_release(&later);
	kv_close(fake);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, trail_set_up, trail_tear_down)
	static const struct CMUnitTest tests[] = {
		ROW(records_are_named_in_the_order_of_their_transactions),
		ROW(each_block_holds_the_hash_of_the_one_before),
		ROW(thousands_of_records_that_no_block_names_are_named_at_the_start),
		ROW(what_finds_no_room_is_looked_for_again),
		ROW(another_start_names_nothing_twice),
		ROW(a_crash_around_a_block_leaves_each_record_named_once),
		ROW(an_answer_that_is_lost_makes_no_second_block),
		ROW(what_is_written_is_named_at_once_when_the_process_is_to_end),
		ROW(trouble_is_told_once_and_ends_by_itself),
		ROW(two_that_name_the_records_of_one_store_agree),
		ROW(a_record_that_is_rewritten_is_not_named_again),
		ROW(a_start_reads_no_more_of_the_trail_than_its_end),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
