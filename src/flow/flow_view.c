/* What the holder of a link sees. Changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"

struct view {
	struct flow *flow;
	struct token_hash token;
	char attempt[INVITATION_ATTEMPT_SIZE];
	flow_view_cb *cb;
	void *arg;
};

static bool
view_may_tell_done(const struct view *v, const struct invitation *inv)
{
	if (v->attempt[0] != '\0' && strcmp(v->attempt, inv->attempt) == 0)
		return true;
	return inv->settled_later && flow_now(v->flow) - inv->done_at < FLOW_FOLLOW_MS;
}

static enum accept_view_state
view_state_of(const struct view *v, const struct invitation *inv)
{
	const struct attempt *a = flow_attempt_of(v->flow, inv->id);

	switch (invitation_open(inv, &v->token, flow_now(v->flow), NULL)) {
	case ERR_OK:
		/* An attempt that has not claimed yet may still fail: only its own page waits for
		 * it. One that goes on with a created entry may have told its person to wait. */
		return a != NULL && flow_attempt_was_told_later(a) ? VIEW_IN_PROGRESS : VIEW_OPEN;
	case ERR_CONFLICT:
		return VIEW_IN_PROGRESS;
	case ERR_USED:
		return view_may_tell_done(v, inv) ? VIEW_DONE : VIEW_USED;
	case ERR_EXPIRED:
		return VIEW_EXPIRED;
	case ERR_REVOKED:
		return VIEW_REVOKED;
	default:
		return VIEW_UNKNOWN;
	}
}

static void
view_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct view *v = arg;
	struct accept_view view = { .state = VIEW_UNKNOWN };

	if (code == ERR_OK) {
		view.state = view_state_of(v, *inv);
		if (view.state <= VIEW_DONE)
			view.inv = *inv;
		view.needs_password_only =
		    view.state == VIEW_OPEN && (*inv)->state == INVITATION_CREATED;
	} else if (code == ERR_NOT_FOUND)
		code = ERR_OK;
	v->cb(v->arg, code, code == ERR_OK ? &view : NULL, f);
	free(v);
}

void
flow_view_start(struct flow *f, const struct token_hash *token, const char *attempt,
    flow_view_cb *cb, void *arg)
{
	struct view *v = mem_alloc(sizeof(*v));

	v->flow = f;
	v->token = *token;
	if (attempt != NULL)
		memcpy(v->attempt, attempt, strnlen(attempt, sizeof(v->attempt) - 1));
	v->cb = cb;
	v->arg = arg;
	store_load_by_token(f->conf.store, token, view_on_loaded, v);
}
