/* How the daemon is: what each part tells of itself, put together for the API. Nobody is asked
 * anything, and nothing is waited for. */
#include <string.h>

#include "api/api_status.h"
#include "app_private.h"
#include "base/clock.h"
#include "config.h"
#include "dir/dir.h"
#include "loop/transfer.h"

_Static_assert((int)API_STATUS_SERVERS_MAX >= (int)DIR_URIS_MAX, "each server has its place");

/* Wall ms of a moment of the monotonic clock; 0 stays 0. */
static int64_t
status_wall(int64_t mono_ms)
{
	if (mono_ms == 0)
		return 0;
	return clock_wall_ms(&clock_system) - (clock_mono_ms(&clock_system) - mono_ms);
}

static void
status_fill_libraries(struct arena *arena, struct api_status *out)
{
	const struct {
		const char *name, *version;
	} all[] = {
		{ "libldap", dir_library_version(arena) },
		{ "libevent", loop_library_version() },
		{ "SQLite", kv_sqlite_library_version() },
		{ "libcurl", transfer_library_version() },
		{ "libsodium", seal_library_version() },
		{ "OpenSSL", http_library_version() },
	};

	_Static_assert(
	    sizeof(all) / sizeof(all[0]) <= API_STATUS_LIBRARIES_MAX, "each has its place");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		out->libraries[i].name = all[i].name;
		out->libraries[i].version = all[i].version;
	}
	out->library_count = sizeof(all) / sizeof(all[0]);
}

/* ---- the directory ---- */

static void
status_fill_server(
    const struct dir_server_figures *from, struct arena *arena, struct api_status_server *out)
{
	static const enum api_state states[] = {
		[DIR_SERVER_UNKNOWN] = API_STATE_UNKNOWN,
		[DIR_SERVER_UP] = API_STATE_UP,
		[DIR_SERVER_DOWN] = API_STATE_DOWN,
		[DIR_SERVER_PAUSED] = API_STATE_PAUSED,
	};

	out->uri = from->uri;
	out->in_use = from->in_use;
	out->state = states[from->state];
	out->since = status_wall(from->since);
	out->error_at = status_wall(from->failed_at);
	out->error = from->error[0] != '\0' ? arena_strdup(arena, from->error) : NULL;
}

static void
status_fill_directory(struct app *a, struct arena *arena, struct api_status *out)
{
	struct dir_server_figures servers[DIR_URIS_MAX];
	size_t count = dir_figures(a->dir, servers), sound = 0;
	bool works = false;

	for (size_t i = 0; i < count; i++) {
		status_fill_server(&servers[i], arena, &out->directory.servers[i]);
		out->directory.servers[i].preferred = i == 0;
		works = works || servers[i].in_use;
		sound += servers[i].state == DIR_SERVER_UP && !servers[i].unproven;
	}
	out->directory.server_count = count;
	out->directory.profile = a->conf->profile;
	out->directory.state = !works	       ? API_STATE_DOWN
			       : sound < count ? API_STATE_DEGRADED
					       : API_STATE_OK;
}

/* ---- the people list ---- */

static enum api_state
status_of_feed(const struct flow_feed_figures *feed, bool is_loaded)
{
	switch (feed->state) {
	case DIR_FOLLOW_AWAY:
		return API_STATE_AWAY;
	case DIR_FOLLOW_CUT_SHORT:
		return API_STATE_INCOMPLETE;
	case DIR_FOLLOW_PERSISTING:
	case DIR_FOLLOW_POLLING:
		return API_STATE_CURRENT;
	case DIR_FOLLOW_REFRESHING:
		break;
	}
	return is_loaded ? API_STATE_CATCHING_UP : API_STATE_LOADING;
}

static void
status_fill_list(struct app *a, struct arena *arena, struct api_status *out)
{
	static const char *const methods[] = {
		[FLOW_FEED_UNKNOWN] = NULL, [FLOW_FEED_SYNC] = "sync", [FLOW_FEED_POLL] = "poll"
	};
	struct flow_feed_figures feed;
	struct roster_figures roster;

	flow_feed_figures(a->feed, &feed);
	roster_figures(a->roster, &roster);
	out->feed.state = status_of_feed(&feed, roster.state != ROSTER_LOADING);
	out->feed.method = methods[feed.method];
	out->feed.heard_at = status_wall(feed.heard_at);
	out->feed.entries = out->feed.state == API_STATE_LOADING ? (int64_t)roster.loaded : -1;
	out->feed.reason = feed.text[0] != '\0' ? arena_strdup(arena, feed.text) : NULL;
	out->list.state = !feed.ready			    ? API_STATE_LOADING
			  : roster.state == ROSTER_COMPLETE ? API_STATE_COMPLETE
							    : API_STATE_INCOMPLETE;
	out->list.has_counts = feed.ready;
	memcpy(out->list.counts, roster.count, sizeof(out->list.counts));
	out->list.bytes = roster.bytes;
}

/* ---- the store ---- */

static void
status_fill_store(struct app *a, struct arena *arena, struct api_status *out)
{
	struct store_figures figures;
	struct fault f = { .text = "" };

	store_figures(a->store, &figures);
	out->store.kind = figures.kind;
	out->store.schema = figures.schema;
	out->store.bytes = figures.bytes;
	out->store.state = API_STATE_OK;
	if (!store_is_healthy(a->store, &f)) {
		out->store.state = API_STATE_FAILING;
		/* Where it lies is for those who may look at the host. */
		out->store.reason = arena_replace(arena, f.text, a->conf->store_path, "the store");
	}
}

/* ---- what leaves ---- */

static void
status_fill_mail(struct app *a, struct arena *arena, struct api_status *out)
{
	struct flow_mail_status mail;

	flow_mail_status(a->flow, &mail);
	out->mail.state = a->mailer == NULL ? API_STATE_OFF
			  : mail.broken	    ? API_STATE_FAILING
			  : mail.paused	    ? API_STATE_PAUSED
					    : API_STATE_OK;
	out->mail.waiting = mail.waiting;
	out->mail.sending = mail.in_flight;
	out->mail.oldest_at = mail.oldest_at;
	out->mail.paused_until = mail.paused ? mail.paused_until : 0;
	out->mail.failed_at = mail.failed_at;
	out->mail.failure = arena_strdup(arena, mail.failure);
	out->mail.sent_at = mail.sent_at;
}

static void
status_fill_webhooks(struct app *a, struct api_status *out)
{
	out->webhooks.count = flow_hook_count(a->flow);
	for (size_t i = 0; i < out->webhooks.count; i++) {
		const struct hook *h = flow_hook_at(a->flow, i);
		struct flow_hook_health health;

		if (!h->enabled)
			continue;
		out->webhooks.enabled++;
		flow_hook_health(a->flow, h->id, &health);
		out->webhooks.failing += health.failing_since != 0;
	}
	out->webhooks.state = out->webhooks.failing > 0 ? API_STATE_FAILING : API_STATE_OK;
}

void
app_status(void *arg, struct arena *arena, struct api_status *out)
{
	struct app *a = arg;

	out->version = PACKAGE_VERSION;
	out->started_at = a->started_at;
	status_fill_libraries(arena, out);
	status_fill_directory(a, arena, out);
	status_fill_list(a, arena, out);
	status_fill_store(a, arena, out);
	status_fill_mail(a, arena, out);
	status_fill_webhooks(a, out);
	out->sessions = auth_session_count(a->auth);
}
