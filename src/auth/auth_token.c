/* The text of an API token. The id is hexadecimal so that it never looks like an option of a
 * command; the checksum lets a secret scanner, and us, tell a token from a string of the same shape
 * without asking anybody. */
#include <assert.h>
#include <string.h>
#include <sodium.h>

#include "auth/auth_private.h"
#include "base/id.h"

enum {
	PREFIX_LEN = 4,
	ID_LEN = API_TOKEN_ID_SIZE - 1,
	SECRET_AT = PREFIX_LEN + ID_LEN + 1,
	SECRET_BYTES = 32,
	CHECKSUM_AT = SECRET_AT + 43,
	CHECKSUM_BYTES = 4
};

static void
auth_token_hash(const char *text, size_t len, unsigned char out[TOKEN_HASH_SIZE])
{
	crypto_generichash(out, TOKEN_HASH_SIZE, (const unsigned char *)text, len, NULL, 0);
}

struct secret *
auth_token_text_new(char id[API_TOKEN_ID_SIZE], struct token_hash *hash)
{
	char text[AUTH_TOKEN_LEN + 1] = "ush_";
	unsigned char random[SECRET_BYTES], digest[TOKEN_HASH_SIZE];
	struct secret *s;

	random_fill(random, ID_LEN / 2);
	encode_hex(random, ID_LEN / 2, text + PREFIX_LEN);
	memcpy(id, text + PREFIX_LEN, API_TOKEN_ID_SIZE);
	text[SECRET_AT - 1] = '_';
	random_fill(random, sizeof(random));
	encode_base64(random, sizeof(random), text + SECRET_AT);
	auth_token_hash(text, CHECKSUM_AT, digest);
	encode_base64(digest, CHECKSUM_BYTES, text + CHECKSUM_AT);
	assert(strlen(text) == AUTH_TOKEN_LEN);
	auth_token_hash(text, AUTH_TOKEN_LEN, hash->bytes);
	s = secret_new(text, AUTH_TOKEN_LEN);
	secret_wipe(random, sizeof(random));
	secret_wipe(text, sizeof(text));
	return s;
}

bool
auth_token_text_read(
    const char *text, size_t len, char id[API_TOKEN_ID_SIZE], struct token_hash *hash)
{
	unsigned char random[SECRET_BYTES], digest[TOKEN_HASH_SIZE], sum[CHECKSUM_BYTES];
	bool canonical;

	if (len != AUTH_TOKEN_LEN || memcmp(text, "ush_", PREFIX_LEN) != 0 ||
	    text[SECRET_AT - 1] != '_')
		return false;
	for (int i = PREFIX_LEN; i < PREFIX_LEN + ID_LEN; i++)
		if (text[i] == '\0' || strchr("0123456789abcdef", text[i]) == NULL)
			return false;
	canonical =
	    decode_base64(text + SECRET_AT, CHECKSUM_AT - SECRET_AT, random, sizeof(random));
	secret_wipe(random, sizeof(random));
	if (!canonical ||
	    !decode_base64(text + CHECKSUM_AT, AUTH_TOKEN_LEN - CHECKSUM_AT, sum, sizeof(sum)))
		return false;
	auth_token_hash(text, CHECKSUM_AT, digest);
	if (memcmp(sum, digest, sizeof(sum)) != 0)
		return false;
	memcpy(id, text + PREFIX_LEN, ID_LEN);
	id[ID_LEN] = '\0';
	auth_token_hash(text, len, hash->bytes);
	return true;
}
