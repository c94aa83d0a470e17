/* Pages of the list: what a plain look at everybody says, for every order, filter and page size. */
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

enum { ROWS = 2500, STATUS_BIT_PENDING = 1 << FEED_PENDING, STATUS_BIT_ACTIVE = 1 << FEED_ACTIVE };

static const char *const alpha[] = { "ou=alpha,dc=example" };
static const char *const two_places[] = { "ou=gamma,dc=example", "ou=nowhere,dc=example",
	"ou=alpha,dc=example", "ou=beta,ou=alpha,dc=example" };
static const char *const everywhere[] = { "dc=example" };
static const char *const nowhere[] = { "ou=nowhere,dc=example" };

/* Some match nearly all, some few, some nobody. */
static const struct roster_query filters[] = {
	{ 0 },
	{ .statuses = STATUS_BIT_PENDING },
	{ .statuses = STATUS_BIT_ACTIVE | 1 << FEED_SUSPENDED },
	{ .org_unit = "ou=alpha,dc=example" },
	{ .org_unit = "ou=gamma,dc=example", .statuses = 1 << FEED_EXPIRED },
	{ .org_unit = "dc=example" },
	{ .org_unit = "ou=nowhere,dc=example" },
	{ .registered_from = 1100, .registered_to = 1200 },
	{ .registered_from = 1480 },
	{ .registered_to = 1010 },
	{ .registered_from = 1010, .registered_to = 1010 },
	{ .active_from = 1 },
	{ .active_from = 5004, .statuses = STATUS_BIT_ACTIVE },
	{ .active_to = -1 },
	{ .q = "a" },
	{ .q = "müller" },
	{ .q = "anna muller" },
	{ .q = "anna nurse 77" },
	{ .q = "49171" },
	{ .q = "o'neil engineer", .statuses = STATUS_BIT_ACTIVE },
	{ .q = "王",
	    .org_unit = "ou=alpha,dc=example",
	    .registered_from = 1100,
	    .active_to = 5003 },
	{ .q = "\xcc\x81" },
	{ .q = "nobody at all" },
	{ .within = alpha, .within_count = 1 },
	{ .within = two_places, .within_count = 4 },
	{ .within = two_places, .within_count = 4, .statuses = STATUS_BIT_ACTIVE },
	{ .within = alpha, .within_count = 1, .org_unit = "dc=example" },
	{ .within = everywhere, .within_count = 1, .org_unit = "ou=gamma,dc=example" },
	{ .within = alpha, .within_count = 1, .org_unit = "ou=gamma,dc=example" },
	{ .within = two_places, .within_count = 4, .q = "a", .registered_from = 1100 },
	{ .within = two_places, .within_count = 4, .active_from = 1 },
	{ .within = nowhere, .within_count = 1 },
	{ .within = nowhere, .within_count = 0 },
	{ .within = nowhere, .within_count = 0, .q = "anna" },
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
teardown(void **state)
{
	model_free(*state);
	return 0;
}

static size_t expected[2 * ROWS];

static void
check_pages(struct model *m, struct roster_query q)
{
	static struct answer a;
	char cursor[ROSTER_CURSOR_MAX + 1];
	uint64_t count[FEED_STATUS_COUNT];
	size_t total = model_list(m, &q, expected, count), at = 0;

	do {
		model_ask(m, &q, &a);
		assert_int_equal(a.code, ERR_OK);
		assert_int_equal(a.page.total, total);
		assert_memory_equal(a.page.count, count, sizeof(count));
		assert_int_equal(a.page.rows, a.rendered);
		assert_true(a.rendered == (total - at < q.limit ? total - at : q.limit));
		for (size_t i = 0; i < a.rendered; i++) {
			const struct model_row *row = &m->rows[expected[at + i]];

			assert_memory_equal(a.ids[i], row->id, FEED_ID_SIZE);
			assert_string_equal(a.names[i], row->name);
		}
		at += a.rendered;
		assert_int_equal(*a.cursor != '\0', at < total);
		strcpy(cursor, a.cursor);
		q.cursor = cursor;
	} while (at < total);
}

static void
every_order_filter_and_page_size_says_what_a_look_at_everybody_says(void **state)
{
	static const size_t limits[] = { 33, ROSTER_LIMIT_MAX };

	for (size_t f = 0; f < sizeof(filters) / sizeof(filters[0]); f++)
		for (unsigned sort = 0; sort < ROSTER_SORT_COUNT; sort++)
			for (int i = 0; i < 4; i++) {
				struct roster_query q = filters[f];

				q.sort = (enum roster_sort)sort;
				q.descending = (i & 1) != 0;
				q.limit = limits[i / 2];
				check_pages(*state, q);
			}
}

static void
pages_of_one_row_are_pages(void **state)
{
	for (unsigned sort = 0; sort < ROSTER_SORT_COUNT; sort++)
		check_pages(
		    *state, (struct roster_query){
				.q = "anna müller", .limit = 1, .sort = (enum roster_sort)sort });
	check_pages(*state, (struct roster_query){ .limit = 1, .sort = ROSTER_BY_PHONE });
}

/* Somebody who may see less goes on with nothing of what they were shown before. */
static void
a_cursor_belongs_to_what_the_caller_may_see(void **state)
{
	static struct answer a;
	char cursor[ROSTER_CURSOR_MAX + 1];
	struct roster_query q = { .limit = 1, .within = two_places, .within_count = 4 };

	model_ask(*state, &q, &a);
	strcpy(cursor, a.cursor);
	q.cursor = cursor;
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_OK);
	q.within_count = 3;
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_INVALID);
	q.within = NULL;
	model_ask(*state, &q, &a);
	assert_int_equal(a.code, ERR_INVALID);
}

