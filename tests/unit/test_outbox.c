/* The rules of the queue and of the log of mails, as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "invite/outbox.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
#define NOW ((int64_t)1700000000000)
static const char some_id[] = "01890000-0000-7000-8000-000000000001";

static struct outbox_item *
mail(void)
{
	struct outbox_item *i = outbox_item_new(OUTBOX_INVITATION, some_id, NOW);

	i->expires_at = NOW + 7 * (int64_t)DAY;
	return i;
}

/* One that is being sent, in its own slot. */
static void
claim(struct outbox_item *i)
{
	snprintf(i->owner, sizeof(i->owner), "%s", "0123456789abcdef");
	i->slotted = true;
}

static void
every_kind_and_every_event_has_a_name_that_leads_back(void **state)
{
	enum outbox_kind kind;
	enum delivery_event event;

	(void)state;
	for (unsigned k = 0; k < OUTBOX_KIND_COUNT; k++) {
		assert_true(outbox_kind_by_name(outbox_kind_name((enum outbox_kind)k), &kind));
		assert_int_equal(kind, k);
	}
	for (unsigned e = 0; e < DELIVERY_EVENT_COUNT; e++) {
		assert_true(
		    delivery_event_by_name(delivery_event_name((enum delivery_event)e), &event));
		assert_int_equal(event, e);
	}
	assert_false(outbox_kind_by_name("Invitation", &kind));
	assert_false(outbox_kind_by_name("", &kind));
	assert_false(delivery_event_by_name("sent", &event));
}

static void
a_webhook_never_waits_behind_a_mail_and_only_mails_of_the_link_have_one(void **state)
{
	static const struct {
		enum outbox_queue queue;
		bool has_link;
	} rows[OUTBOX_KIND_COUNT] = {
		[OUTBOX_INVITATION] = { OUTBOX_MAILS, true },
		[OUTBOX_REMINDER] = { OUTBOX_MAILS, true },
		[OUTBOX_WELCOME] = { OUTBOX_MAILS, false },
		[OUTBOX_COMPLETED] = { OUTBOX_MAILS, false },
		[OUTBOX_UNDELIVERABLE] = { OUTBOX_MAILS, false },
		[OUTBOX_HOOK] = { OUTBOX_HOOKS, false },
	};

	(void)state;
	for (unsigned k = 0; k < OUTBOX_KIND_COUNT; k++) {
		assert_int_equal(outbox_queue_of((enum outbox_kind)k), rows[k].queue);
		assert_int_equal(outbox_has_link((enum outbox_kind)k), rows[k].has_link);
	}
}

static void
a_new_item_is_due_now_and_has_an_id_of_its_own(void **state)
{
	struct outbox_item *a = outbox_item_new(OUTBOX_HOOK, some_id, NOW), *b = mail();

	(void)state;
	assert_true(id_is_valid(a->id));
	assert_string_not_equal(a->id, b->id);
	assert_string_equal(a->subject, some_id);
	assert_int_equal(a->kind, OUTBOX_HOOK);
	assert_int_equal(a->due, NOW);
	assert_int_equal(a->created_at, NOW);
	assert_true(a->expires_at == INT64_MAX);
	assert_string_equal(a->owner, "");
	assert_null(a->body);
	outbox_item_free(a);
	outbox_item_free(b);
	outbox_item_free(NULL);
}

static void
a_copy_of_an_item_outlives_its_source(void **state)
{
	struct outbox_item *i = mail(), *copy;

	(void)state;
	outbox_set_text(i, &i->last, "250 ok");
	outbox_set_text(i, &i->to, "ada@home.example");
	outbox_set_text(i, &i->name, "Ada Lovelace");
	outbox_set_text(i, &i->uid, "ada");
	outbox_set_text(i, &i->language, "vi");
	outbox_set_text(i, &i->type, "invitation.sent");
	outbox_set_text(i, &i->body, "{}");
	i->revision = 7;
	copy = outbox_item_copy(i);
	memset((char *)(uintptr_t)i->to, 'x', 3);
	outbox_item_free(i);
	assert_string_equal(copy->last, "250 ok");
	assert_string_equal(copy->to, "ada@home.example");
	assert_string_equal(copy->name, "Ada Lovelace");
	assert_string_equal(copy->uid, "ada");
	assert_string_equal(copy->language, "vi");
	assert_string_equal(copy->type, "invitation.sent");
	assert_string_equal(copy->body, "{}");
	assert_int_equal(copy->revision, 7);
	outbox_set_text(copy, &copy->last, NULL);
	assert_null(copy->last);
	outbox_item_free(copy);
}

