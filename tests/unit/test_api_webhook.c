/* /api/v1/webhooks: endpoints, their secrets and their messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define HOOKS	 "/api/v1/webhooks"
#define HOOK	 HOOKS "/" FAKE_HOOK_ID
#define MESSAGES HOOK "/messages"
#define REPLAY	 MESSAGES "/" FAKE_MESSAGE_ID "/replay"

#define HOOK_JSON                                                                                  \
	"{\"id\":\"" FAKE_HOOK_ID "\",\"name\":\"crm\","                                           \
	"\"url\":\"https://crm.example.org/hook\","                                                \
	"\"types\":[\"user.registered\",\"user.deleted\"],\"enabled\":true,"                       \
	"\"disabled_reason\":null,\"old_secret_until\":null,\"delivered_at\":null,"                \
	"\"failing_since\":null,\"paused_until\":null,\"last_failure\":null,"                      \
	"\"created_at\":\"2023-11-14T22:13:20.000Z\",\"created_by\":\"uid:0\""

static void
expect(enum http_method method, const char *path, const char *body, int status, const char *answer)
{
	struct http_exchange *x = api_world_send_root(method, path, NULL, body);

	assert_int_equal(fake_http_status(x), status);
	if (answer != NULL)
		assert_string_equal(fake_http_body(x), answer);
	fake_http_free(x);
}

/* Which field of the answer to this body is wrong. */
static void
expect_error(enum http_method method, const char *path, const char *body, int status,
    const char *field, const char *code)
{
	struct http_exchange *x = api_world_send_root(method, path, NULL, body);
	json_t *answer = api_world_body(x);

	assert_int_equal(fake_http_status(x), status);
	assert_string_equal(api_world_error_on(answer, field), code);
	json_decref(answer);
	fake_http_free(x);
}

/* ---- look ---- */

static void
the_list_has_no_secrets(void **state)
{
	(void)state;
	memset(fake_hooks.hook.secret, 's', sizeof(fake_hooks.hook.secret));
	expect(HTTP_GET, HOOKS, NULL, 200, "{\"items\":[" HOOK_JSON "}]}");
	expect(HTTP_GET, HOOK, NULL, 200, HOOK_JSON "}");
	fake_hooks.count = 0;
	expect(HTTP_GET, HOOKS, NULL, 200, "{\"items\":[]}");
	expect(HTTP_GET, HOOK, NULL, 404, NULL);
	expect(HTTP_GET, HOOKS "/x", NULL, 404, NULL);
}

static void
an_endpoint_that_fails_says_so(void **state)
{
	struct http_exchange *x;
	json_t *answer;

	(void)state;
	fake_hooks.health = (struct flow_hook_health){ .delivered_at = NOW - 2000,
		.failing_since = NOW - 1000,
		.paused_until = NOW + 5000,
		.last = "HTTP 500" };
	fake_hooks.hook.enabled = false;
	fake_hooks.hook.why_disabled = "by an administrator";
	fake_hooks.hook.old_until = NOW + 1000;
	x = api_world_send_root(HTTP_GET, HOOK, NULL, NULL);
	answer = api_world_body(x);
#define IS(name, value) assert_string_equal(json_string_value(json_object_get(answer, name)), value)
	IS("delivered_at", "2023-11-14T22:13:18.000Z");
	IS("failing_since", "2023-11-14T22:13:19.000Z");
	IS("paused_until", "2023-11-14T22:13:25.000Z");
	IS("last_failure", "HTTP 500");
	IS("disabled_reason", "by an administrator");
	IS("old_secret_until", "2023-11-14T22:13:21.000Z");
	json_decref(answer);
	fake_http_free(x);
	world.wall = NOW + 1000; /* and the old secret has ended */
	x = api_world_send_root(HTTP_GET, HOOK, NULL, NULL);
	answer = api_world_body(x);
	assert_true(json_is_null(json_object_get(answer, "old_secret_until")));
	json_decref(answer);
	fake_http_free(x);
}

/* ---- make, change ---- */

static void
a_new_one_is_told_with_its_secret_once(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_POST, HOOKS, NULL,
	    "{\"name\":\"crm\",\"url\":\"https://crm.example.org/hook\","
	    "\"types\":[\"user.registered\",\"user.deleted\"]}");

	(void)state;
	assert_int_equal(fake_http_status(x), 201);
	assert_string_equal(fake_http_reply_header(x, "Location"), HOOK);
	assert_string_equal(fake_http_body(x), HOOK_JSON ",\"secret\":\"whsec_x\"}");
	fake_http_free(x);
	assert_string_equal(fake_hooks.name, "crm");
	assert_string_equal(fake_hooks.url, "https://crm.example.org/hook");
	assert_int_equal(
	    fake_hooks.spec.types, 1u << HOOK_USER_REGISTERED | 1u << HOOK_USER_DELETED);
	assert_int_equal(fake_hooks.spec.enabled, -1);
	assert_string_equal(fake_hooks.caller, "uid:0");
}

