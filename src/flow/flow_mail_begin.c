/* Whether an item is still worth its mail, and whether it is its turn: before anything has happened
 * to it. Then mail_claim() takes it on. */
#include <string.h>

#include "flow/mail_private.h"
#include "log/log.h"

static const struct store_note begin_note = { .actor = "mailer" };

static void
begin_drop(struct mail_trip *t, const char *why)
{
	log_info("a mail is dropped", "invitation", t->trip->item->subject, "item",
	    t->trip->item->id, "kind", outbox_kind_name(t->trip->item->kind), "reason", why);
	t->plan = (struct mail_plan){ .remove = true, .event = DELIVERY_DROPPED, .detail = why };
	mail_settle(t);
}

/* Its invitation ended before it left: the inviter counts on a mail that nobody got. */
static void
begin_give_up(struct mail_trip *t)
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
begin_has_left(const struct delivery *d)
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
begin_on_put_off(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_trip *t = arg;

	(void)revision;
	t->trip->op = NULL;
	if (code == ERR_OK || code == ERR_CONFLICT || code == ERR_NOT_FOUND)
		mail_trip_end(t);
	else
		mail_trip_fail(t, f);
}

static void
begin_put_off(struct mail_trip *t, int64_t due, bool slotted)
{
	t->next = outbox_item_copy(t->trip->item);
	t->next->due = due;
	t->next->slotted = slotted;
	t->trip->op = store_outbox_save(t->mails->flow->conf.store, t->trip->item, t->next, NULL,
	    NULL, INVITATION_EV_MAIL, &begin_note, begin_on_put_off, t);
}

/* A slot is good for its time alone: what waited behind a relay that was away has all its slots
 * behind it, and would leave in one moment. */
static void
begin_take_turn(struct mail_trip *t)
{
	int64_t now = flow_now(t->mails->flow), at = 0;
	bool taken = t->trip->item->slotted && now - t->trip->item->due < MAIL_TURN_MS;

	if (!taken)
		taken = slot_take(t->mails->slots, mail_domain_of(t->to), now, &at);

	if (taken && at <= now)
		mail_claim(t);
	else
		begin_put_off(t, at, taken);
}

static void
begin_on_log(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) {
		mail_trip_fail(t, f);
		return;
	}
	if (code == ERR_OK) {
		t->delivery = *d;
		*d = NULL;
	}
	if (t->pointless != NULL && begin_has_left(t->delivery))
		begin_drop(t, t->pointless);
	else if (t->pointless != NULL)
		begin_give_up(t);
	else if (t->trip->item->kind == OUTBOX_REMINDER && t->delivery != NULL &&
		 t->delivery->waiting[0] != '\0')
		begin_drop(t, "the invitation itself still waits");
	else
		begin_take_turn(t);
}

/* Why a mail with a link is pointless; NULL: it is not. */
static const char *
begin_pointless(const struct mail_trip *t)
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
begin_look(struct mail_trip *t)
{
	const struct outbox_item *item = t->trip->item;
	struct flow *flow = t->mails->flow;
	const bool has_link = outbox_has_link(item->kind);
	const char *why = has_link ? begin_pointless(t) : NULL;

	if (!has_link && item->to == NULL)
		why = "there is no address";
	if (!has_link && flow_now(flow) >= item->expires_at)
		why = "it came too late";
	t->to = arena_strdup(t->arena, has_link ? t->inv->personal_mail : item->to);
	if (why != NULL && item->kind == OUTBOX_INVITATION &&
	    invitation_seen(t->inv, flow_now(flow)) == INVITATION_EXPIRED) {
		t->pointless = why;
		t->trip->op = store_delivery_load(flow->conf.store, item->subject, begin_on_log, t);
	} else if (why != NULL)
		begin_drop(t, why);
	else if (has_link &&
		 (t->inv->state == INVITATION_CLAIMED || flow_attempt_of(flow, t->inv->id) != NULL))
		begin_put_off(t, flow_now(flow) + MAIL_PUT_OFF_MS, false);
	else if (item->kind == OUTBOX_UNDELIVERABLE || item->kind == OUTBOX_REMINDER)
		t->trip->op = store_delivery_load(flow->conf.store, item->subject, begin_on_log, t);
	else
		begin_take_turn(t);
}

/* News has its facts in the item; a link is worth nothing without its invitation, and the log in
 * which that could be read is gone with it. */
static void
begin_without_invitation(struct mail_trip *t, enum err code, const struct fault *f)
{
	const struct outbox_item *item = t->trip->item;

	if (!outbox_has_link(item->kind)) {
		begin_look(t);
		return;
	}
	if (code == ERR_CORRUPT) {
		log_error("a mail waits for an invitation that is damaged", "invitation",
		    item->subject, "reason", f->text);
		begin_put_off(t, flow_now(t->mails->flow) + OUTBOX_BACKOFF_MAX_MS, false);
		return;
	}
	log_info("a mail is dropped: its invitation is forgotten", "invitation", item->subject,
	    "item", item->id, "kind", outbox_kind_name(item->kind));
	t->plan = (struct mail_plan){ .remove = true, .event = DELIVERY_EVENT_COUNT };
	mail_settle(t);
}

static void
begin_on_loaded(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	switch (code) {
	case ERR_OK:
		t->inv = *inv;
		*inv = NULL;
		begin_look(t);
		return;
	case ERR_NOT_FOUND:
	case ERR_CORRUPT:
		begin_without_invitation(t, code, f);
		return;
	default:
		mail_trip_fail(t, f);
	}
}

void
mail_carry(void *arg, struct lane_trip *trip)
{
	struct flow_mails *m = arg;
	struct mail_trip *t = mail_trip_new(m, trip);

	t->is_ahead = true;
	m->ahead++;
	trip->op = store_load(m->flow->conf.store, trip->item->subject, begin_on_loaded, t);
}
