/* Verifying the audit trail, its second half: the records, page by page > the base again, which
 * tells what retention took away meanwhile. */
#include "store/store_audit_verify.h"

#include <string.h>

enum {
	RECORD_PAGE = 125,
	UNNAMED_MS = 5 * 60 * 1000 /* so long may a record be without a block */
};

void
verify_keep_place(struct verify *v, const struct kv_item *item)
{
	v->after_len = item->key.len;
	memcpy(v->after, item->key.data, item->key.len);
}

/* ---- the end ---- */

static void
verify_on_base_again(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct verify *v = arg;

	if (verify_take_mark(v, code, item, &v->later, f))
		verify_judge(v);
}

/* ---- records ---- */

static void
verify_unnamed(struct verify *v, const struct kv_item *item, const char *id)
{
	if (item->created <= v->base.through && v->base.number != 0)
		verify_fault(v, id, 0, "a record is older than the chain, and no block names it");
	else if (item->created <= v->head.through)
		verify_fault(v, id, 0, "no block names this record");
	else if (!v->is_behind && id_made_at(id) < v->to_time - UNNAMED_MS)
		verify_fault(v, id, 0, "no block names this record, though it is not a new one");
	else
		v->verdict.unnamed++;
}

/* What its parts are, and what it tells that explains others'. */
static void
verify_parts(struct verify *v, const struct kv_item *item, const struct audit_record *r,
    uint64_t block, const enum audit_part_state parts[AUDIT_PART_COUNT])
{
	const char *id = r->id;
	unsigned gone = 0;

	for (int p = 0; p < AUDIT_PART_COUNT; p++)
		gone |= parts[p] == PART_GONE ? 1U << p : 0;
	v->verdict.erased += parts[AUDIT_PERSON] == PART_GONE;
	v->verdict.sources_ended += parts[AUDIT_SOURCE] == PART_GONE;
	/* Most are of this kind, and need not be kept. */
	if (id_made_at(id) < v->base.sources)
		gone &= ~(1U << AUDIT_SOURCE);
	if (gone != 0)
		missing_add(&v->missing, r, item->created, block, gone);
	audit_ids_of_erasure(&v->erased, r, item->created);
	if (strcmp(r->event, "chain_head_lost") == 0) {
		v->lost_met++;
		verify_fault(v, id, block, "the end of the trail was found to be lost");
	}
	if (parts[AUDIT_PERSON] == PART_WRONG)
		verify_fault(v, id, 0, "what is about a person was changed after it was written");
	if (parts[AUDIT_SOURCE] == PART_WRONG)
		verify_fault(v, id, 0, "the source was changed after it was written");
}

static void
verify_text(struct verify *v, const struct kv_item *item, const char *id, struct named *n,
    const char *text, size_t len)
{
	struct arena *arena = arena_new(0);
	enum audit_part_state parts[AUDIT_PART_COUNT];
	unsigned char hash[AUDIT_HASH_SIZE];
	struct audit_record r;
	struct fault f;

	chain_hash_record(text, audit_line_len(text, len), hash);
	if (n == NULL)
		verify_unnamed(v, item, id);
	else if (memcmp(n->hash, hash, sizeof(n->hash)) != 0)
		verify_fault(v, id, n->block, "a record was changed after its block was written");
	if (record_check_parts(text, len, parts, &f) != ERR_OK ||
	    record_read_audit(&r, id, arena, text, len, &f) != ERR_OK)
		verify_fault(v, id, n != NULL ? n->block : 0, "%s", f.text);
	else
		verify_parts(v, item, &r, n != NULL ? n->block : 0, parts);
	arena_free(arena);
}

static void
verify_record(struct verify *v, const struct kv_item *item)
{
	struct arena *arena;
	struct named *n;
	struct fault f;
	char id[ID_SIZE], *text;
	size_t len;

	v->verdict.records++;
	if (!store_read_id("audit", item->key, id)) {
		verify_fault(v, "", 0, "a key among the records holds no id: %.*s",
		    (int)item->key.len, (const char *)item->key.data);
		return;
	}
	n = named_find(&v->named, id);
	if (n != NULL)
		named_meet(&v->named, n);
	arena = arena_new(0);
	if (store_open_item(v->op.store, item, arena, &text, &len, &f) == ERR_OK)
		verify_text(v, item, id, n, text, len);
	else
		verify_fault(v, id, n != NULL ? n->block : 0, "it cannot be read: %.150s", f.text);
	arena_free(arena);
}

/* Erasures count however new they are: parts may have gone since this began. */
static void
verify_take_erasure(struct verify *v, const struct kv_item *item)
{
	struct arena *arena = arena_new(0);
	struct audit_record r;
	struct fault f;
	char id[ID_SIZE], *text;
	size_t len;

	if (store_read_id("audit", item->key, id) &&
	    store_open_item(v->op.store, item, arena, &text, &len, &f) == ERR_OK &&
	    record_read_audit(&r, id, arena, text, len, &f) == ERR_OK)
		audit_ids_of_erasure(&v->erased, &r, item->created);
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
		else
			verify_take_erasure(v, &items[i]);
	if (more) {
		verify_keep_place(v, &items[count - 1]);
		verify_read_records(v);
	} else
		v->op.kv = kv_get(v->op.store->kv, kv_text(CHAIN_BASE), verify_on_base_again, v);
}

void
verify_read_records(struct verify *v)
{
	v->op.kv = kv_range(v->op.store->kv, kv_text("audit/"),
	    (struct kv_bytes){ v->after, v->after_len }, RECORD_PAGE, verify_on_records, v);
}
