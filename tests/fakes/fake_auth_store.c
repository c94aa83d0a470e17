#include "fake_auth_store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_people.h"

enum { TOKENS_MAX = 1024, ENDS_MAX = 1024 };

struct store {
	struct loop *loop;
	struct arena *arena; /* of tokens' places */
	struct api_token tokens[TOKENS_MAX];
	size_t count, watches;
	struct store_session *sessions;
	size_t session_count, session_cap, session_watches;
	struct fake_end ends[ENDS_MAX];
	size_t end_count, touches;
	enum err fail, fail_all;
	bool muted;
	struct store_watch *watch, *session_watch;
};

struct store_op {
	struct store *store;
	enum err code;
	store_done_cb *cb; /* NULL once cancelled */
	void *arg;
	char drop[API_TOKEN_ID_SIZE]; /* what goes then; "": nothing */
	bool drops_session;
};

struct store_watch {
	struct store *store;
	struct store_watch **place; /* where the store has it once it has begun */
	struct store_watch_cbs cbs;
	void *arg;
	bool stopped;
};

struct store *
fake_store_new(struct loop *l)
{
	struct store *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->arena = arena_new(0);
	return s;
}

void
fake_store_free(struct store *s)
{
	arena_free(s->arena);
	free(s->sessions);
	free(s);
}

void
fake_store_fail_next(struct store *s, enum err code)
{
	s->fail = code;
}

void
fake_store_fail_all(struct store *s, enum err code)
{
	s->fail_all = code;
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
	struct api_token *own = &s->tokens[s->count];

	assert(s->count < TOKENS_MAX);
	s->count++;
	*own = *t;
	for (size_t i = 0; i < t->place_count; i++)
		own->places[i] = arena_strdup(s->arena, t->places[i]);
	fake_store_tell(s, t->id, own);
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

const struct api_token *
fake_store_token(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->tokens[i].id, id) == 0)
			return &s->tokens[i];
	return NULL;
}

/* ---- sessions ---- */

static void
fake_store_tell_session(struct store *s, const char *id, const struct store_session *session)
{
	if (s->session_watch != NULL && !s->muted)
		s->session_watch->cbs.session(s->session_watch->arg, id, session);
}

void
fake_store_put_session(struct store *s, const struct store_session *session)
{
	if (s->session_count == s->session_cap) {
		s->session_cap = s->session_cap > 0 ? 2 * s->session_cap : 16;
		s->sessions = mem_resize(s->sessions, s->session_cap, sizeof(*s->sessions));
	}
	s->sessions[s->session_count++] = *session;
	fake_store_tell_session(s, session->id, session);
}

const struct store_session *
fake_store_session(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->session_count; i++)
		if (strcmp(s->sessions[i].id, id) == 0)
			return &s->sessions[i];
	return NULL;
}

void
fake_store_drop_session(struct store *s, const char *id)
{
	const struct store_session *session = fake_store_session(s, id);
	char copy[STORE_SESSION_ID_SIZE];

	if (session == NULL)
		return;
	memcpy(copy, session->id, sizeof(copy));
	s->sessions[session - s->sessions] = s->sessions[--s->session_count];
	fake_store_tell_session(s, copy, NULL);
}

size_t
fake_store_sessions(const struct store *s)
{
	return s->session_count;
}

size_t
fake_store_session_watches(const struct store *s)
{
	return s->session_watches;
}

size_t
fake_store_touches(const struct store *s)
{
	return s->touches;
}

size_t
fake_store_ends(const struct store *s)
{
	return s->end_count;
}

const struct fake_end *
fake_store_end(const struct store *s, size_t index)
{
	assert(index < s->end_count);
	return &s->ends[index];
}

static void
fake_store_note_end(struct store *s, const char *id, const char *why, const struct store_note *note)
{
	struct fake_end *e = &s->ends[s->end_count];

	assert(s->end_count < ENDS_MAX);
	s->end_count++;
	snprintf(e->id, sizeof(e->id), "%s", id);
	snprintf(e->why, sizeof(e->why), "%s", why != NULL ? why : "");
	snprintf(e->actor, sizeof(e->actor), "%s", note->actor);
	snprintf(
	    e->org_unit, sizeof(e->org_unit), "%s", note->org_unit != NULL ? note->org_unit : "");
}

static void
fake_store_drop_of(struct store *s, const char *created_by, const struct store_note *note)
{
	for (size_t i = 0; i < s->count;) {
		char id[API_TOKEN_ID_SIZE], maker[sizeof("token:") + API_TOKEN_ID_SIZE];

		if (strcmp(s->tokens[i].created_by, created_by) != 0) {
			i++;
			continue;
		}
		memcpy(id, s->tokens[i].id, sizeof(id));
		fake_store_note_end(s, id, note->detail, note);
		fake_store_drop(s, id);
		snprintf(maker, sizeof(maker), "token:%s", id);
		fake_store_drop_of(s, maker, note);
		i = 0;
	}
}

/* ---- answers ---- */

