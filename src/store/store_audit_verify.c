/* Verifying the audit trail: the base and the head > the blocks, page by page > the records, page
 * by page > what the blocks name and was not met. All that is named is kept in memory meanwhile, 80
 * bytes a record. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	BLOCK_PAGE = 16,
	RECORD_PAGE = 250,
	TRIES_MAX = 10,	       /* with retention at work meanwhile */
	UNNAMED_MS = 60 * 1000 /* so long may a record be without a block */
};

struct named {
	char id[ID_SIZE];
	bool met;
	uint64_t block;
	unsigned char hash[AUDIT_HASH_SIZE];
};

struct verify {
	struct store_op op; /* first */
	audit_verify_cb *cb;
	struct audit_head known;
	bool known_met;
	struct audit_verdict verdict;
	struct chain_mark base, head;
	uint64_t base_revision;
	int tries;
	struct chain_block *block, *before; /* this one and the one before it; number 0: none */
	uint64_t to_revision; /* what is written later is not looked at: blocks were read before */
	struct named *named;  /* first in the order of blocks, then in that of ids */
	size_t count, room;
	char after[KV_KEY_MAX];
	size_t after_len;
};

static void verify_begin(struct verify *v);
static void verify_read_blocks(struct verify *v);
static void verify_read_records(struct verify *v);

static void
verify_release(struct store_op *op)
{
	struct verify *v = (struct verify *)op;

	free(v->named);
	free(v->block);
	free(v->before);
	free(v);
}

static void
verify_finish(struct verify *v, enum err code, const struct fault *f)
{
	struct audit_verdict verdict = v->verdict;
	audit_verify_cb *cb = v->cb;
	void *arg = v->op.arg;

	store_op_end(&v->op);
	cb(arg, code, &verdict, code == ERR_OK ? NULL : f);
}

static void __attribute__((format(printf, 4, 5)))
verify_fault(struct verify *v, const char *record, uint64_t block, const char *fmt, ...)
{
	struct audit_fault *f = &v->verdict.faults[v->verdict.fault_count];
	va_list args;

	if (v->verdict.fault_count++ >= AUDIT_FAULTS_MAX)
		return;
	snprintf(f->record, sizeof(f->record), "%s", record);
	f->block = block;
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

static void
verify_keep_place(struct verify *v, const struct kv_item *item)
{
	v->after_len = item->key.len;
	memcpy(v->after, item->key.data, item->key.len);
}

/* ---- what was named and not met ---- */

static void
verify_judge(struct verify *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (!v->named[i].met && v->named[i].block != v->base.ending)
			verify_fault(v, v->named[i].id, v->named[i].block,
			    "a record is missing that its block names");
	verify_finish(v, ERR_OK, NULL);
}

/* Where retention went on meanwhile, what it took away would seem to be missing: all again. */
static void
verify_on_base_again(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;
	uint64_t revision = code == ERR_OK ? item->modified : 0;
	struct fault own;

	v->op.kv = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND)
		verify_finish(v, code, f);
	else if (revision == v->base_revision)
		verify_judge(v);
	else if (++v->tries < TRIES_MAX)
		verify_begin(v);
	else {
		fault_set(
		    &own, ERR_BUSY, "old audit records are being taken away: try again later");
		verify_finish(v, ERR_BUSY, &own);
	}
}

static void
verify_end(struct verify *v)
{
	v->op.kv = kv_get(v->op.store->kv, kv_text("chain/base"), verify_on_base_again, v);
}

/* ---- records ---- */

static int
named_compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->id, ((const struct named *)b)->id);
}

static void
verify_sort_named(struct verify *v)
{
	if (v->count > 0)
		qsort(v->named, v->count, sizeof(*v->named), named_compare);
	for (size_t i = 1; i < v->count; i++)
		if (strcmp(v->named[i].id, v->named[i - 1].id) == 0) {
			verify_fault(v, v->named[i].id, v->named[i].block,
			    "a record is named twice: also in block %" PRIu64,
			    v->named[i - 1].block);
			v->named[i - 1].met = true;
		}
}

static void
verify_unnamed(struct verify *v, const struct kv_item *item, const char *id)
{
	const struct store *s = v->op.store;

	if (item->created <= v->base.through && v->base.number != 0)
		verify_fault(v, id, 0, "a record is older than the chain, and no block names it");
	else if (item->created <= v->head.through)
		verify_fault(v, id, 0, "no block names this record");
	else if (id_made_at(id) < clock_wall_ms(s->clock) - UNNAMED_MS)
		verify_fault(v, id, 0, "no block names this record, though it is not a new one");
	else
		v->verdict.unnamed++;
}

static void
verify_parts(struct verify *v, const char *id, const char *text, size_t len)
{
	enum audit_part_state parts[AUDIT_PART_COUNT];
	struct fault f;

	if (record_check_parts(text, len, parts, &f) != ERR_OK) {
		verify_fault(v, id, 0, "%s", f.text);
		return;
	}
	v->verdict.erased += parts[AUDIT_PERSON] == PART_GONE;
	v->verdict.sources_ended += parts[AUDIT_SOURCE] == PART_GONE;
	if (parts[AUDIT_PERSON] == PART_WRONG)
		verify_fault(v, id, 0, "what is about a person was changed after it was written");
	if (parts[AUDIT_SOURCE] == PART_WRONG)
		verify_fault(v, id, 0, "the source was changed after it was written");
}

