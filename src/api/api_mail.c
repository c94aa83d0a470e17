/* /api/v1/mail/queue and /api/v1/mail/retry: what is still to be sent, and what keeps it. */
#include <string.h>

#include "api/api_private.h"

enum { CURSOR_MAX = 64 };

/* ---- list ---- */

static void
api_add_mail_status(struct buf *b, struct arena *arena, const struct flow_mail_status *s)
{
	buf_printf(
	    b, "{\"waiting\":%zu,\"in_flight\":%zu,\"oldest_at\":", s->waiting, s->in_flight);
	api_add_time_or_null(b, s->oldest_at);
	buf_printf(b,
	    ",\"paused\":%s,\"broken\":%s,\"paused_until\":", s->paused ? "true" : "false",
	    s->broken ? "true" : "false");
	api_add_time_or_null(b, s->paused ? s->paused_until : 0);
	buf_add_string(b, ",\"reason\":");
	buf_add_json_string(b, s->paused ? api_clean(arena, s->reason) : NULL);
	buf_add_char(b, '}');
}

static void
api_add_mail_item(struct buf *b, struct arena *arena, const struct outbox_item *i)
{
	bool sending = i->owner[0] != '\0';

	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, i->id);
	buf_printf(b,
	    ",\"kind\":\"%s\",\"status\":\"%s\",\"invitation\":", outbox_kind_name(i->kind),
	    sending ? "sending" : "waiting");
	buf_add_json_string(b, i->subject);
	buf_add_string(b, ",\"created_at\":");
	api_add_time(b, i->created_at);
	/* While it is being sent, `due` is when that is given up for lost. */
	buf_add_string(b, ",\"due_at\":");
	api_add_time_or_null(b, sending ? 0 : i->due);
	buf_add_string(b, ",\"expires_at\":");
	api_add_time_or_null(b, i->expires_at == INT64_MAX ? 0 : i->expires_at);
	buf_printf(b, ",\"attempts\":%u,\"last\":", i->attempts);
	buf_add_json_string(b, api_clean(arena, i->last));
	buf_add_char(b, '}');
}

static void
api_on_queue(void *arg, enum err code, struct outbox_item **list, size_t count, const char *next,
    const struct fault *f)
{
	struct api_call *c = arg;
	struct arena *arena = http_arena(c->x);
	struct flow_mail_status status;
	struct buf b;

	if (code != ERR_OK) {
		api_reply_error(c->x, code, NULL, f);
		return;
	}
	flow_mail_status(c->api->conf.flow, &status);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"status\":");
	api_add_mail_status(&b, arena, &status);
	buf_add_string(&b, ",\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_mail_item(&b, arena, list[i]);
	}
	buf_add_string(&b, "],\"next_cursor\":");
	buf_add_json_string(&b, next);
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

enum err
api_mail_queue(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "limit", "cursor", NULL };
	const struct http_request *r = http_request_of(c->x);
	const char *cursor = http_query(r, "cursor");
	size_t limit = API_LIST_DEFAULT;
	struct field_errors errors;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	api_read_limit(http_query(r, "limit"), &limit, &errors);
	if (cursor != NULL && (*cursor == '\0' || strlen(cursor) > CURSOR_MAX ||
				  cursor[strspn(cursor, "0123456789abcdef-/")] != '\0'))
		field_errors_add(
		    &errors, "cursor", "invalid", "must be the next_cursor of an earlier answer");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_queue_list_start(c->api->conf.flow, OUTBOX_MAILS, cursor, limit, api_on_queue, c);
	return ERR_OK;
}

/* ---- one of them ---- */

static void
api_on_item(void *arg, enum err code, const struct fault *f)
{
	struct api_call *c = arg;

	if (code != ERR_OK)
		api_reply_item_error(c->x, code, "mail in the queue", f);
	else
		http_reply(c->x, 204, NULL, NULL, 0);
}

enum err
api_mail_retry(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (!api_read_nothing(c->x))
		return ERR_OK;
	if (api_uuid_of(c, "mail in the queue", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_queue_retry_start(c->api->conf.flow, OUTBOX_MAILS, id, &caller, api_on_item, c);
	return ERR_OK;
}

enum err
api_mail_drop(struct api_call *c, struct fault *f)
{
	struct flow_caller caller = api_caller(c);
	const char *id;

	if (api_uuid_of(c, "mail in the queue", &id, f) != ERR_OK)
		return f->code;
	http_hold(c->x);
	flow_queue_drop_start(c->api->conf.flow, OUTBOX_MAILS, id, &caller, api_on_item, c);
	return ERR_OK;
}

/* ---- all of them ---- */

enum err
api_mail_retry_all(struct api_call *c, struct fault *f)
{
	const struct flow_caller caller = api_caller(c);

	(void)f;
	if (!api_read_nothing(c->x))
		return ERR_OK;
	flow_queue_retry_all(c->api->conf.flow, OUTBOX_MAILS, &caller);
	http_reply(c->x, 204, NULL, NULL, 0);
	return ERR_OK;
}
