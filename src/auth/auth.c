/* The object, and how it follows the store: a watch of tokens and one of sessions. When a watch
 * ends it is started again with growing pauses, and meanwhile what was known last goes on to work
 * until its end. */
#include "auth/auth.h"

#include <assert.h>
#include <stdlib.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { PAUSE_FIRST_MS = 100, PAUSE_MAX_MS = 10 * 1000, AHEAD_MS = 60 * 1000 };

static void
auth_trouble(struct auth *a, const struct fault *f)
{
	if (a->trouble != NULL)
		a->trouble(a->trouble_arg, f);
}

/* Once, until the wall clock has caught up. */
static void
auth_tell_ahead(struct auth *a, int64_t ahead_ms)
{
	struct fault f;

	if (a->is_ahead == (ahead_ms >= AHEAD_MS))
		return;
	a->is_ahead = !a->is_ahead;
	fault_set(&f, ERR_CONFLICT,
	    "the wall clock was set back by %lld s: sessions and tokens end when they would have "
	    "ended without that",
	    (long long)(ahead_ms / 1000));
	if (a->is_ahead)
		auth_trouble(a, &f);
}

int64_t
auth_now(struct auth *a)
{
	int64_t wall = clock_wall_ms(a->conf.clock), mono = clock_mono_ms(a->conf.clock);

	a->wall += mono - a->mono;
	a->mono = mono;
	if (a->wall < wall)
		a->wall = wall;
	auth_tell_ahead(a, a->wall - wall);
	return a->wall;
}

/* ---- changes under way ---- */

void
auth_op_start(struct auth *a, struct auth_op *o, void (*release)(struct auth_op *o))
{
	o->auth = a;
	o->release = release;
	TAILQ_INSERT_TAIL(&a->ops, o, link);
}

void
auth_op_end(struct auth_op *o)
{
	TAILQ_REMOVE(&o->auth->ops, o, link);
}

/* ---- what the store tells ---- */

static void
auth_on_token(void *arg, const char *id, const struct api_token *t)
{
	struct auth *a = ((struct auth_watch *)arg)->auth;

	if (t == NULL) {
		auth_forget(a, id);
		auth_ended_is_gone(a, false, id);
	} else if (!auth_is_ended(a, false, id) && !auth_is_making_token(a, id))
		auth_remember(a, t, false);
}

static void
auth_on_session(void *arg, const char *id, const struct store_session *s)
{
	struct auth *a = ((struct auth_watch *)arg)->auth;
	struct auth_session *known = auth_session_find(a, id);

	if (s == NULL) {
		if (known != NULL)
			auth_session_drop(a, known);
		auth_ended_is_gone(a, true, id);
	} else if (!auth_is_ended(a, true, id) && !auth_is_making(a, id))
		auth_session_keep(a, s, false);
}

/* All that exist have been told: what only an earlier watch knew is gone. */
static void
auth_on_ready(void *arg)
{
	struct auth_watch *w = arg;
	struct auth *a = w->auth;
	loop_cb *ready = a->ready;

	if (w->is_session)
		auth_sessions_told_all(a);
	else
		auth_rows_told_all(a);
	auth_ended_forget_untold(a, w->is_session);
	w->pause_ms = PAUSE_FIRST_MS;
	w->was_ready = true;
	if (!a->tokens_watch.was_ready || !a->sessions_watch.was_ready || ready == NULL)
		return;
	a->ready = NULL;
	ready(a->ready_arg);
}

static void
auth_on_damaged(void *arg, const struct fault *f)
{
	auth_trouble(((struct auth_watch *)arg)->auth, f);
}

void
auth_on_trouble(struct auth *a, void (*cb)(void *arg, const struct fault *f), void *arg)
{
	a->trouble = cb;
	a->trouble_arg = arg;
}

/* ---- who goes on and on ---- */

