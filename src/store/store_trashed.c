/* The list of what is kept of deleted users, newest first. An entry of it is a copy of the record
 * under trash/, made in the transaction that tells that the user is gone, and it goes in the one
 * that takes the record away. Name, uid and mail stand in it under the key of its own that is
 * destroyed then: what is left of them anywhere is noise. The DN stands in it, as in the record,
 * under the store's key alone: whoever has that key and an old copy of the store reads it, and with
 * it the RDN. */
#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { TRASH_NAMES_MAX = 16 * 1024 }; /* bytes of JSON; longer ones are not kept */

FAILPOINTS(
    points_of_list, "store.trash_listed", "the commit that lists what is kept, or no longer");

struct store_key
trashed_key(const char *listed)
{
	return store_key_of("trashed", listed);
}

/* ---- whose it is ---- */

static struct store_key
names_key(const char *id)
{
	return store_key_of("trashnames", id); /* a name to seal under, and no key of the kv */
}

const char *
trashed_seal_names(
    const struct seal *own, const char *id, const struct trash_names *n, struct arena *arena)
{
	struct store_key name = names_key(id);
	char *text = NULL;
	struct buf b;

	buf_init(&b, TRASH_NAMES_MAX);
	record_write_trash_names(&b, n);
	if (!buf_failed(&b)) {
		unsigned char *sealed = arena_alloc(arena, b.len + SEAL_OVERHEAD);
		size_t len = seal_close(own, name.text, strlen(name.text), b.data, b.len, sealed);

		text = arena_alloc(arena, ENCODE_BASE64_SIZE(len));
		encode_base64(sealed, len, text);
	}
	buf_release(&b);
	return text;
}

static bool
names_open(const unsigned char key[TRASH_KEY_SIZE], const struct store_trash *t,
    struct arena *arena, struct trash_names *out)
{
	size_t text_len = strlen(t->names), sealed_len = text_len * 3 / 4, len;
	struct store_key name = names_key(t->id);
	unsigned char *sealed = arena_alloc(arena, sealed_len + 1);
	char *plain = arena_alloc(arena, sealed_len + 1);
	struct seal *own = seal_new(key);
	bool good = decode_base64(t->names, text_len, sealed, sealed_len) &&
		    seal_open(own, name.text, strlen(name.text), sealed, sealed_len, plain, &len,
			NULL) == ERR_OK &&
		    record_read_trash_names(out, arena, plain, len);

	seal_free(own);
	return good;
}

struct names_load {
	struct store_op op; /* first */
	store_trash_names_cb *cb;
	struct arena *arena;
	struct store_trash trash; /* the id and the names */
};

static void
names_load_release(struct store_op *op)
{
	arena_free(((struct names_load *)op)->arena);
	free(op);
}

static void
names_load_on_key(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct names_load *l = arg;
	struct arena *arena = l->arena;
	store_trash_names_cb *cb = l->cb;
	void *cb_arg = l->op.arg;
	unsigned char key[TRASH_KEY_SIZE];
	struct trash_names names = { .name = NULL };
	struct fault own;

	l->op.kv = NULL;
	if (code == ERR_OK) {
		f = &own;
		code = trash_open_key(l->op.store, item, arena, key, &own);
		if (code == ERR_OK && l->trash.names != NULL &&
		    !names_open(key, &l->trash, arena, &names))
			code = fault_set(
			    &own, ERR_CORRUPT, "the names in trash/%s do not open", l->trash.id);
		secret_wipe(key, sizeof(key));
	}
	l->arena = NULL;
	store_op_end(&l->op);
	cb(cb_arg, code, code == ERR_OK ? &names : NULL, code == ERR_OK ? NULL : f);
	arena_free(arena);
}

struct store_op *
store_trash_load_names(
    struct store *s, const struct store_trash *t, store_trash_names_cb *cb, void *arg)
{
	struct names_load *l = mem_alloc(sizeof(*l));
	struct store_key key = store_key_of("trashkey", t->id);

	store_op_start(&l->op, s, names_load_release, arg);
	l->cb = cb;
	l->arena = arena_new(0);
	memcpy(l->trash.id, t->id, sizeof(l->trash.id));
	l->trash.names = arena_strdup(l->arena, t->names);
	l->op.kv = kv_get(s->kv, store_key_bytes(&key), names_load_on_key, l);
	return &l->op;
}

/* ---- in the transactions of intents ---- */

/* False: it cannot be read, or has no place in the list, as those of older versions. */
static bool
trashed_read_kept(struct commit *c, const struct kv_item *kept, struct store_trash *out)
{
	struct fault ignored;
	char *text;
	size_t len;

	return store_open_item(c->op.store, kept, c->arena, &text, &len, &ignored) == ERR_OK &&
	       record_read_trash(out, "trash", c->arena, text, len, &ignored) == ERR_OK &&
	       out->id[0] != '\0' && out->listed[0] != '\0';
}

void
trashed_put(struct commit *c, const struct kv_item *kept)
{
	struct store_key key;
	struct store_trash t;

	if (!trashed_read_kept(c, kept, &t))
		return;
	key = trashed_key(t.listed);
	record_write_trash(&c->json, &t);
	commit_put(c, &key);
}

void
trashed_delete(struct commit *c, const struct kv_item *kept)
{
	struct store_key key;
	struct store_trash t;

	if (!trashed_read_kept(c, kept, &t))
		return;
	key = trashed_key(t.listed);
	commit_delete(c, &key);
}

