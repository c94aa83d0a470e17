/* Reading what a request says in its header and query: fields, cookies, content negotiation. */
#include "http/http_private.h"

#include <string.h>
#include <strings.h>

const char *
http_header(const struct http_request *r, const char *lower_name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, lower_name) == 0)
			return r->headers[i].value;
	return NULL;
}

const char *
http_query(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->query_count; i++)
		if (strcmp(r->query[i].name, name) == 0)
			return r->query[i].value;
	return NULL;
}

/* A cookie-value (RFC 6265 section 4.1.1), without the quotes that may stand around it. */
static bool
cookie_value(const char **value, size_t *len)
{
	if (*len >= 2 && (*value)[0] == '"' && (*value)[*len - 1] == '"') {
		++*value;
		*len -= 2;
	}
	if (*len > HTTP_COOKIE_MAX)
		return false;
	for (size_t i = 0; i < *len; i++)
		if ((unsigned char)(*value)[i] <= ' ' || (unsigned char)(*value)[i] >= 0x7f ||
		    strchr("\",;\\", (*value)[i]) != NULL)
			return false;
	return true;
}

/* The next pair of the name in one header (RFC 6265 section 4.2.1: separated by "; "). Returns what
 * is behind it, NULL when there is none. */
static const char *
cookie_next(const char *p, const char *name, const char **value, size_t *value_len)
{
	const size_t name_len = strlen(name);

	for (size_t len; *p != '\0'; p += len) {
		p += strspn(p, "; ");
		len = strcspn(p, ";");
		if (len <= name_len || p[name_len] != '=' || memcmp(p, name, name_len) != 0)
			continue;
		*value = p + name_len + 1;
		*value_len = len - name_len - 1;
		while (*value_len > 0 && (*value)[*value_len - 1] == ' ')
			--*value_len;
		return p + len;
	}
	return NULL;
}

const char *
http_cookie(const struct http_request *r, struct arena *arena, const char *name)
{
	const char *found = NULL, *value = NULL;
	size_t found_len = 0, len;

	for (size_t i = 0; i < r->header_count; i++) {
		const char *p = r->headers[i].value;

		if (strcmp(r->headers[i].name, "cookie") != 0)
			continue;
		while ((p = cookie_next(p, name, &value, &len)) != NULL) {
			if (found != NULL)
				return NULL;
			found = value;
			found_len = len;
		}
	}
	if (found == NULL || !cookie_value(&found, &found_len))
		return NULL;
	return arena_dup(arena, found, found_len);
}

/* How well an element of Accept speaks for a type: a full match before "type" and any subtype,
 * before any type at all. */
enum { FIT_NONE, FIT_ANY, FIT_TYPE, FIT_FULL };

struct preference {
	int fit, q; /* q: thousandths */
};

/* Behind "q=": at most three decimals (RFC 9110 section 12.4.2). Anything else counts as 0. */
static int
accept_q(const char *p, size_t len)
{
	int q = 0, scale = 100;

	if (len == 0 || len > 5 || (p[0] != '0' && p[0] != '1') || (len > 1 && p[1] != '.'))
		return 0;
	for (size_t i = 2; i < len; i++, scale /= 10) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		q += (p[i] - '0') * scale;
	}
	return p[0] == '1' ? 1000 : q;
}

static int
accept_fit(const char *range, size_t len, const char *type)
{
	const size_t slash = strcspn(type, "/");

	if (len == 3 && memcmp(range, "*/*", 3) == 0)
		return FIT_ANY;
	if (len == slash + 2 && strncasecmp(range, type, slash + 1) == 0 && range[len - 1] == '*')
		return FIT_TYPE;
	return len == strlen(type) && strncasecmp(range, type, len) == 0 ? FIT_FULL : FIT_NONE;
}

/* Of what stands behind the range in one element, "range;parameter;q=0.5". Parameters other than q
 * do not restrict it. */
