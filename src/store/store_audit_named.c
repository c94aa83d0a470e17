/* What blocks name, while the trail is verified: a table of buckets that never grows, and lists
 * that only grow at their end, so that nothing takes the loop's time at once. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- ids as bytes ---- */

static unsigned
hex_value(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
id_pack(const char *id, unsigned char out[NAMED_ID_SIZE])
{
	for (size_t i = 0; i < NAMED_ID_SIZE; i++) {
		id += *id == '-';
		out[i] = (unsigned char)(hex_value(id[0]) << 4 | hex_value(id[1]));
		id += 2;
	}
}

void
named_id(const struct named *one, char out[ID_SIZE])
{
	char digits[2 * NAMED_ID_SIZE + 1];

	encode_hex(one->id, NAMED_ID_SIZE, digits);
	snprintf(out, ID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12,
	    digits + 16, digits + 20);
}

/* Its last two bytes, which are random. */
static uint32_t *
named_bucket(const struct named_set *n, const unsigned char id[NAMED_ID_SIZE])
{
	return &n->buckets[id[NAMED_ID_SIZE - 2] << 8 | id[NAMED_ID_SIZE - 1]];
}

static struct named *
named_look(const struct named_set *n, const unsigned char id[NAMED_ID_SIZE])
{
	uint32_t at = n->buckets != NULL ? *named_bucket(n, id) : 0;

	while (at != 0 && memcmp(n->list[at - 1].id, id, NAMED_ID_SIZE) != 0)
		at = n->list[at - 1].next;
	return at != 0 ? &n->list[at - 1] : NULL;
}

/* ---- records ---- */

struct named *
named_find(const struct named_set *n, const char *id)
{
	unsigned char packed[NAMED_ID_SIZE];

	id_pack(id, packed);
	return named_look(n, packed);
}

struct named *
named_add(struct named_set *n, const struct chain_entry *e, uint64_t block, uint64_t *before)
{
	unsigned char id[NAMED_ID_SIZE];
	struct named *one;
	uint32_t *bucket;

	id_pack(e->id, id);
	one = named_look(n, id);
	if (one != NULL) {
		*before = one->block;
		return NULL;
	}
	if (n->buckets == NULL)
		n->buckets = mem_array(NAMED_BUCKETS, sizeof(*n->buckets));
	if (n->count == n->room) {
		n->room = n->room > 0 ? 2 * n->room : AUDIT_BLOCK_MAX;
		n->list = mem_resize(n->list, n->room, sizeof(*n->list));
	}
	assert(n->count < UINT32_MAX);
	one = &n->list[n->count++];
	bucket = named_bucket(n, id);
	*one = (struct named){ .block = block, .next = *bucket };
	*bucket = (uint32_t)n->count;
	memcpy(one->id, id, sizeof(id));
	memcpy(one->hash, e->hash, sizeof(one->hash));
	n->unmet++;
	return one;
}

void
named_meet(struct named_set *n, struct named *one)
{
	n->unmet -= one->met == 0;
	one->met = 1;
}

/* ---- blocks ---- */

void
named_add_block(struct named_set *n, const struct chain_block *b)
{
	struct named_block *one;

	if (n->block_count == n->block_room) {
		n->block_room = n->block_room > 0 ? 2 * n->block_room : 64;
		n->blocks = mem_resize(n->blocks, n->block_room, sizeof(*n->blocks));
	}
	one = &n->blocks[n->block_count++];
	one->number = b->number;
	memcpy(one->hash, b->hash, sizeof(one->hash));
}

static int
named_block_compare(const void *a, const void *b)
{
	uint64_t one = ((const struct named_block *)a)->number;
	uint64_t other = ((const struct named_block *)b)->number;

	return (one > other) - (one < other);
}

const struct named_block *
named_find_block(const struct named_set *n, uint64_t number)
{
	const struct named_block wanted = { .number = number };

	if (n->block_count == 0)
		return NULL;
	return bsearch(&wanted, n->blocks, n->block_count, sizeof(wanted), named_block_compare);
}

void
named_release(struct named_set *n)
{
	free(n->list);
	free(n->buckets);
	free(n->blocks);
	*n = (struct named_set){ .count = 0 };
}
