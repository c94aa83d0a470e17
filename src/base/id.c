#include "base/id.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>

void
id_make(int64_t wall_ms, char out[ID_SIZE])
{
	static const int lengths[] = { 8, 4, 4, 4, 12 };
	unsigned char b[16];
	char hex[33];

	randombytes_buf(b, sizeof(b));
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)((uint64_t)wall_ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	encode_hex(b, sizeof(b), hex);
	for (int group = 0, at = 0; group < 5; at += lengths[group++]) {
		memcpy(out, hex + at, (size_t)lengths[group]);
		out += lengths[group];
		*out++ = group < 4 ? '-' : '\0';
	}
}

int64_t
id_made_at(const char *id)
{
	char digits[13];

	memcpy(digits, id, 8);
	memcpy(digits + 8, id + 9, 4);
	digits[12] = '\0';
	return (int64_t)strtoull(digits, NULL, 16);
}

bool
id_is_valid(const char *text)
{
	if (strnlen(text, ID_SIZE) != ID_SIZE - 1)
		return false;
	for (int i = 0; i < ID_SIZE - 1; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
		} else if (strchr("0123456789abcdef", text[i]) == NULL)
			return false;
	}
	return true;
}

void
random_fill(void *out, size_t len)
{
	randombytes_buf(out, len);
}

uint32_t
random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

void
encode_base64(const void *data, size_t len, char *out)
{
	sodium_bin2base64(
	    out, ENCODE_BASE64_SIZE(len), data, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool
decode_base64(const char *text, size_t text_len, void *out, size_t len)
{
	size_t got;
	const char *end;

	if (text_len != ENCODE_BASE64_SIZE(len) - 1)
		return false;
	/* libsodium 1.0.18 takes bytes above 0x7f for digits. */
	for (size_t i = 0; i < text_len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	/* libsodium refuses spare bits that are not zero; the lengths leave no room for anything
	 * else. */
	if (sodium_base642bin(out, len, text, text_len, NULL, &got, &end,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	return got == len && end == text + text_len;
}

void
encode_hex(const void *data, size_t len, char *out)
{
	sodium_bin2hex(out, 2 * len + 1, data, len);
}