static void
a_text_is_cut_at_a_whole_character_and_a_body_is_not_cut(void **state)
{
	struct outbox_item *i = mail();
	char text[OUTBOX_BODY_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[OUTBOX_TEXT_MAX] = '\0';
	outbox_set_text(i, &i->last, text);
	assert_int_equal(strlen(i->last), OUTBOX_TEXT_MAX);
	memcpy(text + OUTBOX_TEXT_MAX - 1, "\xe1\xba\xbf!", 5); /* U+1EBF across the bound */
	outbox_set_text(i, &i->last, text);
	assert_int_equal(strlen(i->last), OUTBOX_TEXT_MAX - 1);
	memset(text, 0x80, OUTBOX_TEXT_MAX + 9); /* no character begins anywhere */
	outbox_set_text(i, &i->last, text);
	assert_string_equal(i->last, "");
	memset(text, 'b', OUTBOX_BODY_MAX);
	text[OUTBOX_BODY_MAX] = '\0';
	outbox_set_text(i, &i->body, text);
	assert_int_equal(strlen(i->body), OUTBOX_BODY_MAX);
	outbox_item_free(i);
}

/* ---- trying again ---- */

static void
pauses_double_from_ten_seconds_to_a_quarter_of_an_hour_less_up_to_a_quarter(void **state)
{
	static const int64_t seconds[] = { 10, 20, 40, 80, 160, 320, 640, 900, 900, 900 };
	static const uint32_t randoms[] = { 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX };

	(void)state;
	for (unsigned n = 0; n < sizeof(seconds) / sizeof(seconds[0]); n++) {
		int64_t whole = seconds[n] * SECOND;

		assert_int_equal(outbox_backoff(n + 1, 0), whole);
		assert_true(outbox_backoff(n + 1, UINT32_MAX) <= whole * 3 / 4 + 1);
		for (size_t r = 0; r < sizeof(randoms) / sizeof(randoms[0]); r++) {
			int64_t ms = outbox_backoff(n + 1, randoms[r]);

			assert_true(ms <= whole && ms >= whole * 3 / 4);
		}
	}
	assert_int_equal(outbox_backoff(0, 0), OUTBOX_BACKOFF_MIN_MS);
	assert_int_equal(outbox_backoff(UINT32_MAX, 0), OUTBOX_BACKOFF_MAX_MS);
}

static void
what_was_sent_goes_and_what_was_refused_is_given_up(void **state)
{
	struct outbox_item *i = mail();

	(void)state;
	assert_int_equal(outbox_decide(i, OUTBOX_SENT, NOW, 0), OUTBOX_REMOVE);
	assert_int_equal(outbox_decide(i, OUTBOX_REFUSED, NOW, 0), OUTBOX_GIVE_UP);
	assert_int_equal(outbox_decide_hook(i, OUTBOX_SENT, NOW, 0, 0), OUTBOX_REMOVE);
	assert_int_equal(outbox_decide_hook(i, OUTBOX_REFUSED, NOW, 0, 0), OUTBOX_GIVE_UP);
	assert_int_equal(i->attempts, 4);
	outbox_item_free(i);
}

static void
a_deferred_mail_waits_longer_each_time_without_owner_and_slot(void **state)
{
	struct outbox_item *i = mail();
	int64_t now = NOW;

	(void)state;
	for (unsigned n = 1; n <= 12; n++) {
		claim(i);
		assert_int_equal(outbox_decide(i, OUTBOX_DEFERRED, now, 0), OUTBOX_AGAIN);
		assert_int_equal(i->attempts, n);
		assert_int_equal(i->unknown, 0);
		assert_string_equal(i->owner, "");
		assert_false(i->slotted);
		assert_int_equal(i->due, now + outbox_backoff(n, 0));
		now = i->due;
	}
	outbox_item_free(i);
}

static void
a_mail_is_given_up_when_its_next_attempt_would_come_too_late(void **state)
{
	static const struct {
		enum outbox_result result;
		int64_t left; /* from now to the end */
		enum outbox_next next;
	} rows[] = {
		{ OUTBOX_DEFERRED, OUTBOX_BACKOFF_MIN_MS + 1, OUTBOX_AGAIN },
		{ OUTBOX_DEFERRED, OUTBOX_BACKOFF_MIN_MS, OUTBOX_GIVE_UP },
		{ OUTBOX_DEFERRED, 0, OUTBOX_GIVE_UP },
		{ OUTBOX_DEFERRED, -5 * (int64_t)DAY, OUTBOX_GIVE_UP },
		{ OUTBOX_SILENT, OUTBOX_UNKNOWN_MS + 1, OUTBOX_AGAIN },
		{ OUTBOX_SILENT, OUTBOX_UNKNOWN_MS, OUTBOX_GIVE_UP },
		{ OUTBOX_LOST, 1, OUTBOX_AGAIN },
		{ OUTBOX_LOST, 0, OUTBOX_GIVE_UP },
		{ OUTBOX_SENT, -1, OUTBOX_REMOVE },
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct outbox_item *i = mail();

		i->expires_at = NOW + rows[r].left;
		assert_int_equal(outbox_decide(i, rows[r].result, NOW, 0), rows[r].next);
		outbox_item_free(i);
	}
}

static void
a_server_that_is_silent_twice_gets_no_third_mail(void **state)
{
	struct outbox_item *i = mail();

	(void)state;
	assert_int_equal(outbox_decide(i, OUTBOX_DEFERRED, NOW, 0), OUTBOX_AGAIN);
	assert_int_equal(outbox_decide(i, OUTBOX_SILENT, NOW, 7), OUTBOX_AGAIN);
	assert_int_equal(i->due, NOW + OUTBOX_UNKNOWN_MS);
	assert_int_equal(i->unknown, 1);
	assert_int_equal(outbox_decide(i, OUTBOX_DEFERRED, NOW, 0), OUTBOX_AGAIN);
	assert_int_equal(outbox_decide(i, OUTBOX_SILENT, NOW, 7), OUTBOX_GIVE_UP);
	assert_int_equal(i->unknown, 2);
	assert_int_equal(i->attempts, 4);
	outbox_item_free(i);
}

static void
however_often_the_process_dies_the_mail_is_due_at_once(void **state)
{
	struct outbox_item *i = mail();

	(void)state;
	for (unsigned n = 1; n <= 50; n++) {
		claim(i);
		assert_int_equal(outbox_decide(i, OUTBOX_LOST, NOW, UINT32_MAX), OUTBOX_AGAIN);
		assert_int_equal(i->due, NOW);
		assert_string_equal(i->owner, "");
		assert_int_equal(i->attempts, n);
	}
	assert_int_equal(i->unknown, 0);
	assert_int_equal(outbox_decide(i, OUTBOX_SILENT, NOW, 0), OUTBOX_AGAIN);
	outbox_item_free(i);
}

static void
a_webhook_message_follows_the_schedule_of_standard_webhooks_and_ends_with_it(void **state)
{
	/* After the attempt of that number; the first is made at once. */
	static const int64_t seconds[] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400 };
	enum { ROWS = sizeof(seconds) / sizeof(seconds[0]) };
	static const enum outbox_result results[] = { OUTBOX_DEFERRED, OUTBOX_SILENT };

	(void)state;
	for (size_t r = 0; r < 2; r++) {
		struct outbox_item *i = outbox_item_new(OUTBOX_HOOK, some_id, NOW);

		for (unsigned n = 0; n < ROWS; n++) {
			struct outbox_item *late = outbox_item_copy(i);
			int64_t whole = seconds[n] * SECOND;

			claim(i);
			assert_int_equal(
			    outbox_decide_hook(i, results[r], NOW, 0, 0), OUTBOX_AGAIN);
			assert_int_equal(i->due, NOW + whole);
			assert_string_equal(i->owner, "");
			assert_int_equal(
			    outbox_decide_hook(late, results[r], NOW, 0, UINT32_MAX), OUTBOX_AGAIN);
			assert_true(late->due > NOW + whole && late->due < NOW + whole * 11 / 10);
			outbox_item_free(late);
		}
		assert_int_equal(outbox_decide_hook(i, results[r], NOW, 0, 0), OUTBOX_GIVE_UP);
		assert_int_equal(i->attempts, ROWS + 1);
		outbox_item_free(i);
	}
}

