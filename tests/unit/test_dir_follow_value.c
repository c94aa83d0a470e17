/* Values of a directory as the roster takes them, and the follower's set of ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dir/dir_follow_private.h"

static void
the_first_rdn_ends_at_a_comma_that_is_neither_escaped_nor_quoted(void **state)
{
	static const struct {
		const char *dn;
		size_t len;
	} rows[] = { { "uid=a,dc=b", 5 }, { "uid=a", 5 }, { "", 0 }, { "uid=a\\,b,dc=c", 8 },
		{ "uid=a\\\\,dc=c", 7 }, { "uid=a\\2Cb,dc=c", 9 }, { "uid=\"a,b\",dc=c", 9 },
		{ "uid=\"a\\\",b\",dc=c", 11 }, { "uid=a+cn=b,dc=c", 10 }, { "uid=a\\", 6 },
		{ "uid=\"a,b", 8 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(dir_follow_rdn_len(rows[i].dn, strlen(rows[i].dn)), rows[i].len);
}

static void
a_text_is_utf_8_without_control_characters(void **state)
{
	static const struct {
		const char *value;
		size_t len, max;
		const char *text;
	} rows[] = {
		{ "Zoë", 4, 512, "Zoë" },
		{ "", 0, 512, NULL },
		{ "a\0b", 3, 512, "a b" },
		{ "a\nb\x7f", 4, 512, "a b " },
		{ "\x01\x02", 2, 512, NULL },
		{ "a\xc2\x85z", 4, 512, "a z" },
		{ "a\xffz", 3, 512, "a\xef\xbf\xbdz" },
		{ "\xed\xa0\x80", 3, 512, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "abcdef", 6, 4, "abcd" },
		{ "abc\xc3\xab", 5, 4, "abc" },
		{ "\xff\xff\xff\xff", 4, 4, "\xef\xbf\xbd" },
		{ "\x80\x80\x80\x80\x80", 5, 4, "\xef\xbf\xbd" },
		{ "a\xc3", 2, 512, "a\xef\xbf\xbd" },
	};
	struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = dir_follow_text(rows[i].value, rows[i].len, rows[i].max, arena);

		if (rows[i].text == NULL)
			assert_null(text);
		else
			assert_string_equal(text, rows[i].text);
	}
	arena_free(arena);
}

static void
a_time_is_read_as_rfc_4517_writes_it_and_no_other(void **state)
{
	static const struct {
		const char *value;
		int64_t seconds;
	} rows[] = {
		{ "20261126133334Z", 1795700014 },
		{ "20261126133334.320373Z", 1795700014 },
		{ "20261126133334,9Z", 1795700014 },
		{ "202611261333Z", 1795699980 },
		{ "2026112613Z", 1795698000 },
		{ "2026112613.5Z", 1795699800 },
		{ "202611261333.25Z", 1795699995 },
		{ "20261126143334+0100", 1795700014 },
		{ "20261126103334-03", 1795700014 },
		{ "20000229000000Z", 951782400 },
		{ "19700101000001Z", 1 },
		{ "20161231235960Z", 1483228800 },
		{ "000001010000Z", 0 }, /* no month 0 of the year 0, and before 1970 */
		{ "19691231235959Z", 0 },
		{ "20010229000000Z", 0 }, /* no leap year */
		{ "20261326133334Z", 0 },
		{ "20261126243334Z", 0 },
		{ "20261126136034Z", 0 },
		{ "20261126133334", 0 }, /* local time of nobody */
		{ "20261126133334.Z", 0 },
		{ "20261126133334Zx", 0 },
		{ "20261126133334+", 0 },
		{ "20261126133334+2400", 0 },
		{ "20261126133334+010", 0 },
		{ "2026112613333Z", 0 },
		{ "20261126", 0 },
		{ " 0261126133334Z", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    dir_follow_time(rows[i].value, strlen(rows[i].value)), rows[i].seconds);
}

