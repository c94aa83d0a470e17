#include "base/seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>

#include "base/id.h"
#include "base/mem.h"

enum {
	SEAL_FORMAT = 1,
	SEAL_KEY_SIZE = 32,
	SEAL_KEY_TEXT = 43,
	SEAL_KEY_ID_SIZE = 4,
	SEAL_KEYS_MAX = 16,
	SEAL_FILE_MAX = SEAL_KEYS_MAX * (SEAL_KEY_TEXT + 1),
	SEAL_NONCE_AT = 1 + SEAL_KEY_ID_SIZE,
	SEAL_CIPHER_AT = SEAL_NONCE_AT + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
};
_Static_assert(SEAL_CIPHER_AT + crypto_aead_xchacha20poly1305_ietf_ABYTES == SEAL_OVERHEAD, "");
_Static_assert(ENCODE_BASE64_SIZE(SEAL_HASH_SIZE) == SEAL_HASH_TEXT_SIZE, "");

/* Numbers of the keys derived from a file's key. */
enum { SUBKEY_SEAL = 1, SUBKEY_HASH = 2, SUBKEY_OTHER = 3, SUBKEY_ID = 4 };

struct seal_key {
	unsigned char id[SEAL_KEY_ID_SIZE];
	unsigned char seal[SEAL_KEY_SIZE];
};

struct seal {
	unsigned char hash[SEAL_KEY_SIZE], other[SEAL_KEY_SIZE]; /* of the first key */
	size_t count;
	struct seal_key keys[SEAL_KEYS_MAX];
};

static void
seal_subkey(unsigned char out[SEAL_KEY_SIZE], uint64_t number, const unsigned char *key)
{
	crypto_kdf_derive_from_key(out, SEAL_KEY_SIZE, number, "usherkey", key);
}

static void
seal_add_key(struct seal *s, const unsigned char key[SEAL_KEY_SIZE])
{
	struct seal_key *k = &s->keys[s->count];
	unsigned char id[SEAL_KEY_SIZE];

	if (s->count++ == 0) {
		seal_subkey(s->hash, SUBKEY_HASH, key);
		seal_subkey(s->other, SUBKEY_OTHER, key);
	}
	seal_subkey(k->seal, SUBKEY_SEAL, key);
	seal_subkey(id, SUBKEY_ID, key);
	memcpy(k->id, id, sizeof(k->id));
}

const char *
seal_library_version(void)
{
	return sodium_version_string();
}

struct seal *
seal_new(const unsigned char key[SEAL_KEY_SIZE])
{
	struct seal *s = mem_alloc(sizeof(*s));

	seal_add_key(s, key);
	return s;
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	secret_wipe(s, sizeof(*s));
	free(s);
}

/* ---- the key file ---- */

static enum err
seal_read_file(const char *path, char text[SEAL_FILE_MAX + 2], size_t *len, struct fault *f)
{
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1 || fstat(fd, &st) != 0) {
		fault_set(
		    f, ERR_MISCONFIGURED, "cannot open the key file %s: %s", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return ERR_MISCONFIGURED;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return fault_set(f, ERR_MISCONFIGURED, "%s is not a regular file", path);
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		close(fd);
		return fault_set(f, ERR_MISCONFIGURED,
		    "the key file %s has mode %04o, others may use it: chmod 600 it", path,
		    (unsigned)st.st_mode & 07777);
	}
	n = read(fd, text, SEAL_FILE_MAX + 1);
	close(fd);
	if (n < 0)
		return fault_set(
		    f, ERR_MISCONFIGURED, "cannot read the key file %s: %s", path, strerror(errno));
	text[n] = '\0';
	*len = (size_t)n;
	return ERR_OK;
}

static enum err
seal_read_line(
    struct seal *s, const char *path, int number, const char *line, size_t len, struct fault *f)
{
	unsigned char key[SEAL_KEY_SIZE];

	if (s->count == SEAL_KEYS_MAX)
		return fault_set(
		    f, ERR_MISCONFIGURED, "%s:%d: more than %d keys", path, number, SEAL_KEYS_MAX);
	if (!decode_base64(line, len, key, sizeof(key)))
		return fault_set(f, ERR_MISCONFIGURED, "%s:%d: a key is %d characters of base64url",
		    path, number, SEAL_KEY_TEXT);
	seal_add_key(s, key);
	secret_wipe(key, sizeof(key));
	return ERR_OK;
}

