/* A hash table of things that carry their own link. The hash is keyed: nobody who chooses keys, or
 * measures how long a look takes, learns where anything lies. */
#ifndef USHERD_AUTH_AUTH_TABLE_H
#define USHERD_AUTH_AUTH_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { AUTH_TABLE_KEY_SIZE = 16 };

struct auth_link {
	struct auth_link *next;
	uint64_t hash;
};

struct auth_table {
	struct auth_link **heads;
	size_t size, count; /* a power of two; what is in it */
	unsigned char key[AUTH_TABLE_KEY_SIZE];
};

void auth_table_init(struct auth_table *t);
void auth_table_free(struct auth_table *t); /* what is in it belongs to others */

uint64_t auth_table_hash(const struct auth_table *t, const void *key, size_t len);
/* Those of one hash, one after the other; NULL behind the last. The caller compares. */
struct auth_link *auth_table_first(const struct auth_table *t, uint64_t hash);
struct auth_link *auth_table_next(const struct auth_link *link);

void auth_table_add(struct auth_table *t, struct auth_link *link, uint64_t hash);
void auth_table_remove(struct auth_table *t, struct auth_link *link);

#endif
