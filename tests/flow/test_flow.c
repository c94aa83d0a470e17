/* The use cases against a small world that fails where it is told to. The question is always the
 * same: one account or a working link, whatever happens. */
#include <stdio.h>
#include <string.h>

#include "world.h"

#define PASSWORD "correct horse staple"

enum { CALLS_MAX = 40 };

static const enum dir_password_mode modes[] = { DIR_PASSWORD_EXOP, DIR_PASSWORD_ARGON2 };

static const char *
stored_password(enum dir_password_mode mode)
{
	return mode == DIR_PASSWORD_EXOP ? PASSWORD : "hash:" PASSWORD;
}

static void
an_invited_person_becomes_an_account(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_new(modes[i]);
		struct world_link link = world_invite(w, &world_ada);
		struct world_answer a;

		assert_int_equal(link.code, ERR_OK);
		assert_string_equal(link.uid, "ada.lovelace");
		assert_int_equal(world_view(w, &link.token, NULL), VIEW_OPEN);
		a = world_accept(w, &link.token, PASSWORD, NULL);
		assert_int_equal(a.code, ERR_OK);
		assert_string_equal(a.uid, "ada.lovelace");
		assert_int_equal(fake_dir_count(w->dir, link.id), 1);
		assert_string_equal(fake_dir_password(w->dir, link.id), stored_password(modes[i]));
		assert_int_equal(fake_dir_memberships(w->dir), 1);
		assert_int_equal(world_state(w, link.id), INVITATION_DONE);
		assert_int_equal(world_view(w, &link.token, NULL), VIEW_USED);
		assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_USED);
		world_free(w);
	}
}

static void
the_same_attempt_sent_again_gets_the_same_answer(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	assert_int_equal(world_accept(w, &link.token, PASSWORD, "mine").code, ERR_OK);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, "mine").code, ERR_OK);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, "other").code, ERR_USED);
	assert_int_equal(world_view(w, &link.token, "mine"), VIEW_DONE);
	assert_int_equal(world_view(w, &link.token, "other"), VIEW_USED);
	world_free(w);
}

static bool
all_answered(struct world *w, void *arg)
{
	const struct world_answer *answers = arg;

	(void)w;
	for (size_t i = 0; i < 64; i++)
		if (answers[i].count == 0)
			return false;
	return true;
}

static void
of_many_rivals_exactly_one_wins(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_ARGON2);
	struct world_link link = world_invite(w, &world_ada);
	static struct world_answer answers[64];
	size_t won = 0;

	(void)state;
	memset(answers, 0, sizeof(answers));
	for (size_t i = 0; i < 64; i++)
		world_accept_start(w, &link.token, PASSWORD, NULL, &answers[i]);
	assert_true(world_until(w, all_answered, answers));
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(answers[i].count, 1);
		won += answers[i].code == ERR_OK;
		if (answers[i].code != ERR_OK)
			assert_int_equal(answers[i].code, ERR_USED);
	}
	assert_int_equal(won, 1);
	assert_int_equal(fake_dir_count(w->dir, link.id), 1);
	world_free(w);
}

/* ---- faults ---- */

static bool
is_settled(struct world *w, void *arg)
{
	enum invitation_state s = world_state(w, arg);

	return s == INVITATION_DONE || s == INVITATION_PENDING || s == INVITATION_CREATED;
}

/* Whatever happened: one entry at most, and either the account works or the link finishes it. */
static void
assert_done_or_link_works(struct world *w, struct world_link *link, enum dir_password_mode mode)
{
	struct world_answer a;

	w->now += dir_settle_ms(w->dir) + 1000;
	fake_dir_set_up(w->dir, true); /* wakes the resolver */
	assert_true(world_until(w, is_settled, link->id));
	fake_dir_deliver(w->dir);
	assert_true(fake_dir_count(w->dir, link->id) <= 1);
	if (world_state(w, link->id) != INVITATION_DONE) {
		a = world_accept(w, &link->token, PASSWORD, NULL);
		assert_int_equal(a.code, ERR_OK);
	}
	assert_int_equal(fake_dir_count(w->dir, link->id), 1);
	assert_string_equal(fake_dir_password(w->dir, link->id), stored_password(mode));
	assert_string_equal(fake_dir_uid(w->dir, link->id), "ada.lovelace");
	assert_int_equal(world_state(w, link->id), INVITATION_DONE);
}

