/* An item's way to the mailer: claim it with a fresh token, send. Nothing has happened
 * until the claim is stored; from then on the mail may have left, and every way leads to
 * mail_settle(). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

struct mail_trip *
mail_trip_new(struct flow_mails *m, struct lane_trip *trip)
{
	struct mail_trip *t = mem_alloc(sizeof(*t));

	t->mails = m;
	t->trip = trip;
	t->arena = arena_new(0);
	t->pause = m->pause_count;
	trip->state = t;
	return t;
}

void
mail_trip_not_ahead(struct mail_trip *t)
{
	if (!t->is_ahead)
		return;
	t->is_ahead = false;
	t->mails->ahead--;
	lane_look(t->mails->lane);
}

void
mail_trip_free(struct mail_trip *t)
{
	mail_trip_not_ahead(t);
	loop_timer_free(t->again);
	secret_free(t->token);
	invitation_free(t->inv);
	invitation_free(t->after);
	outbox_item_free(t->next);
	delivery_free(t->delivery);
	arena_free(t->arena);
	free(t);
}

void
mail_abandon(void *arg, struct lane_trip *trip)
{
	struct flow_mails *m = arg;
	struct mail_trip *t = trip->state;

	if (t->sending != NULL) {
		mailer_cancel(t->sending);
		TAILQ_REMOVE(&m->given, t, link);
	} else if (t->is_ready)
		TAILQ_REMOVE(&m->ready, t, link);
	mail_trip_free(t);
}

void
mail_trip_end(struct mail_trip *t)
{
	struct lane_trip *trip = t->trip;

	mail_trip_free(t);
	lane_trip_end(trip);
}

void
mail_trip_fail(struct mail_trip *t, const struct fault *f)
{
	struct lane_trip *trip = t->trip;

	mail_trip_free(t);
	lane_trip_fail(trip, f);
}

/* ---- send ---- */

/* Words that may be logged and kept. */
static const char *
carry_scrub(struct mail_trip *t, const char *words)
{
	return delivery_scrub(t->arena, words, t->to);
}

static void
carry_on_returned(struct mail_trip *t)
{
	t->sending = NULL;
	TAILQ_REMOVE(&t->mails->given, t, link);
	t->mails->sending--;
}

static void
carry_on_sent(void *arg, const struct mail_report *said)
{
	struct mail_trip *t = arg;
	struct flow_mails *m = t->mails;
	const struct mail_report report = { said->outcome, said->code,
		carry_scrub(t, said->reply) };

	carry_on_returned(t);
	mails_hear(m, t, &report);
	mail_settle_report(t, &report);
	mails_send_ready(m);
}

static void
carry_send(struct mail_trip *t)
{
	struct flow_mails *m = t->mails;

	mail_trip_not_ahead(t);
	m->sending++;
	TAILQ_INSERT_TAIL(&m->given, t, link);
	t->sending = mail_trip_send(t, carry_on_sent);
}

/* It waited so long for its place that its claim might run out on the way (OUTBOX_CLAIM_MS). */
static bool
carry_is_stale(const struct mail_trip *t)
{
	return t->trip->item->due - flow_now(t->mails->flow) < OUTBOX_CLAIM_MS / 2;
}

void
mails_send_ready(struct flow_mails *m)
{
	struct mail_trip *t, *next;

	LIST_EACH_SAFE(t, &m->ready, link, next)
	{
		bool late = mails_is_overtaken(m, t) || carry_is_stale(t);

		if (!late && m->sending >= MAIL_GIVEN * m->conf->in_flight)
			continue;
		TAILQ_REMOVE(&m->ready, t, link);
		t->is_ready = false;
		if (late)
			mail_settle_unsent(t);
		else
			carry_send(t);
	}
}

void
mails_take_back(struct flow_mails *m)
{
	struct mail_trip *t, *next;

	LIST_EACH_SAFE(t, &m->given, link, next)
	if (mailer_take_back(t->sending)) {
		carry_on_returned(t);
		mail_settle_unsent(t);
	}
}

static void
carry_go(struct mail_trip *t)
{
	if (mails_is_overtaken(t->mails, t)) {
		mail_settle_unsent(t);
		return;
	}
	t->is_ready = true;
	TAILQ_INSERT_TAIL(&t->mails->ready, t, link);
	mails_send_ready(t->mails);
}

/* ---- claim ---- */

static void
carry_on_claimed(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	switch (code) {
	case ERR_OK:
		outbox_item_free(t->trip->item);
		t->trip->item = t->next;
		t->trip->item->revision = revision;
		t->next = NULL;
		if (t->after != NULL) {
			invitation_free(t->inv);
			t->inv = t->after;
			t->inv->revision = revision;
			t->after = NULL;
		}
		carry_go(t);
		return;
	case ERR_CONFLICT: /* somebody was faster: it is read again */
	case ERR_NOT_FOUND:
		mail_trip_end(t);
		return;
	case ERR_UNKNOWN: /* perhaps it is ours; then it must not stay so */
		mail_settle_unsent(t);
		return;
	default:
		mail_trip_fail(t, f);
	}
}

static enum err
carry_make_token(struct mail_trip *t, struct fault *f)
{
	struct invitation *inv = t->after;
	unsigned char random[32];
	int64_t now = flow_now(t->mails->flow);
	enum err code;

	random_fill(random, sizeof(random));
	t->token = token_make(random, &t->hash);
	secret_wipe(random, sizeof(random));
	t->has_displaced = inv->token_count == INVITATION_TOKENS_MAX;
	if (t->has_displaced)
		t->displaced = inv->tokens[0];
	code = invitation_add_token(inv, &t->hash, false, now, f);
	if (code == ERR_OK)
		code = invitation_apply(inv, INVITATION_EV_MAIL, now, NULL, f);
	return code;
}

void
mail_claim(struct mail_trip *t)
{
	struct flow *flow = t->mails->flow;
	const struct outbox_item *item = t->trip->item;
	struct store_note note = { .actor = "mailer" };
	struct fault f = { .text = "" };

	if (mails_is_overtaken(t->mails, t)) {
		mail_trip_end(t); /* nothing has happened yet */
		return;
	}
	t->next = outbox_item_copy(item);
	memcpy(t->next->owner, lane_owner(t->mails->lane), sizeof(t->next->owner));
	t->next->due = t->until = flow_now(flow) + OUTBOX_CLAIM_MS;
	t->next->slotted = false;
	if (outbox_has_link(item->kind)) {
		t->next->expires_at = invitation_end(t->inv);
		t->after = invitation_copy(t->inv);
		if (carry_make_token(t, &f) != ERR_OK) {
			mail_trip_fail(t, &f); /* it was looked at a moment ago */
			return;
		}
	}
	if (t->inv != NULL)
		note.org_unit = t->inv->person.value[PERSON_ORG_UNIT];
	t->trip->op =
	    store_outbox_save(flow->conf.store, item, t->next, t->after != NULL ? t->inv : NULL,
		t->after, INVITATION_EV_MAIL, &note, carry_on_claimed, t);
}

void
mail_lost(void *arg, struct lane_trip *trip)
{
	mail_settle_lost(mail_trip_new(arg, trip));
}
