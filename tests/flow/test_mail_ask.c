/* What an administrator, the person and other mail systems do to an invitation by mail, in each of
 * its states and at every moment of a mail's way. */
#include <stdio.h>
#include <string.h>

#include "flow/outbox_private.h"
#include "mail_world.h"

#define PASSWORD "correct horse staple"
#define NEW_AT	 "ada@work.example"

/* An invitation whose first mail has arrived. */
static struct mail_world *
mailed(void)
{
	struct mail_world *m = mail_world_new();

	m->conf.resend_s = 0;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	return m;
}

/* One whose first mail waits: it was deferred. */
static struct mail_world *
waiting(void)
{
	struct mail_world *m = mail_world_new();

	m->conf.resend_s = 0;
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 1);
	return m;
}

/* One whose first mail is being sent, and is answered when the mailer is released. Nobody asks for
 * another in the very millisecond. */
static struct mail_world *
in_flight(enum mail_outcome outcome)
{
	struct mail_world *m = mail_world_new();

	m->conf.resend_s = 0;
	m->mailer->hold = true;
	fake_mailer_then(m->mailer, outcome, 0, "words");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	m->w->now++;
	return m;
}

/* Nothing more leaves, however long one waits. */
static void
assert_at_rest_with(struct mail_world *m, size_t mails)
{
	for (int i = 0; i < 6; i++) {
		mail_world_pass(m, 60 * 1000);
		mail_world_rest(m);
	}
	assert_int_equal(m->mailer->count, mails);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
}

/* ---- resend ---- */

static void
another_mail_brings_another_link_and_the_first_works_on(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	assert_non_null(m->log);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_look(m, m->inv->id);
	assert_int_equal(mail_world_happened(m, INVITATION_EV_RESEND), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_QUEUED), 2);
	mail_world_free(m);
}

static void
resent_with_older_links_void_the_first_ends_at_once(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->mailer->hold = true;
	assert_int_equal(mail_world_resend(m, m->inv->id, true), ERR_OK);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	fake_mailer_release(m->mailer);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

static void
a_mail_is_asked_for_again_after_the_cool_down_alone(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->conf.resend_s = 60;
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_THROTTLED);
	assert_int_equal(m->retry_after_s, 60);
	mail_world_pass(m, 59 * 1000 + 1);
	assert_int_equal(mail_world_resend(m, m->inv->id, true), ERR_THROTTLED);
	assert_int_equal(m->retry_after_s, 1);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN); /* nothing happened */
	mail_world_pass(m, 999);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_THROTTLED);
	assert_at_rest_with(m, 2);
	mail_world_free(m);
}

static void
a_mail_that_waits_goes_now_and_is_not_doubled(void **state)
{
	struct mail_world *m = waiting();

	(void)state;
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	assert_at_rest_with(m, 2);
	mail_world_free(m);
}

/* It was written before anybody asked, and whatever becomes of it a mail leaves that was asked for.
 * The older one is not sent a second time beside it. */
static void
a_mail_that_is_being_sent_is_no_answer_to_who_asks_for_another(void **state)
{
	(void)state;
	for (enum mail_outcome outcome = MAIL_SENT; outcome <= MAIL_BROKEN; outcome++) {
		const bool may_be_there = outcome == MAIL_SENT || outcome == MAIL_UNKNOWN;

		for (int voids = 0; voids < 2; voids++) {
			struct mail_world *m = in_flight(outcome);

			assert_int_equal(mail_world_resend(m, m->inv->id, voids), ERR_OK);
			mail_world_await(m, 2); /* it does not wait for the first one's end */
			fake_mailer_release(m->mailer);
			assert_at_rest_with(m, 2);
			assert_int_equal(mail_world_view(m, 0), voids	       ? VIEW_REVOKED
								: may_be_there ? VIEW_OPEN
									       : VIEW_UNKNOWN);
			assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
			mail_world_look(m, m->inv->id);
			assert_int_equal(mail_world_logged(m, DELIVERY_QUEUED), 2);
			assert_int_equal(
			    mail_world_logged(m, DELIVERY_SENT), outcome == MAIL_SENT ? 2 : 1);
			assert_int_equal(
			    mail_world_logged(m, DELIVERY_UNKNOWN), outcome == MAIL_UNKNOWN);
			assert_int_equal(mail_world_logged(m, DELIVERY_DROPPED),
			    !may_be_there && outcome != MAIL_REFUSED);
			/* The newer mail has shown that the address is good. */
			assert_false(m->inv->undeliverable);
			mail_world_free(m);
		}
	}
}

