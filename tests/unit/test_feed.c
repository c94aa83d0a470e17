/* The values between the sources and the roster: ids, names of statuses, full batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "invite/feed.h"

static const unsigned char some_id[FEED_ID_SIZE] = { 0x01, 0xa2, 0x17, 0xfa, 0x49, 0x73, 0x78, 0x8b,
	0x99, 0x96, 0x86, 0x92, 0xd7, 0xfb, 0xa1, 0x24 };

static void
an_id_survives_its_text(void **state)
{
	char text[ID_SIZE];
	unsigned char back[FEED_ID_SIZE];

	(void)state;
	feed_id_text(some_id, text);
	assert_string_equal(text, "01a217fa-4973-788b-9996-8692d7fba124");
	assert_true(feed_id_parse(text, back));
	assert_memory_equal(back, some_id, FEED_ID_SIZE);
	assert_true(feed_id_parse("01A217FA-4973-788B-9996-8692D7FBA124", back));
	assert_memory_equal(back, some_id, FEED_ID_SIZE);
}

static void
what_is_no_uuid_is_refused(void **state)
{
	static const char *const bad[] = { "", "01a217fa", "01a217fa-4973-788b-9996-8692d7fba12",
		"01a217fa-4973-788b-9996-8692d7fba1244", "01a217fa04973-788b-9996-8692d7fba124",
		"01a217fg-4973-788b-9996-8692d7fba124", "01a217fa-4973-788b-9996-8692d7fba1-4" };
	unsigned char out[FEED_ID_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(feed_id_parse(bad[i], out));
}

static void
every_status_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++) {
		const char *name = feed_status_name((enum feed_status)s);

		assert_int_equal(feed_status_by_name(name, strlen(name)), s);
	}
	assert_int_equal(feed_status_by_name("activ", 5), FEED_STATUS_COUNT);
	assert_int_equal(feed_status_by_name("active ", 7), FEED_STATUS_COUNT);
}

static void
a_full_batch_takes_no_more(void **state)
{
	struct feed_batch *b = feed_batch_new(FEED_DIRECTORY, FEED_CHANGES);

	(void)state;
	for (size_t i = 0; i < FEED_BATCH_ITEMS; i++)
		assert_non_null(feed_batch_add(b, FEED_PRESENT, some_id));
	for (size_t i = 0; i < FEED_BATCH_ITEMS; i++)
		assert_memory_equal(b->items[i].id, some_id, sizeof(some_id));
	assert_null(feed_batch_add(b, FEED_PRESENT, some_id));
	assert_int_equal(b->count, FEED_BATCH_ITEMS);
	feed_batch_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_survives_its_text),
		cmocka_unit_test(what_is_no_uuid_is_refused),
		cmocka_unit_test(every_status_has_a_name_of_its_own),
		cmocka_unit_test(a_full_batch_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