static void
a_receiver_that_asks_for_more_time_gets_it(void **state)
{
	static const struct {
		unsigned attempts; /* before this one */
		int64_t retry_after, delay;
	} rows[] = {
		{ 0, 0, 5 * SECOND },
		{ 0, 4 * SECOND, 5 * SECOND },
		{ 0, 6 * SECOND, 6 * SECOND },
		{ 0, DAY, DAY },
		{ 0, -1, 5 * SECOND },
		{ 2, 10 * MINUTE, 30 * MINUTE },
		{ 2, HOUR, HOUR },
	};

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct outbox_item *i = outbox_item_new(OUTBOX_HOOK, some_id, NOW);

		i->attempts = rows[r].attempts;
		assert_int_equal(
		    outbox_decide_hook(i, OUTBOX_DEFERRED, NOW, rows[r].retry_after, 0),
		    OUTBOX_AGAIN);
		assert_int_equal(i->due, NOW + rows[r].delay);
		outbox_item_free(i);
	}
}

static void
a_webhook_message_survives_our_death_and_not_its_end(void **state)
{
	struct outbox_item *i = outbox_item_new(OUTBOX_HOOK, some_id, NOW);

	(void)state;
	for (int n = 0; n < 30; n++) {
		assert_int_equal(outbox_decide_hook(i, OUTBOX_LOST, NOW, HOUR, 0), OUTBOX_AGAIN);
		assert_int_equal(i->due, NOW);
	}
	i->attempts = 0;
	i->expires_at = NOW + 5 * SECOND;
	assert_int_equal(outbox_decide_hook(i, OUTBOX_DEFERRED, NOW, 0, 0), OUTBOX_GIVE_UP);
	outbox_item_free(i);
}

