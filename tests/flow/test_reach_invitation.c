/* Invitations of callers whose rights are limited: where to, into which groups, which they see, and
 * how many they may have. */
#include <stdio.h>
#include <string.h>

#include "../fakes/fake_follow.h"
#include "../fakes/fake_roster.h"
#include "flow/flow_private.h"
#include "reach_world.h"

struct quota_world {
	struct world *w;
	struct roster r;
	struct flow_feed *feed;
};

static bool
feed_is_ready(struct world *w, void *arg)
{
	struct flow_feed_figures figures;

	(void)w;
	flow_feed_figures(((struct quota_world *)arg)->feed, &figures);
	return figures.ready;
}

/* ---- invitations ---- */

static void
nobody_is_invited_to_where_the_caller_does_not_reach(void **state)
{
	struct world *w = limited_world_new();
	struct world_link link = invite_at(w, ENGINES, "a@x.org");

	(void)state;
	assert_int_equal(link.code, ERR_INVALID);
	assert_string_equal(link.first_field, "org_unit");
	assert_string_equal(link.first_code, "not_found");
	assert_int_equal(invite_at(w, ODES, "b@x.org").code, ERR_OK);
	world_free(w);
}

static void
a_group_out_of_reach_is_none(void **state)
{
	struct world *w = limited_world_new();
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.value[PERSON_ORG_UNIT] = ODES;
	p.groups[0] = "cn=readers,ou=poems,dc=example";
	p.groups[1] = POETS;
	p.group_count = 2;
	link = world_invite(w, &p);
	assert_int_equal(link.code, ERR_INVALID);
	assert_int_equal(link.error_count, 1);
	assert_string_equal(link.first_field, "groups[1]");
	assert_string_equal(link.first_code, "not_found");
	p.group_count = 1;
	assert_int_equal(world_invite(w, &p).code, ERR_OK);
	world_free(w);
}

static void
an_invitation_out_of_reach_is_none(void **state)
{
	struct world *w = limited_world_new();
	struct world_link there, here;
	struct token_hash token;

	(void)state;
	w->caller.reach = NULL;
	there = invite_at(w, ENGINES, "a@x.org");
	here = invite_at(w, ODES, "b@x.org");
	w->caller.reach = &within_poems;
	assert_int_equal(world_relink(w, there.id, &token), ERR_NOT_FOUND);
	assert_int_equal(world_revoke(w, there.id), ERR_NOT_FOUND);
	assert_int_equal(people_remove(w, there.id), ERR_NOT_FOUND);
	assert_int_equal(world_state(w, there.id), INVITATION_PENDING);
	assert_int_equal(world_relink(w, here.id, &token), ERR_OK);
	assert_int_equal(world_revoke(w, here.id), ERR_OK);
	/* One that is over stays in reach. */
	assert_int_equal(world_revoke(w, here.id), ERR_OK);
	world_free(w);
}

static void
an_inviter_has_their_own_and_no_others(void **state)
{
	struct world *w = limited_world_new();
	struct world_link others, own;

	(void)state;
	w->caller.reach = NULL;
	others = invite_at(w, ODES, "a@x.org");
	w->caller.reach = &own_only;
	w->caller.entry = GRACE;
	own = invite_at(w, ODES, "b@x.org");
	assert_int_equal(own.code, ERR_OK);
	assert_int_equal(world_revoke(w, others.id), ERR_NOT_FOUND);
	assert_int_equal(world_revoke(w, own.id), ERR_OK);
	world_free(w);
}

/* ---- lists ---- */

struct page {
	struct world *w;
	enum err code;
	size_t count;
	char first[ID_SIZE], next[STORE_CURSOR_SIZE];
};

static void
on_page(void *arg, enum err code, struct invitation *const *list, size_t count, const char *next,
    const struct fault *f)
{
	struct page *p = arg;

	(void)f;
	p->code = code;
	p->count = count;
	p->first[0] = '\0';
	snprintf(p->next, sizeof(p->next), "%s", next != NULL ? next : "");
	if (count > 0)
		memcpy(p->first, list[0]->id, ID_SIZE);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(list[i]->person.value[PERSON_ORG_UNIT], ODES);
	world_stop_waiting(p->w);
}

static void
read_page(struct page *page, const char *cursor, size_t limit)
{
	flow_list_start(page->w->flow, cursor, limit, &page->w->caller, on_page, page);
	world_wait(page->w);
}

static void
pages_are_full_whatever_lies_between(void **state)
{
	struct world *w = limited_world_new();
	struct page page = { .w = w };
	size_t seen = 0;

	(void)state;
	w->caller.reach = NULL;
	for (int i = 0; i < 30; i++) {
		char mail[32];

		w->now++;
		snprintf(mail, sizeof(mail), "m%d@x.org", i);
		assert_int_equal(invite_at(w, i % 5 == 0 ? ODES : ENGINES, mail).code, ERR_OK);
	}
	w->caller.reach = &within_poems;
	do {
		char cursor[STORE_CURSOR_SIZE];

		memcpy(cursor, page.next, sizeof(cursor));
		read_page(&page, cursor[0] != '\0' ? cursor : NULL, 2);
		assert_int_equal(page.code, ERR_OK);
		assert_true(page.count == 2 || page.next[0] == '\0');
		seen += page.count;
	} while (page.next[0] != '\0');
	assert_int_equal(seen, 6);
	world_free(w);
}

