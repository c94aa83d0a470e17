#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"

/* Loaded > each reservation it may still have > one transaction. */
struct purge {
	struct commit c; /* first */
	store_done_cb *cb;
	char id[ID_SIZE];
	int64_t before_ms;
	struct store_note note; /* its strings are in the commit's arena */
	struct invitation *inv;
	struct store_held held;
	size_t at;
};

static void purge_next_name(struct purge *p);

static void
purge_release(struct commit *c)
{
	invitation_free(((struct purge *)c)->inv);
}

static void
purge_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_done_cb *cb = ((struct purge *)c)->cb;
	void *arg = c->op.arg;

	(void)revision;
	store_op_end(&c->op);
	cb(arg, code, f);
}

static void
purge_commit(struct purge *p)
{
	struct commit *c = &p->c;
	struct store_key key = store_key_of("invitation", p->id),
			 log = store_key_of("delivery", p->id);
	const struct audit audit = { .at = c->now,
		.event = "purged",
		.subject = "invitation",
		.id = p->id,
		.note = &p->note };

	commit_expect(c, store_key_bytes(&key), p->inv->revision);
	commit_delete(c, &key);
	commit_delete(c, &log);
	for (size_t i = 0; i < p->inv->token_count + p->inv->old_token_count; i++) {
		struct store_key token = store_token_key(
		    i < p->inv->token_count ? &p->inv->tokens[i]
					    : &p->inv->old_tokens[i - p->inv->token_count]);

		commit_delete(c, &token);
	}
	commit_audit(c, &audit);
	commit_start(c);
}

/* Only what is still this invitation's goes: somebody else may have taken the name over. */
static void
purge_on_name(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct purge *p = arg;
	struct commit *c = &p->c;
	struct reservation r;
	struct fault own;
	char *text;
	size_t len;

	c->op.kv = NULL;
	if (code == ERR_OK) {
		code = store_open_item(c->op.store, item, c->arena, &text, &len, &own);
		if (code == ERR_OK)
			code = record_read_reservation(&r, text, len, &own);
		if (code == ERR_OK && strcmp(r.invitation, p->id) == 0) {
			commit_expect(c, item->key, item->modified);
			commit_delete(c, &p->held.keys[p->at]);
		}
		f = &own;
	}
	if (code == ERR_OK || code == ERR_NOT_FOUND) {
		p->at++;
		purge_next_name(p);
	} else
		purge_settled(c, code, 0, f);
}

static void
purge_next_name(struct purge *p)
{
	if (p->at == p->held.count) {
		purge_commit(p);
		return;
	}
	p->c.op.kv =
	    kv_get(p->c.op.store->kv, store_key_bytes(&p->held.keys[p->at]), purge_on_name, p);
}

static enum err
purge_refuse(const struct purge *p, struct fault *f)
{
	switch (p->inv->state) {
	case INVITATION_DONE:
	case INVITATION_EXPIRED:
	case INVITATION_REVOKED:
		break;
	default:
		return fault_set(f, ERR_CONFLICT, "invitation %s is not final", p->id);
	}
	if (p->inv->done_at >= p->before_ms)
		return fault_set(f, ERR_CONFLICT, "invitation %s is too young to go", p->id);
	return ERR_OK;
}

static void
purge_on_invitation(void *arg, enum err code, const struct kv_item *item, const struct fault *f)
{
	struct purge *p = arg;
	struct fault own;

	p->c.op.kv = NULL;
	if (code == ERR_OK) {
		code = store_read_invitation(p->c.op.store, item, &p->inv, &p->held, &own);
		if (code == ERR_OK)
			code = purge_refuse(p, &own);
		f = &own;
	}
	if (code == ERR_OK)
		purge_next_name(p);
	else if (code == ERR_NOT_FOUND) /* somebody else was faster, which is as good */
		purge_settled(&p->c, ERR_OK, 0, NULL);
	else
		purge_settled(&p->c, code, 0, f);
}

struct store_op *
store_purge(struct store *s, const char *id, int64_t before_ms, const struct store_note *note,
    store_done_cb *cb, void *arg)
{
	struct purge *p = mem_alloc(sizeof(*p));
	struct store_key key = store_key_of("invitation", id_is_valid(id) ? id : "-");

	commit_init(&p->c, s, arg);
	p->c.settled = purge_settled;
	p->c.release = purge_release;
	p->cb = cb;
	p->before_ms = before_ms;
	memcpy(p->id, id, strnlen(id, ID_SIZE - 1));
	p->note = store_note_copy(note, p->c.arena);
	p->c.op.kv = kv_get(s->kv, store_key_bytes(&key), purge_on_invitation, p);
	return &p->c.op;
}
