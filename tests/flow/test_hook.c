/* Webhooks from the event to the last attempt: the real store and flows, a receiver that is a fake,
 * and a clock that the test owns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "../fakes/fake_webhook.h"
#include "flow/flow_mail.h"
#include "flow/outbox_private.h"
#include "people_world.h"

enum { ALL_TYPES = (1 << HOOK_TYPE_COUNT) - 1, SECOND_MS = 1000, DAY_MS = 86400 * 1000 };

/* The conf and the receiver outlive a crash of the world. */
static struct fake_webhooks receiver;
static struct flow_hook_conf conf;

static const struct flow_caller caller = { .name = "uid:0", .request_id = "r" };

static struct world *
hook_world_new(void)
{
	struct world *w = people_world_new();

	receiver = (struct fake_webhooks){ .loop = w->loop,
		.report = { .outcome = WEBHOOK_DELIVERED, .status = 200, .words = "HTTP 200" } };
	conf = (struct flow_hook_conf){
		.webhooks = fake_webhooks_of(&receiver), .in_flight = 4, .kept_s = 7 * 86400
	};
	w->conf.hooks = &conf;
	world_crash(w);
	return w;
}

static void
answers(enum webhook_outcome outcome, int status, const char *words)
{
	receiver.report =
	    (struct webhook_report){ .outcome = outcome, .status = status, .words = words };
}

/* ---- calls ---- */

static struct {
	struct world *world;
	enum err code;
	struct hook hook;
	char secret[128], fields[256];
} answer;

static void
on_hook(void *arg, enum err code, const struct hook *h, const struct secret *secret,
    const struct field_errors *errors, const struct fault *f)
{
	(void)arg, (void)f;
	memset(&answer.hook, 0, sizeof(answer.hook));
	answer.code = code;
	answer.secret[0] = answer.fields[0] = '\0';
	if (h != NULL)
		answer.hook = *h;
	if (secret != NULL)
		snprintf(answer.secret, sizeof(answer.secret), "%s", secret_bytes(secret));
	for (size_t i = 0; errors != NULL && i < errors->count; i++) {
		strcat(answer.fields, errors->items[i].field);
		strcat(answer.fields, " ");
	}
	world_stop_waiting(answer.world);
}

static void
on_item(void *arg, enum err code, const struct fault *f)
{
	(void)arg, (void)f;
	answer.code = code;
	world_stop_waiting(answer.world);
}

static enum err
create_so(struct world *w, struct hook_spec spec)
{
	answer.world = w;
	flow_hook_create_start(w->flow, &spec, &caller, on_hook, NULL);
	world_wait(w);
	return answer.code;
}

static void
create(struct world *w, unsigned types, char id[ID_SIZE])
{
	struct hook_spec spec = {
		.name = "crm", .url = "https://example.org/hook", .types = types, .enabled = -1
	};

	assert_int_equal(create_so(w, spec), ERR_OK);
	strcpy(id, answer.hook.id);
}

static enum err
change(struct world *w, const char *id, struct hook_spec spec)
{
	answer.world = w;
	flow_hook_change_start(w->flow, id, &spec, &caller, on_hook, NULL);
	world_wait(w);
	return answer.code;
}

static void
enable(struct world *w, const char *id, bool enabled)
{
	assert_int_equal(change(w, id, (struct hook_spec){ .enabled = enabled }), ERR_OK);
}

static enum err
rotate(struct world *w, const char *id, int64_t overlap_s)
{
	answer.world = w;
	flow_hook_rotate_start(w->flow, id, overlap_s, &caller, on_hook, NULL);
	world_wait(w);
	return answer.code;
}

static enum err delete (struct world *w, const char *id) {
	answer.world = w; flow_hook_delete_start(w->flow, id, &caller, on_item, NULL);
	world_wait(w);
	return answer.code;
}

static enum err
test_message(struct world *w, const char *id)
{
	answer.world = w;
	flow_hook_test_start(w->flow, id, &caller, on_item, NULL);
	world_wait(w);
	return answer.code;
}

