/* The resolver settles claims whose attempt is gone: the daemon was restarted, or a directory
 * stayed away longer than a password may wait in memory. It looks the pinned DN up: ours, and the
 * account is created (its link then sets the password); surely absent, and the link works again. It
 * never adds anything.
 *
 * What was sent before may still be carried out, so nothing is settled until dir_settle_ms after
 * the last moment at which something may have been sent. Even then the DN stays pinned to the
 * invitation, so that a later Add can only ever meet the same name.
 *
 * A limit: nothing pins a password. One that a killed daemon sent by RFC 3062 and that something
 * between us and the server keeps for longer than dir_settle_ms replaces the one that the person
 * chose since. The kernel drops what it could not deliver after op_timeout_ms (TCP_USER_TIMEOUT),
 * so it takes a relay that stores requests. The extended operation has no way to say "only if none
 * is set": no assertion control, and no old password of an entry that was added without. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "log/log.h"

enum { RESOLVE_EVERY_MS = 30 * 1000, RESOLVE_SOON_MS = 1000, RESOLVE_PAGE = 100 };

TAILQ_HEAD(resolving_list, resolving);

struct resolver {
	struct flow *flow;
	struct resolving_list resolving;
	struct loop_timer *timer;
	struct store_op *op;
	char next[ID_SIZE];
	bool more, again; /* again: soon, something could not be settled yet */
	size_t pending;
};

enum finding { FOUND_OURS, FOUND_FOREIGN, FOUND_NOTHING };

/* One claim being looked up. */
struct resolving {
	TAILQ_ENTRY(resolving) link;
	struct resolver *resolver;
	struct dir_op *op; /* NULL once it has answered */
	char id[ID_SIZE];
	char attempt[INVITATION_ATTEMPT_SIZE];
	enum finding finding;
};

static void
resolving_free(struct resolving *g)
{
	TAILQ_REMOVE(&g->resolver->resolving, g, link);
	free(g);
}

static void
resolve_one_done(struct resolver *r)
{
	if (--r->pending > 0)
		return;
	if (!r->more)
		r->next[0] = '\0';
	if (r->more)
		loop_timer_set(r->timer, 0);
	else
		loop_timer_set(r->timer, r->again ? RESOLVE_SOON_MS : RESOLVE_EVERY_MS);
}

static enum err
resolve_mutate(struct flow *f, struct invitation *inv, void *ctx, struct fault *fault)
{
	struct resolving *g = ctx;

	/* Another attempt may have settled or taken it since the directory was asked. */
	if (inv->state != INVITATION_CLAIMED || strcmp(inv->attempt, g->attempt) != 0 ||
	    flow_attempt_of(f, inv->id) != NULL)
		return fault_set(fault, ERR_CONFLICT, "no longer the claim that was looked up");
	switch (g->finding) {
	case FOUND_OURS:
		return invitation_apply(
		    inv, INVITATION_EV_CREATE, flow_now(f), "found by the resolver", fault);
	/* Who has the name may leave it again before our Add arrives: it stays pinned. */
	case FOUND_FOREIGN:
		return invitation_apply(
		    inv, INVITATION_EV_RELEASE, flow_now(f), "the name was taken", fault);
	case FOUND_NOTHING:
		return invitation_apply(
		    inv, INVITATION_EV_RELEASE, flow_now(f), "no entry was made", fault);
	}
	return ERR_INTERNAL;
}

static void
resolve_on_changed(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct resolving *g = ctx;
	struct resolver *r = g->resolver;

	if (code == ERR_OK)
		log_info("an interrupted registration was settled", "invitation", g->id, "state",
		    invitation_state_name(inv->state));
	else
		log_debug("a claim was not settled", "invitation", g->id, "reason", f->text);
	resolving_free(g);
	resolve_one_done(r);
}

