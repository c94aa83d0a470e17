/* The audit trail is verified: whatever was done to it behind the store's back is found. */
#include "audit_world.h"

#include <sodium.h>

#include "../fakes/fake_kv.h"

/* ---- verifying ---- */

static void
edit_a_record(struct trail *t)
{
	trail_edit(
	    t, trail_record(t, 2), "\"actor\":\"user:" ADA "\"", "\"actor\":\"user:" BEA "\"");
}

static void
edit_a_part(struct trail *t)
{
	trail_edit(t, trail_record(t, 2), "new@canary.example", "bad@canary.example");
}

static void
edit_a_source(struct trail *t)
{
	trail_edit(t, trail_record(t, 2), "192.0.2.1", "192.0.2.9");
}

static void
remove_a_record(struct trail *t)
{
	trail_put(t, trail_record(t, 2), NULL);
}

static void
put_a_record_in(struct trail *t)
{
	char *text = trail_text(t, trail_record(t, 2)), id[ID_SIZE];

	id_make(t->w->now - 360 * 1000, id);
	trail_put(t, store_key_of("audit", id).text, text);
	free(text);
}

static void
swap_two_records(struct trail *t)
{
	struct store_key a = trail_key(t, "audit/", 1), b = trail_key(t, "audit/", 2);
	char *one = trail_text(t, a.text), *two = trail_text(t, b.text);

	trail_put(t, a.text, two);
	trail_put(t, b.text, one);
	free(one);
	free(two);
}

static void
remove_a_block(struct trail *t)
{
	trail_put(t, chain_block_key(2).text, NULL);
}

static void
remove_the_first_block(struct trail *t)
{
	trail_put(t, chain_block_key(1).text, NULL);
}

static void
remove_the_newest_block(struct trail *t)
{
	trail_put(t, chain_block_key(3).text, NULL);
}

static void
swap_two_blocks(struct trail *t)
{
	struct store_key a = chain_block_key(1), b = chain_block_key(2);
	char *one = trail_text(t, a.text), *two = trail_text(t, b.text);

	trail_put(t, a.text, two);
	trail_put(t, b.text, one);
	free(one);
	free(two);
}

static void
edit_a_block(struct trail *t)
{
	trail_edit(t, chain_block_key(2).text, "\"through\":", "\"through\":1");
}

/* As whoever has the store and its key would: the block and its own hash, but not the next one. */
static void
make_a_block_anew(struct trail *t)
{
	struct store_key key = chain_block_key(2);
	struct chain_block *b = mem_alloc(sizeof(*b));
	char *text = trail_text(t, key.text);
	struct fault f;
	struct buf out;

	assert_int_equal(record_read_block(b, text, strlen(text), &f), ERR_OK);
	b->count--;
	chain_hash_block(b, b->hash);
	buf_init(&out, KV_VALUE_MAX);
	record_write_block(&out, b);
	trail_put(t, key.text, out.data);
	buf_release(&out);
	free(text);
	free(b);
}

static void
spoil_a_block(struct trail *t)
{
	trail_edit(t, chain_block_key(2).text, "\"previous\"", "\"precious\"");
}

static void
spoil_a_record(struct trail *t)
{
	assert_int_equal(
	    call_put(t->w->loop, t->w->kv, trail_record(t, 2), "no sealed value").code, ERR_OK);
}