static void
on_turned(void *arg)
{
	world_stop_waiting(arg);
}

/* So many turns of the loop. */
static void
let_turn(struct mail_world *m, int turns)
{
	struct loop_timer *timer = loop_timer_new(m->w->loop, on_turned, m->w);

	for (; turns > 0; turns--) {
		loop_timer_set(timer, 0);
		world_wait(m->w);
	}
	loop_timer_free(timer);
}

/* The relay has said that it has the first mail, and that is not stored yet: somebody who has read
 * it asks for another. */
static void
a_mail_is_asked_for_at_any_moment_of_the_end_of_the_one_before(void **state)
{
	enum { TURNS_MAX = 100 };
	size_t queued = 1;

	(void)state;
	for (int turns = 0; queued > 0; turns++) {
		struct mail_world *m = in_flight(MAIL_SENT);

		assert_true(turns < TURNS_MAX);
		fake_mailer_release(m->mailer);
		let_turn(m, turns);
		queued = store_outbox_count(m->w->store, OUTBOX_MAILS);
		assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
		assert_at_rest_with(m, 2);
		assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
		assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
		mail_world_look(m, m->inv->id);
		assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 2);
		mail_world_free(m);
	}
}

static bool
one_is_under_way(struct world *w, void *arg)
{
	(void)arg;
	return lane_in_flight(w->flow->lanes[OUTBOX_MAILS]) == 1;
}

/* The first mail is being sent, and another that was asked for meanwhile waits: its id in `newer`.
 */
static struct mail_world *
in_flight_with_newer(enum mail_outcome outcome, char newer[ID_SIZE])
{
	struct mail_world *m = in_flight(outcome);

	m->mailer->hold = false;
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	assert_true(world_until(m->w, one_is_under_way, NULL));
	mail_world_look(m, m->inv->id);
	memcpy(newer, m->log->waiting, ID_SIZE);
	assert_string_not_equal(newer, "");
	return m;
}

/* Somebody is to have a mail: when the newer one is gone, the older one is what there is. */
static void
a_mail_gives_way_to_no_newer_one_that_an_administrator_dropped(void **state)
{
	static const enum mail_outcome outcomes[] = { MAIL_DEFERRED, MAIL_AWAY, MAIL_BROKEN,
		MAIL_UNKNOWN };

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		char newer[ID_SIZE];
		struct mail_world *m = in_flight_with_newer(outcomes[i], newer);

		assert_int_equal(mail_world_drop(m, newer), ERR_OK);
		fake_mailer_release(m->mailer);
		assert_at_rest_with(m, 3);
		assert_int_equal(mail_world_view(m, 2), VIEW_OPEN);
		mail_world_look(m, m->inv->id);
		assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
		assert_int_equal(mail_world_logged(m, DELIVERY_DROPPED), 1); /* the newer */
		mail_world_free(m);
	}
}

