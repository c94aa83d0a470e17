/* When each open invitation ends: a heap, the earliest first, and a tree that finds an invitation's
 * place in it, so that each stands in it once however often it is changed. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/feed_private.h"

struct feed_end {
	unsigned char id[FEED_ID_SIZE]; /* first: it is the tree's key */
	int64_t at;
	size_t place; /* in the heap */
};

struct feed_ends {
	struct feed_end **heap;
	size_t count, room;
	void *tree; /* tsearch(3) */
};

static int
ends_compare(const void *a, const void *b)
{
	return memcmp(a, b, FEED_ID_SIZE);
}

static struct feed_end *
ends_find(const struct feed_ends *e, const unsigned char id[FEED_ID_SIZE])
{
	struct feed_end *const *node = tfind(id, &e->tree, ends_compare);

	return node != NULL ? *node : NULL;
}

static void
ends_put(struct feed_ends *e, size_t place, struct feed_end *end)
{
	e->heap[place] = end;
	end->place = place;
}

/* `end`, whose time may have changed, to where it belongs from its place on. */
static void
ends_settle(struct feed_ends *e, struct feed_end *end)
{
	size_t i = end->place;

	for (; i > 0 && e->heap[(i - 1) / 2]->at > end->at; i = (i - 1) / 2)
		ends_put(e, i, e->heap[(i - 1) / 2]);
	for (size_t child; (child = 2 * i + 1) < e->count; i = child) {
		if (child + 1 < e->count && e->heap[child + 1]->at < e->heap[child]->at)
			child++;
		if (e->heap[child]->at >= end->at)
			break;
		ends_put(e, i, e->heap[child]);
	}
	ends_put(e, i, end);
}

struct feed_ends *
feed_ends_new(void)
{
	return mem_alloc(sizeof(struct feed_ends));
}

void
feed_ends_free(struct feed_ends *e)
{
	feed_ends_clear(e);
	free(e->heap);
	free(e);
}

void
feed_ends_set(struct feed_ends *e, const unsigned char id[FEED_ID_SIZE], int64_t at)
{
	struct feed_end *end = ends_find(e, id);

	if (end == NULL) {
		end = mem_alloc(sizeof(*end));
		memcpy(end->id, id, FEED_ID_SIZE);
		if (tsearch(end, &e->tree, ends_compare) == NULL)
			mem_exhausted();
		if (e->count == e->room) {
			e->room = e->room * 2 + 64;
			e->heap = mem_resize(e->heap, e->room, sizeof(*e->heap));
		}
		ends_put(e, e->count++, end);
	}
	end->at = at;
	ends_settle(e, end);
}

bool
feed_ends_has(const struct feed_ends *e, const unsigned char id[FEED_ID_SIZE])
{
	return ends_find(e, id) != NULL;
}

void
feed_ends_drop(struct feed_ends *e, const unsigned char id[FEED_ID_SIZE])
{
	struct feed_end *end = ends_find(e, id), *last;

	if (end == NULL)
		return;
	tdelete(id, &e->tree, ends_compare);
	last = e->heap[--e->count];
	if (last != end) {
		ends_put(e, end->place, last);
		ends_settle(e, last);
	}
	free(end);
}

bool
feed_ends_first(const struct feed_ends *e, unsigned char id[FEED_ID_SIZE], int64_t *at)
{
	if (e->count == 0)
		return false;
	memcpy(id, e->heap[0]->id, FEED_ID_SIZE);
	*at = e->heap[0]->at;
	return true;
}

void
feed_ends_clear(struct feed_ends *e)
{
	while (e->count > 0) {
		struct feed_end *end = e->heap[--e->count];

		tdelete(end->id, &e->tree, ends_compare);
		free(end);
	}
}
