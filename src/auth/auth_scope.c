#include <string.h>

#include "auth/auth.h"

static const struct {
	const char *name;
	unsigned bit;
} scopes[] = {
	{ "invitations:read", AUTH_INVITATIONS_READ },
	{ "invitations:write", AUTH_INVITATIONS_WRITE },
	{ "directory:read", AUTH_DIRECTORY_READ },
	{ "tokens", AUTH_TOKENS },
	{ "users:read", AUTH_USERS_READ },
	{ "users:write", AUTH_USERS_WRITE },
	{ "directory:write", AUTH_DIRECTORY_WRITE },
	{ "mail", AUTH_MAIL },
	{ "webhooks", AUTH_WEBHOOKS },
	{ "mail:bounces", AUTH_MAIL_BOUNCES },
	{ "audit:read", AUTH_AUDIT_READ },
	{ "erase", AUTH_ERASE },
	{ "status:read", AUTH_STATUS_READ },
};

unsigned
auth_scope_by_name(const char *name)
{
	if (strcmp(name, "all") == 0)
		return AUTH_ALL;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
		if (strcmp(scopes[i].name, name) == 0)
			return scopes[i].bit;
	return 0;
}

const char *
auth_scope_name(size_t index, unsigned *bit)
{
	if (index >= sizeof(scopes) / sizeof(scopes[0]))
		return NULL;
	*bit = scopes[index].bit;
	return scopes[index].name;
}

/* ---- roles ---- */

static const struct {
	const char *name;
	unsigned scopes;
} roles[AUTH_ROLE_COUNT] = {
	[AUTH_ADMINISTRATOR] = { "administrator", AUTH_ALL },
	[AUTH_INVITER] = { "inviter",
	    AUTH_INVITATIONS_READ | AUTH_INVITATIONS_WRITE | AUTH_DIRECTORY_READ },
	[AUTH_AUDITOR] = { "auditor", AUTH_INVITATIONS_READ | AUTH_USERS_READ |
					  AUTH_DIRECTORY_READ | AUTH_AUDIT_READ |
					  AUTH_STATUS_READ },
};

const char *
auth_role_name(enum auth_role role)
{
	return roles[role].name;
}

bool
auth_role_by_name(const char *name, enum auth_role *out)
{
	for (size_t i = 0; i < AUTH_ROLE_COUNT; i++)
		if (strcmp(roles[i].name, name) == 0) {
			*out = (enum auth_role)i;
			return true;
		}
	return false;
}

unsigned
auth_role_scopes(enum auth_role role)
{
	return roles[role].scopes;
}

/* ---- reach ---- */

const struct reach *
auth_reach(const struct principal *who, unsigned wanted, struct arena *arena, size_t *quota)
{
	struct reach_rule *rules = arena_alloc(arena, (who->grant_count + 1) * sizeof(*rules));
	struct reach *reach = arena_alloc(arena, sizeof(*reach));
	bool bounded = true;

	*quota = 0;
	*reach = (struct reach){ .rules = rules };
	for (size_t i = 0; i < who->grant_count; i++) {
		const struct auth_grant *g = &who->grants[i];

		if ((g->scopes & wanted) == 0)
			continue;
		rules[reach->count++] = g->rule;
		bounded = bounded && g->quota > 0;
		if (g->quota > *quota)
			*quota = g->quota;
	}
	if (!bounded)
		*quota = 0;
	return reach_is_everything(reach) ? NULL : reach;
}
