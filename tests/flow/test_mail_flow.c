/* The way of a mail: queued with its invitation, claimed with a fresh token, sent, settled. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flow/outbox_private.h"
#include "log/log.h"
#include "mail_world.h"

#define PASSWORD "correct horse staple"

static void
an_invitation_by_mail_reaches_its_person_who_registers_with_it(void **state)
{
	struct mail_world *m = mail_world_new();
	struct token_hash token;

	(void)state;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	assert_int_equal(m->inv->token_count, 0);
	mail_world_await(m, 1);
	assert_string_equal(m->mailer->mails[0]->to, ADA_AT);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_QUEUED), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 1);
	assert_int_equal(m->log->log_count, 2);
	assert_string_equal(m->log->waiting, "");
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_free(m);
}

static void
without_a_way_to_send_the_method_is_refused(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->w->conf.mail = NULL;
	mail_world_crash(m);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_INVALID);
	assert_string_equal(m->field, "method");
	assert_string_equal(m->field_code, "unavailable");
	mail_world_free(m);
}

static void
an_address_that_is_none_is_refused_by_name(void **state)
{
	static const char *const bad[] = { NULL, "", "ada", "ada@", "@home.example",
		"ada@home.example\r\nBcc: eve@evil.example", "ada@home.example,eve@evil.example",
		"ada <ada@home.example>", "\303\244da@home.example", "ada@home.example\n" };
	struct mail_world *m = mail_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (i == 9) /* white space around it goes */
			continue;
		assert_int_equal(mail_world_invite(m, bad[i]), ERR_INVALID);
		assert_string_equal(m->field, "personal_mail");
	}
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
	mail_world_free(m);
}

static void
beyond_its_bound_the_queue_takes_no_more(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.queue_max = 0;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_BUSY);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
	mail_world_free(m);
}

/* ---- what a server says ---- */

static void
a_deferred_mail_waits_and_goes_with_another_link(void **state)
{
	struct mail_world *m = mail_world_new();
	struct outbox_item *item;

	(void)state;
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "4.7.1 greylisted: " ADA_AT);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	item = mail_world_item(m);
	assert_string_equal(item->owner, "");
	assert_true(item->due > m->w->now + 7000 && item->due <= m->w->now + 10000);
	outbox_item_free(item);
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 0);
	assert_int_equal(mail_world_logged(m, DELIVERY_DEFERRED), 1);
	assert_non_null(strstr(m->log->log[1].detail, "greylisted: [address]; again at 20"));
	assert_int_equal(mail_world_view(m, 0), VIEW_UNKNOWN);
	mail_world_pass(m, 5000);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 1);
	mail_world_pass(m, 5000);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

/* A character stands where the words are cut, in every plan that cuts them. */
static void
words_are_cut_at_whole_characters(void **state)
{
	static const enum mail_outcome outcomes[] = { MAIL_DEFERRED, MAIL_UNKNOWN };
	char words[600];

	(void)state;
	memset(words, 'x', sizeof(words));
	for (size_t i = 399; i < 449; i += 2)
		memcpy(words + i, "\303\244", 2);
	words[449] = '\0';
	for (size_t o = 0; o < 2; o++) {
		struct mail_world *m = mail_world_new();

		m->conf.resend_s = 0;
		fake_mailer_always(m->mailer, outcomes[o], 451, words);
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		mail_world_await(m, 1);
		mail_world_rest(m);
		mail_world_look(m, m->inv->id);
		assert_int_equal(m->log->log_count, 2);
		assert_non_null(strstr(m->log->log[1].detail, "xxx; again at 20"));
		assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
		mail_world_await(m, 2);
		mail_world_rest(m);
		/* Until its end, and then it is given up. */
		for (int i = 0; i < 5; i++) {
			mail_world_pass(m, 1000 * 1000);
			mail_world_rest(m);
		}
		mail_world_await_queue(m, 0);
		mail_world_look(m, m->inv->id);
		assert_true(m->log->log_count > 3);
		mail_world_free(m);
	}
}

