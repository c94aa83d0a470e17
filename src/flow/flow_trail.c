/* Reading the trail. A page may end with a record that the asker is not shown, whose id tells when
 * something was done elsewhere: so cursors are sealed, and good for the same question alone. */
#include "flow/flow_trail.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"

struct trail {
	struct flow_task task; /* first */
	struct loop_timer *later;
	struct fault fault;
	struct arena *arena;
	const char *question;
	audit_list_cb *cb;
	void *arg;
};

static void
trail_release(struct flow_task *task)
{
	struct trail *t = (struct trail *)task;

	loop_timer_free(t->later);
	arena_free(t->arena);
	free(t);
}

static void
trail_on_listed(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f)
{
	struct trail *t = arg;
	char cursor[STORE_CURSOR_SIZE];

	t->task.op = NULL;
	if (next != NULL)
		store_cursor_make(t->task.flow->conf.store, t->question, next, cursor);
	flow_task_unlink(&t->task);
	t->cb(t->arg, code, list, count, next != NULL ? cursor : NULL, f);
	trail_release(&t->task);
}

static void
trail_on_refused(void *arg)
{
	struct trail *t = arg;

	trail_on_listed(t, t->fault.code, NULL, 0, NULL, &t->fault);
}

/* Everything that is asked for but how many, each behind its length, so that no two are alike. */
static const char *
trail_question(const struct audit_query *q, struct arena *arena)
{
	const char *const words[] = { q->event, q->actor, q->about, q->subject, q->request_id };
	const char *text = arena_printf(
	    arena, "audit %" PRId64 " %" PRId64 " %d", q->from, q->to, q->oldest_first);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		text = words[i] == NULL
			   ? arena_printf(arena, "%s -", text)
			   : arena_printf(arena, "%s %zu:%s", text, strlen(words[i]), words[i]);
	return text;
}

void
flow_trail_list_start(struct flow *f, const struct audit_query *q, audit_list_cb *cb, void *arg)
{
	struct trail *t = mem_alloc(sizeof(*t));
	struct audit_query asked = *q;
	char after[ID_SIZE];

	t->arena = arena_new(0);
	t->question = trail_question(q, t->arena);
	t->cb = cb;
	t->arg = arg;
	t->later = loop_timer_new(f->conf.loop, trail_on_refused, t);
	flow_task_begin(f, &t->task, trail_release);
	if (q->after != NULL &&
	    store_cursor_read(f->conf.store, t->question, q->after, after, &t->fault) != ERR_OK) {
		loop_timer_set(t->later, 0);
		return;
	}
	asked.after = q->after != NULL ? after : NULL;
	t->task.op = store_audit_list(f->conf.store, &asked, trail_on_listed, t);
}

void
flow_trail_verify_start(
    struct flow *f, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	store_audit_verify(f->conf.store, known, cb, arg);
}
