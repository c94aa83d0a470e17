#include <assert.h>
#include <sodium.h>

#include "roster/roster_writer.h"

enum {
	IDS_FIRST_SIZE = 64,
	IDS_AHEAD = 16 /* slots that are fetched while others are filled */
};

/* At most 5 of 8 slots are taken: 6.4 bytes an id, 8 on the way there. */
static bool
ids_is_full(const struct ids *ids)
{
	return ids->used + 1 > ids->size / 8 * 5;
}

bool
id_is_zero(const unsigned char id[FEED_ID_SIZE])
{
	static const unsigned char zero[FEED_ID_SIZE];

	return id_equal(id, zero);
}

/* Ids are UUIDs that the directory or we ourselves made: spread, not hostile. Those of version 1
 * differ in a few bits only, so that all of them are mixed. A table of ids that anybody may have
 * written has a secret. */
static size_t
ids_hash(const struct ids *ids, const unsigned char *id)
{
	uint64_t a, b;

	_Static_assert(crypto_shorthash_BYTES == sizeof(a), "one hash");
	_Static_assert(crypto_shorthash_KEYBYTES == IDS_SECRET_SIZE, "one key");
	if (ids->secret != NULL) {
		crypto_shorthash((unsigned char *)&a, id, FEED_ID_SIZE, ids->secret);
		return (size_t)a;
	}
	memcpy(&a, id, sizeof(a));
	memcpy(&b, id + sizeof(a), sizeof(b));
	a = (a ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
	a = (a ^ a >> 32 ^ b) * UINT64_C(0x94d049bb133111eb);
	return (size_t)(a ^ a >> 29);
}

static void
ids_place(struct ids *ids, uint32_t value)
{
	size_t i = ids_hash(ids, ids->key(ids->owner, value)) & (ids->size - 1);

	while (ids->slots[i] != ROSTER_ROW_NONE)
		i = (i + 1) & (ids->size - 1);
	ids->slots[i] = value;
}

/* Made beside the old one: filling a table of a million takes longer than a reader may wait. */
static void
ids_resize(struct roster *r, struct ids *ids, size_t size)
{
	struct ids made = *ids;
	uint32_t *old = ids->slots;

	made.size = size;
	made.slots = block_new(r, made.size * sizeof(*made.slots));
	memset(made.slots, 0xff, made.size * sizeof(*made.slots));
	for (size_t i = 0; i < ids->size; i++)
		if (old[i] != ROSTER_ROW_NONE)
			ids_place(&made, old[i]);
	pthread_mutex_lock(&r->ids_lock);
	*ids = made;
	pthread_mutex_unlock(&r->ids_lock);
	block_free(r, old);
}

/* The slot where the search for an id begins. */
static size_t
ids_home(const struct ids *ids, uint32_t value)
{
	return ids_hash(ids, ids->key(ids->owner, value)) & (ids->size - 1);
}

/* False: an id like its own is there. */
static bool
ids_place_once(struct ids *ids, size_t home, uint32_t value)
{
	size_t i = home;

	for (; ids->slots[i] != ROSTER_ROW_NONE; i = (i + 1) & (ids->size - 1))
		if (id_equal(ids->key(ids->owner, ids->slots[i]), ids->key(ids->owner, value)))
			return false;
	ids->slots[i] = value;
	return true;
}

/* Each slot is another line of memory: they are asked for some values ahead. */
static bool
ids_place_all(struct ids *ids, const uint32_t *values, size_t count)
{
	size_t homes[IDS_AHEAD];

	for (size_t i = 0; i < count + IDS_AHEAD; i++) {
		if (i >= IDS_AHEAD &&
		    !ids_place_once(ids, homes[i % IDS_AHEAD], values[i - IDS_AHEAD]))
			return false;
		if (i < count) {
			homes[i % IDS_AHEAD] = ids_home(ids, values[i]);
			__builtin_prefetch(&ids->slots[homes[i % IDS_AHEAD]], 1);
		}
	}
	return true;
}

bool
ids_fill(struct roster *r, struct ids *ids, const uint32_t *values, size_t count)
{
	struct ids made = *ids;
	uint32_t *old = ids->slots;
	bool once;

	assert(ids->used == 0);
	for (made.size = IDS_FIRST_SIZE; made.size / 8 * 5 < count + 1;)
		made.size *= 2;
	made.slots = block_new(r, made.size * sizeof(*made.slots));
	memset(made.slots, 0xff, made.size * sizeof(*made.slots));
	once = ids_place_all(&made, values, count);
	made.used = count;
	if (!once) {
		block_free(r, made.slots);
		return false;
	}
	pthread_mutex_lock(&r->ids_lock);
	*ids = made;
	pthread_mutex_unlock(&r->ids_lock);
	block_free(r, old);
	return true;
}

void
ids_add(struct roster *r, struct ids *ids, uint32_t value)
{
	if (ids_is_full(ids))
		ids_resize(r, ids, ids->size > 0 ? ids->size * 2 : IDS_FIRST_SIZE);
	pthread_mutex_lock(&r->ids_lock);
	ids_place(ids, value);
	ids->used++;
	pthread_mutex_unlock(&r->ids_lock);
}

/* The slots behind a freed one move up when they were only pushed on by it, so that a walk can stop
 * at the first free slot (Knuth, 6.4 R). */
static void
ids_close_gap(struct ids *ids, size_t gap)
{
	size_t mask = ids->size - 1;

	for (size_t i = (gap + 1) & mask; ids->slots[i] != ROSTER_ROW_NONE; i = (i + 1) & mask) {
		size_t home = ids_hash(ids, ids->key(ids->owner, ids->slots[i])) & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		ids->slots[gap] = ids->slots[i];
		gap = i;
	}
	ids->slots[gap] = ROSTER_ROW_NONE;
}

void
ids_remove(struct roster *r, struct ids *ids, uint32_t value)
{
	size_t i;

	if (ids->size == 0)
		return;
	i = ids_hash(ids, ids->key(ids->owner, value)) & (ids->size - 1);
	while (ids->slots[i] != value) {
		if (ids->slots[i] == ROSTER_ROW_NONE)
			return;
		i = (i + 1) & (ids->size - 1);
	}
	pthread_mutex_lock(&r->ids_lock);
	ids_close_gap(ids, i);
	ids->used--;
	pthread_mutex_unlock(&r->ids_lock);
}

void
ids_trim(struct roster *r, struct ids *ids)
{
	size_t size = IDS_FIRST_SIZE;

	while (size / 2 < ids->used)
		size *= 2;
	if (size <= ids->size / 4)
		ids_resize(r, ids, size);
}

void
ids_free(struct roster *r, struct ids *ids)
{
	block_free(r, ids->slots);
	ids->slots = NULL;
	ids->size = ids->used = 0;
}

uint32_t
ids_next(const struct ids *ids, const unsigned char id[FEED_ID_SIZE], size_t *at)
{
	if (ids->size == 0)
		return ROSTER_ROW_NONE;
	return ids->slots[(ids_hash(ids, id) + (*at)++) & (ids->size - 1)];
}

uint32_t
ids_find(const struct ids *ids, const unsigned char id[FEED_ID_SIZE])
{
	size_t at = 0;
	uint32_t value;

	while ((value = ids_next(ids, id, &at)) != ROSTER_ROW_NONE)
		if (id_equal(ids->key(ids->owner, value), id))
			break;
	return value;
}

size_t
ids_count(const struct ids *ids, const unsigned char id[FEED_ID_SIZE], size_t most)
{
	size_t at = 0, count = 0;
	uint32_t value;

	while (count < most && (value = ids_next(ids, id, &at)) != ROSTER_ROW_NONE)
		count += id_equal(ids->key(ids->owner, value), id);
	return count;
}

/* ---- what the draft has removed ---- */

const unsigned char *
past_id_of(const void *owner, uint32_t number)
{
	const struct roster_writer *w = owner;

	return w->past[number].id;
}

void
past_add(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], uint32_t row)
{
	if (!w->ended) /* nobody is shown anything */
		return;
	if (w->past_count == w->past_room) {
		pthread_mutex_lock(&w->r->ids_lock);
		w->past_room = w->past_room * 2 + 64;
		w->past = block_resize(w->r, w->past, w->past_room * sizeof(*w->past));
		pthread_mutex_unlock(&w->r->ids_lock);
	}
	memcpy(w->past[w->past_count].id, id, FEED_ID_SIZE);
	w->past[w->past_count].row = row;
	ids_add(w->r, &w->past_ids, (uint32_t)w->past_count++);
}

void
past_forget(struct roster_writer *w)
{
	if (w->past_count == 0)
		return;
	pthread_mutex_lock(&w->r->ids_lock);
	block_free(w->r, w->past);
	ids_free(w->r, &w->past_ids);
	w->past = NULL;
	w->past_count = w->past_room = 0;
	pthread_mutex_unlock(&w->r->ids_lock);
}
