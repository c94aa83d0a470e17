/* Webhooks from the event to the last attempt. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>

#include "hook_world.h"

/* ---- events ---- */

static void
each_event_is_told_once_for_its_cause(void **state)
{
	struct world *w = hook_world_new();
	struct world_link link;
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, ALL_TYPES, hook);
	link = world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	assert_int_equal(hook_sent_of_type("invitation.created"), 1);
	assert_int_equal(
	    world_accept(w, &link.token, "correct horse battery staple", NULL).code, ERR_OK);
	hook_until_sent(w, 3);
	assert_int_equal(hook_sent_of_type("invitation.accepted"), 1);
	assert_int_equal(hook_sent_of_type("user.registered"), 1);
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	hook_until_sent(w, 4);
	assert_int_equal(hook_sent_of_type("user.suspended"), 1);
	assert_int_equal(people_remove(w, BOB), ERR_OK);
	hook_until_sent(w, 5);
	assert_int_equal(hook_sent_of_type("user.deleted"), 1);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 5);
	world_free(w);
}

static void
the_ends_of_an_invitation_are_told(void **state)
{
	struct world *w = hook_world_new();
	struct world_link revoked, expired;
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_REVOKED | 1 << HOOK_INVITATION_EXPIRED, hook);
	revoked = world_invite(w, &world_ada);
	assert_int_equal(world_revoke(w, revoked.id), ERR_OK);
	hook_until_sent(w, 1);
	assert_int_equal(hook_sent_of_type("invitation.revoked"), 1);
	expired = world_invite(w, &world_ada);
	hook_pass(w, 2 * 3600 * SECOND_MS);
	assert_int_equal(world_revoke(w, expired.id), ERR_EXPIRED);
	hook_until_sent(w, 2);
	assert_int_equal(hook_sent_of_type("invitation.expired"), 1);
	assert_int_equal(world_revoke(w, revoked.id), ERR_OK); /* once more changes nothing */
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 2);
	world_free(w);
}

/* No name, address or birthday of anybody. */
static void
a_body_has_ids_and_no_person(void **state)
{
	struct world *w = hook_world_new();
	struct world_link link;
	char hook[ID_SIZE], expected[1024];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_USER_REGISTERED, hook);
	link = world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	snprintf(expected, sizeof(expected),
	    "{\"type\":\"invitation.created\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"data\":{"
	    "\"invitation_id\":\"%s\",\"status\":\"pending\",\"actor\":\"test\"}}",
	    link.id);
	assert_string_equal(hook_receiver.sent[0].body, expected);
	assert_int_equal(
	    world_accept(w, &link.token, "correct horse battery staple", NULL).code, ERR_OK);
	hook_until_sent(w, 2);
	snprintf(expected, sizeof(expected),
	    "{\"type\":\"user.registered\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"data\":{"
	    "\"invitation_id\":\"%s\",\"status\":\"done\",\"uid\":\"ada.lovelace\","
	    "\"dn\":\"uid=ada.lovelace,ou=engines,dc=example\",\"actor\":\"person\"}}",
	    link.id);
	assert_string_equal(hook_receiver.sent[1].body, expected);
	world_free(w);
}

static void
each_endpoint_gets_what_it_asks_for(void **state)
{
	struct world *w = hook_world_new();
	char first[ID_SIZE], second[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, first);
	hook_create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_USER_SUSPENDED, second);
	world_invite(w, &world_ada);
	hook_until_sent(w, 2);
	assert_string_not_equal(hook_receiver.sent[0].id, hook_receiver.sent[1].id);
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	hook_until_sent(w, 3);
	hook_list(w, first, 50);
	assert_int_equal(hook_message_count, 1);
	hook_list(w, second, 50);
	assert_int_equal(hook_message_count, 2);
	world_free(w);
}

