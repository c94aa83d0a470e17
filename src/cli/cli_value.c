/* Values that come from the command line. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <curl/curl.h>

#include "cli/cli.h"

bool
cli_read_duration(const char *text, int64_t *seconds)
{
	static const struct {
		const char *unit;
		int64_t factor;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
		{ "w", 604800 } };
	char *end;
	long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || n > INT64_MAX / 604800)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*seconds = n * units[i].factor;
			return true;
		}
	}
	return false;
}

bool
cli_is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 64 && text[0] != '-' &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz-") == len;
}

bool
cli_is_name(const char *text)
{
	const size_t len = strlen(text);

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return len > 0 && len <= CLI_NAME_MAX;
}

static bool
cli_host_is_loopback(const char *host)
{
	struct in_addr v4;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* A part of a URL, or NULL. curl_free() it. */
static char *
cli_url_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;

	return curl_url_get(u, part, &text, 0) == CURLUE_OK ? text : NULL;
}

bool
cli_url_is_safe(const char *url, const char **why)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *user = NULL, *query = NULL, *fragment = NULL;

	*why = NULL;
	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
		*why = "is no URL";
	else {
		scheme = cli_url_part(u, CURLUPART_SCHEME);
		host = cli_url_part(u, CURLUPART_HOST);
		user = cli_url_part(u, CURLUPART_USER);
		query = cli_url_part(u, CURLUPART_QUERY);
		fragment = cli_url_part(u, CURLUPART_FRAGMENT);
		if (scheme == NULL || host == NULL)
			*why = "is no URL";
		else if (user != NULL || query != NULL || fragment != NULL)
			*why = "has more than a scheme, a host, a port and a path";
		else if (strcmp(scheme, "https") != 0 &&
			 (strcmp(scheme, "http") != 0 || !cli_host_is_loopback(host)))
			*why = "must be https: a token is never sent in clear to another host";
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(query);
	curl_free(fragment);
	curl_url_cleanup(u);
	return *why == NULL;
}
