/* dir_user.h on the directory in memory: groups and org units. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dir/dir_sign.h"
#include "fake_dir_private.h"

static bool
leads_to(struct dir *d, const char *dn, const char *group, int depth)
{
	bool leads = strcasecmp(dn, group) == 0;

	for (size_t i = 0; i < d->group_count && depth > 0 && !leads; i++)
		if (fake_group_find(&d->groups[i], dn) < d->groups[i].count)
			leads = leads_to(d, d->groups[i].dn, group, depth - 1);
	return leads;
}

static size_t
able_members(struct dir *d, const struct group *g, const char *but, int depth)
{
	size_t able = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct entry *other = fake_entry_by_dn(d, g->members[i]);
		const struct group *inner = fake_group_by_dn(d, g->members[i]);

		if (strcasecmp(g->members[i], but) == 0)
			continue;
		able += other != NULL && !other->suspended;
		if (inner != NULL && depth > 0)
			able += able_members(d, inner, but, depth - 1);
	}
	return able;
}

static enum err
members_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	const struct group *g = fake_group_by_dn(d, op->name);

	if (g == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such group");
	op->is_member = leads_to(d, op->dn, op->name, 4);
	op->others = able_members(d, g, op->dn, 4);
	return ERR_OK;
}

static void
answer_members(struct user_op *op)
{
	dir_members_cb *cb = (dir_members_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->is_member, op->others, &op->op.fault);
}

struct dir_op *
dir_group_members(struct dir *d, const char *group, const char *dn, dir_members_cb *cb, void *arg)
{
	struct user_op *op =
	    fake_op_new(members_effect, answer_members, (void *)(uintptr_t)cb, arg);

	op->name = fake_op_keep(op, group);
	op->dn = fake_op_keep(op, dn);
	return fake_op_start(d, op, "members", false);
}

static void
answer_names(struct user_op *op)
{
	dir_sign_cb *cb = (dir_sign_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? op->members : NULL, &op->op.fault);
}

static enum err
names_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	(void)f;
	for (size_t i = 0; i < op->name_count; i++)
		for (size_t j = 0; j < op->group_count; j++)
			op->members[j] =
			    op->members[j] || leads_to(d, op->names[i], op->groups[j], 4);
	return ERR_OK;
}

struct dir_op *
dir_look_at_names(struct dir *d, const char *const *names, size_t name_count,
    const char *const *groups, size_t count, dir_sign_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(names_effect, answer_names, (void *)(uintptr_t)cb, arg);

	op->names = arena_alloc(op->arena, (name_count + 1) * sizeof(*op->names));
	op->groups = arena_alloc(op->arena, (count + 1) * sizeof(*op->groups));
	op->members = arena_alloc(op->arena, count + 1);
	memset(op->members, 0, count + 1);
	for (; op->name_count < name_count; op->name_count++)
		op->names[op->name_count] = fake_op_keep(op, names[op->name_count]);
	for (; op->group_count < count; op->group_count++)
		op->groups[op->group_count] = fake_op_keep(op, groups[op->group_count]);
	return fake_op_start(d, op, "names", false);
}

static void
answer_dn(struct user_op *op)
{
	dir_dn_cb *cb = (dir_dn_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? op->result_dn : NULL, &op->op.fault);
}

static enum err
unit_load_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	const struct unit *u;

	if (op->uuid != NULL)
		u = fake_unit_by(d, NULL, op->uuid);
	else
		u = fake_unit_by(d, arena_printf(op->arena, "ou=%s,%s", op->name, op->dn), NULL);
	if (u == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such org unit");
	op->unit.dn = fake_op_keep(op, u->dn);
	op->unit.name = arena_printf(op->arena, "%.*s", (int)strcspn(u->dn, ",") - 3, u->dn + 3);
	op->unit.description = u->description[0] != '\0' ? fake_op_keep(op, u->description) : NULL;
	return ERR_OK;
}

static void
answer_unit(struct user_op *op)
{
	dir_org_unit_cb *cb = (dir_org_unit_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? &op->unit : NULL, &op->op.fault);
}

struct dir_op *
dir_org_unit_load(struct dir *d, const char *entry_uuid, dir_org_unit_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(unit_load_effect, answer_unit, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	return fake_op_start(d, op, "org_unit_load", false);
}

struct dir_op *
dir_org_unit_find_named(
    struct dir *d, const char *parent, const char *name, dir_org_unit_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(unit_load_effect, answer_unit, (void *)(uintptr_t)cb, arg);

	op->dn = fake_op_keep(op, parent);
	op->name = fake_op_keep(op, name);
	return fake_op_start(d, op, "org_unit_find_named", false);
}

static enum err
unit_add_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	char dn[256], uuid[DIR_UUID_SIZE];

	snprintf(dn, sizeof(dn), "ou=%s,%s", op->name, op->dn);
	if (op->name[0] == '\0')
		return fault_set(f, ERR_INVALID, "name: is empty");
	if (d->org_unit_gone || strstr(op->dn, "missing") != NULL)
		return fault_set(f, ERR_NOT_FOUND, "%s does not exist", op->dn);
	if (fake_unit_by(d, dn, NULL) != NULL)
		return fault_set(f, ERR_EXISTS, "%s exists already", dn);
	fake_uuid(d, uuid);
	fake_dir_add_org_unit(d, dn, uuid);
	if (op->description != NULL)
		snprintf(fake_unit_by(d, dn, NULL)->description, sizeof(d->units[0].description),
		    "%s", op->description);
	op->result_dn = fake_op_keep(op, dn);
	return ERR_OK;
}

struct dir_op *
dir_org_unit_add(struct dir *d, const char *parent, const char *name, const char *description,
    dir_dn_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(unit_add_effect, answer_dn, (void *)(uintptr_t)cb, arg);

	op->dn = fake_op_keep(op, parent);
	op->name = fake_op_keep(op, name);
	op->description = fake_op_keep(op, description);
	return fake_op_start(d, op, "org_unit_add", true);
}

/* What stands below `old` stands below `new` afterwards. */
static void
subtree_rename(struct dir *d, struct arena *arena, const char *old, const char *new)
{
	size_t len = strlen(old);

	for (size_t i = 0; i < d->count; i++) {
		size_t n = strlen(d->entries[i].dn);

		if (n <= len || strcasecmp(d->entries[i].dn + n - len, old) != 0)
			continue;
		fake_entry_rename(d, &d->entries[i],
		    arena_printf(arena, "%.*s%s", (int)(n - len), d->entries[i].dn, new));
	}
	for (size_t i = 0; i < d->unit_count; i++) {
		size_t n = strlen(d->units[i].dn);

		if (n < len || strcasecmp(d->units[i].dn + n - len, old) != 0)
			continue;
		snprintf(d->units[i].dn, sizeof(d->units[i].dn), "%s",
		    arena_printf(arena, "%.*s%s", (int)(n - len), d->units[i].dn, new));
	}
}

