/* Shared by the files of dir that implement dir_user.h. Everything here runs on a worker, within
 * one job, and what it finds is in the job's arena. */
#ifndef USHERD_DIR_USER_PRIVATE_H
#define USHERD_DIR_USER_PRIVATE_H

#include "dir/dir_private.h"
#include "dir/dir_profile.h"
#include "dir/dir_user.h"

enum {
	DIR_PHONES = 2,
	USER_CN = PERSON_FIELD_COUNT,
	USER_CLASSES,
	USER_PHONES, /* DIR_PHONES of them */
	USER_VALUES = USER_PHONES + DIR_PHONES
};

/* Shown as the phone of an entry without a value in the configured attribute, as in the list; the
 * first that has one. */
extern const char *const dir_phones[DIR_PHONES];

/* One entry as it is now on the server that takes the writes. */
struct user_entry {
	struct dir_user user;
	struct person person;
	const char *csn; /* entryCSN, or NULL */
	/* All values of each field's attribute, in the server's order; NULL when it has none.
	 * USER_CN: of cn. USER_CLASSES: of objectClass. USER_PHONES: of dir_phones. */
	struct berval **values[USER_VALUES];
};

/* What every operation on one person has, and how it is told. */
struct user_job {
	const char *uuid;
	struct user_entry now;
	bool tell; /* also with a code that is not ERR_OK */
};

/* A job on the person of that UUID, whose `value` begins with a struct user_job and has `size`
 * bytes. */
struct dir_job *dir_user_job_new(struct dir *d, dir_job_perform *perform, const char *uuid,
    size_t size, dir_user_cb *cb, void *arg);

/* ERR_NOT_FOUND: the text is no UUID. */
enum err dir_uuid_check(const char *uuid, struct fault *f);

/* The entry of that UUID, without its groups. ERR_NOT_FOUND; ERR_REFUSED: it is not below `base`,
 * or nobody (an org unit, a group, our own account). */
enum err dir_user_find(struct dir_job *job, struct dir_conn *c, const char *uuid, const char *base,
    struct user_entry *e, struct fault *f);
/* Not everything below the base is somebody. `message` has objectClass. */
bool dir_user_is_nobody(struct dir_conn *c, LDAPMessage *message, const char *dn);
/* The groups of the entry that was found. */
enum err dir_user_find_groups(
    struct dir_job *job, struct dir_conn *c, struct user_entry *e, struct fault *f);
/* Both, and after a write: what it is now. */
enum err dir_user_read(struct dir_job *job, struct dir_conn *c, const char *uuid, const char *base,
    struct user_entry *e, struct fault *f);

/* For a server that knows no conditions: right before the write, is it still there, and the same?
 * ERR_CONFLICT. */
enum err dir_user_recheck(struct dir_job *job, struct dir_conn *c, const struct user_job *u,
    const char *base, struct fault *f);

/* The condition of a write: still this entry, and with `csn` this version of it. */
const char *dir_user_condition(const char *uuid, const char *csn, struct arena *arena);

/* One search whose first entry (NULL: none) is taken from `*found`, which the caller frees.
 * ERR_NOT_FOUND: there is no such base; of a subtree that is ERR_MISCONFIGURED. */
enum err dir_user_search(struct dir_job *job, struct dir_conn *c, struct dir_search *s,
    const char *doing, LDAPMessage **found, LDAPMessage **entry, struct fault *f);

/* An attribute's values in the arena, ended by NULL; NULL when it has none. */
struct berval **dir_entry_values(
    LDAP *ld, LDAPMessage *entry, const char *attribute, struct arena *arena);
const char *dir_entry_dn(LDAP *ld, LDAPMessage *entry, struct arena *arena);
/* One of the values, case aside. */
bool dir_entry_has(LDAP *ld, LDAPMessage *entry, const char *attribute, const char *value);

/* The request that makes the entry what `change` says; NULL: it is so already. ERR_INVALID names
 * the field first. (dir_user_mods.c) */
