/* flow_preflight: checked > asked > looked. What would stand in the way of an invitation that
 * somebody is still writing: the check is that of flow_issue.c, and the store, which there decides
 * by reserving, is only looked at here. Nothing is written, not even that an invitation is past its
 * end.
 *
 * A form asks at each pause of who types, and has no use for the answer before: of a caller one is
 * under way at a time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/issue_private.h"
#include "store/store_people.h"

/* A name that so many have that none of nearly two hundred candidates is free: it is said when the
 * invitation is made. */
enum { PREFLIGHT_QUESTIONS = 8 };

struct preflight {
	struct flow_task task; /* first */
	struct issue_check check;
	struct dir_op *dir_op;	 /* under way, or NULL */
	struct loop_timer *soon; /* for an answer that needs nobody else's */
	struct fault fault;	 /* of that answer */
	bool is_over;		 /* that answer is its last */
	size_t at;		 /* how many of the names the store was asked about */
	int questions;		 /* to the directory, so far */
	flow_preflight_cb *cb;
	void *arg;
};

/* The uid last: there may be more than one to ask about. */
static const enum person_field names[] = { PERSON_MAIL, PERSON_PHONE, PERSON_UID };
enum { NAME_COUNT = sizeof(names) / sizeof(names[0]) };

static void preflight_look(struct preflight *p);

static void
preflight_release(struct flow_task *task)
{
	struct preflight *p = (struct preflight *)task;

	if (p->dir_op != NULL)
		dir_cancel(p->dir_op);
	loop_timer_free(p->soon);
	issue_check_end(&p->check);
	free(p);
}

static void
preflight_finish(struct preflight *p, enum err code, const struct fault *f)
{
	const char *uid = p->check.inv->person.value[PERSON_UID];

	flow_task_unlink(&p->task);
	p->cb(p->arg, code, code == ERR_OK ? uid : NULL, &p->check.errors, f);
	preflight_release(&p->task);
}

static void
preflight_finish_soon(void *arg)
{
	struct preflight *p = arg;

	preflight_finish(p, p->fault.code, &p->fault);
}

static void
preflight_finish_later(struct preflight *p)
{
	p->is_over = true;
	loop_timer_set(p->soon, 0);
}

/* ---- uids that are proposed ---- */

static void
preflight_on_more(void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct preflight *p = arg;

	p->dir_op = NULL;
	if (code != ERR_OK) {
		preflight_finish(p, code, f);
		return;
	}
	issue_read_uids(&p->check, answer);
	preflight_look(p);
}

/* The candidate at hand is somebody's: another one, or none at all. */
static void
preflight_ask_more(struct preflight *p)
{
	struct dir_question q = { .uid_count = 0 };

	p->check.inv->person.value[PERSON_UID] = NULL;
	if (p->questions++ < PREFLIGHT_QUESTIONS && issue_ask_uids(&p->check, &q))
		p->dir_op = dir_ask(p->check.flow->conf.dir, &q, preflight_on_more, p);
	else
		preflight_finish(p, ERR_OK, NULL);
}

/* ---- look: who holds a name in the store ---- */

static void
preflight_next(struct preflight *p)
{
	p->at++;
	preflight_look(p);
}

static void
preflight_taken(struct preflight *p)
{
	const enum person_field field = names[p->at];

	if (field == PERSON_UID && !p->check.inv->uid_fixed) {
		preflight_look(p); /* picks the next one */
		return;
	}
	issue_taken(&p->check, field);
	preflight_next(p);
}

/* What is past its end gives its names up to who asks for them (flow_issue.c), but for a
 * registration that is under way. */
static bool
preflight_is_over(struct flow *flow, const struct invitation *inv)
{
	return invitation_seen(inv, flow_now(flow)) == INVITATION_EXPIRED &&
	       flow_attempt_of(flow, inv->id) == NULL;
}

static void
preflight_on_holder(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct preflight *p = arg;

	p->task.op = NULL;
	if (code == ERR_OK && preflight_is_over(p->check.flow, *inv))
		preflight_next(p);
	else if (code == ERR_OK || code == ERR_NOT_FOUND) /* a change of an entry holds it */
		preflight_taken(p);
	else
		preflight_finish(p, code, f);
}

static void
preflight_on_names(void *arg, enum err code, const struct store_taken *taken, const struct fault *f)
{
	struct preflight *p = arg;

	p->task.op = NULL;
	if (code != ERR_OK)
		preflight_finish(p, code, f);
	else if (taken->holder_count > 0)
		p->task.op = store_load(
		    p->check.flow->conf.store, taken->holders[0], preflight_on_holder, p);
	else
		preflight_next(p);
}