static enum err
replay(struct world *w, const char *id, const char *message)
{
	answer.world = w;
	flow_hooked_replay_start(w->flow, id, message, &caller, on_item, NULL);
	world_wait(w);
	return answer.code;
}

/* ---- what is there ---- */

static bool
has_sent(struct world *w, void *arg)
{
	(void)w;
	return receiver.count >= *(size_t *)arg;
}

static void
until_sent(struct world *w, size_t count)
{
	assert_true(world_until(w, has_sent, &count));
	assert_int_equal(receiver.count, count);
}

/* Nothing is being done, and nothing is due. */
static bool
is_idle(struct world *w, void *arg)
{
	struct lane *l = w->flow->lanes[OUTBOX_HOOKS];

	(void)arg;
	return lane_in_flight(l) == 0 && lane_oldest_due(l) == 0;
}

static bool
is_settled(struct world *w, void *arg)
{
	return people_keys(w, "event/") == 0 &&
	       store_outbox_count(w->store, OUTBOX_HOOKS) == *(size_t *)arg &&
	       receiver.under_way == 0 && lane_in_flight(w->flow->lanes[OUTBOX_HOOKS]) == 0;
}

/* Everything that can be done now was done, and so many messages still wait. */
static void
until_waiting(struct world *w, size_t count)
{
	assert_true(world_until(w, is_settled, &count));
}

static bool
has_turned(struct world *w, void *arg)
{
	(void)w;
	return ++*(size_t *)arg > 10;
}

/* Time goes by, and the queue is looked at. */
static void
pass(struct world *w, int64_t ms)
{
	size_t turns = 0;

	w->now += ms;
	lane_wake(w->flow->lanes[OUTBOX_HOOKS], w->now);
	assert_true(world_until(w, has_turned, &turns));
}

/* Time goes by until nothing waits. */
static bool
is_done_in_time(struct world *w, void *arg)
{
	size_t none = 0;

	(void)arg;
	if (is_settled(w, &none))
		return true;
	pass(w, 100);
	return false;
}

struct message {
	char id[ID_SIZE], type[64], outcome[16], last[128];
	unsigned attempts;
};
static struct message messages[64];
static size_t message_count;
static char next_page[256];

static void
on_listed(void *arg, enum err code, const struct hooked *list, size_t count, const char *next,
    const struct fault *f)
{
	struct world *w = arg;

	(void)f;
	answer.code = code;
	for (size_t i = 0; i < count; i++) {
		const struct outbox_item *item = list[i].item;
		struct message *m = &messages[message_count++];

		snprintf(m->id, sizeof(m->id), "%s", item->id);
		snprintf(m->type, sizeof(m->type), "%s", item->type);
		snprintf(m->outcome, sizeof(m->outcome), "%s",
		    list[i].outcome != NULL ? list[i].outcome : "waiting");
		snprintf(m->last, sizeof(m->last), "%s", item->last != NULL ? item->last : "");
		m->attempts = item->attempts;
	}
	snprintf(next_page, sizeof(next_page), "%s", next != NULL ? next : "");
	world_stop_waiting(w);
}

static void
list(struct world *w, const char *hook, size_t limit)
{
	message_count = 0;
	next_page[0] = '\0';
	do {
		char after[256];

		strcpy(after, next_page);
		flow_hooked_list_start(
		    w->flow, hook, after[0] != '\0' ? after : NULL, limit, on_listed, w);
		world_wait(w);
		assert_int_equal(answer.code, ERR_OK);
	} while (next_page[0] != '\0');
}

/* ---- events ---- */

static size_t
sent_of_type(const char *type)
{
	char begin[64];
	size_t count = 0;

	snprintf(begin, sizeof(begin), "{\"type\":\"%s\",", type);
	for (size_t i = 0; i < receiver.count; i++)
		count += strncmp(receiver.sent[i].body, begin, strlen(begin)) == 0;
	return count;
}

