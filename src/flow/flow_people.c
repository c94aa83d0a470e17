#include "flow/people_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "log/log.h"

/* ---- life ---- */

static void
people_on_later(void *arg)
{
	struct people_op *op = arg;

	if (op->at_last != NULL)
		op->at_last(op);
	else
		people_finish(op, op->code, &op->fault);
}

static struct people_op *
people_alloc(struct flow *f, size_t size)
{
	struct people_op *op = mem_alloc(size);

	op->flow = f;
	op->arena = arena_new(0);
	field_errors_init(&op->errors, op->arena);
	op->later = loop_timer_new(f->conf.loop, people_on_later, op);
	op->started_mono_ms = clock_mono_ms(f->conf.clock);
	TAILQ_INSERT_TAIL(&f->people, op, link);
	return op;
}

struct people_op *
people_new(struct flow *f, size_t size, enum store_intent_kind kind, const char *id,
    const struct flow_caller *caller, people_answer *answer)
{
	struct people_op *op = people_alloc(f, size);
	unsigned char bytes[FEED_ID_SIZE];

	op->answer = answer;
	op->intent.kind = kind;
	op->intent.at = flow_now(f);
	if (feed_id_parse(id, bytes))
		feed_id_text(bytes, op->id); /* the spelling of keys */
	if (caller != NULL) {
		op->by = flow_caller_copy(caller, op->arena);
		op->intent.actor = op->by.name;
		op->intent.request_id = op->by.request_id;
		op->intent.source = op->by.source;
		op->intent.person = op->by.entry;
		op->intent.is_limited = op->by.reach != NULL;
	}
	return op;
}

