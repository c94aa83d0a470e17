/* The parts of the store: store.c (object, operations, keys), store_prepare.c (what is read at the
 * start), store_commit.c (one transaction and what became of it), store_codec.c and store_record*.c
 * (values as JSON), and a file for each use. */
#ifndef USHERD_STORE_STORE_PRIVATE_H
#define USHERD_STORE_STORE_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "store/store.h"
#include "store/store_audit.h"
#include "store/store_outbox.h"
#include "store/store_people.h"
#include "store/store_session.h"

enum {
	STORE_KEY_SIZE = 88, /* the longest key with its zero byte: hooked/ENDPOINT/ID needs 81 */
	STORE_NAMES = 3,     /* uid, mail, phone */
	/* Writes. A mail that is settled with the last change of its invitation: all tokens there
	 * can be, gone (21) and new (5); the invitation and work/; names that move (6); what is
	 * posted (3 an item, and the log); the item itself, its two places and hooked/; the audit
	 * record, its two events and the one of a sending. 55. */
	STORE_COMMIT_MAX = KV_TXN_MAX,
	/* A fan-out expects its event and that no message is there yet. */
	STORE_COMPARES_MAX = HOOK_MAX + 4,
	STORE_TRIES_MAX = 6, /* sends and read-backs of one transaction */
	STORE_RETRY_MS = 250 /* times the number of tries so far: about five seconds in all */
};

/* What this process keeps in memory of the outbox. It is right as long as no other process writes
 * to the same store: kv_sqlite takes care of that. */
struct store_outbox {
	size_t count[OUTBOX_QUEUE_COUNT];
	/* The fate of a transaction that changes the count was unknown for a while, or still is:
	 * the next look at a queue that fits into one page says how many there are. */
	bool unsure[OUTBOX_QUEUE_COUNT];
	void (*on_due[OUTBOX_QUEUE_COUNT])(void *arg, int64_t due);
	void *on_due_arg[OUTBOX_QUEUE_COUNT];
	loop_cb *on_event;
	void *on_event_arg;
	/* What the watchers are to be told when the loop turns. */
	struct loop_timer *tell;
	bool telling;			 /* it is set */
	int64_t due[OUTBOX_QUEUE_COUNT]; /* INT64_MAX: nothing */
	bool event;
	struct store_hook *hooks[HOOK_MAX];
	size_t hook_count, hooks_coming; /* new ones whose transaction is under way */
	struct fault hook_damage;
};

struct store_chain;
struct audit_verification;
struct store {
	struct loop *loop;
	struct kv *kv;
	const struct seal *seal;
	const struct clock *clock;
	struct store_outbox outbox;
	TAILQ_HEAD(store_op_list, store_op) ops;
	TAILQ_HEAD(store_watch_list, store_watch) watches;
	struct store_chain *chain;	      /* NULL: it was not started */
	struct audit_verification *verifying; /* NULL: nobody does */
	/* The last audit record whose source this process has ended, or found to have none; "":
	 * none yet. Each start looks at all of them once more. */
	char sources_ended_to[ID_SIZE];
};

/* Every operation begins with this. */
struct store_op {
	TAILQ_ENTRY(store_op) link;
	struct store *store;
	struct kv_op *kv;		    /* the step under way, or NULL */
	void (*release)(struct store_op *); /* frees the operation's own and the struct */
	/* Whether it must be followed to its end though nobody wants to know any more. NULL: no. */
	bool (*outlives)(struct store_op *);
	void *arg;
};

void store_op_start(
    struct store_op *op, struct store *s, void (*release)(struct store_op *), void *arg);
/* Unlinks and releases it; its callback is run after this. */
void store_op_end(struct store_op *op);

void chain_free(struct store_chain *c); /* NULL is fine */
/* What an older version, a crash or an outage left unnamed is not all named yet. NULL: no. */
bool chain_is_late(const struct store_chain *c);
void verification_free(struct audit_verification *a);

/* ---- keys ---- */

struct store_key {
	char text[STORE_KEY_SIZE];
};
struct store_key store_key_of(const char *space, const char *name); /* "space/name" */
struct store_key store_token_key(const struct token_hash *hash);
struct kv_bytes store_key_bytes(const struct store_key *k);