static void
resolve_settle(struct resolving *g, enum finding finding)
{
	const struct flow_caller own = flow_caller_own("resolver");
	struct flow_change_spec spec = { .id = g->id,
		.event = finding == FOUND_OURS ? INVITATION_EV_CREATE : INVITATION_EV_RELEASE,
		.mutate = resolve_mutate,
		.ctx = g,
		.by = &own };

	g->finding = finding;
	flow_change_start(g->resolver->flow, &spec, resolve_on_changed);
}

/* Something that was sent for a claim may still be on its way: an Add, and then nothing that is
 * absent is surely absent; or a password, and then it would replace the one that is chosen next. */
bool
flow_is_quiet(const struct flow *f)
{
	return clock_mono_ms(f->conf.clock) - f->quiet_since_mono_ms >= dir_settle_ms(f->conf.dir);
}

static void
resolve_on_found(void *arg, enum err code, const struct dir_found *found, const struct fault *f)
{
	struct resolving *g = arg;
	struct resolver *r = g->resolver;

	g->op = NULL;
	if (code == ERR_OK && found->invitation_id != NULL &&
	    strcmp(found->invitation_id, g->id) == 0) {
		resolve_settle(g, FOUND_OURS);
		return;
	}
	if (code == ERR_OK) {
		resolve_settle(g, FOUND_FOREIGN);
		return;
	}
	if (code == ERR_NOT_FOUND) {
		resolve_settle(g, FOUND_NOTHING);
		return;
	}
	if (code != ERR_MISCONFIGURED)
		r->again = true;
	log_debug("a claim could not be looked up", "invitation", g->id, "reason", f->text);
	resolving_free(g);
	resolve_one_done(r);
}

static void
resolve_look(struct resolver *r, const struct invitation *inv)
{
	struct flow *f = r->flow;
	struct resolving *g;

	if (inv->state != INVITATION_CLAIMED || flow_attempt_of(f, inv->id) != NULL)
		return;
	if (!flow_is_quiet(f)) {
		r->again = true;
		return;
	}
	g = mem_alloc(sizeof(*g));
	g->resolver = r;
	memcpy(g->id, inv->id, sizeof(g->id));
	memcpy(g->attempt, inv->attempt, sizeof(g->attempt));
	r->pending++;
	TAILQ_INSERT_TAIL(&r->resolving, g, link);
	g->op = dir_find(f->conf.dir, inv->dn, resolve_on_found, g);
}

static void
resolve_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct resolver *r = arg;

	r->op = NULL;
	flow_log_damage(code, f);
	r->more = code == ERR_OK && more;
	if (code != ERR_OK)
		log_warning("unsettled registrations could not be read", "reason", f->text);
	if (r->more)
		memcpy(r->next, next, strnlen(next, ID_SIZE - 1) + 1);
	r->pending = 1;
	for (size_t i = 0; i < count; i++)
		resolve_look(r, list[i]);
	resolve_one_done(r);
}

static void
resolve_on_timer(void *arg)
{
	struct resolver *r = arg;

	if (r->pending > 0 || r->op != NULL) {
		r->again = true; /* woken in the middle of a walk: walk once more */
		return;
	}
	if (r->next[0] == '\0')
		r->again = false;
	r->op = store_list_unsettled(r->flow->conf.store, r->next[0] != '\0' ? r->next : NULL,
	    RESOLVE_PAGE, resolve_on_listed, r);
}

struct resolver *
flow_resolver_new(struct flow *f)
{
	struct resolver *r = mem_alloc(sizeof(*r));

	r->flow = f;
	TAILQ_INIT(&r->resolving);
	r->timer = loop_timer_new(f->conf.loop, resolve_on_timer, r);
	return r;
}

void
flow_resolver_wake(struct resolver *r)
{
	loop_timer_set(r->timer, 0);
}

void
flow_resolver_free(struct resolver *r)
{
	struct resolving *g, *next;

	if (r == NULL)
		return;
	LIST_EACH_SAFE(g, &r->resolving, link, next)
	{
		if (g->op != NULL)
			dir_cancel(g->op);
		resolving_free(g);
	}
	if (r->op != NULL)
		store_cancel(r->op);
	loop_timer_free(r->timer);
	free(r);
}