/* A limited caller is to learn no more of people elsewhere than by inviting somebody: that needs a
 * place that they reach. */
static bool
preflight_may_tell(const struct issue_check *c)
{
	const char *place = c->inv->person.value[PERSON_ORG_UNIT];

	return c->by.reach == NULL || (place != NULL && !issue_has_error(c, "org_unit") &&
					  flow_reaches(&c->by, place, c->inv->owner));
}

/* One name after the other, so that each one's holder is known. */
static void
preflight_look(struct preflight *p)
{
	struct issue_check *c = &p->check;
	struct person one = { .group_count = 0 };

	for (; p->at < NAME_COUNT; p->at++) {
		const enum person_field field = names[p->at];
		const char *value;

		if (field == PERSON_UID && issue_has_uid(c) && !issue_pick_uid(c)) {
			preflight_ask_more(p);
			return;
		}
		value = c->inv->person.value[field];
		if (value == NULL || issue_has_error(c, person_field_name(field)))
			continue;
		one.value[field] = value;
		p->task.op = store_find_names(
		    c->flow->conf.store, &one, "", STORE_NAMES_TO_RESERVE, preflight_on_names, p);
		return;
	}
	preflight_finish(p, ERR_OK, NULL);
}

/* ---- ask ---- */

static void
preflight_on_answer(
    void *arg, enum err code, const struct dir_answer *answer, const struct fault *f)
{
	struct preflight *p = arg;
	struct fault own;

	p->dir_op = NULL;
	if (code != ERR_OK) {
		preflight_finish(p, code, f);
		return;
	}
	issue_read_rest(&p->check, answer);
	issue_read_uids(&p->check, answer);
	if (issue_check_sight(&p->check, &own) != ERR_OK)
		preflight_finish(p, own.code, &own);
	else if (preflight_may_tell(&p->check))
		preflight_look(p);
	else
		preflight_finish(p, ERR_OK, NULL);
}

/* False: there is nothing yet that the directory knows of. */
static bool
preflight_ask(struct preflight *p)
{
	struct issue_check *c = &p->check;
	struct dir_question q = { .uid_count = 0 };

	issue_ask_rest(c, &q);
	if (!preflight_may_tell(c))
		q.mail = q.phone = NULL;
	else if (issue_has_uid(c))
		issue_ask_uids(c, &q);
	if (q.uid_count == 0 && q.mail == NULL && q.phone == NULL && q.org_unit == NULL &&
	    q.group_count == 0)
		return false;
	p->questions++;
	p->dir_op = dir_ask(c->flow->conf.dir, &q, preflight_on_answer, p);
	return true;
}

/* ---- begin ---- */

/* The one of the same caller that is under way; NULL: none is. */
static struct preflight *
preflight_before(const struct flow *f, const char *name)
{
	struct flow_task *t;

	TAILQ_FOREACH(t, &f->tasks, link)
	{
		struct preflight *p = (struct preflight *)t;

		if (t->release == preflight_release && !p->is_over &&
		    strcmp(p->check.by.name, name) == 0)
			return p;
	}
	return NULL;
}

/* Whoever asks anew has no use for the answer. */
static void
preflight_end(struct preflight *p)
{
	if (p->dir_op != NULL)
		dir_cancel(p->dir_op);
	if (p->task.op != NULL)
		store_cancel(p->task.op);
	p->dir_op = NULL;
	p->task.op = NULL;
	fault_set(&p->fault, ERR_THROTTLED, "a newer question of yours took its place");
	preflight_finish_later(p);
}

/* The field errors aside, why there could be no such invitation. */
static enum err
preflight_refusal(const struct issue_check *c, struct fault *f)
{
	if (issue_check_sight(c, f) != ERR_OK)
		return f->code;
	return quota_check(c->flow->quota, c->by.entry, c->by.quota, f);
}

void
flow_preflight_start(struct flow *f, const struct issue_spec *spec, bool is_complete,
    const struct flow_caller *caller, flow_preflight_cb *cb, void *arg)
{
	struct preflight *p = mem_alloc(sizeof(*p)), *before = preflight_before(f, caller->name);

	if (before != NULL)
		preflight_end(before);
	p->cb = cb;
	p->arg = arg;
	p->soon = loop_timer_new(f->conf.loop, preflight_finish_soon, p);
	issue_check_begin(&p->check, f, spec, caller, is_complete ? ISSUE_TO_LOOK : ISSUE_TO_WRITE);
	if (preflight_refusal(&p->check, &p->fault) != ERR_OK || !preflight_ask(p))
		preflight_finish_later(p);
	flow_task_begin(f, &p->task, preflight_release);
}
