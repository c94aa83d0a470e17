/* dir_user.h on the directory in memory: people. An operation is its arguments, an effect on the
 * directory that writes down the result, and an answer; a late one is kept until it is delivered.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "fake_dir_private.h"

/* What dir_user_save() makes here. */
struct saved {
	struct entry entry;
	char groups[GROUPS_MAX][128];
	size_t group_count;
};

/* ---- operations in general */

static void
op_release(struct user_op *op)
{
	secret_free(op->saved);
	arena_free(op->arena);
	free(op);
}

static void
op_fire(void *arg)
{
	struct user_op *op = arg;

	if (op->op.generation == op->op.dir->generation)
		op->answer(op);
	op_release(op);
}

struct user_op *
fake_op_new(fake_effect *effect, void (*answer)(struct user_op *), void *cb, void *arg)
{
	struct user_op *op = mem_alloc(sizeof(*op));

	op->effect = effect;
	op->answer = answer;
	op->cb = cb;
	op->op.arg = arg;
	op->arena = arena_new(0);
	return op;
}

const char *
fake_op_keep(struct user_op *op, const char *text)
{
	return arena_strdup(op->arena, text);
}

struct dir_op *
fake_op_start(struct dir *d, struct user_op *op, const char *name, bool writes)
{
	struct fault f = { .text = "" };
	enum fake_fault fault;
	enum err code;

	if (d->fault_name != NULL && strcmp(d->fault_name, name) == 0) {
		d->fault_name = NULL;
		d->calls_to_fault = 1;
	}
	fault = fake_dir_call(d, &op->op, writes);
	assert(d->call_count < CALLS_MAX);
	d->calls[d->call_count++] = name;
	if (fault == FAKE_LATE) {
		struct user_op *told = mem_alloc(sizeof(*told));

		assert(d->late_op_count < LATE_MAX);
		d->late_ops[d->late_op_count++] = op;
		*told = *op;
		told->arena = arena_new(0);
		told->saved = NULL;
		loop_defer(d->loop, op_fire, told);
		return NULL;
	}
	op->spares_groups = fault == FAKE_NO_GROUPS;
	if (fake_is_done(fault)) {
		code = op->effect(d, op, &f);
		if (d->touch_after != NULL && strcmp(d->touch_after, name) == 0) {
			d->touch_after = NULL;
			fake_dir_touch(d, d->touch_uuid);
			if (d->touch_dn != NULL)
				fake_dir_move_user(d, d->touch_uuid, d->touch_dn);
			if (d->touch_position != NULL)
				fake_dir_set_position(d, d->touch_uuid, d->touch_position);
			if (d->touch_drops)
				fake_dir_drop_user(d, d->touch_uuid);
			d->touch_dn = d->touch_position = NULL;
			d->touch_drops = false;
		}
		if (code == ERR_OK && writes && d->refusing != NULL)
			fault_set(&f, ERR_OK, "%s", d->refusing);
		if (fault == FAKE_FINE) {
			op->op.code = code;
			op->op.fault = f;
			op->op.fault.code = code;
		}
	}
	if (fault == FAKE_SILENT)
		op_release(op);
	else
		loop_defer(d->loop, op_fire, op);
	return NULL;
}

void
fake_user_deliver(struct dir *d, bool carry_out)
{
	struct fault f;

	for (size_t i = 0; i < d->late_op_count; i++) {
		if (carry_out)
			d->late_ops[i]->effect(d, d->late_ops[i], &f);
		op_release(d->late_ops[i]);
	}
	d->late_op_count = 0;
}

/* ---- people */

/* A bit for each group: "g" and a number. */
static void
fake_groups_tag(const struct dir *d, const char *dn, char out[DIR_GROUPS_TAG_SIZE])
{
	unsigned long long bits = 0;

	for (size_t i = 0; i < d->group_count; i++)
		bits |= (fake_group_find(&d->groups[i], dn) < d->groups[i].count ? 1ull : 0ull)
			<< i;
	snprintf(out, DIR_GROUPS_TAG_SIZE, "g%llx", bits);
}

static enum err
show(struct dir *d, struct user_op *op, const struct entry *e)
{
	struct dir_user *u = &op->user;
	size_t groups = 0;

	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		op->person.value[i] = e->value[i][0] != '\0' ? fake_op_keep(op, e->value[i]) : NULL;
	op->person.value[PERSON_ORG_UNIT] = fake_op_keep(op, fake_dn_parent(e->dn));
	op->person.group_count = 0;
	for (size_t i = 0; i < d->group_count; i++) {
		if (fake_group_find(&d->groups[i], e->dn) == d->groups[i].count)
			continue;
		if (groups++ < PERSON_GROUPS_MAX)
			op->person.groups[op->person.group_count++] =
			    fake_op_keep(op, d->groups[i].dn);
	}
	*u = (struct dir_user){ .dn = fake_op_keep(op, e->dn),
		.entry_uuid = fake_op_keep(op, e->uuid),
		.person = &op->person,
		.group_count = groups,
		.invitation_id = e->marker[0] != '\0' ? fake_op_keep(op, e->marker) : NULL,
		.suspended = e->suspended,
		.registered_at = 1700000000,
		.suspended_by = e->suspended ? "pwdAccountLockedTime" : NULL };
	snprintf(u->tag, sizeof(u->tag), "v%u", e->version);
	fake_groups_tag(d, e->dn, u->groups_tag);
	return ERR_OK;
}