static void
what_a_mail_comes_to_counts_when_the_newer_one_was_dropped(void **state)
{
	char newer[ID_SIZE];
	struct mail_world *m = in_flight_with_newer(MAIL_REFUSED, newer);

	(void)state;
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	assert_int_equal(mail_world_drop(m, newer), ERR_OK);
	fake_mailer_release(m->mailer);
	assert_at_rest_with(m, 3);
	assert_string_equal(m->mailer->mails[2]->to, "admin@engines.example");
	mail_world_look(m, m->inv->id);
	assert_int_equal(mail_world_logged(m, DELIVERY_REFUSED), 1);
	assert_true(m->inv->undeliverable);
	mail_world_free(m);
}

/* A resend finds it again, instead of queueing another beside it. */
static void
a_mail_that_waits_again_after_the_newer_one_was_dropped_is_not_doubled(void **state)
{
	char newer[ID_SIZE];
	struct mail_world *m = in_flight_with_newer(MAIL_DEFERRED, newer);

	(void)state;
	assert_int_equal(mail_world_drop(m, newer), ERR_OK);
	fake_mailer_release(m->mailer);
	mail_world_rest(m);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 3);
	assert_at_rest_with(m, 3);
	mail_world_free(m);
}

static void
on_dropped(void *arg, enum err code, const struct fault *f)
{
	(void)f;
	*(enum err *)arg = code;
}

static bool
drop_is_over(struct world *w, void *arg)
{
	(void)w;
	return *(const enum err *)arg != ERR_BUSY;
}

/* The place of an entry in the log; its count: there is none. */
static size_t
place_of(const struct delivery *d, enum delivery_event event, const char *detail)
{
	size_t i = 0;

	while (i < d->log_count && (d->log[i].event != event || d->log[i].detail == NULL ||
				       strcmp(d->log[i].detail, detail) != 0))
		i++;
	return i;
}

/* Whichever is stored first: the older mail gives way to one that is still there, or it is sent. */
static void
the_newer_mail_is_dropped_at_any_moment_of_the_end_of_the_one_before(void **state)
{
	static const struct flow_caller by = { .name = "operator" };
	enum { TURNS = 24 };
	size_t gave_way = 0, was_sent = 0;

	(void)state;
	for (int turns = -TURNS; turns < TURNS; turns++) {
		char newer[ID_SIZE];
		struct mail_world *m = in_flight_with_newer(MAIL_DEFERRED, newer);
		enum err code = ERR_BUSY;
		size_t dropped;

		if (turns >= 0) {
			fake_mailer_release(m->mailer);
			let_turn(m, turns);
		}
		flow_queue_drop_start(m->w->flow, OUTBOX_MAILS, newer, &by, on_dropped, &code);
		if (turns < 0) {
			let_turn(m, -turns);
			fake_mailer_release(m->mailer);
		}
		assert_true(world_until(m->w, drop_is_over, &code));
		assert_int_equal(code, ERR_OK);
		mail_world_rest(m);
		mail_world_look(m, m->inv->id);
		dropped = place_of(m->log, DELIVERY_DROPPED, by.name);
		assert_true(dropped < m->log->log_count);
		if (place_of(m->log, DELIVERY_DROPPED, "a newer mail takes its place") < dropped) {
			gave_way++;
			assert_at_rest_with(m, 2);
		} else {
			was_sent++;
			assert_at_rest_with(m, 3);
			assert_int_equal(mail_world_view(m, 2), VIEW_OPEN);
		}
		mail_world_free(m);
	}
	assert_true(gave_way > 0 && was_sent > 0);
}

static void
a_link_that_is_handed_over_is_not_mailed(void **state)
{
	struct mail_world *m = mail_world_new();
	struct world_link link = world_invite(m->w, &world_ada);

	(void)state;
	assert_int_equal(mail_world_resend(m, link.id, false), ERR_REFUSED);
	assert_int_equal(
	    mail_world_resend(m, "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b", false), ERR_NOT_FOUND);
	mail_world_free(m);
}

