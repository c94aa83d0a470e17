/* Where the next page begins: the key of the last row shown, sealed, so that nobody reads names in
 * an address bar or makes one up, and so that every daemon with the same key file understands it.
 *
 * A cursor is a version byte, the print of its query, then the key: sort, whether it is absent,
 * length, number, text, id. It names no row: the one it was made of may be gone. */
#include <sodium.h>
#include <string.h>

#include "base/id.h"
#include "roster/query_private.h"

enum {
	CURSOR_VERSION = 1,
	CURSOR_HEAD = 1 + CURSOR_PRINT_SIZE + 3 + 8,
	CURSOR_PLAIN_MAX = CURSOR_HEAD + ROSTER_KEY_MAX + FEED_ID_SIZE,
	CURSOR_SEALED_MAX = CURSOR_PLAIN_MAX + SEAL_OVERHEAD
};
_Static_assert(ENCODE_BASE64_SIZE(CURSOR_SEALED_MAX) <= ROSTER_CURSOR_MAX + 1, "cursors fit");

static const char cursor_name[] = "cursor";

/* ---- print ---- */

static void
print_number(crypto_generichash_state *state, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
	crypto_generichash_update(state, bytes, sizeof(bytes));
}

static void
print_text(crypto_generichash_state *state, const char *s, size_t len)
{
	print_number(state, len);
	crypto_generichash_update(state, (const unsigned char *)s, len);
}

void
cursor_print(
    const struct roster_query *q, const struct words *w, unsigned char out[CURSOR_PRINT_SIZE])
{
	const unsigned all = (1U << FEED_STATUS_COUNT) - 1;
	const char *place = q->org_unit != NULL ? q->org_unit : "";
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, CURSOR_PRINT_SIZE);
	print_number(&state, w->everybody);
	print_text(&state, w->text, w->text_len);
	print_number(&state, (q->statuses & all) != 0 ? q->statuses & all : all);
	print_number(&state, q->org_unit != NULL);
	print_text(&state, place, strlen(place));
	print_number(&state, q->within != NULL);
	print_number(&state, q->within != NULL ? q->within_count : 0);
	for (size_t i = 0; q->within != NULL && i < q->within_count; i++)
		print_text(&state, q->within[i], strlen(q->within[i]));
	print_number(&state, (uint64_t)q->registered_from);
	print_number(&state, (uint64_t)q->registered_to);
	print_number(&state, (uint64_t)q->active_from);
	print_number(&state, (uint64_t)q->active_to);
	print_number(&state, q->sort);
	print_number(&state, q->descending);
	crypto_generichash_final(&state, out, CURSOR_PRINT_SIZE);
}

/* ---- cursor ---- */

void
cursor_write(const struct seal *s, const unsigned char print[CURSOR_PRINT_SIZE],
    const struct roster_key *key, char *out)
{
	unsigned char plain[CURSOR_PLAIN_MAX], sealed[CURSOR_SEALED_MAX], *at = plain;
	size_t len;

	*at++ = CURSOR_VERSION;
	memcpy(at, print, CURSOR_PRINT_SIZE);
	at += CURSOR_PRINT_SIZE;
	*at++ = (unsigned char)key->sort;
	*at++ = key->absent;
	*at++ = key->len;
	for (unsigned i = 0; i < 8; i++)
		*at++ = (unsigned char)(key->number >> (8 * i));
	memcpy(at, key->text, key->len);
	at += key->len;
	memcpy(at, key->id, FEED_ID_SIZE);
	at += FEED_ID_SIZE;
	len = seal_close(
	    s, cursor_name, sizeof(cursor_name) - 1, plain, (size_t)(at - plain), sealed);
	encode_base64(sealed, len, out);
}

/* The bytes of `text`; 0: it is no cursor. */
static size_t
cursor_decode(const char *text, unsigned char sealed[CURSOR_SEALED_MAX])
{
	size_t text_len = strnlen(text, ROSTER_CURSOR_MAX + 1), len = text_len / 4 * 3;

	if (text_len % 4 > 0)
		len += text_len % 4 - 1;
	if (text_len > ROSTER_CURSOR_MAX || len < CURSOR_HEAD + FEED_ID_SIZE + SEAL_OVERHEAD ||
	    len > CURSOR_SEALED_MAX || !decode_base64(text, text_len, sealed, len))
		return 0;
	return len;
}

/* What came out of the seal was written by cursor_write(), perhaps of another version of usherd. */
static bool
cursor_parse(const unsigned char *plain, size_t len, struct roster_key *key)
{
	const unsigned char *at = plain + 1 + CURSOR_PRINT_SIZE;

	if (plain[0] != CURSOR_VERSION)
		return false;
	*key = (struct roster_key){ .sort = at[0], .absent = at[1] != 0, .len = at[2] };
	if (key->sort >= ROSTER_SORT_COUNT || key->len > ROSTER_KEY_MAX ||
	    len != (size_t)CURSOR_HEAD + key->len + FEED_ID_SIZE)
		return false;
	for (unsigned i = 0; i < 8; i++)
		key->number |= (uint64_t)at[3 + i] << (8 * i);
	memcpy(key->text, plain + CURSOR_HEAD, key->len);
	memcpy(key->id, plain + CURSOR_HEAD + key->len, FEED_ID_SIZE);
	return true;
}

enum err
cursor_read(const struct seal *s, const unsigned char print[CURSOR_PRINT_SIZE], const char *text,
    struct roster_key *key, struct fault *f)
{
	unsigned char sealed[CURSOR_SEALED_MAX], plain[CURSOR_SEALED_MAX];
	size_t len = cursor_decode(text, sealed), plain_len;

	if (len == 0)
		return fault_set(f, ERR_INVALID, "cursor: this is none, or not all of it");
	if (seal_open(s, cursor_name, sizeof(cursor_name) - 1, sealed, len, plain, &plain_len,
		NULL) != ERR_OK)
		return fault_set(f, ERR_INVALID,
		    "cursor: it is damaged, or was made with another key; begin without it");
	if (!cursor_parse(plain, plain_len, key))
		return fault_set(f, ERR_INVALID,
		    "cursor: it was made by another version of usherd; begin without it");
	if (memcmp(plain + 1, print, CURSOR_PRINT_SIZE) != 0)
		return fault_set(f, ERR_INVALID,
		    "cursor: it belongs to another query (search, filter, sort or order); begin "
		    "without it");
	return ERR_OK;
}