static void
a_mail_is_deferred_until_the_invitations_end_and_then_given_up(void **state)
{
	/* The last attempt sees the end coming, or the end comes first: it is looked at so often.
	 */
	static const int64_t steps[] = { 60 * 1000, 1000 * 1000 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mail_world *m = mail_world_new();
		size_t last;

		m->conf.notices = true;
		m->conf.notify = "admin@engines.example";
		fake_mailer_always(m->mailer, MAIL_DEFERRED, 451, "4.3.0 later");
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		do {
			mail_world_pass(m, steps[i]);
			mail_world_rest(m);
			last = m->mailer->count - 1;
		} while (strcmp(m->mailer->mails[last]->to, ADA_AT) == 0);
		/* 10 s, 20 s, ... 640 s: 20 minutes; 15 minutes each: the rest of the hour.
		 */
		if (i == 0)
			assert_in_range(last, 7, 14);
		assert_string_equal(m->mailer->mails[last]->to, "admin@engines.example");
		assert_true(mail_world_says(m, last, "later"));
		mail_world_look(m, m->inv->id);
		assert_int_equal(mail_world_logged(m, DELIVERY_DROPPED), 1);
		assert_int_equal(m->inv->token_count, 0);
		mail_world_free(m);
	}
}

/* The relay was away all the time, or the mail stood behind others: nobody ever answered for it. */
static void
an_inviter_hears_of_a_mail_that_was_never_tried(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	fake_mailer_then(m->mailer, MAIL_SENT, 250, "ok");
	fake_mailer_then(m->mailer, MAIL_AWAY, 0, "nobody there");
	assert_int_equal(mail_world_invite_nth(m, 1), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_invite_nth(m, 2), ERR_OK);
	mail_world_await(m, 2);
	mail_world_rest(m);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK); /* and the queue is paused */
	mail_world_pass(m, 3601 * 1000);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 4); /* of the two that never left */
	for (size_t n = 2; n < 4; n++) {
		assert_string_equal(m->mailer->mails[n]->to, "admin@engines.example");
		assert_true(mail_world_says(m, n, "The invitation has ended"));
	}
	mail_world_free(m);
}

static void
a_refused_address_is_marked_and_told_to_the_inviter(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	fake_mailer_then(m->mailer, MAIL_REFUSED, 550, "5.1.1 <" ADA_AT ">: no such user");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	mail_world_look(m, m->inv->id);
	assert_true(m->inv->undeliverable);
	assert_int_equal(m->inv->state, INVITATION_PENDING);
	assert_int_equal(m->inv->token_count, 0);
	assert_int_equal(mail_world_happened(m, INVITATION_EV_UNDELIVER), 1);
	assert_int_equal(mail_world_logged(m, DELIVERY_REFUSED), 1);
	assert_string_equal(m->log->log[1].detail, "5.1.1 <[address]>: no such user");
	assert_string_equal(m->mailer->mails[1]->to, "admin@engines.example");
	assert_true(mail_world_says(m, 1, "no such user"));
	mail_world_free(m);
}

static void
an_inviter_who_is_known_gets_the_notice_and_is_named(void **state)
{
	static const char inviter[] = "6fa459ea-ee8a-4ca4-894e-db77e160355e";
	struct mail_world *m = mail_world_new();

	(void)state;
	fake_roster_add(&m->roster, inviter, inviter, false);
	m->roster.rows[0].mail = "charles@engines.example";
	m->roster.rows[0].name = "Charles Babbage";
	m->created_by = "user:6fa459ea-ee8a-4ca4-894e-db77e160355e";
	m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	fake_mailer_then(m->mailer, MAIL_REFUSED, 550, "5.1.1 no");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_true(mail_world_says(m, 0, "Charles Babbage"));
	assert_string_equal(m->mailer->mails[1]->to, "charles@engines.example");
	mail_world_free(m);
}

static void
after_silence_exactly_one_more_mail_goes_and_both_links_work(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	fake_mailer_then(m->mailer, MAIL_UNKNOWN, 354, "silence after DATA");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	mail_world_pass(m, 59 * 1000);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 1);
	mail_world_pass(m, 1000);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	assert_string_not_equal(mail_header_of(m->mailer->mails[0], "Message-ID"),
	    mail_header_of(m->mailer->mails[1], "Message-ID"));
	assert_string_equal(mail_header_of(m->mailer->mails[0], "References"),
	    mail_header_of(m->mailer->mails[1], "References"));
	mail_world_free(m);
}

static void
after_silence_twice_no_more_mails_go(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	fake_mailer_always(m->mailer, MAIL_UNKNOWN, 354, "silence after DATA");
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_rest(m);
	mail_world_pass(m, 60 * 1000);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	mail_world_pass(m, 1800 * 1000);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 2);
	mail_world_look(m, m->inv->id);
	assert_int_equal(m->inv->token_count, 2);
	assert_false(m->inv->undeliverable);
	assert_int_equal(mail_world_logged(m, DELIVERY_UNKNOWN), 2);
	mail_world_free(m);
}

