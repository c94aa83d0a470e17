/* Operations on entries that exist: people, their memberships, org units. Workers, codes, deadlines
 * and the callback promise are those of dir.h.
 *
 * An entry is named by entryUUID, which is its identity; its DN may change at any time and is
 * looked up by the operation itself, on the server that takes the writes; what is written carries
 * the condition that it is still that entry (RFC 4528), or follows another look at it where the
 * server does not know the control. ERR_REFUSED: what is named is not below search_base (for a
 * write: people_base), or nobody: an org unit, a group, usherd's own account. ERR_NOT_FOUND also
 * for a text that is no UUID.
 */
#ifndef USHERD_DIR_DIR_USER_H
#define USHERD_DIR_DIR_USER_H

#include "dir/dir.h"
#include "invite/reach.h"

enum { DIR_TAG_SIZE = 65, DIR_GROUPS_TAG_SIZE = 17, DIR_UUID_SIZE = 37 };

/* One person as the directory has them now. */
struct dir_user {
	const char *dn, *entry_uuid;
	const struct person *person; /* groups: DNs, at most PERSON_GROUPS_MAX of them */
	size_t group_count;	     /* all of them, also those that person has no room for */
	const char *invitation_id;   /* the marker, or NULL */
	char tag[DIR_TAG_SIZE]; /* of this version (entryCSN, else modifyTimestamp and content) */
	/* Of their groups, whose entries are others: no version of this one tells of them. "": they
	 * were not looked at. */
	char groups_tag[DIR_GROUPS_TAG_SIZE];
	bool suspended;
	int64_t registered_at, last_activity_at; /* seconds; 0: unknown */
	const char *last_activity_source;	 /* "pwdLastSuccess", "authTimestamp", NULL */
	const char *suspended_by;		 /* the attribute that says so, or NULL */
};
typedef void dir_user_cb(
    void *arg, enum err code, const struct dir_user *user, const struct fault *f);
/* ERR_NOT_FOUND. */
struct dir_op *dir_user_load(struct dir *d, const char *entry_uuid, dir_user_cb *cb, void *arg);

/* Change a profile: `value[field]` NULL leaves it, "" removes it with all its values; another value
 * takes the place of the first one, which is the one that is shown, and further ones stay. A phone
 * that is shown from another attribute than the configured one (telephoneNumber, mobile) is removed
 * from there too; a new one is written to the configured one, and is shown from then on. ORG_UNIT
 * moves the entry (RFC 4511 modifyDN with newSuperior), which stays a member of its groups; display
 * name and cn follow the names when they were made of them. UID and groups cannot be changed here.
 * `tag`: only if the entry is still that version (RFC 4528 assertion where the server knows it),
 * NULL: whatever it is. ERR_OK: `user` is the new version, with the tag of the old one if nothing
 * had to be written. ERR_CONFLICT: another version. ERR_NOT_FOUND: the entry; ERR_INVALID: a value
 * that the server refuses or its schema has no room for, or an org unit that does not exist;
 * ERR_EXISTS: a mail or phone that another entry has, or an entry of that name in the new org unit.
 * The text of these two begins with the field's name and
 * ": " where one is to blame. Values and move are two requests: should the values be written and
 * the move fail, the code is the move's, the text ends with that, and `user` is the entry as it is
 * then. Groups that could not be told of a move are named in f->text (ERR_OK). */
struct dir_user_change {
	const char *value[PERSON_FIELD_COUNT];
	const char *tag;
};
struct dir_op *dir_user_change(struct dir *d, const char *entry_uuid,
    const struct dir_user_change *change, dir_user_cb *cb, void *arg);

/* Make the entry a member of the groups of `join`, and no longer one of those of `leave`: a request
 * for each, and what is so already is done. A group that cannot do without a member gets its own DN
 * as one when the last one leaves (as in dir_user_remove()), and loses it when somebody joins.
 * `tag`, `groups_tag`: only of this version, or if their groups are still these, which is looked at
 * before anything is sent; NULL: whatever they are. ERR_OK: `user` is the entry with its groups;
 * f->text names groups that refused ("" when none did). ERR_CONFLICT: another version, other
 * groups. ERR_NOT_FOUND: the entry. ERR_UNKNOWN: some may be done, and repeating it is harmless. */
