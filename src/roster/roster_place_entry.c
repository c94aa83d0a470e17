/* Org units: what their entries say of places. A server does not announce the entries below a
 * renamed one (their DNs are not stored with them), so that a renamed org unit renames every place
 * and every group below. Who is a member of a group is another matter: a server that keeps members
 * up to date announces the groups that it changes, and with one that does not the old DN stays. */
#include <stdlib.h>

#include "roster/roster_place.h"
#include "roster/roster_writer.h"

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

	ids_remove(w->r, &w->place_names, place);
	place_set_key(w, &t->items[place], dn, key);
	if (other != ROSTER_ROW_NONE && other != place) {
		if (place_is_bare(w, other)) {
			rows_move_place(w, other, place);
			place_forget(w, other);
		} else {
			groups_await(w, other);
			ids_remove(w->r, &w->place_names, other);
		}
	}
	ids_add(w->r, &w->place_names, place);
}

/* Everything under `place`, which was `old_key` until now. */
static void
places_rename_under(struct roster_writer *w, uint32_t place, const char *old_key)
{
	char dn[FEED_DN_MAX + 1], key[FEED_DN_MAX + 1];
	const struct roster_places_table *t = w->draft->places;
	size_t above = dn_rdns(old_key);

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

static void
place_move(struct roster_writer *w, uint32_t place, const char *dn, const char *key)
{
	char old_key[FEED_DN_MAX + 1];
	struct place *p = &w->draft->places->items[place];

	bool named = place_find(w, p->key) == place;

	memcpy(old_key, p->key, strlen(p->key) + 1);
	place_rename(w, place, dn, key);
	places_rename_under(w, place, old_key);
	groups_rename_under(w, place, old_key, named);
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
		groups_await(w, slot);
		ids_remove(w->r, &w->place_names, slot);
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

	ids_remove(w->r, &w->place_ids, place);
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
	place_new(w, place->dn, key);
	p = &w->draft->places->items[number];
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
	w->places_emptied = true; /* of those that only invitations were in */
}
