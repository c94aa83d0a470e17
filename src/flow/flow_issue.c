/* flow_issue: checked > asked > reserved. Only issue_finish() answers and frees.
 *
 * The directory is asked whether the names are free and the places exist; the store then decides,
 * by reserving the names in the transaction that writes the invitation. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "invite/uid.h"
#include "log/log.h"

struct issue {
	struct flow *flow;
	struct arena *arena;
	struct field_errors errors;
	bool clash; /* a name is taken: 409 unless something else is wrong too */
	bool invalid;
	bool blind;	    /* where its groups lead is not known */
	struct fault fault; /* told without having asked anybody */
	struct invitation *inv;
	struct flow_names names;
	bool free_uid[FLOW_CANDIDATES_MAX];
	struct secret *token;	   /* NULL: each of its mails makes its own */
	struct delivery *delivery; /* of one that goes by mail */
	struct mail_post post;
	struct store_taken taken; /* by the store's last word */
	size_t looked_at;	  /* so many of taken.holders */
	bool gave_up;		  /* one of them was past its end */
	struct flow_caller by;
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
	invitation_free(s->inv);
	arena_free(s->arena);
	free(s);
}

static void
issue_finish(struct issue *s, enum err code, const struct fault *f)
{
	bool ok = code == ERR_OK;

	if (!ok)
		quota_release(s->flow->quota, s->inv->id);
	s->cb(s->arg, code, ok ? s->inv : NULL, ok ? s->token : NULL, &s->errors, f);
	issue_free(s);
}

/* What the field errors amount to. Taken names alone are a conflict; with anything else wrong, all
 * of it is told as invalid input. */
static enum err
issue_verdict(const struct issue *s)
{
	if (s->invalid)
		return ERR_INVALID;
	return s->clash ? ERR_EXISTS : ERR_OK;
}

static void
issue_finish_refused(struct issue *s)
{
	struct fault f = { .text = "" };

	fault_set(
	    &f, issue_verdict(s), "%s: %s", s->errors.items[0].field, s->errors.items[0].detail);
	issue_finish(s, f.code, &f);
}

static void
issue_finish_deferred(void *arg)
{
	issue_finish_refused(arg);
}

static void
issue_taken(struct issue *s, enum person_field field)
{
	s->clash = true;
	field_errors_add(&s->errors, person_field_name(field), "taken",
	    "another person or a pending invitation has it");
}

/* ---- reserve ---- */

