/* One run of verifying the audit trail: store_audit_verify.c reads, store_audit_judge.c says what
 * is wrong, store_audit_ask.c tells those who asked. */
#ifndef USHERD_STORE_STORE_AUDIT_VERIFY_H
#define USHERD_STORE_STORE_AUDIT_VERIFY_H

#include "store/store_audit_private.h"

/* What tells of a block by number and hash; number 0: nothing does. */
enum { WITNESS_KNOWN, WITNESS_HEAD, WITNESS_MARK, WITNESS_COUNT };
struct verify_witness {
	const char *name;
	struct audit_head head;
	bool met;
};
/* Blocks that were not there, before one that was. */
struct verify_gap {
	uint64_t from, behind;
	unsigned char previous[AUDIT_HASH_SIZE]; /* which the block behind names */
};
struct verify {
	struct store_op op; /* first */
	audit_verify_cb *cb;
	struct audit_verdict verdict;
	struct verify_witness witness[WITNESS_COUNT];
	struct chain_mark base, head, mark, later; /* later: the base at the end */
	struct chain_block *block, *before; /* this one and the one before it; number 0: none */
	struct verify_gap gaps[AUDIT_FAULTS_MAX];
	size_t gap_count;
	uint64_t to_revision; /* what is written later is not looked at: blocks were read before */
	int64_t to_time;      /* wall ms of that moment */
	bool is_behind; /* the chain still names what an older version or an outage left unnamed */
	struct named_set named;
	struct audit_ids erased;      /* whose parts were */
	struct audit_missing missing; /* parts */
	uint64_t lost_met;	      /* records of an end that was lost */
	char after[KV_KEY_MAX];
	size_t after_len;
	struct loop_timer *turn; /* of judging, part by part */
	size_t judged;
};

struct store_op *verify_start(
    struct store *s, const struct audit_head *known, audit_verify_cb *cb, void *arg);
void verify_finish(struct verify *v, enum err code, const struct fault *f);
void verify_fault(struct verify *v, const char *record, uint64_t block, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* False: it could not be looked at, and that was told. One that cannot be read counts as gone. */
bool verify_take_mark(struct verify *v, enum err code, const struct kv_item *item,
    struct chain_mark *out, const struct fault *f);
void verify_keep_place(struct verify *v, const struct kv_item *item);
void verify_read_records(struct verify *v); /* all of them, and then on to the end */
/* All was read, the base again, too; finishes. */
void verify_judge(struct verify *v);
void verify_judge_turn(void *arg);

#endif