static void
who_was_undeliverable_is_given_another_try(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.resend_s = 0;
	fake_mailer_then(m->mailer, MAIL_REFUSED, 550, "no such user");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_true(m->inv->undeliverable);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	assert_false(m->inv->undeliverable);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

/* ---- another address ---- */

static void
with_another_address_the_old_link_ends_and_a_mail_goes_there(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
	assert_string_equal(m->inv->personal_mail, NEW_AT);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	mail_world_await(m, 2);
	assert_string_equal(m->mailer->mails[1]->to, NEW_AT);
	assert_at_rest_with(m, 2);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

static void
a_mail_that_waits_goes_to_the_new_address(void **state)
{
	struct mail_world *m = waiting();

	(void)state;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
	mail_world_await(m, 2);
	assert_string_equal(m->mailer->mails[1]->to, NEW_AT);
	assert_at_rest_with(m, 2);
	mail_world_free(m);
}

/* Whatever becomes of the mail to the old address, its link is dead when it arrives, one mail goes
 * to the new address, and the old one's fate is not the new one's. */
static void
a_mail_to_the_old_address_that_is_being_sent_arrives_with_a_dead_link(void **state)
{
	static const enum mail_outcome outcomes[] = { MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED,
		MAIL_UNKNOWN, MAIL_AWAY, MAIL_BROKEN };

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct mail_world *m = in_flight(outcomes[i]);

		assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
		assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
		fake_mailer_release(m->mailer);
		assert_at_rest_with(m, 2);
		assert_string_equal(m->mailer->mails[1]->to, NEW_AT);
		assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
		assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
		mail_world_look(m, m->inv->id);
		assert_false(m->inv->undeliverable);
		mail_world_free(m);
	}
}

static void
a_link_that_was_handed_over_becomes_one_by_mail(void **state)
{
	struct mail_world *m = mail_world_new();
	struct world_link link = world_invite(m->w, &world_ada);

	(void)state;
	assert_int_equal(mail_world_amend(m, link.id, NEW_AT, 0), ERR_OK);
	assert_int_equal(m->inv->method, INVITATION_BY_EMAIL);
	assert_int_equal(world_view(m->w, &link.token, NULL), VIEW_REVOKED);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_free(m);
}

static void
the_same_address_changes_nothing(void **state)
{
	struct mail_world *m = mailed();
	uint64_t revision;

	(void)state;
	mail_world_look(m, m->inv->id);
	revision = m->inv->revision;
	assert_int_equal(mail_world_amend(m, m->inv->id, "ada@HOME.example", 0), ERR_OK);
	assert_int_equal(m->inv->revision, revision);
	assert_at_rest_with(m, 1);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_free(m);
}

static void
what_is_wrong_with_a_change_is_said_by_its_field(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(mail_world_amend(m, m->inv->id, "nonsense", 0), ERR_INVALID);
	assert_string_equal(m->field, "personal_mail");
	assert_int_equal(
	    mail_world_amend(m, m->inv->id, "ada@home.example\r\nX: y", 0), ERR_INVALID);
	assert_string_equal(m->field, "personal_mail");
	assert_int_equal(mail_world_amend(m, m->inv->id, NULL, 1), ERR_INVALID);
	assert_string_equal(m->field, "expires_in");
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_free(m);
}

static void
another_end_counts_for_links_and_mails(void **state)
{
	struct mail_world *m = waiting();

	(void)state;
	assert_int_equal(mail_world_amend(m, m->inv->id, NULL, 120), ERR_OK);
	assert_int_equal(m->inv->expires_at, m->w->now + 120 * 1000);
	mail_world_pass(m, 120 * 1000);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 1); /* it was expired when its turn came */
	mail_world_free(m);

	m = mailed();
	assert_int_equal(mail_world_amend(m, m->inv->id, NULL, 7200), ERR_OK);
	mail_world_pass(m, 7199 * 1000);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_pass(m, 1000);
	assert_int_equal(mail_world_view(m, 0), VIEW_EXPIRED);
	mail_world_free(m);
}

