/* Making sessions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"
#include "base/mem.h"
#include "base/utf8.h"

struct auth_make {
	struct auth_op op; /* first */
	TAILQ_ENTRY(auth_make) link;
	struct store_op *store_op;  /* NULL: refused */
	struct loop_timer *refusal; /* nothing is told before the starting call has returned */
	struct store_session session;
	struct secret *secret;
	struct auth_person *person;
	char spoilt[AUTH_REASON_SIZE]; /* why it is dead before it was there; "": it is not */
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
	loop_timer_free(m->refusal);
	auth_op_end(&m->op);
	free(m);
}

void
auth_session_cancel(struct auth_make *m)
{
	if (m->store_op != NULL)
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
make_answer(struct auth_make *m, enum err code, const struct fault *f)
{
	struct store_session session = m->session;
	struct secret *secret = m->secret;
	auth_session_cb *cb = m->cb;
	void *arg = m->arg;

	m->secret = NULL;
	make_free(m);
	cb(arg, code, code == ERR_OK ? &session : NULL, &secret, f);
	secret_free(secret);
}

static void
make_refuse(void *arg)
{
	struct fault f;

	make_answer(arg,
	    fault_set(&f, ERR_UNAUTHENTICATED, "the person's sessions were ended meanwhile"), &f);
}

static void
make_on_added(void *arg, enum err code, const struct fault *f)
{
	struct auth_make *m = arg;
	struct auth *a = m->op.auth;

	m->store_op = NULL;
	if (code == ERR_OK && m->spoilt[0] != '\0') {
		auth_end_session(a, &m->session, m->spoilt, m->person->org_unit, NULL, NULL);
		make_refuse(m);
		return;
	}
	if (code == ERR_OK)
		auth_session_keep(a, &m->session, true);
	make_answer(m, code, f);
}

/* What is written is told to people, and goes by their clock. */
static void
make_times(const struct auth *a, struct store_session *s)
{
	int64_t wall = clock_wall_ms(a->conf.clock);

	s->created_at = wall;
	s->ends_at = wall + a->conf.lifetime_ms;
	s->used_at = wall - wall % (60 * 1000);
}

struct auth_make *
auth_session_new(
    struct auth *a, const struct auth_session_spec *spec, auth_session_cb *cb, void *arg)
{
	struct auth_make *m = mem_alloc(sizeof(*m));

	auth_op_start(a, &m->op, make_release);
	TAILQ_INSERT_TAIL(&a->makes, m, link);
	m->cb = cb;
	m->arg = arg;
	m->secret = make_secret(&m->session);
	m->person = auth_person_hold(a, spec->person);
	m->refusal = loop_timer_new(a->conf.loop, make_refuse, m);
	if (spec->seen_at <= m->person->forgotten_at) {
		loop_timer_set(m->refusal, 0);
		return m;
	}
	auth_person_note(a, m->person, auth_said_by_groups(auth_member_bits(a, spec->member)),
	    spec->seen_at, false);
	memcpy(m->session.person, m->person->id, sizeof(m->session.person));
	make_times(a, &m->session);
	utf8_copy_plain(spec->note->source, m->session.address, sizeof(m->session.address));
	utf8_copy_plain(spec->agent, m->session.agent, sizeof(m->session.agent));
	m->store_op = store_session_add(
	    a->conf.store, &m->session, spec->source, spec->note, make_on_added, m);
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
