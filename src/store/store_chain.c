/* The sequencer of the audit trail: find its end > scan for what no block names > watch; and a
 * block soon after each record. Whatever fails, or whoever was faster, leads back to the head.
 *
 * A block tells through which revision of the store it names every record. So what is not named yet
 * is what was made later, whoever looks, and two that write to one chain agree about it. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_block, "store.chain_block", "the commit of a block of the audit chain");

enum {
	SCAN_PAGE = 256,
	RETRY_FIRST_MS = 500,
	RETRY_MAX_MS = 60 * 1000,
	/* Ids are of the wall clock: what is not named yet may have one that is as much before the
	 * last named one's as the clock was set back just before a crash. */
	SCAN_SKEW_MS = 24 * 60 * 60 * 1000
};

struct store_chain {
	struct store *store;
	void (*trouble)(void *arg, const struct fault *f);
	void *arg;
	bool told; /* of this outage */
	int64_t pause;
	struct loop_timer *timer; /* the next block, or the next try */
	bool pausing;		  /* it is the next try */
	struct store_op *ending;  /* of finding the end */
	struct kv_op *op;	  /* of the scan */
	struct kv_watch *watch;
	struct store_op *writing;  /* a block */
	struct chain_block *block; /* which one */
	bool marks;		   /* and the mark with it */
	bool marked;		   /* one was, since the start */
	struct chain_end end;	   /* as it is in the store */
	/* A scan looks at what was made up to here; the watch tells the rest. 0: none was begun. */
	uint64_t scanned_to;
	bool ready;				   /* it was scanned, and is watched */
	char first[KV_KEY_MAX], after[KV_KEY_MAX]; /* where a scan begins, where it is */
	size_t first_len, after_len;
	struct chain_waiting waiting;
	loop_cb *flushed; /* NULL: nobody waits */
	void *flushed_arg;
};

static void chain_read_head(struct store_chain *c);
static void chain_scan(struct store_chain *c);
static void chain_place_before(struct store_chain *c, const char *id);
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
	if (c->ending != NULL)
		store_cancel(c->ending);
	if (c->op != NULL)
		kv_cancel(c->op);
	if (c->watch != NULL)
		kv_watch_stop(c->watch);
	c->ending = NULL;
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

/* ---- a block ---- */

static bool
chain_is_busy(const struct store_chain *c)
{
	return c->writing != NULL || c->op != NULL || c->ending != NULL;
}

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
	chain_mark_block(&c->end.head, c->block);
	c->end.head_revision = revision;
	if (c->marks) {
		chain_mark_block(&c->end.mark, c->block);
		c->end.mark_revision = revision;
		c->marked = true;
	}
	waiting_forget(&c->waiting, c->end.head.through);
	chain_go_on(c);
}

static void
chain_put_mark(struct store_chain *c, struct commit *w, const char *name, uint64_t revision,
    struct chain_mark m)
{
	struct store_key key;

	snprintf(key.text, sizeof(key.text), "%s", name);
	chain_mark_block(&m, c->block);
	commit_expect(w, store_key_bytes(&key), revision);
	record_write_mark(&w->json, &m);
	commit_put(w, &key);
}

static void
chain_write(struct store_chain *c)
{
	struct commit *w = mem_alloc(sizeof(*w));
	struct chain_block *b = c->block;
	struct store_key key;

	waiting_fill_block(&c->waiting, &c->end.head, b);
	c->marks = !c->marked || b->number % CHAIN_MARK_EVERY == 0;
	key = chain_block_key(b->number);
	commit_init(w, c->store, c);
	w->settled = chain_on_written;
	chain_put_mark(c, w, CHAIN_HEAD, c->end.head_revision, c->end.head);
	if (c->marks)
		chain_put_mark(c, w, CHAIN_MARK, c->end.mark_revision, c->end.mark);
	commit_expect(w, store_key_bytes(&key), 0);
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
	} else if (c->ready && !chain_is_busy(c) && c->waiting.count > 0)
		chain_write(c);
}

/* What is to be done next, when nothing is under way. */
static void
chain_go_on(struct store_chain *c)
{
	if (!c->ready || chain_is_busy(c))
		return;
	if (c->watch == NULL)
		chain_scan(c);
	else if (c->waiting.count >= AUDIT_BLOCK_MAX ||
		 (c->waiting.count > 0 && c->flushed != NULL))
		chain_write(c);
	else if (c->waiting.count > 0)
		loop_timer_set(c->timer, AUDIT_CHAIN_MS);
	else if (c->waiting.horizon != UINT64_MAX) {
		chain_place_before(c, c->waiting.least);
		chain_scan(c);
	} else
		chain_tell_flushed(c);
}

/* ---- the watch ---- */

/* Changes were not told: a scan finds them, of which nothing that is under way may be a part. */
static void
chain_on_missed(struct store_chain *c, enum err code, const struct fault *f)
{
	if (c->writing != NULL)
		return;
	chain_stop_reading(c);
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
	waiting_take(&c->waiting, c->store, c->end.head.through, item);
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
			waiting_take(&c->waiting, c->store, c->end.head.through, &items[i]);
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

/* In front of an id's key. */
static void
chain_place_before(struct store_chain *c, const char *id)
{
	struct store_key key = store_key_of("audit", id);

	c->first_len = strlen(key.text) - 1;
	memcpy(c->first, key.text, c->first_len);
}

static void
chain_first_place(struct store_chain *c)
{
	const char *newest = c->end.newest;
	/* A clock that was ahead, and is not any more, must not hide what was made since. */
	int64_t now = clock_wall_ms(c->store->clock);
	int64_t at = newest[0] != '\0' ? id_made_at(newest) : 0;
	char id[ID_SIZE];

	if (at > now)
		at = now;
	at -= SCAN_SKEW_MS;
	c->first_len = 0;
	if (at <= 0)
		return;
	id_make(at, id);
	chain_place_before(c, id);
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
	c->op = kv_range(c->store->kv, kv_text("audit/"),
	    (struct kv_bytes){ c->first, c->first_len }, SCAN_PAGE, chain_on_page, c);
}

/* ---- the head ---- */

static void
chain_on_end(void *arg, enum err code, const struct chain_end *end, const struct fault *f)
{
	struct store_chain *c = arg;
	struct fault lost;

	c->ending = NULL;
	if (code != ERR_OK) {
		chain_fail(c, f);
		return;
	}
	if (end->lost != NULL) {
		fault_set(&lost, ERR_CORRUPT, "its end was lost, which verifying tells of: %s",
		    end->lost);
		c->trouble(c->arg, &lost);
	}
	c->end = *end;
	waiting_forget(&c->waiting, c->end.head.through);
	if (c->watch == NULL || !c->ready) {
		chain_first_place(c);
		chain_scan(c);
	} else
		chain_go_on(c);
}

static void
chain_read_head(struct store_chain *c)
{
	assert(c->op == NULL && c->writing == NULL && c->ending == NULL);
	c->ending = chain_end_read(c->store, chain_on_end, c);
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
chain_is_late(const struct store_chain *c)
{
	return c != NULL && (!c->ready || c->pause != 0 || c->waiting.horizon != UINT64_MAX);
}

bool
store_chain_head(const struct store *s, struct audit_head *out)
{
	const struct store_chain *c = s->chain;

	*out = (struct audit_head){ .number = 0 };
	if (c == NULL)
		return false;
	out->number = c->end.head.number;
	memcpy(out->hash, c->end.head.hash, sizeof(out->hash));
	return c->ready && !chain_is_busy(c) && c->waiting.count == 0 &&
	       c->waiting.horizon == UINT64_MAX;
}