/* ---- tokens ---- */

static void
tokens_of_mails_that_surely_did_not_leave_displace_none(void **state)
{
	struct mail_world *m = mail_world_new();
	const size_t live = INVITATION_TOKENS_MAX;

	(void)state;
	m->conf.resend_s = 0;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	for (size_t n = 2; n <= live; n++) {
		assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
		mail_world_await(m, n);
		mail_world_await_queue(m, 0);
	}
	for (size_t n = 0; n < live; n++)
		assert_int_equal(mail_world_view(m, n), VIEW_OPEN);
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, live + 1);
	mail_world_rest(m);
	for (size_t n = 0; n < live; n++)
		assert_int_equal(mail_world_view(m, n), VIEW_OPEN);
	/* One that leaves does. */
	mail_world_pass(m, 10 * 1000);
	mail_world_await(m, live + 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_REVOKED);
	for (size_t n = 1; n < live; n++)
		assert_int_equal(mail_world_view(m, n), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, live + 1), VIEW_OPEN);
	mail_world_free(m);
}

/* ---- a registration under way ---- */

static bool
is_claimed(struct world *w, void *arg)
{
	return world_state(w, arg) == INVITATION_CLAIMED;
}

static void
while_somebody_registers_a_mail_waits_and_touches_nothing(void **state)
{
	struct mail_world *m = mail_world_new();
	struct world_answer answer = { .code = ERR_INTERNAL };
	struct token_hash token;

	(void)state;
	m->conf.resend_s = 0;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	mail_world_await(m, 2);
	mail_world_rest(m);
	assert_true(mail_world_token(m, 0, &token));
	fake_dir_fail(m->w->dir, 2, FAKE_SILENT, ERR_OK); /* the Add */
	world_accept_start(m->w, &token, PASSWORD, NULL, &answer);
	assert_true(world_until(m->w, is_claimed, m->inv->id));
	for (int i = 0; i < 10; i++) {
		mail_world_pass(m, 10 * 1000);
		mail_world_rest(m);
	}
	assert_int_equal(m->mailer->count, 2);
	assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 1);
	assert_int_equal(world_state(m->w, m->inv->id), INVITATION_CLAIMED);
	mail_world_free(m);
}

static void
what_becomes_of_a_mail_in_flight_does_not_disturb_a_registration(void **state)
{
	static const enum mail_outcome outcomes[] = { MAIL_SENT, MAIL_DEFERRED, MAIL_REFUSED,
		MAIL_UNKNOWN, MAIL_AWAY, MAIL_BROKEN };

	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		struct mail_world *m = mail_world_new();
		struct token_hash token;

		m->conf.resend_s = 0;
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		mail_world_await(m, 1);
		mail_world_await_queue(m, 0);
		m->mailer->hold = true;
		fake_mailer_then(m->mailer, outcomes[i], 0, "words");
		assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
		mail_world_await(m, 2);
		assert_true(mail_world_token(m, 0, &token));
		assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
		fake_mailer_release(m->mailer);
		for (int n = 0; n < 8; n++) {
			mail_world_pass(m, 30 * 1000);
			mail_world_rest(m);
		}
		assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 0);
		assert_int_equal(m->mailer->count, 2); /* it is completed: no more mails */
		mail_world_look(m, m->inv->id);
		assert_int_equal(m->inv->state, INVITATION_DONE);
		assert_false(m->inv->undeliverable);
		mail_world_free(m);
	}
}

/* ---- news ---- */

static void
who_has_registered_is_welcomed_and_the_inviter_is_told(void **state)
{
	struct mail_world *m = mail_world_new();
	struct token_hash token;
	size_t welcome, notice;

	(void)state;
	m->conf.welcome = m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_await(m, 3);
	mail_world_await_queue(m, 0);
	welcome = strcmp(m->mailer->mails[1]->to, ADA_AT) == 0 ? 1 : 2;
	notice = 3 - welcome;
	assert_string_equal(m->mailer->mails[welcome]->to, ADA_AT);
	assert_true(mail_world_says(m, welcome, "ada.lovelace"));
	assert_string_equal(m->mailer->mails[notice]->to, "admin@engines.example");
	assert_true(mail_world_says(m, notice, "Ada Lovelace"));
	assert_false(mail_world_token(m, welcome, &token));
	assert_false(mail_world_token(m, notice, &token));
	mail_world_look(m, m->inv->id);
	assert_null(m->inv->personal_mail); /* it knows nobody any more */
	assert_int_equal(mail_world_logged(m, DELIVERY_SENT), 3);
	mail_world_free(m);
}

