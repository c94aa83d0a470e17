/* What an administrator asks for about the mail of an invitation: once more, to another address,
 * until another end. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/mail_private.h"
#include "log/log.h"

const char *
flow_check_address(
    struct flow *f, const char *raw, struct arena *arena, struct field_errors *errors)
{
	struct person_rules rules = flow_rules(f);

	return person_check_field(PERSON_MAIL, "personal_mail", raw, &rules, arena, errors);
}

static void
ask_log(const struct mail_change *c)
{
	log_info("an invitation was changed", "event", invitation_event_name(c->event),
	    "invitation", c->id, "by", c->by.name, "request", c->by.request_id);
}

/* ---- resend ---- */

struct resend {
	struct mail_change c; /* first */
	bool void_links;
	int64_t retry_after_s;
	flow_resend_cb *cb;
	void *arg;
};

static enum err
resend_check_time(struct resend *r, struct fault *f)
{
	const struct flow *flow = r->c.task.flow;
	int64_t since = flow_now(flow) - r->c.delivery->asked_at;
	int64_t wait = flow->conf.mail->resend_s * 1000 - since;

	/* Asked for in the future: the clock was set back since. */
	if (r->c.delivery->asked_at == 0 || since < 0 || wait <= 0)
		return ERR_OK;
	r->retry_after_s = (wait + 999) / 1000;
	return fault_set(f, ERR_THROTTLED, "a mail was asked for a moment ago: again in %lld s",
	    (long long)r->retry_after_s);
}

static enum err
resend_mutate(struct mail_change *c, struct fault *f)
{
	struct resend *r = (struct resend *)c;
	struct flow *flow = c->task.flow;
	struct invitation *inv = c->after;
	enum err code = flow_refusal(flow, inv, f);

	if (code != ERR_OK)
		return code;
	if (flow->conf.mail == NULL)
		return fault_set(f, ERR_REFUSED, "this daemon sends no mail");
	if (inv->method != INVITATION_BY_EMAIL || inv->personal_mail == NULL)
		return fault_set(f, ERR_REFUSED, "its link is not handed over by mail");
	code = resend_check_time(r, f);
	if (code == ERR_OK)
		code = invitation_apply(inv, INVITATION_EV_RESEND, flow_now(flow), c->by.name, f);
	if (code != ERR_OK)
		return code;
	if (r->void_links)
		invitation_void_tokens(inv);
	c->event = INVITATION_EV_RESEND;
	return mail_post_again(&c->post, flow, inv, c->delivery, c->waiting, f);
}

static void
resend_finish(struct mail_change *c, enum err code, const struct fault *f)
{
	struct resend *r = (struct resend *)c;

	if (code == ERR_EXPIRED && c->before != NULL)
		flow_expire(c->task.flow, c->before, &c->by); /* who was told so can rely on it */
	if (code == ERR_OK)
		ask_log(c);
	r->cb(r->arg, code, code == ERR_OK ? c->after : c->before, c->delivery,
	    code == ERR_THROTTLED ? r->retry_after_s : 0, f);
}

void
flow_resend_start(struct flow *f, const char *id, bool void_links, const struct flow_caller *caller,
    flow_resend_cb *cb, void *arg)
{
	struct resend *r = mem_alloc(sizeof(*r));

	r->c.mutate = resend_mutate;
	r->c.finish = resend_finish;
	r->void_links = void_links;
	r->cb = cb;
	r->arg = arg;
	mail_change_start(&r->c, f, id, caller);
}

/* ---- another address, another end ---- */

struct amend {
	struct mail_change c; /* first */
	char *personal_mail;
	int64_t expires_in;
	uint64_t revision;
	struct arena *arena;
	struct field_errors errors;
	bool nothing_to_do;
	flow_amend_cb *cb;
	void *arg;
};

/* ERR_OK: `inv` may get the address; NULL in `address` when it has it already. */
static enum err
amend_check(struct amend *a, const struct invitation *inv, const char **address, struct fault *f)
{
	struct flow *flow = a->c.task.flow;

	a->errors.count = 0;
	*address = NULL;
	if (a->personal_mail != NULL && flow->conf.mail == NULL)
		field_errors_add(
		    &a->errors, "personal_mail", "unavailable", "this daemon sends no mail");
	else if (a->personal_mail != NULL)
		*address = flow_check_address(flow, a->personal_mail, a->arena, &a->errors);
	if (a->expires_in != 0 &&
	    (a->expires_in < INVITATION_LIFETIME_MIN || a->expires_in > INVITATION_LIFETIME_MAX))
		field_errors_add(&a->errors, "expires_in", "invalid",
		    "not between %d and %d seconds", INVITATION_LIFETIME_MIN,
		    INVITATION_LIFETIME_MAX);
	if (a->errors.count > 0)
		return fault_set(
		    f, ERR_INVALID, "%s: %s", a->errors.items[0].field, a->errors.items[0].detail);
	if (*address != NULL && inv->method == INVITATION_BY_EMAIL && inv->personal_mail != NULL &&
	    strcmp(*address, inv->personal_mail) == 0)
		*address = NULL;
	return ERR_OK;
}

