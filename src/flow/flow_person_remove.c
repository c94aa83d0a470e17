/* Delete. A user: looked > guarded > saved > begun, with what is kept of them > deleted > their own
 * tokens end > every server asked until none has the entry > settled > answered.
 *
 * The servers are asked before the audit record is written, because the record says how long access
 * lasted and is written once. A crash in between costs nothing: every step can be repeated, and the
 * entry is gone since the second of them. */
#include "flow/people_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log/log.h"

struct removal {
	struct people_op op; /* first */
	struct person_removal how;
	struct person_removed removed;
	int moves; /* how often it was found elsewhere, or changed */
	flow_removed_cb *cb;
	void *arg;
};

enum { REMOVE_MOVES_MAX = 3 };

static void remove_end_tokens(struct people_op *op);
static void remove_begun(struct people_op *op);

static void
remove_answer(struct people_op *op, enum err code, const struct fault *f)
{
	struct removal *r = (struct removal *)op;

	r->cb(r->arg, code, code == ERR_OK ? &r->removed : NULL, f);
}

/* ---- a user ---- */

static void
remove_settled(struct people_op *op)
{
	people_finish(op, ERR_OK, &op->fault);
}

/* What else there is to tell of a deletion that came about. */
static void
remove_add_word(struct people_op *op, const struct fault *f)
{
	struct fault before = op->fault;

	if (before.text[0] == '\0')
		op->fault = *f;
	else
		fault_set(&op->fault, f->code, "%.240s; %.240s", before.text, f->text);
}

static void
remove_on_gone(void *arg, enum err code, int64_t ms, const struct fault *f)
{
	struct people_op *op = arg;
	struct removal *r = (struct removal *)op;
	struct flow *flow = op->flow;
	const char *detail = "{\"refused_ms\":null}";

	(void)ms;
	op->dir_op = NULL;
	r->removed.refused_ms = -1;
	if (code == ERR_OK) {
		/* The clock that measures waits is another one after a restart. */
		r->removed.refused_ms = op->resumed
					    ? flow_now(flow) - op->intent.at
					    : clock_mono_ms(flow->conf.clock) - op->started_mono_ms;
		detail =
		    arena_printf(op->arena, "{\"refused_ms\":%" PRId64 "}", r->removed.refused_ms);
	} else {
		log_warning("a server could not be asked whether a deleted user is gone", "id",
		    op->id, "reason", f->text, "request", op->intent.request_id);
		remove_add_word(op, f);
	}
	people_settle(op, detail, remove_settled);
}

/* Their own tokens are said to be made by this. */
static const char *
remove_maker(const struct people_op *op)
{
	return arena_printf(op->arena, "user:%s", op->id);
}

static void
remove_on_tokens_ended(void *arg, enum err code, const struct fault *f)
{
	struct people_op *op = arg;

	struct flow *flow = op->flow;

	op->store_op = NULL;
	if (code != ERR_OK) {
		people_leave(op, f);
		return;
	}
	if (flow->tokens_ended != NULL)
		flow->tokens_ended(flow->tokens_ended_arg, remove_maker(op));
	op->dir_op = dir_user_gone(flow->conf.dir, op->intent.dn, remove_on_gone, op);
}

static void
remove_end_tokens(struct people_op *op)
{
	const struct store_note note = people_note(op);

	people_end_rights(op);
	op->store_op = store_delete_tokens_of(
	    op->flow->conf.store, remove_maker(op), &note, remove_on_tokens_ended, op);
}

/* What is deleted is what was saved, and no later version: what others changed in between would be
 * lost when it is restored. */
static void
remove_note(struct people_op *op, const struct dir_user *user, const struct secret *saved)
{
	op->intent.dn = arena_strdup(op->arena, user->dn);
	op->intent.tag = saved != NULL ? arena_strdup(op->arena, user->tag) : NULL;
	op->intent.names = flow_trash_names(user->person, op->arena);
}

/* ---- somebody moved or changed it since it was saved ---- */

/* Whoever named a version means no other one; and nobody is followed to where the one who asked
 * does not reach, neither by this process nor by one that finds it written down. */
static bool
remove_is_wanted(const struct people_op *op, const struct dir_user *user)
{
	const char *tag = ((const struct removal *)op)->how.tag;

	return (tag == NULL || strcmp(tag, user->tag) == 0) && !people_has_left(op, user->dn);
}

static void
remove_refuse_version(struct people_op *op)
{
	struct fault f;

	fault_set(&f, ERR_CONFLICT, "the entry was changed meanwhile");
	if (op->intent.revision != 0)
		people_refused(op, ERR_CONFLICT, &f);
	else
		people_finish(op, ERR_CONFLICT, &f);
}

static void
remove_on_replaced(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct people_op *op = arg;

	op->store_op = NULL;
	if (code == ERR_OK) {
		op->intent.revision = revision;
		remove_begun(op);
	} else
		people_leave(op, f); /* the one of before is there, or this one */
}

static void
remove_replace(struct people_op *op, const struct dir_user *user, const struct secret *saved)
{
	remove_note(op, user, saved);
	op->store_op =
	    store_intent_replace(op->flow->conf.store, &op->intent, saved, remove_on_replaced, op);
}

static void
remove_on_saved_again(void *arg, enum err code, const struct dir_user *user,
    const struct secret *saved, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_OK && !remove_is_wanted(op, user))
		remove_refuse_version(op);
	else if (code == ERR_OK)
		remove_replace(op, user, saved);
	else
		people_give_up_or_leave(op, code, f);
}

