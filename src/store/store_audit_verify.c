/* Verifying the audit trail: the base, the head and the mark > the blocks, page by page > the
 * records (store_audit_verify_records.c). No page keeps the loop for more than some milliseconds.
 */
#include "store/store_audit_verify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_PAGE = 8 };

static void verify_read_blocks(struct verify *v);

static void
verify_release(struct store_op *op)
{
	struct verify *v = (struct verify *)op;

	named_release(&v->named);
	missing_release(&v->missing);
	audit_ids_release(&v->erased);
	loop_timer_free(v->turn);
	free(v->block);
	free(v->before);
	free(v);
}

void
verify_finish(struct verify *v, enum err code, const struct fault *f)
{
	struct audit_verdict verdict = v->verdict;
	audit_verify_cb *cb = v->cb;
	void *arg = v->op.arg;

	store_op_end(&v->op);
	cb(arg, code, &verdict, code == ERR_OK ? NULL : f);
}

/* ---- the marks ---- */

bool
verify_take_mark(struct verify *v, enum err code, const struct kv_item *item,
    struct chain_mark *out, const struct fault *f)
{
	struct fault own;

	v->op.kv = NULL;
	*out = (struct chain_mark){ .number = 0 };
	if (code == ERR_OK) {
		if (chain_open_mark(v->op.store, item, out, &own) != ERR_OK)
			verify_fault(v, "", 0, "%.*s cannot be read: %.150s", (int)item->key.len,
			    (const char *)item->key.data, own.text);
	} else if (code != ERR_NOT_FOUND) {
		verify_finish(v, code, f);
		return false;
	}
	return true;
}

static void
verify_add_witness(struct verify *v, int which, const struct chain_mark *m)
{
	struct audit_head *head = &v->witness[which].head;

	head->number = m->number;
	memcpy(head->hash, m->hash, sizeof(head->hash));
}

/* ---- blocks ---- */

static void
verify_name(struct verify *v, const struct chain_block *b)
{
	uint64_t before;

	named_add_block(&v->named, b);
	for (size_t i = 0; i < b->count; i++)
		if (named_add(&v->named, &b->entries[i], b->number, &before) == NULL)
			verify_fault(v, b->entries[i].id, b->number,
			    "a record is named twice: also in block %" PRIu64, before);
}

static void
verify_witnesses(struct verify *v, const struct chain_block *b)
{
	for (size_t i = 0; i < WITNESS_COUNT; i++) {
		struct verify_witness *w = &v->witness[i];

		if (w->head.number != b->number)
			continue;
		w->met = true;
		if (memcmp(w->head.hash, b->hash, sizeof(b->hash)) != 0)
			verify_fault(v, "", b->number, "it has another hash than %s", w->name);
	}
}

/* Blocks may have been taken away since the base was read: that is judged at the end. */
static void
verify_gap(struct verify *v, const struct chain_block *b, uint64_t from)
{
	struct verify_gap *gap;

	if (b->number < from || v->gap_count == AUDIT_FAULTS_MAX) {
		verify_fault(v, "", b->number, "blocks before it are missing");
		return;
	}
	gap = &v->gaps[v->gap_count++];
	gap->from = from;
	gap->behind = b->number;
	memcpy(gap->previous, b->previous, sizeof(gap->previous));
}

/* What comes before it: the block before, or the base. */
static void
verify_link(struct verify *v, const struct chain_block *b)
{
	const struct chain_block *before = v->before;
	uint64_t number = before->number != 0 ? before->number : v->base.number;
	const unsigned char *hash = before->number != 0 ? before->hash : v->base.hash;
	uint64_t through = before->number != 0 ? before->through : v->base.through;

	if (b->number != number + 1)
		verify_gap(v, b, number + 1);
	else if (memcmp(b->previous, hash, AUDIT_HASH_SIZE) != 0)
		verify_fault(v, "", b->number, "it does not follow the block before it");
	else if (b->through <= through)
		verify_fault(v, "", b->number, "it is older than the block before it");
}

