#include "store/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "base/mem.h"

struct store *
store_new(struct loop *l, struct kv *kv, const struct seal *seal, const struct clock *c)
{
	struct store *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->kv = kv;
	s->seal = seal;
	s->clock = c;
	TAILQ_INIT(&s->ops);
	TAILQ_INIT(&s->watches);
	return s;
}

void
store_free(struct store *s)
{
	struct store_op *op;
	struct store_watch *w;

	if (s == NULL)
		return;
	while ((w = TAILQ_FIRST(&s->watches)) != NULL)
		store_watch_stop(w);
	while ((op = TAILQ_FIRST(&s->ops)) != NULL)
		store_cancel(op);
	free(s);
}

void
store_op_start(struct store_op *op, struct store *s, void (*release)(struct store_op *), void *arg)
{
	op->store = s;
	op->release = release;
	op->arg = arg;
	TAILQ_INSERT_TAIL(&s->ops, op, link);
}

void
store_op_end(struct store_op *op)
{
	assert(op->kv == NULL);
	TAILQ_REMOVE(&op->store->ops, op, link);
	op->release(op);
}

void
store_cancel(struct store_op *op)
{
	if (op->kv != NULL)
		kv_cancel(op->kv);
	op->kv = NULL;
	store_op_end(op);
}

bool
store_is_healthy(struct store *s, struct fault *f)
{
	return kv_is_healthy(s->kv, f);
}

/* ---- keys ---- */

const enum person_field store_name_fields[STORE_NAMES] = { PERSON_UID, PERSON_MAIL, PERSON_PHONE };

struct store_key
store_key_of(const char *space, const char *name)
{
	struct store_key k;
	int n = snprintf(k.text, sizeof(k.text), "%s/%s", space, name);

	assert(n > 0 && (size_t)n < sizeof(k.text));
	(void)n;
	return k;
}

struct store_key
store_token_key(const struct token_hash *hash)
{
	char text[ENCODE_BASE64_SIZE(TOKEN_HASH_SIZE)];

	encode_base64(hash->bytes, sizeof(hash->bytes), text);
	return store_key_of("token", text);
}

struct kv_bytes
store_key_bytes(const struct store_key *k)
{
	return kv_text(k->text);
}

/* The directory matches uid and mail without regard to case (RFC 4519 section 2.39, RFC 4524
 * section 2.16), so two spellings are one name here too. The caller frees it. */
