/* How many connections each source has. */
#include "http/http_private.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/mem.h"

struct http_source {
	struct in6_addr key;
	size_t count;
};

static int
source_compare(const void *a, const void *b)
{
	return memcmp(&((const struct http_source *)a)->key, &((const struct http_source *)b)->key,
	    sizeof(struct in6_addr));
}

struct http_source *
http_source_enter(struct http_server *s, const struct in6_addr *peer)
{
	struct http_source *source, wanted = { .key = address_source(peer) };
	void *node;

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
