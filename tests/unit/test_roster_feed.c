/* What a batch does to the list: refreshes, their ends, and entries that are not what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "roster/roster_writer.h"
#include "roster_world.h"

static uint64_t
total(struct roster_world *w)
{
	struct roster_figures f;
	uint64_t sum = 0;

	roster_figures(w->roster, &f);
	for (size_t s = 0; s < FEED_STATUS_COUNT; s++)
		sum += f.count[s];
	return sum;
}

static enum roster_state
state_of(struct roster_world *w)
{
	struct roster_figures f;

	roster_figures(w->roster, &f);
	return f.state;
}

static void
render_name(void *out, size_t index, const struct roster_row *row)
{
	char *name = out;

	assert_int_equal(index, 0);
	assert_true(row->name.len < 64);
	memcpy(name, row->name.s, row->name.len);
	name[row->name.len] = '\0';
}

/* The name of who has this id, or "". */
static const char *
who(struct roster_world *w, uint32_t n)
{
	static char name[64];
	unsigned char id[FEED_ID_SIZE];

	name[0] = '\0';
	world_id(n, id);
	roster_find(w->roster, id, render_name, name);
	return name;
}

/* A directory of Ada (1), Bob (2) and Cy (3), fully known. */
static void
open_three(struct roster_world *w)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);

	world_open(w);
	world_user(b, 1, "Ada");
	world_user(b, 2, "Bob");
	world_user(b, 3, "Cy");
	world_apply(w, b);
	world_end(w, FEED_DIRECTORY, true);
}

static void
nobody_is_shown_before_a_refresh_has_ended(void **state)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);
	struct roster_figures f;
	struct roster_world w;

	(void)state;
	world_open(&w);
	world_user(b, 1, "Ada");
	world_apply(&w, b);
	roster_figures(w.roster, &f);
	assert_int_equal(f.state, ROSTER_LOADING);
	assert_int_equal(f.loaded, 1);
	assert_string_equal(who(&w, 1), "");
	assert_false(roster_places(w.roster, NULL, NULL));
	assert_false(roster_groups(w.roster, NULL, NULL));
	world_end(&w, FEED_DIRECTORY, true);
	assert_int_equal(state_of(&w), ROSTER_COMPLETE);
	assert_string_equal(who(&w, 1), "Ada");
	assert_int_equal(total(&w), 1);
	world_close(&w);
}

static void
a_change_is_seen_once_it_is_applied(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_three(&w);
	world_user(b, 2, "Robert");
	world_user(b, 4, "Dot");
	world_item(b, FEED_GONE, 1);
	world_apply(&w, b);
	assert_string_equal(who(&w, 1), "");
	assert_string_equal(who(&w, 2), "Robert");
	assert_string_equal(who(&w, 4), "Dot");
	assert_int_equal(total(&w), 3);
	world_close(&w);
}

struct refresh_case {
	const char *what;
	enum feed_step end;
	bool begins, absent_is_gone;
	enum roster_state state;
	const char *left[3]; /* of Ada, Bob and Cy when only Bob is named and Cy is told gone */
};

static void
what_a_refresh_does_not_name_goes_when_its_end_says_so(void **state)
{
	static const struct refresh_case cases[] = {
		{ "present phase", FEED_REFRESH_COMPLETE, true, true, ROSTER_COMPLETE,
		    { "", "Bob", "" } },
		{ "delete phase", FEED_REFRESH_COMPLETE, true, false, ROSTER_COMPLETE,
		    { "Ada", "Bob", "" } },
		{ "cut short", FEED_REFRESH_BROKEN, true, true, ROSTER_INCOMPLETE,
		    { "Ada", "Bob", "" } },
		{ "end without beginning", FEED_REFRESH_COMPLETE, false, true, ROSTER_COMPLETE,
		    { "Ada", "Bob", "" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct refresh_case *c = &cases[i];
		struct feed_batch *b = c->begins ? world_begin(FEED_DIRECTORY) : world_changes();
		struct feed_batch *end = feed_batch_new(FEED_DIRECTORY, c->end);
		struct roster_world w;

		print_message("%s\n", c->what);
		open_three(&w);
		world_item(b, FEED_PRESENT, 2);
		world_item(b, FEED_GONE, 3);
		end->absent_is_gone = c->absent_is_gone;
		world_feed(&w, b);
		world_apply(&w, end);
		for (uint32_t n = 1; n <= 3; n++)
			assert_string_equal(who(&w, n), c->left[n - 1]);
		assert_int_equal(state_of(&w), c->state);
		world_close(&w);
	}
}

static void
a_refresh_of_one_source_leaves_the_other_one_alone(void **state)
{
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	open_three(&w);
	b = world_begin(FEED_STORE);
	world_invitation(b, 10, "Eve");
	world_invitation(b, 11, "Fay");
	world_apply(&w, b);
	world_end(&w, FEED_STORE, true);
	assert_int_equal(total(&w), 5);

	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_end(&w, FEED_DIRECTORY, true);
	assert_int_equal(total(&w), 2);
	assert_string_equal(who(&w, 10), "Eve");

	b = world_begin(FEED_STORE);
	world_item(b, FEED_PRESENT, 11);
	world_apply(&w, b);
	world_end(&w, FEED_STORE, true);
	assert_string_equal(who(&w, 10), "");
	assert_string_equal(who(&w, 11), "Fay");
	world_close(&w);
}

static void
a_refresh_that_was_cut_short_is_mended_by_the_next(void **state)
{
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	open_three(&w);
	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_broken(&w, FEED_DIRECTORY);
	assert_int_equal(total(&w), 3);
	assert_int_equal(state_of(&w), ROSTER_INCOMPLETE);
	b = world_begin(FEED_DIRECTORY);
	world_item(b, FEED_PRESENT, 1);
	world_item(b, FEED_PRESENT, 77);
	world_apply(&w, b);
	world_end(&w, FEED_DIRECTORY, true);
	assert_int_equal(state_of(&w), ROSTER_COMPLETE);
	assert_int_equal(total(&w), 1);
	world_close(&w);
}

/* One entry of a million is not the list; what the server's limit lets through is all there is. */
static void
a_first_load_that_is_lost_is_no_list_but_one_that_is_limited_is(void **state)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);
	struct roster_world w;

	(void)state;
	world_open(&w);
	world_user(b, 1, "Ada");
	world_apply(&w, b);
	world_broken(&w, FEED_DIRECTORY);
	assert_int_equal(state_of(&w), ROSTER_LOADING);
	assert_string_equal(who(&w, 1), "");
	b = world_begin(FEED_DIRECTORY);
	world_user(b, 2, "Bob");
	world_apply(&w, b);
	world_limited(&w);
	assert_int_equal(state_of(&w), ROSTER_INCOMPLETE);
	assert_string_equal(who(&w, 1), "Ada");
	assert_string_equal(who(&w, 2), "Bob");
	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_broken(&w, FEED_DIRECTORY);
	assert_int_equal(state_of(&w), ROSTER_INCOMPLETE);
	assert_int_equal(total(&w), 2);
	world_close(&w);
}

