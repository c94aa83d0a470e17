/* Passwords, tokens, keys: bytes that are wiped when freed and compared in constant time. No
 * function here turns a secret into text for a log. A secret may be handed from one thread to
 * another, never used by two at once. Core files are forbidden for the whole process (main.c);
 * memory is not locked: most systems allow 8 MiB and a burst of registrations needs more. */
#ifndef USHERD_BASE_SECRET_H
#define USHERD_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret;

enum {
	SECRET_MAX = 4096,	   /* bytes of a password, token or key, for whoever reads one */
	SECRET_WHOLE_MAX = 1 << 20 /* bytes of anything secret: a whole entry of the directory */
};

/* A copy of `data`; `len` is at most SECRET_WHOLE_MAX. The caller wipes its own copy. NULL never
 * comes back. */
struct secret *secret_new(const void *data, size_t len);
struct secret *secret_dup(const struct secret *s);
void secret_free(struct secret *s); /* wipes; NULL is fine */

const char *secret_bytes(const struct secret *s); /* followed by a zero byte */
size_t secret_len(const struct secret *s);
bool secret_equal(
    const struct secret *a, const struct secret *b); /* constant time for equal lengths */

/* BLAKE2b-256 keyed with `key`: to recognise a secret later without keeping it. Only as good as the
 * key is secret. */
enum { SECRET_DIGEST_SIZE = 32 };
void secret_digest(const struct secret *s, const unsigned char key[SECRET_DIGEST_SIZE],
    unsigned char out[SECRET_DIGEST_SIZE]);

/* Wipe memory of our own before it is released. */
void secret_wipe(void *data, size_t len);

#endif
