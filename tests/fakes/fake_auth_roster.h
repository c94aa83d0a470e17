/* The part of roster.h that auth uses: a few people, and who is in which group. */
#ifndef USHERD_FAKE_AUTH_ROSTER_H
#define USHERD_FAKE_AUTH_ROSTER_H

#include "roster/roster.h"

enum { FAKE_PEOPLE_MAX = 8, FAKE_MEMBERS_MAX = 16 };

struct fake_auth_roster {
	enum roster_state state;
	uint64_t version; /* a test that changes anything sets another one */
	struct {
		const char *id, *rdn, *org_unit; /* of somebody whose id is NULL: nobody */
		enum feed_status status;
	} people[FAKE_PEOPLE_MAX];
	/* In one spelling, any case; through however many groups. */
	struct {
		const char *dn, *group;
	} members[FAKE_MEMBERS_MAX];
	size_t finds, looks; /* calls of roster_find() and roster_member_of() */
};

struct roster *fake_auth_roster_of(struct fake_auth_roster *r);

#endif
