/* Reading the queue: place after place, each with its item. */
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { WALK_MAX = STORE_LIST_MAX, DUE_MAX = 64 };

struct walk_place {
	struct walk *walk;
	struct store_key key;
	uint64_t modified;
	int64_t due;
	char id[ID_SIZE];
	struct kv_op *get;	  /* of its item, under way */
	struct outbox_item *item; /* NULL: it cannot be read, or is no item of this place */
	bool astray;
	uint64_t led_to; /* when it is astray: the revision of what has this id; 0: nothing */
};

/* A page of places > the items of those that are asked for, all at once, because each answer may
 * have to wait for a commit > the next page, until enough were found. One that cannot be read is
 * passed over, so the walk may need several pages. */
struct walk {
	struct store_op op; /* first */
	enum outbox_queue queue;
	int64_t until; /* places behind it are not asked for */
	size_t limit;
	store_due_cb *on_due;
	store_outbox_cb *on_list; /* one of the two */
	char after[KV_KEY_MAX];	  /* the next page begins behind it */
	size_t after_len;
	struct store_key last; /* the last place that was asked for */
	struct walk_place places[WALK_MAX + 1];
	size_t place_count;
	size_t from, at, waiting; /* those from `from` to `at` are asked for; so many are to come */
	bool more;		  /* there are places behind the page */
	struct fault failed;	  /* code ERR_OK: nothing did */
	struct outbox_item *found[WALK_MAX];
	size_t count;
	size_t dropping;
	struct fault damaged; /* the first that was passed over; text "" when there was none */
};

static void walk_next(struct walk *w);

static void
walk_release(struct store_op *op)
{
	struct walk *w = (struct walk *)op;

	for (size_t i = 0; i < w->place_count; i++) {
		if (w->places[i].get != NULL)
			kv_cancel(w->places[i].get);
		outbox_item_free(w->places[i].item);
	}
	for (size_t i = 0; i < w->count; i++)
		outbox_item_free(w->found[i]);
	free(w);
}

/* `behind`: the first place that was not asked for, or NULL. */
static void
walk_finish(struct walk *w, enum err code, const struct walk_place *behind, const struct fault *f)
{
	const size_t prefix = strlen(outbox_due_prefix(w->queue).text);
	struct outbox_item *found[WALK_MAX];
	size_t count = code == ERR_OK ? w->count : 0;
	struct fault own = w->damaged;
	int64_t next_due = behind != NULL ? behind->due : INT64_MAX;
	struct store_key last = w->last;
	store_due_cb *on_due = w->on_due;
	store_outbox_cb *on_list = w->on_list;
	void *arg = w->op.arg;

	if (code != ERR_OK)
		own = *f;
	memcpy(found, w->found, count * sizeof(found[0]));
	w->count -= count;
	store_op_end(&w->op);
	if (on_due != NULL)
		on_due(arg, code, found, count, next_due, &own);
	else
		on_list(arg, code, found, count,
		    code == ERR_OK && behind != NULL ? last.text + prefix : NULL, &own);
	for (size_t i = 0; i < count; i++)
		outbox_item_free(found[i]);
}

/* ---- places that lead astray ---- */

static void
walk_on_dropped(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct walk *w = arg;

	(void)result, (void)f;
	w->op.kv = NULL;
	/* Whatever became of it: places that are left will be met again. */
	if (code == ERR_OK)
		outbox_count(w->op.store, w->queue, -(int)w->dropping);
	walk_next(w);
}

/* Takes away places that lead to nothing, or to an item that stands elsewhere. Nobody writes such
 * ones; a store that was mended by hand may have them. False: there is none. */
