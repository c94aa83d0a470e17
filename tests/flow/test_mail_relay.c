/* The relay is away, broken or slow; rates; the queue in an administrator's hands. */
#include <stdio.h>
#include <string.h>

#include "flow/outbox_private.h"
#include "mail_world.h"

enum { MANY = 20 };

static void
invite_many(struct mail_world *m, unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		assert_int_equal(mail_world_invite_nth(m, n), ERR_OK);
}

static void
not_more_mails_than_agreed_are_under_way(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->mailer->hold = true;
	invite_many(m, MANY);
	mail_world_pass(m, 0);
	for (int i = 0; i < 20; i++) { /* they do not come to rest */
		m->mailer->hold = true;
		world_state(m->w, m->inv->id);
	}
	assert_int_equal(m->mailer->now, 2 * m->conf.in_flight); /* each has its next */
	fake_mailer_release(m->mailer);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, MANY);
	assert_int_equal(m->mailer->at_most, 2 * m->conf.in_flight);
	mail_world_free(m);
}

/* What a pause is like: nobody tries but one, and then longer and longer. */
static void
check_pauses(enum mail_outcome outcome, bool broken)
{
	struct mail_world *m = mail_world_new();
	int64_t last = 0, failed_at = 0;
	size_t tried;

	fake_mailer_always(m->mailer, outcome, 0, "the relay is not there");
	invite_many(m, MANY);
	mail_world_rest(m);
	assert_in_range(m->mailer->count, 1, 2 * m->conf.in_flight);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), MANY);
	for (int i = 0; i < 7; i++) { /* 21 minutes: the invitations live for an hour */
		struct flow_mail_status s = mail_world_status(m);
		int64_t pause = s.paused_until - m->w->now;

		assert_true(s.paused);
		assert_int_equal(s.broken, broken);
		assert_string_equal(s.reason, "the relay is not there");
		assert_string_equal(s.failure, "the relay is not there");
		assert_true(s.failed_at > failed_at && s.failed_at <= m->w->now);
		failed_at = s.failed_at;
		assert_int_equal(s.sent_at, 0);
		assert_true(s.oldest_at > 0 && s.oldest_at <= m->w->now);
		assert_true(pause <= OUTBOX_BACKOFF_MAX_MS);
		assert_true(pause >= last || pause >= OUTBOX_BACKOFF_MAX_MS * 3 / 4);
		last = pause;
		tried = m->mailer->count;
		mail_world_pass(m, pause - 1);
		mail_world_rest(m);
		assert_int_equal(m->mailer->count, tried);
		mail_world_pass(m, 1);
		mail_world_rest(m);
		assert_int_equal(m->mailer->count, tried + 1);
	}
	failed_at = mail_world_status(m).failed_at;
	/* None of these mails left: their tokens are taken back. */
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 0);
	tried = m->mailer->count;
	fake_mailer_always(m->mailer, MAIL_SENT, 250, "ok");
	mail_world_pass(m, OUTBOX_BACKOFF_MAX_MS);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, tried + MANY);
	assert_int_equal(mail_world_status(m).sent_at, m->w->now);
	/* It is over, and still known. */
	assert_int_equal(mail_world_status(m).failed_at, failed_at);
	assert_string_equal(mail_world_status(m).failure, "the relay is not there");
	assert_false(mail_world_status(m).paused);
	assert_false(mail_world_status(m).broken);
	mail_world_free(m);
}

static void
while_the_relay_is_away_one_mail_at_a_time_tries_it(void **state)
{
	(void)state;
	check_pauses(MAIL_AWAY, false);
}

static void
what_an_operator_must_mend_pauses_all_mails_and_is_shown(void **state)
{
	(void)state;
	check_pauses(MAIL_BROKEN, true);
}

/* Mails wait until somebody has mended it, and nobody is called undeliverable. */
static void
what_is_wrong_with_our_own_settings_is_no_fault_of_the_recipient(void **state)
{
	struct mail_world *m = mail_world_new();
	struct flow_mail_status s;

	(void)state;
	m->conf.sender.bounces = "usherd@mail_host.example";
	assert_int_equal(mail_world_invite_nth(m, 0), ERR_OK);
	mail_world_rest(m);
	s = mail_world_status(m);
	assert_true(s.paused);
	assert_true(s.broken);
	assert_int_equal(s.waiting, 1);
	mail_world_look(m, m->inv->id);
	assert_false(m->inv->undeliverable);
	assert_int_equal(m->inv->token_count, 0);
	m->conf.sender.bounces = "usherd@engines.example";
	mail_world_pass(m, s.paused_until - m->w->now);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 1);
	assert_false(mail_world_status(m).broken);
	mail_world_free(m);
}