static void
issue_tell_taken(struct issue *s)
{
	if (s->taken.mail)
		issue_taken(s, PERSON_MAIL);
	if (s->taken.phone)
		issue_taken(s, PERSON_PHONE);
	if (s->taken.uid && s->inv->uid_fixed)
		issue_taken(s, PERSON_UID);
	if (s->clash)
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
		flow_expire_start(s->flow, s->taken.holders[s->looked_at++], &s->by,
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
		s->inv->revision = revision;
		log_info("an invitation was made", "invitation", s->inv->id, "by", s->by.name,
		    "request", s->by.request_id);
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
	struct store_note note = flow_note(&s->by);

	note.post = &s->post.post;
	note.org_unit = s->inv->person.value[PERSON_ORG_UNIT];
	note.personal = audit_of_issue(s->inv, s->arena);
	note.detail = audit_of_grant(s->inv, s->arena);
	store_issue(s->flow->conf.store, s->inv, &note, issue_on_stored, s);
}

/* ---- ask ---- */

/* What is out of reach is answered like what is not there, and was asked about all the same. */
static void
issue_read_answer(struct issue *s, const struct dir_answer *a)
{
	const struct person *p = &s->inv->person;

	if (a->org_unit_missing ||
	    !flow_reaches(&s->by, p->value[PERSON_ORG_UNIT], s->inv->owner)) {
		s->invalid = true;
		field_errors_add(&s->errors, "org_unit", "not_found",
		    "the directory has no such organizational unit");
	}
	for (size_t i = 0; i < p->group_count; i++) {
		if (!a->group_missing[i] && flow_reaches(&s->by, p->groups[i], s->inv->owner))
			continue;
		s->invalid = true;
		field_errors_add(&s->errors, flow_group_name(s->arena, i), "not_found",
		    "the directory has no such group");
	}
	if (a->mail_taken)
		issue_taken(s, PERSON_MAIL);
	if (a->phone_taken)
		issue_taken(s, PERSON_PHONE);
	if (s->inv->uid_fixed && a->uid_taken[0])
		issue_taken(s, PERSON_UID);
	for (size_t i = 0; i < s->names.count; i++)
		s->free_uid[i] = !a->uid_taken[i];
}

/* Take the next candidate that the directory does not have; ask about more when there is none left.
 */
static bool
issue_pick_uid(struct issue *s)
{
	struct flow_names *n = &s->names;

	if (s->inv->uid_fixed)
		return true;
	while (n->next < n->count) {
		size_t i = n->next++;

		if (!s->free_uid[i])
			continue;
		s->inv->person.value[PERSON_UID] = arena_strdup(s->inv->arena, n->uid[i]);
		return true;
	}
	return false;
}

static void
issue_on_answer(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct issue *s = arg;

	if (code != ERR_OK) {
		issue_finish(s, code, f);
		return;
	}
	issue_read_answer(s, answer);
	if (issue_verdict(s) != ERR_OK)
		issue_finish_refused(s);
	else if (issue_pick_uid(s))
		issue_reserve(s);
	else
		issue_ask(s);
}

/* Reserve with what is left of the last answer, or ask again. */
static void
issue_ask(struct issue *s)
{
	const struct person *p = &s->inv->person;
	struct dir_question q = { .mail = p->value[PERSON_MAIL],
		.phone = p->value[PERSON_PHONE],
		.org_unit = p->value[PERSON_ORG_UNIT],
		.group_count = p->group_count };
	struct fault f = { .text = "" };

	if (s->names.count > 0 && issue_pick_uid(s)) {
		issue_reserve(s);
		return;
	}
	if (s->inv->uid_fixed)
		q.uids[q.uid_count++] = p->value[PERSON_UID];
	else if (flow_names_more(&s->names, s->flow->conf.uid_template, p))
		for (size_t i = 0; i < s->names.count; i++)
			q.uids[q.uid_count++] = s->names.uid[i];
	else {
		fault_set(&f, ERR_EXISTS, "no free uid is left for this name");
		field_errors_add(
		    &s->errors, "uid", "taken", "every candidate is taken: choose one");
		issue_finish(s, ERR_EXISTS, &f);
		return;
	}
	memcpy(q.groups, p->groups, p->group_count * sizeof(p->groups[0]));
	dir_ask(s->flow->conf.dir, &q, issue_on_answer, s);
}

/* ---- begin ---- */

static void
issue_make_token(struct issue *s)
{
	unsigned char random[32];
	struct token_hash hash;

	random_fill(random, sizeof(random));
	s->token = token_make(random, &hash);
	secret_wipe(random, sizeof(random));
	s->inv->tokens[s->inv->token_count++] = hash;
}

static void
issue_build(struct issue *s, const struct issue_spec *spec)
{
	const struct flow_caller *caller = &s->by;
	struct invitation *inv = s->inv = invitation_new();

	inv->created_at = flow_now(s->flow);
	inv->created_by = arena_strdup(inv->arena, caller->name);
	if (caller->entry != NULL)
		memcpy(inv->owner, caller->entry, strnlen(caller->entry, ID_SIZE - 1));
	id_make(inv->created_at, inv->id);
	inv->method = spec->method;
	person_copy(&inv->person, &spec->person, inv->arena);
	memcpy(inv->modes, spec->modes, sizeof(inv->modes));
	inv->timeline[inv->timeline_count++] = (struct invitation_entry){
		.at = inv->created_at, .event = INVITATION_EV_ISSUE, .detail = inv->created_by
	};
	s->blind = !flow_issue_check(s->flow, &s->by, spec, inv, &s->errors);
	inv->uid_fixed = inv->person.value[PERSON_UID] != NULL; /* a blank one is none by now */
	s->invalid = s->errors.count > 0;
	if (issue_verdict(s) != ERR_OK)
		return;
	if (inv->method == INVITATION_BY_EMAIL) {
		s->delivery = delivery_new();
		mail_post_issue(&s->post, s->flow, inv, s->delivery);
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
	const struct flow *flow = s->flow;

	if (s->blind)
		return fault_set(f, ERR_UNAVAILABLE,
		    "the list is being loaded: what roles these groups give is not known yet");
	if (s->post.post.item_count > 0 &&
	    store_outbox_count(flow->conf.store, OUTBOX_MAILS) >= flow->conf.mail->queue_max)
		return fault_set(f, ERR_BUSY, "too many mails wait to be sent");
	return quota_hold(flow->quota, s->inv->id, s->by.entry, s->by.quota, f);
}

void
flow_issue_start(struct flow *f, const struct issue_spec *spec, const struct flow_caller *caller,
    flow_issue_cb *cb, void *arg)
{
	struct issue *s = mem_alloc(sizeof(*s));

	s->flow = f;
	s->arena = arena_new(0);
	field_errors_init(&s->errors, s->arena);
	s->by = flow_caller_copy(caller, s->arena);
	s->cb = cb;
	s->arg = arg;
	issue_build(s, spec);
	if (issue_verdict(s) != ERR_OK)
		loop_defer(f->conf.loop, issue_finish_deferred, s);
	else if (issue_refusal(s, &s->fault) != ERR_OK)
		loop_defer(f->conf.loop, issue_finish_early, s);
	else
		issue_ask(s);
}