static void
all_is_every_type_there_is(void **state)
{
	(void)state;
	expect(HTTP_POST, HOOKS, "{\"name\":\"a\",\"url\":\"b\",\"types\":[\"all\"]}", 201, NULL);
	assert_int_equal(fake_hooks.spec.types, (1u << HOOK_TYPE_COUNT) - 1);
}

static void
a_change_names_what_it_changes(void **state)
{
	(void)state;
	expect(HTTP_PATCH, HOOK, "{\"enabled\":false}", 200, HOOK_JSON "}");
	assert_int_equal(fake_hooks.spec.enabled, 0);
	assert_null(fake_hooks.spec.name);
	assert_null(fake_hooks.spec.url);
	assert_int_equal(fake_hooks.spec.types, 0);
	assert_string_equal(fake_hooks.id, FAKE_HOOK_ID);
	expect(HTTP_PATCH, HOOK, "{\"enabled\":true,\"name\":\"erp\"}", 200, NULL);
	assert_int_equal(fake_hooks.spec.enabled, 1);
	assert_string_equal(fake_hooks.name, "erp");
	expect(HTTP_PATCH, HOOKS "/x", "{\"enabled\":true}", 404, NULL);
}

static void
what_makes_no_sense_is_named(void **state)
{
	(void)state;
	expect_error(HTTP_POST, HOOKS, "{\"types\":\"all\"}", 400, "types", "wrong_type");
	expect_error(HTTP_POST, HOOKS, "{\"secret\":\"x\"}", 400, "secret", "unknown");
	expect_error(HTTP_PATCH, HOOK, "{\"enabled\":1}", 400, "enabled", "wrong_type");
	expect_error(HTTP_PATCH, HOOK, "{\"enabled\":null}", 400, "enabled", "wrong_type");
	expect_error(HTTP_POST, HOOK "/secret", "{\"overlap_seconds\":\"1d\"}", 400,
	    "overlap_seconds", "wrong_type");
	expect_error(HTTP_PATCH, HOOK, "{}", 400, "", "required");
	assert_int_equal(fake_hooks.calls, 0);
	/* The flow tells these with what it finds itself. */
	expect_error(HTTP_POST, HOOKS, "{\"types\":[\"user.born\"]}", 422, "types[0]", "invalid");
	expect_error(
	    HTTP_PATCH, HOOK, "{\"types\":[\"all\",\"user.born\"]}", 422, "types[1]", "invalid");
	expect_error(HTTP_PATCH, HOOK, "{\"types\":[]}", 422, "types", "required");
	assert_int_equal(fake_hooks.calls, 3);
	fake_hooks.code = ERR_INVALID;
	field_errors_init(&fake_hooks.errors, arena_new(0));
	field_errors_add(&fake_hooks.errors, "url", "invalid", "must begin with https://");
	expect_error(HTTP_POST, HOOKS, "{}", 422, "url", "invalid");
	arena_free(fake_hooks.errors.arena);
}

static void
a_rotation_tells_the_new_secret(void **state)
{
	(void)state;
	fake_hooks.hook.old_until = NOW + 60 * 1000;
	expect(HTTP_POST, HOOK "/secret", "{\"overlap_seconds\":60}", 200,
	    "{\"secret\":\"whsec_x\",\"old_secret_until\":\"2023-11-14T22:14:20.000Z\"}");
	assert_int_equal(fake_hooks.overlap_s, 60);
	expect(HTTP_POST, HOOK "/secret", "{\"overlap_seconds\":0}", 200, NULL);
	assert_int_equal(fake_hooks.overlap_s, 0);
	expect(HTTP_POST, HOOK "/secret", NULL, 200, NULL);
	assert_int_equal(fake_hooks.overlap_s, 86400);
}

