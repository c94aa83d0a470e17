/* Making sessions, and ending them by their person's wish. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"
#include "base/mem.h"

/* ---- make ---- */

enum { REASON_SIZE = 32 };

struct auth_make {
	struct auth_op op; /* first */
	TAILQ_ENTRY(auth_make) link;
	struct store_op *store_op;
	struct store_session session;
	struct secret *secret;
	struct auth_person *person;
	char spoilt[REASON_SIZE]; /* why it is dead before it was there; "": it is not */
	auth_session_cb *cb;
	void *arg;
};

static void
make_free(struct auth_make *m)
{
	struct auth *a = m->op.auth;

	TAILQ_REMOVE(&a->makes, m, link);
	auth_person_drop(a, m->person);
	secret_free(m->secret);
	auth_op_end(&m->op);
	free(m);
}

void
auth_session_cancel(struct auth_make *m)
{
	store_cancel(m->store_op);
	make_free(m);
}

static void
make_release(struct auth_op *op)
{
	auth_session_cancel((struct auth_make *)op);
}

/* The secret says nothing about the id, nor the id about the secret. */
static struct secret *
make_secret(struct store_session *s)
{
	unsigned char random[AUTH_SECRET_BYTES];
	char text[AUTH_SECRET_LEN + 1];
	struct secret *secret;

	random_fill(random, AUTH_ID_BYTES);
	encode_hex(random, AUTH_ID_BYTES, s->id);
	random_fill(random, sizeof(random));
	encode_base64(random, sizeof(random), text);
	crypto_generichash(s->hash.bytes, sizeof(s->hash.bytes), (const unsigned char *)text,
	    AUTH_SECRET_LEN, NULL, 0);
	secret = secret_new(text, AUTH_SECRET_LEN);
	secret_wipe(random, sizeof(random));
	secret_wipe(text, sizeof(text));
	return secret;
}

static void
make_on_added(void *arg, enum err code, const struct fault *f)
{
	struct auth_make *m = arg;
	struct auth *a = m->op.auth;
	struct store_session session = m->session;
	struct secret *secret = m->secret;
	auth_session_cb *cb = m->cb;
	void *cb_arg = m->arg;
	struct fault own;

	if (code == ERR_OK && m->spoilt[0] != '\0') {
		auth_end_session(a, &m->session, m->spoilt, m->person->org_unit, NULL, NULL);
		code = fault_set(&own, ERR_UNAUTHENTICATED, "the person was suspended or deleted");
		f = &own;
	} else if (code == ERR_OK)
		auth_session_keep(a, &m->session, true);
	m->secret = NULL;
	make_free(m);
	cb(cb_arg, code, code == ERR_OK ? &session : NULL, &secret, f);
	secret_free(secret);
}

struct auth_make *
auth_session_new(struct auth *a, const char *person, const bool *member, int64_t seen_at,
    const unsigned char source[STORE_SOURCE_SIZE], const struct store_note *note,
    auth_session_cb *cb, void *arg)
{
	struct auth_make *m = mem_alloc(sizeof(*m));
	int64_t now = auth_now(a);

	auth_op_start(a, &m->op, make_release);
	TAILQ_INSERT_TAIL(&a->makes, m, link);
	m->cb = cb;
	m->arg = arg;
	m->secret = make_secret(&m->session);
	m->person = auth_person_hold(a, person);
	auth_person_note(a, m->person, auth_member_bits(a, member), true, seen_at);
	memcpy(m->session.person, m->person->id, sizeof(m->session.person));
	m->session.created_at = now;
	m->session.ends_at = now + a->conf.lifetime_ms;
	m->session.used_at = now - now % (60 * 1000);
	m->store_op = store_session_add(a->conf.store, &m->session, source, note, make_on_added, m);
	return m;
}

bool
auth_is_making(const struct auth *a, const char *session_id)
{
	const struct auth_make *m;

	TAILQ_FOREACH(m, &a->makes, link)
	if (strcmp(m->session.id, session_id) == 0)
		return true;
	return false;
}

void
auth_makes_spoil(struct auth *a, const struct auth_person *p, const char *reason)
{
	struct auth_make *m;

	TAILQ_FOREACH(m, &a->makes, link)
	if (m->person == p)
		snprintf(m->spoilt, sizeof(m->spoilt), "%s", reason);
}

/* ---- sign out ---- */

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
