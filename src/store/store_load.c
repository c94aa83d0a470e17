#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- one ---- */

struct load {
	struct store_op op; /* first */
	store_load_cb *cb;
};

static void
load_release(struct store_op *op)
{
	free(op);
}

/* Takes `inv`. */
static void
load_finish(struct load *l, enum err code, struct invitation *inv, const struct fault *f)
{
	store_load_cb *cb = l->cb;
	void *arg = l->op.arg;

	store_op_end(&l->op);
	cb(arg, code, &inv, f);
	invitation_free(inv);
}

static void
load_on_invitation(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct load *l = arg;
	struct invitation *inv = NULL;
	struct fault own;

	l->op.kv = NULL;
	if (code == ERR_OK) {
		code = store_read_invitation(l->op.store, item, &inv, NULL, &own);
		f = &own;
	}
	load_finish(l, code, inv, code == ERR_OK ? NULL : f);
}

static void
load_get(struct load *l, const char *id)
{
	struct store_key key = store_key_of("invitation", id);

	l->op.kv = kv_get(l->op.store->kv, store_key_bytes(&key), load_on_invitation, l);
}

static void
load_on_token(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct load *l = arg;
	struct arena *arena;
	struct fault own;
	char *id;
	size_t len;

	l->op.kv = NULL;
	if (code != ERR_OK) {
		load_finish(l, code, NULL, f);
		return;
	}
	arena = arena_new(0);
	code = store_open_item(l->op.store, item, arena, &id, &len, &own);
	if (code == ERR_OK && !id_is_valid(id))
		code = fault_set(&own, ERR_CORRUPT, "a token/ key names no invitation");
	if (code == ERR_OK)
		load_get(l, id);
	arena_free(arena);
	if (code != ERR_OK)
		load_finish(l, code, NULL, &own);
}

static struct load *
load_new(struct store *s, store_load_cb *cb, void *arg)
{
	struct load *l = mem_alloc(sizeof(*l));

	store_op_start(&l->op, s, load_release, arg);
	l->cb = cb;
	return l;
}

/* An id that is none still gets its answer through the store: the key is simply absent. */
struct store_op *
store_load(struct store *s, const char *id, store_load_cb *cb, void *arg)
{
	struct load *l = load_new(s, cb, arg);

	load_get(l, id_is_valid(id) ? id : "-");
	return &l->op;
}

struct store_op *
store_load_by_token(struct store *s, const struct token_hash *hash, store_load_cb *cb, void *arg)
{
	struct load *l = load_new(s, cb, arg);
	struct store_key key = store_token_key(hash);

	l->op.kv = kv_get(s->kv, store_key_bytes(&key), load_on_token, l);
	return &l->op;
}

/* ---- many ---- */

struct list {
	struct store_op op; /* first */
	store_list_cb *cb;
	size_t limit, count;
	bool open_only, more;
	char next[ID_SIZE];
	struct fault damaged; /* the first that was skipped; text "" when there was none */
	struct invitation *found[STORE_LIST_MAX];
	/* Unsettled ones: the ids to load, one after the other. */
	size_t id_count, id_at;
	char ids[STORE_LIST_MAX][ID_SIZE];
};

static void list_load_next(struct list *l);

static void
list_release(struct store_op *op)
{
	struct list *l = (struct list *)op;

	for (size_t i = 0; i < l->count; i++)
		invitation_free(l->found[i]);
	free(l);
}

static void
list_finish(struct list *l, enum err code, const struct fault *f)
{
	struct invitation *found[STORE_LIST_MAX];
	char next[ID_SIZE];
	size_t count = l->count;
	bool more = l->more;
	struct fault damaged = l->damaged;
	store_list_cb *cb = l->cb;
	void *arg = l->op.arg;

	memcpy(found, l->found, sizeof(found));
	memcpy(next, l->next, sizeof(next));
	l->count = 0;
	store_op_end(&l->op);
	if (code == ERR_OK)
		cb(arg, code, found, count, more, more ? next : NULL, &damaged);
	else
		cb(arg, code, NULL, 0, false, NULL, f);
	for (size_t i = 0; i < count; i++)
		invitation_free(found[i]);
}

void
store_note_damage(struct fault *first, struct kv_bytes key, const struct fault *f)
{
	const char *name = key.data;
	bool named = strncmp(f->text, name, key.len) == 0;

	if (first->text[0] != '\0')
		return;
	fault_set(
	    first, ERR_OK, "%.*s%s%s", named ? 0 : (int)key.len, name, named ? "" : ": ", f->text);
}

/* One value cannot be read: those behind it are told all the same. */
static void
list_skip(struct list *l, struct kv_bytes key, const struct fault *f)
{
	store_note_damage(&l->damaged, key, f);
}

bool
store_read_id(const char *space, struct kv_bytes key, char id[ID_SIZE])
{
	const size_t at = strlen(space) + 1;
	char text[ID_SIZE] = "";

	if (key.len != at + ID_SIZE - 1)
		return false;
	memcpy(text, (const char *)key.data + at, ID_SIZE - 1);
	if (!id_is_valid(text))
		return false;
	memcpy(id, text, sizeof(text));
	return true;
}

