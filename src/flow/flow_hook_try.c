/* The hooks' carrier: one attempt of one message. Steps in the order of events: claimed (the item
 * is ours for one attempt) > sent (an answer, or none) > settled (gone and kept for replay, or due
 * again). A receiver knows a message by its id, which no attempt changes, so that whatever is
 * unknown is simply tried again. */
#include "flow/hook_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "log/log.h"

enum { SETTLE_MIN_MS = 200, SETTLE_MAX_MS = 30 * 1000 };

/* A trip's state. */
struct hook_try {
	TAILQ_ENTRY(hook_try) link;
	struct flow_hooks *hooks;
	struct lane_trip *trip;
	struct outbox_item *next; /* what is being written */
	const char *outcome;	  /* of one that ends; NULL: it is not kept */
	bool ends;		  /* `next` is the item's last version */
	bool begun;		  /* the endpoint counts it as an attempt */
	struct webhook_sending *sending;
	char *url;	      /* where it was sent to */
	struct hook endpoint; /* being disabled */
	int disable_tries;
	struct loop_timer *again;
	int64_t pause_ms;
};

static const char words_of_stop[] = "usherd was stopped before the answer";
static const struct store_note note = { .actor = "webhooks" };

static struct hook_try *
try_new(struct flow_hooks *h, struct lane_trip *trip)
{
	struct hook_try *t = mem_alloc(sizeof(*t));

	t->hooks = h;
	t->trip = trip;
	t->pause_ms = SETTLE_MIN_MS;
	trip->state = t;
	TAILQ_INSERT_TAIL(&h->tries, t, link);
	return t;
}

static void
try_leave_peer(struct hook_try *t)
{
	if (t->begun)
		hook_peer_leave(t->hooks, t->trip->item->subject);
	t->begun = false;
}

static void
try_free(struct hook_try *t)
{
	TAILQ_REMOVE(&t->hooks->tries, t, link);
	try_leave_peer(t);
	if (t->sending != NULL)
		webhook_cancel(t->sending);
	loop_timer_free(t->again);
	outbox_item_free(t->next);
	free(t->url);
	secret_wipe(&t->endpoint, sizeof(t->endpoint));
	free(t);
}

static void
try_done(struct hook_try *t)
{
	struct lane_trip *trip = t->trip;

	trip->state = NULL;
	try_free(t);
	lane_trip_end(trip);
}

/* Somebody was faster, or the store is away. */
static void
try_leave(struct hook_try *t, enum err code, const struct fault *f)
{
	struct lane_trip *trip = t->trip;

	trip->state = NULL;
	try_free(t);
	if (code == ERR_CONFLICT || code == ERR_NOT_FOUND)
		lane_trip_end(trip);
	else
		lane_trip_fail(trip, f);
}

static const struct hook *
try_endpoint(const struct hook_try *t)
{
	return store_hook_by_id(t->hooks->flow->conf.store, t->trip->item->subject);
}

/* ---- settled ---- */

/* What was sent must not be sent again for want of a line in the store: the claim is ours for ten
 * minutes, and until then we try to write it. */
static void
try_on_settled(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_try *t = arg;

	(void)revision;
	t->trip->op = NULL;
	if (code == ERR_OK || code == ERR_CONFLICT || code == ERR_NOT_FOUND) {
		try_done(t);
		return;
	}
	if (t->hooks->flow->draining || flow_now(t->hooks->flow) >= t->trip->item->due) {
		try_leave(t, code, f); /* the next start finds the claim, or one that has run out */
		return;
	}
	loop_timer_set(t->again, t->pause_ms);
	t->pause_ms = t->pause_ms * 2 < SETTLE_MAX_MS ? t->pause_ms * 2 : SETTLE_MAX_MS;
}

static void
try_settle(void *arg)
{
	struct hook_try *t = arg;
	struct store *s = t->hooks->flow->conf.store;

	if (t->ends)
		t->trip->op = store_outbox_remove(s, t->next, NULL, NULL, INVITATION_EVENT_COUNT,
		    &note, 0, t->outcome, try_on_settled, t);
	else
		t->trip->op = store_outbox_save(s, t->trip->item, t->next, NULL, NULL,
		    INVITATION_EVENT_COUNT, &note, try_on_settled, t);
}

