/* Changes of a profile, from what is written down to the answer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "flow/person_change_private.h"
#include "log/log.h"

static const char taken_text[] = "another person or a pending invitation has it";

void
person_change_taken(struct people_op *op, enum person_field field)
{
	change_of(op)->clash = true;
	field_errors_add(&op->errors, person_field_name(field), "taken", "%s", taken_text);
}

/* Whose a value is is not told: it may be somebody's who is out of reach. */
static void
person_change_tell_taken(struct people_op *op, const struct fault *f)
{
	const char *org_unit = person_field_name(PERSON_ORG_UNIT);
	const bool has_mail = op->intent.value[PERSON_MAIL] != NULL;
	const bool is_phone = strncmp(f->text, "phone: ", 7) == 0;

	if (strncmp(f->text, org_unit, strlen(org_unit)) == 0) {
		people_add_named(op, f, "taken", NULL);
		return;
	}
	log_debug("what was to be given to somebody is another entry's", "id", op->id, "reason",
	    f->text, "request", op->intent.request_id);
	person_change_taken(op, has_mail && !is_phone ? PERSON_MAIL : PERSON_PHONE);
	fault_set(&op->fault, ERR_EXISTS, "%s: %s", op->errors.items[0].field, taken_text);
}

/* ---- what came of it ---- */

/* The names of the fields, never what is in them. */
static const char *
person_change_detail(struct people_op *op, const bool changed[PERSON_FIELD_COUNT])
{
	const char *list = "";

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (changed[i])
			list = arena_printf(op->arena, "%s%s\"%s\"", list, *list != '\0' ? "," : "",
			    person_field_name((enum person_field)i));
	return *list != '\0' ? arena_printf(op->arena, "{\"fields\":[%s]}", list) : NULL;
}

bool
person_change_differs(struct people_op *op, int field, const char *new)
{
	const char *old = op->person.value[field], *normal;

	if (old == NULL)
		return *new != '\0';
	if (field == PERSON_ORG_UNIT && dir_dn_normalise(old, op->arena, &normal))
		old = normal;
	return strcmp(old, new) != 0;
}

static void
person_change_settled(struct people_op *op)
{
	people_finish(op, ERR_OK, &op->fault); /* the groups that refused, if any */
}

static void
person_change_answer_refusal(struct people_op *op)
{
	bool whole = true;

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (op->intent.value[i] != NULL &&
		    person_change_differs(op, i, op->intent.value[i]))
			whole = false;
	if (whole)
		people_finish(op, ERR_OK, NULL);
	else
		people_finish(op, op->code, &op->fault);
}

/* Which of what was written down is so now; it differed before. */
static const char *
person_change_carried_out(struct people_op *op)
{
	bool changed[PERSON_FIELD_COUNT];

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		changed[i] = op->intent.value[i] != NULL &&
			     !person_change_differs(op, i, op->intent.value[i]);
	op->intent.personal = audit_of_these(op->intent.personal, changed, op->arena);
	if (changed[PERSON_ORG_UNIT])
		op->intent.moved_to = op->intent.value[PERSON_ORG_UNIT];
	return person_change_detail(op, changed);
}

static void
person_change_on_withdrawn(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;
	struct store_intent *i = &op->intent;

	op->store_op = NULL;
	if (code != ERR_OK && code != ERR_CONFLICT) {
		people_leave(op, f);
		return;
	}
	i->target[0] = '\0';
	i->dn = i->personal = NULL;
	memset(i->value, 0, sizeof(i->value));
	op->fault = (struct fault){ .code = ERR_OK };
	people_look(op, person_change_looked);
}

/* Nothing came of it. Whoever asked for no version is served with the one that is there now. */
static void
person_change_undone(struct people_op *op)
{
	struct change_person *c = change_of(op);
	const bool is_gone = op->code == ERR_CONFLICT || op->code == ERR_NOT_FOUND;

	if (is_gone && !op->resumed && c->tag == NULL && ++c->tries < FLOW_TRIES)
		op->store_op = store_intent_drop(
		    op->flow->conf.store, &op->intent, person_change_on_withdrawn, op);
	else
		people_refused(op, op->code, &op->fault);
}

