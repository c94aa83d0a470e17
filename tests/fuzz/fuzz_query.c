/* Text that is folded is folded: no upper case, no control character, no second space, the same
 * when folded again, and cut short it is the beginning of the whole. What was typed finds a row
 * that says exactly that, and every way to scan finds the same rows as looking at each. A cursor is
 * taken when it is, letter for letter, one that was sealed here.
 *
 * The first byte says what the rest is: f text; q lines: what was typed, then rows; c a cursor; m
 * changes ("position, byte" pairs) to a sealed cursor; p what is sealed in one. */
#include "fuzz.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistr.h>

#include "base/mem.h"
#include "roster/query_private.h"

enum { TEXT_MAX = 4096, FOLDED_MAX = TEXT_MAX * 12, PLAIN_MAX = 256 };

static const unsigned char key[32] = "a key that nobody else may know";
static struct seal *seal;
static unsigned char print[CURSOR_PRINT_SIZE];
static char good[ROSTER_CURSOR_MAX + 1];

static void
check_fold(const char *s, size_t len)
{
	char *once = mem_alloc(FOLDED_MAX), *twice = mem_alloc(FOLDED_MAX);
	size_t n = fold_text(s, len, once, FOLDED_MAX), size = len > 0 ? (unsigned char)s[0] : 0;

	assert(u8_check((const uint8_t *)once, n) == NULL);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)once[i];

		assert(c >= ' ' && c != 0x7f && !(c < 0x80 && isupper(c)));
		assert(c != ' ' || (i > 0 && i + 1 < n && once[i - 1] != ' '));
	}
	assert(fold_text(once, n, twice, FOLDED_MAX) == n && memcmp(once, twice, n) == 0);
	size = fold_text(s, len, twice, size);
	assert(size <= n && memcmp(once, twice, size) == 0);
	assert(u8_check((const uint8_t *)twice, size) == NULL);
	n = fold_phone(s, len, once, FOLDED_MAX);
	for (size_t i = 0; i < n; i++)
		assert(isdigit((unsigned char)once[i]));
	free(once);
	free(twice);
}

/* ---- a query ---- */

struct page {
	uint32_t text_at[ROSTER_PAGE_ROWS + 1];
	char text[FOLDED_MAX];
};

static void
check_rows(const struct words *w, const struct page *p)
{
	uint64_t first[ROSTER_PAGE_ROWS / 64] = { 0 };

	if (w->everybody || w->nobody)
		return;
	for (size_t k = 0; k < scan_way_count; k++) {
		uint64_t hits[ROSTER_PAGE_ROWS / 64] = { 0 };

		if (!scan_ways[k].usable())
			continue;
		scan_ways[k].page(&w->scan, p->text, p->text_at, hits);
		if (k == 0)
			memcpy(first, hits, sizeof(hits));
		assert(memcmp(first, hits, sizeof(hits)) == 0);
	}
	for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++) {
		const char *text = p->text + p->text_at[i];
		size_t len = p->text_at[i + 1] - p->text_at[i];
		bool hit = (first[i / 64] >> (i % 64) & 1) != 0,
		     is = words_match(w, text, len, false);

		assert(hit == (memmem(text, len, w->scan.s, w->scan.len) != NULL));
		assert(!is || hit);
		assert(!w->enough || is == hit);
		assert(!hit || is == words_match(w, text, len, true));
	}
}

static void
check_query(const char *const *lines, size_t count)
{
	struct words *w = mem_alloc(sizeof(*w));
	struct page *p = mem_alloc(sizeof(*p));
	struct fault f;
	uint32_t at = 0;

	if (words_parse(w, lines[0], &f) == ERR_OK) {
		for (size_t i = 0; i < ROSTER_PAGE_ROWS; i++) {
			p->text_at[i] = at;
			if (i >= count)
				continue;
			at += (uint32_t)fold_text(lines[i], strlen(lines[i]), p->text + at, 1024);
			memcpy(p->text + at, "\n\n\n", 3);
			at += 3;
		}
		p->text_at[ROSTER_PAGE_ROWS] = at;
		check_rows(w, p);
		if (w->text_len < 1024)
			assert(w->nobody || words_match(w, p->text, p->text_at[1], false));
	} else
		assert(strncmp(f.text, "q: ", 3) == 0);
	free(p);
	free(w);
}

/* ---- a cursor ---- */

static void
check_cursor(const char *text)
{
	struct roster_key k;
	struct fault f;
	enum err code = cursor_read(seal, print, text, &k, &f);

	assert(code == ERR_OK || (code == ERR_INVALID && strncmp(f.text, "cursor: ", 8) == 0));
	assert((code == ERR_OK) == (strcmp(text, good) == 0));
}

static void
check_changed(const uint8_t *changes, size_t len)
{
	char text[sizeof(good)];

	strcpy(text, good);
	for (size_t i = 0; i + 1 < len; i += 2)
		text[changes[i] % strlen(good)] = (char)changes[i + 1];
	check_cursor(text);
}

/* A later version may have sealed anything. */
static void
check_plain(const uint8_t *plain, size_t len)
{
	unsigned char sealed[PLAIN_MAX + SEAL_OVERHEAD];
	char text[ENCODE_BASE64_SIZE(sizeof(sealed))];
	struct roster_key k;

	encode_base64(sealed, seal_close(seal, "cursor", 6, plain, len, sealed), text);
	if (cursor_read(seal, plain + 1, text, &k, NULL) == ERR_OK)
		assert(k.len <= ROSTER_KEY_MAX && k.sort < ROSTER_SORT_COUNT);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct roster_key k = { .len = 4, .text = "anna", .id = { 1, 2, 3 } };

	(void)argc, (void)argv;
	assert(sodium_init() >= 0);
	seal = seal_new(key);
	cursor_write(seal, print, &k, good);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *lines[ROSTER_PAGE_ROWS];
	struct arena *arena;
	size_t count;

	if (len < 2 || len > TEXT_MAX)
		return -1;
	arena = arena_new(0);
	count = fuzz_split(data + 1, len - 1, '\n', arena, lines, ROSTER_PAGE_ROWS);
	switch (data[0]) {
	case 'f':
		check_fold((const char *)data + 1, len - 1);
		break;
	case 'q':
		if (count <= 8)
			check_query(lines, count);
		break;
	case 'c':
		check_cursor(lines[0]);
		break;
	case 'm':
		check_changed(data + 1, len - 1);
		break;
	case 'p':
		if (len > CURSOR_PRINT_SIZE + 2 && len <= PLAIN_MAX)
			check_plain(data + 1, len - 1);
		break;
	default:
		break;
	}
	arena_free(arena);
	return 0;
}
