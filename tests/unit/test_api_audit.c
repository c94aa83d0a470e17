/* /api/v1/audit and /api/v1/erasures: what is asked of the trail, and how it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../fakes/fake_api_world.h"

#define AUDIT	  "/api/v1/audit"
#define PROOF	  AUDIT "/verification"
#define ERASURES  "/api/v1/erasures"
#define RECORD_ID "01890a5d-ac96-774b-bcce-b30209900020"
#define HASH	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
records_are_told_with_all_that_is_kept_of_them(void **state)
{
	static const struct audit_record records[] = {
		{ .id = RECORD_ID,
		    .at = NOW,
		    .event = "person_changed",
		    .actor = "user:" FAKE_USER_ID,
		    .request_id = "r",
		    .subject = "user",
		    .subject_id = FAKE_ID,
		    .person = FAKE_USER_ID,
		    .org_unit = "ou=a",
		    .detail = "{\"fields\":[\"mail\"]}",
		    .source = "192.0.2.1",
		    .personal = "{\"name\":\"Ada\"}" },
		{ .id = FAKE_ID,
		    .at = NOW,
		    .event = "webhook_created",
		    .actor = "uid:0",
		    .state = "open",
		    .is_erased = true },
	};
	struct http_exchange *x;

	(void)state;
	fake_access.records = records;
	fake_access.record_count = 2;
	fake_access.next = FAKE_ID;
	x = api_world_send_root(HTTP_GET, AUDIT, NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_http_body(x),
	    "{\"items\":[{\"id\":\"" RECORD_ID "\",\"at\":\"2023-11-14T22:13:20.000Z\","
	    "\"event\":\"person_changed\",\"subject\":{\"type\":\"user\",\"id\":\"" FAKE_ID "\"},"
	    "\"state\":null,\"actor\":\"user:" FAKE_USER_ID "\",\"person\":\"" FAKE_USER_ID "\","
	    "\"org_unit\":\"ou=a\",\"source\":\"192.0.2.1\",\"request_id\":\"r\","
	    "\"detail\":{\"fields\":[\"mail\"]},\"personal\":{\"name\":\"Ada\"},"
	    "\"erased\":false},{\"id\":\"" FAKE_ID "\",\"at\":\"2023-11-14T22:13:20.000Z\","
	    "\"event\":\"webhook_created\",\"subject\":null,\"state\":\"open\","
	    "\"actor\":\"uid:0\",\"person\":null,\"org_unit\":null,\"source\":null,"
	    "\"request_id\":null,\"detail\":null,\"personal\":null,\"erased\":true}],"
	    "\"next_cursor\":\"" FAKE_ID "\",\"damaged\":false}");
	fake_http_free(x);
	assert_int_equal(fake_access.damage_count, 0);
}

/* Which it is stands in the log: it may be about somebody whom this caller must not see. */
static void
a_record_that_cannot_be_read_is_missed_and_logged(void **state)
{
	static const struct audit_record record = {
		.id = RECORD_ID, .at = NOW, .event = "webhook_created", .actor = "uid:0"
	};
	struct http_exchange *x;

	(void)state;
	fake_access.records = &record;
	fake_access.record_count = 1;
	fake_access.text = "audit/" FAKE_ID ": it was changed";
	x = api_world_send_root(HTTP_GET, AUDIT, NULL, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(fake_access.damage_count, 1);
	assert_non_null(strstr(fake_http_body(x), RECORD_ID));
	assert_non_null(strstr(fake_http_body(x), "\"next_cursor\":null,\"damaged\":true}"));
	assert_null(strstr(fake_http_body(x), FAKE_ID));
	fake_http_free(x);
}

static void
every_filter_reaches_the_store(void **state)
{
	const struct audit_query *q = &fake_access.query;
	struct http_exchange *x = api_world_send_root(HTTP_GET, AUDIT,
	    "from=2023-11-14&to=2023-11-14&event=signed_in&actor=uid:0&about=a&subject=user&"
	    "request=r&order=oldest&cursor=" RECORD_ID "&limit=7",
	    NULL);

	(void)state;
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(q->from, INT64_C(1699920000000));
	assert_int_equal(q->to, INT64_C(1700006400000)); /* the end of that day */
	assert_string_equal(q->event, "signed_in");
	assert_string_equal(q->actor, "uid:0");
	assert_string_equal(q->about, "a");
	assert_string_equal(q->subject, "user");
	assert_string_equal(q->request_id, "r");
	assert_true(q->oldest_first);
	assert_string_equal(q->after, RECORD_ID);
	assert_int_equal(q->limit, 7);
	assert_null(q->reach);
	fake_http_free(x);
	fake_http_free(api_world_send_root(HTTP_GET, AUDIT, NULL, NULL));
	assert_int_equal(q->from, 0);
	assert_int_equal(q->to, 0);
	assert_null(q->event);
	assert_null(q->after);
	assert_false(q->oldest_first);
	assert_int_equal(q->limit, 50);
}

/* A record's own time is one that can be asked for. */
static void
a_moment_counts_in_milliseconds(void **state)
{
	static const struct {
		const char *query;
		int64_t from;
	} rows[] = { { "from=2023-11-14T22:13:20Z", INT64_C(1700000000000) },
		{ "from=2023-11-14T22:13:20.265Z", INT64_C(1700000000265) },
		{ "from=2023-11-14T21:13:20.0409999-01:00", INT64_C(1700000000040) },
		{ "from=2023-11-14T22:13:20.5Z", INT64_C(1700000000500) } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x = api_world_send_root(HTTP_GET, AUDIT, rows[i].query, NULL);

		assert_int_equal(fake_http_status(x), 200);
		assert_int_equal(fake_access.query.from, rows[i].from);
		fake_http_free(x);
	}
}

static void
a_query_that_means_nothing_is_refused(void **state)
{
	static char long_word[160] = "event=";
	static const struct {
		const char *path, *query, *field;
	} rows[] = {
		{ AUDIT, "from=yesterday", "from" },
		{ AUDIT, "to=2023-02-30", "to" },
		{ AUDIT, "order=up", "order" },
		{ AUDIT, "limit=0", "limit" },
		{ AUDIT, "actor=", "actor" },
		{ AUDIT, long_word, "event" },
		{ AUDIT, "who=me", "who" },
		{ AUDIT, "event=a&event=b", "event" },
		{ PROOF, "number=1", "hash" },
		{ PROOF, "hash=" HASH, "number" },
		{ PROOF, "number=0&hash=" HASH, "number" },
		{ PROOF, "number=-1&hash=" HASH, "number" },
		{ PROOF, "number=1x&hash=" HASH, "number" },
		{ PROOF, "number=99999999999999999999&hash=" HASH, "number" },
		{ PROOF, "number=1&hash=" HASH "00", "hash" },
		{ PROOF, "number=1&hash=00", "hash" },
		{ PROOF, "head=1", "head" },
	};

	(void)state;
	memset(long_word + 6, 'x', 129);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x =
		    api_world_send_root(HTTP_GET, rows[i].path, rows[i].query, NULL);
		json_t *body = api_world_body(x);

		assert_int_equal(fake_http_status(x), 400);
		assert_string_not_equal(api_world_error_on(body, rows[i].field), "");
		json_decref(body);
		fake_http_free(x);
	}
	assert_int_equal(fake_access.calls, 0);
}

