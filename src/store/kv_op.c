#include "store/kv_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The arena's own bound must never be met: an answer is cut far below. Conflicts may carry
 * KV_TXN_MAX values. */
enum { ANSWER_ARENA_MAX = 4 * KV_ANSWER_BYTES_MAX };

/* Copies `b` to *at. Never NULL, because a NULL value means deletion. */
static struct kv_bytes
kv_op_put_bytes(char **at, struct kv_bytes b)
{
	struct kv_bytes copy = { *at, b.len };

	if (b.len > 0)
		memcpy(*at, b.data, b.len);
	*at += b.len;
	return copy;
}

struct kv_op *
kv_op_new(enum kv_kind kind, struct kv_bytes key, struct kv_bytes after)
{
	struct kv_op *op = mem_alloc(sizeof(*op) + key.len + after.len + 1);
	char *at = (char *)(op + 1);

	op->kind = kind;
	op->size = key.len + after.len;
	op->key = kv_op_put_bytes(&at, key);
	op->after = kv_op_put_bytes(&at, after);
	return op;
}

struct kv_op *
kv_op_new_txn(const struct kv_txn *txn)
{
	size_t bytes = 0;
	struct kv_op *op;
	struct kv_item *changes;
	struct kv_compare *compares;
	struct kv_write *writes;
	char *at;

	for (size_t i = 0; i < txn->compare_count; i++)
		bytes += txn->compares[i].key.len;
	for (size_t i = 0; i < txn->write_count; i++)
		bytes += txn->writes[i].key.len + txn->writes[i].value.len;
	op = mem_alloc(sizeof(*op) + txn->write_count * (sizeof(*changes) + sizeof(*writes)) +
		       txn->compare_count * sizeof(*compares) + bytes + 1);
	changes = (struct kv_item *)(op + 1);
	writes = (struct kv_write *)(changes + txn->write_count);
	compares = (struct kv_compare *)(writes + txn->write_count);
	at = (char *)(compares + txn->compare_count);
	for (size_t i = 0; i < txn->compare_count; i++) {
		compares[i].key = kv_op_put_bytes(&at, txn->compares[i].key);
		compares[i].modified = txn->compares[i].modified;
	}
	for (size_t i = 0; i < txn->write_count; i++) {
		writes[i].key = kv_op_put_bytes(&at, txn->writes[i].key);
		writes[i].quiet = txn->writes[i].quiet;
		if (txn->writes[i].value.data != NULL)
			writes[i].value = kv_op_put_bytes(&at, txn->writes[i].value);
	}
	op->kind = KV_TXN;
	op->size = bytes;
	op->changes = changes;
	op->txn =
	    (struct kv_txn){ compares, txn->compare_count, writes, txn->write_count, txn->points };
	return op;
}

void
kv_op_free(struct kv_op *op)
{
	arena_free(op->arena);
	free(op->items);
	free(op);
}

/* Room for a power of two of items, grown when `count` has filled it. */
static void
kv_op_grow_items(struct kv_op *op)
{
	size_t n = op->count;

	if ((n & (n - 1)) == 0)
		op->items = mem_resize(op->items, n > 0 ? 2 * n : 1, sizeof(*op->items));
}

void
kv_op_add_item(struct kv_op *op, const struct kv_item *item)
{
	struct kv_item *copy;

	if (op->arena == NULL)
		op->arena = arena_new(ANSWER_ARENA_MAX);
	kv_op_grow_items(op);
	copy = &op->items[op->count++];
	*copy = *item;
	copy->key.data = arena_dup(op->arena, item->key.data, item->key.len);
	if (item->value.data != NULL)
		copy->value.data = arena_dup(op->arena, item->value.data, item->value.len);
	op->answer_bytes += item->key.len + item->value.len;
}

void
kv_op_set_value(struct kv_op *op, size_t i, const struct kv_item *now)
{
	struct kv_item *item = &op->items[i];

	item->value.data = arena_dup(op->arena, now->value.data, now->value.len);
	item->value.len = now->value.len;
	item->created = now->created;
}

void
kv_op_clear_outcome(struct kv_op *op)
{
	arena_free(op->arena);
	free(op->items);
	op->arena = NULL;
	op->items = NULL;
	op->count = op->answer_bytes = op->change_count = 0;
	op->revision = 0;
	op->more = false;
	op->code = ERR_OK;
}

void
kv_op_fail(struct kv_op *op, const struct fault *f)
{
	kv_op_clear_outcome(op);
	op->code = f->code;
	op->fault = *f;
}

void
kv_op_add_change(struct kv_op *op, const struct kv_write *write, uint64_t created)
{
	assert(op->change_count < op->txn.write_count);
	op->changes[op->change_count++] = (struct kv_item){ .key = write->key,
		.value = write->value,
		.created = created,
		.modified = op->revision,
		.quiet = write->quiet };
}
