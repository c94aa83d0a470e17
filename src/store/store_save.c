#include "store/store_private.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct save {
	struct commit c; /* first */
	store_save_cb *cb;
};

static void
save_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_save_cb *cb = ((struct save *)c)->cb;
	void *arg = c->op.arg;

	store_op_end(&c->op);
	cb(arg, code, revision, f);
}

static bool
save_is_unsettled(enum invitation_state s)
{
	return s == INVITATION_CLAIMED || s == INVITATION_CREATED;
}

static void
save_work(struct commit *c, const struct invitation *before, const struct invitation *after)
{
	struct store_key key = store_key_of("work", after->id);
	bool was = save_is_unsettled(before->state), is = save_is_unsettled(after->state);

	if (is && !was)
		commit_put(c, &key); /* nothing was written to c->json: an empty value */
	else if (was && !is)
		commit_delete(c, &key);
}

/* ---- tokens ---- */

static const struct token_hash *
save_token_at(const struct invitation *inv, size_t i)
{
	return i < inv->token_count ? &inv->tokens[i] : &inv->old_tokens[i - inv->token_count];
}

static bool
save_has_token(const struct invitation *inv, const struct token_hash *hash)
{
	for (size_t i = 0; i < inv->token_count + inv->old_token_count; i++)
		if (token_hash_equal(save_token_at(inv, i), hash))
			return true;
	return false;
}

/* A link is found by its token/ key as long as the invitation remembers it, dead or alive. */
static void
save_tokens(struct commit *c, const struct invitation *before, const struct invitation *after)
{
	for (size_t i = 0; i < after->token_count; i++)
		if (!save_has_token(before, &after->tokens[i])) {
			struct store_key key = store_token_key(&after->tokens[i]);

			buf_add_string(&c->json, after->id);
			commit_put(c, &key);
		}
	for (size_t i = 0; i < before->token_count + before->old_token_count; i++)
		if (!save_has_token(after, save_token_at(before, i))) {
			struct store_key key = store_token_key(save_token_at(before, i));

			commit_delete(c, &key);
		}
}

/* ---- names ---- */

/* While it is open its names are held; those that changed move. */
static void
save_move_names(struct commit *c, const struct store_key old[STORE_NAMES],
    const struct store_key new[STORE_NAMES])
{
	for (size_t i = 0; i < STORE_NAMES; i++) {
		if (strcmp(old[i].text, new[i].text) == 0)
			continue;
		if (new[i].text[0] != '\0')
			commit_reserve(c, i, &new[i]);
		if (old[i].text[0] != '\0')
			commit_delete(c, &old[i]);
	}
}

/* A finished one keeps its names for a while: a lookup in the directory that began before the entry
 * was made must not let somebody else have them. One that made no entry gives them back at once. */
static void
save_release_names(struct commit *c, const struct invitation *after,
    const struct store_key names[STORE_NAMES], struct store_held *held)
{
	struct reservation r = { .released_at = c->now };

	memcpy(r.invitation, after->id, sizeof(r.invitation));
	for (size_t i = 0; i < STORE_NAMES; i++) {
		if (names[i].text[0] == '\0')
			continue;
		if (after->state == INVITATION_DONE) {
			record_write_reservation(&c->json, &r);
			commit_put(c, &names[i]);
			held->keys[held->count++] = names[i];
		} else
			commit_delete(c, &names[i]);
	}
}

static void
save_invitation(struct commit *c, const struct store_key *key, const struct invitation *after,
    const struct store_held *held, bool quiet)
{
	struct invitation *final = NULL;

	if (invitation_is_final(after->state)) {
		final = invitation_copy(after);
		if (after->state == INVITATION_EXPIRED)
			invitation_end_links(final);
		else
			invitation_erase(final);
	}
	codec_write_invitation(&c->json, final != NULL ? final : after, held);
	commit_put(c, key);
	c->writes[c->write_count - 1].quiet = quiet;
	invitation_free(final);
}

/* Nothing but which links work: nobody who watches invitations looks at those. */
static bool
save_is_quiet(enum invitation_event event)
{
	return event == INVITATION_EV_MAIL || event == INVITATION_EV_UNMAIL;
}

void
save_add(struct commit *c, const struct invitation *before, const struct invitation *after,
    enum invitation_event event, const struct store_note *note)
{
	const struct store *s = c->op.store;
	struct store_key key = store_key_of("invitation", after->id);
	struct store_key old[STORE_NAMES], new[STORE_NAMES];
	struct store_held held = { .count = 0 };
	const struct audit audit = { .at = clock_wall_ms(s->clock),
		.event = invitation_event_name(event),
		.subject = "invitation",
		.id = after->id,
		.state = invitation_state_name(after->state),
		.detail = note->detail,
		.note = note,
		.inv = after };

	assert(before->revision != 0 && strcmp(before->id, after->id) == 0);
	memcpy(c->owner, after->id, sizeof(c->owner));
	commit_expect(c, store_key_bytes(&key), before->revision);
	store_name_keys(s, &before->person, old);
	store_name_keys(s, &after->person, new);
	save_work(c, before, after);
	save_tokens(c, before, after);
	if (invitation_is_final(after->state))
		save_release_names(c, after, old, &held);
	else
		save_move_names(c, old, new);
	save_invitation(c, &key, after, &held, save_is_quiet(event));
	outbox_add_post(c, after->id, note->post);
	commit_audit(c, &audit);
}

struct store_op *
store_save(struct store *s, const struct invitation *before, const struct invitation *after,
    enum invitation_event event, const struct store_note *note, store_save_cb *cb, void *arg)
{
	struct save *op = mem_alloc(sizeof(*op));
	struct commit *c = &op->c;

	commit_init(c, s, arg);
	op->cb = cb;
	c->settled = save_settled;
	save_add(c, before, after, event, note);
	commit_start(c);
	return &c->op;
}
