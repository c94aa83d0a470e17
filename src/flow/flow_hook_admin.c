/* What an administrator does with webhook endpoints: make, change, new secret, delete. Each is one
 * write by compare-and-swap of what memory knows; a conflict is tried again on what it is then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/mem.h"
#include "flow/hook_op_private.h"
#include "log/log.h"

/* ---- one operation ---- */

struct hook_op *
hook_op_new(struct flow *f, const char *id, const struct flow_caller *caller)
{
	struct hook_op *o = mem_alloc(sizeof(*o));

	o->flow = f;
	o->arena = arena_new(0);
	field_errors_init(&o->errors, o->arena);
	if (id != NULL)
		memcpy(o->id, id, strnlen(id, ID_SIZE - 1));
	o->by = flow_caller_copy(caller, o->arena);
	o->note = flow_note(&o->by);
	TAILQ_INSERT_TAIL(&f->hooks->ops, o, link);
	return o;
}

void
hook_op_free(struct hook_op *o)
{
	TAILQ_REMOVE(&o->flow->hooks->ops, o, link);
	for (size_t i = 0; i < o->count; i++)
		outbox_item_free(o->items[i]);
	loop_timer_free(o->later);
	secret_free(o->secret);
	secret_wipe(&o->hook, sizeof(o->hook));
	arena_free(o->arena);
	free(o);
}

void
hook_ops_free(struct flow_hooks *h)
{
	struct hook_op *o;

	while ((o = TAILQ_FIRST(&h->ops)) != NULL) {
		if (o->op != NULL)
			store_cancel(o->op);
		hook_op_free(o);
	}
}

void
hook_op_finish(struct hook_op *o, enum err code, const struct fault *f)
{
	if (o->on_hook != NULL)
		o->on_hook(o->arg, code, code == ERR_OK ? &o->hook : NULL,
		    code == ERR_OK ? o->secret : NULL, &o->errors, f);
	else
		o->on_item(o->arg, code, f);
	hook_op_free(o);
}

static void
hook_op_on_later(void *arg)
{
	struct hook_op *o = arg;

	hook_op_finish(o, o->fault.code, &o->fault);
}

void
hook_op_finish_later(struct hook_op *o, enum err code, const char *words)
{
	fault_set(&o->fault, code, "%s", words);
	o->fault.code = code;
	o->later = loop_timer_new(o->flow->conf.loop, hook_op_on_later, o);
	loop_timer_set(o->later, 0);
}

const struct hook *
hook_op_target(struct hook_op *o)
{
	const struct hook *h = store_hook_by_id(o->flow->conf.store, o->id);

	if (h == NULL)
		hook_op_finish_later(o, ERR_NOT_FOUND, "there is no such webhook");
	else if (!h->enabled)
		hook_op_finish_later(o, ERR_REFUSED, "the webhook is disabled");
	else {
		hook_peer_reset(o->flow->hooks, o->id);
		return h;
	}
	return NULL;
}

/* ---- rules ---- */

static void
check_name(struct hook_op *o, const char *name)
{
	const uint8_t *bytes = (const uint8_t *)name;
	const size_t len = strnlen(name, HOOK_NAME_MAX + 1);

	if (len == 0 || len > HOOK_NAME_MAX)
		field_errors_add(&o->errors, "name", len == 0 ? "required" : "too_long",
		    "must have 1 to %d bytes", HOOK_NAME_MAX);
	else if (u8_check(bytes, len) != NULL || strcspn(name, "\x7f") < len)
		field_errors_add(&o->errors, "name", "invalid", "is not text");
	else
		for (size_t i = 0; i < len; i++)
			if (bytes[i] < ' ') {
				field_errors_add(
				    &o->errors, "name", "invalid", "has a control character");
				break;
			}
}

static void
check_url(struct hook_op *o, const char *url)
{
	const struct flow_hook_conf *conf = o->flow->conf.hooks;
	struct fault f = { .text = "" };

	if (webhook_check_url(url, conf != NULL && conf->clear_text,
		conf != NULL && conf->allow_private, &f) != ERR_OK)
		field_errors_add(&o->errors, "url", "invalid", "%s", f.text);
}

