/* What became of a mail, in one transaction: the item is gone or waits again, the log says what
 * happened, a token that nobody has is taken back, an address that is refused for good is marked
 * and told to the inviter. The plan is made once, and never changed: whether a newer mail takes its
 * place is asked anew each time it is written. It is written until the store takes it, for a claim
 * that is left behind sends its mail a second time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

enum { SETTLE_AGAIN_MIN_MS = 250, SETTLE_AGAIN_MAX_MS = 30 * 1000, SETTLE_CONFLICTS_MAX = 100 };

static const struct store_note settle_note = { .actor = "mailer" };

static void settle_load(struct mail_trip *t);

static void
settle_end(struct mail_trip *t)
{
	struct lane_trip *trip = t->trip;

	mail_trip_free(t);
	lane_trip_end(trip);
}

/* ---- again ---- */

static void
settle_on_again(void *arg)
{
	settle_load(arg);
}

/* When the claim has run out it is left to whoever finds it; what was never claimed is found due.
 */
static void
settle_again(struct mail_trip *t, const struct fault *f)
{
	struct flow *flow = t->mails->flow;
	struct lane_trip *trip = t->trip;

	if (!t->claimed || flow_now(flow) >= t->until - SETTLE_AGAIN_MAX_MS) {
		mail_trip_free(t);
		lane_trip_fail(trip, f);
		return;
	}
	if (t->again == NULL) {
		t->again = loop_timer_new(flow->conf.loop, settle_on_again, t);
		t->again_ms = SETTLE_AGAIN_MIN_MS;
		log_warning("what became of a mail cannot be stored yet", "item", trip->item->id,
		    "reason", f->text);
	}
	loop_timer_set(t->again, t->again_ms);
	t->again_ms *= 2;
	if (t->again_ms > SETTLE_AGAIN_MAX_MS)
		t->again_ms = SETTLE_AGAIN_MAX_MS;
}

/* Something of it is another one now, or a write of ours was carried out without our knowing. */
static void
settle_on_reloaded(void *arg, enum err code, struct outbox_item **list, size_t count,
    const char *next, const struct fault *f)
{
	struct mail_trip *t = arg;
	struct outbox_item *found;

	(void)next;
	t->trip->op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) {
		settle_again(t, f);
		return;
	}
	found = count > 0 ? list[0] : NULL;
	if (found == NULL || (t->claimed && strcmp(found->owner, t->owner) != 0) ||
	    ++t->tries > SETTLE_CONFLICTS_MAX) {
		settle_end(t); /* it is settled, or no longer ours to settle */
		return;
	}
	list[0] = NULL;
	outbox_item_free(t->trip->item);
	t->trip->item = found;
	settle_load(t);
}

static void
settle_on_written(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_trip *t = arg;
	struct flow *flow = t->mails->flow;

	(void)revision;
	t->trip->op = NULL;
	switch (code) {
	case ERR_OK:
	case ERR_NOT_FOUND:
		settle_end(t);
		return;
	case ERR_CONFLICT:
	case ERR_UNKNOWN:
		t->trip->op =
		    store_outbox_load(flow->conf.store, t->trip->item->id, settle_on_reloaded, t);
		return;
	default:
		settle_again(t, f);
	}
}

/* ---- write ---- */

/* A mail that was asked for after this one was claimed has left, or may have. */
static bool
settle_newer_has_left(const struct mail_trip *t)
{
	const int64_t claimed_at = t->until - OUTBOX_CLAIM_MS;
	bool asked = false;

	for (size_t i = 0; i < t->delivery->log_count; i++) {
		const struct delivery_entry *e = &t->delivery->log[i];

		if (e->kind != OUTBOX_INVITATION)
			continue;
		if (asked && mail_may_have_left(e))
			return true;
		asked |= e->event == DELIVERY_QUEUED && e->at > claimed_at;
	}
	return false;
}

/* The invitation itself was queued since this mail was claimed, as another one or, beside a
 * reminder, as the first; it waits, or has left. That nothing waits says nothing by itself: an
 * administrator may have dropped the newer one. */
static bool
settle_has_newer(const struct mail_trip *t)
{
	const struct delivery *d = t->delivery;

	if (d == NULL)
		return false;
	if (d->waiting[0] != '\0')
		return strcmp(d->waiting, t->trip->item->id) != 0;
	return settle_newer_has_left(t);
}

/* Its own next attempt would be one too many. One that may have left is not told as one that was
 * dropped. */
static void
settle_give_way(const struct mail_trip *t, struct mail_plan *plan)
{
	static const char why[] = "a newer mail takes its place";

	plan->remove = true;
	if (plan->event == DELIVERY_UNKNOWN)
		plan->detail =
		    arena_printf(t->arena, "%s; %s", mail_heard(t->arena, t->next->last), why);
	else {
		plan->event = DELIVERY_DROPPED;
		plan->detail = why;
	}
}

static void
settle_note_log(struct mail_trip *t, const struct mail_plan *plan)
{
	struct delivery *d = t->delivery;
	const struct outbox_item *item = t->trip->item;

	if (d != NULL && d->revision == 0 && t->inv == NULL) {
		delivery_free(d); /* forgotten with its invitation, perhaps */
		t->delivery = d = NULL;
	}
	if (d == NULL)
		return;
	if (plan->remove && strcmp(d->waiting, item->id) == 0)
		d->waiting[0] = '\0';
	/* What had taken its place is gone: a resend is to find this one again. */
	if (!plan->remove && item->kind == OUTBOX_INVITATION)
		memcpy(d->waiting, item->id, sizeof(d->waiting));
	if (plan->event != DELIVERY_EVENT_COUNT)
		delivery_note(d, plan->event, item->kind, flow_now(t->mails->flow), plan->detail);
}

