/* The store fails, or the daemon is killed, at each step of a mail's way: no mail is lost, none
 * stays claimed, and no more than one is sent twice for it. */
#include <stdio.h>
#include <string.h>

#include "flow/outbox_private.h"
#include "mail_world.h"

#define PASSWORD "correct horse staple"

enum { STEPS_MAX = 40 };

/* Until the queue is empty, as time goes by; longer than a claim that is left behind may last. */
static void
wait_for_empty_queue(struct mail_world *m)
{
	for (int i = 0; i < 90 && store_outbox_count(m->w->store, OUTBOX_MAILS) > 0; i++) {
		mail_world_pass(m, 10 * 1000);
		mail_world_rest(m);
	}
	mail_world_await_queue(m, 0);
}

/* Every mail that says it may have arrived has a link that works. */
static void
assert_links_work(struct mail_world *m)
{
	for (size_t n = 0; n < m->mailer->count; n++)
		assert_int_equal(mail_world_view(m, n), VIEW_OPEN);
}

static void
a_mail_leaves_once_whatever_the_store_does_once(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_REFUSE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL };

	(void)state;
	for (size_t f = 0; f < 3; f++)
		for (int nth = 1, hit = 1; hit; nth++) {
			struct mail_world *m = mail_world_new();
			enum err code;

			assert_true(nth < STEPS_MAX);
			fake_kv_fail(m->w->kv, nth, faults[f]);
			code = mail_world_invite(m, ADA_AT);
			wait_for_empty_queue(m);
			hit = fake_kv_failed(m->w->kv);
			assert_int_equal(m->mailer->count, code == ERR_OK ? 1 : 0);
			assert_links_work(m);
			mail_world_free(m);
		}
}

static void
what_the_store_refuses_for_a_while_is_written_later(void **state)
{
	(void)state;
	for (int nth = 1, hit = 1; hit; nth++) {
		struct mail_world *m = mail_world_new();

		assert_true(nth < STEPS_MAX);
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		fake_kv_fail_from(m->w->kv, nth, FAKE_KV_REFUSE);
		for (int i = 0; i < 3; i++) {
			mail_world_pass(m, 2000);
			mail_world_await(m, m->mailer->count); /* some turns */
		}
		hit = fake_kv_failed(m->w->kv);
		fake_kv_fail(m->w->kv, 0, FAKE_KV_FINE);
		wait_for_empty_queue(m);
		assert_int_equal(m->mailer->count, 1);
		assert_links_work(m);
		mail_world_free(m);
	}
}

/* Nobody was told that the claim is stored, and then nothing can be written for a while: it leaves
 * soon all the same, and not when the claim runs out. */
static void
a_claim_of_unknown_fate_does_not_stay(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	fake_kv_fail_in_row(m->w->kv, 2, 8, 2);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	for (int i = 0; i < 5; i++) {
		mail_world_rest(m);
		mail_world_pass(m, 1000);
	}
	assert_true(fake_kv_failed(m->w->kv));
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_int_equal(mail_world_logged(m, DELIVERY_UNKNOWN), 0);
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
	mail_world_free(m);
}

/* ---- kill -9 ---- */

static bool
was_hit(struct world *w, void *arg)
{
	(void)arg;
	return fake_kv_failed(w->kv) || store_outbox_count(w->store, OUTBOX_MAILS) == 0;
}

