/* Retention of the audit trail. A step: sources that are too old, a page > a transaction; when
 * there are none left, the oldest block: the base names it as ending > its records go > it goes,
 * and the base says so. Whatever stops between these, the next step finds the block ending and goes
 * on. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_sources, "store.sources_ended", "the commit that ends sources of records");
FAILPOINTS(points_of_ending, "store.audit_ending", "the commit that names a block as ending");
FAILPOINTS(points_of_records, "store.audit_deleted", "the commit that deletes a block's records");
FAILPOINTS(points_of_trim, "store.audit_trimmed", "the commit of this event");

enum { LOOK_MAX = 16 * KV_TXN_MAX /* records that a step looks at for their sources */ };

struct sweep {
	struct commit c; /* first; of the end of a block */
	audit_sweep_cb *cb;
	int64_t sources_before, records_before;
	struct audit_strip strip;
	char last[ID_SIZE]; /* of the page */
	bool page_more;
	size_t looked;
	struct chain_block *block;
	struct chain_mark base;
	uint64_t base_revision;
	size_t deleted; /* of its records */
};

static void sweep_read_sources(struct sweep *w);
static void sweep_read_base(struct sweep *w);
static void sweep_delete_records(struct sweep *w);

static void
sweep_release(struct commit *c)
{
	struct sweep *w = (struct sweep *)c;

	audit_strip_release(&w->strip);
	free(w->block);
}

static void
sweep_finish(struct sweep *w, enum err code, bool more, const struct fault *f)
{
	audit_sweep_cb *cb = w->cb;
	void *arg = w->c.op.arg;

	store_op_end(&w->c.op);
	cb(arg, code, more, code == ERR_OK ? NULL : f);
}

/* ---- sources ---- */

/* The page is done: the next one, or all that is old enough was seen. */
static void
sweep_sources_done(struct sweep *w)
{
	struct store *s = w->c.op.store;

	if (w->last[0] != '\0')
		memcpy(s->sources_ended_to, w->last, sizeof(s->sources_ended_to));
	if (!w->page_more)
		sweep_read_base(w);
	else if (w->looked >= LOOK_MAX)
		sweep_finish(w, ERR_OK, true, NULL);
	else
		sweep_read_sources(w);
}

static void
sweep_on_sources_ended(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct sweep *w = arg;

	(void)result;
	w->c.op.kv = NULL;
	if (code == ERR_OK)
		sweep_sources_done(w);
	else /* one that was erased meanwhile is met again */
		sweep_finish(w, code == ERR_CONFLICT ? ERR_OK : code, true, f);
}

/* False: it is too young, and so are those behind it. */
static bool
sweep_look(struct sweep *w, const struct kv_item *item)
{
	struct arena *arena;
	struct fault f;
	char id[ID_SIZE], *text;
	size_t len;

	w->looked++;
	if (!store_read_id("audit", item->key, id))
		return true;
	if (id_made_at(id) >= w->sources_before)
		return false;
	memcpy(w->last, id, sizeof(w->last));
	arena = arena_new(0);
	if (store_open_item(w->c.op.store, item, arena, &text, &len, &f) == ERR_OK)
		audit_strip_add(&w->strip, item, text, len, 1U << AUDIT_SOURCE);
	arena_free(arena);
	return true;
}

static void
sweep_on_sources(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct sweep *w = arg;

	(void)revision;
	w->c.op.kv = NULL;
	if (code != ERR_OK) {
		sweep_finish(w, code, false, f);
		return;
	}
	audit_strip_reset(&w->strip);
	w->page_more = more;
	for (size_t i = 0; i < count; i++)
		if (!sweep_look(w, &items[i])) {
			w->page_more = false;
			break;
		}
	if (w->strip.count > 0)
		w->c.op.kv = audit_strip_send(
		    &w->strip, failpoints_of(points_of_sources), sweep_on_sources_ended, w);
	else
		sweep_sources_done(w);
}

/* Behind those that this process has seen already: what is written now is younger. */
static void
sweep_read_sources(struct sweep *w)
{
	const struct store *s = w->c.op.store;
	struct store_key after = { "" };

	if (s->sources_ended_to[0] != '\0')
		after = store_key_of("audit", s->sources_ended_to);
	w->c.op.kv = kv_range(
	    s->kv, kv_text("audit/"), store_key_bytes(&after), KV_TXN_MAX, sweep_on_sources, w);
}

/* ---- the end of a block ---- */

static void
sweep_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	(void)revision;
	sweep_finish((struct sweep *)c, code, true, f);
}