static void
a_cursor_that_is_none_is_named(void **state)
{
	struct http_exchange *x;
	json_t *body;

	(void)state;
	fake_access.code = ERR_INVALID;
	fake_access.text = "cursor: this is none, or not all of it";
	x = api_world_send_root(HTTP_GET, AUDIT, "cursor=x", NULL);
	assert_int_equal(fake_http_status(x), 400);
	body = api_world_body(x);
	assert_string_equal(api_world_error_on(body, "cursor"), "invalid");
	json_decref(body);
	fake_http_free(x);
}

/* Somebody who came from elsewhere, and one who went there. */
static void
a_place_out_of_reach_is_blank(void **state)
{
	static const struct audit_record records[] = {
		{ .id = RECORD_ID,
		    .event = "user_changed",
		    .actor = "uid:0",
		    .org_unit = "ou=army,dc=example,dc=org",
		    .moved_to = FAKE_PLACE,
		    .personal = "{\"changes\":{\"org_unit\":{\"before\":"
				"\"ou=Army,dc=example,dc=org\",\"after\":\"" FAKE_PLACE "\"}}}" },
		{ .id = FAKE_ID,
		    .event = "user_changed",
		    .actor = "uid:0",
		    .org_unit = FAKE_PLACE,
		    .moved_to = "ou=army,dc=example,dc=org",
		    .personal = "{\"changes\":{\"org_unit\":{\"before\":\"" FAKE_PLACE
				"\",\"after\":\"ou=Army,dc=example,dc=org\"}}}" },
	};
	struct http_exchange *x;

	(void)state;
	fake_access.records = records;
	fake_access.record_count = 2;
	api_world_make_limited_token(AUTH_AUDIT_READ);
	x = api_world_send((struct fake_request){
	    .method = HTTP_GET, .path = AUDIT, .authorization = world.token_text });
	assert_int_equal(fake_http_status(x), 200);
	assert_null(strstr(fake_http_body(x), "rmy"));
	assert_non_null(strstr(fake_http_body(x), "\"org_unit\":null,"));
	assert_non_null(strstr(fake_http_body(x), "\"org_unit\":\"" FAKE_PLACE "\","));
	assert_non_null(
	    strstr(fake_http_body(x), "{\"before\":null,\"after\":\"" FAKE_PLACE "\"}"));
	assert_non_null(
	    strstr(fake_http_body(x), "{\"before\":\"" FAKE_PLACE "\",\"after\":null}"));
	fake_http_free(x);
	x = api_world_send_root(HTTP_GET, AUDIT, NULL, NULL);
	assert_non_null(strstr(fake_http_body(x), "\"before\":\"ou=Army,dc=example,dc=org\""));
	fake_http_free(x);
}