/* For as long as a refresh changes so much that no version is made before its end. */
static void
whoever_is_shown_is_found(void **state)
{
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	open_three(&w);
	b = world_changes();
	world_id(50, world_user(b, 3, "Cy")->invitation);
	world_apply(&w, b);
	world_apply(&w, world_begin(FEED_DIRECTORY));
	writer_bulk(w.roster->writer);
	b = world_changes();
	world_item(b, FEED_GONE, 1);
	world_id(51, world_user(b, 2, "Robert")->invitation);
	world_id(51, world_user(b, 3, "Cyrus")->invitation);
	world_user(b, 4, "Dot"); /* into the row that was Ada's */
	world_apply(&w, b);
	assert_string_equal(who(&w, 1), "Ada");
	assert_string_equal(who(&w, 2), "Bob");
	assert_string_equal(who(&w, 50), "Cy");
	assert_string_equal(who(&w, 51), "");
	assert_string_equal(who(&w, 4), "");
	world_end(&w, FEED_DIRECTORY, false);
	assert_string_equal(who(&w, 1), "");
	assert_string_equal(who(&w, 2), "Robert");
	assert_string_equal(who(&w, 50), "");
	assert_string_not_equal(who(&w, 51), "");
	assert_string_equal(who(&w, 4), "Dot");
	world_close(&w);
}

static void
strange_items_are_harmless(void **state)
{
	struct feed_batch *b = world_changes();
	struct feed_item *none;
	struct roster_world w;

	(void)state;
	open_three(&w);
	world_item(b, FEED_GONE, 99);
	world_item(b, FEED_PRESENT, 99);
	world_item(b, FEED_INVITATION_GONE, 99);
	world_item(b, FEED_INVITATION_GONE, 1); /* a user's */
	none = world_item(b, FEED_USER, 1);
	memset(none->id, 0, FEED_ID_SIZE);
	none->user.name = "Nobody";
	world_item(b, FEED_PLACE, 50);
	world_item(b, FEED_GROUP, 51);
	world_item(b, FEED_USER, 52);
	world_invitation(b, 2, "Not Bob");
	world_user(b, 4, "Dot");
	world_user(b, 4, "Dorothy");
	world_item(b, FEED_GONE, 4);
	world_user(b, 4, "Dora");
	world_apply(&w, b);
	assert_string_equal(who(&w, 1), "Ada");
	assert_string_equal(who(&w, 2), "Bob");
	assert_string_equal(who(&w, 4), "Dora");
	assert_int_equal(total(&w), 5);
	world_close(&w);
}

static void
an_id_is_one_thing_at_a_time(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_three(&w);
	world_place(b, 1, "ou=ada,dc=x");
	world_item(b, FEED_GROUP, 2)->group.dn = "cn=bob,dc=x";
	world_apply(&w, b);
	assert_int_equal(total(&w), 1);
	b = world_changes();
	world_user(b, 1, "Ada again");
	world_user(b, 2, "Bob again");
	world_apply(&w, b);
	assert_int_equal(total(&w), 3);
	assert_string_equal(who(&w, 1), "Ada again");
	world_close(&w);
}

static void
on_applied_too_late(void *arg)
{
	(void)arg;
	fail_msg("a batch was told applied when the roster was gone");
}

static void
a_roster_that_goes_drops_what_is_queued(void **state)
{
	struct roster_world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < 200; i++) {
		struct feed_batch *b = world_changes();

		world_user(b, i + 1, "Queued");
		roster_feed_take(w.roster, b, on_applied_too_late, NULL);
	}
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_shown_before_a_refresh_has_ended),
		cmocka_unit_test(a_change_is_seen_once_it_is_applied),
		cmocka_unit_test(what_a_refresh_does_not_name_goes_when_its_end_says_so),
		cmocka_unit_test(a_refresh_of_one_source_leaves_the_other_one_alone),
		cmocka_unit_test(a_refresh_that_was_cut_short_is_mended_by_the_next),
		cmocka_unit_test(a_first_load_that_is_lost_is_no_list_but_one_that_is_limited_is),
		cmocka_unit_test(whoever_is_shown_is_found),
		cmocka_unit_test(strange_items_are_harmless),
		cmocka_unit_test(an_id_is_one_thing_at_a_time),
		cmocka_unit_test(a_roster_that_goes_drops_what_is_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