/* Where a page ends may be an invitation that the caller knows nothing of. */
static void
a_cursor_shows_no_id_and_is_ours(void **state)
{
	struct world *w = limited_world_new();
	struct page page = { .w = w };
	struct world_link link;

	(void)state;
	link = invite_at(w, ODES, "a@x.org");
	invite_at(w, ODES, "b@x.org");
	read_page(&page, NULL, 1);
	assert_int_equal(page.count, 1);
	assert_true(page.next[0] != '\0' && !id_is_valid(page.next));
	read_page(&page, link.id, 1);
	assert_int_equal(page.code, ERR_INVALID);
	world_free(w);
}

/* A page looks at so many and no more, however many are elsewhere. */
static void
a_page_ends_where_it_has_looked_long_enough(void **state)
{
	struct world *w = limited_world_new();
	struct page page = { .w = w };
	size_t pages = 0, seen = 0;

	(void)state;
	w->caller.reach = NULL;
	for (int i = 0; i < 1020; i++) {
		char mail[32];

		w->now++;
		snprintf(mail, sizeof(mail), "m%d@x.org", i);
		assert_int_equal(invite_at(w, i == 1019 ? ODES : ENGINES, mail).code, ERR_OK);
	}
	w->caller.reach = &within_poems;
	do {
		char cursor[STORE_CURSOR_SIZE];

		memcpy(cursor, page.next, sizeof(cursor));
		read_page(&page, cursor[0] != '\0' ? cursor : NULL, 50);
		assert_int_equal(page.code, ERR_OK);
		seen += page.count;
		pages++;
	} while (page.next[0] != '\0');
	assert_int_equal(seen, 1);
	assert_int_equal(pages, 2);
	world_free(w);
}

/* Of their own there is an index: nobody else's is looked at. */
static void
an_inviter_reads_their_own_and_no_others(void **state)
{
	struct quota_world q = { .w = limited_world_new() };
	struct world *w = q.w;
	struct page page = { .w = w };
	char own[5][ID_SIZE], cursor[STORE_CURSOR_SIZE];
	size_t reads;

	(void)state;
	q.r.loop = w->loop;
	w->caller.reach = NULL;
	for (int i = 0; i < 40; i++) {
		char mail[32];
		struct world_link link;

		w->now++;
		snprintf(mail, sizeof(mail), "m%d@x.org", i);
		w->caller.entry = i % 8 == 0 ? GRACE : ADA;
		link = invite_at(w, ODES, mail);
		if (i % 8 == 0)
			memcpy(own[i / 8], link.id, ID_SIZE);
	}
	w->caller.entry = GRACE;
	w->caller.reach = &own_only;
	q.feed = flow_feed_new(w->flow, &q.r, 5000, 5000);
	assert_true(world_until(w, feed_is_ready, &q));
	assert_int_equal(world_revoke(w, own[1]), ERR_OK); /* the index may not know yet */
	reads = fake_kv_asked(w->kv);
	read_page(&page, NULL, 2);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.first, own[0]);
	assert_true(fake_kv_asked(w->kv) - reads <= 3);
	memcpy(cursor, page.next, sizeof(cursor));
	read_page(&page, cursor, 50);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.first, own[3]);
	assert_string_equal(page.next, "");
	flow_feed_free(q.feed);
	world_free(w);
}

/* ---- groups that give roles ---- */

