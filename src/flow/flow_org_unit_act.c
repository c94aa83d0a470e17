/* Org units, from what is written down to the answer. What was left behind is done once more: there
 * already, or gone already, is then our own earlier try, because a name that somebody else has is
 * told before anything is written down. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "flow/org_unit_private.h"

enum { UNIT_DETAIL_MAX = 32 * 1024 }; /* a DN, escaped */

void
unit_keep_values(struct people_op *op, const struct dir_org_unit *unit)
{
	struct unit *u = (struct unit *)op;

	u->is_seen = true;
	u->name = arena_strdup(op->arena, unit->name);
	u->description = arena_strdup(op->arena, unit->description);
}

bool
unit_differs(const char *wanted, const char *is)
{
	return wanted != NULL && strcmp(wanted, is != NULL ? is : "") != 0;
}

/* ---- what is told of it ---- */

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
		buf_add_json_string(b, utf8_clean(u->op.arena, before));
		buf_add_char(b, ',');
	}
	buf_add_string(b, "\"after\":");
	buf_add_json_string(b, *after != '\0' ? after : NULL);
	buf_add_char(b, '}');
}

static const char *
unit_text(struct people_op *op, struct buf *b)
{
	const char *text = buf_failed(b) ? NULL : arena_strdup(op->arena, b->data);

	buf_release(b);
	return text;
}

/* Names of places are no personal data. `name`: what was carried out. */
static const char *
unit_detail(struct people_op *op, const char *dn, const char *name)
{
	const struct unit *u = (const struct unit *)op;
	struct buf b;

	buf_init(&b, UNIT_DETAIL_MAX);
	buf_add_string(&b, "{\"dn\":");
	buf_add_json_string(&b, utf8_clean(op->arena, dn));
	buf_add_string(&b, ",\"changes\":{");
	unit_add_change(&b, u, "name", u->name, name);
	buf_add_string(&b, "}}");
	return unit_text(op, &b);
}

/* A description is whatever somebody wrote, perhaps of people: it can be erased. */
static const char *
unit_personal(struct people_op *op, const char *description)
{
	const struct unit *u = (const struct unit *)op;
	struct buf b;

	if (description == NULL)
		return NULL;
	buf_init(&b, UNIT_DETAIL_MAX);
	buf_add_string(&b, "{\"changes\":{");
	unit_add_change(&b, u, "description", u->description, description);
	buf_add_string(&b, "}}");
	return unit_text(op, &b);
}

/* `name` and `description`: what was carried out of them. */
static void
unit_settle_these(struct people_op *op, const char *dn, const char *name, const char *description,
    people_step *next)
{
	op->intent.personal = unit_personal(op, description);
	people_settle(op, unit_detail(op, dn, name), next);
}

static void
unit_settle(struct people_op *op, const char *dn)
{
	const struct store_intent *i = &op->intent;

	((struct unit *)op)->dn = arena_strdup(op->arena, dn);
	unit_settle_these(op, dn, i->name, i->description, unit_settled);
}

/* ---- a change may take two requests, and one may have been carried out ---- */

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
		unit_settle_these(op, unit->dn, named ? i->name : NULL,
		    described ? i->description : NULL, unit_answer_refusal);
}

static void
unit_look_again(struct people_op *op, enum err code, const struct fault *f)
{
	op->code = code;
	op->fault = *f;
	op->dir_op = dir_org_unit_load(op->flow->conf.dir, op->id, unit_on_looked_again, op);
}

/* ---- act ---- */

/* What an earlier try has added; unless it is gone again, and was there all the same. */
static void
unit_on_own_found(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK)
		unit_settle(op, unit->dn);
	else if (code == ERR_NOT_FOUND)
		unit_settle(op, NULL);
	else
		people_give_up_or_leave(op, code, f);
}

static void
unit_on_acted(void *arg, enum err code, const char *dn, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK)
		unit_settle(op, dn);
	else if (code == ERR_EXISTS && op->resumed && op->intent.kind == INTENT_ORG_UNIT_ADD)
		op->dir_op = dir_org_unit_find_named(
		    op->flow->conf.dir, op->intent.dn, op->intent.name, unit_on_own_found, op);
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

void
unit_begin(struct people_op *op)
{
	people_begin(op, NULL, 0, unit_begun);
}

/* ---- left behind ---- */

/* It is done once more where it was seen, below the same place. */
static bool
unit_has_left(struct people_op *op, const struct dir_org_unit *unit, struct fault *f)
{
	const char *seen = op->intent.org_unit, *above = seen != NULL ? reach_above(seen) : NULL;
	const char *place = flow_place_above(unit->dn, op->arena);

	if (!op->intent.is_limited ||
	    (place != NULL && above != NULL && strcasecmp(place, above) == 0))
		return false;
	fault_set(f, ERR_NOT_FOUND, "it has been moved meanwhile");
	return true;
}

/* A place where somebody was invited meanwhile keeps its name, if it has it still. */
static void
unit_on_found(void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (code == ERR_NOT_FOUND && op->intent.kind == INTENT_ORG_UNIT_DELETE) {
		unit_settle(op, op->intent.dn);
		return;
	}
	if (code == ERR_NOT_FOUND) {
		people_refused(op, code, f);
		return;
	}
	if (code != ERR_OK) {
		people_give_up_or_leave(op, code, f);
		return;
	}
	if (unit_has_left(op, unit, &own)) {
		people_refused(op, own.code, &own);
		return;
	}
	if (unit_differs(op->intent.name, unit->name) ||
	    unit_differs(op->intent.description, unit->description))
		unit_keep_values(op, unit);
	if (unit_differs(op->intent.name, unit->name) && org_unit_check_invited(op, &own) != ERR_OK)
		unit_look_again(op, own.code, &own);
	else
		unit_begun(op);
}

void
org_unit_resume(struct flow *f, const struct store_intent *intent)
{
	struct people_op *op = people_resume(f, sizeof(struct unit), intent);

	if (intent->kind == INTENT_ORG_UNIT_CHANGE ||
	    (intent->kind == INTENT_ORG_UNIT_DELETE && intent->is_limited))
		op->dir_op = dir_org_unit_load(f->conf.dir, op->id, unit_on_found, op);
	else
		unit_begun(op);
}
