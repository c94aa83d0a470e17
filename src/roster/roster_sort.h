/* What orders are made of: sorting (roster_sort.c), and what was sorted before (roster_hint.c). */
#ifndef USHERD_ROSTER_ROSTER_SORT_H
#define USHERD_ROSTER_ROSTER_SORT_H

#include "roster/roster_writer.h"

/* Eight bytes as a number that compares like them. */
static inline uint64_t
bytes_number(const void *bytes)
{
	uint64_t n;

	memcpy(&n, bytes, sizeof(n));
	return __builtin_bswap64(n);
}

/* Of a page's text, behind which eight bytes more may be read; zeros behind the end, which sort
 * before every byte of a folded text. */
static inline uint64_t
text_number(const char *text, size_t len)
{
	uint64_t n = bytes_number(text);

	_Static_assert(ROSTER_TEXT_PAD >= sizeof(n), "it may be read");
	if (len >= sizeof(n))
		return n;
	return len > 0 ? n & UINT64_MAX << (64 - 8 * len) : 0;
}

/* All of these are freed with block_free(). */

/* The numbers of all live rows, ascending. */
uint32_t *rows_live(struct roster *r, const struct roster_version *v, size_t *count);
/* These rows by ORDER_BY_ID or by a sort that is text. */
uint32_t *rows_sort(struct roster *r, const struct roster_version *v, unsigned sort,
    const uint32_t *rows, size_t count);
/* All rows, which come by their ids, by a sort that is no text. */
uint32_t *rows_by_number(struct roster *r, const struct roster_version *v, enum roster_sort sort,
    const uint32_t *by_id, size_t count);
/* As rows_sort(), by a hint. NULL: it leads astray, or leaves too much to be sorted. `rows` are all
 * that there are, ascending. */
uint32_t *rows_follow(struct roster *r, const struct roster_version *v, unsigned sort,
    const struct order_hints *hints, const uint32_t *rows, size_t count);

#endif
