/* Ids in open addressing. */
#include "dir/dir_follow_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SLOT_FREE, SLOT_TAKEN, SLOT_LEFT, CAPACITY_FIRST = 1024 };

static size_t
ids_slot(const struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t number;

	crypto_shorthash(hash, id, FEED_ID_SIZE, s->key);
	memcpy(&number, hash, sizeof(number));
	return (size_t)number & (s->capacity - 1);
}

/* Its slot, or the free one where it would be. */
static size_t
ids_find(const struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	size_t i = ids_slot(s, id);

	while (s->state[i] != SLOT_FREE &&
	       !(s->state[i] == SLOT_TAKEN && memcmp(s->slots[i], id, FEED_ID_SIZE) == 0))
		i = (i + 1) & (s->capacity - 1);
	return i;
}

static void
ids_put(struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	size_t i = ids_find(s, id);

	if (s->state[i] == SLOT_TAKEN)
		return;
	s->state[i] = SLOT_TAKEN;
	memcpy(s->slots[i], id, FEED_ID_SIZE);
	s->count++;
	s->used++;
}

static void
ids_grow(struct follow_ids *s)
{
	struct follow_ids old = *s;

	/* Slots that were left alone may be why it is full. */
	if (old.capacity == 0) {
		s->capacity = CAPACITY_FIRST;
		crypto_shorthash_keygen(s->key);
	} else if (old.count * 2 >= old.capacity)
		s->capacity = old.capacity * 2;
	s->slots = mem_array(s->capacity, sizeof(*s->slots));
	s->state = mem_alloc(s->capacity);
	s->count = s->used = 0;
	for (size_t i = 0; i < old.capacity; i++)
		if (old.state[i] == SLOT_TAKEN)
			ids_put(s, old.slots[i]);
	free(old.slots);
	free(old.state);
}

void
dir_follow_ids_add(struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	if (s->used * 4 >= s->capacity * 3)
		ids_grow(s);
	ids_put(s, id);
}

void
dir_follow_ids_remove(struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	size_t i;

	if (s->count == 0)
		return;
	i = ids_find(s, id);
	if (s->state[i] != SLOT_TAKEN)
		return;
	s->state[i] = SLOT_LEFT;
	s->count--;
}

bool
dir_follow_ids_has(const struct follow_ids *s, const unsigned char id[FEED_ID_SIZE])
{
	return s->count > 0 && s->state[ids_find(s, id)] == SLOT_TAKEN;
}

void
dir_follow_ids_clear(struct follow_ids *s)
{
	free(s->slots);
	free(s->state);
	*s = (struct follow_ids){ .slots = NULL };
}

bool
dir_follow_ids_take(struct follow_ids *s, size_t *at, unsigned char id[FEED_ID_SIZE])
{
	for (; *at < s->capacity; ++*at)
		if (s->state[*at] == SLOT_TAKEN) {
			memcpy(id, s->slots[*at], FEED_ID_SIZE);
			s->state[*at] = SLOT_LEFT;
			s->count--;
			return true;
		}
	return false;
}
