/* Where a page of records ends: the id of the last one that was looked at, which may be nothing
 * that the caller knows. So it is sealed, under the name of the query that it goes on with. */
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

enum { CURSOR_SEALED = ID_SIZE - 1 + SEAL_OVERHEAD, CURSOR_NAME_MAX = 64 };
_Static_assert(ENCODE_BASE64_SIZE(CURSOR_SEALED) <= STORE_CURSOR_SIZE, "cursors fit");

/* A query is as long as what is asked for: its print stands for it. */
static size_t
cursor_name(const struct store *s, const char *query, char out[CURSOR_NAME_MAX])
{
	char print[SEAL_HASH_TEXT_SIZE];

	seal_hash(s->seal, "cursor", query, print);
	return (size_t)snprintf(out, CURSOR_NAME_MAX, "cursor/%s", print);
}

void
store_cursor_make(
    const struct store *s, const char *query, const char *id, char out[STORE_CURSOR_SIZE])
{
	unsigned char sealed[CURSOR_SEALED];
	char name[CURSOR_NAME_MAX];
	size_t name_len = cursor_name(s, query, name);
	size_t len = seal_close(s->seal, name, name_len, id, ID_SIZE - 1, sealed);

	encode_base64(sealed, len, out);
}

enum err
store_cursor_read(
    const struct store *s, const char *query, const char *cursor, char id[ID_SIZE], struct fault *f)
{
	unsigned char sealed[CURSOR_SEALED];
	char name[CURSOR_NAME_MAX];
	size_t name_len = cursor_name(s, query, name), len = 0;

	memset(id, 0, ID_SIZE);
	if (strlen(cursor) != ENCODE_BASE64_SIZE(CURSOR_SEALED) - 1 ||
	    !decode_base64(cursor, strlen(cursor), sealed, sizeof(sealed)))
		return fault_set(f, ERR_INVALID, "cursor: this is none, or not all of it");
	if (seal_open(s->seal, name, name_len, sealed, sizeof(sealed), id, &len, NULL) != ERR_OK ||
	    !id_is_valid(id))
		return fault_set(f, ERR_INVALID,
		    "cursor: it is damaged, or belongs to another query; begin without it");
	return ERR_OK;
}