static void
what_the_flow_refuses_has_its_status(void **state)
{
	static const struct {
		enum err code;
		int create, change, delete, replay;
	} rows[] = {
		{ ERR_NOT_FOUND, 404, 404, 404, 404 },
		{ ERR_REFUSED, 422, 422, 422, 409 },
		{ ERR_CONFLICT, 409, 409, 409, 409 },
		{ ERR_UNAVAILABLE, 503, 503, 503, 503 },
		{ ERR_UNKNOWN, 503, 503, 503, 503 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_hooks.code = rows[i].code;
		expect(HTTP_POST, HOOKS, "{}", rows[i].create, NULL);
		expect(HTTP_PATCH, HOOK, "{\"enabled\":true}", rows[i].change, NULL);
		expect(HTTP_DELETE, HOOK, NULL, rows[i].delete, NULL);
		expect(HTTP_POST, REPLAY, NULL, rows[i].replay, NULL);
	}
}

/* ---- messages ---- */

static void
messages_that_wait_and_that_ended_are_told(void **state)
{
	struct outbox_item *waiting = outbox_item_new(OUTBOX_HOOK, FAKE_HOOK_ID, NOW),
			   *sent = outbox_item_new(OUTBOX_HOOK, FAKE_HOOK_ID, NOW);
	const struct hooked list[] = { { .item = waiting },
		{ .item = sent, .ended_at = NOW + 1000, .outcome = "delivered" } };
	struct http_exchange *x;

	(void)state;
	strcpy(waiting->id, FAKE_MESSAGE_ID);
	waiting->due = NOW + 5000;
	waiting->attempts = 1;
	outbox_set_text(waiting, &waiting->last, "HTTP 500");
	outbox_set_text(waiting, &waiting->type, "usherd.test");
	outbox_set_text(waiting, &waiting->body, "{\"a\":1}");
	strcpy(sent->id, FAKE_ID);
	outbox_set_text(sent, &sent->type, "user.deleted");
	outbox_set_text(sent, &sent->body, "{}");
	fake_hooks.messages = list;
	fake_hooks.message_count = 2;
	fake_hooks.next = "e" FAKE_ID;
	x = api_world_send_root(
	    HTTP_GET, MESSAGES, "limit=2&cursor=w0000018bcfe56800/" FAKE_ID, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(fake_hooks.limit, 2);
	assert_string_equal(fake_hooks.after, "w0000018bcfe56800/" FAKE_ID);
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"id\":\"" FAKE_MESSAGE_ID "\",\"type\":\"usherd.test\","
	    "\"status\":\"waiting\",\"attempts\":1,\"last\":\"HTTP 500\","
	    "\"created_at\":\"2023-11-14T22:13:20.000Z\","
	    "\"due_at\":\"2023-11-14T22:13:25.000Z\",\"ended_at\":null,\"body\":{\"a\":1}},"
	    "{\"id\":\"" FAKE_ID "\",\"type\":\"user.deleted\",\"status\":\"delivered\","
	    "\"attempts\":0,\"last\":null,\"created_at\":\"2023-11-14T22:13:20.000Z\","
	    "\"due_at\":null,\"ended_at\":\"2023-11-14T22:13:21.000Z\",\"body\":{}}],"
	    "\"next_cursor\":\"e" FAKE_ID "\"}");
	fake_http_free(x);
	outbox_item_free(waiting);
	outbox_item_free(sent);
}

static void
a_query_that_means_nothing_is_refused(void **state)
{
	static const char *const queries[] = { "cursor=", "cursor=x", "cursor=w%2e", "cursor=e..",
		"limit=0", "limit=201", "status=failed" };

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, MESSAGES, queries[i], NULL);

		assert_int_equal(fake_http_status(x), 400);
		fake_http_free(x);
	}
	assert_int_equal(fake_hooks.calls, 0);
	fake_hooks.code = ERR_INVALID; /* the store does not know it */
	expect(HTTP_GET, MESSAGES, NULL, 400, NULL);
}

static void
a_test_and_a_replay_are_queued(void **state)
{
	(void)state;
	expect(HTTP_POST, HOOK "/test", NULL, 204, NULL);
	assert_string_equal(fake_hooks.id, FAKE_HOOK_ID);
	expect(HTTP_POST, HOOK "/test", "{\"a\":1}", 400, NULL);
	expect(HTTP_POST, REPLAY, "{}", 204, NULL);
	assert_string_equal(fake_hooks.message, FAKE_MESSAGE_ID);
	expect(HTTP_DELETE, HOOK, NULL, 204, NULL);
	assert_int_equal(fake_hooks.calls, 3);
	expect(HTTP_POST, MESSAGES "/x/replay", NULL, 404, NULL);
	fake_hooks.count = 0;
	expect(HTTP_POST, HOOK "/test", NULL, 404, NULL);
	expect(HTTP_POST, REPLAY, NULL, 404, NULL);
	expect(HTTP_GET, MESSAGES, NULL, 404, NULL);
	assert_int_equal(fake_hooks.calls, 3);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, api_world_setup, api_world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_list_has_no_secrets),
		TEST(an_endpoint_that_fails_says_so),
		TEST(a_new_one_is_told_with_its_secret_once),
		TEST(all_is_every_type_there_is),
		TEST(a_change_names_what_it_changes),
		TEST(what_makes_no_sense_is_named),
		TEST(a_rotation_tells_the_new_secret),
		TEST(what_the_flow_refuses_has_its_status),
		TEST(messages_that_wait_and_that_ended_are_told),
		TEST(a_query_that_means_nothing_is_refused),
		TEST(a_test_and_a_replay_are_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