static char *
name_fold(enum person_field field, const char *value)
{
	char *folded = mem_dup_string(value);

	for (char *c = folded; *c != '\0' && field != PERSON_PHONE; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return folded;
}

void
store_name_keys(const struct store *s, const struct person *p, struct store_key out[STORE_NAMES])
{
	for (size_t i = 0; i < STORE_NAMES; i++) {
		const char *space = person_field_name(store_name_fields[i]);
		const char *value = p->value[store_name_fields[i]];
		char hash[SEAL_HASH_TEXT_SIZE], *folded;

		out[i].text[0] = '\0';
		if (value == NULL)
			continue;
		folded = name_fold(store_name_fields[i], value);
		seal_hash(s->seal, space, folded, hash);
		free(folded);
		out[i] = store_key_of(space, hash);
	}
}

enum err
store_open_item(const struct store *s, const struct kv_item *item, struct arena *arena, char **text,
    size_t *len, struct fault *f)
{
	size_t room = item->value.len > SEAL_OVERHEAD ? item->value.len - SEAL_OVERHEAD : 0;
	char *plain = arena_alloc(arena, room + 1);
	struct fault own;

	if (seal_open(s->seal, item->key.data, item->key.len, item->value.data, item->value.len,
		plain, len, &own) != ERR_OK)
		return fault_set(f, ERR_CORRUPT, "%.*s: %s", (int)item->key.len,
		    (const char *)item->key.data, own.text);
	*text = plain;
	return ERR_OK;
}

/* ---- prepare ---- */

static const char meta_key[] = "meta/schema";

FAILPOINTS(prepare_points, "store.prepared", "the first commit of a new store");

struct prepare {
	struct store_op op;
	store_done_cb *cb;
	int tries;
};

static void prepare_look(struct prepare *p);

static void
prepare_release(struct store_op *op)
{
	free(op);
}

static void
prepare_finish(struct prepare *p, enum err code, const struct fault *f)
{
	store_done_cb *cb = p->cb;
	void *arg = p->op.arg;

	store_op_end(&p->op);
	cb(arg, code, f);
}

static void
prepare_on_written(
    void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct prepare *p = arg;

	(void)result;
	p->op.kv = NULL;
	/* Another daemon may have been faster, and an unknown fate is told by looking. */
	if ((code == ERR_CONFLICT || code == ERR_UNKNOWN) && ++p->tries < STORE_TRIES_MAX)
		prepare_look(p);
	else
		prepare_finish(p, code, f);
}

static void
prepare_write(struct prepare *p)
{
	char json[64];
	unsigned char sealed[sizeof(json) + SEAL_OVERHEAD];
	struct kv_bytes key = kv_text(meta_key);
	struct kv_compare absent = { key, 0 };
	struct kv_write write = { key, { sealed, 0 } };
	struct kv_txn txn = { &absent, 1, &write, 1, failpoints_of(prepare_points) };

	snprintf(json, sizeof(json), "{\"v\":1,\"schema\":%d}", STORE_SCHEMA_VERSION);
	write.value.len =
	    seal_close(p->op.store->seal, key.data, key.len, json, strlen(json), sealed);
	p->op.kv = kv_txn(p->op.store->kv, &txn, prepare_on_written, p);
}

/* Only a store with nothing in it may begin anew. */
static void
prepare_on_empty(void *arg, enum err code, const struct kv_item *items, size_t count, bool more,
    uint64_t revision, const struct fault *f)
{
	struct prepare *p = arg;
	struct fault own;

	(void)items, (void)more, (void)revision;
	p->op.kv = NULL;
	if (code != ERR_OK)
		prepare_finish(p, code, f);
	else if (count > 0) {
		fault_set(&own, ERR_CORRUPT, "the store has content but no %s: restore a backup",
		    meta_key);
		prepare_finish(p, ERR_CORRUPT, &own);
	} else
		prepare_write(p);
}

static enum err
prepare_check(const struct store *s, const struct kv_item *item, struct fault *f)
{
	struct arena *arena = arena_new(0);
	json_t *root = NULL;
	json_int_t version = 0;
	char *text = NULL;
	size_t len = 0;
	enum err code = store_open_item(s, item, arena, &text, &len, f);

	if (code == ERR_OK && (root = record_parse(text, len, f)) == NULL)
		code = ERR_CORRUPT;
	if (code == ERR_OK)
		version = json_integer_value(json_object_get(root, "schema"));
	if (code == ERR_OK && version > STORE_SCHEMA_VERSION)
		code = fault_set(f, ERR_MISCONFIGURED,
		    "the store has schema %lld, made by a newer usherd; this one knows up to %d",
		    (long long)version, STORE_SCHEMA_VERSION);
	else if (code == ERR_OK && version != STORE_SCHEMA_VERSION)
		code = fault_set(f, ERR_CORRUPT, "%s is damaged", meta_key);
	json_decref(root);
	arena_free(arena);
	return code;
}

static void
prepare_on_meta(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct prepare *p = arg;
	struct fault own;

	p->op.kv = NULL;
	if (code == ERR_NOT_FOUND)
		p->op.kv =
		    kv_range(p->op.store->kv, kv_text(""), kv_text(""), 1, prepare_on_empty, p);
	else if (code != ERR_OK)
		prepare_finish(p, code, f);
	else {
		code = prepare_check(p->op.store, item, &own);
		prepare_finish(p, code, code == ERR_OK ? NULL : &own);
	}
}

static void
prepare_look(struct prepare *p)
{
	p->op.kv = kv_get(p->op.store->kv, kv_text(meta_key), prepare_on_meta, p);
}

struct store_op *
store_prepare(struct store *s, store_done_cb *cb, void *arg)
{
	struct prepare *p = mem_alloc(sizeof(*p));

	store_op_start(&p->op, s, prepare_release, arg);
	p->cb = cb;
	prepare_look(p);
	return &p->op;
}
