/* Requests that wait until the directory has answered how a person stands: the answer is a moment
 * away, and "try again later" would be a lie. */
#include <stdlib.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { WAITS_MAX = 256 };

struct auth_wait {
	struct auth_op op; /* first */
	TAILQ_ENTRY(auth_wait) link;
	struct auth_person *person;
	struct loop_timer *timer;
	loop_cb *cb;
	void *arg;
};

static void
wait_release(struct auth_op *op)
{
	struct auth_wait *w = (struct auth_wait *)op;
	struct auth *a = op->auth;

	a->waits_running--;
	TAILQ_REMOVE(&w->person->waits, w, link);
	auth_person_drop(a, w->person);
	loop_timer_free(w->timer);
	auth_op_end(op);
	free(w);
}

static void
wait_is_over(void *arg)
{
	struct auth_wait *w = arg;
	loop_cb *cb = w->cb;
	void *cb_arg = w->arg;

	wait_release(&w->op);
	cb(cb_arg);
}

bool
auth_await_person(struct auth *a, const char *person, loop_cb *cb, void *arg)
{
	struct auth_person *p = auth_person_find(a, person);
	struct auth_wait *w;
	int64_t left;

	if (p == NULL || !auth_look_is_awaited(a, p) || a->waits_running >= WAITS_MAX)
		return false;
	w = mem_alloc(sizeof(*w));
	auth_op_start(a, &w->op, wait_release);
	a->waits_running++;
	w->person = auth_person_hold(a, p->id);
	TAILQ_INSERT_TAIL(&p->waits, w, link);
	w->cb = cb;
	w->arg = arg;
	w->timer = loop_timer_new(a->conf.loop, wait_is_over, w);
	left = p->asked_at + AUTH_WAIT_MS - clock_mono_ms(a->conf.clock);
	loop_timer_set(w->timer, left > 0 ? left : 0); /* the time may have passed just now */
	return true;
}

/* From the loop: whoever tells what the directory said is not in the middle of anything then. */
void
auth_waits_wake(struct auth_person *p)
{
	struct auth_wait *w;

	TAILQ_FOREACH(w, &p->waits, link)
	loop_timer_set(w->timer, 0);
}
