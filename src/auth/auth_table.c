#include "auth/auth_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>

#include "base/id.h"
#include "base/mem.h"

enum { SIZE_FIRST = 64 };

_Static_assert(AUTH_TABLE_KEY_SIZE == crypto_shorthash_KEYBYTES, "the key of SipHash");

void
auth_table_init(struct auth_table *t)
{
	*t = (struct auth_table){ .size = SIZE_FIRST };
	t->heads = mem_array(t->size, sizeof(struct auth_link *));
	random_fill(t->key, sizeof(t->key));
}

void
auth_table_free(struct auth_table *t)
{
	free(t->heads);
}

uint64_t
auth_table_hash(const struct auth_table *t, const void *key, size_t len)
{
	unsigned char out[crypto_shorthash_BYTES];
	uint64_t hash;

	crypto_shorthash(out, key, len, t->key);
	memcpy(&hash, out, sizeof(hash));
	return hash;
}

static struct auth_link **
table_head(const struct auth_table *t, uint64_t hash)
{
	return &t->heads[hash & (t->size - 1)];
}

static struct auth_link *
table_skip(struct auth_link *link, uint64_t hash)
{
	while (link != NULL && link->hash != hash)
		link = link->next;
	return link;
}

struct auth_link *
auth_table_first(const struct auth_table *t, uint64_t hash)
{
	return table_skip(*table_head(t, hash), hash);
}

struct auth_link *
auth_table_next(const struct auth_link *link)
{
	return table_skip(link->next, link->hash);
}

static void
table_put(struct auth_table *t, struct auth_link *link)
{
	struct auth_link **head = table_head(t, link->hash);

	link->next = *head;
	*head = link;
}

static void
table_grow(struct auth_table *t)
{
	struct auth_link **old = t->heads;
	size_t old_size = t->size;

	t->size *= 2;
	t->heads = mem_array(t->size, sizeof(struct auth_link *));
	for (size_t i = 0; i < old_size; i++) {
		struct auth_link *link = old[i];

		while (link != NULL) {
			struct auth_link *next = link->next;

			table_put(t, link);
			link = next;
		}
	}
	free(old);
}

void
auth_table_add(struct auth_table *t, struct auth_link *link, uint64_t hash)
{
	if (t->count == t->size)
		table_grow(t);
	link->hash = hash;
	table_put(t, link);
	t->count++;
}

void
auth_table_remove(struct auth_table *t, struct auth_link *link)
{
	struct auth_link **at = table_head(t, link->hash);

	while (*at != link) {
		assert(*at != NULL); /* it was in the table */
		at = &(*at)->next;
	}
	*at = link->next;
	t->count--;
}
