/* GET /api/v1/events: changes of the people list as server-sent events (WHATWG HTML section 9.2).
 *
 * An event's id is this process and the version of the list: versions begin anew with every start,
 * so an id of another process says nothing. All events of a version are sent at once and the last
 * one carries the id: whoever was cut off between them is sent all of them again. */
#include <stdlib.h>
#include <string.h>

#include "api/api_user.h"
#include "base/list.h"
#include "base/mem.h"

enum {
	EVENTS_KEPT = 1024,
	BEAT_DEFAULT_MS = 15 * 1000, /* proxies end what is silent for a minute */
	RUN_BYTES = 8,
	RUN_SIZE = 2 * RUN_BYTES + 1,
	LAST_ID_MAX = 64,
	STREAMS_EACH = 8 /* of one caller: http has HTTP_STREAMS_MAX for all of them */
};

struct api_event {
	uint64_t version;
	struct roster_event change;
};

/* One who listens. */
struct api_stream {
	TAILQ_ENTRY(api_stream) link;
	struct api_events *events;
	struct http_stream *http;
	struct principal who;
};

TAILQ_HEAD(api_stream_list, api_stream);

struct api_events {
	struct api *api;
	char run[RUN_SIZE];	/* of this process */
	struct api_event *kept; /* ring */
	size_t first, count;
	uint64_t version;   /* of the last event */
	uint64_t forgotten; /* nothing that is newer than this version is missing from the ring */
	struct api_stream_list streams;
	int64_t beat_ms;
	struct loop_timer *beat; /* looks at rights while somebody listens */
};

/* ---- what is sent ---- */

static void
api_add_event_id(struct api_json *j, const struct api_events *e, uint64_t version)
{
	api_json_add_word(j, "id: ");
	api_json_add_word(j, e->run);
	api_json_add_word(j, "-");
	api_json_add_number(j, version);
	api_json_add_word(j, "\n");
}

static void
api_add_change(struct api_json *j, const struct roster_event *change)
{
	static const char *const names[] = {
		[ROSTER_ADDED] = "added", [ROSTER_CHANGED] = "changed", [ROSTER_REMOVED] = "removed"
	};
	char id[ID_SIZE];

	feed_id_text(change->id, id);
	api_json_add_word(j, "event: user\ndata: {\"id\":\"");
	api_json_add_word(j, id);
	api_json_add_word(j, "\",\"change\":\"");
	api_json_add_word(j, names[change->change]);
	api_json_add_word(j, "\",\"status\":\"");
	api_json_add_word(j, feed_status_name(change->status));
	api_json_add_word(j, "\"}\n");
}

/* The client must load the list anew. */
static void
api_add_reset(struct api_json *j, const struct api_events *e)
{
	api_json_add_word(j, "event: reset\ndata: {}\n");
	api_add_event_id(j, e, e->version);
	api_json_add_word(j, "\n");
}

static const struct api_event *
api_kept(const struct api_events *e, size_t i)
{
	return &e->kept[(e->first + i) % EVENTS_KEPT];
}

/* What is newer than a version; only the last event of each version has an id. */
static void
api_add_newer(struct api_json *j, const struct api_events *e, uint64_t than)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct api_event *event = api_kept(e, i);

		if (event->version <= than)
			continue;
		api_add_change(j, &event->change);
		if (i + 1 == e->count || api_kept(e, i + 1)->version != event->version)
			api_add_event_id(j, e, event->version);
		api_json_add_word(j, "\n");
	}
}

/* ---- rights ---- */

static void
api_stream_forget(struct api_stream *s)
{
	struct api_events *e = s->events;

	TAILQ_REMOVE(&e->streams, s, link);
	free(s);
	if (TAILQ_EMPTY(&e->streams))
		loop_timer_stop(e->beat);
}

/* Whoever lost the right to listen is told no more: false, and it is gone. */
static bool
api_stream_may_hear(struct api_stream *s)
{
	if (auth_is_good(s->events->api->conf.auth, &s->who))
		return true;
	http_stream_end(s->http);
	api_stream_forget(s);
	return false;
}

/* ---- the roster tells ---- */

static void
api_keep_event(struct api_events *e, uint64_t version, const struct roster_event *change)
{
	if (e->count == EVENTS_KEPT) {
		e->forgotten = api_kept(e, 0)->version;
		e->first = (e->first + 1) % EVENTS_KEPT;
		e->count--;
	}
	e->kept[(e->first + e->count++) % EVENTS_KEPT] =
	    (struct api_event){ .version = version, .change = *change };
}

static void
api_on_change(
    void *arg, uint64_t version, bool all, const struct roster_event *events, size_t count)
{
	struct api_events *e = arg;
	uint64_t before = e->version;
	struct api_json j = { .data = NULL };
	struct api_stream *s, *next;

	e->version = version;
	if (all) {
		e->count = 0;
		e->forgotten = version;
		api_add_reset(&j, e);
	} else {
		for (size_t i = 0; i < count; i++)
			api_keep_event(e, version, &events[i]);
		api_add_newer(&j, e, before);
	}
	/* One that is over is told so by `closed`, later. */
	LIST_EACH_SAFE(s, &e->streams, link, next)
	if (api_stream_may_hear(s))
		http_stream_send(s->http, j.data, j.len);
	free(j.data);
}

