/* How far rights reach: places, owners, what two limits have in common, and the places of a limit.
 * The rules are checked against what they mean, over every place of a small tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "invite/reach.h"

#define ADA   "11111111-1111-4111-8111-111111111111"
#define GRACE "22222222-2222-4222-8222-222222222222"

/* A tree three levels deep, with names that are the end of others. */
static const char *const tree[] = { "dc=org", "ou=a,dc=org", "ou=b,dc=org", "ou=aa,dc=org",
	"ou=x,ou=a,dc=org", "ou=y,ou=a,dc=org", "ou=a,ou=b,dc=org", "ou=z,ou=x,ou=a,dc=org",
	"dc=other" };
static const char *const owners[] = { NULL, ADA, GRACE };
enum {
	TREE = sizeof(tree) / sizeof(tree[0]),
	OWNERS = sizeof(owners) / sizeof(owners[0]),
	PLACES_MAX = 3,
	RULES_MAX = 3,
	ROUNDS = 4000
};

/* ---- places ---- */

static void
a_place_covers_itself_and_what_is_below_it(void **state)
{
	static const struct {
		const char *dn, *place;
		bool is_within;
	} rows[] = {
		{ "ou=a,dc=org", "ou=a,dc=org", true },
		{ "ou=x,ou=a,dc=org", "ou=a,dc=org", true },
		{ "OU=X,ou=A,DC=org", "ou=a,dc=org", true },
		{ "ou=aa,dc=org", "ou=a,dc=org", false },
		{ "dc=org", "ou=a,dc=org", false },
		{ "ou=a,dc=org,dc=net", "ou=a,dc=org", false },
		{ "xdc=org", "dc=org", false },
		{ "ou=b\\,ou=a,dc=org", "ou=a,dc=org", false },
		{ "ou=b\\\\,ou=a,dc=org", "ou=a,dc=org", true },
		{ "ou=b\\2C,ou=a,dc=org", "ou=a,dc=org", true },
		{ "ou=x,ou=\xc3\x84mter,dc=org", "OU=\xc3\xa4MTER,dc=org", true },
		{ "ou=A\xcc\x88mter,dc=org", "ou=\xc3\xa4mter,dc=org", true },
		{ "ou=\xc4\xb0,dc=org", "ou=i,dc=org", false },
		{ "ou=stra\xc3\x9f"
		  "e,dc=org",
		    "ou=strasse,dc=org", false },
		{ "ou=\xff,dc=org", "ou=\xfe,dc=org", false },
		{ "", "ou=a,dc=org", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (reach_is_within(rows[i].dn, rows[i].place) != rows[i].is_within)
			fail_msg("%s within %s", rows[i].dn, rows[i].place);
}

static void
the_entry_above_begins_behind_the_first_comma_that_is_no_value(void **state)
{
	(void)state;
	assert_string_equal(reach_above("uid=ada,ou=a,dc=org"), "ou=a,dc=org");
	assert_string_equal(reach_above("cn=Hopper\\, Grace,ou=a"), "ou=a");
	assert_string_equal(reach_above("cn=end\\\\,ou=a"), "ou=a");
	assert_string_equal(reach_above("uid=ada, ou=a"), "ou=a");
	assert_null(reach_above("dc=org"));
	assert_null(reach_above("cn=a\\,"));
	assert_null(reach_above(""));
}

/* ---- rules ---- */

static void
nobody_limited_reaches_everything_and_no_rule_reaches_nothing(void **state)
{
	const struct reach nothing = { NULL, 0 };

	(void)state;
	assert_true(reach_covers(NULL, "dc=org", NULL));
	assert_true(reach_covers(NULL, NULL, NULL));
	assert_true(reach_covers_place(NULL, "dc=org"));
	assert_true(reach_covers_unit(NULL, "dc=org"));
	assert_true(reach_is_everything(NULL));
	assert_false(reach_covers(&nothing, "dc=org", ADA));
	assert_false(reach_covers_place(&nothing, "dc=org"));
	assert_false(reach_covers_unit(&nothing, "dc=org"));
	assert_false(reach_is_everything(&nothing));
}

static void
what_stands_nowhere_is_in_no_place(void **state)
{
	static const char *const places[] = { "ou=a,dc=org" };
	const struct reach_rule placed = { places, 1, NULL }, owned = { NULL, 0, ADA };
	const struct reach in_a = { &placed, 1 }, of_ada = { &owned, 1 };

	(void)state;
	assert_false(reach_covers(&in_a, NULL, ADA));
	assert_true(reach_covers(&of_ada, NULL, ADA));
	assert_false(reach_covers(&of_ada, NULL, NULL));
	assert_false(reach_covers(&of_ada, NULL, GRACE));
	assert_true(reach_covers_place(&of_ada, "dc=org"));
}

/* To rename or delete what one's rights are limited to would be to change the rights. */
static void
a_unit_that_rights_begin_with_is_not_theirs_to_change(void **state)
{
	static const char *const places[] = { "ou=a,dc=org", "ou=x,ou=a,dc=org" };
	const struct reach_rule rule = { places, 2, NULL };
	const struct reach r = { &rule, 1 };

	(void)state;
	assert_false(reach_covers_unit(&r, "OU=a,dc=org"));
	assert_false(reach_covers_unit(&r, "ou=x,ou=a,dc=org"));
	assert_true(reach_covers_unit(&r, "ou=y,ou=a,dc=org"));
	assert_false(reach_covers_unit(&r, "dc=org"));
	assert_false(reach_covers_unit(&r, "ou=b,dc=org"));
}

/* ---- made at random ---- */

static unsigned
choose(unsigned below)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x % below);
}

