/* Random bytes, identifiers and their text forms. Randomness comes from libsodium alone; main.c
 * refuses to start when sodium_init() fails. */
#ifndef USHERD_BASE_ID_H
#define USHERD_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ID_SIZE = 37 }; /* 36 characters and a zero byte */

/* UUID version 7 (RFC 9562 section 5.7): begins with the wall time, so that keys made from ids sort
 * by creation. Unique without coordination: 74 random bits behind the millisecond. */
void id_make(int64_t wall_ms, char out[ID_SIZE]);
int64_t id_made_at(const char *id); /* the millisecond; of one that id_make() made */
bool id_is_valid(const char *text); /* the canonical lower-case form, any version */

void random_fill(void *out, size_t len);
uint32_t random_below(uint32_t bound); /* uniform in [0, bound) */

/* base64url without padding (RFC 4648 section 5). `out` has room for encode_base64_size(len). */
#define ENCODE_BASE64_SIZE(len) (((len)*4 + 2) / 3 + 1)
void encode_base64(const void *data, size_t len, char *out);

/* Exactly `len` bytes in the one canonical form: no padding, no spare bits set, nothing behind it.
 */
bool decode_base64(const char *text, size_t text_len, void *out, size_t len);

/* Lower-case hexadecimal; `out` has room for 2 * len + 1. */
void encode_hex(const void *data, size_t len, char *out);

#endif
