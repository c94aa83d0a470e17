#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_token, "store.token_added", "the commit of this event");
FAILPOINTS(points_of_no_token, "store.token_deleted", "the commit of this event");
FAILPOINTS(points_of_use, "store.token_used", "the commit of a token's last use");

/* ---- one ---- */

static void
token_audit(struct entry *e, const char *event, const struct store_note *note)
{
	const struct audit audit = {
		.at = e->c.now, .event = event, .subject = "api_token", .id = e->id, .note = note
	};

	commit_audit(&e->c, &audit);
}

struct store_op *
store_add_api_token(struct store *s, const struct api_token *token, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct entry *e = entry_new(s, "apitoken", token->id, cb, arg);

	record_write_api_token(&e->c.json, token);
	entry_add(e);
	token_audit(e, "token_added", note);
	commit_start(&e->c);
	return &e->c.op;
}

struct store_op *
store_delete_api_token(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct entry *e = entry_new(s, "apitoken", id, cb, arg);

	token_audit(e, "token_deleted", note); /* the note's strings live only now */
	return entry_delete(e);
}

static enum err
token_use(
    struct buf *b, const char *id, const char *text, size_t len, int64_t used_at, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct api_token t;
	enum err code = record_read_api_token(&t, id, arena, text, len, f);

	if (code == ERR_OK && t.used_at < used_at) {
		t.used_at = used_at;
		record_write_api_token(b, &t);
	}
	arena_free(arena);
	return code;
}

struct store_op *
store_touch_api_token(
    struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg)
{
	return entry_touch(s, "apitoken", id, token_use, "token_used", used_at, cb, arg);
}

/* ---- all of one person or maker, and of what they made ---- */

/* Page after page, and all of them again while any was found: a token may have been made by one
 * that is told of later. Then they are deleted, the last one found first: should that be cut short,
 * whatever is left still leads to its maker. */
struct tokens_of {
	struct store_op op; /* first; op.kv is a page, `deleting` one deletion */
	struct store_op *deleting;
	store_done_cb *cb;
	struct arena *arena;
	struct store_note note;
	const char *created_by;
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
	free(t->ids);
	arena_free(t->arena);
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
	static const char by_token[] = "token:", by_user[] = "user:";
	const size_t token_len = sizeof(by_token) - 1, user_len = sizeof(by_user) - 1;

	return strcmp(token->created_by, t->created_by) == 0 ||
	       (strncmp(t->created_by, by_user, user_len) == 0 && token->owner[0] != '\0' &&
		   strcmp(token->owner, t->created_by + user_len) == 0) ||
	       (strncmp(token->created_by, by_token, token_len) == 0 &&
		   tokens_of_has(t, token->created_by + token_len));
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
	    record_read_api_token(&token, id, arena, text, len, &f) == ERR_OK &&
	    tokens_of_made(t, &token))
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
	if (t->count > 0)
		t->deleting = store_delete_api_token(
		    t->op.store, t->ids[--t->count], &t->note, tokens_of_on_deleted, t);
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
	t->arena = arena_new(0);
	t->note = store_note_copy(note, t->arena);
	t->created_by = arena_strdup(t->arena, created_by);
	t->op.kv =
	    kv_range(s->kv, kv_text("apitoken/"), kv_text(""), KV_RANGE_MAX, tokens_of_on_page, t);
	return &t->op;
}
