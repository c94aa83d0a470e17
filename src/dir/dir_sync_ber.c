/* liblber is not used to read: it writes zero bytes into what it reads, one of them behind its end,
 * and takes what is longer than its frame. A server in the middle of a list of millions is believed
 * in nothing that does not fit. */
#include "dir/dir_sync.h"

#include <string.h>

#include "invite/feed.h"

/* X.690 identifier octets; the choices of syncInfoValue are tagged by context. */
enum {
	TAG_BOOLEAN = 0x01,
	TAG_OCTETS = 0x04,
	TAG_ENUMERATED = 0x0a,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_NEW_COOKIE = 0x80,
	TAG_REFRESH_DELETE = 0xa1,
	TAG_REFRESH_PRESENT = 0xa2,
	TAG_ID_SET = 0xa3,
	MODE_PERSIST = 3,
	LENGTH_LONG = 0x80
};

/* ---- writing ---- */

static void
ber_add_header(struct buf *out, uint8_t tag, size_t len)
{
	buf_add_char(out, (char)tag);
	if (len >= LENGTH_LONG) {
		buf_add_char(out, (char)(LENGTH_LONG | 2)); /* a cookie is below 64 KiB */
		buf_add_char(out, (char)(len >> 8));
	}
	buf_add_char(out, (char)(len & 0xff));
}

void
dir_sync_request_encode(struct buf *out, const void *cookie, size_t cookie_len)
{
	static const uint8_t mode[] = { TAG_ENUMERATED, 1, MODE_PERSIST };
	size_t header = cookie_len == 0 ? 0 : cookie_len >= LENGTH_LONG ? 4 : 2;

	ber_add_header(out, TAG_SEQUENCE, sizeof(mode) + header + cookie_len);
	buf_add(out, mode, sizeof(mode));
	if (cookie_len > 0) {
		ber_add_header(out, TAG_OCTETS, cookie_len);
		buf_add(out, cookie, cookie_len);
	}
}

/* ---- reading: each takes what it read from the front of `in` ---- */

static bool
ber_read_length(struct sync_bytes *in, size_t *len)
{
	size_t octets;

	if (in->len == 0)
		return false;
	*len = *in->data++;
	in->len--;
	if (*len < LENGTH_LONG)
		return true;
	octets = *len & 0x7f;
	if (octets == 0 || octets > sizeof(uint32_t) || octets > in->len)
		return false;
	*len = 0;
	for (size_t i = 0; i < octets; i++)
		*len = *len << 8 | *in->data++;
	in->len -= octets;
	return true;
}

static bool
ber_next_is(const struct sync_bytes *in, uint8_t tag)
{
	return in->len > 0 && in->data[0] == tag;
}

/* The contents of one value of that tag. */
static bool
ber_read(struct sync_bytes *in, uint8_t tag, struct sync_bytes *out)
{
	struct sync_bytes rest = *in;
	size_t len;

	if (!ber_next_is(&rest, tag))
		return false;
	rest.data++;
	rest.len--;
	if (!ber_read_length(&rest, &len) || len > rest.len)
		return false;
	*out = (struct sync_bytes){ rest.data, len };
	*in = (struct sync_bytes){ rest.data + len, rest.len - len };
	return true;
}

/* The whole of `data` is one value of that tag. */
static bool
ber_read_all(const void *data, size_t len, uint8_t tag, struct sync_bytes *out)
{
	struct sync_bytes in = { data, len };

	return ber_read(&in, tag, out) && in.len == 0;
}

/* OPTIONAL: absent is fine, and leaves `out` without data. */
static bool
ber_read_cookie(struct sync_bytes *in, struct sync_bytes *out)
{
	return !ber_next_is(in, TAG_OCTETS) || ber_read(in, TAG_OCTETS, out);
}

/* DEFAULT: absent is fine, and leaves `out` as it is. */
static bool
ber_read_boolean(struct sync_bytes *in, bool *out)
{
	struct sync_bytes value;

	if (!ber_next_is(in, TAG_BOOLEAN))
		return true;
	if (!ber_read(in, TAG_BOOLEAN, &value) || value.len != 1 ||
	    (value.data[0] != 0 && value.data[0] != 0xff))
		return false;
	*out = value.data[0] != 0;
	return true;
}

static bool
ber_read_enumerated(struct sync_bytes *in, uint32_t *out)
{
	struct sync_bytes value;

	if (!ber_read(in, TAG_ENUMERATED, &value) || value.len == 0 || value.len > 4 ||
	    value.data[0] >= 0x80)
		return false;
	*out = 0;
	for (size_t i = 0; i < value.len; i++)
		*out = *out << 8 | value.data[i];
	return true;
}

static bool
ber_read_id(struct sync_bytes *in, const uint8_t **out)
{
	struct sync_bytes id;

	if (!ber_read(in, TAG_OCTETS, &id) || id.len != FEED_ID_SIZE)
		return false;
	*out = id.data;
	return true;
}

bool
dir_sync_entry_decode(const void *data, size_t len, struct sync_entry *out)
{
	struct sync_bytes in;

	memset(out, 0, sizeof(*out));
	return ber_read_all(data, len, TAG_SEQUENCE, &in) &&
	       ber_read_enumerated(&in, &out->state) && ber_read_id(&in, &out->id) &&
	       ber_read_cookie(&in, &out->cookie) && in.len == 0;
}

bool
dir_sync_done_decode(const void *data, size_t len, struct sync_done *out)
{
	struct sync_bytes in;

	memset(out, 0, sizeof(*out));
	return ber_read_all(data, len, TAG_SEQUENCE, &in) && ber_read_cookie(&in, &out->cookie) &&
	       ber_read_boolean(&in, &out->refresh_deletes) && in.len == 0;
}

static bool
info_read_refresh(struct sync_bytes *in, struct sync_info *out)
{
	out->refresh_done = true;
	return ber_read_cookie(in, &out->cookie) && ber_read_boolean(in, &out->refresh_done) &&
	       in->len == 0;
}

static bool
info_read_id_set(struct sync_bytes *in, struct sync_info *out)
{
	struct sync_bytes ids;
	const uint8_t *id;

	if (!ber_read_cookie(in, &out->cookie) || !ber_read_boolean(in, &out->refresh_deletes) ||
	    !ber_read(in, TAG_SET, &out->ids) || in->len != 0)
		return false;
	for (ids = out->ids; ids.len > 0;)
		if (!ber_read_id(&ids, &id))
			return false;
	return true;
}

bool
dir_sync_info_decode(const void *data, size_t len, struct sync_info *out)
{
	struct sync_bytes all = { data, len }, in;

	memset(out, 0, sizeof(*out));
	if (len == 0 || !ber_read_all(data, len, all.data[0], &in))
		return false;
	switch (all.data[0]) {
	case TAG_NEW_COOKIE:
		out->kind = SYNC_NEW_COOKIE;
		out->cookie = in;
		return true;
	case TAG_REFRESH_DELETE:
		out->kind = SYNC_REFRESH_DELETE;
		return info_read_refresh(&in, out);
	case TAG_REFRESH_PRESENT:
		out->kind = SYNC_REFRESH_PRESENT;
		return info_read_refresh(&in, out);
	case TAG_ID_SET:
		out->kind = SYNC_ID_SET;
		return info_read_id_set(&in, out);
	default:
		out->kind = SYNC_INFO_UNKNOWN;
		return true;
	}
}

const uint8_t *
dir_sync_next_id(struct sync_bytes *ids)
{
	const uint8_t *id;

	return ber_read_id(ids, &id) ? id : NULL;
}
