/* Events become messages: one for each endpoint that asks for their type. The event goes in the
 * transaction that queues its messages, so that a crash neither loses nor doubles one. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/hook_private.h"
#include "log/log.h"

enum { EVENTS_PAGE = 32, EVENTS_PAUSE_MIN_MS = 200, EVENTS_PAUSE_MAX_MS = 30 * 1000 };

struct hook_events;
struct event_slot {
	struct hook_events *events;
	struct store_op *op; /* NULL: done */
};

struct hook_events {
	struct flow *flow;
	struct loop_timer *timer;
	struct store_op *op; /* the page being read */
	size_t pending;	     /* of the page */
	bool working, again, failed;
	bool damaged; /* the last page had one that cannot be read */
	int64_t pause_ms;
	struct event_slot slots[EVENTS_PAGE];
};

static void
events_page_done(struct hook_events *e)
{
	e->working = false;
	if (e->failed) {
		loop_timer_set(e->timer, e->pause_ms);
		e->pause_ms =
		    e->pause_ms * 2 < EVENTS_PAUSE_MAX_MS ? e->pause_ms * 2 : EVENTS_PAUSE_MAX_MS;
		return;
	}
	e->pause_ms = EVENTS_PAUSE_MIN_MS;
	if (e->again)
		loop_timer_set(e->timer, 0);
}

static void
events_one_done(struct hook_events *e)
{
	if (--e->pending == 0)
		events_page_done(e);
}

/* ERR_CONFLICT: another daemon did it. */
static void
events_on_fanned_out(void *arg, enum err code, const struct fault *f)
{
	struct event_slot *slot = arg;
	struct hook_events *e = slot->events;

	slot->op = NULL;
	if (code != ERR_OK && code != ERR_CONFLICT) {
		log_warning("an event could not be queued for webhooks now", "reason", f->text);
		e->failed = true;
	}
	events_one_done(e);
}

/* By revisions: an endpoint hears nothing of what was before it, and the wall clock may be set. */
static bool
event_is_for(const struct hook_event *e, const struct hook *h)
{
	return h->enabled && (h->types & 1u << e->type) != 0 && e->revision > h->created_revision;
}

static void
events_fan_out(struct hook_events *e, struct event_slot *slot, const struct hook_event *event)
{
	struct store *s = e->flow->conf.store;
	struct outbox_item *items[HOOK_MAX];
	size_t count = 0;

	for (size_t i = 0; i < store_hook_count(s) && count < HOOK_MAX; i++)
		if (event_is_for(event, store_hook_at(s, i)))
			items[count++] =
			    hook_message_of_event(store_hook_at(s, i), event, flow_now(e->flow));
	slot->op = store_event_fan_out(
	    s, event, (const struct outbox_item *const *)items, count, events_on_fanned_out, slot);
	for (size_t i = 0; i < count; i++)
		outbox_item_free(items[i]);
}

static void
events_on_listed(void *arg, enum err code, const struct hook_event *list, size_t count, bool more,
    const struct fault *f)
{
	struct hook_events *e = arg;

	e->op = NULL;
	/* A damaged event stays where it is, and is met by every look. */
	if (f->text[0] == '\0' || !e->damaged)
		flow_log_damage(code, f);
	e->damaged = code == ERR_OK ? f->text[0] != '\0' : e->damaged;
	if (code != ERR_OK) {
		log_warning("events for webhooks could not be read", "reason", f->text);
		e->failed = true;
	}
	e->again = e->again || more;
	e->pending = 1; /* this function itself */
	for (size_t i = 0; i < count && i < EVENTS_PAGE; i++) {
		e->pending++;
		events_fan_out(e, &e->slots[i], &list[i]);
	}
	events_one_done(e);
}

static void
events_read(void *arg)
{
	struct hook_events *e = arg;

	if (e->working) {
		e->again = true;
		return;
	}
	e->working = true;
	e->again = e->failed = false;
	e->op = store_events_list(e->flow->conf.store, EVENTS_PAGE, events_on_listed, e);
}

struct hook_events *
hook_events_new(struct flow *f)
{
	struct hook_events *e = mem_alloc(sizeof(*e));

	e->flow = f;
	e->pause_ms = EVENTS_PAUSE_MIN_MS;
	e->timer = loop_timer_new(f->conf.loop, events_read, e);
	for (size_t i = 0; i < EVENTS_PAGE; i++)
		e->slots[i].events = e;
	return e;
}

/* What was written before our start waits as well. */
void
hook_events_run(struct hook_events *e)
{
	store_on_event(e->flow->conf.store, events_read, e);
	events_read(e);
}

void
hook_events_free(struct hook_events *e)
{
	if (e == NULL)
		return;
	store_on_event(e->flow->conf.store, NULL, NULL);
	if (e->op != NULL)
		store_cancel(e->op);
	for (size_t i = 0; i < EVENTS_PAGE; i++)
		if (e->slots[i].op != NULL)
			store_cancel(e->slots[i].op);
	loop_timer_free(e->timer);
	free(e);
}
