/* Sessions and tokens that are dead here and must go from the store. They are remembered until the
 * store's watch has told that they are gone, so that nothing that it says late revives them. What
 * the store refuses is tried again by each sweep. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_private.h"
#include "base/mem.h"

enum { ENDINGS_RUNNING_MAX = 32 };

struct auth_ending {
	struct auth_link by_id; /* first */
	TAILQ_ENTRY(auth_ending) link;
	struct auth *auth;
	struct store_session session; /* of a token: the id alone */
	char *reason, *org_unit;
	struct arena *arena; /* of `note`; NULL: nobody but us ends it */
	struct store_note note;
	bool is_session, waits;
	bool is_done; /* the store has done it */
	bool is_gone; /* its watch has said so */
	unsigned round;
	struct store_op *op;
	struct auth_signout *so;
};

static struct auth_ending *
ending_find(const struct auth *a, bool is_session, const char *id)
{
	uint64_t hash = auth_table_hash(&a->endings_by_id, id, strlen(id));
	struct auth_link *link = auth_table_first(&a->endings_by_id, hash);

	for (; link != NULL; link = auth_table_next(link)) {
		struct auth_ending *e = (struct auth_ending *)link;

		if (e->is_session == is_session && strcmp(e->session.id, id) == 0)
			return e;
	}
	return NULL;
}

static void
ending_stop_waiting(struct auth_ending *e)
{
	if (e->waits)
		TAILQ_REMOVE(&e->auth->endings, e, link);
	e->waits = false;
}

static void
ending_wait(struct auth_ending *e)
{
	e->waits = true;
	TAILQ_INSERT_TAIL(&e->auth->endings, e, link);
	auth_sweep_wake(e->auth);
}

static void
ending_free(struct auth_ending *e)
{
	ending_stop_waiting(e);
	auth_table_remove(&e->auth->endings_by_id, &e->by_id);
	free(e->reason);
	free(e->org_unit);
	arena_free(e->arena);
	free(e);
}

/* ---- the store ---- */

static void
ending_on_done(void *arg, enum err code, const struct fault *f)
{
	struct auth_ending *e = arg;
	struct auth *a = e->auth;
	struct auth_signout *so = e->so;
	bool done = code == ERR_OK || code == ERR_NOT_FOUND;

	e->op = NULL;
	e->so = NULL;
	a->endings_running--;
	e->is_done = done;
	if (done && e->is_gone)
		ending_free(e);
	else if (!done)
		ending_wait(e);
	if (done)
		auth_ends_flush(a);
	if (so != NULL)
		auth_signout_told(so, done ? ERR_OK : code, f);
}

static void
ending_start(struct auth_ending *e, const struct store_note *note)
{
	struct auth *a = e->auth;

	a->endings_running++;
	if (e->is_session)
		e->op = store_session_end(
		    a->conf.store, &e->session, e->reason, note, ending_on_done, e);
	else
		e->op =
		    store_delete_api_token(a->conf.store, e->session.id, note, ending_on_done, e);
}

/* Whoever ended it has also done so when it takes more than one try. */
static void
ending_start_noted(struct auth_ending *e)
{
	char detail[64];
	struct store_note note = { .actor = "sweeper", .org_unit = e->org_unit };

	if (e->arena != NULL)
		note = e->note;
	/* What ended a session is told with it. */
	snprintf(detail, sizeof(detail), "{\"reason\":\"%s\"}", e->reason);
	if (!e->is_session)
		note.detail = detail;
	ending_start(e, &note);
}

void
auth_ends_flush(struct auth *a)
{
	struct auth_ending *e;

	while (a->endings_running < ENDINGS_RUNNING_MAX && (e = TAILQ_FIRST(&a->endings)) != NULL) {
		ending_stop_waiting(e);
		ending_start_noted(e);
	}
}

/* ---- the dead ---- */

static struct auth_ending *
ending_new(struct auth *a, bool is_session, const char *id, const char *reason)
{
	struct auth_ending *e = mem_alloc(sizeof(*e));

	e->auth = a;
	e->is_session = is_session;
	e->reason = mem_dup_string(reason);
	e->round = is_session ? a->sessions_watch.round : a->tokens_watch.round;
	snprintf(e->session.id, sizeof(e->session.id), "%s", id);
	auth_table_add(&a->endings_by_id, &e->by_id,
	    auth_table_hash(&a->endings_by_id, e->session.id, strlen(e->session.id)));
	return e;
}

void
auth_end_session(struct auth *a, const struct store_session *s, const char *reason,
    const char *org_unit, const struct store_note *note, struct auth_signout *so)
{
	struct auth_ending *e = ending_new(a, true, s->id, reason);

	e->session = *s;
	e->org_unit = mem_dup_string(org_unit);
	e->so = so;
	if (note == NULL) {
		ending_wait(e);
		return;
	}
	e->arena = arena_new(0);
	e->note = store_note_copy(note, e->arena);
	ending_start_noted(e);
}

void
auth_end_token(struct auth *a, const char *id, const char *reason, const char *org_unit)
{
	struct auth_ending *e = ending_new(a, false, id, reason);

	e->org_unit = mem_dup_string(org_unit);
	ending_wait(e);
}

void
auth_end_told(struct auth *a, const char *token_id)
{
	ending_new(a, false, token_id, "deleted")->is_done = true;
}

/* ---- the watch ---- */

bool
auth_is_ended(struct auth *a, bool is_session, const char *id)
{
	struct auth_ending *e = ending_find(a, is_session, id);

	if (e != NULL)
		e->round = is_session ? a->sessions_watch.round : a->tokens_watch.round;
	return e != NULL;
}

static void
ending_is_gone(struct auth_ending *e)
{
	e->is_gone = true;
	if (e->op == NULL)
		ending_free(e);
}

void
auth_ended_is_gone(struct auth *a, bool is_session, const char *id)
{
	struct auth_ending *e = ending_find(a, is_session, id);

	if (e != NULL)
		ending_is_gone(e);
}

void
auth_ended_forget_untold(struct auth *a, bool is_session)
{
	unsigned round = is_session ? a->sessions_watch.round : a->tokens_watch.round;

	for (size_t i = 0; i < a->endings_by_id.size; i++) {
		struct auth_link *link = a->endings_by_id.heads[i];

		while (link != NULL) {
			struct auth_ending *e = (struct auth_ending *)link;

			link = link->next;
			if (e->is_session == is_session && e->round != round)
				ending_is_gone(e);
		}
	}
}

void
auth_ends_free(struct auth *a)
{
	for (size_t i = 0; i < a->endings_by_id.size; i++) {
		struct auth_link *link = a->endings_by_id.heads[i];

		while (link != NULL) {
			struct auth_ending *e = (struct auth_ending *)link;

			link = link->next;
			if (e->op != NULL)
				store_cancel(e->op);
			ending_free(e);
		}
	}
}
