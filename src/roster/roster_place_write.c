/* Places as they come and go: slots, ranks, and the tree. */
#include <stdlib.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

enum { PATH_MAX_BYTES = 1 << 20 /* folding may spell a character by many */ };

const unsigned char *
place_id_of(const void *owner, uint32_t place)
{
	const struct roster_writer *w = owner;

	return w->draft->places->items[place].id;
}

const unsigned char *
place_hash_of(const void *owner, uint32_t place)
{
	const struct roster_writer *w = owner;

	return w->draft->places->items[place].hash;
}

/* ---- the draft's own blocks ---- */

static void *
block_replace(struct roster_writer *w, void *old, size_t used, size_t room)
{
	void *own = block_new(w->r, room);

	if (used > 0)
		memcpy(own, old, used);
	draft_retire(w, old);
	return own;
}

static struct roster_places_table *
table_own(struct roster_writer *w)
{
	if (!w->own_places && !w->own_counts)
		w->draft->places = block_replace(w, w->draft->places,
		    sizeof(struct roster_places_table), sizeof(struct roster_places_table));
	return w->draft->places;
}

static struct roster_places_table *
counts_own(struct roster_writer *w)
{
	struct roster_places_table *t = table_own(w);

	if (!w->own_counts)
		t->counts = block_replace(w, t->counts, t->count * sizeof(*t->counts),
		    (w->place_room + 1) * sizeof(*t->counts));
	w->own_counts = true;
	return t;
}

struct roster_places_table *
places_own(struct roster_writer *w)
{
	struct roster_places_table *t = table_own(w);

	if (!w->own_places) {
		t->items = block_replace(w, t->items, t->count * sizeof(*t->items),
		    (w->place_room + 1) * sizeof(*t->items));
		t->by_rank = block_replace(w, t->by_rank, t->ranked * sizeof(*t->by_rank),
		    (w->place_room + 1) * sizeof(*t->by_rank));
	}
	w->own_places = true;
	w->dirty = w->saved_places = true;
	return t;
}

static uint32_t
place_slot(struct roster_writer *w)
{
	struct roster_places_table *t;

	places_own(w);
	t = counts_own(w);
	if (w->vacant_places.count > 0)
		return w->vacant_places.rows[--w->vacant_places.count];
	if (t->count == w->place_room) {
		w->place_room = w->place_room * 2 + 16;
		t->items = block_resize(w->r, t->items, (w->place_room + 1) * sizeof(*t->items));
		t->by_rank =
		    block_resize(w->r, t->by_rank, (w->place_room + 1) * sizeof(*t->by_rank));
		t->counts = block_resize(w->r, t->counts, (w->place_room + 1) * sizeof(*t->counts));
	}
	return (uint32_t)t->count++;
}

void
place_skip(struct roster_writer *w)
{
	uint32_t slot = place_slot(w);
	struct roster_places_table *t = w->draft->places;

	memset(&t->items[slot], 0, sizeof(t->items[slot]));
	memset(t->counts[slot], 0, sizeof(t->counts[slot]));
}

/* ---- ranks ---- */

static int
rank_compare(const struct roster_places_table *t, uint32_t a, uint32_t b)
{
	int order = strcmp(t->items[a].path, t->items[b].path);

	return order != 0 ? order : (a > b) - (a < b);
}

static int
rank_compare_items(const void *a, const void *b, void *t)
{
	return rank_compare(t, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void
ranks_number(struct roster_places_table *t, size_t from)
{
	for (size_t i = from; i < t->ranked; i++)
		t->items[t->by_rank[i]].rank = (uint32_t)i;
}

static void
rank_insert(struct roster_places_table *t, uint32_t place)
{
	size_t low = 0, high = t->ranked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rank_compare(t, t->by_rank[middle], place) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&t->by_rank[low + 1], &t->by_rank[low], (t->ranked - low) * sizeof(*t->by_rank));
	t->by_rank[low] = place;
	t->ranked++;
	ranks_number(t, low);
}

/* Behind all; places_arrange() puts it where it belongs. */
static void
rank_append(struct roster_places_table *t, uint32_t place)
{
	t->items[place].rank = (uint32_t)t->ranked;
	t->by_rank[t->ranked++] = place;
}

static void
rank_remove(struct roster_places_table *t, uint32_t place)
{
	size_t at = t->items[place].rank;

	t->ranked--;
	memmove(&t->by_rank[at], &t->by_rank[at + 1], (t->ranked - at) * sizeof(*t->by_rank));
	ranks_number(t, at);
}

static void
place_set_path(struct roster_writer *w, struct place *p)
{
	struct buf path;

	buf_init(&path, PATH_MAX_BYTES);
	dn_path(p->key, &path);
	draft_retire(w, p->path);
	p->path = block_string(w->r, path.data);
	buf_release(&path);
}

/* ---- the tree ---- */

uint32_t
place_find(const struct roster_writer *w, const char *key)
{
	unsigned char hash[DN_HASH_SIZE];

	dn_hash(key, hash);
	return ids_find(&w->place_names, hash);
}

uint32_t
place_above(const struct roster_writer *w, const char *key)
{
	uint32_t found = ROSTER_ROW_NONE;

	while (found == ROSTER_ROW_NONE && (key = dn_parent(key)) != NULL)
		found = place_find(w, key);
	return found;
}

/* The place comes between its parent and what of that is below it. */
void
place_adopt(struct roster_places_table *t, uint32_t place)
{
	const struct place *p = &t->items[place];

	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].used && i != place && t->items[i].parent == p->parent &&
		    dn_is_below(t->items[i].key, p->key))
			t->items[i].parent = place;
}

