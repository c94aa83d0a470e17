/* Blocks of the audit trail's chain, and the marks at its two ends: hashes and JSON. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include <sodium.h>

#include "base/json.h"

#define HASH_TEXT_SIZE ENCODE_BASE64_SIZE(AUDIT_HASH_SIZE)

struct store_key
chain_block_key(uint64_t number)
{
	char name[17];

	snprintf(name, sizeof(name), "%016" PRIx64, number);
	return store_key_of("chain", name);
}

/* ---- hashes ---- */

void
chain_hash_record(const char *line, size_t len, unsigned char out[AUDIT_HASH_SIZE])
{
	crypto_generichash(out, AUDIT_HASH_SIZE, (const unsigned char *)line, len, NULL, 0);
}

static void
hash_number(crypto_generichash_state *h, uint64_t n)
{
	unsigned char b[8];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (unsigned char)(n >> (56 - 8 * i));
	crypto_generichash_update(h, b, sizeof(b));
}

/* Begins with words of its own, so that no record can pass for a block; all else has a fixed
 * length, or one that is said before it. */
void
chain_hash_block(const struct chain_block *b, unsigned char out[AUDIT_HASH_SIZE])
{
	static const unsigned char domain[] = "usherd audit block";
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, AUDIT_HASH_SIZE);
	crypto_generichash_update(&h, domain, sizeof(domain));
	hash_number(&h, b->number);
	crypto_generichash_update(&h, b->previous, sizeof(b->previous));
	hash_number(&h, b->through);
	hash_number(&h, b->count);
	for (size_t i = 0; i < b->count; i++) {
		crypto_generichash_update(&h, (const unsigned char *)b->entries[i].id, ID_SIZE - 1);
		crypto_generichash_update(&h, b->entries[i].hash, AUDIT_HASH_SIZE);
	}
	crypto_generichash_final(&h, out, AUDIT_HASH_SIZE);
}

/* ---- JSON ---- */

static void
chain_write_hash(struct buf *b, const char *name, const unsigned char hash[AUDIT_HASH_SIZE])
{
	char text[HASH_TEXT_SIZE];

	encode_base64(hash, AUDIT_HASH_SIZE, text);
	codec_write_text(b, name, text);
}

static bool
chain_read_hash(const json_t *value, unsigned char out[AUDIT_HASH_SIZE])
{
	const char *text = json_string_value(value);

	return text != NULL && decode_base64(text, strlen(text), out, AUDIT_HASH_SIZE);
}

