/* Groups: their names, their members, and where they are when org units are renamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "roster_world.h"

enum { UNIT = 1000, GROUP = 2000 };

static void
open_empty(struct roster_world *w)
{
	world_open(w);
	world_apply(w, world_begin(FEED_DIRECTORY));
	world_end(w, FEED_DIRECTORY, true);
}

static struct feed_group *
group_of(struct feed_batch *b, uint32_t id, const char *name, size_t members)
{
	const char **list = arena_alloc(b->arena, (members + 1) * sizeof(*list));
	struct feed_group *g = &world_item(b, FEED_GROUP, id)->group;

	g->dn = g->normal = world_text(b, "cn=%s,ou=groups,dc=x", name);
	g->name = arena_strdup(b->arena, name);
	for (size_t i = 0; i < members; i++)
		list[i] = world_text(b, "uid=u%zu,ou=people,dc=x", i);
	g->members = list;
	g->member_count = members;
	return g;
}

static void
list_groups(void *arg, const struct roster_group *groups, size_t count)
{
	char *out = arg;

	*out = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(out + strlen(out), "%s %u;", groups[i].name, (unsigned)groups[i].members);
}

static void
groups_are_listed_by_name(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;
	char text[1024];

	(void)state;
	open_empty(&w);
	group_of(b, GROUP, "zebra", 3);
	group_of(b, GROUP + 1, "\xc3\x84mter", 10000);
	group_of(b, GROUP + 2, "beta", 0);
	world_apply(&w, b);
	assert_true(roster_groups(w.roster, list_groups, text));
	assert_string_equal(text, "\xc3\x84mter 10000;beta 0;zebra 3;");
	world_close(&w);
}

static void
ten_thousand_members_cost_eighty_kilobytes(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_figures before, after;
	struct roster_world w;

	(void)state;
	open_empty(&w);
	roster_figures(w.roster, &before);
	group_of(b, GROUP, "crowd", 10000);
	world_apply(&w, b);
	roster_figures(w.roster, &after);
	assert_true(after.bytes - before.bytes < 90000);
	world_close(&w);
}

static void
a_group_changes_its_name_and_goes(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;
	char text[1024];

	(void)state;
	open_empty(&w);
	for (uint32_t i = 0; i < 50; i++)
		group_of(b, GROUP + i, world_text(b, "g%02u", i), i);
	world_apply(&w, b);
	b = world_changes();
	for (uint32_t i = 2; i < 50; i++)
		world_item(b, FEED_GONE, GROUP + i);
	group_of(b, GROUP, "renamed", 1);
	group_of(b, GROUP + 60, "late", 1);
	world_apply(&w, b);
	assert_true(roster_groups(w.roster, list_groups, text));
	assert_string_equal(text, "g01 1;late 1;renamed 1;");
	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_end(&w, FEED_DIRECTORY, true);
	assert_true(roster_groups(w.roster, list_groups, text));
	assert_string_equal(text, "");
	world_close(&w);
}

static void
group_at(struct feed_batch *b, uint32_t id, const char *name, const char *dn, const char *normal)
{
	struct feed_group *g = group_of(b, id, name, 3);

	g->dn = dn;
	g->normal = normal;
}

static void
list_group_dns(void *arg, const struct roster_group *groups, size_t count)
{
	char *out = arg;

	*out = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(out + strlen(out), "%s %u;", groups[i].dn, (unsigned)groups[i].members);
}

static void
assert_groups(struct roster_world *w, const char *expected)
{
	char text[1024];

	assert_true(roster_groups(w->roster, list_group_dns, text));
	assert_string_equal(text, expected);
}

/* The server announces the org unit alone. */
static void
groups_below_a_renamed_org_unit_go_along(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	world_place(b, UNIT, "ou=Alpha,dc=x");
	world_place(b, UNIT + 1, "ou=in,ou=Alpha,dc=x");
	group_at(b, GROUP, "a", "CN=a, OU=alpha, DC=x", "cn=a,ou=alpha,dc=x");
	group_at(b, GROUP + 1, "b", "cn=b,ou=in,ou=Alpha,dc=x", "cn=b,ou=in,ou=Alpha,dc=x");
	group_at(b, GROUP + 2, "c", "cn=c,ou=other,dc=x", "cn=c,ou=other,dc=x");
	world_apply(&w, b);
	b = world_changes();
	world_place(b, UNIT, "ou=Omega,ou=top,dc=x");
	world_apply(&w, b);
	assert_groups(&w, "CN=a,ou=Omega,ou=top,dc=x 3;cn=b,ou=in,ou=Omega,ou=top,dc=x 3;"
			  "cn=c,ou=other,dc=x 3;");
	b = world_changes(); /* what the server sends later is what is known */
	group_at(b, GROUP, "a", "cn=a,dc=x", "cn=a,dc=x");
	world_place(b, UNIT, "ou=Alpha,dc=x");
	world_apply(&w, b);
	assert_groups(&w, "cn=a,dc=x 3;cn=b,ou=in,ou=Alpha,dc=x 3;cn=c,ou=other,dc=x 3;");
	world_close(&w);
}

