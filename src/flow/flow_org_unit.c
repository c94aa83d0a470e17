/* Org units: checked > looked at > begun > carried out > settled > answered. Here what comes before
 * the first thing that is written down. */
#include "flow/org_unit_private.h"

#include <string.h>

static void
unit_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct unit *u = (struct unit *)op;

	u->cb(u->arg, code, code == ERR_OK ? u->dn : NULL, &op->errors, f);
}

/* ---- check ---- */

/* The rule of a line of text is that of a position. */
static const char *
unit_check_text(struct people_op *op, const char *field, const char *text)
{
	struct person_rules rules = flow_rules(op->flow);

	return person_check_field(PERSON_POSITION, field, text, &rules, op->arena, &op->errors);
}

static void
unit_check_names(struct people_op *op, const char *name, const char *description)
{
	if (name != NULL)
		op->intent.name = unit_check_text(op, "name", name);
	if (description != NULL)
		op->intent.description =
		    *description == '\0' ? "" : unit_check_text(op, "description", description);
}

static void
unit_finish_refused(struct people_op *op, enum err code)
{
	struct fault own;

	fault_set(&own, code, "%s", op->errors.items[0].detail);
	people_finish(op, code, &own);
}

/* ---- look: what changes nothing is not recorded, and what cannot be is not begun ---- */

/* What else names it by its DN. */
static enum err
unit_check_named(const struct people_op *op, struct fault *f)
{
	enum err code = org_unit_check_roles(op, op->intent.org_unit, f);

	return code == ERR_OK ? org_unit_check_invited(op, f) : code;
}

static void
unit_on_namesake(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_NOT_FOUND)
		unit_begin(op);
	else if (code == ERR_OK) {
		field_errors_add(
		    &op->errors, "name", "taken", "there is an org unit %s already", unit->dn);
		unit_finish_refused(op, ERR_EXISTS);
	} else {
		if (code == ERR_INVALID)
			field_errors_add(&op->errors, "name", "invalid", "%s", f->text);
		people_finish(op, code, f);
	}
}

static void
unit_keep(struct people_op *op, const struct dir_org_unit *unit)
{
	struct unit *u = (struct unit *)op;

	unit_keep_values(op, unit);
	u->dn = op->intent.dn = arena_strdup(op->arena, unit->dn);
	if (!dir_dn_normalise(unit->dn, op->arena, &op->intent.org_unit))
		op->intent.org_unit = NULL;
}

static void
unit_looked(struct people_op *op)
{
	const struct unit *u = (const struct unit *)op;
	struct store_intent *i = &op->intent;
	struct fault own;
	enum err code;

	if (!unit_differs(i->name, u->name))
		i->name = NULL;
	if (!unit_differs(i->description, u->description))
		i->description = NULL;
	if (i->kind == INTENT_ORG_UNIT_CHANGE && i->name == NULL && i->description == NULL) {
		people_finish(op, ERR_OK, NULL);
		return;
	}
	code = i->kind == INTENT_ORG_UNIT_DELETE || i->name != NULL ? unit_check_named(op, &own)
								    : ERR_OK;
	if (code == ERR_CONFLICT && i->name != NULL)
		field_errors_add(&op->errors, "name", "not_empty", "%s", own.text);
	if (code != ERR_OK)
		people_finish(op, code, &own);
	else
		unit_begin(op);
}

static void
unit_on_looked(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own = { .text = "" };

	op->dir_op = NULL;
	if (code == ERR_OK) {
		unit_keep(op, unit);
		code = org_unit_check_reach(op, op->intent.org_unit, &own);
		f = &own;
	} else if (code == ERR_REFUSED && op->by.reach != NULL) {
		/* The base of people: nobody's whose rights are for a part. */
		code = fault_set(&own, ERR_NOT_FOUND, "there is no such org unit");
		f = &own;
	}
	if (code == ERR_OK)
		unit_looked(op);
	else
		people_finish(op, code, f);
}

static void
unit_checked(struct people_op *op)
{
	struct dir *d = op->flow->conf.dir;
	struct store_intent *i = &op->intent;
	struct fault own;

	if (i->kind != INTENT_ORG_UNIT_ADD)
		op->dir_op = dir_org_unit_load(d, op->id, unit_on_looked, op);
	else if (!flow_reaches(&op->by, i->dn, NULL)) {
		fault_set(&own, ERR_NOT_FOUND, "there is no such org unit");
		people_finish(op, ERR_NOT_FOUND, &own);
	} else {
		i->org_unit = i->dn;
		op->dir_op = dir_org_unit_find_named(d, i->dn, i->name, unit_on_namesake, op);
	}
}

static void
unit_start(struct people_op *op)
{
	if (op->errors.count > 0)
		people_finish_later(op, ERR_INVALID, op->errors.items[0].detail);
	else if (op->id[0] == '\0')
		people_finish_later(op, ERR_NOT_FOUND, "no org unit has this id");
	else
		people_do_later(op, unit_checked);
}

static struct people_op *
unit_new(struct flow *f, enum store_intent_kind kind, const char *id,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	struct people_op *op = people_new(f, sizeof(struct unit), kind, id, caller, unit_answer);

	((struct unit *)op)->cb = cb;
	((struct unit *)op)->arg = arg;
	return op;
}

void
flow_org_unit_add(struct flow *f, const char *parent, const char *name, const char *description,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	struct people_op *op;
	char id[ID_SIZE];

	id_make(flow_now(f), id);
	op = unit_new(f, INTENT_ORG_UNIT_ADD, id, caller, cb, arg);
	if (parent == NULL || !dir_dn_normalise(parent, op->arena, &op->intent.dn))
		field_errors_add(
		    &op->errors, "parent", "invalid", "not a distinguished name (RFC 4514)");
	if (name == NULL)
		field_errors_add(&op->errors, "name", "required", "an org unit has a name");
	unit_check_names(op, name, description);
	unit_start(op);
}

void
flow_org_unit_change(struct flow *f, const char *id, const char *name, const char *description,
    const struct flow_caller *caller, flow_org_unit_cb *cb, void *arg)
{
	struct people_op *op = unit_new(f, INTENT_ORG_UNIT_CHANGE, id, caller, cb, arg);

	unit_check_names(op, name, description);
	unit_start(op);
}

void
flow_org_unit_delete(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_org_unit_cb *cb, void *arg)
{
	unit_start(unit_new(f, INTENT_ORG_UNIT_DELETE, id, caller, cb, arg));
}