/* ---- the log ---- */

static void
assert_log(const struct delivery *d, const char *want)
{
	char seen[1024] = "";
	size_t len = 0;

	for (size_t i = 0; i < d->log_count; i++)
		len += (size_t)snprintf(seen + len, sizeof(seen) - len, "%s%d%c%s", len ? " " : "",
		    (int)d->log[i].at, "qdsruxblo"[d->log[i].event],
		    d -> log[i].kind == OUTBOX_REMINDER ? "'" : "");
	assert_string_equal(seen, want);
}

static void
of_many_deferrals_of_a_mail_the_first_and_the_newest_stay(void **state)
{
	struct delivery *d = delivery_new();

	(void)state;
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_INVITATION, 1, "by admin");
	for (int at = 2; at <= 9; at++)
		delivery_note(d, DELIVERY_DEFERRED, OUTBOX_INVITATION, at, "451 later");
	assert_log(d, "1q 2d 9d");
	/* Those of another mail are counted apart, whatever stands in between. */
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_REMINDER, 10, NULL);
	for (int at = 11; at <= 14; at++)
		delivery_note(d, DELIVERY_DEFERRED,
		    at % 2 == 0 ? OUTBOX_INVITATION : OUTBOX_REMINDER, at, "451 later");
	assert_log(d, "1q 2d 10q' 11d' 13d' 14d");
	/* An outcome ends the run. */
	delivery_note(d, DELIVERY_SENT, OUTBOX_INVITATION, 15, "250 ok");
	for (int at = 16; at <= 18; at++)
		delivery_note(d, DELIVERY_DEFERRED, OUTBOX_INVITATION, at, NULL);
	assert_log(d, "1q 2d 10q' 11d' 13d' 14d 15s 16d 18d");
	delivery_free(d);
}

static void
nothing_but_deferrals_is_coalesced(void **state)
{
	(void)state;
	for (int e = 0; e < DELIVERY_EVENT_COUNT; e++) {
		struct delivery *d = delivery_new();

		for (int at = 0; at < 5; at++)
			delivery_note(d, (enum delivery_event)e, OUTBOX_INVITATION, at, NULL);
		assert_int_equal(d->log_count, e == DELIVERY_DEFERRED ? 2 : 5);
		delivery_free(d);
	}
}

static void
a_full_log_keeps_its_first_entry_and_the_latest(void **state)
{
	struct delivery *d = delivery_new();

	(void)state;
	for (int at = 1; at <= 3 * DELIVERY_LOG_MAX; at++)
		delivery_note(d, DELIVERY_SENT, OUTBOX_INVITATION, at, at == 1 ? "first" : NULL);
	assert_int_equal(d->log_count, DELIVERY_LOG_MAX);
	assert_int_equal(d->log[0].at, 1);
	assert_string_equal(d->log[0].detail, "first");
	for (int i = 1; i < DELIVERY_LOG_MAX; i++)
		assert_int_equal(d->log[i].at, 2 * DELIVERY_LOG_MAX + i + 1);
	delivery_free(d);
	delivery_free(NULL);
}

