/* An invitation becomes a user: in no version both show, and in none neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "roster/roster_writer.h"
#include "roster_world.h"

enum { USER = 1, INVITATION = 100, DEADLINE_MS = 10 * 1000 };

/* Every version told, with what it shows of the two. */
struct watch {
	struct roster_world w;
	size_t versions;
	unsigned least, most; /* rows of the person, in any version */
	struct roster_event last[4];
	size_t count;
};

static unsigned
rows_of_person(struct roster *r)
{
	struct roster_version *v = version_hold(r);
	struct roster_position p = order_begin(v, ROSTER_BY_NAME);
	unsigned rows = 0;
	uint32_t row;

	while ((row = order_next(v, ROSTER_BY_NAME, &p)) != ROSTER_ROW_NONE) {
		uint32_t id = world_number(version_page(v, row)->id[row % ROSTER_PAGE_ROWS]);

		rows += id == USER || id == INVITATION;
	}
	version_release(r, v);
	return rows;
}

static void
on_change(void *arg, uint64_t version, bool all, const struct roster_event *events, size_t count)
{
	struct watch *t = arg;
	unsigned rows = rows_of_person(t->w.roster);

	(void)version;
	t->versions++;
	t->least = rows < t->least ? rows : t->least;
	t->most = rows > t->most ? rows : t->most;
	t->count = all ? 0 : count;
	assert_true(t->count <= 4);
	memcpy(t->last, events, t->count * sizeof(*events));
}

static void
watch_open(struct watch *t)
{
	memset(t, 0, sizeof(*t));
	world_open(&t->w);
	world_apply(&t->w, world_begin(FEED_DIRECTORY));
	world_end(&t->w, FEED_DIRECTORY, true);
}

static void
invite(struct watch *t, bool becoming)
{
	struct feed_batch *b = feed_batch_new(FEED_STORE, FEED_CHANGES);
	struct feed_user *u = world_invitation(b, INVITATION, "Ada");

	u->invited_at = 777;
	u->becoming = becoming;
	world_apply(&t->w, b);
}

static void
watch_begin(struct watch *t)
{
	t->least = t->most = rows_of_person(t->w.roster);
	roster_on_change(t->w.roster, on_change, t);
}

static void
user_comes(struct watch *t)
{
	struct feed_batch *b = world_changes();

	world_id(INVITATION, world_user(b, USER, "Ada")->invitation);
	world_apply(&t->w, b);
}

static void
user_goes(struct watch *t)
{
	struct feed_batch *b = world_changes();

	world_item(b, FEED_GONE, USER);
	world_apply(&t->w, b);
}

static void
invitation_goes(struct watch *t, bool becoming)
{
	struct feed_batch *b = feed_batch_new(FEED_STORE, FEED_CHANGES);

	world_item(b, FEED_INVITATION_GONE, INVITATION)->user.becoming = becoming;
	world_apply(&t->w, b);
}

static void
render_row(void *out, size_t index, const struct roster_row *row)
{
	(void)index;
	memcpy(out, row, sizeof(*row));
}

static bool
find(struct watch *t, uint32_t n, struct roster_row *row)
{
	unsigned char id[FEED_ID_SIZE];

	world_id(n, id);
	return roster_find(t->w.roster, id, render_row, row);
}

static void
assert_one_user(struct watch *t)
{
	struct roster_row row;

	assert_int_equal(rows_of_person(t->w.roster), 1);
	assert_true(find(t, USER, &row));
	assert_int_equal(row.status, FEED_ACTIVE);
	assert_int_equal(row.invited_at, 777);
	assert_true(find(t, INVITATION, &row));
	assert_int_equal(world_number(row.id), USER);
	assert_true(row.has_invitation);
	assert_int_equal(world_number(row.invitation), INVITATION);
}

static void
the_user_comes_before_the_invitation_goes(void **state)
{
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, true);
	watch_begin(&t);
	user_comes(&t);
	assert_int_equal(t.count, 2);
	assert_one_user(&t);
	invitation_goes(&t, true);
	assert_one_user(&t);
	assert_int_equal(t.least, 1);
	assert_int_equal(t.most, 1);
	world_close(&t.w);
}

static void
the_invitation_goes_before_the_user_comes(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	watch_begin(&t);
	invite(&t, true);
	invitation_goes(&t, false);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.status, FEED_PENDING);
	user_comes(&t);
	assert_int_equal(t.count, 2);
	for (size_t i = 0; i < 2; i++)
		if (world_number(t.last[i].id) == USER) {
			assert_int_equal(t.last[i].change, ROSTER_ADDED);
			assert_int_equal(t.last[i].status, FEED_ACTIVE);
		} else {
			assert_int_equal(world_number(t.last[i].id), INVITATION);
			assert_int_equal(t.last[i].change, ROSTER_REMOVED);
			assert_int_equal(t.last[i].status, FEED_PENDING);
		}
	assert_one_user(&t);
	assert_int_equal(t.least, 1);
	assert_int_equal(t.most, 1);
	world_close(&t.w);
}

