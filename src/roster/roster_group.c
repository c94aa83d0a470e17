/* Groups: who is a member is kept as a sorted array of hashes, so that 10,000 members cost 80 KB.
 * Keyed, so that nobody can choose a DN that passes for another one's. */
#include <sodium.h>
#include <stdlib.h>

#include "base/mem.h"
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

struct roster_groups_table *
groups_empty(struct roster *r)
{
	return block_zeroed(r, sizeof(struct roster_groups_table));
}

void
groups_free(struct roster *r, struct roster_groups_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		block_free(r, t->items[i]);
	block_free(r, t->items);
	block_free(r, t->by_name);
	block_free(r, t);
}

const unsigned char *
group_id_of(const void *owner, uint32_t group)
{
	const struct roster_writer *w = owner;

	return w->draft->groups->items[group]->id;
}

/* ---- writing ---- */

static struct roster_groups_table *
groups_own(struct roster_writer *w, size_t room)
{
	struct roster_groups_table *old = w->draft->groups, *t = old;

	if (w->own_groups && room <= w->group_room)
		return t;
	if (room > w->group_room)
		w->group_room = room + room / 2 + 8;
	if (!w->own_groups) {
		t = block_new(w->r, sizeof(*t));
		*t = *old;
		t->serial++;
		t->items = NULL;
		t->by_name = NULL;
	}
	t->items = block_resize(w->r, t->items, w->group_room * sizeof(struct group *));
	t->by_name = block_resize(w->r, t->by_name, w->group_room * sizeof(*t->by_name));
	if (!w->own_groups) {
		if (t->count > 0)
			memcpy(t->items, old->items, t->count * sizeof(struct group *));
		if (t->named > 0)
			memcpy(t->by_name, old->by_name, t->named * sizeof(*t->by_name));
		draft_retire(w, old->items);
		draft_retire(w, old->by_name);
		draft_retire(w, old);
	}
	w->draft->groups = t;
	w->own_groups = w->dirty = true;
	return t;
}

static int
name_compare(const struct roster_groups_table *t, uint32_t a, uint32_t b)
{
	int order = strcmp(t->items[a]->folded, t->items[b]->folded);

	return order != 0 ? order : memcmp(t->items[a]->id, t->items[b]->id, FEED_ID_SIZE);
}

/* Where the group stands by name, or would. */
static size_t
name_position(const struct roster_groups_table *t, uint32_t group)
{
	size_t low = 0, high = t->named;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_compare(t, t->by_name[middle], group) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
name_insert(struct roster_groups_table *t, uint32_t group)
{
	size_t at = name_position(t, group);

	memmove(&t->by_name[at + 1], &t->by_name[at], (t->named - at) * sizeof(*t->by_name));
	t->by_name[at] = group;
	t->named++;
}

static void
name_remove(struct roster_groups_table *t, uint32_t group)
{
	size_t at = name_position(t, group);

	t->named--;
	memmove(&t->by_name[at], &t->by_name[at + 1], (t->named - at) * sizeof(*t->by_name));
}

bool
member_hash(const unsigned char secret[16], const char *normal_dn, uint64_t *out)
{
	unsigned char hash[crypto_shorthash_BYTES];
	char key[FEED_DN_MAX + 1];

	_Static_assert(sizeof(hash) == sizeof(*out), "one hash");
	_Static_assert(crypto_shorthash_KEYBYTES == 16, "one key");
	if (normal_dn == NULL || !dn_key(normal_dn, key))
		return false;
	crypto_shorthash(hash, (const unsigned char *)key, strlen(key), secret);
	memcpy(out, hash, sizeof(*out));
	return true;
}

static int
member_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static const char *
string_put(char **at, const char *s, size_t size)
{
	char *copy = *at;

	memcpy(copy, s, size);
	*at += size;
	return copy;
}

/* Without members yet, but with room for `room` of them. */
static struct group *
group_make(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE],
    const struct feed_group *from, size_t room)
{
	const char *name = from->name != NULL ? from->name : from->dn;
	const char *description = from->description;
	const char *normal = from->normal != NULL ? from->normal : from->dn;
	char folded[FEED_TEXT_MAX + 1], key[FEED_DN_MAX + 1] = "";
	size_t key_size = dn_key(normal, key) ? strlen(key) + 1 : 1;
	size_t dn_size = strlen(from->dn) + 1, name_size = strlen(name) + 1;
	size_t description_size = description != NULL ? strlen(description) + 1 : 0;
	size_t folded_len = fold_text(name, name_size - 1, folded, FEED_TEXT_MAX);
	struct group *g =
	    block_zeroed(w->r, sizeof(*g) + room * sizeof(*g->members) + dn_size + key_size +
				   name_size + description_size + folded_len + 1);
	char *at = (char *)(g->members + room);

	folded[folded_len] = '\0';
	memcpy(g->id, id, FEED_ID_SIZE);
	g->awaits = ROSTER_ROW_NONE;
	g->dn = string_put(&at, from->dn, dn_size);
	g->key = string_put(&at, key, key_size);
	g->name = string_put(&at, name, name_size);
	if (description != NULL)
		g->description = string_put(&at, description, description_size);
	g->folded = string_put(&at, folded, folded_len + 1);
	return g;
}

static void
group_set(struct roster_writer *w, struct group *g)
{
	uint32_t slot = ids_find(&w->group_ids, g->id);
	struct roster_groups_table *t;

	if (slot != ROSTER_ROW_NONE && w->draft->groups->items[slot]->awaits != ROSTER_ROW_NONE)
		w->awaiting--;
	if (w->r->keep != NULL)
		id_list_add(w->r, &w->saved_groups, g->id);
	if (slot != ROSTER_ROW_NONE) {
		t = groups_own(w, w->draft->groups->count);
		name_remove(t, slot);
		draft_retire(w, t->items[slot]);
		t->items[slot] = g;
		name_insert(t, slot);
		return;
	}
	t = groups_own(w, w->draft->groups->count + 1);
	slot = w->vacant_groups.count > 0 ? w->vacant_groups.rows[--w->vacant_groups.count]
					  : (uint32_t)t->count++;
	t->items[slot] = g;
	ids_add(w->r, &w->group_ids, slot);
	name_insert(t, slot);
}

