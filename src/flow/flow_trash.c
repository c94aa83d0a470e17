/* What is kept of deleted users goes when its time is over: its key first of all. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "flow/sweeper_private.h"
#include "log/log.h"

enum {
	TRASH_EVERY_MS = 5 * 60 * 1000,
	TRASH_FIRST_MS = 2000,
	TRASH_PAUSE_MS = 250, /* between pages */
	TRASH_PAGE = 100
};

struct trash_sweeper;
struct trash_slot {
	struct trash_sweeper *sweeper;
	struct store_op *op; /* NULL: done */
};

struct trash_sweeper {
	struct sweeper base; /* first */
	char next[ID_SIZE];  /* "" at the beginning of a walk */
	bool more;
	size_t pending;
	struct trash_slot slots[TRASH_PAGE];
};

static void
trash_one_done(struct trash_sweeper *s)
{
	if (--s->pending > 0)
		return;
	if (!s->more)
		s->next[0] = '\0';
	loop_timer_set(s->base.timer, s->more ? TRASH_PAUSE_MS : TRASH_EVERY_MS);
}

static void
trash_on_forgotten(void *arg, enum err code, const struct fault *f)
{
	struct trash_slot *slot = arg;

	slot->op = NULL;
	if (code == ERR_OK)
		log_info("what was kept of a deleted user was destroyed");
	else
		log_debug("a deleted user could not be forgotten now", "reason", f->text);
	trash_one_done(slot->sweeper);
}

static void
trash_on_listed(void *arg, enum err code, const struct store_trash *list, size_t count,
    const char *next, const struct fault *f)
{
	const struct flow_caller own = flow_caller_own("sweeper");
	struct store_note note = flow_note(&own);
	struct arena *arena = arena_new(0);
	struct trash_sweeper *s = arg;

	s->base.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK)
		log_warning("what is kept of deleted users could not be read", "reason", f->text);
	s->more = code == ERR_OK && next != NULL;
	if (s->more)
		memcpy(s->next, next, ID_SIZE);
	s->pending = 1; /* this function itself */
	for (size_t i = 0; i < count; i++)
		if (list[i].restorable_until <= flow_now(s->base.flow)) {
			s->pending++;
			note.org_unit = flow_place_above(list[i].dn, arena);
			s->slots[i].sweeper = s;
			s->slots[i].op = store_trash_forget(s->base.flow->conf.store, &list[i],
			    &note, trash_on_forgotten, &s->slots[i]);
		}
	arena_free(arena);
	trash_one_done(s);
}

static void
trash_on_timer(void *arg)
{
	struct trash_sweeper *s = arg;

	s->base.op = store_trash_list(s->base.flow->conf.store, s->next[0] != '\0' ? s->next : NULL,
	    TRASH_PAGE, trash_on_listed, s);
}

struct trash_sweeper *
flow_trash_sweeper_new(struct flow *f)
{
	return sweeper_new(f, sizeof(struct trash_sweeper), trash_on_timer, TRASH_FIRST_MS);
}

void
flow_trash_sweeper_free(struct trash_sweeper *s)
{
	for (size_t i = 0; i < TRASH_PAGE; i++)
		if (s->slots[i].op != NULL)
			store_cancel(s->slots[i].op);
	sweeper_free(&s->base);
}