static void
fake_store_answer(void *arg)
{
	struct store_op *op = arg;
	struct fault f = { .code = ERR_OK };

	if (op->drop[0] != '\0')
		(op->drops_session ? fake_store_drop_session : fake_store_drop)(
		    op->store, op->drop);
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

/* It goes when it is answered: nobody hears of it before the call has returned. */
static struct store_op *
fake_store_start_drop(
    struct store *s, enum err code, const char *id, bool is_session, store_done_cb *cb, void *arg)
{
	struct store_op *op = fake_store_start(s, code, cb, arg);

	if (code == ERR_OK)
		snprintf(op->drop, sizeof(op->drop), "%s", id);
	op->drops_session = is_session;
	return op;
}

static enum err
fake_store_take_fail(struct store *s)
{
	enum err code = s->fail != ERR_OK ? s->fail : s->fail_all;

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
	if (code == ERR_OK && fake_store_token(s, id) == NULL)
		code = ERR_NOT_FOUND;
	if (code == ERR_OK)
		fake_store_note_end(s, id, note->detail, note);
	return fake_store_start_drop(s, code, id, false, cb, arg);
}

/* All that was made with it in one step; each end is noted. */
struct store_op *
store_delete_tokens_of(struct store *s, const char *created_by, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);
	struct store_op *op;

	op = fake_store_start(s, code, cb, arg);
	if (code == ERR_OK)
		fake_store_drop_of(s, created_by, note);
	return op;
}

struct store_op *
store_touch_api_token(
    struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);

	s->touches++;
	for (size_t i = 0; code == ERR_OK && i < s->count; i++)
		if (strcmp(s->tokens[i].id, id) == 0)
			s->tokens[i].used_at = used_at;
	return fake_store_start(s, code, cb, arg);
}

struct store_op *
store_session_add(struct store *s, const struct store_session *session,
    const unsigned char source[STORE_SOURCE_SIZE], const struct store_note *note, store_done_cb *cb,
    void *arg)
{
	enum err code = fake_store_take_fail(s);

	assert(note->actor != NULL && source != NULL);
	if (code == ERR_OK)
		fake_store_put_session(s, session);
	return fake_store_start(s, code, cb, arg);
}

struct store_op *
store_session_touch(struct store *s, const char *id, int64_t used_at, store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);
	const struct store_session *session = fake_store_session(s, id);

	s->touches++;
	if (code == ERR_OK && session != NULL)
		s->sessions[session - s->sessions].used_at = used_at;
	return fake_store_start(s, code, cb, arg);
}

struct store_op *
store_session_end(struct store *s, const struct store_session *session, const char *reason,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	enum err code = fake_store_take_fail(s);

	assert(note->actor != NULL);
	if (code == ERR_OK && fake_store_session(s, session->id) == NULL)
		code = ERR_NOT_FOUND;
	if (code == ERR_OK)
		fake_store_note_end(s, session->id, reason, note);
	return fake_store_start_drop(s, code, session->id, true, cb, arg);
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
	struct store *s = w->store;

	if (w->stopped) {
		free(w);
		return;
	}
	*w->place = w;
	if (w->place == &s->watch)
		for (size_t i = 0; i < s->count; i++)
			w->cbs.api_token(w->arg, s->tokens[i].id, &s->tokens[i]);
	else
		for (size_t i = 0; i < s->session_count; i++)
			w->cbs.session(w->arg, s->sessions[i].id, &s->sessions[i]);
	w->cbs.ready(w->arg);
}

static struct store_watch *
fake_store_watch(
    struct store *s, struct store_watch **place, const struct store_watch_cbs *cbs, void *arg)
{
	struct store_watch *w = mem_alloc(sizeof(*w));

	*w = (struct store_watch){ .store = s, .place = place, .cbs = *cbs, .arg = arg };
	loop_defer(s->loop, fake_store_begin_watch, w);
	return w;
}

struct store_watch *
store_watch_api_tokens(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	s->watches++;
	return fake_store_watch(s, &s->watch, cbs, arg);
}

struct store_watch *
store_watch_sessions(struct store *s, const struct store_watch_cbs *cbs, void *arg)
{
	s->session_watches++;
	return fake_store_watch(s, &s->session_watch, cbs, arg);
}

void
store_watch_stop(struct store_watch *w)
{
	if (*w->place == w) {
		*w->place = NULL;
		free(w);
	} else
		w->stopped = true; /* freed when its first turn comes */
}

static void
fake_store_break(struct store_watch *w)
{
	struct store_watch ended;
	struct fault f;

	assert(w != NULL);
	ended = *w;
	store_watch_stop(w); /* as the store does: the watch is gone when it is told */
	fault_set(&f, ERR_UNAVAILABLE, "the watch broke");
	ended.cbs.failed(ended.arg, ERR_UNAVAILABLE, &f);
}

void
fake_store_break_watch(struct store *s)
{
	fake_store_break(s->watch);
}

void
fake_store_break_sessions(struct store *s)
{
	fake_store_break(s->session_watch);
}