static void
an_answer_tells_the_truth(
    struct world *w, const struct world_link *link, const struct world_answer *a)
{
	if (a->code == ERR_OK)
		assert_non_null(fake_dir_password(w->dir, link->id));
	else if (a->code != ERR_UNKNOWN && a->code != ERR_INVALID)
		assert_int_not_equal(world_state(w, link->id), INVITATION_DONE);
}

static void
accept_ends_consistent_whatever_the_directory_does(void **state)
{
	static const enum fake_fault faults[] = { FAKE_REFUSE, FAKE_LOSE_REPLY, FAKE_LOSE_ALL,
		FAKE_LATE };
	static const enum err codes[] = { ERR_UNAVAILABLE, ERR_BUSY, ERR_MISCONFIGURED };

	(void)state;
	for (size_t m = 0; m < 2; m++)
		for (size_t f = 0; f < 4; f++)
			for (size_t c = 0; c < (faults[f] == FAKE_REFUSE ? 3 : 1); c++)
				for (int nth = 1, hit = 1; hit; nth++) {
					struct world *w = world_new(modes[m]);
					struct world_link link = world_invite(w, &world_ada);
					struct world_answer a;

					assert_true(nth < CALLS_MAX);
					fake_dir_fail(w->dir, nth, faults[f], codes[c]);
					a = world_accept(w, &link.token, PASSWORD, NULL);
					hit = fake_dir_failed(w->dir);
					an_answer_tells_the_truth(w, &link, &a);
					assert_done_or_link_works(w, &link, modes[m]);
					world_free(w);
				}
}

static void
accept_ends_consistent_whatever_the_store_does(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_REFUSE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL };

	(void)state;
	for (size_t m = 0; m < 2; m++)
		for (size_t f = 0; f < 3; f++)
			for (int nth = 1, hit = 1; hit; nth++) {
				struct world *w = world_new(modes[m]);
				struct world_link link = world_invite(w, &world_ada);
				struct world_answer a;

				assert_true(nth < CALLS_MAX);
				fake_kv_fail(w->kv, nth, faults[f]);
				a = world_accept(w, &link.token, PASSWORD, NULL);
				hit = fake_kv_failed(w->kv);
				an_answer_tells_the_truth(w, &link, &a);
				assert_done_or_link_works(w, &link, modes[m]);
				world_free(w);
			}
}

static bool
dir_was_hit(struct world *w, void *arg)
{
	const struct world_answer *a = arg;

	return fake_dir_failed(w->dir) || fake_kv_failed(w->kv) || a->count > 0;
}

/* Killed while the n-th call of the directory, or of the store, is under way. */
static void
a_registration_survives_a_crash_anywhere(void **state)
{
	(void)state;
	for (size_t m = 0; m < 2; m++)
		for (int in_store = 0; in_store < 2; in_store++)
			for (int nth = 1, hit = 1; hit; nth++) {
				struct world *w = world_new(modes[m]);
				struct world_link link = world_invite(w, &world_ada);
				static struct world_answer a;

				assert_true(nth < CALLS_MAX);
				a = (struct world_answer){ .code = ERR_OK };
				if (in_store)
					fake_kv_fail(w->kv, nth, FAKE_KV_SILENT);
				else
					fake_dir_fail(w->dir, nth, FAKE_SILENT, ERR_OK);
				world_accept_start(w, &link.token, PASSWORD, NULL, &a);
				assert_true(world_until(w, dir_was_hit, &a));
				hit = a.count == 0;
				world_crash(w);
				assert_done_or_link_works(w, &link, modes[m]);
				world_free(w);
			}
}

/* A password that comes late must not replace the one that is chosen next. */
static void
nothing_is_settled_while_a_killed_daemons_messages_may_be_on_their_way(void **state)
{
	static struct world_answer first;
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	first = (struct world_answer){ .code = ERR_OK };
	fake_dir_fail(w->dir, 3, FAKE_SILENT, ERR_OK); /* asked, added, and now the password */
	world_accept_start(w, &link.token, PASSWORD, NULL, &first);
	assert_true(world_until(w, dir_was_hit, &first));
	assert_int_equal(first.count, 0);
	w->now += 3600 * 1000; /* it took long: the claim's age says nothing */
	world_crash(w);
	w->now += dir_settle_ms(w->dir) - 1;
	fake_dir_set_up(w->dir, true); /* wakes the resolver */
	for (int turns = 0; turns < 50; turns++)
		assert_int_equal(world_state(w, link.id), INVITATION_CLAIMED);
	w->now += 1;
	fake_dir_set_up(w->dir, true);
	assert_true(world_until(w, is_settled, link.id));
	assert_int_equal(world_state(w, link.id), INVITATION_CREATED);
	assert_int_equal(world_accept(w, &link.token, "quite another password", NULL).code, ERR_OK);
	assert_string_equal(fake_dir_password(w->dir, link.id), "quite another password");
	world_free(w);
}

