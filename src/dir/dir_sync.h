/* The values of RFC 4533's controls and its intermediate response, as bytes and as plain values.
 *
 * Read strictly: definite lengths that fit, one value and nothing behind it, TRUE as FF (RFC 4511
 * section 5.1), UUIDs of sixteen bytes. What is read points into the bytes that were given. Any
 * thread. */
#ifndef USHERD_DIR_DIR_SYNC_H
#define USHERD_DIR_DIR_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* `data` NULL: the message had none; len 0 with data: an empty one. */
struct sync_bytes {
	const uint8_t *data;
	size_t len;
};

/* Section 2.2. Refresh and persist; a server that cannot go on from the cookie says so instead of
 * beginning anew (reloadHint FALSE). `cookie` len 0: none. Written with nothing failed but memory.
 */
enum { SYNC_REQUEST_MAX = 64 }; /* bytes beside the cookie */
void dir_sync_request_encode(struct buf *out, const void *cookie, size_t cookie_len);

/* Section 2.3. */
enum sync_state { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE, SYNC_STATE_COUNT };
struct sync_entry {
	uint32_t state; /* SYNC_STATE_COUNT and above: unknown to us */
	const uint8_t *id;
	struct sync_bytes cookie;
};
bool dir_sync_entry_decode(const void *data, size_t len, struct sync_entry *out);

/* Section 2.4. */
struct sync_done {
	struct sync_bytes cookie;
	bool refresh_deletes;
};
bool dir_sync_done_decode(const void *data, size_t len, struct sync_done *out);

/* Section 2.5. */
enum sync_info_kind {
	SYNC_NEW_COOKIE,
	SYNC_REFRESH_DELETE,
	SYNC_REFRESH_PRESENT,
	SYNC_ID_SET,
	SYNC_INFO_UNKNOWN /* another choice: to be ignored */
};
struct sync_info {
	enum sync_info_kind kind;
	struct sync_bytes cookie;
	bool refresh_done;    /* of the two REFRESHes */
	bool refresh_deletes; /* of ID_SET: the ids are gone; else they are present */
	struct sync_bytes ids;
};
bool dir_sync_info_decode(const void *data, size_t len, struct sync_info *out);
/* The next id of a set that was read, or NULL behind the last. */
const uint8_t *dir_sync_next_id(struct sync_bytes *ids);

#endif
