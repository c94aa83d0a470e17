/* A mail with made-up facts: to see what a template makes of them, and whether mails arrive. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"

enum { TRY_DAY_MS = 24 * 3600 * 1000 };

enum err
flow_mail_preview(struct flow *f, const char *kind, const char *language, const char *to,
    struct mail **out, struct fault *fault)
{
	const struct flow_mail_conf *conf = f->conf.mail;
	struct mail_facts facts = { .kind = kind,
		.language = language,
		.attempt = 1,
		.to = to != NULL ? to : "ada@example.org",
		.name = "Ada Example",
		.given_name = "Ada",
		.uid = "ada.example",
		.inviter = "Charles Example",
		.position = "Analyst",
		.org_unit = "Engines",
		.now = flow_now(f) };
	char invitation[ID_SIZE], item[ID_SIZE];
	enum outbox_kind known;
	struct arena *arena;
	enum err code;

	if (conf == NULL)
		return fault_set(fault, ERR_REFUSED, "this daemon sends no mail");
	if (!outbox_kind_by_name(kind, &known) || outbox_queue_of(known) != OUTBOX_MAILS)
		return fault_set(fault, ERR_NOT_FOUND, "there is no mail of this kind");
	id_make(facts.now, invitation);
	id_make(facts.now, item);
	arena = arena_new(0);
	facts.invitation = invitation;
	facts.item = item;
	facts.expires_at = facts.now + 7 * (int64_t)TRY_DAY_MS;
	if (outbox_has_link(known)) /* one that opens nothing */
		facts.link = arena_printf(arena, "%s/join/example", conf->public_url);
	if (known == OUTBOX_UNDELIVERABLE)
		facts.reason = "550 5.1.1 no such user here";
	code = mail_compose(out, conf->templates, &conf->sender, &facts, fault);
	arena_free(arena);
	return code;
}

/* ---- test ---- */

struct mail_test {
	struct flow_task task; /* first */
	struct mail_sending *sending;
	struct loop_timer *timer; /* to tell what needs no mailer */
	enum err code;
	struct fault fault;
	flow_mail_test_cb *cb;
	void *arg;
};

static void
test_release(struct flow_task *task)
{
	struct mail_test *t = (struct mail_test *)task;

	if (t->sending != NULL)
		mailer_cancel(t->sending);
	loop_timer_free(t->timer);
	free(t);
}

static void
test_on_refused(void *arg)
{
	struct mail_test *t = arg;

	flow_task_unlink(&t->task);
	t->cb(t->arg, t->code, NULL, &t->fault);
	test_release(&t->task);
}

static void
test_on_sent(void *arg, const struct mail_report *report)
{
	struct mail_test *t = arg;

	t->sending = NULL;
	flow_task_unlink(&t->task);
	t->cb(t->arg, ERR_OK, report, NULL);
	test_release(&t->task);
}

void
flow_mail_test_start(struct flow *f, const char *kind, const char *language, const char *to,
    flow_mail_test_cb *cb, void *arg)
{
	struct mail_test *t = mem_alloc(sizeof(*t));
	struct mail *mail = NULL;

	t->cb = cb;
	t->arg = arg;
	flow_task_begin(f, &t->task, test_release);
	t->code = flow_mail_preview(f, kind, language, to, &mail, &t->fault);
	if (t->code != ERR_OK) {
		t->timer = loop_timer_new(f->conf.loop, test_on_refused, t);
		loop_timer_set(t->timer, 0);
		return;
	}
	t->sending = mailer_send(f->conf.mail->mailer, mail, test_on_sent, t);
	mail_free(mail);
}
