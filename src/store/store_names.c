/* Which names pending invitations and changes under way hold. A read: it warns; the transaction
 * that reserves decides. */
#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct names {
	struct store_op op; /* first */
	store_names_cb *cb;
	struct arena *arena;
	struct store_key keys[STORE_NAMES];
	size_t at;
	char own[ID_SIZE];
	enum store_names_purpose purpose;
	int64_t now;
	struct store_taken taken;
};

static void names_next(struct names *n);

static void
names_release(struct store_op *op)
{
	arena_free(((struct names *)op)->arena);
	free(op);
}

static void
names_finish(struct names *n, enum err code, const struct fault *f)
{
	store_names_cb *cb = n->cb;
	void *arg = n->op.arg;
	struct store_taken taken = n->taken;

	store_op_end(&n->op);
	cb(arg, code, &taken, f);
}

static void
names_mark(struct names *n, const char *holder)
{
	memcpy(n->taken.holders[n->taken.holder_count++], holder, ID_SIZE);
	switch (store_name_fields[n->at]) {
	case PERSON_UID:
		n->taken.uid = true;
		break;
	case PERSON_MAIL:
		n->taken.mail = true;
		break;
	default:
		n->taken.phone = true;
		break;
	}
}

static void
names_on_got(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct names *n = arg;
	struct reservation r;
	struct fault own;
	char *text;
	size_t len;

	n->op.kv = NULL;
	if (code == ERR_OK) {
		code = store_open_item(n->op.store, item, n->arena, &text, &len, &own);
		if (code == ERR_OK)
			code = record_read_reservation(&r, text, len, &own);
		if (code == ERR_OK && reservation_holds(&r, n->own, n->now) &&
		    (n->purpose == STORE_NAMES_TO_RESERVE || r.released_at == 0))
			names_mark(n, r.invitation);
		f = &own;
	}
	if (code == ERR_OK || code == ERR_NOT_FOUND) {
		n->at++;
		names_next(n);
	} else
		names_finish(n, code, f);
}

static void
names_next(struct names *n)
{
	while (n->at < STORE_NAMES && n->keys[n->at].text[0] == '\0')
		n->at++;
	if (n->at == STORE_NAMES)
		names_finish(n, ERR_OK, NULL);
	else
		n->op.kv =
		    kv_get(n->op.store->kv, store_key_bytes(&n->keys[n->at]), names_on_got, n);
}

struct store_op *
store_find_names(struct store *s, const struct person *names, const char *own,
    enum store_names_purpose purpose, store_names_cb *cb, void *arg)
{
	struct names *n = mem_alloc(sizeof(*n));

	store_op_start(&n->op, s, names_release, arg);
	n->cb = cb;
	n->arena = arena_new(0);
	n->purpose = purpose;
	n->now = clock_wall_ms(s->clock);
	memcpy(n->own, own, strnlen(own, ID_SIZE - 1));
	store_name_keys(s, names, n->keys);
	/* Nobody asked about anything still gets the answer later: the key is simply absent. */
	if (n->keys[0].text[0] == '\0' && n->keys[1].text[0] == '\0' && n->keys[2].text[0] == '\0')
		n->keys[0] = store_key_of("uid", "-");
	names_next(n);
	return &n->op;
}