static void
whatever_is_done_behind_the_stores_back_is_found(void **state)
{
	static const struct {
		void (*harm)(struct trail *t);
		const char *says;
	} rows[] = {
		{ edit_a_record, "a record was changed" },
		{ edit_a_part, "what is about a person was changed" },
		{ edit_a_source, "the source was changed" },
		{ remove_a_record, "a record is missing" },
		{ put_a_record_in, "no block names this record" },
		{ swap_two_records, "a record was changed" },
		{ remove_a_block, "are missing" },
		{ remove_the_first_block, "are missing" },
		{ remove_the_newest_block, "the head names this block" },
		{ swap_two_blocks, "in the place of another block" },
		{ edit_a_block, "changed after it was written" },
		{ make_a_block_anew, "does not follow the block before it" },
		{ spoil_a_block, "cannot be read" },
		{ spoil_a_record, "cannot be read" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trail *t = *state;

		trail_write_three_blocks(t);
		assert_int_equal(trail_verify(t, NULL), 0);
		rows[i].harm(t);
		if (trail_verify(t, NULL) == 0)
			fail_msg("nothing was found: %s", rows[i].says);
		if (!trail_says(t, rows[i].says))
			fail_msg("%s: %s", rows[i].says, t->verdict.faults[0].text);
		trail_tear_down(state);
		trail_set_up(state);
	}
}

/* The tail with its records, and the head put back: only a head that was kept elsewhere tells. */
static void
a_tail_that_was_cut_off_shows_against_a_known_head(void **state)
{
	struct trail *t = *state;
	struct audit_head known;
	char *head;

	trail_chain(t);
	trail_write(t, "user_changed", BEA, &trail_by_ada);
	trail_wait(t);
	head = trail_text(t, "chain/head");
	trail_write(t, "user_changed", BEA, &trail_by_ada);
	trail_wait(t);
	known = trail_head(t);
	assert_int_equal(trail_verify(t, &known), 0);
	trail_restart(t);
	trail_put(t, chain_block_key(2).text, NULL);
	trail_put(t, trail_record(t, 1), NULL);
	trail_put(t, "chain/head", head);
	free(head);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(trail_verify(t, &known), 1);
	assert_int_equal(t->verdict.faults[0].block, 2);
	trail_chain(t);
	trail_write(t, "user_changed", BEA, &trail_by_ada);
	trail_wait(t);
	assert_int_equal(trail_verify(t, &known), 1);
	assert_non_null(strstr(t->verdict.faults[0].text, "another hash"));
}

static void
a_trail_of_records_without_parts_is_sound(void **state)
{
	struct trail *t = *state;
	char id[ID_SIZE];

	id_make(t->w->now, id);
	trail_put(t, store_key_of("audit", id).text,
	    "{\"v\":1,\"at\":7,\"event\":\"issued\",\"invitation\":\"" ADA
	    "\",\"state\":\"pending\",\"actor\":\"uid:0\"}");
	trail_write(t, "audit_trimmed", NULL, &trail_by_system);
	trail_chain(t);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.records, 2);
	trail_list(t, &(struct audit_query){ .limit = 10, .about = ADA });
	assert_int_equal(t->count, 1);
	assert_string_equal(t->row[0].event, "issued");
	assert_string_equal(t->row[0].subject_id, ADA);
	assert_false(t->row[0].source_ended);
}

static void
more_faults_than_find_room_are_counted(void **state)
{
	struct trail *t = *state;

	trail_write_many(t, AUDIT_FAULTS_MAX + 20);
	trail_chain(t);
	trail_wait(t);
	for (size_t i = 0; i < AUDIT_FAULTS_MAX + 10; i++)
		trail_put(t, trail_record(t, 0), NULL);
	assert_int_equal(trail_verify(t, NULL), AUDIT_FAULTS_MAX + 10);
	assert_non_null(
	    strstr(t->verdict.faults[AUDIT_FAULTS_MAX - 1].text, "a record is missing"));
	assert_int_equal(t->verdict.blocks, 1);
}

/* No key is needed for it, and neither erasure nor retention tells of it. */
static void
a_part_that_was_taken_away_without_a_reason_is_found(void **state)
{
	struct trail *t = *state;
	char *text;

	trail_write_three_blocks(t);
	text = trail_text(t, trail_record(t, 2));
	*strchr(text, '\n') = '\0';
	trail_put(t, trail_record(t, 2), text);
	free(text);
	assert_int_equal(trail_verify(t, NULL), 2);
	assert_true(trail_says(t, "no erasure tells of it"));
	assert_true(trail_says(t, "neither its age nor an erasure"));
	assert_int_equal(trail_erase(t, ADA), ERR_OK); /* whose it is not */
	assert_int_equal(trail_verify(t, NULL), 1);
	assert_true(trail_says(t, "no erasure tells of it"));
}

static void
delete_all(struct trail *t, const char *prefix)
{
	while (call_range(t->w->loop, t->w->kv, prefix, "", 1).count > 0)
		trail_put(t, trail_key(t, prefix, 0).text, NULL);
}

static void
the_head_alone(struct trail *t)
{
	trail_put(t, "chain/head", NULL);
}

static void
the_tail_and_the_head(struct trail *t)
{
	trail_put(t, chain_block_key(3).text, NULL);
	trail_put(t, trail_record(t, 5), NULL);
	trail_put(t, trail_record(t, 4), NULL);
	trail_put(t, "chain/head", NULL);
}

static void
the_tail_and_a_spoiled_head(struct trail *t)
{
	the_tail_and_the_head(t);
	call_put(t->w->loop, t->w->kv, "chain/head", "no sealed value");
}