static void
try_begin_settling(struct hook_try *t)
{
	if (t->again == NULL)
		t->again = loop_timer_new(t->hooks->flow->conf.loop, try_settle, t);
	try_settle(t);
}

/* Nothing is sent any more. `outcome` as store_outbox_remove(). */
static void
try_end(struct hook_try *t, const char *outcome, const char *words)
{
	if (t->next == NULL)
		t->next = outbox_item_copy(t->trip->item);
	outbox_set_text(t->next, &t->next->last, words);
	t->ends = true;
	t->outcome = outcome;
	try_begin_settling(t);
}

/* It waits, without an attempt. */
static void
try_put_off(struct hook_try *t, int64_t due)
{
	t->next = outbox_item_copy(t->trip->item);
	t->next->due = due;
	t->next->owner[0] = '\0';
	try_begin_settling(t);
}

/* ---- sent ---- */

static enum outbox_result
result_of(enum webhook_outcome outcome)
{
	switch (outcome) {
	case WEBHOOK_DELIVERED:
		return OUTBOX_SENT;
	case WEBHOOK_GONE:
		return OUTBOX_REFUSED;
	case WEBHOOK_UNKNOWN:
		return OUTBOX_SILENT;
	case WEBHOOK_FAILED:
		break;
	}
	return OUTBOX_DEFERRED;
}

static void
try_decide(struct hook_try *t, enum outbox_result result, int64_t retry_after_ms, const char *words)
{
	const int64_t now = flow_now(t->hooks->flow);
	uint32_t random;

	random_fill(&random, sizeof(random));
	t->next = outbox_item_copy(t->trip->item);
	switch (outbox_decide_hook(t->next, result, now, retry_after_ms, random)) {
	case OUTBOX_AGAIN:
		outbox_set_text(t->next, &t->next->last, words);
		try_begin_settling(t);
		break;
	case OUTBOX_REMOVE:
		try_end(t, try_endpoint(t) != NULL ? "delivered" : NULL, words);
		break;
	case OUTBOX_GIVE_UP:
		log_warning("a webhook message was given up", "message", t->next->id, "webhook",
		    t->next->subject, "reason", words);
		try_end(t, try_endpoint(t) != NULL ? "failed" : NULL, words);
		break;
	}
}

static void try_disable(struct hook_try *t);

/* Whether or not that was stored: the next message is told the same. */
static void
try_on_disabled(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_try *t = arg;

	(void)revision;
	t->trip->op = NULL;
	if (code == ERR_CONFLICT && ++t->disable_tries < FLOW_TRIES) {
		try_disable(t);
		return;
	}
	if (code == ERR_OK)
		log_warning("a webhook wants no more messages (410) and was disabled", "webhook",
		    t->endpoint.id);
	else
		log_warning("a webhook could not be disabled", "webhook", t->endpoint.id, "reason",
		    f->text);
	try_decide(t, OUTBOX_REFUSED, 0, t->endpoint.why_disabled);
}

/* Whether the endpoint is still where the message was sent to. */
static bool
try_is_there(const struct hook_try *t)
{
	const struct hook *h = try_endpoint(t);

	return h == NULL || strcmp(h->url, t->url) == 0;
}

/* What was said at an address that is no longer the endpoint's says nothing about the new one. */
static void
try_disable(struct hook_try *t)
{
	const struct hook *h = try_endpoint(t);
	static const char why[] = "it answered HTTP 410: it wants no more messages";

	if (!try_is_there(t)) {
		try_decide(t, OUTBOX_DEFERRED, 0, "HTTP 410 of the address it had before");
		return;
	}
	if (h == NULL || !h->enabled) {
		try_decide(t, OUTBOX_REFUSED, 0, why);
		return;
	}
	t->endpoint = *h;
	t->endpoint.enabled = false;
	t->endpoint.why_disabled = why;
	t->trip->op = store_hook_save(t->hooks->flow->conf.store, &t->endpoint, "webhook_disabled",
	    &note, try_on_disabled, t);
}

