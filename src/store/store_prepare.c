/* The start: whether this is a store of ours, and what is kept of it in memory. */
#include "store/store_audit_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "base/mem.h"

static const char meta_key[] = "meta/schema";

FAILPOINTS(prepare_points, "store.prepared",
    "the first commit of a new store, or of one of an older schema");

struct prepare {
	struct store_op op;
	store_done_cb *cb;
	int tries;
	enum outbox_queue queue; /* whose places are counted */
	size_t count;
	char after[KV_KEY_MAX]; /* the last one */
	size_t after_len;
};

static void prepare_look(struct prepare *p);
static void prepare_load(struct prepare *p);
static void prepare_count(struct prepare *p);

static void
prepare_release(struct store_op *op)
{
	free(op);
}

static void
prepare_finish(struct prepare *p, enum err code, const struct fault *f)
{
	store_done_cb *cb = p->cb;
	void *arg = p->op.arg;

	store_op_end(&p->op);
	cb(arg, code, f);
}

/* ---- what is kept in memory ---- */

static void
prepare_on_places(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct prepare *p = arg;
	struct store_outbox *o = &p->op.store->outbox;

	(void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK) {
		prepare_finish(p, code, f);
		return;
	}
	p->count += count;
	if (more) {
		p->after_len = items[count - 1].key.len;
		memcpy(p->after, items[count - 1].key.data, p->after_len);
		prepare_count(p);
		return;
	}
	o->count[p->queue] = p->count;
	o->unsure[p->queue] = false;
	p->count = p->after_len = 0;
	p->queue++;
	if (p->queue < OUTBOX_QUEUE_COUNT)
		prepare_count(p);
	else
		prepare_finish(p, ERR_OK, NULL);
}

static void
prepare_count(struct prepare *p)
{
	struct store_key prefix = outbox_due_prefix(p->queue);

	p->op.kv = kv_range(p->op.store->kv, store_key_bytes(&prefix),
	    (struct kv_bytes){ p->after, p->after_len }, KV_RANGE_MAX, prepare_on_places, p);
}

static void
prepare_on_hooks(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct prepare *p = arg;

	(void)more, (void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK) {
		prepare_finish(p, code, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		hooks_load(p->op.store, &items[i]);
	prepare_count(p);
}

static void
prepare_load(struct prepare *p)
{
	hooks_release(p->op.store); /* those of an earlier start */
	p->op.store->outbox.hook_damage.text[0] = '\0';
	p->op.kv = kv_range(
	    p->op.store->kv, kv_text("hook/"), kv_text(""), KV_RANGE_MAX, prepare_on_hooks, p);
}

/* ---- whether it is ours ---- */

static void
prepare_on_written(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct prepare *p = arg;

	(void)result;
	p->op.kv = NULL;
	/* Another daemon may have been faster, and an unknown fate is told by looking. */
	if ((code == ERR_CONFLICT || code == ERR_UNKNOWN) && ++p->tries < STORE_TRIES_MAX)
		prepare_look(p);
	else if (code == ERR_OK)
		prepare_load(p);
	else
		prepare_finish(p, code, f);
}

static void
prepare_fill(
    struct prepare *p, struct kv_write *w, const char *key, const struct buf *json, void *sealed)
{
	size_t len = seal_close(p->op.store->seal, key, strlen(key), json->data, json->len, sealed);

	*w = (struct kv_write){ .key = kv_text(key), .value = { sealed, len } };
}

/* In the place of the version of revision `stands`, or of none (0). Stores of older schemas have no
 * chain of the audit trail yet: that none began is written down, so that one which is gone shows.
 */
static void
prepare_write(struct prepare *p, uint64_t stands)
{
	enum { JSON_MAX = 256 };
	static const struct chain_mark none;
	unsigned char sealed[2][JSON_MAX + SEAL_OVERHEAD];
	struct kv_compare as_seen = { kv_text(meta_key), stands };
	struct kv_write writes[2];
	struct kv_txn txn = { &as_seen, 1, writes, 2, failpoints_of(prepare_points) };
	struct buf json;

	_Static_assert(STORE_SCHEMA_VERSION == 3, "a chain that is there stays");
	buf_init(&json, JSON_MAX);
	buf_printf(&json, "{\"v\":1,\"schema\":%d}", STORE_SCHEMA_VERSION);
	prepare_fill(p, &writes[0], meta_key, &json, sealed[0]);
	buf_reset(&json);
	record_write_mark(&json, &none);
	prepare_fill(p, &writes[1], CHAIN_MARK, &json, sealed[1]);
	buf_release(&json);
	p->op.kv = kv_txn(p->op.store->kv, &txn, prepare_on_written, p);
}

/* Only a store with nothing in it may begin anew. */
static void
prepare_on_empty(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct prepare *p = arg;
	struct fault own;

	(void)items, (void)more, (void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK)
		prepare_finish(p, code, f);
	else if (count > 0) {
		fault_set(&own, ERR_CORRUPT, "the store has content but no %s: restore a backup",
		    meta_key);
		prepare_finish(p, ERR_CORRUPT, &own);
	} else
		prepare_write(p, 0);
}

static enum err
prepare_check(
    const struct store *s, const struct kv_item *item, json_int_t *schema, struct fault *f)
{
	struct arena *arena = arena_new(0);
	json_t *root = NULL;
	json_int_t version = 0;
	char *text = NULL;
	size_t len = 0;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK && (root = record_parse(text, len, f)) == NULL)
		code = ERR_CORRUPT;
	if (code == ERR_OK)
		version = json_integer_value(json_object_get(root, "schema"));
	if (code == ERR_OK && version > STORE_SCHEMA_VERSION)
		code = fault_set(f, ERR_MISCONFIGURED,
		    "the store has schema %lld, made by a newer usherd; this one knows up to %d",
		    (long long)version, STORE_SCHEMA_VERSION);
	else if (code == ERR_OK && version < 1)
		code = fault_set(f, ERR_CORRUPT, "%s is damaged", meta_key);
	*schema = version;
	json_decref(root);
	arena_free(arena);
	return code;
}

static void
prepare_on_meta(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct prepare *p = arg;
	json_int_t schema = 0;
	struct fault own;

	p->op.kv = NULL;
	if (code == ERR_NOT_FOUND)
		p->op.kv =
		    kv_range(p->op.store->kv, kv_text(""), kv_text(""), 1, prepare_on_empty, p);
	else if (code != ERR_OK)
		prepare_finish(p, code, f);
	else {
		code = prepare_check(p->op.store, item, &schema, &own);
		if (code != ERR_OK)
			prepare_finish(p, code, &own);
		else if (schema < STORE_SCHEMA_VERSION)
			prepare_write(p, item->modified);
		else
			prepare_load(p);
	}
}

static void
prepare_look(struct prepare *p)
{
	p->op.kv = kv_get(p->op.store->kv, kv_text(meta_key), prepare_on_meta, p);
}

struct store_op *
store_prepare(struct store *s, store_done_cb *cb, void *arg)
{
	struct prepare *p = mem_alloc(sizeof(*p));

	store_op_start(&p->op, s, prepare_release, arg);
	p->cb = cb;
	prepare_look(p);
	return &p->op;
}
