/* Who asks: kept for as long as a use case takes, noted in the audit, and how far they reach. */
#include "flow/flow_private.h"

#include <string.h>

struct flow_caller
flow_caller_copy(const struct flow_caller *by, struct arena *arena)
{
	return (struct flow_caller){ .name = arena_strdup(arena, by->name),
		.request_id = arena_strdup(arena, by->request_id),
		.entry = arena_strdup(arena, by->entry),
		.source = arena_strdup(arena, by->source),
		.reach = reach_copy(by->reach, arena),
		.quota = by->quota,
		.gives_roles = by->gives_roles };
}

struct flow_caller
flow_caller_own(const char *name)
{
	return (struct flow_caller){ .name = name };
}

bool
flow_reaches(const struct flow_caller *by, const char *place, const char *owner)
{
	const bool owned = owner != NULL && *owner != '\0';

	return reach_covers(by->reach, place, owned ? owner : NULL);
}

bool
flow_reaches_invitation(const struct flow_caller *by, const struct invitation *inv)
{
	return flow_reaches(by, inv->person.value[PERSON_ORG_UNIT], inv->owner);
}

enum err
flow_check_reach(const struct flow_caller *by, const struct invitation *inv, struct fault *f)
{
	if (flow_reaches_invitation(by, inv))
		return ERR_OK;
	return fault_set(f, ERR_NOT_FOUND, "there is no such invitation");
}

const char *
flow_place_above(const char *dn, struct arena *arena)
{
	const char *normal;

	return dn != NULL && dir_dn_normalise(dn, arena, &normal) ? reach_above(normal) : NULL;
}
