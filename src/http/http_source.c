/* How many connections each address has. IPv6 hosts choose freely within their /64, so that is one
 * source. */
#include "http/http_private.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { KEY_SIZE = 16, KEY_PREFIX = 8 };

struct http_source {
	unsigned char key[KEY_SIZE];
	size_t count;
};

static int
source_compare(const void *a, const void *b)
{
	return memcmp(
	    ((const struct http_source *)a)->key, ((const struct http_source *)b)->key, KEY_SIZE);
}

/* IPv4 in the v4-mapped form; of IPv6 the first 64 bits. */
static void
source_key(const struct sockaddr_storage *peer, unsigned char key[KEY_SIZE])
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)peer)->sin6_addr;

	memset(key, 0, KEY_SIZE);
	if (peer->ss_family == AF_INET) {
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	} else if (IN6_IS_ADDR_V4MAPPED(six)) {
		memcpy(key, six, KEY_SIZE);
	} else {
		memcpy(key, six, KEY_PREFIX);
	}
}

struct http_source *
http_source_enter(struct http_server *s, const struct sockaddr_storage *peer)
{
	struct http_source *source, wanted = { .count = 0 };
	void *node;

	source_key(peer, wanted.key);
	node = tfind(&wanted, &s->sources, source_compare);
	if (node == NULL) {
		source = mem_dup(&wanted, sizeof(wanted));
		if (tsearch(source, &s->sources, source_compare) == NULL)
			mem_exhausted();
	} else {
		source = *(struct http_source **)node;
	}
	if (source->count >= s->conf.limits.connections_per_source)
		return NULL;
	source->count++;
	return source;
}

void
http_source_leave(struct http_server *s, struct http_source *source)
{
	if (--source->count > 0)
		return;
	tdelete(source, &s->sources, source_compare);
	free(source);
}
