#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sodium.h>

#include "auth/passwd.h"

enum { SMALL = 64 * 1024, MANY = 8 };

static struct loop *loop;
static enum err codes[MANY];
static char hashes[MANY][256];
static size_t answers, awaited;

static void
on_hash(void *arg, enum err code, const struct secret *hash, const struct fault *f)
{
	size_t i = (size_t)(uintptr_t)arg;

	assert_true(code == ERR_OK || f->code == code);
	codes[i] = code;
	hashes[i][0] = '\0';
	if (hash != NULL) {
		assert_true(secret_len(hash) < sizeof(hashes[i]));
		strcpy(hashes[i], secret_bytes(hash));
	}
	if (++answers == awaited)
		loop_stop(loop);
}

static struct passwd *
passwd_of(size_t threads, size_t queue_max, size_t memory)
{
	struct passwd_conf conf = {
		.threads = threads, .queue_max = queue_max, .passes = 2, .memory = memory
	};

	return passwd_new(loop, &conf);
}

static int
setup(void **state)
{
	(void)state;
	loop = loop_new();
	answers = awaited = 0;
	return loop == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void
a_hash_verifies_the_exact_bytes_and_carries_the_chosen_cost(void **state)
{
	static const char words[] = "p\0\xffssword";
	struct secret *word = secret_new(words, sizeof(words) - 1);
	struct passwd *p = passwd_of(1, 4, 8192 * 1024);
	const char *hash = hashes[0] + strlen("{ARGON2}");

	(void)state;
	awaited = 1;
	passwd_hash(p, word, on_hash, NULL);
	assert_int_equal(answers, 0);
	loop_run(loop);
	assert_int_equal(codes[0], ERR_OK);
	assert_memory_equal(hashes[0], "{ARGON2}$argon2id$v=19$m=8192,t=2,p=1$", 38);
	assert_int_equal(crypto_pwhash_str_verify(hash, words, sizeof(words) - 1), 0);
	assert_int_not_equal(crypto_pwhash_str_verify(hash, words, sizeof(words) - 2), 0);
	passwd_free(p);
	secret_free(word);
}

static void
two_hashes_of_one_password_differ(void **state)
{
	struct secret *word = secret_new("secret", 6);
	struct passwd *p = passwd_of(2, 4, SMALL);

	(void)state;
	awaited = 2;
	passwd_hash(p, word, on_hash, NULL);
	passwd_hash(p, word, on_hash, (void *)1);
	loop_run(loop);
	assert_int_equal(codes[0], ERR_OK);
	assert_int_equal(codes[1], ERR_OK);
	assert_string_not_equal(hashes[0], hashes[1]);
	passwd_free(p);
	secret_free(word);
}

static void
a_full_queue_is_told_to_the_callback(void **state)
{
	struct secret *word = secret_new("secret", 6);
	struct passwd *p = passwd_of(1, 0, SMALL);

	(void)state;
	awaited = 1;
	assert_non_null(passwd_hash(p, word, on_hash, NULL));
	assert_int_equal(answers, 0);
	loop_run(loop);
	assert_int_equal(codes[0], ERR_BUSY);
	passwd_free(p);
	secret_free(word);
}

static void
memory_that_cannot_be_had_is_unavailable(void **state)
{
	struct secret *word = secret_new("secret", 6);
	/* Below argon2's minimum libsodium fails as it does when memory runs out. */
	struct passwd *p = passwd_of(1, 1, 1024);

	(void)state;
	awaited = 1;
	passwd_hash(p, word, on_hash, NULL);
	loop_run(loop);
	assert_int_equal(codes[0], ERR_UNAVAILABLE);
	passwd_free(p);
	secret_free(word);
}

static void
a_cancelled_hash_is_never_told(void **state)
{
	struct secret *word = secret_new("secret", 6);
	struct passwd *p = passwd_of(1, MANY, SMALL);
	struct passwd *full = passwd_of(1, 0, SMALL);

	(void)state;
	passwd_cancel(passwd_hash(full, word, on_hash, NULL));
	passwd_cancel(passwd_hash(p, word, on_hash, (void *)1));
	codes[0] = codes[1] = ERR_INTERNAL;
	awaited = 1;
	passwd_hash(p, word, on_hash, (void *)2); /* the same thread: it ends behind the first */
	loop_run(loop);
	assert_int_equal(answers, 1);
	assert_int_equal(codes[0], ERR_INTERNAL);
	assert_int_equal(codes[1], ERR_INTERNAL);
	assert_int_equal(codes[2], ERR_OK);
	passwd_free(full);
	passwd_free(p);
	secret_free(word);
}

static void
freeing_the_pool_tells_nobody(void **state)
{
	struct secret *word = secret_new("secret", 6);
	struct passwd *p = passwd_of(1, MANY, SMALL);

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		passwd_hash(p, word, on_hash, (void *)(uintptr_t)i);
	passwd_free(p);
	loop_free(loop); /* runs what the threads had posted */
	assert_int_equal(answers, 0);
	loop = loop_new();
	secret_free(word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
		WITH_LOOP(a_hash_verifies_the_exact_bytes_and_carries_the_chosen_cost),
		WITH_LOOP(two_hashes_of_one_password_differ),
		WITH_LOOP(a_full_queue_is_told_to_the_callback),
		WITH_LOOP(memory_that_cannot_be_had_is_unavailable),
		WITH_LOOP(a_cancelled_hash_is_never_told),
		WITH_LOOP(freeing_the_pool_tells_nobody),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
