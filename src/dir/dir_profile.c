#include "dir/dir_profile.h"

static const struct dir_profile_facts profiles[] = {
	/* slapo-ppolicy(5): locked for good, until an administrator unlocks it. */
	[DIR_OPENLDAP] = { .suspend_attribute = "pwdAccountLockedTime",
	    .suspend_value = "000001010000Z",
	    /* slapd 2.5 itself; slapo-lastbind(5) */
	    .activity = { "pwdLastSuccess", "authTimestamp" } },
	[DIR_GENERIC] = { .suspend_attribute = NULL },
};

const struct dir_profile_facts *
dir_profile_of(enum dir_profile profile)
{
	return &profiles[profile];
}
