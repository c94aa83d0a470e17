/* Places as they change. A server does not announce the entries below a renamed one (their DNs are
 * not stored with them), so that a renamed org unit renames every place below it. */
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

static struct roster_places_table *
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

/* A slot that stays free for now. */
static void
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

static uint32_t
place_find(const struct roster_writer *w, const char *key)
{
	unsigned char hash[DN_HASH_SIZE];

	dn_hash(key, hash);
	return ids_find(&w->place_names, hash);
}

static uint32_t
place_above(const struct roster_writer *w, const char *key)
{
	uint32_t found = ROSTER_ROW_NONE;

	while (found == ROSTER_ROW_NONE && (key = dn_parent(key)) != NULL)
		found = place_find(w, key);
	return found;
}

/* The place comes between its parent and what of that is below it. */
static void
place_adopt(struct roster_places_table *t, uint32_t place)
{
	const struct place *p = &t->items[place];

	for (size_t i = 0; i < t->count; i++)
		if (t->items[i].used && i != place && t->items[i].parent == p->parent &&
		    dn_is_below(t->items[i].key, p->key))
			t->items[i].parent = place;
}

static void
place_set_key(struct roster_writer *w, struct place *p, const char *dn, const char *key)
{
	draft_retire(w, p->dn);
	draft_retire(w, p->key);
	p->dn = block_string(w->r, dn);
	p->key = block_string(w->r, key);
	dn_hash(key, p->hash);
	place_set_path(w, p);
}

static void
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

static uint32_t
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
	place_adopt(t, slot);
	ids_add(w->r, &w->place_names, slot);
	rank_insert(t, slot);
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

