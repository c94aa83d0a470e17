/* What may be taken away from the audit trail: parts of a person who is erased, sources and blocks
 * that are too old. */
#include "audit_world.h"

#include <sodium.h>

#include "../fakes/fake_kv.h"

/* ---- erasing ---- */

/* Theirs is what tells of them, and the address from which they acted: what they changed of others,
 * and from where others changed them, stays. */
static void
erasing_a_person_leaves_a_sound_trail_without_them(void **state)
{
	struct trail *t = *state;
	size_t gone = 0, ended = 0, last;

	trail_write_three_blocks(t);
	for (int i = 0; i < 100; i++)
		trail_write(t, "user_changed", ADA, &trail_by_ada);
	assert_int_equal(trail_erase(t, ADA), ERR_OK);
	assert_int_equal(t->erased, 103);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.erased, 100);
	assert_int_equal(t->verdict.sources_ended, 103);
	trail_list(t, &(struct audit_query){ .limit = AUDIT_LIST_MAX });
	assert_int_equal(t->count, 108);
	/* Both are of one millisecond. */
	last = strcmp(t->row[0].event, "person_erased") == 0 ? 0 : 1;
	assert_string_equal(t->row[last].event, "person_erased");
	assert_string_equal(t->row[last].subject_id, ADA);
	assert_string_equal(t->row[last].detail, "{\"ids\":[\"" ADA "\"],\"records\":103}");
	assert_string_equal(t->row[1 - last].event, "person_erasing");
	for (size_t i = 2; i < t->count; i++) {
		bool is_subject = strcmp(t->row[i].subject_id, ADA) == 0;

		assert_int_equal(
		    t->row[i].source_ended, strcmp(t->row[i].source, "2001:db8::1") != 0);
		if (!is_subject)
			assert_string_equal(t->row[i].personal, trail_by_ada.personal);
		gone += t->row[i].is_erased;
		ended += t->row[i].source_ended;
	}
	assert_int_equal(gone, 100);
	assert_int_equal(ended, 103);
	assert_int_equal(trail_erase(t, ADA), ERR_OK);
	assert_int_equal(t->erased, 0);
}

/* Nobody else can be meant by an address than the one who used the link, or tried to sign in. */
static void
an_address_without_a_name_goes_with_the_one_it_is_about(void **state)
{
	struct trail *t = *state;
	const struct store_note invited = { .actor = "person", .source = "192.0.2.5" };
	const struct store_note nobody = { .actor = "nobody", .source = "192.0.2.6" };

	trail_chain(t);
	trail_write(t, "claimed", ADA, &invited);
	trail_write(t, "sign_in_refused", ADA, &nobody);
	assert_int_equal(trail_erase(t, ADA), ERR_OK);
	assert_int_equal(t->erased, 2);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.sources_ended, 2);
}

static void
an_erasure_that_is_always_in_somebodys_way_ends(void **state)
{
	struct trail *t = *state;
	struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
	struct trail over;

	trail_init(&over, t->w->loop, fake);
	trail_write(&over, "user_changed", ADA, &trail_by_ada);
	fake_kv_fail_from(fake, 2, FAKE_KV_CONFLICT);
	assert_int_equal(trail_erase(&over, ADA), ERR_BUSY);
	trail_release(&over);
	kv_close(fake);
}

/* ---- retention ---- */

static void
sources_end_and_all_else_stays(void **state)
{
	struct trail *t = *state;
	int64_t begin = t->w->now;

	trail_write_three_blocks(t);
	assert_int_equal(trail_sweep(t, begin + 2, 0), ERR_OK);
	assert_false(t->more);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.sources_ended, 2);
	trail_list(t, &(struct audit_query){ .limit = 10, .oldest_first = true });
	assert_true(t->row[0].source_ended);
	assert_string_equal(t->row[0].source, "");
	assert_string_equal(t->row[0].personal, trail_by_ada.personal);
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
	assert_int_equal(steps, 1);
	trail_wait(t);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.first.number, known.number + 1);
	assert_int_equal(t->verdict.records, 3);
	trail_list(t, &(struct audit_query){ .limit = 10 });
	assert_string_equal(t->row[0].event, "audit_trimmed");
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
		trail_tear_down(state);
		trail_set_up(state);
	}
	assert_int_equal(cut, 1 + 6 + 1); /* ending, four times its records, its end; and none */
}

/* Blocks go in the order in which they were written; what does not follow stops it, and is not
 * taken for something that retention did. */
static void
retention_stops_at_a_gap_and_tells_of_it(void **state)
{
	struct trail *t = *state;

	trail_write_three_blocks(t);
	trail_put(t, chain_block_key(1).text, NULL);
	assert_int_equal(trail_sweep(t, 0, t->w->now + HOUR), ERR_CORRUPT);
	assert_non_null(strstr(t->w->fault.text, "does not follow"));
	assert_true(trail_verify(t, NULL) > 0);
	assert_int_equal(call_range(t->w->loop, t->w->kv, "chain/0", "", 9).count, 2);
	assert_int_equal(call_range(t->w->loop, t->w->kv, "audit/", "", 9).count, 6);
}

static size_t
sweep_all(struct trail *t, int64_t before)
{
	size_t steps = 0;

	do {
		assert_int_equal(trail_sweep(t, 0, before), ERR_OK);
		steps++;
	} while (t->more);
	trail_name(t);
	return steps;
}

