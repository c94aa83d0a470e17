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

static bool
person_change_values_are_so(struct people_op *op)
{
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (op->intent.value[i] != NULL &&
		    person_change_differs(op, i, op->intent.value[i]))
			return false;
	return true;
}

static void
person_change_answer_refusal(struct people_op *op)
{
	if (change_of(op)->values == CHANGE_VALUES_DONE)
		people_finish(op, ERR_OK, &op->fault); /* what is told is of the groups */
	else if (person_change_values_are_so(op) && person_groups_are_so(op))
		people_finish(op, ERR_OK, NULL);
	else
		people_finish(op, op->code, &op->fault);
}

/* Which of what was written down is so now; it differed before. The names of the fields are told,
 * never what is in them. NULL: nothing. */
static const char *
person_change_carried_out(struct people_op *op)
{
	const enum change_values values = change_of(op)->values;
	const struct audit_groups *groups =
	    change_of(op)->groups_left_alone ? NULL : person_groups_carried_out(op);
	bool changed[PERSON_FIELD_COUNT];

	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		changed[i] = op->intent.value[i] != NULL && values != CHANGE_VALUES_SAME &&
			     (values == CHANGE_VALUES_DONE ||
				 !person_change_differs(op, i, op->intent.value[i]));
	op->intent.personal = audit_of_these(op->intent.personal, changed, op->arena);
	if (changed[PERSON_ORG_UNIT])
		op->intent.moved_to = op->intent.value[PERSON_ORG_UNIT];
	return audit_of_fields(changed, groups, op->arena);
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
	i->of_admin = false;
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

static dir_user_cb person_change_on_looked_again;

/* What was said of groups before stays said. */
static void
person_change_note_refused(struct people_op *op, const struct fault *f, const char *what)
{
	struct fault before = op->fault;

	if (f->text[0] == '\0')
		return;
	log_warning(what, "id", op->id, "reason", f->text, "request", op->intent.request_id);
	if (before.text[0] == '\0')
		op->fault = *f;
	else
		fault_set(&op->fault, f->code, "%.240s; %.240s", before.text, f->text);
}

/* The groups are not all as was asked. Values that were written are told and recorded, whatever
 * became of the groups. */
static void
person_change_not_grouped(struct people_op *op, enum err code, const struct fault *f)
{
	struct change_person *c = change_of(op);
	const bool is_written = c->values == CHANGE_VALUES_DONE;
	struct fault own = *f;

	if (code == ERR_UNKNOWN || (people_may_pass(code) && (op->resumed || is_written))) {
		people_leave(op, f);
		return;
	}
	c->groups_left_alone = code == ERR_CONFLICT || people_is_passing(code);
	if (code == ERR_CONFLICT && is_written)
		fault_set(&own, code, "groups: changed meanwhile");
	op->code = code;
	if (is_written)
		person_change_note_refused(op, &own, "the groups of somebody stay as they are");
	else
		op->fault = own;
	if (c->groups_left_alone)
		person_change_seen(op);
	else
		op->dir_op =
		    dir_user_load(op->flow->conf.dir, op->id, person_change_on_looked_again, op);
}

static void
person_change_on_grouped(
    void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;
	const char *detail;

	op->dir_op = NULL;
	change_of(op)->grouped = true;
	if (code != ERR_OK) {
		person_change_not_grouped(op, code, f);
		return;
	}
	change_of(op)->groups_all_told = f->text[0] == '\0';
	people_keep_user(op, user);
	person_change_note_refused(op, f, "groups refused to let somebody in or go");
	detail = person_change_carried_out(op);
	if (detail != NULL)
		people_settle(op, detail, person_change_settled);
	else if (op->fault.text[0] == '\0')
		people_drop(op); /* it was so already */
	else {
		person_groups_name_refused(op);
		people_refused(op, ERR_INVALID, &op->fault);
	}
}

/* What they are in is what it was decided by, or nothing is done: somebody else's change would be
 * lost, whether or not a version was asked for. Of a resumed one some of it may be so already. */
static void
person_change_join(struct people_op *op)
{
	const struct change_person *c = change_of(op);
	const struct store_intent *i = &op->intent;
	const struct dir_memberships m = { .join = i->join,
		.leave = i->leave,
		.join_count = i->join_count,
		.leave_count = i->leave_count,
		.tag = op->resumed ? NULL : people_tag(op, c->tag != NULL ? op->user.tag : NULL),
		.groups_tag = op->resumed ? NULL : c->groups_seen };

	op->dir_op =
	    dir_user_set_groups(op->flow->conf.dir, op->id, &m, person_change_on_grouped, op);
}

/* Whoever asked, and does not reach everything, reaches where the change was to put them. */
static bool
person_change_has_left(const struct people_op *op)
{
	const char *place = op->intent.value[PERSON_ORG_UNIT], *now;

	if (!op->intent.is_limited || place == NULL)
		return people_has_left(op, op->user.dn);
	now = flow_place_above(op->user.dn, op->arena);
	return now == NULL || strcasecmp(now, place) != 0;
}

/* It is told how they are now, and what of it is our doing. What was left behind before the groups
 * were all told goes on with them. */
void
person_change_seen(struct people_op *op)
{
	struct change_person *c = change_of(op);
	const char *detail;

	if (op->resumed && !c->grouped && person_groups_any(op) &&
	    person_change_values_are_so(op) && !person_change_has_left(op)) {
		c->grouped = true;
		person_groups_check(op, person_change_join);
		return;
	}
	detail = person_change_carried_out(op);
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
	if (change_of(op)->values == CHANGE_VALUES_DONE &&
	    (code == ERR_NOT_FOUND || code == ERR_REFUSED)) {
		change_of(op)->groups_left_alone = true;
		person_change_seen(op);
	} else if (code == ERR_NOT_FOUND)
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
	bool same;

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
	change_of(op)->values = same ? CHANGE_VALUES_SAME : CHANGE_VALUES_DONE;
	person_change_note_refused(op, f, "groups still name somebody where they were before");
	if (f->text[0] != '\0') /* and not as they are named now */
		memcpy(change_of(op)->groups_seen, user->groups_tag, DIR_GROUPS_TAG_SIZE);
	if (person_groups_any(op))
		person_change_join(op);
	else if (same) /* it was so already, and nothing is recorded */
		people_drop(op);
	else
		people_settle(op, person_change_carried_out(op), person_change_settled);
}

static void
person_change_begun(struct people_op *op)
{
	struct dir_user_change change = { .tag = op->user.tag };
	bool any = false;

	memcpy(change.value, op->intent.value, sizeof(change.value));
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		any = any || change.value[i] != NULL;
	if (any)
		op->dir_op = dir_user_change(
		    op->flow->conf.dir, op->id, &change, person_change_on_acted, op);
	else
		person_change_join(op);
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