static void
a_mail_survives_a_crash_at_every_write(void **state)
{
	static const enum mail_outcome outcomes[] = { MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED,
		MAIL_AWAY };

	(void)state;
	for (size_t o = 0; o < sizeof(outcomes) / sizeof(outcomes[0]); o++)
		for (int nth = 1, hit = 1; hit; nth++) {
			struct mail_world *m = mail_world_new();

			assert_true(nth < STEPS_MAX);
			fake_mailer_then(m->mailer, outcomes[o], 0, "words");
			assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
			fake_kv_fail(m->w->kv, nth, FAKE_KV_SILENT);
			for (int i = 0; i < 60 && !was_hit(m->w, NULL); i++) {
				mail_world_pass(m, 10 * 1000);
				world_state(m->w, m->inv->id);
			}
			hit = fake_kv_failed(m->w->kv);

			mail_world_crash(m);
			wait_for_empty_queue(m);
			mail_world_look(m, m->inv->id);
			if (outcomes[o] == MAIL_SENT)
				assert_in_range(m->mailer->count, 1, 2);
			else if (outcomes[o] != MAIL_REFUSED)
				assert_in_range(m->mailer->count, 2, 3);
			if (outcomes[o] == MAIL_SENT)
				assert_links_work(m);
			/* The last one has arrived, or the address is refused. */
			assert_true(m->inv->undeliverable ||
				    mail_world_view(m, m->mailer->count - 1) == VIEW_OPEN);
			mail_world_free(m);
		}
}

static void
what_was_sent_when_the_daemon_died_is_sent_again_with_both_links_valid(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->mailer->hold = true;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	m->mailer->hold = false;
	mail_world_crash(m);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_links_work(m);
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 2);
	assert_int_equal(mail_world_logged(m, DELIVERY_UNKNOWN), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
	mail_world_free(m);
}

/* ---- the end, at any moment ---- */

static void
on_turn(void *arg)
{
	world_stop_waiting(arg);
}

static void
turn(struct world *w, int turns)
{
	for (; turns > 0; turns--) {
		loop_defer(w->loop, on_turn, w);
		world_wait(w);
	}
}

static void
ignore_resent(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    int64_t retry_after_s, const struct fault *f)
{
	(void)arg, (void)code, (void)inv, (void)d, (void)retry_after_s, (void)f;
}

static void
ignore_amended(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct field_errors *errors, const struct fault *f)
{
	(void)arg, (void)code, (void)inv, (void)d, (void)errors, (void)f;
}

static void
ignore_details(void *arg, enum err code, const struct invitation *inv, const struct delivery *d,
    const struct fault *f)
{
	(void)arg, (void)code, (void)inv, (void)d, (void)f;
}

static void
ignore_item(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)code, (void)f;
}

static void
ignore_tested(void *arg, enum err code, const struct mail_report *report, const struct fault *f)
{
	(void)arg, (void)code, (void)report, (void)f;
}

static void
ignore_list(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	(void)arg, (void)code, (void)list, (void)count, (void)next, (void)f;
}

static void
everything_can_end_at_every_moment(void **state)
{
	static const struct flow_caller caller = { .name = "test" };
	static const struct amend_spec spec = { .personal_mail = "ada@work.example" };

	(void)state;
	for (int turns = 0; turns < 60; turns++) {
		struct mail_world *m = mail_world_new();
		struct outbox_item *item;
		struct flow *f = m->w->flow;

		m->conf.resend_s = 0;
		fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		mail_world_await(m, 1);
		mail_world_rest(m);
		item = mail_world_item(m);
		fake_mailer_then(m->mailer, turns % 2 == 0 ? MAIL_REFUSED : MAIL_AWAY, 0, "no");
		flow_resend_start(f, m->inv->id, turns % 3 == 0, &caller, ignore_resent, m);
		flow_amend_start(f, m->inv->id, &spec, &caller, ignore_amended, m);
		flow_details_start(f, m->inv->id, &caller, ignore_details, m);
		flow_note_opened(f, m->inv);
		flow_queue_retry_start(f, OUTBOX_MAILS, item->id, &caller, ignore_item, m);
		if (turns % 5 == 0)
			flow_queue_drop_start(f, OUTBOX_MAILS, item->id, &caller, ignore_item, m);
		flow_queue_list_start(f, OUTBOX_MAILS, NULL, 10, ignore_list, m);
		flow_mail_test_start(f, "welcome", NULL, ADA_AT, &caller, ignore_tested, m);
		turn(m->w, turns);
		outbox_item_free(item);
		/* And what was begun is whole again after the next start. */
		mail_world_crash(m);
		wait_for_empty_queue(m);
		mail_world_look(m, m->inv->id);
		assert_string_equal(m->log->waiting, "");
		mail_world_free(m);
	}
}