static void
status_bits_that_mean_nothing_filter_nothing(void **state)
{
	static struct answer a;
	const struct roster_query q = { .statuses = 1U << 31, .limit = 1 };

	model_ask(*state, &q, &a);
	assert_int_equal(a.page.total, ROWS);
}

/* ---- the ways of making a page ---- */

static void
assert_same_listing(const struct listing *a, const struct listing *b)
{
	assert_int_equal(a->found, b->found);
	assert_memory_equal(a->rows, b->rows, a->found * sizeof(a->rows[0]));
}

/* From the first row, and from the last one of that page. */
static void
check_ways(struct roster_version *v, const struct roster_query *q, struct list_memory *m)
{
	struct listing walked = { 0 }, asked = { 0 }, collected = { 0 };
	struct roster_key after;
	struct row_filter f;
	struct list_rows l = { .v = v, .query = q, .filter = &f };

	filter_make(&f, v, q, m);
	find_by_columns(v, &f, m, walked.count);
	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
		if ((f.statuses & (1U << s)) != 0)
			walked.total += walked.count[s];
	asked.total = collected.total = walked.total;
	for (int i = 0; i < 2; i++) {
		l.bits = NULL;
		l.out = &asked;
		assert_true(list_walk(&l, UINT64_MAX));
		l.bits = m->bits;
		l.out = &walked;
		assert_true(list_walk(&l, UINT64_MAX));
		l.out = &collected;
		list_collect(&l);
		assert_same_listing(&walked, &asked);
		assert_same_listing(&walked, &collected);
		if (walked.found == 0)
			return;
		assert_false(list_walk(&l, 0));
		order_key_of(v, q->sort, walked.rows[walked.found - 1], &after);
		l.after = &after;
	}
}

static void
a_walk_with_and_without_bitmap_and_a_collection_find_the_same_rows(void **state)
{
	struct model *model = *state;
	struct roster_version *v = version_hold(model->roster);
	struct list_memory *m = mem_alloc(sizeof(*m));

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		for (unsigned sort = 0; sort < 2 * ROSTER_SORT_COUNT; sort++) {
			struct roster_query q = filters[i];

			if (q.q != NULL || q.active_to < 0)
				continue;
			q.sort = (enum roster_sort)(sort / 2);
			q.descending = sort % 2 != 0;
			q.limit = 40;
			check_ways(v, &q, m);
		}
	list_memory_free(m);
	version_release(model->roster, v);
}

