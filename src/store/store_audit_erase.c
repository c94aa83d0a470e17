/* Erasing parts of audit records: a page > before the first parts go, a record that says whose they
 * are > a transaction that writes the records of the page anew > the next page; and a record at the
 * end that says how many there were. */
#include "store/store_audit_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_parts, "store.audit_erased", "the commit that erases parts of records");
FAILPOINTS(points_of_erasing, "store.person_erasing", "the commit of this event");
FAILPOINTS(points_of_erase, "store.person_erased", "the commit of this event");

/* ---- a page of records, written without some of their parts ---- */

void
audit_strip_init(struct audit_strip *p, struct store *s)
{
	p->store = s;
	p->arena = NULL;
	buf_init(&p->text, KV_VALUE_MAX - SEAL_OVERHEAD);
	audit_strip_reset(p);
}

void
audit_strip_reset(struct audit_strip *p)
{
	arena_free(p->arena);
	p->arena = arena_new(2 * KV_TXN_MAX * KV_VALUE_MAX);
	p->count = 0;
	p->has_put = false;
}

void
audit_strip_release(struct audit_strip *p)
{
	arena_free(p->arena);
	buf_release(&p->text);
}

void
audit_strip_add(
    struct audit_strip *p, const struct kv_item *item, const char *text, size_t len, unsigned mask)
{
	struct kv_bytes key = { arena_dup(p->arena, item->key.data, item->key.len), item->key.len };
	unsigned char *sealed;

	assert(p->count < AUDIT_STRIP_MAX && !p->has_put);
	buf_reset(&p->text);
	if (record_strip_parts(&p->text, text, len, mask) == 0 || buf_failed(&p->text))
		return;
	sealed = arena_alloc(p->arena, p->text.len + SEAL_OVERHEAD);
	p->compares[p->count] = (struct kv_compare){ key, item->modified };
	p->writes[p->count] = (struct kv_write){ .key = key,
		.value = { sealed, seal_close(p->store->seal, key.data, key.len, p->text.data,
				       p->text.len, sealed) } };
	p->count++;
}

void
audit_strip_put(struct audit_strip *p, const char *key, uint64_t revision, const struct buf *json)
{
	size_t len = strlen(key);
	unsigned char *sealed = arena_alloc(p->arena, json->len + SEAL_OVERHEAD);
	struct kv_bytes copy = { arena_dup(p->arena, key, len), len };

	p->has_put = true;
	p->compares[p->count] = (struct kv_compare){ copy, revision };
	p->writes[p->count] = (struct kv_write){ .key = copy,
		.value = {
		    sealed, seal_close(p->store->seal, key, len, json->data, json->len, sealed) } };
}

struct kv_op *
audit_strip_send(struct audit_strip *p, struct failpoints *points, kv_txn_cb *cb, void *arg)
{
	size_t count = p->count + (p->has_put ? 1 : 0);
	struct kv_txn txn = { p->compares, count, p->writes, count, points };

	return kv_txn(p->store->kv, &txn, cb, arg);
}

/* ---- erasing ---- */

struct erase {
	struct commit c; /* first; of the record at the end */
	audit_erase_cb *cb;
	struct store_note note; /* strings are in the commit's arena */
	const char **ids;
	size_t id_count;
	struct audit_ids wanted;    /* the same */
	struct store_op *beginning; /* the record before the first parts go */
	bool begun;
	struct audit_strip strip;
	uint64_t erased;
	int tries; /* of this page */
	bool more;
	char after[KV_KEY_MAX], last[KV_KEY_MAX];
	size_t after_len, last_len;
};

static void erase_read_page(struct erase *e);

static void
erase_release(struct commit *c)
{
	struct erase *e = (struct erase *)c;

	if (e->beginning != NULL)
		store_cancel(e->beginning);
	audit_ids_release(&e->wanted);
	audit_strip_release(&e->strip);
}

static void
erase_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct erase *e = (struct erase *)c;
	audit_erase_cb *cb = e->cb;
	void *arg = c->op.arg;
	uint64_t erased = e->erased;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, erased, f);
}

/* What is erased, and for whom: verifying demands it of each part that is gone. `records`: how many
 * had any; UINT64_MAX: it is not known yet. */
static void
erase_tell(struct erase *e, struct commit *c, const char *event, uint64_t records)
{
	struct buf detail;
	const struct audit audit = {
		.at = c->now, .event = event, .subject = "user", .id = e->ids[0], .note = &e->note
	};

	buf_init(&detail, KV_VALUE_MAX);
	buf_add_string(&detail, "{\"ids\":[");
	for (size_t i = 0; i < e->id_count; i++) {
		if (i > 0)
			buf_add_char(&detail, ',');
		buf_add_json_string(&detail, e->ids[i]);
	}
	buf_add_char(&detail, ']');
	if (records != UINT64_MAX)
		buf_printf(&detail, ",\"records\":%" PRIu64, records);
	buf_add_char(&detail, '}');
	if (buf_failed(&detail))
		commit_refuse(c, ERR_TOO_LARGE, "too many ids are to be erased at once");
	else
		e->note.detail = arena_strdup(c->arena, detail.data);
	buf_release(&detail);
	commit_audit(c, &audit);
}

