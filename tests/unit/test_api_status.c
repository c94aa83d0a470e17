/* /api/v1/status: what is written of what is known, and what it comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define STATUS "/api/v1/status"

/* Every part is well. */
static const struct api_status well = {
	.version = "1.2.3",
	.started_at = NOW - 60 * 1000,
	.libraries = { { "SQLite", "3.40.1" }, { "libldap", NULL } },
	.library_count = 2,
	.directory = { .state = API_STATE_OK,
	    .profile = "openldap",
	    .servers = { { .uri = "ldap://one",
		.preferred = true,
		.in_use = true,
		.state = API_STATE_UP,
		.since = NOW - 1000 } },
	    .server_count = 1 },
	.feed = { .state = API_STATE_CURRENT,
	    .method = "sync",
	    .heard_at = NOW - 2500,
	    .entries = -1 },
	.list = { .state = API_STATE_COMPLETE,
	    .has_counts = true,
	    .counts = { 1, 2, 3, 4, 5 },
	    .bytes = 1024 },
	.store = { .state = API_STATE_OK, .kind = "sqlite", .schema = 3, .bytes = 4096 },
	.mail = { .state = API_STATE_OK, .waiting = 2, .sending = 1, .sent_at = NOW },
	.webhooks = { .state = API_STATE_OK, .count = 3, .enabled = 2 },
	.sessions = 7,
};

static json_t *
status_now(void)
{
	struct http_exchange *x = api_world_send_root(HTTP_GET, STATUS, NULL, NULL);
	json_t *body = api_world_body(x);

	assert_int_equal(fake_http_status(x), 200);
	fake_http_free(x);
	return body;
}

static void
all_that_is_known_is_told(void **state)
{
	struct http_exchange *x;

	(void)state;
	world.status = well;
	world.health_checks[0] = (struct health_check){ "store", true, true };
	world.health_count = 1;
	x = api_world_send_root(HTTP_GET, STATUS, NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x),
	    "{\"status\":\"ok\",\"version\":\"1.2.3\",\"started_at\":\"2023-11-14T22:12:20.000Z\","
	    "\"at\":\"2023-11-14T22:13:20.000Z\",\"libraries\":[{\"name\":\"SQLite\",\"version\":"
	    "\"3.40.1\"},{\"name\":\"libldap\",\"version\":null}],\"directory\":{\"status\":\"ok\","
	    "\"profile\":\"openldap\",\"servers\":[{\"uri\":\"ldap://one\",\"preferred\":true,"
	    "\"in_use\":true,\"status\":\"up\",\"since\":\"2023-11-14T22:13:19.000Z\","
	    "\"last_error\":null,\"last_error_at\":null}]},\"feed\":{\"status\":\"current\","
	    "\"method\":\"sync\",\"heard_at\":\"2023-11-14T22:13:17.500Z\",\"lag_seconds\":2,"
	    "\"entries\":null,\"reason\":null},\"list\":{\"status\":\"complete\",\"people\":15,"
	    "\"counts\":{\"pending\":1,\"undeliverable\":2,\"expired\":3,\"active\":4,"
	    "\"suspended\":5},\"bytes\":1024},\"store\":{\"status\":\"ok\",\"kind\":\"sqlite\","
	    "\"schema\":3,\"bytes\":4096,\"reason\":null},\"mail\":{\"status\":\"ok\","
	    "\"configured\":true,\"waiting\":2,\"sending\":1,\"oldest_at\":null,"
	    "\"paused_until\":null,\"last_failure\":null,\"last_failure_at\":null,"
	    "\"sent_at\":\"2023-11-14T22:13:20.000Z\"},\"webhooks\":{\"status\":\"ok\",\"count\":3,"
	    "\"enabled\":2,\"failing\":0},\"sessions\":{\"open\":7},\"health\":[{\"name\":"
	    "\"store\",\"status\":\"ok\"}]}");
	fake_http_free(x);
}

static void
what_is_not_known_is_null(void **state)
{
	static const struct {
		const char *part, *member;
	} rows[] = {
		{ "feed", "method" },
		{ "feed", "heard_at" },
		{ "feed", "lag_seconds" },
		{ "feed", "reason" },
		{ "list", "people" },
		{ "list", "counts" },
		{ "store", "bytes" },
		{ "mail", "sent_at" },
	};
	json_t *body;

	(void)state;
	world.status.feed.state = world.status.list.state = API_STATE_LOADING;
	world.status.feed.entries = 12;
	world.status.mail.state = API_STATE_OFF;
	body = status_now();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(json_is_null(
		    json_object_get(json_object_get(body, rows[i].part), rows[i].member)));
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(body, "feed"), "entries")), 12);
	assert_true(json_is_false(json_object_get(json_object_get(body, "mail"), "configured")));
	json_decref(body);
}

