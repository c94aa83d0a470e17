/* /api/v1/trash: deleted users who can still be restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define TRASH "/api/v1/trash"

static void
the_deleted_are_shown_with_who_did_it_and_until_when(void **state)
{
	static const struct flow_deleted deleted[] = {
		{ .id = FAKE_USER_ID,
		    .name = "Ada \"Countess\" Lovelace",
		    .uid = "ada",
		    .mail = "ada@example.org",
		    .org_unit = "ou=engines,dc=example",
		    .by = "user:" FAKE_USER_ID,
		    .deleted_at = 1700000000000,
		    .restorable_until = 1702592000000 },
		{ .id = FAKE_ID,
		    .by = "uid:0",
		    .deleted_at = 1699999999000,
		    .restorable_until = 1702591999000 },
	};
	struct http_exchange *x;

	(void)state;
	world.flow.deleted = deleted;
	world.flow.deleted_count = 2;
	world.flow.next = "AbC-_9";
	x = api_world_send_root(HTTP_GET, TRASH, "limit=2&cursor=Zz", NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"id\":\"" FAKE_USER_ID "\",\"name\":\"Ada \\\"Countess\\\" Lovelace\","
	    "\"uid\":\"ada\",\"mail\":\"ada@example.org\",\"org_unit\":\"ou=engines,dc=example\","
	    "\"deleted_at\":\"2023-11-14T22:13:20.000Z\",\"deleted_by\":\"user:" FAKE_USER_ID "\","
	    "\"restorable_until\":\"2023-12-14T22:13:20.000Z\"},"
	    "{\"id\":\"" FAKE_ID "\",\"name\":null,\"uid\":null,\"mail\":null,\"org_unit\":null,"
	    "\"deleted_at\":\"2023-11-14T22:13:19.000Z\",\"deleted_by\":\"uid:0\","
	    "\"restorable_until\":\"2023-12-14T22:13:19.000Z\"}],\"next_cursor\":\"AbC-_9\"}");
	assert_int_equal(world.flow.limit, 2);
	assert_string_equal(world.flow.after, "Zz");
	fake_http_free(x);
}

static void
an_empty_trash_is_an_empty_page_of_the_usual_size(void **state)
{
	struct http_exchange *x;

	(void)state;
	x = api_world_send_root(HTTP_GET, TRASH, NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x), "{\"items\":[],\"next_cursor\":null}");
	assert_int_equal(world.flow.limit, 50);
	assert_string_equal(world.flow.after, "");
	fake_http_free(x);
}

static void
bad_parameters_are_named(void **state)
{
	static const struct {
		const char *query, *field, *code;
	} rows[] = {
		{ "limit=0", "limit", "invalid" },
		{ "limit=201", "limit", "invalid" },
		{ "limit=-1", "limit", "invalid" },
		{ "limit=1&limit=1", "limit", "duplicate" },
		{ "q=ada", "q", "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, TRASH, rows[i].query, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
a_cursor_that_is_none_is_the_callers_error(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	world.flow.code = ERR_INVALID;
	world.flow.text = "cursor: this is none";
	x = api_world_send_root(HTTP_GET, TRASH, "cursor=x", NULL);
	assert_int_equal(fake_http_status(x), 400);
	body = api_world_body(x);
	assert_string_equal(api_world_error_on(body, "cursor"), "invalid");
	json_decref(body);
	fake_http_free(x);
}

#define WITH_API(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(the_deleted_are_shown_with_who_did_it_and_until_when),
		WITH_API(an_empty_trash_is_an_empty_page_of_the_usual_size),
		WITH_API(bad_parameters_are_named),
		WITH_API(a_cursor_that_is_none_is_the_callers_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
