/* A sorted array. An operation is carried out when it starts; its answer comes through the loop, so
 * that callers cannot tell it from the real store. */
#include "store/kv.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/kv_private.h"

struct entry {
	struct kv_item item;
	void *bytes; /* key, then value */
};

struct memory {
	struct kv_front front; /* first */
	struct entry *entries; /* in key order */
	size_t count, room;
	uint64_t revision;
	struct kv_recent *recent;
};

/* The place of `key`, or where it would be put. */
static size_t
memory_find(const struct memory *m, struct kv_bytes key, bool *found)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = kv_compare_bytes(m->entries[mid].item.key, key);

		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*found = false;
	return low;
}

static const struct kv_item *
memory_lookup(const struct memory *m, struct kv_bytes key)
{
	bool found;
	size_t at = memory_find(m, key, &found);

	return found ? &m->entries[at].item : NULL;
}

static void
memory_remove(struct memory *m, size_t at)
{
	free(m->entries[at].bytes);
	m->count--;
	memmove(&m->entries[at], &m->entries[at + 1], (m->count - at) * sizeof(*m->entries));
}

static void
memory_insert(struct memory *m, size_t at, const struct kv_write *w, uint64_t created)
{
	struct entry *e;
	char *bytes = mem_alloc(w->key.len + w->value.len + 1);

	memcpy(bytes, w->key.data, w->key.len);
	if (w->value.len > 0)
		memcpy(bytes + w->key.len, w->value.data, w->value.len);
	if (m->count == m->room) {
		m->room = m->room > 0 ? 2 * m->room : 64;
		m->entries = mem_resize(m->entries, m->room, sizeof(*m->entries));
	}
	e = &m->entries[at];
	memmove(e + 1, e, (m->count - at) * sizeof(*e));
	m->count++;
	e->bytes = bytes;
	e->item = (struct kv_item){ .key = { bytes, w->key.len },
		.value = { bytes + w->key.len, w->value.len },
		.created = created,
		.modified = m->revision + 1 };
}

static void
memory_write(struct memory *m, struct kv_op *op, const struct kv_write *w)
{
	bool found;
	size_t at = memory_find(m, w->key, &found);
	uint64_t created = found ? m->entries[at].item.created : m->revision + 1;

	if (found)
		memory_remove(m, at);
	if (w->value.data != NULL)
		memory_insert(m, at, w, created);
	else if (!found)
		return;
	kv_op_add_change(op, w, w->value.data != NULL ? created : 0);
}

static bool
memory_compares_hold(const struct memory *m, const struct kv_txn *t)
{
	for (size_t i = 0; i < t->compare_count; i++) {
		const struct kv_item *now = memory_lookup(m, t->compares[i].key);

		if ((now != NULL ? now->modified : 0) != t->compares[i].modified)
			return false;
	}
	return true;
}

static void
memory_txn(struct memory *m, struct kv_op *op)
{
	const struct kv_txn *t = &op->txn;

	if (!memory_compares_hold(m, t)) {
		for (size_t i = 0; i < t->compare_count; i++) {
			const struct kv_item *now = memory_lookup(m, t->compares[i].key);
			const struct kv_item absent = { .key = t->compares[i].key };

			kv_op_add_item(op, now != NULL ? now : &absent);
		}
		op->code = fault_set(&op->fault, ERR_CONFLICT, "a key was changed meanwhile");
		return;
	}
	op->revision = m->revision + 1;
	for (size_t i = 0; i < t->write_count; i++)
		memory_write(m, op, &t->writes[i]);
	if (op->change_count > 0)
		m->revision++;
	op->revision = m->revision;
	kv_recent_add(m->recent, op);
}

static void
memory_get(struct memory *m, struct kv_op *op)
{
	const struct kv_item *now = memory_lookup(m, op->key);

	if (now != NULL)
		kv_op_add_item(op, now);
	else
		op->code = fault_set(&op->fault, ERR_NOT_FOUND, "no such key");
}

/* False: the answer is full, and there is more. */
static bool
memory_add(struct memory *m, struct kv_op *op, size_t at)
{
	op->more = op->count == op->limit || op->answer_bytes > KV_ANSWER_BYTES_MAX;
	if (!op->more)
		kv_op_add_item(op, &m->entries[at].item);
	return !op->more;
}

static void
memory_range_back(struct memory *m, struct kv_op *op)
{
	unsigned char room[KV_KEY_MAX + 1];
	struct kv_bytes end = kv_upper_bound(op->key, room);
	bool found;
	size_t at;

	if (op->after.len > 0 && kv_compare_bytes(op->after, end) < 0)
		end = op->after;
	at = memory_find(m, end, &found);
	while (at > 0 && kv_has_prefix(m->entries[at - 1].item.key, op->key))
		if (!memory_add(m, op, --at))
			return;
}

static void
memory_range(struct memory *m, struct kv_op *op)
{
	bool found;
	size_t at = memory_find(m, op->key, &found);

	if (op->after.len > 0 && kv_compare_bytes(op->after, op->key) >= 0) {
		at = memory_find(m, op->after, &found);
		if (found)
			at++;
	}
	for (; at < m->count && kv_has_prefix(m->entries[at].item.key, op->key); at++)
		if (!memory_add(m, op, at))
			return;
}

static void
memory_watch(struct memory *m, struct kv_op *op)
{
	op->revision = m->revision;
	op->code = kv_recent_list(m->recent, op);
	for (size_t i = 0; i < op->count; i++) {
		const struct kv_item *now = memory_lookup(m, op->items[i].key);

		if (now != NULL)
			kv_op_set_value(op, i, now);
	}
}

static void
memory_submit(struct kv_front *front, struct kv_op *op)
{
	struct memory *m = (struct memory *)front;
	struct kv_op_list done = TAILQ_HEAD_INITIALIZER(done);

	switch (op->kind) {
	case KV_GET:
		memory_get(m, op);
		break;
	case KV_RANGE:
		op->revision = m->revision;
		if (op->back)
			memory_range_back(m, op);
		else
			memory_range(m, op);
		break;
	case KV_TXN:
		memory_txn(m, op);
		break;
	case KV_WATCH:
		memory_watch(m, op);
		break;
	}
	TAILQ_INSERT_TAIL(&done, op, link);
	kv_front_post(front, &done, NULL);
}

static bool
memory_withdraw(struct kv_front *front, struct kv_op *op)
{
	(void)front, (void)op;
	return false;
}

static void
memory_release(struct kv_front *front)
{
	struct memory *m = (struct memory *)front;

	while (m->count > 0)
		memory_remove(m, m->count - 1);
	free(m->entries);
	kv_recent_free(m->recent);
	free(m);
}

static void
memory_close(struct kv *kv)
{
	kv_front_close((struct kv_front *)kv);
}

static const struct kv_engine memory_engine = { memory_submit, memory_withdraw, memory_release };

static const struct kv_ops kv_memory_ops = {
	.name = "memory",
	.get = kv_front_get,
	.range = kv_front_range,
	.range_back = kv_front_range_back,
	.txn = kv_front_txn,
	.cancel = kv_front_cancel,
	.watch = kv_front_watch,
	.watch_stop = kv_front_watch_stop,
	.is_healthy = kv_front_is_healthy,
	.close = memory_close,
};

struct kv *
kv_memory_new(struct loop *l)
{
	struct memory *m = mem_alloc(sizeof(*m));

	m->recent = kv_recent_new(0);
	kv_front_init(&m->front, &kv_memory_ops, &memory_engine, l);
	return &m->front.kv;
}
