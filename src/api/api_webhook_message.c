/* /api/v1/webhooks/{id}/messages and /test: what was sent to an endpoint, what is still to be, and
 * once more. */
#include <string.h>

#include "api/api_private.h"

enum { CURSOR_MAX = 160 };

/* The endpoint of the path; ERR_NOT_FOUND. */
static enum err
api_webhook_of(const struct api_call *c, const char **id, struct fault *f)
{
	if (api_uuid_of(c, "webhook", id, f) != ERR_OK)
		return f->code;
	if (flow_hook_by_id(c->api->conf.flow, *id) == NULL)
		return fault_set(f, ERR_NOT_FOUND, "there is no such webhook");
	return ERR_OK;
}

/* ---- list ---- */

static const char *
api_message_status(const struct hooked *m)
{
	if (m->outcome != NULL)
		return m->outcome;
	return m->item->owner[0] != '\0' ? "sending" : "waiting";
}

static void
api_add_message(struct buf *b, struct arena *arena, const struct hooked *m)
{
	const struct outbox_item *i = m->item;
	const char *status = api_message_status(m);

	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, i->id);
	buf_add_string(b, ",\"type\":");
	buf_add_json_string(b, i->type);
	buf_printf(b, ",\"status\":\"%s\",\"attempts\":%u,\"last\":", status, i->attempts);
	buf_add_json_string(b, api_clean(arena, i->last));
	buf_add_string(b, ",\"created_at\":");
	api_add_time(b, i->created_at);
	buf_add_string(b, ",\"due_at\":");
	api_add_time_or_null(b, strcmp(status, "waiting") == 0 ? i->due : 0);
	buf_add_string(b, ",\"ended_at\":");
	api_add_time_or_null(b, m->outcome != NULL ? m->ended_at : 0);
	/* The very bytes that are signed: JSON that we wrote. */
	buf_add_string(b, ",\"body\":");
	buf_add_string(b, i->body);
	buf_add_char(b, '}');
}

static void
api_on_messages(void *arg, enum err code, const struct hooked *list, size_t count, const char *next,
    const struct fault *f)
{
	struct api_call *c = arg;
	struct field_errors errors;
	struct buf b;

	if (code != ERR_OK) {
		field_errors_init(&errors, http_arena(c->x));
		if (code == ERR_INVALID)
			field_errors_add(&errors, "cursor", "invalid",
			    "must be the next_cursor of an earlier answer");
		if (code == ERR_INVALID)
			api_reply_malformed(c->x, &errors);
		else
			api_reply_error(c->x, code, NULL, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_message(&b, http_arena(c->x), &list[i]);
	}
	buf_add_string(&b, "],\"next_cursor\":");
	buf_add_json_string(&b, next);
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

/* What stands behind the first letter is for the store to judge. */
static bool
api_is_message_cursor(const char *cursor)
{
	static const char plain[] = "0123456789abcdef-/";

	return (*cursor == 'w' || *cursor == 'e') && strlen(cursor) <= CURSOR_MAX &&
	       cursor[1 + strspn(cursor + 1, plain)] == '\0';
}

enum err
api_webhook_messages(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "limit", "cursor", NULL };
	const struct http_request *r = http_request_of(c->x);
	const char *cursor = http_query(r, "cursor"), *id;
	size_t limit = API_LIST_DEFAULT;
	struct field_errors errors;

	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	api_read_limit(http_query(r, "limit"), &limit, &errors);
	if (cursor != NULL && !api_is_message_cursor(cursor))
		field_errors_add(
		    &errors, "cursor", "invalid", "must be the next_cursor of an earlier answer");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	if (api_webhook_of(c, &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_hooked_list_start(c->api->conf.flow, id, cursor, limit, api_on_messages, c);
	return ERR_OK;
}

/* ---- test, replay ---- */

static void
api_on_message(void *arg, enum err code, const struct fault *f)
{
	struct api_call *c = arg;

	if (code == ERR_OK)
		http_reply(c->x, 204, NULL, NULL, 0);
	else if (code == ERR_REFUSED)
		api_reply_problem(c->x, 409, "Disabled", f->text, "disabled", NULL);
	else
		api_reply_item_error(c->x, code, "message", f);
}

enum err
api_webhook_test(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_webhook_of(c, &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_hook_test_start(c->api->conf.flow, id, &caller, api_on_message, c);
	return ERR_OK;
}

enum err
api_webhook_replay(struct api_call *c, struct fault *f)
{
	const char *message = http_request_of(c->x)->captures[1], *id;
	struct flow_caller caller = api_caller(c);

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_webhook_of(c, &id, f) != ERR_OK)
		return f->code;
	if (!id_is_valid(message))
		return fault_set(f, ERR_NOT_FOUND, "there is no such message");
	http_hold(c->x);
	flow_hooked_replay_start(c->api->conf.flow, id, message, &caller, api_on_message, c);
	return ERR_OK;
}
