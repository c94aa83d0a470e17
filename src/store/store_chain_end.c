/* Where the audit trail's chain ends: the head > the newest block > the base > the mark; and, when
 * they do not agree, a record that says so, with a head and a mark that do. */
#include "store/store_audit_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_loss, "store.chain_head_lost", "the commit of this event");

struct ending {
	struct store_op op; /* first; op.kv is a read */
	chain_end_cb *cb;
	struct chain_end end;
	bool has_head, head_is_read, has_mark, mark_is_read;
	uint64_t told, newest, base; /* numbers: by the head, of blocks; 0: none */
	bool newest_differs;	     /* from the head of the same number */
	struct chain_block *block;
	struct store_op *mending;
	const char *mended; /* what was lost, once the record is written */
	int tries;
};

static void ending_begin(struct ending *e);

static void
ending_release(struct store_op *op)
{
	struct ending *e = (struct ending *)op;

	if (e->mending != NULL)
		store_cancel(e->mending);
	free(e->block);
	free(e);
}

static void
ending_finish(struct ending *e, enum err code, const struct fault *f)
{
	struct chain_end end = e->end;
	chain_end_cb *cb = e->cb;
	void *arg = e->op.arg;

	end.lost = e->mended;
	store_op_end(&e->op);
	cb(arg, code, &end, code == ERR_OK ? NULL : f);
}

/* The furthest of what is told; of two that are as far, the later one. */
static void
ending_consider(struct ending *e, uint64_t number, uint64_t through, const unsigned char *hash)
{
	struct chain_mark *head = &e->end.head;

	if (number < head->number)
		return;
	head->number = number;
	head->through = through;
	memcpy(head->hash, hash, sizeof(head->hash));
}

/* ---- what does not agree ---- */

static const char *
ending_lost(const struct ending *e)
{
	const struct chain_mark *head = &e->end.head, *mark = &e->end.mark;
	uint64_t there = e->newest > e->base ? e->newest : e->base;

	if (!e->has_mark)
		return CHAIN_MARK " is gone";
	if (!e->mark_is_read)
		return CHAIN_MARK " cannot be read";
	if (e->has_head && !e->head_is_read)
		return CHAIN_HEAD " cannot be read";
	if (!e->has_head && (there > 0 || mark->number > 0))
		return CHAIN_HEAD " is gone";
	if (there != head->number || (e->has_head && e->told != there))
		return "the newest block is not the last that was written";
	if (e->newest_differs || (mark->number == head->number &&
				     memcmp(mark->hash, head->hash, sizeof(head->hash)) != 0))
		return "the newest block is another than the one that was written";
	return NULL;
}

static void
ending_on_mended(void *arg, enum err code, const struct fault *f)
{
	struct ending *e = arg;

	e->mending = NULL;
	/* Somebody else wrote meanwhile: perhaps nothing is lost. */
	if (code == ERR_CONFLICT && ++e->tries < STORE_TRIES_MAX)
		e->mended = NULL;
	else if (code != ERR_OK) {
		ending_finish(e, code, f);
		return;
	}
	ending_begin(e);
}

static void
ending_mend(struct ending *e, const char *lost)
{
	static const struct store_note note = { .actor = "sweeper" };
	struct commit *c = commit_new(e->op.store, ending_on_mended, e);
	struct store_key head = { CHAIN_HEAD }, mark = { CHAIN_MARK };
	struct chain_mark now = e->end.head;
	const struct audit audit = { .at = c->now,
		.event = "chain_head_lost",
		.detail = arena_printf(c->arena, "{\"reason\":\"%s\",\"block\":%llu}", lost,
		    (unsigned long long)now.number),
		.note = &note };

	e->mended = lost;
	commit_expect(c, store_key_bytes(&head), e->end.head_revision);
	commit_expect(c, store_key_bytes(&mark), e->end.mark_revision);
	record_write_mark(&c->json, &now);
	commit_put(c, &head);
	now.lost = e->end.mark.lost + 1;
	record_write_mark(&c->json, &now);
	commit_put(c, &mark);
	commit_audit(c, &audit);
	e->mending = &c->op;
	commit_start(c);
}

/* ---- what there is ---- */

