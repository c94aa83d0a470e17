/* /api/v1/mail: the queue, mails with made-up facts, reports of mail systems. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define MAIL	"/api/v1/mail"
#define QUEUE	MAIL "/queue"
#define ITEM_ID "01890a5d-ac96-774b-bcce-b30209900001"

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- the queue ---- */

static void
the_queue_tells_what_waits_and_what_keeps_it(void **state)
{
	struct outbox_item *items[2];
	struct http_exchange *x;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		items[i] = outbox_item_new(OUTBOX_INVITATION, FAKE_ID, NOW);
		strcpy(items[i]->id, ITEM_ID);
		items[i]->due = NOW + 10 * 1000;
	}
	items[0]->expires_at = NOW + 3600 * 1000;
	items[0]->attempts = 2;
	outbox_set_text(items[0], &items[0]->last, "450 later \"x\"");
	outbox_set_text(items[0], &items[0]->to, "ada@example.net");
	items[1]->kind = OUTBOX_WELCOME;
	strcpy(items[1]->owner, "0123456789abcdef");
	world.flow.items = items;
	world.flow.list_count = 2;
	world.flow.next = "0000018bcfe56800/" ITEM_ID;
	world.flow.mail_status = (struct flow_mail_status){ .waiting = 7,
		.in_flight = 1,
		.oldest_at = NOW,
		.paused = true,
		.broken = true,
		.paused_until = NOW + 60 * 1000,
		.reason = "535 no" };
	x = api_world_send_root(HTTP_GET, QUEUE, "limit=2&cursor=0000018bcfe56800/" FAKE_ID, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(world.flow.limit, 2);
	assert_string_equal(world.flow.after, "0000018bcfe56800/" FAKE_ID);
	assert_string_equal(fake_http_body(x),
	    "{\"status\":{\"waiting\":7,\"in_flight\":1,\"oldest_at\":\"2023-11-14T22:13:20.000Z\","
	    "\"paused\":true,\"broken\":true,\"paused_until\":\"2023-11-14T22:14:20.000Z\","
	    "\"reason\":\"535 no\"},\"items\":["
	    "{\"id\":\"" ITEM_ID "\",\"kind\":\"invitation\",\"status\":\"waiting\","
	    "\"invitation\":\"" FAKE_ID "\",\"created_at\":\"2023-11-14T22:13:20.000Z\","
	    "\"due_at\":\"2023-11-14T22:13:30.000Z\","
	    "\"expires_at\":\"2023-11-14T23:13:20.000Z\",\"attempts\":2,"
	    "\"last\":\"450 later \\\"x\\\"\"},"
	    "{\"id\":\"" ITEM_ID "\",\"kind\":\"welcome\",\"status\":\"sending\","
	    "\"invitation\":\"" FAKE_ID "\",\"created_at\":\"2023-11-14T22:13:20.000Z\","
	    "\"due_at\":null,\"expires_at\":null,\"attempts\":0,"
	    "\"last\":null}],\"next_cursor\":\"0000018bcfe56800/" ITEM_ID "\"}");
	fake_http_free(x);
	for (size_t i = 0; i < 2; i++)
		outbox_item_free(items[i]);
}

static void
an_empty_queue_has_no_pause_and_no_age(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_GET, QUEUE, NULL, NULL);

	(void)state;
	assert_string_equal(fake_http_body(x),
	    "{\"status\":{\"waiting\":0,\"in_flight\":0,\"oldest_at\":null,\"paused\":false,"
	    "\"broken\":false,\"paused_until\":null,\"reason\":null},\"items\":[],"
	    "\"next_cursor\":null}");
	fake_http_free(x);
}