/* The names that an invitation reserves, and the key of each ("" when the person lacks it). */
extern const enum person_field store_name_fields[STORE_NAMES];
void store_name_keys(
    const struct store *s, const struct person *p, struct store_key out[STORE_NAMES]);

/* The opened value of an item as text in `arena`. ERR_CORRUPT names the key. */
enum err store_open_item(const struct store *s, const struct kv_item *item, struct arena *arena,
    char **text, size_t *len, struct fault *f);

/* ---- values ---- */

/* Keys of reservations that a finished invitation left behind; it no longer knows the names. */
struct store_held {
	struct store_key keys[STORE_NAMES];
	size_t count;
};

/* Members with their comma; those that are empty (NULL, "", 0, false) are left out. */
void codec_write_name(struct buf *b, const char *name);
void codec_write_text(struct buf *b, const char *name, const char *value);
void codec_write_number(struct buf *b, const char *name, int64_t value);
void codec_write_flag(struct buf *b, const char *name, bool value);
void codec_write_strings(struct buf *b, const char *name, const char *const *list, size_t count);

void codec_write_invitation(
    struct buf *b, const struct invitation *inv, const struct store_held *held);
/* `held` may be NULL. The id is the key's. */
enum err codec_read_invitation(struct invitation **out, const char *id, uint64_t revision,
    const char *text, size_t len, struct store_held *held, struct fault *f);
/* The two steps in one, for an item under invitation/. */
enum err store_read_invitation(const struct store *s, const struct kv_item *item,
    struct invitation **out, struct store_held *held, struct fault *f);

struct reservation {
	char invitation[ID_SIZE];
	int64_t released_at; /* wall ms; 0 while it is held */
};
/* Whether it keeps the name from `owner`, an id or "" for somebody new: it is another's, who has it
 * or gave it up within STORE_RELEASE_GRACE_MS. */
bool reservation_holds(const struct reservation *r, const char *owner, int64_t now);
void record_write_reservation(struct buf *b, const struct reservation *r);
enum err record_read_reservation(
    struct reservation *out, const char *text, size_t len, struct fault *f);

struct audit {
	int64_t at;
	const char *event;
	const char *subject, *id; /* "invitation", "user", ..., and which; NULL: of nothing */
	const char *state;	  /* afterwards; NULL when it has none */
	const char *detail;	  /* more, as a JSON value; NULL: the note's */
	const struct store_note *note;
	const struct invitation *inv; /* as it is now, for the events of it; NULL: of none */
};
/* The two lines that store_audit.h tells of; more of them in store_audit_private.h. */
void record_write_audit(struct buf *b, const struct audit *a);
void record_write_api_token(struct buf *b, const struct api_token *t);
/* Strings are made in `arena`. */
enum err record_read_api_token(struct api_token *out, const char *id, struct arena *arena,
    const char *text, size_t len, struct fault *f);

void record_write_session(struct buf *b, const struct store_session *session);
enum err record_read_session(
    struct store_session *out, const char *id, const char *text, size_t len, struct fault *f);

/* When somebody last signed in from a source. */
void record_write_known(struct buf *b, int64_t at);
enum err record_read_known(int64_t *at, const char *text, size_t len, struct fault *f);

void record_write_intent(struct buf *b, const struct store_intent *i);
/* Strings are made in `arena`. */
enum err record_read_intent(struct store_intent *out, const char *target, struct arena *arena,
    const char *text, size_t len, struct fault *f);
/* Of both spaces, trash/ and trashed/. */
void record_write_trash(struct buf *b, const struct store_trash *t);
/* `key` is that of the item, for words. */
enum err record_read_trash(struct store_trash *out, const char *key, struct arena *arena,
    const char *text, size_t len, struct fault *f);
void record_write_trash_names(struct buf *b, const struct trash_names *n);
bool record_read_trash_names(
    struct trash_names *out, struct arena *arena, const char *text, size_t len);

