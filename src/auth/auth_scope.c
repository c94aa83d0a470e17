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
