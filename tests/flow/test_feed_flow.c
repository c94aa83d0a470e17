/* The feed: what the store has becomes rows of the roster, what the directory tells is passed on.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../fakes/fake_follow.h"
#include "../fakes/fake_roster.h"
#include "flow/feed_private.h"
#include "people_world.h"

struct feed_world {
	struct world *w;
	struct roster r;
	struct flow_feed *feed;
};

static bool
is_ready(struct world *w, void *arg)
{
	struct flow_feed_figures figures;

	(void)w;
	flow_feed_figures(((struct feed_world *)arg)->feed, &figures);
	return figures.ready;
}

static void
feed_start(struct feed_world *f)
{
	f->feed = flow_feed_new(f->w->flow, &f->r, 5000, 5000);
	assert_true(world_until(f->w, is_ready, f));
}

static void
feed_end(struct feed_world *f)
{
	flow_feed_free(f->feed);
	world_free(f->w);
}

struct expected {
	struct feed_world *f;
	const char *id;
	enum feed_kind kind;
	enum feed_status status;
	bool becoming;
};

static bool
is_fed(struct world *w, void *arg)
{
	const struct expected *e = arg;
	const struct fake_fed *last = fake_roster_last(&e->f->r, e->id);

	(void)w;
	return last != NULL && last->kind == e->kind && last->status == e->status &&
	       last->becoming == e->becoming;
}

static void
assert_fed(struct feed_world *f, const char *id, enum feed_kind kind, enum feed_status status,
    bool becoming)
{
	struct expected e = { f, id, kind, status, becoming };

	assert_true(world_until(f->w, is_fed, &e));
}

static void
invitations_are_rows_from_the_start_until_they_are_over(void **state)
{
	struct feed_world f = { .w = people_world_new() };
	struct world_link old, revoked, done;
	struct person p = world_ada;

	(void)state;
	f.r.loop = f.w->loop;
	old = world_invite(f.w, &p);
	feed_start(&f);
	assert_int_equal(f.r.fed[0].step, FEED_REFRESH_BEGINS);
	assert_int_equal(f.r.fed[0].source, FEED_STORE);
	assert_int_equal(f.r.fed[1].step, FEED_REFRESH_COMPLETE);
	assert_true(f.r.fed[1].absent_is_gone);
	assert_fed(&f, old.id, FEED_INVITATION, FEED_PENDING, false);
	assert_string_equal(fake_roster_last(&f.r, old.id)->name, "Ada Lovelace");
	p.value[PERSON_MAIL] = "r@example.org";
	revoked = world_invite(f.w, &p);
	assert_fed(&f, revoked.id, FEED_INVITATION, FEED_PENDING, false);
	world_revoke(f.w, revoked.id);
	assert_fed(&f, revoked.id, FEED_INVITATION_GONE, FEED_PENDING, false);
	p.value[PERSON_MAIL] = "d@example.org";
	done = world_invite(f.w, &p);
	world_accept(f.w, &done.token, "correct horse staple", NULL);
	assert_fed(&f, done.id, FEED_INVITATION_GONE, FEED_PENDING, true);
	feed_end(&f);
}

static void
who_passes_the_end_is_told_as_expired_and_keeps_the_name(void **state)
{
	struct feed_world f = { .w = people_world_new() };
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	f.r.loop = f.w->loop;
	f.w->conf.lifetime_s = 3600;
	feed_start(&f);
	link = world_invite(f.w, &p);
	assert_fed(&f, link.id, FEED_INVITATION, FEED_PENDING, false);
	f.w->now += 3600 * 1000 - 1; /* not yet */
	p.value[PERSON_MAIL] = "b@example.org";
	world_invite(f.w, &p); /* the timer is set anew by it */
	assert_int_equal(world_state(f.w, link.id), INVITATION_PENDING);
	f.w->now += 1;
	assert_fed(&f, link.id, FEED_INVITATION, FEED_EXPIRED, false);
	assert_string_equal(fake_roster_last(&f.r, link.id)->name, "Ada Lovelace");
	assert_string_equal(fake_roster_last(&f.r, link.id)->mail, "ada@example.org");
	assert_int_equal(world_state(f.w, link.id), INVITATION_EXPIRED);
	assert_int_equal(people_remove(f.w, link.id), ERR_OK);
	assert_fed(&f, link.id, FEED_INVITATION_GONE, FEED_PENDING, false);
	feed_end(&f);
}

static bool
is_written(struct world *w, void *arg)
{
	return fake_kv_written(w->kv) >= *(size_t *)arg;
}

static void
assert_writes(struct world *w, size_t count)
{
	size_t until = fake_kv_written(w->kv) + count;

	assert_true(world_until(w, is_written, &until));
}

/* It does the same as the feed, but minutes later. */
static void
let_the_sweeper_pass(struct world *w)
{
	struct person p = world_ada;
	struct world_link link;

	p.value[PERSON_MAIL] = "s@example.org";
	link = world_invite(w, &p);
	w->now += w->conf.lifetime_s * 1000;
	assert_writes(w, 1);
	assert_int_equal(world_state(w, link.id), INVITATION_EXPIRED);
}

