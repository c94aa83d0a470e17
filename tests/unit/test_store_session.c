/* Sessions and known sources in the store, on each implementation of the kv port: written, used,
 * ended, told to whoever watches; and what becomes of them when an answer is lost. */
#include <sodium.h>

#include "kv_world.h"
#include "store/store_session.h"
#include "store_world.h"

#define ADA   "e0000000-0000-4000-8000-000000000001"
#define GRACE "e0000000-0000-4000-8000-000000000002"

static const unsigned char office[STORE_SOURCE_SIZE] = "office, hashed.";
static const struct store_note by_ada = {
	.actor = "user:" ADA, .request_id = "r-1", .person = ADA, .source = "192.0.2.7"
};

static struct store_session
session_of(const char *person)
{
	struct store_session s = { .id = "00112233445566aa",
		.hash = { { 9 } },
		.created_at = 1795000000000,
		.ends_at = 1795000000000 + 8 * HOUR,
		.used_at = 1795000000000,
		.address = "2001:db8::7",
		.agent = "W3m/0.5 \"quoted\" \xc3\xa9" };

	memcpy(s.person, person, ID_SIZE);
	return s;
}

static enum err
add(struct world *w, const struct store_session *s)
{
	return world_run(w, store_session_add(w->store, s, office, &by_ada, world_on_done, w));
}

static enum err
end(struct world *w, const struct store_session *s, const char *reason)
{
	return world_run(w, store_session_end(w->store, s, reason, &world_note, world_on_done, w));
}

static enum err
touch(struct world *w, const char *id, int64_t used_at)
{
	return world_run(w, store_session_touch(w->store, id, used_at, world_on_done, w));
}

/* ---- the records, as text ---- */

struct records {
	struct world *w;
	char text[16][1024];
	size_t count;
};

static void
records_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct records *r = arg;

	(void)more, (void)revision, (void)f;
	assert_int_equal(code, ERR_OK);
	assert_true(count <= 16);
	for (; r->count < count; r->count++) {
		const struct kv_item *i = &items[r->count];
		size_t len;

		assert_true(i->value.len < sizeof(r->text[0]));
		assert_int_equal(seal_open(r->w->seal, i->key.data, i->key.len, i->value.data,
				     i->value.len, r->text[r->count], &len, NULL),
		    ERR_OK);
	}
	loop_stop(r->w->loop);
}

/* The records in the order of their ids, which within a millisecond is none. */
static struct records *
read_records(struct world *w)
{
	struct records *r = mem_alloc(sizeof(*r));

	r->w = w;
	kv_range(w->kv, kv_text("audit/"), kv_text(""), 16, records_on_page, r);
	loop_run(w->loop);
	return r;
}

/* How many records have all of these words ("": any). */
static size_t
records_with(struct world *w, const char *a, const char *b, const char *c)
{
	struct records *r = read_records(w);
	size_t found = 0;

	for (size_t i = 0; i < r->count; i++)
		if (strstr(r->text[i], a) != NULL && strstr(r->text[i], b) != NULL &&
		    strstr(r->text[i], c) != NULL)
			found++;
	free(r);
	return found;
}

/* ---- watch ---- */

struct watching {
	struct world *w;
	int told, gone, ready, failed, damaged;
	struct store_session last;
};

static void
watching_told(void *arg, const char *id, const struct store_session *s)
{
	struct watching *g = arg;

	assert_int_equal(strlen(id), STORE_SESSION_ID_SIZE - 1);
	if (s == NULL) {
		g->gone++;
		return;
	}
	assert_string_equal(s->id, id);
	g->told++;
	g->last = *s;
}

static void
watching_ready(void *arg)
{
	struct watching *g = arg;

	g->ready++;
	loop_stop(g->w->loop);
}

static void
watching_failed(void *arg, enum err code, const struct fault *f)
{
	(void)code, (void)f;
	((struct watching *)arg)->failed++;
}

static void
watching_damaged(void *arg, const struct fault *f)
{
	assert_int_equal(f->code, ERR_CORRUPT);
	assert_memory_equal(f->text, "session/", 8);
	((struct watching *)arg)->damaged++;
}

static const struct store_watch_cbs cbs = { .session = watching_told,
	.ready = watching_ready,
	.failed = watching_failed,
	.damaged = watching_damaged };

static struct store_watch *
watch(struct watching *g, struct world *w)
{
	struct store_watch *watch;

	*g = (struct watching){ .w = w };
	watch = store_watch_sessions(w->store, &cbs, g);
	loop_run(w->loop);
	assert_int_equal(g->ready, 1);
	return watch;
}