/* Into `o->spec`, or false: finished with what is wrong, all of it. */
static bool
hook_op_take_spec(struct hook_op *o, const struct hook_spec *spec)
{
	const struct field_errors *more = spec->type_errors;

	if (spec->name != NULL)
		check_name(o, spec->name);
	if (spec->url != NULL)
		check_url(o, spec->url);
	for (size_t i = 0; more != NULL && i < more->count; i++)
		field_errors_add(&o->errors, arena_strdup(o->arena, more->items[i].field),
		    more->items[i].code, "%s", more->items[i].detail);
	o->spec = *spec;
	o->spec.name = arena_strdup(o->arena, spec->name);
	o->spec.url = arena_strdup(o->arena, spec->url);
	o->spec.type_errors = NULL;
	if (o->errors.count == 0)
		return true;
	hook_op_finish_later(o, ERR_INVALID,
	    arena_printf(o->arena, "%s: %s", o->errors.items[0].field, o->errors.items[0].detail));
	return false;
}

static void
hook_set(struct hook *h, const struct hook_spec *spec)
{
	if (spec->name != NULL)
		snprintf(h->name, sizeof(h->name), "%s", spec->name);
	if (spec->url != NULL)
		snprintf(h->url, sizeof(h->url), "%s", spec->url);
	if (spec->types != 0)
		h->types = spec->types;
	if (spec->enabled != -1) {
		h->enabled = spec->enabled == 1;
		h->why_disabled = h->enabled ? NULL : "by an administrator";
	}
}

/* ---- make ---- */

static void
hook_op_on_saved(void *arg, enum err code, uint64_t revision, const struct fault *f)
{
	struct hook_op *o = arg;

	o->op = NULL;
	if (code == ERR_CONFLICT && o->edit != NULL && ++o->tries < FLOW_TRIES) {
		o->edit(o);
		return;
	}
	if (code == ERR_OK) {
		o->hook.revision = revision;
		hook_peer_reset(o->flow->hooks, o->hook.id);
		log_info("a webhook was changed", "event", o->event, "webhook", o->hook.id, "by",
		    o->note.actor, "request", o->note.request_id);
	}
	hook_op_finish(o, code, f);
}

static void
hook_op_save(struct hook_op *o)
{
	hook_op_fill_note(
	    o, o->hook.revision != 0 ? store_hook_by_id(o->flow->conf.store, o->id) : NULL);
	o->op =
	    store_hook_save(o->flow->conf.store, &o->hook, o->event, &o->note, hook_op_on_saved, o);
}

static void
hook_op_new_secret(struct hook_op *o)
{
	random_fill(o->hook.secret, sizeof(o->hook.secret));
	secret_free(o->secret);
	o->secret = webhook_secret_text(o->hook.secret);
}

void
flow_hook_create_start(struct flow *f, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, NULL, caller);
	struct hook *h = &o->hook;

	o->on_hook = cb;
	o->arg = arg;
	o->event = "webhook_created";
	if (spec->name == NULL)
		field_errors_add(&o->errors, "name", "required", "a name is needed");
	if (spec->url == NULL)
		field_errors_add(&o->errors, "url", "required", "a URL is needed");
	if (spec->types == 0 && (spec->type_errors == NULL || spec->type_errors->count == 0))
		field_errors_add(&o->errors, "types", "required", "at least one type is needed");
	if (!hook_op_take_spec(o, spec))
		return;
	h->created_at = flow_now(f);
	id_make(h->created_at, h->id);
	h->enabled = true;
	hook_set(h, &o->spec);
	snprintf(h->created_by, sizeof(h->created_by), "%s", caller->name);
	hook_op_new_secret(o);
	hook_op_save(o);
}

/* ---- change ---- */

