/* What is kept of the changes that were seen, so that another past of the server can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dir/dir_follow_private.h"

static struct follow_witnesses w;

static int
set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	return 0;
}

static void
id_of(unsigned char id[FEED_ID_SIZE], unsigned number)
{
	memset(id, 0, FEED_ID_SIZE);
	memcpy(id, &number, sizeof(number));
}

static void
csn_of(char csn[FOLLOW_CSN_LEN + 1], unsigned second)
{
	snprintf(
	    csn, FOLLOW_CSN_LEN + 1, "202611261333%02u.320373Z#000000#000#000000", second % 100);
	assert_true(dir_follow_csn_is_valid(csn, strlen(csn)));
}

static void
change(unsigned number, unsigned second)
{
	unsigned char id[FEED_ID_SIZE];
	char csn[FOLLOW_CSN_LEN + 1];

	id_of(id, number);
	csn_of(csn, second);
	dir_follow_witness_changed(&w, id, csn);
}

static void delete (unsigned number)
{
	unsigned char id[FEED_ID_SIZE];

	id_of(id, number);
	dir_follow_witness_gone(&w, id);
}

/* The second of its kept CSN; 0: it is not kept. */
static unsigned
kept(unsigned number)
{
	unsigned char id[FEED_ID_SIZE];

	id_of(id, number);
	for (size_t i = 0; i < w.changed_count; i++)
		if (memcmp(w.changed[i].id, id, FEED_ID_SIZE) == 0)
			return (unsigned)(w.changed[i].csn[12] - '0') * 10 +
			       (unsigned)(w.changed[i].csn[13] - '0');
	return 0;
}

static void
the_newest_changes_are_kept_in_whatever_order_they_come(void **state)
{
	enum { MANY = 3 * FOLLOW_CHANGED };

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		change(1 + i * 7 % MANY, 1 + i * 7 % MANY);
	assert_int_equal(w.changed_count, FOLLOW_CHANGED);
	for (unsigned i = 1; i <= MANY; i++)
		assert_int_equal(kept(i), i > MANY - FOLLOW_CHANGED ? i : 0);
}

static void
a_change_of_an_entry_replaces_the_one_before(void **state)
{
	(void)state;
	change(1, 10);
	change(2, 20);
	change(1, 30);
	assert_int_equal(w.changed_count, 2);
	assert_int_equal(kept(1), 30);
}

/* Else one that is kept would prove a past in which one between them is lost. */
static void
nothing_older_than_what_had_to_go_is_taken_even_when_there_is_room(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= FOLLOW_CHANGED + 1; i++)
		change(i, 20 + i);
	assert_int_equal(kept(1), 0);
	delete (5);
	change(99, 21);
	assert_int_equal(kept(99), 0);
	change(99, 22);
	assert_int_equal(kept(99), 22);
}

static void
who_is_deleted_is_kept_as_that_and_who_comes_back_is_not(void **state)
{
	(void)state;
	change(1, 10);
	delete (1);
	delete (1);
	assert_int_equal(w.changed_count, 0);
	assert_int_equal(w.deleted_count, 1);
	change(1, 20);
	assert_int_equal(w.changed_count, 1);
	assert_int_equal(w.deleted_count, 0);
}

static void
the_cookie_after_a_deletion_that_is_forgotten_is_what_a_proof_must_reach(void **state)
{
	static const char none[FOLLOW_CSN_LEN];
	struct follow_cookie cookie = { .len = 0 };
	char csn[FOLLOW_CSN_LEN + 1];

	(void)state;
	csn_of(csn, 40);
	cookie.len = (size_t)snprintf((char *)cookie.data, sizeof(cookie.data),
	    "rid=000,csn=20260101000000.000000Z#000000#001#000000;%s", csn);
	for (unsigned i = 0; i < FOLLOW_DELETED; i++)
		delete (i);
	dir_follow_witness_cookie(&w, &cookie);
	assert_memory_equal(w.proof, none, FOLLOW_CSN_LEN);
	delete (1000);
	assert_int_equal(w.deleted_count, FOLLOW_DELETED);
	dir_follow_witness_cookie(&w, &cookie);
	assert_memory_equal(w.proof, csn, FOLLOW_CSN_LEN);
}

#define WITNESS_TEST(name) cmocka_unit_test_setup(name, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITNESS_TEST(the_newest_changes_are_kept_in_whatever_order_they_come),
		WITNESS_TEST(a_change_of_an_entry_replaces_the_one_before),
		WITNESS_TEST(nothing_older_than_what_had_to_go_is_taken_even_when_there_is_room),
		WITNESS_TEST(who_is_deleted_is_kept_as_that_and_who_comes_back_is_not),
		WITNESS_TEST(
		    the_cookie_after_a_deletion_that_is_forgotten_is_what_a_proof_must_reach),
	};

	return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
