#include "fake_webhook.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct webhook_sending {
	struct fake_webhooks *webhooks;
	struct loop_timer *timer;
	struct webhook_report report;
	webhook_sent_cb *cb;
	void *arg;
};

struct webhooks *
fake_webhooks_of(struct fake_webhooks *w)
{
	return (struct webhooks *)w;
}

static void
sending_free(struct webhook_sending *s)
{
	s->webhooks->under_way--;
	if (s->webhooks->newest == s)
		s->webhooks->newest = NULL;
	loop_timer_free(s->timer);
	free(s);
}

static void
sending_answer(void *arg)
{
	struct webhook_sending *s = arg;
	struct webhook_sending told = *s;

	sending_free(s);
	told.cb(told.arg, &told.report);
}

void
fake_webhooks_answer(struct fake_webhooks *w)
{
	assert(w->newest != NULL);
	w->newest->report = w->report;
	loop_timer_set(w->newest->timer, 0);
}

struct webhook_sending *
webhook_send(
    struct webhooks *webhooks, const struct webhook_message *m, webhook_sent_cb *cb, void *arg)
{
	struct fake_webhooks *w = (struct fake_webhooks *)webhooks;
	struct webhook_sending *s = mem_alloc(sizeof(*s));
	struct fake_sent *sent = &w->sent[w->count++];

	assert(w->count < FAKE_SENT_MAX && m->len == strlen(m->body));
	snprintf(sent->id, sizeof(sent->id), "%s", m->id);
	snprintf(sent->url, sizeof(sent->url), "%s", m->url);
	snprintf(sent->body, sizeof(sent->body), "%s", m->body);
	sent->at_s = m->at_s;
	for (; sent->secrets < 2 && m->secrets[sent->secrets] != NULL; sent->secrets++)
		memcpy(sent->secret[sent->secrets], m->secrets[sent->secrets],
		    sizeof(sent->secret[0]));
	*s = (struct webhook_sending){ .webhooks = w, .report = w->report, .cb = cb, .arg = arg };
	s->timer = loop_timer_new(w->loop, sending_answer, s);
	w->newest = s;
	if (!w->silent && (w->silent_url == NULL || strcmp(w->silent_url, m->url) != 0))
		loop_timer_set(s->timer, 0);
	if (++w->under_way > w->under_way_max)
		w->under_way_max = w->under_way;
	if (w->on_sent != NULL)
		w->on_sent(w->arg);
	return s;
}

void
webhook_cancel(struct webhook_sending *s)
{
	sending_free(s);
}
