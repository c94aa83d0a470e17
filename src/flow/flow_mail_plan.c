/* What follows from a mail's outcome: whether it is tried again and when, what the log says, what
 * becomes of its token and of its address. Nothing is written here: mail_settle() does. */
#include <string.h>

#include "flow/mail_private.h"
#include "log/log.h"

static uint32_t
plan_random(void)
{
	uint32_t random;

	random_fill(&random, sizeof(random));
	return random;
}

static const char *
plan_until(struct mail_trip *t, const char *words, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	return arena_printf(
	    t->arena, "%s" MAIL_AGAIN_AT "%s", mail_heard(t->arena, words), clock_format(at, text));
}

/* The item as it was claimed, counted and with what was heard. */
static enum outbox_next
plan_decide(struct mail_trip *t, enum outbox_result result, const char *words)
{
	struct flow *flow = t->mails->flow;

	outbox_item_free(t->next);
	t->next = outbox_item_copy(t->trip->item);
	if (words != NULL)
		outbox_set_text(t->next, &t->next->last, words);
	return outbox_decide(t->next, result, flow_now(flow), plan_random());
}

/* It surely did not leave; for good, or until the invitation's end. */
static void
plan_refused(struct mail_trip *t, const char *words, bool for_good)
{
	const bool has_link = outbox_has_link(t->trip->item->kind);

	t->plan = (struct mail_plan){ .remove = true,
		.event = for_good ? DELIVERY_REFUSED : DELIVERY_DROPPED,
		.detail = for_good
			      ? words
			      : arena_printf(t->arena, "given up: %s", mail_heard(t->arena, words)),
		.withdraw = has_link,
		.undeliver = has_link };
	log_info(for_good ? "a mail was refused" : "a mail was given up", "invitation",
	    t->trip->item->subject, "item", t->trip->item->id, "kind",
	    outbox_kind_name(t->trip->item->kind));
}

static void
plan_deferred(struct mail_trip *t, const char *words)
{
	if (plan_decide(t, OUTBOX_DEFERRED, words) != OUTBOX_AGAIN) {
		plan_refused(t, words, false);
		return;
	}
	t->plan = (struct mail_plan){ .event = DELIVERY_DEFERRED,
		.detail = plan_until(t, words, t->next->due),
		.withdraw = outbox_has_link(t->trip->item->kind) };
}

/* The token stays: whoever has the mail can use it. */
static void
plan_unknown(struct mail_trip *t, enum outbox_result result, const char *words)
{
	bool again = plan_decide(t, result, words) == OUTBOX_AGAIN;

	t->plan = (struct mail_plan){ .remove = !again,
		.event = DELIVERY_UNKNOWN,
		.detail = again ? plan_until(t, words, t->next->due)
				: arena_printf(t->arena, "%s; not sent again",
				      mail_heard(t->arena, words)) };
	log_warning("nobody knows whether a mail was sent", "invitation", t->trip->item->subject,
	    "item", t->trip->item->id, "again", again ? "yes" : "no");
}

/* The relay's fault, not the mail's: it goes to the end of what is due, so that a mail that takes
 * the relay down does not stand in front of all others. */
static void
plan_put_back(struct mail_trip *t, const char *words)
{
	outbox_item_free(t->next);
	t->next = outbox_item_copy(t->trip->item);
	t->next->owner[0] = '\0';
	t->next->due = flow_now(t->mails->flow);
	t->plan =
	    (struct mail_plan){ .event = words != NULL ? DELIVERY_DEFERRED : DELIVERY_EVENT_COUNT,
		    .detail = words,
		    .withdraw = outbox_has_link(t->trip->item->kind) };
	if (words != NULL)
		outbox_set_text(t->next, &t->next->last, words);
}

void
mail_settle_report(struct mail_trip *t, const struct mail_report *report)
{
	const char *words = report->reply;

	t->claimed = true;
	switch (report->outcome) {
	case MAIL_SENT:
		t->plan = (struct mail_plan){ .remove = true,
			.event = DELIVERY_SENT,
			.detail = words,
			.sent_at = t->trip->item->kind == OUTBOX_INVITATION
				       ? flow_now(t->mails->flow)
				       : 0 };
		log_info("a mail was sent", "invitation", t->trip->item->subject, "item",
		    t->trip->item->id, "kind", outbox_kind_name(t->trip->item->kind));
		break;
	case MAIL_DEFERRED:
		plan_deferred(t, words);
		break;
	case MAIL_REFUSED:
		plan_refused(t, words, true);
		break;
	case MAIL_UNKNOWN:
		plan_unknown(t, OUTBOX_SILENT, words);
		break;
	case MAIL_AWAY:
	case MAIL_BROKEN:
		plan_put_back(t, words);
		break;
	}
	mail_settle(t);
}

void
mail_settle_lost(struct mail_trip *t)
{
	t->claimed = true;
	t->until = t->trip->item->due;
	plan_unknown(t, OUTBOX_LOST, "the daemon ended, perhaps while it was sent");
	mail_settle(t);
}

void
mail_settle_unsent(struct mail_trip *t)
{
	t->claimed = true;
	plan_put_back(t, NULL);
	mail_settle(t);
}
