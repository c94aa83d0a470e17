/* Which addresses are nobody's business: what the special-purpose registries (RFC 6890 and what was
 * added to them since) call not globally reachable, and multicast. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "webhook/webhook.h"

struct network {
	unsigned char prefix[16];
	unsigned bits;
};

static const struct network private4[] = {
	{ { 0 }, 8 },		  /* this network */
	{ { 10 }, 8 },		  /* private */
	{ { 100, 64 }, 10 },	  /* shared: behind a carrier's NAT */
	{ { 127 }, 8 },		  /* loopback */
	{ { 169, 254 }, 16 },	  /* link-local, and the metadata services of clouds */
	{ { 172, 16 }, 12 },	  /* private */
	{ { 192, 0, 0 }, 24 },	  /* protocol assignments */
	{ { 192, 0, 2 }, 24 },	  /* documentation */
	{ { 192, 31, 196 }, 24 }, /* AS112 */
	{ { 192, 52, 193 }, 24 }, /* AMT */
	{ { 192, 88, 99 }, 24 },  /* 6to4 relays, deprecated */
	{ { 192, 168 }, 16 },	  /* private */
	{ { 192, 175, 48 }, 24 }, /* AS112 */
	{ { 198, 18 }, 15 },	  /* benchmarks */
	{ { 198, 51, 100 }, 24 }, /* documentation */
	{ { 203, 0, 113 }, 24 },  /* documentation */
	{ { 224 }, 4 },		  /* multicast */
	{ { 240 }, 4 },		  /* reserved, and broadcast */
};

/* Only 2000::/3 is given out at all; these parts of it are not for strangers. */
static const struct network private6[] = {
	{ { 0x20, 0x01 }, 23 },			  /* protocol assignments, Teredo among them */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },	  /* documentation */
	{ { 0x26, 0x20, 0x00, 0x4f, 0x80 }, 48 }, /* AS112 */
	{ { 0x3f, 0xff }, 20 },			  /* documentation (RFC 9637) */
};

static bool
network_has(const struct network *n, const unsigned char *address)
{
	const unsigned whole = n->bits / 8, rest = n->bits % 8;

	if (memcmp(n->prefix, address, whole) != 0)
		return false;
	return rest == 0 || (n->prefix[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool
is_private4(const unsigned char *a)
{
	for (size_t i = 0; i < sizeof(private4) / sizeof(private4[0]); i++)
		if (network_has(&private4[i], a))
			return true;
	return false;
}

/* The IPv4 address that a packet to this one ends at, or NULL: mapped (RFC 4291), translated (RFC
 * 6052, well-known prefix), 6to4 (RFC 3056). */
static const unsigned char *
embedded4(const unsigned char *a)
{
	static const struct network mapped = { { [10] = 0xff, [11] = 0xff }, 96 },
				    translated = { { 0x00, 0x64, 0xff, 0x9b }, 96 },
				    six_to_four = { { 0x20, 0x02 }, 16 };

	if (network_has(&mapped, a) || network_has(&translated, a))
		return a + 12;
	return network_has(&six_to_four, a) ? a + 2 : NULL;
}

static bool
is_private6(const unsigned char *a)
{
	const unsigned char *inside = embedded4(a);

	if (inside != NULL)
		return is_private4(inside);
	if (a[0] >> 5 != 1)
		return true;
	for (size_t i = 0; i < sizeof(private6) / sizeof(private6[0]); i++)
		if (network_has(&private6[i], a))
			return true;
	return false;
}

bool
webhook_address_is_private(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&in, address, sizeof(in));
		return is_private4((const unsigned char *)&in.sin_addr);
	case AF_INET6:
		memcpy(&in6, address, sizeof(in6));
		return is_private6(in6.sin6_addr.s6_addr);
	default:
		return true;
	}
}
