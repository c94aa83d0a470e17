/* Places: the tree, its names, and what a renamed org unit takes along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "roster/roster_place.h"
#include "roster/roster_writer.h"
#include "roster_world.h"

enum { UNIT = 1000 };

static void
open_empty(struct roster_world *w)
{
	world_open(w);
	world_apply(w, world_begin(FEED_DIRECTORY));
	world_end(w, FEED_DIRECTORY, true);
}

/* ---- the list as text: "DN active/active below", indented by depth ---- */

static void
list_places(void *arg, const struct roster_place *places, size_t count)
{
	char *out = arg;

	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t parent = places[i].parent;

		for (; parent != SIZE_MAX; parent = places[parent].parent) {
			assert_true(parent < i);
			strcat(out, "-");
		}
		sprintf(out + strlen(out), "%s %u/%u\n", places[i].dn,
		    (unsigned)places[i].count[FEED_ACTIVE],
		    (unsigned)places[i].count_below[FEED_ACTIVE]);
	}
}

static void
assert_places(struct roster_world *w, const char *expected)
{
	char text[4096];

	assert_true(roster_places(w->roster, list_places, text));
	assert_string_equal(text, expected);
}

static void
user_in(struct feed_batch *b, uint32_t id, const char *dn)
{
	world_user(b, id, "Somebody")->parent = arena_strdup(b->arena, dn);
}

static const char *
org_unit_of(struct roster_world *w, uint32_t n)
{
	static char dn[FEED_DN_MAX + 1];
	struct roster_version *v = version_hold(w->roster);
	struct roster_position p = order_begin(v, ROSTER_BY_ORG_UNIT);
	struct roster_row values;
	uint32_t row;

	dn[0] = '\0';
	while ((row = order_next(v, ROSTER_BY_ORG_UNIT, &p)) != ROSTER_ROW_NONE) {
		version_row(v, row, &values);
		if (world_number(values.id) == n)
			snprintf(
			    dn, sizeof(dn), "%.*s", (int)values.org_unit.len, values.org_unit.s);
	}
	version_release(w->roster, v);
	return dn;
}

static void
parents_come_first_and_siblings_by_name(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	user_in(b, 1, "ou=zoo,dc=x");
	user_in(b, 2, "ou=\303\204pfel,dc=x");
	user_in(b, 3, "ou=inner,ou=zoo,dc=x");
	user_in(b, 4, "dc=x");
	user_in(b, 5, "ou=Birnen,dc=x");
	user_in(b, 6, "ou=deep,ou=unknown,ou=zoo,dc=x");
	world_apply(&w, b);
	assert_places(&w, "dc=x 1/6\n"
			  "-ou=\303\204pfel,dc=x 1/1\n"
			  "-ou=Birnen,dc=x 1/1\n"
			  "-ou=zoo,dc=x 1/3\n"
			  "--ou=inner,ou=zoo,dc=x 1/1\n"
			  "--ou=deep,ou=unknown,ou=zoo,dc=x 1/1\n");
	world_close(&w);
}

static void
a_place_without_an_entry_goes_with_its_last_row(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	world_place(b, UNIT, "ou=kept,ou=bare,dc=x");
	user_in(b, 1, "ou=bare,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=bare,dc=x 1/1\n-ou=kept,ou=bare,dc=x 0/0\n");
	b = world_changes();
	world_item(b, FEED_GONE, 1);
	world_apply(&w, b);
	assert_places(&w, "ou=kept,ou=bare,dc=x 0/0\n");
	b = world_changes();
	world_item(b, FEED_GONE, UNIT);
	world_apply(&w, b);
	assert_places(&w, "");
	world_close(&w);
}

static void
case_and_spelling_do_not_make_two_places(void **state)
{
	struct feed_batch *b = world_changes();
	struct feed_place *p;
	struct roster_world w;

	(void)state;
	open_empty(&w);
	p = &world_item(b, FEED_PLACE, UNIT)->place;
	p->dn = "OU=Sales, DC=x";
	p->normal = "ou=Sales,dc=x";
	p->name = "Sales";
	user_in(b, 1, "ou=sales,dc=X");
	user_in(b, 2, "ou=in,ou=Sales,dc=x");
	world_apply(&w, b);
	assert_places(&w, "OU=Sales, DC=x 1/2\n-ou=in,ou=Sales,dc=x 1/1\n");
	assert_string_equal(org_unit_of(&w, 1), "OU=Sales, DC=x");
	world_close(&w);
}

