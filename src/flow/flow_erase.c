/* Erase what is kept of a person who is gone: who is it > what is queued > their tokens > where
 * they signed in from > the parts of their audit records > finished invitations > what was kept for
 * a restore.
 *
 * Each step can be repeated, and what tells who it is goes last: a crash in between leaves it to
 * whoever asks again. Only when the audit trail alone knew the name may that be too late for a
 * name; the ids are logged before anything goes. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/erase_private.h"
#include "log/log.h"
#include "store/store_session.h"

enum { ERASE_WHO_MAX = 320 };

static void
erase_release(struct flow_task *task)
{
	struct erasure *e = (struct erasure *)task;

	if (e->dir_op != NULL)
		dir_cancel(e->dir_op);
	while (e->doomed_count > 0)
		outbox_item_free(e->doomed[--e->doomed_count]);
	loop_timer_free(e->later);
	arena_free(e->arena);
	free(e);
}

void
erase_finish(struct erasure *e, enum err code, const char *words)
{
	struct fault f;

	flow_task_unlink(&e->task);
	fault_set(&f, code, "%s", words);
	if (code == ERR_OK)
		log_info("what was kept of a person was erased", "by", e->note.actor, "request",
		    e->note.request_id);
	e->cb(e->arg, code, code == ERR_OK ? &e->erased : NULL, &f);
	erase_release(&e->task);
}

/* The next id, from e->at on, that is theirs and `wanted`; NULL: that was the last. */
static const struct erase_known *
erase_next_id(struct erasure *e, bool (*wanted)(const struct erase_known *k))
{
	for (; e->at < e->ids.count; e->at++)
		if (!e->ids.items[e->at].spared && wanted(&e->ids.items[e->at]))
			return &e->ids.items[e->at];
	return NULL;
}

/* ---- what was kept for a restore ---- */

static void erase_trash(struct erasure *e);

static bool
erase_wants_trash(const struct erase_known *k)
{
	return k->trash != NULL;
}

static void
erase_on_trash(void *arg, enum err code, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	if (code == ERR_OK) {
		e->erased.trash++;
		e->at++;
		erase_trash(e);
	} else
		erase_finish(e, code, f->text);
}

static void
erase_trash(struct erasure *e)
{
	const struct erase_known *k = erase_next_id(e, erase_wants_trash);

	if (k != NULL)
		e->task.op = store_trash_forget(
		    e->task.flow->conf.store, k->trash, &e->note, erase_on_trash, e);
	else
		erase_finish(e, ERR_OK, "");
}

/* ---- finished invitations, with the logs of their mails ---- */

static void erase_invitations(struct erasure *e);

static bool
erase_wants_invitation(const struct erase_known *k)
{
	return k->is_invitation;
}

static void
erase_on_invitation(void *arg, enum err code, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	if (code == ERR_OK) {
		e->erased.invitations++;
		e->at++;
		erase_invitations(e);
	} else
		erase_finish(e, code, f->text);
}

static void
erase_invitations(struct erasure *e)
{
	const struct erase_known *k = erase_next_id(e, erase_wants_invitation);

	if (k != NULL) {
		e->task.op = store_purge(
		    e->task.flow->conf.store, k->text, INT64_MAX, &e->note, erase_on_invitation, e);
		return;
	}
	e->at = 0;
	erase_trash(e);
}

/* ---- the audit trail ---- */

static void
erase_on_records(void *arg, enum err code, uint64_t erased, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	e->erased.records = erased;
	e->at = 0;
	if (code == ERR_OK)
		erase_invitations(e);
	else
		erase_finish(e, code, f->text);
}

static void
erase_records(struct erasure *e)
{
	e->task.op = store_audit_erase(
	    e->task.flow->conf.store, e->told, e->erased.id_count, &e->note, erase_on_records, e);
}

/* ---- where they signed in from ---- */

static void erase_sources(struct erasure *e);

static bool
erase_wants_any(const struct erase_known *k)
{
	(void)k;
	return true;
}

static void
erase_on_sources(void *arg, enum err code, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	if (code == ERR_OK) {
		e->at++;
		erase_sources(e);
	} else
		erase_finish(e, code, f->text);
}

