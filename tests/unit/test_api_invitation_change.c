/* /api/v1/invitations/{id}: its history with that of its mails, another mail, another address or
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define ONE CREATE_PATH "/" FAKE_ID

static const char *
text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* ---- the timeline ---- */

static void
the_timeline_has_the_mails_between_its_own_steps(void **state)
{
	static const struct {
		const char *event, *mail, *detail;
	} expected[] = {
		{ "issued", NULL, NULL },
		{ "mail_queued", "invitation", NULL },
		{ "mail_deferred", "invitation", "450 try \xef\xbf\xbd later" },
		{ "resent", NULL, "by admin" },
		{ "mail_sent", "reminder", "250 ok" },
		{ "opened", NULL, NULL },
		{ "mail_bounced", NULL, "5.1.1" },
		{ "undeliverable", NULL, NULL },
	};
	struct delivery *d = delivery_new();
	struct invitation *inv;
	struct http_exchange *x;
	json_t *body, *timeline;

	(void)state;
	inv = world.flow.inv;
	delivery_note(d, DELIVERY_QUEUED, OUTBOX_INVITATION, NOW, NULL);
	delivery_note(
	    d, DELIVERY_DEFERRED, OUTBOX_INVITATION, NOW + 1, "450 try \xef\xbf\xbd later");
	delivery_note(d, DELIVERY_SENT, OUTBOX_REMINDER, NOW + 3, "250 ok");
	delivery_note(d, DELIVERY_OPENED, OUTBOX_KIND_COUNT, NOW + 4, NULL);
	delivery_note(d, DELIVERY_BOUNCED, OUTBOX_KIND_COUNT, NOW + 5, "5.1.1");
	inv->timeline[inv->timeline_count++] = (struct invitation_entry){
		.at = NOW + 2, .event = INVITATION_EV_RESEND, .detail = "by admin"
	};
	inv->timeline[inv->timeline_count++] =
	    (struct invitation_entry){ .at = NOW + 5, .event = INVITATION_EV_UNDELIVER };
	inv->revision = 42;
	world.flow.delivery = d;
	x = api_world_send_root(HTTP_GET, ONE, NULL, NULL);
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_reply_header(x, "ETag"), "\"42\"");
	timeline = json_object_get(body, "timeline");
	assert_int_equal(json_array_size(timeline), sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *e = json_array_get(timeline, i);
		const char *mail = text_of(e, "mail"), *detail = text_of(e, "detail");

		assert_string_equal(text_of(e, "event"), expected[i].event);
		assert_string_equal(mail ? mail : "-", expected[i].mail ? expected[i].mail : "-");
		assert_string_equal(
		    detail ? detail : "-", expected[i].detail ? expected[i].detail : "-");
		assert_int_equal(json_object_size(e), 4);
	}
	json_decref(body);
	fake_http_free(x);
	delivery_free(d);
}

/* ---- resend ---- */

static void
sending_again_asks_the_flow_with_or_without_the_older_links(void **state)
{
	static const struct {
		const char *body;
		bool void_links;
	} rows[] = { { NULL, false }, { "{}", false }, { "{\"void_links\":false}", false },
		{ "{\"void_links\":true}", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, ONE "/resend", NULL, rows[i].body);

		assert_int_equal(fake_http_status(x), 200);
		assert_string_equal(world.flow.id, FAKE_ID);
		assert_string_equal(world.flow.caller, "uid:0");
		assert_int_equal(world.flow.void_links, rows[i].void_links);
		assert_non_null(strstr(fake_http_body(x), "\"timeline\""));
		assert_null(strstr(fake_http_body(x), "usj_"));
		fake_http_free(x);
	}
}

