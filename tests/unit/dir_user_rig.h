/* The operations of dir_user.h, one at a time, and what they said. */
#ifndef USHERD_TESTS_DIR_USER_RIG_H
#define USHERD_TESTS_DIR_USER_RIG_H

#include "dir_rig.h"

#include "dir/dir_user.h"

#define STAFF	 "cn=staff,ou=groups," BASE
#define BOARD	 "cn=board,ou=groups," BASE
#define LONE	 "cn=lone,ou=groups," BASE
#define PASSWORD "correct horse battery"

/* What the last callback said; the code and the fault are in `rig`. */
struct seen {
	bool user; /* there was one */
	char dn[1200], uuid[DIR_UUID_SIZE], tag[DIR_TAG_SIZE], marker[64];
	char groups_tag[DIR_GROUPS_TAG_SIZE];
	char value[PERSON_FIELD_COUNT][512], groups[2048];
	size_t group_count;
	bool suspended;
	int64_t registered_at, last_activity_at;
	char source[64], suspended_by[64];
	struct secret *saved;
	struct dir_removed removed;
	int64_t ms;
	bool is_member;
	size_t others;
};
extern struct seen seen;

/* Each test its own directory, empty but for the tree of dir_rig. */
int user_set_up(void **state);
int user_tear_down(void **state);

/* slapd starts again with its configuration edited by sed. */
void user_with_settings(const char *edit);

/* Somebody with a password, in staff and in a group of their own. The UUID is in static memory. */
const char *user_make(const char *dn, const char *mail);
/* The entryUUID at a DN, in one of a few static buffers. */
const char *uuid_of(const char *dn);

enum err user_load(const char *uuid);
enum err user_change(const char *uuid, const struct dir_user_change *change);
enum err user_set(const char *uuid, enum person_field field, const char *value);
/* Lists ended by NULL; `groups_tag` NULL: whatever they are. */
enum err user_set_groups(
    const char *uuid, const char *const *join, const char *const *leave, const char *groups_tag);
enum err user_suspend(const char *uuid, bool suspended);
/* Of one version. */
enum err user_suspend_version(const char *uuid, bool suspended, const char *tag);
enum err user_remove_version(const char *dn, const char *uuid, const char *tag);
enum err user_save(const char *uuid); /* seen.saved */
enum err user_remove(const char *dn, const char *uuid);
enum err user_finish_move(const char *uuid, const char *from);
enum err user_gone(const char *dn);
enum err user_restore(void); /* seen.saved */
enum err user_restore_within(const struct reach *within);
enum err group_members(const char *group, const char *dn);
enum err unit_add(const char *parent, const char *name, const char *description); /* seen.dn */
enum err unit_change(const char *uuid, const char *name, const char *description);
enum err unit_delete(const char *uuid);

#endif
