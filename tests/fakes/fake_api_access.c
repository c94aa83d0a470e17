#include "fake_api_access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fake_api_flow.h"

struct fake_access fake_access;

/* One call on its way back: only the callback of its kind is set. */
struct fake_call {
	flow_signed_in_cb *signed_in;
	audit_list_cb *listed;
	audit_verify_cb *verified;
	flow_erased_cb *erased;
	void *arg;
	struct fault f;
};

static void
fake_keep(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text != NULL ? text : "(null)");
}

static void
fake_answer(void *arg)
{
	struct fake_call *call = arg;
	struct fake_access *a = &fake_access;

	fault_set(&call->f, a->code, "%s", a->text != NULL ? a->text : "");
	if (call->signed_in != NULL)
		call->signed_in(call->arg, a->code, NULL, NULL, a->wait_ms, &call->f);
	else if (call->listed != NULL)
		call->listed(call->arg, a->code, a->records, a->record_count, a->next, &call->f);
	else if (call->verified != NULL)
		call->verified(call->arg, a->code, a->verdict, &call->f);
	else
		call->erased(call->arg, a->code, &a->erased, &call->f);
	free(call);
}

static struct fake_call *
fake_call_new(void *arg)
{
	struct fake_call *call = mem_alloc(sizeof(*call));

	call->arg = arg;
	fake_access.calls++;
	return call;
}

/* ---- sign in ---- */

static void
fake_on_session(void *arg, enum err code, const struct store_session *session,
    struct secret **secret, const struct fault *f)
{
	struct fake_call *call = arg;

	call->signed_in(call->arg, code, session, secret, 0, f);
	free(call);
}

void
flow_sign_in_start(
    struct flow *f, const struct sign_in_spec *spec, flow_signed_in_cb *cb, void *arg)
{
	static const unsigned char source[STORE_SOURCE_SIZE] = { 1 };
	const struct store_note note = { .actor = "user:" FAKE_USER_ID, .source = spec->source };
	struct fake_access *a = &fake_access;
	struct fake_call *call = fake_call_new(arg);

	(void)f;
	call->signed_in = cb;
	fake_keep(a->login, sizeof(a->login), spec->login);
	fake_keep(a->password, sizeof(a->password), secret_bytes(spec->password));
	fake_keep(a->source, sizeof(a->source), spec->source);
	fake_keep(a->old_session, sizeof(a->old_session), spec->old_session);
	fake_keep(a->old_person, sizeof(a->old_person), spec->old_person);
	if (a->code == ERR_OK)
		auth_session_new(a->auth,
		    &(struct auth_session_spec){ .person = FAKE_USER_ID,
			.member = a->member,
			.seen_at = clock_mono_ms(a->clock),
			.source = source,
			.agent = spec->agent,
			.note = &note },
		    fake_on_session, call);
	else
		loop_defer(a->loop, fake_answer, call);
}

/* ---- the trail ---- */

void
flow_log_damage(enum err code, const struct fault *f)
{
	if (code == ERR_OK && f->text[0] != '\0')
		fake_access.damage_count++;
}

static const char *
fake_word(size_t index, const char *text)
{
	if (text == NULL)
		return NULL;
	fake_keep(fake_access.words[index], sizeof(fake_access.words[index]), text);
	return fake_access.words[index];
}

void
flow_trail_list_start(struct flow *f, const struct audit_query *q, audit_list_cb *cb, void *arg)
{
	struct fake_call *call = fake_call_new(arg);
	struct audit_query *kept = &fake_access.query;

	(void)f;
	*kept = *q;
	kept->event = fake_word(0, q->event);
	kept->actor = fake_word(1, q->actor);
	kept->about = fake_word(2, q->about);
	kept->subject = fake_word(3, q->subject);
	kept->request_id = fake_word(4, q->request_id);
	kept->after = fake_word(5, q->after);
	call->listed = cb;
	loop_defer(fake_access.loop, fake_answer, call);
}

void
flow_trail_verify_start(
    struct flow *f, const struct audit_head *known, audit_verify_cb *cb, void *arg)
{
	struct fake_call *call = fake_call_new(arg);

	(void)f;
	fake_access.known = *known;
	call->verified = cb;
	loop_defer(fake_access.loop, fake_answer, call);
}

/* ---- erasing ---- */

void
flow_erase_start(struct flow *f, const char *who, const struct flow_caller *caller,
    flow_erased_cb *cb, void *arg)
{
	struct fake_call *call = fake_call_new(arg);

	(void)f, (void)caller;
	fake_keep(fake_access.who, sizeof(fake_access.who), who);
	call->erased = cb;
	loop_defer(fake_access.loop, fake_answer, call);
}