static void
sessions_are_told_now_and_later(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);
	struct store_watch *watched;
	struct watching g;

	assert_int_equal(add(w, &s), ERR_OK);
	assert_int_equal(add(w, &s), ERR_EXISTS);
	watched = watch(&g, w);
	assert_int_equal(g.told, 1);
	assert_memory_equal(&g.last, &s, sizeof(s));
	s.id[0] = 'f';
	assert_int_equal(add(w, &s), ERR_OK);
	assert_int_equal(end(w, &s, "signed_out"), ERR_OK);
	assert_int_equal(end(w, &s, "signed_out"), ERR_NOT_FOUND);
	assert_int_equal(touch(w, s.id, s.used_at + 60000), ERR_OK);
	s.id[0] = '0';
	assert_int_equal(touch(w, s.id, s.used_at + 60000), ERR_OK);
	call_get(w->loop, w->kv, "-"); /* what is written is told by now */
	assert_int_equal(g.gone, 1);
	assert_string_equal(g.last.id, s.id);
	assert_int_equal(g.last.used_at, s.used_at + 60000);
	assert_string_equal(g.last.address, s.address);
	assert_string_equal(g.last.agent, s.agent);
	assert_int_equal(g.failed + g.damaged, 0);
	assert_int_equal(world_keys(w, "session/"), 1);
	store_watch_stop(watched);
	world_end(w);
}

static void
a_damaged_session_stops_no_other(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);
	struct store_watch *watched;
	struct watching g;

	call_put(w->loop, w->kv, "session/0000000000000000", "damaged");
	call_put(w->loop, w->kv, "session/strange", "damaged");
	assert_int_equal(add(w, &s), ERR_OK);
	watched = watch(&g, w);
	assert_int_equal(g.told, 1);
	assert_int_equal(g.damaged, 2);
	assert_int_equal(g.failed, 0);
	assert_int_equal(touch(w, "0000000000000000", 7), ERR_CORRUPT);
	memset(s.id, '0', sizeof(s.id) - 1);
	assert_int_equal(end(w, &s, "expired"), ERR_OK);
	store_watch_stop(watched);
	world_end(w);
}

/* ---- records ---- */

static void
a_session_has_a_record_of_its_beginning_and_of_its_end_and_none_of_its_use(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);

	assert_int_equal(add(w, &s), ERR_OK);
	assert_int_equal(records_with(w, "\"signed_in\"", "\"user\":\"" ADA "\"", "r-1"), 1);
	assert_int_equal(records_with(w, "\"signed_in\"", "\"user:" ADA "\"", "192.0.2.7"), 1);
	assert_int_equal(touch(w, s.id, s.used_at + 60000), ERR_OK);
	assert_int_equal(world_keys(w, "audit/"), 1);
	assert_int_equal(end(w, &s, "lost_rights"), ERR_OK);
	assert_int_equal(
	    records_with(w, "\"session_ended\"", ADA, "{\"reason\":\"lost_rights\"}"), 1);
	assert_int_equal(end(w, &s, "idle"), ERR_NOT_FOUND);
	assert_int_equal(world_keys(w, "audit/"), 2);
	world_end(w);
}

static enum err
note_attempt(struct world *w, const char *event, const char *person)
{
	static const struct store_note note = { .actor = "person", .detail = "{\"tries\":3}" };

	return world_run(w, store_note_sign_in(w->store, event, person, &note, world_on_done, w));
}

static void
an_attempt_that_came_to_nothing_leaves_a_record_alone(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);

	assert_int_equal(note_attempt(w, "sign_in_refused", ADA), ERR_OK);
	assert_int_equal(note_attempt(w, "sign_in_throttled", ADA), ERR_OK);
	assert_int_equal(note_attempt(w, "sign_in_refused", NULL), ERR_OK);
	assert_int_equal(records_with(w, "\"sign_in_refused\"", "{\"tries\":3}", ADA), 1);
	assert_int_equal(records_with(w, "\"sign_in_throttled\"", "{\"tries\":3}", ADA), 1);
	assert_int_equal(records_with(w, "\"sign_in_refused\"", "", ""), 2);
	assert_int_equal(records_with(w, "(null)", "", ""), 0);
	assert_int_equal(world_keys(w, "audit/"), 3);
	assert_int_equal(world_keys(w, ""), 5); /* and the two of meta/ */
	world_end(w);
}

/* ---- use and end at once ---- */

