#include "web/web_private.h"

#include <string.h>
#include <sodium.h>

#include "base/id.h"

/* version, end, language, token hash, attempt id: always the same length, so that it tells nothing.
 */
enum {
	TICKET_VERSION = 2,
	TICKET_SIZE = 1 + 8 + 1 + TOKEN_HASH_SIZE + INVITATION_ATTEMPT_SIZE,
	NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	SEALED_SIZE = NONCE_SIZE + TICKET_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES
};
_Static_assert(ENCODE_BASE64_SIZE(SEALED_SIZE) <= WEB_COOKIE_TEXT_SIZE, "the text fits");

static const char web_cookie_name[] =
    WEB_COOKIE_NAME; /* sealed along: another cookie is no ticket */

void
web_cookie_seal(
    const struct web_ticket *ticket, const unsigned char key[32], char out[WEB_COOKIE_TEXT_SIZE])
{
	unsigned char plain[TICKET_SIZE] = { TICKET_VERSION }, sealed[SEALED_SIZE];
	unsigned char *at = plain + 1;

	for (int i = 0; i < 8; i++)
		*at++ = (unsigned char)((uint64_t)ticket->end >> (56 - 8 * i));
	*at++ = ticket->language;
	memcpy(at, ticket->token.bytes, TOKEN_HASH_SIZE);
	memcpy(at + TOKEN_HASH_SIZE, ticket->attempt, strlen(ticket->attempt));
	random_fill(sealed, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, NULL, plain, sizeof(plain),
	    (const unsigned char *)web_cookie_name, sizeof(web_cookie_name), NULL, sealed, key);
	encode_base64(sealed, sizeof(sealed), out);
}

bool
web_cookie_open(const char *text, const unsigned char key[32], int64_t now, struct web_ticket *out)
{
	unsigned char plain[TICKET_SIZE], sealed[SEALED_SIZE];
	const unsigned char *at = plain + 1;
	struct web_ticket t = { 0 };
	uint64_t end = 0;

	if (!decode_base64(text, strlen(text), sealed, sizeof(sealed)))
		return false;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + NONCE_SIZE,
		sizeof(sealed) - NONCE_SIZE, (const unsigned char *)web_cookie_name,
		sizeof(web_cookie_name), sealed, key) != 0)
		return false;
	for (int i = 0; i < 8; i++)
		end = end << 8 | *at++;
	t.end = (int64_t)end;
	t.language = *at++;
	memcpy(t.token.bytes, at, TOKEN_HASH_SIZE);
	memcpy(t.attempt, at + TOKEN_HASH_SIZE, sizeof(t.attempt) - 1);
	if (plain[0] != TICKET_VERSION || now >= t.end || t.language > WEB_LANGUAGES ||
	    !web_attempt_is_valid(t.attempt))
		return false;
	*out = t;
	return true;
}

bool
web_attempt_is_valid(const char *text)
{
	size_t len =
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len < INVITATION_ATTEMPT_SIZE && text[len] == '\0';
}

void
web_attempt_make(char out[INVITATION_ATTEMPT_SIZE])
{
	unsigned char random[16];

	random_fill(random, sizeof(random));
	encode_base64(random, sizeof(random), out);
}
