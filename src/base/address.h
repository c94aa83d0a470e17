/* Internet addresses as callers of ours have them. IPv4 is kept in the v4-mapped form. */
#ifndef USHERD_BASE_ADDRESS_H
#define USHERD_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* "192.0.2.1", "2001:db8::1" or "::ffff:192.0.2.1"; neither a port nor a zone. */
bool address_read(const char *text, size_t len, struct in6_addr *out);
/* The one spelling of an address. Returns `out`. */
const char *address_write(const struct in6_addr *address, char out[INET6_ADDRSTRLEN]);
/* False: it is neither IPv4 nor IPv6. */
bool address_of_socket(const struct sockaddr_storage *ss, struct in6_addr *out);

/* The source that an address belongs to, for limits: IPv4 stands for itself, and of IPv6 the /64
 * counts, as one customer has at least one and their hosts choose freely within it. */
struct in6_addr address_source(const struct in6_addr *address);

#endif
