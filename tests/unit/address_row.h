/* Addresses that may stand in an envelope, and others. The mail room and the configuration, which
 * stands below it, must say the same of each. */
#ifndef USHERD_TESTS_ADDRESS_ROW_H
#define USHERD_TESTS_ADDRESS_ROW_H

#include <stdbool.h>

#define SIXTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static const struct address_row {
	const char *address;
	bool safe, safe_utf8;
} address_rows[] = {
	{ "ada@example.org", true, true },
	{ "a@b", true, true },
	{ "a.b+c-d_e/f=g@x-y.example", true, true },
	{ "!#$%&'*+-/=?^_`{|}~@example.org", true, true },
	{ SIXTY "aaaa@example.org", true, true },
	{ SIXTY "aaaaa@example.org", false, false },
	{ "a@" SIXTY "aaa.example", true, true },
	{ "a@" SIXTY "aaaa.example", false, false },
	{ "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".example", true, true },
	{ "a@" SIXTY "." SIXTY "." SIXTY "." SIXTY ".a.example", false, false },
	{ "ada@xn--mnchen-3ya.example", true, true },
	{ "j\xc3\xb6rg@example.org", false, true },
	{ "j\xc3@example.org", false, false },
	{ "j\xc2\x85rg@example.org", false, false }, /* U+0085 ends a line for some */
	{ "ada@m\xc3\xbcnchen.example", false, false },
	{ "", false, false },
	{ "@", false, false },
	{ "ada", false, false },
	{ "@example.org", false, false },
	{ "ada@", false, false },
	{ ".ada@example.org", false, false },
	{ "ada.@example.org", false, false },
	{ "a..b@example.org", false, false },
	{ "a@b@example.org", false, false },
	{ "\"a b\"@example.org", false, false },
	{ "a b@example.org", false, false },
	{ "<ada@example.org>", false, false },
	{ "ada@example.org>", false, false },
	{ "ada@example.org,eve@example.org", false, false },
	{ "ada@[127.0.0.1]", false, false },
	{ "ada@-a.example", false, false },
	{ "ada@a-.example", false, false },
	{ "ada@a..example", false, false },
	{ "ada@example.org.", false, false },
	{ "ada@exa_mple.org", false, false },
	{ "ada@example.org\r\nRCPT TO:<eve@example.org>", false, false },
	{ "ada\r\n@example.org", false, false },
	{ "ada\n@example.org", false, false },
	{ "ada\t@example.org", false, false },
	{ "ada\x7f@example.org", false, false },
};

#endif