static void
no_event_is_lost_when_the_clock_is_set_back(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_USER_SUSPENDED, hook);
	world_set_clock(w, -3600 * SECOND_MS);
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 0);
	world_crash(w);
	assert_int_equal(
	    hook_change(w, hook, (struct hook_spec){ .name = "erp", .enabled = -1 }), ERR_OK);
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	hook_until_sent(w, 2);
	world_free(w);
}

static FILE *
keep_log(int *saved)
{
	FILE *log = tmpfile();

	*saved = dup(STDERR_FILENO);
	assert_true(log != NULL && dup2(fileno(log), STDERR_FILENO) >= 0);
	return log;
}

/* How often this was said meanwhile. */
static size_t
count_log(FILE *log, int saved, const char *words)
{
	char text[65536];
	size_t count = 0, len;

	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(log);
	len = fread(text, 1, sizeof(text) - 1, log);
	text[len] = '\0';
	fclose(log);
	for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
		count++;
	return count;
}

static void
an_event_that_cannot_be_read_is_told_once(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];
	FILE *log;
	int saved;

	(void)state;
	hook_create(w, 1 << HOOK_USER_SUSPENDED, hook);
	world_put_damaged(w, "event/00000000-0000-7000-8000-000000000001");
	log = keep_log(&saved);
	for (size_t i = 1; i < 5; i++) {
		assert_int_equal(people_suspend(w, BOB, i % 2 == 1), ERR_OK);
		hook_until_sent(w, (i + 1) / 2);
	}
	assert_int_equal(count_log(log, saved, "msg=\"a stored value is damaged"), 1);
	world_free(w);
}

/* ---- attempts ---- */

static void
a_failed_message_is_tried_again_as_it_was(void **state)
{
	static const int64_t schedule_s[] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000,
		86400 };
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 1);
	for (size_t i = 0; i < sizeof(schedule_s) / sizeof(schedule_s[0]); i++) {
		size_t before = hook_receiver.count;

		hook_pass(w, schedule_s[i] * SECOND_MS - SECOND_MS);
		hook_until_waiting(w, 1);
		assert_int_equal(hook_receiver.count, before);
		hook_pass(w, schedule_s[i] * 100 + SECOND_MS); /* and a tenth */
		hook_until_sent(w, before + 1);
		assert_string_equal(hook_receiver.sent[before].id, hook_receiver.sent[0].id);
		assert_string_equal(hook_receiver.sent[before].body, hook_receiver.sent[0].body);
		assert_true(hook_receiver.sent[before].at_s > hook_receiver.sent[before - 1].at_s);
	}
	hook_until_waiting(w, 0);
	hook_list(w, hook, 50);
	assert_int_equal(hook_message_count, 1);
	assert_string_equal(hook_messages[0].outcome, "failed");
	assert_string_equal(hook_messages[0].last, "HTTP 400");
	assert_int_equal(hook_messages[0].attempts, 10);
	world_free(w);
}

static void
a_message_whose_answer_got_lost_is_sent_again_until_one_comes(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_UNKNOWN, 0, "Operation timed out");
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 1);
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	hook_pass(w, 6 * SECOND_MS);
	hook_until_sent(w, 2);
	hook_until_waiting(w, 0);
	assert_string_equal(hook_receiver.sent[1].id, hook_receiver.sent[0].id);
	hook_list(w, hook, 50);
	assert_string_equal(hook_messages[0].outcome, "delivered");
	assert_int_equal(hook_messages[0].attempts, 2);
	world_free(w);
}

static void
a_receiver_that_asks_for_time_gets_it(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_FAILED, 503, "HTTP 503");
	hook_receiver.report.retry_after_ms = 600 * SECOND_MS;
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 1);
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	hook_pass(w, 590 * SECOND_MS);
	hook_until_waiting(w, 1);
	assert_int_equal(hook_receiver.count, 1);
	hook_pass(w, 15 * SECOND_MS);
	hook_until_sent(w, 2);
	hook_until_waiting(w, 0);
	world_free(w);
}

