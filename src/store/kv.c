#include "store/kv.h"

#include <assert.h>
#include <string.h>

#include "store/kv_private.h"

struct kv_bytes
kv_text(const char *s)
{
	return (struct kv_bytes){ s, strlen(s) };
}

bool
kv_has_prefix(struct kv_bytes key, struct kv_bytes prefix)
{
	return prefix.len == 0 ||
	       (key.len >= prefix.len && memcmp(key.data, prefix.data, prefix.len) == 0);
}

int
kv_compare_bytes(struct kv_bytes a, struct kv_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

struct kv_bytes
kv_upper_bound(struct kv_bytes prefix, unsigned char room[KV_KEY_MAX + 1])
{
	size_t len = prefix.len;

	if (len > 0)
		memcpy(room, prefix.data, len);
	while (len > 0 && room[len - 1] == 0xff)
		len--;
	if (len > 0) {
		room[len - 1]++;
		return (struct kv_bytes){ room, len };
	}
	memset(room, 0xff, KV_KEY_MAX + 1);
	return (struct kv_bytes){ room, KV_KEY_MAX + 1 };
}

struct kv_op *
kv_get(struct kv *kv, struct kv_bytes key, kv_get_cb *cb, void *arg)
{
	assert(key.len > 0);
	return kv->ops->get(kv, key, cb, arg);
}

struct kv_op *
kv_range(struct kv *kv, struct kv_bytes prefix, struct kv_bytes after, size_t limit,
    kv_range_cb *cb, void *arg)
{
	assert(limit >= 1 && limit <= KV_RANGE_MAX);
	return kv->ops->range(kv, prefix, after, limit, cb, arg);
}

struct kv_op *
kv_range_back(struct kv *kv, struct kv_bytes prefix, struct kv_bytes before, size_t limit,
    kv_range_cb *cb, void *arg)
{
	assert(limit >= 1 && limit <= KV_RANGE_MAX);
	return kv->ops->range_back(kv, prefix, before, limit, cb, arg);
}

/* A key may occur only once among the writes: stores disagree about what a second one means. */
static bool
kv_writes_are_distinct(const struct kv_txn *txn)
{
	for (size_t i = 0; i < txn->write_count; i++)
		for (size_t j = 0; j < i; j++)
			if (txn->writes[i].key.len == txn->writes[j].key.len &&
			    kv_compare_bytes(txn->writes[i].key, txn->writes[j].key) == 0)
				return false;
	return true;
}

struct kv_op *
kv_txn(struct kv *kv, const struct kv_txn *txn, kv_txn_cb *cb, void *arg)
{
	for (size_t i = 0; i < txn->compare_count; i++)
		assert(txn->compares[i].key.len > 0);
	for (size_t i = 0; i < txn->write_count; i++)
		assert(txn->writes[i].key.len > 0);
	assert(txn->write_count > KV_TXN_MAX || kv_writes_are_distinct(txn));
	return kv->ops->txn(kv, txn, cb, arg);
}

void
kv_cancel(struct kv_op *op)
{
	op->front->kv.ops->cancel(op);
}

struct kv_watch *
kv_watch(struct kv *kv, struct kv_bytes prefix, uint64_t from, kv_watch_cb *cb, void *arg)
{
	return kv->ops->watch(kv, prefix, from, cb, arg);
}

void
kv_watch_stop(struct kv_watch *w)
{
	w->front->kv.ops->watch_stop(w);
}

bool
kv_is_healthy(struct kv *kv, struct fault *f)
{
	return kv->ops->is_healthy(kv, f);
}

uint64_t
kv_bytes_on_disk(struct kv *kv)
{
	return kv->ops->bytes != NULL ? kv->ops->bytes(kv) : 0;
}

const char *
kv_kind(const struct kv *kv)
{
	return kv->ops->name;
}

void
kv_close(struct kv *kv)
{
	if (kv != NULL)
		kv->ops->close(kv);
}
