#include "store/store_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	outbox_init(s);
	return s;
}

static void
store_op_drop(struct store_op *op)
{
	if (op->kv != NULL)
		kv_cancel(op->kv);
	op->kv = NULL;
	store_op_end(op);
}

void
store_free(struct store *s)
{
	struct store_op *op;
	struct store_watch *w;

	if (s == NULL)
		return;
	chain_free(s->chain);
	verification_free(s->verifying);
	while ((w = TAILQ_FIRST(&s->watches)) != NULL)
		store_watch_stop(w);
	while ((op = TAILQ_FIRST(&s->ops)) != NULL)
		store_op_drop(op);
	outbox_release(s);
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
	if (op->outlives == NULL || !op->outlives(op))
		store_op_drop(op);
}

bool
store_is_healthy(struct store *s, struct fault *f)
{
	return kv_is_healthy(s->kv, f);
}

void
store_figures(struct store *s, struct store_figures *out)
{
	*out = (struct store_figures){ .kind = kv_kind(s->kv),
		.schema = STORE_SCHEMA_VERSION,
		.bytes = kv_bytes_on_disk(s->kv) };
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
