/* Addresses: one spelling, and which of them are one source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "base/address.h"

static void
an_address_is_written_in_its_one_spelling(void **state)
{
	static const struct {
		const char *text, *written; /* NULL: it is none */
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "2001:DB8:0:0::1", "2001:db8::1" },
		{ "::", "::" },
		{ "192.0.2.01", NULL },
		{ "192.0.2", NULL },
		{ "192.0.2.1:80", NULL },
		{ "[::1]", NULL },
		{ "fe80::1%eth0", NULL },
		{ "unix", NULL },
		{ "", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[INET6_ADDRSTRLEN];
		struct in6_addr address;
		bool is_one = address_read(rows[i].text, strlen(rows[i].text), &address);

		if (is_one != (rows[i].written != NULL) ||
		    (is_one && strcmp(address_write(&address, text), rows[i].written) != 0))
			fail_msg("%s", rows[i].text);
	}
}

static void
only_as_much_is_read_as_belongs_to_it(void **state)
{
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_true(address_read("192.0.2.1, 192.0.2.2", 9, &address));
	assert_string_equal(address_write(&address, text), "192.0.2.1");
	assert_false(address_read("192.0.2.1\0"
				  "2",
	    11, &address));
}

static void
a_socket_has_an_address_of_either_kind_or_none(void **state)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct in6_addr address;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	inet_pton(AF_INET, "192.0.2.1", &((struct sockaddr_in *)&ss)->sin_addr);
	assert_true(address_of_socket(&ss, &address));
	assert_string_equal(address_write(&address, text), "192.0.2.1");
	ss = (struct sockaddr_storage){ .ss_family = AF_INET6 };
	inet_pton(AF_INET6, "2001:db8::1", &((struct sockaddr_in6 *)&ss)->sin6_addr);
	assert_true(address_of_socket(&ss, &address));
	assert_string_equal(address_write(&address, text), "2001:db8::1");
	ss.ss_family = AF_UNIX;
	assert_false(address_of_socket(&ss, &address));
}

static void
a_source_is_an_ipv4_address_or_a_64_of_ipv6(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
		{ "::1", "0.0.0.0", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct in6_addr a, b;

		assert_true(address_read(rows[i].a, strlen(rows[i].a), &a));
		assert_true(address_read(rows[i].b, strlen(rows[i].b), &b));
		a = address_source(&a);
		b = address_source(&b);
		if ((memcmp(&a, &b, sizeof(a)) == 0) != rows[i].is_same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_written_in_its_one_spelling),
		cmocka_unit_test(only_as_much_is_read_as_belongs_to_it),
		cmocka_unit_test(a_socket_has_an_address_of_either_kind_or_none),
		cmocka_unit_test(a_source_is_an_ipv4_address_or_a_64_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
