/* Marks that say which invitation a bounce is about, and cannot be made up: return paths and ids of
 * mails. Of the former:
 *
 *   LOCAL+b-INVITATION-TAG@DOMAIN
 *
 * INVITATION is the id's 16 bytes; TAG are 4 bytes of a hash of the recipient and 6 of one over all
 * of it, both BLAKE2b with our key: whoever tries all 2^48 of the latter is noticed. Both are in
 * the base32 of RFC 4648, in lower case without padding, so that nothing is lost when a mail system
 * folds the case. With LOCAL up to 18 bytes the local part is at most 64 (RFC 5321 section
 * 4.5.3.1.1); a longer one is left as it is. There are no such addresses without a mailbox for
 * bounces: not every mail system delivers them, nor lets everybody send from them. Bounces are
 * attributed by Message-ID alone then.
 *
 * An id is NAME.TAG@DOMAIN, TAG being 10 bytes of the same hash over the name. The name begins with
 * the invitation's id, which colleagues of whoever invited may know: it proves nothing. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "mail/mail_private.h"

enum {
	ID_BYTES = 16,
	PROOF_BYTES = 6,
	TAG_BYTES = sizeof(uint32_t) + PROOF_BYTES,
	ALL_BYTES = ID_BYTES + TAG_BYTES,
	ID_CHARS = 26,
	TAG_CHARS = 16,
	LOCAL_MAX = 64,
	NAME_TAG_BYTES = 10,
	NAME_TAG_CHARS = 16,
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

/* The first `len` bytes of BLAKE2b, keyed; `use` keeps the hashes apart. */
static void
mail_verp_hash(const struct mail_sender *sender, const char *use, const void *data, size_t data_len,
    unsigned char *out, size_t len)
{
	unsigned char digest[crypto_generichash_BYTES];
	crypto_generichash_state state;

	crypto_generichash_init(&state, sender->verp_key, sizeof(sender->verp_key), sizeof(digest));
	crypto_generichash_update(&state, (const unsigned char *)use, strlen(use) + 1);
	crypto_generichash_update(&state, data, data_len);
	crypto_generichash_final(&state, digest, sizeof(digest));
	memcpy(out, digest, len);
}

/* Over everything in front of it. */
static void
mail_verp_sign(const struct mail_sender *sender, unsigned char all[ALL_BYTES])
{
	mail_verp_hash(sender, "usherd return path", all, ALL_BYTES - PROOF_BYTES,
	    all + ALL_BYTES - PROOF_BYTES, PROOF_BYTES);
}

uint32_t
mail_verp_recipient(const struct mail_sender *sender, const char *address)
{
	char folded[MAIL_ADDRESS_MAX + 1];
	uint32_t hash;
	size_t len = 0;

	for (; len < MAIL_ADDRESS_MAX && address[len] != '\0'; len++)
		folded[len] = (char)tolower((unsigned char)address[len]);
	mail_verp_hash(
	    sender, "usherd recipient", folded, len, (unsigned char *)&hash, sizeof(hash));
	return hash;
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
mail_verp_address(struct arena *arena, const struct mail_sender *sender, const char *invitation,
    const char *recipient)
{
	const char *base = sender->bounces, *at;
	uint32_t hash = mail_verp_recipient(sender, recipient);
	char id[ID_CHARS + 1], tag[TAG_CHARS + 1];
	unsigned char all[ALL_BYTES];

	if (base == NULL)
		return arena_strdup(arena, sender->from);
	at = strrchr(base, '@');
	if (at == NULL || (size_t)(at - base) + DETAIL_LEN > LOCAL_MAX ||
	    strlen(base) + DETAIL_LEN > MAIL_ADDRESS_MAX || !mail_verp_id_bytes(invitation, all))
		return arena_strdup(arena, base);
	memcpy(all + ID_BYTES, &hash, sizeof(hash));
	mail_verp_sign(sender, all);
	mail_base32_encode(all, ID_BYTES, id);
	mail_base32_encode(all + ID_BYTES, TAG_BYTES, tag);
	return arena_printf(arena, "%.*s+b-%s-%s%s", (int)(at - base), base, id, tag, at);
}

static bool
mail_verp_decode(const char *detail, unsigned char all[ALL_BYTES])
{
	return strncasecmp(detail, "+b-", 3) == 0 && detail[3 + ID_CHARS] == '-' &&
	       mail_base32_decode(detail + 3, ID_CHARS, all, ID_BYTES) &&
	       mail_base32_decode(detail + 3 + ID_CHARS + 1, TAG_CHARS, all + ID_BYTES, TAG_BYTES);
}

bool
mail_verp_parse(
    struct mail_verp *out, const struct mail_sender *sender, const char *address, size_t len)
{
	const char *base = sender->bounces, *at = base != NULL ? strrchr(base, '@') : NULL;
	size_t local = at != NULL ? (size_t)(at - base) : 0;
	unsigned char told[ALL_BYTES], made[ALL_BYTES];
	char hex[2 * ID_BYTES + 1];

	if (at == NULL || len != strlen(base) + DETAIL_LEN ||
	    strncasecmp(address, base, local) != 0 ||
	    strncasecmp(address + local + DETAIL_LEN, at, strlen(at)) != 0 ||
	    !mail_verp_decode(address + local, told))
		return false;
	memcpy(made, told, sizeof(made));
	mail_verp_sign(sender, made);
	if (sodium_memcmp(made, told, sizeof(made)) != 0)
		return false;
	encode_hex(told, ID_BYTES, hex);
	snprintf(out->invitation, sizeof(out->invitation), "%.8s-%.4s-%.4s-%.4s-%.12s", hex,
	    hex + 8, hex + 12, hex + 16, hex + 20);
	memcpy(&out->recipient, told + ID_BYTES, sizeof(out->recipient));
	return true;
}

/* ---- ids of mails ---- */

static void
mail_name_tag(
    const struct mail_sender *sender, const char *name, size_t len, char out[NAME_TAG_CHARS + 1])
{
	unsigned char tag[NAME_TAG_BYTES];

	mail_verp_hash(sender, "usherd message id", name, len, tag, sizeof(tag));
	mail_base32_encode(tag, sizeof(tag), out);
}

const char *
mail_name_sign(struct arena *arena, const struct mail_sender *sender, const char *name)
{
	char tag[NAME_TAG_CHARS + 1];

	mail_name_tag(sender, name, strlen(name), tag);
	return arena_printf(arena, "%s.%s", name, tag);
}

bool
mail_name_is_signed(const struct mail_sender *sender, const char *text, size_t len)
{
	char tag[NAME_TAG_CHARS + 1];
	size_t name = len - (NAME_TAG_CHARS + 1);

	if (len <= NAME_TAG_CHARS + 1 || text[name] != '.')
		return false;
	mail_name_tag(sender, text, name, tag);
	return sodium_memcmp(text + name + 1, tag, NAME_TAG_CHARS) == 0;
}