static void
a_full_log_still_coalesces_deferrals(void **state)
{
	struct delivery *d = delivery_new();

	(void)state;
	for (int at = 1; at <= DELIVERY_LOG_MAX - 2; at++)
		delivery_note(d, DELIVERY_SENT, OUTBOX_INVITATION, at, NULL);
	for (int at = 100; at < 110; at++)
		delivery_note(d, DELIVERY_DEFERRED, OUTBOX_INVITATION, at, NULL);
	assert_int_equal(d->log_count, DELIVERY_LOG_MAX);
	assert_int_equal(d->log[1].at, 2);
	assert_int_equal(d->log[DELIVERY_LOG_MAX - 2].at, 100);
	assert_int_equal(d->log[DELIVERY_LOG_MAX - 1].at, 109);
	delivery_free(d);
}

static void
a_copy_of_a_log_outlives_its_source(void **state)
{
	struct delivery *d = delivery_new(), *copy;
	char detail[] = "250 ok";

	(void)state;
	snprintf(d->waiting, sizeof(d->waiting), "%s", some_id);
	d->asked_at = NOW;
	d->opened = true;
	d->revision = 9;
	delivery_note(d, DELIVERY_SENT, OUTBOX_WELCOME, NOW, detail);
	detail[0] = 'x';
	copy = delivery_copy(d);
	delivery_free(d);
	assert_string_equal(copy->waiting, some_id);
	assert_int_equal(copy->asked_at, NOW);
	assert_true(copy->opened);
	assert_int_equal(copy->revision, 9);
	assert_int_equal(copy->log[0].kind, OUTBOX_WELCOME);
	assert_string_equal(copy->log[0].detail, "250 ok");
	delivery_free(copy);
}

/* ---- a server's words ---- */

