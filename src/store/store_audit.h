/* The audit trail: what was done, by whom, on whom, from where; append-only and chained.
 *
 * A record (audit/UUIDv7) is written in the transaction of what it tells. Its value is two lines of
 * JSON. The first is the record: ids, times, event, actor, what is no personal data, and for each
 * part of the second line a hash (BLAKE2b, salted with 128 bits that are kept in that part). The
 * second holds the parts: "source" (the client's address) and "person" (values before and after,
 * names). So parts can be erased, each alone, and the record and the chain stay as they were.
 * Records of schema 2 and older have one line and no parts.
 *
 * Transactions commit side by side, so a record cannot name the one before it. A moment later, at
 * most AUDIT_CHAIN_MS, a block (chain/NUMBER in 16 hexadecimal digits) names them in the order of
 * commits, each by the hash of its first line, and holds the hash of the block before: whatever is
 * edited, left out or put in shows. It tells through which revision of the store that is all, and
 * chain/head, written with it, which block is the newest. What a crash left unnamed is named at the
 * next start.
 *
 * What is cut off at the end shows as long as the head, or meta/chain, which a new store begins
 * with and which follows the head every few blocks, does not agree with the blocks: a start then
 * writes the record "chain_head_lost", and verifying tells of it for ever. That is no proof against
 * whoever puts an older head and an older mark back, which they copied before and need no key for,
 * or who has the key and the patience to write a chain anew. Against them the head is logged ("the
 * audit trail's head": number and hash): only one that was kept elsewhere proves that nothing
 * before it was taken away, and nothing proves it of what came after the last one that was kept.
 *
 * Retention deletes whole blocks from the oldest on with their records; chain/base then says where
 * the chain begins and up to which time sources have ended, and a record tells which blocks went.
 * An erasure is told by a record before anything goes. Parts that are missing for neither reason
 * are a fault.
 *
 * Promises, codes and ownership as in store.h. */
#ifndef USHERD_STORE_STORE_AUDIT_H
#define USHERD_STORE_STORE_AUDIT_H

#include "store/store.h"

enum {
	AUDIT_CHAIN_MS = 200,
	AUDIT_BLOCK_MAX = 256, /* records of a block */
	AUDIT_LIST_MAX = 500,
	AUDIT_LOOK_MAX = 5000, /* records that one listing looks at */
	AUDIT_HASH_SIZE = 32
};

struct audit_head {
	uint64_t number; /* of the newest block; 0: there is none */
	unsigned char hash[AUDIT_HASH_SIZE];
};

/* ---- the chain (store_chain.c) ---- */

/* Names every record that is not named yet, and from then on each soon after it is written. Call
 * once, when the store is prepared. One process writes to a store; that a block is written by
 * compare-and-swap is for transactions whose fate is not known. `trouble`: blocks cannot be written
 * at the moment (words for the log), it goes on trying; ERR_CORRUPT: the end of the chain was lost,
 * or cannot be read. */
void store_chain_start(
    struct store *s, void (*trouble)(void *arg, const struct fault *f), void *arg);
/* Names what is written and not named yet now, for a process that is about to end. `done` runs once
 * when it is, or when that cannot be at the moment: the next start does it then. */
void store_chain_flush(struct store *s, loop_cb *done, void *arg);
/* Whether all that is written is named; and the head. */
bool store_chain_head(const struct store *s, struct audit_head *out);

struct audit_fault {
	char record[ID_SIZE]; /* "" when it is about a block */
	uint64_t block;	      /* 0 when it is about no block */
	char text[FAULT_TEXT_MAX];
};
enum { AUDIT_FAULTS_MAX = 50 };
struct audit_verdict {
	uint64_t records, blocks,
	    unnamed; /* unnamed: not yet, and younger than five minutes or left by an outage */
	uint64_t erased, sources_ended; /* parts that were taken away */
	struct audit_head first, head;
	struct audit_fault faults[AUDIT_FAULTS_MAX];
	uint64_t fault_count; /* also those that found no room; 0: sound */
};
/* Read all of it: each block's hash and number, each record against its block, records that no
 * block names, parts against their hashes. `known` (number 0: none): a head that was logged, which
 * must be in the chain. Page by page: the store serves others meanwhile, and retention may go on.
 * There is one at a time: whoever asks the same meanwhile gets its verdict, too, and whoever asks
 * with another `known` ERR_BUSY. */
typedef void audit_verify_cb(
    void *arg, enum err code, const struct audit_verdict *verdict, const struct fault *f);
struct store_op *store_audit_verify(
    struct store *s, const struct audit_head *known, audit_verify_cb *cb, void *arg);

/* ---- reading (store_audit.c) ---- */

struct audit_record {
	char id[ID_SIZE];
	int64_t at; /* wall ms */
	const char *event, *actor, *request_id, *state;
	const char *subject, *subject_id; /* "user", "invitation", ... and which; NULL: none */
	const char *person;		  /* whose rights the actor used: entryUUID, or NULL */
	const char *org_unit, *moved_to;  /* of a move both places; else moved_to is NULL */
	const char *detail;		  /* JSON, or NULL */
	const char *source;		  /* or NULL: there was none, or it has ended */
	const char *personal;		  /* JSON, or NULL */
	bool source_ended, is_erased;
};
/* NULL and 0 ask nothing. `about`: an id that is subject, actor's person, or named in the actor. */
struct audit_query {
	int64_t from, to; /* wall ms, [from, to) */
	const char *event, *actor, *about, *subject, *request_id;
	const struct reach *reach; /* records of no org unit are for those who reach everything */
	bool oldest_first;
	const char *after; /* the id to go on behind, in that order; NULL: from the first */
	size_t limit;	   /* 1 to AUDIT_LIST_MAX */
};
/* Newest first. `next`: go on behind it (there may be fewer than `limit`, even none, before an end:
 * at most AUDIT_LOOK_MAX are looked at); NULL: that was all. One that cannot be read is told by `f`
 * as store_list() does. */
typedef void audit_list_cb(void *arg, enum err code, const struct audit_record *list, size_t count,
    const char *next, const struct fault *f);
struct store_op *store_audit_list(
    struct store *s, const struct audit_query *q, audit_list_cb *cb, void *arg);

/* ---- erasing and retention (store_audit_erase.c, store_audit_sweep.c) ---- */

/* Take away what is this person's (by id: entryUUID, or the id of an invitation or of a token): the
 * part "person" of records of which they are the subject, and the part "source" of those where it
 * was they who acted. What they did to others stays, but for their address. Before the first part
 * goes the record "person_erasing" names the ids, and "person_erased" at the end, with the number
 * of records; who repeats it after a crash finds what is left. `erased`: records that had such
 * parts. ERR_BUSY: they are being changed all the while. */
typedef void audit_erase_cb(void *arg, enum err code, uint64_t erased, const struct fault *f);
struct store_op *store_audit_erase(struct store *s, const char *const *ids, size_t count,
    const struct store_note *note, audit_erase_cb *cb, void *arg);

/* A step of retention: sources of records before `sources_before` end, blocks whose records are all
 * before `records_before` go, from the oldest on. `more`: call again. All that goes until there is
 * no more is told by one record, "audit_trimmed", and a block with nothing but such a record waits
 * for the next one that is old. ERR_CORRUPT: the next block does not follow; nothing goes then. */
typedef void audit_sweep_cb(void *arg, enum err code, bool more, const struct fault *f);
struct store_op *store_audit_sweep(
    struct store *s, int64_t sources_before, int64_t records_before, audit_sweep_cb *cb, void *arg);

#endif