static void
each_event_is_told_once_for_its_cause(void **state)
{
	struct world *w = hook_world_new();
	struct world_link link;
	char hook[ID_SIZE];

	(void)state;
	create(w, ALL_TYPES, hook);
	link = world_invite(w, &world_ada);
	until_sent(w, 1);
	assert_int_equal(sent_of_type("invitation.created"), 1);
	assert_int_equal(
	    world_accept(w, &link.token, "correct horse battery staple", NULL).code, ERR_OK);
	until_sent(w, 3);
	assert_int_equal(sent_of_type("invitation.accepted"), 1);
	assert_int_equal(sent_of_type("user.registered"), 1);
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	until_sent(w, 4);
	assert_int_equal(sent_of_type("user.suspended"), 1);
	assert_int_equal(people_remove(w, BOB), ERR_OK);
	until_sent(w, 5);
	assert_int_equal(sent_of_type("user.deleted"), 1);
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 5);
	world_free(w);
}

static void
the_ends_of_an_invitation_are_told(void **state)
{
	struct world *w = hook_world_new();
	struct world_link revoked, expired;
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_REVOKED | 1 << HOOK_INVITATION_EXPIRED, hook);
	revoked = world_invite(w, &world_ada);
	assert_int_equal(world_revoke(w, revoked.id), ERR_OK);
	until_sent(w, 1);
	assert_int_equal(sent_of_type("invitation.revoked"), 1);
	expired = world_invite(w, &world_ada);
	pass(w, 2 * 3600 * SECOND_MS);
	assert_int_equal(world_revoke(w, expired.id), ERR_EXPIRED);
	until_sent(w, 2);
	assert_int_equal(sent_of_type("invitation.expired"), 1);
	assert_int_equal(world_revoke(w, revoked.id), ERR_OK); /* once more changes nothing */
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 2);
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
	create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_USER_REGISTERED, hook);
	link = world_invite(w, &world_ada);
	until_sent(w, 1);
	snprintf(expected, sizeof(expected),
	    "{\"type\":\"invitation.created\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"data\":{"
	    "\"invitation_id\":\"%s\",\"status\":\"pending\",\"actor\":\"test\"}}",
	    link.id);
	assert_string_equal(receiver.sent[0].body, expected);
	assert_int_equal(
	    world_accept(w, &link.token, "correct horse battery staple", NULL).code, ERR_OK);
	until_sent(w, 2);
	snprintf(expected, sizeof(expected),
	    "{\"type\":\"user.registered\",\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"data\":{"
	    "\"invitation_id\":\"%s\",\"status\":\"done\",\"uid\":\"ada.lovelace\","
	    "\"dn\":\"uid=ada.lovelace,ou=engines,dc=example\",\"actor\":\"person\"}}",
	    link.id);
	assert_string_equal(receiver.sent[1].body, expected);
	world_free(w);
}

static void
each_endpoint_gets_what_it_asks_for(void **state)
{
	struct world *w = hook_world_new();
	char first[ID_SIZE], second[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, first);
	create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_USER_SUSPENDED, second);
	world_invite(w, &world_ada);
	until_sent(w, 2);
	assert_string_not_equal(receiver.sent[0].id, receiver.sent[1].id);
	assert_int_equal(people_suspend(w, BOB, true), ERR_OK);
	until_sent(w, 3);
	list(w, first, 50);
	assert_int_equal(message_count, 1);
	list(w, second, 50);
	assert_int_equal(message_count, 2);
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
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 1);
	for (size_t i = 0; i < sizeof(schedule_s) / sizeof(schedule_s[0]); i++) {
		size_t before = receiver.count;

		pass(w, schedule_s[i] * SECOND_MS - SECOND_MS);
		until_waiting(w, 1);
		assert_int_equal(receiver.count, before);
		pass(w, schedule_s[i] * 100 + SECOND_MS); /* and a tenth */
		until_sent(w, before + 1);
		assert_string_equal(receiver.sent[before].id, receiver.sent[0].id);
		assert_string_equal(receiver.sent[before].body, receiver.sent[0].body);
		assert_true(receiver.sent[before].at_s > receiver.sent[before - 1].at_s);
	}
	until_waiting(w, 0);
	list(w, hook, 50);
	assert_int_equal(message_count, 1);
	assert_string_equal(messages[0].outcome, "failed");
	assert_string_equal(messages[0].last, "HTTP 400");
	assert_int_equal(messages[0].attempts, 10);
	world_free(w);
}

