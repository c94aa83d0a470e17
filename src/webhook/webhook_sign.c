/* Standard Webhooks 1.0.0, symmetric signatures ("v1"). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sodium.h>

#include "webhook/webhook.h"

static const char version[] = "v1,";
static const char prefix[] = "whsec_";

#define SIGNATURE_BASE64                                                                           \
	sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)
#define SECRET_BASE64 sodium_base64_ENCODED_LEN(WEBHOOK_SECRET_SIZE, sodium_base64_VARIANT_ORIGINAL)

_Static_assert(sizeof(version) - 1 + SIGNATURE_BASE64 <= WEBHOOK_SIGNATURE_SIZE,
    "a signature's text finds no room");

/* In parts, because only that form takes a key of any length. */
void
webhook_sign(const unsigned char *secret, size_t secret_len, const char *id, int64_t at_s,
    const char *body, size_t len, char out[WEBHOOK_SIGNATURE_SIZE])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	char at[32];
	int at_len = snprintf(at, sizeof(at), ".%" PRId64 ".", at_s);

	crypto_auth_hmacsha256_init(&state, secret, secret_len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)at, (size_t)at_len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, len);
	crypto_auth_hmacsha256_final(&state, mac);
	secret_wipe(&state, sizeof(state)); /* it has the key in it */
	memcpy(out, version, sizeof(version) - 1);
	sodium_bin2base64(out + sizeof(version) - 1, SIGNATURE_BASE64, mac, sizeof(mac),
	    sodium_base64_VARIANT_ORIGINAL);
}

struct secret *
webhook_secret_text(const unsigned char secret[WEBHOOK_SECRET_SIZE])
{
	char text[sizeof(prefix) - 1 + SECRET_BASE64];
	struct secret *s;

	memcpy(text, prefix, sizeof(prefix) - 1);
	sodium_bin2base64(text + sizeof(prefix) - 1, SECRET_BASE64, secret, WEBHOOK_SECRET_SIZE,
	    sodium_base64_VARIANT_ORIGINAL);
	s = secret_new(text, strlen(text));
	secret_wipe(text, sizeof(text));
	return s;
}