/* False: it could not be looked at, and that was told. */
static bool
ending_take(struct ending *e, enum err code, const struct kv_item *item, struct chain_mark *out,
    bool *is_read, const struct fault *f)
{
	struct fault own;

	e->op.kv = NULL;
	*out = (struct chain_mark){ .number = 0 };
	*is_read = code == ERR_OK && chain_open_mark(e->op.store, item, out, &own) == ERR_OK;
	if (code == ERR_OK || code == ERR_NOT_FOUND)
		return true;
	ending_finish(e, code, f);
	return false;
}

static void
ending_on_mark(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct ending *e = arg;
	const struct chain_mark *mark = &e->end.mark;
	const char *lost;

	e->has_mark = code == ERR_OK;
	e->end.mark_revision = code == ERR_OK ? item->modified : 0;
	if (!ending_take(e, code, item, &e->end.mark, &e->mark_is_read, f))
		return;
	if (mark->number > e->end.head.number)
		ending_consider(e, mark->number, mark->through, mark->hash);
	lost = e->mended == NULL ? ending_lost(e) : NULL;
	if (lost != NULL)
		ending_mend(e, lost);
	else
		ending_finish(e, ERR_OK, NULL);
}

static void
ending_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct ending *e = arg;
	struct chain_mark base;
	struct fault own;
	bool is_read;

	if (!ending_take(e, code, item, &base, &is_read, f))
		return;
	if (code == ERR_OK && !is_read) {
		chain_open_mark(e->op.store, item, &base, &own);
		ending_finish(e, ERR_CORRUPT, &own);
		return;
	}
	e->base = base.number;
	if (base.number > 0)
		ending_consider(e, base.number, base.through, base.hash);
	e->op.kv = kv_get(e->op.store->kv, kv_text(CHAIN_MARK), ending_on_mark, e);
}

static bool
ending_is_at_head(const struct ending *e, struct kv_bytes key)
{
	struct store_key wanted = chain_block_key(e->end.head.number);

	return key.len == strlen(wanted.text) && memcmp(key.data, wanted.text, key.len) == 0;
}

static enum err
ending_take_newest(struct ending *e, const struct kv_item *item, struct fault *f)
{
	const struct chain_mark *head = &e->end.head;
	const struct chain_block *b = e->block;

	if (chain_open_block(e->op.store, item, e->block, f) != ERR_OK) {
		/* A damaged one at the head is not needed: verifying tells of it. */
		e->newest = head->number;
		return ending_is_at_head(e, item->key) ? ERR_OK : ERR_CORRUPT;
	}
	e->newest = b->number;
	e->newest_differs = e->head_is_read && b->number == head->number &&
			    memcmp(b->hash, head->hash, sizeof(b->hash)) != 0;
	if (b->number >= head->number)
		memcpy(e->end.newest, b->entries[b->count - 1].id, ID_SIZE);
	ending_consider(e, b->number, b->through, b->hash);
	return ERR_OK;
}

static void
ending_on_newest(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct ending *e = arg;
	struct fault own;

	(void)more, (void)revision;
	e->op.kv = NULL;
	if (code == ERR_OK && count > 0) {
		code = ending_take_newest(e, &items[0], &own);
		f = &own;
	}
	if (code != ERR_OK)
		ending_finish(e, code, f);
	else
		e->op.kv = kv_get(e->op.store->kv, kv_text(CHAIN_BASE), ending_on_base, e);
}

static void
ending_on_head(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct ending *e = arg;

	e->has_head = code == ERR_OK;
	e->end.head_revision = code == ERR_OK ? item->modified : 0;
	if (!ending_take(e, code, item, &e->end.head, &e->head_is_read, f))
		return;
	e->told = e->end.head.number;
	e->op.kv = kv_range_back(
	    e->op.store->kv, kv_text(CHAIN_BLOCKS), kv_text(""), 1, ending_on_newest, e);
}

static void
ending_begin(struct ending *e)
{
	e->newest = e->base = 0;
	e->newest_differs = false;
	e->end.newest[0] = '\0';
	e->op.kv = kv_get(e->op.store->kv, kv_text(CHAIN_HEAD), ending_on_head, e);
}

struct store_op *
chain_end_read(struct store *s, chain_end_cb *cb, void *arg)
{
	struct ending *e = mem_alloc(sizeof(*e));

	store_op_start(&e->op, s, ending_release, arg);
	e->cb = cb;
	e->block = mem_alloc(sizeof(*e->block));
	ending_begin(e);
	return &e->op;
}
