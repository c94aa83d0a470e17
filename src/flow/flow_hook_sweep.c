/* Messages that ended are kept for replay, and not for ever. */
#include "flow/hook_private.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

enum {
	HOOK_SWEEP_EVERY_MS = 5 * 60 * 1000,
	HOOK_SWEEP_FIRST_MS = 3000,
	HOOK_SWEEP_PAUSE_MS = 250, /* between pages */
	HOOK_SWEEP_PAGE = 100
};

static void
hook_sweep_on_purged(void *arg, enum err code, uint64_t count, const struct fault *f)
{
	struct sweeper *s = arg;
	const bool more = code == ERR_OK && count >= HOOK_SWEEP_PAGE;

	s->op = NULL;
	if (code != ERR_OK)
		log_debug("old webhook messages could not be forgotten now", "reason", f->text);
	loop_timer_set(s->timer, more ? HOOK_SWEEP_PAUSE_MS : HOOK_SWEEP_EVERY_MS);
}

static void
hook_sweep_on_timer(void *arg)
{
	struct sweeper *s = arg;
	const struct flow_conf *conf = &s->flow->conf;

	s->op = store_hooked_purge(conf->store, flow_now(s->flow) - conf->hooks->kept_s * 1000,
	    HOOK_SWEEP_PAGE, hook_sweep_on_purged, s);
}

struct sweeper *
hook_sweeper_new(struct flow *f)
{
	return sweeper_new(f, sizeof(struct sweeper), hook_sweep_on_timer, HOOK_SWEEP_FIRST_MS);
}
