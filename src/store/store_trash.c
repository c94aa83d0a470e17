/* What is kept of deleted users. */
#include "store/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	TRASH_PART = 192 * 1024, /* bytes; a value may have 256 KiB with its own seal */
	TRASH_PARTS_MAX = 6,	 /* more than the largest secret, sealed */
	TRASH_PAGE_MAX = STORE_LIST_MAX
};

FAILPOINTS(points_of_forget, "store.user_forgotten", "the commit of this event");

static struct store_key
trash_part_key(const char *id, size_t part)
{
	char name[ID_SIZE + 2];

	assert(part < TRASH_PARTS_MAX);
	snprintf(name, sizeof(name), "%s/%zu", id, part);
	return store_key_of("trashpart", name);
}

/* ---- in the transaction of an intent ---- */

void
trash_keep(struct commit *c, const struct store_intent *i, const struct secret *saved)
{
	size_t sealed_len = secret_len(saved) + SEAL_OVERHEAD;
	struct store_trash t = { .dn = i->dn,
		.by = i->actor,
		.at = i->at,
		.restorable_until = i->restorable_until,
		.parts = (sealed_len + TRASH_PART - 1) / TRASH_PART };
	struct store_key key = store_key_of("trash", i->target),
			 secret_key = store_key_of("trashkey", i->target);
	unsigned char own_key[TRASH_KEY_SIZE], *sealed;
	struct seal *seal;

	if (t.parts > TRASH_PARTS_MAX) {
		commit_refuse(c, ERR_TOO_LARGE, "the entry is too large to be kept");
		return;
	}
	random_fill(own_key, sizeof(own_key));
	seal = seal_new(own_key);
	sealed = arena_alloc(c->arena, sealed_len);
	seal_close(
	    seal, key.text, strlen(key.text), secret_bytes(saved), secret_len(saved), sealed);
	memcpy(t.id, i->target, sizeof(t.id));
	id_make(i->at, t.listed);
	t.names = trashed_seal_names(seal, t.id, &i->names, c->arena);
	seal_free(seal);
	record_write_trash(&c->json, &t);
	commit_put(c, &key);
	buf_add(&c->json, own_key, sizeof(own_key));
	secret_wipe(own_key, sizeof(own_key));
	commit_put(c, &secret_key);
	secret_wipe(c->json.data, sizeof(own_key)); /* the buffer keeps its memory */
	for (size_t p = 0; p < TRASH_PARTS_MAX; p++) {
		struct store_key part = trash_part_key(i->target, p);
		size_t at = p * TRASH_PART, left = sealed_len - at;

		if (p >= t.parts) { /* of an earlier one, which was larger */
			commit_delete(c, &part);
			continue;
		}
		buf_add(&c->json, sealed + at, left < TRASH_PART ? left : TRASH_PART);
		commit_put(c, &part);
	}
}

void
trash_delete(struct commit *c, const char *id, const char *listed)
{
	struct store_key key = store_key_of("trashkey", id), record = store_key_of("trash", id);

	commit_delete(c, &key);
	commit_delete(c, &record);
	if (listed != NULL && *listed != '\0') {
		struct store_key place = trashed_key(listed);

		commit_delete(c, &place);
	}
	for (size_t p = 0; p < TRASH_PARTS_MAX; p++) {
		struct store_key part = trash_part_key(id, p);

		commit_delete(c, &part);
	}
}

/* ---- load: the record > its key > part after part ---- */

struct trash_load {
	struct store_op op; /* first */
	store_trash_cb *cb;
	struct arena *arena;
	struct store_trash trash;
	unsigned char key[TRASH_KEY_SIZE];
	unsigned char *sealed;
	size_t len, part;
};

static void trash_load_next(struct trash_load *l);

static void
trash_load_release(struct store_op *op)
{
	struct trash_load *l = (struct trash_load *)op;

	secret_wipe(l->key, sizeof(l->key));
	arena_free(l->arena);
	free(l);
}

static void
trash_load_finish(
    struct trash_load *l, enum err code, const struct secret *saved, const struct fault *f)
{
	struct arena *arena = l->arena;
	struct store_trash trash = l->trash;
	store_trash_cb *cb = l->cb;
	void *arg = l->op.arg;