static void
groups_change_places_with_their_org_units(void **state)
{
	struct feed_batch *b;
	struct roster_world w;

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		open_empty(&w);
		b = world_changes();
		world_place(b, UNIT, "ou=a,dc=x");
		world_place(b, UNIT + 1, "ou=b,dc=x");
		group_at(b, GROUP, "1", "cn=1,ou=a,dc=x", "cn=1,ou=a,dc=x");
		group_at(b, GROUP + 1, "2", "cn=2,ou=in,ou=b,dc=x", "cn=2,ou=in,ou=b,dc=x");
		world_apply(&w, b);
		b = world_begin(FEED_DIRECTORY);
		world_place(b, UNIT + first, first == 0 ? "ou=b,dc=x" : "ou=a,dc=x");
		world_place(b, UNIT + 1 - first, first == 0 ? "ou=a,dc=x" : "ou=b,dc=x");
		world_apply(&w, b);
		world_end(&w, FEED_DIRECTORY, false);
		assert_groups(&w, "cn=1,ou=b,dc=x 3;cn=2,ou=in,ou=a,dc=x 3;");
		world_close(&w);
	}
}

/* ---- groups in groups ---- */

/* `members` is a list of DNs that commas and semicolons make ("cn=a;uid=b"): below dc=x all. */
static void
nest(struct feed_batch *b, uint32_t id, const char *name, const char *members)
{
	struct feed_group *g = group_of(b, id, name, 8);
	char *copy = arena_strdup(b->arena, members), *rest, *word;
	size_t n = 0;

	g->dn = g->normal = world_text(b, "cn=%s,dc=x", name);
	for (word = strtok_r(copy, ";", &rest); word != NULL; word = strtok_r(NULL, ";", &rest))
		((const char **)(uintptr_t)g->members)[n++] = world_text(b, "%s,dc=x", word);
	g->member_count = n;
}

static const char *const roots[] = { "cn=Top,dc=x", "CN=SIDE,DC=X", "cn=none,dc=x", "" };
enum { ROOTS = 4 };

/* "1101": of each of the roots. */
static const char *
members_of(struct roster_world *w, const char *dn)
{
	static char text[ROOTS + 1];
	bool member[ROOTS];

	assert_true(roster_member_of(w->roster, dn, roots, ROOTS, member));
	for (size_t i = 0; i < ROOTS; i++)
		text[i] = (char)('0' + member[i]);
	return text;
}

static bool
leads(struct roster_world *w, const char *group)
{
	bool yes;

	assert_true(roster_leads_to(w->roster, group, roots, ROOTS, &yes));
	return yes;
}

static void
members_of_groups_in_groups_are_members(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;
	bool member[1];

	(void)state;
	world_open(&w);
	assert_false(roster_member_of(w.roster, "uid=a,dc=x", roots, 1, member));
	assert_false(roster_leads_to(w.roster, "cn=top,dc=x", roots, 1, member));
	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_end(&w, FEED_DIRECTORY, true);
	assert_string_equal(members_of(&w, "uid=a,dc=x"), "0000");
	assert_true(leads(&w, "cn=None,dc=x")); /* it may come */
	nest(b, GROUP, "top", "CN=middle;uid=chief;cn=\xc3\xa4MTER");
	nest(b, GROUP + 1, "middle", "cn=low;cn=TOP;uid=b"); /* a cycle */
	nest(b, GROUP + 2, "low", "UID=a;cn=low");
	nest(b, GROUP + 3, "Side", "cn=low");
	nest(b, GROUP + 4, "apart", "cn=top;uid=c");
	nest(b, GROUP + 5, "\xc3\x84mter", "uid=j\xc3\xbcrgen");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=A,DC=x"), "1100");
	assert_string_equal(members_of(&w, "uid=b,dc=x"), "1000");
	assert_string_equal(members_of(&w, "uid=chief,dc=x"), "1000");
	assert_string_equal(members_of(&w, "uid=J\xc3\x9cRGEN,dc=x"), "1000");
	assert_string_equal(members_of(&w, "uid=c,dc=x"), "0000"); /* up, never down */
	assert_string_equal(members_of(&w, "cn=low,dc=x"), "1100");
	assert_string_equal(members_of(&w, ""), "0000");
	assert_true(leads(&w, "CN=low,dc=x"));
	assert_true(leads(&w, "cn=side,dc=x"));
	assert_false(leads(&w, "cn=apart,dc=x"));
	assert_false(leads(&w, "uid=a,dc=x"));
	assert_false(leads(&w, ""));
	world_close(&w);
}