static void
a_session_that_is_being_used_can_be_ended_and_stays_so(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);

	for (int touch_first = 0; touch_first < 2; touch_first++) {
		int calls;

		assert_int_equal(add(w, &s), ERR_OK);
		calls = w->calls;
		if (touch_first)
			store_session_touch(w->store, s.id, s.used_at + 1, world_on_done, w);
		store_session_end(w->store, &s, "idle", &world_note, world_on_done, w);
		if (!touch_first)
			store_session_touch(w->store, s.id, s.used_at + 1, world_on_done, w);
		while (w->calls < calls + 2) {
			loop_run(w->loop);
			assert_int_equal(w->code, ERR_OK);
		}
		assert_int_equal(world_keys(w, "session/"), 0);
	}
	assert_int_equal(world_keys(w, "audit/"), 4);
	world_end(w);
}

/* ---- known sources ---- */

struct known {
	struct world *w;
	size_t count, of_ada;
	int64_t at;
	unsigned char source[STORE_SOURCE_SIZE];
};

static void
known_each(void *arg, const char *person, const unsigned char source[STORE_SOURCE_SIZE], int64_t at)
{
	struct known *n = arg;

	n->count++;
	n->of_ada += strcmp(person, ADA) == 0 ? 1 : 0;
	n->at = at;
	memcpy(n->source, source, sizeof(n->source));
}

static void
known_done(void *arg, enum err code, const struct fault *f)
{
	world_on_done(((struct known *)arg)->w, code, f);
}

static struct known
known(struct world *w)
{
	struct known n = { .w = w };

	assert_int_equal(
	    world_run(w, store_known_list(w->store, known_each, known_done, &n)), ERR_OK);
	return n;
}

static enum err
forget(struct world *w, int64_t before, const char *person)
{
	return world_run(w, store_known_forget(w->store, before, person, world_on_done, w));
}

static void
where_somebody_signed_in_from_is_known_with_the_last_time(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);
	struct known n = known(w);

	assert_int_equal(n.count, 0);
	assert_int_equal(add(w, &s), ERR_OK);
	w->now += HOUR;
	s.id[0] = 'f';
	assert_int_equal(add(w, &s), ERR_OK);
	n = known(w);
	assert_int_equal(n.count, 1);
	assert_int_equal(n.of_ada, 1);
	assert_int_equal(n.at, w->now);
	assert_memory_equal(n.source, office, sizeof(office));
	/* The end of a session is not the end of that. */
	assert_int_equal(end(w, &s, "signed_out"), ERR_OK);
	assert_int_equal(known(w).count, 1);
	world_end(w);
}

/* More than one page of both people, the even ones an hour later. */
static void
sign_in_from_many_places(struct world *w)
{
	for (int i = 0; i < 90; i++) {
		struct store_session s = session_of(i % 3 == 0 ? ADA : GRACE);
		unsigned char source[STORE_SOURCE_SIZE] = { (unsigned char)i };

		snprintf(s.id, sizeof(s.id), "%016d", i);
		w->now += i % 2 == 0 ? HOUR : 0;
		world_run(
		    w, store_session_add(w->store, &s, source, &world_note, world_on_done, w));
		w->now -= i % 2 == 0 ? HOUR : 0;
		assert_int_equal(w->code, ERR_OK);
	}
}

static void
known_sources_are_forgotten_by_age_and_by_person(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);

	sign_in_from_many_places(w);
	assert_int_equal(known(w).count, 90);
	assert_int_equal(forget(w, w->now, NULL), ERR_OK);
	assert_int_equal(known(w).count, 90);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(forget(w, w->now + 1, NULL), ERR_OK);
		assert_int_equal(known(w).count, 45);
		assert_int_equal(known(w).of_ada, 15);
	}
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(forget(w, 0, ADA), ERR_OK);
		assert_int_equal(known(w).count, 30);
		assert_int_equal(known(w).of_ada, 0);
	}
	assert_int_equal(world_keys(w, "session/"), 90);
	world_end(w);
}

static void
a_known_source_that_cannot_be_read_is_none_and_goes_with_the_oldest(void **state)
{
	static const char key[] = "known/" ADA "/AAAAAAAAAAAAAAAAAAAAAA";
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(GRACE);

	call_put(w->loop, w->kv, key, "damaged");
	call_put(w->loop, w->kv, "known/strange", "damaged");
	assert_int_equal(add(w, &s), ERR_OK);
	assert_int_equal(known(w).count, 1);
	assert_int_equal(forget(w, 1, NULL), ERR_OK);
	assert_int_equal(call_get(w->loop, w->kv, key).code, ERR_NOT_FOUND);
	assert_int_equal(known(w).count, 1);
	world_end(w);
}

