/* What is out of a caller's reach does not exist for them, whatever they ask for: each use case
 * answers it as it answers an id, or a name, of nothing. And quotas. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../fakes/fake_follow.h"
#include "../fakes/fake_roster.h"
#include "flow/flow_private.h"
#include "people_world.h"

#define POEMS	 "ou=poems,dc=example"
#define ODES	 "ou=odes,ou=poems,dc=example"
#define EVE	 "e1111111-0000-4000-8000-000000000005"
#define EVE_DN	 "uid=eve,ou=odes,ou=poems,dc=example"
#define POEMS_ID "e2222222-0000-4000-8000-000000000002"
#define ODES_ID	 "e2222222-0000-4000-8000-000000000003"
#define GRACE	 "33333333-3333-4333-8333-333333333333"

static const char *const poems_places[] = { POEMS };
static const struct reach_rule poems_rule = { poems_places, 1, NULL };
static const struct reach within_poems = { &poems_rule, 1 };
static const struct reach_rule own_rule = { NULL, 0, GRACE };
static const struct reach own_only = { &own_rule, 1 };

/* Ada and Bob are engineers; Eve writes odes. The caller is limited to poems. */
static struct world *
limited_world_new(void)
{
	struct world *w = people_world_new();

	fake_dir_add_user(w->dir, EVE_DN, EVE, "eve@x.org");
	fake_dir_add_org_unit(w->dir, ENGINES, ENGINES_ID);
	fake_dir_add_org_unit(w->dir, POEMS, POEMS_ID);
	fake_dir_add_org_unit(w->dir, ODES, ODES_ID);
	w->caller.reach = &within_poems;
	return w;
}

static struct world_link
invite_at(struct world *w, const char *place, const char *mail)
{
	struct person p = world_ada;

	p.value[PERSON_ORG_UNIT] = place;
	p.value[PERSON_MAIL] = mail;
	p.group_count = 0;
	return world_invite(w, &p);
}

/* ---- people ---- */

typedef enum err person_call(struct world *w, const char *id);

static enum err
call_change(struct world *w, const char *id)
{
	return people_change(w, id, PERSON_POSITION, "Countess", NULL);
}

static enum err
call_suspend(struct world *w, const char *id)
{
	return people_suspend(w, id, true);
}

static enum err
call_resume(struct world *w, const char *id)
{
	return people_suspend(w, id, false);
}

static enum err
call_rename(struct world *w, const char *id)
{
	return people_unit_change(w, id, "elsewhere");
}

static void
assert_like_nothing(struct world *w, person_call *call, const char *id)
{
	assert_int_equal(call(w, id), ERR_NOT_FOUND);
	assert_int_equal(call(w, NOBODY), ERR_NOT_FOUND);
	assert_int_equal(people_keys(w, "job/"), 0);
}

static void
who_is_out_of_reach_is_nobody(void **state)
{
	static person_call *const calls[] = { people_show, call_change, call_suspend, call_resume,
		people_remove };
	struct world *w = limited_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		char text[FAULT_TEXT_MAX];

		assert_int_equal(calls[i](w, ADA), ERR_NOT_FOUND);
		memcpy(text, people.text, sizeof(text));
		assert_int_equal(calls[i](w, NOBODY), ERR_NOT_FOUND);
		assert_string_equal(text, people.text);
	}
	assert_int_equal(people_keys(w, "job/"), 0);
	assert_non_null(fake_dir_user_dn(w->dir, ADA));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(calls[i](w, EVE), ERR_OK);
	world_free(w);
}

static void
who_was_deleted_elsewhere_is_brought_back_by_nobody_limited(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	w->caller.reach = NULL;
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_remove(w, EVE), ERR_OK);
	w->caller.reach = &within_poems;
	assert_like_nothing(w, people_restore, ADA);
	assert_int_equal(people_restore(w, EVE), ERR_OK);
	world_free(w);
}