static void
answer_user(struct user_op *op)
{
	dir_user_cb *cb = (dir_user_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? &op->user : NULL, &op->op.fault);
}

static enum err
load_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	const struct entry *e = fake_entry_by_uuid(d, op->uuid);

	return e != NULL ? show(d, op, e) : fault_set(f, ERR_NOT_FOUND, "no such entry");
}

struct dir_op *
dir_user_load(struct dir *d, const char *entry_uuid, dir_user_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(load_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	return fake_op_start(d, op, "load", false);
}

static bool
is_another_version(const struct user_op *op, const struct entry *e)
{
	char tag[DIR_TAG_SIZE];

	snprintf(tag, sizeof(tag), "v%u", e->version);
	return op->tag != NULL && strcmp(op->tag, tag) != 0;
}

static enum err
change_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct entry *e = fake_entry_by_uuid(d, op->uuid);
	const char *unit = op->value[PERSON_ORG_UNIT];

	if (e == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such entry");
	if (is_another_version(op, e))
		return fault_set(f, ERR_CONFLICT, "the entry is another version");
	if (unit != NULL && (d->org_unit_gone || strstr(unit, "missing") != NULL))
		return fault_set(f, ERR_INVALID, "org_unit: %s does not exist", unit);
	for (size_t i = 0; op->value[PERSON_MAIL] != NULL && i < d->count; i++)
		if (&d->entries[i] != e &&
		    strcasecmp(d->entries[i].mail, op->value[PERSON_MAIL]) == 0)
			return fault_set(f, ERR_EXISTS, "mail: %s has it", d->entries[i].dn);
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		if (op->value[i] != NULL && i != PERSON_ORG_UNIT)
			snprintf(e->value[i], sizeof(e->value[i]), "%s", op->value[i]);
	snprintf(e->mail, sizeof(e->mail), "%s", e->value[PERSON_MAIL]);
	if (unit != NULL) {
		char dn[256];

		snprintf(dn, sizeof(dn), "%.*s,%s", (int)strcspn(e->dn, ","), e->dn, unit);
		if (op->spares_groups)
			snprintf(e->dn, sizeof(e->dn), "%s", dn);
		else
			fake_entry_rename(d, e, dn);
	}
	e->version++;
	return show(d, op, e);
}

struct dir_op *
dir_user_change(struct dir *d, const char *entry_uuid, const struct dir_user_change *change,
    dir_user_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(change_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->tag = fake_op_keep(op, change->tag);
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		op->value[i] = fake_op_keep(op, change->value[i]);
	return fake_op_start(d, op, "change", true);
}

static void
fake_leave(struct dir *d, const char *group, const char *dn)
{
	struct group *g = fake_group_by_dn(d, group);
	size_t at = g != NULL ? fake_group_find(g, dn) : 0;

	if (g != NULL && at < g->count)
		memmove(
		    g->members[at], g->members[at + 1], (--g->count - at) * sizeof(g->members[0]));
}

/* One that is not there refuses, and then none is left. */
static enum err
set_groups_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct entry *e = fake_entry_by_uuid(d, op->uuid);
	char tag[DIR_GROUPS_TAG_SIZE];

	if (e == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such entry");
	fake_groups_tag(d, e->dn, tag);
	if (is_another_version(op, e) ||
	    (op->groups_tag != NULL && strcmp(op->groups_tag, tag) != 0))
		return fault_set(f, ERR_CONFLICT, "the entry is another version");
	for (size_t i = 0; i < op->name_count; i++)
		if (fake_group_by_dn(d, op->names[i]) == NULL)
			fault_set(f, ERR_OK, "not joined: %s", op->names[i]);
		else if (!fake_dir_is_member(d, op->names[i], e->dn))
			fake_join(d, op->names[i], e->dn);
	for (size_t i = 0; i < op->group_count && !op->spares_groups && f->text[0] == '\0'; i++)
		fake_leave(d, op->groups[i], e->dn);
	return show(d, op, e);
}

static const char **
fake_op_keep_list(struct user_op *op, const char *const *list, size_t count)
{
	const char **copy = arena_alloc(op->arena, (count + 1) * sizeof(*copy));

	for (size_t i = 0; i < count; i++)
		copy[i] = fake_op_keep(op, list[i]);
	return copy;
}

struct dir_op *
dir_user_set_groups(struct dir *d, const char *entry_uuid, const struct dir_memberships *m,
    dir_user_cb *cb, void *arg)
{
	struct user_op *op =
	    fake_op_new(set_groups_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->tag = fake_op_keep(op, m->tag);
	op->groups_tag = fake_op_keep(op, m->groups_tag);
	op->names = fake_op_keep_list(op, m->join, m->join_count);
	op->name_count = m->join_count;
	op->groups = fake_op_keep_list(op, m->leave, m->leave_count);
	op->group_count = m->leave_count;
	return fake_op_start(d, op, "set_groups", true);
}

static enum err
finish_move_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct entry *e = fake_entry_by_uuid(d, op->uuid);
	char now[256];

	if (e == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such entry");
	if (fake_entry_by_dn(d, op->dn) == NULL) {
		snprintf(now, sizeof(now), "%s", e->dn);
		snprintf(e->dn, sizeof(e->dn), "%s", op->dn);
		fake_entry_rename(d, e, now);
	}
	return show(d, op, e);
}

struct dir_op *
dir_user_finish_move(
    struct dir *d, const char *entry_uuid, const char *from, dir_user_cb *cb, void *arg)
{
	struct user_op *op =
	    fake_op_new(finish_move_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->dn = fake_op_keep(op, from);
	return fake_op_start(d, op, "finish_move", true);
}

const char *
dir_suspend_means(const struct dir *d)
{
	return d->has_no_means ? NULL : "pwdAccountLockedTime";
}

static enum err
suspend_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct entry *e = fake_entry_by_uuid(d, op->uuid);

	if (d->has_no_means)
		return fault_set(f, ERR_REFUSED, "this directory has no means to suspend");
	if (e == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such entry");
	if (is_another_version(op, e))
		return fault_set(f, ERR_CONFLICT, "the entry is another version");
	if (e->suspended != op->suspended)
		e->version++;
	e->suspended = op->suspended;
	return show(d, op, e);
}

struct dir_op *
dir_user_suspend(struct dir *d, const char *entry_uuid, bool suspended, const char *tag,
    dir_user_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(suspend_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->suspended = suspended;
	op->tag = fake_op_keep(op, tag);
	return fake_op_start(d, op, suspended ? "suspend" : "resume", true);
}

/* ---- save, remove, gone, restore */

static enum err
save_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	const struct entry *e = fake_entry_by_uuid(d, op->uuid);
	struct saved *s;

	if (e == NULL)
		return fault_set(f, ERR_NOT_FOUND, "no such entry");
	s = arena_alloc(op->arena, sizeof(*s));
	s->entry = *e;
	show(d, op, e);
	for (size_t i = 0; i < op->person.group_count; i++)
		snprintf(
		    s->groups[s->group_count++], sizeof(s->groups[0]), "%s", op->person.groups[i]);
	op->saved = secret_new(s, sizeof(*s));
	return ERR_OK;
}

static void
answer_saved(struct user_op *op)
{
	dir_user_saved_cb *cb = (dir_user_saved_cb *)(uintptr_t)op->cb;
	bool ok = op->op.code == ERR_OK;

	cb(op->op.arg, op->op.code, ok ? &op->user : NULL, ok ? op->saved : NULL, &op->op.fault);
}

struct dir_op *
dir_user_save(struct dir *d, const char *entry_uuid, dir_user_saved_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(save_effect, answer_saved, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	return fake_op_start(d, op, "save", false);
}

bool
dir_saved_has_password(const struct secret *saved)
{
	struct saved s;

	if (secret_len(saved) != sizeof(s))
		return false;
	memcpy(&s, secret_bytes(saved), sizeof(s));
	return s.entry.password[0] != '\0';
}

bool
dir_saved_members(
    const struct secret *saved, struct arena *arena, const char *const **names, size_t *count)
{
	const char **list = arena_alloc(arena, (GROUPS_MAX + 1) * sizeof(*list));
	struct saved s;

	if (secret_len(saved) != sizeof(s))
		return false;
	memcpy(&s, secret_bytes(saved), sizeof(s));
	list[0] = arena_strdup(arena, s.entry.dn);
	for (size_t i = 0; i < s.group_count; i++)
		list[i + 1] = arena_strdup(arena, s.groups[i]);
	*names = list;
	*count = s.group_count + 1;
	return true;
}

bool
dir_saved_names(
    const struct dir *d, const struct secret *saved, struct arena *arena, struct person *names)
{
	struct saved s;

	(void)d;
	if (secret_len(saved) != sizeof(s))
		return false;
	memcpy(&s, secret_bytes(saved), sizeof(s));
	names->value[PERSON_UID] = arena_strdup(arena, s.entry.uid);
	names->value[PERSON_MAIL] = arena_strdup(arena, s.entry.mail);
	if (s.entry.value[PERSON_PHONE][0] != '\0')
		names->value[PERSON_PHONE] = arena_strdup(arena, s.entry.value[PERSON_PHONE]);
	return true;
}

static enum err
remove_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct entry *e = fake_entry_by_dn(d, op->dn);

	if (e != NULL && strcasecmp(e->uuid, op->uuid) != 0)
		return fault_set(f, ERR_CONFLICT, "another entry stands at %s", op->dn);
	if (e == NULL && fake_entry_by_uuid(d, op->uuid) != NULL)
		return fault_set(f, ERR_CONFLICT, "%s has moved", op->dn);
	if (e != NULL && is_another_version(op, e))
		return fault_set(f, ERR_CONFLICT, "the entry is another version");
	op->removed.was_there = e != NULL;
	if (e != NULL)
		*e = d->entries[--d->count];
	for (size_t i = 0; i < d->group_count && !op->spares_groups; i++) {
		struct group *g = &d->groups[i];
		size_t at = fake_group_find(g, op->dn);

		if (at == g->count)
			continue;
		memcpy(g->members[at], g->members[--g->count], sizeof(g->members[at]));
		op->removed.groups_left++;
	}
	return ERR_OK;
}

static void
answer_removed(struct user_op *op)
{
	dir_removed_cb *cb = (dir_removed_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? &op->removed : NULL, &op->op.fault);
}

struct dir_op *
dir_user_remove(struct dir *d, const char *dn, const char *entry_uuid, const char *tag,
    dir_removed_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(remove_effect, answer_removed, (void *)(uintptr_t)cb, arg);

	op->uuid = fake_op_keep(op, entry_uuid);
	op->dn = fake_op_keep(op, dn);
	op->tag = fake_op_keep(op, tag);
	return fake_op_start(d, op, "remove", true);
}

static enum err
gone_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	if (d->gone_code != ERR_OK)
		return fault_set(f, d->gone_code, "%s: did not answer", d->lingering);
	if (fake_entry_by_dn(d, op->dn) != NULL)
		return fault_set(f, ERR_UNAVAILABLE, "fake: still has %s", op->dn);
	return ERR_OK;
}

static void
answer_gone(struct user_op *op)
{
	dir_gone_cb *cb = (dir_gone_cb *)(uintptr_t)op->cb;

	cb(op->op.arg, op->op.code, op->op.code == ERR_OK ? 3 : -1, &op->op.fault);
}

struct dir_op *
dir_user_gone(struct dir *d, const char *dn, dir_gone_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(gone_effect, answer_gone, (void *)(uintptr_t)cb, arg);

	op->dn = fake_op_keep(op, dn);
	return fake_op_start(d, op, "gone", false);
}

static enum err
restore_effect(struct dir *d, struct user_op *op, struct fault *f)
{
	struct saved s;
	const struct entry *there;

	if (secret_len(op->saved) != sizeof(s))
		return fault_set(f, ERR_CORRUPT, "not what was saved");
	memcpy(&s, secret_bytes(op->saved), sizeof(s));
	there = fake_entry_by_dn(d, s.entry.dn);
	if (there != NULL && strcmp(there->mail, s.entry.mail) != 0)
		return fault_set(f, ERR_EXISTS, "uid: %s is taken", s.entry.dn);
	for (size_t i = 0; i < d->count; i++)
		if (&d->entries[i] != there && s.entry.mail[0] != '\0' &&
		    strcasecmp(d->entries[i].mail, s.entry.mail) == 0)
			return fault_set(f, ERR_EXISTS, "mail: another entry has it");
	if (d->org_unit_gone)
		return fault_set(f, ERR_NOT_FOUND, "the org unit is gone");
	if (there == NULL) {
		fake_uuid(d, s.entry.uuid);
		s.entry.version = 1;
		s.entry.suspended = false;
		fake_entry_put(d, &s.entry);
	}
	for (size_t i = 0; i < s.group_count && !op->spares_groups; i++)
		if (reach_covers(op->within, s.groups[i], NULL))
			fake_join(d, s.groups[i], s.entry.dn);
	return show(d, op, fake_entry_by_dn(d, s.entry.dn));
}

struct dir_op *
dir_user_restore(struct dir *d, const struct secret *saved, const struct reach *within,
    dir_user_cb *cb, void *arg)
{
	struct user_op *op = fake_op_new(restore_effect, answer_user, (void *)(uintptr_t)cb, arg);

	op->saved = secret_dup(saved);
	op->within = reach_copy(within, op->arena);
	return fake_op_start(d, op, "restore", true);
}
