/* Intents: begun in one transaction, settled in another, read again by whoever finds them. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_intent, "store.intent", "the commit of an intent");
FAILPOINTS(points_of_drop, "store.intent_dropped", "the commit that takes an intent away");
FAILPOINTS(points_of_change, "store.user_changed", "the commit of this event");
FAILPOINTS(points_of_suspend, "store.user_suspended", "the commit of this event");
FAILPOINTS(points_of_resume, "store.user_resumed", "the commit of this event");
FAILPOINTS(points_of_remove, "store.user_removed", "the commit of this event");
FAILPOINTS(points_of_restore, "store.user_restored", "the commit of this event");
FAILPOINTS(points_of_unit_add, "store.org_unit_added", "the commit of this event");
FAILPOINTS(points_of_unit_change, "store.org_unit_changed", "the commit of this event");
FAILPOINTS(points_of_unit_delete, "store.org_unit_deleted", "the commit of this event");

/* ---- begin ---- */

/* A removal looks at what it may replace: a damaged intent, and what is kept already. */
struct begin {
	struct commit c; /* first */
	store_begun_cb *cb;
	char target[ID_SIZE];
	bool keeps;
};

static void
begin_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_begun_cb *cb = ((struct begin *)c)->cb;
	void *arg = c->op.arg;
	struct fault own;

	if (code == ERR_EXISTS) {
		code = fault_set(&own, ERR_CONFLICT,
		    "%s: another person or a pending invitation has it",
		    c->taken.mail ? "mail" : "phone");
		f = &own;
	} else if (code == ERR_CONFLICT) {
		code = fault_set(&own, ERR_EXISTS, "another change is under way");
		f = &own;
	}
	store_op_end(&c->op);
	cb(arg, code, revision, f);
}

static void
begin_on_trash(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct begin *b = arg;
	struct store_key key = store_key_of("trash", b->target);

	b->c.op.kv = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND) {
		begin_settled(&b->c, code, 0, f);
		return;
	}
	if (code == ERR_OK)
		trashed_delete(&b->c, item);
	commit_expect(&b->c, store_key_bytes(&key), code == ERR_OK ? item->modified : 0);
	commit_start(&b->c);
}

static void
begin_with(struct begin *b, uint64_t job_revision)
{
	struct store_key job = store_key_of("job", b->target),
			 trash = store_key_of("trash", b->target);

	commit_expect(&b->c, store_key_bytes(&job), job_revision);
	if (b->keeps)
		b->c.op.kv = kv_get(b->c.op.store->kv, store_key_bytes(&trash), begin_on_trash, b);
	else
		commit_start(&b->c);
}

static bool
begin_can_be_read(struct begin *b, const struct kv_item *item)
{
	struct commit *c = &b->c;
	struct store_intent there;
	struct fault f;
	char *text;
	size_t len;

	return store_open_item(c->op.store, item, c->arena, &text, &len, &f) == ERR_OK &&
	       record_read_intent(&there, b->target, c->arena, text, len, &f) == ERR_OK;
}

static void
begin_on_job(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct begin *b = arg;

	b->c.op.kv = NULL;
	if (code == ERR_OK && begin_can_be_read(b, item))
		begin_settled(&b->c, ERR_CONFLICT, 0, NULL);
	else if (code == ERR_OK || code == ERR_NOT_FOUND)
		begin_with(b, code == ERR_OK ? item->modified : 0);
	else
		begin_settled(&b->c, code, 0, f);
}

/* The keys of what a change holds ("": none). */
static void
intent_names(const struct store *s, const struct store_intent *i, struct store_key out[STORE_NAMES])
{
	struct person names = { .group_count = 0 };

	for (int f = PERSON_MAIL; f <= PERSON_PHONE && i->kind == INTENT_USER_CHANGE; f++)
		if (i->value[f] != NULL && i->value[f][0] != '\0')
			names.value[f] = i->value[f];
	store_name_keys(s, &names, out);
}

/* Two changes, or one and an invitation, would each have asked before the other one was there. */
static void
begin_hold_names(struct commit *c, const struct store_intent *i)
{
	struct store_key keys[STORE_NAMES];

	memcpy(c->owner, i->target, sizeof(c->owner));
	intent_names(c->op.store, i, keys);
	for (size_t n = 0; n < STORE_NAMES; n++)
		if (keys[n].text[0] != '\0')
			commit_reserve(c, n, &keys[n]);
}

