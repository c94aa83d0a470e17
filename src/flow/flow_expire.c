/* The sweeper: housekeeping only. Whether a link is past its end is decided where it is claimed;
 * here the store learns of it, and final invitations past their retention are forgotten. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

enum {
	SWEEP_EVERY_MS = 5 * 60 * 1000,
	SWEEP_FIRST_MS = 1000, /* after the start: what ended while nobody ran is not left open */
	SWEEP_PAGE_MS = 250,   /* between pages: the loop has better things to do */
	SWEEP_PAGE = 100
};

struct sweep {
	struct sweeper base; /* first */
	char next[ID_SIZE];  /* "" at the beginning of a walk */
	size_t pending;	     /* changes of the page that are under way */
	bool more;
};

static void
sweep_page_done(struct sweep *s)
{
	if (!s->more)
		s->next[0] = '\0';
	loop_timer_set(s->base.timer, s->more ? SWEEP_PAGE_MS : SWEEP_EVERY_MS);
}

static void
sweep_one_done(struct sweep *s)
{
	if (--s->pending == 0)
		sweep_page_done(s);
}

static enum err
expire_mutate(struct flow *f, struct invitation *inv, void *ctx, struct fault *fault)
{
	enum err code;

	(void)ctx;
	if (inv->state == INVITATION_EXPIRED ||
	    invitation_seen(inv, flow_now(f)) != INVITATION_EXPIRED)
		return fault_set(fault, ERR_NOT_FOUND, "nothing that could expire any more");
	/* The clock was set a day on: what is being finished is not taken from under its hands. */
	if (inv->state == INVITATION_CREATED && flow_attempt_of(f, inv->id) != NULL)
		return fault_set(fault, ERR_CONFLICT, "a registration is under way");
	code = invitation_apply(inv, INVITATION_EV_EXPIRE, flow_now(f), NULL, fault);
	if (code == ERR_OK)
		invitation_end_links(inv);
	return code;
}

/* Who waits for it. */
struct expiring {
	flow_changed_cb *cb; /* may be NULL */
	void (*abandon)(void *ctx);
	void *ctx;
};

static void
expire_on_changed(void *arg, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct expiring e = *(struct expiring *)arg;

	free(arg);
	if (code == ERR_OK)
		log_info("an invitation has expired", "invitation", inv->id);
	else
		log_debug("an invitation could not be expired now", "reason", f->text);
	if (e.cb != NULL)
		e.cb(e.ctx, code, inv, f);
}

static void
expire_abandon(void *arg)
{
	struct expiring *e = arg;

	if (e->abandon != NULL)
		e->abandon(e->ctx);
	free(e);
}

void
flow_expire_start(struct flow *f, const char *id, const struct flow_caller *by, flow_changed_cb *cb,
    void (*abandon)(void *ctx), void *ctx)
{
	struct expiring *e = mem_alloc(sizeof(*e));
	struct flow_caller everywhere = *by;
	struct flow_change_spec spec = { .id = id,
		.event = INVITATION_EV_EXPIRE,
		.mutate = expire_mutate,
		.ctx = e,
		.abandon = expire_abandon,
		.by = &everywhere };

	everywhere.reach = NULL;
	*e = (struct expiring){ cb, abandon, ctx };
	flow_change_start(f, &spec, expire_on_changed);
}

void
flow_expire(struct flow *f, const struct invitation *inv, const struct flow_caller *by)
{
	if (inv->state == INVITATION_PENDING || inv->state == INVITATION_CREATED)
		flow_expire_start(f, inv->id, by, NULL, NULL, NULL);
}

static void
sweep_on_expired(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	(void)code, (void)inv, (void)f;
	sweep_one_done(ctx);
}

static void
sweep_on_purged(void *arg, enum err code, const struct fault *f)
{
	if (code != ERR_OK)
		log_debug("an invitation could not be forgotten now", "reason", f->text);
	sweep_one_done(arg);
}

static void
sweep_look(struct sweep *s, const struct invitation *inv, int64_t now)
{
	const struct flow_caller own = flow_caller_own("sweeper");
	struct store_note note = flow_note(&own);
	const int64_t kept_s = inv->state == INVITATION_EXPIRED ? s->base.flow->conf.expired_kept_s
								: s->base.flow->conf.retention_s;
	const int64_t forget_before = now - kept_s * 1000;

	if (inv->state != INVITATION_EXPIRED && invitation_seen(inv, now) == INVITATION_EXPIRED) {
		s->pending++;
		flow_expire_start(s->base.flow, inv->id, &own, sweep_on_expired, NULL, s);
	} else if (invitation_is_final(inv->state) && inv->done_at < forget_before) {
		s->pending++;
		note.org_unit = inv->person.value[PERSON_ORG_UNIT];
		store_purge(
		    s->base.flow->conf.store, inv->id, forget_before, &note, sweep_on_purged, s);
	}
}

static void
sweep_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct sweep *s = arg;
	int64_t now = flow_now(s->base.flow);

	s->base.op = NULL;
	flow_log_damage(code, f);
	s->more = code == ERR_OK && more;
	if (code != ERR_OK)
		log_warning("the store could not be swept", "reason", f->text);
	if (s->more)
		memcpy(s->next, next, strnlen(next, ID_SIZE - 1) + 1);
	s->pending = 1; /* this function itself, so that the page ends once */
	for (size_t i = 0; i < count; i++)
		sweep_look(s, list[i], now);
	sweep_one_done(s);
}

static void
sweep_on_timer(void *arg)
{
	struct sweep *s = arg;

	s->base.op = store_list(s->base.flow->conf.store, s->next[0] != '\0' ? s->next : NULL,
	    SWEEP_PAGE, false, sweep_on_listed, s);
}

struct sweeper *
flow_sweeper_new(struct flow *f)
{
	return sweeper_new(f, sizeof(struct sweep), sweep_on_timer, SWEEP_FIRST_MS);
}
