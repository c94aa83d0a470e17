/* The audit trail is kept for the configured time, and the addresses in it for a shorter one. */
#include "flow/sweeper_private.h"
#include "log/log.h"
#include "store/store_audit.h"

enum {
	AUDIT_SWEEP_EVERY_MS = 5 * 60 * 1000,
	AUDIT_SWEEP_FIRST_MS = 2500,
	AUDIT_SWEEP_PAUSE_MS = 2 /* between steps: others write meanwhile */
};

static void
audit_sweep_on_step(void *arg, enum err code, bool more, const struct fault *f)
{
	struct sweeper *s = arg;

	s->op = NULL;
	if (code != ERR_OK)
		log_warning("old audit records could not be forgotten now", "reason", f->text);
	loop_timer_set(
	    s->timer, code == ERR_OK && more ? AUDIT_SWEEP_PAUSE_MS : AUDIT_SWEEP_EVERY_MS);
}

static void
audit_sweep_on_timer(void *arg)
{
	struct sweeper *s = arg;
	const struct flow_conf *conf = &s->flow->conf;
	const int64_t now = flow_now(s->flow);

	s->op = store_audit_sweep(conf->store, now - conf->audit_sources_s * 1000,
	    now - conf->audit_kept_s * 1000, audit_sweep_on_step, s);
}

struct sweeper *
flow_audit_sweeper_new(struct flow *f)
{
	return f->conf.audit_kept_s == 0 ? NULL
					 : sweeper_new(f, sizeof(struct sweeper),
					       audit_sweep_on_timer, AUDIT_SWEEP_FIRST_MS);
}
