/* The resolver of changes to entries: whatever is written down and nobody here is at is carried on,
 * at the start, when the directory comes back, and with growing pauses while something cannot be
 * settled. A removal or a restore is repeated at once. What is settled by looking, or would be done
 * twice, waits until nothing that was sent for it can still be on its way (dir_settle_ms). */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "log/log.h"

enum {
	PEOPLE_EVERY_MS = 30 * 1000,
	PEOPLE_AGAIN_MS = 1000, /* doubled each time up to the above */
	PEOPLE_PAGE = 32	/* carried on at once */
};

/* A change that was left behind here. */
struct people_left {
	TAILQ_ENTRY(people_left) link;
	char id[ID_SIZE];
	int64_t mono_ms;
};

struct people_resolver {
	struct flow *flow;
	struct loop_timer *timer;
	struct store_op *op;
	char next[ID_SIZE]; /* "" at the beginning of a walk */
	size_t pending;
	bool more, again;
	int64_t pause_ms;
	TAILQ_HEAD(people_left_list, people_left) left; /* the oldest first */
};

static void
people_round_over(struct people_resolver *r)
{
	if (r->more) {
		loop_timer_set(r->timer, 0);
		return;
	}
	r->next[0] = '\0';
	loop_timer_set(r->timer, r->again ? r->pause_ms : PEOPLE_EVERY_MS);
	r->pause_ms = !r->again				  ? PEOPLE_AGAIN_MS
		      : r->pause_ms * 2 < PEOPLE_EVERY_MS ? r->pause_ms * 2
							  : PEOPLE_EVERY_MS;
}

static void
people_one_done(struct people_resolver *r)
{
	if (--r->pending == 0)
		people_round_over(r);
}

void
flow_people_resolved(struct people_resolver *r, enum err code)
{
	if (code == ERR_UNKNOWN)
		r->again = true;
	people_one_done(r);
}

static bool
people_is_over(const struct flow *f, int64_t since_mono_ms)
{
	return clock_mono_ms(f->conf.clock) - since_mono_ms >= dir_settle_ms(f->conf.dir);
}

static void
people_forget_left(struct people_resolver *r, struct people_left *l)
{
	TAILQ_REMOVE(&r->left, l, link);
	free(l);
}

void
flow_people_note_left(struct people_resolver *r, const char *id)
{
	struct people_left *l = TAILQ_FIRST(&r->left);

	while (l != NULL && people_is_over(r->flow, l->mono_ms)) {
		people_forget_left(r, l);
		l = TAILQ_FIRST(&r->left);
	}
	l = mem_alloc(sizeof(*l));
	memcpy(l->id, id, sizeof(l->id));
	l->mono_ms = clock_mono_ms(r->flow->conf.clock);
	TAILQ_INSERT_TAIL(&r->left, l, link);
}

/* Each in its own time: one that nobody hears of must not keep all others waiting. */
static bool
people_is_quiet(const struct people_resolver *r, const char *id)
{
	const struct people_left *l;

	if (!people_is_over(r->flow, r->flow->started_mono_ms))
		return false;
	TAILQ_FOREACH(l, &r->left, link)
	if (strcmp(l->id, id) == 0 && !people_is_over(r->flow, l->mono_ms))
		return false;
	return true;
}

static void
people_carry_on(struct people_resolver *r, const struct store_intent *i)
{
	bool repeats = i->kind == INTENT_USER_REMOVE || i->kind == INTENT_USER_RESTORE;
	struct flow *f = r->flow;

	if (people_op_of(f, i->target) != NULL)
		return; /* somebody is at it */
	if (!repeats && !people_is_quiet(r, i->target)) {
		r->again = true;
		return;
	}
	r->pending++;
	switch (i->kind) {
	case INTENT_USER_CHANGE:
		person_change_resume(f, i);
		return;
	case INTENT_USER_SUSPEND:
	case INTENT_USER_RESUME:
		person_suspend_resume(f, i);
		return;
	case INTENT_USER_REMOVE:
		person_remove_resume(f, i);
		return;
	case INTENT_USER_RESTORE:
		person_restore_resume(f, i);
		return;
	default:
		org_unit_resume(f, i);
	}
}

static void
people_on_listed(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct people_resolver *r = arg;

	r->op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		log_warning("unsettled changes could not be read", "reason", f->text);
		r->again = true;
	}
	r->more = code == ERR_OK && next != NULL;
	if (r->more)
		memcpy(r->next, next, ID_SIZE);
	r->pending = 1; /* this function itself */
	for (size_t i = 0; i < count; i++)
		people_carry_on(r, &list[i]);
	people_one_done(r);
}

static void
people_on_timer(void *arg)
{
	struct people_resolver *r = arg;

	if (r->pending > 0 || r->op != NULL) {
		r->again = true; /* woken in the middle of a walk */
		return;
	}
	if (r->next[0] == '\0')
		r->again = false;
	r->op = store_intent_list(r->flow->conf.store, r->next[0] != '\0' ? r->next : NULL,
	    PEOPLE_PAGE, people_on_listed, r);
}

struct people_resolver *
flow_people_resolver_new(struct flow *f)
{
	struct people_resolver *r = mem_alloc(sizeof(*r));

	r->flow = f;
	r->pause_ms = PEOPLE_AGAIN_MS;
	TAILQ_INIT(&r->left);
	r->timer = loop_timer_new(f->conf.loop, people_on_timer, r);
	return r;
}

void
flow_people_resolver_wake(struct people_resolver *r, int64_t ms)
{
	r->pause_ms = PEOPLE_AGAIN_MS;
	loop_timer_set(r->timer, ms);
}

void
flow_people_resolver_free(struct people_resolver *r)
{
	if (r == NULL)
		return;
	if (r->op != NULL)
		store_cancel(r->op);
	while (!TAILQ_EMPTY(&r->left))
		people_forget_left(r, TAILQ_FIRST(&r->left));
	loop_timer_free(r->timer);
	free(r);
}
