/* An invitation as JSON. Members that are empty are left out; what is not there reads as empty. */
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

static const char *const method_names[] = {
	[INVITATION_BY_LINK] = "link", [INVITATION_BY_EMAIL] = "email"
};
static const char *const mode_names[] = {
	[FIELD_FIXED] = "fixed", [FIELD_SUGGESTED] = "suggested", [FIELD_FREE] = "free"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- writing ---- */

void
codec_write_name(struct buf *b, const char *name)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_add_char(b, '"');
	buf_add_string(b, name);
	buf_add_string(b, "\":");
}

void
codec_write_text(struct buf *b, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	codec_write_name(b, name);
	buf_add_json_string(b, value);
}

void
codec_write_number(struct buf *b, const char *name, int64_t value)
{
	if (value == 0)
		return;
	codec_write_name(b, name);
	buf_printf(b, "%" PRId64, value);
}

void
codec_write_flag(struct buf *b, const char *name, bool value)
{
	if (!value)
		return;
	codec_write_name(b, name);
	buf_add_string(b, "true");
}

static void
codec_write_hashes(struct buf *b, const char *name, const struct token_hash *list, size_t count)
{
	char text[ENCODE_BASE64_SIZE(TOKEN_HASH_SIZE)];

	if (count == 0)
		return;
	codec_write_name(b, name);
	for (size_t i = 0; i < count; i++) {
		encode_base64(list[i].bytes, sizeof(list[i].bytes), text);
		buf_printf(b, "%s\"%s\"", i == 0 ? "[" : ",", text);
	}
	buf_add_char(b, ']');
}

void
codec_write_strings(struct buf *b, const char *name, const char *const *list, size_t count)
{
	if (count == 0)
		return;
	codec_write_name(b, name);
	for (size_t i = 0; i < count; i++) {
		buf_add_char(b, i == 0 ? '[' : ',');
		buf_add_json_string(b, list[i]);
	}
	buf_add_char(b, ']');
}

static void
codec_write_person(struct buf *b, const struct invitation *inv)
{
	codec_write_name(b, "person");
	buf_add_char(b, '{');
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		codec_write_text(b, person_field_name((enum person_field)i), inv->person.value[i]);
	buf_add_char(b, '}');
	codec_write_name(b, "modes");
	buf_add_char(b, '{');
	for (int i = 0; i < PERSON_FIELD_COUNT; i++)
		if (inv->modes[i] != FIELD_FIXED)
			codec_write_text(
			    b, person_field_name((enum person_field)i), mode_names[inv->modes[i]]);
	buf_add_char(b, '}');
	codec_write_strings(b, "groups", inv->person.groups, inv->person.group_count);
}

