/* What is known is kept over a restart, with the cookie that belongs to it, or not at all. */
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "roster/roster_writer.h"
#include "roster_world.h"

enum { PEOPLE = 700, UNIT = 10000, GROUP = 20000, INVITATION = 30000, WAIT_MS = 10 * 1000 };

struct box {
	char dir[64], path[96];
	struct seal *seal, *other;
	struct roster_world w;
	struct loop_timer *timer;
	uint64_t wanted; /* version that is to be kept */
	int64_t waited;

	size_t answers, cookie_len;
	char cookie[FEED_COOKIE_MAX], fault[FAULT_TEXT_MAX];
	uint64_t users;

	size_t troubles, ends;
	char trouble[FAULT_TEXT_MAX];
};

static int
set_up(void **state)
{
	static const unsigned char key[32] = "a key", other[32] = "another key";
	struct box *t = mem_alloc(sizeof(*t));

	snprintf(t->dir, sizeof(t->dir), "/tmp/usherd-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/roster.db", t->dir);
	t->seal = seal_new(key);
	t->other = seal_new(other);
	*state = t;
	return 0;
}

static void
remove_folder(const struct box *t)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", t->dir);
	assert_int_equal(system(command), 0);
}

static int
tear_down(void **state)
{
	struct box *t = *state;

	seal_free(t->seal);
	seal_free(t->other);
	remove_folder(t);
	free(t);
	return 0;
}

static void
on_warm(void *arg, const void *cookie, size_t cookie_len, uint64_t users, const struct fault *f)
{
	struct box *t = arg;

	t->answers++;
	t->users = users;
	t->cookie_len = cookie_len;
	memcpy(t->cookie, cookie, cookie_len);
	snprintf(t->fault, sizeof(t->fault), "%s", f->text);
	loop_stop(t->w.loop);
}

static void
on_timer(void *arg)
{
	struct box *t = arg;
	struct roster_figures f;

	roster_figures(t->w.roster, &f);
	if (f.kept >= t->wanted || t->troubles > 0 || t->waited++ > WAIT_MS)
		loop_stop(t->w.loop);
	else
		loop_timer_set(t->timer, 1);
}

static void
on_trouble(void *arg, const struct fault *f)
{
	struct box *t = arg;

	t->troubles++;
	snprintf(t->trouble, sizeof(t->trouble), "%s", f->text);
}

static void
on_end(void *arg)
{
	struct box *t = arg;

	t->ends++;
	loop_stop(t->w.loop);
}

/* A daemon ends. */
static void
save_last(struct box *t)
{
	t->ends = 0;
	roster_save_last(t->w.roster, WAIT_MS, on_end, t);
	assert_int_equal(t->ends, 0);
	loop_run(t->w.loop);
	assert_int_equal(t->ends, 1);
}

/* A daemon starts: what does it find? */
static void
box_open(struct box *t, const struct seal *seal)
{
	const struct roster_conf conf = { .seal = seal,
		.warm_path = t->path,
		.warm_subject = "ldap://here/ dc=x",
		.trouble = on_trouble,
		.trouble_arg = t };

	world_open_conf(&t->w, &conf);
	t->w.roster->keep_ms = 1;
	t->timer = loop_timer_new(t->w.loop, on_timer, t);
	t->answers = 0;
	roster_warm_start(t->w.roster, on_warm, t);
	assert_int_equal(t->answers, 0);
	loop_run(t->w.loop);
	assert_int_equal(t->answers, 1);
}

static void
box_close(struct box *t)
{
	loop_timer_free(t->timer);
	world_close(&t->w);
}

static void
wait_until_kept(struct box *t)
{
	struct roster_figures f;

	roster_figures(t->w.roster, &f);
	t->wanted = f.version;
	t->waited = 0;
	loop_timer_set(t->timer, 0);
	loop_run(t->w.loop);
	roster_figures(t->w.roster, &f);
	assert_true(f.kept >= t->wanted);
}

static void
apply_with_cookie(struct box *t, struct feed_batch *b, const char *cookie)
{
	b->cookie = arena_strdup(b->arena, cookie);
	b->cookie_len = strlen(cookie);
	world_apply(&t->w, b);
}