/* Of the rows in the bitmap, those whose text has the letter; and how many that are. */
static void
keep_those_with(
    const struct roster_version *v, char letter, uint64_t *bits, uint64_t count[FEED_STATUS_COUNT])
{
	memset(count, 0, FEED_STATUS_COUNT * sizeof(*count));
	for (uint32_t row = 0; row < v->page_count * ROSTER_PAGE_ROWS; row++) {
		const struct roster_page_rows *p = version_page(v, row);
		uint32_t slot = row % ROSTER_PAGE_ROWS, from = p->text_at[slot];
		uint64_t bit = UINT64_C(1) << row % 64;

		if ((bits[row / 64] & bit) == 0)
			continue;
		if (memchr(p->text + from, letter, p->text_at[slot + 1] - from) == NULL) {
			bits[row / 64] &= ~bit;
			continue;
		}
		count[p->status[slot]]++;
	}
}

static void
words_filters_find_what_columns_find(void **state)
{
	struct model *model = *state;
	struct roster_version *v = version_hold(model->roster);
	struct list_memory *a = mem_alloc(sizeof(*a)), *b = mem_alloc(sizeof(*b));
	struct words *w = mem_alloc(sizeof(*w));
	uint64_t count[2][FEED_STATUS_COUNT];

	words_parse(w, "u", NULL); /* a letter of many */
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct row_filter f;

		filter_make(&f, v, &filters[i], a);
		find_by_words(v, w, &f, a, count[0]);
		find_by_columns(v, &f, b, count[1]);
		for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
			assert_true(count[0][s] <= count[1][s]);
		keep_those_with(v, 'u', b->bits, count[1]);
		for (size_t k = 0; k < v->page_count * (ROSTER_PAGE_ROWS / 64); k++)
			assert_int_equal(a->bits[k], b->bits[k]);
		for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
			if ((f.statuses & 1U << s) != 0)
				assert_int_equal(count[0][s], count[1][s]);
	}
	free(w);
	list_memory_free(a);
	list_memory_free(b);
	version_release(model->roster, v);
}

/* ---- changes between pages ---- */

static void
check_paging_through_changes(struct model *m, struct roster_query q)
{
	static struct answer a;
	static unsigned seen[4 * ROWS];
	size_t before = m->count, last = 0;
	char cursor[ROSTER_CURSOR_MAX + 1];

	memset(seen, 0, sizeof(seen));
	do {
		model_ask(m, &q, &a);
		assert_int_equal(a.code, ERR_OK);
		for (size_t i = 0; i < a.rendered; i++) {
			last =
			    a.ids[i][15] | (size_t)a.ids[i][14] << 8 | (size_t)a.ids[i][13] << 16;
			seen[last]++;
		}
		strcpy(cursor, a.cursor);
		q.cursor = cursor;
		if (a.rendered > 0)
			model_remove(m, last); /* the row that the cursor was made of */
		model_remove(m, model_random(m, (unsigned)before));
		model_add(m, 3);
	} while (*cursor != '\0');
	for (size_t i = 0; i < m->count; i++) {
		assert_true(seen[i] <= 1);
		if (i < before && !m->rows[i].gone && model_matches(&m->rows[i], &q))
			assert_int_equal(seen[i], 1);
	}
}

static void
paging_while_rows_change_shows_none_twice_and_misses_none_that_stayed(void **state)
{
	for (unsigned i = 0; i < 2 * ROSTER_SORT_COUNT; i++)
		check_paging_through_changes(*state, (struct roster_query){ .limit = 100,
							 .sort = (enum roster_sort)(i / 2),
							 .descending = i % 2 != 0,
							 .q = i % 3 == 0 ? "49" : NULL });
	check_pages(*state, (struct roster_query){ .limit = 100 });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_order_filter_and_page_size_says_what_a_look_at_everybody_says),
		cmocka_unit_test(pages_of_one_row_are_pages),
		cmocka_unit_test(a_cursor_belongs_to_what_the_caller_may_see),
		cmocka_unit_test(status_bits_that_mean_nothing_filter_nothing),
		cmocka_unit_test(
		    a_walk_with_and_without_bitmap_and_a_collection_find_the_same_rows),
		cmocka_unit_test(words_filters_find_what_columns_find),
		cmocka_unit_test(
		    paging_while_rows_change_shows_none_twice_and_misses_none_that_stayed),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
