/* Items of the outbox in a transaction, and what this process keeps in memory of them. */
#include "store/store_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

FAILPOINTS(points_of_save, "store.outbox_saved", "the commit of an item alone");
FAILPOINTS(points_of_retry, "store.queue_item_retried", "the commit of this event");
FAILPOINTS(points_of_drop, "store.queue_item_dropped", "the commit of this event");
FAILPOINTS(points_of_remove, "store.outbox_removed", "the commit that takes an item alone away");

static const char *const queue_names[OUTBOX_QUEUE_COUNT] = {
	[OUTBOX_MAILS] = "m",
	[OUTBOX_HOOKS] = "h",
};

/* ---- keys ---- */

struct store_key
outbox_due_prefix(enum outbox_queue queue)
{
	struct store_key k = store_key_of("due", queue_names[queue]);

	strcat(k.text, "/");
	return k;
}

struct store_key
outbox_due_key(enum outbox_queue queue, int64_t due, const char *id)
{
	struct store_key k;

	assert(due >= 0 && id_is_valid(id));
	snprintf(k.text, sizeof(k.text), "due/%s/%016" PRIx64 "/%s", queue_names[queue],
	    (uint64_t)due, id);
	return k;
}

bool
outbox_read_due_key(enum outbox_queue queue, struct kv_bytes key, int64_t *due, char id[ID_SIZE])
{
	struct store_key text = { "" };
	const size_t at = strlen(outbox_due_prefix(queue).text), digits = 16;
	uint64_t ms;
	char *end;

	if (key.len != at + digits + 1 + ID_SIZE - 1)
		return false;
	memcpy(text.text, key.data, key.len);
	ms = strtoull(text.text + at, &end, 16);
	if (end != text.text + at + digits || ms > INT64_MAX || !id_is_valid(end + 1))
		return false;
	memcpy(id, end + 1, ID_SIZE);
	*due = (int64_t)ms;
	/* One spelling alone: another one would never be found again by its item. */
	return strcmp(text.text, outbox_due_key(queue, *due, id).text) == 0;
}

/* ---- in memory ---- */

static void
outbox_tell(void *arg)
{
	struct store *s = arg;
	struct store_outbox *o = &s->outbox;

	o->telling = false;
	for (int q = 0; q < OUTBOX_QUEUE_COUNT; q++) {
		int64_t due = o->due[q];

		o->due[q] = INT64_MAX;
		if (due != INT64_MAX && o->on_due[q] != NULL)
			o->on_due[q](o->on_due_arg[q], due);
	}
	if (o->event) {
		o->event = false;
		if (o->on_event != NULL)
			o->on_event(o->on_event_arg);
	}
}

void
outbox_init(struct store *s)
{
	s->outbox.tell = loop_timer_new(s->loop, outbox_tell, s);
	for (int q = 0; q < OUTBOX_QUEUE_COUNT; q++)
		s->outbox.due[q] = INT64_MAX;
}

void
outbox_release(struct store *s)
{
	loop_timer_free(s->outbox.tell);
	hooks_release(s);
}

/* Never below none, whatever was miscounted. */
void
outbox_count(struct store *s, enum outbox_queue queue, int more)
{
	size_t *count = &s->outbox.count[queue];

	*count = more < 0 && *count < (size_t)-more ? 0 : *count + (size_t)more;
}

/* A mark without an audit record can deceive after an answer was lost: somebody else may have
 * written the item since. */
void
outbox_commit_done(const struct commit *c, enum err code)
{
	struct store_outbox *o = &c->op.store->outbox;
	bool may_be_done = code == ERR_OK || c->doubted;
	bool wakes = may_be_done && c->writes_event;

	for (int q = 0; q < OUTBOX_QUEUE_COUNT && may_be_done; q++) {
		if (code == ERR_OK)
			outbox_count(c->op.store, (enum outbox_queue)q, c->items[q]);
		o->unsure[q] = o->unsure[q] || (c->doubted && c->items[q] != 0);
		if (c->due[q] < o->due[q])
			o->due[q] = c->due[q];
		wakes = wakes || c->due[q] != INT64_MAX;
	}
	o->event = o->event || (may_be_done && c->writes_event);
	/* Set anew on every turn of the loop it would never run. */
	if (wakes && !o->telling)
		loop_timer_set(o->tell, 0);
	o->telling = o->telling || wakes;
}

size_t
store_outbox_count(const struct store *s, enum outbox_queue queue)
{
	return s->outbox.count[queue];
}

void
store_on_due(
    struct store *s, enum outbox_queue queue, void (*cb)(void *arg, int64_t due), void *arg)
{
	s->outbox.on_due[queue] = cb;
	s->outbox.on_due_arg[queue] = arg;
}

void
store_on_event(struct store *s, loop_cb *cb, void *arg)
{
	s->outbox.on_event = cb;
	s->outbox.on_event_arg = arg;
}

/* ---- in a transaction ---- */

static void
outbox_place(struct commit *c, const struct outbox_item *old, const struct outbox_item *new)
{
	enum outbox_queue q = outbox_queue_of(new->kind);
	struct store_key place = outbox_due_key(q, new->due, new->id);

	if (old != NULL && old->due != new->due) {
		struct store_key left = outbox_due_key(q, old->due, old->id);

		commit_delete(c, &left);
	}
	commit_put(c, &place); /* nothing was written to c->json: an empty value */
	if (new->due < c->due[q])
		c->due[q] = new->due;
}