static void
end_with_cookie(struct box *t, const char *cookie)
{
	struct feed_batch *b = feed_batch_new(FEED_DIRECTORY, FEED_REFRESH_COMPLETE);

	b->absent_is_gone = true;
	apply_with_cookie(t, b, cookie);
}

static void
fill(struct box *t)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);
	const char *member = "uid=user7,ou=people,dc=x";
	struct feed_group *g;

	for (uint32_t i = 1; i <= PEOPLE; i++) {
		struct feed_user *u;

		if (b->count == FEED_BATCH_ITEMS) {
			world_feed(&t->w, b);
			b = world_changes();
		}
		u = world_user(b, i, world_text(b, "Person %u", i));
		u->mail = world_text(b, "p%u@example.org", i);
		u->last_activity_at = i;
		u->parent = i % 2 == 0 ? "ou=a,dc=x" : "ou=bare,ou=a,dc=x";
		world_id(50000 + i, u->invitation);
	}
	world_place(b, UNIT, "ou=a,dc=x");
	g = &world_item(b, FEED_GROUP, GROUP)->group;
	g->dn = g->normal = "cn=crowd,dc=x";
	g->name = "crowd";
	g->members = &member;
	g->member_count = 1;
	world_apply(&t->w, b);
	b = feed_batch_new(FEED_STORE, FEED_CHANGES);
	world_invitation(b, INVITATION, "Invited");
	world_apply(&t->w, b);
	end_with_cookie(t, "first");
	wait_until_kept(t);
}

static void
render_row(void *out, size_t index, const struct roster_row *row)
{
	(void)index;
	snprintf(out, 256, "%.*s <%.*s> %.*s %d", (int)row->name.len, row->name.s,
	    (int)row->mail.len, row->mail.s, (int)row->org_unit.len, row->org_unit.s,
	    (int)row->last_activity_at);
}

static const char *
who(struct box *t, uint32_t n)
{
	static char text[256];
	unsigned char id[FEED_ID_SIZE];

	text[0] = '\0';
	world_id(n, id);
	roster_find(t->w.roster, id, render_row, text);
	return text;
}

static bool
is_member(struct box *t, const char *dn, const char *group)
{
	bool member;

	assert_true(roster_member_of(t->w.roster, dn, &group, 1, &member));
	return member;
}

static void
count_groups(void *arg, const struct roster_group *groups, size_t count)
{
	(void)groups;
	*(size_t *)arg = count;
}

static void
list_places(void *arg, const struct roster_place *places, size_t count)
{
	char *out = arg;

	*out = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(out + strlen(out), "%s %u;", places[i].dn,
		    (unsigned)places[i].count_below[FEED_ACTIVE]);
}

static void
what_was_kept_is_there_after_a_restart(void **state)
{
	struct box *t = *state;
	struct roster_figures f;
	struct feed_batch *b;
	char text[512];

	box_open(t, t->seal);
	assert_int_equal(t->cookie_len, 0);
	assert_string_equal(t->fault, "");
	fill(t);
	box_close(t);

	box_open(t, t->seal);
	assert_string_equal(t->fault, "");
	assert_int_equal(t->cookie_len, 5);
	assert_memory_equal(t->cookie, "first", 5);
	assert_int_equal(t->users, PEOPLE);
	roster_figures(t->w.roster, &f);
	assert_int_equal(f.state, ROSTER_COMPLETE);
	assert_int_equal(f.count[FEED_ACTIVE], PEOPLE);
	assert_int_equal(f.count[FEED_PENDING], 0); /* the store's own */
	assert_string_equal(who(t, 7), "Person 7 <p7@example.org> ou=bare,ou=a,dc=x 7");
	assert_string_equal(who(t, 50008), "Person 8 <p8@example.org> ou=a,dc=x 8");
	assert_true(is_member(t, "uid=user7,ou=people,dc=x", "cn=crowd,dc=x"));
	assert_false(is_member(t, "uid=user8,ou=people,dc=x", "cn=crowd,dc=x"));
	b = world_changes();
	world_place(b, UNIT, "ou=renamed,dc=x");
	world_apply(&t->w, b);
	assert_true(roster_places(t->w.roster, list_places, text));
	assert_string_equal(text, "ou=renamed,dc=x 700;ou=bare,ou=renamed,dc=x 350;");
	box_close(t);
}

