/* Groups in groups. Asked for a few groups of interest (those that give roles), again and again:
 * which groups lead to each of them is worked out downwards from it once, and kept until groups
 * change. On the loop's thread. */
#include <stdlib.h>

#include "base/mem.h"
#include "roster/roster_place.h"
#include "roster/roster_writer.h"

enum { NESTING_SETS = 4 /* lists of groups of interest that are kept; the oldest gives way */ };

/* The groups that lead to one group, it among them; none when it is not there. */
struct leads {
	char *key; /* of the group of interest */
	uint32_t *slots;
	size_t count;
};

/* Of one list of groups of interest. */
struct leads_set {
	struct leads *roots;
	size_t count;
	uint64_t serial; /* of the table of groups that it was made from */
};

struct roster_nesting {
	struct leads_set sets[NESTING_SETS];
	size_t next;
};

/* Groups by the hash that stands for them among members. */
struct named_slot {
	uint64_t hash;
	uint32_t slot;
};

static void
set_release(struct leads_set *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->roots[i].key);
		free(s->roots[i].slots);
	}
	free(s->roots);
	*s = (struct leads_set){ .count = 0 };
}

void
roster_nesting_free(struct roster_nesting *n)
{
	for (size_t i = 0; n != NULL && i < NESTING_SETS; i++)
		set_release(&n->sets[i]);
	free(n);
}

static int
named_compare(const void *a, const void *b)
{
	const struct named_slot *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static struct named_slot *
named_slots(const struct roster *r, const struct roster_groups_table *t)
{
	struct named_slot *named = mem_array(t->named + 1, sizeof(*named));
	size_t n = 0;

	for (size_t i = 0; i < t->named; i++) {
		uint32_t slot = t->by_name[i];

		if (member_hash(r->writer->member_key, t->items[slot]->key, &named[n].hash))
			named[n++].slot = slot;
	}
	qsort(named, n, sizeof(*named), named_compare);
	/* What is no DN stands behind the others, and hashes are found before it is reached. */
	for (; n < t->named; n++)
		named[n] = (struct named_slot){ UINT64_MAX, ROSTER_ROW_NONE };
	return named;
}

/* Every group once: `met` has a bit for each slot, so that a cycle ends. */
static void
leads_add(struct leads *l, uint8_t *met, uint32_t slot)
{
	if (slot == ROSTER_ROW_NONE || met[slot] != 0)
		return;
	met[slot] = 1;
	l->slots[l->count++] = slot;
}

/* The groups among the members of `g`: the fewer are looked up among the more. */
static void
leads_add_members(struct leads *l, uint8_t *met, const struct roster_groups_table *t,
    const struct named_slot *named, const struct group *g)
{
	for (size_t i = 0; g->member_count > t->named && i < t->named; i++)
		if (group_has(g, named[i].hash))
			leads_add(l, met, named[i].slot);
	for (size_t i = 0; g->member_count <= t->named && i < g->member_count; i++) {
		const struct named_slot wanted = { .hash = g->members[i] };
		const struct named_slot *found =
		    bsearch(&wanted, named, t->named, sizeof(*named), named_compare);

		if (found != NULL)
			leads_add(l, met, found->slot);
	}
}

static void
leads_make(struct leads *l, const struct roster_groups_table *t, const struct named_slot *named)
{
	uint8_t *met = mem_array(t->count + 1, 1);

	l->slots = mem_array(t->named + 1, sizeof(*l->slots));
	for (size_t i = 0; i < t->named; i++)
		if (strcmp(t->items[t->by_name[i]]->key, l->key) == 0)
			leads_add(l, met, t->by_name[i]);
	for (size_t i = 0; i < l->count; i++)
		leads_add_members(l, met, t, named, t->items[l->slots[i]]);
	free(met);
}

static void
set_make(struct leads_set *s, const struct roster *r, const struct roster_groups_table *t,
    const char *const *groups, size_t count)
{
	struct named_slot *named = named_slots(r, t);
	char key[FEED_DN_MAX + 1];

	s->roots = mem_array(count + 1, sizeof(*s->roots));
	s->count = count;
	s->serial = t->serial;
	for (size_t i = 0; i < count; i++) {
		s->roots[i].key = mem_dup_string(dn_key(groups[i], key) ? key : "");
		if (s->roots[i].key[0] != '\0')
			leads_make(&s->roots[i], t, named);
	}
	free(named);
}

static bool
set_is_of(const struct leads_set *s, const struct roster_groups_table *t, const char *const *groups,
    size_t count)
{
	char key[FEED_DN_MAX + 1];

	if (s->roots == NULL || s->serial != t->serial || s->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(dn_key(groups[i], key) ? key : "", s->roots[i].key) != 0)
			return false;
	return true;
}

static const struct leads_set *
nesting_of(
    struct roster *r, const struct roster_groups_table *t, const char *const *groups, size_t count)
{
	struct leads_set *s;

	if (r->nesting == NULL)
		r->nesting = mem_alloc(sizeof(*r->nesting));
	for (size_t i = 0; i < NESTING_SETS; i++)
		if (set_is_of(&r->nesting->sets[i], t, groups, count))
			return &r->nesting->sets[i];
	s = &r->nesting->sets[r->nesting->next++ % NESTING_SETS];
	set_release(s);
	set_make(s, r, t, groups, count);
	return s;
}

bool
roster_member_of(
    struct roster *r, const char *normal_dn, const char *const *groups, size_t count, bool *member)
{
	struct roster_version *v = version_hold(r);
	bool ready = v->state != ROSTER_LOADING;
	uint64_t hash = 0;

	if (ready) {
		bool is_dn = member_hash(r->writer->member_key, normal_dn, &hash);
		const struct leads_set *s = nesting_of(r, v->groups, groups, count);

		for (size_t i = 0; i < count; i++) {
			const struct leads *l = &s->roots[i];

			member[i] = false;
			for (size_t j = 0; is_dn && j < l->count && !member[i]; j++)
				member[i] = group_has(v->groups->items[l->slots[j]], hash);
		}
	}
	version_release_soon(r, v);
	return ready;
}

static bool
leads_has(const struct leads *l, const struct roster_groups_table *t, const char *key)
{
	bool has = strcmp(l->key, key) == 0;

	for (size_t i = 0; i < l->count && !has; i++)
		has = strcmp(t->items[l->slots[i]]->key, key) == 0;
	return has;
}

bool
roster_leads_to(
    struct roster *r, const char *group, const char *const *roots, size_t count, bool *leads)
{
	struct roster_version *v = version_hold(r);
	char key[FEED_DN_MAX + 1];
	bool known;

	*leads = false;
	if (v->state != ROSTER_LOADING && dn_key(group, key)) {
		const struct leads_set *s = nesting_of(r, v->groups, roots, count);

		for (size_t i = 0; i < count && !*leads; i++)
			*leads = leads_has(&s->roots[i], v->groups, key);
	}
	known = *leads || v->state == ROSTER_COMPLETE;
	version_release_soon(r, v);
	return known;
}
