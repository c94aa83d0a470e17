/* A message once more, because an administrator wants it. */
#include <string.h>

#include "flow/hook_op_private.h"
#include "log/log.h"

static void
replay_on_hurried(void *arg, enum err code, const struct fault *f)
{
	struct hook_op *o = arg;

	hook_op_finish(o, code, f);
}

/* An id of another endpoint's message is none of this one. */
static void
replay_on_loaded(void *arg, enum err code, struct outbox_item **list, size_t count,
    const char *next, const struct fault *f)
{
	struct hook_op *o = arg;
	struct fault none;

	(void)next;
	o->op = NULL;
	if (code == ERR_OK && (count == 0 || strcmp(list[0]->subject, o->id) != 0)) {
		code = fault_set(&none, ERR_NOT_FOUND, "there is no such message");
		f = &none;
	}
	if (code == ERR_OK)
		flow_queue_retry_start(
		    o->flow, OUTBOX_HOOKS, o->message, &o->by, replay_on_hurried, o);
	else
		hook_op_finish(o, code, f);
}

static void
replay_on_done(void *arg, enum err code, const struct fault *f)
{
	struct hook_op *o = arg;

	o->op = NULL;
	if (code == ERR_NOT_FOUND || code == ERR_CONFLICT) { /* it may be queued */
		o->op = store_outbox_load(o->flow->conf.store, o->message, replay_on_loaded, o);
		return;
	}
	if (code == ERR_OK)
		log_info("a webhook message is sent again", "message", o->message, "webhook", o->id,
		    "by", o->note.actor, "request", o->note.request_id);
	hook_op_finish(o, code, f);
}

void
flow_hooked_replay_start(struct flow *f, const char *hook, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, hook, caller);

	o->on_item = cb;
	o->arg = arg;
	memcpy(o->message, id, strnlen(id, ID_SIZE - 1));
	if (hook_op_target(o) != NULL)
		o->op = store_hooked_replay(
		    f->conf.store, o->id, o->message, &o->note, replay_on_done, o);
}
