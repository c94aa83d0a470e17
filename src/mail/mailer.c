#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/mem.h"
#include "mail/mailer_private.h"

static const char *const names[] = {
	[MAIL_SENT] = "sent",
	[MAIL_DEFERRED] = "deferred",
	[MAIL_REFUSED] = "refused",
	[MAIL_UNKNOWN] = "unknown",
	[MAIL_AWAY] = "away",
	[MAIL_BROKEN] = "broken",
};

const char *
mail_outcome_name(enum mail_outcome o)
{
	return names[o];
}

struct mail_sending *
mailer_send(struct mailer *m, const struct mail *mail, mail_sent_cb *cb, void *arg)
{
	struct mail_sending *s = m->ops->send(m, mail, cb, arg);

	s->mailer = m;
	return s;
}

struct mail_sending *
mailer_compose(struct mailer *m, const struct mail_templates *t, const struct mail_sender *sender,
    const struct mail_facts *facts, mail_sent_cb *cb, void *arg)
{
	struct mail_sending *s = m->ops->compose(m, t, sender, facts, cb, arg);

	s->mailer = m;
	return s;
}

void
mailer_cancel(struct mail_sending *s)
{
	s->mailer->ops->cancel(s);
}

bool
mailer_take_back(struct mail_sending *s)
{
	return s->mailer->ops->take_back(s);
}

void
mailer_free(struct mailer *m)
{
	if (m != NULL)
		m->ops->free(m);
}

/* ---- mails on worker threads ---- */

void
mailer_report(struct mailer_job *j, enum mail_outcome outcome, int code, const char *words)
{
	size_t len;

	j->outcome = outcome;
	j->code = code;
	snprintf(j->reply, sizeof(j->reply), "%s", words);
	len = strlen(j->reply);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)j->reply[i] < ' ' || j->reply[i] == 0x7f)
			j->reply[i] = j->reply[i] == '\n' || j->reply[i] == '\t' ? ' ' : '?';
	/* Servers are free to answer in any encoding, and the copy may end within a character. */
	for (uint8_t *bad;
	     (bad = (uint8_t *)(uintptr_t)u8_check((uint8_t *)j->reply, len)) != NULL;)
		*bad = '?';
}

enum mail_outcome
mailer_blames(const char *to)
{
	return mail_address_is_safe(to, true) ? MAIL_BROKEN : MAIL_REFUSED;
}

/* Who changes it first has it: a thread that begins it, or whoever does not want it sent. */
static bool
job_take(struct mailer_job *j)
{
	bool waits = false;

	return atomic_compare_exchange_strong(&j->taken, &waits, true);
}

/* The facts go as soon as the mail is there: a link stands in them. */
static void
job_forget_facts(struct mailer_job *j)
{
	char *link = (char *)(uintptr_t)j->facts.link; /* the arena's own */

	if (link != NULL)
		secret_wipe(link, strlen(link));
	arena_free(j->arena);
	j->arena = NULL;
	j->facts = (struct mail_facts){ .kind = NULL };
}

static enum err
job_make_text(struct mailer_job *j, struct fault *f)
{
	enum err code = ERR_OK;

	if (j->mail == NULL) {
		code = mail_compose(&j->mail, j->templates, j->sender, &j->facts, f);
		if (code != ERR_OK)
			return code;
		job_forget_facts(j);
	}
	j->text = mail_text(j->mail, f);
	return j->text != NULL ? ERR_OK : f->code;
}

static void
job_run(void *job, void *context)
{
	struct mailer_job *j = job;
	struct fault f;
	enum err code;

	if (atomic_load(&j->taken))
		return;
	code = job_make_text(j, &f);
	if (!job_take(j)) /* not before: until it is there it can be taken back */
		return;
	if (code != ERR_OK)
		mailer_report(
		    j, mailer_blames(j->mail != NULL ? j->mail->to : j->facts.to), 0, f.text);
	else
		j->crew->carry(j, context);
}

static void
job_done(void *job)
{
	struct mailer_job *j = job;
	struct mail_report report = { j->outcome, j->code, j->reply };

	TAILQ_REMOVE(&j->crew->jobs, j, link);
	j->cb(j->arg, &report);
}

static void
job_release(void *job)
{
	struct mailer_job *j = job;

	secret_free(j->text);
	mail_free(j->mail);
	job_forget_facts(j);
	free(j);
}

static struct mailer_job *
job_new(struct mailer *m, mail_sent_cb *cb, void *arg)
{
	struct mailer_job *j = mem_alloc(sizeof(*j));

	j->crew = (struct mailer_crew *)m;
	j->cb = cb;
	j->arg = arg;
	return j;
}

static struct mail_sending *
job_start(struct mailer_job *j)
{
	TAILQ_INSERT_TAIL(&j->crew->jobs, j, link);
	j->work = work_start(j->crew->pool, job_run, job_done, job_release, j);
	return &j->base;
}

struct mail_sending *
mailer_crew_send(struct mailer *m, const struct mail *mail, mail_sent_cb *cb, void *arg)
{
	struct mailer_job *j = job_new(m, cb, arg);

	j->mail = mail_copy(mail);
	return job_start(j);
}

struct mail_sending *
mailer_crew_compose(struct mailer *m, const struct mail_templates *t,
    const struct mail_sender *sender, const struct mail_facts *facts, mail_sent_cb *cb, void *arg)
{
	struct mailer_job *j = job_new(m, cb, arg);

	j->templates = t;
	j->sender = sender;
	j->arena = arena_new(0);
	j->facts = mail_facts_copy(facts, j->arena);
	return job_start(j);
}

void
mailer_crew_cancel(struct mail_sending *s)
{
	struct mailer_job *j = (struct mailer_job *)s;

	TAILQ_REMOVE(&j->crew->jobs, j, link);
	atomic_store(&j->cancelled, true);
	job_take(j);
	work_cancel(j->work);
}

bool
mailer_crew_take_back(struct mail_sending *s)
{
	struct mailer_job *j = (struct mailer_job *)s;

	if (!job_take(j))
		return false;
	mailer_crew_cancel(s);
	return true;
}

void
mailer_crew_init(struct mailer_crew *c, const struct mailer_ops *ops, struct loop *loop,
    const struct work_pool_conf *conf, void (*carry)(struct mailer_job *j, void *context))
{
	c->base.ops = ops;
	c->carry = carry;
	TAILQ_INIT(&c->jobs);
	c->pool = work_pool_new(loop, conf);
}

void
mailer_crew_release(struct mailer_crew *c)
{
	struct mailer_job *j, *next;

	LIST_EACH_SAFE(j, &c->jobs, link, next)
	mailer_crew_cancel(&j->base);
	work_pool_free(c->pool);
}
