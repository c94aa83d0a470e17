/* /api/v1/trash: deleted users who can still be restored. */
#include "api/api_private.h"
#include "flow/flow_people.h"

static void
api_add_text(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	buf_add_json_string(b, value);
}

static void
api_add_deleted(struct buf *b, const struct flow_deleted *d)
{
	buf_add_string(b, "{\"id\":");
	buf_add_json_string(b, d->id);
	api_add_text(b, "name", d->name);
	api_add_text(b, "uid", d->uid);
	api_add_text(b, "mail", d->mail);
	api_add_text(b, "org_unit", d->org_unit);
	buf_add_string(b, ",\"deleted_at\":");
	api_add_time(b, d->deleted_at);
	api_add_text(b, "deleted_by", d->by);
	buf_add_string(b, ",\"restorable_until\":");
	api_add_time(b, d->restorable_until);
	buf_add_char(b, '}');
}

static void
api_on_trash(void *arg, enum err code, const struct flow_deleted *list, size_t count,
    const char *next, const struct fault *f)
{
	struct http_exchange *x = arg;
	struct buf b;

	if (code != ERR_OK) {
		api_reply_list_error(x, code, f);
		return;
	}
	buf_init(&b, API_REPLY_MAX);
	buf_add_string(&b, "{\"items\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, ',');
		api_add_deleted(&b, &list[i]);
	}
	buf_add_string(&b, "],\"next_cursor\":");
	buf_add_json_string(&b, next);
	buf_add_char(&b, '}');
	api_reply_json(x, 200, &b);
}

enum err
api_trash_list(struct api_call *c, struct fault *f)
{
	static const char *const names[] = { "limit", "cursor", NULL };
	const struct http_request *r = http_request_of(c->x);
	const struct flow_caller caller = api_caller(c);
	size_t limit = API_LIST_DEFAULT;
	struct field_errors errors;

	(void)f;
	field_errors_init(&errors, http_arena(c->x));
	api_check_query(c->x, names, &errors);
	api_read_limit(http_query(r, "limit"), &limit, &errors);
	if (errors.count > 0) {
		api_reply_malformed(c->x, &errors);
		return ERR_OK;
	}
	http_hold(c->x);
	flow_trash_list(
	    c->api->conf.flow, http_query(r, "cursor"), limit, &caller, api_on_trash, c->x);
	return ERR_OK;
}