static void
auth_tell_ended(void *arg)
{
	struct auth *a = arg;

	if (a->on_ended != NULL)
		a->on_ended(a->on_ended_arg);
}

void
auth_say_ended(struct auth *a)
{
	if (a->on_ended != NULL)
		loop_timer_set(a->ended, 0);
}

void
auth_on_ended(struct auth *a, loop_cb *cb, void *arg)
{
	a->on_ended = cb;
	a->on_ended_arg = arg;
}

/* ---- the watches ---- */

static void
auth_on_failed(void *arg, enum err code, const struct fault *f)
{
	struct auth_watch *w = arg;

	(void)code;
	w->watch = NULL; /* the store has ended it */
	loop_timer_set(w->retry, w->pause_ms);
	w->pause_ms = w->pause_ms * 2 < PAUSE_MAX_MS ? w->pause_ms * 2 : PAUSE_MAX_MS;
	auth_trouble(w->auth, f);
}

static void
auth_follow(void *arg)
{
	static const struct store_watch_cbs cbs = {
		.api_token = auth_on_token,
		.session = auth_on_session,
		.ready = auth_on_ready,
		.failed = auth_on_failed,
		.damaged = auth_on_damaged,
	};
	struct auth_watch *w = arg;

	w->round++;
	w->watch = (w->is_session ? store_watch_sessions : store_watch_api_tokens)(
	    w->auth->conf.store, &cbs, w);
}

static void
auth_follow_start(struct auth *a, struct auth_watch *w, bool is_session)
{
	w->auth = a;
	w->is_session = is_session;
	w->pause_ms = PAUSE_FIRST_MS;
	w->retry = loop_timer_new(a->conf.loop, auth_follow, w);
	auth_follow(w);
}

static void
auth_follow_stop(struct auth_watch *w)
{
	if (w->watch != NULL)
		store_watch_stop(w->watch);
	loop_timer_free(w->retry);
}

/* ---- the object ---- */

struct auth *
auth_new(const struct auth_conf *conf, loop_cb *ready, void *arg)
{
	struct auth *a = mem_alloc(sizeof(*a));

	assert(conf->role_count <= AUTH_ROLES_MAX);
	a->conf = *conf;
	a->ready = ready;
	a->ready_arg = arg;
	a->wall = clock_wall_ms(conf->clock);
	a->mono = clock_mono_ms(conf->clock);
	TAILQ_INIT(&a->sessions);
	TAILQ_INIT(&a->persons);
	TAILQ_INIT(&a->looks_awaited);
	TAILQ_INIT(&a->looks);
	TAILQ_INIT(&a->ops);
	TAILQ_INIT(&a->makes);
	TAILQ_INIT(&a->token_makes);
	TAILQ_INIT(&a->uses);
	TAILQ_INIT(&a->endings);
	auth_table_init(&a->sessions_by_hash);
	auth_table_init(&a->sessions_by_id);
	auth_table_init(&a->persons_by_id);
	auth_table_init(&a->endings_by_id);
	auth_groups_init(a);
	auth_sweep_init(a);
	a->ended = loop_timer_new(conf->loop, auth_tell_ended, a);
	auth_follow_start(a, &a->tokens_watch, false);
	auth_follow_start(a, &a->sessions_watch, true);
	return a;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	auth_follow_stop(&a->sessions_watch);
	auth_follow_stop(&a->tokens_watch);
	while (!TAILQ_EMPTY(&a->ops)) {
		struct auth_op *o = TAILQ_FIRST(&a->ops);

		o->release(o);
	}
	auth_ends_free(a);
	auth_sessions_free(a);
	auth_rows_free(a);
	auth_persons_free(a);
	loop_timer_free(a->ended);
	loop_timer_free(a->sweep);
	auth_table_free(&a->endings_by_id);
	auth_table_free(&a->persons_by_id);
	auth_table_free(&a->sessions_by_id);
	auth_table_free(&a->sessions_by_hash);
	free(a);
}
