/* The groups of somebody: what is to be joined and left, and who may have it so.
 *
 * A group gives a role when it is one of the configured ones or is in one. Only an administrator of
 * everything puts somebody into such a group or takes them out of it: whoever is limited, or holds
 * a token that may do less, would hand out what they have not. And nobody ends the role of the last
 * administrator, or their own, by it. The directory says what leads where, not the list, which may
 * be behind. */
#include "flow/person_change_private.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/casefold.h"
#include "dir/dir_sign.h"

bool
person_groups_any(const struct people_op *op)
{
	return op->intent.join_count + op->intent.leave_count > 0;
}

/* ---- what is to be joined and left ---- */

static bool
groups_have(const char *const *list, size_t count, const char *dn)
{
	for (size_t i = 0; i < count; i++)
		if (casefold_equal(list[i], dn))
			return true;
	return false;
}

/* In one spelling. One that has none is not to be had here either: it stays. */
static size_t
groups_present(struct people_op *op, const char *out[PERSON_GROUPS_MAX])
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
	size_t count = groups_present(op, present);

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
		else if (!groups_have(present, count, wanted.dn[n])) {
			c->joining.dn[i->join_count] = wanted.dn[n];
			c->joining.at[i->join_count++] = wanted.at[n];
		}
	}
	c->joining.count = i->join_count;
	for (size_t n = 0; n < count; n++)
		if (!groups_have(wanted.dn, wanted.count, present[n]) &&
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
	size_t count = groups_present(op, present), joined = 0, left = 0;

	for (size_t n = 0; n < i->leave_count; n++)
		if (!groups_have(c->joining.dn, c->joining.count, c->leaving[n]))
			c->leaving[left++] = c->leaving[n];
	for (size_t n = 0; n < c->joining.count; n++) {
		if (groups_have(present, count, c->joining.dn[n]))
			continue;
		c->joining.dn[joined] = c->joining.dn[n];
		c->joining.at[joined++] = c->joining.at[n];
	}
	c->joining.count = i->join_count = joined;
	i->leave_count = left;
}

/* ---- who may ---- */

static void
groups_refuse(struct people_op *op, enum err code, const struct fault *f)
{
	if (!op->resumed)
		people_finish(op, code, f);
	else if (people_may_pass(code))
		people_leave(op, f);
	else {
		op->code = code;
		op->fault = *f;
		change_of(op)->grouped = true;
		person_change_seen(op);
	}
}

/* Groups that cannot be looked at are taken for the worst. */
static bool
groups_are_known(struct people_op *op, enum err code, const struct fault *f)
{
	struct fault own;

	if (code == ERR_OK)
		return true;
	if (code == ERR_TOO_LARGE)
		code = ERR_REFUSED; /* nor will they ever be */
	else if (!people_is_passing(code))
		code = ERR_MISCONFIGURED;
	fault_set(&own, code, "whether these groups give a role is not known: %s", f->text);
	groups_refuse(op, code, &own);
	return false;
}

static bool
groups_any_role(const struct people_op *op, const bool *member)
{
	for (size_t i = 0; i < op->flow->conf.role_group_count; i++)
		if (member[i])
			return true;
	return false;
}

static void groups_name_next(struct people_op *op);

static void
groups_on_named(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;
	struct change_person *c = change_of(op);

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (groups_any_role(op, member))
		field_errors_add(&op->errors,
		    flow_group_name(op->arena, c->joining.at[c->looked_at]), "not_allowed",
		    "it gives a role: only an administrator of everything puts people into it");
	c->looked_at++;
	groups_name_next(op);
}

/* Which of them it is, is told on its field. */
static void
groups_name_next(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;
	struct change_person *c = change_of(op);
	struct fault own;

	if (c->looked_at < c->joining.count) {
		op->dir_op = dir_look_at_names(conf->dir, &c->joining.dn[c->looked_at], 1,
		    conf->role_groups, conf->role_group_count, groups_on_named, op);
		return;
	}
	if (op->errors.count == 0)
		field_errors_add(&op->errors, "groups", "not_allowed",
		    "one of them gives a role, which only an administrator of everything gives or "
		    "takes");
	fault_set(
	    &own, ERR_INVALID, "%s: %s", op->errors.items[0].field, op->errors.items[0].detail);
	groups_refuse(op, ERR_INVALID, &own);
}

/* Of a resumed one: others may have gone meanwhile. */
static void
groups_on_members(void *arg, enum err code, bool is_member, size_t others, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (is_member && others == 0) {
		fault_set(&own, ERR_REFUSED, "nobody else is left who could administer");
		groups_refuse(op, ERR_REFUSED, &own);
	} else
		change_of(op)->checked(op);
}