static int
accept_weight(const char *p, const char *end)
{
	int q = 1000;

	for (; p < end; p += strcspn(p, ";,")) {
		p += strspn(p, "; \t");
		if (p + 1 < end && (p[0] | 0x20) == 'q' && p[1] == '=')
			q = accept_q(p + 2, strcspn(p + 2, ";, \t"));
		if (*p == '\0' || *p == ',')
			break;
	}
	return q;
}

static void
accept_weigh(const char *p, size_t len, const char *type, struct preference *best)
{
	const size_t range = strcspn(p, ";, \t") < len ? strcspn(p, ";, \t") : len;
	const int fit = accept_fit(p, range, type);

	if (fit > best->fit)
		*best = (struct preference){ fit, accept_weight(p + range, p + len) };
}

static int
accept_quality(const struct http_request *r, const char *type)
{
	struct preference best = { FIT_NONE, 0 };

	for (size_t i = 0; i < r->header_count; i++) {
		const char *p = r->headers[i].value;

		if (strcmp(r->headers[i].name, "accept") != 0)
			continue;
		for (size_t len; *p != '\0'; p += len) {
			p += strspn(p, ", ");
			len = strcspn(p, ",");
			accept_weigh(p, len, type, &best);
		}
	}
	return best.q;
}

/* A tie goes to `a`, as an absent header does: the two say the same. */
bool
http_accepts_rather(const struct http_request *r, const char *a, const char *b)
{
	return http_header(r, "accept") == NULL || accept_quality(r, a) >= accept_quality(r, b);
}

/* RFC 4647 section 3.4 for tags of one subtag: whatever stands behind the range's first one falls
 * away in the end. "*" asks for the default. */
static bool
accept_names(const char *range, size_t len, const char *tag)
{
	const size_t first = strlen(tag);

	return len >= first && strncasecmp(range, tag, first) == 0 &&
	       (len == first || range[first] == '-');
}

size_t
http_language(const struct http_request *r, const char *const *tags, size_t count)
{
	size_t best = count;
	int best_q = 0;

	for (size_t i = 0; i < r->header_count; i++) {
		const char *p = r->headers[i].value;

		if (strcmp(r->headers[i].name, "accept-language") != 0)
			continue;
		for (size_t len, range; *p != '\0'; p += len) {
			int q;

			p += strspn(p, ", \t");
			len = strcspn(p, ",");
			range = strcspn(p, ";, \t");
			q = accept_weight(p + range, p + len);
			for (size_t tag = 0; tag < count && q > best_q; tag++)
				if (accept_names(p, range, tags[tag])) {
					best = tag;
					best_q = q;
				}
		}
	}
	return best;
}

enum coding { CODING_GZIP, CODING_IDENTITY, CODING_ANY, CODINGS /* also: none of them */ };

static enum coding
coding_of(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum coding coding;
	} names[] = {
		{ "gzip", CODING_GZIP },
		{ "x-gzip", CODING_GZIP }, /* RFC 9110 section 8.4.1.3 */
		{ "identity", CODING_IDENTITY },
		{ "*", CODING_ANY },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == strlen(names[i].name) && strncasecmp(name, names[i].name, len) == 0)
			return names[i].coding;
	return CODINGS;
}

bool
http_accepts_gzip(const struct http_request *r)
{
	/* Thousandths; -1: it is not named. The last is of the others. */
	int q[CODINGS + 1] = { -1, -1, -1, -1 };

	for (size_t i = 0; i < r->header_count; i++) {
		const char *p = r->headers[i].value;

		if (strcmp(r->headers[i].name, "accept-encoding") != 0)
			continue;
		for (size_t len, name; *p != '\0'; p += len) {
			p += strspn(p, ", \t");
			len = strcspn(p, ",");
			name = strcspn(p, ";, \t");
			q[coding_of(p, name)] = accept_weight(p + name, p + len);
		}
	}
	if (q[CODING_GZIP] < 0)
		q[CODING_GZIP] = q[CODING_ANY];
	return q[CODING_GZIP] > 0 && q[CODING_GZIP] >= q[CODING_IDENTITY];
}
