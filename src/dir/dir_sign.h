/* Signing in with the directory: who is meant, whether the password is theirs, and which groups
 * they are in. Threads, callbacks, codes and deadlines as in dir.h.
 *
 * Two steps, so that whoever counts failures knows the account before its password is sent
 * anywhere. */
#ifndef USHERD_DIR_DIR_SIGN_H
#define USHERD_DIR_DIR_SIGN_H

#include "dir/dir.h"

enum {
	DIR_LOGIN_MAX = 320,  /* bytes */
	DIR_ROOTS_MAX = 32,   /* groups that are asked about at once */
	DIR_NESTING_MAX = 16, /* groups in groups in groups */
	DIR_NESTED_MAX = 1024 /* groups of one person, nested ones among them */
};

/* The entry whose uid (conf.rdn_attribute, or the attribute of PERSON_UID) or mail is `login`,
 * below search_base, found with the service account. ERR_NOT_FOUND: none, or more than one, or a
 * login that is empty, too long or no text (never sent). Nothing tells these apart. */
struct dir_account {
	const char *dn;				    /* as the server spells it */
	const char *normal_dn;			    /* in one spelling */
	const char *org_unit;			    /* what is above it, as normal_dn; or NULL */
	const char *entry_uuid, *uid, *name, *mail; /* the last three may be NULL */
};
typedef void dir_account_cb(
    void *arg, enum err code, const struct dir_account *account, const struct fault *f);
struct dir_op *dir_find_account(struct dir *d, const char *login, dir_account_cb *cb, void *arg);

/* Bind as `account` on a connection of its own, prove with RFC 4532 "who am I" that it is this
 * entry, and look with the service account which of `groups` (DNs in one spelling, at most
 * DIR_ROOTS_MAX) it is in, directly or through groups that are members (any depth up to
 * DIR_NESTING_MAX, cycles end, DNs in any case; ERR_UNAVAILABLE when that or DIR_NESTED_MAX ends
 * the search before all are met: a "no" is a whole answer). `account` NULL: the same work for
 * nobody: a bind as an entry that cannot exist.
 *
 * ERR_OK: `member` says it, one a group. ERR_UNAUTHENTICATED: wrong password, no such account,
 * locked, or the server took somebody else for it; f->text is for the log. ERR_INVALID: a password
 * that is empty, all ASCII white space or has a zero byte: never sent (RFC 4513 section 5.1.2). A
 * connection that is not protected carries no password unless conf.allow_clear_text names it or it
 * is local.
 * ERR_UNKNOWN: the password was sent and no answer came: it may have counted as a failure. Else as
 * dir.h: then nothing is known. A grace login after the password's end is a success. */
typedef void dir_sign_cb(void *arg, enum err code, const bool *member, const struct fault *f);
struct dir_op *dir_sign_in(struct dir *d, const struct dir_account *account,
    const struct secret *password, const char *const *groups, size_t count, dir_sign_cb *cb,
    void *arg);

/* Which of the groups an entry is in, without its password; also whether it is there and not
 * suspended (ERR_NOT_FOUND otherwise): for callers whose standing the people list cannot tell. */
struct dir_op *dir_look_at_account(struct dir *d, const char *entry_uuid, const char *const *groups,
    size_t count, dir_sign_cb *cb, void *arg);

/* Which of the groups whatever has one of these DNs is, or is in; nobody need be there, and who is
 * suspended is in their groups all the same. For what people are protected by, and for groups that
 * somebody is to join. */
struct dir_op *dir_look_at_names(struct dir *d, const char *const *names, size_t name_count,
    const char *const *groups, size_t count, dir_sign_cb *cb, void *arg);

#endif