static bool
group_is_same(const struct group *a, const struct group *b)
{
	return a->awaits == ROSTER_ROW_NONE && strcmp(a->dn, b->dn) == 0 &&
	       strcmp(a->key, b->key) == 0 && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->description != NULL ? a->description : "",
		   b->description != NULL ? b->description : "") == 0 &&
	       a->member_count == b->member_count &&
	       memcmp(a->members, b->members, a->member_count * sizeof(*a->members)) == 0;
}

void
group_put(
    struct roster_writer *w, const unsigned char id[FEED_ID_SIZE], const struct feed_group *group)
{
	uint32_t slot = ids_find(&w->group_ids, id);
	struct group *g;

	if (group->dn == NULL)
		return;
	g = group_make(w, id, group, group->member_count);
	for (size_t i = 0; i < group->member_count; i++)
		if (member_hash(w->member_key, group->members[i], &g->members[g->member_count]))
			g->member_count++;
	qsort(g->members, g->member_count, sizeof(*g->members), member_compare);
	if (slot != ROSTER_ROW_NONE && group_is_same(w->draft->groups->items[slot], g))
		block_free(w->r, g);
	else
		group_set(w, g);
}

void
group_restore(struct roster_writer *w, const unsigned char id[FEED_ID_SIZE],
    const struct feed_group *group, const void *members, size_t count)
{
	struct group *g = group_make(w, id, group, count);

	if (count > 0)
		memcpy(g->members, members, count * sizeof(*g->members));
	g->member_count = count;
	group_set(w, g);
}

void
group_gone(struct roster_writer *w, uint32_t group)
{
	struct roster_groups_table *t = groups_own(w, w->draft->groups->count);

	if (w->r->keep != NULL)
		id_list_add(w->r, &w->saved_groups, t->items[group]->id);
	if (t->items[group]->awaits != ROSTER_ROW_NONE)
		w->awaiting--;
	ids_remove(w->r, &w->group_ids, group);
	name_remove(t, group);
	draft_retire(w, t->items[group]);
	t->items[group] = NULL;
	row_list_add(w->r, &w->vacant_groups, group);
}

/* ---- places that are renamed ---- */

void
groups_await(struct roster_writer *w, uint32_t place)
{
	const struct roster_groups_table *t = w->draft->groups;
	const char *key = w->draft->places->items[place].key;

	for (size_t i = 0; i < t->count; i++)
		if (t->items[i] != NULL && t->items[i]->awaits == ROSTER_ROW_NONE &&
		    dn_is_below(t->items[i]->key, key)) {
			t->items[i]->awaits = place;
			w->awaiting++;
		}
}

void
groups_await_none(struct roster_writer *w, uint32_t place)
{
	const struct roster_groups_table *t = w->draft->groups;

	for (size_t i = 0; w->awaiting > 0 && i < t->count; i++)
		if (t->items[i] != NULL && t->items[i]->awaits == place) {
			t->items[i]->awaits = ROSTER_ROW_NONE;
			w->awaiting--;
		}
}

static void
group_rename(struct roster_writer *w, const struct group *g, const char *dn, const char *key)
{
	const struct feed_group from = { .dn = dn,
		.normal = key,
		.name = strcmp(g->name, g->dn) != 0 ? g->name : NULL,
		.description = g->description };

	group_restore(w, g->id, &from, g->members, g->member_count);
}

void
groups_rename_under(struct roster_writer *w, uint32_t place, const char *old_key, bool named)
{
	char dn[FEED_DN_MAX + 1], key[FEED_DN_MAX + 1];
	const struct place *now = &w->draft->places->items[place];
	size_t above = dn_rdns(old_key);

	for (size_t i = 0; i < w->draft->groups->count; i++) {
		const struct group *g = w->draft->groups->items[i];

		if (g == NULL || !dn_is_below(g->key, old_key) ||
		    (g->awaits != place && (g->awaits != ROSTER_ROW_NONE || !named)))
			continue;
		if (dn_replace_tail(g->key, above, now->key, key) &&
		    dn_replace_tail(g->dn, above, now->dn, dn))
			group_rename(w, g, dn, key);
	}
	groups_await_none(w, place);
}

/* ---- reading ---- */

bool
group_has(const struct group *g, uint64_t member)
{
	return bsearch(&member, g->members, g->member_count, sizeof(member), member_compare) !=
	       NULL;
}

static void
groups_list(const struct roster_groups_table *t, roster_groups_cb *cb, void *arg)
{
	struct roster_group *list = mem_array(t->named, sizeof(*list));

	for (size_t i = 0; i < t->named; i++) {
		const struct group *g = t->items[t->by_name[i]];

		memcpy(list[i].id, g->id, FEED_ID_SIZE);
		list[i].dn = g->dn;
		list[i].name = g->name;
		list[i].description = g->description;
		list[i].normal = g->key;
		list[i].members = g->member_count;
	}
	cb(arg, list, t->named);
	free(list);
}

bool
roster_groups(struct roster *r, roster_groups_cb *cb, void *arg)
{
	struct roster_version *v = version_hold(r);
	bool ready = v->state != ROSTER_LOADING;

	if (ready)
		groups_list(v->groups, cb, arg);
	version_release_soon(r, v);
	return ready;
}
