/* What differs by kind of server, in one table. Pure. */
#ifndef USHERD_DIR_PROFILE_H
#define USHERD_DIR_PROFILE_H

#include "dir/dir.h"

enum { DIR_ACTIVITY_MAX = 4 };

struct dir_profile_facts {
	/* This value in this attribute keeps somebody out; NULL: we know of none. */
	const char *suspend_attribute, *suspend_value;
	/* Where the server may write down when somebody signed in, the best first; NULL ends it. */
	const char *activity[DIR_ACTIVITY_MAX];
};

const struct dir_profile_facts *dir_profile_of(enum dir_profile profile);

#endif
