/* Suspend and resume. What was left behind is settled by looking: nobody else changes an entry
 * whose intent is there, so how it is tells what became of it. */
#include "flow/people_private.h"

#include <string.h>

struct suspend {
	struct people_op op; /* first */
	bool suspended;
	const char *tag;
	flow_person_cb *cb;
	void *arg;
};

static void
suspend_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct suspend *s = (struct suspend *)op;

	s->cb(s->arg, code, code == ERR_OK ? &op->user : NULL, NULL, NULL, f);
}

static void
suspend_settled(struct people_op *op)
{
	people_finish(op, ERR_OK, NULL);
}

static void
suspend_done(struct people_op *op, const struct dir_user *user)
{
	if (op->intent.kind == INTENT_USER_SUSPEND)
		people_end_rights(op);
	people_keep_user(op, user);
	people_settle(op, NULL, suspend_settled);
}

/* A refusal may concern what comes after the change, the look at the new version: how the entry is
 * decides. So does it when the answer never came, later. */
static void
suspend_on_looked_again(
    void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (code == ERR_OK && user->suspended == (op->intent.kind == INTENT_USER_SUSPEND)) {
		suspend_done(op, user);
	} else if (code == ERR_OK && op->code != ERR_OK)
		people_refused(op, op->code, &op->fault);
	else if (code == ERR_OK) {
		fault_set(&own, ERR_CONFLICT, "it was not carried out");
		people_refused(op, ERR_CONFLICT, &own);
	} else if (code == ERR_NOT_FOUND)
		people_refused(op, code, f);
	else
		people_give_up_or_leave(op, code, f);
}

static void
suspend_on_acted(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_UNKNOWN)
		people_leave(op, f);
	else if (code != ERR_OK) {
		op->code = code;
		op->fault = *f;
		op->dir_op = dir_user_load(op->flow->conf.dir, op->id, suspend_on_looked_again, op);
	} else
		suspend_done(op, user);
}

static void
suspend_begun(struct people_op *op)
{
	const struct suspend *s = (const struct suspend *)op;

	op->dir_op = dir_user_suspend(
	    op->flow->conf.dir, op->id, s->suspended, people_tag(op, s->tag), suspend_on_acted, op);
}

static void
suspend_guarded(struct people_op *op)
{
	op->intent.personal = audit_of_person(&op->person, op->user.dn, op->arena);
	people_begin(op, NULL, 0, suspend_begun);
}

static void
suspend_allowed(struct people_op *op)
{
	if (((struct suspend *)op)->suspended)
		people_guard(op, "suspend", suspend_guarded);
	else
		suspend_guarded(op);
}

static void
suspend_looked(struct people_op *op)
{
	struct suspend *s = (struct suspend *)op;
	struct fault f;

	if (op->inv != NULL) {
		fault_set(&f, ERR_USED, "this is an invitation: it can be revoked");
		people_finish(op, ERR_USED, &f);
	} else if (dir_suspend_means(op->flow->conf.dir) == NULL) {
		fault_set(&f, ERR_REFUSED,
		    "this directory has no means to suspend anybody that usherd knows of");
		people_finish(op, ERR_REFUSED, &f);
	} else if (s->tag != NULL && strcmp(s->tag, op->user.tag) != 0) {
		fault_set(&f, ERR_CONFLICT, "the entry was changed meanwhile");
		people_finish(op, ERR_CONFLICT, &f);
	} else if (op->user.suspended == s->suspended)
		people_finish(op, ERR_OK, NULL); /* nothing is changed, so nothing is recorded */
	else
		people_spare_roles(op, suspend_allowed);
}

void
flow_person_suspend(struct flow *f, const char *id, bool suspended, const char *tag,
    const struct flow_caller *caller, flow_person_cb *cb, void *arg)
{
	struct people_op *op = people_new(f, sizeof(struct suspend),
	    suspended ? INTENT_USER_SUSPEND : INTENT_USER_RESUME, id, caller, suspend_answer);
	struct suspend *s = (struct suspend *)op;

	s->suspended = suspended;
	s->tag = arena_strdup(op->arena, tag);
	s->cb = cb;
	s->arg = arg;
	people_look(op, suspend_looked);
}

/* ---- left behind ---- */

void
person_suspend_resume(struct flow *f, const struct store_intent *intent)
{
	struct people_op *op = people_resume(f, sizeof(struct suspend), intent);

	op->dir_op = dir_user_load(f->conf.dir, op->id, suspend_on_looked_again, op);
}