/* A quiet site: a record an hour, each in a block of its own. */
static void
a_sweep_takes_all_that_is_old_under_one_record(void **state)
{
	struct trail *t = *state;
	int64_t then;

	trail_chain(t);
	for (int i = 0; i < 100; i++) {
		trail_write_many(t, 1);
		trail_name(t);
		t->w->now += HOUR;
	}
	then = t->w->now;
	trail_write_many(t, 1);
	trail_name(t);
	assert_int_equal(sweep_all(t, then), 100 / 32 + 1);
	assert_int_equal(trail_verify(t, NULL), 0);
	assert_int_equal(t->verdict.blocks, 2);
	assert_int_equal(t->verdict.first.number, 101);
	trail_list(t, &(struct audit_query){ .limit = 9, .event = "audit_trimmed" });
	assert_int_equal(t->count, 1);
	assert_string_equal(t->row[0].detail, "{\"from\":1,\"to\":100,\"records\":100}");
}

/* And swept every hour for a long time, what is kept is bounded: records of retention are no reason
 * to write another one. */
static void
what_a_quiet_site_keeps_is_bounded(void **state)
{
	struct trail *t = *state;
	const int64_t kept = 10 * (int64_t)HOUR;

	trail_chain(t);
	for (int i = 0; i < 100; i++) {
		if (i % 4 == 0) {
			trail_write_many(t, 1);
			trail_name(t);
		}
		sweep_all(t, t->w->now - kept);
		t->w->now += HOUR;
	}
	assert_int_equal(trail_verify(t, NULL), 0);
	/* Three of each kind, and those that wait for the next that is one. */
	assert_true(t->verdict.blocks <= 10);
	for (int i = 0; i < 40; i++) {
		sweep_all(t, t->w->now - kept);
		t->w->now += HOUR;
	}
	trail_list(t, &(struct audit_query){ .limit = 99, .from = t->w->now - kept });
	assert_int_equal(t->count, 0);
}

struct verdict_wait {
	struct trail *t;
	bool told;
	enum err code;
	uint64_t faults;
	char text[FAULT_TEXT_MAX];
};

static void
on_verdict(void *arg, enum err code, const struct audit_verdict *verdict, const struct fault *f)
{
	struct verdict_wait *w = arg;

	(void)f;
	w->told = true;
	w->code = code;
	w->faults = verdict->fault_count;
	memcpy(w->text, verdict->faults[0].text, sizeof(w->text));
}

/* Whatever the moment at which it goes on, and however often. */
static void
retention_meanwhile_is_no_fault_and_no_reason_to_begin_again(void **state)
{
	for (size_t at = 0; at < 12; at++) {
		struct trail *t = *state;
		struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);
		struct trail seen;
		const struct audit_head none = { .number = 0 };
		struct verdict_wait w = { .t = t };

		trail_chain(t);
		for (int i = 0; i < 70; i++) {
			trail_write_many(t, 1);
			trail_name(t);
		}
		trail_init(&seen, t->w->loop, fake);
		store_audit_verify(seen.w->store, &none, on_verdict, &w);
		for (size_t i = 0; i < at; i++)
			call_get(t->w->loop, fake, "nothing");
		while (!w.told || t->more) {
			assert_int_equal(trail_sweep(t, 0, t->w->now), ERR_OK);
			call_get(t->w->loop, fake, "nothing");
		}
		assert_int_equal(w.code, ERR_OK);
		if (w.faults != 0)
			fail_msg("after %zu: %s", at, w.text);
		trail_release(&seen);
		kv_close(fake);
		trail_tear_down(state);
		trail_set_up(state);
	}
}

/* What was cut short in the middle of it is no fault: the record comes before. */
static void
an_erasure_that_was_cut_short_leaves_a_sound_trail(void **state)
{
	int cut = 1;

	for (bool failed = true; failed; cut++) {
		struct trail *t = *state, over;
		struct kv *fake = fake_kv_new(t->w->loop, t->w->kv);

		trail_init(&over, t->w->loop, fake);
		trail_chain(&over);
		for (int i = 0; i < 80; i++)
			trail_write(&over, "user_changed", ADA, &trail_by_ada);
		trail_name(&over);
		fake_kv_fail(fake, cut, FAKE_KV_REFUSE);
		failed = trail_erase(&over, ADA) != ERR_OK;
		fake_kv_fail(fake, 0, FAKE_KV_FINE);
		assert_int_equal(trail_verify(&over, NULL), 0);
		trail_release(&over);
		kv_close(fake);
		trail_tear_down(state);
		trail_set_up(state);
	}
	assert_int_equal(cut, 1 + 4 + 1); /* two pages and two records; and none */
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, trail_set_up, trail_tear_down)
	static const struct CMUnitTest tests[] = {
		ROW(erasing_a_person_leaves_a_sound_trail_without_them),
		ROW(an_address_without_a_name_goes_with_the_one_it_is_about),
		ROW(an_erasure_that_is_always_in_somebodys_way_ends),
		ROW(sources_end_and_all_else_stays),
		ROW(old_blocks_go_with_their_records_and_the_base_tells_where_the_chain_begins),
		ROW(a_step_of_retention_that_was_cut_short_is_finished_by_the_next),
		ROW(retention_stops_at_a_gap_and_tells_of_it),
		ROW(a_sweep_takes_all_that_is_old_under_one_record),
		ROW(what_a_quiet_site_keeps_is_bounded),
		ROW(retention_meanwhile_is_no_fault_and_no_reason_to_begin_again),
		ROW(an_erasure_that_was_cut_short_leaves_a_sound_trail),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