static void
escaped_commas_and_quotes_stay_inside_an_rdn(void **state)
{
	struct feed_batch *b = world_changes();
	uint8_t below[8];
	struct roster_version *v;
	struct roster_world w;

	(void)state;
	open_empty(&w);
	user_in(b, 1, "ou=a\\,b,dc=x");
	user_in(b, 2, "ou=q\\22uoted\\22,ou=a\\,b,dc=x");
	user_in(b, 3, "b,dc=x"); /* no child of it, in spite of its letters */
	user_in(b, 4, "ou=a\\5c,b,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=a\\,b,dc=x 1/2\n-ou=q\\22uoted\\22,ou=a\\,b,dc=x 1/1\n"
			  "b,dc=x 1/2\n-ou=a\\5c,b,dc=x 1/1\n");
	v = version_hold(w.roster);
	assert_true(place_mark_below(v, "ou=a\\,b,dc=x", below));
	assert_int_equal(below[0] + below[1] + below[2] + below[3], 2);
	assert_true(place_mark_below(v, "dc=x", below)); /* though it is no place itself */
	assert_int_equal(below[0] + below[1] + below[2] + below[3], 4);
	assert_false(place_mark_below(v, "dc=y", below));
	version_release(w.roster, v);
	world_close(&w);
}

static void
a_renamed_org_unit_takes_all_below_it_along(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	world_place(b, UNIT, "ou=alpha,dc=x");
	world_place(b, UNIT + 1, "ou=team,ou=alpha,dc=x");
	world_place(b, UNIT + 2, "ou=middle,dc=x");
	user_in(b, 1, "ou=alpha,dc=x");
	user_in(b, 2, "ou=team,ou=alpha,dc=x");
	user_in(b, 3, "cn=bare,ou=team,ou=alpha,dc=x");
	user_in(b, 4, "ou=middle,dc=x");
	world_apply(&w, b);

	b = world_changes();
	world_place(b, UNIT, "ou=omega,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=middle,dc=x 1/1\n"
			  "ou=omega,dc=x 1/3\n"
			  "-ou=team,ou=omega,dc=x 1/2\n"
			  "--cn=bare,ou=team,ou=omega,dc=x 1/1\n");
	assert_string_equal(org_unit_of(&w, 3), "cn=bare,ou=team,ou=omega,dc=x");

	b = world_changes();
	world_place(b, UNIT, "ou=inside,ou=middle,dc=x");
	user_in(b, 5, "ou=team,ou=inside,ou=middle,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=middle,dc=x 1/5\n"
			  "-ou=inside,ou=middle,dc=x 1/4\n"
			  "--ou=team,ou=inside,ou=middle,dc=x 2/3\n"
			  "---cn=bare,ou=team,ou=inside,ou=middle,dc=x 1/1\n");
	world_close(&w);
}

static void
quoted_names_of_a_server_are_whole(void **state)
{
	struct feed_batch *b = world_changes();
	struct feed_place *p;
	struct roster_world w;

	(void)state;
	open_empty(&w);
	p = &world_item(b, FEED_PLACE, UNIT)->place;
	p->dn = "ou=\"Sales, East\",dc=x";
	p->normal = "ou=Sales\\2C East,dc=x";
	p = &world_item(b, FEED_PLACE, UNIT + 1)->place;
	p->dn = "ou=\"in, there\",ou=\"Sales, East\",dc=x";
	p->normal = "ou=in\\2C there,ou=Sales\\2C East,dc=x";
	world_apply(&w, b);
	b = world_changes();
	world_place(b, UNIT, "ou=Sales,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=Sales,dc=x 0/0\n-ou=\"in, there\",ou=Sales,dc=x 0/0\n");
	world_close(&w);
}

/* Nested at random, in any order. */
static void
feed_tree(struct feed_batch *b, unsigned from, unsigned to)
{
	unsigned seed = 7;

	for (unsigned i = 0; i < to; i++) {
		char dn[512] = "";
		unsigned depth = (unsigned)rand_r(&seed) % 6;

		for (unsigned d = 0; d <= depth; d++)
			sprintf(dn + strlen(dn), "ou=%u,", (unsigned)rand_r(&seed) % 3);
		strcat(dn, "dc=x");
		if (i >= from)
			user_in(b, i + 1, dn);
	}
}

static void
places_of_a_load_stand_as_if_they_had_come_one_by_one(void **state)
{
	static char expected[1 << 16], got[1 << 16];
	struct roster_world one, load;
	struct feed_batch *b;

	(void)state;
	open_empty(&one);
	for (unsigned i = 0; i < 200; i++) {
		b = world_changes();
		feed_tree(b, i, i + 1);
		world_apply(&one, b);
	}
	assert_true(roster_places(one.roster, list_places, expected));
	world_open(&load);
	b = world_begin(FEED_DIRECTORY);
	feed_tree(b, 0, 150);
	world_apply(&load, b);
	world_end(&load, FEED_DIRECTORY, true);
	b = world_changes();
	feed_tree(b, 150, 200);
	world_apply(&load, b);
	assert_true(roster_places(load.roster, list_places, got));
	assert_string_equal(got, expected);
	for (uint32_t i = 1; i <= 200; i++) {
		char dn[512];

		snprintf(dn, sizeof(dn), "%s", org_unit_of(&one, i));
		assert_string_equal(org_unit_of(&load, i), dn);
	}
	world_close(&load);
	world_close(&one);
}