static void
later_changes_are_kept_as_well(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_changes();
	size_t groups;
	char text[512];

	box_open(t, t->seal);
	fill(t);
	world_item(b, FEED_GONE, 1);
	world_user(b, 2, "Changed");
	world_user(b, 9000, "New");
	world_item(b, FEED_GONE, 3);
	world_user(b, 3, "Back");
	world_item(b, FEED_GONE, GROUP);
	world_place(b, UNIT, "ou=moved,dc=x");
	apply_with_cookie(t, b, "second");
	wait_until_kept(t);
	box_close(t);

	box_open(t, t->seal);
	assert_memory_equal(t->cookie, "second", 6);
	assert_int_equal(t->users, PEOPLE);
	assert_string_equal(who(t, 1), "");
	assert_string_equal(who(t, 2), "Changed <> ou=people,dc=x 0");
	assert_string_equal(who(t, 3), "Back <> ou=people,dc=x 0");
	assert_string_equal(who(t, 9000), "New <> ou=people,dc=x 0");
	assert_string_equal(who(t, 5), "Person 5 <p5@example.org> ou=bare,ou=moved,dc=x 5");
	assert_true(roster_groups(t->w.roster, count_groups, &groups));
	assert_int_equal(groups, 0);
	/* A place that came back with a number in between is one again. */
	b = world_changes();
	world_user(b, 9001, "Newer")->parent = "ou=late,dc=x";
	apply_with_cookie(t, b, "third");
	wait_until_kept(t);
	box_close(t);

	box_open(t, t->seal);
	assert_memory_equal(t->cookie, "third", 5);
	assert_true(roster_places(t->w.roster, list_places, text));
	assert_string_equal(
	    text, "ou=late,dc=x 1;ou=moved,dc=x 697;ou=bare,ou=moved,dc=x 348;ou=people,dc=x 3;");
	box_close(t);
}

static void
lists_of_a_mass_deletion_go_back_at_the_end_of_the_refresh(void **state)
{
	struct box *t = *state;
	const struct roster_writer *w;
	struct feed_batch *b;

	box_open(t, t->seal);
	fill(t);
	w = t->w.roster->writer;
	b = world_begin(FEED_DIRECTORY);
	world_item(b, FEED_PRESENT, 1);
	world_apply(&t->w, b);
	end_with_cookie(t, "second");
	wait_until_kept(t);
	assert_int_equal(w->saved.room, 0);
	assert_int_equal(w->drafted.room, 0);
	assert_int_equal(w->vacant.room, PEOPLE - 1);
	assert_int_equal(w->saved_groups.room, 0);
	assert_int_equal(w->rows.size, 64);
	assert_string_equal(who(t, 1), "Person 1 <p1@example.org> ou=bare,ou=a,dc=x 1");
	assert_string_equal(who(t, 2), "");
	box_close(t);

	box_open(t, t->seal);
	assert_int_equal(t->users, 1);
	box_close(t);
}

static void
without_a_cookie_nothing_is_kept(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_begin(FEED_DIRECTORY);
	struct roster_figures f;

	box_open(t, t->seal);
	world_user(b, 1, "Ada");
	world_apply(&t->w, b);
	world_broken(&t->w, FEED_DIRECTORY);
	box_close(t);

	box_open(t, t->seal);
	assert_int_equal(t->users, 0);
	assert_int_equal(t->cookie_len, 0);
	roster_figures(t->w.roster, &f);
	assert_int_equal(f.state, ROSTER_LOADING);
	box_close(t);
}

static void
a_file_of_another_key_is_dropped_and_made_anew(void **state)
{
	struct box *t = *state;

	box_open(t, t->seal);
	fill(t);
	box_close(t);

	box_open(t, t->other);
	assert_int_equal(t->users, 0);
	assert_int_equal(t->cookie_len, 0);
	assert_string_not_equal(t->fault, "");
	fill(t);
	box_close(t);

	box_open(t, t->other);
	assert_int_equal(t->users, PEOPLE);
	assert_string_equal(t->fault, "");
	box_close(t);
}

