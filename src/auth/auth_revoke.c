/* Revoking an API token: what was made with it goes first, so that whatever is left when that is
 * cut short still has the maker by which it is found again. */
#include <stdio.h>
#include <stdlib.h>

#include "auth/auth_private.h"
#include "base/mem.h"
#include "store/store_people.h"

struct auth_revoke {
	struct auth_op op; /* first */
	struct store_op *store_op;
	struct arena *arena;
	struct store_note note;
	char id[API_TOKEN_ID_SIZE];
	char maker[sizeof("token:") + API_TOKEN_ID_SIZE]; /* what it is called in created_by */
	store_done_cb *cb;
	void *arg;
};

static void
revoke_free(struct auth_revoke *r)
{
	auth_op_end(&r->op);
	arena_free(r->arena);
	free(r);
}

static void
revoke_release(struct auth_op *op)
{
	struct auth_revoke *r = (struct auth_revoke *)op;

	store_cancel(r->store_op);
	revoke_free(r);
}

static void
revoke_finish(struct auth_revoke *r, enum err code, const struct fault *f)
{
	store_done_cb *cb = r->cb;
	void *arg = r->arg;

	revoke_free(r);
	cb(arg, code, f);
}

/* What it made while its deletion was under way is found now. */
static void
revoke_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct auth_revoke *r = arg;
	struct auth *a = r->op.auth;

	if (code == ERR_OK || code == ERR_NOT_FOUND) {
		auth_forget_tokens_of(a, r->maker);
		if (auth_find(a, r->id) != NULL)
			auth_end_told(a, r->id);
		auth_forget(a, r->id);
	}
	revoke_finish(r, code, f);
}

static void
revoke_on_made_deleted(void *arg, enum err code, const struct fault *f)
{
	struct auth_revoke *r = arg;
	struct auth *a = r->op.auth;

	if (code != ERR_OK) {
		revoke_finish(r, code, f);
		return;
	}
	auth_forget_tokens_of(a, r->maker);
	r->store_op = store_delete_api_token(a->conf.store, r->id, &r->note, revoke_on_deleted, r);
}

void
auth_token_delete(
    struct auth *a, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct auth_revoke *r = mem_alloc(sizeof(*r));

	auth_op_start(a, &r->op, revoke_release);
	r->arena = arena_new(0);
	r->note = store_note_copy(note, r->arena);
	r->cb = cb;
	r->arg = arg;
	snprintf(r->id, sizeof(r->id), "%s", id);
	snprintf(r->maker, sizeof(r->maker), "token:%s", id);
	r->store_op =
	    store_delete_tokens_of(a->conf.store, r->maker, &r->note, revoke_on_made_deleted, r);
}