/* A JSON object of the format we write; the caller owns it. ERR_CORRUPT for anything else. */
struct json_t;
struct json_t *record_parse(const char *text, size_t len, struct fault *f);
/* False when it is absent or no whole number. */
bool record_copy_number(const struct json_t *root, const char *name, int64_t *out);
/* False when it is absent or does not fit. */
bool record_copy_string(const struct json_t *root, const char *name, char *out, size_t size);

/* Members that may be absent, which reads as empty; `bad` is the last that is not as we wrote it.
 */
struct record_reader {
	const struct json_t *root;
	struct arena *arena; /* of the strings */
	const char *bad;
};
const char *record_text(struct record_reader *r, const char *name);
int64_t record_number(struct record_reader *r, const char *name); /* not negative */
unsigned record_count(struct record_reader *r, const char *name);
bool record_flag(struct record_reader *r, const char *name);
/* A list of at most `max` strings; returns how many. */
size_t record_texts(struct record_reader *r, const char *name, const char **out, size_t max);
void record_copy_optional(struct record_reader *r, const char *name, char *out, size_t size);

/* The id and the revision are the key's; the caller frees it. */
void record_write_item(struct buf *b, const struct outbox_item *i);
enum err record_read_item(struct outbox_item **out, const char *id, uint64_t revision,
    const char *text, size_t len, struct fault *f);
void record_write_delivery(struct buf *b, const struct delivery *d);
enum err record_read_delivery(struct delivery **out, const char *invitation, uint64_t revision,
    const char *text, size_t len, struct fault *f);
void record_write_hooked(struct buf *b, const struct hooked *h);
/* `out` points into `item`, which the caller frees. */
enum err record_read_hooked(struct outbox_item **item, struct hooked *out, const char *id,
    uint64_t revision, const char *text, size_t len, struct fault *f);

/* An endpoint as the store keeps it. Freed by store_hook_free(), which wipes. */
struct store_hook {
	struct hook hook;
	char why[OUTBOX_TEXT_MAX + 1]; /* hook.why_disabled, unless that is NULL */
};
struct store_hook *store_hook_copy(const struct hook *h);
void store_hook_free(struct store_hook *h);		     /* NULL is fine */
void record_write_hook(struct buf *b, const struct hook *h); /* has secrets: wipe it */
enum err record_read_hook(struct store_hook **out, const char *id, uint64_t revision,
    const char *text, size_t len, struct fault *f);
/* Strings are made in `arena`. */
void record_write_event(struct buf *b, const struct hook_event *e);
enum err record_read_event(struct hook_event *out, const char *id, uint64_t revision,
    struct arena *arena, const char *text, size_t len, struct fault *f);

/* ---- pages of keys that end in an id ---- */

/* The id behind `space` in a key. False: the key holds none and is nothing of ours. */
bool store_read_id(const char *space, struct kv_bytes key, char id[ID_SIZE]);
/* One value cannot be read: `first` keeps the words about the first of them. */
void store_note_damage(struct fault *first, struct kv_bytes key, const struct fault *f);
/* Read every item of a page; what cannot be read is left out and noted in `damaged`. `at`: how many
 * were read before. Returns how many were; `next` is the last id that was seen ("": none). */
typedef enum err store_page_read(
    void *ctx, const struct kv_item *item, const char *id, size_t at, struct fault *f);
size_t store_read_page(const char *space, const struct kv_item *items, size_t count,
    store_page_read *read, void *ctx, char next[ID_SIZE], struct fault *damaged);

/* ---- one transaction ---- */

/* Built by the functions below, sent by commit_start(), settled exactly once. `settled` ends the
 * operation (store_op_end) and runs the caller's callback.
 *
 * Every transaction that changes something writes one audit record under a new key. That key tells
 * later whether a transaction of unknown fate was carried out. Where there is no record, the key of
 * the intent, of the item or of the log tells it, by being there with the value that was sent, or
 * by being gone. */
