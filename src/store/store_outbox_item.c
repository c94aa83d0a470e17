/* One item of the queue by its id. */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- read ---- */

struct outbox_load {
	struct store_op op; /* first */
	store_outbox_cb *cb;
	char id[ID_SIZE];
};

static void
outbox_load_release(struct store_op *op)
{
	free(op);
}

enum err
outbox_read(const struct store *s, const struct kv_item *item, const char *id,
    struct outbox_item **out, struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_item(out, id, item->modified, text, len, f);
	arena_free(arena);
	return code;
}

static void
outbox_load_on_got(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct outbox_load *l = arg;
	store_outbox_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct outbox_item *found = NULL;
	struct fault own = { .text = "" };

	l->op.kv = NULL;
	if (code == ERR_OK)
		code = outbox_read(l->op.store, item, l->id, &found, &own);
	else if (code == ERR_NOT_FOUND)
		code = ERR_OK;
	else
		own = *f;
	store_op_end(&l->op);
	cb(cb_arg, code, &found, found != NULL ? 1 : 0, NULL, &own);
	outbox_item_free(found);
}

struct store_op *
store_outbox_load(struct store *s, const char *id, store_outbox_cb *cb, void *arg)
{
	struct outbox_load *l = mem_alloc(sizeof(*l));
	bool valid = id_is_valid(id);
	struct store_key key = store_key_of("outbox", valid ? id : "-");

	store_op_start(&l->op, s, outbox_load_release, arg);
	l->cb = cb;
	if (valid)
		memcpy(l->id, id, ID_SIZE);
	l->op.kv = kv_get(s->kv, store_key_bytes(&key), outbox_load_on_got, l);
	return &l->op;
}

/* ---- take away though it cannot be read ---- */

/* When an administrator says so: nobody else may, and it would be met and counted for ever. It does
 * not say where it stands, so its place is looked for. */
struct discard {
	struct commit c; /* first */
	store_done_cb *cb;
	enum outbox_queue queue;
	char id[ID_SIZE];
	char after[KV_KEY_MAX]; /* the next page of places begins behind it */
	size_t after_len;
};

static void discard_read_places(struct discard *d);

static void
discard_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct discard *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, f);
}

static void
discard_refuse(struct discard *d, enum err code, const char *words)
{
	struct fault f;

	fault_set(&f, code, "%s", words);
	discard_settled(&d->c, code, 0, &f);
}

static void
discard_commit(struct discard *d, int64_t due, uint64_t modified)
{
	struct commit *c = &d->c;
	struct store_key key = store_key_of("outbox", d->id),
			 place = outbox_due_key(d->queue, due, d->id);

	commit_expect(c, store_key_bytes(&place), modified);
	commit_delete(c, &place);
	commit_delete(c, &key);
	commit_mark(c, &key, "outbox_removed");
	c->items[d->queue]--;
	commit_start(c);
}

static void
discard_on_places(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct discard *d = arg;
	char id[ID_SIZE];
	int64_t due;

	(void)revision;
	d->c.op.kv = NULL;
	if (code != ERR_OK) {
		discard_settled(&d->c, code, 0, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (outbox_read_due_key(d->queue, items[i].key, &due, id) &&
		    strcmp(id, d->id) == 0) {
			discard_commit(d, due, items[i].modified);
			return;
		}
	if (!more) {
		discard_refuse(d, ERR_NOT_FOUND, "the queue has no such item");
		return;
	}
	d->after_len = items[count - 1].key.len;
	memcpy(d->after, items[count - 1].key.data, d->after_len);
	discard_read_places(d);
}

static void
discard_read_places(struct discard *d)
{
	struct store_key prefix = outbox_due_prefix(d->queue);

	d->c.op.kv = kv_range(d->c.op.store->kv, store_key_bytes(&prefix),
	    (struct kv_bytes){ d->after, d->after_len }, KV_RANGE_MAX, discard_on_places, d);
}

static void
discard_on_item(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct discard *d = arg;
	struct store_key key = store_key_of("outbox", d->id);
	struct outbox_item *found;
	struct fault own;

	d->c.op.kv = NULL;
	if (code != ERR_OK) {
		discard_settled(&d->c, code, 0, f);
		return;
	}
	if (outbox_read(d->c.op.store, item, d->id, &found, &own) == ERR_OK) {
		outbox_item_free(found);
		discard_refuse(d, ERR_CONFLICT, "it can be read");
		return;
	}
	commit_expect(&d->c, store_key_bytes(&key), item->modified);
	discard_read_places(d);
}

struct store_op *
store_outbox_discard(
    struct store *s, enum outbox_queue queue, const char *id, store_done_cb *cb, void *arg)
{
	struct discard *d = mem_alloc(sizeof(*d));
	bool valid = id_is_valid(id);
	struct store_key key = store_key_of("outbox", valid ? id : "-");

	commit_init(&d->c, s, arg);
	d->c.settled = discard_settled;
	d->c.item_compare = 1;
	d->cb = cb;
	d->queue = queue;
	if (valid)
		memcpy(d->id, id, ID_SIZE);
	d->c.op.kv = kv_get(s->kv, store_key_bytes(&key), discard_on_item, d);
	return &d->c.op;
}
