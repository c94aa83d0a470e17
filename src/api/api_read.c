/* Strict reading of what a client sent: a table says which members there are and of which type; all
 * that is wrong with a document is told at once. */
#include <string.h>

#include "api/api_private.h"
#include "base/json.h"

enum { NAME_SHOWN_MAX = 64 }; /* bytes of a foreign member's name that come back in a problem */

struct api_reader {
	struct arena *arena;
	struct field_errors *errors;
};

/* A foreign name, cut to a decent length between two characters. */
static const char *
api_shown(struct arena *arena, const char *name)
{
	char *cut;
	size_t len = strlen(name);

	if (len <= NAME_SHOWN_MAX)
		return name;
	len = NAME_SHOWN_MAX;
	while (len > 0 && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	cut = arena_dup(arena, name, len);
	return arena_printf(arena, "%s...", cut);
}

static const char *
api_copy_string(struct api_reader *r, const json_t *v)
{
	return arena_dup(r->arena, json_string_value(v), json_string_length(v));
}

static void
api_add_wrong_type(struct api_reader *r, const char *field, const char *wanted)
{
	field_errors_add(r->errors, field, "wrong_type", "\"%s\" must be %s", field, wanted);
}

static void
api_read_strings(struct api_reader *r, const char *name, const json_t *v, struct api_strings *out)
{
	size_t i;
	json_t *item;

	out->given = true;
	if (!json_is_array(v)) {
		api_add_wrong_type(r, name, "an array of strings");
		return;
	}
	if (json_array_size(v) > API_STRINGS_MAX) {
		field_errors_add(r->errors, name, "too_long", "\"%s\" has more than %d items", name,
		    API_STRINGS_MAX);
		return;
	}
	json_array_foreach(v, i, item)
	{
		if (json_is_string(item))
			out->items[out->count++] = api_copy_string(r, item);
		else
			api_add_wrong_type(
			    r, arena_printf(r->arena, "%s[%zu]", name, i), "a string");
	}
}

static void
api_read_map(struct api_reader *r, const char *name, json_t *v, struct api_map *out)
{
	const char *key;
	json_t *item;

	if (!json_is_object(v)) {
		api_add_wrong_type(r, name, "an object whose values are strings");
		return;
	}
	if (json_object_size(v) > API_STRINGS_MAX) {
		field_errors_add(r->errors, name, "too_long", "\"%s\" has more than %d members",
		    name, API_STRINGS_MAX);
		return;
	}
	json_object_foreach(v, key, item)
	{
		if (json_is_string(item))
			out->items[out->count++] = (struct http_pair){
				.name = arena_strdup(r->arena, key),
				.value = api_copy_string(r, item),
			};
		else
			api_add_wrong_type(r,
			    arena_printf(r->arena, "%s.%s", name, api_shown(r->arena, key)),
			    "a string");
	}
}

static void
api_read_value(struct api_reader *r, const struct api_member *m, json_t *v, void *at)
{
	switch (m->kind) {
	case API_STRING:
		if (json_is_string(v))
			*(const char **)at = api_copy_string(r, v);
		else
			api_add_wrong_type(r, m->name, "a string");
		break;
	case API_REMOVABLE:
		if (json_is_string(v) || json_is_null(v))
			*(const char **)at = json_is_null(v) ? "" : api_copy_string(r, v);
		else
			api_add_wrong_type(r, m->name, "a string or null");
		break;
	case API_INTEGER:
		if (json_is_integer(v))
			*(struct api_integer *)at =
			    (struct api_integer){ .given = true, .value = json_integer_value(v) };
		else
			api_add_wrong_type(r, m->name, "a whole number");
		break;
	case API_BOOLEAN:
		if (json_is_boolean(v))
			*(bool *)at = json_is_true(v);
		else
			api_add_wrong_type(r, m->name, "true or false");
		break;
	case API_SWITCH:
		if (json_is_boolean(v))
			*(int *)at = json_is_true(v);
		else
			api_add_wrong_type(r, m->name, "true or false");
		break;
	case API_STRINGS:
		api_read_strings(r, m->name, v, at);
		break;
	case API_MAP:
		api_read_map(r, m->name, v, at);
		break;
	}
}

static const struct api_member *
api_member_by_name(const struct api_member *members, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(members[i].name, name) == 0)
			return &members[i];
	return NULL;
}

/* The name that a string of JSON, without its quotes, spells; as it is when it spells none. */
static const char *
api_unescape(struct arena *arena, const char *spelled)
{
	json_t *name = json_loads(arena_printf(arena, "\"%s\"", spelled), JSON_DECODE_ANY, NULL);
	const char *plain =
	    json_is_string(name) ? arena_strdup(arena, json_string_value(name)) : spelled;

	json_decref(name);
	return plain;
}

