/* What an administrator does with an invitation that exists: revoke, new link, show, list. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "log/log.h"

struct administer {
	struct flow *flow;
	enum invitation_event event;
	struct flow_caller by;
	struct arena *arena;
	struct secret *token; /* a new link's */
	struct token_hash hash;
	bool nothing_to_do;
	flow_change_cb *cb;
	void *arg;
};

static struct administer *
administer_new(struct flow *f, enum invitation_event event, const struct flow_caller *caller,
    flow_change_cb *cb, void *arg)
{
	struct administer *a = mem_alloc(sizeof(*a));

	a->flow = f;
	a->event = event;
	a->arena = arena_new(0);
	a->by = flow_caller_copy(caller, a->arena);
	a->cb = cb;
	a->arg = arg;
	return a;
}

static void
administer_free(void *ctx)
{
	struct administer *a = ctx;

	secret_free(a->token);
	arena_free(a->arena);
	free(a);
}

static void
administer_on_changed(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct administer *a = ctx;

	if (code == ERR_EXPIRED && inv != NULL)
		flow_expire(a->flow, inv, &a->by); /* who was told so can rely on it */
	if (a->nothing_to_do)
		code = ERR_OK;
	else if (code == ERR_OK)
		log_info("an invitation was changed", "event", invitation_event_name(a->event),
		    "invitation", inv->id, "by", a->by.name, "request", a->by.request_id);
	a->cb(a->arg, code, inv, code == ERR_OK ? a->token : NULL, f);
	administer_free(a);
}

static void
administer_start(struct administer *a, const char *id, flow_mutate *mutate)
{
	struct flow_change_spec spec = { .id = id,
		.event = a->event,
		.mutate = mutate,
		.ctx = a,
		.abandon = administer_free,
		.by = &a->by };

	flow_change_start(a->flow, &spec, administer_on_changed);
}

/* Why an invitation can't be revoked or given a new link: by the state that everybody sees, so that
 * it does not matter whether the sweeper has come by. */
enum err
flow_refusal(struct flow *flow, const struct invitation *inv, struct fault *f)
{
	enum invitation_state seen = invitation_seen(inv, flow_now(flow));

	if (flow_attempt_of(flow, inv->id) != NULL)
		seen = INVITATION_CLAIMED; /* a created one, too, while its password is being set */
	switch (seen) {
	case INVITATION_CLAIMED:
		return fault_set(f, ERR_CONFLICT, "a registration is under way");
	case INVITATION_DONE:
		return fault_set(f, ERR_USED, "the invitation is completed");
	case INVITATION_EXPIRED:
		return fault_set(f, ERR_EXPIRED, "the invitation is expired");
	case INVITATION_REVOKED:
		return fault_set(f, ERR_REVOKED, "the invitation is revoked");
	default:
		return ERR_OK;
	}
}

static enum err
revoke_mutate(struct flow *f, struct invitation *inv, void *ctx, struct fault *fault)
{
	struct administer *a = ctx;
	enum err code;

	if (inv->state == INVITATION_REVOKED) {
		a->nothing_to_do = true;
		return ERR_REVOKED;
	}
	code = flow_refusal(f, inv, fault);
	if (code != ERR_OK)
		return code;
	code = invitation_apply(inv, INVITATION_EV_REVOKE, flow_now(f), a->by.name, fault);
	if (code == ERR_OK)
		invitation_erase(inv);
	return code;
}

void
flow_revoke_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_change_cb *cb, void *arg)
{
	administer_start(
	    administer_new(f, INVITATION_EV_REVOKE, caller, cb, arg), id, revoke_mutate);
}

static enum err
relink_mutate(struct flow *f, struct invitation *inv, void *ctx, struct fault *fault)
{
	struct administer *a = ctx;
	enum err code = flow_refusal(f, inv, fault);

	if (code != ERR_OK)
		return code;
	code = invitation_add_token(inv, &a->hash, true, flow_now(f), fault);
	if (code != ERR_OK)
		return code;
	return invitation_apply(inv, INVITATION_EV_LINK, flow_now(f), a->by.name, fault);
}

void
flow_relink_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_change_cb *cb, void *arg)
{
	struct administer *a = administer_new(f, INVITATION_EV_LINK, caller, cb, arg);
	unsigned char random[32];

	random_fill(random, sizeof(random));
	a->token = token_make(random, &a->hash);
	secret_wipe(random, sizeof(random));
	administer_start(a, id, relink_mutate);
}
