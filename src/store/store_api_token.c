#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char token_space[] = "apitoken/";

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

/* ---- watching ---- */

struct store_token_watch {
	TAILQ_ENTRY(store_token_watch) link;
	struct store *store;
	struct store_token_watch_cbs cbs;
	void *arg;
	struct kv_op *op;	/* the list, page by page */
	struct kv_watch *watch; /* from the first page's revision on */
	uint64_t from;
	unsigned char last[KV_KEY_MAX]; /* key of the last item told */
	size_t last_len;
	bool *stopped; /* told to the function that is running callbacks */
};

static void token_watch_list(struct store_token_watch *w);

/* The watch is over; `failed` is told last. */
static void
token_watch_fail(struct store_token_watch *w, enum err code, const struct fault *f)
{
	struct store_token_watch_cbs cbs = w->cbs;
	void *arg = w->arg;

	store_token_watch_stop(w);
	cbs.failed(arg, code, f);
}

static enum err
token_watch_read(const struct store_token_watch *w, const struct kv_item *item, const char *id,
    struct api_token *t, struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(w->store, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_api_token(t, id, text, len, f);
	arena_free(arena);
	return code;
}

/* Runs one callback, which may stop the watch. */
static void
token_watch_tell(struct store_token_watch *w, const struct kv_item *item)
{
	const size_t at = sizeof(token_space) - 1;
	bool named = item->key.len == at + API_TOKEN_ID_SIZE - 1;
	char id[API_TOKEN_ID_SIZE] = "";
	struct api_token t;
	struct fault f;

	if (named)
		memcpy(id, (const char *)item->key.data + at, API_TOKEN_ID_SIZE - 1);
	if (named && item->value.data == NULL)
		w->cbs.changed(w->arg, id, NULL);
	else if (named && token_watch_read(w, item, id, &t, &f) == ERR_OK)
		w->cbs.changed(w->arg, id, &t);
	else if (w->cbs.damaged != NULL) {
		if (!named)
			fault_set(&f, ERR_CORRUPT, "%.*s names no API token", (int)item->key.len,
			    (const char *)item->key.data);
		w->cbs.damaged(w->arg, &f);
	}
}

static void
token_watch_on_change(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct store_token_watch *w = arg;

	if (code != ERR_OK) {
		w->watch = NULL; /* that was its last call */
		token_watch_fail(w, code, f);
	} else
		token_watch_tell(w, item);
}

static void
token_watch_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct store_token_watch *w = arg;
	bool stopped = false;

	w->op = NULL;
	if (w->from == 0)
		w->from = revision + 1;
	w->stopped = &stopped;
	for (size_t i = 0; i < count; i++) {
		token_watch_tell(w, &items[i]);
		if (stopped)
			return;
		memcpy(w->last, items[i].key.data, items[i].key.len);
		w->last_len = items[i].key.len;
	}
	w->stopped = NULL;
	if (code != ERR_OK)
		token_watch_fail(w, code, f);
	else if (more)
		token_watch_list(w);
	else {
		w->watch =
		    kv_watch(w->store->kv, kv_text(token_space), w->from, token_watch_on_change, w);
		w->cbs.ready(w->arg);
	}
}

static void
token_watch_list(struct store_token_watch *w)
{
	w->op = kv_range(w->store->kv, kv_text(token_space),
	    (struct kv_bytes){ w->last, w->last_len }, KV_RANGE_MAX, token_watch_on_page, w);
}

struct store_token_watch *
store_watch_api_tokens(struct store *s, const struct store_token_watch_cbs *cbs, void *arg)
{
	struct store_token_watch *w = mem_alloc(sizeof(*w));

	w->store = s;
	w->cbs = *cbs;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&s->watches, w, link);
	token_watch_list(w);
	return w;
}

void
store_token_watch_stop(struct store_token_watch *w)
{
	if (w->stopped != NULL)
		*w->stopped = true;
	if (w->op != NULL)
		kv_cancel(w->op);
	if (w->watch != NULL)
		kv_watch_stop(w->watch);
	TAILQ_REMOVE(&w->store->watches, w, link);
	free(w);
}
