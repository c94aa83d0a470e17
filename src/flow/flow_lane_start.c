/* The start of a lane: claims of a process that is gone. They are due when they run out, within
 * OUTBOX_CLAIM_MS, and places in the queue are in order: so far the queue is looked at, a page at a
 * time, whatever waits behind it.
 *
 * When the clock was set back since, claims lie further ahead, among all that was to be sent at
 * that time; like that they wait until it has come again, and are found as claims that have run
 * out. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/lane_private.h"
#include "log/log.h"

static void
lane_on_walked(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct lane *l = arg;
	int64_t end = flow_now(l->flow) + OUTBOX_CLAIM_MS;

	l->walking = NULL;
	if (code != ERR_OK) {
		log_warning("the queue could not be read", "reason", f->text);
		l->rest_until = lane_mono(l) + LANE_REST_MS;
		lane_soon(l);
		return;
	}
	free(l->walk_after);
	l->walk_after = mem_dup_string(next);
	l->walked = next == NULL || (count > 0 && list[count - 1]->due > end);
	for (size_t i = 0; i < count; i++) {
		struct outbox_item *item = list[i];

		if (item->owner[0] == '\0' || strcmp(item->owner, l->owner) == 0 ||
		    lane_has(l, item->id))
			continue;
		list[i] = NULL;
		l->lost_count++;
		l->ops->lost(l->arg, lane_trip_new(l, item));
	}
	lane_soon(l);
}

void
lane_walk(struct lane *l)
{
	char now[STORE_PLACE_SIZE];

	if (l->walked || l->walking != NULL || l->lost_count > 0)
		return;
	/* What is due is read anyway, and claims among it are noticed there. */
	if (l->walk_after == NULL) {
		store_outbox_place(flow_now(l->flow), now);
		l->walk_after = mem_dup_string(now);
	}
	l->walking = store_outbox_list(
	    l->flow->conf.store, l->ops->queue, l->walk_after, LANE_PAGE, lane_on_walked, l);
}