/* Seen in reach, and moved out of it before the change came: it is another version then. */
static void
who_is_moved_away_meanwhile_is_not_changed(void **state)
{
	static const char *const verbs[] = { "change", "suspend", "remove" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct world *w = limited_world_new();

		fake_dir_move_user(w->dir, ADA, "uid=ada,ou=poems,dc=example");
		people_start(w, verbs[i]);
		assert_int_equal(people.count, 0);
		/* The look has its answer already; what follows meets the entry elsewhere. */
		fake_dir_move_user(w->dir, ADA, ADA_DN);
		while (people.count == 0)
			world_wait(w);
		assert_int_not_equal(people.code, ERR_OK);
		assert_non_null(fake_dir_user_dn(w->dir, ADA));
		assert_false(fake_dir_is_suspended(w->dir, ADA));
		world_free(w);
	}
}

static void
nobody_is_moved_to_where_the_caller_does_not_reach(void **state)
{
	struct world *w = limited_world_new();

	(void)state;
	assert_int_equal(people_change(w, EVE, PERSON_ORG_UNIT, ENGINES, NULL), ERR_INVALID);
	assert_string_equal(people.first_field, "org_unit");
	assert_string_equal(people.first_code, "not_found");
	assert_string_equal(fake_dir_user_dn(w->dir, EVE), EVE_DN);
	assert_int_equal(people_change(w, EVE, PERSON_ORG_UNIT, POEMS, NULL), ERR_OK);
	world_free(w);
}

/* ---- org units ---- */

static void
units_out_of_reach_are_none(void **state)
{
	static person_call *const calls[] = { call_rename, people_unit_delete };
	struct world *w = limited_world_new();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_like_nothing(w, calls[i], ENGINES_ID);
		/* What the rights begin with can be seen, and not taken away. */
		assert_int_equal(calls[i](w, POEMS_ID), ERR_DENIED);
	}
	assert_int_equal(people_unit_add(w, ENGINES, "motors"), ERR_NOT_FOUND);
	assert_int_equal(people_unit_add(w, POEMS, "epics"), ERR_OK);
	assert_int_equal(people_unit_change(w, ODES_ID, "hymns"), ERR_OK);
	world_free(w);
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
		flow_list_start(w->flow, page.next[0] != '\0' ? page.next : NULL, 2, &w->caller,
		    on_page, &page);
		world_wait(w);
		assert_int_equal(page.code, ERR_OK);
		assert_true(page.count == 2 || page.next[0] == '\0');
		seen += page.count;
	} while (page.next[0] != '\0');
	assert_int_equal(seen, 6);
	world_free(w);
}

/* ---- groups that give roles ---- */

