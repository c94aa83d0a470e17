/* Org units: checked > begun > carried out > settled > answered. What was left behind is done once
 * more: there already, or gone already, is then our own earlier try. */
#include "flow/people_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct unit {
	struct people_op op; /* first */
	const char *dn;	     /* of the answer */
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
unit_settle(struct people_op *op, const char *dn)
{
	struct buf detail;
	const char *text = NULL;

	((struct unit *)op)->dn = arena_strdup(op->arena, dn);
	buf_init(&detail, UNIT_DETAIL_MAX);
	buf_add_string(&detail, "{\"dn\":");
	buf_add_json_string(&detail, dn);
	buf_add_char(&detail, '}');
	if (dn != NULL && !buf_failed(&detail))
		text = arena_strdup(op->arena, detail.data);
	buf_release(&detail);
	people_settle(op, text, unit_settled);
}

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
		people_refused(op, code, f);
	}
}

static void
unit_on_deleted(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK || (code == ERR_NOT_FOUND && op->resumed))
		unit_settle(op, NULL);
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
org_unit_resume(struct flow *f, const struct store_intent *intent)
{
	unit_begun(people_resume(f, sizeof(struct unit), intent));
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
unit_checked(struct people_op *op)
{
	people_begin(op, NULL, 0, unit_begun);
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

/* ---- delete: the server knows of entries, and the roster of those who are invited there ---- */

struct unit_invited {
	unsigned char id[FEED_ID_SIZE];
	uint64_t count;
};

static void
unit_on_places(void *arg, const struct roster_place *places, size_t count)
{
	struct unit_invited *w = arg;

	for (size_t i = 0; i < count; i++)
		if (memcmp(places[i].id, w->id, sizeof(w->id)) == 0)
			w->count = places[i].count_below[FEED_PENDING] +
				   places[i].count_below[FEED_UNDELIVERABLE];
}

void
flow_org_unit_delete(struct flow *f, const char *id, const struct flow_caller *caller,
    flow_org_unit_cb *cb, void *arg)
{
	struct people_op *op = unit_new(f, INTENT_ORG_UNIT_DELETE, id, caller, cb, arg);
	struct roster *r = f->conf.roster;
	struct unit_invited w = { .count = 0 };
	const bool named = feed_id_parse(id, w.id);

	if (named && r != NULL && !roster_places(r, unit_on_places, &w))
		people_finish_later(op, ERR_UNAVAILABLE,
		    "the list is being loaded: whether somebody is invited here is not known yet");
	else if (w.count > 0)
		people_finish_later(op, ERR_CONFLICT, "people are invited here");
	else
		unit_start(op);
}