/* The invitation has forgotten its person by then: what templates say is in the item. */
static void
who_has_registered_is_welcomed_by_name_in_their_language(void **state)
{
	static const struct {
		const char *language, *greeting;
	} rows[] = { { "en", "Hello Ada Lovelace," }, { "de", "Guten Tag Ada Lovelace," },
		{ "vi", "Ada Lovelace," } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail_world *m = mail_world_new();
		struct token_hash token;
		size_t welcome;

		m->conf.welcome = m->conf.notices = true;
		m->conf.notify = "admin@engines.example";
		assert_int_equal(mail_world_invite_in(m, rows[i].language), ERR_OK);
		mail_world_await(m, 1);
		mail_world_await_queue(m, 0);
		assert_true(mail_world_token(m, 0, &token));
		assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
		mail_world_await(m, 3);
		mail_world_await_queue(m, 0);
		welcome = strcmp(m->mailer->mails[1]->to, ADA_AT) == 0 ? 1 : 2;
		assert_true(mail_world_says(m, welcome, rows[i].greeting));
		assert_true(mail_world_says(m, welcome, "ada.lovelace"));
		assert_true(mail_world_says(m, 3 - welcome, "Ada Lovelace"));
		assert_true(mail_world_says(m, 3 - welcome, "ada.lovelace"));
		mail_world_free(m);
	}
}

/* A retention of nothing, or a person who is revoked: the invitation goes before its mails do. */
static void
news_leave_though_their_invitation_is_forgotten(void **state)
{
	struct mail_world *m = mail_world_new();
	struct token_hash token;

	(void)state;
	m->conf.welcome = m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later");
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_await(m, 3);
	mail_world_rest(m);
	mail_world_forget_invitation(m, m->inv->id);
	mail_world_pass(m, 20 * 1000);
	mail_world_await(m, 5);
	mail_world_await_queue(m, 0);
	for (size_t n = 3; n < 5; n++)
		assert_true(mail_world_says(m, n, "ada.lovelace"));
	mail_world_free(m);
}

static bool
nothing_waits(struct world *w, void *arg)
{
	(void)arg;
	return store_outbox_count(w->store, OUTBOX_MAILS) == 0;
}

/* It has names and addresses that the invitation has forgotten. */
static void
news_that_nobody_sends_in_time_is_dropped(void **state)
{
	(void)state;
	for (int paused = 0; paused < 2; paused++) {
		struct mail_world *m = mail_world_new();
		struct token_hash token;

		m->conf.welcome = true;
		assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
		mail_world_await(m, 1);
		mail_world_await_queue(m, 0);
		fake_mailer_always(m->mailer, MAIL_AWAY, 0, "nobody there");
		assert_true(mail_world_token(m, 0, &token));
		assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
		mail_world_await(m, 2);
		mail_world_rest(m);
		if (!paused) {
			m->w->conf.mail = NULL; /* [mail] is taken out */
			mail_world_crash(m);
		}
		assert_int_equal(store_outbox_count(m->w->store, OUTBOX_MAILS), 1);
		m->w->now += INT64_C(3) * 24 * 3600 * 1000 + 1;
		assert_true(world_until(m->w, nothing_waits, NULL));
		assert_int_equal(m->mailer->count, 2);
		mail_world_free(m);
	}
}

static void
a_reminder_goes_at_half_time_to_who_has_not_come(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	m->conf.reminder = true;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 1);
	mail_world_pass(m, 1799 * 1000);
	mail_world_rest(m);
	assert_int_equal(m->mailer->count, 1);
	mail_world_pass(m, 1000);
	mail_world_await(m, 2);
	mail_world_await_queue(m, 0);
	assert_int_equal(mail_world_view(m, 0), VIEW_OPEN);
	assert_int_equal(mail_world_view(m, 1), VIEW_OPEN);
	mail_world_free(m);
}

