/* A directory in memory behind dir.h, for the use cases. It keeps the callback promise (every
 * answer comes on a later turn of the loop) and can misbehave at its n-th call. */
#ifndef USHERD_TESTS_FAKE_DIR_H
#define USHERD_TESTS_FAKE_DIR_H

#include "dir/dir_user.h"

enum fake_fault {
	FAKE_FINE,
	FAKE_REFUSE,	 /* `code`, and nothing was carried out */
	FAKE_DONE,	 /* carried out, and `code` is told: of what came after it */
	FAKE_NO_GROUPS,	 /* carried out but for the groups, of which `code` is told */
	FAKE_LOSE_REPLY, /* carried out, and ERR_UNKNOWN (ERR_UNAVAILABLE for a read) is told */
	FAKE_LOSE_ALL,	 /* not carried out, and ERR_UNKNOWN is told */
	FAKE_LATE,  /* ERR_UNKNOWN is told, and it is carried out when fake_dir_deliver() is called
		     */
	FAKE_SILENT /* no answer, ever: the process is about to be killed */
};

struct dir *fake_dir_new(struct loop *l);
void fake_dir_free(struct dir *d);
/* Its client was killed: answers under way reach nobody. */
void fake_dir_forget(struct dir *d);

/* The `nth` call from now on (1: the next) meets `fault`. Calls are everything with a callback. */
void fake_dir_fail(struct dir *d, int nth, enum fake_fault fault, enum err code);
/* The next call of this name, as fake_dir_calls() has them. */
void fake_dir_fail_named(struct dir *d, const char *name, enum fake_fault fault, enum err code);
bool fake_dir_failed(const struct dir *d);    /* that call has come */
void fake_dir_deliver(struct dir *d);	      /* what was late arrives now */
void fake_dir_set_up(struct dir *d, bool up); /* tells dir_on_state's callback */

/* Of another fake's operations; NULL: there are none but our own questions. */
extern void (*fake_dir_cancel)(struct dir_op *op);

/* What is in it. */
void fake_dir_add_foreign(struct dir *d, const char *dn, const char *uid, const char *mail);
size_t fake_dir_count(
    const struct dir *d, const char *invitation_id); /* entries with this marker */
const char *fake_dir_password(const struct dir *d, const char *invitation_id); /* NULL: none */
const char *fake_dir_uid(const struct dir *d, const char *invitation_id);
size_t fake_dir_memberships(const struct dir *d);
size_t fake_dir_adds(const struct dir *d); /* dir_add_person calls so far */
/* From now on a password that is the present one is refused (pwdInHistory): ERR_EXISTS. */
void fake_dir_remember_passwords(struct dir *d);
void fake_dir_remove_org_unit(struct dir *d);
void fake_dir_remove_entries(struct dir *d);
void fake_dir_refuse_password(struct dir *d, const char *password); /* by its policy */

/* ---- dir_user.h: the tag of an entry is "v" and a number, a new entry "v1" */

/* Users who were there before; they have a password. */
void fake_dir_add_user(struct dir *d, const char *dn, const char *entry_uuid, const char *mail);
void fake_dir_add_org_unit(struct dir *d, const char *dn, const char *entry_uuid);
/* Makes the group when there is none. */
void fake_dir_add_member(struct dir *d, const char *group, const char *dn);
const char *fake_dir_user_dn(struct dir *d, const char *entry_uuid); /* NULL: gone */
const char *fake_dir_uuid_at(struct dir *d, const char *dn); /* user or org unit; NULL: none */
const char *fake_dir_user_value(struct dir *d, const char *entry_uuid, enum person_field field);
bool fake_dir_is_suspended(struct dir *d, const char *entry_uuid);
bool fake_dir_is_member(struct dir *d, const char *group, const char *dn);

void fake_dir_drop_user(struct dir *d, const char *entry_uuid); /* somebody else deleted it */
/* Somebody else moved it. */
void fake_dir_move_user(struct dir *d, const char *entry_uuid, const char *dn);
void fake_dir_touch(struct dir *d, const char *entry_uuid); /* somebody else changed it */
/* Somebody else does so right after the next call of that name; `entry_uuid` lives on. */
void fake_dir_touch_after(struct dir *d, const char *name, const char *entry_uuid);
/* The same, and moves it, deletes it, or gives it another position. */
void fake_dir_move_after(struct dir *d, const char *name, const char *entry_uuid, const char *dn);
void fake_dir_drop_after(struct dir *d, const char *name, const char *entry_uuid);
void fake_dir_set_position_after(
    struct dir *d, const char *name, const char *entry_uuid, const char *position);
void fake_dir_set_position(struct dir *d, const char *entry_uuid, const char *position);
void fake_dir_move_org_unit(struct dir *d, const char *entry_uuid, const char *dn);
void fake_dir_add_mail(struct dir *d, const char *entry_uuid, const char *mail); /* one more */
/* What is done from now on is told with this: groups that refused. NULL: none. */
void fake_dir_groups_refuse(struct dir *d, const char *text);
void fake_dir_without_means(struct dir *d); /* nobody can be suspended */
/* This server never loses an entry: dir_user_gone() says so. NULL: none. */
void fake_dir_lingers_on(struct dir *d, const char *server);
/* How often "load", "change", "set_groups", "suspend", "resume", "save", "remove", "gone",
 * "restore", "members", "org_unit_add", "org_unit_change" or "org_unit_delete" was called. */
size_t fake_dir_calls(const struct dir *d, const char *name);

#endif
