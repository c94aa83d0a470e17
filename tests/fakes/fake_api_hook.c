#include "fake_api_hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_hooks fake_hooks;

struct fake_hook_answer {
	flow_hook_cb *hook;
	flow_item_cb *item;
	store_hooked_cb *listed;
	bool with_secret;
	const struct field_errors *refused; /* NULL: what fake_hooks says */
	void *arg;
};

void
fake_hooks_reset(struct loop *l)
{
	fake_hooks = (struct fake_hooks){ .loop = l, .count = 1 };
	fake_hooks.hook = (struct hook){ .id = FAKE_HOOK_ID,
		.name = "crm",
		.url = "https://crm.example.org/hook",
		.types = 1u << HOOK_USER_REGISTERED | 1u << HOOK_USER_DELETED,
		.enabled = true,
		.created_at = 1700000000000,
		.created_by = "uid:0" };
}

static void
hook_answer(void *arg)
{
	struct fake_hook_answer *a = arg;
	const struct fake_hooks *f = &fake_hooks;
	const bool ok = f->code == ERR_OK;
	struct secret *secret = secret_new("whsec_x", 7);
	struct fault fault = { .text = "" };

	if (a->refused != NULL) {
		fault_set(&fault, ERR_INVALID, "%s: is wrong", a->refused->items[0].field);
		a->hook(a->arg, ERR_INVALID, NULL, NULL, a->refused, &fault);
		secret_free(secret);
		free(a);
		return;
	}
	if (!ok)
		fault_set(&fault, f->code, "the flow says no");
	if (a->hook != NULL)
		a->hook(a->arg, f->code, ok ? &f->hook : NULL, ok && a->with_secret ? secret : NULL,
		    &f->errors, &fault);
	else if (a->item != NULL)
		a->item(a->arg, f->code, &fault);
	else
		a->listed(a->arg, f->code, f->messages, ok ? f->message_count : 0,
		    ok ? f->next : NULL, &fault);
	secret_free(secret);
	free(a);
}

static void
hook_start(const char *id, const struct flow_caller *caller, struct fake_hook_answer answer)
{
	fake_hooks.calls++;
	snprintf(fake_hooks.id, sizeof(fake_hooks.id), "%s", id);
	snprintf(
	    fake_hooks.caller, sizeof(fake_hooks.caller), "%s", caller != NULL ? caller->name : "");
	loop_defer(fake_hooks.loop, hook_answer, mem_dup(&answer, sizeof(answer)));
}

static void
hook_keep_spec(const struct hook_spec *spec)
{
	struct fake_hooks *f = &fake_hooks;

	snprintf(f->name, sizeof(f->name), "%s", spec->name != NULL ? spec->name : "");
	snprintf(f->url, sizeof(f->url), "%s", spec->url != NULL ? spec->url : "");
	f->spec = *spec;
}

static const struct field_errors *
hook_errors_of(const struct hook_spec *spec)
{
	return spec->type_errors != NULL && spec->type_errors->count > 0 ? spec->type_errors : NULL;
}

void
flow_hook_create_start(struct flow *flow, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	(void)flow;
	hook_keep_spec(spec);
	hook_start("", caller,
	    (struct fake_hook_answer){
		.hook = cb, .with_secret = true, .refused = hook_errors_of(spec), .arg = arg });
}

void
flow_hook_change_start(struct flow *flow, const char *id, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	(void)flow;
	hook_keep_spec(spec);
	hook_start(id, caller,
	    (struct fake_hook_answer){ .hook = cb, .refused = hook_errors_of(spec), .arg = arg });
}

void
flow_hook_rotate_start(struct flow *flow, const char *id, int64_t overlap_s,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	(void)flow;
	fake_hooks.overlap_s = overlap_s;
	hook_start(
	    id, caller, (struct fake_hook_answer){ .hook = cb, .with_secret = true, .arg = arg });
}

void
flow_hook_delete_start(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_item_cb *cb, void *arg)
{
	(void)flow;
	hook_start(id, caller, (struct fake_hook_answer){ .item = cb, .arg = arg });
}

void
flow_hook_test_start(struct flow *flow, const char *id, const struct flow_caller *caller,
    flow_item_cb *cb, void *arg)
{
	(void)flow;
	hook_start(id, caller, (struct fake_hook_answer){ .item = cb, .arg = arg });
}

void
flow_hooked_list_start(struct flow *flow, const char *hook, const char *after, size_t limit,
    store_hooked_cb *cb, void *arg)
{
	(void)flow;
	snprintf(fake_hooks.after, sizeof(fake_hooks.after), "%s", after != NULL ? after : "");
	fake_hooks.limit = limit;
	hook_start(hook, NULL, (struct fake_hook_answer){ .listed = cb, .arg = arg });
}

void
flow_hooked_replay_start(struct flow *flow, const char *hook, const char *id,
    const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	(void)flow;
	snprintf(fake_hooks.message, sizeof(fake_hooks.message), "%s", id);
	hook_start(hook, caller, (struct fake_hook_answer){ .item = cb, .arg = arg });
}

size_t
flow_hook_count(const struct flow *flow)
{
	(void)flow;
	return fake_hooks.count;
}

const struct hook *
flow_hook_at(const struct flow *flow, size_t index)
{
	(void)flow;
	(void)index;
	return &fake_hooks.hook;
}

const struct hook *
flow_hook_by_id(const struct flow *flow, const char *id)
{
	(void)flow;
	return fake_hooks.count > 0 && strcmp(id, fake_hooks.hook.id) == 0 ? &fake_hooks.hook
									   : NULL;
}

void
flow_hook_health(const struct flow *flow, const char *id, struct flow_hook_health *out)
{
	(void)flow;
	(void)id;
	*out = fake_hooks.health;
}