static void
an_invitation_known_after_its_user_never_shows(void **state)
{
	struct watch t;

	(void)state;
	watch_open(&t);
	user_comes(&t);
	watch_begin(&t);
	invite(&t, true);
	assert_one_user(&t);
	assert_int_equal(t.most, 1);
	world_close(&t.w);
}

static void
an_invitation_that_ends_otherwise_goes_at_once(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	invitation_goes(&t, false);
	assert_false(find(&t, INVITATION, &row));
	world_close(&t.w);
}

static void
an_open_invitation_shows_again_when_its_user_goes(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	user_comes(&t);
	watch_begin(&t);
	user_goes(&t);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.status, FEED_PENDING);
	assert_int_equal(row.invited_at, 777);
	assert_int_equal(row.org_unit.len, strlen("ou=people,dc=x"));
	assert_int_equal(t.least, 1);
	assert_int_equal(t.most, 1);
	world_close(&t.w);
}

/* The server's spelling of the org unit is not the one by which it is known. */
static void
an_invitation_shows_again_where_it_was(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	world_item(b, FEED_PLACE, 700)->place = (struct feed_place){ "OU=Sales\\, East, DC=x",
		"ou=sales\\2c east,dc=x", "Sales, East", NULL };
	world_apply(&t.w, b);
	b = feed_batch_new(FEED_STORE, FEED_CHANGES);
	world_invitation(b, INVITATION, "Ada")->parent = "ou=Sales\\2C East,dc=x";
	world_apply(&t.w, b);
	user_comes(&t);
	user_goes(&t);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.org_unit.len, strlen("OU=Sales\\, East, DC=x"));
	assert_memory_equal(row.org_unit.s, "OU=Sales\\, East, DC=x", row.org_unit.len);
	world_close(&t.w);
}

static void
an_invitation_that_was_used_stays_hidden_when_its_user_goes(void **state)
{
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, true);
	user_comes(&t);
	user_goes(&t);
	assert_int_equal(rows_of_person(t.w.roster), 0);
	invitation_goes(&t, true);
	user_comes(&t);
	assert_int_equal(rows_of_person(t.w.roster), 1);
	world_close(&t.w);
}

static void
of_two_users_with_one_marker_the_last_one_counts(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	user_comes(&t);
	world_id(INVITATION, world_user(b, 2, "Copy of Ada")->invitation);
	world_apply(&t.w, b);
	user_goes(&t);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(world_number(row.id), 2);
	b = world_changes();
	world_user(b, 2, "Somebody else"); /* the marker is taken away */
	world_apply(&t.w, b);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(world_number(row.id), INVITATION);
	world_close(&t.w);
}

static void
many_users_with_one_marker_do_not_fill_the_table(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	for (uint32_t i = 0; i < 500; i++)
		world_id(INVITATION, world_user(b, 1000 + i, "Copy of Ada")->invitation);
	world_apply(&t.w, b);
	assert_int_equal(t.w.roster->writer->markers.used, 16);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.status, FEED_ACTIVE);
	b = world_changes();
	for (uint32_t i = 0; i < 500; i++)
		world_item(b, FEED_GONE, 1000 + i);
	world_apply(&t.w, b);
	assert_int_equal(t.w.roster->writer->markers.used, 0);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.status, FEED_PENDING);
	world_close(&t.w);
}

/* The entry was deleted before anybody saw it: a refresh that began later knows. */
static void
a_wait_for_a_user_ends_with_the_next_whole_refresh(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, true);
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	invitation_goes(&t, true);
	world_end(&t.w, FEED_DIRECTORY, true); /* it began before the entry was made */
	assert_true(find(&t, INVITATION, &row));
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	world_broken(&t.w, FEED_DIRECTORY);
	assert_true(find(&t, INVITATION, &row));
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	world_end(&t.w, FEED_DIRECTORY, false);
	assert_false(find(&t, INVITATION, &row));
	world_close(&t.w);
}

static void
on_removed(void *arg, uint64_t version, bool all, const struct roster_event *events, size_t count)
{
	struct watch *t = arg;

	(void)version;
	assert_false(all);
	if (count == 1 && events[0].change == ROSTER_REMOVED)
		loop_stop(t->w.loop);
}

