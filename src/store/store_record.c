#include "store/store_private.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

enum { RECORD_FORMAT = 1 };

json_t *
record_parse(const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = json_read(text, len, &own);
	json_int_t format;

	if (root == NULL || !json_is_object(root)) {
		fault_set(f, ERR_CORRUPT, "a stored value is not what we wrote: %s",
		    root == NULL ? own.text : "no object");
		json_decref(root);
		return NULL;
	}
	format = json_integer_value(json_object_get(root, "v"));
	if (format != RECORD_FORMAT) {
		fault_set(f, ERR_CORRUPT,
		    "a stored value has format %lld; this usherd knows only %d", (long long)format,
		    RECORD_FORMAT);
		json_decref(root);
		return NULL;
	}
	return root;
}

bool
record_copy_number(const json_t *root, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(root, name);

	*out = json_integer_value(v);
	return json_is_integer(v);
}

/* ---- members of a value ---- */

const char *
record_text(struct record_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && !json_is_string(v))
		r->bad = name;
	return arena_strdup(r->arena, json_string_value(v));
}

int64_t
record_number(struct record_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && (!json_is_integer(v) || json_integer_value(v) < 0))
		r->bad = name;
	return json_integer_value(v);
}

unsigned
record_count(struct record_reader *r, const char *name)
{
	int64_t n = record_number(r, name);

	if (n > UINT_MAX)
		r->bad = name;
	return (unsigned)n;
}

bool
record_flag(struct record_reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && !json_is_boolean(v))
		r->bad = name;
	return json_is_true(v);
}

bool
record_copy_string(const json_t *root, const char *name, char *out, size_t size)
{
	const char *s = json_string_of(root, name);

	if (s == NULL || strlen(s) >= size)
		return false;
	memcpy(out, s, strlen(s) + 1);
	return true;
}

size_t
record_texts(struct record_reader *r, const char *name, const char **out, size_t max)
{
	const json_t *list = json_object_get(r->root, name);
	size_t count = json_array_size(list);

	if ((list != NULL && !json_is_array(list)) || count > max) {
		r->bad = name;
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL)
			r->bad = name;
		out[i] = arena_strdup(r->arena, text);
	}
	return count;
}

void
record_copy_optional(struct record_reader *r, const char *name, char *out, size_t size)
{
	out[0] = '\0';
	if (json_object_get(r->root, name) != NULL && !record_copy_string(r->root, name, out, size))
		r->bad = name;
}

/* ---- reservation ---- */

bool
reservation_holds(const struct reservation *r, const char *owner, int64_t now)
{
	return strcmp(r->invitation, owner) != 0 &&
	       (r->released_at == 0 || now - r->released_at < STORE_RELEASE_GRACE_MS);
}

void
record_write_reservation(struct buf *b, const struct reservation *r)
{
	buf_printf(b, "{\"v\":%d,\"invitation\":\"%s\",\"released_at\":%" PRId64 "}", RECORD_FORMAT,
	    r->invitation, r->released_at);
}

enum err
record_read_reservation(struct reservation *out, const char *text, size_t len, struct fault *f)
{
	json_t *root = record_parse(text, len, f);
	enum err code = ERR_OK;
	int64_t released_at;
	const char *id;

	if (root == NULL)
		return ERR_CORRUPT;
	id = json_string_of(root, "invitation");
	if (id == NULL || !id_is_valid(id))
		code = fault_set(f, ERR_CORRUPT, "a reservation names no invitation");
	else if (!record_copy_number(root, "released_at", &released_at))
		code = fault_set(f, ERR_CORRUPT, "a reservation has no time of release");
	else {
		memcpy(out->invitation, id, ID_SIZE);
		out->released_at = released_at;
	}
	json_decref(root);
	return code;
}
