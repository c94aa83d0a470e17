/* A stored claim is carried out: add, password, groups, settle. What fails because something is
 * away is sent again with growing pauses: the DN is pinned and the entry carries the invitation's
 * id, so sending again can only meet our own entry. What the directory refuses for good ends the
 * claim: the link works again. */
#include <string.h>

#include "base/mem.h"
#include "flow/accept_private.h"
#include "flow/mail_private.h"
#include "log/log.h"

static void attempt_add(struct attempt *a);
static void attempt_set_password(struct attempt *a);
static void attempt_join_groups(struct attempt *a);
static void attempt_save_done(struct attempt *a);
static void attempt_release(struct attempt *a);

/* After this many answers "no such entry" to a password, the entry is gone: about 20 seconds. */
enum { ATTEMPT_MISSES_MAX = 8 };

static bool
is_passing(enum err code)
{
	return code == ERR_UNAVAILABLE || code == ERR_UNKNOWN || code == ERR_BUSY;
}

/* ---- again ---- */

static void
attempt_on_retry(void *arg)
{
	struct attempt *a = arg;

	a->waiting = false;
	switch (a->step) {
	case ATTEMPT_PASSWORD:
		attempt_set_password(a);
		return;
	case ATTEMPT_GROUPS:
		attempt_join_groups(a);
		return;
	case ATTEMPT_SETTLING:
		attempt_save_done(a);
		return;
	case ATTEMPT_RELEASING:
		attempt_release(a);
		return;
	default:
		attempt_add(a);
	}
}

/* Later, the same step. A password does not wait in memory for ever: then the resolver settles what
 * the store says, and the person chooses one again. */
static void
attempt_again(struct attempt *a, const struct fault *f)
{
	int64_t waited = clock_mono_ms(a->flow->conf.clock) - a->started_mono_ms;

	if (waited > FLOW_PATIENCE_MS || a->flow->draining) {
		log_warning("a registration was left to the resolver", "invitation", a->inv->id,
		    "reason", f->text, "request", a->request_id);
		attempt_finish(a, ERR_UNKNOWN, f);
		return;
	}
	log_debug("registration waits", "invitation", a->inv->id, "reason", f->text);
	a->waiting = true;
	loop_timer_set(a->retry_timer, a->backoff_ms);
	a->backoff_ms *= 2;
	if (a->backoff_ms > FLOW_BACKOFF_MAX_MS)
		a->backoff_ms = FLOW_BACKOFF_MAX_MS;
}

/* ---- settle ---- */

static void
attempt_on_done(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct attempt *a = arg;

	if (code == ERR_OK) {
		a->next->revision = revision;
		invitation_free(a->inv);
		a->inv = a->next;
		a->next = NULL;
		flow_remember_done(a->flow, a->inv->id, a->password);
		/* No name: a log is nothing that we could erase. */
		log_info("a registration was completed", "invitation", a->inv->id, "request",
		    a->request_id);
		attempt_finish(a, ERR_OK, NULL);
	} else if (is_passing(code))
		attempt_again(a, f);
	else {
		log_error("a completed registration could not be recorded", "invitation",
		    a->inv->id, "reason", f->text, "request", a->request_id);
		attempt_finish(a, ERR_UNKNOWN, f);
	}
}

static void
attempt_save_done(struct attempt *a)
{
	struct store_note note = attempt_note(a);
	struct mail_post post = { .post = { .item_count = 0 } };
	struct fault f = { .text = "" };
	enum err code;

	attempt_enter(a, ATTEMPT_SETTLING);
	invitation_free(a->next);
	a->next = invitation_copy(a->inv);
	a->next->settled_later = a->told_later;
	code =
	    invitation_apply(a->next, INVITATION_EV_FINISH, flow_now(a->flow), a->shortcoming, &f);
	if (code != ERR_OK) {
		attempt_on_done(a, ERR_INTERNAL, 0, &f);
		return;
	}
	note.detail = audit_of_groups(&a->next->person, a->shortcoming, a->arena);
	invitation_erase(a->next);
	mail_post_finish(&post, a->flow, a->inv);
	note.post = &post.post;
	store_save(
	    a->flow->conf.store, a->inv, a->next, INVITATION_EV_FINISH, &note, attempt_on_done, a);
	mail_post_free(&post);
}

/* ---- groups ---- */

/* The account works without its groups and only an operator can mend them: finished, and said
 * aloud. */