static void
a_message_whose_answer_got_lost_is_sent_again_until_one_comes(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	answers(WEBHOOK_UNKNOWN, 0, "Operation timed out");
	world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 1);
	answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	pass(w, 6 * SECOND_MS);
	until_sent(w, 2);
	until_waiting(w, 0);
	assert_string_equal(receiver.sent[1].id, receiver.sent[0].id);
	list(w, hook, 50);
	assert_string_equal(messages[0].outcome, "delivered");
	assert_int_equal(messages[0].attempts, 2);
	world_free(w);
}

static void
a_receiver_that_asks_for_time_gets_it(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	answers(WEBHOOK_FAILED, 503, "HTTP 503");
	receiver.report.retry_after_ms = 600 * SECOND_MS;
	world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 1);
	world_invite(w, &world_ada); /* refused: the same names; and another one is not */
	answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	pass(w, 590 * SECOND_MS);
	until_waiting(w, 1);
	assert_int_equal(receiver.count, 1);
	pass(w, 15 * SECOND_MS);
	until_sent(w, 2);
	until_waiting(w, 0);
	world_free(w);
}

static void
an_endpoint_that_is_gone_is_disabled(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];
	struct world_link link;

	(void)state;
	create(w, ALL_TYPES, hook);
	answers(WEBHOOK_GONE, 410, "HTTP 410");
	link = world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 0);
	assert_false(flow_hook_by_id(w->flow, hook)->enabled);
	assert_non_null(strstr(flow_hook_by_id(w->flow, hook)->why_disabled, "410"));
	assert_int_equal(people_audits(w, "webhook_disabled"), 1);
	assert_int_equal(world_revoke(w, link.id), ERR_OK);
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 1);
	enable(w, hook, true);
	assert_null(flow_hook_by_id(w->flow, hook)->why_disabled);
	answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	world_invite(w, &world_ada);
	until_sent(w, 2);
	world_free(w);
}

