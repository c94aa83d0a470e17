/* A mailer that keeps what it is given and answers what the test says: at once (on the next turn of
 * the loop), or when it is told to. */
#ifndef USHERD_TESTS_FAKE_MAILER_H
#define USHERD_TESTS_FAKE_MAILER_H

#include "base/list.h"
#include "mail/mail.h"

enum { FAKE_MAILS_MAX = 512, FAKE_ANSWERS_MAX = 64 };

struct fake_answer {
	enum mail_outcome outcome;
	int code;
	const char *reply;
};

struct fake_sending {
	struct mail_sending base; /* first */
	TAILQ_ENTRY(fake_sending) link;
	struct fake_mailer *mailer;
	struct loop_timer *timer;
	struct fake_answer answer;
	struct fault refused; /* why no mail could be composed */
	mail_sent_cb *cb;
	void *arg;
};
TAILQ_HEAD(fake_sending_list, fake_sending);

struct fake_mailer {
	struct mailer mailer; /* first */
	struct loop *loop;
	struct mail *mails[FAKE_MAILS_MAX]; /* whatever became of them */
	size_t count;
	size_t cancelled, taken_back;
	size_t connections; /* what is behind so many waits for them; 0: nothing does */
	bool hold;	    /* answer nothing before fake_mailer_release() */
	/* The next answers, in order; then `answer` for all others. */
	struct fake_answer script[FAKE_ANSWERS_MAX];
	size_t script_at, script_count;
	struct fake_answer answer;
	struct fake_sending_list under_way;
	size_t now, at_most; /* under way: now, and at most at any time */
};

struct fake_mailer *fake_mailer_new(struct loop *l); /* says 250 to everything */
/* The one after those that were told before. */
void fake_mailer_then(
    struct fake_mailer *m, enum mail_outcome outcome, int code, const char *reply);
/* From now on. */
void fake_mailer_always(
    struct fake_mailer *m, enum mail_outcome outcome, int code, const char *reply);
void fake_mailer_release(struct fake_mailer *m); /* what is held is answered now */

#endif
