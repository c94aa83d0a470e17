/* Absolute deadlines. evhttp's own time-out begins anew at every byte, so that a byte a second
 * holds a connection for ever; ours count from the begin of what is waited for. */
#include "http/http_private.h"

#include <event2/buffer.h>

#include "base/clock.h"

/* A reader slower than this is as good as gone: bytes a second. */
enum { RATE_MIN = 500 };

/* How long the present wait may take, in milliseconds. That of a reply is looked at each idle_ms,
 * and idle_ms after the client took the last byte. */
static int64_t
deadline_length(const struct http_conn *c)
{
	const struct http_limits *limits = &c->server->conf.limits;

	if (c->exchange != NULL && c->exchange->stream != NULL)
		return http_stream_period(c->exchange->stream);
	if (c->pending > 0 && c->exchange == NULL && c->taken_at < c->since)
		return limits->idle_ms - (c->since - c->taken_at);
	if (c->pending > 0)
		return limits->idle_ms;
	if (c->guard.phase == HTTP_GUARD_HEAD || !c->is_greeted)
		return limits->header_ms;
	return c->guard.phase == HTTP_GUARD_BODY ? limits->body_ms : limits->idle_ms;
}

/* A timer that fires too early costs less than one that is set for every request. */
static void
deadline_arm(struct http_conn *c, int64_t now)
{
	const int64_t due = c->since + deadline_length(c);

	if (c->timer_due != 0 && c->timer_due <= due)
		return;
	c->timer_due = due;
	loop_timer_set(c->timer, due > now ? due - now : 0);
}

static void
deadline_renew(struct http_conn *c)
{
	c->since = clock_mono_ms(&clock_system);
	deadline_arm(c, c->since);
}

void
http_deadline_begin(struct http_conn *c)
{
	if (c->stage != HTTP_CONN_OPEN)
		return;
	c->taken_at = clock_mono_ms(&clock_system);
	deadline_renew(c);
}

/* The client takes its reply too slowly, or evhttp owes us an answer. */
static bool
deadline_is_stuck(struct http_conn *c)
{
	const size_t left = evbuffer_get_length(bufferevent_get_output(c->bev));
	const size_t sent = c->unsent > left ? c->unsent - left : 0;
	const int64_t wanted = RATE_MIN * c->server->conf.limits.idle_ms / 1000;

	c->unsent = left;
	return left == 0 || sent == 0 || (int64_t)sent < wanted;
}

static void
deadline_act(struct http_conn *c)
{
	if (c->exchange != NULL && c->exchange->stream != NULL) {
		http_stream_beat(c->exchange->stream);
		deadline_renew(c);
	} else if (c->exchange != NULL) {
		deadline_renew(c); /* a handler holds it and has a deadline of its own */
	} else if (c->pending > 0) {
		if (deadline_is_stuck(c))
			http_conn_end(c);
		else
			deadline_renew(c);
	} else if (!c->is_greeted && http_tls_is_greeted(c->bev)) {
		c->is_greeted = true;
		deadline_arm(c, c->since);
	} else if (c->guard.phase == HTTP_GUARD_HEAD) {
		http_refuse_expire(c, 408, "the header did not arrive in time");
	} else if (c->guard.phase == HTTP_GUARD_BODY) {
		http_refuse_expire(c, 408, "the body did not arrive in time");
	} else {
		http_conn_end(c);
	}
}

void
http_deadline_expire(void *conn)
{
	struct http_conn *c = conn;
	const int64_t now = clock_mono_ms(&clock_system);

	c->timer_due = 0;
	if (c->stage == HTTP_CONN_REFUSING)
		http_conn_end(c);
	else if (now < c->since + deadline_length(c))
		deadline_arm(c, now);
	else
		deadline_act(c);
}
