/* Asking the roster: the promise of every operation, and what is refused. */
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"
#include "roster_model.h"

enum {
	ROWS = 600,
	QUEUE = 256, /* of each thread */
	MANY = 700   /* more than both queues hold */
};

static int
setup(void **state)
{
	struct model *m = model_new();

	model_fill(m, ROWS);
	*state = m;
	return 0;
}

static int
setup_loading(void **state)
{
	*state = model_new();
	return 0;
}

static int
teardown(void **state)
{
	model_free(*state);
	return 0;
}

static void
assert_refused(struct model *m, const struct roster_query *q, enum err code, const char *text)
{
	static struct answer a;

	model_ask(m, q, &a);
	assert_int_equal(a.code, code);
	assert_int_equal(a.rendered, 0);
	assert_non_null(strstr(a.fault.text, text));
}

static void
a_roster_that_loads_answers_that_it_does(void **state)
{
	const struct roster_query page = { .limit = 10 }, search = { .q = "a", .limit = 10 };
	static struct answer a;

	assert_refused(*state, &page, ERR_UNAVAILABLE, "still being loaded");
	assert_refused(*state, &search, ERR_UNAVAILABLE, "still being loaded");
	model_fill(*state, 20);
	model_ask(*state, &page, &a);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(a.page.total, 20);
	model_ask(*state, &search, &a);
	assert_int_equal(a.code, ERR_OK);
}

static void
limits_and_searches_out_of_bounds_are_refused_by_name(void **state)
{
	char text[1001];
	struct roster_query q = { .limit = 0 };
	static struct answer a;

	assert_refused(*state, &q, ERR_INVALID, "limit: ");
	q.limit = ROSTER_LIMIT_MAX + 1;
	assert_refused(*state, &q, ERR_INVALID, "limit: ");
	q.limit = 10000;
	assert_refused(*state, &q, ERR_INVALID, "limit: ");
	q.limit = ROSTER_LIMIT_MAX;
	memset(text, 'a', sizeof(text));
	q.q = text;
	text[1000] = '\0';
	assert_refused(*state, &q, ERR_INVALID, "q: ");
	text[ROSTER_QUERY_MAX + 1] = '\0';
	assert_refused(*state, &q, ERR_INVALID, "q: ");
	text[ROSTER_QUERY_MAX] = '\0';
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(a.page.total, 0);
	text[1] = '\0';
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_OK);
	assert_true(a.page.total > 0);
}

static void
a_cursor_serves_its_own_query_alone(void **state)
{
	struct roster_query q = { .q = "müller", .limit = 3, .sort = ROSTER_BY_MAIL };
	static struct answer a;
	char cursor[ROSTER_CURSOR_MAX + 1];

	model_ask(*state, &q, &a);
	strcpy(cursor, a.cursor);
	q.cursor = cursor;
	q.sort = ROSTER_BY_NAME;
	assert_refused(*state, &q, ERR_INVALID, "cursor: ");
	q.sort = ROSTER_BY_MAIL;
	q.descending = true;
	assert_refused(*state, &q, ERR_INVALID, "cursor: ");
	q.descending = false;
	q.q = "anna";
	assert_refused(*state, &q, ERR_INVALID, "cursor: ");
	q.q = "MULLER";
	q.limit = 5;
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(a.rendered, 5);
	cursor[20] = cursor[20] == 'A' ? 'B' : 'A';
	assert_refused(*state, &q, ERR_INVALID, "cursor: ");
	memset(cursor, 'A', ROSTER_CURSOR_MAX);
	cursor[ROSTER_CURSOR_MAX] = '\0';
	assert_refused(*state, &q, ERR_INVALID, "cursor: ");
}

/* Of what was asked the caller keeps nothing. */
static void
a_query_is_copied(void **state)
{
	struct model *m = *state;
	static struct answer a;
	char q[] = "anna", unit[] = "dc=example";
	struct roster_query query = { .q = q, .org_unit = unit, .limit = 5 };
	uint64_t total;

	model_ask(m, &query, &a);
	total = a.page.total;
	memset(&a, 0, sizeof(a));
	a.loop = m->loop;
	roster_list_start(m->roster, &query, answer_render, answer_release, &a, answer_take, &a);
	memset(q, 'x', sizeof(q) - 1);
	memset(unit, 'x', sizeof(unit) - 1);
	memset(&query, 0xff, sizeof(query));
	loop_run(m->loop);
	assert_int_equal(a.page.total, total);
	assert_true(total > 0);
}

