/* Reports of mail systems (RFC 3464). A report that comes twice says nothing new; one about an
 * address that was replaced since says nothing about the new one. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

struct bounce {
	struct mail_change c; /* first */
	struct arena *arena;
	struct mail_dsn dsn;
	bool nothing_new, undelivers;
	flow_bounce_cb *cb;
	void *arg;
};

/* The same was said since the last mail left, or may have left. */
static bool
bounce_is_known(const struct delivery *d, enum delivery_event event, const char *words)
{
	for (size_t i = d->log_count; i > 0; i--) {
		const struct delivery_entry *e = &d->log[i - 1];

		if (mail_may_have_left(e))
			return false;
		if (e->event == event && e->detail != NULL && strcmp(e->detail, words) == 0)
			return true;
	}
	return false;
}

/* It is an address that was replaced since. The report's own return path says so, or else the mail
 * that it returns; without either, no mail has left since the change. */
static bool
bounce_is_of_old_address(const struct bounce *b)
{
	const struct mail_change *c = &b->c;
	const struct mail_sender *sender = &c->task.flow->conf.mail->sender;
	const struct invitation *inv = c->before;
	int64_t changed_at = 0;

	if (b->dsn.knows_recipient)
		return b->dsn.to_recipient != mail_verp_recipient(sender, inv->personal_mail);
	if (b->dsn.to != NULL && strcasecmp(b->dsn.to, inv->personal_mail) != 0)
		return true;
	for (size_t i = 0; i < inv->timeline_count; i++)
		if (inv->timeline[i].event == INVITATION_EV_READDRESS)
			changed_at = inv->timeline[i].at;
	for (size_t i = c->delivery->log_count; i > 0; i--) {
		const struct delivery_entry *e = &c->delivery->log[i - 1];

		if (e->at >= changed_at && mail_may_have_left(e))
			return false;
	}
	return changed_at > 0;
}

/* Status and diagnostic, without any address that the mail may have been for. Of one that nobody
 * knows any more nothing can be found in a diagnostic, whatever the report says of itself: then the
 * code alone stays. */
static const char *
bounce_words(const struct bounce *b, const char *address)
{
	const struct mail_dsn *dsn = &b->dsn;
	const char *const named[] = { address, dsn->to, dsn->final_recipient,
		dsn->original_recipient };
	const char *words = dsn->status != NULL ? dsn->status : "";

	if (address != NULL && dsn->diagnostic != NULL)
		words = arena_printf(
		    b->arena, "%s%s%s", words, dsn->status != NULL ? " " : "", dsn->diagnostic);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		words = delivery_scrub(b->arena, words, named[i]);
	return words;
}

static enum err
bounce_mutate(struct mail_change *c, struct fault *f)
{
	struct bounce *b = (struct bounce *)c;
	struct flow *flow = c->task.flow;
	struct invitation *inv = c->after;
	enum delivery_event event =
	    b->dsn.action == MAIL_DSN_FAILED ? DELIVERY_BOUNCED : DELIVERY_DELAYED;
	const bool of_ours = inv->personal_mail != NULL && !bounce_is_of_old_address(b);
	const char *words = bounce_words(b, of_ours ? inv->personal_mail : NULL);

	b->nothing_new = bounce_is_known(c->delivery, event, words);
	if (b->nothing_new)
		return fault_set(f, ERR_CONFLICT, "it was said before");
	delivery_note(c->delivery, event, OUTBOX_KIND_COUNT, flow_now(flow), words);
	c->post.post.delivery = c->delivery;
	b->undelivers = event == DELIVERY_BOUNCED && !inv->undeliverable && of_ours &&
			flow_refusal(flow, inv, NULL) == ERR_OK;
	c->log_alone = !b->undelivers;
	if (!b->undelivers)
		return ERR_OK;
	mail_post_undeliverable(&c->post, flow, inv);
	c->event = INVITATION_EV_UNDELIVER;
	return invitation_apply(inv, INVITATION_EV_UNDELIVER, flow_now(flow), NULL, f);
}

static void
bounce_finish(struct mail_change *c, enum err code, const struct fault *f)
{
	struct bounce *b = (struct bounce *)c;

	if (b->nothing_new)
		code = ERR_OK;
	else if (code == ERR_OK)
		log_info("a mail system reported on a mail", "invitation", c->id, "action",
		    b->dsn.action == MAIL_DSN_FAILED ? "failed" : "delayed", "undeliverable",
		    b->undelivers ? "yes" : "no", "by", c->by.name, "request", c->by.request_id);
	b->cb(b->arg, code, code == ERR_OK ? &b->dsn : NULL, f);
}

static void
bounce_release(struct mail_change *c)
{
	arena_free(((struct bounce *)c)->arena);
}

/* ---- what needs no store ---- */

struct bounce_told {
	struct arena *arena;
	struct mail_dsn dsn;
	enum err code;
	struct fault fault;
	flow_bounce_cb *cb;
	void *arg;
};

static void
bounce_tell(void *arg)
{
	struct bounce_told *t = arg;

	t->cb(t->arg, t->code, t->code == ERR_OK ? &t->dsn : NULL, &t->fault);
	arena_free(t->arena);
	free(t);
}

void
flow_bounce_start(struct flow *f, const char *message, size_t len, const char *recipient,
    const struct flow_caller *caller, flow_bounce_cb *cb, void *arg)
{
	struct bounce_told told = {
		.arena = arena_new(0), .fault = { .text = "" }, .cb = cb, .arg = arg
	};
	struct bounce *b;

	if (f->conf.mail == NULL)
		told.code = fault_set(&told.fault, ERR_REFUSED, "this daemon sends no mail");
	else
		told.code = mail_dsn_parse(&told.dsn, &f->conf.mail->sender, message, len,
		    recipient, told.arena, &told.fault);
	if (told.code == ERR_OK && told.dsn.invitation[0] == '\0')
		told.code = fault_set(&told.fault, ERR_NOT_FOUND, "it is about no mail of ours");
	if (told.code != ERR_OK || told.dsn.action == MAIL_DSN_OTHER) {
		loop_defer(f->conf.loop, bounce_tell, mem_dup(&told, sizeof(told)));
		return;
	}
	b = mem_alloc(sizeof(*b));
	b->c.mutate = bounce_mutate;
	b->c.finish = bounce_finish;
	b->c.release = bounce_release;
	b->arena = told.arena;
	b->dsn = told.dsn;
	b->cb = cb;
	b->arg = arg;
	mail_change_start(&b->c, f, b->dsn.invitation, caller);
}
