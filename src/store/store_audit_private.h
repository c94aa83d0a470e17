/* The parts of the audit trail: store_record_audit.c and store_record_chain.c (records, blocks and
 * marks as JSON), store_chain*.c (writing the chain), store_audit*.c (reading, verifying, erasing,
 * retention). */
#ifndef USHERD_STORE_STORE_AUDIT_PRIVATE_H
#define USHERD_STORE_STORE_AUDIT_PRIVATE_H

#include "store/store_private.h"

/* ---- records ---- */

enum audit_part { AUDIT_SOURCE, AUDIT_PERSON, AUDIT_PART_COUNT };
enum { AUDIT_SALT_SIZE = 16 };
/* The id is the key's; strings are made in `arena`. */
enum err record_read_audit(struct audit_record *out, const char *id, struct arena *arena,
    const char *text, size_t len, struct fault *f);
enum audit_part_state { PART_NONE, PART_SOUND, PART_GONE, PART_WRONG };
enum err record_check_parts(
    const char *text, size_t len, enum audit_part_state states[AUDIT_PART_COUNT], struct fault *f);
/* The record without the parts of `mask` (1 << enum audit_part). Which of them it had; 0: nothing
 * was written. One that cannot be read has none. */
unsigned record_strip_parts(struct buf *b, const char *text, size_t len, unsigned mask);

/* ---- the audit trail's chain: store_record_chain.c, store_chain.c ---- */

struct chain_entry {
	char id[ID_SIZE];
	unsigned char hash[AUDIT_HASH_SIZE];
};
struct chain_block {
	uint64_t number;  /* from 1 on */
	uint64_t through; /* every record of this revision and older is named, here or before */
	unsigned char previous[AUDIT_HASH_SIZE], hash[AUDIT_HASH_SIZE];
	size_t count;
	struct chain_entry entries[AUDIT_BLOCK_MAX];
};
/* store_chain_waiting.c: records that no block names yet, in the order of their transactions. Only
 * so many are kept: what was made at `horizon` or later had no room, and is looked for again when
 * those before it are named. */
struct chain_waiting {
	struct {
		struct chain_entry entry;
		uint64_t created; /* the revision of its transaction */
	} * list;
	size_t count, room;
	uint64_t horizon;    /* UINT64_MAX: all had room */
	char least[ID_SIZE]; /* the least id of those that had none */
};
void waiting_reset(struct chain_waiting *w); /* keeps the memory, which the owner frees */
void waiting_forget(struct chain_waiting *w, uint64_t through); /* those are named */

/* Three keys tell of a block:
 *   chain/head  the newest one, written with it
 *   meta/chain  the newest one of a while ago, to be held against the head; number 0: none was ever
 *   chain/base  the last one that retention has taken away, and how far it is */
struct chain_mark {
	uint64_t number, through;
	unsigned char hash[AUDIT_HASH_SIZE];
	uint64_t lost; /* meta/chain: so often was the end of the chain found to be lost */
	/* chain/base: */
	uint64_t ending;      /* blocks up to this one are being taken away; 0: none */
	uint64_t told, taken; /* the last block that a record told of, records taken since */
	int64_t sources;      /* sources of records before this have ended; wall ms */
};
/* A record that is there and newer than what is named: `through`. */
void waiting_take(
    struct chain_waiting *w, const struct store *s, uint64_t through, const struct kv_item *item);
/* The next block behind `head`, of the first that wait. */
void waiting_fill_block(
    const struct chain_waiting *w, const struct chain_mark *head, struct chain_block *b);
enum { CHAIN_MARK_EVERY = 16 /* blocks, and with the first after a start */ };
#define CHAIN_HEAD   "chain/head"
#define CHAIN_BASE   "chain/base"
#define CHAIN_MARK   "meta/chain"
#define CHAIN_BLOCKS "chain/0" /* what the keys of blocks begin with, and no other */
struct store_key chain_block_key(uint64_t number);
void chain_hash_record(const char *line, size_t len, unsigned char out[AUDIT_HASH_SIZE]);
void chain_hash_block(const struct chain_block *b, unsigned char out[AUDIT_HASH_SIZE]);
void record_write_block(struct buf *b, const struct chain_block *block);
enum err record_read_block(struct chain_block *out, const char *text, size_t len, struct fault *f);
void chain_mark_block(struct chain_mark *m, const struct chain_block *b); /* it names this one */
void record_write_mark(struct buf *b, const struct chain_mark *m);
/* Of an item of the kv. */
enum err chain_open_block(
    const struct store *s, const struct kv_item *item, struct chain_block *out, struct fault *f);
enum err chain_open_mark(
    const struct store *s, const struct kv_item *item, struct chain_mark *out, struct fault *f);
enum err chain_hash_item(const struct store *s, const struct kv_item *item,
    unsigned char out[AUDIT_HASH_SIZE], struct fault *f);