static void
sweep_end_block(struct sweep *w)
{
	struct commit *c = &w->c;
	struct store_key key = chain_block_key(w->block->number),
			 base = store_key_of("chain", "base");
	struct chain_mark mark = { .number = w->block->number, .through = w->block->through };
	const struct store_note note = { .actor = "sweeper" };
	const struct audit audit = { .at = c->now,
		.event = "audit_trimmed",
		.detail = arena_printf(c->arena, "{\"block\":%" PRIu64 ",\"records\":%zu}",
		    mark.number, w->block->count),
		.note = &note };

	memcpy(mark.hash, w->block->hash, sizeof(mark.hash));
	commit_expect(c, store_key_bytes(&base), w->base_revision);
	commit_delete(c, &key);
	record_write_mark(&c->json, &mark);
	commit_put(c, &base);
	commit_audit(c, &audit);
	commit_start(c);
}

static void
sweep_on_deleted(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct sweep *w = arg;

	(void)result;
	w->c.op.kv = NULL;
	if (code != ERR_OK)
		sweep_finish(w, code, false, f);
	else if (w->deleted < w->block->count)
		sweep_delete_records(w);
	else
		sweep_end_block(w);
}

static void
sweep_delete_records(struct sweep *w)
{
	struct store_key keys[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	struct kv_txn txn = { .writes = writes, .points = failpoints_of(points_of_records) };

	while (w->deleted < w->block->count && txn.write_count < KV_TXN_MAX) {
		struct store_key *key = &keys[txn.write_count];

		*key = store_key_of("audit", w->block->entries[w->deleted++].id);
		writes[txn.write_count++] = (struct kv_write){ .key = store_key_bytes(key) };
	}
	w->c.op.kv = kv_txn(w->c.op.store->kv, &txn, sweep_on_deleted, w);
}

static void
sweep_on_ending(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct sweep *w = arg;

	w->c.op.kv = NULL;
	w->base_revision = result->revision;
	if (code == ERR_OK)
		sweep_delete_records(w);
	else
		sweep_finish(w, code, false, f);
}

static void
sweep_name_ending(struct sweep *w)
{
	struct kv_bytes key = kv_text("chain/base");
	struct kv_compare as_seen = { key, w->base_revision };
	unsigned char sealed[512];
	struct kv_write write = { key, { sealed, 0 } };
	struct kv_txn txn = { &as_seen, 1, &write, 1, failpoints_of(points_of_ending) };

	w->base.ending = w->block->number;
	record_write_mark(&w->c.json, &w->base);
	write.value.len = seal_close(
	    w->c.op.store->seal, key.data, key.len, w->c.json.data, w->c.json.len, sealed);
	buf_reset(&w->c.json);
	w->c.op.kv = kv_txn(w->c.op.store->kv, &txn, sweep_on_ending, w);
}

static bool
sweep_is_old(const struct sweep *w)
{
	for (size_t i = 0; i < w->block->count; i++)
		if (id_made_at(w->block->entries[i].id) >= w->records_before)
			return false;
	return true;
}

/* The newest block stays: a head that was logged can then be found as long as nothing is written.
 */
static void
sweep_on_blocks(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct sweep *w = arg;
	struct fault own;

	(void)more, (void)revision;
	w->c.op.kv = NULL;
	if (code == ERR_OK && count == 2) {
		code = chain_open_block(w->c.op.store, &items[0], w->block, &own);
		f = &own;
	}
	if (code != ERR_OK || count < 2 || !sweep_is_old(w))
		sweep_finish(w, code, false, f);
	else if (w->base.ending == w->block->number)
		sweep_delete_records(w);
	else
		sweep_name_ending(w);
}

static void
sweep_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct sweep *w = arg;
	struct fault own;

	w->c.op.kv = NULL;
	if (code == ERR_OK) {
		w->base_revision = item->modified;
		code = chain_open_mark(w->c.op.store, item, &w->base, &own);
		f = &own;
	}
	if (code != ERR_OK && code != ERR_NOT_FOUND)
		sweep_finish(w, code, false, f);
	else
		w->c.op.kv = kv_range(
		    w->c.op.store->kv, kv_text(CHAIN_BLOCKS), kv_text(""), 2, sweep_on_blocks, w);
}

static void
sweep_read_base(struct sweep *w)
{
	w->c.op.kv = kv_get(w->c.op.store->kv, kv_text("chain/base"), sweep_on_base, w);
}

struct store_op *
store_audit_sweep(
    struct store *s, int64_t sources_before, int64_t records_before, audit_sweep_cb *cb, void *arg)
{
	struct sweep *w = mem_alloc(sizeof(*w));

	commit_init(&w->c, s, arg);
	w->c.settled = sweep_settled;
	w->c.release = sweep_release;
	w->cb = cb;
	w->sources_before = sources_before;
	w->records_before = records_before;
	w->block = mem_alloc(sizeof(*w->block));
	audit_strip_init(&w->strip, s);
	sweep_read_sources(w);
	return &w->c.op;
}