struct commit {
	struct store_op op; /* first */
	struct arena *arena;
	struct buf json;
	struct kv_compare compares[STORE_COMPARES_MAX];
	struct kv_write writes[STORE_COMMIT_MAX];
	size_t compare_count, write_count;
	struct store_key marker;
	const struct kv_write *mark; /* how the marker was written; NULL: it is deleted */
	struct failpoints *points;
	int64_t now;
	enum err refused; /* ERR_OK, or why it cannot be sent */
	const char *why;  /* the words; a constant */
	bool unknown;	  /* a try was sent whose fate is not known */
	bool doubted;	  /* there was one, ever */
	int tries;
	struct loop_timer *retry;
	bool sent, silent; /* silent: cancelled, and followed to its end */
	/* What it does to the outbox, for those who count and wait in memory. */
	int items[OUTBOX_QUEUE_COUNT];	 /* more, or fewer */
	int64_t due[OUTBOX_QUEUE_COUNT]; /* of the earliest item it writes; INT64_MAX: none */
	bool writes_event;
	size_t item_compare; /* index into compares + 1: when this key is gone, ERR_NOT_FOUND */
	/* Names to reserve: these compares may be met by taking over. */
	char owner[ID_SIZE];
	size_t name_compare[STORE_NAMES]; /* index into compares + 1; 0: not asked for */
	struct store_taken taken;
	void (*settled)(struct commit *c, enum err code, uint64_t revision, const struct fault *f);
	/* It was carried out: for what is kept in memory, also of one that was cancelled. NULL:
	 * nothing is. */
	void (*done)(struct commit *c, uint64_t revision);
	void (*release)(
	    struct commit *c); /* frees what a kind added, not the struct; may be NULL */
};

void commit_init(struct commit *c, struct store *s, void *arg);
/* One whose outcome is told as it is, and that is nothing else. */
struct commit *commit_new(struct store *s, store_done_cb *cb, void *arg);
void commit_expect(struct commit *c, struct kv_bytes key, uint64_t modified);
/* Seals and adds what was written to c->json, and empties that. */
void commit_put(struct commit *c, const struct store_key *key);
void commit_delete(struct commit *c, const struct store_key *key);
void commit_audit(struct commit *c, const struct audit *a);
/* The last write tells whether it was carried out; `points` is the pair's name. */
void commit_mark(struct commit *c, const struct store_key *key, const char *points);
/* Hold `keys[name]` for the invitation c->owner. */
void commit_reserve(struct commit *c, size_t name, const struct store_key *key);
/* ERR_EXISTS, with c->taken: a reserved name is somebody else's. ERR_CONFLICT: another compare. */
void commit_start(struct commit *c);
/* It cannot be sent, and says so once it is started. */
void commit_refuse(struct commit *c, enum err code, const char *why);

/* ---- store_entry.c: a key that comes, is used and goes: an API token, a session ---- */

enum { ENTRY_ID_SIZE = 17 };

struct entry {
	struct commit c; /* first */
	store_done_cb *cb;
	struct store_key key; /* "space/id" */
	char id[ENTRY_ID_SIZE];
	bool adding;
};

/* An `id` of another length than an entry has names nothing. */
struct entry *entry_new(
    struct store *s, const char *space, const char *id, store_done_cb *cb, void *arg);
/* Puts what was written to c.json where nothing may be: else ERR_EXISTS. Whoever calls it starts
 * the transaction. */
void entry_add(struct entry *e);
/* Reads which version is there, adds its deletion and starts the transaction. ERR_NOT_FOUND. */
struct store_op *entry_delete(struct entry *e);

/* Writes the record with a later `used_at`; nothing, when it is as late already. */
typedef enum err entry_use(
    struct buf *b, const char *id, const char *text, size_t len, int64_t used_at, struct fault *f);
/* Write down when it was last used: without an audit record, and fine if it is gone. `points` is
 * the pair's name. */
struct store_op *entry_touch(struct store *s, const char *space, const char *id, entry_use *use,
    const char *points, int64_t used_at, store_done_cb *cb, void *arg);

/* ---- store_session.c, store_known.c ---- */

struct store_key known_key(const char *person, const unsigned char source[STORE_SOURCE_SIZE]);

/* ---- store_save.c: the next version of an invitation and all that goes with it ---- */

void save_add(struct commit *c, const struct invitation *before, const struct invitation *after,
    enum invitation_event event, const struct store_note *note);

/* ---- store_outbox.c, store_delivery.c ---- */

