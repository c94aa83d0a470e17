/* A lane from inside; for flow_lane.c and flow_lane_start.c. */
#ifndef USHERD_FLOW_LANE_PRIVATE_H
#define USHERD_FLOW_LANE_PRIVATE_H

#include "flow/outbox_private.h"

enum {
	LANE_PAGE = 64,
	LANE_REST_MS = 1000 /* after the store failed */
};

struct lane {
	struct flow *flow;
	const struct lane_ops *ops;
	void *arg;
	size_t in_flight; /* at most */
	char owner[OUTBOX_OWNER_SIZE];
	struct lane_trip_list trips;
	size_t trip_count; /* of them: attempts, not what is settled as lost */
	struct loop_timer *timer;
	bool running, soon; /* soon: the timer is set to now */
	/* What was read and is not begun yet. */
	struct outbox_item *page[LANE_PAGE];
	size_t page_at, page_count;
	struct store_op *reading;
	bool damaged;	    /* the last page had an item that cannot be read */
	bool stale;	    /* there may be more than was read */
	int64_t next_due;   /* of the first that was not read, wall ms */
	int64_t oldest_due; /* wall ms; 0: nothing waits */
	/* The walk at the start. */
	struct store_op *walking;
	char *walk_after;
	bool walked;
	size_t lost_count; /* of its page, being settled */
	/* When nothing is begun. */
	bool paused;
	int64_t paused_until, rest_until; /* monotonic ms */
};

/* ---- flow_lane.c ---- */

void lane_soon(struct lane *l); /* a turn, when the loop turns */
int64_t lane_mono(const struct lane *l);
struct lane_trip *lane_trip_new(struct lane *l, struct outbox_item *item); /* takes it */

/* ---- flow_lane_start.c ---- */

/* The next page, if there is one to be looked at and what was found has been settled. */
void lane_walk(struct lane *l);

#endif
