/* Ending sessions by their person's wish. */
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

/* Some sessions of one person: told when the store has answered for all of them. */
struct auth_signout {
	struct auth_op op;	  /* first */
	struct loop_timer *begin; /* nothing is told before the starting call has returned */
	size_t left;
	enum err code;
	struct fault fault;
	store_done_cb *cb;
	void *arg;
};

static void
signout_free(struct auth_signout *so)
{
	loop_timer_free(so->begin);
	auth_op_end(&so->op);
	free(so);
}

static void
signout_release(struct auth_op *op)
{
	signout_free((struct auth_signout *)op);
}

void
auth_signout_told(struct auth_signout *so, enum err code, const struct fault *f)
{
	struct auth_signout told;

	if (code != ERR_OK && so->code == ERR_OK) {
		so->code = code;
		so->fault = *f;
	}
	if (--so->left > 0)
		return;
	told = *so;
	signout_free(so);
	told.cb(told.arg, told.code, told.code != ERR_OK ? &told.fault : NULL);
}

static void
signout_begin(void *arg)
{
	struct auth_signout *so = arg;

	auth_signout_told(so, so->code, &so->fault);
}

void
auth_session_end(struct auth *a, const char *person, const char *id, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct auth_signout *so = mem_alloc(sizeof(*so));
	struct auth_person *p = auth_person_find(a, person);
	struct auth_session *s, *next;

	auth_op_start(a, &so->op, signout_release);
	so->begin = loop_timer_new(a->conf.loop, signout_begin, so);
	so->cb = cb;
	so->arg = arg;
	so->left = 1;
	if (p != NULL) {
		p->holds++; /* over the end of the last one */
		if (id == NULL)
			auth_makes_spoil(a, p, reason);
		LIST_EACH_SAFE(s, &p->sessions, link, next)
		{
			if (id != NULL && strcmp(s->s.id, id) != 0)
				continue;
			so->left++;
			auth_session_lose(a, s, reason, note, so);
		}
		auth_person_drop(a, p);
	}
	if (id != NULL && so->left == 1)
		so->code = fault_set(&so->fault, ERR_NOT_FOUND, "there is no such session");
	loop_timer_set(so->begin, 0);
}
