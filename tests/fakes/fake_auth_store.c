#include "fake_auth_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TOKENS_MAX = 1024 };

struct store {
	struct loop *loop;
	struct api_token tokens[TOKENS_MAX];
	size_t count, watches;
	enum err fail;
	bool muted;
	struct store_watch *watch;
};

struct store_op {
	struct store *store;
	enum err code;
	store_done_cb *cb; /* NULL once cancelled */
	void *arg;
};

struct store_watch {
	struct store *store;
	struct store_watch_cbs cbs;
	void *arg;
	bool stopped;
};

struct store *
fake_store_new(struct loop *l)
{
	struct store *s = mem_alloc(sizeof(*s));

	s->loop = l;
	return s;
}

void
fake_store_free(struct store *s)
{
	free(s);
}

void
fake_store_fail_next(struct store *s, enum err code)
{
	s->fail = code;
}

void
fake_store_mute_watch(struct store *s, bool mute)
{
	s->muted = mute;
}

size_t
fake_store_watches(const struct store *s)
{
	return s->watches;
}

size_t
fake_store_tokens(const struct store *s)
{
	return s->count;
}

static void
fake_store_tell(struct store *s, const char *id, const struct api_token *t)
{
	if (s->watch != NULL && !s->muted)
		s->watch->cbs.api_token(s->watch->arg, id, t);
}

void
fake_store_put(struct store *s, const struct api_token *t)
{
	assert(s->count < TOKENS_MAX);
	s->tokens[s->count++] = *t;
	fake_store_tell(s, t->id, t);
}

void
fake_store_drop(struct store *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->tokens[i].id, id) != 0)
			continue;
		s->tokens[i] = s->tokens[--s->count];
		fake_store_tell(s, id, NULL);
		return;
	}
}

static bool
fake_store_has(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->tokens[i].id, id) == 0)
			return true;
	return false;
}

static void
fake_store_answer(void *arg)
{
	struct store_op *op = arg;
	struct fault f = { .code = ERR_OK };

	if (op->code != ERR_OK)
		fault_set(&f, op->code, "the store says %s", err_name(op->code));
	if (op->cb != NULL)
		op->cb(op->arg, op->code, &f);
	free(op);
}

static struct store_op *
fake_store_start(struct store *s, enum err code, store_done_cb *cb, void *arg)
{
	struct store_op *op = mem_alloc(sizeof(*op));

	*op = (struct store_op){ .store = s, .code = code, .cb = cb, .arg = arg };
	loop_defer(s->loop, fake_store_answer, op);
	return op;
}

static enum err
fake_store_take_fail(struct store *s)
{
	enum err code = s->fail;

	s->fail = ERR_OK;
	return code;
}

struct store_op *
store_add_api_token(struct store *s, const struct api_token *t, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);

	assert(note->actor != NULL);
	if (code == ERR_OK)
		fake_store_put(s, t);
	return fake_store_start(s, code, cb, arg);
}

struct store_op *
store_delete_api_token(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);

	assert(note->actor != NULL);
	if (code == ERR_OK && !fake_store_has(s, id))
		code = ERR_NOT_FOUND;
	if (code == ERR_OK)
		fake_store_drop(s, id);
	return fake_store_start(s, code, cb, arg);
}

void
store_cancel(struct store_op *op)
{
	op->cb = NULL;
}

static void
fake_store_begin_watch(void *arg)
{
	struct store_watch *w = arg;

	if (w->stopped) {
		free(w);
		return;
	}
	w->store->watch = w;
	for (size_t i = 0; i < w->store->count; i++)
		w->cbs.api_token(w->arg, w->store->tokens[i].id, &w->store->tokens[i]);
	w->cbs.ready(w->arg);
}

struct store_watch *
store_watch_api_tokens(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	struct store_watch *w = mem_alloc(sizeof(*w));

	*w = (struct store_watch){ .store = s, .cbs = *cbs, .arg = arg };
	s->watches++;
	loop_defer(s->loop, fake_store_begin_watch, w);
	return w;
}

void
store_watch_stop(struct store_watch *w)
{
	if (w->store->watch == w) {
		w->store->watch = NULL;
		free(w);
	} else
		w->stopped = true; /* freed when its first turn comes */
}

void
fake_store_break_watch(struct store *s)
{
	struct store_watch *w = s->watch, ended;
	struct fault f;

	assert(w != NULL);
	ended = *w;
	store_watch_stop(w); /* as the store does: the watch is gone when it is told */
	fault_set(&f, ERR_UNAVAILABLE, "the watch broke");
	ended.cbs.failed(ended.arg, ERR_UNAVAILABLE, &f);
}
