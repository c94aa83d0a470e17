/* How far somebody's rights reach: the parts of the tree that a role or a token is limited to.
 * Pure.
 *
 * What is out of reach does not exist for the caller: it is in no list and no total, and naming it
 * is answered like naming nothing. */
#ifndef USHERD_INVITE_REACH_H
#define USHERD_INVITE_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { REACH_PLACES_MAX = 16 /* of one rule */, REACH_RULES_MAX = 16 };

struct reach_rule {
	const char *const *places; /* DNs in one spelling (dir_dn_normalise): they and all below */
	size_t count;		   /* 0: everywhere */
	const char *owner;	   /* an entryUUID: only what this person made; NULL: whoever's */
};

/* Whatever one of the rules allows. A pointer that is NULL reaches everything; no rules, nothing.
 */
struct reach {
	const struct reach_rule *rules;
	size_t count;
};

/* `dn` in one spelling, case aside (casefold.h), is `place` or below it. */
bool reach_is_within(const char *dn, const char *place);

/* What stands behind the first comma of `dn` that is not part of a value (RFC 4514): the DN of the
 * entry above; NULL: there is none. */
const char *reach_above(const char *dn);

/* Something that is, or is to be, directly in the org unit `place`, made by the person `owner`
 * (NULL: by nobody who is known). */
bool reach_covers(const struct reach *r, const char *place, const char *owner);
/* The same, whoever made it: for places and groups themselves. */
bool reach_covers_place(const struct reach *r, const char *place);
/* The org unit itself may be renamed or deleted: it is below one of the places and none of them. */
bool reach_covers_unit(const struct reach *r, const char *unit);
/* Everything, whoever made it. */
bool reach_is_everything(const struct reach *r);

/* The one person whose own it is that is reached, and nobody else's; NULL: there is no such. */
const char *reach_owner(const struct reach *r);

/* What both reach. Lives in `arena`, as copies; NULL when that is everything. */
const struct reach *reach_intersect(
    const struct reach *a, const struct reach *b, struct arena *arena);
const struct reach *reach_copy(const struct reach *r, struct arena *arena);

/* The places alone, whoever made what is there, each once and none below another. False:
 * everywhere. True with `*count` 0: nowhere. */
bool reach_places(
    const struct reach *r, struct arena *arena, const char *const **places, size_t *count);

#endif
