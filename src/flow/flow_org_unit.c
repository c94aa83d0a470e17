/* Org units: checked > looked at > begun > carried out > settled > answered. What was left behind
 * is done once more: there already, or gone already, is then our own earlier try, because a name
 * that somebody else has is told before anything is written down. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

struct unit {
	struct people_op op; /* first */
	const char *dn;	     /* of the answer */
	/* As it was seen before the change, for the audit; not of one that was carried out before
	 * it was resumed. */
	bool is_seen;
	const char *name, *description;
	flow_org_unit_cb *cb;
	void *arg;
};

enum { UNIT_DETAIL_MAX = 32 * 1024 }; /* a DN, escaped */

static void
unit_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct unit *u = (struct unit *)op;

	u->cb(u->arg, code, code == ERR_OK ? u->dn : NULL, &op->errors, f);
}

static void
unit_settled(struct people_op *op)
{
	people_finish(op, ERR_OK, NULL);
}

static void
unit_add_change(
    struct buf *b, const struct unit *u, const char *field, const char *before, const char *after)
{
	if (after == NULL)
		return;
	buf_printf(b, "%s\"%s\":{", b->data[b->len - 1] != '{' ? "," : "", field);
	if (u->is_seen) {
		buf_add_string(b, "\"before\":");
		buf_add_json_string(b, before);
		buf_add_char(b, ',');
	}
	buf_add_string(b, "\"after\":");
	buf_add_json_string(b, *after != '\0' ? after : NULL);
	buf_add_char(b, '}');
}

/* Names of places are no personal data. `name` and `description`: what was carried out of them. */
static const char *
unit_detail(struct people_op *op, const char *dn, const char *name, const char *description)
{
	const struct unit *u = (const struct unit *)op;
	const char *text = NULL;
	struct buf b;

	if (dn == NULL)
		return NULL;
	buf_init(&b, UNIT_DETAIL_MAX);
	buf_add_string(&b, "{\"dn\":");
	buf_add_json_string(&b, utf8_clean(op->arena, dn));
	buf_add_string(&b, ",\"changes\":{");
	unit_add_change(&b, u, "name", u->name, name);
	unit_add_change(&b, u, "description", u->description, description);
	buf_add_string(&b, "}}");
	if (!buf_failed(&b))
		text = arena_strdup(op->arena, b.data);
	buf_release(&b);
	return text;
}

static void
unit_settle(struct people_op *op, const char *dn)
{
	const struct store_intent *i = &op->intent;

	((struct unit *)op)->dn = arena_strdup(op->arena, dn);
	people_settle(op, unit_detail(op, dn, i->name, i->description), unit_settled);
}

/* ---- a change may take two requests, and one may have been carried out ---- */

static bool
unit_differs(const char *wanted, const char *is)
{
	return wanted != NULL && strcmp(wanted, is != NULL ? is : "") != 0;
}

static void
unit_answer_refusal(struct people_op *op)
{
	people_finish(op, op->code, &op->fault);
}

/* Something of what was written down is so now; it differed before. */
static void
unit_on_looked_again(
    void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;
	const struct store_intent *i = &op->intent;
	bool named, described;

	op->dir_op = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND) {
		people_give_up_or_leave(op, code, f);
		return;
	}
	named = code == ERR_OK && i->name != NULL && !unit_differs(i->name, unit->name);
	described = code == ERR_OK && i->description != NULL &&
		    !unit_differs(i->description, unit->description);
	if (!named && !described)
		people_refused(op, op->code, &op->fault);
	else if ((named || i->name == NULL) && (described || i->description == NULL))
		unit_settle(op, unit->dn);
	else
		people_settle(op,
		    unit_detail(
			op, unit->dn, named ? i->name : NULL, described ? i->description : NULL),
		    unit_answer_refusal);
}

static void
unit_look_again(struct people_op *op, enum err code, const struct fault *f)
{
	op->code = code;
	op->fault = *f;
	op->dir_op = dir_org_unit_load(op->flow->conf.dir, op->id, unit_on_looked_again, op);
}

/* ---- act ---- */

static void
unit_on_acted(void *arg, enum err code, const char *dn, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK)
		unit_settle(op, dn);
	else if (code == ERR_EXISTS && op->resumed && op->intent.kind == INTENT_ORG_UNIT_ADD)
		unit_settle(op, NULL);
	else {
		if (code == ERR_INVALID || code == ERR_EXISTS)
			field_errors_add(&op->errors, "name",
			    code == ERR_EXISTS ? "taken" : "invalid", "%s", f->text);
		if (code != ERR_UNKNOWN && op->intent.kind == INTENT_ORG_UNIT_CHANGE)
			unit_look_again(op, code, f);
		else
			people_refused(op, code, f);
	}
}

static void
unit_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK || (code == ERR_NOT_FOUND && op->resumed))
		unit_settle(op, op->intent.dn);
	else
		people_refused(op, code, f);
}

static void
unit_begun(struct people_op *op)
{
	struct dir *d = op->flow->conf.dir;
	const struct store_intent *i = &op->intent;

	switch (i->kind) {
	case INTENT_ORG_UNIT_ADD:
		op->dir_op = dir_org_unit_add(d, i->dn, i->name, i->description, unit_on_acted, op);
		return;
	case INTENT_ORG_UNIT_CHANGE:
		op->dir_op =
		    dir_org_unit_change(d, op->id, i->name, i->description, unit_on_acted, op);
		return;
	default:
		op->dir_op = dir_org_unit_delete(d, op->id, unit_on_deleted, op);
	}
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

/* ---- begin ---- */

static void
unit_begin(struct people_op *op)
{
	people_begin(op, NULL, 0, unit_begun);
}

static void
unit_finish_refused(struct people_op *op, enum err code)
{
	struct fault own;

	fault_set(&own, code, "%s", op->errors.items[0].detail);
	people_finish(op, code, &own);
}

/* ---- look: what changes nothing is not recorded, and what cannot be is not begun ---- */

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
unit_keep_values(struct people_op *op, const struct dir_org_unit *unit)
{
	struct unit *u = (struct unit *)op;

	u->is_seen = true;
	u->name = arena_strdup(op->arena, unit->name);
	u->description = arena_strdup(op->arena, unit->description);
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
	code = i->kind == INTENT_ORG_UNIT_DELETE || i->name != NULL
		   ? org_unit_check_invited(op, &own)
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

/* ---- left behind ---- */

/* A place where somebody was invited meanwhile keeps its name, if it has it still. */
static void
unit_on_found(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (code == ERR_OK && (unit_differs(op->intent.name, unit->name) ||
				  unit_differs(op->intent.description, unit->description)))
		unit_keep_values(op, unit);
	if (code == ERR_OK && unit_differs(op->intent.name, unit->name) &&
	    org_unit_check_invited(op, &own) != ERR_OK)
		unit_look_again(op, own.code, &own);
	else if (code == ERR_OK)
		unit_begun(op);
	else if (code == ERR_NOT_FOUND)
		people_refused(op, code, f);
	else
		people_give_up_or_leave(op, code, f);
}

void
org_unit_resume(struct flow *f, const struct store_intent *intent)
{
	struct people_op *op = people_resume(f, sizeof(struct unit), intent);

	if (intent->kind == INTENT_ORG_UNIT_CHANGE)
		op->dir_op = dir_org_unit_load(f->conf.dir, op->id, unit_on_found, op);
	else
		unit_begun(op);
}