static void
verify_record(struct verify *v, const struct kv_item *item)
{
	struct arena *arena = arena_new(0);
	struct named wanted = { .block = 0 }, *n = NULL;
	unsigned char hash[AUDIT_HASH_SIZE];
	struct fault f;
	char *text;
	size_t len;

	v->verdict.records++;
	if (!store_read_id("audit", item->key, wanted.id)) {
		verify_fault(v, "", 0, "a key among the records holds no id: %.*s",
		    (int)item->key.len, (const char *)item->key.data);
		arena_free(arena);
		return;
	}
	if (v->count > 0)
		n = bsearch(&wanted, v->named, v->count, sizeof(*n), named_compare);
	if (n != NULL)
		n->met = true;
	if (store_open_item(v->op.store, item, arena, &text, &len, &f) != ERR_OK)
		verify_fault(
		    v, wanted.id, n != NULL ? n->block : 0, "it cannot be read: %.150s", f.text);
	else {
		chain_hash_record(text, audit_line_len(text, len), hash);
		if (n == NULL)
			verify_unnamed(v, item, wanted.id);
		else if (memcmp(n->hash, hash, sizeof(hash)) != 0)
			verify_fault(v, wanted.id, n->block,
			    "a record was changed after its block was written");
		verify_parts(v, wanted.id, text, len);
	}
	arena_free(arena);
}

static void
verify_on_records(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct verify *v = arg;

	(void)revision;
	v->op.kv = NULL;
	if (code != ERR_OK) {
		verify_finish(v, code, f);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (items[i].created <= v->to_revision)
			verify_record(v, &items[i]);
	if (more) {
		verify_keep_place(v, &items[count - 1]);
		verify_read_records(v);
	} else
		verify_end(v);
}

static void
verify_read_records(struct verify *v)
{
	v->op.kv = kv_range(v->op.store->kv, kv_text("audit/"),
	    (struct kv_bytes){ v->after, v->after_len }, RECORD_PAGE, verify_on_records, v);
}

/* ---- blocks ---- */

static void
verify_name(struct verify *v, const struct chain_block *b)
{
	if (v->count + b->count > v->room) {
		v->room = 2 * v->room + AUDIT_BLOCK_MAX;
		v->named = mem_resize(v->named, v->room, sizeof(*v->named));
	}
	for (size_t i = 0; i < b->count; i++) {
		struct named *n = &v->named[v->count++];

		*n = (struct named){ .block = b->number };
		memcpy(n->id, b->entries[i].id, sizeof(n->id));
		memcpy(n->hash, b->entries[i].hash, sizeof(n->hash));
	}
}

static void
verify_known(struct verify *v, uint64_t number, const unsigned char hash[AUDIT_HASH_SIZE])
{
	if (v->known.number == 0 || number != v->known.number)
		return;
	v->known_met = true;
	if (memcmp(v->known.hash, hash, AUDIT_HASH_SIZE) != 0)
		verify_fault(v, "", number, "it has another hash than the head that is known");
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
		verify_fault(v, "", b->number, "blocks %" PRIu64 " to %" PRIu64 " are missing",
		    number + 1, b->number - 1);
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
	verify_known(v, b->number, b->hash);
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
	if (v->head.number > v->verdict.head.number)
		verify_fault(v, "", v->head.number,
		    "the head names this block, and the last one that is there is %" PRIu64,
		    v->verdict.head.number);
	else if (v->head.number == 0 && v->verdict.head.number != 0)
		verify_fault(v, "", v->verdict.head.number, "the chain's head is gone");
	if (v->known.number != 0 && v->known.number <= v->base.number)
		return; /* retention has taken it away */
	if (v->known.number != 0 && !v->known_met)
		verify_fault(
		    v, "", v->known.number, "the block of the head that is known is not there");
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
	if (v->before->through > v->head.through)
		v->head.through = v->before->through;
	verify_ends(v);
	verify_sort_named(v);
	v->after_len = 0;
	verify_read_records(v);
}

static void
verify_read_blocks(struct verify *v)
{
	v->op.kv = kv_range(v->op.store->kv, kv_text(CHAIN_BLOCKS),
	    (struct kv_bytes){ v->after, v->after_len }, BLOCK_PAGE, verify_on_blocks, v);
}

/* ---- the ends ---- */

static enum err
verify_take_mark(struct verify *v, enum err code, const struct kv_item *item,
    struct chain_mark *out, const struct fault *f)
{
	struct fault own;

	v->op.kv = NULL;
	if (code == ERR_OK) {
		if (chain_open_mark(v->op.store, item, out, &own) != ERR_OK)
			verify_fault(v, "", 0, "%.*s cannot be read: %.150s", (int)item->key.len,
			    (const char *)item->key.data, own.text);
	} else if (code != ERR_NOT_FOUND)
		verify_finish(v, code, f);
	return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static void
verify_on_head(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	if (verify_take_mark(v, code, item, &v->head, f) == ERR_OK)
		verify_read_blocks(v);
}

static void
verify_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	v->base_revision = code == ERR_OK ? item->modified : 0;
	if (verify_take_mark(v, code, item, &v->base, f) == ERR_OK)
		v->op.kv = kv_get(v->op.store->kv, kv_text("chain/head"), verify_on_head, v);
}

static void
verify_begin(struct verify *v)
{
	v->verdict = (struct audit_verdict){ .records = 0 };
	v->base = v->head = (struct chain_mark){ .number = 0 };
	v->before->number = 0;
	v->known_met = false;
	v->count = v->after_len = 0;
	v->op.kv = kv_get(v->op.store->kv, kv_text("chain/base"), verify_on_base, v);
}

struct store_op *
store_audit_verify(struct store *s, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	struct verify *v = mem_alloc(sizeof(*v));

	store_op_start(&v->op, s, verify_release, arg);
	v->cb = cb;
	v->known = *known;
	v->block = mem_alloc(sizeof(*v->block));
	v->before = mem_alloc(sizeof(*v->before));
	verify_begin(v);
	return &v->op;
}