static void
an_endpoint_that_is_gone_is_disabled(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];
	struct world_link link;

	(void)state;
	hook_create(w, ALL_TYPES, hook);
	hook_answers(WEBHOOK_GONE, 410, "HTTP 410");
	link = world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 0);
	assert_false(flow_hook_by_id(w->flow, hook)->enabled);
	assert_non_null(strstr(flow_hook_by_id(w->flow, hook)->why_disabled, "410"));
	assert_int_equal(people_audits(w, "webhook_disabled"), 1);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 1);
	hook_enable(w, hook, true);
	assert_null(flow_hook_by_id(w->flow, hook)->why_disabled);
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	world_invite(w, &world_ada);
	hook_until_sent(w, 2);
	world_free(w);
}

static void
an_endpoint_that_has_moved_is_not_disabled_by_where_it_was(void **state)
{
	const struct hook_spec moved = { .url = "https://example.org/new", .enabled = -1 };
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_receiver.silent = true;
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	assert_int_equal(hook_change(w, hook, moved), ERR_OK);
	hook_answers(WEBHOOK_GONE, 410, "HTTP 410");
	fake_webhooks_answer(&hook_receiver);
	hook_until_waiting(w, 1);
	assert_true(flow_hook_by_id(w->flow, hook)->enabled);
	hook_receiver.silent = false;
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	hook_pass(w, 6 * SECOND_MS);
	hook_until_sent(w, 2);
	hook_until_waiting(w, 0);
	assert_string_equal(hook_receiver.sent[1].url, moved.url);
	world_free(w);
}

static void
a_message_is_sent_again_when_somebody_asks(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE], other[ID_SIZE], message[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_create(w, 1 << HOOK_INVITATION_REVOKED, other);
	hook_answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 1);
	strcpy(message, hook_receiver.sent[0].id);
	assert_int_equal(hook_replay(w, other, message), ERR_NOT_FOUND); /* not one of its own */
	assert_int_equal(hook_replay(w, hook, hook), ERR_NOT_FOUND);
	assert_int_equal(
	    hook_replay(w, hook, message), ERR_OK); /* it waits: now rather than later */
	hook_until_sent(w, 2);
	hook_until_waiting(w, 1);
	hook_receiver.silent = true;
	hook_pass(w, 400 * SECOND_MS);
	hook_until_sent(w, 3);
	assert_int_equal(hook_replay(w, hook, message), ERR_CONFLICT); /* it is under way */
	hook_receiver.silent = false;
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	world_crash(w);
	hook_until_sent(w, 4);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_replay(w, hook, message), ERR_OK); /* it was delivered: once more */
	hook_until_sent(w, 5);
	hook_until_waiting(w, 0);
	for (size_t i = 1; i < hook_receiver.count; i++) {
		assert_string_equal(hook_receiver.sent[i].id, message);
		assert_string_equal(hook_receiver.sent[i].body, hook_receiver.sent[0].body);
	}
	hook_enable(w, hook, false);
	assert_int_equal(hook_replay(w, hook, message), ERR_REFUSED);
	world_free(w);
}

/* ---- an endpoint that does not answer ---- */

