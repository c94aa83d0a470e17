/* What happens without a request: people who have lost their rights are found, sessions end, and
 * what is to be written is. A round looks at everybody, a few at a time, so that the loop is never
 * held up; AUTH_SESSIONS_MAX people take a few seconds. */
#include "auth/auth_private.h"

enum { SWEEP_MS = 2000, SWEEP_STEP_MS = 10, SWEEP_STEP_PEOPLE = 200 };

static bool
sweep_has_work(const struct auth *a)
{
	return !TAILQ_EMPTY(&a->persons) || a->count > 0 || !TAILQ_EMPTY(&a->uses) ||
	       !TAILQ_EMPTY(&a->endings);
}

void
auth_sweep_wake(struct auth *a)
{
	if (a->sweeping)
		return;
	a->sweeping = true;
	loop_timer_set(a->sweep, a->conf.sweep_ms > 0 ? a->conf.sweep_ms : SWEEP_MS);
}

static void
sweep_person(struct auth *a, struct auth_person *p)
{
	struct auth_session *s, *next;
	struct auth_standing standing;

	TAILQ_REMOVE(&a->persons, p, turn);
	TAILQ_INSERT_TAIL(&a->persons, p, turn);
	p->holds++;
	LIST_EACH_SAFE(s, &p->sessions, link, next)
	auth_session_sweep(a, s);
	auth_person_judge(a, p, false, &standing);
	auth_person_forgive(a, p);
	auth_person_drop(a, p);
}

static void
sweep_on_time(void *arg)
{
	struct auth *a = arg;

	a->sweeping = false;
	auth_now(a);
	if (a->turns == 0) {
		a->turns = a->persons_by_id.count;
		auth_rows_sweep(a);
	}
	for (size_t i = 0; i < SWEEP_STEP_PEOPLE && a->turns > 0; i++) {
		struct auth_person *p = TAILQ_FIRST(&a->persons);

		a->turns = p != NULL ? a->turns - 1 : 0;
		if (p != NULL)
			sweep_person(a, p);
	}
	auth_uses_flush(a);
	auth_ends_flush(a);
	if (a->turns > 0) {
		a->sweeping = true;
		loop_timer_set(a->sweep, SWEEP_STEP_MS);
	} else if (sweep_has_work(a))
		auth_sweep_wake(a);
}

void
auth_sweep_init(struct auth *a)
{
	a->sweep = loop_timer_new(a->conf.loop, sweep_on_time, a);
}
