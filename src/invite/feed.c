#include "invite/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One change alone is the common case, and an item takes a quarter of a kilobyte. */
enum { BATCH_FIRST = 8 };

static const char *const status_names[FEED_STATUS_COUNT] = { "pending", "undeliverable", "expired",
	"active", "suspended" };

const char *
feed_status_name(enum feed_status s)
{
	return status_names[s];
}

enum feed_status
feed_status_by_name(const char *name, size_t len)
{
	for (unsigned s = 0; s < FEED_STATUS_COUNT; s++)
		if (strlen(status_names[s]) == len && memcmp(status_names[s], name, len) == 0)
			return (enum feed_status)s;
	return FEED_STATUS_COUNT;
}

struct feed_batch *
feed_batch_new(enum feed_source source, enum feed_step step)
{
	struct feed_batch *b = mem_alloc(sizeof(*b));

	b->arena = arena_new(0);
	b->source = source;
	b->step = step;
	return b;
}

void
feed_batch_free(struct feed_batch *b)
{
	if (b == NULL)
		return;
	arena_free(b->arena);
	free(b->items);
	free(b);
}

struct feed_item *
feed_batch_add(struct feed_batch *b, enum feed_kind kind, const unsigned char id[FEED_ID_SIZE])
{
	struct feed_item *item;

	if (b->count == FEED_BATCH_ITEMS)
		return NULL;
	if (b->count == b->capacity) {
		b->capacity = b->capacity == 0 ? BATCH_FIRST : b->capacity * 2;
		b->items = mem_resize(b->items, b->capacity, sizeof(*b->items));
	}
	item = &b->items[b->count++];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	memcpy(item->id, id, FEED_ID_SIZE);
	return item;
}

/* -1: not a hexadecimal digit. */
static int
feed_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
feed_is_dash(size_t at)
{
	return at == 8 || at == 13 || at == 18 || at == 23;
}

bool
feed_id_parse(const char *text, unsigned char out[FEED_ID_SIZE])
{
	size_t n = 0;

	if (strlen(text) != ID_SIZE - 1)
		return false;
	for (size_t i = 0; i < ID_SIZE - 1;) {
		int high, low;

		if (feed_is_dash(i)) {
			if (text[i++] != '-')
				return false;
			continue;
		}
		high = feed_digit(text[i]);
		low = feed_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[n++] = (unsigned char)(high << 4 | low);
		i += 2;
	}
	return true;
}

void
feed_id_text(const unsigned char id[FEED_ID_SIZE], char out[ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	for (size_t i = 0; i < FEED_ID_SIZE; i++) {
		if (feed_is_dash(at))
			out[at++] = '-';
		out[at++] = digits[id[i] >> 4];
		out[at++] = digits[id[i] & 15];
	}
	out[at] = '\0';
}
