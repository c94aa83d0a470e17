/* How soon somebody may try again. The keys: where a request comes from, the link it comes with, or
 * nobody in particular. */
#include "web/web_private.h"

#include "auth/throttle.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };

static const struct throttle_conf policies[WEB_LIMITS] = {
	/* Made of [limits] join_rate: so many at once, then evenly, and all anew after a quiet
	 * minute. An office behind one address registers together on its first day. */
	[WEB_LIMIT_POSTS] = { .forget_ms = MINUTE_MS, .places = 4096 },
	/* A mistyped or cut link is tried a few times, and a scanner of mails opens old ones; 256
	 * random bits are not guessed anyway, so this is about the work and the log. Fewer are free
	 * when join_rate is less. */
	[WEB_LIMIT_UNKNOWN] = { .free = 20,
	    .first_ms = SECOND_MS,
	    .max_ms = 5 * MINUTE_MS,
	    .forget_ms = HOUR_MS,
	    .places = 4096 },
	/* All sources together, for a crowd in which each stays below its own limit. The delay
	 * stays short: whoever has an old link should still be told so. */
	[WEB_LIMIT_CROWD] = { .free = 1000,
	    .first_ms = 100,
	    .max_ms = 2 * SECOND_MS,
	    .forget_ms = MINUTE_MS,
	    .places = 1 },
	/* By link. People need several tries for a password that the policy takes; a program that
	 * goes on and on learns the policy and costs us a look at the store each time. The holder
	 * of a link can only slow down themselves. */
	[WEB_LIMIT_FORMS] = { .free = 20,
	    .first_ms = SECOND_MS,
	    .max_ms = MINUTE_MS,
	    .forget_ms = 10 * MINUTE_MS,
	    .places = 4096 },
};

void
web_limits_init(struct web *w, size_t posts_per_minute)
{
	if (posts_per_minute == 0)
		return;
	for (size_t i = 0; i < WEB_LIMITS; i++) {
		struct throttle_conf conf = policies[i];
		const unsigned most = (unsigned)posts_per_minute;

		if (i == WEB_LIMIT_POSTS) {
			conf.free = most;
			conf.first_ms = 1 + (MINUTE_MS - 1) / (int64_t)posts_per_minute;
			conf.max_ms = conf.first_ms;
		} else if (i == WEB_LIMIT_UNKNOWN && conf.free > most)
			conf.free = most;
		w->limits[i] = throttle_new(&conf);
	}
}

void
web_limits_release(struct web *w)
{
	for (size_t i = 0; i < WEB_LIMITS; i++)
		throttle_free(w->limits[i]);
}

/* Seconds to wait; 0: it may go on, and counts. */
static unsigned
limit_take(struct web_visit *v, enum web_limit limit, const void *key, size_t len)
{
	struct throttle *t = v->w->limits[limit];
	int64_t wait = t == NULL ? 0 : throttle_take(t, key, len, clock_mono_ms(v->w->clock));

	return wait > 0 ? throttle_seconds(wait) : 0;
}

static unsigned
limit_take_source(struct web_visit *v, enum web_limit limit)
{
	unsigned char source[THROTTLE_SOURCE_SIZE];

	throttle_source(http_request_of(v->x)->client, source);
	return limit_take(v, limit, source, sizeof(source));
}

unsigned
web_limit_post(struct web_visit *v)
{
	return limit_take_source(v, WEB_LIMIT_POSTS);
}

unsigned
web_limit_unknown(struct web_visit *v)
{
	unsigned wait_s = limit_take_source(v, WEB_LIMIT_UNKNOWN);

	return wait_s > 0 ? wait_s : limit_take(v, WEB_LIMIT_CROWD, "", 0);
}

unsigned
web_limit_form(struct web_visit *v)
{
	unsigned wait_s = limit_take(v, WEB_LIMIT_FORMS, &v->token, sizeof(v->token));

	v->is_counted = wait_s == 0;
	return wait_s;
}

void
web_limit_settle(struct web_visit *v)
{
	struct throttle *t = v->w->limits[WEB_LIMIT_FORMS];

	if (v->is_counted && !v->is_refused && t != NULL)
		throttle_forgive(t, &v->token, sizeof(v->token), false);
	v->is_counted = false;
}