static enum err
unit_change_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct unit *u = fake_unit_by(d, NULL, op->uuid);
	char old[256], dn[512];

	if (u == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such org unit");
	if (op->description != NULL)
		snprintf(u->description, sizeof(u->description), "%s", op->description);
	if (op->name != NULL) {
		snprintf(old, sizeof(old), "%s", u->dn);
		snprintf(dn, sizeof(dn), "ou=%s,%s", op->name, fake_dn_parent(old));
		if (fake_unit_by(d, dn, NULL) != NULL && fake_unit_by(d, dn, NULL) != u)
			return fault_set(f, ERR_EXISTS, "%s exists already", dn);
		subtree_rename(d, op->arena, old, dn);
	}
	op->result_dn = fake_op_keep(op, u->dn);
	return ERR_OK;
}

struct dir_op *
dir_org_unit_change(struct dir *d, const char *entry_uuid, const char *name,
    const char *description, dir_dn_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(unit_change_effect, answer_dn, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->name = fake_op_keep(op, name);
	op->description = fake_op_keep(op, description);
	return fake_op_start(d, op, "org_unit_change", true);
}

static enum err
unit_delete_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct unit *u = fake_unit_by(d, NULL, op->uuid);

	if (u == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such org unit");
	for (size_t i = 0; i < d->count; i++)
		if (strcasecmp(fake_dn_parent(d->entries[i].dn), u->dn) == 0)
			return fault_set(f, ERR_CONFLICT, "%s is not empty", u->dn);
	for (size_t i = 0; i < d->unit_count; i++)
		if (strcasecmp(fake_dn_parent(d->units[i].dn), u->dn) == 0)
			return fault_set(f, ERR_CONFLICT, "%s is not empty", u->dn);
	*u = d->units[--d->unit_count];
	return ERR_OK;
}

static void
answer_done(struct user_op *op)
{
	dir_done_cb *cb = (dir_done_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, &op->op.fault);
}

struct dir_op *
dir_org_unit_delete(struct dir *d, const char *entry_uuid, dir_done_cb *cb, void *arg)
{
	struct user_op *op =
	    fake_op_new(unit_delete_effect, answer_done, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	return fake_op_start(d, op, "org_unit_delete", true);
}