/* The records are sound, and no record of ours: what had been read of them goes again. */
static void
a_file_of_another_version_of_the_program_is_dropped(void **state)
{
	struct box *t = *state;
	struct warm_record records[2] = { { .kind = WARM_USER, .data = "?", .len = 1 },
		{ .kind = WARM_USER, .data = "??", .len = 2 } };
	struct fault f;
	struct warm *warm;
	char text[512];

	box_open(t, t->seal);
	fill(t);
	box_close(t);
	memset(records[0].id, 0xee, FEED_ID_SIZE); /* behind what fill() made */
	memset(records[1].id, 0xef, FEED_ID_SIZE);
	warm = warm_open(t->path, "ldap://here/ dc=x", t->seal, &f);
	assert_non_null(warm);
	assert_true(warm_save(warm, records, 2, "cookie", 6, &f));
	warm_close(warm);

	box_open(t, t->seal);
	assert_int_equal(t->users, 0);
	assert_int_equal(t->cookie_len, 0);
	assert_string_not_equal(t->fault, "");
	assert_string_equal(who(t, 7), "");
	fill(t);
	assert_string_equal(who(t, 7), "Person 7 <p7@example.org> ou=bare,ou=a,dc=x 7");
	assert_true(roster_places(t->w.roster, list_places, text));
	assert_string_equal(text, "ou=a,dc=x 700;ou=bare,ou=a,dc=x 350;ou=people,dc=x 0;");
	box_close(t);
}

/* The writer between two steps: a version is there, and what changed in it is not handed over. */
struct between {
	struct box *t;
	struct feed_batch *b;
	sem_t go_on;
};

static void
between_begin(void *arg)
{
	loop_stop(((struct between *)arg)->t->w.loop);
}

static void
between_run(struct roster_writer *w, void *arg)
{
	struct between *c = *(struct between **)arg;

	writer_apply(w, c->b, clock_mono_ms(&clock_system));
	writer_publish(w);
	loop_post(c->t->w.loop, between_begin, c);
	sem_wait(&c->go_on);
	feed_batch_free(c->b);
	free(arg);
}

static void
a_save_holds_nothing_of_a_version_that_comes_meanwhile(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_changes();
	struct between c = { .t = t }, **job = mem_alloc(sizeof(struct between *));
	struct roster_figures f;
	char command[256];

	box_open(t, t->seal);
	fill(t);
	roster_figures(t->w.roster, &f);
	t->w.roster->keep_ms = 3600 * 1000;
	world_user(b, 5, "Once")->parent = "ou=a,dc=x";
	apply_with_cookie(t, b, "second");
	c.b = world_changes();
	world_user(c.b, 5, "Twice")->parent = "ou=new,dc=x";
	sem_init(&c.go_on, 0, 0);
	*job = &c;
	roster_write(t->w.roster, between_run, job);
	loop_run(t->w.loop);

	t->w.roster->keep_ms = 0;
	keep_poke(t->w.roster->keep);
	t->wanted = f.version + 1;
	t->waited = 0;
	loop_timer_set(t->timer, 0);
	loop_run(t->w.loop);
	roster_figures(t->w.roster, &f);
	assert_int_equal(f.kept, f.version - 1);
	snprintf(command, sizeof(command), "cp -r %s %s.copy", t->dir, t->dir);
	assert_int_equal(system(command), 0); /* the daemon stops here */
	sem_post(&c.go_on);
	box_close(t);
	sem_destroy(&c.go_on);

	snprintf(command, sizeof(command), "rm -rf %s && mv %s.copy %s", t->dir, t->dir, t->dir);
	assert_int_equal(system(command), 0);
	box_open(t, t->seal);
	assert_string_equal(t->fault, "");
	assert_memory_equal(t->cookie, "second", 6);
	assert_string_equal(who(t, 5), "Once <> ou=a,dc=x 0");
	box_close(t);
}

static void
a_group_that_changed_often_is_kept_as_it_is_last(void **state)
{
	struct box *t = *state;
	const char *member = "uid=late,dc=x";
	size_t groups;

	box_open(t, t->seal);
	fill(t);
	t->w.roster->keep_ms = 3600 * 1000;
	for (uint32_t i = 0; i < 40; i++) {
		struct feed_batch *b = world_changes();
		struct feed_group *g = &world_item(b, FEED_GROUP, GROUP + i % 8)->group;

		g->dn = g->normal = world_text(b, "cn=group %u,dc=x", i);
		g->members = &member;
		g->member_count = i >= 32;
		if (i == 36)
			world_item(b, FEED_GONE, GROUP + 1);
		apply_with_cookie(t, b, "groups");
	}
	t->w.roster->keep_ms = 0;
	keep_poke(t->w.roster->keep);
	wait_until_kept(t);
	box_close(t);

	box_open(t, t->seal);
	assert_string_equal(t->fault, "");
	assert_true(roster_groups(t->w.roster, count_groups, &groups));
	assert_int_equal(groups, 7);
	for (unsigned i = 32; i < 40; i++) {
		char group[32];

		snprintf(group, sizeof(group), "cn=group %u,dc=x", i);
		assert_int_equal(is_member(t, member, group), i != 33);
	}
	box_close(t);
}

