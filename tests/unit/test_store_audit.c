/* The audit trail: what is written comes back, whatever was done to it behind the store's back is
 * found, and what may be taken away can be. */
#include "audit_world.h"

#include <unistd.h>
#include <sodium.h>

#include "../fakes/fake_kv.h"

#define ADA   "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define BEA   "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define SALES "ou=sales,dc=example"
#define LABS  "ou=labs,dc=example"

static const struct store_note by_ada = { .actor = "user:" ADA,
	.request_id = "r-ada",
	.source = "192.0.2.1",
	.personal = "{\"mail\":[\"old@canary.example\",\"new@canary.example\"]}",
	.org_unit = SALES,
	.detail = "{\"fields\":[\"mail\"]}",
	.person = ADA };
static const struct store_note by_bea = { .actor = "token:0123456789abcdef",
	.request_id = "r-bea",
	.source = "2001:db8::1",
	.org_unit = LABS,
	.person = BEA };
static const struct store_note by_system = { .actor = "sweeper" };

static int
set_up(void **state)
{
	struct trail *t = mem_alloc(sizeof(*t));
	struct loop *loop = loop_new();

	alarm(120);
	trail_init(t, loop, kv_memory_new(loop));
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	struct trail *t = *state;
	struct loop *loop = t->w->loop;
	struct kv *kv = t->w->kv;

	trail_release(t);
	kv_close(kv);
	loop_free(loop);
	free(t);
	return 0;
}

/* ---- verifying ---- */

static const char *
record(struct trail *t, size_t n)
{
	static struct store_key key;

	key = trail_key(t, "audit/", n);
	return key.text;
}

static void
edit_a_record(struct trail *t)
{
	trail_edit(t, record(t, 2), "\"actor\":\"user:" ADA "\"", "\"actor\":\"user:" BEA "\"");
}

static void
edit_a_part(struct trail *t)
{
	trail_edit(t, record(t, 2), "new@canary.example", "bad@canary.example");
}

static void
edit_a_source(struct trail *t)
{
	trail_edit(t, record(t, 2), "192.0.2.1", "192.0.2.9");
}

static void
remove_a_record(struct trail *t)
{
	trail_put(t, record(t, 2), NULL);
}

static void
put_a_record_in(struct trail *t)
{
	char *text = trail_text(t, record(t, 2)), id[ID_SIZE];

	id_make(t->w->now - 100 * 1000, id);
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
	    call_put(t->w->loop, t->w->kv, record(t, 2), "no sealed value").code, ERR_OK);
}