static void
a_message_is_sent_again_when_somebody_asks(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE], other[ID_SIZE], message[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	create(w, 1 << HOOK_INVITATION_REVOKED, other);
	answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 1);
	strcpy(message, receiver.sent[0].id);
	assert_int_equal(replay(w, other, message), ERR_NOT_FOUND); /* not one of its own */
	assert_int_equal(replay(w, hook, hook), ERR_NOT_FOUND);
	assert_int_equal(replay(w, hook, message), ERR_OK); /* it waits: now rather than later */
	until_sent(w, 2);
	until_waiting(w, 1);
	receiver.silent = true;
	pass(w, 400 * SECOND_MS);
	until_sent(w, 3);
	assert_int_equal(replay(w, hook, message), ERR_CONFLICT); /* it is under way */
	receiver.silent = false;
	answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	world_crash(w);
	until_sent(w, 4);
	until_waiting(w, 0);
	assert_int_equal(replay(w, hook, message), ERR_OK); /* it was delivered: once more */
	until_sent(w, 5);
	until_waiting(w, 0);
	for (size_t i = 1; i < receiver.count; i++) {
		assert_string_equal(receiver.sent[i].id, message);
		assert_string_equal(receiver.sent[i].body, receiver.sent[0].body);
	}
	enable(w, hook, false);
	assert_int_equal(replay(w, hook, message), ERR_REFUSED);
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
	create(w, 1 << HOOK_INVITATION_CREATED | 1 << HOOK_INVITATION_REVOKED, hook);
	answers(WEBHOOK_FAILED, 0, "connection refused");
	conf.in_flight = 1; /* of the next start */
	world_crash(w);
	for (size_t i = 0; i < MANY; i += 2) {
		struct world_link link = world_invite(w, &world_ada);

		assert_int_equal(world_revoke(w, link.id), ERR_OK);
	}
	until_waiting(w, MANY);
	assert_int_equal(receiver.count, PATIENCE);
	flow_hook_health(w->flow, hook, &health);
	assert_int_equal(health.failing_since, w->now);
	assert_int_equal(health.paused_until, w->now + 5 * SECOND_MS);
	assert_string_equal(health.last, "connection refused");
	for (int i = 0; i < 10; i++) {
		pass(w, 10 * SECOND_MS);
		until_waiting(w, MANY);
	}
	assert_in_range(receiver.count, PATIENCE + 1, PATIENCE + 5);
	/* An administrator does not wait for the pause's end. */
	answers(WEBHOOK_FAILED, 500, "HTTP 500");
	receiver.count = 0;
	assert_int_equal(test_message(w, hook), ERR_OK);
	pass(w, 0);
	until_waiting(w, MANY + 1);
	assert_int_equal(sent_of_type("usherd.test"), 1);
	answers(WEBHOOK_DELIVERED, 200, "HTTP 200");
	for (int i = 0; i < 100 && store_outbox_count(w->store, OUTBOX_HOOKS) > 0; i++) {
		pass(w, 60 * SECOND_MS);
		assert_true(world_until(w, is_idle, NULL));
	}
	until_waiting(w, 0);
	flow_hook_health(w->flow, hook, &health);
	assert_int_equal(health.failing_since, 0);
	assert_int_equal(health.paused_until, 0);
	assert_null(health.last);
	list(w, hook, 7);
	assert_int_equal(message_count, MANY + 1);
	for (size_t i = 0; i < message_count; i++)
		assert_string_equal(messages[i].outcome, "delivered");
	world_free(w);
}

static void
no_more_are_under_way_than_allowed(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	for (size_t i = 0; i < 30; i++)
		assert_int_equal(test_message(w, hook), ERR_OK);
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 30);
	assert_in_range(receiver.under_way_max, 1, conf.in_flight);
	world_free(w);
}

/* ---- a process that dies ---- */

static void
a_message_that_was_under_way_at_a_crash_is_sent_again(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	receiver.silent = true;
	world_invite(w, &world_ada);
	until_sent(w, 1);
	receiver.silent = false;
	world_crash(w);
	until_sent(w, 2);
	until_waiting(w, 0);
	assert_string_equal(receiver.sent[1].id, receiver.sent[0].id);
	list(w, hook, 50);
	assert_int_equal(message_count, 1);
	assert_string_equal(messages[0].outcome, "delivered");
	world_free(w);
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

			create(w, 1 << HOOK_INVITATION_CREATED, hook);
			world_invite(w, &world_ada);
			until_waiting(w, 0);
			receiver.count = 0;
			assert_int_equal(test_message(w, hook), ERR_OK);
			fake_kv_fail(w->kv, nth, faults[i]);
			if (faults[i] == FAKE_KV_SILENT) {
				size_t one = 1;

				until_sent(w, nth == 1 ? 0 : one);
				world_crash(w);
			}
			if (!world_until(w, is_done_in_time, NULL))
				fail_msg("fault %d of %d", nth, (int)faults[i]);
			assert_in_range(receiver.count, 1, 2);
			for (size_t m = 1; m < receiver.count; m++)
				assert_string_equal(receiver.sent[m].id, receiver.sent[0].id);
			world_free(w);
		}
}

/* ---- endpoints that end ---- */

static void
messages_of_a_disabled_endpoint_end_when_they_are_due(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	until_sent(w, 1);
	until_waiting(w, 1);
	enable(w, hook, false);
	assert_int_equal(test_message(w, hook), ERR_REFUSED);
	pass(w, 6 * SECOND_MS);
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 1);
	list(w, hook, 50);
	assert_string_equal(messages[0].outcome, "failed");
	assert_string_equal(messages[0].last, "the webhook is disabled");
	world_free(w);
}

