/* What an endpoint's address may be. Read by the parser of the library that will connect to it, so
 * that the two cannot differ. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>

#include "base/mem.h"
#include "webhook/webhook.h"

enum { URL_MAX = 2048 };

/* An address in digits that is private. libcurl has brought every spelling of one ("127.1",
 * "0x7f000001") into the usual form. */
static bool
is_private_literal(const char *host)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char digits[INET6_ADDRSTRLEN] = "";

	if (inet_pton(AF_INET, host, &in.sin_addr) == 1)
		return webhook_address_is_private((const struct sockaddr *)&in);
	if (host[0] != '[')
		return false;
	host++;
	memcpy(digits, host, strnlen(host, sizeof(digits) - 1));
	digits[strcspn(digits, "]%")] = '\0';
	return inet_pton(AF_INET6, digits, &in6.sin6_addr) != 1 ||
	       webhook_address_is_private((const struct sockaddr *)&in6);
}

static bool
has_part(CURLU *u, CURLUPart part)
{
	char *value = NULL;
	bool has = curl_url_get(u, part, &value, 0) == CURLUE_OK;

	curl_free(value);
	return has;
}

static enum err
check_host(CURLU *u, bool allow_private, struct fault *f)
{
	char *host = NULL;
	enum err code = ERR_OK;

	if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
		code = fault_set(f, ERR_INVALID, "names no host");
	else if (!allow_private && is_private_literal(host))
		code = fault_set(f, ERR_INVALID, "is an address of a private network");
	curl_free(host);
	return code;
}

static enum err
check_parts(CURLU *u, bool clear_text, bool allow_private, struct fault *f)
{
	char *scheme = NULL;
	bool secure, plain;

	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return fault_set(f, ERR_INVALID, "is not a URL");
	secure = strcasecmp(scheme, "https") == 0;
	plain = strcasecmp(scheme, "http") == 0;
	curl_free(scheme);
	if (!secure && !(plain && clear_text))
		return fault_set(f, ERR_INVALID,
		    clear_text ? "must begin with https:// or http://"
			       : "must begin with https://");
	if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
		return fault_set(f, ERR_INVALID, "must not name a user");
	if (has_part(u, CURLUPART_FRAGMENT))
		return fault_set(f, ERR_INVALID, "must not have a fragment");
	return check_host(u, allow_private, f);
}

enum err
webhook_check_url(const char *url, bool clear_text, bool allow_private, struct fault *f)
{
	const char *slashes = strchr(url, ':');
	enum err code;
	CURLU *u;

	if (strnlen(url, URL_MAX + 1) > URL_MAX)
		return fault_set(f, ERR_INVALID, "is longer than %d bytes", URL_MAX);
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return fault_set(f, ERR_INVALID, "has a character that no URL has");
	u = curl_url();
	if (u == NULL)
		mem_exhausted();
	/* The parser would take one or three slashes as well. */
	if (slashes == NULL || strncmp(slashes, "://", 3) != 0 || slashes[3] == '/' ||
	    curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		code = fault_set(f, ERR_INVALID, "is not a URL");
	else
		code = check_parts(u, clear_text, allow_private, f);
	curl_url_cleanup(u);
	return code;
}
