/* The groups of somebody: what is to be joined and left, and what came of it. */
#include "flow/person_change_private.h"

#include <assert.h>

bool
person_groups_any(const struct people_op *op)
{
	return op->intent.join_count + op->intent.leave_count > 0;
}

/* ---- what is to be joined and left ---- */

size_t
person_groups_present(struct people_op *op, const char *out[PERSON_GROUPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < op->person.group_count; i++)
		if (dir_dn_normalise(op->person.groups[i], op->arena, &out[n]))
			n++;
	return n;
}

/* How many there are is not told: some may be out of reach. */
static void
groups_refuse_number(struct people_op *op, const char *who)
{
	field_errors_add(&op->errors, "groups", "too_many",
	    "%s in more groups than can be named: at most %d", who, PERSON_GROUPS_MAX);
}

/* Out of reach is what was not shown: it is not in the list, and stays. Whoever names it all the
 * same does not learn whether they are in it. */
void
person_groups_plan(struct people_op *op)
{
	struct change_person *c = change_of(op);
	struct store_intent *i = &op->intent;
	const char *present[PERSON_GROUPS_MAX];
	struct flow_groups wanted;
	size_t count = person_groups_present(op, present);

	i->join = c->joining.dn;
	i->leave = c->leaving;
	i->join_count = i->leave_count = c->joining.count = 0;
	if (c->given_groups == NULL)
		return;
	if (op->user.group_count > PERSON_GROUPS_MAX) {
		groups_refuse_number(op, "they are");
		return;
	}
	flow_groups_read(&wanted, c->given_groups, c->given_group_count, op->arena, &op->errors);
	for (size_t n = 0; n < wanted.count; n++) {
		if (!flow_reaches(&op->by, wanted.dn[n], NULL))
			field_errors_add(&op->errors, flow_group_name(op->arena, wanted.at[n]),
			    "not_found", "the directory has no such group");
		else if (!flow_names_have(present, count, wanted.dn[n])) {
			c->joining.dn[i->join_count] = wanted.dn[n];
			c->joining.at[i->join_count++] = wanted.at[n];
		}
	}
	c->joining.count = i->join_count;
	for (size_t n = 0; n < count; n++)
		if (!flow_names_have(wanted.dn, wanted.count, present[n]) &&
		    flow_reaches(&op->by, present[n], NULL))
			c->leaving[i->leave_count++] = present[n];
	if (op->user.group_count - i->leave_count + i->join_count > PERSON_GROUPS_MAX)
		groups_refuse_number(op, "they would be");
}

void
person_groups_are_called(struct people_op *op)
{
	struct change_person *c = change_of(op);
	struct store_intent *i = &op->intent;
	const char *present[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, present), joined = 0, left = 0;

	for (size_t n = 0; n < i->leave_count; n++)
		if (!flow_names_have(c->joining.dn, c->joining.count, c->leaving[n]))
			c->leaving[left++] = c->leaving[n];
	for (size_t n = 0; n < c->joining.count; n++) {
		if (flow_names_have(present, count, c->joining.dn[n]))
			continue;
		c->joining.dn[joined] = c->joining.dn[n];
		c->joining.at[joined++] = c->joining.at[n];
	}
	c->joining.count = i->join_count = joined;
	i->leave_count = left;
}

/* ---- what came of it ---- */

bool
person_groups_are_so(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	const char *now[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, now);

	for (size_t k = 0; k < i->join_count; k++)
		if (!flow_names_have(now, count, i->join[k]))
			return false;
	for (size_t k = 0; k < i->leave_count; k++)
		if (flow_names_have(now, count, i->leave[k]))
			return false;
	return true;
}

void
person_groups_name_refused(struct people_op *op)
{
	const struct flow_groups *joining = &change_of(op)->joining;
	const char *now[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, now);

	for (size_t k = 0; k < joining->count; k++)
		if (!flow_names_have(now, count, joining->dn[k]))
			field_errors_add(&op->errors, flow_group_name(op->arena, joining->at[k]),
			    "refused", "%s", op->fault.text);
	if (op->errors.count == 0)
		field_errors_add(&op->errors, "groups", "refused", "%s", op->fault.text);
}

/* A list that is cut shows only some of them. When none refused, all of it is so. */
static bool
groups_are_taken_at_their_word(struct people_op *op)
{
	return change_of(op)->groups_all_told && op->user.group_count > PERSON_GROUPS_MAX;
}

/* What was planned was not so: what is so now is our doing. */
const struct audit_groups *
person_groups_carried_out(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	struct audit_groups *a = arena_alloc(op->arena, sizeof(*a));
	const bool all = groups_are_taken_at_their_word(op);
	const char *now[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, now);
	bool any = false;

	assert(i->join_count <= PERSON_GROUPS_MAX && i->leave_count <= PERSON_GROUPS_MAX);
	*a = (struct audit_groups){ .before_count = 0 };
	for (size_t k = 0; k < count; k++)
		if (!flow_names_have(i->join, i->join_count, now[k]))
			a->before[a->before_count++] = a->after[a->after_count++] = now[k];
	for (size_t k = 0; k < i->join_count; k++)
		if (all || flow_names_have(now, count, i->join[k])) {
			a->after[a->after_count++] = i->join[k];
			any = true;
		}
	for (size_t k = 0; k < i->leave_count; k++)
		if (all || !flow_names_have(now, count, i->leave[k])) {
			a->before[a->before_count++] = i->leave[k];
			any = true;
		}
	return any ? a : NULL;
}
