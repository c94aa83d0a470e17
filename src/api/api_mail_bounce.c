/* POST /api/v1/mail/bounces: a report of a mail system (RFC 3464) that somebody's mailbox got. */
#include <string.h>
#include <strings.h>

#include "api/api_private.h"

enum { RECIPIENT_MAX = 320 };

static void
api_reply_report(struct api_call *c, const struct mail_dsn *dsn)
{
	static const char *const actions[] = { [MAIL_DSN_FAILED] = "failed",
		[MAIL_DSN_DELAYED] = "delayed",
		[MAIL_DSN_OTHER] = "other" };
	struct arena *arena = http_arena(c->x);
	struct buf b;

	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"invitation\":");
	buf_add_json_string(&b, dsn->invitation);
	buf_printf(&b, ",\"action\":\"%s\",\"status\":", actions[dsn->action]);
	buf_add_json_string(&b, api_clean(arena, dsn->status));
	buf_add_string(&b, ",\"diagnostic\":");
	buf_add_json_string(&b, api_clean(arena, dsn->diagnostic));
	buf_add_char(&b, '}');
	api_reply_json(c->x, 200, &b);
}

static void
api_on_bounce(void *arg, enum err code, const struct mail_dsn *dsn, const struct fault *f)
{
	struct api_call *c = arg;

	if (code == ERR_OK)
		api_reply_report(c, dsn);
	else if (code == ERR_INVALID)
		api_reply_problem(c->x, 422, "No delivery report", f->text, NULL, NULL);
	else if (code == ERR_NOT_FOUND)
		api_reply_problem(c->x, 404, "Not of ours",
		    "the report is about no mail of an invitation that is known here", NULL, NULL);
	else
		api_reply_error(c->x, code, NULL, f);
}

/* The header of a multipart/report that came as the request itself is the request's own: the reader
 * of messages needs it in front. */
static const char *
api_whole_message(struct http_exchange *x, size_t *len)
{
	static const char multipart[] = "multipart/", name[] = "Content-Type: ";
	const struct http_request *r = http_request_of(x);
	const char *type = http_header(r, "content-type");
	struct arena *arena = http_arena(x);
	size_t head;
	char *whole;

	*len = r->body_len;
	if (r->body == NULL)
		return "";
	if (type == NULL || strncasecmp(type, multipart, sizeof(multipart) - 1) != 0)
		return r->body;
	head = sizeof(name) - 1 + strlen(type) + 4;
	whole = arena_alloc(arena, head + r->body_len + 1);
	memcpy(whole, arena_printf(arena, "%s%s\r\n\r\n", name, type), head);
	memcpy(whole + head, r->body, r->body_len);
	*len += head;
	return whole;
}

enum err
api_mail_bounce(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "recipient", NULL };
	const char *recipient = http_query(http_request_of(c->x), "recipient"), *message;
	struct flow_caller caller = api_caller(c);
	struct field_errors errors;
	size_t len;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	if (recipient != NULL && (*recipient == '\0' || strlen(recipient) > RECIPIENT_MAX))
		field_errors_add(&errors, "recipient", "invalid", "must be a mail address");
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	message = api_whole_message(c->x, &len);
	http_hold(c->x);
	flow_bounce_start(c->api->conf.flow, message, len, recipient, &caller, api_on_bounce, c);
	return ERR_OK;
}
