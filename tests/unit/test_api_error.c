/* Every enum err as an HTTP client sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "api/api_private.h"
#include "../fakes/fake_api_http.h"
#include "../fakes/fake_api_log.h"

static json_t *
reply_of(
    enum err code, const char *text, enum http_listener_kind listener, struct http_exchange **out)
{
	struct fake_request q = { .method = HTTP_GET, .listener = listener, .path = "/" };
	struct http_exchange *x = fake_http_exchange(&q);
	struct fault f;
	json_t *body;

	fault_set(&f, code, "%s", text);
	api_on_error(x, NULL, code, &f);
	body = json_loads(fake_http_body(x), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(body);
	assert_string_equal(fake_http_type(x), "application/problem+json");
	*out = x;
	return body;
}

static void
every_code_has_its_status_reason_and_headers(void **state)
{
	static const struct {
		enum err code;
		int status;
		const char *reason;
		bool tells; /* the administrator sees the fault's words */
	} rows[] = {
		{ ERR_OK, 500, NULL, false },
		{ ERR_INVALID, 400, NULL, true },
		{ ERR_UNAUTHENTICATED, 401, NULL, true },
		{ ERR_DENIED, 403, NULL, true },
		{ ERR_NOT_FOUND, 404, NULL, true },
		{ ERR_EXISTS, 409, NULL, true },
		{ ERR_CONFLICT, 409, NULL, true },
		{ ERR_EXPIRED, 410, "expired", true },
		{ ERR_REVOKED, 410, "revoked", true },
		{ ERR_USED, 410, "used", true },
		{ ERR_REFUSED, 422, NULL, true },
		{ ERR_TOO_LARGE, 413, NULL, true },
		{ ERR_BUSY, 503, NULL, true },
		{ ERR_UNAVAILABLE, 503, NULL, true },
		{ ERR_UNKNOWN, 503, "unknown", true },
		{ ERR_MISCONFIGURED, 503, NULL, true },
		{ ERR_CORRUPT, 500, NULL, false },
		{ ERR_INTERNAL, 500, NULL, false },
		{ (enum err)999, 500, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t lines = fake_log_lines();
		struct http_exchange *x;
		json_t *body = reply_of(rows[i].code, "its words", HTTP_CONTROL, &x);
		const char *reason = json_string_value(json_object_get(body, "reason"));
		const char *detail = json_string_value(json_object_get(body, "detail"));

		assert_int_equal(fake_http_status(x), rows[i].status);
		assert_true((reason == NULL) == (rows[i].reason == NULL));
		if (reason != NULL)
			assert_string_equal(reason, rows[i].reason);
		assert_int_equal(detail != NULL && strcmp(detail, "its words") == 0, rows[i].tells);
		assert_int_equal(
		    fake_http_reply_header(x, "WWW-Authenticate") != NULL, rows[i].status == 401);
		assert_int_equal(
		    fake_http_reply_header(x, "Retry-After") != NULL, rows[i].status == 503);
		assert_int_equal(fake_log_lines() - lines, rows[i].status >= 500);
		json_decref(body);
		fake_http_free(x);
	}
}

static void
the_public_is_never_told_what_a_server_said(void **state)
{
	(void)state;
	for (int code = ERR_OK; code <= ERR_INTERNAL; code++) {
		struct http_exchange *x;
		json_t *body = reply_of((enum err)code, "cn=usherd,dc=secret", HTTP_PUBLIC, &x);

		if (fake_http_status(x) >= 500) {
			assert_null(strstr(fake_http_body(x), "dc=secret"));
			assert_non_null(strstr(fake_log_last(), "dc=secret"));
		}
		json_decref(body);
		fake_http_free(x);
	}
}

static void
words_that_are_not_utf8_still_make_a_problem(void **state)
{
	static const char *const texts[] = { "caf\xc3", "\xff\xfe", "a \xe2\x82 b", "\x80",
		"\xc3\xa9" };
	static const char *const shown[] = { "caf?", "??", "a ?? b", "?", "\xc3\xa9" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct http_exchange *x;
		json_t *body = reply_of(ERR_UNAVAILABLE, texts[i], HTTP_CONTROL, &x);

		assert_string_equal(json_string_value(json_object_get(body, "detail")), shown[i]);
		json_decref(body);
		fake_http_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_status_reason_and_headers),
		cmocka_unit_test(the_public_is_never_told_what_a_server_said),
		cmocka_unit_test(words_that_are_not_utf8_still_make_a_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