struct dir_memberships {
	const char *const *join, *const *leave;
	size_t join_count, leave_count;
	const char *tag, *groups_tag;
};
struct dir_op *dir_user_set_groups(struct dir *d, const char *entry_uuid,
    const struct dir_memberships *m, dir_user_cb *cb, void *arg);

/* The end of a move that was cut short before its groups were told: those that name `from` name the
 * entry where it is now, unless somebody else stands at `from`. Repeating it is harmless. ERR_OK:
 * `user` is the entry; f->text names groups that refused. ERR_NOT_FOUND: the entry. */
struct dir_op *dir_user_finish_move(
    struct dir *d, const char *entry_uuid, const char *from, dir_user_cb *cb, void *arg);

/* Suspend and resume by the profile's means: openldap: ppolicy's administrative lock
 * (pwdAccountLockedTime 000001010000Z; slapo-ppolicy(5)); generic: ERR_REFUSED, whose text says
 * that this directory has no means that we know. Already so is ERR_OK; resuming somebody whom too
 * many wrong passwords locked ends that as well. ERR_MISCONFIGURED: ppolicy is not loaded, or we
 * see no policy with pwdLockout TRUE, without which slapd ignores the lock. A session that is bound
 * already is not ended by it. `tag` as for a change; ERR_CONFLICT: another version. */
struct dir_op *dir_user_suspend(struct dir *d, const char *entry_uuid, bool suspended,
    const char *tag, dir_user_cb *cb, void *arg);
/* What the profile can: "pwdAccountLockedTime" or NULL. Pure. */
const char *dir_suspend_means(const struct dir *d);

/* The whole entry and the groups that name it, as bytes that dir_user_restore() understands: every
 * user attribute with all its values (userPassword among them, so: a secret), the suspension,
 * nothing else that is operational or derived (memberOf), and the DN. ERR_NOT_FOUND. ERR_TOO_LARGE:
 * over 1 MiB, or over 1000 attributes. */
typedef void dir_user_saved_cb(void *arg, enum err code, const struct dir_user *user,
    const struct secret *saved, const struct fault *f);
struct dir_op *dir_user_save(
    struct dir *d, const char *entry_uuid, dir_user_saved_cb *cb, void *arg);

/* Did the server let us read a password? Without one nobody signs in to what is restored until they
 * get a new one. Pure. */
bool dir_saved_has_password(const struct secret *saved);

/* The uid, mail, phone and names in it, in `arena`; NULL: none. False: not what was saved. Pure. */
bool dir_saved_names(
    const struct dir *d, const struct secret *saved, struct arena *arena, struct person *names);
/* Its DN and those of the groups that name it, in `arena`: all that dir_user_restore() would make a
 * member or join. False as above. */
bool dir_saved_members(
    const struct secret *saved, struct arena *arena, const char *const **names, size_t *count);

/* Delete the entry, if it is still the one of that UUID at that DN, then take `dn` out of every
 * group that names it. A group that cannot do without its last member gets its own DN as member
 * (groupOfNames must have one; a name left behind would fall to whoever gets that DN next). Gone
 * already is ERR_OK, so it can be repeated: the groups are searched again. `tag`: only if the entry
 * is still that version; NULL: whatever it is. ERR_CONFLICT: it is another version, another entry
 * stands there now, or ours has moved elsewhere or has entries below it; nothing is done then.
 * ERR_INVALID: no UUID. ERR_UNKNOWN and ERR_UNAVAILABLE may also come from the groups: repeat it.
 * f->text names groups that refused ("" when none did). */
struct dir_removed {
	bool was_there;
	size_t groups_left; /* memberships that ended, by us or with the entry by the server */
};
typedef void dir_removed_cb(
    void *arg, enum err code, const struct dir_removed *removed, const struct fault *f);