/* jansson shows a short name that occurs twice as: near '"NAME"'. Then the problem is on that
 * field. */
static void
api_add_not_json(struct api_reader *r, const struct fault *f)
{
	static const char twice[] = "duplicate object key near '\"";
	const char *begin = strstr(f->text, twice), *end, *field = "";

	if (begin != NULL) {
		begin += sizeof(twice) - 1;
		end = strstr(begin, "\"'");
		if (end != NULL)
			field = api_unescape(
			    r->arena, arena_dup(r->arena, begin, (size_t)(end - begin)));
	}
	field_errors_add(
	    r->errors, field, *field != '\0' ? "duplicate" : "not_json", "%s", f->text);
}

bool
api_read_body(struct http_exchange *x, const struct api_member *members, size_t count, void *out,
    struct field_errors *errors)
{
	const struct http_request *q = http_request_of(x);
	struct api_reader r = { .arena = http_arena(x), .errors = errors };
	struct fault f;
	json_t *root, *v;
	const char *name;

	root = json_read(q->body != NULL ? q->body : "", q->body_len, &f);
	if (root == NULL) {
		api_add_not_json(&r, &f);
		return false;
	}
	if (!json_is_object(root))
		field_errors_add(errors, "", "wrong_type", "the body must be a JSON object");
	json_object_foreach(root, name, v)
	{
		const struct api_member *m = api_member_by_name(members, count, name);

		if (m != NULL)
			api_read_value(&r, m, v, (char *)out + m->offset);
		else
			field_errors_add(errors, api_shown(r.arena, name), "unknown",
			    "\"%s\" is not a member of this", api_shown(r.arena, name));
	}
	json_decref(root);
	return errors->count == 0;
}

bool
api_check_query(struct http_exchange *x, const char *const *names, struct field_errors *errors)
{
	const struct http_request *q = http_request_of(x);

	for (size_t i = 0; i < q->query_count; i++) {
		const char *name = q->query[i].name;
		const char *const *known = names;

		while (*known != NULL && strcmp(*known, name) != 0)
			known++;
		if (*known == NULL)
			field_errors_add(errors, api_shown(http_arena(x), name), "unknown",
			    "there is no such query parameter");
		for (size_t j = 0; j < i; j++)
			if (strcmp(q->query[j].name, name) == 0)
				field_errors_add(errors, api_shown(http_arena(x), name),
				    "duplicate", "given more than once");
	}
	return errors->count == 0;
}

void
api_read_limit(const char *text, size_t *out, struct field_errors *errors)
{
	size_t n = 0;

	if (text == NULL)
		return;
	for (const char *p = text; *p != '\0' && n <= API_LIST_MAX; p++)
		n = *p >= '0' && *p <= '9' ? n * 10 + (size_t)(*p - '0') : API_LIST_MAX + 1;
	if (n < 1 || n > API_LIST_MAX)
		field_errors_add(
		    errors, "limit", "invalid", "must be a number from 1 to %d", API_LIST_MAX);
	else
		*out = n;
}

bool
api_read_nothing(struct http_exchange *x)
{
	struct field_errors errors;

	field_errors_init(&errors, http_arena(x));
	if (http_request_of(x)->body_len == 0 || api_read_body(x, NULL, 0, NULL, &errors))
		return true;
	api_reply_malformed(x, &errors);
	return false;
}

enum err
api_uuid_of(const struct api_call *c, const char *kind, const char **id, struct fault *f)
{
	*id = http_request_of(c->x)->captures[0];
	if (!id_is_valid(*id))
		return fault_set(f, ERR_NOT_FOUND, "there is no such %s", kind);
	return ERR_OK;
}

bool
api_read_match(struct api_call *c, const char **tag)
{
	const char *given = http_header(http_request_of(c->x), "if-match");
	struct field_errors errors;
	size_t len;

	if (given == NULL || strcmp(given, "*") == 0)
		return true;
	if (strncmp(given, "W/", 2) == 0) {
		api_reply_problem(c->x, 412, "Weak tag",
		    "If-Match needs the tag as the ETag of an answer had it; a weak one proves "
		    "nothing",
		    NULL, NULL);
		return false;
	}
	len = strlen(given);
	if (len >= 3 && given[0] == '"' && strchr(given + 1, '"') == given + len - 1) {
		*tag = arena_dup(http_arena(c->x), given + 1, len - 2);
		return true;
	}
	field_errors_init(&errors, http_arena(c->x));
	field_errors_add(&errors, "If-Match", "invalid", "must be one entity tag in quotes, or *");
	api_reply_malformed(c->x, &errors);
	return false;
}
