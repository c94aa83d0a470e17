#include "invite/reach.h"

#include <string.h>
#include <strings.h>

#include "base/casefold.h"

/* Behind the next comma that separates; NULL: there is none. (One spelling writes most of the
 * others as \2C, but a text must not be trusted to.) */
static const char *
reach_behind_comma(const char *dn)
{
	for (; *dn != '\0'; dn++) {
		if (*dn == '\\' && dn[1] != '\0')
			dn++;
		else if (*dn == ',')
			return dn + 1;
	}
	return NULL;
}

bool
reach_is_within(const char *dn, const char *place)
{
	if (*place == '\0')
		return true;
	for (; dn != NULL; dn = reach_behind_comma(dn))
		if (casefold_equal(dn, place))
			return true;
	return false;
}

const char *
reach_above(const char *dn)
{
	const char *above = reach_behind_comma(dn);

	return above != NULL ? above + strspn(above, " ") : NULL;
}

static bool
rule_reaches(const struct reach_rule *rule, const char *place)
{
	for (size_t i = 0; i < rule->count; i++)
		if (place != NULL && reach_is_within(place, rule->places[i]))
			return true;
	return rule->count == 0;
}

bool
reach_covers(const struct reach *r, const char *place, const char *owner)
{
	if (r == NULL)
		return true;
	for (size_t i = 0; i < r->count; i++) {
		const struct reach_rule *rule = &r->rules[i];

		if (rule->owner != NULL && (owner == NULL || strcasecmp(owner, rule->owner) != 0))
			continue;
		if (rule_reaches(rule, place))
			return true;
	}
	return false;
}

bool
reach_covers_place(const struct reach *r, const char *place)
{
	for (size_t i = 0; r != NULL && i < r->count; i++)
		if (rule_reaches(&r->rules[i], place))
			return true;
	return r == NULL;
}

bool
reach_covers_unit(const struct reach *r, const char *unit)
{
	if (!reach_covers(r, unit, NULL))
		return false;
	for (size_t i = 0; r != NULL && i < r->count; i++)
		for (size_t j = 0; j < r->rules[i].count; j++)
			if (casefold_equal(r->rules[i].places[j], unit))
				return false;
	return true;
}

static bool
rule_is_everything(const struct reach_rule *rule)
{
	return rule->count == 0 && rule->owner == NULL;
}

bool
reach_is_everything(const struct reach *r)
{
	if (r == NULL)
		return true;
	for (size_t i = 0; i < r->count; i++)
		if (rule_is_everything(&r->rules[i]))
			return true;
	return false;
}

/* ---- making ---- */

static const char *
reach_copy_text(const char *s, struct arena *arena)
{
	return s != NULL ? arena_strdup(arena, s) : NULL;
}

static struct reach_rule
rule_copy(const struct reach_rule *rule, struct arena *arena)
{
	const char **places = arena_alloc(arena, (rule->count + 1) * sizeof(*places));

	for (size_t i = 0; i < rule->count; i++)
		places[i] = arena_strdup(arena, rule->places[i]);
	return (struct reach_rule){ places, rule->count, reach_copy_text(rule->owner, arena) };
}

const struct reach *
reach_copy(const struct reach *r, struct arena *arena)
{
	struct reach_rule *rules;
	struct reach *copy;

	if (r == NULL)
		return NULL;
	rules = arena_alloc(arena, (r->count + 1) * sizeof(*rules));
	copy = arena_alloc(arena, sizeof(*copy));
	for (size_t i = 0; i < r->count; i++)
		rules[i] = rule_copy(&r->rules[i], arena);
	*copy = (struct reach){ rules, r->count };
	return copy;
}

/* The narrower of each two places that lie within one another. False: there are none. */
static bool
rule_intersect(const struct reach_rule *a, const struct reach_rule *b, struct arena *arena,
    struct reach_rule *out)
{
	const char **places;
	size_t count = 0;

	if (a->owner != NULL && b->owner != NULL && strcasecmp(a->owner, b->owner) != 0)
		return false;
	*out = rule_copy(a->count > 0 ? a : b, arena);
	out->owner = reach_copy_text(a->owner != NULL ? a->owner : b->owner, arena);
	if (a->count == 0 || b->count == 0)
		return true;
	places = arena_alloc(arena, a->count * b->count * sizeof(*places));
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (reach_is_within(a->places[i], b->places[j]))
				places[count++] = arena_strdup(arena, a->places[i]);
			else if (reach_is_within(b->places[j], a->places[i]))
				places[count++] = arena_strdup(arena, b->places[j]);
	out->places = places;
	out->count = count;
	return count > 0;
}

const struct reach *
reach_intersect(const struct reach *a, const struct reach *b, struct arena *arena)
{
	struct reach_rule *rules;
	struct reach *both;
	size_t count = 0;

	if (a == NULL || b == NULL)
		return reach_copy(a == NULL ? b : a, arena);
	rules = arena_alloc(arena, (a->count * b->count + 1) * sizeof(*rules));
	both = arena_alloc(arena, sizeof(*both));
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			count += rule_intersect(&a->rules[i], &b->rules[j], arena, &rules[count]);
	*both = (struct reach){ rules, count };
	return both;
}

/* Adds a place unless one that is there covers it; drops those that it covers. */
static size_t
places_add(const char **places, size_t count, const char *place)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (reach_is_within(place, places[i]))
			return count;
	for (size_t i = 0; i < count; i++)
		if (!reach_is_within(places[i], place))
			places[kept++] = places[i];
	places[kept++] = place;
	return kept;
}

bool
reach_places(const struct reach *r, struct arena *arena, const char *const **places, size_t *count)
{
	const char **list;
	size_t room = 1;

	if (r == NULL)
		return false;
	for (size_t i = 0; i < r->count; i++) {
		if (r->rules[i].count == 0)
			return false;
		room += r->rules[i].count;
	}
	list = arena_alloc(arena, room * sizeof(*list));
	*count = 0;
	for (size_t i = 0; i < r->count; i++)
		for (size_t j = 0; j < r->rules[i].count; j++)
			*count = places_add(list, *count, r->rules[i].places[j]);
	*places = list;
	return true;
}

const char *
reach_owner(const struct reach *r)
{
	const char *owner = r != NULL && r->count > 0 ? r->rules[0].owner : NULL;

	for (size_t i = 0; owner != NULL && i < r->count; i++)
		if (r->rules[i].owner == NULL || strcasecmp(r->rules[i].owner, owner) != 0)
			owner = NULL;
	return owner;
}
