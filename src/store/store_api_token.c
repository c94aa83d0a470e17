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

/* ---- all of one maker, and of what they made ---- */

/* Page after page, and all of them again while any was found: a token may have been made by one
 * that is told of later. Then they are deleted, the last one found first: should that be cut short,
 * whatever is left still leads to its maker. */
struct tokens_of {
	struct store_op op; /* first; op.kv is a page, `deleting` one deletion */
	struct store_op *deleting;
	store_done_cb *cb;
	char *created_by, *actor, *request_id;
	char (*ids)[API_TOKEN_ID_SIZE];
	size_t count, cap, known; /* `known`: before this walk */
	struct store_key last;
};

static void tokens_of_delete_next(struct tokens_of *t);

static void
tokens_of_release(struct store_op *op)
{
	struct tokens_of *t = (struct tokens_of *)op;

	if (t->deleting != NULL)
		store_cancel(t->deleting);
	free(t->created_by);
	free(t->actor);
	free(t->request_id);
	free(t->ids);
	free(t);
}

static void
tokens_of_finish(struct tokens_of *t, enum err code, const struct fault *f)
{
	store_done_cb *cb = t->cb;
	void *arg = t->op.arg;

	store_op_end(&t->op);
	cb(arg, code, f);
}

static bool
tokens_of_has(const struct tokens_of *t, const char *id)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->ids[i], id) == 0)
			return true;
	return false;
}

static void
tokens_of_add(struct tokens_of *t, const char *id)
{
	if (t->count == t->cap) {
		t->cap = t->cap > 0 ? 2 * t->cap : 16;
		t->ids = mem_resize(t->ids, t->cap, sizeof(*t->ids));
	}
	memcpy(t->ids[t->count++], id, API_TOKEN_ID_SIZE);
}

static bool
tokens_of_made(const struct tokens_of *t, const struct api_token *token)
{
	static const char prefix[] = "token:";
	const size_t len = sizeof(prefix) - 1;

	return strcmp(token->created_by, t->created_by) == 0 ||
	       (strncmp(token->created_by, prefix, len) == 0 &&
		   tokens_of_has(t, token->created_by + len));
}

/* One that cannot be read opens nothing for anybody: auth leaves it out, too. */
static void
tokens_of_look(struct tokens_of *t, const struct kv_item *item)
{
	static const char space[] = "apitoken/";
	const size_t at = sizeof(space) - 1;
	struct arena *arena;
	struct api_token token;
	char id[API_TOKEN_ID_SIZE] = "", *text;
	struct fault f;
	size_t len;

	memcpy(t->last.text, item->key.data, item->key.len);
	t->last.text[item->key.len] = '\0';
	if (item->key.len != at + API_TOKEN_ID_SIZE - 1)
		return;
	memcpy(id, (const char *)item->key.data + at, API_TOKEN_ID_SIZE - 1);
	if (tokens_of_has(t, id))
		return;
	arena = arena_new(0);
	if (store_open_item(t->op.store, item, arena, &text, &len, &f) == ERR_OK &&
	    record_read_api_token(&token, id, text, len, &f) == ERR_OK && tokens_of_made(t, &token))
		tokens_of_add(t, id);
	arena_free(arena);
}

static void
tokens_of_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct tokens_of *t = arg;

	(void)revision;
	t->op.kv = NULL;
	if (code != ERR_OK) {
		tokens_of_finish(t, code, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (items[i].key.len < sizeof(t->last.text))
			tokens_of_look(t, &items[i]);
	if (!more && t->known == t->count) {
		tokens_of_delete_next(t);
		return;
	}
	if (!more) {
		t->known = t->count;
		t->last.text[0] = '\0';
	}
	t->op.kv = kv_range(t->op.store->kv, kv_text("apitoken/"), store_key_bytes(&t->last),
	    KV_RANGE_MAX, tokens_of_on_page, t);
}

static void
tokens_of_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct tokens_of *t = arg;

	t->deleting = NULL;
	if (code == ERR_OK || code == ERR_NOT_FOUND)
		tokens_of_delete_next(t);
	else
		tokens_of_finish(t, code, f);
}

static void
tokens_of_delete_next(struct tokens_of *t)
{
	const struct store_note note = { .actor = t->actor, .request_id = t->request_id };

	if (t->count > 0)
		t->deleting = store_delete_api_token(
		    t->op.store, t->ids[--t->count], &note, tokens_of_on_deleted, t);
	else
		tokens_of_finish(t, ERR_OK, NULL);
}

struct store_op *
store_delete_tokens_of(struct store *s, const char *created_by, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct tokens_of *t = mem_alloc(sizeof(*t));

	store_op_start(&t->op, s, tokens_of_release, arg);
	t->cb = cb;
	t->created_by = mem_dup_string(created_by);
	t->actor = mem_dup_string(note->actor);
	t->request_id = mem_dup_string(note->request_id);
	t->op.kv =
	    kv_range(s->kv, kv_text("apitoken/"), kv_text(""), KV_RANGE_MAX, tokens_of_on_page, t);
	return &t->op;
}