static void
a_directory_that_is_away_leaves_the_link_alone(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	fake_dir_set_up(w->dir, false);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_UNAVAILABLE);
	assert_int_equal(world_state(w, link.id), INVITATION_PENDING);
	fake_dir_set_up(w->dir, true);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	world_free(w);
}

/* ---- names ---- */

static void
a_taken_uid_is_numbered(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person twin = world_ada;
	struct world_link a, b, c;

	(void)state;
	twin.value[PERSON_MAIL] = "ada2@example.org";
	a = world_invite(w, &world_ada);
	b = world_invite(w, &twin);
	assert_string_equal(a.uid, "ada.lovelace");
	assert_string_equal(b.uid, "ada.lovelace2");
	fake_dir_add_foreign(w->dir, "uid=x,dc=example", "ada.lovelace3", "x@example.org");
	twin.value[PERSON_MAIL] = "ada3@example.org";
	c = world_invite(w, &twin);
	assert_string_equal(c.uid, "ada.lovelace4");
	world_free(w);
}

static void
a_uid_taken_meanwhile_becomes_another_one(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	struct world_answer a;

	(void)state;
	fake_dir_add_foreign(
	    w->dir, "uid=ada.lovelace,ou=engines,dc=example", "ada.lovelace", "z@example.org");
	a = world_accept(w, &link.token, PASSWORD, NULL);
	assert_int_equal(a.code, ERR_OK);
	assert_string_equal(a.uid, "ada.lovelace2");
	assert_string_equal(fake_dir_uid(w->dir, link.id), "ada.lovelace2");
	world_free(w);
}

static void
a_chosen_uid_taken_meanwhile_is_a_conflict_and_the_link_works(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.value[PERSON_UID] = "countess";
	link = world_invite(w, &p);
	assert_string_equal(link.uid, "countess");
	fake_dir_add_foreign(
	    w->dir, "uid=countess,ou=engines,dc=example", "countess", "z@example.org");
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXISTS);
	assert_int_equal(world_view(w, &link.token, NULL), VIEW_OPEN);
	world_free(w);
}

static void
a_blank_uid_is_one_that_nobody_chose(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	struct world_link link;

	(void)state;
	p.value[PERSON_UID] = " ";
	link = world_invite(w, &p);
	assert_int_equal(link.code, ERR_OK);
	assert_string_equal(link.uid, "ada.lovelace");
	world_free(w);
}

static void
a_mail_address_belongs_to_one_person(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link a = world_invite(w, &world_ada), b = world_invite(w, &world_ada);

	(void)state;
	assert_int_equal(a.code, ERR_OK);
	assert_int_equal(b.code, ERR_EXISTS);
	assert_string_equal(b.first_field, "mail");
	assert_int_equal(world_revoke(w, a.id), ERR_OK);
	assert_int_equal(world_invite(w, &world_ada).code, ERR_OK);
	world_free(w);
}

static void
every_wrong_field_is_told_at_once(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = { .value = {
				[PERSON_GENDER] = "blue", [PERSON_BIRTHDAY] = "1999-02-29" } };
	struct world_link link = world_invite(w, &p);

	(void)state;
	assert_int_equal(link.code, ERR_INVALID);
	assert_int_equal(link.error_count, 6); /* two names, gender, birthday, mail, org_unit */
	p = world_ada;
	p.groups[p.group_count++] = "cn=missing,dc=example";
	link = world_invite(w, &p);
	assert_int_equal(link.code, ERR_INVALID);
	assert_string_equal(link.first_field, "groups[1]");
	world_free(w);
}

/* ---- the link's life ---- */