/* Whether the invitation may be touched: nobody registers with it, and it is open. */
static bool
settle_may_touch(const struct mail_trip *t)
{
	struct flow *flow = t->mails->flow;

	if (t->inv == NULL || flow_attempt_of(flow, t->inv->id) != NULL)
		return false;
	switch (invitation_seen(t->inv, flow_now(flow))) {
	case INVITATION_PENDING:
	case INVITATION_CREATED:
		return true;
	default:
		return false;
	}
}

/* Not when somebody gave it another address since the mail left. */
static bool
settle_condemns_address(const struct mail_trip *t)
{
	return t->plan.undeliver && !t->inv->undeliverable && t->to != NULL &&
	       t->inv->personal_mail != NULL && strcmp(t->to, t->inv->personal_mail) == 0;
}

/* The invitation's part; INVITATION_EVENT_COUNT: it stays as it is. What a newer mail comes to says
 * more of the address than this one. */
static enum invitation_event
settle_change(struct mail_trip *t, bool has_newer, struct mail_post *post)
{
	enum invitation_event event = INVITATION_EVENT_COUNT;
	struct flow *flow = t->mails->flow;
	int64_t now = flow_now(flow);

	invitation_free(t->after);
	t->after = NULL;
	if ((!t->plan.withdraw && !t->plan.undeliver) || !settle_may_touch(t))
		return event;
	t->after = invitation_copy(t->inv);
	if (t->plan.withdraw && invitation_drop_token(t->after, &t->hash)) {
		if (t->has_displaced)
			invitation_revive_token(t->after, &t->displaced);
		if (invitation_apply(t->after, INVITATION_EV_UNMAIL, now, NULL, NULL) == ERR_OK)
			event = INVITATION_EV_UNMAIL;
	}
	if (!has_newer && settle_condemns_address(t) &&
	    invitation_apply(t->after, INVITATION_EV_UNDELIVER, now, NULL, NULL) == ERR_OK) {
		event = INVITATION_EV_UNDELIVER;
		mail_post_undeliverable(post, flow, t->inv);
	}
	return event;
}

static void
settle_write(struct mail_trip *t)
{
	struct store *store = t->mails->flow->conf.store;
	struct mail_post post = { .post = { .item_count = 0 } };
	struct store_note note = settle_note;
	enum invitation_event event;
	const struct invitation *before;
	const bool has_newer = settle_has_newer(t);
	struct mail_plan plan = t->plan;

	if (has_newer && !plan.remove && t->trip->item->kind == OUTBOX_INVITATION)
		settle_give_way(t, &plan);
	settle_note_log(t, &plan);
	event = settle_change(t, has_newer, &post);
	before = event != INVITATION_EVENT_COUNT ? t->inv : NULL;
	if (plan.tell && t->inv != NULL)
		mail_post_undeliverable(&post, t->mails->flow, t->inv);
	if (before != NULL) {
		note.org_unit = before->person.value[PERSON_ORG_UNIT];
		note.personal = audit_of_person(&before->person, NULL, t->arena);
	}
	post.post.delivery = t->delivery;
	note.post = &post.post;
	if (plan.remove)
		t->trip->op = store_outbox_remove(store, t->trip->item, before,
		    before != NULL ? t->after : NULL, event, &note, plan.sent_at, NULL,
		    settle_on_written, t);
	else {
		t->next->revision = t->trip->item->revision;
		t->trip->op = store_outbox_save(store, t->trip->item, t->next, before,
		    before != NULL ? t->after : NULL, event, &note, settle_on_written, t);
	}
	mail_post_free(&post);
}

/* ---- load ---- */

static void
settle_on_invitation(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	if (code != ERR_OK && code != ERR_NOT_FOUND && code != ERR_CORRUPT) {
		settle_again(t, f);
		return;
	}
	invitation_free(t->inv);
	t->inv = NULL;
	if (code == ERR_OK) {
		t->inv = *inv;
		*inv = NULL;
	} else {
		delivery_free(t->delivery); /* forgotten with it */
		t->delivery = NULL;
	}
	settle_write(t);
}

/* A log that is damaged must not keep the mail from being settled: it would be sent again. */
static void
settle_on_log(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct mail_trip *t = arg;

	t->trip->op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) {
		settle_again(t, f);
		return;
	}
	if (code == ERR_CORRUPT)
		log_error("the log of an invitation's mails is damaged", "invitation",
		    t->trip->item->subject, "reason", f->text);
	else {
		t->delivery = *d;
		*d = NULL;
	}
	if (t->plan.withdraw || t->plan.undeliver)
		t->trip->op = store_load(
		    t->mails->flow->conf.store, t->trip->item->subject, settle_on_invitation, t);
	else
		settle_write(t);
}

static void
settle_load(struct mail_trip *t)
{
	delivery_free(t->delivery);
	t->delivery = NULL;
	if (t->plan.event == DELIVERY_EVENT_COUNT && t->plan.remove)
		settle_write(t); /* nobody is left who could read about it */
	else
		t->trip->op = store_delivery_load(
		    t->mails->flow->conf.store, t->trip->item->subject, settle_on_log, t);
}

/* Whose the item is is known again after a write of unknown fate. */
void
mail_settle(struct mail_trip *t)
{
	const struct outbox_item *item = t->trip->item;

	mail_trip_not_ahead(t);
	memcpy(t->owner,
	    t->claimed && item->owner[0] == '\0' ? lane_owner(t->mails->lane) : item->owner,
	    sizeof(t->owner));
	settle_load(t);
}