static void
an_endpoint_that_keeps_silent_is_left_alone_for_a_while(void **state)
{
	struct world *w = hook_world_new();
	struct flow_hook_health health;
	char hook[ID_SIZE];
	enum { MANY = 40, PATIENCE = 3 };

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_INVITATION_REVOKED, hook);
	hook_answers(WEBHOOK_FAILED, 0, "connection refused");
	hook_conf.in_flight = 1; /* of the next start */
	world_crash(w);
	for (size_t i = 0; i < MANY; i += 2) {
		struct world_link link = world_invite(w, &world_ada);

		assert_int_equal(world_revoke(w, link.id), ERR_OK);
	}
	hook_until_waiting(w, MANY);
	assert_int_equal(hook_receiver.count, PATIENCE);
	flow_hook_health(w->flow, hook, &health);
	assert_int_equal(health.failing_since, w->now);
	assert_int_equal(health.paused_until, w->now + 5 * SECOND_MS);
	assert_string_equal(health.last, "connection refused");
	for (int i = 0; i < 10; i++) {
		hook_pass(w, 10 * SECOND_MS);
		hook_until_waiting(w, MANY);
	}
	assert_in_range(hook_receiver.count, PATIENCE + 1, PATIENCE + 5);
	/* An administrator does not wait for the pause's end. */
	hook_answers(WEBHOOK_FAILED, 500, "HTTP 500");
	hook_receiver.count = 0;
	assert_int_equal(hook_test(w, hook), ERR_OK);
	hook_pass(w, 0);
	hook_until_waiting(w, MANY + 1);
	assert_int_equal(hook_sent_of_type("usherd.test"), 1);
	hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	for (int i = 0; i < 100 && store_outbox_count(w->store, OUTBOX_HOOKS) > 0; i++) {
		hook_pass(w, 60 * SECOND_MS);
		assert_true(world_until(w, hook_is_idle, NULL));
	}
	hook_until_waiting(w, 0);
	flow_hook_health(w->flow, hook, &health);
	assert_int_equal(health.failing_since, 0);
	assert_int_equal(health.paused_until, 0);
	assert_null(health.last);
	hook_list(w, hook, 7);
	assert_int_equal(hook_message_count, MANY + 1);
	for (size_t i = 0; i < hook_message_count; i++)
		assert_string_equal(hook_messages[i].outcome, "delivered");
	world_free(w);
}

/* What waits for the outcome is not written again and again meanwhile. */
static void
one_attempt_alone_finds_out_whether_an_endpoint_is_back(void **state)
{
	enum { MANY = 20, PATIENCE = 3 };
	struct world *w = hook_world_new();
	struct flow_hook_health health;
	char hook[ID_SIZE];
	size_t tried, written;

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_FAILED, 503, "HTTP 503");
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(hook_test(w, hook), ERR_OK);
	for (int i = 0; i < 30; i++) { /* until its pause is long */
		hook_pass(w, 60 * SECOND_MS);
		hook_until_waiting(w, MANY);
	}
	flow_hook_health(w->flow, hook, &health);
	assert_non_null(health.last);
	hook_receiver.silent = true;
	hook_receiver.under_way_max = 0;
	tried = hook_receiver.count;
	hook_pass(w, 3600 * SECOND_MS);
	hook_until_sent(w, tried + 1);
	assert_int_equal(hook_receiver.under_way, 1);
	written = fake_kv_written(w->kv);
	for (int i = 0; i < 10; i++)
		hook_pass(w, SECOND_MS);
	assert_in_range(fake_kv_written(w->kv) - written, 0, MANY / 2);
	assert_int_equal(hook_receiver.under_way_max, 1);
	world_free(w);
}