/* ---- many, and the end ---- */

static void
start(struct model *m, const struct roster_query *q, struct answer *a)
{
	roster_list_start(m->roster, q, answer_render, answer_release, a, answer_take, a);
	assert_int_equal(a->calls, 0);
}

static void
start_many(struct model *m, struct answer *answers)
{
	for (size_t i = 0; i < MANY; i++) {
		struct roster_query q = { .q = i % 2 == 0 ? "anna" : NULL, .limit = 5 };

		if (i % 5 == 0)
			q.limit = 0; /* refused, which is told later as well */
		start(m, &q, &answers[i]);
	}
}

static void
answers_await(struct model *m, struct answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		answers[i].loop = m->loop;
		while (answers[i].releases == 0)
			loop_run(m->loop);
		answers[i].loop = NULL;
		assert_int_equal(answers[i].calls, 1);
		assert_int_equal(answers[i].releases, 1);
	}
}

static void
of_many_queries_each_is_answered_once(void **state)
{
	struct answer *answers = mem_array(MANY, sizeof(*answers));

	start_many(*state, answers);
	answers_await(*state, answers, MANY);
	for (size_t i = 0; i < MANY; i++)
		if (i % 5 == 0)
			assert_int_equal(answers[i].code, ERR_INVALID);
		else
			assert_true(answers[i].code == ERR_OK || answers[i].code == ERR_BUSY);
	free(answers);
}

/* A query that keeps its thread until it is let go. */
struct blocked {
	sem_t running, go;
};

static void
blocked_render(void *arg, size_t index, const struct roster_row *row)
{
	struct blocked *b = arg;

	(void)index, (void)row;
	sem_post(&b->running);
	sem_wait(&b->go);
}

static void
blocked_take(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	(void)arg, (void)page, (void)f;
	assert_int_equal(code, ERR_OK);
}

static void
block(struct model *m, const struct roster_query *q, struct blocked *b)
{
	sem_init(&b->running, 0, 0);
	sem_init(&b->go, 0, 0);
	roster_list_start(m->roster, q, blocked_render, NULL, b, blocked_take, b);
	sem_wait(&b->running);
}

static void
check_queue(struct model *m, const struct roster_query *q, const struct roster_query *other)
{
	struct answer *answers = mem_array(QUEUE + 2, sizeof(*answers));
	struct blocked b = { 0 };

	block(m, q, &b);
	for (size_t i = 0; i < QUEUE + 1; i++)
		start(m, q, &answers[i]);
	/* The other thread is not held up. */
	start(m, other, &answers[QUEUE + 1]);
	answers_await(m, &answers[QUEUE], 2);
	assert_int_equal(answers[QUEUE].code, ERR_BUSY);
	assert_int_equal(answers[QUEUE + 1].code, ERR_OK);
	sem_post(&b.go);
	answers_await(m, answers, QUEUE);
	for (size_t i = 0; i < QUEUE; i++)
		assert_int_equal(answers[i].code, ERR_OK);
	sem_destroy(&b.running);
	sem_destroy(&b.go);
	free(answers);
}

static void
a_full_queue_refuses_and_the_other_one_goes_on(void **state)
{
	const struct roster_query page = { .limit = 1 }, search = { .q = "anna", .limit = 1 };

	check_queue(*state, &page, &search);
	check_queue(*state, &search, &page);
}

/* What the page's thread hands on does not get past the queue of searches. */
static void
a_page_that_needs_a_pass_waits_with_the_searches(void **state)
{
	const struct roster_query search = { .q = "anna", .limit = 1 };
	const struct roster_query dated = { .registered_from = 1, .limit = 1 };
	struct answer *answers = mem_array(QUEUE + 1, sizeof(*answers));
	struct blocked b = { 0 };

	block(*state, &search, &b);
	for (size_t i = 0; i < QUEUE; i++)
		start(*state, &search, &answers[i]);
	start(*state, &dated, &answers[QUEUE]);
	answers_await(*state, &answers[QUEUE], 1);
	assert_int_equal(answers[QUEUE].code, ERR_BUSY);
	sem_post(&b.go);
	answers_await(*state, answers, QUEUE);
	memset(&answers[QUEUE], 0, sizeof(answers[QUEUE]));
	start(*state, &dated, &answers[QUEUE]);
	answers_await(*state, &answers[QUEUE], 1);
	assert_int_equal(answers[QUEUE].code, ERR_OK);
	assert_int_equal(answers[QUEUE].rendered, 1);
	sem_destroy(&b.running);
	sem_destroy(&b.go);
	free(answers);
}