	l->arena = NULL; /* the record's strings live there */
	store_op_end(&l->op);
	cb(arg, code, code == ERR_OK ? &trash : NULL, saved, f);
	arena_free(arena);
}

static void
trash_load_open(struct trash_load *l)
{
	struct seal *seal = seal_new(l->key);
	struct store_key name = store_key_of("trash", l->trash.id);
	size_t room = l->len > SEAL_OVERHEAD ? l->len - SEAL_OVERHEAD : 0, len;
	char *plain = arena_alloc(l->arena, room + 1);
	struct secret *saved = NULL;
	struct fault own;
	enum err code = ERR_OK;

	if (seal_open(seal, name.text, strlen(name.text), l->sealed, l->len, plain, &len, &own) ==
		ERR_OK &&
	    len <= SECRET_WHOLE_MAX)
		saved = secret_new(plain, len);
	else
		code = fault_set(&own, ERR_CORRUPT, "trashpart/%s does not open", l->trash.id);
	secret_wipe(plain, room);
	seal_free(seal);
	trash_load_finish(l, code, saved, code == ERR_OK ? NULL : &own);
	secret_free(saved);
}

/* The key and the parts come and go with the record: one that is missing is damage. */
static enum err
trash_load_explain(
    const struct trash_load *l, enum err code, const struct fault *f, struct fault *own)
{
	if (code == ERR_NOT_FOUND)
		return fault_set(own, ERR_CORRUPT, "a part of trash/%s is missing", l->trash.id);
	return fault_set(own, code, "%s", f->text);
}

static void
trash_load_on_part(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct trash_load *l = arg;
	struct fault own;
	size_t len;
	char *data;

	l->op.kv = NULL;
	if (code != ERR_OK) {
		code = trash_load_explain(l, code, f, &own);
		trash_load_finish(l, code, NULL, &own);
		return;
	}
	code = store_open_item(l->op.store, item, l->arena, &data, &len, &own);
	if (code == ERR_OK && len > TRASH_PART)
		code = fault_set(&own, ERR_CORRUPT, "trashpart/%s is too long", l->trash.id);
	if (code != ERR_OK) {
		trash_load_finish(l, code, NULL, &own);
		return;
	}
	memcpy(l->sealed + l->len, data, len);
	l->len += len;
	l->part++;
	trash_load_next(l);
}

static void
trash_load_next(struct trash_load *l)
{
	struct store_key key;

	if (l->part == l->trash.parts) {
		trash_load_open(l);
		return;
	}
	key = trash_part_key(l->trash.id, l->part);
	l->op.kv = kv_get(l->op.store->kv, store_key_bytes(&key), trash_load_on_part, l);
}

enum err
trash_open_key(const struct store *s, const struct kv_item *item, struct arena *arena,
    unsigned char key[TRASH_KEY_SIZE], struct fault *f)
{
	char *data;
	size_t len;
	enum err code = store_open_item(s, item, arena, &data, &len, f);

	if (code != ERR_OK)
		return code;
	if (len == TRASH_KEY_SIZE)
		memcpy(key, data, TRASH_KEY_SIZE);
	else
		code = fault_set(f, ERR_CORRUPT, "%.*s is no key", (int)item->key.len,
		    (const char *)item->key.data);
	secret_wipe(data, len);
	return code;
}

static void
trash_load_on_key(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct trash_load *l = arg;
	struct fault own;

	l->op.kv = NULL;
	if (code == ERR_OK)
		code = trash_open_key(l->op.store, item, l->arena, l->key, &own);
	else
		code = trash_load_explain(l, code, f, &own);
	if (code != ERR_OK) {
		trash_load_finish(l, code, NULL, &own);
		return;
	}
	l->sealed = arena_alloc(l->arena, l->trash.parts * TRASH_PART);
	trash_load_next(l);
}

enum err
trash_read(const struct store *s, const struct kv_item *item, const char *id, struct arena *arena,
    struct store_trash *out, struct fault *f)
{
	struct store_key key = store_key_of("trash", id);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_trash(out, key.text, arena, text, len, f);
	if (code == ERR_OK)
		memcpy(out->id, id, ID_SIZE);
	if (code == ERR_OK && out->parts > TRASH_PARTS_MAX)
		code = fault_set(f, ERR_CORRUPT, "trash/%s has too many parts", id);
	if (code == ERR_OK)
		out->revision = item->modified;
	return code;
}

