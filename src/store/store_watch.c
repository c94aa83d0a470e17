/* Everything of a kind, now and from now on: a list, page by page, and a watch from the first
 * page's revision on. */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What is watched. */
struct watch_kind {
	const char *space; /* with its slash */
	size_t id_size;	   /* with its zero byte */
	const char *what;
	/* Read and tell one that exists; an error when it cannot be read. */
	enum err (*tell)(
	    struct store_watch *w, const struct kv_item *item, const char *id, struct fault *f);
	/* Tell that it was deleted. */
	void (*tell_gone)(struct store_watch *w, const char *id);
};

struct store_watch {
	TAILQ_ENTRY(store_watch) link;
	struct store *store;
	const struct watch_kind *kind;
	struct store_watch_cbs cbs;
	void *arg;
	struct kv_op *op;	/* the list, page by page */
	struct kv_watch *watch; /* from the first page's revision on */
	uint64_t from;
	unsigned char last[KV_KEY_MAX]; /* key of the last item told */
	size_t last_len;
	bool *stopped; /* told to the function that is running callbacks */
};

static void watch_list(struct store_watch *w);

/* The watch is over; `failed` is told last. */
static void
watch_fail(struct store_watch *w, enum err code, const struct fault *f)
{
	struct store_watch_cbs cbs = w->cbs;
	void *arg = w->arg;

	store_watch_stop(w);
	cbs.failed(arg, code, f);
}

/* Runs one callback, which may stop the watch. */
static void
watch_tell(struct store_watch *w, const struct kv_item *item)
{
	const size_t at = strlen(w->kind->space);
	bool named = item->key.len == at + w->kind->id_size - 1;
	char id[ID_SIZE] = "";
	struct fault f;

	if (named)
		memcpy(id, (const char *)item->key.data + at, w->kind->id_size - 1);
	else
		fault_set(&f, ERR_CORRUPT, "%.*s names no %s", (int)item->key.len,
		    (const char *)item->key.data, w->kind->what);
	if (named && item->value.data == NULL)
		w->kind->tell_gone(w, id);
	else if ((!named || w->kind->tell(w, item, id, &f) != ERR_OK) && w->cbs.damaged != NULL)
		w->cbs.damaged(w->arg, &f);
}

static void
watch_on_change(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct store_watch *w = arg;

	if (code != ERR_OK) {
		w->watch = NULL; /* that was its last call */
		watch_fail(w, code, f);
	} else if (!item->quiet)
		watch_tell(w, item);
}

static void
watch_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct store_watch *w = arg;
	bool stopped = false;

	w->op = NULL;
	if (w->from == 0)
		w->from = revision + 1;
	w->stopped = &stopped;
	for (size_t i = 0; i < count; i++) {
		watch_tell(w, &items[i]);
		if (stopped)
			return;
		memcpy(w->last, items[i].key.data, items[i].key.len);
		w->last_len = items[i].key.len;
	}
	w->stopped = NULL;
	if (code != ERR_OK)
		watch_fail(w, code, f);
	else if (more)
		watch_list(w);
	else {
		w->watch =
		    kv_watch(w->store->kv, kv_text(w->kind->space), w->from, watch_on_change, w);
		w->cbs.ready(w->arg);
	}
}

static void
watch_list(struct store_watch *w)
{
	w->op = kv_range(w->store->kv, kv_text(w->kind->space),
	    (struct kv_bytes){ w->last, w->last_len }, KV_RANGE_MAX, watch_on_page, w);
}

static struct store_watch *
watch_start(
    struct store *s, const struct watch_kind *kind, const struct store_watch_cbs *cbs, void *arg)
{
	struct store_watch *w = mem_alloc(sizeof(*w));

	w->store = s;
	w->kind = kind;
	w->cbs = *cbs;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&s->watches, w, link);
	watch_list(w);
	return w;
}

void
store_watch_stop(struct store_watch *w)
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

/* ---- API tokens ---- */

static enum err
watch_tell_token(struct store_watch *w, const struct kv_item *item, const char *id, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct api_token t;
	char *text;
	size_t len;
	enum err code = store_open_item(w->store, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_api_token(&t, id, arena, text, len, f);
	if (code == ERR_OK)
		w->cbs.api_token(w->arg, id, &t);
	arena_free(arena);
	return code;
}

static void
watch_tell_token_gone(struct store_watch *w, const char *id)
{
	w->cbs.api_token(w->arg, id, NULL);
}

struct store_watch *
store_watch_api_tokens(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	static const struct watch_kind kind = { "apitoken/", API_TOKEN_ID_SIZE, "API token",
		watch_tell_token, watch_tell_token_gone };

	return watch_start(s, &kind, cbs, arg);
}

/* ---- sessions ---- */

static enum err
watch_tell_session(
    struct store_watch *w, const struct kv_item *item, const char *id, struct fault *f)
{
	struct arena *arena = arena_new(0);
	struct store_session session;
	char *text;
	size_t len;
	enum err code = store_open_item(w->store, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_session(&session, id, text, len, f);
	arena_free(arena);
	if (code == ERR_OK)
		w->cbs.session(w->arg, id, &session);
	return code;
}

static void
watch_tell_session_gone(struct store_watch *w, const char *id)
{
	w->cbs.session(w->arg, id, NULL);
}

struct store_watch *
store_watch_sessions(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	static const struct watch_kind kind = { "session/", STORE_SESSION_ID_SIZE, "session",
		watch_tell_session, watch_tell_session_gone };

	return watch_start(s, &kind, cbs, arg);
}

/* ---- invitations ---- */

static enum err
watch_tell_invitation(
    struct store_watch *w, const struct kv_item *item, const char *id, struct fault *f)
{
	struct invitation *inv;
	enum err code = store_read_invitation(w->store, item, &inv, NULL, f);

	if (code != ERR_OK)
		return code;
	w->cbs.invitation(w->arg, id, inv);
	invitation_free(inv);
	return ERR_OK;
}

static void
watch_tell_invitation_gone(struct store_watch *w, const char *id)
{
	w->cbs.invitation(w->arg, id, NULL);
}

struct store_watch *
store_watch_invitations(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	static const struct watch_kind kind = { "invitation/", ID_SIZE, "invitation",
		watch_tell_invitation, watch_tell_invitation_gone };

	return watch_start(s, &kind, cbs, arg);
}
