/* The sequencer of the audit trail: read the head > scan for what no block names > watch; and a
 * block soon after each record. Whatever fails, or whoever was faster, leads back to the head.
 *
 * A block tells through which revision of the store it names every record. So what is not named yet
 * is what was made later, whoever looks, and two that write to one chain agree about it. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_block, "store.chain_block", "the commit of a block of the audit chain");

enum { SCAN_PAGE = 256, RETRY_FIRST_MS = 500, RETRY_MAX_MS = 60 * 1000 };

struct store_chain {
	struct store *store;
	void (*trouble)(void *arg, const struct fault *f);
	void *arg;
	bool told; /* of this outage */
	int64_t pause;
	struct loop_timer *timer; /* the next block, or the next try */
	bool pausing;		  /* it is the next try */
	struct kv_op *op;	  /* of reading the head, or of the scan */
	struct kv_watch *watch;
	struct store_op *writing;  /* a block */
	struct chain_block *block; /* which one, or the newest that was read */
	/* The head as it is in the store, and what it is compared with. */
	struct chain_mark head;
	uint64_t head_revision;
	/* A scan looks at what was made up to here; the watch tells the rest. 0: none was begun. */
	uint64_t scanned_to;
	bool ready; /* it was scanned, and is watched */
	char after[KV_KEY_MAX];
	size_t after_len;
	struct chain_waiting waiting;
	loop_cb *flushed; /* NULL: nobody waits */
	void *flushed_arg;
};

static void chain_read_head(struct store_chain *c);
static void chain_scan(struct store_chain *c);
static void chain_go_on(struct store_chain *c);

static void
chain_tell_flushed(struct store_chain *c)
{
	if (c->flushed != NULL)
		loop_defer(c->store->loop, c->flushed, c->flushed_arg);
	c->flushed = NULL;
}

/* ---- trouble ---- */

static void
chain_stop_reading(struct store_chain *c)
{
	if (c->op != NULL)
		kv_cancel(c->op);
	if (c->watch != NULL)
		kv_watch_stop(c->watch);
	c->op = NULL;
	c->watch = NULL;
}

/* Once for an outage; and all again after a pause. */
static void
chain_fail(struct store_chain *c, const struct fault *f)
{
	chain_stop_reading(c);
	c->ready = false;
	c->pausing = true;
	c->pause = c->pause == 0		 ? RETRY_FIRST_MS
		   : c->pause < RETRY_MAX_MS / 2 ? 2 * c->pause
						 : RETRY_MAX_MS;
	loop_timer_set(c->timer, c->pause);
	chain_tell_flushed(c);
	if (c->told)
		return;
	c->told = true;
	c->trouble(c->arg, f);
}

/* ---- what is not named yet ---- */

/* A record that is there. One that cannot be read is named by no block: verifying tells of it. */
static void
chain_take(struct store_chain *c, const struct kv_item *item)
{
	unsigned char hash[AUDIT_HASH_SIZE];
	char id[ID_SIZE];
	struct fault f;

	if (item->created <= c->head.through || item->created >= c->waiting.horizon)
		return;
	if (!store_read_id("audit", item->key, id))
		return;
	/* Only what was rewritten meanwhile can have been told before. */
	if (item->created != item->modified && waiting_has(&c->waiting, id))
		return;
	if (chain_hash_item(c->store, item, hash, &f) == ERR_OK)
		waiting_add(&c->waiting, id, item->created, hash);
}

/* ---- a block ---- */

static void
chain_on_written(struct commit *commit, enum err code, uint64_t revision, const struct fault *f)
{
	struct store_chain *c = commit->op.arg;

	c->writing = NULL;
	store_op_end(&commit->op);
	if (code != ERR_OK && code != ERR_CONFLICT) {
		chain_fail(c, f);
		return;
	}
	c->pause = 0;
	c->told = false;
	if (code == ERR_CONFLICT) {
		/* Somebody was faster: the head tells where to go on. */
		chain_read_head(c);
		return;
	}
	c->head_revision = revision;
	c->head.number = c->block->number;
	c->head.through = c->block->through;
	memcpy(c->head.hash, c->block->hash, sizeof(c->head.hash));
	waiting_forget(&c->waiting, c->head.through);
	chain_go_on(c);
}

