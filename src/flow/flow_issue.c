/* flow_issue: checked > asked > reserved. Only issue_finish() answers and frees.
 *
 * The directory is asked whether the names are free and the places exist; the store then decides,
 * by reserving the names in the transaction that writes the invitation. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/issue_private.h"
#include "flow/mail_private.h"
#include "log/log.h"

struct issue {
	struct issue_check check;
	struct fault fault;	   /* told without having asked anybody */
	struct secret *token;	   /* NULL: each of its mails makes its own */
	struct delivery *delivery; /* of one that goes by mail */
	struct mail_post post;
	struct store_taken taken; /* by the store's last word */
	size_t looked_at;	  /* so many of taken.holders */
	bool gave_up;		  /* one of them was past its end */
	flow_issue_cb *cb;
	void *arg;
};

static void issue_ask(struct issue *s);
static void issue_reserve(struct issue *s);
static void issue_look_at_holders(struct issue *s);

static void
issue_free(void *arg)
{
	struct issue *s = arg;

	secret_free(s->token);
	mail_post_free(&s->post);
	delivery_free(s->delivery);
	issue_check_end(&s->check);
	free(s);
}

static void
issue_finish(struct issue *s, enum err code, const struct fault *f)
{
	bool ok = code == ERR_OK;

	if (!ok)
		quota_release(s->check.flow->quota, s->check.inv->id);
	s->cb(s->arg, code, ok ? s->check.inv : NULL, ok ? s->token : NULL, &s->check.errors, f);
	issue_free(s);
}

static void
issue_finish_refused(struct issue *s)
{
	struct fault f = { .text = "" };
	const struct field_error *first = &s->check.errors.items[0];

	fault_set(&f, issue_verdict(&s->check), "%s: %s", first->field, first->detail);
	issue_finish(s, f.code, &f);
}

static void
issue_finish_deferred(void *arg)
{
	issue_finish_refused(arg);
}

/* ---- reserve ---- */

static void
issue_tell_taken(struct issue *s)
{
	if (s->taken.mail)
		issue_taken(&s->check, PERSON_MAIL);
	if (s->taken.phone)
		issue_taken(&s->check, PERSON_PHONE);
	if (s->taken.uid && s->check.inv->uid_fixed)
		issue_taken(&s->check, PERSON_UID);
	if (s->check.clash)
		issue_finish_refused(s);
	else
		issue_ask(s); /* only the uid, and there are more */
}

static void
issue_on_holder(void *arg, enum err code, const struct invitation *inv, const struct fault *f)
{
	struct issue *s = arg;

	(void)inv;
	/* Nothing is known about who holds the name: that is no clash. */
	if (code != ERR_OK && code != ERR_CONFLICT && code != ERR_NOT_FOUND) {
		issue_finish(s, code == ERR_UNKNOWN ? ERR_UNAVAILABLE : code, f);
		return;
	}
	s->gave_up = s->gave_up || code == ERR_OK;
	issue_look_at_holders(s);
}

/* An invitation past its end keeps its names until somebody writes its end down. That must not be
 * for the sweeper to decide: who is shown as expired can be invited again. */
static void
issue_look_at_holders(struct issue *s)
{
	if (s->looked_at < s->taken.holder_count)
		flow_expire_start(s->check.flow, s->taken.holders[s->looked_at++], &s->check.by,
		    issue_on_holder, issue_free, s);
	else if (s->gave_up)
		issue_reserve(s);
	else
		issue_tell_taken(s);
}

static void
issue_on_stored(void *arg, enum err code, uint64_t revision, const struct store_taken *taken,
    const struct fault *f)
{
	struct issue *s = arg;

	if (code == ERR_OK) {
		s->check.inv->revision = revision;
		log_info("an invitation was made", "invitation", s->check.inv->id, "by",
		    s->check.by.name, "request", s->check.by.request_id);
		issue_finish(s, ERR_OK, NULL);
		return;
	}
	if (code != ERR_EXISTS) {
		issue_finish(s, code, f);
		return;
	}
	s->taken = *taken;
	s->looked_at = 0;
	s->gave_up = false;
	issue_look_at_holders(s);
}

