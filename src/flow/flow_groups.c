/* Groups that somebody is to be in: one check for who is invited and for who is there already. What
 * a role's group is, each of them decides for themselves: an invitation gives no role at all. */
#include "flow/flow_private.h"

#include <string.h>

#include "base/casefold.h"

const char *
flow_group_name(struct arena *arena, size_t i)
{
	return arena_printf(arena, "groups[%zu]", i);
}

bool
flow_has_error(const struct field_errors *errors, const char *field)
{
	for (size_t i = 0; i < errors->count; i++)
		if (strcmp(errors->items[i].field, field) == 0)
			return true;
	return false;
}

bool
flow_names_have(const char *const *names, size_t count, const char *dn)
{
	for (size_t i = 0; i < count; i++)
		if (casefold_equal(names[i], dn))
			return true;
	return false;
}

void
flow_groups_read(struct flow_groups *out, const char *const *list, size_t count,
    struct arena *arena, struct field_errors *errors)
{
	out->count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *field = flow_group_name(errors->arena, i), *normal;

		if (flow_has_error(errors, field))
			continue;
		if (!dir_dn_normalise(list[i], arena, &normal))
			field_errors_add(
			    errors, field, "invalid", "not a distinguished name (RFC 4514)");
		else if (!flow_names_have(out->dn, out->count, normal)) {
			out->dn[out->count] = normal;
			out->at[out->count++] = i;
		}
	}
}

bool
flow_groups_are_there(struct flow_groups *groups, const struct dir_answer *a,
    const struct flow_caller *by, const char *owner, struct arena *arena,
    struct field_errors *errors)
{
	size_t count = groups->count;
	bool all = true;

	groups->count = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t at = groups->at[i];

		if (a->group_missing[i] || !flow_reaches(by, a->group_dn[i], owner)) {
			all = false;
			field_errors_add(errors, flow_group_name(errors->arena, at), "not_found",
			    "the directory has no such group");
		} else if (!flow_names_have(groups->dn, groups->count, a->group_dn[i])) {
			groups->dn[groups->count] = arena_strdup(arena, a->group_dn[i]);
			groups->at[groups->count++] = at;
		}
	}
	return all;
}
