#include "invite/hook_type.h"

#include <assert.h>
#include <string.h>

static const char *const names[HOOK_TYPE_COUNT] = {
	[HOOK_INVITATION_CREATED] = "invitation.created",
	[HOOK_INVITATION_SENT] = "invitation.sent",
	[HOOK_INVITATION_UNDELIVERABLE] = "invitation.undeliverable",
	[HOOK_INVITATION_ACCEPTED] = "invitation.accepted",
	[HOOK_INVITATION_EXPIRED] = "invitation.expired",
	[HOOK_INVITATION_REVOKED] = "invitation.revoked",
	[HOOK_USER_REGISTERED] = "user.registered",
	[HOOK_USER_SUSPENDED] = "user.suspended",
	[HOOK_USER_DELETED] = "user.deleted",
};

const char *
hook_type_name(enum hook_type t)
{
	assert((unsigned)t < HOOK_TYPE_COUNT);
	return names[t];
}

bool
hook_type_by_name(const char *name, enum hook_type *out)
{
	for (unsigned t = 0; t < HOOK_TYPE_COUNT; t++)
		if (strcmp(name, names[t]) == 0) {
			*out = (enum hook_type)t;
			return true;
		}
	return false;
}
