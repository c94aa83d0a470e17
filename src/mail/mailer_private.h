/* What mailers have in common: mails are carried on worker threads, one mail a thread at a time. */
#ifndef USHERD_MAIL_MAILER_PRIVATE_H
#define USHERD_MAIL_MAILER_PRIVATE_H

#include <stdatomic.h>

#include "base/list.h"
#include "loop/work.h"
#include "mail/mail_private.h"

struct mailer_job {
	struct mail_sending base;
	TAILQ_ENTRY(mailer_job) link;
	struct mailer_crew *crew;
	struct mail *mail; /* checked; NULL: to be composed of what follows */
	const struct mail_templates *templates;
	const struct mail_sender *sender;
	struct mail_facts facts;
	struct arena *arena; /* of the facts; NULL: there are none */
	struct secret *text;
	mail_sent_cb *cb;
	void *arg;
	struct work *work;
	atomic_bool taken;     /* by the thread that carries it, or nobody shall */
	atomic_bool cancelled; /* nobody waits any more */
	enum mail_outcome outcome;
	int code;
	char reply[MAIL_REPLY_SIZE];
};
TAILQ_HEAD(mailer_job_list, mailer_job);

/* First member of a mailer that works like this. */
struct mailer_crew {
	struct mailer base;
	struct work_pool *pool;
	struct mailer_job_list jobs;
	/* On a worker thread: carry the mail and mailer_report() once. `context`: the thread's. */
	void (*carry)(struct mailer_job *j, void *context);
};

void mailer_crew_init(struct mailer_crew *c, const struct mailer_ops *ops, struct loop *loop,
    const struct work_pool_conf *conf, void (*carry)(struct mailer_job *j, void *context));
/* Waits for mails that are being carried. */
void mailer_crew_release(struct mailer_crew *c);
struct mail_sending *mailer_crew_send(
    struct mailer *m, const struct mail *mail, mail_sent_cb *cb, void *arg);
struct mail_sending *mailer_crew_compose(struct mailer *m, const struct mail_templates *t,
    const struct mail_sender *sender, const struct mail_facts *facts, mail_sent_cb *cb, void *arg);
void mailer_crew_cancel(struct mail_sending *s);
bool mailer_crew_take_back(struct mail_sending *s);

/* `words` are copied in one line of printable characters. */
void mailer_report(struct mailer_job *j, enum mail_outcome outcome, int code, const char *words);

#endif