static void
nobody_is_reminded_of_what_they_have_done(void **state)
{
	struct mail_world *m = mail_world_new();
	struct token_hash token;

	(void)state;
	m->conf.reminder = true;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	assert_true(mail_world_token(m, 0, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_pass(m, 1800 * 1000);
	mail_world_await_queue(m, 0);
	assert_int_equal(m->mailer->count, 1);
	mail_world_free(m);
}

static void
a_form_that_is_shown_is_noted_once(void **state)
{
	struct mail_world *m = mail_world_new();

	(void)state;
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	mail_world_await(m, 1);
	mail_world_await_queue(m, 0);
	for (int i = 0; i < 3; i++) {
		flow_note_opened(m->w->flow, m->inv);
		flow_note_opened(m->w->flow, m->inv);
		mail_world_rest(m);
	}
	mail_world_look(m, m->inv->id);
	assert_true(m->log->opened);
	assert_int_equal(mail_world_logged(m, DELIVERY_OPENED), 1);
	mail_world_free(m);
}

/* ---- the log ---- */

static void
nobodys_address_name_or_link_is_logged(void **state)
{
	static const char *const never[] = { "@", "ada.example", "home.example", "Ada", "Lovelace",
		"usj_" };
	struct mail_world *m = mail_world_new();
	FILE *file = tmpfile();
	int err = dup(STDERR_FILENO);
	struct token_hash token;
	char log[65536];
	size_t len;

	(void)state;
	dup2(fileno(file), STDERR_FILENO);
	log_set_level(LOG_DEBUG);
	m->conf.resend_s = 0;
	m->conf.welcome = m->conf.notices = true;
	m->conf.notify = "admin@engines.example";
	fake_mailer_then(m->mailer, MAIL_UNKNOWN, 354, "silence about " ADA_AT);
	fake_mailer_then(m->mailer, MAIL_DEFERRED, 451, "later, " ADA_AT);
	fake_mailer_then(m->mailer, MAIL_REFUSED, 550, "no " ADA_AT);
	fake_mailer_then(m->mailer, MAIL_SENT, 250, "ok");
	fake_mailer_then(m->mailer, MAIL_BROKEN, 535, "not for " ADA_AT);
	assert_int_equal(mail_world_invite(m, ADA_AT), ERR_OK);
	for (int i = 0; i < 10; i++) {
		mail_world_pass(m, 60 * 1000);
		mail_world_rest(m);
	}
	assert_int_equal(mail_world_resend(m, m->inv->id, false), ERR_OK);
	for (int i = 0; i < 10; i++) {
		mail_world_pass(m, 60 * 1000);
		mail_world_rest(m);
	}
	assert_true(mail_world_token(m, m->mailer->count - 1, &token));
	assert_int_equal(world_accept(m->w, &token, PASSWORD, NULL).code, ERR_OK);
	mail_world_await_queue(m, 0);
	log_set_level(LOG_INFO);
	dup2(err, STDERR_FILENO);
	close(err);
	rewind(file);
	len = fread(log, 1, sizeof(log) - 1, file);
	log[len] = '\0';
	fclose(file);
	assert_true(len > 1000);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_null(strstr(log, never[i]));
	mail_world_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invitation_by_mail_reaches_its_person_who_registers_with_it),
		cmocka_unit_test(without_a_way_to_send_the_method_is_refused),
		cmocka_unit_test(an_address_that_is_none_is_refused_by_name),
		cmocka_unit_test(beyond_its_bound_the_queue_takes_no_more),
		cmocka_unit_test(a_deferred_mail_waits_and_goes_with_another_link),
		cmocka_unit_test(words_are_cut_at_whole_characters),
		cmocka_unit_test(a_mail_is_deferred_until_the_invitations_end_and_then_given_up),
		cmocka_unit_test(an_inviter_hears_of_a_mail_that_was_never_tried),
		cmocka_unit_test(a_refused_address_is_marked_and_told_to_the_inviter),
		cmocka_unit_test(an_inviter_who_is_known_gets_the_notice_and_is_named),
		cmocka_unit_test(after_silence_exactly_one_more_mail_goes_and_both_links_work),
		cmocka_unit_test(after_silence_twice_no_more_mails_go),
		cmocka_unit_test(tokens_of_mails_that_surely_did_not_leave_displace_none),
		cmocka_unit_test(while_somebody_registers_a_mail_waits_and_touches_nothing),
		cmocka_unit_test(what_becomes_of_a_mail_in_flight_does_not_disturb_a_registration),
		cmocka_unit_test(who_has_registered_is_welcomed_and_the_inviter_is_told),
		cmocka_unit_test(who_has_registered_is_welcomed_by_name_in_their_language),
		cmocka_unit_test(news_leave_though_their_invitation_is_forgotten),
		cmocka_unit_test(news_that_nobody_sends_in_time_is_dropped),
		cmocka_unit_test(a_reminder_goes_at_half_time_to_who_has_not_come),
		cmocka_unit_test(nobody_is_reminded_of_what_they_have_done),
		cmocka_unit_test(a_form_that_is_shown_is_noted_once),
		cmocka_unit_test(nobodys_address_name_or_link_is_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
