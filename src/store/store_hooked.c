/* Webhook messages that were delivered or given up: kept for replay until they are old. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_replay, "store.webhook_replayed", "the commit of this event");

struct store_key
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

enum err
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

/* ---- replay: the message > an item again, and the record ---- */

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
	struct store_key key = hooked_key(r->hook, r->id);
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
	commit_delete(c, &key);
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
	r->note = store_note_copy(note, r->c.arena);
	r->c.op.kv = kv_get(s->kv, store_key_bytes(&key), replay_on_message, r);
	return &r->c.op;
}
