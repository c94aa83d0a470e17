/* An endpoint that does not answer is paused as a whole, with growing pauses, so that its messages
 * do not take turns at holding up everybody else's. One attempt at a time finds out whether it is
 * back. */
#include <assert.h>
#include <string.h>

#include "flow/hook_private.h"

enum {
	PEER_PATIENCE = 3, /* so many in a row may be chance */
	PEER_PAUSE_MIN_MS = 5 * 1000,
	PEER_PAUSE_MAX_MS = 5 * 60 * 1000,
	PEER_PROBE_MS = 5 * 1000 /* the others look again while one finds out */
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
		*p = (struct hook_peer){ .id = "" };
		memcpy(p->id, id, ID_SIZE);
	}
	return p;
}

bool
hook_peer_waits(struct flow_hooks *h, const char *id, int64_t now, int64_t *until)
{
	const struct hook_peer *p = peer_of(h, id);

	*until = p->paused_until;
	if (now >= p->paused_until && p->unheard >= PEER_PATIENCE && p->in_flight > 0)
		*until = now + PEER_PROBE_MS;
	return now < *until;
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

/* A 4xx is about the message and an answer; 429 and 5xx say the same as silence. */
static bool
report_is_heard(const struct webhook_report *r)
{
	return r->outcome == WEBHOOK_GONE || (r->outcome == WEBHOOK_FAILED && r->status >= 300 &&
						 r->status <= 499 && r->status != 429);
}

static void
peer_failed(struct hook_peer *p, const struct webhook_report *r, int64_t now)
{
	int64_t pause;

	if (p->failing_since == 0)
		p->failing_since = now;
	memset(p->last, 0, sizeof(p->last));
	memcpy(p->last, r->words, strnlen(r->words, sizeof(p->last) - 1));
	p->unheard = report_is_heard(r) ? 0 : p->unheard + 1;
	pause = peer_pause(p);
	if (r->retry_after_ms > pause)
		pause = r->retry_after_ms;
	if (pause > 0 && now + pause > p->paused_until)
		p->paused_until = now + pause;
}

void
hook_peer_begin(struct flow_hooks *h, const char *id)
{
	peer_of(h, id)->in_flight++;
}

/* It may have been deleted meanwhile, and its place given to another. */
void
hook_peer_end(struct flow_hooks *h, const char *id, const struct webhook_report *r, int64_t now)
{
	struct hook_peer *p = peer_find(h, id);

	if (p == NULL)
		return;
	p->in_flight--;
	if (r->outcome != WEBHOOK_DELIVERED) {
		peer_failed(p, r, now);
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

	if (p != NULL)
		p->unheard = 0;
	if (p != NULL)
		p->paused_until = 0;
}

void
flow_hook_health(const struct flow *f, const char *id, struct flow_hook_health *out)
{
	const struct hook_peer *p = f->hooks != NULL ? peer_find(f->hooks, id) : NULL;

	*out = (struct flow_hook_health){ .last = NULL };
	if (p == NULL)
		return;
	out->delivered_at = p->delivered_at;
	out->failing_since = p->failing_since;
	out->paused_until = flow_now(f) < p->paused_until ? p->paused_until : 0;
	out->last = p->last[0] != '\0' ? p->last : NULL;
}