static void
verify_block(struct verify *v, const struct kv_item *item)
{
	struct chain_block *b = v->block;
	unsigned char hash[AUDIT_HASH_SIZE];
	struct store_key key;
	struct fault f;

	v->verdict.blocks++;
	if (chain_open_block(v->op.store, item, b, &f) != ERR_OK) {
		verify_fault(v, "", 0, "%.*s cannot be read: %.150s", (int)item->key.len,
		    (const char *)item->key.data, f.text);
		return;
	}
	key = chain_block_key(b->number);
	if (item->key.len != strlen(key.text) ||
	    memcmp(item->key.data, key.text, item->key.len) != 0)
		verify_fault(v, "", b->number, "it lies in the place of another block");
	chain_hash_block(b, hash);
	if (memcmp(hash, b->hash, sizeof(hash)) != 0)
		verify_fault(v, "", b->number, "it was changed after it was written");
	verify_link(v, b);
	verify_witnesses(v, b);
	verify_name(v, b);
	if (v->verdict.first.number == 0) {
		v->verdict.first.number = b->number;
		memcpy(v->verdict.first.hash, b->hash, sizeof(b->hash));
	}
	v->verdict.head.number = b->number;
	memcpy(v->verdict.head.hash, b->hash, sizeof(b->hash));
	v->block = v->before;
	v->before = b;
}

/* The newest block is the one that the head names, or a later one: the head was read before. */
static void
verify_ends(struct verify *v)
{
	if (v->verdict.head.number == 0) {
		v->verdict.head.number = v->base.number;
		memcpy(v->verdict.head.hash, v->base.hash, sizeof(v->base.hash));
	}
	/* The first block of all may have come after the head was read. */
	if (v->head.number == 0 && (v->base.number != 0 || v->mark.number != 0))
		verify_fault(v, "", v->verdict.head.number, "the chain's head is gone");
}

static void
verify_on_blocks(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct verify *v = arg;

	v->op.kv = NULL;
	if (code != ERR_OK) {
		verify_finish(v, code, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		verify_block(v, &items[i]);
	if (more) {
		verify_keep_place(v, &items[count - 1]);
		verify_read_blocks(v);
		return;
	}
	v->to_revision = revision;
	v->to_time = clock_wall_ms(v->op.store->clock);
	if (v->before->through > v->head.through)
		v->head.through = v->before->through;
	verify_ends(v);
	v->after_len = 0;
	verify_read_records(v);
}

static void
verify_read_blocks(struct verify *v)
{
	v->op.kv = kv_range(v->op.store->kv, kv_text(CHAIN_BLOCKS),
	    (struct kv_bytes){ v->after, v->after_len }, BLOCK_PAGE, verify_on_blocks, v);
}

/* ---- the beginning ---- */

static void
verify_on_mark(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	if (!verify_take_mark(v, code, item, &v->mark, f))
		return;
	if (code == ERR_NOT_FOUND)
		verify_fault(v, "", 0, CHAIN_MARK " is gone");
	verify_add_witness(v, WITNESS_MARK, &v->mark);
	verify_read_blocks(v);
}

static void
verify_on_head(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	if (!verify_take_mark(v, code, item, &v->head, f))
		return;
	verify_add_witness(v, WITNESS_HEAD, &v->head);
	v->is_behind = chain_is_late(v->op.store->chain);
	v->op.kv = kv_get(v->op.store->kv, kv_text(CHAIN_MARK), verify_on_mark, v);
}

static void
verify_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	if (verify_take_mark(v, code, item, &v->base, f))
		v->op.kv = kv_get(v->op.store->kv, kv_text(CHAIN_HEAD), verify_on_head, v);
}

struct store_op *
verify_start(struct store *s, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	struct verify *v = mem_alloc(sizeof(*v));

	store_op_start(&v->op, s, verify_release, arg);
	v->cb = cb;
	v->witness[WITNESS_KNOWN].name = "the head that is known";
	v->witness[WITNESS_HEAD].name = "the head";
	v->witness[WITNESS_MARK].name = CHAIN_MARK;
	v->witness[WITNESS_KNOWN].head = *known;
	v->block = mem_alloc(sizeof(*v->block));
	v->before = mem_alloc(sizeof(*v->before));
	v->turn = loop_timer_new(s->loop, verify_judge_turn, v);
	v->op.kv = kv_get(s->kv, kv_text(CHAIN_BASE), verify_on_base, v);
	return &v->op;
}
