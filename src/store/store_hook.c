/* Webhook endpoints. All of them are in memory: there are few, and every change asks for them. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_create, "store.webhook_created", "the commit of this event");
FAILPOINTS(points_of_change, "store.webhook_changed", "the commit of this event");
FAILPOINTS(points_of_rotate, "store.webhook_secret_rotated", "the commit of this event");
FAILPOINTS(points_of_disable, "store.webhook_disabled", "the commit of this event");
FAILPOINTS(points_of_delete, "store.webhook_deleted", "the commit of this event");

struct store_hook *
store_hook_copy(const struct hook *h)
{
	struct store_hook *copy = mem_alloc(sizeof(*copy));

	copy->hook = *h;
	if (h->why_disabled != NULL) {
		memcpy(copy->why, h->why_disabled, strnlen(h->why_disabled, OUTBOX_TEXT_MAX));
		copy->hook.why_disabled = copy->why;
	}
	return copy;
}

void
store_hook_free(struct store_hook *h)
{
	if (h == NULL)
		return;
	secret_wipe(h, sizeof(*h));
	free(h);
}

/* ---- in memory ---- */

/* Where it is, or where it would be: they stand in the order of their ids. */
static size_t
hooks_place(const struct store_outbox *o, const char *id, bool *there)
{
	size_t at = 0;

	while (at < o->hook_count && strcmp(o->hooks[at]->hook.id, id) < 0)
		at++;
	*there = at < o->hook_count && strcmp(o->hooks[at]->hook.id, id) == 0;
	return at;
}

/* Takes `h`. */
static void
hooks_put(struct store_outbox *o, struct store_hook *h)
{
	bool there;
	size_t at = hooks_place(o, h->hook.id, &there);

	if (there)
		store_hook_free(o->hooks[at]);
	else {
		assert(o->hook_count < HOOK_MAX);
		memmove(
		    &o->hooks[at + 1], &o->hooks[at], (o->hook_count - at) * sizeof(o->hooks[0]));
		o->hook_count++;
	}
	o->hooks[at] = h;
}

static void
hooks_drop(struct store_outbox *o, const char *id)
{
	bool there;
	size_t at = hooks_place(o, id, &there);

	if (!there)
		return;
	store_hook_free(o->hooks[at]);
	o->hook_count--;
	memmove(&o->hooks[at], &o->hooks[at + 1], (o->hook_count - at) * sizeof(o->hooks[0]));
}

void
hooks_release(struct store *s)
{
	while (s->outbox.hook_count > 0)
		store_hook_free(s->outbox.hooks[--s->outbox.hook_count]);
}

static enum err
hooks_read(
    const struct store *s, const struct kv_item *item, struct store_hook **out, struct fault *f)
{
	struct arena *arena;
	char id[ID_SIZE], *text;
	size_t len;
	enum err code;

	if (!store_read_id("hook", item->key, id))
		return fault_set(f, ERR_CORRUPT, "holds no id");
	arena = arena_new(0);
	code = store_open_item(s, item, arena, &text, &len, f);
	if (code == ERR_OK) {
		code = record_read_hook(out, id, item->modified, text, len, f);
		secret_wipe(text, len);
	}
	if (code == ERR_OK)
		(*out)->hook.created_revision = item->created;
	arena_free(arena);
	return code;
}

/* One that cannot be read gets no messages, and stops nobody. */
void
hooks_load(struct store *s, const struct kv_item *item)
{
	struct store_outbox *o = &s->outbox;
	struct store_hook *h = NULL;
	struct fault f;

	if (o->hook_count == HOOK_MAX)
		fault_set(&f, ERR_CORRUPT, "is one endpoint too many");
	else if (hooks_read(s, item, &h, &f) == ERR_OK) {
		hooks_put(o, h);
		return;
	}
	store_note_damage(&o->hook_damage, item->key, &f);
}

const struct fault *
store_hook_damage(const struct store *s)
{
	return s->outbox.hook_damage.text[0] != '\0' ? &s->outbox.hook_damage : NULL;
}

size_t
store_hook_count(const struct store *s)
{
	return s->outbox.hook_count;
}

const struct hook *
store_hook_at(const struct store *s, size_t index)
{
	assert(index < s->outbox.hook_count);
	return &s->outbox.hooks[index]->hook;
}

const struct hook *
store_hook_by_id(const struct store *s, const char *id)
{
	bool there;
	size_t at = hooks_place(&s->outbox, id, &there);

	return there ? &s->outbox.hooks[at]->hook : NULL;
}

bool
hooks_want(const struct store *s, enum hook_type type)
{
	for (size_t i = 0; i < s->outbox.hook_count; i++) {
		const struct hook *h = &s->outbox.hooks[i]->hook;

		if (h->enabled && (h->types & 1U << type) != 0)
			return true;
	}
	return false;
}

/* ---- save ---- */

struct hook_save {
	struct commit c; /* first */
	store_save_cb *cb;
	struct store_hook *hook; /* as it is to be; then the store's */
	bool adding;
	struct fault failed;
};

