/* Return paths that say which invitation a bounce is about, and cannot be made up:
 *
 *   LOCAL+b-INVITATION-TAG@DOMAIN
 *
 * INVITATION is the id's 16 bytes, TAG the first 10 bytes of BLAKE2b over them, keyed; both in the
 * base32 of RFC 4648 in lower case without padding, so that nothing is lost when a mail system
 * folds the case. With LOCAL up to 18 bytes the local part is at most 64 (RFC 5321 section
 * 4.5.3.1.1); a longer one is left as it is, and bounces are attributed by Message-ID alone. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "mail/mail.h"

enum {
	ID_BYTES = 16,
	TAG_BYTES = 10,
	ID_CHARS = 26,
	TAG_CHARS = 16,
	LOCAL_MAX = 64,
	DETAIL_LEN = 3 + ID_CHARS + 1 + TAG_CHARS /* "+b-ID-TAG" */
};

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static void
mail_base32_encode(const unsigned char *data, size_t len, char *out)
{
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = alphabet[bits >> (have - 5) & 31];
		bits &= (1U << have) - 1;
	}
	if (have > 0)
		*out++ = alphabet[bits << (5 - have) & 31];
	*out = '\0';
}

/* Exactly `len` bytes of the one canonical form, in either case. */
static bool
mail_base32_decode(const char *text, size_t text_len, unsigned char *out, size_t len)
{
	unsigned bits = 0, have = 0;
	size_t made = 0;

	for (size_t i = 0; i < text_len; i++) {
		const char lower = (char)tolower((unsigned char)text[i]);
		const char *at = lower != '\0' ? strchr(alphabet, lower) : NULL;

		if (at == NULL)
			return false;
		bits = bits << 5 | (unsigned)(at - alphabet);
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		if (made == len)
			return false;
		out[made++] = (unsigned char)(bits >> have);
		bits &= (1U << have) - 1;
	}
	return made == len && have < 5 && bits == 0;
}

static void
mail_verp_tag(const struct mail_sender *sender, const unsigned char id[ID_BYTES],
    unsigned char tag[TAG_BYTES])
{
	static const char use[] = "usherd return path";
	unsigned char digest[crypto_generichash_BYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, sender->verp_key, sizeof(sender->verp_key), sizeof(digest));
	crypto_generichash_update(&state, (const unsigned char *)use, sizeof(use));
	crypto_generichash_update(&state, id, ID_BYTES);
	crypto_generichash_final(&state, digest, sizeof(digest));
	memcpy(tag, digest, TAG_BYTES);
}

static const char *
mail_verp_base(const struct mail_sender *sender)
{
	return sender->bounces != NULL ? sender->bounces : sender->from;
}

/* The 16 bytes of a UUID in its canonical form. */
static bool
mail_verp_id_bytes(const char *invitation, unsigned char out[ID_BYTES])
{
	size_t len;

	return id_is_valid(invitation) &&
	       sodium_hex2bin(out, ID_BYTES, invitation, ID_SIZE - 1, "-", &len, NULL) == 0 &&
	       len == ID_BYTES;
}

const char *
mail_verp_address(struct arena *arena, const struct mail_sender *sender, const char *invitation)
{
	const char *base = mail_verp_base(sender), *at = strrchr(base, '@');
	unsigned char id[ID_BYTES], tag[TAG_BYTES];
	char id_text[ID_CHARS + 1], tag_text[TAG_CHARS + 1];

	if (at == NULL || (size_t)(at - base) + DETAIL_LEN > LOCAL_MAX ||
	    strlen(base) + DETAIL_LEN > MAIL_ADDRESS_MAX || !mail_verp_id_bytes(invitation, id))
		return arena_strdup(arena, base);
	mail_verp_tag(sender, id, tag);
	mail_base32_encode(id, ID_BYTES, id_text);
	mail_base32_encode(tag, TAG_BYTES, tag_text);
	return arena_printf(arena, "%.*s+b-%s-%s%s", (int)(at - base), base, id_text, tag_text, at);
}

bool
mail_verp_parse(
    const struct mail_sender *sender, const char *address, size_t len, char *id, size_t id_size)
{
	const char *base = mail_verp_base(sender), *at = strrchr(base, '@'), *detail;
	unsigned char bytes[ID_BYTES], told[TAG_BYTES], tag[TAG_BYTES];
	char hex[2 * ID_BYTES + 1];
	size_t local = at != NULL ? (size_t)(at - base) : 0;

	if (at == NULL || len != strlen(base) + DETAIL_LEN || id_size < ID_SIZE ||
	    strncasecmp(address, base, local) != 0 ||
	    strncasecmp(address + local + DETAIL_LEN, at, strlen(at)) != 0)
		return false;
	detail = address + local;
	if (strncasecmp(detail, "+b-", 3) != 0 || detail[3 + ID_CHARS] != '-' ||
	    !mail_base32_decode(detail + 3, ID_CHARS, bytes, ID_BYTES) ||
	    !mail_base32_decode(detail + 3 + ID_CHARS + 1, TAG_CHARS, told, TAG_BYTES))
		return false;
	mail_verp_tag(sender, bytes, tag);
	if (sodium_memcmp(tag, told, TAG_BYTES) != 0)
		return false;
	encode_hex(bytes, ID_BYTES, hex);
	snprintf(
	    id, id_size, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return true;
}
