/* Names that a guarded group (dir.h) holds, or a group that leads to one. On a worker. Included by
 * files of dir alone. */
#ifndef USHERD_DIR_GUARDED_H
#define USHERD_DIR_GUARDED_H

#include "dir/dir_user_private.h"

enum { GUARDED_TERMS = 32 }; /* names that one search asks about */

/* The guarded group that the name leads to, as words for a log; NULL: none. What cannot be looked
 * at to its end leads to one. */
enum err dir_guarded_find(
    struct dir_job *job, struct dir_conn *c, const char *dn, const char **group, struct fault *f);
/* ERR_EXISTS when there is one. The words begin with `field` and name no group: they are for
 * callers, who need not see it. */
enum err dir_guarded_check(
    struct dir_job *job, struct dir_conn *c, const char *field, const char *dn, struct fault *f);

struct dir_guarded_name {
	const char *dn;
	bool *taken; /* set, never taken back */
};
/* The same of many, of which hardly any is in a group at all. */
enum err dir_guarded_mark(struct dir_job *job, struct dir_conn *c,
    const struct dir_guarded_name *names, size_t count, struct fault *f);

#endif