static void
a_link_ends_at_its_time_whether_swept_or_not(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	w->now += 3600 * 1000 - 1;
	assert_int_equal(world_view(w, &link.token, NULL), VIEW_OPEN);
	w->now += 1;
	assert_int_equal(world_view(w, &link.token, NULL), VIEW_EXPIRED);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXPIRED);
	assert_int_equal(fake_dir_count(w->dir, link.id), 0);
	world_free(w);
}

static void
revoking_and_replacing_end_a_link(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	struct token_hash fresh;

	(void)state;
	assert_int_equal(world_relink(w, link.id, &fresh), ERR_OK);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_REVOKED);
	assert_int_equal(world_view(w, &fresh, NULL), VIEW_OPEN);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(world_view(w, &fresh, NULL), VIEW_REVOKED);
	assert_int_equal(world_accept(w, &fresh, PASSWORD, NULL).code, ERR_REVOKED);
	assert_int_equal(world_revoke(w, "018bcfe5-6800-7000-8000-000000000000"), ERR_NOT_FOUND);
	world_free(w);
}

/* ---- passwords ---- */

static void
a_refused_password_can_be_chosen_again_with_the_same_link(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	struct world_answer a;

	(void)state;
	a = world_accept(w, &link.token, "too short", NULL);
	assert_int_equal(a.code, ERR_INVALID);
	assert_string_equal(a.first_field, "password");
	assert_string_equal(a.first_code, "too_short");
	assert_int_equal(fake_dir_count(w->dir, link.id), 0);
	fake_dir_refuse_password(w->dir, "the policy says no");
	a = world_accept(w, &link.token, "the policy says no", NULL);
	assert_int_equal(a.code, ERR_INVALID);
	assert_string_equal(a.first_code, "refused");
	assert_int_equal(world_state(w, link.id), INVITATION_CREATED);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	assert_int_equal(fake_dir_count(w->dir, link.id), 1);
	world_free(w);
}

/* The entry is made and its password refused: the link is left to finish it. */
static void
leave_unfinished(struct world *w, const struct world_link *link)
{
	fake_dir_refuse_password(w->dir, "the policy says no");
	assert_int_equal(
	    world_accept(w, &link->token, "the policy says no", NULL).code, ERR_INVALID);
	assert_int_equal(world_state(w, link->id), INVITATION_CREATED);
}

static void
an_account_that_exists_gets_its_password_and_is_not_written_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_new(modes[i]);
		struct world_link link = world_invite(w, &world_ada);

		fake_dir_refuse_password(w->dir, "the policy says no");
		fake_dir_fail(
		    w->dir, 3, FAKE_REFUSE, ERR_MISCONFIGURED); /* the password, or the groups */
		world_accept(w, &link.token, PASSWORD, NULL);
		if (modes[i] == DIR_PASSWORD_EXOP) {
			assert_int_equal(world_state(w, link.id), INVITATION_CREATED);
			assert_int_equal(fake_dir_adds(w->dir), 1);
			assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
		}
		assert_int_equal(fake_dir_adds(w->dir), 1);
		assert_int_equal(world_state(w, link.id), INVITATION_DONE);
		world_free(w);
	}
}

static void
an_unfinished_account_that_was_deleted_is_made_again(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	leave_unfinished(w, &link);
	fake_dir_remove_entries(w->dir);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	assert_string_equal(fake_dir_password(w->dir, link.id), PASSWORD);
	world_free(w);
}

/* "Try again in a few minutes" would be told for ever. */
static void
an_unfinished_account_that_was_deleted_and_its_name_given_away_is_a_conflict(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	leave_unfinished(w, &link);
	fake_dir_remove_entries(w->dir);
	fake_dir_add_foreign(
	    w->dir, "uid=ada.lovelace,ou=engines,dc=example", "ada.lovelace", "z@example.org");
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXISTS);
	assert_int_equal(world_state(w, link.id), INVITATION_CREATED);
	fake_dir_remove_entries(w->dir);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	world_free(w);
}

/* The claim lies in the future then; who made it may be a process that was killed all the same. */
static void
a_clock_that_is_set_back_lets_nobody_overtake_a_killed_daemon(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	leave_unfinished(w, &link);
	w->now -= 600 * 1000;
	world_crash(w);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_BUSY);
	assert_null(fake_dir_password(w->dir, link.id));
	w->now += dir_settle_ms(w->dir);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	world_free(w);
}

static void
an_account_that_was_never_finished_can_be_revoked(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	leave_unfinished(w, &link);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_REVOKED);
	assert_null(fake_dir_password(w->dir, link.id));
	world_free(w);
}