static void
a_mail_that_takes_the_relay_down_does_not_stand_in_front_of_the_others(void **state)
{
	struct mail_world *m = mail_world_new();
	struct flow_mail_status s;

	(void)state;
	m->conf.in_flight = 1;
	fake_mailer_then(m->mailer, MAIL_AWAY, 0, "cut");
	assert_int_equal(mail_world_invite_nth(m, 0), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	m->w->now += 1;
	assert_int_equal(mail_world_invite_nth(m, 1), ERR_OK);
	/* The second to come was made due later than the first was put back; the third is not. */
	s = mail_world_status(m);
	fake_mailer_then(m->mailer, MAIL_AWAY, 0, "cut");
	mail_world_pass(m, s.paused_until - m->w->now);
	mail_world_await(m, 2);
	mail_world_rest(m);
	assert_string_equal(m->mailer->mails[1]->to, "ada0@home.example");
	s = mail_world_status(m);
	mail_world_pass(m, s.paused_until - m->w->now);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 4);
	assert_string_equal(m->mailer->mails[2]->to, "ada1@home.example");
	mail_world_free(m);
}

static void
a_relay_that_swallows_mails_is_not_given_more(void **state)
{
	struct mail_world *m = mail_world_new();
	size_t tried;

	(void)state;
	fake_mailer_always(m->mailer, MAIL_UNKNOWN, 354, "silence");
	invite_many(m, MANY);
	mail_world_rest(m);
	tried = m->mailer->count;
	assert_in_range(tried, 3, 3 * m->conf.in_flight);
	assert_true(mail_world_status(m).paused);
	fake_mailer_always(m->mailer, MAIL_SENT, 250, "ok");
	mail_world_pass(m, 60 * 1000);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, MANY + tried); /* each of these once more */
	mail_world_free(m);
}

static void
mails_to_one_domain_keep_its_rate(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.domain_rate = 60;
	mail_world_crash(m);
	invite_many(m, 5);
	for (size_t n = 1; n <= 5; n++) {
		mail_world_rest(m);
		assert_int_equal(m->mailer->count, n);
		mail_world_pass(m, 1000);
	}
	mail_world_await_queue(m, 0);
	mail_world_free(m);
}

static void
all_mails_keep_the_common_rate(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.rate = 120;
	mail_world_crash(m);
	invite_many(m, MANY);
	mail_world_rest(m);
	assert_in_range(m->mailer->count, 1, 4);
	for (int i = 0; i < 5; i++) {
		mail_world_pass(m, 1000);
		mail_world_rest(m);
	}
	assert_in_range(m->mailer->count, 9, 14);
	for (int i = 0; i < 5; i++) {
		mail_world_pass(m, 1000);
		mail_world_rest(m);
	}
	mail_world_await_queue(m, 0);
	mail_world_free(m);
}

static void
after_an_outage_mails_keep_the_rate(void **state)
{
	struct mail_world *m = mail_world_new();
	size_t before;

	(void)state;
	m->conf.rate = 60;
	mail_world_crash(m);
	invite_many(m, 40);
	mail_world_rest(m);
	before = m->mailer->count;
	mail_world_pass(m, 600 * 1000);
	for (int i = 0; i < 5; i++) {
		mail_world_rest(m);
		assert_in_range(m->mailer->count - before, 0, 2 + 2 * i);
		mail_world_pass(m, 1000);
	}
	for (int i = 0; i < 40; i++) {
		mail_world_pass(m, 1000);
		mail_world_rest(m);
	}
	mail_world_await_queue(m, 0);
	mail_world_free(m);
}

/* ---- an administrator ---- */

static void
an_item_is_tried_now_when_an_administrator_says_so(void **state)
{
	struct mail_world *m = mail_world_new();
	struct outbox_item *item;

	(void)state;
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	item = mail_world_item(m);
	assert_int_equal(mail_world_retry(m, item->id), ERR_OK);
	assert_int_equal(mail_world_audits(m, "\"event\":\"queue_item_retried\""), 1);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_retry(m, item->id), ERR_NOT_FOUND);
	assert_int_equal(mail_world_retry(m, "nonsense"), ERR_NOT_FOUND);
	outbox_item_free(item);
	mail_world_free(m);
}

