/* One operation of an administrator on webhooks; for flow_hook_admin.c, _list.c and _replay.c. */
#ifndef USHERD_FLOW_HOOK_OP_PRIVATE_H
#define USHERD_FLOW_HOOK_OP_PRIVATE_H

#include "flow/hook_private.h"

struct hook_op {
	TAILQ_ENTRY(hook_op) link;
	struct flow *flow;
	struct store_op *op; /* the wait under way, or NULL */
	struct loop_timer *later;
	struct fault fault; /* to be told then */
	struct arena *arena;
	struct field_errors errors;
	char id[ID_SIZE]; /* the endpoint */
	struct flow_caller by;
	struct store_note note; /* of them */
	const char *event;
	struct hook hook;
	struct hook_spec spec;
	struct secret *secret; /* the new one's text */
	int64_t overlap_ms;
	void (*edit)(struct hook_op *o); /* again after a conflict; NULL: never */
	int tries;
	/* A list of messages. */
	struct outbox_item *items[STORE_LIST_MAX];
	size_t count, limit;
	/* One of these. */
	flow_hook_cb *on_hook;
	flow_item_cb *on_item;
	store_hooked_cb *on_list;
	void *arg;
	/* A message. */
	char message[ID_SIZE];
};

struct hook_op *hook_op_new(struct flow *f, const char *id, const struct flow_caller *caller);
void hook_op_free(struct hook_op *o);
/* Answers and frees. */
void hook_op_finish(struct hook_op *o, enum err code, const struct fault *f);
/* The same from inside the starting call. */
void hook_op_finish_later(struct hook_op *o, enum err code, const char *words);
/* The endpoint, if it can be sent to, or NULL: finished. What an administrator asks for is tried at
 * once, pause or not. */
const struct hook *hook_op_target(struct hook_op *o);

/* What the trail tells of it (flow_hook_note.c), into o->note. `before`: what is there now, NULL:
 * nothing yet. Without a new one (o->hook has no id) it is deleted. */
void hook_op_fill_note(struct hook_op *o, const struct hook *before);

#endif
