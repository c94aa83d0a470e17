/* The outbox: what is to be sent, queued in the transaction that makes it necessary; what became of
 * it; webhook endpoints.
 *
 * Keys (values sealed as all are):
 *   outbox/ID                an item (invite/outbox.h)
 *   due/Q/TTTTTTTTTTTTTTTT/ID  empty: its place in queue Q ("m", "h"), by `due` in 16 hexadecimal
 *                            digits of wall ms. Always written with its item
 *   delivery/INVITATION      the log of an invitation's mails; forgotten with the invitation
 *   hook/ID                  a webhook endpoint with its secrets
 *   event/UUIDv7             something that endpoints want to know, before it is copied for each
 *   hooked/ENDPOINT/ID       a message that was delivered or given up, kept for replay
 *
 * Promises, codes and ownership as in store.h. */
#ifndef USHERD_STORE_STORE_OUTBOX_H
#define USHERD_STORE_STORE_OUTBOX_H

#include "invite/hook_type.h"
#include "invite/outbox.h"
#include "store/store.h"

/* ---- with a change of an invitation ---- */

/* What goes out because of it, in the same transaction (store_note's `post`). Borrowed for the
 * call. */
enum { STORE_POST_MAX = 4 };
struct store_post {
	const struct outbox_item *items[STORE_POST_MAX]; /* as they are to be */
	const struct outbox_item *was[STORE_POST_MAX];	 /* each as it is stored; NULL: it is new */
	size_t item_count;
	/* As it is to be; its revision is that of the stored one (0: there must be none). NULL:
	 * left alone. */
	const struct delivery *delivery;
};

/* ---- the queue ---- */

/* Items of the queue that are due by `now`, earliest first, at most `limit` (up to 64); `next_due`:
 * of the first one behind them, INT64_MAX: none. An item that cannot be read is left out and told
 * as store_list() does; one whose place is left over without it is cleaned up. The callback may
 * take an item by setting its place in the list to NULL. */
typedef void store_due_cb(void *arg, enum err code, struct outbox_item **list, size_t count,
    int64_t next_due, const struct fault *f);
struct store_op *store_outbox_due(struct store *s, enum outbox_queue queue, int64_t now,
    size_t limit, store_due_cb *cb, void *arg);

/* All items of a queue by `due`, behind `after` (NULL: from the first; else what `next` said;
 * ERR_INVALID: it did not). At most STORE_LIST_MAX. For the queue's list, and for the start: claims
 * of a process that is gone. `f` is never NULL: damage is told as store_list() does. */
typedef void store_outbox_cb(void *arg, enum err code, struct outbox_item **list, size_t count,
    const char *next, const struct fault *f); /* next: NULL at the end */
struct store_op *store_outbox_list(struct store *s, enum outbox_queue queue, const char *after,
    size_t limit, store_outbox_cb *cb, void *arg);
/* For `after`: behind everything that is due by `due`. */
enum { STORE_PLACE_SIZE = 54 };
void store_outbox_place(int64_t due, char out[STORE_PLACE_SIZE]);
struct store_op *store_outbox_load(
    struct store *s, const char *id, store_outbox_cb *cb, void *arg); /* one or none */
/* How many items there are, by queue: kept in memory, right from store_prepare() on as long as this
 * process alone writes (kv_sqlite sees to that), and told anew by the queue itself after an outcome
 * that stayed unknown. */
size_t store_outbox_count(const struct store *s, enum outbox_queue queue);

/* Write a new item (`old` NULL) or the next version of one (a claim, another due), together with
 * the next version of its invitation (`before` and `after`, both NULL: none; `event` as in
 * store_save()) and whatever note->post has. ERR_CONFLICT: the item, the invitation or the delivery
 * log is another one now. ERR_NOT_FOUND: the item is gone. ERR_OK: `revision` is the new one of all
 * that was written. `note` may be NULL when there is no invitation. The log in note->post is that
 * of the item's subject. */
struct store_op *store_outbox_save(struct store *s, const struct outbox_item *old,
    const struct outbox_item *new, const struct invitation *before, const struct invitation *after,
    enum invitation_event event, const struct store_note *note, store_save_cb *cb, void *arg);

/* The same, and the item is gone; `item` is as it is stored. When an answer was lost on the way and
 * there is no invitation, `revision` may be 0: load what you need again. `sent`: the time of a
 * webhook event "invitation.sent", 0: none. A webhook message stays under hooked/ with `outcome`
 * ("delivered", "failed"; NULL: it does not). */
struct store_op *store_outbox_remove(struct store *s, const struct outbox_item *item,
    const struct invitation *before, const struct invitation *after, enum invitation_event event,
    const struct store_note *note, int64_t sent, const char *outcome, store_save_cb *cb, void *arg);

/* Take away one that cannot be read (ERR_CORRUPT when it is loaded); what a delivery log says of it
 * stays. ERR_NOT_FOUND: the queue has none. ERR_CONFLICT: it can be read, or is another one now. */
struct store_op *store_outbox_discard(
    struct store *s, enum outbox_queue queue, const char *id, store_done_cb *cb, void *arg);

/* ---- delivery log ---- */

/* ERR_OK with an empty one of revision 0 when nothing is stored; ERR_CORRUPT with an empty one of
 * the stored revision, to write in its place. The callback may take either. */
typedef void store_delivery_cb(
    void *arg, enum err code, struct delivery **d, const struct fault *f);
