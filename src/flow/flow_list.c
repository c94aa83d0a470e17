/* A page of open invitations. What is out of the caller's reach is passed over where the page is
 * made, so that it is full all the same, and its cursor is an id that the caller knows. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"

struct listing {
	struct flow_task task; /* first */
	struct flow_caller by;
	struct arena *arena;
	size_t limit, count;
	struct invitation *page[STORE_LIST_MAX];
	flow_list_cb *cb;
	void *arg;
};

static void listing_go_on(struct listing *l, const char *after);

static void
listing_release(struct flow_task *task)
{
	struct listing *l = (struct listing *)task;

	for (size_t i = 0; i < l->count; i++)
		invitation_free(l->page[i]);
	arena_free(l->arena);
	free(l);
}

static void
listing_finish(struct listing *l, enum err code, const char *next, const struct fault *f)
{
	const bool ok = code == ERR_OK;

	flow_task_unlink(&l->task);
	l->cb(l->arg, code, ok ? l->page : NULL, ok ? l->count : 0, ok ? next : NULL, f);
	listing_release(&l->task);
}

static void
listing_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct listing *l = arg;
	size_t i = 0;

	l->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		listing_finish(l, code, NULL, f);
		return;
	}
	for (; i < count && l->count < l->limit; i++)
		if (flow_reaches_invitation(&l->by, list[i]))
			l->page[l->count++] = invitation_copy(list[i]);
	if (l->count == l->limit && (more || i < count))
		listing_finish(l, ERR_OK, l->page[l->count - 1]->id, NULL);
	else if (more)
		listing_go_on(l, next);
	else
		listing_finish(l, ERR_OK, NULL, NULL);
}

/* Whoever reaches everything needs no more than the page. */
static void
listing_go_on(struct listing *l, const char *after)
{
	const size_t limit = l->by.reach != NULL ? STORE_LIST_MAX : l->limit - l->count;

	l->task.op = store_list(l->task.flow->conf.store, after, limit, true, listing_on_listed, l);
}

void
flow_list_start(struct flow *f, const char *after, size_t limit, const struct flow_caller *caller,
    flow_list_cb *cb, void *arg)
{
	struct listing *l = mem_alloc(sizeof(*l));

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	l->arena = arena_new(0);
	l->by = flow_caller_copy(caller, l->arena);
	l->limit = limit;
	l->cb = cb;
	l->arg = arg;
	flow_task_begin(f, &l->task, listing_release);
	listing_go_on(l, after);
}
