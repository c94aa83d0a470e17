/* A key that is added, used and deleted: an API token, a session. Uses are written down without an
 * audit record and may come at any moment: a deletion that meets one looks again. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

_Static_assert((int)ENTRY_ID_SIZE == (int)API_TOKEN_ID_SIZE, "one size for both");
_Static_assert((int)ENTRY_ID_SIZE == (int)STORE_SESSION_ID_SIZE, "one size for both");

static struct store_key
entry_name(const char *space, const char *id, char out[ENTRY_ID_SIZE])
{
	bool possible = strlen(id) == ENTRY_ID_SIZE - 1;

	memcpy(out, possible ? id : "-", possible ? ENTRY_ID_SIZE : sizeof("-"));
	return store_key_of(space, out);
}

static void entry_look(struct entry *e);

/* ---- adding and deleting ---- */

static void
entry_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	struct entry *e = (struct entry *)c;
	store_done_cb *cb = e->cb;
	void *arg = c->op.arg;
	struct fault own;

	(void)revision;
	if (code == ERR_CONFLICT && !e->adding && ++c->tries < STORE_TRIES_MAX) {
		entry_look(e);
		return;
	}
	/* Its absence was the only compare. */
	if (code == ERR_CONFLICT && e->adding)
		code = fault_set(&own, ERR_EXISTS, "%s is there already", e->key.text);
	else if (code == ERR_CONFLICT)
		code = fault_set(&own, ERR_BUSY, "%s is in use all the time", e->key.text);
	else if (f != NULL)
		own = *f;
	store_op_end(&c->op);
	cb(arg, code, code == ERR_OK ? NULL : &own);
}

struct entry *
entry_new(struct store *s, const char *space, const char *id, store_done_cb *cb, void *arg)
{
	struct entry *e = mem_alloc(sizeof(*e));

	commit_init(&e->c, s, arg);
	e->c.settled = entry_settled;
	e->cb = cb;
	e->key = entry_name(space, id, e->id);
	return e;
}

void
entry_add(struct entry *e)
{
	assert(e->id[0] != '-');
	e->adding = true;
	commit_expect(&e->c, store_key_bytes(&e->key), 0);
	commit_put(&e->c, &e->key);
}

static void
entry_on_found(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct entry *e = arg;

	e->c.op.kv = NULL;
	if (code != ERR_OK) {
		entry_settled(&e->c, code, 0, f);
		return;
	}
	e->c.compares[0].modified = item->modified;
	commit_start(&e->c);
}

static void
entry_look(struct entry *e)
{
	e->c.op.kv = kv_get(e->c.op.store->kv, store_key_bytes(&e->key), entry_on_found, e);
}

struct store_op *
entry_delete(struct entry *e)
{
	assert(e->c.compare_count == 0);
	commit_expect(&e->c, store_key_bytes(&e->key), 0); /* until it is looked at */
	commit_delete(&e->c, &e->key);
	entry_look(e);
	return &e->c.op;
}

/* ---- use ---- */

struct touch {
	struct commit c; /* first */
	store_done_cb *cb;
	entry_use *use;
	struct store_key key;
	char id[ENTRY_ID_SIZE];
	const char *points;
	int64_t used_at;
};

/* What else changes it is another use, or its end: either way nothing is left to do. */
static void
touch_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct touch *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	if (code == ERR_CONFLICT || code == ERR_NOT_FOUND)
		code = ERR_OK;
	store_op_end(&c->op);
	cb(arg, code, code == ERR_OK ? NULL : f);
}

static void
touch_on_found(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct touch *t = arg;
	struct commit *c = &t->c;
	struct fault own;
	char *text;
	size_t len;

	c->op.kv = NULL;
	if (code == ERR_OK) {
		code = store_open_item(c->op.store, item, c->arena, &text, &len, &own);
		if (code == ERR_OK)
			code = t->use(&c->json, t->id, text, len, t->used_at, &own);
		f = &own;
	}
	if (code != ERR_OK || c->json.len == 0) {
		touch_settled(c, code, 0, f);
		return;
	}
	commit_expect(c, store_key_bytes(&t->key), item->modified);
	commit_put(c, &t->key);
	commit_mark(c, &t->key, t->points);
	commit_start(c);
}

struct store_op *
entry_touch(struct store *s, const char *space, const char *id, entry_use *use, const char *points,
    int64_t used_at, store_done_cb *cb, void *arg)
{
	struct touch *t = mem_alloc(sizeof(*t));

	commit_init(&t->c, s, arg);
	t->c.settled = touch_settled;
	t->cb = cb;
	t->use = use;
	t->key = entry_name(space, id, t->id);
	t->points = points;
	t->used_at = used_at;
	t->c.op.kv = kv_get(s->kv, store_key_bytes(&t->key), touch_on_found, t);
	return &t->c.op;
}
