/* Webhook endpoints and events, as JSON. */
#include "store/store_private.h"

#include <string.h>
#include <jansson.h>

#include "base/json.h"

/* ---- endpoint ---- */

#define SECRET_TEXT_SIZE ENCODE_BASE64_SIZE(HOOK_SECRET_SIZE)

static void
record_write_secret(struct buf *b, const char *name, const unsigned char secret[HOOK_SECRET_SIZE])
{
	char text[SECRET_TEXT_SIZE];

	encode_base64(secret, HOOK_SECRET_SIZE, text);
	codec_write_text(b, name, text);
	secret_wipe(text, sizeof(text));
}

void
record_write_hook(struct buf *b, const struct hook *h)
{
	bool first = true;

	buf_add_string(b, "{\"v\":1");
	codec_write_text(b, "name", h->name);
	codec_write_text(b, "url", h->url);
	codec_write_name(b, "types");
	buf_add_char(b, '[');
	for (int t = 0; t < HOOK_TYPE_COUNT; t++) {
		if ((h->types & 1U << t) == 0)
			continue;
		if (!first)
			buf_add_char(b, ',');
		buf_add_json_string(b, hook_type_name((enum hook_type)t));
		first = false;
	}
	buf_add_char(b, ']');
	codec_write_flag(b, "enabled", h->enabled);
	codec_write_text(b, "why_disabled", h->why_disabled);
	record_write_secret(b, "secret", h->secret);
	if (h->old_until != 0)
		record_write_secret(b, "old_secret", h->old_secret);
	codec_write_number(b, "old_until", h->old_until);
	codec_write_number(b, "created_at", h->created_at);
	codec_write_text(b, "created_by", h->created_by);
	buf_add_char(b, '}');
}

static void
record_read_secret(struct record_reader *r, const char *name, unsigned char out[HOOK_SECRET_SIZE])
{
	const char *text = json_string_of(r->root, name);

	if (text == NULL || !decode_base64(text, strlen(text), out, HOOK_SECRET_SIZE))
		r->bad = name;
}

static void
record_read_types(struct record_reader *r, unsigned *types)
{
	const json_t *list = json_object_get(r->root, "types");

	*types = 0;
	if (!json_is_array(list))
		r->bad = "types";
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		enum hook_type t;

		if (name != NULL && hook_type_by_name(name, &t))
			*types |= 1U << t;
		else
			r->bad = "types";
	}
}

static void
record_fill_hook(struct record_reader *r, struct store_hook *h)
{
	struct hook *k = &h->hook;

	record_copy_optional(r, "name", k->name, sizeof(k->name));
	record_copy_optional(r, "url", k->url, sizeof(k->url));
	record_copy_optional(r, "created_by", k->created_by, sizeof(k->created_by));
	record_copy_optional(r, "why_disabled", h->why, sizeof(h->why));
	if (h->why[0] != '\0')
		k->why_disabled = h->why;
	record_read_types(r, &k->types);
	k->enabled = record_flag(r, "enabled");
	record_read_secret(r, "secret", k->secret);
	k->old_until = record_number(r, "old_until");
	if (k->old_until != 0)
		record_read_secret(r, "old_secret", k->old_secret);
	k->created_at = record_number(r, "created_at");
	if (k->url[0] == '\0')
		r->bad = "url";
}

enum err
record_read_hook(struct store_hook **out, const char *id, uint64_t revision, const char *text,
    size_t len, struct fault *f)
{
	static const struct hook empty;
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct record_reader r = { .root = root };
	struct store_hook *h;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "hook/%s: %s", id, own.text);
	h = store_hook_copy(&empty);
	memcpy(h->hook.id, id, ID_SIZE);
	h->hook.revision = revision;
	record_fill_hook(&r, h);
	json_decref(root);
	if (r.bad != NULL) {
		store_hook_free(h);
		return fault_set(
		    f, ERR_CORRUPT, "hook/%s is damaged at its member \"%s\"", id, r.bad);
	}
	*out = h;
	return ERR_OK;
}

/* ---- event ---- */

void
record_write_event(struct buf *b, const struct hook_event *e)
{
	buf_add_string(b, "{\"v\":1");
	codec_write_text(b, "type", hook_type_name(e->type));
	codec_write_number(b, "at", e->at);
	codec_write_text(b, "invitation", e->invitation);
	codec_write_text(b, "user", e->user);
	codec_write_text(b, "uid", e->uid);
	codec_write_text(b, "dn", e->dn);
	codec_write_text(b, "status", e->status);
	codec_write_text(b, "actor", e->actor);
	buf_add_char(b, '}');
}

enum err
record_read_event(struct hook_event *out, const char *id, uint64_t revision, struct arena *arena,
    const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct record_reader r = { .root = root, .arena = arena };
	struct hook_event e = { .revision = revision };
	const char *type;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "event/%s: %s", id, own.text);
	memcpy(e.id, id, ID_SIZE);
	e.at = record_number(&r, "at");
	e.invitation = record_text(&r, "invitation");
	e.user = record_text(&r, "user");
	e.uid = record_text(&r, "uid");
	e.dn = record_text(&r, "dn");
	e.status = record_text(&r, "status");
	e.actor = record_text(&r, "actor");
	type = json_string_of(root, "type");
	if (type == NULL || !hook_type_by_name(type, &e.type))
		r.bad = "type";
	json_decref(root);
	if (r.bad != NULL)
		return fault_set(
		    f, ERR_CORRUPT, "event/%s is damaged at its member \"%s\"", id, r.bad);
	*out = e;
	return ERR_OK;
}
