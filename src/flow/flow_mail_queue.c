/* The queues in an administrator's hands: look, hurry, drop. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

/* ---- list ---- */

struct queue_list {
	struct flow_task task; /* first */
	store_outbox_cb *cb;
	void *arg;
};

static void
queue_list_release(struct flow_task *task)
{
	free(task);
}

static void
queue_on_listed(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct queue_list *l = arg;

	flow_task_unlink(&l->task);
	flow_log_damage(code, f);
	l->cb(l->arg, code, list, count, next, f);
	free(l);
}

void
flow_queue_list_start(struct flow *f, enum outbox_queue queue, const char *after, size_t limit,
    store_outbox_cb *cb, void *arg)
{
	struct queue_list *l = mem_alloc(sizeof(*l));

	l->cb = cb;
	l->arg = arg;
	flow_task_begin(f, &l->task, queue_list_release);
	l->task.op = store_outbox_list(f->conf.store, queue, after, limit, queue_on_listed, l);
}

/* ---- retry, drop ---- */

enum { QUEUE_TRIES = 5 };

struct queue_op {
	struct flow_task task; /* first */
	enum outbox_queue queue;
	bool drop;
	char id[ID_SIZE];
	struct flow_caller by;
	struct arena *arena;
	struct outbox_item *item, *next;
	struct delivery *log;
	int tries;
	flow_item_cb *cb;
	void *arg;
};

static void queue_load(struct queue_op *q);

static void
queue_release(struct flow_task *task)
{
	struct queue_op *q = (struct queue_op *)task;

	outbox_item_free(q->item);
	outbox_item_free(q->next);
	delivery_free(q->log);
	arena_free(q->arena);
	free(q);
}

static void
queue_finish(struct queue_op *q, enum err code, const struct fault *f)
{
	struct lane *lane = q->task.flow->lanes[q->queue];

	if (code == ERR_OK)
		log_info(q->drop ? "a queued item was dropped" : "a queued item is tried now",
		    "item", q->id, "by", q->by.name, "request", q->by.request_id);
	if (code == ERR_OK && !q->drop && lane != NULL)
		lane_resume(lane);
	flow_task_unlink(&q->task);
	q->cb(q->arg, code, f);
	queue_release(&q->task);
}

static void
queue_on_written(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct queue_op *q = arg;

	(void)revision;
	q->task.op = NULL;
	if (code == ERR_CONFLICT && ++q->tries < QUEUE_TRIES)
		queue_load(q);
	else
		queue_finish(q, code, f);
}

static void
queue_retry(struct queue_op *q)
{
	struct flow *flow = q->task.flow;
	struct store_note note = flow_note(&q->by);

	note.event = "queue_item_retried";
	q->next = outbox_item_copy(q->item);
	q->next->due = flow_now(flow);
	q->next->slotted = false;
	q->task.op = store_outbox_save(flow->conf.store, q->item, q->next, NULL, NULL,
	    INVITATION_EV_MAIL, &note, queue_on_written, q);
}

static void
queue_drop(struct queue_op *q)
{
	struct flow *flow = q->task.flow;
	const struct store_post post = { .delivery = q->log };
	struct store_note note = flow_note(&q->by);

	note.post = &post;
	note.event = "queue_item_dropped";
	q->task.op = store_outbox_remove(flow->conf.store, q->item, NULL, NULL, INVITATION_EV_MAIL,
	    &note, 0, NULL, queue_on_written, q);
}

/* An empty log of a mail may be one that was forgotten with its invitation. */
static void
queue_on_log(void *arg, enum err code, struct delivery **log, const struct fault *f)
{
	struct queue_op *q = arg;

	q->task.op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) {
		queue_finish(q, code, f);
		return;
	}
	if (code == ERR_OK && (*log)->revision != 0) {
		q->log = *log;
		*log = NULL;
		if (strcmp(q->log->waiting, q->id) == 0)
			q->log->waiting[0] = '\0';
		delivery_note(
		    q->log, DELIVERY_DROPPED, q->item->kind, flow_now(q->task.flow), q->by.name);
	}
	queue_drop(q);
}

/* One that cannot be read can be dropped as well. */
static void
queue_on_discarded(void *arg, enum err code, const struct fault *f)
{
	queue_on_written(arg, code, 0, f);
}

static void
queue_on_loaded(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct queue_op *q = arg;
	struct fault own = { .text = "" };

	(void)next;
	q->task.op = NULL;
	if (code == ERR_CORRUPT && q->drop) {
		q->task.op = store_outbox_discard(
		    q->task.flow->conf.store, q->queue, q->id, queue_on_discarded, q);
		return;
	}
	if (code == ERR_OK && (count == 0 || outbox_queue_of(list[0]->kind) != q->queue))
		code = fault_set(&own, ERR_NOT_FOUND, "the queue has no such item");
	else if (code == ERR_OK && list[0]->owner[0] != '\0')
		code = fault_set(&own, ERR_CONFLICT, "it is being sent");
	else if (code != ERR_OK)
		own = *f;
	if (code != ERR_OK) {
		queue_finish(q, code, &own);
		return;
	}
	q->item = list[0];
	list[0] = NULL;
	if (!q->drop)
		queue_retry(q);
	else if (q->queue == OUTBOX_MAILS)
		q->task.op = store_delivery_load(
		    q->task.flow->conf.store, q->item->subject, queue_on_log, q);
	else
		queue_drop(q);
}

static void
queue_load(struct queue_op *q)
{
	outbox_item_free(q->item);
	outbox_item_free(q->next);
	delivery_free(q->log);
	q->item = q->next = NULL;
	q->log = NULL;
	q->task.op = store_outbox_load(q->task.flow->conf.store, q->id, queue_on_loaded, q);
}

static void
queue_start(struct flow *f, enum outbox_queue queue, bool drop, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	struct queue_op *q = mem_alloc(sizeof(*q));

	q->queue = queue;
	q->drop = drop;
	memcpy(q->id, id, strnlen(id, ID_SIZE - 1));
	q->arena = arena_new(0);
	q->by = flow_caller_copy(caller, q->arena);
	q->cb = cb;
	q->arg = arg;
	flow_task_begin(f, &q->task, queue_release);
	queue_load(q);
}

void
flow_queue_retry_start(struct flow *f, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	queue_start(f, queue, false, id, caller, cb, arg);
}

void
flow_queue_drop_start(struct flow *f, enum outbox_queue queue, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	queue_start(f, queue, true, id, caller, cb, arg);
}

void
flow_queue_retry_all(struct flow *f, enum outbox_queue queue, const struct flow_caller *caller)
{
	if (f->lanes[queue] == NULL)
		return;
	log_info("a queue's pause is ended", "queue", queue == OUTBOX_MAILS ? "mails" : "webhooks",
	    "by", caller->name, "request", caller->request_id);
	lane_resume(f->lanes[queue]);
}
