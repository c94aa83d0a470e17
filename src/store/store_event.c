/* What endpoints want to know: written in the transaction that makes it true, and taken away in the
 * one that queues its messages. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_fan_out, "store.event_fanned_out", "the commit of an event's messages");

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- in a transaction ---- */

/* The audit record's event, and what it is to an endpoint. */
static const struct {
	const char *event;
	enum hook_type type;
} told[] = {
	{ "issued", HOOK_INVITATION_CREATED },
	{ "undeliverable", HOOK_INVITATION_UNDELIVERABLE },
	{ "finished", HOOK_INVITATION_ACCEPTED },
	{ "finished", HOOK_USER_REGISTERED },
	{ "expired", HOOK_INVITATION_EXPIRED },
	{ "revoked", HOOK_INVITATION_REVOKED },
	{ "user_suspended", HOOK_USER_SUSPENDED },
	{ "user_removed", HOOK_USER_DELETED },
};

void
hook_event_add(struct commit *c, struct hook_event *e)
{
	struct store_key key;

	if (!hooks_want(c->op.store, e->type))
		return;
	id_make(c->now, e->id);
	key = store_key_of("event", e->id);
	record_write_event(&c->json, e);
	commit_put(c, &key);
	c->writes_event = true;
}

void
hook_event_of_audit(struct commit *c, const struct audit *a)
{
	for (size_t i = 0; i < COUNT(told); i++) {
		struct hook_event e = { .type = told[i].type,
			.at = a->at,
			.status = a->state,
			.actor = a->note->actor };

		if (strcmp(a->event, told[i].event) != 0)
			continue;
		if (a->inv != NULL)
			e.invitation = a->id;
		else
			e.user = a->id;
		if (e.type == HOOK_USER_REGISTERED && a->inv != NULL) {
			e.uid = a->inv->person.value[PERSON_UID];
			e.dn = a->inv->dn;
		}
		hook_event_add(c, &e);
	}
}

/* ---- list ---- */

/* Pages until enough were found: one that cannot be read is passed over. */
struct events {
	struct store_op op; /* first */
	store_events_cb *cb;
	size_t limit, count;
	struct arena *arena;
	struct hook_event list[STORE_LIST_MAX];
	struct fault damaged;
	char after[KV_KEY_MAX];
	size_t after_len;
};

static void events_read_page(struct events *l);

static void
events_release(struct store_op *op)
{
	arena_free(((struct events *)op)->arena);
	free(op);
}

static void
events_finish(struct events *l, enum err code, bool more, const struct fault *f)
{
	size_t count = code == ERR_OK ? l->count : 0;
	struct hook_event *list = mem_array(count + 1, sizeof(*list));
	struct fault own = code == ERR_OK ? l->damaged : *f;
	struct arena *arena = l->arena;
	store_events_cb *cb = l->cb;
	void *arg = l->op.arg;

	memcpy(list, l->list, count * sizeof(*list));
	l->arena = NULL;
	store_op_end(&l->op);
	cb(arg, code, list, count, more, &own);
	free(list);
	arena_free(arena);
}

static enum err
events_read_one(void *ctx, const struct kv_item *item, const char *id, size_t at, struct fault *f)
{
	struct events *l = ctx;
	char *text;
	size_t len;
	enum err code = store_open_item(l->op.store, item, l->arena, &text, &len, f);

	if (code != ERR_OK)
		return code;
	return record_read_event(
	    &l->list[l->count + at], id, item->modified, l->arena, text, len, f);
}

static void
events_on_page(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct events *l = arg;
	char next[ID_SIZE];

	(void)revision;
	l->op.kv = NULL;
	if (code != ERR_OK) {
		events_finish(l, code, false, f);
		return;
	}
	l->count += store_read_page("event", items, count, events_read_one, l, next, &l->damaged);
	if (!more || l->count == l->limit) {
		events_finish(l, ERR_OK, more, NULL);
		return;
	}
	l->after_len = items[count - 1].key.len;
	memcpy(l->after, items[count - 1].key.data, l->after_len);
	events_read_page(l);
}

static void
events_read_page(struct events *l)
{
	l->op.kv = kv_range(l->op.store->kv, kv_text("event/"),
	    (struct kv_bytes){ l->after, l->after_len }, l->limit - l->count, events_on_page, l);
}

struct store_op *
store_events_list(struct store *s, size_t limit, store_events_cb *cb, void *arg)
{
	struct events *l = mem_alloc(sizeof(*l));

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	store_op_start(&l->op, s, events_release, arg);
	l->cb = cb;
	l->limit = limit;
	l->arena = arena_new(0);
	events_read_page(l);
	return &l->op;
}

/* ---- fan-out ---- */

struct store_op *
store_event_fan_out(struct store *s, const struct hook_event *e,
    const struct outbox_item *const *items, size_t count, store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);
	struct store_key key = store_key_of("event", e->id);

	assert(count <= HOOK_MAX);
	commit_expect(c, store_key_bytes(&key), e->revision);
	commit_delete(c, &key);
	commit_mark(c, &key, "event_fanned_out");
	for (size_t i = 0; i < count; i++)
		outbox_add(c, NULL, items[i]);
	commit_start(c);
	return &c->op;
}
