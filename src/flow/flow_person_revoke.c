/* Delete somebody who is only invited: the invitation is revoked, and one that is past its end is
 * forgotten. */
#include "flow/people_private.h"

static void
revoke_on_forgotten(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	op->store_op = NULL;
	people_finish(op, code, f);
}

static void
revoke_forget(struct people_op *op)
{
	const struct store_note note = people_note(op);

	op->store_op =
	    store_purge(op->flow->conf.store, op->id, INT64_MAX, &note, revoke_on_forgotten, op);
}

static void
revoke_on_expired(void *ctx, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct people_op *op = ctx;

	(void)inv;
	if (code == ERR_OK || code == ERR_CONFLICT) /* somebody else wrote it down */
		revoke_forget(op);
	else
		people_finish(op, code, f);
}

static void
revoke_on_revoked(void *arg, enum err code, const struct invitation *inv,
    const struct secret *token, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	(void)token, (void)inv;
	if (code == ERR_USED) {
		fault_set(&own, ERR_BUSY, "the account is being made: try again in a moment");
		people_finish(op, ERR_BUSY, &own);
	} else
		people_finish(op, code, code == ERR_OK ? NULL : f);
}

void
person_remove_invitation(struct people_op *op)
{
	struct flow *f = op->flow;

	op->intent.personal = audit_of_person(&op->inv->person, NULL, op->arena);
	if (op->inv->state == INVITATION_EXPIRED) {
		revoke_forget(op);
		return;
	}
	if (invitation_seen(op->inv, flow_now(f)) == INVITATION_EXPIRED)
		flow_expire_start(f, op->id, &op->by, revoke_on_expired, NULL, op);
	else
		flow_revoke_start(f, op->id, &op->by, revoke_on_revoked, op);
}
