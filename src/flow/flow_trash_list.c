/* A page of who can be restored. What is out of the caller's reach is passed over where the page is
 * made, so whoever reaches a part of the tree looks at so many and goes on in the next page, whose
 * cursor is sealed, because it may name one that they know nothing of. The names of each that is
 * shown are read under the key of its own; of the others nothing is opened. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_people.h"
#include "flow/flow_private.h"
#include "store/store_people.h"

enum { TRASH_LOOK_MAX = 1000 /* entries that one page looks at */ };

static const char cursor_query[] = "trash";

struct trash_listing {
	struct flow_task task; /* first */
	struct loop_timer *later;
	struct fault fault;
	struct flow_caller by;
	struct arena *arena; /* every string here */
	size_t limit, count, looked;
	struct flow_deleted page[STORE_LIST_MAX];
	struct store_trash read[STORE_LIST_MAX]; /* that are still to be looked at */
	size_t read_count, read_at;
	bool more;	  /* behind them */
	char at[ID_SIZE]; /* the last that was looked at; "": none */
	flow_trash_cb *cb;
	void *arg;
};

static void trash_list_read(struct trash_listing *l);
static void trash_list_next(struct trash_listing *l);

static void
trash_list_release(struct flow_task *task)
{
	struct trash_listing *l = (struct trash_listing *)task;

	loop_timer_free(l->later);
	arena_free(l->arena);
	free(l);
}

static void
trash_list_finish(struct trash_listing *l, enum err code, bool more, const struct fault *f)
{
	const bool ok = code == ERR_OK;
	char next[STORE_CURSOR_SIZE];

	if (ok && more)
		store_cursor_make(l->task.flow->conf.store, cursor_query, l->at, next);
	flow_task_unlink(&l->task);
	l->cb(l->arg, code, ok ? l->page : NULL, ok ? l->count : 0, ok && more ? next : NULL, f);
	trash_list_release(&l->task);
}

/* ---- one ---- */

static void
trash_list_on_names(
    void *arg, enum err code, const struct trash_names *names, const struct fault *f)
{
	struct trash_listing *l = arg;
	const struct store_trash *t = &l->read[l->read_at - 1];
	struct flow_deleted *d = &l->page[l->count];

	l->task.op = NULL;
	if (code == ERR_OK) {
		*d = (struct flow_deleted){ .name = arena_strdup(l->arena, names->name),
			.uid = arena_strdup(l->arena, names->uid),
			.mail = arena_strdup(l->arena, names->mail),
			.org_unit = flow_place_above(t->dn, l->arena),
			.by = t->by,
			.deleted_at = t->at,
			.restorable_until = t->restorable_until };
		memcpy(d->id, t->id, sizeof(d->id));
		l->count++;
	} else if (code == ERR_CORRUPT)
		flow_log_damage(ERR_OK, f);
	if (code == ERR_OK || code == ERR_CORRUPT || code == ERR_NOT_FOUND)
		trash_list_next(l);
	else
		trash_list_finish(l, code, false, f);
}

/* The sweeper may not have come by yet. */
static bool
trash_list_shows(struct trash_listing *l, const struct store_trash *t)
{
	return t->restorable_until > flow_now(l->task.flow) &&
	       flow_reaches(&l->by, flow_place_above(t->dn, l->arena), NULL);
}

static void
trash_list_next(struct trash_listing *l)
{
	while (l->read_at < l->read_count && l->count < l->limit) {
		const struct store_trash *t = &l->read[l->read_at++];

		memcpy(l->at, t->listed, sizeof(l->at));
		if (trash_list_shows(l, t)) {
			l->task.op = store_trash_load_names(
			    l->task.flow->conf.store, t, trash_list_on_names, l);
			return;
		}
	}
	if (l->count == l->limit)
		trash_list_finish(l, ERR_OK, l->more || l->read_at < l->read_count, NULL);
	else if (!l->more || l->looked >= TRASH_LOOK_MAX)
		trash_list_finish(l, ERR_OK, l->more, NULL);
	else
		trash_list_read(l);
}

/* ---- a page of the store's ---- */

static void
trash_list_keep(struct trash_listing *l, const struct store_trash *t)
{
	struct store_trash *own = &l->read[l->read_count++];

	*own = *t;
	own->dn = arena_strdup(l->arena, t->dn);
	own->by = arena_strdup(l->arena, t->by);
	own->names = arena_strdup(l->arena, t->names);
}

static void
trash_list_on_read(void *arg, enum err code, const struct store_trash *list, size_t count,
    const char *next, const struct fault *f)
{
	struct trash_listing *l = arg;

	l->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		trash_list_finish(l, code, false, f);
		return;
	}
	l->read_count = l->read_at = 0;
	for (size_t i = 0; i < count; i++)
		trash_list_keep(l, &list[i]);
	l->looked += STORE_LIST_MAX; /* those that are damaged among them */
	l->more = next != NULL;
	if (l->more && count == 0)
		memcpy(l->at, next, sizeof(l->at));
	trash_list_next(l);
}

/* Whoever reaches everything needs no more than the page. */
static void
trash_list_read(struct trash_listing *l)
{
	const size_t limit = l->by.reach != NULL ? STORE_LIST_MAX : l->limit - l->count;

	l->task.op = store_trashed_list(l->task.flow->conf.store, l->at[0] != '\0' ? l->at : NULL,
	    limit, trash_list_on_read, l);
}

/* ---- begin ---- */

static void
trash_list_begin(void *arg)
{
	struct trash_listing *l = arg;

	if (l->fault.code != ERR_OK)
		trash_list_finish(l, l->fault.code, false, &l->fault);
	else
		trash_list_read(l);
}

void
flow_trash_list(struct flow *f, const char *cursor, size_t limit, const struct flow_caller *caller,
    flow_trash_cb *cb, void *arg)
{
	struct trash_listing *l = mem_alloc(sizeof(*l));

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	l->arena = arena_new(0);
	l->by = flow_caller_copy(caller, l->arena);
	l->limit = limit;
	l->cb = cb;
	l->arg = arg;
	if (cursor != NULL)
		store_cursor_read(f->conf.store, cursor_query, cursor, l->at, &l->fault);
	l->later = loop_timer_new(f->conf.loop, trash_list_begin, l);
	flow_task_begin(f, &l->task, trash_list_release);
	loop_timer_set(l->later, 0);
}
