/* The secret in a registration link: 256 random bits behind a prefix that secret scanners know.
 * "usj_" and 43 characters of base64url; only its hash is ever stored. */
#ifndef USHERD_INVITE_TOKEN_H
#define USHERD_INVITE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/secret.h"

enum {
	TOKEN_TEXT_SIZE = 4 + 43 + 1, /* with the zero byte */
	TOKEN_HASH_SIZE = 32,	      /* bytes */
};

struct token_hash {
	unsigned char bytes[TOKEN_HASH_SIZE];
};

/* A new token: its text as a secret (the caller owns it) and its hash. `random` is 32 fresh random
 * bytes and is not kept. */
struct secret *token_make(const unsigned char random[32], struct token_hash *hash);

/* The hash of a presented token. False when the text is not the one canonical form of any token:
 * other prefix, length, alphabet, padding or spare bits. BLAKE2b-256 over the text. */
bool token_hash_of(const char *text, size_t len, struct token_hash *hash);

/* Constant time. */
bool token_hash_equal(const struct token_hash *a, const struct token_hash *b);

#endif
