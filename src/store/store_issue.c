#include "store/store_private.h"

#include <string.h>

#include "base/mem.h"

struct issue {
	struct commit c; /* first */
	store_issue_cb *cb;
};

static void
issue_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_issue_cb *cb = ((struct issue *)c)->cb;
	struct store_taken taken = c->taken;
	void *arg = c->op.arg;

	store_op_end(&c->op);
	cb(arg, code, revision, &taken, f);
}

struct store_op *
store_issue(struct store *s, const struct invitation *inv, const struct store_note *note,
    store_issue_cb *cb, void *arg)
{
	static const struct store_held none = { .count = 0 };
	struct issue *op = mem_alloc(sizeof(*op));
	struct commit *c = &op->c;
	struct store_key key = store_key_of("invitation", inv->id), names[STORE_NAMES];
	const struct audit audit = { .at = inv->created_at,
		.event = invitation_event_name(INVITATION_EV_ISSUE),
		.subject = "invitation",
		.id = inv->id,
		.state = invitation_state_name(inv->state),
		.note = note,
		.inv = inv };

	commit_init(c, s, arg);
	op->cb = cb;
	c->settled = issue_settled;
	memcpy(c->owner, inv->id, sizeof(c->owner));
	commit_expect(c, store_key_bytes(&key), 0);
	codec_write_invitation(&c->json, inv, &none);
	commit_put(c, &key);
	for (size_t i = 0; i < inv->token_count; i++) {
		struct store_key token = store_token_key(&inv->tokens[i]);

		buf_add_string(&c->json, inv->id);
		commit_put(c, &token);
	}
	store_name_keys(s, &inv->person, names);
	for (size_t i = 0; i < STORE_NAMES; i++)
		if (names[i].text[0] != '\0')
			commit_reserve(c, i, &names[i]);
	outbox_add_post(c, inv->id, note->post);
	commit_audit(c, &audit);
	commit_start(c);
	return &c->op;
}
