/* Records of the audit trail as text: one line that stays, and one of parts that may be erased.
 *
 *   {"v":2,"at":MS,"event":E,SUBJECT:ID,"state":S,"detail":JSON,"actor":A,"person":ENTRYUUID,
 *    "place":DN,"to":DN,"request":R,"parts":{"source":HASH,"person":HASH}}
 *   {"source":{"salt":SALT,"value":ADDRESS},"person":{"salt":SALT,"value":"JSON"}}
 *
 * What is empty is left out; SUBJECT is the kind of what it is about ("user", "org_unit", ...). A
 * part's hash is BLAKE2b-256 of its name, a zero byte and its value, keyed with the salt. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <sodium.h>

#include "base/json.h"

enum { FORMAT_OLD = 1, FORMAT = 2 };

static const char *const part_names[AUDIT_PART_COUNT] = {
	[AUDIT_SOURCE] = "source", [AUDIT_PERSON] = "person"
};

_Static_assert(AUDIT_SALT_SIZE >= crypto_generichash_KEYBYTES_MIN, "the salt is the hash's key");

/* Of another part the same value has another hash, so that none is moved. */
static void
part_hash(enum audit_part part, const unsigned char salt[AUDIT_SALT_SIZE], const char *value,
    unsigned char out[AUDIT_HASH_SIZE])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, salt, AUDIT_SALT_SIZE, AUDIT_HASH_SIZE);
	crypto_generichash_update(
	    &h, (const unsigned char *)part_names[part], strlen(part_names[part]) + 1);
	crypto_generichash_update(&h, (const unsigned char *)value, strlen(value));
	crypto_generichash_final(&h, out, AUDIT_HASH_SIZE);
}

/* ---- writing ---- */

static void
audit_write_facts(struct buf *b, const struct audit *a)
{
	const char *detail = a->detail != NULL ? a->detail : a->note->detail;

	buf_printf(b, "{\"v\":%d,\"at\":%" PRId64, FORMAT, a->at);
	codec_write_text(b, "event", a->event);
	if (a->subject != NULL)
		codec_write_text(b, a->subject, a->id);
	codec_write_text(b, "state", a->state);
	if (detail != NULL) {
		assert(strchr(detail, '\n') == NULL);
		codec_write_name(b, "detail");
		buf_add_string(b, detail);
	}
	codec_write_text(b, "actor", a->note->actor);
	codec_write_text(b, "person", a->note->person);
	codec_write_text(b, "place", a->note->org_unit); /* "org_unit" is a subject */
	codec_write_text(b, "to", a->note->moved_to);
	codec_write_text(b, "request", a->note->request_id);
}