void
place_set_key(struct roster_writer *w, struct place *p, const char *dn, const char *key)
{
	draft_retire(w, p->dn);
	draft_retire(w, p->key);
	p->dn = block_string(w->r, dn);
	p->key = block_string(w->r, key);
	dn_hash(key, p->hash);
	place_set_path(w, p);
}

void
place_set_name(struct roster_writer *w, struct place *p, const char *name, const char *description)
{
	char own[FEED_DN_MAX + 1];

	if (name == NULL || *name == '\0') {
		dn_name(p->dn, own);
		name = own;
	}
	draft_retire(w, p->name);
	draft_retire(w, p->description);
	p->name = block_string(w->r, name);
	p->description = block_string(w->r, description);
}

uint32_t
place_new(struct roster_writer *w, const char *dn, const char *key)
{
	uint32_t above = place_above(w, key), slot = place_slot(w);
	struct roster_places_table *t = w->draft->places;
	struct place *p = &t->items[slot];

	memset(p, 0, sizeof(*p));
	memset(t->counts[slot], 0, sizeof(t->counts[slot]));
	p->used = true;
	p->parent = above;
	place_set_key(w, p, dn, key);
	place_set_name(w, p, NULL, NULL);
	ids_add(w->r, &w->place_names, slot);
	/* Thousands of a load would each be compared with all that are there. */
	w->places_late = w->places_late || w->bulk;
	if (w->places_late) {
		rank_append(t, slot);
	} else {
		place_adopt(t, slot);
		rank_insert(t, slot);
	}
	return slot;
}

uint32_t
place_of(struct roster_writer *w, const char *normal_dn)
{
	char key[FEED_DN_MAX + 1];
	uint32_t place;

	if (normal_dn == NULL || !dn_key(normal_dn, key))
		return ROSTER_ROW_NONE;
	place = place_find(w, key);
	return place != ROSTER_ROW_NONE ? place : place_new(w, normal_dn, key);
}

static uint64_t
place_rows(const struct roster_places_table *t, uint32_t place)
{
	uint64_t rows = 0;

	for (size_t s = 0; s < FEED_STATUS_COUNT; s++)
		rows += t->counts[place][s];
	return rows;
}

void
place_add_rows(struct roster_writer *w, uint32_t place, enum feed_status status, int32_t rows)
{
	struct roster_places_table *t;

	if (place == ROSTER_ROW_NONE)
		return;
	t = counts_own(w);
	t->counts[place][status] += (uint32_t)rows;
	if (rows < 0 && place_rows(t, place) == 0)
		w->places_emptied = true;
}

void
places_count_none(struct roster_writer *w)
{
	struct roster_places_table *t = counts_own(w);

	memset(t->counts, 0, t->count * sizeof(*t->counts));
}

void
place_forget(struct roster_writer *w, uint32_t place)
{
	struct roster_places_table *t = places_own(w);
	struct place *p = &t->items[place];

	groups_await_none(w, place);
	ids_remove(w->r, &w->place_names, place);
	rank_remove(t, place);
	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].used && t->items[i].parent == place)
			t->items[i].parent = p->parent;
	draft_retire(w, p->dn);
	draft_retire(w, p->key);
	draft_retire(w, p->name);
	draft_retire(w, p->description);
	draft_retire(w, p->path);
	memset(p, 0, sizeof(*p));
	row_list_add(w->r, &w->vacant_places, place);
}

bool
place_is_under(const struct roster_places_table *t, uint32_t place, uint32_t above)
{
	size_t steps = t->count; /* parents that were mixed up end here */

	while (place != ROSTER_ROW_NONE && place != above && steps-- > 0)
		place = t->items[place].parent;
	return place == above;
}

/* Parents come first in the order of paths, so that theirs are right already. A place that was made
 * between another one and its parent is below that parent; one that only has the name of the
 * parent, which waits for a new one, is not. */
void
places_arrange(struct roster_writer *w)
{
	struct roster_places_table *t;

	if (!w->places_late)
		return;
	w->places_late = false;
	t = places_own(w);
	qsort_r(t->by_rank, t->ranked, sizeof(*t->by_rank), rank_compare_items, t);
	ranks_number(t, 0);
	for (size_t i = 0; i < t->ranked; i++) {
		struct place *p = &t->items[t->by_rank[i]];
		uint32_t above = place_above(w, p->key);

		if (above != ROSTER_ROW_NONE && above != t->by_rank[i] &&
		    place_is_under(t, above, p->parent))
			p->parent = above;
	}
}

void
places_settle(struct roster_writer *w)
{
	const struct roster_places_table *t;

	places_arrange(w);
	t = w->draft->places;
	if (!w->places_emptied)
		return;
	w->places_emptied = false;
	for (uint32_t i = 0; i < t->count; i++, t = w->draft->places)
		if (t->items[i].used && id_is_zero(t->items[i].id) && place_rows(t, i) == 0)
			place_forget(w, i);
}

/* Whether the places that have rows still stand in the order that their ranks say. */
static bool
ranks_kept(const struct roster_places_table *t)
{
	uint32_t last = 0;

	for (size_t i = 0; i < t->ranked; i++) {
		uint32_t place = t->by_rank[i];

		if (place_rows(t, place) == 0)
			continue;
		if (t->items[place].rank < last)
			return false;
		last = t->items[place].rank;
	}
	return true;
}

void
ranks_renew(struct roster_writer *w)
{
	struct roster_places_table *t = w->draft->places;

	qsort_r(t->by_rank, t->ranked, sizeof(*t->by_rank), rank_compare_items, t);
	if (!ranks_kept(t))
		w->stale[ROSTER_BY_ORG_UNIT] = true;
	ranks_number(t, 0);
}
