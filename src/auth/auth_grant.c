/* What groups give, and what a token leaves of it. */
#include <strings.h>

#include "auth/auth_private.h"

_Static_assert(AUTH_ROLES_MAX <= 64, "a group is a bit");

static size_t
group_index(const struct auth *a, const char *group)
{
	size_t i = 0;

	while (i < a->group_count && strcasecmp(a->groups[i], group) != 0)
		i++;
	return i;
}

void
auth_groups_init(struct auth *a)
{
	for (size_t i = 0; i < a->conf.role_count; i++) {
		size_t at = group_index(a, a->conf.roles[i].group);

		if (at == a->group_count)
			a->groups[a->group_count++] = a->conf.roles[i].group;
		a->group_of_role[i] = (unsigned)at;
	}
}

size_t
auth_role_groups(const struct auth *a, const char *const **groups)
{
	*groups = a->groups;
	return a->group_count;
}

bool
auth_has_role(const struct auth *a, const bool *member)
{
	return auth_member_bits(a, member) != 0;
}

void
auth_grant_all(struct principal *who, struct arena *arena)
{
	struct auth_grant *grant = arena_alloc(arena, sizeof(*grant));

	*grant = (struct auth_grant){ .scopes = who->scopes };
	who->grants = grant;
	who->grant_count = 1;
}

/* What a person's grants are at most. */
static size_t
grants_room(const struct auth *a, uint64_t groups)
{
	size_t room = 0;

	for (size_t i = 0; i < a->conf.role_count; i++)
		room += 2 * (groups >> a->group_of_role[i] & 1);
	return room;
}

/* An inviter's invitations are their own; places and groups are nobody's, and are seen by all who
 * may invite there. */
static size_t
role_grant(const struct auth_role_conf *role, const char *person, struct auth_grant *out)
{
	const unsigned invitations = AUTH_INVITATIONS_READ | AUTH_INVITATIONS_WRITE;
	struct auth_grant grant = { auth_role_scopes(role->role),
		{ role->places, role->place_count, NULL }, role->quota };

	if (role->role != AUTH_INVITER) {
		out[0] = grant;
		return 1;
	}
	out[0] = out[1] = grant;
	out[0].scopes &= invitations;
	out[0].rule.owner = person;
	out[1].scopes &= ~invitations;
	out[1].quota = 0;
	return 2;
}

void
auth_grant_person(const struct auth *a, struct principal *who, const char *person, uint64_t groups,
    struct arena *arena)
{
	struct auth_grant *grants =
	    arena_alloc(arena, (grants_room(a, groups) + 1) * sizeof(*grants));
	const char *owner = arena_strdup(arena, person);

	who->grants = grants;
	who->groups = groups;
	for (size_t i = 0; i < a->conf.role_count; i++) {
		const struct auth_role_conf *role = &a->conf.roles[i];

		if ((groups >> a->group_of_role[i] & 1) == 0)
			continue;
		who->grant_count += role_grant(role, owner, &grants[who->grant_count]);
		who->roles |= 1u << role->role;
		who->scopes |= auth_role_scopes(role->role);
	}
}

void
auth_grant_limit(struct principal *who, const struct api_token *t, struct arena *arena)
{
	const struct reach_rule rule = { t->places, t->place_count, NULL };
	const struct reach limit = { &rule, 1 };
	struct auth_grant *grants = arena_alloc(arena, (who->grant_count + 1) * sizeof(*grants));
	size_t count = 0;

	who->scopes = 0;
	for (size_t i = 0; i < who->grant_count; i++) {
		struct auth_grant grant = who->grants[i];
		const struct reach own = { &grant.rule, 1 };
		const struct reach *both = reach_intersect(&own, &limit, arena);

		grant.scopes &= t->scopes;
		if (grant.scopes == 0 || both->count == 0)
			continue;
		grant.rule = both->rules[0];
		grants[count++] = grant;
		who->scopes |= grant.scopes;
	}
	who->grants = grants;
	who->grant_count = count;
}
