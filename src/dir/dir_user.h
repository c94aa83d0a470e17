/* Operations on entries that exist: people, their memberships, org units. Workers, codes, deadlines
 * and the callback promise are those of dir.h.
 *
 * An entry is named by entryUUID, which is its identity; its DN may change at any time and is
 * looked up by the operation itself, on the server that takes the writes. Everything here refuses
 * what is not below search_base (people: people_base).
 */
#ifndef USHERD_DIR_DIR_USER_H
#define USHERD_DIR_DIR_USER_H

#include "dir/dir.h"

enum { DIR_TAG_SIZE = 65, DIR_UUID_SIZE = 37 };

/* One person as the directory has them now. */
struct dir_user {
	const char *dn, *entry_uuid;
	const struct person *person; /* groups: DNs, at most PERSON_GROUPS_MAX of them */
	size_t group_count;	     /* all of them, also those that person has no room for */
	const char *invitation_id;   /* the marker, or NULL */
	char tag[DIR_TAG_SIZE]; /* of this version (entryCSN, else modifyTimestamp and content) */
	bool suspended;
	int64_t registered_at, last_activity_at; /* seconds; 0: unknown */
	const char *last_activity_source;	 /* "pwdLastSuccess", "authTimestamp", NULL */
	const char *suspended_by;		 /* the attribute that says so, or NULL */
};
typedef void dir_user_cb(
    void *arg, enum err code, const struct dir_user *user, const struct fault *f);
/* ERR_NOT_FOUND. */
struct dir_op *dir_user_load(struct dir *d, const char *entry_uuid, dir_user_cb *cb, void *arg);

/* Change a profile: `value[field]` NULL leaves it, "" removes it. ORG_UNIT moves the entry (RFC
 * 4511 modifyDN with newSuperior); display name and cn follow the names. UID and groups cannot be
 * changed here. `tag`: only if the entry is still that version (RFC 4528 assertion where the server
 * knows it), NULL: whatever it is. ERR_OK: `user` is the new version. ERR_CONFLICT: another
 * version. ERR_NOT_FOUND: the entry; ERR_INVALID: a value the server refused, or an org unit that
 * does not exist ("org_unit: ..." begins the text); ERR_EXISTS: a mail or phone that another entry
 * has. */
struct dir_user_change {
	const char *value[PERSON_FIELD_COUNT];
	const char *tag;
};
struct dir_op *dir_user_change(struct dir *d, const char *entry_uuid,
    const struct dir_user_change *change, dir_user_cb *cb, void *arg);

/* Suspend and resume by the profile's means: openldap: ppolicy's administrative lock
 * (pwdAccountLockedTime 000001010000Z; slapo-ppolicy(5)); generic: ERR_REFUSED, whose text says
 * that this directory has no means that we know. Already so is ERR_OK. */
struct dir_op *dir_user_suspend(
    struct dir *d, const char *entry_uuid, bool suspended, dir_user_cb *cb, void *arg);
/* What the profile can: "pwdAccountLockedTime" or NULL. Pure. */
const char *dir_suspend_means(const struct dir *d);

/* The whole entry and the groups that name it, as bytes that dir_user_restore() understands: every
 * user attribute with all its values (userPassword among them, so: a secret) and nothing
 * operational, and the DN. ERR_NOT_FOUND. ERR_TOO_LARGE: over 1 MiB. */
typedef void dir_user_saved_cb(void *arg, enum err code, const struct dir_user *user,
    const struct secret *saved, const struct fault *f);
struct dir_op *dir_user_save(
    struct dir *d, const char *entry_uuid, dir_user_saved_cb *cb, void *arg);

/* Did the server let us read a password? Without one nobody signs in to what is restored until they
 * get a new one. Pure. */
bool dir_saved_has_password(const struct secret *saved);

/* Delete the entry, if it is still the one of that UUID at that DN, then take `dn` out of every
 * group that names it. A group that cannot do without its last member gets its own DN as member
 * (groupOfNames must have one; a name left behind would fall to whoever gets that DN next). Gone
 * already is ERR_OK, so it can be repeated: the groups are searched again. ERR_CONFLICT: another
 * entry stands there now; it is left alone and so are the groups. f->text names groups that refused
 * ("" when none did). */
struct dir_removed {
	bool was_there;
	size_t groups_left; /* memberships that were ended */
};
typedef void dir_removed_cb(
    void *arg, enum err code, const struct dir_removed *removed, const struct fault *f);
struct dir_op *dir_user_remove(
    struct dir *d, const char *dn, const char *entry_uuid, dir_removed_cb *cb, void *arg);

/* Ask every configured server until none has the entry, at most until op_timeout_ms: how long it
 * took from this call. ERR_UNAVAILABLE: some server still had it or did not answer; the text names
 * it. */
typedef void dir_gone_cb(void *arg, enum err code, int64_t ms, const struct fault *f);
struct dir_op *dir_user_gone(struct dir *d, const char *dn, dir_gone_cb *cb, void *arg);

/* Add what dir_user_save() returned again: entry, password, memberships. It gets a new entryUUID.
 * ERR_EXISTS: the DN or a unique name is taken; but an entry at the DN that equals what was saved
 * is ours from an earlier try, and that is ERR_OK. ERR_NOT_FOUND: the org unit is gone. Groups that
 * are gone, or refuse the member, are named in f->text; the code is ERR_OK. */
struct dir_op *dir_user_restore(
    struct dir *d, const struct secret *saved, dir_user_cb *cb, void *arg);

/* How many members does this group have beside `dn`, and is `dn` one? For "the last administrator".
 * ERR_NOT_FOUND: no such group. */
typedef void dir_members_cb(
    void *arg, enum err code, bool is_member, size_t others, const struct fault *f);
struct dir_op *dir_group_members(
    struct dir *d, const char *group, const char *dn, dir_members_cb *cb, void *arg);

/* Org units. `parent` is below people_base or it. ERR_EXISTS; ERR_NOT_FOUND: the parent;
 * ERR_INVALID: the name. `dn` of the result dies with the callback. */
typedef void dir_dn_cb(void *arg, enum err code, const char *dn, const struct fault *f);
struct dir_op *dir_org_unit_add(struct dir *d, const char *parent, const char *name,
    const char *description, dir_dn_cb *cb, void *arg);
/* A new name and/or description of the org unit of that UUID (NULL: as it is; description "":
 * none). people_base itself cannot be renamed: ERR_REFUSED. */
struct dir_op *dir_org_unit_change(struct dir *d, const char *entry_uuid, const char *name,
    const char *description, dir_dn_cb *cb, void *arg);
/* ERR_CONFLICT: not empty (a leaf check by the server itself, RFC 4511 section 4.8). ERR_REFUSED:
 * people_base. ERR_NOT_FOUND. */
struct dir_op *dir_org_unit_delete(
    struct dir *d, const char *entry_uuid, dir_done_cb *cb, void *arg);

#endif