static void
write_three_blocks(struct trail *t)
{
	trail_chain(t);
	for (int i = 0; i < 3; i++) {
		trail_write(t, "user_changed", BEA, &by_ada);
		trail_write(t, "user_changed", ADA, &by_bea);
		trail_wait(t);
	}
	assert_int_equal(trail_head(t).number, 3);
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
		bool said = false;

		write_three_blocks(t);
		assert_int_equal(trail_verify(t, NULL), 0);
		rows[i].harm(t);
		if (trail_verify(t, NULL) == 0)
			fail_msg("nothing was found: %s", rows[i].says);
		for (uint64_t n = 0; n < t->verdict.fault_count && n < AUDIT_FAULTS_MAX; n++)
			said = said || strstr(t->verdict.faults[n].text, rows[i].says) != NULL;
		if (!said)
			fail_msg("%s: %s", rows[i].says, t->verdict.faults[0].text);
		tear_down(state);
		set_up(state);
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
	trail_write(t, "user_changed", BEA, &by_ada);
	trail_wait(t);
	head = trail_text(t, "chain/head");
	trail_write(t, "user_changed", BEA, &by_ada);
	trail_wait(t);
	known = trail_head(t);
	assert_int_equal(trail_verify(t, &known), 0);
	trail_restart(t);
	trail_put(t, chain_block_key(2).text, NULL);
	trail_put(t, record(t, 1), NULL);
	trail_put(t, "chain/head", head);
	free(head);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(trail_verify(t, &known), 1);
	assert_int_equal(t->verdict.faults[0].block, 2);
	trail_chain(t);
	trail_write(t, "user_changed", BEA, &by_ada);
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
	trail_write(t, "audit_trimmed", NULL, &by_system);
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

/* ---- intents ---- */

static void
on_begun(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	(void)revision;
	world_on_done(arg, code, f);
}

static void
on_intents(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct trail *t = arg;

	(void)next, (void)f;
	assert_int_equal(code, ERR_OK);
	assert_int_equal(count, 1);
	store_intent_settle(t->w->store, &list[0], NULL, NULL, world_on_done, t->w);
}

/* Another process settles it, with nothing but what was stored. */
static void
the_record_of_an_intent_tells_who_asked_for_it_and_from_where(void **state)
{
	struct trail *t = *state;
	const struct store_intent i = { .kind = INTENT_USER_SUSPEND,
		.target = BEA,
		.actor = by_ada.actor,
		.request_id = by_ada.request_id,
		.source = by_ada.source,
		.person = by_ada.person,
		.org_unit = by_ada.org_unit,
		.personal = by_ada.personal };
	const char *const places[] = { SALES };
	const struct reach_rule rule = { places, 1, NULL };
	const struct reach sales = { &rule, 1 };

	assert_int_equal(
	    world_run(t->w, store_intent_begin(t->w->store, &i, NULL, 0, on_begun, t->w)), ERR_OK);
	trail_restart(t);
	assert_int_equal(
	    world_run(t->w, store_intent_list(t->w->store, NULL, 9, on_intents, t)), ERR_OK);
	trail_list(t, &(struct audit_query){ .limit = 9, .about = ADA, .reach = &sales });
	assert_int_equal(t->count, 1);
	assert_string_equal(t->row[0].event, "user_suspended");
	assert_string_equal(t->row[0].subject_id, BEA);
	assert_string_equal(t->row[0].source, by_ada.source);
	assert_string_equal(t->row[0].personal, by_ada.personal);
}

/* ---- listing ---- */

static void
records_are_listed_newest_first_or_oldest_first_page_by_page(void **state)
{
	struct trail *t = *state;
	struct audit_query q = { .limit = 2 };
	int64_t begin = t->w->now;

	for (int i = 0; i < 5; i++)
		trail_write(t, "user_changed", BEA, &by_ada);
	for (int order = 0; order < 2; order++) {
		char after[ID_SIZE] = "";
		int seen = 0;

		q.oldest_first = order == 1;
		do {
			q.after = after[0] != '\0' ? after : NULL;
			trail_list(t, &q);
			for (size_t i = 0; i < t->count; i++, seen++)
				assert_int_equal(
				    t->row[i].at - begin, q.oldest_first ? seen : 4 - seen);
			memcpy(after, t->next, sizeof(after));
		} while (after[0] != '\0');
		assert_int_equal(seen, 5);
	}
}

static void
a_listing_tells_what_was_asked_for(void **state)
{
	struct trail *t = *state;
	const char *const places[] = { LABS };
	const struct reach_rule rule = { places, 1, NULL };
	const struct reach labs = { &rule, 1 }, nothing = { NULL, 0 };
	int64_t begin = t->w->now;
	const struct {
		struct audit_query q;
		size_t count;
	} rows[] = {
		{ { .limit = 9 }, 4 },
		{ { .limit = 9, .event = "user_removed" }, 1 },
		{ { .limit = 9, .actor = "user:" ADA }, 2 },
		{ { .limit = 9, .actor = "user:" }, 0 },
		{ { .limit = 9, .about = ADA }, 3 },
		{ { .limit = 9, .about = "0123456789abcdef" }, 1 },
		{ { .limit = 9, .about = BEA }, 3 },
		{ { .limit = 9, .subject = "user" }, 4 },
		{ { .limit = 9, .subject = "invitation" }, 0 },
		{ { .limit = 9, .request_id = "r-bea" }, 1 },
		{ { .limit = 9, .reach = &labs }, 1 },
		{ { .limit = 9, .reach = &nothing }, 0 },
		{ { .limit = 9, .from = begin + 1 }, 3 },
		{ { .limit = 9, .to = begin + 1 }, 1 },
		{ { .limit = 9, .from = begin + 1, .to = begin + 3 }, 2 },
		{ { .limit = 9, .from = begin + HOUR }, 0 },
		{ { .limit = 9, .to = begin - HOUR, .oldest_first = true }, 0 },
		{ { .limit = 9, .from = begin + 1, .oldest_first = true }, 3 },
	};

	trail_write(t, "user_changed", BEA, &by_ada);
	trail_write(t, "user_removed", BEA, &by_ada);
	trail_write(t, "user_changed", ADA, &by_bea);
	trail_write(t, "user_forgotten", "x", &by_system);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		trail_list(t, &rows[i].q);
		if (t->count != rows[i].count)
			fail_msg("row %zu: %zu records", i, t->count);
		assert_string_equal(t->next, "");
	}
}

static void
a_listing_looks_at_a_bounded_number_and_tells_where_to_go_on(void **state)
{
	struct trail *t = *state;
	struct audit_query q = { .limit = 10, .event = "rare" };
	char after[ID_SIZE];

	trail_write(t, "rare", ADA, &by_system);
	for (int i = 0; i < AUDIT_LOOK_MAX; i++)
		trail_write(t, "common", ADA, &by_system);
	trail_list(t, &q);
	assert_int_equal(t->count, 0);
	assert_string_not_equal(t->next, "");
	memcpy(after, t->next, sizeof(after));
	q.after = after;
	trail_list(t, &q);
	assert_int_equal(t->count, 1);
	assert_string_equal(t->next, "");
}

static void
a_damaged_record_is_left_out_and_told(void **state)
{
	struct trail *t = *state;

	for (int i = 0; i < 3; i++)
		trail_write(t, "user_changed", BEA, &by_ada);
	spoil_a_record(t);
	trail_list(t, &(struct audit_query){ .limit = 10 });
	assert_int_equal(t->count, 2);
	assert_non_null(strstr(t->w->fault.text, record(t, 2)));
}

/* ---- erasing ---- */

