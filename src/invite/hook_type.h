/* What webhook endpoints can ask for. */
#ifndef USHERD_INVITE_HOOK_TYPE_H
#define USHERD_INVITE_HOOK_TYPE_H

#include <stdbool.h>

enum hook_type {
	HOOK_INVITATION_CREATED,
	HOOK_INVITATION_SENT,
	HOOK_INVITATION_UNDELIVERABLE,
	HOOK_INVITATION_ACCEPTED,
	HOOK_INVITATION_EXPIRED,
	HOOK_INVITATION_REVOKED,
	HOOK_USER_REGISTERED,
	HOOK_USER_SUSPENDED,
	HOOK_USER_DELETED,
	HOOK_TYPE_COUNT
};
const char *hook_type_name(enum hook_type t); /* "invitation.created" ... */
bool hook_type_by_name(const char *name, enum hook_type *out);

#endif
