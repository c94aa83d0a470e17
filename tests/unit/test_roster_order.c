/* After thousands of random changes the orders and counts are those of a plain list that is sorted
 * anew each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "roster/roster_writer.h"
#include "roster_world.h"

enum { PEOPLE = 2500, ROUNDS = 60, CHANGES = 120, PLACES = 6 };

/* In the order in which they are listed: parents first, siblings by folded name. */
static const char *const places[PLACES] = { "ou=people,dc=x", "ou=alpha,ou=people,dc=x",
	"ou=z\\2c y,ou=alpha,ou=people,dc=x", "ou=Beta,ou=people,dc=x",
	"ou=\303\211clair,ou=people,dc=x", "ou=zeta,ou=people,dc=x" };

struct person {
	bool there;
	uint32_t id;
	char name[160], mail[64], phone[32];
	int place; /* PLACES: none */
	enum feed_status status;
	int64_t registered_at, last_activity_at;
};

static struct person people[PEOPLE];

static unsigned
random_below_seeded(unsigned below)
{
	static uint64_t seed = 88172645463325252U;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % below);
}

#define pick(n) random_below_seeded(n)

static void
person_make(struct person *p, uint32_t id)
{
	static const char *const given[] = { "Ada", "ada", "\303\204da", "Zo\xc3\xab", "Bo", "",
		"\xd0\x96\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0",
		"Anna Katharina Wilhelmine Friederike Sophie Charlotte Amalie" };

	p->there = true;
	p->id = id;
	snprintf(p->name, sizeof(p->name), "%s Person%u", given[pick(8)], pick(40));
	if (pick(20) == 0)
		snprintf(p->name, sizeof(p->name), "%s%s%u", given[7], given[7], pick(3));
	p->mail[0] = p->phone[0] = '\0';
	if (pick(4) != 0)
		snprintf(p->mail, sizeof(p->mail), "User%u@example.org", pick(400));
	if (pick(3) != 0)
		snprintf(p->phone, sizeof(p->phone), "+49 (0) 30 %u", pick(1000));
	p->place = (int)pick(PLACES + 1);
	p->status = pick(4) == 0 ? FEED_SUSPENDED : FEED_ACTIVE;
	p->registered_at = pick(3) == 0 ? 0 : 1000 + pick(50);
	p->last_activity_at = pick(3) == 0 ? 0 : 1000 + pick(100000);
}

static void
person_feed(const struct person *p, struct feed_batch *b)
{
	struct feed_user *u = world_user(b, p->id, p->name);

	u->mail = p->mail[0] != '\0' ? arena_strdup(b->arena, p->mail) : NULL;
	u->phone = p->phone[0] != '\0' ? arena_strdup(b->arena, p->phone) : NULL;
	u->parent = p->place < PLACES ? places[p->place] : NULL;
	u->status = p->status;
	u->registered_at = p->registered_at;
	u->last_activity_at = p->last_activity_at;
}

/* One random change, in the model and in the batch. */
static void
change(struct feed_batch *b)
{
	uint32_t id = 1 + pick(PEOPLE - 1);
	struct person *p = &people[id];

	if (!p->there || pick(3) == 0) {
		person_make(p, id);
		person_feed(p, b);
	} else if (pick(3) == 0) {
		p->there = false;
		world_item(b, FEED_GONE, id);
	} else {
		p->last_activity_at = 1000 + pick(100000);
		if (pick(4) == 0)
			p->place = (int)pick(PLACES + 1);
		person_feed(p, b);
	}
}

/* ---- the plain list ---- */

static enum roster_sort by;

static int
text_order(const char *a, const char *b, bool phone)
{
	char x[256] = { 0 }, y[256] = { 0 };
	size_t lx = (phone ? fold_phone : fold_text)(a, strlen(a), x, sizeof(x));
	size_t ly = (phone ? fold_phone : fold_text)(b, strlen(b), y, sizeof(y));
	int order;

	if (lx == 0 || ly == 0)
		return (lx == 0) - (ly == 0);
	lx = lx < ROSTER_KEY_MAX ? lx : ROSTER_KEY_MAX;
	ly = ly < ROSTER_KEY_MAX ? ly : ROSTER_KEY_MAX;
	order = memcmp(x, y, lx < ly ? lx : ly);
	return order != 0 ? order : (int)lx - (int)ly;
}

