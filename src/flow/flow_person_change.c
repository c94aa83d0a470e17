/* Change a profile: looked > checked > names asked about in the store, the org unit in the
 * directory, and what role a group gives > begun > changed > groups joined and left > settled >
 * answered. Only what differs is written down, sent and
 * recorded. Whether another entry has a mail or phone dir_user_change() asks: it knows which is
 * one's own. What is changed is the version that was looked at, so that the record says what was
 * replaced; of one that is changed meanwhile there is another look. */
#include "flow/person_change_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* ---- names ---- */

static bool
person_change_any(const struct people_op *op)
{
	bool any = person_groups_any(op);

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		any = any || op->intent.value[i] != NULL;
	return any;
}

static void
person_change_on_answer(
    void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct people_op *op = arg;
	const char *place = op->intent.value[PERSON_ORG_UNIT];

	op->dir_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	/* What is out of reach is answered like what is not there. */
	if (place != NULL && (answer->org_unit_missing || !flow_reaches(&op->by, place, NULL)))
		field_errors_add(&op->errors, "org_unit", "not_found",
		    "the directory has no such organizational unit");
	flow_groups_are_there(
	    &change_of(op)->joining, answer, &op->by, NULL, op->arena, &op->errors);
	person_groups_are_called(op);
	if (op->errors.count > 0)
		person_change_finish_refused(op, ERR_INVALID);
	else if (!person_change_any(op))
		people_finish(op, ERR_OK, NULL); /* they are in those groups already */
	else
		person_groups_check(op, person_change_begin);
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
	const struct flow_groups *joining = &change_of(op)->joining;
	struct dir_question q = { .org_unit = op->intent.value[PERSON_ORG_UNIT],
		.group_count = joining->count };

	op->store_op = NULL;
	memcpy(q.groups, joining->dn, joining->count * sizeof(q.groups[0]));
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
	else if (q.org_unit == NULL && q.group_count == 0)
		person_groups_check(op, person_change_begin);
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
	person_groups_plan(op);
	if (op->errors.count > 0)
		person_change_finish_refused(op, ERR_INVALID);
	else if (!any && !person_groups_any(op))
		people_finish(op, ERR_OK, NULL); /* nothing is changed, nothing recorded */
	else {
		struct person names = {
			.value = { [PERSON_MAIL] = person_change_name(op, PERSON_MAIL),
			    [PERSON_PHONE] = person_change_name(op, PERSON_PHONE) }
		};

		op->store_op = store_find_names(op->flow->conf.store, &names, op->id,
		    STORE_NAMES_TO_RESERVE, person_change_on_names, op);
	}
}

static bool
person_change_is_version(const struct people_op *op)
{
	const struct change_person *c = (const struct change_person *)op;

	if (c->tag == NULL)
		return true;
	return strcmp(c->tag, op->user.tag) == 0 &&
	       (c->given_groups == NULL ||
		   (c->groups_tag != NULL && strcmp(c->groups_tag, op->user.groups_tag) == 0));
}

void
person_change_looked(struct people_op *op)
{
	struct change_person *c = change_of(op);
	struct fault f;

	memcpy(c->groups_seen, op->user.groups_tag, sizeof(c->groups_seen));
	c->values = CHANGE_VALUES_OPEN;
	c->grouped = c->groups_all_told = c->groups_left_alone = false;
	if (op->inv != NULL) {
		fault_set(&f, ERR_USED, "this is an invitation: change that");
		people_finish(op, ERR_USED, &f);
	} else if (!person_change_is_version(op)) {
		fault_set(&f, ERR_CONFLICT, "the entry was changed meanwhile");
		people_finish(op, ERR_CONFLICT, &f);
	} else
		people_spare_roles(op, person_change_check);
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
	c->groups_tag = arena_strdup(op->arena, change->groups_tag);
	if (change->groups != NULL)
		c->given_groups = people_keep_list(change->groups, change->group_count, op->arena);
	c->given_group_count = change->group_count;
	op->intent.gives_roles = op->by.gives_roles;
	c->cb = cb;
	c->arg = arg;
	people_look(op, person_change_looked);
}
