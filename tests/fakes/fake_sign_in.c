#include "fake_sign_in.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/mem.h"
#include "fake_dir.h"

struct fake_sign_in fake_sign_in;

struct dir_op {
	TAILQ_ENTRY(dir_op) link;
	struct loop_timer *timer;
	dir_account_cb *found;
	dir_sign_cb *signed_in;
	struct fake_account *account;
	char password[64];
	void *arg;
};
static TAILQ_HEAD(, dir_op) ops = TAILQ_HEAD_INITIALIZER(ops);

struct auth {
	struct store *store;
};
static struct auth auth;

/* ---- the directory ---- */

static void
op_free(struct dir_op *op)
{
	TAILQ_REMOVE(&ops, op, link);
	loop_timer_free(op->timer);
	free(op);
}

static void
op_tell_account(const struct dir_op *op)
{
	const struct fake_account *a = op->account;
	struct fault f = { .text = "told so" };
	struct dir_account out = {
		.dn = "uid=x,dc=example", .normal_dn = "uid=x,dc=example", .org_unit = "dc=example"
	};
	enum err code = fake_sign_in.find_code;

	if (code == ERR_OK && a == NULL)
		code = ERR_NOT_FOUND;
	if (a != NULL) {
		out.entry_uuid = a->uuid;
		out.uid = a->uid;
		out.name = a->uid;
		out.mail = a->mail;
	}
	op->found(op->arg, code, code == ERR_OK ? &out : NULL, &f);
}

static void
op_tell_verdict(const struct dir_op *op)
{
	struct fake_account *a = op->account;
	struct fault f = { .text = "told so" };
	enum err code = fake_sign_in.bind_code;
	bool member = a != NULL && a->has_role;

	if (code == ERR_OK && (a == NULL || strcmp(a->password, op->password) != 0)) {
		code = ERR_UNAUTHENTICATED;
		if (a != NULL && ++a->failures > a->most)
			a->most = a->failures;
	} else if (code == ERR_OK)
		a->failures = 0;
	op->signed_in(op->arg, code, code == ERR_OK ? &member : NULL, &f);
}

static void
op_fire(void *arg)
{
	struct dir_op *op = arg, copy = *op;

	op_free(op);
	if (copy.found != NULL)
		op_tell_account(&copy);
	else
		op_tell_verdict(&copy);
}

static struct dir_op *
op_start(struct dir_op *op)
{
	op->timer = loop_timer_new(fake_sign_in.loop, op_fire, op);
	TAILQ_INSERT_TAIL(&ops, op, link);
	if (fake_sign_in.holds)
		fake_sign_in.waiting++;
	else
		loop_timer_set(op->timer, 0);
	return op;
}

void
fake_sign_in_release(void)
{
	struct dir_op *op;

	fake_sign_in.holds = false;
	fake_sign_in.waiting = 0;
	TAILQ_FOREACH(op, &ops, link)
	loop_timer_set(op->timer, 0);
}

struct dir_op *
dir_find_account(struct dir *d, const char *login, dir_account_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));

	(void)d;
	fake_sign_in.finds++;
	op->found = cb;
	op->arg = arg;
	for (size_t i = 0; i < fake_sign_in.count; i++)
		if (strcasecmp(fake_sign_in.accounts[i].uid, login) == 0 ||
		    strcasecmp(fake_sign_in.accounts[i].mail, login) == 0)
			op->account = &fake_sign_in.accounts[i];
	return op_start(op);
}

struct dir_op *
dir_sign_in(struct dir *d, const struct dir_account *account, const struct secret *password,
    const char *const *groups, size_t count, dir_sign_cb *cb, void *arg)
{
	struct dir_op *op = mem_alloc(sizeof(*op));

	(void)d;
	assert(count == 1 && strcmp(groups[0], "cn=roles,dc=example") == 0);
	fake_sign_in.binds++;
	op->signed_in = cb;
	op->arg = arg;
	snprintf(op->password, sizeof(op->password), "%s", secret_bytes(password));
	memcpy(fake_sign_in.last_password, op->password, sizeof(op->password));
	for (size_t i = 0; account != NULL && i < fake_sign_in.count; i++)
		if (strcmp(fake_sign_in.accounts[i].uuid, account->entry_uuid) == 0)
			op->account = &fake_sign_in.accounts[i];
	return op_start(op);
}

/* ---- sessions ---- */

struct auth_make {
	struct store_session session;
	struct store_op *op;
	auth_session_cb *cb;
	void *arg;
};

static void
make_on_added(void *arg, enum err code, const struct fault *f)
{
	struct auth_make m = *(struct auth_make *)arg;
	struct secret *secret = secret_new("secret", 6);

	free(arg);
	fake_sign_in.sessions += code == ERR_OK;
	m.cb(m.arg, code, code == ERR_OK ? &m.session : NULL, &secret, f);
	secret_free(secret);
}

struct auth_make *
auth_session_new(
    struct auth *a, const struct auth_session_spec *spec, auth_session_cb *cb, void *arg)
{
	static size_t made; /* ids are used once, also over a restart */
	struct auth_make *m = mem_alloc(sizeof(*m));

	assert(spec->member[0] && spec->seen_at > 0);
	m->cb = cb;
	m->arg = arg;
	snprintf(m->session.id, sizeof(m->session.id), "%016zx", ++made);
	snprintf(m->session.person, sizeof(m->session.person), "%s", spec->person);
	snprintf(fake_sign_in.agent, sizeof(fake_sign_in.agent), "%s",
	    spec->agent != NULL ? spec->agent : "");
	m->op =
	    store_session_add(a->store, &m->session, spec->source, spec->note, make_on_added, m);
	return m;
}

void
auth_session_cancel(struct auth_make *m)
{
	store_cancel(m->op);
	free(m);
}

void
auth_session_end(struct auth *a, const char *person, const char *id, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	(void)a, (void)cb, (void)arg;
	assert(strcmp(reason, "signed_out") == 0 && strcmp(note->person, person) == 0);
	fake_sign_in.ended++;
	snprintf(fake_sign_in.ended_session, sizeof(fake_sign_in.ended_session), "%s",
	    id != NULL ? id : "all of them");
	snprintf(fake_sign_in.ended_person, sizeof(fake_sign_in.ended_person), "%s", person);
}

size_t
auth_role_groups(const struct auth *a, const char *const **groups)
{
	static const char *const roles[] = { "cn=roles,dc=example" };

	(void)a;
	*groups = roles;
	return 1;
}

bool
auth_has_role(const struct auth *a, const bool *member)
{
	(void)a;
	return member[0];
}

/* ---- the test's side ---- */

struct auth *
fake_sign_in_start(struct loop *l, struct store *store, struct fake_account *accounts, size_t count)
{
	fake_sign_in = (struct fake_sign_in){ .loop = l, .accounts = accounts, .count = count };
	auth.store = store;
	fake_dir_cancel = op_free;
	return &auth;
}

void
fake_sign_in_end(void)
{
	while (!TAILQ_EMPTY(&ops))
		op_free(TAILQ_FIRST(&ops));
}
