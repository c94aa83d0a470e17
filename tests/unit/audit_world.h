/* A store whose audit trail is written, damaged, verified and listed by one call each. */
#ifndef USHERD_TESTS_AUDIT_WORLD_H
#define USHERD_TESTS_AUDIT_WORLD_H

#include "store_world.h"
#include "store/store_audit_private.h"

#define ADA   "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define BEA   "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define SALES "ou=sales,dc=example"
#define LABS  "ou=labs,dc=example"

/* Ada, of sales, with an address and what she changed; Bea's token, of labs; nobody. */
extern const struct store_note trail_by_ada, trail_by_bea, trail_by_system;

struct trail {
	struct world *w;
	int troubles;
	struct audit_verdict verdict;
	/* Of the last listing, copied. */
	struct {
		char id[ID_SIZE], event[32], source[64], personal[64], subject_id[64], detail[128];
		bool source_ended, is_erased;
		int64_t at;
	} row[AUDIT_LIST_MAX];
	size_t count;
	char next[ID_SIZE];
	uint64_t erased;
	bool more;
};

/* cmocka's: `*state` is the trail. */
int trail_set_up(void **state);
int trail_tear_down(void **state);

/* On a kv of its own, or on one of somebody else's. */
void trail_init(struct trail *t, struct loop *loop, struct kv *kv);
void trail_release(struct trail *t);

/* One record, in a transaction of its own, at the world's time. */
void trail_write(
    struct trail *t, const char *event, const char *subject_id, const struct store_note *note);
void trail_write_many(struct trail *t, size_t count);
void trail_write_three_blocks(struct trail *t); /* of two records: Ada's of Bea, Bea's of Ada */

void trail_chain(struct trail *t);   /* starts the sequencer */
void trail_wait(struct trail *t);    /* until all is named */
void trail_name(struct trail *t);    /* at once */
void trail_restart(struct trail *t); /* the process ends at once; another one begins */
struct audit_head trail_head(const struct trail *t);

/* What stands under a key: opened, and put back sealed. */
char *trail_text(struct trail *t, const char *key); /* the caller frees it; NULL: nothing */
void trail_put(struct trail *t, const char *key, const char *text); /* NULL: deletes it */
void trail_edit(struct trail *t, const char *key, const char *from, const char *to);
/* The n-th key below a prefix, from 0 on. */
struct store_key trail_key(struct trail *t, const char *prefix, size_t n);

const char *trail_record(struct trail *t, size_t n); /* the key of one */
/* Whether one of the faults of the last verdict has these words. */
bool trail_says(const struct trail *t, const char *words);

/* How many faults there are; the verdict stays in `t`. */
uint64_t trail_verify(struct trail *t, const struct audit_head *known);
void trail_list(struct trail *t, const struct audit_query *q);
enum err trail_erase(struct trail *t, const char *id);
enum err trail_sweep(struct trail *t, int64_t sources_before, int64_t records_before);

#endif