static const struct flow_caller tester = { .name = "token:1", .request_id = "r" };

static void
an_administrator_ends_a_pause(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	fake_mailer_then(m->mailer, MAIL_AWAY, 0, "no");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	assert_true(mail_world_status(m).paused);
	flow_queue_retry_all(m->w->flow, OUTBOX_MAILS, &tester);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	mail_world_free(m);
}

static void
a_dropped_mail_never_leaves_and_its_invitation_stays_open(void **state)
{
	struct mail_world *m = mail_world_new();
	struct outbox_item *item;

	(void)state;
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	item = mail_world_item(m);
	assert_int_equal(mail_world_drop(m, item->id), ERR_OK);
	assert_int_equal(mail_world_drop(m, item->id), ERR_NOT_FOUND);
	assert_int_equal(mail_world_audits(m, "\"event\":\"queue_item_dropped\""), 1);
	mail_world_pass(m, 1800 * 1000);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 1);
	mail_world_look(m, item->subject);
	assert_int_equal(m->inv->state, INVITATION_PENDING);
	assert_int_equal(mail_world_logged(m, DELIVERY_DROPPED), 1);
	assert_string_equal(m->log->waiting, "");
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	outbox_item_free(item);
	mail_world_free(m);
}

static void
what_is_being_sent_is_neither_dropped_nor_hurried(void **state)
{
	struct mail_world *m = mail_world_new();
	struct outbox_item *item;

	(void)state;
	m->mailer->hold = true;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	item = mail_world_item(m);
	assert_int_equal(mail_world_drop(m, item->id), ERR_CONFLICT);
	assert_int_equal(mail_world_retry(m, item->id), ERR_CONFLICT);
	fake_mailer_release(m->mailer);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 1);
	outbox_item_free(item);
	mail_world_free(m);
}

/* ---- preview and test ---- */

static void
a_preview_has_all_parts_and_no_link_that_opens_anything(void **state)
{
	static const char *const kinds[] = { "invitation", "reminder", "welcome", "completed",
		"undeliverable" };
	struct mail_world *m = mail_world_new();
	struct mail *mail;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(
		    flow_mail_preview(m->w->flow, kinds[i], "de", ADA_AT, &mail, NULL), ERR_OK);
		assert_non_null(mail->text);
		assert_non_null(mail->html);
		assert_null(strstr(mail->text, "usj_"));
		mail_free(mail);
	}
	assert_int_equal(
	    flow_mail_preview(m->w->flow, "hook", NULL, ADA_AT, &mail, NULL), ERR_NOT_FOUND);
	assert_int_equal(
	    flow_mail_preview(m->w->flow, "other", NULL, ADA_AT, &mail, NULL), ERR_NOT_FOUND);
	mail_world_free(m);
}

struct tested {
	struct world *w;
	enum err code;
	enum mail_outcome outcome;
};

static void
on_tested(void *arg, enum err code, const struct mail_report *report, const struct fault *f)
{
	struct tested *t = arg;

	(void)f;
	t->code = code;
	if (report != NULL)
		t->outcome = report->outcome;
	world_stop_waiting(t->w);
}

static void
a_test_mail_is_sent_at_once_and_tells_what_the_server_says(void **state)
{
	struct mail_world *m = mail_world_new();
	struct tested t = { .w = m->w };

	(void)state;
	fake_mailer_then(m->mailer, MAIL_REFUSED, 550, "no");
	flow_mail_test_start(m->w->flow, "invitation", NULL, ADA_AT, &tester, on_tested, &t);
	world_wait(m->w);
	assert_int_equal(t.code, ERR_OK);
	assert_int_equal(t.outcome, MAIL_REFUSED);
	flow_mail_test_start(m->w->flow, "none", NULL, ADA_AT, &tester, on_tested, &t);
	world_wait(m->w);
	assert_int_equal(t.code, ERR_NOT_FOUND);
	m->mailer->hold = true;
	flow_mail_test_start(m->w->flow, "welcome", "vi", ADA_AT, &tester, on_tested, &t);
	mail_world_free(m); /* and nobody is told */
}

