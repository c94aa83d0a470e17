/* Webhook messages that were delivered or given up: kept for replay until they are old. */
#include "store/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_replay, "store.webhook_replayed", "the commit of this event");
FAILPOINTS(points_of_purge, "store.hooked_purged", "the commit that forgets messages");

/* The part of the key before the message's id and its slash. */
static struct store_key
hooked_space(const char *hook)
{
	return store_key_of("hooked", id_is_valid(hook) ? hook : "-");
}

static struct store_key
hooked_key(const char *hook, const char *id)
{
	struct store_key space = hooked_space(hook);

	return store_key_of(space.text, id_is_valid(id) ? id : "-");
}

void
hooked_add(struct commit *c, const struct outbox_item *item, const char *outcome)
{
	struct store_key key = hooked_key(item->subject, item->id);
	const struct hooked h = { item, c->now, outcome };

	record_write_hooked(&c->json, &h);
	commit_put(c, &key);
}

static enum err
hooked_read(const struct store *s, const struct kv_item *item, const char *id,
    struct outbox_item **out, struct hooked *h, struct fault *f)
{
	struct arena *arena = arena_new(0);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_hooked(out, h, id, item->modified, text, len, f);
	arena_free(arena);
	return code;
}

/* ---- list ---- */

struct hooked_page {
	size_t count;
	struct outbox_item *items[STORE_LIST_MAX]; /* what the list points into */
	struct hooked list[STORE_LIST_MAX];
};

struct hooked_list {
	struct store_op op; /* first */
	store_hooked_cb *cb;
	struct store_key space;
	bool lost; /* it cannot go on behind what it was told */
	struct hooked_page *page;
};

static void
hooked_page_free(struct hooked_page *p)
{
	for (size_t i = 0; p != NULL && i < p->count; i++)
		outbox_item_free(p->items[i]);
	free(p);
}

static void
hooked_list_release(struct store_op *op)
{
	hooked_page_free(((struct hooked_list *)op)->page);
	free(op);
}

static enum err
hooked_list_read(void *ctx, const struct kv_item *item, const char *id, size_t at, struct fault *f)
{
	struct hooked_list *l = ctx;
	struct hooked_page *p = l->page;
	enum err code = hooked_read(l->op.store, item, id, &p->items[at], &p->list[at], f);

	if (code == ERR_OK)
		p->count = at + 1;
	return code;
}

static void
hooked_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct hooked_list *l = arg;
	struct hooked_page *p = l->page;
	store_hooked_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct fault own = { .text = "" };
	char next[ID_SIZE];

	(void)revision;
	l->op.kv = NULL;
	if (code != ERR_OK)
		own = *f;
	else if (l->lost)
		code = fault_set(&own, ERR_INVALID, "no message to go on behind");
	store_read_page(
	    l->space.text, items, code == ERR_OK ? count : 0, hooked_list_read, l, next, &own);
	l->page = NULL;
	store_op_end(&l->op);
	cb(cb_arg, code, p->list, p->count, more && next[0] != '\0' ? next : NULL, &own);
	hooked_page_free(p);
}

struct store_op *
store_hooked_list(struct store *s, const char *hook, const char *after, size_t limit,
    store_hooked_cb *cb, void *arg)
{
	struct hooked_list *l = mem_alloc(sizeof(*l));
	struct store_key prefix, from = { "" };

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	store_op_start(&l->op, s, hooked_list_release, arg);
	l->cb = cb;
	l->page = mem_alloc(sizeof(*l->page));
	l->space = hooked_space(hook);
	l->lost = after != NULL && !id_is_valid(after);
	prefix = store_key_of(l->space.text, "");
	if (after != NULL)
		from = hooked_key(hook, after);
	l->op.kv = kv_range(
	    s->kv, store_key_bytes(&prefix), store_key_bytes(&from), limit, hooked_on_page, l);
	return &l->op;
}

