/* Whom nobody may delete or suspend: oneself, and the last administrator.
 *
 * Two administrators who are deleted at once would each leave the other. So one at a time: within
 * this process by flow->admin_change, and beyond a lost answer or a restart by the intents, which
 * say that they are of an administrator. Whether another one is left is asked once more when it is
 * our turn: what was read before may be what an earlier turn has changed. */
#include "flow/people_private.h"

#include <string.h>
#include <strings.h>

enum { GUARD_PAGE = 32 };

static const char guard_last[] = "last_administrator: without this one nobody could administer";

static void guard_ask(struct people_op *op);

/* A group that cannot be looked at protects nobody: nothing is done until it can. */
static enum err
guard_code(const struct people_op *op, enum err code, const struct fault *f, struct fault *own)
{
	if (code == ERR_NOT_FOUND || code == ERR_REFUSED)
		return fault_set(own, ERR_MISCONFIGURED, "admin_group %s cannot be looked at: %s",
		    op->flow->conf.admin_group, f->text);
	if (code != ERR_OK)
		*own = *f;
	return code;
}

static void
guard_finish_busy(struct people_op *op, const char *text)
{
	struct fault own;

	fault_set(&own, ERR_BUSY, "%s", text);
	people_finish(op, ERR_BUSY, &own);
}

static void
guard_on_listed(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct people_op *op = arg;

	op->store_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (list[i].of_admin && strcmp(list[i].target, op->id) != 0) {
			guard_finish_busy(
			    op, "another change of an administrator is not settled yet");
			return;
		}
	if (next != NULL)
		op->store_op =
		    store_intent_list(op->flow->conf.store, next, GUARD_PAGE, guard_on_listed, op);
	else
		guard_ask(op);
}

static void
guard_on_members(void *arg, enum err code, bool is_member, size_t others, const struct fault *f)
{
	struct people_op *op = arg;
	struct flow *flow = op->flow;
	struct fault own;

	op->dir_op = NULL;
	code = guard_code(op, code, f, &own);
	if (code == ERR_OK && is_member && others == 0 && !op->keeps_role)
		code = fault_set(&own, ERR_REFUSED, "%s", guard_last);
	if (code != ERR_OK)
		people_finish(op, code, &own);
	else if (!is_member || flow->admin_change == op) {
		op->intent.of_admin = is_member;
		op->next(op);
	} else if (flow->admin_change != NULL)
		guard_finish_busy(op, "another administrator is being changed: try again");
	else {
		flow->admin_change = op;
		op->store_op =
		    store_intent_list(flow->conf.store, NULL, GUARD_PAGE, guard_on_listed, op);
	}
}

static void
guard_ask(struct people_op *op)
{
	op->dir_op = dir_group_members(
	    op->flow->conf.dir, op->flow->conf.admin_group, op->user.dn, guard_on_members, op);
}

void
people_guard(struct people_op *op, const char *what, people_step *next)
{
	struct fault own;

	if (op->by.entry != NULL && strcasecmp(op->by.entry, op->user.entry_uuid) == 0) {
		fault_set(&own, ERR_REFUSED, "self: nobody can %s their own account", what);
		people_finish(op, ERR_REFUSED, &own);
		return;
	}
	op->keeps_role = false;
	op->next = next;
	if (op->flow->conf.admin_group == NULL)
		next(op);
	else
		guard_ask(op);
}

void
people_guard_swap(struct people_op *op, people_step *next)
{
	op->keeps_role = true;
	op->next = next;
	guard_ask(op);
}

/* ---- before it is done once more ---- */

static void
guard_on_members_again(
    void *arg, enum err code, bool is_member, size_t others, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	code = guard_code(op, code, f, &own);
	if (code == ERR_OK && is_member && others == 0)
		code = fault_set(&own, ERR_REFUSED, "%s", guard_last);
	if (code == ERR_OK)
		op->next(op);
	else
		people_refused(op, code, &own);
}

static void
guard_on_looked(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_NOT_FOUND) /* what remains to be done takes nothing from anybody */
		op->next(op);
	else if (code != ERR_OK)
		people_give_up_or_leave(op, code, f);
	else {
		people_keep_user(op, user);
		op->dir_op = dir_group_members(op->flow->conf.dir, op->flow->conf.admin_group,
		    op->user.dn, guard_on_members_again, op);
	}
}

void
people_guard_again(struct people_op *op, people_step *next)
{
	op->next = next;
	if (op->flow->conf.admin_group == NULL)
		next(op);
	else
		op->dir_op = dir_user_load(op->flow->conf.dir, op->id, guard_on_looked, op);
}
