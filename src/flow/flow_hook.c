/* Webhooks as a whole. */
#include <stdlib.h>

#include "base/mem.h"
#include "flow/hook_private.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

static const struct lane_ops ops = {
	.queue = OUTBOX_HOOKS, .carry = hooks_carry, .abandon = hooks_abandon, .lost = hooks_lost
};

struct flow_hooks *
flow_hooks_new(struct flow *f)
{
	const struct flow_hook_conf *conf = f->conf.hooks;
	struct flow_hooks *h = mem_alloc(sizeof(*h));

	h->flow = f;
	TAILQ_INIT(&h->ops);
	TAILQ_INIT(&h->tries);
	if (conf == NULL)
		return h;
	h->lane = lane_new(f, &ops, h, conf->in_flight);
	h->events = hook_events_new(f);
	h->sweeper = hook_sweeper_new(f);
	return h;
}

void
flow_hooks_run(struct flow_hooks *h)
{
	const struct fault *damage = store_hook_damage(h->flow->conf.store);

	if (damage != NULL)
		log_error("a webhook is damaged and gets no messages", "reason", damage->text);
	if (h->lane == NULL)
		return;
	hook_events_run(h->events);
	lane_run(h->lane);
}

void
flow_hooks_drain(struct flow_hooks *h)
{
	if (h->lane != NULL)
		hooks_drain(h);
}

void
flow_hooks_free(struct flow_hooks *h)
{
	if (h == NULL)
		return;
	hook_ops_free(h);
	sweeper_free(h->sweeper);
	hook_events_free(h->events);
	if (h->lane != NULL)
		lane_free(h->lane);
	free(h);
}
