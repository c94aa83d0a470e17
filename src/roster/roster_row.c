/* The strings and the search text of a row. What can be made from another string is not kept: most
 * people's name is made of their names, their uid is in their address, their RDN is their uid. */
#include "roster/roster_row.h"

#include "roster/roster_place.h"

/* Of what is always there: the sum leaves room for more. */
enum { NAME_FOLDED_MAX = 384, MAIL_FOLDED_MAX = 320, PHONE_FOLDED_MAX = 64 };

/* Most rows' strings are within so many lines of the cache. */
enum { CACHE_LINE = 64, ROW_LINES = 3 };

static const char uid_type[] = "uid=";

static struct roster_text
text_of(const char *s, size_t max)
{
	size_t len;

	if (s == NULL)
		s = "";
	len = strlen(s);
	if (len > max)
		for (len = max; len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80;)
			len--;
	return (struct roster_text){ s, len };
}

static bool
text_equal(struct roster_text a, struct roster_text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

/* What is kept of a person, cut to its bounds. */
struct strings {
	struct roster_text name, given, family, mail, phone, position, uid, rdn;
};

static struct strings
strings_of(const struct feed_user *u)
{
	return (struct strings){
		.name = text_of(u->name, FEED_TEXT_MAX),
		.given = text_of(u->given_name, FEED_TEXT_MAX),
		.family = text_of(u->family_name, FEED_TEXT_MAX),
		.mail = text_of(u->mail, FEED_MAIL_MAX),
		.phone = text_of(u->phone, FEED_PHONE_MAX),
		.position = text_of(u->position, FEED_TEXT_MAX),
		.uid = text_of(u->uid, FEED_TEXT_MAX),
		.rdn = text_of(u->rdn, FEED_TEXT_MAX),
	};
}

static bool
name_joins(const struct strings *s)
{
	return s->given.len > 0 && s->family.len > 0 &&
	       s->name.len == s->given.len + 1 + s->family.len && s->name.s[s->given.len] == ' ' &&
	       memcmp(s->name.s, s->given.s, s->given.len) == 0 &&
	       memcmp(s->name.s + s->given.len + 1, s->family.s, s->family.len) == 0;
}

static bool
uid_in_mail(const struct strings *s)
{
	return s->uid.len > 0 && s->mail.len > s->uid.len && s->mail.s[s->uid.len] == '@' &&
	       memcmp(s->mail.s, s->uid.s, s->uid.len) == 0;
}

static bool
rdn_is_uid(const struct strings *s)
{
	size_t n = sizeof(uid_type) - 1;

	return s->rdn.len > n && memcmp(s->rdn.s, uid_type, n) == 0 &&
	       text_equal((struct roster_text){ s->rdn.s + n, s->rdn.len - n }, s->uid);
}

/* ---- search text ---- */

/* What was folded to the end of the text is a segment of it. */
static void
text_end(struct row_values *out, size_t len)
{
	out->text_len += (uint32_t)len;
	out->text[out->text_len++] = '\n';
}

/* A segment that is searched only; left out when found in an earlier one anyway. */
static void
text_add(struct row_values *out, struct roster_text s)
{
	size_t room = ROSTER_TEXT_MAX - out->text_len, len;
	char *end = out->text + out->text_len;

	if (s.len == 0 || room < 2)
		return;
	len = fold_text(s.s, s.len, end, room - 1);
	if (len > 0 && memmem(out->text, out->text_len, end, len) == NULL)
		text_end(out, len);
}

/* Nothing here crosses ROSTER_TEXT_MAX: the bounds of the first three are below it. */
static void
text_encode(struct row_values *out, const struct strings *s, const struct feed_user *u, bool joins)
{
	_Static_assert(NAME_FOLDED_MAX + MAIL_FOLDED_MAX + PHONE_FOLDED_MAX + 3 < ROSTER_TEXT_MAX,
	    "the kept segments fit");
	out->text_len = 0;
	text_end(out, fold_text(s->name.s, s->name.len, out->text, NAME_FOLDED_MAX));
	text_end(
	    out, fold_text(s->mail.s, s->mail.len, out->text + out->text_len, MAIL_FOLDED_MAX));
	text_end(
	    out, fold_phone(s->phone.s, s->phone.len, out->text + out->text_len, PHONE_FOLDED_MAX));
	if (!uid_in_mail(s))
		text_add(out, s->uid);
	if (!joins) {
		text_add(out, s->given);
		text_add(out, s->family);
	}
	text_add(out, s->position);
	for (size_t i = 0; i < u->more_mail_count && i < FEED_MAILS_MAX; i++)
		text_add(out, text_of(u->more_mails[i], FEED_MAIL_MAX));
}

/* ---- strings ---- */

static void
data_add_number(struct row_values *out, size_t n)
{
	if (n >= 128)
		out->data[out->data_len++] = (unsigned char)(128 | (n & 127));
	out->data[out->data_len++] = (unsigned char)(n >= 128 ? n >> 7 : n);
}

static void
data_add(struct row_values *out, struct roster_text s)
{
	data_add_number(out, s.len);
	if (s.len > 0)
		memcpy(out->data + out->data_len, s.s, s.len);
	out->data_len += (uint32_t)s.len;
}

static void
data_encode(struct row_values *out, const struct strings *s, unsigned flags,
    const unsigned char marker[FEED_ID_SIZE])
{
	out->data_len = 0;
	out->data[out->data_len++] = (unsigned char)flags;
	if ((flags & ROW_HAS_MARKER) != 0) {
		memcpy(out->data + out->data_len, marker, FEED_ID_SIZE);
		out->data_len += FEED_ID_SIZE;
	}
	data_add(out, s->name);
	if ((flags & ROW_NAME_JOINS) != 0) {
		data_add_number(out, s->given.len);
	} else {
		data_add(out, s->given);
		data_add(out, s->family);
	}
	data_add(out, s->mail);
	data_add(out, s->phone);
	data_add(out, s->position);
	if ((flags & ROW_UID_IN_MAIL) != 0)
		data_add_number(out, s->uid.len);
	else
		data_add(out, s->uid);
	if ((flags & ROW_RDN_IS_UID) == 0)
		data_add(out, s->rdn);
}

static uint32_t
seconds_of(int64_t t)
{
	if (t < 0)
		return 0;
	return t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

void
row_encode(struct row_values *out, const unsigned char id[FEED_ID_SIZE], const struct feed_user *u,
    bool is_invitation)
{
	struct strings s = strings_of(u);
	bool joins = name_joins(&s);
	unsigned flags = joins ? ROW_NAME_JOINS : 0;

	if (is_invitation)
		flags |= ROW_IS_INVITATION;
	else if (!id_is_zero(u->invitation))
		flags |= ROW_HAS_MARKER;
	if (uid_in_mail(&s))
		flags |= ROW_UID_IN_MAIL;
	if (rdn_is_uid(&s))
		flags |= ROW_RDN_IS_UID;
	memcpy(out->id, id, FEED_ID_SIZE);
	out->status = (uint8_t)(u->status < FEED_STATUS_COUNT ? u->status : FEED_ACTIVE);
	out->invited_at = seconds_of(u->invited_at);
	out->registered_at = seconds_of(u->registered_at);
	out->last_activity_at = seconds_of(u->last_activity_at);
	text_encode(out, &s, u, joins);
	data_encode(out, &s, flags, u->invitation);
}

/* ---- reading ---- */

static size_t
data_number(const unsigned char **p)
{
	size_t n = *(*p)++;

	if (n >= 128)
		n = (n & 127) | (size_t) * (*p)++ << 7;
	return n;
}

static struct roster_text
data_text(const unsigned char **p)
{
	size_t len = data_number(p);
	struct roster_text s = { (const char *)*p, len };

	*p += len;
	return s;
}

static const unsigned char *
row_data(const struct roster_version *v, uint32_t row)
{
	const struct roster_page_rows *page = version_page(v, row);

	return page->data + page->data_at[row % ROSTER_PAGE_ROWS];
}

static void
row_decode_names(const unsigned char **p, unsigned flags, struct roster_row *out)
{
	out->name = data_text(p);
	if ((flags & ROW_NAME_JOINS) != 0) {
		size_t given = data_number(p);

		out->given_name = (struct roster_text){ out->name.s, given };
		out->family_name =
		    (struct roster_text){ out->name.s + given + 1, out->name.len - given - 1 };
	} else {
		out->given_name = data_text(p);
		out->family_name = data_text(p);
	}
}

static void
row_decode_strings(const unsigned char *p, struct roster_row *out)
{
	unsigned flags = *p++;

	out->has_invitation = (flags & (ROW_HAS_MARKER | ROW_IS_INVITATION)) != 0;
	if ((flags & ROW_IS_INVITATION) != 0)
		memcpy(out->invitation, out->id, FEED_ID_SIZE);
	if ((flags & ROW_HAS_MARKER) != 0) {
		memcpy(out->invitation, p, FEED_ID_SIZE);
		p += FEED_ID_SIZE;
	}
	row_decode_names(&p, flags, out);
	out->mail = data_text(&p);
	out->phone = data_text(&p);
	out->position = data_text(&p);
	if ((flags & ROW_UID_IN_MAIL) != 0)
		out->uid = (struct roster_text){ out->mail.s, data_number(&p) };
	else
		out->uid = data_text(&p);
	if ((flags & ROW_RDN_IS_UID) != 0) {
		out->rdn_type = (struct roster_text){ uid_type, sizeof(uid_type) - 1 };
		out->rdn = out->uid;
	} else {
		out->rdn = data_text(&p);
	}
}

void
version_row(const struct roster_version *v, uint32_t row, struct roster_row *out)
{
	const struct roster_page_rows *page = version_page(v, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;

	memset(out, 0, sizeof(*out));
	memcpy(out->id, page->id[slot], FEED_ID_SIZE);
	out->status = (enum feed_status)page->status[slot];
	out->org_unit = place_dn(v, page->place[slot]);
	out->invited_at = page->invited_at[slot];
	out->registered_at = page->registered_at[slot];
	out->last_activity_at = page->last_activity_at[slot];
	row_decode_strings(page->data + page->data_at[slot], out);
}

/* A row lies in seven columns and its strings: one after the other, each of a page's rows would
 * wait for memory as often, and a page at a million people took 40 us, most of it such waits. */
void
version_fetch(const struct roster_version *v, const uint32_t *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct roster_page_rows *page = version_page(v, rows[i]);
		unsigned slot = rows[i] % ROSTER_PAGE_ROWS;

		__builtin_prefetch(&page->data);
		__builtin_prefetch(&page->data_at[slot]);
		__builtin_prefetch(&page->id[slot]);
		__builtin_prefetch(&page->status[slot]);
		__builtin_prefetch(&page->place[slot]);
		__builtin_prefetch(&page->invited_at[slot]);
		__builtin_prefetch(&page->registered_at[slot]);
		__builtin_prefetch(&page->last_activity_at[slot]);
	}
	for (size_t i = 0; i < count; i++) {
		const unsigned char *data = row_data(v, rows[i]);

		for (unsigned line = 0; line < ROW_LINES; line++)
			__builtin_prefetch(data + line * CACHE_LINE);
	}
}

bool
row_is_live(const struct roster_version *v, uint32_t row)
{
	unsigned slot = row % ROSTER_PAGE_ROWS;

	return row / ROSTER_PAGE_ROWS < v->page_count &&
	       (version_page(v, row)->live[slot / 64] >> slot % 64 & 1) != 0;
}

bool
row_is_invitation(const struct roster_version *v, uint32_t row)
{
	return (*row_data(v, row) & ROW_IS_INVITATION) != 0;
}

const unsigned char *
row_marker(const struct roster_version *v, uint32_t row)
{
	const unsigned char *data = row_data(v, row);

	return (*data & ROW_HAS_MARKER) != 0 ? data + 1 : NULL;
}

const unsigned char *
row_values_marker(const struct row_values *values)
{
	return (values->data[0] & ROW_HAS_MARKER) != 0 ? values->data + 1 : NULL;
}

void
row_copy(const struct roster_version *v, uint32_t row, struct row_values *out)
{
	const struct roster_page_rows *p = version_page(v, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;

	memcpy(out->id, p->id[slot], FEED_ID_SIZE);
	out->place = p->place[slot];
	out->invited_at = p->invited_at[slot];
	out->registered_at = p->registered_at[slot];
	out->last_activity_at = p->last_activity_at[slot];
	out->status = p->status[slot];
	out->text_len = p->text_at[slot + 1] - p->text_at[slot];
	memcpy(out->text, p->text + p->text_at[slot], out->text_len);
	out->data_len = p->data_at[slot + 1] - p->data_at[slot];
	memcpy(out->data, p->data + p->data_at[slot], out->data_len);
}

bool
row_is_same(const struct roster_version *v, uint32_t row, const struct row_values *n)
{
	const struct roster_page_rows *p = version_page(v, row);
	unsigned slot = row % ROSTER_PAGE_ROWS;

	return p->status[slot] == n->status && p->place[slot] == n->place &&
	       p->invited_at[slot] == n->invited_at && p->registered_at[slot] == n->registered_at &&
	       p->last_activity_at[slot] == n->last_activity_at && id_equal(p->id[slot], n->id) &&
	       p->text_at[slot + 1] - p->text_at[slot] == n->text_len &&
	       p->data_at[slot + 1] - p->data_at[slot] == n->data_len &&
	       memcmp(p->text + p->text_at[slot], n->text, n->text_len) == 0 &&
	       memcmp(p->data + p->data_at[slot], n->data, n->data_len) == 0;
}