struct store_op *store_delivery_load(
    struct store *s, const char *invitation, store_delivery_cb *cb, void *arg);
/* Write it alone (a bounce, an opening). ERR_CONFLICT: it is another one now. */
struct store_op *store_delivery_save(struct store *s, const char *invitation,
    const struct delivery *d, store_save_cb *cb, void *arg);

/* ---- webhook endpoints ---- */

enum { HOOK_MAX = 16, HOOK_URL_MAX = 2048, HOOK_NAME_MAX = 64, HOOK_SECRET_SIZE = 32 };

struct hook {
	char id[ID_SIZE];
	/* The second is of the transaction that made it: the store's, whatever is saved. */
	uint64_t revision, created_revision;
	char name[HOOK_NAME_MAX + 1];
	char url[HOOK_URL_MAX + 1];
	unsigned types; /* bits 1 << hook_type */
	bool enabled;
	const char *why_disabled; /* constant or of the store; NULL */
	/* The one that signs, and the one before it until `old_until` (wall ms; 0: none). */
	unsigned char secret[HOOK_SECRET_SIZE], old_secret[HOOK_SECRET_SIZE];
	int64_t old_until;
	int64_t created_at;
	char created_by[64];
};

/* All that are there, from memory: right from store_prepare() on. Borrowed until the loop turns. */
size_t store_hook_count(const struct store *s);
const struct hook *store_hook_at(const struct store *s, size_t index);
const struct hook *store_hook_by_id(const struct store *s, const char *id);
/* The words about the first that could not be read at the start and gets no messages; it can be
 * deleted. NULL: there was none. */
const struct fault *store_hook_damage(const struct store *s);

/* revision 0: a new one, with an id of the caller's (ERR_REFUSED beyond HOOK_MAX). ERR_CONFLICT: it
 * is another one now. `event` is the audit record's: "webhook_created", "webhook_changed",
 * "webhook_secret_rotated", "webhook_disabled". */
struct store_op *store_hook_save(struct store *s, const struct hook *h, const char *event,
    const struct store_note *note, store_save_cb *cb, void *arg);
/* Its messages go when they are due. ERR_NOT_FOUND. ERR_CONFLICT: it was changed meanwhile. */
struct store_op *store_hook_delete(
    struct store *s, const char *id, const struct store_note *note, store_done_cb *cb, void *arg);

/* ---- events ---- */

/* Every transaction that writes an audit record or a sending that some enabled endpoint asks for
 * writes an event with it; this is what the events say. */
struct hook_event {
	char id[ID_SIZE];
	uint64_t revision;
	enum hook_type type;
	int64_t at;
	const char *invitation, *user; /* ids; NULL: it is about none */
	const char *uid, *dn;	       /* user.registered; NULL */
	const char *status;	       /* of the invitation afterwards; NULL */
	const char *actor;
};
/* In the order of their ids; what cannot be read is left out, told as store_list() does. */
typedef void store_events_cb(void *arg, enum err code, const struct hook_event *list, size_t count,
    bool more, const struct fault *f);
struct store_op *store_events_list(struct store *s, size_t limit, store_events_cb *cb, void *arg);
/* In one transaction: the messages are queued (at most HOOK_MAX), the event is gone. ERR_CONFLICT:
 * somebody else did it. */
struct store_op *store_event_fan_out(struct store *s, const struct hook_event *e,
    const struct outbox_item *const *items, size_t count, store_done_cb *cb, void *arg);
/* Called on the loop when an event was written: its watcher, one. */
void store_on_event(struct store *s, loop_cb *cb, void *arg);
/* Called on the loop when items were written, or may have been; the earliest is due at `due`. One a
 * queue; several writings in one turn are told once. Neither this nor the above may free the store.
 */
void store_on_due(
    struct store *s, enum outbox_queue queue, void (*cb)(void *arg, int64_t due), void *arg);

/* ---- messages that were delivered or given up ---- */

struct hooked {
	const struct outbox_item *item; /* as it was when it ended */
	int64_t ended_at;
	const char *outcome;
};
/* In the order of their ids, behind `after` (NULL: from the first; else what `next` said). What
 * cannot be read is left out, told as store_list() does. ERR_INVALID: `after` is no id. */
typedef void store_hooked_cb(void *arg, enum err code, const struct hooked *list, size_t count,
    const char *next, const struct fault *f);
struct store_op *store_hooked_list(struct store *s, const char *hook, const char *after,
    size_t limit, store_hooked_cb *cb, void *arg);
/* Queue it again under its own id, due at once, with as much time as it had: it is an item again,
 * and nothing that ended. ERR_NOT_FOUND: also when it is queued. */
struct store_op *store_hooked_replay(struct store *s, const char *hook, const char *id,
    const struct store_note *note, store_done_cb *cb, void *arg);
/* Forget up to `limit` that ended before `before` (wall ms); `revision` is how many went, whatever
 * the code. */
struct store_op *store_hooked_purge(
    struct store *s, int64_t before, size_t limit, store_save_cb *cb, void *arg);

/* Forget all for which `test` says so, whenever they ended and of whichever endpoint; also those
 * that cannot be read. `revision` as above. `test_arg` lives as long as the call. */
typedef bool store_hooked_test(void *arg, const struct outbox_item *item);
struct store_op *store_hooked_forget(
    struct store *s, store_hooked_test *test, void *test_arg, store_save_cb *cb, void *arg);

#endif
