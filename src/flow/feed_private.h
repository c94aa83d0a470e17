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

#endif
