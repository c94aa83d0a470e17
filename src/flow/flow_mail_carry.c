/* An item's way to the mailer: look whether it is still worth it, wait for its turn, claim it with
 * a fresh token, compose, send. Nothing has happened until the claim is stored; from then on the
 * mail may have left, and every way leads to mail_settle(). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

static const struct store_note carry_note = { .actor = "mailer" };

static struct mail_trip *
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
	mail_free(t->mail);
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
	} else if (t->mail != NULL)
		TAILQ_REMOVE(&m->ready, t, link);
	mail_trip_free(t);
}

static void
carry_end(struct mail_trip *t)
{
	struct lane_trip *trip = t->trip;

	mail_trip_free(t);
	lane_trip_end(trip);
}

static void
carry_fail(struct mail_trip *t, const struct fault *f)
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
	struct mail *mail = t->mail;

	t->mail = NULL;
	mail_trip_not_ahead(t);
	m->sending++;
	TAILQ_INSERT_TAIL(&m->given, t, link);
	t->sending = mailer_send(m->conf->mailer, mail, carry_on_sent, t);
	mail_free(mail);
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

/* ---- compose ---- */

static void
carry_go(struct mail_trip *t)
{
	struct fault f = { .text = "" };

	if (mails_is_overtaken(t->mails, t)) {
		mail_settle_unsent(t);
		return;
	}
	if (mail_trip_compose(t, &f) != ERR_OK) {
		const struct mail_report report = { mailer_blames(t->to), 0,
			carry_scrub(t, f.text) };

		mails_hear(t->mails, t, &report);
		mail_settle_report(t, &report);
		return;
	}
	secret_free(t->token); /* in the mail, and nowhere else from now on */
	t->token = NULL;
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
		carry_end(t);
		return;
	case ERR_UNKNOWN: /* perhaps it is ours; then it must not stay so */
		mail_settle_unsent(t);
		return;
	default:
		carry_fail(t, f);
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

static void
carry_claim(struct mail_trip *t)
{
	struct flow *flow = t->mails->flow;
	const struct outbox_item *item = t->trip->item;
	struct fault f = { .text = "" };

	if (mails_is_overtaken(t->mails, t)) {
		carry_end(t); /* nothing has happened yet */
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
			carry_fail(t, &f); /* it was looked at a moment ago */
			return;
		}
	}
	t->trip->op =
	    store_outbox_save(flow->conf.store, item, t->next, t->after != NULL ? t->inv : NULL,
		t->after, INVITATION_EV_MAIL, &carry_note, carry_on_claimed, t);
}

/* ---- look ---- */

static void
carry_drop(struct mail_trip *t, const char *why)
{
	log_info("a mail is dropped", "invitation", t->trip->item->subject, "item",
	    t->trip->item->id, "kind", outbox_kind_name(t->trip->item->kind), "reason", why);
	t->plan = (struct mail_plan){ .remove = true, .event = DELIVERY_DROPPED, .detail = why };
	mail_settle(t);
}

/* Its invitation ended before it left: the inviter counts on a mail that nobody got. */
static void
carry_give_up(struct mail_trip *t)
{
	const char *last = t->trip->item->last;

	t->plan = (struct mail_plan){ .remove = true,
		.event = DELIVERY_DROPPED,
		.detail = arena_printf(t->arena, "%s%s%s", t->pointless, last != NULL ? ": " : "",
		    last != NULL ? mail_heard(t->arena, last) : ""),
		.tell = true };
	mail_settle(t);
}

/* No mail of this queueing has left, whoever took it out of the queue and put it back. */
static bool
carry_has_left(const struct delivery *d)
{
	for (size_t i = d != NULL ? d->log_count : 0; i > 0; i--) {
		const struct delivery_entry *e = &d->log[i - 1];

		if (mail_may_have_left(e))
			return true;
		if (e->event == DELIVERY_QUEUED && e->kind == OUTBOX_INVITATION)
			return false;
	}
	return false;
}

static void
carry_on_put_off(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_trip *t = arg;

	(void)revision;
	t->trip->op = NULL;
	if (code == ERR_OK || code == ERR_CONFLICT || code == ERR_NOT_FOUND)
		carry_end(t);
	else
		carry_fail(t, f);
}

static void
carry_put_off(struct mail_trip *t, int64_t due, bool slotted)
{
	t->next = outbox_item_copy(t->trip->item);
	t->next->due = due;
	t->next->slotted = slotted;
	t->trip->op = store_outbox_save(t->mails->flow->conf.store, t->trip->item, t->next, NULL,
	    NULL, INVITATION_EV_MAIL, &carry_note, carry_on_put_off, t);
}

/* A slot is good for its time alone: what waited behind a relay that was away has all its slots
 * behind it, and would leave in one moment. */