/* With the intent in it, what it holds, and what is kept. */
static struct begin *
begin_new(struct store *s, const struct store_intent *intent, const struct secret *saved,
    store_begun_cb *cb, void *arg)
{
	struct begin *b = mem_alloc(sizeof(*b));
	struct commit *c = &b->c;
	struct store_key key = store_key_of("job", intent->target);

	assert(id_is_valid(intent->target));
	commit_init(c, s, arg);
	c->settled = begin_settled;
	b->cb = cb;
	b->keeps = saved != NULL;
	memcpy(b->target, intent->target, sizeof(b->target));
	if (saved != NULL)
		trash_keep(c, intent, saved);
	begin_hold_names(c, intent);
	record_write_intent(&c->json, intent);
	commit_put(c, &key);
	commit_mark(c, &key, "intent");
	return b;
}

struct store_op *
store_intent_begin(struct store *s, const struct store_intent *intent, const struct secret *saved,
    uint64_t trash_revision, store_begun_cb *cb, void *arg)
{
	struct begin *b = begin_new(s, intent, saved, cb, arg);
	struct store_key job = store_key_of("job", intent->target),
			 trash = store_key_of("trash", intent->target);

	if (intent->kind == INTENT_USER_RESTORE)
		commit_expect(&b->c, store_key_bytes(&trash), trash_revision);
	if (intent->kind == INTENT_USER_REMOVE)
		b->c.op.kv = kv_get(s->kv, store_key_bytes(&job), begin_on_job, b);
	else
		begin_with(b, 0);
	return &b->c.op;
}

struct store_op *
store_intent_replace(struct store *s, const struct store_intent *intent, const struct secret *saved,
    store_begun_cb *cb, void *arg)
{
	struct begin *b = begin_new(s, intent, saved, cb, arg);

	begin_with(b, intent->revision);
	return &b->c.op;
}

/* ---- settle, drop ---- */

/* With the end of the intent in it. */
static struct commit *
settle_new(struct store *s, const struct store_intent *intent, store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);
	struct store_key key = store_key_of("job", intent->target), names[STORE_NAMES];

	commit_expect(c, store_key_bytes(&key), intent->revision);
	intent_names(s, intent, names);
	for (size_t n = 0; n < STORE_NAMES; n++)
		if (names[n].text[0] != '\0')
			commit_delete(c, &names[n]);
	commit_delete(c, &key);
	return c;
}

/* What is kept of a user is listed from when they are gone until they are back; damage to it keeps
 * nobody's deletion from being recorded. */
struct settle_trash {
	struct commit *c;
	enum store_intent_kind kind;
};

static void
settle_on_trash(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	const struct settle_trash *s = arg;
	struct commit *c = s->c;

	c->op.kv = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND && code != ERR_CORRUPT) {
		c->settled(c, code, 0, f);
		return;
	}
	if (code == ERR_OK && s->kind == INTENT_USER_REMOVE)
		trashed_put(c, item);
	else if (code == ERR_OK)
		trashed_delete(c, item);
	commit_start(c);
}

static void
settle_look_at_trash(struct commit *c, const struct store_intent *intent)
{
	struct settle_trash *s = arena_alloc(c->arena, sizeof(*s));
	struct store_key trash = store_key_of("trash", intent->target);

	*s = (struct settle_trash){ c, intent->kind };
	c->op.kv = kv_get(c->op.store->kv, store_key_bytes(&trash), settle_on_trash, s);
}

struct store_op *
store_intent_settle(struct store *s, const struct store_intent *intent, const char *detail,
    const char *personal, store_done_cb *cb, void *arg)
{
	struct commit *c = settle_new(s, intent, cb, arg);
	const struct store_note note = { .actor = intent->actor,
		.request_id = intent->request_id,
		.source = intent->source,
		.person = intent->person,
		.org_unit = intent->org_unit,
		.moved_to = intent->moved_to,
		.personal = personal != NULL ? personal : intent->personal };
	const struct audit audit = { .at = c->now,
		.event = store_intent_event(intent->kind),
		.subject = intent->kind >= INTENT_ORG_UNIT_ADD ? "org_unit" : "user",
		.id = intent->target,
		.detail = detail,
		.note = &note };

	if (intent->kind == INTENT_USER_RESTORE)
		trash_delete(c, intent->target, NULL);
	commit_audit(c, &audit);
	if (intent->kind == INTENT_USER_RESTORE ||
	    (intent->kind == INTENT_USER_REMOVE && intent->restorable_until != 0))
		settle_look_at_trash(c, intent);
	else
		commit_start(c);
	return &c->op;
}

