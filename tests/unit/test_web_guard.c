/* The sealed cookie, and attempt ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "web/web_private.h"

static const struct web_ticket ticket = { { { 1, 2, 3 } }, "attempt-1", 2000, WEB_VIETNAMESE };
static const unsigned char key[32] = { 7 }, other_key[32] = { 8 };

static void
a_cookie_gives_back_what_was_sealed(void **state)
{
	char text[WEB_COOKIE_TEXT_SIZE], again[WEB_COOKIE_TEXT_SIZE];
	struct web_ticket t;

	(void)state;
	web_cookie_seal(&ticket, key, text);
	web_cookie_seal(&ticket, key, again);
	assert_string_not_equal(text, again);
	assert_int_equal(strlen(text), strlen(again));
	assert_true(web_cookie_open(text, key, 1999, &t));
	assert_true(token_hash_equal(&t.token, &ticket.token));
	assert_string_equal(t.attempt, ticket.attempt);
	assert_int_equal(t.language, WEB_VIETNAMESE);
	assert_int_equal(t.end, 2000);
}

static void
a_cookie_ends_and_needs_its_key(void **state)
{
	char text[WEB_COOKIE_TEXT_SIZE];
	struct web_ticket t;

	(void)state;
	web_cookie_seal(&ticket, key, text);
	assert_false(web_cookie_open(text, key, 2000, &t));
	assert_false(web_cookie_open(text, other_key, 0, &t));
	assert_false(web_cookie_open("", key, 0, &t));
}

static void
a_cookie_with_any_changed_byte_is_refused(void **state)
{
	char text[WEB_COOKIE_TEXT_SIZE + 1];
	struct web_ticket t;
	size_t len;

	(void)state;
	web_cookie_seal(&ticket, key, text);
	len = strlen(text);
	for (size_t i = 0; i < len; i++)
		for (int c = 1; c < 256; c++) {
			char kept = text[i];

			if ((char)c == kept)
				continue;
			text[i] = (char)c;
			assert_false(web_cookie_open(text, key, 0, &t));
			text[i] = kept;
		}
	text[len] = 'A';
	text[len + 1] = '\0';
	assert_false(web_cookie_open(text, key, 0, &t));
	text[len - 1] = '\0';
	assert_false(web_cookie_open(text, key, 0, &t));
}

static void
an_attempt_id_is_short_base64url(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "a", true },
		{ "019aa000-0000-7000-8000-000000000000", true },
		{ "0123456789012345678901234567890123456789012", true },
		{ "01234567890123456789012345678901234567890123", false },
		{ "", false },
		{ "a b", false },
		{ "a=", false },
		{ "a/b", false },
		{ "\xc3\xa4", false },
	};
	char made[INVITATION_ATTEMPT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(web_attempt_is_valid(rows[i].text), rows[i].valid);
	web_attempt_make(made);
	assert_true(web_attempt_is_valid(made));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_gives_back_what_was_sealed),
		cmocka_unit_test(a_cookie_ends_and_needs_its_key),
		cmocka_unit_test(a_cookie_with_any_changed_byte_is_refused),
		cmocka_unit_test(an_attempt_id_is_short_base64url),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