enum err dir_user_mods(const struct dir_conf *conf, const struct user_entry *now,
    const char *const value[PERSON_FIELD_COUNT], struct arena *arena, LDAPMod ***mods,
    struct fault *f);

/* Whether slapd heeds the administrative lock: it does under a policy that has pwdLockout.
 * ERR_MISCONFIGURED: we see no such policy. (dir_user_suspend.c) */
enum err dir_suspend_is_enforced(struct dir_job *job, struct dir_conn *c, struct fault *f);

/* ---- groups (dir_groups.c) */

struct dir_names {
	const char **dn;
	size_t count;
};

/* The groups below search_base that name `dn`. */
enum err dir_groups_of(struct dir_job *job, struct dir_conn *c, const char *dn,
    struct dir_names *groups, struct fault *f);
/* Which of `groups` (DNs in one spelling) the entry is in, directly or through groups in groups.
 * `*whole`: that is the whole answer; false: DIR_NESTING_MAX or DIR_NESTED_MAX ended the search
 * before all were met (dir_sign_groups.c). */
enum err dir_groups_climb(struct dir_job *job, struct dir_conn *c, const char *dn,
    const char *const *groups, size_t count, bool *member, bool *whole, struct fault *f);
/* The same; ERR_UNAVAILABLE when that is not the whole answer. */
enum err dir_groups_reach(struct dir_job *job, struct dir_conn *c, const char *dn,
    const char *const *groups, size_t count, bool *member, struct fault *f);
/* The same of whatever is called by one of these names, and a group that is one of them, or may be
 * (dir_dn_may_be_same), is met. */
enum err dir_groups_lead(struct dir_job *job, struct dir_conn *c, const struct dir_names *names,
    const char *const *groups, size_t count, bool *member, struct fault *f);
/* Each of these goes on when a group refuses: ERR_OK, and f->text names it ("" when none did).
 * Other codes: some may be done, and repeating it is harmless. */
enum err dir_groups_join(struct dir_job *job, struct dir_conn *c, const char *dn,
    const struct dir_names *groups, struct fault *f);
enum err dir_groups_leave(struct dir_job *job, struct dir_conn *c, const char *dn,
    const struct dir_names *groups, size_t *refused, struct fault *f);
enum err dir_groups_rename(struct dir_job *job, struct dir_conn *c, const char *from,
    const char *to, const struct dir_names *groups, struct fault *f);
/* A group that was given its own DN as member because it had no other can do without it. */
enum err dir_groups_end_placeholders(
    struct dir_job *job, struct dir_conn *c, const struct dir_names *groups, struct fault *f);

/* ---- org units (dir_org_unit.c, dir_org_unit_change.c) */

struct org_unit {
	const char *uuid, *parent, *name, *description;
	const char *target; /* its DN when it is made or renamed */
	const char *dn;	    /* as it is */
};

enum err dir_org_unit_check_name(const char *name, struct fault *f);
enum err dir_org_unit_check_description(const char *description, struct fault *f); /* or NULL */
/* `dn` of the unit of that UUID. ERR_NOT_FOUND; ERR_REFUSED: it is people_base. */
enum err dir_org_unit_find(struct dir_job *job, struct dir_conn *c, struct fault *f);
/* Releases the reply. */
enum err dir_org_unit_verdict(struct dir_job *job, struct dir_conn *c, enum wire w,
    struct dir_reply *r, const char *doing, struct fault *f);
void dir_org_unit_answer(struct dir_job *job, enum err code, const struct fault *f);

/* ---- what was saved (dir_user_save.c) */

enum { SAVED_VERSION = 1, SAVED_LENGTH_SIZE = 4 }; /* of the format, see dir_user_save.c */

struct saved_attribute {
	const char *name;
	struct berval **values;
};
struct saved {
	const char *dn;
	struct saved_attribute *attributes;
	size_t attribute_count;
	struct dir_names groups;
};

/* False: it is damaged, or of a version that we do not know. The values point into `bytes`; names
 * are in `arena`. */
bool dir_saved_parse(const struct secret *bytes, struct saved *s, struct arena *arena);

#endif
