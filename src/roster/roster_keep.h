/* What the two halves of keeping share: roster_keep.c says when, roster_keep_save.c what. */
#ifndef USHERD_ROSTER_ROSTER_KEEP_H
#define USHERD_ROSTER_ROSTER_KEEP_H

#include "roster/roster_writer.h"

struct changes {
	struct row_list rows;
	struct feed_id_list groups;
	bool all, places;
	unsigned char cookie[FEED_COOKIE_MAX];
	size_t cookie_len; /* 0: none that is worth a file */
	bool due;
};

/* Everything or these changes, as they are in `v`; blocks. Rows and groups of `c` are sorted. */
bool keep_save(struct roster *r, struct warm *warm, const struct roster_version *v,
    struct changes *c, const atomic_bool *stopping, struct fault *f);

#endif
