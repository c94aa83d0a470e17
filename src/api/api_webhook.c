/* /api/v1/webhooks: endpoints. A secret is in the answer that makes it, and nowhere else. */
#include <string.h>

#include "api/api_private.h"

struct webhook_body {
	const char *name, *url;
	struct api_strings types;
	int enabled; /* -1: not given */
};

struct api_webhook_ask {
	struct api_call *call;
	int status;	  /* of success */
	bool secret_only; /* answer with the secret, not with all of it */
};

/* ---- write ---- */

static void
api_add_time_member(struct buf *b, const char *name, int64_t wall_ms)
{
	buf_printf(b, ",\"%s\":", name);
	api_add_time_or_null(b, wall_ms);
}

static void
api_add_types(struct buf *b, unsigned types)
{
	const char *comma = "";

	buf_add_string(b, ",\"types\":[");
	for (unsigned t = 0; t < HOOK_TYPE_COUNT; t++) {
		if ((types & 1u << t) == 0)
			continue;
		buf_printf(b, "%s\"%s\"", comma, hook_type_name((enum hook_type)t));
		comma = ",";
	}
	buf_add_char(b, ']');
}

static void
api_add_webhook(
    struct buf *b, const struct api *a, const struct hook *h, const struct secret *secret)
{
	const int64_t now = clock_wall_ms(a->conf.clock);
	struct flow_hook_health health;

	flow_hook_health(a->conf.flow, h->id, &health);
	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, h->id);
	buf_add_string(b, ",\"name\":");
	buf_add_json_string(b, h->name);
	buf_add_string(b, ",\"url\":");
	buf_add_json_string(b, h->url);
	api_add_types(b, h->types);
	buf_printf(b, ",\"enabled\":%s,\"disabled_reason\":", h->enabled ? "true" : "false");
	buf_add_json_string(b, h->enabled ? NULL : h->why_disabled);
	api_add_time_member(b, "old_secret_until", now < h->old_until ? h->old_until : 0);
	api_add_time_member(b, "delivered_at", health.delivered_at);
	api_add_time_member(b, "failing_since", health.failing_since);
	api_add_time_member(b, "paused_until", health.paused_until);
	buf_add_string(b, ",\"last_failure\":");
	buf_add_json_string(b, health.last);
	api_add_time_member(b, "created_at", h->created_at);
	buf_add_string(b, ",\"created_by\":");
	buf_add_json_string(b, h->created_by);
	if (secret != NULL) {
		buf_add_string(b, ",\"secret\":");
		buf_add_json_string(b, secret_bytes(secret));
	}
	buf_add_char(b, '}');
}

enum err
api_webhook_list(struct api_call *c, struct fault *f)
{
	const struct flow *flow = c->api->conf.flow;
	struct buf b;

	(void)f;
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < flow_hook_count(flow); i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_webhook(&b, c->api, flow_hook_at(flow, i), NULL);
	}
	buf_add_string(&b, "]}");
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}

enum err
api_webhook_show(struct api_call *c, struct fault *f)
{
	const struct hook *h;
	const char *id;
	struct buf b;

	if (api_uuid_of(c, "webhook", &id, f) != ERR_OK)
		return f->code;
	h = flow_hook_by_id(c->api->conf.flow, id);
	if (h == NULL)
		return fault_set(f, ERR_NOT_FOUND, "there is no such webhook");
	buf_init(&b, API_REPLY_MAX);
	api_add_webhook(&b, c->api, h, NULL);
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}

static void
api_on_webhook(void *arg, enum err code, const struct hook *h, const struct secret *secret,
    const struct field_errors *errors, const struct fault *f)
{
	struct api_webhook_ask *ask = arg;
	struct http_exchange *x = ask->call->x;
	struct buf b;

	if (code != ERR_OK && errors != NULL && errors->count > 0) {
		api_reply_error(x, code, errors, f);
		return;
	}
	if (code != ERR_OK) {
		api_reply_item_error(x, code, "webhook", f);
		return;
	}
	if (ask->status == 201)
		http_add_header(
		    x, "Location", arena_printf(http_arena(x), "/api/v1/webhooks/%s", h->id));
	buf_init(&b, API_REPLY_MAX);
	if (ask->secret_only) {
		buf_add_string(&b, "{\"secret\":");
		buf_add_json_string(&b, secret_bytes(secret));
		api_add_time_member(&b, "old_secret_until", h->old_until);
		buf_add_char(&b, '}');
	} else
		api_add_webhook(&b, ask->call->api, h, secret);
	api_reply_json(x, ask->status, &b);
}