struct dir_op *dir_user_remove(struct dir *d, const char *dn, const char *entry_uuid,
    const char *tag, dir_removed_cb *cb, void *arg);

/* Ask every configured server until none has the entry, at most until op_timeout_ms: how long it
 * took from this call. ERR_UNAVAILABLE: some server still had it or did not answer; the text names
 * each, and `ms` is -1. Runs on threads of its own, so that no operation waits for it. */
typedef void dir_gone_cb(void *arg, enum err code, int64_t ms, const struct fault *f);
struct dir_op *dir_user_gone(struct dir *d, const char *dn, dir_gone_cb *cb, void *arg);

/* Add what dir_user_save() returned again: entry, password, memberships. It gets a new entryUUID;
 * who was suspended comes back suspended. Whatever fails once the entry stands there is
 * ERR_UNKNOWN and never a refusal: repeat it, it finds its own entry and goes on. ERR_EXISTS: the
 * DN or a unique value is taken, and the text begins with the field's name and ": " where one has
 * it; but an entry at the DN that has everything that was saved is ours from an earlier try, and
 * that is ERR_OK. ERR_NOT_FOUND: the org unit is gone. ERR_REFUSED: also a password policy that
 * takes no hashes. ERR_CORRUPT: not what was saved. Groups that are gone, or refuse the member,
 * are named in f->text; the code is ERR_OK. Groups that `within` does not cover are not joined. */
struct dir_op *dir_user_restore(struct dir *d, const struct secret *saved,
    const struct reach *within, dir_user_cb *cb, void *arg);

/* Is `dn` a member of this group, by itself or by groups in groups, and is there another one who
 * can sign in? For "the last administrator". `others` is 1 as soon as one other member exists and
 * is not suspended, and 0 when none of the first 20 others is so: that errs on the side of
 * refusing. Members of a group that is a member are members. Names are compared as
 * dir_dn_may_be_same() does. ERR_NOT_FOUND: no such group. */
typedef void dir_members_cb(
    void *arg, enum err code, bool is_member, size_t others, const struct fault *f);
struct dir_op *dir_group_members(
    struct dir *d, const char *group, const char *dn, dir_members_cb *cb, void *arg);

/* An org unit as it is, or the one that would be called `name` below `parent`. ERR_NOT_FOUND;
 * ERR_REFUSED: people_base. Strings die with the callback. */
struct dir_org_unit {
	const char *dn, *name, *description; /* description may be NULL */
};
typedef void dir_org_unit_cb(
    void *arg, enum err code, const struct dir_org_unit *unit, const struct fault *f);
struct dir_op *dir_org_unit_load(
    struct dir *d, const char *entry_uuid, dir_org_unit_cb *cb, void *arg);
struct dir_op *dir_org_unit_find_named(
    struct dir *d, const char *parent, const char *name, dir_org_unit_cb *cb, void *arg);

/* Org units. `parent` is below people_base or it. ERR_EXISTS; ERR_NOT_FOUND: the parent;
 * ERR_INVALID: name or description ("name: ..." begins the text). `dn` of the result dies with the
 * callback. */
typedef void dir_dn_cb(void *arg, enum err code, const char *dn, const struct fault *f);
struct dir_op *dir_org_unit_add(struct dir *d, const char *parent, const char *name,
    const char *description, dir_dn_cb *cb, void *arg);
/* A new name and/or description of the org unit of that UUID (NULL: as it is; description "":
 * none). Everybody below it moves along; their memberships follow only where the server sees to it
 * (slapo-refint). people_base itself cannot be renamed: ERR_REFUSED. Two requests, description
 * first: should the second fail, the text ends with that. */
struct dir_op *dir_org_unit_change(struct dir *d, const char *entry_uuid, const char *name,
    const char *description, dir_dn_cb *cb, void *arg);
/* ERR_CONFLICT: not empty (a leaf check by the server itself, RFC 4511 section 4.8). ERR_REFUSED:
 * people_base. ERR_NOT_FOUND. */
struct dir_op *dir_org_unit_delete(
    struct dir *d, const char *entry_uuid, dir_done_cb *cb, void *arg);

#endif