static bool
walk_drop(struct walk *w)
{
	struct store_key keys[KV_TXN_MAX / 2];
	struct kv_compare compares[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX / 2];
	struct kv_txn txn = { .compares = compares, .writes = writes };

	for (size_t i = w->from; i < w->at && txn.write_count < KV_TXN_MAX / 2; i++) {
		const struct walk_place *p = &w->places[i];
		struct store_key *item = &keys[txn.write_count];

		if (!p->astray)
			continue;
		*item = store_key_of("outbox", p->id);
		compares[txn.compare_count++] =
		    (struct kv_compare){ store_key_bytes(&p->key), p->modified };
		compares[txn.compare_count++] =
		    (struct kv_compare){ store_key_bytes(item), p->led_to };
		writes[txn.write_count++] = (struct kv_write){ .key = store_key_bytes(&p->key) };
	}
	w->dropping = txn.write_count;
	if (w->dropping > 0)
		w->op.kv = kv_txn(w->op.store->kv, &txn, walk_on_dropped, w);
	return w->dropping > 0;
}

/* ---- the same places once more ---- */

/* One that was not touched since led astray when its item was looked for. */
static void
walk_on_place(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct walk_place *p = arg;
	struct walk *w = p->walk;

	(void)f;
	p->get = NULL;
	p->astray = code == ERR_OK && item->modified == p->modified;
	if (--w->waiting == 0 && !walk_drop(w))
		walk_next(w);
}

/* An item that was settled between the look at its place and the look at itself leaves nothing
 * behind: that is by far the most frequent reason, and costs no transaction. False: none leads
 * astray. */
static bool
walk_look_again(struct walk *w)
{
	for (size_t i = w->from; i < w->at; i++) {
		struct walk_place *p = &w->places[i];

		if (!p->astray)
			continue;
		w->waiting++;
		p->get = kv_get(w->op.store->kv, store_key_bytes(&p->key), walk_on_place, p);
	}
	return w->waiting > 0;
}

/* ---- the items of some places ---- */

/* All have answered. */
static void
walk_collect(struct walk *w)
{
	if (w->failed.code != ERR_OK) {
		walk_finish(w, w->failed.code, NULL, &w->failed);
		return;
	}
	for (size_t i = w->from; i < w->at; i++)
		if (w->places[i].item != NULL) {
			w->found[w->count++] = w->places[i].item;
			w->places[i].item = NULL;
		}
	if (!walk_look_again(w))
		walk_next(w);
}

static void
walk_on_item(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct walk_place *p = arg;
	struct walk *w = p->walk;
	struct fault own;

	p->get = NULL;
	p->astray = code == ERR_NOT_FOUND;
	if (code == ERR_OK) {
		code = outbox_read(w->op.store, item, p->id, &p->item, &own);
		f = &own;
	}
	if (code == ERR_CORRUPT)
		store_note_damage(&w->damaged, store_key_bytes(&p->key), f);
	else if (code != ERR_OK && code != ERR_NOT_FOUND)
		w->failed = *f;
	if (p->item != NULL &&
	    (p->item->due != p->due || outbox_queue_of(p->item->kind) != w->queue)) {
		p->astray = true;
		p->led_to = p->item->revision;
		outbox_item_free(p->item);
		p->item = NULL;
	}
	if (--w->waiting == 0)
		walk_collect(w);
}

static void
walk_ask(struct walk *w)
{
	for (size_t i = w->from; i < w->at; i++) {
		struct walk_place *p = &w->places[i];
		struct store_key key = store_key_of("outbox", p->id);

		w->waiting++;
		p->get = kv_get(w->op.store->kv, store_key_bytes(&key), walk_on_item, p);
	}
}

/* ---- a page ---- */

