#include "base/secret.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/mem.h"

/* sodium_malloc would spend four pages and two system calls on each secret. */
struct secret {
	size_t len;
	char bytes[];
};

struct secret *
secret_new(const void *data, size_t len)
{
	struct secret *s;

	assert(len <= SECRET_WHOLE_MAX);
	s = mem_alloc(sizeof(*s) + len + 1);
	s->len = len;
	if (len > 0)
		memcpy(s->bytes, data, len);
	return s;
}

struct secret *
secret_dup(const struct secret *s)
{
	return secret_new(s->bytes, s->len);
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	sodium_memzero(s, sizeof(*s) + s->len);
	free(s);
}

const char *
secret_bytes(const struct secret *s)
{
	return s->bytes;
}

size_t
secret_len(const struct secret *s)
{
	return s->len;
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len && sodium_memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
secret_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}

void
secret_digest(const struct secret *s, const unsigned char key[SECRET_DIGEST_SIZE],
    unsigned char out[SECRET_DIGEST_SIZE])
{
	crypto_generichash(out, SECRET_DIGEST_SIZE, (const unsigned char *)s->bytes, s->len, key,
	    SECRET_DIGEST_SIZE);
}
