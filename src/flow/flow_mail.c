/* Mails as a whole: when the relay is asked, and when it is left alone.
 *
 * What is not the fault of one mail pauses all of them, with growing pauses, instead of trying each
 * in turn; then one of them tries. The relay also counts as away when it takes mails and does not
 * say so. */
#include "flow/mail_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "log/log.h"

/* ---- pauses ---- */

bool
mails_is_overtaken(const struct flow_mails *m, const struct mail_trip *t)
{
	return m->flow->sends_no_more || t->pause != m->pause_count;
}

static void
mails_pause(struct flow_mails *m, const struct mail_trip *t, const char *reason)
{
	uint32_t random;
	int64_t ms;

	if (mails_is_overtaken(m, t))
		return; /* it began before the pause, and fails for the same reason */
	random_fill(&random, sizeof(random));
	ms = outbox_backoff(++m->failures, random);
	m->pause_count++;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
	lane_pause(m->lane, ms);
	log_warning("mails wait for the relay", "reason", reason, "seconds", log_number(ms / 1000));
	mails_send_ready(m); /* they do not leave now */
}

static void
mails_resume(struct flow_mails *m)
{
	int64_t until;

	m->failures = 0;
	m->broken = false;
	if (!lane_is_paused(m->lane, &until))
		return;
	log_info("mails leave again");
	lane_resume(m->lane);
}

static void
mails_note(struct flow_mails *m, const struct mail_report *report)
{
	switch (report->outcome) {
	case MAIL_BROKEN:
	case MAIL_AWAY:
	case MAIL_UNKNOWN:
		m->failed_at = flow_now(m->flow);
		snprintf(m->failure, sizeof(m->failure), "%s", report->reply);
		return;
	case MAIL_SENT:
		m->sent_at = flow_now(m->flow);
		return;
	case MAIL_DEFERRED:
	case MAIL_REFUSED:
		return;
	}
}

void
mails_hear(struct flow_mails *m, const struct mail_trip *t, const struct mail_report *report)
{
	mails_note(m, report);
	switch (report->outcome) {
	case MAIL_BROKEN:
		if (!m->broken)
			log_error("no mail can be sent: an operator must act", "reason",
			    report->reply, "code", log_number(report->code));
		m->broken = true;
		mails_pause(m, t, report->reply);
		return;
	case MAIL_AWAY:
		mails_pause(m, t, report->reply);
		return;
	case MAIL_UNKNOWN:
		if (++m->silent >= MAIL_SILENT_MAX)
			mails_pause(m, t, report->reply);
		return;
	case MAIL_SENT:
	case MAIL_DEFERRED:
	case MAIL_REFUSED:
		m->silent = 0;
		if (!mails_is_overtaken(m, t))
			mails_resume(m);
	}
}

void
flow_mail_status(const struct flow *f, struct flow_mail_status *out)
{
	const struct flow_mails *m = f->mails;

	*out =
	    (struct flow_mail_status){ .waiting = store_outbox_count(f->conf.store, OUTBOX_MAILS) };
	if (m == NULL)
		return;
	out->in_flight = lane_in_flight(m->lane);
	out->oldest_at = lane_oldest_due(m->lane);
	out->paused = lane_is_paused(m->lane, &out->paused_until);
	out->reason = out->paused ? m->reason : NULL;
	out->broken = m->broken;
	out->sent_at = m->sent_at;
	out->failed_at = m->failed_at;
	out->failure = m->failed_at != 0 ? m->failure : NULL;
}

bool
mail_may_have_left(const struct delivery_entry *e)
{
	return (e->event == DELIVERY_SENT || e->event == DELIVERY_UNKNOWN) &&
	       e->kind != OUTBOX_KIND_COUNT && outbox_has_link(e->kind);
}

const char *
mail_heard(struct arena *arena, const char *words)
{
	return outbox_cut(arena, words, MAIL_HEARD_MAX);
}

/* ---- life ---- */

static bool
mails_may_begin(void *arg)
{
	const struct flow_mails *m = arg;

	return m->ahead < MAIL_AHEAD * m->conf->in_flight;
}

struct flow_mails *
flow_mails_new(struct flow *f)
{
	static const struct lane_ops ops = { .queue = OUTBOX_MAILS,
		.may_begin = mails_may_begin,
		.carry = mail_carry,
		.abandon = mail_abandon,
		.lost = mail_lost };
	const struct flow_mail_conf *conf = f->conf.mail;
	struct flow_mails *m;

	if (conf == NULL)
		return NULL;
	m = mem_alloc(sizeof(*m));
	m->flow = f;
	m->conf = conf;
	m->slots = slots_new(conf->rate, conf->domain_rate);
	TAILQ_INIT(&m->ready);
	TAILQ_INIT(&m->given);
	m->lane = lane_new(f, &ops, m, MAIL_TRIPS * conf->in_flight);
	return m;
}

void
flow_mails_run(struct flow_mails *m)
{
	if (m != NULL)
		lane_run(m->lane);
}

/* All of them wait for the next start instead: what is left behind is sent twice, and a relay may
 * be too slow for what stands in front of its connections. */
void
flow_mails_stop(struct flow_mails *m)
{
	if (m == NULL)
		return;
	mails_send_ready(m);
	mails_take_back(m);
}

void
flow_mails_free(struct flow_mails *m)
{
	if (m == NULL)
		return;
	lane_free(m->lane);
	slots_free(m->slots);
	free(m);
}
