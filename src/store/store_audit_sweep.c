/* Retention of the audit trail. A step: sources that are too old, a page > a transaction, with
 * which the base tells how far they have ended; when there are none left, the oldest blocks
 * (store_audit_trim.c). */
#include "store/store_audit_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_sources, "store.sources_ended", "the commit that ends sources of records");
enum { LOOK_MAX = 16 * AUDIT_STRIP_MAX /* records that a step looks at for their sources */ };

struct sweep {
	struct store_op op; /* first */
	audit_sweep_cb *cb;
	int64_t sources_before, records_before;
	struct audit_strip strip;
	char last[ID_SIZE]; /* of the page */
	bool page_more;
	size_t looked;
	struct chain_mark base;
	uint64_t base_revision;
	struct store_op *trim;
};

static void sweep_read_sources(struct sweep *w);

static void
sweep_release(struct store_op *op)
{
	struct sweep *w = (struct sweep *)op;

	if (w->trim != NULL)
		store_cancel(w->trim);
	audit_strip_release(&w->strip);
	free(w);
}

static void
sweep_finish(struct sweep *w, enum err code, bool more, const struct fault *f)
{
	audit_sweep_cb *cb = w->cb;
	void *arg = w->op.arg;

	store_op_end(&w->op);
	cb(arg, code, more, code == ERR_OK ? NULL : f);
}

/* ---- blocks ---- */

static void
sweep_on_trimmed(void *arg, enum err code, bool more, const struct fault *f)
{
	struct sweep *w = arg;

	w->trim = NULL;
	sweep_finish(w, code, more, f);
}

/* ---- sources ---- */

/* The page is done: the next one, or all that is old enough was seen. */
static void
sweep_sources_done(struct sweep *w)
{
	struct store *s = w->op.store;

	if (w->last[0] != '\0')
		memcpy(s->sources_ended_to, w->last, sizeof(s->sources_ended_to));
	if (!w->page_more)
		w->trim = audit_trim(
		    s, &w->base, w->base_revision, w->records_before, sweep_on_trimmed, w);
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

	w->op.kv = NULL;
	if (code == ERR_OK) {
		w->base_revision = result->revision;
		sweep_sources_done(w);
	} else /* one that was erased meanwhile is met again */
		sweep_finish(w, code == ERR_CONFLICT ? ERR_OK : code, true, f);
}

/* That they have ended is told by the base, for whoever verifies, as they end. */
static void
sweep_end_sources(struct sweep *w)
{
	struct buf json;

	if (w->base.sources < w->sources_before)
		w->base.sources = w->sources_before;
	buf_init(&json, KV_VALUE_MAX - SEAL_OVERHEAD);
	record_write_mark(&json, &w->base);
	audit_strip_put(&w->strip, CHAIN_BASE, w->base_revision, &json);
	buf_release(&json);
	w->op.kv = audit_strip_send(
	    &w->strip, failpoints_of(points_of_sources), sweep_on_sources_ended, w);
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
	if (store_open_item(w->op.store, item, arena, &text, &len, &f) == ERR_OK)
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
	w->op.kv = NULL;
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
		sweep_end_sources(w);
	else
		sweep_sources_done(w);
}

/* Behind those that this process has seen already: what is written now is younger. */
static void
sweep_read_sources(struct sweep *w)
{
	const struct store *s = w->op.store;
	struct store_key after = { "" };

	if (s->sources_ended_to[0] != '\0')
		after = store_key_of("audit", s->sources_ended_to);
	w->op.kv = kv_range(s->kv, kv_text("audit/"), store_key_bytes(&after), AUDIT_STRIP_MAX,
	    sweep_on_sources, w);
}

/* ---- the base ---- */

static void
sweep_on_base(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct sweep *w = arg;
	struct fault own;

	w->op.kv = NULL;
	if (code == ERR_OK) {
		w->base_revision = item->modified;
		code = chain_open_mark(w->op.store, item, &w->base, &own);
		f = &own;
	}
	if (code == ERR_OK || code == ERR_NOT_FOUND)
		sweep_read_sources(w);
	else
		sweep_finish(w, code, false, f);
}

struct store_op *
store_audit_sweep(
    struct store *s, int64_t sources_before, int64_t records_before, audit_sweep_cb *cb, void *arg)
{
	struct sweep *w = mem_alloc(sizeof(*w));

	store_op_start(&w->op, s, sweep_release, arg);
	w->cb = cb;
	w->sources_before = sources_before;
	w->records_before = records_before;
	audit_strip_init(&w->strip, s);
	w->op.kv = kv_get(s->kv, kv_text(CHAIN_BASE), sweep_on_base, w);
	return &w->op;
}
