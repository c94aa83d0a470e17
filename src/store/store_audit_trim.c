/* Retention of the audit trail, its second half: the oldest blocks, up to BLOCKS_MAX in a step. The
 * base names the last of them as ending > their records go > they go, and the base says so. With
 * the last step of a sweep one record tells of all that went; a block that holds nothing but such a
 * record is no reason to begin. Whatever stops between these, the next step finds it and goes on.
 */
#include "store/store_audit_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_ending, "store.audit_ending", "the commit that names blocks as ending");
FAILPOINTS(points_of_records, "store.audit_deleted", "the commit that deletes blocks' records");
FAILPOINTS(points_of_trim, "store.audit_trimmed", "the commit of this event");

enum { BLOCKS_MAX = 32 };

struct trim {
	struct commit c; /* first; of the end of the blocks */
	audit_sweep_cb *cb;
	int64_t records_before;
	struct chain_mark base;
	uint64_t base_revision;
	struct chain_block *block; /* that is looked at */
	/* The old ones behind the base, each following the one before. */
	struct chain_mark last; /* number 0: none is */
	bool more;		/* there may be others */
	size_t count;
	size_t looked; /* whether only a record of ours is in it */
	size_t sizes[BLOCKS_MAX];
	char (*ids)[ID_SIZE]; /* of all their records */
	size_t id_count, deleted;
};

static void trim_delete_records(struct trim *t);
static void trim_look_for_reason(struct trim *t);

static void
trim_release(struct commit *c)
{
	struct trim *t = (struct trim *)c;

	free(t->block);
	free(t->ids);
}

static void
trim_finish(struct trim *t, enum err code, bool more, const struct fault *f)
{
	audit_sweep_cb *cb = t->cb;
	void *arg = t->c.op.arg;

	store_op_end(&t->c.op);
	cb(arg, code, more, code == ERR_OK ? NULL : f);
}

/* ---- the end ---- */

static void
trim_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct trim *t = (struct trim *)c;

	(void)revision;
	trim_finish(t, code, t->more, f);
}

static void
trim_tell(struct trim *t, const struct chain_mark *mark)
{
	struct commit *c = &t->c;
	const struct store_note note = { .actor = "sweeper" };
	const struct audit audit = { .at = c->now,
		.event = "audit_trimmed",
		.detail = arena_printf(c->arena,
		    "{\"from\":%" PRIu64 ",\"to\":%" PRIu64 ",\"records\":%" PRIu64 "}",
		    t->base.told + 1, mark->number, t->base.taken + t->id_count),
		.note = &note };

	commit_audit(c, &audit);
}

static void
trim_end(struct trim *t)
{
	struct commit *c = &t->c;
	struct store_key base = { CHAIN_BASE };
	struct chain_mark mark = t->last.number != 0 ? t->last : t->base;

	mark.sources = t->base.sources;
	mark.told = t->more ? t->base.told : mark.number;
	mark.taken = t->more ? t->base.taken + t->id_count : 0;
	commit_expect(c, store_key_bytes(&base), t->base_revision);
	for (size_t i = 0; i < t->count; i++) {
		struct store_key key = chain_block_key(t->base.number + 1 + i);

		commit_delete(c, &key);
	}
	record_write_mark(&c->json, &mark);
	commit_put(c, &base);
	if (t->more)
		commit_mark(c, &base, "audit_trimmed");
	else
		trim_tell(t, &mark);
	commit_start(c);
}

/* ---- records ---- */

static void
trim_on_deleted(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct trim *t = arg;

	(void)result;
	t->c.op.kv = NULL;
	if (code != ERR_OK)
		trim_finish(t, code, false, f);
	else if (t->deleted < t->id_count)
		trim_delete_records(t);
	else
		trim_end(t);
}

static void
trim_delete_records(struct trim *t)
{
	struct store_key keys[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	struct kv_txn txn = { .writes = writes, .points = failpoints_of(points_of_records) };

	while (t->deleted < t->id_count && txn.write_count < KV_TXN_MAX) {
		struct store_key *key = &keys[txn.write_count];

		*key = store_key_of("audit", t->ids[t->deleted++]);
		writes[txn.write_count++] = (struct kv_write){ .key = store_key_bytes(key) };
	}
	t->c.op.kv = kv_txn(t->c.op.store->kv, &txn, trim_on_deleted, t);
}

/* ---- the beginning ---- */

static void
trim_on_ending(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct trim *t = arg;

	t->c.op.kv = NULL;
	t->base_revision = result->revision;
	if (code == ERR_OK)
		trim_delete_records(t);
	else
		trim_finish(t, code, false, f);
}

static void
trim_begin(struct trim *t)
{
	struct kv_bytes key = kv_text(CHAIN_BASE);
	struct kv_compare as_seen = { key, t->base_revision };
	unsigned char sealed[512];
	struct kv_write write = { .key = key, .value = { sealed, 0 } };
	struct kv_txn txn = { &as_seen, 1, &write, 1, failpoints_of(points_of_ending) };

	t->base.ending = t->last.number;
	record_write_mark(&t->c.json, &t->base);
	write.value.len = seal_close(
	    t->c.op.store->seal, key.data, key.len, t->c.json.data, t->c.json.len, sealed);
	buf_reset(&t->c.json);
	t->c.op.kv = kv_txn(t->c.op.store->kv, &txn, trim_on_ending, t);
}

/* ---- whether there is a reason ---- */

/* What cannot be read, or is not there, is no record of ours. */
static bool
trim_is_ours(const struct trim *t, const struct kv_item *item)
{
	struct arena *arena = arena_new(0);
	struct audit_record r;
	struct fault f;
	char *text;
	size_t len;
	bool is_ours = store_open_item(t->c.op.store, item, arena, &text, &len, &f) == ERR_OK &&
		       record_read_audit(&r, t->ids[t->looked], arena, text, len, &f) == ERR_OK &&
		       strcmp(r.event, "audit_trimmed") == 0;

	arena_free(arena);
	return is_ours;
}

static void
trim_on_reason(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct trim *t = arg;

	t->c.op.kv = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND)
		trim_finish(t, code, false, f);
	else if (code == ERR_OK && trim_is_ours(t, item)) {
		t->looked++;
		trim_look_for_reason(t);
	} else
		trim_begin(t);
}