static enum err
amend_readdress(struct amend *a, const char *address, struct fault *f)
{
	struct mail_change *c = &a->c;
	struct flow *flow = c->task.flow;
	struct invitation *inv = c->after;
	enum err code;

	code = invitation_apply(inv, INVITATION_EV_READDRESS, flow_now(flow), c->by.name, f);
	if (code != ERR_OK)
		return code;
	inv->method = INVITATION_BY_EMAIL;
	inv->personal_mail = arena_strdup(inv->arena, address);
	invitation_void_tokens(inv);
	c->event = INVITATION_EV_READDRESS;
	return mail_post_again(&c->post, flow, inv, c->delivery, c->waiting, f);
}

/* Two things in one change, and one record of it. */
static const char *
amend_detail(struct mail_change *c, bool with)
{
	char before[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];

	if (c->after->expires_at == c->before->expires_at)
		return NULL;
	return arena_printf(c->arena,
	    "{%s\"changes\":{\"expires_at\":{\"before\":\"%s\",\"after\":\"%s\"}}}",
	    with ? "\"with\":\"extended\"," : "", clock_format(c->before->expires_at, before),
	    clock_format(c->after->expires_at, after));
}

static enum err
amend_mutate(struct mail_change *c, struct fault *f)
{
	struct amend *a = (struct amend *)c;
	struct flow *flow = c->task.flow;
	struct invitation *inv = c->after;
	const char *address;
	enum err code = flow_refusal(flow, inv, f);

	if (code == ERR_OK && a->revision != 0 && inv->revision != a->revision)
		code = fault_set(f, ERR_CONFLICT, "it was changed meanwhile");
	if (code == ERR_OK)
		code = amend_check(a, inv, &address, f);
	if (code != ERR_OK)
		return code;
	a->nothing_to_do = address == NULL && a->expires_in == 0;
	if (a->nothing_to_do)
		return ERR_CONFLICT; /* ends it; told as ERR_OK */
	if (a->expires_in != 0) {
		code = invitation_apply(inv, INVITATION_EV_EXTEND, flow_now(flow), c->by.name, f);
		if (code != ERR_OK)
			return code;
		inv->expires_at = flow_now(flow) + a->expires_in * 1000;
		c->event = INVITATION_EV_EXTEND;
	}
	c->detail = amend_detail(c, address != NULL);
	c->personal = address != NULL ? audit_of_readdress(c->before, address, c->arena) : NULL;
	return address != NULL ? amend_readdress(a, address, f) : ERR_OK;
}

static void
amend_finish(struct mail_change *c, enum err code, const struct fault *f)
{
	struct amend *a = (struct amend *)c;

	if (code == ERR_EXPIRED && c->before != NULL)
		flow_expire(c->task.flow, c->before, &c->by);
	if (code == ERR_OK)
		ask_log(c);
	if (a->nothing_to_do) {
		a->cb(a->arg, ERR_OK, c->before, c->delivery, &a->errors, NULL);
		return;
	}
	a->cb(a->arg, code, code == ERR_OK ? c->after : c->before, c->delivery, &a->errors, f);
}

static void
amend_release(struct mail_change *c)
{
	struct amend *a = (struct amend *)c;

	free(a->personal_mail);
	arena_free(a->arena);
}

void
flow_amend_start(struct flow *f, const char *id, const struct amend_spec *spec,
    const struct flow_caller *caller, flow_amend_cb *cb, void *arg)
{
	struct amend *a = mem_alloc(sizeof(*a));

	a->c.mutate = amend_mutate;
	a->c.finish = amend_finish;
	a->c.release = amend_release;
	a->personal_mail = mem_dup_string(spec->personal_mail);
	a->expires_in = spec->expires_in;
	a->revision = spec->revision;
	a->arena = arena_new(0);
	field_errors_init(&a->errors, a->arena);
	a->cb = cb;
	a->arg = arg;
	mail_change_start(&a->c, f, id, caller);
}
