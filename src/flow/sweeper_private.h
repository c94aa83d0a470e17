/* The common part of those that tidy up in the background: their files say what, how often, and how
 * much in one step. */
#ifndef USHERD_FLOW_SWEEPER_PRIVATE_H
#define USHERD_FLOW_SWEEPER_PRIVATE_H

#include "flow/flow_private.h"

/* First member of a sweeper that has more. */
struct sweeper {
	struct flow *flow;
	struct loop_timer *timer; /* set by the end of each step */
	struct store_op *op;	  /* of the step under way, or NULL */
};

/* `size` bytes that begin with one, zeroed behind it; `step` gets them after `first_ms`. */
void *sweeper_new(struct flow *f, size_t size, loop_cb *step, int64_t first_ms);
/* NULL is fine. What a sweeper has more is freed first. */
void sweeper_free(struct sweeper *s);

#endif
