/* Messages that ended are kept for replay, and not for ever. */
#include <stdlib.h>

#include "base/mem.h"
#include "flow/hook_private.h"
#include "log/log.h"

enum {
	HOOK_SWEEP_EVERY_MS = 5 * 60 * 1000,
	HOOK_SWEEP_FIRST_MS = 3000,
	HOOK_SWEEP_PAUSE_MS = 250, /* between pages */
	HOOK_SWEEP_PAGE = 100
};

struct hook_sweeper {
	struct flow *flow;
	int64_t kept_ms;
	struct loop_timer *timer;
	struct store_op *op;
};

static void
hook_sweep_on_purged(void *arg, enum err code, uint64_t count, const struct fault *f)
{
	struct hook_sweeper *s = arg;
	const bool more = code == ERR_OK && count >= HOOK_SWEEP_PAGE;

	s->op = NULL;
	if (code != ERR_OK)
		log_debug("old webhook messages could not be forgotten now", "reason", f->text);
	loop_timer_set(s->timer, more ? HOOK_SWEEP_PAUSE_MS : HOOK_SWEEP_EVERY_MS);
}

static void
hook_sweep_on_timer(void *arg)
{
	struct hook_sweeper *s = arg;

	s->op = store_hooked_purge(s->flow->conf.store, flow_now(s->flow) - s->kept_ms,
	    HOOK_SWEEP_PAGE, hook_sweep_on_purged, s);
}

struct hook_sweeper *
hook_sweeper_new(struct flow *f, int64_t kept_ms)
{
	struct hook_sweeper *s = mem_alloc(sizeof(*s));

	s->flow = f;
	s->kept_ms = kept_ms;
	s->timer = loop_timer_new(f->conf.loop, hook_sweep_on_timer, s);
	loop_timer_set(s->timer, HOOK_SWEEP_FIRST_MS);
	return s;
}

void
hook_sweeper_free(struct hook_sweeper *s)
{
	if (s == NULL)
		return;
	if (s->op != NULL)
		store_cancel(s->op);
	loop_timer_free(s->timer);
	free(s);
}