static void
a_query_of_the_queue_that_means_nothing_is_refused(void **state)
{
	static const struct {
		const char *query, *field;
	} rows[] = {
		{ "limit=0", "limit" },
		{ "limit=201", "limit" },
		{ "cursor=", "cursor" },
		{ "cursor=due%00", "cursor" },
		{ "cursor=../x", "cursor" },
		{ "cursor=00000000000000000000000000000000000000000000000000000000000000000",
		    "cursor" },
		{ "status=waiting", "status" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, QUEUE, rows[i].query, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
one_mail_is_tried_again_or_dropped(void **state)
{
	static const struct {
		enum http_method method;
		const char *path;
	} asks[] = { { HTTP_POST, QUEUE "/" ITEM_ID "/retry" },
		{ HTTP_DELETE, QUEUE "/" ITEM_ID } };
	static const struct {
		enum err code;
		int status;
	} rows[] = { { ERR_OK, 204 }, { ERR_NOT_FOUND, 404 }, { ERR_CONFLICT, 409 },
		{ ERR_UNAVAILABLE, 503 } };

	(void)state;
	for (size_t a = 0; a < sizeof(asks) / sizeof(asks[0]); a++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct http_exchange *x;

			world.flow.code = rows[i].code;
			x = api_world_send_root(asks[a].method, asks[a].path, NULL, NULL);
			assert_int_equal(fake_http_status(x), rows[i].status);
			assert_string_equal(world.flow.id, ITEM_ID);
			assert_string_equal(world.flow.caller, "uid:0");
			fake_http_free(x);
		}
	}
	fake_http_free(api_world_send_root(HTTP_DELETE, QUEUE "/x", NULL, NULL));
	assert_string_equal(world.flow.id, ITEM_ID); /* nobody was asked */
}

static void
the_whole_queue_is_tried_again_at_once(void **state)
{
	struct http_exchange *x = api_world_send_root(HTTP_POST, MAIL "/retry", NULL, "{}");

	(void)state;
	assert_int_equal(fake_http_status(x), 204);
	assert_true(world.flow.all_again);
	assert_string_equal(world.flow.caller, "uid:0");
	fake_http_free(x);
	world.flow.all_again = false;
	x = api_world_send_root(HTTP_POST, MAIL "/retry", NULL, "{\"all\":true}");
	assert_int_equal(fake_http_status(x), 400);
	assert_false(world.flow.all_again);
	fake_http_free(x);
}

/* ---- preview and test ---- */

static void
a_preview_is_the_mail_as_people_read_it(void **state)
{
	struct http_exchange *x = api_world_send_root(
	    HTTP_POST, MAIL "/preview", NULL, "{\"kind\":\"reminder\",\"language\":\"de\"}");
	json_t *body = api_world_body(x), *headers;

	(void)state;
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(world.flow.kind, "reminder");
	assert_string_equal(world.flow.language, "de");
	assert_null(world.flow.to);
	assert_string_equal(text_of(body, "kind"), "reminder");
	assert_string_equal(text_of(body, "language"), "de");
	assert_string_equal(text_of(body, "subject"), "Gr\xc3\xbc\xc3\x9f dich");
	assert_string_equal(text_of(body, "from"), "b-1@example.org");
	assert_string_equal(text_of(body, "to"), "ada@example.net");
	assert_string_equal(text_of(body, "text"), "Hello Ada,\r\n");
	assert_string_equal(text_of(body, "html"), "<p>Hello Ada,</p>");
	headers = json_object_get(body, "headers");
	assert_int_equal(json_array_size(headers), 2);
	assert_string_equal(text_of(json_array_get(headers, 0), "name"), "Subject");
	assert_string_equal(
	    text_of(json_array_get(headers, 0), "value"), "Gr\xc3\xbc\xc3\x9f dich");
	json_decref(body);
	fake_http_free(x);
}

static void
what_a_mail_cannot_be_made_of_is_refused_by_name(void **state)
{
	static const struct {
		const char *path, *body;
		int status;
		const char *field, *code;
	} rows[] = {
		{ "/preview", "{}", 422, "kind", "required" },
		{ "/preview", "{\"kind\":\"webhook\"}", 422, "kind", "invalid" },
		{ "/preview", "{\"kind\":\"\"}", 422, "kind", "invalid" },
		{ "/preview", "{\"kind\":7}", 400, "kind", "wrong_type" },
		{ "/preview", "{\"kind\":\"welcome\",\"to\":\"a@b\"}", 400, "to", "unknown" },
		{ "/preview", "{\"kind\":\"welcome\",\"language\":\"../../x\"}", 422, "language",
		    "invalid" },
		{ "/preview", "{\"kind\":\"welcome\",\"language\":\"\"}", 422, "language",
		    "required" },
		{ "/test", "{\"language\":\"german\",\"to\":\"a@b\"}", 422, "language", "invalid" },
		{ "/test", "{\"language\":\"german\",\"to\":\"a@b\"}", 422, "kind", "required" },
		{ "/test", "{\"kind\":\"welcome\"}", 422, "to", "required" },
		{ "/test", "{\"to\":\"a@b\"}", 422, "kind", "required" },
		{ "/test", "{\"kind\":\"welcome\",\"to\":\"a@b\",\"cc\":\"x\"}", 400, "cc",
		    "unknown" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;
		char path[64];
		json_t *body;

		snprintf(path, sizeof(path), MAIL "%s", rows[i].path);
		x = api_world_send_root(HTTP_POST, path, NULL, rows[i].body);
		body = api_world_body(x);
		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
a_test_tells_what_the_server_said(void **state)
{
	static const char good[] =
	    "{\"kind\":\"invitation\",\"language\":\"vi\",\"to\":\"me@example.org\"}";
	struct http_exchange *x;
	json_t *body;

	(void)state;
	world.flow.report =
	    (struct mail_report){ .outcome = MAIL_SENT, .code = 250, .reply = "2.0.0 ok" };
	x = api_world_send_root(HTTP_POST, MAIL "/test", NULL, good);
	assert_string_equal(
	    fake_http_body(x), "{\"outcome\":\"sent\",\"code\":250,\"reply\":\"2.0.0 ok\"}");
	assert_string_equal(world.flow.kind, "invitation");
	assert_string_equal(world.flow.language, "vi");
	assert_string_equal(world.flow.to, "me@example.org");
	assert_string_equal(world.flow.caller, "uid:0");
	fake_http_free(x);
	world.flow.report = (struct mail_report){ .outcome = MAIL_AWAY, .reply = "bad \xff" };
	x = api_world_send_root(HTTP_POST, MAIL "/test", NULL, good);
	assert_int_equal(fake_http_status(x), 200);
	assert_non_null(strstr(fake_http_body(x), "\"code\":null,\"reply\":\"bad ?\""));
	fake_http_free(x);
	world.flow.code = ERR_INVALID;
	x = api_world_send_root(HTTP_POST, MAIL "/test", NULL, good);
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 422);
	assert_string_equal(api_world_error_on(body, "to"), "invalid");
	assert_memory_equal(text_of(body, "detail"), "to: ", 4);
	json_decref(body);
	fake_http_free(x);
	world.flow.code = ERR_MISCONFIGURED;
	x = api_world_send_root(HTTP_POST, MAIL "/test", NULL, good);
	assert_int_equal(fake_http_status(x), 503);
	assert_null(strstr(fake_http_body(x), "\"to\""));
	fake_http_free(x);
}

static void
without_mail_there_is_nothing_to_preview_or_test(void **state)
{
	static const char *const paths[] = { MAIL "/preview", MAIL "/test" };
	static const char *const bodies[] = { "{\"kind\":\"welcome\"}",
		"{\"kind\":\"welcome\",\"to\":\"a@b\"}" };

	(void)state;
	world.flow.code = ERR_REFUSED;
	for (size_t i = 0; i < 2; i++) {
		struct http_exchange *x = api_world_send_root(HTTP_POST, paths[i], NULL, bodies[i]);

		assert_int_equal(fake_http_status(x), 422);
		fake_http_free(x);
	}
}

/* ---- reports of mail systems ---- */

static struct http_exchange *
report(const char *type, const char *query, const char *body)
{
	return api_world_send((struct fake_request){ .method = HTTP_POST,
	    .listener = HTTP_UNIX,
	    .path = MAIL "/bounces",
	    .query = query,
	    .content_type = type,
	    .body = body });
}

static void
a_report_is_answered_with_what_was_understood(void **state)
{
	static const char message[] = "From: <>\r\n\r\nno such user";
	struct http_exchange *x;

	(void)state;
	world.flow.dsn = (struct mail_dsn){ .action = MAIL_DSN_FAILED,
		.status = "5.1.1",
		.diagnostic = "550 no such \"user\"",
		.invitation = FAKE_ID };
	x = report("message/rfc822", "recipient=bounces%2Bb-x@example.org", message);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x),
	    "{\"invitation\":\"" FAKE_ID "\",\"action\":\"failed\",\"status\":\"5.1.1\","
	    "\"diagnostic\":\"550 no such \\\"user\\\"\"}");
	assert_string_equal(world.flow.message, message);
	assert_string_equal(world.flow.recipient, "bounces%2Bb-x@example.org");
	assert_string_equal(world.flow.caller, "uid:0");
	fake_http_free(x);
	x = report("text/plain", NULL, message);
	assert_null(world.flow.recipient);
	assert_int_equal(fake_http_status(x), 200);
	fake_http_free(x);
}

/* Its boundary is in the header of the request. */
static void
a_report_that_is_the_request_itself_keeps_its_type(void **state)
{
	static const char type[] = "multipart/report; report-type=delivery-status; boundary=\"b\"";
	struct http_exchange *x = report(type, NULL, "--b\r\n\r\nx\r\n--b--\r\n");
	char expected[256];

	(void)state;
	snprintf(
	    expected, sizeof(expected), "Content-Type: %s\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", type);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(world.flow.message, expected);
	assert_int_equal(world.flow.message_len, strlen(expected));
	fake_http_free(x);
}

static void
what_is_no_report_of_ours_is_told_apart(void **state)
{
	static const struct {
		enum err code;
		int status;
	} rows[] = { { ERR_INVALID, 422 }, { ERR_NOT_FOUND, 404 }, { ERR_UNAVAILABLE, 503 } };
	static const char *const queries[] = { "recipient=", "to=x", "recipient=a&recipient=b" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		world.flow.code = rows[i].code;
		x = report("message/rfc822", NULL, "x");
		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
	}
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct http_exchange *x = report("message/rfc822", queries[i], "x");

		assert_int_equal(fake_http_status(x), 400);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(the_queue_tells_what_waits_and_what_keeps_it),
		WITH_API(an_empty_queue_has_no_pause_and_no_age),
		WITH_API(a_query_of_the_queue_that_means_nothing_is_refused),
		WITH_API(one_mail_is_tried_again_or_dropped),
		WITH_API(the_whole_queue_is_tried_again_at_once),
		WITH_API(a_preview_is_the_mail_as_people_read_it),
		WITH_API(what_a_mail_cannot_be_made_of_is_refused_by_name),
		WITH_API(a_test_tells_what_the_server_said),
		WITH_API(without_mail_there_is_nothing_to_preview_or_test),
		WITH_API(a_report_is_answered_with_what_was_understood),
		WITH_API(a_report_that_is_the_request_itself_keeps_its_type),
		WITH_API(what_is_no_report_of_ours_is_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
