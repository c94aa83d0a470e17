/* What an administrator does with an invitation that exists: revoke, new link, show, list. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "log/log.h"

struct administer {
	struct flow *flow;
	enum invitation_event event;
	char *actor, *request_id;
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
	a->actor = mem_dup_string(caller->name);
	a->request_id = mem_dup_string(caller->request_id);
	a->cb = cb;
	a->arg = arg;
	return a;
}

static void
administer_free(void *ctx)
{
	struct administer *a = ctx;

	secret_free(a->token);
	free(a->actor);
	free(a->request_id);
	free(a);
}

static void
administer_on_changed(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct administer *a = ctx;

	if (code == ERR_EXPIRED && inv != NULL)
		flow_expire(a->flow, inv, a->actor); /* who was told so can rely on it */
	if (a->nothing_to_do)
		code = ERR_OK;
	else if (code == ERR_OK)
		log_info("an invitation was changed", "event", invitation_event_name(a->event),
		    "invitation", inv->id, "by", a->actor, "request", a->request_id);
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
		.actor = a->actor,
		.request_id = a->request_id };

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
	code = invitation_apply(inv, INVITATION_EV_REVOKE, flow_now(f), a->actor, fault);
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
	return invitation_apply(inv, INVITATION_EV_LINK, flow_now(f), a->actor, fault);
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

/* ---- look ---- */

struct show {
	flow_change_cb *cb;
	void *arg;
};

static void
show_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct show s = *(struct show *)arg;

	free(arg);
	s.cb(s.arg, code, code == ERR_OK ? *inv : NULL, NULL, f);
}

void
flow_show_start(struct flow *f, const char *id, flow_change_cb *cb, void *arg)
{
	struct show *s = mem_alloc(sizeof(*s));

	*s = (struct show){ cb, arg };
	store_load(f->conf.store, id, show_on_loaded, s);
}

struct listing {
	flow_list_cb *cb;
	void *arg;
};

static void
listing_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct listing l = *(struct listing *)arg;

	free(arg);
	flow_log_damage(code, f);
	l.cb(l.arg, code, list, count, more ? next : NULL, f);
}

void
flow_list_start(struct flow *f, const char *after, size_t limit, flow_list_cb *cb, void *arg)
{
	struct listing *l = mem_alloc(sizeof(*l));

	*l = (struct listing){ cb, arg };
	store_list(f->conf.store, after, limit, true, listing_on_listed, l);
}