static void
messages_of_a_deleted_endpoint_are_dropped(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	until_waiting(w, 1);
	assert_int_equal(delete (w, hook), ERR_OK);
	assert_int_equal(delete (w, hook), ERR_NOT_FOUND);
	assert_int_equal(flow_hook_count(w->flow), 0);
	pass(w, 6 * SECOND_MS);
	until_waiting(w, 0);
	assert_int_equal(receiver.count, 1);
	assert_int_equal(people_keys(w, "hooked/"), 0);
	assert_int_equal(test_message(w, hook), ERR_NOT_FOUND);
	assert_int_equal(rotate(w, hook, 0), ERR_NOT_FOUND);
	assert_int_equal(change(w, hook, (struct hook_spec){ .enabled = 1 }), ERR_NOT_FOUND);
	world_free(w);
}

/* ---- secrets ---- */

static void
an_old_secret_signs_until_its_time_is_over(void **state)
{
	struct world *w = hook_world_new();
	unsigned char first[HOOK_SECRET_SIZE];
	char hook[ID_SIZE], text[128];

	(void)state;
	create(w, 1 << HOOK_INVITATION_CREATED, hook);
	memcpy(first, answer.hook.secret, sizeof(first));
	strcpy(text, answer.secret);
	assert_memory_equal(text, "whsec_", 6);
	test_message(w, hook);
	until_waiting(w, 0);
	assert_int_equal(receiver.sent[0].secrets, 1);
	assert_memory_equal(receiver.sent[0].secret[0], first, sizeof(first));
	assert_int_equal(rotate(w, hook, 3600), ERR_OK);
	assert_string_not_equal(answer.secret, text);
	test_message(w, hook);
	until_waiting(w, 0);
	assert_int_equal(receiver.sent[1].secrets, 2);
	assert_memory_equal(receiver.sent[1].secret[1], first, sizeof(first));
	assert_memory_equal(
	    receiver.sent[1].secret[0], answer.hook.secret, sizeof(answer.hook.secret));
	pass(w, 3601 * SECOND_MS);
	test_message(w, hook);
	until_waiting(w, 0);
	assert_int_equal(receiver.sent[2].secrets, 1);
	assert_memory_not_equal(receiver.sent[2].secret[0], first, sizeof(first));
	assert_int_equal(rotate(w, hook, 0), ERR_OK);
	test_message(w, hook);
	until_waiting(w, 0);
	assert_int_equal(receiver.sent[3].secrets, 1);
	assert_int_equal(rotate(w, hook, -1), ERR_INVALID);
	assert_int_equal(rotate(w, hook, FLOW_HOOK_OVERLAP_MAX_S + 1), ERR_INVALID);
	assert_int_equal(people_audits(w, "webhook_secret_rotated"), 2);
	world_free(w);
}

/* ---- rules ---- */

static void
an_endpoint_is_checked_when_it_is_made(void **state)
{
	static const char long_name[] =
	    "12345678901234567890123456789012345678901234567890123456789"
	    "012345";
	static const struct {
		struct hook_spec spec;
		const char *fields;
	} specs[] = {
		{ { NULL, NULL, 0, -1 }, "name url types " },
		{ { "", "https://example.org/", 1, -1 }, "name " },
		{ { long_name, "https://example.org/", 1, -1 }, "name " },
		{ { "a\nb", "https://example.org/", 1, -1 }, "name " },
		{ { "\xff", "https://example.org/", 1, -1 }, "name " },
		{ { "crm", "http://example.org/", 1, -1 }, "url " },
		{ { "crm", "https://127.0.0.1/", 1, -1 }, "url " },
		{ { "crm", "https://[::1]/", 1, -1 }, "url " },
		{ { "a\x7f", "nonsense", 1, -1 }, "name url " },
	};
	struct world *w = hook_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(create_so(w, specs[i].spec), ERR_INVALID);
		assert_string_equal(answer.fields, specs[i].fields);
	}
	assert_int_equal(flow_hook_count(w->flow), 0);
	for (int i = 0; i < HOOK_MAX; i++) {
		char hook[ID_SIZE];

		create(w, 1, hook);
	}
	assert_int_equal(
	    create_so(w, (struct hook_spec){ "one too many", "https://example.org/", 1, -1 }),
	    ERR_REFUSED);
	assert_int_equal(people_audits(w, "webhook_created"), HOOK_MAX);
	world_free(w);
}