static void
walk_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct walk *w = arg;
	struct store_outbox *o = &w->op.store->outbox;
	struct fault own;

	(void)revision;
	w->op.kv = NULL;
	if (code != ERR_OK) {
		walk_finish(w, code, NULL, f);
		return;
	}
	if (w->after_len == 0 && !more && o->unsure[w->queue]) {
		o->count[w->queue] = count;
		o->unsure[w->queue] = false;
	}
	w->more = more;
	w->place_count = w->at = 0;
	for (size_t i = 0; i < count; i++) {
		struct walk_place *p = &w->places[w->place_count];

		*p = (struct walk_place){ .walk = w };
		if (!outbox_read_due_key(w->queue, items[i].key, &p->due, p->id)) {
			fault_set(&own, ERR_CORRUPT, "is no place in a queue");
			store_note_damage(&w->damaged, items[i].key, &own);
			continue;
		}
		p->key = outbox_due_key(w->queue, p->due, p->id);
		p->modified = items[i].modified;
		w->place_count++;
	}
	/* Behind a page of nothing but strange keys, too. */
	if (count > 0) {
		w->after_len = items[count - 1].key.len;
		memcpy(w->after, items[count - 1].key.data, w->after_len);
	}
	walk_next(w);
}

static void
walk_read_page(struct walk *w)
{
	struct store_key prefix = outbox_due_prefix(w->queue);

	w->op.kv = kv_range(w->op.store->kv, store_key_bytes(&prefix),
	    (struct kv_bytes){ w->after, w->after_len }, w->limit + 1, walk_on_page, w);
}

static void
walk_next(struct walk *w)
{
	size_t wanted = w->limit - w->count;

	w->from = w->at;
	while (
	    w->at < w->place_count && w->at - w->from < wanted && w->places[w->at].due <= w->until)
		w->at++;
	if (w->at > w->from) {
		w->last = w->places[w->at - 1].key;
		walk_ask(w);
	} else if (w->at < w->place_count)
		walk_finish(w, ERR_OK, &w->places[w->at], NULL);
	else if (w->more)
		walk_read_page(w);
	else
		walk_finish(w, ERR_OK, NULL, NULL);
}

static struct walk *
walk_new(struct store *s, enum outbox_queue queue, int64_t until, size_t limit, void *arg)
{
	struct walk *w = mem_alloc(sizeof(*w));

	store_op_start(&w->op, s, walk_release, arg);
	w->queue = queue;
	w->until = until;
	w->limit = limit;
	return w;
}

struct store_op *
store_outbox_due(struct store *s, enum outbox_queue queue, int64_t now, size_t limit,
    store_due_cb *cb, void *arg)
{
	struct walk *w = walk_new(s, queue, now, limit, arg);

	assert(limit >= 1 && limit <= DUE_MAX);
	w->on_due = cb;
	walk_read_page(w);
	return &w->op;
}

void
store_outbox_place(int64_t due, char out[STORE_PLACE_SIZE])
{
	snprintf(out, STORE_PLACE_SIZE, "%016" PRIx64 "/ffffffff-ffff-ffff-ffff-ffffffffffff",
	    (uint64_t)due);
}

static void
walk_on_refused(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct walk *w = arg;
	struct fault own;

	(void)code, (void)item, (void)f;
	w->op.kv = NULL;
	fault_set(&own, ERR_INVALID, "no place in this queue to go on behind");
	walk_finish(w, ERR_INVALID, NULL, &own);
}

struct store_op *
store_outbox_list(struct store *s, enum outbox_queue queue, const char *after, size_t limit,
    store_outbox_cb *cb, void *arg)
{
	struct walk *w = walk_new(s, queue, INT64_MAX, limit, arg);
	struct store_key prefix = outbox_due_prefix(queue);
	char id[ID_SIZE];
	int64_t due;

	assert(limit >= 1 && limit <= WALK_MAX);
	w->on_list = cb;
	if (after != NULL)
		w->after_len =
		    (size_t)snprintf(w->after, sizeof(w->after), "%s%s", prefix.text, after);
	if (after != NULL && !outbox_read_due_key(queue, kv_text(w->after), &due, id))
		w->op.kv = kv_get(s->kv, kv_text("outbox/-"), walk_on_refused, w);
	else
		walk_read_page(w);
	return &w->op;
}