/* A copy of what there is now, or false: finished. A secret whose time is over goes with it. */
static bool
hook_op_load(struct hook_op *o)
{
	const struct hook *h = store_hook_by_id(o->flow->conf.store, o->id);

	if (h == NULL) {
		hook_op_finish_later(o, ERR_NOT_FOUND, "there is no such webhook");
		return false;
	}
	o->hook = *h;
	if (o->hook.old_until != 0 && flow_now(o->flow) >= o->hook.old_until) {
		secret_wipe(o->hook.old_secret, sizeof(o->hook.old_secret));
		o->hook.old_until = 0;
	}
	return true;
}

static void
change_edit(struct hook_op *o)
{
	if (!hook_op_load(o))
		return;
	hook_set(&o->hook, &o->spec);
	hook_op_save(o);
}

void
flow_hook_change_start(struct flow *f, const char *id, const struct hook_spec *spec,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, id, caller);

	o->on_hook = cb;
	o->arg = arg;
	o->event = "webhook_changed";
	o->edit = change_edit;
	if (hook_op_take_spec(o, spec))
		change_edit(o);
}

/* ---- a new secret ---- */

/* There is room for one old secret: to end another one, which a receiver may still count on, must
 * have been said. */
static void
rotate_edit(struct hook_op *o)
{
	struct hook *h = &o->hook;
	char until[CLOCK_TEXT_SIZE];

	if (!hook_op_load(o))
		return;
	if (o->overlap_ms > 0 && h->old_until != 0) {
		hook_op_finish_later(o, ERR_CONFLICT,
		    arena_printf(o->arena,
			"the secret before this one still signs until %s: wait, or end both "
			"with an overlap of 0",
			clock_format(h->old_until, until)));
		return;
	}
	if (o->overlap_ms > 0) {
		memcpy(h->old_secret, h->secret, sizeof(h->old_secret));
		h->old_until = flow_now(o->flow) + o->overlap_ms;
	} else {
		secret_wipe(h->old_secret, sizeof(h->old_secret));
		h->old_until = 0;
	}
	hook_op_new_secret(o);
	hook_op_save(o);
}

void
flow_hook_rotate_start(struct flow *f, const char *id, int64_t overlap_s,
    const struct flow_caller *caller, flow_hook_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, id, caller);

	o->on_hook = cb;
	o->arg = arg;
	o->event = "webhook_secret_rotated";
	o->edit = rotate_edit;
	if (overlap_s < 0 || overlap_s > FLOW_HOOK_OVERLAP_MAX_S) {
		field_errors_add(&o->errors, "overlap_seconds", "invalid",
		    "must be from 0 to %d seconds", FLOW_HOOK_OVERLAP_MAX_S);
		hook_op_finish_later(o, ERR_INVALID, "overlap_seconds: is out of range");
		return;
	}
	o->overlap_ms = overlap_s * 1000;
	rotate_edit(o);
}

/* ---- delete ---- */

static void
delete_on_done(void *arg, enum err code, const struct fault *f)
{
	struct hook_op *o = arg;

	o->op = NULL;
	if (code == ERR_OK)
		log_info("a webhook was deleted", "webhook", o->id, "by", o->note.actor, "request",
		    o->note.request_id);
	hook_op_finish(o, code, f);
}

void
flow_hook_delete_start(
    struct flow *f, const char *id, const struct flow_caller *caller, flow_item_cb *cb, void *arg)
{
	struct hook_op *o = hook_op_new(f, id, caller);

	o->on_item = cb;
	o->arg = arg;
	hook_op_fill_note(o, store_hook_by_id(f->conf.store, o->id));
	o->op = store_hook_delete(f->conf.store, o->id, &o->note, delete_on_done, o);
}

/* ---- look ---- */

size_t
flow_hook_count(const struct flow *f)
{
	return store_hook_count(f->conf.store);
}

const struct hook *
flow_hook_at(const struct flow *f, size_t index)
{
	return store_hook_at(f->conf.store, index);
}

const struct hook *
flow_hook_by_id(const struct flow *f, const char *id)
{
	return store_hook_by_id(f->conf.store, id);
}
