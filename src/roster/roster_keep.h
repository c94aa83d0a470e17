/* What the parts of keeping share: roster_keep.c says when, roster_keep_save.c what, and
 * roster_keep_rows.c how. */
#ifndef USHERD_ROSTER_ROSTER_KEEP_H
#define USHERD_ROSTER_ROSTER_KEEP_H

#include "roster/roster_writer.h"

struct changes {
	struct row_list rows;
	struct feed_id_list groups;
	bool all, places; /* all: the rows are not known */
	bool renew;	  /* all would be better */
	unsigned char cookie[FEED_COOKIE_MAX];
	size_t cookie_len; /* 0: none that is worth a file */
	bool due;
};

/* Everything or these changes, as they are in `v`; blocks. Rows and groups of `c` are sorted. */
bool keep_save(struct roster *r, struct warm *warm, const struct roster_version *v,
    struct changes *c, const atomic_bool *stopping, struct fault *f);

/* ---- how a record begins ---- */

struct page_head {
	uint8_t format, unused[3];
	uint32_t rows; /* live ones */
	uint32_t text_len, data_len;
	uint64_t live[ROSTER_PAGE_ROWS / 64];
	uint32_t place[ROSTER_PAGE_ROWS];
	uint32_t invited_at[ROSTER_PAGE_ROWS], registered_at[ROSTER_PAGE_ROWS];
	uint32_t last_activity_at[ROSTER_PAGE_ROWS];
	uint16_t text_lens[ROSTER_PAGE_ROWS], data_lens[ROSTER_PAGE_ROWS];
	uint8_t status[ROSTER_PAGE_ROWS];
	unsigned char id[ROSTER_PAGE_ROWS][FEED_ID_SIZE];
	/* Then the text and the strings, each of all rows. */
};
_Static_assert(ROSTER_TEXT_MAX <= UINT16_MAX && ROW_DATA_MAX <= UINT16_MAX, "lengths fit");

struct user_head {
	uint8_t format, is_there, status;
	uint16_t text_len, data_len;
	uint32_t place;
	uint32_t invited_at, registered_at, last_activity_at;
	unsigned char id[FEED_ID_SIZE];
};

struct order_head {
	uint8_t format, unused[3];
	uint32_t rows;
};

#endif
