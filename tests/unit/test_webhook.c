/* Webhooks without a network: signatures, which addresses are private, what an endpoint's URL may
 * be. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <cmocka.h>
#include <sodium.h>

#include "webhook/webhook.h"

static size_t
decode(const char *base64, unsigned char *out, size_t max)
{
	size_t len;

	assert_int_equal(sodium_base642bin(out, max, base64, strlen(base64), NULL, &len, NULL,
			     sodium_base64_VARIANT_ORIGINAL),
	    0);
	return len;
}

/* ---- signatures ---- */

/* The example of the Standard Webhooks text and its reference libraries. */
static void
the_example_of_the_standard_is_signed_as_it_says(void **state)
{
	static const char body[] = "{\"test\": 2432232314}";
	unsigned char secret[64];
	char signature[WEBHOOK_SIGNATURE_SIZE];
	size_t len = decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", secret, sizeof(secret));

	(void)state;
	webhook_sign(secret, len, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
	    sizeof(body) - 1, signature);
	assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
a_signature_changes_with_every_part_of_a_message(void **state)
{
	unsigned char secret[WEBHOOK_SECRET_SIZE] = { 1 }, other[WEBHOOK_SECRET_SIZE] = { 2 };
	char all[6][WEBHOOK_SIGNATURE_SIZE];

	(void)state;
	webhook_sign(secret, sizeof(secret), "a", 12, "{}", 2, all[0]);
	webhook_sign(other, sizeof(other), "a", 12, "{}", 2, all[1]);
	webhook_sign(secret, sizeof(secret), "b", 12, "{}", 2, all[2]);
	webhook_sign(secret, sizeof(secret), "a", 13, "{}", 2, all[3]);
	webhook_sign(secret, sizeof(secret), "a", 12, "[]", 2, all[4]);
	webhook_sign(secret, sizeof(secret), "a", 12, "{}", 1, all[5]);
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(all[i], all[j]);
}

static void
the_text_of_a_secret_is_its_prefix_and_base64(void **state)
{
	unsigned char secret[WEBHOOK_SECRET_SIZE], back[WEBHOOK_SECRET_SIZE];
	struct secret *text;

	(void)state;
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = (unsigned char)(255 - i);
	text = webhook_secret_text(secret);
	assert_memory_equal(secret_bytes(text), "whsec_", 6);
	assert_int_equal(decode(secret_bytes(text) + 6, back, sizeof(back)), sizeof(back));
	assert_memory_equal(back, secret, sizeof(secret));
	secret_free(text);
}

/* ---- addresses ---- */

static bool
is_private(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(443) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(443) };

	if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		return webhook_address_is_private((const struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return webhook_address_is_private((const struct sockaddr *)&in6);
}

/* Both ends of each block, and its neighbours outside. */
static void
private_addresses_are_known(void **state)
{
	static const char *const yes[] = {
		"0.0.0.0",
		"0.255.255.255",
		"10.0.0.0",
		"10.255.255.255",
		"100.64.0.0",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.255.255",
		"169.254.0.0",
		"169.254.169.254",
		"169.254.255.255",
		"172.16.0.0",
		"172.31.255.255",
		"192.0.0.0",
		"192.0.0.255",
		"192.0.2.0",
		"192.0.2.255",
		"192.88.99.1",
		"192.168.0.0",
		"192.168.255.255",
		"198.18.0.0",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.255",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.0",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:10.1.2.3",
		"::ffff:0:127.0.0.1",
		"64:ff9b::127.0.0.1",
		"64:ff9b::169.254.169.254",
		"64:ff9b:1::8.8.8.8",
		"100::1",
		"2001::1",
		"2001:1::1",
		"2001:1ff:ffff::1",
		"2001:db8::1",
		"2001:db8:ffff::1",
		"2002:7f00:1::",
		"2002:a00:1::",
		"2620:4f:8000::1",
		"3fff::1",
		"3fff:fff:ffff::1",
		"4000::1",
		"5f00::1",
		"fc00::1",
		"fd12:3456::1",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!is_private(yes[i]))
			fail_msg("%s is taken for a public address", yes[i]);
}

static void
public_addresses_are_known(void **state)
{
	static const char *const no[] = {
		"1.0.0.0",
		"9.255.255.255",
		"11.0.0.0",
		"100.63.255.255",
		"100.128.0.0",
		"126.255.255.255",
		"128.0.0.0",
		"169.253.255.255",
		"169.255.0.0",
		"172.15.255.255",
		"172.32.0.0",
		"192.0.1.0",
		"192.0.3.0",
		"192.167.255.255",
		"192.169.0.0",
		"198.17.255.255",
		"198.20.0.0",
		"198.51.99.255",
		"198.51.101.0",
		"203.0.112.255",
		"203.0.114.0",
		"223.255.255.255",
		"8.8.8.8",
		"::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8",
		"2001:200::1",
		"2001:db7:ffff::1",
		"2001:db9::1",
		"2002:808:808::",
		"2606:4700::1111",
		"2a00:1450::1",
		"3ffe:ffff::1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (is_private(no[i]))
			fail_msg("%s is taken for a private address", no[i]);
}

static void
an_address_of_another_family_is_private(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	assert_true(webhook_address_is_private((const struct sockaddr *)&un));
}

/* ---- URLs ---- */

static const struct {
	const char *url;
	bool always, clear_text, private;
	const char *why; /* part of it */
} urls[] = {
	/* clang-format off */
	{ "https://example.org/hook", true, false, false, NULL },
	{ "https://example.org", true, false, false, NULL },
	{ "HTTPS://example.org:8443/a?b=c%20d", true, false, false, NULL },
	{ "https://8.8.8.8/", true, false, false, NULL },
	{ "https://[2606:4700::1111]:8443/", true, false, false, NULL },
	{ "https://xn--bcher-kva.example/", true, false, false, NULL },
	{ "http://example.org/", false, true, false, "must begin with https://" },
	{ "https://127.0.0.1/", false, false, true, "private network" },
	{ "https://127.1/", false, false, true, "private network" },
	{ "https://0x7f000001/", false, false, true, "private network" },
	{ "https://017700000001/", false, false, true, "private network" },
	{ "https://2130706433/", false, false, true, "private network" },
	{ "https://169.254.169.254/latest/meta-data", false, false, true, "private network" },
	{ "https://[::1]/", false, false, true, "private network" },
	{ "https://[::ffff:10.0.0.1]/", false, false, true, "private network" },
	{ "https://[fe80::1%25eth0]/", false, false, true, "private network" },
	{ "", false, false, false, "is not a URL" },
	{ "example.org/hook", false, false, false, "is not a URL" },
	{ "//example.org/hook", false, false, false, "is not a URL" },
	{ "ftp://example.org/", false, false, false, "must begin with https://" },
	{ "file:///etc/passwd", false, false, false, "is not a URL" },
	{ "gopher://example.org/", false, false, false, "must begin with https://" },
	{ "https://", false, false, false, "is not a URL" },
	{ "https:///hook", false, false, false, "is not a URL" },
	{ "https:/example.org/hook", false, false, false, "is not a URL" },
	{ "https:example.org/hook", false, false, false, "is not a URL" },
	{ "https://exa\\mple.org/hook", false, false, false, "is not a URL" },
	{ "https://[::1/hook", false, false, false, "is not a URL" },
	{ "https://user@example.org/", false, false, false, "must not name a user" },
	{ "https://user:word@example.org/", false, false, false, "must not name a user" },
	{ "https://example.org/#part", false, false, false, "must not have a fragment" },
	{ "https://example.org/a b", false, false, false, "a character that no URL has" },
	{ "https://example.org/a\r\nHost: b", false, false, false, "a character that no URL has" },
	{ "https://example.org/\x7f", false, false, false, "a character that no URL has" },
	{ "https://b\xc3\xbc" "cher.example/", false, false, false, "a character that no URL has" },
	{ "https://example.org:99999/", false, false, false, "is not a URL" },
	/* clang-format on */
};

static void
an_endpoint_is_https_to_a_public_host_unless_more_is_allowed(void **state)
{
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		for (int bits = 0; bits < 4; bits++) {
			const bool clear_text = bits & 1, allow_private = bits & 2;
			const bool good = urls[i].always || (urls[i].clear_text && clear_text) ||
					  (urls[i].private && allow_private);
			enum err code =
			    webhook_check_url(urls[i].url, clear_text, allow_private, &f);

			if (code != (good ? ERR_OK : ERR_INVALID))
				fail_msg("%s (%d): %s", urls[i].url, bits, err_name(code));
			if (!good && !clear_text && urls[i].why != NULL &&
			    strstr(f.text, urls[i].why) == NULL)
				fail_msg("%s: %s", urls[i].url, f.text);
		}
}

static void
an_endpoint_has_2048_bytes_at_most(void **state)
{
	char url[2050];
	struct fault f;

	(void)state;
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://example.org/", 20);
	url[2048] = '\0';
	assert_int_equal(webhook_check_url(url, false, false, &f), ERR_OK);
	url[2048] = 'a';
	url[2049] = '\0';
	assert_int_equal(webhook_check_url(url, false, false, &f), ERR_INVALID);
	assert_string_equal(f.text, "is longer than 2048 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_the_standard_is_signed_as_it_says),
		cmocka_unit_test(a_signature_changes_with_every_part_of_a_message),
		cmocka_unit_test(the_text_of_a_secret_is_its_prefix_and_base64),
		cmocka_unit_test(private_addresses_are_known),
		cmocka_unit_test(public_addresses_are_known),
		cmocka_unit_test(an_address_of_another_family_is_private),
		cmocka_unit_test(an_endpoint_is_https_to_a_public_host_unless_more_is_allowed),
		cmocka_unit_test(an_endpoint_has_2048_bytes_at_most),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
