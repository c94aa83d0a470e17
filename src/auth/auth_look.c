/* Asking the directory itself how a person stands. A few at a time: when the groups of everybody
 * change at once, the others wait in line, and those whom a caller waits for come before those whom
 * only the sweep asks about. Nobody is asked about twice at once. */
#include "auth/auth_private.h"

enum { LOOKS_RUNNING_MAX = 4, RETRY_MS = 2000 };

static void
look_start(struct auth *a, struct auth_person *p)
{
	TAILQ_REMOVE(p->is_awaited ? &a->looks_awaited : &a->looks, p, look_link);
	p->look = AUTH_LOOK_RUNS;
	auth_person_read_list(a, p);
	p->looked_views = p->views;
	a->looks_running++;
	a->conf.look_at(a->conf.arg, p->id);
}

static void
looks_flush(struct auth *a)
{
	while (a->looks_running < LOOKS_RUNNING_MAX) {
		struct auth_person *p = TAILQ_FIRST(&a->looks_awaited);

		if (p == NULL)
			p = TAILQ_FIRST(&a->looks);
		if (p == NULL)
			return;
		look_start(a, p);
	}
}

/* What the list has told since the last look is worth another one at once; what could not be asked
 * is worth it soon, when there is a caller. */
static bool
look_is_due(const struct auth_person *p, bool is_awaited, int64_t now)
{
	return p->asked_at == AUTH_NEVER || p->views != p->looked_views ||
	       now - p->asked_at >= (p->is_unheard && is_awaited ? RETRY_MS : AUTH_LOOK_MS);
}

/* The caller has just begun to wait. */
static void
look_hurry(struct auth *a, struct auth_person *p, int64_t now)
{
	if (p->look != AUTH_LOOK_WAITS || p->is_awaited)
		return;
	TAILQ_REMOVE(&a->looks, p, look_link);
	p->is_awaited = true;
	p->asked_at = now;
	TAILQ_INSERT_TAIL(&a->looks_awaited, p, look_link);
}

void
auth_look(struct auth *a, struct auth_person *p, bool is_awaited)
{
	int64_t now = clock_mono_ms(a->conf.clock);

	if (p->look != AUTH_LOOK_NONE) {
		if (is_awaited)
			look_hurry(a, p, now);
		return;
	}
	if (!look_is_due(p, is_awaited, now))
		return;
	p->holds++; /* until it has been answered */
	p->look = AUTH_LOOK_WAITS;
	p->is_awaited = is_awaited;
	p->asked_at = now;
	TAILQ_INSERT_TAIL(is_awaited ? &a->looks_awaited : &a->looks, p, look_link);
	looks_flush(a);
}

bool
auth_look_is_awaited(const struct auth *a, const struct auth_person *p)
{
	return p->look != AUTH_LOOK_NONE &&
	       clock_mono_ms(a->conf.clock) - p->asked_at < AUTH_WAIT_MS;
}

void
auth_look_end(struct auth *a, struct auth_person *p, bool is_answered)
{
	if (p->look != AUTH_LOOK_RUNS)
		return;
	p->is_unheard = !is_answered;
	p->look = AUTH_LOOK_NONE;
	a->looks_running--;
	auth_waits_wake(p);
	auth_person_drop(a, p);
	looks_flush(a);
}

void
auth_look_forget(struct auth *a, struct auth_person *p)
{
	if (p->look == AUTH_LOOK_NONE)
		return;
	if (p->look == AUTH_LOOK_WAITS)
		TAILQ_REMOVE(p->is_awaited ? &a->looks_awaited : &a->looks, p, look_link);
	p->look = AUTH_LOOK_NONE;
	auth_person_drop(a, p);
}