static void
chain_fill_block(const struct store_chain *c, struct chain_block *b)
{
	b->number = c->head.number + 1;
	memcpy(b->previous, c->head.hash, sizeof(b->previous));
	b->count = waiting_block_size(&c->waiting);
	b->through = c->waiting.list[b->count - 1].created;
	for (size_t i = 0; i < b->count; i++)
		b->entries[i] = c->waiting.list[i].entry;
	chain_hash_block(b, b->hash);
}

static void
chain_write(struct store_chain *c)
{
	struct commit *w = mem_alloc(sizeof(*w));
	struct chain_block *b = c->block;
	struct chain_mark head;
	struct store_key key, head_key = store_key_of("chain", "head");

	chain_fill_block(c, b);
	head = (struct chain_mark){ .number = b->number, .through = b->through };
	memcpy(head.hash, b->hash, sizeof(head.hash));
	key = chain_block_key(b->number);
	commit_init(w, c->store, c);
	w->settled = chain_on_written;
	commit_expect(w, store_key_bytes(&head_key), c->head_revision);
	commit_expect(w, store_key_bytes(&key), 0);
	record_write_mark(&w->json, &head);
	commit_put(w, &head_key);
	record_write_block(&w->json, b);
	commit_put(w, &key);
	commit_mark(w, &key, "chain_block");
	c->writing = &w->op;
	commit_start(w);
}

static void
chain_on_timer(void *arg)
{
	struct store_chain *c = arg;

	if (c->pausing) {
		c->pausing = false;
		chain_read_head(c);
	} else if (c->ready && c->writing == NULL && c->op == NULL && c->waiting.count > 0)
		chain_write(c);
}

/* What is to be done next, when nothing is under way. */
static void
chain_go_on(struct store_chain *c)
{
	if (!c->ready || c->writing != NULL || c->op != NULL)
		return;
	if (c->watch == NULL)
		chain_scan(c);
	else if (c->waiting.count >= AUDIT_BLOCK_MAX ||
		 (c->waiting.count > 0 && c->flushed != NULL))
		chain_write(c);
	else if (c->waiting.count > 0)
		loop_timer_set(c->timer, AUDIT_CHAIN_MS);
	else if (c->waiting.horizon != UINT64_MAX)
		chain_scan(c);
	else
		chain_tell_flushed(c);
}

/* ---- the watch ---- */

/* Changes were not told: a scan finds them, of which nothing that is under way may be a part. */
static void
chain_on_missed(struct store_chain *c, enum err code, const struct fault *f)
{
	if (c->writing != NULL)
		return;
	if (c->op != NULL)
		kv_cancel(c->op);
	c->op = NULL;
	if (code == ERR_EXPIRED)
		chain_read_head(c);
	else
		chain_fail(c, f);
}

static void
chain_on_change(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct store_chain *c = arg;
	size_t before = c->waiting.count;

	if (code != ERR_OK) {
		c->watch = NULL; /* that was its last call */
		chain_on_missed(c, code, f);
		return;
	}
	if (item->value.data == NULL)
		return;
	chain_take(c, item);
	/* The first of a block waits for others, for whom the timer is set already. */
	if (c->waiting.count != before && (before == 0 || c->waiting.count == AUDIT_BLOCK_MAX))
		chain_go_on(c);
}

/* ---- the scan ---- */

static void
chain_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct store_chain *c = arg;

	c->op = NULL;
	if (code != ERR_OK) {
		chain_fail(c, f);
		return;
	}
	if (c->scanned_to == 0) {
		c->scanned_to = revision;
		c->watch =
		    kv_watch(c->store->kv, kv_text("audit/"), revision + 1, chain_on_change, c);
	}
	for (size_t i = 0; i < count; i++)
		if (items[i].created <= c->scanned_to)
			chain_take(c, &items[i]);
	if (more) {
		c->after_len = items[count - 1].key.len;
		memcpy(c->after, items[count - 1].key.data, c->after_len);
		c->op = kv_range(c->store->kv, kv_text("audit/"),
		    (struct kv_bytes){ c->after, c->after_len }, SCAN_PAGE, chain_on_page, c);
		return;
	}
	c->ready = true;
	chain_go_on(c);
}

/* With nothing waiting: all that was made since the head. */
static void
chain_scan(struct store_chain *c)
{
	if (c->watch != NULL)
		kv_watch_stop(c->watch);
	c->watch = NULL;
	c->scanned_to = 0;
	waiting_reset(&c->waiting);
	c->ready = false;
	c->after_len = 0;
	c->op = kv_range(c->store->kv, kv_text("audit/"), kv_text(""), SCAN_PAGE, chain_on_page, c);
}

/* ---- the head ---- */