/* Who signs in again while it is being forgotten is known. */
static void
a_source_that_is_used_meanwhile_stays_known(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);
	int calls;

	assert_int_equal(add(w, &s), ERR_OK);
	s.id[0] = 'f';
	w->now += HOUR;
	calls = w->calls;
	store_known_forget(w->store, w->now, NULL, world_on_done, w);
	store_session_add(w->store, &s, office, &world_note, world_on_done, w);
	while (w->calls < calls + 2) {
		loop_run(w->loop);
		assert_int_equal(w->code, ERR_OK);
	}
	assert_int_equal(known(w).count, 1);
	world_end(w);
}

static void
count_answers(void *arg, enum err code, const struct fault *f)
{
	(void)code, (void)f;
	++*(int *)arg;
}

/* Wherever it has come to. */
static void
what_is_cancelled_is_never_answered(void **state)
{
	struct kv_world *k = *state;
	struct world *w = world_over(k->loop, k->kv);
	struct store_session s = session_of(ADA);

	assert_int_equal(add(w, &s), ERR_OK);
	for (int steps = 0; steps < 5; steps++) {
		int answers[4] = { 0 };
		struct store_op *ops[4] = {
			store_session_touch(w->store, s.id, s.used_at + 1, count_answers, answers),
			store_session_end(
			    w->store, &s, "idle", &world_note, count_answers, answers + 1),
			store_known_forget(w->store, INT64_MAX, NULL, count_answers, answers + 2),
			store_note_sign_in(w->store, "sign_in_refused", ADA, &world_note,
			    count_answers, answers + 3),
		};

		for (int i = 0; i < steps; i++)
			call_get(w->loop, w->kv, "-");
		for (int i = 0; i < 4; i++) {
			assert_true(answers[i] == 0 || (answers[i] == 1 && steps > 0));
			if (answers[i] == 0)
				store_cancel(ops[i]);
			else
				answers[i] = 0;
		}
		call_get(w->loop, w->kv, "-");
		for (int i = 0; i < 4; i++)
			assert_int_equal(answers[i], 0);
	}
	world_end(w);
}

/* ---- lost answers ---- */

static void
a_lost_answer_is_settled_by_reading_back(void **state)
{
	static const enum loss losses[] = { LOSE_ANSWER, LOSE_REQUEST };
	struct world *w = *state;
	struct store_session s = session_of(ADA);

	for (size_t l = 0; l < 2; l++) {
		world_lose(&losses[l], 1);
		assert_int_equal(add(w, &s), ERR_OK);
		assert_int_equal(world_keys(w, "session/"), 1);
		world_lose(&losses[l], 1);
		assert_int_equal(touch(w, s.id, s.used_at + 1), ERR_OK);
		world_lose(&losses[l], 1);
		assert_int_equal(end(w, &s, "idle"), ERR_OK);
		assert_int_equal(world_keys(w, "session/"), 0);
		world_lose(&losses[l], 1);
		assert_int_equal(forget(w, 0, ADA), ERR_OK);
		assert_int_equal(world_keys(w, "known/"), 0);
		world_lose(&losses[l], 1);
		assert_int_equal(note_attempt(w, "sign_in_refused", ADA), ERR_OK);
		assert_int_equal(world_keys(w, "audit/"), 3 * (l + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KV_ROW(sessions_are_told_now_and_later),
		KV_ROW(a_damaged_session_stops_no_other),
		KV_ROW(a_session_has_a_record_of_its_beginning_and_of_its_end_and_none_of_its_use),
		KV_ROW(an_attempt_that_came_to_nothing_leaves_a_record_alone),
		KV_ROW(a_session_that_is_being_used_can_be_ended_and_stays_so),
		KV_ROW(where_somebody_signed_in_from_is_known_with_the_last_time),
		KV_ROW(known_sources_are_forgotten_by_age_and_by_person),
		KV_ROW(a_known_source_that_cannot_be_read_is_none_and_goes_with_the_oldest),
		KV_ROW(a_source_that_is_used_meanwhile_stays_known),
		KV_ROW(what_is_cancelled_is_never_answered),
	};
	const struct CMUnitTest lossy[] = {
		cmocka_unit_test_setup_teardown(
		    a_lost_answer_is_settled_by_reading_back, world_set_up, world_tear_down),
	};
	int failed = kv_world_run(tests, sizeof(tests) / sizeof(tests[0]));

	return failed + cmocka_run_group_tests(lossy, NULL, NULL);
}