/* The password was set and the answer lost; the policy then refuses it as the present one. */
static void
a_password_that_is_set_already_is_no_failure(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	fake_dir_remember_passwords(w->dir);
	fake_dir_fail(w->dir, 3, FAKE_LOSE_REPLY, ERR_OK);
	world_accept(w, &link.token, PASSWORD, NULL);
	assert_true(fake_dir_failed(w->dir));
	assert_true(world_until(w, is_settled, link.id));
	assert_int_equal(world_state(w, link.id), INVITATION_DONE);
	world_free(w);
}

static void
another_password_under_the_same_attempt_is_not_told_as_done(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	struct world_answer first, second;

	(void)state;
	world_accept_start(w, &link.token, PASSWORD, "mine", &first);
	world_accept_start(w, &link.token, "quite another password", "mine", &second);
	while (first.count == 0 || second.count == 0)
		world_wait(w);
	assert_int_equal(first.code, ERR_OK);
	assert_int_equal(second.code, ERR_USED);
	assert_int_equal(
	    world_accept(w, &link.token, "quite another password", "mine").code, ERR_USED);
	assert_string_equal(fake_dir_password(w->dir, link.id), PASSWORD);
	world_free(w);
}

static bool
is_expired(struct world *w, void *arg)
{
	return world_state(w, arg) == INVITATION_EXPIRED;
}

static void
a_clock_that_is_set_back_revives_no_link(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	w->now += 3600 * 1000;
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXPIRED);
	assert_true(world_until(w, is_expired, link.id));
	w->now -= 3600 * 1000;
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXPIRED);
	world_free(w);
}

/* Nobody has swept, nobody has used the link: the administrator is the first who meets its end. */
static void
an_administrator_who_is_told_expired_can_rely_on_it(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person mary = world_ada;
	struct world_link a = world_invite(w, &world_ada), b;
	struct token_hash fresh;

	(void)state;
	mary.value[PERSON_MAIL] = "mary@example.org";
	b = world_invite(w, &mary);
	w->now += 3600 * 1000;
	assert_int_equal(world_revoke(w, a.id), ERR_EXPIRED);
	assert_int_equal(world_relink(w, b.id, &fresh), ERR_EXPIRED);
	assert_true(world_until(w, is_expired, a.id));
	assert_true(world_until(w, is_expired, b.id));
	w->now -= 3600 * 1000;
	assert_int_equal(world_view(w, &a.token, NULL), VIEW_EXPIRED);
	assert_int_equal(world_view(w, &b.token, NULL), VIEW_EXPIRED);
	world_free(w);
}

/* The answer is overdue while "done" is being stored: too late to be told "in progress", which what
 * is being stored knows nothing of. */
static void
who_is_told_to_wait_hears_the_end(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	struct world_answer a;

	(void)state;
	w->conf.answer_ms = 20;
	world_crash(w);
	fake_kv_fail(w->kv, 2, FAKE_KV_LOSE_REPLY); /* claimed, and now done: read back later */
	a = world_accept(w, &link.token, PASSWORD, NULL);
	assert_true(fake_kv_failed(w->kv));
	assert_int_equal(world_state(w, link.id), INVITATION_DONE);
	assert_int_equal(
	    world_view(w, &link.token, NULL), a.code == ERR_UNKNOWN ? VIEW_DONE : VIEW_USED);
	world_free(w);
}

static bool
is_done(struct world *w, void *arg)
{
	return world_state(w, arg) == INVITATION_DONE;
}

/* The claim of a created one is a day old at once; it is being finished all the same. */
static void
a_clock_that_is_set_on_takes_no_account_from_who_is_finishing_it(void **state)
{
	static struct world_answer first;
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	leave_unfinished(w, &link);
	first = (struct world_answer){ .code = ERR_OK };
	fake_dir_fail(
	    w->dir, 3, FAKE_REFUSE, ERR_UNAVAILABLE); /* found, asked, and now the password */
	world_accept_start(w, &link.token, PASSWORD, NULL, &first);
	assert_true(world_until(w, dir_was_hit, &first));
	world_set_clock(w, INVITATION_CREATED_GRACE_MS);
	assert_int_equal(world_accept(w, &link.token, "too late by a day", NULL).code, ERR_EXPIRED);
	while (first.count == 0)
		world_wait(w);
	assert_int_equal(first.code, ERR_UNKNOWN);
	assert_true(world_until(w, is_done, link.id));
	assert_string_equal(fake_dir_password(w->dir, link.id), PASSWORD);
	world_free(w);
}

