/* What is kept of deleted users goes when its time is over: its key first of all. A walk goes
 * through the records, and then through the list of them for what a record that is damaged or gone
 * left. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

enum {
	TRASH_EVERY_MS = 5 * 60 * 1000,
	TRASH_FIRST_MS = 2000,
	TRASH_PAUSE_MS = 250, /* between pages */
	TRASH_PAGE = 100,
	TRASH_NAME_SIZE = 513 /* bytes with the zero byte */
};

struct trash_sweeper;
struct trash_slot {
	struct trash_sweeper *sweeper;
	struct store_op *op; /* NULL: done */
};

struct trash_sweeper {
	struct sweeper base; /* first */
	bool in_list;	     /* the walk's second half */
	char next[ID_SIZE];  /* "" at the beginning of a half */
	bool more;
	size_t pending;
	struct trash_slot slots[TRASH_PAGE];
};

/* ---- names ---- */

static const char *
trash_keep_name(const char *text, struct arena *arena)
{
	char plain[TRASH_NAME_SIZE];

	utf8_copy_plain(text, plain, sizeof(plain));
	return plain[0] != '\0' ? arena_strdup(arena, plain) : NULL;
}

static const char *
trash_full_name(const struct person *p, struct arena *arena)
{
	const char *given = p->value[PERSON_GIVEN_NAME], *family = p->value[PERSON_FAMILY_NAME];

	if (p->value[PERSON_DISPLAY_NAME] != NULL)
		return p->value[PERSON_DISPLAY_NAME];
	if (given != NULL && family != NULL)
		return arena_printf(arena, "%s %s", given, family);
	return given != NULL ? given : family;
}

struct trash_names
flow_trash_names(const struct person *p, struct arena *arena)
{
	return (struct trash_names){
		.name = trash_keep_name(trash_full_name(p, arena), arena),
		.uid = trash_keep_name(p->value[PERSON_UID], arena),
		.mail = trash_keep_name(p->value[PERSON_MAIL], arena),
	};
}

/* ---- the walk ---- */

static void
trash_one_done(struct trash_sweeper *s)
{
	if (--s->pending > 0)
		return;
	if (!s->more) {
		s->next[0] = '\0';
		s->in_list = !s->in_list;
	}
	loop_timer_set(s->base.timer, s->more || s->in_list ? TRASH_PAUSE_MS : TRASH_EVERY_MS);
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

/* ---- what is not in the list of it ---- */

static void
trash_on_enlisted(void *arg, enum err code, const struct fault *f)
{
	struct trash_slot *slot = arg;

	slot->op = NULL;
	if (code != ERR_OK)
		log_debug("a deleted user could not be listed now", "reason", f->text);
	trash_one_done(slot->sweeper);
}

/* Somebody who is being deleted or restored is looked at again by the next walk. */
static void
trash_on_loaded(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	struct trash_slot *slot = arg;
	struct flow *flow = slot->sweeper->base.flow;
	struct person person = { .group_count = 0 };
	struct arena *arena;
	struct trash_names names;

	if (code != ERR_OK) {
		trash_on_enlisted(slot, code, f);
		return;
	}
	arena = arena_new(0);
	if (!dir_saved_names(flow->conf.dir, saved, arena, &person))
		person = (struct person){ .group_count = 0 };
	names = flow_trash_names(&person, arena);
	slot->op = store_trash_enlist(flow->conf.store, t, &names, trash_on_enlisted, slot);
	arena_free(arena);
}

/* ---- a page ---- */

static struct store_op *
trash_forget(struct trash_slot *slot, const struct store_trash *t)
{
	const struct flow_caller own = flow_caller_own("sweeper");
	struct store *store = slot->sweeper->base.flow->conf.store;
	struct store_note note = flow_note(&own);
	struct arena *arena = arena_new(0);
	struct store_op *op;

	note.org_unit = flow_place_above(t->dn, arena);
	op = slot->sweeper->in_list ? store_trashed_clear(store, t, &note, trash_on_forgotten, slot)
				    : store_trash_forget(store, t, &note, trash_on_forgotten, slot);
	arena_free(arena);
	return op;
}

/* What is to be done with one; NULL: nothing. */
static struct store_op *
trash_look(struct trash_slot *slot, const struct store_trash *t)
{
	const struct flow *flow = slot->sweeper->base.flow;

	if (t->restorable_until <= flow_now(flow))
		return trash_forget(slot, t);
	if (t->listed[0] == '\0')
		return store_trash_load(flow->conf.store, t->id, trash_on_loaded, slot);
	return NULL;
}

static void
trash_on_page(void *arg, enum err code, const struct store_trash *list, size_t count,
    const char *next, const struct fault *f)
{
	struct trash_sweeper *s = arg;

	s->base.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK)
		log_warning("what is kept of deleted users could not be read", "reason", f->text);
	s->more = code == ERR_OK && next != NULL;
	if (s->more)
		memcpy(s->next, next, ID_SIZE);
	s->pending = 1; /* this function itself */
	for (size_t i = 0; i < count; i++) {
		s->slots[i].sweeper = s;
		s->slots[i].op = trash_look(&s->slots[i], &list[i]);
		if (s->slots[i].op != NULL)
			s->pending++;
	}
	trash_one_done(s);
}

static void
trash_on_timer(void *arg)
{
	struct trash_sweeper *s = arg;
	struct store *store = s->base.flow->conf.store;
	const char *after = s->next[0] != '\0' ? s->next : NULL;

	s->base.op = s->in_list ? store_trashed_list(store, after, TRASH_PAGE, trash_on_page, s)
				: store_trash_list(store, after, TRASH_PAGE, trash_on_page, s);
}

struct trash_sweeper *
flow_trash_sweeper_new(struct flow *f)
{
	return sweeper_new(f, sizeof(struct trash_sweeper), trash_on_timer, TRASH_FIRST_MS);
}

void
flow_trash_sweeper_free(struct trash_sweeper *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < TRASH_PAGE; i++)
		if (s->slots[i].op != NULL)
			store_cancel(s->slots[i].op);
	sweeper_free(&s->base);
}