/* The clock was set back since the feed was heard. */
static void
a_list_is_never_younger_than_now(void **state)
{
	json_t *body;

	(void)state;
	world.status = well;
	world.status.feed.heard_at = NOW + 5000;
	body = status_now();
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(body, "feed"), "lag_seconds")), 0);
	json_decref(body);
}

static void
one_part_that_is_not_well_degrades_all_of_it(void **state)
{
	static const struct {
		enum api_state *part, state;
		const char *word;
	} rows[] = {
		{ &world.status.directory.state, API_STATE_OK, "ok" },
		{ &world.status.directory.state, API_STATE_DEGRADED, "degraded" },
		{ &world.status.directory.state, API_STATE_DOWN, "degraded" },
		{ &world.status.feed.state, API_STATE_CURRENT, "ok" },
		{ &world.status.feed.state, API_STATE_CATCHING_UP, "degraded" },
		{ &world.status.feed.state, API_STATE_LOADING, "degraded" },
		{ &world.status.feed.state, API_STATE_INCOMPLETE, "degraded" },
		{ &world.status.feed.state, API_STATE_AWAY, "degraded" },
		{ &world.status.list.state, API_STATE_COMPLETE, "ok" },
		{ &world.status.list.state, API_STATE_INCOMPLETE, "degraded" },
		{ &world.status.list.state, API_STATE_LOADING, "degraded" },
		{ &world.status.store.state, API_STATE_FAILING, "degraded" },
		{ &world.status.mail.state, API_STATE_OFF, "ok" },
		{ &world.status.mail.state, API_STATE_PAUSED, "degraded" },
		{ &world.status.mail.state, API_STATE_FAILING, "degraded" },
		{ &world.status.webhooks.state, API_STATE_FAILING, "degraded" },
	};

	(void)state;
	world.health_count = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *body;

		world.status = well;
		*rows[i].part = rows[i].state;
		body = status_now();
		assert_string_equal(
		    json_string_value(json_object_get(body, "status")), rows[i].word);
		json_decref(body);
	}
}

static void
a_check_of_health_that_fails_counts_as_it_does_there(void **state)
{
	static const struct {
		bool vital;
		const char *word;
	} rows[] = { { false, "degraded" }, { true, "unready" } };

	(void)state;
	world.status = well;
	world.health_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *body;

		world.health_checks[0] = (struct health_check){ "store", false, rows[i].vital };
		body = status_now();
		assert_string_equal(
		    json_string_value(json_object_get(body, "status")), rows[i].word);
		json_decref(body);
	}
}

static void
words_of_servers_may_be_any_bytes(void **state)
{
	static const struct {
		const char *part, *member;
	} rows[] = { { "feed", "reason" }, { "store", "reason" }, { "mail", "last_failure" } };
	static const char said[] = "451 \"later\" \xff";
	json_t *body, *servers;

	(void)state;
	world.status = well;
	world.status.feed.reason = world.status.store.reason = said;
	world.status.mail.failure = world.status.directory.servers[0].error = said;
	body = status_now();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(json_string_value(json_object_get(
					json_object_get(body, rows[i].part), rows[i].member)),
		    "451 \"later\" ?");
	servers = json_object_get(json_object_get(body, "directory"), "servers");
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(servers, 0), "last_error")),
	    "451 \"later\" ?");
	json_decref(body);
}

static void
it_needs_its_scope_without_a_limit(void **state)
{
	static const struct {
		unsigned scopes;
		bool limited;
		int status;
	} rows[] = {
		{ AUTH_STATUS_READ, false, 200 },
		{ AUTH_STATUS_READ, true, 403 },
		{ AUTH_ALL, false, 200 },
		{ AUTH_ALL & ~(unsigned)AUTH_STATUS_READ, false, 403 },
	};

	(void)state;
	world.status = well;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		if (rows[i].limited)
			api_world_make_limited_token(rows[i].scopes);
		else
			api_world_make_token(rows[i].scopes);
		x = api_world_send((struct fake_request){ .method = HTTP_GET,
		    .listener = HTTP_CONTROL,
		    .path = STATUS,
		    .authorization = world.token_text });
		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(all_that_is_known_is_told),
		WITH_API(what_is_not_known_is_null),
		WITH_API(a_list_is_never_younger_than_now),
		WITH_API(one_part_that_is_not_well_degrades_all_of_it),
		WITH_API(a_check_of_health_that_fails_counts_as_it_does_there),
		WITH_API(words_of_servers_may_be_any_bytes),
		WITH_API(it_needs_its_scope_without_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