/* Mails that are nobody's cannot be used to flood somebody, nor to hold up the others. */
static void
test_mails_are_few_and_take_their_turn(void **state)
{
	struct mail_world *m = mail_world_new();
	struct tested first = { .w = m->w }, second = { .w = m->w }, third = { .w = m->w };

	(void)state;
	m->conf.domain_rate = 60;
	mail_world_crash(m);
	m->mailer->hold = true;
	flow_mail_test_start(m->w->flow, "welcome", NULL, ADA_AT, &tester, on_tested, &first);
	flow_mail_test_start(
	    m->w->flow, "welcome", NULL, "a@b.example", &tester, on_tested, &second);
	flow_mail_test_start(
	    m->w->flow, "welcome", NULL, "a@c.example", &tester, on_tested, &third);
	world_wait(m->w);
	assert_int_equal(third.code, ERR_BUSY);
	mail_world_await(m, 2); /* timers of one moment come in any order */
	m->mailer->hold = false;
	fake_mailer_release(m->mailer);
	world_wait(m->w);
	mail_world_rest(m);
	assert_int_equal(first.code, ERR_OK);
	assert_int_equal(second.code, ERR_OK);
	/* The domain's next turn is behind these, and too far away. */
	invite_many(m, 20);
	mail_world_rest(m);
	first.code = ERR_OK;
	flow_mail_test_start(m->w->flow, "welcome", NULL, ADA_AT, &tester, on_tested, &first);
	world_wait(m->w);
	assert_int_equal(first.code, ERR_BUSY);
	flow_mail_test_start(
	    m->w->flow, "welcome", NULL, "a@d.example", &tester, on_tested, &first);
	world_wait(m->w);
	assert_int_equal(first.code, ERR_OK);
	assert_int_equal(first.outcome, MAIL_SENT);
	mail_world_free(m);
}

/* The caller is told of what is theirs: the address, and nothing else. */
static void
a_mail_that_cannot_be_made_is_nobodys_address(void **state)
{
	struct mail_world *m = mail_world_new();
	struct tested t = { .w = m->w };
	struct fault f = { .text = "" };
	struct mail *none = NULL;

	(void)state;
	flow_mail_test_start(m->w->flow, "welcome", NULL, "ada", &tester, on_tested, &t);
	world_wait(m->w);
	assert_int_equal(t.code, ERR_INVALID);
	m->conf.sender.from_name = "a\nb";
	mail_world_crash(m);
	flow_mail_test_start(m->w->flow, "welcome", NULL, "ada", &tester, on_tested, &t);
	world_wait(m->w);
	assert_int_equal(t.code, ERR_INVALID);
	flow_mail_test_start(m->w->flow, "welcome", NULL, ADA_AT, &tester, on_tested, &t);
	world_wait(m->w);
	assert_int_equal(t.code, ERR_MISCONFIGURED);
	assert_int_equal(
	    flow_mail_preview(m->w->flow, "welcome", NULL, NULL, &none, &f), ERR_MISCONFIGURED);
	assert_int_equal(f.code, ERR_MISCONFIGURED);
	assert_null(none);
	mail_world_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_more_mails_than_agreed_are_under_way),
		cmocka_unit_test(while_the_relay_is_away_one_mail_at_a_time_tries_it),
		cmocka_unit_test(what_an_operator_must_mend_pauses_all_mails_and_is_shown),
		cmocka_unit_test(what_is_wrong_with_our_own_settings_is_no_fault_of_the_recipient),
		cmocka_unit_test(
		    a_mail_that_takes_the_relay_down_does_not_stand_in_front_of_the_others),
		cmocka_unit_test(a_relay_that_swallows_mails_is_not_given_more),
		cmocka_unit_test(mails_to_one_domain_keep_its_rate),
		cmocka_unit_test(all_mails_keep_the_common_rate),
		cmocka_unit_test(after_an_outage_mails_keep_the_rate),
		cmocka_unit_test(an_item_is_tried_now_when_an_administrator_says_so),
		cmocka_unit_test(an_administrator_ends_a_pause),
		cmocka_unit_test(a_dropped_mail_never_leaves_and_its_invitation_stays_open),
		cmocka_unit_test(what_is_being_sent_is_neither_dropped_nor_hurried),
		cmocka_unit_test(a_preview_has_all_parts_and_no_link_that_opens_anything),
		cmocka_unit_test(a_test_mail_is_sent_at_once_and_tells_what_the_server_says),
		cmocka_unit_test(test_mails_are_few_and_take_their_turn),
		cmocka_unit_test(a_mail_that_cannot_be_made_is_nobodys_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
