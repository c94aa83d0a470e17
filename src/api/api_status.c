/* GET /api/v1/status: how the daemon is, and what it needs, for whoever looks after it. Answered at
 * once from what is in memory, above all while something is broken: that is when one looks. */
#include "api/api_private.h"
#include "api/api_status.h"

static const char *const state_words[API_STATE_COUNT] = {
	[API_STATE_OK] = "ok",
	[API_STATE_UP] = "up",
	[API_STATE_CURRENT] = "current",
	[API_STATE_COMPLETE] = "complete",
	[API_STATE_OFF] = "off",
	[API_STATE_DEGRADED] = "degraded",
	[API_STATE_DOWN] = "down",
	[API_STATE_PAUSED] = "paused",
	[API_STATE_UNKNOWN] = "unknown",
	[API_STATE_CATCHING_UP] = "catching_up",
	[API_STATE_LOADING] = "loading",
	[API_STATE_INCOMPLETE] = "incomplete",
	[API_STATE_AWAY] = "away",
	[API_STATE_FAILING] = "failing",
};

/* The answer under way. */
struct status_text {
	struct buf b;
	struct arena *arena;
	int64_t now;
};

/* ---- members ---- */

static void
status_add_time(struct status_text *t, const char *name, int64_t at)
{
	buf_printf(&t->b, ",\"%s\":", name);
	api_add_time_or_null(&t->b, at);
}

static void
status_add_text(struct status_text *t, const char *name, const char *text)
{
	buf_printf(&t->b, ",\"%s\":", name);
	buf_add_json_string(&t->b, text);
}

/* A server's words, which may be any bytes. */
static void
status_add_words(struct status_text *t, const char *name, const char *words)
{
	status_add_text(t, name, api_clean(t->arena, words));
}

static void
status_add_number_or_null(struct status_text *t, const char *name, bool is_known, uint64_t n)
{
	if (is_known)
		buf_printf(&t->b, ",\"%s\":%llu", name, (unsigned long long)n);
	else
		buf_printf(&t->b, ",\"%s\":null", name);
}

static void
status_begin(struct status_text *t, const char *name, enum api_state state)
{
	buf_printf(&t->b, ",\"%s\":{\"status\":\"%s\"", name, state_words[state]);
}

/* ---- parts ---- */

static void
status_add_libraries(struct status_text *t, const struct api_status *s)
{
	buf_add_string(&t->b, ",\"libraries\":[");
	for (size_t i = 0; i < s->library_count; i++) {
		buf_printf(&t->b, "%s{\"name\":\"%s\"", i > 0 ? "," : "", s->libraries[i].name);
		status_add_text(t, "version", s->libraries[i].version);
		buf_add_char(&t->b, '}');
	}
	buf_add_char(&t->b, ']');
}

static void
status_add_directory(struct status_text *t, const struct api_status *s)
{
	status_begin(t, "directory", s->directory.state);
	status_add_text(t, "profile", s->directory.profile);
	buf_add_string(&t->b, ",\"servers\":[");
	for (size_t i = 0; i < s->directory.server_count; i++) {
		const struct api_status_server *server = &s->directory.servers[i];

		buf_add_string(&t->b, i > 0 ? ",{\"uri\":" : "{\"uri\":");
		buf_add_json_string(&t->b, server->uri);
		buf_printf(&t->b, ",\"preferred\":%s,\"in_use\":%s,\"status\":\"%s\"",
		    server->preferred ? "true" : "false", server->in_use ? "true" : "false",
		    state_words[server->state]);
		status_add_time(t, "since", server->since);
		status_add_words(t, "last_error", server->error);
		status_add_time(t, "last_error_at", server->error_at);
		buf_add_char(&t->b, '}');
	}
	buf_add_string(&t->b, "]}");
}

static void
status_add_feed(struct status_text *t, const struct api_status *s)
{
	int64_t lag = t->now - s->feed.heard_at;

	status_begin(t, "feed", s->feed.state);
	status_add_text(t, "method", s->feed.method);
	status_add_time(t, "heard_at", s->feed.heard_at);
	status_add_number_or_null(
	    t, "lag_seconds", s->feed.heard_at != 0, lag > 0 ? (uint64_t)lag / 1000 : 0);
	status_add_number_or_null(t, "entries", s->feed.entries >= 0, (uint64_t)s->feed.entries);
	status_add_words(t, "reason", s->feed.reason);
	buf_add_char(&t->b, '}');
}

