/* Bring a deleted user back: what was kept is read > its names asked about, in the store and in the
 * directory > begun > added again > settled, and it is no longer kept. Adding what is there already
 * is fine, so what was left behind is done once more. */
#include "flow/people_private.h"

#include <stdlib.h>

#include "log/log.h"

struct restore {
	struct people_op op; /* first */
	struct secret *saved;
	uint64_t trash_revision;
	struct person names;
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
		if (op->fault.text[0] != '\0')
			log_warning("a restored user could not be made a member of a group", "id",
			    op->id, "reason", op->fault.text, "request", op->intent.request_id);
		op->intent.personal = audit_of_person(&op->person, op->user.dn, op->arena);
		people_settle(op,
		    arena_printf(op->arena, "{\"new_id\":\"%s\"}", op->user.entry_uuid),
		    restore_settled);
	} else if (code == ERR_EXISTS) {
		people_add_named(op, f, "taken", NULL);
		people_refused(op, code, f);
	} else if (code == ERR_NOT_FOUND) {
		fault_set(&own, ERR_CONFLICT, "its org unit is gone");
		field_errors_add(&op->errors, "org_unit", "not_found", "it is gone: make it again");
		people_refused(op, ERR_CONFLICT, &own);
	} else if (people_is_passing(code))
		people_leave(op, f); /* perhaps it is there */
	else
		people_refused(op, code, f);
}

/* The groups that they join again. How far the caller reached is not written down: what was left
 * behind keeps to what is surely in it. */
static const struct reach *
restore_reach(struct people_op *op)
{
	struct reach_rule *rule;
	struct reach *own;

	if (!op->intent.is_limited || op->by.reach != NULL)
		return op->by.reach;
	rule = arena_alloc(op->arena, sizeof(*rule));
	own = arena_alloc(op->arena, sizeof(*own));
	*rule = (struct reach_rule){ &op->intent.org_unit, 1, NULL };
	*own = (struct reach){ rule, op->intent.org_unit != NULL ? 1 : 0 };
	return own;
}

static void
restore_begun(struct people_op *op)
{
	op->dir_op = dir_user_restore(op->flow->conf.dir, ((struct restore *)op)->saved,
	    restore_reach(op), restore_on_added, op);
}

/* ---- names that others have meanwhile ---- */

static void
restore_take(struct people_op *op, enum person_field field, bool taken)
{
	if (taken)
		field_errors_add(&op->errors, person_field_name(field), "taken",
		    "another person or a pending invitation has it");
}

/* Perhaps it is the same person: an earlier restore that is not settled yet. */
static void
restore_on_intent(void *arg, enum err code, const struct store_intent *list, size_t count,
    const char *next, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	(void)list, (void)next;
	op->store_op = NULL;
	if (code == ERR_OK && count > 0)
		code = fault_set(&own, ERR_BUSY,
		    "another change of the same entry is being settled: try again in a moment");
	else if (code == ERR_OK)
		code = fault_set(&own, ERR_EXISTS, "%s: %s", op->errors.items[0].field,
		    op->errors.items[0].detail);
	else
		own = *f;
	if (code != ERR_EXISTS)
		field_errors_init(&op->errors, op->arena);
	people_finish(op, code, &own);
}

static void
restore_asked(struct people_op *op)
{
	if (op->errors.count > 0)
		op->store_op =
		    store_intent_load(op->flow->conf.store, op->id, restore_on_intent, op);
	else
		people_begin(op, NULL, ((struct restore *)op)->trash_revision, restore_begun);
}

static void
restore_on_answer(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	restore_take(op, PERSON_UID, answer->uid_taken[0]);
	restore_take(op, PERSON_MAIL, answer->mail_taken);
	restore_take(op, PERSON_PHONE, answer->phone_taken);
	restore_asked(op);
}

static void
restore_on_names(void *arg, enum err code, const struct store_taken *taken, const struct fault *f)
{
	struct people_op *op = arg;
	const char *const *names = ((struct restore *)op)->names.value;
	const struct dir_question q = { .uids = { names[PERSON_UID] },
		.uid_count = names[PERSON_UID] != NULL ? 1 : 0,
		.mail = names[PERSON_MAIL],
		.phone = names[PERSON_PHONE] };

	op->store_op = NULL;
	if (code != ERR_OK) {
		people_finish(op, code, f);
		return;
	}
	restore_take(op, PERSON_UID, taken->uid);
	restore_take(op, PERSON_MAIL, taken->mail);
	restore_take(op, PERSON_PHONE, taken->phone);
	if (op->errors.count > 0 || (q.uid_count == 0 && q.mail == NULL && q.phone == NULL))
		restore_asked(op);
	else
		op->dir_op = dir_ask(op->flow->conf.dir, &q, restore_on_answer, op);
}

static void
restore_ask(struct people_op *op)
{
	struct restore *r = (struct restore *)op;
	const char **phone = &r->names.value[PERSON_PHONE];
	struct person_rules rules = flow_rules(op->flow);
	struct field_errors ignored;

	if (!dir_saved_names(op->flow->conf.dir, r->saved, op->arena, &r->names)) {
		restore_asked(op); /* which is told by whoever is to add it */
		return;
	}
	field_errors_init(&ignored, op->arena);
	if (*phone != NULL) { /* invitations have it in the one spelling */
		const char *normal =
		    person_check_field(PERSON_PHONE, "phone", *phone, &rules, op->arena, &ignored);

		*phone = normal != NULL ? normal : *phone;
	}
	op->store_op = store_find_names(
	    op->flow->conf.store, &r->names, op->id, STORE_NAMES_TO_LOOK_UP, restore_on_names, op);
}

/* They would have a role again by the groups that they were in. What cannot be read is told by
 * whoever is to add it. */
static void
restore_spare_roles(struct people_op *op)
{
	people_step *next = op->resumed ? restore_begun : restore_ask;
	const char *const *names;
	size_t count;

	if (dir_saved_members(((struct restore *)op)->saved, op->arena, &names, &count))
		people_spare_roles_of(op, names, count, next);
	else
		next(op);
}

static bool
restore_reaches(struct people_op *op, const struct store_trash *t)
{
	op->intent.org_unit = flow_place_above(t->dn, op->arena);
	return flow_reaches(&op->by, op->intent.org_unit, NULL);
}

static void
restore_on_loaded(void *arg, enum err code, const struct store_trash *t, const struct secret *saved,
    const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->store_op = NULL;
	if (code == ERR_OK && !op->resumed &&
	    (t->restorable_until <= flow_now(op->flow) || !restore_reaches(op, t)))
		code = ERR_NOT_FOUND;
	if (code == ERR_NOT_FOUND) {
		fault_set(&own, ERR_NOT_FOUND, "nothing is kept of a user of this id");
		f = &own;
	}
	if (code == ERR_OK) {
		((struct restore *)op)->saved = secret_dup(saved);
		((struct restore *)op)->trash_revision = t->revision;
	}
	if (code == ERR_OK)
		restore_spare_roles(op);
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