static void
a_servers_words_stay_and_the_address_in_them_goes(void **state)
{
	static const struct {
		const char *address, *words, *want;
	} rows[] = {
		{ "ada@home.example", "250 2.0.0 Ok: queued as 4WX",
		    "250 2.0.0 Ok: queued as 4WX" },
		{ "ada@home.example", "", "" },
		{ NULL, "550 <ada@home.example>: no", "550 <ada@home.example>: no" },
		{ "", "550 no", "550 no" },
		/* The address, wherever it stands and in any case. */
		{ "ada@home.example", "550 5.1.1 <ada@home.example>: User unknown",
		    "550 5.1.1 <[address]>: User unknown" },
		{ "ada@home.example", "550 ADA@Home.Example ada@home.exampleada@home.example",
		    "550 [address] [address][address]" },
		{ "Ada@home.example", "550 user=<ada@HOME.example>", "550 user=<[address]>" },
		{ "ada@home.example", "550 to:Xada@home.example.", "550 to:X[address]." },
		/* The local part alone, as a word. */
		{ "ada@home.example", "550 unknown user \"Ada\"",
		    "550 unknown user \"[address]\"" },
		{ "ada@home.example", "550 ada", "550 [address]" },
		{ "ada@home.example", "ada", "[address]" },
		{ "ada@home.example", "550 Canada, adamant, adaada, 1ada, ada1",
		    "550 Canada, adamant, adaada, 1ada, ada1" },
		{ "ada@home.example", "550 ada@other.example and mailbox-ada_ada",
		    "550 [address]@other.example and mailbox-[address]_[address]" },
		{ "a@home.example", "550 not a mailbox", "550 not [address] mailbox" },
		/* A subaddress, and the same mailbox without it. */
		{ "ada+job@home.example", "550 <ada+job@home.example> ada+job Ada ada+other",
		    "550 <[address]> [address] [address] [address]+other" },
		{ "+@home.example", "550 1+1", "550 1+1" },
		/* No "@": the whole is what goes. */
		{ "postmaster", "550 PostMaster", "550 [address]" },
		/* Another script, in another case. */
		{ "\xc3\x81nh@home.example",
		    "550 \xc3\xa1nh@home.example \xc3\xa1NH \xc3\xa1nh\xc3\xa1",
		    "550 [address] [address] \xc3\xa1nh\xc3\xa1" },
		/* Cut words do not end in half an address. */
		{ "ada@home.example", "550 ada@home.exampl", "550 [address]@home.exampl" },
		/* Controls, line breaks, directions, unassigned: one mark each. */
		{ NULL, "550-a\r\n550 b\t\x1b[2J\x7f", "550-a??550 b??[2J?" },
		{ NULL, "x\xc2\x85y\xe2\x80\xa8z\xe2\x80\xaew\xef\xbf\xbf", "x?y?z?w?" },
		{ "ada@home.example", "550 ada\r\n@home.example", "550 [address]??@home.example" },
		/* Bad UTF-8: each byte; what is good stays. */
		{ NULL,
		    "\xff"
		    "a\xc3"
		    "b\xe1\xba\xbf\xed\xa0\x80\xc0\xaf",
		    "?a?b\xe1\xba\xbf?????" },
		{ NULL, "end \xe1\xba", "end ??" },
		{ "ada@home.example",
		    "\xff"
		    "ada@home.example\xff",
		    "?[address]?" },
		{ "\xff@home.example", "550 \xff@home.example", "550 [address]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_new(0);

		assert_string_equal(
		    delivery_scrub(a, rows[i].words, rows[i].address), rows[i].want);
		arena_free(a);
	}
}

static void
scrubbed_words_are_bounded_after_they_were_scrubbed(void **state)
{
	static const char unit[] = "ada@home.example ";
	char words[16 * 1024 + 1];
	struct arena *a = arena_new(0);
	const char *out;

	(void)state;
	for (size_t i = 0; i < sizeof(words) - 1; i++)
		words[i] = unit[i % (sizeof(unit) - 1)];
	words[sizeof(words) - 1] = '\0';
	out = delivery_scrub(a, words, "ada@home.example");
	assert_true(strlen(out) <= OUTBOX_TEXT_MAX && strlen(out) > OUTBOX_TEXT_MAX - 16);
	assert_null(strstr(out, "ada"));
	for (size_t i = 0; i + 3 < sizeof(words); i += 3)
		memcpy(words + i, "\xe1\xba\xbf", 3);
	out = delivery_scrub(a, words, NULL);
	assert_int_equal(strlen(out), OUTBOX_TEXT_MAX / 3 * 3);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_and_every_event_has_a_name_that_leads_back),
		cmocka_unit_test(
		    a_webhook_never_waits_behind_a_mail_and_only_mails_of_the_link_have_one),
		cmocka_unit_test(a_new_item_is_due_now_and_has_an_id_of_its_own),
		cmocka_unit_test(a_copy_of_an_item_outlives_its_source),
		cmocka_unit_test(a_text_is_cut_at_a_whole_character_and_a_body_is_not_cut),
		cmocka_unit_test(
		    pauses_double_from_ten_seconds_to_a_quarter_of_an_hour_less_up_to_a_quarter),
		cmocka_unit_test(what_was_sent_goes_and_what_was_refused_is_given_up),
		cmocka_unit_test(a_deferred_mail_waits_longer_each_time_without_owner_and_slot),
		cmocka_unit_test(a_mail_is_given_up_when_its_next_attempt_would_come_too_late),
		cmocka_unit_test(a_server_that_is_silent_twice_gets_no_third_mail),
		cmocka_unit_test(however_often_the_process_dies_the_mail_is_due_at_once),
		cmocka_unit_test(
		    a_webhook_message_follows_the_schedule_of_standard_webhooks_and_ends_with_it),
		cmocka_unit_test(a_receiver_that_asks_for_more_time_gets_it),
		cmocka_unit_test(a_webhook_message_survives_our_death_and_not_its_end),
		cmocka_unit_test(of_many_deferrals_of_a_mail_the_first_and_the_newest_stay),
		cmocka_unit_test(nothing_but_deferrals_is_coalesced),
		cmocka_unit_test(a_full_log_keeps_its_first_entry_and_the_latest),
		cmocka_unit_test(a_full_log_still_coalesces_deferrals),
		cmocka_unit_test(a_copy_of_a_log_outlives_its_source),
		cmocka_unit_test(a_servers_words_stay_and_the_address_in_them_goes),
		cmocka_unit_test(scrubbed_words_are_bounded_after_they_were_scrubbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