void
record_write_audit(struct buf *b, const struct audit *a)
{
	const char *values[AUDIT_PART_COUNT] = {
		[AUDIT_SOURCE] = a->note->source, [AUDIT_PERSON] = a->note->personal
	};
	unsigned char salts[AUDIT_PART_COUNT][AUDIT_SALT_SIZE], hash[AUDIT_HASH_SIZE];
	char text[ENCODE_BASE64_SIZE(AUDIT_HASH_SIZE)];

	audit_write_facts(b, a);
	if (values[AUDIT_SOURCE] == NULL && values[AUDIT_PERSON] == NULL) {
		buf_add_char(b, '}');
		return;
	}
	codec_write_name(b, "parts");
	buf_add_char(b, '{');
	for (int p = 0; p < AUDIT_PART_COUNT; p++) {
		if (values[p] == NULL)
			continue;
		random_fill(salts[p], sizeof(salts[p]));
		part_hash((enum audit_part)p, salts[p], values[p], hash);
		encode_base64(hash, sizeof(hash), text);
		codec_write_text(b, part_names[p], text);
	}
	buf_add_string(b, "}}\n{");
	for (int p = 0; p < AUDIT_PART_COUNT; p++) {
		if (values[p] == NULL)
			continue;
		encode_base64(salts[p], sizeof(salts[p]), text);
		codec_write_name(b, part_names[p]);
		buf_printf(b, "{\"salt\":\"%s\",\"value\":", text);
		buf_add_json_string(b, values[p]);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

/* ---- reading ---- */

/* Of the two lines; `*parts` is NULL when there is no second one. The caller owns both. */
static json_t *
audit_parse(const char *text, size_t len, json_t **parts, struct fault *f)
{
	size_t first = audit_line_len(text, len);
	struct fault own;
	json_t *root = json_read(text, first, &own);
	json_int_t format = json_integer_value(json_object_get(root, "v"));
	bool good = format == FORMAT_OLD || format == FORMAT;

	*parts = NULL;
	if (good && first < len) {
		*parts = json_read(text + first + 1, len - first - 1, &own);
		good = json_is_object(*parts);
	}
	if (good)
		return root;
	fault_set(f, ERR_CORRUPT, "an audit record is not what we wrote");
	json_decref(*parts);
	json_decref(root);
	*parts = NULL;
	return NULL;
}

/* The value of a part, or NULL. */
static const char *
part_value(const json_t *parts, enum audit_part part)
{
	return json_string_of(json_object_get(parts, part_names[part]), "value");
}

static enum audit_part_state
part_check(const json_t *root, const json_t *parts, enum audit_part part)
{
	const char *text = json_string_of(json_object_get(root, "parts"), part_names[part]);
	const json_t *stored = json_object_get(parts, part_names[part]);
	const char *salt = json_string_of(stored, "salt"), *value = part_value(parts, part);
	unsigned char said[AUDIT_HASH_SIZE], is[AUDIT_HASH_SIZE], bytes[AUDIT_SALT_SIZE];

	if (text == NULL)
		return stored == NULL ? PART_NONE : PART_WRONG;
	if (stored == NULL)
		return PART_GONE;
	if (salt == NULL || value == NULL ||
	    !decode_base64(text, strlen(text), said, sizeof(said)) ||
	    !decode_base64(salt, strlen(salt), bytes, sizeof(bytes)))
		return PART_WRONG;
	part_hash(part, bytes, value, is);
	return memcmp(said, is, sizeof(is)) == 0 ? PART_SOUND : PART_WRONG;
}

enum err
record_check_parts(
    const char *text, size_t len, enum audit_part_state states[AUDIT_PART_COUNT], struct fault *f)
{
	json_t *parts, *root = audit_parse(text, len, &parts, f);

	if (root == NULL)
		return ERR_CORRUPT;
	for (int p = 0; p < AUDIT_PART_COUNT; p++)
		states[p] = part_check(root, parts, (enum audit_part)p);
	json_decref(parts);
	json_decref(root);
	return ERR_OK;
}

unsigned
record_strip_parts(struct buf *b, const char *text, size_t len, unsigned mask)
{
	struct fault f;
	json_t *parts, *root = audit_parse(text, len, &parts, &f);
	unsigned had = 0;
	char *left = NULL;

	for (int p = 0; p < AUDIT_PART_COUNT; p++)
		if ((mask & 1U << p) != 0 && json_object_del(parts, part_names[p]) == 0)
			had |= 1U << p;
	if (had != 0) {
		buf_add(b, text, audit_line_len(text, len));
		if (json_object_size(parts) > 0)
			left = json_dumps(parts, JSON_COMPACT);
		if (left != NULL) {
			buf_add_char(b, '\n');
			buf_add_string(b, left);
		}
	}
	free(left);
	json_decref(parts);
	json_decref(root);
	return had;
}

/* What is no member of every record names the subject. */
static void
audit_read_subject(json_t *root, struct arena *arena, struct audit_record *r)
{
	static const char *const others[] = { "v", "at", "event", "state", "detail", "actor",
		"person", "place", "to", "request", "parts" };
	const char *name;
	json_t *value;

	json_object_foreach(root, name, value)
	{
		size_t i = 0;

		while (i < sizeof(others) / sizeof(others[0]) && strcmp(others[i], name) != 0)
			i++;
		if (i < sizeof(others) / sizeof(others[0]) || !json_is_string(value))
			continue;
		r->subject = arena_strdup(arena, name);
		r->subject_id = arena_strdup(arena, json_string_value(value));
	}
}

static const char *
audit_read_detail(const json_t *root, struct arena *arena)
{
	const json_t *detail = json_object_get(root, "detail");
	char *text = detail != NULL ? json_dumps(detail, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	const char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

enum err
record_read_audit(struct audit_record *out, const char *id, struct arena *arena, const char *text,
    size_t len, struct fault *f)
{
	json_t *parts, *root = audit_parse(text, len, &parts, f);
	struct record_reader r = { .root = root, .arena = arena };
	struct audit_record a = { .at = 0 };

	if (root == NULL)
		return f->code;
	memcpy(a.id, id, ID_SIZE);
	a.at = record_number(&r, "at");
	a.event = record_text(&r, "event");
	a.state = record_text(&r, "state");
	a.actor = record_text(&r, "actor");
	a.person = record_text(&r, "person");
	a.org_unit = record_text(&r, "place");
	a.moved_to = record_text(&r, "to");
	a.request_id = record_text(&r, "request");
	a.detail = audit_read_detail(root, arena);
	audit_read_subject(root, arena, &a);
	a.source = arena_strdup(arena, part_value(parts, AUDIT_SOURCE));
	a.personal = arena_strdup(arena, part_value(parts, AUDIT_PERSON));
	a.source_ended = part_check(root, parts, AUDIT_SOURCE) == PART_GONE;
	a.is_erased = part_check(root, parts, AUDIT_PERSON) == PART_GONE;
	json_decref(parts);
	json_decref(root);
	if (r.bad != NULL || a.event == NULL || a.actor == NULL)
		return fault_set(f, ERR_CORRUPT, "an audit record is not what we wrote");
	*out = a;
	return ERR_OK;
}
