/* The audit trail is read: what is written comes back, and what was asked for. */
#include "audit_world.h"

#include <sodium.h>

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
		.actor = trail_by_ada.actor,
		.request_id = trail_by_ada.request_id,
		.source = trail_by_ada.source,
		.person = trail_by_ada.person,
		.org_unit = trail_by_ada.org_unit,
		.personal = trail_by_ada.personal };
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
	assert_string_equal(t->row[0].source, trail_by_ada.source);
	assert_string_equal(t->row[0].personal, trail_by_ada.personal);
}

/* ---- listing ---- */

static void
records_are_listed_newest_first_or_oldest_first_page_by_page(void **state)
{
	struct trail *t = *state;
	struct audit_query q = { .limit = 2 };
	int64_t begin = t->w->now;

	for (int i = 0; i < 5; i++)
		trail_write(t, "user_changed", BEA, &trail_by_ada);
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

	trail_write(t, "user_changed", BEA, &trail_by_ada);
	trail_write(t, "user_removed", BEA, &trail_by_ada);
	trail_write(t, "user_changed", ADA, &trail_by_bea);
	trail_write(t, "user_forgotten", "x", &trail_by_system);
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

	trail_write(t, "rare", ADA, &trail_by_system);
	for (int i = 0; i < AUDIT_LOOK_MAX; i++)
		trail_write(t, "common", ADA, &trail_by_system);
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
spoil_a_record(struct trail *t)
{
	assert_int_equal(
	    call_put(t->w->loop, t->w->kv, trail_record(t, 2), "no sealed value").code, ERR_OK);
}

static void
a_damaged_record_is_left_out_and_told(void **state)
{
	struct trail *t = *state;

	for (int i = 0; i < 3; i++)
		trail_write(t, "user_changed", BEA, &trail_by_ada);
	spoil_a_record(t);
	trail_list(t, &(struct audit_query){ .limit = 10 });
	assert_int_equal(t->count, 2);
	assert_non_null(strstr(t->w->fault.text, trail_record(t, 2)));
}

int
main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, trail_set_up, trail_tear_down)
	static const struct CMUnitTest tests[] = {
		ROW(the_record_of_an_intent_tells_who_asked_for_it_and_from_where),
		ROW(records_are_listed_newest_first_or_oldest_first_page_by_page),
		ROW(a_listing_tells_what_was_asked_for),
		ROW(a_listing_looks_at_a_bounded_number_and_tells_where_to_go_on),
		ROW(a_damaged_record_is_left_out_and_told),
	};

	if (sodium_init() < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