/* Nobody has swept: whether the names are free must not depend on it. */
static bool
is_forgotten(struct world *w, void *arg)
{
	return world_view(w, arg, NULL) == VIEW_UNKNOWN;
}

static void
what_is_expired_is_kept_as_long_as_the_configuration_says(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person other = world_ada;
	struct world_link old = world_invite(w, &world_ada), young;

	(void)state;
	other.value[PERSON_MAIL] = "ada2@example.org";
	young = world_invite(w, &other);
	w->now += 3600 * 1000;
	world_revoke(w, old.id); /* told "expired", so that is written down */
	assert_true(world_until(w, is_expired, old.id));
	w->now += 1000;
	world_revoke(w, young.id);
	assert_true(world_until(w, is_expired, young.id));
	w->now += 30LL * 86400 * 1000 - 1;
	world_crash(w); /* the sweeper comes soon after a start */
	assert_true(world_until(w, is_forgotten, &old.token));
	assert_int_equal(world_view(w, &young.token, NULL), VIEW_EXPIRED);
	world_free(w);
}

static void
who_is_shown_as_expired_can_be_invited_again(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct person p = world_ada;
	struct world_link old, again;

	(void)state;
	p.value[PERSON_UID] = "countess";
	old = world_invite(w, &p);
	w->now += 3600 * 1000 - 1;
	assert_int_equal(world_invite(w, &p).code, ERR_EXISTS);
	w->now += 1;
	again = world_invite(w, &p);
	assert_int_equal(again.code, ERR_OK);
	assert_string_equal(again.uid, "countess");
	assert_int_equal(world_state(w, old.id), INVITATION_EXPIRED);
	w->now -= 3600 * 1000;
	assert_int_equal(world_view(w, &old.token, NULL), VIEW_EXPIRED);
	assert_int_equal(world_accept(w, &again.token, PASSWORD, NULL).code, ERR_OK);
	world_free(w);
}

/* An attempt was killed before its Add left; while nobody looked, the address went to somebody
 * else. */
static void
names_are_asked_about_again_after_an_attempt_was_given_back(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);
	static struct world_answer lost;

	(void)state;
	lost = (struct world_answer){ .code = ERR_OK };
	fake_dir_fail(w->dir, 2, FAKE_LATE, ERR_OK); /* the Add, which is then never delivered */
	world_accept_start(w, &link.token, PASSWORD, NULL, &lost);
	assert_true(world_until(w, dir_was_hit, &lost));
	world_crash(w);
	w->now += dir_settle_ms(w->dir) + 1000;
	fake_dir_set_up(w->dir, true);
	assert_true(world_until(w, is_settled, link.id));
	assert_int_equal(world_state(w, link.id), INVITATION_PENDING);
	fake_dir_add_foreign(w->dir, "uid=x,dc=example", "x", "ada@example.org");
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_EXISTS);
	assert_int_equal(fake_dir_count(w->dir, link.id), 0);
	world_free(w);
}

/* An attempt was killed with its Add on the way, and the name is taken by somebody else: until the
 * Add can no longer come, another name would be a second entry. */
static struct world_link
invite_with_late_add(struct world *w, const char *foreign)
{
	struct world_link link = world_invite(w, &world_ada);
	static struct world_answer lost;

	lost = (struct world_answer){ .code = ERR_OK };
	fake_dir_fail(w->dir, 2, FAKE_LATE, ERR_OK);
	world_accept_start(w, &link.token, PASSWORD, NULL, &lost);
	assert_true(world_until(w, dir_was_hit, &lost));
	world_crash(w);
	fake_dir_add_foreign(w->dir, foreign, "ada.lovelace", "z@example.org");
	w->now += dir_settle_ms(w->dir) + 1000;
	fake_dir_set_up(w->dir, true);
	assert_true(world_until(w, is_settled, link.id));
	assert_int_equal(world_state(w, link.id), INVITATION_PENDING);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_BUSY);
	assert_int_equal(fake_dir_count(w->dir, link.id), 0);
	return link;
}