void outbox_init(struct store *s);
void outbox_release(struct store *s);
/* What `c` has done, or may have done, is told to those who wait and count. */
void outbox_commit_done(const struct commit *c, enum err code);
void outbox_count(struct store *s, enum outbox_queue queue, int more);
/* `old` NULL: a new one. */
void outbox_add(struct commit *c, const struct outbox_item *old, const struct outbox_item *new);
void outbox_take(struct commit *c, const struct outbox_item *item);
void outbox_add_post(struct commit *c, const char *invitation, const struct store_post *post);
void delivery_add(struct commit *c, const char *invitation, const struct delivery *d);
struct store_key outbox_due_key(enum outbox_queue queue, int64_t due, const char *id);
/* The keys under due/ of a queue. */
struct store_key outbox_due_prefix(enum outbox_queue queue);
/* False: nothing of ours. */
bool outbox_read_due_key(
    enum outbox_queue queue, struct kv_bytes key, int64_t *due, char id[ID_SIZE]);
/* An item of the kv as one of the queue. */
enum err outbox_read(const struct store *s, const struct kv_item *item, const char *id,
    struct outbox_item **out, struct fault *f);

/* ---- store_event.c, store_hook.c, store_hooked.c ---- */

/* What this record says to endpoints that ask for it. */
void hook_event_of_audit(struct commit *c, const struct audit *a);
void hook_event_add(struct commit *c, struct hook_event *e); /* gets an id */
/* Some enabled endpoint asks for it. */
bool hooks_want(const struct store *s, enum hook_type type);
/* One that is stored, at the start. */
void hooks_load(struct store *s, const struct kv_item *item);
void hooks_release(struct store *s);
void hooked_add(struct commit *c, const struct outbox_item *item, const char *outcome);
/* The part of the key before the message's id and its slash. */
struct store_key hooked_space(const char *hook);
/* `h` points into `out`, which the caller frees. */
enum err hooked_read(const struct store *s, const struct kv_item *item, const char *id,
    struct outbox_item **out, struct hooked *h, struct fault *f);

/* ---- store_trash.c: the part of it in an intent's transaction ---- */

/* Keep `saved` of the user whom the intent removes; whoever starts the transaction expects
 * trash/TARGET as it is. */
void trash_keep(struct commit *c, const struct store_intent *i, const struct secret *saved);
/* Take away all that may be kept under the id, the key first. `listed`: its place in the list; NULL
 * or "": none. */
void trash_delete(struct commit *c, const char *id, const char *listed);
enum { TRASH_KEY_SIZE = 32 };
/* The key of an item under trashkey/, which the caller wipes. */
enum err trash_open_key(const struct store *s, const struct kv_item *item, struct arena *arena,
    unsigned char key[TRASH_KEY_SIZE], struct fault *f);

/* One record of a folder, into `out`, whose strings go into `arena`. */
typedef enum err trash_reader(const struct store *s, const struct kv_item *item, const char *id,
    struct arena *arena, struct store_trash *out, struct fault *f);
trash_reader trash_read; /* of an item under trash/ */
struct trash_listed {
	const char *folder;
	trash_reader *read;
	/* kv_range or kv_range_back */
	struct kv_op *(*range)(struct kv *kv, struct kv_bytes prefix, struct kv_bytes from,
	    size_t limit, kv_range_cb *cb, void *arg);
};
/* A page of the records of `what`, in its order, behind the id `after`; NULL: from the start. */
struct store_op *trash_list_start(struct store *s, const struct trash_listed *what,
    const char *after, size_t limit, store_trashes_cb *cb, void *arg);

/* ---- store_trashed.c: the list of what is kept ---- */

struct store_key trashed_key(const char *listed);
/* As they stand in a record. */
const char *trashed_seal_names(
    const struct seal *own, const char *id, const struct trash_names *n, struct arena *arena);
/* The user is gone, of whom this item under trash/ is kept. */
void trashed_put(struct commit *c, const struct kv_item *kept);
/* Another one comes into the place of this item under trash/. */
void trashed_delete(struct commit *c, const struct kv_item *kept);

#endif