static void
a_wait_for_a_user_ends_after_a_while(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	t.w.roster->writer->grace_ms = 20;
	invite(&t, true);
	roster_on_change(t.w.roster, on_removed, &t);
	invitation_goes(&t, true);
	loop_run(t.w.loop);
	assert_false(find(&t, INVITATION, &row));
	world_close(&t.w);
}

/* ---- changes that come one after the other, without a pause ---- */

struct traffic {
	struct watch t;
	struct loop_timer *deadline;
	bool over;
	uint32_t sent;
};

static void
traffic_on_applied(void *arg)
{
	struct traffic *c = arg;
	struct feed_batch *b;

	c->over = c->over || rows_of_person(c->t.w.roster) == 0;
	if (c->over) {
		loop_stop(c->t.w.loop);
		return;
	}
	b = world_changes();
	world_user(b, 5000, world_text(b, "Somebody else %u", c->sent++));
	roster_feed_take(c->t.w.roster, b, traffic_on_applied, c);
}

static void
traffic_on_deadline(void *arg)
{
	((struct traffic *)arg)->over = true;
}

static void
a_wait_for_a_user_ends_while_others_change(void **state)
{
	struct traffic c = { 0 };
	struct roster_row row;

	(void)state;
	watch_open(&c.t);
	c.t.w.roster->writer->grace_ms = 20;
	c.deadline = loop_timer_new(c.t.w.loop, traffic_on_deadline, &c);
	loop_timer_set(c.deadline, DEADLINE_MS);
	invite(&c.t, true);
	invitation_goes(&c.t, true);
	traffic_on_applied(&c);
	loop_run(c.t.w.loop);
	assert_false(find(&c.t, INVITATION, &row));
	loop_timer_free(c.deadline);
	world_close(&c.t.w);
}

static void
a_wait_for_a_user_ends_although_the_directory_is_never_told_whole(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	world_limited(&t.w);
	t.w.roster->writer->grace_ms = 20;
	invite(&t, true);
	roster_on_change(t.w.roster, on_removed, &t);
	invitation_goes(&t, true);
	loop_run(t.w.loop);
	assert_false(find(&t, INVITATION, &row));
	world_close(&t.w);
}

/* The user may be what the lost connection did not tell. */
static void
a_wait_that_is_over_while_the_directory_is_away_ends_when_it_was_told(void **state)
{
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	t.w.roster->writer->grace_ms = 0;
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	world_broken(&t.w, FEED_DIRECTORY);
	invite(&t, true);
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	invitation_goes(&t, true);
	world_broken(&t.w, FEED_DIRECTORY);
	assert_true(find(&t, INVITATION, &row));
	world_apply(&t.w, world_begin(FEED_DIRECTORY));
	world_limited(&t.w);
	assert_false(find(&t, INVITATION, &row));
	world_close(&t.w);
}

static void
an_invitation_that_changes_while_hidden_shows_its_last_state(void **state)
{
	struct feed_batch *b = feed_batch_new(FEED_STORE, FEED_CHANGES);
	struct roster_row row;
	struct watch t;

	(void)state;
	watch_open(&t);
	invite(&t, false);
	user_comes(&t);
	world_invitation(b, INVITATION, "Ada")->status = FEED_EXPIRED;
	world_apply(&t.w, b);
	assert_int_equal(rows_of_person(t.w.roster), 1);
	user_goes(&t);
	assert_true(find(&t, INVITATION, &row));
	assert_int_equal(row.status, FEED_EXPIRED);
	world_close(&t.w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_user_comes_before_the_invitation_goes),
		cmocka_unit_test(the_invitation_goes_before_the_user_comes),
		cmocka_unit_test(an_invitation_known_after_its_user_never_shows),
		cmocka_unit_test(an_invitation_that_ends_otherwise_goes_at_once),
		cmocka_unit_test(an_open_invitation_shows_again_when_its_user_goes),
		cmocka_unit_test(an_invitation_shows_again_where_it_was),
		cmocka_unit_test(an_invitation_that_was_used_stays_hidden_when_its_user_goes),
		cmocka_unit_test(of_two_users_with_one_marker_the_last_one_counts),
		cmocka_unit_test(many_users_with_one_marker_do_not_fill_the_table),
		cmocka_unit_test(a_wait_for_a_user_ends_with_the_next_whole_refresh),
		cmocka_unit_test(a_wait_for_a_user_ends_after_a_while),
		cmocka_unit_test(a_wait_for_a_user_ends_while_others_change),
		cmocka_unit_test(a_wait_for_a_user_ends_although_the_directory_is_never_told_whole),
		cmocka_unit_test(
		    a_wait_that_is_over_while_the_directory_is_away_ends_when_it_was_told),
		cmocka_unit_test(an_invitation_that_changes_while_hidden_shows_its_last_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
