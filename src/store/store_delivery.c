/* The log of an invitation's mails. */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_delivery, "store.delivery_saved", "the commit of a delivery log alone");

void
delivery_add(struct commit *c, const char *invitation, const struct delivery *d)
{
	struct store_key key = store_key_of("delivery", invitation);

	commit_expect(c, store_key_bytes(&key), d->revision);
	record_write_delivery(&c->json, d);
	commit_put(c, &key);
}

/* ---- save ---- */

struct delivery_save {
	struct commit c; /* first */
	store_save_cb *cb;
};

static void
delivery_save_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_save_cb *cb = ((struct delivery_save *)c)->cb;
	void *arg = c->op.arg;

	store_op_end(&c->op);
	cb(arg, code, revision, f);
}

struct store_op *
store_delivery_save(
    struct store *s, const char *invitation, const struct delivery *d, store_save_cb *cb, void *arg)
{
	struct delivery_save *o = mem_alloc(sizeof(*o));
	struct store_key key = store_key_of("delivery", invitation);

	commit_init(&o->c, s, arg);
	o->c.settled = delivery_save_settled;
	o->cb = cb;
	delivery_add(&o->c, invitation, d);
	commit_mark(&o->c, &key, "delivery_saved");
	commit_start(&o->c);
	return &o->c.op;
}

/* ---- load ---- */

struct delivery_load {
	struct store_op op; /* first */
	store_delivery_cb *cb;
	char invitation[ID_SIZE];
};

static void
delivery_load_release(struct store_op *op)
{
	free(op);
}

static enum err
delivery_read(
    struct delivery_load *l, const struct kv_item *item, struct delivery **out, struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(l->op.store, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_delivery(out, l->invitation, item->modified, text, len, f);
	arena_free(arena);
	return code;
}

static void
delivery_on_got(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct delivery_load *l = arg;
	struct delivery *d = NULL;
	store_delivery_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct fault own;

	l->op.kv = NULL;
	if (code == ERR_OK) {
		code = delivery_read(l, item, &d, &own);
		f = &own;
		if (code == ERR_CORRUPT) {
			d = delivery_new();
			d->revision = item->modified;
		}
	} else if (code == ERR_NOT_FOUND) {
		code = ERR_OK;
		d = delivery_new();
	}
	store_op_end(&l->op);
	cb(cb_arg, code, &d, code == ERR_OK ? NULL : f);
	delivery_free(d);
}

struct store_op *
store_delivery_load(struct store *s, const char *invitation, store_delivery_cb *cb, void *arg)
{
	struct delivery_load *l = mem_alloc(sizeof(*l));
	bool valid = id_is_valid(invitation);
	struct store_key key = store_key_of("delivery", valid ? invitation : "-");

	store_op_start(&l->op, s, delivery_load_release, arg);
	l->cb = cb;
	if (valid)
		memcpy(l->invitation, invitation, ID_SIZE);
	l->op.kv = kv_get(s->kv, store_key_bytes(&key), delivery_on_got, l);
	return &l->op;
}
