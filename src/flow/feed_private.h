/* The two halves of the feed: what the directory tells (flow_feed.c) and what the store tells
 * (flow_feed_store.c). Nobody else includes this. */
#ifndef USHERD_FLOW_FEED_PRIVATE_H
#define USHERD_FLOW_FEED_PRIVATE_H

#include "flow/flow_people.h"
#include "flow/flow_private.h"
#include "store/store.h"

/* Invitations of the store become rows of the roster, from now until freed. */
struct feed_store;
struct feed_store *feed_store_new(struct flow *f, struct roster *r);
void feed_store_free(struct feed_store *s);
bool feed_store_is_told(const struct feed_store *s); /* all of them, once */

/* When each open invitation ends (flow_feed_ends.c): one end of each. */
struct feed_ends;
struct feed_ends *feed_ends_new(void);
void feed_ends_free(struct feed_ends *e);
void feed_ends_set(struct feed_ends *e, const unsigned char id[FEED_ID_SIZE], int64_t at);
bool feed_ends_has(const struct feed_ends *e, const unsigned char id[FEED_ID_SIZE]);
void feed_ends_drop(struct feed_ends *e, const unsigned char id[FEED_ID_SIZE]); /* if it has one */
/* The earliest; false: there is none. */
bool feed_ends_first(const struct feed_ends *e, unsigned char id[FEED_ID_SIZE], int64_t *at);
void feed_ends_clear(struct feed_ends *e);

#endif
