/* One queue's worker. Everything it does is decided in lane_turn(): whoever changes something sets
 * the timer to now.
 *
 * A page of due items is kept at hand, so that reading costs little for each; one that was changed
 * since is noticed when it is claimed. Durations run on the monotonic clock, `due` on the wall
 * clock: it is looked at every LANE_LOOK_MS in case that was set. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/lane_private.h"
#include "log/log.h"

enum { LANE_LOOK_MS = 60 * 1000 };

/* A timer that is set again before its callback has run begins anew: who does so on every turn of
 * the loop would never see it. */
void
lane_soon(struct lane *l)
{
	if (!l->running || l->soon)
		return;
	l->soon = true;
	loop_timer_set(l->timer, 0);
}

static void
lane_later(struct lane *l, int64_t ms)
{
	if (ms <= 0)
		lane_soon(l);
	else if (!l->soon)
		loop_timer_set(l->timer, ms);
}

int64_t
lane_mono(const struct lane *l)
{
	return clock_mono_ms(l->flow->conf.clock);
}

bool
lane_has(const struct lane *l, const char *item_id)
{
	const struct lane_trip *t;

	TAILQ_FOREACH(t, &l->trips, link)
	if (strcmp(t->item->id, item_id) == 0)
		return true;
	return false;
}

/* ---- trips ---- */

struct lane_trip *
lane_trip_new(struct lane *l, struct outbox_item *item)
{
	struct lane_trip *t = mem_alloc(sizeof(*t));

	t->lane = l;
	t->item = item;
	TAILQ_INSERT_TAIL(&l->trips, t, link);
	return t;
}

static void
lane_begin(struct lane *l, struct outbox_item *item)
{
	struct lane_trip *t = lane_trip_new(l, item);

	t->counted = true;
	l->trip_count++;
	if (item->owner[0] != '\0')
		l->ops->lost(l->arg, t); /* a claim that has run out */
	else
		l->ops->carry(l->arg, t);
}

static void
lane_trip_remove(struct lane_trip *t)
{
	struct lane *l = t->lane;

	TAILQ_REMOVE(&l->trips, t, link);
	if (t->counted)
		l->trip_count--;
	else
		l->lost_count--;
	outbox_item_free(t->item);
	free(t);
}

void
lane_trip_end(struct lane_trip *t)
{
	struct lane *l = t->lane;

	lane_trip_remove(t);
	l->stale = true;
	lane_soon(l);
	flow_check_drained(l->flow);
}

void
lane_trip_fail(struct lane_trip *t, const struct fault *f)
{
	struct lane *l = t->lane;

	log_warning(
	    "what is to be sent rests for a moment", "item", t->item->id, "reason", f->text);
	l->rest_until = lane_mono(l) + LANE_REST_MS;
	lane_trip_end(t);
}

/* ---- what is due ---- */

static void
lane_drop_page(struct lane *l)
{
	for (; l->page_at < l->page_count; l->page_at++)
		outbox_item_free(l->page[l->page_at]);
	l->page_at = l->page_count = 0;
}

/* Since when the first waits that is not begun: of the page, or, when that is used up, behind it.
 */
static void
lane_note_oldest(struct lane *l)
{
	if (l->page_at < l->page_count)
		l->oldest_due = l->page[l->page_at]->due;
	else
		l->oldest_due = l->next_due <= flow_now(l->flow) ? l->next_due : 0;
}

static void
lane_on_due(void *arg, enum err code, struct outbox_item **list, size_t count, int64_t next_due,
    const struct fault *f)
{
	struct lane *l = arg;

	l->reading = NULL;
	if (code != ERR_OK) {
		log_warning("the queue could not be read", "reason", f->text);
		l->stale = true;
		l->rest_until = lane_mono(l) + LANE_REST_MS;
		lane_soon(l);
		return;
	}
	/* A damaged item stays where it is, and is met by every look. */
	if (f->text[0] == '\0' || !l->damaged)
		flow_log_damage(code, f);
	l->damaged = f->text[0] != '\0';
	lane_drop_page(l);
	if (next_due < l->next_due)
		l->next_due = next_due;
	for (size_t i = 0; i < count && l->page_count < LANE_PAGE; i++) {
		if (lane_has(l, list[i]->id))
			continue; /* begun, and not claimed yet */
		l->page[l->page_count++] = list[i];
		list[i] = NULL;
	}
	lane_note_oldest(l);
	lane_soon(l);
}

static void
lane_read(struct lane *l)
{
	l->stale = false;
	l->next_due = INT64_MAX;
	l->reading = store_outbox_due(
	    l->flow->conf.store, l->ops->queue, flow_now(l->flow), LANE_PAGE, lane_on_due, l);
}

static bool
lane_may_begin(struct lane *l, int64_t mono)
{
	if (l->paused)
		return mono >= l->paused_until && l->trip_count == 0;
	return l->trip_count < l->in_flight &&
	       (l->ops->may_begin == NULL || l->ops->may_begin(l->arg));
}