static void
codec_write_timeline(struct buf *b, const struct invitation *inv)
{
	codec_write_name(b, "timeline");
	buf_add_char(b, '[');
	for (size_t i = 0; i < inv->timeline_count; i++) {
		const struct invitation_entry *e = &inv->timeline[i];

		buf_add_string(b, i > 0 ? ",{" : "{");
		codec_write_number(b, "at", e->at);
		codec_write_text(b, "event", invitation_event_name(e->event));
		codec_write_text(b, "detail", e->detail);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void
codec_write_invitation(struct buf *b, const struct invitation *inv, const struct store_held *held)
{
	const char *keys[STORE_NAMES];

	buf_add_string(b, "{\"v\":1");
	codec_write_text(b, "state", invitation_state_name(inv->state));
	codec_write_text(b, "method", method_names[inv->method]);
	codec_write_person(b, inv);
	codec_write_text(b, "personal_mail", inv->personal_mail);
	codec_write_flag(b, "undeliverable", inv->undeliverable);
	codec_write_flag(b, "uid_fixed", inv->uid_fixed);
	codec_write_hashes(b, "tokens", inv->tokens, inv->token_count);
	codec_write_hashes(b, "old_tokens", inv->old_tokens, inv->old_token_count);
	codec_write_number(b, "created_at", inv->created_at);
	codec_write_number(b, "expires_at", inv->expires_at);
	codec_write_text(b, "created_by", inv->created_by);
	codec_write_text(b, "owner", inv->owner);
	codec_write_text(b, "attempt", inv->attempt);
	codec_write_number(b, "claimed_at", inv->claimed_at);
	codec_write_text(b, "dn", inv->dn);
	codec_write_flag(b, "add_sent", inv->add_sent);
	codec_write_flag(b, "settled_later", inv->settled_later);
	codec_write_number(b, "done_at", inv->done_at);
	codec_write_timeline(b, inv);
	for (size_t i = 0; i < held->count; i++)
		keys[i] = held->keys[i].text;
	codec_write_strings(b, "held", keys, held->count);
	buf_add_char(b, '}');
}

/* ---- reading ---- */

/* The first member that is not as we wrote it. */
struct reader {
	const json_t *root;
	struct invitation *inv;
	const char *bad;
};

/* The member, or NULL when it is absent; one of another type is bad. */
static const json_t *
codec_member(struct reader *r, const json_t *object, const char *name, json_type type)
{
	const json_t *v = json_object_get(object, name);

	if (v == NULL || json_typeof(v) == type)
		return v;
	r->bad = name;
	return NULL;
}

static const char *
codec_read_text(struct reader *r, const json_t *object, const char *name)
{
	const json_t *v = codec_member(r, object, name, JSON_STRING);

	return v == NULL ? NULL : arena_strdup(r->inv->arena, json_string_value(v));
}

static int64_t
codec_read_number(struct reader *r, const json_t *object, const char *name)
{
	const json_t *v = codec_member(r, object, name, JSON_INTEGER);

	return v == NULL ? 0 : json_integer_value(v);
}

static bool
codec_read_flag(struct reader *r, const char *name)
{
	const json_t *v = json_object_get(r->root, name);

	if (v != NULL && !json_is_boolean(v))
		r->bad = name;
	return json_is_true(v);
}

/* The place of a member's text in a table of names; `otherwise` when it is absent. */
static int
codec_read_name(struct reader *r, const json_t *object, const char *name, const char *const *names,
    size_t count, int otherwise)
{
	const json_t *v = codec_member(r, object, name, JSON_STRING);

	if (v == NULL)
		return otherwise;
	for (size_t i = 0; i < count; i++)
		if (strcmp(json_string_value(v), names[i]) == 0)
			return (int)i;
	r->bad = name;
	return otherwise;
}

/* How many elements a list has; one that is too long counts as broken and has none. */
static size_t
codec_read_list(struct reader *r, const char *name, size_t max, const json_t **list)
{
	size_t count;

	*list = codec_member(r, r->root, name, JSON_ARRAY);
	count = json_array_size(*list);
	if (count <= max)
		return count;
	r->bad = name;
	return 0;
}

static size_t
codec_read_hashes(struct reader *r, const char *name, struct token_hash *out, size_t max)
{
	const json_t *list;
	size_t count = codec_read_list(r, name, max, &list);

	for (size_t i = 0; i < count; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v) ||
		    !decode_base64(json_string_value(v), json_string_length(v), out[i].bytes,
			sizeof(out[i].bytes)))
			r->bad = name;
	}
	return count;
}

static size_t
codec_read_strings(struct reader *r, const char *name, const char **out, size_t max)
{
	struct record_reader list = { .root = r->root, .arena = r->inv->arena };
	size_t count = record_texts(&list, name, out, max);

	if (list.bad != NULL)
		r->bad = list.bad;
	return count;
}

static void
codec_read_person(struct reader *r)
{
	struct invitation *inv = r->inv;
	const json_t *person = codec_member(r, r->root, "person", JSON_OBJECT);
	const json_t *modes = codec_member(r, r->root, "modes", JSON_OBJECT);

	for (int i = 0; i < PERSON_FIELD_COUNT; i++) {
		const char *name = person_field_name((enum person_field)i);

		inv->person.value[i] = codec_read_text(r, person, name);
		inv->modes[i] = (enum field_mode)codec_read_name(
		    r, modes, name, mode_names, COUNT(mode_names), FIELD_FIXED);
	}
	inv->person.group_count =
	    codec_read_strings(r, "groups", inv->person.groups, PERSON_GROUPS_MAX);
	inv->personal_mail = codec_read_text(r, r->root, "personal_mail");
	inv->undeliverable = codec_read_flag(r, "undeliverable");
	inv->uid_fixed = codec_read_flag(r, "uid_fixed");
}