static void
carry_take_turn(struct mail_trip *t)
{
	int64_t now = flow_now(t->mails->flow), at = 0;
	bool taken = t->trip->item->slotted && now - t->trip->item->due < MAIL_TURN_MS;

	if (!taken)
		taken = slot_take(t->mails->slots, mail_domain_of(t->to), now, &at);

	if (taken && at <= now)
		carry_claim(t);
	else
		carry_put_off(t, at, taken);
}

static void
carry_on_log(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) {
		carry_fail(t, f);
		return;
	}
	if (code == ERR_OK) {
		t->delivery = *d;
		*d = NULL;
	}
	if (t->pointless != NULL && carry_has_left(t->delivery))
		carry_drop(t, t->pointless);
	else if (t->pointless != NULL)
		carry_give_up(t);
	else if (t->trip->item->kind == OUTBOX_REMINDER && t->delivery != NULL &&
		 t->delivery->waiting[0] != '\0')
		carry_drop(t, "the invitation itself still waits");
	else
		carry_take_turn(t);
}

/* Why a mail with a link is pointless; NULL: it is not. */
static const char *
carry_pointless(const struct mail_trip *t)
{
	const struct invitation *inv = t->inv;

	switch (invitation_seen(inv, flow_now(t->mails->flow))) {
	case INVITATION_DONE:
		return "the registration is completed";
	case INVITATION_EXPIRED:
		return "the invitation is expired";
	case INVITATION_REVOKED:
		return "the invitation is revoked";
	default:
		break;
	}
	if (inv->personal_mail == NULL)
		return "there is no address";
	if (t->trip->item->kind == OUTBOX_REMINDER && inv->undeliverable)
		return "the address is undeliverable";
	return NULL;
}

static void
carry_look(struct mail_trip *t)
{
	const struct outbox_item *item = t->trip->item;
	struct flow *flow = t->mails->flow;
	const bool has_link = outbox_has_link(item->kind);
	const char *why = has_link ? carry_pointless(t) : NULL;

	if (!has_link && item->to == NULL)
		why = "there is no address";
	if (!has_link && flow_now(flow) >= item->expires_at)
		why = "it came too late";
	t->to = arena_strdup(t->arena, has_link ? t->inv->personal_mail : item->to);
	if (why != NULL && item->kind == OUTBOX_INVITATION &&
	    invitation_seen(t->inv, flow_now(flow)) == INVITATION_EXPIRED) {
		t->pointless = why;
		t->trip->op = store_delivery_load(flow->conf.store, item->subject, carry_on_log, t);
	} else if (why != NULL)
		carry_drop(t, why);
	else if (has_link &&
		 (t->inv->state == INVITATION_CLAIMED || flow_attempt_of(flow, t->inv->id) != NULL))
		carry_put_off(t, flow_now(flow) + MAIL_PUT_OFF_MS, false);
	else if (item->kind == OUTBOX_UNDELIVERABLE || item->kind == OUTBOX_REMINDER)
		t->trip->op = store_delivery_load(flow->conf.store, item->subject, carry_on_log, t);
	else
		carry_take_turn(t);
}

/* News has its facts in the item; a link is worth nothing without its invitation, and the log in
 * which that could be read is gone with it. */
static void
carry_without_invitation(struct mail_trip *t, enum err code, const struct fault *f)
{
	const struct outbox_item *item = t->trip->item;

	if (!outbox_has_link(item->kind)) {
		carry_look(t);
		return;
	}
	if (code == ERR_CORRUPT) {
		log_error("a mail waits for an invitation that is damaged", "invitation",
		    item->subject, "reason", f->text);
		carry_put_off(t, flow_now(t->mails->flow) + OUTBOX_BACKOFF_MAX_MS, false);
		return;
	}
	log_info("a mail is dropped: its invitation is forgotten", "invitation", item->subject,
	    "item", item->id, "kind", outbox_kind_name(item->kind));
	t->plan = (struct mail_plan){ .remove = true, .event = DELIVERY_EVENT_COUNT };
	mail_settle(t);
}

static void
carry_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	switch (code) {
	case ERR_OK:
		t->inv = *inv;
		*inv = NULL;
		carry_look(t);
		return;
	case ERR_NOT_FOUND:
	case ERR_CORRUPT:
		carry_without_invitation(t, code, f);
		return;
	default:
		carry_fail(t, f);
	}
}

void
mail_carry(void *arg, struct lane_trip *trip)
{
	struct flow_mails *m = arg;
	struct mail_trip *t = mail_trip_new(m, trip);

	t->is_ahead = true;
	m->ahead++;
	trip->op = store_load(m->flow->conf.store, trip->item->subject, carry_on_loaded, t);
}

void
mail_lost(void *arg, struct lane_trip *trip)
{
	mail_settle_lost(mail_trip_new(arg, trip));
}