static void
a_verdict_tells_every_fault_and_the_head(void **state)
{
	struct audit_verdict v = { .records = 5,
		.blocks = 3,
		.unnamed = 1,
		.erased = 2,
		.sources_ended = 4,
		.head = { .number = 3 },
		.faults = { { .record = RECORD_ID, .text = "changed" },
		    { .block = 2, .text = "another \"hash\"" } },
		.fault_count = 2 };
	struct http_exchange *x;

	(void)state;
	for (size_t i = 0; i < AUDIT_HASH_SIZE; i++)
		v.head.hash[i] = (unsigned char)i;
	fake_access.verdict = &v;
	x = api_world_send_root(HTTP_GET, PROOF, "number=12&hash=" HASH, NULL);
	assert_int_equal(fake_http_status(x), 200);
	assert_int_equal(fake_access.known.number, 12);
	assert_memory_equal(fake_access.known.hash, v.head.hash, AUDIT_HASH_SIZE);
	assert_string_equal(fake_http_body(x),
	    "{\"sound\":false,\"records\":5,\"blocks\":3,\"unnamed\":1,\"erased\":2,"
	    "\"sources_ended\":4,\"first\":null,\"head\":{\"number\":3,\"hash\":\"" HASH "\"},"
	    "\"fault_count\":2,\"faults\":[{\"record\":\"" RECORD_ID "\",\"block\":null,"
	    "\"detail\":\"changed\"},{\"record\":null,\"block\":2,"
	    "\"detail\":\"another \\\"hash\\\"\"}]}");
	fake_http_free(x);
	v.fault_count = 0;
	x = api_world_send_root(HTTP_GET, PROOF, NULL, NULL);
	assert_int_equal(fake_access.known.number, 0);
	assert_non_null(strstr(fake_http_body(x), "{\"sound\":true,"));
	assert_non_null(strstr(fake_http_body(x), "\"faults\":[]}"));
	fake_http_free(x);
}

