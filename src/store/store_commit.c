#include "store/store_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A pair for every event that is stored. */
#define EVENT(name, text) FAILPOINTS(points_of_##name, "store." text, "the commit of this event");
#include "invite/transitions.def"
FAILPOINTS(points_of_purge, "store.purged", "the commit of this event");

_Static_assert(sizeof(((struct store_taken *)0)->holders) == STORE_NAMES * ID_SIZE, "one a name");

static void commit_send(struct commit *c);
static void commit_read_back(struct commit *c);
static void commit_on_retry(void *arg);

/* A transaction whose effect is kept in memory too is followed to its end: it may be carried out
 * though nobody waits for it any more. */
static bool
commit_outlives(struct store_op *op)
{
	struct commit *c = (struct commit *)op;
	bool tells = c->done != NULL || c->writes_event;

	for (int q = 0; q < OUTBOX_QUEUE_COUNT; q++)
		tells = tells || c->items[q] != 0 || c->due[q] != INT64_MAX;
	c->silent = c->sent && tells;
	return c->silent;
}

static void
commit_release(struct store_op *op)
{
	struct commit *c = (struct commit *)op;

	if (c->release != NULL)
		c->release(c);
	loop_timer_free(c->retry);
	buf_release(&c->json);
	arena_free(c->arena);
	free(c);
}

void
commit_init(struct commit *c, struct store *s, void *arg)
{
	store_op_start(&c->op, s, commit_release, arg);
	c->op.outlives = commit_outlives;
	for (int q = 0; q < OUTBOX_QUEUE_COUNT; q++)
		c->due[q] = INT64_MAX;
	c->arena = arena_new(0);
	buf_init(&c->json, KV_VALUE_MAX - SEAL_OVERHEAD);
	c->now = clock_wall_ms(s->clock);
}

struct plain_commit {
	struct commit c; /* first */
	store_done_cb *cb;
};

static void
plain_commit_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct plain_commit *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, f);
}

struct commit *
commit_new(struct store *s, store_done_cb *cb, void *arg)
{
	struct plain_commit *p = mem_alloc(sizeof(*p));

	commit_init(&p->c, s, arg);
	p->c.settled = plain_commit_settled;
	p->cb = cb;
	return &p->c;
}

/* ---- building ---- */

void
commit_expect(struct commit *c, struct kv_bytes key, uint64_t modified)
{
	assert(c->compare_count < STORE_COMPARES_MAX);
	c->compares[c->compare_count++] =
	    (struct kv_compare){ { arena_dup(c->arena, key.data, key.len), key.len }, modified };
}

static struct kv_write *
commit_add_write(struct commit *c, const struct store_key *key)
{
	struct kv_write *w = &c->writes[c->write_count++];
	size_t len = strlen(key->text);

	assert(c->write_count <= STORE_COMMIT_MAX);
	*w = (struct kv_write){ .key = { arena_dup(c->arena, key->text, len), len } };
	return w;
}

void
commit_put(struct commit *c, const struct store_key *key)
{
	struct kv_write *w = commit_add_write(c, key);
	unsigned char *sealed;

	if (buf_failed(&c->json)) {
		commit_refuse(c, ERR_TOO_LARGE, "a stored value would be too large");
		return;
	}
	sealed = arena_alloc(c->arena, c->json.len + SEAL_OVERHEAD);
	w->value.len = seal_close(
	    c->op.store->seal, w->key.data, w->key.len, c->json.data, c->json.len, sealed);
	w->value.data = sealed;
	buf_reset(&c->json);
}

void
commit_refuse(struct commit *c, enum err code, const char *why)
{
	c->refused = code;
	c->why = why;
}

void
commit_delete(struct commit *c, const struct store_key *key)
{
	commit_add_write(c, key);
}

void
commit_audit(struct commit *c, const struct audit *a)
{
	char id[ID_SIZE];

	id_make(c->now, id);
	c->marker = store_key_of("audit", id);
	record_write_audit(&c->json, a);
	commit_put(c, &c->marker);
	commit_mark(c, &c->marker, a->event);
	hook_event_of_audit(c, a);
}

void
commit_mark(struct commit *c, const struct store_key *key, const char *points)
{
	const struct kv_write *last = &c->writes[c->write_count - 1];

	assert(c->write_count > 0 && last->key.len == strlen(key->text));
	c->marker = *key;
	c->mark = last->value.data != NULL ? last : NULL;
	c->points = failpoint_pair("store", points);
}

void
commit_reserve(struct commit *c, size_t name, const struct store_key *key)
{
	struct reservation r = { .released_at = 0 };

	memcpy(r.invitation, c->owner, sizeof(r.invitation));
	commit_expect(c, store_key_bytes(key), 0);
	c->name_compare[name] = c->compare_count;
	record_write_reservation(&c->json, &r);
	commit_put(c, key);
}

/* ---- names that are taken ---- */

static void
commit_mark_taken(struct commit *c, size_t name, const char *holder)
{
	size_t at = 0;

	while (at < c->taken.holder_count && strcmp(c->taken.holders[at], holder) != 0)
		at++;
	if (at == c->taken.holder_count)
		memcpy(c->taken.holders[c->taken.holder_count++], holder, ID_SIZE);
	switch (store_name_fields[name]) {
	case PERSON_UID:
		c->taken.uid = true;
		break;
	case PERSON_MAIL:
		c->taken.mail = true;
		break;
	default:
		c->taken.phone = true;
		break;
	}
}

/* Whether the reservation that stands at `now` may be ours from here on; `holder` is whose it is if
 * it may not. */
static enum err
commit_may_take(const struct commit *c, const struct kv_item *now, bool *may, char holder[ID_SIZE],
    struct fault *f)
{
	struct reservation r;
	char *text;
	size_t len;
	enum err code;