size_t
store_read_page(const char *space, const struct kv_item *items, size_t count, store_page_read *read,
    void *ctx, char next[ID_SIZE], struct fault *damaged)
{
	struct fault own;
	char id[ID_SIZE];
	size_t found = 0;

	next[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		bool named = store_read_id(space, items[i].key, id);

		if (named)
			memcpy(next, id, ID_SIZE);
		else
			fault_set(&own, ERR_CORRUPT, "holds no id");
		if (named && read(ctx, &items[i], id, found, &own) == ERR_OK)
			found++;
		else
			store_note_damage(damaged, items[i].key, &own);
	}
	return found;
}

/* Nobody can be sent on behind a page that holds no id at all. */
static enum err
list_check_progress(const struct list *l, enum err code, const struct fault **f, struct fault *own)
{
	if (code == ERR_OK && l->more && l->next[0] == '\0') {
		code = fault_set(own, ERR_CORRUPT, "%s",
		    l->damaged.text[0] != '\0' ? l->damaged.text : "keys that hold no id");
		*f = own;
	}
	return code;
}

static bool
list_wants(const struct list *l, const struct invitation *inv)
{
	return !l->open_only || !invitation_is_final(inv->state);
}

static void
list_on_range(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct list *l = arg;
	struct fault own;

	(void)revision;
	l->op.kv = NULL;
	l->more = more;
	for (size_t i = 0; i < count; i++) {
		struct invitation *inv;

		if (l->count == l->limit) {
			l->more = true;
			break;
		}
		store_read_id("invitation", items[i].key, l->next);
		if (store_read_invitation(l->op.store, &items[i], &inv, NULL, &own) != ERR_OK)
			list_skip(l, items[i].key, &own);
		else if (list_wants(l, inv))
			l->found[l->count++] = inv;
		else
			invitation_free(inv);
	}
	code = list_check_progress(l, code, &f, &own);
	list_finish(l, code, f);
}

static struct list *
list_start(struct store *s, const char *space, const char *after, size_t limit, size_t look_at,
    kv_range_cb *on_range, store_list_cb *cb, void *arg)
{
	struct list *l = mem_alloc(sizeof(*l));
	struct store_key prefix = store_key_of(space, ""), from = { "" };

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	assert(after == NULL || id_is_valid(after));
	if (after != NULL)
		from = store_key_of(space, after);
	store_op_start(&l->op, s, list_release, arg);
	l->limit = limit;
	l->cb = cb;
	l->op.kv =
	    kv_range(s->kv, store_key_bytes(&prefix), store_key_bytes(&from), look_at, on_range, l);
	return l;
}

struct store_op *
store_list(
    struct store *s, const char *after, size_t limit, bool open_only, store_list_cb *cb, void *arg)
{
	struct list *l = list_start(s, "invitation", after, limit,
	    open_only ? STORE_LIST_MAX : limit, list_on_range, cb, arg);

	l->open_only = open_only;
	return &l->op;
}

/* ---- unsettled ---- */

static struct store_key
list_key_at(const struct list *l, size_t i)
{
	return store_key_of("invitation", l->ids[i]);
}

static void
list_on_loaded(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct list *l = arg;
	struct store_key key = list_key_at(l, l->id_at - 1);
	struct fault own;

	l->op.kv = NULL;
	if (code == ERR_OK) {
		code = store_read_invitation(l->op.store, item, &l->found[l->count], NULL, &own);
		f = &own;
		if (code == ERR_OK)
			l->count++;
	}
	if (code == ERR_CORRUPT)
		list_skip(l, store_key_bytes(&key), f);
	/* Not found: settled and purged meanwhile. */
	if (code == ERR_OK || code == ERR_CORRUPT || code == ERR_NOT_FOUND)
		list_load_next(l);
	else
		list_finish(l, code, f);
}

static void
list_load_next(struct list *l)
{
	struct store_key key;

	if (l->id_at == l->id_count) {
		list_finish(l, ERR_OK, NULL);
		return;
	}
	key = list_key_at(l, l->id_at++);
	l->op.kv = kv_get(l->op.store->kv, store_key_bytes(&key), list_on_loaded, l);
}

static void
list_on_work(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct list *l = arg;
	struct fault own;

	(void)revision;
	l->op.kv = NULL;
	l->more = more;
	for (size_t i = 0; i < count; i++)
		if (store_read_id("work", items[i].key, l->ids[l->id_count]))
			l->id_count++;
		else {
			fault_set(&own, ERR_CORRUPT, "holds no id");
			list_skip(l, items[i].key, &own);
		}
	if (l->id_count > 0)
		memcpy(l->next, l->ids[l->id_count - 1], sizeof(l->next));
	code = list_check_progress(l, code, &f, &own);
	if (code == ERR_OK)
		list_load_next(l);
	else
		list_finish(l, code, f);
}

struct store_op *
store_list_unsettled(struct store *s, const char *after, size_t limit, store_list_cb *cb, void *arg)
{
	return &list_start(s, "work", after, limit, limit, list_on_work, cb, arg)->op;
}
