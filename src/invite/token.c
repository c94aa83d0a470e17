#include "invite/token.h"

#include <string.h>
#include <sodium.h>

#include "base/id.h"

static const char token_prefix[] = "usj_";

enum { TOKEN_PREFIX_LEN = sizeof(token_prefix) - 1, TOKEN_RANDOM_SIZE = 32 };

/* Over the text, not the bytes behind it: what is presented is what is hashed, and a hash of one
 * kind of token can never be that of another kind, whose prefix differs. */
static void
token_hash_text(const char *text, struct token_hash *hash)
{
	crypto_generichash(hash->bytes, sizeof(hash->bytes), (const unsigned char *)text,
	    TOKEN_TEXT_SIZE - 1, NULL, 0);
}

struct secret *
token_make(const unsigned char random[32], struct token_hash *hash)
{
	char text[TOKEN_TEXT_SIZE];
	struct secret *token;

	memcpy(text, token_prefix, TOKEN_PREFIX_LEN);
	encode_base64(random, TOKEN_RANDOM_SIZE, text + TOKEN_PREFIX_LEN);
	token_hash_text(text, hash);
	token = secret_new(text, TOKEN_TEXT_SIZE - 1);
	secret_wipe(text, sizeof(text));
	return token;
}

bool
token_hash_of(const char *text, size_t len, struct token_hash *hash)
{
	unsigned char bytes[TOKEN_RANDOM_SIZE];
	bool canonical;

	if (len != TOKEN_TEXT_SIZE - 1 || memcmp(text, token_prefix, TOKEN_PREFIX_LEN) != 0)
		return false;
	text += TOKEN_PREFIX_LEN;
	len -= TOKEN_PREFIX_LEN;
	canonical = decode_base64(text, len, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	if (canonical)
		token_hash_text(text - TOKEN_PREFIX_LEN, hash);
	return canonical;
}

bool
token_hash_equal(const struct token_hash *a, const struct token_hash *b)
{
	return sodium_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