/* Mails are claimed and settled meanwhile, and nobody is told of that. */
static void
who_cannot_be_written_down_as_expired_is_tried_again(void **state)
{
	struct feed_world f = { .w = people_world_new() };
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	f.r.loop = f.w->loop;
	f.w->conf.lifetime_s = 3600;
	let_the_sweeper_pass(f.w);
	feed_start(&f);
	link = world_invite(f.w, &p);
	assert_fed(&f, link.id, FEED_INVITATION, FEED_PENDING, false);
	f.w->now += 3600 * 1000 - 1;
	p.value[PERSON_MAIL] = "b@example.org";
	world_invite(f.w, &p); /* the timer is set anew by it */
	fake_kv_fail_from(f.w->kv, 1, FAKE_KV_CONFLICT);
	f.w->now += 1;
	assert_writes(f.w, FLOW_TRIES);
	people_keys(f.w, ""); /* a turn of the loop */
	fake_kv_fail(f.w->kv, 0, FAKE_KV_FINE);
	f.w->now += 1000;
	assert_fed(&f, link.id, FEED_INVITATION, FEED_EXPIRED, false);
	feed_end(&f);
}

/* ---- undeliverable ---- */

struct told {
	enum invitation_event event;
	bool over;
};

static enum err
tell(struct flow *flow, struct invitation *inv, void *ctx, struct fault *fault)
{
	const struct told *t = ctx;

	return invitation_apply(inv, t->event, flow_now(flow), NULL, fault);
}

static void
on_told(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	(void)inv, (void)f;
	assert_int_equal(code, ERR_OK);
	((struct told *)ctx)->over = true;
}

static bool
is_told(struct world *w, void *arg)
{
	(void)w;
	return ((struct told *)arg)->over;
}

static void
let_happen(struct feed_world *f, const char *id, enum invitation_event event)
{
	struct told told = { .event = event };
	struct flow_change_spec spec = {
		.id = id, .event = event, .mutate = tell, .ctx = &told, .by = &f->w->caller
	};

	flow_change_start(f->w->flow, &spec, on_told);
	assert_true(world_until(f->w, is_told, &told));
}

static void
whose_mail_came_back_is_undeliverable_until_another_one_is_asked_for(void **state)
{
	static const enum invitation_event mends[] = { INVITATION_EV_RESEND,
		INVITATION_EV_READDRESS };
	struct feed_world f = { .w = people_world_new() };
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	f.r.loop = f.w->loop;
	feed_start(&f);
	link = world_invite(f.w, &p);
	for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++) {
		assert_fed(&f, link.id, FEED_INVITATION, FEED_PENDING, false);
		let_happen(&f, link.id, INVITATION_EV_UNDELIVER);
		assert_fed(&f, link.id, FEED_INVITATION, FEED_UNDELIVERABLE, false);
		let_happen(&f, link.id, mends[i]);
	}
	assert_fed(&f, link.id, FEED_INVITATION, FEED_PENDING, false);
	let_happen(&f, link.id, INVITATION_EV_UNDELIVER);
	assert_fed(&f, link.id, FEED_INVITATION, FEED_UNDELIVERABLE, false);
	world_accept(f.w, &link.token, "correct horse staple", NULL);
	assert_fed(&f, link.id, FEED_INVITATION_GONE, FEED_PENDING, true);
	feed_end(&f);
}

static void
the_directory_is_followed_from_the_cookie_of_the_warm_file(void **state)
{
	struct feed_world f = { .w = people_world_new() };
	struct feed_batch *b;
	struct flow_feed_figures figures;
	size_t fed;

	(void)state;
	f.r.loop = f.w->loop;
	f.r.cookie = "csn=7";
	feed_start(&f);
	assert_non_null(fake_follow);
	assert_string_equal(fake_follow->cookie, "csn=7");
	assert_int_equal(fake_follow->conf.poll_ms, 5000);
	b = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
	fed = f.r.fed_count;
	fake_follow->conf.on_batch(fake_follow->conf.arg, b);
	assert_int_equal(f.r.fed_count, fed + 1);
	assert_int_equal(fake_follow->applied, 0);
	people_keys(f.w, ""); /* a turn of the loop */
	assert_int_equal(fake_follow->applied, 1);
	fake_follow->conf.on_state(fake_follow->conf.arg, DIR_FOLLOW_CUT_SHORT, "raise sizelimit");
	flow_feed_figures(f.feed, &figures);
	assert_int_equal(figures.state, DIR_FOLLOW_CUT_SHORT);
	assert_string_equal(figures.text, "raise sizelimit");
	fake_follow->conf.on_state(fake_follow->conf.arg, DIR_FOLLOW_PERSISTING, "");
	flow_feed_figures(f.feed, &figures);
	assert_string_equal(figures.text, "");
	feed_end(&f);
	assert_null(fake_follow);
}

