/* The scan: every way finds the same rows as looking at one row after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "roster/query_private.h"

enum { PAGE_WORDS = ROSTER_PAGE_ROWS / 64, RANDOM_PAGES = 400, NEEDLES = 60 };

/* A page's text while it is put together. */
struct page {
	char *text; /* exactly the bytes that may be read, so that a sanitizer sees one more */
	uint32_t text_at[ROSTER_PAGE_ROWS + 1];
	size_t rows;
};

static void
page_add(struct page *p, const char *s, size_t len)
{
	uint32_t at = p->text_at[p->rows];

	p->text = mem_resize(p->text, at + len + ROSTER_TEXT_PAD, 1);
	memcpy(p->text + at, s, len);
	memset(p->text + at + len, 'a', ROSTER_TEXT_PAD); /* what must not be found */
	p->text_at[++p->rows] = at + (uint32_t)len;
}

static void
page_end(struct page *p)
{
	while (p->rows < ROSTER_PAGE_ROWS)
		page_add(p, "", 0);
}

static void
page_clear(struct page *p)
{
	free(p->text);
	*p = (struct page){ 0 };
}

static bool
row_has(const struct page *p, size_t row, const char *s, size_t len)
{
	for (size_t i = p->text_at[row]; i + len <= p->text_at[row + 1]; i++)
		if (memcmp(p->text + i, s, len) == 0)
			return true;
	return false;
}

/* Every way that this processor has, against the naive one. */
static void
check_needle(const struct page *p, const char *s, size_t len)
{
	char *copy = mem_dup(s, len); /* nothing to read behind it */
	struct needle n = { copy, len, 0 };
	uint64_t expected[PAGE_WORDS] = { 0 };

	for (size_t row = 0; row < ROSTER_PAGE_ROWS; row++)
		if (row_has(p, row, s, len))
			expected[row / 64] |= (uint64_t)1 << (row % 64);
	for (size_t i = 0; i < scan_way_count; i++) {
		uint64_t hits[PAGE_WORDS] = { 0 };

		if (!scan_ways[i].usable())
			continue;
		scan_ways[i].page(&n, p->text, p->text_at, hits);
		assert_memory_equal(hits, expected, sizeof(hits));
	}
	free(copy);
}

static unsigned seed = 1;

static unsigned
random_below_seeded(unsigned bound)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % bound;
}

static void
random_page(struct page *p, unsigned letters, unsigned longest)
{
	char row[ROSTER_TEXT_MAX];

	while (p->rows < ROSTER_PAGE_ROWS) {
		size_t len = random_below_seeded(8) == 0 ? 0 : 1 + random_below_seeded(longest);

		for (size_t i = 0; i < len; i++)
			row[i] = (char)(random_below_seeded(9) == 0
					    ? '\n'
					    : 'a' + (int)random_below_seeded(letters));
		if (len > 0)
			row[len - 1] = '\n';
		page_add(p, row, len);
	}
}

static void
random_pages_say_what_a_look_at_every_row_says(void **state)
{
	struct page p = { 0 };

	(void)state;
	for (unsigned i = 0; i < RANDOM_PAGES; i++) {
		random_page(&p, 2 + i % 4, 1 + i % 70);
		for (unsigned k = 0; k < NEEDLES; k++) {
			char needle[16];
			size_t len = 1 + random_below_seeded(sizeof(needle));

			for (size_t c = 0; c < len; c++)
				needle[c] = (char)('a' + (int)random_below_seeded(2 + i % 4));
			check_needle(&p, needle, len);
		}
		page_clear(&p);
	}
}

