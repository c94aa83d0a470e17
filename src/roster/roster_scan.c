/* Looking for a needle in a page's text: two bytes of it, at their distance, are compared in 32
 * places at once; what is left is compared whole. No needle has a '\n' and every row's text ends
 * with one, so that a hit lies within a row, and the first one of a row is enough.
 *
 * The two bytes are rare ones of the needle by the table below, rather than its first and last. */
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "roster/query_private.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* How often a byte is found in 1,000 of names, addresses, positions and digits of phones; what is
 * not named here (other scripts, rare punctuation) counts as 4. */
static const unsigned char scan_weights[256] = { ['a'] = 85,
	['b'] = 15,
	['c'] = 28,
	['d'] = 25,
	['e'] = 85,
	['f'] = 10,
	['g'] = 20,
	['h'] = 25,
	['i'] = 60,
	['j'] = 8,
	['k'] = 18,
	['l'] = 45,
	['m'] = 35,
	['n'] = 60,
	['o'] = 55,
	['p'] = 18,
	['q'] = 2,
	['r'] = 55,
	['s'] = 45,
	['t'] = 40,
	['u'] = 30,
	['v'] = 12,
	['w'] = 10,
	['x'] = 8,
	['y'] = 12,
	['z'] = 12,
	['0'] = 16,
	['1'] = 18,
	['2'] = 16,
	['3'] = 14,
	['4'] = 16,
	['5'] = 14,
	['6'] = 14,
	['7'] = 14,
	['8'] = 12,
	['9'] = 14,
	['.'] = 25,
	['@'] = 13,
	['-'] = 4,
	[0xd0] = 30,
	[0xd1] = 15 };

static unsigned
scan_weight(char c)
{
	unsigned weight = scan_weights[(unsigned char)c];

	return weight != 0 ? weight : 4;
}

size_t
scan_rarest(const struct needle *n)
{
	size_t rarest = 0;

	for (size_t i = 1; i < n->len; i++)
		if (scan_weight(n->s[i]) < scan_weight(n->s[rarest]))
			rarest = i;
	return rarest;
}

/* The rarest byte and another rare one, `a` before `b`; the same twice when there is only one.
 * Neighbours keep company ("ch"): a byte that stands beside the first must be half as frequent. */
static void
scan_choose(const struct needle *n, size_t *a, size_t *b)
{
	size_t first = scan_rarest(n), second = first;
	unsigned least = UINT_MAX;

	for (size_t i = 0; i < n->len; i++) {
		bool beside = i + 1 == first || i == first + 1;
		unsigned weight = scan_weight(n->s[i]) * (beside ? 2 : 1);

		if (i != first && weight < least) {
			least = weight;
			second = i;
		}
	}
	*a = first < second ? first : second;
	*b = first < second ? second : first;
}

double
scan_frequency(const struct needle *n)
{
	double frequency = 1;

	for (size_t i = 0; i < n->len; i++)
		frequency *= scan_weight(n->s[i]) / 1000.0;
	return frequency;
}

/* The slot that has the byte at `at`, which is not before `slot`. */
static inline size_t
scan_slot(const uint32_t text_at[ROSTER_PAGE_ROWS + 1], size_t slot, size_t at)
{
	while (slot + 8 <= ROSTER_PAGE_ROWS && text_at[slot + 8] <= at)
		slot += 8;
	while (text_at[slot + 1] <= at)
		slot++;
	return slot;
}

static inline void
scan_hit(uint64_t hits[ROSTER_PAGE_ROWS / 64], size_t slot)
{
	hits[slot / 64] |= (uint64_t)1 << (slot % 64);
}

/* ---- portable ---- */

static bool
portable_usable(void)
{
	return true;
}

static void
portable_page(const struct needle *n, const char *text,
    const uint32_t text_at[ROSTER_PAGE_ROWS + 1], uint64_t hits[ROSTER_PAGE_ROWS / 64])
{
	const char *s = text, *end = text + text_at[ROSTER_PAGE_ROWS];
	size_t slot = 0;

	while (s < end && (s = memmem(s, (size_t)(end - s), n->s, n->len)) != NULL) {
		slot = scan_slot(text_at, slot, (size_t)(s - text));
		scan_hit(hits, slot);
		s = text + text_at[slot + 1];
	}
}

/* ---- AVX2 ---- */

#if defined(__x86_64__)

static bool
avx2_usable(void)
{
	return __builtin_cpu_supports("avx2");
}

/* The needle as the loop wants it. `head`: its first eight bytes, compared at once. */
struct avx2_needle {
	size_t a, b;
	uint64_t head, head_mask;
	const char *tail;
	size_t tail_len;
};

static inline bool
avx2_is_there(const struct avx2_needle *n, const char *s)
{
	uint64_t head;

	memcpy(&head, s, sizeof(head)); /* perhaps behind the text's end: it may be read */
	return (head & n->head_mask) == n->head &&
	       (n->tail_len == 0 || memcmp(s + sizeof(head), n->tail, n->tail_len) == 0);
}

/* The first place not before `s` and not behind `last` where the needle is, or NULL. */
__attribute__((target("avx2"))) static inline const char *
avx2_find(const struct avx2_needle *n, __m256i a, __m256i b, const char *s, const char *last)
{
	for (; s <= last; s += sizeof(__m256i)) {
		__m256i at_a = _mm256_loadu_si256((const __m256i *)(const void *)(s + n->a));
		__m256i at_b = _mm256_loadu_si256((const __m256i *)(const void *)(s + n->b));
		unsigned mask = (unsigned)_mm256_movemask_epi8(
		    _mm256_and_si256(_mm256_cmpeq_epi8(at_a, a), _mm256_cmpeq_epi8(at_b, b)));

		for (; mask != 0; mask &= mask - 1) {
			const char *at = s + __builtin_ctz(mask);

			if (at > last)
				return NULL;
			if (avx2_is_there(n, at))
				return at;
		}
	}
	return NULL;
}

__attribute__((target("avx2"))) static void
avx2_page(const struct needle *n, const char *text, const uint32_t text_at[ROSTER_PAGE_ROWS + 1],
    uint64_t hits[ROSTER_PAGE_ROWS / 64])
{
	size_t len = text_at[ROSTER_PAGE_ROWS], slot = 0;
	size_t head = n->len < sizeof(uint64_t) ? n->len : sizeof(uint64_t);
	struct avx2_needle needle = { .tail = n->s + head, .tail_len = n->len - head };
	const char *s = text, *last;
	__m256i a, b;

	if (len < n->len)
		return;
	last = text + len - n->len;
	scan_choose(n, &needle.a, &needle.b);
	memcpy(&needle.head, n->s, head);
	memset(&needle.head_mask, 0xff, head);
	a = _mm256_set1_epi8(n->s[needle.a]);
	b = _mm256_set1_epi8(n->s[needle.b]);
	while ((s = avx2_find(&needle, a, b, s, last)) != NULL) {
		slot = scan_slot(text_at, slot, (size_t)(s - text));
		scan_hit(hits, slot);
		s = text + text_at[slot + 1];
	}
}

#endif

const struct scan_way scan_ways[] = {
#if defined(__x86_64__)
	{ "avx2", avx2_usable, avx2_page },
#endif
	{ "portable", portable_usable, portable_page },
};
const size_t scan_way_count = sizeof(scan_ways) / sizeof(scan_ways[0]);

const struct scan_way *
scan_best(void)
{
	const struct scan_way *way = scan_ways;

	while (!way->usable())
		way++;
	return way;
}