static void
how_the_directory_is_followed_and_when_it_was_heard_is_remembered(void **state)
{
	static const struct {
		enum dir_follow_state state;
		enum flow_feed_method method;
	} rows[] = {
		{ DIR_FOLLOW_REFRESHING, FLOW_FEED_UNKNOWN },
		{ DIR_FOLLOW_AWAY, FLOW_FEED_UNKNOWN },
		{ DIR_FOLLOW_PERSISTING, FLOW_FEED_SYNC },
		{ DIR_FOLLOW_AWAY, FLOW_FEED_SYNC },
		{ DIR_FOLLOW_POLLING, FLOW_FEED_POLL },
		{ DIR_FOLLOW_REFRESHING, FLOW_FEED_POLL },
	};
	struct feed_world f = { .w = people_world_new() };
	struct flow_feed_figures figures;

	(void)state;
	f.r.loop = f.w->loop;
	feed_start(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_follow->conf.on_state(fake_follow->conf.arg, rows[i].state, "");
		fake_follow->current_at = (int64_t)i;
		flow_feed_figures(f.feed, &figures);
		assert_int_equal(figures.method, rows[i].method);
		assert_int_equal(figures.heard_at, i);
	}
	feed_end(&f);
}

static void
a_roster_that_is_behind_gets_few_batches_of_many(void **state)
{
	enum { COUNT = 12, OUT = 8 };
	struct feed_world f = { .w = people_world_new() };
	struct person p = world_ada;
	struct world_link link = { .id = "" };
	char mail[32];

	(void)state;
	f.r.loop = f.w->loop;
	feed_start(&f);
	people_keys(f.w, ""); /* a turn of the loop */
	f.r.is_behind = true;
	f.r.batches = 0;
	p.value[PERSON_MAIL] = mail;
	for (int i = 0; i < COUNT; i++) {
		snprintf(mail, sizeof(mail), "p%d@example.org", i);
		link = world_invite(f.w, &p);
	}
	assert_int_equal(f.r.batches, OUT);
	fake_roster_catch_up(&f.r);
	assert_fed(&f, link.id, FEED_INVITATION, FEED_PENDING, false);
	assert_in_range(f.r.batches, OUT + 1, OUT + 2);
	feed_end(&f);
}

/* The number in front is no news. */
static void
what_is_left_out_while_all_goes_well_is_told_and_logged_once(void **state)
{
	static const char *const texts[] = { "", "1 entries are left out", "2 entries are left out",
		"", "2 entries are left out; a group" };
	struct feed_world f = { .w = people_world_new() };
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	struct flow_feed_figures figures;
	char line[512];
	size_t said = 0;

	(void)state;
	f.r.loop = f.w->loop;
	feed_start(&f);
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fake_follow->conf.on_state(fake_follow->conf.arg, DIR_FOLLOW_PERSISTING, texts[i]);
	dup2(saved, STDERR_FILENO);
	close(saved);
	flow_feed_figures(f.feed, &figures);
	assert_string_equal(figures.text, texts[4]);
	rewind(log);
	while (fgets(line, sizeof(line), log) != NULL) {
		assert_null(strstr(line, "2 entries are left out\""));
		said += strstr(line, "left out") != NULL;
	}
	assert_int_equal(said, 2);
	fclose(log);
	feed_end(&f);
}

static void
an_invitation_has_one_end_however_often_it_is_changed(void **state)
{
	enum { COUNT = 50, ROUNDS = 20000 };
	struct feed_ends *ends = feed_ends_new();
	int64_t expected[COUNT] = { 0 }, at; /* 0: none */
	unsigned char id[FEED_ID_SIZE] = { 0 };

	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t mixed = (round + 1) * 2654435761u, n = (mixed >> 8) % COUNT;

		id[0] = (unsigned char)n;
		assert_int_equal(feed_ends_has(ends, id), expected[n] != 0);
		expected[n] = mixed % 3 == 0 ? 0 : 1 + (mixed >> 16) % 1000;
		if (expected[n] == 0)
			feed_ends_drop(ends, id);
		else
			feed_ends_set(ends, id, expected[n]);
	}
	for (int64_t last = 0; feed_ends_first(ends, id, &at); last = at) {
		assert_true(at >= last);
		assert_int_equal(at, expected[id[0]]);
		expected[id[0]] = 0;
		feed_ends_drop(ends, id);
	}
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(expected[i], 0);
	feed_ends_free(ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invitations_are_rows_from_the_start_until_they_are_over),
		cmocka_unit_test(who_passes_the_end_is_told_as_expired_and_keeps_the_name),
		cmocka_unit_test(who_cannot_be_written_down_as_expired_is_tried_again),
		cmocka_unit_test(
		    whose_mail_came_back_is_undeliverable_until_another_one_is_asked_for),
		cmocka_unit_test(a_roster_that_is_behind_gets_few_batches_of_many),
		cmocka_unit_test(what_is_left_out_while_all_goes_well_is_told_and_logged_once),
		cmocka_unit_test(an_invitation_has_one_end_however_often_it_is_changed),
		cmocka_unit_test(the_directory_is_followed_from_the_cookie_of_the_warm_file),
		cmocka_unit_test(how_the_directory_is_followed_and_when_it_was_heard_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