/* ---- listeners ---- */

static void
api_on_closed(void *arg)
{
	api_stream_forget(arg);
}

static void
api_look_at_rights(void *arg)
{
	struct api_events *e = arg;
	struct api_stream *s, *next;

	LIST_EACH_SAFE(s, &e->streams, link, next)
	api_stream_may_hear(s);
}

/* Rights change, and tokens are over, without anybody saying so. */
static void
api_on_beat(void *arg)
{
	struct api_events *e = arg;

	loop_timer_set(e->beat, e->beat_ms);
	api_look_at_rights(e);
}

/* The version of an id that this process gave; false: of another one, or none at all. */
static bool
api_read_event_id(const struct api_events *e, const char *text, uint64_t *version)
{
	const size_t run = strlen(e->run);
	uint64_t n = 0;

	if (strlen(text) > LAST_ID_MAX || strncmp(text, e->run, run) != 0 || text[run] != '-' ||
	    text[run + 1] == '\0')
		return false;
	for (const char *p = text + run + 1; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || n > UINT64_MAX / 16)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*version = n;
	return true;
}

/* What a new listener hears first: what it missed, or from where on it listens. */
static void
api_add_greeting(struct api_json *j, const struct api_events *e, const char *last)
{
	uint64_t version;

	api_json_add_word(j, "retry: 2000\n");
	if (last == NULL) {
		api_add_event_id(j, e, e->version);
		api_json_add_word(j, "\n");
		return;
	}
	api_json_add_word(j, "\n");
	if (api_read_event_id(e, last, &version) && version >= e->forgotten &&
	    version <= e->version)
		api_add_newer(j, e, version);
	else
		api_add_reset(j, e);
}

static size_t
api_count_streams(const struct api_events *e, const struct principal *who)
{
	const struct api_stream *s;
	size_t count = 0;

	TAILQ_FOREACH(s, &e->streams, link)
	if (strcmp(s->who.name, who->name) == 0)
		count++;
	return count;
}

enum err
api_event_stream(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { NULL };
	struct api_events *e = c->api->events;
	const char *last = http_header(http_request_of(c->x), "last-event-id");
	struct http_stream_conf conf = { .type = "text/event-stream",
		.beat = ":\n\n",
		.beat_ms = e->beat_ms,
		.closed = api_on_closed };
	struct api_json j = { .data = NULL };
	struct field_errors errors;
	struct api_stream *s;

	field_errors_init(&errors, http_arena(c->x));
	if (!api_check_query(c->x, names, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_count_streams(e, &c->who) >= STREAMS_EACH)
		return fault_set(f, ERR_BUSY,
		    "%d streams of %s are open, which is as many as one "
		    "may have",
		    STREAMS_EACH, c->who.name);
	s = mem_alloc(sizeof(*s));
	s->events = e;
	s->who = c->who;
	conf.arg = s;
	api_add_greeting(&j, e, last);
	s->http = http_stream_start(c->x, &conf);
	if (s->http == NULL)
		free(s);
	else {
		if (TAILQ_EMPTY(&e->streams))
			loop_timer_set(e->beat, e->beat_ms);
		TAILQ_INSERT_TAIL(&e->streams, s, link);
		http_stream_send(s->http, j.data, j.len);
	}
	free(j.data);
	return ERR_OK;
}

/* ---- life ---- */

struct api_events *
api_events_new(struct api *a)
{
	struct api_events *e = mem_alloc(sizeof(*e));
	unsigned char run[RUN_BYTES];
	struct roster_figures figures;

	random_fill(run, sizeof(run));
	encode_hex(run, sizeof(run), e->run);
	e->api = a;
	e->kept = mem_array(EVENTS_KEPT, sizeof(*e->kept));
	TAILQ_INIT(&e->streams);
	roster_figures(a->conf.roster, &figures);
	e->version = e->forgotten = figures.version;
	e->beat_ms = a->conf.beat_ms > 0 ? a->conf.beat_ms : BEAT_DEFAULT_MS;
	e->beat = loop_timer_new(a->conf.loop, api_on_beat, e);
	roster_on_change(a->conf.roster, api_on_change, e);
	auth_on_ended(a->conf.auth, api_look_at_rights, e);
	return e;
}

void
api_events_free(struct api_events *e)
{
	struct api_stream *s, *next;

	auth_on_ended(e->api->conf.auth, NULL, NULL);
	roster_on_change(e->api->conf.roster, NULL, NULL);
	for (s = TAILQ_FIRST(&e->streams); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		http_stream_end(s->http);
		free(s);
	}
	loop_timer_free(e->beat);
	free(e->kept);
	free(e);
}
