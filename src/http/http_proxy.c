/* Which peers are proxies in front of us: addresses and CIDR blocks, IPv4 in the v4-mapped form. */
#include "http/http_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"

enum { ADDRESS_BITS = 128, MAPPED_BITS = 96 };

/* A prefix length in plain digits, at most `max`. */
static bool
proxy_read_bits(const char *text, unsigned max, unsigned *out)
{
	const size_t len = strspn(text, "0123456789");

	if (len == 0 || len > 3 || text[len] != '\0' || (len > 1 && text[0] == '0'))
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max;
}

/* Whether the first `bits` of the two are the same. */
static bool
proxy_same_bits(const struct in6_addr *a, const struct in6_addr *b, unsigned bits)
{
	const unsigned whole = bits / 8, rest = bits % 8;
	const unsigned char mask = (unsigned char)(0xff00U >> rest);

	return memcmp(a->s6_addr, b->s6_addr, whole) == 0 &&
	       (rest == 0 || ((a->s6_addr[whole] ^ b->s6_addr[whole]) & mask) == 0);
}

/* Bits behind the prefix are a slip of the pen, such as a single host meant; and a block of
 * everybody would let everybody choose who they are. */
static bool
proxy_read(const char *text, struct http_proxy *out)
{
	const size_t len = strcspn(text, "/");
	const bool is_four = memchr(text, ':', len) == NULL;
	const unsigned before = is_four ? MAPPED_BITS : 0;
	struct in6_addr base = { .s6_addr = { 0 } };
	unsigned bits = ADDRESS_BITS - before;

	if (!address_read(text, len, &out->address))
		return false;
	if (text[len] == '/' && !proxy_read_bits(text + len + 1, bits, &bits))
		return false;
	if (bits == 0)
		return false;
	out->bits = before + bits;
	for (unsigned i = 0; i < out->bits; i++)
		base.s6_addr[i / 8] |= out->address.s6_addr[i / 8] & (0x80U >> i % 8);
	return memcmp(&base, &out->address, sizeof(base)) == 0;
}

bool
http_proxy_is_valid(const char *text)
{
	struct http_proxy ignored;

	return proxy_read(text, &ignored);
}

void
http_proxies_init(struct http_proxies *p, const char *const *texts, enum http_proxy_header header)
{
	size_t count = 0;

	*p = (struct http_proxies){ .header = header };
	while (texts != NULL && texts[count] != NULL)
		count++;
	if (count == 0)
		return;
	p->item = mem_array(count, sizeof(*p->item));
	for (; p->count < count; p->count++)
		if (!proxy_read(texts[p->count], &p->item[p->count]))
			abort(); /* the promise of http_conf */
}

void
http_proxies_release(struct http_proxies *p)
{
	free(p->item);
	*p = (struct http_proxies){ .count = 0 };
}

bool
http_proxies_have(const struct http_proxies *p, const struct in6_addr *address)
{
	for (size_t i = 0; i < p->count; i++)
		if (proxy_same_bits(&p->item[i].address, address, p->item[i].bits))
			return true;
	return false;
}
