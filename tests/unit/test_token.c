/* Tokens: one canonical text for each, and only the hash leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/id.h"
#include "invite/token.h"

enum { TEXT_LEN = TOKEN_TEXT_SIZE - 1 };

/* The text and hash of the token made of 32 bytes `fill`, `fill` + 1, ... */
static void
make(unsigned char fill, char text[TOKEN_TEXT_SIZE], struct token_hash *hash)
{
	unsigned char random[32];
	struct secret *token;

	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (unsigned char)(fill + i);
	token = token_make(random, hash);
	assert_int_equal(secret_len(token), TEXT_LEN);
	memcpy(text, secret_bytes(token), TOKEN_TEXT_SIZE);
	secret_free(token);
}

static void
a_token_is_the_prefix_and_43_characters_of_base64url(void **state)
{
	char text[TOKEN_TEXT_SIZE];
	struct token_hash hash;

	(void)state;
	make(0, text, &hash);
	assert_string_equal(text, "usj_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
}

static void
a_presented_token_has_the_hash_it_was_made_with(void **state)
{
	char text[TOKEN_TEXT_SIZE];
	struct token_hash made, presented;

	(void)state;
	for (unsigned fill = 0; fill < 256; fill++) {
		make((unsigned char)fill, text, &made);
		assert_true(token_hash_of(text, TEXT_LEN, &presented));
		assert_true(token_hash_equal(&made, &presented));
	}
}

static void
the_hash_is_blake2b_256_of_the_text(void **state)
{
	char text[TOKEN_TEXT_SIZE], hex[2 * TOKEN_HASH_SIZE + 1];
	struct token_hash hash;

	(void)state;
	make(0, text, &hash);
	encode_hex(hash.bytes, sizeof(hash.bytes), hex);
	/* printf usj_AAEC...Hh8 | b2sum -l 256 */
	assert_string_equal(
	    hex, "a3a66978dd9f1effc9e688b7004643ec96a9a5f24de05085c5fcff8b00ab07a6");
}

/* Every other byte at every place gives either no token or another token: never this one. */
static void
no_other_text_is_the_same_token(void **state)
{
	char text[TOKEN_TEXT_SIZE], other[TOKEN_TEXT_SIZE];
	struct token_hash made, presented;
	size_t valid = 0;

	(void)state;
	make(77, text, &made);
	for (size_t i = 0; i < TEXT_LEN; i++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(other, text, sizeof(other));
			other[i] = (char)byte;
			if (!token_hash_of(other, TEXT_LEN, &presented))
				continue;
			if (memcmp(other, text, TEXT_LEN) == 0)
				assert_true(token_hash_equal(&made, &presented));
			else {
				assert_false(token_hash_equal(&made, &presented));
				valid++;
			}
		}
	/* 42 characters carry 6 bits; the last one carries 4, its spare bits must be zero. */
	assert_int_equal(valid, 42 * 63 + 15);
}

static void
a_text_of_another_length_is_no_token(void **state)
{
	char text[TOKEN_TEXT_SIZE + 4] = "";
	struct token_hash made, hash;

	(void)state;
	make(5, text, &made);
	for (size_t len = 0; len < TEXT_LEN; len++)
		assert_false(token_hash_of(text, len, &hash));
	for (const char *more = "=A\n \t.%&"; *more != '\0'; more++) {
		text[TEXT_LEN] = *more;
		assert_false(token_hash_of(text, TEXT_LEN + 1, &hash));
	}
	text[TEXT_LEN] = '\0';
	assert_false(token_hash_of(text, TEXT_LEN + 1, &hash));
}

static void
a_text_of_another_shape_is_no_token(void **state)
{
	static const char *const texts[] = {
		"",
		"usj_",
		"ush_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"USJ_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"usj-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8usj_",
		/* 31 bytes and padding; the other base64 alphabet; white space inside */
		"usj_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=",
		"usj_+AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"usj_/AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"usj_ AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		"usj_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9",
		"usj_%41ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh",
	};
	struct token_hash hash = { { 1, 2, 3 } };
	const struct token_hash untouched = hash;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(token_hash_of(texts[i], strlen(texts[i]), &hash));
	assert_memory_equal(&hash, &untouched, sizeof(hash));
}

static void
hashes_that_differ_in_one_bit_are_not_equal(void **state)
{
	struct token_hash a = { { 0 } }, b = { { 0 } };

	(void)state;
	assert_true(token_hash_equal(&a, &b));
	for (size_t bit = 0; bit < 8 * sizeof(a.bytes); bit++) {
		b.bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		assert_false(token_hash_equal(&a, &b));
		b.bytes[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_the_prefix_and_43_characters_of_base64url),
		cmocka_unit_test(a_presented_token_has_the_hash_it_was_made_with),
		cmocka_unit_test(the_hash_is_blake2b_256_of_the_text),
		cmocka_unit_test(no_other_text_is_the_same_token),
		cmocka_unit_test(a_text_of_another_length_is_no_token),
		cmocka_unit_test(a_text_of_another_shape_is_no_token),
		cmocka_unit_test(hashes_that_differ_in_one_bit_are_not_equal),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