static void
status_add_counts(struct status_text *t, const uint64_t counts[FEED_STATUS_COUNT])
{
	for (unsigned i = 0; i < FEED_STATUS_COUNT; i++)
		buf_printf(&t->b, "%s\"%s\":%llu", i > 0 ? "," : "{",
		    feed_status_name((enum feed_status)i), (unsigned long long)counts[i]);
	buf_add_char(&t->b, '}');
}

static void
status_add_list(struct status_text *t, const struct api_status *s)
{
	uint64_t people = 0;

	for (size_t i = 0; i < FEED_STATUS_COUNT; i++)
		people += s->list.counts[i];
	status_begin(t, "list", s->list.state);
	status_add_number_or_null(t, "people", s->list.has_counts, people);
	buf_add_string(&t->b, ",\"counts\":");
	if (s->list.has_counts)
		status_add_counts(t, s->list.counts);
	else
		buf_add_string(&t->b, "null");
	buf_printf(&t->b, ",\"bytes\":%llu}", (unsigned long long)s->list.bytes);
}

static void
status_add_store(struct status_text *t, const struct api_status *s)
{
	status_begin(t, "store", s->store.state);
	status_add_text(t, "kind", s->store.kind);
	buf_printf(&t->b, ",\"schema\":%d", s->store.schema);
	status_add_number_or_null(t, "bytes", s->store.bytes > 0, s->store.bytes);
	status_add_words(t, "reason", s->store.reason);
	buf_add_char(&t->b, '}');
}

static void
status_add_mail(struct status_text *t, const struct api_status *s)
{
	status_begin(t, "mail", s->mail.state);
	buf_printf(&t->b, ",\"configured\":%s,\"waiting\":%zu,\"sending\":%zu",
	    s->mail.state != API_STATE_OFF ? "true" : "false", s->mail.waiting, s->mail.sending);
	status_add_time(t, "oldest_at", s->mail.oldest_at);
	status_add_time(t, "paused_until", s->mail.paused_until);
	status_add_words(t, "last_failure", s->mail.failure);
	status_add_time(t, "last_failure_at", s->mail.failed_at);
	status_add_time(t, "sent_at", s->mail.sent_at);
	buf_add_char(&t->b, '}');
}

static void
status_add_webhooks(struct status_text *t, const struct api_status *s)
{
	status_begin(t, "webhooks", s->webhooks.state);
	buf_printf(&t->b, ",\"count\":%zu,\"enabled\":%zu,\"failing\":%zu}", s->webhooks.count,
	    s->webhooks.enabled, s->webhooks.failing);
}

/* ---- all of it ---- */

static bool
status_is_well(const struct api_status *s)
{
	const enum api_state parts[] = { s->directory.state, s->feed.state, s->list.state,
		s->store.state, s->mail.state, s->webhooks.state };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] >= API_STATE_DEGRADED)
			return false;
	return true;
}

/* Health knows only what keeps the daemon from its work: here a part that is not well counts too.
 */
static const char *
status_word(const struct api_status *s, const char *health)
{
	return *health == 'o' && !status_is_well(s) ? "degraded" : health;
}

enum err
api_status_show(struct api_call *c, struct fault *f)
{
	const struct api_conf *conf = &c->api->conf;
	struct status_text t = { .arena = http_arena(c->x), .now = clock_wall_ms(conf->clock) };
	struct health_check checks[API_CHECKS_MAX];
	size_t count = conf->health(conf->health_arg, checks, API_CHECKS_MAX);
	struct api_status *s = arena_alloc(t.arena, sizeof(*s));

	(void)f;
	conf->status(conf->status_arg, t.arena, s);
	buf_init(&t.b, API_REPLY_MAX);
	buf_printf(&t.b, "{\"status\":\"%s\"", status_word(s, api_health_status(checks, count)));
	status_add_text(&t, "version", s->version);
	status_add_time(&t, "started_at", s->started_at);
	status_add_time(&t, "at", t.now);
	status_add_libraries(&t, s);
	status_add_directory(&t, s);
	status_add_feed(&t, s);
	status_add_list(&t, s);
	status_add_store(&t, s);
	status_add_mail(&t, s);
	status_add_webhooks(&t, s);
	buf_printf(&t.b, ",\"sessions\":{\"open\":%zu},\"health\":", s->sessions);
	api_add_checks(&t.b, checks, count);
	buf_add_char(&t.b, '}');
	api_reply_json(c->x, 200, &t.b);
	return ERR_OK;
}