/* Rows that came with the new name before the org unit's own entry did. */
static void
a_name_that_was_taken_by_rows_alone_is_joined(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	world_place(b, UNIT, "ou=old,dc=x");
	user_in(b, 1, "ou=old,dc=x");
	user_in(b, 2, "ou=sub,ou=old,dc=x");
	world_apply(&w, b);
	b = world_changes();
	user_in(b, 3, "ou=new,dc=x");
	user_in(b, 4, "ou=sub,ou=new,dc=x");
	world_apply(&w, b);
	b = world_changes();
	world_place(b, UNIT, "ou=new,dc=x");
	world_apply(&w, b);
	assert_places(&w, "ou=new,dc=x 2/4\n-ou=sub,ou=new,dc=x 2/2\n");
	world_close(&w);
}

static void
two_org_units_change_places(void **state)
{
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		unsigned first = i % 2;

		open_empty(&w);
		b = world_changes();
		world_place(b, UNIT, "ou=a,dc=x");
		world_place(b, UNIT + 1, "ou=b,dc=x");
		user_in(b, 1, "ou=a,dc=x");
		user_in(b, 2, "ou=in,ou=a,dc=x");
		user_in(b, 3, "ou=b,dc=x");
		user_in(b, 4, "ou=in,ou=b,dc=x");
		world_apply(&w, b);
		b = world_begin(FEED_DIRECTORY);
		if (i >= 2) /* as in a refresh that changes much */
			writer_bulk(w.roster->writer);
		world_place(b, UNIT + first, first == 0 ? "ou=b,dc=x" : "ou=a,dc=x");
		world_place(b, UNIT + 1 - first, first == 0 ? "ou=a,dc=x" : "ou=b,dc=x");
		world_apply(&w, b);
		world_end(&w, FEED_DIRECTORY, false);
		assert_string_equal(org_unit_of(&w, 1), "ou=b,dc=x");
		assert_string_equal(org_unit_of(&w, 2), "ou=in,ou=b,dc=x");
		assert_string_equal(org_unit_of(&w, 3), "ou=a,dc=x");
		assert_string_equal(org_unit_of(&w, 4), "ou=in,ou=a,dc=x");
		assert_places(&w, "ou=a,dc=x 1/2\n-ou=in,ou=a,dc=x 1/1\n"
				  "ou=b,dc=x 1/2\n-ou=in,ou=b,dc=x 1/1\n");
		world_close(&w);
	}
}

static void
an_org_unit_made_anew_takes_over_from_the_one_that_is_gone(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	world_place(b, UNIT, "ou=a,dc=x");
	user_in(b, 1, "ou=a,dc=x");
	world_apply(&w, b);
	b = world_begin(FEED_DIRECTORY);
	world_place(b, UNIT + 1, "ou=a,dc=x");
	user_in(b, 2, "ou=a,dc=x");
	world_item(b, FEED_PRESENT, 1);
	world_apply(&w, b);
	world_end(&w, FEED_DIRECTORY, true);
	assert_places(&w, "ou=a,dc=x 2/2\n");
	world_close(&w);
}

static void
a_dn_beyond_all_bounds_is_no_place(void **state)
{
	struct feed_batch *b = world_changes();
	char *dn = mem_alloc(70000);
	struct roster_world w;

	(void)state;
	open_empty(&w);
	memset(dn, 'a', 69999);
	user_in(b, 1, dn);
	memset(dn, ',', FEED_DN_MAX);
	dn[FEED_DN_MAX] = '\0';
	user_in(b, 2, dn);
	user_in(b, 3, "");
	world_place(b, UNIT, "ou=a,dc=x");
	world_apply(&w, b);
	assert_string_equal(org_unit_of(&w, 1), "");
	assert_string_equal(org_unit_of(&w, 2), dn);
	assert_string_equal(org_unit_of(&w, 3), "");
	free(dn);
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parents_come_first_and_siblings_by_name),
		cmocka_unit_test(a_place_without_an_entry_goes_with_its_last_row),
		cmocka_unit_test(case_and_spelling_do_not_make_two_places),
		cmocka_unit_test(escaped_commas_and_quotes_stay_inside_an_rdn),
		cmocka_unit_test(a_renamed_org_unit_takes_all_below_it_along),
		cmocka_unit_test(quoted_names_of_a_server_are_whole),
		cmocka_unit_test(places_of_a_load_stand_as_if_they_had_come_one_by_one),
		cmocka_unit_test(a_name_that_was_taken_by_rows_alone_is_joined),
		cmocka_unit_test(two_org_units_change_places),
		cmocka_unit_test(an_org_unit_made_anew_takes_over_from_the_one_that_is_gone),
		cmocka_unit_test(a_dn_beyond_all_bounds_is_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
