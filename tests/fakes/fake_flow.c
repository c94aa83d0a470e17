#include "fake_flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "flow/flow_mail.h"

struct fake_call {
	struct flow *flow;
	flow_view_cb *viewed;
	flow_accept_cb *accepted;
	void *arg;
};

static void
fake_flow_answer(void *arg)
{
	struct fake_call call = *(struct fake_call *)arg;
	struct flow *f = call.flow;
	struct fault fault = { 0 };

	free(arg);
	fault_set(&fault, f->view_code, "a fault for the operator");
	if (call.viewed != NULL)
		call.viewed(
		    call.arg, f->view_code, f->view_code == ERR_OK ? &f->view : NULL, &fault);
	else
		call.accepted(call.arg, f->accept_code, f->accept_code == ERR_OK ? f->uid : NULL,
		    f->accept_code == ERR_INVALID ? f->errors : NULL, &fault);
}

static void
fake_flow_call(struct flow *f, flow_view_cb *viewed, flow_accept_cb *accepted, void *arg)
{
	struct fake_call *call = mem_alloc(sizeof(*call));

	*call = (struct fake_call){ f, viewed, accepted, arg };
	loop_defer(f->loop, fake_flow_answer, call);
}

static void
fake_flow_note(struct flow *f, const struct token_hash *token, const char *attempt)
{
	f->token = *token;
	snprintf(f->attempt, sizeof(f->attempt), "%s", attempt != NULL ? attempt : "");
}

void
flow_view_start(struct flow *f, const struct token_hash *token, const char *attempt,
    flow_view_cb *cb, void *arg)
{
	f->views++;
	fake_flow_note(f, token, attempt);
	fake_flow_call(f, cb, NULL, arg);
}

void
flow_accept_start(struct flow *f, const struct accept_spec *spec, flow_accept_cb *cb, void *arg)
{
	f->accepts++;
	fake_flow_note(f, &spec->token, spec->attempt);
	f->password[0] = '\0';
	if (spec->password != NULL)
		memcpy(f->password, secret_bytes(spec->password), secret_len(spec->password) + 1);
	for (size_t i = 0; i < PERSON_FIELD_COUNT; i++) {
		f->has_value[i] = spec->value[i] != NULL;
		snprintf(f->value[i], sizeof(f->value[i]), "%s",
		    spec->value[i] != NULL ? spec->value[i] : "");
	}
	fake_flow_call(f, NULL, cb, arg);
}

void
flow_note_opened(struct flow *f, const struct invitation *inv)
{
	(void)inv;
	f->opened++;
}

size_t
flow_password_min(const struct flow *f)
{
	return f->password_min;
}