static void
erase_sources(struct erasure *e)
{
	const struct erase_known *k = erase_next_id(e, erase_wants_any);
	struct flow_guest *sign_ins = e->task.flow->sign_ins;

	if (k == NULL) {
		erase_records(e);
		return;
	}
	if (sign_ins != NULL)
		sign_ins->forget(sign_ins, k->text);
	e->task.op =
	    store_known_forget(e->task.flow->conf.store, INT64_MIN, k->text, erase_on_sources, e);
}

static void
erase_count_source(
    void *arg, const char *person, const unsigned char source[STORE_SOURCE_SIZE], int64_t at)
{
	struct erasure *e = arg;

	(void)source, (void)at;
	e->erased.sources += erase_find(&e->ids, person) != NULL;
}

static void
erase_on_counted(void *arg, enum err code, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	e->at = 0;
	if (code == ERR_OK)
		erase_sources(e);
	else
		erase_finish(e, code, f->text);
}

static void
erase_count_sources(struct erasure *e)
{
	e->task.op =
	    store_known_list(e->task.flow->conf.store, erase_count_source, erase_on_counted, e);
}

/* ---- their API tokens, whose names somebody chose ---- */

static void erase_tokens(struct erasure *e);

static const char *
erase_maker(struct erasure *e)
{
	return arena_printf(e->arena, "user:%s", e->ids.items[e->at].text);
}

static void
erase_on_tokens(void *arg, enum err code, const struct fault *f)
{
	struct erasure *e = arg;
	struct flow *flow = e->task.flow;

	e->task.op = NULL;
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	if (flow->tokens_ended != NULL)
		flow->tokens_ended(flow->tokens_ended_arg, erase_maker(e));
	e->at++;
	erase_tokens(e);
}

static void
erase_tokens(struct erasure *e)
{
	if (erase_next_id(e, erase_wants_any) != NULL)
		e->task.op = store_delete_tokens_of(
		    e->task.flow->conf.store, erase_maker(e), &e->note, erase_on_tokens, e);
	else
		erase_count_sources(e);
}

static void
erase_begin_tokens(struct erasure *e)
{
	e->at = 0;
	erase_tokens(e);
}

/* ---- who it is ---- */

static void erase_next_intent(struct erasure *e);

/* A change that is not settled has yet to tell how it ended. */
static void
erase_on_intent(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct erasure *e = arg;

	(void)list, (void)next;
	e->task.op = NULL;
	if (code != ERR_OK)
		erase_finish(e, code, f->text);
	else if (count > 0)
		erase_finish(
		    e, ERR_BUSY, "a change of this person is being settled: try again in a moment");
	else {
		e->at++;
		erase_next_intent(e);
	}
}

static void
erase_next_intent(struct erasure *e)
{
	const struct erase_known *k = erase_next_id(e, erase_wants_any);

	if (k != NULL) {
		e->task.op =
		    store_intent_load(e->task.flow->conf.store, k->text, erase_on_intent, e);
		return;
	}
	erase_queues(e, erase_begin_tokens);
}

static void
erase_identified(struct erasure *e)
{
	for (e->at = 0; erase_next_id(e, erase_wants_any) != NULL; e->at++)
		e->told[e->erased.id_count++] = e->ids.items[e->at].text;
	for (size_t i = 0; i < e->erased.id_count; i++)
		log_info("what is kept of a person is being erased", "id", e->told[i], "by",
		    e->note.actor, "request", e->note.request_id);
	e->erased.ids = e->told;
	e->at = 0;
	erase_next_intent(e);
}

static void
erase_on_begin(void *arg)
{
	struct erasure *e = arg;

	if (e->who[0] == '\0' || strlen(e->who) > ERASE_WHO_MAX)
		erase_finish(e, ERR_NOT_FOUND, "nothing is known of such a person");
	else
		erase_identify(e, erase_identified);
}

void
flow_erase_start(struct flow *f, const char *who, const struct flow_caller *caller,
    flow_erased_cb *cb, void *arg)
{
	struct erasure *e = mem_alloc(sizeof(*e));

	e->arena = arena_new(0);
	e->who = arena_strdup(e->arena, who);
	e->note = (struct store_note){ .actor = arena_strdup(e->arena, caller->name),
		.request_id = arena_strdup(e->arena, caller->request_id),
		.source = arena_strdup(e->arena, caller->source),
		.person = arena_strdup(e->arena, caller->entry) };
	e->cb = cb;
	e->arg = arg;
	flow_task_begin(f, &e->task, erase_release);
	e->later = loop_timer_new(f->conf.loop, erase_on_begin, e);
	loop_timer_set(e->later, 0);
}