static void
erasing_says_what_is_gone_or_why_not(void **state)
{
	static const char *const ids[] = { FAKE_USER_ID, FAKE_ID };
	static const struct {
		enum err code;
		int status;
	} rows[] = { { ERR_NOT_FOUND, 404 }, { ERR_CONFLICT, 409 }, { ERR_TOO_LARGE, 413 },
		{ ERR_BUSY, 503 }, { ERR_UNAVAILABLE, 503 } };
	struct http_exchange *x;

	(void)state;
	fake_access.erased = (struct flow_erased){ .records = 1,
		.mails = 2,
		.messages = 3,
		.trash = 4,
		.invitations = 5,
		.sources = 6,
		.ids = ids,
		.id_count = 2 };
	x = api_world_send_root(HTTP_POST, ERASURES, NULL, "{\"person\":\"ada\"}");
	assert_int_equal(fake_http_status(x), 200);
	assert_string_equal(fake_access.who, "ada");
	assert_string_equal(fake_http_body(x),
	    "{\"ids\":[\"" FAKE_USER_ID "\",\"" FAKE_ID "\"],\"audit_records\":1,\"mails\":2,"
	    "\"webhook_messages\":3,\"trash\":4,\"invitations\":5,\"sources\":6}");
	fake_http_free(x);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake_access.code = rows[i].code;
		fake_access.text = "words";
		x = api_world_send_root(HTTP_POST, ERASURES, NULL, "{\"person\":\"ada\"}");
		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
	}
	fake_access.calls = 0;
	x = api_world_send_root(HTTP_POST, ERASURES, NULL, "{\"person\":\"\"}");
	assert_int_equal(fake_http_status(x), 422);
	fake_http_free(x);
	x = api_world_send_root(HTTP_POST, ERASURES, NULL, "{\"persons\":\"ada\"}");
	assert_int_equal(fake_http_status(x), 400);
	fake_http_free(x);
	assert_int_equal(fake_access.calls, 0);
}

static void
each_route_needs_its_scope(void **state)
{
	static const struct {
		unsigned scopes;
		enum http_method method;
		const char *path, *body;
		int status;
	} rows[] = {
		{ AUTH_AUDIT_READ, HTTP_GET, AUDIT, NULL, 200 },
		{ AUTH_AUDIT_READ, HTTP_POST, ERASURES, "{\"person\":\"ada\"}", 403 },
		{ AUTH_ALL & ~(unsigned)AUTH_AUDIT_READ, HTTP_GET, AUDIT, NULL, 403 },
		{ AUTH_ALL & ~(unsigned)AUTH_AUDIT_READ, HTTP_GET, PROOF, NULL, 403 },
		{ AUTH_ALL & ~(unsigned)AUTH_ERASE, HTTP_POST, ERASURES, "{\"person\":\"ada\"}",
		    403 },
		{ AUTH_ERASE, HTTP_POST, ERASURES, "{\"person\":\"ada\"}", 200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_exchange *x;

		api_world_make_token(rows[i].scopes);
		x = api_world_send((struct fake_request){ .method = rows[i].method,
		    .path = rows[i].path,
		    .body = rows[i].body,
		    .authorization = world.token_text });
		assert_int_equal(fake_http_status(x), rows[i].status);
		fake_http_free(x);
	}
}

#define WITH_API(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_API(records_are_told_with_all_that_is_kept_of_them),
		WITH_API(a_record_that_cannot_be_read_is_missed_and_logged),
		WITH_API(every_filter_reaches_the_store),
		WITH_API(a_cursor_that_is_none_is_named),
		WITH_API(a_place_out_of_reach_is_blank),
		WITH_API(a_moment_counts_in_milliseconds),
		WITH_API(a_query_that_means_nothing_is_refused),
		WITH_API(a_verdict_tells_every_fault_and_the_head),
		WITH_API(erasing_says_what_is_gone_or_why_not),
		WITH_API(each_route_needs_its_scope),
	};

	return cmocka_run_group_tests_name("api_audit", tests, NULL, NULL);
}