/* One of the blocks has other records than ours. So many of ours are worth one. */
static void
trim_look_for_reason(struct trim *t)
{
	struct store_key key;

	if (t->looked == t->count && t->count < BLOCKS_MAX) {
		trim_finish(t, ERR_OK, false, NULL);
		return;
	}
	if (t->looked == t->count || t->sizes[t->looked] > 1) {
		trim_begin(t);
		return;
	}
	/* All before it have one record, too. */
	key = store_key_of("audit", t->ids[t->looked]);
	t->c.op.kv = kv_get(t->c.op.store->kv, store_key_bytes(&key), trim_on_reason, t);
}

static void
trim_decide(struct trim *t)
{
	bool untold = t->base.told < t->base.number;

	if (t->count == 0 && untold)
		trim_end(t);
	else if (t->count == 0)
		trim_finish(t, ERR_OK, false, NULL);
	else if (t->base.ending > t->base.number)
		trim_delete_records(t);
	else if (untold)
		trim_begin(t);
	else
		trim_look_for_reason(t);
}

/* ---- blocks ---- */

static bool
trim_is_old(const struct trim *t)
{
	for (size_t i = 0; i < t->block->count; i++)
		if (id_made_at(t->block->entries[i].id) >= t->records_before)
			return false;
	return true;
}

/* What does not follow is no work of ours: nobody is to believe that we took away what is missing
 * before it. */
static enum err
trim_check(const struct trim *t, struct fault *f)
{
	const struct chain_mark *before = t->last.number != 0 ? &t->last : &t->base;
	unsigned char hash[AUDIT_HASH_SIZE];

	chain_hash_block(t->block, hash);
	if (t->block->number == before->number + 1 &&
	    memcmp(t->block->previous, before->hash, sizeof(hash)) == 0 &&
	    memcmp(t->block->hash, hash, sizeof(hash)) == 0)
		return ERR_OK;
	return fault_set(f, ERR_CORRUPT,
	    "block %" PRIu64 " of the audit trail does not follow block %" PRIu64
	    ": verify the trail",
	    t->block->number, before->number);
}

static void
trim_take(struct trim *t)
{
	const struct chain_block *b = t->block;

	chain_mark_block(&t->last, b);
	t->sizes[t->count++] = b->count;
	t->ids = mem_resize(t->ids, t->id_count + b->count, sizeof(*t->ids));
	for (size_t i = 0; i < b->count; i++)
		memcpy(t->ids[t->id_count++], b->entries[i].id, ID_SIZE);
}

/* The newest block stays: a head that was logged can then be found as long as nothing is written.
 * Those that are ending go whatever the time is. */
static enum err
trim_take_all(struct trim *t, const struct kv_item *items, size_t count, struct fault *f)
{
	bool resumes = t->base.ending > t->base.number;

	for (size_t i = 0; i + 1 < count; i++) {
		enum err code = chain_open_block(t->c.op.store, &items[i], t->block, f);

		if (code == ERR_OK)
			code = trim_check(t, f);
		if (code != ERR_OK)
			return code;
		if (resumes ? t->block->number > t->base.ending : !trim_is_old(t))
			break;
		trim_take(t);
	}
	/* The page ended, or what is behind it is too young. */
	t->more = t->count > 0 && (resumes || t->count == BLOCKS_MAX);
	return ERR_OK;
}

static void
trim_on_blocks(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct trim *t = arg;
	struct fault own;

	(void)more, (void)revision;
	t->c.op.kv = NULL;
	if (code == ERR_OK) {
		code = trim_take_all(t, items, count, &own);
		f = &own;
	}
	if (code == ERR_OK)
		trim_decide(t);
	else
		trim_finish(t, code, false, f);
}

struct store_op *
audit_trim(struct store *s, const struct chain_mark *base, uint64_t base_revision,
    int64_t records_before, audit_sweep_cb *cb, void *arg)
{
	struct trim *t = mem_alloc(sizeof(*t));

	commit_init(&t->c, s, arg);
	t->c.settled = trim_settled;
	t->c.release = trim_release;
	t->cb = cb;
	t->base = *base;
	t->base_revision = base_revision;
	t->records_before = records_before;
	t->block = mem_alloc(sizeof(*t->block));
	t->c.op.kv =
	    kv_range(s->kv, kv_text(CHAIN_BLOCKS), kv_text(""), BLOCKS_MAX + 1, trim_on_blocks, t);
	return &t->c.op;
}