static void
a_change_of_groups_changes_who_is_in_them(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;

	(void)state;
	open_empty(&w);
	nest(b, GROUP, "top", "cn=low");
	nest(b, GROUP + 1, "low", "uid=a");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=a,dc=x"), "1000");
	b = world_changes();
	nest(b, GROUP + 1, "low", "uid=b");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=a,dc=x"), "0000");
	assert_string_equal(members_of(&w, "uid=b,dc=x"), "1000");
	b = world_changes(); /* the one in between goes, and another comes in its slot */
	world_item(b, FEED_GONE, GROUP + 1);
	nest(b, GROUP + 2, "other", "uid=b");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=b,dc=x"), "0000");
	assert_false(leads(&w, "cn=other,dc=x"));
	b = world_changes();
	nest(b, GROUP + 3, "none", "cn=other");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=b,dc=x"), "0010");
	assert_true(leads(&w, "cn=other,dc=x"));
	b = world_changes(); /* people alone */
	world_user(b, 1, "Ada");
	world_apply(&w, b);
	assert_string_equal(members_of(&w, "uid=b,dc=x"), "0010");
	world_close(&w);
}

/* Some group may be missing that is in between. */
static void
a_list_that_was_cut_short_knows_only_what_leads_there(void **state)
{
	struct feed_batch *b = world_changes();
	struct roster_world w;
	bool yes;

	(void)state;
	open_empty(&w);
	nest(b, GROUP, "top", "cn=low");
	nest(b, GROUP + 1, "apart", "uid=a");
	nest(b, GROUP + 2, "low", "uid=a");
	world_apply(&w, b);
	assert_true(leads(&w, "cn=low,dc=x"));
	assert_false(leads(&w, "cn=apart,dc=x"));
	world_apply(&w, world_begin(FEED_DIRECTORY));
	world_broken(&w, FEED_DIRECTORY);
	assert_true(roster_leads_to(w.roster, "cn=low,dc=x", roots, ROOTS, &yes));
	assert_true(yes);
	assert_false(roster_leads_to(w.roster, "cn=apart,dc=x", roots, ROOTS, &yes));
	assert_false(yes);
	world_close(&w);
}

/* What a plain climb through random groups says. */
static void
random_groups_nest_as_a_plain_climb_says(void **state)
{
	enum { N = 24 };
	static bool in[N][N], reach[N][N];
	unsigned seed = 7;
	struct roster_world w;

	(void)state;
	open_empty(&w);
	for (int round = 0; round < 20; round++) {
		struct feed_batch *b = world_changes();

		for (uint32_t g = 0; g < N; g++) {
			char list[256] = "uid=nobody";
			int room = 6;

			for (uint32_t m = 0; m < N; m++) {
				seed = seed * 1103515245 + 12345;
				in[g][m] = (seed >> 16) % 14 == 0 && room-- > 0;
				if (in[g][m])
					sprintf(list + strlen(list), ";cn=g%u", m);
				reach[m][g] = in[g][m];
			}
			nest(b, GROUP + g, world_text(b, "g%u", g), list);
		}
		world_apply(&w, b);
		for (size_t k = 0; k < N; k++)
			for (size_t i = 0; i < N; i++)
				for (size_t j = 0; j < N; j++)
					reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
		for (unsigned i = 0; i < N; i++)
			for (unsigned j = 0; j < N; j++) {
				char from[32], to[32];
				const char *root = to;
				bool member, led;

				sprintf(from, "cn=g%u,dc=x", i);
				sprintf(to, "cn=G%u,dc=x", j);
				assert_true(roster_member_of(w.roster, from, &root, 1, &member));
				assert_true(roster_leads_to(w.roster, from, &root, 1, &led));
				assert_int_equal(member, reach[i][j]);
				assert_int_equal(led, i == j || reach[i][j]);
			}
	}
	world_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_listed_by_name),
		cmocka_unit_test(ten_thousand_members_cost_eighty_kilobytes),
		cmocka_unit_test(a_group_changes_its_name_and_goes),
		cmocka_unit_test(groups_below_a_renamed_org_unit_go_along),
		cmocka_unit_test(groups_change_places_with_their_org_units),
		cmocka_unit_test(members_of_groups_in_groups_are_members),
		cmocka_unit_test(a_change_of_groups_changes_who_is_in_them),
		cmocka_unit_test(a_list_that_was_cut_short_knows_only_what_leads_there),
		cmocka_unit_test(random_groups_nest_as_a_plain_climb_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