static int
number_order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
key_order(const struct person *a, const struct person *b)
{
	switch (by) {
	case ROSTER_BY_NAME:
		return text_order(a->name, b->name, false);
	case ROSTER_BY_MAIL:
		return text_order(a->mail, b->mail, false);
	case ROSTER_BY_PHONE:
		return text_order(a->phone, b->phone, true);
	case ROSTER_BY_ORG_UNIT:
		return number_order(a->place, b->place);
	case ROSTER_BY_STATUS:
		return number_order(a->status, b->status);
	case ROSTER_BY_REGISTERED:
		return number_order(a->registered_at, b->registered_at);
	default:
		return number_order(a->last_activity_at, b->last_activity_at);
	}
}

static int
person_order(const void *a, const void *b)
{
	const struct person *x = *(const struct person *const *)a;
	const struct person *y = *(const struct person *const *)b;
	int order = key_order(x, y);

	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

static size_t
list_make(const struct person **list)
{
	size_t count = 0;

	for (size_t i = 0; i < PEOPLE; i++)
		if (people[i].there)
			list[count++] = &people[i];
	qsort(list, count, sizeof(*list), person_order);
	return count;
}

/* ---- comparing ---- */

static uint32_t
row_id(const struct roster_version *v, uint32_t row)
{
	return world_number(version_page(v, row)->id[row % ROSTER_PAGE_ROWS]);
}

static void
check_order(const struct roster_version *v, const struct person *const *list, size_t count)
{
	struct roster_position p = order_begin(v, by);
	uint32_t row, before = ROSTER_ROW_NONE;

	for (size_t i = 0; i < count; i++) {
		row = order_next(v, by, &p);
		assert_true(row != ROSTER_ROW_NONE);
		assert_int_equal(row_id(v, row), list[i]->id);
		if (i > 0)
			assert_true(order_compare(v, by, before, row) < 0);
		before = row;
	}
	assert_true(order_next(v, by, &p) == ROSTER_ROW_NONE);
	p = order_end(v, by);
	for (size_t i = count; i-- > 0;)
		assert_int_equal(row_id(v, order_previous(v, by, &p)), list[i]->id);
	assert_true(order_previous(v, by, &p) == ROSTER_ROW_NONE);
}

/* From any row its key finds the way back, and on in both directions. */
static void
check_keys(const struct roster_version *v, const struct person *const *list, size_t count)
{
	struct roster_position walk = order_begin(v, by), p;
	struct roster_key key;

	for (size_t i = 0; i < count; i++) {
		uint32_t row = order_next(v, by, &walk);

		if (i % 97 != 0)
			continue;
		order_key_of(v, by, row, &key);
		assert_int_equal(order_compare_key(v, row, &key), 0);
		p = order_find(v, &key, false);
		assert_int_equal(order_next(v, by, &p), row);
		p = order_find(v, &key, true);
		assert_int_equal(order_previous(v, by, &p), row);
		p = order_find(v, &key, true);
		row = order_next(v, by, &p);
		if (i + 1 < count)
			assert_int_equal(row_id(v, row), list[i + 1]->id);
		else
			assert_true(row == ROSTER_ROW_NONE);
	}
}

static void
check_counts(const struct roster_version *v)
{
	uint64_t counts[FEED_STATUS_COUNT] = { 0 }, place[FEED_STATUS_COUNT];
	uint64_t in_alpha[FEED_STATUS_COUNT] = { 0 };
	uint8_t *below = calloc(place_count(v) + 1, 1);

	for (size_t i = 0; i < PEOPLE; i++)
		if (people[i].there) {
			counts[people[i].status]++;
			in_alpha[people[i].status] += people[i].place == 1 || people[i].place == 2;
		}
	assert_memory_equal(counts, v->count, sizeof(counts));
	memset(place, 0, sizeof(place));
	place_add_counts(v, NULL, place);
	assert_memory_equal(counts, place, sizeof(counts));
	memset(place, 0, sizeof(place));
	if (place_mark_below(v, "OU=Alpha,ou=people,dc=x", below))
		place_add_counts(v, below, place);
	assert_memory_equal(in_alpha, place, sizeof(place));
	free(below);
}

static void
check_row(const struct roster_version *v, uint32_t row)
{
	const struct person *p = &people[row_id(v, row)];
	struct roster_row r;

	version_row(v, row, &r);
	assert_true(p->there);
	assert_int_equal(r.name.len, strlen(p->name));
	assert_memory_equal(r.name.s, p->name, r.name.len);
	assert_int_equal(r.mail.len, strlen(p->mail));
	assert_memory_equal(r.mail.s, p->mail, r.mail.len);
	assert_int_equal(r.phone.len, strlen(p->phone));
	assert_int_equal(r.org_unit.len, p->place < PLACES ? strlen(places[p->place]) : 0);
	assert_int_equal(r.status, p->status);
	assert_int_equal(r.registered_at, p->registered_at);
	assert_int_equal(r.last_activity_at, p->last_activity_at);
}

static void
check_all(struct roster_world *w)
{
	static const struct person *list[PEOPLE];
	struct roster_version *v = version_hold(w->roster);
	struct roster_position p = order_begin(v, ROSTER_BY_NAME);
	uint32_t row;

	for (unsigned s = 0; s < ROSTER_SORT_COUNT; s++) {
		size_t count;

		by = (enum roster_sort)s;
		count = list_make(list);
		check_order(v, list, count);
		check_keys(v, list, count);
	}
	while ((row = order_next(v, ROSTER_BY_NAME, &p)) != ROSTER_ROW_NONE)
		check_row(v, row);
	check_counts(v);
	version_release(w->roster, v);
}

static void
feed_everybody(struct roster_world *w)
{
	struct feed_batch *b = world_begin(FEED_DIRECTORY);

	for (uint32_t id = 1; id < PEOPLE; id++) {
		if (b->count == FEED_BATCH_ITEMS) {
			world_feed(w, b);
			b = world_changes();
		}
		if (pick(4) == 0)
			continue;
		person_make(&people[id], id);
		person_feed(&people[id], b);
	}
	world_apply(w, b);
	world_end(w, FEED_DIRECTORY, true);
}

static void
orders_and_counts_are_those_of_a_plain_list(void **state)
{
	struct roster_world w;

	(void)state;
	memset(people, 0, sizeof(people));
	world_open(&w);
	feed_everybody(&w);
	check_all(&w);
	for (size_t round = 0; round < ROUNDS; round++) {
		struct feed_batch *b = world_changes();

		for (size_t i = 0; i < CHANGES; i++)
			change(b);
		world_apply(&w, b);
		check_all(&w);
	}
	world_close(&w);
}

static void
a_list_that_empties_and_fills_again_stays_in_order(void **state)
{
	struct roster_world w;

	(void)state;
	memset(people, 0, sizeof(people));
	world_open(&w);
	feed_everybody(&w);
	for (uint32_t from = 1; from < PEOPLE; from += 500) {
		struct feed_batch *b = world_changes();

		for (uint32_t id = from; id < from + 500 && id < PEOPLE; id++) {
			people[id].there = false;
			world_item(b, FEED_GONE, id);
		}
		world_apply(&w, b);
		check_all(&w);
	}
	feed_everybody(&w);
	check_all(&w);
	world_close(&w);
}

/* The second refresh finds most rows changed, so that its orders are made anew at its end. */
static void
a_refresh_that_changes_nearly_all_ends_in_order(void **state)
{
	struct roster_world w;

	(void)state;
	memset(people, 0, sizeof(people));
	world_open(&w);
	w.roster->writer->bulk_changes = 100;
	feed_everybody(&w);
	memset(people, 0, sizeof(people));
	feed_everybody(&w);
	check_all(&w);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_and_counts_are_those_of_a_plain_list),
		cmocka_unit_test(a_list_that_empties_and_fills_again_stays_in_order),
		cmocka_unit_test(a_refresh_that_changes_nearly_all_ends_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