static void
what_is_not_kept_yet_is_kept_at_the_end(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_changes();

	box_open(t, t->seal);
	fill(t);
	t->w.roster->keep_ms = 3600 * 1000;
	for (uint32_t i = 0; i < 2; i++) { /* the first of them may still go with an earlier save */
		world_user(b, 9000 + i, "New");
		apply_with_cookie(t, b, i == 0 ? "second" : "third");
		b = world_changes();
	}
	save_last(t);
	/* What comes later does not disturb the end. */
	world_user(b, 9002, "Late");
	apply_with_cookie(t, b, "fourth");
	box_close(t);

	box_open(t, t->seal);
	assert_memory_equal(t->cookie, "third", 5);
	assert_int_equal(t->users, PEOPLE + 2);
	assert_int_equal(t->troubles, 0);
	save_last(t); /* with nothing to save */
	box_close(t);
}

static void
an_end_before_the_list_is_loaded_waits_for_nothing(void **state)
{
	struct box *t = *state;

	box_open(t, t->seal);
	save_last(t);
	box_close(t);
	world_open(&t->w); /* without a file */
	save_last(t);
	world_close(&t->w);
}

static void
that_a_save_fails_is_told_once(void **state)
{
	struct box *t = *state;
	struct feed_batch *b = world_begin(FEED_DIRECTORY);

	box_open(t, t->seal);
	remove_folder(t);
	world_user(b, 1, "Ada");
	world_apply(&t->w, b);
	end_with_cookie(t, "first");
	t->wanted = UINT64_MAX;
	loop_timer_set(t->timer, 0);
	loop_run(t->w.loop);
	assert_int_equal(t->troubles, 1);
	assert_non_null(strstr(t->trouble, t->path));
	b = world_changes();
	world_user(b, 2, "Bob");
	apply_with_cookie(t, b, "second");
	save_last(t);
	assert_int_equal(t->troubles, 1);
	box_close(t);
}

static void
a_roster_without_a_file_answers_as_well(void **state)
{
	struct box *t = *state;

	world_open(&t->w);
	t->answers = 0;
	roster_warm_start(t->w.roster, on_warm, t);
	assert_int_equal(t->answers, 0);
	loop_run(t->w.loop);
	assert_int_equal(t->answers, 1);
	assert_int_equal(t->cookie_len, 0);
	world_close(&t->w);
}

static void
nobody_is_answered_once_the_roster_is_gone(void **state)
{
	struct box *t = *state;
	const struct roster_conf conf = {
		.seal = t->seal, .warm_path = t->path, .warm_subject = "ldap://here/ dc=x"
	};

	for (unsigned i = 0; i < 20; i++) {
		world_open_conf(&t->w, &conf);
		t->answers = 0;
		roster_warm_start(t->w.roster, on_warm, t);
		/* Taken by the writer's thread, and so on its way back. */
		while (i % 2 == 0 && work_pool_waiting(t->w.roster->pool) > 0)
			sched_yield();
		world_close(&t->w);
		assert_int_equal(t->answers, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_was_kept_is_there_after_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(later_changes_are_kept_as_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    lists_of_a_mass_deletion_go_back_at_the_end_of_the_refresh, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    without_a_cookie_nothing_is_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_of_another_key_is_dropped_and_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_file_of_another_version_of_the_program_is_dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    what_is_not_kept_yet_is_kept_at_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_end_before_the_list_is_loaded_waits_for_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(that_a_save_fails_is_told_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_save_holds_nothing_of_a_version_that_comes_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_group_that_changed_often_is_kept_as_it_is_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_roster_without_a_file_answers_as_well, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    nobody_is_answered_once_the_roster_is_gone, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