static void
hook_save_release(struct commit *c)
{
	struct hook_save *o = (struct hook_save *)c;

	store_hook_free(o->hook);
	if (o->adding)
		c->op.store->outbox.hooks_coming--;
}

static void
hook_save_done(struct commit *c, uint64_t revision)
{
	struct hook_save *o = (struct hook_save *)c;
	struct hook *h = &o->hook->hook;
	const struct hook *was = store_hook_by_id(c->op.store, h->id);

	h->revision = revision;
	h->created_revision = was != NULL ? was->created_revision : revision;
	hooks_put(&c->op.store->outbox, o->hook);
	o->hook = NULL;
}

static void
hook_save_finish(struct hook_save *o, enum err code, uint64_t revision, const struct fault *f)
{
	store_save_cb *cb = o->c.silent ? NULL : o->cb; /* cancelled while it was read again */
	void *arg = o->c.op.arg;

	store_op_end(&o->c.op);
	if (cb != NULL)
		cb(arg, code, revision, f);
}

static void
hook_save_on_read(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct hook_save *o = arg;
	struct store *s = o->c.op.store;
	struct store_hook *h = NULL;
	struct fault own;

	(void)f;
	o->c.op.kv = NULL;
	if (code == ERR_OK && hooks_read(s, item, &h, &own) == ERR_OK)
		hooks_put(&s->outbox, h);
	else if (code == ERR_NOT_FOUND)
		hooks_drop(&s->outbox, o->hook->hook.id);
	own = o->failed;
	hook_save_finish(o, own.code, 0, &own);
}

/* What is in memory may be another one than what is stored: whoever tries again must not fail for
 * that again. */
static void
hook_save_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_save *o = (struct hook_save *)c;
	struct store_key key = store_key_of("hook", o->hook != NULL ? o->hook->hook.id : "-");

	if (code != ERR_CONFLICT && code != ERR_UNKNOWN) {
		hook_save_finish(o, code, revision, f);
		return;
	}
	o->failed = *f;
	c->op.kv = kv_get(c->op.store->kv, store_key_bytes(&key), hook_save_on_read, o);
}

static void
hook_add_audit(struct commit *c, const char *id, const char *event, const struct store_note *note)
{
	const struct audit audit = {
		.at = c->now, .event = event, .subject = "webhook", .id = id, .note = note
	};

	commit_audit(c, &audit);
}

struct store_op *
store_hook_save(struct store *s, const struct hook *h, const char *event,
    const struct store_note *note, store_save_cb *cb, void *arg)
{
	struct hook_save *o = mem_alloc(sizeof(*o));
	struct store_outbox *all = &s->outbox;
	struct commit *c = &o->c;
	struct store_key key = store_key_of("hook", h->id);

	assert(id_is_valid(h->id));
	commit_init(c, s, arg);
	c->settled = hook_save_settled;
	c->done = hook_save_done;
	c->release = hook_save_release;
	o->cb = cb;
	o->hook = store_hook_copy(h);
	o->adding = h->revision == 0;
	if (o->adding && all->hook_count + all->hooks_coming >= HOOK_MAX)
		commit_refuse(
		    c, ERR_REFUSED, "there are as many webhook endpoints as there may be");
	all->hooks_coming += o->adding ? 1 : 0;
	commit_expect(c, store_key_bytes(&key), h->revision);
	record_write_hook(&c->json, h);
	commit_put(c, &key);
	secret_wipe(c->json.data, c->json.cap); /* the buffer keeps its memory */
	hook_add_audit(c, h->id, event, note);
	commit_start(c);
	return &c->op;
}

/* ---- delete ---- */

struct hook_delete {
	struct commit c; /* first */
	store_done_cb *cb;
	char id[ID_SIZE];
};

static void
hook_delete_done(struct commit *c, uint64_t revision)
{
	(void)revision;
	hooks_drop(&c->op.store->outbox, ((struct hook_delete *)c)->id);
}

static void
hook_delete_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct hook_delete *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, f);
}

/* What stands there is looked at rather than remembered: one that cannot be read can be deleted. */
static void
hook_delete_on_found(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct hook_delete *o = arg;
	struct commit *c = &o->c;
	struct store_key key = store_key_of("hook", o->id);

	c->op.kv = NULL;
	if (code != ERR_OK) {
		hook_delete_settled(c, code, 0, f);
		return;
	}
	commit_expect(c, store_key_bytes(&key), item->modified);
	c->item_compare = 1;
	commit_delete(c, &key);
	commit_start(c);
}

struct store_op *
store_hook_delete(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg)
{
	struct hook_delete *o = mem_alloc(sizeof(*o));
	bool valid = id_is_valid(id);
	struct store_key key = store_key_of("hook", valid ? id : "-");

	commit_init(&o->c, s, arg);
	o->c.settled = hook_delete_settled;
	o->c.done = hook_delete_done;
	o->cb = cb;
	if (valid)
		memcpy(o->id, id, ID_SIZE);
	hook_add_audit(&o->c, o->id, "webhook_deleted", note); /* the note lives only now */
	o->c.op.kv = kv_get(s->kv, store_key_bytes(&key), hook_delete_on_found, o);
	return &o->c.op;
}