/* ---- replay: the message > a new item and the record ---- */

struct replay {
	struct commit c; /* first */
	store_done_cb *cb;
	char hook[ID_SIZE], id[ID_SIZE];
	struct store_note note; /* its strings are in the commit's arena */
};

static void
replay_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct replay *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, f);
}

/* As if it had just been made, and with as much time. */
static void
replay_renew(struct outbox_item *i, int64_t now)
{
	if (i->expires_at != INT64_MAX)
		i->expires_at = now + (i->expires_at - i->created_at);
	i->revision = 0;
	i->owner[0] = '\0';
	i->created_at = i->due = now;
	i->attempts = i->unknown = 0;
	i->slotted = false;
	i->last = NULL;
}

static void
replay_on_message(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct replay *r = arg;
	struct commit *c = &r->c;
	struct outbox_item *i = NULL;
	struct hooked h;
	struct fault own;
	const struct audit audit = { .at = c->now,
		.event = "webhook_replayed",
		.subject = "webhook",
		.id = r->hook,
		.detail = arena_printf(c->arena, "{\"message\":\"%s\"}", r->id),
		.note = &r->note };

	c->op.kv = NULL;
	if (code == ERR_OK) {
		code = hooked_read(c->op.store, item, r->id, &i, &h, &own);
		f = &own;
	}
	if (code != ERR_OK) {
		replay_settled(c, code, 0, f);
		return;
	}
	commit_expect(c, item->key, item->modified);
	c->item_compare = 1;
	replay_renew(i, c->now);
	outbox_add(c, NULL, i);
	outbox_item_free(i);
	commit_audit(c, &audit);
	commit_start(c);
}

struct store_op *
store_hooked_replay(struct store *s, const char *hook, const char *id,
    const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct replay *r = mem_alloc(sizeof(*r));
	struct store_key key = hooked_key(hook, id);

	commit_init(&r->c, s, arg);
	r->c.settled = replay_settled;
	r->cb = cb;
	if (id_is_valid(hook) && id_is_valid(id)) {
		memcpy(r->hook, hook, ID_SIZE);
		memcpy(r->id, id, ID_SIZE);
	}
	r->note.actor = arena_strdup(r->c.arena, note->actor);
	r->note.request_id = arena_strdup(r->c.arena, note->request_id);
	r->c.op.kv = kv_get(s->kv, store_key_bytes(&key), replay_on_message, r);
	return &r->c.op;
}

/* ---- purge ---- */

/* A page > a transaction that deletes what of it is old > the next page. An endpoint's messages
 * stand in the order of their making, and none ended before it was made: at the first that was made
 * too late the walk goes on with the next endpoint. */
struct hooked_purge {
	struct store_op op; /* first */
	store_save_cb *cb;
	int64_t before;
	size_t limit, gone;
	char after[KV_KEY_MAX];
	size_t after_len;
	bool more;
	struct store_key keys[KV_TXN_MAX];
	uint64_t modified[KV_TXN_MAX];
	size_t count;
};

static void hooked_purge_read_page(struct hooked_purge *p);

static void
hooked_purge_release(struct store_op *op)
{
	free(op);
}

static void
hooked_purge_finish(struct hooked_purge *p, enum err code, const struct fault *f)
{
	store_save_cb *cb = p->cb;
	void *arg = p->op.arg;
	size_t gone = p->gone;

	store_op_end(&p->op);
	cb(arg, code, gone, f);
}

static void
hooked_on_gone(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct hooked_purge *p = arg;

	(void)result;
	p->op.kv = NULL;
	if (code == ERR_OK)
		p->gone += p->count;
	/* A conflict: one of them was sent again meanwhile. All are met again next time. */
	if (code != ERR_OK && code != ERR_CONFLICT)
		hooked_purge_finish(p, code, f);
	else if (p->more && p->gone < p->limit)
		hooked_purge_read_page(p);
	else
		hooked_purge_finish(p, ERR_OK, NULL);
}