static void
a_request_to_send_again_is_read_strictly(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = { { "{\"void_links\":\"yes\"}", "void_links", "wrong_type" },
		{ "{\"void_links\":null}", "void_links", "wrong_type" },
		{ "{\"void\":true}", "void", "unknown" }, { "[]", "", "wrong_type" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_POST, ONE "/resend", NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
too_soon_says_how_long_to_wait(void **state)
{
	struct http_exchange *x;

	(void)state;
	world.flow.code = ERR_THROTTLED;
	world.flow.retry_after_s = 41;
	x = api_world_send_root(HTTP_POST, ONE "/resend", NULL, NULL);
	assert_int_equal(fake_http_status(x), 429);
	assert_string_equal(fake_http_reply_header(x, "Retry-After"), "41");
	fake_http_free(x);
}

static void
what_has_no_mail_cannot_be_sent_again(void **state)
{
	struct http_exchange *x;

	(void)state;
	world.flow.code = ERR_REFUSED;
	world.flow.text = "it was handed over as a link";
	x = api_world_send_root(HTTP_POST, ONE "/resend", NULL, NULL);
	assert_int_equal(fake_http_status(x), 422);
	assert_non_null(strstr(fake_http_body(x), "handed over as a link"));
	fake_http_free(x);
}

/* ---- change ---- */

static struct http_exchange *
change(const char *if_match, const char *body)
{
	return api_world_send((struct fake_request){ .method = HTTP_PATCH,
	    .listener = HTTP_UNIX,
	    .path = ONE,
	    .if_match = if_match,
	    .body = body });
}

static void
a_change_goes_to_the_flow_as_it_was_sent(void **state)
{
	static const struct {
		const char *body, *mail;
		int64_t expires_in;
	} rows[] = {
		{ "{\"personal_mail\":\"new@example.net\"}", "new@example.net", 0 },
		{ "{\"expires_in\":3600}", NULL, 3600 },
		{ "{\"expires_in\":0}", NULL, -1 },
		{ "{\"expires_in\":-7}", NULL, -7 },
		{ "{\"personal_mail\":\"\",\"expires_in\":60}", "", 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = change(NULL, rows[i].body);

		assert_int_equal(fake_http_status(x), 200);
		if (rows[i].mail != NULL)
			assert_string_equal(world.flow.amend.personal_mail, rows[i].mail);
		else
			assert_null(world.flow.amend.personal_mail);
		assert_int_equal(world.flow.amend.expires_in, rows[i].expires_in);
		assert_int_equal(world.flow.amend.revision, 0);
		assert_string_equal(world.flow.caller, "uid:0");
		fake_http_free(x);
	}
}

static void
a_change_of_nothing_or_of_something_else_is_malformed(void **state)
{
	static const struct {
		const char *body, *field, *code;
	} rows[] = { { "{}", "", "required" },
		{ "{\"personal_mail\":null}", "personal_mail", "wrong_type" },
		{ "{\"given_name\":\"A\"}", "given_name", "unknown" },
		{ "{\"expires_in\":\"7d\"}", "expires_in", "wrong_type" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = change(NULL, rows[i].body);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_equal(api_world_error_on(body, rows[i].field), rows[i].code);
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(world.flow.calls, 0);
}

static void
if_match_names_the_version_that_is_changed(void **state)
{
	static const struct {
		const char *tag;
		int status;
		uint64_t revision;
	} rows[] = {
		{ "\"42\"", 200, 42 },
		{ "*", 200, 0 },
		{ "W/\"42\"", 412, 0 },
		{ "\"x\"", 412, 0 },
		{ "\"0\"", 412, 0 },
		{ "\"042\"", 412, 0 },
		{ "\"\"", 400, 0 },
		{ "\"99999999999999999999999\"", 412, 0 },
		{ "42", 400, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t before = world.flow.calls;
		struct http_exchange *x = change(rows[i].tag, "{\"expires_in\":60}");

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_int_equal(world.flow.calls - before, rows[i].status == 200);
		if (rows[i].status == 200)
			assert_int_equal(world.flow.amend.revision, rows[i].revision);
		fake_http_free(x);
	}
}

static void
another_version_is_412_and_a_registration_under_way_is_409(void **state)
{
	(void)state;
	world.flow.code = ERR_CONFLICT;
	for (uint64_t revision = 41; revision <= 42; revision++) {
		struct http_exchange *x;

		world.flow.inv->revision = revision;
		x = change("\"42\"", "{\"expires_in\":60}");
		assert_int_equal(fake_http_status(x), revision == 42 ? 409 : 412);
		fake_http_free(x);
		x = change(NULL, "{\"expires_in\":60}");
		assert_int_equal(fake_http_status(x), 409);
		fake_http_free(x);
	}
}

static void
fields_that_the_flow_refuses_are_named(void **state)
{
	struct arena *arena = arena_new(0);
	struct http_exchange *x;
	json_t *body;

	(void)state;
	field_errors_init(&world.flow.errors, arena);
	field_errors_add(&world.flow.errors, "personal_mail", "invalid", "not an address");
	world.flow.code = ERR_INVALID;
	x = change(NULL, "{\"personal_mail\":\"x\"}");
	body = api_world_body(x);
	assert_int_equal(fake_http_status(x), 422);
	assert_string_equal(api_world_error_on(body, "personal_mail"), "invalid");
	json_decref(body);
	fake_http_free(x);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_API(test) cmocka_unit_test_setup_teardown(test, api_world_setup, api_world_teardown)
		WITH_API(the_timeline_has_the_mails_between_its_own_steps),
		WITH_API(sending_again_asks_the_flow_with_or_without_the_older_links),
		WITH_API(a_request_to_send_again_is_read_strictly),
		WITH_API(too_soon_says_how_long_to_wait),
		WITH_API(what_has_no_mail_cannot_be_sent_again),
		WITH_API(a_change_goes_to_the_flow_as_it_was_sent),
		WITH_API(a_change_of_nothing_or_of_something_else_is_malformed),
		WITH_API(if_match_names_the_version_that_is_changed),
		WITH_API(another_version_is_412_and_a_registration_under_way_is_409),
		WITH_API(fields_that_the_flow_refuses_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
