/* The groups of somebody: who may have it so.
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

#include "dir/dir_sign.h"

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

/* Which of the role groups lead there. */
static void
groups_look(struct people_op *op, const char *const *names, size_t count, dir_sign_cb *cb)
{
	const struct flow_conf *conf = &op->flow->conf;

	op->dir_op = dir_look_at_names(
	    conf->dir, names, count, conf->role_groups, conf->role_group_count, cb, op);
}

/* What they are in and do not leave. */
static size_t
groups_staying(struct people_op *op, const char *names[PERSON_GROUPS_MAX])
{
	const struct store_intent *i = &op->intent;
	const char *present[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, present), n = 0;

	for (size_t k = 0; k < count; k++)
		if (!flow_names_have(i->leave, i->leave_count, present[k]))
			names[n++] = present[k];
	return n;
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
	struct change_person *c = change_of(op);
	struct fault own;

	if (c->looked_at < c->joining.count) {
		groups_look(op, &c->joining.dn[c->looked_at], 1, groups_on_named);
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
	const char *names[2 * PERSON_GROUPS_MAX];
	size_t n = groups_staying(op, names);
	bool *before = arena_alloc(op->arena, conf->role_group_count * sizeof(*before));

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	memcpy(before, member, conf->role_group_count * sizeof(*before));
	change_of(op)->roles_before = before;
	for (size_t k = 0; k < i->join_count; k++)
		names[n++] = i->join[k];
	if (n == 0)
		groups_compare_own(op, NULL);
	else
		groups_look(op, names, n, groups_on_own_after);
}

/* One's own: does a role end by it? */
static void
groups_ask_own(struct people_op *op)
{
	const char *present[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, present);

	groups_look(op, present, count, groups_on_own_before);
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
	const char *names[PERSON_GROUPS_MAX];
	size_t n = groups_staying(op, names);

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
	const struct store_intent *i = &op->intent;
	const char *names[2 * PERSON_GROUPS_MAX];
	size_t n = 0;

	for (size_t k = 0; k < i->join_count; k++)
		names[n++] = i->join[k];
	for (size_t k = 0; k < i->leave_count; k++)
		names[n++] = i->leave[k];
	groups_look(op, names, n, groups_on_touched);
}

/* ---- of a resumed one ---- */

/* On to `next` when none of them gives a role; else all of it is given up. */
static void
groups_go_on(struct people_op *op, enum err code, const bool *member, const struct fault *f,
    people_step *next, const char *why)
{
	struct fault own;

	op->dir_op = NULL;
	if (!groups_are_known(op, code, f))
		return;
	if (!groups_any_role(op, member)) {
		next(op);
		return;
	}
	fault_set(&own, ERR_DENIED, "%s", why);
	groups_refuse(op, ERR_DENIED, &own);
}

static void
groups_on_pending(void *arg, enum err code, const bool *member, const struct fault *f)
{
	groups_go_on(arg, code, member, f, groups_ask_what_they_touch,
	    "a role is not given by what was cut short: ask for it anew");
}

/* Whoever asked for it may have lost the right to give roles since then. */
static void
groups_ask_what_is_pending(struct people_op *op)
{
	const struct store_intent *i = &op->intent;
	const char *now[PERSON_GROUPS_MAX], *names[PERSON_GROUPS_MAX];
	size_t count = person_groups_present(op, now), n = 0;

	for (size_t k = 0; k < i->join_count; k++)
		if (!flow_names_have(now, count, i->join[k]))
			names[n++] = i->join[k];
	if (n == 0)
		groups_ask_what_they_touch(op);
	else
		groups_look(op, names, n, groups_on_pending);
}

static void
groups_on_spared(void *arg, enum err code, const bool *member, const struct fault *f)
{
	groups_go_on(arg, code, member, f, groups_ask_what_is_pending,
	    "they have a role by now, and who asked is limited");
}

/* As people_spare_roles(), but what is so already is recorded. */
static void
groups_check_again(struct people_op *op)
{
	const char *asked = op->intent.person;

	if (!op->intent.is_limited ||
	    (asked != NULL && strcasecmp(asked, op->user.entry_uuid) == 0))
		groups_ask_what_is_pending(op);
	else
		groups_look(op, &op->user.dn, 1, groups_on_spared);
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
