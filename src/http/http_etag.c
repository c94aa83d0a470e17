/* What a body is, told by its content: the name under which it may be kept for ever, and the tag by
 * which whoever has it asks whether it is still the same. */
#include <stdio.h>
#include <string.h>
#include <sodium.h>

#include "base/id.h"
#include "http/http.h"

_Static_assert(HTTP_CONTENT_SIZE == 2 * crypto_generichash_BYTES_MIN + 1, "hexadecimal");

void
http_name_content(const void *body, size_t len, char out[HTTP_CONTENT_SIZE])
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), body, len, NULL, 0);
	encode_hex(hash, sizeof(hash), out);
}

void
http_make_etag(const void *body, size_t len, char out[HTTP_ETAG_SIZE])
{
	char name[HTTP_CONTENT_SIZE];

	http_name_content(body, len, name);
	snprintf(out, HTTP_ETAG_SIZE, "\"%s\"", name);
}

/* Weak or not is the same here, and no other tag can hold this one with its quotes. */
bool
http_has_etag(const struct http_request *r, const char *tag)
{
	const char *known = http_header(r, "if-none-match");

	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, tag) != NULL);
}