struct store_op *
store_intent_drop(struct store *s, const struct store_intent *intent, store_done_cb *cb, void *arg)
{
	struct commit *c = settle_new(s, intent, cb, arg);
	struct store_key key = store_key_of("job", intent->target);

	commit_mark(c, &key, "intent_dropped");
	if (intent->kind == INTENT_USER_REMOVE && intent->restorable_until != 0)
		trash_delete(c, intent->target, NULL); /* not listed yet */
	commit_start(c);
	return &c->op;
}

/* ---- list, load ---- */

struct intents {
	struct store_op op; /* first */
	store_intents_cb *cb;
	struct arena *arena;
	char target[ID_SIZE];	   /* the only one */
	struct store_intent *list; /* of the page that is being read */
};

static void
intents_release(struct store_op *op)
{
	arena_free(((struct intents *)op)->arena);
	free(op);
}

static enum err
intents_read(struct intents *l, const struct kv_item *item, const char *id,
    struct store_intent *out, struct fault *f)
{
	char *text;
	size_t len;
	enum err code = store_open_item(l->op.store, item, l->arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_intent(out, id, l->arena, text, len, f);
	if (code == ERR_OK)
		out->revision = item->modified;
	return code;
}

static enum err
intents_read_one(void *ctx, const struct kv_item *item, const char *id, size_t at, struct fault *f)
{
	struct intents *l = ctx;

	return intents_read(l, item, id, &l->list[at], f);
}

static void
intents_on_range(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct intents *l = arg;
	struct store_intent *list = l->list = mem_array(count + 1, sizeof(*list));
	struct arena *arena = l->arena;
	store_intents_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct fault damaged = { .text = "" };
	char next[ID_SIZE];
	size_t found;

	(void)revision;
	l->op.kv = NULL;
	found = store_read_page("job", items, count, intents_read_one, l, next, &damaged);
	l->arena = NULL;
	store_op_end(&l->op);
	cb(cb_arg, code, list, found, more && next[0] != '\0' ? next : NULL,
	    code == ERR_OK ? &damaged : f);
	free(list);
	arena_free(arena);
}

struct store_op *
store_intent_list(struct store *s, const char *after, size_t limit, store_intents_cb *cb, void *arg)
{
	struct intents *l = mem_alloc(sizeof(*l));
	struct store_key prefix = store_key_of("job", ""), from = { "" };

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	if (after != NULL)
		from = store_key_of("job", after);
	store_op_start(&l->op, s, intents_release, arg);
	l->cb = cb;
	l->arena = arena_new(0);
	l->op.kv = kv_range(
	    s->kv, store_key_bytes(&prefix), store_key_bytes(&from), limit, intents_on_range, l);
	return &l->op;
}

static void
intents_on_got(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct intents *l = arg;
	struct store_intent found;
	struct arena *arena = l->arena;
	store_intents_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct fault own = { .text = "" };
	size_t count = 0;

	l->op.kv = NULL;
	if (code == ERR_OK) {
		code = intents_read(l, item, l->target, &found, &own);
		count = code == ERR_OK ? 1 : 0;
	} else if (code == ERR_NOT_FOUND)
		code = ERR_OK;
	else
		own = *f;
	l->arena = NULL;
	store_op_end(&l->op);
	cb(cb_arg, code, &found, count, NULL, &own);
	arena_free(arena);
}

struct store_op *
store_intent_load(struct store *s, const char *target, store_intents_cb *cb, void *arg)
{
	struct intents *l = mem_alloc(sizeof(*l));
	struct store_key key = store_key_of("job", target);

	assert(id_is_valid(target));
	store_op_start(&l->op, s, intents_release, arg);
	l->cb = cb;
	l->arena = arena_new(0);
	memcpy(l->target, target, sizeof(l->target));
	l->op.kv = kv_get(s->kv, store_key_bytes(&key), intents_on_got, l);
	return &l->op;
}