static void
issue_reserve(struct issue *s)
{
	struct store_note note = flow_note(&s->check.by);

	note.post = &s->post.post;
	note.org_unit = s->check.inv->person.value[PERSON_ORG_UNIT];
	note.personal = audit_of_issue(s->check.inv, s->check.arena);
	note.detail = audit_of_grant(s->check.inv, s->check.arena);
	store_issue(s->check.flow->conf.store, s->check.inv, &note, issue_on_stored, s);
}

/* ---- ask ---- */

static void
issue_on_answer(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct issue *s = arg;
	struct fault own;

	if (code != ERR_OK) {
		issue_finish(s, code, f);
		return;
	}
	issue_read_rest(&s->check, answer);
	issue_read_uids(&s->check, answer);
	if (issue_verdict(&s->check) != ERR_OK)
		issue_finish_refused(s);
	else if (issue_check_sight(&s->check, &own) != ERR_OK)
		issue_finish(s, own.code, &own);
	else if (issue_pick_uid(&s->check))
		issue_reserve(s);
	else
		issue_ask(s);
}

/* Reserve with what is left of the last answer, or ask again. */
static void
issue_ask(struct issue *s)
{
	struct issue_check *c = &s->check;
	struct dir_question q = { .uid_count = 0 };

	if (c->names.count > 0 && issue_pick_uid(c)) {
		issue_reserve(s);
		return;
	}
	if (!issue_ask_uids(c, &q)) {
		issue_finish_refused(s);
		return;
	}
	issue_ask_rest(c, &q);
	dir_ask(c->flow->conf.dir, &q, issue_on_answer, s);
}

/* ---- begin ---- */

static void
issue_make_token(struct issue *s)
{
	struct invitation *inv = s->check.inv;
	unsigned char random[32];
	struct token_hash hash;

	random_fill(random, sizeof(random));
	s->token = token_make(random, &hash);
	secret_wipe(random, sizeof(random));
	inv->tokens[inv->token_count++] = hash;
}

static void
issue_make_link(struct issue *s)
{
	if (s->check.inv->method == INVITATION_BY_EMAIL) {
		s->delivery = delivery_new();
		mail_post_issue(&s->post, s->check.flow, s->check.inv, s->delivery);
	} else
		issue_make_token(s);
}

static void
issue_finish_early(void *arg)
{
	struct issue *s = arg;

	issue_finish(s, s->fault.code, &s->fault);
}

/* The field errors aside, why nobody needs to be asked. */
static enum err
issue_refusal(struct issue *s, struct fault *f)
{
	const struct issue_check *c = &s->check;
	const struct flow *flow = c->flow;

	if (issue_check_sight(c, f) != ERR_OK)
		return f->code;
	if (s->post.post.item_count > 0 &&
	    store_outbox_count(flow->conf.store, OUTBOX_MAILS) >= flow->conf.mail->queue_max)
		return fault_set(f, ERR_BUSY, "too many mails wait to be sent");
	return quota_hold(flow->quota, c->inv->id, c->by.entry, c->by.quota, f);
}

void
flow_issue_start(struct flow *f, const struct issue_spec *spec, const struct flow_caller *caller,
    flow_issue_cb *cb, void *arg)
{
	struct issue *s = mem_alloc(sizeof(*s));

	s->cb = cb;
	s->arg = arg;
	issue_check_begin(&s->check, f, spec, caller, ISSUE_TO_MAKE);
	if (issue_verdict(&s->check) != ERR_OK) {
		loop_defer(f->conf.loop, issue_finish_deferred, s);
		return;
	}
	issue_make_link(s);
	if (issue_refusal(s, &s->fault) != ERR_OK)
		loop_defer(f->conf.loop, issue_finish_early, s);
	else
		issue_ask(s);
}
