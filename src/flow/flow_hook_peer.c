/* An endpoint that does not answer is paused as a whole, with growing pauses, so that its messages
 * do not take turns at holding up everybody else's; then one attempt alone finds out whether it is
 * back. One that answers, but slowly, gets no more than half of all attempts, as long as there are
 * others.
 *
 * Whatever must wait is put off once for long rather than often: each time costs a transaction. */
#include <assert.h>
#include <string.h>

#include "flow/hook_private.h"

enum {
	PEER_PATIENCE = 3, /* so many in a row may be chance */
	PEER_PAUSE_MIN_MS = 5 * 1000,
	PEER_PAUSE_MAX_MS = 5 * 60 * 1000,
	PEER_SPREAD_MIN_MS = 1000,
	PEER_USUAL_MS = 500 /* an attempt's time, before there was one */
};

static struct hook_peer *
peer_find(struct flow_hooks *h, const char *id)
{
	for (size_t i = 0; i < HOOK_MAX; i++)
		if (strcmp(h->peers[i].id, id) == 0)
			return &h->peers[i];
	return NULL;
}

/* Of an endpoint that exists. There is always a place: no more exist than there are places, and
 * those of others are free. */
static struct hook_peer *
peer_of(struct flow_hooks *h, const char *id)
{
	struct hook_peer *p = peer_find(h, id);

	for (size_t i = 0; p == NULL && i < HOOK_MAX; i++)
		if (store_hook_by_id(h->flow->conf.store, h->peers[i].id) == NULL)
			p = &h->peers[i];
	assert(p != NULL);
	if (strcmp(p->id, id) != 0) {
		*p = (struct hook_peer){ .usual_ms = PEER_USUAL_MS };
		memcpy(p->id, id, ID_SIZE);
	}
	return p;
}

static int64_t
peer_mono(const struct flow_hooks *h)
{
	return clock_mono_ms(h->flow->conf.clock);
}

static int64_t
peer_pause(const struct hook_peer *p)
{
	int64_t ms = PEER_PAUSE_MIN_MS;

	if (p->unheard < PEER_PATIENCE)
		return 0;
	for (unsigned n = PEER_PATIENCE; n < p->unheard && ms < PEER_PAUSE_MAX_MS; n++)
		ms *= 2;
	return ms < PEER_PAUSE_MAX_MS ? ms : PEER_PAUSE_MAX_MS;
}

static size_t
peer_room(const struct flow_hooks *h)
{
	const size_t all = h->flow->conf.hooks->in_flight;
	const size_t room = store_hook_count(h->flow->conf.store) == 1 ? all : all / 2;

	return room > 0 ? room : 1;
}

/* Turns are given out at the pace of its answers, so that most find room when theirs comes. Beyond
 * the longest pause they begin anew: it may have become faster by then. */
static int64_t
peer_turn(struct flow_hooks *h, struct hook_peer *p, int64_t mono)
{
	if (p->turn < mono || p->turn - mono > PEER_PAUSE_MAX_MS)
		p->turn = mono;
	p->turn += 1 + p->usual_ms / (int64_t)peer_room(h);
	return p->turn - mono;
}

int64_t
hook_peer_begin(struct flow_hooks *h, const char *id)
{
	struct hook_peer *p = peer_of(h, id);
	const int64_t mono = peer_mono(h), pause = peer_pause(p);
	const int64_t spread = pause > PEER_SPREAD_MIN_MS ? pause : PEER_SPREAD_MIN_MS;

	if (mono < p->paused_until)
		return p->paused_until - mono + random_below((uint32_t)spread);
	if (p->unheard >= PEER_PATIENCE && p->in_flight > 0)
		return pause / 2 + random_below((uint32_t)pause);
	if (p->in_flight >= peer_room(h))
		return peer_turn(h, p, mono);
	p->in_flight++;
	return 0;
}

void
hook_peer_leave(struct flow_hooks *h, const char *id)
{
	struct hook_peer *p = peer_find(h, id);

	if (p != NULL)
		p->in_flight--;
}

/* A 4xx is about the message and an answer; 429 and 5xx say the same as silence. */
static bool
report_is_heard(const struct webhook_report *r)
{
	return r->outcome == WEBHOOK_GONE || (r->outcome == WEBHOOK_FAILED && r->status >= 300 &&
						 r->status <= 499 && r->status != 429);
}

/* What began before a pause, and fails in it, fails for the same reason: no reason for a longer
 * one. */
static void
peer_failed(struct hook_peer *p, const struct webhook_report *r, int64_t now, int64_t mono)
{
	int64_t pause;

	if (p->failing_since == 0)
		p->failing_since = now;
	memset(p->last, 0, sizeof(p->last));
	memcpy(p->last, r->words, strnlen(r->words, sizeof(p->last) - 1));
	if (report_is_heard(r))
		p->unheard = 0;
	else if (mono >= p->paused_until)
		p->unheard++;
	pause = peer_pause(p);
	if (r->retry_after_ms > pause)
		pause = r->retry_after_ms;
	if (pause > 0 && mono + pause > p->paused_until)
		p->paused_until = mono + pause;
}

void
hook_peer_end(struct flow_hooks *h, const char *id, const struct webhook_report *r)
{
	struct hook_peer *p = peer_find(h, id);
	const int64_t now = flow_now(h->flow);

	if (p == NULL)
		return;
	p->in_flight--;
	p->usual_ms = r->ms;
	if (r->outcome != WEBHOOK_DELIVERED) {
		peer_failed(p, r, now, peer_mono(h));
		return;
	}
	p->unheard = 0;
	p->failing_since = p->paused_until = 0;
	p->delivered_at = now;
	p->last[0] = '\0';
}

void
hook_peer_reset(struct flow_hooks *h, const char *id)
{
	struct hook_peer *p = peer_find(h, id);

	if (p == NULL)
		return;
	p->unheard = 0;
	p->paused_until = p->turn = 0;
}

void
flow_hook_health(const struct flow *f, const char *id, struct flow_hook_health *out)
{
	const struct hook_peer *p = f->hooks != NULL ? peer_find(f->hooks, id) : NULL;
	int64_t left;

	*out = (struct flow_hook_health){ .last = NULL };
	if (p == NULL)
		return;
	left = p->paused_until - peer_mono(f->hooks);
	out->delivered_at = p->delivered_at;
	out->failing_since = p->failing_since;
	out->paused_until = left > 0 ? flow_now(f) + left : 0;
	out->last = p->last[0] != '\0' ? p->last : NULL;
}
