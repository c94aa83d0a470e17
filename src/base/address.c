#include "base/address.h"

#include <string.h>
#include <arpa/inet.h>

enum { SOURCE_PREFIX = 8 };

static struct in6_addr
address_map(const struct in_addr *four)
{
	struct in6_addr six = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(six.s6_addr + 12, four, sizeof(*four));
	return six;
}

bool
address_read(const char *text, size_t len, struct in6_addr *out)
{
	struct in_addr four;
	char copy[INET6_ADDRSTRLEN] = "";

	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(copy, text, len);
	if (inet_pton(AF_INET, copy, &four) != 1)
		return inet_pton(AF_INET6, copy, out) == 1;
	*out = address_map(&four);
	return true;
}

const char *
address_write(const struct in6_addr *address, char out[INET6_ADDRSTRLEN])
{
	if (IN6_IS_ADDR_V4MAPPED(address))
		return inet_ntop(AF_INET, address->s6_addr + 12, out, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, address, out, INET6_ADDRSTRLEN);
}

bool
address_of_socket(const struct sockaddr_storage *ss, struct in6_addr *out)
{
	if (ss->ss_family == AF_INET)
		*out = address_map(&((const struct sockaddr_in *)ss)->sin_addr);
	else if (ss->ss_family == AF_INET6)
		*out = ((const struct sockaddr_in6 *)ss)->sin6_addr;
	else
		return false;
	return true;
}

struct in6_addr
address_source(const struct in6_addr *address)
{
	struct in6_addr source = *address;

	if (!IN6_IS_ADDR_V4MAPPED(address))
		memset(source.s6_addr + SOURCE_PREFIX, 0, sizeof(source) - SOURCE_PREFIX);
	return source;
}
