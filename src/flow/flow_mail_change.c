/* A change of an invitation together with what is queued for it: load the invitation, the log of
 * its mails and the mail that waits; mutate; save in one transaction; on a conflict all of it
 * again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

enum { CHANGE_TRIES = 20 /* a mail that is carried out changes three things a second or two */ };

static void change_load(struct mail_change *c);

static void
change_forget(struct mail_change *c)
{
	mail_post_free(&c->post);
	invitation_free(c->before);
	invitation_free(c->after);
	delivery_free(c->delivery);
	outbox_item_free(c->waiting);
	c->before = c->after = NULL;
	c->delivery = NULL;
	c->waiting = NULL;
}

static void
change_release(struct flow_task *task)
{
	struct mail_change *c = (struct mail_change *)task;

	if (c->release != NULL)
		c->release(c);
	change_forget(c);
	arena_free(c->arena);
	free(c);
}

static void
change_finish(struct mail_change *c, enum err code, const struct fault *f)
{
	flow_task_unlink(&c->task);
	c->finish(c, code, f);
	change_release(&c->task);
}

static void
change_on_saved(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct mail_change *c = arg;

	c->task.op = NULL;
	if (code == ERR_CONFLICT && ++c->tries < CHANGE_TRIES) {
		change_load(c);
		return;
	}
	if (code == ERR_OK) {
		if (!c->log_alone)
			c->after->revision = revision;
		if (c->post.post.delivery != NULL)
			c->delivery->revision = revision;
	}
	change_finish(c, code, f);
}

static void
change_save(struct mail_change *c)
{
	struct store *store = c->task.flow->conf.store;
	struct store_note note = flow_note(&c->by);
	struct fault fault = { .text = "" };
	enum err code;

	c->after = invitation_copy(c->before);
	code = c->mutate(c, &fault);
	note.post = &c->post.post;
	note.detail = c->detail;
	note.org_unit = c->before->person.value[PERSON_ORG_UNIT];
	note.personal =
	    c->personal != NULL ? c->personal : audit_of_person(&c->before->person, NULL, c->arena);
	if (code != ERR_OK)
		change_finish(c, code, &fault);
	else if (c->log_alone)
		c->task.op =
		    store_delivery_save(store, c->before->id, c->delivery, change_on_saved, c);
	else
		c->task.op =
		    store_save(store, c->before, c->after, c->event, &note, change_on_saved, c);
}

static void
change_on_waiting(void *arg, enum err code, struct outbox_item **list, size_t count,
    const char *next, const struct fault *f)
{
	struct mail_change *c = arg;

	(void)next;
	c->task.op = NULL;
	if (code != ERR_OK && code != ERR_CORRUPT) { /* a damaged one is never sent */
		change_finish(c, code, f);
		return;
	}
	if (code == ERR_OK && count > 0) {
		c->waiting = list[0];
		list[0] = NULL;
	}
	change_save(c);
}

static void
change_on_log(void *arg, enum err code, struct delivery **d, const struct fault *f)
{
	struct mail_change *c = arg;

	c->task.op = NULL;
	if (code == ERR_CORRUPT && *d != NULL) /* it must not keep anybody from anything */
		log_error("the log of an invitation's mails is damaged: it begins anew",
		    "invitation", c->id, "reason", f->text);
	else if (code != ERR_OK) {
		change_finish(c, code, f);
		return;
	}
	c->delivery = *d;
	*d = NULL;
	if (c->delivery->waiting[0] != '\0')
		c->task.op = store_outbox_load(
		    c->task.flow->conf.store, c->delivery->waiting, change_on_waiting, c);
	else
		change_save(c);
}

static void
change_on_invitation(void *arg, enum err code, struct invitation **inv, const struct fault *f)
{
	struct mail_change *c = arg;
	struct fault own;

	c->task.op = NULL;
	if (code == ERR_OK) {
		code = flow_check_reach(&c->by, *inv, &own);
		f = &own;
	}
	if (code != ERR_OK) {
		change_finish(c, code, f);
		return;
	}
	c->before = *inv;
	*inv = NULL;
	c->task.op = store_delivery_load(c->task.flow->conf.store, c->id, change_on_log, c);
}

static void
change_load(struct mail_change *c)
{
	change_forget(c);
	c->task.op = store_load(c->task.flow->conf.store, c->id, change_on_invitation, c);
}

void
mail_change_start(
    struct mail_change *c, struct flow *f, const char *id, const struct flow_caller *by)
{
	memcpy(c->id, id, strnlen(id, ID_SIZE - 1));
	c->arena = arena_new(0);
	c->by = flow_caller_copy(by, c->arena);
	flow_task_begin(f, &c->task, change_release);
	change_load(c);
}
