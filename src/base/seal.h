/* Sealing of stored values and keyed hashing of personal keys, so that a stolen store reveals
 * nobody.
 *
 * A sealed value is: one format byte (1), four bytes of key id, 24 bytes of nonce, then
 * XChaCha20-Poly1305 with the store key's name as associated data: a value moved to another key
 * does not open. Immutable after loading; may be used by any thread.
 *
 * The key file is read here, the one exception from "base opens no files": whoever seals needs it.
 */
#ifndef USHERD_BASE_SEAL_H
#define USHERD_BASE_SEAL_H

#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

struct seal;

enum { SEAL_OVERHEAD = 1 + 4 + 24 + 16, SEAL_HASH_SIZE = 24 /* bytes */ };

/* The key file: one key a line, 43 characters of base64url (32 bytes); the first seals and hashes,
 * all open (rotation). Mode must not let group or others read: ERR_MISCONFIGURED, as for anything
 * else that is wrong with it; the text names file and line. */
enum err seal_load(struct seal **out, const char *path, struct fault *f);
/* libsodium's, as it runs: "1.0.18". */
const char *seal_library_version(void);
struct seal *seal_new(const unsigned char key[32]);
void seal_free(struct seal *s);

/* `out` has room for len + SEAL_OVERHEAD; returns the length written. */
size_t seal_close(const struct seal *s, const void *name, size_t name_len, const void *plain,
    size_t len, unsigned char *out);

/* `out` has room for len - SEAL_OVERHEAD. ERR_CORRUPT: damaged, moved, or made with a key we lack
 * (the text says which). */
enum err seal_open(const struct seal *s, const void *name, size_t name_len,
    const unsigned char *sealed, size_t len, void *out, size_t *out_len, struct fault *f);

/* BLAKE2b keyed with a key derived from the first key; `space` separates uses ("mail", "uid").
 * `out` is base64url text of SEAL_HASH_SIZE bytes. */
#define SEAL_HASH_TEXT_SIZE 33
void seal_hash(
    const struct seal *s, const char *space, const char *text, char out[SEAL_HASH_TEXT_SIZE]);

/* 32 bytes for another use ("cookie", "cursor"), derived from the first key. */
void seal_derive(const struct seal *s, const char *use, unsigned char out[32]);

#endif