/* store_chain_end.c: where the chain ends. A block and the head are written at once, so what does
 * not agree was taken away or put back by somebody else: the record "chain_head_lost" is written
 * with a new head, and the chain goes on behind whatever is the furthest. */
struct chain_end {
	struct chain_mark head, mark;
	uint64_t head_revision, mark_revision;
	char newest[ID_SIZE]; /* a record of the block at the head; "": that is not there */
	const char *lost;     /* what did not agree; NULL: nothing */
};
typedef void chain_end_cb(
    void *arg, enum err code, const struct chain_end *end, const struct fault *f);
struct store_op *chain_end_read(struct store *s, chain_end_cb *cb, void *arg);

/* Of the first of the lines. */
size_t audit_line_len(const char *text, size_t len);

/* ---- store_audit_trim.c: blocks that are too old ---- */

/* A step, as store_audit_sweep() does; `base` is chain/base as it stands. */
struct store_op *audit_trim(struct store *s, const struct chain_mark *base, uint64_t base_revision,
    int64_t records_before, audit_sweep_cb *cb, void *arg);

/* ---- store_audit_cover.c: which parts are whose, and why they may be gone ---- */

/* Ids, each with the newest revision it was told with. */
struct audit_ids {
	struct audit_id {
		char id[ID_SIZE];
		uint64_t revision;
	} * list; /* sorted */
	size_t count, room;
};
void audit_ids_add(struct audit_ids *ids, const char *id, uint64_t revision);
void audit_ids_release(struct audit_ids *ids);
/* The parts (1 << enum audit_part) that are theirs: what tells of somebody where they are the
 * subject, and the address where it was they who acted. Only ids that were told later than `after`
 * count. */
unsigned audit_parts_of(const struct audit_ids *ids, const struct audit_record *r, uint64_t after);
/* What a record of an erasure names. */
void audit_ids_of_erasure(struct audit_ids *ids, const struct audit_record *r, uint64_t revision);

/* Parts that are gone, until it is known whether they may be. */
struct audit_missing {
	struct audit_gone {
		struct audit_record r; /* what says whose they are */
		uint64_t created, block;
		unsigned parts;
	} * list;
	size_t count, room;
	struct arena *arena; /* NULL: none yet */
};
void missing_add(struct audit_missing *m, const struct audit_record *r, uint64_t created,
    uint64_t block, unsigned parts);
void missing_release(struct audit_missing *m);

/* ---- store_audit_named.c: what blocks name, in as little memory as goes ---- */

enum { NAMED_ID_SIZE = 16, NAMED_HASH_SIZE = 16, NAMED_BUCKETS = 1 << 16 };
struct named {
	unsigned char id[NAMED_ID_SIZE], hash[NAMED_HASH_SIZE]; /* the hash's first half */
	uint64_t block : 63, met : 1;
	uint32_t next; /* of its bucket, + 1 */
};
struct named_block {
	uint64_t number;
	unsigned char hash[NAMED_HASH_SIZE];
};
/* No step takes longer the more there are, but for the bucket's length. */
struct named_set {
	struct named *list;
	size_t count, room;
	size_t unmet;
	uint32_t *buckets; /* NULL: none yet */
	struct named_block *blocks;
	size_t block_count, block_room;
};
void named_add_block(struct named_set *n, const struct chain_block *b);
/* NULL: the id was named before, and `*before` tells by which block. */
struct named *named_add(
    struct named_set *n, const struct chain_entry *e, uint64_t block, uint64_t *before);
struct named *named_find(const struct named_set *n, const char *id);
void named_meet(struct named_set *n, struct named *one);
void named_id(const struct named *one, char out[ID_SIZE]);
const struct named_block *named_find_block(const struct named_set *n, uint64_t number);
void named_release(struct named_set *n);

/* ---- store_audit_erase.c: audit records of a page, written without some of their parts ---- */

enum { AUDIT_STRIP_MAX = KV_TXN_MAX - 1 }; /* and one key that tells of it */
struct audit_strip {
	struct store *store;
	struct arena *arena; /* of the page */
	struct buf text;
	struct kv_compare compares[KV_TXN_MAX];
	struct kv_write writes[KV_TXN_MAX];
	size_t count; /* of records */
	bool has_put;
};
void audit_strip_init(struct audit_strip *p, struct store *s);
void audit_strip_reset(struct audit_strip *p); /* for another page */
void audit_strip_release(struct audit_strip *p);
/* At most AUDIT_STRIP_MAX of a page. `text` is what was opened of `item`; one that has none of the
 * parts of `mask` (1 << enum audit_part) is not written. */
void audit_strip_add(
    struct audit_strip *p, const struct kv_item *item, const char *text, size_t len, unsigned mask);
/* Another key of the same transaction, after all of them. */
void audit_strip_put(
    struct audit_strip *p, const char *key, uint64_t revision, const struct buf *json);
/* All, if none has changed since. */
struct kv_op *audit_strip_send(
    struct audit_strip *p, struct failpoints *points, kv_txn_cb *cb, void *arg);

#endif
