/* Records of the audit trail as text: one line that stays, and one of parts that may be erased. */
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>
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
