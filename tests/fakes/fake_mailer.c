#include "fake_mailer.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

static void
sending_free(struct fake_sending *s)
{
	TAILQ_REMOVE(&s->mailer->under_way, s, link);
	s->mailer->now--;
	loop_timer_free(s->timer);
	free(s);
}

static void
sending_answer(void *arg)
{
	struct fake_sending *s = arg;
	const struct fault refused = s->refused;
	const struct mail_report report = { s->answer.outcome, s->answer.code,
		refused.code != ERR_OK ? refused.text : s->answer.reply };
	mail_sent_cb *cb = s->cb;
	void *cb_arg = s->arg;

	sending_free(s);
	cb(cb_arg, &report);
}

static struct fake_sending *
sending_new(struct fake_mailer *m, mail_sent_cb *cb, void *arg)
{
	struct fake_sending *s = mem_alloc(sizeof(*s));

	s->mailer = m;
	s->cb = cb;
	s->arg = arg;
	s->timer = loop_timer_new(m->loop, sending_answer, s);
	TAILQ_INSERT_TAIL(&m->under_way, s, link);
	if (++m->now > m->at_most)
		m->at_most = m->now;
	if (!m->hold)
		loop_timer_set(s->timer, 0);
	return s;
}

/* Takes the mail. */
static struct mail_sending *
sending_begin(struct fake_mailer *m, struct fake_sending *s, struct mail *mail)
{
	assert(m->count < FAKE_MAILS_MAX);
	m->mails[m->count++] = mail;
	s->answer = m->script_at < m->script_count ? m->script[m->script_at++] : m->answer;
	return &s->base;
}

static struct mail_sending *
fake_send(struct mailer *mailer, const struct mail *mail, mail_sent_cb *cb, void *arg)
{
	struct fake_mailer *m = (struct fake_mailer *)mailer;

	return sending_begin(m, sending_new(m, cb, arg), mail_copy(mail));
}

static struct mail_sending *
fake_compose(struct mailer *mailer, const struct mail_templates *t,
    const struct mail_sender *sender, const struct mail_facts *facts, mail_sent_cb *cb, void *arg)
{
	struct fake_mailer *m = (struct fake_mailer *)mailer;
	struct fake_sending *s = sending_new(m, cb, arg);
	struct mail *mail;

	if (mail_compose(&mail, t, sender, facts, &s->refused) == ERR_OK)
		return sending_begin(m, s, mail);
	s->answer = (struct fake_answer){ mailer_blames(facts->to), 0, s->refused.text };
	return &s->base;
}

static void
fake_cancel(struct mail_sending *base)
{
	struct fake_sending *s = (struct fake_sending *)base;

	s->mailer->cancelled++;
	sending_free(s);
}

static bool
fake_take_back(struct mail_sending *base)
{
	struct fake_sending *s = (struct fake_sending *)base, *other;
	size_t ahead = 0;

	TAILQ_FOREACH(other, &s->mailer->under_way, link)
	{
		if (other == s)
			break;
		ahead++;
	}
	if (s->mailer->connections == 0 || ahead < s->mailer->connections)
		return false;
	s->mailer->taken_back++;
	sending_free(s);
	return true;
}

static void
fake_free(struct mailer *mailer)
{
	struct fake_mailer *m = (struct fake_mailer *)mailer;
	struct fake_sending *s, *next;

	LIST_EACH_SAFE(s, &m->under_way, link, next)
	sending_free(s);
	for (size_t i = 0; i < m->count; i++)
		mail_free(m->mails[i]);
	free(m);
}

static const struct mailer_ops fake_ops = { "fake", fake_send, fake_compose, fake_cancel,
	fake_take_back, fake_free };

struct fake_mailer *
fake_mailer_new(struct loop *l)
{
	struct fake_mailer *m = mem_alloc(sizeof(*m));

	m->mailer.ops = &fake_ops;
	m->loop = l;
	TAILQ_INIT(&m->under_way);
	fake_mailer_always(m, MAIL_SENT, 250, "2.0.0 ok");
	return m;
}

void
fake_mailer_then(struct fake_mailer *m, enum mail_outcome outcome, int code, const char *reply)
{
	assert(m->script_count < FAKE_ANSWERS_MAX);
	m->script[m->script_count++] = (struct fake_answer){ outcome, code, reply };
}

void
fake_mailer_always(struct fake_mailer *m, enum mail_outcome outcome, int code, const char *reply)
{
	m->answer = (struct fake_answer){ outcome, code, reply };
}

void
fake_mailer_release(struct fake_mailer *m)
{
	struct fake_sending *s;

	m->hold = false;
	TAILQ_FOREACH(s, &m->under_way, link)
	loop_timer_set(s->timer, 0);
}
