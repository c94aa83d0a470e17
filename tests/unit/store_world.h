/* The store on the memory kv with a clock of its own, each operation as if it were a function; the
 * last answer stays in the world. */
#ifndef USHERD_TESTS_STORE_WORLD_H
#define USHERD_TESTS_STORE_WORLD_H

#include "kv_call.h"
#include "store/store.h"

enum { HOUR = 3600 * 1000 };

struct world {
	struct loop *loop;
	struct kv *kv;
	struct seal *seal;
	struct store *store;
	struct clock clock;
	int64_t now;
	/* The last answer. */
	int calls;
	enum err code;
	uint64_t revision;
	struct store_taken taken;
	struct fault fault;
	struct invitation *inv;
	size_t count;
	bool more;
	char next[ID_SIZE], ids[STORE_LIST_MAX][ID_SIZE];
};

/* A world over a kv of somebody else's, prepared; and its end. */
struct world *world_over(struct loop *loop, struct kv *kv);
void world_end(struct world *w);
/* As if the process had ended and another one had begun. */
void world_restart(struct world *w);

/* cmocka's: `*state` is the world. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* What happens to the next transactions: carried out or not, and the answer is lost. */
enum loss { LOSE_NOTHING, LOSE_REQUEST, LOSE_ANSWER };
void world_lose(const enum loss *losses, size_t count);

/* Callbacks that keep the answer, and the wait for one of them. */
void world_on_done(void *arg, enum err code, const struct fault *f);
void world_on_issue(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f);
void world_on_save(void *arg, enum err code, uint64_t revision, const struct fault *f);
void world_on_load(void *arg, enum err code, struct invitation **inv, const struct fault *f);
void world_on_list(void *arg, enum err code, struct invitation *const *list, size_t count,
    bool more, const char *next, const struct fault *f);
enum err world_run(struct world *w, struct store_op *op);

extern const struct store_note world_note;
enum err world_issue(struct world *w, const struct invitation *inv);
enum err world_save(struct world *w, const struct invitation *before,
    const struct invitation *after, enum invitation_event event);
enum err world_load(struct world *w, const char *id);
struct invitation *world_make(
    struct world *w, const char *uid, const char *mail, const char *phone);

/* Issue one and bring it to `events` through the store; w->inv is what was loaded last. */
void world_live(
    struct world *w, struct invitation *inv, const enum invitation_event *events, size_t count);
size_t world_keys(struct world *w, const char *prefix);

#endif