/* Where the chain ends is told by its head, its newest block and its base; the last counts. One
 * that was taken away or put back shows when it is verified, and stops nothing here. */
static void
chain_consider(struct store_chain *c, uint64_t number, uint64_t through, const unsigned char *hash)
{
	if (number < c->head.number)
		return;
	c->head.number = number;
	c->head.through = through;
	memcpy(c->head.hash, hash, sizeof(c->head.hash));
}

static void
chain_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct store_chain *c = arg;
	struct chain_mark base;
	struct fault own;

	c->op = NULL;
	if (code == ERR_OK) {
		code = chain_open_mark(c->store, item, &base, &own);
		if (code == ERR_OK)
			chain_consider(c, base.number, base.through, base.hash);
		f = &own;
	}
	if (code != ERR_OK && code != ERR_NOT_FOUND) {
		chain_fail(c, f);
		return;
	}
	waiting_forget(&c->waiting, c->head.through);
	if (c->watch == NULL || !c->ready)
		chain_scan(c);
	else
		chain_go_on(c);
}

static bool
chain_is_key(struct kv_bytes key, const struct store_key *wanted)
{
	return key.len == strlen(wanted->text) && memcmp(key.data, wanted->text, key.len) == 0;
}

static void
chain_on_newest(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct store_chain *c = arg;
	struct store_key at_head = chain_block_key(c->head.number);
	struct fault own;

	(void)more, (void)revision;
	c->op = NULL;
	if (code == ERR_OK && count > 0) {
		code = chain_open_block(c->store, &items[0], c->block, &own);
		if (code == ERR_OK)
			chain_consider(c, c->block->number, c->block->through, c->block->hash);
		else if (chain_is_key(items[0].key, &at_head))
			code = ERR_OK; /* a damaged one, which is not needed */
		f = &own;
	}
	if (code != ERR_OK)
		chain_fail(c, f);
	else
		c->op = kv_get(c->store->kv, kv_text("chain/base"), chain_on_base, c);
}

static void
chain_on_head(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct store_chain *c = arg;
	struct chain_mark head = { .number = 0 };
	struct fault own;

	c->op = NULL;
	c->head_revision = 0;
	if (code == ERR_OK) {
		c->head_revision = item->modified;
		/* A damaged one is written anew: the newest block says the same. */
		chain_open_mark(c->store, item, &head, &own);
	} else if (code != ERR_NOT_FOUND) {
		chain_fail(c, f);
		return;
	}
	c->head = head;
	c->op =
	    kv_range_back(c->store->kv, kv_text(CHAIN_BLOCKS), kv_text(""), 1, chain_on_newest, c);
}

static void
chain_read_head(struct store_chain *c)
{
	assert(c->op == NULL && c->writing == NULL);
	c->op = kv_get(c->store->kv, kv_text("chain/head"), chain_on_head, c);
}

/* ---- life ---- */

void
store_chain_start(struct store *s, void (*trouble)(void *arg, const struct fault *f), void *arg)
{
	struct store_chain *c = mem_alloc(sizeof(*c));

	assert(s->chain == NULL);
	s->chain = c;
	c->store = s;
	c->trouble = trouble;
	c->arg = arg;
	waiting_reset(&c->waiting);
	c->block = mem_alloc(sizeof(*c->block));
	c->timer = loop_timer_new(s->loop, chain_on_timer, c);
	chain_read_head(c);
}

void
chain_free(struct store_chain *c)
{
	if (c == NULL)
		return;
	chain_stop_reading(c);
	if (c->writing != NULL)
		store_cancel(c->writing);
	loop_timer_free(c->timer);
	free(c->waiting.list);
	free(c->block);
	free(c);
}

void
store_chain_flush(struct store *s, loop_cb *done, void *arg)
{
	struct store_chain *c = s->chain;

	if (c == NULL || !c->ready) {
		loop_defer(s->loop, done, arg);
		return;
	}
	c->flushed = done;
	c->flushed_arg = arg;
	chain_go_on(c);
}

bool
store_chain_head(const struct store *s, struct audit_head *out)
{
	const struct store_chain *c = s->chain;

	*out = (struct audit_head){ .number = 0 };
	if (c == NULL)
		return false;
	out->number = c->head.number;
	memcpy(out->hash, c->head.hash, sizeof(out->hash));
	return c->ready && c->op == NULL && c->writing == NULL && c->waiting.count == 0 &&
	       c->waiting.horizon == UINT64_MAX;
}