static bool
chain_read_number(const json_t *root, const char *name, uint64_t *out)
{
	int64_t n;

	if (!record_copy_number(root, name, &n) || n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

/* One that may be left out, which reads as 0. */
static bool
chain_read_optional(const json_t *root, const char *name, uint64_t *out)
{
	*out = 0;
	return json_object_get(root, name) == NULL || chain_read_number(root, name, out);
}

void
record_write_block(struct buf *b, const struct chain_block *block)
{
	char text[HASH_TEXT_SIZE];

	buf_printf(b, "{\"v\":1,\"number\":%" PRIu64 ",\"through\":%" PRIu64, block->number,
	    block->through);
	chain_write_hash(b, "previous", block->previous);
	chain_write_hash(b, "hash", block->hash);
	codec_write_name(b, "records");
	buf_add_char(b, '[');
	for (size_t i = 0; i < block->count; i++) {
		encode_base64(block->entries[i].hash, AUDIT_HASH_SIZE, text);
		buf_printf(b, "%s[\"%s\",\"%s\"]", i > 0 ? "," : "", block->entries[i].id, text);
	}
	buf_add_string(b, "]}");
}

static bool
chain_read_entries(const json_t *list, struct chain_block *out)
{
	out->count = json_array_size(list);
	if (out->count == 0 || out->count > AUDIT_BLOCK_MAX)
		return false;
	for (size_t i = 0; i < out->count; i++) {
		const json_t *pair = json_array_get(list, i);
		const char *id = json_string_value(json_array_get(pair, 0));

		if (id == NULL || !id_is_valid(id) ||
		    !chain_read_hash(json_array_get(pair, 1), out->entries[i].hash))
			return false;
		memcpy(out->entries[i].id, id, ID_SIZE);
	}
	return true;
}

enum err
record_read_block(struct chain_block *out, const char *text, size_t len, struct fault *f)
{
	json_t *root = record_parse(text, len, f);
	bool good;

	if (root == NULL)
		return ERR_CORRUPT;
	good = chain_read_number(root, "number", &out->number) &&
	       chain_read_number(root, "through", &out->through) &&
	       chain_read_hash(json_object_get(root, "previous"), out->previous) &&
	       chain_read_hash(json_object_get(root, "hash"), out->hash) &&
	       chain_read_entries(json_object_get(root, "records"), out);
	json_decref(root);
	return good ? ERR_OK : fault_set(f, ERR_CORRUPT, "a block is not what we wrote");
}

void
chain_mark_block(struct chain_mark *m, const struct chain_block *b)
{
	m->number = b->number;
	m->through = b->through;
	memcpy(m->hash, b->hash, sizeof(m->hash));
}

void
record_write_mark(struct buf *b, const struct chain_mark *m)
{
	buf_printf(
	    b, "{\"v\":1,\"number\":%" PRIu64 ",\"through\":%" PRIu64, m->number, m->through);
	chain_write_hash(b, "hash", m->hash);
	codec_write_number(b, "lost", (int64_t)m->lost);
	codec_write_number(b, "ending", (int64_t)m->ending);
	codec_write_number(b, "told", (int64_t)m->told);
	codec_write_number(b, "taken", (int64_t)m->taken);
	codec_write_number(b, "sources", m->sources);
	buf_add_char(b, '}');
}

static enum err
record_read_mark(struct chain_mark *out, const char *text, size_t len, struct fault *f)
{
	json_t *root = record_parse(text, len, f);
	struct chain_mark m = { .ending = 0 };
	uint64_t sources;
	bool good;

	if (root == NULL)
		return ERR_CORRUPT;
	good = chain_read_number(root, "number", &m.number) &&
	       chain_read_number(root, "through", &m.through) &&
	       chain_read_hash(json_object_get(root, "hash"), m.hash) &&
	       chain_read_optional(root, "lost", &m.lost) &&
	       chain_read_optional(root, "ending", &m.ending) &&
	       chain_read_optional(root, "told", &m.told) &&
	       chain_read_optional(root, "taken", &m.taken) &&
	       chain_read_optional(root, "sources", &sources);
	json_decref(root);
	if (!good)
		return fault_set(f, ERR_CORRUPT, "an end of the chain is not what we wrote");
	m.sources = (int64_t)sources;
	*out = m;
	return ERR_OK;
}

/* ---- items ---- */

/* As one of the two; the other is NULL. */
static enum err
chain_open(const struct store *s, const struct kv_item *item, struct chain_block *block,
    struct chain_mark *mark, struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = block != NULL ? record_read_block(block, text, len, f)
				     : record_read_mark(mark, text, len, f);
	arena_free(arena);
	return code;
}

enum err
chain_open_block(
    const struct store *s, const struct kv_item *item, struct chain_block *out, struct fault *f)
{
	return chain_open(s, item, out, NULL, f);
}

enum err
chain_open_mark(
    const struct store *s, const struct kv_item *item, struct chain_mark *out, struct fault *f)
{
	return chain_open(s, item, NULL, out, f);
}

size_t
audit_line_len(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return end != NULL ? (size_t)(end - text) : len;
}

enum err
chain_hash_item(const struct store *s, const struct kv_item *item,
    unsigned char out[AUDIT_HASH_SIZE], struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		chain_hash_record(text, audit_line_len(text, len), out);
	arena_free(arena);
	return code;
}
