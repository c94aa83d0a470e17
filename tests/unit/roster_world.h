/* A roster with a loop of its own, fed by hand. */
#ifndef USHERD_TESTS_ROSTER_WORLD_H
#define USHERD_TESTS_ROSTER_WORLD_H

#include "roster/roster_private.h"

struct roster_world {
	struct loop *loop;
	struct roster *roster;
	size_t out; /* batches that are not applied yet */
};

void world_open(struct roster_world *w);
void world_open_conf(struct roster_world *w, const struct roster_conf *conf); /* but the loop */
void world_close(struct roster_world *w);

/* An id whose first bytes are `n`, so that ids sort like numbers. */
void world_id(uint32_t n, unsigned char out[FEED_ID_SIZE]);
uint32_t world_number(const unsigned char id[FEED_ID_SIZE]);

/* A user of the directory below "ou=people,dc=x", active, with this name and nothing else. */
struct feed_user *world_user(struct feed_batch *b, uint32_t id, const char *name);
struct feed_user *world_invitation(struct feed_batch *b, uint32_t id, const char *name);
struct feed_item *world_item(struct feed_batch *b, enum feed_kind kind, uint32_t id);
void world_place(struct feed_batch *b, uint32_t id, const char *dn);
char *world_text(struct feed_batch *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void world_feed(struct roster_world *w, struct feed_batch *b);	/* does not wait */
void world_settle(struct roster_world *w);			/* until all are applied */
void world_apply(struct roster_world *w, struct feed_batch *b); /* and waits for all */
struct feed_batch *world_begin(enum feed_source source);	/* a batch that begins a refresh */
struct feed_batch *world_changes(void);				/* one of the directory */
void world_end(struct roster_world *w, enum feed_source source, bool absent_is_gone);
void world_broken(struct roster_world *w, enum feed_source source);
void world_limited(struct roster_world *w); /* a refresh of the directory, by its size limit */

#endif