static struct api_webhook_ask *
api_webhook_ask_new(struct api_call *c, int status, bool secret_only)
{
	struct api_webhook_ask *ask = arena_alloc(http_arena(c->x), sizeof(*ask));

	*ask = (struct api_webhook_ask){ c, status, secret_only };
	return ask;
}

/* ---- make, change ---- */

static unsigned
api_read_types(const struct api_strings *names, struct field_errors *errors)
{
	unsigned types = 0;
	enum hook_type t;

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], "all") == 0)
			types |= (1u << HOOK_TYPE_COUNT) - 1;
		else if (hook_type_by_name(names->items[i], &t))
			types |= 1u << t;
		else
			field_errors_add(errors, arena_printf(errors->arena, "types[%zu]", i),
			    "invalid", "there is no such type of event");
	}
	if (names->given && names->count == 0)
		field_errors_add(errors, "types", "required", "at least one type is needed");
	return types;
}

/* What is wrong with the types is the flow's to tell, with what it finds itself. False: it was
 * answered. */
static bool
api_read_webhook(struct api_call *c, bool changes, struct hook_spec *spec)
{
	static const struct api_member members[] = {
		{ "name", API_STRING, offsetof(struct webhook_body, name) },
		{ "url", API_STRING, offsetof(struct webhook_body, url) },
		{ "types", API_STRINGS, offsetof(struct webhook_body, types) },
		{ "enabled", API_SWITCH, offsetof(struct webhook_body, enabled) },
	};
	struct webhook_body body = { .enabled = -1 };
	struct field_errors errors, *type_errors = arena_alloc(http_arena(c->x), sizeof(errors));

	field_errors_init(&errors, http_arena(c->x));
	field_errors_init(type_errors, http_arena(c->x));
	if (api_read_body(c->x, members, API_MEMBER_COUNT(members), &body, &errors) && changes &&
	    body.name == NULL && body.url == NULL && !body.types.given && body.enabled == -1)
		field_errors_add(&errors, "", "required", "there is nothing to change");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return false;
	}
	*spec = (struct hook_spec){ .name = body.name,
		.url = body.url,
		.types = api_read_types(&body.types, type_errors),
		.enabled = body.enabled,
		.type_errors = type_errors };
	return true;
}

enum err
api_webhook_create(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct hook_spec spec;

	(void)f;
	if (!api_read_webhook(c, false, &spec))
		return ERR_OK;
	http_hold(c->x);
	flow_hook_create_start(
	    c->api->conf.flow, &spec, &caller, api_on_webhook, api_webhook_ask_new(c, 201, false));
	return ERR_OK;
}

enum err
api_webhook_change(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	struct hook_spec spec;
	const char *id;

	if (!api_read_webhook(c, true, &spec))
		return ERR_OK;
	if (api_uuid_of(c, "webhook", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_hook_change_start(c->api->conf.flow, id, &spec, &caller, api_on_webhook,
	    api_webhook_ask_new(c, 200, false));
	return ERR_OK;
}

/* ---- a new secret, an end ---- */

enum err
api_webhook_rotate(struct api_call *c, struct fault *f)
{
	static const struct api_member members[] = { { "overlap_seconds", API_INTEGER, 0 } };
	struct flow_caller caller = api_caller(c);
	struct api_integer overlap = { .given = false };
	struct field_errors errors;
	const char *id;

	field_errors_init(&errors, http_arena(c->x));
	if (http_request_of(c->x)->body_len > 0 &&
	    !api_read_body(c->x, members, API_MEMBER_COUNT(members), &overlap, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_uuid_of(c, "webhook", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_hook_rotate_start(c->api->conf.flow, id,
	    overlap.given ? overlap.value : API_WEBHOOK_OVERLAP_S, &caller, api_on_webhook,
	    api_webhook_ask_new(c, 200, true));
	return ERR_OK;
}

static void
api_on_webhook_deleted(void *arg, enum err code, const struct fault *f)
{
	struct api_call *c = arg;

	if (code != ERR_OK)
		api_reply_item_error(c->x, code, "webhook", f);
	else
		http_reply(c->x, 204, NULL, NULL, 0);
}

enum err
api_webhook_delete(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "webhook", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_hook_delete_start(c->api->conf.flow, id, &caller, api_on_webhook_deleted, c);
	return ERR_OK;
}