static void
on_drained(void *arg)
{
	*(bool *)arg = true;
}

static bool
is_set(struct world *w, void *arg)
{
	(void)w;
	return *(bool *)arg;
}

static void
before_an_end_what_is_under_way_is_finished_and_nothing_is_begun(void **state)
{
	struct mail_world *m = mail_world_new();
	bool drained = false;

	(void)state;
	m->conf.in_flight = 1;
	mail_world_crash(m);
	m->mailer->hold = true;
	for (unsigned n = 0; n < 10; n++)
		assert_int_equal(mail_world_invite_nth(m, n), ERR_OK);
	mail_world_await(m, 2);
	flow_drain(m->w->flow, on_drained, &drained);
	turn(m->w, 30);
	assert_false(drained);
	fake_mailer_release(m->mailer);
	assert_true(world_until(m->w, is_set, &drained));
	assert_int_equal(m->mailer->count, 2); /* its next was with it already */
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 8);
	mail_world_crash(m);
	wait_for_empty_queue(m);
	assert_int_equal(m->mailer->count, 10); /* none is lost, none is doubled */
	mail_world_free(m);
}

static void
at_a_stop_what_the_mailer_has_not_begun_is_taken_back(void **state)
{
	struct mail_world *m = mail_world_new();
	bool drained = false;

	(void)state;
	m->conf.in_flight = 1;
	m->mailer->connections = 1;
	mail_world_crash(m);
	m->mailer->hold = true;
	for (unsigned n = 0; n < 10; n++)
		assert_int_equal(mail_world_invite_nth(m, n), ERR_OK);
	mail_world_await(m, 2);
	flow_stop_sending(m->w->flow); /* requests are still being answered */
	turn(m->w, 30);
	assert_int_equal(m->mailer->taken_back, 1);
	assert_int_equal(m->mailer->now, 1);
	flow_drain(m->w->flow, on_drained, &drained);
	fake_mailer_release(m->mailer);
	assert_true(world_until(m->w, is_set, &drained));
	assert_int_equal(m->mailer->count, 2);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 9);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, 1), VIEW_UNKNOWN); /* nobody has it */
	mail_world_crash(m);
	wait_for_empty_queue(m);
	assert_int_equal(m->mailer->count, 2 + 9);
	mail_world_free(m);
}

static void
at_a_stop_what_became_of_a_mail_is_stored_as_soon_as_the_store_takes_it(void **state)
{
	struct mail_world *m = mail_world_new();
	bool drained = false;

	(void)state;
	m->mailer->hold = true;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	fake_kv_fail(m->w->kv, 1, FAKE_KV_REFUSE);
	flow_drain(m->w->flow, on_drained, &drained);
	fake_mailer_release(m->mailer);
	assert_true(world_until(m->w, is_set, &drained));
	assert_true(fake_kv_failed(m->w->kv));
	mail_world_crash(m);
	wait_for_empty_queue(m);
	assert_int_equal(m->mailer->count, 1);
	mail_world_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_leaves_once_whatever_the_store_does_once),
		cmocka_unit_test(what_the_store_refuses_for_a_while_is_written_later),
		cmocka_unit_test(a_claim_of_unknown_fate_does_not_stay),
		cmocka_unit_test(a_mail_survives_a_crash_at_every_write),
		cmocka_unit_test(
		    what_was_sent_when_the_daemon_died_is_sent_again_with_both_links_valid),
		cmocka_unit_test(everything_can_end_at_every_moment),
		cmocka_unit_test(before_an_end_what_is_under_way_is_finished_and_nothing_is_begun),
		cmocka_unit_test(at_a_stop_what_the_mailer_has_not_begun_is_taken_back),
		cmocka_unit_test(
		    at_a_stop_what_became_of_a_mail_is_stored_as_soon_as_the_store_takes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
