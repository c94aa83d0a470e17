/* Secrets that come from outside have one spelling each. A join token or an API token that is taken
 * is, letter for letter, what encoding its bytes gives; and a cookie opens only when it is, letter
 * for letter, one that was sealed here, and then says what it was sealed with.
 *
 * The first byte says what the rest is: j a join token; a an API token; s an API token whose
 * checksum is put right first; c a cookie; m changes ("position, byte" pairs) to a sealed cookie.
 */
#include "fuzz.h"

#include <sodium.h>

#include "auth/auth_private.h"
#include "base/id.h"
#include "web/web_private.h"

enum { NOW = 1000000, TEXT_MAX = 256, CHECKSUM_LEN = 6 };

static const unsigned char key[32] = "a key that nobody else may know";

/* RFC 4648 section 5, written out: not the encoder under test. */
static void
encode(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 6; have -= 6)
			*out++ = digits[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*out++ = digits[bits << (6 - have) & 63];
	*out = '\0';
}

/* The bytes that base64url spells, whatever else may be wrong with it. */
static void
decode(const char *text, size_t len, uint8_t *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned bits = 0, have = 0;

	for (size_t i = 0; i < len; i++) {
		const char *at = text[i] != '\0' ? strchr(digits, text[i]) : NULL;

		assert(at != NULL);
		bits = bits << 6 | (unsigned)(at - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*out++ = (uint8_t)(bits >> have);
		}
	}
}

static void
check_join(const char *text, size_t len)
{
	char again[TOKEN_TEXT_SIZE] = "usj_";
	struct token_hash hash, hash_again;
	uint8_t bytes[33];

	if (!token_hash_of(text, len, &hash))
		return;
	assert(len == TOKEN_TEXT_SIZE - 1);
	decode(text + 4, len - 4, bytes);
	encode(bytes, 32, again + 4);
	assert(memcmp(text, again, len) == 0);
	assert(token_hash_of(again, len, &hash_again) && token_hash_equal(&hash, &hash_again));
}

static void
put_checksum(char *text, size_t len)
{
	uint8_t digest[32];

	if (len != AUTH_TOKEN_LEN)
		return;
	crypto_generichash(
	    digest, sizeof(digest), (const uint8_t *)text, len - CHECKSUM_LEN, NULL, 0);
	encode(digest, 4, text + len - CHECKSUM_LEN);
}

static void
check_api(const char *text, size_t len)
{
	char id[API_TOKEN_ID_SIZE], again[AUTH_TOKEN_LEN + 1];
	struct token_hash hash;
	uint8_t bytes[33];

	if (!auth_token_text_read(text, len, id, &hash))
		return;
	assert(len == AUTH_TOKEN_LEN && strspn(id, "0123456789abcdef") == sizeof(id) - 1);
	snprintf(again, sizeof(again), "ush_%s_", id);
	decode(text + strlen(again), 43, bytes);
	encode(bytes, 32, again + strlen(again));
	put_checksum(again, sizeof(again) - 1);
	assert(memcmp(text, again, len) == 0);
}

static void
check_cookie(const char *text)
{
	struct web_ticket out;

	/* Nobody guesses a 128-bit authenticator. */
	assert(!web_cookie_open(text, key, NOW, &out));
}

static void
check_sealed(const uint8_t *data, size_t len)
{
	struct web_ticket ticket = { .end = NOW + 1 }, out;
	char text[WEB_COOKIE_TEXT_SIZE], changed[WEB_COOKIE_TEXT_SIZE];
	bool same;

	for (size_t i = 0; i < TOKEN_HASH_SIZE; i++)
		ticket.token.bytes[i] = len > 0 ? data[i % len] : 0;
	web_attempt_make(ticket.attempt);
	web_cookie_seal(&ticket, key, text);
	memcpy(changed, text, sizeof(text));
	for (size_t i = 0; i + 1 < len; i += 2)
		changed[data[i] % strlen(text)] = (char)data[i + 1];
	same = strcmp(text, changed) == 0;
	assert(web_cookie_open(changed, key, NOW, &out) == same);
	if (same) {
		assert(token_hash_equal(&out.token, &ticket.token) && out.end == ticket.end);
		assert(strcmp(out.attempt, ticket.attempt) == 0);
		assert(!web_cookie_open(changed, key, NOW + 1, &out));
	}
}

/* Runs repeat: the same input seals the same cookie. */
static uint32_t
not_random(void)
{
	return 0x5eed5eed;
}

static void
not_random_fill(void *out, size_t len)
{
	memset(out, 0x5e, len);
}

static const char *
not_random_name(void)
{
	return "constant";
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct randombytes_implementation constant = {
		.implementation_name = not_random_name, .random = not_random, .buf = not_random_fill
	};

	(void)argc;
	(void)argv;
	randombytes_set_implementation(&constant);
	assert(sodium_init() >= 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[TEXT_MAX + 1];

	if (len == 0 || len > TEXT_MAX)
		return -1;
	memcpy(text, data + 1, --len);
	text[len] = '\0';
	if (data[0] == 's')
		put_checksum(text, len);
	switch (data[0]) {
	case 'j':
		check_join(text, len);
		break;
	case 'a':
	case 's':
		check_api(text, len);
		break;
	case 'c':
		check_cookie(text);
		break;
	case 'm':
		check_sealed(data + 1, len);
		break;
	default:
		return -1;
	}
	return 0;
}
