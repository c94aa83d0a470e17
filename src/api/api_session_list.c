/* /api/v1/sessions: one's own sessions, and the end of one of them. An id is no secret: it opens
 * nothing, and says nothing of the cookie's value. */
#include <string.h>

#include "api/api_private.h"

/* A token, whatever it may do, is not the person. */
static enum err
api_is_session(const struct api_call *c, struct fault *f)
{
	if (c->who.kind != AUTH_SESSION)
		return fault_set(f, ERR_DENIED, "only a session has to do with others of its kind");
	return ERR_OK;
}

/* ---- list ---- */

/* A use is known to the minute, so that of the sign-in itself would come before it. */
static int64_t
api_last_use(const struct store_session *s)
{
	return s->used_at > s->created_at ? s->used_at : s->created_at;
}

static void
api_add_session(struct buf *b, const struct store_session *s, bool is_current)
{
	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, s->id);
	buf_printf(b, ",\"current\":%s,\"created_at\":", is_current ? "true" : "false");
	api_add_time(b, s->created_at);
	buf_add_string(b, ",\"last_used_at\":");
	api_add_time(b, api_last_use(s));
	buf_add_string(b, ",\"expires_at\":");
	api_add_time(b, s->ends_at);
	buf_add_string(b, ",\"source\":");
	buf_add_json_string(b, s->address[0] != '\0' ? s->address : NULL);
	buf_add_string(b, ",\"agent\":");
	buf_add_json_string(b, s->agent[0] != '\0' ? s->agent : NULL);
	buf_add_char(b, '}');
}

enum err
api_session_list(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { NULL };
	const struct store_session *const *list;
	struct field_errors errors;
	size_t count;
	struct buf b;

	if (api_is_session(c, f) != ERR_OK)
		return f->code;
	field_errors_init(&errors, http_arena(c->x));
	if (!api_check_query(c->x, names, &errors)) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	list = auth_session_list(c->api->conf.auth, c->who.person, http_arena(c->x), &count);
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_session(&b, list[i], strcmp(list[i]->id, c->who.session) == 0);
	}
	buf_add_string(&b, "]}");
	api_reply_json(c->x, 200, &b);
	return ERR_OK;
}

/* ---- end one ---- */

/* The current one is dead already, whoever was faster. */
static void
api_on_one_ended(void *arg, enum err code, const struct fault *f)
{
	struct api_call *c = arg;
	const bool is_current = strcmp(http_request_of(c->x)->captures[0], c->who.session) == 0;

	if (is_current && (code == ERR_OK || code == ERR_NOT_FOUND))
		api_reply_signed_out(c->x);
	else if (code == ERR_OK)
		http_reply(c->x, 204, NULL, NULL, 0);
	else
		api_reply_item_error(c->x, code, "session", f);
}

enum err
api_session_end_one(struct api_call *c, struct fault *f)
{
	const char *id = http_request_of(c->x)->captures[0];
	struct store_note note;

	if (api_is_session(c, f) != ERR_OK)
		return f->code;
	note = api_session_note(c);
	http_hold(c->x);
	auth_session_end(c->api->conf.auth, c->who.person, id,
	    strcmp(id, c->who.session) == 0 ? "signed_out" : "signed_out_remotely", &note,
	    api_on_one_ended, c);
	return ERR_OK;
}
