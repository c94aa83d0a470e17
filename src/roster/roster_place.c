/* Places as readers see them. */
#include "roster/roster_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "roster/roster_writer.h"

enum { PLACE_KEY_LEN = 4 + DN_HASH_SIZE /* bytes of a sort key: rank, then hash of the DN */ };

struct roster_places_table *
places_empty(struct roster *r)
{
	return block_zeroed(r, sizeof(struct roster_places_table));
}

void
places_free(struct roster *r, struct roster_places_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		block_free(r, t->items[i].dn);
		block_free(r, t->items[i].key);
		block_free(r, t->items[i].name);
		block_free(r, t->items[i].description);
		block_free(r, t->items[i].path);
	}
	block_free(r, t->items);
	block_free(r, t->by_rank);
	block_free(r, t->counts);
	block_free(r, t);
}

struct roster_text
place_dn(const struct roster_version *v, uint32_t place)
{
	const char *dn = place == ROSTER_ROW_NONE ? NULL : v->places->items[place].dn;

	return (struct roster_text){ dn, dn != NULL ? strlen(dn) : 0 };
}

bool
place_is_used(const struct roster_version *v, uint32_t place)
{
	return place < v->places->count && v->places->items[place].used;
}

uint32_t
place_rank(const struct roster_version *v, uint32_t place)
{
	return place == ROSTER_ROW_NONE ? UINT32_MAX : v->places->items[place].rank;
}

void
place_key(const struct roster_version *v, uint32_t place, struct roster_key *out)
{
	uint32_t rank = place_rank(v, place);

	out->absent = place == ROSTER_ROW_NONE;
	if (out->absent)
		return;
	out->len = PLACE_KEY_LEN;
	memcpy(out->text, &rank, sizeof(rank));
	memcpy(out->text + sizeof(rank), v->places->items[place].hash, DN_HASH_SIZE);
}

uint32_t
place_key_rank(const struct roster_key *key)
{
	uint32_t rank = UINT32_MAX;

	if (!key->absent && key->len == PLACE_KEY_LEN)
		memcpy(&rank, key->text, sizeof(rank));
	return rank;
}

/* Whether the key is of the place of this rank, which it takes over then. */
static bool
place_key_take(const struct roster_places_table *t, size_t rank, struct roster_key *key)
{
	uint32_t number = (uint32_t)rank;

	if (rank >= t->ranked ||
	    memcmp(t->items[t->by_rank[rank]].hash, key->text + sizeof(number), DN_HASH_SIZE) != 0)
		return false;
	memcpy(key->text, &number, sizeof(number));
	return true;
}

/* Mostly the place stands where it stood, or near. Of one that is no more the old rank stays: the
 * walk goes on about where it was. */
void
place_key_refresh(const struct roster_version *v, struct roster_key *key)
{
	const struct roster_places_table *t = v->places;
	size_t rank = place_key_rank(key);

	if (key->absent || key->len != PLACE_KEY_LEN)
		return;
	if (rank > t->ranked)
		rank = t->ranked;
	for (size_t d = 0; d <= t->ranked; d++)
		if (place_key_take(t, rank + d, key) ||
		    (d <= rank && place_key_take(t, rank - d, key)))
			return;
}

size_t
place_count(const struct roster_version *v)
{
	return v->places->count;
}

void
place_mark_all(const struct roster_version *v, uint8_t *below)
{
	for (size_t i = 0; i < v->places->count; i++)
		below[i] = v->places->items[i].used;
}

bool
place_mark_below(const struct roster_version *v, const char *normal_dn, uint8_t *below)
{
	place_mark_all(v, below);
	return place_keep_within(v, &normal_dn, 1, below);
}

bool
place_keep_within(
    const struct roster_version *v, const char *const *dns, size_t count, uint8_t *below)
{
	const struct roster_places_table *t = v->places;
	char(*keys)[FEED_DN_MAX + 1] = mem_array(count + 1, sizeof(*keys));
	size_t n = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++)
		n += dn_key(dns[i], keys[n]);
	for (size_t i = 0; i < t->count; i++) {
		const char *key = t->items[i].key;
		bool within = false;

		if (below[i] == 0)
			continue;
		for (size_t j = 0; j < n && !within; j++)
			within = strcmp(key, keys[j]) == 0 || dn_is_below(key, keys[j]);
		below[i] = within;
		any = any || within;
	}
	free(keys);
	return any;
}

/* Rows without a place count as well when all places are asked for. */
void
place_add_counts(
    const struct roster_version *v, const uint8_t *below, uint64_t count[FEED_STATUS_COUNT])
{
	const struct roster_places_table *t = v->places;

	for (size_t s = 0; s < FEED_STATUS_COUNT; s++) {
		if (below == NULL)
			count[s] += v->count[s];
		for (size_t i = 0; below != NULL && i < t->count; i++)
			if (below[i] != 0)
				count[s] += t->counts[i][s];
	}
}

/* ---- the list ---- */

static void
list_fill(const struct roster_places_table *t, struct roster_place *list, size_t *position)
{
	for (size_t i = 0; i < t->ranked; i++) {
		const struct place *p = &t->items[t->by_rank[i]];
		struct roster_place *out = &list[i];

		position[t->by_rank[i]] = i;
		memcpy(out->id, p->id, FEED_ID_SIZE);
		out->dn = p->dn;
		out->name = p->name;
		out->description = p->description;
		out->normal = p->key;
		out->parent = p->parent == ROSTER_ROW_NONE ? SIZE_MAX : position[p->parent];
		for (size_t s = 0; s < FEED_STATUS_COUNT; s++)
			out->count[s] = out->count_below[s] = t->counts[t->by_rank[i]][s];
	}
}

bool
roster_places(struct roster *r, roster_places_cb *cb, void *arg)
{
	struct roster_version *v = version_hold(r);
	const struct roster_places_table *t = v->places;
	bool ready = v->state != ROSTER_LOADING;
	struct roster_place *list;
	size_t *position;

	if (!ready) {
		version_release_soon(r, v);
		return false;
	}
	list = mem_array(t->ranked, sizeof(*list));
	position = mem_array(t->count, sizeof(*position));
	/* Between the moves of two org units that change places a parent may stand behind. */
	memset(position, 0xff, t->count * sizeof(*position));
	list_fill(t, list, position);
	for (size_t i = t->ranked; i-- > 0;)
		for (size_t s = 0; list[i].parent != SIZE_MAX && s < FEED_STATUS_COUNT; s++)
			list[list[i].parent].count_below[s] += list[i].count_below[s];
	cb(arg, list, t->ranked);
	free(list);
	free(position);
	version_release_soon(r, v);
	return true;
}