static void
erasing_a_person_leaves_a_sound_trail_without_them(void **state)
{
	struct trail *t = *state;
	size_t gone = 0;

	write_three_blocks(t);
	for (int i = 0; i < 100; i++)
		trail_write(t, "user_changed", ADA, &by_ada);
	trail_write(t, "user_changed", "x", &by_bea);
	assert_int_equal(trail_erase(t, ADA), ERR_OK);
	assert_int_equal(t->erased, 106);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.erased, 103);
	assert_int_equal(t->verdict.sources_ended, 106);
	trail_list(t, &(struct audit_query){ .limit = AUDIT_LIST_MAX });
	assert_int_equal(t->count, 108);
	assert_string_equal(t->row[0].event, "person_erased");
	assert_string_equal(t->row[0].subject_id, ADA);
	assert_string_equal(t->row[1].source, "2001:db8::1");
	for (size_t i = 2; i < t->count; i++) {
		assert_string_equal(t->row[i].source, "");
		assert_string_equal(t->row[i].personal, "");
		assert_true(t->row[i].source_ended);
		gone += t->row[i].is_erased;
	}
	assert_int_equal(gone, 103);
	assert_int_equal(trail_erase(t, ADA), ERR_OK);
	assert_int_equal(t->erased, 0);
}

/* ---- retention ---- */

static void
sources_end_and_all_else_stays(void **state)
{
	struct trail *t = *state;
	int64_t begin = t->w->now;

	write_three_blocks(t);
	assert_int_equal(trail_sweep(t, begin + 2, 0), ERR_OK);
	assert_false(t->more);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.sources_ended, 2);
	trail_list(t, &(struct audit_query){ .limit = 10, .oldest_first = true });
	assert_true(t->row[0].source_ended);
	assert_string_equal(t->row[0].source, "");
	assert_string_equal(t->row[0].personal, by_ada.personal);
	assert_string_equal(t->row[2].source, "192.0.2.1");
}

static void
old_blocks_go_with_their_records_and_the_base_tells_where_the_chain_begins(void **state)
{
	struct trail *t = *state;
	int64_t first = t->w->now, then;
	struct audit_head known;
	int steps = 0;

	trail_write_many(t, 300);
	trail_chain(t);
	trail_wait(t);
	known = trail_head(t);
	t->w->now = then = first + HOUR;
	trail_write_many(t, 2);
	trail_wait(t);
	do {
		assert_int_equal(trail_sweep(t, 0, then), ERR_OK);
		steps++;
	} while (t->more);
	assert_int_equal(steps, 3); /* two blocks, and nothing more */
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.first.number, known.number + 1);
	assert_int_equal(t->verdict.records, 4);
	trail_list(t, &(struct audit_query){ .limit = 10 });
	assert_string_equal(t->row[0].event, "audit_trimmed");
	assert_string_equal(t->row[1].event, "audit_trimmed");
	assert_int_equal(trail_verify(t, &known), 0);
	trail_restart(t);
	trail_chain(t);
	trail_write_many(t, 1);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
}

/* Each transaction of a step fails once: what was done before it stands, and the next step finishes
 * it. */
static void
a_step_of_retention_that_was_cut_short_is_finished_by_the_next(void **state)
{
	int cut = 1;

	for (bool failed = true; failed; cut++) {
		struct trail *t = *state, over;
		struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);

		trail_init(&over, t->w->loop, fake);
		trail_write_many(&over, AUDIT_BLOCK_MAX + 1);
		trail_chain(&over);
		trail_wait(&over);
		fake_kv_fail(fake, cut, FAKE_KV_REFUSE);
		failed = trail_sweep(&over, 0, over.w->now + HOUR) != ERR_OK;
		fake_kv_fail(fake, 0, FAKE_KV_FINE);
		assert_int_equal(trail_verify(&over, NULL), 0);
		trail_restart(&over);
		trail_chain(&over);
		assert_int_equal(trail_sweep(&over, 0, over.w->now + HOUR), ERR_OK);
		trail_wait(&over);
		assert_int_equal(trail_verify(&over, NULL), 0);
		assert_true(over.verdict.first.number >= 2);
		trail_release(&over);
		kv_close(fake);
		tear_down(state);
		set_up(state);
	}
	assert_int_equal(cut, 1 + 6 + 1); /* ending, four times its records, its end; and none */
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		ROW(whatever_is_done_behind_the_stores_back_is_found),
		ROW(a_tail_that_was_cut_off_shows_against_a_known_head),
		ROW(a_trail_of_records_without_parts_is_sound),
		ROW(the_record_of_an_intent_tells_who_asked_for_it_and_from_where),
		ROW(records_are_listed_newest_first_or_oldest_first_page_by_page),
		ROW(a_listing_tells_what_was_asked_for),
		ROW(a_listing_looks_at_a_bounded_number_and_tells_where_to_go_on),
		ROW(a_damaged_record_is_left_out_and_told),
		ROW(erasing_a_person_leaves_a_sound_trail_without_them),
		ROW(sources_end_and_all_else_stays),
		ROW(old_blocks_go_with_their_records_and_the_base_tells_where_the_chain_begins),
		ROW(a_step_of_retention_that_was_cut_short_is_finished_by_the_next),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
