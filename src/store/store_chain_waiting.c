/* Audit records that no block names yet, in the order of their transactions. */
#include "store/store_audit_private.h"

#include <string.h>

#include "base/mem.h"

enum { WAITING_MAX = 16384 };

void
waiting_reset(struct chain_waiting *w)
{
	w->count = 0;
	w->horizon = UINT64_MAX;
	w->least[0] = '\0';
}

static void
waiting_refuse(struct chain_waiting *w, const char *id)
{
	if (w->least[0] == '\0' || strcmp(id, w->least) < 0)
		memcpy(w->least, id, ID_SIZE);
}

/* The one at `at`, all of its transaction, and what is behind them: no room. */
static void
waiting_cut(struct chain_waiting *w, size_t at)
{
	w->horizon = w->list[at].created;
	while (at > 0 && w->list[at - 1].created == w->horizon)
		at--;
	for (size_t i = at; i < w->count; i++)
		waiting_refuse(w, w->list[i].entry.id);
	w->count = at;
}

static void
waiting_add(struct chain_waiting *w, const char *id, uint64_t created,
    const unsigned char hash[AUDIT_HASH_SIZE])
{
	size_t at = w->count;

	while (at > 0 && w->list[at - 1].created > created)
		at--;
	if (w->count == w->room) {
		w->room = w->room > 0 ? 2 * w->room : 64;
		w->list = mem_resize(w->list, w->room, sizeof(*w->list));
	}
	memmove(&w->list[at + 1], &w->list[at], (w->count - at) * sizeof(*w->list));
	w->count++;
	memcpy(w->list[at].entry.id, id, ID_SIZE);
	memcpy(w->list[at].entry.hash, hash, AUDIT_HASH_SIZE);
	w->list[at].created = created;
	if (w->count > WAITING_MAX)
		waiting_cut(w, w->count - 1);
}

static bool
waiting_has(const struct chain_waiting *w, const char *id)
{
	for (size_t i = w->count; i > 0; i--)
		if (strcmp(w->list[i - 1].entry.id, id) == 0)
			return true;
	return false;
}

void
waiting_forget(struct chain_waiting *w, uint64_t through)
{
	size_t named = 0;

	while (named < w->count && w->list[named].created <= through)
		named++;
	if (named == 0)
		return;
	w->count -= named;
	memmove(w->list, &w->list[named], w->count * sizeof(*w->list));
}

/* One that cannot be read is named by no block: verifying tells of it. */
void
waiting_take(
    struct chain_waiting *w, const struct store *s, uint64_t through, const struct kv_item *item)
{
	unsigned char hash[AUDIT_HASH_SIZE];
	char id[ID_SIZE];
	struct fault f;

	if (item->created <= through || !store_read_id("audit", item->key, id))
		return;
	if (item->created >= w->horizon) {
		waiting_refuse(w, id);
		return;
	}
	/* Only what was rewritten meanwhile can have been told before. */
	if (item->created != item->modified && waiting_has(w, id))
		return;
	if (chain_hash_item(s, item, hash, &f) == ERR_OK)
		waiting_add(w, id, item->created, hash);
}

/* A transaction's records stay together. */
static size_t
waiting_block_size(const struct chain_waiting *w)
{
	size_t n = w->count < AUDIT_BLOCK_MAX ? w->count : AUDIT_BLOCK_MAX;

	while (n < w->count && n > 1 && w->list[n].created == w->list[n - 1].created)
		n--;
	return n;
}

void
waiting_fill_block(
    const struct chain_waiting *w, const struct chain_mark *head, struct chain_block *b)
{
	b->number = head->number + 1;
	memcpy(b->previous, head->hash, sizeof(b->previous));
	b->count = waiting_block_size(w);
	b->through = w->list[b->count - 1].created;
	for (size_t i = 0; i < b->count; i++)
		b->entries[i] = w->list[i].entry;
	chain_hash_block(b, b->hash);
}