static void
a_full_queue_takes_no_new_address(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->conf.queue_max = 0;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_BUSY);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_free(m);
}

static void
another_address_and_another_end_at_once_are_one_record_of_both(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 120), ERR_OK);
	assert_int_equal(mail_world_happened(m, INVITATION_EV_READDRESS), 1);
	assert_int_equal(mail_world_happened(m, INVITATION_EV_EXTEND), 1);
	assert_int_equal(mail_world_audits(m, "\"with\":\"extended\""), 1);
	mail_world_free(m);
}

/* ---- link, revoke ---- */

static void
a_full_queue_takes_no_other_mail_and_hurries_one_that_waits(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->conf.queue_max = 0;
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_BUSY);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
	mail_world_free(m);
	m = waiting();
	m->conf.queue_max = 1;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_string_equal(m->mailer->mails[1]->to, NEW_AT);
	mail_world_free(m);
}

static void
beside_a_link_by_hand_a_mail_that_waits_still_goes(void **state)
{
	struct mail_world *m = waiting();
	struct token_hash token;

	(void)state;
	assert_int_equal(world_relink(m->w, m->inv->id, &token), ERR_OK);
	assert_int_equal(world_view(m->w, &token, NULL), VIEW_OPEN);
	mail_world_pass(m, 10 * 1000);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(world_view(m->w, &token, NULL), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

static void
of_a_revoked_invitation_no_mail_leaves(void **state)
{
	struct mail_world *m = waiting();

	(void)state;
	assert_int_equal(world_revoke(m->w, m->inv->id), ERR_OK);
	assert_at_rest_with(m, 1);
	mail_world_look(m, m->inv->id);
	assert_int_equal(mail_world_logged(m, DELIVERY_DROPPED), 1);
	assert_int_equal(m->inv->state, INVITATION_REVOKED);
	mail_world_free(m);
}

static void
a_mail_in_flight_of_a_revoked_invitation_arrives_with_a_dead_link(void **state)
{
	struct mail_world *m = in_flight(MAIL_SENT);

	(void)state;
	assert_int_equal(world_revoke(m->w, m->inv->id), ERR_OK);
	fake_mailer_release(m->mailer);
	assert_at_rest_with(m, 1);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	mail_world_free(m);
}

/* ---- every request in every state ---- */

enum request { RESEND, RESEND_VOID, READDRESS, EXTEND, LINK, REVOKE, REQUEST_COUNT };
enum situation { PENDING, CLAIMED, CREATED, DONE, OVERDUE, REVOKED, SITUATION_COUNT };

static bool
is_claimed(struct world *w, void *arg)
{
	return world_state(w, arg) == INVITATION_CLAIMED;
}

static void
bring_to(struct mail_world *m, enum situation s, struct world_answer *answer)
{
	struct token_hash token;

	assert_true(mail_world_token(m, 0, &token));
	switch (s) {
	case CLAIMED:
		fake_dir_fail(m->w->dir, 2, FAKE_SILENT, ERR_OK); /* the Add */
		world_accept_start(m->w, &token, PASSWORD, NULL, answer);
		assert_true(world_until(m->w, is_claimed, m->inv->id));
		return;
	case CREATED:
		fake_dir_refuse_password(m->w->dir, PASSWORD);
		assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_INVALID);
		assert_int_equal(world_state(m->w, m->inv->id), INVITATION_CREATED);
		return;
	case DONE:
		assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
		return;
	case OVERDUE:
		mail_world_pass(m, 3600 * 1000);
		return;
	case REVOKED:
		assert_int_equal(world_revoke(m->w, m->inv->id), ERR_OK);
		return;
	default:
		return;
	}
}

static enum err
ask_for(struct mail_world *m, enum request r)
{
	struct token_hash token;
	char id[ID_SIZE];

	memcpy(id, m->inv->id, sizeof(id));
	switch (r) {
	case RESEND:
		return mail_world_resend(m, id, false);
	case RESEND_VOID:
		return mail_world_resend(m, id, true);
	case READDRESS:
		return mail_world_amend(m, id, NEW_AT, 0);
	case EXTEND:
		return mail_world_amend(m, id, NULL, 7200);
	case LINK:
		return world_relink(m->w, id, &token);
	default:
		return world_revoke(m->w, id);
	}
}

static void
every_request_in_every_state_does_what_the_state_allows(void **state)
{
	static const enum err expected[SITUATION_COUNT] = { [PENDING] = ERR_OK,
		[CLAIMED] = ERR_CONFLICT,
		[CREATED] = ERR_OK,
		[DONE] = ERR_USED,
		[OVERDUE] = ERR_EXPIRED,
		[REVOKED] = ERR_REVOKED };

	(void)state;
	for (int s = 0; s < SITUATION_COUNT; s++)
		for (int r = 0; r < REQUEST_COUNT; r++) {
			struct mail_world *m = mailed();
			struct world_answer answer;
			const bool mails = r <= READDRESS && expected[s] == ERR_OK;
			enum err code = expected[s];

			bring_to(m, s, &answer);
			if (s == REVOKED && r == REVOKE)
				code = ERR_OK; /* it is so already */
			assert_int_equal(ask_for(m, r), code);
			mail_world_pass(m, 1000);
			mail_world_rest(m);
			assert_int_equal(m->mailer->count, mails ? 2 : 1);
			if (mails) {
				assert_string_equal(
				    m->mailer->mails[1]->to, r == READDRESS ? NEW_AT : ADA_AT);
				assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
			}
			/* What ends at once has ended, and nothing else has. */
			if (s == PENDING || s == CREATED)
				assert_int_equal(mail_world_view(m, 0),
				    r == RESEND || r == EXTEND ? VIEW_OPEN : VIEW_REVOKED);
			mail_world_free(m);
		}
}

static void
a_damaged_log_begins_anew(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	mail_world_damage_log(m, m->inv->id);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_int_equal(mail_world_logged(m, DELIVERY_QUEUED), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
	mail_world_damage_log(m, m->inv->id);
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
	mail_world_await(m, 3);
	mail_world_await_queue(m, 0);
	mail_world_free(m);
}

/* ---- reports ---- */

static const char failed[] = "Action: failed\r\n"
			     "Status: 5.1.1\r\n"
			     "Diagnostic-Code: smtp; 550 5.1.1 <" ADA_AT ">: unknown\r\n";
static const char delayed[] = "Action: delayed\r\n"
			      "Status: 4.4.1\r\n";
static const char relayed[] = "Action: relayed\r\n"
			      "Status: 2.0.0\r\n";

static void
on_bounced(void *arg, enum err code, const struct mail_dsn *dsn, const struct fault *f)
{
	struct mail_world *m = arg;

	(void)dsn, (void)f;
	m->code = code;
	world_stop_waiting(m->w);
}

static enum err
report(struct mail_world *m, const char *fields, const char *id)
{
	static const struct flow_caller caller = { .name = "token:bounces" };
	struct arena *arena = arena_new(0);
	const char *to = mail_verp_address(arena, &m->conf.sender, id, ADA_AT);
	const char *text = arena_printf(arena,
	    "From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
	    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
	    "Final-Recipient: rfc822; " ADA_AT "\r\n%s\r\n--b--\r\n",
	    to, fields);

	flow_bounce_start(m->w->flow, text, strlen(text), NULL, &caller, on_bounced, m);
	world_wait(m->w);
	arena_free(arena);
	return m->code;
}

/* The log has one entry of this event, and it says this. */
static void
assert_words(struct mail_world *m, enum delivery_event event, const char *words)
{
	assert_int_equal(mail_world_logged(m, event), 1);
	for (size_t i = 0; i < m->log->log_count; i++)
		if (m->log->log[i].event == event)
			assert_string_equal(m->log->log[i].detail, words);
}

static void
a_report_of_failure_marks_the_invitation_and_tells_the_inviter_once(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	for (int i = 0; i < 3; i++)
		assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_string_equal(m->mailer->mails[1]->to, "admin@engines.example");
	assert_true(mail_world_says(m, 1, "unknown"));
	mail_world_look(m, m->inv->id);
	assert_true(m->inv->undeliverable);
	assert_int_equal(mail_world_logged(m, DELIVERY_BOUNCED), 1);
	assert_string_equal(m->log->log[2].detail, "5.1.1 550 5.1.1 <[address]>: unknown");
	/* The link is not taken from whoever has it. */
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	mail_world_free(m);
}

static void
a_report_that_comes_again_after_another_mail_counts_again(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	mail_world_look(m, m->inv->id);
	assert_true(m->inv->undeliverable);
	assert_int_equal(mail_world_logged(m, DELIVERY_BOUNCED), 2);
	mail_world_free(m);
}

static void
a_report_that_comes_again_after_a_mail_that_may_have_left_counts_again(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	fake_mailer_then(m->mailer, MAIL_UNKNOWN, 354, "silence");
	m->mailer->hold = false;
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	mail_world_rest(m);
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	mail_world_look(m, m->inv->id);
	assert_true(m->inv->undeliverable);
	assert_int_equal(mail_world_logged(m, DELIVERY_BOUNCED), 2);
	mail_world_free(m);
}

static void
reports_of_delay_are_noted_and_of_success_are_not(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(report(m, delayed, m->inv->id), ERR_OK);
	assert_int_equal(report(m, relayed, m->inv->id), ERR_OK);
	mail_world_look(m, m->inv->id);
	assert_false(m->inv->undeliverable);
	assert_int_equal(mail_world_logged(m, DELIVERY_DELAYED), 1);
	assert_int_equal(m->log->log_count, 3);
	mail_world_free(m);
}

static void
a_report_about_the_old_address_says_nothing_about_the_new_one(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	m->mailer->hold = true;
	m->w->now += 1000;
	assert_int_equal(mail_world_amend(m, m->inv->id, NEW_AT, 0), ERR_OK);
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	mail_world_look(m, m->inv->id);
	assert_false(m->inv->undeliverable);
	assert_words(m, DELIVERY_BOUNCED, "5.1.1");
	mail_world_free(m);
}

static void
a_report_about_who_has_registered_is_noted_alone(void **state)
{
	struct mail_world *m = mailed();
	struct token_hash token;

	(void)state;
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_await(m, 2); /* "completed" */
	mail_world_await_queue(m, 0);
	assert_int_equal(report(m, failed, m->inv->id), ERR_OK);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 2);
	mail_world_look(m, m->inv->id);
	assert_false(m->inv->undeliverable);
	assert_words(m, DELIVERY_BOUNCED, "5.1.1");
	mail_world_free(m);
}

static void
where_a_mail_was_forwarded_to_is_not_kept(void **state)
{
	struct mail_world *m = mailed();

	(void)state;
	assert_int_equal(report(m,
			     "Original-Recipient: rfc822;<lovelace@far.example>\r\n"
			     "Action: failed\r\nStatus: 5.2.2\r\n"
			     "Diagnostic-Code: smtp; 552 Lovelace's box is full (" ADA_AT ")\r\n",
			     m->inv->id),
	    ERR_OK);
	mail_world_look(m, m->inv->id);
	assert_words(m, DELIVERY_BOUNCED, "5.2.2 552 [address]'s box is full ([address])");
	mail_world_free(m);
}

static void
a_report_about_nothing_of_ours_is_refused(void **state)
{
	struct mail_world *m = mailed();
	static const struct flow_caller caller = { .name = "token:bounces" };

	(void)state;
	assert_int_equal(report(m, failed, "019aa0b1-2c3d-7e4f-8a5b-6c7d8e9f0a1b"), ERR_NOT_FOUND);
	flow_bounce_start(m->w->flow, "hello", 5, NULL, &caller, on_bounced, m);
	world_wait(m->w);
	assert_int_equal(m->code, ERR_INVALID);
	m->w->conf.mail = NULL;
	mail_world_crash(m);
	flow_bounce_start(m->w->flow, "hello", 5, NULL, &caller, on_bounced, m);
	world_wait(m->w);
	assert_int_equal(m->code, ERR_REFUSED); /* no mail is sent from here */
	mail_world_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_mail_brings_another_link_and_the_first_works_on),
		cmocka_unit_test(resent_with_older_links_void_the_first_ends_at_once),
		cmocka_unit_test(a_mail_is_asked_for_again_after_the_cool_down_alone),
		cmocka_unit_test(a_mail_that_waits_goes_now_and_is_not_doubled),
		cmocka_unit_test(a_mail_that_is_being_sent_is_no_answer_to_who_asks_for_another),
		cmocka_unit_test(a_mail_is_asked_for_at_any_moment_of_the_end_of_the_one_before),
		cmocka_unit_test(a_mail_gives_way_to_no_newer_one_that_an_administrator_dropped),
		cmocka_unit_test(what_a_mail_comes_to_counts_when_the_newer_one_was_dropped),
		cmocka_unit_test(
		    a_mail_that_waits_again_after_the_newer_one_was_dropped_is_not_doubled),
		cmocka_unit_test(
		    the_newer_mail_is_dropped_at_any_moment_of_the_end_of_the_one_before),
		cmocka_unit_test(a_link_that_is_handed_over_is_not_mailed),
		cmocka_unit_test(who_was_undeliverable_is_given_another_try),
		cmocka_unit_test(with_another_address_the_old_link_ends_and_a_mail_goes_there),
		cmocka_unit_test(a_mail_that_waits_goes_to_the_new_address),
		cmocka_unit_test(
		    a_mail_to_the_old_address_that_is_being_sent_arrives_with_a_dead_link),
		cmocka_unit_test(a_link_that_was_handed_over_becomes_one_by_mail),
		cmocka_unit_test(the_same_address_changes_nothing),
		cmocka_unit_test(what_is_wrong_with_a_change_is_said_by_its_field),
		cmocka_unit_test(another_end_counts_for_links_and_mails),
		cmocka_unit_test(a_full_queue_takes_no_new_address),
		cmocka_unit_test(a_full_queue_takes_no_other_mail_and_hurries_one_that_waits),
		cmocka_unit_test(another_address_and_another_end_at_once_are_one_record_of_both),
		cmocka_unit_test(beside_a_link_by_hand_a_mail_that_waits_still_goes),
		cmocka_unit_test(of_a_revoked_invitation_no_mail_leaves),
		cmocka_unit_test(a_mail_in_flight_of_a_revoked_invitation_arrives_with_a_dead_link),
		cmocka_unit_test(a_damaged_log_begins_anew),
		cmocka_unit_test(every_request_in_every_state_does_what_the_state_allows),
		cmocka_unit_test(
		    a_report_of_failure_marks_the_invitation_and_tells_the_inviter_once),
		cmocka_unit_test(a_report_that_comes_again_after_another_mail_counts_again),
		cmocka_unit_test(
		    a_report_that_comes_again_after_a_mail_that_may_have_left_counts_again),
		cmocka_unit_test(reports_of_delay_are_noted_and_of_success_are_not),
		cmocka_unit_test(a_report_about_the_old_address_says_nothing_about_the_new_one),
		cmocka_unit_test(a_report_about_who_has_registered_is_noted_alone),
		cmocka_unit_test(where_a_mail_was_forwarded_to_is_not_kept),
		cmocka_unit_test(a_report_about_nothing_of_ours_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