static void
try_on_sent(void *arg, const struct webhook_report *r)
{
	struct hook_try *t = arg;

	t->sending = NULL;
	if (try_is_there(t)) {
		t->begun = false;
		hook_peer_end(t->hooks, t->trip->item->subject, r);
	}
	try_leave_peer(t);
	log_debug("a webhook message was tried", "message", t->trip->item->id, "webhook",
	    t->trip->item->subject, "answer", r->words, "ms", log_number(r->ms));
	if (r->outcome == WEBHOOK_GONE)
		try_disable(t);
	else
		try_decide(t, result_of(r->outcome), r->retry_after_ms, r->words);
}

/* ---- claimed ---- */

static void
try_send(struct hook_try *t, const struct hook *h)
{
	const struct outbox_item *i = t->trip->item;
	const int64_t now = flow_now(t->hooks->flow);
	struct webhook_message m = { .url = h->url,
		.id = i->id,
		.body = i->body,
		.len = strlen(i->body),
		.at_s = now / 1000,
		.secrets = { h->secret, now < h->old_until ? h->old_secret : NULL } };

	t->url = mem_dup_string(h->url);
	t->sending = webhook_send(t->hooks->flow->conf.hooks->webhooks, &m, try_on_sent, t);
}

/* The endpoint may have gone meanwhile. */
static void
try_on_claimed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_try *t = arg;
	const struct hook *h;

	t->trip->op = NULL;
	if (code != ERR_OK) {
		try_leave(t, code, f);
		return;
	}
	outbox_item_free(t->trip->item);
	t->trip->item = t->next;
	t->trip->item->revision = revision;
	t->next = NULL;
	h = try_endpoint(t);
	if (h != NULL && !t->hooks->flow->draining) {
		try_send(t, h);
		return;
	}
	try_leave_peer(t);
	if (h == NULL)
		try_end(t, NULL, NULL);
	else
		try_put_off(t, flow_now(t->hooks->flow));
}

static void
try_claim(struct hook_try *t)
{
	struct outbox_item *i = outbox_item_copy(t->trip->item);

	memcpy(i->owner, lane_owner(t->hooks->lane), sizeof(i->owner));
	i->due = flow_now(t->hooks->flow) + OUTBOX_CLAIM_MS;
	t->next = i;
	t->trip->op = store_outbox_save(t->hooks->flow->conf.store, t->trip->item, i, NULL, NULL,
	    INVITATION_EVENT_COUNT, &note, try_on_claimed, t);
}

/* Whether there is anything to be sent; false: the message ends. */
static bool
try_look(struct hook_try *t, const struct hook *h)
{
	const struct outbox_item *i = t->trip->item;

	if (h == NULL)
		try_end(t, NULL, NULL);
	else if (!h->enabled)
		try_end(t, "failed", "the webhook is disabled");
	else if (flow_now(t->hooks->flow) >= i->expires_at)
		try_end(t, "failed", i->last != NULL ? i->last : "nobody answered there in time");
	else
		return true;
	return false;
}

/* The attempt begins here, and not when its claim is stored: several that are being claimed must
 * know of each other. */
void
hooks_carry(void *arg, struct lane_trip *trip)
{
	struct hook_try *t = try_new(arg, trip);
	const struct hook *h = try_endpoint(t);
	int64_t wait;

	if (!try_look(t, h))
		return;
	wait = hook_peer_begin(t->hooks, h->id);
	t->begun = wait == 0;
	if (t->begun)
		try_claim(t);
	else
		try_put_off(t, flow_now(t->hooks->flow) + wait);
}

void
hooks_abandon(void *arg, struct lane_trip *trip)
{
	(void)arg;
	if (trip->state != NULL)
		try_free(trip->state);
	trip->state = NULL;
}

void
hooks_lost(void *arg, struct lane_trip *trip)
{
	try_decide(try_new(arg, trip), OUTBOX_LOST, 0, words_of_stop);
}

/* An endpoint may take longer to answer than a stop may: who is sent to now is sent the same again
 * after the next start. What the store did not take yet is left to that, too. */
void
hooks_drain(struct flow_hooks *h)
{
	struct hook_try *t, *next;

	LIST_EACH_SAFE(t, &h->tries, link, next)
	{
		if (t->sending != NULL) {
			webhook_cancel(t->sending);
			t->sending = NULL;
			try_leave_peer(t);
			try_decide(t, OUTBOX_LOST, 0, words_of_stop);
		} else if (t->trip->op == NULL) /* it waits to try the store again */
			try_done(t);
	}
}
