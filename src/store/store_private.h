/* The parts of the store: store.c (object, operations, prepare), store_commit.c (one transaction
 * and what became of it), store_codec.c and store_record.c (values as JSON), and a file for each
 * use. */
#ifndef USHERD_STORE_STORE_PRIVATE_H
#define USHERD_STORE_STORE_PRIVATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "store/store.h"
#include "store/store_people.h"

enum {
	STORE_KEY_SIZE =
	    80,		 /* the longest key with its zero byte: apitoken/ and token/ are shorter */
	STORE_NAMES = 3, /* uid, mail, phone */
	STORE_COMMIT_MAX = 48, /* writes: all tokens of a final invitation and everything else */
	STORE_COMPARES_MAX = 8,
	STORE_TRIES_MAX = 6, /* sends and read-backs of one transaction */
	STORE_RETRY_MS = 250 /* times the number of tries so far: about five seconds in all */
};

struct store {
	struct loop *loop;
	struct kv *kv;
	const struct seal *seal;
	const struct clock *clock;
	TAILQ_HEAD(store_op_list, store_op) ops;
	TAILQ_HEAD(store_watch_list, store_watch) watches;
};

/* Every operation begins with this. */
struct store_op {
	TAILQ_ENTRY(store_op) link;
	struct store *store;
	struct kv_op *kv;		    /* the step under way, or NULL */
	void (*release)(struct store_op *); /* frees the operation's own and the struct */
	void *arg;
};

void store_op_start(
    struct store_op *op, struct store *s, void (*release)(struct store_op *), void *arg);
/* Unlinks and releases it; its callback is run after this. */
void store_op_end(struct store_op *op);

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
void record_write_reservation(struct buf *b, const struct reservation *r);
enum err record_read_reservation(
    struct reservation *out, const char *text, size_t len, struct fault *f);

struct audit {
	int64_t at;
	const char *event;
	const char *subject, *id; /* "invitation", "api_token", "user", "org_unit", and which */
	const char *state;	  /* afterwards; NULL when it has none */
	const char *detail;	  /* more, as a JSON value; NULL when there is none */
	const struct store_note *note;
};
void record_write_audit(struct buf *b, const struct audit *a);

void record_write_api_token(struct buf *b, const struct api_token *t);
enum err record_read_api_token(
    struct api_token *out, const char *id, const char *text, size_t len, struct fault *f);

void record_write_intent(struct buf *b, const struct store_intent *i);
/* Strings are made in `arena`. */
enum err record_read_intent(struct store_intent *out, const char *target, struct arena *arena,
    const char *text, size_t len, struct fault *f);
void record_write_trash(struct buf *b, const struct store_trash *t);
enum err record_read_trash(struct store_trash *out, const char *id, struct arena *arena,
    const char *text, size_t len, struct fault *f);

/* A JSON object of the format we write; the caller owns it. ERR_CORRUPT for anything else. */
struct json_t;
struct json_t *record_parse(const char *text, size_t len, struct fault *f);

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
 * the intent tells it, by being there with the value that was sent, or by being gone. */
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
	bool unknown;	  /* a try was sent whose fate is not known */
	int tries;
	struct loop_timer *retry;
	/* Names to reserve: these compares may be met by taking over. */
	char owner[ID_SIZE];
	size_t name_compare[STORE_NAMES]; /* index into compares + 1; 0: not asked for */
	struct store_taken taken;
	void (*settled)(struct commit *c, enum err code, uint64_t revision, const struct fault *f);
	void (*release)(
	    struct commit *c); /* frees what a kind added, not the struct; may be NULL */
};

void commit_init(struct commit *c, struct store *s, void *arg);
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

/* ---- store_trash.c: the part of it in an intent's transaction ---- */

/* Keep `saved` of the user whom the intent removes; whoever starts the transaction expects
 * trash/TARGET as it is. */
void trash_keep(struct commit *c, const struct store_intent *i, const struct secret *saved);
/* Take away all that may be kept under the id, the key first. */
void trash_delete(struct commit *c, const char *id);

#endif