static void
attempt_on_joined(void *arg, enum err code, const struct fault *f)
{
	struct attempt *a = arg;

	if (is_passing(code)) {
		attempt_again(a, f);
		return;
	}
	if (code != ERR_OK || f->text[0] != '\0') {
		log_error("an account lacks some of its groups", "invitation", a->inv->id, "reason",
		    f->text, "request", a->request_id);
		a->shortcoming = "some groups could not be joined";
	}
	attempt_save_done(a);
}

static void
attempt_join_groups(struct attempt *a)
{
	const struct person *p = &a->inv->person;

	if (p->group_count == 0) {
		attempt_save_done(a);
		return;
	}
	attempt_enter(a, ATTEMPT_GROUPS);
	dir_join_groups(
	    a->flow->conf.dir, a->inv->dn, p->groups, p->group_count, attempt_on_joined, a);
}

/* ---- the entry stays, the password does not fit ---- */

static void
attempt_on_created(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct attempt *a = arg;

	(void)revision;
	if (code != ERR_OK)
		log_warning("an unfinished account was left to the resolver", "invitation",
		    a->inv->id, "reason", f->text, "request", a->request_id);
	attempt_finish(a, a->release_code, &a->release_fault);
}

/* The entry exists without a password: the same link finishes it. */
static void
attempt_leave_created(struct attempt *a, enum err code, const struct fault *why)
{
	struct store_note note = attempt_note(a);
	struct fault f = { .text = "" };

	a->release_code = code;
	a->release_fault = *why;
	if (a->inv->state == INVITATION_CREATED) {
		attempt_on_created(a, ERR_OK, 0, NULL);
		return;
	}
	invitation_free(a->next);
	a->next = invitation_copy(a->inv);
	if (invitation_apply(
		a->next, INVITATION_EV_CREATE, flow_now(a->flow), err_name(code), &f) != ERR_OK) {
		attempt_on_created(a, ERR_INTERNAL, 0, &f);
		return;
	}
	store_save(a->flow->conf.store, a->inv, a->next, INVITATION_EV_CREATE, &note,
	    attempt_on_created, a);
}

/* ---- password ---- */

/* A policy that remembers passwords, or forbids two changes in a row, says that an earlier request
 * was carried out. It was ours, with this password, only if nobody can have sent another one
 * before. */
static bool
attempt_has_set(const struct attempt *a)
{
	return a->maybe_set && a->inv->state == INVITATION_CLAIMED && !a->sent_before;
}

static void
attempt_on_password(void *arg, enum err code, const struct fault *f)
{
	struct attempt *a = arg;

	if (code == ERR_OK || (code == ERR_EXISTS && attempt_has_set(a)))
		attempt_join_groups(a);
	else if (is_passing(code)) {
		a->maybe_set = a->maybe_set || code == ERR_UNKNOWN;
		attempt_again(a, f);
	} else if (code == ERR_NOT_FOUND && ++a->misses < ATTEMPT_MISSES_MAX)
		attempt_again(a, f); /* another server may not have the entry yet; a second Add
					could double it */
	else if (code == ERR_NOT_FOUND && a->inv->state == INVITATION_CLAIMED)
		attempt_finish(
		    a, ERR_UNKNOWN, f); /* the resolver looks once more and gives it back */
	else if (code == ERR_EXISTS || code == ERR_REFUSED || code == ERR_INVALID) {
		field_errors_add(&a->errors, "password", "refused", "%s", f->text);
		attempt_leave_created(a, ERR_INVALID, f);
	} else {
		log_error("a password could not be set", "invitation", a->inv->id, "reason",
		    f->text, "request", a->request_id);
		attempt_leave_created(a, code, f);
	}
}

static void
attempt_set_password(struct attempt *a)
{
	attempt_enter(a, ATTEMPT_PASSWORD);
	dir_set_password(a->flow->conf.dir, a->inv->dn, a->hash != NULL ? a->hash : a->password,
	    attempt_on_password, a);
}

/* ---- release ---- */

static void
attempt_on_released(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct attempt *a = arg;

	(void)revision;
	if (is_passing(code)) {
		attempt_again(a, f);
		return;
	}
	if (code != ERR_OK)
		log_warning("a claim was left to the resolver", "invitation", a->inv->id, "reason",
		    f->text, "request", a->request_id);
	attempt_finish(a, a->release_code, &a->release_fault);
}

