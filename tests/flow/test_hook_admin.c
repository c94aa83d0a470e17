/* Webhooks in the hands of an administrator: endpoints that are made, changed and end, their
 * secrets, and what is kept. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>

#include "hook_world.h"

/* ---- endpoints that end ---- */

static void
messages_of_a_disabled_endpoint_end_when_they_are_due(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	hook_until_sent(w, 1);
	hook_until_waiting(w, 1);
	hook_enable(w, hook, false);
	assert_int_equal(hook_test(w, hook), ERR_REFUSED);
	hook_pass(w, 6 * SECOND_MS);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 1);
	hook_list(w, hook, 50);
	assert_string_equal(hook_messages[0].outcome, "failed");
	assert_string_equal(hook_messages[0].last, "the webhook is disabled");
	world_free(w);
}

static void
messages_of_a_deleted_endpoint_are_dropped(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	hook_answers(WEBHOOK_FAILED, 400, "HTTP 400");
	world_invite(w, &world_ada);
	hook_until_waiting(w, 1);
	assert_int_equal(hook_delete(w, hook), ERR_OK);
	assert_int_equal(hook_delete(w, hook), ERR_NOT_FOUND);
	assert_int_equal(flow_hook_count(w->flow), 0);
	hook_pass(w, 6 * SECOND_MS);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.count, 1);
	assert_int_equal(people_keys(w, "hooked/"), 0);
	assert_int_equal(hook_test(w, hook), ERR_NOT_FOUND);
	assert_int_equal(hook_rotate(w, hook, 0), ERR_NOT_FOUND);
	assert_int_equal(hook_change(w, hook, (struct hook_spec){ .enabled = 1 }), ERR_NOT_FOUND);
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
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	memcpy(first, hook_answer.hook.secret, sizeof(first));
	strcpy(text, hook_answer.secret);
	assert_memory_equal(text, "whsec_", 6);
	hook_test(w, hook);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.sent[0].secrets, 1);
	assert_memory_equal(hook_receiver.sent[0].secret[0], first, sizeof(first));
	assert_int_equal(hook_rotate(w, hook, 3600), ERR_OK);
	assert_string_not_equal(hook_answer.secret, text);
	hook_test(w, hook);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.sent[1].secrets, 2);
	assert_memory_equal(hook_receiver.sent[1].secret[1], first, sizeof(first));
	assert_memory_equal(hook_receiver.sent[1].secret[0], hook_answer.hook.secret,
	    sizeof(hook_answer.hook.secret));
	assert_int_equal(hook_rotate(w, hook, 1), ERR_CONFLICT); /* it would end the first */
	assert_int_equal(flow_hook_by_id(w->flow, hook)->old_until, w->now + 3600 * SECOND_MS);
	hook_pass(w, 3601 * SECOND_MS);
	hook_test(w, hook);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.sent[2].secrets, 1);
	assert_memory_not_equal(hook_receiver.sent[2].secret[0], first, sizeof(first));
	assert_int_equal(hook_rotate(w, hook, 0), ERR_OK);
	hook_test(w, hook);
	hook_until_waiting(w, 0);
	assert_int_equal(hook_receiver.sent[3].secrets, 1);
	assert_int_equal(hook_rotate(w, hook, -1), ERR_INVALID);
	assert_int_equal(hook_rotate(w, hook, FLOW_HOOK_OVERLAP_MAX_S + 1), ERR_INVALID);
	assert_int_equal(people_audits(w, "webhook_secret_rotated"), 2);
	world_free(w);
}

/* ---- the trail ---- */

static void
the_trail_tells_where_messages_went_and_go_and_no_secret(void **state)
{
	struct world *w = hook_world_new();
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 1 << HOOK_INVITATION_CREATED, hook);
	assert_int_equal(people_audit_says(w, "webhook_created", "\"host\":\""), 1);
	assert_int_equal(
	    people_audit_says(w, "webhook_created", "\"types\":[\"invitation.created\"]"), 1);
	assert_int_equal(
	    hook_change(w, hook,
		(struct hook_spec){
		    .url = "https://elsewhere.example:8443/a-secret?of=theirs", .enabled = 0 }),
	    ERR_OK);
	assert_int_equal(
	    people_audit_says(w, "webhook_changed", "\"after\":\"elsewhere.example:8443\"}"), 1);
	assert_int_equal(people_audit_says(
			     w, "webhook_changed", "\"enabled\":{\"before\":true,\"after\":false}"),
	    1);
	assert_int_equal(people_audit_says(w, "webhook_changed", "a-secret"), 0);
	assert_int_equal(hook_rotate(w, hook, 3600), ERR_OK);
	assert_int_equal(people_audit_says(w, "webhook_secret_rotated", "\"old_secret_until\""), 1);
	assert_int_equal(people_audit_says(w, "webhook_secret_rotated", "whsec_"), 0);
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
		{ { NULL, NULL, 0, -1, NULL }, "name url types " },
		{ { "", "https://example.org/", 1, -1, NULL }, "name " },
		{ { long_name, "https://example.org/", 1, -1, NULL }, "name " },
		{ { "a\nb", "https://example.org/", 1, -1, NULL }, "name " },
		{ { "\xff", "https://example.org/", 1, -1, NULL }, "name " },
		{ { "crm", "http://example.org/", 1, -1, NULL }, "url " },
		{ { "crm", "https://127.0.0.1/", 1, -1, NULL }, "url " },
		{ { "crm", "https://[::1]/", 1, -1, NULL }, "url " },
		{ { "a\x7f", "nonsense", 1, -1, NULL }, "name url " },
	};
	struct world *w = hook_world_new();

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(hook_create_so(w, specs[i].spec), ERR_INVALID);
		assert_string_equal(hook_answer.fields, specs[i].fields);
	}
	assert_int_equal(flow_hook_count(w->flow), 0);
	for (int i = 0; i < HOOK_MAX; i++) {
		char hook[ID_SIZE];

		hook_create(w, 1, hook);
	}
	assert_int_equal(hook_create_so(w, (struct hook_spec){ "one too many",
					       "https://example.org/", 1, -1, NULL }),
	    ERR_REFUSED);
	assert_int_equal(people_audits(w, "webhook_created"), HOOK_MAX);
	world_free(w);
}

