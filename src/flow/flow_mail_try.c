/* A mail with made-up facts: to see what a template makes of them, and whether mails arrive. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

enum {
	TRY_DAY_MS = 24 * 3600 * 1000,
	TRY_WAIT_MS = 10 * 1000 /* somebody waits for the answer */
};

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
	if (to != NULL && !mail_address_is_safe(to, true))
		return fault_set(fault, ERR_INVALID, "is not a mail address");
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
	if (code == ERR_OK)
		return ERR_OK;
	/* The facts are made up and good: it is the sender, or a template. */
	fault->code = ERR_MISCONFIGURED;
	return ERR_MISCONFIGURED;
}

/* ---- test ---- */

struct mail_test {
	struct flow_task task; /* first */
	struct mail *mail;     /* NULL: it was refused, or is being sent */
	struct mail_sending *sending;
	struct loop_timer *timer; /* to tell a refusal, or until its turn */
	enum outbox_kind kind;
	char *to, *actor, *request_id;
	bool counted; /* in mails->tests */
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
	mail_free(t->mail);
	loop_timer_free(t->timer);
	free(t->to);
	free(t->actor);
	free(t->request_id);
	free(t);
}

static void
test_finish(struct mail_test *t, enum err code, const struct mail_report *report)
{
	if (t->counted)
		t->task.flow->mails->tests--;
	flow_task_unlink(&t->task);
	t->cb(t->arg, code, report, code != ERR_OK ? &t->fault : NULL);
	test_release(&t->task);
}

static void
test_on_sent(void *arg, const struct mail_report *report)
{
	struct mail_test *t = arg;

	t->sending = NULL;
	log_info("a test mail was sent", "kind", outbox_kind_name(t->kind), "domain",
	    mail_domain_of(t->to), "outcome", mail_outcome_name(report->outcome), "by", t->actor,
	    "request", t->request_id);
	test_finish(t, ERR_OK, report);
}

static void
test_on_turn(void *arg)
{
	struct mail_test *t = arg;

	if (t->code != ERR_OK) {
		test_finish(t, t->code, NULL);
		return;
	}
	t->sending = mailer_send(t->task.flow->conf.mail->mailer, t->mail, test_on_sent, t);
	mail_free(t->mail);
	t->mail = NULL;
}

/* As any mail, so that who may test cannot flood anybody, nor the relay. `*at`: when it leaves; 0:
 * now. */
static enum err
test_take_turn(struct mail_test *t, int64_t *at)
{
	struct flow_mails *m = t->task.flow->mails;
	const int64_t now = flow_now(t->task.flow);

	if (m->tests >= FLOW_MAIL_TESTS)
		return fault_set(&t->fault, ERR_BUSY, "other test mails are under way");
	if (!slot_take_by(m->slots, mail_domain_of(t->to), now, now + TRY_WAIT_MS, at))
		return fault_set(&t->fault, ERR_BUSY, "the next mails are others'");
	m->tests++;
	t->counted = true;
	return ERR_OK;
}

void
flow_mail_test_start(struct flow *f, const char *kind, const char *language, const char *to,
    const struct flow_caller *caller, flow_mail_test_cb *cb, void *arg)
{
	struct mail_test *t = mem_alloc(sizeof(*t));
	int64_t at = 0;

	t->to = mem_dup_string(to);
	t->actor = mem_dup_string(caller->name);
	t->request_id = mem_dup_string(caller->request_id);
	t->cb = cb;
	t->arg = arg;
	flow_task_begin(f, &t->task, test_release);
	t->code = flow_mail_preview(f, kind, language, to, &t->mail, &t->fault);
	if (t->code == ERR_OK) {
		outbox_kind_by_name(kind, &t->kind);
		t->code = test_take_turn(t, &at);
	}
	t->timer = loop_timer_new(f->conf.loop, test_on_turn, t);
	loop_timer_set(t->timer, t->code == ERR_OK && at > 0 ? at - flow_now(f) : 0);
}