static bool
groups_are_own(const struct people_op *op)
{
	return op->by.entry != NULL && strcasecmp(op->by.entry, op->user.entry_uuid) == 0;
}

/* `after` NULL: they are in none any more. */
static void
groups_compare_own(struct people_op *op, const bool *after)
{
	const bool *before = change_of(op)->roles_before;
	struct fault own;

	for (size_t i = 0; i < op->flow->conf.role_group_count; i++)
		if (before[i] && (after == NULL || !after[i])) {
			fault_set(&own, ERR_REFUSED, "self: nobody can end their own role");
			groups_refuse(op, ERR_REFUSED, &own);
			return;
		}
	change_of(op)->checked(op);
}

static void
groups_on_own_after(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (groups_are_known(op, code, f))
		groups_compare_own(op, member);
}

static void
groups_on_own_before(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;
	const struct flow_conf *conf = &op->flow->conf;
	const struct store_intent *i = &op->intent;
	const char *present[PERSON_GROUPS_MAX], *names[2 * PERSON_GROUPS_MAX];
	size_t count = groups_present(op, present), n = 0;
	bool *before = arena_alloc(op->arena, conf->role_group_count * sizeof(*before));

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	memcpy(before, member, conf->role_group_count * sizeof(*before));
	change_of(op)->roles_before = before;
	for (size_t k = 0; k < count; k++)
		if (!groups_have(i->leave, i->leave_count, present[k]))
			names[n++] = present[k];
	for (size_t k = 0; k < i->join_count; k++)
		names[n++] = i->join[k];
	if (n == 0)
		groups_compare_own(op, NULL);
	else
		op->dir_op = dir_look_at_names(conf->dir, names, n, conf->role_groups,
		    conf->role_group_count, groups_on_own_after, op);
}

/* One's own: does a role end by it? */
static void
groups_ask_own(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;
	const char *present[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, present);

	op->dir_op = dir_look_at_names(conf->dir, present, count, conf->role_groups,
	    conf->role_group_count, groups_on_own_before, op);
}

static void
groups_guard(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;

	if (groups_are_own(op))
		groups_ask_own(op);
	else if (op->resumed)
		op->dir_op = dir_group_members(
		    conf->dir, conf->admin_group, op->user.dn, groups_on_members, op);
	else
		people_guard(op, "take the administrator's role from", change_of(op)->checked);
}

/* They are joined before another one is left, and when one of them refuses none is left: nobody is
 * refused, but it is done one after another as all that ends a role is. */
static void
groups_on_swapped(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (!member[0])
		groups_guard(op);
	else if (op->resumed)
		change_of(op)->checked(op);
	else
		people_guard_swap(op, change_of(op)->checked);
}

static void
groups_ask(struct people_op *op, const char *const *names, size_t count, dir_sign_cb *cb)
{
	const char *admin;

	if (count == 0 || !dir_dn_normalise(op->flow->conf.admin_group, op->arena, &admin))
		groups_guard(op);
	else
		op->dir_op = dir_look_at_names(op->flow->conf.dir, names, count, &admin, 1, cb, op);
}

static void
groups_on_stays(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (member[0])
		change_of(op)->checked(op);
	else
		groups_ask(op, op->intent.join, op->intent.join_count, groups_on_swapped);
}

/* Whoever leaves one group may be an administrator by another one. One that is only to be joined
 * may refuse. */
static void
groups_ask_what_stays(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	const char *present[PERSON_GROUPS_MAX], *names[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, present), n = 0;

	for (size_t k = 0; k < count; k++)
		if (!groups_have(i->leave, i->leave_count, present[k]))
			names[n++] = present[k];
	if (n > 0)
		groups_ask(op, names, n, groups_on_stays);
	else
		groups_ask(op, i->join, i->join_count, groups_on_swapped);
}

static void
groups_on_touched(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (!groups_any_role(op, member))
		change_of(op)->checked(op);
	else if (!op->intent.gives_roles)
		groups_name_next(op);
	else if (op->intent.leave_count == 0)
		change_of(op)->checked(op);
	else if (op->flow->conf.admin_group == NULL && groups_are_own(op))
		groups_ask_own(op);
	else if (op->flow->conf.admin_group == NULL)
		change_of(op)->checked(op);
	else
		groups_ask_what_stays(op);
}

static void
groups_ask_what_they_touch(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;
	const struct store_intent *i = &op->intent;
	const char *names[2 * PERSON_GROUPS_MAX];
	size_t n = 0;

	for (size_t k = 0; k < i->join_count; k++)
		names[n++] = i->join[k];
	for (size_t k = 0; k < i->leave_count; k++)
		names[n++] = i->leave[k];
	op->dir_op = dir_look_at_names(
	    conf->dir, names, n, conf->role_groups, conf->role_group_count, groups_on_touched, op);
}

