#include "dir_user_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen seen;

int
user_set_up(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	memset(&seen, 0, sizeof(seen));
	rig_start_slapd(&rig, "--without cost");
	rig_default_conf(&rig);
	rig.conf.op_timeout_ms = 5000;
	rig_open(&rig);
	return 0;
}

int
user_tear_down(void **state)
{
	(void)state;
	secret_free(seen.saved);
	rig_remove(&rig);
	return 0;
}

void
user_with_settings(const char *edit)
{
	char command[512];

	rig_close(&rig);
	rig_stop_slapd(&rig, false);
	snprintf(command, sizeof(command), "sed -i '%s' %s/slapd.conf", edit, rig.folder);
	assert_int_equal(system(command), 0);
	rig_restart_slapd(&rig);
	rig.up = false;
	rig_open(&rig);
}

const char *
uuid_of(const char *dn)
{
	static char kept[4][64];
	static size_t next;

	next = (next + 1) % 4;
	snprintf(kept[next], sizeof(kept[next]), "%s", rig_values(&rig, dn, "entryUUID"));
	return kept[next];
}

const char *
user_make(const char *dn, const char *mail)
{
	static unsigned made;
	char id[64];

	snprintf(id, sizeof(id), "018f3a52-0000-7000-8000-%012u", ++made);
	assert_int_equal(rig_add(&rig, dn, mail, id, NULL), ERR_OK);
	assert_int_equal(rig_password(&rig, dn, PASSWORD), ERR_OK);
	assert_int_equal(rig_join(&rig, dn, STAFF), ERR_OK);
	assert_string_equal(rig.fault.text, "");
	return uuid_of(dn);
}

static void
heard(enum err code, const struct fault *f)
{
	rig.answered = true;
	rig.answers++;
	rig.code = code;
	rig.fault = *f;
	loop_stop(rig.loop);
}

static enum err
wait_for(struct dir_op *op)
{
	assert_non_null(op);
	assert_false(rig.answered);
	rig_run(&rig);
	return rig.code;
}

static void
begin(void)
{
	rig.answered = false;
	rig.fault.text[0] = '\0';
	seen.user = false;
}

#define KEEP(field, text) snprintf(seen.field, sizeof(seen.field), "%s", (text) ? (text) : "")

static void
keep_user(const struct dir_user *u)
{
	size_t used = 0;

	seen.user = u != NULL;
	if (u == NULL)
		return;
	KEEP(dn, u->dn);
	KEEP(uuid, u->entry_uuid);
	KEEP(tag, u->tag);
	KEEP(groups_tag, u->groups_tag);
	KEEP(marker, u->invitation_id);
	KEEP(source, u->last_activity_source);
	KEEP(suspended_by, u->suspended_by);
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++)
		KEEP(value[i], u->person->value[i]);
	seen.groups[0] = '\0';
	for (size_t i = 0; i < u->person->group_count && used < sizeof(seen.groups); i++)
		used += (size_t)snprintf(
		    seen.groups + used, sizeof(seen.groups) - used, "%s;", u->person->groups[i]);
	seen.group_count = u->group_count;
	seen.suspended = u->suspended;
	seen.registered_at = u->registered_at;
	seen.last_activity_at = u->last_activity_at;
}

static void
on_user(void *arg, enum err code, const struct dir_user *user, const struct fault *f)
{
	(void)arg;
	keep_user(user);
	heard(code, f);
}

enum err
user_load(const char *uuid)
{
	begin();
	return wait_for(dir_user_load(rig.dir, uuid, on_user, NULL));
}

enum err
user_change(const char *uuid, const struct dir_user_change *change)
{
	begin();
	return wait_for(dir_user_change(rig.dir, uuid, change, on_user, NULL));
}

enum err
user_set(const char *uuid, enum person_field field, const char *value)
{
	struct dir_user_change change = { .tag = NULL };

	change.value[field] = value;
	return user_change(uuid, &change);
}

enum err
user_set_groups(
    const char *uuid, const char *const *join, const char *const *leave, const char *groups_tag)
{
	struct dir_memberships m = { .join = join, .leave = leave, .groups_tag = groups_tag };

	while (join[m.join_count] != NULL)
		m.join_count++;
	while (leave[m.leave_count] != NULL)
		m.leave_count++;
	begin();
	return wait_for(dir_user_set_groups(rig.dir, uuid, &m, on_user, NULL));
}

enum err
user_suspend(const char *uuid, bool suspended)
{
	return user_suspend_version(uuid, suspended, NULL);
}

enum err
user_suspend_version(const char *uuid, bool suspended, const char *tag)
{
	begin();
	return wait_for(dir_user_suspend(rig.dir, uuid, suspended, tag, on_user, NULL));
}

static void
on_saved(void *arg, enum err code, const struct dir_user *user, const struct secret *saved,
    const struct fault *f)
{
	(void)arg;
	keep_user(user);
	secret_free(seen.saved);
	seen.saved = saved != NULL ? secret_dup(saved) : NULL;
	heard(code, f);
}

enum err
user_save(const char *uuid)
{
	begin();
	return wait_for(dir_user_save(rig.dir, uuid, on_saved, NULL));
}

enum err
user_restore_within(const struct reach *within)
{
	begin();
	return wait_for(dir_user_restore(rig.dir, seen.saved, within, on_user, NULL));
}

enum err
user_restore(void)
{
	return user_restore_within(NULL);
}

static void
on_removed(void *arg, enum err code, const struct dir_removed *removed, const struct fault *f)
{
	(void)arg;
	memset(&seen.removed, 0, sizeof(seen.removed));
	if (removed != NULL)
		seen.removed = *removed;
	heard(code, f);
}

enum err
user_remove(const char *dn, const char *uuid)
{
	return user_remove_version(dn, uuid, NULL);
}

enum err
user_remove_version(const char *dn, const char *uuid, const char *tag)
{
	begin();
	return wait_for(dir_user_remove(rig.dir, dn, uuid, tag, on_removed, NULL));
}

static void
on_gone(void *arg, enum err code, int64_t ms, const struct fault *f)
{
	(void)arg;
	seen.ms = ms;
	heard(code, f);
}

enum err
user_finish_move(const char *uuid, const char *from)
{
	begin();
	return wait_for(dir_user_finish_move(rig.dir, uuid, from, on_user, NULL));
}

enum err
user_gone(const char *dn)
{
	begin();
	return wait_for(dir_user_gone(rig.dir, dn, on_gone, NULL));
}

static void
on_members(void *arg, enum err code, bool is_member, size_t others, const struct fault *f)
{
	(void)arg;
	seen.is_member = is_member;
	seen.others = others;
	heard(code, f);
}

enum err
group_members(const char *group, const char *dn)
{
	begin();
	return wait_for(dir_group_members(rig.dir, group, dn, on_members, NULL));
}

static void
on_dn(void *arg, enum err code, const char *dn, const struct fault *f)
{
	(void)arg;
	KEEP(dn, dn);
	heard(code, f);
}

static void
on_done(void *arg, enum err code, const struct fault *f)
{
	(void)arg;
	heard(code, f);
}

enum err
unit_add(const char *parent, const char *name, const char *description)
{
	begin();
	return wait_for(dir_org_unit_add(rig.dir, parent, name, description, on_dn, NULL));
}

enum err
unit_change(const char *uuid, const char *name, const char *description)
{
	begin();
	return wait_for(dir_org_unit_change(rig.dir, uuid, name, description, on_dn, NULL));
}

enum err
unit_delete(const char *uuid)
{
	begin();
	return wait_for(dir_org_unit_delete(rig.dir, uuid, on_done, NULL));
}