static void
a_hit_is_found_at_every_place_of_a_row(void **state)
{
	static const char *const needles[] = { "x", "xy", "xyz", "xyzwvuts", "xyzwvutsr",
		"xyzwvutsrqponmlkjihgfedcbaxyzwvutsrqponmlkj" };

	(void)state;
	for (size_t k = 0; k < sizeof(needles) / sizeof(needles[0]); k++)
		for (size_t at = 0; at < 100; at++) {
			size_t len = strlen(needles[k]);
			struct page p = { 0 };
			char row[256];

			memset(row, '.', sizeof(row));
			memcpy(row + at, needles[k], len);
			row[at + len] = '\n';
			page_add(&p, row, at + len + 1); /* at the end of a row, */
			row[at + len] = '.';
			row[255] = '\n';
			page_add(&p, row, 256);	     /* within one, */
			page_add(&p, row + at, len); /* all there is, and the end of the page */
			page_end(&p);
			check_needle(&p, needles[k], len);
			check_needle(&p, needles[k] + 1, len > 1 ? len - 1 : 1);
			page_clear(&p);
		}
}

static void
the_last_row_of_a_page_counts_and_what_is_behind_it_does_not(void **state)
{
	struct page p = { 0 };

	(void)state;
	for (int i = 0; i < ROSTER_PAGE_ROWS - 1; i++)
		page_add(&p, "bcd\n", 4);
	page_add(&p, "bcda", 4); /* the page goes on with the same letter, which is not text */
	check_needle(&p, "da", 2);
	check_needle(&p, "daa", 3);
	check_needle(&p, "a", 1);
	check_needle(&p, "bcd", 3);
	page_clear(&p);
}

static void
an_empty_page_has_no_hits(void **state)
{
	struct page p = { 0 };
	struct needle n = { "a", 1, 0 };

	(void)state;
	page_end(&p);
	check_needle(&p, "a", 1);
	check_needle(&p, "aaaa", 4);
	page_clear(&p);
	for (size_t i = 0; i < scan_way_count; i++) { /* as a page is of which no row was live */
		static const uint32_t text_at[ROSTER_PAGE_ROWS + 1];
		uint64_t hits[PAGE_WORDS] = { 0 };

		if (scan_ways[i].usable())
			scan_ways[i].page(&n, NULL, text_at, hits);
		assert_int_equal(hits[0] | hits[1] | hits[2] | hits[3], 0);
	}
}

static void
a_needle_longer_than_the_page_is_not_found(void **state)
{
	struct page p = { 0 };

	(void)state;
	page_add(&p, "abc\n", 4);
	page_end(&p);
	check_needle(&p, "abc\nabcabcabcabc", 16);
	check_needle(&p, "abcabc", 6);
	page_clear(&p);
}

static void
bytes_beyond_ascii_are_bytes_like_others(void **state)
{
	struct page p = { 0 };

	(void)state;
	page_add(&p, "王小明\n", strlen("王小明\n"));
	page_add(&p, "сергеи\n", strlen("сергеи\n"));
	page_end(&p);
	check_needle(&p, "小", strlen("小"));
	check_needle(&p, "明", strlen("明"));
	check_needle(&p, "ргеи", strlen("ргеи"));
	page_clear(&p);
}

static void
the_rarer_needle_has_the_lower_frequency(void **state)
{
	static const struct needle common = { "ea", 2, 0 }, rare = { "zq", 2, 0 },
				   one = { "z", 1, 0 }, longer = { "eazea", 5, 0 };

	(void)state;
	assert_true(scan_frequency(&rare) < scan_frequency(&common));
	assert_true(scan_frequency(&rare) < scan_frequency(&one));
	assert_true(scan_frequency(&longer) < scan_frequency(&common));
	assert_int_equal(scan_rarest(&longer), 2);
	assert_int_equal(scan_rarest(&rare), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_pages_say_what_a_look_at_every_row_says),
		cmocka_unit_test(a_hit_is_found_at_every_place_of_a_row),
		cmocka_unit_test(the_last_row_of_a_page_counts_and_what_is_behind_it_does_not),
		cmocka_unit_test(an_empty_page_has_no_hits),
		cmocka_unit_test(a_needle_longer_than_the_page_is_not_found),
		cmocka_unit_test(bytes_beyond_ascii_are_bytes_like_others),
		cmocka_unit_test(the_rarer_needle_has_the_lower_frequency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