/* ---- of a resumed one ---- */

static void
groups_on_pending(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (!groups_any_role(op, member)) {
		groups_ask_what_they_touch(op);
		return;
	}
	fault_set(&own, ERR_DENIED, "a role is not given by what was cut short: ask for it anew");
	groups_refuse(op, ERR_DENIED, &own);
}

/* Whoever asked for it may have lost the right to give roles since then. */
static void
groups_ask_what_is_pending(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;
	const struct store_intent *i = &op->intent;
	const char *now[PERSON_GROUPS_MAX], *names[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, now), n = 0;

	for (size_t k = 0; k < i->join_count; k++)
		if (!groups_have(now, count, i->join[k]))
			names[n++] = i->join[k];
	if (n == 0)
		groups_ask_what_they_touch(op);
	else
		op->dir_op = dir_look_at_names(conf->dir, names, n, conf->role_groups,
		    conf->role_group_count, groups_on_pending, op);
}

static void
groups_on_spared(void *arg, enum err code, const bool *member, const struct fault *f)
{
	struct people_op *op = arg;
	struct fault own;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (!groups_any_role(op, member)) {
		groups_ask_what_is_pending(op);
		return;
	}
	fault_set(&own, ERR_DENIED, "they have a role by now, and who asked is limited");
	groups_refuse(op, ERR_DENIED, &own);
}

/* As people_spare_roles(), but what is so already is recorded. */
static void
groups_check_again(struct people_op *op)
{
	const struct flow_conf *conf = &op->flow->conf;
	const char *asked = op->intent.person;

	if (!op->intent.is_limited ||
	    (asked != NULL && strcasecmp(asked, op->user.entry_uuid) == 0))
		groups_ask_what_is_pending(op);
	else
		op->dir_op = dir_look_at_names(conf->dir, &op->user.dn, 1, conf->role_groups,
		    conf->role_group_count, groups_on_spared, op);
}

void
person_groups_check(struct people_op *op, people_step *next)
{
	const struct store_intent *i = &op->intent;
	struct change_person *c = change_of(op);

	assert(i->join_count <= PERSON_GROUPS_MAX && i->leave_count <= PERSON_GROUPS_MAX);
	c->checked = next;
	c->looked_at = 0;
	if (!person_groups_any(op) || op->flow->conf.role_group_count == 0)
		next(op);
	else if (op->resumed)
		groups_check_again(op);
	else
		groups_ask_what_they_touch(op);
}

/* ---- what came of it ---- */

bool
person_groups_are_so(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	const char *now[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, now);

	for (size_t k = 0; k < i->join_count; k++)
		if (!groups_have(now, count, i->join[k]))
			return false;
	for (size_t k = 0; k < i->leave_count; k++)
		if (groups_have(now, count, i->leave[k]))
			return false;
	return true;
}

void
person_groups_name_refused(struct people_op *op)
{
	const struct flow_groups *joining = &change_of(op)->joining;
	const char *now[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, now);

	for (size_t k = 0; k < joining->count; k++)
		if (!groups_have(now, count, joining->dn[k]))
			field_errors_add(&op->errors, flow_group_name(op->arena, joining->at[k]),
			    "refused", "%s", op->fault.text);
	if (op->errors.count == 0)
		field_errors_add(&op->errors, "groups", "refused", "%s", op->fault.text);
}

/* A list that is cut shows only some of them. When none refused, all of it is so. */
static bool
groups_are_taken_at_their_word(const struct people_op *op)
{
	return ((const struct change_person *)op)->groups_all_told &&
	       op->user.group_count > PERSON_GROUPS_MAX;
}

/* What was planned was not so: what is so now is our doing. */
const struct audit_groups *
person_groups_carried_out(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	struct audit_groups *a = arena_alloc(op->arena, sizeof(*a));
	const bool all = groups_are_taken_at_their_word(op);
	const char *now[PERSON_GROUPS_MAX];
	size_t count = groups_present(op, now);
	bool any = false;

	assert(i->join_count <= PERSON_GROUPS_MAX && i->leave_count <= PERSON_GROUPS_MAX);
	*a = (struct audit_groups){ .before_count = 0 };
	for (size_t k = 0; k < count; k++)
		if (!groups_have(i->join, i->join_count, now[k]))
			a->before[a->before_count++] = a->after[a->after_count++] = now[k];
	for (size_t k = 0; k < i->join_count; k++)
		if (all || groups_have(now, count, i->join[k])) {
			a->after[a->after_count++] = i->join[k];
			any = true;
		}
	for (size_t k = 0; k < i->leave_count; k++)
		if (all || !groups_have(now, count, i->leave[k])) {
			a->before[a->before_count++] = i->leave[k];
			any = true;
		}
	return any ? a : NULL;
}