/* A batch takes one person away and brings another of that name. */
static struct feed_batch *
swap_of(unsigned number)
{
	struct feed_batch *b = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);
	unsigned char old[FEED_ID_SIZE] = { 0xab, (unsigned char)number };
	unsigned char new[FEED_ID_SIZE] = { 0xab, (unsigned char)(number + 1) };
	struct feed_user *u;

	feed_batch_add(b, FEED_GONE, old);
	u = &feed_batch_add(b, FEED_USER, new)->user;
	u->status = FEED_ACTIVE;
	u->name = "Wanderer";
	u->rdn = "uid=wanderer";
	u->parent = model_places[1];
	return b;
}

static void
no_query_sees_half_a_batch(void **state)
{
	enum { SWAPS = 250 };
	const struct roster_query all = { .limit = 1 }, search = { .q = "wanderer", .limit = 200 };
	struct answer *pages = mem_array(SWAPS, sizeof(*pages));
	struct answer *searches = mem_array(SWAPS, sizeof(*searches));
	struct model *m = *state;

	model_feed(m, swap_of(0));
	for (unsigned i = 0; i < SWAPS; i++) {
		roster_feed_take(m->roster, swap_of(i + 1), NULL, NULL);
		start(m, &all, &pages[i]);
		start(m, &search, &searches[i]);
		if (i % 16 == 0)
			answers_await(m, &searches[i], 1);
	}
	answers_await(m, pages, SWAPS);
	answers_await(m, searches, SWAPS);
	for (unsigned i = 0; i < SWAPS; i++) {
		assert_int_equal(pages[i].page.total, ROWS + 1);
		assert_int_equal(searches[i].page.total, 1);
		assert_int_equal(searches[i].rendered, 1);
		assert_true(i == 0 || pages[i].page.version >= pages[i - 1].page.version);
	}
	free(pages);
	free(searches);
}

static void
a_freed_roster_answers_nobody_and_releases_everybody(void **state)
{
	struct model *m = *state;
	struct answer *answers = mem_array(MANY, sizeof(*answers));

	start_many(m, answers);
	roster_free(m->roster);
	m->roster = NULL;
	loop_free(m->loop); /* runs what was posted */
	m->loop = NULL;
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(answers[i].calls, 0);
		assert_int_equal(answers[i].releases, 1);
	}
	free(answers);
	m->loop = loop_new();
}

struct freeing {
	struct model *m;
	struct answer answer;
};

static void
free_when_answered(void *arg, enum err code, const struct roster_page *page, const struct fault *f)
{
	struct freeing *freeing = arg;

	answer_take(&freeing->answer, code, page, f);
	roster_free(freeing->m->roster);
	freeing->m->roster = NULL;
}

static void
an_answer_may_free_the_roster(void **state)
{
	struct model *m = *state;
	struct freeing *first = mem_alloc(sizeof(*first));
	struct answer *second = mem_alloc(sizeof(*second));
	const struct roster_query q = { .limit = 5 };

	first->m = m;
	first->answer.loop = m->loop;
	roster_list_start(m->roster, &q, answer_render, answer_release, &first->answer,
	    free_when_answered, first);
	roster_list_start(
	    m->roster, &q, answer_render, answer_release, second, answer_take, second);
	loop_run(m->loop);
	assert_int_equal(first->answer.calls, 1);
	assert_int_equal(first->answer.rendered, 5);
	assert_int_equal(first->answer.releases, 1);
	loop_free(m->loop);
	m->loop = loop_new();
	assert_int_equal(second->calls, 0);
	assert_int_equal(second->releases, 1);
	free(first);
	free(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_roster_that_loads_answers_that_it_does, setup_loading, teardown),
		cmocka_unit_test_setup_teardown(
		    limits_and_searches_out_of_bounds_are_refused_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_cursor_serves_its_own_query_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_query_is_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    of_many_queries_each_is_answered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_full_queue_refuses_and_the_other_one_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_page_that_needs_a_pass_waits_with_the_searches, setup, teardown),
		cmocka_unit_test_setup_teardown(no_query_sees_half_a_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_freed_roster_answers_nobody_and_releases_everybody, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_may_free_the_roster, setup, teardown),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