const char *const *
people_keep_list(const char *const *list, size_t count, struct arena *arena)
{
	const char **copy = arena_alloc(arena, (count + 1) * sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = arena_strdup(arena, list[i]);
	return copy;
}

struct people_op *
people_resume(struct flow *f, size_t size, const struct store_intent *intent)
{
	struct people_op *op = people_alloc(f, size);
	struct store_intent *own = &op->intent;

	op->resumed = true;
	memcpy(op->id, intent->target, sizeof(op->id));
	*own = *intent;
	own->actor = arena_strdup(op->arena, intent->actor);
	own->request_id = arena_strdup(op->arena, intent->request_id);
	own->source = arena_strdup(op->arena, intent->source);
	own->person = arena_strdup(op->arena, intent->person);
	own->org_unit = arena_strdup(op->arena, intent->org_unit);
	own->personal = arena_strdup(op->arena, intent->personal);
	own->dn = arena_strdup(op->arena, intent->dn);
	own->tag = arena_strdup(op->arena, intent->tag);
	own->name = arena_strdup(op->arena, intent->name);
	own->description = arena_strdup(op->arena, intent->description);
	own->join = people_keep_list(intent->join, intent->join_count, op->arena);
	own->leave = people_keep_list(intent->leave, intent->leave_count, op->arena);
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		own->value[i] = arena_strdup(op->arena, intent->value[i]);
	return op;
}

struct people_op *
people_op_of(struct flow *f, const char *id)
{
	struct people_op *op;

	TAILQ_FOREACH(op, &f->people, link)
	if (op->intent.target[0] != '\0' && strcmp(op->intent.target, id) == 0)
		return op;
	return NULL;
}

static void
people_free(struct people_op *op)
{
	if (op->flow->admin_change == op)
		op->flow->admin_change = NULL;
	if (op->release != NULL)
		op->release(op);
	invitation_free(op->inv);
	loop_timer_free(op->later);
	arena_free(op->arena);
	free(op);
}

void
people_finish(struct people_op *op, enum err code, const struct fault *f)
{
	assert(op->store_op == NULL && op->dir_op == NULL);
	TAILQ_REMOVE(&op->flow->people, op, link);
	if (op->answer != NULL)
		op->answer(op, code, f);
	else
		flow_people_resolved(op->flow->people_resolver, code);
	people_free(op);
}

void
people_finish_later(struct people_op *op, enum err code, const char *text)
{
	op->code = fault_set(&op->fault, code, "%s", text);
	loop_timer_set(op->later, 0);
}

void
people_do_later(struct people_op *op, people_step *step)
{
	op->at_last = step;
	loop_timer_set(op->later, 0);
}

void
flow_people_free(struct flow *f)
{
	struct people_op *op;

	while ((op = TAILQ_FIRST(&f->people)) != NULL) {
		TAILQ_REMOVE(&f->people, op, link);
		if (op->store_op != NULL)
			store_cancel(op->store_op);
		if (op->dir_op != NULL)
			dir_cancel(op->dir_op);
		people_free(op);
	}
}

void
people_keep_user(struct people_op *op, const struct dir_user *user)
{
	op->user = *user;
	op->user.dn = arena_strdup(op->arena, user->dn);
	op->user.entry_uuid = arena_strdup(op->arena, user->entry_uuid);
	op->user.invitation_id = arena_strdup(op->arena, user->invitation_id);
	op->user.last_activity_source = arena_strdup(op->arena, user->last_activity_source);
	op->user.suspended_by = arena_strdup(op->arena, user->suspended_by);
	person_copy(&op->person, user->person, op->arena);
	op->user.person = &op->person;
}

struct store_note
people_note(const struct people_op *op)
{
	const struct store_intent *i = &op->intent;

	return (struct store_note){ .actor = i->actor,
		.request_id = i->request_id,
		.source = i->source,
		.person = i->person,
		.org_unit = i->org_unit,
		.personal = i->personal };
}

const char *
people_tag(const struct people_op *op, const char *wanted)
{
	return wanted == NULL && op->by.reach != NULL ? op->user.tag : wanted;
}

bool
people_has_left(const struct people_op *op, const char *dn)
{
	const char *place = flow_place_above(dn, op->arena), *seen = op->intent.org_unit;

	return op->intent.is_limited &&
	       (place == NULL || seen == NULL || strcasecmp(place, seen) != 0);
}

void
people_add_named(
    struct people_op *op, const struct fault *f, const char *code, const char *otherwise)
{
	if (!field_errors_add_named(&op->errors, f->text, code) && otherwise != NULL)
		field_errors_add(&op->errors, otherwise, code, "%s", f->text);
}

/* ---- write down ---- */

static bool
people_is_own(const struct people_op *op, const struct store_intent *i)
{
	return i->kind == op->intent.kind && i->at == op->intent.at &&
	       strcmp(i->actor, op->intent.actor) == 0 &&
	       (i->request_id == NULL || op->intent.request_id == NULL ||
		   strcmp(i->request_id, op->intent.request_id) == 0);
}

/* "It goes on by itself" is only true when it is written down. */
static void
people_on_read_back(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	(void)next;
	op->store_op = NULL;
	if (code != ERR_OK)
		people_leave(op, f);
	else if (count > 0 && people_is_own(op, &list[0])) {
		op->intent.revision = list[0].revision;
		op->next(op);
	} else {
		fault_set(&own, ERR_UNAVAILABLE, "it could not be written down: nothing was done");
		people_finish(op, ERR_UNAVAILABLE, &own);
	}
}

static void
people_on_begun(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->store_op = NULL;
	if (code == ERR_OK) {
		op->intent.revision = revision;
		op->next(op);
	} else if (code == ERR_UNKNOWN)
		op->store_op =
		    store_intent_load(op->flow->conf.store, op->id, people_on_read_back, op);
	else if (code == ERR_CONFLICT) {
		people_add_named(op, f, "taken", NULL);
		people_finish(op, ERR_EXISTS, f);
	} else if (code == ERR_EXISTS) {
		fault_set(&own, ERR_BUSY,
		    "another change of the same entry is being settled: try again in a moment");
		people_finish(op, ERR_BUSY, &own);
	} else
		people_finish(op, code, f);
}

void
people_begin(
    struct people_op *op, const struct secret *saved, uint64_t trash_revision, people_step *next)
{
	struct fault own;

	if (people_op_of(op->flow, op->id) != NULL) {
		fault_set(&own, ERR_BUSY, "another change of the same entry is under way");
		people_finish(op, ERR_BUSY, &own);
		return;
	}
	memcpy(op->intent.target, op->id, sizeof(op->id));
	op->next = next;
	op->store_op = store_intent_begin(
	    op->flow->conf.store, &op->intent, saved, trash_revision, people_on_begun, op);
}

void
people_leave(struct people_op *op, const struct fault *f)
{
	struct flow *flow = op->flow;
	struct fault own;

	fault_set(&own, ERR_UNKNOWN, "%s", f->text);
	if (op->resumed && f->code == ERR_MISCONFIGURED)
		log_error("a change that is written down cannot be completed", "event",
		    store_intent_event(op->intent.kind), "id", op->id, "reason", f->text);
	if (!op->resumed) {
		log_warning("a change was left to be settled later", "event",
		    store_intent_event(op->intent.kind), "id", op->id, "reason", f->text, "request",
		    op->intent.request_id);
		flow_people_note_left(flow->people_resolver, op->id);
		flow_people_resolver_wake(flow->people_resolver, FLOW_BACKOFF_MIN_MS);
	}
	people_finish(op, ERR_UNKNOWN, &own);
}

static void
people_on_dropped(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	op->store_op = NULL;
	if (code != ERR_OK && code != ERR_CONFLICT)
		people_leave(op, f);
	else
		people_finish(op, op->code, &op->fault);
}

void
people_refused(struct people_op *op, enum err code, const struct fault *f)
{
	if (code == ERR_UNKNOWN || (op->resumed && people_may_pass(code))) {
		people_leave(op, f);
		return;
	}
	if (op->resumed)
		log_error("a change that was written down is given up", "event",
		    store_intent_event(op->intent.kind), "id", op->id, "reason", f->text, "request",
		    op->intent.request_id);
	op->code = code;
	op->fault = *f;
	op->store_op = store_intent_drop(op->flow->conf.store, &op->intent, people_on_dropped, op);
}

void
people_drop(struct people_op *op)
{
	op->code = ERR_OK;
	op->fault = (struct fault){ .code = ERR_OK };
	op->store_op = store_intent_drop(op->flow->conf.store, &op->intent, people_on_dropped, op);
}

void
people_give_up_or_leave(struct people_op *op, enum err code, const struct fault *f)
{
	if (code == ERR_REFUSED)
		people_refused(op, code, f);
	else
		people_leave(op, f);
}

static void
people_on_settled(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	op->store_op = NULL;
	if (code != ERR_OK && code != ERR_CONFLICT) {
		people_leave(op, f);
		return;
	}
	log_info("a change was completed", "event", store_intent_event(op->intent.kind), "id",
	    op->id, "by", op->intent.actor, "request", op->intent.request_id);
	op->next(op);
}

void
people_settle(struct people_op *op, const char *detail, people_step *next)
{
	op->next = next;
	op->store_op = store_intent_settle(
	    op->flow->conf.store, &op->intent, detail, NULL, people_on_settled, op);
}

void
people_end_rights(struct people_op *op)
{
	struct flow *f = op->flow;
	const char *reason =
	    op->intent.kind == INTENT_USER_SUSPEND ? "user_suspended" : "user_deleted";

	if (f->sign_ins != NULL)
		f->sign_ins->end_person(f->sign_ins, op->id);
	if (f->person_ended != NULL)
		f->person_ended(f->person_ended_arg, op->id, reason);
}
