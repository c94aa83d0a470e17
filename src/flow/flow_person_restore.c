/* Bring a deleted user back: what was kept is read > begun > added again > settled, and it is no
 * longer kept. Adding what is there already is fine, so what was left behind is done once more. */
#include "flow/people_private.h"

#include <stdlib.h>

struct restore {
	struct people_op op; /* first */
	struct secret *saved;
	flow_person_cb *cb;
	void *arg;
};

static void
restore_release(struct people_op *op)
{
	secret_free(((struct restore *)op)->saved);
}

static void
restore_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct restore *r = (struct restore *)op;

	r->cb(r->arg, code, code == ERR_OK ? &op->user : NULL, NULL, &op->errors, f);
}

static void
restore_settled(struct people_op *op)
{
	people_finish(op, ERR_OK, &op->fault); /* the groups that refused, if any */
}

static void
restore_on_added(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (code == ERR_OK) {
		people_keep_user(op, user);
		if (f != NULL)
			op->fault = *f;
		people_settle(op,
		    arena_printf(op->arena, "{\"new_id\":\"%s\"}", op->user.entry_uuid),
		    restore_settled);
	} else if (code == ERR_EXISTS) {
		people_add_named(op, f, "taken", "uid");
		people_refused(op, code, f);
	} else if (code == ERR_NOT_FOUND) {
		fault_set(&own, ERR_CONFLICT, "its org unit is gone");
		field_errors_add(&op->errors, "org_unit", "not_found", "it is gone: make it again");
		people_refused(op, ERR_CONFLICT, &own);
	} else
		people_refused(op, code, f);
}

static void
restore_begun(struct people_op *op)
{
	op->dir_op = dir_user_restore(
	    op->flow->conf.dir, ((struct restore *)op)->saved, restore_on_added, op);
}

static void
restore_on_loaded(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->store_op = NULL;
	if (code == ERR_OK && !op->resumed && t->restorable_until <= flow_now(op->flow))
		code = ERR_NOT_FOUND;
	if (code == ERR_NOT_FOUND) {
		fault_set(&own, ERR_NOT_FOUND, "nothing is kept of a user of this id");
		f = &own;
	}
	if (code == ERR_OK)
		((struct restore *)op)->saved = secret_dup(saved);
	if (code == ERR_OK && op->resumed)
		restore_begun(op);
	else if (code == ERR_OK)
		people_begin(op, NULL, t->revision, restore_begun);
	else if (op->resumed)
		people_refused(op, code, f);
	else
		people_finish(op, code, f);
}

static void
restore_load(struct people_op *op)
{
	op->release = restore_release;
	op->store_op = store_trash_load(op->flow->conf.store, op->id, restore_on_loaded, op);
}

void
flow_person_restore(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct people_op *op =
	    people_new(f, sizeof(struct restore), INTENT_USER_RESTORE, id, caller, restore_answer);
	struct restore *r = (struct restore *)op;

	r->cb = cb;
	r->arg = arg;
	restore_load(op);
}

void
person_restore_resume(struct flow *f, const struct store_intent *intent)
{
	restore_load(people_resume(f, sizeof(struct restore), intent));
}