static void
a_change_leaves_the_rest_alone(void **state)
{
	struct world *w = hook_world_new();
	unsigned char secret[HOOK_SECRET_SIZE];
	struct arena *arena = arena_new(0);
	struct field_errors types;
	char hook[ID_SIZE];

	(void)state;
	hook_create(w, 3, hook);
	memcpy(secret, hook_answer.hook.secret, sizeof(secret));
	assert_int_equal(
	    hook_change(w, hook, (struct hook_spec){ .name = "erp", .enabled = -1 }), ERR_OK);
	assert_string_equal(hook_answer.hook.name, "erp");
	assert_string_equal(hook_answer.hook.url, "https://example.org/hook");
	assert_string_equal(hook_answer.secret, "");
	assert_int_equal(hook_change(w, hook,
			     (struct hook_spec){ .url = "https://example.org/new", .enabled = -1 }),
	    ERR_OK);
	assert_int_equal(
	    hook_change(w, hook, (struct hook_spec){ .url = "https://10.0.0.1/", .enabled = -1 }),
	    ERR_INVALID);
	field_errors_init(&types, arena);
	field_errors_add(&types, "types[0]", "invalid", "there is no such type of event");
	assert_int_equal(hook_change(w, hook,
			     (struct hook_spec){ .name = "",
				 .url = "nonsense",
				 .types = 1,
				 .enabled = -1,
				 .type_errors = &types }),
	    ERR_INVALID);
	assert_string_equal(hook_answer.fields, "name url types[0] ");
	assert_int_equal(hook_create_so(w, (struct hook_spec){ .url = "https://example.org/",
					       .enabled = -1,
					       .type_errors = &types }),
	    ERR_INVALID);
	assert_string_equal(hook_answer.fields, "name types[0] ");
	arena_free(arena);
	assert_int_equal(
	    hook_change(w, hook, (struct hook_spec){ .types = 4, .enabled = -1 }), ERR_OK);
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
	hook_create(w, 1, hook);
	hook_test(w, hook);
	hook_until_waiting(w, 0);
	world_crash(w); /* the sweeper comes soon after a start */
	assert_int_equal(people_keys(w, "hooked/"), 1);
	w->now += 8LL * DAY_MS;
	assert_true(world_until(w, nothing_is_kept, NULL));
	world_free(w);
}

static void
a_message_that_cannot_be_read_can_be_dropped(void **state)
{
	static const char id[] = "00000000-0000-7000-8000-000000000001";
	struct world *w = hook_world_new();

	(void)state;
	world_put_damaged(w, "outbox/00000000-0000-7000-8000-000000000001");
	world_put_damaged(w, "due/h/0000000000000001/00000000-0000-7000-8000-000000000001");
	world_crash(w);
	assert_int_equal(store_outbox_count(w->store, OUTBOX_HOOKS), 1);
	assert_int_equal(hook_drop(w, id), ERR_OK);
	assert_int_equal(store_outbox_count(w->store, OUTBOX_HOOKS), 0);
	assert_int_equal(people_keys(w, "outbox/") + people_keys(w, "due/"), 0);
	assert_int_equal(hook_drop(w, id), ERR_NOT_FOUND);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_a_disabled_endpoint_end_when_they_are_due),
		cmocka_unit_test(messages_of_a_deleted_endpoint_are_dropped),
		cmocka_unit_test(an_old_secret_signs_until_its_time_is_over),
		cmocka_unit_test(the_trail_tells_where_messages_went_and_go_and_no_secret),
		cmocka_unit_test(an_endpoint_is_checked_when_it_is_made),
		cmocka_unit_test(a_change_leaves_the_rest_alone),
		cmocka_unit_test(what_ended_is_kept_for_a_while),
		cmocka_unit_test(a_message_that_cannot_be_read_can_be_dropped),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
