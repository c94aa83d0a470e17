/* A roster, and a plain list of the same people whose answers are made by looking at each of them:
 * names in several scripts, absent values, equal keys. */
#ifndef USHERD_TESTS_ROSTER_MODEL_H
#define USHERD_TESTS_ROSTER_MODEL_H

#include "roster/query_private.h"

enum { MODEL_PLACES = 4, MODEL_PLACE_NONE = MODEL_PLACES };

struct model_row {
	unsigned char id[FEED_ID_SIZE];
	enum feed_status status;
	char name[96], mail[96], phone[32], position[48]; /* "": absent */
	unsigned place;					  /* in the order of the list */
	int64_t registered_at, last_activity_at;
	bool gone;
};

struct model {
	struct loop *loop;
	struct seal *seal;
	struct roster *roster;
	struct model_row *rows;
	size_t count;
	unsigned seed;
};

extern const char *const model_places[MODEL_PLACES]; /* DNs, in the order of the list */

/* A roster that is loading and knows nobody. */
struct model *model_new(void);
void model_free(struct model *m); /* the roster may be gone already */

unsigned model_random(struct model *m, unsigned bound);
/* Both sources have told all they know, which is `count` more people. Returns once new queries see
 * them. */
void model_fill(struct model *m, size_t count);
void model_add(struct model *m, size_t count);
void model_remove(struct model *m, size_t row);
void model_feed(struct model *m, struct feed_batch *b); /* of people that the model ignores */

/* ---- the naive answers ---- */

bool model_matches(const struct model_row *row, const struct roster_query *q);
/* Row numbers of the model in the order of the query; `count` and the total as a page has them. */
size_t model_list(const struct model *m, const struct roster_query *q, size_t *rows,
    uint64_t count[FEED_STATUS_COUNT]);

/* ---- asking the roster ---- */

struct answer {
	struct loop *loop;
	unsigned calls, releases;
	enum err code;
	struct fault fault;
	struct roster_page page;
	char cursor[ROSTER_CURSOR_MAX + 1]; /* "" at the end */
	unsigned char ids[ROSTER_LIMIT_MAX][FEED_ID_SIZE];
	char names[ROSTER_LIMIT_MAX][96];
	size_t rendered;
};
/* Returns when it is answered. */
void model_ask(struct model *m, const struct roster_query *q, struct answer *a);
/* What roster_list_start() wants; `arg` is the answer. */
void answer_render(void *arg, size_t index, const struct roster_row *row);
void answer_release(void *arg);
void answer_take(void *arg, enum err code, const struct roster_page *page, const struct fault *f);

#endif