/* Its rows are gone or moved. */
static void
place_forget(struct roster_writer *w, uint32_t place)
{
	struct roster_places_table *t = places_own(w);
	struct place *p = &t->items[place];

	ids_remove(&w->place_names, place);
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

void
places_settle(struct roster_writer *w)
{
	const struct roster_places_table *t = w->draft->places;

	if (!w->places_emptied)
		return;
	w->places_emptied = false;
	for (uint32_t i = 0; i < t->count; i++, t = w->draft->places)
		if (t->items[i].used && id_is_zero(t->items[i].id) && place_rows(t, i) == 0)
			place_forget(w, i);
}

/* ---- org units ---- */

/* Whether a place that stands in the way of a name is only that name: no org unit, and below none
 * that has lost its own name and will take this one along when its new DN comes. */
static bool
place_is_bare(const struct roster_writer *w, uint32_t place)
{
	const struct roster_places_table *t = w->draft->places;
	size_t steps = t->count;

	if (!id_is_zero(t->items[place].id))
		return false;
	while ((place = t->items[place].parent) != ROSTER_ROW_NONE && steps-- > 0)
		if (place_find(w, t->items[place].key) != place)
			return false;
	return true;
}

/* The place gets another DN. One that has it already gives up its rows when it is bare; otherwise
 * its own new DN is still to come, and the name belongs to this one. */
static void
place_rename(struct roster_writer *w, uint32_t place, const char *dn, const char *key)
{
	struct roster_places_table *t = places_own(w);
	uint32_t other = place_find(w, key);

	ids_remove(&w->place_names, place);
	place_set_key(w, &t->items[place], dn, key);
	if (other != ROSTER_ROW_NONE && other != place) {
		if (place_is_bare(w, other)) {
			rows_move_place(w, other, place);
			place_forget(w, other);
		} else {
			ids_remove(&w->place_names, other);
		}
	}
	ids_add(w->r, &w->place_names, place);
}

/* The RDNs of `dn` in front of the last `above` ones, and `tail` behind them. */
static bool
dn_replace_tail(const char *dn, size_t above, const char *tail, char *out)
{
	size_t head, len = strlen(tail), rdns = 1;
	const char *rest = dn;

	for (const char *p = dn; (p = dn_parent(p)) != NULL;)
		rdns++;
	for (; rdns > above && rest != NULL; rdns--)
		rest = dn_parent(rest);
	if (rest == NULL || rest == dn)
		return false;
	head = (size_t)(rest - dn);
	if (head + len > FEED_DN_MAX)
		return false;
	memcpy(out, dn, head);
	memcpy(out + head, tail, len + 1);
	return true;
}

static bool
place_is_under(const struct roster_places_table *t, uint32_t place, uint32_t above)
{
	size_t steps = t->count; /* parents that were mixed up end here */

	while (place != ROSTER_ROW_NONE && place != above && steps-- > 0)
		place = t->items[place].parent;
	return place == above;
}

/* Everything under `place`, which was `old_key` until now. */
static void
places_rename_under(struct roster_writer *w, uint32_t place, const char *old_key)
{
	char dn[FEED_DN_MAX + 1], key[FEED_DN_MAX + 1];
	const struct roster_places_table *t = w->draft->places;
	size_t above = 1;

	for (const char *p = old_key; (p = dn_parent(p)) != NULL;)
		above++;
	for (uint32_t i = 0; i < t->count; i++) {
		const struct place *p = &t->items[i];
		const struct place *now = &t->items[place];

		if (!p->used || i == place || !place_is_under(t, i, place) ||
		    !dn_is_below(p->key, old_key))
			continue;
		if (dn_replace_tail(p->key, above, now->key, key) &&
		    dn_replace_tail(p->dn, above, now->dn, dn))
			place_rename(w, i, dn, key);
	}
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

/* After paths have changed. */
static void
ranks_renew(struct roster_writer *w)
{
	struct roster_places_table *t = w->draft->places;

	qsort_r(t->by_rank, t->ranked, sizeof(*t->by_rank), rank_compare_items, t);
	if (!ranks_kept(t))
		w->stale[ROSTER_BY_ORG_UNIT] = true;
	ranks_number(t, 0);
}

static void
place_move(struct roster_writer *w, uint32_t place, const char *dn, const char *key)
{
	char old_key[FEED_DN_MAX + 1];
	struct place *p = &w->draft->places->items[place];

	memcpy(old_key, p->key, strlen(p->key) + 1);
	place_rename(w, place, dn, key);
	places_rename_under(w, place, old_key);
	p = &w->draft->places->items[place];
	p->parent = ROSTER_ROW_NONE;
	p->parent = place_above(w, key);
	place_adopt(w->draft->places, place);
	ranks_renew(w);
	w->event_all = true; /* of every row below the DN has changed */
}

static bool
string_is(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
place_is_same(const struct place *p, const struct feed_place *place, const char *key)
{
	return strcmp(p->key, key) == 0 && string_is(p->dn, place->dn) &&
	       string_is(p->name, place->name) && string_is(p->description, place->description);
}

/* A place for an org unit that is new to us. Where another one stands, that one has moved or is
 * gone, and we are still to hear of it: the rows below it stay its own until then. */
static uint32_t
place_for_entry(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], const char *dn, const char *key)
{
	uint32_t slot = place_find(w, key);

	if (slot != ROSTER_ROW_NONE && !id_is_zero(w->draft->places->items[slot].id)) {
		ids_remove(&w->place_names, slot);
		slot = ROSTER_ROW_NONE;
	}
	if (slot == ROSTER_ROW_NONE)
		slot = place_new(w, dn, key);
	memcpy(places_own(w)->items[slot].id, id, FEED_ID_SIZE);
	ids_add(w->r, &w->place_ids, slot);
	return slot;
}

void
place_put(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], const struct feed_place *place)
{
	uint32_t slot = ids_find(&w->place_ids, id);
	char key[FEED_DN_MAX + 1], dn[FEED_DN_MAX + 1];
	const char *spelled = place->dn != NULL ? place->dn : place->normal;

	if (place->normal == NULL || !dn_key(place->normal, key) || !dn_key(spelled, dn))
		return;
	if (slot == ROSTER_ROW_NONE)
		slot = place_for_entry(w, id, spelled, key);
	if (place_is_same(&w->draft->places->items[slot], place, key))
		return;
	places_own(w);
	if (strcmp(w->draft->places->items[slot].key, key) != 0) {
		place_move(w, slot, spelled, key);
	} else if (!string_is(w->draft->places->items[slot].dn, spelled)) {
		struct place *p = &w->draft->places->items[slot];

		draft_retire(w, p->dn);
		p->dn = block_string(w->r, spelled);
		w->event_all = true;
	}
	place_set_name(w, &w->draft->places->items[slot], place->name, place->description);
}

void
place_gone(struct roster_writer *w, uint32_t place)
{
	struct place *p = &places_own(w)->items[place];
	uint32_t other;

	ids_remove(&w->place_ids, place);
	memset(p->id, 0, FEED_ID_SIZE);
	place_set_name(w, p, NULL, NULL);
	w->places_emptied = true;
	other = place_find(w, p->key);
	if (other != ROSTER_ROW_NONE && other != place)
		rows_move_place(w, place, other);
}

bool
place_restore(struct roster_writer *w, uint32_t number, const unsigned char id[FEED_ID_SIZE],
    const struct feed_place *place)
{
	char key[FEED_DN_MAX + 1], dn[FEED_DN_MAX + 1];
	struct place *p;

	if (number < w->draft->places->count || !dn_key(place->normal, key) ||
	    !dn_key(place->dn, dn))
		return false;
	while (w->draft->places->count < number)
		place_skip(w);
	p = &w->draft->places->items[place_new(w, place->dn, key)];
	place_set_name(w, p, place->name, place->description);
	memcpy(p->id, id, FEED_ID_SIZE);
	if (!id_is_zero(id))
		ids_add(w->r, &w->place_ids, number);
	return true;
}

void
places_restored(struct roster_writer *w)
{
	for (uint32_t i = 0; i < w->draft->places->count; i++)
		if (!w->draft->places->items[i].used)
			row_list_add(w->r, &w->vacant_places, i);
}
