#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- adding and deleting ---- */

struct token_change {
	struct commit c; /* first */
	store_done_cb *cb;
	bool adding;
	char id[API_TOKEN_ID_SIZE];
};

static void
token_change_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct token_change *t = (struct token_change *)c;
	store_done_cb *cb = t->cb;
	void *arg = c->op.arg;
	struct fault own;

	(void)revision;
	/* The key's absence, or presence, was the only compare. */
	if (code == ERR_CONFLICT && t->adding)
		code = fault_set(&own, ERR_EXISTS, "an API token %s is there already", t->id);
	else if (code == ERR_CONFLICT)
		code = fault_set(&own, ERR_NOT_FOUND, "API token %s is not there any more", t->id);
	else if (f != NULL)
		own = *f;
	store_op_end(&c->op);
	cb(arg, code, code == ERR_OK ? NULL : &own);
}

static struct token_change *
token_change_new(struct store *s, const char *id, bool adding, store_done_cb *cb, void *arg)
{
	struct token_change *t = mem_alloc(sizeof(*t));

	commit_init(&t->c, s, arg);
	t->c.settled = token_change_settled;
	t->cb = cb;
	t->adding = adding;
	assert(strlen(id) < sizeof(t->id));
	memcpy(t->id, id, strlen(id) + 1);
	return t;
}

static void
token_change_audit(struct token_change *t, const struct store_note *note)
{
	const struct audit audit = { .at = t->c.now,
		.event = t->adding ? "token_added" : "token_deleted",
		.subject = "api_token",
		.id = t->id,
		.note = note };

	commit_audit(&t->c, &audit);
}

struct store_op *
store_add_api_token(struct store *s, const struct api_token *token, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct token_change *t = token_change_new(s, token->id, true, cb, arg);
	struct store_key key = store_key_of("apitoken", t->id);

	commit_expect(&t->c, store_key_bytes(&key), 0);
	record_write_api_token(&t->c.json, token);
	commit_put(&t->c, &key);
	token_change_audit(t, note);
	commit_start(&t->c);
	return &t->c.op;
}

static void
token_delete_on_found(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct token_change *t = arg;
	struct store_key key = store_key_of("apitoken", t->id);

	t->c.op.kv = NULL;
	if (code != ERR_OK) {
		token_change_settled(&t->c, code, 0, f);
		return;
	}
	commit_expect(&t->c, store_key_bytes(&key), item->modified);
	commit_delete(&t->c, &key);
	commit_start(&t->c);
}

struct store_op *
store_delete_api_token(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	bool possible = strlen(id) == API_TOKEN_ID_SIZE - 1;
	struct token_change *t = token_change_new(s, possible ? id : "-", false, cb, arg);
	struct store_key key = store_key_of("apitoken", t->id);

	token_change_audit(t, note); /* the note's strings live only now */
	t->c.op.kv = kv_get(s->kv, store_key_bytes(&key), token_delete_on_found, t);
	return &t->c.op;
}
