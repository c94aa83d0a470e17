/* What is queued about somebody who is erased, and what is kept of it for replay, is dropped:
 * messages that ended > mails > messages. Events become messages within a moment; one that did not
 * yet is waited for by whoever calls again. */
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"
#include "flow/erase_private.h"
#include "log/log.h"

static void queue_next_page(struct erasure *e);

/* ---- about whom is it? ---- */

static bool
queue_body_is_about(const struct erasure *e, const char *body)
{
	struct fault ignored;
	json_t *root = json_read(body, strlen(body), &ignored);
	const json_t *data = json_object_get(root, "data");
	const bool is_about = erase_find(&e->ids, json_string_of(data, "user_id")) != NULL ||
			      erase_find(&e->ids, json_string_of(data, "invitation_id")) != NULL ||
			      erase_find(&e->names, json_string_of(data, "uid")) != NULL;

	json_decref(root);
	return is_about;
}

/* A mail to them is about an invitation of somebody else, when they made it. */
static bool
queue_is_about(void *arg, const struct outbox_item *item)
{
	const struct erasure *e = arg;

	if (item->kind == OUTBOX_HOOK)
		return item->body != NULL && queue_body_is_about(e, item->body);
	return erase_find(&e->ids, item->subject) != NULL ||
	       erase_find(&e->names, item->to) != NULL || erase_find(&e->names, item->uid) != NULL;
}

/* ---- what waits ---- */

static void
queue_done(struct erasure *e)
{
	if (e->is_sending)
		erase_finish(e, ERR_BUSY,
		    "something about this person is being sent: try again in a moment");
	else
		e->next(e);
}

static void queue_drop_next(struct erasure *e);

static void
queue_on_dropped(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct erasure *e = arg;

	(void)revision;
	e->task.op = NULL;
	outbox_item_free(e->doomed[--e->doomed_count]);
	if (code == ERR_OK && e->queue == OUTBOX_MAILS)
		e->erased.mails++;
	else if (code == ERR_OK)
		e->erased.messages++;
	if (code == ERR_CONFLICT) /* its turn has come just now */
		e->is_sending = true;
	if (code == ERR_OK || code == ERR_CONFLICT || code == ERR_NOT_FOUND)
		queue_drop_next(e);
	else
		erase_finish(e, code, f->text);
}

static void
queue_drop_next(struct erasure *e)
{
	struct store_note note = e->note;

	note.event = "queue_item_dropped";
	if (e->doomed_count > 0)
		e->task.op =
		    store_outbox_remove(e->task.flow->conf.store, e->doomed[e->doomed_count - 1],
			NULL, NULL, INVITATION_EV_MAIL, &note, 0, NULL, queue_on_dropped, e);
	else if (e->after != NULL)
		queue_next_page(e);
	else if (e->queue == OUTBOX_MAILS) {
		e->queue = OUTBOX_HOOKS;
		queue_next_page(e);
	} else
		queue_done(e);
}

/* Without a lane nobody sends, whatever a claim says. */
static bool
queue_is_sending(const struct erasure *e, const struct outbox_item *item)
{
	return item->owner[0] != '\0' && e->task.flow->lanes[e->queue] != NULL;
}

static void
queue_on_page(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	flow_log_damage(code, f);
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	e->after = arena_strdup(e->arena, next);
	for (size_t i = 0; i < count; i++) {
		if (!queue_is_about(e, list[i]))
			continue;
		if (queue_is_sending(e, list[i])) {
			e->is_sending = true;
			continue;
		}
		e->doomed[e->doomed_count++] = list[i];
		list[i] = NULL;
	}
	queue_drop_next(e);
}

static void
queue_next_page(struct erasure *e)
{
	e->task.op = store_outbox_list(
	    e->task.flow->conf.store, e->queue, e->after, ERASE_PAGE, queue_on_page, e);
}

/* ---- what ended, and what is to become a message ---- */

static void
queue_on_events(void *arg, enum err code, const struct hook_event *list, size_t count, bool more,
    const struct fault *f)
{
	struct erasure *e = arg;

	(void)more;
	e->task.op = NULL;
	if (code != ERR_OK) {
		erase_finish(e, code, f->text);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (erase_find(&e->ids, list[i].user) != NULL ||
		    erase_find(&e->ids, list[i].invitation) != NULL)
			e->is_sending = true;
	e->after = NULL;
	e->queue = OUTBOX_MAILS;
	queue_next_page(e);
}

static void
queue_on_forgotten(void *arg, enum err code, uint64_t count, const struct fault *f)
{
	struct erasure *e = arg;

	e->task.op = NULL;
	e->erased.messages += count;
	if (code == ERR_OK)
		e->task.op =
		    store_events_list(e->task.flow->conf.store, ERASE_PAGE, queue_on_events, e);
	else
		erase_finish(e, code, f->text);
}

void
erase_queues(struct erasure *e, erase_step *next)
{
	e->next = next;
	e->task.op =
	    store_hooked_forget(e->task.flow->conf.store, queue_is_about, e, queue_on_forgotten, e);
}
