#include "store/kv_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct change {
	uint64_t revision;
	struct kv_bytes key;
	void *bytes;
};

struct kv_recent {
	uint64_t compacted; /* changes up to this revision are forgotten */
	size_t first, count;
	struct change ring[KV_RECENT_MAX];
};

struct kv_recent *
kv_recent_new(uint64_t compacted)
{
	struct kv_recent *r = mem_alloc(sizeof(*r));

	r->compacted = compacted;
	return r;
}

static struct change *
kv_recent_at(struct kv_recent *r, size_t i)
{
	return &r->ring[(r->first + i) % KV_RECENT_MAX];
}

static void
kv_recent_drop_oldest(struct kv_recent *r)
{
	struct change *c = kv_recent_at(r, 0);

	/* The changes of one transaction go one by one: what is left of it is not all of it. */
	r->compacted = c->revision;
	free(c->bytes);
	r->first = (r->first + 1) % KV_RECENT_MAX;
	r->count--;
}

void
kv_recent_reset(struct kv_recent *r, uint64_t revision)
{
	while (r->count > 0)
		kv_recent_drop_oldest(r);
	r->compacted = revision;
}

void
kv_recent_free(struct kv_recent *r)
{
	if (r == NULL)
		return;
	kv_recent_reset(r, 0);
	free(r);
}

void
kv_recent_add(struct kv_recent *r, const struct kv_op *op)
{
	for (size_t i = 0; i < op->change_count; i++) {
		struct change *c;

		if (r->count == KV_RECENT_MAX)
			kv_recent_drop_oldest(r);
		c = kv_recent_at(r, r->count++);
		c->revision = op->changes[i].modified;
		c->bytes = mem_dup(op->changes[i].key.data, op->changes[i].key.len);
		c->key = (struct kv_bytes){ c->bytes, op->changes[i].key.len };
	}
}

/* By key, the newest first. */
static int
kv_recent_by_key(const void *a, const void *b)
{
	const struct kv_item *x = a, *y = b;
	int order = kv_compare_bytes(x->key, y->key);

	if (order != 0)
		return order;
	return (x->modified < y->modified) - (x->modified > y->modified);
}

static int
kv_recent_by_revision(const void *a, const void *b)
{
	const struct kv_item *x = a, *y = b;

	if (x->modified != y->modified)
		return x->modified < y->modified ? -1 : 1;
	return kv_compare_bytes(x->key, y->key);
}

enum err
kv_recent_list(const struct kv_recent *r, struct kv_op *op)
{
	struct kv_item *found;
	size_t n = 0, kept = 0;

	if (op->from <= r->compacted)
		return fault_set(&op->fault, ERR_EXPIRED,
		    "changes are remembered from revision %llu on, not from %llu",
		    (unsigned long long)r->compacted + 1, (unsigned long long)op->from);
	found = mem_array(r->count, sizeof(*found));
	for (size_t i = 0; i < r->count; i++) {
		const struct change *c = &r->ring[(r->first + i) % KV_RECENT_MAX];

		if (c->revision >= op->from && kv_has_prefix(c->key, op->key))
			found[n++] = (struct kv_item){ .key = c->key, .modified = c->revision };
	}
	qsort(found, n, sizeof(*found), kv_recent_by_key);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || kv_compare_bytes(found[i].key, found[i - 1].key) != 0)
			found[kept++] = found[i];
	qsort(found, kept, sizeof(*found), kv_recent_by_revision);
	for (size_t i = 0; i < kept; i++)
		kv_op_add_item(op, &found[i]);
	free(found);
	return ERR_OK;
}
