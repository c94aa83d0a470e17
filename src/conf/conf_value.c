/* One value: its text to its slot and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "conf/conf_private.h"

static enum err
conf_set_words(struct arena *arena, struct conf_words *out, const char *value, struct fault *f)
{
	char *copy = arena_strdup(arena, value), *save = NULL;
	struct conf_words words = { .count = 0 };

	for (char *w = strtok_r(copy, " \t,", &save); w != NULL;
	     w = strtok_r(NULL, " \t,", &save)) {
		if (words.count == CONF_WORDS_MAX)
			return fault_set(f, ERR_INVALID, "has more than %d words", CONF_WORDS_MAX);
		words.item[words.count++] = w;
	}
	*out = words;
	return ERR_OK;
}

static enum err
conf_set_number(const struct conf_key *key, int64_t *out, const char *value, struct fault *f)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	const bool duration = key->type == CONF_SECONDS;
	long long n;
	char *end;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (end == value || errno != 0 || n < 0)
		return fault_set(f, ERR_INVALID,
		    duration ? "is not a duration such as 30s, 10m, 12h or 7d" : "is not a number");
	for (size_t i = 0; duration && i < sizeof(units) / sizeof(units[0]); i++) {
		if (*end == units[i].letter && n <= INT64_MAX / units[i].seconds) {
			n *= units[i].seconds;
			end++;
			break;
		}
	}
	if (*end != '\0' || (duration && n != 0 && end[-1] >= '0' && end[-1] <= '9'))
		return fault_set(f, ERR_INVALID,
		    duration ? "is not a duration such as 30s, 10m, 12h or 7d" : "is not a number");
	if (n < key->min || n > key->max)
		return fault_set(f, ERR_INVALID, "is not between %lld and %lld%s",
		    (long long)key->min, (long long)key->max, duration ? " seconds" : "");
	*out = n;
	return ERR_OK;
}

static enum err
conf_check_choice(const struct conf_key *key, const char *value, struct fault *f)
{
	size_t len = strlen(value);

	for (const char *p = key->choices; p != NULL; p = strchr(p, ' ')) {
		p += *p == ' ';
		if (len > 0 && strncmp(p, value, len) == 0 && (p[len] == ' ' || p[len] == '\0'))
			return ERR_OK;
	}
	return fault_set(f, ERR_INVALID, "is none of: %s", key->choices);
}

static enum err
conf_check_address(const char *value, struct fault *f)
{
	const char *colon = strrchr(value, ':');
	char *end;
	long port;

	if (*value == '\0')
		return ERR_OK;
	if (colon == NULL || colon == value || (value[0] == '[' && colon[-1] != ']') ||
	    (value[0] != '[' && memchr(value, ':', (size_t)(colon - value)) != NULL))
		return fault_set(f, ERR_INVALID, "is not HOST:PORT or [HOST]:PORT");
	port = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port < 0 || port > 65535)
		return fault_set(f, ERR_INVALID, "has no port between 0 and 65535");
	return ERR_OK;
}

/* Plain http is for a machine talking to itself: a link over clear text would give the token away.
 */
static enum err
conf_check_url(const char *value, struct fault *f)
{
	static const char *const loopback[] = { "127.0.0.1", "localhost", "[::1]" };
	const char *host;
	size_t len = strlen(value);
	bool clear = strncmp(value, "http://", 7) == 0, local = false;

	if (!clear && strncmp(value, "https://", 8) != 0)
		return fault_set(f, ERR_INVALID, "does not begin with https://");
	host = value + (clear ? 7 : 8);
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		size_t n = strlen(loopback[i]);

		if (strncmp(host, loopback[i], n) == 0 && strchr(":/", host[n]) != NULL)
			local = true;
	}
	if (clear && !local)
		return fault_set(f, ERR_INVALID, "uses http:// to a host that is not loopback");
	if (*host == '\0' || *host == '/' || value[len - 1] == '/')
		return fault_set(f, ERR_INVALID, "has no host, or ends with a slash");
	for (const unsigned char *p = (const unsigned char *)value; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"<>\\^`{|}#?@", *p) != NULL)
			return fault_set(
			    f, ERR_INVALID, "has a character that does not belong in it");
	return ERR_OK;
}

static enum err
conf_check_text(const struct conf_key *key, const char *value, struct fault *f)
{
	switch (key->type) {
	case CONF_CHOICE:
		return conf_check_choice(key, value, f);
	case CONF_ADDRESS:
		return conf_check_address(value, f);
	case CONF_URL:
		return conf_check_url(value, f);
	case CONF_FILE:
		if (value[0] != '/')
			return fault_set(f, ERR_INVALID, "is not an absolute path");
		return ERR_OK;
	default:
		if (*value == '\0')
			return fault_set(f, ERR_INVALID, "is empty");
		return ERR_OK;
	}
}

enum err
conf_set(
    struct arena *arena, void *base, const struct conf_key *key, const char *value, struct fault *f)
{
	void *slot = (char *)base + key->offset;

	switch (key->type) {
	case CONF_WORDS:
		return conf_set_words(arena, slot, value, f);
	case CONF_NUMBER:
	case CONF_SECONDS:
		return conf_set_number(key, slot, value, f);
	case CONF_BOOL:
		if (strcasecmp(value, "yes") != 0 && strcasecmp(value, "no") != 0)
			return fault_set(f, ERR_INVALID, "is neither yes nor no");
		*(bool *)slot = strcasecmp(value, "yes") == 0;
		return ERR_OK;
	case CONF_NAME:
		*(const char **)slot = *value != '\0' ? arena_strdup(arena, value) : NULL;
		return ERR_OK;
	default:
		if (conf_check_text(key, value, f) != ERR_OK)
			return ERR_INVALID;
		*(const char **)slot = arena_strdup(arena, value);
		return ERR_OK;
	}
}

const char *
conf_value_text(const struct conf *c, const struct conf_key *key, struct arena *arena)
{
	const void *slot = (const char *)c + key->offset;
	const struct conf_words *words = slot;
	const char *text;

	switch (key->type) {
	case CONF_WORDS:
		text = "";
		for (size_t i = 0; i < words->count; i++)
			text =
			    arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", words->item[i]);
		return text;
	case CONF_NUMBER:
	case CONF_SECONDS:
		return arena_printf(arena, "%lld%s", (long long)*(const int64_t *)slot,
		    key->type == CONF_SECONDS ? "s" : "");
	case CONF_BOOL:
		return *(const bool *)slot ? "yes" : "no";
	default:
		text = *(const char *const *)slot;
		return text != NULL ? text : "";
	}
}
