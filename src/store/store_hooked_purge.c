/* Forgetting webhook messages that ended: long ago, or about somebody who is erased. */
#include "store/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_purge, "store.hooked_purged", "the commit that forgets messages");

/* A page > a transaction that deletes what of it is old > the next page. An endpoint's messages
 * stand in the order of their making, and none ended before it was made: at the first that was made
 * too late the walk goes on with the next endpoint. */
struct hooked_purge {
	struct store_op op; /* first */
	store_save_cb *cb;
	int64_t before;
	store_hooked_test *test; /* NULL: those that ended before `before` */
	void *test_arg;
	size_t limit, gone;
	char after[KV_KEY_MAX];
	size_t after_len;
	bool more;
	struct store_key keys[KV_TXN_MAX];
	uint64_t modified[KV_TXN_MAX];
	size_t count;
};

static void hooked_purge_read_page(struct hooked_purge *p);

static void
hooked_purge_release(struct store_op *op)
{
	free(op);
}

static void
hooked_purge_finish(struct hooked_purge *p, enum err code, const struct fault *f)
{
	store_save_cb *cb = p->cb;
	void *arg = p->op.arg;
	size_t gone = p->gone;

	store_op_end(&p->op);
	cb(arg, code, gone, f);
}

static void
hooked_purge_on_gone(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct hooked_purge *p = arg;

	(void)result;
	p->op.kv = NULL;
	if (code == ERR_OK)
		p->gone += p->count;
	/* A conflict: one of them was sent again meanwhile. All are met again next time. */
	if (code != ERR_OK && code != ERR_CONFLICT)
		hooked_purge_finish(p, code, f);
	else if (p->more && p->gone < p->limit)
		hooked_purge_read_page(p);
	else
		hooked_purge_finish(p, ERR_OK, NULL);
}

static void
hooked_purge_delete(struct hooked_purge *p)
{
	struct kv_compare compares[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	const struct kv_txn txn = { compares, p->count, writes, p->count,
		failpoints_of(points_of_purge) };

	for (size_t i = 0; i < p->count; i++) {
		struct kv_bytes key = store_key_bytes(&p->keys[i]);

		compares[i] = (struct kv_compare){ key, p->modified[i] };
		writes[i] = (struct kv_write){ .key = key };
	}
	p->op.kv = kv_txn(p->op.store->kv, &txn, hooked_purge_on_gone, p);
}

/* What cannot be read is as old as its id, and may be about anybody. */
static bool
hooked_purge_is_meant(const struct hooked_purge *p, const struct kv_item *item, const char *id)
{
	struct outbox_item *i;
	struct hooked h;
	struct fault f;
	bool is_meant;

	if (hooked_read(p->op.store, item, id, &i, &h, &f) != ERR_OK)
		return true;
	is_meant = p->test != NULL ? p->test(p->test_arg, i) : h.ended_at < p->before;
	outbox_item_free(i);
	return is_meant;
}

/* False: nothing more of this page is of interest. */
static bool
hooked_purge_look(struct hooked_purge *p, const struct kv_item *item)
{
	static const char prefix[] = "hooked/";
	struct store_key key = { "" };
	char hook[ID_SIZE] = "", id[ID_SIZE];

	p->after_len = item->key.len;
	memcpy(p->after, item->key.data, item->key.len);
	if (item->key.len >= sizeof(prefix) - 1 + ID_SIZE - 1)
		memcpy(hook, (const char *)item->key.data + sizeof(prefix) - 1, ID_SIZE - 1);
	if (!id_is_valid(hook) || !store_read_id(hooked_space(hook).text, item->key, id))
		return true;
	if (p->test == NULL && id_made_at(id) >= p->before) {
		/* Behind every id of this endpoint. */
		p->after_len =
		    (size_t)snprintf(p->after, sizeof(p->after), "%s/~", hooked_space(hook).text);
		p->more = true;
		return false;
	}
	if (!hooked_purge_is_meant(p, item, id))
		return true;
	memcpy(key.text, item->key.data, item->key.len);
	p->keys[p->count] = key;
	p->modified[p->count++] = item->modified;
	return p->gone + p->count < p->limit;
}

static void
hooked_purge_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct hooked_purge *p = arg;

	(void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK) {
		hooked_purge_finish(p, code, f);
		return;
	}
	p->more = more;
	p->count = 0;
	for (size_t i = 0; i < count; i++)
		if (!hooked_purge_look(p, &items[i]))
			break;
	if (p->count > 0)
		hooked_purge_delete(p);
	else if (p->more)
		hooked_purge_read_page(p);
	else
		hooked_purge_finish(p, ERR_OK, NULL);
}

static void
hooked_purge_read_page(struct hooked_purge *p)
{
	p->op.kv = kv_range(p->op.store->kv, kv_text("hooked/"),
	    (struct kv_bytes){ p->after, p->after_len }, KV_TXN_MAX, hooked_purge_on_page, p);
}

static struct hooked_purge *
hooked_purge_new(struct store *s, size_t limit, store_save_cb *cb, void *arg)
{
	struct hooked_purge *p = mem_alloc(sizeof(*p));

	assert(limit >= 1);
	store_op_start(&p->op, s, hooked_purge_release, arg);
	p->cb = cb;
	p->limit = limit;
	return p;
}

struct store_op *
store_hooked_purge(struct store *s, int64_t before, size_t limit, store_save_cb *cb, void *arg)
{
	struct hooked_purge *p = hooked_purge_new(s, limit, cb, arg);

	p->before = before;
	hooked_purge_read_page(p);
	return &p->op;
}

struct store_op *
store_hooked_forget(
    struct store *s, store_hooked_test *test, void *test_arg, store_save_cb *cb, void *arg)
{
	struct hooked_purge *p = hooked_purge_new(s, SIZE_MAX, cb, arg);

	p->test = test;
	p->test_arg = test_arg;
	hooked_purge_read_page(p);
	return &p->op;
}
