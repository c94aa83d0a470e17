/* Sealing: what opens, what must not, and which key files are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>

#include "base/id.h"
#include "base/seal.h"

static const unsigned char key_a[32] = "first key", key_b[32] = "second key";

static void
what_was_sealed_opens_under_the_same_name_only(void **state)
{
	struct seal *s = seal_new(key_a);
	unsigned char sealed[64 + SEAL_OVERHEAD], plain[64];
	size_t len, plain_len;
	struct fault f;

	(void)state;
	len = seal_close(s, "mail/x", 6, "secret", 6, sealed);
	assert_int_equal(len, 6 + SEAL_OVERHEAD);
	assert_int_equal(seal_open(s, "mail/x", 6, sealed, len, plain, &plain_len, &f), ERR_OK);
	assert_int_equal(plain_len, 6);
	assert_memory_equal(plain, "secret", 6);
	assert_int_equal(
	    seal_open(s, "mail/y", 6, sealed, len, plain, &plain_len, &f), ERR_CORRUPT);
	len = seal_close(s, "e", 1, NULL, 0, sealed);
	assert_int_equal(seal_open(s, "e", 1, sealed, len, plain, &plain_len, &f), ERR_OK);
	assert_int_equal(plain_len, 0);
	seal_free(s);
}

static void
any_flipped_bit_and_any_cut_is_corrupt(void **state)
{
	struct seal *s = seal_new(key_a);
	unsigned char sealed[16 + SEAL_OVERHEAD], plain[16];
	size_t len = seal_close(s, "k", 1, "0123456789abcdef", 16, sealed), plain_len;

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(
		    seal_open(s, "k", 1, sealed, len, plain, &plain_len, NULL), ERR_CORRUPT);
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(
		    seal_open(s, "k", 1, sealed, cut, plain, &plain_len, NULL), ERR_CORRUPT);
	seal_free(s);
}

static void
hashes_depend_on_key_space_and_text(void **state)
{
	struct seal *a = seal_new(key_a), *b = seal_new(key_b);
	static const struct {
		const char *space, *text;
	} rows[] = { { "mail", "x" }, { "uid", "x" }, { "mail", "y" }, { "mailx", "" },
		{ "mai", "lx" } };
	enum { N = sizeof(rows) / sizeof(rows[0]) };
	char hash[N][SEAL_HASH_TEXT_SIZE], other[SEAL_HASH_TEXT_SIZE];
	unsigned char one[32], two[32];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		seal_hash(a, rows[i].space, rows[i].text, hash[i]);
		assert_int_equal(strlen(hash[i]), SEAL_HASH_TEXT_SIZE - 1);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(hash[i], hash[j]);
		seal_hash(a, rows[i].space, rows[i].text, other);
		assert_string_equal(hash[i], other);
		seal_hash(b, rows[i].space, rows[i].text, other);
		assert_string_not_equal(hash[i], other);
	}
	seal_derive(a, "cookie", one);
	seal_derive(a, "cursor", two);
	assert_memory_not_equal(one, two, sizeof(one));
	seal_derive(a, "cookie", two);
	assert_memory_equal(one, two, sizeof(one));
	seal_derive(b, "cookie", two);
	assert_memory_not_equal(one, two, sizeof(one));
	seal_free(a);
	seal_free(b);
}

/* ---- the key file ---- */

static char path[64];

static void
write_file(const char *text, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void
a_key_file_is_taken_only_in_its_one_form(void **state)
{
	static const char a[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	static const struct {
		const char *text;
		mode_t mode;
		enum err expect;
		const char *says;
	} rows[] = {
		{ "%s\n", 0600, ERR_OK, NULL },
		{ "%s", 0400, ERR_OK, NULL },
		{ "%s\n%s\n", 0600, ERR_OK, NULL },
		{ "%s\n", 0640, ERR_MISCONFIGURED, "mode 0640" },
		{ "%s\n", 0604, ERR_MISCONFIGURED, "mode 0604" },
		{ "", 0600, ERR_MISCONFIGURED, ":1:" },
		{ "%s\nshort\n", 0600, ERR_MISCONFIGURED, ":2:" },
		{ "%s\n\n", 0600, ERR_MISCONFIGURED, ":2:" },
		{ "%s\r\n", 0600, ERR_MISCONFIGURED, ":1:" },
		{ "%s=\n", 0600, ERR_MISCONFIGURED, ":1:" },
		{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n", 0600, ERR_MISCONFIGURED, ":1:" },
		{ "AAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAAAAAAA\n", 0600, ERR_MISCONFIGURED, ":1:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128] = "";
		struct seal *s = NULL;
		struct fault f = { .text = "" };

		for (const char *p = rows[i].text; *p != '\0'; p++) {
			if (p[0] == '%' && p[1] == 's') {
				strcat(text, a);
				p++;
			} else
				strncat(text, p, 1);
		}
		write_file(text, rows[i].mode);
		assert_int_equal(seal_load(&s, path, &f), rows[i].expect);
		if (rows[i].expect != ERR_OK) {
			assert_null(s);
			assert_non_null(strstr(f.text, rows[i].says));
			assert_non_null(strstr(f.text, path));
			assert_null(strstr(f.text, "AAAA"));
		}
		seal_free(s);
	}
	unlink(path);
	assert_int_equal(seal_load(&(struct seal *){ NULL }, path, NULL), ERR_MISCONFIGURED);
	assert_int_equal(seal_load(&(struct seal *){ NULL }, "/tmp", NULL), ERR_MISCONFIGURED);
}

static void
the_first_key_seals_and_all_keys_open(void **state)
{
	char text[128], a[44], b[44];
	unsigned char old[8 + SEAL_OVERHEAD], new[8 + SEAL_OVERHEAD], plain[8];
	struct seal *before = seal_new(key_a), *after, *lost = seal_new(key_b);
	struct fault f;
	size_t len;

	(void)state;
	encode_base64(key_a, 32, a);
	encode_base64(key_b, 32, b);
	snprintf(text, sizeof(text), "%s\n%s\n", b, a);
	write_file(text, 0600);
	assert_int_equal(seal_load(&after, path, &f), ERR_OK);
	seal_close(before, "k", 1, "old one.", 8, old);
	seal_close(after, "k", 1, "new one.", 8, new);
	assert_int_equal(seal_open(after, "k", 1, old, sizeof(old), plain, &len, &f), ERR_OK);
	assert_int_equal(seal_open(after, "k", 1, new, sizeof(new), plain, &len, &f), ERR_OK);
	assert_int_equal(seal_open(lost, "k", 1, new, sizeof(new), plain, &len, &f), ERR_OK);
	assert_int_equal(seal_open(lost, "k", 1, old, sizeof(old), plain, &len, &f), ERR_CORRUPT);
	assert_non_null(strstr(f.text, "which the key file lacks"));
	unlink(path);
	seal_free(before);
	seal_free(after);
	seal_free(lost);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens_under_the_same_name_only),
		cmocka_unit_test(any_flipped_bit_and_any_cut_is_corrupt),
		cmocka_unit_test(hashes_depend_on_key_space_and_text),
		cmocka_unit_test(a_key_file_is_taken_only_in_its_one_form),
		cmocka_unit_test(the_first_key_seals_and_all_keys_open),
	};

	if (sodium_init() < 0)
		return 99;
	snprintf(path, sizeof(path), "/tmp/usherd-test-key-%ld", (long)getpid());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