/* Nobody else waits for one that takes its time. */
static void
an_endpoint_that_is_slow_leaves_room_for_others(void **state)
{
	enum { MANY = 20 };
	struct world *w = hook_world_new();
	char slow[ID_SIZE], quick[ID_SIZE];

	(void)state;
	hook_receiver.silent_url = "https://example.org/slow";
	assert_int_equal(hook_create_so(w, (struct hook_spec){ .name = "slow",
					       .url = hook_receiver.silent_url,
					       .types = 1 << HOOK_INVITATION_CREATED,
					       .enabled = -1 }),
	    ERR_OK);
	strcpy(slow, hook_answer.hook.id);
	hook_create(w, 1 << HOOK_INVITATION_CREATED, quick);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(hook_test(w, slow), ERR_OK);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(hook_test(w, quick), ERR_OK);
	for (int i = 0; i < 100; i++)
		hook_pass(w, 100);
	hook_list(w, quick, 50);
	assert_int_equal(hook_message_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(hook_messages[i].outcome, "delivered");
	assert_int_equal(hook_receiver.count, MANY + hook_conf.in_flight / 2);
	assert_int_equal(hook_receiver.under_way, hook_conf.in_flight / 2);
	hook_receiver.silent_url = NULL;
	world_crash(w);
	assert_true(world_until(w, hook_is_done_in_time, NULL));
	world_free(w);
}

static void
a_pause_is_as_long_as_it_is_whatever_the_clock_says(void **state)
{
	static const int64_t sets[] = { -3600 * SECOND_MS, 3 * 3600 * SECOND_MS };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *w = hook_world_new();
		struct flow_hook_health health;
		char hook[ID_SIZE];

		hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
		hook_answers(WEBHOOK_FAILED, 503, "HTTP 503");
		hook_receiver.report.retry_after_ms = 600 * SECOND_MS;
		assert_int_equal(hook_test(w, hook), ERR_OK);
		hook_until_sent(w, 1);
		hook_until_waiting(w, 1);
		world_set_clock(w, sets[i]);
		flow_hook_health(w->flow, hook, &health);
		assert_int_equal(health.paused_until, w->now + 600 * SECOND_MS);
		hook_pass(w, 0);
		hook_until_waiting(w, 1);
		assert_int_equal(hook_receiver.count, 1);
		hook_answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
		world_invite(w, &world_ada); /* due now, by the clock that was set */
		hook_until_waiting(w, 2);
		assert_int_equal(hook_receiver.count, 1);
		hook_pass(w, 602 * SECOND_MS);
		hook_until_sent(w, i == 0 ? 2 : 3);
		world_free(w);
	}
}

struct oldest {
	struct world *w;
	size_t told, waited; /* how often it was looked at, and something waited */
};

static void
look_at_oldest(void *arg)
{
	struct oldest *o = arg;

	o->told++;
	o->waited += lane_oldest_due(o->w->flow->lanes[OUTBOX_HOOKS]) != 0;
}

/* Page by page. */
static void
as_long_as_something_waits_it_is_told(void **state)
{
	enum { MANY = 200 };
	struct world *w = hook_world_new();
	struct oldest o = { .w = w };
	char hook[ID_SIZE];

	(void)state;
	hook_conf.in_flight = 1;
	world_crash(w);
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_receiver.silent = true;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(hook_test(w, hook), ERR_OK);
	hook_until_sent(w, 1);
	hook_receiver.on_sent = look_at_oldest;
	hook_receiver.arg = &o;
	hook_receiver.silent = false;
	fake_webhooks_answer(&hook_receiver);
	hook_until_waiting(w, 0);
	assert_int_equal(o.told, MANY - 1);
	assert_int_equal(o.waited, MANY - 2);
	world_free(w);
}

static void
no_more_are_under_way_than_allowed(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	for (size_t i = 0; i < 30; i++)
		assert_int_equal(hook_test(w, hook), ERR_OK);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 30);
	assert_in_range(hook_receiver.under_way_max, 1, hook_conf.in_flight);
	world_free(w);
}

/* ---- a process that dies ---- */

static void
a_message_that_was_under_way_at_a_crash_is_sent_again(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_receiver.silent = true;
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_receiver.silent = false;
	world_crash(w);
	hook_until_sent(w, 2);
	hook_until_waiting(w, 0);
	assert_string_equal(hook_receiver.sent[1].id, hook_receiver.sent[0].id);
	hook_list(w, hook, 50);
	assert_int_equal(hook_message_count, 1);
	assert_string_equal(hook_messages[0].outcome, "delivered");
	world_free(w);
}

/* ---- a process that stops ---- */

static void
on_drained(void *arg)
{
	*(bool *)arg = true;
}

static bool
has_written(struct world *w, void *arg)
{
	return fake_kv_written(w->kv) >= *(size_t *)arg;
}

static bool
is_drained(struct world *w, void *arg)
{
	(void)w;
	return *(bool *)arg;
}

