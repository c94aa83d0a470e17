/* Where a request comes from, as far as a browser says (Fetch Metadata; RFC 6454). */
#include "http/http_private.h"

#include <string.h>

/* The request's own scheme and Host, as a browser writes them: byte for byte. */
static bool
origin_is_own(const struct http_request *r, const char *origin)
{
	const char *scheme = r->is_secure ? "https://" : "http://";
	const char *host = http_header(r, "host");
	const size_t len = strlen(scheme);

	return host != NULL && strncmp(origin, scheme, len) == 0 && strcmp(origin + len, host) == 0;
}

/* "none" is what a person typed, or opened from a bookmark. Neither can change anything, so a
 * request that says so and wants to is none of ours. */
enum http_origin
http_origin_of(const struct http_request *r)
{
	const enum http_method safe = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
	const char *site = http_header(r, "sec-fetch-site");
	const char *origin = http_header(r, "origin");
	const bool is_none = site != NULL && strcmp(site, "none") == 0;

	if (site != NULL && !is_none)
		return strcmp(site, "same-origin") == 0 ? HTTP_SAME_ORIGIN : HTTP_OTHER_ORIGIN;
	if (origin != NULL)
		return origin_is_own(r, origin) ? HTTP_SAME_ORIGIN : HTTP_OTHER_ORIGIN;
	return is_none && (r->method & safe) == 0 ? HTTP_OTHER_ORIGIN : HTTP_NO_ORIGIN;
}