static void
a_dn_gets_the_spelling_that_the_whole_module_gives_it(void **state)
{
	static const char *const rows[] = { "UID=Jane,OU=Sales, dc=Example , dc=org",
		"userid=jane,dc=a", "2.5.4.3=jane,2.5.4.11=sales,dc=a",
		"ou=jane,2.5.4.11=sales,dc=a", "uid=a\\,b,ou=sales,dc=example",
		"uid=jane+cn=Jane,dc=example", "cn=Zo\xc3\xab,dc=a", "uid= jane,dc=a", "dc=org",
		"uid=j.o-e_1@x,dc=a", "uid=\"a,b\",dc=c", "uid=#04024869,dc=a", "uid=,dc=a",
		"nonsense", "uid=a,nonsense", "" };
	struct follow_reader *r = test_calloc(1, sizeof(*r));
	static const struct dir_conf conf = { .group_member = "member" };
	struct arena *arena = arena_new(0);

	(void)state;
	dir_follow_reader_init(r, &conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *ours, *theirs;

		ours = dir_follow_normal(r, rows[i], strlen(rows[i]), arena);
		if (dir_dn_normalise(rows[i], arena, &theirs))
			assert_string_equal(ours, theirs);
		else
			assert_null(ours);
	}
	arena_free(arena);
	dir_follow_reader_release(r);
	test_free(r);
}

/* An arena that is full ends the process, and a directory may have any number of such values. */
static void
what_is_refused_leaves_nothing_in_the_arena(void **state)
{
	static const char *const dns[] = { "cn=#0402486904024869040248690402486904024869,dc=a",
		"cn=a\\0Ab,ou=a place with a long name,dc=a", "nonsense" };
	struct follow_reader *r = test_calloc(1, sizeof(*r));
	static const struct dir_conf conf = { .group_member = "member" };
	struct arena *arena = arena_new(16 << 10);

	(void)state;
	dir_follow_reader_init(r, &conf);
	for (size_t i = 0; i < 1000; i++) {
		const char *dn = dns[i % (sizeof(dns) / sizeof(dns[0]))];

		assert_null(dir_follow_normal(r, dn, strlen(dn), arena));
		assert_null(dir_follow_text("\x01\x02", 2, FEED_TEXT_MAX, arena));
	}
	arena_free(arena);
	dir_follow_reader_release(r);
	test_free(r);
}

/* What people are invited with is bounded more tightly (PERSON_DN_MAX). */
static void
a_long_dn_of_the_directory_is_taken_up_to_its_bound(void **state)
{
	struct follow_reader *r = test_calloc(1, sizeof(*r));
	static const struct dir_conf conf = { .group_member = "member" };
	struct arena *arena = arena_new(0);
	char dn[FEED_DN_MAX + 16];
	const char *normal;

	(void)state;
	dir_follow_reader_init(r, &conf);
	for (size_t odd = 0; odd < 2; odd++) {
		size_t len = (size_t)sprintf(dn, odd ? "cn=a b,ou=" : "uid=ab,ou=");

		memset(dn + len, 'x', FEED_DN_MAX - len + 1);
		normal = dir_follow_normal(r, dn, FEED_DN_MAX, arena);
		assert_non_null(normal);
		assert_int_equal(strlen(normal), FEED_DN_MAX);
		assert_string_equal(dir_dn_name(normal, arena), odd ? "a b" : "ab");
		assert_null(dir_follow_normal(r, dn, FEED_DN_MAX + 1, arena));
	}
	arena_free(arena);
	dir_follow_reader_release(r);
	test_free(r);
}

/* A was seen at 12:00:00.5; B, of the same second, can only be seen by the poll after that. */
static void
a_poll_asks_for_the_second_of_the_newest_again_until_it_is_long_over(void **state)
{
	static const int64_t clock = 1795700014, poll_ms = 5000;
	struct follow_newest n = { .at = 0 };
	int64_t began = 1000;

	(void)state;
	dir_follow_newest_see(&n, clock, began + 20, clock);
	n.asked_at = began;
	for (int polls = 0; began + poll_ms <= 1020 + 5000; polls++) {
		began += poll_ms;
		assert_true(dir_follow_newest_since(&n) <= clock);
		dir_follow_newest_see(&n, clock, began + 20, clock + 5);
		n.asked_at = began;
	}
	assert_true(dir_follow_newest_since(&n) <= clock);
	began += poll_ms;
	n.asked_at = began;
	assert_int_equal(dir_follow_newest_since(&n), clock + 1);
	/* Something newer: from the beginning. */
	dir_follow_newest_see(&n, clock + 14, began + 20, clock + 14);
	assert_true(dir_follow_newest_since(&n) <= clock + 14);
}