static void
nobody_gets_a_role_by_an_invitation(void **state)
{
	static const char *const roles[] = { ADMINS };
	static const struct {
		const char *group;
		bool loading;
		enum err code;
	} rows[] = {
		{ ADMINS, false, ERR_INVALID },
		{ "CN=Admins,dc=example", false, ERR_INVALID },
		{ "cn=staff,dc=example", false, ERR_INVALID },
		{ POETS, false, ERR_OK },
		{ ADMINS, true, ERR_INVALID },
		{ POETS, true, ERR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = people_world_new();
		struct roster r = { .loop = w->loop, .nested = "cn=staff,dc=example" };
		struct person p = world_ada;
		struct world_link link;

		r.loading = rows[i].loading;
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

/* ---- quota ---- */

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

/* ---- what the audit is told ---- */

static void
assert_told(struct world *w, const char *event, const char *const *words)
{
	if (people_audits(w, event) == 0)
		fail_msg("no record %s", event);
	for (; *words != NULL; words++)
		if (people_audit_says(w, event, *words) == 0)
			fail_msg("%s says nothing of %s", event, *words);
}

static void
every_change_is_noted_with_who_where_and_what(void **state)
{
	static const char *const common[] = { "\"person\":\"" GRACE "\"", "192.0.2.7", NULL };
	static const struct {
		const char *event;
		const char *words[5];
	} rows[] = {
		{ "issued", { "\"place\":\"" ODES "\"", "\\\"name\\\":\\\"Ada Lovelace\\\"",
				"\\\"mail\\\":\\\"b@x.org\\\"", "\\\"uid\\\":" } },
		{ "link_renewed", { "\"place\":\"" ODES "\"", "Ada Lovelace" } },
		{ "revoked", { "\"place\":\"" ODES "\"", "Ada Lovelace" } },
		{ "user_changed",
		    { "\"fields\":[\"position\"]", "\"place\":\"" ENGINES "\"",
			"\\\"position\\\":{\\\"before\\\":null,\\\"after\\\":\\\"Countess\\\"}" } },
		{ "user_suspended", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_resumed", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_removed", { "\"place\":\"" ENGINES "\"", ADA_DN } },
		{ "user_restored", { "\"place\":\"" ENGINES "\"", ADA_DN, "new_id" } },
		{ "org_unit_added",
		    { "\"place\":\"" POEMS "\"", "\"changes\":{\"name\":{\"after\":\"epics\"}}" } },
		{ "org_unit_changed", { "\"place\":\"" ODES "\"",
					  "\"name\":{\"before\":\"odes\",\"after\":\"hymns\"}" } },
		{ "org_unit_deleted", { "\"dn\":\"ou=hymns,ou=poems,dc=example\"" } },
	};
	struct world *w = limited_world_new();
	struct world_link link;
	struct token_hash token;

	(void)state;
	w->caller.reach = NULL;
	w->caller.entry = people_caller_entry = GRACE;
	w->caller.source = "192.0.2.7";
	w->caller.request_id = "r-2";
	link = invite_at(w, ODES, "b@x.org");
	assert_int_equal(world_relink(w, link.id, &token), ERR_OK);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(call_change(w, ADA), ERR_OK);
	assert_int_equal(call_suspend(w, ADA), ERR_OK);
	assert_int_equal(call_resume(w, ADA), ERR_OK);
	assert_int_equal(people_remove(w, ADA), ERR_OK);
	assert_int_equal(people_restore(w, ADA), ERR_OK);
	assert_int_equal(people_unit_add(w, POEMS, "epics"), ERR_OK);
	fake_dir_drop_user(w->dir, EVE);
	assert_int_equal(people_unit_change(w, ODES_ID, "hymns"), ERR_OK);
	assert_int_equal(people_unit_delete(w, ODES_ID), ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_told(w, rows[i].event, common);
		assert_told(w, rows[i].event, rows[i].words);
	}
	world_free(w);
}

/* Written down before it was done, so that whoever finishes it can tell. */
static void
what_a_crash_left_is_noted_just_so(void **state)
{
	static const char *const words[] = { "\"person\":\"" GRACE "\"", "192.0.2.7",
		"\"place\":\"" ENGINES "\"",
		"\\\"position\\\":{\\\"before\\\":null,\\\"after\\\":\\\"Countess\\\"}", NULL };
	struct world *w = people_world_new();

	(void)state;
	people_caller_entry = GRACE;
	w->caller.source = "192.0.2.7";
	fake_dir_fail(w->dir, 2, FAKE_LOSE_REPLY, ERR_UNKNOWN);
	assert_int_equal(call_change(w, ADA), ERR_UNKNOWN);
	people_settle_all(w, true);
	assert_told(w, "user_changed", words);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_out_of_reach_is_nobody),
		cmocka_unit_test(who_was_deleted_elsewhere_is_brought_back_by_nobody_limited),
		cmocka_unit_test(who_is_moved_away_meanwhile_is_not_changed),
		cmocka_unit_test(nobody_is_moved_to_where_the_caller_does_not_reach),
		cmocka_unit_test(units_out_of_reach_are_none),
		cmocka_unit_test(nobody_is_invited_to_where_the_caller_does_not_reach),
		cmocka_unit_test(a_group_out_of_reach_is_none),
		cmocka_unit_test(an_invitation_out_of_reach_is_none),
		cmocka_unit_test(an_inviter_has_their_own_and_no_others),
		cmocka_unit_test(pages_are_full_whatever_lies_between),
		cmocka_unit_test(nobody_gets_a_role_by_an_invitation),
		cmocka_unit_test(an_inviter_may_have_so_many_open_invitations_and_no_more),
		cmocka_unit_test(what_is_being_made_counts_until_it_is_told_or_given_up),
		cmocka_unit_test(every_change_is_noted_with_who_where_and_what),
		cmocka_unit_test(what_a_crash_left_is_noted_just_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
