/* How soon a source may try again. One from which nobody has signed in lately is given little; one
 * that an office shares, more. When many fail at once from everywhere, those that nobody knows are
 * hurried out: each still has one failure, so that whoever comes for the first time is let in. */
#include <stdlib.h>

#include "base/mem.h"
#include "flow/sign_in_private.h"

enum {
	SOURCE_FORGET_MS = 3600 * 1000,
	SOURCE_PLACES = 65536,
	CROWD_BURST = 300,	     /* failures of strangers, all of them together */
	CROWD_MAX = 2 * CROWD_BURST, /* so that the hurry ends a minute after the crowd */
	CROWD_REFILL_MS = 200	     /* one of them is forgotten each */
};

static const struct throttle_conf stranger_conf = {
	.free = 5,
	.first_ms = 1000,
	.max_ms = 15 * 60 * 1000,
	.forget_ms = SOURCE_FORGET_MS,
	.places = SOURCE_PLACES,
};
static const struct throttle_conf office_conf = {
	.free = 30,
	.first_ms = 1000,
	.max_ms = 60 * 1000,
	.forget_ms = SOURCE_FORGET_MS,
	.places = SOURCE_PLACES / 8,
};
static const struct throttle_conf hurry_conf = {
	.free = 1,
	.first_ms = 60 * 1000,
	.max_ms = 15 * 60 * 1000,
	.forget_ms = SOURCE_FORGET_MS,
	.places = SOURCE_PLACES,
};

/* Who was told that they have to wait, for a while. */
static const struct throttle_conf told_conf = {
	.free = 1,
	.first_ms = 15 * 60 * 1000,
	.max_ms = 15 * 60 * 1000,
	.forget_ms = SOURCE_FORGET_MS,
	.places = SOURCE_PLACES,
};

struct sign_in_sources {
	struct throttle *strangers, *offices, *hurry, *told;
	int64_t crowd, crowd_at; /* failures that count, and when they were counted down last */
};

struct sign_in_sources *
sign_in_sources_new(void)
{
	struct sign_in_sources *s = mem_alloc(sizeof(*s));

	s->strangers = throttle_new(&stranger_conf);
	s->offices = throttle_new(&office_conf);
	s->hurry = throttle_new(&hurry_conf);
	s->told = throttle_new(&told_conf);
	return s;
}

void
sign_in_sources_free(struct sign_in_sources *s)
{
	if (s == NULL)
		return;
	throttle_free(s->strangers);
	throttle_free(s->offices);
	throttle_free(s->hurry);
	throttle_free(s->told);
	free(s);
}

static bool
crowd_is_pressing(struct sign_in_sources *s, int64_t now)
{
	int64_t gone = (now - s->crowd_at) / CROWD_REFILL_MS;

	if (gone > 0) {
		s->crowd = s->crowd > gone ? s->crowd - gone : 0;
		s->crowd_at += gone * CROWD_REFILL_MS;
	}
	return s->crowd >= CROWD_BURST;
}

static int64_t
sources_take(struct sign_in_sources *s, struct source_turn *turn, int64_t now)
{
	int64_t wait, hurry;

	turn->in_crowd = turn->counts_in_hurry = false;
	if (turn->is_known)
		return throttle_take(s->offices, turn->key, sizeof(turn->key), now);
	wait = throttle_take(s->strangers, turn->key, sizeof(turn->key), now);
	if (wait > 0)
		return wait;
	hurry = throttle_take(s->hurry, turn->key, sizeof(turn->key), now);
	if (crowd_is_pressing(s, now) && hurry > 0) {
		throttle_forgive(s->strangers, turn->key, sizeof(turn->key), false);
		return hurry;
	}
	turn->counts_in_hurry = hurry == 0;
	turn->in_crowd = true;
	if (s->crowd < CROWD_MAX)
		s->crowd++;
	return 0;
}

/* One that is taken twice has to wait. */
static bool
sources_tell(struct sign_in_sources *s, const struct source_turn *turn, int64_t now)
{
	if (throttle_take(s->told, turn->key, sizeof(turn->key), now) > 0)
		return false;
	(void)throttle_take(s->told, turn->key, sizeof(turn->key), now);
	return true;
}

int64_t
sign_in_sources_take(struct sign_in_sources *s, struct source_turn *turn, int64_t now, bool *news)
{
	int64_t wait = sources_take(s, turn, now);

	*news = wait > 0 && sources_tell(s, turn, now);
	return wait;
}

void
sign_in_sources_settle(
    struct sign_in_sources *s, const struct source_turn *turn, enum sign_in_verdict verdict)
{
	bool all = verdict == SIGN_IN_RIGHT && !turn->is_known;

	if (verdict == SIGN_IN_WRONG || (verdict == SIGN_IN_HELD && !turn->is_known))
		return;
	/* A shared source does not begin anew because one of its people knows a password. */
	throttle_forgive(
	    turn->is_known ? s->offices : s->strangers, turn->key, sizeof(turn->key), all);
	if (turn->counts_in_hurry)
		throttle_forgive(s->hurry, turn->key, sizeof(turn->key), all);
	if (turn->in_crowd && s->crowd > 0)
		s->crowd--;
}
