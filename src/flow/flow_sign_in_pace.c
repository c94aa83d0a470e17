/* When a refusal is answered: at a multiple of the pace, by one timer that has run since the
 * request came. Were it set when the work ends, the moment of the answer would tell when that was.
 *
 * For nobody's account the directory hashes no password, so that the pace must be longer than that
 * takes, or refusals of real accounts come a multiple later. It follows what real accounts took:
 * the longest of the last 256 to 512 of them, twice, so that whoever wants it forgotten has to let
 * it be measured anew. Until the first of them, and beyond the longest pace, it cannot know. */
#include "flow/sign_in_private.h"

enum { PACE_COUNTS = 256, PACE_UNITS_MAX = 10 };

void
pace_saw(struct pace *p, int64_t took_ms)
{
	if (++p->count > PACE_COUNTS) {
		p->max_before_ms = p->max_ms;
		p->max_ms = 0;
		p->count = 1;
	}
	if (took_ms > p->max_ms)
		p->max_ms = took_ms;
}

int64_t
pace_ms(const struct pace *p)
{
	int64_t max = p->max_ms > p->max_before_ms ? p->max_ms : p->max_before_ms;
	int64_t units = (2 * max + p->unit_ms - 1) / p->unit_ms;

	if (units > PACE_UNITS_MAX)
		units = PACE_UNITS_MAX;
	return (units > 0 ? units : 1) * p->unit_ms;
}

/* The next multiple, counted from the beginning: what a timer is late by does not add up. */
static void
sign_in_on_tick(void *arg)
{
	struct sign_in *s = arg;
	struct secret *none = NULL;
	int64_t gone;

	if (s->is_refused) {
		sign_in_finish(s, NULL, &none);
		return;
	}
	gone = clock_mono_ms(s->all->flow->conf.clock) - s->began_at;
	s->tick_ms += s->pace_ms;
	if (s->tick_ms <= gone)
		s->tick_ms = (gone / s->pace_ms + 1) * s->pace_ms;
	loop_timer_set(s->timer, s->tick_ms - gone);
}

void
sign_in_begin_pace(struct sign_in *s)
{
	s->pace_ms = s->tick_ms = pace_ms(&s->all->pace);
	s->timer = loop_timer_new(s->all->flow->conf.loop, sign_in_on_tick, s);
	loop_timer_set(s->timer, s->tick_ms);
}
