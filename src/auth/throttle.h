/* How soon somebody may try again after failing: delays that grow with each failure, for keys of
 * any kind (an account, a source, everybody).
 *
 * A fixed table, eight places for each hash value; when all are taken the one that was touched
 * longest ago gives way. A flood of keys can make it forget: that frees others, it never blocks
 * anybody. The hash is keyed, so that nobody can choose whom to crowd out. Times are monotonic ms.
 */
#ifndef USHERD_AUTH_THROTTLE_H
#define USHERD_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle;

struct throttle_conf {
	unsigned free;	   /* attempts that pass at once, when all of them fail; at least 1 */
	int64_t first_ms;  /* the delay after the last of these; each further failure doubles it */
	int64_t max_ms;	   /* up to this */
	int64_t forget_ms; /* a failure counts for so long */
	size_t places;	   /* of the table: rounded up to a power of two */
};

struct throttle *throttle_new(const struct throttle_conf *conf);
void throttle_free(struct throttle *t); /* NULL is fine */

/* 0: may try now, and the attempt counts as a failure from now on, until throttle_forgive():
 * attempts that are under way at once cannot all pass. Else ms until then; asking costs nothing. */
int64_t throttle_take(struct throttle *t, const void *key, size_t len, int64_t now);
/* It succeeded, or was no attempt: everything (`all`), or the last failure, is forgotten. */
void throttle_forgive(struct throttle *t, const void *key, size_t len, bool all);

/* A source (address_source()) as a key. What is no address (a unix socket) has one in common. */
enum { THROTTLE_SOURCE_SIZE = 16 };
void throttle_source(const char *peer, unsigned char key[THROTTLE_SOURCE_SIZE]);

/* Whole seconds for Retry-After: rounded up, at least 1. */
unsigned throttle_seconds(int64_t wait_ms);

#endif