static enum err
seal_read_keys(struct seal *s, const char *path, const char *text, size_t len, struct fault *f)
{
	int number = 0;

	for (size_t at = 0; at < len;) {
		const char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t line_len = end != NULL ? (size_t)(end - line) : len - at;

		if (seal_read_line(s, path, ++number, line, line_len, f) != ERR_OK)
			return f->code;
		at += line_len + 1;
	}
	if (s->count == 0)
		return fault_set(f, ERR_MISCONFIGURED, "%s:1: the key file is empty", path);
	return ERR_OK;
}

enum err
seal_load(struct seal **out, const char *path, struct fault *f)
{
	char text[SEAL_FILE_MAX + 2];
	struct seal *s = mem_alloc(sizeof(*s));
	struct fault own;
	size_t len = 0;
	enum err code = seal_read_file(path, text, &len, &own);

	if (code == ERR_OK)
		code = seal_read_keys(s, path, text, len, &own);
	secret_wipe(text, sizeof(text));
	if (code != ERR_OK) {
		seal_free(s);
		if (f != NULL)
			*f = own;
		return code;
	}
	*out = s;
	return ERR_OK;
}

/* ---- sealing ---- */

size_t
seal_close(const struct seal *s, const void *name, size_t name_len, const void *plain, size_t len,
    unsigned char *out)
{
	unsigned long long cipher_len;

	out[0] = SEAL_FORMAT;
	memcpy(out + 1, s->keys[0].id, SEAL_KEY_ID_SIZE);
	random_fill(out + SEAL_NONCE_AT, SEAL_CIPHER_AT - SEAL_NONCE_AT);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEAL_CIPHER_AT, &cipher_len, plain, len,
	    name, name_len, NULL, out + SEAL_NONCE_AT, s->keys[0].seal);
	return SEAL_CIPHER_AT + (size_t)cipher_len;
}

enum err
seal_open(const struct seal *s, const void *name, size_t name_len, const unsigned char *sealed,
    size_t len, void *out, size_t *out_len, struct fault *f)
{
	unsigned long long plain_len;
	bool known = false;

	if (len < SEAL_OVERHEAD || sealed[0] != SEAL_FORMAT)
		return fault_set(f, ERR_CORRUPT, "a stored value is damaged: it is not sealed");
	/* Four bytes may be the same for two keys. */
	for (size_t i = 0; i < s->count; i++) {
		if (memcmp(s->keys[i].id, sealed + 1, SEAL_KEY_ID_SIZE) != 0)
			continue;
		known = true;
		if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, &plain_len, NULL,
			sealed + SEAL_CIPHER_AT, len - SEAL_CIPHER_AT, name, name_len,
			sealed + SEAL_NONCE_AT, s->keys[i].seal) == 0) {
			*out_len = (size_t)plain_len;
			return ERR_OK;
		}
	}
	if (known)
		return fault_set(
		    f, ERR_CORRUPT, "a stored value is damaged, or was moved to another key");
	return fault_set(f, ERR_CORRUPT,
	    "a stored value was sealed with key %02x%02x%02x%02x, which the key file lacks",
	    sealed[1], sealed[2], sealed[3], sealed[4]);
}

/* ---- derived values ---- */

void
seal_hash(const struct seal *s, const char *space, const char *text, char out[SEAL_HASH_TEXT_SIZE])
{
	crypto_generichash_state state;
	unsigned char hash[SEAL_HASH_SIZE];

	crypto_generichash_init(&state, s->hash, sizeof(s->hash), sizeof(hash));
	/* The zero byte keeps "a" of "bc" from being "ab" of "c". */
	crypto_generichash_update(&state, (const unsigned char *)space, strlen(space) + 1);
	crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
	crypto_generichash_final(&state, hash, sizeof(hash));
	encode_base64(hash, sizeof(hash), out);
	secret_wipe(&state, sizeof(state));
}

void
seal_derive(const struct seal *s, const char *use, unsigned char out[32])
{
	crypto_generichash(
	    out, 32, (const unsigned char *)use, strlen(use), s->other, sizeof(s->other));
}
