/* A roster that a test fills, for the use cases: it finds rows by id, counts who is invited in one
 * org unit, and keeps what it is fed. */
#ifndef USHERD_TESTS_FAKE_ROSTER_H
#define USHERD_TESTS_FAKE_ROSTER_H

#include "roster/roster.h"

enum { FAKE_ROSTER_ROWS = 16, FAKE_ROSTER_FED = 64 };

struct fake_fed {
	enum feed_source source;
	enum feed_step step;
	size_t items;
	bool absent_is_gone;
	/* the last item */
	enum feed_kind kind;
	enum feed_status status;
	bool becoming;
	char id[ID_SIZE], name[128], mail[128];
};

struct roster {
	struct loop *loop;
	struct {
		char id[ID_SIZE], user[ID_SIZE]; /* `id` finds `user` */
		bool is_invitation;
		const char *name, *mail, *place; /* NULL: none */
	} rows[FAKE_ROSTER_ROWS];
	size_t count;
	char unit[ID_SIZE];	/* an org unit */
	uint64_t invited_there; /* pending ones in it */
	const char *nested;	/* a group that is in every other one; NULL: none */
	bool loading, incomplete;
	struct fake_fed fed[FAKE_ROSTER_FED];
	size_t fed_count, batches;
	bool is_behind; /* `applied` waits until fake_roster_catch_up() */
	size_t waiting;
	loop_cb *applied;
	void *applied_arg;
	/* of the warm file */
	const char *cookie, *warm_fault;
	roster_warm_cb *warm;
	void *warm_arg;
};

void fake_roster_add(struct roster *r, const char *id, const char *user, bool is_invitation);
/* Of all that waits: one source's. */
void fake_roster_catch_up(struct roster *r);
/* The last that was fed of this id; NULL: none. */
const struct fake_fed *fake_roster_last(const struct roster *r, const char *id);

#endif