static void
the_mark(struct trail *t)
{
	trail_put(t, "meta/chain", NULL);
}

static void
all_but_the_mark(struct trail *t)
{
	delete_all(t, "audit/");
	delete_all(t, "chain/");
}

static void
all_of_it(struct trail *t)
{
	all_but_the_mark(t);
	the_mark(t);
}

/* It is told once, and for as long as the trail is kept: another start makes nothing sound. */
static void
what_was_cut_off_without_the_key_shows_for_ever(void **state)
{
	void (*const harms[])(struct trail *) = { the_head_alone, the_tail_and_the_head,
		the_tail_and_a_spoiled_head, the_mark, all_but_the_mark, all_of_it };

	for (size_t i = 0; i < sizeof(harms) / sizeof(harms[0]); i++) {
		struct trail *t = *state;

		trail_write_three_blocks(t);
		assert_int_equal(trail_verify(t, NULL), 0);
		harms[i](t);
		if (trail_verify(t, NULL) == 0)
			fail_msg("row %zu: nothing was found", i);
		for (int start = 0; start < 2; start++) {
			trail_restart(t);
			trail_chain(t);
			trail_wait(t);
			if (trail_verify(t, NULL) == 0 || !trail_says(t, "to be lost"))
				fail_msg("row %zu: it is forgotten", i);
			assert_int_equal(t->troubles, 1);
		}
		trail_list(t, &(struct audit_query){ .limit = 9, .event = "chain_head_lost" });
		assert_int_equal(t->count, 1);
		trail_tear_down(state);
		trail_set_up(state);
	}
}

/* ---- one at a time ---- */

struct asked {
	struct trail *t;
	int *left, calls;
	enum err code;
	uint64_t records;
};

static void
on_answer(void *arg, enum err code, const struct audit_verdict *verdict, const struct fault *f)
{
	struct asked *a = arg;

	(void)f;
	a->calls++;
	a->code = code;
	a->records = verdict->records;
	if (--*a->left == 0)
		loop_stop(a->t->w->loop);
}

static void
those_who_ask_the_same_are_answered_together_and_others_are_told_to_wait(void **state)
{
	struct trail *t = *state;
	const struct audit_head none = { .number = 0 };
	struct audit_head head;
	int left = 3;
	struct asked a[4] = { { t, &left, 0, ERR_OK, 0 }, { t, &left, 0, ERR_OK, 0 },
		{ t, &left, 0, ERR_OK, 0 }, { t, &left, 0, ERR_OK, 0 } };
	struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
	struct trail counted;
	size_t before, once;

	trail_write_three_blocks(t);
	head = trail_head(t);
	trail_init(&counted, t->w->loop, fake);
	before = fake_kv_asked(fake);
	trail_verify(&counted, NULL);
	once = fake_kv_asked(fake) - before;
	for (int i = 0; i < 4; i++) {
		struct store_op *op =
		    store_audit_verify(counted.w->store, i == 1 ? &head : &none, on_answer, &a[i]);

		if (i == 3)
			store_cancel(op);
	}
	assert_int_equal(left, 3);
	loop_run(t->w->loop);
	assert_int_equal(fake_kv_asked(fake) - before, 2 * once);
	assert_int_equal(a[0].records, 6);
	assert_int_equal(a[2].records, 6);
	assert_int_equal(a[1].code, ERR_BUSY);
	assert_int_equal(a[3].calls, 0);
	assert_int_equal(trail_verify(&counted, &head), 0);
	/* Nobody waits any more, and the store ends with one under way. */
	store_cancel(store_audit_verify(counted.w->store, &none, on_answer, &a[3]));
	assert_int_equal(trail_verify(&counted, &head), 0);
	store_audit_verify(counted.w->store, &none, on_answer, &a[3]);
	store_audit_verify(counted.w->store, &none, on_answer, &a[3]);
	trail_release(&counted);
	assert_int_equal(a[3].calls, 0);
	kv_close(fake);
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, trail_set_up, trail_tear_down)
	static const struct CMUnitTest tests[] = {
		ROW(whatever_is_done_behind_the_stores_back_is_found),
		ROW(a_tail_that_was_cut_off_shows_against_a_known_head),
		ROW(a_trail_of_records_without_parts_is_sound),
		ROW(more_faults_than_find_room_are_counted),
		ROW(a_part_that_was_taken_away_without_a_reason_is_found),
		ROW(what_was_cut_off_without_the_key_shows_for_ever),
		ROW(those_who_ask_the_same_are_answered_together_and_others_are_told_to_wait),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