static struct outbox_item *
lane_take(struct lane *l)
{
	while (l->page_at < l->page_count) {
		struct outbox_item *item = l->page[l->page_at++];

		lane_note_oldest(l);
		if (!lane_has(l, item->id))
			return item;
		outbox_item_free(item);
	}
	return NULL;
}

/* ---- turns ---- */

static bool
lane_must_read(const struct lane *l)
{
	return l->page_at == l->page_count && l->reading == NULL &&
	       (l->stale || l->next_due <= flow_now(l->flow));
}

/* Until when there is nothing to do, if nobody says anything. */
static int64_t
lane_idle_ms(const struct lane *l, int64_t mono)
{
	int64_t ms = LANE_LOOK_MS, wait;

	if (l->page_at == l->page_count) { /* until something is due */
		wait = l->next_due == INT64_MAX ? ms : l->next_due - flow_now(l->flow);
		return wait < ms ? wait : ms;
	}
	if (l->paused && l->trip_count == 0)
		return l->paused_until - mono < ms ? l->paused_until - mono : ms;
	return ms; /* until there is room for another attempt */
}

static void
lane_turn(void *arg)
{
	struct lane *l = arg;
	int64_t mono = lane_mono(l);

	l->soon = false;
	if (l->flow->sends_no_more)
		return;
	if (mono < l->rest_until) {
		lane_later(l, l->rest_until - mono);
		return;
	}
	lane_walk(l);
	while (lane_may_begin(l, mono)) {
		struct outbox_item *item = lane_take(l);

		if (item == NULL)
			break;
		lane_begin(l, item);
	}
	if (lane_must_read(l))
		lane_read(l);
	if (l->reading == NULL) /* else it goes on when it is there */
		lane_later(l, lane_idle_ms(l, mono));
}

void
lane_wake(struct lane *l, int64_t due)
{
	if (due < l->next_due)
		l->next_due = due;
	if (due <= flow_now(l->flow))
		l->stale = true;
	lane_soon(l);
}

void
lane_look(struct lane *l)
{
	lane_soon(l);
}

static void
lane_on_written(void *arg, int64_t due)
{
	lane_wake(arg, due);
}

/* ---- pauses ---- */

void
lane_pause(struct lane *l, int64_t ms)
{
	l->paused = true;
	l->paused_until = lane_mono(l) + ms;
	/* Read again when it ends, and now, to know since when something waits. */
	lane_drop_page(l);
	l->stale = true;
	lane_soon(l);
}

void
lane_resume(struct lane *l)
{
	l->paused = false;
	lane_drop_page(l);
	l->stale = true;
	lane_soon(l);
}

bool
lane_is_paused(const struct lane *l, int64_t *until)
{
	*until = l->paused ? flow_now(l->flow) + l->paused_until - lane_mono(l) : 0;
	return l->paused;
}

/* ---- life ---- */

size_t
lane_in_flight(const struct lane *l)
{
	return l->trip_count;
}

int64_t
lane_oldest_due(const struct lane *l)
{
	return l->oldest_due;
}

const char *
lane_owner(const struct lane *l)
{
	return l->owner;
}

struct lane *
lane_new(struct flow *f, const struct lane_ops *ops, void *arg, size_t in_flight)
{
	struct lane *l = mem_alloc(sizeof(*l));
	unsigned char random[(OUTBOX_OWNER_SIZE - 1) / 2];

	l->flow = f;
	l->ops = ops;
	l->arg = arg;
	l->in_flight = in_flight;
	random_fill(random, sizeof(random));
	encode_hex(random, sizeof(random), l->owner);
	TAILQ_INIT(&l->trips);
	l->timer = loop_timer_new(f->conf.loop, lane_turn, l);
	l->stale = true;
	l->next_due = INT64_MAX;
	f->lanes[ops->queue] = l;
	return l;
}

void
lane_run(struct lane *l)
{
	l->running = true;
	store_on_due(l->flow->conf.store, l->ops->queue, lane_on_written, l);
	lane_soon(l);
}

void
lane_free(struct lane *l)
{
	struct lane_trip *t, *next;

	if (l == NULL)
		return;
	if (l->running)
		store_on_due(l->flow->conf.store, l->ops->queue, NULL, NULL);
	l->flow->lanes[l->ops->queue] = NULL;
	LIST_EACH_SAFE(t, &l->trips, link, next)
	{
		if (t->op != NULL)
			store_cancel(t->op);
		l->ops->abandon(l->arg, t);
		lane_trip_remove(t);
	}
	if (l->reading != NULL)
		store_cancel(l->reading);
	if (l->walking != NULL)
		store_cancel(l->walking);
	lane_drop_page(l);
	loop_timer_free(l->timer);
	free(l->walk_after);
	free(l);
}