static void
hooked_purge_delete(struct hooked_purge *p)
{
	struct kv_compare compares[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	const struct kv_txn txn = { compares, p->count, writes, p->count,
		failpoints_of(points_of_purge) };

	for (size_t i = 0; i < p->count; i++) {
		struct kv_bytes key = store_key_bytes(&p->keys[i]);

		compares[i] = (struct kv_compare){ key, p->modified[i] };
		writes[i] = (struct kv_write){ .key = key };
	}
	p->op.kv = kv_txn(p->op.store->kv, &txn, hooked_on_gone, p);
}

/* The millisecond in which an id was made (RFC 9562 section 5.7). */
static int64_t
hooked_purge_made_at(const char *id)
{
	char digits[13];

	memcpy(digits, id, 8);
	memcpy(digits + 8, id + 9, 4);
	digits[12] = '\0';
	return (int64_t)strtoull(digits, NULL, 16);
}

/* What cannot be read is as old as its id. */
static bool
hooked_purge_is_old(const struct hooked_purge *p, const struct kv_item *item, const char *id)
{
	struct outbox_item *i;
	struct hooked h;
	struct fault f;
	bool old;

	if (hooked_read(p->op.store, item, id, &i, &h, &f) != ERR_OK)
		return true;
	old = h.ended_at < p->before;
	outbox_item_free(i);
	return old;
}

/* False: nothing more of this page is of interest. */
static bool
hooked_purge_look(struct hooked_purge *p, const struct kv_item *item)
{
	static const char prefix[] = "hooked/";
	struct store_key key = { "" };
	char hook[ID_SIZE] = "", id[ID_SIZE];

	p->after_len = item->key.len;
	memcpy(p->after, item->key.data, item->key.len);
	if (item->key.len >= sizeof(prefix) - 1 + ID_SIZE - 1)
		memcpy(hook, (const char *)item->key.data + sizeof(prefix) - 1, ID_SIZE - 1);
	if (!id_is_valid(hook) || !store_read_id(hooked_space(hook).text, item->key, id))
		return true;
	if (hooked_purge_made_at(id) >= p->before) {
		/* Behind every id of this endpoint. */
		p->after_len =
		    (size_t)snprintf(p->after, sizeof(p->after), "%s/~", hooked_space(hook).text);
		p->more = true;
		return false;
	}
	if (!hooked_purge_is_old(p, item, id))
		return true;
	memcpy(key.text, item->key.data, item->key.len);
	p->keys[p->count] = key;
	p->modified[p->count++] = item->modified;
	return p->gone + p->count < p->limit;
}

static void
hooked_purge_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct hooked_purge *p = arg;

	(void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK) {
		hooked_purge_finish(p, code, f);
		return;
	}
	p->more = more;
	p->count = 0;
	for (size_t i = 0; i < count; i++)
		if (!hooked_purge_look(p, &items[i]))
			break;
	if (p->count > 0)
		hooked_purge_delete(p);
	else if (p->more)
		hooked_purge_read_page(p);
	else
		hooked_purge_finish(p, ERR_OK, NULL);
}

static void
hooked_purge_read_page(struct hooked_purge *p)
{
	p->op.kv = kv_range(p->op.store->kv, kv_text("hooked/"),
	    (struct kv_bytes){ p->after, p->after_len }, KV_TXN_MAX, hooked_purge_on_page, p);
}

struct store_op *
store_hooked_purge(struct store *s, int64_t before, size_t limit, store_save_cb *cb, void *arg)
{
	struct hooked_purge *p = mem_alloc(sizeof(*p));

	assert(limit >= 1);
	store_op_start(&p->op, s, hooked_purge_release, arg);
	p->cb = cb;
	p->before = before;
	p->limit = limit;
	hooked_purge_read_page(p);
	return &p->op;
}