static void
a_name_is_kept_as_long_as_an_add_under_it_may_come(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = invite_with_late_add(w, "uid=ada.lovelace,ou=x,dc=example");

	(void)state;
	fake_dir_deliver(w->dir);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
	assert_string_equal(fake_dir_uid(w->dir, link.id), "ada.lovelace");
	assert_int_equal(fake_dir_count(w->dir, link.id), 1);
	world_free(w);
}

static void
a_name_is_changed_once_no_add_under_it_can_come(void **state)
{
	static const char *const places[] = { "uid=ada.lovelace,ou=engines,dc=example",
		"uid=ada.lovelace,ou=x,dc=example" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = world_new(DIR_PASSWORD_EXOP);
		struct world_link link = invite_with_late_add(w, places[i]);

		w->now += 120 * 1000;
		assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_OK);
		assert_string_equal(fake_dir_uid(w->dir, link.id), "ada.lovelace2");
		assert_int_equal(fake_dir_count(w->dir, link.id), 1);
		world_free(w);
	}
}

static void
an_org_unit_deleted_meanwhile_leaves_the_link_alone(void **state)
{
	struct world *w = world_new(DIR_PASSWORD_EXOP);
	struct world_link link = world_invite(w, &world_ada);

	(void)state;
	fake_dir_remove_org_unit(w->dir);
	assert_int_equal(world_accept(w, &link.token, PASSWORD, NULL).code, ERR_MISCONFIGURED);
	assert_int_equal(world_state(w, link.id), INVITATION_PENDING);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invited_person_becomes_an_account),
		cmocka_unit_test(the_same_attempt_sent_again_gets_the_same_answer),
		cmocka_unit_test(of_many_rivals_exactly_one_wins),
		cmocka_unit_test(accept_ends_consistent_whatever_the_directory_does),
		cmocka_unit_test(accept_ends_consistent_whatever_the_store_does),
		cmocka_unit_test(a_registration_survives_a_crash_anywhere),
		cmocka_unit_test(
		    nothing_is_settled_while_a_killed_daemons_messages_may_be_on_their_way),
		cmocka_unit_test(a_directory_that_is_away_leaves_the_link_alone),
		cmocka_unit_test(a_taken_uid_is_numbered),
		cmocka_unit_test(a_uid_taken_meanwhile_becomes_another_one),
		cmocka_unit_test(a_chosen_uid_taken_meanwhile_is_a_conflict_and_the_link_works),
		cmocka_unit_test(a_blank_uid_is_one_that_nobody_chose),
		cmocka_unit_test(a_mail_address_belongs_to_one_person),
		cmocka_unit_test(every_wrong_field_is_told_at_once),
		cmocka_unit_test(a_link_ends_at_its_time_whether_swept_or_not),
		cmocka_unit_test(revoking_and_replacing_end_a_link),
		cmocka_unit_test(a_refused_password_can_be_chosen_again_with_the_same_link),
		cmocka_unit_test(an_org_unit_deleted_meanwhile_leaves_the_link_alone),
		cmocka_unit_test(a_name_is_kept_as_long_as_an_add_under_it_may_come),
		cmocka_unit_test(a_name_is_changed_once_no_add_under_it_can_come),
		cmocka_unit_test(an_account_that_exists_gets_its_password_and_is_not_written_again),
		cmocka_unit_test(an_account_that_was_never_finished_can_be_revoked),
		cmocka_unit_test(a_clock_that_is_set_back_lets_nobody_overtake_a_killed_daemon),
		cmocka_unit_test(an_unfinished_account_that_was_deleted_is_made_again),
		cmocka_unit_test(
		    an_unfinished_account_that_was_deleted_and_its_name_given_away_is_a_conflict),
		cmocka_unit_test(a_password_that_is_set_already_is_no_failure),
		cmocka_unit_test(another_password_under_the_same_attempt_is_not_told_as_done),
		cmocka_unit_test(a_clock_that_is_set_back_revives_no_link),
		cmocka_unit_test(an_administrator_who_is_told_expired_can_rely_on_it),
		cmocka_unit_test(what_is_expired_is_kept_as_long_as_the_configuration_says),
		cmocka_unit_test(who_is_shown_as_expired_can_be_invited_again),
		cmocka_unit_test(who_is_told_to_wait_hears_the_end),
		cmocka_unit_test(a_clock_that_is_set_on_takes_no_account_from_who_is_finishing_it),
		cmocka_unit_test(names_are_asked_about_again_after_an_attempt_was_given_back),
	};

	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
