/* A small world for the use cases: the real store on kv_memory, a directory in memory, a clock that
 * the test owns. Each verb runs the loop until its answer is there; five seconds without one fail
 * the test. */
#ifndef USHERD_TESTS_WORLD_H
#define USHERD_TESTS_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../fakes/fake_dir.h"
#include "../fakes/fake_kv.h"
#include "flow/flow.h"

struct world {
	struct loop *loop;
	struct kv *memory, *kv;
	struct seal *seal;
	struct store *store;
	struct dir *dir;
	struct blocklist *blocklist; /* empty */
	struct flow *flow;
	struct clock clock;
	int64_t now;	/* by the wall clock */
	int64_t set_by; /* so far is the wall clock ahead of where it would be untouched */
	struct flow_conf conf;
	struct flow_caller caller; /* of every verb; "test", who reaches everything */
	bool waiting, timed_out;
	struct loop_timer *guard;
};

struct world_link {
	enum err code;
	char id[ID_SIZE], uid[PERSON_UID_MAX + 1];
	struct token_hash token;
	char first_field[32], first_code[32];
	char groups[256]; /* each with a semicolon */
	size_t error_count;
};

struct world_answer {
	enum err code;
	char uid[PERSON_UID_MAX + 1];
	char first_field[32], first_code[32];
	size_t count; /* how many times the callback ran */
	struct world *world;
};

struct world *world_new(enum dir_password_mode mode);
void world_free(struct world *w);
/* kill -9 and start again: all that is in memory is gone. */
void world_crash(struct world *w);
/* Somebody sets the wall clock. */
void world_set_clock(struct world *w, int64_t by);

extern const struct person world_ada;
struct world_link world_invite(struct world *w, const struct person *p);
struct world_answer world_accept(
    struct world *w, const struct token_hash *token, const char *password, const char *attempt);
/* Starts and does not wait; `out` is filled when the answer comes. */
void world_accept_start(struct world *w, const struct token_hash *token, const char *password,
    const char *attempt, struct world_answer *out);
enum accept_view_state world_view(
    struct world *w, const struct token_hash *token, const char *attempt);
enum err world_revoke(struct world *w, const char *id);
enum err world_relink(struct world *w, const char *id, struct token_hash *token);
enum invitation_state world_state(struct world *w, const char *id);

/* What stands under the key of the store is nothing that anybody can read. */
void world_put_damaged(struct world *w, const char *key);

/* Run the loop until `test` holds; false after five seconds. */
bool world_until(struct world *w, bool (*test)(struct world *w, void *arg), void *arg);
void world_stop_waiting(struct world *w);
void world_wait(struct world *w); /* until world_stop_waiting() */

#endif