static void
attempt_release(struct attempt *a)
{
	struct store_note note = attempt_note(a);
	struct fault f = { .text = "" };

	attempt_enter(a, ATTEMPT_RELEASING);
	invitation_free(a->next);
	a->next = invitation_copy(a->inv);
	a->next->add_sent = a->sent_before; /* this Add was refused: it is not outstanding */
	if (invitation_apply(a->next, INVITATION_EV_RELEASE, flow_now(a->flow),
		err_name(a->release_code), &f) != ERR_OK) {
		attempt_on_released(a, ERR_INTERNAL, 0, &f);
		return;
	}
	store_save(a->flow->conf.store, a->inv, a->next, INVITATION_EV_RELEASE, &note,
	    attempt_on_released, a);
}

/* The Add was refused for good. */
static void
attempt_give_back(struct attempt *a, enum err code, const struct fault *why)
{
	a->release_code = code;
	a->release_fault = *why;
	if (a->inv->state == INVITATION_CREATED) {
		attempt_finish(a, code, why); /* nothing to give back: the link works as before */
	} else if (a->maybe_added) {
		/* An earlier Add may still be carried out: only time can tell, and the resolver has
		 * it. */
		attempt_finish(a, ERR_UNKNOWN, why);
	} else
		attempt_release(a);
}

/* ---- add ---- */

static void
attempt_on_refused(
    struct attempt *a, enum err code, const struct dir_added *added, const struct fault *f)
{
	switch (code) {
	case ERR_EXISTS:
		log_warning("the directory has the name of an invitation", "invitation", a->inv->id,
		    "attribute", added != NULL ? added->taken_attribute : NULL, "reason", f->text,
		    "request", a->request_id);
		attempt_give_back(a, ERR_EXISTS, f);
		return;
	case ERR_REFUSED:
		field_errors_add(&a->errors, "password", "refused", "%s", f->text);
		attempt_give_back(a, ERR_INVALID, f);
		return;
	default:
		log_error("the directory refused an entry", "invitation", a->inv->id, "code",
		    err_name(code), "reason", f->text, "request", a->request_id);
		attempt_give_back(a, ERR_MISCONFIGURED, f);
	}
}

static void
attempt_on_added(void *arg, enum err code, const struct dir_added *added, const struct fault *f)
{
	struct attempt *a = arg;

	if (code == ERR_OK) {
		a->backoff_ms = FLOW_BACKOFF_MIN_MS;
		if (a->hash != NULL)
			attempt_join_groups(a);
		else
			attempt_set_password(a);
	} else if (is_passing(code)) {
		if (code == ERR_UNKNOWN)
			a->maybe_added = true;
		attempt_again(a, f);
	} else
		attempt_on_refused(a, code, added, f);
}

static void
attempt_add(struct attempt *a)
{
	attempt_enter(a, ATTEMPT_ADDING);
	dir_add_person(a->flow->conf.dir, a->inv->dn, &a->inv->person, a->inv->id, a->hash,
	    attempt_on_added, a);
}

/* What is being stored as done says whether "in progress" was told, so that its followers hear of
 * it: while that is under way there is nothing else to tell. The store tries for about five
 * seconds; a disk that hangs for longer must not hold the answer, though a follower may then be
 * told "used". */
static void
attempt_on_overdue(void *arg)
{
	struct attempt *a = arg;
	int64_t waited = clock_mono_ms(a->flow->conf.clock) - a->started_mono_ms;

	if (a->step == ATTEMPT_SETTLING && !a->waiting && waited < 3 * a->flow->conf.answer_ms)
		loop_timer_set(a->answer_timer, FLOW_BACKOFF_MIN_MS);
	else
		attempt_answer_later(a);
}

void
attempt_settle(struct attempt *a)
{
	struct loop *l = a->flow->conf.loop;

	a->backoff_ms = FLOW_BACKOFF_MIN_MS;
	a->retry_timer = loop_timer_new(l, attempt_on_retry, a);
	a->answer_timer = loop_timer_new(l, attempt_on_overdue, a);
	loop_timer_set(a->answer_timer, a->flow->conf.answer_ms);
	/* An entry that exists is not written again: it may have been changed by others since. */
	if (a->inv->state == INVITATION_CREATED && !a->gone)
		attempt_set_password(a);
	else
		attempt_add(a);
}