static void
codec_read_timeline(struct reader *r)
{
	const json_t *list = codec_member(r, r->root, "timeline", JSON_ARRAY);
	size_t count = json_array_size(list);

	if (count > INVITATION_TIMELINE_MAX) {
		r->bad = "timeline";
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *v = json_array_get(list, i);
		struct invitation_entry *e = &r->inv->timeline[i];
		const char *event = json_string_of(v, "event");

		e->at = codec_read_number(r, v, "at");
		e->detail = codec_read_text(r, v, "detail");
		if (event == NULL || !invitation_event_by_name(event, &e->event))
			r->bad = "timeline";
	}
	r->inv->timeline_count = count;
}

static void
codec_read_life(struct reader *r)
{
	struct invitation *inv = r->inv;
	const char *state = json_string_of(r->root, "state");
	struct record_reader copied = { .root = r->root };

	if (state == NULL || !invitation_state_by_name(state, &inv->state))
		r->bad = "state";
	inv->method = (enum invitation_method)codec_read_name(
	    r, r->root, "method", method_names, COUNT(method_names), INVITATION_BY_LINK);
	inv->token_count = codec_read_hashes(r, "tokens", inv->tokens, INVITATION_TOKENS_MAX);
	inv->old_token_count =
	    codec_read_hashes(r, "old_tokens", inv->old_tokens, INVITATION_OLD_TOKENS_MAX);
	inv->created_at = codec_read_number(r, r->root, "created_at");
	inv->expires_at = codec_read_number(r, r->root, "expires_at");
	inv->created_by = codec_read_text(r, r->root, "created_by");
	record_copy_optional(&copied, "owner", inv->owner, sizeof(inv->owner));
	record_copy_optional(&copied, "attempt", inv->attempt, sizeof(inv->attempt));
	if (copied.bad != NULL)
		r->bad = copied.bad;
	inv->claimed_at = codec_read_number(r, r->root, "claimed_at");
	inv->dn = codec_read_text(r, r->root, "dn");
	inv->add_sent = codec_read_flag(r, "add_sent");
	inv->settled_later = codec_read_flag(r, "settled_later");
	inv->done_at = codec_read_number(r, r->root, "done_at");
}

static void
codec_read_held(struct reader *r, struct store_held *held)
{
	const char *keys[STORE_NAMES] = { NULL };

	held->count = codec_read_strings(r, "held", keys, STORE_NAMES);
	for (size_t i = 0; i < held->count && r->bad == NULL; i++) {
		if (strlen(keys[i]) < STORE_KEY_SIZE)
			memcpy(held->keys[i].text, keys[i], strlen(keys[i]) + 1);
		else
			r->bad = "held";
	}
}

enum err
codec_read_invitation(struct invitation **out, const char *id, uint64_t revision, const char *text,
    size_t len, struct store_held *held, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct reader r = { .root = root };
	struct store_held unused;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "invitation/%s: %s", id, own.text);
	r.inv = invitation_new();
	memcpy(r.inv->id, id, ID_SIZE);
	r.inv->revision = revision;
	codec_read_life(&r);
	codec_read_person(&r);
	codec_read_timeline(&r);
	codec_read_held(&r, held != NULL ? held : &unused);
	json_decref(root);
	if (r.bad != NULL) {
		invitation_free(r.inv);
		return fault_set(
		    f, ERR_CORRUPT, "invitation/%s is damaged at its member \"%s\"", id, r.bad);
	}
	*out = r.inv;
	return ERR_OK;
}

enum err
store_read_invitation(const struct store *s, const struct kv_item *item, struct invitation **out,
    struct store_held *held, struct fault *f)
{
	static const char space[] = "invitation/";
	const size_t at = sizeof(space) - 1;
	struct arena *arena;
	char id[ID_SIZE], *text;
	size_t len;
	enum err code;

	if (item->key.len != at + ID_SIZE - 1)
		return fault_set(f, ERR_CORRUPT, "a key under %s holds no id", space);
	memcpy(id, (const char *)item->key.data + at, ID_SIZE - 1);
	id[ID_SIZE - 1] = '\0';
	arena = arena_new(0);
	code = store_open_item(s, item, arena, &text, &len, f);
	if (code == ERR_OK)
		code = codec_read_invitation(out, id, item->modified, text, len, held, f);
	arena_free(arena);
	return code;
}