/* It is the same person wherever they stand: what was asked for is done there. */
static void
remove_follow(struct people_op *op, const struct dir_user *user)
{
	struct removal *r = (struct removal *)op;
	struct fault own;

	if (++r->moves > REMOVE_MOVES_MAX) {
		fault_set(&own, ERR_UNAVAILABLE, "the entry is changed again and again");
		people_leave(op, &own);
	} else if (op->intent.restorable_until == 0)
		remove_replace(op, user, NULL);
	else
		op->dir_op = dir_user_save(op->flow->conf.dir, op->id, remove_on_saved_again, op);
}

static bool
remove_is_outdated(const struct people_op *op, const struct dir_user *user)
{
	return strcasecmp(user->dn, op->intent.dn) != 0 ||
	       (op->intent.tag != NULL && strcmp(user->tag, op->intent.tag) != 0);
}

/* What is kept is only given up when the entry is seen as it was: a refusal may concern what comes
 * after the deletion, the groups. When nothing of ours stood at the DN that was an earlier try,
 * somebody else, or the entry was moved meanwhile. */
static void
remove_on_looked_again(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code == ERR_NOT_FOUND && people_may_pass(op->code))
		people_leave(op, &op->fault); /* its groups are searched once more */
	else if (code == ERR_NOT_FOUND) {
		op->fault = (struct fault){ .code = ERR_OK }; /* of a refusal that was none */
		remove_end_tokens(op);
	} else if (code != ERR_OK)
		people_give_up_or_leave(op, code, f);
	else if (!remove_is_wanted(op, user))
		remove_refuse_version(op);
	else if (op->code == ERR_OK || (op->code == ERR_CONFLICT && remove_is_outdated(op, user)))
		remove_follow(op, user);
	else
		people_refused(op, op->code, &op->fault);
}

static void
remove_look_again(struct people_op *op)
{
	op->dir_op = dir_user_load(op->flow->conf.dir, op->id, remove_on_looked_again, op);
}

static void
remove_on_deleted(
    void *arg, enum err code, const struct dir_removed *removed, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	op->code = ERR_OK; /* of an earlier try */
	if (code == ERR_UNKNOWN || (op->resumed && people_may_pass(code))) {
		people_leave(op, f);
		return;
	}
	if (code != ERR_OK) {
		op->code = code;
		op->fault = *f;
		remove_look_again(op);
		return;
	}
	if (f != NULL && f->text[0] != '\0') {
		log_warning("a deleted user could not be taken out of a group", "id", op->id,
		    "reason", f->text, "request", op->intent.request_id);
		op->fault = *f;
	}
	if (removed->was_there)
		remove_end_tokens(op);
	else
		remove_look_again(op);
}

static void
remove_begun(struct people_op *op)
{
	op->dir_op = dir_user_remove(
	    op->flow->conf.dir, op->intent.dn, op->id, op->intent.tag, remove_on_deleted, op);
}

static void
remove_on_saved(void *arg, enum err code, const struct dir_user *user, const struct secret *saved,
    const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	if (!remove_is_wanted(op, user)) {
		remove_refuse_version(op);
		return;
	}
	if (!dir_saved_has_password(saved))
		log_warning("a deleted user is kept without a password: the directory shows none",
		    "id", op->id, "request", op->intent.request_id);
	remove_note(op, user, saved);
	people_begin(op, saved, 0, remove_begun);
}

static void
remove_guarded(struct people_op *op)
{
	struct removal *r = (struct removal *)op;
	struct flow *f = op->flow;

	op->intent.dn = op->user.dn;
	op->intent.personal = audit_of_person(&op->person, op->user.dn, op->arena);
	r->how.tag = people_tag(op, r->how.tag);
	if (f->conf.restorable_s == 0 || r->how.for_good) {
		op->intent.tag = r->how.tag;
		people_begin(op, NULL, 0, remove_begun);
		return;
	}
	op->intent.restorable_until = flow_now(f) + f->conf.restorable_s * 1000;
	r->removed.restorable_until = op->intent.restorable_until;
	op->dir_op = dir_user_save(f->conf.dir, op->id, remove_on_saved, op);
}

/* ---- look ---- */

static void
remove_invitation(struct people_op *op)
{
	((struct removal *)op)->removed.was_invitation = true;
	person_remove_invitation(op);
}

static void
remove_allowed(struct people_op *op)
{
	people_guard(op, "delete", remove_guarded);
}

static void
remove_looked(struct people_op *op)
{
	struct people_op *other = people_op_of(op->flow, op->id);
	const struct removal *r = (const struct removal *)op;
	struct fault f;

	if (op->inv != NULL && r->how.users_only) {
		fault_set(&f, ERR_DENIED, "this is an invitation: invitations:write is needed");
		people_finish(op, ERR_DENIED, &f);
	} else if (op->inv != NULL ? r->how.tag != NULL : !remove_is_wanted(op, &op->user))
		remove_refuse_version(op);
	else if (op->inv != NULL)
		remove_invitation(op);
	else if (other != NULL && other->intent.kind == INTENT_USER_REMOVE) {
		fault_set(&f, ERR_UNKNOWN, "it is being deleted already");
		people_finish(op, ERR_UNKNOWN, &f);
	} else
		people_spare_roles(op, remove_allowed);
}

void
flow_person_remove(struct flow *f, const char *id, const struct person_removal *how,
    const struct flow_caller *caller, flow_removed_cb *cb, void *arg)
{
	struct people_op *op =
	    people_new(f, sizeof(struct removal), INTENT_USER_REMOVE, id, caller, remove_answer);
	struct removal *r = (struct removal *)op;

	r->how = *how;
	r->how.tag = arena_strdup(op->arena, how->tag);
	r->cb = cb;
	r->arg = arg;
	people_look(op, remove_looked);
}

void
person_remove_resume(struct flow *f, const struct store_intent *intent)
{
	people_guard_again(people_resume(f, sizeof(struct removal), intent), remove_begun);
}