/* Neither for one that does not answer nor for what the store does not take. */
static void
a_stop_waits_for_no_endpoint(void **state)
{
	(void)state;
	for (int settling = 0; settling < 2; settling++) {
		struct world *w = hook_world_new();
		bool drained = false;
		char hook[ID_SIZE];
		size_t written;

		hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
		hook_receiver.silent = settling == 0;
		assert_int_equal(hook_test(w, hook), ERR_OK);
		written = fake_kv_written(w->kv);
		if (settling == 1)
			fake_kv_fail_from(w->kv, 2, FAKE_KV_REFUSE); /* behind the claim */
		hook_until_sent(w, 1);
		written += 2;
		if (settling == 1)
			assert_true(world_until(w, has_written, &written));
		flow_drain(w->flow, on_drained, &drained);
		assert_true(world_until(w, is_drained, &drained));
		assert_int_equal(hook_receiver.under_way, 0);
		hook_receiver.silent = false;
		world_crash(w);
		hook_until_sent(w, 2);
		hook_until_waiting(w, 0);
		assert_string_equal(hook_receiver.sent[1].id, hook_receiver.sent[0].id);
		world_free(w);
	}
}

/* Whatever transaction goes amiss, and whether or not the process dies of it. */
static void
a_message_arrives_under_one_id_whatever_fails(void **state)
{
	static const enum fake_kv_fault faults[] = { FAKE_KV_REFUSE, FAKE_KV_LOSE_REPLY,
		FAKE_KV_LOSE_ALL, FAKE_KV_SILENT };

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		for (int nth = 1; nth <= 5; nth++) {
			struct world *w = hook_world_new();
			char hook[ID_SIZE];

			hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
			world_invite(w, &world_ada);
			hook_until_waiting(w, 0);
			hook_receiver.count = 0;
			assert_int_equal(hook_test(w, hook), ERR_OK);
			fake_kv_fail(w->kv, nth, faults[i]);
			if (faults[i] == FAKE_KV_SILENT) {
				size_t one = 1;

				hook_until_sent(w, nth == 1 ? 0 : one);
				world_crash(w);
			}
			if (!world_until(w, hook_is_done_in_time, NULL))
				fail_msg("fault %d of %d", nth, (int)faults[i]);
			assert_in_range(hook_receiver.count, 1, 2);
			for (size_t m = 1; m < hook_receiver.count; m++)
				assert_string_equal(
				    hook_receiver.sent[m].id, hook_receiver.sent[0].id);
			world_free(w);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_is_told_once_for_its_cause),
		cmocka_unit_test(the_ends_of_an_invitation_are_told),
		cmocka_unit_test(a_body_has_ids_and_no_person),
		cmocka_unit_test(each_endpoint_gets_what_it_asks_for),
		cmocka_unit_test(no_event_is_lost_when_the_clock_is_set_back),
		cmocka_unit_test(an_event_that_cannot_be_read_is_told_once),
		cmocka_unit_test(a_failed_message_is_tried_again_as_it_was),
		cmocka_unit_test(a_message_whose_answer_got_lost_is_sent_again_until_one_comes),
		cmocka_unit_test(a_receiver_that_asks_for_time_gets_it),
		cmocka_unit_test(an_endpoint_that_is_gone_is_disabled),
		cmocka_unit_test(an_endpoint_that_has_moved_is_not_disabled_by_where_it_was),
		cmocka_unit_test(a_message_is_sent_again_when_somebody_asks),
		cmocka_unit_test(an_endpoint_that_keeps_silent_is_left_alone_for_a_while),
		cmocka_unit_test(one_attempt_alone_finds_out_whether_an_endpoint_is_back),
		cmocka_unit_test(an_endpoint_that_is_slow_leaves_room_for_others),
		cmocka_unit_test(a_pause_is_as_long_as_it_is_whatever_the_clock_says),
		cmocka_unit_test(as_long_as_something_waits_it_is_told),
		cmocka_unit_test(no_more_are_under_way_than_allowed),
		cmocka_unit_test(a_message_that_was_under_way_at_a_crash_is_sent_again),
		cmocka_unit_test(a_stop_waits_for_no_endpoint),
		cmocka_unit_test(a_message_arrives_under_one_id_whatever_fails),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
