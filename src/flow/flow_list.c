/* A page of open invitations. What is out of the caller's reach is passed over where the page is
 * made. Whoever reaches their own alone is served from the index of who made what, and looks at
 * nobody else's; who reaches a part of the tree looks at so many and goes on in the next page,
 * whose cursor is sealed, because it may name one that they know nothing of. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"

enum { LISTING_LOOK_MAX = 1000 /* invitations that one page looks at */ };

static const char cursor_query[] = "invitations";

struct listing {
	struct flow_task task; /* first */
	struct loop_timer *later;
	struct fault fault;
	struct flow_caller by;
	struct arena *arena;
	size_t limit, count, looked;
	struct invitation *page[STORE_LIST_MAX];
	const char (*own)[ID_SIZE]; /* that are still to be looked at */
	size_t own_count;
	char at[ID_SIZE]; /* the last that was looked at; "": none */
	flow_list_cb *cb;
	void *arg;
};

static void listing_go_on(struct listing *l);
static void listing_load_own(struct listing *l);

static void
listing_release(struct flow_task *task)
{
	struct listing *l = (struct listing *)task;

	for (size_t i = 0; i < l->count; i++)
		invitation_free(l->page[i]);
	loop_timer_free(l->later);
	arena_free(l->arena);
	free(l);
}

static void
listing_finish(struct listing *l, enum err code, bool more, const struct fault *f)
{
	const bool ok = code == ERR_OK;
	char next[STORE_CURSOR_SIZE];

	if (ok && more)
		store_cursor_make(l->task.flow->conf.store, cursor_query, l->at, next);
	flow_task_unlink(&l->task);
	l->cb(l->arg, code, ok ? l->page : NULL, ok ? l->count : 0, ok && more ? next : NULL, f);
	listing_release(&l->task);
}

/* ---- all that there are ---- */

static void
listing_on_listed(void *arg, enum err code, struct invitation *const *list, size_t count, bool more,
    const char *next, const struct fault *f)
{
	struct listing *l = arg;
	size_t i = 0;

	l->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		listing_finish(l, code, false, f);
		return;
	}
	for (; i < count && l->count < l->limit; i++) {
		memcpy(l->at, list[i]->id, sizeof(l->at));
		if (flow_reaches_invitation(&l->by, list[i]))
			l->page[l->count++] = invitation_copy(list[i]);
	}
	l->looked += STORE_LIST_MAX; /* those that are over among them */
	if (l->count == l->limit) {
		listing_finish(l, ERR_OK, more || i < count, NULL);
		return;
	}
	if (more)
		memcpy(l->at, next, sizeof(l->at));
	if (!more || (l->by.reach != NULL && l->looked >= LISTING_LOOK_MAX))
		listing_finish(l, ERR_OK, more, NULL);
	else
		listing_go_on(l);
}

/* Whoever reaches everything needs no more than the page. */
static void
listing_go_on(struct listing *l)
{
	const size_t limit = l->by.reach != NULL ? STORE_LIST_MAX : l->limit - l->count;

	l->task.op = store_list(l->task.flow->conf.store, l->at[0] != '\0' ? l->at : NULL, limit,
	    true, listing_on_listed, l);
}

/* ---- one's own ---- */

static void
listing_on_own(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct listing *l = arg;

	l->task.op = NULL;
	if (code == ERR_CORRUPT)
		flow_log_damage(ERR_OK, f);
	else if (code != ERR_OK && code != ERR_NOT_FOUND) {
		listing_finish(l, code, false, f);
		return;
	}
	if (code == ERR_OK && !invitation_is_final((*inv)->state) &&
	    flow_reaches_invitation(&l->by, *inv)) {
		l->page[l->count++] = *inv;
		*inv = NULL;
	}
	listing_load_own(l);
}

static void
listing_load_own(struct listing *l)
{
	if (l->count == l->limit || l->own_count == 0) {
		listing_finish(l, ERR_OK, l->own_count > 0, NULL);
		return;
	}
	memcpy(l->at, *l->own++, sizeof(l->at));
	l->own_count--;
	l->task.op = store_load(l->task.flow->conf.store, l->at, listing_on_own, l);
}

/* ---- begin ---- */

static void
listing_begin(void *arg)
{
	struct listing *l = arg;
	const char *owner = reach_owner(l->by.reach), *after = l->at[0] != '\0' ? l->at : NULL;

	if (l->fault.code != ERR_OK)
		listing_finish(l, l->fault.code, false, &l->fault);
	else if (owner != NULL &&
		 quota_list(l->task.flow->quota, owner, after, l->arena, &l->own, &l->own_count))
		listing_load_own(l);
	else
		listing_go_on(l);
}

void
flow_list_start(struct flow *f, const char *cursor, size_t limit, const struct flow_caller *caller,
    flow_list_cb *cb, void *arg)
{
	struct listing *l = mem_alloc(sizeof(*l));

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	l->arena = arena_new(0);
	l->by = flow_caller_copy(caller, l->arena);
	l->limit = limit;
	l->cb = cb;
	l->arg = arg;
	if (cursor != NULL)
		store_cursor_read(f->conf.store, cursor_query, cursor, l->at, &l->fault);
	l->later = loop_timer_new(f->conf.loop, listing_begin, l);
	flow_task_begin(f, &l->task, listing_release);
	loop_timer_set(l->later, 0);
}
