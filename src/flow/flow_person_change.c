/* Change a profile: looked > checked > names asked about in the store, the org unit in the
 * directory > begun > changed > settled > answered. Only what differs is written down, sent and
 * recorded. Whether another entry has a mail or phone dir_user_change() asks: it knows which is
 * one's own. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log/log.h"

struct change_person {
	struct people_op op; /* first */
	const char *given[PERSON_FIELD_COUNT], *tag;
	bool clash; /* only names are in the way */
	flow_person_cb *cb;
	void *arg;
};

static struct change_person *
change_of(struct people_op *op)
{
	return (struct change_person *)op;
}

static void
person_change_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct change_person *c = change_of(op);

	c->cb(c->arg, code, code == ERR_OK ? &op->user : NULL, NULL, &op->errors, f);
}

static void
person_change_finish_refused(struct people_op *op, enum err code)
{
	struct fault f;

	fault_set(&f, code, "%s: %s", op->errors.items[0].field, op->errors.items[0].detail);
	people_finish(op, code, &f);
}

/* ---- act ---- */

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

static bool
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
	return person_change_detail(op, changed);
}

/* It is told how they are now, and what of it is our doing. */
static void
person_change_seen(struct people_op *op)
{
	const char *detail = person_change_carried_out(op);

	if (detail != NULL)
		people_settle(op, detail, person_change_answer_refusal);
	else
		people_refused(op, op->code, &op->fault);
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

static void
person_change_on_acted(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;
	bool changed[PERSON_FIELD_COUNT], same;

	op->dir_op = NULL;
	if (code == ERR_INVALID || code == ERR_EXISTS) {
		const bool taken = code == ERR_EXISTS;

		people_add_named(op, f, taken ? "taken" : "invalid",
		    taken ? (op->intent.value[PERSON_MAIL] != NULL ? "mail" : "phone") : NULL);
	}
	if (code == ERR_UNKNOWN) {
		people_leave(op, f);
		return;
	}
	if (code != ERR_OK) {
		op->code = code;
		op->fault = *f;
		op->dir_op =
		    dir_user_load(op->flow->conf.dir, op->id, person_change_on_looked_again, op);
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
	people_settle(op, person_change_detail(op, changed), person_change_settled);
}

static void
person_change_begun(struct people_op *op)
{
	struct dir_user_change change = { .tag = people_tag(op, change_of(op)->tag) };

	memcpy(change.value, op->intent.value, sizeof(change.value));
	op->dir_op =
	    dir_user_change(op->flow->conf.dir, op->id, &change, person_change_on_acted, op);
}

static void
person_change_begin(struct people_op *op)
{
	op->intent.personal = audit_of_change(&op->person, op->intent.value, op->arena);
	people_begin(op, NULL, 0, person_change_begun);
}

/* ---- names ---- */

static void
person_change_taken(struct people_op *op, enum person_field field)
{
	change_of(op)->clash = true;
	field_errors_add(&op->errors, person_field_name(field), "taken",
	    "another person or a pending invitation has it");
}

static void
person_change_on_answer(
    void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	/* What is out of reach is answered like what is not there. */
	if (answer->org_unit_missing ||
	    !flow_reaches(&op->by, op->intent.value[PERSON_ORG_UNIT], NULL)) {
		field_errors_add(&op->errors, "org_unit", "not_found",
		    "the directory has no such organizational unit");
		person_change_finish_refused(op, ERR_INVALID);
		return;
	}
	person_change_begin(op);
}

/* A new value that must be nobody else's: the same one in other letters is one's own. */
static const char *
person_change_name(const struct people_op *op, enum person_field field)
{
	const char *new = op->intent.value[field], *old = op->person.value[field];

	if (new == NULL || *new == '\0' || (old != NULL && strcasecmp(new, old) == 0))
		return NULL;
	return new;
}

static void
person_change_on_names(
    void *arg, enum err code, const struct store_taken *taken, const struct fault *f)
{
	struct people_op *op = arg;
	const struct dir_question q = { .org_unit = op->intent.value[PERSON_ORG_UNIT] };

	op->store_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	if (taken->mail)
		person_change_taken(op, PERSON_MAIL);
	if (taken->phone)
		person_change_taken(op, PERSON_PHONE);
	if (change_of(op)->clash)
		person_change_finish_refused(op, ERR_EXISTS);
	else if (q.org_unit == NULL)
		person_change_begin(op);
	else
		op->dir_op = dir_ask(op->flow->conf.dir, &q, person_change_on_answer, op);
}

/* ---- check ---- */

static bool
person_change_is_required(const struct flow *f, int field)
{
	switch (field) {
	case PERSON_GIVEN_NAME:
	case PERSON_FAMILY_NAME:
	case PERSON_ORG_UNIT:
		return true;
	case PERSON_GENDER:
		return f->conf.gender_required;
	case PERSON_BIRTHDAY:
		return f->conf.birthday_required;
	default:
		return false;
	}
}

/* The normal form; "" for none; NULL after adding an error. */
static const char *
person_change_check_field(struct people_op *op, enum person_field field, const char *value)
{
	const char *name = person_field_name(field);
	struct person_rules rules = flow_rules(op->flow);

	if (field == PERSON_UID) {
		field_errors_add(&op->errors, name, "not_allowed", "the uid of an account stays");
		return NULL;
	}
	if (value[strspn(value, " \t\r\n")] == '\0') {
		if (!person_change_is_required(op->flow, field))
			return "";
		field_errors_add(&op->errors, name, "required", "it cannot be empty");
		return NULL;
	}
	if (field == PERSON_ORG_UNIT)
		return flow_check_place(op->flow, value, op->arena, &op->errors);
	return person_check_field(field, name, value, &rules, op->arena, &op->errors);
}

/* Somebody without mail and phone cannot be told anything. Who had neither before may stay so. */
static void
person_change_check_contact(struct people_op *op)
{
	bool touched = false, reachable = false;

	for (int i = PERSON_MAIL; i <= PERSON_PHONE; i++) {
		const char *new = op->intent.value[i], *old = op->person.value[i];
		const char *after = new != NULL ? new : old;

		touched = touched || new != NULL;
		reachable = reachable || (after != NULL && *after != '\0');
	}
	if (touched && !reachable)
		field_errors_add(&op->errors, "mail", "required", "mail or phone must be there");
}

static void
person_change_check(struct people_op *op)
{
	struct change_person *c = change_of(op);
	bool any = false;

	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *value;

		if (c->given[i] == NULL)
			continue;
		value = person_change_check_field(op, (enum person_field)i, c->given[i]);
		if (value != NULL && person_change_differs(op, i, value)) {
			op->intent.value[i] = value;
			any = true;
			if (i == PERSON_ORG_UNIT)
				op->intent.dn = op->user.dn;
		}
	}
	person_change_check_contact(op);
	if (op->errors.count > 0)
		person_change_finish_refused(op, ERR_INVALID);
	else if (!any)
		people_finish(op, ERR_OK, NULL); /* nothing is changed, nothing recorded */
	else {
		struct person names = {
			.value = { [PERSON_MAIL] = person_change_name(op, PERSON_MAIL),
			    [PERSON_PHONE] = person_change_name(op, PERSON_PHONE) }
		};

		op->store_op = store_find_names(
		    op->flow->conf.store, &names, op->id, person_change_on_names, op);
	}
}

static void
person_change_looked(struct people_op *op)
{
	struct change_person *c = change_of(op);
	struct fault f;

	if (op->inv != NULL) {
		fault_set(&f, ERR_USED, "this is an invitation: change that");
		people_finish(op, ERR_USED, &f);
	} else if (c->tag != NULL && strcmp(c->tag, op->user.tag) != 0) {
		fault_set(&f, ERR_CONFLICT, "the entry was changed meanwhile");
		people_finish(op, ERR_CONFLICT, &f);
	} else
		person_change_check(op);
}

void
flow_person_change(struct flow *f, const char *id, const struct person_change *change,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct people_op *op = people_new(
	    f, sizeof(struct change_person), INTENT_USER_CHANGE, id, caller, person_change_answer);
	struct change_person *c = change_of(op);

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		c->given[i] = arena_strdup(op->arena, change->value[i]);
	c->tag = arena_strdup(op->arena, change->tag);
	c->cb = cb;
	c->arg = arg;
	people_look(op, person_change_looked);
}

/* ---- left behind ---- */

void
person_change_resume(struct flow *f, const struct store_intent *intent)
{
	struct people_op *op = people_resume(f, sizeof(struct change_person), intent);

	op->code = fault_set(&op->fault, ERR_CONFLICT, "it was not carried out");
	op->dir_op = dir_user_load(f->conf.dir, op->id, person_change_on_looked_again, op);
}