static void
nobody_gets_a_role_by_an_invitation(void **state)
{
	static const char *const roles[] = { ADMINS };
	static const struct {
		const char *group;
		bool loading, incomplete;
		enum err code;
	} rows[] = {
		{ ADMINS, false, false, ERR_INVALID },
		{ "CN=Admins,dc=example", false, false, ERR_INVALID },
		{ "cn=\\20staff,dc=example", false, false, ERR_INVALID },
		{ "cn=staff,dc=example", false, false, ERR_INVALID },
		{ POETS, false, false, ERR_OK },
		{ ADMINS, true, false, ERR_INVALID },
		{ POETS, true, false, ERR_UNAVAILABLE },
		/* Some group may be missing that is between. */
		{ POETS, false, true, ERR_UNAVAILABLE },
		{ "cn=staff,dc=example", false, true, ERR_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = people_world_new();
		struct roster r = { .loop = w->loop, .nested = "cn=staff,dc=example" };
		struct person p = world_ada;
		struct world_link link;

		r.loading = rows[i].loading;
		r.incomplete = rows[i].incomplete;
		w->conf.roster = &r;
		w->conf.role_groups = roles;
		w->conf.role_group_count = 1;
		world_crash(w);
		p.groups[0] = rows[i].group;
		p.group_count = 1;
		link = world_invite(w, &p);
		assert_int_equal(link.code, rows[i].code);
		if (link.code == ERR_INVALID) {
			assert_string_equal(link.first_field, "groups[0]");
			assert_string_equal(link.first_code, "not_allowed");
		}
		world_free(w);
	}
}

/* The store has what the server calls them, whatever they were called. */
static void
a_group_is_kept_by_the_name_that_the_server_has_for_it(void **state)
{
	struct world *w = people_world_new();
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.groups[0] = "cn=\\20poets,dc=example";
	p.groups[1] = "cn=poets\\20,dc=example";
	p.groups[2] = "cn=readers,dc=example";
	p.group_count = 3;
	link = world_invite(w, &p);
	assert_int_equal(link.code, ERR_OK);
	assert_string_equal(link.groups, POETS ";cn=readers,dc=example;");
	world_free(w);
}

/* ---- quota ---- */

static bool
there_is_room(struct world *w, void *arg)
{
	struct fault f;
	const bool room = quota_hold(w->flow->quota, NOBODY, GRACE, *(size_t *)arg, &f) == ERR_OK;

	quota_release(w->flow->quota, NOBODY);
	return room;
}

static void
an_inviter_may_have_so_many_open_invitations_and_no_more(void **state)
{
	struct quota_world q = { .w = limited_world_new() };
	struct world *w = q.w;
	struct world_link first;
	size_t two = 2;

	(void)state;
	q.r.loop = w->loop;
	w->caller = (struct flow_caller){ .name = "user:g", .entry = GRACE, .quota = 2 };
	assert_int_equal(invite_at(w, ODES, "a@x.org").code, ERR_UNAVAILABLE); /* not known yet */
	q.feed = flow_feed_new(w->flow, &q.r, 5000, 5000);
	assert_true(world_until(w, feed_is_ready, &q));
	first = invite_at(w, ODES, "a@x.org");
	assert_int_equal(first.code, ERR_OK);
	assert_int_equal(invite_at(w, "ou=missing", "b@x.org").code, ERR_INVALID); /* counts not */
	assert_int_equal(invite_at(w, ODES, "b@x.org").code, ERR_OK);
	assert_int_equal(invite_at(w, ODES, "c@x.org").code, ERR_REFUSED);
	w->caller.entry = ADA; /* somebody else's */
	assert_int_equal(invite_at(w, ODES, "d@x.org").code, ERR_OK);
	w->caller.entry = GRACE;
	assert_int_equal(world_revoke(w, first.id), ERR_OK);
	assert_true(world_until(w, there_is_room, &two));
	assert_int_equal(invite_at(w, ODES, "c@x.org").code, ERR_OK);
	flow_feed_free(q.feed);
	world_free(w);
}

static void
what_is_being_made_counts_until_it_is_told_or_given_up(void **state)
{
	struct quota *q = quota_new();
	struct fault f;

	(void)state;
	assert_int_equal(quota_hold(q, ADA, GRACE, 1, &f), ERR_UNAVAILABLE);
	quota_begin(q);
	quota_ready(q);
	assert_int_equal(quota_hold(q, ADA, GRACE, 1, &f), ERR_OK);
	assert_int_equal(quota_hold(q, BOB, GRACE, 1, &f), ERR_REFUSED);
	assert_memory_equal(f.text, "quota: ", 7);
	quota_release(q, ADA);
	assert_int_equal(quota_hold(q, BOB, GRACE, 1, &f), ERR_OK);
	quota_tell(q, BOB, GRACE);
	quota_release(q, BOB); /* it is the store's now */
	assert_int_equal(quota_hold(q, ADA, GRACE, 1, &f), ERR_REFUSED);
	quota_begin(q); /* the watch tells anew, and not of this one */
	quota_ready(q);
	assert_int_equal(quota_hold(q, ADA, GRACE, 1, &f), ERR_OK);
	quota_begin(q); /* nor yet of what was made meanwhile */
	quota_ready(q);
	assert_int_equal(quota_hold(q, BOB, GRACE, 1, &f), ERR_REFUSED);
	quota_tell(q, ADA, NULL);
	assert_int_equal(quota_hold(q, BOB, GRACE, 1, &f), ERR_OK);
	quota_free(q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_invited_to_where_the_caller_does_not_reach),
		cmocka_unit_test(a_group_out_of_reach_is_none),
		cmocka_unit_test(an_invitation_out_of_reach_is_none),
		cmocka_unit_test(an_inviter_has_their_own_and_no_others),
		cmocka_unit_test(pages_are_full_whatever_lies_between),
		cmocka_unit_test(a_cursor_shows_no_id_and_is_ours),
		cmocka_unit_test(a_page_ends_where_it_has_looked_long_enough),
		cmocka_unit_test(an_inviter_reads_their_own_and_no_others),
		cmocka_unit_test(nobody_gets_a_role_by_an_invitation),
		cmocka_unit_test(a_group_is_kept_by_the_name_that_the_server_has_for_it),
		cmocka_unit_test(an_inviter_may_have_so_many_open_invitations_and_no_more),
		cmocka_unit_test(what_is_being_made_counts_until_it_is_told_or_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
