/* Keeps the roster fed: its warm file first, then the directory from the cookie that was in it, and
 * the store beside. */
#include "flow/flow_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/feed_private.h"
#include "log/log.h"

enum {
	FEED_COMPARE_MS = 10 * 60 * 1000, /* a full compare of a server that cannot push */
	FEED_DOUBT_MS = 30 * 1000, /* what the servers tell first should be in the list by then */
	FEED_BATCHES_OUT = 8
};

struct flow_feed {
	struct flow *flow;
	struct roster *roster;
	int64_t poll_ms, activity_ms;
	struct dir_follow *follow; /* NULL until the warm file is read */
	struct feed_store *store;
	enum dir_follow_state state;
	enum flow_feed_method method;
	char text[FAULT_TEXT_MAX];
	bool said; /* something was said of the state `said_state` */
	enum dir_follow_state said_state;
	char said_text[FAULT_TEXT_MAX];
};

static void
feed_on_applied(void *arg)
{
	struct flow_feed *feed = arg;

	dir_follow_applied(feed->follow);
}

static void
feed_on_batch(void *arg, struct feed_batch *b)
{
	struct flow_feed *feed = arg;

	roster_feed_take(feed->roster, b, feed_on_applied, feed);
}

static void
feed_say(enum dir_follow_state state, const char *text)
{
	switch (state) {
	case DIR_FOLLOW_AWAY:
		log_warning("the people list cannot follow the directory; it shows what it knew",
		    "reason", text);
		return;
	case DIR_FOLLOW_CUT_SHORT:
		log_warning("somebody may be missing in the people list", "reason", text);
		return;
	case DIR_FOLLOW_PERSISTING:
		if (text[0] != '\0')
			log_warning("the people list follows the directory, but not all of it",
			    "reason", text);
		else
			log_info("the people list follows the directory");
		return;
	case DIR_FOLLOW_POLLING:
		log_info("the people list asks the directory for changes", "reason", text);
		return;
	case DIR_FOLLOW_REFRESHING:
		log_debug("the people list is being read from the directory");
	}
}

/* What is wrong, without the number of entries in front of it: another number is no news. */
static bool
feed_is_said(const struct flow_feed *feed, enum dir_follow_state state, const char *text)
{
	static const char digits[] = "0123456789";
	const char *said = feed->said_text;

	if (!feed->said || feed->said_state != state)
		return false;
	return state != DIR_FOLLOW_PERSISTING ||
	       strcmp(said + strspn(said, digits), text + strspn(text, digits)) == 0;
}

/* Every try of a server that is away is a refresh: said once, whatever is tried in between. */
static void
feed_on_state(void *arg, enum dir_follow_state state, const char *text)
{
	struct flow_feed *feed = arg;

	feed->state = state;
	if (state == DIR_FOLLOW_PERSISTING || state == DIR_FOLLOW_POLLING)
		feed->method = state == DIR_FOLLOW_PERSISTING ? FLOW_FEED_SYNC : FLOW_FEED_POLL;
	snprintf(feed->text, sizeof(feed->text), "%s", text != NULL ? text : "");
	if (state == DIR_FOLLOW_REFRESHING) {
		feed_say(state, "");
		return;
	}
	if (feed_is_said(feed, state, feed->text))
		return;
	feed->said = true;
	feed->said_state = state;
	memcpy(feed->said_text, feed->text, sizeof(feed->said_text));
	feed_say(state, feed->text);
}

static void
feed_on_warm(
    void *arg, const void *cookie, size_t cookie_len, uint64_t users, const struct fault *f)
{
	struct flow_feed *feed = arg;
	const struct dir_follow_conf conf = { .dir = feed->flow->conf.dir,
		.poll_ms = feed->poll_ms,
		.compare_ms = FEED_COMPARE_MS,
		.doubt_ms = FEED_DOUBT_MS,
		.activity_ms = feed->activity_ms,
		.batches_out = FEED_BATCHES_OUT,
		.on_batch = feed_on_batch,
		.on_state = feed_on_state,
		.arg = feed };

	if (f->text[0] != '\0')
		log_info(
		    "the kept people list cannot be used and is read again", "reason", f->text);
	else if (users > 0)
		log_info("the kept people list was read", "users", log_number((int64_t)users));
	feed->follow = dir_follow_new(
	    feed->flow->conf.loop, &conf, cookie_len > 0 ? cookie : NULL, cookie_len);
	feed->store = feed_store_new(feed->flow, feed->roster);
}

struct flow_feed *
flow_feed_new(struct flow *f, struct roster *r, int64_t poll_ms, int64_t activity_ms)
{
	struct flow_feed *feed = mem_alloc(sizeof(*feed));

	feed->flow = f;
	feed->roster = r;
	feed->poll_ms = poll_ms;
	feed->activity_ms = activity_ms;
	feed->state = DIR_FOLLOW_REFRESHING;
	roster_warm_start(r, feed_on_warm, feed);
	return feed;
}

void
flow_feed_free(struct flow_feed *feed)
{
	if (feed == NULL)
		return;
	feed_store_free(feed->store);
	dir_follow_free(feed->follow);
	free(feed);
}

void
flow_feed_figures(const struct flow_feed *feed, struct flow_feed_figures *out)
{
	struct roster_figures figures;

	roster_figures(feed->roster, &figures);
	*out = (struct flow_feed_figures){ .state = feed->state,
		.method = feed->method,
		.heard_at = feed->follow != NULL ? dir_follow_current_at(feed->follow) : 0,
		.ready = figures.state != ROSTER_LOADING && feed->store != NULL &&
			 feed_store_is_told(feed->store) };
	if (feed->state != DIR_FOLLOW_REFRESHING)
		memcpy(out->text, feed->text, sizeof(out->text));
}
