/* Request target and form bodies: percent-encoding is taken off once, here, and never again. */
#include "http/http_private.h"

#include <string.h>

#include "base/json.h"
#include "base/secret.h"

enum { FORM_FIELDS_MAX = 64 };

static int
parse_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* jansson refuses text that is not UTF-8 as RFC 3629 has it; ASCII need not bother it. */
static bool
parse_is_utf8(const char *text, size_t len)
{
	json_t *string;

	for (size_t i = 0;; i++) {
		if (i == len)
			return true;
		if ((unsigned char)text[i] >= 0x80)
			break;
	}
	string = json_stringn(text, len);
	json_decref(string);
	return string != NULL;
}

/* False: bad percent-encoding or an encoded NUL. */
static bool
parse_decode_bytes(const char *text, size_t len, bool plus_is_space, char *out, size_t *out_len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%') {
			int high = len - i > 2 ? parse_hex(text[i + 1]) : -1;
			int low = high >= 0 ? parse_hex(text[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus_is_space) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		out[n++] = c;
	}
	*out_len = n;
	return true;
}

/* NULL: not well encoded, or not UTF-8. It may have been a password, so nothing of it stays. */
static char *
parse_decode(struct arena *arena, const char *text, size_t len, bool plus_is_space)
{
	char *out = arena_alloc(arena, len + 1);
	size_t n;

	if (parse_decode_bytes(text, len, plus_is_space, out, &n) && parse_is_utf8(out, n))
		return out;
	secret_wipe(out, len);
	return NULL;
}

static bool
parse_has_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return true;
	return false;
}

static bool
parse_has_dot_segment(const char *path)
{
	while (*path != '\0') {
		size_t len;

		path++; /* the slash */
		len = strcspn(path, "/");
		if ((len == 1 && path[0] == '.') || (len == 2 && memcmp(path, "..", 2) == 0))
			return true;
		path += len;
	}
	return false;
}

/* An encoded slash is refused: a proxy in front may or may not have taken it for a slash. */
static bool
parse_has_encoded_slash(const char *path, size_t len)
{
	for (size_t i = 0; i + 2 < len; i++)
		if (path[i] == '%' && path[i + 1] == '2' && (path[i + 2] | 0x20) == 'f')
			return true;
	return false;
}

static enum err
parse_path(
    struct http_request *r, struct arena *arena, const char *path, size_t len, struct fault *f)
{
	char *decoded;

	if (parse_has_encoded_slash(path, len))
		return fault_set(f, ERR_INVALID, "The path has an encoded slash.");
	decoded = parse_decode(arena, path, len, false);
	if (decoded == NULL || decoded[0] != '/' || parse_has_control(decoded))
		return fault_set(f, ERR_INVALID, "The path is not well encoded.");
	if (parse_has_dot_segment(decoded))
		return fault_set(f, ERR_INVALID, "The path has dot segments.");
	r->path = decoded;
	return ERR_OK;
}

/* One "name=value" of a query or form. False: not well encoded. */
static bool
parse_pair(struct arena *arena, const char *text, size_t len, struct http_pair *out)
{
	const char *equals = memchr(text, '=', len);
	const size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
	const char *value = equals != NULL ? equals + 1 : text + len;

	out->name = parse_decode(arena, text, name_len, true);
	out->value = parse_decode(arena, value, (size_t)(text + len - value), true);
	return out->name != NULL && out->value != NULL;
}

/* The parts between ampersands; empty ones do not count. `bad` is the number of the offending part.
 */
static bool
parse_pairs(struct arena *arena, const char *text, size_t len, struct http_pair *out, size_t max,
    size_t *count, size_t *bad)
{
	const char *end = text + len;
	size_t n = 0;

	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		size_t part = (size_t)((amp != NULL ? amp : end) - text);

		if (part > 0) {
			*bad = n + 1;
			if (n == max || !parse_pair(arena, text, part, &out[n]))
				return false;
			n++;
		}
		text += part + (amp != NULL);
	}
	*count = n;
	return true;
}

enum err
http_parse_target(struct http_request *r, struct arena *arena, const char *target, struct fault *f)
{
	const size_t path_len = strcspn(target, "?");
	size_t bad;

	if (parse_path(r, arena, target, path_len, f) != ERR_OK)
		return f->code;
	target += path_len;
	if (*target == '\0')
		return ERR_OK;
	target++;
	if (!parse_pairs(
		arena, target, strlen(target), r->query, HTTP_QUERY_MAX, &r->query_count, &bad)) {
		r->query_count = 0;
		return fault_set(f, ERR_INVALID,
		    "Parameter %zu of the query is not well encoded or"
		    " one too many.",
		    bad);
	}
	return ERR_OK;
}

static const char *
parse_find_twin(const struct http_pair *pairs, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(pairs[i].name, pairs[j].name) == 0)
				return pairs[i].name;
	return NULL;
}

static enum err
parse_form(const struct http_request *r, struct arena *arena,
    struct http_pair pairs[FORM_FIELDS_MAX], size_t max, size_t *count, struct fault *f)
{
	const char *twin;
	size_t bad = 0;

	if (!parse_pairs(arena, r->body, r->body_len, pairs, max, count, &bad)) {
		if (bad > max)
			return fault_set(f, ERR_INVALID, "more than %zu fields", max);
		return fault_set(f, ERR_INVALID, "field %zu is not well encoded", bad);
	}
	twin = parse_find_twin(pairs, *count);
	if (twin != NULL)
		return fault_set(f, ERR_INVALID, "field \"%s\" occurs twice", twin);
	return ERR_OK;
}

/* What is refused is wiped here: the caller never learns where it lies. */
enum err
http_parse_form(const struct http_request *r, struct arena *arena, struct http_pair *out,
    size_t max, size_t *count, struct fault *f)
{
	struct http_pair pairs[FORM_FIELDS_MAX] = { { .name = NULL } };
	size_t n = 0;

	if (max > FORM_FIELDS_MAX)
		max = FORM_FIELDS_MAX;
	if (parse_form(r, arena, pairs, max, &n, f) != ERR_OK) {
		for (size_t i = 0; i < max; i++)
			if (pairs[i].value != NULL)
				secret_wipe(
				    (void *)(uintptr_t)pairs[i].value, strlen(pairs[i].value));
		return f->code;
	}
	if (n > 0)
		memcpy(out, pairs, n * sizeof(*out));
	*count = n;
	return ERR_OK;
}
