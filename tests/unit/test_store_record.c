/* Small values of the store: taken as they were written, and damage in anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "store/store_private.h"

#define ID   "019aa000-0000-7000-8000-000000000000"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TOKEN(scopes, created, expires)                                                            \
	"{\"v\":1,\"hash\":\"" HASH "\",\"scopes\":" scopes ",\"created_at\":" created             \
	",\"expires_at\":" expires ",\"name\":\"ci\",\"created_by\":\"uid:0\"}"

static void
a_reservation_with_a_member_of_another_type_is_damaged(void **state)
{
	static const struct {
		const char *text;
		enum err code;
	} rows[] = {
		{ "{\"v\":1,\"invitation\":\"" ID "\",\"released_at\":7}", ERR_OK },
		{ "{\"v\":1,\"invitation\":\"" ID "\",\"released_at\":7.5}", ERR_CORRUPT },
		{ "{\"v\":1,\"invitation\":\"" ID "\",\"released_at\":\"7\"}", ERR_CORRUPT },
		{ "{\"v\":1,\"invitation\":\"" ID "\"}", ERR_CORRUPT },
		{ "{\"v\":1,\"invitation\":7,\"released_at\":7}", ERR_CORRUPT },
		{ "{\"v\":1.0,\"invitation\":\"" ID "\",\"released_at\":7}", ERR_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reservation r = { .released_at = 3 };
		struct fault f;

		if (record_read_reservation(&r, rows[i].text, strlen(rows[i].text), &f) !=
		    rows[i].code)
			fail_msg("%s", rows[i].text);
		assert_int_equal(r.released_at, rows[i].code == ERR_OK ? 7 : 3);
	}
}

/* A number of another type would read as 0: of expires_at that is a token which has ended, of
 * scopes one that may do nothing, and of a released reservation one that is held for ever. */
static void
an_api_token_with_a_member_of_another_type_is_damaged(void **state)
{
	static const struct {
		const char *text;
		enum err code;
	} rows[] = {
		{ TOKEN("15", "1", "2"), ERR_OK },
		{ TOKEN("15", "1", "2.5"), ERR_CORRUPT },
		{ TOKEN("15", "\"1\"", "2"), ERR_CORRUPT },
		{ TOKEN("15", "1", "null"), ERR_CORRUPT },
		{ TOKEN("-1", "1", "2"), ERR_CORRUPT },
		{ TOKEN("4294967296", "1", "2"), ERR_CORRUPT },
		{ TOKEN("[15]", "1", "2"), ERR_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_token t = { .scopes = 3 };
		struct fault f;

		if (record_read_api_token(&t, "0123456789abcdef", rows[i].text,
			strlen(rows[i].text), &f) != rows[i].code)
			fail_msg("%s", rows[i].text);
		assert_int_equal(t.scopes, rows[i].code == ERR_OK ? 15 : 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reservation_with_a_member_of_another_type_is_damaged),
		cmocka_unit_test(an_api_token_with_a_member_of_another_type_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