static void
a_change_leaves_the_rest_alone(void **state)
{
	struct world *w = hook_world_new();
	unsigned char secret[HOOK_SECRET_SIZE];
	char hook[ID_SIZE];

	(void)state;
	create(w, 3, hook);
	memcpy(secret, answer.hook.secret, sizeof(secret));
	assert_int_equal(
	    change(w, hook, (struct hook_spec){ .name = "erp", .enabled = -1 }), ERR_OK);
	assert_string_equal(answer.hook.name, "erp");
	assert_string_equal(answer.hook.url, "https://example.org/hook");
	assert_string_equal(answer.secret, "");
	assert_int_equal(
	    change(w, hook, (struct hook_spec){ .url = "https://example.org/new", .enabled = -1 }),
	    ERR_OK);
	assert_int_equal(
	    change(w, hook, (struct hook_spec){ .url = "https://10.0.0.1/", .enabled = -1 }),
	    ERR_INVALID);
	assert_int_equal(change(w, hook, (struct hook_spec){ .types = 4, .enabled = -1 }), ERR_OK);
	world_crash(w);
	assert_string_equal(flow_hook_by_id(w->flow, hook)->name, "erp");
	assert_string_equal(flow_hook_by_id(w->flow, hook)->url, "https://example.org/new");
	assert_int_equal(flow_hook_by_id(w->flow, hook)->types, 4);
	assert_true(flow_hook_by_id(w->flow, hook)->enabled);
	assert_memory_equal(flow_hook_by_id(w->flow, hook)->secret, secret, sizeof(secret));
	world_free(w);
}

/* ---- kept ---- */

static bool
nothing_is_kept(struct world *w, void *arg)
{
	(void)arg;
	return people_keys(w, "hooked/") == 0;
}

static void
what_ended_is_kept_for_a_while(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	create(w, 1, hook);
	test_message(w, hook);
	until_waiting(w, 0);
	world_crash(w); /* the sweeper comes soon after a start */
	assert_int_equal(people_keys(w, "hooked/"), 1);
	w->now += 8LL * DAY_MS;
	assert_true(world_until(w, nothing_is_kept, NULL));
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_is_told_once_for_its_cause),
		cmocka_unit_test(the_ends_of_an_invitation_are_told),
		cmocka_unit_test(a_body_has_ids_and_no_person),
		cmocka_unit_test(each_endpoint_gets_what_it_asks_for),
		cmocka_unit_test(a_failed_message_is_tried_again_as_it_was),
		cmocka_unit_test(a_message_whose_answer_got_lost_is_sent_again_until_one_comes),
		cmocka_unit_test(a_receiver_that_asks_for_time_gets_it),
		cmocka_unit_test(an_endpoint_that_is_gone_is_disabled),
		cmocka_unit_test(a_message_is_sent_again_when_somebody_asks),
		cmocka_unit_test(an_endpoint_that_keeps_silent_is_left_alone_for_a_while),
		cmocka_unit_test(no_more_are_under_way_than_allowed),
		cmocka_unit_test(a_message_that_was_under_way_at_a_crash_is_sent_again),
		cmocka_unit_test(a_message_arrives_under_one_id_whatever_fails),
		cmocka_unit_test(messages_of_a_disabled_endpoint_end_when_they_are_due),
		cmocka_unit_test(messages_of_a_deleted_endpoint_are_dropped),
		cmocka_unit_test(an_old_secret_signs_until_its_time_is_over),
		cmocka_unit_test(an_endpoint_is_checked_when_it_is_made),
		cmocka_unit_test(a_change_leaves_the_rest_alone),
		cmocka_unit_test(what_ended_is_kept_for_a_while),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