static void
trash_load_on_record(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct trash_load *l = arg;
	struct store_key key = store_key_of("trashkey", l->trash.id);
	struct fault own;
	char id[ID_SIZE];

	l->op.kv = NULL;
	memcpy(id, l->trash.id, sizeof(id));
	if (code == ERR_OK) {
		code = trash_read(l->op.store, item, id, l->arena, &l->trash, &own);
		f = &own;
	}
	if (code != ERR_OK)
		trash_load_finish(l, code, NULL, f);
	else
		l->op.kv = kv_get(l->op.store->kv, store_key_bytes(&key), trash_load_on_key, l);
}

struct store_op *
store_trash_load(struct store *s, const char *id, store_trash_cb *cb, void *arg)
{
	struct trash_load *l = mem_alloc(sizeof(*l));
	struct store_key key = store_key_of("trash", id_is_valid(id) ? id : "-");

	store_op_start(&l->op, s, trash_load_release, arg);
	l->cb = cb;
	l->arena = arena_new(0);
	memcpy(l->trash.id, id, strnlen(id, ID_SIZE - 1));
	l->op.kv = kv_get(s->kv, store_key_bytes(&key), trash_load_on_record, l);
	return &l->op;
}

/* ---- list ---- */

struct trash_list {
	struct store_op op; /* first */
	const char *folder;
	trash_reader *read;
	store_trashes_cb *cb;
	struct arena *arena;
	struct store_trash *list; /* of the page that is being read */
};

static void
trash_list_release(struct store_op *op)
{
	arena_free(((struct trash_list *)op)->arena);
	free(op);
}

static enum err
trash_list_read_one(
    void *ctx, const struct kv_item *item, const char *id, size_t at, struct fault *f)
{
	struct trash_list *l = ctx;

	return l->read(l->op.store, item, id, l->arena, &l->list[at], f);
}

static void
trash_list_on_range(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct trash_list *l = arg;
	struct store_trash *list = l->list = mem_array(count + 1, sizeof(*list));
	struct arena *arena = l->arena;
	store_trashes_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	struct fault damaged = { .text = "" };
	char next[ID_SIZE];
	size_t found;

	(void)revision;
	l->op.kv = NULL;
	found = store_read_page(l->folder, items, count, trash_list_read_one, l, next, &damaged);
	l->arena = NULL;
	store_op_end(&l->op);
	cb(cb_arg, code, list, found, more && next[0] != '\0' ? next : NULL,
	    code == ERR_OK ? &damaged : f);
	free(list);
	arena_free(arena);
}

struct store_op *
trash_list_start(struct store *s, const struct trash_listed *what, const char *after, size_t limit,
    store_trashes_cb *cb, void *arg)
{
	struct trash_list *l = mem_alloc(sizeof(*l));
	struct store_key prefix = store_key_of(what->folder, ""), from = { "" };

	if (after != NULL)
		from = store_key_of(what->folder, after);
	store_op_start(&l->op, s, trash_list_release, arg);
	l->folder = what->folder;
	l->read = what->read;
	l->cb = cb;
	l->arena = arena_new(0);
	l->op.kv = what->range(
	    s->kv, store_key_bytes(&prefix), store_key_bytes(&from), limit, trash_list_on_range, l);
	return &l->op;
}

struct store_op *
store_trash_list(struct store *s, const char *after, size_t limit, store_trashes_cb *cb, void *arg)
{
	static const struct trash_listed kept = { "trash", trash_read, kv_range };

	assert(limit >= 1 && limit <= TRASH_PAGE_MAX);
	return trash_list_start(s, &kept, after, limit, cb, arg);
}

/* ---- forget ---- */

struct store_op *
store_trash_forget(struct store *s, const struct store_trash *t, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);
	struct store_key record = store_key_of("trash", t->id), job = store_key_of("job", t->id);
	const struct audit audit = { .at = c->now,
		.event = "user_forgotten",
		.subject = "user",
		.id = t->id,
		.note = note };

	commit_expect(c, store_key_bytes(&record), t->revision);
	commit_expect(c, store_key_bytes(&job), 0);
	trash_delete(c, t->id, t->listed);
	commit_audit(c, &audit);
	commit_start(c);
	return &c->op;
}