static void
erase_finish(struct erase *e)
{
	erase_tell(e, &e->c, "person_erased", e->erased);
	commit_start(&e->c);
}

static void
erase_next_page(struct erase *e)
{
	e->tries = 0;
	e->after_len = e->last_len;
	memcpy(e->after, e->last, e->last_len);
	if (e->more) {
		erase_read_page(e);
		return;
	}
	e->c.now = clock_wall_ms(e->c.op.store->clock);
	erase_finish(e);
}

static void
erase_on_written(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct erase *e = arg;

	(void)result;
	e->c.op.kv = NULL;
	/* Somebody else took parts of one of them away, or the answer was lost: look again. */
	if ((code == ERR_CONFLICT || code == ERR_UNKNOWN) && ++e->tries < STORE_TRIES_MAX) {
		erase_read_page(e);
		return;
	}
	if (code == ERR_CONFLICT) {
		struct fault own;

		fault_set(&own, ERR_BUSY, "audit records are being changed: try again later");
		erase_settled(&e->c, ERR_BUSY, 0, &own);
	} else if (code != ERR_OK)
		erase_settled(&e->c, code, 0, f);
	else {
		e->erased += e->strip.count;
		erase_next_page(e);
	}
}

static void
erase_write(struct erase *e)
{
	e->c.op.kv =
	    audit_strip_send(&e->strip, failpoints_of(points_of_parts), erase_on_written, e);
}

static void
erase_on_begun(void *arg, enum err code, const struct fault *f)
{
	struct erase *e = arg;

	e->beginning = NULL;
	e->begun = true;
	if (code == ERR_OK)
		erase_write(e);
	else
		erase_settled(&e->c, code, 0, f);
}

static void
erase_begin(struct erase *e)
{
	struct commit *c = commit_new(e->c.op.store, erase_on_begun, e);

	erase_tell(e, c, "person_erasing", UINT64_MAX);
	e->beginning = &c->op;
	commit_start(c);
}

/* What cannot be read has nothing that could be erased; verifying tells of it. */
static void
erase_look(struct erase *e, const struct kv_item *item)
{
	struct arena *arena = arena_new(0);
	struct audit_record r;
	struct fault f;
	char id[ID_SIZE], *text;
	size_t len;
	unsigned parts = 0;

	if (store_read_id("audit", item->key, id) &&
	    store_open_item(e->c.op.store, item, arena, &text, &len, &f) == ERR_OK &&
	    record_read_audit(&r, id, arena, text, len, &f) == ERR_OK)
		parts = audit_parts_of(&e->wanted, &r, 0);
	if (parts != 0)
		audit_strip_add(&e->strip, item, text, len, parts);
	arena_free(arena);
}

static void
erase_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct erase *e = arg;

	(void)revision;
	e->c.op.kv = NULL;
	if (code != ERR_OK) {
		erase_settled(&e->c, code, 0, f);
		return;
	}
	audit_strip_reset(&e->strip);
	for (size_t i = 0; i < count; i++)
		erase_look(e, &items[i]);
	e->more = more;
	if (count > 0) {
		e->last_len = items[count - 1].key.len;
		memcpy(e->last, items[count - 1].key.data, e->last_len);
	}
	if (e->strip.count > 0 && !e->begun)
		erase_begin(e);
	else if (e->strip.count > 0)
		erase_write(e);
	else
		erase_next_page(e);
}

static void
erase_read_page(struct erase *e)
{
	e->c.op.kv = kv_range(e->c.op.store->kv, kv_text("audit/"),
	    (struct kv_bytes){ e->after, e->after_len }, AUDIT_STRIP_MAX, erase_on_page, e);
}

struct store_op *
store_audit_erase(struct store *s, const char *const *ids, size_t count,
    const struct store_note *note, audit_erase_cb *cb, void *arg)
{
	struct erase *e = mem_alloc(sizeof(*e));

	assert(count >= 1);
	commit_init(&e->c, s, arg);
	e->c.settled = erase_settled;
	e->c.release = erase_release;
	e->cb = cb;
	e->note = store_note_copy(note, e->c.arena);
	e->ids = arena_alloc(e->c.arena, count * sizeof(*e->ids));
	e->id_count = count;
	for (size_t i = 0; i < count; i++) {
		e->ids[i] = arena_strdup(e->c.arena, ids[i]);
		audit_ids_add(&e->wanted, ids[i], UINT64_MAX);
	}
	audit_strip_init(&e->strip, s);
	erase_read_page(e);
	return &e->c.op;
}
