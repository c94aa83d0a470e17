/* How the strings of a row begin: roster_row.c writes and reads them, roster_row_check.c looks at
 * those that come of a file. */
#ifndef USHERD_ROSTER_ROSTER_ROW_H
#define USHERD_ROSTER_ROSTER_ROW_H

#include "roster/roster_writer.h"

enum row_flag {
	ROW_HAS_MARKER = 1,
	ROW_IS_INVITATION = 2,
	ROW_NAME_JOINS = 4,  /* name is given name, space, family name */
	ROW_UID_IN_MAIL = 8, /* uid is what stands before the '@' */
	ROW_RDN_IS_UID = 16  /* RDN is "uid=" and the uid */
};

#endif
