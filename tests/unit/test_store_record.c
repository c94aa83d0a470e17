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
#define TOKEN_WITH(scopes, created, expires, more)                                                 \
	"{\"v\":1,\"hash\":\"" HASH "\",\"scopes\":" scopes ",\"created_at\":" created             \
	",\"expires_at\":" expires ",\"name\":\"ci\",\"created_by\":\"uid:0\"" more "}"
#define TOKEN(scopes, created, expires) TOKEN_WITH(scopes, created, expires, "")
#define TOKEN_AND(more)			TOKEN_WITH("15", "1", "2", "," more)
#define SESSION(person, hash, ends)                                                                \
	"{\"v\":1,\"hash\":\"" hash "\",\"person\":\"" person                                      \
	"\",\"created_at\":1,\"ends_at\":" ends ",\"used_at\":2}"

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
 * scopes one that may do nothing, and of a released reservation one that is held for ever. A limit
 * that reads as none would be worst. */
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
		{ TOKEN_AND("\"owner\":\"" ID "\",\"used_at\":7,\"places\":[\"ou=a\"]"), ERR_OK },
		{ TOKEN_AND("\"owner\":7"), ERR_CORRUPT },
		{ TOKEN_AND("\"owner\":\"" ID "0\""), ERR_CORRUPT },
		{ TOKEN_AND("\"used_at\":-1"), ERR_CORRUPT },
		{ TOKEN_AND("\"places\":\"ou=a\""), ERR_CORRUPT },
		{ TOKEN_AND("\"places\":[7]"), ERR_CORRUPT },
		{ TOKEN_AND("\"places\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]"),
		    ERR_CORRUPT },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct api_token t = { .scopes = 3 };
		struct fault f;

		if (record_read_api_token(&t, "0123456789abcdef", arena, rows[i].text,
			strlen(rows[i].text), &f) != rows[i].code)
			fail_msg("%s", rows[i].text);
		assert_int_equal(t.scopes, rows[i].code == ERR_OK ? 15 : 3);
	}
	arena_free(arena);
}

/* Written before there were owners, uses and limits. */
static void
an_old_api_token_has_no_owner_no_use_and_no_limit(void **state)
{
	static const char text[] = TOKEN("15", "1", "2");
	struct arena *arena = arena_new(0);
	struct api_token t;

	(void)state;
	memset(&t, 'x', sizeof(t));
	assert_int_equal(
	    record_read_api_token(&t, "0123456789abcdef", arena, text, strlen(text), NULL), ERR_OK);
	assert_string_equal(t.owner, "");
	assert_int_equal(t.used_at, 0);
	assert_int_equal(t.place_count, 0);
	arena_free(arena);
}

static void
a_session_with_a_member_of_another_type_is_damaged(void **state)
{
	static const struct {
		const char *text;
		enum err code;
	} rows[] = {
		{ SESSION(ID, HASH, "9"), ERR_OK },
		{ SESSION(ID, HASH, "9,\"address\":\"::1\",\"agent\":\"W3m\""), ERR_OK },
		{ SESSION(ID, HASH, "9,\"agent\":7"), ERR_CORRUPT },
		{ SESSION(ID, HASH, "9,\"address\":null"), ERR_CORRUPT },
		{ SESSION(ID, HASH, "9.5"), ERR_CORRUPT },
		{ SESSION(ID, HASH, "\"9\""), ERR_CORRUPT },
		{ SESSION(ID, HASH "A", "9"), ERR_CORRUPT },
		{ SESSION(ID, "", "9"), ERR_CORRUPT },
		{ SESSION("", HASH, "9"), ERR_CORRUPT },
		{ SESSION("ada", HASH, "9"), ERR_CORRUPT },
		{ SESSION(ID "0", HASH, "9"), ERR_CORRUPT },
		{ "{\"v\":1}", ERR_CORRUPT },
		{ "[]", ERR_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct store_session s = { .ends_at = 3 };
		struct fault f;

		if (record_read_session(&s, "0123456789abcdef", rows[i].text, strlen(rows[i].text),
			&f) != rows[i].code)
			fail_msg("%s", rows[i].text);
		assert_int_equal(s.ends_at, rows[i].code == ERR_OK ? 9 : 3);
	}
}

static void
an_old_session_tells_neither_address_nor_browser(void **state)
{
	static const char old[] = SESSION(ID, HASH, "9");
	struct store_session s;

	(void)state;
	assert_int_equal(
	    record_read_session(&s, "0123456789abcdef", old, strlen(old), NULL), ERR_OK);
	assert_string_equal(s.address, "");
	assert_string_equal(s.agent, "");
}

/* Somebody counts on it that there are no more than this. */
static void
an_intent_with_a_list_that_is_none_of_ours_is_damaged(void **state)
{
	static const char *const lists[] = { "7", "{\"a\":\"b\"}", "\"cn=a\"", "[\"cn=a\",7]",
		"[null]" };
	struct arena *arena = arena_new(0);
	struct store_intent intent;
	struct buf b;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(lists) / sizeof(lists[0]); i++) {
		const char *text = arena_printf(arena,
		    "{\"v\":1,\"event\":\"user_changed\",\"at\":1,\"actor\":\"a\",\"%s\":%s}",
		    i % 2 == 0 ? "join" : "leave", lists[i / 2]);

		assert_int_equal(
		    record_read_intent(&intent, ID, arena, text, strlen(text), &f), ERR_CORRUPT);
		assert_non_null(strstr(f.text, ID));
	}
	for (size_t n = PERSON_GROUPS_MAX; n <= PERSON_GROUPS_MAX + 1; n++) {
		buf_init(&b, 4096);
		buf_add_string(
		    &b, "{\"v\":1,\"event\":\"user_changed\",\"at\":1,\"actor\":\"a\",\"join\":[");
		for (size_t i = 0; i < n; i++)
			buf_printf(&b, "%s\"cn=%zu\"", i > 0 ? "," : "", i);
		buf_add_string(&b, "]}");
		assert_int_equal(record_read_intent(&intent, ID, arena, b.data, b.len, &f),
		    n > PERSON_GROUPS_MAX ? ERR_CORRUPT : ERR_OK);
		buf_release(&b);
	}
	assert_int_equal(intent.join_count, PERSON_GROUPS_MAX);
	assert_int_equal(intent.leave_count, 0);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reservation_with_a_member_of_another_type_is_damaged),
		cmocka_unit_test(an_api_token_with_a_member_of_another_type_is_damaged),
		cmocka_unit_test(an_old_api_token_has_no_owner_no_use_and_no_limit),
		cmocka_unit_test(a_session_with_a_member_of_another_type_is_damaged),
		cmocka_unit_test(an_old_session_tells_neither_address_nor_browser),
		cmocka_unit_test(an_intent_with_a_list_that_is_none_of_ours_is_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
