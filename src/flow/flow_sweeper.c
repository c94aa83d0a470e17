/* What all sweepers are: one that goes through the store again and again, a step each time its
 * timer runs, and never two steps at once. */
#include <stdlib.h>

#include "base/mem.h"
#include "flow/sweeper_private.h"

void *
sweeper_new(struct flow *f, size_t size, loop_cb *step, int64_t first_ms)
{
	struct sweeper *s = mem_alloc(size);

	s->flow = f;
	s->timer = loop_timer_new(f->conf.loop, step, s);
	loop_timer_set(s->timer, first_ms);
	return s;
}

void
sweeper_free(struct sweeper *s)
{
	if (s == NULL)
		return;
	if (s->op != NULL)
		store_cancel(s->op);
	loop_timer_free(s->timer);
	free(s);
}
