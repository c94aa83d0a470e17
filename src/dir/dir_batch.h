/* Names and places that one worker looks up together: filled on the loop, looked up on a worker,
 * read on the loop again. Included by dir_ask.c and dir_batch.c alone.
 */
#ifndef USHERD_DIR_BATCH_H
#define USHERD_DIR_BATCH_H

#include "dir/dir_private.h"

enum { DIR_BATCH_NAMES = 256 };

struct dir_batch_name {
	const char *value;    /* not empty */
	const char *org_unit; /* where an entry of this name would be; NULL: not asked */
	bool *taken;	      /* whose answer a match is */
	enum person_field field;
};

struct dir_batch_place {
	const char *dn;
	const char *own; /* after the look-up: what the server calls it; NULL: it is missing */
	bool group;
	struct dir_search search;
};

/* Every string is the caller's and lives as long as the batch. */
struct dir_batch {
	struct dir_batch_name names[DIR_BATCH_NAMES];
	size_t name_count;
	struct dir_batch_place *places; /* the caller's, with room for all that are added */
	size_t place_count;
};

/* At most DIR_BATCH_NAMES. */
void dir_batch_add_name(struct dir_batch *b, const struct dir_batch_name *name);
/* A place that is in the batch already is not added again. */
void dir_batch_add_place(struct dir_batch *b, const char *dn, bool group);
/* NULL for a place that is not in the batch. */
const struct dir_batch_place *dir_batch_find_place(
    const struct dir_batch *b, const char *dn, bool group);

/* On a worker. On failure nothing of the batch means anything. */
enum err dir_batch_look_up(
    struct dir_batch *b, struct dir_job *job, struct dir_conn *c, struct fault *f);

#endif