struct sample {
	const char *places[RULES_MAX][PLACES_MAX];
	struct reach_rule rules[RULES_MAX];
	struct reach reach;
};

static const struct reach *
sample_make(struct sample *s)
{
	s->reach = (struct reach){ s->rules, choose(RULES_MAX + 1) };
	for (size_t i = 0; i < s->reach.count; i++) {
		s->rules[i] = (struct reach_rule){ s->places[i], choose(PLACES_MAX + 1),
			owners[choose(OWNERS)] };
		for (size_t j = 0; j < s->rules[i].count; j++)
			s->places[i][j] = tree[choose(TREE)];
	}
	return choose(10) == 0 ? NULL : &s->reach;
}

static void
what_two_limits_have_in_common_is_what_both_reach(void **state)
{
	struct arena *arena = arena_new(0);
	struct sample a, b;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const struct reach *x = sample_make(&a), *y = sample_make(&b);
		const struct reach *both = reach_intersect(x, y, arena);

		for (size_t i = 0; i < TREE; i++)
			for (size_t j = 0; j < OWNERS; j++)
				assert_int_equal(reach_covers(both, tree[i], owners[j]),
				    reach_covers(x, tree[i], owners[j]) &&
					reach_covers(y, tree[i], owners[j]));
		assert_int_equal(
		    reach_is_everything(both), reach_is_everything(x) && reach_is_everything(y));
	}
	arena_free(arena);
}

static void
a_copy_reaches_as_far(void **state)
{
	struct arena *arena = arena_new(0);
	struct sample a;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const struct reach *x = sample_make(&a), *copy = reach_copy(x, arena);

		for (size_t i = 0; i < TREE; i++)
			for (size_t j = 0; j < OWNERS; j++)
				assert_int_equal(reach_covers(copy, tree[i], owners[j]),
				    reach_covers(x, tree[i], owners[j]));
	}
	arena_free(arena);
}

/* Whoever made it: a list of places can say no more. */
static void
the_places_of_a_limit_cover_what_its_rules_do(void **state)
{
	struct arena *arena = arena_new(0);
	struct sample a;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		const struct reach *x = sample_make(&a);
		const char *const *places = NULL;
		size_t count = 0;
		const bool limited = reach_places(x, arena, &places, &count);

		for (size_t i = 0; i < TREE; i++) {
			bool within = !limited;

			for (size_t j = 0; j < count; j++)
				within = within || reach_is_within(tree[i], places[j]);
			assert_int_equal(within, reach_covers_place(x, tree[i]));
		}
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count; j++)
				assert_true(i == j || !reach_is_within(places[i], places[j]));
	}
	arena_free(arena);
}

static void
only_ones_own_has_one_owner(void **state)
{
	static const char *const places[] = { "ou=a" };
	const struct reach_rule rules[] = { { NULL, 0, "e1" }, { places, 1, "E1" },
		{ NULL, 0, "e2" }, { places, 1, NULL } };

	(void)state;
	assert_null(reach_owner(NULL));
	assert_null(reach_owner(&(struct reach){ rules, 0 }));
	assert_string_equal(reach_owner(&(struct reach){ rules, 2 }), "e1");
	assert_null(reach_owner(&(struct reach){ rules, 3 }));
	assert_null(reach_owner(&(struct reach){ rules + 3, 1 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_covers_itself_and_what_is_below_it),
		cmocka_unit_test(the_entry_above_begins_behind_the_first_comma_that_is_no_value),
		cmocka_unit_test(nobody_limited_reaches_everything_and_no_rule_reaches_nothing),
		cmocka_unit_test(what_stands_nowhere_is_in_no_place),
		cmocka_unit_test(a_unit_that_rights_begin_with_is_not_theirs_to_change),
		cmocka_unit_test(what_two_limits_have_in_common_is_what_both_reach),
		cmocka_unit_test(a_copy_reaches_as_far),
		cmocka_unit_test(only_ones_own_has_one_owner),
		cmocka_unit_test(the_places_of_a_limit_cover_what_its_rules_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
