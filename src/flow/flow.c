#include "flow/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_private.h"
#include "flow/mail_private.h"
#include "flow/people_private.h"
#include "flow/sweeper_private.h"
#include "log/log.h"

static void
flow_on_directory(void *arg, bool up, const struct fault *fault)
{
	struct flow *f = arg;

	if (!up) {
		log_warning("the directory is away", "reason", fault->text);
		return;
	}
	log_info("the directory answers");
	flow_resolver_wake(f->resolver);
	flow_people_resolver_wake(f->people_resolver, 0);
}

void
flow_log_damage(enum err code, const struct fault *f)
{
	if (code == ERR_OK && f->text[0] != '\0')
		log_error("a stored value is damaged and was left out", "reason", f->text);
}

/* ---- tasks ---- */

void
flow_task_begin(struct flow *f, struct flow_task *t, void (*release)(struct flow_task *))
{
	t->flow = f;
	t->release = release;
	TAILQ_INSERT_TAIL(&f->tasks, t, link);
}

void
flow_task_unlink(struct flow_task *t)
{
	TAILQ_REMOVE(&t->flow->tasks, t, link);
}

void
flow_tasks_free(struct flow *f)
{
	struct flow_task *t;

	while ((t = TAILQ_FIRST(&f->tasks)) != NULL) {
		if (t->op != NULL)
			store_cancel(t->op);
		flow_task_unlink(t);
		t->release(t);
	}
}

/* ---- life ---- */

struct flow *
flow_new(const struct flow_conf *conf)
{
	struct flow *f = mem_alloc(sizeof(*f));

	f->conf = *conf;
	f->quiet_since_mono_ms = clock_mono_ms(conf->clock);
	f->left_at = flow_now(f) - 1; /* what we claim from now on is ours */
	TAILQ_INIT(&f->attempts);
	TAILQ_INIT(&f->changes);
	TAILQ_INIT(&f->people);
	TAILQ_INIT(&f->tasks);
	f->started_mono_ms = f->quiet_since_mono_ms;
	f->memory = flow_memory_new();
	f->quota = quota_new();
	f->resolver = flow_resolver_new(f);
	f->sweeper = flow_sweeper_new(f);
	f->people_resolver = flow_people_resolver_new(f);
	f->trash_sweeper = flow_trash_sweeper_new(f);
	f->audit_sweeper = flow_audit_sweeper_new(f);
	f->hooks = flow_hooks_new(f);
	f->mails = flow_mails_new(f);
	f->mail_sweeper = mail_sweeper_new(f);
	return f;
}

void
flow_set_limits(struct flow *f, size_t password_min, int64_t lifetime_s)
{
	f->conf.password_min = password_min;
	f->conf.lifetime_s = lifetime_s;
}

void
flow_on_tokens_ended(struct flow *f, void (*cb)(void *arg, const char *created_by), void *arg)
{
	f->tokens_ended = cb;
	f->tokens_ended_arg = arg;
}

void
flow_on_person_ended(
    struct flow *f, void (*cb)(void *arg, const char *person, const char *reason), void *arg)
{
	f->person_ended = cb;
	f->person_ended_arg = arg;
}

void
flow_run(struct flow *f)
{
	dir_on_state(f->conf.dir, flow_on_directory, f);
	flow_resolver_wake(f->resolver);
	flow_people_resolver_wake(f->people_resolver, 0);
	flow_hooks_run(f->hooks);
	flow_mails_run(f->mails);
}

void
flow_stop_sending(struct flow *f)
{
	f->sends_no_more = true;
	flow_mails_stop(f->mails);
}

void
flow_drain(struct flow *f, loop_cb *drained, void *arg)
{
	f->draining = true;
	f->drained = drained;
	f->drained_arg = arg;
	flow_attempts_hurry(f);
	flow_stop_sending(f);
	flow_hooks_drain(f->hooks);
	flow_check_drained(f);
}

/* Mails under way, too: one that is left behind is sent twice. Webhook messages only until they are
 * put back. */
void
flow_check_drained(struct flow *f)
{
	size_t under_way = f->attempt_count;

	if (!f->draining || f->drained == NULL)
		return;
	if (f->sign_ins != NULL)
		under_way += f->sign_ins->under_way(f->sign_ins);
	for (size_t i = 0; i < OUTBOX_QUEUE_COUNT; i++)
		under_way += f->lanes[i] != NULL ? lane_in_flight(f->lanes[i]) : 0;
	if (under_way > 0)
		return;
	loop_defer(f->conf.loop, f->drained, f->drained_arg);
	f->drained = NULL;
}

void
flow_free(struct flow *f)
{
	if (f == NULL)
		return;
	if (f->sign_ins != NULL)
		f->sign_ins->free(f->sign_ins);
	flow_hooks_free(f->hooks);
	mail_sweeper_free(f->mail_sweeper);
	flow_mails_free(f->mails);
	flow_tasks_free(f);
	flow_attempts_free(f);
	flow_changes_free(f);
	flow_people_free(f);
	sweeper_free(f->audit_sweeper);
	flow_trash_sweeper_free(f->trash_sweeper);
	flow_people_resolver_free(f->people_resolver);
	sweeper_free(f->sweeper);
	flow_resolver_free(f->resolver);
	quota_free(f->quota);
	flow_memory_free(f->memory);
	free(f);
}

size_t
flow_attempts(const struct flow *f)
{
	return f->attempt_count;
}

size_t
flow_password_min(const struct flow *f)
{
	return f->conf.password_min;
}

struct flow_settings
flow_settings(const struct flow *f)
{
	const struct flow_conf *conf = &f->conf;

	return (struct flow_settings){ .gender_required = conf->gender_required,
		.birthday_required = conf->birthday_required,
		.sends_mail = conf->mail != NULL,
		.uid_template = conf->uid_template,
		.password_min = conf->password_min,
		.lifetime_s = conf->lifetime_s,
		.resend_s = conf->mail != NULL ? conf->mail->resend_s : 0,
		.restorable_s = conf->restorable_s };
}

void
flow_org_units_start(struct flow *f, dir_places_cb *cb, void *arg)
{
	dir_list_org_units(f->conf.dir, cb, arg);
}

void
flow_groups_start(struct flow *f, dir_places_cb *cb, void *arg)
{
	dir_list_groups(f->conf.dir, cb, arg);
}

bool
flow_dn_normalise(const char *dn, struct arena *arena, const char **normal)
{
	return dir_dn_normalise(dn, arena, normal);
}
