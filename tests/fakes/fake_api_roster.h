/* The part of roster.h that api uses. Queries are answered through loop_defer; everything else at
 * once, from what it was given. */
#ifndef USHERD_FAKE_API_ROSTER_H
#define USHERD_FAKE_API_ROSTER_H

#include "loop/loop.h"
#include "roster/roster.h"

struct fake_roster {
	struct loop *loop;
	/* The next answers. */
	enum err code;	  /* of a query */
	const char *text; /* of its fault */
	const struct roster_row *rows;
	size_t row_count;
	struct roster_page page;
	bool loading;			/* nothing is known yet */
	bool cut_short;			/* somebody or some place may be missing */
	const struct roster_row *found; /* of roster_find; NULL: nobody */
	const struct roster_place *places;
	size_t place_count;
	const struct roster_group *groups;
	size_t group_count;
	bool member; /* of every group, whoever is asked about */
	uint64_t version;
	/* What was asked. */
	size_t queries, released;
	struct roster_query query; /* strings point into the two below */
	char q[64], org_unit[128], cursor[64];
	unsigned char id[FEED_ID_SIZE];
	/* Who listens. */
	roster_event_cb *on_change;
	void *on_change_arg;
};

struct roster *fake_roster_of(struct fake_roster *r);

#endif