/* ---- what an older version kept ---- */

struct enlist {
	struct commit *c;
	struct store_trash trash;
	struct trash_names names;
};

static void
enlist_on_key(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	const struct enlist *e = arg;
	struct commit *c = e->c;
	struct store_trash t = e->trash;
	struct store_key record = store_key_of("trash", t.id), place;
	unsigned char key[TRASH_KEY_SIZE];
	struct fault own;
	struct seal *seal;

	c->op.kv = NULL;
	if (code == ERR_OK) {
		f = &own;
		code = trash_open_key(c->op.store, item, c->arena, key, &own);
	}
	if (code != ERR_OK) {
		c->settled(c, code, 0, f);
		return;
	}
	seal = seal_new(key);
	secret_wipe(key, sizeof(key));
	id_make(t.at, t.listed);
	t.names = trashed_seal_names(seal, t.id, &e->names, c->arena);
	seal_free(seal);
	place = trashed_key(t.listed);
	record_write_trash(&c->json, &t);
	commit_put(c, &place);
	record_write_trash(&c->json, &t);
	commit_put(c, &record);
	commit_mark(c, &record, "trash_listed");
	commit_start(c);
}

struct store_op *
store_trash_enlist(struct store *s, const struct store_trash *t, const struct trash_names *names,
    store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);
	struct enlist *e = arena_alloc(c->arena, sizeof(*e));
	struct store_key record = store_key_of("trash", t->id), job = store_key_of("job", t->id),
			 key = store_key_of("trashkey", t->id);

	e->c = c;
	e->trash = *t;
	e->trash.dn = arena_strdup(c->arena, t->dn);
	e->trash.by = arena_strdup(c->arena, t->by);
	e->names.name = arena_strdup(c->arena, names->name);
	e->names.uid = arena_strdup(c->arena, names->uid);
	e->names.mail = arena_strdup(c->arena, names->mail);
	commit_expect(c, store_key_bytes(&record), t->revision);
	commit_expect(c, store_key_bytes(&job), 0);
	c->op.kv = kv_get(s->kv, store_key_bytes(&key), enlist_on_key, e);
	return &c->op;
}

/* ---- places that nothing belongs to any more ---- */

struct clearing {
	struct commit *c;
	struct store_note note;
	char id[ID_SIZE], listed[ID_SIZE];
};

/* All that may be left goes where the record is gone or cannot be read; the place alone, where what
 * is kept stands elsewhere by now. */
static void
clearing_on_record(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct clearing *cl = arg;
	struct commit *c = cl->c;
	struct store_key record = store_key_of("trash", cl->id), place = trashed_key(cl->listed);
	const struct audit audit = { .at = c->now,
		.event = "user_forgotten",
		.subject = "user",
		.id = cl->id,
		.note = &cl->note };
	struct store_trash kept;
	struct fault own;

	c->op.kv = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND) {
		c->settled(c, code, 0, f);
		return;
	}
	commit_expect(c, store_key_bytes(&record), code == ERR_OK ? item->modified : 0);
	if (code != ERR_OK ||
	    trash_read(c->op.store, item, cl->id, c->arena, &kept, &own) != ERR_OK) {
		trash_delete(c, cl->id, cl->listed);
		commit_audit(c, &audit);
	} else if (strcmp(kept.listed, cl->listed) != 0) {
		commit_delete(c, &place);
		commit_mark(c, &place, "trash_listed");
	} else {
		fault_set(&own, ERR_CONFLICT, "what is kept of the user belongs there");
		c->settled(c, ERR_CONFLICT, 0, &own);
		return;
	}
	commit_start(c);
}

struct store_op *
store_trashed_clear(struct store *s, const struct store_trash *t, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct commit *c = commit_new(s, cb, arg);
	struct clearing *cl = arena_alloc(c->arena, sizeof(*cl));
	struct store_key record = store_key_of("trash", t->id), job = store_key_of("job", t->id),
			 place = trashed_key(t->listed);

	cl->c = c;
	cl->note = store_note_copy(note, c->arena);
	memcpy(cl->id, t->id, sizeof(cl->id));
	memcpy(cl->listed, t->listed, sizeof(cl->listed));
	commit_expect(c, store_key_bytes(&place), t->revision);
	commit_expect(c, store_key_bytes(&job), 0);
	c->op.kv = kv_get(s->kv, store_key_bytes(&record), clearing_on_record, cl);
	return &c->op;
}

/* ---- list ---- */

static enum err
trashed_read(const struct store *s, const struct kv_item *item, const char *id, struct arena *arena,
    struct store_trash *out, struct fault *f)
{
	struct store_key key = trashed_key(id);
	char *text;
	size_t len;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK)
		code = record_read_trash(out, key.text, arena, text, len, f);
	if (code == ERR_OK && (out->id[0] == '\0' || strcmp(out->listed, id) != 0))
		code = fault_set(f, ERR_CORRUPT, "%s is not what we wrote", key.text);
	if (code == ERR_OK)
		out->revision = item->modified;
	return code;
}

struct store_op *
store_trashed_list(
    struct store *s, const char *after, size_t limit, store_trashes_cb *cb, void *arg)
{
	static const struct trash_listed newest_first = { "trashed", trashed_read, kv_range_back };

	assert(limit >= 1 && limit <= STORE_LIST_MAX);
	return trash_list_start(s, &newest_first, after, limit, cb, arg);
}