/* It is told how they are now, and what of it is our doing. */
static void
person_change_seen(struct people_op *op)
{
	const char *detail = person_change_carried_out(op);

	if (detail != NULL)
		people_settle(op, detail, person_change_answer_refusal);
	else
		person_change_undone(op);
}

static void
person_change_on_moved(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (people_may_pass(code)) {
		people_leave(op, f);
		return;
	}
	if (code == ERR_OK)
		people_keep_user(op, user);
	if (code != ERR_OK || f->text[0] != '\0')
		log_warning("groups still name somebody where they were before", "id", op->id,
		    "reason", f->text, "request", op->intent.request_id);
	person_change_seen(op);
}

/* A change may take several requests, the values, a move and that of each group: some may have been
 * carried out. What was written down differed from what was there: what is like it now was. */
static void
person_change_on_looked_again(
    void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_NOT_FOUND)
		people_refused(op, op->code, &op->fault);
	else if (code != ERR_OK)
		people_give_up_or_leave(op, code, f);
	else {
		people_keep_user(op, user);
		if (op->intent.dn != NULL && strcasecmp(op->intent.dn, op->user.dn) != 0)
			op->dir_op = dir_user_finish_move(
			    op->flow->conf.dir, op->id, op->intent.dn, person_change_on_moved, op);
		else
			person_change_seen(op);
	}
}

/* A request that is a single one has changed nothing when it met another version. */
static void
person_change_on_refused(struct people_op *op, enum err code, const struct fault *f)
{
	op->code = code;
	op->fault = *f;
	if (code == ERR_EXISTS)
		person_change_tell_taken(op, f);
	else if (code == ERR_INVALID)
		people_add_named(op, f, "invalid", NULL);
	if (code == ERR_CONFLICT && op->intent.value[PERSON_ORG_UNIT] == NULL)
		person_change_undone(op);
	else
		op->dir_op =
		    dir_user_load(op->flow->conf.dir, op->id, person_change_on_looked_again, op);
}

static void
person_change_on_acted(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;
	bool changed[PERSON_FIELD_COUNT], same;

	op->dir_op = NULL;
	if (code == ERR_UNKNOWN) {
		people_leave(op, f);
		return;
	}
	if (code != ERR_OK) {
		person_change_on_refused(op, code, f);
		return;
	}
	same = strcmp(op->user.tag, user->tag) == 0;
	people_keep_user(op, user);
	if (same) { /* it was so already, and nothing is recorded */
		people_drop(op);
		return;
	}
	if (f != NULL && f->text[0] != '\0') {
		log_warning("groups still name somebody where they were before", "id", op->id,
		    "reason", f->text, "request", op->intent.request_id);
		op->fault = *f;
	}
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		changed[i] = op->intent.value[i] != NULL;
	op->intent.moved_to = op->intent.value[PERSON_ORG_UNIT];
	people_settle(op, person_change_detail(op, changed), person_change_settled);
}

static void
person_change_begun(struct people_op *op)
{
	struct dir_user_change change = { .tag = op->user.tag };

	memcpy(change.value, op->intent.value, sizeof(change.value));
	op->dir_op =
	    dir_user_change(op->flow->conf.dir, op->id, &change, person_change_on_acted, op);
}

void
person_change_begin(struct people_op *op)
{
	op->intent.personal = audit_of_change(&op->person, op->intent.value, op->arena);
	people_begin(op, NULL, 0, person_change_begun);
}

/* ---- left behind ---- */

void
person_change_resume(struct flow *f, const struct store_intent *intent)
{
	struct people_op *op = people_resume(f, sizeof(struct change_person), intent);

	op->code = fault_set(&op->fault, ERR_CONFLICT, "it was not carried out");
	op->dir_op = dir_user_load(f->conf.dir, op->id, person_change_on_looked_again, op);
}
