/* Messages of an endpoint, as an administrator sees them: a test, and the list. */
#include <stdio.h>
#include <string.h>

#include "flow/hook_op_private.h"

/* ---- test ---- */

static void
test_on_queued(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_op *o = arg;

	(void)revision;
	o->op = NULL;
	hook_op_finish(o, code, f);
}

void
flow_hook_test_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, id, caller);
	const struct hook *h;
	struct outbox_item *i;

	o->on_item = cb;
	o->arg = arg;
	h = hook_op_target(o);
	if (h == NULL)
		return;
	i = hook_message_of_test(h, flow_now(f));
	o->op = store_outbox_save(
	    f->conf.store, NULL, i, NULL, NULL, INVITATION_EVENT_COUNT, NULL, test_on_queued, o);
	outbox_item_free(i);
}

/* ---- list ---- */

/* Where a page goes on: "w" and a place in the queue, or "e" and the id of one that ended. */
enum { CURSOR_MAX = 160 };

static void
list_answer(struct hook_op *o, enum err code, const struct hooked *ended, size_t ended_count,
    char mark, const char *next, const struct fault *f)
{
	struct hooked list[STORE_LIST_MAX];
	char cursor[CURSOR_MAX];
	size_t count = 0;

	for (size_t i = 0; i < o->count; i++)
		list[count++] = (struct hooked){ .item = o->items[i] };
	for (size_t i = 0; i < ended_count && count < o->limit; i++)
		list[count++] = ended[i];
	if (next != NULL)
		snprintf(cursor, sizeof(cursor), "%c%s", mark, next);
	o->on_list(o->arg, code, list, code == ERR_OK ? count : 0,
	    code == ERR_OK && next != NULL ? cursor : NULL, f);
	hook_op_free(o);
}

static void
list_on_ended(void *arg, enum err code, const struct hooked *list, size_t count, const char *next,
    const struct fault *f)
{
	struct hook_op *o = arg;

	o->op = NULL;
	flow_log_damage(code, f);
	list_answer(o, code, list, count, 'e', next, f);
}

static void
list_read_ended(struct hook_op *o, const char *after)
{
	o->op = store_hooked_list(
	    o->flow->conf.store, o->id, after, o->limit - o->count, list_on_ended, o);
}

/* Of all endpoints: what is another's is left out. */
static void
list_on_waiting(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct hook_op *o = arg;

	o->op = NULL;
	flow_log_damage(code, f);
	for (size_t i = 0; i < count && i < o->limit; i++)
		if (strcmp(list[i]->subject, o->id) == 0) {
			o->items[o->count++] = list[i];
			list[i] = NULL;
		}
	if (code != ERR_OK || next != NULL)
		list_answer(o, code, NULL, 0, 'w', next, f);
	else if (o->count == o->limit)
		list_answer(o, code, NULL, 0, 'e', "", f);
	else
		list_read_ended(o, NULL);
}

void
flow_hooked_list_start(struct flow *f, const char *hook, const char *after, size_t limit,
    store_hooked_cb *cb, void *arg)
{
	static const struct flow_caller nobody = { .name = "" };
	struct hook_op *o = hook_op_new(f, hook, &nobody);

	o->on_list = cb;
	o->arg = arg;
	o->limit = limit < STORE_LIST_MAX ? limit : STORE_LIST_MAX;
	if (after != NULL && after[0] == 'e')
		list_read_ended(o, after[1] != '\0' ? after + 1 : NULL);
	else
		o->op = store_outbox_list(f->conf.store, OUTBOX_HOOKS,
		    after != NULL ? after + 1 : NULL, o->limit, list_on_waiting, o);
}
