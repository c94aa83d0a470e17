/* Looking: an invitation with the log of its mails, and that its form was shown. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

/* ---- details ---- */

struct details {
	struct flow_task task; /* first */
	struct flow_caller by;
	struct arena *arena;
	struct invitation *inv;
	flow_details_cb *cb;
	void *arg;
};

static void
details_release(struct flow_task *task)
{
	struct details *d = (struct details *)task;

	invitation_free(d->inv);
	arena_free(d->arena);
	free(d);
}

static void
details_finish(struct details *d, enum err code, const struct delivery *log, const struct fault *f)
{
	flow_task_unlink(&d->task);
	d->cb(d->arg, code, code == ERR_OK ? d->inv : NULL, code == ERR_OK ? log : NULL, f);
	details_release(&d->task);
}

static void
details_on_log(void *arg, enum err code, struct delivery **log, const struct fault *f)
{
	struct details *d = arg;
	struct delivery *empty = NULL;

	d->task.op = NULL;
	if (code == ERR_CORRUPT) { /* the invitation is whole: that much can be shown */
		log_error("the log of an invitation's mails is damaged", "invitation", d->inv->id,
		    "reason", f->text);
		empty = delivery_new();
		details_finish(d, ERR_OK, empty, NULL);
	} else
		details_finish(d, code, code == ERR_OK ? *log : NULL, f);
	delivery_free(empty);
}

static void
details_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct details *d = arg;
	struct fault own;

	d->task.op = NULL;
	if (code == ERR_OK) {
		code = flow_check_reach(&d->by, *inv, &own);
		f = &own;
	}
	if (code != ERR_OK) {
		details_finish(d, code, NULL, f);
		return;
	}
	d->inv = *inv;
	*inv = NULL;
	d->task.op = store_delivery_load(d->task.flow->conf.store, d->inv->id, details_on_log, d);
}

void
flow_details_start(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_details_cb *cb, void *arg)
{
	struct details *d = mem_alloc(sizeof(*d));

	d->arena = arena_new(0);
	d->by = flow_caller_copy(caller, d->arena);
	d->cb = cb;
	d->arg = arg;
	flow_task_begin(f, &d->task, details_release);
	d->task.op = store_load(f->conf.store, id, details_on_loaded, d);
}

/* ---- opened ---- */

/* Nobody waits for it, so nothing is made of a store that is away: the next look notes it. */
enum { OPENED_TRIES = 5, OPENED_AT_ONCE = 64 };

struct opened {
	struct flow_task task; /* first */
	char id[ID_SIZE];
	struct delivery *log;
	int tries;
};

static void opened_load(struct opened *o);

static void
opened_release(struct flow_task *task)
{
	task->flow->opening--;
	delivery_free(((struct opened *)task)->log);
	free(task);
}

static void
opened_end(struct opened *o)
{
	flow_task_unlink(&o->task);
	opened_release(&o->task);
}

static void
opened_on_saved(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct opened *o = arg;

	(void)revision;
	o->task.op = NULL;
	if (code == ERR_CONFLICT && ++o->tries < OPENED_TRIES) {
		opened_load(o);
		return;
	}
	if (code != ERR_OK)
		log_debug(
		    "a form that was shown was not noted", "invitation", o->id, "reason", f->text);
	opened_end(o);
}

static void
opened_on_log(void *arg, enum err code, struct delivery **log, const struct fault *f)
{
	struct opened *o = arg;
	struct flow *flow = o->task.flow;

	(void)f;
	o->task.op = NULL;
	if (code != ERR_OK || (*log)->opened) {
		opened_end(o);
		return;
	}
	delivery_free(o->log);
	o->log = *log;
	*log = NULL;
	o->log->opened = true;
	delivery_note(o->log, DELIVERY_OPENED, OUTBOX_KIND_COUNT, flow_now(flow), NULL);
	o->task.op = store_delivery_save(flow->conf.store, o->id, o->log, opened_on_saved, o);
}

static void
opened_load(struct opened *o)
{
	o->task.op = store_delivery_load(o->task.flow->conf.store, o->id, opened_on_log, o);
}

void
flow_note_opened(struct flow *f, const struct invitation *inv)
{
	struct opened *o;

	if (f->draining || f->opening >= OPENED_AT_ONCE)
		return;
	o = mem_alloc(sizeof(*o));
	memcpy(o->id, inv->id, sizeof(o->id));
	f->opening++;
	flow_task_begin(f, &o->task, opened_release);
	opened_load(o);
}