/* The item is the last write, so that it can be the mark. */
void
outbox_add(struct commit *c, const struct outbox_item *old, const struct outbox_item *new)
{
	struct store_key key = store_key_of("outbox", new->id);

	assert(old != NULL || new->revision == 0);
	assert(old == NULL || (strcmp(old->id, new->id) == 0 && old->kind == new->kind));
	/* The person is forgotten with the invitation, and this stays. */
	assert(!outbox_has_link(new->kind) ||
	       (new->to == NULL &&new->name == NULL &&new->uid == NULL));
	commit_expect(c, store_key_bytes(&key), old != NULL ? old->revision : 0);
	outbox_place(c, old, new);
	if (old == NULL)
		c->items[outbox_queue_of(new->kind)]++;
	record_write_item(&c->json, new);
	commit_put(c, &key);
}

/* As above. */
void
outbox_take(struct commit *c, const struct outbox_item *item)
{
	enum outbox_queue q = outbox_queue_of(item->kind);
	struct store_key key = store_key_of("outbox", item->id),
			 place = outbox_due_key(q, item->due, item->id);

	assert(item->revision != 0);
	commit_expect(c, store_key_bytes(&key), item->revision);
	commit_delete(c, &place);
	c->items[q]--;
	commit_delete(c, &key);
}

void
outbox_add_post(struct commit *c, const char *invitation, const struct store_post *post)
{
	if (post == NULL)
		return;
	assert(post->item_count <= STORE_POST_MAX);
	for (size_t i = 0; i < post->item_count; i++)
		outbox_add(c, post->was[i], post->items[i]);
	if (post->delivery != NULL)
		delivery_add(c, invitation, post->delivery);
}

/* ---- save, remove ---- */

struct outbox_change {
	struct commit c; /* first */
	store_save_cb *cb;
};

static void
outbox_change_settled(struct commit *c, enum err code, uint64_t revision, const struct fault *f)
{
	store_save_cb *cb = ((struct outbox_change *)c)->cb;
	void *arg = c->op.arg;

	store_op_end(&c->op);
	cb(arg, code, revision, f);
}

static struct commit *
outbox_change_new(struct store *s, store_save_cb *cb, void *arg)
{
	struct outbox_change *o = mem_alloc(sizeof(*o));

	commit_init(&o->c, s, arg);
	o->c.settled = outbox_change_settled;
	o->c.item_compare = 1;
	o->cb = cb;
	return &o->c;
}

static void
outbox_audit(struct commit *c, const struct outbox_item *item, const struct store_note *note)
{
	const bool is_mail = outbox_queue_of(item->kind) == OUTBOX_MAILS;
	const struct audit audit = { .at = c->now,
		.event = note->event,
		.subject = is_mail ? "mail" : "webhook_message",
		.id = item->id,
		.detail = arena_printf(c->arena, "{\"%s\":\"%s\",\"kind\":\"%s\"}",
		    is_mail ? "invitation" : "webhook", item->subject,
		    outbox_kind_name(item->kind)),
		.note = note };

	commit_audit(c, &audit);
}

/* What the invitation's save does not bring along by itself when there is none. */
static void
outbox_change_with(struct commit *c, const struct outbox_item *item,
    const struct invitation *before, const struct invitation *after, enum invitation_event event,
    const struct store_note *note)
{
	assert((before == NULL) == (after == NULL));
	if (before != NULL) {
		assert(note != NULL);
		save_add(c, before, after, event, note);
	} else if (note != NULL) {
		outbox_add_post(c, item->subject, note->post);
		if (note->event != NULL)
			outbox_audit(c, item, note);
	}
}

struct store_op *
store_outbox_save(struct store *s, const struct outbox_item *old, const struct outbox_item *new,
    const struct invitation *before, const struct invitation *after, enum invitation_event event,
    const struct store_note *note, store_save_cb *cb, void *arg)
{
	struct commit *c = outbox_change_new(s, cb, arg);
	struct store_key key = store_key_of("outbox", new->id);

	assert(old == NULL || old->revision != 0);
	outbox_add(c, old, new);
	commit_mark(c, &key, "outbox_saved");
	outbox_change_with(c, new, before, after, event, note);
	commit_start(c);
	return &c->op;
}

struct store_op *
store_outbox_remove(struct store *s, const struct outbox_item *item,
    const struct invitation *before, const struct invitation *after, enum invitation_event event,
    const struct store_note *note, int64_t sent, const char *outcome, store_save_cb *cb, void *arg)
{
	struct commit *c = outbox_change_new(s, cb, arg);
	struct store_key key = store_key_of("outbox", item->id);

	outbox_take(c, item);
	commit_mark(c, &key, "outbox_removed");
	outbox_change_with(c, item, before, after, event, note);
	if (outcome != NULL)
		hooked_add(c, item, outcome);
	if (sent != 0)
		hook_event_add(
		    c, &(struct hook_event){ .type = HOOK_INVITATION_SENT,
			   .at = sent,
			   .invitation = item->subject,
			   .status = after != NULL ? invitation_state_name(after->state) : NULL,
			   .actor = note != NULL ? note->actor : NULL });
	commit_start(c);
	return &c->op;
}