	*may = true;
	if (now->modified == 0)
		return ERR_OK;
	code = store_open_item(c->op.store, now, c->arena, &text, &len, f);
	if (code == ERR_OK)
		code = record_read_reservation(&r, text, len, f);
	if (code != ERR_OK)
		return code;
	memcpy(holder, r.invitation, ID_SIZE);
	*may = !reservation_holds(&r, c->owner, c->now);
	return ERR_OK;
}

static enum err
commit_note_change(const struct commit *c, const struct kv_item *now, size_t at, struct fault *f)
{
	if (c->item_compare == at + 1 && now->modified == 0)
		return fault_set(f, ERR_NOT_FOUND, "it is gone");
	return fault_set(f, ERR_CONFLICT, "it was changed meanwhile");
}

/* Looks at the names that did not compare. ERR_OK: all can be taken over, send again. */
static enum err
commit_take_over(struct commit *c, const struct kv_txn_result *result, struct fault *f)
{
	bool others = false, any = false;

	for (size_t i = 0; i < result->current_count; i++) {
		const struct kv_item *now = &result->current[i];
		size_t name = 0;
		char holder[ID_SIZE];
		bool may;

		if (now->modified == c->compares[i].modified)
			continue;
		while (name < STORE_NAMES && c->name_compare[name] != i + 1)
			name++;
		if (name == STORE_NAMES)
			return commit_note_change(c, now, i, f);
		if (commit_may_take(c, now, &may, holder, f) != ERR_OK)
			return f->code;
		c->compares[i].modified = now->modified;
		any = true;
		if (!may) {
			commit_mark_taken(c, name, holder);
			others = true;
		}
	}
	if (others)
		return fault_set(f, ERR_EXISTS, "another invitation holds a name");
	return any ? ERR_OK : fault_set(f, ERR_CONFLICT, "it was changed meanwhile");
}

/* ---- sending, and finding out ---- */

static void
commit_settle(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	outbox_commit_done(c, code);
	if (code == ERR_OK && c->done != NULL)
		c->done(c, revision);
	if (c->silent)
		store_op_end(&c->op);
	else
		c->settled(c, code, revision, f);
}

static void
commit_retry_later(struct commit *c)
{
	if (c->retry == NULL)
		c->retry = loop_timer_new(c->op.store->loop, commit_on_retry, c);
	loop_timer_set(c->retry, (int64_t)c->tries * STORE_RETRY_MS);
}

static void
commit_on_retry(void *arg)
{
	struct commit *c = arg;
	struct fault f;

	if (c->refused != ERR_OK) {
		fault_set(&f, c->refused, "%s", c->why);
		commit_settle(c, c->refused, 0, &f);
		return;
	}
	commit_read_back(c);
}

/* Whether what stands under the marker says that the transaction was carried out. A value that is
 * sealed anew is like no other. */
static bool
commit_is_done(const struct commit *c, const struct kv_item *item)
{
	if (c->mark == NULL || item == NULL)
		return c->mark == NULL && item == NULL;
	return item->value.len == c->mark->value.len &&
	       memcmp(item->value.data, c->mark->value.data, item->value.len) == 0;
}

static void
commit_on_read_back(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct commit *c = arg;

	bool told = code == ERR_OK || code == ERR_NOT_FOUND;

	c->op.kv = NULL;
	if (code == ERR_NOT_FOUND)
		item = NULL;
	if (told && commit_is_done(c, item))
		commit_settle(c, ERR_OK, item != NULL ? item->modified : 0, NULL);
	else if (told) {
		c->unknown = false;
		commit_send(c);
	} else if (++c->tries < STORE_TRIES_MAX)
		commit_retry_later(c);
	else {
		struct fault own;

		fault_set(&own, ERR_UNKNOWN, "whether it was stored cannot be found out: %.200s",
		    f->text);
		commit_settle(c, ERR_UNKNOWN, 0, &own);
	}
}

static void
commit_read_back(struct commit *c)
{
	c->op.kv = kv_get(c->op.store->kv, store_key_bytes(&c->marker), commit_on_read_back, c);
}

static void
commit_on_txn(void *arg, enum err code, const struct kv_txn_result *result, const struct fault *f)
{
	struct commit *c = arg;
	struct fault own;

	c->op.kv = NULL;
	if (code == ERR_UNKNOWN) {
		c->unknown = c->doubted = true;
		if (++c->tries < STORE_TRIES_MAX)
			commit_retry_later(c);
		else
			commit_settle(c, code, 0, f);
		return;
	}
	/* Our own earlier try may be what is in the way: the audit record tells. */
	if (code == ERR_CONFLICT && c->unknown) {
		commit_read_back(c);
		return;
	}
	if (code != ERR_CONFLICT) {
		commit_settle(c, code, result->revision, f);
		return;
	}
	code = commit_take_over(c, result, &own);
	if (code == ERR_OK && ++c->tries >= STORE_TRIES_MAX)
		code = fault_set(&own, ERR_BUSY, "a name is being fought over, try again later");
	if (code == ERR_OK)
		commit_send(c);
	else
		commit_settle(c, code, 0, &own);
}

static void
commit_send(struct commit *c)
{
	struct kv_txn txn = { c->compares, c->compare_count, c->writes, c->write_count, c->points };

	c->sent = true;
	c->op.kv = kv_txn(c->op.store->kv, &txn, commit_on_txn, c);
}

void
commit_start(struct commit *c)
{
	assert(c->marker.text[0] != '\0' && c->settled != NULL);
	if (c->refused != ERR_OK)
		commit_retry_later(c);
	else
		commit_send(c);
}
