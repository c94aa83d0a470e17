/* API tokens, sessions, and where people have signed in from, as JSON. */
#include "store/store_private.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <jansson.h>

#include "base/json.h"

static void
record_write_hash(struct buf *b, const struct token_hash *hash)
{
	char text[ENCODE_BASE64_SIZE(TOKEN_HASH_SIZE)];

	encode_base64(hash->bytes, sizeof(hash->bytes), text);
	buf_printf(b, "{\"v\":1,\"hash\":\"%s\"", text);
}

static bool
record_read_hash(const json_t *root, struct token_hash *out)
{
	const char *text = json_string_of(root, "hash");

	return text != NULL && decode_base64(text, strlen(text), out->bytes, sizeof(out->bytes));
}

/* ---- API token ---- */

void
record_write_api_token(struct buf *b, const struct api_token *t)
{
	record_write_hash(b, &t->hash);
	buf_printf(b,
	    ",\"scopes\":%u,\"created_at\":%" PRId64 ",\"expires_at\":%" PRId64 ",\"name\":",
	    t->scopes, t->created_at, t->expires_at);
	buf_add_json_string(b, t->name);
	buf_add_string(b, ",\"created_by\":");
	buf_add_json_string(b, t->created_by);
	codec_write_text(b, "owner", t->owner);
	codec_write_number(b, "used_at", t->used_at);
	codec_write_strings(b, "places", t->places, t->place_count);
	buf_add_char(b, '}');
}

/* A limit that cannot be read must not read as none: such a token is damaged. */
static bool
record_fill_api_token(struct api_token *t, const json_t *root, struct arena *arena)
{
	struct record_reader r = { .root = root, .arena = arena };
	int64_t scopes = 0;

	record_copy_optional(&r, "owner", t->owner, sizeof(t->owner));
	t->used_at = record_number(&r, "used_at");
	t->place_count = record_texts(&r, "places", t->places, REACH_PLACES_MAX);
	if (r.bad != NULL || !record_read_hash(root, &t->hash) ||
	    !record_copy_string(root, "name", t->name, sizeof(t->name)) ||
	    !record_copy_string(root, "created_by", t->created_by, sizeof(t->created_by)) ||
	    !record_copy_number(root, "created_at", &t->created_at) ||
	    !record_copy_number(root, "expires_at", &t->expires_at) ||
	    !record_copy_number(root, "scopes", &scopes) || scopes < 0 || scopes > UINT_MAX)
		return false;
	t->scopes = (unsigned)scopes;
	return true;
}

enum err
record_read_api_token(struct api_token *out, const char *id, struct arena *arena, const char *text,
    size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct api_token t = { .scopes = 0 };
	bool good;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "apitoken/%s: %s", id, own.text);
	good = strlen(id) < sizeof(t.id) && record_fill_api_token(&t, root, arena);
	json_decref(root);
	if (!good)
		return fault_set(f, ERR_CORRUPT, "apitoken/%s is not what we wrote", id);
	memcpy(t.id, id, strlen(id) + 1);
	*out = t;
	return ERR_OK;
}

/* ---- session ---- */

void
record_write_session(struct buf *b, const struct store_session *session)
{
	record_write_hash(b, &session->hash);
	codec_write_text(b, "person", session->person);
	codec_write_number(b, "created_at", session->created_at);
	codec_write_number(b, "ends_at", session->ends_at);
	codec_write_number(b, "used_at", session->used_at);
	codec_write_text(b, "address", session->address);
	codec_write_text(b, "agent", session->agent);
	buf_add_char(b, '}');
}

/* Those of older versions tell neither address nor browser. */
static bool
record_fill_session(struct store_session *s, const json_t *root)
{
	struct record_reader r = { .root = root };

	record_copy_optional(&r, "address", s->address, sizeof(s->address));
	record_copy_optional(&r, "agent", s->agent, sizeof(s->agent));
	return r.bad == NULL && record_read_hash(root, &s->hash) &&
	       record_copy_string(root, "person", s->person, sizeof(s->person)) &&
	       id_is_valid(s->person) && record_copy_number(root, "created_at", &s->created_at) &&
	       record_copy_number(root, "ends_at", &s->ends_at) &&
	       record_copy_number(root, "used_at", &s->used_at);
}

enum err
record_read_session(
    struct store_session *out, const char *id, const char *text, size_t len, struct fault *f)
{
	struct fault own;
	json_t *root = record_parse(text, len, &own);
	struct store_session s = { .ends_at = 0 };
	bool good;

	if (root == NULL)
		return fault_set(f, ERR_CORRUPT, "session/%s: %s", id, own.text);
	good = strlen(id) < sizeof(s.id) && record_fill_session(&s, root);
	json_decref(root);
	if (!good)
		return fault_set(f, ERR_CORRUPT, "session/%s is not what we wrote", id);
	memcpy(s.id, id, strlen(id) + 1);
	*out = s;
	return ERR_OK;
}

/* ---- known sources ---- */

void
record_write_known(struct buf *b, int64_t at)
{
	buf_printf(b, "{\"v\":1,\"at\":%" PRId64 "}", at);
}

enum err
record_read_known(int64_t *at, const char *text, size_t len, struct fault *f)
{
	json_t *root = record_parse(text, len, f);
	enum err code = ERR_OK;

	if (root == NULL)
		return ERR_CORRUPT;
	if (!record_copy_number(root, "at", at))
		code = fault_set(f, ERR_CORRUPT, "a known source has no time");
	json_decref(root);
	return code;
}