static void
a_time_to_come_does_not_end_all_polling(void **state)
{
	static const int64_t clock = 1795700014;
	struct follow_newest n = { .at = 0 };

	(void)state;
	dir_follow_newest_see(&n, clock - 60, 1000, clock);
	dir_follow_newest_see(&n, clock + 365 * 86400, 1000, clock);
	assert_int_equal(n.at, clock - 60);
	/* A server's clock that is a minute ahead is believed. */
	dir_follow_newest_see(&n, clock + 60, 1000, clock);
	assert_int_equal(n.at, clock + 60);
}

static void
number_id(unsigned n, unsigned char id[FEED_ID_SIZE])
{
	memset(id, 0x5a, FEED_ID_SIZE);
	memcpy(id, &n, sizeof(n));
}

static void
a_set_of_ids_keeps_what_was_added_and_not_removed(void **state)
{
	enum { COUNT = 5000 };
	struct follow_ids s = { .slots = NULL };
	unsigned char id[FEED_ID_SIZE];
	size_t at = 0, taken = 0;

	(void)state;
	number_id(1, id);
	dir_follow_ids_remove(&s, id); /* of an empty one */
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < COUNT; i++) {
			number_id(i, id);
			dir_follow_ids_add(&s, id);
			dir_follow_ids_add(&s, id);
			if (i % 3 == 0)
				dir_follow_ids_remove(&s, id);
		}
	assert_int_equal(s.count, COUNT - (COUNT + 2) / 3);
	while (dir_follow_ids_take(&s, &at, id)) {
		unsigned n;

		memcpy(&n, id, sizeof(n));
		assert_int_not_equal(n % 3, 0);
		taken++;
	}
	assert_int_equal(taken, COUNT - (COUNT + 2) / 3);
	assert_int_equal(s.count, 0);
	dir_follow_ids_clear(&s);
}

/* Of ids that somebody could choose: the places have a key of their own. */
static void
no_set_of_ids_has_its_places_from_the_ids_alone(void **state)
{
	struct follow_ids sets[2] = { { .slots = NULL }, { .slots = NULL } };
	unsigned char id[2][FEED_ID_SIZE];
	size_t at[2] = { 0, 0 }, same = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		number_id(i, id[0]);
		dir_follow_ids_add(&sets[0], id[0]);
		dir_follow_ids_add(&sets[1], id[0]);
	}
	for (unsigned i = 0; i < 200; i++) {
		assert_true(dir_follow_ids_take(&sets[0], &at[0], id[0]));
		assert_true(dir_follow_ids_take(&sets[1], &at[1], id[1]));
		same += memcmp(id[0], id[1], FEED_ID_SIZE) == 0;
	}
	assert_true(same < 200);
	dir_follow_ids_clear(&sets[0]);
	dir_follow_ids_clear(&sets[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rdn_ends_at_a_comma_that_is_neither_escaped_nor_quoted),
		cmocka_unit_test(a_text_is_utf_8_without_control_characters),
		cmocka_unit_test(a_time_is_read_as_rfc_4517_writes_it_and_no_other),
		cmocka_unit_test(
		    a_poll_asks_for_the_second_of_the_newest_again_until_it_is_long_over),
		cmocka_unit_test(what_is_refused_leaves_nothing_in_the_arena),
		cmocka_unit_test(a_long_dn_of_the_directory_is_taken_up_to_its_bound),
		cmocka_unit_test(a_time_to_come_does_not_end_all_polling),
		cmocka_unit_test(a_dn_gets_the_spelling_that_the_whole_module_gives_it),
		cmocka_unit_test(no_set_of_ids_has_its_places_from_the_ids_alone),
		cmocka_unit_test(a_set_of_ids_keeps_what_was_added_and_not_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
